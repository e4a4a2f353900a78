"""Demos: each demo is one file that you can read from top to bottom and run.

    python -m demos                 list the demos
    python -m demos reber           run one; --quick, --seed N, --out DIR
    python -m demos --names         the names only

A demo is a module of this folder. The first line of its docstring says what it shows;
the paragraph that begins with "Task:" is printed before a run. Its ``main(quick, seed,
out)`` runs it, in a small version if `quick`, with a seed, and writes files to the
folder `out`. It ends with a call of ``lesson``, which prints the conclusion."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of the demos: the modules of this folder that do not begin with "_"."""
    stems = (path.stem for path in FOLDER.glob("*.py"))
    return sorted(stem for stem in stems if not stem.startswith("_"))


def summary(name: str) -> str:
    """The summary of a demo: its first line, read without running it."""
    line = _text(name).partition("\n")[0]
    return (line.partition(": ")[2] or line).rstrip(".")


def task(name: str) -> str:
    """The task of a demo: the paragraph of its docstring that begins with "Task:"."""
    paragraphs = _text(name).split("\n\n")
    return next(text for text in paragraphs if text.startswith("Task:"))


def _text(name: str) -> str:
    """The docstring of a demo."""
    code = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(code)) or ""
