"""My workplace: the numbers of the command, and the screen with its progress."""

import pytest

from experiments.app.workshop.mixes import RequestError
from experiments.app.workshop.my_workplace import (
    WORLDS,
    Asked,
    StoppedError,
    read_workplace,
    shown,
    tell,
    town_of,
)
from experiments.app.workshop.scheduler import Token
from experiments.workplace import SETTINGS, WHO, workplace
from scenarios import load_site
from scenarios.measures import load_mix
from simulator.codes import Fill


@pytest.fixture(scope="module")
def view():
    return workplace("lagoa", "hospitality_leisure", 20, worlds=2, threads=1)


def test_the_numbers_are_those_of_the_command(view):
    found = shown(view)
    for years in (1, 3, 5):
        rows = found["rows"][str(years)]
        for at, setting in enumerate(SETTINGS):
            assert rows["nothing"][at]["number"] == pytest.approx(
                view.told(setting, years, "nothing", "no post opens and nobody is promoted")[0],
                rel=1e-4,
            )
            number, gap = view.told(setting, years, "months", "sum")
            assert rows["months"][at]["number"] == pytest.approx(number, rel=1e-4)
            assert rows["months"][at]["mean"] == pytest.approx(gap.mean, rel=1e-3, abs=1e-9)
            given_up = sum(
                view.told(setting, years, "who", WHO[fill])[0]
                for fill in (Fill.NOT_BACKFILLED, Fill.GIVEN_UP, Fill.POST_DESTROYED)
            )
            assert rows["closed"][at]["number"] == pytest.approx(given_up, rel=1e-3)
        opened = sum(rows[f"rung_{rung}"][0]["number"] for rung in range(4))
        taken = ("promotion", "moves_out", "short", "long", "outside_force", "outside_region",
                 "closed", "open")  # fmt: skip
        assert sum(rows[key][0]["number"] for key in taken) == pytest.approx(opened, abs=0.01)
        assert not any(row[0]["told"] for row in rows.values())  # today against itself
    assert found["few"] == (found["workplaces"] < 200)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"staff": 0}, "staff"),
        ({"rungs": [1, 2, 3]}, "add up"),
        ({"rungs": [20, 1, 0, 0]}, "add up"),
        ({"worlds": "all"}, "quick"),
        ({"leavers": -1}, "leavers"),
        ({"word": 1}, "word"),
    ],
)
def test_what_is_wrong_is_told(change, says):
    with pytest.raises(RequestError, match=says):
        read_workplace({"sector": "trade", "staff": 20} | change)


def test_a_visitor_who_stops_it_is_not_waited_for():
    site, token = load_site("lagoa"), Token()
    token.cancel()
    asked = Asked(sector="trade", staff=10)
    with pytest.raises(StoppedError):
        tell(town_of(site, {}), load_mix("lagoa", "lagoa"), asked, "R", token, 1, 1, print)


def test_the_screen_tells_of_ten_workplaces(open_page):
    page = open_page("workplace", fragment="&site=lagoa")
    page.get_by_label("Sector").select_option("trade")
    page.get_by_label("People at work there").fill("12")
    page.locator(".work-form summary").click()
    page.get_by_label("Entry").fill("5")
    page.get_by_role("button", name="Tell", exact=True).click()
    assert "must add up to 12" in page.locator(".wrong").inner_text()
    page.get_by_label("Entry").fill("")
    page.get_by_role("button", name="Tell", exact=True).click()
    page.wait_for_function(f"() => document.querySelector('progress').max === {WORLDS['quick']}")
    # another screen and back: it goes on, and the form is as it was
    page.locator('nav button[data-screen="compare"]').click()
    page.locator('nav button[data-screen="workplace"]').click()
    assert page.get_by_label("People at work there").input_value() == "12"
    page.wait_for_selector("[data-workplaces]", timeout=300_000)
    assert "Of 10 workplaces like yours" in page.locator("main").inner_text()
    assert page.locator("[data-nothing]").count() == 4
    before = page.locator('[data-row="rung_0"] td').first.inner_text()
    page.get_by_role("button", name="5 years").click()
    assert float(page.locator('[data-row="rung_0"] td').first.inner_text()) > float(before)
    assert "wages" in page.locator("main").inner_text()


def test_it_can_be_stopped(open_page):
    page = open_page("workplace", fragment="&site=kokkola")
    page.get_by_role("button", name="Tell", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("progress", state="hidden")
    assert page.locator("[data-workplaces]").count() == 0
