"""The worked examples of CONTRIBUTING.md, followed to the letter in a copy of the packages."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cases import failures

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
KINDS = {"squash", "optimizer", "task", "analysis", "format", "rule"}


def test_the_examples_are_of_every_kind_and_fit_the_code():
    """Files are new, places are found once, and what the files import is there."""

    def check(title):
        for block in BLOCK.finditer(SECTIONS[title]):
            kind, about, code = block.group("kind", "about", "code")
            if kind == "file":
                assert not (ROOT / about).exists()
                assert not [name for name in imported(code, about) if not there(*name)]
            elif kind == "line":
                path, _, before = about.partition(" after ")
                inserted((ROOT / path).read_text(encoding="utf-8"), before, code)
            else:
                ast.parse(code)

    assert {title.rpartition(" ")[2] for title in SECTIONS} == KINDS
    assert not failures(list(SECTIONS), check)


def imported(code, file):
    """What a file imports from its package and those above, as modules and names."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = Path(file).parts[: -node.level]
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def there(module, name):
    return hasattr(importlib.import_module(module), name) or find_spec(f"{module}.{name}") is not None


@pytest.mark.compiler
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
            text = (tmp_path / path).read_text(encoding="utf-8")
            (tmp_path / path).write_text(inserted(text, before, code), encoding="utf-8")
        else:
            assert run(code, tmp_path) == (shown or "")


def inserted(text, before, line):
    """A text with one line more, after the only one that reads so."""
    assert line.count("\n") == 1
    lines = text.split("\n")
    places = [i for i, found in enumerate(lines) if found.strip() == before]
    assert len(places) == 1, (before, places)
    return "\n".join([*lines[: places[0] + 1], line.rstrip("\n"), *lines[places[0] + 1 :]])


def run(code, where):
    """What a program prints that finds the changed packages first."""
    environment = {**os.environ, "PYTHONPATH": str(where), "MPLBACKEND": "Agg"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, env=environment, cwd=where, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
