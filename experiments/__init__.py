"""Studies over many runs: sweeps, sensitivity, making results again, archives for papers.

>>> from experiments import read_results, sweep
>>> table = read_results(sweep("my_design.toml"))  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "read_design": "experiments.design",
    "sweep": "experiments.sweeps",
    "merge": "experiments.sweeps",
    "read_results": "experiments.sweeps",
    "rerun": "experiments.sweeps",
    "sensitivity": "experiments.indices",
    "optimise": "experiments.optimise",
    "reproduce": "experiments.reproduction",
    "bundle": "experiments.archive",
}
__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:  # numba and pandas are imported when first needed
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute '{name}'")
