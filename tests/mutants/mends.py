"""Real mistakes: hunks of commits that mended the library, taken back."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .drawing import Mistake, meaning

MENDS = re.compile(
    r"\b(mend(s|ed)?|fix(es|ed)?|wrong(ly)?|bug|crash(es|ed)?|silent(ly)?|lost|loses|"
    r"refus(es|ed)|raise[sd]?|no longer|no more|leak(s|ed)?|overflow|instead of|never|"
    r"deadlock|segmentation|NaN|stale|forg[eo]t|missing|exact|too|checks?|errors?)\b",
    re.IGNORECASE,
)
"""Words by which a commit says that it mends."""
MAX_CHANGED = 24
"""Lines that a hunk adds and removes. Longer ones are mostly rewritten code."""
CONTEXTS = (3, 2, 1)
"""Unchanged lines around a hunk that must still stand in the file."""


def mends(root: Path, count: int, seed: int) -> list[Mistake]:
    """Draw commits that mend the library and have a test, and take one hunk of each
    back."""
    commits = _commits(root)
    rng = random.Random(seed)
    rng.shuffle(commits)
    drawn: dict[tuple[str, int], Mistake] = {}
    for commit, subject in commits:
        if len(drawn) == count:
            break
        hunks = list(_hunks(root, commit))
        rng.shuffle(hunks)
        name = f"{commit[:8]} {subject}"
        backs = (_taken_back(root, name, file, lines) for file, lines in hunks)
        new = (m for m in backs if m is not None and (m.file, m.line) not in drawn)
        for mistake in islice(new, 1):
            drawn[mistake.file, mistake.line] = mistake
    return list(drawn.values())


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _commits(root: Path) -> list[tuple[str, str]]:
    """Return hash and subject of the commits that mend code and change a test."""
    log = _git(root, "log", "--no-merges", "--name-only", "--format=%x01%H%n%B%x02")
    found = []
    for entry in log.split("\x01")[1:]:
        message, _, names = entry.partition("\x02")
        commit, subject, *_ = message.splitlines()
        files = names.split()
        is_tested = any(name.startswith("tests/") for name in files)
        is_code = any(name.startswith(("synapse/", "architect/")) for name in files)
        if is_tested and is_code and MENDS.search(message.partition("\n")[2]):
            found.append((commit, subject))
    return found


def _hunks(root: Path, commit: str) -> Iterator[tuple[str, list[str]]]:
    """Return the short hunks of a commit, with their files."""
    paths = ["synapse/*.py", "architect/*.py"]
    diff = _git(root, "show", "--format=", "-U3", commit, "--", *paths)
    for part in re.split(r"^diff --git .*\n", diff, flags=re.MULTILINE)[1:]:
        name = re.search(r"^\+\+\+ b/(.*)$", part, re.MULTILINE)
        if name is None or not (root / name.group(1)).exists():
            continue
        for hunk in re.split(r"^@@ .*\n", part, flags=re.MULTILINE)[1:]:
            lines = [line for line in hunk.split("\n")[:-1] if line[:1] in "+- "]
            changed = [line[1:] for line in lines if line[:1] in ("+", "-")]
            is_in_function = all(line[:4].isspace() for line in changed if line)
            if len(changed) <= MAX_CHANGED and is_in_function:
                yield name.group(1), lines


def _taken_back(root: Path, name: str, file: str, lines: list[str]) -> Mistake | None:
    """Return the file without the hunk, or None if it has changed since, or means the
    same without it."""
    text = (root / file).read_text(encoding="utf-8")
    for context in CONTEXTS:
        kept = _with_context(lines, context)
        new = "".join(f"\n{line[1:]}" for line in kept if not line.startswith("-"))
        old = "".join(f"\n{line[1:]}" for line in kept if not line.startswith("+"))
        if text.count(f"{new}\n") == 1:
            place = text.index(f"{new}\n")
            first = next(k for k, line in enumerate(kept) if line[:1] in ("+", "-"))
            line = text.count("\n", 0, place) + 2 + first
            code = text.replace(f"{new}\n", f"{old}\n")
            mistake = Mistake(root, file, line, name, code)
            return mistake if _is_plausible(mistake) else None
    return None


def _is_plausible(mistake: Mistake) -> bool:
    """Whether a mistake means something else, by more than names, and no linter sees
    it."""
    if not mistake.can_be_noticed() or (
        _without_names(mistake.code) == _without_names(mistake.original)
    ):
        return False
    lint = [sys.executable, "-m", "ruff", "check", "--isolated", "-q", "-"]
    command = [*lint, "--select=F821,F811,F401,F823"]
    linted = subprocess.run(
        command, check=False, input=mistake.code, text=True, capture_output=True
    )
    return linted.returncode == 0


def _without_names(code: str) -> str:
    """Return a text that two files share if only names of variables and docstrings
    differ."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
        for field in ("id", "arg", "name"):
            if isinstance(getattr(node, field, None), str):
                setattr(node, field, "name")
    return meaning(ast.unparse(tree))


def _with_context(lines: list[str], context: int) -> list[str]:
    """Return a hunk with fewer unchanged lines before and after."""
    changed = [k for k, line in enumerate(lines) if line[:1] in ("+", "-")]
    return lines[max(changed[0] - context, 0) : changed[-1] + context + 1]
