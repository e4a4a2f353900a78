"""Look up names in any spelling. The error for an unknown name suggests a similar
one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any, TypeVar

from ..errors import ArgumentError, UnknownNameError
from .arguments import boolean, expected, is_among, short_repr, with_article

MAX_SHOWN = 320
"""Maximum number of characters in a list of names in a message."""
MIN_SIMILARITY = 0.75
"""Minimum similarity, as difflib measures it, of a name that is suggested. It was
chosen with `tests/checks/test_suggestions.py`."""
MIN_PART_LENGTH = 3
"""Minimum number of letters of a known name that is suggested for a longer one."""

REPLACED = " (replaced "
"""Follows the name of an entry in place of which another one was registered."""

T = TypeVar("T")


def normalize_name(name: str) -> str:
    """Return a name in lower case and without underscores, hyphens, dots and spaces:
    "leakyrelu".
    """
    return re.sub(r"[\s_.-]+", "", name).casefold()


def closest(
    name: Any, names: Iterable[Any], like: float = MIN_SIMILARITY
) -> str | None:
    """Return the most similar known name, in any spelling, or None if no name is
    similar.
    """
    if not isinstance(name, str) or len(name) > MAX_SHOWN:
        return None
    spelled = {normalize_name(each): each for each in names if isinstance(each, str)}
    import difflib  # slow to import, and needed after errors only

    close = difflib.get_close_matches(normalize_name(name), spelled, n=1, cutoff=like)
    return spelled[close[0]] if close else None


def suggested(name: Any, names: Iterable[Any]) -> str | None:
    """Return the known name to suggest, or None. It is the most similar one, otherwise
    the longest one that `name` begins with, such as "load" for "load_model", or
    otherwise the longest one at its end.
    """
    names = list(names)
    similar = closest(name, names)
    if similar is not None or not isinstance(name, str) or len(name) > MAX_SHOWN:
        return similar
    letters = normalize_name(name)
    parts = [
        each
        for each in names
        if isinstance(each, str)
        and len(normalize_name(each)) >= MIN_PART_LENGTH
        and (
            letters.startswith(normalize_name(each))
            or letters.endswith(normalize_name(each))
        )
    ]
    return max(
        parts,
        key=lambda each: (letters.startswith(normalize_name(each)), len(each)),
        default=None,
    )


def suggestion(name: Any, names: Iterable[Any]) -> str:
    """Make a question that suggests a known name, to append to a message, or return ""
    without a suggestion.
    """
    known = suggested(name, names)
    return "" if known is None else f" Did you mean {known!r}?"


def known_names(names_in_order: Iterable[str]) -> str:
    """Join names for a message, sorted. If there are too many, use the first ones in
    the given order.
    """
    in_order = list(names_in_order)
    names = ", ".join(sorted(in_order))
    if len(names) > MAX_SHOWN:
        text = ", ".join(in_order)
        names = f"{text[: text.rindex(',', 0, MAX_SHOWN)]}, ..."
    return names


def unknown_name(
    noun: str, name: Any, names: Iterable[str], synonyms: Iterable[str] = ()
) -> UnknownNameError:
    """Make the error for an unknown name, with the most similar name and a list of
    all.
    """
    names = list(names)
    hint = suggestion(name, [*synonyms, *names])
    known = f" Known: {known_names(names)}." if names else ""
    return UnknownNameError(
        f"There is no {noun} named {short_repr(name)}.{hint}{known}"
    )


def unknown_attribute(
    owner: str, name: str, names: Iterable[str], advice: str = ""
) -> AttributeError | ImportError:
    """Make the error for a missing attribute, with advice or the most similar
    attribute.
    """
    public = [each for each in names if not each.startswith("_")]
    # a private name is asked for by imports, which need no search for a similar one
    similar = "" if name.startswith("_") else suggestion(name, public)
    hint = f" {advice}" if advice else similar
    module = owner.removeprefix("The module ")
    if hint and _is_import() and not find_spec(f"{module}.{name}"):
        # `from package import name`: Python would drop the advice of an AttributeError.
        return ImportError(f"{owner} has no {name!r} to import.{hint}", name=module)
    return attribute_error(f"{owner} has no attribute {name!r}.{hint}")


def _is_import() -> bool:
    """Return whether a ``from`` import asks for the attribute whose error is made."""
    frame = sys._getframe(2)  # a module's ``__getattr__``, or what it calls
    callers = (frame, frame.f_back, frame.f_back and frame.f_back.f_back)
    return any(each and each.f_code.co_name == "_handle_fromlist" for each in callers)


def attribute_error(sentence: str) -> AttributeError:
    """Make an AttributeError whose traceback ends with this sentence.

    If an error has no `name` and `obj`, Python sets them, and its traceback appends
    "Did you mean ...?" with a name of ``dir(obj)``, which may be private. If the name
    is None, nothing is appended.
    """
    return AttributeError(sentence, name=None, obj=None)


def public_names(*tables: Iterable[str]) -> Callable[[], list[str]]:
    """Make the ``__dir__`` of a module, which lists its public names, including the
    present ones of its registry.
    """
    return lambda: sorted({name for table in tables for name in table})


def choice(title: str, value: Any, options: Iterable[Any]) -> Any:
    """Return `value` if it is among the known strings (or None, if known), or raise an
    error with a list.
    """
    names = list(options)
    if not (is_among(value, names) or (value is None and None in names)):
        hint = suggestion(value, names).lstrip()
        raise ArgumentError(expected(title, " or ".join(map(repr, names)), value, hint))
    return value


def registered_name(label: str) -> str:
    """Return the name under which an entry was registered, for files. It is the label
    itself unless another entry has replaced this one.
    """
    return label.partition(REPLACED)[0]


class Registry(dict[str, T]):
    """A registry of items by name, to which users add their own.

    `noun` names the items in messages. Another item may replace a user's item. The
    earlier one is then found by its label, such as "wavy (replaced 1)", so that objects
    that hold it keep it.
    """

    def __init__(self, noun: str, items: Mapping[str, T] | Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.noun = noun
        self.replaced: dict[str, T] = {}
        self._of_users: set[str] = set()

    def seek(self, name: str) -> T | None:
        """Return the item with this name or label, or None if there is none."""
        return self.get(name, self.replaced.get(name))

    def again(
        self, name: str, replace: Any, is_same: Callable[[T], bool] = lambda _: False
    ) -> T | None:
        """Return the item that is registered again under its name, or None if an item
        can be entered under this name.

        Raises ArgumentError without a name, or if another item has it, unless this is a
        user's and `replace` is True.
        """
        allowed = boolean("replace", replace)
        item = with_article(self.noun).capitalize()
        if not name:
            raise ArgumentError(
                f"{item} to register must have a name, got one without a __name__."
                " Define it with def or class."
            )
        taken = self.seek(name)
        if taken is None or is_same(taken):
            return taken
        reason, advice = " already", ""
        if self.get(name) is not taken:
            reason += f" as {self.label_of(taken)!r}"
        elif name not in self._of_users:
            reason += ", by the library"
        elif allowed:
            return None
        else:
            reason += ", with other code or values"
            advice = "Pass replace=True to replace it, or use"
        raise ArgumentError(
            f"{item} named {name!r} is registered{reason}. {advice or 'Use'} another"
            " name."
        )

    def enter(self, name: str, item: T, built_in: bool = False) -> str | None:
        """Enter an item, and return the label of the item that it replaces, or None."""
        earlier, label = self.get(name), None
        if earlier is not None and earlier is not item:
            label = f"{name}{REPLACED}{len(self.replaced) + 1})"
            self.replaced[label] = earlier
        if not built_in:
            self._of_users.add(name)
        self[name] = item
        return label

    def label_of(self, item: Any) -> str | None:
        """Return the name or label of an item, or None if it was never entered."""
        named = {**self.replaced, **self}.items()
        return next((name for name, entry in named if entry is item), None)


class Names(Registry[T]):
    """A registry that also finds synonyms and other spellings (see
    :func:`normalize_name`).

    `nearest` contains advice by plain names that have no equivalent here.
    """

    def __init__(
        self,
        noun: str,
        items: Mapping[str, T],
        synonyms: Mapping[str, str],
        nearest: Mapping[str, str],
    ) -> None:
        super().__init__(noun, items)
        self.nearest = nearest
        self.synonyms = {other: items[name] for other, name in synonyms.items()}

        # An item's own name goes before a synonym with the same plain form.
        named = self.synonyms | self
        self._plain = {normalize_name(name): item for name, item in named.items()}

    def enter(self, name: str, item: T, built_in: bool = False) -> str | None:
        """Enter an item, and return the label of the item that it replaces, or None."""
        self._plain[normalize_name(name)] = item
        return super().enter(name, item, built_in)

    def seek(self, name: str) -> T | None:
        """Return the item with this name, label or synonym, in any spelling, or None if
        there is none.
        """
        item = super().seek(name)
        return self._plain.get(normalize_name(name)) if item is None else item

    def find(self, name: str) -> T:
        """Return the item with this name or synonym, in any spelling, or raise
        UnknownNameError if there is none.
        """
        item = self.seek(name)
        if item is not None:
            return item
        if normalize_name(name) in self.nearest:
            advice = self.nearest[normalize_name(name)]
            raise UnknownNameError(
                f"There is no {self.noun} named {short_repr(name)}. {advice}"
            )
        raise unknown_name(self.noun, name, self, self.synonyms)

    def advice(self, foreign: Any) -> str:
        """Return the replacement for another library's function, class or object, or ""
        if its name is unknown.
        """
        name = getattr(foreign, "__name__", type(foreign).__name__)
        item = self.seek(name)
        nearest = self.nearest.get(normalize_name(name), "")
        ours = [each for each in self if self[each] is item]
        return f"Use {self.noun}={ours[0]!r}." if ours else nearest

    def attribute(self, module: str, name: str) -> T:
        """Return the item with this name for an attribute of a module, or raise
        AttributeError if there is none.
        """
        owner = f"The module {module}"
        if name.startswith("__"):
            # `import` looks for `__path__`: there is no search for a similar name.
            raise attribute_error(f"{owner} has no attribute {name!r}.")
        item = None if name.startswith("_") else self.seek(name)
        if item is None:
            advice = self.nearest.get(normalize_name(name), "")
            raise unknown_attribute(owner, name, [*self.synonyms, *self], advice)
        return item
