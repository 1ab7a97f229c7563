"""Sensitivity on sweeps whose answer is known: no world is run, numbers are put in."""

import numpy as np
import pytest

from experiments import sensitivity
from experiments.design import read_design
from experiments.execution import Done
from experiments.store import Store

pytest.importorskip("SALib")
pytest.importorskip("sklearn")

DESIGN = {
    "id": "known",
    "replications": 4,
    "seed": 1,
    "years": 3,
    "closures": ["R"],
    "places": ["kokkola"],
    "levers": {"multiplier": {"low": 0.0, "high": 2.0}},
    "assumptions": {
        "backfill": {"low": 0.7, "high": 0.9},
        "public_share": {"low": 0.36, "high": 0.5},
    },
}


def known(folder, design, answer, noise=0.0, points=64):
    """Return a finished sweep whose placements are ``answer(unit shares)`` plus noise."""
    plan = read_design({**DESIGN, "design": design, "points": points})
    store = Store(folder, plan)
    names = [name for name, _, _ in store.columns.outcomes]
    low = np.array([d.low for d in plan.dimensions])
    high = np.array([d.high for d in plan.dimensions])
    rng = np.random.default_rng(2)
    for block in plan.blocks():
        values = np.zeros((len(block.rows), len(names)))
        for i, row in enumerate(block.rows):
            unit = (plan.codes[row.point] - low) / (high - low)
            values[i, names.index("placements")] = answer(unit) + noise * rng.normal()
        store.add(Done(block.rows, values, [""] * len(block.rows), 0.0, 0.0))
    store.close_shard()
    store.finish()
    return folder


def steep(unit):
    """Four parts backfill, one part scale; zero at backfill 0.8 and scale at its middle."""
    return 4.0 * (unit[1] - 0.5) + 1.0 * (unit[0] - 0.5)


@pytest.mark.parametrize("design", ["sobol", "latin_hypercube", "morris"])
def test_the_factor_that_matters_is_found_and_where_the_sign_turns(tmp_path, design):
    found = sensitivity(known(tmp_path / "s", design, steep))
    table = found.table.set_index("factor")
    order = table["total"].sort_values(ascending=False).index
    assert list(order[:2]) == ["backfill", "multiplier"]
    if design == "sobol":
        assert table["total"]["backfill"] == pytest.approx(16 / 17, abs=0.08)
        assert table["total"]["multiplier"] == pytest.approx(1 / 17, abs=0.03)
        assert table["total"]["public_share"] == pytest.approx(0, abs=1e-9)
    if design == "morris":
        assert table["total"]["backfill"] == pytest.approx(4.0)
        assert table["total"]["multiplier"] == pytest.approx(1.0)
    assert table["turns_at"]["backfill"] == pytest.approx(0.8, abs=0.005)
    assert "hangs most on backfill" in found.sentence
    assert "turns at 0.8" in found.sentence
    assert found.table["noise_share"].max() == 0


def test_noise_is_not_sold_as_an_index(tmp_path):
    found = sensitivity(known(tmp_path / "s", "sobol", lambda _: 0.0, noise=1.0))
    assert found.table["noise_share"].min() > 0.8
    assert "no assumption stands out" in found.sentence
    assert "No rule does better than guessing" in found.rule


def test_the_rule_names_the_condition_under_which_the_mix_fails(tmp_path):
    fails = lambda unit: -1.0 if unit[1] < 0.3 else 1.0  # noqa: E731
    found = sensitivity(known(tmp_path / "s", "latin_hypercube", fails, points=200))
    assert "fails" in found.rule
    assert "backfill <= 0.7" in found.rule
    assert "public_share" not in found.rule


def test_files_are_written_with_their_stamp(tmp_path):
    found = sensitivity(known(tmp_path / "s", "sobol", steep, noise=0.2, points=16))
    out = found.write(tmp_path / "out")
    names = {path.name for path in out.iterdir()}
    assert names == {"sensitivity.csv", "answer.txt", "tornado.png", "tornado.svg",
                     "manifest.json"}  # fmt: skip
    assert "digest" in (out / "answer.txt").read_text()
