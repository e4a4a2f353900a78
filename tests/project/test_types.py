"""What a type checker and an editor see: programs of users without errors, mistakes
with one a line, and completion of what is there.
"""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

import synapse
from synapse import _cost, _initializer, _squash
from synapse.engine.functions.activations import FIRST_CUSTOM
from synapse.readwrite import _formats, formats
from tests.arguments.public import MODULES as PUBLIC_MODULES
from tests.helpers.processes import python
from tests.surface import EXTRAS, MORE

FOLDER = Path(__file__).with_name("typed")
WRONG = "wrong.py"
TABLES = {
    "squashes": _squash.by_name,
    "costs": _cost.by_name,
    "initializers": _initializer.by_name,
}
PROGRAMS = sorted(path for path in FOLDER.glob("*.py") if path.name != WRONG)


def test_mypy_accepts_ten_programs_and_finds_every_line_of_wrong_ones():
    pytest.importorskip("mypy")
    root = FOLDER.parents[2]
    command = [sys.executable, "-m", "mypy", "--no-error-summary"]
    checked = subprocess.run(
        [*command, "--config-file", "pyproject.toml", str(FOLDER)],
        cwd=root,
        env={**os.environ, "MYPYPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(r"(\w+\.py):(\d+): error: ", checked.stdout)
    wrong = {int(line) for name, line in errors if name == WRONG}
    assert [name for name, _ in errors if name != WRONG] == [], checked.stdout
    lines = (FOLDER / WRONG).read_text(encoding="utf-8").splitlines()
    expected = {
        number
        for number, line in enumerate(lines, 1)
        if line and line[0] not in '"#' and not line.endswith("# right")
    }
    assert wrong == expected, checked.stdout + checked.stderr
    assert len(PROGRAMS) == 10
    assert len(expected) > 30


@pytest.mark.full
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


@pytest.mark.parametrize("module", ["squashes", "costs"])
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
    builtin = {
        name
        for name, item in table.items()
        if item.code < FIRST_CUSTOM and not isinstance(item, synapse.costs.SequenceCost)
    }
    assert declared == builtin | {*table.synonyms}


MODULES = [*PUBLIC_MODULES, *(f"synapse.{name}" for name in [*MORE, *EXTRAS])]
OTHERS = {
    "synapse": {"cli", "engine", "objects", "plain"},
    "synapse.draw": {"page"},
    "synapse.readwrite": {"templates"},
    **{f"synapse.{name}": {*table.synonyms} for name, table in TABLES.items()},
}
"""What jedi completes beside the public names: packages for maintainers, which
docs/architecture.md describes, and a text to read and run; folders of data; synonyms,
which work."""


def _is_package(module):
    return find_spec(module).submodule_search_locations is not None


SHOWN = """
import importlib, json
shown = {}
for name in %s:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        assert type(error).__name__ == "MissingExtraError", error
    else:
        shown[name] = [*module.__all__], dir(module)
print(json.dumps(shown))
"""


@cache
def _shown():
    """What each module shows when it has been imported after those before it, in a
    process where no test has registered a name; without those that lack an extra."""
    return json.loads(python("-c", SHOWN % MODULES))


@pytest.mark.full
@pytest.mark.parametrize("module", MODULES)
def test_dir_and_an_editor_show_the_public_names_and_no_others(module):
    if module not in _shown():
        pytest.skip(f"{module} needs a package that is not installed")
    starred, names = map(set, _shown()[module])
    names = {name for name in names if not name.startswith("_")}
    modules = {f"{module}.{name}" for name in names if _is_package(module)}
    assert {name for name in modules if find_spec(name)} <= {*MODULES}
    # `from synapse import *` imports no room that is imported when it is first used
    assert starred <= names if module == "synapse" else starred == names
    script = pytest.importorskip("jedi").Script(f"import {module}\n{module}.")
    completed = {each.name for each in script.complete(2, len(module) + 1)}
    assert {name for name in completed if name[0] != "_"} == names | OTHERS.get(
        module, set()
    )
