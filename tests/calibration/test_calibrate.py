"""The whole command on a place that is a formula: files, page, values written into the site."""

import shutil

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

import calibration.calibrate as command
import calibration.page as page
import calibration.table as tables
from calibration.page import sentences, ship, write, write_point
from calibration.recovery import recover, shipped_table
from experiments.app.cli import main
from experiments.draws import load_draws
from scenarios import load_parameters, load_site
from scenarios.fits import read_fit
from scenarios.loader import site_path
from simulator.codes import Cause, Fill
from simulator.world import Flow, Total

BASE = {
    Total.EMPLOYED_HERE: 20000, Total.RESIDENTS_HERE: 17100, Total.RESIDENTS_ELSEWHERE: 2421,
    Total.A: 921, Total.P: 920, Total.S: 442, Total.N: 5000, Total.REGISTER_LONG: 570,
    Total.SURVEY_LONG: 259, Total.U_BEFORE: 1300, Total.U_TO_E: 403, Total.U_TO_PN: 299,
    Total.E_BEFORE: 19000, Total.E_TO_U: 285, Total.E_TO_PN: 380, Total.PN_BEFORE: 5800,
    Total.PN_TO_U: 430, Total.PN_TO_E: 700, Total.OTHER_EMPLOYER: 290, Total.STARTERS: 1720,
    Total.TENURE_MONTHS: 2.4e6, Total.HIRES: 800, Total.HIRES_FROM_OUTSIDE: 100,
    Total.HIRES_FROM_JOB: 294, Total.HIRES_FROM_REGISTER: 168, Total.IN_COMMUTERS: 2900,
    Total.VACANT: 1000, Total.VACANT_PUBLIC: 553, Total.POSTS: 21500, Total.WITHDRAWN: 500,
}  # fmt: skip


# the file's own value lies at the end of its range, where a prior that fades out finds nothing
TRUTH = {"search_a": 3.0}


def truth(name):
    return TRUTH.get(name, load_parameters()[name].value)


def formula(site, values, seed, months, scale):
    """A place in which each free parameter moves what it should, with noise."""
    rng = np.random.default_rng(seed)

    def moved(name, power):
        return (values[name] / truth(name)) ** power

    row = dict.fromkeys(tables.RAW, 0.0) | {"retired": 5700.0, "ok": 1.0}
    row |= {name: 100.0 for name in tables.PANEL}
    counts = dict(BASE)
    counts[Total.U_TO_E] *= moved("search_a", 0.5)
    counts[Total.OTHER_EMPLOYER] *= moved("search_employed", 0.8)
    counts[Total.A] *= moved("a_to_p", -0.3)
    counts[Total.P] *= moved("a_to_p", 0.3) * moved("p_to_n", -0.3)
    counts[Total.PN_TO_U] *= moved("n_to_a", 0.7)
    counts[Total.IN_COMMUTERS] *= moved("outsiders_0", 0.5)
    counts[Total.STARTERS] *= moved("short_posts", 0.6)
    for item, value in counts.items():
        row[f"total_{item.name.lower()}"] = value * np.exp(0.02 * rng.normal())
    public = moved("public_share", 1.0)
    row[f"flow_1_{Flow.OPENED + Cause.NEW_POST}"] = 900.0
    row[f"flow_1_{Flow.OPENED + Cause.PROMOTION}"] = 70.0
    row[f"flow_1_{Flow.FILL + Fill.HIRE_SHORT_TERM_UNEMPLOYED}"] = 900.0
    row[f"flow_1_{Flow.FILL + Fill.GIVEN_UP}"] = 64.0 * moved("give_up", 0.5)
    row[f"flow_1_{Flow.OPENED_PUBLIC}"] = 400.0 * public
    row[f"flow_1_{Flow.CLOSED_PUBLIC}"] = 400.0
    row[f"flow_1_{Flow.SPELL_ROUNDS_PUBLIC}"] = 2200.0
    return row


def other_demand():
    """Moments under five demands: unemployment falls and vacancies rise with it."""
    trends = np.array([-0.4, -0.2, 0.0, 0.2, 0.4])
    frame = pd.DataFrame({name: 1.0 + trends for name in page.SHOWN}, index=trends)
    frame["register"] = 1841 * (1.0 - trends)
    for name in ("public_stock", "public_opened", "public_spell", "register_long"):
        frame[name] = 1.0 + 0.5 * trends
    return frame.rename_axis("trend")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr(tables, "simulate_row", formula)
    patch.setattr(command, "simulate_row", formula)
    patch.setattr(command, "markets", lambda *_, **__: other_demand())
    told = []
    result = command.calibrate(
        "kokkola", 512, folder=tmp_path_factory.mktemp("tables"), threads=1, draws=150,
        progress=lambda done, total, _: told.append((done, total)),
    )  # fmt: skip
    patch.undo()
    assert told[-1][0] == told[-1][1]
    return result


def test_what_the_targets_tell_is_found(fitted):
    table = fitted.parameter_table.set_index("parameter")
    for name in ("search_a", "search_employed", "a_to_p", "n_to_a", "public_share"):
        assert table.informed_by[name] == "targets", name
        assert table.low[name] < truth(name) < table.high[name], name
    assert table.informed_by["internal_first"] == "prior only"
    assert (table[table.kind == "input"].variance_removed == 0).all()
    assert (table[table.kind == "input"].informed_by == "prior only (never fitted)").all()


def test_targets_are_met_and_checks_counted_apart(fitted):
    counts = fitted.counts()
    assert counts["moment"][1] == 18
    assert counts["moment"][0] >= 16
    assert counts["check"][1] > 0
    table = fitted.fit_table
    assert "input" not in set(table.role)
    assert set(table.verdict) <= {"met", "missed", "not measured"}
    missed = table[(table.role == "fit") & (table.verdict == "missed")]
    assert (missed.distance.abs() > 1).all()


def test_files_and_page(fitted, tmp_path):
    out = write(fitted, tmp_path / "out")
    names = {path.name for path in out.iterdir()}
    tables_of = {"posterior", "fit", "parameters", "conflicts", "years", "markets"}
    others = {"figure.png", "figure.svg", "report.html", "manifest.json"}
    assert names == others | {f"{name}.csv" for name in tables_of}
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in text
    assert 'src="http' not in text
    assert "moment_u_to_e" in text
    lines = sentences(fitted)
    assert "18 moments" in lines[0]
    assert any("never fitted" in line for line in lines)


def test_fitted_values_go_into_the_site_file_and_the_rest_stays(fitted, tmp_path):
    path = tmp_path / "kokkola.toml"
    shutil.copy(site_path("kokkola"), path)
    before = load_site(path)
    written = ship(fitted, path)
    after = load_site(path)
    assert after.model_dump(exclude={"parameters"}) == before.model_dump(exclude={"parameters"})
    for name, value in fitted.point.items():
        assert after.parameters[name].value == pytest.approx(value, rel=1e-3)
        low, high = after.parameters[name].low, after.parameters[name].high
        assert low <= after.parameters[name].value <= high
    assert {p.name for p in written} == {
        "kokkola.toml", "kokkola.csv", "kokkola.parquet", "kokkola.json",
    }  # fmt: skip
    stored = read_fit("kokkola", tmp_path / "fits")
    counts = fitted.counts()
    met, known = (sum(counts[name][k] for name in ("moment", "fit")) for k in (0, 1))
    assert sum(row["met"] is True for row in stored if row["role"] == "fit") == met
    assert sum(row["role"] == "fit" for row in stored) == known
    # written once more, nothing is there twice
    text = path.read_text(encoding="utf-8")
    write_point(fitted, path)
    assert path.read_text(encoding="utf-8") == text
    draws = load_draws(after, path)
    assert len(draws) == 150
    assert {"search_n", "backfill", "penalties"} <= set(draws.columns)


def test_the_shipped_table_recovers(fitted, tmp_path):
    path = tmp_path / "kokkola.toml"
    shutil.copy(site_path("kokkola"), path)
    ship(fitted, path)
    frame, values, targets, items, box = shipped_table("kokkola", tmp_path / "posteriors")
    table = recover(frame, values, targets, items, box, sets=60, steps=150, draws=39)
    told = table[table.informed_by == "targets"]
    assert len(told) >= 5
    assert 0.75 < told.covered_90.mean() <= 1.0


def test_targets_that_contradict_each_other_are_shown(fitted):
    conflicts = fitted.conflicts
    assert (conflicts.distance > 1.0).all()
    # 553 public vacancies are no 4.7 % of 20,000 posts
    named = set(conflicts["first"]) | set(conflicts["second"])
    assert not len(conflicts) or named <= {aim.id for aim in fitted.aims}


def test_a_short_table_gives_no_posterior(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "simulate_row", formula)
    monkeypatch.setattr(command, "simulate_row", formula)
    result = command.calibrate("kokkola", 512, minutes=0.0, folder=tmp_path, threads=1)
    assert result.found is None
    assert not result.complete


def test_what_is_stored_takes_no_time_again(fitted):
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "simulate_row", None)  # nothing of the table is simulated again
        patch.setattr(command, "simulate_row", formula)
        patch.setattr(command, "markets", lambda *_, **__: other_demand())
        again = command.calibrate(
            "kokkola", 512, folder=fitted.table.folder.parent, threads=1, draws=150,
            progress=lambda done, total, _: told.append((done, total)),
        )  # fmt: skip
    free = len(again.free)
    corrected = command.REFINED_ON * (1 + command.REFINEMENTS * (free + 3))
    assert told[-1] == (command.AT_POINT + command.AT_DRAWS + corrected,) * 2
    pd.testing.assert_frame_equal(again.found.draws, fitted.found.draws)


def test_wrong_input_of_the_command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", "kokola"]) == 2
    assert "kokkola" in capsys.readouterr().err
    assert main(["calibrate", "kokkola", "--simulations", "3"]) == 2


def test_draws_without_a_posterior_stop_before_any_work(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(site_path("kokkola"), tmp_path / "own.toml")
    assert main(["compare", "own.toml", "--draws", "8"]) == 2
    assert "no posterior" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_link_of_register_and_survey(fitted):
    assert fitted.link() == pytest.approx((921 + 442) / 1841, rel=0.15)
    assert isinstance(fitted.at_draws, pd.DataFrame)


def test_other_years_come_from_demand_alone(fitted):
    years = {(row.year, row.quantity): row for row in fitted.years}
    row = years["2022", "vacancies_open_registered"]
    assert row.published == pytest.approx(1112 / 1005)
    # 1732 of 1841 registered: a trend of +0.059, which moves vacancies by half of it
    assert row.trend == pytest.approx(1 - 1732 / 1841, abs=0.01)
    assert row.simulated == pytest.approx(1 + 0.5 * row.trend, abs=0.01)
    assert ("2020", "unemployed_registered") not in years  # the pandemic is not demand alone
