"""Answers computed beforehand are those of the page; a page without a server has no others."""

import asyncio
import json

import pytest

from experiments.app.console import InputError
from experiments.app.workshop import indispensable, mixes, summary, tables, twins
from experiments.app.workshop.examples import Examples
from experiments.app.workshop.scheduler import Scheduler, Token
from experiments.app.workshop.studies import Library
from experiments.essential import HEADLINE, OUTCOMES
from scenarios import load_site
from scenarios.loader import shipped_sites
from simulator.comparison import DATES
from tests.workshop.loops import run

SETTING = {"site": "lagoa", "measures": {"work_experience": {"dose": 1.0}}}


def message_of(pairs):
    """An answer as the page gets it, from fewer pairs and one date: quick to compute."""
    bench = twins.Bench("lagoa")
    request = mixes.read_request(SETTING)
    mix = mixes.mix_of(request, bench.town.site)
    rows = {}
    for seed in bench.seeds[:pairs]:
        steps = bench.cohort(mix, seed, DATES[0], "R")
        while True:
            try:
                next(steps)
            except StopIteration as end:
                rows[seed] = [end.value]
                break
    main = summary.main(bench, mix, "R", "assumed", rows, False)
    return request, {"stage": "finished", "finished": True, "main": main, "aside": {}}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a table of one mix, and the library that it belongs to."""
    folder = tmp_path_factory.mktemp("tables")
    library = Library(1)
    request, message = message_of(8)
    table = tables.Table("lagoa", tables.stamp(library, load_site("lagoa")))
    more = run(tables.more_of(library, request))
    line = table.add(request, message, more)
    tables.path_of("lagoa", folder).write_text(
        json.dumps({"stamp": table.stamp}) + "\n" + json.dumps(line) + "\n" + '{"cut',
        encoding="utf-8",
    )
    yield folder, library, request, message
    library.scheduler.stop()


@pytest.mark.parametrize("site_id", shipped_sites())
def test_named_mixes_fit_and_come_once(site_id):
    site = load_site(site_id)
    found = list(tables.named_settings(site))
    assert len({request.mix_key for request in found}) == len(found) > 10
    assert not found[0].measures
    opens_with = mixes.mix_of(found[1], site)
    assert opens_with.measures == mixes.load_mix(site.default_mix, site_id).measures
    for request in found:
        mixes.mix_of(request, site)
        levels = {0.0, 0.25, 0.6, 1.0}
        # a place's mix may stand between two levels; all else is at one
        own = {one.dose for one in found[1].measures.values()}
        assert {one.dose for one in request.measures.values()} <= levels | own


def test_a_table_answers_its_own_mixes_and_no_others(prepared):
    folder, library, request, message = prepared
    table, stale = tables.load_table(library, "lagoa", folder)
    assert not stale
    assert table.message(request) == message
    for change in (
        {"measures": {"work_experience": {"dose": 0.99}}},
        {"measures": {"work_experience": {"dose": 1.0, "strength": "top"}}},
        {"measures": {"work_experience": {"dose": 1.0, "start": 1}}},
        {"partners": {"third_sector": {"takes_part": False}}},
        {"parameters": {"backfill": 0.8}},
        {"closure": "E"},
        {"site": "kokkola"},
    ):
        assert table.message(mixes.read_request({**SETTING, **change})) is None


def test_the_server_gives_a_prepared_answer_without_a_world(prepared):
    folder, library, request, message = prepared
    library.tables["lagoa"] = tables.load_table(library, "lagoa", folder)[0]

    async def main():
        heard = []
        study = library.study(request)
        study.subscribe(heard.append)
        assert heard == [message]
        assert study._task is None
        await asyncio.sleep(0)

    run(main())
    library.tables.clear()


def test_a_table_of_other_numbers_is_not_used(prepared, tmp_path):
    folder, library, *_ = prepared
    text = tables.path_of("lagoa", folder).read_text(encoding="utf-8")
    tables.path_of("lagoa", tmp_path).write_text(
        text.replace(json.loads(text.splitlines()[0])["stamp"], "0" * 16), encoding="utf-8"
    )
    assert tables.load_table(library, "lagoa", tmp_path) == (None, True)
    with pytest.raises(InputError, match="--prepare lagoa"):
        tables.export(library, "lagoa", tmp_path / "x.html", tmp_path)
    other = Library(1, seed=2)
    assert tables.load_table(other, "lagoa", folder) == (None, True)
    other.scheduler.stop()


def table_of(folder, library):
    (line,) = tables.load_table(library, "lagoa", folder)[0].answers.values()
    return line


def test_an_answer_without_chains_and_losses_gets_them(prepared, tmp_path, monkeypatch):
    folder, library, request, message = prepared
    text = tables.path_of("lagoa", folder).read_text(encoding="utf-8").splitlines()
    old = {key: value for key, value in json.loads(text[1]).items() if key not in tables.MORE}
    tables.path_of("lagoa", tmp_path).write_text(
        "\n".join([text[0], json.dumps(old)]) + "\n", encoding="utf-8"
    )
    more = {key: table_of(folder, library)[key] for key in tables.MORE}

    async def kept(*_):
        return more

    monkeypatch.setattr(tables, "more_of", kept)
    monkeypatch.setattr(tables, "named_settings", lambda _site: iter([request]))

    async def prepare():  # in a thread, since the browser of other tests has a loop in this one
        await asyncio.to_thread(tables.prepare, "lagoa", 1, folder=tmp_path)

    run(prepare())
    found = table_of(tmp_path, library)
    assert found["message"] == message  # not computed again
    assert found["losses"] == more["losses"]
    size = tables.path_of("lagoa", tmp_path).stat().st_size
    run(prepare())
    assert tables.path_of("lagoa", tmp_path).stat().st_size == size  # nothing was missing


def test_one_file_works_without_a_server_and_shows_no_neighbour(prepared, browser, tmp_path):
    folder, library, _request, message = prepared
    target = tmp_path / "with a space" / "lagoa.html"
    size = tables.export(library, "lagoa", target, folder)
    assert size == target.stat().st_size < tables.LARGEST_EXPORT
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    here = target.as_uri()
    page.goto(f"{here}#v=1&lang=en&s=explore&site=lagoa&m=work_experience:1")
    page.wait_for_selector('.tile[data-tile="net"][data-mean]')
    shown = float(page.locator('[data-tile="net"]').get_attribute("data-mean"))
    assert shown == message["main"]["rows"]["net"]["mean"]
    # one chain as an example, and whom the mix cannot do without
    chains = table_of(folder, library)["chains"]
    key = next(key for key in chains if key.startswith("0 out short"))
    page.locator('.stairs .pick[data-rung="0"][data-band="short"]').click()
    page.wait_for_selector(".story ol")
    assert f"One of {chains[key][0]['n']:,} such chains" in page.locator(".story").inner_text()
    first = page.locator(".story").inner_text()
    page.get_by_role("button", name="Another example").click()
    page.wait_for_function(f"() => document.querySelector('.story').innerText !== {first!r}")
    page.get_by_role("button", name="Take each away in turn").click()
    page.wait_for_selector('[data-without="work_experience"]')
    losses = {one["id"]: one for one in table_of(folder, library)["losses"]}
    rows = page.locator("[data-without]")
    assert set(rows.evaluate_all("all => all.map(e => e.dataset.without)")) == set(losses)
    # and ten years of it
    page.locator(".decade button").click()
    page.wait_for_selector(".decade-svg")
    years = table_of(folder, library)["decade"]["rows"]["at_work"]
    cells = page.locator(".decade tbody tr").first.locator("td").all_text_contents()
    assert float(cells[0].replace(",", "")) == pytest.approx(years[0]["reference"], rel=0.01)
    # a level that was not computed cannot be pressed
    row = page.locator('[data-measure="work_experience"]')
    assert row.locator('input[value="pilot"]').is_disabled()
    # and an address that names such a mix gets words instead of numbers
    page.goto(f"{here}#v=1&lang=en&s=explore&site=lagoa&m=work_experience:0.98")
    page.reload()
    page.wait_for_function("() => document.body.innerText.includes('was not computed')")
    assert page.locator(".tile[data-mean]").count() == 0
    assert page.locator(".stairs, .who, .months svg").count() == 0
    assert not page.locator(".essential, .decade").filter(visible=True).count()
    for lang in ("fi", "sv", "nl", "pt", "bg"):
        page.locator("#language").select_option(lang)
        page.wait_for_function(f"() => document.documentElement.lang.startsWith('{lang}')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for screen in ("welcome", "predict", "compare", "assumptions", "save", "explore"):
        page.locator(f'nav button[data-screen="{screen}"]').click()
        page.wait_for_selector(f'main[data-screen="{screen}"]')
    context.close()
    assert not errors
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {here}


# ---- whom a mix cannot do without, and one chain


def test_losses_are_differences_of_the_pages_own_numbers():
    bench = twins.Bench("lagoa")
    request = mixes.read_request({**SETTING, "partners": {"third_sector": {"takes_part": False}}})
    mix = mixes.mix_of(request, bench.town.site)
    kept = [one for one in indispensable.reduced(mix) if one[1] == "measure"]
    assert [name for name, _, _ in kept] == ["work_experience"]
    told = []

    async def main():
        scheduler = Scheduler(2)
        await indispensable.losses(
            bench, scheduler, mix, "R", Token(),
            lambda done, total, found: told.append((done, total, list(found))),
        )  # fmt: skip
        scheduler.stop()

    run(main())
    done, total, found = told[-1]
    assert done == total == len(found) == len(indispensable.reduced(mix))
    assert "third_sector" not in [one["id"] for one in found]  # takes no part as it is
    # without its only measure the mix is the town as it is: all of the effect is lost
    alone = next(one for one in found if one["id"] == "work_experience")
    values = []
    at = OUTCOMES[HEADLINE]
    for seed in bench.seeds[: twins.PAIRS]:
        steps = bench.cohort(mix, seed, 0, "R")
        while True:
            try:
                next(steps)
            except StopIteration as end:
                rows = {seed: [end.value]}
                break
        comparison = bench.compared(mix, "R", "assumed", rows, False)
        key = next(iter(comparison.pairs))
        values += list(comparison.values(key, at[:3], at[3], at[4], "difference"))
    assert alone["mean"] == pytest.approx(sum(values) / len(values), abs=1e-3)
    assert alone["served"] > 0


def test_an_example_is_a_chain_of_the_ledger():
    bench = twins.Bench("lagoa")
    mix = mixes.mix_of(mixes.read_request(SETTING), bench.town.site)
    examples = Examples(bench, mix, "R")
    for side, bands in (("into", summary.INTO), ("out", summary.OUT_OF)):
        for band in bands:
            for rung in range(4):
                found = examples.tell(rung, side, band, 1)
                if found is None:
                    continue
                links = found["links"]
                if side == "into" and band not in ("stepped_down", "moves"):
                    assert (found["origin"], links[0]["rung"]) == (band, rung)
                if side == "out" and not found["more"]:
                    assert any(one["rung"] == rung and one["fill"] == band for one in links)
                # only the last one leaves no other post
                inner = {"promotion", "moves_out"}
                assert all(one["fill"] in inner for one in links[:-1])
    ids = examples.ids(0, "out", "short")
    assert len(ids) == len(set(ids)) > 10
    assert examples.tell(0, "out", "nothing", 0) is None
