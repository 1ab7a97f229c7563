"""``python -m benchmarks [--json FILE]``: the speed of the simulator, in floors and in seconds.

``python -m benchmarks numbers`` computes the headline numbers of the documents instead
(:mod:`benchmarks.numbers`).

A *floor* is the time of one keyed draw in a bare compiled loop of the same process; ratios are
measured in one process, times ending in ``_s`` in fresh processes. A number that cannot be
measured (a command fails, a part is missing) is null and the reason goes to standard error.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from typing import TypeVar

from benchmarks import engine, fresh, peer
from experiments.app.console import complain, explain, prepare_streams, write_json

T = TypeVar("T")

# what must hold (docs: section on speed); None where the number only informs
LIMITS: dict[str, tuple[str, float] | None] = {
    "floor_ns": None,
    "scalar_floor_ns": None,
    "floors_per_agent_month": ("<=", 25.0),
    "scalar_floors_per_agent_month": None,
    "ns_per_agent_month": None,
    "agent_months": None,
    "mix_cost_ratio": ("<=", 1.5),
    "cost_ratio_1m_to_34k": ("<=", 1.5),
    "two_thread_speedup": (">=", 1.8),
    "bytes_per_person": ("<=", 400.0),
    "bytes_per_person_at_end": ("<=", 400.0),
    "bytes_per_event": ("<=", 48.0),
    "naive_mesa_ratio": None,
    "compile_s": ("<=", 60.0),
    "first_command_s": ("<=", 10.0),
    "warm_command_s": ("<=", 2.0),
    "help_s": ("<=", 0.4),
}


def _try(name: str, measure: Callable[[], T | None]) -> T | None:
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    try:
        return measure()
    except Exception as error:
        first = str(error).partition("\n")[0]
        print(f"not measured: {name}: {type(error).__name__}: {first}", file=sys.stderr)
        return None


def measure(site: str = "kokkola", quick: bool = False) -> dict[str, float | str | None]:
    """Measure everything.

    Parameters
    ----------
    site
        The place that stands for a town of 34,000.
    quick
        Leave out the world of a million people and the compile step.

    Returns
    -------
    Names and numbers in the order of the table, then the machine.
    """
    found: dict[str, float | str | None] = dict.fromkeys(LIMITS)
    # fresh processes first: nothing of this process is in their way
    found["help_s"] = _try("help_s", fresh.help_s)
    if not quick:
        found["compile_s"] = _try("compile_s", fresh.compile_s)
    # the first run of these two fills the caches that a user's install step fills
    _try("the compile step", fresh.warm)
    found["warm_command_s"] = _try("warm_command_s", lambda: fresh.warm_command_s(site))
    found["first_command_s"] = _try("first_command_s", lambda: fresh.first_command_s(site))
    floor = found["floor_ns"] = peer.floor_ns()
    scalar = found["scalar_floor_ns"] = _try("scalar_floor_ns", peer.scalar_floor_ns)
    mesa_ns = _try("the naive Mesa model", peer.naive_mesa_ns)
    cost = _try("the engine", lambda: engine.baseline_cost(site))
    if cost is not None:
        found["ns_per_agent_month"] = cost.ns
        found["agent_months"] = cost.agent_months
        found["floors_per_agent_month"] = cost.ns / floor
        if scalar is not None:
            found["scalar_floors_per_agent_month"] = cost.ns / scalar
        found["bytes_per_person"] = cost.bytes_per_person
        found["bytes_per_person_at_end"] = cost.bytes_per_person_at_end
        found["bytes_per_event"] = cost.bytes_per_event
        if mesa_ns is not None:
            found["naive_mesa_ratio"] = mesa_ns / cost.ns
        found["mix_cost_ratio"] = _try("mix_cost_ratio", lambda: engine.mix_cost_ratio(site))
        found["two_thread_speedup"] = _try(
            "two_thread_speedup", lambda: engine.two_thread_speedup(site)
        )
        if not quick:
            found["cost_ratio_1m_to_34k"] = _try(
                "cost_ratio_1m_to_34k", lambda: engine.cost_ratio(site, 1_000_000)
            )
    found["python"] = platform.python_version()
    found["machine"] = platform.machine()
    return found


def table(found: dict[str, float | str | None]) -> str:
    """Return the numbers as a Markdown table with what must hold beside each."""
    lines = ["| number | value | must be | holds |", "|---|---:|---:|---|"]
    for name, limit in LIMITS.items():
        value = found.get(name)
        shown = f"{value:,.3g}" if isinstance(value, float) and value < 1000 else ""
        if not shown:
            shown = f"{value:,.0f}" if isinstance(value, int | float) else "-"
        wanted = f"{limit[0]} {limit[1]:g}" if limit else ""
        holds = ""
        if limit and isinstance(value, int | float):
            kept = value <= limit[1] if limit[0] == "<=" else value >= limit[1]
            holds = "yes" if kept else "no"
        lines.append(f"| `{name}` | {shown} | {wanted} | {holds} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table, write the JSON."""
    if sys.argv[1:2] == ["numbers"]:
        from benchmarks import numbers

        return numbers.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write one object; - prints it")
    parser.add_argument("--site", default="kokkola", help="the town (default kokkola)")
    parser.add_argument("--quick", action="store_true", help="without the slowest two")
    options = parser.parse_args()
    prepare_streams()
    found = measure(options.site, options.quick)
    if options.json != "-":
        print(table(found))
    if options.json:
        try:
            write_json(found, options.json)
        except Exception as error:
            message, code = explain(error)
            complain(message)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
