"""The options of a trainer and the arguments of ``train``, each declared once.

A row of a table is the check of an option. The rest is derived: the attributes of the trainer, their
assignment, pickles, files (``_checkpoint.py``), ``repr``, the options that a rule receives, and what
``resume`` takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .._checks import (
    MOST_THREADS,
    boolean,
    choice,
    file_path,
    function_of,
    listed,
    non_negative_number,
    positive_integer,
    positive_number,
)
from ..initializers import random_generator
from ..objects.sensitivities import checked_order
from ..optimizers import SGD
from ._parameters import checked_optimizer
from ._regularisation import Chances, chances_by_neuron
from .rules import RULES, SEQUENCE, RuleOptions
from .schedules import Rate, checked_rate

if TYPE_CHECKING:
    from ._checkpoint import Paused
    from .trainer import Trainer

RATE = 0.1


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
    return checked_rate(what, chosen, trainer.network._store.dtype)


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


OPTIONS: dict[str, Callable[[Trainer, str, Any], Any]] = {
    "method": _method,
    "order": _order,
    "batch_size": _batch_size,
    "window": _alone(_or_none(partial(positive_integer, most=inf))),
    "clip": _alone(_or_none(positive_number)),
    "clip_value": _alone(_or_none(positive_number)),
    "l1": _alone(non_negative_number),
    "l2": _alone(non_negative_number),
    "optimizer": _optimizer,
    "rate": _rate,
    "cost": lambda trainer, what, value: trainer.network._cost(value),
    "dropout": _chances,
    "recurrent_dropout": _chances,
    "threads": _alone(partial(positive_integer, most=MOST_THREADS)),
}
"""The checks of a trainer's options, in their order. They get the trainer, which has the options of the rows
before, the name for messages and the value."""
DEPENDENT = ("order", "batch_size", "optimizer")
"""Options that depend on others, which may have been assigned: checked again before a training."""


def _callbacks(what: str, value: Any) -> tuple[Any, ...]:
    known = listed(what, value, "a list of functions")
    return tuple(function_of("A callback", callback, "progress") for callback in known)


ARGUMENTS: dict[str, Check] = {
    "epochs": _or_none(positive_integer),
    "error": _or_none(non_negative_number),
    "shuffle": _or_none(boolean),
    "seed": _or_none(lambda what, value: random_generator(value)),
    "progress": lambda what, value: value if isinstance(value, str) else boolean(what, value),
    "patience": _or_none(positive_integer),
    "restore_best": boolean,
    "callbacks": _callbacks,
    "on_batch": _or_none(lambda what, value: function_of(what, value, "batch")),
    "checkpoint": _or_none(_path),
    "every": _or_none(positive_integer),
    "resume": boolean,
}
"""The checks of the arguments of ``train``, in this order; they get the name for messages and the value."""
WITH_THE_DATA = ("inputs", "targets", "validation", "sample_weight", "class_weight")
"""The other arguments, which are checked with the data."""


# --- what is derived from them ---------------------------------------------------------------------

RULE_OPTIONS = tuple(one.name for one in fields(RuleOptions) if one.name in OPTIONS)


def options_of(trainer: Trainer) -> dict[str, Any]:
    """All options of a trainer, by name."""
    return {name: getattr(trainer, name) for name in OPTIONS}


def checked_call(given: Mapping[str, Any]) -> SimpleNamespace:
    """The arguments of ``train``, checked, except for those that are checked with the data."""
    assert given.keys() == {"self", *ARGUMENTS, *WITH_THE_DATA}, (
        "A parameter of train has no row, or a row none"
    )
    return SimpleNamespace(**{name: check(f"The {name}", given[name]) for name, check in ARGUMENTS.items()})


def continue_call(call: SimpleNamespace, paused: Paused) -> None:
    """Replace arguments that are None by those of the training that is continued, and the generator."""
    call.epochs = paused.epochs if call.epochs is None else call.epochs
    call.shuffle = paused.shuffle if call.shuffle is None else call.shuffle
    call.seed = paused.rng()
