"""Stylised facts: what worlds show that nobody fitted, against the published range.

``scenarios/evidence/stylised_facts.csv`` lists the facts, ``facts_use.csv`` beside it what becomes
of each: measured, fitted, checked elsewhere, built in, recalled, not measured or still open. A
new row of the first must be classified in the second. ``python -m calibration.facts`` prints the
table of ``docs/validation.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from calibration.moments import SKIPPED, begin_today, interval
from calibration.quantities import QUANTITIES, moments_of
from calibration.table import measure
from calibration.validate import CheckRow, check
from scenarios.targets import EVIDENCE
from simulator.codes import RUNGS, Cause, Contract, Education, End, Fill, Status
from simulator.columns import Person, Post, Workplace
from simulator.ledger import RunRecord, Snapshot, derive_ledger
from simulator.markets import MARKETS, market
from simulator.town import Town
from simulator.world import Count, Total

USES = ("measured", "fitted", "elsewhere", "built_in", "recalled", "not_measured", "open")
MONTHS = 24  # counted, after SKIPPED
WORLDS = 8
# a fact is measured where it was published; those of countries without a place, at Kokkola. No fact
# is Bulgarian
PLACES = ("kokkola", "amersfoort", "evora", "lagoa", "lisbon", "pt_digital")
SCALES = {"amersfoort": 8, "lisbon": 10, "pt_digital": 200}  # one person in so many
YEAR = 12
QUITS = (Cause.JOB_ELSEWHERE, Cause.LABOUR_FORCE_EXIT, Cause.HIRE_FROM_WORKPLACE)
HIRES = (
    Fill.HIRE_FROM_WORKPLACE, Fill.HIRE_SHORT_TERM_UNEMPLOYED, Fill.HIRE_LONG_TERM_UNEMPLOYED,
    Fill.HIRE_OUTSIDE_LABOUR_FORCE, Fill.HIRE_OUTSIDE_REGION,
)  # fmt: skip
_CAUSE_AFTER = np.full(len(Fill), -1)
_CAUSE_AFTER[Fill.PROMOTION] = Cause.PROMOTION
_CAUSE_AFTER[Fill.SIDEWARD_MOVE] = Cause.SIDEWARD_MOVE
_CAUSE_AFTER[Fill.HIRE_FROM_WORKPLACE] = Cause.HIRE_FROM_WORKPLACE
MODELLED = 0.85  # of the reasons to recruit in V01 to V06: all but substitutes (V06, 0.15)


@cache
def facts() -> pd.DataFrame:
    """Return the facts with ``use``, ``places`` and ``how``, by ``fact_id``.

    Raises
    ------
    ValueError
        When a fact is not classified, or a classification has no fact or an unknown use.
    """
    rows = pd.read_csv(EVIDENCE / "stylised_facts.csv").set_index("fact_id")
    use = pd.read_csv(EVIDENCE / "facts_use.csv", keep_default_na=False).set_index("fact_id")
    missing = sorted(set(rows.index) ^ set(use.index))
    wrong = sorted(set(use["use"]) - set(USES))
    if missing or wrong or not use.index.is_unique:
        raise ValueError(
            f"facts_use.csv must say once what becomes of each row of stylised_facts.csv "
            f"({', '.join(USES)}); look at {missing + wrong}"
        )
    return rows.join(use)


@dataclass(frozen=True)
class Seen:
    """One world of a place, as far as the facts ask.

    Attributes
    ----------
    links, chains : dict of ndarray
        Ledger columns with codes; ``cause`` of each link added.
    first : int
        First month that is counted; :data:`MONTHS` follow.
    created, contract, sector : ndarray
        Of each post.
    filled : ndarray, shape (quarters + 1, workplaces)
    totals : ndarray
        Means over the counted months of ``Total``.
    months : ndarray, shape (months, len(Total))
    log_wages : ndarray, shape (sectors, rungs)
    sector_ids : tuple of str
    """

    links: dict[str, np.ndarray]
    chains: dict[str, np.ndarray]
    first: int
    created: np.ndarray
    contract: np.ndarray
    filled: np.ndarray
    months: np.ndarray
    log_wages: np.ndarray
    sector_ids: tuple[str, ...]

    @property
    def totals(self) -> np.ndarray:
        """Means over the counted months."""
        return self.months.mean(0)

    def opened(self) -> np.ndarray:
        """Return which links began in the counted months."""
        return self.links["opened_month"] >= self.first

    def closed(self, *fills: Fill) -> np.ndarray:
        """Return which links closed in the counted months by one of some fills."""
        return (self.links["closed_month"] >= self.first) & np.isin(self.links["fill"], fills)


def see(town: Town, seed: int, factor: float = 1.0, months: int = MONTHS) -> Seen:
    """Run one recorded world with the services of today under a market, and count.

    Parameters
    ----------
    factor : float
        New posts relative to the place, from the start of the world on.
    """
    start = town.start(seed, record=True)
    world, _ = begin_today(town, seed, record=True)
    w = world.columns
    at_start = Snapshot.of(
        w.people, w.posts, int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    )
    market(world, factor, SKIPPED)
    first = world.month
    world.lay_out(first, months)
    filled = []
    for month in range(months + 1):
        if month:
            world.advance(1)
        if month % 3 == 0:
            filled.append(world.columns.workplaces[Workplace.FILLED].copy())
    w = world.columns
    n, p = int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    ledger = derive_ledger(
        RunRecord(
            start.built_snapshot, at_start, start.events_settle, world.take_events(),
            w.people[:, :n], w.posts[:, :p], w.workplaces, w.policies, w.person_keys[:n],
            w.post_keys[:p], n, p,
        )
    )  # fmt: skip
    links = dict(ledger.links)
    begins = np.searchsorted(links["chain_id"], ledger.chains["chain_id"])
    cause = np.concatenate([[-1], _CAUSE_AFTER[links["fill"][:-1]]])
    cause[begins] = ledger.chains["origin"]
    links["cause"] = cause
    return Seen(
        links, ledger.chains, first, w.posts[Post.CREATED_MONTH, :p].copy(),
        w.posts[Post.CONTRACT, :p].copy(), np.array(filled),
        np.asarray(w.totals, float)[:months].copy(), town.place.log_wages, town.place.sector_ids,
    )  # fmt: skip


# ---- what one world shows --------------------------------------------------------------------


def new_post_share(seen: Seen, *sectors: str) -> float:
    """Return the share of hires that go into posts created within twelve months."""
    x = seen.links
    hired = seen.closed(*HIRES)
    if sectors:
        hired &= np.isin(x["sector"], [seen.sector_ids.index(name) for name in sectors])
    age = x["closed_month"][hired] - seen.created[x["post_row"][hired]]
    return float((age < YEAR).mean())


def opened_by(seen: Seen, *causes: Cause) -> float:
    """Return the share of advertised vacancies that some causes opened."""
    opened = seen.opened() & (seen.links["fill"] != Fill.NOT_BACKFILLED)
    return float(np.isin(seen.links["cause"][opened], causes).mean())


def refilled(seen: Seen) -> float:
    """Return the share of posts left by quitters in the first year that are filled in a year."""
    x = seen.links
    left = seen.opened() & (x["opened_month"] < seen.first + YEAR) & np.isin(x["cause"], QUITS)
    hired: dict[int, list[int]] = {}
    # a post may be withdrawn and advertised again: a later fill of the same post counts
    done = np.flatnonzero(seen.closed(Fill.PROMOTION, Fill.SIDEWARD_MOVE, *HIRES))
    for post, month in zip(x["post_row"][done], x["closed_month"][done], strict=True):
        hired.setdefault(int(post), []).append(int(month))
    return float(np.mean([
        any(month <= at <= month + YEAR for at in hired.get(int(post), ()))
        for post, month in zip(x["post_row"][left], x["opened_month"][left], strict=True)
    ]))  # fmt: skip


def quit_rate(seen: Seen, steady: bool = False) -> float:
    """Return quits per filled post and quarter; ``steady``: where filled posts did not change."""
    x = seen.links
    quits = seen.opened() & np.isin(x["cause"], QUITS)
    quarter = (x["opened_month"] - seen.first) // 3
    top = bottom = 0.0
    for q in range(len(seen.filled) - 1):
        before, after = seen.filled[q], seen.filled[q + 1]
        counted = (before == after) if steady else np.ones(len(before), bool)
        top += counted[x["workplace"][quits & (quarter == q)]].sum()
        bottom += before[counted].sum()
    return float(top / bottom)


def promotion_rate(seen: Seen) -> float:
    """Return promotions into a vacancy a year per filled post."""
    promoted = seen.closed(Fill.PROMOTION).sum()
    return float(YEAR * promoted / len(seen.months) / seen.totals[Total.EMPLOYED_HERE])


def outside_by_rung(seen: Seen) -> float:
    """Return the lowest share, over rungs, of filled vacancies that outsiders get."""
    filled = seen.closed(Fill.PROMOTION, Fill.SIDEWARD_MOVE, *HIRES)
    outside = np.isin(seen.links["fill"], HIRES)
    rung = seen.links["rung"]
    return float(min(outside[filled & (rung == r)].mean() for r in range(RUNGS)))


def fixed_term_vacancies(seen: Seen) -> float:
    """Return the share of fixed-term posts among vacancies at month ends."""
    x = seen.links
    advertised = x["fill"] != Fill.NOT_BACKFILLED
    fixed = seen.contract[x["post_row"]] == Contract.FIXED_TERM
    last = seen.first + len(seen.months)
    ends = np.where(x["fill"] == Fill.OPEN, last, x["closed_month"])
    weight = np.clip(np.minimum(ends, last) - np.maximum(x["opened_month"], seen.first), 0, None)
    weight = weight * advertised
    return float((weight * fixed).sum() / weight.sum())


def fill_hazards(seen: Seen) -> float:
    """Return the highest over the lowest sector of fills a month per open vacancy."""
    x = seen.links
    filled = seen.closed(Fill.PROMOTION, Fill.SIDEWARD_MOVE, *HIRES)
    ends = np.where(x["fill"] == Fill.OPEN, seen.first + len(seen.months), x["closed_month"])
    open_months = np.clip(ends - np.maximum(x["opened_month"], seen.first), 0, None)
    open_months = open_months * (x["fill"] != Fill.NOT_BACKFILLED)
    n = len(seen.sector_ids)
    stock = np.bincount(x["sector"], open_months, n)
    hazard = np.bincount(x["sector"][filled], minlength=n)[stock > 0] / stock[stock > 0]
    return float(hazard.max() / hazard.min())


def pay_of_long_term(seen: Seen) -> float:
    """Return mean pay of hires after a year of unemployment, relative to job changers, less one."""
    x = seen.links
    pay = np.exp(seen.log_wages[x["sector"], x["rung"]])
    long_term = pay[seen.closed(Fill.HIRE_LONG_TERM_UNEMPLOYED)].mean()
    return float(long_term / pay[seen.closed(Fill.HIRE_FROM_WORKPLACE)].mean() - 1.0)


def surplus_schooling(seen: Seen) -> float:
    """Return the share of hires on the entry rung with more than basic schooling."""
    hired = seen.closed(*HIRES) & (seen.links["rung"] == 0)
    schooling = seen.links["person_education"][hired]
    return float((schooling[schooling >= 0] > Education.BASIC).mean())


def chain_length(seen: Seen) -> float:
    """Return the mean length of closed chains that began in the first counted year."""
    c = seen.chains
    began = (c["origin_month"] >= seen.first) & (c["origin_month"] < seen.first + YEAR)
    return float(c["length"][began & (c["end"] != End.OPEN)].mean())


def unemployment(seen: Seen) -> float:
    """Return the survey unemployed (A + S)."""
    return float(seen.totals[Total.A] + seen.totals[Total.S])


def long_idle(town: Town, seed: int, months: int = 6) -> float:
    """Return hires of the registered after all had been idle two years, over hires as they are."""
    hires = []
    for idle in (False, True):
        world = town.begin(seed)
        w = world.columns
        n = int(w.counts[Count.PEOPLE])
        pool = np.isin(w.people[Person.STATUS, :n], (Status.A, Status.P))
        if idle:
            for column in (Person.IDLE_SINCE, Person.REGISTER_SINCE, Person.UNEMPLOYED_SINCE):
                w.people[column, :n][pool] = np.minimum(
                    w.people[column, :n][pool], world.month - 2 * YEAR
                )
        world.lay_out(world.month, months)
        once = np.zeros(n, bool)
        for _ in range(months):
            world.advance(1)
            once |= world.columns.people[Person.STATUS, :n] == Status.EMPLOYED
        hires.append((once & pool).sum())
    return float(hires[1] / hires[0])


PER_WORLD: dict[str, Callable[[Seen], float]] = {
    "V02": lambda s: opened_by(s, Cause.JOB_ELSEWHERE, Cause.HIRE_FROM_WORKPLACE),
    "V03": lambda s: opened_by(s, Cause.RETIREMENT),
    "V04": lambda s: opened_by(s, Cause.NEW_POST),
    "V08": new_post_share,
    "V10": lambda s: new_post_share(s, "construction"),
    "V11": lambda s: new_post_share(s, "health_social", "public_administration"),
    "V12": lambda s: opened_by(s, *QUITS),
    "V13": refilled,
    "V16": quit_rate,
    "V17": lambda s: quit_rate(s, steady=True),
    "F13": pay_of_long_term,
    "P01": promotion_rate,
    "P06": outside_by_rung,
    "D10": fixed_term_vacancies,
    "D11": fill_hazards,
}


def _monthly(row: dict[str, float], name: str) -> float:
    return 1.0 - (1.0 - QUANTITIES[name].statistic(row) / 100.0) ** (1.0 / 3.0)


PER_ROW: dict[str, Callable[[dict[str, float]], float]] = {
    "P09": lambda r: moments_of(r)["tenure"],
    "M06": lambda r: _monthly(r, "ue_quarterly_stu"),
    "M07": lambda r: _monthly(r, "ue_quarterly_ltu"),
    "M08": lambda r: _monthly(r, "ue_quarterly_ltu") / _monthly(r, "ue_quarterly_stu"),
    "M15": lambda r: QUANTITIES["ie_quarterly"].statistic(r) / 100.0,
}
SWEEP = ("C02", "F10", "M02", "E09")
POOL = ("M04",)
MEASURED = (*PER_WORLD, *PER_ROW, *SWEEP, *POOL)


def elasticities(seen: Sequence[Seen]) -> tuple[float, float]:
    """Return how hires from the register rise with the registered and with public vacancies.

    Least squares in logs over worlds in several markets, their yearly means.
    """
    rows = []
    for one in seen:
        for year in range(len(one.months) // YEAR):
            t = one.months[year * YEAR : (year + 1) * YEAR].mean(0)
            rows.append(
                (t[Total.HIRES_FROM_REGISTER], t[Total.A] + t[Total.P], t[Total.VACANT_PUBLIC])
            )
    x = np.log(np.array(rows))
    design = np.column_stack([np.ones(len(x)), x[:, 1:]])
    found = np.linalg.lstsq(design, x[:, 0], rcond=None)[0]
    return float(found[1]), float(found[2])


def jackknifed(by_seed: Sequence[Sequence[Seen]], which: int) -> list[float]:
    """Return one of :func:`elasticities`, pooled over seeds, as pseudo-values by seed."""
    n = len(by_seed)

    def pooled(left_out: int) -> float:
        return elasticities([s for k, one in enumerate(by_seed) if k != left_out for s in one])[
            which
        ]

    whole = pooled(-1)
    return [n * whole - (n - 1) * pooled(k) for k in range(n)]


# ---- all facts -----------------------------------------------------------------------------


class Fact(NamedTuple):
    """One fact at one place."""

    fact_id: str
    place: str
    quantity: str
    expected: str
    mean: float
    low: float
    high: float
    holds: bool
    detail: str


def band(fact_id: str) -> tuple[str, float, float]:
    """Return how the expected range reads, and its bounds; signs are bounds at zero."""
    row = facts().loc[fact_id]
    signs = {
        "C02": ("below 0", -np.inf, 0.0),
        "M04": ("below 1", -np.inf, 1.0),
        "P06": ("above 0 on every rung", 0.0, np.inf),
        "E09": ("above 0", 0.0, np.inf),
        "F10": ("near zero: at most 0.1 (M02)", -0.1, 0.1),
    }
    if fact_id in signs:
        return signs[fact_id]
    value, low, high = float(row["value"]), float(row["low"]), float(row["high"])
    if fact_id == "V04":
        other = facts().loc["V05"]
        value, low, high = (
            a + float(other[name])
            for a, name in ((value, "value"), (low, "low"), (high, "high"))
        )  # fmt: skip
    if fact_id in ("V02", "V03", "V04"):
        value, low, high = value / MODELLED, low / MODELLED, high / MODELLED
    return f"{value:.3g} ({low:.3g} to {high:.3g})", low, high


def _fact(fact_id: str, place: str, values: Sequence[float]) -> Fact:
    row = facts().loc[fact_id]
    expected, low, high = band(fact_id)
    mean, least, most = interval(values)
    # a sign must be told apart from none; a range must hold the mean
    if low == -np.inf:
        holds = most < high
    elif high == np.inf:
        holds = least > low
    else:
        holds = low <= mean <= high
    detail = f"{row['country']}, {row['source']}; {row['how']}"
    return Fact(fact_id, place, row["quantity"], expected, mean, least, most, bool(holds), detail)


def measured_facts(
    worlds: int = WORLDS, places: Sequence[str] = PLACES, threads: int = 2
) -> list[Fact]:
    """Measure every fact at every place where it applies.

    Parameters
    ----------
    worlds : int
        Replications; every fact of a place is read from the same worlds.
    """
    use = facts()
    found = []
    for place in places:
        ids = [
            fact_id
            for fact_id in MEASURED
            if place in use.loc[fact_id, "places"].split()
        ]  # fmt: skip
        town = Town(place, scale=SCALES.get(place))
        seeds = range(1, worlds + 1)
        markets = MARKETS if set(ids) & set(SWEEP) else {"reference": 1.0}
        with ThreadPoolExecutor(threads) as pool:
            runs: dict[str, list[Seen]] = {}
            if set(ids) & {*PER_WORLD, *SWEEP}:
                for name, factor in markets.items():
                    runs[name] = list(pool.map(lambda s, t=town, f=factor: see(t, s, f), seeds))
            rows = []
            if set(ids) & set(PER_ROW):
                rows = list(pool.map(lambda s, t=town: measure(t, s), seeds))
            pools = []
            if set(ids) & set(POOL):
                pools = list(pool.map(lambda s, t=town: long_idle(t, s), seeds))
        if runs and set(ids) & set(SWEEP):
            by_seed = list(zip(*runs.values(), strict=True))
        for fact_id in ids:
            if fact_id in PER_WORLD:
                values = [PER_WORLD[fact_id](one) for one in runs["reference"]]
            elif fact_id in PER_ROW:
                values = [PER_ROW[fact_id](row) for row in rows]
            elif fact_id == "M04":
                values = pools
            elif fact_id == "C02":
                values = [
                    float(np.polyfit([np.log(unemployment(s)) for s in one],
                                     [chain_length(s) for s in one], 1)[0])
                    for one in by_seed
                ]  # fmt: skip
            elif fact_id == "E09":
                values = [
                    surplus_schooling(a) - surplus_schooling(b)
                    for a, b in zip(runs["slack"], runs["tight"], strict=True)
                ]
            else:
                values = jackknifed(by_seed, 0 if fact_id == "M02" else 1)
            found.append(_fact(fact_id, place, values))
    return found


@check("stylised facts", quick=False, kind="stylised fact")
def stylised_facts(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Yield a row per fact and place; what is not measured is listed in the docs."""
    for fact in measured_facts():
        yield CheckRow(
            f"{fact.fact_id}, {fact.place}: {fact.quantity}", "stylised fact", fact.holds,
            fact.expected, f"{fact.mean:.3g} ({fact.low:.3g} to {fact.high:.3g})", fact.detail,
            f"stylised_facts.csv, {fact.fact_id}",
        )  # fmt: skip


def tables(found: Sequence[Fact]) -> str:
    """Return the tables of ``docs/validation.md``; what does not hold comes first."""
    lines = [
        "| fact | place | published (from) | simulated | holds | measured as |",
        "|---|---|---|---|---|---|",
    ]
    use = facts()
    for fact in sorted(found, key=lambda fact: fact.holds):
        row = use.loc[fact.fact_id]
        lines.append(
            f"| {fact.fact_id} {fact.quantity} | {fact.place} | {fact.expected} ({row['country']})"
            f" | {fact.mean:.3g} ({fact.low:.3g} to {fact.high:.3g}) |"
            f" {'yes' if fact.holds else '**no**'} | {row['how']} |"
        )
    lines += ["", "| fact | what becomes of it | why |", "|---|---|---|"]
    order = {name: at for at, name in enumerate(USES)}
    rest = use[use["use"] != "measured"].sort_values(
        "use", key=lambda s: s.map(order), kind="stable"
    )
    lines += [
        f"| {name} {row['quantity']} | {row['use'].replace('_', ' ')} | {row['how']} |"
        for name, row in rest.iterrows()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all facts and print the tables of the docs."""
    parser = argparse.ArgumentParser(prog="python -m calibration.facts", description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"default {WORLDS}")
    parser.add_argument("--place", action="append", choices=PLACES, help="default all")
    given = parser.parse_args(arguments)
    print(tables(measured_facts(given.worlds, given.place or PLACES)))


if __name__ == "__main__":
    main()
