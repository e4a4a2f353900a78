"""What an edit of the library compiles again."""

import shutil
from pathlib import Path

import pytest

import synapse
from synapse.engine.language.decorators import COMPILES
from tests.helpers import digests

pytestmark = [
    pytest.mark.compiler,
    pytest.mark.skipif(not COMPILES, reason="nothing is compiled"),
]
CLOCK = '    Column("clock",'
EDITS = {
    "a column": (
        "engine/schema.py",
        {CLOCK: f'    Column("more", "store", "uint64"),\n{CLOCK}'},
    ),
    "two places of an array": (
        "engine/records.py",
        {"    HELD = 4": "    HELD = 5", "    SIGNED = 5": "    SIGNED = 4"},
    ),
    "flags": (
        "engine/language/source.py",
        {'("reassoc", "contract"': '("contract"'},
    ),
    "a constant": ("engine/functions/elementary.py", {"ROUNDER = ": "ROUNDER = 2 * "}),
}
STEPS = {"loops.train_network", "loops.gradient_network", "train.train_epochs"}


@pytest.fixture
def copy(tmp_path):
    """The folder of a copy of the packages."""
    for name in ("synapse", "architect"):
        shutil.copytree(
            Path(synapse.__file__).parents[1] / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    return tmp_path


def test_an_edit_changes_the_kernels_that_it_reaches_and_words_change_none(copy):
    cache = copy / "cache"
    before = digests.kernels_of(copy, cache)
    assert {name.rpartition(".")[0] for name in before} >= STEPS
    found = {}
    for edit, (file, changes) in EDITS.items():
        path = copy / "synapse" / file
        text = edited = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, (file, old)
            edited = edited.replace(old, new)
        path.write_text(edited, encoding="utf-8")
        after = digests.kernels_of(copy, shutil.copytree(cache, copy / edit))
        found[edit] = digests.changed(before, after)
        path.write_text(text, encoding="utf-8")
    assert all("loops.train_network" in names for names in found.values())
    lowering = "whole.lower_rows"  # it has no floats, but the flags mark its loops
    assert {edit for edit, names in found.items() if lowering in names} == {
        *("two places of an array", "flags")
    }
    of_floats = {
        "loops.train_network",
        "loops.gradient_network",
        "compiled.activate_tanh",
        "compiled.judge_by_cross_entropy",
    }
    assert found["a constant"] <= of_floats
    for path in (copy / "synapse/engine").rglob("*.py"):
        digests.with_other_words(path)
    after = digests.kernels_of(copy, cache)
    assert digests.changed(before, after) == set()
    assert {name: file.code for name, file in after.items()} == {
        name: file.code for name, file in before.items()
    }
