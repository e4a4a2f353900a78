"""The settings of a trainer as values of JSON, and back. Nothing here executes what a file contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .. import optimizers
from .._checks import expected, is_number
from ..errors import ArgumentError, FormatError
from ..layer import Layer
from ..network import Network
from ..readwrite._checks import an_object, given, is_whole, members, require
from ._exact import WHOLE
from ._regularisation import Chances
from .schedules import Cosine, Exponential, Rate, ReduceOnPlateau, StepDecay, WarmUp

if TYPE_CHECKING:
    from .trainer import Trainer

OPTIMIZERS: dict[str, type[Any]] = {
    name: getattr(optimizers, name)
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "AdaGrad", "Rprop", "LBFGS", "RLS", "DEKF")
}
SCHEDULES: dict[str, type[Any]] = {
    one.__name__: one for one in (StepDecay, Exponential, Cosine, WarmUp, ReduceOnPlateau)
}
OF_PENALTIES = ("l1", "l2", "clip", "clip_value")
SETTINGS = (
    *("method", "order", "rate", "cost", "optimizer", "batch_size", "window"),
    *(*OF_PENALTIES, "dropout", "recurrent_dropout", "threads"),
)


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """The arguments of a trainer, except the network; ArgumentError for a function of the user."""
    optimizer, dropout = trainer.optimizer, trainer.dropout
    return {
        "method": trainer.method,
        "order": trainer.order,
        "rate": _of_rate(trainer.rate),
        "cost": trainer.cost.name,
        "optimizer": None if optimizer is None else _described("The optimizer", optimizer, OPTIMIZERS),
        "batch_size": trainer.batch_size,
        "window": None if trainer.window == WHOLE else trainer.window,
        **{name: getattr(trainer.penalties, name) for name in OF_PENALTIES},
        "dropout": _of_chances("dropout", trainer.network, dropout.each_step),
        "recurrent_dropout": _of_chances("recurrent_dropout", trainer.network, dropout.whole),
        "threads": trainer.threads,
    }


def arguments_from(network: Network, settings: Any) -> dict[str, Any]:
    """The arguments of a trainer from the result of :func:`settings_of`; its checks are still to be made."""
    found = members("The settings", settings, SETTINGS)
    optimizer = found["optimizer"]
    return {
        **found,
        "rate": _rate_from(found["rate"]),
        "optimizer": None if optimizer is None else _made("The optimizer", optimizer, OPTIMIZERS),
        **{name: _chances_from(name, network, found[name]) for name in ("dropout", "recurrent_dropout")},
    }


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


def _chances_from(what: str, network: Network, data: Any) -> Chances:
    if not isinstance(data, list):
        return data  # type: ignore[no-any-return]  # Dropout checks it
    chances: dict[str | Layer, float] = {}
    for pair in data:
        fits = isinstance(pair, list) and len(pair) == 2 and is_whole(pair[0], 0, len(network.layers) - 1)
        if not fits:
            raise FormatError(
                f"Expected {what} to be pairs of a layer's number and a number, got {given(pair)}."
            )
        chances[network.layers[pair[0]]] = pair[1]
    return chances
