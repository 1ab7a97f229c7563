"""A place of one's own from ten numbers; the rest is borrowed from a place that it is like.

The file ``sites/template.toml`` shows how to write one. The ten numbers stand in ``[ten]``;
everything that follows from them is derived here, everything else comes from the place in
``like`` and is marked as borrowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import model_validator

from scenarios.borrow import Data, lookup, value_of
from scenarios.errors import ScenarioError, Table, validate
from scenarios.numbers import JUDGEMENT, Grade, Text

_MOST_HERE = 0.98  # at least a few of a place's posts are held by people living elsewhere


class TenNumber(Table):
    """One of the ten numbers: value, source, and if known year, range and grade."""

    value: float
    source: Text
    year: str = ""
    grade: Grade = "A"
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _range(self) -> TenNumber:
        if self.value < 0:
            raise ValueError(f"is {self.value:g}, but must not be below 0.")
        if self.grade in JUDGEMENT and (self.low is None or self.high is None):
            raise ValueError(
                f"has grade {self.grade}, so it needs both low and high: how far could it be off?"
            )
        return self


class Ten(Table):
    """The ten numbers of a place."""

    population_15_74: TenNumber  # residents aged 15 to 74
    employed: TenNumber  # residents in work, wherever they work
    unemployed: TenNumber  # registered at the employment service, mean of a year
    long_term_share: TenNumber  # of them registered for 12 months or more
    jobs: TenNumber  # filled posts in the place
    vacancies: TenNumber  # notified vacancies open at a time, mean of a year
    yearly_hires: TenNumber  # people hired into jobs of the place in a year
    elementary_share: TenNumber  # of jobs in ISCO-08 major group 9
    largest_employer: TenNumber  # posts of the largest workplace
    basic_schooling_share: TenNumber  # of residents with at most lower secondary schooling

    @model_validator(mode="after")
    def _hold_together(self) -> Ten:
        wrong = []
        for name in ("long_term_share", "elementary_share", "basic_schooling_share"):
            value = getattr(self, name).value
            if not 0 < value < 1:
                wrong.append(f"has {name} = {value:g}, but a share lies between 0 and 1.")
        if self.jobs.value <= 0 or self.population_15_74.value <= 0:
            wrong.append("needs jobs and population_15_74 above 0.")
        elif self.employed.value + self.unemployed.value > self.population_15_74.value:
            wrong.append(
                f"counts {self.employed.value + self.unemployed.value:g} people in work or "
                f"unemployed, but only {self.population_15_74.value:g} residents of 15 to 74."
            )
        elif self.largest_employer.value > 0.5 * self.jobs.value:
            wrong.append("has a largest_employer with over half of the jobs; check both.")
        if self.employed.value <= 0:
            wrong.append("needs employed above 0.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def apply_ten(
    given: Any, data: Data, base: Data, public_share: float, path: str | Path, problems: list[str]
) -> None:
    """Write what follows from the ten numbers into the data of a place, in place.

    Parameters
    ----------
    given
        The parsed table ``[ten]``.
    data
        Data of the place, already filled up from ``base``.
    base
        Whole data of the place it is like.
    public_share
        Share of vacancies that are notified (parameter ``public_share``).
    path
        The file, for sentences.
    problems
        Grows by a sentence per problem.
    """
    ten = validate(Ten, given, path, problems, ("ten",))
    if ten is None:
        return
    jobs, employed = ten.jobs.value, ten.employed.value
    here = min(_lent(base, "margins.work_here_share") * employed, _MOST_HERE * jobs)
    margins = data.setdefault("margins", {})
    margins["residents"] = _number(ten.population_15_74, "persons")
    margins["filled_posts"] = _number(ten.jobs, "posts")
    margins["register_unemployed"] = _number(ten.unemployed, "persons")
    margins["register_long_term_share"] = _number(ten.long_term_share, "share")
    margins["in_commuter_share"] = _derived(
        1 - here / jobs, "share", "jobs and residents in work of [ten], share who work at home "
        "borrowed", 0.0, min(1.0, 2 * (1 - here / jobs) + 0.1),
    )  # fmt: skip
    margins["work_here_share"] = _derived(
        here / employed, "share", "jobs and residents in work of [ten]", 0.5 * here / employed, 1.0
    )
    hires = ten.yearly_hires.value
    opened = hires / 12 * public_share
    stock = ten.vacancies.value
    vacancies = data.setdefault("vacancies", {})
    vacancies["public_stock"] = _number(ten.vacancies, "vacancies")
    vacancies["public_opened"] = _derived(
        opened, "vacancies per month", "yearly hires of [ten] times the notified share of vacancies"
    )
    vacancies["public_days"] = _derived(
        30.4 * stock / opened if opened > 0 else 0.0, "days", "stock over flow of vacancies"
    )
    contracts = data["contracts"]
    # starters per hire as in the place it is like: some hires have ended within three months
    base_hires = 12 * _lent(base, "vacancies.public_opened") / public_share
    base_started = _lent(base, "contracts.started_three_months_share")
    per_hire = base_started * _lent(base, "margins.filled_posts") / base_hires
    started = min(per_hire * hires / jobs, 0.3)
    contracts["started_three_months_share"] = _derived(
        started, "share", "yearly hires of [ten]; how many last three months borrowed"
    )
    _posts(data, ten, jobs)
    _schooling(data, ten.basic_schooling_share)


def _number(number: TenNumber, unit: str) -> Data:
    table = {"value": number.value, "unit": unit, "grade": number.grade, "source": number.source,
             "year": number.year}  # fmt: skip
    for name in ("low", "high"):
        if getattr(number, name) is not None:
            table[name] = getattr(number, name)
    return table


def _derived(
    value: float, unit: str, source: str, low: float | None = None, high: float | None = None
) -> Data:
    return {
        "value": value, "unit": unit, "grade": "D", "source": f"derived: {source}",
        "low": 0.6 * value if low is None else min(low, value),
        "high": 1.5 * value if high is None else max(high, value),
    }  # fmt: skip


def _lent(base: Data, key: str) -> float:
    """Return a number of the place that another one is like."""
    value = value_of(base, key)
    if value is None:
        raise ScenarioError(
            f"{base['id']} has no number {key} to lend; name a place in 'like' that has it."
        )
    return value


def _posts(data: Data, ten: Ten, jobs: float) -> None:
    """Set occupations, the largest workplace and what the size classes must then be."""
    shares = data["occupations"]["shares"]
    elementary = ten.elementary_share.value
    rest = sum(shares["values"][:8])
    shares["values"] = [(1 - elementary) * share / rest for share in shares["values"][:8]]
    shares["values"].append(elementary)
    shares.update(
        grade="D", spread=0.2,
        source=f"elementary share: {ten.elementary_share.source}; the others in proportion, "
        f"borrowed ({shares['source']})",
    )  # fmt: skip
    shares.pop("low", None)
    shares.pop("high", None)
    largest = ten.largest_employer.value
    data["workplaces"]["largest"] = _number(ten.largest_employer, "posts")
    sizes = data["workplaces"]["posts_by_size"]
    micro, small, medium, large = sizes["values"]
    if largest < 250:
        large, medium = 0.0, medium + large
    elif large < largest / jobs:
        factor = (1 - largest / jobs) / (micro + small + medium)
        micro, small, medium, large = (micro * factor, small * factor, medium * factor,
                                       largest / jobs)  # fmt: skip
    else:
        return
    sizes.update(
        values=[micro, small, medium, large], grade="D", spread=0.3,
        note="class of the largest set by largest_employer of [ten]",
    )  # fmt: skip
    sizes.pop("low", None)
    sizes.pop("high", None)


def _schooling(data: Data, basic: TenNumber) -> None:
    """Shift every share of basic schooling by the same odds as that of the residents."""
    before = lookup(data, "education.residents")["values"][0]
    ratio = basic.value / (1 - basic.value) * (1 - before) / before
    for key in ("education.residents", "education.registered", "education.entrants",
                "education.in_commuters", "demography.movers_education"):  # fmt: skip
        row = lookup(data, key)
        odds = row["values"][0] / (1 - row["values"][0]) * ratio
        share = odds / (1 + odds)
        rest = sum(row["values"][1:])
        row["values"] = [share, *((1 - share) * value / rest for value in row["values"][1:])]
        row.update(grade="D", spread=row.get("spread", 0.25),
                   note="basic share set by basic_schooling_share of [ten]")  # fmt: skip
        row.pop("low", None)
        row.pop("high", None)
    lookup(data, "education.residents")["source"] = f"basic share: {basic.source}; rest borrowed"
