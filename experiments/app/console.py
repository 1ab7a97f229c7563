"""What every command shares: streams, messages, progress, names of result folders, JSON."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

FAILED = 1
WRONG_INPUT = 2
DEBUG = "VACANCY_CHAINS_DEBUG"


class InputError(Exception):
    """Something that the user gave cannot be used; the message is one sentence for people."""


def prepare_streams() -> None:
    """Let every console show what it can: characters it lacks are replaced, never an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def explain(error: BaseException) -> tuple[str, int]:
    """Return the message for an error that ended a command, and the exit code.

    Parameters
    ----------
    error
        What was raised.

    Returns
    -------
    message, code
        Code 2 when the input or the disk is to blame, 1 otherwise.
    """
    # imported here: pydantic is slow to load and most commands end without an error
    from scenarios.errors import ScenarioError
    from simulator.errors import ResultError

    if isinstance(error, ScenarioError | ResultError | InputError):
        return str(error), WRONG_INPUT
    if isinstance(error, OSError):
        return _explain_os(error), WRONG_INPUT
    if isinstance(error, MemoryError):
        return "There is not enough memory; use fewer threads or a smaller place.", FAILED
    first = str(error).partition("\n")[0]
    return (
        f"The program itself failed ({type(error).__name__}: {first}). "
        f"Set {DEBUG}=1 and run the command again to see where.",
        FAILED,
    )


def _explain_os(error: OSError) -> str:
    where = f"'{str(error.filename)[-300:]}'" if error.filename else "a file"
    reasons = {
        errno.ENOENT: "does not exist",
        errno.EACCES: "may not be read or written by you",
        errno.EPERM: "may not be read or written by you",
        errno.EROFS: "is on a disk that cannot be written",
        errno.EISDIR: "is a folder, but a file is needed",
        errno.ENOTDIR: "lies under something that is not a folder",
        errno.EEXIST: "exists already",
        errno.ENOSPC: "cannot be written, since the disk is full",
        getattr(errno, "EDQUOT", -1): "cannot be written, since your share of the disk is used up",
        errno.ENAMETOOLONG: "has too long a name",
    }
    reason = reasons.get(error.errno or 0, f"cannot be used ({error.strerror or error})")
    return f"{where} {reason}."


def complain(message: str) -> None:
    """Print a message for people on standard error."""
    print(message, file=sys.stderr)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a polite request to end close the files first, as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ------------------------------------------------------------------ result folders


def slug(name: str) -> str:
    """Return the part of a folder name that stands for a site or mix given by name or path."""
    stem = Path(name).stem if name.endswith(".toml") else Path(name).name
    return re.sub(r"[^\w.-]+", "_", stem).strip("._") or "unnamed"


def result_folder(
    out: Path | None, force: bool, command: str, site: str, mixes: Iterable[str] = ()
) -> Path:
    """Return the folder for the results and refuse it before any work is done.

    Parameters
    ----------
    out
        What the user asked for; None takes the next free name under ``results``.
    force
        Whether an existing folder may be replaced.
    command, site, mixes
        Parts of the default name ``results/<command>-<site>[-<mix>]-<n>``.
    """
    if out is None:
        stem = "-".join([command, slug(site), *(slug(mix) for mix in mixes)])[:120]
        n = 1
        while (Path("results") / f"{stem}-{n}").exists():
            n += 1
        out = Path("results") / f"{stem}-{n}"
    elif out.is_dir():
        if any(out.iterdir()) and not force:
            raise InputError(
                f"'{out}' is not empty; name another folder or add --force to replace it."
            )
    elif out.exists():
        raise InputError(f"'{out}' is a file; --out needs the name of a folder.")
    existing = out
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise InputError(f"'{out}' cannot be made, since '{existing}' is not a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"'{out}' cannot be written, since you may not write to '{existing}'.")
    return out


# ------------------------------------------------------------------ JSON


def place_with(site: str, local: Path | None) -> Any:
    """Return what to run: the name of a place, or the place with own numbers laid over it.

    The own numbers, and the fitted parameters that they make stale, are printed.
    """
    if local is None:
        return site
    from scenarios import load_site
    from scenarios.local import local_lines

    place = load_site(site, local=local)
    for line in local_lines(place):
        print(line)
    return place


def write_json(data: Sequence[Mapping[str, Any]] | Mapping[str, Any], target: str) -> None:
    """Write objects as JSON to a file, or to standard output when the target is ``-``.

    The file appears whole or not at all.
    """
    if target == "-":
        # a console that is not UTF-8 still gets valid JSON
        plain = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "") != "utf8"
        print(json.dumps(data, indent=2, ensure_ascii=plain, allow_nan=False, default=_plain))
        return
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n"
    path = Path(target)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    except FileNotFoundError:
        raise InputError(f"'{path.parent}' does not exist, so --json cannot write there.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _plain(value: Any) -> Any:
    """Turn numpy scalars, paths, sets and enums into what JSON knows."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


# ------------------------------------------------------------------ progress


def time_left(seconds: float, lang: str = "en") -> str:
    """Say how long work will still take, no more exactly than anybody can know it.

    Examples
    --------
    >>> time_left(41), time_left(200), time_left(9000)
    ('about 41 s left', 'about 3 min left', 'about 2.5 h left')
    """
    from simulator.wording import Words  # loads pandas; most commands end sooner

    words = Words(lang, plain=True)
    if seconds < 90:
        return words("progress.seconds", n=max(1, round(seconds)))
    if seconds < 5400:
        return words("progress.minutes", n=round(seconds / 60))
    return words("progress.hours", n=words.number(seconds / 3600, 1))


class Progress:
    """Progress of one piece of work on standard error; silent when it takes under two seconds.

    Use it as a context manager and hand it to the work, which calls it with the number of
    units done and the total (and, if it likes, a word for what it does now). It may be called
    from any thread.

    Parameters
    ----------
    what
        What is being done, e.g. ``"Comparing kokkola"``.
    patience
        Seconds before anything is shown.
    lang
        Language of the time left.
    """

    def __init__(
        self, what: str, patience: float = 2.0, stream: TextIO | None = None, lang: str = "en"
    ) -> None:
        self.what = what
        self.lang = lang
        self.stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._done = 0.0
        self._total: float | None = None
        self._said = 0.0
        self._bar: Any = None
        self._task: Any = None
        self._timer = threading.Timer(patience, self._show)
        self._timer.daemon = True
        self._shown = False
        self._over = False

    def __enter__(self) -> Progress:
        self._begun = time.monotonic()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, done: float, total: float | None = None, what: str | None = None) -> None:
        """Report that ``done`` of ``total`` units are done."""
        with self._lock:
            self._done, self._total = done, total
            if what:
                self.what = what
            if self._shown and not self._over:
                self._update()

    def _show(self) -> None:
        with self._lock:
            if self._over:
                return
            self._shown = True
            if self.stream.isatty():
                from rich.console import Console
                from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
                from rich.progress import Progress as Bar

                self._bar = Bar(
                    TextColumn("{task.description}"),
                    BarColumn(),
                    TimeElapsedColumn(),
                    TextColumn("{task.fields[left]}"),
                    console=Console(file=self.stream),
                    transient=True,
                )
                self._task = self._bar.add_task(self.what, total=None, left="")
                self._bar.start()
            self._update()

    def _update(self) -> None:
        elapsed = time.monotonic() - self._begun
        left = ""
        if self._total and 0 < self._done <= self._total:
            left = time_left(elapsed * (self._total - self._done) / self._done, self.lang)
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=self.what,
                completed=self._done,
                total=self._total,
                left=left,
            )
        elif not self._said or elapsed - self._said >= 10:
            # in a log file a line now and then is enough
            self._said = elapsed
            share = ""
            if self._total == 1:
                share = f" {self._done:.0%}"  # the work tells a share
            elif self._total:
                from simulator.wording import Words

                done, total = f"{self._done:g}", f"{self._total:g}"
                share = " " + Words(self.lang)("progress.of", done=done, total=total)
            print(f"{self.what}{share}{', ' + left if left else ' ...'}", file=self.stream)
