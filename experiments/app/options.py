"""Arguments and options that several commands share, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

LOOK = "look: what is shipped, and what a result says"
ASK = "ask: what a mix of measures would do"
STUDY = "study: one world with its ledger"
TRUST = "trust: verify files, results and the model"


class Closure(StrEnum):
    """Demand closure; ``both`` shows every result under R and under E."""

    R = "R"
    E = "E"
    BOTH = "both"


class KeptFor(StrEnum):
    """Whom reserved vacancies are for."""

    TARGET = "target"
    REGISTER = "register"


class OneClosure(StrEnum):
    """Demand closure of one world."""

    R = "R"
    E = "E"


class Design(StrEnum):
    """Cohort twins, or the two worlds over the whole horizon."""

    COHORTS = "cohorts"
    WHOLE = "whole"


class Language(StrEnum):
    """Languages of text written for people."""

    EN = "en"
    FI = "fi"
    SV = "sv"


class ReportLanguage(StrEnum):
    """Languages of a report; the last three of its front, before tables in English."""

    EN = "en"
    FI = "fi"
    SV = "sv"
    NL = "nl"
    PT = "pt"
    BG = "bg"


Site = Annotated[str, typer.Argument(metavar="SITE", help="A shipped place or a path.")]
Local = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml", help="Newer or own numbers laid over the place (value, date, source)."
    ),
]
Against = Annotated[
    str | None, typer.Option(metavar="MIX", help="The reference; default: today, else baseline.")
]
Costs = Annotated[
    str | None,
    typer.Option(metavar="FILE.toml", help="Prices and payers; default: the place's table."),
]
Years = Annotated[int, typer.Option(min=1, max=50, help="How many years to simulate.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same result.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for the files; default: a new one under results/."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is in the folder.")]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="Write the list as JSON; - prints it."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the answer and the report.")]
ReportLang = Annotated[
    ReportLanguage,
    typer.Option(
        "--lang",
        help="Language of the answer and the report; nl, pt and bg: of the report's first pages "
        "and questions, the rest in English.",
    ),
]
Scale = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        min=1,
        help="For large places: simulate one person in K, whole workplaces; results are multiplied"
        " back [that of the place].",
    ),
]
With = Annotated[
    str | None,
    typer.Option(
        "--with",
        metavar="SURROUNDINGS",
        help="What happens anyway, with and without the mix alike: a shipped name or a file.",
    ),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Worlds run side by side; default: all cores.")
]
