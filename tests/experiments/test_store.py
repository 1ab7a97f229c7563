"""The final table does not show where shards ended, and needs the memory of a few of them."""

import tracemalloc

import numpy as np
import pytest

from experiments import store as store_module
from experiments.design import read_design
from experiments.execution import Done
from experiments.store import Store

DESIGN = {
    "id": "many",
    "kind": "world",
    "design": "latin_hypercube",
    "points": 500,
    "replications": 4,
    "seed": 1,
    "years": 1,
    "closures": ["R"],
    "places": ["kokkola"],
    "levers": {"multiplier": {}},
}


def fill(folder, order, shard_blocks, points=500):
    """Fill a store with made-up numbers, blocks in some order."""
    plan = read_design({**DESIGN, "points": points})
    store = Store(folder, plan)
    width = len(store.columns.outcomes)
    blocks = list(plan.blocks())
    for at, number in enumerate(order(len(blocks)), 1):
        rows = blocks[number].rows
        values = np.array([[row.row + 0.1 * i for i in range(width)] for row in rows])
        store.add(Done(rows, values, [""] * len(rows), 0.0, 0.0))
        if at % shard_blocks == 0:
            store.close_shard()
    store.close_shard()
    return store


def test_bytes_do_not_depend_on_shards_or_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "GROUP", 256)
    orders = {
        "in_order": (range, 7),
        "backwards": (lambda n: range(n)[::-1], 3),
        "shuffled": (lambda n: np.random.default_rng(1).permutation(n), 1),
        "one": (range, 10**6),
    }
    found = {
        fill(tmp_path / name, order, size).finish().read_bytes()
        for name, (order, size) in orders.items()
    }
    assert len(found) == 1


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "GROUP", 512)
    peaks = []
    for points in (1000, 4000):
        store = fill(tmp_path / str(points), range, 8, points)
        tracemalloc.start()
        store.finish()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.6 * peaks[0]
