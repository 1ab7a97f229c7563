"""Screens are bounds: with them and without them a world is the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.small_worlds import random_world
from simulator.parameters import Par
from simulator.world import Count

MONTHS = 20


def _history(seed: int, *, screens: bool, **changes: float) -> tuple[np.ndarray, ...]:
    world = random_world(seed)
    world.columns.counts[Count.NO_SCREENS] = int(not screens)
    for name, value in changes.items():
        world.set_parameter(Par[name], value)
    world.advance(MONTHS)
    columns = world.columns
    return world.take_events(), columns.totals, columns.flows, columns.tallies


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"LEAVING_NEW": 0.5, "JOB_LOSS": 0.05},  # hazards that rise with tenure
        {"UPGRADE_IN_PLACE": 0.05},
        {"A_TO_P": 0.6, "N_OLD": 3.0, "SEARCH_N": 2.0},
    ],
)
def test_screens_change_nothing(seed: int, changes: dict[str, float]) -> None:
    """The rules asked of everybody give what they give where a draw passes the screen."""
    for with_screens, without in zip(
        _history(seed, screens=True, **changes),
        _history(seed, screens=False, **changes),
        strict=True,
    ):
        np.testing.assert_array_equal(with_screens, without)


def test_parameter_change_renews_screens() -> None:
    """A parameter set during a run holds from the next month on, for everybody."""
    results = []
    for screens in (True, False):
        world = random_world(3)
        world.columns.counts[Count.NO_SCREENS] = int(not screens)
        world.advance(5)
        world.set_parameter(Par.JOB_LOSS, 0.2)
        world.advance(5)
        results.append(world.take_events())
    np.testing.assert_array_equal(*results)
