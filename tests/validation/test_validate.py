"""The registry of checks."""

from __future__ import annotations

import time

from calibration import validate as module
from calibration.validate import CheckRow, check, left_out, validate
from experiments.app.trust import _as_dict, _print_table


def test_quick_set_holds_in_two_minutes():
    seen = []
    start = time.process_time()  # of all threads, whatever else the machine does
    rows = validate(quick=True, progress=lambda name, share: seen.append((name, share)))
    assert time.process_time() - start < 120
    assert [row for row in rows if not row.holds] == []
    assert {"closed form, engine", "identity"} <= {row.kind for row in rows}
    assert [row.check for row in rows if not row.source] == []
    means = [row for row in rows if "hazard in month" in row.check]
    assert [row for row in means if "standard errors" not in row.interval] == []
    assert len({name for name, _ in seen}) == len(seen)
    assert [share for _, share in seen] == sorted(share for _, share in seen)


def test_checks_can_be_added_and_left_out_of_the_quick_set(monkeypatch):
    monkeypatch.setattr(module, "_CHECKS", {})
    monkeypatch.setattr(module, "MODULES", ())
    row = CheckRow("one", "test", False, 1, 2, "")

    @check("always")
    def always(quick):
        yield row

    @check("whole only", quick=False)
    def rarely(quick):
        yield row._replace(check="two")

    assert [r.check for r in validate(quick=True)] == ["one"]
    assert [r.check for r in validate()] == ["one", "two"]


def test_a_row_takes_the_source_of_its_set_unless_it_has_one(monkeypatch):
    monkeypatch.setattr(module, "_CHECKS", {})
    monkeypatch.setattr(module, "MODULES", ())

    @check("set", source="a file")
    def both(quick):
        yield CheckRow("one", "test", True, 1, 1, "")
        yield CheckRow("two", "test", True, 1, 1, "", "a row")

    assert [row.source for row in validate()] == ["a file", "a row"]


def test_what_the_quick_set_leaves_out_is_counted_by_kind(monkeypatch):
    monkeypatch.setattr(module, "_CHECKS", {})
    monkeypatch.setattr(module, "MODULES", ())
    check("a", kind="size")(iter)
    check("b", quick=False, kind="size")(iter)
    check("c", quick=False, kind="size")(iter)
    check("d", quick=False, kind="emergent")(iter)
    assert "3 of 4 sets of checks (1 emergent, 2 size)" in left_out()
    assert "docs/validation.md" in left_out()


def test_every_set_of_checks_says_its_kind_and_where_the_expected_values_are_from():
    left_out()  # imports all of them
    own = {"closed forms", "stylised facts"}  # each row names its own
    assert [n for n, one in module._CHECKS.items() if not one.source and n not in own] == []
    assert [n for n, one in module._CHECKS.items() if one.kind == n] == []


def test_the_table_puts_first_what_does_not_hold(capsys):
    rows = [
        CheckRow("good", "identity", True, 1.0, 1.25, "", "a file", "1 to 1.5, 2 %"),
        CheckRow("bad [red]", "size", False, "below 0", "0.3 (0.2 to 0.4)", "", "a row"),
    ]
    _print_table([_as_dict(row) for row in rows])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].split() == ["holds", "check", "kind", "expected", "source", "simulated"]
    text = " ".join(lines)
    assert text.index("FAILS") < text.index("good")
    assert "bad [red]" in text
    assert "1.25 (1 to 1.5, 2 %)" in text
    # aligned: cells of a column begin at the same place
    at = lines[0].index("source")
    assert [line[at:].split()[:2] for line in lines if "FAILS" in line] == [["a", "row"]]
