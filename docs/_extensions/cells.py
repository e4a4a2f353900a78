"""Code that stands in a page or a notebook: found, run in order, and what it says told.

Sphinx is not needed here: the tests use this too.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of Python, the line it begins in, and the block of text right after it ("": none)."""

    line: int
    code: str
    shown: str


def blocks(text: str) -> Iterator[Block]:
    """The blocks of Python of a Markdown page, in order."""
    fences = list(FENCE.finditer(text))
    for fence, after in zip(fences, [*fences[1:], None]):
        if fence[1] != "python":
            continue
        beside = after and after[1] == "text" and not text[fence.end() : after.start()].strip()
        yield Block(text.count("\n", 0, fence.start(2)) + 1, fence[2], after[2] if beside else "")


def run(code: str, names: dict[str, Any], where: str, line: int = 1, *, show_last: bool = False) -> str:
    """Run code among `names`; what it prints, and with `show_last` what a notebook shows of its end.

    That is the value of its last line, if it has one and does not end with a semicolon.
    """
    tree = ast.parse("\n" * (line - 1) + code, where)
    ends = show_last and not code.rstrip().endswith(";")
    last = tree.body.pop() if ends and tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(tree, where, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
            if value is not None:
                print(repr(value))
    return said.getvalue()


def notebook(path: Path) -> Iterator[tuple[str, str]]:
    """The cells of a notebook: their kind, ``markdown`` or ``code``, and their text."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def run_notebook(path: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Run a notebook: of every cell its kind, text, what it says, and its pictures as base64 of PNG.

    Code cells run in order among names of their own, as plain Python: magic commands are errors.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, (kind, text) in enumerate(notebook(path)):
        if kind == "code":
            yield kind, text, run(text, names, f"{path.name}, cell {number}", show_last=True), pictures()
        else:
            yield kind, text, "", []


def pictures() -> list[str]:
    """The figures that are open in matplotlib, which are then closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    found = []
    for number in pyplot.get_fignums() if pyplot else []:
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=110)
        found.append(base64.b64encode(file.getvalue()).decode("ascii"))
        pyplot.close(number)
    return found
