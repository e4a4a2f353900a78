"""Checkpoints: what a training needs to continue after its latest epoch, and the files that have it.

A file has the arrays of the network, as in its ``.npz``, of the optimizer's state and of the latest training.
The member ``trainer.npy`` has one string of JSON: the options (see ``_options.py``) and the other values of
the training.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, DivergenceError, FormatError, SynapseError
from ..objects.network import Network
from ..objects.state import Numbers, Snapshot, read_numbers, write_numbers
from ..readwrite._archive import as_text, from_array, read_arrays, write_arrays
from ..readwrite._checks import LARGEST_WHOLE, an_object, is_whole, members, require
from ..readwrite.files import File
from ..readwrite.npz import MEMBERS, from_arrays, npz_data
from ._data import Data
from ._options import arguments_from, settings_of
from ._parameters import ParameterVector, Updater

if TYPE_CHECKING:
    from .trainer import Trainer

Shape = dict[str, int] | None
"""Numbers of sequences and rows of data; None for a stream, or for no data."""


def shape_of_data(data: Data | None) -> Shape:
    """The numbers of sequences and rows, by which data are recognised."""
    return None if data is None else {"sequences": data.sequences, "rows": len(data.inputs)}


def require_like(what: str, before: Shape, now: Shape) -> None:
    """Raise ArgumentError unless data have the shape that they had before."""
    if before != now:
        raise ArgumentError(
            f"Expected {what} of the training that is continued, {_described(before)}, "
            f"got {_described(now)}. Give the same data, or train without resume."
        )


def _described(shape: Shape) -> str:
    if shape is None:
        return "none or a stream"
    return f"{counted(shape['sequences'], 'sequence')} with {counted(shape['rows'], 'row')}"


PausedParts = tuple[dict[str, Any], dict[str, tuple[Floats, Floats]]]
SNAPSHOTS = ("best", "last")


@dataclass(frozen=True)
class SearchStart:
    """Where a search by L-BFGS began. SciPy keeps its memory, so a search is continued by repeating it."""

    epoch: int  # number of complete epochs then
    parameters: Floats
    random: Floats  # positions of the streams of random numbers, by neuron

    @classmethod
    def of(cls, network: Network, epoch: int, parameters: Floats) -> SearchStart:
        """The present network."""
        return cls(epoch, parameters.copy(), read_numbers(network, "random"))

    def restore_random(self, network: Network) -> None:
        """Let random neurons draw the same numbers again."""
        if len(self.random) == len(network):
            write_numbers(network, "random", self.random)


@dataclass(frozen=True)
class GeneratorState:
    """The state of a generator, which is copied faster than the generator."""

    kind: type[np.random.BitGenerator]
    state: Any

    @classmethod
    def of(cls, rng: np.random.Generator) -> GeneratorState:
        """The present state."""
        return cls(type(rng.bit_generator), rng.bit_generator.state)

    def generator(self) -> np.random.Generator:
        """A new generator in this state."""
        bits = self.kind()
        bits.state = self.state
        return np.random.Generator(bits)


@dataclass(frozen=True)
class Start:
    """The network and the state of its optimizer before an epoch that did not end."""

    numbers: Numbers
    optimizer: Any
    memory: dict[str, Any] | None  # None: the optimizer has no state yet

    @classmethod
    def of(cls, updater: Updater, optimizer: Any, before: Start | None) -> Start:
        """The present state, in the memory of the one `before`. The caller has the network in use."""
        network = updater.network
        numbers = Numbers(network) if before is None else before.numbers.renewed(network)
        return cls(numbers, optimizer, updater.arrays(optimizer))

    def require_fit(self, network: Network) -> None:
        """Raise ArgumentError unless the network can return to it."""
        if not self.numbers.fits(network):
            raise ArgumentError(
                "The training ended within an epoch, and the network cannot return to the begin of that "
                "epoch: it has been edited since, or is connected with other networks. Train on without "
                "resume, or save trainer.network."
            )

    def restore(self, updater: Updater, optimizer: Any) -> None:
        """Return to it. Another optimizer than then begins without a state."""
        self.numbers.restore(updater.network)
        updater.parameters = None  # so that its state is reset
        if self.optimizer is optimizer and self.memory is not None:
            updater.restore(optimizer, self.memory)

    def twin(self, network: Network) -> Network | None:
        """A copy of the network as it was then; None if it cannot return to it."""
        if not self.numbers.fits(network):
            return None
        with self.numbers.restored(network):
            return network.clone()


@dataclass
class Paused:
    """A training after its latest complete epoch."""

    values: dict[str, list[float]]  # by epoch, as in a Result
    epochs: int  # the epoch limit
    generator: GeneratorState  # of orders and dropout
    shuffle: bool
    data: Shape
    held_out: Shape
    seconds: float = 0.0
    updates: int = 0  # number of updates counted for `on_batch`
    taken: int = 0  # number of batches of a stream
    best: Snapshot | None = None  # weights of the best epoch
    last: Snapshot | None = None  # weights of the last epoch, if those of the best have been restored
    search: SearchStart | None = None
    start: Start | None = None  # the state then, if the training has ended within the next epoch

    def parts(self, network: Network) -> PausedParts:
        """The training without references to neurons: its fields, and weights and biases by network."""
        fields = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        if self.start is not None:
            fields["start"] = self.start.twin(network), self.start.optimizer, self.start.memory
        weights = {name: fields.pop(name) for name in SNAPSHOTS}
        return fields, {name: one.arrays(network) for name, one in weights.items() if one is not None}

    @classmethod
    def of(
        cls, network: Network, fields: dict[str, Any], weights: dict[str, tuple[Floats, Floats]]
    ) -> Paused:
        """Make a training from the result of :meth:`parts`, for a copy of that network."""
        found: dict[str, Any] = {name: Snapshot.of(network, *arrays) for name, arrays in weights.items()}
        if fields.get("start") is not None:
            twin, *memory = fields["start"]
            fields = {**fields, "start": Start(Numbers.of(network, twin), *memory)}
        return cls(**fields, **found)

    @property
    def done(self) -> int:
        """Number of complete epochs."""
        return len(self.values["error"])

    def resumed(self, name: str) -> Any:
        """The argument of ``train`` that comes from a field: the field, or a generator in that state."""
        value = getattr(self, name)
        return value.generator() if isinstance(value, GeneratorState) else value


# --- when files are written ------------------------------------------------------------------------

SECONDS = 1.0
"""Least time between two files, unless the user says how many epochs."""
SHARE = 20.0
"""And this many times as long as the latest file took to write, so that files take 5 % of the time."""


class Checkpoint:
    """Writes a training to a file, which `write` does, after every `every` epochs, or as often as is cheap.

    How often has no influence on the training, except that files take time.
    """

    def __init__(self, write: Callable[[Paused], None], every: int | None) -> None:
        self._write, self._every = write, every
        self._due = 0.0

    def free(self, done: int) -> int | float:
        """Number of epochs until the next file may be due."""
        return float("inf") if self._every is None else self._every - done % self._every

    def is_due(self, done: int) -> bool:
        """Whether to write a file after this number of epochs."""
        return time.monotonic() >= self._due if self._every is None else done % self._every == 0

    def write(self, paused: Paused) -> None:
        """Write the file."""
        begun = time.monotonic()
        self._write(paused)
        ended = time.monotonic()
        self._due = ended + max(SECONDS, SHARE * (ended - begun))


# --- files -----------------------------------------------------------------------------------------

MARK, VERSION = "synapse trainer", 1
TRAINER = "trainer"
"""The member that marks the file of a trainer."""
HEAD = ("format", "version", "settings", "training", "arrays")
OPTIMIZER, HISTORY = "optimizer_", "history_"
"""Beginnings of the names of arrays."""
GENERATORS = ("PCG64", "PCG64DXSM")
"""NumPy's generators whose state is a few whole numbers, each of which is valid. `default_rng` is PCG64."""
STATE = ("bit_generator", "state", "has_uint32", "uinteger")


def _whole_from(least: int) -> Callable[[str, Any], int]:
    """The check of a whole number."""

    def check(name: str, value: Any) -> int:
        require(is_whole(value, least, LARGEST_WHOLE), f"The {name}", "a whole number", value)
        found: int = value
        return found

    return check


def _boolean(name: str, value: Any) -> bool:
    require(type(value) is bool, f"The {name}", "true or false", value)
    found: bool = value
    return found


def _duration(name: str, value: Any) -> float:
    fits = type(value) in (int, float) and 0 <= value < math.inf
    require(fits, f"The {name}", "0 or above", value)
    found: float = value
    return found


def _shape(name: str, value: Any) -> Shape:
    """The shape of data."""
    if value is None:
        return None
    found = members(f"The shape of the {name}", value, ("sequences", "rows"))
    for key, number in found.items():
        require(is_whole(number, 1, LARGEST_WHOLE), f"The number of {key}", "a whole number", number)
    return found


def _generator(name: str, value: Any) -> GeneratorState:
    """The checked state of a generator."""
    found = members(f"The {name}", value, STATE)
    kind, inner = (
        found["bit_generator"],
        members(f"The state of the {name}", found["state"], ("state", "inc")),
    )
    require(kind in GENERATORS, f"The name of the {name}", " or ".join(GENERATORS), kind)
    numbers = (inner["state"], 128), (inner["inc"], 128), (found["has_uint32"], 1), (found["uinteger"], 32)
    for number, size in numbers:
        require(is_whole(number, 0, 2**size - 1), f"The state of the {name}", f"of {size} bits", number)
    return GeneratorState(getattr(np.random, kind), found)


VALUES: dict[str, Callable[[str, Any], Any]] = {
    "epochs": _whole_from(1),
    "shuffle": _boolean,
    "data": _shape,
    "held_out": _shape,
    "seconds": _duration,
    "updates": _whole_from(0),
    "taken": _whole_from(0),
    "generator": _generator,
}
"""The fields of a training that are values in a file, with the checks by which they are read."""
IN_ARRAYS = ("values", *SNAPSHOTS, "search", "start")
"""The other fields. Of the search, the file also has the epoch in which it began."""
for _field in dataclasses.fields(Paused):
    if _field.name not in (*VALUES, *IN_ARRAYS):
        raise TypeError(
            f"Paused has the field {_field.name!r}, which VALUES in synapse/learning/_checkpoint.py does not "
            "declare, so that a file would lose it. Add it there, with the check by which it is read."
        )


def write_trainer(trainer: Trainer, path: File, paused: Paused | None = None) -> None:
    """Write a trainer with its network, and a training (default: its latest), to a file.

    Raises ArgumentError if it has a function or a class of the user, or a generator other than NumPy's PCG64,
    and DivergenceError if a number is not finite.
    """
    paused = trainer._paused if paused is None else paused
    _require_own_rule(trainer)
    start = None if paused is None else paused.start
    if start is None:
        content = _content(trainer, paused, trainer._updater.arrays(trainer.optimizer))
    else:
        start.require_fit(trainer.network)
        memory = start.memory if start.optimizer is trainer.optimizer else None
        with start.numbers.restored(trainer.network):
            content = _content(trainer, paused, memory)
    write_arrays(path, content)


def _content(trainer: Trainer, paused: Paused | None, memory: dict[str, Any] | None) -> dict[str, Any]:
    """The arrays of a file: the network as it is, and a state of the optimizer."""
    arrays = {f"{OPTIMIZER}{name}": array for name, array in (memory or {}).items()}
    training = None
    if paused is not None:
        training = _values(paused)
        arrays |= _arrays(paused, trainer.network)
    _require_finite(arrays)
    head = dict(zip(HEAD, (MARK, VERSION, settings_of(trainer), training, sorted(arrays)), strict=True))
    little = {name: array.astype(array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    return {TRAINER: as_text(head), **little, **npz_data(trainer.network)}


def _require_own_rule(trainer: Trainer) -> None:
    """Raise if the trainer's sensitivities are not those of the network, which alone a file has."""
    rule = trainer.network.learning_rule
    if trainer.method == rule.method and trainer.order != rule.order:
        raise ArgumentError(
            f"Expected a trainer to save with the order of its network's rule, {rule.order}, "
            f"got {trainer.order}. Set net.learning_rule."
        )


def _values(paused: Paused) -> dict[str, Any]:
    """The values of a training that are not arrays."""
    generator = paused.generator
    if generator.kind.__name__ not in GENERATORS:
        raise ArgumentError(
            f"Expected the generator of a training to save to be {' or '.join(GENERATORS)}, "
            f"got {generator.kind.__name__}. Use numpy.random.default_rng."
        )
    values = {name: getattr(paused, name) for name in VALUES}
    search = None if paused.search is None else paused.search.epoch
    return {**values, "generator": generator.state, "search": search}


def _arrays(paused: Paused, network: Network) -> dict[str, NDArray[Any]]:
    """The arrays of a training."""
    arrays = {f"{HISTORY}{name}": np.array(values, float) for name, values in paused.values.items()}
    for name in SNAPSHOTS:
        snapshot = getattr(paused, name)
        if snapshot is not None:
            arrays[f"{name}_weight"], arrays[f"{name}_bias"] = snapshot.arrays(network)
    if paused.search is not None:
        arrays["search_parameters"] = paused.search.parameters
        arrays["search_random"] = paused.search.random
    return arrays


def _require_finite(arrays: dict[str, NDArray[Any]]) -> None:
    """Raise if a number is infinite, or NaN where NaN does not stand for none."""
    for name, array in arrays.items():
        none = name == f"{HISTORY}rate" or name.startswith(SNAPSHOTS)  # L-BFGS has no rate
        bad = np.isinf(array) if none else ~np.isfinite(array)
        if bad.any():
            raise DivergenceError(f"Expected finite values to save, got {array[bad].flat[0]} in {name}.")


def read_trainer(stream: IO[bytes], make: Callable[..., Trainer]) -> Trainer:
    """Read a trainer from a stream at which one can seek; FormatError if it is not valid."""
    arrays = read_arrays(stream)
    head = _checked_head(from_array(TRAINER, arrays.pop(TRAINER)))
    network = from_arrays({name: arrays.pop(name) for name in list(arrays) if name in MEMBERS})
    if head["arrays"] != sorted(arrays):
        got = ", ".join(sorted(arrays))
        raise FormatError(f"Expected the arrays of the trainer to be those that it names, got {got}.")
    try:
        trainer = make(network, **arguments_from(network, head["settings"]))
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
    found = members("The training", head, (*VALUES, "search"))
    fields = {name: check(name, found[name]) for name, check in VALUES.items()}
    values = _history(_taken(arrays, HISTORY), fields["held_out"] is not None)
    search = _search(network, found["search"], len(values["error"]), arrays)
    weights = {name: _weights(network, name, arrays) for name in SNAPSHOTS if f"{name}_weight" in arrays}
    _require_none(arrays)
    return Paused.of(network, {**fields, "values": values, "search": search}, weights)


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
