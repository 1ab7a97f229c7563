"""The report in a browser: two pages for the council on paper, nothing that bars a reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator import report
from simulator.wording import LANGUAGES
from tests.conftest import launched
from tests.report.stub import stub, stub_chains, stub_margins

AXE = Path(__file__).parents[1] / "workshop" / "vendor" / "axe.min.js"
COUNCIL_PAGES = 2


@pytest.fixture(scope="module")
def made():
    return stub()


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(params=LANGUAGES)
def opened(request, made, browser, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "margins_of", lambda _: stub_margins())
    monkeypatch.setattr(report, "chains_of", lambda _: (stub_chains(), (10000, 2)))
    report.write_comparison(made, tmp_path / "out", request.param, ledger=False)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((tmp_path / "out" / "report.html").as_uri())
    yield page
    page.close()


def printed_pages(page):
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.browser
def test_council_part_prints_on_two_pages(opened):
    whole = printed_pages(opened)
    opened.add_style_tag(content=".questions, .method { display: none !important }")
    opened.add_style_tag(content="@media print { .council { break-after: auto !important } }")
    assert printed_pages(opened) <= COUNCIL_PAGES < whole


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_bars_a_reader(opened, width):
    opened.set_viewport_size({"width": width, "height": 800})
    opened.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = opened.evaluate("axe.run(document).then(done => done.violations)")
    assert not [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
