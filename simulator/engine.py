"""Assemble a world from a place, run it month by month, copy it, grow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from scenarios import Site
from simulator.agents.workplace import destroyed_on_average
from simulator.build import working_shares
from simulator.chance import key_hash
from simulator.codes import RUNGS, Cause, Contract, EventKind, PostState, Status
from simulator.columns import Event, Person, Post, Workplace
from simulator.compile import kernel
from simulator.demography import AGES, demography, retired_shares, single_years
from simulator.handle import Handle, handle
from simulator.month import advance_month
from simulator.moves import enter_register, link_to_workplace
from simulator.parameters import Par
from simulator.record import RING, count_everybody
from simulator.settling import POSTS_FROM, count_as_built
from simulator.world import (
    ALWAYS,
    BY_ENTITY,
    DECAY_MONTHS,
    DISTANCE_MONTHS,
    LONGEST_SHORTLIST,
    OF_MEN,
    Block,
    ClauseColumn,
    Columns,
    Count,
    Enrolment,
    Flow,
    Head,
    Help,
    Lever,
    Measure,
    Plan,
    Recent,
    Scalar,
    Sector,
    Shift,
    Snapshot,
    Stock,
    Stratum,
    Table,
    Tally,
    Total,
)

ROUNDS = 4
MONTHS_SETTLED = 36
LEFT_BEFORE_THE_END = 0.09  # holders of short posts who leave before terms end in the month
MONTHS_NORMAL = 24  # last months of settling from which Q0 and the normal slack are read
CLOSING_COLUMNS = 2 + LONGEST_SHORTLIST
NOT_IN_SPELL = -1000000
FEWEST_MONTHS = 3  # after which one can tell how many rows more will be needed
GROWTH = 1.3  # rows laid out when some are missing, so that they are for a few years
# what has a row per person or post (lists of the active ones apart)
BY_PERSON = (
    "people", "traits", "person_hash", "person_keys", "snapshots", "place_of_person",
    "register", "served",
)  # fmt: skip
BY_POST = ("posts", "post_hash", "post_keys", "place_of_post")
MUTABLE_SHARED = frozenset({"templates", "template_start", "par", "ages", "sectors", "log_wages",
                            "penalties", "penalty_of_flags", "entrants", "scalars",
                            "workplace_hash"})  # fmt: skip


class EngineError(RuntimeError):
    """An invariant of the engine was broken: a defect of the program, not of the input."""


@dataclass(frozen=True)
class Place:
    """The numbers of a place as kernels need them (tables indexed by age, sector, barrier)."""

    par: np.ndarray
    scalars: np.ndarray
    ages: np.ndarray
    sectors: np.ndarray
    log_wages: np.ndarray
    penalties: np.ndarray
    entrants: np.ndarray
    barriers: tuple[str, ...]
    sector_ids: tuple[str, ...]
    barriers_counted: int
    rounds: int = ROUNDS
    scale: int = 1  # one simulated person stands for so many


def place_of(
    site: Site, par: np.ndarray, penalties: np.ndarray, rounds: int = ROUNDS, scale: int = 1
) -> Place:
    """Return the tables of a place.

    Parameters
    ----------
    site : Site
    par : ndarray, shape (len(Par),)
    penalties : ndarray, shape (barriers,)
        Written-stage penalties in score units, in order of the barriers of the site file.
    rounds : int
        Hiring rounds a month.
    scale : int
        How many people one person of this (already scaled) place stands for.
    """
    demographic = demography(site)
    barriers = tuple(site.barrier_ids)
    movers = demographic.move_in_per_month
    away = demographic.move_out_per_month
    tied = min(max(par[Par.MOVE_IN_WORK], 0.0), 1.0)
    at_work = working_shares(site)
    ages = np.zeros((2 * len(Table), AGES))
    for sex in range(2):
        own = ages[sex * OF_MEN : (sex + 1) * OF_MEN]
        own[Table.DIES] = demographic.death_per_month
        # who has a post here moves away less often, the others more: the mean is the place's
        stays = np.where(at_work[sex] > 0, tied, 1.0)
        own[Table.MOVES_AWAY_IN_WORK] = away[sex] * stays
        own[Table.MOVES_AWAY] = away[sex] * (1.0 - stays * at_work[sex]) / (1.0 - at_work[sex])
        own[Table.RETIRES] = demographic.retire_per_month[sex]
        own[Table.MOVES_IN] = np.cumsum(movers[sex]) / max(movers[sex].sum(), 1e-12)
    leavers = demographic.leavers_per_month

    def bit(name: str) -> float:
        return float(barriers.index(name)) if name in barriers else -1.0

    status = demographic.movers_status
    scalars = np.zeros(len(Scalar))
    scalars[Scalar.MOVERS_IN] = movers.sum()
    scalars[Scalar.SCHOOL_LEAVERS] = leavers.sum()
    scalars[Scalar.MOVER_A] = status[0] + status[1]
    scalars[Scalar.MOVER_S] = status[2]
    scalars[Scalar.MOVER_ELSEWHERE] = status[4]
    scalars[Scalar.FIRST_CALENDAR_MONTH] = site.calendar.first_month - 1
    scalars[Scalar.BIT_LITTLE_SCHOOLING] = bit("little_schooling")
    scalars[Scalar.BIT_AGE_55] = bit("age_55")
    scalars[Scalar.BIT_UNDER_30] = bit("under_30")
    scalars[Scalar.BIT_NO_NETWORK] = bit("no_network")
    scalars[Scalar.BIT_DISCOURAGED] = bit("discouraged")
    scalars[Scalar.BIT_HEALTH] = bit("health")
    scalars[Scalar.FILL_CHANCE_WEIGHT] = 24.0

    shares = site.sector_shares()
    sectors = np.zeros((int(Sector.ENDS_0) + 12, len(shares)))
    sectors[Sector.CUMULATIVE_SHARE] = np.cumsum(shares)
    sectors[Sector.SEASON_0 :] = 1.0
    season = np.array(site.season.vacancies.values)
    seasonal = [site.sector_ids.index(name) for name in site.season.sectors or site.sector_ids]
    sectors[Sector.SEASON_0 : Sector.ENDS_0, seasonal] = (season / season.mean())[:, None]
    if site.season.ends is not None:
        sectors[Sector.ENDS_0 :, seasonal] = np.array(site.season.ends.values)[:, None]

    entrants = np.zeros((2, 3 + len(barriers)))
    entrants[:, 0] = (
        leavers[0] / max(leavers.sum(), 1e-12),
        movers[0].sum() / max(movers.sum(), 1e-12),
    )
    entrants[0, 1:3] = demographic.leavers_education[:2]
    entrants[1, 1:3] = demographic.movers_education[:2]
    by_status = site.barrier_shares()  # employed, A, P, S, N, retired
    # who enters has the flags of all who have not retired: shares by status are the outcome
    counts = site.counts()
    heads = [counts[name] for name in ("employed_residents", "A", "P", "S")]
    retired = float((single_years(site) * retired_shares(site)).sum())
    heads.append(counts["residents"] - sum(heads) - retired)
    entrants[:, 3:] = by_status[:, :5] @ np.array(heads) / sum(heads)
    return Place(
        par=par,
        scalars=scalars,
        ages=ages,
        sectors=sectors,
        log_wages=np.log(site.wages()),
        penalties=penalties,
        entrants=entrants,
        barriers=barriers,
        sector_ids=tuple(site.sector_ids),
        barriers_counted=site.counting_barriers(),
        rounds=rounds,
        scale=scale,
    )


def sector_rates(place: Place, posts: np.ndarray) -> np.ndarray:
    """Return the sector table with the new posts a month that keep the stock of posts level.

    Arrivals equal the expected losses of the built world: open-ended posts by their hazard of
    being destroyed, fixed-term posts by terms that end with their post.
    """
    par = place.par
    at_rest = par[Par.POST_DESTROYED]
    destroyed = destroyed_on_average(at_rest, 0, par)
    fixed = posts[Post.CONTRACT] == Contract.FIXED_TERM
    filled = posts[Post.STATE] == PostState.FILLED
    filled_share = filled[fixed].mean() * (1.0 - LEFT_BEFORE_THE_END) if fixed.any() else 1.0
    ended = par[Par.FIXED_TERM_END] * (1 - par[Par.FIXED_TERM_KEPT]) * par[Par.FIXED_TERM_POST_ENDS]
    table = place.sectors.copy()
    table[Sector.NEW_POSTS_OPEN] = at_rest
    acts = table[Sector.ENDS_0 :].mean(0)
    table[Sector.NEW_POSTS_FIXED] = ended * acts * filled_share + destroyed * (1 - filled_share)
    return table


def canonical(built) -> tuple[np.ndarray, ...]:  # noqa: ANN001  (BuiltWorld or a look-alike)
    """Return people and posts ordered by key, rows in row-valued columns translated.

    Row is storage: any order of rows gives the same world.
    """
    by_person = np.argsort(built.person_keys, kind="stable")
    by_post = np.argsort(built.post_keys, kind="stable")
    new_person = np.empty(len(by_person) + 1, np.int32)
    new_person[by_person] = np.arange(len(by_person))
    new_person[-1] = -1
    new_post = np.empty(len(by_post) + 1, np.int32)
    new_post[by_post] = np.arange(len(by_post))
    new_post[-1] = -1
    people = built.people[:, by_person].copy()
    posts = built.posts[:, by_post].copy()
    people[Person.POST] = new_post[people[Person.POST]]
    posts[Post.HOLDER] = new_person[posts[Post.HOLDER]]
    chain = posts[Post.CHAIN_POST]
    posts[Post.CHAIN_POST] = np.where(posts[Post.STATE] == PostState.VACANT, new_post[chain], -1)
    return (
        people,
        built.traits[:, by_person].copy(),
        built.person_keys[by_person].copy(),
        posts,
        built.post_keys[by_post].copy(),
    )


@kernel
def _hash_keys(keys, out):
    for i in range(keys.shape[0]):
        out[i] = key_hash(keys[i])


@kernel
def _enter_all(w):
    for person in range(w.counts[Count.PEOPLE]):
        # measures do not draw people who came for a post here
        if w.people[Person.ENTERED_AS, person] != Cause.HIRED_FROM_OUTSIDE:
            enter_register(w, person)


@kernel
def _index(w):
    for post in range(w.counts[Count.POSTS]):
        link_to_workplace(w, post)
        if w.posts[Post.STATE, post] == PostState.VACANT:
            w.open_posts[w.counts[Count.OPEN_POSTS]] = post
            w.counts[Count.OPEN_POSTS] += 1


def _hashes(keys: np.ndarray, capacity: int) -> np.ndarray:
    out = np.zeros(capacity, np.uint64)
    with np.errstate(over="ignore"):
        _hash_keys(keys, out)
    return out


def penalties_of_flags(penalties: np.ndarray) -> np.ndarray:
    """Return the summed penalty of every set of barriers."""
    flags = np.arange(1 << len(penalties))
    total = np.zeros(len(flags))
    for bit, penalty in enumerate(penalties):
        total += np.where(flags >> bit & 1, penalty, 0.0)
    return total


def _applications_expected(people: np.ndarray, n: int, par: np.ndarray) -> float:
    """Return about how many applications people send in a month, for the size of buffers."""
    by_status = (
        (Status.EMPLOYED, Par.SEARCH_EMPLOYED),
        (Status.EMPLOYED_ELSEWHERE, Par.SEARCH_ELSEWHERE),
        (Status.A, Par.SEARCH_A),
        (Status.P, Par.SEARCH_P),
        (Status.S, Par.SEARCH_S),
        (Status.N, Par.SEARCH_N),
    )
    status = people[Person.STATUS, :n]
    return float(sum((status == code).sum() * par[rate] for code, rate in by_status))


def widened(array: np.ndarray, capacity: int, fill: int = 0) -> np.ndarray:
    """Return a copy of an array with more room along its last axis."""
    order: Literal["C", "F"] = "C" if array.flags.c_contiguous else "F"
    shape = (*array.shape[:-1], capacity)
    # memory that nobody has touched costs nothing
    wide = np.full(shape, fill, array.dtype, order) if fill else np.zeros(shape, array.dtype, order)
    wide[..., : array.shape[-1]] = array
    return wide


def entering(w: Columns, people: int) -> int:
    """Return how many people could enter in a month at most."""
    return int(people * 0.03) + 500 + int(w.scalars[Scalar.MOVERS_IN]) * 2


def room_for_people(w: Columns, people: int, growth: float = GROWTH) -> int:
    """Return the rows to lay out when there are so many people."""
    return int((people + entering(w, people)) * growth)


def rows_to_come(w: Columns, since: np.ndarray, month: int) -> int:
    """Return how many rows the months laid out will need, going by those so far, or 0.

    Parameters
    ----------
    since : ndarray
        Month in which each person entered or each post was created.
    month : int
        Next month to run.
    """
    first = int(w.counts[Count.FIRST_MONTH])
    if month - first < FEWEST_MONTHS:
        return 0
    new = int((since >= first).sum())
    return int(1.1 * new / (month - first) * (first + len(w.totals) - month))


def opening(posts: int) -> int:
    """Return how many posts could be created in a month at most."""
    return int(posts * 0.06) + 500


def room_for_posts(posts: int, growth: float = GROWTH) -> int:
    """Return the rows to lay out when there are so many posts."""
    return int((posts + opening(posts)) * growth)


def covers_of_month(w: Columns) -> int:
    """Return how many substitutes' posts measures could open this month, and new plants theirs."""
    row = w.measures[w.measures[:, Measure.COVER_SHARE] > 0]
    return int(w.plan[:, Plan.NUMBER].sum()) + int(
        (row[:, Measure.PLACES] + row[:, Measure.GROUP_SIZE]).sum()
    )


def closing_at_most(w: Columns) -> int:
    """Return how many vacancies may close in one round, those that open this month included."""
    return (
        int(w.counts[Count.OPEN_POSTS])
        + int(w.strata[Stratum.POSTS].sum()) // 4
        + 200
        + (int(w.plan[:, Plan.NUMBER].sum()))
    )


class MonthlyPlan(Protocol):
    """What happens to a place anyway, the same with and without a mix."""

    def apply(self, world: World) -> None:
        """Write what happens in the next month of a world into its columns."""


def blocks_at_most(w: Columns) -> int:
    """Return how many blocks of applications may be in use in a month.

    Each vacancy has one block that is not full; full ones are those of a few months' applications.
    """
    vacancies = int(w.counts[Count.OPEN_POSTS]) + int(w.strata[Stratum.POSTS].sum()) // 10
    return vacancies + int(w.intent_counts.sum()) // 6 + 200


class MonthlyPolicy(Protocol):
    """What a mix sets at the start of each month: reach and places of its measures.

    Attributes
    ----------
    names : tuple
        Measures by position, as the rows of enrolments count them.
    levers, clauses : ndarray
        Tables of :mod:`simulator.world`, behind which a later mix is laid out.
    """

    names: tuple[str, ...]
    levers: np.ndarray
    clauses: np.ndarray

    def apply(self, columns: Columns, month: int) -> None:
        """Write reach and places of a month into the columns of a world."""


class World:
    """One world: its columns, its place, the events flushed so far.

    Attributes
    ----------
    columns : Columns
        The arrays that kernels work on.
    place : Place
    month : int
        Next month to run.
    """

    def __init__(self, columns: Columns, place: Place, month: int) -> None:
        self.columns = columns
        self.place = place
        self.month = month
        self.flushed: list[np.ndarray] = []
        self._handle: Handle | Columns | None = None
        self.policy: MonthlyPolicy | None = None
        self.surroundings: MonthlyPlan | None = None

    @classmethod
    def assemble(
        cls,
        built,  # noqa: ANN001  (BuiltWorld or a look-alike)
        place: Place,
        seed: int,
        *,
        first_month: int = -MONTHS_SETTLED,
        months: int = MONTHS_SETTLED,
        record: bool = False,
        check: bool = False,
    ) -> World:
        """Return a world at the start of ``first_month`` from columns as built.

        Parameters
        ----------
        built : BuiltWorld
            Columns of people, posts and workplaces.
        seed : int
            Replication: keys every draw.
        months : int
            Months for which monthly arrays are laid out.
        record, check : bool
            Write events; verify conservation after every round.
        """
        people, traits, person_keys, posts, post_keys = canonical(built)
        n, p, m = len(person_keys), len(post_keys), built.workplaces.shape[1]
        cap_people = int(n * 1.15) + 2000
        cap_posts = int(p * 1.1) + 1000
        n_sectors = len(place.sector_ids)
        stratum = posts[Post.SECTOR] * RUNGS + posts[Post.RUNG]
        in_stratum = np.bincount(stratum, minlength=n_sectors * RUNGS)
        sizes = (in_stratum * 1.5).astype(np.int64) + 64
        strata = np.zeros((len(Stratum), n_sectors * RUNGS), np.int64)
        strata[Stratum.FIRST] = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        strata[Stratum.SIZE] = sizes
        strata[Stratum.POSTS] = in_stratum
        templates = np.argsort(posts[Post.SECTOR], kind="stable").astype(np.int32)
        per_sector = np.bincount(posts[Post.SECTOR], minlength=n_sectors)
        posts = widened(posts, cap_posts)
        posts[Post.APPLICANTS] = -1
        posts[Post.PENDING] = -1
        posts[Post.REMOVED_MONTH, :p] = NOT_IN_SPELL
        posts[Post.REMOVED_BY, :p] = -1
        people = widened(people, cap_people)
        status = people[Person.STATUS, :n]
        people[Person.OFFER] = -1
        held = people[Person.POST, :n]
        people[Person.HOME_RUNG, :n] = np.where(
            held >= 0, posts[Post.RUNG][held], people[Person.HOME_RUNG, :n]
        )
        people[Person.HELP] = -1
        unemployed = (status >= Status.A) & (status <= Status.S)
        registered = (status == Status.A) | (status == Status.P)
        since = np.where(
            registered, people[Person.REGISTER_SINCE, :n], people[Person.STATUS_SINCE, :n]
        )
        people[Person.UNEMPLOYED_SINCE, :n] = np.where(unemployed, since, NOT_IN_SPELL)
        people[Person.REGISTER_SINCE, :n] = np.where(
            registered, people[Person.REGISTER_SINCE, :n], NOT_IN_SPELL
        )
        snapshots = np.zeros((len(Snapshot), cap_people), np.int32)
        snapshots[Snapshot.SEEN] = NOT_IN_SPELL
        held = people[Person.POST, :n]
        snapshots[Snapshot.EMPLOYER, :n] = np.where(
            held >= 0,
            posts[Post.WORKPLACE][held],
            np.where(status == Status.EMPLOYED_ELSEWHERE, -2, np.where(registered, -3, -1)),
        )
        stock = np.zeros((RUNGS, len(Stock)), np.int64)
        workplaces = built.workplaces.astype(np.int32).copy()
        workplaces[Workplace.POSTS] = 0
        workplaces[Workplace.FILLED] = 0
        posts_now = posts[:, :p]
        for state, what in (
            (PostState.FILLED, Stock.FILLED),
            (PostState.VACANT, Stock.VACANT),
            (PostState.WITHDRAWN, Stock.NOT_BACKFILLED),
        ):
            rungs = posts_now[Post.RUNG][posts_now[Post.STATE] == state]
            stock[:, what] = np.bincount(rungs, minlength=RUNGS)
        withdrawn = posts_now[Post.STATE] == PostState.WITHDRAWN
        posts_now[Post.CAUSE][withdrawn] = Cause.NOT_BACKFILLED
        filled = posts_now[Post.STATE] == PostState.FILLED
        workplaces[Workplace.FILLED] = np.bincount(posts_now[Post.WORKPLACE][filled], minlength=m)
        fixed = filled & (posts_now[Post.CONTRACT] == Contract.FIXED_TERM)
        stock[:, Stock.FIXED_TERM] = np.bincount(posts_now[Post.RUNG][fixed], minlength=RUNGS)
        counts = np.zeros(len(Count), np.int64)
        counts[Count.PEOPLE] = n
        counts[Count.POSTS] = p
        counts[Count.ACTIVE_PEOPLE] = n
        counts[Count.ACTIVE_POSTS] = p
        counts[Count.FREE_BLOCK] = -1
        counts[Count.ROUNDS] = place.rounds
        counts[Count.SEED] = seed
        counts[Count.RECORD] = int(record)
        counts[Count.CHECK] = int(check)
        counts[Count.FIRST_MONTH] = first_month
        counts[Count.MONTH] = first_month - 1
        counts[Count.VACANT] = stock[:, Stock.VACANT].sum()
        resident = people[Person.RESIDENT, :n] == 1
        counts[Count.UNEMPLOYED] = (unemployed & resident).sum()
        counts[Count.UNEMPLOYED_BEFORE] = counts[Count.UNEMPLOYED]
        counts[Count.VACANT_BEFORE] = counts[Count.VACANT]
        counts[Count.IMPULSE_RUNG] = -1
        counts[Count.SCREENED_UNTIL] = first_month
        for bit, flag in (
            (Scalar.BIT_AGE_55, Count.FLAG_AGE_55),
            (Scalar.BIT_UNDER_30, Count.FLAG_UNDER_30),
        ):
            if place.scalars[bit] >= 0:
                counts[flag] = 1 << int(place.scalars[bit])
        cells = 4
        vacancies = max(p // 2, int(counts[Count.VACANT]))  # that may close in the first month
        person_hash = _hashes(person_keys, cap_people)
        post_hash = _hashes(post_keys, cap_posts)
        applications = _applications_expected(people, n, place.par)
        columns = Columns(
            people=people,
            traits=widened(traits, cap_people),
            person_hash=person_hash,
            person_keys=widened(person_keys, cap_people),
            snapshots=snapshots,
            changed=np.zeros((4, cap_people), np.int32),
            changed_counts=np.zeros(4, np.int64),
            headcount=np.zeros(int(Head.SIZE), np.int64),
            recent=np.zeros((len(Recent), RING), np.int64),
            tally_now=np.zeros((cells, Tally.SIZE), np.int64),
            posts=posts,
            post_hash=post_hash,
            post_keys=widened(post_keys, cap_posts),
            workplaces=workplaces,
            policies=built.policies.copy(),
            workplace_hash=_hashes(np.arange(m, dtype=np.int64) + (1 << 50), m),
            heads=np.full((RUNGS, m), -1, np.int32),
            interested=np.full((RUNGS, m), -1, np.int32),
            strata=strata,
            search_fails=np.ones((2, n_sectors * RUNGS)),
            slots=np.full(sizes.sum(), -1, np.int32),
            open_posts=np.zeros(cap_posts, np.int32),
            pool=np.zeros((Block.SIZE, p // 8 + int(applications / 7) + 500), np.int32),
            intents=np.zeros(
                (place.rounds, int(max(n * 0.8, applications * 3) / place.rounds) + 1000), np.int64
            ),
            intent_counts=np.zeros(place.rounds, np.int64),
            active_people=widened(np.arange(n, dtype=np.int32), cap_people),
            active_hash=person_hash.copy(),
            screens=np.full(cap_people, ALWAYS),
            place_of_person=np.arange(cap_people, dtype=np.int32),
            active_posts=widened(np.arange(p, dtype=np.int32), cap_posts),
            active_post_hash=post_hash.copy(),
            post_screens=np.full(cap_posts, ALWAYS),
            place_of_post=np.arange(cap_posts, dtype=np.int32),
            flagged=np.zeros(max(cap_people, cap_posts), np.uint8),
            due=np.zeros(max(cap_people, cap_posts), np.int32),
            par_screened=np.zeros(len(place.par)),
            register_heads=np.full(1 << max(n - 1, 15).bit_length(), -1, np.int32),
            register=np.full(cap_people, -1, np.int32),
            templates=posts_now[[Post.WORKPLACE, Post.RUNG, Post.CONTRACT]][:, templates],
            template_start=np.concatenate([[0], np.cumsum(per_sector)]).astype(np.int64),
            fill_ring=np.zeros((12, 2, n_sectors * RUNGS)),
            fill_factor=np.ones(n_sectors * RUNGS),
            fill_normal=np.zeros(n_sectors * RUNGS),
            events=np.zeros((int(n * 0.6) + 4000 if record else 1, len(Event)), np.int32),
            flows=np.zeros((months, RUNGS, Flow.SIZE), np.int32),
            stock=stock,
            stock_rounds=np.zeros((months, RUNGS, len(Stock)), np.int64),
            tallies=np.zeros((months, cells, Tally.SIZE), np.int32),
            totals=np.zeros((months, len(Total)), np.int64),
            cell_is_target=np.zeros(cells, np.uint8),
            counts=counts,
            par=place.par.copy(),
            scalars=place.scalars.copy(),
            ages=place.ages,
            sectors=sector_rates(place, posts_now),
            log_wages=place.log_wages,
            penalties=place.penalties,
            entrants=place.entrants,
            measures=np.zeros((0, len(Measure))),
            levers=np.zeros((0, len(Lever))),
            clauses=np.zeros((0, len(ClauseColumn)), np.int64),
            access=np.ones(len(place.penalties)),
            enrolments=np.zeros((len(Enrolment), 0), np.int32),
            helps=np.zeros((len(Help), 0)),
            shifts=np.zeros((len(Shift), m)),
            closing=np.zeros((vacancies + 500, CLOSING_COLUMNS), np.int32),
            decay=np.zeros(DECAY_MONTHS),
            distance=np.zeros((2, DISTANCE_MONTHS)),
            penalty_of_flags=penalties_of_flags(place.penalties),
            called=np.zeros(LONGEST_SHORTLIST, np.int64),
            scores=np.zeros((3, 16)),
            checked_stock=np.zeros((RUNGS, len(Stock)), np.int64),
            checked_workplaces=np.zeros((2, m), np.int64),
            served=np.zeros(cap_people, np.uint64),
            as_built=np.zeros(POSTS_FROM + 2 * n_sectors * RUNGS, np.int64),
            room=np.zeros(POSTS_FROM + 2 * n_sectors * RUNGS, np.int64),
            plan=np.zeros((0, len(Plan)), np.int64),
        )
        columns = columns._replace(
            **{name: np.asfortranarray(getattr(columns, name)) for name in BY_ENTITY}
        )
        with np.errstate(over="ignore"):
            world = cls(columns, place, first_month)
            world._enter_registers()
            _index(world._kernel_handle())
            count_everybody(world._kernel_handle())
            count_as_built(world._kernel_handle(), columns.as_built)
        if record:
            world._record_start()
        return world

    def _record_start(self) -> None:
        """Write one vacancy_opened row for each vacancy of the world as built."""
        w = self.columns
        n = w.counts[Count.POSTS]
        vacant = np.flatnonzero(w.posts[Post.STATE, :n] == PostState.VACANT)
        rows = np.full((len(vacant), len(Event)), -1, np.int32)
        opened = w.posts[Post.OPENED, vacant]
        rounds = w.counts[Count.ROUNDS]
        rows[:, Event.WHEN] = opened // rounds * 16 + opened % rounds + 1
        rows[:, Event.KIND] = EventKind.VACANCY_OPENED
        rows[:, Event.CAUSE] = Cause.NEW_POST
        rows[:, Event.POST] = vacant
        rows[:, Event.RUNG] = w.posts[Post.RUNG, vacant]
        rows[:, Event.STATE] = w.posts[Post.PUBLIC, vacant]
        rows[:, Event.CHAIN_POST] = vacant
        rows[:, Event.CHAIN_OPENING] = 1
        rows[:, Event.PLACE] = 1
        self.flushed.append(rows)

    @property
    def measure_names(self) -> tuple[str, ...]:
        """Return the measures of its mix by position; none without a mix."""
        return () if self.policy is None else self.policy.names

    # ---- room --------------------------------------------------------------------------------

    def _replace(self, **arrays: np.ndarray) -> None:
        self.columns = self.columns._replace(**arrays)
        self._handle = None

    def _kernel_handle(self) -> Handle | Columns:
        if self._handle is None:
            self._handle = handle(self.columns)
        return self._handle

    def _make_room(self) -> None:
        """Grow what a month could fill, and flush events."""
        w = self.columns
        people, posts = w.counts[Count.PEOPLE], w.counts[Count.POSTS]
        if people + entering(w, people) > len(w.person_keys):
            to_come = rows_to_come(w, w.people[Person.ENTERED_MONTH, :people], self.month)
            wide = room_for_people(w, people + to_come, 1.02 if to_come else GROWTH)
            names = (*BY_PERSON, "active_people", "active_hash", "screens", "changed")
            self._replace(**{name: widened(getattr(w, name), wide) for name in names})
            w = self.columns
        self.make_room_for_posts(opening(posts) + covers_of_month(w))
        w = self.columns
        rows = max(len(w.person_keys), len(w.post_keys))
        if len(w.due) < rows:
            self._replace(flagged=np.zeros(rows, np.uint8), due=np.zeros(rows, np.int32))
            w = self.columns
        # all vacancies may close in one round, those that open this month included
        need = closing_at_most(w)
        if need > len(w.closing):
            self._replace(closing=np.zeros((int(need * GROWTH), CLOSING_COLUMNS), np.int32))
            w = self.columns
        if (w.strata[Stratum.POSTS] > 0.85 * w.strata[Stratum.SIZE]).any():
            self._widen_search_tables()
            w = self.columns
        need = blocks_at_most(w)
        if need > w.pool.shape[1]:
            self._replace(pool=widened(w.pool, int(1.3 * need)))
            w = self.columns
        if w.intent_counts.max() > 0.6 * w.intents.shape[1]:
            self._replace(intents=widened(w.intents, 2 * w.intents.shape[1]))
            w = self.columns
        if w.counts[Count.RECORD] == 1:
            used = int(w.counts[Count.EVENTS])
            if used + int(w.counts[Count.ACTIVE_PEOPLE] * 0.45) + 3000 > w.events.shape[0]:
                self.flushed.append(w.events[:used].copy())
                w.counts[Count.EVENTS] = 0
        enrolled = int(w.counts[Count.ENROLMENTS])
        n_measures = w.measures.shape[0]
        if n_measures:
            places = w.measures[:, Measure.PLACES].sum() * 1.6 + 50 * n_measures
            if enrolled + places > w.enrolments.shape[1]:
                wide = int((enrolled + places) * 1.5)
                self._replace(
                    enrolments=widened(w.enrolments, wide),
                    helps=np.zeros((len(Help), wide)),
                )
                self._drop_help()

    def make_room_for_posts(self, new: int) -> None:
        """Grow the columns of posts when fewer than ``new`` rows are free."""
        w = self.columns
        posts = int(w.counts[Count.POSTS])
        if posts + new > len(w.post_keys):
            to_come = rows_to_come(w, w.posts[Post.CREATED_MONTH, :posts], self.month)
            wide = int((posts + to_come + new) * (1.02 if to_come else GROWTH))
            names = (*BY_POST, "active_posts", "active_post_hash", "post_screens", "open_posts")
            self._replace(**{name: widened(getattr(w, name), wide) for name in names})

    def _enter_registers(self) -> None:
        """Enter people in the register from which measures draw, in the order of rows."""
        self.columns.register_heads[:] = -1
        with np.errstate(over="ignore"):
            _enter_all(self._kernel_handle())

    def _drop_help(self) -> None:
        """Forget active help; it is summed afresh at the start of each month."""
        w = self.columns
        w.people[Person.HELP] = -1
        w.counts[Count.HELPS] = 0

    def _widen_search_tables(self) -> None:
        w = self.columns
        sizes = (w.strata[Stratum.POSTS] * 1.6).astype(np.int64) + 64
        strata = w.strata.copy()
        strata[Stratum.FIRST] = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        strata[Stratum.SIZE] = sizes
        strata[[Stratum.OPEN, Stratum.USED]] = 0
        self._replace(strata=strata, slots=np.full(sizes.sum(), -1, np.int32))

    def lay_out(self, first_month: int, months: int, cells: np.ndarray | None = None,
                cell_is_target: np.ndarray | None = None) -> None:  # fmt: skip
        """Lay out empty monthly arrays from ``first_month`` on, with new counting cells.

        Parameters
        ----------
        cells : ndarray of int32, shape (people,), optional
            Cell of each person; the last three cells are for people who enter later: entrants,
            then people hired from outside who live elsewhere, and who move in.
        cell_is_target : ndarray of uint8, optional
        """
        w = self.columns
        if cells is not None and cell_is_target is not None:
            w.people[Person.CELL, : len(cells)] = cells
            self._replace(cell_is_target=cell_is_target.astype(np.uint8))
        n_cells = len(self.columns.cell_is_target)
        # people in work carry their months in work less the month of the last record
        last = w.snapshots[Snapshot.EMPLOYER]
        in_work = (last >= 0) | (last == -2)
        w.people[Person.WORK_MONTHS] = np.where(in_work, 1 - self.month, 0)
        w.counts[Count.FIRST_MONTH] = first_month
        self._replace(
            flows=np.zeros((months, RUNGS, Flow.SIZE), np.int32),
            stock_rounds=np.zeros((months, RUNGS, len(Stock)), np.int64),
            tallies=np.zeros((months, n_cells, Tally.SIZE), np.int32),
            totals=np.zeros((months, len(Total)), np.int64),
            tally_now=np.zeros((n_cells, Tally.SIZE), np.int64),
        )
        count_everybody(self._kernel_handle())

    # ---- time --------------------------------------------------------------------------------

    def advance(self, months: int = 1) -> World:
        """Run some months.

        Raises
        ------
        EngineError
            When a buffer overflowed or conservation was broken.
        """
        first = self.month - int(self.columns.counts[Count.FIRST_MONTH])
        if not 0 <= first <= first + months <= len(self.columns.totals):
            raise EngineError(f"no room for months {self.month} to {self.month + months - 1}")
        for _ in range(months):
            if self.surroundings is not None:
                self.surroundings.apply(self)
            if self.policy is not None:
                self.policy.apply(self.columns, self.month)
            self._make_room()
            w = self.columns
            with np.errstate(over="ignore"):
                advance_month(self._kernel_handle(), self.month)
            if w.counts[Count.OVERFLOW]:
                raise EngineError(
                    f"buffer {w.counts[Count.OVERFLOW]} overflowed in month {self.month}"
                )
            if w.counts[Count.BROKEN]:
                raise EngineError(
                    f"identity {w.counts[Count.BROKEN]} was broken in month {self.month}"
                )
            self.month += 1
        return self

    def copy(self) -> World:
        """Return an independent copy; tables that nothing changes are shared."""
        w = self.columns
        arrays = {
            name: value if name in MUTABLE_SHARED else value.copy(order="K")
            for name, value in w._asdict().items()
        }
        other = World(Columns(**arrays), self.place, self.month)
        other.flushed = list(self.flushed)
        other.policy = self.policy
        other.surroundings = self.surroundings
        return other

    def set_parameter(self, name: Par, value: float) -> None:
        """Change one parameter from now on (in this world only)."""
        par = self.columns.par.copy()
        par[name] = value
        self._replace(par=par)

    def take_events(self) -> np.ndarray:
        """Return all events so far, shape (events, len(Event)), and start afresh."""
        w = self.columns
        used = int(w.counts[Count.EVENTS])
        rows = [*self.flushed, w.events[:used].copy()]
        self.flushed = []
        w.counts[Count.EVENTS] = 0
        return np.concatenate(rows) if rows else np.zeros((0, len(Event)), np.int32)

    def start_recording(self) -> None:
        """Record events from the next month on."""
        w = self.columns
        w.counts[Count.RECORD] = 1
        if w.events.shape[0] < 2:
            rows = int(w.counts[Count.ACTIVE_PEOPLE] * 0.6) + 4000
            self._replace(events=np.zeros((rows, len(Event)), np.int32))

    def duplicate_keys(self) -> int:
        """Return how many identities collide (0, or the run must stop)."""
        w = self.columns
        people = w.person_keys[: w.counts[Count.PEOPLE]]
        posts = w.post_keys[: w.counts[Count.POSTS]]
        return int(len(people) - len(np.unique(people)) + len(posts) - len(np.unique(posts)))


def _level_rates(world: World) -> np.ndarray:
    """Return the sector table with the new fixed-term posts a month that settling has needed.

    How many short posts end with their term depends on who leaves before; the settled world knows.
    """
    w = world.columns
    posts = w.posts[:, : w.counts[Count.POSTS]]
    fixed = posts[Post.CONTRACT] == Contract.FIXED_TERM
    new = fixed & (posts[Post.CREATED_BY] == Cause.NEW_POST)
    new &= posts[Post.CREATED_MONTH] >= world.month - MONTHS_NORMAL
    table = w.sectors.copy()
    stock = (fixed & (posts[Post.STATE] != PostState.DESTROYED)).sum()
    if stock > 0:
        table[Sector.NEW_POSTS_FIXED] = new.sum() / MONTHS_NORMAL / stock
    return table


def settle(world: World) -> World:
    """Run the settling months and read the normal slack and fill chances from the last of them.

    What comes equals what goes (:mod:`simulator.settling`).
    """
    world.columns.counts[Count.SETTLING] = 1
    world.advance(MONTHS_SETTLED - MONTHS_NORMAL)
    w = world.columns
    fills = np.zeros(w.fill_ring.shape[2])
    exposure = np.zeros_like(fills)
    slack = []
    for month in range(MONTHS_NORMAL):
        if month == MONTHS_NORMAL - 1:
            w.counts[Count.SETTLING] = 2
        world.advance(1)
        w = world.columns
        slot = (world.month - 1 + 1200) % 12
        fills += w.fill_ring[slot, 0]
        exposure += w.fill_ring[slot, 1]
        slack.append(w.counts[Count.UNEMPLOYED] / max(w.counts[Count.VACANT], 1))
    # Q0: fills per vacancy-month, small strata pulled towards the mean of the place
    mean = fills.sum() / max(exposure.sum(), 1.0)
    weight = w.scalars[Scalar.FILL_CHANCE_WEIGHT]
    world._replace(fill_normal=(fills + weight * mean) / (exposure + weight))
    w.counts[Count.SLACK_NUMERATOR] = int(1000 * np.mean(slack))
    world._replace(sectors=_level_rates(world))
    w.counts[Count.SETTLING] = 0
    return world
