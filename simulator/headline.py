"""Headline numbers of a comparison, computed in one place for answer, report and figures.

Every number is a mean over replications with its 90 % interval (simulation error). Ratios are
formed per replication, never over a number that may be zero, and both their parts are shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from scenarios.grades import GRADES, site_grades
from scenarios.measures import Measure, Mix
from simulator.codes import label
from simulator.comparison import (
    ENOUGH_PAIRS,
    LEVEL,
    STRENGTHS,
    THIRD_YEAR,
    Comparison,
    Estimate,
    Key,
    Pair,
    estimate,
)
from simulator.groups import Side

SIDES = tuple(label(side) for side in Side)
ENTRY = "rung_0"
TAKERS = {  # who takes an entry post: fills by row
    "got_short": ("hire_short_term_unemployed",),
    "got_long": ("hire_long_term_unemployed",),
    "got_outside_labour_force": ("hire_outside_labour_force",),
    "got_outside_region": ("hire_outside_region",),
    "got_workers": ("promotion", "sideward_move", "hire_from_workplace"),
}
PROGRESS_MONTH = 36  # on a higher rung after three years
DIRECT_MONTHS = 24

# rows of each section, in the order in which they are shown
SECTIONS: dict[str, tuple[str, ...]] = {
    "people": ("served", "workplaces"),
    "placements": ("at_work", "per_100"),
    "promotions": ("supported", "additional", "anyway"),
    "entry": ("ledger", "net", "net_filled"),
    "got": ("got_target", *TAKERS, "got_all"),
    "who": (*SIDES, "everybody"),
    "direct": ("served_months", "anyway_months", "direct"),
    "direct_all": ("gross_total", "anyway_total", "direct_total", "net_total", "displaced"),
    "progress": ("progress", "progress_promotions", "progress_other", "pay_low"),
    "chain": ("openings", "chains", "length"),
    "jobs": ("rescued", "rescued_not_backfilled", "rescued_given_up", "faster", "posts", "jobs"),
}
ROWS = tuple(row for rows in SECTIONS.values() for row in rows)


@dataclass(frozen=True)
class Quantity:
    """One headline number of one arm.

    Attributes
    ----------
    id, unit : str
        Keys of the locale files (``row.*``, ``unit.*``).
    found : Estimate or None
        The number; None when it is not determined.
    reference : float or None
        The same in the reference, where it has one.
    signed : bool
        A difference (True) or a count in the mix world (False).
    """

    id: str
    unit: str
    found: Estimate | None
    reference: float | None = None
    signed: bool = True

    @property
    def shown(self) -> Estimate:
        """The number; not a number when it is not determined."""
        return self.found or Estimate(math.nan, math.nan, math.nan, 0)

    @property
    def base(self) -> float:
        """The reference; not a number where there is none."""
        return math.nan if self.reference is None else self.reference

    @property
    def is_told(self) -> bool:
        """Whether it is a difference whose interval excludes zero."""
        return self.found is not None and self.found.is_told


@dataclass(frozen=True)
class Doubt:
    """A headline number with everything drawn that nobody knows (``compare --draws``).

    Attributes
    ----------
    mix, closure, row : str
    found : Estimate
        Mean and 90 % interval over inputs and simulation; ``replications`` are draws.
    below_zero : float
        Chance over the inputs that the expected effect is below zero.
    shares : dict
        Shares of the variance of one draw: ``simulation, calibrated, prior_only, levers,
        unexplained``.
    largest : str
        Input with the largest share of its own; empty when none can be told.
    """

    mix: str
    closure: str
    row: str
    found: Estimate
    below_zero: float
    shares: dict[str, float]
    largest: str


DOUBT_SHARES = ("simulation", "calibrated", "prior_only", "levers", "unexplained")


@dataclass(frozen=True)
class Needed:
    """At which multiple of the assumed strength one more person per 100 served is at work.

    ``best`` and ``worst`` are the answers at the ends of the intervals; ``sure`` when all three
    give the same verdict.
    """

    verdict: str
    multiple: float | None
    best: tuple[str, float | None]
    worst: tuple[str, float | None]
    top: float

    @property
    def sure(self) -> bool:
        """Whether simulation noise leaves the verdict as it is."""
        return self.verdict == self.best[0] == self.worst[0]


def design_of(comparison: Comparison) -> str:
    """Return the main design that was run."""
    return "cohorts" if any(key[3] == "cohorts" for key in comparison.pairs) else "whole"


def key_of(comparison: Comparison, mix: str, strength: str, closure: str) -> Key | None:
    """Return the key of an arm in the main design, or None when it was not run."""
    key = (closure, mix, strength, design_of(comparison))
    return key if key in comparison.pairs else None


def strengths_of(comparison: Comparison, mix: str) -> list[str]:
    """Return the strengths run for a mix, in order."""
    found = {
        key[2] for key in comparison.pairs if key[1] == mix and key[3] == design_of(comparison)
    }
    return [strength for strength in STRENGTHS if strength in found]


def main_strength(comparison: Comparison, mix: str) -> str:
    """Return the assumed strength, or the only one that was run."""
    found = strengths_of(comparison, mix)
    return "assumed" if "assumed" in found else found[0]


def of_values(values: np.ndarray) -> Estimate:
    """Return the estimate of one number per replication."""
    mean, low, high = estimate(np.asarray(values, np.float64))
    return Estimate(float(mean), float(low), float(high), len(values))


def cumulated(comparison: Comparison, key: Key, months: int, what: str = "difference"):  # noqa: ANN201
    """Return a function (outcome, breakdown, group) -> numbers per replication up to a month."""

    def get(outcome: str, breakdown: str = "all", group: str = "all") -> np.ndarray:
        return comparison.values(key, (outcome, breakdown, group), 0, months, what)

    return get


def quantities(comparison: Comparison, key: Key) -> dict[str, Quantity]:
    """Return all headline numbers of an arm, by row.

    Parameters
    ----------
    comparison : Comparison
    key : tuple
        Closure, mix, strength, design.
    """
    months = comparison.horizon(key)
    change = cumulated(comparison, key, months)
    before = cumulated(comparison, key, months, "reference")
    after = cumulated(comparison, key, months, "scenario")
    rows: dict[str, Quantity] = {}

    def add(row: str, unit: str, values: np.ndarray, reference: np.ndarray | None = None) -> None:
        known = None if reference is None else float(np.mean(reference))
        rows[row] = Quantity(row, unit, of_values(values), known)

    def count(row: str, unit: str, values: np.ndarray | Estimate | float) -> None:
        if isinstance(values, float):
            values = Estimate(values, values, values, comparison.replications)
        found = values if isinstance(values, Estimate) else of_values(values)
        # a count is never below zero, whatever Student's interval says
        found = replace(found, low=max(found.low, 0.0))
        rows[row] = Quantity(row, unit, found, None, signed=False)

    served = comparison.served(key)
    count("served", "persons", served)
    count("workplaces", "number", comparison.workplaces_served(key))

    first, last = min(THIRD_YEAR[0], max(months - 12, 0)), min(THIRD_YEAR[1], months)
    at_work = ("at_work", "group", "target_jobseekers")
    add(
        "at_work", "persons",
        comparison.values(key, at_work, first, last, "difference"),
        comparison.values(key, at_work, first, last, "reference"),
    )  # fmt: skip
    found = comparison.placements_per_100(key) if served > 0 and months >= last else None
    rows["per_100"] = Quantity("per_100", "per_100", found)

    # promotions: supported ones, additional ones, and the share that would have come anyway
    supported, additional = (
        change("supported_promotions"),
        change("openings_closed", "fill", "promotion"),
    )
    count("supported", "number", supported)
    add("additional", "number", additional, before("openings_closed", "fill", "promotion"))
    rows["anyway"] = Quantity("anyway", "share", deadweight(supported, additional), None, False)

    # entry posts: attribution beside the net effect
    count("ledger", "number", change("advertised_after_supported_promotion", "rung", ENTRY))
    net = ("advertised_vacancies", "rung", ENTRY)
    add("net", "number", change(*net), before(*net))
    filled = ("filled_post_months", "rung", ENTRY)
    add("net_filled", "post-months", change(*filled), before(*filled))
    total = np.zeros(len(comparison.pairs[key]))
    total_before = total.copy()
    for row, fills in TAKERS.items():
        outcomes = [("openings_closed", "fill_and_rung", f"{fill}:{ENTRY}") for fill in fills]
        values = np.sum([change(*outcome) for outcome in outcomes], axis=0)
        reference = np.sum([before(*outcome) for outcome in outcomes], axis=0)
        add(row, "number", values, reference)
        total, total_before = total + values, total_before + reference
    add("got_all", "number", total, total_before)
    target = ("hires_of_target_group", "rung", ENTRY)
    add("got_target", "number", change(*target), before(*target))

    for side in SIDES:
        add(
            side, "person-months",
            change("work_months", "side", side), before("work_months", "side", side),
        )  # fmt: skip
    everybody = ("work_months", "all", "everybody")
    add("everybody", "person-months", change(*everybody), before(*everybody))

    _direct_rows(comparison, key, rows)

    at = min(PROGRESS_MONTH, months)
    for row, group in (("progress", "low_schooled_workers"), ("progress_other", "other_workers")):
        outcome = ("on_a_higher_rung", "group", group)
        add(
            row, "persons",
            comparison.values(key, outcome, at - 1, at, "difference"),
            comparison.values(key, outcome, at - 1, at, "reference"),
        )  # fmt: skip
    add(
        "progress_promotions", "number",
        change("promotions_of_low_schooled"), before("promotions_of_low_schooled"),
    )  # fmt: skip
    pay = ("pay", "group", "low_schooled_workers")
    add("pay_low", "EUR", change(*pay), before(*pay))

    add("openings", "number", change("advertised_vacancies"), before("advertised_vacancies"))
    add("chains", "number", change("chains_advertised"), before("chains_advertised"))
    old = _ratio(before("advertised_vacancies"), before("chains_advertised"))
    new = _ratio(after("advertised_vacancies"), after("chains_advertised"))
    if old is None or new is None:
        rows["length"] = Quantity("length", "ratio", None)
    else:
        add("length", "ratio", new - old, old)

    withdrawn = ("not_backfilled_post_months", "given_up_post_months")
    add("rescued_not_backfilled", "post-months", -change(withdrawn[0]), before(withdrawn[0]))
    add("rescued_given_up", "post-months", -change(withdrawn[1]), before(withdrawn[1]))
    add(
        "rescued", "post-months",
        -change(withdrawn[0]) - change(withdrawn[1]), before(withdrawn[0]) + before(withdrawn[1]),
    )  # fmt: skip
    add("faster", "post-months", -change("vacant_post_months"), before("vacant_post_months"))
    add("posts", "post-months", change("post_months"), before("post_months"))
    add("jobs", "post-months", change("filled_post_months"), before("filled_post_months"))
    return {row: rows[row] for row in ROWS}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray | None:
    return above / below if (below > 0).all() else None


def deadweight(supported: np.ndarray, additional: np.ndarray) -> Estimate | None:
    """Return the share of supported promotions that would have come anyway, 1 - D/S.

    None when it is not determined: the number of supported promotions may be zero, or the
    interval holds everything from none to all.
    """
    s, d = of_values(supported), of_values(additional)
    if s.mean <= 0 or not s.low > 0 or not math.isfinite(d.high - d.low):
        return None
    low, high = 1 - d.high / s.mean, 1 - d.low / s.mean
    if low <= 0 and high >= 1:
        return None
    mean, low, high = (min(max(x, 0.0), 1.0) for x in (1 - d.mean / s.mean, low, high))
    return Estimate(mean, low, high, s.replications)


def _direct_rows(comparison: Comparison, key: Key, rows: dict[str, Quantity]) -> None:
    """Add the lottery's rows; None where nobody was followed for the months needed."""
    target = comparison.direct(key, DIRECT_MONTHS, target_only=True)
    everyone = comparison.direct(key, DIRECT_MONTHS)
    n = comparison.replications

    def put(row: str, unit: str, found: Estimate | None, signed: bool) -> None:
        rows[row] = Quantity(row, unit, found, None, signed)

    def plain(found: Estimate) -> Estimate:
        return Estimate(float(found.mean), float(found.low), float(found.high), n)

    known = target["served"] > 0 and target["losers"] > 0
    per_person, served_mean = target["per_person"], float(target["served_mean"])
    put("direct", "months", plain(per_person) if known else None, True)
    put("served_months", "months", _exact(served_mean, n) if known else None, False)
    # what the served would have done: their mean less the effect, so that the rows add up
    put("anyway_months", "months", _less(served_mean, per_person, n) if known else None, False)
    known = everyone["served"] > 0 and everyone["losers"] > 0
    total = everyone["total"]
    gross = float(everyone["served_mean"]) * float(everyone["served"])
    put("gross_total", "person-months", _exact(gross, n) if known else None, False)
    put("anyway_total", "person-months", _less(gross, total, n) if known else None, False)
    put("direct_total", "person-months", plain(total) if known else None, True)
    months = min(comparison.horizon(key), PROGRESS_MONTH)
    net = comparison.estimate(key, "work_months", "all", "residents", months=months)
    put("net_total", "person-months", net, True)
    mean = total.mean - net.mean
    half = math.hypot(total.high - total.mean, net.high - net.mean)
    displaced = Estimate(float(mean), float(mean - half), float(mean + half), n)
    put("displaced", "person-months", displaced if known else None, True)


def _exact(value: float, n: int) -> Estimate:
    return Estimate(value, value, value, n)


def _less(known: float, effect: Estimate, n: int) -> Estimate:
    return Estimate(
        float(known - effect.mean), float(known - effect.high), float(known - effect.low), n
    )


# ---- three answers --------------------------------------------------------------------------


def crossing(multiples: tuple[float, ...], values: tuple[float, ...]) -> tuple[str, float | None]:
    """Return where a line through points first reaches one: verdict and multiple."""
    if values[0] >= 1:
        return "already", 0.0
    for (x, a), (y, b) in zip(
        zip(multiples, values, strict=True),
        list(zip(multiples, values, strict=True))[1:],
        strict=False,
    ):
        if a < 1 <= b:
            return "needs", x + (y - x) * (1 - a) / (b - a)
    return "never", None


def needed(comparison: Comparison, mix: str, closure: str) -> Needed:
    """Return the strength at which one more person per 100 served is at work, and how sure."""
    top = comparison.top_multiple(mix)
    if comparison.replications < ENOUGH_PAIRS:
        return Needed("few", None, ("few", None), ("few", None), top)
    verdict, multiple = ("unknown", None)
    if design_of(comparison) == "cohorts":
        verdict, multiple = comparison.multiplier(mix, closure)
    if verdict == "unknown":
        return Needed(verdict, None, (verdict, None), (verdict, None), top)
    points = [
        comparison.placements_per_100((closure, mix, strength, "cohorts")) for strength in STRENGTHS
    ]
    multiples = (0.0, 1.0, top)
    best = crossing(multiples, tuple(point.high for point in points))
    worst = crossing(multiples, tuple(point.low for point in points))
    return Needed(verdict, multiple, best, worst, top)


def contrast(comparison: Comparison, mix: str, closure: str) -> Estimate | None:
    """Return additional people at work per 100 served, assumed strength less no effect.

    Both arms are compared with the same reference, so what is peculiar to its luck cancels here:
    this is what the assumed effects add. None where one of the arms was not run.
    """
    none = key_of(comparison, mix, "none", closure)
    assumed = key_of(comparison, mix, "assumed", closure)
    if none is None or assumed is None or comparison.served(assumed) <= 0:
        return None
    at = ("at_work", "group", "target_jobseekers")
    without, with_effect = (
        comparison.values(key, at, *THIRD_YEAR, "scenario") for key in (none, assumed)
    )
    return of_values(with_effect - without).scaled(100 / comparison.served(assumed))


# ---- tables ---------------------------------------------------------------------------------


def people_per_placement(per_100: Quantity) -> tuple[float | None, float | None, float | None]:
    """Return how many must be served for one more of the target group at work in the third year.

    Returns
    -------
    (number, at least, at most)
        The inverse of ``per_100`` and of its interval. No number where the interval of ``per_100``
        holds zero, no upper end where no number may be enough; all None where none is.
    """
    found = per_100.found
    if found is None or not found.is_enough or found.high <= 0:
        return None, None, None
    told = found.low > 0
    return (
        100 / found.mean if told else None,
        100 / found.high,
        100 / found.low if told else None,
    )


# what a place itself publishes every month: row, outcome
PUBLISHED = {"seen_register": "register_months", "seen_vacancies": "vacant_public_posts"}


@dataclass(frozen=True)
class Seen:
    """Whether a mix could be seen in a monthly figure of the place.

    Attributes
    ----------
    row : str
    change : Estimate
        Mean change of the figure in the third year.
    usual : float
        Standard deviation of its change from one month to the next in the reference.
    verdict : {"seen", "unseen", "open"}
        Larger than the usual change, smaller, or not to be told.
    """

    row: str
    change: Estimate
    usual: float
    verdict: str


def seen_in_figures(comparison: Comparison, key: Key) -> list[Seen]:
    """Return whether a mix could be seen in the place's own monthly figures."""
    whole = (*key[:3], "whole")
    months = comparison.horizon(key)
    first, last = min(THIRD_YEAR[0], max(months - 12, 0)), min(THIRD_YEAR[1], months)
    # a pair of cohorts is the mean over its dates, which evens out what happens by chance
    scale = 1.0 if whole in comparison.pairs else math.sqrt(comparison.cohorts(key))
    reference = comparison.pairs[whole if whole in comparison.pairs else key]
    out = []
    for row, outcome in PUBLISHED.items():
        at = comparison.at(outcome)
        steps = np.diff([pair.reference[at] for pair in reference], axis=1)
        usual = scale * float(steps.std())
        change = of_values(
            np.mean([pair.scenario[at][first:last] - pair.reference[at][first:last]
                     for pair in comparison.pairs[key]], axis=1)
        )  # fmt: skip
        verdict = "open"
        if change.is_enough and max(-change.low, change.high) < usual:
            verdict = "unseen"
        elif change.is_enough and (change.low > usual or -change.high > usual):
            verdict = "seen"
        out.append(Seen(row, change, usual, verdict))
    return out


def headline_frame(comparison: Comparison) -> pd.DataFrame:
    """Return all headline numbers in long form (``headline.csv``).

    One row per mix, closure, strength and row; missing where not determined. Beside the rows of
    :func:`quantities`: people served per additional placement, what the assumed effects add, the
    multiple of the assumed strength that brings one more per 100, and the place's own figures.
    """
    out: list[dict[str, Any]] = []

    def add(key: Key, section: str, row: str, unit: str, reference: float | None,
            value: float | None, low: float | None, high: float | None) -> None:  # fmt: skip
        closure, mix, strength, design = key
        out.append(
            {
                "mix": mix, "against": comparison.against.id, "closure": closure,
                "strength": strength, "design": design, "section": section, "row": row,
                "unit": unit, "reference": reference, "value": value, "ci_low": low,
                "ci_high": high, "ci_level": LEVEL, "replications": comparison.replications,
            }
        )  # fmt: skip

    for key in comparison.pairs:
        if key[3] != design_of(comparison):
            continue
        found = quantities(comparison, key)
        for section, names in SECTIONS.items():
            for name in names:
                q = found[name]
                ends = (None,) * 3 if (e := q.found) is None else (e.mean, e.low, e.high)
                add(key, section, name, q.unit, q.reference, *ends)
        people = people_per_placement(found["per_100"])
        add(key, "placements", "people_per_placement", "persons", None, *people)
        for seen in seen_in_figures(comparison, key):
            e = seen.change
            add(key, "seen", seen.row, "number", seen.usual, e.mean, e.low, e.high)
        if key[2] == "assumed":
            added = contrast(comparison, key[1], key[0])
            if added is not None:
                add(key, "answer", "added", "per_100", None, added.mean, added.low, added.high)
            need = needed(comparison, key[1], key[0])
            add(key, "answer", "needed", "multiple", None, need.multiple, need.best[1],
                need.worst[1])  # fmt: skip
    return pd.DataFrame(out).replace([np.inf, -np.inf], np.nan)


def unmeasured(mix: Mix) -> list[Measure]:
    """Return the measures of a mix none of whose effects has been published."""
    return [measure for measure, _ in mix.entries if not measure.effect_published]


def served_by_measure(comparison: Comparison, key: Key, mix: Mix) -> list[tuple[Measure, float]]:
    """Return how many people or workplaces each measure served, losers of the lottery left out."""
    recruiting = [measure for measure, _ in mix.entries if measure.recruits != "place"]
    share = 1.0 / (len(comparison.pairs[key]) * comparison.cohorts(key))
    out = []
    for number, measure in enumerate(recruiting):
        rows = [
            ((pair.enrolments[:, 0] == number) & (pair.enrolments[:, 1] == 0)).sum()
            for pair in comparison.pairs[key]
        ]
        out.append((measure, float(np.sum(rows)) * share))
    return out


def surroundings_rows(
    comparison: Comparison, mix: str
) -> list[tuple[str, str, Estimate, Estimate, Estimate, str]]:
    """Return where a mix does better or worse under the surroundings than without them.

    Returns
    -------
    list of (row, closure, effect under them, effect without, paired difference, verdict)
        ``verdict`` is ``better``, ``worse``, ``not_told`` or ``few`` (too few pairs).
    """
    out = []
    strength = main_strength(comparison, mix)
    for row, outcome, window in SURROUNDINGS_OUTCOMES:
        for closure in comparison.closures:
            key = key_of(comparison, mix, strength, closure)
            if key is None:
                continue
            first, last = window or (0, comparison.horizon(key))
            found = comparison.against_plain(key, outcome, first, last)
            if found is None:
                continue
            gap = found[2]
            verdict = "not_told" if gap.is_enough else "few"
            if gap.is_told:
                verdict = "better" if gap.mean > 0 else "worse"
            out.append((row, closure, *found, verdict))
    return out


SURROUNDINGS_OUTCOMES: tuple[tuple[str, tuple[str, str, str], tuple[int, int] | None], ...] = (
    ("at_work", ("at_work", "group", "target_jobseekers"), THIRD_YEAR),
    ("target_jobseekers", ("work_months", "side", "target_jobseekers"), None),
    ("everybody", ("work_months", "all", "everybody"), None),
    ("net", ("advertised_vacancies", "rung", ENTRY), None),
)


def horizon_rows(
    comparison: Comparison, mix: str, closure: str
) -> list[tuple[int, dict[str, Quantity]]]:
    """Return the main differences of the whole horizon after 1, 2, 4, 10 years and at the end."""
    key = (closure, mix, "assumed", "whole")
    if key not in comparison.pairs:
        return []
    out = []
    for years in comparison.years_shown:
        months = 12 * years
        change = cumulated(comparison, key, months)
        before = cumulated(comparison, key, months, "reference")
        rows = {}
        for row, unit, outcome in HORIZON_OUTCOMES:
            rows[row] = Quantity(
                row, unit, of_values(change(*outcome)), float(before(*outcome).mean())
            )
        out.append((years, rows))
    return out


HORIZON_OUTCOMES = (
    ("target_jobseekers", "person-months", ("work_months", "side", "target_jobseekers")),
    ("everybody", "person-months", ("work_months", "all", "everybody")),
    ("additional", "number", ("openings_closed", "fill", "promotion")),
    ("net", "number", ("advertised_vacancies", "rung", ENTRY)),
    ("jobs", "post-months", ("filled_post_months", "all", "all")),
)


def placebo_rows(comparison: Comparison, closure: str) -> dict[str, Quantity]:
    """Return the main differences between the reference and a mix that does nothing."""
    pairs = comparison.placebo.get(closure)
    if not pairs:
        return {}
    rows = {}
    for row, unit, outcome in HORIZON_OUTCOMES:
        at = comparison.at(*outcome)
        values = np.array([(p.scenario[at] - p.reference[at]).sum() for p in pairs])
        reference = np.mean([p.reference[at].sum() for p in pairs])
        rows[row] = Quantity(row, unit, of_values(values), float(reference))
    return rows


def path_of(pairs: list[Pair], at: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high of the monthly difference of one outcome."""
    return estimate(np.array([pair.scenario[at] - pair.reference[at] for pair in pairs]))


def judged(comparison: Comparison) -> dict[str, dict[str, int]]:
    """Return how many numbers carry each grade.

    ``place``: the numbers of the site file and of behaviour there, as ``sites`` counts them;
    ``levers``: sizes of measures.
    """
    town = comparison.town
    levers = dict.fromkeys(GRADES, 0)
    for mix in comparison.mixes:
        for measure, _ in mix.entries:
            for lever in measure.levers:
                levers[lever.strength.grade] += 1
    return {"place": site_grades(town.site, town.numbers), "levers": levers}
