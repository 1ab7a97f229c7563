"""Stories and pictures of chains."""

from __future__ import annotations

import re

import pytest

from simulator.codes import Fill, labels
from simulator.errors import ResultError
from simulator.stories import (
    LANGUAGES,
    SCHOOLED,
    draw_chain,
    pick_chain,
    read_chain_tables,
    save_figure,
    tell_chain,
)
from tests.ledger.synthetic_town import write_run


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories") / "run"
    write_run(folder, 7, people=120, posts=60, months=36)
    return read_chain_tables(folder)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chain_can_be_told(tables, lang):
    told = set()
    for chain_id in tables["chains"]["chain_id"]:
        story = tell_chain(**tables, chain_id=chain_id, lang=lang)
        for sentence in story:
            assert not re.search(r"[{}_]|\bnan\b|<NA>|None|  ", sentence)
        for sentence in story[1:]:
            assert sentence[0].isupper() or sentence[0].isdigit()
            assert sentence.endswith(".")
        links = tables["links"][tables["links"]["chain_id"] == chain_id]
        assert len(story) == len(links) + 3
        told |= set(links["fill"])
    assert told >= set(labels(Fill)) - {"hire_long_term_unemployed"}


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "will be reached"),
        ("fi", "saavutettava"),
        ("sv", "kommer att nås"),
        ("nl", "nog bereikt"),
        ("pt", "ainda atingirá"),
        ("bg", "предстои"),
    ],
)
def test_schooling_of_the_young_is_told_as_what_they_will_reach(tables, lang, said):
    """Below 25 the files hold a level that is not reached yet."""
    links, people = tables["links"], tables["people"].set_index("person")
    found = set()
    for chain_id, rows in links.groupby("chain_id"):
        rows = rows[rows["person"].notna()]
        if not len(rows):
            continue
        ages = [
            (row.closed_month - people.loc[row.person, "birth_month"]) // 12
            for row in rows.itertuples()
        ]
        young = [age < SCHOOLED for age in ages]
        story = " ".join(tell_chain(**tables, chain_id=chain_id, lang=lang))
        assert story.count(said) == sum(young)
        found |= set(young)
    assert found == {True, False}


def test_longest_chain(tables):
    chosen = pick_chain(tables["chains"])
    length = tables["chains"].set_index("chain_id")["length"]
    assert length[chosen] == length.max()
    story = tell_chain(**tables)
    assert story[0] == f"Vacancy chain {chosen}"
    assert story[-1].startswith(f"{length.max()} posts became empty")


def test_random_chain_is_the_same_for_a_seed(tables):
    chains = tables["chains"]
    assert pick_chain(chains, "random", seed=4) == pick_chain(chains, "random", seed=4)
    assert len({pick_chain(chains, "random", seed=seed) for seed in range(20)}) > 5


def test_unknown_chain(tables):
    with pytest.raises(ResultError, match="There is no chain 1 "):
        pick_chain(tables["chains"], "1")
    with pytest.raises(ResultError, match="give longest, random or an id"):
        pick_chain(tables["chains"], "shortest")
    with pytest.raises(ResultError, match="no chains"):
        pick_chain(tables["chains"].iloc[:0])


def test_picture(tables, tmp_path):
    figure = draw_chain(tables["links"], tables["chains"], lang="sv")
    for name in ("a", "b"):
        save_figure(draw_chain(tables["links"], tables["chains"], lang="sv"), tmp_path / name)
    for suffix in (".png", ".svg"):
        content = (tmp_path / "a").with_suffix(suffix).read_bytes()
        assert len(content) > 5000
        assert content == (tmp_path / "b").with_suffix(suffix).read_bytes()
    assert figure.axes[0].get_xlabel() == "månad"
