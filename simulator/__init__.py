"""The vacancy chain simulator: one place, its posts and people, with and without a mix.

>>> from simulator import run
>>> result = run("kokkola", years=1)  # doctest: +SKIP
>>> result.chains.length.mean()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scenarios import load_site

_WHERE = {
    "Comparison": "simulator.comparison",
    "compare": "simulator.comparison",
    "LabourMarket": "simulator.mesa_model",
    "run": "simulator.runs",
    "RunResult": "simulator.runs",
    "Town": "simulator.town",
    "Trial": "simulator.trial",
    "trial": "simulator.trial",
}
__all__ = ["load_site", *_WHERE]


def __getattr__(name: str) -> Any:  # numba and pandas are imported when first needed
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'simulator' has no attribute '{name}'")
