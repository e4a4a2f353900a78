"""All problems of a table in one error, each with its line and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..errors import ArgumentError, FormatError, SynapseError

MOST = 20
"""Number of problems that an error lists; of the others it says the number."""


def reason(error: OSError | SynapseError) -> str:
    """The reason why a file could not be read or written, as a sentence."""
    return f"{error.strerror or error}." if isinstance(error, OSError) else str(error)


@contextmanager
def file_errors(what: str, path: str) -> Iterator[None]:
    """Raise FormatError, with the path, for whatever stops the reading or writing of a file."""
    try:
        yield
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot {what} {path!r}: {reason(error)}") from error


def quoted(names: Iterable[str]) -> str:
    """Names in a sentence, in quotes.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(map(repr, names))


def require_one_use(
    names: Sequence[str], taken: Iterable[str] = (), error: type[SynapseError] = ArgumentError
) -> None:
    """Raise if a column comes twice among these, or is taken already."""
    in_use = set(taken)
    if twice := sorted({name for name in names if name in in_use or names.count(name) > 1}):
        raise error(f"A column can have one use only, got two of {quoted(twice)}.")


class TableError(FormatError):
    """A table that cannot be used; the message lists all its problems, one per line."""


@dataclass
class Problems:
    """The problems of a table that have been found so far."""

    path: str
    found: list[tuple[int, str | None, str]] = field(default_factory=list)

    def add(self, line: int, column: str | None, what: str) -> None:
        """Note a problem, a clause such as "'x' is not a number", of a cell or (None) of the whole line."""
        self.found.append((line, column, what))

    def check(self, advice: str = "") -> None:
        """Raise TableError if there are problems."""
        if self.found:
            raise TableError(self.text(advice))

    def text(self, advice: str = "") -> str:
        """The message; `advice` is its last sentence."""
        places = [
            f"line {line}{'' if column is None else f', column {column!r}'}: {what}"
            for line, column, what in sorted(self.found, key=lambda problem: problem[0])
        ]
        if len(places) == 1:
            return f"{self.path!r}, {places[0]}. {advice}".rstrip()
        more = len(places) - MOST
        lines = [f"{self.path!r} has {len(places)} problems:", *("  " + place for place in places[:MOST])]
        if more > 0:
            lines.append(f"  and {more} more")
        return "\n".join([*lines, advice] if advice else [*lines[:-1], lines[-1] + "."])
