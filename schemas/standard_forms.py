"""Standard forms of columns that SQL cannot normalise.

Belongs here: handles in Unicode's NFKC, countries as ISO 3166-1 and languages as BCP 47, over batches of rows. Does
not: the codes of names (`standard_names`).
"""

from collections.abc import Callable, Mapping

import polars as pl

from schemas.standard_names import country_code, language_code

_CODES: Mapping[str, Callable[[str], str | None]] = {"country": country_code, "language": language_code}
# Words for "not given" in columns of names and categories; free text may contain them on purpose.
_NOT_GIVEN = (
    r"(?i)^(-+|–|—|\?+|n/a|n\.a\.|nan|none|null|nil|unknown|undefined|unspecified"
    r"|not (available|given|specified|set|known)"
    r"|no data|unbekannt|keine angabe|k\.a\.|inconnu|non renseigné|desconocido|sin datos|desconhecido|sconosciuto"
    r"|bilinmiyor|und|zxx|mul|mis|xx)$"
)
_NAMES = ("sector", "country", "city", "language", "sex", "tone", "age_band")
# Zero-width characters, which text picks up when it is copied from a web page.
_INVISIBLE = "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]"


def standardised(rows: pl.DataFrame) -> pl.DataFrame:
    """Returns rows with handles, countries and languages in their standard forms.

    Args:
        rows: A batch in canonical columns.

    Returns:
        The same rows. Unknown and ambiguous names of countries and languages are unchanged.
    """
    changed = [_handles(rows["handle"])] if "handle" in rows.columns else []
    given = [
        rows[name].set(rows[name].str.strip_chars().str.contains(_NOT_GIVEN).fill_null(value=False), None)
        for name in _NAMES
        if name in rows.columns
    ]
    rows = rows.with_columns(given)
    changed += [_coded(rows[name], code) for name, code in _CODES.items() if name in rows.columns]
    return rows.with_columns(changed)


def _handles(handles: pl.Series) -> pl.Series:
    is_ascii = handles.str.len_bytes() == handles.str.len_chars()
    if is_ascii.all():
        return handles
    normal = (
        handles.str.replace_all(_INVISIBLE, "").str.normalize("NFKC").str.to_lowercase().str.strip_chars("@ \t\r\n")
    )
    return normal.set(normal == "", None).zip_with(is_ascii.not_().fill_null(value=False), handles)


def _coded(names: pl.Series, code: Callable[[str], str | None]) -> pl.Series:
    # A column has far fewer names than rows.
    codes = {name: found for name in names.drop_nulls().unique() if (found := code(name)) and found != name}
    return names.replace(list(codes), list(codes.values())) if codes else names
