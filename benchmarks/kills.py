"""Stop a sweep at random moments, again and again: ``python -m benchmarks.kills --kills 100``.

Each time the process is killed without a warning and the same command continues. Nothing may be
lost: the final table must have the bytes of a sweep that nobody stopped.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DESIGN = """\
schema = 1
id = "kills"
kind = "world"
design = "latin_hypercube"
points = 12
replications = 2
seed = 1
years = 1
closures = ["R"]
places = ["PLACE"]

[levers]
multiplier = { low = 0.0, high = 2.0 }
"""
SWEEP = """\
import sys
from experiments import design, sweep
design.BLOCK_ROWS = 2  # many small shards, so that a kill finds one of them half-written
sweep(sys.argv[1], sys.argv[2], workers=2, shard_seconds=0.0)
"""


def start(design: Path, folder: Path) -> subprocess.Popen:
    """Start the sweep, or continue it, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SWEEP, str(design), str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(design: Path, folder: Path) -> bytes:
    """Let the sweep finish and return the bytes of its table."""
    process = start(design, folder)
    _, error = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the sweep failed: {error.decode()}")
    return (folder / "results.parquet").read_bytes()


def kills(number: int, seed: int = 1, place: str = "kokkola") -> dict[str, int]:
    """Kill sweeps ``number`` times in all and compare every final table.

    Returns
    -------
    dict
        ``kills``, ``while_running`` (some shards were closed, not all rows done), ``sweeps``
        (finished and compared), ``different`` (tables with other bytes), ``left`` (temporary files
        after the end).
    """
    chance = random.Random(seed)
    counts = dict.fromkeys(("kills", "while_running", "sweeps", "different", "left"), 0)
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        design = home / "kills.toml"
        design.write_text(DESIGN.replace("PLACE", place))
        begun = time.perf_counter()
        expected = finish(design, home / "whole")
        longest = time.perf_counter() - begun
        folder = home / "stopped"
        while counts["kills"] < number:
            process = start(design, folder)
            try:
                process.communicate(timeout=chance.uniform(0.0, longest))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                counts["kills"] += 1
                shards = list((folder / "shards").glob("*.parquet"))
                counts["while_running"] += bool(shards)
                print(f"{counts['kills']} of {number}", file=sys.stderr, flush=True)
                continue
            counts["sweeps"] += 1
            counts["different"] += (folder / "results.parquet").read_bytes() != expected
            shutil.rmtree(folder)
        counts["sweeps"] += 1
        counts["different"] += finish(design, folder) != expected
        counts["left"] += len([p for p in folder.rglob(".*") if p.is_file()])
    return counts


def main() -> int:
    """Kill and compare; exit code 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    counts = kills(chosen.kills, chosen.seed)
    for name, value in counts.items():
        print(f"{name} {value}")
    return int(counts["different"] > 0)


if __name__ == "__main__":
    sys.exit(main())
