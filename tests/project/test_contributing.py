"""The recipes of docs/recipes, followed to the letter in a copy, and the tests that
they name."""

import argparse
import ast
import importlib
import os
import re
import shlex
import shutil
import subprocess
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.cases import all_hold
from tests.helpers.processes import python

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "recipes"
BLOCK = re.compile(
    r"^(?:<!-- (?P<check>run|test) -->|"
    r"\*\*(?P<new>New file )?`(?P<file>\S+)`"
    r"(?:, (?P<how>imports|in|at)(?: under)?(?: `(?P<place>.+?)`)?)?:\*\*)\n"
    r"```\w*\n(?P<code>.*?)^```\n(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
"""A block of code after a comment, which is run, or after a line that says where it
goes."""
RECIPES = {
    page.stem: list(BLOCK.finditer(page.read_text(encoding="utf-8")))
    for page in sorted(FOLDER.glob("*.md"))
}
IN_WORDS = {"index", "picture", "subcommand"}
"""Pages without lines to add."""
TRIED = [name for name in RECIPES if name not in IN_WORDS]

NO_CACHE = "-p", "no:cacheprovider"


def test_recipes_fit_the_code():
    """Files are new, places are there, and what the files import exists."""

    def check(name):
        for block in RECIPES[name]:
            file, code = block.group("file", "code")
            if block["new"]:
                assert not (ROOT / file).exists()
                assert not [pair for pair in imported(code, file) if not there(*pair)]
            elif file:
                changed(ROOT, block)
            elif block["check"] == "run":
                ast.parse(code)
            else:
                # the files and folders in commands of pytest
                words = shlex.split(code, comments=True)
                named = {word for word in words if "/" in word}
                added = {block["file"] for block in RECIPES[name]}
                assert all((ROOT / path).exists() for path in named - added), named

    assert {name for name, blocks in RECIPES.items() if not blocks} == IN_WORDS
    all_hold(check, TRIED)


def test_contributing_is_short_and_links_every_recipe():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 200
    pages = set(RECIPES) - {"index"}
    assert pages == set(re.findall(r"docs/recipes/(\w+)\.md\)", page))
    listed = (FOLDER / "index.md").read_text(encoding="utf-8").split("```")[1].split()
    assert sorted(listed[1:]) == sorted(pages)


MARK = re.compile(r"^ *(?:#|\.\.) (\[recipe .+\])$", re.MULTILINE)


def test_every_mark_of_a_recipe_is_used():
    places = {block["place"] for blocks in RECIPES.values() for block in blocks}
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    marks = {
        mark
        for file in files.stdout.split()
        if file.endswith((".py", ".rst"))
        and file != "tests/project/test_contributing.py"
        for mark in MARK.findall((ROOT / file).read_text(encoding="utf-8"))
    }
    assert marks <= places


def imported(code, file):
    """What a file imports from its package and those above, as modules and names."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = Path(file).parts[: -node.level]
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def there(module, name):
    return (
        hasattr(importlib.import_module(module), name)
        or find_spec(f"{module}.{name}") is not None
    )


def changed(root, block):
    """The path of a file, and its text with the lines of a block where CONTRIBUTING.md
    says they go."""
    file, way, place, code = block.group("file", "how", "place", "code")
    lines = (root / file).read_text(encoding="utf-8").split("\n")
    if way == "imports":
        at = after_imports(lines, place)
        code = textwrap.indent(code, "    " * bool(place))
    elif way == "at":
        (at,) = (
            i
            for i, line in enumerate(lines)
            if line.strip() in (f"# {place}", f".. {place}")
        )
    else:
        at = end_of(lines, place)
    added = code.removesuffix("\n").split("\n")
    if code.startswith(("@", "def ")):  # a function of its own
        added += ["", ""]
    return root / file, "\n".join([*lines[:at], *added, *lines[at:]])


def after_imports(lines, condition):
    """The line after the imports of a file, or of its block ``if NAME:``."""
    body = ast.parse("\n".join(lines)).body
    if condition:
        (body,) = (
            n.body
            for n in body
            if isinstance(n, ast.If) and ast.unparse(n.test) == condition
        )
    return max(
        node.end_lineno
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def end_of(lines, name):
    """The line at the end of a literal, a class, a signature, or a section of a
    docstring."""
    name, _, section = name.partition(": ")
    nodes = ast.parse("\n".join(lines)).body
    for member in name.split("."):
        (node,) = (node for node in nodes if member in names_of(node))
        nodes = getattr(node, "body", [])
    if section:
        return lines.index("", lines.index(f"    {section}", node.lineno))
    if isinstance(node, ast.ClassDef):
        return max(
            each.end_lineno for each in node.body if isinstance(each, ast.AnnAssign)
        )
    if isinstance(node, ast.FunctionDef):
        arguments = node.args
        last = [
            *arguments.args,
            *arguments.kwonlyargs,
            *filter(None, arguments.kw_defaults),
        ]
        return max(each.end_lineno for each in last)
    value = node.value
    while isinstance(value, ast.Call):  # of a class that takes the literal
        value = value.args[0]
    return value.end_lineno - 1


def names_of(node):
    """The names that a statement defines."""
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return {ast.unparse(node.target)}
    return {getattr(node, "name", "")}


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the repository, with the kernels that have been compiled.

    If they are in a folder that environments share, a copy of this folder takes its
    place, because kernels of edited sources would replace the files there. Functions of
    users are left out, because other processes may remove them meanwhile."""
    whole = tmp_path / "synapse"
    left_out = (".[!c]*", "*.egg-info", "build", "dist", "site")
    shutil.copytree(ROOT, whole, ignore=shutil.ignore_patterns(*left_out))
    shared, own = os.environ.get("SYNAPSE_CACHE_DIR"), tmp_path / "kernels"
    if shared and Path(shared).is_dir():
        changing = shutil.ignore_patterns("function.*", "*.tmp")
        shutil.copytree(shared, own, ignore=changing)
    if shared:
        monkeypatch.setenv("SYNAPSE_CACHE_DIR", str(own))
    return whole


@pytest.mark.compiler
def test_all_recipes_together_end_green(copy, tmp_path):
    """Each adds its lines beside those of the others, as in a project that grows. What
    several of them run is run once: a test of one fails as it would alone."""
    blocks = [block for name in TRIED for block in RECIPES[name]]
    for block in blocks:
        file, code = block.group("file", "code")
        if file:
            path, text = (copy / file, code) if block["new"] else changed(copy, block)
            assert not block["new"] or not path.exists()
            path.write_text(text, encoding="utf-8")
    for block in blocks:
        if block["check"] == "run":
            code, shown = block.group("code", "shown")
            assert run(["-W", "error", "-c", code], copy, tmp_path) == (shown or "")
    for words in commands(blocks):
        run(words, copy, copy)


TESTS = argparse.ArgumentParser("pytest")
TESTS.add_argument("-m")
TESTS.add_argument("-k")
TESTS.add_argument("paths", nargs="*")


def commands(blocks):
    """What the recipes run after their lines, without what several run: programs, then
    the tests of each tier, those of whole files and those that are chosen by name."""
    lines = [
        shlex.split(line, comments=True)
        for block in blocks
        if block["check"] == "test"
        for line in block["code"].splitlines()
    ]
    yield from {tuple(words): None for program, *words in lines if program == "python"}
    chosen = {}
    for program, *words in lines:
        if program == "pytest":
            of = TESTS.parse_args(words)
            chosen.setdefault((of.m, of.k is not None), []).append(of)
    whole = {path for of in chosen[None, False] for path in of.paths}
    for (tier, is_by_name), found in chosen.items():
        paths = {path: None for of in found for path in of.paths}
        words = ["-m", "pytest", "-q", "-x", *NO_CACHE]
        words += [] if tier is None else ["-m", tier]
        if is_by_name:
            words += ["-k", " or ".join(f"({of.k})" for of in found)]
            paths = [path for path in paths if path not in whole]
        yield [*words, *paths]


def run(arguments, packages, where):
    """What a Python prints that finds the changed packages first."""
    return python(
        *arguments, cwd=where, timeout=1800, PYTHONPATH=str(packages), MPLBACKEND="Agg"
    )
