"""The condition language: who belongs to a target group, who may enter a measure.

A condition is a list of clauses. A person meets the condition when *any* clause holds; a clause
holds when *all* of its fields hold; a field that is left out holds for everybody. In a file::

    [[eligibility]]                       # long-term unemployed ...
    statuses = ["A", "P"]
    months_in_register_min = 12

    [[eligibility]]                       # ... or registered with a health limitation
    statuses = ["A", "P"]
    barriers_any = ["health"]

Target groups of a place and the eligibility of a measure are written in the same language, so
that "who is served" and "who is counted" can be compared word by word.

Fields of a clause:

- ``statuses``: words of the status list: ``employed`` (holds a local post), ``employed_elsewhere``,
  ``A`` registered and searching, ``P`` registered and not searching, ``S`` searching and not
  registered, ``N`` neither.
- ``sexes``: ``female``, ``male``.
- ``education``: ``basic`` (ISCED 0-2), ``secondary`` (3-4), ``tertiary`` (5-8).
- ``age_min``, ``age_max``: age in whole years, both ends included.
- ``barriers_any``, ``barriers_all``: flags of the site file, of which one, or each, must be set.
- ``barriers_at_least``: number of flags that must be set, whichever they are; only flags that count
  as barriers to work in the site file.
- ``months_out_of_work_min``: months since the last job ended (since entry for who never worked).
- ``months_in_register_min``: length of the unbroken registered spell, A or P.
- ``resident``: true for people who live in the place, false for people who live elsewhere.
- ``rungs``: rungs of the post held now, 0 is the entry; who holds no post does not meet it.
- ``tenure_months_max``: at most so many months with the present employer.
- ``sectors``: sector codes of the site file; the sector of the post held, else the home sector.
- ``first_job``: true when the post held is the first one after entry to the labour market. A place
  without work histories has a flag of that name at the start instead; the shipped measures
  name the flag.

A condition on workplaces is a list of clauses too, with the fields ``sectors``,
``size_classes`` (``micro`` 1 to 9 posts, ``small`` 10 to 49, ``medium`` 50 to 249, ``large``
250 and more), ``employers`` (ids of the site file) and ``posts_min``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.errors import Table

StatusWord = Literal["employed", "employed_elsewhere", "A", "P", "S", "N"]
EducationWord = Literal["basic", "secondary", "tertiary"]
SexWord = Literal["female", "male"]
SizeWord = Literal["micro", "small", "medium", "large"]

# Flags that the shipped measures use. A site file may define others; a clause that names a flag
# which the place does not have is reported when measure and place are brought together.
COMMON_BARRIERS = (
    "little_schooling",
    "migrant",
    "health",
    "age_55",
    "under_30",
    "no_network",
    "discouraged",
    "repeated_spells",
    "first_job",
    "subsidised_job",
)

Age = Annotated[int, Field(ge=0, le=120)]
NonNegative = Annotated[float, Field(ge=0)]
Rung = Annotated[int, Field(ge=0, le=3)]


class _Clause(Table):
    @model_validator(mode="after")
    def _no_empty_list(self) -> _Clause:
        # An empty list would be met by nobody; left out, the field is met by everybody.
        empty = [name for name, value in self if value == []]
        if empty:
            raise ValueError(
                "\n".join(
                    f"has an empty list in {name}, which nobody meets; "
                    f"leave {name} out to ask nothing."
                    for name in empty
                )
            )
        return self


class Clause(_Clause):
    """One clause about a person; all fields that are given must hold."""

    statuses: list[StatusWord] | None = None
    sexes: list[SexWord] | None = None
    education: list[EducationWord] | None = None
    age_min: Age | None = None
    age_max: Age | None = None
    barriers_any: list[str] | None = None
    barriers_all: list[str] | None = None
    barriers_at_least: Annotated[int, Field(ge=1)] | None = None
    months_out_of_work_min: NonNegative | None = None
    months_in_register_min: NonNegative | None = None
    resident: bool | None = None
    rungs: list[Rung] | None = None
    tenure_months_max: NonNegative | None = None
    sectors: list[str] | None = None
    first_job: bool | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Clause:
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            raise ValueError(
                f"has age_min {self.age_min} above age_max {self.age_max}, which nobody meets."
            )
        return self


class WorkplaceClause(_Clause):
    """One clause about a workplace; all fields that are given must hold."""

    sectors: list[str] | None = None
    size_classes: list[SizeWord] | None = None
    employers: list[str] | None = None
    posts_min: Annotated[int, Field(ge=1)] | None = None


# Any of the clauses suffices.
Condition = Annotated[list[Clause], Field(min_length=1)]
WorkplaceCondition = Annotated[list[WorkplaceClause], Field(min_length=1)]


def named(condition: Iterable[_Clause] | None, *fields: str) -> list[str]:
    """Return every word that the clauses give in some list fields, each once.

    Parameters
    ----------
    condition
        Clauses, or None for no condition.
    fields
        Names of list fields, e.g. ``"sectors"``.

    Examples
    --------
    >>> named([Clause(barriers_any=["health"]), Clause(barriers_all=["migrant"])],
    ...       "barriers_any", "barriers_all")
    ['health', 'migrant']
    """
    words: dict[str, None] = {}
    for clause in condition or ():
        for field in fields:
            words.update(dict.fromkeys(getattr(clause, field, None) or ()))
    return list(words)


def barriers_named(condition: Iterable[_Clause] | None) -> list[str]:
    """Return the flags that a condition names; a place must define each of them."""
    return named(condition, "barriers_any", "barriers_all")
