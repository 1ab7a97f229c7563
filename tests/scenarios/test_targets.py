"""Targets of a place: one row per quantity is chosen, thin or bad rows are said."""

import pytest

from scenarios import ScenarioError
from scenarios.targets import TARGETS, chosen, read_targets, targets_of

HEAD = TARGETS.read_text(encoding="utf-8").splitlines()[0]
PLACES = ("kokkola", "amersfoort", "sofia", "lisbon", "evora", "lagoa", "pt_digital")


@pytest.mark.parametrize("site", PLACES)
def test_one_row_is_chosen_for_each_quantity(site):
    rows = targets_of(site)
    picked = [row.quantity for row in rows if row.chosen]
    assert len(picked) == len(set(picked)) == len({row.quantity for row in rows})
    for row in rows:
        assert row.chosen or row.role in ("fit", "check", "input", "context")
        if row.counted:
            assert row.tier != "recalled"
            assert row.role in ("fit", "check")
            low, high = row.bounds()
            assert low < high


def test_the_base_period_goes_before_preferred_in_kokkola():
    assert chosen("kokkola", "ltu_registered_share").value == 29.4  # November 2022, not 2026
    assert chosen("kokkola", "unemployment_rate_lfs").value == 6.8
    assert chosen("kokkola", "unemployed_registered").year == "2022-11/2023-10"
    # the employer survey, not a mean that spans years
    assert chosen("kokkola", "hire_share_from_employment").value == 44
    # without a base period the preferred row is taken
    assert chosen("fi", "unemployment_rate_lfs").value == 8.3


def test_inputs_never_count_as_met():
    assert not any(row.counted for row in targets_of("kokkola") if row.role == "input")
    assert not any(row.counted for row in targets_of("kokkola") if row.tier == "recalled")


def test_tolerance_follows_the_tier_where_none_is_given():
    row = chosen("kokkola", "edu_pop_isced0_2_share")
    assert row.tier == "local"
    assert row.tolerance == pytest.approx(0.1 * row.value)
    assert row.met(row.value * 1.09)
    assert not row.met(row.value * 1.11)


def test_a_row_with_bounds_only_is_met_between_them():
    row = next(row for row in targets_of("amersfoort") if row.value is None)
    assert row.tolerance is None
    low, high = row.bounds()
    assert row.met(0.5 * (low + high)) if high < float("inf") else row.met(low + 1)
    assert not row.met(low - 1)


def test_a_place_of_ones_own_borrows_rates_but_no_counts():
    rows = targets_of("mytown", like="lagoa")
    assert rows
    assert all(row.fallback and row.site == "mytown" for row in rows)
    assert not any(row.unit in ("persons", "jobs") for row in rows)
    assert "borrowed from lagoa" in rows[0].note
    assert targets_of("mytown") == []


BAD = {
    "no value": ("x,q_share,,percent,,,2020,local,A,fit,,,yes,no,no,S,,", "has no value"),
    "share over one": (
        "x,q_share,130,percent,,,2020,local,A,fit,,,yes,no,no,S,,",
        "row 2 (x, q_share) has value = 130 percent",
    ),
    "text": ("x,q,many,persons,,,2020,local,A,fit,,,yes,no,no,S,,", "value = 'many'"),
    "role": ("x,q,1,persons,,,2020,local,A,fitt,,,yes,no,no,S,,", "did you mean 'fit'?"),
    "bounds": ("x,q,,persons,5,4,2020,local,A,fit,,,yes,no,no,S,,", "low = 5 above high = 4"),
    "negative": ("x,q,-3,persons,,,2020,local,A,fit,,,yes,no,no,S,,", "a count is not negative"),
    "cells": ("x,q,1,persons", "fewer cells"),
    "unit": ("x,q,1,,,,2020,local,A,fit,,,yes,no,no,S,,", "has no unit"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named(case, tmp_path):
    line, words = BAD[case]
    path = tmp_path / "targets.csv"
    path.write_text(f"{HEAD}\n{line}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_targets(path)
    assert any(words in text and "row 2" in text for text in caught.value.problems)


def test_a_table_without_a_column(tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text("site_id,quantity\nx,q\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="the column 'value' is missing"):
        read_targets(path)
