"""How one column of a contract is written down: type, range, unit and meaning, once.

Every pandera model of the project declares its columns through `column`, so that validation, Dagster's
column schema, the COMMENTs of the published file and the data dictionary all read the same words.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pandera.polars as pa
from pandera.backends.polars.register import register_polars_backends

# Before the first model becomes a schema, which copies what pandera's checks can do by then.
register_polars_backends()

# Of the platforms that exports speak of. A new one is added here and nowhere else.
PLATFORMS = (
    "facebook",
    "instagram",
    "linkedin",
    "pinterest",
    "snapchat",
    "threads",
    "tiktok",
    "twitch",
    "x",
    "youtube",
)

# The largest account of any platform has under a billion followers; views of a channel stay under 10^13.
MAX_COUNT = 10**13
# What is computed of counts stays below this; a float column needs an upper bound to refuse infinity and NaN.
MAX_COMPUTED = 1e27
MAX_TEXT = 20_000
_GROUPED_FROM = 10_000


def column(
    description: str,
    *,
    unit: str = "",
    nullable: bool = True,
    ge: object = None,
    le: object = None,
    isin: Sequence[object] | None = None,
    max_length: int | None = None,
) -> Any:  # noqa: ANN401 - pandera's field objects are declared as Any upstream
    """Declares a column of a contract.

    Args:
        description: What the column holds, as a reader of the published table should understand it.
        unit: What a number counts or measures ("fraction", "posts", "days", …); empty for text.
        nullable: Whether a row may leave it empty.
        ge: Lowest value allowed. For floats give `le` too: it is what refuses infinity and NaN.
        le: Highest value allowed.
        isin: The values allowed, where they are a closed list.
        max_length: Longest text allowed, in characters.

    Returns:
        The pandera field, with the unit in its metadata.
    """
    is_range = ge is not None and le is not None
    return pa.Field(
        description=description,
        metadata={"unit": unit} if unit else None,
        nullable=nullable,
        # One check instead of two: a night runs each over every batch.
        in_range={"min_value": ge, "max_value": le} if is_range else None,
        ge=None if is_range else ge,
        le=None if is_range else le,
        isin=isin,
        str_length={"max_value": max_length} if max_length else None,
    )


def limit(value: object) -> str:
    """A limit as people read it: 10,000,000 and not 10000000.0; years and what is no number stay as they are."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole = number.quantize(1) if number == number.to_integral_value() else number
    return f"{whole:f}" if abs(whole) < _GROUPED_FROM else f"{whole:,f}"


def count(description: str, *, unit: str, nullable: bool = True) -> Any:  # noqa: ANN401 - as `column`
    """Declares a column that counts something: whole or averaged, never negative, never absurdly large."""
    return column(description, unit=unit, nullable=nullable, ge=0, le=MAX_COUNT)


def fraction(description: str, *, le: float = 1.0, nullable: bool = True) -> Any:  # noqa: ANN401 - as `column`
    """Declares a ratio, as a fraction and never as percent."""
    return column(description, unit="fraction", nullable=nullable, ge=0.0, le=le)


def text(description: str, *, nullable: bool = True, max_length: int = MAX_TEXT) -> Any:  # noqa: ANN401 - as `column`
    """Declares a column of text of bounded length."""
    return column(description, nullable=nullable, max_length=max_length)
