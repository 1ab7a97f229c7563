"""``reproduce``: make a result again from its manifest alone, and say table by table what agrees.

The rule across machines stands in ``docs/sweeps.md``.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.design import Plan, plan_from
from experiments.execution import execute, outcome_columns, pack
from experiments.folders import (
    KINDS,
    STUDIES,
    arguments_of,
    changed_hashes,
    changed_since,
    kind_of,
    mixes_of,
    run_again,
    town_of,
)
from experiments.store import changes
from experiments.sweeps import read_results
from scenarios.costs import Costs
from scenarios.measures import Mix
from simulator.errors import ResultError, explain
from simulator.files import read_manifest
from simulator.town import Town

TOLERANCE = 1e-9  # relative; sums of the same numbers in another order differ by less
IDENTICAL, WITHIN, DIFFERENT, MISSING = "identical", "within tolerance", "different", "missing"
TABLES = (".csv", ".parquet")


@dataclass(frozen=True)
class Verdict:
    """What came of one table.

    Attributes
    ----------
    table : str
    verdict : {"identical", "within tolerance", "different", "missing"}
    detail : str
        Where the first difference is, or how large the largest one.
    """

    table: str
    verdict: str
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the claim stands."""
        return self.verdict in (IDENTICAL, WITHIN)


@dataclass
class Reproduction:
    """A result folder made again.

    Attributes
    ----------
    kind : str
        Of :data:`experiments.folders.KINDS`.
    verdicts : list of Verdict
    changed : list of str
        Inputs, program or versions that are not those of the folder, in words.
    pictures : list of str
        Pages and figures whose bytes differ (they are drawn from the tables).
    """

    kind: str
    verdicts: list[Verdict]
    changed: list[str]
    pictures: list[str]

    @property
    def holds(self) -> bool:
        """Whether every table is identical or within the tolerance."""
        return bool(self.verdicts) and all(verdict.holds for verdict in self.verdicts)


def reproduce(
    folder: str | Path,
    rows: int | None = None,
    workers: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Reproduction:
    """Make a result folder again from its manifest alone and compare every table.

    Parameters
    ----------
    folder
        Written by any command that leaves a manifest; of ``calibrate``, whose simulations lie in
        a folder of their own, only the command is told.
    rows : int, optional
        Only so many rows of a sweep, spread over the design; default all.
    workers : int, optional
        Threads; default all processors.

    Raises
    ------
    ResultError
        When the manifest is missing or damaged, does not say enough, or is of ``calibrate``.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    changed = changed_versions(manifest)
    try:
        name = kind_of(manifest)
        if name == "sweep":
            return _sweep(folder, manifest, changed, rows, workers, progress)
        if name in STUDIES:
            return _study(folder, manifest, changed, workers, progress)
        if name not in ("run", "compare"):
            raise _unknown(folder, name, manifest)
        command = shlex.split(str(manifest.get("command", "")))
        town, mixes = inputs_of(folder, manifest)
        changed += changed_inputs(manifest, town, mixes)
        with tempfile.TemporaryDirectory() as made:
            target = Path(made) / "again"
            if name == "run":
                _run(manifest, town, mixes, target)
            else:
                strengths = list(pd.read_csv(folder / "summary.csv")["strength"].unique())
                _compare(manifest, command, town, mixes, strengths, target, workers, progress)
            verdicts, pictures = compare_folders(folder, target)
        return Reproduction(name, verdicts, changed, pictures)
    except OSError as error:
        raise explain(error, "read", folder) from error
    except (KeyError, TypeError, IndexError) as error:
        raise ResultError(
            f"manifest.json in {folder} does not say enough to make the result again "
            f"({error} is missing); it was written by an older version."
        ) from error


def changed_versions(manifest: dict[str, Any]) -> list[str]:
    """Return packages whose version is not that of a manifest, in words."""
    changed = []
    for name, old in (manifest.get("packages") or {}).items():
        try:
            new = version(name)
        except PackageNotFoundError:
            new = None
        if new != old:
            changed.append(f"{name} is {new}, was {old}")
    return changed


def inputs_of(folder: Path, manifest: dict[str, Any]) -> tuple[Town, list[Mix]]:
    """Return the place and the mixes that a manifest of run or compare holds.

    Raises
    ------
    ResultError
        When they are none that this version can read.
    """
    inputs = manifest["inputs"]
    return town_of(inputs, folder), mixes_of(inputs["mixes"], folder)


def changed_inputs(manifest: dict[str, Any], town: Town, mixes: list[Mix]) -> list[str]:
    """Return which inputs are not those of a manifest, in words."""
    return changed_hashes(manifest["inputs"]["hashes"], town.hashes(mixes))


def _unknown(folder: Path, name: str, manifest: dict[str, Any]) -> ResultError:
    if name == "calibrate":
        return ResultError(
            f"{folder} was written by calibrate from simulations that the folder does not hold; "
            f"make it again with its command: vacancy-chains {manifest.get('command')}"
        )
    return ResultError(
        f"{folder} was written by '{name or 'nobody'}'; reproduce makes these again: "
        f"{', '.join(kind for kind in KINDS if kind != 'calibrate')}."
    )


def _study(
    folder: Path,
    manifest: dict[str, Any],
    changed: list[str],
    workers: int | None,
    progress: Callable[[float, float], None] | None,
) -> Reproduction:
    changed = changed + changed_since(folder, manifest)
    with tempfile.TemporaryDirectory() as made:
        target = Path(made) / "again"
        found = run_again(folder, manifest, workers, progress)
        found.write(target)
        if manifest.get("from") and manifest["from"] != found.stamp:
            changed.append("the sweep that it analyses changed")
        verdicts, pictures = compare_folders(folder, target)
    return Reproduction(kind_of(manifest), verdicts, changed, pictures)


def _run(manifest: dict[str, Any], town: Town, mixes: list[Mix], target: Path) -> None:
    from simulator.runs import run

    run(
        town, mixes[0], manifest["years"], manifest["seeds"][0], manifest["closure"],
        multiplier=manifest.get("multiplier", 1.0),
    ).write(target)  # fmt: skip


def _compare(
    manifest: dict[str, Any],
    command: list[str],
    town: Town,
    mixes: list[Mix],
    strengths: list[str],
    target: Path,
    workers: int | None,
    progress: Callable[[float, float], None] | None,
) -> None:
    from simulator.comparison import compare

    options: dict[str, str] = {}
    for key, value in zip(command, [*command[1:], ""], strict=True):
        if key.startswith("--"):
            options[key] = value
    known = {"--mix", "--against", "--years", "--replications", "--design", "--closure", "--seed",
             "--lang", "--scale", "--with"}  # fmt: skip
    unknown = sorted(set(options) - known)
    if unknown:
        raise ResultError(
            f"the result was made with {', '.join(unknown)}, which reproduce cannot repeat yet; "
            f"run the command of its manifest: vacancy-chains {shlex.join(command)}"
        )
    # the first mix of the inputs is the reference, the others were compared with it
    comparison = compare(
        town,
        mixes=mixes[1:],
        against=mixes[0],
        years=manifest["years"],
        replications=len(manifest["seeds"]),
        design=options.get("--design", "cohorts"),
        closure=manifest["closure"],
        seed=int(options["--seed"]),
        threads=workers,
        strengths=strengths,
        costs=Costs.model_validate_json(manifest["inputs"]["costs"]),
        progress=progress,
    )
    drawn = None
    if manifest.get("draws"):
        from experiments.draws import compare_draws

        arguments = arguments_of(manifest["draws"], target)
        place = arguments.pop("site")
        drawn = compare_draws(
            place.whole, scale=place.scale, surroundings=place.surroundings, threads=workers,
            progress=progress, **arguments,
        )  # fmt: skip
    doubt = drawn.doubt() if drawn is not None else ()
    comparison.write(target, lang=manifest.get("language", "en"), doubt=doubt)
    if drawn is not None:
        drawn.write(target)


# ---- sweeps -----------------------------------------------------------------------------------


def _sweep(
    folder: Path,
    manifest: dict[str, Any],
    changed: list[str],
    rows: int | None,
    workers: int | None,
    progress: Callable[[float, float], None] | None,
) -> Reproduction:
    plan: Plan = plan_from(manifest["inputs"])
    changed = changed + [f"{part} changed" for part in changes(folder, plan)]
    stored = read_results(folder).set_index("row")
    wanted = stored.index[stored["status"] == "done"].to_numpy()
    if rows is not None and rows < len(wanted):
        wanted = wanted[np.linspace(0, len(wanted) - 1, rows).astype(int)]
    if not len(wanted):
        raise ResultError(f"{folder} holds no finished row to run again.")
    done = np.ones(plan.rows, bool)
    done[wanted] = False
    packed, made, n = pack(plan), {}, 0
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    for result in pool.map(partial(execute, packed), plan.blocks(done)):
        for row, values, error in zip(result.rows, result.values, result.errors, strict=True):
            made[row.row] = values if not error else None
        n += len(result.rows)
        if progress is not None:
            progress(n, len(wanted))
    pool.shutdown()
    from experiments.execution import known_outcomes

    names = [name for name, _, _ in outcome_columns(plan.design, known_outcomes(plan))]
    missing = [row for row, values in made.items() if values is None]
    if missing:
        verdict = Verdict("results.parquet", DIFFERENT, f"row {missing[0]} fails now")
    else:
        again = pd.DataFrame([made[row] for row in sorted(made)], columns=names, index=sorted(made))
        shared = [name for name in names if name in stored]
        verdict = compare_frames(
            "results.parquet", stored.loc[sorted(made), shared], again[shared], TOLERANCE
        )
    part = f"{len(made)} of {len(stored)} rows run again"
    detail = f"{part}; {verdict.detail}" if verdict.detail else part
    return Reproduction("sweep", [Verdict(verdict.table, verdict.verdict, detail)], changed, [])


# ---- comparing tables -------------------------------------------------------------------------


def compare_folders(old: Path, new: Path) -> tuple[list[Verdict], list[str]]:
    """Compare every table of two folders; return the verdicts and the pictures that differ."""
    verdicts, pictures = [], []
    for path in sorted(p for p in old.rglob("*") if p.is_file()):
        name = path.relative_to(old).as_posix()
        if name == "manifest.json" or name.startswith("."):
            continue
        other = new / name
        if path.suffix not in TABLES:
            if other.exists() and path.read_bytes() != other.read_bytes():
                pictures.append(name)
            continue
        verdicts.append(compare_tables(name, path, other))
    return verdicts, pictures


def compare_tables(name: str, old: Path, new: Path, tolerance: float = TOLERANCE) -> Verdict:
    """Compare two tables: identical, within the tolerance, or different and where first."""
    if not new.exists():
        return Verdict(name, MISSING, "it is not written any more")
    if old.read_bytes() == new.read_bytes():
        return Verdict(name, IDENTICAL)
    try:
        one, two = _read(old), _read(new)
    except (ValueError, OSError, pa.ArrowException) as error:
        return Verdict(name, DIFFERENT, f"it cannot be read ({type(error).__name__})")
    return compare_frames(name, one, two, tolerance)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def compare_frames(name: str, one: pd.DataFrame, two: pd.DataFrame, tolerance: float) -> Verdict:
    """Compare two tables in memory; see :func:`compare_tables`."""
    if list(one.columns) != list(two.columns):
        odd = sorted(set(one.columns) ^ set(two.columns))
        return Verdict(name, DIFFERENT, f"its columns: {', '.join(odd) or 'in another order'}")
    if len(one) != len(two):
        return Verdict(name, DIFFERENT, f"{len(one)} rows then, {len(two)} rows now")
    worst, exact = 0.0, True
    first: tuple[int, str] | None = None
    for column in one.columns:
        a, b = one[column], two[column]
        if pd.api.types.is_float_dtype(a) and pd.api.types.is_numeric_dtype(b):
            x, y = a.to_numpy(float), b.to_numpy(float)
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            with np.errstate(invalid="ignore", divide="ignore"):
                gap = np.abs(x - y) / np.maximum(np.abs(x), np.abs(y))
            gap = np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))
            wrong = gap > tolerance
            exact &= bool(same.all())
            worst = max(worst, float(gap.max(initial=0.0)))
        else:
            wrong = ~((a.to_numpy() == b.to_numpy()) | (a.isna() & b.isna()).to_numpy())
            exact &= not wrong.any()
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            if first is None or at < first[0]:
                first = (at, str(column))
    if first is not None:
        at, column = first
        label = one.index[at]
        return Verdict(
            name, DIFFERENT,
            f"first in row {label}, column {column}: {one[column].iloc[at]} then, "
            f"{two[column].iloc[at]} now",
        )  # fmt: skip
    if exact:
        return Verdict(name, IDENTICAL)
    return Verdict(name, WITHIN, f"largest relative difference {worst:.1e}, {tolerance:g} allowed")
