"""Reserved hires and a plant closing: nothing changes without them, and what is counted."""

from __future__ import annotations

import pytest

from calibration.reforms import SHOWN, _rows, plant_closing, reserved_hires
from simulator.comparison import Estimate
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


def test_no_reserved_vacancy_changes_nothing(town):
    found = reserved_hires(town, 2, a_month=0)
    assert {what: one.mean for what, one in found.items()} == dict.fromkeys(SHOWN, 0.0)


def test_reserved_vacancies_wait_for_fewer_people(town):
    assert reserved_hires(town, 4, a_month=3)["vacancies"].mean > 0


def test_the_posts_of_the_plant_are_gone(town):
    assert plant_closing(town, 4)["filled posts"].high < 0


def test_a_sign_that_cannot_be_told_from_none_does_not_hold():
    found = {
        "register": Estimate(1.0, -0.1, 2.1, 8),
        "vacancies": Estimate(-1.0, -1.5, -0.5, 8),
        "filled posts": Estimate(-1.0, -1.5, -0.5, 8),
    }
    rows = _rows("x", found, {"register": 1, "vacancies": -1, "filled posts": 1}, "")
    assert [row.holds for row in rows] == [False, True, False]
