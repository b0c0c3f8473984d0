"""Declaration of one column of a contract: type, range, unit and meaning.

Every pandera model of the project declares its columns through `column`, so that validation, Dagster's
column schema, the COMMENTs of the published file and the data dictionary share one text.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pandera.polars as pa
from pandera.backends.polars.register import register_polars_backends

# Must run before the first model becomes a schema, which copies the backends registered by then.
register_polars_backends()

# All supported platforms. A new one is added only here.
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

# No account of any platform has a billion followers; views of a channel stay under 10^13.
MAX_COUNT = 10**13
# Upper bound of figures computed from counts; a float column needs one to reject infinity and NaN.
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
        description: Meaning of the column, for readers of the published table.
        unit: Unit of a number ("fraction", "posts", "days", …); empty for text.
        nullable: Whether nulls are allowed.
        ge: Lowest value allowed. Floats need `le` too, which rejects infinity and NaN.
        le: Highest value allowed.
        isin: The allowed values, for a closed list.
        max_length: Longest text allowed, in characters.

    Returns:
        The pandera field, with the unit in its metadata.
    """
    is_range = ge is not None and le is not None
    return pa.Field(
        description=description,
        metadata={"unit": unit} if unit else None,
        nullable=nullable,
        # One check instead of two: each runs over every batch.
        in_range={"min_value": ge, "max_value": le} if is_range else None,
        ge=None if is_range else ge,
        le=None if is_range else le,
        isin=isin,
        str_length={"max_value": max_length} if max_length else None,
    )


def limit(value: object) -> str:
    """Formats a limit for messages: 10,000,000 and not 10000000.0; years and text are unchanged."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole = number.quantize(1) if number == number.to_integral_value() else number
    return f"{whole:f}" if abs(whole) < _GROUPED_FROM else f"{whole:,f}"


def count(description: str, *, unit: str, nullable: bool = True) -> Any:  # noqa: ANN401 - as `column`
    """Declares a column of a count or an average of counts, from 0 to MAX_COUNT."""
    return column(description, unit=unit, nullable=nullable, ge=0, le=MAX_COUNT)


def fraction(description: str, *, le: float = 1.0, nullable: bool = True) -> Any:  # noqa: ANN401 - as `column`
    """Declares a column of a ratio, as a fraction and never in percent."""
    return column(description, unit="fraction", nullable=nullable, ge=0.0, le=le)


def text(description: str, *, nullable: bool = True, max_length: int = MAX_TEXT) -> Any:  # noqa: ANN401 - as `column`
    """Declares a column of text of bounded length."""
    return column(description, nullable=nullable, max_length=max_length)
