"""What a mix cannot do without, and how strong a lever must be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.break_even import at_size, break_even, lever_of, verdict_of
from experiments.essential import (
    FIELDS,
    HEADLINE,
    Loss,
    _block,
    _taken_in,
    drawn_partners,
    essential,
    firsts,
    pairs_of,
    partners_of,
    without_interaction,
    without_partner,
)
from scenarios.errors import ScenarioError
from scenarios.measures import based_on, load_measure, load_mix, load_partners, mix_of
from simulator.comparison import Estimate, compare
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


def test_without_its_only_measure_a_mix_loses_all_it_does(town, tmp_path):
    found = essential(
        town, mix_of(["taite"], "kokkola"), against="baseline", replications=2, threads=2
    )
    lost = {(loss.what, loss.outcome): loss.lost for loss in found.losses}
    for name, whole in found.whole.items():
        assert lost["taite", name].mean == pytest.approx(whole.mean)
    # who neither delivers, refers nor accompanies anybody takes nothing along
    people = {loss.what: loss.people for loss in found.losses if loss.outcome == HEADLINE}
    assert people["taite"] > people["employment_services"] > 0
    assert not found.together
    text = found.text()
    assert f"without {load_measure('taite').names.en}: lost" in text
    assert "without taite" not in text
    # two pairs give no verdict, whatever they look like
    assert "TOO FEW PAIRS TO TELL: 2" in text
    assert "told apart" not in text.lower()
    folder = found.write(tmp_path / "essential")
    assert (folder / "essential.csv").read_text().count("\n") == 1 + len(found.losses)


def test_what_services_of_today_and_workplaces_lose_is_counted(town):
    today = town.mix("today")
    mix = based_on(mix_of(["career_management", "inclusive_workplaces"], "kokkola"), today)
    found = essential(town, mix, replications=2, draws=3, threads=2)
    at = {loss.what: loss for loss in found.losses if loss.outcome == HEADLINE}
    service = next(name for name in today.measures if today.files[name].recruits == "person")
    assert at[service].people > 0
    assert at[service].today == (today.files[service].names.en,)
    assert at["career_management"].today == ()
    assert at["career_management"].people > 0
    assert at["inclusive_workplaces"].workplaces > 0
    # a partner takes what it does for the services of today along, and the answer says so
    assert today.files[service].names.en in at["employment_services"].today
    text = found.text()
    assert "services of today go too" in text
    assert f"without {load_partners().partners['employment_services'].names.en} [today]" in text
    assert {pair.one for pair in found.together} == {"career_management"}
    assert len(found.together) == len(pairs_of(mix))
    # in each kind something comes first in every draw, or nothing is lost
    assert found.first.groupby("kind")["share_first"].sum().to_list() == pytest.approx([1.0, 1.0])
    assert found.first["by_luck"].isna().all()  # too few pairs to say
    assert found.draws["draw"].nunique() == 3


def test_two_measures_taken_away_together_lose_what_the_mix_brings(town):
    mix = mix_of(["career_management", "taite"], "kokkola")
    found = essential(town, mix, against="baseline", replications=2, threads=2)
    (pair,) = found.together
    alone = {x.what: x.lost.mean for x in found.losses if x.outcome == HEADLINE}
    both = found.whole[HEADLINE].mean
    assert pair.surplus.mean == pytest.approx(both - alone["career_management"] - alone["taite"])


def loss(mean: float, half: float, pairs: int = 8, same: bool = False) -> Loss:
    found = Estimate(mean, mean - half, mean + half, pairs)
    return Loss("m", "measure", "Name", HEADLINE, found, 0.0, 0.0, same, ())


def test_each_loss_stands_in_the_group_that_it_belongs_to():
    assert loss(2.0, 1.0).verdict == "told"
    assert loss(0.5, 1.0).verdict == "not_told"
    assert loss(0.0, 0.0, same=True).verdict == "nothing"
    assert loss(2.0, 1.0, pairs=7).verdict == "few"
    lines = _block("Measures", [loss(2.0, 1.5), loss(0.0, 0.0, same=True)])
    assert "  without Name: lost +2.00 (0.50 to 3.50); as many taken in" in lines
    assert lines[lines.index(" Changes nothing at all") + 1] == ("  without Name: as many taken in")


@pytest.mark.parametrize(
    ("people", "workplaces", "words"),
    [
        (-0.3, 0.2, "as many taken in"),
        (1.2, -2.6, "1 fewer person, 3 more workplaces taken in"),
        (1234.0, 0.0, "1,234 fewer people taken in"),
    ],
)
def test_who_is_taken_in_is_told_without_minus_zero(people, workplaces, words):
    assert _taken_in(replace(loss(0, 1), people=people, workplaces=workplaces)) == words


def test_equal_losses_share_the_first_place():
    lost = np.array([[1.0, 3.0, -1.0], [1.0, 2.0, 0.0]])
    assert firsts(lost).tolist() == pytest.approx([1.5 / 3, 0.5 / 3, 1 / 3])


def test_every_number_of_a_partner_is_drawn_within_its_range():
    partners = load_partners()
    numbers = len(FIELDS) * len(partners.partners) + len(partners.links) + 1
    for end, name in ((0.0, "low"), (1.0, "high")):
        values = iter([end] * numbers)
        made = drawn_partners(partners, lambda values=values: next(values))
        assert next(values, None) is None  # none left over, none too few
        for kind, partner in made.partners.items():
            for field in FIELDS:
                number = getattr(partners.partners[kind], field)
                assert getattr(partner, field).value == pytest.approx(getattr(number, name))
        for was, link in zip(partners.links, made.links, strict=True):
            assert link.strength.value == pytest.approx(getattr(was.strength, name))
        assert made.default_link.value == pytest.approx(getattr(partners.default_link, name))


def test_partners_without_capacity_take_nobody_in(town):
    partners = load_partners()
    idle = {
        kind: partner.model_copy(
            update={"capacity": partner.capacity.model_copy(update={"value": 0.0})}
        )
        for kind, partner in partners.partners.items()
    }
    taken = []
    for numbers in (None, partners, partners.model_copy(update={"partners": idle})):
        made = compare(
            town, [mix_of(["taite"], "kokkola")], against="baseline", years=1, replications=1,
            closure="R", strengths=("assumed",), placebo=False, partners=numbers,
        )  # fmt: skip
        pair = made.pairs["R", "taite", "assumed", "cohorts"][0]
        taken.append(pair.taken_in.sum())
    assert taken[0] == taken[1] > taken[2] == 0


def test_interaction_is_set_to_zero_and_nothing_else():
    mix = mix_of(["taite", "integrated_package"])
    quiet = without_interaction(mix)
    levers = {x.lever: x for x in quiet.files["integrated_package"].levers}
    assert levers["interaction"].at("assumed") == levers["interaction"].at("top") == 0.0
    assert quiet.files["taite"] == mix.files["taite"]
    assert without_interaction(mix_of(["taite"])).id == "taite"


def test_an_empty_mix_is_refused(town):
    with pytest.raises(ScenarioError, match="empty"):
        essential(town, "baseline")


def test_partners_of_a_mix():
    mix = load_mix("kokkola")
    assert "employment_services" in partners_of(mix)
    assert without_partner(mix, "third_sector").partners["third_sector"].takes_part is False


# ---- break-even ------------------------------------------------------------------------------


def test_the_curve_of_a_measure(town, tmp_path):
    found = break_even(town, "taite", multiples=(0.0, 6.0), replications=8, threads=2)
    frame = found.frame()
    assert list(frame["size"]) == [0.0, pytest.approx(6 * 0.3365)]
    assert np.isfinite(frame["per_100_served"]).all()
    assert math.isnan(found.size) == (found.verdict in ("never", "open"))
    assert (found.write(tmp_path / "even") / "break_even.csv").exists()
    assert found.comparison.against.id == "kokkola_today"
    assert set(found.comparison.against.measures) < set(found.comparison.mixes[0].measures)
    chances = frame["probability_above_zero"]
    assert ((chances >= 0) & (chances <= 1)).all()
    if found.positive[0] == "needs":
        assert 0 < found.positive[1] <= frame["size"].max()
    # a published price stands in the file of taite, so the answer is no "unknown"
    assert found.pays[0] != "unknown"
    text = found.text()
    assert "Pays for itself" in text
    assert "simulation noise (8 pairs of worlds) only" in text
    assert "four years" in text


def test_what_is_reached_without_the_lever_is_only_said_when_the_interval_says_so():
    def curve(*points: tuple[float, float], pairs: int = 8) -> list[Estimate]:
        return [Estimate(mean, mean - half, mean + half, pairs) for mean, half in points]

    sizes = (0.0, 1.0, 2.0)
    # 2.05 (-1.93 to 6.04): its mean is above one, its interval says nothing
    verdict, size, best, worst = verdict_of(sizes, curve((2.05, 3.98), (2.1, 4), (2.2, 4)), 1.0)
    assert (verdict, size, best[0], worst[0]) == ("open", None, "already", "never")
    assert verdict_of(sizes, curve((2, 0.5), (2, 0.5), (2, 0.5)), 1.0)[0] == "already"
    assert verdict_of(sizes, curve((0, 0.5), (2, 0.5), (3, 0.5)), 1.0)[:2] == ("needs", 0.5)
    assert verdict_of(sizes, curve((0, 0.5), (0.5, 0.5), (3, 0.5)), 1.0)[0] == "beyond"
    assert verdict_of(sizes, curve((0, 0.5), (0.5, 0.5), (0.5, 0.5)), 1.0)[0] == "never"
    few = curve((2, 0.5), (2, 0.5), (2, 0.5), pairs=7)
    assert verdict_of(sizes, few, 1.0)[0] == "few"


def test_a_lever_on_the_place_acts_through_what_runs_beside_it(town):
    found = break_even(
        town, "coalition", lever="access", multiples=(0.0, 1.0), replications=2, threads=2
    )
    other = break_even(
        town, "coalition", against="kokkola", multiples=(1.0,), replications=1, threads=2
    )
    assert "coalition" not in other.comparison.against.measures
    assert found.on_place
    text = found.text()
    assert "serves nobody itself" in text
    assert "TOO FEW PAIRS" in text
    nothing = load_measure("coalition")
    levers = [
        lever.model_copy(update={"strength": lever.strength.model_copy(update={"assumed": 0.0})})
        for lever in nothing.levers
    ]
    nothing = nothing.model_copy(update={"levers": levers})
    still = break_even(
        town, nothing, against="kokkola", lever="access", multiples=(0.0, 1.0), replications=2,
        threads=2,
    )  # fmt: skip
    # with all its levers at zero both worlds are the same; with one of them they are not
    assert (still.points[0].months.low, still.points[0].months.high) == (0.0, 0.0)
    assert still.points[1].months.mean != 0.0


def test_a_lever_at_a_size():
    mix = at_size(load_measure("taite"), "search_effort", 0.5, mix_of(["taite"]))
    levers = mix.files[load_measure("taite").id].levers
    assert levers[0].strength.assumed == 0.5
    assert levers[1].strength.assumed == load_measure("taite").levers[1].strength.assumed


@pytest.mark.parametrize(
    ("measure", "lever", "told"),
    [
        ("taite", "hours", "taite has no lever 'hours'; its levers are: "),
        (
            "career_management",
            "promotion_readyness",
            "has no lever 'promotion_readyness'; did you mean 'promotion_readiness'",
        ),
        ("women55", None, r"women55 moves no lever \(its content is unknown\)"),
        ("monitoring", None, r"monitoring moves no lever \(its file sets none\)"),
    ],
)
def test_a_measure_without_the_lever_is_refused(measure, lever, told):
    with pytest.raises(ScenarioError, match=told):
        lever_of(load_measure(measure), lever)


def test_a_lever_on_a_place_where_nothing_runs_is_refused(town):
    with pytest.raises(ScenarioError, match="acts only through measures.*--against"):
        break_even(town, "coalition", against="baseline")
