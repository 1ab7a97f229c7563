"""Answers computed beforehand: mixes of named levels, and one file that shows them alone.

A table is a file of JSON lines: a head that says what it rests on, then one finished answer a
line, as the page gets it from the server. A line is written when its answer is there, so work
that is stopped goes on where it was. A table of other numbers or other code is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.app.console import InputError
from scenarios import Site, load_site
from scenarios.measures import load_mix
from simulator.comparison import DATES

from . import catalogue
from .decade import decade
from .eligible import eligible
from .indispensable import losses
from .mixes import Request, fitting_measures, mix_file, mix_of, read_request, services
from .scheduler import Token
from .studies import Library
from .twins import SEEDS

FOLDER = Path("results/workshop")
EXAMPLES_KEPT = 2  # chains told of each band of the staircase
MORE = ("chains", "losses", "decade")  # what a line holds beside the answer
LARGEST_EXPORT = 15 * 1000 * 1000  # bytes


def stamp(library: Library, site: Site) -> str:
    """Return 16 hex digits of everything that decides the answers of a table."""
    bench = library.bench(site.id)
    town = bench.town
    parts: dict[str, Any] = dict(town.hashes([bench.against]))
    parts["measures"] = [one.model_dump_json() for one in fitting_measures(site)]
    parts["page"] = [library.seed, library.seeds, len(DATES), town.scale]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def named_settings(site: Site) -> Iterator[Request]:
    """Yield the mixes of a table, what a room tries first first, each once.

    The town as it is and the place's mix; every measure alone at every named level; the place's
    mix with one measure at another level, or without one partner; every set of its measures in
    full; every service of today taken away or in full.
    """
    levels = catalogue.levels()["levels"]
    setting = catalogue.mix_setting(load_mix(site.default_mix, site.id))
    running = services(site.id)
    ours = {name: one for name, one in setting["measures"].items() if name not in running}
    known = {one.id for one in fitting_measures(site) if one.levers}
    others = sorted(known - set(ours) - set(running))
    found = set()

    def asked(measures: dict[str, Any], partners: dict[str, Any]) -> Iterator[Request]:
        request = read_request({"site": site.id, "measures": measures, "partners": partners})
        if request.mix_key not in found:
            found.add(request.mix_key)
            yield request

    def one(name: str, level: str) -> dict[str, Any]:
        return {name: {"dose": levels[level], "strength": "assumed", "start": 0}}

    whole, partners = setting["measures"], setting["partners"]
    yield from asked({}, {})
    yield from asked(whole, partners)
    for name in ours:
        for level in ("full", "city", "pilot"):
            yield from asked(one(name, level), {})
    for name in ours:
        for level in ("off", "pilot", "city", "full"):
            yield from asked(whole | one(name, level), partners)
    for kind in catalogue.partner_kinds():
        yield from asked(whole, partners | {kind: {"takes_part": False}})
    for name in running:
        for level in ("off", "full"):
            yield from asked(one(name, level), {})
            yield from asked(whole | one(name, level), partners)
    for name in others:
        yield from asked(one(name, "full"), {})
    for size in range(2, len(ours)):
        for names in itertools.combinations(ours, size):
            yield from asked({name: whole[name] for name in names}, {})


class Table:
    """Finished answers of one place, by mix.

    Attributes
    ----------
    site, stamp : str
    answers : dict
        By ``mix_key``: the setting as asked and the message that the page gets.
    """

    def __init__(self, site: str, stamp: str) -> None:
        self.site = site
        self.stamp = stamp
        self.answers: dict[str, dict[str, Any]] = {}

    def add(
        self, request: Request, message: dict[str, Any], more: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Keep an answer, with examples of chains and losses if they are there; return its line."""
        line = {"setting": request.model_dump(exclude_none=True), "message": message}
        line |= more or {}
        self.answers[request.mix_key] = line
        return line

    def message(self, request: Request) -> dict[str, Any] | None:
        """Return the finished answer to a request, or None: never that of another mix."""
        if request.parameters or request.site != self.site:
            return None
        line = self.answers.get(request.mix_key)
        return None if line is None else line["message"]


def path_of(site: str, folder: Path = FOLDER) -> Path:
    """Return where the table of a place is kept."""
    return folder / f"{site}.jsonl"


def load_table(library: Library, site_id: str, folder: Path = FOLDER) -> tuple[Table | None, bool]:
    """Read the table of a place.

    Returns
    -------
    (Table or None, bool)
        None when there is none, or when it rests on other numbers or code (then True).
    """
    path = path_of(site_id, folder)
    if not path.is_file():
        return None, False
    with path.open(encoding="utf-8") as file:
        head = _line(file.readline())
        wanted = stamp(library, load_site(site_id))
        if head is None or head.get("stamp") != wanted:
            return None, True
        table = Table(site_id, wanted)
        for text in file:
            line = _line(text)  # the last may be cut off
            if line is not None:
                more = {key: line[key] for key in MORE if key in line}
                table.add(read_request(line["setting"]), line["message"], more)
    return table, False


def _line(text: str) -> dict[str, Any] | None:
    with contextlib.suppress(json.JSONDecodeError):
        found = json.loads(text)
        return found if isinstance(found, dict) else None
    return None


def prepare(
    site_id: str, threads: int, seed: int = 1, seeds: int = SEEDS, most: int | None = None,
    folder: Path = FOLDER, progress: Callable[[float, float], None] | None = None,
) -> Path:  # fmt: skip
    """Compute the table of a place, or what is missing of it.

    Parameters
    ----------
    seeds : int
        Pairs of worlds of each answer.
    most : int, optional
        Mixes, the first of :func:`named_settings`; all by default.

    Returns
    -------
    Path
        The table.
    """
    site = load_site(site_id)
    library = Library(threads, seeds, seed)
    table, stale = load_table(library, site.id, folder)
    path = path_of(site.id, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    if table is None:
        table = Table(site.id, stamp(library, site))
        head = {"stamp": table.stamp, "site": site.id, "seed": seed, "pairs": seeds,
                "version": version("vacancy-chain-simulator")}  # fmt: skip
        path.write_text(json.dumps(head) + "\n", encoding="utf-8")
    else:  # without a line that was cut off
        lines = path.read_text(encoding="utf-8").splitlines()
        good = [text for text in lines if _line(text) is not None]
        path.write_text("\n".join(good) + "\n", encoding="utf-8")
    wanted = list(itertools.islice(named_settings(site), most))
    with path.open("a", encoding="utf-8") as file:
        for done, request in enumerate(wanted):
            if progress is not None:
                progress(done, len(wanted))
            known = table.answers.get(request.mix_key, {})
            if not {"message", *MORE} <= set(known):  # a later line replaces an earlier one
                message = known.get("message") or asyncio.run(_finished(library, request))
                line = table.add(request, message, asyncio.run(more_of(library, request)))
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
                file.flush()
    library.scheduler.stop()
    return path


async def _finished(library: Library, request: Request) -> dict[str, Any]:
    done = asyncio.get_running_loop().create_future()

    def listener(message: dict[str, Any]) -> None:
        if done.done():
            return
        if message["stage"] == "failed":
            done.set_exception(RuntimeError(message["error"]))
        elif message["stage"] == "finished":
            done.set_result(message)

    study = library.study(request)
    study.subscribe(listener)
    try:
        return await done
    finally:
        study.unsubscribe(listener)


async def more_of(library: Library, request: Request) -> dict[str, Any]:
    """Return what the page may ask of a mix beside its answer: chains, losses, ten years."""
    bench = library.bench(request.site)
    mix = mix_of(request, bench.town.site)
    found: list[dict[str, Any]] = []

    def tell(_done: int, _total: int, losses: list[dict[str, Any]]) -> None:
        found[:] = losses

    years: dict[str, Any] = {}

    def tell_years(done: int, total: int, rows: dict[str, Any] | None) -> None:
        years.update(done=done, total=total, rows=rows)

    await losses(bench, library.scheduler, mix, request.closure, Token(), tell)
    await decade(bench, library.scheduler, mix, request.closure, Token(), tell_years)
    return {
        "chains": library.examples(request).every(EXAMPLES_KEPT), "losses": found, "decade": years,
    }  # fmt: skip


# ---- one file --------------------------------------------------------------------------------


def export(library: Library, site_id: str, target: Path, folder: Path = FOLDER) -> int:
    """Write the page with the answers of a table as one file; return its bytes.

    Raises
    ------
    InputError
        When there is no table, or the file would be too large.
    """
    table, stale = load_table(library, site_id, folder)
    if table is None or not table.answers:
        why = "was computed with other numbers or code" if stale else "is not there"
        raise InputError(
            f"The table of {site_id} {why}; "
            f"compute it with: vacancy-chains workshop --prepare {site_id}"
        )
    content = _page(library, table).encode("utf-8")
    if len(content) > LARGEST_EXPORT:
        raise InputError(
            f"{target.name} would have {len(content) / 1e6:.1f} MB, more than "
            f"{LARGEST_EXPORT / 1e6:.0f}; prepare fewer mixes."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(content)
    os.replace(part, target)
    return len(content)


def _page(library: Library, table: Table) -> str:
    import base64

    from .server import GUIDE, LANGUAGES, LOCALE, STATIC, static_files

    site = load_site(table.site)
    answers = []
    for line in table.answers.values():
        request = read_request(line["setting"])
        answers.append({**line, "file": mix_file(mix_of(request, site))})
    places = [place for place in catalogue.places() if place["id"] == table.site]
    data = {
        "locales": {
            lang: json.loads((LOCALE / f"{lang}.json").read_text(encoding="utf-8"))
            for lang in LANGUAGES
        },
        "guides": {
            lang: (GUIDE / f"{lang}.md").read_text(encoding="utf-8") for lang in LANGUAGES
        },
        "place": catalogue.place(table.site),
        "hello": {
            "type": "hello", "facilitator": True, "site": table.site, "places": places,
            "version": version("vacancy-chain-simulator"), "seed": library.seed,
            "pairs": library.seeds,
        },
        "answers": answers,
        "eligible": eligible(library.bench(table.site)),
    }  # fmt: skip

    def inlined(kind: str, content: bytes) -> str:
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    modules = {}
    for path in sorted(STATIC.rglob("*.js")):
        name = path.relative_to(STATIC).as_posix()
        if name.startswith("vendor/"):
            continue
        text = path.read_text(encoding="utf-8")
        folder = Path(name).parent

        def bare(found: re.Match[str], folder: Path = folder) -> str:
            wanted = os.path.normpath(folder / found[1]).replace(os.sep, "/")
            return f'from "page/{wanted}"'

        text = re.sub(r'from "(\.[^"]+)"', bare, text)
        modules[f"page/{name}"] = inlined("text/javascript", text.encode())
    icon = inlined("image/svg+xml", static_files()["icon.svg"][0])
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    charts = (STATIC / "vendor" / "echarts.min.js").read_text(encoding="utf-8")
    charts = charts.replace("</script", "<\\/script")
    notice = (STATIC / "vendor" / "echarts.NOTICE.txt").read_text(encoding="utf-8")
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    policy = (
        "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en" class="exported"><head><meta charset="utf-8">',
            f'<meta http-equiv="content-security-policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<title>Vacancy chains</title>",
            f'<link rel="icon" href="{icon}">',
            f"<style>\n{style}</style>",
            f'<script id="data" type="application/json">{text.replace("<", chr(92) + "u003c")}'
            "</script>",
            f"<script>/* {notice.strip()} */\n{charts}</script>",
            f'<script type="importmap">{json.dumps({"imports": modules})}</script>',
            "</head><body>",
            "<noscript>This page needs JavaScript; it asks nothing of any network.</noscript>",
            '<script type="module">import "page/app.js";</script>',
            "</body></html>\n",
        )
    )
