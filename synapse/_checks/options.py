"""Declare the parameters of calls and classes. The type, check, default and description
of a value are declared in one place, and everything else follows from there.

**A call** declares the check of a parameter in its annotation. Every public call is
decorated by :func:`suggests_arguments`, which passes the given values through their
checks. Therefore, the body of the call receives checked values::

    @_checks.suggests_arguments("train")
    def train(self, inputs, epochs: Annotated[int | None, positive_integer] = None):
        ...

A parameter whose annotation is a ``Sequence`` or a tuple, without a check, does not
take a set. If its order has no meaning, it is a ``Collection`` or an ``Iterable``.

A check is a function ``(title, value)`` that returns the value to be used, or raises.
The title is "epochs", or "rate of Adam" for the ``__init__`` of a class, unless
``of_class=False``. None is not checked if it is the default. An annotation may also be
the name of a type of its module, ``Probability = Annotated[float, from_0_to_1]``. The
signature that editors, Sphinx and ``inspect.signature`` show is that without checks.
Because fields of a dataclass are parameters of its ``__init__``, a decorated dataclass
declares checks in the same way, without a ``__post_init__``.

**A class whose settings can be assigned later** declares them as fields whose value is
an :class:`Option`, and is decorated by :func:`with_options`::

    @_checks.with_options
    class Training:
        '''Describes a training.

        Parameters
        ----------
        network : Network
            What is trained.
        '''

        network: Network
        _: KW_ONLY
        l1: Option[float, float] = Option(
            "float",
            "Factor of the penalty. Default 0.",
            non_negative_number,
            default=0.0,
        )
        batch: Option[int, int | None] = Option(
            "int, optional",
            "Number of samples. Default: all.",
            positive_integer,
            follows=lambda training: training.network.samples,
        )

    Training(network, l1=0.1).batch

**Two arguments of which one makes the other void** are declared at the decorator, and
raise an error if both are given. The declaration consists of the one, the other, the
condition, and advice, unless the advice is to leave out one of them::

    @_checks.suggests_arguments(
        "returns", void=[("points", "tests", lambda given: given["tests"])]
    )
    def returns(runs, *, points=40, tests=False):
        ...

An option has two types, one for reading the attribute, and one for the values that can
be given. Assignment, ``training.l1 = -1.0``, checks the value like an argument.
:func:`options_of` returns the options of a class by name, for files, pickles and
``repr``.
"""  # noqa: D214, D215 - the sections are those of the example

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    NamedTuple,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
    get_origin,
    overload,
)

from ..errors import ArgumentError
from .arguments import ordered, subject

Read = TypeVar("Read")
Given = TypeVar("Given")
Described = TypeVar("Described", bound=type)
Check = Callable[[str, Any], Any]
IN_ORDER = re.compile(r"(^|\| )(Sequence|tuple)\[")
"""The annotation of a parameter whose order has a meaning."""
EffectCheck = Callable[[Iterable[Any], Mapping[str, Any]], None]

# --- checks in the signature of a call ------------------------------------------------


class ArgumentCheck(NamedTuple):
    """The check of a call's parameter."""

    name: str
    place: int  # beyond all others for a keyword alone
    title: str
    check: Check
    none: bool  # whether None is the default, which is not checked


def checks_in(function: Callable[..., Any], of_class: bool) -> list[ArgumentCheck]:
    """Return the checks in the annotations of a function, and replace these by
    annotations without checks. The titles of an ``__init__`` name its class if they are
    `of_class`.
    """
    annotations = function.__annotations__
    owner, _, short = function.__qualname__.rpartition(".")
    end = f" of {owner.rpartition('.')[2]}" if of_class and short == "__init__" else ""
    declared = {
        name: found
        for name, annotation in annotations.items()
        if name != "return" and (found := _declared(annotation, function.__globals__))
    }
    if not declared:  # of most calls, and a signature takes long
        return []
    checks = []
    for number, parameter in enumerate(inspect.signature(function).parameters.values()):
        name = parameter.name
        if name in declared:
            annotations[name], check = declared[name]
            none = parameter.default is None
            place = number if parameter.kind < parameter.KEYWORD_ONLY else sys.maxsize
            checks.append(ArgumentCheck(name, place, f"{name}{end}", check, none))
    return checks


def _declared(annotation: Any, names: Mapping[str, Any]) -> tuple[Any, Check] | None:
    """Return the type and the check of an annotation, or of the object that it names,
    or None if it has no check.
    """
    if not isinstance(annotation, str):
        return None
    if IN_ORDER.search(annotation) and not annotation.startswith("Annotated["):
        return annotation, ordered
    if annotation.startswith("Annotated["):
        shown, code = arguments_of(annotation)
        return shown, eval(code, dict(names))
    alias: Any = names.get(annotation)
    if get_origin(alias) is Annotated:
        return alias.__origin__, alias.__metadata__[0]
    return None


def checked_arguments(
    checks: Iterable[ArgumentCheck],
    given: tuple[Any, ...],
    named: dict[str, Any],
    require_effect: EffectCheck | None,
) -> tuple[Any, ...]:
    """Return checked arguments by position, and replace those in `named`. Raise
    ArgumentError if one of them has no effect.
    """
    by_place = list(given)
    for name, place, title, check, none in checks:
        if name in named:
            if not (none and named[name] is None):
                named[name] = check(title, named[name])
        elif place < len(by_place) and not (none and by_place[place] is None):
            by_place[place] = check(title, by_place[place])
    if require_effect and (named or len(given) > 2):
        require_effect(by_place, named)
    return tuple(by_place)


def effect_check(
    function: Callable[..., Any], rules: Sequence[tuple[Any, ...]]
) -> EffectCheck:
    """Return a function that raises ArgumentError if an argument of a call has no
    effect by these rules, and is not its default.
    """
    parameters = inspect.signature(function).parameters.values()
    places = [each.name for each in parameters if each.kind < each.KEYWORD_ONLY]
    defaults = {each.name: each.default for each in parameters}

    def require_effect(by_place: Iterable[Any], named: Mapping[str, Any]) -> None:
        values = {**defaults, **dict(zip(places, by_place, strict=False)), **named}
        for name, other, when, *advice in rules:
            value, default = values[name], defaults[name]
            if (type(value) is not type(default) or value != default) and when(values):
                raise void(name, other, values[other], *advice)

    return require_effect


def void(name: str, other: str, value: Any, advice: str = "") -> ArgumentError:
    """Make the error for an argument that has no effect with this value of another."""
    is_plain = isinstance(value, bool | int | float | str | tuple)
    reason = f"with `{other}={value!r}`" if is_plain else f"with the given `{other}`"
    if value is None:
        reason, advice = f"without `{other}`", advice or f"Pass {other}, too."
    advice = advice or "Expected one of the two, got both."
    return ArgumentError(f"{subject(name)} has no effect {reason}. {advice}")


def arguments_of(annotation: str) -> list[str]:
    """Return the arguments of a generic type, as text."""
    tree: Any = ast.parse(annotation, mode="eval")
    text = annotation.encode()  # in which Python counts
    return [
        text[argument.col_offset : argument.end_col_offset].decode()
        for argument in tree.body.slice.elts
    ]


# --- settings of a class that can be assigned -----------------------------------------


class Option(Generic[Read, Given]):
    """A setting of an object, with the type that is read, and the type of the values
    that are accepted.

    Parameters
    ----------
    form : str
        The type, in the form that the page of the class shows: "float, optional".
    sentence : str
        A description of the option and its default.
    check : callable
        ``check(title, value)`` returns the value to be stored, or raises.
    default : object
        The value if none is given. Default None.
    follows : callable, optional
        A function ``follows(owner)`` that returns the value while none is stored.
        Because this value depends on other options, it is found when the attribute is
        read. Assigning None restores it.
    owned : bool
        Whether the check depends on the object: ``check(owner, title, value)``. In this
        case, it also receives a default of None, whereas other defaults are stored
        without a check.
    """

    def __init__(
        self,
        form: str,
        sentence: str,
        check: Callable[..., Any],
        *,
        default: Any = None,
        follows: Callable[[Any], Any] | None = None,
        owned: bool = False,
    ) -> None:
        self.form = form
        self.sentence = " ".join(sentence.split())
        self.default = default
        self.of_class: Any = None  # an attribute of another library's class
        self.follows = follows
        self._check = check
        self._owned = owned
        self.default_is_free = not (owned and default is None)  # it is not checked

    def checked_early(self, value: Any) -> Any:
        """Return a value that the check allows, or raise, before there is an object. A
        check of the object itself is made when the value is assigned.
        """
        is_free = self._owned or value is self.default
        return value if is_free else self._check(self.title(None), value)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        # a base class of its own, "TrainerOptions", has those of the Trainer
        self.class_name = owner.__name__.removesuffix("Options")
        self.__doc__ = None  # it is described among the parameters

    @overload
    def __get__(self, owner: None, cls: type) -> Self: ...

    @overload
    def __get__(self, owner: object, cls: type) -> Read: ...

    def __get__(self, owner: object | None, cls: type) -> Any:
        if owner is None:  # `dataclass` asks the class for the default
            return self.of_class.__get__(None, cls) if self.of_class else self.default
        return self.follows(owner) if self.follows else self.default

    if TYPE_CHECKING:  # `_assigning` stores values

        def __set__(self, owner: object, value: Given) -> None: ...

    def checked(self, owner: object, value: Any) -> Any:
        """Return the value to be stored, or an error that names the owner's class."""
        of = (owner,) if self._owned else ()
        return self._check(*of, self.title(owner), value)

    def title(self, owner: object) -> str:
        """Return the option in messages, with the owner's class, or without an owner
        with the class that declares it.
        """
        class_name = self.class_name if owner is None else type(owner).__name__
        return f"{self.name} of {class_name}"


BY_OPTIONS = "_by_options"
"""Name of the attribute in which an object may cache what it derives from its options.
Assigning an option removes it."""
WIDTH = 88
PARAMETERS = r"(?s)Parameters\n *-+\n.+?(?=\n\n *\w[\w ]*\n *-+\n|\s*\Z)"
"""The section of a docstring, up to the title of the next one."""


@dataclass_transform(field_specifiers=(field,))
def with_options(cls: Described) -> Described:
    """Return a class decorator that makes fields parameters of ``__init__``, and
    describes options among the parameters of the docstring.
    """
    made: Any = dataclass(eq=False, repr=False)(cls)
    options = options_of(made)
    annotations = made.__init__.__annotations__
    for name in options:
        annotations[name] = arguments_of(annotations[name])[1]
    for name, text in annotations.items():
        if isinstance(text, str):
            annotations[name] = re.sub(r"^InitVar\[(.+)\]$", r"\1", text)
    # a base class that has all of them assigns them already
    if not any(options_of(base) == options for base in made.__mro__[1:]):
        made.__setattr__ = _assigning(made.__setattr__, options)
    if made.__doc__:
        rows = "".join(map(_described, options.values()))
        # the end of the section of parameters: before the next title, or at the end
        section = re.search(PARAMETERS, made.__doc__)
        end = section.end() if section else len(made.__doc__)
        made.__doc__ = made.__doc__[:end] + rows + made.__doc__[end:]
    return cast(Described, made)


def _assigning(
    assign: Callable[[Any, str, Any], None], options: Mapping[str, Option[Any, Any]]
) -> Callable[[Any, str, Any], None]:
    """Return a ``__setattr__`` that checks options and stores them in the object's
    dict, where reading finds them before their descriptors; `assign` sets all other
    attributes.
    """

    def set_attribute(self: Any, name: str, value: Any) -> None:
        option = options.get(name)
        if option is None:
            assign(self, name, value)
            return
        values = vars(self)
        if value is None and option.follows is not None:
            values.pop(name, None)
        elif value is option.default and option.default_is_free:
            values[name] = value
        else:
            values[name] = option.checked(self, value)
        values.pop(BY_OPTIONS, None)

    return set_attribute


def _described(option: Option[Any, Any]) -> str:
    """Return the rows of a docstring about an option."""
    sentence = fill(
        option.sentence,
        WIDTH,
        initial_indent=" " * 8,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return f"\n    {option.name} : {option.form}\n{sentence}"


def options_of(cls: type) -> Mapping[str, Option[Any, Any]]:
    """Return the options of a class by name, in the order of their declaration."""
    return {
        name: member
        for base in reversed(cls.__mro__)
        for name, member in vars(base).items()
        if isinstance(member, Option)
    }
