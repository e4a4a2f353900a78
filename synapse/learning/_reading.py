"""Read and write trainers, for :func:`synapse.save` and :func:`synapse.load`."""

from __future__ import annotations

import math
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ..errors import FormatError, SynapseError
from ..network import Network
from ..readwrite._archive import from_array, read_arrays
from ..readwrite._checks import LARGEST_WHOLE, an_object, is_whole, members, require
from ..readwrite.npz import MEMBERS, from_arrays
from ._parameters import ParameterVector
from ._paused import SNAPSHOTS, GeneratorState, Paused, SearchStart
from ._settings import arguments_from
from ._writing import GENERATORS, HEAD, HISTORY, MARK, OPTIMIZER, TRAINER, TRAINING, VERSION, write_trainer
from .trainer import Trainer

KIND, write = Trainer, write_trainer

COUNTS = {"epochs": 1, "updates": 0, "taken": 0}
"""Whole numbers of a training, and the least of each."""
SHAPES = {"data": ("sequences", "rows"), "held_out": ("sequences", "rows")}
STATE = ("bit_generator", "state", "has_uint32", "uinteger")


def read(stream: IO[bytes]) -> Trainer:
    """Read a trainer from a stream at which one can seek; FormatError if it is not valid."""
    arrays = read_arrays(stream)
    head = _checked_head(from_array(TRAINER, arrays.pop(TRAINER)))
    network = from_arrays({name: arrays.pop(name) for name in list(arrays) if name in MEMBERS})
    if head["arrays"] != sorted(arrays):
        got = ", ".join(sorted(arrays))
        raise FormatError(f"Expected the arrays of the trainer to be those that it names, got {got}.")
    try:
        trainer = Trainer(network, **arguments_from(network, head["settings"]))
        memory = _taken(arrays, OPTIMIZER)
        if memory:
            if trainer.optimizer is None:
                raise FormatError("The file has the state of an optimizer, but its trainer has none.")
            trainer._updater.restore(trainer.optimizer, memory)
    except FormatError:
        raise
    except SynapseError as error:
        raise FormatError(f"The trainer in the file is not valid. {error}") from None
    trainer._paused = _training(network, head["training"], arrays)
    return trainer


def _checked_head(head: Any) -> dict[str, Any]:
    found = an_object("The description of a trainer", head)
    require(found.get("format") == MARK, 'The "format" of a trainer', repr(MARK), found.get("format"))
    version = found.get("version")
    require(is_whole(version, 1, LARGEST_WHOLE), "The version", "a whole number above 0", version)
    assert isinstance(version, int)
    if version > VERSION:
        raise FormatError(
            f"The trainer was written by a newer version of Synapse, in version {version} of the format; "
            f"this one reads up to {VERSION}. Install a newer Synapse."
        )
    return members("The description of a trainer", found, HEAD)


def _taken(arrays: dict[str, NDArray[Any]], begin: str) -> dict[str, NDArray[Any]]:
    """Take the arrays whose names begin so, and leave this out of the names."""
    names = [name for name in arrays if name.startswith(begin)]
    return {name.removeprefix(begin): arrays.pop(name) for name in names}


def _training(network: Network, head: Any, arrays: dict[str, NDArray[Any]]) -> Paused | None:
    """The latest training, from its checked values and the arrays that are left."""
    if head is None:
        _require_none(arrays)
        return None
    found = members("The training", head, TRAINING)
    for name, least in COUNTS.items():
        require(is_whole(found[name], least, LARGEST_WHOLE), f"The {name}", "a whole number", found[name])
    require(type(found["shuffle"]) is bool, "The shuffle", "true or false", found["shuffle"])
    seconds = found["seconds"]
    require(type(seconds) in (int, float) and 0 <= seconds < math.inf, "The seconds", "0 or above", seconds)
    values = _history(_taken(arrays, HISTORY), found["held_out"] is not None)
    fields = {
        **{name: found[name] for name in TRAINING[:-2]},
        **{name: _shape(name, found[name]) for name in SHAPES},
        "values": values,
        "generator": _generator(found["generator"]),
        "search": _search(network, found["search"], len(values["error"]), arrays),
    }
    weights = {name: _weights(network, name, arrays) for name in SNAPSHOTS if f"{name}_weight" in arrays}
    _require_none(arrays)
    return Paused.of(network, fields, weights)


def _require_none(arrays: dict[str, NDArray[Any]]) -> None:
    if arrays:
        raise FormatError(f"The file has an array that no trainer has: {min(arrays)!r}.")


def _history(arrays: dict[str, NDArray[Any]], held_out: bool) -> dict[str, list[float]]:
    """The values by epoch."""
    names = ["error", "rate", *(["validation_error"] if held_out else [])]
    if set(arrays) != set(names):
        raise FormatError(
            f"Expected the history to have {', '.join(names)}, got {', '.join(sorted(arrays))}."
        )
    found = {}
    for name in names:
        epochs = np.shape(arrays["error"])
        column = _floats(f"history_{name}", arrays[name], epochs if len(epochs) == 1 else (0,))
        fine = ~np.isinf(column) if name == "rate" else np.isfinite(column)  # L-BFGS has no rate
        require(bool(fine.all()), f"The history of the {name}", "finite", "another number")
        found[name] = column.tolist()
    return found


def _floats(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    if array.dtype.kind != "f" or array.shape != shape:
        got = f"{array.dtype} of shape {array.shape}"
        raise FormatError(f"Expected the array {name!r} to be floats of shape {shape}, got {got}.")
    return array.astype(np.float64)


def _taken_floats(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> Floats:
    if name not in arrays:
        raise FormatError(f"The file must have the array {name!r}, which is missing.")
    found = _floats(name, arrays.pop(name), shape)
    require(not np.isinf(found).any(), f"The array {name!r}", "finite", math.inf)
    return found


def _shape(name: str, value: Any) -> dict[str, int] | None:
    """The shape of data."""
    if value is None:
        return None
    found = members(f"The shape of the {name}", value, SHAPES[name])
    for key, number in found.items():
        require(is_whole(number, 1, LARGEST_WHOLE), f"The number of {key}", "a whole number", number)
    return found


def _generator(state: Any) -> GeneratorState:
    """The checked state of a generator."""
    found = members("The generator", state, STATE)
    name, inner = (
        found["bit_generator"],
        members("The state of the generator", found["state"], ("state", "inc")),
    )
    require(name in GENERATORS, "The name of the generator", " or ".join(GENERATORS), name)
    numbers = (inner["state"], 128), (inner["inc"], 128), (found["has_uint32"], 1), (found["uinteger"], 32)
    for number, size in numbers:
        require(is_whole(number, 0, 2**size - 1), "The state of the generator", f"of {size} bits", number)
    return GeneratorState(getattr(np.random, name), found)


def _search(network: Network, epoch: Any, done: int, arrays: dict[str, NDArray[Any]]) -> SearchStart | None:
    """Where a search by L-BFGS began."""
    if epoch is None:
        return None
    require(is_whole(epoch, 0, done), "The epoch in which the search began", f"from 0 to {done}", epoch)
    parameters = _taken_floats(arrays, "search_parameters", ParameterVector(network).frozen.shape)
    random = _taken_floats(arrays, "search_random", (len(network),))
    return SearchStart(epoch, parameters, random)


def _weights(network: Network, name: str, arrays: dict[str, NDArray[Any]]) -> tuple[Floats, Floats]:
    weights = _taken_floats(arrays, f"{name}_weight", (len(network.connections),))
    return weights, _taken_floats(arrays, f"{name}_bias", (len(network),))
