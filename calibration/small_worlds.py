"""Small worlds for checks: random ones of any shape, and quiet ones with forced parameters.

A quiet world does nothing by itself: every hazard is zero, every choice certain. A check turns on
the one rule that it is about, so that the answer can be derived on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from scenarios import load_parameters
from simulator.codes import RUNGS, Cause, Education, PostState, Status
from simulator.columns import Event, Person, Policy, Post, Trait, Workplace
from simulator.engine import MONTHS_SETTLED, Place, World
from simulator.ledger import RunRecord, Snapshot
from simulator.parameters import Par, parameter_vector
from simulator.world import (
    ClauseColumn,
    Count,
    Help,
    Lever,
    Measure,
    Scalar,
    Sector,
    Shift,
    Table,
)

START = -MONTHS_SETTLED
BARRIERS = ("little_schooling", "age_55", "under_30", "no_network", "discouraged")

# what stays on when everything is switched off; factors and scales in months are one
_QUIET = {
    "search_decay_floor": 1.0,
    "search_upward": 1.0,
    "search_tries": 256.0,
    "job_loss_to_a": 1.0,
    "backfill": 1.0,
    "backfill_shrinking": 1.0,
    "closure_cap": 2.0,
    "collection_rounds": 1.0,
    "public_share": 1.0,
    "shortlist": 12.0,
    "written_bar": -1e9,
    "standard": -1e9,
    "match_below": 1.0,
    "offer_penalty": 1.0,
    "considers_long_term": 1.0,
    "short_of_staff": 1.0,
}


def default_parameters() -> np.ndarray:
    """Return the vector of default parameters."""
    return parameter_vector({k: v.value for k, v in load_parameters().items()})


def quiet_parameters(**changes: float) -> np.ndarray:
    """Return parameters with which nothing happens and every choice is certain, then changed."""
    values = {
        name: float(parameter.unit in ("factor", "months"))
        for name, parameter in load_parameters().items()
    }
    return parameter_vector(values | _QUIET | {name: float(v) for name, v in changes.items()})


def small_place(
    par: np.ndarray | None = None, sectors: int = 2, rounds: int = 4, **changes: float
) -> Place:
    """Return a place with flat tables; ``changes`` set parameters by name."""
    par = default_parameters() if par is None else par.copy()
    for name, value in changes.items():
        par[Par[name.upper()]] = value
    scalars = np.zeros(len(Scalar))
    scalars[Scalar.MOVERS_IN] = 1.3
    scalars[Scalar.SCHOOL_LEAVERS] = 0.7
    scalars[Scalar.MOVER_A] = 0.3
    scalars[Scalar.MOVER_ELSEWHERE] = 0.1
    scalars[Scalar.BIT_LITTLE_SCHOOLING] = 0
    scalars[Scalar.BIT_AGE_55] = 1
    scalars[Scalar.BIT_UNDER_30] = 2
    scalars[Scalar.BIT_NO_NETWORK] = 3
    scalars[Scalar.BIT_DISCOURAGED] = 4
    scalars[Scalar.FILL_CHANCE_WEIGHT] = 24.0
    ages = np.zeros((len(Table), 100))
    ages[Table.DIES] = 0.0003
    ages[Table.MOVES_AWAY] = ages[Table.MOVES_AWAY_IN_WORK] = 0.002
    ages[Table.RETIRES, 60:] = 0.02
    ages[Table.MOVES_IN] = np.clip((np.arange(100) - 18) / 40, 0, 1)
    ages = np.concatenate([ages, ages])  # women and men
    table = np.zeros((int(Sector.ENDS_0) + 12, sectors))
    table[Sector.CUMULATIVE_SHARE] = np.arange(1, sectors + 1) / sectors
    table[Sector.SEASON_0 :] = 1.0
    entrants = np.full((2, 3 + len(BARRIERS)), 0.1)
    entrants[:, :3] = (0.5, 0.3, 0.4)
    wages = np.log(2000.0) + 0.2 * np.arange(RUNGS)[None, :] + 0.05 * np.arange(sectors)[:, None]
    return Place(
        par=par,
        scalars=scalars,
        ages=ages,
        sectors=table,
        log_wages=wages,
        penalties=np.array([0.1, 0.3, 0.0, 0.1, 0.0]),
        entrants=entrants,
        barriers=BARRIERS,
        sector_ids=tuple(f"s{i}" for i in range(sectors)),
        barriers_counted=0b11011,
        rounds=rounds,
    )


def random_columns(
    seed: int,
    people: int = 300,
    posts: int = 180,
    workplaces: int = 30,
    sectors: int = 2,
    *,
    rounds: int = 4,
    vacant: float = 0.12,
    empty_sector: bool = False,
    youngest: int = 15,
    oldest: int = 66,
) -> SimpleNamespace:
    """Return columns of a random world at the start of the first settling month.

    Parameters
    ----------
    rounds : int
        Hiring rounds a month.
    vacant : float
        Share of posts that are vacant.
    empty_sector : bool
        Leave the last sector without workplaces and posts.
    youngest, oldest : int
        Ages of the people.
    """
    rng = np.random.default_rng(seed)
    person = np.full((len(Person), people), -1, np.int32)
    person[Person.STATUS] = rng.choice(
        [Status.A, Status.P, Status.S, Status.N, Status.EMPLOYED_ELSEWHERE],
        people,
        p=[0.2, 0.1, 0.1, 0.5, 0.1],
    )
    person[Person.RESIDENT] = 1
    person[Person.BIRTH_MONTH] = START - rng.integers(youngest * 12, oldest * 12, people)
    person[Person.SEX] = rng.integers(0, 2, people)
    person[Person.EDUCATION] = rng.integers(0, 3, people)
    person[Person.SECTOR] = rng.integers(0, sectors, people)
    person[Person.HOME_RUNG] = rng.integers(0, RUNGS, people)
    person[Person.BARRIERS] = rng.integers(0, 32, people)
    for column in (Person.STATUS_SINCE, Person.JOB_SINCE, Person.IDLE_SINCE, Person.REGISTER_SINCE):
        person[column] = START - rng.integers(0, 40, people)
    person[Person.EMPLOYER_SINCE] = person[Person.JOB_SINCE]
    person[Person.Q_SINCE] = START
    person[Person.ENTERED_MONTH] = START
    person[Person.ENTERED_AS] = Cause.START
    person[Person.CELL] = 0
    person[Person.WORK_MONTHS] = 0
    person[Person.JOBS] = 1
    traits = np.zeros((len(Trait), people))
    traits[Trait.Q] = rng.normal(1.2, 0.9, people)
    traits[Trait.LEARN] = rng.normal(0.9, 0.35, people)
    traits[Trait.AMBITION] = rng.uniform(0, 0.4, people)
    traits[Trait.EFFORT] = rng.lognormal(0, 0.5, people)
    traits[Trait.ATTACHMENT] = rng.lognormal(0, 0.5, people)
    traits[Trait.MOOD] = rng.normal(0, 1, people)
    used = max(sectors - 1, 1) if empty_sector else sectors
    workplace = np.zeros((len(Workplace), workplaces), np.int32)
    workplace[Workplace.SECTOR] = np.arange(workplaces) % used
    workplace[Workplace.EMPLOYER] = np.arange(workplaces)
    workplace[Workplace.SIZE_CLASS] = rng.integers(0, 4, workplaces)
    workplace[Workplace.TREND] = rng.integers(0, 3, workplaces)
    workplace[Workplace.CONSIDERS_LONG_TERM] = rng.integers(0, 2, workplaces)
    policies = np.zeros((len(Policy), workplaces))
    policies[Policy.INCLUSIVENESS] = rng.uniform(0, 1, workplaces)
    policies[Policy.RETENTION_FIRST] = rng.uniform(0, 1, workplaces)
    post = np.zeros((len(Post), posts), np.int32)
    post[Post.WORKPLACE] = np.sort(rng.integers(0, workplaces, posts))
    post[Post.SECTOR] = workplace[Workplace.SECTOR][post[Post.WORKPLACE]]
    post[Post.RUNG] = rng.integers(0, RUNGS, posts)
    post[Post.CONTRACT] = rng.random(posts) < 0.2
    post[Post.HOLDER] = -1
    post[Post.PENDING] = -1
    post[Post.CHAIN_POST] = -1
    post[Post.CREATED_BY] = Cause.START
    post[Post.CREATED_MONTH] = START
    post[Post.STATE] = rng.choice(
        [PostState.FILLED, PostState.VACANT, PostState.WITHDRAWN],
        posts,
        p=[0.97 - vacant, vacant, 0.03],
    )
    filled = np.flatnonzero(post[Post.STATE] == PostState.FILLED)
    holders = rng.permutation(people)[: len(filled)]
    post[Post.HOLDER, filled[: len(holders)]] = holders
    post[Post.STATE, filled[len(holders) :]] = PostState.WITHDRAWN
    filled = filled[: len(holders)]
    person[Person.POST, holders] = filled
    person[Person.STATUS, holders] = Status.EMPLOYED
    commuters = holders[rng.random(len(holders)) < 0.15]
    person[Person.RESIDENT, commuters] = 0
    open_now = np.flatnonzero(post[Post.STATE] == PostState.VACANT)
    post[Post.OPENED, open_now] = START * rounds - rng.integers(1, 9, len(open_now))
    post[Post.CLOSES, open_now] = START * rounds + rng.integers(0, 4, len(open_now))
    post[Post.OPENING, open_now] = 1
    post[Post.CHAIN_POST, open_now] = open_now
    post[Post.CHAIN_OPENING, open_now] = 1
    post[Post.PLACE, open_now] = 1
    post[Post.CAUSE, open_now] = Cause.NEW_POST
    post[Post.PUBLIC, open_now] = rng.random(len(open_now)) < 0.44
    return SimpleNamespace(
        people=person,
        traits=traits,
        person_keys=np.arange(people, dtype=np.int64),
        posts=post,
        post_keys=np.arange(posts, dtype=np.int64),
        workplaces=workplace,
        policies=policies,
    )


def random_world(
    seed: int,
    place: Place | None = None,
    months: int = 24,
    record: bool = True,
    check: bool = True,
    world_seed: int | None = None,
    **shape,  # noqa: ANN003  (see random_columns)
) -> World:
    """Return a random world ready to run, conservation checked after every round."""
    place = small_place() if place is None else place
    built = random_columns(seed, sectors=len(place.sector_ids), rounds=place.rounds, **shape)
    chosen = seed if world_seed is None else world_seed
    return World.assemble(built, place, chosen, months=months, record=record, check=check)


def with_measures(world: World, places: float = 3.0, start: int = START) -> World:
    """Give a world three measures: for jobseekers (A, P, S), for people at work, for workplaces.

    Parameters
    ----------
    places : float
        Places a month of each.
    start : int
        First month of recruiting.
    """
    every = (1 << 62) - 1
    clauses = np.full((3, len(ClauseColumn)), -1, np.int64)
    for column in (
        ClauseColumn.STATUSES,
        ClauseColumn.SEXES,
        ClauseColumn.EDUCATION,
        ClauseColumn.SECTORS,
        ClauseColumn.SIZE_CLASSES,
    ):
        clauses[:, column] = every
    for column in (
        ClauseColumn.AGE_MIN,
        ClauseColumn.BARRIERS_ANY,
        ClauseColumn.BARRIERS_ALL,
        ClauseColumn.BARRIERS_AT_LEAST,
        ClauseColumn.BARRIERS_COUNTED,
        ClauseColumn.MONTHS_OUT_MIN,
        ClauseColumn.MONTHS_REGISTER_MIN,
        ClauseColumn.RUNGS,
        ClauseColumn.EMPLOYERS,
        ClauseColumn.POSTS_MIN,
    ):
        clauses[:, column] = 0
    clauses[:, ClauseColumn.AGE_MAX] = 200
    jobless = (Status.A, Status.P, Status.S)
    clauses[0, ClauseColumn.STATUSES] = sum(1 << status for status in jobless)
    clauses[1, ClauseColumn.STATUSES] = 1 << Status.EMPLOYED
    kinds = (
        (Help.SEARCH_EFFORT, 0.5, 0),
        (Help.MEETINGS, 0.3, 0),
        (Help.AMBITION, 1.0, 1),
        (Help.COMPETENCE, 0.3, 1),
        (Help.SEPARATION_AFTER_HIRE, -0.3, 1),
        (Shift.PENALTY, 0.5, 2),
        (Shift.NEW_ENTRY_POSTS, 2.0, 2),
    )
    levers = np.zeros((len(kinds), len(Lever)))
    for row, (kind, size, measure) in zip(levers, kinds, strict=True):
        row[[Lever.KIND, Lever.SIZE, Lever.ON_WORKPLACE]] = kind, size, measure == 2
        row[[Lever.HALF, Lever.ZERO, Lever.FLAG]] = 12, 24, -1
    measures = np.zeros((3, len(Measure)))
    for measure, row in enumerate(measures):
        row[Measure.KIND] = row[Measure.NUMBER] = measure
        row[Measure.APPLIES_TO] = measure == 2
        row[[Measure.PLACES, Measure.START, Measure.END, Measure.DURATION]] = places, start, 999, 6
        row[[Measure.LOCK_IN, Measure.DROP_OUT, Measure.TAKE_UP]] = 0.5, 0.1, 1.0
        row[[Measure.MOOD_SLOPE, Measure.AMBITION_SLOPE, Measure.KNOWN]] = 0.3, 0.3, 0.8
        row[[Measure.NEVER_SERVED, Measure.EFFECTIVE, Measure.SUPPORT]] = 0.1, 1.0, measure == 1
        row[[Measure.CLAUSE_START, Measure.CLAUSE_END]] = measure, measure + 1
        of = [at for at, kind in enumerate(kinds) if kind[2] == measure]
        row[[Measure.LEVER_START, Measure.LEVER_END]] = of[0], of[-1] + 1
    world._replace(
        measures=measures,
        levers=levers,
        clauses=clauses,
        access=np.full(len(world.columns.access), 0.9),
    )
    return world


def quiet_place(
    par: np.ndarray, rounds: int = 4, penalty: float = 0.0, retire_at: int = 100
) -> Place:
    """Return a place of one sector in which nobody enters, dies or moves.

    Parameters
    ----------
    penalty : float
        Score that people with barrier bit 0 lose in the written stage.
    retire_at : int
        Age at which people retire for certain: how a check empties a post (100: nobody does).
    """
    scalars = np.zeros(len(Scalar))
    for bit in (
        Scalar.BIT_LITTLE_SCHOOLING,
        Scalar.BIT_AGE_55,
        Scalar.BIT_UNDER_30,
        Scalar.BIT_NO_NETWORK,
        Scalar.BIT_DISCOURAGED,
    ):
        scalars[bit] = -1
    scalars[Scalar.FILL_CHANCE_WEIGHT] = 24.0
    ages = np.zeros((len(Table), 100))
    ages[Table.RETIRES, retire_at:] = 1.0
    ages[Table.MOVES_IN] = 1.0
    ages = np.concatenate([ages, ages])
    table = np.zeros((int(Sector.ENDS_0) + 12, 1))
    table[Sector.CUMULATIVE_SHARE] = 1.0
    table[Sector.SEASON_0 :] = 1.0
    return Place(
        par=par,
        scalars=scalars,
        ages=ages,
        sectors=table,
        log_wages=np.arange(RUNGS)[None, :] * 1.0,
        penalties=np.array([penalty]),
        entrants=np.full((2, 4), 0.5),
        barriers=("barrier",),
        sector_ids=("s0",),
        barriers_counted=1,
        rounds=rounds,
    )


def _set(columns: np.ndarray, values: Mapping[Any, Any] | None) -> None:
    for column, value in (values or {}).items():
        columns[column] = value


def quiet_world(
    place: Place,
    people: Mapping[Person, Any],
    posts: Mapping[Post, Any],
    *,
    traits: Mapping[Trait, Any] | None = None,
    workplaces: Mapping[Workplace, Any] | None = None,
    policies: Mapping[Policy, Any] | None = None,
    months: int = 12,
    seed: int = 1,
    record: bool = False,
) -> World:
    """Return a world from the few columns that matter, at the start of month 0.

    Parameters
    ----------
    people, traits : mapping
        Columns of persons. By default people are 35 years old, outside the labour force, live
        here and have competence 0.
    posts : mapping
        Columns of posts; ``HOLDER`` names person rows, -1 for a vacancy that takes applications in
        the first round and closes in it.
    workplaces, policies : mapping, optional
        Columns of workplaces.
    """
    held = np.asarray(posts[Post.HOLDER])
    n_posts = held.size
    given = [*people.values(), *(traits or {}).values()]
    n = max(np.size(values) for values in given)
    person = np.zeros((len(Person), n), np.int32)
    person[Person.STATUS] = Status.N
    person[Person.RESIDENT] = 1
    person[Person.BIRTH_MONTH] = -35 * 12
    person[Person.EDUCATION] = Education.BASIC
    person[Person.POST] = -1
    person[Person.ENTERED_AS] = Cause.START
    person[Person.JOBS] = 1
    trait = np.zeros((len(Trait), n))
    trait[[Trait.AMBITION, Trait.EFFORT, Trait.ATTACHMENT]] = 1.0
    post = np.zeros((len(Post), n_posts), np.int32)
    # Person.STATUS and Trait.Q are both 0, so each kind of column has a mapping of its own
    _set(person, people)
    _set(trait, traits)
    _set(post, posts)
    n_workplaces = int(post[Post.WORKPLACE].max()) + 1
    workplace = np.zeros((len(Workplace), n_workplaces), np.int32)
    workplace[Workplace.EMPLOYER] = np.arange(n_workplaces)
    workplace[Workplace.TREND] = 1
    workplace[Workplace.CONSIDERS_LONG_TERM] = 1
    policy = np.zeros((len(Policy), n_workplaces))
    _set(workplace, workplaces)
    _set(policy, policies)
    filled = np.flatnonzero(held >= 0)
    vacant = held < 0
    person[Person.POST, held[filled]] = filled
    person[Person.STATUS, held[filled]] = Status.EMPLOYED
    post[Post.STATE] = np.where(vacant, PostState.VACANT, PostState.FILLED)
    post[Post.CREATED_BY] = Cause.START
    post[Post.OPENED] = np.where(vacant, -1, 0)
    post[Post.OPENING] = post[Post.CHAIN_OPENING] = post[Post.PLACE] = vacant
    post[Post.PUBLIC] = vacant
    post[Post.CHAIN_POST] = np.where(vacant, np.arange(n_posts), -1)
    post[Post.CAUSE] = np.where(vacant, Cause.NEW_POST, 0)
    built = SimpleNamespace(
        people=person,
        traits=trait,
        person_keys=np.arange(n, dtype=np.int64),
        posts=post,
        post_keys=np.arange(n_posts, dtype=np.int64),
        workplaces=workplace,
        policies=policy,
    )
    world = World.assemble(
        built, place, seed, first_month=0, months=months, record=record, check=False
    )
    if record:  # everybody may move in one month
        world._replace(events=np.zeros((20 * (n + n_posts) + 4000, len(Event)), np.int32))
    return world


def snapshot(world: World) -> Snapshot:
    """Return the columns of a world that a replay starts from."""
    w = world.columns
    return Snapshot.of(w.people, w.posts, int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS]))


def run_recorded(world: World, months: int, settle_months: int = 0) -> RunRecord:
    """Run a world that records events and return everything that the ledger derives from.

    Parameters
    ----------
    months : int
        Months from month 0 on; a random world starts at month ``START``.
    settle_months : int
        Months before month 0 (the world must be ``settle_months`` before it).
    """
    built = snapshot(world)
    world.advance(settle_months)
    before = world.take_events()
    start = snapshot(world)
    world.lay_out(world.month, months)
    world.advance(months)
    w = world.columns
    return RunRecord(
        built=built,
        start=start,
        events_settle=before,
        events=world.take_events(),
        people=w.people,
        posts=w.posts,
        workplaces=w.workplaces,
        policies=w.policies,
        person_keys=w.person_keys,
        post_keys=w.post_keys,
        n_people=int(w.counts[Count.PEOPLE]),
        n_posts=int(w.counts[Count.POSTS]),
    )
