"""Commands for studies: one world with its ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.app.console import Progress, result_folder
from experiments.app.options import STUDY, Force, Lang, Language, OneClosure, Out, Seed, Site, Years

app = typer.Typer()


@app.command(rich_help_panel=STUDY)
def run(
    site: Site,
    mix: Annotated[
        str, typer.Option(metavar="MIX", help="The mix that runs; baseline has none.")
    ] = "baseline",
    years: Years = 10,
    closure: Annotated[
        OneClosure, typer.Option(help="Does demand stay (R) or answer to hiring (E)?")
    ] = OneClosure.R,
    lang: Lang = Language.EN,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
) -> None:
    """Run one world, tell in short what it did, and write every event, link and chain."""
    folder = result_folder(out, force, "run", site, [] if mix == "baseline" else [mix])

    from simulator import run as run_world
    from simulator.answer import program_call, quoted
    from simulator.wording import Words

    words = Words(lang.value)
    with Progress(words("progress.running", place=site), lang=lang.value):
        result = run_world(site, mix=mix, years=years, seed=seed, closure=closure.value)
    with Progress(words("progress.writing"), lang=lang.value):
        result.write(folder, force=force)
    typer.echo(result.answer(lang.value))
    typer.echo("")
    typer.echo(words("run.files", folder=folder))
    command = f"{program_call()} chain {quoted(str(folder))} --longest"
    typer.echo(words("run.next", command=command))
