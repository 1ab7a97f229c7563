"""Times of commands in fresh processes, as a user waits for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "experiments.app")


def seconds(
    words: Sequence[str], environment: Mapping[str, str] | None = None, repeat: int = 1
) -> float | None:
    """Return the median time of a command, or None when it fails.

    Parameters
    ----------
    words
        Command and arguments.
    environment
        Variables added to those of this process.
    repeat
        How often the command runs.
    """
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        times.append(time.perf_counter() - begun)
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            print(f"not measured: {' '.join(words[1:])}: {''.join(last)}", file=sys.stderr)
            return None
    return statistics.median(times)


def help_s() -> float | None:
    """Return the time of ``--help``."""
    return seconds([*COMMAND, "--help"], repeat=5)


def compile_s() -> float | None:
    """Return the time of the compile step with nothing compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        return seconds(
            [sys.executable, "-m", "simulator.warm"],
            # numba's own variable would win over ours
            {"VACANCY_CHAINS_CACHE": folder, "NUMBA_CACHE_DIR": str(Path(folder) / "numba")},
        )


def first_command_s(site: str) -> float | None:
    """Return the time of a comparison of one pair of worlds after the compile step."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--replications", "1", "--closure", "R", "--out", str(Path(folder) / "out")]
        return seconds([*COMMAND, "compare", site, *options])


def warm_command_s(site: str) -> float | None:
    """Return the time from the start of a process to the end of the first simulated month."""
    code = f"from benchmarks.engine import first_month; first_month({site!r})"
    return seconds([sys.executable, "-c", code], repeat=3)


def warm() -> float | None:
    """Return the time of the compile step with the cache that this machine has."""
    return seconds([sys.executable, "-m", "simulator.warm"])
