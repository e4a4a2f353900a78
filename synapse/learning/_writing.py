"""Files of trainers: arrays of the network, as in its ``.npz``, of the optimizer and of the latest training.

The member ``trainer.npy`` has one string of JSON: the settings, and other values that a training needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, DivergenceError
from ..network import Network
from ..readwrite._archive import as_text, write_arrays
from ..readwrite.files import File
from ..readwrite.npz import npz_data
from ._paused import SNAPSHOTS, Paused
from ._settings import settings_of

if TYPE_CHECKING:
    from .trainer import Trainer

MARK, VERSION = "synapse trainer", 1
TRAINER = "trainer"
"""The member that marks the file of a trainer."""
HEAD = ("format", "version", "settings", "training", "arrays")
OPTIMIZER, HISTORY = "optimizer_", "history_"
"""Beginnings of the names of arrays."""
GENERATORS = ("PCG64", "PCG64DXSM")
"""NumPy's generators whose state is a few whole numbers, each of which is valid. `default_rng` is PCG64."""
TRAINING = ("epochs", "shuffle", "data", "held_out", "seconds", "updates", "taken", "generator", "search")


def write_trainer(trainer: Trainer, path: File, paused: Paused | None = None) -> None:
    """Write a trainer with its network, and a training (default: its latest), to a file.

    Raises ArgumentError if it has a function or a class of the user, or a generator other than NumPy's PCG64,
    and DivergenceError if a number is not finite.
    """
    paused = trainer._paused if paused is None else paused
    _require_own_rule(trainer)
    memory = trainer._updater.arrays(trainer.optimizer) or {}
    arrays = {f"{OPTIMIZER}{name}": array for name, array in memory.items()}
    training = None
    if paused is not None:
        training = _head(paused)
        arrays |= _arrays(paused, trainer.network)
    _require_finite(arrays)
    settings = settings_of(trainer)
    head = dict(zip(HEAD, (MARK, VERSION, settings, training, sorted(arrays)), strict=True))
    little = {name: array.astype(array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    write_arrays(path, {TRAINER: as_text(head), **little, **npz_data(trainer.network)})


def _require_own_rule(trainer: Trainer) -> None:
    """Raise if the trainer's sensitivities are not those of the network, which alone a file has."""
    rule = trainer.network.learning_rule
    if trainer.method == rule.method and trainer.order != rule.order:
        raise ArgumentError(
            f"Expected a trainer to save with the order of its network's rule, {rule.order}, "
            f"got {trainer.order}. Set net.learning_rule."
        )


def _head(paused: Paused) -> dict[str, Any]:
    """The values of a training that are not arrays."""
    kind, state = paused.generator.kind.__name__, paused.generator.state
    if kind not in GENERATORS:
        raise ArgumentError(
            f"Expected the generator of a training to save to be {' or '.join(GENERATORS)}, "
            f"got {kind}. Use numpy.random.default_rng."
        )
    values = (getattr(paused, name) for name in TRAINING[:-2])
    search = None if paused.search is None else paused.search.epoch
    return dict(zip(TRAINING, (*values, state, search), strict=True))


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
