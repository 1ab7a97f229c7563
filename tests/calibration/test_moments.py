"""Moments are ratios of means over the window, measured as their sources measure them."""

import math

import numpy as np
import pytest

from calibration.least_squares import FREE, gauss_newton, moved
from calibration.moments import (
    Simulated,
    fit_rows,
    fit_table,
    interval,
    moment_list,
    moments,
    simulate,
    trend_table,
    trends,
    write_fit,
)
from scenarios import load_parameters, load_site
from scenarios.fits import read_fit, store_fit
from simulator.codes import Cause, Fill
from simulator.town import Town
from simulator.world import Flow, Total

RUNGS = 4


@pytest.fixture
def month_counts():
    """Three months of counts, the same in each, that are easy to divide."""
    totals = np.zeros((3, len(Total)))
    for what, value in {
        Total.EMPLOYED_HERE: 1000, Total.RESIDENTS_HERE: 800, Total.RESIDENTS_ELSEWHERE: 120,
        Total.A: 50, Total.P: 50, Total.S: 30, Total.N: 300, Total.REGISTER_LONG: 31,
        Total.U_BEFORE: 100, Total.U_TO_E: 31, Total.U_TO_PN: 23,
        Total.E_BEFORE: 1000, Total.E_TO_U: 15, Total.E_TO_PN: 20,
        Total.PN_BEFORE: 300, Total.PN_TO_U: 15, Total.PN_TO_E: 26,
        Total.OTHER_EMPLOYER: 16, Total.STARTERS: 86, Total.TENURE_MONTHS: 120000,
        Total.HIRES: 60, Total.HIRES_FROM_OUTSIDE: 10, Total.HIRES_FROM_JOB: 21,
        Total.HIRES_FROM_REGISTER: 12, Total.HIRES_NEW_POST: 30, Total.IN_COMMUTERS: 145,
        Total.VACANT: 60, Total.VACANT_PUBLIC: 28, Total.POSTS: 1080, Total.WITHDRAWN: 20,
    }.items():  # fmt: skip
        totals[:, what] = value
    flows = np.zeros((3, RUNGS, Flow.SIZE))
    flows[:, 1, Flow.OPENED + Cause.NEW_POST] = 40
    flows[:, 2, Flow.OPENED + Cause.PROMOTION] = 4
    flows[:, 0, Flow.OPENED + Cause.SIDEWARD_MOVE] = 1
    flows[:, 1, Flow.OPENED + Cause.RETIREMENT] = 5
    flows[:, 1, Flow.FILL + Fill.HIRE_SHORT_TERM_UNEMPLOYED] = 43
    flows[:, 2, Flow.FILL + Fill.PROMOTION] = 4
    flows[:, 1, Flow.FILL + Fill.GIVEN_UP] = 3
    flows[:, 1, Flow.FILL + Fill.NOT_BACKFILLED] = 9
    flows[:, 1, Flow.OPENED_PUBLIC] = 22
    flows[:, 1, Flow.CLOSED_PUBLIC] = 20
    flows[:, 1, Flow.SPELL_ROUNDS_PUBLIC] = 100
    return totals, flows


def test_definitions(month_counts):
    found = moments(*month_counts, retired=100, window=(0, 3))
    for name, value in {
        "employed": 1000,
        "register": 100,
        "survey": 80,
        "searching": 0.5,
        "register_long": 0.31,
        "u_to_e": 0.31,
        "u_to_outside": 0.23,
        "e_to_u": 0.015,
        "outside_to_u": 15 / 400,  # the retired count as outside the labour force
        "outside_to_e": 26 / 400,
        "e_to_outside": (20 + 3 * 5) / 1000,
        "other_employer": 16 / 800,
        "starters": 0.086,
        "hires_from_job": 21 / 50,  # of hires whose earlier status is known
        "hires_from_register": 12 / 50,
        "hires_new_post": 0.5,
        "opened_inside": 5 / 50,
        "in_commuters": 0.145,
        "public_opened": 22,
        "public_days": 28 / 20 * 30.4,
        "public_spell": 5 * 7.6,
        "given_up": 3 / 50,  # posts never advertised are no recruitments
        "tenure": 10,
        "withdrawn": 20 / 1080,
    }.items():
        assert found[name] == pytest.approx(value), name


def test_means_come_before_ratios_and_only_from_the_window(month_counts):
    totals, flows = month_counts
    totals[0, Total.U_BEFORE], totals[0, Total.U_TO_E] = 300, 0
    totals[2] = 1e9
    found = moments(totals, flows, retired=0, window=(0, 2))
    assert found["u_to_e"] == pytest.approx(31 / 400)


def test_an_empty_place_has_no_ratios():
    found = moments(np.zeros((3, len(Total))), np.zeros((3, RUNGS, Flow.SIZE)), 0, (0, 3))
    assert math.isnan(found["u_to_e"])
    assert found["employed"] == 0


def test_trend_is_the_relative_change_over_ten_years_without_season():
    months = np.arange(120)
    totals = np.ones((120, len(Total)))
    # 1000 to 1100 in ten years, and a strong season
    totals[:, Total.EMPLOYED_HERE] = 1000 + months * 100 / 120
    totals[:, Total.VACANT] = 100 + 50 * np.cos(2 * np.pi * months / 12)
    found = trends(totals)
    assert found["employed"] == pytest.approx(100 / 1049.6, rel=1e-3)
    assert found["vacant"] == pytest.approx(0.0, abs=1e-9)


def test_interval_is_students():
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert high - mean == pytest.approx(2.920 * 1.0 / np.sqrt(3), rel=1e-3)
    assert mean - low == pytest.approx(high - mean)
    assert interval([4.0]) == (4.0, 4.0, 4.0)


def test_moments_are_eighteen_and_kept_apart_from_checks():
    items = moment_list(load_site("kokkola"))
    fitted = [item for item in items if item.role == "fit"]
    assert len(fitted) == 18
    assert len({item.id for item in items}) == len(items)
    assert all(item.target is not None and item.tolerance for item in fitted)
    assert {item.id for item in items if item.role == "check"} >= {"tenure", "survey_long"}


def test_counts_of_the_moments_are_those_of_the_site_file():
    items = {item.id: item for item in moment_list(load_site("kokkola"))}
    assert items["employed"].target == 20000
    assert items["register"].target == 1841
    assert items["public_opened"].target == 400


def test_tables_and_page(month_counts, tmp_path):
    totals, flows = month_counts
    site = load_site("kokkola")
    runs = [
        Simulated(moments(totals * scale, flows, 100, (0, 3)), trends(np.ones((24, len(Total)))))
        for scale in (1.0, 1.01)
    ]
    table = fit_table(site, runs)
    row = table.set_index("moment").loc["register_long"]
    assert row["met"]
    assert row["ratio"] == pytest.approx(1.0)
    assert not table.set_index("moment").loc["employed", "met"]
    assert (trend_table(runs).change.abs() < 1e-9).all()
    stored = fit_rows(table)
    store_fit(tmp_path / "fits" / "here.json", stored)
    assert read_fit("here", tmp_path / "fits") == stored
    assert read_fit("elsewhere", tmp_path / "fits") == []
    assert {row["role"] for row in stored} == {"fit", "check"}
    for row in stored:
        assert row["met"] == (row["low"] <= row["simulated"] <= row["high"])
        assert row["source"]
    page = tmp_path / "fit.md"
    write_fit(site, runs, page, "python -m calibration.moments kokkola")
    text = page.read_text(encoding="utf-8")
    assert "python -m calibration.moments kokkola" in text
    assert "| filled local posts (posts) | 20,000 |" in text


def test_free_parameters_are_those_marked_free_in_the_files():
    marked = {name for name, number in load_parameters().items() if number.role == "free"}
    assert {name for names in FREE.values() for name in names} == marked
    assert len(FREE) <= 13


def test_least_squares_finds_values_that_it_was_given():
    truth = {name: 0.5 for names in FREE.values() for name in names}
    start = moved(truth, {"search_a": 2.0, "standard": -1.0, "outsiders": 1.5})

    def distances(values):
        return np.array([5.0 * np.log(values[n] / truth[n]) for n in truth if n != "standard"]
                        + [10.0 * (values["standard"] - truth["standard"])])  # fmt: skip

    values, left = gauss_newton(distances, start, iterations=4)
    assert left @ left < 0.01
    assert values["search_a"] == pytest.approx(0.5, rel=0.02)


def test_kokkola_stands_near_its_moments_after_two_years():
    """One replication: nothing is far off (the full fit is in docs/kokkola_fit.md)."""
    town = Town("kokkola")
    found = simulate(town, seed=1, months=24, window=(0, 24)).moments
    for item in moment_list(town.site):
        if item.role == "fit":
            assert 1 / 1.4 < found[item.id] / item.target < 1.4, item.id


@pytest.mark.slow
def test_kokkola_is_stationary():
    town = Town("kokkola")
    runs = [simulate(town, seed) for seed in (1, 2, 3, 4)]
    for name in ("employed", "posts", "register", "outside", "hires", "out_commuters"):
        mean = np.mean([run.trends[name] for run in runs])
        assert abs(mean) < 0.08, name
