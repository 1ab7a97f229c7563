"""Commands that ask about a place: compare, break-even, essential, optimise, the page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.app.console import Progress, place_with, result_folder
from experiments.app.options import (
    ASK,
    Against,
    Closure,
    Costs,
    Design,
    Force,
    KeptFor,
    Local,
    OneClosure,
    Out,
    ReportLang,
    ReportLanguage,
    Scale,
    Seed,
    Site,
    Threads,
    With,
)

app = typer.Typer()


@app.command(rich_help_panel=ASK)
def compare(
    site: Site,
    mix: Annotated[
        list[str] | None,
        typer.Option(metavar="MIX", help="A mix to try; repeat for several. Default: the place's."),
    ] = None,
    against: Against = None,
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
    costs: Costs = None,
    surroundings: With = None,
    local: Local = None,
    lang: ReportLang = ReportLanguage.EN,
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
    from simulator.wording import Words, rest

    screen = rest(lang.value)
    words = Words(screen)
    place = place_with(site, local)
    posterior = None
    if draws is not None:
        from experiments.draws import load_draws
        from scenarios import load_site

        # a place without posterior is said before any work
        posterior = load_draws(load_site(site), site)

    with Progress(words("progress.comparing", place=site), lang=screen) as progress:
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
            costs=costs,
            surroundings=surroundings,
            progress=progress,
        )
    with Progress(words("progress.writing"), lang=screen):
        comparison.write(folder, lang=lang.value, force=force)
    typer.echo(comparison.answer(screen))
    if draws is not None:
        typer.echo("")
        _over_draws(comparison, posterior, draws, folder, closure.value, seed, threads)
    typer.echo("")
    typer.echo(words("run.files", folder=folder))
    given = _given(
        mix=mixes, against=against, years=(years, 10), replications=replications, until=until,
        design=(design.value, "cohorts"), closure=(closure.value, "both"), lang=(lang.value, "en"),
        seed=(seed, 1), threads=threads, costs=costs, **{"with": surroundings},
    )  # fmt: skip
    first = mixes[0] if mixes else comparison.mixes[0].id
    typer.echo(next_steps(folder, screen, first, site, given))


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
OneDemand = Annotated[OneClosure, typer.Option(help="Does demand stay (R) or answer (E)?")]


@app.command("break-even", rich_help_panel=ASK)
def break_even(
    site: Site,
    measure: Annotated[str, typer.Option(metavar="MEASURE", help="A measure, or its file.")],
    lever: Annotated[
        str | None, typer.Option(metavar="LEVER", help="Default: the measure's primary lever.")
    ] = None,
    against: Against = None,
    costs: Costs = None,
    replications: Pairs = 24,
    closure: OneDemand = OneClosure.R,
    local: Local = None,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    scale: Scale = None,
    threads: Threads = None,
) -> None:
    """Find how strong a measure must be: for a gain, for one more per 100 served, to pay."""
    folder = result_folder(out, force, "break-even", site, [Path(measure).stem])

    from experiments.break_even import break_even as find
    from simulator.town import Town

    with Progress(f"Break-even of {measure} in {site}") as progress:
        found = find(
            Town(place_with(site, local), scale=scale), measure, lever=lever, against=against,
            costs=costs, replications=replications, closure=closure.value, seed=seed,
            threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def essential(
    site: Site,
    mix: Annotated[
        str | None, typer.Option(metavar="MIX", help="The mix; default: the place's.")
    ] = None,
    against: Against = None,
    replications: Pairs = 24,
    closure: OneDemand = OneClosure.R,
    local: Local = None,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    scale: Scale = None,
    threads: Threads = None,
) -> None:
    """Take each measure and partner away in turn and say what is lost."""
    folder = result_folder(out, force, "essential", site, [Path(mix).stem] if mix else [])

    from experiments.essential import essential as find
    from simulator.town import Town

    with Progress(f"Taking away measures and partners in {site}") as progress:
        found = find(
            Town(place_with(site, local), scale=scale), mix, against=against,
            replications=replications, closure=closure.value, seed=seed, threads=threads,
            progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def optimise(
    site: Site,
    budget: Annotated[
        float,
        typer.Option(
            metavar="EUR", help="Euros for one term of twelve months, when every place is filled."
        ),
    ],
    measures: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE",
            help="Measures to choose among; repeat, or part with commas. Default: what the mix of"
            " the place adds to what runs today.",
        ),
    ] = None,
    costs: Costs = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="MIX", help="What runs without: today (default) or baseline."),
    ] = None,
    replications: Annotated[
        int,
        typer.Option(min=8, help="Pairs of worlds that choose, and as many new ones that tell."),
    ] = 16,
    most: Annotated[
        int,
        typer.Option(
            min=12,
            help="Mixes simulated at most; where more fit the budget, the sum of the effects of"
            " the measures alone says which.",
        ),
    ] = 64,
    strength: Annotated[
        str,
        typer.Option(
            help="drawn: levers drawn from their ranges, and parameters from the posterior of the"
            " place where one is shipped; or none, assumed, top."
        ),
    ] = "drawn",
    closure: OneDemand = OneClosure.R,
    local: Local = None,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    scale: Scale = None,
    threads: Threads = None,
) -> None:
    """Find the mixes of named levels that do most for the target group under a budget."""
    folder = result_folder(out, force, "optimise", site, [])
    wanted = [name.strip() for text in measures or [] for name in text.split(",") if name.strip()]

    from experiments.optimise import optimise as find

    place = place_with(site, local)
    with Progress(f"Mixes under {budget:,.0f} EUR in {site}") as progress:
        found = find(
            place, budget, measures=wanted or None, costs=costs, against=against,
            replications=replications, most=most, closure=closure.value, strength=strength,
            scale=scale, seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)
    if found.found:
        first = folder / "mixes" / f"{found.found[0].mix.id}.toml"
        given = " ".join(_given(against=against, costs=costs, scale=scale, local=local))
        typer.echo(f"The first in full: vacancy-chains compare {site} --mix {first} {given}")


@app.command(rich_help_panel=ASK)
def impulses(
    site: Site,
    number: Annotated[
        int, typer.Option(min=2, help="How many impulses in all, over rungs and markets.")
    ] = 600,
    rung: Annotated[
        list[int] | None,
        typer.Option(min=1, max=3, help="Rung of the vacancy, 1 to 3; repeat. Default: all."),
    ] = None,
    market: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MARKET", help="slack, reference or tight; repeat. Default: reference."
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="promote: to the best inside instead of the outsider chosen; open: to all"
            " instead of the candidate inside."
        ),
    ] = "promote",
    months: Annotated[int, typer.Option(min=1, max=120, help="Months followed.")] = 36,
    closure: OneDemand = OneClosure.R,
    surroundings: With = None,
    seed: Seed = 1,
    scale: Scale = None,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Follow single promotions: what one more does to vacancies and to whose work."""
    folder = result_folder(out, force, "impulses", site, [])

    from simulator.impulses import KINDS
    from simulator.impulses import impulses as follow

    if kind not in KINDS:
        raise typer.BadParameter(f"--kind is '{kind}', but must be {' or '.join(KINDS)}.")

    from experiments.impulse_study import ImpulseStudy
    from simulator.town import Town

    town = Town(site, scale=scale, surroundings=surroundings)
    with Progress(f"Following single promotions in {site}") as progress:
        found = follow(
            town, kind=kind, rungs=sorted(set(rung or (1, 2, 3))),
            markets=list(dict.fromkeys(market or ["reference"])), number=number, months=months,
            closure=closure.value, seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
    _show(ImpulseStudy(town, found, seed), folder, force)


@app.command(rich_help_panel=ASK)
def saturation(
    site: Site,
    measure: Annotated[str, typer.Option(metavar="MEASURE", help="A measure, or its file.")],
    share: Annotated[
        list[float] | None,
        typer.Option(
            min=1,
            max=100,
            metavar="PERCENT",
            help="Served, % of the eligible; repeat. Default: 10, 25, 50, 75, 100.",
        ),
    ] = None,
    market: Annotated[
        list[str] | None,
        typer.Option(metavar="MARKET", help="slack, reference or tight; repeat. Default: all."),
    ] = None,
    strength: Annotated[
        str, typer.Option(help="none, assumed or top, where nobody has measured the effect.")
    ] = "assumed",
    months: Annotated[int, typer.Option(help="Months of work counted: 12 or 24.")] = 24,
    replications: Pairs = 16,
    closure: Annotated[
        Closure, typer.Option(help="Does demand stay (R) or answer to hiring (E)?")
    ] = Closure.BOTH,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Serve up to all of the eligible: what remains of a measure's direct effect."""
    if strength not in ("none", "assumed", "top"):
        raise typer.BadParameter(f"--strength is '{strength}', but must be none, assumed or top.")
    folder = result_folder(out, force, "saturation", site, [Path(measure).stem])

    from experiments.saturation import CLOSURES, SHARES
    from experiments.saturation import saturation as find
    from simulator.markets import MARKETS

    with Progress(f"Serving more and more people of {site} with {measure}") as progress:
        found = find(
            site, measure, shares=sorted({x / 100 for x in share}) if share else SHARES,
            markets=list(dict.fromkeys(market or MARKETS)),
            closures=CLOSURES if closure is Closure.BOTH else (closure.value,),
            strength=strength, months=months, replications=replications, seed=seed,
            threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def reserve(
    site: Site,
    mix: Annotated[
        str | None,
        typer.Option(
            metavar="MIX", help="Its support for people at work runs. Default: the place's."
        ),
    ] = None,
    price_ratio: Annotated[
        float, typer.Option(help="Price of one support over that of one reserved vacancy.")
    ] = 1.0,
    kept_for: Annotated[
        KeptFor, typer.Option("--for", help="Whom vacancies are reserved for.")
    ] = KeptFor.TARGET,
    replications: Pairs = 16,
    closure: OneDemand = OneClosure.R,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Reserve vacancies for jobseekers instead of supporting people at work, at the same cost."""
    folder = result_folder(out, force, "reserve", site, [Path(mix).stem] if mix else [])

    from experiments.reserve import reserve as find

    with Progress(f"Reserving vacancies in {site}") as progress:
        found = find(
            site, mix, price_ratio=price_ratio, kept_for=kept_for.value,
            replications=replications, closure=closure.value, seed=seed, threads=threads,
            progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def across(
    sites: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SITE]...", help="Shipped places or paths; default: all shipped."),
    ] = None,
    transfer: Annotated[
        bool,
        typer.Option("--transfer", help="Instead: the mix of each place in each other's market."),
    ] = False,
    replications: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="How many pairs of worlds (default 16, with --transfer 8); below 8 nothing can be"
            " told.",
        ),
    ] = None,
    closure: Annotated[
        Closure, typer.Option(help="Does demand stay (R) or answer to hiring (E)?")
    ] = Closure.BOTH,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Answer the four questions for several places and say where they differ."""
    command = "transfer" if transfer else "across"
    names = list(dict.fromkeys(sites or []))
    folder = result_folder(out, force, command, names[0] if len(names) == 1 else "places")

    with Progress("Comparing places") as progress:
        found: Any
        if transfer:
            from experiments.transfer import transfer as travel

            found = travel(
                names or None, replications=replications or 8, closure=closure.value, seed=seed,
                threads=threads, progress=progress,
            )  # fmt: skip
        else:
            from experiments.across import across as find

            found = find(
                names or None, replications=replications or 16, closure=closure.value, seed=seed,
                threads=threads, progress=progress,
            )  # fmt: skip
    _show(found, folder, force)


@app.command(rich_help_panel=ASK)
def workplace(
    site: Site,
    sector: Annotated[str, typer.Option(metavar="SECTOR", help="Sector, as the place names it.")],
    staff: Annotated[int, typer.Option(min=1, metavar="N", help="People at work there.")],
    rungs: Annotated[
        str | None,
        typer.Option(metavar="N,N,N,N", help="Of them on each rung, entry posts first."),
    ] = None,
    leavers: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="People who left in the last year.")
    ] = None,
    mix: Annotated[
        str | None,
        typer.Option(
            metavar="MIX", help="Its support for people at work is offered. Default: the place's."
        ),
    ] = None,
    worlds: Annotated[int, typer.Option(min=2, help="How many worlds at most.")] = 40,
    closure: OneDemand = OneClosure.R,
    seed: Seed = 1,
    out: Out = None,
    force: Force = False,
    threads: Threads = None,
) -> None:
    """Tell what happens at one workplace, from simulated workplaces like it."""
    try:
        ladder = None if rungs is None else [int(part) for part in rungs.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"--rungs is '{rungs}', but must be whole numbers with commas, such as 24,11,4,1."
        ) from None
    folder = result_folder(out, force, "workplace", site, [sector])

    from experiments.workplace import workplace as tell

    with Progress(f"Running worlds with workplaces like yours in {site}") as progress:
        found = tell(
            site, sector, staff, rungs=ladder, leavers=leavers, mix=mix, worlds=worlds,
            closure=closure.value, seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
    _show(found, folder, force)


def _show(found: Any, folder: Path, force: bool) -> None:
    found.write(folder, force=force)
    typer.echo(found.text())
    typer.echo("")
    typer.echo(f"Files: {folder}")


@app.command(rich_help_panel=ASK)
def workshop(
    site: Annotated[
        str, typer.Option(metavar="SITE", help="The place that the page opens with.")
    ] = "kokkola",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; 0: any free one. Default: from 8321 on."),
    ] = None,
    share: Annotated[
        bool, typer.Option("--share", help="Let phones in the same network join by a room code.")
    ] = False,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open a browser on this machine.")
    ] = False,
    prepare: Annotated[
        str | None,
        typer.Option(
            metavar="SITE", help="Compute the answers to named levels of a place, or of all."
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the prepared page as one file that needs no server."
        ),
    ] = None,
    mixes: Annotated[
        int | None, typer.Option(min=1, help="With --prepare: only so many mixes.")
    ] = None,
    replications: Annotated[
        int, typer.Option(min=10, max=16, help="Pairs of worlds of each answer.")
    ] = 16,
    seed: Seed = 1,
    threads: Threads = None,
) -> None:
    """Open a page for a workshop: move measures and see who gains and who loses."""
    # one thread for each world; BLAS threads would only take the cores from them
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

    from experiments.app.workshop.run import Options, serve, write_files

    options = Options(
        site, port, share, not no_open, seed, threads, prepare, export, replications, mixes
    )
    if prepare is not None or export is not None:
        write_files(options)
    else:
        serve(options)
