"""What kernels take: one pointer to a table of all arrays of a world.

A named tuple of fifty arrays would be passed to every call array by array, and reference counts
would cost two atomic operations a read (measured: ten times slower, compile time fourfold). Here a
world is a pointer; a column read is a load that the compiler may hoist. Interpreted, kernels take
the named tuple itself: the source is the same.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from simulator.compile import INTERPRETED
from simulator.world import BY_ENTITY, LAYOUT, Columns

WORD = 8  # bytes


def _array_type(name: str) -> types.Array:
    dtype, ndim = LAYOUT[name]
    return types.Array(types.__dict__[dtype], ndim, "F" if name in BY_ENTITY else "C")


FIELDS = {name: _array_type(name) for name in Columns._fields}
DTYPES = {name: np.dtype(LAYOUT[name][0]) for name in Columns._fields}
# numba's array struct: meminfo, parent, nitems, itemsize, data, shape, strides
OFFSETS: dict[str, int] = {}
_at = 0
for _name, _kind in FIELDS.items():
    OFFSETS[_name] = _at
    _at += (5 + 2 * _kind.ndim) * WORD
TABLE_WORDS = _at // WORD


class Handle:
    """Pointer to the arrays of a world; keeps them alive."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        table = np.zeros(TABLE_WORDS, np.int64)
        for name, array in columns._asdict().items():
            kind = FIELDS[name]
            if array.dtype != DTYPES[name] or array.ndim != kind.ndim:
                raise TypeError(f"{name}: {array.dtype} with {array.ndim} axes, expected {kind}")
            if not array.flags[f"{kind.layout}_CONTIGUOUS"]:
                raise TypeError(f"{name} is not contiguous")
            at = OFFSETS[name] // WORD
            table[at + 2] = array.size
            table[at + 3] = array.itemsize
            table[at + 4] = array.__array_interface__["data"][0]
            table[at + 5 : at + 5 + array.ndim] = array.shape
            table[at + 5 + array.ndim : at + 5 + 2 * array.ndim] = array.strides
        self.table = table
        self.address = table.ctypes.data


class WorldType(types.Type):
    """Compiled type of :class:`Handle`."""

    def __init__(self) -> None:
        super().__init__(name="World")


WORLD = WorldType()


@typeof_impl.register(Handle)
def _typeof_handle(val, c):  # noqa: ANN001, ANN202, ARG001
    return WORLD


@register_model(WorldType)
class _WorldModel(models.OpaqueModel):
    """A pointer to bytes."""


@unbox(WorldType)
def _unbox_handle(typ, obj, c):  # noqa: ANN001, ANN202, ARG001
    address = c.pyapi.object_getattr_string(obj, "address")
    value = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.inttoptr(value, cgutils.voidptr_t))


@infer_getattr
class _WorldAttributes(AttributeTemplate):
    key = WorldType

    def generic_resolve(self, typ, attr):  # noqa: ANN001, ANN202, ARG002
        return FIELDS.get(attr)


@lower_getattr_generic(WorldType)
def _load_column(context, builder, typ, val, attr):  # noqa: ANN001, ANN202, ARG001
    kind = FIELDS[attr]
    struct = context.get_value_type(kind)
    where = cgutils.pointer_add(builder, val, OFFSETS[attr], struct.as_pointer())
    loaded = builder.load(where)
    # nothing writes the table while a kernel runs: the compiler may keep what it has read
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


def handle(columns: Columns) -> Handle | Columns:
    """Return what kernels take: a handle, or the columns themselves when interpreted."""
    return columns if INTERPRETED else Handle(columns)
