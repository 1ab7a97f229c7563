"""My workplace: what ``workplace`` tells, computed while the page waits.

Numbers are those of :mod:`experiments.workplace`; who takes a post is told in the bands of the
staircase, so some of its rows are added up before anything is estimated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from experiments.workplace import (
    GROUPS,
    NOTHING,
    RUNG_NAMES,
    SETTINGS,
    STILL_OPEN,
    WANTED,
    WHO,
    YEARS,
    WorkplaceView,
    support_of,
    workplace,
)
from scenarios import ScenarioError
from scenarios.measures import Mix
from simulator.codes import RUNGS, Fill
from simulator.town import Town

from .mixes import RequestError
from .scheduler import Token
from .summary import OUT_OF, plain
from .twins import page_scale

WORLDS = {"quick": 4, "whole": 40}  # the command runs 40
MOST_STAFF = 20_000
# the words of the page: what is told, under which key
TOLD: dict[str, dict[str, str]] = {
    "nothing": dict(zip(NOTHING, ("nothing", "nobody", "no_entry", "no_jobseeker"), strict=True)),
    "opened": {name: f"rung_{rung}" for rung, name in enumerate(RUNG_NAMES)},
    "who": {
        WHO[Fill(fill)]: band for band, fills in OUT_OF.items() for fill in fills if fill in WHO
    }
    | {STILL_OPEN: "open"},
    "months": {"sum": "months"},
    "newcomers": {"still there after a year": "stayed"},
    GROUPS[0]: {"promoted to another post here": "promoted"},
}


class Asked(BaseModel):
    """A workplace as typed on the page."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sector: Annotated[str, Field(max_length=60)]
    staff: Annotated[int, Field(ge=1, le=MOST_STAFF)]
    rungs: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=RUNGS)] | None = None
    leavers: Annotated[int, Field(ge=0, le=MOST_STAFF)] | None = None
    worlds: Literal["quick", "whole"] = "quick"

    @model_validator(mode="after")
    def _adds_up(self) -> Asked:
        if self.rungs is not None and (len(self.rungs) != RUNGS or sum(self.rungs) != self.staff):
            raise ValueError(f"rungs: must be {RUNGS} numbers that add up to staff, {self.staff}")
        return self


class StoppedError(Exception):
    """Nobody waits any more."""


def read_workplace(data: object) -> Asked:
    """Check what a page sent.

    Raises
    ------
    RequestError
        With one sentence.
    """
    try:
        return Asked.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "the workplace"
        raise RequestError(f"{where}: {first['msg']}.") from None


def tell(
    town: Town, mix: Mix, asked: Asked, closure: str, token: Token, seed: int, threads: int,
    progress: Callable[[float, float], None],
) -> dict[str, Any]:  # fmt: skip
    """Return what happens at workplaces like one; the support is that of the mix.

    A mix without any measure for people at work is answered with the support of the place's mix.

    Raises
    ------
    StoppedError
        When the token is cancelled.
    ScenarioError
        When the sector is unknown, or no mix supports anybody at work.
    """

    def step(done: float, total: float) -> None:
        if token.cancelled:
            raise StoppedError
        progress(done, total)

    try:
        support_of(town, mix)
    except ScenarioError:
        mix = town.mix(town.site.default_mix)
    view = workplace(
        town, asked.sector, asked.staff, rungs=asked.rungs, leavers=asked.leavers, mix=mix,
        worlds=WORLDS[asked.worlds], closure=closure, seed=seed, threads=threads, progress=step,
    )  # fmt: skip
    return shown(view)


def shown(view: WorkplaceView) -> dict[str, Any]:
    """Return the numbers for the page: ``rows`` by window, by row, by setting."""
    rows = view.rows
    kept = []
    for about, words in TOLD.items():
        own = rows[rows["about"] == about]
        own = own.assign(what=own["what"].map(lambda what, words=words: words.get(what, what)))
        kept.append(own)
    merged = replace(view, rows=pd.concat(kept, ignore_index=True))
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for years in YEARS:
        lines = found[str(years)] = {}
        for about, words in TOLD.items():
            if about == GROUPS[0] and not view.takers:
                continue
            for what in dict.fromkeys(words.values()):
                cells = []
                for setting in SETTINGS:
                    number, gap = merged.told(setting, years, about, what)
                    cells.append(
                        {
                            "number": plain(number),
                            "mean": plain(gap.mean),
                            "low": plain(gap.low),
                            "high": plain(gap.high),
                            "told": bool(gap.is_told) and setting != SETTINGS[0],
                        }
                    )
                lines[what] = cells
    return {
        "workplaces": view.number,
        "worlds": len(view.seeds),
        "few": view.number < WANTED,
        "wanted": WANTED,
        "nearest": view.like is not view.wanted,
        "close": view.close,
        "looked": view.looked,
        "staff": list(view.like.staff),
        "every_sector": view.like.sector is None,
        "support": list(view.support),
        "rows": found,
    }


def town_of(site: Any, parameters: dict[str, float]) -> Town:
    """Return a place at the page's size, apart from its bench: worlds here keep a ledger."""
    return Town(site, parameters, scale=page_scale(site))
