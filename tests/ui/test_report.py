"""The report: rows of a published file in, a page in a real browser out."""

import csv
import json
import math
import re
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from assets.publishing import report_page
from schemas.describe import columns, polars_schema
from schemas.published import TABLES, published_columns
from schemas.quoting import literal
from tests.ui.chromium import chromium, needs_chromium, resize
from tests.ui.live_dagster import wait_for

DAY = date(2026, 10, 31)
HOSTILE = (
    "</script><script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "\u202egpj.exe\u202c right-to-left",
    "\"quoted' & `ticked`",
    "'-alert(1)-'",
    "<!-- <script>",
    "]]>\u2028line\u2029",
    '=HYPERLINK("http://example.com","click")',
    "{{ 7 * 7 }}{% raw %}",
    "x" * 20_000,
)  # fmt: skip
Row = dict[str, Any]


def write_published(path: Path, tables: dict[str, list[Row]], generation: int = 7) -> Path:
    """Writes a published file of the contract with these rows; missing columns are null."""
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    meta = {
        "generation": generation, "snapshot_date": DAY, "run_id": f"run{generation}",
        "built_at": datetime(2026, 11, 1, 2, generation % 60), "contract_version": 1, "code_version": "0.1.0",  # noqa: DTZ001
        "content_hash": "c0ffee" * 10, "rows": 1,
    }  # fmt: skip
    with duckdb.connect(str(aside)) as connection:
        for name, model in TABLES.items():
            types = {column.name: column.duckdb_type for column in columns(model)}
            connection.execute(f"CREATE TABLE {name} ({', '.join(f'{key} {kind}' for key, kind in types.items())})")
            for column in columns(model):
                connection.execute(f"COMMENT ON COLUMN {name}.{column.name} IS {literal(column.comment)}")
            rows = [meta] if name == "_meta" else tables.get(name, [])
            schema = polars_schema(model)
            frame = pl.DataFrame([[row.get(key) for key in schema] for row in rows], schema=schema, orient="row")
            connection.register("frame", frame)
            connection.execute(f"INSERT INTO {name} SELECT * FROM frame")
    aside.replace(path)
    return path


def account(rank: int, **said: object) -> Row:
    """Returns a micro-influencer whose every figure follows from its rank."""
    typical, lift = 0.08 if rank % 2 else 0.04, 4.0 / rank
    return {
        "rank": rank, "score": round(100 * lift / (1 + lift), 3), "platform": "tiktok" if rank % 3 else "instagram",
        "profile_id": f"{rank:08d}", "handle": f"handle_{rank}", "display_name": f"Name {rank}",
        "profile_url": f"https://example.com/{rank}", "followers": 1_000 + 1_237 * rank,
        "tier": "micro" if 1_000 + 1_237 * rank < 10_000 else "mid", "sector": ("food", "travel", "books")[rank % 3],
        "country": ("DE", "FR")[rank % 2], "engagement_ratio": typical * lift, "like_rate": typical * lift * 0.9,
        "engagement_ci_lower": typical * lift * 0.8, "engagement_estimate": typical * lift,
        "engagement_ci_upper": typical * lift * 1.3, "lift": lift, "posts_sampled": rank % 12, "engagement_basis": "posts",
        "days_since_last_post": rank % 5, "sponsored_share": 0.25 if rank % 7 == 0 else 0.0, "snapshot_date": DAY,
        "data_age_days": 2 if rank == 4 else 0, "followers_growth_30d": -0.025, "flags": "one_viral_post, mass_following" if rank % 5 == 0 else None,
    } | said  # fmt: skip


def everything() -> dict[str, list[Row]]:
    """Writes sixty micro-influencers, ten of them with hostile names, and all other content of a page."""
    micro = [account(rank) for rank in range(1, 61)]
    for number, text in enumerate(HOSTILE):
        micro[number + 40] |= {"handle": text, "display_name": text, "sector": text, "country": text, "language": text}
    micro[40]["profile_url"] = "javascript:window.ran=1"
    micro[41]["profile_url"] = 'https://example.com/"onmouseover="window.ran=1'
    micro[42]["profile_url"] = "data:text/html,<script>window.ran=1</script>"
    micro[43]["profile_url"] = "https://[broken"
    others = [account(100 + n) | {"rank": None, "followers": 10 ** (n % 7), "tier": "nano"} for n in range(30)]
    leaders = [
        {"dimension": "sector", "segment": sector, "rank_in_segment": place} | member
        for sector in sorted({row["sector"] for row in micro})
        for place, member in enumerate((row for row in micro if row["sector"] == sector), 1)
    ]
    history = [
        row | {"snapshot_date": DAY - timedelta(days=ago), "rank": (row["rank"] + ago) % 60 + 1 if ago else row["rank"],
               "score": row["score"] + ago * math.sin(row["rank"])}
        for ago in (0, 3, 6, 20) for row in micro[ago:]
    ]  # fmt: skip
    benchmarks = [
        {"platform": platform, "tier": tier, "metric": metric, "accounts": 30, "median": 0.08, "p25": 0.05, "p75": 0.12,
         "mean": 0.09, "published_value": 0.04 if platform == "instagram" else None,
         "published_source": "A survey" if platform == "instagram" else None, "published_year": 2016}
        for platform in ("instagram", "tiktok") for tier in ("nano", "micro", "mid")
        for metric in ("engagement_ratio", "like_rate", "comment_rate")
    ]  # fmt: skip
    sources = [
        {"source": "agency", "state": "published", "snapshot_date": DAY, "landed_rows": 100, "accepted": 90,
         "quarantined": 7, "deduplicated": 3},
        {"source": "vendor", "state": "carried_forward", "snapshot_date": DAY - timedelta(days=2), "landed_rows": 10,
         "accepted": 10, "quarantined": 0, "deduplicated": 0, "message": f"it answers {HOSTILE[0]}{HOSTILE[1]}"},
        {"source": "gone", "state": "missing", "landed_rows": 0, "accepted": 0, "quarantined": 0, "deduplicated": 0},
    ]  # fmt: skip
    quarantine = [
        {"snapshot_date": DAY - timedelta(days=number % 3), "source": "agency", "records": "profiles",
         "reason": HOSTILE[number % len(HOSTILE)], "raw": HOSTILE[0]}
        for number in range(40)
    ]  # fmt: skip
    return {
        "micro_influencers": micro, "accounts": micro + others, "rank_history": history, "segment_leaders": leaders,
        "segment_ranks": [row | {"accounts": 20} for row in leaders],
        "tier_benchmarks": benchmarks, "source_status": sources, "quarantine": quarantine,
    }  # fmt: skip


class Page:
    """A report in a browser."""

    def __init__(self, driver: webdriver.Chrome, path: Path) -> None:
        self.driver = driver
        self._path = path

    def open(self, *, width: int = 1440, dark: bool = False) -> None:
        """Opens it in a size and a colour scheme, with a cleared log."""
        resize(self.driver, width, 900)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, motion]})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(self._path.as_uri())

    def asks(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
        """Runs a script."""
        return self.driver.execute_script(script, *arguments)

    def choose(self, css: str, value: str) -> None:
        """Chooses an option."""
        Select(self.driver.find_element(By.CSS_SELECTOR, css)).select_by_value(value)

    def ranks(self) -> list[int]:
        """Returns the ranks of the displayed rows, in order."""
        shown = (
            "[...document.querySelectorAll('#top tbody tr')].filter(tr => !tr.hidden).map(tr => tr.cells[0].innerText)"
        )
        return [int(text) for text in self.asks(f"return {shown}")]

    def requested(self) -> set[str]:
        """Returns the addresses requested since the page was opened."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return {
            message["params"]["request"]["url"]
            for message in messages if message["method"] == "Network.requestWillBeSent"
        }  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a published file with all content."""
    return write_published(tmp_path_factory.mktemp("published") / "micro_influencers.duckdb", everything())


@pytest.fixture(scope="module")
def page(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Returns its report, in one browser for all tests."""
    target = published.with_name("report.html")
    report_page.write(published, target)
    with chromium(tmp_path_factory.mktemp("chromium"), logs=("browser", "performance")) as driver:
        yield Page(driver, target)


def percent(ratio: float) -> str:
    digits = 2 if ratio < 0.01 else 1 if ratio < 1 else 0
    return f"{ratio * 100:.{digits}f}\u202f%"


@needs_chromium
@pytest.mark.live
@pytest.mark.parametrize("width", [375, 768, 1440])
def test_page_fits_the_viewport_and_makes_no_requests(page: Page, width: int) -> None:
    page.open(width=width, dark=width == 768)
    page.asks("document.getElementById('more').click()")
    wait_for("the chart", lambda: page.asks("return document.querySelectorAll('#chart circle').length") or None, 10)
    page.choose("#segment", page.asks("return document.getElementById('segment').options[1].value"))
    beyond = page.asks(
        "const wide = document.documentElement.clientWidth;"
        "return [...document.querySelectorAll('main *, header *, footer *')].filter(each => !each.closest('thead, .unseen')"
        " && each.getBoundingClientRect().right > wide + 1).map(each => each.outerHTML.slice(0, 200))"
    )
    assert (page.asks("return document.documentElement.scrollWidth"), beyond) == (width, [])
    assert page.driver.get_log("browser") == []
    assert {address.partition(":")[0] for address in page.requested()} <= {"file", "data"}


@needs_chromium
@pytest.mark.live
@pytest.mark.parametrize("width, dark", [(375, True), (1440, False)], ids=["dark phone", "light desk"])
def test_page_meets_contrast_label_and_focus_order_rules(page: Page, width: int, dark: bool) -> None:  # noqa: FBT001
    page.open(width=width, dark=dark)
    violations = Axe().run(page.driver)["violations"]
    assert [(rule["id"], node["html"]) for rule in violations for node in rule["nodes"]] == []


@needs_chromium
def test_report_figures_equal_the_table(page: Page, published: Path) -> None:
    page.open()
    page.asks("document.getElementById('more').click()")
    shown = page.asks(
        "return [...document.querySelectorAll('#top tbody tr')].map(tr => [...tr.cells].map(td => td.innerText))"
    )
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.sql("SELECT * FROM micro_influencers ORDER BY rank").pl().to_dicts()
    assert len(shown) == len(rows) == 60
    for cells, row in zip(shown, rows, strict=True):
        assert cells[0] == str(row["rank"])
        assert cells[2].split("\n") == [f"{row['followers']:,}", row["tier"], "\u22122.5\u202f% in 30 days"]
        low, best, high = (percent(row[f"engagement_{end}"]) for end in ("ci_lower", "estimate", "ci_upper"))
        assert cells[3].strip() == f"{best} {low} to {high}"
        assert cells[4:6] == [f"{row['lift']:.1f}×", f"{row['score']:.1f}"]
        assert ("one viral post" in cells[6]) == ("mass following" in cells[6]) == bool(row["flags"])
        assert ("25\u202f% of posts sponsored" in cells[6]) == (row["sponsored_share"] == 0.25)
        assert ("figures 2 days older" in cells[6]) == (row["data_age_days"] == 2)
        words = re.sub(r"\s+", " ", cells[1].replace("\u2028", " ").replace("\u2029", " "))
        text = " ".join(row["handle"].split())
        assert words.startswith(text if len(text) <= 80 else text[:79] + "…")
    middle = "const at = n => parseFloat(document.querySelectorAll('#top .bar:not(.axis)')[n].querySelector('circle').getAttribute('cx'));"
    places = page.asks(f"{middle} return [0, 1, 3].map(at)")
    # On a logarithmic scale equal factors are equal distances: 0.32 to 0.08 is twice 0.08 to 0.04.
    assert places[0] - places[1] == pytest.approx(2 * (places[1] - places[2]), abs=0.2)


@needs_chromium
@pytest.mark.live
def test_csv_download_holds_the_filtered_rows(page: Page, published: Path, tmp_path: Path) -> None:
    page.open()
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})

    def expected(where: str, order: str = "rank") -> list[int]:
        with duckdb.connect(str(published), read_only=True) as connection:
            rows = connection.execute(f"SELECT rank FROM micro_influencers WHERE {where} ORDER BY {order}").fetchall()
        return [row[0] for row in rows]

    assert page.ranks() == expected("rank <= 25")
    assert page.asks("return document.getElementById('shown').innerText") == "25 of 60 shown"
    page.choose("[data-filter=platform]", "instagram")
    assert page.ranks() == expected("platform = 'instagram'")
    page.choose("[data-filter=tier]", "mid")
    page.choose("[data-order]", "followers")
    assert page.ranks() == expected("platform = 'instagram' AND tier = 'mid'", "followers DESC")
    page.driver.find_element(By.CSS_SELECTOR, "[data-filter=clean]").click()
    matching = "platform = 'instagram' AND tier = 'mid' AND flags IS NULL"
    assert page.ranks() == expected(matching, "followers DESC")
    page.driver.find_element(By.ID, "csv").click()
    file = wait_for("the CSV file", lambda: next(tmp_path.glob("*.csv"), None), 10)
    assert file.name == "micro_influencers-2026-10-31.csv"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        loaded = list(csv.DictReader(lines))
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = (
            connection.sql(f"SELECT * FROM micro_influencers WHERE {matching} ORDER BY followers DESC").pl().to_dicts()
        )
    for line, row in zip(loaded, rows, strict=True):
        assert {
            float(line[name]) - row[name] for name in ("rank", "followers", "engagement_ci_lower", "lift", "score")
        } == {0}
        assert line["handle"] == re.sub(r"^(?=[=+\-@\t\r\n])", "'", row["handle"])
    assert any(line["handle"].startswith("'=HYPERLINK") for line in loaded)
    page.open()
    for typed, where in (("NAME 17", "handle = 'handle_17'"), ("onerror", "contains(handle, 'onerror')")):
        search = page.driver.find_element(By.CSS_SELECTOR, "[type=search]")
        search.clear()
        search.send_keys(typed)
        assert page.ranks() == expected(where)
    search.send_keys("nobody")
    assert page.ranks() == []
    assert "Nothing matches" in page.asks("return document.getElementById('shown').innerText")


@needs_chromium
@pytest.mark.live
def test_segments_benchmarks_and_chart_follow_the_selection(page: Page, published: Path) -> None:
    page.open()
    page.choose(
        "#segment",
        next(
            o.get_attribute("value")
            for o in page.driver.find_elements(By.CSS_SELECTOR, "#segment option")
            if o.text == "travel"
        )
        or "",
    )
    tables = [table for table in page.driver.find_elements(By.CSS_SELECTOR, ".leaders") if table.is_displayed()]
    assert [table.find_element(By.TAG_NAME, "caption").text for table in tables] == ["sector: travel, 20 accounts"]
    handles = [each.text for each in tables[0].find_elements(By.CSS_SELECTOR, "tbody a")]
    with duckdb.connect(str(published), read_only=True) as connection:
        leaders = connection.execute(
            "SELECT handle FROM segment_leaders JOIN accounts USING (platform, profile_id) "
            "WHERE segment = 'travel' AND rank_in_segment <= 10 ORDER BY rank_in_segment"
        ).fetchall()
    assert handles == [row[0] for row in leaders]

    def drawn() -> int:
        return int(page.asks("return document.querySelectorAll('#chart circle').length"))

    def benchmarks() -> list[str]:
        rows = page.driver.find_elements(By.CSS_SELECTOR, "#benchmarks tbody tr")
        return [row.text.replace("\n", " ") for row in rows if row.is_displayed()]

    with duckdb.connect(str(published), read_only=True) as connection:
        counted = dict(connection.execute("SELECT platform, count(*) FROM accounts GROUP BY 1").fetchall())
    for platform in ("tiktok", "instagram"):
        page.choose("#chart-platform", platform)
        assert drawn() == counted[platform]
        said = " A survey, 2016" if platform == "instagram" else ""
        value = "4.0\u202f%" if platform == "instagram" else "–"
        assert benchmarks() == [
            f"{tier} 30 8.0\u202f% 5.0\u202f% to 12.0\u202f% {value}{said}" for tier in ("nano", "micro", "mid")
        ]
        dashes = page.asks("return document.querySelectorAll('#chart [stroke-dasharray] line').length")
        assert dashes == (3 if platform == "instagram" else 0)


@needs_chromium
@pytest.mark.live
def test_movers_equal_the_rank_history(page: Page, published: Path) -> None:
    page.open()
    shown = page.driver.find_element(By.CSS_SELECTOR, "#movers table tbody").text.replace("\n", " ")
    with duckdb.connect(str(published), read_only=True) as connection:
        (handle, then, now, change), = connection.execute(
            "SELECT micro.handle, earlier.rank, now.rank, now.score - earlier.score AS change "
            "FROM rank_history AS earlier JOIN rank_history AS now USING (platform, profile_id) "
            "JOIN micro_influencers AS micro USING (platform, profile_id) "
            "WHERE earlier.snapshot_date = DATE '2026-10-25' AND now.snapshot_date = DATE '2026-10-31' "
            "ORDER BY change DESC, now.rank LIMIT 1"
        ).fetchall()  # fmt: skip
        days = dict(
            connection.execute(
                "SELECT micro_influencers.handle, list(rank_history.snapshot_date ORDER BY rank_history.snapshot_date) "
                "FROM rank_history JOIN micro_influencers USING (platform, profile_id) GROUP BY ALL"
            ).fetchall()
        )
    assert shown.startswith(handle[:79])
    # A day without files is still a day.
    drawn = {
        row.find_element(By.TAG_NAME, "bdi").text: str(
            row.find_element(By.TAG_NAME, "polyline").get_attribute("points")
        )
        for row in page.driver.find_elements(By.CSS_SELECTOR, "#movers tbody tr")
    }
    assert {len(days[name]) for name in drawn} >= {3, 4}
    for name, points in drawn.items():
        first, *_, last = days[name]
        across = [float(point.partition(",")[0]) for point in points.split()]
        assert across == pytest.approx([100 * (day - first) / (last - first) for day in days[name]], abs=0.06)
    assert f"{then} → {now} +{change:.1f}" in shown
    assert "New in the ranking: 6; gone from it: 0." in page.driver.find_element(By.ID, "movers").text


@needs_chromium
@pytest.mark.live
def test_foreign_text_is_shown_and_never_executed(page: Page) -> None:
    page.open()
    page.asks("document.getElementById('more').click()")
    assert page.asks("return [typeof window.ran, document.images.length]") == ["undefined", 0]
    hrefs = page.asks("return [...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")
    assert {re.split(r"[:/]", href)[0] for href in hrefs if not href.startswith("#")} == {"https"}
    assert not any("broken" in href for href in hrefs)
    names = page.asks(
        "return [...document.querySelectorAll('#top tbody th > bdi, #top tbody th > a > bdi')].map(b => b.textContent)"
    )
    for text in HOSTILE:
        line = " ".join(text.split())
        assert (line if len(line) <= 80 else line[:79] + "…") in names
    assert f"it answers {HOSTILE[0]}{HOSTILE[1]}" in page.driver.find_element(By.ID, "sources").text
    policy = page.asks("return document.querySelector('[http-equiv=Content-Security-Policy]').content")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.asks(
        "const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        "document.body.append(script); return typeof window.ran"
    ) == "undefined"  # fmt: skip


@needs_chromium
@pytest.mark.live
def test_keyboard_reaches_every_control_with_visible_focus(page: Page) -> None:
    page.open()

    def press(*keys: str) -> None:
        ActionChains(page.driver).send_keys(*keys).perform()

    def focused() -> str:
        return str(
            page.asks(
                "const at = document.activeElement; return at.id || at.dataset.filter || at.className || at.getAttribute('href')"
            )
        )

    press(Keys.TAB)
    assert focused() == "skip"
    press(Keys.ENTER)
    assert focused() == "shortlist"
    reached = []
    for _ in range(10):
        press(Keys.TAB)
        reached.append(focused())
        outline = page.asks(
            "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]"
        )
        assert outline == ["solid", "3px"], focused()
    assert reached[:2] == ["search", "platform"]
    assert reached.index("clean") < reached.index("csv")
    page.driver.find_element(By.CSS_SELECTOR, "[data-filter=platform]").send_keys("i")
    assert len(page.ranks()) == 20
    page.open()
    page.driver.find_element(By.ID, "more").send_keys(Keys.ENTER)
    assert len(page.ranks()) == 60
    assert page.asks("return document.activeElement.cells[0].innerText") == "26"


@needs_chromium
@pytest.mark.live
def test_page_without_scripts_has_all_figures(page: Page) -> None:
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.open()
        text = page.driver.find_element(By.TAG_NAME, "main").text
    finally:
        page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "handle_1" in text
    assert "handle_40" in text
    assert "sector: travel" in text
    assert "The chart needs JavaScript" in text


def page_of(published: Path, name: str = "report.html") -> str:
    report_page.write(published, published.with_name(name))
    return published.with_name(name).read_text(encoding="utf-8")


def test_same_content_gives_the_same_page_except_generation_and_time(tmp_path: Path) -> None:
    rows = everything()
    first = page_of(write_published(tmp_path / "a.duckdb", rows, generation=7))
    second = page_of(write_published(tmp_path / "b.duckdb", {name: rows[name][::-1] for name in rows}, generation=8))
    told = [(one, other) for one, other in zip(first.splitlines(), second.splitlines(), strict=True) if one != other]
    assert all("eneration" in one for one, _ in told)
    assert len(told) == 2


def test_empty_ranking_is_reported_on_the_page(tmp_path: Path) -> None:
    page = page_of(write_published(tmp_path / "a.duckdb", {}))
    said = ("There is no ranking of about a week before this date", "None in the last 30 days.")
    assert [text in page for text in said] == [True, True]


def test_page_handles_100000_micro_influencers(tmp_path: Path) -> None:
    path = write_published(tmp_path / "a.duckdb", everything())
    hostile = literal('<&"' * 10)
    names = [column.name for column in published_columns(TABLES["accounts"])]
    made = {
        "rank": "n", "score": "100 - n / 2000", "platform": "['instagram', 'tiktok', 'youtube'][1 + n % 3]",
        "profile_id": "n::VARCHAR", "handle": hostile, "display_name": hostile, "sector": f"{hostile} || n % 900",
        "country": f"{hostile} || n % 400", "language": f"{hostile} || n % 300", "tier": "'micro'", "lift": "2",
        "profile_url": "'https://example.com/' || repeat('long', 40)", "engagement_basis": "'posts'",
        "followers": "1000 + (hash(n) % 99000)::BIGINT", "engagement_ratio": "0.0001 + (hash(-n) % 100000) / 100000",
        "like_rate": "0.0001 + (hash(-n) % 90000) / 100000", "engagement_ci_lower": "0.01", "engagement_estimate": "0.02",
        "engagement_ci_upper": "0.03", "posts_sampled": "3", "data_age_days": "0", "sponsored_share": "0.3",
        "flags": "'one_viral_post, mass_following, uniform_engagement, hidden_likes, ratio_over_1'",
    }  # fmt: skip
    cells = ", ".join(f"{made.get(name, 'NULL')} AS {name}" for name in names)
    with duckdb.connect(str(path)) as connection:
        for table in ("accounts", "micro_influencers"):
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} BY NAME SELECT {cells} FROM range(1, 100001) AS r(n)")
        connection.execute("DELETE FROM segment_leaders; DELETE FROM segment_ranks")
        for dimension in ("sector", "country", "language"):
            connection.execute(
                f"INSERT INTO segment_ranks BY NAME SELECT '{dimension}' AS dimension, {dimension} AS segment, platform, "
                f"profile_id, score, count(*) OVER (PARTITION BY {dimension}) AS accounts, "
                f"row_number() OVER (PARTITION BY {dimension} ORDER BY rank) AS rank_in_segment FROM micro_influencers"
            )
        connection.execute(
            "INSERT INTO segment_leaders BY NAME "
            "SELECT dimension, segment, rank_in_segment, platform, profile_id, score FROM segment_ranks WHERE rank_in_segment <= 40"
        )
    page = page_of(path)
    size, is_told, is_same = len(page.encode()), "The 50 largest of 900" in page, page == page_of(path, "again.html")
    assert (size < 1_500_000, is_told, is_same) == (True, True, True), size


def test_unlisted_rejection_reasons_are_counted(tmp_path: Path) -> None:
    rejected = [
        {"snapshot_date": DAY, "source": "agency", "records": "posts", "reason": f"reason {number}"}
        for number in range(1_234)
    ]
    page = page_of(write_published(tmp_path / "a.duckdb", {"quarantine": rejected}))
    said = ("<dd>1,234<small>on this date", "the 50 most frequent reasons of 1,234")
    assert [text in page for text in said] == [True, True]


def test_older_generation_never_replaces_a_newer_page(tmp_path: Path) -> None:
    path, rows = tmp_path / "micro_influencers.duckdb", {"source_status": everything()["source_status"]}
    write_published(path, rows, generation=1)
    seen: list[int] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            report_page.write(path, tmp_path / "report.html")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for generation in range(2, 5):
            write_published(path, rows, generation)
            seen += _generations(tmp_path / "report.html")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    seen += _generations(tmp_path / "report.html")
    assert seen == sorted(seen)
    assert seen[-1] == 4
    assert not list(tmp_path.glob("*.tmp"))


def _generations(path: Path) -> Sequence[int]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    is_whole = not text or text.endswith("</html>")
    assert is_whole
    return [int(number) for number in re.findall(r'<meta name="generation" content="(\d+)">', text)]
