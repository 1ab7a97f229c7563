"""The short answer on the screen."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import scenarios
from scenarios.measures import Lever, Mix
from simulator.comparison import DATES, ENOUGH_PAIRS, FOLLOWED, TERM, Comparison
from simulator.headline import (
    SIDES,
    Needed,
    Quantity,
    contrast,
    design_of,
    horizon_rows,
    key_of,
    main_strength,
    needed,
    quantities,
    strengths_of,
    surroundings_rows,
    unmeasured,
)
from simulator.money import money
from simulator.money_words import screen_text
from simulator.wording import NO_BREAK, Words

WIDTH = 100
# rows on the first screen, under the first demand closure; the report has all of both
SCREEN = (
    "served", "at_work",
    "supported", "additional", "ledger", "net", "got_target", "progress", "jobs",
    "section.who", *SIDES, "everybody",
    "section.direct", "served_months", "anyway_months", "direct",
)  # fmt: skip


def seeds_text(seeds: list[int]) -> str:
    """Return seeds as ``10000-10015`` or as a list."""
    if not seeds:
        return "-"
    if len(seeds) > 1 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return ", ".join(map(str, seeds))


def cell(words: Words, quantity: Quantity, short: bool = False) -> str:
    """Return a headline number in words: mean, interval, and ``?`` when not told from none.

    ``short``: too few pairs are only marked with ``?``; said in words elsewhere.
    """
    found = quantity.found
    if found is None:
        return words("format.not_determined")
    exact = found.low == found.high and not quantity.signed
    if not found.is_enough and not exact:
        mean = found.mean
        text = (
            words.percent(mean)
            if quantity.unit == "share"
            else words.number(mean, 3 if quantity.unit == "ratio" else None, quantity.signed)
        )
        return f"{text}?" if short else f"{text} ({words('format.few_pairs')})"
    if quantity.unit == "share" and found.low == found.high:
        return words.percent(found.mean)
    if quantity.unit == "share":
        return f"{words.percent(found.mean)} ({words.percent(found.low)} {words('format.to')} " \
               f"{words.percent(found.high)})"  # fmt: skip
    if exact:
        return words.number(found.mean, 0 if found.mean >= 20 else 1)
    return words.estimate(
        found, sign=quantity.signed, digits=3 if quantity.unit == "ratio" else None
    )


def unit_text(words: Words, lever: Lever) -> str:
    """Return the scale of a lever in words."""
    return words("scale." + lever.unit.replace(" ", "_"))


def bounds_text(words: Words, need: Needed) -> tuple[str, str]:
    """Return what noise leaves open about the needed strength: at best and at worst."""
    best, worst = (
        words(f"needs.bound_{verdict}", multiple=words.number(multiple or 0.0, 1))
        for verdict, multiple in (need.best, need.worst)
    )
    return best, worst


def needed_text(words: Words, need: Needed) -> str:
    """Return at which strength one more person per 100 is at work, in a few words."""
    text = words(
        f"needs.{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        top=words.number(need.top, 1),
    )
    if need.sure or need.verdict == "unknown":
        return text
    best, worst = bounds_text(words, need)
    return words("needs.unsure", text=text, best=best, worst=worst)


def believe_text(words: Words, need: Needed, pairs: int) -> str:
    """Return what the town would have to believe, in one clause."""
    return words(
        f"believe.{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        top=words.number(need.top, 1),
        pairs=pairs,
        enough=ENOUGH_PAIRS,
    )


def pairs_text(words: Words, comparison: Comparison) -> str:
    """Return how many pairs there are and from which seeds."""
    return words(
        "screen.pairs",
        pairs=comparison.replications,
        seed=comparison.seed,
        seeds=seeds_text(comparison.seeds),
    )


def design_text(words: Words, comparison: Comparison) -> str:
    """Return pairs, seeds and windows in two or three sentences."""
    if design_of(comparison) == "cohorts":
        text = words("screen.cohorts", term=TERM, dates=len(DATES), followed=FOLLOWED)
    else:
        text = words("screen.whole", months=12 * comparison.years)
    return f"{pairs_text(words, comparison)} {text}"


def closures_text(words: Words, comparison: Comparison) -> str:
    """Return which assumptions about demand were run."""
    named = "; ".join(f"{c}: {words(f'closure.{c}')}" for c in comparison.closures)
    key = "screen.closures" if len(comparison.closures) > 1 else "screen.closure_one"
    return words(key, closures=named)


def few_text(words: Words, comparison: Comparison) -> str | None:
    """Return that there are too few pairs to tell anything, or None when there are enough."""
    pairs = comparison.replications
    if pairs >= ENOUGH_PAIRS:
        return None
    return words("screen.few", pairs=pairs, enough=ENOUGH_PAIRS)


def short_answer(comparison: Comparison, lang: str = "en") -> str:
    """Return the first screen: three answers for each mix, plain text of at most 100 columns.

    Parameters
    ----------
    comparison : Comparison
    lang : {"en", "fi", "sv", "nl", "pt", "bg"}
    """
    words = Words(lang, plain=True)
    lines: list[str] = []
    for mix in comparison.mixes:
        if lines:
            lines.append("")
        lines += _mix_lines(comparison, mix, words)
    return "\n".join(lines).replace(NO_BREAK, " ")


def _wrap(text: str, indent: str = "") -> list[str]:
    text = text.replace(" %", NO_BREAK + "%")
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _mix_lines(comparison: Comparison, mix: Mix, words: Words) -> list[str]:
    place = comparison.town.site.name(words.lang)
    title = words(
        "screen.title", place=place, mix=words.mix(mix), against=words.mix(comparison.against)
    )
    lines = _wrap(title)
    lines += _wrap(surroundings_text(words, comparison) or "")
    lines += _wrap(f"{design_text(words, comparison)} {closures_text(words, comparison)}")
    lines += _wrap(few_text(words, comparison) or words("screen.intervals"))
    strengths = strengths_of(comparison, mix.id)
    found = {
        (closure, strength): quantities(comparison, key)
        for closure in comparison.closures
        for strength in strengths
        if (key := key_of(comparison, mix.id, strength, closure)) is not None
    }
    first = comparison.closures[0]
    base = found[first, main_strength(comparison, mix.id)]
    lines += ["", *_answers(comparison, mix, words, found), *_unmeasured_lines(mix, words)]
    lines += ["", *_table(comparison, mix, words, found, strengths)]
    lines += _served_lines(words, found, first, strengths)
    lines += _length_lines(comparison, words, base)
    return [
        *lines,
        *_years_lines(comparison, mix, words),
        *_surroundings_lines(comparison, mix, words),
        *_money_lines(comparison, mix, words),
    ]


def _answers(comparison: Comparison, mix: Mix, words: Words, found: dict) -> list[str]:
    """Return the three answers side by side, a line for each demand closure."""
    needs = {closure: needed(comparison, mix.id, closure) for closure in comparison.closures}
    rows = [["", *(words(f"screen.head_{name}") for name in ("none", "assumed", "needed"))]]
    for closure in comparison.closures:
        cells = [
            cell(words, found[closure, strength]["per_100"])
            if (closure, strength) in found
            else words("format.not_run")
            for strength in ("none", "assumed")
        ]
        rows.append([f" {closure}", *cells, needed_text(words, needs[closure])])
    lines = [*_wrap(words("screen.three")), *_columns(rows)]
    added = [(closure, contrast(comparison, mix.id, closure)) for closure in comparison.closures]
    parts = [f"{closure} {words.estimate(e)}" for closure, e in added if e is not None]
    if parts:
        lines += _wrap(f"{words('screen.contrast')}: {', '.join(parts)}.")
    pairs = comparison.replications
    told = {c: believe_text(words, need, pairs) for c, need in needs.items()}
    if len(set(told.values())) == 1:
        text = next(iter(told.values()))
    else:
        text = " ".join(f"{closure}: {text}" for closure, text in told.items())
    if not all(need.sure or need.verdict == "unknown" for need in needs.values()):
        text += " " + words("believe.unsure")
    lines += _wrap(words("screen.believe", text=text))
    return lines


def _columns(rows: list[list[str]]) -> list[str]:
    """Return rows as columns, two spaces apart; the last one is not padded."""
    wide = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)][:-1]
    return [
        "".join(f"{text:<{w}}" for text, w in zip(row, wide, strict=False)) + row[-1]
        for row in rows
    ]


def _unmeasured_lines(mix: Mix, words: Words) -> list[str]:
    """Return what nobody has measured, each with the grade of what is assumed."""
    parts = []
    for measure in unmeasured(mix):
        lever = next((x for x in measure.levers if x.lever == measure.primary_lever), None)
        if lever is not None:
            grade = lever.strength.grade
            parts.append(f"{measure.names(words.lang)} ({grade})")
    if not parts:
        return _wrap(words("screen.all_measured"))
    return _wrap(words("screen.unmeasured", names=", ".join(parts)))


def _table(
    comparison: Comparison, mix: Mix, words: Words, found: dict, strengths: list[str]
) -> list[str]:
    multiple = words.number(comparison.top_multiple(mix.id), 1)
    first = comparison.closures[0]
    heads = [words(f"strength.{strength}", multiple=multiple) for strength in strengths]
    rows: list[tuple[str, list[str]]] = []
    for name in SCREEN:
        if name.startswith("section."):
            rows.append((words(name), []))
        else:
            cells = [cell(words, found[first, s][name], short=True) for s in strengths]
            rows.append((" " + words(f"row.{name}"), cells))
    start = words("screen.table", closure=first)
    left = max(len(text) for text, cells in [*rows, (start, [""])] if cells)
    wide = max([len(c) for _, cells in rows for c in cells] + [len(h) for h in heads]) + 1
    lines = [f"{start:<{left}}" + "".join(f"{head:>{wide}}" for head in heads)]
    for text, cells in rows:
        lines.append((f"{text:<{left}}" + "".join(f"{c:>{wide}}" for c in cells)).rstrip())
    return lines


def served_differs(found: dict, closure: str, strengths: list[str]) -> bool:
    """Return whether more or fewer people are served at another strength."""
    served = [found[closure, strength]["served"].shown.mean for strength in strengths]
    return max(served) - min(served) >= 1


def _served_lines(words: Words, found: dict, closure: str, strengths: list[str]) -> list[str]:
    return _wrap(words("screen.reach")) if served_differs(found, closure, strengths) else []


def length_text(words: Words, closure: str, found: dict[str, Quantity]) -> str | None:
    """Return the chain length with both numbers that it is the ratio of."""
    openings, chains, length = found["openings"], found["chains"], found["length"]
    if length.found is None:
        return None
    return words(
        "screen.length",
        closure=closure,
        openings=words.number(openings.base, 0),
        chains=words.number(chains.base, 0),
        length=words.number(length.base, 3),
        openings_mix=words.number(openings.base + openings.shown.mean, 0),
        chains_mix=words.number(chains.base + chains.shown.mean, 0),
        length_mix=words.number(length.base + length.shown.mean, 3),
        change=cell(words, length),
    )


def _length_lines(comparison: Comparison, words: Words, found: dict) -> list[str]:
    text = length_text(words, comparison.closures[0], found)
    return [] if text is None else _wrap(text)


def _years_lines(comparison: Comparison, mix: Mix, words: Words) -> list[str]:
    """Return what ``--years`` did beside the cohorts: the mix left running to the end."""
    rows = horizon_rows(comparison, mix.id, comparison.closures[0])
    if design_of(comparison) != "cohorts" or not rows:
        return []
    years, found = rows[-1]
    return _wrap(
        words(
            "screen.years",
            years=years,
            closure=comparison.closures[0],
            target=cell(words, found["target_jobseekers"]),
            everybody=cell(words, found["everybody"]),
        )
    )


def surroundings_text(words: Words, comparison: Comparison) -> str | None:
    """Return under which surroundings both worlds run, or None."""
    found = comparison.town.surroundings
    if found is None:
        return None
    return words("surroundings.runs", name=found.names(words.lang))


def _surroundings_lines(comparison: Comparison, mix: Mix, words: Words) -> list[str]:
    """Return whether the mix does better under the surroundings than without them."""
    parts = [
        f"{closure} {words.estimate(gap)}, {words(f'surroundings.{verdict}')}"
        for name, closure, _, _, gap, verdict in surroundings_rows(comparison, mix.id)
        if name == "target_jobseekers"
    ]
    if not parts:
        return []
    return _wrap(words("surroundings.screen", parts="; ".join(parts)))


def _money_lines(comparison: Comparison, mix: Mix, words: Words) -> list[str]:
    """Return what the mix costs and saves at the assumed strength, first demand closure."""
    closure = comparison.closures[0]
    key = key_of(comparison, mix.id, main_strength(comparison, mix.id), closure)
    if key is None or not mix.measures:
        return []
    whole = (*key[:3], "whole")
    running = money(comparison, whole) if whole != key and whole in comparison.pairs else None
    found = money(comparison, key)
    return _wrap(screen_text(words, found, running, closure))


def program_call() -> str:
    """Return the words that start this program again from here, as it was started."""
    called = Path(sys.argv[0])
    if called.stem == "vacancy-chains":
        found = shutil.which("vacancy-chains")
        if found and Path(found).resolve() == called.resolve():
            return "vacancy-chains"
        return quoted(shown(called.absolute()))
    return f"{quoted(shown(Path(sys.executable)))} -m experiments.app"


def shown(path: Path) -> str:
    """Return a path as short as it can be typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def quoted(text: str) -> str:
    """Return a word as a shell takes it."""
    return f'"{text}"' if " " in text else text


def next_steps(
    folder: str | Path,
    lang: str = "en",
    mix: str | Path = "kokkola",
    site: str | Path = "kokkola",
    options: Sequence[str] = (),
) -> str:
    """Return the last three lines of the demo: change a number, open the report, try a place.

    They work as printed, from the folder in which they were printed: the commands have the
    options of the one that ran, but write to a new folder.

    Parameters
    ----------
    folder
        Results folder with the report.
    lang : {"en", "fi", "sv", "nl", "pt", "bg"}
    mix, site
        Names or paths of the mix and the place compared (default: those of the demo).
    options
        Words that followed the place on the command line, those about the folder left out.
    """
    words = Words(lang, plain=True)
    base = Path(scenarios.__file__).parent

    def file(name: str | Path, kind: str) -> Path:
        shipped = base / kind / f"{name}.toml"
        return shipped if shipped.is_file() else Path(name)

    site_file, mix_file = file(site, "sites"), file(mix, "mixes")
    if not mix_file.is_file():  # the empty mix has no file
        mix_file = site_file

    def command(place: str) -> str:
        return " ".join([program_call(), "compare", *map(quoted, [place, *options])])

    copy = "my_place.toml"
    number = 1
    while Path(copy).exists():
        number += 1
        copy = f"my_place_{number}.toml"
    return "\n".join(
        (
            words("next.number", mix=quoted(shown(mix_file)), command=command(str(site))),
            words("next.report", report=quoted(shown(Path(folder).absolute() / "report.html"))),
            words(
                "next.place",
                copy=f"cp {quoted(shown(site_file))} {copy}",
                command=command(copy),
            ),
        )
    )
