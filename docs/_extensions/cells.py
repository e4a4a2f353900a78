"""Find the code of a page or notebook, run it in order, and collect its output.

This module does not need Sphinx, so the tests use it too.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import linecache
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of Python, its first line number, and the text block directly
    after it, or ""."""

    line: int
    code: str
    shown: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the Python blocks of a Markdown page, in order."""
    fences = list(FENCE.finditer(text))
    for fence, after in zip(fences, [*fences[1:], None]):
        if fence[1] != "python":
            continue
        adjacent = (
            after
            and after[1] == "text"
            and not text[fence.end() : after.start()].strip()
        )
        yield Block(
            text.count("\n", 0, fence.start(2)) + 1,
            fence[2],
            after[2] if adjacent else "",
        )


def run(
    code: str,
    names: dict[str, Any],
    where: str,
    line: int = 1,
    *,
    show_last: bool = False,
) -> str:
    """Run code in the namespace `names` and return its output.

    With `show_last`, the output includes the value of the last line, as in a notebook,
    if that line is an expression and does not end with a semicolon.
    """
    _remember(code, where, line)
    tree = ast.parse("\n" * (line - 1) + code, where)
    ends = show_last and not code.rstrip().endswith(";")
    last = (
        tree.body.pop()
        if ends and tree.body and isinstance(tree.body[-1], ast.Expr)
        else None
    )
    output = io.StringIO()
    with redirect_stdout(output):
        exec(compile(tree, where, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
            if value is not None:
                print(repr(value))
    return output.getvalue()


def _remember(code: str, where: str, line: int) -> None:
    """Show the source of code, as a notebook does, to whatever looks for it. Functions
    that are registered are compiled from it."""
    _, changed, lines, _ = linecache.cache.get(where, (0, 0.0, [], where))
    if changed is not None:  # it has what a file contains
        lines = []
    new = code.splitlines(keepends=True)
    lines += ["\n"] * (line - 1 + len(new) - len(lines))
    lines[line - 1 : line - 1 + len(new)] = new
    linecache.cache[where] = len("".join(lines)), None, lines, where


def notebook(path: Path) -> Iterator[tuple[str, str]]:
    """Yield kind, ``markdown`` or ``code``, and text of each cell of a notebook."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def run_notebook(path: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Run a notebook; yield kind, text, output and pictures (PNG in base64) of cells.

    Code cells run in order in their own namespace, as plain Python: magic commands are
    errors.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, (cell_type, text) in enumerate(notebook(path)):
        if cell_type == "code":
            yield (
                cell_type,
                text,
                run(text, names, f"{path.name}, cell {number}", show_last=True),
                pictures(),
            )
        else:
            yield cell_type, text, "", []


def pictures() -> list[str]:
    """Return the open figures of matplotlib and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    encoded = []
    for number in pyplot.get_fignums() if pyplot else []:
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=110)
        encoded.append(base64.b64encode(file.getvalue()).decode("ascii"))
        pyplot.close(number)
    return encoded
