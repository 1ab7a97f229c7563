"""Commands that verify files, results and the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.app.console import FAILED, InputError, Progress
from experiments.app.options import TRUST

app = typer.Typer()


@app.command(rich_help_panel=TRUST)
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...|DIR", help="Scenario files, or a result folder."),
    ],
) -> None:
    """Verify scenario files, or recompute everything that a result folder claims."""
    results, files = _sorted_out(paths)

    from experiments.app.checks import check_files

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
            found = sorted(file for file in path.rglob("*.toml") if file.is_file())
            if not found:
                raise InputError(
                    f"'{path}' holds neither results (a manifest.json) nor scenario files (*.toml)."
                )
            files.extend(found)
    return results, files


def _check_results(folder: Path) -> bool:
    """Print one line per identity and say whether all hold."""
    from simulator.check import check_results

    with Progress(f"Checking {folder}"):
        rows = check_results(folder)
    for row in rows:
        typer.echo(f"{'holds' if row.holds else 'FAILS'}  {row.check}: {row.detail}")
    wrong = sum(not row.holds for row in rows)
    typer.echo(f"{folder}: {len(rows) - wrong} of {len(rows)} checks hold.")
    return wrong == 0
