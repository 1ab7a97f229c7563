"""From a mix of measures to the tables that kernels read: reach, places, levers, conditions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from scenarios.conditions import Clause, WorkplaceClause
from scenarios.measures import Dose, Measure, Mix, Partners, load_partners
from scenarios.measures import Lever as FileLever
from scenarios.schema import Site
from simulator.agents.partner import known_share, places_share
from simulator.codes import Cause, Education, Sex
from simulator.engine import MonthlyPolicy, Place, World
from simulator.enrolment import FOREVER
from simulator.world import ClauseColumn, Columns, Count, Help, Lever, Shift
from simulator.world import Measure as Row

KINDS = {"jobseeker": 0, "worker": 1, "employer": 2, "coordination": 3}
ETA = 0.10  # share of the lottery that is never served (docs/model.md section 7)
ALL = (1 << 62) - 1
SIZES = {"micro": 0, "small": 1, "medium": 2, "large": 3}
PERSON_LEVERS = {
    name: Help[name.upper()]
    for name in (
        "search_effort",
        "search_effectiveness",
        "mood",
        "competence",
        "learning",
        "stigma",
        "penalty",
        "hiring_subsidy",
        "meetings",
        "visibility",
        "separation_after_hire",
        "fixed_term_conversion",
        "ambition",
        "promotion_readiness",
        "hours",
    )  # fmt: skip
}
WORKPLACE_LEVERS = {
    name: Shift[name.upper()]
    for name in (
        "penalty",
        "hiring_standard",
        "internal_first",
        "retention_first",
        "backfilling",
        "new_entry_posts",
        "visibility",
        "fixed_term_conversion",
        "separation_after_hire",
        "ambition",
        "promotion_readiness",
    )  # fmt: skip
}
# a workplace with one of these supports promotion: its promotions count as supported
PROMOTION_LEVERS = ("ambition", "promotion_readiness", "internal_first", "retention_first")
PLACE_LEVERS = ("awareness", "access", "engagement", "interaction")


def clause_row(clause: Clause, place: Place) -> np.ndarray:
    """Return one clause about a person as the numbers that kernels read.

    Raises
    ------
    ValueError
        When a name does not exist in the place (checked earlier for files).
    """

    def mask(names: Sequence[str], of: Sequence[str]) -> int:
        return sum(1 << of.index(name) for name in names)

    statuses = ("employed", "employed_elsewhere", "A", "P", "S", "N")
    row = np.zeros(len(ClauseColumn), np.int64)
    row[ClauseColumn.STATUSES] = mask(clause.statuses or statuses, statuses)
    row[ClauseColumn.SEXES] = mask(
        clause.sexes or ("female", "male"), [s.name.lower() for s in Sex]
    )
    levels = [e.name.lower() for e in Education]
    row[ClauseColumn.EDUCATION] = mask(clause.education or levels, levels)
    row[ClauseColumn.AGE_MIN] = 0 if clause.age_min is None else clause.age_min
    row[ClauseColumn.AGE_MAX] = 200 if clause.age_max is None else clause.age_max
    row[ClauseColumn.BARRIERS_ANY] = mask(clause.barriers_any or (), place.barriers)
    row[ClauseColumn.BARRIERS_ALL] = mask(clause.barriers_all or (), place.barriers)
    row[ClauseColumn.BARRIERS_AT_LEAST] = clause.barriers_at_least or 0
    row[ClauseColumn.BARRIERS_COUNTED] = place.barriers_counted
    row[ClauseColumn.MONTHS_OUT_MIN] = math.ceil(clause.months_out_of_work_min or 0)
    row[ClauseColumn.MONTHS_REGISTER_MIN] = math.ceil(clause.months_in_register_min or 0)
    row[ClauseColumn.RESIDENT] = -1 if clause.resident is None else int(clause.resident)
    row[ClauseColumn.RUNGS] = sum(1 << rung for rung in clause.rungs or ())
    tenure = clause.tenure_months_max
    row[ClauseColumn.TENURE_MAX] = -1 if tenure is None else math.floor(tenure)
    row[ClauseColumn.SECTORS] = (
        ALL if clause.sectors is None else mask(clause.sectors, place.sector_ids)
    )
    row[ClauseColumn.FIRST_JOB] = -1 if clause.first_job is None else int(clause.first_job)
    return row


def workplace_clause_row(clause: WorkplaceClause, place: Place, site: Site) -> np.ndarray:
    """Return one clause about a workplace as the numbers that kernels read."""
    row = np.zeros(len(ClauseColumn), np.int64)
    row[ClauseColumn.SECTORS] = (
        ALL
        if clause.sectors is None
        else sum(1 << place.sector_ids.index(name) for name in clause.sectors)
    )
    row[ClauseColumn.SIZE_CLASSES] = (
        0b1111
        if clause.size_classes is None
        else sum(1 << SIZES[name] for name in clause.size_classes)
    )
    employers = [employer.id for employer in site.employers]
    row[ClauseColumn.EMPLOYERS] = sum(1 << employers.index(name) for name in clause.employers or ())
    row[ClauseColumn.POSTS_MIN] = clause.posts_min or 0
    return row


class _Reach(NamedTuple):
    """Who knows of each measure, its places a month, and who with a barrier can use it."""

    rows: list[int]
    known: list[float]
    places: list[float]
    access: np.ndarray


@dataclass
class Policy:
    """A mix laid out for one world: constant tables, and what changes from month to month.

    Attributes
    ----------
    measures, levers, clauses : ndarray
        Tables of :mod:`simulator.world`.
    names : tuple
        Measures by position (people and workplaces; not those that act on the place).
    """

    mix: Mix
    names: tuple[str, ...]
    measures: np.ndarray
    levers: np.ndarray
    clauses: np.ndarray
    access: np.ndarray
    start: int
    partners: Partners
    place: Place
    place_levers: list[tuple[Dose, FileLever, float]] = field(default_factory=list)
    # the partners and levers of the place of the last month, and the reach that follows
    _last: tuple[Partners, dict[str, float], _Reach] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def apply(self, columns: Columns, month: int) -> None:
        """Set reach and places of a month (awareness, engagement and access may change)."""
        now = {name: 0.0 for name in PLACE_LEVERS}
        for dose, lever, size in self.place_levers:
            now[lever.lever] += size * dose.dose * self._left(dose, lever, month)
        last = self._last
        if last is None or last[0] is not self.partners or last[1] != now:
            last = self._last = (self.partners, now, self._reach(now))
        reach = last[2]
        columns.measures[reach.rows, Row.KNOWN] = reach.known
        columns.measures[reach.rows, Row.PLACES] = reach.places
        columns.measures[:, Row.INTERACTION] = now["interaction"]
        columns.access[:] = reach.access

    def _reach(self, now: dict[str, float]) -> _Reach:
        """Return who is reached when the levers on the place have these sizes."""
        measures = [measure for measure, _ in self.mix.entries if measure.recruits != "place"]
        reachable = access(self.partners, self.place, now["engagement"])
        return _Reach(
            rows=[self.names.index(measure.id) for measure in measures],
            known=[
                self._known(measure, now["awareness"], now["engagement"]) for measure in measures
            ],
            places=[self._places(measure, now["engagement"]) for measure in measures],
            access=np.clip(reachable + now["access"] * (1.0 - reachable), 0.0, 1.0),
        )

    def _left(self, dose: Dose, lever: FileLever, month: int) -> float:
        """Return which share of a lever on the place acts: whole while it runs, then fading."""
        since = month - self.start - dose.start_month
        if since < lever.onset_months:
            return 0.0
        if dose.months is None or since < dose.months:
            return 1.0
        if lever.months_to_half is None and lever.months_to_zero is None:
            return 0.0
        return lever.share_left(since - dose.months + lever.onset_months)

    def _known(self, measure: Measure, awareness: float, engagement: float) -> float:
        own = getattr(self.partners.awareness, _group(measure)).value + awareness
        referrals = []
        for kind in measure.referred_by:
            partner = self.partners.partners.get(kind)
            if partner is None or _group(measure) not in partner.serves:
                continue
            links = [
                self.partners.link(kind, other)
                for other in measure.delivered_by
                if other in self.partners.partners
            ]
            referrals.append(
                (
                    partner.reach.value,
                    min(1.0, partner.engagement.value * (1.0 + engagement)),
                    max(links, default=self.partners.default_link.value),
                )
            )
        return min(1.0, max(0.0, known_share(min(1.0, own), referrals)))

    def _places(self, measure: Measure, engagement: float) -> float:
        planned = self.mix.places_per_month(measure.id) / self.place.scale
        if not measure.delivered_by:
            return planned
        return planned * places_share(
            (share, partner.capacity.value, min(1.0, partner.engagement.value * (1.0 + engagement)))
            for kind, share in measure.delivered_by.items()
            if (partner := self.partners.partners.get(kind)) is not None
        )

    def install(
        self,
        world: World,
        *,
        shadow: bool = False,
        placebo: bool = False,
        running: Iterable[str] = (),
    ) -> World:
        """Give a world this mix from its next month on; return the world.

        What an earlier mix began is carried to its end: its participants keep their help, and it
        recruits on only where this mix has the same measure.

        Parameters
        ----------
        shadow : bool
            Recruit and give nothing: no lever, no lock-in, nobody left out by the lottery.
        placebo : bool
            As shadow, and re-key the draws of each participant on entry.
        running
            Measures that the reference has too: they are real even in a shadow or placebo.
        """
        policy = self if world.policy is None else self._after(world.policy, world.columns)
        measures = policy.measures.copy()
        if shadow or placebo:
            own = set(self.names) - set(running)  # what an earlier mix began stays real
            idle = np.array([name in own for name in policy.names], dtype=bool)
            measures[idle, Row.EFFECTIVE] = 0.0
            measures[idle, Row.NEVER_SERVED] = 0.0
        world._replace(
            measures=measures,
            levers=policy.levers.copy(),
            clauses=policy.clauses.copy(),
            access=policy.access.copy(),
        )
        world.columns.counts[Count.PLACEBO] = int(placebo)
        world.policy = policy
        return world

    def _after(self, earlier: MonthlyPolicy, columns: Columns) -> Policy:
        """Return this mix laid out behind an earlier one whose participants are still there."""
        measures = columns.measures.copy()
        measures[:, Row.END] = np.minimum(measures[:, Row.END], self.start)
        added = self.measures.copy()
        added[:, [Row.LEVER_START, Row.LEVER_END]] += len(earlier.levers)
        for column in (
            Row.CLAUSE_START, Row.CLAUSE_END, Row.WORKPLACE_CLAUSE_START, Row.WORKPLACE_CLAUSE_END
        ):  # fmt: skip
            added[:, column] += len(earlier.clauses)
        names = list(earlier.names)
        rows = list(measures)
        for name, row in zip(self.names, added, strict=True):
            if name in names:
                rows[names.index(name)] = row
            else:
                names.append(name)
                rows.append(row)
        return replace(
            self,
            names=tuple(names),
            measures=np.array(rows).reshape(-1, len(Row)),
            levers=np.concatenate([earlier.levers, self.levers]),
            clauses=np.concatenate([earlier.clauses, self.clauses]),
        )


def _group(measure: Measure) -> str:
    """Return who has to know of a measure: jobseekers, workers or employers."""
    if measure.recruits != "person":
        return "employer"
    asked = [clause.statuses or () for clause in measure.eligibility or ()]
    at_work = all(s and set(s) <= {"employed", "employed_elsewhere"} for s in asked)
    return "worker" if asked and at_work else "jobseeker"


def access(partners: Partners, place: Place, engagement: float = 0.0) -> np.ndarray:
    """Return the share of people with each barrier of a place that can use a measure.

    The best accompanying partner makes good part of what a barrier costs.
    """
    share = np.ones(len(place.barriers))
    for flag, loss in partners.access_loss.items():
        if flag not in place.barriers:
            continue
        good = max(
            (
                partner.accompaniment.value
                * min(1.0, partner.engagement.value * (1.0 + engagement))
                for partner in partners.partners.values()
                if flag in partner.accompanies
            ),
            default=0.0,
        )
        share[place.barriers.index(flag)] = 1.0 - loss.value * (1.0 - good)
    return share


def _lever_size(lever: FileLever, dose: Dose, scale: float) -> float:
    """Return a lever's size: published effects as assumed, others by strength and scale."""
    if lever.published:
        return lever.at("assumed", dose.fidelity)
    size = lever.at(dose.strength, dose.fidelity)
    low, high = sorted((lever.strength.low, lever.strength.high))
    return min(max(size * scale, low), high) if scale != 1.0 else size


def lay_out_mix(
    mix: Mix,
    site: Site,
    place: Place,
    *,
    start: int = 0,
    scale: float = 1.0,
    eta: float = ETA,
    partners: Partners | None = None,
    sizes: dict[tuple[str, str], float] | None = None,
) -> Policy:
    """Lay a mix out for the kernels.

    Parameters
    ----------
    mix : Mix
    site, place : Site, Place
    start : int
        Month that the mix calls month 0 (the date of a cohort).
    scale : float
        Factor on the levers of measures without published effect, kept within their ranges.
    eta : float
        Share of the lottery that is never served.
    sizes : dict, optional
        Sizes by (measure, lever) instead of the files' (draws, break-even).

    Returns
    -------
    Policy
    """
    partners = (partners or load_partners()).changed_by(mix)
    measures: list[np.ndarray] = []
    levers: list[np.ndarray] = []
    clauses: list[np.ndarray] = []
    names: list[str] = []
    place_levers: list[tuple[Dose, FileLever, float]] = []

    def add_clauses(rows: list[np.ndarray]) -> tuple[int, int]:
        first = len(clauses)
        clauses.extend(rows)
        return first, len(clauses)

    for measure, dose in mix.entries:
        own = []
        covers = 0.0
        for lever in measure.levers:
            size = _lever_size(lever, dose, scale)
            if sizes is not None:
                size = sizes.get((measure.id, lever.lever), size)
            if lever.applies_to == "place":
                if lever.lever in PLACE_LEVERS:
                    place_levers.append((dose, lever, size))
                continue
            if size == 0.0:
                continue
            if measure.cover is not None and lever.lever == "new_entry_posts":
                covers = size
                continue
            table = PERSON_LEVERS if lever.applies_to == "person" else WORKPLACE_LEVERS
            row = np.zeros(len(Lever))
            row[Lever.KIND] = table[lever.lever]
            if lever.applies_to == "workplace":
                row[Lever.ON_WORKPLACE] = 1.0
                if lever.lever == "penalty" and lever.stage == "written":
                    row[Lever.KIND] = Shift.PENALTY_WRITTEN
            row[Lever.SIZE] = size
            row[Lever.ONSET] = lever.onset_months
            half, zero = lever.months_to_half, lever.months_to_zero
            row[Lever.HALF] = FOREVER if half is None else half
            row[Lever.ZERO] = FOREVER if zero is None else zero
            row[Lever.FLAG] = -1.0
            if lever.by_flag is not None and lever.by_flag.flag in place.barriers:
                row[Lever.FLAG] = place.barriers.index(lever.by_flag.flag)
                row[Lever.WITH_FLAG] = lever.by_flag.with_flag
                row[Lever.WITHOUT_FLAG] = lever.by_flag.without_flag
            own.append(row)
        if measure.recruits == "place":
            continue
        row = np.zeros(len(Row))
        row[Row.KIND] = KINDS[measure.kind]
        row[Row.APPLIES_TO] = 0.0 if measure.recruits == "person" else 1.0
        row[Row.START] = start + dose.start_month
        row[Row.END] = FOREVER if dose.months is None else start + dose.start_month + dose.months
        months = measure.duration_months.value if measure.duration_months else 1.0
        row[Row.DURATION] = max(1.0, round(months))
        row[Row.LOCK_IN] = 1.0 if measure.lock_in is None else max(measure.lock_in.value, 1e-6)
        row[Row.DROP_OUT] = 0.0 if measure.drop_out is None else measure.drop_out.value
        share = 0.5 if measure.take_up is None else measure.take_up.value
        share = min(max(share, 1e-6), 1.0 - 1e-6)
        row[Row.TAKE_UP] = math.log(share / (1.0 - share))
        row[Row.MOOD_SLOPE] = partners.motivation.mood.value
        row[Row.AMBITION_SLOPE] = partners.motivation.ambition.value
        row[Row.NEVER_SERVED] = eta
        row[Row.EFFECTIVE] = 1.0
        row[Row.CLAUSE_START], row[Row.CLAUSE_END] = add_clauses(
            [clause_row(clause, place) for clause in measure.eligibility or [Clause()]]
        )
        row[Row.WORKPLACE_CLAUSE_START], row[Row.WORKPLACE_CLAUSE_END] = add_clauses(
            [workplace_clause_row(clause, place, site) for clause in measure.workplaces or ()]
        )
        row[Row.NUMBER] = measure.key
        promotes = any(lever.lever in PROMOTION_LEVERS for lever in measure.levers)
        row[Row.SUPPORT] = float(
            measure.kind == "worker"
            or (measure.kind == "employer" and measure.recruits == "workplace" and promotes)
        )
        row[Row.GROUP_SIZE] = 1.0 if measure.group_size is None else measure.group_size.value
        if measure.demonstration is not None:
            row[Row.DEMONSTRATION] = measure.demonstration.value
        if measure.cover is not None:
            row[Row.COVER_SHARE] = covers * measure.cover.per_participant.value
            row[Row.COVER_ORIGIN] = Cause[measure.cover.origin.upper()]
            asks = measure.cover.registered_months
            row[Row.COVER_ASKS] = 0.0 if asks is None else 1.0 + math.ceil(asks.value)
        row[Row.LEVER_START] = len(levers)
        levers.extend(own)
        row[Row.LEVER_END] = len(levers)
        measures.append(row)
        names.append(measure.id)
    return Policy(
        mix=mix,
        names=tuple(names),
        measures=np.array(measures).reshape(-1, len(Row)),
        levers=np.array(levers).reshape(-1, len(Lever)),
        clauses=np.array(clauses, np.int64).reshape(-1, len(ClauseColumn)),
        access=access(partners, place),
        start=start,
        partners=partners,
        place=place,
        place_levers=place_levers,
    )


def target_clauses(site: Site, place: Place, group: str | None = None) -> np.ndarray:
    """Return the condition of a group of the place (default: the headline group)."""
    chosen = site.target_group if group is None else site.group(group)
    return np.array([clause_row(clause, place) for clause in chosen.any], np.int64)


__all__ = ["ETA", "Policy", "lay_out_mix", "target_clauses"]
