"""Commands that verify files, results and the model."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.app.console import FAILED, InputError, Progress, result_folder, write_json
from experiments.app.options import TRUST, Force, Json, Out, Scale, Seed, Site, Threads

app = typer.Typer()

PAGE = 160  # columns of a table that goes to a file
MOST_ENTRIES = 5_000  # files and folders looked through for scenario files


@app.command(rich_help_panel=TRUST)
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...|DIR", help="Scenario files, or a result folder."),
    ],
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade",
            help="Rewrite scenario files of an older schema; the old ones stay beside them.",
        ),
    ] = False,
) -> None:
    """Verify scenario files, or recompute what the files of a result folder claim.

    Of a run: the identities of its ledger, from start to end. Of a comparison: that its tables
    agree with each other, with their months and with the scenario files here; the worlds
    themselves are not in the folder. Of a sweep: its shards, its table and what each row is. Of
    any other study: that every file is as it was written, that means lie in their intervals, and
    that the answer follows from the single worlds where they are kept.
    """
    results, files = _sorted_out(paths)

    from experiments.app.checks import check_files, upgrade_file

    if upgrade and results:
        raise InputError(
            f"'{results[0]}' is a result folder: it names the version that wrote it and is not "
            "rewritten; --upgrade takes scenario files."
        )
    for file in files if upgrade else []:
        done = upgrade_file(file)
        if done:
            typer.echo(done)
    for line in check_files(files):
        typer.echo(line)
    failed = False
    for folder in results:
        failed |= not _check_results(folder)
    if failed:
        raise typer.Exit(FAILED)


def _sorted_out(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return result folders and scenario files among what was named."""
    results: list[Path] = []
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"'{path}' does not exist; name scenario files or a result folder.")
        if not path.is_dir():
            files.append(path)
        elif (path / "manifest.json").exists():
            results.append(path)
        else:
            found = _scenario_files(path)
            if not found:
                raise InputError(
                    f"'{path}' holds neither results (a manifest.json) nor scenario files (*.toml)."
                )
            files.extend(found)
    return results, files


def _scenario_files(folder: Path) -> list[Path]:
    """Return the scenario files below a folder, in order, without walking a whole disk.

    Links and hidden folders are left alone.
    """
    found: list[Path] = []
    seen = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            raise InputError(
                f"'{folder}' holds more than {MOST_ENTRIES:,} files and folders; name the scenario"
                " files or a smaller folder."
            )
        found += [Path(root) / name for name in names if name.endswith(".toml")]
    return sorted(file for file in found if file.is_file())


def _check_results(folder: Path) -> bool:
    """Print one line per check and say whether none fails."""
    from experiments.folders import check_folder

    with Progress(f"Checking {folder}"):
        rows = check_folder(folder)
    for row in rows:
        word = "note " if row.holds is None else "holds" if row.holds else "FAILS"
        typer.echo(f"{word}  {row.check}: {row.detail}")
    wrong = sum(row.holds is False for row in rows)
    told = sum(row.holds is not None for row in rows)
    typer.echo(f"{folder}: {told - wrong} of {told} checks hold.")
    return wrong == 0


@app.command(rich_help_panel=TRUST)
def calibrate(
    site: Site,
    simulations: Annotated[
        int, typer.Option(min=256, help="Worlds in the table of the place, all parts together.")
    ] = 1536,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.0, help="Begin nothing new after this time; the same command goes on later."
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Put the fitted values into the site file and ship the posterior."
        ),
    ] = False,
    scale: Scale = None,
    tables: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the simulations are kept.")
    ] = Path("results/calibration"),
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Fit a place to its targets; stop and go on by the same command."""
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise InputError(
            "calibrate needs scikit-learn; install it with: pip install "
            "'vacancy-chain-simulator[calibration]'."
        ) from None
    folder = result_folder(out, force, "calibrate", site)

    from calibration.calibrate import LEAST
    from calibration.calibrate import calibrate as fit
    from calibration.page import sentences, ship
    from calibration.page import write as write_files

    with Progress(f"Calibrating {site}") as progress:
        result = fit(
            site, simulations, minutes, tables, seed,
            scale=scale, threads=threads, progress=progress,
        )  # fmt: skip
    rows = len(result.rows)
    if result.found is None:
        typer.echo(
            f"{rows} worlds simulated, a posterior needs {LEAST}; run the same command again to "
            f"go on. Table: {result.table.folder}"
        )
        return
    write_files(result, folder, force)
    if not result.complete:
        typer.echo(f"Provisional: {rows} of {simulations} worlds; run the same command to go on.")
    for line in sentences(result):
        typer.echo(line)
    if write:
        for path in ship(result, site):
            typer.echo(f"Written: {path}")
    typer.echo(f"Files: {folder} (report.html), table: {result.table.folder}")


@app.command(rich_help_panel=TRUST)
def validate(
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the checks that take seconds.")
    ] = False,
    json: Json = None,
) -> None:
    """Run the checks of the model: closed forms, conservation, known facts.

    Prints a table, what does not hold first: check, expected value and its source, simulated
    value and its interval.
    """
    from calibration.validate import left_out
    from calibration.validate import validate as run_checks

    with Progress("Checking the model") as progress:
        found = run_checks(
            quick, progress=lambda name, share: progress(share, 1.0, f"Checking {name}")
        )
    rows = [_as_dict(row) for row in found]
    failed = sum(row["holds"] is False for row in rows)
    if json is not None:
        write_json(rows, json)
    if json != "-":
        _print_table(rows)
        typer.echo(f"{len(rows) - failed} of {len(rows)} checks hold.")
        if quick:
            typer.echo(left_out())
    if failed:
        raise typer.Exit(FAILED)


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Print the rows aligned, what does not hold first, as wide as the terminal or a page."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, share in (("holds", None), ("check", 4), ("kind", 2), ("expected", 2),
                           ("source", 3), ("simulated", 3)):  # fmt: skip
        table.add_column(heading, ratio=share, overflow="fold")
    for row in sorted(rows, key=lambda row: row["holds"] is not False):
        word = {True: "holds", False: "FAILS"}.get(row["holds"], "-")
        found = _short(row["simulated"])
        if row.get("interval"):
            found += f" ({row['interval']})"
        cells = (row["check"], row["kind"], _short(row["expected"]), row.get("source", ""), found)
        # names are text, never markup
        table.add_row(Text(word, style="" if row["holds"] else "bold"), *map(Text, map(str, cells)))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PAGE
    console.print(table)


def _as_dict(row: Any) -> dict[str, Any]:
    """Return a row as a dictionary, whatever kind of record it is."""
    if isinstance(row, Mapping):
        found = dict(row)
    elif hasattr(row, "_asdict"):
        found = row._asdict()
    else:
        found = dict(vars(row))
    if found.get("holds") is not None:
        found["holds"] = bool(found["holds"])  # a numpy truth value is not True
    # what is not a number is missing, and JSON knows no infinity
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in found.items()
    }


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
