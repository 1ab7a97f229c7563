"""Settings of all tests, and the browser in which they look at pages."""

import contextlib
import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# compiled rules make the first example slow; the same examples in every run
settings.register_profile(
    "project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INSTALL = "apt-get install chromium"


def chromium():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def launched():
    """Give a browser; while it is open, asyncio.run fails in this process."""
    path = chromium()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"no Chromium; install it with: {INSTALL}")
        pytest.skip(f"no Chromium; install it with: {INSTALL}")
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    found = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield found
    found.close()
    playwright.stop()
