"""What a type checker and an editor see: programs of users without errors, mistakes
with one a line, and completion of what is there.
"""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import synapse
from synapse import _cost, _squash
from synapse.engine.functions.activations import FIRST_CUSTOM
from synapse.readwrite import _formats, formats
from tests.helpers.processes import python

FOLDER = Path(__file__).with_name("typed")
WRONG = "wrong.py"
TABLES = {"squashes": _squash.by_name, "costs": _cost.by_name}
PROGRAMS = sorted(path for path in FOLDER.glob("*.py") if path.name != WRONG)


def test_mypy_accepts_ten_programs_and_finds_every_line_of_wrong_ones():
    pytest.importorskip("mypy")
    root = FOLDER.parents[2]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    found = subprocess.run(
        [*command, "--config-file", "pyproject.toml", str(FOLDER)],
        cwd=root,
        env={**os.environ, "MYPYPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(r"(\w+\.py):(\d+): error: ", found.stdout)
    wrong = {int(line) for name, line in errors if name == WRONG}
    assert [name for name, _ in errors if name != WRONG] == [], found.stdout
    lines = (FOLDER / WRONG).read_text(encoding="utf-8").splitlines()
    expected = {
        number
        for number, line in enumerate(lines, 1)
        if line and line[0] not in '"#' and not line.endswith("# right")
    }
    assert wrong == expected, found.stdout + found.stderr
    assert len(PROGRAMS) == 10
    assert len(expected) > 30


def test_the_ten_programs_run(tmp_path):
    """In a process of their own: they register functions."""
    paths = [str(path) for path in PROGRAMS]
    python(
        "-c",
        f"import runpy\nfor path in {paths}: runpy.run_path(path)",
        cwd=tmp_path,
        MPLBACKEND="Agg",
    )


def test_options_and_names_of_formats_for_type_checkers_are_those_of_the_formats():
    written = [form.data for form in formats() if form.write and form.data]
    read = [form.from_data for form in formats() if form.read and form.from_data]
    for functions, declared in (
        (written, _formats.SaveOptions),
        (read, _formats.LoadOptions),
    ):
        options = {
            name
            for function in functions
            for name in [*inspect.signature(function).parameters][1:]
        }
        assert options == set(declared.__annotations__)
    files = {form.name for form in formats() if form.write or form.read}
    assert files == set(get_args(_formats.FileFormat))


@pytest.mark.parametrize("module", TABLES)
def test_a_type_checker_knows_the_names_and_synonyms_of_a_registry(module):
    text = Path(getattr(synapse, module).__file__).read_text(encoding="utf-8")
    declared = {
        target.id
        for branch in ast.parse(text).body
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for line in branch.body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if target.id[0] != "_"
    }
    table = TABLES[module]
    builtin = {name for name, item in table.items() if item.code < FIRST_CUSTOM}
    assert declared == builtin | {*table.synonyms}


MODULES = {"cli", "engine", "model", "objects", "scale"}
"""Modules of the package that are not public names of it."""


@pytest.mark.parametrize(
    "module", ["", "squashes", "costs", "initializers", "optimizers", "learning"]
)
def test_an_editor_completes_every_public_name_without_running_code(module):
    jedi = pytest.importorskip("jedi")
    path = f"synapse.{module}".rstrip(".")
    script = jedi.Script(f"import synapse\n{path}.")
    listed = {each.name for each in script.complete(2, len(path) + 1)}
    # in a process where no other test has registered a name
    code = f"import importlib; print(*dir(importlib.import_module({path!r})))"
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    public = {name for name in shown.stdout.split() if not name.startswith("_")}
    assert public <= listed
    others = {name for name in listed if name[0] != "_"} - public
    if not module:
        assert others == MODULES
    elif module in TABLES:
        assert others == {*TABLES[module].synonyms}
