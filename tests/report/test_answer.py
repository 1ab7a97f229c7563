"""The first screen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from simulator.answer import needed_text, next_steps, seeds_text, short_answer
from simulator.comparison import ENOUGH_PAIRS
from simulator.headline import Needed
from simulator.wording import LANGUAGES, Words
from tests.report.stub import kokkola, stub


@pytest.fixture(scope="module")
def made():
    return stub()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_fits_the_screen(made, lang):
    text = short_answer(made, lang)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 104
    assert len(lines) <= 47  # one screen, three lines on money among them
    assert "\N{NO-BREAK SPACE}" not in text
    assert "\N{MINUS SIGN}" not in text
    assert not re.search(r"\b(nan|inf|None)\b|[{}]", text)
    text.encode("cp1251" if lang == "bg" else "cp1252")  # of consoles of the old kind


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hypothetical_mix_carries_its_stamp(made, lang):
    mix = made.mixes[0]
    words = Words(lang)
    text = " ".join(short_answer(made, lang).split())
    name = mix.names(lang)
    assert name in text
    assert text.count(name) == text.count(words.mix(mix))


def test_names_what_nobody_has_measured(made):
    text = " ".join(short_answer(made).split())
    line = re.search(r"Untested.*?\. ", text).group()
    for measure, _ in made.mixes[0].entries:
        named = re.search(re.escape(measure.names("en")) + r" \([DE]\)", line) is not None
        assert named != measure.effect_published


@pytest.mark.parametrize("lang", LANGUAGES)
def test_three_answers_stand_side_by_side_under_both_closures(made, lang):
    words = Words(lang, plain=True)
    lines = short_answer(made, lang).splitlines()
    at = next(i for i, line in enumerate(lines) if words("screen.head_needed") in line)
    for name in ("none", "assumed", "needed"):
        assert words(f"screen.head_{name}") in lines[at]
    assert [line.split()[0] for line in lines[at + 1 : at + 3]] == ["R", "E"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_longest_needed_strength_fits_beside_two_intervals(lang):
    words = Words(lang, plain=True)
    ends = [("already", 0.0), ("needs", 12.5), ("never", None)]
    for verdict, multiple in ends:
        for best in ends:
            for worst in ends:
                need = Needed(verdict, multiple, best, worst, 12.5)
                assert len(needed_text(words, need)) <= 45


def test_plain_words_on_the_first_screen(made):
    """Terms of the field stay in the report."""
    text = short_answer(made)
    for term in ("closure", "ledger", "replication", "twin", "lever", "backfill", "withdraw"):
        assert not re.search(rf"\b{term}", text, re.IGNORECASE), term


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("closure", ["R", "E"])
def test_one_closure_is_told_alone(lang, closure):
    words = Words(lang, plain=True)
    text = " ".join(short_answer(stub(closures=(closure,)), lang).split())
    other = {"R": "E", "E": "R"}[closure]
    assert f"{closure}: {words(f'closure.{closure}')}" in text
    assert f"{other}: {words(f'closure.{other}')}" not in text
    assert words("screen.closures").partition("{")[0].strip() not in text


@pytest.mark.parametrize("replications", [1, 2, ENOUGH_PAIRS - 1])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_too_few_pairs_give_no_verdict(lang, replications):
    """Even an enormous effect, or none at all, is not told from a few pairs."""
    words = Words(lang, plain=True)
    for shift in (0.0, 60.0):
        made = stub(replications=replications, shift=shift)
        text = " ".join(short_answer(made, lang).split())
        few = words("screen.few", pairs=replications, enough=ENOUGH_PAIRS)
        assert few in text
        assert words("believe.few", pairs=replications, enough=ENOUGH_PAIRS) in text
        assert words("format.exactly_none") not in text
        assert "(" in text
        for key in ("already", "needs", "never", "unknown"):
            assert words(f"believe.{key}").partition("{")[0].strip() not in text
        # no interval anywhere: two numbers joined by the word for "to"
        to = words("format.to")
        to = f" {to} " if to.isalpha() else re.escape(to)
        assert not re.search(rf"\(-?[\d.,]+{to}-?[\d.,]+\)", text)


def test_equal_worlds_are_exactly_none_only_with_enough_pairs():
    for replications, said in ((2, False), (ENOUGH_PAIRS, True)):
        made = stub(replications=replications, closures=("R",))
        for pairs in made.pairs.values():
            for pair in pairs:
                pair.scenario = pair.reference
        text = short_answer(made)
        assert ("exactly none" in text) is said


def test_seed_and_seeds_are_both_named(made):
    assert "--seed 1: seeds 10000-10007" in short_answer(made)


def test_years_are_told_beside_cohorts(made):
    text = " ".join(short_answer(made).split())
    assert f"Left running (--years {made.years})" in text
    alone = stub(designs=("cohorts",))
    assert "--years" not in short_answer(alone)


def test_years_of_any_number_reach_their_end():
    for years, shown in ((1, [1]), (3, [1, 2, 3]), (10, [1, 2, 4, 10]), (12, [1, 2, 4, 10, 12])):
        made = stub(replications=2)
        made.years = years
        assert made.years_shown == shown


def test_more_people_at_a_higher_strength_are_explained():
    made = stub(closures=("R",))
    words = Words("en", plain=True)
    for pair in made.pairs["R", "kokkola", "top", "cohorts"]:
        pair.enrolments = np.concatenate([pair.enrolments, pair.enrolments])
    assert words("screen.reach") in short_answer(made)
    for key, pairs in made.pairs.items():
        for pair, same in zip(pairs, made.pairs["R", "kokkola", "none", "cohorts"], strict=True):
            if key[3] == "cohorts":
                pair.enrolments = same.enrolments
    assert words("screen.reach") not in short_answer(made)


@pytest.mark.parametrize("shift", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_verdict_has_words(shift, lang):
    assert short_answer(stub(shift=shift, closures=("R",)), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_pair_and_one_strength(lang):
    text = short_answer(
        stub(replications=1, closures=("E",), strengths=("assumed",), designs=("whole",)), lang
    )
    words = Words(lang)
    assert words("format.few_pairs") in text
    assert words("format.not_run") in text


def test_two_mixes_are_told_one_after_the_other():
    town = kokkola()
    first = town.mix("kokkola")
    second = first.without("career_management").model_copy(update={"id": "other"})
    text = short_answer(stub(closures=("R",), mixes=[first, second], replications=2))
    assert text.count("compared with") == 2
    assert text.count("[HYPOTHETICAL") == 1


def test_seeds():
    assert seeds_text([10000, 10001, 10002]) == "10000-10002"
    assert seeds_text([7]) == "7"
    assert seeds_text([1, 5]) == "1, 5"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_next_steps_are_three_lines(tmp_path, lang):
    lines = next_steps(tmp_path, lang).splitlines()
    assert len(lines) == 3
    assert "kokkola.toml" in lines[0]
    assert "report.html" in lines[1]
    assert "my_place.toml" in lines[2]


def test_next_steps_repeat_the_options_but_write_to_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = next_steps("out", "en", "kokkola", "kokkola", ["--mix", "my mix", "--years", "3"])
    lines = lines.splitlines()
    for line, place in ((lines[0], "kokkola"), (lines[2], "my_place.toml")):
        assert line.endswith(f'compare {place} --mix "my mix" --years 3')
        assert "--out" not in line
    (tmp_path / "my_place.toml").write_text("mine")
    assert "my_place_2.toml" in next_steps("out")
