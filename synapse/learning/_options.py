"""How options of a trainer are checked, and derived from others; the table of arguments
of ``train``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .. import _checks
from ..initializers import random_generator
from ..objects.sensitivities import checked_order
from ..optimizers import SGD
from ._parameters import checked_optimizer
from ._regularisation import Chances, Penalties, chances_by_neuron
from .rules import RULES, SEQUENCE
from .schedules import Rate, checked_rate

if TYPE_CHECKING:
    from ._checkpoint import Paused
    from .trainer import Trainer

RATE = 0.1
PLAIN = SGD(RATE)
"""The optimizer of a rule or an option that needs one; it keeps nothing between
steps."""


# --- checks of a trainer's options: they return the value that is used ----------------


def method_used(trainer: Trainer, title: str, value: Any) -> str:
    return (
        trainer.network.learning_rule.method
        if value is None
        else str(_checks.choice(title, value, RULES))
    )


def order_used(trainer: Trainer, title: str, value: Any) -> int | None:
    order = checked_order(trainer.method, value)
    rule = trainer.network.learning_rule
    return rule.order if order is None and trainer.method == rule.method else order


def batch_size_used(trainer: Trainer, title: str, value: Any) -> int | str | None:
    if isinstance(value, str) and value == SEQUENCE and RULES[trainer.method].by_steps:
        return SEQUENCE
    return None if value is None else _checks.positive_integer(title, value)


def optimizer_used(trainer: Trainer, title: str, value: Any) -> Any:
    optimizer = checked_optimizer(title, value)
    sums = trainer._penalties != Penalties() or trainer.batch_size not in (None, 1)
    needed = optimizer is None and (sums or not RULES[trainer.method].direct)
    return PLAIN if needed else optimizer


def rate_used(trainer: Trainer, title: str, value: Any) -> Rate:
    chosen = getattr(trainer.optimizer, "rate", RATE) if value is None else value
    return checked_rate(title, chosen, trainer.network.dtype)


def chances_used(trainer: Trainer, title: str, value: Any) -> Chances:
    chances_by_neuron(title, trainer.network, value)
    return value  # type: ignore[no-any-return]


def _path(title: str, value: Any) -> Any:
    _checks.file_path(title, value)
    return value


Check = Callable[[str, Any], Any]
OptionCheck = Callable[["Trainer", str, Any], Any]


def or_none(check: Check) -> Check:
    """The check of an argument that may be None."""
    return lambda title, value: None if value is None else check(title, value)


def alone(check: Check) -> OptionCheck:
    """The check of an option that depends on no other."""
    return lambda trainer, title, value: check(title, value)


class Derived:
    """An option that is not assigned and follows from others; assigned ones are in the
    trainer's own dict.
    """

    def __init__(self, name: str, check: OptionCheck) -> None:
        self.name = name
        self.check = check

    def __get__(self, trainer: Trainer | None, owner: type) -> Any:
        return (
            self
            if trainer is None
            else self.check(trainer, f"The {self.name} of Trainer", None)
        )


# --- the arguments of train -----------------------------------------------------------


def _callbacks(title: str, value: Any) -> tuple[Any, ...]:
    callbacks = _checks.listed(title, value, "a list of functions")
    return tuple(
        _checks.function_of("A callback", callback, "progress")
        for callback in callbacks
    )


ARGUMENTS: dict[str, Check] = {
    "epochs": or_none(_checks.positive_integer),
    "error": or_none(_checks.non_negative_number),
    "shuffle": or_none(_checks.boolean),
    "seed": or_none(lambda title, value: random_generator(value)),
    "progress": lambda title, value: (
        value if isinstance(value, str) else _checks.boolean(title, value)
    ),
    "patience": or_none(_checks.positive_integer),
    "restore_best": _checks.boolean,
    "callbacks": _callbacks,
    "on_batch": or_none(
        lambda title, value: _checks.function_of(title, value, "batch")
    ),
    "checkpoint": or_none(_path),
    "every": or_none(_checks.positive_integer),
    "resume": _checks.boolean,
}
"""The checks of the arguments of ``train``, in this order; they get the name for
messages and the value."""
WITH_THE_DATA = ("inputs", "targets", "validation", "sample_weight", "class_weight")
"""The other arguments, which are checked with the data."""


def checked_call(arguments: Mapping[str, Any]) -> SimpleNamespace:
    """The arguments of ``train``, checked, except for those that are checked with the
    data.
    """
    parameters = {"self", *ARGUMENTS, *WITH_THE_DATA}
    assert arguments.keys() == parameters, (
        "A parameter of train has no row, or a row none"
    )
    return SimpleNamespace(
        **{
            name: check(f"The {name}", arguments[name])
            for name, check in ARGUMENTS.items()
        }
    )


def continue_call(call: SimpleNamespace, paused: Paused) -> None:
    """Replace arguments that are None by those of the training that is continued, and
    the generator.
    """
    call.epochs = paused.epochs if call.epochs is None else call.epochs
    call.shuffle = paused.shuffle if call.shuffle is None else call.shuffle
    call.seed = paused.rng()
