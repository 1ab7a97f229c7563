"""Which file is which: hand a scenario file to the reader that knows it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from scenarios.errors import ScenarioError, read_toml, validate
from scenarios.loader import load_site, read_parameters, shipped_sites
from scenarios.measures import Mix, check_mix_fits, load_measure, load_mix, load_partners
from scenarios.numbers import Number


def kind_of(path: Path) -> str:
    """Return the word for what a file is (site, mix, measure, partners, parameters, penalties).

    A file that cannot be parsed counts as a site, whose reader says what is wrong.
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return "site"
    keys = set(data)
    if {"levers", "rows", "eligibility", "delivered_by", "take_up"} & keys:
        return "measure"
    if {"awareness", "access_loss", "default_link"} & keys:
        return "partners"
    if {"margins", "sectors", "demography", "base_period", "calendar"} & keys:
        return "site"
    if {"measures", "hypothetical", "site", "partners"} & keys:
        return "mix"
    if {"kind", "names", "summary"} & keys:
        return "measure"
    tables = [value for key, value in data.items() if key != "schema"]
    if tables and all(isinstance(value, dict) for value in tables):
        if any("callback_ratio" in table for table in tables):
            return "penalties"
        return "parameters"
    return "site"


def check_file(path: Path) -> str:
    """Check one scenario file and return what it is.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    kind = kind_of(path)
    if kind == "site":
        load_site(path)
    elif kind == "measure":
        load_measure(path)
    elif kind == "partners":
        load_partners(path)
    elif kind == "parameters":
        read_parameters(path)
    elif kind == "penalties":
        _check_penalties(path)
    else:
        problems = _place_problems(load_mix(path))
        if problems:
            raise ScenarioError(problems)
    return kind


def _check_penalties(path: Path) -> None:
    """Check a file of call-back ratios and the scores solved from them."""
    problems: list[str] = []
    for barrier, row in (read_toml(path, problems) or {}).items():
        validate(Number, row.get("callback_ratio"), path, problems, (barrier, "callback_ratio"))
        if not isinstance(row.get("score"), int | float):
            problems.append(f"{path.name}: {barrier}.score must be a number of score units.")
    if problems:
        raise ScenarioError(problems)


def _place_problems(mix: Mix) -> list[str]:
    """Return the words of a mix that its shipped place does not know."""
    if mix.site is None or mix.site not in shipped_sites():
        return []
    site = load_site(mix.site)
    return check_mix_fits(
        mix, site.barrier_ids, site.sector_ids, [employer.id for employer in site.employers]
    )


def check_files(paths: Iterable[Path]) -> list[str]:
    """Check scenario files in one pass and return a line per file.

    Raises
    ------
    ScenarioError
        With the problems of all files together.
    """
    lines: list[str] = []
    problems: list[str] = []
    for path in paths:
        try:
            lines.append(f"{path}: {check_file(path)}, no problem found.")
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return lines
