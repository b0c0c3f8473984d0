"""The output at the end of a run: the import report, the tiers, and the top ten.

Belongs here: showing what was published. Does not: computing any of it.
"""

from datetime import date
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from assets.importing.import_report import import_report
from assets.publishing import staleness
from assets.publishing.publish_protocol import FILE_NAME
from pipelines.instance.terminal import shown
from schemas.account import NO_RATIO
from schemas.config.source import SourcesFile
from schemas.settings import Settings

TOP = 10
_REASONS = 4


def as_document(settings: Settings, sources: SourcesFile, day: date) -> dict[str, Any]:
    """Returns the end of a run as a document: sources of the date, tiers and top ten as published."""
    with duckdb.connect(str(settings.published / FILE_NAME), read_only=True) as connection:
        meta = connection.sql("SELECT * FROM _meta").pl().to_dicts()[0]
        tiers = connection.sql(_TIERS).pl().to_dicts()
        top = connection.sql(_TOP).pl().to_dicts()
        micro = (
            connection.sql("SELECT tier, count(*) AS accounts FROM micro_influencers GROUP BY tier ORDER BY tier")
            .pl()
            .to_dicts()
        )
    return {
        "published": meta,
        "stale_dates": sorted({each for found in staleness.find(settings, sources) for each in found.days}),
        "sources": import_report(settings, day),
        "micro_influencers": micro,
        "tiers": tiers,
        "top": top,
    }


def print_import_report(console: Console, settings: Settings, day: date) -> None:
    """Prints the record counts of each source."""
    table = Table(title=f"Import report, {day}", title_justify="left")
    for name in ("source", "records", "state"):
        table.add_column(name)
    counts = ("landed", "accepted", "quarantined", "deduplicated", "erased")
    for name in counts:
        table.add_column(name, justify="right")
    table.add_column("quarantined because, or what to do", overflow="fold")
    for row in import_report(settings, day):
        reasons = [f"{reason['rows']} × {reason['reason']}" for reason in row["reasons"]]
        more = len(reasons) - _REASONS
        told = reasons[:_REASONS] + ([f"and {more} more {'reason' if more == 1 else 'reasons'}"] if more > 0 else [])
        inferred = [f"inferred: {row['inferred']}"] if row["inferred"] else []
        again = [f"pulled again, in vain: {row['pulled_again']}"] if row["pulled_again"] else []
        carried = [f"rows of {row['landed_date']} stand in"] if row["state"] == "carried_forward" else []
        message = [row["message"]] if row["message"] else []
        table.add_row(
            row["source"],
            row["records"] or "",
            row["state"],
            *(f"{row[name]:,}" for name in counts),
            shown("\n".join([*message, *inferred, *again, *carried, *told]), keep="\n"),
        )
    console.print(table)


def print_published(console: Console, settings: Settings, sources: SourcesFile) -> None:
    """Prints the tiers next to published benchmarks, and the top ten."""
    with duckdb.connect(str(settings.published / FILE_NAME), read_only=True) as connection:
        tiers = connection.execute(_TIERS).fetchall()
        top = connection.execute(_TOP).fetchall()
        generation, day, content_hash = connection.execute(
            "SELECT generation, snapshot_date, content_hash FROM _meta"
        ).fetchall()[0]
        counted = connection.execute(
            "SELECT tier, count(*) FROM micro_influencers GROUP BY tier ORDER BY tier"
        ).fetchall()
        accounts, age = connection.execute("SELECT count(*), min(data_age_days) FROM accounts").fetchall()[0]
        unranked = connection.execute(_UNRANKED).fetchall()
    table = Table(
        title="Engagement by tier: median (likes + comments) / followers, and median likes / followers",
        title_justify="left",
    )
    for name in ("platform", "tier"):
        table.add_column(name)
    for name in ("accounts", "engagement ratio", "like rate", "published like rate"):
        table.add_column(name, justify="right")
    table.add_column("published by")
    for platform, tier, number, ratio, rate, published, source in tiers:
        table.add_row(platform, tier, f"{number:,}", _percent(ratio), _percent(rate), _percent(published), source or "")
    console.print(table)
    table = Table(
        title=f"Top {TOP} micro-influencers, {day}",
        title_justify="left",
        caption="The interval is the estimate's: the ratio, drawn towards what is typical of accounts of that size, "
        "the further the less its posts tell. `smallvoices explain PLATFORM HANDLE` shows how.",
        caption_justify="left",
    )
    table.add_column("rank", justify="right")
    for name in ("handle", "platform"):
        table.add_column(name, overflow="fold")
    table.add_column("followers", justify="right")
    table.add_column("tier")
    for name in ("engagement ratio", "estimate", "interval", "score"):
        table.add_column(name, justify="right")
    for rank, handle, platform, followers, tier, ratio, low, estimate, high, score in top:
        interval = f"{low * 100:.2f} – {high * 100:.2f} %"
        table.add_row(
            str(rank),
            shown(handle),
            platform,
            f"{followers:,}",
            tier,
            _percent(ratio),
            _percent(estimate),
            interval,
            f"{score:.1f}",
        )
    console.print(table)
    split = ", ".join(f"{number:,} {tier}" for tier, number in counted)
    total = sum(number for _, number in counted)
    console.print(
        f"Published {total:,} micro-influencers ({split}) of {accounts:,} accounts: {settings.published / FILE_NAME}",
        soft_wrap=True,
    )
    if age:
        days = "a day" if age == 1 else f"{age} days"
        console.print(
            f"No row of it is of {day}: no source delivered for it, and the newest rows are {days} old", soft_wrap=True
        )
    for platform, reason, number in unranked:
        console.print(f"No ratio, so no rank, for {number:,} of {platform}: {NO_RATIO[reason]}", soft_wrap=True)
    console.print(f"As a page to open in a browser: {settings.report}", soft_wrap=True)
    console.print(f"Generation {generation}, content hash {content_hash[:16]}")
    for found in staleness.find(settings, sources):
        console.print(f"Stale: {found.text}; run `smallvoices {found.remedy}`", soft_wrap=True)


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio * 100:.2f} %"


# One row per platform and tier. A published like rate stands next to the like rate, never next to the engagement ratio,
# which counts comments too.
_TIERS = """
    SELECT
        platform, tier, coalesce(max(accounts) FILTER (WHERE metric = 'engagement_ratio'), max(accounts)) AS accounts,
        max(median) FILTER (WHERE metric = 'engagement_ratio') AS engagement_ratio,
        max(median) FILTER (WHERE metric = 'like_rate') AS like_rate,
        max(published_value) FILTER (WHERE metric = 'like_rate') AS published_like_rate,
        max(published_source) FILTER (WHERE metric = 'like_rate') AS published_source
    FROM tier_benchmarks
    GROUP BY platform, tier
    ORDER BY platform, list_position(['nano', 'micro', 'mid', 'macro', 'mega'], tier)
"""
_UNRANKED = """
    SELECT platform, engagement_null_reason, count(*) FROM accounts WHERE engagement_null_reason IS NOT NULL
    GROUP BY ALL ORDER BY ALL
"""
_TOP = f"""
    SELECT rank, coalesce(handle, profile_id) AS handle, platform, followers, tier, engagement_ratio,
        engagement_ci_lower, engagement_estimate, engagement_ci_upper, score
    FROM micro_influencers ORDER BY rank LIMIT {TOP}
"""
