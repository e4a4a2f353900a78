"""Write the parts that programs in all languages share, such as names, the first
comment, and the templates around functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from .._checks import pluralize, require, text as checked_text
from ..errors import ArgumentError
from ..objects.saved import SavedNetwork
from . import _files
from ._formats import DECLARATIONS, Format

PLAIN_LETTERS = frozenset(" _-.,:()+=#")
MAX_NAME_LETTERS = 200
PREFIX = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
"""Prefixes of names. C and C++ reserve names with two underscores, and some that begin
with one."""
MAX_PREFIX_LETTERS = 60


class Language(NamedTuple):
    """A programming language, with its format's key, its name, the mark that begins a
    comment, and the names that are unavailable for a program's type.
    """

    key: str
    name: str
    comment: str
    taken: frozenset[str] = frozenset()

    @property
    def suffix(self) -> str:
        """Suffix of program files in this language, and of their templates."""
        return DECLARATIONS[self.key].suffixes[0]


def checked_prefix(prefix: str) -> str:
    """Return a prefix, or raise unless every language can have names that begin with
    it.
    """
    checked_text("prefix", prefix)
    require(
        len(prefix) <= MAX_PREFIX_LETTERS and PREFIX.fullmatch(prefix),
        "prefix",
        "letters and digits with single underscores between, beginning with a letter",
        prefix,
    )
    return prefix


def require_no_learning(cost: Any, bound: Any, optimizer: Any) -> None:
    """Raise ArgumentError if a program that does not learn has options of learning."""
    if cost is not None or bound is not None or optimizer is not None:
        raise ArgumentError(
            "Only a program that learns has a cost, a bound or an optimizer. Pass"
            " learn=True, too."
        )


def type_name(prefix: str) -> str:
    """Return the name of a program's type or class, such as "PitchNet" for the prefix
    "pitch_net".
    """
    words = [
        word.lower() if word.isupper() else word
        for word in checked_prefix(prefix).split("_")
    ]
    return "".join(word[:1].upper() + word[1:] for word in words)


def free_name(language: Language, prefix: str) -> str:
    """Return the name of a program's type, or an error if the language uses it."""
    name = type_name(prefix)
    if name in language.taken:
        raise ArgumentError(
            f"The prefix {prefix!r} names the type {name}, which {language.name} has"
            " already. Use another."
        )
    return name


def heading_of(saved: SavedNetwork, language: Language) -> str:
    """Return the first comment of a program, with the network's name and the indices of
    its layers.
    """
    sizes = [size for _, size in saved.layers]
    acting = int((saved.connections["target"] >= sizes[0]).sum())
    counts = f"{pluralize(sum(sizes), 'neuron')}, {pluralize(acting, 'connection')}"
    name = safe(saved.name or "")
    rows = [f"The network {name}: {counts}. Written by Synapse.", "Layers:"]
    for (layer, size), end in zip(saved.layers, accumulate(sizes), strict=True):
        rows.append(f"  {safe(layer or '')}: neurons {end - size} .. {end - 1}")
    return "\n".join(language.comment + row for row in rows)


def filled(name: str, parts: Mapping[str, Any]) -> str:
    """Return a template with these parts."""
    text = (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
    return Template(text).substitute(parts).rstrip() + "\n"


def safe(text: str) -> str:
    r"""Return a name for a comment in any language, without characters that could end
    the comment.

    >>> safe("gates */"), safe("a\n#"), safe("<b>"), safe("é")
    ('gates u+2au+2f', 'au+a#', 'u+3cbu+3e', 'u+e9')
    """
    begin = text[:MAX_NAME_LETTERS]
    shown = "".join(
        c if c in PLAIN_LETTERS or (c.isascii() and c.isalnum()) else f"u+{ord(c):x}"
        for c in begin
    )
    return shown if begin == text else shown + "..."


def program_format(
    language: Language,
    purpose: str,
    data: Callable[..., Any],
    link: str,
    write: Callable[[_files.File, Any], None] = _files.write,
) -> Format:
    """Return the format of the programs in a language."""
    return Format(
        name=language.key,
        purpose=purpose,
        kept="the outputs of a network",
        lost="learning",
        link=link,
        data=data,
        write=write,
    )
