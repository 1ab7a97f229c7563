"""The short answer on the screen."""

from __future__ import annotations

import textwrap
from pathlib import Path

import scenarios
from scenarios.measures import Lever, Mix
from simulator.comparison import DATES, FOLLOWED, TERM, Comparison
from simulator.headline import (
    SECTIONS,
    Needed,
    Quantity,
    contrast,
    design_of,
    key_of,
    main_strength,
    needed,
    noisy,
    quantities,
    strengths_of,
    unmeasured,
)
from simulator.wording import NO_BREAK, Words

WIDTH = 100
# rows on the first screen; the report has all
SCREEN = {
    "people": ("served", "workplaces"),
    "promotions": ("supported", "additional", "anyway"),
    "entry": ("ledger", "net"),
    "got": ("got_target", "got_short", "got_long", "got_outside_labour_force",
            "got_outside_region", "got_workers"),
    "who": SECTIONS["who"],
    "direct": SECTIONS["direct"],
    "progress": ("progress",),
    "jobs": ("rescued", "faster", "posts", "jobs"),
}  # fmt: skip
BOTH = ("net", "target_jobseekers", "jobs")  # rows shown under every closure
REASON = 84  # characters of a reason on the screen


def seeds_text(seeds: list[int]) -> str:
    """Return seeds as ``10000-10015`` or as a list."""
    if not seeds:
        return "-"
    if len(seeds) > 1 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}-{seeds[-1]}"
    return ", ".join(map(str, seeds))


def cell(words: Words, quantity: Quantity) -> str:
    """Return a headline number in words: mean, interval, and ``?`` when not told from none."""
    found = quantity.found
    if found is None:
        return words("format.not_determined")
    if quantity.unit == "share":
        return f"{words.percent(found.mean)} ({words.percent(found.low)} {words('format.to')} " \
               f"{words.percent(found.high)})"  # fmt: skip
    if found.low == found.high and not quantity.signed:
        return words.number(found.mean, 0 if found.mean >= 20 else 1)
    return words.estimate(
        found, sign=quantity.signed, digits=3 if quantity.unit == "ratio" else None
    )


def unit_text(words: Words, lever: Lever) -> str:
    """Return the scale of a lever in words."""
    return words("scale." + lever.unit.replace(" ", "_"))


def needed_text(words: Words, need: Needed) -> str:
    """Return at which strength one more person per 100 is at work."""
    text = words(
        f"needs.{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        top=words.number(need.top, 1),
    )
    if need.sure or need.verdict == "unknown":
        return text

    best, worst = bounds_text(words, need)
    return words("needs.unsure", text=text, best=best, worst=worst)


def bounds_text(words: Words, need: Needed) -> tuple[str, str]:
    """Return what noise leaves open about the needed strength: at best and at worst."""
    best, worst = (
        words(f"needs.bound_{verdict}", multiple=words.number(multiple or 0.0, 1))
        for verdict, multiple in (need.best, need.worst)
    )
    return best, worst


def believe_text(words: Words, need: Needed) -> str:
    """Return what the town would have to believe, in one sentence."""
    text = words(
        f"believe.{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        top=words.number(need.top, 1),
    )
    if not need.sure and need.verdict != "unknown":
        text += " " + words("believe.unsure")
    return text


def design_text(words: Words, comparison: Comparison) -> str:
    """Return pairs, seeds and windows in one or two sentences."""
    pairs, seeds = comparison.replications, seeds_text(comparison.seeds)
    if design_of(comparison) == "cohorts":
        return words(
            "screen.cohorts", pairs=pairs, seeds=seeds, term=TERM, dates=len(DATES),
            followed=FOLLOWED,
        )  # fmt: skip
    return words("screen.whole", pairs=pairs, seeds=seeds, months=12 * comparison.years)


def short_answer(comparison: Comparison, lang: str = "en") -> str:
    """Return the first screen: three answers for each mix, plain text of at most 100 columns.

    Parameters
    ----------
    comparison : Comparison
    lang : {"en", "fi", "sv"}
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
    lines = _wrap(
        words(
            "screen.title", place=place, mix=words.mix(mix), against=words.mix(comparison.against)
        )
    )
    closures = "; ".join(f"{c}: {words(f'closure.{c}')}" for c in comparison.closures)
    lines += _wrap(design_text(words, comparison))
    lines += _wrap(words("screen.closures", closures=closures) + " " + words("screen.intervals"))
    strengths = strengths_of(comparison, mix.id)
    found = {
        (closure, strength): quantities(comparison, key)
        for closure in comparison.closures
        for strength in strengths
        if (key := key_of(comparison, mix.id, strength, closure)) is not None
    }
    lines += ["", *_answers(comparison, mix, words, found), *_unmeasured_lines(mix, words), ""]
    lines += _table(comparison, mix, words, found, strengths)
    main = main_strength(comparison, mix.id)
    first = found[comparison.closures[0], main]
    lines += _length_lines(comparison, words, first)
    count, every = noisy(first)
    if count:
        lines += _wrap(words("screen.noise", count=count, all=every))
    need = needed(comparison, mix.id, comparison.closures[0])
    lines += _wrap(
        words("screen.believe", closure=comparison.closures[0], text=believe_text(words, need))
    )
    return lines


def _answers(comparison: Comparison, mix: Mix, words: Words, found: dict) -> list[str]:
    lines = _wrap(words("screen.three"))
    labels = {
        "none": words("screen.with_none"),
        "assumed": words("screen.with_assumed"),
        "contrast": words("screen.contrast"),
        "needed": words("screen.one_more"),
    }
    wide = max(map(len, labels.values())) + 2
    for number, strength in enumerate(("none", "assumed"), 1):
        parts = [
            f"{closure} {cell(words, found[closure, strength]['per_100'])}"
            for closure in comparison.closures
            if (closure, strength) in found
        ]
        lines.append(
            f" {number} {labels[strength]:<{wide}}" + ("   ".join(parts) or words("format.not_run"))
        )
    added = [(closure, contrast(comparison, mix.id, closure)) for closure in comparison.closures]
    if all(found is not None for _, found in added):
        parts = [f"{closure} {words.estimate(found)}" for closure, found in added if found]
        lines.append(f"   {labels['contrast']:<{wide}}" + "   ".join(parts))
    for at, closure in enumerate(comparison.closures):
        start = f" 3 {labels['needed']:<{wide}}" if at == 0 else " " * (wide + 3)
        need = needed_text(words, needed(comparison, mix.id, closure))
        lines += _wrap(f"{start}{closure} {need}", " " * (wide + 5))
    return lines


def _unmeasured_lines(mix: Mix, words: Words) -> list[str]:
    measures = unmeasured(mix)
    if not measures:
        return _wrap(words("screen.all_measured"))
    lines = _wrap(words("screen.unmeasured"))
    for measure in measures:
        lever = next((x for x in measure.levers if x.lever == measure.primary_lever), None)
        if lever is None:
            continue
        s = lever.strength
        text = words(
            "screen.unmeasured_line",
            name=measure.names(words.lang),
            lever=words(f"lever.{lever.lever}"),
            size=words.number(s.assumed),
            unit=unit_text(words, lever),
            low=words.number(s.low),
            high=words.number(s.high),
            grade=s.grade,
            meaning=words(f"grade.{s.grade}"),
        )
        reason = textwrap.shorten(lever.reason, REASON, placeholder=" ...")
        lines += _wrap(f" - {text}; {words('screen.unmeasured_reason', reason=reason)}", "   ")
    return lines


def _table(
    comparison: Comparison, mix: Mix, words: Words, found: dict, strengths: list[str]
) -> list[str]:
    multiple = words.number(comparison.top_multiple(mix.id), 1)
    heads = [words(f"strength.{strength}", multiple=multiple) for strength in strengths]
    rows: list[tuple[str, list[str]]] = []
    first = comparison.closures[0]
    for section, names in SCREEN.items():
        if section != "people":
            rows.append((words(f"section.{section}"), []))
        for name in names:
            shown = comparison.closures if name in BOTH else (first,)
            for closure in shown:
                cells = [cell(words, found[closure, s][name]) for s in strengths]
                label = words(f"row.{name}")
                if closure != first:
                    label = "  " + words("screen.under", closure=closure)
                rows.append((" " + label, cells))
    left = max(len(text) for text, cells in rows if cells)
    wide = max([len(c) for _, cells in rows for c in cells] + [len(h) for h in heads]) + 1
    start = words("screen.under_all", closure=first)
    lines = [f"{start:<{left}}" + "".join(f"{head:>{wide}}" for head in heads)]
    for text, cells in rows:
        lines.append((f"{text:<{left}}" + "".join(f"{c:>{wide}}" for c in cells)).rstrip())
    return lines


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
    )


def _length_lines(comparison: Comparison, words: Words, found: dict) -> list[str]:
    text = length_text(words, comparison.closures[0], found)
    if text is None:
        return []
    return _wrap(f"{text} {cell(words, found['length'])}")


def next_steps(folder: str | Path, lang: str = "en", mix: str | None = None,
               site: str | None = None) -> str:  # fmt: skip
    """Return the last three lines of the demo: change a number, open the report, try a place.

    Parameters
    ----------
    folder
        Results folder with the report.
    lang : {"en", "fi", "sv"}
    mix, site
        Ids of the mix and the place compared (default: those of the demo).
    """
    words = Words(lang, plain=True)
    base = Path(scenarios.__file__).parent

    def shown(path: Path) -> str:
        try:
            return str(path.relative_to(Path.cwd()))
        except ValueError:
            return str(path)

    return "\n".join(
        (
            words("next.number", mixes=shown(base / "mixes" / f"{mix or 'kokkola'}.toml")),
            words("next.report", report=shown(Path(folder).absolute() / "report.html")),
            words("next.place", site=shown(base / "sites" / f"{site or 'kokkola'}.toml")),
        )
    )
