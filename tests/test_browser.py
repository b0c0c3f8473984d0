"""What people see and click in the Dagster UI, in a headless Chromium."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.chromium import chromium, needs_chromium, resize
from tests.live_dagster import DAYS, MISSING, Again, Backfilled, LiveDagster, wait_for

pytestmark = [pytest.mark.live, needs_chromium]

# What the UI remembers of its visitor: that the invitation to the community, which comes some time after the page, is
# answered, and a graph that fits the page.
REMEMBERED = {
    "communityNux": "1",
    "dagster-nav-collapsed": "true",
    "asset-graph-direction": '"vertical"',
    "asset-node-facets": '["description", "checks", "partitions", "kind-tag"]',
}
WIDTH, HEIGHT = 1400, 900
DIALOG = "//*[@role='dialog']"
SECONDS = 30


class Browser:
    """A Chromium on the pages of a live Dagster."""

    def __init__(self, driver: webdriver.Chrome, live: LiveDagster) -> None:
        self._driver = driver
        self._live = live

    def open(self, page: str) -> None:
        """Opens a page of the UI."""
        self._driver.get(f"{self._live.url}/{page}")

    def sees(self, pattern: str) -> str:
        """Waits until the text of the page matches; gives the match."""

        def look() -> str | None:
            try:
                found = re.search(pattern, self._driver.find_element(By.TAG_NAME, "body").text)
            except StaleElementReferenceException:
                return None
            return found.group() if found else None

        return wait_for(f"{pattern!r} on {self._driver.current_url}", look, SECONDS)

    def finds(self, xpath: str) -> WebElement:
        """Waits until there is such an element, and it is shown; gives it."""

        def look() -> WebElement | None:
            try:
                return next((each for each in self._driver.find_elements(By.XPATH, xpath) if each.is_displayed()), None)
            except StaleElementReferenceException:
                return None

        return wait_for(f"{xpath} on {self._driver.current_url}", look, SECONDS)

    def click(self, xpath: str) -> None:
        """Clicks an element once it is there, shown and enabled."""

        def enabled() -> WebElement | None:
            found = self.finds(xpath)
            return found if found.is_enabled() else None

        target = wait_for(f"{xpath} to be enabled", enabled, SECONDS)
        self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        target.click()

    def fit(self) -> None:
        """Gives a graph all of the page."""
        self.click("//input[@placeholder='Jump to…']/following::button[1]")
        ActionChains(self._driver).move_by_offset(150, HEIGHT - 50).double_click().perform()

    def screenshot(self, name: str) -> None:
        """Keeps a picture of the page in the folder $SMALLVOICES_SCREENSHOTS, if there is one."""
        if folder := os.environ.get("SMALLVOICES_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._driver.save_screenshot(str(Path(folder) / name))


@pytest.fixture(scope="module")
def browser(live: LiveDagster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests of the module."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        resize(driver, WIDTH, HEIGHT)
        browser = Browser(driver, live)
        browser.open("")
        for key, value in REMEMBERED.items():
            driver.execute_script("localStorage.setItem(arguments[0], arguments[1])", key, value)
        yield browser


def _graph() -> str:
    # Groups open, as after a click on each of them.
    groups = ("landing", "validated", "metrics", "published")
    return "asset-groups?expanded=" + ",".join(f"global@global:{group}" for group in groups)


def test_the_page_of_an_asset_says_what_it_is_and_describes_and_previews_its_columns(
    browser: Browser, thirty_days: Backfilled
) -> None:
    assert thirty_days
    browser.open("assets/ranking?view=overview")
    browser.sees("Accounts of any size; rank is empty outside the ranked tiers")
    described = browser.finds("//tr[td[normalize-space()='score']]")
    assert "as engaging as is typical of an account of its size" in described.text
    browser.screenshot("ranking.png")
    browser.click("//tr[td[normalize-space()='preview']]//*[contains(text(), 'Show Markdown')]")
    shown = browser.finds(f"{DIALOG}//table")
    assert len(shown.find_elements(By.XPATH, ".//tbody/tr")) > 1
    assert {"handle", "followers"} <= {cell.text for cell in shown.find_elements(By.XPATH, ".//th")}


def test_the_page_of_the_benchmarks_draws_their_plot(browser: Browser, thirty_days: Backfilled) -> None:
    assert thirty_days
    browser.open("assets/benchmarks?view=overview")
    browser.click("//tr[td[normalize-space()='plot']]//*[contains(text(), 'Show Markdown')]")
    assert browser.finds(f"{DIALOG}//img").get_property("naturalWidth") == 560


def test_the_check_of_a_missing_export_shows_what_to_do(
    browser: Browser, thirty_days: Backfilled, live: LiveDagster
) -> None:
    assert thirty_days
    source, day = MISSING
    browser.open(f"assets/landed_{source}?view=checks")
    browser.click("//*[normalize-space(text())='pulled']")
    browser.sees(
        re.escape(f"{day}: no file {live.samples}/{source}/{day}.csv; put the export there, or correct the url")
    )


def test_a_backfill_is_launched_from_the_asset_graph_by_clicks(
    browser: Browser, live: LiveDagster, again: Again
) -> None:
    assert again, "another backfill, which may run at the same time"
    browser.open(_graph())
    browser.finds("//*[normalize-space(text())='published']")
    browser.fit()
    for name in live.names():
        browser.finds(f"//*[normalize-space(text())='{name}']")
    browser.screenshot("graph.png")
    browser.click("//button[contains(., 'Materialize all')]")
    dates = browser.finds(f"{DIALOG}//input[not(@type='checkbox')]")
    for chosen in ([DAYS[0], DAYS[-1]], [DAYS[3], DAYS[4]]):
        dates.send_keys(Keys.CONTROL, "a")
        dates.send_keys(f"[{chosen[0]}...{chosen[1]}]", Keys.TAB)
        browser.sees(r"\b(30|2) partitions\b")
        if chosen[0] == DAYS[0]:
            browser.screenshot("backfill.png")
    browser.sees(r"\b2 partitions\b")
    before = set(live.backfills())
    browser.click(f"{DIALOG}//button[normalize-space()='Launch backfill']")
    (launched,) = wait_for("the backfill", lambda: set(live.backfills()) - before or None, SECONDS)
    ended = live.ended(launched, seconds=300)
    assert ended["status"] == "COMPLETED_SUCCESS"
    assert [len(run["assetSelection"]) for run in ended["runs"]] == [len(live.names()) - 1, 1]
