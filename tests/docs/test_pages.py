"""Pages written from the code are current; pages written by hand name what exists."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from experiments.app import reference
from scenarios.loader import PARAMETERS
from scenarios.measures import Measure
from simulator.wording import LANGUAGES as SCREEN_LANGUAGES
from simulator.wording import Words

ROOT = Path(__file__).resolve().parents[2]
ODD = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
PAGES = reference.pages()
PACKAGES = ("scenarios", "simulator", "experiments", "calibration")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_current(path):
    assert path.read_text(encoding="utf-8") == PAGES[path], (
        "run: python -m experiments.app.reference"
    )


def test_no_written_page_is_left_over():
    written = {path for path in (ROOT / "docs" / "reference").rglob("*.md")}
    by_hand = {ROOT / "docs" / "reference" / "python.md"}
    assert written == {path for path in PAGES if "reference" in path.parts} | by_hand


def names_in_the_code():
    """Return every function, class, column, parameter and option that the sources define."""
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    found.add(node.name)
    for section in tomllib.loads(PARAMETERS.read_text(encoding="utf-8")).values():
        if isinstance(section, dict):
            found |= set(section)
    return found | set(Measure.model_fields)


def test_functions_that_the_odd_page_names_exist():
    known = names_in_the_code()
    named = set(re.findall(r"`([a-z_]+)`", ODD))
    words = {"q", "code", "cover", "leave"}  # state and origins, not functions
    assert not named - known - words
    assert len(named & known) > 40


def test_the_odd_page_explains_every_submodel_that_the_rules_name():
    for rule in reference.rules():
        if rule.submodel:
            name = rule.submodel.split(",")[0].strip()
            assert f"*{name}" in ODD, f"{rule.name} names the submodel {name}"


def test_the_odd_page_has_all_elements():
    elements = re.findall(r"^## (\d)\.", ODD, re.MULTILINE)
    assert elements == list("1234567")
    concepts = (
        "Basic principles", "Emergence", "Adaptation", "objectives", "Learning", "Prediction",
        "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
    )  # fmt: skip
    for concept in concepts:
        assert re.search(rf"\*[^*]*{concept}[^*]*\*", ODD), concept


def test_every_rule_file_and_variant_stands_in_the_pages():
    rules = PAGES[reference.DOCS / "reference" / "rules.md"]
    for path in (ROOT / "simulator" / "agents").glob("[a-z]*.py"):
        assert f"simulator/agents/{path.name}" in rules
    for name in tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))["variants"]:
        row = next(line for line in rules.splitlines() if line.startswith(f"| `{name}`"))
        assert row.split("|")[3].strip(), f"no function reads {name}"


def test_the_glossary_is_whole_and_agrees_with_the_screen():
    for term, words in reference.glossary().items():
        for language in (*reference.LANGUAGES, "meaning"):
            assert words.get(language), f"{term} has no {language}"
        if "locale" in words:
            for language in SCREEN_LANGUAGES:
                assert Words(language)(words["locale"]).lower() == words[language].lower()
