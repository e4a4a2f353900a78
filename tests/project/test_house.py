"""Rules of the house: who touches the store, and what seeds are called.

The objects, learning and the engine touch the store. All others read through these and
`Topology`."""

import ast
import difflib
import re
from collections import defaultdict
from importlib import import_module
from pathlib import Path

import synapse
from tests.arguments import PUBLIC
from tests.arguments.public import MODULES
from tests.helpers.sources import nodes_of, trees
from tests.surface import WRITTEN, surface

ROOT = Path(__file__).resolve().parents[2]
PRIVATE = {"_store", "_rows", "_connection_rows"}
OWNERS = (
    "synapse/engine",
    "synapse/learning",
    "synapse/objects",
    "synapse/analysis/_explanation.py",
)
"""Rooms that may use it, and the analysis that shows what a propagation used."""


def test_no_room_touches_the_store():
    files = (*ROOT.glob("synapse/*/**/*.py"), *ROOT.glob("architect/**/*.py"))
    names = {file: file.relative_to(ROOT).as_posix() for file in files}
    rooms = [file for file in files if not names[file].startswith(OWNERS)]
    assert len(rooms) > 80
    assert not [
        f"{names[file]}: {node.attr}"
        for file in rooms
        for node in nodes_of(file)
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE
    ]


def test_every_seed_is_called_so_and_defaults_to_none():
    seeds = {"seed", "generator", "prng", "random_seed", "random_state", "rng"}
    found = {
        (name, key, parameter.default)
        for name, call in PUBLIC.items()
        for key, parameter in call.parameters().items()
        if key in seeds
    }
    assert len(found) > 25
    assert {(key, default) for _, key, default in found} == {("seed", None)}


def test_what_is_public_changes_only_knowingly():
    """Names, parameters, defaults. If the change is wanted: ``python -m
    tests.surface``."""
    written = WRITTEN.read_text(encoding="utf-8").splitlines()
    names = "written down", "in the code"
    changed = difflib.unified_diff(written, list(surface()), *names, lineterm="", n=0)
    assert not (lines := list(changed)), "\n".join(lines)


def test_the_reference_lists_what_is_public():
    """By name, or with all that its module has."""
    pages = "".join(
        page.read_text(encoding="utf-8")
        for page in (ROOT / "docs/reference").glob("*.rst")
    )
    whole = set(re.findall(r"automodule:: (\S+)\n +:members:", pages))
    missing = [
        f"{module}.{name}"
        for module in MODULES
        for name in import_module(module).__all__
        if module not in whole and not re.search(rf"\b{name}\b", pages)
    ]
    assert missing == ["synapse.SynapseError"]  # listed with the other errors


SECTIONS = """Parameters, Other Parameters, Returns, Yields, Raises, Warns, Warnings,
Attributes, See Also, Notes, References, Examples"""


def test_every_section_of_a_docstring_has_its_own_line_and_is_underlined():
    """Text that was wrapped into one line with its underline would be lost, as would
    one without."""
    names = "|".join(re.split(r",\s+", SECTIONS))
    wrapped = re.compile(rf"^ *({names}) +-{{3,}}|\S.* -{{4,}}(?: |$)", re.MULTILINE)
    bare = re.compile(rf"^ *({names}):?$(?!\n *-{{3,}}$)", re.MULTILINE)
    assert not [
        (file.name, getattr(node, "name", ""))
        for file in trees()
        for node in nodes_of(file)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for text in [ast.get_docstring(node) or ""]
        if wrapped.search(text) or bare.search(text)
    ]


def test_no_module_sets_what_another_one_owns():
    """A reader and a tool can follow imports, but not methods and entries that a module
    above sets."""

    def owner_of(target):
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        return getattr(target, "id", None)

    foreign = []
    for path, tree in trees().items():
        imported = {
            name.asname or name.name.split(".")[0]
            for node in nodes_of(path)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        foreign += [
            f"{path.relative_to(ROOT)}:{target.lineno}: {ast.unparse(target)}"
            for node in tree.body
            for target in getattr(node, "targets", [])
            if not isinstance(target, ast.Name) and owner_of(target) in imported
        ]
    assert foreign == []


def test_tests_lie_in_the_folders_of_their_rooms():
    """What is run as a program, such as ``python -m tests.surface``, lies above
    them."""
    tests = ROOT / "tests"
    assert {file.name for file in tests.glob("*.py")} == {
        "__init__.py",
        "conftest.py",
        "surface.py",
    }
    others = {
        "arguments",
        "checks",
        "fuzz",
        "functions",
        "guesses",
        "helpers",
        "language",  # of the engine
        "mutants",
        "project",
        "studies",
        "ways",
    }
    rooms = {file.parent.name for file in ROOT.glob("synapse/*/__init__.py")}
    folders = {file.parent.name for file in tests.glob("*/__init__.py")}
    assert folders <= rooms | {"architect"} | others


def test_the_map_in_the_first_docstring_names_every_room():
    top = ROOT / "synapse"
    rooms = {path.stem for path in top.glob("*.py") if not path.stem.startswith("_")}
    rooms |= {path.parent.name for path in top.glob("*/__init__.py")}
    assert rooms - set(re.findall(r"``(\w+)(?:\.py)?``", synapse.__doc__)) == set()


# --- words --------------------------------------------------------------------------


def _modules():
    """The nodes of the modules of the library, by their paths."""
    for path in trees():
        yield path.relative_to(ROOT).as_posix(), nodes_of(path)


SAME_ROLES = {
    "Connection": {"synapse/objects/connection.py", "synapse/plain.py"},
    "Neuron": {"synapse/objects/neuron.py", "synapse/plain.py"},
    "NetworkClassifier": {
        "synapse/river/_classifier.py",
        "synapse/sklearn/_row_estimators.py",
    },
    "NetworkForecaster": {
        "synapse/forecasting/_network_forecaster.py",
        "synapse/river/_forecaster.py",
        "synapse/sktime/_forecaster.py",
    },
    "NetworkRegressor": {
        "synapse/river/_regressor.py",
        "synapse/sklearn/_row_estimators.py",
    },
    "Comparison": {
        "synapse/analysis/_comparison.py",
        "synapse/tables/_series_comparison.py",
    },
}
"""Classes that have one role in the interfaces of several libraries, and public ones
that are found in their rooms."""


def test_no_two_classes_have_one_name():
    files = defaultdict(list)
    for name, nodes in _modules():
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                files[node.name].append(name)
    assert len(files) > 300
    twice = {name: {*paths} for name, paths in files.items() if len(paths) > 1}
    assert twice.items() <= SAME_ROLES.items()


WITHOUT_A_NOUN = re.compile(
    "(MOST|LEAST|FEWEST)_.*|ALONE|CLOSE|DEEP|DEEPEST|FAST|FEW|FEWEST|FINER|FINEST|FLAT"
    "|LARGER|LEAST|LIKE|LONG|LONGEST|MANY|MOST|MUCH|NARROW|NEAR|NEARLY|SAFE|SHORT"
    "|SHORTEST|SMALL|SMALLEST|SOME|SOON|SURE|TALLEST|THICKEST|TINY|TOGETHER|WIDEST"
)


def test_constants_have_a_noun():
    """MAX_NEURONS and MIN_ROWS, not MOST_NEURONS and SHORTEST."""
    assert not [
        f"{name}: {target.id}"
        for name, (module, *_) in _modules()
        for node in module.body
        for target in getattr(node, "targets", [getattr(node, "target", None)])
        if WITHOUT_A_NOUN.fullmatch(getattr(target, "id", "").lstrip("_"))
    ]


def test_half_open_ranges_have_a_start_and_a_stop():
    """As slices of Python. An end or a last one would be read as included."""

    def names(arguments):
        parts = arguments.posonlyargs, arguments.args, arguments.kwonlyargs
        return {argument.arg for part in parts for argument in part}

    assert not [
        f"{name}: {node.name}"
        for name, nodes in _modules()
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and names(node.args) & {"start", "begin", "first"}
        and names(node.args) & {"last", "end"}
    ]
