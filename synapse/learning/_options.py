"""The options of a trainer and the arguments of ``train``, each declared once.

A row of a table has the check of an option and what a checkpoint keeps of it. The rest is derived: the
attributes of the trainer, their assignment, pickles, files, ``repr``, the options that a rule receives, and
what ``resume`` takes over. :func:`declared` compares the tables with the signatures when the trainer is
imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from .. import optimizers
from .._checks import (
    MOST_THREADS,
    boolean,
    choice,
    expected,
    file_path,
    function_of,
    is_number,
    listed,
    non_negative_number,
    positive_integer,
    positive_number,
)
from ..errors import ArgumentError, FormatError
from ..initializers import random_generator
from ..objects._sensitivities import checked_order
from ..objects.layer import Layer
from ..objects.network import Network
from ..optimizers import SGD
from ..readwrite._checks import an_object, given, is_whole, members, require
from ._parameters import checked_optimizer
from ._regularisation import Chances, chances_by_neuron
from .rules import RULES, SEQUENCE, RuleOptions
from .schedules import Cosine, Exponential, Rate, ReduceOnPlateau, StepDecay, WarmUp, checked_rate

if TYPE_CHECKING:
    from ._checkpoint import Paused
    from .trainer import Trainer

RATE = 0.1
OPTIMIZERS: dict[str, type[Any]] = {
    name: getattr(optimizers, name)
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "AdaGrad", "Rprop", "LBFGS", "RLS", "DEKF")
}
SCHEDULES: dict[str, type[Any]] = {
    one.__name__: one for one in (StepDecay, Exponential, Cosine, WarmUp, ReduceOnPlateau)
}


# --- what a file keeps: values of JSON. Nothing here executes what a file contains -----------------


@dataclass(frozen=True)
class Kept:
    """How a file keeps the option of a trainer: `write` makes a value of JSON, `read` is its inverse.

    Both are called with the network and the value. The option's check follows `read`.
    """

    write: Callable[[Network, Any], Any]
    read: Callable[[Network, Any], Any]


def _described(what: str, thing: Any, known: Mapping[str, type[Any]]) -> dict[str, Any]:
    """The class of an optimizer or a schedule and its settings."""
    name = type(thing).__name__
    if known.get(name) is not type(thing):
        advice = "A file holds no functions or classes of your own."
        raise ArgumentError(expected(f"{what} of a trainer to save", ", ".join(known), thing, advice))
    values = {one.name: getattr(thing, one.name) for one in fields(thing)}
    return {"name": name, **{key: _of_rate(one) if key == "then" else one for key, one in values.items()}}


def _made(what: str, data: Any, known: Mapping[str, type[Any]]) -> Any:
    """The inverse of :func:`_described`."""
    name: Any = an_object(what, data).get("name")
    require(isinstance(name, str) and name in known, f"{what}'s name", ", ".join(known), name)
    names = [one.name for one in fields(known[name])]
    values = {key: members(what, data, ("name", *names))[key] for key in names}
    values = {key: tuple(one) if isinstance(one, list) else one for key, one in values.items()}
    if "then" in values:
        values["then"] = _rate_from(values["then"])
    return known[name](**values)


def _of_rate(rate: Rate) -> Any:
    return rate if is_number(rate) else _described("The rate", rate, SCHEDULES)


def _rate_from(data: Any) -> Any:
    return _made("The rate", data, SCHEDULES) if isinstance(data, dict) else data


def _of_optimizer(network: Network, optimizer: Any) -> Any:
    return None if optimizer is None else _described("The optimizer", optimizer, OPTIMIZERS)


def _optimizer_from(network: Network, data: Any) -> Any:
    return None if data is None else _made("The optimizer", data, OPTIMIZERS)


def _of_chances(what: str, network: Network, chances: Chances) -> Any:
    """A number, or pairs of a layer's number and a probability."""
    if not isinstance(chances, Mapping):
        return float(chances)
    layers = list(network.layers)
    pairs = [(network[key] if isinstance(key, str) else key, float(one)) for key, one in chances.items()]
    for layer, _ in pairs:
        if layer not in layers:
            raise ArgumentError(
                expected(f"The layers with {what} of a trainer to save", f"layers of {network!r}", layer)
            )
    return [[layers.index(layer), chance] for layer, chance in pairs]


def _chances_from(what: str, network: Network, data: Any) -> Any:
    if not isinstance(data, list):
        return data
    chances: dict[str | Layer, float] = {}
    for pair in data:
        fits = isinstance(pair, list) and len(pair) == 2 and is_whole(pair[0], 0, len(network.layers) - 1)
        if not fits:
            raise FormatError(
                f"Expected {what} to be pairs of a layer's number and a number, got {given(pair)}."
            )
        chances[network.layers[pair[0]]] = pair[1]
    return chances


def _chances_kept(what: str) -> Kept:
    return Kept(partial(_of_chances, what), partial(_chances_from, what))


AS_IT_IS = Kept(lambda network, value: value, lambda network, data: data)
OF_RATE = Kept(lambda network, rate: _of_rate(rate), lambda network, data: _rate_from(data))
BY_NAME = Kept(lambda network, thing: thing.name, lambda network, data: data)
OF_OPTIMIZER = Kept(_of_optimizer, _optimizer_from)
NOT_KEPT = None
"""A file that has been moved must not name where it was, and who loads it says what to write."""


# --- checks of a trainer's options: they return the value that is used -----------------------------


def _method(trainer: Trainer, what: str, value: Any) -> str:
    found: str = trainer.network.learning_rule.method if value is None else choice(what, value, RULES)
    return found


def _order(trainer: Trainer, what: str, value: Any) -> int | None:
    order, own = checked_order(trainer.method, value), trainer.network.learning_rule
    return own.order if order is None and trainer.method == own.method else order


def _batch_size(trainer: Trainer, what: str, value: Any) -> int | str | None:
    if isinstance(value, str) and value == SEQUENCE and RULES[trainer.method].by_steps:
        return SEQUENCE
    return None if value is None else positive_integer(what, value)


def _optimizer(trainer: Trainer, what: str, value: Any) -> Any:
    found = checked_optimizer(what, value)
    changed = (trainer.l1, trainer.l2, trainer.clip, trainer.clip_value) != (0.0, 0.0, None, None)
    sums = changed or trainer.batch_size not in (None, 1)
    needed = found is None and (sums or not RULES[trainer.method].direct)
    return SGD(RATE) if needed else found


def _rate(trainer: Trainer, what: str, value: Any) -> Rate:
    chosen = getattr(trainer.optimizer, "rate", RATE) if value is None else value
    return checked_rate(what, chosen, trainer._float)


def _chances(trainer: Trainer, what: str, value: Any) -> Chances:
    chances_by_neuron(what, trainer.network, value)
    found: Chances = value
    return found


def _path(what: str, value: Any) -> Any:
    file_path(what, value)
    return value


Check = Callable[[str, Any], Any]


def _or_none(check: Check) -> Check:
    """The check of an argument that may be None."""
    return lambda what, value: None if value is None else check(what, value)


def _alone(check: Check) -> Callable[[Trainer, str, Any], Any]:
    """The check of an option that depends on no other."""
    return lambda trainer, what, value: check(what, value)


# --- the tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """An option of a trainer.

    `check` is called with the trainer, which has the options of the rows before, the name for messages and
    the value. `kept` is what a file keeps. Pickles keep all options. An option that depends on others is
    checked again before a training, because they may have been assigned.
    """

    check: Callable[[Trainer, str, Any], Any]
    kept: Kept | None
    depends: bool = False


OPTIONS = {
    "method": Option(_method, AS_IT_IS),
    "order": Option(_order, AS_IT_IS, depends=True),
    "batch_size": Option(_batch_size, AS_IT_IS, depends=True),
    "window": Option(_alone(_or_none(partial(positive_integer, most=inf))), AS_IT_IS),
    "clip": Option(_alone(_or_none(positive_number)), AS_IT_IS),
    "clip_value": Option(_alone(_or_none(positive_number)), AS_IT_IS),
    "l1": Option(_alone(non_negative_number), AS_IT_IS),
    "l2": Option(_alone(non_negative_number), AS_IT_IS),
    "optimizer": Option(_optimizer, OF_OPTIMIZER, depends=True),
    "rate": Option(_rate, OF_RATE),
    "cost": Option(lambda trainer, what, value: trainer.network._cost(value), BY_NAME),
    "dropout": Option(_chances, _chances_kept("dropout")),
    "recurrent_dropout": Option(_chances, _chances_kept("recurrent_dropout")),
    "threads": Option(_alone(partial(positive_integer, most=MOST_THREADS)), AS_IT_IS),
    "checkpoint": Option(_alone(_or_none(_path)), NOT_KEPT),
    "every": Option(_alone(_or_none(positive_integer)), NOT_KEPT),
}
"""The options of a trainer, in the order in which they are checked."""


@dataclass(frozen=True)
class Argument:
    """An argument of ``train``.

    `check` is called with the name for messages and the value; None: it is checked with the data. `resumed`
    names the field of :class:`Paused` from which a continued training takes it; None: it is given again.
    """

    check: Check | None
    resumed: str | None


GIVEN_AGAIN = None
WITH_THE_DATA = None


def _callbacks(what: str, value: Any) -> tuple[Any, ...]:
    known = listed(what, value, "a list of functions")
    return tuple(function_of("A callback", callback, "progress") for callback in known)


ARGUMENTS = {
    "inputs": Argument(WITH_THE_DATA, GIVEN_AGAIN),
    "targets": Argument(WITH_THE_DATA, GIVEN_AGAIN),
    "epochs": Argument(_or_none(positive_integer), "epochs"),
    "error": Argument(_or_none(non_negative_number), GIVEN_AGAIN),
    "shuffle": Argument(_or_none(boolean), "shuffle"),
    "seed": Argument(lambda what, value: random_generator(value), "generator"),
    "progress": Argument(
        lambda what, value: value if isinstance(value, str) else boolean(what, value), GIVEN_AGAIN
    ),
    "validation": Argument(WITH_THE_DATA, GIVEN_AGAIN),
    "patience": Argument(_or_none(positive_integer), GIVEN_AGAIN),
    "restore_best": Argument(boolean, GIVEN_AGAIN),
    "callbacks": Argument(_callbacks, GIVEN_AGAIN),
    "on_step": Argument(_or_none(lambda what, value: function_of(what, value, "step")), GIVEN_AGAIN),
    "on_batch": Argument(_or_none(lambda what, value: function_of(what, value, "batch")), GIVEN_AGAIN),
    "steps": Argument(_or_none(positive_integer), GIVEN_AGAIN),
    "sample_weight": Argument(WITH_THE_DATA, GIVEN_AGAIN),
    "class_weight": Argument(WITH_THE_DATA, GIVEN_AGAIN),
    "checkpoint": Argument(_or_none(_path), GIVEN_AGAIN),
    "every": Argument(_or_none(positive_integer), GIVEN_AGAIN),
    "resume": Argument(boolean, GIVEN_AGAIN),
}
"""The arguments of ``train``, in the order in which they are checked."""
Class = TypeVar("Class", bound=type)


def declared(cls: Class) -> Class:
    """A class decorator for the trainer: TypeError unless its signatures have the options of the tables."""
    trainer: Any = cls
    where = "in synapse/learning/_options.py"
    for call, table, known in (
        (trainer.__init__, f"OPTIONS {where}", OPTIONS.keys() | {"network"}),
        (trainer.train, f"ARGUMENTS {where}", ARGUMENTS.keys()),
    ):
        names = inspect.signature(call).parameters.keys() - {"self"}
        for name in sorted(names - known):
            raise TypeError(
                f"{call.__qualname__}() has the option {name!r}, which {table} does not declare. "
                "Add a row there: how it is checked, and what a checkpoint keeps of it."
            )
        for name in sorted(known - names):
            raise TypeError(
                f"{table} declares the option {name!r}, which is not in the signature of "
                f"{call.__qualname__}(). Add it there, with its default and its documentation."
            )
    return cls


# --- what is derived from them ---------------------------------------------------------------------

DEPENDENT = tuple(name for name, option in OPTIONS.items() if option.depends)
RULE_OPTIONS = tuple(one.name for one in fields(RuleOptions) if one.name in OPTIONS)


def options_of(trainer: Trainer) -> dict[str, Any]:
    """All options of a trainer, by name."""
    return {name: getattr(trainer, name) for name in OPTIONS}


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """The options that a file keeps, as values of JSON; ArgumentError for a function of the user."""
    return {
        name: option.kept.write(trainer.network, getattr(trainer, name))
        for name, option in OPTIONS.items()
        if option.kept is not None
    }


def arguments_from(network: Network, settings: Any) -> dict[str, Any]:
    """The arguments of a trainer from the result of :func:`settings_of`; its checks are still to be made."""
    kept = {name: option.kept for name, option in OPTIONS.items() if option.kept is not None}
    found = members("The settings", settings, kept)
    return {name: one.read(network, found[name]) for name, one in kept.items()}


def checked_call(given: Mapping[str, Any]) -> SimpleNamespace:
    """The checked arguments of ``train``; those that are checked with the data are unchanged."""
    found = SimpleNamespace()
    for name, argument in ARGUMENTS.items():
        value = given[name]
        setattr(found, name, argument.check(f"The {name}", value) if argument.check else value)
    return found


def continue_call(call: SimpleNamespace, paused: Paused) -> None:
    """Replace arguments that are None by those of the training that is continued, and the generator."""
    for name, argument in ARGUMENTS.items():
        if argument.resumed is not None and (getattr(call, name) is None or name == "seed"):
            setattr(call, name, paused.resumed(argument.resumed))
