"""The worked examples of CONTRIBUTING.md, followed to the letter in a copy of the packages."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^<!-- (?P<kind>file|append|line|run) ?(?P<about>.*?) -->\n```\w*\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
SECTIONS = {
    title: body
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    if "<!-- run" in body
}
KINDS = {
    "squash",
    "optimizer",
    "architecture",
    "task",
    "analysis",
    "picture",
    "format",
    "rule",
    "subcommand",
}


def test_there_is_an_example_of_every_kind():
    assert {title.rpartition(" ")[2] for title in SECTIONS} == KINDS


@pytest.mark.parametrize("title", SECTIONS)
def test_the_example_works_as_it_is_written(title, tmp_path):
    for package in ("synapse", "architect"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for block in BLOCK.finditer(SECTIONS[title]):
        kind, about, code, shown = block.group("kind", "about", "code", "shown")
        if kind == "file":
            path = tmp_path / about
            assert not path.exists()
            path.write_text(code, encoding="utf-8")
        elif kind == "append":
            with (tmp_path / about).open("a", encoding="utf-8") as file:
                file.write(f"\n\n{code}")
        elif kind == "line":
            path, _, before = about.partition(" after ")
            insert(tmp_path / path, before, code)
        else:
            assert run(code, tmp_path) == (shown or "")


def insert(path, before, line):
    """Insert one line after the only one that reads so."""
    assert line.count("\n") == 1
    lines = path.read_text(encoding="utf-8").split("\n")
    places = [i for i, found in enumerate(lines) if found.strip() == before]
    assert len(places) == 1, (path, before, places)
    lines.insert(places[0] + 1, line.rstrip("\n"))
    path.write_text("\n".join(lines), encoding="utf-8")


def run(code, where):
    """What a program prints that finds the changed packages first."""
    environment = {**os.environ, "PYTHONPATH": str(where), "MPLBACKEND": "Agg"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
