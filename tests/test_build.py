"""The built world: head counts, consistency, chance."""

import numpy as np
import pytest

from scenarios import load_parameters, load_site
from simulator.build import (
    FIRST_MONTH,
    NEVER,
    ROUNDS,
    build_world,
    count_margins,
    working_shares,
    world_margins,
)
from simulator.codes import Cause, Contract, PostState, Status
from simulator.columns import Person, Policy, Post, Trait, Workplace
from simulator.demography import demography, retired_shares, single_years
from simulator.engine import place_of
from simulator.parameters import parameter_vector
from simulator.world import OF_MEN, Table


@pytest.fixture(scope="module")
def kokkola():
    return load_site("kokkola")


@pytest.fixture(scope="module")
def parameters(kokkola):
    return {name: float(number) for name, number in load_parameters(kokkola).items()}


@pytest.fixture(scope="module")
def built(kokkola, parameters):
    return build_world(kokkola, parameters, seed=1)


def test_every_margin_is_met(kokkola, parameters, built):
    rows = world_margins(kokkola, parameters, built)
    with_target = [row for row in rows if row["target"] is not None]
    assert len(with_target) > 90
    for row in with_target:
        slack = max(0.011 * row["target"], 1.0 if row["target"] > 1 else 0.0)
        assert abs(row["built"] - row["target"]) <= slack, row
        assert row["source"]


def test_exact_counts(built):
    status = built.people[Person.STATUS]
    resident = built.people[Person.RESIDENT] == 1
    assert resident.sum() == 34_000
    assert (status == Status.EMPLOYED).sum() == 20_000
    assert ((status == Status.EMPLOYED) & ~resident).sum() == 2_900
    assert np.isin(status, [Status.A, Status.P]).sum() == 1_841
    assert np.isin(status, [Status.A, Status.S]).sum() == 1_362
    assert (built.posts[Post.STATE] == PostState.FILLED).sum() == 20_000


def test_the_survey_sees_fewer_long_spells_than_the_register(kokkola, built):
    counted = count_margins(kokkola, built.people, built.posts, built.workplaces, built.month)
    survey = counted["survey unemployed", "12 months and more"] / 1362
    register = counted["register", "12 months and more"] / 1841
    assert survey == pytest.approx(0.19, abs=0.02)
    assert register == pytest.approx(0.31, abs=0.005)


def test_holders_and_posts_agree(built):
    people, posts = built.people, built.posts
    held = np.flatnonzero(people[Person.POST] >= 0)
    assert (people[Person.STATUS, held] == Status.EMPLOYED).all()
    assert (posts[Post.HOLDER, people[Person.POST, held]] == held).all()
    filled = posts[Post.STATE] == PostState.FILLED
    assert ((posts[Post.HOLDER] >= 0) == filled).all()
    assert held.size == filled.sum()
    assert (posts[Post.SECTOR, people[Person.POST, held]] == people[Person.SECTOR, held]).all()
    assert (np.diff(posts[Post.WORKPLACE]) >= 0).all()
    sectors = built.workplaces[Workplace.SECTOR, posts[Post.WORKPLACE]]
    assert (sectors == posts[Post.SECTOR]).all()
    assert built.workplaces[Workplace.POSTS].sum() == posts.shape[1]
    assert built.workplaces[Workplace.FILLED].sum() == filled.sum()


def test_vacancies_look_like_openings(built):
    posts = built.posts
    now = FIRST_MONTH * ROUNDS
    vacant = np.flatnonzero(posts[Post.STATE] == PostState.VACANT)
    assert (posts[Post.OPENED, vacant] < now).all()
    assert ((posts[Post.CLOSES, vacant] >= now) & (posts[Post.CLOSES, vacant] < now + 3)).all()
    assert (posts[Post.CHAIN_POST, vacant] == vacant).all()
    for column in (Post.OPENING, Post.CHAIN_OPENING, Post.PLACE):
        assert (posts[column, vacant] == 1).all()
    assert (posts[Post.CAUSE, vacant] == Cause.NEW_POST).all()
    others = posts[Post.STATE] != PostState.VACANT
    assert (posts[Post.OPENING, others] == 0).all()


def test_clocks_run_forwards(built):
    people, month = built.people, built.month
    status = people[Person.STATUS]
    at_work = status <= Status.EMPLOYED_ELSEWHERE
    since = people[:, at_work]
    assert (since[Person.JOB_SINCE] < month).all()
    assert (since[Person.EMPLOYER_SINCE] <= since[Person.JOB_SINCE]).all()
    assert (since[Person.STATUS_SINCE] <= since[Person.EMPLOYER_SINCE]).all()
    registered = np.isin(status, [Status.A, Status.P])
    assert ((people[Person.REGISTER_SINCE] != NEVER) == registered).all()
    assert (
        people[Person.IDLE_SINCE, registered] <= people[Person.REGISTER_SINCE, registered]
    ).all()
    unemployed = registered | (status == Status.S)
    assert ((people[Person.UNEMPLOYED_SINCE] != NEVER) == unemployed).all()
    assert (people[Person.STATUS_SINCE] < month).all()
    age = (month - people[Person.BIRTH_MONTH]) / 12
    assert age.min() >= 15
    assert age.max() < 75.1


def test_schooling_sex_and_age_of_posts(kokkola, built):
    people, posts = built.people, built.posts
    held = people[Person.POST] >= 0
    rung = posts[Post.RUNG, people[Person.POST, held]]
    school = people[Person.EDUCATION, held]
    basic = [(school[rung == step] == 0).mean() for step in range(4)]
    assert basic == sorted(basic, reverse=True)
    assert basic[0] > 5 * basic[3]
    sector = people[Person.SECTOR, held]
    women = people[Person.SEX, held] == 0
    for number, entry in enumerate(kokkola.sectors):
        assert women[sector == number].mean() == pytest.approx(entry.women_share.value, abs=0.07)
    tenure = built.month - people[Person.EMPLOYER_SINCE, held]
    old = built.month - people[Person.BIRTH_MONTH, held] > 45 * 12
    assert tenure[old].mean() > 1.5 * tenure[~old].mean()
    short = posts[Post.CONTRACT, people[Person.POST, held]] == Contract.FIXED_TERM
    assert tenure[short].mean() < 12


def test_traits(parameters, built):
    people, traits, posts = built.people, built.traits, built.posts
    assert np.isfinite(traits).all()
    assert traits[Trait.LEARN].mean() == pytest.approx(0.9, abs=0.01)
    assert traits[Trait.AMBITION].mean() == pytest.approx(parameters["ambition_mean"], rel=0.05)
    # residents who have not retired are as mixed as those who come later
    lives = (people[Person.RESIDENT] == 1) & (people[Person.STATUS] <= Status.N)
    spread = parameters["attachment_sd"]
    logs = np.log(traits[Trait.ATTACHMENT, lives])
    assert logs.mean() == pytest.approx(-0.5 * spread**2, abs=0.05)
    assert logs.std() == pytest.approx(spread, rel=0.03)
    tenure = built.month - people[Person.EMPLOYER_SINCE]
    at_work = lives & (people[Person.STATUS] == Status.EMPLOYED)
    new, old = at_work & (tenure < 12), at_work & (tenure > 120)
    median = [np.median(traits[Trait.ATTACHMENT, who]) for who in (new, old)]
    assert median[0] > 1.5 * median[1]
    held = people[Person.POST] >= 0
    gap = traits[Trait.Q, held] - posts[Post.RUNG, people[Person.POST, held]]
    assert (gap >= 0).mean() > 0.9
    registered = np.isin(people[Person.STATUS], [Status.A, Status.P])
    low = registered & (people[Person.EDUCATION] == 0)
    high = registered & (people[Person.EDUCATION] == 2)
    assert traits[Trait.Q, low].mean() < traits[Trait.Q, high].mean()
    assert (built.policies[Policy.INCLUSIVENESS] <= 1).all()


def test_the_large_employers_are_single_and_have_whole_ladders(kokkola, built):
    posts, workplaces = built.posts, built.workplaces
    employer = workplaces[Workplace.EMPLOYER, posts[Post.WORKPLACE]]
    for number, entry in enumerate(kokkola.employers):
        own = workplaces[Workplace.EMPLOYER] == number
        assert own.sum() == len(entry.sectors)
        assert (employer == number).sum() == entry.posts.value
        assert set(posts[Post.RUNG, employer == number]) == {0, 1, 2, 3}
    sizes = np.bincount(posts[Post.WORKPLACE])
    assert 0.01 < (sizes == 1).mean() < 0.1


def test_same_seed_same_world(kokkola, parameters, built):
    again = build_world(kokkola, parameters, seed=1)
    other = build_world(kokkola, parameters, seed=2)
    for name in ("people", "traits", "posts", "workplaces", "policies", "person_keys"):
        assert np.array_equal(getattr(again, name), getattr(built, name)), name
    assert not np.array_equal(other.people, built.people)
    assert other.people.shape == built.people.shape


def test_parameters_move_the_built_world(kokkola, parameters):
    changed = dict(parameters, short_posts=0.5, public_share=0.6, withdrawn_share_start=0.03)
    posts = build_world(kokkola, changed, seed=1).posts
    fixed = (posts[Post.CONTRACT] == Contract.FIXED_TERM).mean()
    assert fixed == pytest.approx(0.5 * kokkola.contracts.fixed_term_share.value, rel=0.01)
    assert (posts[Post.STATE] == PostState.WITHDRAWN).mean() == pytest.approx(0.03, rel=0.01)
    vacant = posts[Post.STATE] == PostState.VACANT
    assert (posts[Post.PUBLIC, vacant] == 1).mean() == pytest.approx(0.6, abs=0.002)


def test_ages_stay_as_they_are(kokkola):
    flows = demography(kokkola)
    age = np.arange(720) // 12 + 15
    total = 0.0
    for sex, persons in enumerate(single_years(kokkola)):
        retired = persons * retired_shares(kokkola)
        active = persons - retired
        now, gone = np.repeat(active / 12, 12), np.repeat(retired / 12, 12)
        hired = flows.move_in_per_month[:, age] * ((age >= 20) & (age < 58))
        hired = hired[sex] * kokkola.demography.movers_with_job.value / hired.sum()
        for _ in range(240):
            leaves = (flows.death_per_month + flows.move_out_per_month[sex])[age] * now
            retires = flows.retire_per_month[sex, age] * now
            now = now - leaves - retires + flows.move_in_per_month[sex, age] / 12 + hired
            gone = gone + retires
            now, gone = np.roll(now, 1), np.roll(gone, 1)
            now[0], gone[0] = flows.leavers_per_month[sex], 0.0
        assert now.sum() == pytest.approx(active.sum(), rel=0.008)
        assert gone.sum() == pytest.approx(retired.sum(), rel=0.02)
        groups = now.reshape(12, 60).sum(1)
        assert groups[:10] == pytest.approx(active.reshape(12, 5).sum(1)[:10], rel=0.012)
        total += 12 * (flows.retire_per_month[sex, 15:75] * active).sum() / 20_000
    assert (flows.move_in_per_month >= 0).all()
    assert (flows.retire_per_month[:, 75] == 1.0).all()
    assert flows.retire_per_month[:, :58].max() == 0.0
    assert 0.015 < total < 0.035


def test_moving_away_keeps_its_mean_when_a_post_keeps_people(kokkola, parameters):
    place = place_of(kokkola, parameter_vector(parameters), np.zeros(len(kokkola.barrier_ids)))
    flows, share = demography(kokkola), working_shares(kokkola)
    for sex in range(2):
        own = place.ages[sex * OF_MEN : (sex + 1) * OF_MEN]
        mean = share[sex] * own[Table.MOVES_AWAY_IN_WORK]
        mean += (1 - share[sex]) * own[Table.MOVES_AWAY]
        assert mean == pytest.approx(flows.move_out_per_month[sex])
    assert (share[:, :30] == 0).all()
    assert 0.5 < share[:, 40].min() < 0.81
