"""What must emerge and is tuned to nothing: displacement, wasted subsidies, rotation schemes.

A check that fails here is a finding about the model, told in ``docs/validation.md``; no parameter
is moved because of it. Every number has its interval of simulation error, and a sign holds only
where the 90 % interval excludes none, as for stylised facts (:mod:`calibration.facts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calibration.validate import CheckRow, check
from scenarios.measures import Measure, load_measure, mix_of
from scenarios.trials import Study
from simulator.codes import Cause, Education, Status
from simulator.columns import Person, Post
from simulator.comparison import Estimate, estimate
from simulator.markets import MARKETS, market
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.trial import Host
from simulator.world import Count

SITE = "kokkola"
MONTHS = 24
PUBLIC = ("public_administration", "education", "health_social")
WEEKS = 52 / 12
DAYS = 365 / 12


@dataclass(frozen=True)
class Helped:
    """Months of work that help gives to those who get it, and takes from everybody else."""

    per_head: Estimate
    displacement: Estimate  # share of the direct gain that others lose


def help_some(
    town: Town, lever: str, size: float, share: float, factor: float, worlds: int, seed: int = 1
) -> Helped:
    """Give a share of all registered jobseekers one lever, and count everybody's months of work.

    Groups are fixed where the twins are equal; sums over them are compared.
    """
    measure = load_measure("taite" if lever == "search_effort" else "hiring_supports")
    found = next(item for item in measure.levers if item.lever == lever)
    always = {"onset_months": 0.0, "months_to_half": None, "months_to_zero": None,
              "by_flag": None, "applies_to": "person"}  # fmt: skip
    study = Study.model_construct(
        measure=measure.id, study="", outcome="months", compare="difference",
        horizon_months=MONTHS, centre=0.0, low=0.0, high=0.0, range_source="", horizon_source="",
        discount=1.0, control_rate=None, statuses=["A", "P"], age_min=None,
        register_months_min=None, register_months_max=None,
    )  # fmt: skip
    host = Host(
        town, measure, study, replications=worlds, share=share, seed=seed, threads=2,
        prepare=lambda world: market(world, factor),
    )  # fmt: skip
    before, after = (
        host.totals(None), host.totals(host.policy_of([found.model_copy(update=always)],
                                                      {(measure.id, lever): size})),
    )  # fmt: skip
    gain = after - before  # (worlds, 2): served, all other residents
    served = np.array([(arm == 1).sum() for arm in host.arms])
    mean, low, high = estimate(gain[:, 0] / served)
    per_head = Estimate(float(mean), float(low), float(high), worlds)
    direct = gain[:, 0].mean()
    out = np.array([-np.delete(gain[:, 1], w).mean() / np.delete(gain[:, 0], w).mean()
                    for w in range(worlds)])  # fmt: skip
    half = 1.73 * np.sqrt((worlds - 1) / worlds * ((out - out.mean()) ** 2).sum())
    share_lost = -gain[:, 1].mean() / direct if direct else np.nan
    return Helped(per_head, Estimate(share_lost, share_lost - half, share_lost + half, worlds))


def above(more: Estimate, less: Estimate) -> Estimate:
    """Return how far one estimate lies above another one from other worlds, with its interval."""
    gap = more.mean - less.mean
    half = np.hypot(more.high - more.low, less.high - less.low) / 2
    replications = min(more.replications, less.replications)
    return Estimate(gap, gap - half, gap + half, replications)


def told(found: Estimate, unit: str = "") -> str:
    """Return an estimate as text."""
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f}){unit}"


@check("displacement emerges", quick=False, kind="emergent", source="effects.csv, DP04")
def displacement(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Narrow help displaces little, broad help in a slack market more."""
    town = Town(SITE)
    narrow = help_some(town, "search_effort", 0.7, 0.05, 1.0, worlds=24)
    broad = help_some(town, "search_effort", 0.7, 0.9, MARKETS["slack"], worlds=16)
    yield CheckRow(
        "displacement: broad help in a slack market", "emergent",
        bool(broad.displacement.low > 0.5), "> 0.5 of the direct gain",
        told(broad.displacement),
        f"search help to nine in ten; {told(broad.per_head)} months a head",
    )  # fmt: skip
    yield CheckRow(
        "displacement: narrow help displaces less than broad help", "emergent",
        bool(above(broad.displacement, narrow.displacement).low > 0),
        f"below {broad.displacement.mean:.2f}",
        told(narrow.displacement), f"search help to one in twenty; {told(narrow.per_head)} a head",
    )  # fmt: skip
    yield CheckRow(
        "saturation: broad help gives less a head than narrow help", "emergent",
        bool(above(narrow.per_head, broad.per_head).low > 0),
        f"below {told(narrow.per_head)} months",
        told(broad.per_head), "DP04: the effect a head shrinks with the share treated",
    )  # fmt: skip


@check(
    "a hiring subsidy is wasted in a tight market", quick=False, kind="emergent",
    source="effects.csv, WS09",
)  # fmt: skip
def wasted_subsidy(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Compare what a subsidy at the offer does in a slack and in a tight market (WS09)."""
    town = Town(SITE)
    found = {
        name: help_some(town, "hiring_subsidy", 0.5, 0.2, factor, worlds=20)
        for name, factor in MARKETS.items()
        if name != "reference"
    }
    slack, tight = found["slack"].per_head, found["tight"].per_head
    yield CheckRow(
        "hiring subsidy: months of work a head, tight below slack", "emergent",
        bool(above(slack, tight).low > 0),
        f"below {slack.mean:.2f} ({slack.low:.2f} to {slack.high:.2f})",
        told(tight), "four times the top of the stated size, so that it can be seen",
    )  # fmt: skip


# ---- schemes that opened one post per incumbent away ------------------------------------------


@dataclass
class Scheme:
    """Substitutes of a scheme and their matched controls, over some worlds.

    Attributes
    ----------
    weeks : ndarray, shape (worlds, groups)
        Weeks sooner in ordinary work (restricted mean over the months followed).
    days : ndarray
        Fewer days registered or searching in the year from the end of the cover.
    in_work, same_workplace : ndarray
        Share of substitutes in work when hired, and at the same workplace.
    short_spell : ndarray, shape (worlds, 2)
        Share registered for less than six months: substitutes from the register, all registered.
    young : ndarray, shape (worlds, 2)
        Share below thirty: the same.
    """

    weeks: dict[str, np.ndarray]
    days: np.ndarray
    in_work: np.ndarray
    same_workplace: np.ndarray
    short_spell: np.ndarray
    young: np.ndarray
    substitutes: int


def _history(world, months: int) -> dict[str, np.ndarray]:  # noqa: ANN001
    """Advance month by month and keep who did what; rows are months, columns people."""
    n = int(world.columns.counts[Count.PEOPLE])
    kept: dict[str, list] = {
        "status": [], "cover": [], "registered": [], "workplace": [], "sector": [],
    }  # fmt: skip

    def note() -> None:
        w = world.columns
        post = w.people[Person.POST, :n]
        made = w.posts[Post.CREATED_BY][post]
        cover = (post >= 0) & ((made == Cause.COVER) | (made == Cause.LEAVE))
        kept["status"].append(w.people[Person.STATUS, :n].astype(np.int8))
        kept["cover"].append(np.where(cover, post, -1))
        kept["registered"].append(w.people[Person.REGISTER_SINCE, :n].copy())
        kept["workplace"].append(np.where(post >= 0, w.posts[Post.WORKPLACE][post], -1))
        kept["sector"].append(np.where(post >= 0, w.posts[Post.SECTOR][post], -1).astype(np.int8))

    note()
    for _ in range(months):
        world.advance(1)
        note()
    return {name: np.array(rows) for name, rows in kept.items()}


def scheme(
    name: str, worlds: int, *, places: float = 25.0, follow: int = 18, seed: int = 1
) -> Scheme:
    """Run a scheme for a year and compare its substitutes with matched controls.

    Controls were registered in the same month, for as long (in three bands), and have the same
    schooling, sex and age (three bands); they never were substitutes. That is the estimator of the
    studies, not the twin.
    """
    town = Town(SITE)
    measure: Measure = load_measure(name)
    mix = mix_of([name], SITE, months=12)
    dose = mix.measures[name]
    more = measure.capacity.model_copy(update={"value": places})  # type: ignore[union-attr]
    mix = mix.model_copy(update={"measures": {name: dose.model_copy(update={"capacity": more})}})
    duration = int(measure.duration_months.value)  # type: ignore[union-attr]
    groups = ("all", "unskilled", "skilled", "public", "private")
    weeks: dict[str, list[float]] = {group: [] for group in groups}
    days, in_work, same, short, young = [], [], [], [], []
    total = 0
    public = [town.place.sector_ids.index(sector) for sector in PUBLIC]
    months = 12 + max(follow, duration + 12)
    for replication in range(worlds):
        world = town.begin(seed * 10_000 + replication)
        world.lay_out(0, months)
        lay_out_mix(mix, town.site, town.place).install(world)
        past = _history(world, months)
        w = world.columns
        n = past["status"].shape[1]
        covered = past["cover"] >= 0
        ever = covered.any(0)
        ordinary = (past["status"] <= Status.EMPLOYED_ELSEWHERE) & ~covered
        unemployed = (past["status"] >= Status.A) & (past["status"] <= Status.S)
        education, sex = w.people[Person.EDUCATION, :n], w.people[Person.SEX, :n]
        birth = w.people[Person.BIRTH_MONTH, :n]
        gaps: dict[str, list[float]] = {group: [] for group in groups}
        fewer, was_in_work, was_same, spell, age_young = [], [], [], [], []
        pool_short, pool_young = [], []
        for person in np.flatnonzero(ever):
            start = int(covered[:, person].argmax())
            if start == 0 or start > 12 or start + max(follow, duration + 12) > months:
                continue
            before = start - 1
            state = past["status"][before, person]
            post = past["cover"][start, person]
            was_in_work.append(state <= Status.EMPLOYED_ELSEWHERE)
            was_same.append(past["workplace"][before, person] == w.posts[Post.WORKPLACE, post])
            if state not in (Status.A, Status.P):
                continue
            registered = np.isin(past["status"][before], (Status.A, Status.P))
            since = before - past["registered"][before]
            band = np.digitize(since, (6, 12))
            ages = np.digitize((before - birth) / 12, (30, 55))
            spell.append(since[person] < 6)
            age_young.append(ages[person] == 0)
            pool_short.append((since[registered] < 6).mean())
            pool_young.append((ages[registered] == 0).mean())
            like = registered & ~ever & (band == band[person]) & (ages == ages[person])
            like &= (education == education[person]) & (sex == sex[person])
            if not like.any():
                continue
            ahead = ordinary[start : start + follow]
            waited = np.where(ahead.any(0), ahead.argmax(0), follow)
            gap = (waited[like].mean() - waited[person]) * WEEKS
            after = unemployed[start + duration : start + duration + 12].sum(0)
            fewer.append((after[like].mean() - after[person]) * DAYS)
            gaps["all"].append(gap)
            low = education[person] == Education.BASIC
            gaps["unskilled" if low else "skilled"].append(gap)
            at = past["sector"][start, person] in public
            gaps["public" if at else "private"].append(gap)
        total += len(was_in_work)
        for group in groups:
            weeks[group].append(float(np.mean(gaps[group])) if gaps[group] else np.nan)
        days.append(np.mean(fewer) if fewer else np.nan)
        in_work.append(np.mean(was_in_work))
        same.append(np.mean(was_same))
        short.append((np.mean(spell), np.mean(pool_short)))
        young.append((np.mean(age_young), np.mean(pool_young)))
    return Scheme(
        {group: np.array(values) for group, values in weeks.items()}, np.array(days),
        np.array(in_work), np.array(same), np.array(short), np.array(young), total,
    )  # fmt: skip


def _of(values: np.ndarray) -> Estimate:
    mean, low, high = estimate(np.asarray(values, float))
    return Estimate(float(mean), float(low), float(high), len(values))


def _overlaps(found: Estimate, low: float, high: float) -> bool:
    return bool(found.low <= high and found.high >= low)


@check("Danish job rotation", quick=False, kind="natural experiment", source="effects.csv, RO03")
def danish(quick: bool, worlds: int = 6) -> Iterator[CheckRow]:  # noqa: ARG001
    """Two to three weeks sooner in ordinary work; the unskilled and public workplaces gain."""
    found = scheme("dk_jobrotation", worlds)
    detail = f"{found.substitutes} substitutes, matched controls, 18 months, RO03"
    gain = _of(found.weeks["all"])
    yield CheckRow("Danish rotation: weeks sooner in ordinary work", "natural experiment",
                   _overlaps(gain, 2.0, 3.0), "2 to 3", told(gain), detail)  # fmt: skip
    for better, worse in (("unskilled", "skilled"), ("public", "private")):
        gap = _of(found.weeks[better] - found.weeks[worse])
        yield CheckRow(
            f"Danish rotation: {better} gain more than {worse}", "natural experiment",
            bool(gap.low > 0), "above 0 weeks", told(gap, " weeks"),
            f"{better} {told(_of(found.weeks[better]))}, {worse} {told(_of(found.weeks[worse]))}",
        )  # fmt: skip
    gain, none = _of(found.weeks["unskilled"]), _of(found.weeks["skilled"])
    yield CheckRow(
        "Danish rotation: only the unskilled gain", "natural experiment",
        bool(gain.low > 0 and none.low <= 0), "unskilled above 0, skilled not above 0 weeks",
        f"unskilled {told(gain)}, skilled {told(none)} weeks", detail,
    )  # fmt: skip


@check(
    "Swedish leave year", quick=False, kind="natural experiment",
    source="effects.csv, RO04, RO05 and RO09",
)  # fmt: skip
def swedish(quick: bool, worlds: int = 6) -> Iterator[CheckRow]:  # noqa: ARG001
    """Compare days out of work in the year after, and who the substitutes were, with the study."""
    found = scheme("se_leave_year", worlds)
    days, share, same = _of(found.days), _of(found.in_work), _of(found.same_workplace)
    detail = f"{found.substitutes} substitutes"
    yield CheckRow("Swedish leave: fewer days without work in the year after",
                   "natural experiment", _overlaps(days, 15.0, 31.0), "23 (15 to 31)",
                   told(days),
                   f"{detail}; who came from the register, matched controls, RO04")  # fmt: skip
    yield CheckRow("Swedish leave: substitutes already in work", "natural experiment",
                   _overlaps(share, 0.4, 0.6), "0.50 (0.40 to 0.60)", told(share),
                   f"{detail}; RO05")  # fmt: skip
    yield CheckRow("Swedish leave: substitutes from the same workplace", "natural experiment",
                   _overlaps(same, 0.26, 0.46), "0.36 (0.26 to 0.46)", told(same),
                   f"{detail}; RO09")  # fmt: skip


@check(
    "Finnish job alternation leave", quick=False, kind="natural experiment",
    source="effects.csv, RO08",
)  # fmt: skip
def finnish(quick: bool, worlds: int = 6) -> Iterator[CheckRow]:  # noqa: ARG001
    """Freed posts go to the easy-to-place: young and registered for a short time (RO08)."""
    found = scheme("fi_leave", worlds)
    for name, values in (("registered below six months", found.short_spell),
                         ("below thirty", found.young)):  # fmt: skip
        gap = _of(values[:, 0] - values[:, 1])
        yield CheckRow(
            f"Finnish leave: substitutes {name}, more than the registered", "natural experiment",
            bool(gap.low > 0), "above 0", told(gap),
            f"{values[:, 0].mean():.2f} of {found.substitutes} substitutes, "
            f"{values[:, 1].mean():.2f} of the registered",
        )  # fmt: skip


__all__ = ["Helped", "Scheme", "help_some", "market", "scheme"]
