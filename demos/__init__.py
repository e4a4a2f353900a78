"""Demos: each one a file to read from top to bottom, and to run.

    python -m demos                 what there is
    python -m demos reber           run one; --quick, --seed N, --out DIR
    python -m demos --names         the names only

A demo is a module of this folder. The first line of its docstring says what it shows; the paragraph that
begins with "Task:" is printed before a run. Its ``main(quick, seed, out)`` runs it: small where `quick`,
from a seed, writing into the folder `out`. It ends with a call of ``lesson``, which prints what the
numbers just measured mean.
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
    first = _text(name).partition("\n")[0]
    return (first.partition(": ")[2] or first).rstrip(".")


def task(name: str) -> str:
    """What the network has to do: the paragraph of the docstring that begins with "Task:"."""
    return next(part for part in _text(name).split("\n\n") if part.startswith("Task:"))


def _text(name: str) -> str:
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""
