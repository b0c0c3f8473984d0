"""The report as one HTML page that needs no network and no server.

Belongs here: formatting rows as text, figures and marks, safely. Does not: the choice of rows (`report_rows`). The
page's own files and its chart libraries are in `report_page/`.

All values of an export (handles, names, sectors, reasons) are untrusted text. Jinja escapes it, JSON is written so that
no tag can end in it, addresses are links only if they are http(s), and a Content-Security-Policy allows only the
scripts that are written here, by their hashes.
"""

import base64
import fcntl
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.publishing.report_rows import PLACES, TOP, Row, Rows, read
from assets.storage import atomic_write

FOLDER = Path(__file__).with_suffix("")
LIBRARIES = ("d3-7.9.2", "plot-0.6.17")
# The style that Plot adds to every chart of the class that page.js sets.
PLOT_STYLE = """:where(.chart) {
  --plot-background: white;
  display: block;
  height: auto;
  height: intrinsic;
  max-width: 100%;
}
:where(.chart text),
:where(.chart tspan) {
  white-space: pre;
}"""
# Size limit of the page: with very long values it shows fewer rows.
MAX_BYTES = 1_400_000
MAX_SHOWN = 80
MAX_ADDRESS = 500
_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_TICKS = tuple(float(f"{digit}e{power}") for power in range(-5, 4) for digit in (1, 2, 5))
_MOST_TICKS = 4
_FIELDS = (
    "rank", "platform", "handle", "display_name", "profile_url", "followers", "tier", "sector", "country", "language",
    "engagement_ratio", "engagement_ci_lower", "engagement_estimate", "engagement_ci_upper", "lift", "score",
    "authenticity", "flags", "followers_growth_30d", "sponsored_share", "posts_sampled", "engagement_basis",
)  # fmt: skip
_STATES = {
    "published": ("good", "published"),
    "carried_forward": ("look", "earlier rows stand in"),
    "quarantine_limit_exceeded": ("bad", "too many bad records"),
    "row_count_drop": ("bad", "far fewer records than before"),
    "unreadable": ("bad", "unreadable"),
    "missing": ("bad", "missing"),
}


@dataclass(frozen=True)
class Report:
    """The written page and its contents."""

    path: Path
    generation: int
    snapshot_date: date
    content_hash: str


def write(published: Path, target: Path) -> Report:
    """Writes the report of the published file, atomically.

    Args:
        published: The published DuckDB file.
        target: The HTML file to make or replace.

    Returns:
        A summary of the page.
    """
    # Later writers open later generations, so no older generation can replace a newer one.
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read(published)
        with atomic_write.replacing(target, rows.meta["run_id"]) as aside:
            aside.write_text(render(rows), encoding="utf-8")
            aside.chmod(0o444)
    return Report(target, rows.meta["generation"], rows.meta["snapshot_date"], rows.meta["content_hash"])


def render(rows: Rows) -> str:
    """Renders the page with all rows, or with the largest part that keeps it within its size."""
    page = ""
    for part in (1, 2, 4, 8):
        leaders = PLACES // part or 1
        segments = [replace(segment, leaders=segment.leaders[:leaders]) for segment in rows.segments]
        page = _render(replace(rows, top=rows.top[: TOP // part], segments=segments))
        if len(page.encode()) <= MAX_BYTES:
            break
    return page


def _render(rows: Rows) -> str:
    libraries = [f"/*\n{_own(f'{name}.LICENSE')}*/\n{_own(f'{name}.min.js')}" for name in LIBRARIES]
    scripts, styles = [*libraries, _own("page.js")], [_own("page.css")]
    policy = (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes([*styles, PLOT_STYLE])}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "percent": percent, "change": _change, "short": _short, "count": "{:,}".format, "points": "{:.1f}".format,
        "url": _url, "day": _day, "days": _days, "words": _words, "line": _line, "state": _STATES.get,
    }  # fmt: skip
    return environment.get_template("page.html").render(
        rows=rows,
        policy=policy,
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own files
        styles=[Markup(style) for style in styles],  # noqa: S704 - as above
        data=Markup(_json(_data(rows))),  # noqa: S704 - no tag can end in it
        scale=Scale.over(rows.top),
        looks={row["rank"]: to_look_at(row) for row in rows.top},
        choices={
            name: sorted({row[name] for row in rows.top} - {None})
            for name in ("platform", "tier", "sector", "country", "language")
        },
        unwell=[row for row in rows.sources if row["state"] != "published"],
    )


@dataclass(frozen=True)
class Scale:
    """The logarithmic scale that intervals are drawn on.

    Attributes:
        low: Ratio at its left end.
        high: Ratio at its right end.
        ticks: Ratios that are marked.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, top: list[Row]) -> "Scale":
        """Returns a scale that covers all intervals and the baseline."""
        drawn = [
            row[name] for row in top for name in ("engagement_ci_lower", "engagement_ci_upper", "typical") if row[name]
        ]
        low, high = (min(drawn) / 1.1, max(drawn) * 1.1) if drawn else (0.01, 0.1)
        within = [tick for tick in _TICKS if low <= tick <= high]
        return cls(low, high, tuple(within[:: math.ceil(len(within) / _MOST_TICKS) or 1]))

    def at(self, ratio: float | None) -> float:
        """Returns the position of a ratio, in percent of the width."""
        if not ratio:
            return 0.0
        return round(100 * math.log(ratio / self.low) / math.log(self.high / self.low), 1)


def percent(ratio: float | None) -> str:
    """Formats a fraction as percent: 12.3 %, with one more digit under 1 %."""
    if ratio is None:
        return "–"
    digits = 2 if abs(ratio) < 0.01 else 1 if abs(ratio) < 1 else 0  # noqa: PLR2004 - see docstring
    return f"{ratio * 100:,.{digits}f}{_NARROW_SPACE}%"


def _change(fraction: float) -> str:
    """Formats a growth with its sign."""
    return ("\N{MINUS SIGN}" if fraction < 0 else "+") + percent(abs(fraction))


def to_look_at(row: Row) -> list[str]:
    """Lists, as text, the points to check of a micro-influencer before signing."""
    said = [flag.strip().replace("_", " ") for flag in (row["flags"] or "").split(",") if flag.strip()]
    if row["sponsored_share"]:
        said.append(f"{row['sponsored_share'] * 100:.0f}{_NARROW_SPACE}% of posts sponsored")
    if row["data_age_days"]:
        said.append(f"figures {_days(row['data_age_days'])} older")
    return said


def _data(rows: Rows) -> dict[str, Any]:
    """Returns the data that page.js filters, draws and exports as CSV."""
    return {
        "date": rows.meta["snapshot_date"].isoformat(),
        "top": {"fields": _FIELDS, "rows": [[_cut(row[name]) for name in _FIELDS] for row in rows.top]},
        "flagged": [bool(row["flags"]) for row in rows.top],
        "tiers": rows.tiers,
        "points": _table(rows.points),
        "bins": _table(rows.bins),
        "benchmarks": rows.benchmarks,
    }


def _cut(value: object) -> object:
    return value[:MAX_ADDRESS] if isinstance(value, str) else value


def _table(rows: list[Row]) -> dict[str, Any]:
    """Encodes the drawn rows: each name once, and no invisible digits."""
    fields = list(rows[0]) if rows else []
    return {
        "fields": fields,
        "rows": [[_drawn(row[name]) for name in fields] for row in rows],
    }


def _drawn(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return _short(value) if isinstance(value, str) else value


def _json(data: object) -> str:
    """Encodes JSON that is safe between tags: characters that open a tag are escaped."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _own(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hashes(texts: Iterable[str]) -> str:
    """Returns the hashes of the texts in the form of a Content-Security-Policy."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def _short(text: str | None) -> str:
    """Shortens untrusted text to one line of limited length."""
    line = " ".join((text or "").split())
    return line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…"


def _url(address: str | None) -> str | None:
    """Returns the address if it is a readable web address, else None."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and parts.hostname
    return address if is_web and len(address or "") <= MAX_ADDRESS else None


def _day(day: date) -> str:
    return format_date(day, "d MMMM yyyy", locale="en")


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _words(name: str) -> str:
    """Formats the name of a column, or of several joined, as words."""
    return name.replace("_", " ").replace("+", " and ")


def _line(scores: list[Row]) -> str:
    """Returns the daily scores as the points of a line in a box of 100 × 24, spaced by date."""
    values, ages = [each["score"] for each in scores], [(each["day"] - scores[0]["day"]).days for each in scores]
    low, high = min(values), max(values)
    width, spread = ages[-1] or 1, high - low or 1
    return " ".join(
        f"{100 * age / width:.1f},{22 - 20 * (value - low) / spread:.1f}"
        for age, value in zip(ages, values, strict=True)
    )
