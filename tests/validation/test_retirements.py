"""Delayed retirements: what is counted, and that nothing changes when nobody stays longer."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.retirements import Delayed, Seen, delay, slots_scarce
from calibration.small_worlds import quiet_parameters, quiet_place, quiet_world
from simulator.codes import Trend
from simulator.columns import Person, Post
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


def test_nobody_stays_longer_nothing_changes(town):
    assert not delay(town, worlds=2, months=6, years=0).change.any()


def test_seniors_stay_on_the_rungs_asked(town):
    found = delay(town, worlds=4, months=18)
    stayed = found.change[:, Seen.SENIOR_MONTHS].sum((1, 2, 3))
    assert (stayed > 0).all()
    lower = delay(town, (0, 1), worlds=4, months=18).change[:, Seen.SENIOR_MONTHS]
    assert not np.array_equal(lower, found.change[:, Seen.SENIOR_MONTHS])


def test_losses_are_per_year_that_a_senior_stays():
    change = np.zeros((3, len(Seen), len(Trend), 2, 2))
    change[:, Seen.SENIOR_MONTHS, Trend.RESTING, :, 0] = 12.0  # two years a world
    change[:, Seen.PROMOTIONS, Trend.RESTING, 1, 0] = (-1.0, -2.0, -3.0)
    found = Delayed(change)
    lost, by_world = found.lost(Seen.PROMOTIONS)
    assert lost.mean == pytest.approx(1.0)
    assert lost.low < 1.0 < lost.high
    assert by_world.mean() == pytest.approx(1.0)
    assert found.lost(Seen.PROMOTIONS, scarce=(1,))[0].mean == pytest.approx(2.0)
    assert found.lost(Seen.PROMOTIONS, scarce=(0,))[0].mean == 0.0
    assert found.lost(Seen.YOUNG_HIRES)[0].mean == 0.0


def test_slots_are_scarce_where_few_upper_posts_stand_above_many():
    rungs = np.array([2, 2, 1, 1, 1, 1, 2, 2, 1])
    world = quiet_world(
        quiet_place(quiet_parameters()),
        {Person.HOME_RUNG: rungs},
        {Post.HOLDER: np.arange(9), Post.RUNG: rungs, Post.WORKPLACE: [0] * 6 + [1] * 3},
    )
    assert slots_scarce(world).tolist() == [True, False]
