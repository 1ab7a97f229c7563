"""Margins of a world: what the place says, and what stands in the columns.

One function counts both the built and the settled world, so that ``world.csv`` compares like with
like.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema import OLDEST, RUNGS, SIZE_CLASSES, Site
from simulator.codes import Contract, Education, PostState, Sex, Status
from simulator.columns import Person, Post, Workplace
from simulator.demography import retired_shares, single_years


def half_up(value: float) -> int:
    """Round to the nearest whole number, halves up."""
    return int(np.floor(value + 0.5))


def post_totals(site: Site, parameters: dict[str, float]) -> dict[str, int]:
    """Return the numbers of posts by state: filled, public, unseen, withdrawn and all."""
    filled = half_up(site.counts()["filled_posts"])
    public = half_up(site.vacancies.public_stock.value)
    share = parameters.get("public_share", 0.44)
    unseen = half_up(public * (1 - share) / share)
    withdrawn_share = parameters.get("withdrawn_share_start", 0.015)
    total = half_up((filled + public + unseen) / (1 - withdrawn_share))
    return {
        "filled": filled,
        "public": public,
        "unseen": unseen,
        "withdrawn": total - filled - public - unseen,
        "posts": total,
    }


def count_margins(
    site: Site,
    people: np.ndarray,
    posts: np.ndarray,
    workplaces: np.ndarray,
    month: int,
) -> dict[tuple[str, str], float]:
    """Count the margins of a world from its columns.

    Parameters
    ----------
    site
        The place.
    people, posts, workplaces
        int32 columns of exact size.
    month
        The month at whose beginning the columns stand.

    Returns
    -------
    Count by margin and cell, in a fixed order; residents are people of 15 to 74.
    """
    found: dict[tuple[str, str], float] = {}
    status = people[Person.STATUS]
    age = (month - people[Person.BIRTH_MONTH]) // 12
    lives = (people[Person.RESIDENT] == 1) & (status <= Status.RETIRED)
    lives &= (age >= site.people.age_from[0]) & (age < OLDEST)
    found["people", "residents"] = lives.sum()
    group = np.searchsorted(site.people.age_from, age[lives], side="right") - 1
    names = _age_names(site)
    for sex in Sex:
        number = np.bincount(group[people[Person.SEX, lives] == sex], minlength=len(names))
        for name, count in zip(names, number, strict=True):
            found["residents by age and sex", f"{name} {sex.name.lower()}"] = count
    for level in Education:
        found["residents by schooling", level.name.lower()] = (
            people[Person.EDUCATION, lives] == level
        ).sum()
    here = status == Status.EMPLOYED
    found["residents by status", "employed here"] = (lives & here).sum()
    found["residents by status", "employed elsewhere"] = (
        lives & (status == Status.EMPLOYED_ELSEWHERE)
    ).sum()
    for code in (Status.A, Status.P, Status.S, Status.N):
        found["residents by status", code.name] = (lives & (status == code)).sum()
    found["residents by status", "retired"] = (lives & (status == Status.RETIRED)).sum()
    found["people", "in-commuters"] = (here & (people[Person.RESIDENT] == 0)).sum()
    registered = lives & ((status == Status.A) | (status == Status.P))
    searching = lives & ((status == Status.A) | (status == Status.S))
    found["people", "register unemployed"] = registered.sum()
    found["people", "survey unemployed"] = searching.sum()
    for level in Education:
        found["register by schooling", level.name.lower()] = (
            people[Person.EDUCATION, registered] == level
        ).sum()
    found["register", "men"] = (people[Person.SEX, registered] == Sex.MALE).sum()
    spell = month - people[Person.REGISTER_SINCE, registered]
    found["register", "12 months and more"] = (spell >= 12).sum()
    found["register", "24 months and more"] = (spell >= 24).sum()
    spell = month - people[Person.UNEMPLOYED_SINCE, searching]
    found["survey unemployed", "12 months and more"] = (spell >= 12).sum()

    state = posts[Post.STATE]
    exists = state != PostState.DESTROYED
    found["posts", "filled"] = (state == PostState.FILLED).sum()
    found["posts", "vacant public"] = (
        (state == PostState.VACANT) & (posts[Post.PUBLIC] == 1)
    ).sum()
    found["posts", "vacant unseen"] = (
        (state == PostState.VACANT) & (posts[Post.PUBLIC] == 0)
    ).sum()
    found["posts", "withdrawn"] = (state == PostState.WITHDRAWN).sum()
    found["posts", "all"] = exists.sum()
    found["posts", "fixed-term"] = (exists & (posts[Post.CONTRACT] == Contract.FIXED_TERM)).sum()
    sectors = len(site.sectors)
    by_sector = np.bincount(posts[Post.SECTOR, exists], minlength=sectors)
    for entry, count in zip(site.sectors, by_sector, strict=True):
        found["posts by sector", entry.id] = count
    cell = posts[Post.SECTOR, exists].astype(np.int64) * RUNGS + posts[Post.RUNG, exists]
    by_cell = np.bincount(cell, minlength=sectors * RUNGS).reshape(sectors, RUNGS)
    for rung in range(RUNGS):
        found["posts by rung", f"rung {rung}"] = by_cell[:, rung].sum()
    for entry, row in zip(site.sectors, by_cell, strict=True):
        for rung, count in enumerate(row):
            found["posts by sector and rung", f"{entry.id} rung {rung}"] = count
    size = workplaces[Workplace.SIZE_CLASS, posts[Post.WORKPLACE, exists]]
    named = workplaces[Workplace.EMPLOYER, posts[Post.WORKPLACE, exists]] < len(site.employers)
    for place, name in enumerate(SIZE_CLASSES):
        found["posts by size of workplace", name] = ((size == place) & ~named).sum()
    owner = workplaces[Workplace.EMPLOYER, posts[Post.WORKPLACE, exists]]
    for place, employer in enumerate(site.employers):
        found["posts by employer", employer.id] = (owner == place).sum()
    in_place = np.bincount(posts[Post.WORKPLACE, exists], minlength=workplaces.shape[1])
    found["workplaces", "share below six posts"] = (in_place < 6).mean()

    tenure = month - people[Person.EMPLOYER_SINCE, here]
    found["tenure", "mean years"] = tenure.mean() / 12
    found["tenure", "share within three months"] = (tenure <= 3).mean()
    return {key: float(value) for key, value in found.items()}


def _age_names(site: Site) -> list[str]:
    edges = [*site.people.age_from, OLDEST]
    return [f"{low}-{high - 1}" for low, high in zip(edges[:-1], edges[1:], strict=True)]


def margin_targets(
    site: Site, parameters: dict[str, float]
) -> dict[tuple[str, str], tuple[float, str]]:
    """Return the target and the source of every margin that the site file sets.

    Keys are those of :func:`count_margins`; a margin without an entry here has no target.
    """
    counts = site.counts()
    m, work, v = site.margins, site.work, site.vacancies
    totals = post_totals(site, parameters)
    targets: dict[tuple[str, str], tuple[float, str]] = {
        ("people", "residents"): (counts["residents"], m.residents.source),
        ("people", "in-commuters"): (counts["in_commuters"], m.in_commuter_share.source),
        ("people", "register unemployed"): (
            counts["register_unemployed"],
            m.register_unemployed.source,
        ),
        ("people", "survey unemployed"): (
            counts["survey_unemployed"],
            m.survey_register_ratio.source,
        ),
        ("residents by status", "employed here"): (counts["work_here"], m.in_commuter_share.source),
        ("residents by status", "employed elsewhere"): (
            counts["out_commuters"],
            m.work_here_share.source,
        ),
        ("residents by status", "A"): (counts["A"], m.searching_share.source),
        ("residents by status", "P"): (counts["P"], m.searching_share.source),
        ("residents by status", "S"): (counts["S"], m.survey_register_ratio.source),
        ("register", "men"): (
            counts["register_unemployed"] * work.register_men_share.value,
            work.register_men_share.source,
        ),
        ("register", "12 months and more"): (
            counts["register_unemployed"] * m.register_long_term_share.value,
            m.register_long_term_share.source,
        ),
        ("posts", "filled"): (counts["filled_posts"], m.filled_posts.source),
        ("posts", "vacant public"): (v.public_stock.value, v.public_stock.source),
        ("posts", "vacant unseen"): (totals["unseen"], "parameter public_share"),
        ("posts", "all"): (totals["posts"], "sum of the states"),
        ("posts", "fixed-term"): (
            totals["posts"]
            * site.contracts.fixed_term_share.value
            * parameters.get("short_posts", 1.0),
            site.contracts.fixed_term_share.source,
        ),
        ("workplaces", "share below six posts"): (
            site.workplaces.below_six_share.value,
            site.workplaces.below_six_share.source,
        ),
        ("tenure", "mean years"): (
            site.contracts.tenure_mean.value,
            site.contracts.tenure_mean.source,
        ),
        ("tenure", "share within three months"): (
            site.contracts.started_three_months_share.value,
            site.contracts.started_three_months_share.source,
        ),
    }
    age_sex = np.array([site.people.women.values, site.people.men.values])
    age_sex = age_sex / age_sex.sum() * counts["residents"]
    retired = float((single_years(site) * retired_shares(site)).sum())
    targets["residents by status", "retired"] = (retired, work.retired_share.source)
    for sex, row, source in (
        (Sex.FEMALE, age_sex[0], site.people.women.source),
        (Sex.MALE, age_sex[1], site.people.men.source),
    ):
        for name, value in zip(_age_names(site), row, strict=True):
            targets["residents by age and sex", f"{name} {sex.name.lower()}"] = (value, source)
    for level in Education:
        targets["residents by schooling", level.name.lower()] = (
            counts["residents"] * site.education.residents[level],
            site.education.residents.source,
        )
        targets["register by schooling", level.name.lower()] = (
            counts["register_unemployed"] * site.education.registered[level],
            site.education.registered.source,
        )
    by_sector = site.sector_shares() * totals["posts"]
    cells = by_sector[:, None] * site.ladders()
    for entry, total, row in zip(site.sectors, by_sector, cells, strict=True):
        targets["posts by sector", entry.id] = (total, entry.posts_share.source)
        for rung, value in enumerate(row):
            key = ("posts by sector and rung", f"{entry.id} rung {rung}")
            targets[key] = (value, entry.occupations.source)
    for rung, value in enumerate(cells.sum(0)):
        targets["posts by rung", f"rung {rung}"] = (value, site.occupations.entry_part.source)
    rest = float(totals["posts"])
    for employer in site.employers:
        targets["posts by employer", employer.id] = (employer.posts.value, employer.posts.source)
        rest -= employer.posts.value
    for name, share in zip(SIZE_CLASSES, site.workplaces.posts_by_size.values, strict=True):
        targets["posts by size of workplace", name] = (
            share * rest,
            site.workplaces.posts_by_size.source,
        )
    return targets


def margin_rows(
    site: Site, parameters: dict[str, float], counted: dict[tuple[str, str], float]
) -> list[dict[str, Any]]:
    """Return the rows of ``world.csv``; ``at_start`` is filled when the world has settled.

    Parameters
    ----------
    site
        The place.
    parameters
        Behavioural parameters by name.
    counted
        What :func:`count_margins` found in the built world.

    Returns
    -------
    Rows with ``margin, cell, target, built, at_start, source``; ``target`` and ``at_start`` are
    None where there is nothing to say.
    """
    targets = margin_targets(site, parameters)
    rows: list[dict[str, Any]] = []
    for (margin, cell), value in counted.items():
        target, source = targets.get((margin, cell), (None, ""))
        rows.append(
            {
                "margin": margin,
                "cell": cell,
                "target": target,
                "built": value,
                "at_start": None,
                "source": source,
            }
        )
    return rows
