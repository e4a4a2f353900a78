"""The mistakes that are drawn, what becomes of them in a checkout of two files, and
which tests can go."""

import ast
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("cosmic_ray")  # of the extra dev

from . import watch
from .__main__ import MOST, ROOT, read_table, summary
from .bench import Bench
from .decide import TestFunction as Function, removable
from .drawing import Mistake, candidates, draw
from .mends import mends
from .reached import Reached

SOURCE = '''"""Sums and 2 more."""
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    LEAST = 1

Pair = int | float
seen = []


def total(a: int | float, *, b: int = 1) -> int | float:
    """Return a + b."""
    seen.append(a)
    if a > 10:
        raise ValueError("a" + "b" * 3)
    return a + b
'''
TESTS = """
import os
import pytest

from synapse.calc import total

def test_total():
    assert total(1, b=2) == 3
    assert total(10) == 11

def test_limit():
    with pytest.raises(ValueError):
        total(11)

def test_nothing():
    pass

def test_end():
    if total(2) != 3:
        os._exit(1)

def test_after_the_end():
    assert total(2) == 3
"""
FILE = "tests/test_calc.py"


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    files = {"synapse/calc.py": SOURCE, "tests/__init__.py": "", FILE: TESTS}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def mistake_in(checkout, old, new):
    return Mistake(checkout, "synapse/calc.py", 16, "by hand", SOURCE.replace(old, new))


@pytest.fixture
def bench(checkout, tmp_path):
    made = Bench(checkout, tmp_path / "bench")
    (made.root / "tests" / "mutants").symlink_to(ROOT / "tests" / "mutants")
    return made


def names(*functions):
    return [f"{FILE}::{function}" for function in functions]


def test_what_no_test_should_notice_is_not_drawn(checkout):
    drawn = draw(checkout, ["synapse"], count=1000, seed=0)
    lines = SOURCE.splitlines()
    places = sorted(lines[mistake.line - 1].strip() for mistake in drawn)
    # The default 1 of b, the call, the condition with its operator and its number, and
    # the sum.
    assert places == [
        "def total(a: int | float, *, b: int = 1) -> int | float:",
        "if a > 10:",
        "if a > 10:",
        "if a > 10:",
        "return a + b",
        "seen.append(a)",
    ]
    assert all(ast.parse(mistake.code) for mistake in drawn)


def test_a_draw_is_that_of_its_seed_and_of_every_kind(checkout):
    drawn = draw(checkout, ["synapse"], count=4, seed=1)
    assert drawn[:3] == draw(checkout, ["synapse"], count=3, seed=1)
    assert drawn != draw(checkout, ["synapse"], count=4, seed=2)
    found = {place.operator for place in candidates(ROOT, "synapse/objects/network.py")}
    kinds = {"AddNot", "DeleteCall", "NumberReplacer"}
    assert kinds | {"ReplaceComparisonOperator_Is_IsNot"} <= found


def test_a_mend_is_taken_back(checkout):
    wrong = SOURCE.replace("a > 10", "a > 9")

    def git(*words):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        subprocess.run(command, cwd=checkout, check=True, capture_output=True)

    git("init")
    for content, subject in (
        (wrong, "sums"),
        (SOURCE, "sums: 10 is no longer refused"),
    ):
        (checkout / "synapse/calc.py").write_text(content, encoding="utf-8")
        (checkout / FILE).write_text(TESTS + f"# {subject}\n", encoding="utf-8")
        git("add", ".")
        git("commit", "-m", subject)
    (mistake,) = mends(checkout, count=3, seed=0)
    assert mistake.code == wrong
    assert (mistake.file, mistake.line) == ("synapse/calc.py", 14)


def test_red_tests_are_found_though_one_ends_the_process_or_never_ends(
    checkout, bench, monkeypatch
):
    def red(old, new, *tests, most=MOST):
        made = [mistake_in(checkout, old, new)] if new else []
        return bench.examine(made, names(*tests), {}, most)

    tests = "test_total", "test_nothing", "test_end", "test_after_the_end"
    wrong = names("test_total", "test_end", "test_after_the_end")
    assert red("return a + b", "return a - b", *tests) == wrong
    assert red("return a + b", "return a - b", *tests, most=1) == wrong[:1]
    assert red("", "", *tests) == []
    # a file that cannot be imported
    assert red("seen = []", "seen = missing", *tests[:2]) == names(*tests[:2])
    monkeypatch.setattr("tests.mutants.bench.TEST_SECONDS", 1)
    endless = "    while a == 1:\n        pass"
    found = red("    seen.append(a)", endless, "test_total", "test_limit")
    assert found == names("test_total")
    for root in (checkout, bench.root):
        assert (root / "synapse/calc.py").read_text(encoding="utf-8") == SOURCE


def test_reach_is_that_of_calls_fixtures_imports_and_kernels(checkout, tmp_path):
    def row(test, *functions, kernels=()):
        return {
            "test": f"{FILE}::{test}",
            "seconds": 0.1,
            "red": False,
            "tiers": [],
            "reads_sources": False,
            "functions": functions,
            "kernels": kernels,
        }

    records = tmp_path / "records"
    records.mkdir()
    rows = [
        row("test_total", "synapse/calc.py:11"),
        row("test_kernel", kernels=["synapse.calc.kernel int"]),
        row("test_nothing", "synapse/other.py:3"),
    ]
    kernel = {"kernel": "synapse.calc.kernel int", "functions": ["synapse/k.py:5"]}
    for name, written in {"tests": rows, "kernels": [kernel]}.items():
        text = "".join(json.dumps(each) + "\n" for each in written)
        (records / f"{name}-gw0.jsonl").write_text(text, encoding="utf-8")
    reached = Reached(checkout, records)
    inside = mistake_in(checkout, "a > 10", "a > 11")
    # the first test of a file makes the fixtures of all
    assert reached.tests_of(inside) == set(
        names("test_total", "test_kernel", "test_nothing")
    )
    assert reached.by_file["synapse/k.py"][5] == set(names("test_kernel"))
    assert reached.by_file["synapse/other.py"][3] == set(names("test_nothing"))
    assert reached.compiling == set(names("test_kernel"))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs sys.monitoring")
def test_watched_tests_tell_what_they_reach(tmp_path):
    """In processes that they start, too."""
    file = tmp_path / "test_watched.py"
    file.write_text(
        """
import subprocess, sys
import architect

def test_kernels():
    architect.Perceptron(1, 1, seed=0).activate([1.0])

def test_process():
    program = "import architect; architect.Perceptron(1, 1, seed=0)"
    subprocess.run([sys.executable, "-c", program], check=True)
""",
        encoding="utf-8",
    )
    environment = {watch.FOLDER: str(tmp_path), watch.TRACES: "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.watch"]
    command += ["-p", "no:cacheprovider", "-n", "0", "-c", str(ROOT / "pyproject.toml")]
    subprocess.run(
        [*command, "--rootdir", str(ROOT), str(file)],
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    text = (tmp_path / "tests-alone.jsonl").read_text(encoding="utf-8")
    kernels, process = map(json.loads, text.splitlines())
    for row in (kernels, process):
        assert any(each.startswith("architect/") for each in row["functions"])
    assert kernels["kernels"]
    translated = (tmp_path / "kernels-alone.jsonl").read_text(encoding="utf-8")
    assert "synapse/engine/online/" in translated


def test_the_dearest_goes_unless_it_is_missed():
    functions = [
        Function("dear", 9.0, 5, False),
        Function("kept", 8.0, 5, True),
        Function("alone", 7.0, 5, False),
        Function("cheap", 1.0, 5, False),
    ]
    noticed = {"a": {"dear", "cheap"}, "b": {"kept", "alone", "cheap"}, "c": {"alone"}}
    assert [each.name for each in removable(functions, noticed, {})] == ["dear"]
    reached = {("f", "tests"): {"dear", "cheap"}}  # among the most specific of f
    assert removable(functions, noticed, reached) == []
    reached = {(name, "tests"): {"dear", *"xyz"} for name in "ghi"}
    reached["j", "tests"] = {"dear", *"uvw"}
    assert [each.name for each in removable(functions, noticed, reached)] == ["dear"]
    reached["f", "tests"] = {"dear"}  # no other test of its folder reaches f
    assert [each.name for each in removable(functions, noticed, reached)] == ["cheap"]


def test_the_table_says_how_many_each_tier_notices(tmp_path):
    rows = [
        {"mistake": "a", "tier": "default", "red": ["x"]},
        {"mistake": "b", "tier": "default", "red": []},
        {"mistake": "b", "tier": "full", "red": ["y"]},
    ]
    path = tmp_path / "table.jsonl"
    assert read_table(path) == []
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert summary(read_table(path)).splitlines()[2:4] == [
        "| default | 2 | 1 |",
        "| full | 1 | 1 |",
    ]
