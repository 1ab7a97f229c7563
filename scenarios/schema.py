"""What a site file holds: the tables of a place, their numbers, units and bounds.

The field's terms are explained in the file of Kokkola, which carries a comment per section.
Nothing here knows how the world is built or run.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from scenarios.conditions import Clause
from scenarios.errors import Table
from scenarios.numbers import (
    EuroPerMonth,
    Number,
    NumberRow,
    Persons,
    Posts,
    Ratio,
    Share,
    Text,
    Years,
    is_number,
    is_row,
)

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
STATUSES = ("employed", "A", "P", "S", "N", "retired")
RUNGS = 4
SIZE_CLASSES = ("micro", "small", "medium", "large")
OLDEST = 75  # the world holds people from 15 up to this birthday
YOUNGEST = 15
MOST_BARRIERS = 16


class Names(Table):
    """Display names; English is the fallback."""

    en: Text
    fi: Text | None = None
    sv: Text | None = None
    nl: Text | None = None
    pt: Text | None = None
    bg: Text | None = None

    def __call__(self, language: str = "en") -> str:
        """Return the name in a language, else in English."""
        return getattr(self, language, None) or self.en


class Parameter(Number):
    """A behavioural parameter: a number with its role and meaning."""

    role: Literal["free", "prior", "input"] = "prior"
    meaning: str = ""


class Calendar(Table):
    """Which calendar month is month 0."""

    first_year: Annotated[int, Field(ge=1990, le=2100)]
    first_month: Annotated[int, Field(ge=1, le=12)]


class Margins(Table):
    """Head counts that the built world hits."""

    residents: Persons
    filled_posts: Posts
    in_commuter_share: Share
    work_here_share: Share
    register_unemployed: Persons
    survey_register_ratio: Ratio
    searching_share: Share
    register_long_term_share: Share
    population: Persons | None = None
    employed_residents_published: Persons | None = None
    labour_force_published: Persons | None = None


class People(Table):
    """Residents by five-year age group and sex."""

    age_from: list[int]
    women: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    men: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]

    @model_validator(mode="after")
    def _sums(self) -> People:
        wrong = _age_problems(self.age_from)
        for name, row in (("women", self.women), ("men", self.men)):
            if len(row) != len(self.age_from):
                wrong.append(
                    f"has {len(row)} values in {name}, but {len(self.age_from)} age groups."
                )
        total = sum(self.women.values) + sum(self.men.values)
        if abs(total - 1) > 0.002:
            wrong.append(f"has shares of women and men that sum to {total:.4g}, but must sum to 1.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def _age_problems(ages: list[int]) -> list[str]:
    if not ages or ages[0] != YOUNGEST or sorted(set(ages)) != ages or ages[-1] >= OLDEST:
        return [f"has age_from = {ages}, but it must rise from {YOUNGEST} and end below {OLDEST}."]
    return []


class Education(Table):
    """Schooling: the level completed, or for the young the level they will reach.

    ``basic`` and ``tertiary`` are profiles by age group; they are scaled so that all residents
    together have the shares in ``residents``.
    """

    residents: Annotated[NumberRow, is_row("share", 3, 0.0, 1.0, total=1.0)]
    basic: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    tertiary: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    registered: Annotated[NumberRow, is_row("share", 3, 0.0, 1.0, total=1.0)]
    entrants: Annotated[NumberRow, is_row("share", 3, 0.0, 1.0, total=1.0)]
    in_commuters: Annotated[NumberRow, is_row("share", 3, 0.0, 1.0, total=1.0)]


class Work(Table):
    """Who works, who is registered, who searches and who has retired, by age."""

    employed_women: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    employed_men: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    register_by_age: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    register_men_share: Share
    searching_by_age: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    unregistered_by_age: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    retired_from: Annotated[int, Field(ge=50, lt=OLDEST)]
    retired_share: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]
    never_worked_by_age: Annotated[NumberRow, is_row("share", None, 0.0, 1.0)]

    @model_validator(mode="after")
    def _rises(self) -> Work:
        shares = self.retired_share.values
        wrong = []
        if self.retired_from + len(shares) != OLDEST:
            wrong.append(
                f"has {len(shares)} values in retired_share, but needs "
                f"{OLDEST - self.retired_from}: one per year of age from {self.retired_from} "
                f"to {OLDEST - 1}."
            )
        if any(b < a for a, b in zip(shares, shares[1:], strict=False)):
            wrong.append("has a retired_share that falls with age, but it must not.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


class Occupations(Table):
    """Major groups of ISCO-08 (1 to 9): shares of posts, pay, part that counts as entry."""

    shares: Annotated[NumberRow, is_row("share", 9, 0.0, 1.0, total=1.0, tolerance=0.01)]
    entry_part: Annotated[NumberRow, is_row("share", 9, 0.0, 1.0)]
    upper_part: Annotated[NumberRow, is_row("share", 9, 0.0, 1.0)]
    middle_part: Annotated[NumberRow, is_row("share", 9, 0.0, 1.0)]
    pay: Annotated[NumberRow, is_row("EUR per month", 9, 0.0)]

    @model_validator(mode="after")
    def _parts(self) -> Occupations:
        parts = np.array([self.entry_part.values, self.middle_part.values, self.upper_part.values])
        if (parts.sum(axis=0) > 1 + 1e-9).any():
            group = int((parts.sum(axis=0) > 1 + 1e-9).argmax()) + 1
            raise ValueError(
                f"gives more than the whole of major group {group} to rungs; entry_part, "
                "middle_part and upper_part of a group must sum to at most 1."
            )
        return self

    def rung_parts(self) -> np.ndarray:
        """Return the part of each major group that stands on each rung, shape (4, 9)."""
        entry = np.array(self.entry_part.values)
        middle = np.array(self.middle_part.values)
        upper = np.array(self.upper_part.values)
        return np.array([entry, 1.0 - entry - middle - upper, middle, upper])


class Sector(Table):
    """A sector: a group of NACE sections."""

    id: Id
    name: Names
    nace: list[str]
    posts_share: Share
    occupations: Annotated[NumberRow, is_row("share", 9, 0.0, 1.0, total=1.0)]
    women_share: Share
    fixed_term: Ratio  # fixed-term share relative to all posts
    vacancies: Ratio  # vacancies relative to posts
    # share of posts on each rung, where it is known better than from occupations
    ladder: Annotated[NumberRow, is_row("share", RUNGS, 0.0, 1.0, total=1.0)] | None = None


class Workplaces(Table):
    """Sizes and propensities of workplaces (the named large employers apart)."""

    posts_by_size: Annotated[NumberRow, is_row("share", 4, 0.0, 1.0, total=1.0)]
    below_six_share: Share
    one_post_share: Share
    largest: Posts
    awareness: Annotated[NumberRow, is_row("share", 4, 0.0, 1.0)]
    inclusiveness: Annotated[NumberRow, is_row("share", 4, 0.0, 1.0)]
    internal_first_sd: Annotated[Number, is_number("log odds", 0.0)]
    backfill_sd: Annotated[Number, is_number("log odds", 0.0)]
    retention_first: Annotated[NumberRow, is_row("ratio", 4, 0.0)]  # relative to the parameter


class Employer(Table):
    """A named large employer: one workplace in each of its sectors."""

    id: Id
    name: Names
    posts: Posts
    sectors: list[str]
    shares: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    internal_first: Annotated[Number, is_number("log odds")]
    awareness: Share
    inclusiveness: Share

    @model_validator(mode="after")
    def _lengths(self) -> Employer:
        if len(self.sectors) != len(self.shares):
            raise ValueError(
                f"has {len(self.sectors)} sectors, but {len(self.shares)} shares; give one each."
            )
        return self


class Contracts(Table):
    """Fixed-term posts and time in the present job."""

    fixed_term_share: Share
    rung_relative: Annotated[NumberRow, is_row("ratio", 4, 0.0)]
    fixed_term_months: Annotated[Number, is_number("months", 0.0)]
    tenure_mean: Years
    started_three_months_share: Share
    moved_inside_share: Share


class Durations(Table):
    """How long people have been without work, in months."""

    edges: list[float]
    registered: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    unregistered: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    outside: Annotated[NumberRow, is_row("share", None, 0.0, 1.0, total=1.0)]
    home_rungs: Annotated[NumberRow, is_row("share", 4, 0.0, 1.0, total=1.0)]

    @model_validator(mode="after")
    def _lengths(self) -> Durations:
        wrong = []
        if sorted(set(self.edges)) != self.edges or len(self.edges) < 3 or self.edges[0] != 0:
            wrong.append("has edges that do not rise from 0.")
        for name in ("registered", "unregistered", "outside"):
            row = getattr(self, name)
            if len(row) != len(self.edges) - 1:
                wrong.append(
                    f"has {len(row)} values in {name}, but {len(self.edges)} edges make "
                    f"{len(self.edges) - 1} classes."
                )
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


class Vacancies(Table):
    """Stock and flow of vacancies and withdrawn posts."""

    public_stock: Annotated[Number, is_number("vacancies", 0.0)]
    public_opened: Annotated[Number, is_number("vacancies per month", 0.0)]
    public_days: Annotated[Number, is_number("days", 0.0)]
    rungs: Annotated[NumberRow, is_row("share", 4, 0.0, 1.0, total=1.0)]
    registered_stock: Annotated[Number, is_number("vacancies", 0.0)] | None = None


class Season(Table):
    """Months of the calendar year, January first.

    ``vacancies``: new posts relative to the year's mean. ``ends``: how much of the hazard of a
    fixed-term end (parameter ``fixed_term_end``) acts in each month; without it, all. ``sectors``:
    where there is a season; without it, everywhere.
    """

    vacancies: Annotated[NumberRow, is_row("ratio", 12, 0.0, total=12.0, tolerance=0.02)]
    ends: Annotated[NumberRow, is_row("share", 12, 0.0, 1.0)] | None = None
    sectors: list[Id] | None = None


class Barrier(Table):
    """A flag of a person.

    ``by`` says where it comes from: ``education`` and ``age`` follow from the column of that
    name, ``draw`` is drawn with the share given for each status, ``mood`` marks those with the
    lowest mood, with the same shares.
    """

    id: Id
    name: Names
    by: Literal["education", "age", "draw", "mood"]
    stands_for: Text
    counts: bool = True
    education: list[Literal["basic", "secondary", "tertiary"]] | None = None
    age_min: int = 0
    age_max: int = 120
    shares: Annotated[NumberRow, is_row("share", len(STATUSES), 0.0, 1.0)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Barrier:
        if self.by in ("draw", "mood") and self.shares is None:
            raise ValueError(
                f"is drawn, so it needs shares: one for each of {', '.join(STATUSES)}."
            )
        if self.by == "education" and not self.education:
            raise ValueError("follows from education, so it needs education = [...].")
        if self.by == "age" and self.age_min == 0 and self.age_max == 120:
            raise ValueError("follows from age, so it needs age_min or age_max.")
        return self


class Group(Table):
    """A group of people: those who meet any of the clauses."""

    id: Id
    name: Names
    side: Literal["jobseekers", "workers"]
    any: Annotated[list[Clause], Field(min_length=1)]
    stands_for: Text


class Benefits(Table):
    """What a month without work costs in benefits."""

    mean: EuroPerMonth
    basic: EuroPerMonth
    earnings_related: EuroPerMonth
    basic_share: Share


class Demography(Table):
    """Deaths and moves by age; movers in follow from a stationary age structure."""

    death_ages: list[int]
    death: Annotated[NumberRow, is_row("per year", None, 0.0, 1.0)]
    move_ages: list[int]
    move_out: Annotated[NumberRow, is_row("per year", None, 0.0, 1.0)]
    movers_education: Annotated[NumberRow, is_row("share", 3, 0.0, 1.0, total=1.0)]
    # A, P, S, N and in work elsewhere, on arrival
    movers_status: Annotated[
        NumberRow, is_row("share", 5, 0.0, 1.0, total=1.0)
    ]  # A, P, S, N, works elsewhere
    movers_with_job: Annotated[Number, is_number("persons per month", 0.0)]

    @model_validator(mode="after")
    def _lengths(self) -> Demography:
        wrong = []
        for name, ages, row in (
            ("death", self.death_ages, self.death),
            ("move_out", self.move_ages, self.move_out),
        ):
            if len(ages) != len(row):
                wrong.append(f"has {len(row)} values in {name}, but {len(ages)} ages.")
            if sorted(set(ages)) != ages:
                wrong.append(f"has ages for {name} that do not rise.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


class Scale(Table):
    """How a place too large to run whole is scaled: one workplace (and person) in so many."""

    one_in: Annotated[int, Field(ge=1)]


class LocalNumber(Table):
    """A newer or own number laid over a place (``--local``), with what stood there before."""

    key: Text
    value: float | list[float]
    unit: Text
    date: Text
    source: Text
    before: float | list[float]


class Site(Table):
    """A place: everything that its file says.

    ``like`` names the place from which the file borrowed what it does not say; every borrowed
    number is marked. ``local`` holds the numbers laid over the file.
    """

    id: Id
    like: Text | None = None
    country: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    name: Names
    base_period: Text
    description: Names
    default_mix: Id = "baseline"
    today: Id | None = None
    scale: Scale | None = None
    local: list[LocalNumber] = []
    target: Id
    calendar: Calendar
    margins: Margins
    people: People
    education: Education
    work: Work
    occupations: Occupations
    sectors: Annotated[list[Sector], Field(min_length=2, max_length=60)]
    workplaces: Workplaces
    employers: list[Employer] = []
    contracts: Contracts
    durations: Durations
    vacancies: Vacancies
    season: Season
    barriers: Annotated[list[Barrier], Field(min_length=1, max_length=MOST_BARRIERS)]
    groups: Annotated[list[Group], Field(min_length=1)]
    benefits: Benefits
    demography: Demography
    parameters: dict[str, Parameter] = {}

    # ---- derived -----------------------------------------------------------------------------

    @property
    def sector_ids(self) -> list[str]:
        """Ids of the sectors in order of their codes."""
        return [sector.id for sector in self.sectors]

    @property
    def barrier_ids(self) -> list[str]:
        """Ids of the flags in order of their bits."""
        return [barrier.id for barrier in self.barriers]

    @property
    def target_group(self) -> Group:
        """The group of the headlines."""
        return self.group(self.target)

    def group(self, name: str) -> Group:
        """Return a group by id."""
        return {group.id: group for group in self.groups}[name]

    def counting_barriers(self) -> int:
        """Return the bit mask of the flags that count as barriers to work."""
        return sum(1 << bit for bit, barrier in enumerate(self.barriers) if barrier.counts)

    def barrier_shares(self) -> np.ndarray:
        """Return the share with each drawn flag by status, shape (flags, statuses).

        Statuses are ``employed, A, P, S, N, retired``; rows of flags that follow from age or
        education are zero.
        """
        shares = np.zeros((len(self.barriers), len(STATUSES)))
        for row, barrier in zip(shares, self.barriers, strict=True):
            if barrier.shares is not None:
                row[:] = barrier.shares.values
        return shares

    def sector_shares(self) -> np.ndarray:
        """Return the share of posts in each sector, summing to one."""
        shares = np.array([sector.posts_share.value for sector in self.sectors])
        return shares / shares.sum()

    def ladders(self) -> np.ndarray:
        """Return the share of each rung in each sector, shape (sectors, 4)."""
        occupations = np.array([sector.occupations.values for sector in self.sectors])
        occupations = occupations / occupations.sum(axis=1, keepdims=True)
        ladders = occupations @ self.occupations.rung_parts().T
        for row, sector in zip(ladders, self.sectors, strict=True):
            if sector.ladder is not None:
                row[:] = np.array(sector.ladder.values) / sum(sector.ladder.values)
        return ladders

    def wages(self) -> np.ndarray:
        """Return the monthly wage by sector and rung, shape (sectors, 4).

        The median pay of the occupations that stand on the rung, weighted by their numbers; an
        empty rung takes the wage of all sectors together. Rungs never pay less than the one below.
        """
        parts = self.occupations.rung_parts()
        pay = np.array(self.occupations.pay.values)
        overall = parts * np.array(self.occupations.shares.values)
        everywhere = overall @ pay / np.maximum(overall.sum(axis=1), 1e-12)
        table = np.empty((len(self.sectors), RUNGS))
        for row, sector in zip(table, self.sectors, strict=True):
            weight = parts * np.array(sector.occupations.values)
            total = weight.sum(axis=1)
            row[:] = np.where(total > 1e-9, weight @ pay / np.maximum(total, 1e-12), everywhere)
        return np.maximum.accumulate(table, axis=1)

    def counts(self) -> dict[str, float]:
        """Return the head counts that follow from the margins."""
        m = self.margins
        filled = m.filled_posts.value
        in_commuters = filled * m.in_commuter_share.value
        work_here = filled - in_commuters
        employed_residents = work_here / m.work_here_share.value
        register = m.register_unemployed.value
        searching = register * m.searching_share.value
        survey = register * m.survey_register_ratio.value
        public = self.vacancies.public_stock.value
        return {
            "residents": m.residents.value,
            "filled_posts": filled,
            "in_commuters": in_commuters,
            "work_here": work_here,
            "out_commuters": employed_residents - work_here,
            "employed_residents": employed_residents,
            "register_unemployed": register,
            "survey_unemployed": survey,
            "A": searching,
            "P": register - searching,
            "S": survey - searching,
            "public_vacancies": public,
        }


def cross_problems(site: Site) -> list[str]:
    """Return what is wrong between the sections of a site, as ends of sentences."""
    wrong: list[str] = []
    groups = len(site.people.age_from)
    for section, names in (
        ("education", ("basic", "tertiary")),
        (
            "work",
            (
                "employed_women",
                "employed_men",
                "register_by_age",
                "searching_by_age",
                "unregistered_by_age",
                "never_worked_by_age",
            ),
        ),
    ):
        for name in names:
            row: NumberRow = getattr(getattr(site, section), name)
            if len(row) != groups:
                wrong.append(
                    f"{section}.{name} has {len(row)} values, but people.age_from has "
                    f"{groups} groups."
                )
    total = sum(sector.posts_share.value for sector in site.sectors)
    if abs(total - 1) > 0.02:
        wrong.append(f"sectors have posts_share that sum to {total:.4g}, but they must sum to 1.")
    weights = site.sector_shares()
    mean = weights @ np.array([sector.occupations.values for sector in site.sectors])
    national = np.array(site.occupations.shares.values)
    off = np.abs(mean - national / national.sum())
    if off.max() > 0.01:
        group = int(off.argmax()) + 1
        wrong.append(
            f"sectors.occupations give major group {group} a share of {mean[group - 1]:.3f} of "
            f"all posts, but occupations.shares says {national[group - 1]:.3f}."
        )
    for kind, ids in (
        ("sectors", site.sector_ids),
        ("barriers", site.barrier_ids),
        ("groups", [group.id for group in site.groups]),
        ("employers", [employer.id for employer in site.employers]),
    ):
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            wrong.append(f"{kind} has the id '{name}' twice; ids must differ.")
    counts = site.counts()
    if counts["S"] < 0:
        wrong.append(
            "margins give fewer survey unemployed than registered searchers; raise "
            "survey_register_ratio or lower searching_share."
        )
    edges, spells = np.array(site.durations.edges), np.array(site.durations.registered.values)
    long, margin = spells[edges[:-1] >= 12].sum(), site.margins.register_long_term_share.value
    if 12 in edges and abs(long - margin) > 0.02:
        wrong.append(
            f"durations.registered puts {long:.3f} of the registered at 12 months or more, but "
            f"margins.register_long_term_share is {margin:.3f}; make them agree."
        )
    v = site.vacancies
    flow = v.public_opened.value * v.public_days.value / 30.4
    stock = v.public_stock.value
    if max(flow, stock) > 0 and not 2 / 3 <= (flow + 1e-9) / (stock + 1e-9) <= 1.5:
        wrong.append(
            f"vacancies say {v.public_opened.value:.0f} opened a month and open for "
            f"{v.public_days.value:.0f} days, which makes {flow:.0f} at a time, but public_stock "
            f"is {stock:.0f}; change one of the three."
        )
    empty = [
        age
        for age, women, men in zip(
            site.people.age_from, site.people.women.values, site.people.men.values, strict=True
        )
        if women <= 0 or men <= 0
    ]
    wrong += [
        f"people has nobody of one sex from age {age}; give a share above 0, or join the group "
        "with its neighbour in age_from and all rows by age."
        for age in empty
    ]
    rest = counts["filled_posts"] - sum(employer.posts.value for employer in site.employers)
    if rest < 0:
        wrong.append(
            f"employers have more posts together than margins.filled_posts "
            f"({counts['filled_posts']:.0f}); lower their posts."
        )
    taken = counts["employed_residents"] + counts["register_unemployed"] + max(counts["S"], 0)
    if taken > counts["residents"]:
        wrong.append(
            f"margins count {taken:.0f} residents in work or unemployed, but only "
            f"{counts['residents']:.0f} residents."
        )
    return wrong


__all__ = [
    "OLDEST",
    "RUNGS",
    "SIZE_CLASSES",
    "STATUSES",
    "YOUNGEST",
    "Barrier",
    "Employer",
    "Group",
    "LocalNumber",
    "Names",
    "Parameter",
    "Sector",
    "Site",
    "cross_problems",
]
