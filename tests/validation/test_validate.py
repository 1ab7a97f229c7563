"""The registry of checks."""

from __future__ import annotations

import time

from calibration import validate as module
from calibration.validate import CheckRow, check, validate


def test_quick_set_holds_in_two_minutes():
    seen = []
    start = time.perf_counter()
    rows = validate(quick=True, progress=lambda name, share: seen.append((name, share)))
    assert time.perf_counter() - start < 120
    assert [row for row in rows if not row.holds] == []
    assert {"closed form, engine", "identity"} <= {row.kind for row in rows}
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
