"""Spoil files and messages at random and see whether what reads them stands it.

Shipped scenario files, designs, result folders, mixes saved at the workshop and messages of its
page are changed in a few places and handed to the function that a user's file meets. It must take
the case or refuse it in words: no other exception, no work beyond a time limit, no memory blow-up.
What is accepted is used a little further (a place is laid out, a mix is made ready for the kernels,
a chain is told).

``python -m experiments.app.mutated_files --number 20000`` prints a table by kind. A case is decided
by the seed, its kind and its number alone: ``--only site --first 17 --number 1`` makes it again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import experiments
import scenarios
from experiments.app.console import WRONG_INPUT, explain, prepare_streams
from experiments.app.spoil import spoil_csv, spoil_json, spoil_parquet, spoil_text

SECONDS = 20  # a case that takes longer hangs
MORE_MEMORY = 2 << 30  # bytes that a case may add to what the process has
LONGEST = 2_000  # characters of one problem; a longer one throws the file back, it says nothing

SHIPPED = Path(scenarios.__file__).parent
DESIGNS = Path(experiments.__file__).parent / "designs"
LOCAL = """schema = 1

[[numbers]]
key = "margins.register_unemployed"
value = 1841
date = "2026-03"
source = "employment service statistics, mean of the year"

[[numbers]]
key = "education.residents"
values = [0.2, 0.45, 0.35]
low = [0.18, 0.43, 0.33]
high = [0.22, 0.47, 0.37]
grade = "B"
unit = "share"
date = "2026"
source = "another table"
"""
DESIGN = {
    "id": "small", "design": "factorial", "replications": 1, "seed": 1, "years": 1,
    "places": ["lagoa"], "mix": "lagoa", "closures": ["R"],
    "assumptions": {"backfill": {"values": [0.9, 0.95]}},
}  # fmt: skip
SETTING = {
    "site": "kokkola", "closure": "E", "parameters": {"backfill": 0.9},
    "measures": {"taite": {"dose": 0.5, "strength": "top", "start": 3}, "iisirekry": {"dose": 1.0}},
    "partners": {"third_sector": {"takes_part": False}},
}  # fmt: skip


class Hang(BaseException):
    """A case took too long; no reader may take this for a problem of the file."""


class RefusalError(Exception):
    """The reader refused a case in words, by way of an answer instead of an error."""


class Failure(NamedTuple):
    """A case that was neither accepted nor refused in words."""

    kind: str
    number: int
    what: str
    trace: str


class Kind(NamedTuple):
    """A kind of case.

    Attributes
    ----------
    share : int
        Cases of 200.
    sources : callable
        From a folder for what is made once to the files, folders or messages that are spoiled.
    spoil : callable
        From a source, the chance and a folder for the case to what is read.
    read : callable
        What a user's file meets.
    """

    share: int
    sources: Callable[[Path], list[Any]]
    spoil: Callable[[Any, random.Random, Path], Any]
    read: Callable[[Any], None]


# ------------------------------------------------------------------ scenario files and designs


def _files(*patterns: str, folder: Path = SHIPPED) -> Callable[[Path], list[Path]]:
    return lambda _made: sorted(path for pattern in patterns for path in folder.glob(pattern))


def _local(made: Path) -> list[Path]:
    made.mkdir(exist_ok=True)
    path = made / "our_numbers.toml"
    path.write_text(LOCAL, encoding="utf-8")
    return [path]


def _spoil_file(path: Path, chance: random.Random, work: Path) -> Path:
    donor = chance.choice(sorted(SHIPPED.glob("m*/*.toml"))) if chance.random() < 0.2 else None
    words = "" if donor is None else donor.read_text(encoding="utf-8")
    made = work / path.name
    made.write_bytes(spoil_text(path.read_text(encoding="utf-8"), chance, words))
    return made


def _check(path: Path) -> None:
    from experiments.app.checks import check_file

    check_file(path)


def _site(path: Path) -> None:
    from scenarios import load_site
    from simulator.town import Town

    _check(path)
    Town(load_site(path))


@functools.lru_cache(maxsize=16)
def _town(site: str, parameters: tuple[tuple[str, float], ...] = ()) -> Any:
    from simulator.town import Town

    return Town(site, dict(parameters))


def _lay_out(mix: Any, site: str | None = None) -> None:
    """Make a mix ready for the kernels, as before a world begins."""
    from scenarios.loader import shipped_sites
    from simulator.policy import lay_out_mix

    site = mix.site or site
    if site in shipped_sites():
        town = _town(site)
        lay_out_mix(mix, town.site, town.place)


def _mix(path: Path) -> None:
    from scenarios.measures import load_mix

    _check(path)
    _lay_out(load_mix(path))


def _measure(path: Path) -> None:
    from scenarios.measures import Dose, Mix, load_measure

    _check(path)
    one = load_measure(path)
    _lay_out(Mix(id=one.id, site="kokkola", names=one.names, measures={one.id: Dose(dose=1.0)},
                 files={one.id: one}))  # fmt: skip


def _numbers(path: Path) -> None:
    from scenarios import load_site
    from simulator.town import Town

    _check(path)
    Town(load_site("kokkola", local=path))


def _design(path: Path) -> None:
    from experiments.design import read_design

    next(read_design(path).blocks(), None)


# ------------------------------------------------------------------ result folders


def _run_folder(made: Path) -> list[Path]:
    from simulator import run

    if not made.exists():
        run("lagoa", mix="lagoa", years=1).write(made)
    return [made]


def _compare_folder(made: Path) -> list[Path]:
    from simulator import compare

    if not made.exists():
        compare("lagoa", years=2, replications=2, closure="R").write(made)
    return [made]


def _sweep_folder(made: Path) -> list[Path]:
    from experiments.design import read_design
    from experiments.sweeps import sweep

    if not made.exists():
        sweep(read_design(DESIGN, "small"), made, workers=1, announce=lambda *_: None)
    return [made]


def _spoil_folder(folder: Path, chance: random.Random, work: Path) -> Path:
    """Spoil one file of a folder; the others are the same files under another name."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".csv", ".parquet"))
    target = chance.choice(files)
    made = work / "result"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != target:
            copy = made / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, copy)
    copy = made / target.relative_to(folder)
    copy.parent.mkdir(parents=True, exist_ok=True)
    if chance.random() < 0.03:
        return made  # the file is missing
    if target.suffix == ".parquet":
        copy.write_bytes(spoil_parquet(target, chance))
    elif target.suffix == ".csv":
        copy.write_bytes(spoil_csv(target.read_text(encoding="utf-8"), chance))
    else:
        copy.write_bytes(spoil_json(target.read_text(encoding="utf-8"), chance))
    return made


def _result(folder: Path) -> None:
    from simulator.check import check_results

    rows = check_results(folder)
    if any(row.holds is False for row in rows):
        raise RefusalError("\n".join(row.detail for row in rows if row.holds is False))


def _run_result(folder: Path) -> None:
    from simulator.stories import pick_chain, read_chain_tables, tell_chain

    _manifest(folder)
    tables = read_chain_tables(folder)
    for which in ("longest", "random"):
        tell_chain(**tables, chain_id=pick_chain(tables["chains"], which), lang="fi")
    _result(folder)


def _manifest(folder: Path) -> None:
    """Read from a manifest what a rerun needs, as ``reproduce`` does before it runs."""
    from experiments.reproduction import changed_inputs, inputs_of
    from simulator.files import read_manifest

    manifest = read_manifest(folder)
    try:
        changed_inputs(manifest, *inputs_of(folder, manifest))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise RefusalError(f"reproduce says: {error} is missing") from error


def _compare_result(folder: Path) -> None:
    _manifest(folder)
    _result(folder)


def _sweep_result(folder: Path) -> None:
    from experiments.indices import sensitivity
    from experiments.sweeps import plan_of, read_results

    plan_of(folder)
    read_results(folder)
    sensitivity(folder)


# ------------------------------------------------------------------ the workshop


def _saved_mixes(_made: Path) -> list[str]:
    from experiments.app.workshop.mixes import mix_file, mix_of, read_request
    from scenarios import load_site

    request = read_request(SETTING)
    shipped = [path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("mixes/kok*"))]
    return [mix_file(mix_of(request, load_site("kokkola"), "Our own mix")), *shipped]


def _spoil_saved(text: str, chance: random.Random, _work: Path) -> list[str]:
    import json

    spoiled = spoil_text(text, chance).decode("utf-8", "replace")
    return [json.dumps({"type": "read", "request": 1, "site": "kokkola", "text": spoiled})]


def _messages(_made: Path) -> list[dict[str, Any]]:
    lead = {"type": "lead", "what": "hold", "setting": SETTING}
    return [
        {"type": "ask", "request": 1, "slot": 2, "setting": SETTING},
        {"type": "leave", "slot": 2},
        {"type": "file", "request": 2, "name": "Our own mix", "setting": SETTING},
        {"type": "chain", "request": 3, "setting": SETTING, "rung": 1, "side": "out",
         "band": "never", "which": 0},
        {"type": "essential", "request": 4, "setting": SETTING},
        {"type": "code"},
        {"type": "guess", "guess": "same"},
        {"type": "pin", "name": "Ours", "setting": SETTING},
        lead,
        {"type": "lead", "what": "reveal"},
        {"type": "lead", "what": "hands", "guess": "same", "n": 3},
        {"type": "lead", "what": "call", "screen": "explore"},
        {"type": "lead", "what": "unpin", "at": 0},
        {"type": "lead", "what": "parameters", "parameters": {"backfill": 0.9}},
    ]  # fmt: skip


def _spoil_messages(source: dict[str, Any], chance: random.Random, _work: Path) -> list[str]:
    """Return a spoiled message between two good ones, as a page that goes on sends them."""
    import json

    spoiled = spoil_json(json.dumps(source), chance).decode("utf-8", "replace")
    return [
        json.dumps(_messages(Path())[0]),
        spoiled,
        json.dumps({"type": "guess", "guess": "same"}),
    ]


class _Line:
    """A websocket that brings some messages and then goes away."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = list(texts)

    async def receive_text(self) -> str:
        """Return the next message."""
        from starlette.websockets import WebSocketDisconnect

        if not self.texts:
            raise WebSocketDisconnect
        return self.texts.pop(0)

    async def close(self, code: int) -> None:
        """Hang up."""
        raise RefusalError(f"closed with code {code}")


class _Study:
    """Stands for a study whose worlds are not simulated here."""

    message = None

    def subscribe(self, listener: Callable[[dict[str, Any]], None]) -> None:
        """Answer at once."""
        listener({"stage": "look"})

    def unsubscribe(self, _listener: object) -> None:
        """Forget the listener."""


class _Examples:
    def tell(self, *_band: object) -> dict[str, Any]:
        """Return an example."""
        return {}


class _Library:
    """Lays out what a request asks for, and simulates nothing."""

    seeds, seed = 1, 1

    class scheduler:  # noqa: N801
        """Gives back every job undone."""

        @staticmethod
        def submit(*_: object) -> Any:
            """Return a job that nobody does."""
            done = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return SimpleNamespace(done=done)

    def study(self, request: Any) -> _Study:
        """Make the mix of a request ready."""
        from experiments.app.workshop.mixes import mix_of

        self.bench(request.site, request.parameters)
        _lay_out(mix_of(request, _town(request.site).site))
        return _Study()

    def examples(self, request: Any) -> _Examples:
        """Make the mix of a request ready."""
        self.study(request)
        return _Examples()

    def bench(self, site: str, parameters: dict[str, float]) -> Any:
        """Lay a place out with the room's assumptions."""
        town = _town(site, tuple(sorted(parameters.items())))
        return SimpleNamespace(town=town, seeds=(1,), cohort=lambda *_: None)


def _talk(texts: list[str]) -> None:
    from starlette.websockets import WebSocketDisconnect

    from experiments.app.workshop.server import Workshop
    from experiments.app.workshop.sessions import Room, Session

    async def main() -> list[dict[str, Any]]:
        room = Room()
        page = Workshop(_Library(), room, "kokkola")  # type: ignore[arg-type]
        session = Session(facilitator=True)
        room.sessions[session.id] = session
        with contextlib.suppress(WebSocketDisconnect):
            await page._receive(_Line(texts), session)  # type: ignore[arg-type]
        for task in session.extra.values():
            await task
        room.tell()
        sent = []
        while session._messages or session._results:
            sent.append(await session.next())
        return sent

    import json

    for message in asyncio.run(main()):
        json.dumps(message, allow_nan=False, ensure_ascii=False).encode()  # as it is sent
        if message["type"] == "problem":
            raise RefusalError(message["text"])


SCENARIO = ("parameters.toml", "partners.toml", "penalties.toml", "barriers.toml", "trials.toml")
KINDS = {
    "site": Kind(30, _files("sites/*.toml"), _spoil_file, _site),
    "measure": Kind(30, _files("measures/*.toml"), _spoil_file, _measure),
    "mix": Kind(30, _files("mixes/*.toml"), _spoil_file, _mix),
    "costs": Kind(10, _files("costs/*.toml"), _spoil_file, _check),
    "surroundings": Kind(10, _files("surroundings/*.toml"), _spoil_file, _check),
    "break": Kind(6, _files("breaks/*.toml"), _spoil_file, _check),
    "sign case": Kind(4, _files("sign_cases/*.toml"), _spoil_file, _check),
    "numbers": Kind(14, _local, _spoil_file, _numbers),
    "other": Kind(10, _files(*SCENARIO), _spoil_file, _check),
    "design": Kind(15, _files("*.toml", folder=DESIGNS), _spoil_file, _design),
    "run": Kind(10, _run_folder, _spoil_folder, _run_result),
    "compare": Kind(10, _compare_folder, _spoil_folder, _compare_result),
    "sweep": Kind(7, _sweep_folder, _spoil_folder, _sweep_result),
    "saved mix": Kind(8, _saved_mixes, _spoil_saved, _talk),
    "message": Kind(10, _messages, _spoil_messages, _talk),
}


# ------------------------------------------------------------------ running them


@contextlib.contextmanager
def _limits(seconds: float) -> Iterator[None]:
    """Let nothing take too long or too much memory, where the system can tell."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    import resource

    def too_long(*_: object) -> None:
        raise Hang(f"longer than {seconds:g} seconds")

    with contextlib.suppress(OSError):
        has = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (has + MORE_MEMORY, resource.RLIM_INFINITY))
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        with contextlib.suppress(OSError):
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)


def case(name: str, number: int, seed: int, source: Callable[[], list[Any]], work: Path) -> Any:
    """Make one spoiled case and return what its reader gets."""
    chance = random.Random(f"{seed}/{name}/{number}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return KINDS[name].spoil(chance.choice(source()), chance, work)


def judge(read: Callable[[Any], None], made: Any, seconds: float = SECONDS) -> tuple[str, str, str]:
    """Hand a case to its reader.

    Returns
    -------
    verdict, words, trace
        ``accepted``, ``refused`` or ``failed``; what was said; where it failed.
    """
    try:
        with _limits(seconds):
            read(made)
    except RefusalError as error:
        words, code = str(error), WRONG_INPUT
    except Hang as error:
        return "failed", f"Hang: {error}", traceback.format_exc()
    except Exception as error:
        words, code = explain(error)
        if code != WRONG_INPUT:
            return "failed", words, traceback.format_exc()
    else:
        return "accepted", "", ""
    longest = max(map(len, words.split("\n")))
    if not words.strip() or longest > LONGEST:
        return "failed", f"refused, but with a line of {longest} characters", words[:LONGEST]
    return "refused", words, ""


def run(
    number: int = 20_000,
    seed: int = 1,
    only: str | None = None,
    first: int = 0,
    keep: Path | None = None,
    seconds: float = SECONDS,
    progress: Callable[[str], None] | None = None,
) -> tuple[dict[str, Counter[str]], list[Failure]]:
    """Spoil and read cases of every kind, in the shares of ``KINDS``.

    Parameters
    ----------
    number
        Cases in all.
    only
        Only this kind.
    first
        Number of the first case of each kind.
    keep
        Folder for the cases that fail.

    Returns
    -------
    counts, failures
        By kind the number of each verdict and the longest ``seconds``.
    """
    kinds = [only] if only else list(KINDS)
    total = sum(KINDS[name].share for name in kinds)
    counts: dict[str, Counter[str]] = {}
    failures: list[Failure] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "case"
        for name in kinds:
            kind, tally = KINDS[name], counts.setdefault(name, Counter())
            found = kind.sources(Path(folder) / f"made-{name}")
            wanted = max(1, round(number * kind.share / total))
            for at in range(first, first + wanted):
                made = case(name, at, seed, lambda found=found: found, work)
                begun = time.perf_counter()
                verdict, words, trace = judge(kind.read, made, seconds)
                tally["milliseconds"] = max(
                    tally["milliseconds"], round(1000 * (time.perf_counter() - begun))
                )
                tally[verdict] += 1
                if verdict == "failed":
                    failures.append(Failure(name, at, words, trace))
                    if keep is not None and isinstance(made, Path):
                        target = keep / f"{name}-{at}"
                        shutil.rmtree(target, ignore_errors=True)
                        shutil.copytree(work, target)
            if progress is not None:
                progress(
                    f"{name}: {sum(tally[v] for v in VERDICTS)} cases, {tally['failed']} failed"
                )
    return counts, failures


VERDICTS = ("accepted", "refused", "failed")


def table(counts: dict[str, Counter[str]]) -> str:
    """Return the counts as a Markdown table."""
    lines = ["| kind | cases | accepted | refused in words | failed | slowest, s |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    whole: Counter[str] = Counter()
    for tally in counts.values():
        whole.update({verdict: tally[verdict] for verdict in VERDICTS})
        whole["milliseconds"] = max(whole["milliseconds"], tally["milliseconds"])
    for name, tally in (counts | {"all": whole}).items():
        cells = [f"{sum(tally[v] for v in VERDICTS):,}", *(f"{tally[v]:,}" for v in VERDICTS)]
        lines.append(f"| {name} | {' | '.join(cells)} | {tally['milliseconds'] / 1000:.1f} |")
    return "\n".join(lines)


def main() -> int:
    """Run the cases, print the table and what failed."""
    parser = argparse.ArgumentParser(prog="python -m experiments.app.mutated_files")
    parser.add_argument("--number", type=int, default=20_000, help="cases in all (20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(KINDS), help="only this kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first case of a kind")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder for what failed")
    options = parser.parse_args()
    prepare_streams()
    logging.disable()  # notes on older files
    begun = time.perf_counter()
    counts, failures = run(
        options.number, options.seed, options.only, options.first, options.keep,
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    print(table(counts))
    minutes = (time.perf_counter() - begun) / 60
    print(f"\nSeed {options.seed}, {minutes:.1f} minutes; {len(failures)} failed.")
    seen: Counter[str] = Counter()
    for failure in failures:
        last = failure.trace.strip().split("\n")
        at = next((line.strip() for line in reversed(last) if line.strip().startswith("File")), "")
        seen[f"{failure.kind}: {failure.what[:200]} {at}"] += 1
        if seen[f"{failure.kind}: {failure.what[:200]} {at}"] == 1:
            print(f"\n{failure.kind} {failure.number}: {failure.what[:300]}\n  {at}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
