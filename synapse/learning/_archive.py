"""Files of trainers, which contain the options, the optimizer's state and the latest
training beside the network.

The document of a trainer has the options, the optimizer's state, the latest training,
and the document of the network. Optimizers, schedules and costs are stored by name,
because no content of a file may be executed.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import optimizers
from .._checks import expected, plain, registered_name
from .._cost import Cost
from .._typing import Floats
from ..errors import ArgumentError, DivergenceError, FormatError, SynapseError
from ..objects.network import Network
from ..optimizers._names import by_name as _optimizer_names
from ..plasticity._rule import Rule
from ..readwrite._container import document_of, headed, write_archive
from ..readwrite._file_checks import (
    BOOLEAN,
    LARGEST_WHOLE,
    OBJECT,
    WHOLE,
    Condition,
    is_whole,
    members,
    require,
)
from ..readwrite._files import File
from . import _continual_backprop, _schedules
from ._plan import SNAPSHOTS, TrainingState, generator_in
from ._trainable_subset import TrainableSubset, items_of

if TYPE_CHECKING:
    from ._trainer import Trainer

# --- options as values of JSON --------------------------------------------------------

SAVED_OPTIMIZERS, SAVED_SCHEDULES, SAVED_RENEWALS = (
    {
        name: settings_class
        for name, settings_class in vars(module).items()
        if dataclasses.is_dataclass(settings_class)
    }
    for module in (optimizers, _schedules, _continual_backprop)
)
CLASSES: dict[str, Any] = SAVED_OPTIMIZERS | SAVED_SCHEDULES | SAVED_RENEWALS
"""Classes of the library that a file stores by name, with their fields."""


def class_named(name: Any) -> Any:
    """Return the class with the name in a file, which is a class of the library, or an
    optimizer that the user has defined as a dataclass. None if there is neither.
    """
    return CLASSES.get(name) or _of_users(optimizers.Optimizer).get(name)


def _of_users(base: type) -> dict[str, type]:
    """Return the dataclasses outside the library that are derived from a class, the
    latest for each name.
    """
    by_name: dict[str, type] = {}
    derived: type
    for derived in base.__subclasses__():
        if "__dataclass_fields__" in vars(derived) and not inspect.isabstract(derived):
            by_name[derived.__name__] = derived
        by_name |= _of_users(derived)
    return by_name


BY_LAYER = "by_layer"
PART = "part"


def _written(network: Network, option: str, value: Any) -> Any:
    """Return the value of an option or of its field in the form for files, or raise
    ArgumentError for a function or class of the user.
    """
    if isinstance(value, TrainableSubset):  # a tuple, too
        return {PART: value.described()}
    value = plain(value)
    if value is None or isinstance(value, bool | str | int | float | list):
        return value
    if isinstance(value, Cost):
        return registered_name(value.name)
    if isinstance(value, Mapping):
        pairs = []
        layers = list(network.layers)
        for key, number in value.items():
            layer: Any = network[key] if isinstance(key, str) else key
            if layer not in layers:
                option = f"The layers with {option} of a trainer to save"
                raise ArgumentError(expected(option, f"layers of {network!r}", layer))
            pairs.append([layers.index(layer), float(number)])
        return {BY_LAYER: pairs}
    name = type(value).__name__
    if class_named(name) is not type(value) and (
        type(value) not in _optimizer_names.replaced.values()
    ):
        raise _not_savable(option, value)
    names = [field.name for field in dataclasses.fields(value)]
    return {"name": name} | {
        key: _written(network, option, getattr(value, key)) for key in names
    }


def _not_savable(option: str, value: Any) -> ArgumentError:
    """Return the error for a function or class of the user in an option."""
    savable = ", ".join(SAVED_SCHEDULES)
    advice = "A file cannot contain functions or classes of your own."
    if option == "optimizer":
        savable = f"{', '.join(SAVED_OPTIMIZERS)} or a dataclass of your own"
        advice = "Make the class a dataclass: its fields are saved."
    return ArgumentError(
        expected(f"The {option} of a trainer to save", savable, value, advice)
    )


def _read(network: Network, option: str, value: Any) -> Any:
    """Return an option from its form in files. The trainer finds a cost by its name,
    and checks the value.
    """
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, dict):
        return value
    if PART in value:
        try:
            return list(items_of(network, value[PART]))
        except (LookupError, TypeError, ValueError):
            require(
                False,
                f"The {option}",
                "names of layers, and kinds with numbers",
                value[PART],
            )
    if BY_LAYER in value:
        layers = network.layers
        pairs = members(f"The {option}", value, [BY_LAYER])[BY_LAYER]
        shaped = isinstance(pairs, list) and all(
            isinstance(pair, list) and len(pair) == 2 for pair in pairs
        )
        require(
            shaped and all(is_whole(number, 0, len(layers) - 1) for number, _ in pairs),
            f"The {option}",
            "pairs of a layer's number and a number",
            pairs,
        )
        return {layers[number]: chance for number, chance in pairs}
    name: Any = value.get("name")
    require(
        isinstance(name, str) and class_named(name) is not None,
        f"The {option}'s name",
        f"{', '.join(CLASSES)}, or that of an optimizer of yours (define it first)",
        name,
    )
    named = class_named(name)
    names = [field.name for field in dataclasses.fields(named)]
    fields = members(f"The {option}", value, ("name", *names))
    return named(**{key: _read(network, option, fields[key]) for key in names})


# --- files ----------------------------------------------------------------------------

PARTS = ("settings", "memory", "training")
"""Parts of a trainer's document, besides the network."""
FITTING = {"settings": OBJECT, "memory": OBJECT}
HISTORY = "values"
"""Part of a training with its values by epoch."""
SNAPSHOT = ("weight", "bias")
GENERATORS = ("PCG64", "PCG64DXSM")
"""NumPy's generators whose state is a few whole numbers, for which all values are
valid. ``default_rng`` is PCG64."""


def _is_shape(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and len(value) == 2
        and all(is_whole(size, 1, LARGEST_WHOLE) for size in value)
    )


def _is_state(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("bit_generator") not in GENERATORS:
        return False
    try:
        return bool(generator_in(value).bit_generator.state == value)
    except MemoryError:
        raise
    except Exception:  # NumPy raises many kinds for what is no state
        return False


CHECKS: dict[Any, Condition] = {
    "int": WHOLE,
    "bool": BOOLEAN,
    "float": (
        "0 or above",
        lambda value: type(value) in (int, float) and 0 <= value < float("inf"),
    ),
    "Shape": ("null or two whole numbers above 0", _is_shape),
    "Mapping[str, Any]": (f"a state of {' or '.join(GENERATORS)}", _is_state),
}
"""Checks of the values that a training's fields may have in a file, by their type."""
VALUES = {
    settings_class.name: CHECKS[settings_class.type]
    for settings_class in dataclasses.fields(TrainingState)
    if settings_class.name not in ("values", *SNAPSHOTS)  # which are arrays
}


def write_trainer(trainer: Trainer, path: File, paused: TrainingState) -> None:
    """Write a trainer with its network and a training to a file."""
    write_archive(path, headed(trainer._mark, document(trainer, paused)))


def document(trainer: Trainer, paused: TrainingState | None) -> dict[str, Any]:
    """Return the parts of a trainer's document, with those of a training."""
    return {**parts_of(trainer, paused), "network": document_of(trainer.network)}


def parts_of(trainer: Trainer, paused: TrainingState | None) -> dict[str, Any]:
    """Return the `PARTS` of a trainer's document.

    Raises ArgumentError if it has a function or a class of the user, or another
    generator than NumPy's PCG64, and DivergenceError if a number is not finite.
    """
    rule = trainer.network.rule
    # A file has one reach, that of the network's rule.
    if isinstance(trainer.rule, Rule):
        if trainer.rule != rule:
            name = repr(rule if isinstance(rule, Rule) else rule.name)
            raise ArgumentError(
                "Expected a trainer to save with the rule of its network,"
                f" {name}, got {trainer.rule!r}. Set net.rule."
            )
    elif not isinstance(rule, Rule) and (
        trainer.rule == rule.name and trainer.reach != rule.reach
    ):
        raise ArgumentError(
            "Expected a trainer to save with the reach of its network's rule,"
            f" {rule.reach}, got {trainer.reach}. Set net.rule."
        )
    network = trainer.network
    memory = trainer._updater.arrays(trainer.optimizer, trainer.only) or {}
    settings = {
        # a rule of synapses is that of the network, which has it in its file
        name: _written(network, name, None if isinstance(value, Rule) else value)
        for name, value in trainer._assigned().items()
    }
    training: dict[str, Any] | None = None
    tables = {"memory": memory}
    if paused is not None:
        generator_name = paused.generator["bit_generator"]
        if generator_name not in GENERATORS:
            raise ArgumentError(
                "The generator of a training to save must be"
                f" {' or '.join(GENERATORS)}, got {generator_name}. Use"
                " numpy.random.default_rng."
            )
        history = {name: np.array(by, float) for name, by in paused.values.items()}
        tables[HISTORY] = history
        for name, weights_and_biases in paused.parts(network)[1].items():
            tables[name] = dict(zip(SNAPSHOT, weights_and_biases, strict=True))
        training = {name: getattr(paused, name) for name in VALUES}
        training |= {name: tables[name] for name in tables if name != "memory"}
    for title, table in tables.items():
        for name, array in table.items():
            _require_finite(DivergenceError, title, name, array)
    return dict(zip(PARTS, (settings, memory, training), strict=True))


def _require_finite(
    error: type[SynapseError], title: str, name: str, array: NDArray[Any]
) -> None:
    """Raise an error if a number is infinite, or NaN where NaN has no meaning."""
    # L-BFGS has no rate, and a metric may have no value
    by_epoch = title == HISTORY and not name.endswith("loss")
    bad = np.isinf(array) if by_epoch or title in SNAPSHOTS else ~np.isfinite(array)
    if bad.any():
        value = np.asarray(array)[bad].flat[0]
        raise error(f"Expected finite values in the {name} of {title!r}, got {value}.")


def trainer_of(
    kind: type[Trainer], options: Iterable[str], parts: dict[str, Any], network: Network
) -> Trainer:
    """Make a trainer of this class, which has these options, from the `PARTS` of its
    document and its network. Raises FormatError if they are not valid.
    """
    content = members("The trainer", parts, PARTS, (), FITTING)
    settings = members("The settings", content["settings"], (), options)
    memory = content["memory"]
    try:
        trainer = kind(
            network,
            **{name: _read(network, name, value) for name, value in settings.items()},
        )
        if memory:
            if trainer.optimizer is None:
                raise FormatError(
                    "The file has the state of an optimizer, but its trainer has none."
                )
            trainer._updater.restore(trainer.optimizer, memory)
    except FormatError:
        raise
    except SynapseError as error:
        raise FormatError(f"The trainer in the file is not valid. {error}") from None
    if content["training"] is not None:
        trainer._paused = _training(network, content["training"])
    return trainer


def _training(network: Network, content: Any) -> TrainingState:
    """Return the latest training from its part of the document."""
    fitting = {**VALUES, HISTORY: OBJECT}
    fields = members("The training", content, fitting, SNAPSHOTS, fitting)
    names = ["loss", "rate"]
    if fields["held_out"] is not None:
        names.append("validation_loss")
    history = fields[HISTORY]
    # the others are those of metrics and of other data
    members("The values of the training", history, names, history)
    done = np.size(history["loss"])
    values = {
        name: _floats(HISTORY, name, each, done).tolist()
        for name, each in history.items()
    }
    weights = {}
    for title in filter(fields.__contains__, SNAPSHOTS):
        parts = members(f"The weights {title!r}", fields[title], SNAPSHOT)
        sizes = len(network.connections), len(network)
        weight, bias = (
            _floats(title, name, parts[name], size)
            for name, size in zip(SNAPSHOT, sizes, strict=True)
        )
        weights[title] = weight, bias
    read = {name: fields[name] for name in VALUES}
    return TrainingState.of(network, {**read, "values": values}, weights)


def _floats(title: str, name: str, array: Any, size: int) -> Floats:
    """Return an array of a training in float64, or raise FormatError if it is not this
    number of floats.
    """
    kind, shape = getattr(array, "dtype", None), getattr(array, "shape", None)
    if kind is None or kind.kind != "f" or shape != (size,):
        raise FormatError(
            f"The {name} of {title!r} must be floats of shape {(size,)}, got {kind} of"
            f" shape {shape}."
        )
    _require_finite(FormatError, title, name, array)
    return np.asarray(array, np.float64)
