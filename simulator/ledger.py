"""The ledger: vacancy chains and their links, derived from the events of a run.

A link is one post that became empty; a chain is the links that follow from one origin. The
replay goes once through the events in order of execution, starting from the world as built, so
that a chain that was open at the start of month 0 keeps its earlier links.

:func:`derive_ledger` does it for a run, :func:`replay_links` for a short list of drawn events (the
closed forms of White 1970 go through the same accounting), :func:`chain_statistics` sums up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

import numpy as np
import pandas as pd

from simulator.codes import (
    LONG_TERM_MONTHS,
    RUNGS,
    Cause,
    Education,
    End,
    EventKind,
    Fill,
    PostState,
    Status,
    label,
    labels,
)
from simulator.columns import Event, Person, Post, Workplace
from simulator.compile import allocating_kernel

OPENINGS = 4096  # room for opening numbers in a chain id
ROUND_BITS = 4  # Event.WHEN is month * 16 + round
NULL = np.iinfo(np.int32).min  # missing, in columns where -1 is a value
NULL_KEY = np.iinfo(np.int64).min

CONTINUING = (Fill.PROMOTION, Fill.SIDEWARD_MOVE, Fill.HIRE_FROM_WORKPLACE)

# end of a chain by the fill of its last link
_END_OF_FILL = np.full(len(Fill), End.OPEN, np.int32)
_END_OF_FILL[[Fill.HIRE_SHORT_TERM_UNEMPLOYED, Fill.HIRE_LONG_TERM_UNEMPLOYED]] = End.JOBSEEKER
_END_OF_FILL[Fill.HIRE_OUTSIDE_LABOUR_FORCE] = End.OUTSIDE_LABOUR_FORCE
_END_OF_FILL[Fill.HIRE_OUTSIDE_REGION] = End.OUTSIDE_REGION
_END_OF_FILL[[Fill.NOT_BACKFILLED, Fill.GIVEN_UP]] = End.WITHDRAWN
_END_OF_FILL[Fill.POST_DESTROYED] = End.DESTROYED


class Link(IntEnum):
    """int32 columns of the replay's link table (rows and codes; keys are added afterwards)."""

    CHAIN_POST = 0
    CHAIN_OPENING = auto()
    PLACE = auto()
    POST = auto()
    RUNG = auto()
    ORIGIN = auto()  # codes.Cause, of the first link of a chain
    OPENED = auto()  # Event.WHEN
    CLOSED = auto()  # Event.WHEN or NULL
    FILL = auto()
    PERSON = auto()
    FROM_POST = auto()
    FROM_RUNG = auto()
    PUBLIC = auto()  # 1, 0, or -1 for never advertised
    STATE_BEFORE = auto()  # codes.Status, or -1 for people from outside
    MONTHS_UNEMPLOYED = auto()  # or NULL
    RESIDENT = auto()  # after the start in the post, or -1
    MEASURE = auto()  # number of the measure that was active for the person, or -1
    CLOSED_EVENT = auto()  # row of the event that closed it; negative: while settling


@dataclass(frozen=True)
class Snapshot:
    """The columns of a world that a replay starts from.

    Parameters
    ----------
    status, resident, post
        Of each person: status, lives here, row of the post held.
    unemployed_since
        Of each person: month in which the unbroken spell in A, P or S began, or ``NULL``.
    state, holder, rung
        Of each post: state, row of the holder, rung (a title given in place included).
    """

    status: np.ndarray
    resident: np.ndarray
    post: np.ndarray
    unemployed_since: np.ndarray
    state: np.ndarray
    holder: np.ndarray
    rung: np.ndarray

    @classmethod
    def of(cls, people: np.ndarray, posts: np.ndarray, n_people: int, n_posts: int) -> Snapshot:
        """Copy the columns of a world.

        Parameters
        ----------
        people, posts
            State columns.
        n_people, n_posts
            Rows in use.
        """
        status = people[Person.STATUS, :n_people].copy()
        unemployed = np.isin(status, (Status.A, Status.P, Status.S))
        since = np.where(unemployed, people[Person.UNEMPLOYED_SINCE, :n_people], NULL)
        return cls(
            status=status,
            resident=people[Person.RESIDENT, :n_people].copy(),
            post=people[Person.POST, :n_people].copy(),
            unemployed_since=since.astype(np.int32),
            state=posts[Post.STATE, :n_posts].copy(),
            holder=posts[Post.HOLDER, :n_posts].copy(),
            rung=posts[Post.RUNG, :n_posts] + posts[Post.TITLE, :n_posts],
        )


@dataclass(frozen=True)
class RunRecord:
    """What one run leaves behind: everything that ledger and files derive from.

    Parameters
    ----------
    built
        The world as built, before it settled.
    start
        The world at the start of month 0.
    events_settle, events
        Raw event rows (:class:`~simulator.columns.Event`) before month 0 and from month 0 on.
        Those of settling begin with one ``VACANCY_OPENED`` row for each vacancy of the built
        world.
    people, posts, workplaces
        State columns after the last month.
    policies
        Propensities of workplaces.
    person_keys, post_keys
        Keys of the rows.
    n_people, n_posts
        Rows in use.
    """

    built: Snapshot
    start: Snapshot
    events_settle: np.ndarray
    events: np.ndarray
    people: np.ndarray
    posts: np.ndarray
    workplaces: np.ndarray
    policies: np.ndarray
    person_keys: np.ndarray
    post_keys: np.ndarray
    n_people: int
    n_posts: int


@dataclass(frozen=True)
class Ledger:
    """Links and chains of a run as columns.

    Parameters
    ----------
    links
        Columns of ``links.parquet`` by name, sorted by chain and place, codes as integers,
        missing as -1 (codes, flags) or the smallest integer (numbers, keys). Beside them, for
        outcomes: ``post_row``, ``person_row``, ``from_row``, ``measure``, ``closed_event`` (row
        of ``events``, negative while settling).
    chains
        Columns of ``chains.parquet`` in the same way, sorted by chain.
    """

    links: dict[str, np.ndarray]
    chains: dict[str, np.ndarray]

    def frames(self, sectors: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return links and chains as frames with the words and columns of the files."""
        from simulator.files import frame

        words = {"sector": list(sectors)} if sectors else {}
        return (
            frame("links.parquet", self.links, words),
            frame("chains.parquet", self.chains, words),
        )


@allocating_kernel
def _replay(events, first, status, resident, since, cause_of_leaving, link_at, left_for, out, n):
    """Go through events in order and write links to ``out`` from row ``n`` on.

    Returns the number of links, or -1 - row of the first event that fits no open link.
    """
    for i in range(events.shape[0]):
        kind = events[i, Event.KIND]
        cause = events[i, Event.CAUSE]
        post = events[i, Event.POST]
        person = events[i, Event.PERSON]
        when = events[i, Event.WHEN]
        close = -1
        if kind == EventKind.VACANCY_OPENED or (
            kind == EventKind.WITHDRAWN and cause == Cause.NOT_BACKFILLED
        ):
            advertised = kind == EventKind.VACANCY_OPENED
            if link_at[post] >= 0:
                return -1 - i
            for column in range(out.shape[1]):
                out[n, column] = -1
            out[n, Link.CHAIN_POST] = events[i, Event.CHAIN_POST]
            out[n, Link.CHAIN_OPENING] = events[i, Event.CHAIN_OPENING]
            out[n, Link.PLACE] = events[i, Event.PLACE]
            out[n, Link.POST] = post
            out[n, Link.RUNG] = events[i, Event.RUNG]
            if left_for[post] >= 0:
                # the rung as it is advertised: a title given in place has lapsed by now
                out[left_for[post], Link.FROM_RUNG] = events[i, Event.RUNG]
                left_for[post] = -1
            # a post that is never advertised was left for the reason of the row before
            out[n, Link.ORIGIN] = cause if advertised else cause_of_leaving[post]
            out[n, Link.OPENED] = when
            out[n, Link.CLOSED] = NULL
            out[n, Link.FILL] = Fill.OPEN
            out[n, Link.PUBLIC] = events[i, Event.STATE] if advertised else -1
            out[n, Link.MONTHS_UNEMPLOYED] = NULL
            if advertised:
                link_at[post] = n
            else:
                out[n, Link.CLOSED] = when
                out[n, Link.FILL] = Fill.NOT_BACKFILLED
                out[n, Link.CLOSED_EVENT] = first + i
            n += 1
        elif kind == EventKind.WITHDRAWN:
            close = Fill.GIVEN_UP
        elif kind == EventKind.POST_DESTROYED:
            if link_at[post] >= 0:
                close = Fill.POST_DESTROYED
            elif events[i, Event.PLACE] > 0:
                return -1 - i
        elif kind == EventKind.SEPARATED:
            cause_of_leaving[post] = cause
        elif kind == EventKind.FILLED:
            link = link_at[post]
            if link < 0:
                return -1 - i
            origin = events[i, Event.FROM_POST]
            before = status[person]
            if origin >= 0:
                if cause == Cause.PROMOTION:
                    close = Fill.PROMOTION
                elif cause == Cause.SIDEWARD_MOVE:
                    close = Fill.SIDEWARD_MOVE
                else:
                    close = Fill.HIRE_FROM_WORKPLACE
                out[link, Link.FROM_POST] = origin
                left_for[origin] = link
                cause_of_leaving[origin] = cause
            elif (
                resident[person] == 0
                or before == Status.LEFT
                or before == Status.EMPLOYED_ELSEWHERE
            ):
                close = Fill.HIRE_OUTSIDE_REGION
            elif before == Status.N:
                close = Fill.HIRE_OUTSIDE_LABOUR_FORCE
            else:
                months = (when >> ROUND_BITS) - since[person] if since[person] != NULL else 0
                close = (
                    Fill.HIRE_LONG_TERM_UNEMPLOYED
                    if months >= LONG_TERM_MONTHS
                    else Fill.HIRE_SHORT_TERM_UNEMPLOYED
                )
            out[link, Link.PERSON] = person
            out[link, Link.STATE_BEFORE] = before if before < Status.RETIRED else -1
            if since[person] != NULL:
                out[link, Link.MONTHS_UNEMPLOYED] = (when >> ROUND_BITS) - since[person]
            out[link, Link.RESIDENT] = events[i, Event.STATE] & 1
            out[link, Link.MEASURE] = events[i, Event.MEASURE]
        if close >= 0:
            link = link_at[post]
            if link < 0:
                return -1 - i
            out[link, Link.CLOSED] = when
            out[link, Link.FILL] = close
            out[link, Link.CLOSED_EVENT] = first + i
            link_at[post] = -1
        if (
            person >= 0
            and kind != EventKind.VACANCY_OPENED
            and kind != EventKind.POST_CREATED
            and events[i, Event.STATE] >= 0
        ):
            new = events[i, Event.STATE] >> 1
            status[person] = new
            resident[person] = events[i, Event.STATE] & 1
            if new == Status.A or new == Status.P or new == Status.S:
                if since[person] == NULL:
                    since[person] = when >> ROUND_BITS
            else:
                since[person] = NULL
    return n


def _padded(column: np.ndarray, size: int, fill: int) -> np.ndarray:
    out = np.full(size, fill, np.int32)
    out[: column.size] = column
    return out


def _openings(events: np.ndarray) -> int:
    kind = events[:, Event.KIND]
    not_advertised = (kind == EventKind.WITHDRAWN) & (
        events[:, Event.CAUSE] == Cause.NOT_BACKFILLED
    )
    return int(np.count_nonzero(kind == EventKind.VACANCY_OPENED) + not_advertised.sum())


def keys_of(keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the keys of rows; no row (-1) gives ``NULL_KEY``."""
    return _take(keys, rows, NULL_KEY)


def _take(column: np.ndarray, rows: np.ndarray, missing: int) -> np.ndarray:
    """Return values of a column at rows; ``missing`` where the row is -1."""
    out = np.full(rows.shape, missing, column.dtype)
    used = rows >= 0
    out[used] = column[rows[used]]
    return out


def month_of(when: np.ndarray) -> np.ndarray:
    """Return the month of ``Event.WHEN`` (missing stays missing)."""
    return np.where(when == NULL, NULL, when >> ROUND_BITS).astype(np.int32)


def round_of(when: np.ndarray) -> np.ndarray:
    """Return the round of ``Event.WHEN`` (missing stays missing)."""
    return np.where(when == NULL, NULL, when & ((1 << ROUND_BITS) - 1)).astype(np.int32)


def derive_ledger(record: RunRecord) -> Ledger:
    """Derive links and chains from the events of a run.

    Chains that ended before month 0 are left out; chains that were open at the start of month 0
    keep their earlier links, with negative months.

    Parameters
    ----------
    record
        What the run left behind.

    Returns
    -------
    Ledger
        Links and chains as columns.

    Raises
    ------
    ValueError
        When an event fits no open link: the events contradict each other.
    """
    built = record.built
    n_people, n_posts = record.n_people, record.n_posts
    status = _padded(built.status, n_people, Status.LEFT)
    resident = _padded(built.resident, n_people, 0)
    since = _padded(built.unemployed_since, n_people, NULL)
    cause_of_leaving = np.full(n_posts, Cause.NONE, np.int32)
    link_at = np.full(n_posts, -1, np.int32)
    left_for = np.full(n_posts, -1, np.int32)
    size = _openings(record.events_settle) + _openings(record.events)
    table = np.empty((size, len(Link)), np.int32)
    n = 0
    for events, first in (
        (record.events_settle, -len(record.events_settle)),
        (record.events, 0),
    ):
        n = _replay(
            events, first, status, resident, since, cause_of_leaving, link_at, left_for, table, n
        )
        if n < 0:
            raise ValueError(f"event {first - 1 - n} fits no open link: {_say(events[-1 - n])}")
    return _assemble(table, record)


def _say(row: np.ndarray) -> str:
    return (
        f"{label(EventKind(int(row[Event.KIND])))} ({label(Cause(int(row[Event.CAUSE])))}) "
        f"of post row {row[Event.POST]} in month {row[Event.WHEN] >> ROUND_BITS}"
    )


def _assemble(table: np.ndarray, record: RunRecord) -> Ledger:
    """Sort links into chains, drop chains of the past, add keys and attributes."""
    columns = table.T
    chain = (
        record.post_keys[columns[Link.CHAIN_POST]] * OPENINGS + columns[Link.CHAIN_OPENING]
    ).astype(np.int64)
    order = np.lexsort((columns[Link.PLACE], chain))
    chain = chain[order]
    begins = np.ones(chain.size, bool)
    begins[1:] = chain[1:] != chain[:-1]
    ends = np.roll(begins, -1)
    number = np.cumsum(begins) - 1  # running number of the chain of each link
    # a chain whose last link closed before month 0 belongs to the past
    last = columns[:, order[ends]]
    kept = (last[Link.CLOSED] == NULL) | (last[Link.CLOSED] >= 0)
    keep = kept[number]
    order, chain = order[keep], chain[keep]
    begins, ends = begins[keep], ends[keep]
    rows = np.ascontiguousarray(columns[:, order])

    post, person, origin = rows[Link.POST], rows[Link.PERSON], rows[Link.FROM_POST]
    workplace = record.posts[Post.WORKPLACE]
    sector = record.posts[Post.SECTOR]
    links = {
        "chain_id": chain,
        "place": rows[Link.PLACE],
        "post": record.post_keys[post],
        "workplace": workplace[post].astype(np.int64),
        "sector": sector[post],
        "rung": rows[Link.RUNG],
        "opened_month": month_of(rows[Link.OPENED]),
        "opened_round": round_of(rows[Link.OPENED]),
        "closed_month": month_of(rows[Link.CLOSED]),
        "closed_round": round_of(rows[Link.CLOSED]),
        "fill": rows[Link.FILL],
        "person": keys_of(record.person_keys, person),
        "from_post": keys_of(record.post_keys, origin),
        "from_workplace": keys_of(workplace.astype(np.int64), origin),
        "from_rung": np.where(origin >= 0, rows[Link.FROM_RUNG], NULL).astype(np.int32),
        "public": rows[Link.PUBLIC],
        "person_education": _take(record.people[Person.EDUCATION], person, -1),
        "person_state_before": rows[Link.STATE_BEFORE],
        "person_months_unemployed": rows[Link.MONTHS_UNEMPLOYED],
        "person_resident": rows[Link.RESIDENT],
        "post_row": post,
        "person_row": person,
        "from_row": origin,
        "measure": rows[Link.MEASURE],
        "closed_event": rows[Link.CLOSED_EVENT],
    }
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    chains = {
        "chain_id": chain[first],
        "origin": rows[Link.ORIGIN][first],
        "origin_month": links["opened_month"][first],
        "origin_round": links["opened_round"][first],
        "origin_rung": links["rung"][first],
        "origin_sector": links["sector"][first],
        "origin_workplace": links["workplace"][first],
        "length": (last - first + 1).astype(np.int32),
        "end": _END_OF_FILL[links["fill"][last]],
        "end_month": links["closed_month"][last],
        "end_round": links["closed_round"][last],
        "end_rung": links["rung"][last],
    }
    return Ledger(links=links, chains=chains)


def replay_links(rows: Iterable[tuple]) -> Ledger:
    """Feed drawn events to the accounting of the ledger, for cases with an exact answer.

    Each row is a tuple, in order of time; every row takes one month.

    =============================== =====================================================
    ``("opened", chain, rung)``     a post is created at ``rung`` and chain ``chain`` begins
    ``("filled", chain, rung)``     by the holder of a post at ``rung``, which empties
    ``("hired", chain, state)``     by somebody in ``"A"``, ``"P"``, ``"S"`` or ``"N"``, or
                                    ``"outside"``; a fourth element is the length of the
                                    spell in months (default 0)
    ``("withdrawn", chain)``        the vacancy is given up
    ``("destroyed", chain)``        the post disappears
    =============================== =====================================================

    Parameters
    ----------
    rows
        The drawn events; ``chain`` is any integer that names the chain.

    Returns
    -------
    Ledger
        The same columns as a run; chains in the order in which they began.

    Examples
    --------
    >>> ledger = replay_links([("opened", 1, 2), ("filled", 1, 1), ("hired", 1, "A")])
    >>> ledger.chains["length"].tolist(), ledger.chains["end"].tolist()
    ([2], [0])
    """
    return derive_ledger(drawn_record(rows))


def drawn_record(rows: Iterable[tuple]) -> RunRecord:
    """Turn drawn events (see :func:`replay_links`) into the record of a very small run."""
    events: list[tuple] = []
    post_rungs: list[int] = []
    post_holders: list[int] = []
    post_workplaces: list[int] = []
    people: list[tuple[int, int, int]] = []  # status, residence, beginning of the spell
    place: dict[int, int] = {}  # links of each chain so far
    root: dict[int, int] = {}  # post with which each chain began
    hole: dict[int, int] = {}  # post of each chain that is empty now
    employed = Status.EMPLOYED * 2 + 1
    missing = -1

    def add(kind, cause, when, chain, post, person=missing, origin=missing, state=missing):
        events.append(
            (when, kind, cause, person, post, origin, post_rungs[post], state, missing)
            + (root[chain], 1, place[chain])
        )

    def new_post(rung, holder, workplace):
        post_rungs.append(int(rung))
        post_holders.append(holder)
        post_workplaces.append(workplace)
        return len(post_rungs) - 1

    for month, (what, chain, *rest) in enumerate(rows):
        when = (month << ROUND_BITS) + 1
        if what == "opened":
            root[chain] = hole[chain] = new_post(rest[0], missing, 0)
            place[chain] = 1
            add(EventKind.POST_CREATED, Cause.NEW_POST, when, chain, hole[chain])
            add(EventKind.VACANCY_OPENED, Cause.NEW_POST, when, chain, hole[chain], state=1)
            continue
        post = hole[chain]
        if what == "filled":
            up = post_rungs[post] - int(rest[0])
            # somebody from a higher rung can only come from another workplace
            workplace = post_workplaces[post] if up >= 0 else 1 - post_workplaces[post]
            cause = (
                Cause.PROMOTION
                if up > 0
                else Cause.SIDEWARD_MOVE
                if up == 0
                else Cause.HIRE_FROM_WORKPLACE
            )
            people.append((Status.EMPLOYED, 1, NULL))
            person = len(people) - 1
            left = new_post(rest[0], person, workplace)
            add(EventKind.FILLED, cause, when, chain, post, person, left, employed)
            hole[chain] = left
            place[chain] += 1
            add(EventKind.VACANCY_OPENED, cause, when, chain, left, state=1)
        elif what == "hired":
            outside = rest[0] == "outside"
            spell = rest[1] if len(rest) > 1 else 0
            people.append(
                (Status.LEFT, 0, NULL) if outside else (Status[rest[0]], 1, month - spell)
            )
            state = employed - 1 if outside else employed
            add(EventKind.FILLED, Cause.NONE, when, chain, post, len(people) - 1, state=state)
        elif what == "withdrawn":
            add(EventKind.WITHDRAWN, Cause.GIVEN_UP, when, chain, post)
        elif what == "destroyed":
            add(EventKind.POST_DESTROYED, Cause.NONE, when, chain, post)
        else:
            raise ValueError(f"unknown drawn event {what!r}")
    return _tiny_record(events, people, post_rungs, post_holders, post_workplaces)


def _tiny_record(events, people, post_rungs, post_holders, post_workplaces) -> RunRecord:
    raw = np.array(events, np.int32).reshape(-1, len(Event))
    n_people, n_posts = len(people), len(post_rungs)
    columns = np.full((len(Person), n_people), -1, np.int32)
    if people:
        spells = [Person.STATUS, Person.RESIDENT, Person.UNEMPLOYED_SINCE]
        columns[spells] = np.array(people, np.int32).T
    columns[Person.EDUCATION] = Education.BASIC
    posts = np.full((len(Post), n_posts), -1, np.int32)
    posts[Post.RUNG] = post_rungs
    posts[Post.HOLDER] = post_holders
    posts[Post.WORKPLACE] = post_workplaces
    posts[Post.SECTOR] = posts[Post.TITLE] = 0
    held = np.flatnonzero(posts[Post.HOLDER] >= 0)
    columns[Person.POST, posts[Post.HOLDER, held]] = held
    posts[Post.STATE] = np.where(posts[Post.HOLDER] >= 0, PostState.FILLED, PostState.DESTROYED)
    snapshot = Snapshot.of(columns, posts, n_people, n_posts)
    return RunRecord(
        built=snapshot,
        start=snapshot,
        events_settle=raw[:0],
        events=raw,
        people=columns,
        posts=posts,
        workplaces=np.zeros((len(Workplace), 2), np.int32),
        policies=np.zeros((5, 2)),
        person_keys=np.arange(n_people, dtype=np.int64),
        post_keys=np.arange(n_posts, dtype=np.int64),
        n_people=n_people,
        n_posts=n_posts,
    )


def draw_chains(
    Q: np.ndarray,
    R: np.ndarray,
    starts: Sequence[int],
    rng: np.random.Generator,
    ends: Sequence[str] = ("A", "N", "outside"),
) -> list[tuple]:
    """Draw chains of White's model as rows for :func:`replay_links`.

    Parameters
    ----------
    Q
        Chance that a vacancy at level i (row) is filled from level j (column).
    R
        Chance that it ends in the ways of ``ends``; rows of Q and R sum to one.
    starts
        Chains that begin at each level.
    rng
        Source of chance.
    ends
        Meaning of the columns of R: a state (``"A"``, ``"P"``, ``"S"``, ``"N"``),
        ``"outside"``, ``"withdrawn"`` or ``"destroyed"``.

    Notes
    -----
    Level i of the matrices becomes rung ``levels - 1 - i``: row 0 is the top, rung 0 the entry.
    """
    Q, R = np.atleast_2d(Q), np.atleast_2d(R)
    levels = len(Q)
    cumulated = np.cumsum(np.hstack([Q, R]), axis=1)
    if not np.allclose(cumulated[:, -1], 1):
        raise ValueError("rows of Q and R must sum to one")
    rows: list[tuple] = []
    chain = 0
    for start, number in enumerate(starts):
        for _ in range(int(number)):
            level = start
            rows.append(("opened", chain, levels - 1 - level))
            while True:
                drawn = int(np.searchsorted(cumulated[level, :-1], rng.random(), side="right"))
                if drawn >= levels:
                    break
                level = drawn
                rows.append(("filled", chain, levels - 1 - level))
            end = ends[drawn - levels]
            closes = end in ("withdrawn", "destroyed")
            rows.append((end, chain) if closes else ("hired", chain, end))
            chain += 1
    return rows


def chain_statistics(
    links: pd.DataFrame, chains: pd.DataFrame, since: int | None = None
) -> dict[str, Any]:
    """Sum up chains: lengths, ends, and White's matrices estimated from the ledger.

    Parameters
    ----------
    links, chains
        Frames with the columns of ``links.parquet`` and ``chains.parquet``.
    since
        Count only chains that began in this month or later (default: all).

    Returns
    -------
    dict
        ``chains, links, closed, open``; ``mean_length`` (closed chains), ``length_by_origin``,
        ``length_by_rung`` (frames with mean, variance and number), ``end_shares`` (closed
        chains), ``ends_by_rung`` (shares by rung of origin, a row per rung), ``Q`` (share of
        vacancies of rung i filled from rung j), ``R`` (share of them that end a chain in each of
        ``ends``), ``f`` (chains begun by rung), ``m`` (vacancies by rung), ``m_markov``
        (``(I - Q')^-1 f``), ``A_markov`` (``(I - Q)^-1 R``), ``length_markov``,
        ``deviation`` (largest relative difference of ``m_markov`` from ``m``) and ``ends``.

    Notes
    -----
    When all chains are closed ``m_markov`` equals ``m`` exactly, since every link is either an
    origin or emptied by the link before. With open chains the estimated Q lacks their next step
    and the deviation shows how much that matters. ``A_markov`` against ``ends_by_rung``, and
    ``length_markov`` against ``length_by_rung``, show what the Markov property misses.
    """
    if since is not None:
        chains = chains[chains["origin_month"] >= since]
        links = links[links["chain_id"].isin(chains["chain_id"])]
    ends = [word for word in labels(End) if word != "open"]
    closed = chains[chains["end"] != "open"]
    rung = links["rung"].to_numpy(np.int64)
    done = (links["fill"] != "open").to_numpy()
    moves = links["fill"].isin([label(fill) for fill in CONTINUING]).to_numpy()
    m = np.bincount(rung, minlength=RUNGS).astype(float)
    m_done = np.bincount(rung[done], minlength=RUNGS).astype(float)
    flow = np.zeros((RUNGS, RUNGS))
    np.add.at(flow, (rung[moves], links["from_rung"].to_numpy()[moves].astype(np.int64)), 1)
    exits = np.zeros((RUNGS, len(ends)))
    end_of_fill = {label(fill): label(End(int(_END_OF_FILL[fill]))) for fill in Fill}
    last = links[done & ~moves]
    column = last["fill"].map(end_of_fill).map(ends.index).to_numpy(np.int64)
    np.add.at(exits, (last["rung"].to_numpy(np.int64), column), 1)
    per = np.where(m_done > 0, m_done, 1)[:, None]
    Q, R = flow / per, exits / per
    f = np.bincount(chains["origin_rung"].to_numpy(np.int64), minlength=RUNGS).astype(float)
    try:
        N = np.linalg.inv(np.eye(RUNGS) - Q)
    except np.linalg.LinAlgError:  # too few chains: some rung was never left
        N = np.full((RUNGS, RUNGS), np.nan)
    m_markov = N.T @ f
    used = m > 0
    deviation = np.max(np.abs(m_markov[used] / m[used] - 1)) if used.any() else 0.0
    by_rung = pd.crosstab(closed["origin_rung"], closed["end"], normalize="index")
    by_rung = by_rung.reindex(index=range(RUNGS), columns=ends, fill_value=0.0)

    def lengths(by: str) -> pd.DataFrame:
        return closed.groupby(by)["length"].agg(mean="mean", variance="var", number="size")

    return {
        "chains": len(chains),
        "links": len(links),
        "closed": len(closed),
        "open": len(chains) - len(closed),
        "mean_length": float(closed["length"].mean()) if len(closed) else float("nan"),
        "length_by_origin": lengths("origin"),
        "length_by_rung": lengths("origin_rung"),
        "end_shares": closed["end"].value_counts(normalize=True).reindex(ends, fill_value=0.0),
        "ends_by_rung": by_rung,
        "ends": ends,
        "Q": Q,
        "R": R,
        "f": f,
        "m": m,
        "m_markov": m_markov,
        "A_markov": N @ R,
        "length_markov": N.sum(axis=1),
        "deviation": float(deviation),
    }
