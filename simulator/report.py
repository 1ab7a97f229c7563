"""The results folder of ``compare``: tables, figures and one self-contained report.

The first two printed pages are for a council: question, answer, for whom, what it hangs on, what
would change our mind, without the field's terms. Then what a councillor, an employer, a union and
a journalist ask, each question with a link to the line that answers it. Method and tables follow.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scenarios.grades import GRADES
from scenarios.grades import judged as judged_of
from scenarios.measures import Measure, Mix
from simulator.answer import (
    bounds_text,
    cell,
    design_text,
    length_text,
    seeds_text,
    served_differs,
    surroundings_text,
    unit_text,
)
from simulator.comparison import ENOUGH_PAIRS, Comparison, Estimate
from simulator.figures import Drawing, draw_all
from simulator.files import (
    output_folder,
    program_version,
    table,
    write_codebook,
    write_csv,
    write_manifest,
    write_parquet,
)
from simulator.headline import (
    DOUBT_SHARES,
    SECTIONS,
    SIDES,
    Doubt,
    Needed,
    Quantity,
    contrast,
    design_of,
    headline_frame,
    horizon_rows,
    judged,
    key_of,
    main_strength,
    needed,
    people_per_placement,
    placebo_rows,
    quantities,
    seen_in_figures,
    served_by_measure,
    strengths_of,
    surroundings_rows,
    unmeasured,
)
from simulator.money import Money, costs_frame, money, money_frame
from simulator.money_words import euros, payback_text, ratio_text, without_text
from simulator.runs import (
    barrier_meanings,
    columns_of_frame,
    run,
    scale_option,
    surroundings_option,
    world_table,
)
from simulator.wording import Words

LEDGER_YEARS = 2  # of the recorded run behind the chain lengths by origin
FAR_ROWS = 10  # margins shown: those furthest from their target
SMALL_COUNT = 100
CLOSE = 0.03
# who asks what: the rows of the headline table that answer; ``money`` is a row of its own table
QUESTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "councillor": {"brings": ("per_100",), "costs": ("money",), "more_jobs": ("jobs",)},
    "employer": {"staff": ("faster",), "leave": ("additional", "openings")},
    "union": {"climb": ("progress",), "others": ("other_jobseekers", "living_elsewhere")},
    "journalist": {
        "chain": ("ledger", "net", "got_target"),
        "anyway": ("direct",),
        "everybody": ("everybody",),
    },
}
TEMPLATES = Path(__file__).parent / "templates"


def write_comparison(
    comparison: Comparison,
    folder: str | Path,
    lang: str = "en",
    force: bool = False,
    ledger: bool = True,
    doubt: Sequence[Doubt] = (),
) -> Path:
    """Write all files of ``compare`` into a folder, whole or not at all.

    Parameters
    ----------
    comparison : Comparison
    folder
        Results folder.
    lang : {"en", "fi", "sv", "nl", "pt", "bg"}
        Language of the report and the figures.
    force
        Replace an existing results folder.
    ledger
        Record one run of the reference for chain lengths by origin.
    doubt : sequence of Doubt
        Headline numbers with everything drawn that nobody knows: the front page tells their
        interval, the method part what it comes from.

    Raises
    ------
    ResultError
        When the folder exists and is not empty, or cannot be written.
    """
    town = comparison.town
    barriers = barrier_meanings(town.site)
    with output_folder(folder, force) as out:
        margins = margins_of(comparison)
        chains, origin = chains_of(comparison) if ledger else (None, None)
        drawings = draw_all(comparison, lang, program_version(), chains, origin)
        summary, monthly = comparison.summary(), comparison.monthly()
        write_csv(out / "world.csv", "world.csv", margins)
        # open ends of an interval (a single pair) are missing values
        summary = summary.replace([np.inf, -np.inf], np.nan)
        write_csv(out / "summary.csv", "summary.csv", summary)
        write_parquet(out / "monthly.parquet", table("monthly.parquet", columns_of_frame(monthly)))
        write_csv(out / "headline.csv", "headline.csv", headline_frame(comparison))
        write_csv(out / "costs.csv", "costs.csv", costs_frame(comparison))
        write_csv(out / "money.csv", "money.csv", money_frame(comparison))
        (out / "figures").mkdir()
        for drawing in (d for drawn in drawings.values() for d in drawn):
            drawing.write(out / "figures")
        page = render(comparison, lang, drawings, margins, doubt)
        (out / "report.html").write_bytes(page.encode())
        mixes = [mix.id for mix in comparison.mixes]
        named = " ".join(f"--mix {mix}" for mix in mixes)
        closures = comparison.closures
        closure = "both" if len(closures) > 1 else closures[0]
        write_manifest(
            out,
            command=f"compare {town.id} {named} --against {comparison.against.id} "
            f"--years {comparison.years} --replications {comparison.replications} "
            f"--design {design_of(comparison)} --closure {closure} --seed {comparison.seed} "
            f"--lang {lang}{scale_option(town)}{surroundings_option(town)}",
            seeds=comparison.seeds,
            scenario_hash=town.scenario_hash(comparison.given),
            inputs=town.inputs(comparison.given) | {"costs": comparison.costs.model_dump_json()},
            site=town.id,
            mixes=mixes,
            against=comparison.against.id,
            closure=closure,
            years=comparison.years,
            language=lang,
            surroundings=town.surroundings.id if town.surroundings else None,
        )
        write_codebook(out, barriers)
    return Path(folder)


def margins_of(comparison: Comparison) -> dict[str, list]:
    """Return the columns of ``world.csv`` for the first replication.

    Of the recorded start, which still holds everybody: others have let go of who has retired.
    """
    start = comparison.town.start(comparison.seeds[0], record=True)
    return world_table(comparison.town, start.built, start.world)


def chains_of(comparison: Comparison) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return the chains of one recorded run of the reference, with its seed and years."""
    seed = comparison.seeds[0]
    made = run(
        comparison.town, comparison.against, years=LEDGER_YEARS, seed=seed,
        closure=comparison.closures[0],
    )  # fmt: skip
    return made.chains, (seed, LEDGER_YEARS)


# ---- the page -------------------------------------------------------------------------------


def render(
    comparison: Comparison,
    lang: str,
    drawings: dict[str, list[Drawing]],
    margins: dict[str, list],
    doubt: Sequence[Doubt] = (),
) -> str:
    """Return the report as one HTML page that needs nothing from outside."""
    import jinja2

    words = Words(lang)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["data"] = lambda d: base64.b64encode(d.svg).decode()
    environment.filters["shown"] = _shown
    environment.filters["csv"] = lambda d: _encoded(d.to_csv(index=False, lineterminator="\n"))
    site = comparison.town.site
    return environment.get_template("report.html").render(
        w=words,
        lang=lang,
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        place=site.name(lang),
        against=words.mix(comparison.against),
        surroundings=surroundings_text(words, comparison),
        mixes=[
            _mix_page(comparison, mix, words, drawings[mix.id], f"m{number}", doubt)
            for number, mix in enumerate(comparison.mixes, 1)
        ],
        method=_method(comparison, words),
        judgement=_judgement_table(comparison, words),
        world=_world_table(
            words, margins, {sector.id: sector.name(words.lang) for sector in site.sectors}
        ),
        headline=headline_frame(comparison),
        versions=words(
            "method.versions",
            version=program_version(),
            hash=comparison.town.scenario_hash(comparison.given),
            place=site.name(words.lang),
            period=site.base_period,
        ),
    )


def _shown(value: Any) -> str:
    """Return a cell of the data of a figure, with as many digits as a reader can use."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.5g}"
    return "" if value is None else str(value)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _row(cells: list[Any], strong: bool = False, id_: str = "") -> dict[str, Any]:
    """Return a row for the template; a cell is a text, or a text with the id to which it leads."""
    return {"cells": cells, "strong": strong, "id": id_}


def _table(
    caption: str, heads: list[str], rows: list[dict], note: str = "", wide: bool = False,
    names: bool = False, id_: str = "", links: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Return a table for the template; ``names`` marks columns of text, not of numbers.

    ``links`` lead from the table to where its numbers come from: texts with the id of a place.
    """
    return {
        "caption": caption, "heads": heads, "rows": rows, "note": note, "wide": wide,
        "names": names, "id": id_, "links": links,
    }  # fmt: skip


def _mix_page(
    comparison: Comparison,
    mix: Mix,
    words: Words,
    drawings: list[Drawing],
    at: str,
    doubt: Sequence[Doubt],
) -> dict[str, Any]:
    """Return everything that the template shows of a mix; ``at`` begins the ids of its rows."""
    strengths = strengths_of(comparison, mix.id)
    found = {
        (closure, strength): quantities(comparison, key)
        for closure in comparison.closures
        for strength in strengths
        if (key := key_of(comparison, mix.id, strength, closure)) is not None
    }
    main = main_strength(comparison, mix.id)
    needs = {closure: needed(comparison, mix.id, closure) for closure in comparison.closures}
    named = {drawing.kind: drawing for drawing in drawings}
    own = {(one.closure, one.row): one for one in doubt if one.mix == mix.id}
    return {
        "id": mix.id,
        "name": words.mix(mix),
        "council": _council(comparison, mix, words, found, main, needs, at, own),
        "questions": _questions_table(comparison, mix, words, found, main, at),
        "figures": named,
        "tables": [
            _headline_table(comparison, mix, words, found, strengths, at),
            *_doubt_tables(words, own),
            *_who_tables(comparison, words, found, main),
            *_horizon_tables(comparison, mix, words),
            *_placebo_tables(comparison, words),
            _seen_table(comparison, mix, words, main),
            _sex_table(comparison, mix, words, strengths),
            _served_table(comparison, mix, words, strengths),
            *_surroundings_tables(comparison, mix, words),
            *_money_tables(comparison, mix, words, at),
            _measures_table(mix, words, f"{at}-assumed"),
        ],
        "lengths": [
            text
            for closure in comparison.closures
            if (text := length_text(words, closure, found[closure, main])) is not None
        ],
    }


def _council(
    comparison: Comparison, mix: Mix, words: Words, found: dict, main: str,
    needs: dict[str, Needed], at: str, doubt: dict[tuple[str, str], Doubt] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the words of the first two pages."""
    first = comparison.closures[0]
    place = comparison.town.site.name(words.lang)
    base = found[first, main]
    enough = comparison.replications >= ENOUGH_PAIRS
    against = comparison.against
    # with draws the answer has one interval, which holds inputs and chance
    per_100 = {
        closure: found[closure, main]["per_100"]
        for closure in comparison.closures
        if (closure, main) in found
    }
    drawn = {c: one for (c, row), one in (doubt or {}).items() if row == "per_100"}
    for closure, one in drawn.items():
        per_100[closure] = Quantity("per_100", "per_100", one.found)
    page: dict[str, Any] = {
        "title": words("council.title", place=place),
        "question": words(
            "council.question_text",
            place=place,
            mix=words.mix(mix),
            against=words.mix(against) if against.entries else words("council.mix_none"),
        ),
        "answer": _answer(words, per_100[first], comparison.replications),
        "condition": "",
        "check": "",
        "needed_note": "",
        "reading": words("council.reading_all" if drawn else "council.reading") if enough else "",
        "rows": [],
    }
    other = [closure for closure in comparison.closures if closure != first]
    if enough and other and (other[0], main) in found:
        page["condition"] = words("council.answer_if", value=_plain(words, per_100[other[0]]))
    added = contrast(comparison, mix.id, first)
    if added is not None and enough:
        page["check"] = words(
            "council.check",
            nothing=_plain(words, found[first, "none"]["per_100"]),
            added=_plain(words, Quantity("per_100", "per_100", added)),
        )
    for strength in ("none", "assumed", "top"):
        cells: list[Any] = [
            {"text": _plain(words, found[closure, strength]["per_100"]), "to": f"{at}-per_100"}
            if (closure, strength) in found
            else words("format.not_run")
            for closure in comparison.closures
        ]
        page["rows"].append([words(f"council.three_{strength}"), *cells])
    if first in drawn and enough:
        page["needed_note"] = words(
            "council.below_zero", percent=words.percent(drawn[first].below_zero),
            draws=drawn[first].found.replications,
        )  # fmt: skip
    page["heads"] = [
        words("council.three_head_case"),
        *(words(f"council.three_head_{closure}") for closure in comparison.closures),
    ]
    page["needed"] = _needed(words, needs)
    whom = "council.whom_text" if design_of(comparison) == "cohorts" else "council.whom_text_whole"
    page["whom"] = [
        words(
            whom,
            served=words.number(base["served"].shown.mean, 0),
            workplaces=words.number(base["workplaces"].shown.mean, 0),
        ),
        words(
            "council.whom_entry",
            ledger=_plain(words, base["ledger"]),
            net=_plain(words, base["net"]),
        ),
        words("council.whom_progress", progress=_plain(words, base["progress"])),
    ]
    page["links"] = [
        {"text": words(f"questions.line_{row}"), "to": f"{at}-{row}"}
        for row in ("ledger", "net", "progress", "everybody")
    ]
    page["hangs"] = _hangs(comparison, mix, words)
    page["change"] = [
        words("council.change_effect"),
        *_by_closure(words, {c: _change_one(words, need) for c, need in needs.items()}),
        words("council.change_who"),
        words("council.change_jobs"),
    ]
    return page


def _hangs(comparison: Comparison, mix: Mix, words: Words) -> list[str]:
    names = [measure.names(words.lang) for measure in unmeasured(mix)]
    out = []
    if names:
        out.append(words("council.hangs_unmeasured", names=words.listed(names)))
    judgement, every = judged_of(judged(comparison)["place"])
    pairs = comparison.replications
    noise = "council.hangs_noise" if pairs >= ENOUGH_PAIRS else "council.hangs_few"
    out += [
        words("council.hangs_closure"),
        words(noise, pairs=pairs, enough=ENOUGH_PAIRS),
        words(
            "council.hangs_judgement",
            judged=judgement,
            all=every,
            percent=words.percent(judgement / every),
        ),
    ]
    if mix.hypothetical:
        listed = words.listed([mix.files[name].names(words.lang) for name in mix.hypothetical])
        out.append(words("council.hangs_hypothetical", names=listed))
    return out


def _needed(words: Words, needs: dict[str, Needed]) -> list[str]:
    """Return how strongly the measures would have to work, for the council."""
    return _by_closure(words, {c: _needed_one(words, need) for c, need in needs.items()})


def _by_closure(words: Words, texts: dict[str, str]) -> list[str]:
    """Return what is said under each demand closure, once where it is the same."""
    if len(set(texts.values())) == 1:
        return list(texts.values())[:1]
    return [words(f"council.needed_if_{closure}", text=text) for closure, text in texts.items()]


def _change_one(words: Words, need: Needed) -> str:
    return words(
        f"council.change_needed_{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        enough=ENOUGH_PAIRS,
    )


def _needed_one(words: Words, need: Needed) -> str:
    text = words(
        f"council.needed_{need.verdict}",
        multiple=words.number(need.multiple or 0.0, 1),
        top=words.number(need.top, 1),
    )
    if need.sure or need.verdict == "unknown":
        return text
    best, worst = bounds_text(words, need)
    return f"{text} {words('council.needed_unsure', best=best, worst=worst)}"


def _plain(words: Words, quantity: Quantity) -> str:
    """Return a number for the council: no marks, but words where it cannot be told from none."""
    found = quantity.found
    if found is None:
        return words("format.not_determined")
    text = words.estimate(found, sign=quantity.signed, mark=False)
    return _none_told(words, text, found) if quantity.signed else text


def _none_told(words: Words, text: str, found: Estimate) -> str:
    """Add in words, within the brackets, that a number cannot be told from none."""
    if found.is_enough and not found.is_told and found.high > found.low:
        return f"{text[:-1]}; {words('format.none_told')})"
    return text


def _answer(words: Words, per_100: Quantity, pairs: int) -> str:
    found = per_100.found
    if pairs < ENOUGH_PAIRS:
        return words("council.answer_few", pairs=pairs, enough=ENOUGH_PAIRS)
    if found is None:
        return words("council.answer_unknown")
    digits = words.digits((found.high - found.low) / 2)
    if not found.is_told:
        return words(
            "council.answer_none",
            low=words.number(found.low, digits, sign=True),
            high=words.number(found.high, digits, sign=True),
        )
    low, high = sorted((abs(found.low), abs(found.high)))
    return words(
        "council.answer_gain" if found.mean > 0 else "council.answer_loss",
        mean=words.number(abs(found.mean), digits),
        low=words.number(low, digits),
        high=words.number(high, digits),
    )


def _questions_table(
    comparison: Comparison, mix: Mix, words: Words, found: dict, main: str, at: str
) -> dict[str, Any]:
    """Return who asks what, and the line of the result that answers it."""
    closures = [closure for closure in comparison.closures if (closure, main) in found]
    costs = _money_of(comparison, mix)
    rows = []
    for who, asked in QUESTIONS.items():
        said = words(f"questions.who_{who}")
        for question, names in asked.items():
            text = words(f"questions.q_{question}")
            for name in names:
                if name != "money":
                    cells = [_plain(words, found[closure, main][name]) for closure in closures]
                elif costs:
                    own = [costs[closure, design_of(comparison)] for closure in closures]
                    cells = [
                        _none_told(words, euros(words, m.net, mark=False), m.net)
                        if m.priced
                        else words("money.no_price")
                        for m in own
                    ]
                else:
                    continue
                line = words(f"questions.line_{name}")
                rows.append(_row([said, text, {"text": line, "to": f"{at}-{name}"}, *cells]))
                said = text = ""
    heads = [words(f"questions.head_{head}") for head in ("who", "question", "line")]
    heads += [words(f"closure.{closure}") for closure in closures]
    return _table(words.mix(mix), heads, rows, words("questions.note"), names=True)


def _method(comparison: Comparison, words: Words) -> list[str]:
    closures = {closure: words(f"closure.{closure}") for closure in ("R", "E")}
    pairs = comparison.replications
    few = [words("method.few", pairs=pairs, enough=ENOUGH_PAIRS)] if pairs < ENOUGH_PAIRS else []
    return [
        *few,
        words("method.intro"),
        words("method.design", text=design_text(words, comparison)),
        words("method.direct"),
        words("method.closure_note", r=closures["R"], e=closures["E"]),
        words(
            "method.intervals",
            pairs=comparison.replications,
            seed=comparison.seed,
            seeds=seeds_text(comparison.seeds),
            enough=ENOUGH_PAIRS,
        ),
        words("method.attribution"),
    ]


# ---- tables ---------------------------------------------------------------------------------


def _headline_table(
    comparison: Comparison, mix: Mix, words: Words, found: dict, strengths: list[str], at: str
) -> dict[str, Any]:
    multiple = words.number(comparison.top_multiple(mix.id), 1)
    first = comparison.closures[0]
    heads = [words("table.outcome"), words("table.closure"), words("table.reference")]
    heads += [words(f"strength.{strength}", multiple=multiple) for strength in strengths]
    rows = []
    for section, names in SECTIONS.items():
        rows.append({"section": words(f"section.{section}"), "span": len(heads)})
        for name in names:
            for closure in comparison.closures:
                q = found[closure, strengths[0]][name]
                label = f"{words(f'row.{name}')}, {words(f'unit.{q.unit}')}"
                reference = "" if q.reference is None else _known(words, q)
                cells = [cell(words, found[closure, s][name]) for s in strengths]
                rows.append(
                    _row([label if closure == first else "", closure, reference, *cells],
                         strong=name in ("everybody", "jobs"),
                         id_=f"{at}-{name}" if closure == first else "")
                )  # fmt: skip
            if name == "per_100":
                rows += _placement_rows(comparison, words, found, strengths)
    notes = ["counts_note", "jobs_note", "direct_note", "length_note", "contrast_note"]
    if served_differs(found, first, strengths):
        notes.insert(1, "reach_note")
    note = " ".join(words(f"method.{name}") for name in notes)
    links = [
        {"text": words("table.measures"), "to": f"{at}-assumed"},
        {"text": words("table.world"), "to": "world"},
    ]
    return _table(words("table.headline"), heads, rows, note, wide=True, links=links)


def _doubt_tables(words: Words, doubt: dict[tuple[str, str], Doubt]) -> list[dict[str, Any]]:
    """Return what the interval of each headline number comes from, when inputs were drawn."""
    if not doubt:
        return []
    rows = []
    for (closure, name), one in doubt.items():
        shares = [
            words("format.not_determined") if math.isnan(share) else words.percent(share)
            for share in (one.shares[key] for key in DOUBT_SHARES)
        ]
        rows.append(
            _row([
                words(f"row.{name}"), closure, words.estimate(one.found),
                words.percent(one.below_zero), *shares, one.largest,
            ])
        )  # fmt: skip
    heads = [words("table.outcome"), words("table.closure")]
    heads += [words(f"doubt.head_{key}") for key in ("all", "below_zero", *DOUBT_SHARES, "largest")]
    draws = next(iter(doubt.values())).found.replications
    return [_table(words("table.doubt"), heads, rows, words("doubt.note", draws=draws), wide=True)]


def _placement_rows(
    comparison: Comparison, words: Words, found: dict, strengths: list[str]
) -> list[dict[str, Any]]:
    """Return how many must be served for one more at work, by closure."""
    out = []
    for closure in comparison.closures:
        cells = [_people_text(words, found[closure, s]["per_100"]) for s in strengths]
        label = words("row.people_per_placement") if closure == comparison.closures[0] else ""
        out.append(_row([label, closure, "", *cells]))
    return out


def _people_text(words: Words, per_100: Quantity) -> str:
    if per_100.found is None:
        return words("format.not_determined")
    if not per_100.found.is_enough:
        return words("format.few_pairs")
    number, least, most = people_per_placement(per_100)
    if least is None:
        return words("format.no_number")
    if number is None or most is None:
        return words("format.at_least", number=words.number(math.ceil(least), 0))
    return f"{words.number(number, 0)} ({words.between(least, most, 0)})"


def _seen_table(comparison: Comparison, mix: Mix, words: Words, main: str) -> dict[str, Any]:
    """Return whether the mix could be seen in what the place itself publishes every month."""
    rows = []
    for closure in comparison.closures:
        key = key_of(comparison, mix.id, main, closure)
        for seen in seen_in_figures(comparison, key) if key is not None else ():
            rows.append(
                _row([
                    words(f"row.{seen.row}"), closure, words.estimate(seen.change),
                    words.number(seen.usual, 0), words(f"seen.{seen.verdict}"),
                ])
            )  # fmt: skip
    heads = [words(f"seen.head_{head}") for head in ("figure", "closure", "change", "usual")]
    return _table(words("table.seen"), [*heads, words("seen.head_verdict")], rows,
                  words("seen.note"))  # fmt: skip


def _known(words: Words, quantity: Quantity) -> str:
    value = quantity.reference or 0.0
    return words.number(value, 3 if quantity.unit == "ratio" else (0 if value >= 100 else 1))


def _who_tables(
    comparison: Comparison, words: Words, found: dict, main: str
) -> list[dict[str, Any]]:
    out = []
    closures = [closure for closure in comparison.closures if (closure, main) in found]
    for per_100 in (False, True):
        rows = []
        for name in (*SIDES, "everybody"):
            cells = []
            for closure in closures:
                served = found[closure, main]["served"].shown.mean
                quantity = found[closure, main][name]
                if per_100 and served <= 0:
                    cells.append(words("format.not_determined"))
                    continue
                scale = 100 / served if per_100 else 1.0
                cells.append(words.estimate(quantity.shown.scaled(scale)))
            rows.append(_row([words(f"row.{name}"), *cells], strong=name == "everybody"))
        heads = [words("unit.person-months")]
        heads += [f"{closure}: {words(f'closure.{closure}')}" for closure in closures]
        caption = words("table.who_100" if per_100 else "table.who")
        out.append(_table(caption, heads, rows, words("method.adds_up")))
    return out


def _horizon_tables(comparison: Comparison, mix: Mix, words: Words) -> list[dict[str, Any]]:
    rows = []
    for closure in comparison.closures:
        for years, found in horizon_rows(comparison, mix.id, closure):
            for name, quantity in found.items():
                rows.append(
                    _row([words(f"row.{name}"), closure, str(years), _known(words, quantity),
                          words.estimate(quantity.shown)])
                )  # fmt: skip
    if not rows:
        return []
    names = ("outcome", "closure", "years", "reference", "difference")
    heads = [words(f"table.{name}") for name in names]
    return [_table(words("table.whole"), heads, rows)]


def _placebo_tables(comparison: Comparison, words: Words) -> list[dict[str, Any]]:
    rows = [
        _row([words(f"row.{name}"), closure, _known(words, quantity),
              words.estimate(quantity.shown)])
        for closure in comparison.closures
        for name, quantity in placebo_rows(comparison, closure).items()
    ]  # fmt: skip
    if not rows:
        return []
    heads = [words(f"table.{name}") for name in ("outcome", "closure", "reference", "difference")]
    return [_table(words("table.placebo"), heads, rows, words("method.placebo_note"))]


def _sex_table(
    comparison: Comparison, mix: Mix, words: Words, strengths: list[str]
) -> dict[str, Any]:
    rows = []
    multiple = words.number(comparison.top_multiple(mix.id), 1)
    for row, sex in (("women", "female"), ("men", "male")):
        for closure in comparison.closures:
            cells = []
            reference = ""
            for strength in strengths:
                key = (closure, mix.id, strength, design_of(comparison))
                outcome = ("work_months", "target_by_sex", sex)
                cells.append(words.estimate(comparison.estimate(key, *outcome)))
                known = comparison.estimate(key, *outcome, what="reference").mean
                reference = words.number(known, 0)
            rows.append(_row([words(f"row.{row}"), closure, reference, *cells]))
    heads = [words("table.outcome"), words("table.closure"), words("table.reference")]
    heads += [words(f"strength.{strength}", multiple=multiple) for strength in strengths]
    return _table(words("table.by_sex"), heads, rows)


def _served_table(
    comparison: Comparison, mix: Mix, words: Words, strengths: list[str]
) -> dict[str, Any]:
    closure, design = comparison.closures[0], design_of(comparison)
    multiple = words.number(comparison.top_multiple(mix.id), 1)
    by_strength = [
        served_by_measure(comparison, (closure, mix.id, strength, design), mix)
        for strength in strengths
    ]
    rows = []
    theirs = comparison.against.measures
    for entries in zip(*by_strength, strict=True):
        measure = entries[0][0]
        # a service that runs on as today serves nobody more, which a zero would not say
        runs_on = measure.id in theirs and mix.measures[measure.id] == theirs[measure.id]
        unit = "people" if measure.recruits == "person" else "workplaces"
        rows.append(
            _row([_measure_name(measure, mix, words), words(f"table.{unit}"),
                  *(words("money.runs_on") if runs_on else words.number(value, 1)
                    for _, value in entries)])
        )  # fmt: skip
    heads = [words("table.measure"), words("table.count")]
    heads += [words(f"strength.{strength}", multiple=multiple) for strength in strengths]
    return _table(words("table.served"), heads, rows, words("method.reach_note"))


def _measure_name(measure: Measure, mix: Mix, words: Words) -> str:
    name = measure.names(words.lang)
    if measure.hypothetical or measure.id in mix.hypothetical:
        return f"{name} {words('format.hypothetical_one')}"
    return name


def _measures_table(mix: Mix, words: Words, at: str) -> dict[str, Any]:
    heads = ["measure", "for_whom", "places", "lever", "size_range", "grade", "published", "why"]
    rows = []
    for measure, _ in mix.entries:
        for place, lever in enumerate(measure.levers):
            s = lever.strength
            places = mix.places_per_month(measure.id)
            rows.append(
                _row(
                    [
                        _measure_name(measure, mix, words) if place == 0 else "",
                        words(f"kind.{measure.kind}") if place == 0 else "",
                        words.number(places, 1) if place == 0 and places else "",
                        words(f"lever.{lever.lever}"),
                        f"{words.number(s.assumed)} ({words.between(s.low, s.high, 2)}) "
                        f"{unit_text(words, lever)}",
                        f"{s.grade}: {words(f'grade.{s.grade}')}",
                        words("format.yes" if lever.published else "format.no"),
                        "; ".join(text.rstrip(".") for text in (lever.reason, s.source) if text),
                    ]
                )
            )
    return _table(
        words("table.measures"), [words(f"table.{h}") for h in heads], rows,
        words("method.english"), wide=True, names=True, id_=at,
    )  # fmt: skip


def _surroundings_tables(comparison: Comparison, mix: Mix, words: Words) -> list[dict[str, Any]]:
    """Return whether the mix does better or worse under the surroundings, paired."""
    found = comparison.town.surroundings
    if found is None:
        return []
    rows = [
        _row(
            [
                label if closure == comparison.closures[0] else "",
                closure,
                words.estimate(without),
                words.estimate(under),
                words.estimate(gap),
                words(f"surroundings.{verdict}"),
            ]
        )
        for name, closure, under, without, gap, verdict in surroundings_rows(comparison, mix.id)
        for label in (f"{words(f'row.{name}')}",)
    ]
    if not rows:
        return []
    heads = [words("table.outcome"), words("table.closure")]
    heads += [words(f"surroundings.head_{h}") for h in ("without", "under", "gap", "verdict")]
    caption = words("table.surroundings", name=found.names(words.lang))
    grades = ", ".join(f"{g}: {words(f'grade.{g}')}" for g in sorted(set(found.grades())))
    note = words("surroundings.note") + (
        " " + words("surroundings.grades", grades=grades) if grades else ""
    )
    return [_table(caption, heads, rows, note, wide=True)]


def _money_of(comparison: Comparison, mix: Mix) -> dict[tuple[str, str], Money]:
    """Return money at the main strength by closure and design; none for an empty mix."""
    strength = main_strength(comparison, mix.id)
    found = {
        (closure, key[3]): money(comparison, key)
        for closure in comparison.closures
        if (own := key_of(comparison, mix.id, strength, closure)) is not None
        for key in dict.fromkeys((own, (*own[:3], "whole")))
        if key in comparison.pairs
    }
    return found if mix.measures else {}


def _money_tables(comparison: Comparison, mix: Mix, words: Words, at: str) -> list[dict[str, Any]]:
    """Return money at the main strength: totals, by measure, by payer and year."""
    found = _money_of(comparison, mix)
    if not found:
        return []
    first = found[comparison.closures[0], design_of(comparison)]
    return [
        _money_totals(comparison, mix, words, found, at),
        _money_by_measure(comparison, mix, words, first),
        _money_by_payer(words, first),
    ]


def _money_totals(
    comparison: Comparison, mix: Mix, words: Words, found: dict[tuple[str, str], Money], at: str
) -> dict[str, Any]:
    rows = []

    def add(name: str, text: Callable[[Money], str]) -> None:
        id_ = f"{at}-money" if name == "row_net" else ""
        rows.append(_row([words(f"money.{name}"), *map(text, found.values())], id_=id_))

    def ratio(name: str) -> Callable[[Money], str]:
        return lambda m: ratio_text(words, getattr(m, name), m)

    add("row_cost", lambda m: euros(words, m.cost) if m.priced else words("money.no_price"))
    add("row_saved", lambda m: euros(words, m.saved))
    add("row_net", lambda m: euros(words, m.net) if m.priced else words("money.no_price"))
    for name in ("per_placement", "per_job_year", "per_placement_net", "per_job_year_net"):
        add(name, ratio(name))
    add("row_payback", lambda m: payback_text(words, m))
    add(
        "row_at_most",
        lambda m: (
            words("money.none_served")
            if m.break_even_price is None
            else euros(words, m.break_even_price)
        ),
    )
    heads = [words("unit.EUR")]
    heads += [
        words(f"money.design_{design}", closure=closure, years=m.years)
        for (closure, design), m in found.items()
    ]
    first = next(iter(found.values()))
    notes = [without_text(words, first, mix, comparison), words("money.note")]
    return _table(words("table.money"), heads, rows, " ".join(filter(None, notes)), wide=True,
                  names=True)  # fmt: skip


def _money_by_measure(
    comparison: Comparison, mix: Mix, words: Words, found: Money
) -> dict[str, Any]:
    files = {**comparison.against.files, **mix.files}
    rows = []
    for line in found.lines:
        price = line.cost.price
        unit = words(f"money.unit_{line.unit.replace(' ', '_')}")
        if line.highest is None:
            highest = words("money.runs_on" if line.running else "money.none_served")
        elif line.highest.is_enough and line.highest.high < 0:
            highest = words("money.at_no_price")
        else:
            highest = f"{euros(words, line.highest)} {words(f'money.per_{line.per}')}"
            if line.highest.is_enough and line.highest.mean <= 0:
                highest = words("money.no_price_told", price=highest)
        rows.append(
            _row(
                [
                    _measure_name(files[line.measure], mix, words),
                    f"{words.estimate(line.bought, sign=False, mark=False)} {unit}",
                    words("money.no_price") if price is None else words.number(price.value, 0),
                    "" if price is None else f"{price.grade}: {words(f'grade.{price.grade}')}",
                    words("money.no_price")
                    if line.euros is None or line.low is None or line.high is None
                    else f"{euros(words, line.euros, mark=False)}; "
                    f"{words.between(line.low, line.high, 0)}",
                    highest,
                ]
            )
        )
    heads = [words(f"money.head_{h}") for h in ("measure", "bought", "price", "grade", "cost",
                                                "highest")]  # fmt: skip
    return _table(words("table.money_measures"), heads, rows, words("money.note_highest"),
                  wide=True, names=True)  # fmt: skip


def _money_by_payer(words: Words, found: Money) -> dict[str, Any]:
    rows = []
    for row in found.by_payer.itertuples():
        net = Estimate(row.net, row.net_low, row.net_high, found.net.replications)
        rows.append(
            _row(
                [
                    words(f"payer.{row.payer}") if row.year == 1 else "",
                    str(row.year),
                    words.number(row.cost, 0),
                    words.number(row.saved, 0),
                    euros(words, net),
                ]
            )
        )
    heads = [words(f"money.head_{h}") for h in ("payer", "year", "cost_year", "saved", "net")]
    return _table(words("table.money_payers"), heads, rows)


def _judgement_table(comparison: Comparison, words: Words) -> dict[str, Any]:
    counts = judged(comparison)
    rows = [
        _row([f"{grade}: {words(f'grade.{grade}')}",
              *(str(counts[name][grade]) for name in ("place", "levers"))])
        for grade in GRADES
    ]  # fmt: skip
    heads = [words("table.grade"), words("table.place_numbers"), words("table.levers")]
    return _table(words("table.judgement"), heads, rows)


def _world_table(words: Words, margins: dict[str, list], sectors: dict[str, str]) -> dict[str, Any]:
    def named(cell: str) -> str:
        # cells of sectors begin with an id; people read its name
        sector, _, what = cell.partition(" ")
        return f"{sectors.get(sector, sector)} {what}".strip()

    frame = pd.DataFrame(margins)
    for name in ("target", "built", "at_start"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    counted = frame[(frame["target"] > 0) & frame["at_start"].notna()].copy()
    counted["off"] = (counted["at_start"] / counted["target"] - 1).abs()
    within = int((counted["off"] <= CLOSE).sum())
    far = counted[counted["target"] >= SMALL_COUNT]
    far = far.sort_values(["off", "margin", "cell"], ascending=[False, True, True]).head(FAR_ROWS)
    rows = [
        _row([f"{row.margin}: {named(str(row.cell))}",
              *(words.number(float(x), 0) for x in (row.target, row.built, row.at_start)),
              str(row.source)])
        for row in far.itertuples()
    ]  # fmt: skip
    heads = [words(f"table.{h}") for h in ("margin", "target", "built", "at_start", "source")]
    note = words("table.world_note", within=within, all=len(counted))
    return _table(words("table.world"), heads, rows, note, names=True, id_="world")
