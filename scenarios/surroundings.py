"""Surroundings: what happens to a place anyway, the same with and without a mix.

A file says which plants open (posts by rung and month), which employer closes, by how much services
of today are changed, and whether as many people move in as move out instead of as many as keep the
age structure. It is applied to a world and to its twin alike; no effect of it is ever credited to
a mix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.errors import ScenarioError, Table, read_toml, suggestion, unknown_name, validate
from scenarios.measures import Mix, changed_services
from scenarios.numbers import Grade, NumberRow, Text, is_row
from scenarios.schema import Id, Names, Site

FOLDER = Path(__file__).parent / "surroundings"
LARGEST = "largest"  # the largest workplace of an employer that the place does not name
RUNGS = 4

Month = Annotated[int, Field(ge=0)]


class Plant(Table):
    """Posts that a new workplace opens in one month; rows of one name are one workplace."""

    name: Text
    sector: Text
    month: Month
    posts: Annotated[NumberRow, is_row("posts", RUNGS, 0.0)]


class Closure(Table):
    """An employer that closes: all its posts go, their holders lose their jobs."""

    employer: Text
    month: Month
    grade: Grade
    source: Text


class ServiceChange(Table):
    """A service of today that runs larger or smaller, in both worlds, from the start."""

    service: Text
    by: Text
    grade: Grade
    source: Text


class Surroundings(Table):
    """One file of surroundings; without ``site`` it fits every place.

    Attributes
    ----------
    migration
        ``constant_ages``: as many move in as keep the age structure (the rule of the model).
        ``balanced``: at every age as many move in as move out, so that each cohort retires with
        its own size and nobody replaces it.
    """

    id: Id
    site: Text | None = None
    names: Names
    summary: Text
    plants: list[Plant] = []
    closures: list[Closure] = []
    services: list[ServiceChange] = []
    migration: Literal["constant_ages", "balanced"] = "constant_ages"
    migration_source: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Surroundings:
        changes = self.plants or self.closures or self.services
        if not changes and self.migration == "constant_ages":
            raise ValueError(
                "changes nothing; give plants, closures, services or migration = 'balanced'."
            )
        return self

    def grades(self) -> list[str]:
        """Return the grades of its numbers, one each."""
        return [
            *(closure.grade for closure in self.closures),
            *(service.grade for service in self.services),
            *(plant.posts.grade for plant in self.plants),
        ]

    def under(self, mix: Mix) -> Mix:
        """Return a mix with the services changed as the surroundings say, those that it has."""
        return changed_services(mix, {row.service: row.by for row in self.services})


def shipped_surroundings(site_id: str | None = None) -> list[str]:
    """Return the ids of the shipped surroundings, of one place those that fit it."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if site_id is None:
        return names
    return [name for name in names if load_surroundings(name).site in (None, site_id)]


def load_surroundings(name_or_path: str | Path, site: Site | None = None) -> Surroundings:
    """Read surroundings.

    Parameters
    ----------
    name_or_path
        Id of shipped surroundings, or path of a TOML file.
    site : Site, optional
        Place for which they are wanted: its sectors, employers and services must exist.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        known = shipped_surroundings()
        if str(name_or_path) not in known:
            raise ScenarioError(
                f"There are no surroundings called '{name_or_path}'; "
                + suggestion(str(name_or_path), known)
            )
        path = FOLDER / f"{name_or_path}.toml"
    problems: list[str] = []
    data = read_toml(path, problems)
    found = None if data is None else validate(Surroundings, data, path, problems)
    if found is not None and not problems:
        problems.extend(_bad_changes(found, path))
        if site is not None:
            problems.extend(_misfits(found, site, path))
    if found is None or problems:
        raise ScenarioError(problems)
    return found


def _bad_changes(found: Surroundings, path: Path) -> list[str]:
    from scenarios.measures import change_factor

    return [
        f"{path.name}: services: by is '{row.by}', but must be a change such as '-50 %' or "
        "'+20 %', not below '-100 %'."
        for row in found.services
        if change_factor(row.by) is None
    ]


def _misfits(found: Surroundings, site: Site, path: Path) -> list[str]:
    """Return what in surroundings does not fit a place."""
    from scenarios.measures import load_mix, service_of

    if found.site not in (None, site.id):
        return [
            f"{path.name}: site is '{found.site}', but the place asked for is '{site.id}'; "
            f"use surroundings of {site.id}."
        ]
    problems = []
    for plant in found.plants:
        if plant.sector not in site.sector_ids:
            problems.append(unknown_name(path, "plants", "sector", plant.sector, site.sector_ids))
    employers = [LARGEST, *(employer.id for employer in site.employers)]
    for closure in found.closures:
        if closure.employer not in employers:
            problems.append(unknown_name(path, "closures", "employer", closure.employer, employers))
    if found.services:
        today = load_mix(site.today, site.id) if site.today else None
        for row in found.services:
            if today is None or service_of(row.service, today) is None:
                running = [] if today is None else list(today.measures)
                problems.append(
                    unknown_name(path, "services", "service of today", row.service, running)
                )
    return problems


__all__ = ["LARGEST", "Surroundings", "load_surroundings", "shipped_surroundings"]
