"""A tiny town without rules: random events that keep to the meaning of the event table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulator.codes import Cause, EventKind, PostState, Status
from simulator.columns import Event, Person, Policy, Post, Workplace
from simulator.files import (
    output_folder,
    table,
    write_codebook,
    write_ledger_files,
    write_manifest,
    write_parquet,
)
from simulator.ledger import RunRecord, Snapshot

ROUNDS = 4
SECTORS = ["care", "industry"]
BARRIERS = {"little_schooling": "no more than basic schooling", "no_network": "no network"}
MEASURES = ["peer_coaching"]
JOBLESS = (Status.A, Status.P, Status.S, Status.N)


class Town:
    """People, posts and the events that change them."""

    def __init__(self, seed: int, people: int = 40, posts: int = 24, workplaces: int = 4) -> None:
        self.rng = np.random.default_rng(seed)
        rng = self.rng
        capacity = 20 * (people + posts) + 2000
        self.people = np.full((len(Person), capacity), -1, np.int32)
        self.posts = np.full((len(Post), capacity), -1, np.int32)
        self.workplaces = np.zeros((len(Workplace), workplaces), np.int32)
        self.workplaces[Workplace.SECTOR] = np.arange(workplaces) % len(SECTORS)
        self.workplaces[Workplace.EMPLOYER] = np.arange(workplaces)
        self.policies = np.full((len(Policy), workplaces), 0.5)
        self.n_people = self.n_posts = 0
        # keys in another order than rows: files must not show rows
        self.person_keys = rng.permutation(capacity).astype(np.int64)
        self.post_keys = rng.permutation(capacity).astype(np.int64)
        self.rows: list[tuple] = []
        self.stocks: list[tuple] = []
        self.month = -1000
        self.round = 0
        for _ in range(posts):
            self.add_post(Cause.START)
        order = rng.permutation(posts)
        vacant, withdrawn = order[: posts // 6], order[posts // 6 : posts // 4]
        for post in range(posts):
            if post in withdrawn:
                self.posts[Post.STATE, post] = PostState.WITHDRAWN
            elif post in vacant:
                self.posts[Post.STATE, post] = PostState.VACANT
            else:
                person = self.add_person(Status.EMPLOYED, int(rng.random() < 0.8), Cause.START)
                self.hold(person, post)
        while self.n_people < people:
            status = Status(int(rng.integers(1, 6)))
            self.add_person(status, 1, Cause.START)
        self.vacant_when_built = sorted(int(post) for post in vacant)

    # state

    def add_person(self, status: Status, resident: int, cause: Cause) -> int:
        row, rng = self.n_people, self.rng
        self.n_people += 1
        column = self.people[:, row]
        column[Person.STATUS] = status
        column[Person.RESIDENT] = resident
        column[Person.BIRTH_MONTH] = -rng.integers(240, 700)
        column[Person.SEX] = rng.integers(2)
        column[Person.EDUCATION] = rng.integers(3)
        column[Person.BARRIERS] = rng.integers(4)
        column[Person.UNEMPLOYED_SINCE] = self.month - rng.integers(30)
        column[Person.ENTERED_MONTH] = self.month
        column[Person.ENTERED_AS] = cause
        return row

    def add_post(self, cause: Cause) -> int:
        row, rng = self.n_posts, self.rng
        self.n_posts += 1
        column = self.posts[:, row]
        column[Post.WORKPLACE] = rng.integers(self.workplaces.shape[1])
        column[Post.SECTOR] = self.workplaces[Workplace.SECTOR, column[Post.WORKPLACE]]
        column[Post.RUNG] = rng.integers(4)
        column[[Post.OPENING, Post.TITLE]] = 0
        column[Post.CREATED_MONTH] = self.month
        column[Post.CREATED_BY] = cause
        return row

    def hold(self, person: int, post: int) -> None:
        self.people[Person.POST, person] = post
        self.people[Person.STATUS, person] = Status.EMPLOYED
        self.posts[Post.HOLDER, post] = person
        self.posts[Post.STATE, post] = PostState.FILLED

    def state_of(self, person: int) -> int:
        return int(self.people[Person.STATUS, person] * 2 + self.people[Person.RESIDENT, person])

    def snapshot(self) -> Snapshot:
        return Snapshot.of(self.people, self.posts, self.n_people, self.n_posts)

    def pick(self, rows: np.ndarray) -> int | None:
        return int(self.rng.choice(rows)) if len(rows) else None

    def with_status(self, *status: Status) -> np.ndarray:
        return np.flatnonzero(np.isin(self.people[Person.STATUS, : self.n_people], status))

    def with_state(self, state: PostState) -> np.ndarray:
        return np.flatnonzero(self.posts[Post.STATE, : self.n_posts] == state)

    # events

    def write(
        self,
        kind,
        cause=Cause.NONE,
        person=-1,
        post=-1,
        origin=-1,
        state=None,
        chain=False,
        title=0,
    ):
        if state is None:
            state = self.state_of(person) if person >= 0 else -1
        column = self.posts[:, post]
        self.rows.append(
            (
                self.month * 16 + self.round,
                kind,
                cause,
                person,
                post,
                origin,
                column[Post.RUNG] + title if post >= 0 else -1,
                state,
                0 if kind == EventKind.ENROLLED else -1,
                column[Post.CHAIN_POST] if chain else -1,
                column[Post.CHAIN_OPENING] if chain else -1,
                column[Post.PLACE] if chain else 0,
            )
        )

    def open(self, post: int, cause: Cause, chain_of: int | None = None) -> None:
        """Advertise an empty post, or withdraw it at once."""
        column = self.posts[:, post]
        column[Post.OPENING] += 1
        if column[Post.TITLE]:
            column[Post.TITLE] = 0
            self.write(EventKind.UPGRADED_IN_PLACE, post=post, state=0)
        if chain_of is None:
            column[[Post.CHAIN_POST, Post.CHAIN_OPENING, Post.PLACE]] = (
                post,
                column[Post.OPENING],
                1,
            )
        else:
            column[[Post.CHAIN_POST, Post.CHAIN_OPENING]] = self.posts[
                [Post.CHAIN_POST, Post.CHAIN_OPENING], chain_of
            ]
            column[Post.PLACE] = self.posts[Post.PLACE, chain_of] + 1
        always = cause in (Cause.NEW_POST, Cause.RETURNED_POST)
        if always or self.rng.random() < 0.8:
            column[Post.STATE] = PostState.VACANT
            self.write(EventKind.VACANCY_OPENED, cause, post=post, chain=True, state=1)
        else:
            column[Post.STATE] = PostState.WITHDRAWN
            self.write(EventKind.WITHDRAWN, Cause.NOT_BACKFILLED, post=post, chain=True)

    def destroy(self, post: int, cause: Cause, chain: bool) -> None:
        self.write(EventKind.POST_DESTROYED, cause, post=post, chain=chain)
        self.posts[[Post.STATE, Post.REMOVED_MONTH, Post.REMOVED_BY], post] = (
            PostState.DESTROYED,
            self.month,
            cause,
        )

    def separate(self, person: int) -> None:
        post = int(self.people[Person.POST, person])
        cause, status = [
            (Cause.RETIREMENT, Status.RETIRED),
            (Cause.LABOUR_FORCE_EXIT, Status.N),
            (Cause.JOB_LOSS, Status(int(self.rng.integers(2, 5)))),
            (Cause.MOVED_AWAY, Status.LEFT),
            (Cause.DIED, Status.DEAD),
            (Cause.JOB_ELSEWHERE, Status.EMPLOYED_ELSEWHERE),
        ][int(self.rng.integers(6))]
        if not self.people[Person.RESIDENT, person] and cause != Cause.DIED:
            status = Status.LEFT
        self.people[[Person.STATUS, Person.POST], person] = status, -1
        self.posts[Post.HOLDER, post] = -1
        self.write(EventKind.SEPARATED, cause, person, post)
        if cause == Cause.JOB_LOSS and self.rng.random() < 0.3:
            self.destroy(post, Cause.JOB_LOSS, chain=False)
        else:
            self.open(post, cause)

    def fill(self, post: int) -> None:
        rng = self.rng
        column = self.posts[:, post]
        kind = rng.integers(4)
        if kind < 2:
            held = self.with_state(PostState.FILLED)
            same = self.posts[Post.WORKPLACE, held] == column[Post.WORKPLACE]
            rung = self.posts[Post.RUNG, held]
            if kind == 0:
                cause = Cause.PROMOTION if rng.random() < 0.7 else Cause.SIDEWARD_MOVE
                up = rung == column[Post.RUNG] - 1
                chosen = same & (up if cause == Cause.PROMOTION else rung == column[Post.RUNG])
            else:
                cause, chosen = Cause.HIRE_FROM_WORKPLACE, ~same
            origin = self.pick(held[chosen])
            if origin is None:
                return
            person = int(self.posts[Post.HOLDER, origin])
            self.posts[Post.HOLDER, origin] = -1
            self.hold(person, post)
            self.write(EventKind.FILLED, cause, person, post, origin, chain=True)
            self.open(origin, cause, chain_of=post)
            return
        if kind == 2:
            person = self.pick(self.with_status(*JOBLESS, Status.EMPLOYED_ELSEWHERE))
            if person is None:
                return
        else:
            person = self.add_person(Status.LEFT, 0, Cause.HIRED_FROM_OUTSIDE)
            self.write(EventKind.ENTERED, Cause.HIRED_FROM_OUTSIDE, person)
            self.people[Person.RESIDENT, person] = rng.random() < 0.3  # some move here
        self.hold(person, post)
        self.write(EventKind.FILLED, Cause.NONE, person, post, chain=True)

    def monthly_part(self) -> None:
        rng = self.rng
        for person in self.with_status(Status.EMPLOYED):
            chance = rng.random()
            if chance < 0.06:
                self.separate(int(person))
            elif chance < 0.08:
                self.write(EventKind.KEPT_ON, person=person, post=self.people[Person.POST, person])
            elif chance < 0.10:
                post = self.people[Person.POST, person]
                if self.posts[Post.RUNG, post] < 3 and not self.posts[Post.TITLE, post]:
                    self.posts[Post.TITLE, post] = 1
                    self.write(EventKind.UPGRADED_IN_PLACE, person=person, post=post, title=1)
        for person in self.with_status(*JOBLESS):
            chance = rng.random()
            if chance < 0.15:
                self.people[Person.STATUS, person] = JOBLESS[rng.integers(4)]
                self.write(EventKind.STATUS_CHANGED, Cause.TRANSITION, person)
            elif chance < 0.17:
                self.people[Person.STATUS, person] = Status.LEFT
                self.write(EventKind.LEFT, Cause.MOVED_AWAY, person)
            elif chance < 0.2:
                self.write(EventKind.ENROLLED, Cause.MEASURE, person)
        for _ in range(rng.integers(3)):
            cause = Cause.SCHOOL_LEAVER if rng.random() < 0.5 else Cause.MOVED_IN
            self.write(EventKind.ENTERED, cause, self.add_person(Status.A, 1, cause))
        for post in self.with_state(PostState.WITHDRAWN):
            chance = rng.random()
            if chance < 0.2:
                self.write(EventKind.RETURNED, post=post)
                self.open(int(post), Cause.RETURNED_POST)
            elif chance < 0.25:
                self.destroy(int(post), Cause.NO_LONGER_NEEDED, chain=False)
        for post in self.with_state(PostState.VACANT):
            if rng.random() < 0.03:
                self.destroy(int(post), Cause.NO_LONGER_NEEDED, chain=True)
        for _ in range(rng.integers(2)):
            post = self.add_post(Cause.NEW_POST)
            self.write(EventKind.POST_CREATED, Cause.NEW_POST, post=post)
            self.open(post, Cause.NEW_POST)

    def count(self) -> None:
        """Count stocks at the end of the month, straight from the columns."""
        status = self.people[Person.STATUS, : self.n_people]
        resident = self.people[Person.RESIDENT, : self.n_people] == 1
        here = resident & (status == Status.EMPLOYED)
        elsewhere = resident & (status == Status.EMPLOYED_ELSEWHERE)
        counts = {
            "filled_posts": self.with_state(PostState.FILLED).size,
            "vacant_posts": self.with_state(PostState.VACANT).size,
            "withdrawn_posts": self.with_state(PostState.WITHDRAWN).size,
            "employed_residents": (here | elsewhere).sum(),
            "in_commuters": (~resident & (status == Status.EMPLOYED)).sum(),
            "register_unemployed": (resident & np.isin(status, (Status.A, Status.P))).sum(),
        }
        self.stocks += [(self.month, name, float(value)) for name, value in counts.items()]

    def live(self, first: int, last: int) -> np.ndarray:
        for self.month in range(first, last):
            self.round = 0
            self.monthly_part()
            for self.round in range(1, ROUNDS + 1):
                for post in self.with_state(PostState.VACANT):
                    chance = self.rng.random()
                    if chance < 0.15:
                        self.fill(int(post))
                    elif chance < 0.17:
                        self.write(EventKind.WITHDRAWN, Cause.GIVEN_UP, post=post, chain=True)
                        self.posts[Post.STATE, post] = PostState.WITHDRAWN
            self.count()
        rows = np.array(self.rows, np.int32).reshape(-1, len(Event))
        self.rows = []
        return rows


def make_record(seed: int, months: int = 12, settle: int = 6, **sizes: int) -> RunRecord:
    """Build a town, let it settle and live, and hand over what an engine hands over."""
    return make_run(seed, months, settle, **sizes)[0]


def make_run(
    seed: int, months: int = 12, settle: int = 6, **sizes: int
) -> tuple[RunRecord, list[tuple]]:
    """Return the record of a run and its stocks at month ends (month, outcome, value)."""
    town = Town(seed, **sizes)
    built = town.snapshot()
    for post in town.vacant_when_built:
        town.month, town.round = -settle - int(town.rng.integers(1, 9)), 1
        column = town.posts[:, post]
        column[Post.OPENING] = 1
        column[[Post.CHAIN_POST, Post.CHAIN_OPENING, Post.PLACE]] = post, 1, 1
        town.write(EventKind.VACANCY_OPENED, Cause.NEW_POST, post=post, chain=True, state=1)
    events_settle = town.live(-settle, 0)
    start = town.snapshot()
    events = town.live(0, months)
    record = RunRecord(
        built=built,
        start=start,
        events_settle=events_settle,
        events=events,
        people=town.people,
        posts=town.posts,
        workplaces=town.workplaces,
        policies=town.policies,
        person_keys=town.person_keys,
        post_keys=town.post_keys,
        n_people=town.n_people,
        n_posts=town.n_posts,
    )
    return record, [row for row in town.stocks if row[0] >= 0]


def write_run(folder: Path, seed: int, **sizes: int) -> RunRecord:
    """Write the results folder of a run."""
    record, stocks = make_run(seed, **sizes)
    month, outcome, value = (list(column) for column in zip(*stocks, strict=True))
    n = len(month)
    monthly = {
        "mix": ["baseline"] * n,
        "closure": ["R"] * n,
        "strength": ["none"] * n,
        "month": month,
        "outcome": outcome,
        "breakdown": ["all"] * n,
        "group": ["all"] * n,
        "mean": value,
        "ci_low": [np.nan] * n,
        "ci_high": [np.nan] * n,
    }
    with output_folder(folder) as out:
        write_ledger_files(out, record, sectors=SECTORS, measures=MEASURES, barriers=BARRIERS)
        write_parquet(out / "monthly.parquet", table("monthly.parquet", monthly))
        write_manifest(out, command="run tiny", seeds=[seed], scenario_hash="0", mix="baseline")
        write_codebook(out, BARRIERS)
    return record
