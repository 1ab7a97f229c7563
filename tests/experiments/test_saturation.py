"""Saturation: who is served, what nobody served means, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.app import cli
from experiments.offers import Offer
from experiments.saturation import CURVES, lottery, saturation
from scenarios import ScenarioError
from scenarios.measures import mix_of
from simulator.columns import Person
from simulator.policy import lay_out_mix
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet

MEASURE = "taite"


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml")).without_services()


def world_at(town: Town, share: float | None, months: int = 13):  # noqa: ANN201
    world = town.begin(2)
    if share is not None:
        policy = lay_out_mix(
            mix_of([MEASURE], town.id, months=1, strength="top"), town.site, town.place
        )
        Offer.of(policy, [MEASURE], everybody=True, never_served=1.0 - share).install(world)
    world.lay_out(0, months)
    return world.advance(months)


def test_where_nobody_is_served_nothing_differs(town) -> None:
    plain, nobody = world_at(town, None), world_at(town, 0.0)
    assert len(lottery(nobody, 12)) > 20
    assert not any(served for served, _ in lottery(nobody, 12).values())
    state = [column for column in Person if column != Person.HELP]  # where help is kept
    assert (nobody.columns.people[state] == plain.columns.people[state]).all()
    assert (nobody.columns.posts == plain.columns.posts).all()


def test_the_same_people_enter_and_who_is_served_stays_served(town) -> None:
    found = [lottery(world_at(town, share), 12) for share in (0.0, 0.3, 0.7, 1.0)]
    served = [{p for p, (is_served, _) in x.items() if is_served} for x in found]
    assert len({frozenset(x) for x in found}) == 1
    assert set() == served[0] < served[1] < served[2] < served[3] == set(found[0])
    assert 0.15 < len(served[1]) / len(found[1]) < 0.45


@pytest.fixture(scope="module")
def curves(town):
    return saturation(
        town, MEASURE, shares=(0.5, 1.0), markets=("reference", "tight"), closures=("R",),
        strength="top", months=12, replications=2, threads=2,
    )  # fmt: skip


def test_direct_total_and_displaced_add_up(curves) -> None:
    rows = curves.rows
    half = rows[rows["share"] == 0.5]
    assert np.allclose(half["direct"] - half["residents"], half["displaced"])
    gain = half["direct"] + half["losers"]
    whole = gain * half["served"] + half["losers"] * (half["eligible"] - half["served"])
    assert np.allclose(whole, half["all_eligible"] * half["served"])
    assert rows.loc[rows["share"] == 1.0, ["direct", "losers", "displaced"]].isna().all().all()
    every = rows[rows["share"] == 1.0]
    assert (every["served"] == every["eligible"]).all()


def test_a_measure_that_does_nothing_has_flat_curves(town) -> None:
    found = saturation(
        town, "career_management", shares=(0.5,), markets=("slack",), closures=("E",),
        strength="none", months=12, replications=2, threads=2,
    )  # fmt: skip
    assert (found.rows[list(CURVES)] == 0.0).all().all()
    assert (found.rows["served"] > 0).all()


def test_the_answer_has_every_market_and_the_figure_both_curves(curves, tmp_path) -> None:
    text = curves.text()
    assert "reference market, closure R" in text
    assert "tight market, closure R" in text
    # two worlds: means only, and why
    assert "TOO FEW WORLDS TO TELL: 2" in text
    assert " to " not in text.split("closure R")[1].split("When all are served")[0]
    assert "?" not in text
    folder = curves.write(tmp_path / "out")
    assert (folder / "figures" / "saturation.png").stat().st_size > 5000
    axis = curves.draw().axes[0]
    assert axis.get_legend_handles_labels()[1] == ["direct (R)", "total, residents (R)"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"measure": "inclusive_workplaces"}, "serves workplaces"),
        ({"measure": MEASURE, "shares": (0.0,)}, "above 0"),
        ({"measure": MEASURE, "markets": ("loose",)}, "'loose' is no market"),
        ({"measure": MEASURE, "months": 36}, "must be 12 or 24"),
    ],
)
def test_what_cannot_be_is_said(town, asked, told) -> None:
    with pytest.raises(ScenarioError, match=told):
        saturation(town, **asked)


def test_a_wrong_strength_is_refused(capsys) -> None:
    code = cli.main(["saturation", "kokkola", "--measure", MEASURE, "--strength", "huge"])
    assert code == 2
    assert "none, assumed or top" in capsys.readouterr().err
