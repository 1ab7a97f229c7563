"""Check a results folder: the ten identities of the ledger, from the files alone.

Nothing here knows the engine. The events are replayed from the start columns by the meaning of
their kinds, so that a mistake in the engine, in the ledger or in the files shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from simulator.check_tables import CheckRow, check_tables
from simulator.codes import RUNGS, Cause, End, EventKind, Fill, PostState, Status, labels
from simulator.compile import allocating_kernel
from simulator.errors import ResultError
from simulator.files import read_columns, read_manifest, read_table
from simulator.ledger import CONTINUING, NULL, NULL_KEY

LEDGER_FILES = (
    "posts.parquet",
    "people.parquet",
    "workplaces.parquet",
    "events.parquet",
    "links.parquet",
    "chains.parquet",
)

CHECKS = (
    "chain_places",
    "from_post_is_next_post",
    "rungs_along_chain",
    "one_row_per_post_at_a_time",
    "chains_agree_with_links",
    "replay_gives_end_columns",
    "conservation_every_round",
    "chains_begun_ended_open",
    "hires_separations_filled",
    "monthly_stocks",
)

# stocks that a replay can count; other outcomes of monthly.parquet are not compared
STOCKS = (
    "posts",
    "filled_posts",
    "vacant_posts",
    "withdrawn_posts",
    "employed_residents",  # residents at work here or elsewhere
    "employed_elsewhere",  # residents at work elsewhere
    "in_commuters",  # holders of posts here who live elsewhere
    "register_unemployed",  # residents in A or P
    "survey_unemployed",  # residents in A or S
    "state_A",
    "state_P",
    "state_S",
    "state_N",
)

MOST_MONTHS = 12 * 100  # twice the longest run that the command makes
_EMPTY = 4  # a post between two events of the same move; never at the end of a round
_UNKNOWN = 5
_NONE = -1


class Problem(IntEnum):
    """What a replay can find wrong with an event."""

    UNKNOWN_POST = 0
    UNKNOWN_PERSON = 1
    TIME = 2
    NOT_VACANT = 3
    HOLDS_ANOTHER = 4
    FROM_POST = 5
    NOT_EMPTY = 6
    NOT_WITHDRAWN = 7
    NOT_HOLDER = 8
    HELD = 9
    EXISTS = 10
    RUNG = 11
    LEFT_EMPTY = 12
    HOLDER_AND_POST = 13
    STATUS_AND_POST = 14
    COUNT = 15


_SAY = {
    Problem.UNKNOWN_POST: "an event names a post that is not in posts.parquet",
    Problem.UNKNOWN_PERSON: "an event names a person who is not in people.parquet",
    Problem.TIME: "events are not in order of time",
    Problem.NOT_VACANT: "a post is filled or given up that is not vacant",
    Problem.HOLDS_ANOTHER: "somebody starts in a post who still holds another",
    Problem.FROM_POST: "somebody leaves a post that they do not hold",
    Problem.NOT_EMPTY: "a vacancy opens, or a post is withdrawn, that is not empty",
    Problem.NOT_WITHDRAWN: "a post returns that was not withdrawn",
    Problem.NOT_HOLDER: "somebody separates from, or stays in, a post that they do not hold",
    Problem.HELD: "a post is destroyed while somebody holds it, or twice",
    Problem.EXISTS: "a post is created that exists already",
    Problem.RUNG: "a rung does not follow from the events",
    Problem.LEFT_EMPTY: "a post is neither filled, vacant, withdrawn nor destroyed after a round",
    Problem.HOLDER_AND_POST: "holder and post disagree after a round",
    Problem.STATUS_AND_POST: "somebody is employed here without a post, or the other way round",
    Problem.COUNT: "filled + vacant + withdrawn differs from start + created - destroyed",
}


class _Count(IntEnum):
    FILLED = PostState.FILLED
    VACANT = PostState.VACANT
    WITHDRAWN = PostState.WITHDRAWN
    DESTROYED = PostState.DESTROYED
    EMPTY = _EMPTY
    UNKNOWN = _UNKNOWN
    START = 6
    CREATED = 7
    GONE = 8
    # residents by status, from here on
    STATUS = 9
    IN_COMMUTERS = 9 + len(Status)


@allocating_kernel
def _find(problems, first, code, i):
    if problems[code] == 0:
        first[code] = i
    problems[code] += 1


@allocating_kernel
def _set_state(counts, state, post, new):
    counts[state[post]] -= 1
    counts[new] += 1
    state[post] = new


@allocating_kernel
def _set_status(counts, status, resident, person, new_status, new_resident):
    old = status[person]
    if old >= 0:
        if resident[person] == 1:
            counts[_Count.STATUS + old] -= 1
        elif old == Status.EMPLOYED:
            counts[_Count.IN_COMMUTERS] -= 1
    status[person] = new_status
    resident[person] = new_resident
    if new_status >= 0:
        if new_resident == 1:
            counts[_Count.STATUS + new_status] += 1
        elif new_status == Status.EMPLOYED:
            counts[_Count.IN_COMMUTERS] += 1


@allocating_kernel
def _person_agrees(person, status, post_of, holder, problems, first, i):
    post = post_of[person]
    if post >= 0 and holder[post] != person:
        _find(problems, first, Problem.HOLDER_AND_POST, i)
    if (post >= 0) != (status[person] == Status.EMPLOYED):
        _find(problems, first, Problem.STATUS_AND_POST, i)


@allocating_kernel
def _post_agrees(post, state, holder, post_of, problems, first, i):
    if state[post] == _EMPTY:
        _find(problems, first, Problem.LEFT_EMPTY, i)
    if (holder[post] >= 0) != (state[post] == PostState.FILLED):
        _find(problems, first, Problem.HOLDER_AND_POST, i)
    if holder[post] >= 0 and post_of[holder[post]] != post:
        _find(problems, first, Problem.HOLDER_AND_POST, i)


@allocating_kernel
def _replay(
    month, round_, kind, cause, person, post, from_post, event_rung, event_status, event_resident,
    state, holder, rung, status, resident, post_of, stocks, problems, first,
):  # fmt: skip
    """Apply events in order of execution; count what does not fit; record month-end stocks."""
    n_events, n_posts, n_people = month.size, state.size, status.size
    counts = np.zeros(stocks.shape[1], np.int64)
    for p in range(n_posts):
        counts[state[p]] += 1
        _post_agrees(p, state, holder, post_of, problems, first, -1)
    counts[_Count.START] = (
        counts[PostState.FILLED] + counts[PostState.VACANT] + counts[PostState.WITHDRAWN]
    )
    for a in range(n_people):
        if status[a] >= 0:
            if resident[a] == 1:
                counts[_Count.STATUS + status[a]] += 1
            elif status[a] == Status.EMPLOYED:
                counts[_Count.IN_COMMUTERS] += 1
            _person_agrees(a, status, post_of, holder, problems, first, -1)
    stocks[0] = counts
    touched_posts = np.empty(2 * n_events + 1, np.int64)
    touched_people = np.empty(n_events + 1, np.int64)
    n_touched_posts, n_touched_people = 0, 0
    months_done = 0
    for i in range(n_events + 1):
        turn = i == n_events or (i > 0 and (month[i] != month[i - 1] or round_[i] != round_[i - 1]))
        if turn and i > 0:
            if i < n_events and (
                month[i] < month[i - 1] or (month[i] == month[i - 1] and round_[i] < round_[i - 1])
            ):
                _find(problems, first, Problem.TIME, i)
            for t in range(n_touched_posts):
                _post_agrees(touched_posts[t], state, holder, post_of, problems, first, i - 1)
            for t in range(n_touched_people):
                _person_agrees(touched_people[t], status, post_of, holder, problems, first, i - 1)
            n_touched_posts, n_touched_people = 0, 0
            now = counts[PostState.FILLED] + counts[PostState.VACANT] + counts[PostState.WITHDRAWN]
            if now != counts[_Count.START] + counts[_Count.CREATED] - counts[_Count.GONE]:
                _find(problems, first, Problem.COUNT, i - 1)
        # stocks at the end of each month up to this event; row 0 is the start of month 0
        until = stocks.shape[0] - 1 if i == n_events else min(month[i], stocks.shape[0] - 1)
        while months_done < until:
            months_done += 1
            stocks[months_done] = counts
        if i == n_events:
            break
        k, a, p = kind[i], person[i], post[i]
        if p == -2 or from_post[i] == -2:
            _find(problems, first, Problem.UNKNOWN_POST, i)
            continue
        if a == -2:
            _find(problems, first, Problem.UNKNOWN_PERSON, i)
            continue
        needs_post = k <= EventKind.SEPARATED or k == EventKind.UPGRADED_IN_PLACE
        needs_person = (k >= EventKind.SEPARATED and k <= EventKind.LEFT) or (
            k == EventKind.FILLED or k == EventKind.KEPT_ON
        )
        if needs_post and p < 0:
            _find(problems, first, Problem.UNKNOWN_POST, i)
            continue
        if needs_person and a < 0:
            _find(problems, first, Problem.UNKNOWN_PERSON, i)
            continue
        if p >= 0:
            touched_posts[n_touched_posts] = p
            n_touched_posts += 1
        if a >= 0:
            touched_people[n_touched_people] = a
            n_touched_people += 1
        if k == EventKind.POST_CREATED:
            if state[p] != _UNKNOWN:
                _find(problems, first, Problem.EXISTS, i)
            _set_state(counts, state, p, _EMPTY)
            rung[p] = event_rung[i]
            counts[_Count.CREATED] += 1
        elif k == EventKind.VACANCY_OPENED:
            if state[p] != _EMPTY:
                _find(problems, first, Problem.NOT_EMPTY, i)
            _set_state(counts, state, p, PostState.VACANT)
        elif k == EventKind.WITHDRAWN:
            if cause[i] == Cause.NOT_BACKFILLED:
                if state[p] != _EMPTY:
                    _find(problems, first, Problem.NOT_EMPTY, i)
            elif state[p] != PostState.VACANT:
                _find(problems, first, Problem.NOT_VACANT, i)
            _set_state(counts, state, p, PostState.WITHDRAWN)
        elif k == EventKind.RETURNED:
            if state[p] != PostState.WITHDRAWN:
                _find(problems, first, Problem.NOT_WITHDRAWN, i)
            _set_state(counts, state, p, _EMPTY)
        elif k == EventKind.POST_DESTROYED:
            if (
                state[p] == PostState.FILLED
                or state[p] == PostState.DESTROYED
                or state[p] == _UNKNOWN
            ):
                _find(problems, first, Problem.HELD, i)
            _set_state(counts, state, p, PostState.DESTROYED)
            counts[_Count.GONE] += 1
        elif k == EventKind.FILLED:
            if state[p] != PostState.VACANT:
                _find(problems, first, Problem.NOT_VACANT, i)
            origin = from_post[i]
            if origin >= 0:
                touched_posts[n_touched_posts] = origin
                n_touched_posts += 1
                if holder[origin] != a or post_of[a] != origin:
                    _find(problems, first, Problem.FROM_POST, i)
                holder[origin] = -1
                _set_state(counts, state, origin, _EMPTY)
            elif post_of[a] >= 0:
                _find(problems, first, Problem.HOLDS_ANOTHER, i)
            holder[p] = a
            post_of[a] = p
            _set_state(counts, state, p, PostState.FILLED)
        elif k == EventKind.SEPARATED:
            if holder[p] != a or post_of[a] != p:
                _find(problems, first, Problem.NOT_HOLDER, i)
            holder[p] = -1
            post_of[a] = -1
            _set_state(counts, state, p, _EMPTY)
        elif k == EventKind.KEPT_ON:
            if holder[p] != a:
                _find(problems, first, Problem.NOT_HOLDER, i)
        elif k == EventKind.UPGRADED_IN_PLACE:
            # up with the holder; down again when the holder has left
            if event_rung[i] != rung[p] + (1 if a >= 0 else -1):
                _find(problems, first, Problem.RUNG, i)
            rung[p] = event_rung[i]
        if k <= EventKind.RETURNED and k != EventKind.KEPT_ON and event_rung[i] != rung[p]:
            _find(problems, first, Problem.RUNG, i)
        if a >= 0 and event_status[i] >= 0:
            _set_status(counts, status, resident, a, event_status[i], event_resident[i])
    for p in range(n_posts):
        _post_agrees(p, state, holder, post_of, problems, first, n_events - 1)
    for a in range(n_people):
        if status[a] >= 0:
            _person_agrees(a, status, post_of, holder, problems, first, n_events - 1)


class _Lookup:
    """From keys to rows of a file."""

    def __init__(self, keys: np.ndarray) -> None:
        self.order = np.argsort(keys, kind="stable")
        self.sorted = keys[self.order]

    def rows(self, keys: np.ndarray) -> np.ndarray:
        """Return rows; -1 where the key is missing, -2 where it is unknown."""
        if self.sorted.size == 0:
            return np.where(keys == NULL_KEY, -1, -2)
        at = np.minimum(np.searchsorted(self.sorted, keys), self.sorted.size - 1)
        rows = np.where(self.sorted[at] == keys, self.order[at], -2)
        return np.where(keys == NULL_KEY, -1, rows)


@dataclass
class _Run:
    """The files of a run, read once."""

    folder: Path
    posts: dict[str, np.ndarray] = field(init=False)
    people: dict[str, np.ndarray] = field(init=False)
    events: dict[str, np.ndarray] = field(init=False)
    links: dict[str, np.ndarray] = field(init=False)
    chains: dict[str, np.ndarray] = field(init=False)
    mix: str | None = field(init=False)
    scale: int = field(init=False)  # monthly outcomes are multiplied back by it

    def __post_init__(self) -> None:
        manifest = read_manifest(self.folder)
        mix, scale = manifest.get("mix"), manifest.get("scale", 1)
        self.mix = mix if isinstance(mix, str) else None
        self.scale = scale if isinstance(scale, int) else 1
        self.posts = read_columns(self.folder, "posts.parquet")
        self.people = read_columns(self.folder, "people.parquet")
        self.events = read_columns(self.folder, "events.parquet")
        self.links = read_columns(self.folder, "links.parquet")
        self.chains = read_columns(self.folder, "chains.parquet")
        read_table(self.folder, "workplaces.parquet")
        self.monthly = read_table(self.folder, "monthly.parquet").to_pandas()
        by_seq = np.argsort(self.events["seq"], kind="stable")
        self.events = {name: column[by_seq] for name, column in self.events.items()}
        in_order = np.lexsort((self.links["place"], self.links["chain_id"]))
        self.links = {name: column[in_order] for name, column in self.links.items()}
        in_order = np.argsort(self.chains["chain_id"], kind="stable")
        self.chains = {name: column[in_order] for name, column in self.chains.items()}

    @cached_property
    def begins(self) -> np.ndarray:
        """Whether a link is the first row of its chain."""
        chain = self.links["chain_id"]
        begins = np.ones(chain.size, bool)
        begins[1:] = chain[1:] != chain[:-1]
        return begins

    @cached_property
    def ends(self) -> np.ndarray:
        """Whether a link is the last row of its chain."""
        ends = np.ones(self.begins.size, bool)
        ends[:-1] = self.begins[1:]
        return ends

    @cached_property
    def goes_on(self) -> np.ndarray:
        """Whether the fill of a link leaves another post."""
        return np.isin(self.links["fill"], CONTINUING)

    @cached_property
    def months(self) -> int:
        """Months of the run: those of the monthly file, else of the events."""
        months = self.monthly["month"]
        if months.isna().any():
            raise ResultError("monthly.parquet has rows without a month.")
        last = int(months.max()) if months.size else _NONE
        if self.events["month"].size:
            last = max(last, int(self.events["month"].max()))
        if last >= MOST_MONTHS:
            raise ResultError(f"month {last} is named, but a run has at most {MOST_MONTHS} months.")
        return last + 1

    @cached_property
    def replay(self) -> dict[str, np.ndarray]:
        """Replay the events from the start columns."""
        posts, people, events = self.posts, self.people, self.events
        of_post, of_person = _Lookup(posts["post"]), _Lookup(people["person"])
        state = np.where(posts["state_start"] < 0, _UNKNOWN, posts["state_start"])
        out = {
            "state": state.astype(np.int64),
            "holder": of_person.rows(posts["holder_start"]),
            "rung": posts["rung_start"].astype(np.int64),
            "status": people["status_start"].astype(np.int64),
            "resident": people["resident"].astype(np.int64),
            "post": of_post.rows(people["post_start"]),
            "stocks": np.zeros((self.months + 1, len(_Count) + len(Status) - 1), np.int64),
            "problems": np.zeros(len(Problem), np.int64),
            "first": np.full(len(Problem), -1, np.int64),
        }
        for name, code in (("holder", Problem.UNKNOWN_PERSON), ("post", Problem.UNKNOWN_POST)):
            out["problems"][code] += np.count_nonzero(out[name] == -2)
            out[name][out[name] == -2] = -1
        _replay(
            events["month"].astype(np.int64),
            events["round"].astype(np.int64),
            events["kind"].astype(np.int64),
            events["cause"].astype(np.int64),
            of_person.rows(events["person"]),
            of_post.rows(events["post"]),
            of_post.rows(events["from_post"]),
            events["rung"].astype(np.int64),
            events["status"].astype(np.int64),
            events["resident"].astype(np.int64),
            out["state"],
            out["holder"],
            out["rung"],
            out["status"],
            out["resident"],
            out["post"],
            out["stocks"],
            out["problems"],
            out["first"],
        )
        return out


def check_results(folder: str | Path) -> list[CheckRow]:
    """Verify the ten identities of a run from its files alone.

    Parameters
    ----------
    folder
        Results folder of a run.

    Returns
    -------
    list of CheckRow
        One row for each identity, in order, with a sentence on what was found. A folder of
        ``compare``, which holds no ledger, gives the rows of :mod:`simulator.check_tables`.
        ``holds`` is None where nothing can be said.

    Raises
    ------
    ResultError
        When the folder holds no results, or a file is missing or damaged.
    """
    folder = Path(folder)
    # a comparison names its mixes and has no ledger; a run names its mix
    compared = "mixes" in read_manifest(folder)
    if compared and not any((folder / file).exists() for file in LEDGER_FILES):
        return check_tables(folder)
    run = _Run(folder)
    rules = (
        _chain_places,
        _next_post,
        _rungs,
        _one_row_at_a_time,
        _chains_agree,
        _end_columns,
        _conservation,
        _begun_ended_open,
        _hires_and_separations,
        _monthly,
    )
    rows = []
    for name, rule in zip(CHECKS, rules, strict=True):
        good, problem = rule(run)
        rows.append(CheckRow(name, not problem, problem or good))
    return rows


def _first(bad: np.ndarray, what: str, ids: np.ndarray) -> str:
    """Say how many rows are bad, with one example."""
    n = int(np.count_nonzero(bad))
    if not n:
        return ""
    return f"{what}: {n} {'row' if n == 1 else 'rows'}, first {ids[np.argmax(bad)]}"


def _join(*problems: str) -> str:
    return "; ".join(problem for problem in problems if problem)


def _length_by_link(run: _Run) -> np.ndarray:
    """Return the length that chains.parquet gives the chain of each link; -1 without a chain."""
    at = _Lookup(run.chains["chain_id"]).rows(run.links["chain_id"])
    if run.chains["length"].size == 0:
        return np.full(at.size, -1)
    return np.where(at >= 0, run.chains["length"][at], -1)


def _chain_places(run: _Run) -> tuple[str, str]:
    links, chain = run.links, run.links["chain_id"]
    count = np.arange(chain.size)
    start = np.maximum.accumulate(np.where(run.begins, count, 0))
    problem = _join(
        _first(links["place"] != count - start + 1, "place does not run 1, 2, ...; chain", chain),
        _first(
            run.ends & (links["place"] != _length_by_link(run)),
            "last place is not the length of the chain; chain",
            chain,
        ),
        _first(~run.ends & ~run.goes_on, "a chain goes on after it ended; chain", chain),
        _first(run.ends & run.goes_on, "a chain stops without an end; chain", chain),
    )
    return f"{run.chains['chain_id'].size} chains with {chain.size} links", problem


def _pairs(run: _Run) -> np.ndarray:
    """Return rows of links that are followed by another link of their chain."""
    return np.flatnonzero(~run.ends)


def _next_post(run: _Run) -> tuple[str, str]:
    links, i = run.links, _pairs(run)
    chain = links["chain_id"][i]
    missing = links["from_post"] == NULL_KEY
    problem = _join(
        _first(
            links["from_post"][i] != links["post"][i + 1],
            "the post that was left is not the next of the chain; chain",
            chain,
        ),
        _first(
            (links["closed_month"][i] != links["opened_month"][i + 1])
            | (links["closed_round"][i] != links["opened_round"][i + 1]),
            "the next post did not open when the row closed; chain",
            chain,
        ),
        _first(
            missing == run.goes_on,
            "a move has no post that was left, or another row has one; chain",
            links["chain_id"],
        ),
        _first(
            (links["fill"] == Fill.NOT_BACKFILLED)
            & (
                (links["closed_month"] != links["opened_month"])
                | (links["closed_round"] != links["opened_round"])
            ),
            "a row that was never advertised did not close when it opened; chain",
            links["chain_id"],
        ),
    )
    return f"{i.size} moves lead to the next link", problem


def _rungs(run: _Run) -> tuple[str, str]:
    links, i = run.links, _pairs(run)
    chain, fill = links["chain_id"], links["fill"]
    inside = links["workplace"] == links["from_workplace"]
    promotion, sideward = fill == Fill.PROMOTION, fill == Fill.SIDEWARD_MOVE
    other = fill == Fill.HIRE_FROM_WORKPLACE
    at = _Lookup(run.posts["post"]).rows(links["post"])
    known = at >= 0
    wrong_workplace = ~known
    wrong_workplace[known] = run.posts["workplace"][at[known]] != links["workplace"][known]
    problem = _join(
        _first(
            links["rung"][i + 1] != links["from_rung"][i],
            "the next rung is not the rung that was left; chain",
            chain[i],
        ),
        _first(
            promotion & ~(inside & (links["rung"] > links["from_rung"])),
            "a promotion is not up in the same workplace; chain",
            chain,
        ),
        _first(
            sideward & ~(inside & (links["rung"] == links["from_rung"])),
            "a sideward move is not in the same workplace and rung; chain",
            chain,
        ),
        _first(other & inside, "a hire from another workplace is from the same; chain", chain),
        _first(
            (links["rung"] < 0) | (links["rung"] >= RUNGS), "there is no such rung; chain", chain
        ),
        _first(wrong_workplace, "the workplace is not that of the post; chain", chain),
    )
    detail = f"{promotion.sum()} promotions, {sideward.sum()} sideward moves, {other.sum()} hires"
    return detail + " from other workplaces", problem


def _times(month: np.ndarray, round_: np.ndarray) -> np.ndarray:
    """Return one number that sorts by month and round; missing is the far future."""
    return np.where(month == NULL, np.iinfo(np.int64).max, month.astype(np.int64) * 256 + round_)


def _one_row_at_a_time(run: _Run) -> tuple[str, str]:
    links = run.links
    opened = _times(links["opened_month"], links["opened_round"])
    closed = _times(links["closed_month"], links["closed_round"])
    order = np.lexsort((closed, opened, links["post"]))
    post = links["post"][order]
    same = post[1:] == post[:-1]
    problem = _join(
        _first(
            same & (closed[order][:-1] > opened[order][1:]),
            "a post is in two rows at once; post",
            post[1:],
        ),
        _first(closed < opened, "a row closed before it opened; chain", links["chain_id"]),
    )
    return f"{np.unique(post).size} posts, each in one row at a time", problem


_END = {
    Fill.HIRE_SHORT_TERM_UNEMPLOYED: End.JOBSEEKER,
    Fill.HIRE_LONG_TERM_UNEMPLOYED: End.JOBSEEKER,
    Fill.HIRE_OUTSIDE_LABOUR_FORCE: End.OUTSIDE_LABOUR_FORCE,
    Fill.HIRE_OUTSIDE_REGION: End.OUTSIDE_REGION,
    Fill.NOT_BACKFILLED: End.WITHDRAWN,
    Fill.GIVEN_UP: End.WITHDRAWN,
    Fill.POST_DESTROYED: End.DESTROYED,
    Fill.OPEN: End.OPEN,
}


def _chains_agree(run: _Run) -> tuple[str, str]:
    chains, links = run.chains, run.links
    first, last = np.flatnonzero(run.begins), np.flatnonzero(run.ends)
    ids = links["chain_id"][first]
    if chains["chain_id"].size != ids.size or np.any(chains["chain_id"] != ids):
        only = np.setxor1d(chains["chain_id"], ids)
        if only.size:
            return "", f"{only.size} chains are in one of the two files only, first {only[0]}"
        return "", "a chain is in chains.parquet twice"
    end = np.array([_END.get(fill, _NONE) for fill in Fill])[links["fill"][last]]
    pairs = [
        ("length", last - first + 1),
        ("end", end),
        ("origin_month", links["opened_month"][first]),
        ("origin_round", links["opened_round"][first]),
        ("origin_rung", links["rung"][first]),
        ("origin_sector", links["sector"][first]),
        ("origin_workplace", links["workplace"][first]),
        ("end_month", links["closed_month"][last]),
        ("end_round", links["closed_round"][last]),
        ("end_rung", links["rung"][last]),
    ]
    problem = _join(
        *(
            _first(chains[name] != value, f"{name} differs from the links; chain", ids)
            for name, value in pairs
        ),
        _first(
            (chains["origin"] < 0) | (chains["origin"] > Cause.LEAVE),
            "origin is no origin of a chain; chain",
            ids,
        ),
        _first(
            (links["closed_month"] == NULL) != (links["fill"] == Fill.OPEN),
            "an open row has a date of closing, or a closed row has none; chain",
            links["chain_id"],
        ),
    )
    return f"{ids.size} chains agree with their first and last links", problem


def _keys(keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the keys at rows of a file; missing where the row is negative."""
    known = rows >= 0
    found = np.full(rows.size, NULL_KEY)
    found[known] = keys[rows[known]]
    return found


def _end_columns(run: _Run) -> tuple[str, str]:
    replay, posts, people = run.replay, run.posts, run.people
    holder = _keys(people["person"], replay["holder"])
    post = _keys(posts["post"], replay["post"])
    problem = _join(
        _first(replay["state"] != posts["state_end"], "state_end differs; post", posts["post"]),
        _first(holder != posts["holder_end"], "holder_end differs; post", posts["post"]),
        _first(replay["rung"] != posts["rung_end"], "rung_end differs; post", posts["post"]),
        _first(
            replay["status"] != people["status_end"], "status_end differs; person", people["person"]
        ),
        _first(post != people["post_end"], "post_end differs; person", people["person"]),
        "seq is not unique" if np.unique(run.events["seq"]).size < run.events["seq"].size else "",
    )
    n = run.events["seq"].size
    return f"{n} events lead from the start columns to the end columns", problem


def _conservation(run: _Run) -> tuple[str, str]:
    replay = run.replay
    found = []
    for problem in Problem:
        n = replay["problems"][problem]
        if n:
            at = int(replay["first"][problem])
            where = f"first at seq {run.events['seq'][at]}" if at >= 0 else "at the start"
            found.append(f"{_SAY[problem]} ({n} times, {where})")
    rounds = np.unique(run.events["month"].astype(np.int64) * 256 + run.events["round"]).size
    return f"people and posts agree after each of {rounds} rounds", _join(*found)


def _begun_ended_open(run: _Run) -> tuple[str, str]:
    events, chains = run.events, run.chains
    kind, cause = events["kind"], events["cause"]
    in_chain = events["chain_id"] != NULL_KEY
    never = (kind == EventKind.WITHDRAWN) & (cause == Cause.NOT_BACKFILLED)
    opens = (kind == EventKind.VACANCY_OPENED) | never
    begun = int(np.count_nonzero(opens & (events["place"] == 1)))
    at_start = int(np.count_nonzero(run.posts["state_start"] == PostState.VACANT))
    ended = int(
        np.count_nonzero((kind == EventKind.FILLED) & (events["from_post"] == NULL_KEY))
        + np.count_nonzero(kind == EventKind.WITHDRAWN)
        + np.count_nonzero((kind == EventKind.POST_DESTROYED) & in_chain)
    )
    still_open = int(np.count_nonzero(run.posts["state_end"] == PostState.VACANT))
    in_file = chains["chain_id"].size
    open_in_file = int(np.count_nonzero(chains["end"] == End.OPEN))
    problem = _join(
        ""
        if at_start + begun == ended + still_open
        else f"the events begin {begun} chains beside {at_start} at the start, but end {ended} and "
        f"leave {still_open} open",
        ""
        if in_file == at_start + begun
        else f"chains.parquet holds {in_file} chains, the events {at_start + begun}",
        ""
        if open_in_file == still_open
        else f"chains.parquet holds {open_in_file} open chains, but {still_open} posts are vacant "
        "at the end",
        _unlike_events(run),
    )
    detail = f"{at_start} open at the start + {begun} begun = {ended} ended + {still_open} open"
    return detail, problem


def _unlike_events(run: _Run) -> str:
    """Compare the links that closed in the run with the events that closed them."""
    events, links = run.events, run.links
    kind = events["kind"]
    closing = (
        (kind == EventKind.FILLED)
        | (kind == EventKind.WITHDRAWN)
        | ((kind == EventKind.POST_DESTROYED) & (events["chain_id"] != NULL_KEY))
    )
    closed = (links["closed_month"] != NULL) & (links["closed_month"] >= 0)
    names = ("chain_id", "place", "post", "person", "from_post", "month", "round")
    left = np.stack([events[name][closing].astype(np.int64) for name in names])
    right = np.stack(
        [
            links[{"month": "closed_month", "round": "closed_round"}.get(name, name)][closed]
            for name in names
        ]
    ).astype(np.int64)
    left, right = (part[:, np.lexsort(part[:2])] for part in (left, right))
    if left.shape != right.shape:
        return f"{left.shape[1]} events close a link, but {right.shape[1]} links closed"
    return _first(
        np.any(left != right, axis=0),
        "a link differs from the event that closed it; chain",
        right[0],
    )


def _hires_and_separations(run: _Run) -> tuple[str, str]:
    events, posts, links = run.events, run.posts, run.links
    hires = int(
        np.count_nonzero((events["kind"] == EventKind.FILLED) & (events["from_post"] == NULL_KEY))
    )
    separations = int(np.count_nonzero(events["kind"] == EventKind.SEPARATED))
    before = int(np.count_nonzero(posts["state_start"] == PostState.FILLED))
    after = int(np.count_nonzero(posts["state_end"] == PostState.FILLED))
    from_outside = (links["fill"] >= Fill.HIRE_SHORT_TERM_UNEMPLOYED) & (
        links["fill"] <= Fill.HIRE_OUTSIDE_REGION
    )
    in_links = int(np.count_nonzero(from_outside & (links["closed_month"] >= 0)))
    problem = _join(
        ""
        if hires - separations == after - before
        else f"{hires} hires less {separations} separations is {hires - separations}, but filled "
        f"posts changed by {after - before}",
        ""
        if in_links == hires
        else f"links.parquet holds {in_links} hires of people without a post here, the events "
        f"{hires}",
    )
    return f"{hires} hires - {separations} separations = {after - before} filled posts", problem


def _stock(name: str, stocks: np.ndarray) -> np.ndarray:
    """Return a stock of ``STOCKS`` at the start of month 0 and after each month."""
    filled, vacant, withdrawn = (
        stocks[:, state] for state in (PostState.FILLED, PostState.VACANT, PostState.WITHDRAWN)
    )
    status = {word: stocks[:, _Count.STATUS + i] for i, word in enumerate(labels(Status))}
    by_name = {
        "posts": filled + vacant + withdrawn,
        "filled_posts": filled,
        "vacant_posts": vacant,
        "withdrawn_posts": withdrawn,
        "employed_residents": status["employed"] + status["employed_elsewhere"],
        "employed_elsewhere": status["employed_elsewhere"],
        "in_commuters": stocks[:, _Count.IN_COMMUTERS],
        "register_unemployed": status["A"] + status["P"],
        "survey_unemployed": status["A"] + status["S"],
        **{f"state_{letter}": status[letter] for letter in "APSN"},
    }
    return by_name[name]


def _monthly(run: _Run) -> tuple[str, str]:
    rows = run.monthly
    rows = rows[(rows["breakdown"] == "all") & (rows["group"] == "all")]
    mix = run.mix
    if mix is None and rows["mix"].nunique() == 1:
        mix = rows["mix"].iloc[0]
    rows = rows[rows["mix"] == mix]
    stocks = run.replay["stocks"]
    problems, compared = [], []
    for name in STOCKS:
        part = rows[rows["outcome"] == name]
        if part.empty:
            continue
        compared.append(name)
        month = part["month"].to_numpy(np.int64)
        expected = run.scale * _stock(name, stocks)[np.clip(month + 1, 0, stocks.shape[0] - 1)]
        differs = ~(np.abs(part["mean"].to_numpy(float) - expected) < 1e-6)
        problems.append(_first(differs | (month < -1), f"{name} differs; month", month))
    if not compared:
        problems.append(f"monthly.parquet holds no stock of the mix '{str(mix)[:60]}' to compare")
    return f"{len(compared)} stocks over {run.months} months agree", _join(*problems)
