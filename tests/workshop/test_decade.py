"""Ten years of a mix: the numbers of the whole-horizon design of ``compare``, and the screen."""

import asyncio

import numpy as np
import pytest

from experiments.app.workshop.decade import by_year, decade
from experiments.app.workshop.scheduler import Scheduler, Token
from experiments.app.workshop.twins import DECADE, Bench
from scenarios.measures import load_mix
from simulator.comparison import compare
from tests.workshop.loops import run


def finished(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_it_is_the_whole_horizon_of_compare():
    bench, mix = Bench("evora"), load_mix("evora", "evora")
    found = compare(
        "evora", [mix], replications=1, years=DECADE // 12, design="whole", closure="R",
        strengths=("assumed",), placebo=False, threads=1,
    )  # fmt: skip
    (pair,) = found.pairs["R", mix.id, "assumed", "whole"]
    for _ in range(2):  # the second time the reference is the one that was kept
        reference, scenario = finished(bench.decade(mix, bench.seeds[0], "R"))
        assert np.array_equal(reference, pair.reference)
        assert np.array_equal(scenario, pair.scenario)
    assert not np.array_equal(reference, scenario)


def test_a_stock_is_a_mean_and_a_flow_a_sum():
    values = np.arange(24.0).reshape(1, 24)
    assert by_year("mean", values).tolist() == [[5.5, 17.5]]
    assert by_year("sum", values).tolist() == [[66.0, 210.0]]


def test_nobody_waits_for_what_was_given_up():
    async def main():
        scheduler, token, told = Scheduler(1), Token(), []

        def tell(*what):
            told.append(what)
            token.cancel()

        await asyncio.wait_for(
            decade(Bench("evora"), scheduler, load_mix("evora", "evora"), "R", token, tell), 120
        )
        scheduler.stop()
        assert told == [(0, 10, None)]

    run(main())


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_ten_years_on_demand(open_page, size):
    page = open_page(fragment="&site=kokkola&m=taite:1", size=size)
    card = page.locator(".decade")
    assert card.locator("svg").count() == 0
    card.get_by_role("button", name="Compute ten years").click()
    page.wait_for_function(
        "() => document.querySelector('.decade').innerText.includes(' of 10 pairs')"
    )
    page.wait_for_selector(".decade svg", timeout=300_000)
    assert card.locator("rect.band").count() == 10
    assert "ten years" in card.locator("[role=status]").inner_text()
    card.get_by_label("What to draw").select_option("promotions")
    card.locator("summary").click()
    assert card.locator("tbody tr").count() == 10
    page.get_by_role("button", name="As it is today").click()
    page.wait_for_selector(".decade svg", state="detached")  # of another mix
