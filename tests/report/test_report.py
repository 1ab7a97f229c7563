"""The results folder of compare: whole, the same bytes, a page that stands alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from experiments.app.catalogue import site_rows
from simulator import report
from simulator.codebook import FILES
from simulator.comparison import ENOUGH_PAIRS, STRENGTHS
from simulator.errors import ResultError
from simulator.figures import tick_digits
from simulator.headline import judged as headline_judged
from simulator.headline import needed, quantities
from simulator.wording import LANGUAGES, Words
from tests.report.stub import kokkola, stub, stub_chains, stub_margins

FIGURES = ("who_gains", "waterfall", "over_time", "openings", "chain_length")
VOID = {"meta", "img", "br", "hr", "link", "input"}
# what a council need not know: twin, replication, lever, rung, grade
COUNCIL = {
    "en": r"\b(twins?|replicat\w*|levers?|rungs?|grade\w*)\b",
    "fi": r"\b(kaksos\w*|kaksonen|replika\w*|toisto\w*|vi[pv]u\w*|porras\w*|porta\w*|näytön \w*)\b",
    "sv": r"\b(tvilling\w*|replik\w*|hävst\w*|spak\w*|steg\w*|pinn\w*|\w*grad(en|er|erna)?)\b",
    "nl": r"\b(\w*tweeling\w*|replica\w*|herhaling\w*|\w*hefbo\w*|tree|tred\w*|\w*graad|graden)\b",
    "pt": r"\b(gémeo\w*|r[eé]plica\w*|repeti\w*|alavanca\w*|degrau\w*|graus?)\b",
    "bg": r"\b(близна\w*|реплика\w*|повторени\w*|лост\w*|стъпал\w*|степен\w*)\b",
}


@pytest.fixture(autouse=True)
def _no_world(monkeypatch):
    monkeypatch.setattr(report, "margins_of", lambda _: stub_margins())
    monkeypatch.setattr(report, "chains_of", lambda _: (stub_chains(), (10000, 2)))


@pytest.fixture(scope="module")
def made():
    return stub()


class Page(HTMLParser):
    """Checks that every element is closed and gathers text by article."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: list[tuple[str, dict]] = []
        self.council: list[str] = []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.seen.append((tag, attrs))
        if tag == "article":
            self.inside = attrs.get("class") == "council"
        if self.inside:
            self.council.append(attrs.get("alt", ""))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.inside:
            self.council.append(data)


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, made, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr(report, "margins_of", lambda _: stub_margins())
    folder = tmp_path_factory.mktemp("report") / "out"
    report.write_comparison(made, folder, request.param, ledger=False)
    patch.undo()
    text = (folder / "report.html").read_text(encoding="utf-8")
    return request.param, folder, text, Page(text)


def test_all_files_are_there(page):
    lang, folder, _, _ = page
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.{kind}" for name in FIGURES for kind in ("png", "svg", "csv")}
    assert names == figures | {
        "manifest.json", "world.csv", "summary.csv", "monthly.parquet", "codebook.csv",
        "report.html", "headline.csv", "costs.csv", "money.csv",
    }  # fmt: skip
    summary = pd.read_csv(folder / "summary.csv")
    assert list(summary.columns) == [column.name for column in FILES["summary.csv"]]
    monthly = pq.read_table(folder / "monthly.parquet")
    assert monthly.column_names == [column.name for column in FILES["monthly.parquet"]]


def test_page_is_well_formed_and_stands_alone(page):
    lang, _, text, parsed = page
    assert text.startswith("<!DOCTYPE html>")
    assert parsed.stack == []
    tags = [tag for tag, _ in parsed.seen]
    assert "script" not in tags
    assert "link" not in tags
    assert ("html", {"lang": lang}) in parsed.seen
    for tag, attrs in parsed.seen:
        for name in ("src", "href"):
            if name in attrs:
                assert attrs[name].startswith(("data:", "#")), tag
        if tag == "img":
            assert len(attrs["alt"]) > 20
    assert not re.search(r"url\(|@import|https?://", text)
    ids = [attrs["id"] for _, attrs in parsed.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))


def test_council_pages_do_without_the_terms_of_the_field(page):
    lang, _, _, parsed = page
    text = " ".join(" ".join(parsed.council).split())
    words = Words(lang)
    assert words("council.change_who") in text
    # the figure's words are outlines, so they are looked at here
    text += words("figure.who_title") + words("figure.stamp") + words("figure.who_axis")
    assert not re.findall(COUNCIL[lang], text, re.IGNORECASE)


def test_council_words_hold_for_every_verdict():
    assert set(COUNCIL) == set(LANGUAGES)
    for lang, forbidden in COUNCIL.items():
        # the pattern finds the word that the method uses
        assert re.findall(forbidden, Words(lang)("method.design", text=""), re.IGNORECASE), lang
        for key, text in Words(lang).words.items():
            if key.startswith(("council.", "needs.bound", "closure.", "format.")):
                assert not re.findall(forbidden, text, re.IGNORECASE), (lang, key)


@pytest.mark.parametrize(
    ("lang", "replications"), [("en", ENOUGH_PAIRS - 1), ("fi", 2), ("sv", 1), ("pt", 1)]
)
def test_too_few_pairs_give_no_verdict(lang, replications, tmp_path):
    """With few pairs the page says so and shows no interval, though this effect is huge."""
    made = stub(replications=replications, shift=60.0)
    report.write_comparison(made, tmp_path / "out", lang, ledger=False)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    parsed = Page(text)
    council = " ".join(" ".join(parsed.council).split())
    words = Words(lang)
    assert words("council.answer_few", pairs=replications, enough=ENOUGH_PAIRS) in council
    assert words("council.needed_few") in council
    assert words("method.few", pairs=replications, enough=ENOUGH_PAIRS) in text
    assert words("council.reading") not in council
    for key in ("answer_none", "answer_gain", "answer_loss", "needed_never", "needed_already",
                "change_needed_never", "check"):  # fmt: skip
        start = words(f"council.{key}").partition("{")[0]
        assert start not in council, key
    assert words("format.exactly_none") not in text
    assert not re.findall(COUNCIL[lang], council, re.IGNORECASE)


def test_enough_pairs_give_a_verdict_and_say_what_is_not_in_the_interval(made):
    """The same page with enough pairs: the council reads that assumptions come on top."""
    for lang in LANGUAGES:
        words = Words(lang)
        page = report._council(made, made.mixes[0], words, *_parts(made))
        assert page["reading"] == words("council.reading")
        assert page["answer"] != words("council.answer_few", pairs=8, enough=ENOUGH_PAIRS)
        assert words("council.hangs_noise", pairs=8) in page["hangs"]
        method = " ".join(report._method(made, words))
        assert "--seed 1: " in method


def _parts(made):
    found = {
        (closure, strength): quantities(made, (closure, "kokkola", strength, "cohorts"))
        for closure in made.closures
        for strength in STRENGTHS
    }
    needs = {closure: needed(made, "kokkola", closure) for closure in made.closures}
    return found, "assumed", needs, "m1"


def test_council_reads_what_is_needed_under_each_demand(made):
    """A verdict that differs between the two kinds of demand is told for both."""
    words = Words("en")
    found, main, needs, at = _parts(made)
    two = {"R": needs["R"], "E": replace(needs["R"], verdict="needs", multiple=1.5)}
    texts = report._needed(words, two)
    assert len(texts) == 2
    assert "1.5 times" in texts[1]
    assert len(report._needed(words, {"R": needs["R"], "E": needs["R"]})) == 1
    change = report._council(made, made.mixes[0], words, found, main, two, at)["change"]
    assert len(change) == 5  # what a study would have to find, under each
    assert change[2].startswith(words("council.needed_if_E", text=""))
    assert "1.5 times" in change[2]


def test_judged_numbers_are_counted_as_the_list_of_places_counts_them(made):
    """One definition: sites, the council page and the table of the report."""
    row = next(row for row in site_rows() if row["id"] == "kokkola")
    counts = headline_judged(made)["place"]
    assert counts == row["grades"]
    page = report._council(made, made.mixes[0], Words("en"), *_parts(made))
    some = counts["D"] + counts["E"]
    said = (
        f"{some} of the {sum(counts.values())} numbers behind the town ({row['share_judged']:.0%})"
    )
    assert any(text.startswith(said) for text in page["hangs"])


def test_hypothetical_mix_is_stamped_everywhere(page, made):
    lang, _, text, _ = page
    mix = made.mixes[0]
    name = mix.names(lang)
    assert text.count(name) == text.count(Words(lang).mix(mix)) >= 3


def test_no_cell_shows_infinity_or_a_code(page):
    _, _, text, _ = page
    body = re.sub(r"data:image[^\"]+|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|NaN)\b|>None<", body)
    assert "{" not in body


def test_cells_are_escaped(made, tmp_path):
    town = kokkola()
    mix = town.mix("kokkola")
    names = mix.names.model_copy(update={"en": "<script>x</script> & co"})
    odd = stub(closures=("R",), replications=2, mixes=[mix.model_copy(update={"names": names})])
    report.write_comparison(odd, tmp_path / "out", ledger=False)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<b>odd</b>" not in text


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def test_same_numbers_same_bytes(made, tmp_path):
    for name in ("first", "second"):
        report.write_comparison(made, tmp_path / name)
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    svg = (tmp_path / "first" / "figures" / "who_gains.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg


def test_one_pair_two_mixes_whole_horizon(tmp_path):
    first = kokkola().mix("kokkola")
    second = first.without("career_management").model_copy(update={"id": "other mix"})
    made = stub(
        replications=1, closures=("E",), strengths=("assumed",), designs=("whole",),
        mixes=[first, second],
    )  # fmt: skip
    report.write_comparison(made, tmp_path / "Työpöytä Кокола", "fi")
    folder = tmp_path / "Työpöytä Кокола"
    assert (folder / "figures" / "who_gains_other_mix.svg").exists()
    text = (folder / "report.html").read_text(encoding="utf-8")
    Page(text)
    assert Words("fi")("council.answer_few", pairs=1, enough=ENOUGH_PAIRS) in text
    summary = (folder / "summary.csv").read_text(encoding="utf-8")
    assert "inf" not in summary


def test_folder_is_never_overwritten(made, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(ResultError, match="already holds files"):
        report.write_comparison(made, tmp_path / "out", ledger=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "places",
    [
        [0, 25, 50],
        [0.0, 0.25, 0.5, 0.75],
        [1.32375, 1.324, 1.32425, 1.3245],
        [-0.02, 0.0, 0.02],
        [-2.5, 0, 2.5],
    ],
)
def test_ticks_of_a_figure_are_written_as_they_stand(places: list[float]) -> None:
    digits = tick_digits(places)
    written = [f"{place:.{digits}f}" for place in places]
    assert [float(text) for text in written] == pytest.approx(places, abs=1e-9)
    assert len(set(written)) == len(places)
    # no digit more than is needed
    assert digits == 0 or any(round(p, digits - 1) != pytest.approx(p, abs=1e-9) for p in places)


def article(text, name):
    return re.search(rf'<article class="{name}".*?</article>', text, re.DOTALL)[0]


def test_every_question_has_a_line_that_answers_it(page):
    lang, _, text, parsed = page
    words = Words(lang)
    asked = re.sub(r'<span class="hidden">[^<]*</span>', "", article(text, "questions"))
    ids = {attrs["id"] for _, attrs in parsed.seen if "id" in attrs}
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', asked)
    names = [n for kinds in report.QUESTIONS.values() for row in kinds.values() for n in row]
    assert [link for link, _ in links] == [f"m1-{name}" for name in names]
    assert {link for link, _ in links} <= ids
    assert [told for _, told in links] == [words(f"questions.line_{name}") for name in names]
    for who, questions in report.QUESTIONS.items():
        assert asked.count(words(f"questions.who_{who}")) == 1
        for question in questions:
            assert asked.count(words(f"questions.q_{question}")) == 1


def test_questions_and_tables_tell_the_same_numbers(page, made):
    lang, _, text, _ = page
    words = Words(lang)
    asked = article(text, "questions")
    line = re.search(r'<a href="#m1-got_target">.*?</tr>', asked, re.DOTALL)[0]
    row = re.search(r'<tr id="m1-got_target".*?</tr>', text, re.DOTALL)[0]
    key = next(k for k in made.pairs if k[0] == made.closures[0] and k[2] == "assumed")
    told = words.estimate(quantities(made, key)["got_target"].found, mark=False)
    assert f">{told.rstrip(')')}" in line
    assert told.rstrip(")") in row
