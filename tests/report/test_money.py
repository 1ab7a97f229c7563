"""Money: prices times what was bought, benefits not paid, ratios only where they mean something."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import ScenarioError
from scenarios.costs import check_events, load_costs, shipped_costs
from scenarios.measures import load_measure
from simulator.answer import short_answer
from simulator.money import bought, money, ratio
from simulator.wording import LANGUAGES, Words
from tests.report.stub import at, stub

KEY = ("R", "kokkola", "assumed", "cohorts")


def write(folder, text: str):
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = """schema = 1
site = "kokkola"
[benefits]
received = { value = 1.0, unit = "share", grade = "A", source = "test" }
"""


def test_every_shipped_table_is_read() -> None:
    assert "kokkola" in shipped_costs()
    for name in shipped_costs():
        assert load_costs(name).benefits.received.value > 0
    assert load_costs("nowhere").measures == {}


def test_unknown_prices_are_never_zero() -> None:
    found = money(stub(), KEY, load_costs("kokkola"))
    unknown = {line.measure for line in found.lines if line.euros is None}
    assert unknown == set(found.unknown) >= {"iisirekry", "career_management", "coalition"}
    known = [line for line in found.lines if line.euros is not None]
    assert found.cost.mean == pytest.approx(sum(line.euros.mean for line in known))
    for line in known:
        assert line.low <= line.euros.mean <= line.high


def mean_taken(comparison, measure: str) -> float:
    """Return how many more a measure took in than in the reference, mean over replications."""
    number = comparison.bought.index(measure)
    return np.mean(
        [p.taken_in[1, number].sum() - p.taken_in[0, number].sum() for p in comparison.pairs[KEY]]
    )


def own_table(folder, text: str):
    return load_costs(write(folder, HEAD + text))


TAITE = (
    '[measures.taite]\nprice = { value = 100.0, unit = "EUR per participant", '
    'grade = "A", source = "test" }\n'
    'fixed = { value = 600.0, unit = "EUR per year", grade = "A", source = "test" }\n'
    "paid_by = { municipality = 0.25, state = 0.75 }\n"
)


def test_cost_is_price_times_participants(tmp_path) -> None:
    comparison = stub()
    found = money(comparison, KEY, own_table(tmp_path, TAITE))
    line = next(line for line in found.lines if line.measure == "taite")
    served = mean_taken(comparison, "taite")
    assert line.participants.mean == pytest.approx(served)
    assert line.euros.mean == pytest.approx(100.0 * served + 600.0)  # recruits for one year
    payers = found.by_payer.groupby("payer")["cost"].sum()
    assert payers["municipality"] == pytest.approx(0.25 * line.euros.mean)
    assert payers.sum() == pytest.approx(found.cost.mean)


def test_a_service_of_the_reference_costs_only_its_difference(tmp_path) -> None:
    """Hiring supports run in both worlds: their price times the people taken in more or less."""
    comparison = stub(against="today")
    table = own_table(
        tmp_path,
        '[measures.hiring_supports]\nprice = { value = 1000.0, unit = "EUR per participant", '
        'grade = "A", source = "test" }\n'
        'fixed = { value = 5e6, unit = "EUR per year", grade = "A", source = "test" }\n',
    )
    found = money(comparison, KEY, table)
    line = next(line for line in found.lines if line.measure == "hiring_supports")
    assert line.bought.mean == pytest.approx(mean_taken(comparison, "hiring_supports"))
    assert abs(line.bought.mean) < 50 < comparison.pairs[KEY][0].taken_in[1].max()
    assert line.euros.mean == pytest.approx(1000.0 * line.bought.mean)  # no fixed cost more


def test_a_service_that_a_mix_cuts_saves_its_price(tmp_path) -> None:
    town = stub().town
    today = town.mix("today")
    left = {name: dose for name, dose in today.measures.items() if name != "hiring_supports"}
    half = today.model_copy(update={"id": "half", "measures": left})
    comparison = stub(mixes=[half], against="today")
    for pairs in comparison.pairs.values():
        for pair in pairs:
            pair.taken_in[1, comparison.bought.index("hiring_supports")] = 0.0
    key = ("R", "half", "assumed", "cohorts")
    table = own_table(
        tmp_path,
        '[measures.hiring_supports]\nprice = { value = 1000.0, unit = "EUR per participant", '
        'grade = "A", source = "test" }\n'
        'fixed = { value = 10.0, unit = "EUR per year", grade = "A", source = "test" }\n',
    )
    found = money(comparison, key, table)
    line = next(line for line in found.lines if line.measure == "hiring_supports")
    assert line.euros.mean == pytest.approx(1000.0 * line.bought.mean - 4 * 10.0)
    assert line.euros.mean < -40_000
    assert line.highest is None


def test_highest_price_is_where_savings_equal_costs(tmp_path) -> None:
    comparison = stub()
    first = money(comparison, KEY, own_table(tmp_path, TAITE))
    line = next(line for line in first.lines if line.measure == "taite")
    again = money(
        comparison, KEY,
        own_table(tmp_path, TAITE.replace("value = 100.0", f"value = {max(line.highest.mean, 0)}")),
    )  # fmt: skip
    if line.highest.mean > 0:
        assert again.net.mean == pytest.approx(0.0, abs=1e-6 * abs(again.saved.mean))
    for other in first.lines:  # unpriced measures have one too
        assert (other.highest is None) == (other.participants.mean <= 0 and other.per != "year")


def test_savings_are_registered_months_not_paid() -> None:
    comparison = stub()
    months = at("register_months")
    site = comparison.town.site
    change = np.mean(
        [(p.scenario[months] - p.reference[months]).sum() for p in comparison.pairs[KEY]]
    )
    costs = load_costs("kokkola")
    found = money(comparison, KEY, costs)
    paid = site.benefits.mean.value * costs.benefits.received.value
    assert found.saved.mean == pytest.approx(-change * paid)
    assert found.by_payer["saved"].sum() == pytest.approx(found.saved.mean)
    assert found.net.mean == pytest.approx(found.saved.mean - found.cost.mean)


def test_benefits_follow_their_dated_payers(tmp_path) -> None:
    own = load_costs(
        write(
            tmp_path,
            HEAD + '[[benefits.shares]]\nsince = "2026-11"\npaid_by = { municipality = 1.0 }\n'
            'grade = "A"\nsource = "test"\n',
        )
    )
    assert own.benefit_payers(2026, 10) == {"unknown": 1.0}
    assert own.benefit_payers(2026, 11) == {"municipality": 1.0}
    found = money(stub(), KEY, own)  # Kokkola's cohorts begin in November 2023 to 2025
    late = found.by_payer.query("payer == 'municipality'").set_index("year")["saved"]
    assert late[1] == 0.0
    assert late[3] != 0.0


def test_a_ratio_needs_a_gain_that_is_told() -> None:
    euros = np.tile([100.0, 110.0, 90.0, 100.0], 2)  # eight pairs, the fewest that tell
    told = ratio(euros, np.tile([2.0, 2.1, 1.9, 2.0], 2))
    assert told.verdict == "known"
    assert told.value.low < 50.0 < told.value.high
    assert ratio(euros, np.tile([-1.0, 1.0, 2.0, -2.0], 2)).verdict == "not_determined"
    assert ratio(euros, -np.tile([2.0, 2.1, 1.9, 2.0], 2)).verdict == "costs_and_loses"
    assert ratio(-euros, -np.tile([2.0, 2.1, 1.9, 2.0], 2)).verdict == "saves_and_loses"


def test_every_unit_of_a_price_counts_what_it_names(tmp_path) -> None:
    taite = load_measure("taite")
    served, active = np.array([[32.0, 0.0]]), np.array([1.0, 0.5])
    for unit, expected in (
        ("EUR per participant", [[32.0, 0.0]]),
        ("EUR per participant and month", [[32.0, 0.0]]),  # takes one month
        ("EUR per event", [[2.0, 0.0]]),  # groups of 16
        ("EUR per year", [[1.0, 0.5]]),
    ):
        own = load_costs(
            write(
                tmp_path,
                HEAD + f'[measures.taite]\nprice = {{ value = 1.0, unit = "{unit}", '
                'grade = "A", source = "test" }\n',
            )
        )
        units, name = bought(taite, own.of(taite), served, active)
        np.testing.assert_allclose(units, expected)
        assert unit.endswith(name)


def test_a_price_per_event_says_how_many_an_event_takes(tmp_path) -> None:
    iisirekry = load_measure("iisirekry")
    assert iisirekry.group_size is None
    price = 'price = { value = 400.0, unit = "EUR per event", grade = "A", source = "test" }\n'
    size = 'people_per_event = { value = 8, unit = "persons", grade = "A", source = "test" }\n'
    without = load_costs(write(tmp_path, HEAD + "[measures.iisirekry]\n" + price))
    with pytest.raises(ScenarioError, match=r"measures\.iisirekry\.price.*people_per_event"):
        check_events(without, [iisirekry])
    own = load_costs(write(tmp_path, HEAD + "[measures.iisirekry]\n" + price + size))
    check_events(own, [iisirekry])
    units, _ = bought(iisirekry, own.of(iisirekry), np.array([[32.0, 0.0]]), np.ones(2))
    np.testing.assert_allclose(units, [[4.0, 0.0]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[measures.tatie]\n", ("measures.tatie", "did you mean 'taite'")),
        ("[measures.taite]\npaid_by = { state = 0.5 }\n", ("taite", "sum to 0.5")),
        (
            '[measures.taite]\nprice = { value = 5.0, unit = "EUR per hour", grade = "A", '
            'source = "x" }\n',
            ("EUR per hour", "EUR per participant"),
        ),
        (
            '[measures.taite]\nprice = { value = -5.0, unit = "EUR per event", grade = "A", '
            'source = "x" }\n',
            ("-5",),
        ),
        ('[[benefits.shares]]\nsince = "soon"\n', ("since", "paid_by")),
    ],
)
def test_bad_tables_say_what_is_wrong(tmp_path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_costs(write(tmp_path, HEAD + text))
    said = "\n".join(caught.value.problems)
    assert "own.toml" in said
    for word in words:
        assert word in said


def test_a_table_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ScenarioError, match="'kokola' is no table of costs"):
        load_costs("kokola", "kokkola")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("replications", [1, 8])
def test_screen_says_what_is_known_and_what_is_not(tmp_path, lang, replications) -> None:
    words = Words(lang, plain=True)
    unpriced = own_table(tmp_path, "")
    free = unpriced.model_copy(update={"measures": {}})
    for costs in (free, own_table(tmp_path, TAITE)):
        comparison = stub(replications=replications, costs=costs)
        said = " ".join(short_answer(comparison, lang).split())
        assert words("money.head", closure="R", years=4) in said
        assert " nan " not in said
        found = money(comparison, KEY)
        if found.priced:
            assert words("money.without_short", n=len(found.unknown)).strip() in said
        if replications == 1:
            assert words("money.payback_few") in said


def test_a_table_of_another_place_is_refused(tmp_path) -> None:
    with pytest.raises(ScenarioError, match="asked for is 'lagoa'"):
        load_costs(write(tmp_path, HEAD), "lagoa")
