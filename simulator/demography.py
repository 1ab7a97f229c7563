"""Who comes and goes: deaths, moves, retirement and entry at a constant age structure.

All numbers follow from the site file alone, never from the state of the world: the hazards make
people leave, and the numbers moving in are solved so that each year of age stays as large as it
was at the start. Retired people are kept as they are until they turn 75, so the balance is struck
for those who have not retired.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.schema import OLDEST, YOUNGEST, Site

AGES = 100  # arrays run over ages 0..99
MONTHS = 12


@dataclass(frozen=True)
class Demography:
    """Hazards and inflows by sex (women, men) and age in whole years (index 0..99).

    Attributes
    ----------
    death_per_month
        Monthly hazard of residents who have not retired, by age.
    move_out_per_month, retire_per_month
        The same by sex and age, shape (2, 100); everybody has retired at 75.
    move_in_per_month
        Expected persons of that sex and age who move in a month without a local post.
    leavers_per_month
        Expected young people who turn 15 in a month and enter with status N, by sex.
    leavers_education, movers_education
        Shares of the three levels of schooling.
    movers_status
        Shares of A, P, S, N and of work elsewhere on arrival.
    """

    death_per_month: np.ndarray
    move_out_per_month: np.ndarray
    retire_per_month: np.ndarray
    move_in_per_month: np.ndarray
    leavers_per_month: np.ndarray
    leavers_education: np.ndarray
    movers_education: np.ndarray
    movers_status: np.ndarray


def single_years(site: Site) -> np.ndarray:
    """Return residents by sex (women, men) and single year of age, shape (2, 60), 15 to 74.

    Smooth, and true to the age groups.
    """
    edges = np.array([*site.people.age_from, OLDEST])
    both = np.array([site.people.women.values, site.people.men.values])
    both = both / both.sum() * site.margins.residents.value
    ages = np.arange(YOUNGEST, OLDEST)
    group = np.searchsorted(edges, ages, side="right") - 1
    width = np.diff(edges)
    found = np.empty((2, ages.size))
    for sex, groups in enumerate(both):
        persons = (groups / width)[group]
        for _ in range(60):  # smooth, then restore the totals of the groups
            padded = np.concatenate([persons[:1], persons, persons[-1:]])
            persons = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
            sums = np.bincount(group, persons, minlength=len(width))
            persons = (
                persons * np.divide(groups, sums, out=np.zeros_like(sums), where=sums > 0)[group]
            )
        found[sex] = persons
    return found


def retired_shares(site: Site) -> np.ndarray:
    """Return the retired share of residents by single year of age 15..74."""
    shares = np.zeros(OLDEST - YOUNGEST)
    shares[site.work.retired_from - YOUNGEST :] = site.work.retired_share.values
    return shares


def _per_month(ages: list[int], per_year: list[float], log: bool) -> np.ndarray:
    points = np.log(np.maximum(per_year, 1e-9)) if log else np.array(per_year)
    years = np.interp(np.arange(AGES) + 0.5, ages, points)
    years = np.exp(years) if log else years
    return -np.expm1(-years / MONTHS)


def _year(start: float, leave: float, inflow: float) -> tuple[float, float]:
    """Return the size at the end of a year and the person-months lived in it."""
    size, lived = start, 0.0
    for _ in range(MONTHS):
        lived += size
        size = size * (1.0 - leave) + inflow
    return size, lived


def _inflow(start: float, end: float, leave: float) -> float:
    """Return the monthly inflow that turns ``start`` into ``end`` within a year."""
    at_zero = _year(start, leave, 0.0)[0]
    at_one = _year(start, leave, 1.0)[0]
    return (end - at_zero) / (at_one - at_zero)


def demography(site: Site) -> Demography:
    """Return the hazards and inflows of a place, with a constant age structure.

    Parameters
    ----------
    site
        The place.

    Returns
    -------
    Arrays by age in whole years. When a group would need people to move in at a negative rate,
    its hazard of moving out is raised instead.
    """
    hired = site.demography.movers_with_job.value
    parts = [_of_one_sex(site, persons) for persons in single_years(site)]
    move_out, retire, move_in = (np.stack([part[k] for part in parts]) for k in range(3))
    working = move_in * ((np.arange(AGES) >= 20) & (np.arange(AGES) < 58))
    if working.sum() > 0:  # those who are hired from outside and move in come on top
        move_in = move_in - working * min(hired / working.sum(), 0.9)
    return Demography(
        death_per_month=_per_month(
            site.demography.death_ages, site.demography.death.values, log=True
        ),
        move_out_per_month=move_out,
        retire_per_month=retire,
        move_in_per_month=move_in,
        leavers_per_month=np.array([part[3] for part in parts]),
        leavers_education=np.array(site.education.entrants.values),
        movers_education=np.array(site.demography.movers_education.values),
        movers_status=np.array(site.demography.movers_status.values),
    )


def _of_one_sex(
    site: Site, persons: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return moving out, retirement, moving in by age and the numbers turning 15 of one sex."""
    retired = persons * retired_shares(site)

    # sizes at exact birthdays: midway between the neighbouring years of age
    def at_birthday(values: np.ndarray, last: float) -> np.ndarray:
        inner = 0.5 * (values[:-1] + values[1:])
        return np.concatenate([[1.5 * values[0] - 0.5 * values[1]], inner, [last]])

    all_at = at_birthday(persons, 1.5 * persons[-1] - 0.5 * persons[-2]) / MONTHS
    retired_at = at_birthday(retired, 1.5 * retired[-1] - 0.5 * retired[-2]) / MONTHS
    first = site.work.retired_from - YOUNGEST
    retired_at[: first + 1] = 0.0
    active_at = all_at - retired_at

    site_death = _per_month(site.demography.death_ages, site.demography.death.values, log=True)
    move_out = _per_month(site.demography.move_ages, site.demography.move_out.values, log=False)
    retire = np.zeros(AGES)
    move_in = np.zeros(AGES)
    for step in range(OLDEST - YOUNGEST):
        age = YOUNGEST + step
        start, end = active_at[step], active_at[step + 1]
        to_retire = max(retired_at[step + 1] - retired_at[step], 0.0)
        low, high = 0.0, 0.6 if to_retire > 0 else 0.0
        other = site_death[age] + move_out[age]
        for _ in range(50):
            hazard = 0.5 * (low + high)
            inflow = _inflow(start, end, other + hazard)
            lived = _year(start, other + hazard, inflow)[1]
            if hazard * lived < to_retire:
                low = hazard
            else:
                high = hazard
        retire[age] = 0.5 * (low + high)
        inflow = _inflow(start, end, other + retire[age])
        if inflow < 0:
            low, high = move_out[age], 0.9
            for _ in range(50):
                middle = 0.5 * (low + high)
                leave = site_death[age] + middle + retire[age]
                low, high = (middle, high) if _year(start, leave, 0.0)[0] > end else (low, middle)
            move_out[age], inflow = high, 0.0
        move_in[age] = inflow * MONTHS  # twelve birth months share the year of age
    retire[OLDEST:] = 1.0

    return move_out, retire, move_in, float(active_at[0])
