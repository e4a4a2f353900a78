"""Advice for arguments and attributes of other libraries: each message names the call
to use here.

The names are in ``foreign.toml``, also those that the migration page shows. They are
searched only after a call has failed, so that successful calls cost nothing. Names of
arguments are in the form of :func:`plain`; ``{value}`` is replaced by the given value.
"""

from __future__ import annotations

import functools
import inspect
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NoReturn, TypeVar, cast

from ..errors import ArgumentTypeError, SynapseError
from .arguments import counted, shown, with_article
from .names import closest, known_names, plain, suggestion

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")


def _by_name(rows: Mapping[str, Item]) -> dict[str, Item]:
    """Return the values by single names: a key of the file may be several, separated by
    spaces.
    """
    return {name: value for names, value in rows.items() for name in names.split()}


_FILE = tomllib.loads(
    files(__package__).joinpath("foreign.toml").read_text(encoding="utf-8")
)
SYNONYMS = _by_name(_FILE["synonyms"])
"""Our names of arguments that other libraries call otherwise."""
ARGUMENTS, ATTRIBUTES, NEAREST = (
    _by_name({kind: _by_name(rows) for kind, rows in _FILE[part].items()})
    for part in ("arguments", "attributes", "nearest")
)
"""Advice for arguments by call, for attributes by class or module, for items by the
noun of a registry."""


def understands(kind: str, *siblings: str) -> Callable[[Function], Function]:
    """Make a decorator of a call, or of a class, that raises an error with advice for
    an unknown argument.

    The advice comes from the table of this kind in `ARGUMENTS`, or names our parameter
    and the call that has it, this one or a method of the class in `siblings`. Options
    in a dict, as in Synaptic, are answered, too.
    """
    table = ARGUMENTS.get(kind, {})

    def wrap(function: Function) -> Function:
        if isinstance(function, type):
            function.__init__ = wrap(function.__init__)  # type: ignore[misc]
            return cast(Function, function)

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except (TypeError, ValueError) as error:
                began = (
                    error.__traceback__ is None
                    or error.__traceback__.tb_next is not None
                )
                if began and not isinstance(error, SynapseError):
                    raise
                calls = [
                    function,
                    *(
                        getattr(type(owner), name)
                        for owner in arguments[:1]
                        for name in siblings
                    ),
                ]
                options = next(
                    (given for given in arguments[2:] if isinstance(given, dict)), {}
                )
                sentence = "" if began else about_arguments(calls, named, table)
                sentence = sentence or about_arguments(
                    calls, options, table, as_dict=True
                )
                if not (sentence or began):
                    sentence = _about_positions(function, arguments)
                if not sentence:
                    raise
            raise ArgumentTypeError(sentence)

        return cast(Function, call)

    return wrap


def about_arguments(
    calls: Sequence[Callable[..., Any]],
    named: Mapping[Any, Any],
    table: Mapping[str, str],
    as_dict: bool = False,
) -> str:
    """The sentences about keyword arguments that the first call does not have, or all
    options of a dict.
    """
    own = _parameters(calls[0])
    call = _name_of(calls[0])
    places = {
        name: _name_of(other)
        for other in reversed(calls)
        for name in _parameters(other)
    }
    advice = {
        name: _advice(name, own, places, table).replace("{value}", shown(value))
        for name, value in named.items()
        if isinstance(name, str) and (as_dict or name not in own)
    }
    if as_dict and advice:
        each = " ".join(f"{name}: {words}" for name, words in advice.items())
        return f"{call}() takes options by name, not as {shown(named)}. {each}"
    return " ".join(
        f"{call}() has no argument {name!r}. {words}" for name, words in advice.items()
    )


def _about_positions(call: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Make the sentence about arguments by position that a method takes by name; "" if
    there are none.
    """
    parameters = inspect.signature(call).parameters.values()
    places = [
        parameter
        for parameter in parameters
        if parameter.kind is not parameter.KEYWORD_ONLY
    ]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in places):
        return ""
    by_name = [
        parameter.name
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    given = [
        f"{name}={shown(value)}"
        for name, value in zip(by_name, arguments[len(places) :], strict=False)
    ]
    count = counted(len(places) - 1, "argument")
    return (
        f"{_name_of(call)}() takes {count} by position. Use {', '.join(given)}."
        if given
        else ""
    )


def _advice(
    name: str, own: list[str], places: Mapping[str, str], table: Mapping[str, str]
) -> str:
    """Advice about an argument that is no parameter in `own`; `places` are the calls
    that have it.
    """
    synonym = SYNONYMS.get(plain(name), "")
    right = {plain(ours): ours for ours in places}.get(
        plain(name), synonym if synonym in places else None
    )
    advice = table.get(plain(name)) or table.get(synonym)
    if advice and right not in own:
        return advice
    if right is not None:
        return (
            f"Use {right}={{value}}."
            if right in own
            else f"Give {right}={{value}} to {places[right]}()."
        )
    close = closest(name, [*own, *places])
    hint = "" if close is None else f"Did you mean {close!r}? "
    if close is None or close in own:
        return f"{hint}It has: {known_names(own)}."
    return f"{hint}Give it to {places[close]}()."


def _parameters(call: Callable[..., Any]) -> list[str]:
    """The names by which its arguments can be given."""
    parameters = inspect.signature(call).parameters.values()
    return [
        each.name
        for each in parameters
        if each.name != "self" and each.kind is not each.VAR_POSITIONAL
    ]


def _name_of(call: Callable[..., Any]) -> str:
    """The name by which a user calls a method: ``Trainer`` for its ``__init__``."""
    owner, _, short = call.__qualname__.rpartition(".")
    return owner.rpartition(".")[2] if short == "__init__" else short


class ForeignAttribute:
    """An attribute of another library's class: reading it raises AttributeError with
    the equivalent call.

    A descriptor, because a method ``__getattr__`` would make every attribute of the
    class slower to read.
    """

    def __init__(self, name: str, advice: str) -> None:
        self.name = name
        self.advice = advice
        self.__doc__ = None  # not an attribute to document

    def __get__(self, owned: Any, owner: type) -> NoReturn:
        noun = with_article(owner.__name__)
        raise AttributeError(
            f"{noun[0].upper()}{noun[1:]} has no attribute {self.name!r}."
            f" {self.advice}",
            name=self.name,
            obj=owned,
        )


class ForeignNamespace(property):
    """A property ``squash``, of which Synaptic's classes have constants: reading one
    raises advice.
    """

    def __init__(self, own: property, kind: str) -> None:
        super().__init__(own.fget, own.fset, None, own.__doc__)
        self.kind = kind

    def __getattr__(self, constant: str) -> NoReturn:
        hint = (
            f" Use {self.kind.lower()}.squash = {constant.lower()!r}."
            if constant.isupper()
            else ""
        )
        raise AttributeError(
            f"{self.kind}.squash has no attribute {constant!r}.{hint}", name=constant
        )


Class = TypeVar("Class", bound=type)


def answers(kind: str) -> Callable[[Class], Class]:
    """A class decorator: errors about attributes that only `ATTRIBUTES` has give its
    advice.
    """

    def answering(cls: Class) -> Class:
        for name, advice in ATTRIBUTES[kind].items():
            if not hasattr(cls, name):
                setattr(cls, name, ForeignAttribute(name, advice))
        if "squash" in vars(cls):
            cls.squash = ForeignNamespace(cls.squash, kind)  # type: ignore[attr-defined]
        cls.__dir__ = own_names  # type: ignore[assignment]
        return cls

    return answering


def fixed_attributes(cls: Class) -> Class:
    """A class decorator: setting a public attribute that the class does not declare
    raises AttributeError.

    A subclass of a user may have more, unless their names are nearly those that can be
    set.
    """
    settable = [
        name
        for name, own in vars(cls).items()
        if isinstance(own, property) and own.fset
    ]

    def set_attribute(self: Any, name: str, value: Any) -> None:
        kind = type(self)
        if not (name.startswith("_") or name in vars(self) or hasattr(kind, name)):
            declared = any(
                name in getattr(base, "__annotations__", ()) for base in kind.__mro__
            )
            ours = kind.__module__.partition(".")[0] in ("synapse", "architect")
            own = ours and hasattr(
                sys.modules[kind.__module__], kind.__name__
            )  # not an example's
            if not declared and (own or closest(name, settable, NEARLY)):
                hint = suggestion(name, settable)
                raise AttributeError(
                    f"A {cls.__name__} has no attribute {name!r} to set.{hint}"
                )
        object.__setattr__(self, name, value)

    cls.__setattr__ = set_attribute  # type: ignore[method-assign, assignment]
    return cls


NEARLY = 0.85
"""Similarity from which an attribute of a user's class counts as misspelt."""


def own_names(owned: Any) -> list[str]:
    """The names of an object's attributes, without those of other libraries."""
    own = getattr(owned, "__dict__", ())
    kind = type(owned)
    every = (
        (name, inspect.getattr_static(kind, name, None))
        for name in object.__dir__(owned)
    )
    return [
        name
        for name, value in every
        if name in own or type(value) is not ForeignAttribute
    ]


class NotCalled(list[Item]):
    """A list that is a method in other libraries: calling it says so."""

    def __init__(self, items: Iterable[Item], name: str) -> None:
        super().__init__(items)
        self.name = name

    def __call__(self) -> NoReturn:
        raise ArgumentTypeError(
            f"{self.name} is a list, not a method. Use {self.name} without parentheses."
        )


class NoAttributes(tuple[Item, ...]):
    """The layers of a network, which are attributes of an object in Synaptic: reading
    one gives advice.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        hint = ATTRIBUTES["layers"].get(name, "")
        raise AttributeError(
            f"net.layers is a tuple, without an attribute {name!r}. {hint}".rstrip()
        )
