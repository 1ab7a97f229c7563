"""Every language has every word, with the same blanks; every word on the page exists."""

import json
import re
from pathlib import Path

import pytest

from experiments.app.workshop.catalogue import DISPUTED, levels
from experiments.app.workshop.server import GUIDE, LANGUAGES, LOCALE, STATIC
from experiments.app.workshop.sessions import GUESSES, SCREENS
from scenarios.measures import LEVER_UNITS, load_partners

ENGLISH = json.loads((LOCALE / "en.json").read_text(encoding="utf-8"))
SCRIPTS = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
FORMS = {"en": {"one", "other"}, "fi": {"one", "other"}, "sv": {"one", "other"},
         "nl": {"one", "other"}, "pt": {"one", "other"}, "bg": {"one", "other"}}  # fmt: skip
# keys that scripts put together from a stem and one of these
BUILT = {
    "nav": SCREENS,
    "guess": GUESSES,
    "lever": LEVER_UNITS,
    "parameter": DISPUTED,
    "dose": levels()["levels"],
    "strength": ("none", "assumed", "top"),
    "kind": ("jobseeker", "worker", "employer", "coordination", "partners"),
    "grade": "ABCDE",
    "level": "0123",
    "closure": "RE",
    "verdict": ("more", "fewer", "untold", "unknown"),
    "sentence": ("more", "fewer", "untold", "unknown"),
    "people": ("more", "fewer", "untold", "unknown"),
    "staircase": ("openings_100", "openings_total"),
    "table": ("change_100", "change_total"),
    "aside": ("more", "fewer", "untold"),
    "plan": {takes["unit"] for takes in levels()["takes"].values()},
    "into": ("new_post", "retirement", "leavers", "substitute", "never", "moves", "stepped_down"),
    "out": ("short", "long", "outside_force", "outside_region", "closed", "still_open",
            "promotion", "moves_out"),
    "story": ("who_short", "who_long", "who_outside_force", "who_outside_region"),
    "own": ("low", "assumed", "top"),
    "work": ("quick", "whole", "today", "there", "town", "top", "nothing", "nobody", "no_entry",
             "no_jobseeker"),
    "step": ("hold", "reveal", "hands", "call", "lock", "budget", "parameters", "unpin"),
    "welcome": ("is", "is_not", "sure"),
    "save": [f"{kind}_{what}" for kind, names in (
        ("csv", ("tiles", "who", "staircase", "months")), ("picture", ("staircase", "months"))
    ) for what in names],
}  # fmt: skip


def words(lang):
    return json.loads((LOCALE / f"{lang}.json").read_text(encoding="utf-8"))


def blanks(text):
    return sorted(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_the_same_keys_and_blanks(lang):
    found = words(lang)
    assert set(found) == set(ENGLISH)
    assert not [key for key in found if blanks(found[key]) != blanks(ENGLISH[key])]
    assert not [key for key, text in found.items() if not text.strip()]


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_a_language_is_translated(lang):
    found = words(lang)
    # a word may be the same in two languages; a whole file that is not translated may not pass
    long = [
        key
        for key, text in ENGLISH.items()
        if len(re.findall(r"[a-z]{3,}", re.sub(r"{.*?}", "", text))) > 3
    ]
    same = [key for key in long if found[key] == ENGLISH[key]]
    assert not same


def exists(key):
    return key in ENGLISH or f"{key}.other" in ENGLISH


def test_every_key_in_the_scripts_exists():
    missing = []
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        keys = re.findall(r'\bt\("([\w.]+)"', text)
        # keys kept in lists, e.g. heads of tables
        keys += [
            key for key in re.findall(r'"([a-z]+\.[a-zA-Z_0-9]+)"', text)
            if not key.endswith((".js", ".json"))
        ]  # fmt: skip
        missing += [f"{path.name}: {key}" for key in keys if not exists(key)]
    missing += [
        f"{stem}.{end}"
        for stem, ends in BUILT.items()
        for end in ends
        if not exists(f"{stem}.{end}")
    ]
    assert len(SCRIPTS) > 8
    assert not missing


def test_no_word_is_left_over():
    text = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    stems = set(re.findall(r"`([a-z]+)\.\$\{", text)) | set(
        re.findall(r"`([a-z]+)\.[a-z]+_\$\{", text)
    )
    stems |= {"sentence", "people"}  # `${key}.${verdict}`
    unused = []
    for key in ENGLISH:
        plain = re.sub(r"\.(one|other)$", "", key)
        if f'"{plain}"' not in text and plain.split(".")[0] not in stems:
            unused.append(key)
    assert not unused


def test_plain_words():
    # terms of the field stand in the glossary of the documentation, not on the page
    jargon = re.compile(
        r"\b(counterfactual|baseline|deadweight|displacement|ISCO|hazard|elasticity|ALMP|"
        r"replication|confidence interval|statistically)\b", re.IGNORECASE
    )  # fmt: skip
    assert not [key for key, text in ENGLISH.items() if jargon.search(text)]


def parts(text):
    """Return how a guide is built: kinds of lines, cells of its tables, what is code."""
    found = [re.match(r"(#+) |(\d+)\. |(-) |(\|)|$", line) for line in text.splitlines()]
    kinds = [None if one is None else one.lastindex for one in found]
    return kinds, [line.count("|") for line in text.splitlines()], re.findall(r"`[^`]+`", text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_guide_is_whole_in_every_language(lang):
    english, text = ((GUIDE / f"{one}.md").read_text(encoding="utf-8") for one in ("en", lang))
    assert parts(text) == parts(english)
    assert len(text) > 0.8 * len(english)
    if lang != "en":
        same = set(text.splitlines()) & set(english.splitlines())
        assert not [line for line in same if re.search("[a-z]{4}", line)]
    # screens, buttons and partners under the names that they have on the page
    found = words(lang)
    keys = ("explore", "predict", "compare", "assumptions", "workplace", "welcome")
    names = [found[f"nav.{key}"] for key in keys] + [found["essential.button"]]
    names += [partner.names.model_dump()[lang] for partner in load_partners().partners.values()]
    assert not [name for name in names if name.lower() not in text.lower()]


def test_the_vendored_chart_library_is_the_published_one():
    import hashlib

    vendor = Path(STATIC) / "vendor"
    content = (vendor / "echarts.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == (
        "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
    )
    assert "Apache License" in (vendor / "echarts.LICENSE.txt").read_text(encoding="utf-8")
