"""Limiting cases with exact answers, by replaying drawn events through the ledger."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from simulator.ledger import chain_statistics, draw_chains, replay_links

CASES = {
    case["name"]: case
    for case in json.loads(
        files("scenarios").joinpath("evidence/closed_forms.json").read_text(encoding="utf-8")
    )["instances"]
}
ENDS = ("A", "N", "outside")


def case(name: str) -> tuple[dict, dict]:
    return CASES[name]["inputs"], CASES[name]["expected"]


def close(sample: np.ndarray, expected: float) -> bool:
    """Whether a sample mean lies within five standard errors (the answers have six digits)."""
    sample = np.asarray(sample, float)
    return abs(sample.mean() - expected) <= 5 * sample.std() / np.sqrt(sample.size) + 1e-6


def replay(Q, R, starts, seed, ends=ENDS):
    ledger = replay_links(draw_chains(Q, R, starts, np.random.default_rng(seed), ends))
    links, chains = ledger.frames()
    assert len(chains) == sum(starts)
    return links, chains


def visits(links, chains, rung: int) -> np.ndarray:
    """Links of each chain at a rung."""
    count = links[links["rung"] == rung].groupby("chain_id").size()
    return count.reindex(chains["chain_id"], fill_value=0).to_numpy()


def test_white_chain():
    inputs, expected = case("white_embedded_chain_methodist_like")
    Q, q = np.array(inputs["Q"]), np.array(inputs["q_exit"])
    links, chains = replay(Q, q[:, None], [6000] * 3, seed=1, ends=["A"])
    for level in range(3):
        begun = chains[chains["origin_rung"] == 2 - level]
        length = begun["length"].to_numpy(float)
        mean = expected["mean_chain_length_by_start"][level]
        assert close(length, mean)
        assert close((length - mean) ** 2, expected["variance_by_start"][level])
        for k, chance in enumerate(expected["pmf_length_1_to_5_by_start"][level], start=1):
            assert close(length == k, chance)
        for end in range(3):
            chance = expected["prob_chain_ends_in_level_by_start"][level][end]
            assert close(begun["end_rung"] == 2 - end, chance)
            of = links[links["chain_id"].isin(begun["chain_id"])]
            assert close(visits(of, begun, 2 - end), expected["fundamental_matrix_N"][level][end])


@pytest.mark.parametrize(
    ("name", "p", "mean"),
    [
        ("geometric_chain_one_stratum", 0.6, 2.5),
        ("akerlof_rose_yellen_chain_length", 60 / 100, 2.5),
        ("akerlof_rose_yellen_chain_length", 60 / 80, 4.0),
    ],
)
def test_one_stratum(name, p, mean):
    _, expected = case(name)
    assert mean in expected.values()
    _, chains = replay([[p]], [[1 - p]], [8000], seed=2, ends=["A"])
    assert close(chains["length"], mean)
    if "variance" in expected:
        assert close((chains["length"] - mean) ** 2, expected["variance"])


def test_strict_ladder():
    inputs, expected = case("strict_ladder_reach_of_entry_level")
    inside = [inputs[f"internal_share_level{level}"] for level in (4, 3, 2, 1)]
    Q = np.diag(inside[:-1], 1)
    R = 1 - Q.sum(axis=1, keepdims=True)
    _, chains = replay(Q, R, [10000, 0, 4000, 0], seed=3, ends=["outside"])
    top, second = (chains[chains["origin_rung"] == rung] for rung in (3, 1))
    assert close(top["length"], expected["mean_chain_length_from_top"])
    assert close(top["end_rung"] == 0, expected["prob_top_vacancy_becomes_entry_vacancy"])
    assert close(second["end_rung"] == 0, expected["prob_level2_vacancy_becomes_entry_vacancy"])


def test_flow_balance_and_self_consistency():
    inputs, expected = case("flow_balance_beginnings_equal_endings")
    years = 60
    starts = [int(f) * years for f in inputs["chain_starts_per_year_by_level"]]
    Q, q = np.array(inputs["Q"]), np.array(inputs["q_exit"])
    links, chains = replay(Q, q[:, None], starts, seed=4, ends=["A"])
    total = chain_statistics(links, chains)
    # exact: what begins ends; (I - Q')^-1 f gives the flows back
    assert total["f"].sum() == sum(starts) == total["closed"]
    assert total["open"] == 0
    assert total["deviation"] < 1e-12
    assert np.allclose(total["m_markov"], total["m"])
    assert total["mean_length"] == pytest.approx(total["links"] / total["closed"], abs=1e-12)
    assert (links["fill"] != "hire_short_term_unemployed").sum() + sum(starts) == len(links)
    for level in range(3):
        per_year = len(chains) / years
        flow = expected["vacancy_flow_by_level_m"][level]
        assert close(visits(links, chains, 2 - level) * per_year, flow)
    assert close(chains["length"], expected["overall_mean_length"])


def test_beginnings_equal_endings_plus_open_at_every_step():
    inputs, _ = case("flow_balance_beginnings_equal_endings")
    Q, q = np.array(inputs["Q"]), np.array(inputs["q_exit"])
    rows = draw_chains(Q, q[:, None], [3, 3, 3], np.random.default_rng(5), ends=["withdrawn"])
    for n in range(1, len(rows) + 1):
        ledger = replay_links(rows[:n])
        begun = sum(row[0] == "opened" for row in rows[:n])
        ended = sum(row[0] == "withdrawn" for row in rows[:n])
        total = chain_statistics(*ledger.frames())
        assert (total["chains"], total["closed"]) == (begun, ended)
        assert total["open"] == begun - ended


def test_endings_by_source():
    inputs, expected = case("chain_endings_by_source")
    links, chains = replay(inputs["Q"], inputs["R"], [6000] * 3, seed=6)
    words = ("jobseeker", "outside_labour_force", "outside_region")
    for level, shares in enumerate(expected["ending_shares_by_start_level"]):
        end = chains.loc[chains["origin_rung"] == 2 - level, "end"]
        for word, share in zip(words, shares, strict=True):
            assert close(end == word, share)
    # the matrices are found again, and A = N R
    total = chain_statistics(links, chains)
    assert np.allclose(total["Q"][:3, :3][::-1, ::-1], inputs["Q"], atol=0.02)
    assert np.allclose(total["R"][:3, :3][::-1], inputs["R"], atol=0.02)
    by_rung = total["ends_by_rung"].to_numpy()[:3]
    assert np.allclose(total["A_markov"][:3], by_rung, atol=0.03)
    assert np.allclose(
        total["length_markov"][:3], total["length_by_rung"]["mean"].to_numpy(), rtol=0.05
    )


def test_first_round_for_the_jobless_only():
    inputs, expected = case("restricted_first_round_hiring")
    ledger = replay_links(
        [row for i in range(50) for row in (("opened", i, i % 3), ("hired", i, "A"))]
    )
    assert (ledger.chains["length"] == expected["chain_length_restricted"]).all()
    _, chains = replay(inputs["Q"], inputs["R"], [6000] * 3, seed=7)
    for level in range(3):
        begun = chains[chains["origin_rung"] == 2 - level]
        jobless = begun["end"].isin(["jobseeker", "outside_labour_force"])
        assert close(begun["length"], expected["chain_length_unrestricted"][level])
        assert close(
            jobless, expected["local_jobless_hired_per_started_vacancy_unrestricted"][level]
        )


def test_leak_to_other_places():
    inputs, expected = case("leakage_to_outside_region")
    source, _ = case("chain_endings_by_source")
    R = np.array(source["R"])
    share = inputs["if_in_region_share_of_hires"]
    lost = R[:, :2] * (1 - share)
    leaky = np.column_stack([R[:, :2] - lost, R[:, 2] + lost.sum(axis=1)])
    for ending, key in ((R, "local_endings_top_vacancy"), (leaky, "after_30pct_commuter_leak")):
        _, chains = replay(source["Q"], ending, [8000, 0, 0], seed=8)
        assert close(chains["end"] != "outside_region", expected[key])


@pytest.mark.parametrize("ports", ["closed_ports", "baseline", "after_support"])
def test_fixed_grades(ports):
    inputs, expected = case("fixed_grade_sizes_port_of_entry")
    rate = np.array(inputs["posts_by_level"]) * inputs["annual_exit_rate_by_level"]
    outside2, outside3 = inputs["external_share_level2_level3"][ports]
    Q = np.array([[0, 1 - outside3, 0], [0, 0, 1 - outside2], [0, 0, 0]], float)
    R = 1 - Q.sum(axis=1, keepdims=True)
    years = 400
    starts = [round(n * years) for n in rate[::-1]]
    links, chains = replay(Q, R, starts, seed=9, ends=["outside"])
    per_year = len(chains) / years
    for rung, flow in enumerate(expected[ports]["vacancies"]):
        assert close(visits(links, chains, rung) * per_year, flow)
    hires = (links["fill"] == "hire_outside_region").sum() / years
    assert hires == pytest.approx(expected[ports]["total_outside_hires"])


def test_wage_gains_along_chains():
    inputs, expected = case("sum_of_log_wage_gains_along_chain")
    Q = np.array(inputs["Q"])
    links, chains = replay(Q, 1 - Q.sum(axis=1, keepdims=True), [6000] * 3, seed=10, ends=["A"])
    step = inputs["log_wage_step_between_adjacent_levels"]
    gain = ((links["rung"] - links["from_rung"]) * step).fillna(0.0)
    by_chain = gain.groupby(links["chain_id"]).sum().reindex(chains["chain_id"]).to_numpy()
    for level, mean in enumerate(expected["expected_total_gain_to_incumbents_by_start"]):
        assert close(by_chain[(chains["origin_rung"] == 2 - level).to_numpy()], mean)


def test_six_event_ledger():
    _, expected = case("six_event_ledger")
    ledger = replay_links(
        [
            ("opened", 1, 0),
            ("opened", 2, 1),
            ("filled", 2, 0),
            ("hired", 1, "A"),
            ("destroyed", 2),
        ]
    )
    links, chains = ledger.frames()
    assert len(chains) == expected["chains_opened"]
    assert (chains["end"] != "open").sum() == expected["chains_closed"]
    assert (chains["end"] == "jobseeker").sum() == expected["closed_by_hire_from_unemployment"]
    assert (chains["end"] == "destroyed").sum() == expected["closed_by_cancellation"]
    assert chains["length"].mean() == expected["mean_length"]
    assert links["fill"].tolist() == ["hire_short_term_unemployed", "promotion", "post_destroyed"]
    assert links["opened_month"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("months", "fill"),
    [(0, "hire_short_term_unemployed"), (11, "hire_short_term_unemployed")]
    + [(12, "hire_long_term_unemployed"), (60, "hire_long_term_unemployed")],
)
def test_spell_of_twelve_months_is_long(months, fill):
    links, _ = replay_links([("opened", 0, 0), ("hired", 0, "S", months)]).frames()
    assert links["fill"].tolist() == [fill]
    assert links["person_months_unemployed"].tolist() == [months]


def test_unknown_drawn_event():
    with pytest.raises(ValueError, match="unknown drawn event"):
        replay_links([("opened", 1, 0), ("sold", 1)])


def test_rows_must_sum_to_one():
    with pytest.raises(ValueError, match="sum to one"):
        draw_chains([[0.5]], [[0.4]], [1], np.random.default_rng(1), ["A"])
