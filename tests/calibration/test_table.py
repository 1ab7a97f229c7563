"""The table continues where it stopped, and is another when anything that decides it changes."""

import numpy as np
import pandas as pd
import pytest

import calibration.table as tables
from calibration.least_squares import FREE
from calibration.moments import SKIPPED, begin_today
from calibration.panel import COUNTS, follow
from calibration.priors import ELSEWHERE, FITTED_IN, coordinates, home_posterior, parameters_of
from calibration.quantities import NOT_MEASURED, aims, moments_of, not_measured, quantity_of
from calibration.small_worlds import random_world, small_place
from calibration.table import SHARD, Table, identity
from scenarios import load_parameters, load_site
from scenarios.targets import targets_of
from simulator.engine import World
from simulator.town import Town
from simulator.world import Total


@pytest.fixture
def site():
    return load_site("kokkola")


@pytest.fixture
def quick(monkeypatch):
    """Rows without a simulation; the seeds asked for."""
    seen = []

    def row(site, values, seed, months, scale):
        seen.append(seed)
        return dict.fromkeys(tables.RAW, float(seed)) | {"ok": 1.0}

    monkeypatch.setattr(tables, "simulate_row", row)
    return seen


def test_every_draw_lies_in_its_range_and_ties_move_together(site):
    numbers = load_parameters()
    for item in coordinates(site):
        values = item.draw(np.linspace(0.0005, 0.9995, 101))
        assert np.allclose(item.outside(item.inside(values)), values)
        for name, factor in zip(item.names, item.factors, strict=True):
            if name in numbers:
                assert (values * factor >= (numbers[name].low or 0.0) - 1e-9).all(), name
                assert (values * factor <= numbers[name].high + 1e-9).all(), name
    outsiders = next(item for item in coordinates(site) if item.id == "outsiders").values(0.1)
    ratio = numbers["outsiders_3"].value / numbers["outsiders_0"].value
    assert outsiders["outsiders_3"] == pytest.approx(0.1 * ratio)


def test_at_most_thirteen_parameters_are_free_and_five_in_bulgaria(site):
    assert sum(item.fitted for item in coordinates(site)) == 13
    assert len(FITTED_IN["bg"]) <= 5
    assert all(len(names) <= 13 for names in FITTED_IN.values())
    assert {name for names in FITTED_IN.values() for name in names} <= set(FREE | ELSEWHERE)
    bulgaria = site.model_copy(update={"country": "bg"})
    kinds = [item.kind for item in coordinates(bulgaria)]
    assert kinds.count("free") == len(FITTED_IN["bg"])
    assert kinds.count("borrowed") == 13 - len(set(FITTED_IN["bg"]) & set(FREE))
    for item in coordinates(bulgaria):
        if item.kind == "borrowed":
            values = item.draw(np.array([0.001, 0.5, 0.999]))
            assert (values >= item.low).all()
            assert (values <= item.high).all()


def test_other_places_borrow_from_the_draws_that_kokkola_ships(tmp_path):
    names = [name for names in FREE.values() for name in names]
    numbers = load_parameters()
    frame = pd.DataFrame({name: numbers[name].value * np.array([0.9, 1.0, 1.1]) for name in names})
    frame.to_csv(tmp_path / "kokkola.csv", index=False)
    found = home_posterior(tmp_path)
    assert set(found) == set(FREE)
    assert np.exp(found["outsiders"][0]) == pytest.approx(numbers["outsiders_0"].value, rel=0.01)
    assert found["register_to_n"][1] == pytest.approx(0.1, rel=0.02)
    assert home_posterior(tmp_path / "none") is None


def test_a_table_that_stopped_goes_on_and_is_the_same(site, quick, tmp_path):
    whole = Table.open(site, tmp_path / "a")
    assert whole.extend(0, 2 * SHARD, threads=1)
    part = Table.open(site, tmp_path / "b")
    part.extend(0, SHARD, threads=1)
    quick.clear()
    again = Table.open(site, tmp_path / "b")
    again.extend(0, 2 * SHARD, threads=1)
    assert len(quick) == SHARD  # the first shard was not simulated again
    pd.testing.assert_frame_equal(whole.frame(), again.frame())
    assert whole.frame()["seed"].is_unique


def test_no_time_left_begins_no_shard(site, quick, tmp_path):
    table = Table.open(site, tmp_path)
    assert not table.extend(0, SHARD, threads=1, until=0.0)
    assert table.frame().empty
    assert not list(table.folder.glob("*.tmp"))


def test_a_narrowed_part_stays_in_its_box_and_is_remembered(site, quick, tmp_path):
    table = Table.open(site, tmp_path)
    table.narrow({"standard": (-1.0, -0.5)})
    table.extend(1, SHARD, threads=1)
    again = Table.open(site, tmp_path)
    assert again.box == {"standard": (-1.0, -0.5)}
    rows = again.frame()
    assert rows["standard"].between(-1.0, -0.5).all()
    assert rows["search_a"].max() / rows["search_a"].min() > 3


def test_identity_follows_place_and_prior_but_not_its_own_result(site):
    items = coordinates(site)
    first = identity(site, items, 1)
    assert identity(site, items, 2) != first
    assert identity(site, items[:-1], 1) != first
    number = next(iter(site.parameters.values())).model_copy(update={"value": 1.0})
    fitted = site.model_copy(update={"parameters": site.parameters | {"search_a": number}})
    assert identity(fitted, items, 1) == first
    named = site.margins.model_copy(update={"residents": number})
    assert identity(site.model_copy(update={"margins": named}), items, 1) != first


def test_a_world_that_the_engine_refuses_is_marked(site, monkeypatch):
    def refuse(*arguments):
        raise tables.EngineError("buffer overflowed")

    monkeypatch.setattr(tables, "measure", refuse)
    row = tables.simulate_row(site, {}, 1)
    assert row["ok"] == 0.0
    assert np.isnan(row["retired"])


def test_a_row_is_measured_after_a_year_with_the_services_of_today(site, monkeypatch):
    town = Town(site)
    world, retired = begin_today(town, 1)
    assert set(world.policy.names) == {"hiring_supports", "work_trial", "job_coach_employer", "ips"}
    bare = site.model_copy(update={"today": None})
    assert begin_today(Town(bare), 1)[0].policy is None
    asked = []

    def seen(world, months, retired):
        asked.append((world.month, months, retired))
        return {"ue": 2.0}

    monkeypatch.setattr(tables, "follow", seen)
    monkeypatch.setattr(World, "advance", lambda _, months: asked.append(months))
    row = tables.measure(town, 1, 24)
    assert asked == [SKIPPED, (0, 24, retired)]
    assert row["retired"] == retired > 0


def test_a_place_at_a_scale_is_multiplied_back(site, monkeypatch):
    whole, half = (tables.simulate_row(site, {}, 1, 12, scale) for scale in (1, 2))
    for name in ("total_employed_here", "total_n", "panel_ee", "retired"):
        assert half[name] == pytest.approx(whole[name], rel=0.05), name
    assert half["ok"] == 1.0


def test_a_place_of_ones_own_borrows_the_targets_of_the_place_it_is_like(site):
    own = site.model_copy(update={"id": "hamlet", "like": "kokkola"})
    borrowed = {item.id for item in aims(own)} - {item.id for item in aims(own)[:18]}
    assert "ue_quarterly" in borrowed
    alone = site.model_copy(update={"id": "hamlet"})
    assert all(item.id.startswith("moment_") for item in aims(alone))


def test_parameters_of_a_row_are_those_that_a_place_knows(site):
    items = coordinates(site)
    values = parameters_of({item.id: item.mode for item in items}, items)
    town = Town(site, values)
    numbers = load_parameters()
    assert town.penalty_factor == 1.0
    assert town.values["search_n"] == pytest.approx(numbers["search_n"].value)


# ---- what is counted ---------------------------------------------------------------------------


def test_the_panel_adds_up():
    world = random_world(3, small_place(), months=36, people=600, posts=320)
    world.advance(12)
    world.lay_out(world.month, 24)
    found = follow(world, 24)
    assert set(found) == set(COUNTS)
    assert found["u_short"] + found["u_long"] == found["uu"] + found["ue"] + found["ui"]
    assert found["ue_short"] + found["ue_long"] == found["ue"]
    assert 0 < found["other_quarter"] < found["same_quarter"]
    hired = sum(found[f"hired_quarter_{letter}"] for letter in "eui")
    assert hired == found["hired_quarter"] > 0
    assert found["stepped_up"] <= found["stayers"]
    assert found["eu_year"] + found["ei_year"] < found["e_year"]
    # the engine counts the same flows month by month, the panel at quarter ends
    totals = world.columns.totals
    engine = totals[:, Total.U_TO_E].sum() / totals[:, Total.U_BEFORE].sum()
    panel = found["ue"] / (found["uu"] + found["ue"] + found["ui"])
    assert panel == pytest.approx(engine, rel=0.3)


def test_every_counted_target_is_measured_or_said_not_to_be(site):
    for target in targets_of("kokkola"):
        if target.counted and quantity_of(site, target) is None:
            assert any(part in target.quantity for part in NOT_MEASURED), target.quantity
    names = [item.id for item in aims(site)]
    assert len(names) == len(set(names))
    assert not set(names) & {t.quantity for t, _ in not_measured(site)}
    assert not any(t.role == "input" for t, _ in not_measured(site))


def test_kokkola_is_fitted_to_its_base_period_before_preferred_rows(site):
    fitted = {item.id: item for item in aims(site) if item.used}
    assert fitted["moment_register"].value == 1841
    assert sum(name.startswith("moment_") for name in fitted) == 18
    assert all(item.role == "fit" for item in fitted.values())
    assert all(item.why for item in aims(site) if item.role == "fit" and not item.used)


def test_a_ceiling_is_met_below_it(site):
    place = site.model_copy(update={"id": "amersfoort", "country": "nl"})
    ceiling = next(item for item in aims(place) if item.id == "promotion_annual")
    assert not ceiling.used
    assert ceiling.met(1.0)
    assert not ceiling.met(12.0)


def test_raw_sums_give_the_moments_back():
    row = {name: 0.0 for name in tables.RAW}
    row |= {"total_a": 50.0, "total_p": 50.0, "total_s": 30.0, "total_register_long": 31.0}
    found = moments_of(row)
    assert found["register"] == 100.0
    assert found["register_long"] == pytest.approx(0.31)
