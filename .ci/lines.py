"""One thought a line: python .ci/lines.py [FOLDER...] fails where code is too dense.

ruff sees most of what makes a line hard to read, but not these:

- a statement that assigns unrelated values (`count, name = 0, "x"`; swaps and unpacked
  calls are no such statements): at most 2 in a thousand lines of all, 4 in a folder;
- names that do not say what they hold: at most 8 in a thousand lines of all, 12 in a
  folder;
- a conditional expression within another, a comprehension with two conditions or with
  an assignment: none.

Lines are those that are not blank. Without folders it reads those
in `FOLDERS`.
"""

from __future__ import annotations

import ast
import collections
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDERS = ["architect", "benchmarks", "demos", "docs", "studies", "synapse", "tests"]

EMPTY_NAMES = frozenset(
    ["called", "first", "found", "given", "held", "how", "kind"]
    + ["known", "one", "own", "part", "what", "which"]
)
TERMS = dict.fromkeys(("language", "_printed"), frozenset(["kind", "known", "part"]))
"""In folders of these names, words that its pages define."""
MAX_EMPTY_NAMES = 8.0
MAX_EMPTY_NAMES_OF_A_FOLDER = 12.0
MAX_UNRELATED = 2.0
MAX_UNRELATED_OF_A_FOLDER = 4.0
SMALL_FOLDER = 500  # lines, below which one finding would be too much
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Finding(NamedTuple):
    """A place where a line holds more than a thought, or a name none."""

    path: Path
    line: int
    rule: str
    text: str


def assigns_unrelated(node: ast.AST) -> bool:
    """Whether a statement assigns values that have nothing to do with each other."""
    if not isinstance(node, ast.Assign):
        return False
    target = node.targets[0]
    value = node.value
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
        return False
    values = [ast.unparse(item) for item in value.elts]
    names = [re.escape(ast.unparse(item)) for item in target.elts]
    # A name among the values is what a swap looks like
    return not any(
        re.search(rf"(?<![\w.]){name}(?!\w)", text) for name in names for text in values
    )


def contains(node: ast.AST, kinds: type[ast.AST] | tuple[type[ast.AST], ...]) -> bool:
    """Whether an expression has one of these below itself."""
    return any(
        isinstance(child, kinds) for child in ast.walk(node) if child is not node
    )


def dense_expressions(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and rule of each expression that must be taken apart."""
    if isinstance(node, ast.IfExp) and contains(node, ast.IfExp):
        yield node.lineno, "a conditional expression within another"
    if not isinstance(node, COMPREHENSIONS):
        return
    if any(len(generator.ifs) > 1 for generator in node.generators):
        yield node.lineno, "a comprehension with two conditions"
    if contains(node, ast.NamedExpr):
        yield node.lineno, "an assignment in a comprehension"


def findings_of(path: Path, text: str) -> Iterator[Finding]:
    """All that this file has."""
    for node in ast.walk(ast.parse(text)):
        if assigns_unrelated(node):
            yield Finding(path, node.lineno, "unrelated", ast.unparse(node))
        for line, rule in dense_expressions(node):
            yield Finding(path, line, rule, ast.unparse(node))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        empty = EMPTY_NAMES - TERMS.get(path.parent.name, frozenset())
        if token.type == tokenize.NAME and token.string in empty:
            yield Finding(path, token.start[0], "empty name", token.string)


def report(findings: list[Finding], problem: str) -> None:
    """Print a problem, and its places."""
    print(problem)
    for finding in findings:
        print(f"  {finding.path}:{finding.line}: {finding.text[:70]}")


def main(folders: list[str]) -> int:
    """Return 1 and say where code is too dense, 0 if it is nowhere."""
    lines: collections.Counter[Path] = collections.Counter()
    findings: list[Finding] = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.py")):
            if any(part.startswith(".") for part in path.parts):
                continue  # packages of npm
            text = path.read_text(encoding="utf-8")
            lines[path.parent] += sum(bool(line.strip()) for line in text.splitlines())
            findings += findings_of(path, text)
    if not lines:
        print(f"There is no Python in {', '.join(folders)}.")
        return 1
    thousands = lines.total() / 1000

    by_rule: dict[str, list[Finding]] = collections.defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    empty = by_rule.pop("empty name", [])
    unrelated = by_rule.pop("unrelated", [])

    failed = False
    for rule, places in by_rule.items():
        report(places, f"{rule[0].upper()}{rule[1:]}: give it a statement of its own.")
        failed = True
    if len(empty) > MAX_EMPTY_NAMES * thousands:
        report(empty, "Names that do not say what they hold, more than can stay:")
        failed = True
    if len(unrelated) > MAX_UNRELATED * thousands:
        report(unrelated, "Statements that assign unrelated values:")
        failed = True
    for folder, number in lines.items():
        for everywhere, maximum, problem in (
            (unrelated, MAX_UNRELATED_OF_A_FOLDER, "statements of unrelated values"),
            (
                empty,
                MAX_EMPTY_NAMES_OF_A_FOLDER,
                "names that do not say what they hold",
            ),
        ):
            here = [finding for finding in everywhere if finding.path.parent == folder]
            if len(here) > maximum * max(number, SMALL_FOLDER) / 1000:
                report(here, f"{folder}: too many {problem}:")
                failed = True
    print(
        f"{lines.total()} lines; a thousand have {len(unrelated) / thousands:.1f}"
        f" statements that assign unrelated values and {len(empty) / thousands:.1f}"
        " names that do not say what they hold"
    )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or FOLDERS))
