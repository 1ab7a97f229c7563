"""Ready scenarios of where the chain breaks."""

import pytest

from scenarios import ScenarioError, load_site
from scenarios.breaks import load_break, shipped_breaks
from scenarios.measures import load_mix
from simulator.build import build_world
from simulator.engine import World
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import series
from simulator.town import Town

BREAKS = {"ageism": "sofia", "flat_ladder": "amersfoort", "micro_firms": "kokkola",
          "retention_first": "amersfoort", "seasonal_tourism": "lagoa",
          "support_stops_at_hiring": "kokkola"}  # fmt: skip


def test_each_break_that_the_project_found_is_shipped():
    assert {name: load_break(name).site for name in shipped_breaks()} == BREAKS
    assert shipped_breaks("kokkola") == ["micro_firms", "support_stops_at_hiring"]


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_changes_one_side_and_teaches_a_sentence(name):
    item = load_break(name)
    changed = [
        item.place("with") != item.place("without"),
        item.parameters("with") != item.parameters("without"),
        item.mix_of("with") != item.mix_of("without"),
    ]
    assert any(changed)
    assert item.place("with").id == item.site
    for language in ("en", "fi", "sv"):
        text = item.sentence("1.2", "3.4", language)
        assert "1.2" in text
        assert "3.4" in text
        assert "{" not in text
        assert getattr(item.names, language)
        assert getattr(item.teaches, language)


def test_the_side_without_has_what_it_says():
    flat = load_break("flat_ladder")
    sector = flat.place("with").sector_ids.index("childcare")
    assert flat.place("without").ladders()[sector][2:].sum() > 0.4
    assert flat.place("with").ladders()[sector][2:].sum() < 0.1
    assert flat.place("with") == load_site("amersfoort")
    assert flat.place("without").local[0].key == "sectors.childcare.ladder"
    support = load_break("support_stops_at_hiring")
    added = set(support.mix_of("without").measures) - set(support.mix_of("with").measures)
    assert added == {"orientation", "first_job_support", "subsidised_to_open"}
    assert set(support.mix_of("with").measures) == set(load_mix("kokkola", "kokkola").measures)
    assert set(support.mix_of("without").files) == set(support.mix_of("without").measures)
    assert load_break("ageism").parameters("without") == {"penalties": 0}


def test_outcomes_of_breaks_exist():
    town = Town("lagoa")
    world = World.assemble(build_world(town.site, town.values, 1), town.place, 1)
    world.lay_out(-36, 1, assign_cells(world, town.site), target_cells())
    known = {(o.outcome, o.breakdown, o.group) for o in series(world)[0]}
    for name in BREAKS:
        wanted = load_break(name).outcome
        assert (wanted.outcome, wanted.breakdown, wanted.group) in known


BAD = {
    "gaps": ('teaches = { en = "It is {with}." }', "without the two gaps"),
    "nothing": ('teaches = { en = "{with} {without}" }', "changes nothing between"),
    "parameter": (
        'teaches = { en = "{with} {without}" }\n[without.parameters]\nretention_frst = '
        '{ value = 0.1, unit = "share", grade = "B", source = "s" }',
        "did you mean 'retention_first'?",
    ),
    "measure": (
        'teaches = { en = "{with} {without}" }\n[without.measures]\ntiate = { dose = 1.0 }',
        "did you mean 'taite'?",
    ),
    "key": (
        'teaches = { en = "{with} {without}" }\n[[without.numbers]]\nkey = "season.vacancie"\n'
        'values = [1]\ndate = "x"\nsource = "s"',
        "did you mean 'season.vacancies'?",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_breaks_are_told(case, tmp_path):
    text, words = BAD[case]
    path = tmp_path / "mine.toml"
    path.write_text(
        'schema = 1\nid = "mine"\nsite = "lagoa"\nmix = "lagoa"\nnames = { en = "Mine" }\n'
        'explains = "x"\noutcome = { outcome = "work_months", breakdown = "side", '
        f'group = "everybody" }}\n{text}\n',
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        load_break(path)
    assert any(words in problem for problem in caught.value.problems), caught.value.problems
    with pytest.raises(ScenarioError, match="did you mean 'ageism'"):
        load_break("agism")
