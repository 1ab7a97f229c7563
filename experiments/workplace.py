"""``workplace``: what happens at one workplace, told from simulated workplaces like it.

Worlds are run with the services of today, with support for staff at workplaces like this one
only, and with the same support in the whole town. Staff are grouped before the worlds part, so
nobody is picked by what happened later; a workplace is never compared with itself in another
world, only numbers of workplaces are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.offers import Offer
from scenarios import ScenarioError
from scenarios.measures import Dose, Mix
from simulator.codes import RUNGS, Cause, EventKind, Fill, PostState
from simulator.columns import Event, Post, Workplace
from simulator.comparison import SEED_STEP, Estimate, estimate
from simulator.files import write_study
from simulator.groups import assign_cells, target_cells
from simulator.ledger import ROUND_BITS, Ledger, derive_ledger
from simulator.policy import lay_out_mix
from simulator.runs import recorded
from simulator.town import Town, snapshot
from simulator.world import Count
from simulator.world import Measure as Row

YEARS = (1, 3, 5)
FOLLOWED = 12  # more months, so that newcomers of the last year are followed for one
WANTED = 200  # fewer workplaces than this are too few to tell of
AIMED = 260  # workplaces for which worlds are run
LOOKED = 8  # worlds from which the number of workplaces like this one is guessed
MOST_POSTS = 0.02  # of the posts of a world: more of them would be no longer "only there"
NEAR = 0.25  # staff may differ by this share
RUNGS_APART = 0.2  # share of posts that would have to change rung
SIZES = (0, 10, 50, 250)  # lower bounds of the size classes
SIZE_NAMES = ("1-9", "10-49", "50-249", "250 and more")
SETTINGS = ("today", "there", "town", "there, top")
RUNG_NAMES = ("entry posts", "posts of rung 1", "posts of rung 2", "posts of rung 3")
WITHOUT_DATA = "wages, output and morale"

WHY = {  # cause by which a post became empty
    Cause.NEW_POST: "new post",
    Cause.RETURNED_POST: "withdrawn post returns",
    Cause.RETIREMENT: "retired, left working life, died",
    Cause.LABOUR_FORCE_EXIT: "retired, left working life, died",
    Cause.DIED: "retired, left working life, died",
    Cause.JOB_LOSS: "job loss or end of fixed term",
    Cause.FIXED_TERM_END: "job loss or end of fixed term",
    Cause.COVER: "substitute",
    Cause.LEAVE: "substitute",
    Cause.MOVED_AWAY: "moved away or to a job elsewhere",
    Cause.JOB_ELSEWHERE: "moved away or to a job elsewhere",
}
BEFORE = {  # fill of the link before: the holder moved
    Fill.PROMOTION: "promoted here",
    Fill.SIDEWARD_MOVE: "moved sideways here",
    Fill.HIRE_FROM_WORKPLACE: "left for another employer of the place",
}
WHO = {
    Fill.PROMOTION: "promoted from inside",
    Fill.SIDEWARD_MOVE: "moved sideways inside",
    Fill.HIRE_FROM_WORKPLACE: "from another employer of the place",
    Fill.HIRE_SHORT_TERM_UNEMPLOYED: "jobseeker, under 12 months",
    Fill.HIRE_LONG_TERM_UNEMPLOYED: "jobseeker, 12 months or more",
    Fill.HIRE_OUTSIDE_LABOUR_FORCE: "from outside the labour force",
    Fill.HIRE_OUTSIDE_REGION: "from outside the place",
    Fill.NOT_BACKFILLED: "nobody: never advertised",
    Fill.GIVEN_UP: "nobody: given up",
    Fill.POST_DESTROYED: "nobody: post destroyed",
}
STILL_OPEN = "still open"
JOBSEEKERS = (Fill.HIRE_SHORT_TERM_UNEMPLOYED, Fill.HIRE_LONG_TERM_UNEMPLOYED)
NEWCOMERS = (Fill.HIRE_FROM_WORKPLACE, *JOBSEEKERS, Fill.HIRE_OUTSIDE_LABOUR_FORCE,
             Fill.HIRE_OUTSIDE_REGION)  # fmt: skip
FATES = ("promoted to another post here", "moved sideways here", "left for another employer",
         "left for other reasons")  # fmt: skip
GROUPS = ("take the support up at once", "other staff")
NOTHING = (
    "no post opens and nobody is promoted",
    "nobody is promoted",
    "no entry post opens",
    "no jobseeker is hired",
)


TITLES = {  # what is told, in this order
    "nothing": "Of 10 workplaces like yours, in so many",
    "opened": "Posts that open, per 10 workplaces",
    "why": " why they open",
    "who": " who takes them",
    "months": " how long they are open",
    GROUPS[0]: "Of 100 staff who take the support up at once",
    GROUPS[1]: "Of 100 other staff",
    "newcomers": "Of 10 newcomers",
}
ORDER = {  # of the lines below a title
    "why": (*dict.fromkeys(WHY.values()), *BEFORE.values(), "other"),
    "who": (*WHO.values(), STILL_OPEN),
}


@dataclass(frozen=True)
class Like:
    """What makes a workplace like the user's; None asks nothing."""

    words: str
    sector: int | None
    staff: tuple[int, int]
    rungs: tuple[float, ...] | None = None
    leavers: tuple[float, float] | None = None

    def find(self, facts: Facts) -> np.ndarray:
        """Return the rows of the workplaces of a world that are like it."""
        low, high = self.staff
        ok = facts.own & (facts.staff >= low) & (facts.staff <= high)
        if self.sector is not None:
            ok &= facts.sector == self.sector
        if self.rungs is not None:
            shares = facts.by_rung / np.maximum(facts.by_rung.sum(0), 1)
            apart = np.abs(shares - np.array(self.rungs)[:, None]).sum(0) / 2
            ok &= apart <= RUNGS_APART
        if self.leavers is not None:
            ok &= (facts.leavers >= self.leavers[0]) & (facts.leavers <= self.leavers[1])
        return np.flatnonzero(ok)


@dataclass(frozen=True)
class Facts:
    """Workplaces of a world at month 0: staff, rungs of filled posts, leavers of a year."""

    staff: np.ndarray
    by_rung: np.ndarray
    leavers: np.ndarray
    sector: np.ndarray
    own: np.ndarray  # not part of an employer that the place file names
    posts: np.ndarray


def facts_of(world, events: np.ndarray, named: int) -> Facts:  # noqa: ANN001
    """Return what is known of each workplace; ``events`` are those before month 0."""
    w = world.columns
    p = int(w.counts[Count.POSTS])
    posts = w.posts[:, :p]
    filled = posts[Post.STATE] == PostState.FILLED
    n = w.workplaces.shape[1]
    workplace = posts[Post.WORKPLACE]
    by_rung = np.zeros((RUNGS, n))
    np.add.at(by_rung, (posts[Post.RUNG, filled], workplace[filled]), 1)
    last_year = events[events[:, Event.WHEN] >> ROUND_BITS >= -12]
    separated = last_year[last_year[:, Event.KIND] == EventKind.SEPARATED, Event.POST]
    hired_away = last_year[
        (last_year[:, Event.KIND] == EventKind.FILLED)
        & (last_year[:, Event.CAUSE] == Cause.HIRE_FROM_WORKPLACE)
        & (last_year[:, Event.FROM_POST] >= 0),
        Event.FROM_POST,
    ]
    left = workplace[np.concatenate([separated, hired_away])]
    return Facts(
        staff=by_rung.sum(0).astype(int),
        by_rung=by_rung,
        leavers=np.bincount(left, minlength=n),
        sector=w.workplaces[Workplace.SECTOR].copy(),
        own=w.workplaces[Workplace.EMPLOYER] >= named,
        posts=w.workplaces[Workplace.POSTS].copy(),
    )


def likenesses(
    town: Town, sector: str, staff: int, rungs: Sequence[int] | None, leavers: int | None
) -> list[Like]:
    """Return what a workplace may be like, from all that is known of it to its size class.

    Raises
    ------
    ScenarioError
        When the sector is unknown or the numbers contradict each other.
    """
    sectors = list(town.site.sector_ids)
    if sector not in sectors:
        raise ScenarioError(f"{town.id} has no sector '{sector}'; there are: {', '.join(sectors)}.")
    if staff < 1:
        raise ScenarioError(f"--staff is {staff}, but a workplace has at least 1.")
    if rungs is not None and (len(rungs) != RUNGS or min(rungs) < 0 or sum(rungs) != staff):
        raise ScenarioError(
            f"--rungs is {','.join(map(str, rungs))}, but must be {RUNGS} numbers, entry posts "
            f"first, that add up to --staff {staff}."
        )
    if leavers is not None and leavers < 0:
        raise ScenarioError(f"--leavers is {leavers}, but must be 0 or more a year.")
    at = sectors.index(sector)
    about = max(1, round(NEAR * staff))
    near = (max(1, staff - about), staff + about)
    size = int(np.searchsorted(SIZES, staff, side="right")) - 1
    of_class = (max(1, SIZES[size]), SIZES[size + 1] - 1 if size + 1 < len(SIZES) else 1_000_000)
    words = f"{sector}, {near[0]} to {near[1]} staff"
    found = [Like(words, at, near)]
    if rungs is not None:
        shares = tuple(rung / staff for rung in rungs)
        words += ", a ladder like yours"
        found.append(Like(words, at, near, shares))
    if leavers is not None:
        apart = max(1.0, leavers / 2)
        few, many = max(0.0, leavers - apart), leavers + apart
        words += f", {few:g} to {many:g} leavers in the year before"
        found.append(Like(words, at, near, found[-1].rungs, (few, many)))
    nearest = [
        Like(f"{sector}, {SIZE_NAMES[size]} staff", at, of_class),
        Like(f"all sectors, {SIZE_NAMES[size]} staff", None, of_class),
    ]
    return found[::-1] + nearest


def support_of(town: Town, mix: Mix) -> tuple[str, ...]:
    """Return the measures of a mix that support promotion of people at work.

    Raises
    ------
    ScenarioError
        When there are none.
    """
    policy = lay_out_mix(mix, town.site, town.place)
    found = [
        name
        for name, row in zip(policy.names, policy.measures, strict=True)
        if row[Row.SUPPORT] == 1.0 and row[Row.APPLIES_TO] == 0.0
    ]
    if not found:
        raise ScenarioError(
            f"the mix '{mix.id}' has no measure for people at work; name one with --mix."
        )
    return tuple(found)


def offered(today: Mix, mix: Mix, support: Sequence[str], strength: str) -> Mix:
    """Return today's services with the support of a mix added, without end."""
    doses = {name: Dose(dose=1.0, strength=strength) for name in support}
    return today.model_copy(
        update={
            "id": f"{today.id}_and_support",
            "measures": today.measures | doses,
            "files": today.files | {name: mix.files[name] for name in support},
        }
    )


# ---- what happened at a workplace ------------------------------------------------------------


def origins(ledger: Ledger) -> np.ndarray:
    """Return the origin of the chain of each link (codes.Cause)."""
    of = dict(
        zip(ledger.chains["chain_id"].tolist(), ledger.chains["origin"].tolist(), strict=True)
    )
    return np.array([of[chain] for chain in ledger.links["chain_id"].tolist()], np.int32)


def read_posts(links: dict[str, np.ndarray], chosen: Sequence[int], years: int) -> pd.DataFrame:
    """Return the posts that opened at some workplaces within so many years, one row each.

    Parameters
    ----------
    links
        Columns of the ledger, sorted by chain and place, and the ``origin`` of each chain.

    Returns
    -------
    DataFrame
        ``workplace, rung, why, who, months`` (open, until filled, given up or destroyed; missing
        when never advertised or still open).
    """
    end = 12 * years
    at = np.flatnonzero(
        np.isin(links["workplace"], chosen)
        & (links["opened_month"] >= 0)
        & (links["opened_month"] < end)
    )
    rows = []
    for i in at:
        first = links["place"][i] == 1
        why = (
            WHY.get(Cause(int(links["origin"][i])), "other")
            if first
            else BEFORE.get(Fill(int(links["fill"][i - 1])), "other")
        )
        fill = Fill(int(links["fill"][i]))
        done = fill != Fill.OPEN and links["closed_month"][i] < end
        opened, closed = (
            float(links[f"{what}_month"][i]) + max(0.0, links[f"{what}_round"][i] - 1) / 4
            for what in ("opened", "closed")
        )
        months = closed - opened if done and fill != Fill.NOT_BACKFILLED else np.nan
        who = WHO[fill] if done else STILL_OPEN
        rows.append((int(links["workplace"][i]), int(links["rung"][i]), why, who, months))
    return pd.DataFrame(rows, columns=["workplace", "rung", "why", "who", "months"])


def read_staff(
    events: np.ndarray, workplace_of_post: np.ndarray, staff: dict[int, int], years: int
) -> dict[int, set[str]]:
    """Return what happened to each person of the staff while at the workplace.

    Parameters
    ----------
    events
        Raw events from month 0 on.
    staff
        Workplace by person row.

    Returns
    -------
    dict
        By person row, which of :data:`FATES`; of the last two at most one.
    """
    people = np.fromiter(staff, np.int64, len(staff))
    early = events[:, Event.WHEN] >> ROUND_BITS < 12 * years
    kinds = np.isin(events[:, Event.KIND], (EventKind.FILLED, EventKind.SEPARATED))
    found: dict[int, set[str]] = {person: set() for person in staff}
    gone: set[int] = set()
    for row in events[early & kinds & np.isin(events[:, Event.PERSON], people)]:
        person = int(row[Event.PERSON])
        if person in gone:
            continue
        if row[Event.KIND] == EventKind.FILLED:
            if workplace_of_post[row[Event.POST]] == staff[person]:
                up = row[Event.CAUSE] == Cause.PROMOTION
                found[person].add(FATES[0] if up else FATES[1])
                continue
            found[person].add(FATES[2])
        else:
            elsewhere = row[Event.CAUSE] == Cause.JOB_ELSEWHERE
            found[person].add(FATES[2] if elsewhere else FATES[3])
        gone.add(person)
    return found


def read_newcomers(
    events: np.ndarray, workplace_of_post: np.ndarray, links: dict[str, np.ndarray],
    chosen: Sequence[int], years: int,
) -> dict[int, list[int]]:  # fmt: skip
    """Return by workplace how many newcomers came within so many years, and stayed a year."""
    came = np.flatnonzero(
        np.isin(links["workplace"], chosen)
        & np.isin(links["fill"], NEWCOMERS)
        & (links["closed_month"] >= 0)
        & (links["closed_month"] < 12 * years)
    )
    kinds = np.isin(events[:, Event.KIND], (EventKind.FILLED, EventKind.SEPARATED))
    moves = events[kinds & np.isin(events[:, Event.PERSON], links["person_row"][came])]
    by_person: dict[int, list[np.ndarray]] = {}
    for row in moves:
        by_person.setdefault(int(row[Event.PERSON]), []).append(row)
    found: dict[int, list[int]] = {int(w): [0, 0] for w in chosen}
    for i in came:
        workplace = int(links["workplace"][i])
        start = (int(links["closed_month"][i]) << ROUND_BITS) + int(links["closed_round"][i])
        left = any(
            start < row[Event.WHEN] <= start + (12 << ROUND_BITS)
            and (
                row[Event.KIND] == EventKind.SEPARATED
                or workplace_of_post[row[Event.POST]] != workplace
            )
            for row in by_person.get(int(links["person_row"][i]), ())
        )
        found[workplace][0] += 1
        found[workplace][1] += not left
    return found


def counted(
    record, links: dict[str, np.ndarray], chosen: Sequence[int], staff: dict[int, int],
    takers: set[int],
) -> list[tuple[int, int, str, str, float]]:  # fmt: skip  # noqa: ANN001
    """Return (years, workplace, about, what, number) of what happened at some workplaces.

    ``about`` is ``opened`` (by rung), ``why``, ``who``, ``months`` (sum and number), one of
    :data:`GROUPS` (people, and each of :data:`FATES`), ``newcomers`` (came, stayed) or
    ``nothing`` (1 where it holds).
    """
    workplace_of_post = record.posts[Post.WORKPLACE]
    rows: list[tuple[int, int, str, str, float]] = []
    for years in YEARS:
        posts = read_posts(links, chosen, years)
        fates = read_staff(record.events, workplace_of_post, staff, years)
        newcomers = read_newcomers(record.events, workplace_of_post, links, chosen, years)
        for workplace in map(int, chosen):
            own = posts[posts["workplace"] == workplace]

            def add(about: str, what: str, number: float, at=workplace, to=years) -> None:  # noqa: ANN001
                rows.append((to, at, about, what, float(number)))

            for rung, name in enumerate(RUNG_NAMES):
                add("opened", name, (own["rung"] == rung).sum())
            for about in ("why", "who"):
                numbers = own[about].value_counts()
                for what in ORDER[about]:
                    add(about, what, numbers.get(what, 0))
            ended = own["months"].dropna()
            add("months", "sum", ended.sum())
            add("months", "number", len(ended))
            promoted = 0
            for group in GROUPS:
                members = [
                    person
                    for person, where in staff.items()
                    if where == workplace and (person in takers) == (group == GROUPS[0])
                ]
                add(group, "people", len(members))
                for fate in FATES:
                    number = sum(fate in fates[person] for person in members)
                    promoted += number * (fate == FATES[0])
                    add(group, fate, number)
            add("newcomers", "came", newcomers[workplace][0])
            add("newcomers", "still there after a year", newcomers[workplace][1])
            inside = (own["who"] == WHO[Fill.PROMOTION]).sum() + promoted
            hired = own["who"].isin([WHO[fill] for fill in JOBSEEKERS]).sum()
            holds = (not len(own) and not inside, not inside, not (own["rung"] == 0).any(),
                     not hired)  # fmt: skip
            for what, true in zip(NOTHING, holds, strict=True):
                add("nothing", what, true)
    return rows


# ---- the answer ------------------------------------------------------------------------------


@dataclass
class WorkplaceView:
    """What happens at workplaces like one.

    Attributes
    ----------
    rows : DataFrame
        ``seed, setting, years, workplace, about, what, number``, see :func:`counted`.
    like, wanted : Like
        The likeness told of, and the closest one asked for.
    close : float
        Workplaces per world that are like the closest.
    """

    town: Town
    sector: str
    staff: int
    support: tuple[str, ...]
    closure: str
    seed: int
    like: Like
    wanted: Like
    close: int
    looked: int
    rows: pd.DataFrame

    @property
    def number(self) -> int:
        """Simulated workplaces told of."""
        return len(self.rows[["seed", "workplace"]].drop_duplicates())

    @property
    def seeds(self) -> list[int]:
        """Worlds, by seed."""
        return sorted(int(seed) for seed in self.rows["seed"].unique())

    @property
    def takers(self) -> int:
        """People of the staff who take the support up in the first month."""
        rows = self.rows
        own = rows[(rows["about"] == GROUPS[0]) & (rows["what"] == "people")]
        own = own[(own["setting"] == SETTINGS[0]) & (own["years"] == YEARS[0])]
        return int(own["number"].sum())

    @cached_property
    def sums(self) -> pd.DataFrame:
        """Sums by world: index (setting, years, about, what), a column per seed."""
        keys = ["setting", "years", "about", "what"]
        found = self.rows.pivot_table(
            index=keys, columns="seed", values="number", aggfunc="sum", fill_value=0.0
        )
        return found.reindex(columns=self.seeds, fill_value=0.0)

    def per_world(self, setting: str, years: int, about: str, what: str) -> np.ndarray:
        """Return the sum over the workplaces of each world."""
        key = (setting, years, about, what)
        if key in self.sums.index:
            return self.sums.loc[key].to_numpy(float)
        return np.zeros(len(self.seeds))

    def base(self, setting: str, years: int, about: str) -> tuple[np.ndarray, float]:
        """Return what a number is counted per, by world, and the number it is told for."""
        if about in GROUPS:
            return self.per_world(setting, years, about, "people"), 100.0
        if about == "months":
            return self.per_world(setting, years, about, "number"), 1.0
        if about == "newcomers":
            return self.per_world(setting, years, about, "came"), 10.0
        places = self.rows.drop_duplicates(["seed", "workplace"])["seed"].value_counts()
        return places.reindex(self.seeds).to_numpy(float), 10.0

    def told(self, setting: str, years: int, about: str, what: str) -> tuple[float, Estimate]:
        """Return a number and its difference from today, with the interval over worlds."""
        values, base, scale = {}, {}, 1.0
        for name in (setting, SETTINGS[0]):
            values[name] = self.per_world(name, years, about, what)
            base[name], scale = self.base(name, years, about)

        def ratio(name: str, keep: np.ndarray) -> float:
            return scale * values[name][keep].sum() / max(base[name][keep].sum(), 1e-9)

        n = len(self.seeds)
        every = np.ones(n, bool)
        gap = ratio(setting, every) - ratio(SETTINGS[0], every)
        # each world is left out in turn: workplaces of one world share its luck
        left = np.array(
            [ratio(setting, keep) - ratio(SETTINGS[0], keep) for keep in ~np.eye(n, dtype=bool)]
        )
        centre, low, high = estimate(n * gap - (n - 1) * left)
        found = Estimate(gap, float(low + gap - centre), float(high + gap - centre), n)
        return ratio(setting, every), found

    def frame(self) -> pd.DataFrame:
        """Return every number by setting and window, with its difference from today."""
        whats = self.rows[["about", "what"]].drop_duplicates()
        hidden = {("months", "number"), ("newcomers", "came")}
        rows = []
        for about, what in whats.itertuples(index=False):
            if (about, what) in hidden or what == "people":
                continue
            for years in YEARS:
                for setting in SETTINGS:
                    value, gap = self.told(setting, years, about, what)
                    per = {1.0: "vacancy", 10.0: "10 workplaces", 100.0: "100 people"}[
                        self.base(setting, years, about)[1]
                    ]
                    if about == "newcomers":
                        per = "10 newcomers"
                    name = "months, mean of those no longer open" if about == "months" else what
                    rows.append((about, name, per, years, setting, value, gap.mean, gap.low,
                                 gap.high, gap.is_told))  # fmt: skip
        names = ["about", "what", "per", "years", "setting", "number", "difference", "ci_low",
                 "ci_high", "told"]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    def text(self) -> str:
        """Return the answer for the screen."""
        table = self.frame()
        lines = [
            f"{self.town.site.name('en')}: a workplace of {self.sector} with {self.staff} staff "
            f"(closure {self.closure}).",
            f"Told from {self.number} simulated workplaces in {len(self.seeds)} worlds: "
            f"{self.like.words}.",
        ]
        if self.like is not self.wanted:
            lines.append(
                f"Too few like yours ({self.wanted.words}: {self.close} in {self.looked} worlds); "
                "told is the nearest class."
            )
        if self.number < WANTED:
            lines.append(
                f"Too few like yours even so: {self.number}, under {WANTED}. Read with care; more "
                "--worlds may help."
            )
        lines += [
            f"No data, so nothing is said: {WITHOUT_DATA}.",
            "",
            *self._in_short(),
            "",
            f"Support: {', '.join(self.support)}, for everybody who meets its conditions, knows "
            "of it and wants it; places without limit.",
            "today: without it. there: only at workplaces like yours (at most 2 % of the posts of "
            "a world). town: everywhere.",
            "there, top: with the top of its stated strength. *: differs from today; one in ten "
            "does so by chance.",
        ]
        if not self.takers:
            lines.append("Nobody at such a workplace takes the support up in the first month.")
        for years in YEARS:
            head = f"Within {years} year{'s' * (years > 1)}"
            lines += ["", f"{head:<48}" + "".join(f"{name:>12}" for name in SETTINGS)]
            near = table[table["years"] == years]
            for about, title in TITLES.items():
                if about == GROUPS[0] and not self.takers:
                    continue
                lines.append(title)
                own = near[near["about"] == about]
                for what, cells in own.groupby("what", sort=False):
                    told = {row.setting: row for row in cells.itertuples()}
                    words = "".join(
                        f"{told[s].number:>11.1f}{'*' if told[s].told else ' '}" for s in SETTINGS
                    )
                    lines.append(f"  {what:<46}{words}")
        return "\n".join(lines)

    def _in_short(self) -> list[str]:
        """Return the answer in three sentences, for the middle window."""
        years = YEARS[1]
        promotions = WHO[Fill.PROMOTION]
        nothing, nobody = (self.told(SETTINGS[0], years, "nothing", x)[0] for x in NOTHING[:2])
        lines = [
            f"Of 10 workplaces like yours, within {years} years as today: in {nothing:.1f} nothing "
            f"changes (no post opens, nobody is promoted); in {nobody:.1f} nobody is promoted."
        ]
        for setting, words in ((SETTINGS[1], "only there"), (SETTINGS[2], "in the whole town")):
            cells = []
            for about, what, name in (
                ("who", promotions, "vacancies filled by promotion"),
                ("opened", RUNG_NAMES[0], "entry posts opening"),
            ):
                found = self.told(setting, years, about, what)[1]
                verdict = "" if found.is_told else ", cannot be told from none"
                cells.append(
                    f"{found.mean:+.1f} {name} ({found.low:+.1f} to {found.high:+.1f}{verdict})"
                )
            lines.append(f"Support {words} adds per 10 workplaces: {'; '.join(cells)}.")
        return lines

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``workplace.csv``, ``workplaces.csv`` (counts of each), the answer, the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_study(
            folder,
            force,
            {"workplace": self.frame(), "workplaces": self.rows},
            self.text(),
            command=f"workplace {self.town.id} --sector {self.sector} --staff {self.staff} "
            f"--closure {self.closure} --seed {self.seed}",
            seeds=self.seeds,
            scenario_hash=self.town.scenario_hash(),
            site=self.town.id,
            support=list(self.support),
            like=self.like.words,
        )


def sample(facts: Facts, found: np.ndarray, seed: int) -> np.ndarray:
    """Return workplaces that hold at most 2 % of all posts together, but at least one."""
    order = np.random.default_rng(seed).permutation(found)
    within = np.cumsum(facts.posts[order]) <= MOST_POSTS * facts.posts.sum()
    within[:1] = True
    return np.sort(order[within])


def workplace(
    site: str | Path | Town,
    sector: str,
    staff: int,
    *,
    rungs: Sequence[int] | None = None,
    leavers: int | None = None,
    mix: str | Path | Mix | None = None,
    worlds: int = 40,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> WorkplaceView:
    """Tell what happens at workplaces like one, with and without support for its staff.

    Parameters
    ----------
    staff : int
        People at work there.
    rungs : sequence of int, optional
        Of them on each rung, entry posts first.
    leavers : int, optional
        People who left in the last year.
    mix : str, Path or Mix, optional
        The mix whose support for people at work is offered; default: the place's.
    worlds : int
        Worlds run at most.

    Raises
    ------
    ScenarioError
        When the sector is unknown, the numbers contradict each other, or the mix supports
        nobody at work.
    """
    town = site if isinstance(site, Town) else Town(site)
    ladder = likenesses(town, sector, staff, rungs, leavers)
    named = len(town.site.employers)
    chosen = town.mix(mix if mix is not None else town.site.default_mix)
    support = support_of(town, chosen)
    today = town.reference()
    mixes = {
        SETTINGS[0]: today,
        SETTINGS[1]: offered(today, chosen, support, "assumed"),
        SETTINGS[2]: offered(today, chosen, support, "assumed"),
        SETTINGS[3]: offered(today, chosen, support, "top"),
    }
    first = seed * SEED_STEP
    workers = threads or os.cpu_count() or 1

    def look(number: int) -> Facts:
        start = town.start(first + number, record=True)
        return facts_of(start.world, start.events_settle, named)

    def samples(facts: Facts, number: int) -> list[np.ndarray]:
        return [sample(facts, like.find(facts), first + number) for like in ladder]

    def one_world(number: int) -> list[tuple]:
        start = town.start(first + number, record=True)
        facts = facts_of(start.world, start.events_settle, named)
        places = samples(facts, number)[level]
        if not len(places):
            return []
        takers: set[int] = set()
        rows = []
        for setting in (SETTINGS[1], *(name for name in SETTINGS if name != SETTINGS[1])):
            world = town.begin(first + number, closure=closure, record=True)
            policy = lay_out_mix(mixes[setting], town.site, town.place)
            if setting != SETTINGS[0]:
                policy = Offer.of(policy, support)
                if setting != SETTINGS[2]:
                    policy.only_at(world, places)
            policy.install(world)
            months = 12 * YEARS[-1] + FOLLOWED
            world.lay_out(0, months, assign_cells(world, town.site), target_cells())
            at_start = snapshot(world)
            world.advance(months)
            record = recorded(start, at_start, world)
            held = np.flatnonzero(at_start.post >= 0)
            where = record.posts[Post.WORKPLACE, at_start.post[held]]
            mine = np.isin(where, places)
            staff_of = dict(zip(held[mine].tolist(), where[mine].tolist(), strict=True))
            if setting == SETTINGS[1]:  # fixed in the month in which the worlds part
                events = record.events
                entered = events[
                    (events[:, Event.KIND] == EventKind.ENROLLED)
                    & (events[:, Event.WHEN] >> ROUND_BITS == 0)
                ]
                own = [world.policy.names.index(name) for name in support]
                entered = entered[np.isin(entered[:, Event.MEASURE], own)]
                takers = set(entered[:, Event.PERSON].tolist())
            ledger = derive_ledger(record)
            links = ledger.links | {"origin": origins(ledger)}
            rows += [
                (first + number, setting, *row)
                for row in counted(record, links, places, staff_of, takers)
            ]
        return rows

    with ThreadPoolExecutor(workers) as pool:
        looked = min(LOOKED, worlds)
        seen = list(pool.map(look, range(looked)))
        numbers = np.array(
            [[len(x) for x in samples(facts, k)] for k, facts in enumerate(seen)]
        ).sum(0)
        enough = np.flatnonzero(numbers * worlds >= WANTED * looked)
        level = int(enough[0]) if len(enough) else len(ladder) - 1
        per_world = max(numbers[level] / looked, 1e-9)
        needed = int(min(worlds, max(looked, np.ceil(AIMED / per_world))))
        rows = []
        for number, found in enumerate(pool.map(one_world, range(needed))):
            rows += found
            if progress is not None:
                progress(number + 1, needed)
    if not rows:
        raise ScenarioError(f"{town.id} has no workplace of this size; try another --staff.")
    names = ["seed", "setting", "years", "workplace", "about", "what", "number"]
    return WorkplaceView(
        town, sector, staff, support, closure, seed, ladder[level], ladder[0], int(numbers[0]),
        looked, pd.DataFrame(rows, columns=names),
    )  # fmt: skip


__all__ = ["WorkplaceView", "workplace"]
