"""Commands for studies: one world with its ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.app.console import Progress, result_folder
from experiments.app.options import STUDY, Force, OneClosure, Out, Seed, Site, Years

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
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
) -> None:
    """Run one world and write every event, link and chain."""
    folder = result_folder(out, force, "run", site, [] if mix == "baseline" else [mix])

    from simulator import run as run_world

    with Progress(f"Running {site}"):
        result = run_world(site, mix=mix, years=years, seed=seed, closure=closure.value)
    with Progress("Writing files"):
        result.write(folder, force=force)
    typer.echo(f"Files: {folder}")
    typer.echo(f"Next: vacancy-chains chain {_quoted(str(folder))} --longest")


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
