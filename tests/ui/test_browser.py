"""The Dagster UI from a user's view, in a headless Chromium."""

import re

import pytest
from selenium.webdriver.common.by import By

from tests.ui.chromium import needs_chromium
from tests.ui.dagster_ui import DIALOG, GRAPH, Browser
from tests.ui.live_dagster import MISSING, Backfilled, LiveDagster

pytestmark = [pytest.mark.live, needs_chromium]


def test_backfill_launched_from_the_ui_succeeds(browser: Browser, backfilled: Backfilled) -> None:
    assert backfilled.ended["status"] == "COMPLETED_SUCCESS"
    browser.open(f"runs/b/{backfilled.id}?tab=overview")
    browser.sees(r"Completed|Succeeded")


def test_asset_graph_shows_every_source_and_table(browser: Browser, backfilled: Backfilled, live: LiveDagster) -> None:
    assert backfilled
    browser.open(GRAPH)
    browser.finds("//*[normalize-space(text())='published']")
    browser.fit()
    for name in live.names():
        browser.finds(f"//*[normalize-space(text())='{name}']")
    browser.screenshot("graph.png")


def test_asset_page_has_description_columns_and_preview(browser: Browser, backfilled: Backfilled) -> None:
    assert backfilled
    browser.open("assets/smallvoices/ranking?view=overview")
    browser.sees("Accounts of any size; rank is null outside the ranked tiers")
    described = browser.finds("//tr[td[normalize-space()='score']]")
    assert "the expected engagement of an account of this size" in described.text
    browser.screenshot("ranking.png")
    browser.click("//tr[td[normalize-space()='preview']]//*[contains(text(), 'Show Markdown')]")
    shown = browser.finds(f"{DIALOG}//table")
    assert len(shown.find_elements(By.XPATH, ".//tbody/tr")) > 1
    assert {"handle", "followers"} <= {cell.text for cell in shown.find_elements(By.XPATH, ".//th")}


def test_benchmarks_page_renders_its_plot(browser: Browser, backfilled: Backfilled) -> None:
    assert backfilled
    browser.open("assets/smallvoices/benchmarks?view=overview")
    browser.click("//tr[td[normalize-space()='plot']]//*[contains(text(), 'Show Markdown')]")
    assert browser.finds(f"{DIALOG}//img").get_property("naturalWidth") == 840


def test_check_of_missing_export_shows_the_remedy(browser: Browser, backfilled: Backfilled, live: LiveDagster) -> None:
    assert backfilled
    source, day = MISSING
    browser.open(f"assets/smallvoices/landed_{source}?view=checks")
    told = f"{day}: no file {live.samples}/{source}/{day}.csv; put the export there, or correct the url"
    browser.click_to_see("//*[normalize-space(text())='export_landed']", re.escape(told))
    browser.screenshot("check.png")


def test_check_passes_after_rerun_from_the_ui(browser: Browser, repaired: str) -> None:
    assert repaired == "Success"
    browser.open(f"assets/smallvoices/landed_{MISSING[0]}?view=checks")
    browser.click_to_see("//*[normalize-space(text())='export_landed']", "The export arrived.")


def test_report_shows_the_published_tables(browser: Browser, live: LiveDagster, repaired: str) -> None:
    assert repaired
    browser.open_file(live.home / "published" / "report.html")
    browser.sees("Micro-influencers, 31 October 2026")
    browser.sees("Sources that delivered\\n3\\nof 3")
    browser.screenshot("report.png")
