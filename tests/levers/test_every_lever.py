"""Every measure moves the labour market when it should, and nothing when it should not."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.measures import load_measure, mix_of, shipped_measures
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import series
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Count
from simulator.world import Measure as Row

MONTHS = 30
UNKNOWN = ("women55", "sofia_mobility")  # content not described in public: no lever is set
DATA_ONLY = ("monitoring",)
# act through other measures alone; each with one that it serves
THROUGH_OTHERS = {
    "activation_events": ("taite",),
    "coalition": ("taite",),
    "digital_lab": ("pt_training",),
    "integrated_package": ("light_mentoring", "city_first"),
}
MEASURES = {name: load_measure(name) for name in shipped_measures()}
ACTING = [n for n in MEASURES if n not in (*UNKNOWN, *DATA_ONLY, *THROUGH_OTHERS)]
LEVERS = [
    pytest.param(name, at, id=f"{name}-{lever.lever}-{lever.stage}")
    for name in ACTING
    for at, lever in enumerate(MEASURES[name].levers)
    if lever.applies_to != "place" and lever.strength.top != 0.0
]


@pytest.fixture(scope="module")
def town():
    return Town("kokkola").without_services()  # so that one measure is seen alone


@pytest.fixture(scope="module")
def outcomes(town):
    """Return a function from a mix to the outcomes of a world, one reference for all."""
    kept = {}

    def run(mix=None, months=MONTHS, **how):
        if mix is None and "reference" in kept:
            return kept["reference"]
        world = town.begin(10_001)
        cells = assign_cells(world, town.site)
        if mix is not None:
            install = {key: how.pop(key) for key in ("shadow",) if key in how}
            lay_out_mix(mix, town.site, town.place, **how).install(world, **install)
        world.lay_out(0, months, cells, target_cells())
        world.advance(months)
        kept["world"] = world
        values = series(world)[1]
        if mix is None:
            kept["reference"] = values
        return values

    run.last = lambda: kept["world"]
    return run


def at(name, strength, lever=None, times=1.0):
    """Return a mix of one measure with its levers, or one of them only, at a strength."""
    measure = MEASURES[name]
    high = times * measure.capacity.high
    most = measure.capacity.model_copy(update={"value": high, "high": high})
    mix = mix_of([name], "kokkola", strength=strength, capacity=most)
    levers = measure.levers if lever is None else [measure.levers[lever]]
    if measure.lock_in is not None:
        free = measure.lock_in.model_copy(update={"value": 1.0})
        measure = measure.model_copy(update={"lock_in": free})
    measure = measure.model_copy(update={"levers": levers})
    return mix.model_copy(update={"files": {name: measure}})


def with_many_places(mix):
    """Return the mix with ten times the places, so that measures meet at workplaces."""
    files = {}
    for name, measure in mix.files.items():
        capacity = measure.capacity
        if capacity is not None:
            capacity = capacity.model_copy(update={"value": 10 * capacity.value})
        files[name] = measure.model_copy(update={"capacity": capacity})
    return mix.model_copy(update={"files": files})


def tops(mix):
    """Return the high end of each lever, published or not."""
    return {(m.id, lever.lever): lever.strength.top for m, _ in mix.entries for lever in m.levers}


def test_every_measure_is_in_one_list():
    assert len(MEASURES) == len(ACTING) + len(UNKNOWN) + len(DATA_ONLY) + len(THROUGH_OTHERS)
    for name in UNKNOWN:
        assert MEASURES[name].content == "unknown"
    for name in DATA_ONLY:
        assert not MEASURES[name].levers


# promotions of participants count as supported at any strength; that is a label, no outcome
LABELS = ("supported_promotions", "advertised_after_supported_promotion")


def without_labels(outcomes):
    """Return which rows are outcomes of the labour market."""
    return np.array([one.outcome not in LABELS for one in series(outcomes.last())[0]])


@pytest.mark.parametrize("name", ACTING)
def test_a_measure_at_the_high_end_moves_the_labour_market(name, outcomes):
    mix = at(name, "top")
    moved = outcomes(mix, sizes=tops(mix))
    kept = without_labels(outcomes)
    assert not np.array_equal(moved[kept], outcomes()[kept])


@pytest.mark.parametrize(("name", "lever"), LEVERS)
def test_each_lever_alone_moves_the_labour_market(name, lever, outcomes):
    # one lever on few people may tip no choice in thirty months: ten times the places
    mix = at(name, "top", lever, times=10.0)
    moved = outcomes(mix, sizes=tops(mix))
    kept = without_labels(outcomes)
    assert not np.array_equal(moved[kept], outcomes()[kept])


@pytest.mark.parametrize("name", [*ACTING, *UNKNOWN])
def test_a_measure_without_strength_moves_nothing(name, outcomes):
    mix = at(name, "none")
    none = dict.fromkeys(tops(mix), 0.0)
    moved = outcomes(mix, sizes=none)
    kept = without_labels(outcomes)
    assert np.array_equal(moved[kept], outcomes()[kept])
    assert outcomes.last().columns.counts[Count.ENROLMENTS] > 0


@pytest.mark.parametrize("name", [n for n in MEASURES if MEASURES[n].lock_in is not None])
def test_lock_in_of_a_measure_without_strength_is_its_own(name, outcomes):
    mix = mix_of([name], "kokkola", strength="none")
    none = dict.fromkeys(tops(mix), 0.0)
    moved = not np.array_equal(outcomes(mix, sizes=none), outcomes())
    if MEASURES[name].lock_in.value != 1.0:
        assert moved


@pytest.mark.parametrize("name", MEASURES)
def test_no_dose_is_nothing_to_the_bit(name, outcomes):
    assert np.array_equal(outcomes(mix_of([name], "kokkola", dose=0.0)), outcomes())


@pytest.mark.parametrize("name", [*THROUGH_OTHERS, *DATA_ONLY])
def test_what_acts_through_others_is_nothing_alone(name, outcomes):
    mix = mix_of([name], "kokkola", strength="top")
    assert np.array_equal(outcomes(mix, sizes=tops(mix)), outcomes())


@pytest.mark.parametrize(("name", "served"), THROUGH_OTHERS.items())
def test_what_acts_through_others_moves_them(name, served, outcomes):
    alone = with_many_places(mix_of(served, "kokkola", strength="top"))
    both = with_many_places(mix_of([*served, name], "kokkola", strength="top"))
    assert not np.array_equal(outcomes(both, sizes=tops(both)), outcomes(alone, sizes=tops(alone)))


@pytest.mark.parametrize("name", ["dk_jobrotation", "se_leave_year", "fi_leave"])
def test_substitutes_posts_open_and_close_with_the_absence(name, town, outcomes):
    mix = mix_of([name], "kokkola", months=12)
    values = outcomes(mix, months=36)
    names = series(outcomes.last())[0]
    origin = MEASURES[name].cover.origin
    row = [(n.breakdown, n.group) for n in names].index(("cause", origin))
    opened = values[row]
    policy = lay_out_mix(mix, town.site, town.place)
    assert opened[:12].sum() > 0.5 * 12 * policy._places(MEASURES[name], 0.0) * 0.5
    # nothing is left when everybody is back, and conservation has held
    world = outcomes.last()
    posts = world.columns.posts[:, : world.columns.counts[Count.POSTS]]
    from simulator.codes import Cause, PostState
    from simulator.columns import Post

    made = np.isin(posts[Post.CREATED_BY], [Cause.COVER, Cause.LEAVE])
    assert made.sum() > 10
    assert (posts[Post.STATE][made] == PostState.DESTROYED).all()


def test_shadow_enrolment_opens_no_post(outcomes):
    mix = mix_of(["dk_jobrotation"], "kokkola")
    assert np.array_equal(outcomes(mix, shadow=True), outcomes())
    assert (outcomes.last().columns.measures[:, Row.EFFECTIVE] == 0.0).all()
