"""The first screen."""

from __future__ import annotations

import re

import pytest

from simulator.answer import next_steps, seeds_text, short_answer
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
    assert len(lines) <= 72
    assert "\N{NO-BREAK SPACE}" not in text
    assert "\N{MINUS SIGN}" not in text
    assert not re.search(r"\b(nan|inf|None)\b|[{}]", text)
    text.encode("cp1252")


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
    for measure, _ in made.mixes[0].entries:
        named = f" - {measure.names('en')}: " in text
        assert named != measure.effect_published
    assert "grade D" in text


def test_both_closures_and_three_answers(made):
    text = short_answer(made)
    for part in ("with no effect", "with the assumed strength", "one more per 100", "under E"):
        assert part in text


@pytest.mark.parametrize("shift", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_verdict_has_words(shift, lang):
    assert short_answer(stub(shift=shift, closures=("R",), replications=3), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_pair_and_one_strength(lang):
    text = short_answer(
        stub(replications=1, closures=("E",), strengths=("assumed",), designs=("whole",)), lang
    )
    words = Words(lang)
    assert words("format.one_pair") in text
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
