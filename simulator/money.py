"""What a mix costs, what it saves, and for whom.

Costs and savings are both differences between the mix world and its reference: prices times what
was bought more (a service that the mix cuts is bought less), and benefits not paid, from the twin
difference of registered months. A price that nobody gave is unknown, never zero. Ratios are formed
only where the 90 % interval of their denominator excludes zero; both parts are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from scenarios.costs import PAYERS, Costs, MeasureCost, people_per_event
from scenarios.measures import Dose, Measure, Mix
from simulator.codebook import FILES
from simulator.comparison import (
    DATES,
    ENOUGH_PAIRS,
    LEVEL,
    TERM,
    THIRD_YEAR,
    Comparison,
    Estimate,
    Key,
    estimate,
    in_force,
)

YEAR = 12


@dataclass(frozen=True)
class Ratio:
    """Euros per something gained.

    ``verdict`` is ``known``, ``not_determined`` (the interval of the gain holds zero), or, where
    it lies below zero, ``costs_and_loses`` or ``saves_and_loses``; ``value`` has its interval, by
    leaving out one replication at a time, only when known.
    """

    verdict: str
    value: Estimate | None
    euros: Estimate
    gained: Estimate


@dataclass(frozen=True)
class Line:
    """One measure: what was bought more than in the reference, and what that cost.

    Attributes
    ----------
    measure : str
    bought : Estimate
        Participants, participant-months, events or workplaces, or years, as ``unit`` says.
    unit : str
    cost : MeasureCost
        Price and fixed costs; the price is None when unknown.
    euros : Estimate or None
        None when the price is unknown.
    low, high : float or None
        Mean cost at the ends of the price's range.
    participants : Estimate
        People (or workplaces) served more.
    highest : Estimate or None
        The highest price per ``per`` at which the mix pays for itself, all other known prices as
        they are and unknown ones at nothing; None when the mix buys no more of the measure.
    per : str
        ``person``, ``workplace``, or ``year`` for a measure that recruits nobody.
    running : bool
        Whether the reference runs it at the same dose: only who happens to be served differs.
    by_year : DataFrame
        ``year, bought, participants, fixed, cost``; ``cost`` is null when the price is unknown.
    """

    measure: str
    bought: Estimate
    unit: str
    cost: MeasureCost
    euros: Estimate | None
    low: float | None
    high: float | None
    participants: Estimate
    highest: Estimate | None
    per: str
    running: bool
    by_year: pd.DataFrame

    @property
    def grade(self) -> str:
        """Grade of the price; ``-`` when unknown."""
        return "-" if self.cost.price is None else self.cost.price.grade


@dataclass(frozen=True)
class Money:
    """Costs and savings of one arm over the window of its design.

    Attributes
    ----------
    lines : list of Line
        Measures of the mix, and those of the reference of which it buys more or less.
    priced : bool
        Whether any price is known.
    unknown : tuple of str
        Measures of which the mix world buys more or less, and whose price is unknown.
    cost, saved, net : Estimate
        Euros more than in the reference; ``cost`` leaves out the unknown, ``net`` is saved minus
        cost.
    benefit : float
        Euros of benefits in a registered month.
    per_placement, per_job_year, per_placement_net, per_job_year_net : Ratio
    break_even_price : Estimate or None
        Benefits saved per person served more: what one participant may cost on average before the
        mix costs more than it saves. None when no more people are served.
    payback : tuple of (str, int or None)
        ``("year", n)``: by the end of year n savings have reached costs, with the interval;
        ``("not_within", years)``: they have not by the end; ``("not_determined", years)``: the
        interval holds both; ``("few", years)``: too few pairs; ``("no_outlay", years)``: it costs
        no more than the reference; ``("unpriced", n)``: the known prices say so, but n are
        unknown; ``("unknown", None)``: no price is known.
    by_payer : DataFrame
        ``payer, year, cost, saved, net`` with ``net_low, net_high``.
    """

    lines: list[Line]
    priced: bool
    unknown: tuple[str, ...]
    cost: Estimate
    saved: Estimate
    net: Estimate
    benefit: float
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
        word = "costs_and_loses" if money.mean >= 0 else "saves_and_loses"
        return Ratio(word, None, money, gain)
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

    Both are counted as differences from the reference, so they may be below zero.
    """
    if cost.price is not None:
        unit = cost.price.unit.removeprefix("EUR per ")
    else:  # counted by what it takes in
        unit = {"person": "participant", "workplace": "workplace"}.get(measure.recruits, "year")
    if unit == "participant and month":
        months = measure.duration_months.value if measure.duration_months else 1.0
        return served * months, unit
    if unit == "event":
        return served / (people_per_event(measure, cost) or 1.0), unit
    if unit == "year":
        return np.broadcast_to(active, served.shape).copy(), unit
    return served.astype(float), unit


def _payback(
    running: np.ndarray, priced: bool, unknown: int, outlay: float
) -> tuple[str, int | None]:
    """Return the year in which savings reach costs; ``running`` is (replications, years)."""
    if not priced:
        return "unknown", None
    years = running.shape[1]
    if len(running) < ENOUGH_PAIRS:
        return "few", years
    if outlay <= 0:  # an unknown price is not zero: what it buys may cost more than is spared
        return ("unpriced", unknown) if unknown else ("no_outlay", years)
    _, low, high = estimate(running)
    reached = np.flatnonzero(low >= 0)
    if len(reached):
        return "year", int(reached[0]) + 1
    return ("not_within" if high[-1] < 0 else "not_determined"), years


def _mix(comparison: Comparison, key: Key) -> Mix:
    return next(mix for mix in comparison.mixes if mix.id == key[1])


def _months_on(dose: Dose | None, start: int, months: int) -> np.ndarray:
    """Return in which months after a date a measure that began at ``start`` recruits, 0 or 1."""
    on = np.zeros(months)
    if dose is not None:
        first = start + dose.start_month
        last = months if dose.months is None else max(0, first + dose.months)
        on[max(0, first) : last] = 1.0
    return on


def _active(comparison: Comparison, key: Key, measure: str, years: int) -> np.ndarray:
    """Return the share of each year in which a measure recruits, mix less reference."""
    mix, theirs = _mix(comparison, key), comparison.against.measures
    cohorts = key[3] == "cohorts"
    ours = in_force(mix, theirs, TERM if cohorts else None).get(measure)
    dates = DATES if cohorts else (0,)
    on = _months_on(ours, 0, years * YEAR)
    on = on - np.mean([_months_on(theirs.get(measure), -d, years * YEAR) for d in dates], axis=0)
    return on.reshape(years, YEAR).mean(1)


@dataclass(frozen=True)
class _Bought:
    """What one measure was bought more, (replications, years), and what is known of its cost."""

    measure: Measure
    cost: MeasureCost
    served: np.ndarray
    active: np.ndarray
    units: np.ndarray
    unit: str

    @property
    def fixed(self) -> np.ndarray:
        """Fixed costs, (years,)."""
        return (0.0 if self.cost.fixed is None else self.cost.fixed.value) * self.active

    @property
    def priced(self) -> np.ndarray:
        """Price times what was bought; zero where the price is unknown."""
        return self.units * (0.0 if self.cost.price is None else self.cost.price.value)

    @property
    def spent(self) -> np.ndarray:
        """All that is known."""
        return self.priced + self.fixed


def _buy(comparison: Comparison, key: Key, measure: Measure, costs: Costs, years: int) -> _Bought:
    cost = costs.of(measure)
    at = comparison.bought.index(measure.id)
    taken = np.array([pair.taken_in[:, at] for pair in comparison.pairs[key]])
    served = taken[:, 1] - taken[:, 0]
    active = _active(comparison, key, measure.id, years)
    units, unit = bought(measure, cost, served, active)
    return _Bought(measure, cost, served, active, units, unit)


def _runs_on(measure: str, mix: Mix, against: Mix) -> bool:
    """Return whether a mix leaves a service of the reference as it is."""
    dose = against.measures.get(measure)
    return dose is not None and mix.measures.get(measure) == dose


def _line(own: _Bought, saved: np.ndarray, total: np.ndarray, running: bool) -> Line:
    """Return the line of a measure; ``saved`` and the ``total`` cost are by replication."""
    euros = low = high = None
    price = own.cost.price
    if price is not None:
        euros = _estimate(own.spent.sum(1))
        mean, rest = float(own.units.sum(1).mean()), float(own.fixed.sum())
        ends = (price.value if end is None else end for end in (price.low, price.high))
        low, high = sorted(mean * end + rest for end in ends)
    by_place = own.measure.recruits == "place"
    many = float(own.active.sum()) if by_place else float(own.served.sum(1).mean())
    rest_of_mix = total - own.priced.sum(1)
    by_year = pd.DataFrame(
        {
            "year": np.arange(1, own.units.shape[1] + 1),
            "bought": own.units.mean(0),
            "participants": own.served.mean(0),
            "fixed": own.fixed,
            "cost": None if price is None else own.spent.mean(0),
        }
    )
    return Line(
        measure=own.measure.id,
        bought=_estimate(own.units.sum(1)),
        unit=own.unit,
        cost=own.cost,
        euros=euros,
        low=low,
        high=high,
        participants=_estimate(own.served.sum(1)),
        highest=_estimate((saved - rest_of_mix) / many) if many > 0 and not running else None,
        running=running,
        per="year" if by_place else own.measure.recruits,
        by_year=by_year,
    )


def _saved(comparison: Comparison, key: Key, costs: Costs, years: int) -> dict[str, np.ndarray]:
    """Return benefits not paid by payer, each (replications, years)."""
    calendar = comparison.town.site.calendar
    at = comparison.at("register_months")
    pairs = comparison.pairs[key]
    change = np.array([pair.scenario[at] - pair.reference[at] for pair in pairs])
    monthly = -change * _benefit(comparison, costs)
    found = {payer: np.zeros((len(pairs), years)) for payer in PAYERS}
    dates = DATES if key[3] == "cohorts" else (0,)
    for month in range(monthly.shape[1]):
        for date in dates:
            when = calendar.first_month - 1 + date + month
            shares = costs.benefit_payers(calendar.first_year + when // YEAR, when % YEAR + 1)
            for payer, share in shares.items():
                found[payer][:, month // YEAR] += share * monthly[:, month] / len(dates)
    return found


def _benefit(comparison: Comparison, costs: Costs) -> float:
    """Return the benefits of a registered month, EUR."""
    return float(comparison.town.site.benefits.mean.value * costs.benefits.received.value)


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


def money(comparison: Comparison, key: Key, costs: Costs | None = None) -> Money:
    """Return costs, savings and ratios of one arm.

    Parameters
    ----------
    comparison : Comparison
    key : tuple
        Closure, mix, strength, design.
    costs : Costs, optional
        Cost table of the place; default: that of the comparison.
    """
    costs = comparison.costs if costs is None else costs
    mix = _mix(comparison, key)
    horizon = comparison.horizon(key)
    years = -(-horizon // YEAR)
    basket = [_buy(comparison, key, m, costs, years) for m in comparison.bought_by(mix)]
    paid = {payer: np.zeros((len(comparison.pairs[key]), years)) for payer in PAYERS}
    people = np.zeros(len(comparison.pairs[key]))
    for own in basket:
        for payer, share in (own.cost.paid_by or {"unknown": 1.0}).items():
            paid[payer] += share * own.spent
        if own.measure.recruits == "person":
            people += own.served.sum(1)
    saved = _saved(comparison, key, costs, years)
    by_year = sum(saved.values()) - sum(paid.values())
    total, back = sum(paid.values()).sum(1), sum(saved.values()).sum(1)
    first, last = THIRD_YEAR
    placed = comparison.values(
        key, ("at_work", "group", "target_jobseekers"), first, last, "difference"
    )
    worked = comparison.values(key, ("work_months", "all", "residents"), 0, horizon, "difference")
    # what the reference has too is left out where exactly as much of it was bought
    lines = [
        _line(own, back, total, _runs_on(own.measure.id, mix, comparison.against))
        for own in basket
        if own.measure.id in mix.measures or own.units.any() or own.fixed.any()
    ]
    priced = any(own.cost.price is not None or own.cost.fixed is not None for own in basket)
    unknown = tuple(line.measure for line in lines if line.euros is None)
    running = np.cumsum(by_year, axis=1)
    return Money(
        lines=lines,
        priced=priced,
        unknown=unknown,
        cost=_estimate(total),
        saved=_estimate(back),
        net=_estimate(back - total),
        benefit=_benefit(comparison, costs),
        per_placement=ratio(total, placed),
        per_job_year=ratio(total, worked / YEAR),
        per_placement_net=ratio(total - back, placed),
        per_job_year_net=ratio(total - back, worked / YEAR),
        break_even_price=_estimate(back / people.mean()) if people.mean() > 0 else None,
        payback=_payback(running, priced, len(unknown), float(total.mean())),
        years=years,
        by_payer=_by_payer(paid, saved),
    )


def _arms(comparison: Comparison):  # noqa: ANN202
    """Yield what names an arm in the tables, and its money."""
    for key in comparison.pairs:
        names = dict(zip(("closure", "mix", "strength", "design"), key, strict=True))
        yield {"mix": key[1], "against": comparison.against.id, **names}, money(comparison, key)


def costs_frame(comparison: Comparison) -> pd.DataFrame:
    """Return what was bought more, by measure and year of every arm (``costs.csv``)."""
    frames = []
    for names, found in _arms(comparison):
        for line in found.lines:
            price = line.cost.price
            frames.append(
                line.by_year.assign(
                    **names,
                    measure=line.measure,
                    unit=line.unit,
                    price=None if price is None else price.value,
                    price_low=None if price is None else price.low,
                    price_high=None if price is None else price.high,
                    grade=None if price is None else price.grade,
                )
            )
    names = [column.name for column in FILES["costs.csv"]]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
    numbers = ["bought", "participants", "price", "price_low", "price_high", "fixed", "cost"]
    return frame[names].astype(dict.fromkeys(numbers, float))


def money_frame(comparison: Comparison) -> pd.DataFrame:
    """Return costs and savings by payer and year of every arm (``money.csv``)."""
    frames = [
        found.by_payer.rename(columns={"net_low": "ci_low", "net_high": "ci_high"}).assign(
            **names, benefit=found.benefit, ci_level=LEVEL, replications=comparison.replications
        )
        for names, found in _arms(comparison)
    ]
    names = [column.name for column in FILES["money.csv"]]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
    return frame[names].replace([np.inf, -np.inf], np.nan)


__all__ = ["Line", "Money", "Ratio", "bought", "costs_frame", "money", "money_frame", "ratio"]
