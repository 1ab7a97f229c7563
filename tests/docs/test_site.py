"""The site builds without a warning and is readable from disk: nothing comes from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")
pytest.importorskip("furo")

ROOT = Path(__file__).resolve().parents[2]
# what a browser would fetch by itself; links that somebody clicks may lead anywhere
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc=["']?(?:https?:)?//"""
    r"""|<link[^>]*\shref=["']?(?:https?:)?//"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
         "-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "html")],
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return folder / "html"


@pytest.mark.slow
def test_it_builds_and_every_page_is_there(site):
    pages = [p for p in (ROOT / "docs").rglob("*.md") if not {"_build"} & set(p.parts)]
    pages = [p.relative_to(ROOT / "docs") for p in pages if not p.name.startswith("_")]
    assert len(pages) > 20
    for page in [*pages, Path("tour.ipynb")]:
        assert (site / page.with_suffix(".html")).is_file(), page
    assert (site / "searchindex.js").is_file()


@pytest.mark.slow
def test_no_page_fetches_anything_from_elsewhere(site):
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        found = FETCHED.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name}: {found[0]}"


def test_what_would_be_fetched_is_recognised():
    assert FETCHED.search('<script async src="https://example.org/a.js">')
    assert FETCHED.search('<link rel="stylesheet" href="//example.org/a.css">')
    assert FETCHED.search("src: url(https://example.org/font.woff2)")
    assert not FETCHED.search('<a href="https://example.org">')


@pytest.mark.slow
def test_formulas_are_whole_without_a_script(site):
    page = (site / "definitions.html").read_text(encoding="utf-8")
    assert page.count("<math") > 30
    assert "\\langle" not in page
    assert "$" not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
