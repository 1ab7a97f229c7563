"""The commands on a real, short run: run, check, chain, and what goes wrong on the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(*words, cwd=ROOT, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        [sys.executable, "-m", "experiments.app", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the folder of a run of one year, under a name that consoles cannot show."""
    folder = tmp_path_factory.mktemp("Työpöytä") / "мои резултати"
    done = command("run", "kokkola", "--years", "1", "--out", folder)
    assert done.returncode == 0, done.stderr.decode()
    SAID.append(done.stdout.decode())
    return folder


SAID: list[str] = []  # what that run printed


def test_run_prints_what_the_world_did(results):
    """The short table repeats monthly.parquet and chains.parquet."""
    import pandas as pd

    monthly = pd.read_parquet(results / "monthly.parquet")
    chains = pd.read_parquet(results / "chains.parquet")
    text = SAID[0]
    rows = {
        "posts": "posts",
        "of them filled": "filled_posts",
        "unemployed on the register": "register_unemployed",
        "unemployed as surveys count": "survey_unemployed",
    }
    for label, outcome in rows.items():
        values = monthly[(monthly["outcome"] == outcome) & (monthly["breakdown"] == "all")]["mean"]
        line = next(line for line in text.splitlines() if line.startswith(label + "  "))
        found = [int(word.replace(",", "")) for word in line[len(label) :].split()]
        assert found[:2] == [int(values.iloc[0]), int(values.iloc[-1])]
        assert abs(found[2] - values.mean()) <= 0.5
    ended = chains[(chains["end"] != "open") & (chains["end_month"] >= 0)]
    links = ended["length"].sum()
    assert (
        f"{len(ended):,}, with {links:,} links in all, {links / len(ended):.2f} each"
        in " ".join(text.split())
    )
    share = (ended["end"] == "jobseeker").mean()
    assert f"a jobseeker {100 * share:.0f}%" in text
    assert "Files: " in text
    assert " chain " in text.splitlines()[-1]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_run_writes_its_files(results):
    names = set(contents(results))
    assert {"manifest.json", "world.csv", "summary.csv", "monthly.parquet", "codebook.csv"} <= names
    assert {"posts", "people", "workplaces", "events", "links", "chains"} <= {
        name.removesuffix(".parquet") for name in names
    }


def test_check_finds_that_all_holds(results):
    done = command("check", results)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert b"FAILS" not in done.stdout


def test_check_finds_a_changed_file(results, tmp_path):
    import pandas as pd

    copy = tmp_path / "changed"
    copy.mkdir()
    for name, data in contents(results).items():
        (copy / name).write_bytes(data)
    # whole keys must survive the round trip: no detour over floats
    links = pd.read_parquet(copy / "links.parquet", dtype_backend="pyarrow")
    links.loc[links.index[links["place"] == 1][0], "place"] = 7
    links.to_parquet(copy / "links.parquet", index=False)
    done = command("check", copy)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    if done.returncode == 1:
        assert b"FAILS" in done.stdout


def test_check_of_a_broken_folder_is_wrong_input(results, tmp_path):
    copy = tmp_path / "broken"
    copy.mkdir()
    for name, data in contents(results).items():
        (copy / name).write_bytes(data[: len(data) // 2] if name == "links.parquet" else data)
    done = command("check", copy)
    assert done.returncode == 2
    assert b"links.parquet" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--longest"], ["--random", "--seed", "4"], ["--lang", "fi"]])
def test_chain_tells_and_draws(results, tmp_path, words):
    done = command("chain", results, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout.splitlines()) >= 4
    assert not list(tmp_path.iterdir())  # files only where they are asked for
    done = command("chain", results, *words, "--out", "drawn", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(path.suffix for path in tmp_path.glob("drawn/*")) == [".png", ".svg"]
    assert b"drawn" in done.stdout


@pytest.mark.parametrize("lang", ["en", "fi", "sv"])
def test_chain_names_sectors_as_people_do(results, tmp_path, lang):
    from scenarios import load_site

    names = {sector.id: getattr(sector.name, lang) for sector in load_site("kokkola").sectors}
    done = command("chain", results, "--random", "--lang", lang, cwd=tmp_path, encoding="utf-8")
    assert any(name in done.stdout for name in names.values()), done.stdout
    for sector in names:
        if "_" in sector:
            assert sector not in done.stdout
            if not any(sector.replace("_", " ") in name for name in names.values()):
                assert sector.replace("_", " ") not in done.stdout


def test_chain_of_an_unknown_id_is_wrong_input(results, tmp_path):
    done = command("chain", results, "5", cwd=tmp_path)
    assert done.returncode == 2
    assert b"no chain 5" in done.stderr
    assert not list(tmp_path.iterdir())


def test_same_seed_same_bytes(results, tmp_path):
    for seed, same in (("1", True), ("2", False)):
        folder = tmp_path / seed
        done = command("run", "kokkola", "--years", "1", "--seed", seed, "--out", folder)
        assert done.returncode == 0
        mine, theirs = contents(folder), contents(results)
        del mine["manifest.json"], theirs["manifest.json"]
        assert (mine == theirs) is same


def test_force_replaces_results_but_no_files_of_others(results, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    words = ("run", "kokkola", "--years", "1", "--out", folder, "--force")
    assert command(*words).returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "manifest.json").write_text("{}")
    # now it is a folder of results, and is replaced as a whole
    assert command(*words).returncode == 0
    assert set(contents(folder)) == set(contents(results))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_takes_no_more_leaves_nothing_behind(results, tmp_path):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    assert results.is_dir()  # compiled rules are on disk by now
    done = command("run", "kokkola", "--years", "1", "--out", tmp_path / "out", preexec_fn=limit)
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_problems_of_all_files_are_told_in_one_pass(tmp_path):
    first, second = tmp_path / "first ä.toml", tmp_path / "second.toml"
    first.write_text("schema = 1\nkind = 'jobseeker'\nleavers = 3\n", encoding="utf-8")
    second.write_text("not toml", encoding="utf-8")
    done = command("check", first, second)
    assert done.returncode == 2
    assert b"leavers" in done.stderr
    assert b"second.toml" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("sites", {"site"}),
        ("measures", {"measure"}),
        ("mixes", {"mix"}),
        ("breaks", {"break"}),
        (
            ".",
            {
                "site",
                "measure",
                "mix",
                "break",
                "sign case",
                "barriers",
                "partners",
                "parameters",
                "penalties",
                "trials",
                "costs",
                "surroundings",
            },
        ),
    ],
)
def test_shipped_files_are_found_good_and_recognised(folder, kinds):
    done = command("check", ROOT / "scenarios" / folder)
    assert done.returncode == 0, done.stderr.decode()
    found = {line.split(": ")[-1].split(",")[0] for line in done.stdout.decode().splitlines()}
    assert found == kinds


def shipped(kind):
    return (ROOT / "scenarios" / kind / "kokkola.toml").read_text(encoding="utf-8")


def test_check_of_a_mix_for_an_unknown_place(tmp_path):
    (tmp_path / "deep").mkdir()
    mix = tmp_path / "deep" / "kokkola.toml"
    mix.write_text(shipped("mixes").replace('site = "kokkola"', 'site = "kokola"'), "utf-8")
    done = command("check", "deep", cwd=tmp_path)
    assert done.returncode == 2
    said = done.stderr.decode()
    assert "'kokola'" in said
    assert "did you mean 'kokkola'" in said
    assert str(Path("deep") / "kokkola.toml") in said  # not the base name only


def test_check_of_a_mix_beside_its_own_place(tmp_path):
    """A place of one's own in sites, beside the folder of the mix, is found."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "mixes").mkdir()
    site = shipped("sites").replace('id = "kokkola"', 'id = "mine"', 1)
    (tmp_path / "mixes" / "try.toml").write_text(
        shipped("mixes").replace('site = "kokkola"', 'site = "mine"')
        .replace('id = "kokkola"', 'id = "try"'), "utf-8",
    )  # fmt: skip
    today = (ROOT / "scenarios" / "mixes" / "kokkola_today.toml").read_text("utf-8")
    (tmp_path / "mixes" / "mine_today.toml").write_text(
        today.replace('site = "kokkola"', 'site = "mine"').replace(
            '"kokkola_today"', '"mine_today"'
        ),
        "utf-8",
    )
    (tmp_path / "sites" / "mine.toml").write_text(site, "utf-8")
    done = command("check", tmp_path / "mixes")
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("key", ["default_mix", "today"])
def test_check_of_a_place_whose_mix_does_not_exist(tmp_path, key):
    text = "\n".join(
        line for line in shipped("sites").splitlines() if not line.startswith(f"{key} =")
    )
    (tmp_path / "mine.toml").write_text(f'{key} = "no_such_mix"\n' + text, "utf-8")
    done = command("check", "mine.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert key.encode() in done.stderr
    assert b"no_such_mix" in done.stderr


def test_check_of_a_place_whose_mix_is_for_another(tmp_path):
    (tmp_path / "mine.toml").write_text(
        shipped("sites").replace('id = "kokkola"', 'id = "mine"', 1), "utf-8"
    )
    done = command("check", "mine.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert b"default_mix" in done.stderr
    assert b"kokkola" in done.stderr


def test_check_does_not_walk_a_whole_disk(tmp_path, monkeypatch):
    from experiments.app import trust
    from experiments.app.console import InputError

    monkeypatch.setattr(trust, "MOST_ENTRIES", 20)
    (tmp_path / ".hidden").mkdir()
    for number in range(15):
        (tmp_path / ".hidden" / f"{number}.toml").write_text("")
        (tmp_path / f"{number}.toml").write_text("")
    assert len(trust._scenario_files(tmp_path)) == 15
    (tmp_path / "below").mkdir()
    for number in range(15):
        (tmp_path / "below" / f"{number}.txt").write_text("")
    with pytest.raises(InputError, match="more than 20"):
        trust._scenario_files(tmp_path)


@pytest.mark.parametrize("name", ["sites", "measures", "mixes"])
def test_lists_as_json(name, tmp_path):
    import json

    target = tmp_path / "liste é.json"
    assert command(name, "--json", target).returncode == 0
    rows = json.loads(target.read_text(encoding="utf-8"))
    assert json.loads(command(name, "--json", "-").stdout) == rows
    assert all(row["id"] for row in rows)
    if name == "sites":
        assert all({"targets", "targets_met"} <= set(row) for row in rows)
        fitted = next(row for row in rows if row["id"] == "kokkola")
        stored = json.loads(
            (ROOT / "scenarios" / "sites" / "fits" / "kokkola.json").read_text(encoding="utf-8")
        )
        fit = [row for row in stored if row["role"] == "fit"]
        assert fitted["targets"] == len(fit) > 10
        assert fitted["targets_met"] == sum(row["met"] for row in fit)
        for row in stored:
            if row["met"] is None:  # not measured in the model
                assert row["simulated"] is None
                continue
            if row["low"] is None or row["high"] is None:
                continue
            assert row["met"] == (row["low"] <= row["simulated"] <= row["high"])
    if name == "measures":
        assert any(row["rows"] for row in rows)
    if name == "mixes":
        assert rows[0]["id"] == "baseline"
