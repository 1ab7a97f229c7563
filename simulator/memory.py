"""Ask memory early for what a loop reads soon: people and posts lie anywhere in large columns."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from simulator.compile import INTERPRETED

LINE = 64  # bytes that memory hands over at a time


def _asking(lines):  # noqa: ANN001, ANN202
    """Return what asks for the first lines of one row of an array stored record by record."""

    def ask_for(typingctx, columns, row):  # noqa: ANN001, ANN202, ARG001
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
            for line in range(lines):
                place = builder.gep(at, [ir.Constant(ir.IntType(64), line * LINE)])
                builder.call(ask, [place, number(0), number(3), number(1)])
            return context.get_dummy_value()

        return types.void(columns, row), codegen

    return intrinsic(ask_for)


def _prefetch_interpreted(columns, row) -> None:  # noqa: ANN001
    """Interpreted, there is nothing to ask for."""


prefetch = _prefetch_interpreted if INTERPRETED else _asking(2)  # a person, a post
prefetch_one = _prefetch_interpreted if INTERPRETED else _asking(1)  # one line is enough
