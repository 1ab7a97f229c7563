"""Commands for studies: one world with its ledger, a randomised trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.app.console import FAILED, InputError, Progress, place_with, result_folder
from experiments.app.options import (
    STUDY,
    Force,
    Lang,
    Language,
    Local,
    OneClosure,
    Out,
    Scale,
    Seed,
    Site,
    Threads,
    With,
    Years,
)

app = typer.Typer()


@app.command(rich_help_panel=STUDY)
def run(
    site: Annotated[
        str | None, typer.Argument(metavar="SITE", help="A shipped place or a path.")
    ] = None,
    mix: Annotated[
        str, typer.Option(metavar="MIX", help="The mix that runs; baseline has none.")
    ] = "baseline",
    years: Years = 10,
    closure: Annotated[
        OneClosure, typer.Option(help="Does demand stay (R) or answer to hiring (E)?")
    ] = OneClosure.R,
    surroundings: With = None,
    local: Local = None,
    lang: Lang = Language.EN,
    seed: Seed = 1,
    scale: Scale = None,
    origin: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Run a row of a sweep again instead."),
    ] = None,
    row: Annotated[int | None, typer.Option(min=0, metavar="N", help="The row of --from.")] = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Run one world, tell in short what it did, and write every event, link and chain."""
    if (origin is None) != (row is None):
        raise typer.BadParameter("--from DIR and --row N belong together.")
    if origin is not None and row is not None:
        if site is not None:
            raise typer.BadParameter("give SITE, or --from with --row, not both.")
        _run_row(origin, row, out, force)
        return
    if site is None:
        raise typer.BadParameter("name a place (SITE), or a row of a sweep with --from and --row.")
    folder = result_folder(out, force, "run", site, [] if mix == "baseline" else [mix])

    from simulator import run as run_world
    from simulator.answer import program_call, quoted
    from simulator.wording import Words

    words = Words(lang.value)
    place = place_with(site, local)
    with Progress(words("progress.running", place=site), lang=lang.value):
        result = run_world(
            place, mix=mix, years=years, seed=seed, closure=closure.value, scale=scale,
            surroundings=surroundings,
        )  # fmt: skip
    with Progress(words("progress.writing"), lang=lang.value):
        result.write(folder, force=force)
    typer.echo(result.answer(lang.value))
    typer.echo("")
    typer.echo(words("run.files", folder=folder))
    command = f"{program_call()} chain {quoted(str(folder))} --longest"
    typer.echo(words("run.next", command=command))


def _run_row(origin: Path, row: int, out: Path | None, force: bool) -> None:
    folder = result_folder(out, force, "run", f"{origin.resolve().name}-row{row}")
    twin_folder = folder.with_name(f"{folder.name}-reference")
    if twin_folder.exists() and not force:
        raise InputError(f"'{twin_folder}' exists; name another folder or add --force.")

    from experiments.sweeps import rerun

    with Progress(f"Running row {row} of {origin} again"):
        made, twin, differing = rerun(origin, row)
    with Progress("Writing files"):
        made.write(folder, force=force)
        if twin is not None:
            twin.write(twin_folder, force=force)
    typer.echo(f"Files: {folder}" + (f" and its twin {twin_folder}" if twin else ""))
    if differing:
        typer.echo(f"Row {row} differs from the sweep in {len(differing)} columns, first in "
                   f"{differing[0]}.")  # fmt: skip
        raise typer.Exit(FAILED)
    typer.echo(f"The run agrees with row {row} of the sweep.")


@app.command(rich_help_panel=STUDY)
def trial(
    site: Site,
    measure: Annotated[str, typer.Option(metavar="MEASURE", help="A measure, or its file.")],
    power: Annotated[
        bool, typer.Option("--power", help="Also: how many people would a trial here need?")
    ] = False,
    study: Annotated[
        int, typer.Option(min=1, help="Which published study of the measure, the main one first.")
    ] = 1,
    replications: Annotated[int, typer.Option(min=2, help="How many worlds.")] = 24,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Run a randomised trial inside the model and solve for the published effect."""
    folder = result_folder(out, force, "trial", site, [Path(measure).stem])

    from experiments.trials import trial_study

    with Progress(f"Trial of {measure} in {site}") as progress:
        result = trial_study(
            site, measure, study=study - 1, power=power, replications=replications, seed=seed,
            threads=threads, progress=progress,
        )  # fmt: skip
    result.write(folder, force=force)
    typer.echo(result.text())
    typer.echo("")
    typer.echo(f"Files: {folder}")
