"""The mistakes that are drawn, and what becomes of them, in a checkout of two files."""

import ast

import pytest

pytest.importorskip("cosmic_ray")  # of the extra dev

from .__main__ import ROOMS, ROOT, arguments
from .bench import Bench
from .drawing import candidates, draw, files_of

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
from pathlib import Path
from synapse.calc import seen, total

def test_total():
    assert total(1, b=2) == 3
    assert total(10) == 11

def test_text():
    assert "a > 10:" in Path("synapse/calc.py").read_text()
"""


@pytest.fixture
def checkout(tmp_path):
    for name, content in {
        "synapse/calc.py": SOURCE,
        "tests/test_calc.py": TESTS,
    }.items():
        file = tmp_path / "checkout" / name
        file.parent.mkdir(parents=True)
        file.write_text(content, encoding="utf-8")
    return tmp_path / "checkout"


def test_what_no_test_should_notice_is_not_drawn(checkout):
    drawn = draw(checkout, ["synapse"], count=1000, seed=0)
    lines = SOURCE.splitlines()
    places = {(lines[mutant.line - 1].strip(), mutant.column) for mutant in drawn}
    # The default 1 of b, the call, the condition with its operator and its number, and
    # the sum.
    assert sorted(places) == [
        ("def total(a: int | float, *, b: int = 1) -> int | float:", 38),
        ("if a > 10:", 7),
        ("if a > 10:", 9),
        ("if a > 10:", 11),
        ("return a + b", 13),
        ("seen.append(a)", 4),
    ]
    for mutant in drawn:
        ast.parse(mutant.code)
        assert mutant.code != SOURCE


def test_a_draw_is_that_of_its_seed():
    sources = ["synapse/analysis"]
    drawn = draw(ROOT, sources, count=6, seed=1)
    assert drawn == draw(ROOT, sources, count=6, seed=1)
    assert drawn[:3] == draw(ROOT, sources, count=3, seed=1)
    assert drawn != draw(ROOT, sources, count=6, seed=2)


def test_every_kind_of_mistake_is_made_somewhere():
    names = {
        mutant.operator for mutant in candidates(ROOT, "synapse/objects/network.py")
    }
    assert {
        "AddNot",
        "DeleteCall",
        "NumberReplacer",
        "ReplaceComparisonOperator_Is_IsNot",
    } <= names


def test_mistakes_are_made_in_a_copy_and_a_test_of_the_text_is_refused(
    checkout, tmp_path
):
    folder = tmp_path / "bench"
    folder.mkdir()
    bench = Bench(checkout, folder)
    files = ["synapse/calc.py"]
    failure, _ = bench.control(files, ["tests/test_calc.py"])
    assert failure == ""  # the condition reads the same in every layout

    by_layout = checkout / "tests" / "test_calc.py"
    (bench.root / "tests" / "test_layout.py").write_text(
        by_layout.read_text(encoding="utf-8").replace("a > 10:", "\\n\\n\\n"),
        encoding="utf-8",
    )
    failure, _ = bench.control(files, ["tests/test_layout.py"])
    assert failure == "tests/test_layout.py::test_text"

    verdicts = {}
    for mutant in candidates(checkout, "synapse/calc.py"):
        if mutant.operator in ("DeleteCall", "ReplaceComparisonOperator_Gt_LtE"):
            verdicts[mutant.operator] = bench.examine(
                mutant, [["tests/test_calc.py"]], limit=60
            )
    assert verdicts == {
        "DeleteCall": "",
        "ReplaceComparisonOperator_Gt_LtE": "tests/test_calc.py::test_total",
    }
    assert (checkout / "synapse/calc.py").read_text(encoding="utf-8") == SOURCE
    assert (bench.root / "synapse/calc.py").read_text(encoding="utf-8") == SOURCE


def test_a_run_without_end_is_ended(checkout, tmp_path):
    folder = tmp_path / "bench"
    folder.mkdir()
    bench = Bench(checkout, folder)
    endless = "import time\n\ndef test_endless():\n    time.sleep(600)\n"
    (bench.root / "tests" / "test_endless.py").write_text(endless, encoding="utf-8")
    assert (
        bench.run(["tests/test_endless.py"], bench.kernels, limit=3)
        == "no end within 3 s"
    )


def test_every_source_belongs_to_a_room_and_every_test_exists():
    covered = {
        file for room in ROOMS.values() for file in files_of(ROOT, room["sources"])
    }
    every = set(files_of(ROOT, ["synapse", "architect"]))
    names_only = {
        "synapse/__init__.py",
        "synapse/__main__.py",
        "synapse/engine/__init__.py",
    }
    assert {
        file for file in every - covered if (ROOT / file).read_bytes().strip()
    } <= names_only
    missing = [
        name
        for room in ROOMS.values()
        for name in room["tests"]
        if not (ROOT / name).exists()
    ]
    assert not missing


def test_a_room_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        arguments(["nowhere"])
    assert "analysis" in capsys.readouterr().err
    assert arguments(["all", "--sample", "3"]).rooms == list(ROOMS)
