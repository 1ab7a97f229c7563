"""What many runs cost and how the cost grows: ``python -m benchmarks.scale [--json FILE]``.

Ten-year worlds from a settled start on one and two threads; then the cost of one world by people,
posts, measures and replications, as seconds and as a power of the size. Seconds are processor
time, which a busy machine stretches least. Start and run are timed apart: a sweep over levers
shares its starts, one over assumptions builds each anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.engine import MONTHS, TEN_MEASURES, agents, settled, ten_measures, town
from simulator.comparison import compare
from simulator.engine import World
from simulator.policy import lay_out_mix
from simulator.town import Town

COPIES = (1, 2, 4, 8)
PLACES = ("kokkola", "lagoa", "evora")  # that differ in posts for each person
MANY = 1_000_000


def run(world: World, months: int = MONTHS, measures: int = 0, site: str = "kokkola") -> float:
    """Run a copy of a settled world without events; return processor seconds, copy included."""
    begun = time.thread_time()
    copy = world.copy()
    if measures:
        mix = ten_measures(site)
        names = TEN_MEASURES[:measures]
        mix = mix.model_copy(
            update={
                "measures": {name: mix.measures[name] for name in names},
                "files": {name: mix.files[name] for name in names},
            }
        )
        place = town(site)
        lay_out_mix(mix, place.site, place.place).install(copy)
    copy.lay_out(copy.month, months)
    copy.advance(months)
    return time.thread_time() - begun


def least(world: World, repeat: int = 3, **options: Any) -> float:
    """Return the least seconds over some repetitions."""
    return min(run(world, **options) for _ in range(repeat))


def rate(world: World, threads: int, runs: int) -> tuple[float, float]:
    """Return ten-year runs a second from one stored start: by processor time, by the clock.

    Threads share memory and caches, so that a run may take more processor time beside another one;
    the first number holds this, and not what else the machine does.
    """
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(abs, range(threads)))  # threads exist before the clock starts
        begun = time.perf_counter()
        used = list(pool.map(lambda _: run(world), range(runs)))
        return threads * runs / sum(used), runs / (time.perf_counter() - begun)


def power(sizes: list[float], seconds: list[float]) -> float:
    """Return the power with which seconds grow with size, by least squares on logs.

    >>> round(power([1.0, 2.0, 4.0], [3.0, 6.0, 12.0]), 3)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def pairs_seconds(replications: int) -> float:
    """Return the seconds of a comparison of one mix with so many pairs, starts stored."""
    place = town("kokkola")
    options: dict[str, Any] = {"years": 1, "closure": "R", "strengths": ("assumed",)}
    options |= {"threads": 1, "placebo": False, "replications": replications}
    compare(place, **options)  # starts built and settled
    begun = time.process_time()
    compare(place, **options)
    return time.process_time() - begun


def start_seconds(site: str, seed: int = 7) -> float:
    """Return the seconds to build and settle a world."""
    place = Town(site)
    place.start(seed - 1)  # compiled and read before the clock starts
    begun = time.thread_time()
    place.start(seed)
    return time.thread_time() - begun


def measure(runs: int = 12, repeat: int = 3) -> dict[str, Any]:
    """Measure everything; see :func:`table`."""
    world = settled("kokkola")
    run(world, 1, len(TEN_MEASURES))  # compile
    run(world, 1)
    found: dict[str, Any] = {"runs": runs}
    for threads in (1, 2):
        print(f"ten-year runs on {threads} threads ...", file=sys.stderr, flush=True)
        found[f"runs_a_second_{threads}"], found[f"by_the_clock_{threads}"] = rate(
            world, threads, runs
        )
    found["start_s"] = start_seconds("kokkola")
    found["memory_mb"] = sum(array.nbytes for array in world.columns._asdict().values()) / 1e6
    print("people ...", file=sys.stderr, flush=True)
    regions = [settled("kokkola", copies) for copies in COPIES]
    found["people"] = [
        (agents(one), least(one, repeat, months=24) / 24 * MONTHS) for one in regions
    ]  # fmt: skip
    print("places ...", file=sys.stderr, flush=True)
    found["places"] = []
    for site in PLACES:
        one = settled(site)
        found["places"].append(
            (site, agents(one), int(one.columns.posts.shape[1]), least(one, repeat, months=24)
             / 24 * MONTHS)
        )  # fmt: skip
    print("measures ...", file=sys.stderr, flush=True)
    found["measures"] = [(n, least(world, repeat, measures=n)) for n in (0, 1, 5, 10)]
    print("replications ...", file=sys.stderr, flush=True)
    found["replications"] = [(n, pairs_seconds(n)) for n in (1, 2, 4)]
    return found


def table(found: dict[str, Any]) -> str:
    """Return what was measured as Markdown, and what a million runs take by it."""
    one, two = found["runs_a_second_1"], found["runs_a_second_2"]
    hours = MANY / one / 3600
    lines = [
        "| ten-year runs of Kokkola from a stored start | |",
        "|---|---|",
        f"| a second on one thread | {one:.2f} (by the clock {found['by_the_clock_1']:.2f}) |",
        f"| a second on two threads | {two:.2f}, x {two / one:.2f} "
        f"(by the clock {found['by_the_clock_2']:.2f}) |",
        f"| 10,000 on two threads | {10_000 / two / 60:.0f} min |",
        f"| build and settle a start | {found['start_s']:.2f} s |",
        f"| memory of a world | {found['memory_mb']:.0f} MB |",
        "",
        "| grows with | sizes | seconds for ten years | power |",
        "|---|---|---|---|",
    ]
    people, seconds = (list(column) for column in zip(*found["people"], strict=True))
    lines.append(_row("people (copies of Kokkola)", people, seconds, power(people, seconds)))
    for site, persons, posts, took in found["places"]:
        lines.append(f"| {site}: {persons:,} people, {posts:,} rows of posts | | {took:.2f} | |")
    measures, seconds = (list(column) for column in zip(*found["measures"], strict=True))
    lines.append(_row("measures of a mix", measures, seconds, None))
    pairs, seconds = (list(column) for column in zip(*found["replications"], strict=True))
    lines.append(_row("pairs of `compare`, one mix", pairs, seconds, power(pairs, seconds)))
    lines += ["", f"A million runs: {hours:,.0f} core-hours, {hours / 320:,.1f} h on 320 cores."]
    return "\n".join(lines)


def _row(name: str, sizes: list[float], seconds: list[float], grows: float | None) -> str:
    told = "" if grows is None else f"{grows:.2f}"
    return (
        f"| {name} | {', '.join(f'{size:,}' for size in sizes)} | "
        f"{', '.join(f'{one:.2f}' for one in seconds)} | {told} |"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=12, help="ten-year runs per number of threads")
    parser.add_argument("--json", metavar="FILE", help="also write the numbers")
    given = parser.parse_args()
    found = measure(given.runs)
    print(table(found))
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=2)


if __name__ == "__main__":
    main()
