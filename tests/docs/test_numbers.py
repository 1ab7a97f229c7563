"""Headline numbers of the documents: found where they stand, and a moved one is seen."""

import re

import pytest

from benchmarks import numbers
from benchmarks.numbers import Found, Line, page, read, sentences, table, table_numbers, verdict
from simulator.headline import ROWS

README = (numbers.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", numbers.SENTENCES, ids=lambda one: one.name)
def test_the_readme_has_each_number_once(one):
    assert len(re.findall(one.before, README)) == 1
    assert read(README, one.before) is not None
    assert one.row in (*ROWS, "needed", "added", "cost")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x 8.6 (7.2 to 9.9) y", (8.6, 7.2, 9.9)),
        ("x +81 post-months; -86 to 249) y", (81, -86, 249)),
        ("x 148,000 EUR more (1 to 2)", (148_000, 1, 2)),
        ("x 287 people a year. And (1 to 2)", (287, 1, 2)),
        (
            "x 287 people; more than before and nothing else to tell here (1 to 2)",
            (287, None, None),
        ),
        ("x \N{MINUS SIGN}0.5 | 3 (1 to 2)", (-0.5, None, None)),
    ],
)
def test_numbers_are_read_with_their_intervals(text, found):
    assert read(text, "x ")[0] == Found(*found)


@pytest.mark.parametrize(
    ("written", "shown", "now", "says"),
    [
        (Found(8.6, 7.2, 9.9), "8.6", Found(8.64, 7.2, 9.9), "same"),
        (Found(8.6, 7.2, 9.9), "8.6", Found(8.66, 7.2, 9.9), "within"),
        (Found(8.6, 7.2, 9.9), "8.6", Found(9.91, 8.9, 10.9), "moved"),
        (Found(-24, -84, 37), "-24", Found(-23.6, -84, 37), "same"),
        (Found(148_000), "148,000", Found(148_380), "same"),
        (Found(148_000), "148,000", Found(149_600), "moved"),
        (Found(148_000), "148,000", Found(149_600, 147_000, 151_000), "within"),
        (Found(1.4), "1.4", Found(1.38), "same"),
        (Found(287), "287", Found(288), "moved"),
    ],
)
def test_verdicts(written, shown, now, says):
    assert verdict(written, shown, now) == says


@pytest.mark.parametrize("document", numbers.PAGES)
def test_a_page_agrees_with_itself_and_a_changed_number_is_seen(document):
    text = (numbers.ROOT / document).read_text(encoding="utf-8")
    lines = list(page(document, text))
    assert len(lines) > 20
    assert {line.verdict for line in lines} == {"same"}
    (key, (value, shown)), *_ = table_numbers(text).items()
    moved = str(value.high + 10 * (value.high - value.low))
    other = list(page(document, text.replace(f"| {shown} (", f"| {moved} (", 1)))
    assert [line.name for line in other if line.verdict == "moved"] == [", ".join(key[:-1])]


def test_published_ranges_are_not_taken_for_simulated_ones():
    text = (numbers.ROOT / "docs/validation.md").read_text(encoding="utf-8")
    assert not [key for key in table_numbers(text) if key[-1].startswith("published")]


def test_what_moved_stands_first_and_fails(monkeypatch, capsys):
    now = {one.name: read(README, one.before)[0] for one in numbers.SENTENCES}
    assert {line.verdict for line in sentences(now)} == {"same"}
    monkeypatch.setattr(numbers, "readme", lambda **_: now)
    assert numbers.main(["--only", "README.md"]) == 0
    now["entry posts seen"] = Found(99.0, 98.0, 100.0)
    assert numbers.main(["--only", "README.md"]) == 1
    told = capsys.readouterr().out
    assert "| moved | README.md | entry posts seen | " in told
    assert f"1 moved, {len(now) - 1} same" in told


def test_a_number_that_is_gone_is_told():
    line = Line("README.md", "x", None, Found(1.0), "not found")
    assert "| not found | README.md | x | - | 1 |" in table([line])
