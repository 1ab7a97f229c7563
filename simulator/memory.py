"""Two instructions of the processor that numba does not offer.

People and posts lie anywhere in large columns: :func:`prefetch` asks memory early for what a loop
reads soon. :func:`lowest_bit` finds the first of many tries that succeeded.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from simulator.compile import INTERPRETED

LINE = 64  # bytes that memory hands over at a time


@intrinsic
def _prefetch(typingctx, columns, row):  # noqa: ANN001, ANN202, ARG001
    """Ask for the record of one row of an array stored record by record."""

    def codegen(context, builder, signature, args):  # noqa: ANN001, ANN202
        kind = signature.args[0]
        array = cgutils.create_struct_proxy(kind)(context, builder, args[0])
        stride = cgutils.unpack_tuple(builder, array.strides, kind.ndim)[-1]
        byte = ir.IntType(8).as_pointer()
        start = builder.bitcast(array.data, byte)
        at = builder.gep(start, [builder.mul(stride, builder.sext(args[1], stride.type))])
        number = ir.IntType(32)
        ask = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0i8",
        )
        for line in range(2):
            place = builder.gep(at, [ir.Constant(ir.IntType(64), line * LINE)])
            builder.call(ask, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(columns, row), codegen


@intrinsic
def _lowest_bit(typingctx, word):  # noqa: ANN001, ANN202, ARG001
    """Return the position of the lowest bit set in a word that is not zero."""

    def codegen(context, builder, signature, args):  # noqa: ANN001, ANN202, ARG001
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


def _prefetch_interpreted(columns, row) -> None:  # noqa: ANN001
    """Interpreted, there is nothing to ask for."""


def _lowest_bit_interpreted(word) -> int:  # noqa: ANN001
    return (int(word) & -int(word)).bit_length() - 1


prefetch = _prefetch_interpreted if INTERPRETED else _prefetch
lowest_bit = _lowest_bit_interpreted if INTERPRETED else _lowest_bit
