"""Build the world of a place: every person, post and workplace, so that the head counts hold.

The order is that of a census: residents by age, sex, schooling and work; workplaces with whole
ladders; posts; who holds which post; how long everything has lasted; lasting differences between
people. Tenure and durations come from the place's distributions, not from burn-in. Counts are
rounded once, from tables fitted to all margins (iterative proportional fitting), so that a margin
is met exactly or within a few persons; who is who inside a cell is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.errors import ScenarioError
from scenarios.schema import OLDEST, RUNGS, Site
from simulator.agents.person import FINISH_SECONDARY, FINISH_TERTIARY
from simulator.codes import Cause, Contract, Education, PostState, Sex, Status, Trend
from simulator.columns import Person, Policy, Post, Trait, Workplace
from simulator.demography import AGES, retired_shares, single_years
from simulator.margins import count_margins, half_up, margin_rows, post_totals

NEVER = -1_000_000  # month of something that has not happened
FIRST_MONTH = -36  # the settling months come first
ROUNDS = 4
SETTLED = 30  # years of age from which a post here keeps people in the place

# work in the tables of residents: W (employed here or elsewhere), A, P, S, N, R (retired)
_W, _A, _P, _S, _N, _R = range(6)
_STATUS = (Status.EMPLOYED, Status.A, Status.P, Status.S, Status.N, Status.RETIRED)

# odds by schooling (basic, secondary, tertiary); only the shape that the margins leave open
_SCHOOLING_OF_WORK = np.array(
    [[0.8, 1.0, 1.25], [1.0, 1.0, 1.0], [1.2, 1.0, 0.8], [0.8, 1.0, 1.2], [1.4, 1.0, 0.7],
     [1.2, 1.0, 0.8]]
)  # fmt: skip
_SCHOOLING_OF_WOMEN = np.array([0.85, 0.95, 1.3])
_SCHOOLING_OF_RUNG = np.array(  # rung by schooling
    [[0.30, 0.60, 0.10], [0.16, 0.68, 0.16], [0.05, 0.45, 0.50], [0.03, 0.17, 0.80]]
)
_AGE_OF_RUNG = np.array(  # rung by age: below 30, 30 to 54, 55 and over
    [[2.0, 1.0, 1.0], [1.2, 1.0, 1.0], [0.8, 1.0, 0.9], [0.45, 1.0, 1.0]]
)

_LONGEST_SPELL = 721  # months
_NODE_Z = np.linspace(-3.0, 3.0, 25)  # grid of lasting differences, standard deviations
_OFFERS_PER_APPLICATION = 0.2  # settled worlds have about this; only sets the start
_MEAN_SEARCH = 0.35  # applications a month of people without work, mean over the states
_RETIRES_OR_MOVES = 0.002  # per month
# competence of people who never worked, by schooling: a little below that of school leavers
_FRESH = (0.2, 0.75, 1.8)
# competence lost by selection, by status: employed, elsewhere, A, P, S, N and three that are out
_SELECTED = (0.0, 0.0, 0.4, 0.3, 0.5, 0.15, 0.0, 0.0, 0.0)
_SHORT_JOBS = 0.2  # jobs that end with their fixed term
_VACANT_ODDS_OF_SHORT_POSTS = 6.5  # relative to open-ended ones; only sets the start


__all__ = ["BuiltWorld", "build_world", "count_margins", "resident_table", "working_shares",
           "world_margins"]  # fmt: skip


@dataclass(frozen=True)
class BuiltWorld:
    """A world at the beginning of its first month, in arrays of exact size.

    Attributes
    ----------
    people, posts, workplaces
        int32 columns (:mod:`simulator.columns`), one column of the array per person and so on.
    traits, policies
        float64 columns of people and of workplaces.
    person_keys, post_keys
        int64 identities.
    month
        The first month, -36: settling begins here.
    """

    people: np.ndarray
    traits: np.ndarray
    person_keys: np.ndarray
    posts: np.ndarray
    post_keys: np.ndarray
    workplaces: np.ndarray
    policies: np.ndarray
    month: int


def build_world(
    site: Site,
    parameters: dict[str, float],
    seed: int,
    first_month: int = FIRST_MONTH,
    rounds: int = ROUNDS,
) -> BuiltWorld:
    """Build the start of a world.

    Parameters
    ----------
    site
        The place.
    parameters
        Behavioural parameters by name (plain numbers).
    seed
        Seed of everything drawn here; the same seed gives the same world.
    first_month
        Month at whose beginning the world stands.
    rounds
        Hiring rounds a month.

    Returns
    -------
    The built world.

    Raises
    ------
    ScenarioError
        When the margins of the place cannot hold together.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    people, traits = _residents(site, first_month, rng)
    workplaces, policies, sizes = _workplaces(site, parameters, rng)
    posts = _posts(site, parameters, workplaces, sizes, first_month, rounds, rng)
    _fill_posts(site, people, posts, first_month, rng)
    _barriers_and_mood(site, people, traits, first_month, rng)
    _time_in_work(site, people, posts, first_month, rng)
    _time_without_work(site, people, first_month, rng)
    _home(site, people, posts, rng)
    _lasting_differences(parameters, people, traits, first_month, rng)
    _competence(parameters, people, traits, posts, first_month, rng)
    held = people[Person.POST] >= 0
    workplaces[Workplace.POSTS] = np.bincount(posts[Post.WORKPLACE], minlength=workplaces.shape[1])
    workplaces[Workplace.FILLED] = np.bincount(
        posts[Post.WORKPLACE, people[Person.POST, held]], minlength=workplaces.shape[1]
    )
    return BuiltWorld(
        people=people,
        traits=traits,
        person_keys=np.arange(people.shape[1], dtype=np.int64),
        posts=posts,
        post_keys=np.arange(posts.shape[1], dtype=np.int64),
        workplaces=workplaces,
        policies=policies,
        month=first_month,
    )


# ---- small helpers -------------------------------------------------------------------------


def _rounded(table: np.ndarray, total: int | None = None) -> np.ndarray:
    """Round a table to whole numbers by carrying the remainder along its flattened order."""
    flat = np.asarray(table, dtype=float).ravel()
    if total is not None and flat.sum() > 0:
        flat = flat * (total / flat.sum())
    edges = np.floor(np.concatenate([[0.0], np.cumsum(flat)]) + 0.5 + 1e-9).astype(np.int64)
    return np.diff(edges).reshape(np.shape(table))


def _scaled(table: np.ndarray, target: np.ndarray, sums: np.ndarray) -> np.ndarray:
    return table * np.divide(target, sums, out=np.zeros_like(sums), where=sums > 0)


def _two_way(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Fit a table to its row and column sums."""
    table = np.maximum(seed, 1e-12).astype(float)
    columns = columns * (rows.sum() / max(columns.sum(), 1e-300))  # a place may have no vacancy
    for _ in range(200):
        table = _scaled(table, rows[:, None], table.sum(1, keepdims=True))
        table = _scaled(table, columns[None, :], table.sum(0, keepdims=True))
    return table


def _by_score(values: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Hand out the values so that the highest score gets the largest one."""
    handed = np.empty_like(values)
    handed[np.argsort(score, kind="stable")] = np.sort(values)
    return handed


def _standard(values: np.ndarray) -> np.ndarray:
    if values.size == 0:
        return values.astype(float)
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)


def _in_classes(
    edges: list[float], shares: list[float], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Return n whole months that fall into the classes with the given shares."""
    counts = _rounded(np.array(shares), n)
    low = np.repeat(np.maximum(np.array(edges[:-1]), 1), counts)
    high = np.repeat(np.array(edges[1:]), counts)
    months = np.floor(low + (high - low) * rng.random(n) ** 1.3).astype(np.int64)
    return rng.permutation(months)


def _pick(chance: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one column for each row number from a table of row-wise chances."""
    cumulative = np.cumsum(chance, axis=1)
    cumulative /= cumulative[:, -1:]
    # all rows on one axis, each a unit above the one before: one search for everybody
    line = (cumulative + np.arange(len(cumulative))[:, None]).ravel()
    place = np.searchsorted(line, rng.random(rows.size) + rows) - rows * cumulative.shape[1]
    return np.clip(place, 0, cumulative.shape[1] - 1)


def _rank_in_cell(
    cell: np.ndarray, rng: np.random.Generator, weight: np.ndarray | float = 1.0
) -> np.ndarray:
    """Return the position of each item in a random order of its cell, heavy ones first."""
    order = np.lexsort((rng.exponential(1.0, cell.size) / weight, cell))
    sorted_cells = cell[order]
    starts = np.searchsorted(sorted_cells, sorted_cells, side="left")
    rank = np.empty(cell.size, dtype=np.int64)
    rank[order] = np.arange(cell.size) - starts
    return rank


# ---- people --------------------------------------------------------------------------------


def resident_table(site: Site) -> np.ndarray:
    """Return residents by age group, sex, schooling and work, fitted to all margins.

    Returns
    -------
    Array of shape (age groups, 2, 3, 6); the last axis is work, A, P, S, N, retired.
    """
    counts = site.counts()
    groups = len(site.people.age_from)
    age_sex = np.array([site.people.women.values, site.people.men.values]).T
    age_sex = age_sex / age_sex.sum() * counts["residents"]
    by_age = age_sex.sum(1)

    starts = np.array([*site.people.age_from, OLDEST]) - site.people.age_from[0]
    retired_sex = np.add.reduceat(single_years(site) * retired_shares(site), starts[:-1], axis=1).T
    retired_sex = np.minimum(retired_sex, age_sex)
    retired = retired_sex.sum(1)

    register_age = np.array(site.work.register_by_age.values) * counts["register_unemployed"]
    search_age = np.array(site.work.unregistered_by_age.values) * counts["S"]
    taken = retired + register_age + search_age
    room = 1.0 - np.divide(taken, by_age, out=np.ones_like(taken), where=by_age > 0)
    room = np.maximum(room, 0.0) * 0.97
    rates = np.array([site.work.employed_women.values, site.work.employed_men.values]).T
    rates = np.clip(rates, 1e-4, 1 - 1e-4)
    low, high = -6.0, 6.0
    for _ in range(60):
        shift = 0.5 * (low + high)
        odds = rates / (1 - rates) * np.exp(shift)
        employed = age_sex * np.minimum(odds / (1 + odds), room[:, None])
        low, high = (shift, high) if employed.sum() < counts["employed_residents"] else (low, shift)
    if abs(employed.sum() - counts["employed_residents"]) > 0.01 * counts["employed_residents"]:
        raise ScenarioError(
            f"{site.id}: margins ask for {counts['employed_residents']:.0f} employed residents, "
            f"but ages, retirement and unemployment leave room for {employed.sum():.0f}; lower "
            "filled_posts or the retired shares."
        )

    profile = np.array([site.education.basic.values, site.education.tertiary.values]).T
    schooling = np.stack([profile[:, 0], 1 - profile.sum(1), profile[:, 1]], axis=1)
    wanted = np.array(site.education.residents.values) * counts["residents"]
    schooling = _two_way(schooling * by_age[:, None], by_age, wanted)

    table = np.empty((groups, 2, 3, 6))
    table[...] = schooling[:, None, :, None] * _SCHOOLING_OF_WORK.T[None, None, :, :]
    table[:, Sex.FEMALE] *= _SCHOOLING_OF_WOMEN[None, :, None]
    searching = np.array(site.work.searching_by_age.values)
    table[..., _A] *= searching[:, None, None]
    table[..., _P] *= 1 - searching[:, None, None]

    men = site.work.register_men_share.value
    register_sex = np.array([1 - men, men]) * counts["register_unemployed"]
    register_school = np.array(site.education.registered.values) * counts["register_unemployed"]
    for _ in range(300):
        table = _scaled(table, age_sex[:, :, None, None], table.sum((2, 3), keepdims=True))
        sums = table.sum((1, 3), keepdims=True)
        table = _scaled(table, schooling[:, None, :, None], sums)
        work = table[..., _W]
        table[..., _W] = _scaled(work, employed[:, :, None], work.sum(2, keepdims=True))
        gone = table[..., _R]
        table[..., _R] = _scaled(gone, retired_sex[:, :, None], gone.sum(2, keepdims=True))
        search = table[..., _S]
        table[..., _S] = _scaled(
            search, search_age[:, None, None], search.sum((1, 2), keepdims=True)
        )
        register = table[..., _A : _P + 1]
        for target, axes in (
            (register_age[:, None, None, None], (1, 2, 3)),
            (register_sex[None, :, None, None], (0, 2, 3)),
            (register_school[None, None, :, None], (0, 1, 3)),
            (np.array([counts["A"], counts["P"]])[None, None, None, :], (0, 1, 2)),
        ):
            register = _scaled(register, target, register.sum(axes, keepdims=True))
        table[..., _A : _P + 1] = register
    off = np.abs(table.sum((2, 3)) - age_sex)
    off = np.divide(off, age_sex, out=np.zeros_like(off), where=age_sex > 0)
    if off.max() > 0.02:
        group = site.people.age_from[int(off.max(1).argmax())]
        raise ScenarioError(
            f"{site.id}: the margins of people from age {group} miss each other by "
            f"{100 * off.max():.0f} per cent; check work, education and margins."
        )
    return table


def working_shares(site: Site) -> np.ndarray:
    """Return the share with a post here of those who have not retired, shape (2, 100).

    By sex and age, at most 0.8; 0 below :data:`SETTLED`, where people move for studies whether they
    work or not.
    """
    table = resident_table(site)
    active = table[..., :_R].sum((2, 3))
    here = table[..., _W].sum(2) * site.margins.work_here_share.value
    shares = np.minimum(np.divide(here, active, out=np.zeros_like(here), where=active > 0), 0.8)
    ages = np.arange(SETTLED, OLDEST)
    group = np.searchsorted(site.people.age_from, ages, side="right") - 1
    found = np.zeros((2, AGES))
    found[:, ages] = shares[group].T
    return found


def _residents(site: Site, month: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make all residents and the in-commuters; nobody holds a post yet."""
    counts = site.counts()
    table = resident_table(site)
    register = half_up(counts["register_unemployed"])
    a = half_up(counts["A"])
    totals = [
        half_up(counts["filled_posts"]) - half_up(counts["in_commuters"])
        + half_up(counts["out_commuters"]), a, register - a,
        half_up(counts["survey_unemployed"]) - a, 0,
        half_up(table[..., _R].sum()),
    ]  # fmt: skip
    totals[_N] = half_up(counts["residents"]) - sum(totals)
    # remainders run along the ages within sex and schooling, whose counts are the small ones
    axes = (2, 1, 0)
    whole = np.stack(
        [_rounded(table[..., work].transpose(axes), totals[work]).T for work in range(6)], axis=-1
    )
    group, sex, school, work = (
        np.repeat(index, whole.ravel()) for index in np.indices(whole.shape).reshape(4, -1)
    )
    residents = group.size
    commuters = half_up(counts["in_commuters"])

    employed = whole[..., _W].sum(2).astype(float)  # in-commuters: ages and sexes of local workers
    school_in = np.array(site.education.in_commuters.values)
    extra = _rounded(employed[:, :, None] * school_in[None, None, :], commuters)
    group_in, sex_in, school_in = (
        np.repeat(index, extra.ravel()) for index in np.indices(extra.shape).reshape(3, -1)
    )
    n = residents + commuters
    people = np.zeros((len(Person), n), dtype=np.int32)
    group = np.concatenate([group, group_in])
    work = np.concatenate([work, np.zeros(commuters, dtype=work.dtype)])
    people[Person.RESIDENT, :residents] = 1
    people[Person.SEX] = np.concatenate([sex, sex_in])
    people[Person.EDUCATION] = np.concatenate([school, school_in])
    people[Person.STATUS] = np.array(_STATUS)[work]
    people[Person.BIRTH_MONTH] = month - _ages_in_months(site, group, people[Person.SEX], work, rng)

    # who works elsewhere: every k-th employed resident, in an order by sex and schooling
    inside = np.flatnonzero((work == _W) & (people[Person.RESIDENT] == 1))
    order = inside[
        np.lexsort(
            (rng.random(inside.size), people[Person.EDUCATION, inside], people[Person.SEX, inside])
        )
    ]
    # what the rounded counts leave, so that posts and their holders agree exactly
    elsewhere = totals[0] + commuters - half_up(counts["filled_posts"])
    places = np.floor((np.arange(elsewhere) + rng.random()) * order.size / elsewhere)
    people[Person.STATUS, order[places.astype(np.int64)]] = Status.EMPLOYED_ELSEWHERE

    for column in (Person.POST, Person.OFFER, Person.HELP, Person.NEXT_INTERESTED):
        people[column] = -1
    people[Person.REGISTER_SINCE] = NEVER
    people[Person.UNEMPLOYED_SINCE] = NEVER
    people[Person.Q_SINCE] = month
    people[Person.ENTERED_MONTH] = month
    people[Person.ENTERED_AS] = Cause.START
    shuffled = rng.permutation(n)  # keys say nothing about a person
    return people[:, shuffled], np.zeros((len(Trait), n))


def _ages_in_months(
    site: Site,
    group: np.ndarray,
    sex: np.ndarray,
    work: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Spread people evenly over the months of their age group (the retired by their share)."""
    persons = single_years(site)
    first = site.people.age_from[0]
    edges = [*site.people.age_from, OLDEST]
    ages = np.empty(group.size, dtype=np.int64)
    for number, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        for kind in range(4):
            is_retired, own = kind >= 2, kind % 2
            who = np.flatnonzero((group == number) & (sex == own) & ((work == _R) == is_retired))
            if who.size == 0:
                continue
            years = persons[own]
            retired = years * retired_shares(site)
            weight = retired if is_retired else years - retired
            weight = np.repeat(weight[low - first : high - first] / 12, 12)
            cumulative = np.cumsum(weight) / weight.sum()
            u = (rng.permutation(who.size) + 0.5) / who.size
            ages[who] = low * 12 + np.searchsorted(cumulative, u)
    return ages


# ---- workplaces and posts --------------------------------------------------------------------


def _workplaces(
    site: Site, parameters: dict[str, float], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make workplaces with their number of posts, ordered by sector and size."""
    total = post_totals(site, parameters)["posts"]
    by_sector = _rounded(site.sector_shares(), total)
    ids = site.sector_ids
    named = []  # (sector, size, employer)
    rest = by_sector.copy()
    for number, employer in enumerate(site.employers):
        parts = _rounded(np.array(employer.shares.values), half_up(employer.posts.value))
        for name, size in zip(employer.sectors, parts, strict=True):
            sector = ids.index(name)
            if size > 0:
                named.append((sector, int(size), number))
                rest[sector] -= size
                if rest[sector] < 0:
                    raise ScenarioError(
                        f"{site.id}: the employer '{employer.id}' has more posts in '{name}' than "
                        f"the sector ({by_sector[sector]}); lower its share or posts."
                    )
    sizes, sectors = _other_sizes(site, rest)
    sector_of = np.array([entry[0] for entry in named] + sectors, dtype=np.int64)
    size_of = np.array([entry[1] for entry in named] + sizes, dtype=np.int64)
    owner = np.array([entry[2] for entry in named] + [-1] * len(sizes), dtype=np.int64)
    order = np.lexsort((-size_of, sector_of))
    sector_of, size_of, owner = sector_of[order], size_of[order], owner[order]
    fresh = owner < 0
    owner[fresh] = len(site.employers) + np.arange(fresh.sum())

    n = size_of.size
    workplaces = np.zeros((len(Workplace), n), dtype=np.int32)
    size_class = np.searchsorted([9, 49, 249], size_of)
    workplaces[Workplace.SECTOR] = sector_of
    workplaces[Workplace.EMPLOYER] = owner
    workplaces[Workplace.SIZE_CLASS] = size_class
    u = rng.random(n)
    growing = parameters.get("growing_share", 0.3)
    shrinking = parameters.get("shrinking_share", 0.25)
    workplaces[Workplace.TREND] = np.where(
        u < shrinking, Trend.SHRINKING, np.where(u > 1 - growing, Trend.GROWING, Trend.RESTING)
    )
    considers = parameters.get("considers_long_term", 0.5)
    workplaces[Workplace.CONSIDERS_LONG_TERM] = rng.random(n) < considers

    rules = site.workplaces
    policies = np.zeros((len(Policy), n))
    policies[Policy.INCLUSIVENESS] = _beta(
        np.array(rules.inclusiveness.values)[size_class], 8.0, rng
    )
    policies[Policy.AWARENESS] = _beta(np.array(rules.awareness.values)[size_class], 8.0, rng)
    policies[Policy.INTERNAL_FIRST] = rng.normal(0, rules.internal_first_sd.value, n)
    policies[Policy.BACKFILL] = rng.normal(0, rules.backfill_sd.value, n)
    first = parameters.get("retention_first", 0.25) * np.array(rules.retention_first.values)
    # above one half: the employer puts retention first
    puts_first = rng.random(n) < first[size_class]
    policies[Policy.RETENTION_FIRST] = np.where(puts_first, 0.8, 0.2)
    for number, entry in enumerate(site.employers):
        own = owner == number
        policies[Policy.INCLUSIVENESS, own] = entry.inclusiveness.value
        policies[Policy.AWARENESS, own] = entry.awareness.value
        policies[Policy.INTERNAL_FIRST, own] = entry.internal_first.value
        policies[Policy.BACKFILL, own] = 0.0
    return workplaces, policies, size_of


def _beta(mean: np.ndarray, weight: float, rng: np.random.Generator) -> np.ndarray:
    mean = np.clip(mean, 0.01, 0.99)
    return rng.beta(mean * weight, (1 - mean) * weight)


def _fit_sizes(total: int, weights: np.ndarray, low: int) -> list[int]:
    """Return sizes, low and up with the given weights, that sum to a total exactly."""
    sizes = np.arange(low, low + weights.size)
    mean = float(sizes @ weights / weights.sum())
    number = max(int(round(total / mean)), 1)
    number = min(max(number, -(-total // int(sizes[-1]))), total // low)
    cumulative = np.cumsum(weights) / weights.sum()
    drawn = sizes[np.searchsorted(cumulative, (np.arange(number) + 0.5) / number)]
    step = 1 if drawn.sum() < total else -1
    bound = sizes[-1] if step > 0 else low
    while drawn.sum() != total:  # spread the difference over workplaces that can take it
        free = np.flatnonzero(drawn != bound)
        take = free[:: max(free.size // max(abs(total - int(drawn.sum())), 1), 1)]
        drawn[take[: abs(total - int(drawn.sum()))]] += step
    return [int(size) for size in drawn]


def _other_sizes(site: Site, rest: np.ndarray) -> tuple[list[int], list[int]]:
    """Return sizes and sectors of all workplaces but those of the named employers."""
    rules = site.workplaces
    shares = np.array(rules.posts_by_size.values)
    total = int(rest.sum())
    left = rest.copy()
    sizes: list[int] = []
    sectors: list[int] = []
    # the largest workplaces: falling sizes, each in the sector with most posts left
    wanted, size = shares[3] * total, rules.largest.value
    got = 0
    while got + 0.5 * max(size, 250) < wanted and size > 0:
        sector = int(left.argmax())
        now = int(min(max(size, 250), left[sector]))
        if now < 250:
            break
        sizes.append(now)
        sectors.append(sector)
        left[sector] -= now
        got += now
        size = max(0.78 * size, 250)
    missing = round(wanted) - got  # spread evenly, the smallest first: they can give least
    for rank, place in enumerate(np.argsort(sizes, kind="stable")):
        more = missing // (len(sizes) - rank)
        more = max(min(more, int(left[sectors[place]])), 250 - sizes[place])
        sizes[place] += more
        left[sectors[place]] -= more
        missing -= more
    few = shares[:3] / shares[:3].sum()
    log_uniform = [1.0 / np.arange(low, high + 1) for low, high in ((50, 249), (10, 49))]
    parts = np.stack([_rounded(left * few[k], int(round(few[k] * left.sum()))) for k in (2, 1)])
    parts[0][parts[0] < 50] = 0
    parts[1][parts[1] < 10] = 0
    others = len(sizes)
    for k, low in ((0, 50), (1, 10)):
        for sector, posts in enumerate(parts[k]):
            if posts > 0:
                made = _fit_sizes(int(posts), log_uniform[k], low)
                sizes += made
                sectors += [sector] * len(made)
    others = len(sizes)
    micro = np.maximum(left - parts.sum(0), 0)
    weights = _micro_weights(rules.one_post_share.value, rules.below_six_share.value,
                             int(micro.sum()), others)  # fmt: skip
    for sector, posts in enumerate(micro):
        if posts > 0:
            made = _fit_sizes(int(posts), weights, 1)
            sizes += made
            sectors += [sector] * len(made)
    return sizes, sectors


def _micro_weights(one: float, below_six: float, posts: int, others: int) -> np.ndarray:
    """Return weights of sizes 1 to 9 that put the wanted share of all workplaces below six."""
    sizes = np.arange(1, 10)

    def weights(ratio: float) -> np.ndarray:
        tail = ratio ** np.arange(8)
        return np.concatenate([[one], (1 - one) * tail / tail.sum()])

    low, high = 0.05, 1.6
    for _ in range(50):
        ratio = 0.5 * (low + high)
        shape = weights(ratio)
        number = posts / (sizes @ shape)
        share = number * shape[:5].sum() / (number + others)
        low, high = (ratio, high) if share > below_six else (low, ratio)
    return weights(0.5 * (low + high))


def _posts(
    site: Site,
    parameters: dict[str, float],
    workplaces: np.ndarray,
    sizes: np.ndarray,
    month: int,
    rounds: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Make all posts, row by row along the workplaces, with rung, contract and state."""
    n = int(sizes.sum())
    sectors = len(site.sectors)
    workplace = np.repeat(np.arange(sizes.size), sizes)
    sector = workplaces[Workplace.SECTOR][workplace].astype(np.int64)
    by_sector = np.bincount(sector, minlength=sectors)
    ladder = site.ladders()
    rung = np.empty(n, dtype=np.int64)
    for number in range(sectors):
        rows = np.flatnonzero(sector == number)
        counts = _rounded(ladder[number], by_sector[number])
        # a sequence in which every stretch has nearly the sector's ladder
        where = np.concatenate(
            [(np.arange(count) + rng.random(count)) / max(count, 1) for count in counts]
        )
        sequence = np.repeat(np.arange(RUNGS), counts)[np.argsort(where, kind="stable")]
        own = np.unique(workplace[rows])
        start = np.cumsum(sizes[own]) - sizes[own]
        for_whom = rng.permutation(own.size)  # stretches go to workplaces in random order
        begins = np.empty(own.size, dtype=np.int64)
        begins[for_whom] = np.cumsum(sizes[own][for_whom]) - sizes[own][for_whom]
        offset = np.repeat(begins - start, sizes[own])
        rung[rows] = sequence[np.arange(rows.size) + offset]
        # inside a workplace the posts stand from the entry up
        rung[rows] = rung[rows][np.lexsort((rung[rows], workplace[rows]))]

    cell = sector * RUNGS + rung
    in_cell = np.bincount(cell, minlength=sectors * RUNGS).astype(float)
    contracts = site.contracts
    short = contracts.fixed_term_share.value * parameters.get("short_posts", 1.0)
    relative = np.outer(
        [entry.fixed_term.value for entry in site.sectors], contracts.rung_relative.values
    ).ravel()
    fixed = in_cell * relative
    fixed = np.minimum(fixed * (short * n / max(fixed.sum(), 1e-9)), 0.9 * in_cell)
    contract = _rank_in_cell(cell, rng) < _rounded(fixed)[cell]

    totals = post_totals(site, parameters)
    open_odds = np.repeat([entry.vacancies.value for entry in site.sectors], RUNGS) * in_cell
    public = _two_way(
        open_odds.reshape(sectors, RUNGS),
        open_odds.reshape(sectors, RUNGS).sum(1) * totals["public"] / open_odds.sum(),
        np.array(site.vacancies.rungs.values) * totals["public"],
    ).ravel()
    public = _rounded(np.minimum(public, 0.3 * in_cell), totals["public"])
    unseen = _rounded(open_odds, totals["unseen"])
    withdrawn = _rounded(in_cell, totals["withdrawn"])
    # posts that empty more often are vacant more often
    odds = np.where(contract, _VACANT_ODDS_OF_SHORT_POSTS, 1.0)
    rank = _rank_in_cell(cell, rng, odds)
    first, second = public[cell], (public + unseen)[cell]
    vacant = rank < second
    other = _rank_in_cell(cell, rng, np.where(vacant, 1e-9, odds))
    state = np.where(
        vacant, PostState.VACANT, np.where(other < withdrawn[cell], PostState.WITHDRAWN, 0)
    )

    posts = np.zeros((len(Post), n), dtype=np.int32)
    posts[Post.WORKPLACE] = workplace
    posts[Post.SECTOR] = sector
    posts[Post.RUNG] = rung
    posts[Post.CONTRACT] = np.where(contract, Contract.FIXED_TERM, Contract.OPEN_ENDED)
    posts[Post.STATE] = state
    posts[Post.PUBLIC] = rank < first
    for column in (
        Post.HOLDER, Post.PENDING, Post.STARTS, Post.NEXT, Post.PREVIOUS,
        Post.APPLICANTS, Post.CHAIN_POST,
    ):  # fmt: skip
        posts[column] = -1
    posts[Post.CAUSE] = Cause.NONE
    now = month * rounds
    posts[Post.OPENED] = NEVER
    vacant = state == PostState.VACANT
    # a stock of vacancies is as old as it will still last: mean age = mean duration
    mean_age = site.vacancies.public_days.value / (365.25 / 12 / rounds)
    age = 1 + np.floor(rng.exponential(mean_age, vacant.sum())).astype(np.int64)
    posts[Post.OPENED, vacant] = now - np.minimum(age, 24 * rounds)
    posts[Post.CLOSES, vacant] = now + rng.integers(0, 3, vacant.sum())
    posts[Post.OPENING, vacant] = 1
    posts[Post.CHAIN_POST, vacant] = np.flatnonzero(vacant)
    posts[Post.CHAIN_OPENING, vacant] = 1
    posts[Post.PLACE, vacant] = 1
    posts[Post.CAUSE, vacant] = Cause.NEW_POST
    posts[Post.CREATED_MONTH] = month
    posts[Post.CREATED_BY] = Cause.START
    posts[Post.REMOVED_MONTH] = NEVER
    posts[Post.REMOVED_BY] = Cause.NONE
    return posts


def _fill_posts(
    site: Site, people: np.ndarray, posts: np.ndarray, month: int, rng: np.random.Generator
) -> None:
    """Give every filled post its holder: by schooling, sex and age of rung and sector."""
    workers = np.flatnonzero(people[Person.STATUS] == Status.EMPLOYED)
    filled = np.flatnonzero(posts[Post.STATE] == PostState.FILLED)
    if workers.size != filled.size:
        raise ScenarioError(
            f"{site.id}: {filled.size} filled posts meet {workers.size} people in work here."
        )
    age = (month - people[Person.BIRTH_MONTH, workers]) / 12.0
    age_class = np.searchsorted([30, 55], age, side="right")
    sex, school = people[Person.SEX, workers], people[Person.EDUCATION, workers]
    kind = ((age_class * 2 + sex) * 3 + school).astype(np.int64)
    kinds = 18
    columns = len(site.sectors) * RUNGS
    cell = posts[Post.SECTOR, filled].astype(np.int64) * RUNGS + posts[Post.RUNG, filled]

    rung_of = np.arange(columns) % RUNGS
    women = np.array([entry.women_share.value for entry in site.sectors])[
        np.arange(columns) // RUNGS
    ]
    of_kind = np.arange(kinds)
    seed = (
        _SCHOOLING_OF_RUNG[rung_of][:, of_kind % 3]
        * np.where((of_kind // 3 % 2 == Sex.FEMALE)[None, :], women[:, None], 1 - women[:, None])
        * _AGE_OF_RUNG[rung_of][:, of_kind // 6]
    ).T
    have = np.bincount(kind, minlength=kinds).astype(float)
    seed = seed * have[:, None]
    table = _rounded(_two_way(seed, have, np.bincount(cell, minlength=columns).astype(float)))

    # hand out: every kind has exactly its persons (rows carry their remainder along)
    rank = _rank_in_cell(kind, rng)
    edges = np.cumsum(table, axis=1)
    goes_to = (rank[:, None] >= edges[kind]).sum(axis=1)
    goes_to = np.minimum(goes_to, columns - 1)
    # a few too many in one cell move to cells with too few, the schooled to the upper rungs
    room = np.bincount(cell, minlength=columns)
    over = _rank_in_cell(goes_to, rng) >= room[goes_to]
    movers = np.flatnonzero(over)
    missing = np.repeat(np.arange(columns), room - np.bincount(goes_to[~over], minlength=columns))
    movers = movers[np.argsort(school[movers], kind="stable")]
    missing = missing[np.argsort(missing % RUNGS, kind="stable")]
    goes_to[movers] = missing

    # inside a cell the young hold more of the short posts
    short = posts[Post.CONTRACT, filled] == Contract.FIXED_TERM
    post_order = np.lexsort((np.where(short, -15.0, 0.0) + rng.normal(0, 12, filled.size), cell))
    person_order = np.lexsort((age + rng.normal(0, 10, workers.size), goes_to))
    people[Person.POST, workers[person_order]] = filled[post_order]
    posts[Post.HOLDER, filled[post_order]] = workers[person_order]


# ---- time, flags and lasting differences ----------------------------------------------------


def _barriers_and_mood(
    site: Site, people: np.ndarray, traits: np.ndarray, month: int, rng: np.random.Generator
) -> None:
    """Set the flags of everybody, and a mood whose lowest part is the discouraged."""
    status = people[Person.STATUS]
    column = np.zeros(status.size, dtype=np.int64)
    for place, code in enumerate((Status.EMPLOYED, Status.A, Status.P, Status.S, Status.N,
                                  Status.RETIRED)):  # fmt: skip
        column[status == code] = place
    lower = np.array([0.15, -0.25, -0.5, 0.0, -0.15, 0.0])[column]
    traits[Trait.MOOD] = _by_score(
        rng.normal(0, 1, status.size), lower + rng.normal(0, 1, status.size)
    )
    age = (month - people[Person.BIRTH_MONTH]) // 12
    flags = np.zeros(status.size, dtype=np.int64)
    for bit, barrier in enumerate(site.barriers):
        inside = (age >= barrier.age_min) & (age <= barrier.age_max)
        if barrier.by == "education":
            levels = [Education[name.upper()] for name in barrier.education or ()]
            chosen = np.isin(people[Person.EDUCATION], levels) & inside
        elif barrier.by == "age":
            chosen = inside
        else:
            chosen = np.zeros(status.size, dtype=bool)
            shares = barrier.shares.values if barrier.shares is not None else []
            for place, share in enumerate(shares):
                who = np.flatnonzero((column == place) & inside)
                number = half_up(share * who.size)
                order = traits[Trait.MOOD, who] if barrier.by == "mood" else rng.random(who.size)
                chosen[who[np.argsort(order, kind="stable")[:number]]] = True
        flags |= chosen.astype(np.int64) << bit
    people[Person.BARRIERS] = flags


def _time_in_work(
    site: Site, people: np.ndarray, posts: np.ndarray, month: int, rng: np.random.Generator
) -> None:
    """Set tenure with the employer, time in the post and time in work."""
    contracts = site.contracts
    for code in (Status.EMPLOYED, Status.EMPLOYED_ELSEWHERE):
        who = np.flatnonzero(people[Person.STATUS] == code)
        age_months = month - people[Person.BIRTH_MONTH, who]
        most = np.maximum(age_months - 16 * 12, 1)
        post = people[Person.POST, who]
        short = np.where(post >= 0, posts[Post.CONTRACT, post] == Contract.FIXED_TERM, False)
        tenure = _tenures(site, most, short, rng)
        people[Person.EMPLOYER_SINCE, who] = month - tenure
        inside = (tenure >= 24) & (rng.random(who.size) < contracts.moved_inside_share.value)
        in_post = np.where(
            inside, np.maximum(np.floor(tenure * rng.random(who.size)), 1), tenure
        ).astype(np.int64)
        people[Person.JOB_SINCE, who] = month - in_post
        from_job = rng.random(who.size) < 0.45
        before = np.floor(rng.exponential(60, who.size)).astype(np.int64)
        since = np.minimum(tenure + np.where(from_job, before, 0), np.maximum(most, tenure))
        people[Person.STATUS_SINCE, who] = month - since
        people[Person.IDLE_SINCE, who] = month - since


def _tenures(
    site: Site, most: np.ndarray, short: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return months with the employer: the place's mean and its share of new starters."""
    contracts = site.contracts
    n = most.size
    mean = contracts.tenure_mean.value * 12
    starters = half_up(contracts.started_three_months_share.value * n)
    tenure = np.ones(n, dtype=np.int64)
    n_short = int(short.sum())
    held = 1 + np.floor(rng.exponential(contracts.fixed_term_months.value, n_short))
    held = held.astype(np.int64)
    enough = np.flatnonzero(held <= 3)
    if enough.size > starters:  # a place with few starters: the rest have been there longer
        held[enough[starters:]] = 4
    tenure[short] = np.minimum(held, most[short])
    open_ended = np.flatnonzero(~short)
    new = max(starters - int((tenure[short] <= 3).sum()), 0)
    new = min(new, open_ended.size)
    limit = most[open_ended]
    noise = rng.normal(0, 1, open_ended.size)
    # who can only have started lately is among the starters
    score = 0.6 * _standard(limit) + noise - 9.0 * (limit <= 6)
    # the shortest go to the lowest scores; everything in that order, so that it is sorted once
    base = np.sort(rng.weibull(0.9, open_ended.size - new))
    newest = np.sort(rng.integers(1, 4, new))
    order = np.argsort(score, kind="stable")
    most_in_order = np.maximum(limit[order], 1)
    rest = mean * n - tenure[short].sum()
    low, high = 1.0, 2000.0
    handed = np.ones(open_ended.size, dtype=np.int64)
    for _ in range(24):
        scale = 0.5 * (low + high)
        handed[:new] = newest
        handed[new:] = 4 + (scale * base).astype(np.int64)
        np.minimum(handed, most_in_order, out=handed)
        low, high = (scale, high) if handed.sum() < rest else (low, scale)
    tenure[open_ended[order]] = handed
    return tenure


def _time_without_work(
    site: Site, people: np.ndarray, month: int, rng: np.random.Generator
) -> None:
    """Set how long people have been registered, searching and without work."""
    status = people[Person.STATUS]
    age_months = (month - people[Person.BIRTH_MONTH]).astype(np.int64)
    most = np.maximum(age_months - 180, 1)
    group = np.searchsorted([*site.people.age_from], age_months // 12, side="right") - 1
    never_share = np.array(site.work.never_worked_by_age.values)[group]
    durations = site.durations

    def spells(shares: list[float], who: np.ndarray, push: np.ndarray) -> np.ndarray:
        months = _in_classes(durations.edges, shares, who.size, rng)
        score = push + rng.normal(0, 1, who.size) - 3.0 * (most[who] < 24)
        return np.minimum(_by_score(months, score), most[who])

    registered = np.flatnonzero((status == Status.A) | (status == Status.P))
    push = (
        0.1 * (status[registered] == Status.P)
        + 0.35 * _standard(age_months[registered])
        + 0.3 * (people[Person.EDUCATION, registered] == Education.BASIC)
        + 0.1 * np.bitwise_count(people[Person.BARRIERS, registered].astype(np.uint32))
    )
    spell = spells(durations.registered.values, registered, push)
    people[Person.REGISTER_SINCE, registered] = month - spell
    people[Person.UNEMPLOYED_SINCE, registered] = month - spell
    broken = rng.random(registered.size) < 0.25
    longer = np.floor(rng.exponential(10, registered.size)).astype(np.int64)
    idle = np.minimum(spell + np.where(broken, longer, 0), np.maximum(most[registered], spell))
    people[Person.IDLE_SINCE, registered] = month - idle
    in_status = np.ceil(spell * rng.random(registered.size)).astype(np.int64)
    people[Person.STATUS_SINCE, registered] = month - np.maximum(in_status, 1)

    searching = np.flatnonzero(status == Status.S)
    spell = spells(durations.unregistered.values, searching, 0.3 * _standard(age_months[searching]))
    people[Person.UNEMPLOYED_SINCE, searching] = month - spell
    people[Person.STATUS_SINCE, searching] = month - spell
    people[Person.IDLE_SINCE, searching] = month - spell

    outside = np.flatnonzero(status == Status.N)
    spell = spells(durations.outside.values, outside, 0.5 * _standard(age_months[outside]))
    people[Person.IDLE_SINCE, outside] = month - spell
    people[Person.STATUS_SINCE, outside] = month - spell

    retired = np.flatnonzero(status == Status.RETIRED)
    room = np.maximum(age_months[retired] - site.work.retired_from * 12, 1)
    spell = 1 + np.floor(rng.random(retired.size) * np.minimum(room, 120)).astype(np.int64)
    people[Person.IDLE_SINCE, retired] = month - spell
    people[Person.STATUS_SINCE, retired] = month - spell

    # who never worked has been without work since entry at 15
    jobless = np.flatnonzero((status >= Status.A) & (status <= Status.N))
    chance = never_share[jobless] * np.where(status[jobless] == Status.N, 1.0, 0.5)
    never = jobless[rng.random(jobless.size) < chance]
    entry = people[Person.BIRTH_MONTH, never] + 180
    people[Person.IDLE_SINCE, never] = np.minimum(people[Person.IDLE_SINCE, never], entry)
    of_n = never[status[never] == Status.N]
    people[Person.STATUS_SINCE, of_n] = np.minimum(
        people[Person.STATUS_SINCE, of_n], people[Person.BIRTH_MONTH, of_n] + 180
    )


def _home(site: Site, people: np.ndarray, posts: np.ndarray, rng: np.random.Generator) -> None:
    """Set home sector and home rung: of the post held, else of the last one."""
    post = people[Person.POST]
    held = post >= 0
    people[Person.SECTOR, held] = posts[Post.SECTOR, post[held]]
    people[Person.HOME_RUNG, held] = posts[Post.RUNG, post[held]]

    status = people[Person.STATUS]
    sectors = len(site.sectors)
    cells = np.bincount(
        posts[Post.SECTOR].astype(np.int64) * RUNGS + posts[Post.RUNG], minlength=sectors * RUNGS
    ).reshape(sectors, RUNGS)
    everywhere = cells.sum(0) / cells.sum()
    for codes, rungs in (
        ((Status.A, Status.P), np.array(site.durations.home_rungs.values)),
        ((Status.S, Status.N), 0.5 * (np.array(site.durations.home_rungs.values) + everywhere)),
        ((Status.EMPLOYED_ELSEWHERE, Status.RETIRED), everywhere),
    ):
        who = np.flatnonzero(np.isin(status, codes))
        school = people[Person.EDUCATION, who].astype(np.int64)
        have = np.bincount(school, minlength=3).astype(float)
        if who.size == 0:
            continue
        table = _two_way(_SCHOOLING_OF_RUNG.T * have[:, None], have, rungs * who.size)
        counts = _rounded(table)
        rank = _rank_in_cell(school, rng)
        rung = (rank[:, None] >= np.cumsum(counts, axis=1)[school]).sum(axis=1)
        people[Person.HOME_RUNG, who] = np.minimum(rung, RUNGS - 1)
    without = np.flatnonzero(~held)
    women = np.array([entry.women_share.value for entry in site.sectors])
    by_sex = np.stack([cells * women[:, None], cells * (1 - women)[:, None]])  # sex, sector, rung
    chance = by_sex.transpose(0, 2, 1).reshape(2 * RUNGS, sectors) + 1e-9
    row = people[Person.SEX, without].astype(np.int64) * RUNGS + people[Person.HOME_RUNG, without]
    people[Person.SECTOR, without] = _pick(chance, row, rng)


def _lasting_differences(
    parameters: dict[str, float],
    people: np.ndarray,
    traits: np.ndarray,
    month: int,
    rng: np.random.Generator,
) -> None:
    """Draw learning, ambition, search effort and attachment.

    Long spells are selection: people with long tenure leave work less easily, the long-term
    unemployed search less. Attachment and effort are drawn given the time already spent in the
    present spell, so that the world starts near the state to which its own hazards lead.
    """
    n = people.shape[1]
    status = people[Person.STATUS]
    in_work = status <= Status.EMPLOYED_ELSEWHERE
    traits[Trait.LEARN] = rng.normal(0.9, 0.35, n)
    sd = parameters.get("ambition_sd", 0.8)
    ambition = np.exp(sd * np.clip(rng.normal(0, 1, n), -3, 3) - 0.5 * sd * sd)
    traits[Trait.AMBITION] = np.minimum(parameters.get("ambition_mean", 0.1) * ambition, 0.9)

    idle = np.maximum(month - people[Person.IDLE_SINCE], 1)
    tenure = np.maximum(month - people[Person.EMPLOYER_SINCE], 1)
    never = ~in_work & (people[Person.IDLE_SINCE] <= people[Person.BIRTH_MONTH] + 180)
    kinds = np.where(in_work, 0, np.where(never, 2, 1))
    kinds[in_work & (people[Person.RESIDENT] == 0)] = 3
    spell = np.clip(np.where(in_work, tenure, idle), 1, _LONGEST_SPELL - 1)
    loose, effort, weights = _spell_weights(parameters)
    node = np.empty(n, dtype=np.int64)
    for kind in range(4):
        who = np.flatnonzero(kinds == kind)
        if who.size:
            lengths, row = np.unique(spell[who], return_inverse=True)
            node[who] = _pick(weights[kind][lengths], row, rng)
    step = _NODE_Z[1] - _NODE_Z[0]
    for trait, values, name in (
        (Trait.ATTACHMENT, loose, "attachment_sd"),
        (Trait.EFFORT, effort, "effort_sd"),
    ):
        within = step * (rng.random(n) - 0.5)
        traits[trait] = values[node] * np.exp(parameters.get(name, 0.9) * within)
    # all residents of an age together are as mixed as those who come: hand out by rank
    sd = parameters.get("attachment_sd", 0.9)
    here = (people[Person.RESIDENT] == 1) & (status <= Status.N)
    age_class = np.searchsorted([360, 540], month - people[Person.BIRTH_MONTH], side="right")
    for band in range(3):
        who = np.flatnonzero(here & (age_class == band))
        drawn = np.exp(sd * np.clip(rng.normal(0, 1, who.size), -3, 3) - 0.5 * sd * sd)
        traits[Trait.ATTACHMENT, who] = _by_score(drawn, traits[Trait.ATTACHMENT, who])
    traits[Trait.EFFORT] *= np.exp(parameters.get("mood_effort", 0.15) * traits[Trait.MOOD])


def _spell_weights(
    parameters: dict[str, float],
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return how often each pair of attachment and effort is met, by kind and length of spell.

    In a steady state people of one kind are found at tenure T in proportion to how often they
    start a job, 1 / (mean tenure + mean time between jobs), times the share whose tenure lasts
    beyond T; the same holds for time without work. The hazards are those of the parameters, with
    a constant for what depends on the market (offers per application).

    Returns
    -------
    Attachment and effort of each node of a grid, and the weights of residents in work, out of work
    and never in work and of in-commuters: one row per month of the spell, one column per node.
    """
    get = parameters.get
    prior = np.exp(-0.5 * _NODE_Z**2)
    sd_loose, sd_effort = get("attachment_sd", 0.9), get("effort_sd", 0.8)
    nodes = _NODE_Z.size
    loose = np.repeat(np.exp(sd_loose * _NODE_Z - 0.5 * sd_loose**2), nodes)
    effort = np.tile(np.exp(sd_effort * _NODE_Z - 0.5 * sd_effort**2), nodes)
    share = np.outer(prior, prior).ravel()

    months = np.arange(_LONGEST_SPELL, dtype=float)
    new, long = get("leaving_new", 10.0), 3.0 * get("leaving_tenure", 8.0)
    factor = 1.0 + (new - 1.0) * np.maximum(1.0 - months / long, 0.0) ** 3
    quits = get("job_loss", 0.001) + get("exit_to_outside", 0.004)
    moves = get("job_elsewhere", 0.001) + get("search_employed", 0.05) * (
        _OFFERS_PER_APPLICATION * effort
    )
    destroyed = 1.2 * get("post_destroyed", 0.003)
    always = destroyed + _RETIRES_OR_MOVES
    leave = loose * (quits + moves)
    stays = np.exp(-always * months[:, None] - np.cumsum(factor)[:, None] * leave)
    # how a job ends: without work or with another employer
    jobless = _SHORT_JOBS + (stays * (destroyed + factor[:, None] * loose * quits))[:480].sum(0)
    jobless /= jobless + (stays * (factor[:, None] * loose * moves))[:480].sum(0)
    decay = np.maximum(get("search_decay_floor", 0.4), np.exp(-get("search_decay", 0.02) * months))
    finds = _MEAN_SEARCH * _OFFERS_PER_APPLICATION * effort
    waits = np.exp(-_RETIRES_OR_MOVES * months[:, None] - np.cumsum(decay)[:, None] * finds)
    starts = share / (stays[:480].sum(0) + jobless * waits[:240].sum(0))
    # in-commuters do not come back: who starts is as drawn
    commutes = np.exp(-get("commuter_leaves", 0.005) * months[:, None]) * stays * share
    return loose, effort, [stays * starts, waits * (starts * jobless), waits * share, commutes]


def _competence(
    parameters: dict[str, float],
    people: np.ndarray,
    traits: np.ndarray,
    posts: np.ndarray,
    month: int,
    rng: np.random.Generator,
) -> None:
    """Set competence: the rung of the post plus what was learnt there, less what was lost since."""
    n = people.shape[1]
    speed = parameters.get("learning", 0.03)
    loss = parameters.get("skill_loss", 0.004)
    school = people[Person.EDUCATION]
    learn = traits[Trait.LEARN]
    post = people[Person.POST]
    held = post >= 0
    in_work = people[Person.STATUS] <= Status.EMPLOYED_ELSEWHERE
    rung = np.where(held, posts[Post.RUNG, post], people[Person.HOME_RUNG]).astype(float)
    in_post = np.where(
        in_work,
        month - people[Person.JOB_SINCE],
        np.floor(rng.exponential(36, n)),  # time in the last post
    )
    start = np.array([-0.10, 0.0, 0.08])[school] + rng.normal(0.10, 0.25, n)
    gap = np.where(learn > start, learn - (learn - start) * np.exp(-speed * in_post), start)
    q = rung + gap
    idle = np.where(in_work, 0, np.maximum(month - people[Person.IDLE_SINCE], 0))
    floor = rung - 1.0
    lost = q - np.array([0.25, 0.0, -0.05])[school]  # the less schooled lose their jobs first
    # the more competent do not stay without work for long
    lost = lost - np.array(_SELECTED)[people[Person.STATUS]]
    lost = np.where(lost > floor, floor + (lost - floor) * np.exp(-loss * idle), lost)
    never = ~in_work & (people[Person.IDLE_SINCE] <= people[Person.BIRTH_MONTH] + 180)
    age = month - people[Person.BIRTH_MONTH]
    studies = (school == Education.TERTIARY) & (age < FINISH_TERTIARY)
    at_school = (age < FINISH_SECONDARY) | studies
    reached = np.where(at_school, Education.BASIC, school)
    fresh = np.array(_FRESH)[reached] + rng.normal(0, 0.25, n)
    traits[Trait.Q] = np.where(in_work, q, np.where(never, fresh, lost))
    people[Person.HOME_RUNG, never] = np.clip(np.floor(fresh[never]), 0, RUNGS - 1)


def world_margins(
    site: Site, parameters: dict[str, float], built: BuiltWorld
) -> list[dict[str, object]]:
    """Return the rows of ``world.csv`` for a built world (see :mod:`simulator.margins`)."""
    counted = count_margins(site, built.people, built.posts, built.workplaces, built.month)
    return margin_rows(site, parameters, counted)
