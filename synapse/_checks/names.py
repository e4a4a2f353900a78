"""Names that users give: found in any spelling, with a suggestion where nothing has the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from ..errors import ArgumentError, UnknownNameError
from .arguments import expected, is_among, shown

MOST_SHOWN = 320
"""Characters of a list of names in a sentence."""
LIKE = 0.6
"""Names at least this similar are suggested, as difflib measures it."""

T = TypeVar("T")


def plain(name: str) -> str:
    """A name without what spellings differ in: case, underscores, hyphens, dots and spaces.

    >>> plain("Leaky_ReLU"), plain("leaky relu")
    ('leakyrelu', 'leakyrelu')
    """
    return re.sub(r"[\s_.-]+", "", name).casefold()


def suggestion(name: Any, known: Iterable[Any]) -> str:
    """The question whether the most similar known name was meant, to be put after a sentence; "" if none is.

    >>> suggestion("logistik", ["tanh", "logistic"])
    " Did you mean 'logistic'?"
    """
    if not isinstance(name, str) or len(name) > MOST_SHOWN:
        return ""
    spelled = {plain(one): one for one in known if isinstance(one, str)}
    close = get_close_matches(plain(name), spelled, n=1, cutoff=LIKE)
    return f" Did you mean {spelled[close[0]]!r}?" if close else ""


def known_names(known: Iterable[str]) -> str:
    """Names as a list in a sentence, sorted; of very many the first, in the order given."""
    given = list(known)
    names = ", ".join(sorted(given))
    if len(names) > MOST_SHOWN:
        text = ", ".join(given)
        names = f"{text[: text.rindex(',', 0, MOST_SHOWN)]}, ..."
    return names


def unknown_name(
    kind: str, name: Any, known: Iterable[str], synonyms: Iterable[str] = ()
) -> UnknownNameError:
    """The error for a name that nothing has; it suggests the most similar one, and lists those known."""
    names = list(known)
    hint = suggestion(name, [*synonyms, *names])
    return UnknownNameError(f"There is no {kind} named {shown(name)}.{hint} Known: {known_names(names)}.")


def unknown_attribute(owner: str, name: str, known: Iterable[str], advice: str = "") -> AttributeError:
    """The error for an attribute that does not exist: advice, or else the most similar one."""
    hint = f" {advice}" if advice else suggestion(name, [one for one in known if not one.startswith("_")])
    # With an object Python would print a suggestion of its own, too.
    return AttributeError(f"{owner} has no attribute {name!r}.{hint}", name=name, obj=None)


def choice(what: str, value: Any, known: Iterable[Any]) -> Any:
    """`value` if it is one of the known strings (or None, if that is one), else an error that lists them."""
    names = list(known)
    if not (is_among(value, names) or (value is None and None in names)):
        hint = suggestion(value, names).lstrip()
        raise ArgumentError(expected(what, " or ".join(map(repr, names)), value, hint))
    return value


class Names(dict[str, T]):
    """Things by name. One is also found under its synonyms, and in any spelling (see :func:`plain`).

    Parameters
    ----------
    kind : str
        What the things are, for sentences.
    things : mapping of str to anything
        The things by name.
    synonyms : mapping of str to str
        Other names of a thing, and its name.
    nearest : mapping of str to str
        Names that other libraries use for what does not exist here, in the form of :func:`plain`, and a
        sentence about what is nearest to it.
    """

    def __init__(
        self,
        kind: str,
        things: Mapping[str, T],
        synonyms: Mapping[str, str],
        nearest: Mapping[str, str],
    ) -> None:
        super().__init__(things)
        self.kind, self.nearest = kind, nearest
        self.synonyms = {other: things[name] for other, name in synonyms.items()}
        self._plain = {plain(name): thing for name, thing in (self.synonyms | self).items()}

    def add(self, name: str, thing: T) -> None:
        """Enter a thing under a name that is not taken."""
        self[name] = self._plain[plain(name)] = thing

    def seek(self, name: str) -> T | None:
        """The thing of this name or synonym, in any spelling, if there is one."""
        found = self.get(name)
        return self._plain.get(plain(name)) if found is None else found

    def find(self, name: str) -> T:
        """The thing of this name or synonym, in any spelling; an UnknownNameError if there is none."""
        found = self.seek(name)
        if found is None:
            sentence = self.nearest.get(plain(name))
            if sentence is not None:
                raise UnknownNameError(f"There is no {self.kind} named {shown(name)}. {sentence}")
            raise unknown_name(self.kind, name, self, self.synonyms)
        return found

    def attribute(self, module: str, name: str) -> T:
        """The thing of this name as an attribute of a module; an AttributeError if there is none."""
        found = None if name.startswith("_") else self.seek(name)
        if found is None:
            sentence = self.nearest.get(plain(name), "")
            raise unknown_attribute(f"The module {module}", name, [*self.synonyms, *self], sentence)
        return found
