"""The mutation check: what it changes, and that it leaves the rules as they are."""

from __future__ import annotations

import ast

from calibration.mutations import AGENTS, SAME, mutants, table
from simulator.agents import workplace


def test_nearly_every_rule_is_changed_and_no_file():
    before = workplace.stigma
    changed = {(m.agent, m.rule) for agent in AGENTS for m in mutants(agent)}
    assert len(changed) > 40
    assert workplace.stigma is before


def test_changes_are_signs_terms_factors_conditions_and_bounds():
    of_rule = [m for m in mutants("workplace") if m.rule == "match"]
    told = {m.change.split(": ", 1)[0] for m in of_rule}
    assert told == {"condition turned", "factor dropped", "bound turned"}
    sources = {ast.unparse(m.code) for m in of_rule}
    assert len(sources) == len(of_rule)


def test_survivors_are_listed():
    one = next(mutants("partner"))
    assert f"| partner.{one.rule}, line {one.line} |" in table([(one, SAME)])
