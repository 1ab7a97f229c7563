"""Studies that virtual trials reproduce, read from ``trials.toml``.

A published effect is an outcome, not a lever. Each study says for which measure it counts, what
was measured after how many months, the effect with its range, and the control rate where known.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.conditions import Clause, StatusWord
from scenarios.errors import ScenarioError, Table, read_toml, validate
from scenarios.measures import EffectId, shipped_measures

Outcome = Literal["in_work", "ever", "months", "hires", "hires_migrant", "higher_rung"]
Compare = Literal["difference", "ratio", "hazard"]
PATH = Path(__file__).parent / "trials.toml"


class Study(Table):
    """One study as a trial inside the model sees it."""

    measure: str
    study: EffectId
    outcome: Outcome
    compare: Compare
    horizon_months: Annotated[int, Field(ge=1, le=60)]
    centre: float
    low: float
    high: float
    range_source: str
    horizon_source: str = "effects.csv"
    discount: Annotated[float, Field(gt=0, le=1)] = 1.0
    control_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    statuses: list[StatusWord] | None = None
    age_min: int | None = None
    age_max: int | None = None
    barriers_all: list[str] | None = None
    register_months_min: float | None = None
    register_months_max: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Study:
        if not self.low <= self.centre <= self.high:
            raise ValueError(f"{self.measure}: low <= centre <= high is needed")
        if self.measure not in shipped_measures():
            raise ValueError(f"names the unknown measure '{self.measure}'")
        return self

    @property
    def no_effect(self) -> float:
        """The value of an effect that is none: zero for differences, one for ratios."""
        return 0.0 if self.compare == "difference" else 1.0

    @property
    def clauses(self) -> list[Clause] | None:
        """Who was in the study, where it was not who is eligible for the measure."""
        if self.statuses is None:
            return None
        return [
            Clause(
                statuses=self.statuses,
                age_min=self.age_min,
                age_max=self.age_max,
                barriers_all=self.barriers_all,
                months_in_register_min=self.register_months_min,
            )
        ]


@functools.cache
def studies(measure: str | None = None) -> tuple[Study, ...]:
    """Return the studies, or those of one measure (its main one first)."""
    return tuple(study for study in read_studies(PATH) if measure in (None, study.measure))


def read_studies(path: str | Path) -> list[Study]:
    """Read a file of studies.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    path = Path(path)
    problems: list[str] = []
    data = read_toml(path, problems) or {}
    rows = data.get("trial")
    if not problems and not (isinstance(rows, list) and set(data) <= {"trial", "schema"}):
        problems.append(f"{path.name}: write each study as a table [[trial]], and nothing else.")
        rows = []
    found = [
        validate(Study, row, path, problems, ("trial", place))
        for place, row in enumerate(rows or [], 1)
    ]
    if problems:
        raise ScenarioError(problems)
    return [study for study in found if study is not None]
