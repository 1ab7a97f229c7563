"""The posterior on cases with a known answer, and recovery that can fail."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from calibration.posterior import Emulator, box_of, chains, posterior, scaled, tolerances, within
from calibration.priors import Coordinate
from calibration.quantities import SETTLED_AT, Aim
from calibration.recovery import recover


def coordinate(name, kind="free", low=-3.0, high=3.0):
    return Coordinate(name, (name,), "plain", low, high, (1.0,), kind, 0.0, "", "", "D")


def aim(name, value=10.0, tolerance=1.0):
    return Aim(name, "", "", value, tolerance, None, None, "fit", True, "", "", "local",
               lambda row: row[name])  # fmt: skip


ITEMS = [coordinate("a"), coordinate("b"), coordinate("c"), coordinate("input", "input")]
AIMS = [aim("first"), aim("second")]
NOISE = 0.02


def toy(n, seed=0):
    """Rows of a place with two targets: a + input and b; c moves nothing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({item.id: item.draw(rng.random(n)) for item in ITEMS})
    frame["ok"] = 1.0
    mean = np.column_stack([0.1 * (frame.a + frame.input), 0.1 * frame.b])
    return frame, 10.0 * np.exp(mean + NOISE * rng.normal(size=(n, 2)))


def test_the_posterior_is_that_of_a_linear_place():
    frame, values = toy(500)
    found = posterior(frame, AIMS, ITEMS, {}, draws=300, seed=1, steps=500, values=values)
    d = found.draws
    sd = np.sqrt(NOISE**2 + (0.1 / SETTLED_AT) ** 2) / 0.1
    # a answers to the input of its draw, so that the target is met whatever the input is
    assert np.corrcoef(d.a, d.input)[0, 1] < -0.7
    assert (d.a + d.input).mean() == pytest.approx(0.0, abs=0.15)
    assert (d.a + d.input).std() == pytest.approx(sd, rel=0.25)
    assert d.b.std() == pytest.approx(sd, rel=0.25)


def test_inputs_keep_their_prior_and_what_no_target_tells_keeps_its_own():
    frame, values = toy(500)
    d = posterior(frame, AIMS, ITEMS, {}, draws=400, seed=2, steps=500, values=values).draws
    assert d.input.mean() == pytest.approx(0.0, abs=0.2)
    assert d.input.std() == pytest.approx(3.0 / np.sqrt(6), rel=0.1)  # triangular
    prior = coordinate("c").draw(np.linspace(0.001, 0.999, 999)).std()
    assert d.c.std() == pytest.approx(prior, rel=0.15)
    assert d.b.std() < 0.6 * prior


def test_recovery_has_the_coverage_that_it_claims():
    frame, values = toy(500)
    table = recover(frame, values, AIMS, ITEMS, {}, sets=200, steps=200).set_index("parameter")
    assert 0.44 < table.covered_50.mean() < 0.56
    assert 0.86 < table.covered_90.mean() < 0.94
    assert table.rank_p.min() > 1e-3
    assert table.informed_by.to_dict() == {"a": "targets", "b": "targets", "c": "prior only"}
    assert table.error["b"] < 0.6


def test_recovery_fails_for_a_posterior_that_is_too_sure(monkeypatch):
    frame, values = toy(400)
    fit = Emulator.fit

    def sure(*arguments):
        emulator = fit(*arguments)
        emulator.error = emulator.error * 0.01
        return emulator

    monkeypatch.setattr(Emulator, "fit", sure)
    monkeypatch.setattr("calibration.posterior.tolerances", lambda aims: 0.1 * tolerances(aims))
    table = recover(frame, values, AIMS, ITEMS, {}, sets=100, steps=200)
    told = table[table.informed_by == "targets"]
    assert told.covered_90.mean() < 0.6


def test_chains_keep_the_width_of_a_posterior_of_ten_parameters():
    """Chains that all move at once come out a tenth too narrow here; exact is 0.1."""
    d, n, sd = 10, 600, 0.1
    free = [coordinate(f"p{k}") for k in range(d)]
    chosen = [aim(f"t{k}", tolerance=1e-6) for k in range(d)]
    width = d + d * (d + 1) // 2
    weights = np.zeros((width, d))
    weights[:d] = np.eye(d)
    emulator = Emulator(
        chosen, free, [], np.zeros(d), np.ones(d), weights, np.zeros(d), sd**2 * np.eye(d),
        np.ones(d), n,
    )  # fmt: skip
    theta, _ = chains(
        emulator, np.zeros((n, 0)), np.zeros((n, d)), {}, np.random.default_rng(1), 60, 500
    )
    assert theta.std(0).mean() == pytest.approx(sd, rel=0.04)
    assert np.abs(theta.mean(0)).max() < 5 * sd / np.sqrt(n)


def test_chains_stay_in_the_box():
    frame, values = toy(400)
    emulator = Emulator.fit(frame, values, AIMS, ITEMS)
    box = {"b": (0.5, 1.0)}
    theta, accepted = chains(
        emulator, np.zeros((50, 1)), np.zeros((50, 2)), box, np.random.default_rng(1), 50, 100
    )
    b = theta[:, [item.id for item in emulator.free].index("b")]
    assert ((b >= 0.5) & (b <= 1.0)).all()
    assert 0.05 < accepted < 0.95
    assert not within(pd.DataFrame({"b": [0.4, 0.7]}), emulator.free, box)[0]


def test_the_next_box_holds_the_posterior_and_lies_in_the_last():
    frame, values = toy(500)
    found = posterior(frame, AIMS, ITEMS, {"a": (-2.0, 2.0)}, 200, 1, 300, values)
    box = box_of(found)
    assert box["a"][0] >= -2.0
    assert box["a"][1] <= 2.0
    low, high = found.draws.b.quantile([0.01, 0.99])
    assert box["b"][0] < low < high < box["b"][1]
    assert box["b"][1] - box["b"][0] < 5.0


def test_quantities_far_from_the_target_do_not_pull():
    values = scaled(np.array([[0.0, 1e9]]), AIMS)
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= 2.5
