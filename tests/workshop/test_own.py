"""A measure of the room's own: through the real model, the mix file, the link and the record."""

import pytest

from experiments.app.workshop import catalogue
from experiments.app.workshop.mixes import RequestError, mix_file, mix_of, read_request
from experiments.app.workshop.own import OwnMeasure, choices, measure_of, own_of, problem
from scenarios import ScenarioError, load_site
from scenarios.measures import check_mix_fits, load_mix

LADDER = {
    "name": 'Ladder "help" <b>é\\', "kind": "worker", "lever": "ambition",
    "low": 0.0, "assumed": 0.1, "top": 0.2, "places": 90, "price": 300.0,
    "partner": "training_provider",
}  # fmt: skip


def asked(own=None, dose=0.6):
    return read_request(
        {
            "site": "kokkola",
            "measures": {"taite": {"dose": 1.0}, "own_1": {"dose": dose, "strength": "top"}},
            "own": {"own_1": LADDER | (own or {})},
        }
    )


@pytest.mark.parametrize("kind", choices())
def test_every_lever_of_every_group_goes_through_a_mix_file(kind, tmp_path):
    site = load_site("kokkola")
    assert choices()[kind]
    for item in choices()[kind]:
        strongest = max((item["low"], item["high"]), key=abs)
        sizes = {"low": 0.0, "assumed": strongest / 2, "top": strongest}
        mix = mix_of(asked({"kind": kind, "lever": item["lever"], **sizes}), site, "Table 2")
        path = tmp_path / f"{mix.id}.toml"
        path.write_text(mix_file(mix), encoding="utf-8")
        read = load_mix(path, "kokkola")
        assert read.files["own_1"] == mix.files["own_1"]
        assert read.measures == mix.measures
        assert not catalogue.lost_in_setting(read, site)
        back = catalogue.mix_setting(read)
        assert back["own"]["own_1"]["name"] == LADDER["name"]
        again = mix_of(read_request({"site": "kokkola", **back}), site, "Table 2")
        assert again.files["own_1"] == mix.files["own_1"]
        assert not check_mix_fits(read, site.barrier_ids)
        assert own_of(read.files["own_1"]) is not None


def test_it_says_that_nobody_has_measured_it():
    one = measure_of("own_1", OwnMeasure(**LADDER))
    assert not one.effect_published
    assert one.grade == "D"
    assert one.levers[0].strength.source == "assumed by the room"
    assert one.levers[0].at("none") == 0.0
    assert one.places_per_month * 12 == pytest.approx(90)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lever": "backfilling"}, "no lever for this group"),
        ({"top": 0.9}, "widest range"),
        ({"assumed": 0.25, "top": 0.2}, "between low and top"),
        ({"name": "two\nlines"}, "one line"),
        ({"name": "   "}, "one line"),
        ({"name": "x" * 61}, "at most 60"),
        ({"places": 0}, "greater than or equal to 1"),
        ({"price": -1.0}, "greater than or equal to 0"),
        ({"low": float("nan")}, "finite"),
        ({"partner": "everybody"}, "employment_services"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_what_is_wrong_with_it_is_told(change, says):
    with pytest.raises(RequestError, match=says):
        asked(change)


def test_it_is_called_by_one_of_three_ids_and_must_be_defined():
    with pytest.raises(RequestError, match="own_1, own_2, own_3"):
        read_request({"site": "kokkola", "own": {"taite": LADDER}})
    with pytest.raises(RequestError, match="no measure called 'own_2'"):
        read_request({"site": "kokkola", "measures": {"own_2": {"dose": 1.0}}})


def test_two_rooms_with_other_sizes_are_two_mixes():
    assert asked().mix_key != asked({"assumed": 0.15}).mix_key
    plain = read_request({"site": "kokkola", "measures": {"taite": {"dose": 1.0}}})
    assert asked(dose=0.0).mix_key.startswith(plain.mix_key[:-1])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[own.own_1]", "[own.taite]", "name of a shipped measure"),
        ("[measures.own_1]", "[measures.inclusive_workplaces]", "defined but not used"),
        ('primary_lever = "ambition"', 'primary_lever = "mood"', "has no such lever"),
        ("take_up", "take_upp", "did you mean 'take_up'"),
    ],
)
def test_a_mix_file_with_a_wrong_measure_of_its_own_is_told(tmp_path, old, new, says):
    text = mix_file(mix_of(asked(), load_site("kokkola"), "Table 2"))
    assert old in text
    path = tmp_path / "table_2.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError, match=says):
        load_mix(path, "kokkola")


def test_nothing_is_wrong_with_a_good_one():
    assert problem(OwnMeasure(**LADDER)) is None


def test_the_room_makes_a_measure_and_takes_it_along(open_page, settled, tmp_path):
    page = open_page(fragment="&site=kokkola&m=taite:1")
    page.locator(".own > summary").click()
    form = page.locator(".own-form")
    form.get_by_label("Name").fill("Ladder, <b>help</b>: yes")
    form.get_by_label("For whom").select_option("employer")
    form.get_by_label("What it moves").select_option("new_entry_posts")
    form.get_by_label("Top").fill("7")
    page.get_by_role("button", name="Add it to the mix").click()
    assert "between 0 and 1" in page.locator(".wrong").inner_text()
    assert page.locator('[data-measure="own_1"]').count() == 0
    form.get_by_label("Top").fill("0.8")
    form.get_by_label("Workplaces a year").fill("200")
    form.get_by_label("Price per workplace").fill("500")
    page.get_by_role("button", name="Add it to the mix").click()
    row = page.locator('[data-measure="own_1"]')
    assert "assumed by the room" in row.inner_text()
    assert "200 workplaces a year · about €100,000" in row.inner_text()
    assert page.locator("main b").count() == 0
    settled(page)
    page.wait_for_function("() => location.hash.includes('own_1:1')")
    link = page.evaluate("location.hash")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector('[data-measure="own_1"]', state="detached")
    # the link, as typed into another page
    page.evaluate(f"location.hash = {link!r}")
    page.reload()
    page.wait_for_selector('[data-measure="own_1"]')
    assert "Ladder, <b>help</b>: yes" in page.locator('[data-measure="own_1"]').inner_text()
    assert page.locator(".problem").count() == 0
    # pinned, in the record, and out and in as a file
    page.get_by_role("button", name="Pin this mix").click()
    page.locator('nav button[data-screen="compare"]').click()
    assert "Ladder, <b>help</b>: yesassumed by the room" in page.locator(".pin-mix").inner_text()
    page.locator('nav button[data-screen="save"]').click()
    record = page.locator(".record").inner_text()
    assert "Ladder, <b>help</b>: yes (assumed by the room)" in record
    assert "New entry posts: low 0, assumed 0.5, top 0.8." in record
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the mix file").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert load_mix(path, "kokkola").files["own_1"].levers[0].strength.top == 0.8
    page.locator('nav button[data-screen="explore"]').click()
    page.get_by_role("button", name="As it is today").click()
    page.wait_for_selector('[data-measure="own_1"]', state="detached")
    page.locator('nav button[data-screen="save"]').click()
    page.locator('input[type="file"]').set_input_files(path)
    page.wait_for_function("() => location.hash.includes('own_1:1')")
    assert page.locator(".problem").count() == 0


@pytest.mark.parametrize(
    "own",
    ["own_1:worker:ambition:0:0.1:9:100::training_provider:A",
     "own_1:worker:ambition:0:0.1:0.2:100::training_provider:",
     "own_9:worker:ambition:0:0.1:0.2:100::training_provider:A",
     "own_1:worker:ambition:0:0.1:0.2:1e9::training_provider:A",
     "own_1:worker:ambition"],
)  # fmt: skip
def test_a_wrong_measure_in_a_link_is_named_and_left_out(open_page, own):
    page = open_page(fragment=f"&site=kokkola&m=taite:1,own_1:1&o={own}")
    page.wait_for_selector(".problem")
    assert "own_" in page.locator(".problems").inner_text()
    page.wait_for_function("() => !location.hash.includes('own_')")
