"""The page's numbers are those of ``compare``, and a mix survives the way into a file and back."""

import asyncio
import time

import numpy as np
import pytest

from experiments.app.workshop import mixes, summary, twins
from experiments.app.workshop.catalogue import lost_in_setting, mix_setting, place
from experiments.app.workshop.scheduler import Scheduler, Token
from experiments.app.workshop.sessions import Room, clean_name
from scenarios import ScenarioError, load_site
from scenarios.loader import shipped_sites
from scenarios.measures import load_mix
from simulator import compare
from simulator.codes import Cause, Fill
from simulator.comparison import DATES
from simulator.headline import quantities
from simulator.scale import check_scale
from simulator.world import Flow
from tests.workshop.loops import run

NEW = {
    "taite": {"dose": 0.6, "strength": "assumed", "start": 0},
    "career_management": {"dose": 1.0, "strength": "assumed", "start": 2},
    "coalition": {"dose": 1.0, "strength": "assumed", "start": 0},
}
# a service that runs today is changed too
LESS = {"hiring_supports": {"dose": 0.25, "strength": "assumed", "start": 0}}
SETTING = {"site": "kokkola", "measures": LESS | NEW}


def finish(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def bench():
    return twins.Bench("kokkola")


@pytest.fixture(scope="module")
def cohorts(bench):
    """One seed from all dates."""
    mix = mixes.mix_of(mixes.read_request(SETTING), bench.town.site)
    seed = bench.seeds[0]
    first = finish(bench.cohort(mix, seed, 0, "R"))
    later = finish(bench.later_cohorts(mix, seed, "R", DATES[1:]))
    return mix, {seed: [first, *later]}


@pytest.fixture(scope="module")
def theirs(cohorts, tmp_path_factory):
    """The same by ``compare``."""
    mix, _ = cohorts
    path = tmp_path_factory.mktemp("mix") / f"{mix.id}.toml"
    path.write_text(mixes.mix_file(mix), encoding="utf-8")
    return compare(
        "kokkola", mixes=[path], replications=1, closure="R", strengths=["assumed"], years=1
    )


def test_a_placebo_is_that_of_compare(bench, cohorts, theirs):
    mix, rows = cohorts
    seed = bench.seeds[0]
    found = [finish(bench.cohort(mix, seed, date, "R", placebo=True)).values for date in DATES]
    np.testing.assert_array_equal(sum(found) / len(DATES), theirs.placebo["R"][0].scenario)
    assert (found[0] != rows[seed][0].values).any()


def test_a_refined_result_is_that_of_compare(bench, cohorts, theirs):
    mix, rows = cohorts
    key = next(k for k in theirs.pairs if k[3] == "cohorts")
    ours = bench.compared(mix, "R", "assumed", rows, False)
    our_key = next(iter(ours.pairs))
    assert our_key[3] == "cohorts"
    np.testing.assert_array_equal(ours.pairs[our_key][0].scenario, theirs.pairs[key][0].scenario)
    np.testing.assert_array_equal(ours.pairs[our_key][0].reference, theirs.pairs[key][0].reference)
    a, b = quantities(ours, our_key), quantities(theirs, key)
    assert {name: q.shown.mean for name, q in a.items() if q.found} == {
        name: q.shown.mean for name, q in b.items() if q.found
    }
    # the mix does something, else the equality says nothing
    assert (ours.pairs[our_key][0].scenario != ours.pairs[our_key][0].reference).any()


def test_the_first_look_is_the_start_of_the_whole(bench, cohorts):
    mix, rows = cohorts
    seed = bench.seeds[0]
    looks = [value for value in bench.cohort(mix, seed, 0, "R") if value is not None]
    assert len(looks) == 1
    assert looks[0].months == twins.LOOK
    np.testing.assert_array_equal(looks[0].values, rows[seed][0].values[:, : twins.LOOK])


def test_no_measures_change_nothing(bench):
    mix = mixes.mix_of(mixes.read_request({"site": "kokkola"}), bench.town.site)
    seed = bench.seeds[0]
    cohort = finish(bench.cohort(mix, seed, 0, "R"))
    np.testing.assert_array_equal(cohort.values, bench.reference(seed).whole.values)


def test_the_staircase_adds_up(bench, cohorts):
    _, rows = cohorts
    reference, scenario = bench.flows("R", rows, False)
    steps = summary.staircase(reference, scenario, 100.0, 48)
    assert [step["rung"] for step in steps] == [3, 2, 1, 0]
    for step in steps:
        for what in ("reference", "mix"):
            come = sum(band[what] for band in step["into"])
            go = sum(band[what] for band in step["out"])
            assert come == pytest.approx(step["all"][what], rel=1e-3)
            assert go == pytest.approx(step["all"][what], rel=1e-3)
        # one pair has no interval, so nothing is told
        assert not any(band["told"] for band in [*step["into"], *step["out"]])
    # a promotion into a step opens, but for posts never advertised, a post one step lower
    taken = [next(b for b in step["out"] if b["id"] == "promotion")["mix"] for step in steps]
    opened = [next(b for b in step["into"] if b["id"] == "stepped_down")["mix"] for step in steps]
    for upper, lower in zip(taken[:-1], opened[1:], strict=True):
        assert 0.6 * upper < lower <= upper * 1.05


def test_staircase_bands_hold_every_cause_and_fill():
    causes = [cause for group in summary.INTO.values() for cause in group]
    fills = [fill for group in summary.OUT_OF.values() for fill in group]
    assert sorted(causes) == [c for c in Cause if c <= Cause.HIRE_FROM_WORKPLACE]
    assert sorted(fills) == [f for f in Fill if f != Fill.OPEN]


def test_told_needs_an_interval_without_zero():
    flows = np.zeros((10, 4, Flow.SIZE))
    more = flows.copy()
    more[:, 0, Flow.OPENED + Cause.NEW_POST] = [3, 4, 3, 4, 3] * 2
    more[:, 0, Flow.OPENED + Cause.RETIREMENT] = [3, -4, 3, -4, 3] * 2
    steps = summary.staircase(flows, more, 50.0, 12)
    bands = {band["id"]: band for band in steps[-1]["into"]}
    assert bands["new_post"]["told"]
    assert bands["new_post"]["per_100"][0] == pytest.approx(6.8)
    assert not bands["retirement"]["told"]


# ---- mixes


def test_a_mix_survives_the_way_into_a_file_and_back(tmp_path):
    setting = {
        **SETTING,
        "partners": {
            "third_sector": {"takes_part": False},
            "employment_services": {"takes_part": True, "capacity": 0.4},
        },
    }
    site = load_site("kokkola")
    mix = mixes.mix_of(mixes.read_request(setting), site, 'A "quoted" \\ name, Ääkkönen')
    path = tmp_path / f"{mix.id}.toml"
    path.write_text(mixes.mix_file(mix), encoding="utf-8")
    again = load_mix(path, "kokkola")
    assert again.names.en == 'A "quoted" \\ name, Ääkkönen'
    assert mix_setting(again)["measures"] == SETTING["measures"]
    assert mix_setting(again)["partners"] == {
        "employment_services": {"takes_part": True, "capacity": 0.4},
        "third_sector": {"takes_part": False},
    }
    assert again.model_dump(exclude={"files"}) == mix.model_dump(exclude={"files"})
    assert lost_in_setting(again, site) == []


def test_services_of_today_stay_unless_they_are_named(tmp_path):
    site = load_site("kokkola")
    today = load_mix("today", "kokkola").measures
    mix = mixes.mix_of(mixes.read_request({"site": "kokkola", "measures": NEW}), site)
    assert {name: mix.measures[name] for name in today} == today
    setting = {
        "site": "kokkola",
        "measures": {"hiring_supports": {"dose": 0.0}, "ips": {"dose": 1.0, "strength": "top"}},
    }
    mix = mixes.mix_of(mixes.read_request(setting), site)
    assert "hiring_supports" not in mix.measures
    assert (mix.measures["ips"].dose, mix.measures["ips"].months) == (1.0, None)
    assert mix.measures["work_trial"] == today["work_trial"]
    path = tmp_path / f"{mix.id}.toml"
    path.write_text(mixes.mix_file(mix), encoding="utf-8")
    assert load_mix(path, "kokkola").measures == mix.measures
    named = mix_setting(mix)["measures"]
    assert {name: one["dose"] for name, one in named.items()} == {"hiring_supports": 0, "ips": 1}
    late = {"site": "kokkola", "measures": {"ips": {"dose": 1.0, "start": 2}}}
    with pytest.raises(mixes.RequestError, match="runs today"):
        mixes.mix_of(mixes.read_request(late), site)
    keys = {
        mixes.read_request({"site": "kokkola", "measures": measures}).mix_key
        for measures in ({}, {"taite": {"dose": 0.0}}, {"ips": {"dose": 0.0}})
    }
    assert len(keys) == 2  # a new measure at none is nothing, a service taken away is something


@pytest.mark.parametrize("site_id", shipped_sites())
def test_the_page_opens_with_the_mix_of_the_place(site_id):
    site = load_site(site_id)
    mix = load_mix(site.default_mix, site_id)
    assert lost_in_setting(mix, site) == []
    again = mixes.mix_of(mixes.read_request({"site": site_id, **mix_setting(mix)}), site)
    assert list(again.measures.items()) == list(mix.measures.items())
    assert again.partners == mix.partners


@pytest.mark.parametrize("site_id", shipped_sites())
def test_large_places_are_shown_at_a_scale_that_compare_accepts(site_id):
    site = load_site(site_id)
    scale = twins.page_scale(site)
    posts = site.margins.filled_posts.value / scale
    assert twins.POSTS_SHOWN * 0.9 < posts < twins.LARGEST_WHOLE or scale == 1
    check_scale(posts, scale)
    assert place(site_id)["scale"] == scale


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("", "workshop"),
        ("Pöytä 3: enemmän!", "poyta_3_enemman"),
        ("kokkola", "workshop_kokkola"),
        ("baseline", "workshop_baseline"),
        ("../../etc/passwd", "etc_passwd"),
        ("Смес", "workshop"),
        ("3", "workshop_3"),
    ],
)
def test_a_named_mix_gets_a_name_for_its_file(name, file):
    assert mixes.mix_id(name) == file


def test_what_the_page_cannot_set_is_named(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'schema = 1\nid = "m"\nsite = "kokkola"\nnames = { en = "m" }\n'
        "[measures.taite]\ndose = 1.0\nfidelity = false\nmonths = 24\n",
        encoding="utf-8",
    )
    lost = lost_in_setting(load_mix(path, "kokkola"), load_site("kokkola"))
    assert lost == ["measures.taite.fidelity", "measures.taite.months"]


def test_the_order_of_setting_does_not_matter():
    turned = {**SETTING, "measures": dict(reversed(SETTING["measures"].items()))}
    off = {**turned, "measures": {**turned["measures"], "mentoring": {"dose": 0.0}}}
    keys = {mixes.read_request(s).mix_key for s in (SETTING, turned, off)}
    assert len(keys) == 1
    other = {**SETTING, "closure": "E"}
    assert mixes.read_request(other).mix_key not in keys


@pytest.mark.parametrize(
    "setting",
    [
        None,
        [],
        "kokkola",
        {},
        {"site": "../../etc"},
        {"site": "kokkola", "unknown": 1},
        {"site": "kokkola", "closure": "Q"},
        {"site": "kokkola", "measures": {"no_such": {"dose": 1.0}}},
        {"site": "kokkola", "measures": {"taite": {"dose": 1.5}}},
        {"site": "kokkola", "measures": {"taite": {"dose": float("nan")}}},
        {"site": "kokkola", "measures": {"taite": {"dose": "1"}}},
        {"site": "kokkola", "measures": {"taite": {"dose": 1.0, "start": 13}}},
        {"site": "kokkola", "measures": {"taite": {"dose": 1.0, "strength": "huge"}}},
        {"site": "kokkola", "measures": {f"m{n}": {"dose": 1.0} for n in range(41)}},
        {"site": "kokkola", "partners": {"nobody": {}}},
        {"site": "kokkola", "partners": {"third_sector": {"capacity": -0.1}}},
        {"site": "kokkola", "parameters": {"backfill": float("inf")}},
    ],
)
def test_a_wrong_request_is_refused_in_one_sentence(setting):
    with pytest.raises(mixes.RequestError) as refused:
        mixes.read_request(setting)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_mix_file_of_another_place_is_refused(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'schema = 1\nid = "m"\nsite = "sofia"\nnames = { en = "m" }\n', encoding="utf-8"
    )
    with pytest.raises(ScenarioError, match="sofia"):
        load_mix(path, "kokkola")


def test_the_catalogue_holds_what_the_page_needs():
    found = place("kokkola")
    ids = [measure["id"] for measure in found["measures"]]
    assert len(ids) == len(set(ids)) > 20
    assert {m["kind"] for m in found["measures"]} == {
        "jobseeker", "worker", "employer", "coordination"
    }  # fmt: skip
    assert all(m["names"]["en"] for m in found["measures"])
    assert found["levels"]["off"] == 0.0
    assert found["levels"]["full"] == 1.0
    assert sorted(found["levels"].values()) == list(found["levels"].values())
    known = {p["id"]: p for p in found["parameters"]}
    for name in found["disputed"]:
        assert known[name]["low"] <= known[name]["value"] <= known[name]["high"]


# ---- scheduler and room


def test_urgent_work_goes_first_and_nobody_waits_for_dropped_work():
    order = []

    def steps(name, n):
        for _ in range(n):
            order.append(name)
            time.sleep(0.001)
            yield None
        return name

    async def main():
        scheduler = Scheduler(1)
        slow = scheduler.submit(steps("slow", 200), 5, Token())
        while not order:
            await asyncio.sleep(0.001)
        gone = Token()
        dropped = scheduler.submit(steps("dropped", 200), 1, gone)
        gone.cancel()
        urgent = scheduler.submit(steps("urgent", 5), 0, Token())
        assert await urgent.done == "urgent"
        assert await dropped.done is None
        assert await slow.done == "slow"
        scheduler.stop()

    run(main())
    at = order.index("urgent")
    assert order[at : at + 5] == ["urgent"] * 5
    assert "slow" in order[at + 5 :]
    assert order.count("dropped") < 200


def test_a_fault_in_a_job_reaches_who_waits():
    def broken():
        yield None
        raise ValueError("broken")

    async def main():
        scheduler = Scheduler(1)
        job = scheduler.submit(broken(), 0, Token())
        with pytest.raises(ValueError, match="broken"):
            await job.done
        scheduler.stop()

    run(main())


def test_a_room_admits_its_code_and_stops_guessers():
    room = Room(code="ABC234")
    assert room.admits("", local=True)
    assert room.admits(" abc234 ", local=False)
    assert not room.admits("ABC235", local=False)
    for _ in range(30):
        room.admits("WRONG1", local=False)
    assert not room.admits("ABC234", local=False)
    assert room.admits("", local=True)
    assert not Room(code="").admits("", local=False)


def test_typed_names_are_one_short_line():
    assert clean_name("  a\n\x00b\u202e  c ") == "a b c"
    assert len(clean_name("x" * 1000)) == 60
