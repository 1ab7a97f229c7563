"""One workplace: what is read from a ledger, where support reaches, what is told."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.app import cli
from experiments.offers import Offer
from experiments.workplace import (
    FATES,
    GROUPS,
    SETTINGS,
    YEARS,
    offered,
    read_newcomers,
    read_posts,
    read_staff,
    support_of,
    workplace,
)
from scenarios import ScenarioError
from simulator.codes import Cause, EventKind, Fill
from simulator.columns import Event, Person, Post, Workplace
from simulator.policy import lay_out_mix
from simulator.runs import run
from simulator.town import Town
from simulator.world import Count, Enrolment
from tests.experiments.hamlet import write_hamlet

OWN, OTHER = 7, 8  # workplaces


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


@pytest.fixture(scope="module")
def view(town):
    return workplace(town, "trade", 14, rungs=(7, 4, 2, 1), worlds=2, threads=2)


def links(**columns) -> dict[str, np.ndarray]:
    return {name: np.array(values) for name, values in columns.items()}


def drawn_links() -> dict[str, np.ndarray]:
    """A retirement filled from inside, whose post goes to a jobseeker; then one unadvertised."""
    return links(
        workplace=[OWN, OWN, OTHER, OWN],
        place=[1, 2, 3, 1],
        rung=[1, 0, 0, 2],
        origin=[Cause.RETIREMENT] * 3 + [Cause.JOB_LOSS],
        opened_month=[2, 4, 5, 30],
        opened_round=[1, 3, 1, 0],
        closed_month=[4, 14, 9, 30],
        closed_round=[3, 1, 1, 0],
        fill=[Fill.PROMOTION, Fill.HIRE_SHORT_TERM_UNEMPLOYED, Fill.GIVEN_UP, Fill.NOT_BACKFILLED],
        person_row=[1, 2, -1, -1],
    )


def test_a_post_says_why_it_opened_who_took_it_and_how_long_it_was_open() -> None:
    found = read_posts(drawn_links(), [OWN], 3)
    assert found["why"].tolist() == [
        "retired, left working life, died",
        "promoted here",
        "job loss or end of fixed term",
    ]
    assert found["who"].tolist() == [
        "promoted from inside",
        "jobseeker, under 12 months",
        "nobody: never advertised",
    ]
    assert found["months"].tolist()[:2] == [2.5, 9.5]
    assert np.isnan(found["months"].iloc[2])


def test_what_closes_after_the_window_is_still_open_in_it() -> None:
    found = read_posts(drawn_links(), [OWN], 1)
    assert found["who"].tolist() == ["promoted from inside", "still open"]
    assert np.isnan(found["months"].iloc[1])


def drawn_events(*rows: tuple[int, int, int, int, int]) -> np.ndarray:
    """Rows (month, kind, cause, person, post) as raw events."""
    events = np.full((len(rows), len(Event)), -1, np.int32)
    for at, (month, kind, cause, person, post) in enumerate(rows):
        events[at, Event.WHEN] = month << 4
        events[at, [Event.KIND, Event.CAUSE, Event.PERSON, Event.POST]] = kind, cause, person, post
    return events


WHERE = np.array([OWN, OWN, OTHER])  # workplace of posts 0 to 2


def test_staff_are_followed_until_they_leave() -> None:
    filled, separated = EventKind.FILLED, EventKind.SEPARATED
    events = drawn_events(
        (1, filled, Cause.PROMOTION, 10, 1),
        (3, filled, Cause.HIRE_FROM_WORKPLACE, 10, 2),  # leaves
        (5, separated, Cause.JOB_LOSS, 10, 2),  # of the other employer, not ours
        (6, separated, Cause.RETIREMENT, 11, 0),
        (7, separated, Cause.JOB_ELSEWHERE, 12, 0),
        (40, filled, Cause.PROMOTION, 13, 0),  # after the window
    )
    staff = dict.fromkeys((10, 11, 12, 13), OWN)
    assert read_staff(events, WHERE, staff, 3) == {
        10: {FATES[0], FATES[2]},
        11: {FATES[3]},
        12: {FATES[2]},
        13: set(),
    }


@pytest.mark.parametrize(("month", "stayed"), [(15, 0), (26, 0), (27, 1)])
def test_a_newcomer_stays_who_leaves_after_more_than_a_year(month, stayed) -> None:
    events = drawn_events(
        (14, EventKind.FILLED, Cause.NONE, 2, 0), (month, EventKind.SEPARATED, Cause.JOB_LOSS, 2, 0)
    )
    events[:, Event.WHEN] += 1  # round 1
    found = read_newcomers(events, WHERE, drawn_links(), [OWN], 3)
    assert found == {OWN: [1, stayed]}


def test_every_opening_has_one_rung_one_reason_and_one_end(view) -> None:
    keys = ["seed", "setting", "years", "workplace"]
    sums = view.rows.groupby([*keys, "about"])["number"].sum().unstack("about")
    assert sums["opened"].sum() > 20
    assert (sums["opened"] == sums["why"]).all()
    assert (sums["opened"] == sums["who"]).all()
    assert set(view.rows["setting"]) == set(SETTINGS)


def test_today_is_what_a_plain_run_records(view, town) -> None:
    seed = view.seeds[0]
    result = run(town, "today", years=YEARS[-1] + 1, seed=seed)
    found = result.links
    own = view.rows[(view.rows["seed"] == seed) & (view.rows["setting"] == "today")]
    for years in YEARS:
        opened = found[(found["opened_month"] >= 0) & (found["opened_month"] < 12 * years)]
        numbers = opened["workplace"].value_counts()
        told = own[(own["years"] == years) & (own["about"] == "opened")]
        for place, number in told.groupby("workplace")["number"].sum().items():
            assert number == numbers.get(place, 0)


def test_staff_groups_are_the_same_people_in_every_world(view) -> None:
    rows = view.rows[view.rows["about"].isin(GROUPS) & (view.rows["what"] == "people")]
    table = rows.pivot_table(
        index=["seed", "years", "workplace", "about"], columns="setting", values="number"
    )
    for setting in SETTINGS[1:]:
        assert (table[setting] == table["today"]).all()


def test_the_mark_of_a_workplace_changes_nothing(town) -> None:
    """Support only there rests on it: no rule but a measure's condition reads the number."""
    plain, marked = town.begin(3), town.begin(3)
    numbers = marked.columns.workplaces.copy(order="K")
    numbers[Workplace.EMPLOYER, ::3] = 61
    marked._replace(workplaces=numbers)
    for world in (plain, marked):
        world.lay_out(0, 12)
        world.advance(12)
    assert (plain.columns.people == marked.columns.people).all()
    assert (plain.columns.posts == marked.columns.posts).all()


def enrolled(town, places, everybody):  # noqa: ANN001, ANN202
    world = town.begin(4)
    mix = town.mix("kokkola")
    support = support_of(town, mix)
    policy = lay_out_mix(offered(town.mix("today"), mix, support, "top"), town.site, town.place)
    offer = Offer.of(policy, support, everybody=everybody)
    if places is not None:
        offer.only_at(world, places)
    offer.install(world)
    world.lay_out(0, 1)
    w = world.columns
    before = w.posts[Post.WORKPLACE, w.people[Person.POST]]
    world.advance(1)
    w = world.columns
    rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
    own = rows[Enrolment.MEASURE] == world.policy.names.index(support[0])
    return set(rows[Enrolment.WHO, own].tolist()), before


def test_support_only_there_reaches_nobody_else(town) -> None:
    facts = town.start(4).world.columns
    places = np.argsort(facts.workplaces[Workplace.POSTS])[-5:-2]
    there, where = enrolled(town, places, everybody=True)
    town_wide, _ = enrolled(town, None, everybody=True)
    assert there
    assert set(where[list(there)].tolist()) <= set(places.tolist())
    # and there it reaches exactly those whom it would reach if it were offered everywhere
    assert there == {person for person in town_wide if where[person] in places}
    willing, _ = enrolled(town, places, everybody=False)
    assert willing < there


def test_the_answer_says_how_many_it_rests_on_and_what_it_knows_nothing_of(view) -> None:
    text = view.text()
    assert f"Told from {view.number} simulated workplaces in 2 worlds" in text
    assert "Too few like yours" in text
    assert "wages, output and morale" in text
    # two worlds: nothing is told apart, and that is the reason that is given
    assert "TOO FEW WORLDS TO TELL a difference: 2" in text
    assert "too few worlds to tell" in text
    assert "cannot be told from none" not in text
    for years in YEARS:
        assert f"Within {years} year" in text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"sector": "mining", "staff": 10}, "no sector 'mining'"),
        ({"sector": "trade", "staff": 10, "rungs": (5, 3, 1, 0)}, "add up to --staff 10"),
        ({"sector": "trade", "staff": 10, "leavers": 11}, "--leavers is 11, but must not be above"),
        ({"sector": "trade", "staff": 10, "mix": "today"}, "no measure for people at work"),
    ],
)
def test_what_cannot_be_is_said(town, asked, told) -> None:
    with pytest.raises(ScenarioError, match=told):
        workplace(town, **asked)


def test_a_ladder_of_words_is_refused(capsys) -> None:
    code = cli.main(["workplace", "kokkola", "--sector", "trade", "--staff", "9", "--rungs", "a,b"])
    assert code == 2
    assert "24,11,4,1" in capsys.readouterr().err
