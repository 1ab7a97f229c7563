"""The peer of the speed comparison: a vacancy-chain model as one writes it first in Mesa.

Persons are Mesa agents that search; posts are plain objects. The rules are those of the
simulator in miniature: one hazard draw per person and month, four hiring rounds a month, an
internal stage, applications of jobseekers and of employed people, the best score wins and the
winner's own post opens. It is written for clarity, not against Mesa: no loop is made slow on
purpose, and no trick is used either.
"""

from __future__ import annotations

import math

import mesa

ROUNDS = 4
RUNGS = 4
SEPARATION = 0.013  # a month
INTERNAL = 0.4  # chance that an employer looks inside first
TOLERANCE = 0.3
SEARCH_JOBLESS = 0.3  # applications a round
SEARCH_EMPLOYED = 0.03
LEARNING = 0.02
STAFF = 12  # posts of a workplace


class Post:
    """A position at a workplace."""

    def __init__(self, workplace: Workplace, rung: int) -> None:
        self.workplace = workplace
        self.rung = rung
        self.holder: Person | None = None
        self.applicants: list[Person] = []


class Workplace:
    """An employer with its posts."""

    def __init__(self) -> None:
        self.posts: list[Post] = []


class Person(mesa.Agent):
    """A person of the labour force, with or without a post."""

    def __init__(self, model: NaiveMarket, competence: float) -> None:
        super().__init__(model)
        self.competence = competence
        self.post: Post | None = None
        self.months = 0

    def age(self) -> None:
        """Live one month: learn, and perhaps lose or leave the post."""
        self.months += 1
        if self.post is None:
            return
        gap = 0.9 - (self.competence - self.post.rung)
        self.competence += LEARNING * max(0.0, gap)
        if self.random.random() < SEPARATION:
            self.model.open(self.post)
            self.post = None
            self.months = 0

    def search(self) -> None:
        """Apply to a Poisson number of open vacancies."""
        rate = SEARCH_JOBLESS if self.post is None else SEARCH_EMPLOYED
        for _ in range(self._poisson(rate)):
            if not self.model.vacancies:
                return
            vacancy = self.random.choice(self.model.vacancies)
            better = self.post is None or vacancy.rung > self.post.rung
            if better and self not in vacancy.applicants:
                vacancy.applicants.append(self)

    def _poisson(self, rate: float) -> int:
        limit, product, count = math.exp(-rate), self.random.random(), 0
        while product > limit:
            product *= self.random.random()
            count += 1
        return count


class NaiveMarket(mesa.Model):
    """A town of persons, workplaces and posts.

    Parameters
    ----------
    people
        Size of the labour force.
    seed
        Seed of Mesa's generator.
    """

    def __init__(self, people: int = 3_400, seed: int = 1) -> None:
        super().__init__(seed=seed)
        self.vacancies: list[Post] = []
        self.filled = 0
        for _ in range(people):
            Person(self, self.random.uniform(0.0, RUNGS))
        self._build(list(self.agents))

    def _build(self, people: list[Person]) -> None:
        for first in range(0, int(0.92 * len(people)), STAFF):
            workplace = Workplace()
            for person in people[first : first + STAFF]:
                post = Post(workplace, min(RUNGS - 1, int(person.competence)))
                post.holder = person
                person.post = post
                workplace.posts.append(post)

    def open(self, post: Post) -> None:
        """Let a post become a vacancy."""
        post.holder = None
        self.vacancies.append(post)

    def step(self) -> None:
        """Run one month: everybody ages, then four rounds of hiring."""
        self.agents.shuffle_do("age")
        for _ in range(ROUNDS):
            self.agents.shuffle_do("search")
            self._hire()

    def _hire(self) -> None:
        for post in list(self.vacancies):
            chosen = self._inside(post) or self._best(post)
            post.applicants = []
            if chosen is None:
                continue
            self.vacancies.remove(post)
            if chosen.post is not None:
                self.open(chosen.post)
            chosen.post = post
            chosen.months = 0
            post.holder = chosen
            self.filled += 1

    def _inside(self, post: Post) -> Person | None:
        """Return the best ready colleague one rung below, when the employer looks inside."""
        if post.rung == 0 or self.random.random() >= INTERNAL:
            return None
        ready = [
            other.holder
            for other in post.workplace.posts
            if other.holder is not None
            and other.rung == post.rung - 1
            and other.holder.competence >= post.rung - TOLERANCE
        ]
        return max(ready, key=self._score, default=None)

    def _best(self, post: Post) -> Person | None:
        """Return the best applicant who is good enough and has taken no other post."""
        fit = [
            person
            for person in post.applicants
            if person.competence >= post.rung - TOLERANCE
            and (person.post is None or person.post.rung < post.rung)
        ]
        return max(fit, key=self._score, default=None)

    def _score(self, person: Person) -> float:
        return person.competence + 0.01 * min(person.months, 120) + self.random.gauss(0.0, 0.5)
