"""Pages of the documentation that are written from the code and the data.

``python -m experiments.app.reference`` writes them; a test says when one is not current.
"""

from __future__ import annotations

import ast
import csv
import importlib
import inspect
import pkgutil
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import calibration
import experiments
import scenarios
import simulator
from scenarios import load_parameters, load_site, shipped_sites
from scenarios.costs import Costs
from scenarios.fits import read_fit
from scenarios.grades import JUDGED
from scenarios.loader import PARAMETERS
from scenarios.local import Numbers
from scenarios.matrix import table
from scenarios.measures import Measure, Mix, Partners
from scenarios.numbers import Number, NumberRow
from scenarios.schema import Site
from scenarios.template import Ten
from simulator import agents, codes
from simulator.codebook import FILES
from simulator.codes import labels

DOCS = Path(__file__).resolve().parents[2] / "docs"
WRITTEN = "Written by `python -m experiments.app.reference`; not edited by hand.\n"
LANGUAGES = ("en", "fi", "sv", "nl", "pt", "bg")
LONGEST_ROW = 6  # entries of a row of numbers that are shown
GRADE_WORDS = (
    "Grades: A measured in the place, B its region or country, C published elsewhere, D our"
    " judgement,\nE placeholder."
)


def cell(value: Any) -> str:
    """Return a value as the text of a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    text = " ".join(str(value).split())
    return text.replace("|", "/").replace("<", "&lt;")


def rows_of(*rows: tuple[Any, ...]) -> list[list[str]]:
    """Return rows as text."""
    return [[cell(value) for value in row] for row in rows]


# ---- rules -----------------------------------------------------------------------------------


class Rule(NamedTuple):
    """One rule of an actor, as its source says."""

    actor: str
    name: str
    summary: str
    submodel: str  # of the ODD page; empty for helpers of other rules
    parameters: tuple[str, ...]  # that it reads itself


def submodels() -> dict[str, str]:
    """Return the submodel of the ODD page that names a function, by function."""
    page = (DOCS / "odd.md").read_text(encoding="utf-8")
    heads = re.findall(r"^\*([^*]+)\* \(([^)]*)\)", page, re.MULTILINE)
    return {name: head for head, names in heads for name in re.findall(r"`(\w+)`", names)}


def rules() -> list[Rule]:
    """Return the rules of all actors in the order of the source."""
    found = []
    explained = submodels()
    for info in pkgutil.iter_modules(agents.__path__):
        module = importlib.import_module(f"{agents.__name__}.{info.name}")
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.FunctionDef):
                rule = _rule(info.name, node)
                submodel = explained.get(rule.name, rule.submodel)
                found.append(rule._replace(submodel=submodel))
    return found


def _rule(actor: str, node: ast.FunctionDef) -> Rule:
    text = ast.get_docstring(node) or ""
    submodel = re.search(r"ODD submodel \*([^*,]+)", text)
    read = {
        part.attr.lower()
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == "Par"
    }
    summary = " ".join(text.split("\n\n")[0].split())
    summary = re.sub(r":(?:func|class|mod):`([^`]+)`", r"`\1`", summary).replace("``", "`")
    summary = summary.removeprefix("Return ")
    return Rule(actor, node.name, summary, submodel[1] if submodel else "", tuple(sorted(read)))


def rules_page() -> str:
    """Return the page of rules."""
    lines = [
        "# Rules of the actors",
        "",
        WRITTEN,
        "Every rule is a pure scalar function in `simulator/agents/`; random numbers come in as"
        " arguments.\n*Submodel* is the part of [the ODD description](../odd.md) that explains it;"
        " parameters are those\nthat the function itself reads ([table](parameters.md)).",
        "",
    ]
    every = rules()
    for actor in sorted({rule.actor for rule in every}):
        lines += [f"## {actor.capitalize()}", "", f"`simulator/agents/{actor}.py`", ""]
        lines += table(
            ("rule", "what it gives", "submodel", "parameters"),
            [
                (f"`{rule.name}`", cell(rule.summary), rule.submodel, ", ".join(rule.parameters))
                for rule in every
                if rule.actor == actor
            ],
        )
        lines.append("")
    lines += [
        "## Variants",
        "",
        "Contested rules have named variants behind one parameter, chosen in a site file, a sweep"
        " or\n`run(..., parameters={...})`. The first is the default.",
        "",
    ]
    read_by = defaultdict(list)
    for path in sorted(Path(simulator.__path__[0]).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for name in _rule("", node).parameters:
                    read_by[name].append(node.name)
    variants = [(n, p) for n, p in load_parameters().items() if n.startswith("variant_")]
    lines += table(
        ("parameter", "variants", "read by"),
        [
            (f"`{n}`", cell(p.meaning), ", ".join(f"`{f}`" for f in dict.fromkeys(read_by[n])))
            for n, p in variants
        ],
    )
    return "\n".join(lines) + "\n"


# ---- parameters and assumptions --------------------------------------------------------------


def parameters_page() -> str:
    """Return the page of behavioural parameters, with what the places set otherwise."""
    lines = [
        "# Parameters of behaviour",
        "",
        WRITTEN,
        "From `scenarios/parameters.toml`; the values hold where a place says nothing else. Role:"
        " *free* is fitted\nto the place, *prior* is informed by no target and swept, *input* is"
        f" measured. {GRADE_WORDS}",
        "",
    ]
    sections = tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))
    numbers = load_parameters()
    for section, members in sections.items():
        if not isinstance(members, dict):
            continue
        lines += [f"## {section}", ""]
        lines += table(
            ("parameter", "value", "unit", "range", "grade", "role", "meaning", "source"),
            rows_of(
                *(
                    (
                        f"`{name}`",
                        number.value,
                        number.unit,
                        _range(number),
                        number.grade,
                        number.role,
                        number.meaning,
                        number.source,
                    )
                    for name, number in ((name, numbers[name]) for name in members)
                )
            ),
        )
        lines.append("")
    places = {name: load_site(name).parameters for name in shipped_sites()}
    changed = [name for name in numbers if any(name in own for own in places.values())]
    lines += [
        "## What places set otherwise",
        "",
        "Values in the site files; an empty cell means the value above.",
        "",
    ]
    lines += table(
        ("parameter", *places),
        rows_of(
            *(
                (f"`{name}`", *(own[name].value if name in own else None
                                for own in places.values()))
                for name in changed
            )
        ),
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _range(number: Number | NumberRow) -> str:
    spread = getattr(number, "spread", None)
    if spread is not None:
        return f"spread {spread:g}"
    low, high = number.low, number.high
    if isinstance(low, float | int) and isinstance(high, float | int):
        return f"{low:g} to {high:g}"
    return ""


ASSUMPTIONS_HEAD = f"""# Assumptions behind Kokkola

{WRITTEN}
Grade D is our judgement, grade E a placeholder: nobody has measured these numbers here, and they
are meant to be changed and swept. The evidence has no row for age, workplaces, people outside the
labour force and barriers of Kokkola itself: Finland's figures stand in where a source can be named
(grade B in the site file), assumptions elsewhere. The other places borrow from Kokkola what they do
not know ([the places](places.md)).

## In the builder

Schooling and age by rung, starting competence, the share of workers who came from another job
(45 %) and of register spells that began after a longer time out of work (25 %), and the selection
of people into long spells are constants of `simulator/build.py` (grade D).

## In the site file
"""


def numbers_of(item: Any, at: str = "") -> Iterator[tuple[str, Number | NumberRow]]:
    """Yield every number of a place with its key; members of lists are named by their id."""
    if isinstance(item, Number | NumberRow):
        yield at, item
    elif isinstance(item, list | tuple):
        for position, member in enumerate(item):
            yield from numbers_of(member, f"{at}[{getattr(member, 'id', position)}]")
    elif isinstance(item, dict):
        for name, member in item.items():
            yield from numbers_of(member, f"{at}.{name}" if at else name)
    elif hasattr(type(item), "model_fields"):
        for name in type(item).model_fields:
            yield from numbers_of(getattr(item, name), f"{at}.{name}" if at else name)


def assumptions_page() -> str:
    """Return the page of numbers of Kokkola that rest on judgement."""
    site = load_site("kokkola")
    header = ("number", "value", "unit", "grade", "range", "why")

    def lines_of(found: Iterator[tuple[str, Number | NumberRow]]) -> list[str]:
        return table(
            header,
            rows_of(
                *(
                    (key, _value(number), number.unit, number.grade, _range(number), number.source)
                    for key, number in found
                    if number.grade in JUDGED
                )
            ),
        )

    own = (pair for pair in numbers_of(site) if not pair[0].startswith("parameters."))
    return "\n".join(
        [
            ASSUMPTIONS_HEAD,
            *lines_of(own),
            "",
            "## Behaviour",
            "",
            "Of Kokkola, its own values included; meanings stand in [the table of all parameters]"
            "(reference/parameters.md).",
            "",
            *lines_of(iter(load_parameters(site).items())),
        ]
    ) + "\n"  # fmt: skip


def _value(number: Number | NumberRow) -> str:
    if isinstance(number, Number):
        return f"{number.value:.10g}"
    shown = ", ".join(f"{value:g}" for value in number.values[:LONGEST_ROW])
    return shown + (" ..." if len(number.values) > LONGEST_ROW else "")


# ---- commands --------------------------------------------------------------------------------


def commands_page() -> str:
    """Return the page of commands, from the command line itself."""
    import typer

    from experiments.app.cli import app

    lines = [
        "# Commands",
        "",
        WRITTEN,
        "Exit codes: 0 done, 1 failed (a check or the program), 2 wrong input (one clear"
        " message). `-h` explains\nany command. SITE and MIX are shipped names or paths of"
        " files.",
        "",
    ]
    groups: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    program: Any = typer.main.get_command(app)
    for name, command in program.commands.items():
        groups[command.rich_help_panel].append((name, command))
    for group, members in groups.items():
        lines += [f"## {group}", ""]
        for name, command in members:
            given = [p for p in command.params if "argument" in type(p).__name__.lower()]
            words = " ".join(_argument(param) for param in given)
            typed = f"vacancy-chains {name} {words}".rstrip() + " [options]"
            lines += [f"### {name}", "", "```", typed, "```", ""]
            lines += [" ".join((command.help or "").split()), ""]
            lines += table(
                ("", "what", "default"),
                rows_of(
                    *(
                        (_option(param), param.help, _default(param))
                        for param in command.params
                        if param.name != "help"
                    )
                ),
            )
            lines.append("")
    return "\n".join(lines) + "\n"


def _argument(param: Any) -> str:
    shown = param.metavar or param.name.upper()
    return shown if param.required or shown.startswith("[") else f"[{shown}]"


def _option(param: Any) -> str:
    if not param.opts[0].startswith("-"):
        return f"`{param.metavar or param.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in param.opts)
    kind = getattr(param.type_descriptor, "annotation", None)
    if getattr(param, "is_bool_flag", False) or kind is bool:
        return names
    if isinstance(kind, type) and issubclass(kind, Enum):
        shown = " or ".join(f"`{member.value}`" for member in kind)
    else:
        shown = param.metavar or getattr(kind, "__name__", "text").upper().replace("STR", "TEXT")
        bounds = [f"from {param.min}" if param.min is not None else "",
                  f"to {param.max}" if param.max is not None else ""]  # fmt: skip
        shown += f" ({' '.join(filter(None, bounds))})" if any(bounds) else ""
    return f"{names} {shown}" + (", may be repeated" if param.multiple else "")


def _default(param: Any) -> str:
    if param.required:
        return "needed"
    value = param.default.value if isinstance(param.default, Enum) else param.default
    return "" if value in (None, False, ()) else str(value)


# ---- files and codes -------------------------------------------------------------------------

OTHER_FILES = """| file | what it is |
|---|---|
| `manifest.json` | version, seeds, all inputs: enough for `reproduce`; alone holds a time |
| `report.html` | the report of `compare`: one file, no internet |
| `figures/*.png`, `figures/*.svg` | figures of `compare` |
"""


def files_page() -> str:
    """Return the page of result files, from the codebook with which they are written."""
    lines = [
        "# Files of results",
        "",
        WRITTEN,
        "Ids are whole numbers, the same in a world and its twin, never used again. Months count"
        " from 0, the\nfirst month after the start; what happened before is negative. Rounds run"
        " from 1; round 0 is the monthly\npart. What is missing is null. A folder holds its own"
        " `codebook.csv`. Folders of sweeps are described\nwith [sweeps](../sweeps.md).",
        "",
        OTHER_FILES,
    ]
    for file, columns in FILES.items():
        lines += [f"## {file}", ""]
        lines += table(
            ("column", "type", "unit", "meaning"),
            rows_of(*((f"`{c.name}`", c.dtype, c.unit, c.meaning) for c in columns)),
        )
        lines.append("")
    lines += ["## Words in the columns", ""]
    used = {c.words for columns in FILES.values() for c in columns if isinstance(c.words, type)}
    lines += table(
        ("list", "what it says", "words"),
        [
            (name, cell(inspect.getdoc(kind) or "").split(". ")[0], ", ".join(labels(kind)))
            for name, kind in vars(codes).items()
            if isinstance(kind, type) and kind in used
        ],
    )
    return "\n".join(lines) + "\n"


# ---- scenario files --------------------------------------------------------------------------

SCENARIO_FILES = (  # kind of file, what its keys are, an example
    ("A place", Site, "scenarios/sites/kokkola.toml, with a comment for each section"),
    ("A place from ten numbers: the table `ten`", Ten, "scenarios/sites/template.toml"),
    ("Own numbers, for `--local`", Numbers, ""),
    ("A measure", Measure, "scenarios/measures/taite.toml"),
    ("A mix", Mix, "scenarios/mixes/kokkola.toml"),
    ("Partners", Partners, "scenarios/partners.toml"),
    ("Costs", Costs, "scenarios/costs/kokkola.toml"),
)
NO_KEYS = {("Mix", "files"), ("Site", "local")}  # filled by the loader


def scenario_files_page() -> str:
    """Return the page of scenario files, from the schema with which they are read."""
    lines = [
        "# Scenario files",
        "",
        WRITTEN,
        "TOML files, read with a fixed set of keys: an unknown key, a missing one and a value out"
        " of bounds are\nall reported in one pass, each in a sentence. Every file begins with"
        " `schema = 1`. A *number* is a table\nwith value, unit, grade and source. What a table"
        " holds stands under its name. `vacancy-chains check FILE`\nreads a file and runs"
        " nothing. A mix file may define measures of its own in `[own.NAME]`, with the keys of a"
        " measure file.\nDesign files are described with [sweeps](../sweeps.md).",
        "",
    ]
    tables: dict[str, dict[str, Any]] = {}
    for title, model, example in SCENARIO_FILES:
        schema = model.model_json_schema()
        tables.update(schema.pop("$defs", {}))
        lines += [f"## {title}", ""]
        if example:
            path, _, note = example.partition(",")
            lines += [f"Example: `{path}`{note and ',' + note}.", ""]
        lines += [*_keys_table(model.__name__, schema), ""]
    lines += ["## Tables in these files", ""]
    for name in sorted(tables):
        about = (tables[name].get("description") or "").split("\n\n")[0]
        lines += [f"### {name}", "", cell(about).replace("``", "`"), ""]
        lines += [*_keys_table(name, tables[name]), ""]
    return "\n".join(lines)


def _keys_table(name: str, schema: dict[str, Any]) -> list[str]:
    needed = schema.get("required", [])
    return table(
        ("key", "holds", "needed"),
        [
            (f"`{key}`", _holds(item), "yes" if key in needed else "")
            for key, item in schema.get("properties", {}).items()
            if (name, key) not in NO_KEYS
        ],
    )


def _holds(item: dict[str, Any]) -> str:
    """Return in words what a key of a JSON schema may hold."""
    if "$ref" in item:
        name = item["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "const" in item:
        return f"`{item['const']}`"
    if "enum" in item:
        return ", ".join(f"`{word}`" for word in item["enum"])
    if "anyOf" in item:
        kinds = [_holds(one) for one in item["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    kind = item.get("type")
    if kind == "array":
        return "list of " + (_holds(item["items"]) if item.get("items") else "values")
    if kind == "object":
        inner = item.get("additionalProperties")
        return "table by id of " + _holds(inner) if isinstance(inner, dict) else "table"
    bounds = [
        f"{word} {item[key]:g}"
        for key, word in (
            ("minimum", "from"), ("exclusiveMinimum", "above"),
            ("maximum", "to"), ("exclusiveMaximum", "below"),
        )
        if key in item
    ]  # fmt: skip
    words = {"string": "text", "number": "a plain number", "integer": "a whole number",
             "boolean": "true or false"}  # fmt: skip
    return " ".join([words.get(str(kind), "anything"), *bounds])


# ---- modules ---------------------------------------------------------------------------------

PACKAGES = (scenarios, simulator, agents, experiments, calibration)
NO_LIBRARY = ("__main__", "app", "agents")  # commands; rules have a page of their own


def modules_page(package: ModuleType) -> str:
    """Return the page of a package: its modules, documented from their docstrings."""
    lines = [f"# {package.__name__}", "", WRITTEN]
    if package.__doc__:
        lines += [
            "```{eval-rst}",
            f".. automodule:: {package.__name__}",
            "   :no-members:",
            "```",
            "",
        ]
    for info in pkgutil.iter_modules(package.__path__):
        if info.name in NO_LIBRARY:
            continue
        name = f"{package.__name__}.{info.name}"
        lines += [f"## {info.name}", "", "```{eval-rst}", f".. automodule:: {name}", "```", ""]
    return "\n".join(lines)


# ---- statistics to renew ---------------------------------------------------------------------

STATISTICS_HEAD = f"""# Statistics to renew

{WRITTEN}
Which published figures stand behind a place, by source: what was used first (`preferred`) in
`scenarios/evidence/targets.csv`. *Year* is the newest year used; they are to be renewed
[once a year](../carrying_on.md). Figures recalled from memory or copied from a country to its city
have no row here.
"""


def statistics_page() -> str:
    """Return the page of sources behind each place, with what comes from each."""
    path = Path(scenarios.__file__).parent / "evidence" / "targets.csv"
    by_place: dict[str, dict[tuple[str, str], list[dict[str, str]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            wanted = row["preferred"] == "yes" and row["role"] in ("input", "fit", "check")
            if wanted and row["tier"] != "recalled" and row["fallback"] != "yes":
                sources = by_place.setdefault(row["site_id"], {})
                key = (row["source_title"], row["source_url"].split(" ")[0])
                sources.setdefault(key, []).append(row)
    lines = [STATISTICS_HEAD]
    for place, sources in by_place.items():
        lines += [f"## {place}", ""]
        rows = []
        for (title, url), found in sources.items():
            quantities = ", ".join(f"`{row['quantity']}`" for row in found)
            years = sorted(row["year"] for row in found if row["year"])
            linked = f"[{cell(title)}]({url})" if url.startswith("http") else cell(title)
            rows.append((linked, years[-1] if years else "", quantities))
        lines += table(("source", "year", "quantities"), rows)
        lines.append("")
    return "\n".join(lines)


# ---- fits --------------------------------------------------------------------------------------


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _verdict(row: dict[str, Any]) -> str:
    return {True: "met", False: "**missed**", None: "not measured"}[row["met"]]


def fits_page() -> str:
    """Return every target of every calibrated place with what the model gives there."""
    found = {name: read_fit(name) for name in shipped_sites()}
    counted = []
    for name, rows in found.items():
        measured = {
            role: [row for row in rows if row["role"] == role and row["met"] is not None]
            for role in ("fit", "check")
        }
        missed = [row["quantity"] for row in measured["fit"] if not row["met"]]
        counted.append(
            [
                f"`{name}`",
                *(f"{sum(r['met'] for r in part)} of {len(part)}" for part in measured.values()),
                cell(", ".join(missed) or "none"),
            ]
        )
    lines = [
        "# How well each place is met",
        "",
        WRITTEN.replace("; not", " from `scenarios/sites/fits/`; not"),
        "`vacancy-chains calibrate SITE --write` makes the numbers: means of 16 worlds at the point"
        " that ships, with today's services. *fit*: targets that calibration may use (some are"
        " judged only, because they restate or contradict another); *check*: compared, never"
        " fitted; a row is met when it lies between *lowest* and *highest*. Rows of role `input`"
        " are built into the world and never counted, and what the model does not measure is left"
        " out here (it stands in the report of the command, with the reason).",
        "",
        *table(("place", "fit", "check", "missed of fit"), counted),
    ]
    for name, rows in found.items():
        lines += ["", f"## {load_site(name).name.en}", ""]
        lines += table(
            ("quantity", "role", "target", "lowest", "highest", "simulated", "verdict", "source"),
            [
                [
                    f"`{row['quantity']}`", row["role"],
                    *(_number(row[key]) for key in ("target", "low", "high", "simulated")),
                    _verdict(row), cell(row["source"]),
                ]
                for row in rows
                if row["met"] is not None
            ],
        )  # fmt: skip
    return "\n".join(lines) + "\n"


# ---- glossary --------------------------------------------------------------------------------


def glossary() -> dict[str, dict[str, str]]:
    """Return the terms of the field: words in six languages and the meaning in English."""
    return tomllib.loads((DOCS / "glossary.toml").read_text(encoding="utf-8"))


def glossary_page() -> str:
    """Return the glossary."""
    terms = glossary()
    lines = [
        "# Glossary",
        "",
        WRITTEN.replace("; not", " from `docs/glossary.toml`; not"),
        "The words that code, files and pages use, in the order of the model.",
        "",
        *table(
            ("term", "meaning"), [(f"**{t['en']}**", cell(t["meaning"])) for t in terms.values()]
        ),
        "",
        "## In six languages",
        "",
        *table(
            ("English", "suomi", "svenska", "Nederlands", "português", "български"),
            [[cell(term[language]) for language in LANGUAGES] for term in terms.values()],
        ),
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Return every written page by its path."""
    found = {
        "assumptions.md": assumptions_page(),
        "glossary.md": glossary_page(),
        "reference/rules.md": rules_page(),
        "reference/parameters.md": parameters_page(),
        "reference/commands.md": commands_page(),
        "reference/files.md": files_page(),
        "reference/scenario_files.md": scenario_files_page(),
        "reference/statistics.md": statistics_page(),
        "reference/fits.md": fits_page(),
    }
    for package in PACKAGES:
        found[f"reference/modules/{package.__name__}.md"] = modules_page(package)
    return {DOCS / name: text for name, text in found.items()}


def main() -> int:
    """Write the pages that changed."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
