"""Beveridge curve: rates and slopes by hand, demand that comes back, figures that stay the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.beveridge import Curve, curve, draw, rates
from simulator.town import Town
from simulator.world import Total
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Curve:
    town = Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))
    return curve(town, 2, factors=(0.5, 1.0, 1.8), cycle=((1.0, 6), (1.8, 12), (0.5, 12)))


def points(part: str, rates_by_seed: dict[int, list[tuple[float, float]]]) -> pd.DataFrame:
    rows = [
        (part, seed, at, 1.0, u, v) for seed, own in rates_by_seed.items()
        for at, (u, v) in enumerate(own)
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["part", "seed", "month", "demand", "unemployment", "vacancies"]
    )


def test_rates_are_of_the_labour_force_and_of_all_posts():
    totals = np.zeros((2, len(Total)))
    totals[:, Total.A], totals[:, Total.S], totals[:, Total.P] = (10, 30), 20, 500
    totals[:, Total.RESIDENTS_HERE], totals[:, Total.RESIDENTS_ELSEWHERE] = 300, 60
    totals[:, Total.EMPLOYED_HERE], totals[:, Total.VACANT] = 380, 20
    assert rates(totals) == (pytest.approx(40 / 400), pytest.approx(20 / 400))


def test_slopes_are_elasticities_by_world():
    u = np.array([0.04, 0.08, 0.16])
    by_seed = {1: list(zip(u, 0.001 / u, strict=True)), 2: list(zip(u, u**-2, strict=True))}
    slope = Curve(points("cycle", by_seed)).slope("cycle")
    assert slope.mean == pytest.approx(-1.5)
    assert slope.low < -2.0 < -1.0 < slope.high


def test_more_new_posts_leave_more_vacancies(found):
    assert found.between(0.5, 1.8, "vacancies").mean > 0
    cycle = found.points[found.points["part"] == "cycle"]
    assert cycle["month"].max() == 24
    ends = cycle.groupby("demand")["vacancies"].last()
    assert ends[1.8] > ends[0.5]


def test_the_figure_is_the_same_every_time(found, tmp_path):
    first = [path.read_bytes() for path in draw(found, tmp_path / "a", "Hamlet")]
    again = [path.read_bytes() for path in draw(found, tmp_path / "b", "Hamlet")]
    assert first == again
    table = pd.read_csv(tmp_path / "a" / "beveridge.csv")
    assert set(table["part"]) == {"market", "cycle"}
    assert (table["unemployment_low"] <= table["unemployment"]).all()
    assert (table["worlds"] == 2).all()
