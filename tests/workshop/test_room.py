"""The facilitator's controls: lock, budget, call, hold, and one step back."""

import pytest

from experiments.app.workshop.server import Workshop
from experiments.app.workshop.sessions import MOST_PINS, Room, Session
from tests.workshop.test_page import level

TAITE = {"site": "kokkola", "measures": {"taite": {"dose": 0.6, "strength": "top"}}}


@pytest.fixture
def workshop():
    return Workshop(None, Room(code="ABCDEF"), "kokkola")


def lead(workshop, what, **more):
    workshop._lead({"what": what, **more})


def test_each_step_is_taken_back_in_turn_and_nothing_else(workshop):
    room = workshop.room
    lead(workshop, "budget", budget=1000)
    lead(workshop, "budget", budget=2000)
    lead(workshop, "call", screen="compare")
    room.board = [{"name": str(n), "setting": {}} for n in range(3)]
    lead(workshop, "unpin", at=1)
    lead(workshop, "lock", setting=TAITE)
    lead(workshop, "lock", setting=TAITE)  # nothing new: no step
    assert room.locked["measures"]["taite"]["dose"] == 0.6
    lead(workshop, "back")
    assert room.locked is None
    lead(workshop, "back")
    assert [item["name"] for item in room.board] == ["0", "1", "2"]
    lead(workshop, "back")
    assert room.screen is None
    assert room.budget == 2000
    lead(workshop, "back")
    assert room.budget == 1000
    lead(workshop, "back")
    lead(workshop, "back")  # nothing is left to take back
    assert room.budget is None


def test_guesses_cleared_by_mistake_come_back(workshop):
    workshop.room.guesses = {"a": "same"}
    lead(workshop, "hands", guess="few_more", n=4)
    lead(workshop, "hold")
    assert not workshop.room.guesses
    lead(workshop, "back")
    assert not workshop.room.holding
    assert workshop.room.guesses == {"a": "same"}
    assert workshop.room.hands == {"few_more": 4}


def test_a_mix_taken_off_does_not_push_another_out(workshop):
    room = workshop.room
    room.board = [{"name": str(n), "setting": {}} for n in range(MOST_PINS)]
    lead(workshop, "unpin", at=0)
    room.board.append({"name": "new", "setting": {}})
    lead(workshop, "back")
    assert len(room.board) == MOST_PINS
    assert room.board[-1]["name"] == "new"


def pin(workshop, measures, facilitator=False):
    setting = {"site": "kokkola", "measures": measures}
    workshop._pin(Session(facilitator), {"setting": setting, "name": "Table 1"})


def test_a_mix_that_moves_what_is_locked_is_refused(workshop):
    lead(workshop, "lock", setting=TAITE)
    pin(workshop, TAITE["measures"] | {"iisirekry": {"dose": 1.0}})
    for wrong in ({}, {"taite": {"dose": 1.0, "strength": "top"}}, {"taite": {"dose": 0.6}}):
        with pytest.raises(ValueError, match="locked"):
            pin(workshop, wrong)
    pin(workshop, {}, facilitator=True)
    assert len(workshop.room.board) == 2


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"what": "budget", "budget": -1}, "budget"),
        ({"what": "budget", "budget": True}, "budget"),
        ({"what": "budget", "budget": "1"}, "budget"),
        ({"what": "lock", "setting": {"site": "nowhere", "measures": {}}}, "shipped place"),
        ({"what": "lock", "setting": [1]}, "setting|request|valid"),
    ],
)
def test_a_wrong_step_changes_nothing(workshop, message, says):
    with pytest.raises(ValueError, match=says):
        workshop._lead(message)
    assert workshop.room.budget is None
    assert workshop.room.locked is None
    assert workshop.room.state(Session(True))["last"] is None


def test_a_phone_follows_the_facilitator(open_page, settled, shared):
    laptop = open_page(url=shared.url, fragment="&site=kokkola&m=taite:0.6")
    phone = open_page(
        url=f"{shared.address}?room={shared.code}",
        size=(390, 844),
        fragment="&site=kokkola&m=taite:1,iisirekry:1",
    )
    assert phone.locator(".lead-bar").count() == 0
    bar = laptop.locator(".lead-bar")
    # lock: the phone takes the value over and cannot move it
    bar.get_by_role("button", name="Lock all measures").click()
    phone.wait_for_function("() => location.hash.includes('m=taite:0.6&')")
    row = phone.locator('[data-measure="taite"]')
    assert row.locator(".stamp", has_text="locked").is_visible()
    assert row.locator('input[value="full"]').is_disabled()
    assert laptop.locator('[data-measure="taite"] input[value="full"]').is_enabled()
    bar.get_by_role("button", name="Take back: the lock").click()
    phone.wait_for_function(
        '() => !document.querySelector(\'[data-measure="taite"] input[value="full"]\').disabled'
    )
    # budget: everybody sees it, only the facilitator sets it
    laptop.get_by_label("Budget a year").fill("50000")
    laptop.get_by_label("Budget a year").press("Tab")
    box = phone.get_by_label("Budget a year")
    phone.wait_for_function("() => document.querySelector('.budget input').value === '50000'")
    assert box.is_disabled()
    # call all here, and let go
    laptop.locator('nav button[data-screen="predict"]').click()
    bar.get_by_role("button", name="Call all here").click()
    phone.wait_for_selector('main[data-screen="predict"]')
    # hold: the phone shows the mix that is guessed at, and no result
    level_before = phone.evaluate("location.hash")
    laptop.locator('nav button[data-screen="explore"]').click()
    level(laptop, "taite", "pilot")
    bar.get_by_role("button", name="Hide results").click()
    phone.wait_for_function("() => location.hash.includes('taite:0.25')")
    assert "taite:0.25" not in level_before
    assert "peer coaching" in phone.locator(".chips").inner_text()
    phone.locator(".choice label").nth(2).click()
    laptop.locator('nav button[data-screen="predict"]').click()
    laptop.wait_for_function("() => document.body.innerText.includes('1 guess so far')")
    bar.get_by_role("button", name="Reveal").click()
    phone.wait_for_selector(".guesses")
    # leave the room as it was found
    while (back := bar.locator(".back")).is_enabled():
        said = back.inner_text()
        back.click()
        laptop.wait_for_function(
            f"() => document.querySelector('.lead-bar .back').innerText !== {said!r}"
        )
