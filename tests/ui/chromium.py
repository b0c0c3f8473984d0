"""A headless Chromium for the tests that look at pages; without it they skip."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver

_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
INSTALLED = bool(_CHROMIUM and _DRIVER)
needs_chromium = pytest.mark.skipif(
    not INSTALLED, reason="chromium and chromium-driver are not installed; run `make browser`"
)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


@contextmanager
def chromium(folder: Path, logs: Sequence[str] = ()) -> Iterator[webdriver.Chrome]:
    """Starts a browser, and stops it.

    Args:
        folder: The folder of its profile.
        logs: Its logs: "browser" is its console, "performance" its network requests.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = str(_CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(_DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


def resize(driver: webdriver.Chrome, width: int, height: int) -> None:
    """Sets the size of the page itself, not of the window with its bars."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
