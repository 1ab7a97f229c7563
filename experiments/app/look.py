"""Commands that show what is shipped and what a result says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.app.console import InputError, result_folder, write_json
from experiments.app.options import LOOK, Force, Json, Lang, Language, Out, Seed

app = typer.Typer()


@app.command(rich_help_panel=LOOK)
def sites(json: Json = None) -> None:
    """List the shipped places, with the grade of their evidence and their fit."""
    from experiments.app.catalogue import site_rows

    _show(
        site_rows(),
        json,
        {
            "id": "place",
            "name": "name",
            "country": "country",
            "default_mix": "default mix",
            "grades": "numbers by grade",
            "share_judged": "judged",
            "targets_met": "fit targets met",
        },
        {
            "grades": lambda row: _grades(row["grades"]),
            "share_judged": lambda row: _percent(row["share_judged"]),
            "targets_met": lambda row: (
                f"not fitted ({row['targets']} targets)"
                if row["targets_met"] is None
                else f"{row['targets_met']} of {row['targets']}"
            ),
        },
        "judged: share of all numbers behind the place, its file and behaviour there, that are"
        " graded D (our judgement) or E (a stand-in); the report of compare counts the same way.",
    )


@app.command(rich_help_panel=LOOK)
def measures(json: Json = None) -> None:
    """List the shipped measures, with what their numbers rest on."""
    from experiments.app.catalogue import measure_rows

    _show(
        measure_rows(),
        json,
        {
            "id": "measure",
            "name": "name",
            "kind": "kind",
            "effect": "effect",
            "share_judged": "judged",
        },
        {
            "effect": _effect,
            "share_judged": lambda row: _percent(row["share_judged"]),
        },
        "judged: share of the measure's own numbers graded D (our judgement) or E (a stand-in).",
    )


@app.command(rich_help_panel=LOOK)
def mixes(json: Json = None) -> None:
    """List the shipped mixes of measures."""
    from experiments.app.catalogue import mix_rows

    _show(
        mix_rows(),
        json,
        {"id": "mix", "name": "name", "site": "place", "measures": "measures"},
        {
            "site": lambda row: row["site"] or "every place",
            "measures": lambda row: ", ".join(row["measures"]) or "none",
        },
    )


@app.command(rich_help_panel=LOOK)
def surroundings(json: Json = None) -> None:
    """List the shipped surroundings: what may happen anyway, for --with."""
    from experiments.app.catalogue import surroundings_rows

    _show(
        surroundings_rows(),
        json,
        {"id": "surroundings", "name": "name", "site": "place", "grades": "grades"},
        {
            "site": lambda row: row["site"] or "every place",
            "grades": lambda row: " ".join(row["grades"]) or "from the site file",
        },
    )


def _show(
    rows: Sequence[dict[str, Any]],
    json: str | None,
    columns: dict[str, str],
    cells: dict[str, Callable[[dict[str, Any]], str]],
    note: str = "",
) -> None:
    """Write rows as JSON when asked, else print them as a table with a note below."""
    if json is not None:
        write_json(rows, json)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for key, title in columns.items():
        # a name that has to be typed is never broken
        table.add_column(title, no_wrap=key == "id", overflow="fold")
    for row in rows:
        table.add_row(*(cells.get(key, lambda row, key=key: str(row[key]))(row) for key in columns))
    console = Console(highlight=False)
    console.print(table)
    if note:
        console.print(note)


def _effect(row: dict[str, Any]) -> str:
    if not row["levers"]:
        return "moves nothing"
    return "published" if row["effect_published"] else "assumed"


def _grades(counts: dict[str, int]) -> str:
    return " ".join(f"{grade}:{count}" for grade, count in counts.items())


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


@app.command(rich_help_panel=LOOK)
def chain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder written by run.")],
    chain_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="One chain; default: the longest.")
    ] = None,
    longest: Annotated[bool, typer.Option("--longest", help="The longest chain.")] = False,
    random: Annotated[bool, typer.Option("--random", help="A chain drawn by --seed.")] = False,
    seed: Seed = 1,
    lang: Lang = Language.EN,
    out: Out = None,
    force: Force = False,
) -> None:
    """Tell one chain of a run from its origin to its end; with --out also draw it."""
    if sum([chain_id is not None, longest, random]) > 1:
        raise typer.BadParameter("give an ID, --longest or --random, only one of them.")
    if not folder.is_dir():
        raise InputError(f"'{folder}' is no folder; give a folder written by vacancy-chains run.")
    target = None
    if out is not None:
        target = result_folder(out, force, "chain", folder.resolve().name)

    from simulator.files import output_folder
    from simulator.stories import draw_chain, pick_chain, read_chain_tables, save_figure, tell_chain
    from simulator.wording import Words

    words = Words(lang.value)
    tables = read_chain_tables(folder)
    wanted = chain_id if chain_id is not None else ("random" if random else "longest")
    chosen = pick_chain(tables["chains"], wanted, seed)
    names = _sector_names(folder, lang.value)
    for sentence in tell_chain(**tables, chain_id=chosen, lang=lang.value, sector_names=names):
        typer.echo(sentence)
    typer.echo("")
    if target is None:
        typer.echo(words("chain.hint"))
        return
    figure = draw_chain(tables["links"], tables["chains"], chosen, lang.value)
    with output_folder(target, force) as partial:
        save_figure(figure, partial / f"chain-{chosen}")
    typer.echo(words("chain.drawing", path=target / f"chain-{chosen}.png"))


def _sector_names(folder: Path, lang: str) -> dict[str, str]:
    """Return the names of the sectors of the place of a run, by id; none where it is not shipped.

    The files hold ids; the names stand in the site file.
    """
    from scenarios.loader import load_site, shipped_sites
    from simulator.files import read_manifest

    site = read_manifest(folder).get("site")
    if site not in shipped_sites():
        return {}
    return {sector.id: getattr(sector.name, lang) for sector in load_site(site).sectors}
