"""Ready scenarios of where the chain breaks, one file each in ``breaks/``.

A break compares one mix in two worlds of the same place: *with* the break (the place as its file
says, or made sharper) and *without* it. What a side changes are numbers of the site file,
behavioural parameters, and measures added to the mix. The sentence that it teaches has two gaps,
``{with}`` and ``{without}``, to be filled from computed numbers.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from scenarios.errors import (
    ScenarioError,
    Table,
    is_file,
    read_toml,
    suggestion,
    unknown_name,
    validate,
)
from scenarios.loader import default_parameters, load_site, shipped_sites, site_path
from scenarios.local import OwnNumber
from scenarios.measures import Dose, Mix, RowId, load_measure, load_mix, shipped_measures
from scenarios.numbers import Number, Text
from scenarios.schema import Id, Names, Site

FOLDER = Path(__file__).parent / "breaks"
PENALTIES = "penalties"  # a factor on every penalty of penalties.toml
SideName = Literal["with", "without"]
SIDES: tuple[SideName, ...] = get_args(SideName)


class OutcomeName(Table):
    """Which outcome fills the sentence (names as in ``docs/outcomes.md``)."""

    outcome: Text
    breakdown: Text
    group: Text


class Side(Table):
    """What one of the two worlds changes; empty: the place as it is."""

    numbers: list[OwnNumber] = []
    parameters: dict[str, Number] = {}
    measures: dict[str, Dose] = {}


class Break(Table):
    """One break: a place, a mix, two sides, and what it teaches."""

    id: Id
    site: Text
    barrier: RowId | None = None
    mix: Text
    names: Names
    explains: Text
    outcome: OutcomeName
    teaches: Names
    with_: Side = Field(default_factory=Side, alias="with")
    without: Side = Field(default_factory=Side)

    @model_validator(mode="after")
    def _gaps(self) -> Break:
        for language in ("en", "fi", "sv", "nl", "pt", "bg"):
            text = getattr(self.teaches, language)
            if text is not None and sorted(re.findall(r"{(\w+)}", text)) != ["with", "without"]:
                raise ValueError(
                    f"teaches in '{language}' without the two gaps {{with}} and {{without}}, "
                    "once each."
                )
        if self.with_ == self.without:
            raise ValueError("changes nothing between with and without; say what the break is.")
        return self

    def side(self, name: SideName) -> Side:
        """Return one of the two sides."""
        return self.with_ if name == "with" else self.without

    def place(self, name: SideName) -> Site:
        """Return the place of a side, with the side's numbers laid over."""
        numbers = [number.model_dump(exclude_none=True) for number in self.side(name).numbers]
        return load_site(self.site, local=numbers or None)

    def parameters(self, name: SideName) -> dict[str, float]:
        """Return the parameters of a side that replace those of the place."""
        return {key: number.value for key, number in self.side(name).parameters.items()}

    def mix_of(self, name: SideName) -> Mix:
        """Return the mix of a side, with the measures that it adds."""
        mix = load_mix(self.mix, self.site)
        added = self.side(name).measures
        files = {measure: load_measure(measure) for measure in added}
        stamped = [id_ for id_, file in files.items() if file.hypothetical]
        return mix.model_copy(
            update={
                "measures": {**mix.measures, **added},
                "files": {**mix.files, **files},
                "hypothetical": list(dict.fromkeys([*mix.hypothetical, *stamped])),
            }
        )

    def sentence(self, with_: str, without: str, language: str = "en") -> str:
        """Return what the break teaches, with both numbers as they are to be shown."""
        return self.teaches(language).format(**{"with": with_, "without": without})


def shipped_breaks(site_id: str | None = None) -> list[str]:
    """Return the ids of the shipped breaks, of one place or of all."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if site_id is None:
        return names
    return [
        name
        for name in names
        if tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["site"] == site_id
    ]


def load_break(name_or_path: str | Path) -> Break:
    """Read a break by its shipped name or from a file.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    text = str(name_or_path)
    path = FOLDER / f"{text}.toml" if text in shipped_breaks() else Path(name_or_path)
    if not is_file(path):
        raise ScenarioError(
            f"There is no break called '{text}'; " + suggestion(text, shipped_breaks())
        )
    problems: list[str] = []
    data = read_toml(path, problems)
    found = None if data is None else validate(Break, data, path, problems)
    if found is not None:
        problems.extend(_problems(found, path))
    if found is None or problems:
        raise ScenarioError(problems)
    return found


def _problems(item: Break, path: Path) -> list[str]:
    wrong = []
    if item.id != path.stem:
        wrong.append(
            f"{path.name}: id is '{item.id}', but must be the name of the file, '{path.stem}'."
        )
    try:
        site_path(item.site)
    except ScenarioError:
        wrong.append(unknown_name(path, "site", "place", item.site, shipped_sites()))
        return wrong
    known = [*default_parameters(), PENALTIES]
    for name in SIDES:
        side = item.side(name)
        for parameter in side.parameters:
            if parameter not in known:
                key = f"{name}.parameters"
                wrong.append(unknown_name(path, key, "parameter", parameter, known))
        for measure in side.measures:
            if measure not in shipped_measures():
                key = f"{name}.measures"
                wrong.append(unknown_name(path, key, "measure", measure, shipped_measures()))
    if wrong:
        return wrong
    for name in SIDES:
        try:
            item.place(name)
            item.mix_of(name)
        except ScenarioError as error:
            wrong.extend(f"{path.name}: {name}: {problem}" for problem in error.problems)
    return wrong
