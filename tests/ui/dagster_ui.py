"""The pages of a running Dagster in a headless Chromium, operated by clicks.

Belongs here: clicking, waiting, and screenshots. Does not: expectations (`test_browser`).
"""

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.ui.chromium import INSTALLED, chromium, resize
from tests.ui.live_dagster import LiveDagster, wait_for

# The UI's stored state: the community invitation, which appears some time after the page, is answered, and the graph
# fits the page.
REMEMBERED = {
    "communityNux": "1",
    "dagster-nav-collapsed": "true",
    "asset-graph-direction": '"vertical"',
    "asset-node-facets": '["description", "checks", "partitions", "kind-tag"]',
}
WIDTH, HEIGHT = 1400, 900
DIALOG = "//*[@role='dialog']"
SECONDS = 60
# After this time a click is assumed to have hit a page that was not ready.
_UNANSWERED_SECONDS = 10


# Groups are open, as after a click on each of them.
GRAPH = "asset-groups?expanded=" + ",".join(
    f"global@global:{group}" for group in ("landing", "validated", "metrics", "published")
)
MAX_PICTURE_BYTES = 200_000


class Browser:
    """A Chromium on the pages of a live Dagster."""

    def __init__(self, driver: webdriver.Chrome, live: LiveDagster) -> None:
        self._driver = driver
        self._live = live

    def open(self, page: str) -> None:
        """Opens a page of the UI."""
        self._driver.get(f"{self._live.url}/{page}")

    def open_file(self, path: Path) -> None:
        """Opens a page that needs no server."""
        self._driver.get(path.as_uri())

    def sees(self, pattern: str, seconds: float = SECONDS) -> str:
        """Waits until the text of the page matches; returns the match."""

        def look() -> str | None:
            try:
                found = re.search(pattern, self._driver.find_element(By.TAG_NAME, "body").text)
            except StaleElementReferenceException:
                return None
            return found.group() if found else None

        return wait_for(f"{pattern!r} on {self._driver.current_url}", look, seconds)

    def finds(self, xpath: str) -> WebElement:
        """Waits until such an element is displayed; returns it."""

        def look() -> WebElement | None:
            try:
                return next((each for each in self._driver.find_elements(By.XPATH, xpath) if each.is_displayed()), None)
            except StaleElementReferenceException:
                return None

        return wait_for(f"{xpath} on {self._driver.current_url}", look, SECONDS)

    def click(self, xpath: str) -> None:
        """Clicks an element once it is displayed and enabled."""

        def enabled() -> WebElement | None:
            found = self.finds(xpath)
            return found if found.is_enabled() else None

        target = wait_for(f"{xpath} to be enabled", enabled, SECONDS)
        self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        target.click()

    def click_to_see(self, xpath: str, pattern: str) -> None:
        """Clicks an element until the text of the page matches."""

        def answered() -> str | None:
            self.click(xpath)
            try:
                return self.sees(pattern, _UNANSWERED_SECONDS)
            except TimeoutError:
                return None

        wait_for(f"{pattern!r} once {xpath} is clicked", answered, SECONDS)

    def fit(self) -> None:
        """Fits a graph to the page."""
        self.click("//input[@placeholder='Jump to…']/following::button[1]")
        ActionChains(self._driver).move_by_offset(150, HEIGHT - 50).double_click().perform()

    def screenshot(self, name: str) -> None:
        """Saves a screenshot of the page in the folder $SMALLVOICES_SCREENSHOTS, if it is set."""
        if folder := os.environ.get("SMALLVOICES_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            path = Path(folder) / name
            self._driver.save_screenshot(str(path))
            assert path.stat().st_size < MAX_PICTURE_BYTES, path

    def backfill(self, first: str, last: str) -> str:
        """Launches a backfill of all assets from the asset graph, by clicks, and returns its id."""
        before = set(self._live.backfills())
        self._materialize_all(first, last)
        self.screenshot("backfill.png")
        self.click(f"{DIALOG}//button[normalize-space()='Launch backfill']")
        (launched,) = wait_for("the backfill", lambda: set(self._live.backfills()) - before or None, SECONDS)
        self._look_away()
        return launched

    def rerun(self, day: str, seconds: float) -> str:
        """Reruns one date of all assets from the asset graph, by clicks, and returns the final status of its page."""
        self._materialize_all(day, day)
        self.click(f"{DIALOG}//button[normalize-space()='Launch 1 run']")
        self.sees("Launched run")
        self.click("//*[self::a or self::button][normalize-space()='View']")
        self.sees(rf"partition: {day}")
        run = self._driver.current_url.rpartition("/")[2]
        self._look_away()
        self._live.run_ended(run, seconds)
        self.open(f"runs/{run}")
        return self.sees(r"\b(Success|Failure|Canceled)\b")

    def _look_away(self) -> None:
        """Leaves a page that polls the progress and so slows down the run."""
        self._driver.get("about:blank")

    def _materialize_all(self, first: str, last: str) -> None:
        """Opens the dialog, and selects dates in it."""
        self.open(GRAPH)
        self.finds("//*[normalize-space(text())='published']")
        self.click("//button[contains(., 'Materialize all')]")
        dates = self.finds(f"{DIALOG}//input[not(@type='checkbox')]")
        dates.send_keys(Keys.CONTROL, "a")
        dates.send_keys(f"[{first}...{last}]", Keys.TAB)
        self.sees(rf"\b{(date.fromisoformat(last) - date.fromisoformat(first)).days + 1} partitions?\b")


@pytest.fixture(scope="session")
def browser(live: LiveDagster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser | None]:
    """Starts one Chromium for all tests of the session; None if there is none."""
    if not INSTALLED:
        yield None
        return
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        resize(driver, WIDTH, HEIGHT)
        browser = Browser(driver, live)
        browser.open("")
        for key, value in REMEMBERED.items():
            driver.execute_script("localStorage.setItem(arguments[0], arguments[1])", key, value)
        yield browser
