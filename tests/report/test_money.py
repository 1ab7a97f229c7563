"""Money: prices times what was bought, benefits not paid, ratios only where they mean something."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import ScenarioError
from scenarios.costs import load_costs, shipped_costs
from scenarios.measures import load_measure
from simulator.money import bought, money, ratio
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


def test_cost_is_price_times_participants(tmp_path) -> None:
    comparison = stub()
    own = load_costs(
        write(
            tmp_path,
            HEAD + '[measures.taite]\nprice = { value = 100.0, unit = "EUR per participant", '
            'grade = "A", source = "test" }\n'
            'fixed = { value = 600.0, unit = "EUR per year", grade = "A", source = "test" }\n'
            "paid_by = { municipality = 0.25, state = 0.75 }\n",
        )
    )
    found = money(comparison, KEY, own)
    line = next(line for line in found.lines if line.measure == "taite")
    taite = list(comparison.mixes[0].measures).index("taite")
    served = np.mean(
        [((p.enrolments[:, 0] == taite) & (p.enrolments[:, 1] == 0)).sum() for p in
         comparison.pairs[KEY]]
    ) / 3  # three cohorts  # fmt: skip
    assert line.participants.mean == pytest.approx(served)
    assert line.euros.mean == pytest.approx(100.0 * served + 600.0)  # recruits for one year
    payers = found.by_payer.groupby("payer")["cost"].sum()
    assert payers["municipality"] == pytest.approx(0.25 * line.euros.mean)
    assert payers.sum() == pytest.approx(found.cost.mean)


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
            HEAD + '[[benefits.shares]]\nsince = "2025-01"\npaid_by = { municipality = 1.0 }\n'
            'grade = "A"\nsource = "test"\n',
        )
    )
    assert own.benefit_payers(2024, 12) == {"unknown": 1.0}
    assert own.benefit_payers(2025, 1) == {"municipality": 1.0}
    found = money(stub(), KEY, own)  # Kokkola's month 0 is November 2023
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


def test_a_table_of_another_place_is_refused(tmp_path) -> None:
    with pytest.raises(ScenarioError, match="asked for is 'lagoa'"):
        load_costs(write(tmp_path, HEAD), "lagoa")
