"""One loop over ``concurrent.futures`` executors: threads, processes, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.design import Block, Plan
from experiments.execution import Done, Packed, execute, pack
from experiments.store import Store
from scenarios import ScenarioError
from simulator.errors import ResultError

EXECUTORS = ("threads", "processes", "dask")
SHARD_SECONDS = 20.0  # at most so much work is lost when the machine stops
SHARD_ROWS = 4096
AHEAD = 2  # blocks per worker that are handed out before they are needed
ATTEMPTS = 3  # how often a block may take its worker down before its rows count as failed

Report = Callable[["State"], None]


@dataclass
class State:
    """How far a sweep is.

    Attributes
    ----------
    rows, done, failed : int
        Rows of the design (or of the part), done in all, failed in all.
    new : int
        Rows run by this command.
    wall, model_seconds : float
        Seconds since it began, seconds in the simulator over all workers.
    workers : int
    """

    rows: int
    done: int
    failed: int
    new: int = 0
    wall: float = 0.0
    model_seconds: float = 0.0
    workers: int = 1

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.new / self.wall if self.wall else 0.0

    @property
    def overhead(self) -> float:
        """(wall x workers - time in the simulator) / time in the simulator."""
        if not self.model_seconds:
            return float("nan")
        return self.wall * self.workers / self.model_seconds - 1.0


class Pool:
    """An executor that can be opened again after it broke.

    Parameters
    ----------
    kind : {"threads", "processes", "dask"}
    workers : int, optional
        Default: all processors (``dask``: the workers of the cluster).
    scheduler : str, optional
        Address or scheduler file of a running Dask cluster; None starts a local one.
    client : optional
        A ``distributed.Client``, from Python.
    """

    def __init__(
        self,
        kind: str = "threads",
        workers: int | None = None,
        scheduler: str | None = None,
        client: Any = None,
    ) -> None:
        if kind not in EXECUTORS:
            raise ScenarioError(f"there is no executor '{kind}'; known are {', '.join(EXECUTORS)}.")
        if kind != "dask" and (scheduler or client):
            raise ScenarioError("a scheduler needs --executor dask.")
        self.kind, self.scheduler, self.client = kind, scheduler, client
        self.workers = workers or os.cpu_count() or 1
        self._own = ExitStack()
        self.executor: Executor = self._open()

    def _open(self) -> Executor:
        if self.kind == "threads":
            return ThreadPoolExecutor(self.workers)
        if self.kind == "processes":
            # a fresh interpreter everywhere: forks of a process with threads can hang
            return ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn"))
        if self.client is None:
            self.client = self._own.enter_context(self._connect())
        self.client.wait_for_workers(1)
        threads = sum(self.client.nthreads().values())
        self.workers = threads or self.workers
        return self.client.get_executor(retries=ATTEMPTS, pure=False)

    def _connect(self) -> Any:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise ScenarioError(
                "--executor dask needs the extra 'cluster': "
                "pip install 'vacancy-chain-simulator[cluster]'."
            ) from None
        if self.scheduler is None:
            cluster = self._own.enter_context(
                LocalCluster(self.workers, threads_per_worker=1, dashboard_address=None)
            )
            return Client(cluster)
        try:
            if os.path.isfile(self.scheduler):
                return Client(scheduler_file=self.scheduler, timeout=20)
            return Client(self.scheduler, timeout=20)
        except (OSError, ValueError) as error:
            raise ScenarioError(
                f"no Dask scheduler answers at '{self.scheduler}' ({type(error).__name__}); "
                "give its address, such as tcp://host:8786, or its scheduler file."
            ) from error

    def reopen(self) -> None:
        """Start new workers after the old ones died."""
        self.executor.shutdown(wait=False)
        self.executor = self._open()

    def submit(self, packed: Packed, block: Block) -> Future:
        """Hand a block to a worker."""
        return self.executor.submit(execute, packed, block)

    def close(self) -> None:
        """Let the workers go."""
        self.executor.shutdown(wait=True)
        self._own.close()


def run_blocks(
    store: Store,
    pool: Pool,
    part: tuple[int, int] = (1, 1),
    report: Report | None = None,
    shard_seconds: float = SHARD_SECONDS,
) -> State:
    """Run what is not done yet, and close shards as time passes.

    Parameters
    ----------
    store : Store
    pool : Pool
    part : (int, int)
        k of n: only each n-th block, from the k-th; other machines run the others.
    report : callable, optional
        Called after every block.
    shard_seconds : float
        Longest time that finished rows wait for a closed shard.

    Raises
    ------
    ResultError
        When nothing can be written any more; closed shards stay.
    """
    packed = pack(store.plan)
    mine = part_of(store.plan, part)
    todo = _mine(store.plan, store.done, part)
    state = State(
        int(mine.sum()), int((store.done & mine).sum()), store.failed, workers=pool.workers
    )
    begun = closed = time.perf_counter()
    flying: dict[Future, Block] = {}
    again: list[Block] = []
    deaths: dict[int, int] = {}

    def take(done: Done) -> None:
        nonlocal closed
        store.add(done)
        state.new += len(done.rows)
        state.done += len(done.rows)
        state.failed += sum(bool(error) for error in done.errors)
        state.model_seconds += done.model_seconds
        state.wall = time.perf_counter() - begun
        if store.pending >= SHARD_ROWS or time.perf_counter() - closed >= shard_seconds:
            store.close_shard()
            closed = time.perf_counter()
        if report is not None:
            report(state)

    try:
        while True:
            while len(flying) < AHEAD * pool.workers:
                block = again.pop() if again else next(todo, None)
                if block is None:
                    break
                try:
                    flying[pool.submit(packed, block)] = block
                except BrokenExecutor:
                    again.append(block)
                    break
            if not flying and not again:
                break
            finished, _ = wait(flying, return_when=FIRST_COMPLETED)
            broken = not flying
            for future in finished:
                block = flying.pop(future)
                try:
                    done = future.result()
                except ResultError:
                    raise
                except Exception as error:
                    if isinstance(error, BrokenExecutor):
                        broken = True
                    first = block.rows[0].row
                    deaths[first] = deaths.get(first, 0) + 1
                    if deaths[first] < ATTEMPTS:
                        again.append(block)
                        continue
                    done = _lost(block, error)
                take(done)
            if broken:
                # nobody can tell whose block it was: all that were out are handed out again
                again.extend(flying.values())
                flying.clear()
                pool.reopen()
    finally:
        # also when stopped or when the disk is full: what is finished counts if it can be written
        try:
            if not isinstance(_current(), ResultError):
                store.close_shard()
        finally:
            for future in flying:
                future.cancel()  # what nobody has begun
            pool.close()
    state.wall = time.perf_counter() - begun
    return state


def _current() -> BaseException | None:
    import sys

    return sys.exc_info()[1]


def _lost(block: Block, error: BaseException) -> Done:
    text = f"the worker ended {ATTEMPTS} times ({type(error).__name__})"
    n = len(block.rows)
    return Done(block.rows, np.empty((n, 0)), [text] * n, 0.0, 0.0)


def _mine(plan: Plan, done: np.ndarray | None, part: tuple[int, int]) -> Iterator[Block]:
    k, n = part
    if n == 1:
        yield from plan.blocks(done)
        return
    # blocks are counted with those that are done, so that every machine counts alike
    for at, block in enumerate(plan.blocks(None)):
        if at % n == k - 1:
            rows = tuple(r for r in block.rows if done is None or not done[r.row])
            if rows:
                yield block._replace(rows=rows)


def part_of(plan: Plan, part: tuple[int, int]) -> np.ndarray:
    """Return which rows belong to a part, shape (rows,)."""
    mine = np.ones(plan.rows, bool)
    if part[1] > 1:
        mine[:] = False
        for block in _mine(plan, None, part):
            mine[[row.row for row in block.rows]] = True
    return mine
