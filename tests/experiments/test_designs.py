"""Designs: points, rows, identity, and what is refused."""

import numpy as np
import pytest

from experiments.app import cli
from experiments.design import DESIGNS, plan_from, read_design, saltelli, shipped_designs
from scenarios import ScenarioError

BASE = {
    "id": "t",
    "design": "latin_hypercube",
    "points": 4,
    "replications": 2,
    "seed": 1,
    "years": 1,
    "closures": ["R", "E"],
    "places": ["kokkola"],
    "levers": {"multiplier": {}},
    "assumptions": {"backfill": {}},
}


def made(**changes):
    return read_design({**BASE, **changes})


def test_shipped_designs_are_read():
    names = shipped_designs()
    assert "kokkola_assumptions" in names
    for name in names:
        plan = read_design(name)
        assert plan.rows == len(plan.codes) * plan.per_point > 0


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, 4 * 2 * 2),
        ({"design": "sobol"}, 4 * (2 + 2) * 4),
        ({"design": "morris"}, 4 * (2 + 1) * 4),
        ({"design": "factorial", "points": None, "levels": 3}, 9 * 4),
    ],
)
def test_sizes(changes, rows):
    assert made(**changes).rows == rows


def test_every_row_stands_in_one_block_and_rows_of_a_block_share_their_start():
    plan = made(variants={"variant_stigma": {"values": [0, 2]}}, levers={"multiplier": {}},
                assumptions={}, design="factorial", points=None)  # fmt: skip
    rows = [row for block in plan.blocks() for row in block.rows]
    assert [row.row for row in rows] == list(range(plan.rows))
    assert rows == [plan.row(n) for n in range(plan.rows)]
    combinations = {(r.place, r.point, r.closure, r.replication) for r in rows}
    assert len(combinations) == plan.rows
    for block in plan.blocks():
        shared = {(r.seed, str(plan.parameters(r.point))) for r in block.rows}
        assert len(shared) == 1
    assert plan.groups == 2


def test_done_rows_are_left_out():
    plan = made()
    done = np.zeros(plan.rows, bool)
    done[::2] = True
    assert [r.row for b in plan.blocks(done) for r in b.rows] == list(range(1, plan.rows, 2))


def test_identity_is_what_decides_a_run():
    plan, longer = made(), made(points=4, replications=3, summary="more of the same")
    ids = [plan.run_id(plan.row(n)) for n in range(plan.rows)]
    assert len(set(ids)) == plan.rows
    again = {longer.run_id(longer.row(n)) for n in range(longer.rows)}
    assert set(ids) < again  # the same runs in a larger design
    assert made(years=2).run_id(plan.row(0)) not in again
    assert made(seed=2).run_id(made(seed=2).row(0)) not in again


def test_a_plan_can_be_made_again_from_its_manifest():
    import json

    plan = made(levers={"multiplier": {}, "taite.strength": {}})
    inputs = json.loads(json.dumps(plan.inputs(), sort_keys=True))
    again = plan_from(inputs)
    assert again.design_hash == plan.design_hash
    assert again.scenario_hash == plan.scenario_hash
    assert again.run_id(again.row(3)) == plan.run_id(plan.row(3))


def test_levers_reach_the_mix():
    plan = made(
        design="factorial", points=None, assumptions={},
        levers={"taite.dose": {"values": [0.25, 0.5]}, "taite.strength": {"values": ["top"]},
                "iisirekry.months": {"values": [6]}, "multiplier": {"values": [1.5]}},
    )  # fmt: skip
    mix, multiplier = plan.levers(0, 1)
    assert multiplier == 1.5
    assert (mix.measures["taite"].dose, mix.measures["taite"].strength) == (0.5, "top")
    assert mix.measures["iisirekry"].months == 6
    # the others keep the term of the design
    assert mix.measures["taite"].months == 12


def test_saltelli_rows_change_one_column_at_a_time():
    both = np.arange(12.0).reshape(2, 6)
    rows = saltelli(both).reshape(2, 5, 3)
    for point in range(2):
        a, b = both[point, :3], both[point, 3:]
        assert np.array_equal(rows[point, 0], a)
        assert np.array_equal(rows[point, 4], b)
        for i in range(3):
            assert np.array_equal(np.flatnonzero(rows[point, 1 + i] != a), [i])
            assert rows[point, 1 + i, i] == b[i]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leavers": {}}, ["unknown key 'leavers'", "levers"]),
        ({"assumptions": {"backfil": {}}}, ["unknown parameter 'backfil'", "backfill"]),
        ({"assumptions": {"backfill": {"high": 7.0}}}, ["assumptions.backfill", "7", "range"]),
        ({"assumptions": {"variant_stigma": {}}}, ["variant_stigma", "[variants]"]),
        ({"variants": {"variant_stigma": {"values": [3]}}}, ["variants.variant_stigma", "3"]),
        ({"levers": {"tate.dose": {}}}, ["levers.tate.dose", "taite.dose"]),
        ({"levers": {"taite.doze": {}}}, ["taite.doze", "dose"]),
        ({"levers": {"taite.dose": {"high": 2.0}}}, ["taite.dose", "2", "0 to 1"]),
        ({"levers": {"taite.strength": {"values": ["stong"]}}}, ["strength", "stong"]),
        ({"levers": {}, "assumptions": {}}, ["the design is empty"]),
        ({"replications": 0}, ["replications", "0"]),
        ({"places": []}, ["places"]),
        ({"places": ["kokola"]}, ["kokola", "kokkola"]),
        ({"points": None}, ["points"]),
        ({"design": "sobol", "points": 5}, ["points = 5", "power of two"]),
        ({"points": 10**12}, ["points", "memory"]),
        ({"months": [24]}, ["months", "24"]),
        ({"outcomes": ["work_month"]}, ["outcomes", "work_months"]),
        ({"mix": "kokola"}, ["mix", "kokola"]),
        ({"assumptions": {"backfill": {"low": 0.9, "high": 0.8}}}, ["backfill", "below"]),
    ],
)
def test_bad_designs_are_told_in_words(changes, words):
    with pytest.raises(ScenarioError) as error:
        made(**changes)
    text = str(error.value)
    assert "design.toml" in text
    assert not [word for word in words if word not in text], text


WRONG = """\
schema = 1
id = "t"
design = "sobol"
points = 5
replications = 0
seed = 1
years = 1
months = [24]
closures = ["R", "R"]
places = ["kokkola", "kokola"]
against = "todday"
colour = "red"
outcomes = ["work_month"]

[levers]
"tate.dose" = {}
multiplier = { low = 3.0, high = 2.0 }

[assumptions]
backfil = {}
public_share = { high = 7.0 }

[variants]
variant_stigma = { values = [3] }
"""


def test_check_tells_all_problems_of_a_design_in_one_pass(tmp_path, capsys):
    file = tmp_path / "wrong.toml"
    file.write_text(WRONG, encoding="utf-8")
    assert cli.main(["check", str(file)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    for word in ("power of two", "replications is 0", "months up to 24", "closures with an entry",
                 "'kokola'", "todday", "'colour'", "work_month", "levers.tate.dose",
                 "levers.multiplier", "'backfil'", "assumptions.public_share",
                 "variants.variant_stigma"):  # fmt: skip
        assert len([line for line in lines if word in line]) == 1, (word, lines)
    assert len(lines) == 13
    # none is there only because of another
    right = (
        WRONG.replace("points = 5", "points = 4").replace("replications = 0", "replications = 1")
        .replace("months = [24]", "months = [12]").replace('"R", "R"', '"R", "E"')
        .replace(', "kokola"', "").replace("todday", "today").replace('colour = "red"\n', "")
        .replace("work_month\"", "work_months/all/everybody\"").replace("tate.dose", "taite.dose")
        .replace("low = 3.0", "low = 1.0").replace("backfil =", "backfill =")
        .replace("high = 7.0", "high = 0.5").replace("[3]", "[0, 1]")
    )  # fmt: skip
    file.write_text(right, encoding="utf-8")
    assert cli.main(["check", str(file)]) == 0
    assert "design, no problem found" in capsys.readouterr().out


def test_check_knows_the_shipped_designs(capsys):
    paths = [str(DESIGNS / f"{name}.toml") for name in shipped_designs()]
    assert cli.main(["check", *paths]) == 0
    assert capsys.readouterr().out.count(": design, no problem found.") == len(paths)
