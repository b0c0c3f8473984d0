"""Format of a column of dates and times, decided by all its cells.

Belongs here: ISO, day or month first, seconds or milliseconds. Does not: the meaning of the time.
"""

from assets.inference.cells import Column
from assets.inference.proposal import Question
from schemas.quoting import identifier

_ISO = r"^[1-9]\d{3}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|GMT|[+-]\d{2}:?\d{0,2}))?)?$"
_ORDERED = r"^\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})([, T].*)?$"
_MAIL = r"^([A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4} |^[A-Z][a-z]{2} [A-Z][a-z]{2} \d"
# Digits alone, and months in English, as written by yt-dlp, YouTube Studio, CrowdTangle and JavaScript.
_FORMATS = (
    (r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$", "%Y%m%d"),
    (r"^[A-Z][a-z]{2} \d{1,2}, \d{4}$", "%b %d, %Y"),
    (r"^[A-Z][a-z]{3,8} \d{1,2}, \d{4}$", "%B %d, %Y"),
    (r"^\d{1,2} [A-Z][a-z]{2} \d{4}$", "%d %b %Y"),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d E[SD]T$", "%Y-%m-%d %H:%M:%S %Z"),
)
# A time of day followed by the word for it: 10:15 Uhr.
_CLOCK_WORD = r"(?i)^\d{1,2}\.\d{1,2}\.\d{4},? \d{1,2}:\d{2}(:\d{2})?\s*(uhr|h|hrs?)$"
_MOSTLY = 0.95


def time_expression(column: Column) -> str | Question | None:
    """Returns the SQL that converts a column of times; a question if days and months are ambiguous; None for others."""
    name = identifier(column.name)
    if column.share(_ISO) >= _MOSTLY or column.share(_MAIL) >= _MOSTLY:
        return f"time_of({name})"
    for unit, pattern in (("seconds", r"^1\d{9}(\.\d+)?$"), ("milliseconds", r"^1\d{12}$")):
        if column.share(pattern) >= _MOSTLY:
            return f"epoch_of({name}, '{unit}')" if unit != "seconds" else f"epoch_of({name})"
    for pattern, format_ in _FORMATS:
        if column.share(pattern) >= _MOSTLY:
            return f"time_in({name}, '{format_}')"
    if column.share(_CLOCK_WORD) >= _MOSTLY:
        return f"time_of(regexp_replace({name}, '\\s*(Uhr|h|hrs?|o''clock)\\s*$', '', 'i'), 'DMY')"
    if column.share(_ORDERED) < _MOSTLY:
        return None
    day_first = column.share(r"^(1[3-9]|2\d|3[01])[./-]") > 0
    month_first = column.share(r"^\d{1,2}[./-](1[3-9]|2\d|3[01])[./-]") > 0
    if day_first and month_first:
        return Question(column.name, "in some cells the day stands first, in others the month", ())
    if day_first or column.share(r"^\d{1,2}\.\d{1,2}\.") == 1:
        return f"time_of({name}, 'DMY')"
    if month_first:
        return f"time_of({name}, 'MDY')"
    return Question(
        column.name,
        "day or month first? No cell has a day over 12",
        (f"time_of({name}, 'DMY')", f"time_of({name}, 'MDY')"),
    )
