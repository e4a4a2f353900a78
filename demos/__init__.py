"""Demos: each one a file to read from top to bottom, and to run.

    python -m demos                 what there is
    python -m demos reber           run one; --quick, --seed N, --out DIR
    python -m demos --names         the names only

A demo is a module of this folder. The first line of its docstring says what it shows, and its
``main(quick, seed, out)`` runs it: small where `quick`, from a seed, writing into the folder `out`.
"""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of the demos: those of the modules here, without the ones that begin with "_"."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def summary(name: str) -> str:
    """What a demo shows: the first line of its docstring, read without running it."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    return (first.partition(": ")[2] or first).rstrip(".")
