"""Commands that answer a question about a place: ``compare``, ``break-even``, ``essential``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.app.console import Progress, place_with, result_folder
from experiments.app.options import (
    ASK,
    Closure,
    Design,
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
)

app = typer.Typer()


@app.command(rich_help_panel=ASK)
def compare(
    site: Site,
    mix: Annotated[
        list[str] | None,
        typer.Option(metavar="MIX", help="A mix to try; repeat for several. Default: the place's."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="MIX", help="The reference; default: today, else baseline."),
    ] = None,
    years: Annotated[
        int,
        typer.Option(
            min=1,
            max=50,
            help="Years for which the mix is also left running, as assumed: the whole-horizon"
            " difference, one line on screen and a table in the report. Cohorts, the main design,"
            " are always followed for four years; --design whole follows only these years.",
        ),
    ] = 10,
    replications: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many pairs of worlds (default 16); below 8 nothing can be told."
        ),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option(
            metavar="H",
            help="Add pairs until the half-widths of the direct and the net effect are at most"
            " H person-months (at least 16 pairs).",
        ),
    ] = None,
    design: Annotated[Design, typer.Option(help="Cohort twins or the whole horizon.")] = (
        Design.COHORTS
    ),
    closure: Annotated[
        Closure, typer.Option(help="Does demand stay (R) or answer to hiring (E)?")
    ] = Closure.BOTH,
    draws: Annotated[
        int | None,
        typer.Option(
            min=8,
            metavar="N",
            help="Also draw parameters from the posterior, and inputs and levers from their "
            "ranges, N times.",
        ),
    ] = None,
    local: Local = None,
    lang: Lang = Language.EN,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    scale: Scale = None,
    threads: Threads = None,
) -> None:
    """Compare a place with and without a mix of measures, on the same random numbers."""
    if replications is not None and until is not None:
        raise typer.BadParameter("give --replications or --until, not both.")
    if until is not None and not 0 < until < float("inf"):
        raise typer.BadParameter("--until must be a positive number of person-months.")
    mixes = list(dict.fromkeys(mix or []))
    folder = result_folder(out, force, "compare", site, mixes)

    from simulator import compare as compare_worlds
    from simulator.answer import next_steps
    from simulator.wording import Words

    words = Words(lang.value)
    place = place_with(site, local)
    posterior = None
    if draws is not None:
        from experiments.draws import load_draws
        from scenarios import load_site

        # a place without posterior is said before any work
        posterior = load_draws(load_site(site), site)

    with Progress(words("progress.comparing", place=site), lang=lang.value) as progress:
        comparison = compare_worlds(
            place,
            mixes=mixes or None,
            against=against,
            years=years,
            replications=replications,
            until=until,
            design=design.value,
            closure=closure.value,
            seed=seed,
            threads=threads,
            scale=scale,
            progress=progress,
        )
    with Progress(words("progress.writing"), lang=lang.value):
        comparison.write(folder, lang=lang.value, force=force)
    typer.echo(comparison.answer(lang.value))
    if draws is not None:
        typer.echo("")
        _over_draws(comparison, posterior, draws, folder, closure.value, seed, threads)
    typer.echo("")
    typer.echo(words("run.files", folder=folder))
    given = _given(
        mix=mixes, against=against, years=(years, 10), replications=replications, until=until,
        design=(design.value, "cohorts"), closure=(closure.value, "both"), lang=(lang.value, "en"),
        seed=(seed, 1), threads=threads,
    )  # fmt: skip
    first = mixes[0] if mixes else comparison.mixes[0].id
    typer.echo(next_steps(folder, lang.value, first, site, given))


def _over_draws(comparison, posterior, draws, folder, closure, seed, threads) -> None:  # noqa: ANN001
    """Repeat a comparison over draws of inputs; print a line per headline, add the tables."""
    from experiments.draws import PAIRS, compare_draws

    with Progress("Drawing parameters, inputs and levers") as progress:
        found = compare_draws(
            comparison.town.whole,
            scale=comparison.town.scale,
            mixes=comparison.mixes,
            against=comparison.against,
            draws=draws,
            closure=closure,
            seed=seed,
            threads=threads,
            progress=progress,
            posterior=posterior,
        )
    found.write(folder)
    typer.echo(
        f"With everything drawn that nobody knows ({draws} draws, {PAIRS} pairs each; 90 % "
        "intervals hold inputs and simulation):"
    )
    for line in found.lines():
        typer.echo(f" {line}")


def _given(**options: Any) -> list[str]:
    """Return the options that differ from their default, as words of the command line.

    A value is the option's, with its default where that is not None.
    """
    out: list[str] = []
    for name, value in options.items():
        value, default = value if isinstance(value, tuple) else (value, None)
        for one in value if isinstance(value, list) else [value]:
            if one != default:
                out += [f"--{name}", f"{one:g}" if isinstance(one, float) else str(one)]
    return out


Pairs = Annotated[int, typer.Option(min=2, help="How many pairs of worlds.")]


@app.command("break-even", rich_help_panel=ASK)
def break_even(
    site: Site,
    measure: Annotated[str, typer.Option(metavar="MEASURE", help="A measure, or its file.")],
    lever: Annotated[
        str | None, typer.Option(metavar="LEVER", help="Default: the measure's primary lever.")
    ] = None,
    replications: Pairs = 24,
    closure: Annotated[OneClosure, typer.Option(help="Does demand stay (R) or answer (E)?")] = (
        OneClosure.R
    ),
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Find how strong a measure must be for one more person in work per 100 served."""
    folder = result_folder(out, force, "break-even", site, [Path(measure).stem])

    from experiments.break_even import break_even as find

    with Progress(f"Break-even of {measure} in {site}") as progress:
        found = find(
            site, measure, lever=lever, replications=replications, closure=closure.value,
            seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def essential(
    site: Site,
    mix: Annotated[
        str | None, typer.Option(metavar="MIX", help="The mix; default: the place's.")
    ] = None,
    replications: Pairs = 24,
    closure: Annotated[OneClosure, typer.Option(help="Does demand stay (R) or answer (E)?")] = (
        OneClosure.R
    ),
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Take each measure and partner away in turn and say what is lost."""
    folder = result_folder(out, force, "essential", site, [Path(mix).stem] if mix else [])

    from experiments.essential import essential as find

    with Progress(f"Taking away measures and partners in {site}") as progress:
        found = find(
            site, mix, replications=replications, closure=closure.value, seed=seed,
            threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


def _show(found: Any, folder: Path, force: bool) -> None:
    found.write(folder, force=force)
    typer.echo(found.text())
    typer.echo("")
    typer.echo(f"Files: {folder}")
