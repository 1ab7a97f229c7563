"""Words: complete languages, none unused, numbers as each language writes them."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import experiments
import simulator
from scenarios.measures import LEVER_UNITS
from simulator.codes import ORIGINS, End, label, labels
from simulator.comparison import ENOUGH_PAIRS, STRENGTHS, Estimate
from simulator.headline import PUBLISHED, ROWS, SECTIONS
from simulator.outcomes import RUNG_NAMES
from simulator.wording import FOLDER, LANGUAGES, MINUS, NO_BREAK, Words, load_words

HERE = Path(simulator.__file__).parent
SOURCES = [HERE / f"{name}.py" for name in ("answer", "figures", "headline", "report", "runs",
                                             "wording")]  # fmt: skip
APP = Path(experiments.__file__).parent / "app"
SOURCES += sorted(APP.glob("*.py"))
SOURCES += sorted((HERE / "templates").glob("*.html"))
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
LITERAL = re.compile(r"""(?:words|self|w|f)\(\s*f?["']([a-z_]+\.[A-Za-z0-9_{}.]+)["']""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_all_languages_have_the_same_keys_and_fields():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(LANGUAGES)
    english = load_words("en")
    for lang in LANGUAGES:
        words = load_words(lang)
        assert set(words) == set(english)
        for key, text in words.items():
            assert text, (lang, key)
            assert fields(text) == fields(english[key]), (lang, key)


def test_translations_are_translated():
    """Long texts differ between all languages."""
    for key, text in load_words("en").items():
        if len(re.sub(r"{.*?}", "", text)) > 25:
            told = {load_words(lang)[key] for lang in LANGUAGES}
            assert len(told) == len(LANGUAGES), key


def test_every_key_named_in_the_sources_exists():
    used = set(LITERAL.findall(TEXT))
    assert len(used) > 50
    for key in used:
        if "{" not in key:
            assert key in load_words("en")


def test_no_key_is_unused():
    patterns = [re.escape(re.sub(r"{.*?}", "\0", key)) for key in set(LITERAL.findall(TEXT))]
    # keys that are put together in another way than in the call
    patterns += [re.escape(k) for k in re.findall(r'"([a-z]+\.[a-z_]+)"', TEXT)]
    patterns += [r"scale\..+", r"needs\.bound_.+"]
    made = re.compile("|".join(f"(?:{pattern.replace(chr(0), '.+')})" for pattern in patterns))
    known = {"row": {*ROWS, *PUBLISHED, "people_per_placement", "women", "men"},
             "section": set(SECTIONS), "lever": set(LEVER_UNITS),
             "scale": {unit.replace(" ", "_") for unit in LEVER_UNITS.values()},
             "origin": {label(origin) for origin in ORIGINS}, "level": set(RUNG_NAMES),
             "closure": {"R", "E"}, "strength": set(STRENGTHS), "grade": set("ABCDE"),
             "kind": {"jobseeker", "worker", "employer", "coordination"},
             "end": set(labels(End)) - {"open"}}  # fmt: skip
    found: dict[str, set[str]] = {}
    for key in load_words("en"):
        assert made.fullmatch(key), f"{key} is not used"
        family, name = key.split(".")
        found.setdefault(family, set()).add(name)
        if family in ("table", "method", "unit", "figure") and f"{family}.{name}" not in TEXT:
            quoted = (f'"{name}"', f"'{name}'", f'"{name.partition("_")[2]}"')
            assert any(text in TEXT for text in quoted), f"{key} is not used"
    for family, names in known.items():
        assert found[family] == names


@pytest.mark.parametrize("lang", LANGUAGES)
def test_row_labels_fit_the_screen(lang):
    words = load_words(lang)
    assert max(len(words[f"row.{row}"]) for row in ROWS) <= 30


def test_numbers_follow_the_language():
    assert Words("en").number(-1234.5, 1) == f"{MINUS}1,234.5"
    assert Words("fi").number(1234567.25, 2, sign=True) == f"+1{NO_BREAK}234{NO_BREAK}567,25"
    assert Words("sv", plain=True).number(-0.5, 1) == "-0,5"
    assert Words("nl").number(1234567.25, 2) == "1.234.567,25"
    for lang in ("pt", "bg"):
        assert Words(lang).number(-1234.5, 1) == f"{MINUS}1{NO_BREAK}234,5"
    assert Words("en").number(-0.001, 1, sign=True) == "0.0"
    assert Words("fi").percent(0.25) == f"25{NO_BREAK}%"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_no_number_is_said_in_words(lang):
    words = Words(lang)
    for value in (float("inf"), float("-inf"), float("nan")):
        assert not re.search(r"\b(inf|nan)\b", words.number(value))
    one = Estimate(3.0, float("-inf"), float("inf"), 1)
    assert words("format.few_pairs") in words.estimate(one)
    assert words("format.few_pairs") in words.estimate(Estimate(0.0, 0.0, 0.0, ENOUGH_PAIRS - 1))
    none = Estimate(0.0, 0.0, 0.0, ENOUGH_PAIRS)
    assert words.estimate(none) == words("format.exactly_none")


def test_an_interval_that_holds_zero_is_marked():
    words = Words("en", plain=True)
    assert words.estimate(Estimate(1.0, -1.0, 3.0, ENOUGH_PAIRS)) == "+1.0 (-1.0 to 3.0)?"
    assert words.estimate(Estimate(2.0, 1.0, 3.0, ENOUGH_PAIRS)) == "+2.0 (1.0 to 3.0)"


def test_unknown_language_is_refused():
    with pytest.raises(ValueError, match="en, fi, sv, nl, pt, bg"):
        Words("de")
