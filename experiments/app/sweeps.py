"""Commands for sweeps and for what can be made of a result: sensitivity, reproduce, bundle."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.app.console import FAILED, Progress, result_folder, stoppable
from experiments.app.options import STUDY, Force, Out

app = typer.Typer()


class Where(StrEnum):
    """Where the runs of a sweep are done."""

    THREADS = "threads"
    PROCESSES = "processes"
    DASK = "dask"


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A result folder.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worlds run side by side; default: all cores.")
]


@app.command(rich_help_panel=STUDY)
def sweep(
    design: Annotated[
        str | None,
        typer.Argument(metavar="DESIGN.toml", help="A design file, or a shipped design."),
    ] = None,
    executor: Annotated[Where, typer.Option(help="Where runs are done.")] = Where.THREADS,
    workers: Workers = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A running Dask scheduler, or its scheduler file."),
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="K/N", help="Run the K-th of N parts (then --merge).")
    ] = None,
    merge: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Bring folders of the same sweep together; repeat."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Tell the size and the duration; run nothing.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Run rows again that failed.")] = False,
    out: Out = None,
    force: Annotated[bool, typer.Option("--force", help="Start again from nothing.")] = False,
) -> None:
    """Run a design; the same command continues it after any stop."""
    if merge:
        _merge(merge, design, out)
        return
    if design is None:
        raise typer.BadParameter("name a design file (DESIGN.toml).")
    if out is not None:
        # what is there already belongs to the sweep, so the folder may be filled
        result_folder(out, True, "sweep", design)

    from experiments.design import read_design
    from experiments.sweeps import sweep as run_sweep

    made = read_design(design)
    with Progress(f"Sweeping {made.design.id}") as progress, stoppable():
        folder = run_sweep(
            made,
            out,
            executor=executor.value,
            workers=workers,
            scheduler=scheduler,
            part=_part(part),
            force=force,
            retry=retry,
            only_plan=plan,
            announce=_announce,
            report=lambda state: progress(
                state.new,
                state.rows - (state.done - state.new),
                f"Sweeping {made.design.id}: {state.done:,} of {state.rows:,} rows, "
                f"{state.rate:.2g} a second, {state.failed:,} failed",
            ),
        )
    if plan:
        return
    _tell(folder, made)


def _part(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    k, _, n = text.partition("/")
    if not (k.isdigit() and n.isdigit() and 1 <= int(k) <= int(n)):
        raise typer.BadParameter(f"--part is '{text}', but must be K/N such as 1/4.")
    return int(k), int(n)


def _announce(plan: Any, size: Any) -> None:
    design = plan.design
    what = "pairs of worlds" if design.kind == "pair" else "worlds"
    typer.echo(
        f"{design.id}: {len(plan.codes):,} points x {len(plan.sites)} places x "
        f"{len(design.closures)} closures x {design.replications} replications = {size.rows:,} "
        f"rows ({what}, {design.years} years each)."
    )
    if not size.left:
        typer.echo("All of them are done.")
        return
    if math.isnan(size.seconds):
        typer.echo("The first row failed, so nobody can say how long it will take.")
        return
    typer.echo(
        f"{size.left:,} to run; one was measured: {size.row_seconds:.2g} s of a worker a row, "
        f"so {duration(size.seconds)} in all."
    )


def duration(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"about {seconds / 3600:.1f} h"
    return f"about {seconds / 86400:.1f} days"


def _tell(folder: Path, plan: Any) -> None:
    from simulator.answer import quoted
    from simulator.files import read_manifest

    manifest = read_manifest(folder)
    failed = manifest.get("failed", 0)
    typer.echo(
        f"{manifest.get('finished_rows', 0):,} of {plan.rows:,} rows are done, {failed:,} of them "
        f"failed; digest {manifest.get('digest')}."
    )
    typer.echo(f"Files: {folder}")
    if manifest.get("state") == "complete" and plan.dimensions:
        typer.echo(f"Next: vacancy-chains sensitivity {quoted(str(folder))}")
    if failed:
        typer.echo("The column error says why; --retry runs them again.")


def _merge(folders: list[Path], design: str | None, out: Path | None) -> None:
    if design is not None:
        raise typer.BadParameter("--merge needs no design file; the folders hold it.")
    if out is None:
        raise typer.BadParameter("--merge needs --out DIR, the folder for the whole.")
    from experiments.sweeps import merge, plan_of

    with Progress("Merging"):
        folder = merge(folders, out)
    _tell(folder, plan_of(folder))


@app.command(rich_help_panel=STUDY)
def sensitivity(
    folder: Folder,
    outcome: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column of results.parquet.")
    ] = None,
    out: Out = None,
    force: Force = False,
) -> None:
    """Say on which assumption a sweep's answer hangs, and when the mix fails."""
    target = result_folder(out, force, "sensitivity", folder.resolve().name)

    from experiments.indices import sensitivity as analyse

    with Progress("Analysing"):
        found = analyse(folder, outcome)
        found.write(target, force)
    columns = ["place", "closure", "role", "factor", "first", "total", "total_half", "noise_share"]
    typer.echo(found.table[columns].to_string(index=False, float_format=lambda v: f"{v:.2f}"))
    typer.echo("")
    typer.echo(found.sentence)
    typer.echo("")
    typer.echo(found.rule)
    typer.echo(f"Files: {target}")


@app.command(rich_help_panel=STUDY)
def reproduce(
    folder: Folder,
    rows: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only so many rows of a sweep.")
    ] = None,
    workers: Workers = None,
) -> None:
    """Make a result again from its manifest alone and compare every table."""
    from experiments.reproduction import reproduce as make_again

    with Progress(f"Making {folder} again") as progress:
        found = make_again(folder, rows, workers, progress)
    for change in found.changed:
        typer.echo(f"changed: {change}")
    for verdict in found.verdicts:
        typer.echo(f"{verdict.verdict}: {verdict.table}"
                   + (f" ({verdict.detail})" if verdict.detail else ""))  # fmt: skip
    for name in found.pictures:
        typer.echo(f"other bytes: {name} (drawn from the tables; not compared)")
    good = sum(verdict.holds for verdict in found.verdicts)
    typer.echo(f"{folder}: {good} of {len(found.verdicts)} tables agree.")
    if not found.holds:
        raise typer.Exit(FAILED)


@app.command(rich_help_panel=STUDY)
def bundle(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Default: beside the folder.")
    ] = None,
    force: Force = False,
) -> None:
    """Make the archive for a paper: results, inputs, versions, codebook, methods."""
    from experiments.archive import bundle as make_bundle

    typer.echo(f"Archive: {make_bundle(folder, out, force)}")
