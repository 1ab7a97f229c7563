"""The facilitator's guide on the page: reached, complete, printable in every language."""

import re

import pytest

from tests.workshop.test_page import AXE, LANGUAGES, OVERFLOW, PHONE


def test_it_is_reached_from_welcome_and_from_the_room(open_page):
    page = open_page("welcome")
    page.get_by_role("button", name="The facilitator's guide").first.click()
    page.wait_for_selector(".guide h2")
    assert page.locator(".guide table").count() == 3
    assert page.locator(".guide tbody tr").count() == 8 + 6 + 7
    assert "Cut out" in page.locator(".guide").inner_text()
    page.locator('nav button[data-screen="explore"]').click()
    page.locator(".room-card summary").click()
    page.locator(".room-card").get_by_role("button", name="The facilitator's guide").click()
    page.wait_for_selector(".guide h2")
    page.locator("#language").select_option("bg")
    page.wait_for_function(
        "() => document.querySelector('.guide h1')?.innerText.includes('Ръководство')"
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_fits_a_phone_and_a_few_sheets_of_paper(open_page, lang):
    page = open_page("guide", lang=lang, size=PHONE)
    page.wait_for_selector(".guide h2")
    assert page.evaluate(OVERFLOW) == []
    assert "**" not in page.locator(".guide").inner_text()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    assert [v["id"] for v in found["violations"]] == []
    content = page.pdf(prefer_css_page_size=True)
    assert 2 <= len(re.findall(rb"/Type\s*/Page[^s]", content)) <= 4
