"""Change a sign or drop a term of each rule and see a test or a closed form fail.

Every rule of ``simulator/agents/`` is changed in one place at a time, in a copy of its source,
interpreted; the files stay as they are. A change is caught when a test of the rules
(:data:`TESTS`) fails, or else a closed form on a small world. What nothing catches
is a survivor: a gap of the tests, or a change that makes no difference. Run from a checkout:
``python -m calibration.mutations`` (some minutes; not part of the tests).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import functools
import importlib
import inspect
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

if __name__ == "__main__" and os.environ.get("NUMBA_DISABLE_JIT") != "1":
    # numba reads this when it is imported, so the command starts once more
    os.execve(
        sys.executable,
        [sys.executable, "-m", "calibration.mutations", *sys.argv[1:]],
        {**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )

AGENTS = ("person", "workplace", "partner")
TESTS = ("tests/unit/test_rules.py", "tests/unit/test_rule_values.py")
# closed forms of one or few rules, with as many observations as an interpreted world affords;
# those after the first take half a minute each and run with ``--forms``
FORMS = {
    "net_effect_sign_cases": 1,
    "internal_candidate_readiness": 300,
    "steady_state_unemployment_two_state": 300,
}
SECONDS = 180  # after which a changed rule counts as caught: it does not come back
SAME, BY_TEST, BY_FORM = 0, 1, 2
WORDS = {SAME: "survives", BY_TEST: "a test of the rules", BY_FORM: "a closed form"}
_OTHER = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}  # fmt: skip


class Mutant(NamedTuple):
    """One change of one rule."""

    agent: str
    rule: str
    line: int
    change: str
    code: ast.FunctionDef


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what a node may become: other sign, dropped term or factor, other side of a bound."""
    if isinstance(node, ast.BinOp):
        signs = {ast.Add: ast.Sub, ast.Sub: ast.Add}
        if type(node.op) in signs:
            yield "sign", ast.BinOp(node.left, signs[type(node.op)](), node.right)
            yield "term dropped", node.left
        elif isinstance(node.op, (ast.Mult, ast.Div)):
            yield "factor dropped", node.left
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    elif isinstance(node, ast.AugAssign):
        yield "step dropped", ast.Pass()
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("min", "max"):
        other_bound = {"min": "max", "max": "min"}[node.func.id]  # type: ignore[attr-defined]
        yield "bound turned", ast.Call(ast.Name(other_bound, ast.Load()), node.args, [])
    elif isinstance(node, ast.Compare):
        other = _OTHER.get(type(node.ops[0]))
        if len(node.ops) > 1:
            yield "condition turned", ast.UnaryOp(ast.Not(), node)
        elif other:
            yield "condition turned", ast.Compare(node.left, [other()], node.comparators)


def mutants(agent: str) -> Iterator[Mutant]:
    """Yield every change of every rule of one module of agents."""
    module = importlib.import_module(f"simulator.agents.{agent}")
    tree = ast.parse(inspect.getsource(module))
    for rule in tree.body:
        if not isinstance(rule, ast.FunctionDef):
            continue
        nodes = list(ast.walk(rule))
        for at, node in enumerate(nodes):
            if not isinstance(node, ast.expr | ast.stmt):  # operators and arguments have no line
                continue
            for number, (change, _) in enumerate(_changes(node)):
                copied = copy.deepcopy(rule)
                target = list(ast.walk(copied))[at]
                new = list(_changes(target))[number][1]
                before = ast.unparse(target)
                changed = _Swap(target, new).visit(copied)
                assert isinstance(changed, ast.FunctionDef)
                ast.fix_missing_locations(changed)
                told = f"{change}: {before} -> {ast.unparse(new)}"
                yield Mutant(agent, rule.name, node.lineno, told, changed)


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Put the new node in the place of the old."""
        if node is self.old:
            return self.new
        return self.generic_visit(node)


def install(mutant: Mutant) -> None:
    """Put a changed rule in the place of the rule, in every module that uses it."""
    module: ModuleType = importlib.import_module(f"simulator.agents.{mutant.agent}")
    old = getattr(module, mutant.rule)
    code = compile(ast.Module([mutant.code], []), module.__file__ or "", "exec")
    exec(code, module.__dict__)  # noqa: S102  (our own source, changed in one place)
    new = getattr(module, mutant.rule)
    for other in list(sys.modules.values()):
        names = getattr(other, "__dict__", {})
        for name in [name for name, value in list(names.items()) if value is old]:
            names[name] = new


def tests_of_rules() -> list[Callable[[], None]]:
    """Return the tests of the rules, ready to be called, collected once."""
    import pytest
    from hypothesis import Phase, settings

    settings.register_profile(
        "mutations", database=None, derandomize=True, deadline=None, max_examples=25,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip

    class Collector:
        items: Sequence[pytest.Function] = ()

        def pytest_collection_finish(self, session: pytest.Session) -> None:
            self.items = [item for item in session.items if isinstance(item, pytest.Function)]

    found = Collector()
    quiet = ["--collect-only", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutations"]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([*TESTS, *quiet], plugins=[found])
    return [
        functools.partial(item.obj, **(item.callspec.params if hasattr(item, "callspec") else {}))
        for item in found.items
        # the examples of all docstrings import every module: too slow, and of no rule here
        if item.originalname != "test_examples_in_docstrings"
    ]


def forms_on_small_worlds(number: int) -> list[Callable[[], None]]:
    """Return closed forms as calls that raise where the answer is not met."""
    from calibration.closed_forms import ROUTES, instances

    cases = {case["name"]: case for case in instances()}

    def form(name: str, observations: int) -> None:
        case = cases[name]
        answers = ROUTES[name][1](case["inputs"], case["expected"], observations)
        if not all(answer.holds for answer in answers):
            raise AssertionError(name)

    return [functools.partial(form, *item) for item in list(FORMS.items())[:number]]


def rules_called(test: Callable[[], None]) -> set[tuple[str, str]]:
    """Run a test on the rules as they are; return the agents and rules that it calls."""
    seen = set()

    def note(frame, event, arg) -> None:  # noqa: ANN001, ARG001
        if event == "call":
            seen.add((frame.f_code.co_filename, frame.f_code.co_name))

    sys.setprofile(note)
    try:
        test()
    finally:
        sys.setprofile(None)
    return {(Path(path).stem, rule) for path, rule in seen if Path(path).parent.name == "agents"}


def apart(mutant: Mutant, tests: Sequence[tuple[int, Callable[[], None]]]) -> int:
    """Return what catches a change, in a process of its own, so that no change outlives it."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        install(mutant)
        for kind, test in tests:
            try:
                test()
            except BaseException:  # noqa: BLE001  (a rule that cannot run is caught as well)
                os._exit(kind)
        os._exit(SAME)
    status = os.waitpid(child, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else BY_TEST


def table(found: Sequence[tuple[Mutant, int]]) -> str:
    """Return the table of the docs: a row per rule, then the survivors."""
    lines = [
        "| rule | changes | caught by a test | by a closed form | survive |",
        "|---|---|---|---|---|",
    ]
    rules = dict.fromkeys((mutant.agent, mutant.rule) for mutant, _ in found)
    for agent, rule in rules:
        of_rule = [code for mutant, code in found if (mutant.agent, mutant.rule) == (agent, rule)]
        counts = [of_rule.count(code) for code in (BY_TEST, BY_FORM, SAME)]
        lines.append(f"| {agent}.{rule} | {len(of_rule)} | {' | '.join(map(str, counts))} |")
    caught = sum(code != SAME for _, code in found)
    lines += ["", f"{caught} of {len(found)} changes caught.", ""]
    survivors = [mutant for mutant, code in found if code == SAME]
    if survivors:
        lines += ["| survivor | change |", "|---|---|"]
        lines += [f"| {m.agent}.{m.rule}, line {m.line} | `{m.change}` |" for m in survivors]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Change every rule and print the table."""
    parser = argparse.ArgumentParser(prog="python -m calibration.mutations", description=__doc__)
    parser.add_argument("--agent", action="append", choices=AGENTS, help="default all")
    parser.add_argument("--rule", action="append", help="only these rules")
    parser.add_argument("--forms", action="store_true", help="also the slow closed forms")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)

    tests = [(BY_TEST, test) for test in tests_of_rules()]
    tests += [(BY_FORM, form) for form in forms_on_small_worlds(len(FORMS) if given.forms else 1)]
    # an exception here says that the rules as they are fail: nothing can be said of changes
    called = [rules_called(test) for _, test in tests]
    chosen = [
        mutant
        for agent in given.agent or AGENTS
        for mutant in mutants(agent)
        if not given.rule or mutant.rule in given.rule
    ]
    found = []

    def ask(mutant: Mutant) -> int:
        touching = [
            test
            for test, rules in zip(tests, called, strict=True)
            if (mutant.agent, mutant.rule) in rules
        ]
        return apart(mutant, touching) if touching else SAME

    with ThreadPoolExecutor(given.threads) as pool:
        for mutant, code in zip(chosen, pool.map(ask, chosen), strict=True):
            found.append((mutant, code))
            print(
                f"{len(found)}/{len(chosen)} {mutant.rule}: {mutant.change}: {WORDS[code]}",
                file=sys.stderr,
                flush=True,
            )
    print(table(found))


if __name__ == "__main__":
    main()
