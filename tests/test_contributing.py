"""The recipes of CONTRIBUTING.md, followed to the letter in a copy, and the tests that they name."""

import ast
import importlib
import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cases import all_hold
from tests.processes import python

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^<!-- (?P<kind>file|insert|run|test)(?: (?P<about>[^\n]+?))? -->\n```\w*\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
RECIPES = {
    title: list(BLOCK.finditer(body))
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    if BLOCK.search(body)
}
TITLES = """A squash, A cost, A column, An optimizer, A learning rule, An option of the trainer,
An architecture, A task, An agent, An environment, An analysis, A format, A demo"""

NO_CACHE = "-p", "no:cacheprovider"


def test_there_is_a_recipe_of_every_kind_and_all_fit_the_code():
    """Files are new, places are found once, and what the files import is there."""

    def check(title):
        for block in RECIPES[title]:
            kind, about, code = block.group("kind", "about", "code")
            if kind == "file":
                assert not (ROOT / about).exists()
                assert not [name for name in imported(code, about) if not there(*name)]
            elif kind == "insert":
                inserted(ROOT, about, code)
            elif kind == "run":
                ast.parse(code)
            else:
                assert all((ROOT / name).exists() for name in named_tests(code) if not defined(title, name))

    assert list(RECIPES) == re.split(r",\s+", TITLES)
    all_hold(check, list(RECIPES))


def imported(code, file):
    """What a file imports from its package and those above, as modules and names."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = Path(file).parts[: -node.level]
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def there(module, name):
    return hasattr(importlib.import_module(module), name) or find_spec(f"{module}.{name}") is not None


def named_tests(code):
    """The files and folders in commands of pytest."""
    return [word for word in shlex.split(code, comments=True) if "/" in word]


def defined(title, name):
    return any(block["about"] == name for block in RECIPES[title])


def inserted(root, about, code):
    """The path of a file, and its text with some lines more, before or after the only line that reads so."""
    path, place, line = re.fullmatch(r"(\S+) (before|after) (.+)", about).groups()
    lines = (root / path).read_text(encoding="utf-8").split("\n")
    (at,) = (i for i, each in enumerate(lines) if each.strip() == line)
    at += place == "after"
    blank = [""] * 2 if code.startswith("@") else []  # a function of its own
    return root / path, "\n".join([*lines[:at], *code.removesuffix("\n").split("\n"), *blank, *lines[at:]])


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository, with the kernels that have been compiled."""
    whole, left_out = (
        tmp_path_factory.mktemp("copy") / "synapse",
        (".[!c]*", "*.egg-info", "build", "dist", "site"),
    )
    shutil.copytree(ROOT, whole, ignore=shutil.ignore_patterns(*left_out))
    return whole


@pytest.mark.compiler
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_ends_green(title, copy, tmp_path):
    public = copy / "tests/golden/public.txt"
    changed = {public: public.read_text(encoding="utf-8")}
    try:
        for block in RECIPES[title]:
            kind, about, code, shown = block.group("kind", "about", "code", "shown")
            if kind in ("file", "insert"):
                path, text = (copy / about, code) if kind == "file" else inserted(copy, about, code)
                changed.setdefault(path, path.read_text(encoding="utf-8") if path.exists() else None)
                path.write_text(text, encoding="utf-8")
            elif kind == "run":
                assert run(["-W", "error", "-c", code], copy, tmp_path) == (shown or "")
            else:
                for command in code.splitlines():
                    name, *words = shlex.split(command, comments=True)
                    words = words if name == "python" else ["-m", "pytest", "-q", "-x", *NO_CACHE, *words]
                    run(words, copy, copy)
    finally:
        for path, text in changed.items():
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")


def run(arguments, packages, where):
    """What a Python prints that finds the changed packages first."""
    return python(*arguments, cwd=where, timeout=1800, PYTHONPATH=str(packages), MPLBACKEND="Agg")
