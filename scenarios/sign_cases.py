"""Sign cases: small worlds in which the effect of one more promotion is known, one file each.

A village by construction, not a place: no number of it is a claim about anybody. *Ladder* employers
have entry posts whose holders are all ready for the rung above, and open an upper post now and
then. *Flat* employers have entry posts only, held by people who are fit for an upper post and look
for one. Jobseekers are skilled (they apply for upper posts) or not (for entry posts). Which of
them are there, and who advertises an emptied post, decides what a promotion does; ``expected`` says
it. :mod:`calibration.sign_cases` runs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.errors import ScenarioError, Table, is_file, read_toml, suggestion, validate
from scenarios.numbers import Text
from scenarios.schema import Id, Names

FOLDER = Path(__file__).parent / "sign_cases"
Kind = Literal["promote", "open", "in_place"]
Number = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Employers(Table):
    """Employers of one kind.

    Attributes
    ----------
    employers, entry_posts
        How many, and how many entry posts each has, all filled at the start.
    backfills
        Whether an emptied post is always advertised, or never.
    """

    employers: Number
    entry_posts: Number
    backfills: bool


class Jobseekers(Table):
    """Registered people who look for work: fit for upper posts, or for entry posts only."""

    skilled: Number
    unskilled: Number


class Expected(Table):
    """What one more promotion adds, apart from the time for which the added link is vacant."""

    lower_vacancies: float
    jobs: float


class SignCase(Table):
    """One sign case.

    Attributes
    ----------
    promotion
        Ways in which the promotion comes about. ``promote``: the upper vacancy is given to the
        best candidate inside instead of the outsider chosen; ``open``: a vacancy that goes to
        the candidate inside is opened to all instead, and the difference is turned round;
        ``in_place``: titles are given without a vacancy.
    upper_posts_a_month
        New posts on the rung above, at the ladder employers in turn.
    titles_a_month
        Chance a month of a promotion in place.
    """

    id: Id
    names: Names
    explains: Text
    promotion: Annotated[list[Kind], Field(min_length=1)]
    upper_posts_a_month: Positive
    titles_a_month: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    ladder: Employers
    flat: Employers
    jobseekers: Jobseekers
    expected: Expected

    @model_validator(mode="after")
    def _can_happen(self) -> SignCase:
        if self.ladder.employers * self.ladder.entry_posts == 0:
            raise ValueError("has nobody to promote; give ladder employers with entry posts.")
        if ("in_place" in self.promotion) != (self.titles_a_month > 0):
            raise ValueError("needs titles_a_month above 0 for in_place, and only for it.")
        return self


def shipped_sign_cases() -> list[str]:
    """Return the ids of the shipped sign cases."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_sign_case(name_or_path: str | Path) -> SignCase:
    """Read a sign case by its shipped name or from a file.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    text = str(name_or_path)
    path = FOLDER / f"{text}.toml" if text in shipped_sign_cases() else Path(name_or_path)
    if not is_file(path):
        raise ScenarioError(
            f"There is no sign case called '{text}'; " + suggestion(text, shipped_sign_cases())
        )
    problems: list[str] = []
    data = read_toml(path, problems)
    found = None if data is None else validate(SignCase, data, path, problems)
    if found is not None and found.id != path.stem:
        problems.append(
            f"{path.name}: id is '{found.id}', but must be the name of the file, '{path.stem}'."
        )
    if found is None or problems:
        raise ScenarioError(problems)
    return found


__all__ = ["SignCase", "load_sign_case", "shipped_sign_cases"]
