"""Impulses: one promotion more, counted per impulse, against the closed form."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from experiments.impulse_page import section
from experiments.impulse_study import ImpulseStudy, expected_seconds
from scenarios import ScenarioError
from simulator.impulses import (
    FILLED,
    SHOWN,
    VACANCIES,
    Impulses,
    impulses,
)
from simulator.outcomes import Outcome
from simulator.town import Town


def made(effects: np.ndarray, seeds: np.ndarray) -> Impulses:
    outcomes = [Outcome(name, "number", breakdown, group, "sum")
                for name, breakdown, group in SHOWN.values()]  # fmt: skip
    frame = pd.DataFrame(
        {"seed": seeds, "market": "reference", "rung": 1, "size_class": "1-9", "displaced": "-"}
    )
    whole = np.zeros((len(seeds), len(outcomes)))
    whole[:, 0] = effects
    return Impulses("kokkola", "promote", "R", 3, outcomes, frame, {3: whole}, 0)


def test_impulses_of_one_world_count_as_one_observation() -> None:
    """Doubling the impulses of each world leaves the interval as wide as it was."""
    rng = np.random.default_rng(1)
    effects = rng.normal(0, 1, 10)
    one = made(effects, np.arange(10))
    two = made(np.repeat(effects, 2), np.repeat(np.arange(10), 2))
    rows = np.ones(10, bool)
    a = one.mean(effects, rows)
    b = two.mean(np.repeat(effects, 2), np.ones(20, bool))
    assert a.mean == pytest.approx(b.mean)
    assert a.high - a.low == pytest.approx(b.high - b.low)
    assert a.low < a.mean < a.high


def test_wrong_words_are_refused() -> None:
    with pytest.raises(ScenarioError, match="'loose' is no market"):
        impulses("lagoa", markets=("loose",))
    with pytest.raises(ScenarioError, match="rung 1, 2 or 3"):
        impulses("lagoa", rungs=(0,))


@pytest.fixture(scope="module")
def found() -> Impulses:
    return impulses("lagoa", number=12, rungs=(1,), months=3, threads=2)


def test_every_impulse_is_a_promotion_and_says_whom_it_displaced(found) -> None:
    assert len(found.frame) == 12
    assert set(found.frame["displaced"]) <= {"jobless", "local_incumbent", "outside"}
    # the promotion itself is in the ledger: the sum over impulses is far above none
    promotions = found.values(SHOWN["promotions"], 3)
    assert promotions.sum() > 0


def test_the_closed_form_follows_who_is_displaced(found) -> None:
    """Without a displaced incumbent one vacancy comes, with one hardly any; jobs never grow."""
    frame = found.frame
    local = frame["displaced"] == "local_incumbent"
    assert (frame.loc[~local, "closed_vacancies_3"] > 0.5).all()
    if local.any():
        assert frame.loc[local, "closed_vacancies_3"].abs().max() < 0.6
    assert (frame.loc[~local, "closed_filled_3"] < 0).all()


def test_the_answer_is_written_with_a_figure(found, tmp_path) -> None:
    study = ImpulseStudy(Town("lagoa"), found, 1)
    folder = study.write(tmp_path / "out")
    text = (folder / "answer.txt").read_text(encoding="utf-8")
    assert "12 impulses" in text
    assert "closed form, first link" in text
    assert "too few worlds" in text or "?" in text
    assert len(pd.read_csv(folder / "impulses.csv")) == 12
    assert (folder / "figures" / "impulses.png").stat().st_size > 10_000
    command = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["command"]
    assert "--rung 1 --market " in command
    lines = section(folder)
    assert any(line.startswith("| size ") for line in lines)
    told = next(line for line in lines if line.startswith("| filled posts, months |"))
    frame = study.frame().query("breakdown == 'all' and outcome == 'filled posts, months'")
    assert f"{frame['mean'].iloc[0]:+.2f}" in told
    assert f"{frame['closed_form'].iloc[0]:+.2f} |" in told


def test_the_time_is_told_before() -> None:
    one = expected_seconds(Town("lagoa"), 100, 12, threads=1)
    assert 0.1 < one < 600


def test_the_table_has_every_cell_and_the_closed_form(found) -> None:
    table = found.table()
    every = table[table["breakdown"] == "all"].set_index("outcome")
    assert set(every.index) == set(SHOWN)
    for label in (VACANCIES, FILLED):
        assert np.isfinite(every.loc[label, ["first_link", "closed_form"]].astype(float)).all()
    assert table.loc[table["breakdown"] == "rung", "group"].unique().tolist() == ["1"]
    again = impulses("lagoa", number=12, rungs=(1,), months=3, threads=1)
    pd.testing.assert_frame_equal(again.table(), table)
