"""Files of older schemas: read with a note, rewritten with their comments, never lost."""

import logging
import tomllib

import pytest

import scenarios.errors
import scenarios.upgrade
from experiments.app.checks import check_file, upgrade_file
from experiments.app.cli import main
from scenarios import ScenarioError
from scenarios.measures import load_mix
from scenarios.upgrade import SCHEMA, STEPS, Rename, upgraded, upgraded_text

OLD = """# a mix of before
schema = 0  # the old one
id = "mine"
place = "kokkola"  # where
names = { en = "Mine" }

# as last year
[measures.taite]
dose = 0.5
"""


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_steps_lead_from_each_older_schema_to_this_one():
    assert sorted(STEPS) == list(range(SCHEMA))


def test_an_older_file_is_read_with_one_note(old, caplog):
    scenarios.errors._note.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert load_mix(old).site == "kokkola"
        assert check_file(old) == "mix"
    assert len(caplog.messages) == 1
    assert "mine.toml has the older schema = 0 (place is now site)" in caplog.messages[0]
    assert "--upgrade" in caplog.messages[0]


def test_upgrade_rewrites_the_file_and_keeps_comments_and_the_old_one(old, capsys):
    assert main(["check", str(old), "--upgrade"]) == 0
    new = OLD.replace("schema = 0", "schema = 1").replace("place =", "site =")
    assert old.read_text(encoding="utf-8") == new
    assert (old.parent / "mine.toml.schema-0").read_text(encoding="utf-8") == OLD
    said = capsys.readouterr()
    assert "schema 0 rewritten to 1; the old file is mine.toml.schema-0." in said.out
    assert "no problem found" in said.out
    assert main(["check", str(old), "--upgrade"]) == 0  # nothing left to do
    assert "rewritten" not in capsys.readouterr().out


def test_without_upgrade_nothing_is_written(old):
    assert main(["check", str(old)]) == 0
    assert old.read_text(encoding="utf-8") == OLD
    assert list(old.parent.iterdir()) == [old]


def test_an_old_file_kept_before_is_not_overwritten(old):
    (old.parent / "mine.toml.schema-0").write_text("other", encoding="utf-8")
    with pytest.raises(ScenarioError, match="exists already"):
        upgrade_file(old)
    assert old.read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("2", "written for a newer version of this program"),
        ("-3", "schema is -3, but must be 1"),
        ("true", "schema is true, but must be 1"),
        ("1.0", "schema is 1.0, but must be 1"),
        ('"1"', "schema is '1', but must be 1"),
    ],
)
def test_any_other_schema_is_refused_in_words(old, schema, words, capsys):
    old.write_text(OLD.replace("schema = 0", f"schema = {schema}"), encoding="utf-8")
    before = old.read_bytes()
    assert main(["check", str(old), "--upgrade"]) == 2
    assert words in capsys.readouterr().err
    assert old.read_bytes() == before


def test_both_names_are_left_to_the_reader(old, capsys):
    old.write_text(OLD.replace("place", 'site = "kokkola"\nplace'), encoding="utf-8")
    assert main(["check", str(old)]) == 2
    assert "unknown key 'place'" in capsys.readouterr().err


def test_a_result_folder_is_not_rewritten(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert main(["check", str(tmp_path), "--upgrade"]) == 2
    assert "is not rewritten" in capsys.readouterr().err


MADE_UP = {
    0: (Rename((), "place", "site"), Rename(("measures", "*"), "level", "dose")),
    1: (Rename((), "measures", "tools"), Rename(("plants",), "when", "month")),
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 0\nplace='a' # x\n", "schema = 2\nsite='a' # x\n"),
        (
            "schema = 0\n[measures.taite] # y\n  level = 1\n[other.taite]\nlevel = 1\n",
            "schema = 2\n[tools.taite] # y\n  dose = 1\n[other.taite]\nlevel = 1\n",
        ),
        ("schema = 1\n[measures]\n'a'.b = 1", "schema = 2\n[tools]\n'a'.b = 1"),
        (
            'schema = 1\n[[plants]]\nwhen = 1\n\n[[plants]]\n"when" = 2\n',
            "schema = 2\n[[plants]]\nmonth = 1\n\n[[plants]]\nmonth = 2\n",
        ),
        ("schema = 1\r\n[measures]\r\n", "schema = 2\r\n[tools]\r\n"),
        ("schema = 0\nmeasures = {taite = {level = 1}}\n", None),  # only a person can
        ('schema = 0\nnote = """\nplace = 1\n"""\n', None),  # text that looks like a key
        ("schema = 0\nplace = 1\nsite = 2\n", None),
    ],
)
def test_texts_and_data_change_alike(old, new, monkeypatch):
    monkeypatch.setattr(scenarios.upgrade, "STEPS", MADE_UP)
    monkeypatch.setattr(scenarios.upgrade, "SCHEMA", 2)
    assert upgraded_text(old) == new
    if new is not None:
        assert upgraded(tomllib.loads(old)) == tomllib.loads(new)


def test_keys_keep_their_order(monkeypatch):
    monkeypatch.setattr(scenarios.upgrade, "STEPS", MADE_UP)
    monkeypatch.setattr(scenarios.upgrade, "SCHEMA", 2)
    data = {"schema": 0, "place": 1, "measures": {"b": {"level": 1}, "a": {}}, "z": 3}
    assert list(upgraded(data)) == ["schema", "site", "tools", "z"]
    assert list(upgraded(data)["tools"]) == ["b", "a"]
