"""Problems in scenario files: collected, worded for people, reported together.

A problem is one sentence that says which file, which key, what was wrong and what would be
right. Readers of files gather problems in a list and raise one :class:`ScenarioError` at the
end of a pass, so that nobody has to repair a file error by error.
"""

from __future__ import annotations

import difflib
import functools
import logging
import pickle
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from scenarios.upgrade import SCHEMA, STEPS, changes, older, upgraded

LONGEST = 1_000  # characters of a problem
DEEPEST = 20  # tables and lists within each other; no file of ours needs ten

M = TypeVar("M", bound=BaseModel)


class ScenarioError(Exception):
    """One or more problems in scenario files.

    Parameters
    ----------
    problems
        Sentences, one per problem.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        found = [problems] if isinstance(problems, str) else list(problems)
        self.problems = [_shortened(problem) for problem in found]
        super().__init__("\n".join(self.problems))


def _shortened(problem: str) -> str:
    """Keep where and what of a sentence that quotes a long piece of a file."""
    return problem if len(problem) <= LONGEST else f"{problem[:600]} [...] {problem[-200:]}"


class Table(BaseModel):
    """Base of every table of a scenario file: unknown keys are errors, types are strict."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that looks most like ``word``, or None when nothing is close."""
    by_lower = {str(choice).lower(): str(choice) for choice in choices}
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Return the half-sentence that helps with an unknown name."""
    choices = [str(choice) for choice in choices]
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean '{near}'?"
    if not choices:
        return "nothing is allowed here."
    shown = ", ".join(sorted(choices)[:12]) + (", ..." if len(choices) > 12 else "")
    return f"known names are {shown}."


def unknown_name(file: str | Path, key: str, what: str, word: str, choices: Iterable[str]) -> str:
    """Return the sentence for a value that names something unknown.

    Examples
    --------
    >>> unknown_name("a.toml", "target", "group", "yuong", ["young", "old"])
    "a.toml: target names the unknown group 'yuong'; did you mean 'young'?"
    """
    return f"{Path(file).name}: {key} names the unknown {what} '{word}'; " + suggestion(
        word, choices
    )


def parsed(text: str) -> dict[str, Any]:
    """Return TOML text as tables; the same text is parsed once, and everybody gets a copy.

    A mix reads the same dozen files again at each movement of a slider of the page.
    """
    return pickle.loads(_parsed(text))


@functools.lru_cache(maxsize=128)
def _parsed(text: str) -> bytes:
    return pickle.dumps(tomllib.loads(text))


def read_toml(path: str | Path, problems: list[str], check_schema: bool = True) -> dict | None:
    """Read a TOML file; on failure add a sentence to ``problems`` and return None.

    A file of an older schema is read as the current one has it, with a note in the log.
    """
    path = Path(path)
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = parsed(text)
    except FileNotFoundError:
        problems.append(f"{path}: the file does not exist; give the path of a TOML file.")
        return None
    except IsADirectoryError:
        problems.append(f"{path}: this is a folder; give the path of a TOML file.")
        return None
    except OSError as error:
        problems.append(f"{path}: the file cannot be read ({error.strerror}).")
        return None
    except UnicodeDecodeError:
        problems.append(f"{name}: the file is not UTF-8 text; save it as UTF-8.")
        return None
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{name}: the file is not valid TOML: {error}.")
        return None
    except (ValueError, RecursionError):  # beyond what the reader of TOML can take
        problems.append(
            f"{name}: the file is not valid TOML: a number has too many digits, or tables and "
            "lists are nested too deeply."
        )
        return None
    wrong = _unreadable(data)
    if wrong:
        problems.append(f"{name}: {wrong}")
        return None
    if check_schema:
        version = data.get("schema")
        if older(version):
            _note(str(path), version)
            data = upgraded(data)
        elif type(version) is not int or version != SCHEMA:
            problems.append(_wrong_schema(name, version))
            if type(version) is int and version > SCHEMA:
                return None  # its keys are not those of this version
        data.pop("schema", None)
    return data


def _unreadable(data: Any, depth: int = 0) -> str | None:
    """Return what no value of a file may be: too large, too deep, with characters of control."""
    if depth > DEEPEST:
        return f"tables and lists are nested more than {DEEPEST} deep; write them flatter."
    if isinstance(data, dict):
        inside: Iterable[Any] = (item for pair in data.items() for item in pair)
    elif isinstance(data, list):
        inside = data
    elif isinstance(data, str):
        return "a text holds the character NUL; take it out." if "\0" in data else None
    elif type(data) is int and not -(2**63) <= data < 2**63:
        return "a whole number has more than 64 bits; write a smaller one."
    else:
        return None
    return next((wrong for item in inside if (wrong := _unreadable(item, depth + 1))), None)


@functools.cache  # once for each file, however often it is read
def _note(path: str, version: int) -> None:
    logging.getLogger(__name__).warning(
        "%s has the older schema = %d (%s); it is read as schema = %d. "
        "To rewrite it: vacancy-chains check %s --upgrade",
        path, version, changes(version), SCHEMA, path,
    )  # fmt: skip


def _wrong_schema(name: str, version: Any) -> str:
    if version is None:
        return f"{name}: schema is missing; write 'schema = {SCHEMA}' at the top."
    if type(version) is not int or version < 0:
        return f"{name}: schema is {_show(version)}, but must be {SCHEMA}."
    if version > SCHEMA:
        return (
            f"{name}: schema is {version}, written for a newer version of this program, but this "
            f"version reads up to schema = {SCHEMA}; install the newer version."
        )
    return (
        f"{name}: schema is {version}, but the oldest that this version reads is "
        f"{min(STEPS, default=SCHEMA)}."
    )


def is_file(path: Path) -> bool:
    """Whether a path names a file; False for what no file can be called."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def validate(
    model: type[M],
    data: Any,
    file: str | Path,
    problems: list[str],
    at: Sequence[str | int] = (),
) -> M | None:
    """Check ``data`` against ``model``; add a sentence per problem.

    Parameters
    ----------
    model
        The table that the data must be.
    data
        Parsed TOML.
    file
        File named in the sentences.
    problems
        List that grows by the problems found.
    at
        Key under which the data stands in the file.

    Returns
    -------
    The table, or None when there was any problem.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            problems.extend(_sentences(item, model, Path(file).name, at))
    return None


def _sentences(item: Any, model: type[BaseModel], file: str, at: Sequence[str | int]) -> list[str]:
    loc = [part for part in item["loc"] if not (isinstance(part, str) and part.startswith("["))]
    key = _key([*at, *loc])
    kind = item["type"]
    given = item.get("input")
    place = f"{file}: {key}" if key else file
    if kind == "extra_forbidden":
        known = _keys_at(model, loc[:-1])
        where = _key([*at, *loc[:-1]])
        inside = f" in [{where}]" if where else ""
        return [f"{file}: unknown key '{loc[-1]}'{inside}; " + suggestion(str(loc[-1]), known)]
    if kind == "missing":
        return [f"{place} is missing; it must be {_expected(_type_at(model, loc))}."]
    if kind == "value_error":
        text = str(item["ctx"]["error"])
        return [f"{place} {line}" for line in text.split("\n")]
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        expected = _expected(_type_at(model, loc))
        return [f"{place} is {_show(given)}, but must be {expected}."]
    if kind == "literal_error":
        expected = item["ctx"]["expected"]
        near = nearest(given, _words(expected)) if isinstance(given, str) else None
        hint = f"; did you mean '{near}'?" if near else "."
        return [f"{place} is {_show(given)}, but must be {expected}{hint}"]
    words = {
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "string_type": "text in quotes",
        "bool_type": "true or false",
        "list_type": "a list",
        "too_short": "a longer list",
        "too_long": "a shorter list",
        "string_too_short": "text that is not empty",
    }
    if kind in words:
        if kind in ("too_short", "too_long"):
            ctx = item["ctx"]
            bound = ctx.get("min_length", ctx.get("max_length"))
            least = "at least" if kind == "too_short" else "at most"
            return [f"{place} has {ctx['actual_length']} entries, but must have {least} {bound}."]
        return [f"{place} is {_show(given)}, but must be {words[kind]}."]
    message = item["msg"]
    for verb in ("Input should be ", "String should "):
        if message.startswith(verb):
            return [f"{place} is {_show(given)}, but must be {message.removeprefix(verb)}."]
    return [f"{place}: {message[:1].lower()}{message[1:]}."]


def _words(expected: str) -> list[str]:
    return [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _key(parts: Sequence[str | int]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part + 1}]"  # people count entries from one
        else:
            text += f".{part}" if text else part
    return text


def _strip(kind: Any) -> Any:
    """Return the type without Annotated and without an optional None."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, UnionType):
            rest = [part for part in get_args(kind) if part is not type(None)]
            kind = rest[0]
        else:
            return kind


def _annotation(field: Any) -> Any:
    # pydantic moves the metadata of Annotated apart; put it back for the wording
    kind = field.annotation
    for extra in field.metadata:
        kind = Annotated[kind, extra]
    return kind


def _type_at(model: Any, loc: Sequence[str | int]) -> Any:
    kind: Any = model
    for part in loc:
        bare = _strip(kind)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            field = bare.model_fields.get(str(part))
            if field is None:
                matches = [f for f in bare.model_fields.values() if f.alias == part]
                field = matches[0] if matches else None
            if field is None:
                return Any
            kind = _annotation(field)
        elif get_origin(bare) is dict:
            kind = get_args(bare)[1]
        elif get_origin(bare) in (list, tuple):
            kind = get_args(bare)[0]
        else:
            return Any
    return kind


def _keys_at(model: Any, loc: Sequence[str | int]) -> list[str]:
    bare = _strip(_type_at(model, loc))
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return [field.alias or name for name, field in bare.model_fields.items()]
    return []


def _expected(kind: Any) -> str:
    """Say in words what a type asks for."""
    wanted = getattr(kind, "__metadata__", ())
    bare = _strip(kind)
    for extra in wanted:
        words = getattr(extra, "words", None)
        if words:
            return words
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        required = [name for name, field in bare.model_fields.items() if field.is_required()]
        return "a table with " + ", ".join(required) if required else "a table"
    if get_origin(bare) is list:
        return "a list"
    if get_origin(bare) is dict:
        return "a table"
    names = {
        float: "a number",
        int: "a whole number",
        str: "text in quotes",
        bool: "true or false",
    }
    return names.get(bare, "given")
