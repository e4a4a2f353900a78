"""Rules of the house: who touches the store, and what seeds are called.

The objects, learning and the engine touch the store. All others read through these and `Topology`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .arguments import PUBLIC

ROOT = Path(__file__).resolve().parents[1]
PRIVATE = {"_store", "_rows", "_connection_rows"}
"""How objects reach the columns of the store."""

OWNERS = ("synapse/engine", "synapse/learning")
"""Rooms that may use it, beside the objects and their helpers: the files of `synapse` itself."""


def _mentions(file: Path) -> set[str]:
    """The private attributes that a module uses."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return PRIVATE & {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _modules() -> list[Path]:
    files = [*(ROOT / "synapse").rglob("*.py"), *(ROOT / "architect").rglob("*.py")]
    return sorted(file.relative_to(ROOT) for file in files)


def _owns(file: Path) -> bool:
    folders = [str(folder) for folder in file.parents]
    return folders[0] == "synapse" or any(room in folders for room in OWNERS)


@pytest.mark.parametrize("file", [file for file in _modules() if not _owns(file)], ids=str)
def test_no_room_touches_the_store(file):
    assert not _mentions(ROOT / file)


# --- randomness --------------------------------------------------------------------------------

OTHER_NAMES = {"generator", "prng", "random_seed", "random_state", "rng"}
"""What other libraries call a seed."""


def test_every_seed_defaults_to_none():
    defaults = {
        name: one.parameters()["seed"].default for name, one in PUBLIC.items() if "seed" in one.parameters()
    }
    assert len(defaults) > 25
    assert {name: default for name, default in defaults.items() if default is not None} == {}


def test_no_seed_has_another_name():
    """Initializers are called with a generator, one that their caller draws from too."""
    called_otherwise = {name for name, one in PUBLIC.items() if OTHER_NAMES & one.parameters().keys()}
    assert {name for name in called_otherwise if not name.startswith("initializers.")} == set()
