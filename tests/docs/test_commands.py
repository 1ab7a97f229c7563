"""Commands and files that the documentation shows: each is parsed, the cheap ones are run."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.main

from experiments.app import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts and page.name != "decisions.md"]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
TUTORIAL = ROOT / "docs" / "tutorial.md"


def blocks(page, language=None):
    text = page.read_text(encoding="utf-8")
    return [body for kind, body in FENCED.findall(text) if language in (None, kind)]


def commands(page):
    """Return the words after the name of the command, line by line."""
    found = []
    for body in blocks(page):
        for line in body.splitlines():
            told = re.match(r"\s*(?:\S*/|\S*\\)?vacancy-chains (.*)", line.split("#")[0])
            if told and "[options]" not in line:
                found.append(shlex.split(told[1]))
    return found


def parse(words):
    """Parse a command as the program does, without running it."""
    group = typer.main.get_command(cli.app)
    context = group.make_context("vacancy-chains", list(words))
    name, command, rest = group.resolve_command(context, list(words))
    command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_can_be_typed(page):
    for words in commands(page):
        parse(words)


def test_a_wrong_command_would_be_noticed():
    with pytest.raises(Exception, match="no-such"):
        parse(["compare", "kokkola", "--no-such"])


def test_the_tutorial_shows_every_group_of_commands():
    shown = {words[0] for words in commands(TUTORIAL)}
    assert {"sites", "compare", "run", "check", "chain", "reproduce", "bundle"} <= shown


def test_files_of_the_tutorial_and_its_cheap_commands(tmp_path, monkeypatch, capsys):
    written = []
    for body in blocks(TUTORIAL, "toml"):
        name = re.match(r"# (\S+\.toml)\n", body)[1]
        (tmp_path / name).write_text(body, encoding="utf-8")
        written.append(name)
    monkeypatch.chdir(tmp_path)
    checked = set()
    for words in commands(TUTORIAL):
        if words[0] in ("sites", "measures", "mixes"):
            assert cli.main(words) == 0
        elif words[0] == "check" and words[1].endswith(".toml"):
            assert cli.main(words) == 0, capsys.readouterr()
            checked.update(words[1:])
    assert checked == set(written)


def test_the_place_of_the_tutorial_is_the_template_under_another_name():
    body = next(body for body in blocks(TUTORIAL, "toml") if body.startswith("# my_town"))
    shown = tomllib.loads(body)
    shipped = tomllib.loads((ROOT / "scenarios/sites/template.toml").read_text(encoding="utf-8"))
    assert shown["ten"].keys() == shipped["ten"].keys()
    for name, number in shown["ten"].items():
        assert number["value"] == shipped["ten"][name]["value"]
