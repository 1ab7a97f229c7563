"""Mixes under a budget: nothing overlooked, nothing over the budget, luck not sold as choice."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from experiments.app import cli
from experiments.levels import levels
from experiments.optimise import (
    COLUMNS,
    SEED_STEP,
    WORK,
    chance_among_best,
    front,
    optimise,
    planned,
    shortlist,
    words_of,
)
from scenarios import ScenarioError
from scenarios.costs import load_costs
from scenarios.measures import Dose, load_measure, load_mix
from simulator.comparison import compare
from simulator.money import money
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet

BUDGET = 160_000.0
MEASURES = ["taite", "iisirekry"]
COSTS = """\
schema = 1
site = "kokkola"

[benefits]
received = { value = 0.9, unit = "share", low = 0.7, high = 1.0, grade = "E", source = "a test" }

[measures.iisirekry]
price = { value = 300.0, unit = "EUR per participant", grade = "A", source = "a test" }
fixed = { value = 1000.0, unit = "EUR per year", grade = "A", source = "a test" }
paid_by = { municipality = 0.25, project = 0.75 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("hamlet")
    write_hamlet(made / "hamlet.toml")
    (made / "costs.toml").write_text(COSTS, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def town(folder):
    return Town(folder / "hamlet.toml", starts_kept=2)


@pytest.fixture(scope="module")
def found(town, folder):
    return optimise(
        town, BUDGET, measures=MEASURES, costs=folder / "costs.toml", replications=2,
        strength="assumed", threads=2,
    )  # fmt: skip


def beaten(i, euros, work):
    """By the definition: another, or doing nothing, costs no more and does as much."""
    if work[i] <= 0:
        return True
    return any(
        euros[j] <= euros[i] and work[j] >= work[i] and (euros[j], work[j]) != (euros[i], work[i])
        for j in range(len(work))
        if j != i
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_the_definition_says(seed):
    rng = np.random.default_rng(seed)
    euros, work = rng.integers(1, 12, 30).astype(float), rng.normal(size=30)
    assert front(euros, work).tolist() == [i for i in range(30) if not beaten(i, euros, work)]


def test_a_small_space_gives_what_full_enumeration_gives(found, town, folder):
    """Every mix written down anew, compared by ``compare``, sorted by the definition."""
    costs = load_costs(folder / "costs.toml", "kokkola")
    named = {level: dose for level, dose in levels()["levels"].items() if dose > 0}
    running = town.mix(town.default_against())
    mixes, euros, plans = [], [], []
    for chosen in itertools.product([None, *named], repeat=len(MEASURES)):
        plan = tuple(
            (name, level) for name, level in zip(MEASURES, chosen, strict=True) if level
        )  # fmt: skip
        doses = {name: Dose(dose=named[level], months=12) for name, level in plan}
        files = {name: load_measure(name) for name in doses}
        cost = 0.0
        if "taite" in doses:  # EUR per participant, places a month
            taite = files["taite"]
            cost += doses["taite"].dose * taite.capacity.value * 12 * taite.price.value
        if "iisirekry" in doses:  # the same, and fixed costs
            places = doses["iisirekry"].dose * files["iisirekry"].capacity.value
            cost += places * 12 * 300.0 + 1000.0
        if plan and cost <= BUDGET:
            mixes.append(
                running.model_copy(
                    update={
                        "id": f"anew_{len(mixes)}",
                        "measures": running.measures | doses,
                        "files": running.files | files,
                    }
                )
            )
            euros.append(cost)
            plans.append(plan)
    assert 5 < len(plans) < 15  # the budget cuts, and leaves a choice
    work, told = np.zeros(len(mixes)), []
    for pair in range(2):
        anew = compare(
            town, mixes, replications=1, years=1, closure="R", seed=SEED_STEP + pair,
            strengths=("assumed",), placebo=False, threads=1, costs=costs,
        )  # fmt: skip
        keys = [("R", mix.id, "assumed", "cohorts") for mix in mixes]
        work += [anew.estimate(k, "work_months", "side", "target_jobseekers").mean for k in keys]
        told += [(plan, money(anew, key)) for plan, key in zip(plans, keys, strict=True)]
    work /= 2
    assert set(found.plans) == set(plans)
    at = [found.plans.index(plan) for plan in plans]
    assert found.choosing[at][:, :, WORK].mean(1) == pytest.approx(work)
    assert [found.space.cost(plan) for plan in plans] == pytest.approx(euros)
    unbeaten = {plans[i] for i in range(len(plans)) if not beaten(i, euros, work)}
    table = found.simulated()
    assert set(table["measures"][table["unbeaten"]]) == {words_of(plan) for plan in unbeaten}
    assert len(found.found) + len(found.fell_back) == len(unbeaten)
    assert {one.plan for one in found.found} <= unbeaten
    # nothing that was bought cost more than was planned
    for plan, paid in told:
        for line in paid.lines:
            if line.measure in MEASURES:
                level = dict(plan)[line.measure]
                assert line.euros.mean <= found.space.euros[line.measure, level] + 1e-6


def test_what_is_told_is_unbeaten_in_order_and_from_new_numbers(found):
    work = [one.work.mean for one in found.found]
    euros = [one.euros for one in found.found]
    assert len(work) <= 12
    assert work == sorted(work, reverse=True)
    assert not any(beaten(i, euros, work) for i in range(len(work)))
    assert max(euros, default=0) <= BUDGET
    assert "no choice is told" in found.text()  # two pairs tell nothing
    for one in found.found:
        old = found.choosing[found.plans.index(one.plan)]
        assert not np.intersect1d(one.values[:, WORK], old[:, WORK]).size
        payers = found.space.cost_by_payer(one.plan)
        assert sum(payers.values()) == pytest.approx(one.euros)
    assert len(set(found.seeds)) == 4


@pytest.mark.parametrize("spread", [0.5, 1.0, 3.0])
def test_luck_is_not_sold_as_choice(spread):
    """What is claimed of the mix that looks best comes true as often as claimed."""
    rng = np.random.default_rng(1)
    claimed, true = [], []
    for n in range(300):
        effects = spread * rng.normal(size=20)
        work = effects[:, None] + 4.0 * rng.normal(size=(20, 16))  # a mean has an error of one
        chance = chance_among_best(work, seed=n)
        assert chance.sum() == pytest.approx(3)
        best = work.mean(1).argmax()
        claimed.append(chance[best])
        true.append(best in np.argsort(-effects)[:3])
    assert np.mean(claimed) == pytest.approx(np.mean(true), abs=0.08)


def test_of_equal_mixes_none_looks_chosen():
    rng = np.random.default_rng(1)
    claimed = [
        chance_among_best(rng.normal(size=(20, 16)), seed=n).max() for n in range(300)
    ]  # fmt: skip
    assert 0.15 <= np.mean(claimed) < 0.3  # plain resampling claims two thirds


def test_a_clear_order_is_told():
    rng = np.random.default_rng(1)
    clear = np.arange(40.0)[:, None] + 0.01 * rng.normal(size=(40, 16))
    assert chance_among_best(clear, seed=1).tolist() == [0.0] * 37 + [1.0] * 3
    assert chance_among_best(clear[:2], seed=1).tolist() == [1.0, 1.0]


def test_noise_that_all_share_does_not_blur_the_order():
    rng = np.random.default_rng(2)
    shared = 100 * rng.normal(size=16)
    work = np.arange(8.0)[:, None] + shared + 1e-3 * rng.normal(size=(8, 16))
    assert chance_among_best(work, seed=1)[-3:].tolist() == [1.0] * 3


def test_a_large_space_keeps_the_best_sums_of_every_budget():
    alone = {(m, level): v for m, base in (("a", 1.0), ("b", 2.0), ("c", -4.0))
             for level, v in (("low", base), ("high", 2 * base))}  # fmt: skip
    price = {part: 1.0 + i for i, part in enumerate(alone)}
    plans = [
        tuple((m, level) for m, level in zip("abc", chosen, strict=True) if level)
        for chosen in itertools.product([None, "low", "high"], repeat=3)
    ][1:]
    euros = [sum(price[part] for part in plan) for plan in plans]
    sums = [sum(alone[part] for part in plan) for plan in plans]
    kept = shortlist(plans, alone, euros, most=8)
    assert len(kept) == 8
    assert {i for i in range(len(plans)) if not beaten(i, euros, sums)} <= set(kept)


def test_a_large_space_is_searched_by_sums_and_says_so(town, folder):
    found = optimise(
        town, BUDGET, measures=MEASURES, costs=folder / "costs.toml", replications=1, most=4,
        strength="none", threads=2,
    )  # fmt: skip
    assert len(found.plans) == 4 < found.affordable
    assert "could hide a better one" in found.text()


def test_files_can_be_compared(found, tmp_path):
    folder = found.write(tmp_path / "out")
    rows = pd.read_csv(folder / "optimise.csv")
    assert len(rows) == len(found.found) == len(list((folder / "mixes").iterdir()))
    for one in found.found:
        mix = load_mix(folder / "mixes" / f"{one.mix.id}.toml", "kokkola")
        assert mix.measures == one.mix.measures
    book = pd.read_csv(folder / "codebook.csv")
    for file in ("optimise.csv", "payers.csv", "simulated.csv"):
        header = pd.read_csv(folder / file, nrows=0)
        assert list(header) == list(book["column"][book["file"] == file])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["arguments"]["budget"] == BUDGET
    again = found.write(tmp_path / "again")
    for path in folder.rglob("*.csv"):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes()


def test_draws_change_levers_alike_in_every_mix(town, folder):
    options = {"measures": ["taite"], "replications": 1, "threads": 1}
    drawn = optimise(town, BUDGET, **options)
    assert "drawn from its range" in drawn.text()
    again = optimise(town, BUDGET, **options)
    assert np.array_equal(drawn.choosing, again.choosing)


def test_a_posterior_beside_the_place_is_used(folder):
    options = {"measures": ["taite"], "replications": 1, "threads": 1}
    plain = optimise(folder / "hamlet.toml", 30_000.0, **options)
    where = folder / "posteriors"
    where.mkdir()
    (where / "kokkola.csv").write_text("backfill\n0.2\n", encoding="utf-8")
    try:
        found = optimise(folder / "hamlet.toml", 30_000.0, **options)
        assert "from the posterior" in found.text()
        assert not np.array_equal(found.choosing, plain.choosing)
        fixed = optimise(folder / "hamlet.toml", 30_000.0, strength="assumed", **options)
        assert not fixed.over_posterior
    finally:
        (where / "kokkola.csv").unlink()
        where.rmdir()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": float("nan")}, "positive number of euros"),
        ({"budget": 10.0}, "cheapest is taite pilot"),
        ({"measures": ["coalition"]}, "--costs"),
        ({"measures": ["hiring_supports"]}, "runs in"),
        ({"measures": ["no_such"]}, "no_such"),
        ({"strength": "much"}, "--strength"),
        ({"against": "kokkola"}, "--against"),
    ],
)
def test_wrong_input_is_said_in_one_sentence(town, options, words):
    with pytest.raises(ScenarioError, match=words):
        optimise(town, **{"budget": BUDGET, "replications": 1} | options)


def test_a_price_that_counts_what_is_not_there_is_refused():
    costs = load_costs("kokkola", "kokkola")
    taite, coalition = load_measure("taite"), load_measure("coalition")
    with pytest.raises(ScenarioError, match="EUR per year"):
        planned(coalition, costs.of(taite), Dose(dose=1.0))


def test_the_command_says_what_has_no_price(folder, tmp_path, capsys):
    site, out = str(folder / "hamlet.toml"), tmp_path / "out"
    words = ["optimise", site, "--budget", "30000", "--replications", "8", "--out", str(out)]
    assert cli.main([*words, "--threads", "2"]) == 0
    told = capsys.readouterr().out
    assert "nobody has given a price: iisirekry, career_management" in told
    assert (out / "answer.txt").read_text().strip() in told
    assert COLUMNS[0] == "target_jobseekers"
    assert cli.main(["optimise", site, "--budget", "30000", "--measures", "coalition"]) == 2
