"""Sign cases: they hold, and a wrong village or a wrong rule makes them fail."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from calibration.sign_cases import HIRING, checked, follow, table, vacant_time, village
from experiments.app.checks import check_file
from scenarios import ScenarioError, load_parameters
from scenarios.sign_cases import FOLDER, load_sign_case, shipped_sign_cases
from simulator.columns import Person, Post

BY_KIND = [(name, kind) for name in shipped_sign_cases() for kind in load_sign_case(name).promotion]
MUST_BE = {
    "rescued": (1, 1),
    "displaces_jobseeker": (1, 0),
    "displaces_incumbent": (0, 0),
    "displaces_scarce_incumbent": (1, 1),
    "not_replaced": (0, 0),
    "not_replaced_displaces_incumbent": (-1, -1),
    "in_place": (0, 0),
}


def failing(name: str, kind: str, worlds: int = 60, **changes) -> set[str]:
    case = load_sign_case(name)
    case = case.model_copy(update={key: changes.pop(key) for key in list(changes)
                                   if key in type(case).model_fields})  # fmt: skip
    rows = checked(follow(case, kind, worlds, **changes))
    return {row.check.split(": ")[1] for row in rows if not row.holds}


def test_every_case_of_the_contract_is_shipped_with_its_numbers():
    found = {name: load_sign_case(name).expected for name in shipped_sign_cases()}
    assert {name: (e.lower_vacancies, e.jobs) for name, e in found.items()} == MUST_BE
    for name in found:
        assert check_file(FOLDER / f"{name}.toml") == "sign case"


@pytest.mark.parametrize(("name", "kind"), BY_KIND)
def test_one_more_promotion_does_what_it_must(name, kind):
    assert failing(name, kind) == set()


def test_the_added_link_is_vacant_for_a_collection_and_the_lag():
    values = load_parameters()
    rounds = values["collection_rounds"].value + values["start_lag"].value
    assert vacant_time() == pytest.approx(rounds / 4)
    assert {"collection_rounds", "start_lag"} <= set(HIRING)


def employers(name: str, kind: str, **changes):
    return {kind: getattr(load_sign_case(name), kind).model_copy(update=changes)}


@pytest.mark.parametrize(
    ("name", "kind", "changes", "fails"),
    [
        ("rescued", "open", employers("rescued", "ladder", backfills=False), {"lower vacancies"}),
        ("not_replaced", "open", employers("not_replaced", "ladder", backfills=True), {"jobs"}),
        (
            "displaces_incumbent",
            "promote",
            employers("displaces_incumbent", "flat", backfills=False),
            {"lower vacancies", "jobs"},
        ),
        (
            "displaces_incumbent",
            "promote",
            employers("displaces_incumbent", "flat", employers=4),  # too few look
            {"lower vacancies"},
        ),
        (
            "displaces_jobseeker",
            "promote",
            employers("displaces_incumbent", "flat", employers=60),  # some displaced are at work
            {"lower vacancies"},
        ),
        ("displaces_jobseeker", "promote", {"start_lag": 6.0}, {"months for which"}),
        ("in_place", "in_place", {"title_quit": 1.0}, {"jobs"}),
    ],
)
def test_another_village_is_refused(name, kind, changes, fails):
    found = failing(name, kind, **changes)
    assert all(any(one.startswith(start) for one in found) for start in fails)


WRONG = {
    "everybody is replaced": ("workplace", "backfill_share(trend, shift, par)", "1.0"),
    "nobody is replaced": ("workplace", "backfill_share(trend, shift, par)", "0.0"),
    "nobody inside is ready": ("workplace", "is_ready_inside(gap, readiness, par)", "False"),
    "outsiders are never good enough": ("workplace", "standard(attempt, shift, par)", "1e9"),
    "people at work look no higher": (
        "person", "rung_sought(status, q, rung_held, u, share_down, par)",
        "int(rung_held) if status == 0 else int(q >= 1.0)",
    ),
    "collections end at once": ("workplace", "collection_length(u, par)", "1"),
}  # fmt: skip
SCRIPT = """
import ast
from calibration.mutations import Mutant, apart
from calibration.sign_cases import checked, follow
from scenarios.sign_cases import load_sign_case
from tests.validation.test_sign_cases import WRONG

def small(name, kind):
    case = load_sign_case(name)
    fewer = dict(
        ladder=case.ladder.model_copy(update=dict(employers=5, entry_posts=3)),
        flat=case.flat.model_copy(update=dict(employers=min(case.flat.employers, 8))),
        jobseekers=case.jobseekers.model_copy(
            update=dict(skilled=min(case.jobseekers.skilled, 30), unskilled=25)
        ),
        upper_posts_a_month=1,
    )
    rows = checked(follow(case.model_copy(update=fewer), kind, 12, before=3, months=7))
    # the months of a vacancy need more worlds than an interpreter affords
    wide = [row for row in rows if not row.check.endswith("vacant")]
    wrong = [row.check for row in wide if not row.holds]
    if wrong:
        raise AssertionError(wrong)

def asked(name, kind):
    return (1, lambda: small(name, kind))

tests = [asked("rescued", "open"), asked("not_replaced", "open"),
         asked("not_replaced_displaces_incumbent", "open")]
for _, test in tests:
    test()
print("as they are: hold")
for told, (agent, rule, value) in WRONG.items():
    code = ast.parse(f"def {rule}:\\n    return {value}").body[0]
    caught = apart(Mutant(agent, code.name, 0, told, code), tests)
    print(told, "caught" if caught else "SURVIVES")
"""


def test_a_wrong_rule_makes_a_sign_case_fail():
    """Rules put in the place of the rules, interpreted, on smaller villages."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert lines[0] == "as they are: hold"
    survivors = [line for line in lines[1:] if line.endswith("SURVIVES")]
    assert survivors == []
    assert len(lines) == len(WRONG) + 1


def test_a_village_is_what_its_file_says():
    case = load_sign_case("displaces_jobseeker")
    world = village(case, "promote", 1, 3)
    w = world.columns
    entry = case.ladder.employers * case.ladder.entry_posts
    assert int((w.people[Person.STATUS, : len(w.person_keys)] == 2).sum()) >= 350
    world.lay_out(0, 3)
    world.advance(3)
    made = w.posts[Post.RUNG, entry : entry + 6]
    assert made.tolist() == [1] * 6


def test_what_is_wrong_in_a_file_is_said(tmp_path):
    text = (FOLDER / "rescued.toml").read_text(encoding="utf-8")
    for old, new, words in (
        ("employers = 30", "employers = 0", "nobody to promote"),
        ("backfills = true", "backfils = true", "backfills"),
        ('promotion = ["open"]', 'promotion = ["in_place"]', "titles_a_month"),
        ('promotion = ["open"]', 'promotion = ["opened"]', "open"),
    ):
        path = tmp_path / "rescued.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ScenarioError, match=words):
            load_sign_case(path)
    with pytest.raises(ScenarioError, match="did you mean 'rescued'"):
        load_sign_case("rescud")


def test_the_table_of_the_docs_has_a_row_per_case_and_kind():
    lines = table(worlds=4).splitlines()
    assert len(lines) == 2 + len(BY_KIND)
