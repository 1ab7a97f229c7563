"""The bar above the controls: people wanted, people eligible, and what partners are asked for."""

import numpy as np
import pytest

from experiments.app.workshop.eligible import _workplaces, eligible
from experiments.app.workshop.mixes import fitting_measures
from experiments.app.workshop.twins import Bench
from scenarios import load_site
from scenarios.measures import Dose, Mix
from simulator.codes import Status
from simulator.columns import Person, Post, Workplace
from simulator.enrolment import workplace_meets
from simulator.handle import handle
from simulator.policy import lay_out_mix
from simulator.world import Count
from simulator.world import Measure as Row


@pytest.fixture(scope="module")
def bench():
    return Bench("evora")


def counted(found, name):
    at = str(found["ids"].index(name))
    return sum(n for ids, n in found["patterns"] if at in ids.split(","))


def test_workplaces_are_those_that_the_kernel_takes(bench):
    world = bench.town.start(bench.seeds[0]).world
    place, site = bench.town.place, bench.town.site
    asked = 0
    for measure in fitting_measures(load_site("evora")):
        if not measure.workplaces:
            continue
        mix = Mix(id="one", site="evora", names=measure.names, files={measure.id: measure})
        mix = mix.model_copy(update={"measures": {measure.id: Dose(dose=1.0)}})
        policy = lay_out_mix(mix, site, place)
        w = world.columns._replace(clauses=policy.clauses)
        row = policy.measures[0]
        first, last = (int(row[i]) for i in (Row.WORKPLACE_CLAUSE_START, Row.WORKPLACE_CLAUSE_END))
        there = _workplaces(bench, world.columns, measure)
        kernel = [workplace_meets(handle(w), k, first, last) for k in range(len(there))]
        alive = world.columns.workplaces[Workplace.POSTS] > 0
        assert np.array_equal(there, np.array(kernel, bool) & alive)
        asked += 1
    assert asked > 3


def test_people_are_those_who_meet_the_words_of_the_condition(bench):
    found = eligible(bench)
    w = bench.town.start(bench.seeds[0]).world.columns
    n = int(w.counts[Count.PEOPLE])
    status, resident, post = (
        w.people[row, :n] for row in (Person.STATUS, Person.RESIDENT, Person.POST)
    )
    scale = bench.town.place.scale
    jobseekers = np.isin(status, (Status.A, Status.P, Status.S)) & (resident == 1)
    assert counted(found, "own:jobseeker") == jobseekers.sum() * scale > 0
    low = np.isin(w.posts[Post.RUNG, np.maximum(post, 0)], (0, 1)) & (post >= 0)
    assert counted(found, "own:worker") == low.sum() * scale > 0
    assert found["workplaces"]["own:employer"] == max(found["workplaces"].values())


def test_a_person_who_meets_two_conditions_is_counted_once(bench):
    found = eligible(bench)
    everybody = sum(n for _, n in found["patterns"])
    residents = bench.town.site.margins.residents.value
    assert everybody < residents * 1.3  # in-commuters come on top
    assert sum(counted(found, name) for name in found["ids"]) > everybody


def numbers(page, attribute):
    rows = page.locator(f"[data-{attribute}]")
    return {
        rows.nth(n).get_attribute(f"data-{attribute}"): rows.nth(n).evaluate(
            "e => ({...e.dataset})"
        )
        for n in range(rows.count())
    }


def test_the_bar_tells_partners_and_people(open_page):
    own = "own_1:jobseeker:search_effort:0:0.1:0.2:9000:10:third_sector:Many"
    page = open_page(fragment=f"&site=kokkola&m=taite:1,own_1:1&o={own}")
    page.locator(".purse summary").click()
    page.wait_for_selector('[data-wanted="jobseeker"][data-there]:not([data-there=""])')
    wanted = numbers(page, "wanted")["jobseeker"]
    assert int(wanted["n"]) >= 9180
    assert 1000 < int(wanted["there"]) < int(wanted["n"])
    assert "but only" in page.locator('[data-wanted="jobseeker"]').inner_text()
    before = numbers(page, "load")["third_sector"]
    assert int(before["asked"]) >= 9090
    assert 0 < float(before["share"]) < 1
    page.locator('.group[data-kind="partners"] > summary').click()
    page.locator('[data-partner="third_sector"] label').first.click()
    page.wait_for_function(
        "() => document.querySelector('[data-load=\"third_sector\"]').dataset.share === '0'"
    )
    assert "does not take part" in page.locator('[data-load="third_sector"]').inner_text()
    assert page.locator(".purse details").evaluate("e => e.open")  # still folded out
