"""Compile the kernels once: ``python -m simulator.warm`` (part of the install step).

The compiled code stays on disk until a source, numba or the CPU changes.
"""

from __future__ import annotations

import sys
import time


def warm(site: str = "kokkola") -> float:
    """Compile what ``run``, ``compare`` and ``check`` call; return the seconds it took."""
    from simulator.groups import assign_cells, target_cells
    from simulator.ledger import derive_ledger
    from simulator.runs import run

    started = time.perf_counter()
    result = run(site, mix=_default_mix(site), years=0)
    derive_ledger(result.record)
    world = result.world.copy()
    world.lay_out(0, 1, assign_cells(world, result.town.site), target_cells())
    world.advance(1)
    return time.perf_counter() - started


def _default_mix(site: str) -> str:
    from scenarios import load_site

    return load_site(site).default_mix


def main() -> int:
    """Compile with a message."""
    sys.stderr.write("Compiling the rules (once; up to a minute) ... ")
    sys.stderr.flush()
    seconds = warm()
    sys.stderr.write(f"done in {seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
