"""A few threads, many questions: what is wanted most goes first, month by month.

Work is a generator; a thread runs it one step (a simulated month, some milliseconds) at a time
and turns to more urgent work between two steps. Work whose token is cancelled is dropped.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any


class Token:
    """Whether somebody still waits for the answer."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Nobody waits any more."""
        self.cancelled = True


@dataclass(order=True)
class Job:
    """A piece of work in the queue; smaller priority goes first, then who came first."""

    priority: float
    number: int
    steps: Generator = field(compare=False)
    token: Token = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    done: asyncio.Future = field(compare=False)
    early: asyncio.Future = field(compare=False)  # the first value that the work yields


class Scheduler:
    """Threads that work off jobs by priority.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int) -> None:
        self._queue: list[Job] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"world-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._queue)

    def submit(self, steps: Generator[Any, None, Any], priority: float, token: Token) -> Job:
        """Queue work; call it from the event loop. Await ``early`` or ``done`` of the job."""
        loop = asyncio.get_running_loop()
        job = Job(
            priority, next(self._numbers), steps, token, loop,
            loop.create_future(), loop.create_future(),
        )  # fmt: skip
        with self._wake:
            heapq.heappush(self._queue, job)
            self._wake.notify()
        return job

    def stop(self) -> None:
        """Drop what is queued and end the threads after their present step."""
        with self._wake:
            self._stopped = True
            self._queue.clear()
            self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                job = heapq.heappop(self._queue)
            self._run(job)

    def _run(self, job: Job) -> None:
        while not self._stopped:
            if job.token.cancelled:
                job.steps.close()
                _tell(job, job.done, None)
                _tell(job, job.early, None)
                return
            try:
                early = next(job.steps)
            except StopIteration as end:
                _tell(job, job.done, end.value)
                _tell(job, job.early, None)
                return
            except BaseException as error:  # handed to whoever awaits the job
                _fail(job, error)
                return
            if early is not None:
                _tell(job, job.early, early)
            with self._wake:
                if self._queue and self._queue[0].priority < job.priority:
                    heapq.heappush(self._queue, job)
                    return


def _tell(job: Job, future: asyncio.Future, value: Any) -> None:
    def settle() -> None:
        if not future.done():
            future.set_result(value)

    _call(job, settle)


def _fail(job: Job, error: BaseException) -> None:
    def settle() -> None:
        for future in (job.early, job.done):
            if not future.done():
                future.set_exception(error)
                future.exception()  # read, so that an unawaited one is not reported twice

    _call(job, settle)


def _call(job: Job, settle: Any) -> None:
    if not job.loop.is_closed():
        job.loop.call_soon_threadsafe(settle)
