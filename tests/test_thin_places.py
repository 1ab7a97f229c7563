"""Thin data: places that lack something build, settle and run, with every identity kept."""

import numpy as np
import pytest

from scenarios import Site, load_site
from simulator.codes import PostState, Status
from simulator.columns import Person, Post
from simulator.scale import scaled_site
from simulator.town import Town
from simulator.world import Count


def change(site: Site, section: str, **values) -> Site:
    """Return a site with other values or rows of values in one section."""
    table = getattr(site, section)
    new = {}
    for name, value in values.items():
        field = "values" if isinstance(value, list) else "value"
        new[name] = getattr(table, name).model_copy(update={field: value})
    return site.model_copy(update={section: table.model_copy(update=new)})


def without_vacancies(site: Site) -> Site:
    return change(site, "vacancies", public_stock=0.0, public_opened=0.0)


def without_an_age_group(site: Site) -> Site:
    women, men = list(site.people.women.values), list(site.people.men.values)
    women[5] = men[5] = 0.0
    share = list(site.work.register_by_age.values)
    share[4], share[5] = share[4] + share[5], 0.0
    other = list(site.work.unregistered_by_age.values)
    other[4], other[5] = other[4] + other[5], 0.0
    site = change(site, "work", register_by_age=share, unregistered_by_age=other)
    return change(site, "people", women=women, men=men)


def without_long_spells(site: Site) -> Site:
    site = change(site, "margins", register_long_term_share=0.0)
    rows = [0.5, 0.3, 0.2, 0.0, 0.0, 0.0]
    return change(site, "durations", registered=rows, unregistered=rows)


def with_one_sector(site: Site) -> Site:
    return site.model_copy(update={"sectors": site.sectors[3:4], "employers": []})


def without_commuters(site: Site) -> Site:
    return change(site, "margins", in_commuter_share=0.0, work_here_share=1.0)


def with_all_unemployed_registered(site: Site) -> Site:
    return change(site, "margins", survey_register_ratio=0.5, searching_share=0.5)


def without_fixed_terms(site: Site) -> Site:
    return change(site, "contracts", fixed_term_share=0.0)


LACKS = [
    without_vacancies,
    without_an_age_group,
    without_long_spells,
    with_one_sector,
    without_commuters,
    with_all_unemployed_registered,
    without_fixed_terms,
]


@pytest.fixture(scope="module")
def village() -> Site:
    return scaled_site(load_site("kokkola"), 10)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.__name__)
def test_a_place_that_lacks_something_runs(village, lack):
    site = lack(village)
    town = Town(site)
    start = town.start(1, check=True)
    world = start.world.copy()
    world.lay_out(0, 6)
    world.advance(6)
    built = start.built
    if lack is without_vacancies:
        assert not (built.posts[Post.STATE] == PostState.VACANT).any()
        assert world.columns.counts[Count.VACANT] > 0  # they arise as people leave
    if lack is without_an_age_group:
        age = (built.month - built.people[Person.BIRTH_MONTH]) // 12
        resident = built.people[Person.RESIDENT] == 1
        assert not (resident & (age >= 40) & (age < 45)).any()
    if lack is without_long_spells:
        who = np.isin(built.people[Person.STATUS], [Status.A, Status.P])
        assert (built.month - built.people[Person.REGISTER_SINCE, who]).max() <= 12
    if lack is without_commuters:
        assert (built.people[Person.STATUS] != Status.EMPLOYED_ELSEWHERE).all()
    if lack is with_all_unemployed_registered:
        assert not (built.people[Person.STATUS] == Status.S).any()
    assert (world.columns.counts[Count.BROKEN]) == 0
    employed = (world.columns.people[Person.STATUS] == Status.EMPLOYED).sum()
    assert employed > 0.5 * site.margins.filled_posts.value


def test_a_place_too_small_for_its_scale_is_refused():
    with pytest.raises(Exception, match="use 1 to 40"):
        scaled_site(load_site("kokkola"), 50)
