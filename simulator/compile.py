"""Compile kernels, with a cache that sees every change.

numba's disk cache does not notice a change in another file, so the cache folder carries a hash
of all sources of :mod:`simulator`, the numba version and the CPU. ``NUMBA_DISABLE_JIT=1`` runs the
same source interpreted.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

SOURCES = Path(__file__).resolve().parent


@functools.cache
def code_hash() -> str:
    """Return 16 hex digits that change with any source file: the same on every machine."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py"), key=lambda path: path.relative_to(SOURCES).parts):
        digest.update(path.relative_to(SOURCES).as_posix().encode())
        # a checkout on Windows may end lines otherwise
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def source_hash() -> str:
    """Return 16 hex digits that change with any source file, numba or the CPU."""
    machine = f"{code_hash()} {version('numba')} {platform.machine()} {platform.processor()}"
    return hashlib.sha256(machine.encode()).hexdigest()[:16]


def _cache_folder() -> Path:
    base = os.environ.get("VACANCY_CHAINS_CACHE")
    if base is None:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache")
    return Path(base) / "vacancy-chain-simulator" / source_hash()


if "NUMBA_CACHE_DIR" not in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = str(_cache_folder())

import numba  # noqa: E402  (the cache folder must be named before numba is imported)
from numba import types  # noqa: E402
from numba.core.dispatcher import Dispatcher  # noqa: E402

INTERPRETED = bool(numba.config.DISABLE_JIT)


def _widest(kind: types.Type) -> types.Type:
    """Return the type in which a kernel takes an argument: whole numbers as int64."""
    kind = types.unliteral(kind)
    if isinstance(kind, types.IntEnumMember):
        kind = kind.dtype
    if isinstance(kind, types.Integer) and kind.signed:
        return types.int64
    return kind


def _compile_once(dispatcher: Dispatcher) -> Dispatcher:
    """Let calls of one kernel by another share one compiled version, whatever whole numbers pass.

    numba would compile a version per literal, enumeration and width of integer (a third more time).
    """
    resolve = dispatcher.get_call_template

    def get_call_template(args: tuple, kws: dict) -> tuple:
        return resolve(
            tuple(_widest(kind) for kind in args),
            {name: _widest(kind) for name, kind in kws.items()},
        )

    # numba has no other hook before a call by another kernel is resolved
    dispatcher.get_call_template = get_call_template  # type: ignore[method-assign, assignment]
    return dispatcher


def kernel(function: Callable) -> Callable:
    """Compile a function of scalars and columns, without the interpreter lock.

    Kernels take exponentials and logarithms from :mod:`math`: numpy's own differ in the last bit on
    some processors, and the source gives the same bits compiled and interpreted.

    They allocate nothing: without numba's reference counts a column read costs a load instead
    of two atomic operations (three times faster in all, measured). Scratch stands in the columns.
    """
    compiled = numba.njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function)
    return compiled if INTERPRETED else _compile_once(compiled)


def allocating_kernel(function: Callable) -> Callable:
    """Compile a function that allocates arrays (ledger, checks; never called by a kernel)."""
    return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
