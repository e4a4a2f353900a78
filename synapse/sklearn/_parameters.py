"""Declare the parameters of all estimators, which consist of their own and the options
of a trainer.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

from .. import _checks
from .._defaults import ROWS
from ..errors import ArgumentTypeError
from ..learning import Trainer

OF_CALLS = (
    *("self", "inputs", "targets", "sample_weight", "class_weight", "seed"),
    *("checkpoint", "checkpoint_every", "resume"),
)
"""Arguments of ``Trainer.train`` that are not options of an estimator."""
TRAINER = {
    name: option
    for name, option in signature(Trainer).parameters.items()
    if name != "network"
}
TRAIN = {
    name: option
    for name, option in signature(Trainer.train).parameters.items()
    if name not in OF_CALLS
}
DEFAULTS = {
    "rule": ROWS.rule,
    "optimizer": ROWS.optimizer,
    "rate": ROWS.rate,
    "progress": False,
}
"""Options whose default differs from the trainer's default."""
LEARNING = {"online_rate": ROWS.rate, "warm_start": False, "random_state": None}
"""The last parameters of all estimators, before the options."""
AUTO = "auto"
"""The option ``l2="auto"``."""
Class = TypeVar("Class", bound=type)


def parameters(**defaults: Any) -> Callable[[Class], Class]:
    """Return a class decorator, whose `__init__` stores these parameters, which have
    defaults, and the trainer's.
    """

    def declared(cls: Class) -> Class:
        options = {
            name: DEFAULTS.get(name, option.default)
            for name, option in {**TRAINER, **TRAIN}.items()
        }
        several = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
        for name, default in {**defaults, **options, **defaults}.items():
            role = (
                Parameter.POSITIONAL_OR_KEYWORD
                if len(several) == 1
                else Parameter.KEYWORD_ONLY
            )
            several.append(Parameter(name, role, default=default))
        declaration = Signature(several)

        # It becomes the method of the class.
        def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807
            if unknown := _checks.about_arguments(
                [__init__], named, _checks.ARGUMENTS["estimator"], as_dict=False
            ):
                raise ArgumentTypeError(unknown)
            bound = declaration.bind(self, *values, **named)
            bound.apply_defaults()
            vars(self).update(
                (name, value)
                for name, value in bound.arguments.items()
                if name != "self"
            )

        __init__.__signature__ = declaration  # type: ignore[attr-defined]
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = __init__  # type: ignore[misc]
        return cls

    return declared
