"""Small plausible mistakes, as data, to measure the tests: ``python -m tests.mutants --help``.

Every ``.toml`` file here is a room. A mutant replaces `old`, which occurs once in a file, by `new`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Mutant:
    """One mistake."""

    room: str
    number: int  # in its room, from 1
    file: str  # in which it is made
    old: str
    new: str
    why: str  # a line about the mistake
    tests: tuple[str, ...] = ()  # files that run before the rest of the tier

    def __str__(self) -> str:
        return f"{self.room} {self.number}"

    def fault(self) -> str:
        """Why it cannot be made, or "" if it can."""
        path = ROOT / self.file
        missing = [name for name in (self.file, *self.tests) if not (ROOT / name).exists()]
        if missing:
            return f"no file {missing[0]}"
        count = path.read_text(encoding="utf-8").count(self.old)
        return "" if count == 1 and self.new != self.old else f"`old` occurs {count} times in {self.file}"

    def apply(self, root: Path) -> None:
        """Make the mistake in a copy of the checkout."""
        path = root / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


def mutants() -> Iterator[Mutant]:
    """All mutants, room by room."""
    for file in sorted(HERE.glob("*.toml")):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        for number, entry in enumerate(content["mutant"], start=1):
            yield Mutant(file.stem, number, **{**entry, "tests": tuple(entry.get("tests", ()))})
