"""Same seed, same bytes: processes, hash seeds, threads, interpreted source; edited rules count."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from calibration.identities import by_key, events_by_key
from tests.worlds import random_world, small_place

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from tests.properties.test_determinism import digest
print(digest(*map(int, sys.argv[1:])))
"""


def digest(people: int = 200, posts: int = 120, months: int = 24) -> str:
    """Return a hash of state and events of a small run."""
    world = random_world(
        13, small_place(sectors=2), months=months, people=people, posts=posts, workplaces=12
    )
    world.advance(months)
    total = hashlib.sha256(events_by_key(world, world.take_events()).tobytes())
    for name, array in by_key(world).items():
        total.update(name.encode() + array.tobytes())
    return total.hexdigest()


def elsewhere(*sizes: int, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, sizes)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_other_processes_and_hash_seeds_give_the_same_bytes(hash_seed):
    assert elsewhere(200, 120, 24, PYTHONHASHSEED=hash_seed) == digest()


def test_two_threads_at_once_give_the_same_bytes():
    alone = digest()
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda _: digest(), range(6))) == {alone}


def test_interpreted_source_gives_the_same_bytes():
    sizes = (60, 36, 24)
    assert elsewhere(*sizes, NUMBA_DISABLE_JIT="1") == digest(*sizes)


EDITED = """
import numpy as np
from types import SimpleNamespace
from simulator.compile import source_hash
from simulator.moves import inside_share
from simulator.parameters import Par
from simulator.compile import kernel
from simulator import moves

par = np.zeros(len(Par))
par[Par.COLLECTION_ROUNDS] = 1.0

@kernel
def length(par):
    return moves.collection_length(0.5, par)

print(length(par), source_hash())
"""


def test_an_edited_rule_counts_in_spite_of_the_cache(tmp_path):
    """numba's own cache sees only the file of a kernel, not that of the rules that it calls."""
    for package in ("simulator", "scenarios"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    # a kernel in a file of its own that calls a rule in another: the file is not edited
    (tmp_path / "probe.py").write_text(EDITED, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {
        "PYTHONPATH": str(tmp_path),
        "VACANCY_CHAINS_CACHE": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "probe.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    first = run()
    assert run() == first
    assert list((tmp_path / "cache").rglob("*.nbi")), "nothing was cached"
    rules = tmp_path / "simulator" / "agents" / "workplace.py"
    text = rules.read_text(encoding="utf-8")
    before = "return 1 + int(u * (2.0 * par[Par.COLLECTION_ROUNDS] - 1.0))"
    assert before in text
    rules.write_text(text.replace(before, before.replace("1 + ", "5 + ", 1)), encoding="utf-8")
    second = run()
    assert first[0] == "1"
    assert second[0] == "5"
    assert first[1] != second[1]
