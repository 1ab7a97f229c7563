"""What a mix costs, what it saves, and for whom.

Costs are prices times what was bought in the mix world; savings are benefits not paid, from the
twin difference of registered months. A price that nobody gave is unknown, never zero. Ratios are
formed only where the 90 % interval of their denominator excludes zero; both parts are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from scenarios.costs import PAYERS, Costs, MeasureCost
from scenarios.measures import Dose, Measure, Mix
from simulator.comparison import LEVEL, TERM, THIRD_YEAR, Comparison, Estimate, Key, estimate

YEAR = 12


@dataclass(frozen=True)
class Ratio:
    """Euros per something gained.

    ``verdict`` is ``known``, ``not_determined`` (the interval of the gain holds zero) or
    ``costs_and_loses`` (it lies below zero); ``value`` has its interval, by leaving out one
    replication at a time, only when known.
    """

    verdict: str
    value: Estimate | None
    euros: Estimate
    gained: Estimate


@dataclass(frozen=True)
class Line:
    """One measure: what was bought and what it cost.

    Attributes
    ----------
    measure : str
    bought : Estimate
        Participants, participant-months, events or workplaces, or years, as ``unit`` says.
    unit : str
    euros : Estimate or None
        None when the price is unknown.
    low, high : float or None
        Mean cost at the ends of the price's range.
    participants : Estimate
        People (or workplaces) served.
    grade : str
        Grade of the price; ``-`` when unknown.
    """

    measure: str
    bought: Estimate
    unit: str
    euros: Estimate | None
    low: float | None
    high: float | None
    participants: Estimate
    grade: str


@dataclass(frozen=True)
class Money:
    """Costs and savings of one arm over the window of its design.

    Attributes
    ----------
    lines : list of Line
    unknown : tuple of str
        Measures whose price is unknown.
    cost, saved, net : Estimate
        Euros; ``cost`` leaves out the unknown, ``net`` is saved minus cost.
    per_placement, per_job_year, per_placement_net, per_job_year_net : Ratio
    break_even_price : Estimate or None
        Benefits saved per person served: what one participant may cost on average before the mix
        costs more than it saves. None when nobody is served.
    payback : tuple of (str, int or None)
        ``("year", n)``: by the end of year n savings have reached costs, with the interval;
        ``("not_within", years)``: they have not by the end; ``("not_determined", years)``: the
        interval holds both; ``("unknown", None)``: no price is known.
    by_payer : DataFrame
        ``payer, year, cost, saved, net`` with ``net_low, net_high``.
    """

    lines: list[Line]
    unknown: tuple[str, ...]
    cost: Estimate
    saved: Estimate
    net: Estimate
    per_placement: Ratio
    per_job_year: Ratio
    per_placement_net: Ratio
    per_job_year_net: Ratio
    break_even_price: Estimate | None
    payback: tuple[str, int | None]
    years: int
    by_payer: pd.DataFrame


def _estimate(values: np.ndarray) -> Estimate:
    mean, low, high = estimate(values)
    return Estimate(float(mean), float(low), float(high), len(values))


def ratio(euros: np.ndarray, gained: np.ndarray) -> Ratio:
    """Return euros per unit gained, both per replication; see :class:`Ratio`."""
    money, gain = _estimate(euros), _estimate(gained)
    if not gain.is_told:
        return Ratio("not_determined", None, money, gain)
    if gain.high < 0:
        return Ratio("costs_and_loses", None, money, gain)
    n = len(gained)
    mean = euros.mean() / gained.mean()
    left_out = (euros.sum() - euros) / (gained.sum() - gained)
    error = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    half = float(stdtrit(n - 1, 0.5 + LEVEL / 2) * error)
    return Ratio("known", Estimate(mean, mean - half, mean + half, n), money, gain)


def bought(
    measure: Measure, cost: MeasureCost, served: np.ndarray, active: np.ndarray
) -> tuple[np.ndarray, str]:
    """Return what the price counts, by replication and year, and the unit without ``EUR per``.

    Parameters
    ----------
    served : ndarray, shape (replications, years)
        People or workplaces that the measure took in.
    active : ndarray, shape (years,)
        Share of each year in which the measure recruits.
    """
    unit = "participant" if cost.price is None else cost.price.unit.removeprefix("EUR per ")
    if unit == "participant and month":
        months = measure.duration_months.value if measure.duration_months else 1.0
        return served * months, unit
    if unit == "event":
        size = measure.group_size.value if measure.group_size else 1.0
        return served / size, unit
    if unit == "year":
        return np.broadcast_to(active, served.shape).copy(), unit
    return served.astype(float), unit


def _served(comparison: Comparison, key: Key, years: int) -> np.ndarray:
    """Return people and workplaces served, shape (replications, measures, years)."""
    mix = _mix(comparison, key)
    found = np.zeros((len(comparison.pairs[key]), len(mix.measures), years))
    for r, pair in enumerate(comparison.pairs[key]):
        rows = pair.enrolments
        rows = rows[(rows[:, 1] == 0) & (rows[:, 0] < len(mix.measures))]
        year = np.clip(rows[:, 6] // YEAR, 0, years - 1)
        np.add.at(found, (r, rows[:, 0], year), 1.0)
    return found / comparison.cohorts(key)


def _payback(running: np.ndarray, priced: bool) -> tuple[str, int | None]:
    """Return the year in which savings reach costs; ``running`` is (replications, years)."""
    if not priced:
        return "unknown", None
    _, low, high = estimate(running)
    years = running.shape[1]
    reached = np.flatnonzero(low >= 0)
    if len(reached):
        return "year", int(reached[0]) + 1
    return ("not_within" if high[-1] < 0 else "not_determined"), years


def _mix(comparison: Comparison, key: Key) -> Mix:
    return next(mix for mix in comparison.mixes if mix.id == key[1])


def _active(dose: Dose, design: str, years: int) -> np.ndarray:
    """Return the share of each year in which a measure recruits."""
    on = np.zeros(years * YEAR)
    # a cohort's mix recruits for its term; over the whole horizon it runs to the end
    months = min(dose.months or TERM, TERM) if design == "cohorts" else len(on)
    on[dose.start_month : dose.start_month + months] = 1.0
    return on.reshape(years, YEAR).mean(1)


def _line(
    measure: Measure, cost: MeasureCost, served: np.ndarray, active: np.ndarray
) -> tuple[Line, np.ndarray]:
    """Return the line of a measure and what is known of its cost, (replications, years)."""
    units, unit = bought(measure, cost, served, active)
    fixed = (0.0 if cost.fixed is None else cost.fixed.value) * active
    spent = np.zeros(units.shape) + fixed
    euros = low = high = None
    grade = "-"
    if cost.price is not None:
        price = cost.price
        spent = spent + units * price.value
        euros, grade = _estimate(spent.sum(1)), price.grade
        mean, rest = float(units.sum(1).mean()), float(fixed.sum())
        low = mean * (price.value if price.low is None else price.low) + rest
        high = mean * (price.value if price.high is None else price.high) + rest
    line = Line(
        measure.id, _estimate(units.sum(1)), unit, euros, low, high,
        _estimate(served.sum(1)), grade,
    )  # fmt: skip
    return line, spent


def _saved(comparison: Comparison, key: Key, costs: Costs, years: int) -> dict[str, np.ndarray]:
    """Return benefits not paid by payer, each (replications, years)."""
    site = comparison.town.site
    at = comparison.at("register_months")
    pairs = comparison.pairs[key]
    change = np.array([pair.scenario[at] - pair.reference[at] for pair in pairs])
    monthly = -change * site.benefits.mean.value * costs.benefits.received.value
    found = {payer: np.zeros((len(pairs), years)) for payer in PAYERS}
    for month in range(monthly.shape[1]):
        when = site.calendar.first_month - 1 + month
        shares = costs.benefit_payers(site.calendar.first_year + when // YEAR, when % YEAR + 1)
        for payer, share in shares.items():
            found[payer][:, month // YEAR] += share * monthly[:, month]
    return found


def _by_payer(paid: dict[str, np.ndarray], saved: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return costs and savings by payer and year; payers without either are left out."""
    rows = []
    for payer in PAYERS:
        out, back = paid[payer], saved[payer]
        if not out.any() and not back.any():
            continue
        mean, low, high = estimate(back - out)
        for year in range(out.shape[1]):
            rows.append(
                (payer, year + 1, out[:, year].mean(), back[:, year].mean(),
                 mean[year], low[year], high[year])
            )  # fmt: skip
    return pd.DataFrame(
        rows, columns=["payer", "year", "cost", "saved", "net", "net_low", "net_high"]
    )


def money(comparison: Comparison, key: Key, costs: Costs) -> Money:
    """Return costs, savings and ratios of one arm.

    Parameters
    ----------
    comparison : Comparison
    key : tuple
        Closure, mix, strength, design.
    costs : Costs
        Cost table of the place.
    """
    mix = _mix(comparison, key)
    horizon = comparison.horizon(key)
    years = -(-horizon // YEAR)
    served = _served(comparison, key, years)
    lines: list[Line] = []
    paid = {payer: np.zeros((len(served), years)) for payer in PAYERS}
    people = np.zeros(len(served))
    for at, (measure, dose) in enumerate(mix.entries):
        price = costs.of(measure)
        line, spent = _line(measure, price, served[:, at], _active(dose, key[3], years))
        lines.append(line)
        for payer, share in (price.paid_by or {"unknown": 1.0}).items():
            paid[payer] += share * spent
        if measure.recruits == "person":
            people += served[:, at].sum(1)
    saved = _saved(comparison, key, costs, years)
    by_year = sum(saved.values()) - sum(paid.values())
    total, back = sum(paid.values()).sum(1), sum(saved.values()).sum(1)
    first, last = THIRD_YEAR
    placed = comparison.values(
        key, ("at_work", "group", "target_jobseekers"), first, last, "difference"
    )
    worked = comparison.values(key, ("work_months", "all", "residents"), 0, horizon, "difference")
    return Money(
        lines=lines,
        unknown=tuple(line.measure for line in lines if line.euros is None),
        cost=_estimate(total),
        saved=_estimate(back),
        net=_estimate(back - total),
        per_placement=ratio(total, placed),
        per_job_year=ratio(total, worked / YEAR),
        per_placement_net=ratio(total - back, placed),
        per_job_year_net=ratio(total - back, worked / YEAR),
        break_even_price=_estimate(back / people.mean()) if people.any() else None,
        payback=_payback(np.cumsum(by_year, axis=1), bool(total.any())),
        years=years,
        by_payer=_by_payer(paid, saved),
    )


def costs_frame(found: Money) -> pd.DataFrame:
    """Return the lines as a table: what was bought, price known or not, euros."""
    rows = []
    for line in found.lines:
        euros = line.euros
        rows.append(
            {
                "measure": line.measure,
                "participants": line.participants.mean,
                "bought": line.bought.mean,
                "unit": line.unit,
                "grade": line.grade,
                "euros": None if euros is None else euros.mean,
                "euros_at_low_price": line.low,
                "euros_at_high_price": line.high,
            }
        )
    return pd.DataFrame(rows)


__all__ = ["Line", "Money", "Ratio", "bought", "costs_frame", "money", "ratio"]
