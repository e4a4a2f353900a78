"""Names in docstrings and comments: after a rename they must be the present ones."""

import ast
import builtins
import keyword
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.sources import nodes_of, trees

ROOT = Path(__file__).parents[2]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
MARKED = re.compile(r"(?<![`:\w])`([^`]+)`(?!`)|(?<!`)``([^`]+)``(?!`)")  # no roles
OF_PYTHON = {*dir(builtins), *keyword.kwlist, "__all__"}
OF_OTHERS = {"Flatten", "Linear", "RNN", "Sequential", "X", "classes_", "stacklevel"}
OF_TABLES = {
    "NetworkClassifier": "epochs eval_set fit metrics min_delta partial_fit"
    " goal patience progress restore_best shuffle validation"
}
"""Parameters and methods that a class gets from a table in another module."""
WRITTEN = (".js", ".npy")
"""Suffixes of files that are written: they are not in this repository."""


def parameters(function):
    """Names of the parameters of a function."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {each.arg for each in [*named, arguments.vararg, arguments.kwarg] if each}


def names_in(nodes):
    """Names that a module binds or uses, but for parameters and local variables; and
    its texts that may be names of options."""
    names = set()
    for node in nodes:
        if isinstance(node, DEFINITIONS):
            names.add(node.name)
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.keyword):
            names.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= {node.value} if node.value.isidentifier() else set()
        elif isinstance(node, ast.Module | ast.ClassDef):
            lines = [line for line in node.body if not isinstance(line, DEFINITIONS)]
            inside = [each for line in lines for each in ast.walk(line)]
            names |= {each.id for each in inside if isinstance(each, ast.Name)}
    return names


@cache
def names_of_modules():
    """The names in each file."""
    return {path: names_in(nodes_of(path)) for path in trees()}


@cache
def known_everywhere():
    """Classes, functions of modules, folders, and names of Python and of others."""
    names = {*OF_PYTHON, *OF_OTHERS}
    for path, tree in trees().items():
        names |= {node.name for node in tree.body if isinstance(node, FUNCTIONS)}
        names |= {n.name for n in nodes_of(path) if isinstance(n, ast.ClassDef)}
        names |= {*path.with_suffix("").parts}
    return names


@cache
def attributes():
    """All names, of which a name behind a point is one."""
    return known_everywhere().union(*names_of_modules().values())


@cache
def files():
    """The modules of the library, and the names of all its files."""
    names = {path.name for path in (ROOT / "synapse").rglob("*.*")}
    return {path.stem for path in trees()}, names


def is_text(line):
    """Whether a statement is a docstring, of a definition or of the line before it."""
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def unknown_names(code, allowed, parameter_names):
    """The names in marked code that are not allowed. Code that is no name, nor a range
    of names or of a parameter's entries, is an example or a formula."""
    code = " ".join(code.split())
    if re.fullmatch(r"[A-Za-z_]\w*( \.\. [A-Za-z_]\w*)?", code):
        return set(code.split(" .. ")) - allowed
    if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", code):
        owner = code.partition(".")[0]
        modules, names = files()
        if code in names or code.endswith(WRITTEN):
            return set()
        if owner not in modules and find_spec(owner):
            return set()  # a name of another library
        name = code.rpartition(".")[2]
        return set() if name in attributes() or name in allowed else {code}
    entries = re.fullmatch(r"(\w+)\[[^\[\]]*\]", code)
    if entries and entries[1] in parameter_names:  # single letters are indices
        return set(re.findall(r"[A-Za-z_]\w+", code)) - allowed
    return set()


def faults(node, allowed):
    """The unknown names of the docstring of a definition, and of those inside of it."""
    parameter_names = set(OF_TABLES.get(getattr(node, "name", ""), "").split())
    parameter_names |= parameters(node) if isinstance(node, FUNCTIONS) else set()
    of_inner = allowed
    if isinstance(node, FUNCTIONS):  # those inside of it also name its variables
        of_inner = of_inner | {
            each.id for each in ast.walk(node) if isinstance(each, ast.Name)
        }
    else:  # classes and modules name parameters of their functions
        inside = ast.walk(node) if isinstance(node, ast.Module) else node.body
        functions = [each for each in inside if isinstance(each, FUNCTIONS)]
        parameter_names = parameter_names.union(*map(parameters, functions))
    if not isinstance(node, ast.Module):
        of_inner = of_inner | parameter_names
    texts = [str(line.value.value) for line in node.body if is_text(line)]
    for marks in MARKED.findall("\n".join(texts)):
        if marks[0] or not marks[1].isidentifier():
            for name in unknown_names(
                "".join(marks), allowed | parameter_names, parameter_names
            ):
                yield f"{getattr(node, 'name', 'module')}: {name}"
    for child in ast.walk(node) if isinstance(node, FUNCTIONS) else node.body:
        if isinstance(child, DEFINITIONS) and child is not node:
            yield from faults(child, of_inner)


@pytest.mark.full
def test_docstrings_name_what_there_is():
    """Private ones included: parameters, names of the module or the package, attributes
    and options."""
    mistakes = [
        f"{path.relative_to(ROOT)} {fault}"
        for path, tree in trees().items()
        for fault in faults(tree, known_everywhere() | names_of_modules()[path])
    ]
    assert not mistakes, "\n".join(mistakes)


def test_comments_name_constants_that_there_are():
    """Such as ``schema.HIDDEN``: a constant of the module of this name."""
    texts = {path: path.read_text(encoding="utf-8") for path in trees()}
    named = re.findall(r"``(\w+)\.([A-Z_]+)``", "\n".join(texts.values()))
    constants = {}
    for path in texts:
        module = path.parent.name if path.stem == "__init__" else path.stem
        if module in dict(named):
            constants.setdefault(module, set()).update(names_in(nodes_of(path)))
    assert not [
        f"{module}.{name}"
        for module, name in named
        if module in constants and name not in constants[module]
    ]


def test_the_check_finds_a_parameter_that_has_been_renamed():
    tree = ast.parse(
        "def is_whole(value, least, most):\n"
        "    '''Whether `value` is in ``first .. most``, `widths`, or ``value[last]``."
        "'''\n"
    )
    mistakes = sorted(faults(tree, known_everywhere() | names_in(ast.walk(tree))))
    assert mistakes == ["is_whole: first", "is_whole: last", "is_whole: widths"]
