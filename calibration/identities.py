"""What must hold in every world: stocks and flows, the ledger, and equality of worlds by key.

Nothing here reads the counters of the engine: stocks and flows are replayed from its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from calibration.small_worlds import BARRIERS, small_place
from scenarios import load_parameters
from simulator.check import CheckRow as FileCheck
from simulator.check import check_results
from simulator.codes import Cause, EventKind, PostState, Status
from simulator.columns import Event, Person, Post, Trait
from simulator.engine import Place, World
from simulator.files import table, write_codebook, write_ledger_files, write_manifest, write_parquet
from simulator.ledger import RunRecord
from simulator.parameters import parameter_vector
from simulator.world import Block, Count, Enrolment, Measure, Total

FILLED, VACANT, WITHDRAWN, DESTROYED = PostState

# columns that hold rows, scratch or positions in tables: they may differ between equal worlds
_PERSON_ROWS = (Person.POST, Person.OFFER)
_PERSON_SCRATCH = (Person.NEXT_INTERESTED, Person.HELP)
_POST_SCRATCH = (
    Post.NEXT,
    Post.PREVIOUS,
    Post.APPLICANTS,
    Post.PROPOSED,
    Post.STARTS,
    Post.CHAIN_POST,
    Post.HOLDER,
    Post.PENDING,
)
_EVENT_ROWS = ((Event.PERSON, "person"), (Event.POST, "post"), (Event.FROM_POST, "post"),
               (Event.CHAIN_POST, "post"))  # fmt: skip


def random_parameters(rng: np.random.Generator) -> np.ndarray:
    """Return parameters drawn inside their ranges, variants of rules included."""
    values = {}
    for name, parameter in load_parameters().items():
        assert parameter.low is not None
        assert parameter.high is not None
        if parameter.unit == "code":
            values[name] = float(rng.integers(int(parameter.low), int(parameter.high) + 1))
        else:
            values[name] = float(rng.uniform(parameter.low, parameter.high))
    return parameter_vector(values)


def random_place(rng: np.random.Generator, sectors: int, rounds: int) -> Place:
    """Return a place with random parameters."""
    return small_place(random_parameters(rng), sectors=sectors, rounds=rounds)


def round_stocks(record: RunRecord) -> dict[str, np.ndarray]:
    """Replay events into stocks of posts and flows of people, by round.

    Returns
    -------
    dict of ndarray
        ``when`` (month * 16 + round, only rounds with events), ``filled, vacant, withdrawn, posts``
        at the end of each and, since the start, ``hires`` (of people who held no local post),
        ``separations`` (of people who keep none), ``created``, ``destroyed``. The first element
        is the start.

    Raises
    ------
    AssertionError
        When the stocks at the end are not those of the columns.
    """
    state = np.full(record.n_posts, -1)
    state[: record.start.state.size] = record.start.state
    stocks = [int((state == code).sum()) for code in (FILLED, VACANT, WITHDRAWN)]
    flows = dict.fromkeys(("hires", "separations", "created", "destroyed"), 0)
    emptied = -1  # a post without holder between two events of one move
    rows: list[tuple[int, ...]] = []
    last = None

    def move(post: int, new: int) -> None:
        if state[post] in (FILLED, VACANT, WITHDRAWN):
            stocks[state[post]] -= 1
        if new in (FILLED, VACANT, WITHDRAWN):
            stocks[new] += 1
        state[post] = new

    def note(when: int) -> None:
        rows.append((when, *stocks, *flows.values()))

    note(-1)
    for event in record.events:
        when, kind, post = (int(event[c]) for c in (Event.WHEN, Event.KIND, Event.POST))
        if last is not None and when != last:
            note(last)
        last = when
        if kind == EventKind.POST_CREATED:
            flows["created"] += 1
        elif kind == EventKind.VACANCY_OPENED:
            move(post, VACANT)
        elif kind == EventKind.FILLED:
            left = int(event[Event.FROM_POST])
            if left < 0:
                flows["hires"] += 1
            else:
                move(left, emptied)
            move(post, FILLED)
        elif kind == EventKind.SEPARATED:
            flows["separations"] += 1
            move(post, emptied)
        elif kind == EventKind.WITHDRAWN:
            move(post, WITHDRAWN)
        elif kind == EventKind.POST_DESTROYED:
            flows["destroyed"] += 1
            move(post, DESTROYED)
    if last is not None:
        note(last)
    assert (state == record.posts[Post.STATE, : record.n_posts]).all(), "replay and columns differ"
    when, filled, vacant, withdrawn, *others = np.array(rows).T
    return {
        "when": when,
        "filled": filled,
        "vacant": vacant,
        "withdrawn": withdrawn,
        "posts": filled + vacant + withdrawn,
        **dict(zip(flows, others, strict=True)),
    }


def largest_gap(stocks: dict[str, np.ndarray]) -> int:
    """Return the largest deviation from the two identities over all rounds (0: they hold).

    Hires of people who held no local post = separations of people who keep none + change in filled
    posts; change in filled = change in posts - change in vacant - change in withdrawn, where the
    change in posts is what was created less what was destroyed.
    """
    change = {name: stocks[name] - stocks[name][0] for name in stocks if name != "when"}
    first = change["hires"] - change["separations"] - change["filled"]
    posts = change["created"] - change["destroyed"]
    second = change["filled"] - posts + change["vacant"] + change["withdrawn"]
    return int(max(np.abs(first).max(), np.abs(second).max()))


def difference(world: dict[str, np.ndarray], twin: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return stocks and flows of a world less those of its twin, by round."""
    when = np.union1d(world["when"], twin["when"])

    def at(stocks: dict[str, np.ndarray], name: str) -> np.ndarray:
        # the start has no time of its own; between rounds with events nothing changes
        return stocks[name][np.searchsorted(stocks["when"][1:], when, side="right")]

    out = {name: at(world, name) - at(twin, name) for name in world if name != "when"}
    return {"when": when, **out}


def write_run(folder: Path, record: RunRecord, totals: np.ndarray, sectors: Sequence[str]) -> None:
    """Write the ledger files of a run and the stocks of its months (all that ``check`` reads)."""
    write_ledger_files(
        folder,
        record,
        sectors=list(sectors),
        measures=["jobseekers", "workers", "workplaces"],
        barriers={name: name for name in BARRIERS},
    )
    columns = {
        "posts": totals[:, Total.POSTS],
        "filled_posts": totals[:, Total.EMPLOYED_HERE],
        "vacant_posts": totals[:, Total.VACANT],
        "withdrawn_posts": totals[:, Total.WITHDRAWN],
        "in_commuters": totals[:, Total.IN_COMMUTERS],
        "employed_elsewhere": totals[:, Total.RESIDENTS_ELSEWHERE],
        "register_unemployed": totals[:, Total.A] + totals[:, Total.P],
        "survey_unemployed": totals[:, Total.A] + totals[:, Total.S],
        "state_A": totals[:, Total.A],
        "state_P": totals[:, Total.P],
        "state_S": totals[:, Total.S],
        "state_N": totals[:, Total.N],
    }
    months, n = len(totals), len(totals) * len(columns)
    values = np.concatenate(list(columns.values())).astype(float)
    monthly: dict[str, Any] = {
        "mix": ["baseline"] * n,
        "closure": ["R"] * n,
        "strength": ["none"] * n,
        "month": np.tile(np.arange(months, dtype=np.int32), len(columns)),
        "outcome": np.repeat(list(columns), months).tolist(),
        "breakdown": ["all"] * n,
        "group": ["all"] * n,
        "mean": values,
        "ci_low": values,
        "ci_high": values,
    }
    write_parquet(folder / "monthly.parquet", table("monthly.parquet", monthly, {}))
    write_codebook(folder, {name: name for name in BARRIERS})
    write_manifest(folder, command="check", seeds=[1], scenario_hash="", mix="baseline")


def ledger_identities(
    folder: Path, record: RunRecord, totals: np.ndarray, sectors: Sequence[str]
) -> list[FileCheck]:
    """Write a run and verify the ten identities from its files."""
    write_run(folder, record, totals, sectors)
    return check_results(folder)


def by_key(world: World) -> dict[str, np.ndarray]:
    """Return the state of a world by key, keys for rows: what no order of rows may change."""
    w = world.columns
    n, p = int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    person_keys, post_keys = w.person_keys[:n], w.post_keys[:p]
    of_person, of_post = np.argsort(person_keys), np.argsort(post_keys)
    people = w.people[:, :n].copy()
    posts = w.posts[:, :p].copy()
    held = [_keys(post_keys, people[column]) for column in _PERSON_ROWS]
    people[[*_PERSON_ROWS, *_PERSON_SCRATCH]] = 0
    holder = _keys(person_keys, posts[Post.HOLDER])
    # below -1: slots of people from outside
    pending = _keys(person_keys, posts[Post.PENDING])
    chain = _keys(post_keys, np.where(posts[Post.STATE] == VACANT, posts[Post.CHAIN_POST], -1))
    posts[list(_POST_SCRATCH)] = 0
    return {
        "person_keys": person_keys[of_person],
        "people": people[:, of_person],
        "post_held": held[0][of_person],
        "offer": held[1][of_person],
        "traits": w.traits[:, :n][:, of_person],
        "served": w.served[:n][of_person],
        "post_keys": post_keys[of_post],
        "posts": posts[:, of_post],
        "holder": holder[of_post],
        "pending": pending[of_post],
        "chain": chain[of_post],
        "workplaces": w.workplaces.copy(),
        "stock": w.stock.copy(),
        "flows": w.flows.copy(),
        "totals": w.totals.copy(),
        "stock_rounds": w.stock_rounds.copy(),
    }


def _keys(keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    out = rows.astype(np.int64)
    used = rows >= 0
    out[used] = keys[rows[used]]
    return out


def events_by_key(world: World, events: np.ndarray) -> np.ndarray:
    """Return events with keys for rows, sorted: what no order of rows may change."""
    w = world.columns
    keys = {"person": w.person_keys, "post": w.post_keys}
    out = events.astype(np.int64)
    for column, of in _EVENT_ROWS:
        out[:, column] = _keys(keys[of], events[:, column])
    return out[np.lexsort(out.T[::-1])]


def differing(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> list[str]:
    """Return the names of what differs between two states (see :func:`by_key`)."""
    return [name for name in one if not np.array_equal(one[name], other[name])]


def without_person(state: dict[str, np.ndarray], key: int) -> dict[str, np.ndarray]:
    """Return a state without one person and without the counts of people."""
    kept = state["person_keys"] != key
    out = {name: value for name, value in state.items() if name != "totals"}
    for name in ("person_keys", "people", "post_held", "offer", "traits", "served"):
        out[name] = state[name][..., kept]
    return out


def permuted(world: World, rng: np.random.Generator) -> World:
    """Return the same world with its rows of people and posts, and all lists, in another order."""
    out = world.copy()
    w = out.columns
    n, p = int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    person_at, post_at = rng.permutation(n), rng.permutation(p)  # new row of each old row

    def moved(array: np.ndarray, at: np.ndarray) -> None:
        old = array[..., : at.size].copy()
        array[..., at] = old

    def renamed(rows: np.ndarray, at: np.ndarray) -> None:
        used = rows >= 0
        rows[used] = at[rows[used]]

    for name in (
        "people",
        "traits",
        "person_hash",
        "person_keys",
        "snapshots",
        "place_of_person",
        "register",
        "served",
    ):
        moved(getattr(w, name), person_at)
    for name in ("posts", "post_hash", "post_keys", "place_of_post"):
        moved(getattr(w, name), post_at)
    people, posts = w.people[:, :n], w.posts[:, :p]
    for column in _PERSON_ROWS:
        renamed(people[column], post_at)
    for of_post in (Post.HOLDER, Post.PENDING):
        renamed(posts[of_post], person_at)
    for of_post in (Post.NEXT, Post.PREVIOUS, Post.CHAIN_POST):
        renamed(posts[of_post], post_at)
    for rows, at in (
        (w.heads, post_at),
        (w.register_heads, person_at),
        (w.register[:n], person_at),
    ):
        renamed(rows, at)
    taken = w.slots >= 0
    w.slots[taken] = (post_at[w.slots[taken] >> 1] << 1) | (w.slots[taken] & 1)
    # the rows of a free block do not matter
    codes = w.pool[Block.FIRST :, : int(w.counts[Count.BLOCKS])]
    codes[:] = (person_at[np.minimum(codes >> 1, n - 1)] << 1) | (codes & 1)
    enrolled = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
    of_people = w.measures[enrolled[Enrolment.MEASURE], Measure.APPLIES_TO] == 0
    enrolled[Enrolment.WHO, of_people] = person_at[enrolled[Enrolment.WHO, of_people]]
    for month in range(len(w.changed)):  # entries are person * 32 + state before
        entries = w.changed[month, : int(w.changed_counts[month])]
        entries[:] = (person_at[entries >> 5] << 5) | (entries & 31)
    renamed(w.open_posts[: int(w.counts[Count.OPEN_POSTS])], post_at)
    rng.shuffle(w.open_posts[: int(w.counts[Count.OPEN_POSTS])])
    for used, rows, at, places, beside in (
        (
            Count.ACTIVE_PEOPLE,
            w.active_people,
            person_at,
            w.place_of_person,
            (w.active_hash, w.screens),
        ),
        (
            Count.ACTIVE_POSTS,
            w.active_posts,
            post_at,
            w.place_of_post,
            (w.active_post_hash, w.post_screens),
        ),
    ):
        active = int(w.counts[used])
        renamed(rows[:active], at)
        order = rng.permutation(active)
        for array in (rows, *beside):
            array[:active] = array[:active][order]
        places[rows[:active]] = np.arange(active)
    return out


def one_more(built: Any, key: int, status: Status, month: int, **traits: float) -> SimpleNamespace:
    """Return columns of a world with one more resident without a local post.

    Parameters
    ----------
    built
        Columns as :func:`~calibration.small_worlds.random_columns` gives them.
    status : Status
        One of the states without a local post.
    month : int
        Month at which the world starts.
    **traits : float
        Columns of :class:`~simulator.columns.Trait` by name.
    """
    people = np.append(built.people, np.full((len(Person), 1), -1, np.int32), axis=1)
    for column, value in (
        (Person.STATUS, status),
        (Person.RESIDENT, 1),
        (Person.BIRTH_MONTH, month - 40 * 12),
        (Person.SEX, 0),
        (Person.EDUCATION, 1),
        (Person.SECTOR, 0),
        (Person.HOME_RUNG, 1),
        (Person.BARRIERS, 0),
        (Person.Q_SINCE, month),
        (Person.ENTERED_MONTH, month),
        (Person.ENTERED_AS, Cause.START),
        (Person.CELL, 0),
        (Person.WORK_MONTHS, 0),
        (Person.JOBS, 1),
    ):
        people[column, -1] = value
    for column in (Person.STATUS_SINCE, Person.JOB_SINCE, Person.EMPLOYER_SINCE):
        people[column, -1] = month - 6
    people[[Person.IDLE_SINCE, Person.REGISTER_SINCE], -1] = month - 6
    trait = np.append(built.traits, np.ones((len(Trait), 1)), axis=1)
    for name, number in traits.items():
        trait[Trait[name.upper()], -1] = number
    return SimpleNamespace(
        **{
            **vars(built),
            "people": people,
            "traits": trait,
            "person_keys": np.append(built.person_keys, np.int64(key)),
        }
    )
