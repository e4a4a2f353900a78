"""Give advice on arguments and attributes of other libraries, in messages that name the
call to use here.

The names are in ``migration_hints.json``, including those that the migration page
shows. They are searched only after a call has failed. Names of arguments are in the
form of :func:`normalize_name`, and ``{value}`` is replaced by the given value.

The code that runs before a call fails is as small as Python allows. Because Python
refuses an unknown argument before the first line of the callee, and accepts an
assignment without a call, only a function around the call (:func:`suggests_arguments`)
and ``__setattr__`` (:func:`fixed_attributes`) can answer. The first takes 0.2 µs of the
2 to 4 of a ``Neuron()``, and is a frame in tracebacks. ``**unknown`` in every signature
would be quicker, but editors would offer it. Foreign attributes are descriptors,
because a method ``__getattr__`` would make every attribute slower to read.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import sys
from abc import ABCMeta
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, NoReturn, TypeVar, cast

from ..errors import ArgumentTypeError, SynapseError
from .arguments import is_number, pluralize, short_repr, with_article
from .names import (
    Names,
    attribute_error,
    closest,
    known_names,
    normalize_name,
    public_names,
    suggested,
    suggestion,
    unknown_attribute,
)
from .options import Option, checked_arguments, checks_in, effect_check

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")


def _by_name(rows: Mapping[str, Item]) -> dict[str, Item]:
    """Return the values by single names, because a key of the file may contain several
    names, separated by spaces.
    """
    return {name: value for names, value in rows.items() for name in names.split()}


def _section(tables: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the tables of a section in the file, each by single names."""
    return _by_name({names: _by_name(rows) for names, rows in tables.items()})


_PATH = files(__package__).joinpath("migration_hints.json")
_FILE = json.loads(_PATH.read_text(encoding="utf-8"))  # 20 times as fast as TOML

SYNONYMS = _by_name(_FILE["synonyms"])
"""Our names of arguments that have other names in other libraries. The signatures
determine which call has them."""
ARGUMENTS = _section(_FILE["arguments"])
"""Advice on arguments, by call. Advice on our name also applies to its synonyms."""
ATTRIBUTES = _section(_FILE["attributes"])
"""Advice on attributes, by class or module."""
NEAREST_ADVICE = _section(_FILE["nearest"])
"""Advice on items, by the noun of a registry."""
INSTEAD_OF_NETWORK = _by_name(_FILE["instead_of_network"])
"""Advice for values that are no networks, by the package and name of their class."""


MISSING = "()"
"""The key of the advice on a call without its arguments, or with too many."""


def suggests_arguments(
    call_name: str = "",
    *siblings: str,
    of_class: bool = True,
    void: Sequence[tuple[Any, ...]] = (),
) -> Callable[[Function], Function]:
    """Make a decorator of a call, or of a class, that checks its arguments as its
    signature declares, and raises an error with advice for an unknown one.

    The advice comes from the table of `call_name` in `ARGUMENTS`, or names our
    parameter and the call that has it, which is this one or a method of the class in
    `siblings`. Options in a dict, as in Synaptic, are answered, too. Messages about an
    argument of ``__init__`` name its class if they are `of_class`. Arguments that are
    `void` are refused.
    """
    table = ARGUMENTS.get(call_name, {})

    def wrap(function: Function) -> Function:
        if isinstance(function, type):
            function.__init__ = wrap(function.__init__)  # type: ignore[misc]
            return cast(Function, function)

        checks = checks_in(function, of_class)
        require = effect_check(function, void) if void else None

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                if checks or void:
                    arguments = checked_arguments(checks, arguments, named, require)
                return function(*arguments, **named)
            except (TypeError, ValueError) as error:
                sentence = _about_call(
                    function, siblings, arguments, named, error, table
                )
                if not sentence:
                    raise
            raise ArgumentTypeError(sentence)

        return cast(Function, call)

    return wrap


def _about_call(
    function: Callable[..., Any],
    siblings: Iterable[str],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    error: Exception,
    table: Mapping[str, str],
) -> str:
    """Return the sentence about the arguments of a call that has raised an error, or ""
    if the error is not about them.
    """
    # A traceback of one frame: Python refused the arguments themselves.
    trace = error.__traceback__
    began = trace is None or trace.tb_next is not None
    if began and not isinstance(error, SynapseError):
        return ""
    calls = [function]
    if arguments:
        owner = type(arguments[0])
        calls += [getattr(owner, name) for name in siblings]
    if began:
        return _about_options(calls, arguments[2:], table)
    return _about_refused(calls, arguments, named, error, table)


def about_arguments(
    calls: Sequence[Callable[..., Any]],
    named: Mapping[Any, Any],
    table: Mapping[str, str],
    as_dict: bool = False,
) -> str:
    """Return the sentences about keyword arguments that the first call does not have,
    or all options of a dict.
    """
    parameters = _parameters(calls[0])
    call = _name_of(calls[0])
    places = {
        name: _name_of(other)
        for other in reversed(calls)
        for name in _parameters(other)
    }
    advice = {
        name: _advice(name, parameters, places, table).replace(
            "{value}", _as_typed(value)
        )
        for name, value in named.items()
        if isinstance(name, str) and (as_dict or name not in parameters)
    }
    if as_dict and advice:
        each = " ".join(f"{name}: {words}" for name, words in advice.items())
        return f"{call}() takes options by name, not as {short_repr(named)}. {each}"
    return " ".join(
        f"{call}() has no argument {name!r}. {words}" for name, words in advice.items()
    )


def _as_typed(value: Any) -> str:
    """Return how a value is typed in code, or "" for an object of another library,
    which is not shown here.
    """
    package = type(value).__module__.partition(".")[0]
    is_ours = package in ("builtins", "numpy", "synapse", "architect")
    return short_repr(value) if is_ours else ""


def _about_options(
    calls: Sequence[Callable[..., Any]],
    arguments: Sequence[Any],
    table: Mapping[str, str],
) -> str:
    """Return the sentence about options in a dict, the first one among arguments, or ""
    without such a dict.
    """
    options = [value for value in arguments if isinstance(value, dict)]
    if not options:
        return ""
    return about_arguments(calls, options[0], table, as_dict=True)


def _about_refused(
    calls: Sequence[Callable[..., Any]],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    error: Exception,
    table: Mapping[str, str],
) -> str:
    """Return the sentence about arguments that Python has refused for the first call,
    or "" if there are none.
    """
    call = calls[0]
    unknown = "" if _takes_any_name(call) else about_arguments(calls, named, table)
    if unknown:
        return _about_missing(call, arguments, named, unknown)
    return (
        _about_options(calls, arguments[2:], table)
        or _about_count(error, table)
        or _about_positions(call, arguments)
        or _about_list(call, arguments)
        or _about_missing(call, arguments, named, "")
    )


def _about_missing(
    call: Callable[..., Any],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    sentence: str,
) -> str:
    """Put the missing arguments before the sentence about other arguments, unless its
    advice names them.
    """
    refused = r"\w+\(\) has no argument '\w+'\. |It has: .*"
    advice = re.sub(refused, "", sentence)
    missing = [
        f"`{parameter.name}`"
        for place, parameter in enumerate(inspect.signature(call).parameters.values())
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and parameter.name not in named
        and (place >= len(arguments) or parameter.kind is parameter.KEYWORD_ONLY)
        and not re.search(rf"\b{parameter.name}\b", advice)
    ]
    if not missing:
        return sentence
    names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    return f"{_name_of(call)}() is missing {names}. {sentence}".rstrip()


def _about_count(error: Exception, table: Mapping[str, str]) -> str:
    """Make the sentence about missing arguments, or too many by position, for a call
    with an entry in its table, or return "" if there are none.
    """
    advice = table.get(MISSING, "")
    is_count = " missing " in str(error) or " positional " in str(error)
    return f"{error}. {advice}" if advice and is_count else ""


def _about_positions(call: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Make the sentence about arguments by position that a method takes by name, or
    return "" if there are none.
    """
    positional = 0
    by_name = []
    parameters = inspect.signature(call).parameters
    for parameter in parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return ""
        if parameter.kind is parameter.KEYWORD_ONLY:
            by_name.append(parameter.name)
        else:
            positional += 1
    pairs = zip(by_name, arguments[positional:], strict=False)
    advice = ", ".join(f"{name}={short_repr(value)}" for name, value in pairs)
    if not advice:
        return ""
    count = pluralize(positional - ("self" in parameters), "argument")
    return f"{_name_of(call)}() takes {count} by position. Use {advice}."


def _about_list(call: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Make the sentence about a list of numbers, the only argument of a method that
    takes as many, or return "" if it is something else, or its first parameter may be a
    list.
    """
    numbers = arguments[1] if len(arguments) == 2 else None
    if not isinstance(numbers, list | tuple) or not all(map(is_number, numbers)):
        return ""
    signature = inspect.signature(call)
    first, second, *_ = signature.parameters.values()
    if first.name != "self" or "Sequence" in str(second.annotation):
        return ""
    try:
        signature.bind(arguments[0], *numbers)
    except TypeError:
        return ""
    name = _name_of(call)
    return (
        f"{name}() takes numbers as separate arguments, got {short_repr(numbers)}."
        f" Use {name}({', '.join(map(short_repr, numbers))})."
    )


def _advice(
    name: str,
    parameters: list[str],
    places: Mapping[str, str],
    table: Mapping[str, str],
) -> str:
    """Return advice on an argument that is not among the `parameters`. `places` are the
    calls with this argument.
    """
    # Our name for it: the same in another spelling, or a synonym.
    synonym = SYNONYMS.get(normalize_name(name), "")
    spellings = {normalize_name(ours): ours for ours in places}
    ours = spellings.get(normalize_name(name), synonym if synonym in places else None)

    advice = table.get(normalize_name(name)) or table.get(synonym)
    if advice and ours not in parameters:
        return advice
    if ours in parameters:
        return f"Use {ours}={{value}}."
    if ours is not None:
        return f"Pass {ours}={{value}} to {places[ours]}()."

    close = suggested(name, [*parameters, *places])
    hint = "" if close is None else f"Did you mean {close!r}? "
    if close is None or close in parameters:
        return f"{hint}It has: {known_names(parameters)}."
    return f"{hint}Pass it to {places[close]}()."


def _parameters(call: Callable[..., Any]) -> list[str]:
    """Return the names by which its arguments can be given."""
    return [
        parameter.name
        for parameter in inspect.signature(call).parameters.values()
        if parameter.name not in ("self", "cls")
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def _takes_any_name(call: Callable[..., Any]) -> bool:
    """Return whether it passes other arguments by name on."""
    parameters = inspect.signature(call).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _name_of(call: Callable[..., Any]) -> str:
    """Return the name by which a user calls a method, such as ``Trainer`` for its
    ``__init__``.
    """
    owner, _, short = call.__qualname__.rpartition(".")
    return owner.rpartition(".")[2] if short == "__init__" else short


def about_network(value: Any) -> str:
    """Return the advice on a value that was given for a network, or "" without
    advice.
    """
    names = (
        f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
        for cls in type(value).__mro__
    )
    return next(filter(None, map(INSTEAD_OF_NETWORK.get, names)), "")


def public_module(
    module: str, names: Iterable[str], registry: Mapping[str, Any] | None = None
) -> Callable[[str], Any]:
    """Give ``__dir__`` and ``__getattr__`` to the module that calls this function, and
    return the latter.

    Its names are these and the present ones of its registry. The error for any other
    name gives the advice of `ATTRIBUTES`, or the most similar name. Type checkers and
    editors ignore these functions, and use the names that the text of the module
    defines.
    """
    advice = ATTRIBUTES.get(module.removeprefix("synapse."), {})
    items = registry or {}

    def find(name: str) -> Any:
        if isinstance(items, Names):  # in any spelling
            return items.attribute(module, name)
        if name in items:
            return items[name]
        raise unknown_attribute(
            f"The module {module}", name, names, advice.get(name, "")
        )

    listed = public_names(names, items)
    vars(sys.modules[module]).update(__dir__=listed, __getattr__=find)
    return find


class MissingAttributeHint:
    """An attribute of another library's class. Reading it raises AttributeError with
    the equivalent call.
    """

    def __init__(self, name: str, advice: str) -> None:
        self.name = name
        self.advice = advice
        self.__doc__ = None  # not an attribute to document

    def __get__(self, owned: Any, owner: type) -> NoReturn:
        noun = with_article(owner.__name__)
        raise attribute_error(
            f"{noun[0].upper()}{noun[1:]} has no attribute {self.name!r}. {self.advice}"
        )


class ForeignNamespace(property):
    """A property ``squash``. In Synaptic, its classes have constants, and reading one
    of them here raises advice.
    """

    def __init__(self, wrapped: property, owner: str) -> None:
        super().__init__(wrapped.fget, wrapped.fset, None, wrapped.__doc__)
        self.owner = owner

    def __getattr__(self, constant: str) -> NoReturn:
        hint = ""
        if constant.isupper():
            hint = f" Use {self.owner.lower()}.squash = {constant.lower()!r}."
        raise attribute_error(
            f"{self.owner}.squash has no attribute {constant!r}.{hint}"
        )


class OwnNames(type):
    """A metaclass that lets `dir` and `help` of a class omit the attributes of other
    libraries, which :func:`suggests_attributes` answers.
    """

    def __dir__(cls) -> list[str]:
        return [
            name
            for name in super().__dir__()
            if type(inspect.getattr_static(cls, name, None)) is not MissingAttributeHint
        ]


class AbstractOwnNames(OwnNames, ABCMeta):
    """`OwnNames` for a class with abstract bases, or of which users may make one."""


Class = TypeVar("Class", bound=type)


def made_elsewhere(cls: Class) -> Class:
    """Return a class decorator that removes parameters from `help`, because other calls
    make the objects of this class.
    """
    cls.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    return cls


def suggests_attributes(owner: str) -> Callable[[Class], Class]:
    """Return a class decorator that adds the advice of `ATTRIBUTES` to errors about
    attributes that are only there. The metaclass is `OwnNames`.
    """

    def answering(cls: Class) -> Class:
        members: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            members.update(vars(base))
        for name, advice in ATTRIBUTES[owner].items():
            foreign = MissingAttributeHint(name, advice)
            present = members.get(name, foreign)
            if isinstance(present, Option):
                present.of_class = foreign  # of objects it is the option
            elif isinstance(present, MissingAttributeHint):
                setattr(cls, name, foreign)
        if "squash" in vars(cls):
            namespace = ForeignNamespace(cls.squash, owner)  # type: ignore[attr-defined]
            cls.squash = namespace  # type: ignore[attr-defined]
        cls.__dir__ = own_names  # type: ignore[assignment]
        return cls

    return answering


def fixed_attributes(cls: Class) -> Class:
    """Return a class decorator: setting a public attribute that the class does not
    declare raises AttributeError.

    A subclass of a user may have more attributes, unless their names are similar to
    those that can be set.
    """
    settable = [
        name
        for base in cls.__mro__
        for name, member in vars(base).items()
        if isinstance(member, property) and member.fset
    ]

    def is_refused(owner: type, name: str) -> bool:
        if any(name in getattr(base, "__annotations__", ()) for base in owner.__mro__):
            return False
        return _is_ours(owner) or closest(name, settable, MIN_SIMILARITY) is not None

    assign = object.__setattr__

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if name[:1] != "_":  # a constructor assigns private names
            owner = type(self)
            known = name in vars(self) or hasattr(owner, name)
            if not known and is_refused(owner, name):
                raise no_attribute(owner, name)
        assign(self, name, value)

    def no_attribute(owner: type, name: str) -> AttributeError:
        foreign = inspect.getattr_static(owner, name, None)
        hint = suggestion(name, settable)
        if isinstance(foreign, MissingAttributeHint):
            hint = f" {foreign.advice}"
        return attribute_error(
            f"A {cls.__name__} has no attribute {name!r} to set.{hint}"
        )

    cls.__setattr__ = set_attribute  # type: ignore[method-assign, assignment]
    return cls


MIN_SIMILARITY = 0.85
"""Similarity from which an attribute of a user's class counts as misspelt."""


def _is_ours(cls: type) -> bool:
    """Return whether a class belongs to the library's modules, unless it is part of an
    example in one.
    """
    if cls.__module__.partition(".")[0] not in ("synapse", "architect"):
        return False
    return hasattr(sys.modules[cls.__module__], cls.__name__)


def own_names(owned: Any) -> list[str]:
    """Return the names of an object's attributes, without private ones and those of
    other libraries.

    Python suggests names of this list in its own errors.
    """
    names = {*dir(type(owned)), *getattr(owned, "__dict__", ())}
    return [name for name in names if name[0] != "_" or name.endswith("__")]


class UncallableList(list[Item]):
    """A list that is a method in other libraries. Calling it raises an error with this
    explanation.
    """

    def __init__(self, items: Iterable[Item], name: str) -> None:
        super().__init__(items)
        self.name = name

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, str):
            owner = self.name.partition(".")[0]
            raise ArgumentTypeError(
                f"{self.name} is a list, without names. Use {owner}[{place!r}]."
            )
        return super().__getitem__(place)

    def __call__(self) -> NoReturn:
        raise ArgumentTypeError(
            f"{self.name} is a list, not a method. Use {self.name} without parentheses."
        )


class HintTuple(tuple[Item, ...]):
    """The layers of a network, which are attributes of an object in Synaptic. Reading
    such an attribute gives advice.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        advice = ATTRIBUTES["layers"].get(name)
        hint = f" {advice}" if advice else suggestion(name, ["count", "index"])
        raise attribute_error(
            f"net.layers is a tuple, without an attribute {name!r}.{hint}"
        )
