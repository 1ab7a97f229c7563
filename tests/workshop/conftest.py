"""A server of the page and a browser to look at it, once for all tests of this folder."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import launched

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests for one worker (pytest-xdist)")


def pytest_collection_modifyitems(items):
    # tests that share a server go to one worker
    for item in items:
        if {"served", "shared"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("workshop"))
            if "browser" in item.fixturenames:
                item.add_marker(pytest.mark.browser)


class Served:
    """A running server: its address, and the lines that it printed."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "experiments.app", "workshop", "--no-open", "--port", "0",
             *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        self.lines = []
        self.url = None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            found = re.search(r"The page is at (\S+)", line)
            if found:
                self.url = found[1]
            if line.startswith("Stop it"):
                break
        assert self.url, "\n".join(self.lines)
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))
        # what the server prints later must not fill the pipe
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def served():
    server = Served()
    yield server
    server.stop()
    assert not [line for line in server.lines if "Traceback" in line], "\n".join(server.lines)


@pytest.fixture(scope="session")
def shared():
    """A server that phones may join; its address in the network and its room code."""
    server = Served("--share")
    line = next((line for line in server.lines if "room code" in line), None)
    if line is None:
        server.stop()
        pytest.skip("this machine is in no network")
    server.address, server.code = re.search(r"(http://\S+) +room code (\w+)", line).groups()
    yield server
    server.stop()
    assert not [line for line in server.lines if "Traceback" in line], "\n".join(server.lines)


@pytest.fixture(scope="session")
def browser():
    with launched() as found:
        yield found


def wrong(message):
    # a phone reads the page over plain http, where the browser has no use for this header
    return message.type == "error" and "Cross-Origin-Opener-Policy" not in message.text


@pytest.fixture
def open_page(browser, served):
    """Return a function that opens the page at a screen; errors of the page fail the test."""
    pages, errors = [], []

    def open_(screen="explore", lang="en", size=(1280, 800), fragment="", url=None, **options):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-GB", **options
        )
        context.set_default_timeout(120_000)  # machines that run tests are shared
        page = context.new_page()
        pages.append(context)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if wrong(m) else None)
        page.goto(f"{url or served.url}#v=1&lang={lang}&s={screen}{fragment}")
        page.wait_for_selector(f'main[data-screen="{screen}"]', timeout=120_000)
        return page

    yield open_
    for context in pages:
        context.close()
    assert not errors


FULL = ", ".join(f'.explore[data-stage="{s}"]' for s in ("pairs", "refined", "finished"))


@pytest.fixture
def settled():
    """Return a function that waits until at least ten pairs are shown for the newest setting."""

    def wait(page):
        page.wait_for_selector(FULL, timeout=300_000)
        page.wait_for_function(
            "() => !document.querySelector('.explore').classList.contains('pending')",
            timeout=300_000,
        )
        page.wait_for_selector(FULL, timeout=300_000)

    return wait
