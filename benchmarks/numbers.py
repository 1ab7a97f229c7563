"""``python -m benchmarks numbers``: compute the headline numbers of the documents again.

Every number stands in a document and comes from a command. Two kinds are known: numbers in the
sentences of the README, each found by the words before it (:data:`SENTENCES`), and tables that a
command writes, compared row by row (:data:`PAGES`). What lies outside the interval that the
document gives has moved: write the new number, and say so in ``CHANGELOG.md``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from experiments.app.console import complain, explain, prepare_streams, write_json

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 24  # behind the numbers of the README
NUMBER = r"[-+\u2212]?\d[\d,]*(?:\.\d+)?"
# a number, what it counts, its interval in brackets or after a semicolon
VALUE = re.compile(rf"({NUMBER})(?:[^()|;]{{0,40}}[(;]\s*({NUMBER}) to ({NUMBER}))?")
NOT_SIMULATED = ("published", "target", "tolerance")  # heads of columns


class Found(NamedTuple):
    """A number with its interval, as a document gives it or as it is now."""

    mean: float
    low: float | None = None
    high: float | None = None


class Sentence(NamedTuple):
    """A number of a sentence.

    Attributes
    ----------
    name : str
    before : str
        Pattern of the words right before it in the README.
    row, closure, strength : str
        Headline row of the comparison (``simulator.headline``) and its arm; ``needed`` is the
        multiple of the assumed strength, ``cost`` the money, ``added`` what the assumption adds.
    """

    name: str
    before: str
    row: str
    closure: str = "R"
    strength: str = "assumed"


class Line(NamedTuple):
    """What became of one number."""

    document: str
    name: str
    written: Found | None
    now: Found | None
    verdict: str


_CELL = r"[^|\n]*\|\s*"
_ADDS = r"\| what the assumption adds \|"
SENTENCES = (
    Sentence("per 100, no effect, R", r"\| none \|\s*", "per_100", "R", "none"),
    Sentence("per 100, no effect, E", rf"\| none \|{_CELL}", "per_100", "E", "none"),
    Sentence("per 100, as assumed, R", r"\| as assumed \|\s*", "per_100"),
    Sentence("per 100, as assumed, E", rf"\| as assumed \|{_CELL}", "per_100", "E"),
    Sentence("what the assumption adds, R", _ADDS + r"\s*", "added"),
    Sentence("what the assumption adds, E", _ADDS + _CELL, "added", "E"),
    Sentence("strength needed for one more", r"One more person per 100 needs ", "needed"),
    Sentence("served a year", r"The mix serves ", "served"),
    Sentence("direct effect, months in 24", r"than the losers of the lottery \(", "direct"),
    Sentence("entry posts seen", r"the ledger sees ", "ledger"),
    Sentence("supported promotions", r"entry posts open behind ", "supported"),
    Sentence("more people promoted", r"whether more people are promoted \(", "additional"),
    Sentence("more entry posts advertised", r"advertises more entry posts in all \(", "net"),
    Sentence("more jobs, post-months", r"has more jobs \(", "jobs"),
    Sentence("low-schooled higher up", r"at work with little schooling climb \(", "progress"),
    Sentence("cost, EUR", r"What has a price costs ", "cost"),
)  # fmt: skip


# ------------------------------------------------------------------ what the documents say


def number(text: str) -> float:
    """Return a number as documents write it: commas between thousands, any minus.

    Examples
    --------
    >>> number("148,000"), number("-0.29"), number("+12")
    (148000.0, -0.29, 12.0)
    """
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("."))


def read(text: str, before: str) -> tuple[Found, str] | None:
    """Return the number after some words, and how it is written; None when it is not there."""
    at = re.search(before, text)
    told = VALUE.match(text, at.end()) if at else None
    if told is None:
        return None
    low, high = (None if part is None else number(part) for part in told.groups()[1:])
    return Found(number(told[1]), low, high), told[1]


def table_numbers(text: str) -> dict[tuple[str, ...], tuple[Found, str]]:
    """Return the numbers with an interval in the tables of a page, by row and column.

    The texts of a row before its first number, at most two, and the head of the column name it.
    """
    found: dict[tuple[str, ...], tuple[Found, str]] = {}
    heads: list[str] = []
    for line in text.split("\n"):
        if not line.startswith("|"):
            heads = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not heads:
            heads = cells
            continue
        texts = []
        for head, cell in zip(heads, cells, strict=False):
            told = VALUE.match(cell)
            if told is None or told[2] is None:
                if not re.match(NUMBER, cell):
                    texts.append(cell)
                continue
            if head.startswith(NOT_SIMULATED):
                continue
            key = (*texts[:2], head)
            value = Found(number(told[1]), number(told[2]), number(told[3]))
            if key not in found:
                found[key] = value, told[1]
    return found


def verdict(written: Found, shown: str, now: Found) -> str:
    """Say whether a number is the same, within its interval, or has moved.

    Examples
    --------
    >>> verdict(Found(8.6, 7.2, 9.9), "8.6", Found(8.61, 7.1, 9.9))
    'same'
    >>> verdict(Found(8.6, 7.2, 9.9), "8.6", Found(9.8, 9.0, 10.6))
    'within'
    >>> verdict(Found(8.6, 7.2, 9.9), "8.6", Found(10.4, 9.0, 10.6))
    'moved'
    >>> verdict(Found(148_000), "148,000", Found(148_380.0))
    'same'
    """
    whole, _, decimals = shown.partition(".")
    zeros = len(whole) - len(whole.rstrip("0,")) if not decimals else 0
    zeros -= whole[len(whole) - zeros :].count(",")
    place = len(decimals) if decimals else -zeros
    if abs(round(now.mean, place) - written.mean) < 1e-9 * max(1.0, abs(written.mean)):
        return "same"
    low, high = (written.low, written.high)
    if low is None or high is None:  # without one of its own, that of today
        low, high = now.low, now.high
        inside = low is not None and high is not None and low <= written.mean <= high
        return "within" if inside else "moved"
    return "within" if low <= now.mean <= high else "moved"


# ------------------------------------------------------------------ what they are now


def _of(estimate: Any) -> Found | None:
    return None if estimate is None else Found(estimate.mean, estimate.low, estimate.high)


def readme(pairs: int = PAIRS, threads: int | None = None) -> dict[str, Found | None]:
    """Return the numbers of :data:`SENTENCES` as ``compare kokkola`` gives them now."""
    from simulator import compare
    from simulator.headline import contrast, key_of, needed, quantities
    from simulator.money import money

    made = compare("kokkola", replications=pairs, threads=threads)
    mix = made.mixes[0].id
    found: dict[str, Found | None] = {}
    for one in SENTENCES:
        key = key_of(made, mix, one.strength, one.closure)
        if key is None:
            raise ValueError(f"compare has no arm for '{one.name}'")
        if one.row == "needed":
            multiple = needed(made, mix, one.closure).multiple
            found[one.name] = None if multiple is None else Found(multiple)
        elif one.row == "added":
            found[one.name] = _of(contrast(made, mix, one.closure))
        elif one.row == "cost":
            found[one.name] = _of(money(made, key).cost)
        else:
            found[one.name] = _of(quantities(made, key)[one.row].found)
    return found


def _fit() -> str:
    from calibration.moments import simulate_many, write_fit
    from simulator.town import Town

    town = Town("kokkola")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fit.md"
        write_fit(town.site, simulate_many(town.site, range(1, 9)), path, "")
        return path.read_text(encoding="utf-8")


def _facts() -> str:
    from calibration.facts import measured_facts, tables

    return tables(measured_facts())


# the document, the command in its words, and what gives its tables as text
PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "docs/kokkola_fit.md": ("python -m calibration.moments kokkola", _fit),
    "docs/validation.md": ("python -m calibration.facts", _facts),
}


def sentences(now: dict[str, Found | None] | None = None) -> Iterator[Line]:
    """Yield what became of the numbers in the sentences of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    now = readme() if now is None else now
    for one in SENTENCES:
        told, value = read(text, one.before), now.get(one.name)
        if told is None:
            yield Line("README.md", one.name, None, value, "not found")
        elif value is None:
            yield Line("README.md", one.name, told[0], None, "not determined")
        else:
            yield Line("README.md", one.name, told[0], value, verdict(*told, value))


def page(document: str, text: str | None = None) -> Iterator[Line]:
    """Yield what became of the numbers in the tables that a command writes."""
    written = table_numbers((ROOT / document).read_text(encoding="utf-8"))
    now = table_numbers(PAGES[document][1]() if text is None else text)
    for key, (value, _) in now.items():
        told = written.get(key)
        name = ", ".join(key[:-1])
        if told is None:
            yield Line(document, name, None, value, "not found")
        else:
            yield Line(document, name, told[0], value, verdict(*told, value))


DOCUMENTS = ("README.md", *PAGES)
ORDER = ("moved", "not found", "not determined", "within", "same")


def _shown(found: Found | None) -> str:
    if found is None:
        return "-"
    text = f"{found.mean:,.4g}" if abs(found.mean) < 10_000 else f"{found.mean:,.0f}"
    if found.low is None or found.high is None:
        return text
    return f"{text} ({found.low:.4g} to {found.high:.4g})"


def table(lines: list[Line], every: bool = False) -> str:
    """Return the lines as a Markdown table, what moved first; the same ones only if asked."""
    shown = [line for line in lines if every or line.verdict != "same"]
    shown.sort(key=lambda line: ORDER.index(line.verdict))
    rows = [
        f"| {line.verdict} | {line.document} | {line.name} | {_shown(line.written)} | "
        f"{_shown(line.now)} |"
        for line in shown
    ]
    head = ["| | document | number | written | now |", "|---|---|---|---|---|"]
    counts = ", ".join(
        f"{sum(line.verdict == word for line in lines)} {word}"
        for word in ORDER
        if any(line.verdict == word for line in lines)
    )
    return "\n".join([*(head if rows else []), *rows, "", f"{len(lines)} numbers: {counts}."])


def main(arguments: list[str]) -> int:
    """Compute the numbers, print what became of them; 1 when one moved or is not found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks numbers", description=__doc__)
    parser.add_argument("--only", choices=DOCUMENTS, help="only the numbers of one document")
    parser.add_argument("--all", action="store_true", help="also list numbers that are the same")
    parser.add_argument("--threads", type=int, help="for the comparison of the README")
    parser.add_argument("--json", metavar="FILE", help="write a list of objects; - prints it")
    options = parser.parse_args(arguments)
    prepare_streams()
    lines: list[Line] = []
    for document in DOCUMENTS:
        if options.only in (None, document):
            print(f"computing the numbers of {document} ...", file=sys.stderr, flush=True)
            if document == "README.md":
                lines += sentences(readme(threads=options.threads))
            else:
                lines += page(document)
    if options.json != "-":
        print(table(lines, options.all))
    if options.json:
        rows = [
            line._asdict()
            | {
                k: None if (v := getattr(line, k)) is None else v._asdict()
                for k in ("written", "now")
            }
            for line in lines
        ]
        try:
            write_json(rows, options.json)
        except Exception as error:
            message, code = explain(error)
            complain(message)
            return code
    return int(any(line.verdict in ("moved", "not found") for line in lines))
