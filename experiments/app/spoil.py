"""Ways to spoil a file: its text, its bytes, the tree of its JSON, its tables.

Every choice comes from the source of chance that is handed in, so that a case can be made again.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import re
from pathlib import Path
from typing import Any

# what may stand where a value stood
HUGE = "9" * 5000
NASTY = (
    "0", "-1", "1", "-0.0", "1e308", "-1e308", "1e-320", "1e400", "nan", "inf", "-inf", "true",
    "false", "[]", "{}", '""', '" "', "[[]]", "[1, 2, 3]", '["a", "a"]', "{ a = 1 }", "1.0", "0.5",
    "99999999999", "9223372036854775808", "-9223372036854775809", HUGE, "0x" + "f" * 5000,
    "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00", '"../../../etc/passwd"', '"/etc/passwd"',
    '"<script>alert(1)</script>"', '"{0.__class__}{with}"', "'%s%n'", '"\\u0000"', '"\\u202e"',
    '"kokkola"', '"baseline"', '"today"', '"D"', '"share"', '"a" * 9', '"' + "x" * 20_000 + '"',
    "[" * 3000, "[" * 300 + "]" * 300, "{ a = " * 150 + "1" + " }" * 150, '"""', "'''", "=", "#",
)  # fmt: skip
LETTERS = "abcxyz019_-.\"'[]{}=#,:\\\n\t \0\x7f\u00e4\u202e\ud7ff\U0001f600"


def spoil_text(text: str, chance: random.Random, donor: str = "") -> bytes:
    """Return a text file changed in one to three places.

    Parameters
    ----------
    text
        A TOML file, or another file of lines.
    chance
        Source of every choice.
    donor
        A file of another kind, of which lines may be taken.
    """
    lines = text.split("\n")
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        lines = _spoil_lines(lines, chance, donor)
    made = "\n".join(lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.08:
        made = spoil_bytes(made, chance)
    return made


def _spoil_lines(lines: list[str], chance: random.Random, donor: str) -> list[str]:
    at = chance.randrange(len(lines))
    # most lines of a file are keys with values; comments say nothing
    for _ in range(20):
        if "=" in lines[at] and not lines[at].lstrip().startswith("#"):
            break
        at = chance.randrange(len(lines))
    line, way = lines[at], chance.randrange(14)
    if way < 5:  # another value
        whole = re.match(r"^([^=]*=\s*)", line)
        if whole and chance.random() < 0.5:
            line = whole[1] + chance.choice(NASTY)
        else:
            line = _spoil_part(line, chance)
        return [*lines[:at], line, *lines[at + 1 :]]
    if way == 5:
        return [*lines[:at], *lines[at + 1 :]]
    if way == 6:
        return [*lines[:at], line, line, *lines[at + 1 :]]
    if way == 7:
        other = chance.randrange(len(lines))
        lines = list(lines)
        lines[at], lines[other] = lines[other], line
        return lines
    if way == 8:  # a key with a typo
        letters = list(line)
        place = chance.randrange(max(1, min(len(letters), 12)))
        letters[place : place + 1] = chance.choice(("", "x", "_", "é"))
        return [*lines[:at], "".join(letters), *lines[at + 1 :]]
    if way == 9:  # a table of its own where a value stood
        key = line.split("=")[0].strip() or "x"
        header = chance.choice((f"[{key}]", f"[[{key}]]", f"[{key}.{key}]", f"{key}.a.b = 1"))
        return [*lines[:at], header, *lines[at + 1 :]]
    if way == 10:
        return lines[: at + 1]
    if way == 11 and donor:
        taken = donor.split("\n")
        start = chance.randrange(len(taken))
        return [*lines[:at], *taken[start : start + chance.choice((1, 5, 1000))], *lines[at:]]
    if way == 12:
        place = chance.randrange(len(line) + 1)
        extra = "".join(chance.choice(LETTERS) for _ in range(chance.choice((1, 1, 3))))
        return [*lines[:at], line[:place] + extra + line[place:], *lines[at + 1 :]]
    return [*lines[:at], _spoil_part(line, chance), *lines[at + 1 :]]


def _spoil_part(line: str, chance: random.Random) -> str:
    """Change one number or one text within a line."""
    parts = list(re.finditer(r'-?\d+(?:\.\d+)?|"[^"]*"|\btrue\b|\bfalse\b', line))
    if not parts:
        return line + chance.choice(NASTY)
    part = chance.choice(parts)
    old = part[0]
    if old[0] in "-0123456789" and chance.random() < 0.6:
        number = float(old)
        new = chance.choice((-number, number * 1000, number / 1000, number + 1, 2 * number, 0.0))
        made = f"{int(new)}" if "." not in old and math.isfinite(new) else f"{new:g}"
    else:
        made = chance.choice(NASTY)
    return line[: part.start()] + made + line[part.end() :]


def spoil_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return a file with bytes changed, taken out, put in, or the end cut off."""
    if not data:
        return b"\0"
    way, at = chance.randrange(5), chance.randrange(len(data))
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + chance.randbytes(chance.choice((1, 4, 64))) + data[at:]
    if way == 2:
        return data[:at] + data[at + chance.choice((1, 4, 1000)) :]
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 5, 100))):
        made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made)


_LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1e308, 1e-320, 2**31, 2**63, -(2**63), 10**400, 0.5, "", " ",
    "x" * 20_000, "../../etc/passwd", "<script>alert(1)</script>", "\0", "\u202e", "\ud800", [], {},
    [[]], {"a": 1}, ["kokkola"], "kokkola", "baseline", math.nan, math.inf,
)  # fmt: skip


def spoil_tree(data: Any, chance: random.Random) -> Any:
    """Return JSON data with one part changed, taken away, renamed, repeated or nested deeply."""
    if isinstance(data, dict) and data and chance.random() < 0.85:
        key = chance.choice(list(data))
        way = chance.random()
        rest = {name: item for name, item in data.items() if name != key}
        if way < 0.1:
            return rest
        if way < 0.18:
            new = chance.choice(("x", "", key + "s", key.upper(), "__class__", "x" * 5000))
            return rest | {new: data[key]}
        if way < 0.22:
            return data | {chance.choice(("x", "files", "\0", "schema")): chance.choice(_LEAVES)}
        return data | {key: spoil_tree(data[key], chance)}
    if isinstance(data, list) and data and chance.random() < 0.8:
        at = chance.randrange(len(data))
        way = chance.random()
        if way < 0.15:
            return data[:at] + data[at + 1 :]
        if way < 0.25:
            return data + [data[at]] * chance.choice((1, 3, 5000))
        return [*data[:at], spoil_tree(data[at], chance), *data[at + 1 :]]
    if isinstance(data, str) and data[:1] in "{[" and chance.random() < 0.6:
        with contextlib.suppress(ValueError):  # JSON kept as text, as inputs in a manifest are
            return json.dumps(spoil_tree(json.loads(data), chance))
    if isinstance(data, float) and chance.random() < 0.4:
        return chance.choice((-data, data * 1e6, data / 1e6, data + 1))
    if chance.random() < 0.03:
        deep: Any = chance.choice(_LEAVES)
        for _ in range(900):
            deep = [deep]
        return deep
    return chance.choice(_LEAVES)


def spoil_json(text: str, chance: random.Random) -> bytes:
    """Return JSON changed in its tree or in its text."""
    if chance.random() < 0.15:
        return spoil_bytes(text.encode(), chance)
    if chance.random() < 0.05:
        return (
            "[" * 40_000 if chance.random() < 0.5 else text.replace(":", f":{HUGE}", 1)
        ).encode()
    data = json.loads(text)
    for _ in range(chance.choice((1, 1, 2))):
        data = spoil_tree(data, chance)
    return json.dumps(data).encode()


def spoil_csv(text: str, chance: random.Random) -> bytes:
    """Return a table of text with a cell, a row or a column changed."""
    if chance.random() < 0.2:
        return spoil_bytes(text.encode(), chance)
    rows = [line.split(",") for line in text.rstrip("\n").split("\n")]
    way, at = chance.randrange(6), chance.randrange(len(rows))
    column = chance.randrange(len(rows[0]))
    if way == 0:
        del rows[at]
    elif way == 1:
        rows = [row[:column] + row[column + 1 :] for row in rows]
    elif way == 2:
        rows = rows[:1]
    elif way == 3:
        rows.append(rows[at])
    else:
        leaves = (
            "",
            "nan",
            "inf",
            "-1",
            "1e308",
            "x",
            "0",
            "1e9",
            "99999999999999999999",
            '"',
            "R",
        )
        cells = range(1, len(rows)) if chance.random() < 0.1 else (at,)
        for row in cells:
            if column < len(rows[row]):
                rows[row][column] = chance.choice(leaves)
    return ("\n".join(",".join(row) for row in rows) + "\n").encode()


def spoil_parquet(path: Path, chance: random.Random) -> bytes:
    """Return a parquet file with bytes changed, or written again with other columns or rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    if chance.random() < 0.35:
        return spoil_bytes(path.read_bytes(), chance)
    made = pq.read_table(path)
    at = chance.randrange(made.num_columns)
    name, column = made.column_names[at], made.column(at).combine_chunks()
    n, way = made.num_rows, chance.randrange(9)
    if way == 0:
        made = made.drop_columns([name])
    elif way == 1:
        made = made.slice(0, 0)
    elif way == 2 and n:
        made = made.take(pa.array(np.random.default_rng(chance.getrandbits(32)).permutation(n)))
    elif way == 3 and n:
        made = pa.concat_tables([made, made.slice(chance.randrange(n), 3)])
    elif way == 4:
        made = made.set_column(at, name, pa.nulls(n, column.type))
    elif way == 5:
        kind = chance.choice((pa.string(), pa.float64(), pa.list_(pa.int64()), pa.timestamp("s")))
        made = made.set_column(at, name, pa.nulls(n, kind))
    elif way == 6 and n:
        made = made.slice(0, chance.randrange(n))
    elif n:  # some values are others, as large as the type allows
        values = column.to_pylist()
        extremes: tuple[Any, ...] = ("x", "", "open")
        if pa.types.is_integer(column.type):
            top = 2 ** (column.type.bit_width - 1)
            extremes = (-1, 0, top - 1, -top, 1000 % top, None)
        elif pa.types.is_floating(column.type):
            extremes = (math.nan, math.inf, -1e308, 0.0, None)
        elif pa.types.is_boolean(column.type):
            extremes = (True, False, None)
        for _ in range(chance.choice((1, 1, 20))):
            values[chance.randrange(n)] = chance.choice(extremes)
        made = made.set_column(at, name, pa.array(values, column.type))
    sink = pa.BufferOutputStream()
    pq.write_table(made, sink)
    return sink.getvalue().to_pybytes()
