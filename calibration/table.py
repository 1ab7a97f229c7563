"""The table of simulations of a place: drawn from the prior, stored in shards, resumable.

One row is one world: coordinates drawn from the prior (:mod:`calibration.priors`), a place built,
settled, followed for a year that is not counted and then for whole years, with ``today`` running,
and the raw sums that any target can be computed from (:mod:`calibration.quantities`). Raw sums are
stored, not moments: another target needs no new simulation.

The draws of a part are a scrambled Sobol sequence: a table that is continued is the same table. The
first part covers the whole prior; each further part covers the box around the posterior so far,
where the fit needs precision (a truncated prior). A shard is written whole; the same command
continues where it stopped. The folder is named by a hash of the place, the prior and the source.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from calibration import panel
from calibration.moments import SKIPPED, begin_today
from calibration.panel import COUNTS, follow
from calibration.priors import Coordinate, coordinates, parameters_of
from scenarios import Site, load_parameters
from simulator.codes import RUNGS
from simulator.compile import code_hash
from simulator.engine import EngineError
from simulator.town import Town, penalty_scores
from simulator.world import Flow, Total

MONTHS = 24  # whole years: season plays no part
SHARD = 64  # a power of two, as Sobol sequences want
SEED_STEP = 1_000_000  # seeds of a table never meet those of a comparison
PARTS = (0.2, 0.3, 0.5)  # shares of the simulations: whole prior, first box, second box
TOTALS = tuple(f"total_{item.name.lower()}" for item in Total)
FLOWS = tuple(f"flow_{rung}_{k}" for rung in range(RUNGS) for k in range(Flow.SIZE))
PANEL = tuple(f"panel_{name}" for name in COUNTS)
RAW = (*TOTALS, *FLOWS, *PANEL, "retired", "ok")


def measure(town: Town, seed: int, months: int = MONTHS) -> dict[str, float]:
    """Return the raw sums of one world of a place.

    Parameters
    ----------
    town : Town
        With its parameters; ``today`` runs where the place has one.
    seed : int
        Replication.
    months : int
        Whole years that are counted, after :data:`calibration.moments.SKIPPED` months.

    Returns
    -------
    dict
        Means over months of every ``Total`` and, by rung, of every ``Flow``; sums of the panel.
        Of a place at a scale all are multiplied back.
    """
    world, retired = begin_today(town, seed)
    world.lay_out(0, SKIPPED + months)
    world.advance(SKIPPED)
    counted = follow(world, months, retired)
    totals = np.asarray(world.columns.totals, float)[SKIPPED:].mean(0)
    flows = np.asarray(world.columns.flows, float)[SKIPPED:].mean(0).reshape(-1)
    row = {
        **dict(zip(TOTALS, totals, strict=True)),
        **dict(zip(FLOWS, flows, strict=True)),
        **{f"panel_{name}": float(value) for name, value in counted.items()},
        "retired": retired,
    }
    return {name: value * town.scale for name, value in row.items()} | {"ok": 1.0}


def simulate_row(
    site: Site, values: dict[str, float], seed: int, months: int = MONTHS, scale: int = 1
) -> dict[str, float]:
    """Return the raw sums for one set of parameters; ``ok`` is 0 where the engine refused it."""
    try:
        return measure(Town(site, values, scale=scale), seed, months)
    except EngineError:
        # an impossible corner of the prior, such as more applications than a buffer holds
        return dict.fromkeys(RAW, np.nan) | {"ok": 0.0}


def identity(
    site: Site, items: list[Coordinate], seed: int, months: int = MONTHS, scale: int = 1
) -> str:
    """Return 12 hex digits of all that decides a row: place, prior, penalties, source."""
    digest = hashlib.sha256(code_hash().encode())
    digest.update(Path(panel.__file__).read_bytes())
    # values that calibration writes into the site file do not make its own table stale
    digest.update(site.model_dump_json(exclude={"parameters"}).encode())
    digest.update(repr(items).encode())
    varied = {name for item in items for name in item.names}
    fixed = {
        name: float(number) for name, number in load_parameters(site).items() if name not in varied
    }
    digest.update(repr(sorted(fixed.items())).encode())
    digest.update(repr(sorted(penalty_scores().items())).encode())
    digest.update(repr((seed, SKIPPED, months, SHARD, PARTS, scale)).encode())
    return digest.hexdigest()[:12]


@dataclass
class Table:
    """A stored table of simulations.

    Attributes
    ----------
    folder : Path
        Holds ``table.json`` and one parquet file a shard.
    site : Site
    items : list of Coordinate
    seed, months, scale : int
    boxes : list of dict
        By part, bounds by free parameter on the inner scale; the first has none.
    """

    folder: Path
    site: Site
    items: list[Coordinate]
    seed: int = 1
    months: int = MONTHS
    scale: int = 1
    boxes: list[dict[str, tuple[float, float]]] = field(default_factory=lambda: [{}])

    @property
    def box(self) -> dict[str, tuple[float, float]]:
        """Box of the latest part."""
        return self.boxes[-1]

    @classmethod
    def open(
        cls, site: Site, root: Path, seed: int = 1, months: int = MONTHS, scale: int = 1
    ) -> Table:
        """Return the table of a place under a folder, new or as far as it got."""
        items = coordinates(site)
        name = f"{site.id}-{identity(site, items, seed, months, scale)}"
        table = cls(root / name, site, items, seed, months, scale)
        table.folder.mkdir(parents=True, exist_ok=True)
        about = table.folder / "table.json"
        if about.is_file():
            stored = json.loads(about.read_text(encoding="utf-8"))
            table.boxes = [
                {name: (pair[0], pair[1]) for name, pair in box.items()} for box in stored["boxes"]
            ]
        return table

    def narrow(self, box: dict[str, tuple[float, float]]) -> None:
        """Begin a further part within a box; it is fixed once for the whole table."""
        self.boxes.append(box)
        _write_whole(
            self.folder / "table.json",
            json.dumps({"site": self.site.id, "seed": self.seed, "boxes": self.boxes}, indent=2),
        )

    def shards(self, part: int) -> int:
        """Return how many shards of a part are stored."""
        return len(list(self.folder.glob(f"part{part}-*.parquet")))

    def frame(self) -> pd.DataFrame:
        """Return all rows so far; ``part`` 0 covers the whole prior."""
        shards = sorted(self.folder.glob("part*.parquet"))
        if not shards:
            return pd.DataFrame()
        return pd.concat([pd.read_parquet(path) for path in shards], ignore_index=True)

    def draws(self, part: int, shard: int) -> pd.DataFrame:
        """Return the coordinates of one shard: the same whenever they are asked for."""
        from scipy.stats import qmc  # slow to import

        sobol = qmc.Sobol(len(self.items), scramble=True, rng=self.seed * 10 + part)
        if shard:
            sobol.fast_forward(shard * SHARD)
        u = np.clip(sobol.random(SHARD), 1e-9, 1.0 - 1e-9)
        return pd.DataFrame(
            {
                item.id: item.draw(u[:, k], self.boxes[part].get(item.id))
                for k, item in enumerate(self.items)
            }
        )

    def extend(
        self,
        part: int,
        rows: int,
        progress: Callable[[int], None] | None = None,
        threads: int | None = None,
        until: float | None = None,
    ) -> bool:
        """Simulate until a part has so many rows; return whether it got there.

        Parameters
        ----------
        until : float, optional
            Time (``time.monotonic``) after which no new shard is begun.
        """
        workers = threads or os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            for shard in range(-(-rows // SHARD)):
                path = self.folder / f"part{part}-{shard:04d}.parquet"
                if path.exists():
                    continue
                if until is not None and monotonic() > until:
                    return False
                draws = self.draws(part, shard)
                first = (self.seed * len(PARTS) + part) * SEED_STEP + shard * SHARD

                def run(k: int, draws: pd.DataFrame = draws, first: int = first) -> dict:
                    values = parameters_of(draws.iloc[k], self.items)
                    row = simulate_row(self.site, values, first + k, self.months, self.scale)
                    if progress is not None:
                        progress(1)
                    return row

                raw = pd.DataFrame(list(pool.map(run, range(SHARD))))
                frame = pd.concat([draws, raw.astype(np.float32)], axis=1)
                frame.insert(0, "seed", first + np.arange(SHARD))
                frame.insert(0, "part", part)
                temporary = path.with_suffix(".tmp")
                frame.to_parquet(temporary, index=False)
                temporary.replace(path)
        return True


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)
