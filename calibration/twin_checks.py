"""Size tests of the comparison: placebo, a measure that does nothing, lottery against shadow.

They ask whether intervals are as wide as they say, on the real place with its real mix. The naive
figure (participants compared with themselves in the twin) stands beside, to show why it is never
used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from calibration.validate import CheckRow, check
from scenarios.measures import Dose, Mix, load_measure
from simulator.columns import Person
from simulator.comparison import estimate
from simulator.engine import World
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import series
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Count, Enrolment
from simulator.world import Measure as Row

SEED = 7_000_000
LATE = 24  # month in which the measure that does nothing starts
HEADLINES = (
    ("work_months", "side", "target_jobseekers"),
    ("work_months", "all", "residents"),
    ("filled_post_months", "all", "all"),
    ("advertised_vacancies", "rung", "rung_0"),
    ("openings_closed", "fill", "promotion"),
)


def _map(function, seeds: range) -> list:  # noqa: ANN001
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, seeds))


def placebo_differences(town: Town, mix: Mix, pairs: int, months: int = 24) -> np.ndarray:
    """Return differences of headline outcomes in placebo twins, shape (pairs, outcomes)."""

    def one(replication: int) -> list[float]:
        base = town.begin(SEED + replication)
        cells = assign_cells(base, town.site)
        base.lay_out(0, months, cells, target_cells())
        fake = base.copy()
        lay_out_mix(mix, town.site, town.place).install(fake, placebo=True)
        names, reference = series(base.advance(months))
        values = series(fake.advance(months))[1]
        keys = [(n.outcome, n.breakdown, n.group) for n in names]
        gap = (values - reference).sum(1)
        return [float(gap[keys.index(key)]) for key in HEADLINES]

    return np.array(_map(one, range(pairs)))


def excluding_zero(differences: np.ndarray, pairs_each: int) -> np.ndarray:
    """Return the share of intervals that exclude zero, by outcome, over disjoint sets of pairs."""
    sets = differences[: len(differences) // pairs_each * pairs_each]
    sets = sets.reshape(-1, pairs_each, differences.shape[1])
    out = np.array([[low > 0 or high < 0 for low, high in zip(*estimate(s)[1:], strict=True)]
                    for s in sets])  # fmt: skip
    return out.mean(0)


@check("placebo", quick=False, kind="size", source="intervals of 90 % miss one time in ten")
def placebo(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Intervals of a placebo exclude zero as often as they say."""
    town = Town("kokkola")
    differences = placebo_differences(town, town.mix(town.site.default_mix), 800)
    shares = excluding_zero(differences, 4)
    for (outcome, _, group), share in zip(HEADLINES, shares, strict=True):
        yield CheckRow(
            f"placebo: {outcome} ({group})",
            "size",
            0.05 <= share <= 0.16,
            "0.05 to 0.16",
            float(share),
            "share of 200 intervals at 90 %, four pairs each, that exclude zero after 24 months",
        )


def with_do_nothing(mix: Mix) -> Mix:
    """Return the mix with one more measure that recruits jobseekers late and gives nothing."""
    nothing = load_measure("taite").model_copy(
        update={"id": "do_nothing", "levers": [], "lock_in": None, "drop_out": None}
    )
    dose = Dose(dose=1.0, start_month=LATE, months=12)
    return mix.model_copy(
        update={
            "measures": {**mix.measures, "do_nothing": dose},
            "files": {**mix.files, "do_nothing": nothing},
        }
    )


def _work_by_month(world: World, months: int) -> np.ndarray:
    """Run a world; return cumulative months in work at each month end, (months + 1, people)."""
    rows = []
    for _ in range(months):
        world.advance(1)
        n = int(world.columns.counts[Count.PEOPLE])
        rows.append(world.columns.people[Person.WORK_MONTHS, :n].copy())
    wide = np.zeros((months + 1, len(rows[-1])), np.int32)
    for month, row in enumerate(rows, start=1):
        wide[month, : len(row)] = row
    return wide


def do_nothing_figures(town: Town, mix: Mix, worlds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return naive and lottery figures of a measure that does nothing, months in work in a year.

    Returns
    -------
    naive, lottery : ndarray, shape (worlds,)
        Participants in the mix world minus the same people in the reference; served minus losers
        in the mix world.
    """
    full = with_do_nothing(mix)
    months = LATE + 24

    def one(replication: int) -> tuple[float, float]:
        base = town.begin(SEED + replication)
        base.lay_out(0, months, assign_cells(base, town.site), target_cells())
        at_start = int(base.columns.counts[Count.PEOPLE])
        world = base.copy()
        policy = lay_out_mix(full, town.site, town.place, eta=0.3)
        policy.install(world)
        here = _work_by_month(world, months)
        there = _work_by_month(base, months)
        w = world.columns
        rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
        rows = rows[:, rows[Enrolment.MEASURE] == world.measure_names.index("do_nothing")]
        who, start = rows[Enrolment.WHO], rows[Enrolment.START]
        keep = (start + 12 <= months) & (who < there.shape[1])
        who, start, loser = who[keep], start[keep], rows[Enrolment.LOSER][keep] == 1
        in_mix = here[start + 12, who] - here[start, who]
        in_twin = there[start + 12, who] - there[start, who]
        # rows of people who came later may differ between the worlds: people of the start only
        known = who < at_start
        served = ~loser
        naive = (in_mix - in_twin)[served & known].mean()
        return float(naive), float(in_mix[served].mean() - in_mix[loser].mean())

    found = np.array(_map(one, range(worlds)))
    return found[:, 0], found[:, 1]


@check(
    "a measure that does nothing", quick=False, kind="size",
    source="a measure without levers has no effect",
)  # fmt: skip
def do_nothing(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Find nothing by lottery, and something by the naive comparison."""
    town = Town("kokkola")
    naive, lottery = do_nothing_figures(town, town.mix(town.site.default_mix), 60)
    mean, low, high = estimate(lottery)
    yield CheckRow(
        "a measure that does nothing, by lottery", "size", bool(low <= 0 <= high), "none",
        float(mean), f"months in work in a year, 90 % interval {low:.2f} to {high:.2f}",
        interval=f"{low:.2f} to {high:.2f}, 90 %",
    )  # fmt: skip
    mean, low, high = estimate(naive)
    yield CheckRow(
        "the same, participants against themselves in the twin", "size", bool(high < 0),
        "below none (the naive figure is wrong)",
        float(mean), f"months in work in a year, 90 % interval {low:.2f} to {high:.2f}",
        interval=f"{low:.2f} to {high:.2f}, 90 %",
    )  # fmt: skip


def lottery_and_shadow(
    town: Town, mix: Mix, worlds: int, eta: float = 0.10, last: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return direct effects by lottery and by shadow enrolment, months in work in a year.

    Parameters
    ----------
    last : bool
        Only people recruited in the second half of the year (else the first half).
    """

    def mean_work(world: World, loser: int) -> float:
        w = world.columns
        rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
        people = w.measures[rows[Enrolment.MEASURE], Row.APPLIES_TO] == 0.0
        start = rows[Enrolment.START]
        half = (start >= 0) & ((start >= 6) == last)
        rows = rows[:, people & half & (rows[Enrolment.LOSER] == loser)]
        return float(rows[Enrolment.WORK_12].mean())

    def one(replication: int) -> tuple[float, float]:
        base = town.begin(SEED + replication)
        base.lay_out(0, 25, assign_cells(base, town.site), target_cells())
        world, shadow = base.copy(), base.copy()
        policy = lay_out_mix(mix, town.site, town.place, eta=eta)
        policy.install(world)
        policy.install(shadow, shadow=True)
        world.advance(25)
        shadow.advance(25)
        served = mean_work(world, 0)
        return served - mean_work(world, 1), served - mean_work(shadow, 0)

    found = np.array(_map(one, range(worlds)))
    return found[:, 0], found[:, 1]


@check(
    "lottery and shadow enrolment", quick=False, kind="size",
    source="both estimate the same direct effect",
)  # fmt: skip
def shadow(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Two ways to the direct effect agree, early and late; so do three shares of the lottery."""
    town = Town("kokkola")
    mix = town.mix(town.site.default_mix).at_strength("top")
    for last in (False, True):
        lottery, by_shadow = lottery_and_shadow(town, mix, 60, last=last)
        mean, low, high = estimate(lottery - by_shadow)
        yield CheckRow(
            f"lottery minus shadow enrolment, {'late' if last else 'early'} recruits", "size",
            bool(low <= 0 <= high), "none", float(mean),
            f"months in work in a year, 90 % interval {low:.2f} to {high:.2f}; "
            f"direct {lottery.mean():.2f} and {by_shadow.mean():.2f}",
            interval=f"{low:.2f} to {high:.2f}, 90 %",
        )  # fmt: skip
    effects = {eta: lottery_and_shadow(town, mix, 40, eta=eta)[0] for eta in (0.05, 0.10, 0.20)}
    means = {eta: estimate(values) for eta, values in effects.items()}
    widest = max(m[1] for m in means.values())
    narrow = min(m[2] for m in means.values())
    yield CheckRow(
        "direct effect with 5, 10 and 20 % never served", "size", bool(widest <= narrow),
        "intervals overlap",
        " / ".join(f"{m[0]:.2f}" for m in means.values()), "months in work in a year",
    )  # fmt: skip
