"""How fast sweeps are, and what managing them costs: ``python -m benchmarks.sweeps``.

Runs a design of ten-year worlds and one of twin pairs on one and two threads, and tells rows a
second, the overhead (wall x workers - time in the simulator) / time in the simulator, and what
ten thousand ten-year runs would take (extrapolated from the rows that were run).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

MANY = 10_000


def design(kind: str, rows: int, assumptions: bool) -> dict[str, Any]:
    """Return a design of so many rows; without assumptions, starts are shared."""
    made: dict[str, Any] = {
        "id": f"speed_{kind}",
        "kind": kind,
        "design": "latin_hypercube",
        "points": max(rows // 2, 1),
        "replications": 2,
        "seed": 1,
        "years": 10 if kind == "world" else 4,
        "closures": ["R"],
        "places": ["kokkola"],
        "levers": {"scale": {"low": 0.0, "high": 2.0}},
    }
    if assumptions:
        made["assumptions"] = {"backfill": {}, "public_share": {}}
    return made


def measure(
    kind: str, rows: int, workers: int, assumptions: bool, executor: str = "threads"
) -> dict[str, Any]:
    """Run a design and return rows a second and the overhead."""
    from experiments.design import read_design
    from experiments.execution import execute, pack
    from experiments.sweeps import sweep
    from simulator.files import read_manifest

    plan = read_design(design(kind, rows, assumptions))
    block = next(plan.blocks())
    execute(pack(plan), block._replace(rows=block.rows[:1]))  # compiled rules are loaded
    with tempfile.TemporaryDirectory() as made:
        folder = sweep(plan, Path(made) / "sweep", executor=executor, workers=workers)
        spent = read_manifest(folder)["last_stretch"]
    wall, model = spent["wall_seconds"], spent["model_seconds"]
    return {
        "kind": kind,
        "starts": "own" if assumptions else "stored",
        "executor": executor,
        "workers": workers,
        "rows": spent["rows"],
        "rows_per_second": spent["rows"] / wall,
        "overhead": wall * workers / model - 1,
        "many_minutes": MANY * wall / spent["rows"] / 60,
    }


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--json", metavar="FILE")
    chosen = parser.parse_args()
    cases = [
        ("world", 1, False, "threads"),
        ("world", 2, False, "threads"),
        ("world", 2, True, "threads"),
        ("pair", 2, True, "threads"),
        ("pair", 2, True, "processes"),
    ]
    found = []
    for kind, workers, assumptions, executor in cases:
        row = measure(kind, chosen.rows, workers, assumptions, executor)
        found.append(row)
        print(
            f"{kind:6} {row['starts']:6} starts, {executor:9} {workers} workers, {row['rows']} "
            f"rows: {row['rows_per_second']:.2f} rows/s, overhead {row['overhead']:.1%}, "
            f"{MANY:,} rows {row['many_minutes']:.0f} min (extrapolated)",
            flush=True,
        )
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
