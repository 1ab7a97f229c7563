"""Site files: the shipped place, and what is said about bad files."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from scenarios import ScenarioError, load_parameters, load_site, shipped_sites
from scenarios.errors import nearest
from scenarios.loader import SITES, read_parameters
from scenarios.numbers import NumberRow
from scenarios.schema import Parameter

BAD_FILES = sorted((Path(__file__).parent / "bad_files").glob("site_*.toml"))


def problems_of(path):
    with pytest.raises(ScenarioError) as caught:
        load_site(path)
    return caught.value.problems


@pytest.fixture(scope="module")
def kokkola():
    return load_site("kokkola")


def test_kokkola_is_shipped():
    assert "kokkola" in shipped_sites()


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda path: path.stem)
def test_a_bad_file_is_told_what_is_wrong(bad, tmp_path):
    case = tomllib.loads(bad.read_text(encoding="utf-8"))
    text = (SITES / "kokkola.toml").read_text(encoding="utf-8")
    for change in case["change"]:
        assert text.count(change["find"]) >= 1, change["find"]
        text = text.replace(change["find"], change["put"], 1)
    path = tmp_path / "kokkola.toml"
    path.write_text(text, encoding="utf-8")
    found = problems_of(path)
    for words in case["expects"]:
        assert any(words in sentence for sentence in found), found
    assert all(sentence.endswith((".", "?")) and "\n" not in sentence for sentence in found)


def test_missing_files_and_places():
    assert "did you mean 'kokkola'?" in problems_of("kokola")[0]
    assert "does not exist" in problems_of("no/such/place.toml")[0]


def test_paths_with_spaces_and_letters(tmp_path):
    path = tmp_path / "Työpöytä и место" / "my place.toml"
    path.parent.mkdir()
    path.write_bytes((SITES / "kokkola.toml").read_bytes())
    assert load_site(path).id == "kokkola"
    path.write_bytes("name = 'Kööpenhamina'".encode("latin-1"))
    assert "not UTF-8" in problems_of(path)[0]


def test_head_counts_follow_from_the_margins(kokkola):
    counts = kokkola.counts()
    assert counts["in_commuters"] == pytest.approx(2900)
    assert counts["work_here"] + counts["in_commuters"] == pytest.approx(counts["filled_posts"])
    assert counts["A"] + counts["S"] == pytest.approx(counts["survey_unemployed"])
    work_here = kokkola.margins.work_here_share.value
    assert counts["work_here"] / counts["employed_residents"] == pytest.approx(work_here)


def test_ladders_add_up_to_the_occupations_of_all_posts(kokkola):
    rungs = kokkola.sector_shares() @ kokkola.ladders()
    national = np.array(kokkola.occupations.shares.values)
    wanted = kokkola.occupations.rung_parts() @ (national / national.sum())
    assert rungs == pytest.approx(wanted, abs=0.003)
    assert rungs[0] == pytest.approx(0.22, abs=0.01)


def test_wages_rise_with_the_rung(kokkola):
    wages = kokkola.wages()
    assert (np.diff(wages, axis=1) >= 0).all()
    assert wages.min() > 2000
    assert wages.max() < 7000


def test_every_display_name_in_three_languages(kokkola):
    named = [*kokkola.sectors, *kokkola.barriers, *kokkola.groups, *kokkola.employers]
    for names in [kokkola.name, kokkola.description, *(entry.name for entry in named)]:
        assert names.en
        assert names.fi
        assert names.sv
    assert kokkola.name("pt") == kokkola.name("en")


def test_flags_fit_into_sixteen_bits_and_shares_have_every_status(kokkola):
    shares = kokkola.barrier_shares()
    assert shares.shape == (len(kokkola.barriers), 6)
    assert len(kokkola.barriers) <= 16
    mask = kokkola.counting_barriers()
    assert mask & 1 << kokkola.barrier_ids.index("health")
    assert not mask & 1 << kokkola.barrier_ids.index("under_30")


def test_parameters_keep_the_order_and_take_overrides(tmp_path, kokkola):
    default = load_parameters()
    assert list(load_parameters(kokkola)) == list(default)
    text = (SITES / "kokkola.toml").read_text(encoding="utf-8")
    override = (
        '\n[parameters.backfill]\nvalue = 0.9\nunit = "share"\ngrade = "B"\nsource = "a test"\n'
    )
    path = tmp_path / "elsewhere.toml"
    path.write_text(text + override, encoding="utf-8")
    changed = load_parameters(load_site(path))
    assert float(changed["backfill"]) == 0.9
    assert changed["backfill"].meaning == default["backfill"].meaning
    kept = load_parameters(kokkola)
    assert all(changed[name] == kept[name] for name in default if name != "backfill")


def test_parameter_files_report_everything_at_once(tmp_path):
    path = tmp_path / "parameters.toml"
    path.write_text(
        'schema = 1\nloose = 3\n[a.x]\nvalue = 1\nunit = "share"\ngrade = "A"\nsource = "s"\n'
        '[b.x]\nvalue = "one"\nunit = "share"\ngrade = "A"\nsource = "s"\nrole = "fre"\n',
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        read_parameters(path)
    text = "\n".join(caught.value.problems)
    for words in ("loose is no table", "two groups", "b.x.value is 'one'", "did you mean 'free'?"):
        assert words in text


def test_every_number_has_a_source_and_judgements_have_a_range(kokkola):
    def walk(item):
        if isinstance(item, NumberRow | Parameter):
            yield item
        elif isinstance(item, list):
            for part in item:
                yield from walk(part)
        elif hasattr(type(item), "model_fields"):
            for name in type(item).model_fields:
                yield from walk(getattr(item, name))

    rows = list(walk(kokkola))
    assert len(rows) > 40
    assert all(row.source for row in rows)


def test_the_nearest_name():
    assert nearest("Bakfill", ["backfill", "standard"]) == "backfill"
    assert nearest("zzz", ["backfill"]) is None
