"""Effects over draws: intervals hold both kinds of error, shares find what was put in."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.app.ask import _given, _over_draws
from experiments.draws import (
    CALIBRATED,
    LEVERS,
    PRIOR_ONLY,
    Draws,
    decompose,
    drawn_mix,
    kind_of,
    load_draws,
    loo_r2,
)
from scenarios import ScenarioError, load_site
from scenarios.measures import load_mix
from simulator.town import Town

N = 200


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {name: rng.normal(size=N) for name in ("search_a", "standard", "backfill", "tolerance")}
    )


def test_the_input_that_moves_the_effect_is_named(inputs):
    rng = np.random.default_rng(2)
    effect = 3.0 + 2.0 * inputs["backfill"] + 0.5 * inputs["search_a"] + rng.normal(size=N)
    found = decompose(effect.to_numpy(), np.ones(N), inputs, pairs=2)
    assert found["largest"] == "backfill"
    assert found["simulation"] == pytest.approx(1 / 5.25, abs=0.06)
    assert found["prior_only"] > 8 * found["calibrated"]
    assert found["prior_only_of_inputs"] > 0.85
    total = sum(found[k] for k in ("simulation", "calibrated", "prior_only", "levers",
                                   "unexplained"))  # fmt: skip
    assert total == pytest.approx(1.0)


def test_the_interval_holds_what_inputs_do_and_not_the_noise_of_single_draws(inputs):
    rng = np.random.default_rng(3)
    noise = 10.0 * rng.normal(size=N)
    effect = inputs["backfill"].to_numpy() + noise
    found = decompose(effect, np.full(N, 10.0), inputs, pairs=2)
    half = found["ci_high"] - found["mean"]
    assert half < 1.645 * np.sqrt(15.0 + 100 / N)  # far below 16.5, the spread of single draws
    known = decompose(inputs["backfill"].to_numpy(), np.zeros(N), inputs, pairs=2)
    assert known["ci_high"] - known["mean"] == pytest.approx(1.645, rel=0.15)
    assert known["below_zero"] == pytest.approx(0.5, abs=0.1)


def test_pure_noise_has_no_input_named(inputs):
    effect = 5.0 + np.random.default_rng(4).normal(size=N)
    found = decompose(effect, np.ones(N), inputs, pairs=2)
    assert found["largest"] == ""
    assert found["simulation"] > 0.8
    assert found["below_zero"] < 0.01


def test_leave_one_out_gives_nothing_to_what_says_nothing(inputs):
    y = np.random.default_rng(5).normal(size=N)
    assert loo_r2(inputs.to_numpy(), y - y.mean()) < 0.03


def test_kinds_of_inputs():
    assert kind_of("search_a") == CALIBRATED
    assert kind_of("backfill") == PRIOR_ONLY
    assert kind_of("penalties") == PRIOR_ONLY
    assert kind_of("mentoring: ambition") == LEVERS


def test_levers_have_the_drawn_size_and_none_below_the_spike():
    mix = load_mix("kokkola", "kokkola")
    keys = [(name, lever.lever) for name, m in mix.files.items() for lever in m.levers]
    drawn, sizes = drawn_mix(mix, dict.fromkeys(keys, 0.999))
    assert set(sizes) == {f"{name}: {lever}" for name, lever in keys}
    name, lever = keys[0]
    made = next(x for x in drawn.files[name].levers if x.lever == lever)
    assert made.at("assumed") == sizes[f"{name}: {lever}"]
    spiked = [(n, x) for n, m in mix.files.items() for x in m.levers if x.strength.spike > 0]
    _, low = drawn_mix(mix, dict.fromkeys(keys, 1e-6))
    assert spiked
    assert all(low[f"{n}: {x.lever}"] == 0.0 for n, x in spiked)
    # the mix itself stays as it was
    assert mix.files[name].levers[0].at("assumed") == load_mix("kokkola", "kokkola").files[
        name
    ].levers[0].at("assumed")


def test_a_place_without_posterior_is_said(tmp_path):
    site = load_site("kokkola").model_copy(update={"id": "nowhere"})
    with pytest.raises(ScenarioError, match="no posterior.*vacancy-chains calibrate nowhere"):
        load_draws(site, "kokkola")


def test_lines_and_tables(inputs, tmp_path):
    rows = [
        {"draw": d, "mix": "m", "closure": "R", "row": "jobs",
         "effect": float(inputs["backfill"][d]), "error": 0.1} | inputs.iloc[d].to_dict()
        for d in range(N)
    ]  # fmt: skip
    found = Draws(load_site("kokkola"), pd.DataFrame(rows), {"m": list(inputs)}, 2, "baseline")
    (line,) = found.lines()
    assert "filled post-months" in line
    assert "measuring 'backfill'" in line
    (row,) = found.doubt()
    assert (row.mix, row.closure, row.row, row.found.replications) == ("m", "R", "jobs", N)
    assert row.found.low < row.found.mean < row.found.high
    assert row.largest == "backfill"
    assert row.below_zero == found.summary()["below_zero"][0]
    # an input that is not among the known ones: its variance is there and cannot be assigned
    hidden = np.random.default_rng(7).normal(size=N)
    unknown = Draws(
        found.site, found.table.assign(effect=hidden, error=0.01), found.inputs, 2, "baseline"
    )
    assert "too few draws to say which inputs" in unknown.lines()[0]
    assert "nan" not in unknown.lines()[0]
    found.write(tmp_path)
    assert len(pd.read_parquet(tmp_path / "draws.parquet")) == N
    table = pd.read_csv(tmp_path / "draws.csv")
    assert table.loc[0, "largest"] == "backfill"
    assert set(found.for_summary()["design"]) == {"draws"}


def test_the_command_to_repeat_has_the_draws():
    assert _given(draws=8, seed=(1, 1)) == ["--draws", "8"]


def test_draws_are_of_the_place_and_scale_of_the_comparison(monkeypatch):
    town, seen = Town("kokkola", scale=2), {}

    def compared(site, **options):
        seen.update(options, site=site)

    monkeypatch.setattr("experiments.draws.compare_draws", compared)
    comparison = SimpleNamespace(town=town, mixes=[], against="kokkola_today")
    _over_draws(comparison, None, 8, "R", 1, 1)
    assert seen["scale"] == 2
    assert seen["surroundings"] is town.surroundings
    # the place at full size: one already scaled would be scaled twice
    assert seen["site"].margins.residents.value == 34000
