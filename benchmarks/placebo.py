"""``python -m benchmarks.placebo [--seeds N] [--json FILE]``: how often the page calls a placebo.

A mix whose new measures do nothing, but draw afresh for those whom they would have served, is asked
for as the page asks: with each of N seeds of ``workshop --seed``. Counted is how often a tile says
*more* or *fewer*, at the first look (two pairs) and at ten pairs. A 90 % interval misses the truth
in one of ten; more than chance allows on top of that means that the page speaks too early.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from experiments.app.console import Progress, prepare_streams, write_json
from experiments.app.workshop.summary import main as answer
from experiments.app.workshop.twins import FIRST, LOOK, PAIRS, Bench, Cohort

TILES = ("net", "got_target", "additional", "at_work")
SEEDS = 100
MISSES = 0.10  # of a 90 % interval
SURE = 0.975  # a page that is right is below the bound with this chance


def called(site: str, seed: int) -> dict[str, list[str]]:
    """Return the tiles that call a placebo more or fewer, by stage, with one seed of the page."""
    bench = Bench(site, seed=seed)
    mix = bench.town.mix(bench.town.site.default_mix)
    looks: dict[int, list[Cohort]] = {}
    wholes: dict[int, list[Cohort]] = {}
    for pair in bench.seeds[:PAIRS]:
        steps = bench.cohort(mix, pair, 0, "R", placebo=True)
        while True:
            try:
                early = next(steps)
            except StopIteration as end:
                wholes[pair] = [end.value]
                break
            if early is not None:
                looks[pair] = [early]
    first = {pair: looks[pair] for pair in bench.seeds[:FIRST]}
    found = {
        f"look of {FIRST} pairs, {LOOK} months": answer(bench, mix, "R", "assumed", first, True),
        f"{PAIRS} pairs": answer(bench, mix, "R", "assumed", wholes, False),
    }
    return {
        stage: [tile for tile in TILES if result["rows"][tile]["told"]]
        for stage, result in found.items()
    }


def count(site: str, seeds: int, threads: int) -> list[dict[str, Any]]:
    """Return how often each tile called a placebo, by stage."""
    from scipy.stats import binom

    most = int(binom.ppf(SURE, seeds, MISSES))
    times: dict[str, Counter[str]] = {}
    with ThreadPoolExecutor(threads) as pool, Progress("Placebos") as progress:
        # seeds that nobody uses otherwise
        for done, found in enumerate(
            pool.map(lambda seed: called(site, seed), range(101, 101 + seeds))
        ):
            for stage, tiles in found.items():
                times.setdefault(stage, Counter()).update(tiles)
            progress(done + 1, seeds)
    return [
        {
            "stage": stage, "tile": tile, "seeds": seeds, "called": counted[tile], "most": most,
            "holds": counted[tile] <= most,
        }
        for stage, counted in times.items()
        for tile in TILES
    ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and print."""
    prepare_streams()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.placebo", description=__doc__)
    parser.add_argument("--site", default="kokkola")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", metavar="FILE", help="write the numbers; - prints them")
    options = parser.parse_args(arguments)
    rows = count(options.site, options.seeds, options.threads)
    for row in rows:
        print(
            f"{row['stage']:30} {row['tile']:12} called {row['called']:3} of {row['seeds']}; "
            f"at most {row['most']}: {'yes' if row['holds'] else 'no'}",
            file=sys.stderr,
        )
    if options.json:
        write_json(rows, options.json)
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
