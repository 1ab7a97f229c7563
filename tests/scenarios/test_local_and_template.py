"""Own numbers laid over a place, and a place from ten numbers."""

import copy

import pytest

from scenarios import ScenarioError, load_site
from scenarios.loader import SITES
from scenarios.local import check_numbers, local_lines, stale_parameters
from simulator.build import build_world, world_margins
from simulator.town import Town

TEMPLATE = SITES / "template.toml"
LOCAL = """schema = 1
[[numbers]]
key = "margins.register_unemployed"
value = 1712
date = "2026-03"
source = "employment service"

[[numbers]]
key = "sectors.construction.posts_share"
value = 0.07
low = 0.06
high = 0.08
grade = "D"
date = "2026"
source = "our count"
"""


def laid_over(tmp_path, text, site="kokkola"):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_site(site, local=path)


def problems_of(tmp_path, text):
    with pytest.raises(ScenarioError) as caught:
        laid_over(tmp_path, text)
    return caught.value.problems


# ---- own numbers -----------------------------------------------------------------------------


def test_own_numbers_replace_and_are_remembered(tmp_path):
    before, site = load_site("kokkola"), laid_over(tmp_path, LOCAL)
    assert site.margins.register_unemployed.value == 1712
    assert site.margins.register_unemployed.year == "2026-03"
    assert site.margins.register_unemployed.low is None  # the old range went with the old number
    construction = next(sector for sector in site.sectors if sector.id == "construction")
    assert construction.posts_share.value == 0.07
    assert construction.posts_share.grade == "D"
    assert [number.key for number in site.local] == [
        "margins.register_unemployed", "sectors.construction.posts_share",
    ]  # fmt: skip
    assert site.local[0].before == before.margins.register_unemployed.value
    assert "own numbers: margins.register_unemployed (2026-03)" in site.base_period
    assert before.local == []
    changed = {name for name in type(site).model_fields
               if getattr(site, name) != getattr(before, name)}  # fmt: skip
    assert changed == {"margins", "sectors", "local", "base_period"}


def test_own_numbers_as_python_objects():
    number = {"key": "vacancies.public_days", "value": 40.0, "date": "2026", "source": "ours"}
    assert load_site("kokkola", local=[number]).vacancies.public_days.value == 40


def test_what_own_numbers_make_stale(tmp_path):
    site = laid_over(tmp_path, LOCAL)
    stale = stale_parameters(site)
    assert "search_a" in stale["margins.register_unemployed"]
    assert "give_up" not in stale["margins.register_unemployed"]
    # the structure of the place is an input of the fit: everything fitted is older than it
    assert set(stale["sectors.construction.posts_share"]) == set(site.parameters)
    lines = "\n".join(local_lines(site))
    assert "1712 persons (2026-03; employment service) instead of 1841" in lines
    assert "stale until refitted" in lines
    assert stale_parameters(load_site("kokkola")) == {}
    # what no parameter was fitted to makes none stale; a place that was not fitted has none
    money = {"key": "benefits.mean", "value": 1.0, "date": "2026", "source": "ours"}
    assert stale_parameters(load_site("kokkola", local=[money])) == {}
    number = {"key": "margins.register_unemployed", "value": 1500.0, "date": "2026", "source": "s"}
    assert (
        "search_a"
        in stale_parameters(load_site("evora", local=[number]))["margins.register_unemployed"]
    )
    assert stale_parameters(load_site(TEMPLATE, local=[number])) == {}


def test_a_newer_long_term_share_takes_its_spells_along():
    number = {"key": "margins.register_long_term_share", "value": 0.4, "date": "2026",
              "source": "ours"}  # fmt: skip
    site = load_site("kokkola", local=[number])
    assert sum(site.durations.registered.values[3:]) == pytest.approx(0.4, abs=1e-4)
    assert sum(site.durations.registered.values) == pytest.approx(1, abs=1e-4)


BAD = {
    "unknown": ('key = "margins.registered"\nvalue = 3', "did you mean"),
    "row": ('key = "season.vacancies"\nvalue = 3', "must have values, a list"),
    "number": ('key = "benefits.mean"\nvalues = [3]', "must have value, one number"),
    "length": ('key = "season.vacancies"\nvalues = [12]', "has 1 values, but must have 12"),
    "unit": ('key = "benefits.mean"\nvalue = 3\nunit = "EUR"', "must be in 'EUR per month'"),
    "both": ('key = "benefits.mean"', "give one of the two"),
    "over one": ('key = "margins.searching_share"\nvalue = 1.5', "must not be above 1"),
    "range": ('key = "benefits.mean"\nvalue = 3\ngrade = "D"', "needs both low and high"),
    "contradiction": ('key = "margins.register_unemployed"\nvalue = 30000', "margins count"),
    "vacancies": ('key = "vacancies.public_days"\nvalue = 400', "change one of the three"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_own_numbers_are_told(case, tmp_path):
    text, words = BAD[case]
    found = problems_of(tmp_path, f'schema = 1\n[[numbers]]\n{text}\ndate = "2026"\nsource = "s"\n')
    assert any(words in problem for problem in found), found
    assert all("\n" not in problem and problem.endswith((".", "?")) for problem in found)


def test_own_numbers_without_date_or_source(tmp_path):
    text = 'schema = 1\n[[numbers]]\nkey = "benefits.mean"\nvalue = 3\n'
    found = problems_of(tmp_path, text)
    for name in ("date", "source"):
        assert any(f"numbers[1].{name} is missing" in problem for problem in found)
    path = tmp_path / "own.toml"
    with pytest.raises(ScenarioError):
        check_numbers(path)
    with pytest.raises(ScenarioError, match="does not exist"):
        load_site("kokkola", local=tmp_path / "nothing.toml")


# ---- ten numbers -----------------------------------------------------------------------------


def template(tmp_path, *changes):
    text = TEMPLATE.read_text(encoding="utf-8")
    for find, put in changes:
        assert find in text
        text = text.replace(find, put)
    path = tmp_path / "my_town.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_ten_numbers_of_kokkola_give_kokkolas_head_counts():
    site, kokkola = load_site(TEMPLATE), load_site("kokkola")
    wanted = kokkola.counts()
    for name, count in site.counts().items():
        assert count == pytest.approx(wanted[name], rel=0.001, abs=1), name
    assert site.vacancies.public_days.value == pytest.approx(42, abs=0.5)
    assert site.contracts.started_three_months_share.value == pytest.approx(0.086, abs=0.001)
    assert site.education.residents.values == pytest.approx(kokkola.education.residents.values)
    assert site.occupations.shares.values[8] == pytest.approx(0.068, abs=0.001)
    assert site.people.women.borrowed == "kokkola"
    assert site.margins.residents.borrowed is None
    assert site.employers == []
    assert site.like == "kokkola"


def test_another_town_from_ten_numbers_builds_with_its_margins(tmp_path):
    path = template(
        tmp_path,
        ('country = "fi"', 'country = "nl"'),
        ("value = 34000", "value = 12000"), ("low = 33000, high = 36000", "low = 1e4, high = 2e4"),
        ("value = 19521", "value = 7600"), ("value = 1841", "value = 500"),
        ("value = 0.31", "value = 0.45"), ("value = 20000", "value = 6000"),
        ("value = 553", "value = 60"), ("value = 11483", "value = 2500"),
        ("low = 9000, high = 14000", "low = 2000, high = 3000"),
        ("value = 0.068", "value = 0.14"), ("value = 3600", "value = 180"),
        ("value = 0.20", "value = 0.35"),
    )  # fmt: skip
    site = load_site(path)
    assert site.counts()["employed_residents"] == pytest.approx(7600)
    assert site.counts()["work_here"] <= 0.98 * 6000 + 1e-6
    assert sum(site.durations.registered.values[3:]) == pytest.approx(0.45)
    assert site.education.residents.values[0] == pytest.approx(0.35)
    assert site.education.registered.values[0] > 0.4
    assert site.workplaces.posts_by_size.values[3] == 0  # the largest workplace has 180 posts
    assert site.people.women.grade == "C"  # Finland's ages in another country
    assert site.demography.movers_with_job.value == pytest.approx(15 * 12000 / 34000)
    town = Town(site)
    built = build_world(site, town.values, 1)
    rows = world_margins(site, town.values, built)
    for row in rows:
        if row["margin"] in ("people", "residents by status", "register") and row["target"]:
            assert row["built"] == pytest.approx(row["target"], rel=0.03, abs=3), row


def test_files_may_borrow_from_a_file_that_borrows(tmp_path):
    first = template(tmp_path)
    second = tmp_path / "second.toml"
    text = first.read_text(encoding="utf-8").replace('like = "kokkola"', 'like = "my_town.toml"')
    second.write_text(text + '\n[margins]\nsearching_share = { value = 0.4, unit = "share", '
                      'grade = "B", source = "s" }\n', encoding="utf-8")  # fmt: skip
    site = load_site(second)
    assert site.margins.searching_share.value == 0.4
    assert site.people.women.borrowed == "kokkola"
    looped = tmp_path / "my_town.toml"
    looped.write_text(
        first.read_text(encoding="utf-8").replace('like = "kokkola"', 'like = "second.toml"'),
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match="leads back to itself"):
        load_site(second)


TEN = {
    "share over one": (("value = 0.31", "value = 31"), "long_term_share = 31, but a share"),
    "too many": (("value = 19521", "value = 33000"), "34841 people in work or unemployed"),
    "negative": (("value = 553", "value = -5"), "ten.vacancies is -5"),
    "no jobs": (("value = 20000", "value = 0"), "needs jobs and population_15_74 above 0"),
    "large": (("value = 3600", "value = 13600"), "over half of the jobs"),
    "no source": ((', source = "filled posts in the place"', ""), "ten.jobs.source is missing"),
    "missing": (("jobs = {", "job = {"), "did you mean 'jobs'?"),
    "no like": (('like = "kokkola"', ""), "needs like"),
}


@pytest.mark.parametrize("case", TEN)
def test_bad_ten_numbers_are_told(case, tmp_path):
    change, words = TEN[case]
    with pytest.raises(ScenarioError) as caught:
        load_site(template(tmp_path, change))
    assert any(words in problem for problem in caught.value.problems), caught.value.problems


def test_loading_does_not_change_what_is_shipped():
    first = copy.deepcopy(load_site("lagoa").model_dump())
    load_site("evora", local=[{"key": "benefits.mean", "value": 1.0, "date": "x", "source": "s"}])
    assert load_site("lagoa").model_dump() == first


def test_a_place_without_vacancies_builds():
    nothing = [
        {"key": f"vacancies.{name}", "value": 0.0, "date": "2026", "source": "none"}
        for name in ("public_stock", "public_opened", "public_days")
    ]
    site = load_site("lagoa", local=nothing)
    town = Town(site)
    built = build_world(site, town.values, 1)
    rows = {(row["margin"], row["cell"]): row["built"] for row in
            world_margins(site, town.values, built)}  # fmt: skip
    assert rows["posts", "vacant public"] == rows["posts", "vacant unseen"] == 0
    assert rows["posts", "filled"] == 9000
