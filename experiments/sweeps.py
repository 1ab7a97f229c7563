"""``sweep``: run a design, continue it after any stop, merge folders of several machines."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.design import Block, Plan, available_memory, plan_from, read_design
from experiments.execution import execute, pack
from experiments.runner import SHARD_SECONDS, Pool, Report, State, part_of, run_blocks
from experiments.store import KEYS, RESULTS, Store, check_same, locked, read_shard
from scenarios import ScenarioError
from simulator.errors import ResultError, explain
from simulator.files import read_manifest
from simulator.runs import RunResult, run

WORLDS_AT_ONCE = 5  # per worker: the kept start, the path, the twin, and room for the ledger


@dataclass(frozen=True)
class Size:
    """What a sweep will take, from one measured block.

    Attributes
    ----------
    rows, left : int
        Rows in all, rows still to run.
    worlds : int
        Worlds to simulate for them, the settling of starts not counted.
    seconds : float
        Expected duration.
    row_seconds : float
        Seconds of one worker for a row.
    """

    rows: int
    left: int
    worlds: int
    seconds: float
    row_seconds: float


def measure(plan: Plan, store: Store, workers: int, part: tuple[int, int] = (1, 1)) -> Size:
    """Run the first block that is left and tell what the rest will take.

    Raises
    ------
    ScenarioError
        When the worlds of all workers do not fit into the free memory.
    """
    left = int((~store.done & part_of(plan, part)).sum())
    per_row = 2 if plan.design.kind == "pair" else 1
    block = next(plan.blocks(store.done), None)
    if block is None or not left:
        return Size(plan.rows, 0, 0, 0.0, 0.0)
    _check_memory(plan, block, workers)
    few = block._replace(rows=block.rows[:1])
    packed = pack(plan)
    execute(packed, few)  # loads the compiled rules, lays the place out
    town = plan.town(block.place, block.point)
    begun = time.perf_counter()
    town.begin(block.seed)
    start = time.perf_counter() - begun
    begun = time.perf_counter()
    done = execute(packed, few)  # its start is there by now
    row = time.perf_counter() - begun
    starts = left / len(block.rows)
    if plan.design.kind == "pair":
        # rows of a block share their reference world, which the measured row ran for itself
        shared = len({r.closure for r in block.rows}) / len(block.rows)
        row *= (1 + shared) / 2
    seconds = (left * row + starts * start) / workers
    if done.errors[0]:
        seconds = float("nan")
    return Size(plan.rows, left, left * per_row, seconds, seconds * workers / left)


def _check_memory(plan: Plan, block: Block, workers: int) -> None:
    world = plan.town(block.place, block.point).begin(block.seed)
    size = sum(column.nbytes for column in world.columns)
    need, free = float(size) * WORLDS_AT_ONCE * workers, available_memory()
    if need > free:
        fit = int(free / (size * WORLDS_AT_ONCE))
        help_ = f"use --workers {fit}" if fit else "use a smaller place or another machine"
        raise ScenarioError(
            f"{workers} workers need about {need / 1e9:.1f} GB for their worlds, but "
            f"{free / 1e9:.1f} GB are free; {help_}."
        )


def sweep(
    design: str | Path | dict[str, Any] | Plan,
    out: str | Path | None = None,
    executor: str = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    client: Any = None,
    part: tuple[int, int] = (1, 1),
    force: bool = False,
    retry: bool = False,
    announce: Callable[[Plan, Size], None] | None = None,
    report: Report | None = None,
    shard_seconds: float = SHARD_SECONDS,
    only_plan: bool = False,
) -> Path:
    """Run every row of a design that is not done yet, and write ``results.parquet``.

    Parameters
    ----------
    design
        A design file, its content as a dictionary, or a plan.
    out
        Folder; default ``results/sweep-<id>``. A folder that holds a part of the same sweep is
        continued.
    executor : {"threads", "processes", "dask"}
    workers : int, optional
        Worlds side by side; default: all processors.
    scheduler : str, optional
        Address or scheduler file of a Dask cluster.
    client : optional
        A ``distributed.Client`` instead.
    part : (int, int)
        k of n: this machine's part; folders are brought together with :func:`merge`.
    force : bool
        Start again from nothing.
    retry : bool
        Run rows again that failed.
    announce, report : callable, optional
        Told the size before the start, and the state after every block.
    shard_seconds : float
        Longest time that finished rows wait for a closed shard.
    only_plan : bool
        Measure and announce, run nothing.

    Returns
    -------
    Path of the folder.

    Raises
    ------
    ScenarioError
        When the design is wrong.
    ResultError
        When the folder cannot be used, or was begun with something else.
    """
    plan = design if isinstance(design, Plan) else read_design(design)
    folder = Path(out) if out is not None else Path("results") / f"sweep-{plan.design.id}"
    if folder.exists() and not folder.is_dir():
        raise ResultError(f"{folder} is a file; give the name of a folder with --out.")
    k, n = part
    if not 1 <= k <= n:
        raise ScenarioError(f"part {k}/{n} does not exist; use 1/{n} to {n}/{n}.")
    command = f"sweep {plan.design.id}.toml" + (f" --part {k}/{n}" if n > 1 else "")
    with locked(folder):
        if force:
            _clear(folder)
        store = Store(folder, plan, command)
        if retry:
            store.forget_failed()
        mine = part_of(plan, part)
        if bool(store.done[mine].all()) and (folder / RESULTS).exists() and not only_plan:
            return folder
        pool = Pool(executor, workers, scheduler, client)
        try:
            if announce is not None or only_plan:
                size = measure(plan, store, pool.workers, part)
                if announce is not None:
                    announce(plan, size)
        except BaseException:
            pool.close()
            raise
        if only_plan:
            pool.close()
            return folder
        state = run_blocks(store, pool, part, report, shard_seconds)
        store.finish(command, **_spent(state, executor))
    return folder


def _spent(state: State, executor: str) -> dict[str, Any]:
    """Return what the manifest says about the last stretch of work."""
    return {
        "last_stretch": {
            "executor": executor,
            "workers": state.workers,
            "rows": state.new,
            "wall_seconds": round(state.wall, 3),
            "model_seconds": round(state.model_seconds, 3),
        }
    }


def _clear(folder: Path) -> None:
    if not (folder / "manifest.json").exists():
        return
    if read_manifest(folder).get("kind") != "sweep":
        raise ResultError(f"{folder} holds other results; choose another folder with --out.")
    try:
        shutil.rmtree(folder / "shards", ignore_errors=True)
        for path in folder.glob("[!.]*"):
            if path.is_file():
                path.unlink()
    except OSError as error:
        raise explain(error, "write", folder) from error


def plan_of(folder: str | Path) -> Plan:
    """Return the plan of a sweep's folder, from its manifest alone.

    Raises
    ------
    ResultError
        When the folder holds no sweep.
    """
    manifest = read_manifest(folder)
    if manifest.get("kind") != "sweep" or "inputs" not in manifest:
        raise ResultError(f"{folder} holds no sweep; give a folder written by sweep.")
    return plan_from(manifest["inputs"])


def merge(folders: Sequence[str | Path], out: str | Path) -> Path:
    """Bring folders of the same sweep together, such as parts run on several machines.

    Raises
    ------
    ResultError
        When they hold different sweeps, a shard is damaged, or two machines disagree about a row.
    """
    if not folders:
        raise ScenarioError("there is nothing to merge; name the folders with --merge DIR.")
    plan = plan_of(folders[0])
    for folder in folders:
        check_same(Path(folder), plan)
    with locked(Path(out)):
        store = Store(out, plan)
        for folder in folders:
            for path in sorted((Path(folder) / "shards").glob("*.parquet")):
                read_shard(path, store.columns.schema)
                target = store.shards / path.name
                if target.exists():
                    continue
                partial = store.shards / f".{path.name}.part"
                try:
                    shutil.copyfile(path, partial)
                    partial.replace(target)
                except OSError as error:
                    raise explain(error, "write", store.shards) from error
        store = Store(out, plan)
        packages = [read_manifest(folder).get("packages") for folder in folders]
        store.finish(
            merged_from=len(folders), versions_agree=all(p == packages[0] for p in packages)
        )
    return Path(out)


def read_results(folder: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the table of a sweep as a data frame.

    Raises
    ------
    ResultError
        When there is none or it is damaged.
    """
    path = Path(folder) / RESULTS
    try:
        found = pq.read_table(path, columns=list(columns) if columns else None).to_pandas()
    except FileNotFoundError:
        raise ResultError(
            f"{folder} holds no {RESULTS}; let 'vacancy-chains sweep' finish first."
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise ResultError(f"{path} is damaged and cannot be read.") from error
    wanted = columns or [name for name, *_ in KEYS]
    lost = [name for name in wanted if name not in found.columns]
    if lost:
        raise ResultError(f"{path} lacks the column '{lost[0]}'.")
    return found


def rerun(folder: str | Path, number: int) -> tuple[RunResult, RunResult | None, list[str]]:
    """Run one row of a sweep again, with its full ledger.

    Returns
    -------
    world : RunResult
        The world with the mix.
    reference : RunResult or None
        Its twin, when the row is a pair.
    differing : list of str
        Columns in which the stored row and the new run differ; empty when they agree, or when
        the row has not been run yet.

    Raises
    ------
    ScenarioError
        When there is no such row.
    ResultError
        When the folder was begun with other code or other scenarios.
    """
    plan = plan_of(folder)
    check_same(Path(folder), plan)
    row = plan.row(number)
    design = plan.design
    mix, multiplier = plan.levers(row.place, row.point)
    town = plan.town(row.place, row.point)
    made = run(town, mix, design.years, row.seed, row.closure, multiplier=multiplier)
    twin = None
    if design.kind == "pair":
        twin = run(town, plan.against[row.place], design.years, row.seed, row.closure)
    again = execute(pack(plan), Block(row.place, row.point, row.seed, (row,)))
    return made, twin, _differing(Path(folder), plan, number, again.values[0], made)


def _differing(
    folder: Path, plan: Plan, number: int, values: np.ndarray, made: RunResult
) -> list[str]:
    from experiments.execution import outcome_columns
    from simulator.outcomes import window

    names = [name for name, _, _ in outcome_columns(plan.design, made.outcomes)]
    wrong: list[str] = []
    stored = _stored(folder, number)
    if stored is not None:
        wrong += [n for n, v in zip(names, values, strict=False) if stored.get(n) != v]
    # the recorded run must be the same world, not only the same numbers as before
    end = plan.design.windows[-1]
    whole = dict(zip((_name(o) for o in made.outcomes),
                     window(made.outcomes, made.values, 0, end), strict=True))  # fmt: skip
    found = dict(zip(names, values, strict=False))
    for name in names:
        kind, _, rest = name.partition("__")
        if kind not in ("difference", "value") or not rest.endswith(f"__m{end}"):
            continue
        path = rest.removesuffix(f"__m{end}")
        told = found[name] + (found[f"reference__{rest}"] if kind == "difference" else 0.0)
        if abs(told - whole[path]) > 1e-6 * max(1.0, abs(told)):
            wrong.append(name)
    return list(dict.fromkeys(wrong))


def _name(outcome: Any) -> str:
    from experiments.execution import path_of

    return path_of(outcome).replace("/", "__").replace(":", "_")


def _stored(folder: Path, number: int) -> dict[str, Any] | None:
    paths = [folder / RESULTS] if (folder / RESULTS).exists() else []
    for path in [*paths, *sorted((folder / "shards").glob("*.parquet"))]:
        found = pq.read_table(path, filters=[("row", "=", number), ("status", "=", "done")])
        if len(found):
            return found.to_pylist()[0]
    return None
