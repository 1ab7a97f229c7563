"""Signs of emergent checks: an interval that includes none is no sign."""

from __future__ import annotations

import numpy as np

from calibration import emergent
from calibration.emergent import Scheme, above, danish
from simulator.comparison import Estimate


def test_a_difference_is_as_uncertain_as_both_sides():
    gap = above(Estimate(1.0, 0.7, 1.3, 24), Estimate(0.5, 0.1, 0.9, 16))
    assert np.allclose((gap.mean, gap.low, gap.high), (0.5, 0.0, 1.0))
    assert gap.replications == 16


def rows_of(monkeypatch, unskilled, skilled):
    weeks = {"all": np.array([2.0, 2.5, 3.0, 2.4]), "unskilled": np.array(unskilled),
             "skilled": np.array(skilled), "public": np.array([1.0, 2.0, 1.5, 1.2]),
             "private": np.array([1.1, 1.9, 1.6, 1.3])}  # fmt: skip
    none = np.zeros((4, 2))
    made = Scheme(weeks, none[:, 0], none[:, 0], none[:, 0], none, none, 100)
    monkeypatch.setattr(emergent, "scheme", lambda *_: made)
    return {row.check.removeprefix("Danish rotation: "): row.holds for row in danish(False)}


def test_only_a_sign_beyond_its_interval_holds(monkeypatch):
    clear = rows_of(monkeypatch, [5.0, 5.5, 4.5, 5.2], [0.1, -0.3, 0.2, -0.1])
    assert clear["unskilled gain more than skilled"]
    assert clear["only the unskilled gain"]
    assert not clear["public gain more than private"]
    both = rows_of(monkeypatch, [5.0, 5.5, 4.5, 5.2], [2.0, 2.2, 1.9, 2.1])
    assert both["unskilled gain more than skilled"]
    assert not both["only the unskilled gain"]
    # a mean above none is not enough
    wide = rows_of(monkeypatch, [30.0, -9.0, 12.0, -5.0], [0.1, -0.3, 0.2, -0.1])
    assert not wide["unskilled gain more than skilled"]
