"""Parameter values like those of a network that is newly made with a seed.

If the constructor of a network's class takes a seed, a new network is made with the
same arguments. Other weights are drawn like those of :meth:`Layer.project`, and other
biases return to their initial values.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _initializer, _squash
from .._checks import json_object, plain, registered_name, require_range
from .._initializer import draw, glorot
from .._typing import Floats, Ints
from ..engine.schema import INPUT
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError
from . import parameters
from .edits import rows_of

if TYPE_CHECKING:
    from .handles import LayerHandle, NetworkHandle

SEED = "seed"
MAX_COPIES = 16
"""Maximum number of copies to make, each with the parameters of one network."""


class Made(NamedTuple):
    """The arguments that made a network, without its seed."""

    positional: tuple[Any, ...]
    named: dict[str, Any]
    are_known: bool = True  # False if a file does not have all of them


def _signature(architecture: type[Any]) -> inspect.Signature | None:
    """Return the signature of a class, or None if it has no `seed`."""
    signature = inspect.signature(architecture)
    return signature if SEED in signature.parameters else None


def remember_arguments(architecture: type[Any]) -> None:
    """Make a class whose constructor takes a seed remember each network's other
    arguments.
    """
    if _signature(architecture) is None:
        return
    construct = architecture.__init__

    @wraps(construct)
    def remembering(self: Any, *positional: Any, **named: Any) -> None:
        if type(self) is architecture:  # a class that is derived has other arguments
            options = {key: copy(named[key]) for key in named if key != SEED}
            self._made = Made(positional, options)
        construct(self, *positional, **named)

    architecture.__init__ = remembering


def as_json(made: Made) -> dict[str, Any] | None:
    """Return arguments in the form for files, or None if one of them has no name
    there.
    """
    if not made.are_known:
        return None
    named = {name: _named(value) for name, value in made.named.items()}
    try:
        return json_object(
            "arguments", {"positional": [*map(_named, made.positional)], "named": named}
        )
    except ArgumentTypeError:
        return None


def from_json(content: Any) -> Made:
    """Return the arguments from a file."""
    parts = content if isinstance(content, dict) else {}
    positional, named = parts.get("positional"), parts.get("named")
    if not isinstance(positional, list) or not isinstance(named, dict):
        return Made((), {}, are_known=False)
    options = {str(key): _initializer.from_json(named[key]) for key in named}
    return Made(tuple(map(_initializer.from_json, positional)), options)


def _named(value: Any) -> Any:
    """Return a value for JSON, in which squashes, dtypes and initializers are given by
    their names.
    """
    if isinstance(value, _squash.Squash):
        return registered_name(value.name)
    if isinstance(value, np.dtype | type):
        return np.dtype(value).name
    if isinstance(value, list | tuple):
        return [*map(_named, value)]
    return _initializer.to_json(value) or value if callable(value) else plain(value)


# --- drawing --------------------------------------------------------------------------


def reset(
    store: Store, connections: Ints, neurons: Ints, rng: np.random.Generator
) -> None:
    """Give new values to the trainable parameters in these rows, as in newly made
    networks.
    """
    connections = connections[np.argsort(store["identity"][connections])]
    connections = connections[store["trainable"][connections] == 1]
    neurons = neurons[
        (store["trainable_bias"][neurons] == 1) & (store["role"][neurons] != INPUT)
    ]
    weights = np.full(store.n_connections, np.nan)
    biases = np.full(store.n_neurons, np.nan)
    targets = np.append(neurons, store["target"][connections])
    for number in np.unique(store["network"][targets]).tolist():
        network = store.networks[number]() if number in store.networks else None
        if network is not None:
            _draw_network(network, rng, weights, biases)
    _draw_others(store, connections, rng, weights)
    missing = np.isnan(biases)
    biases[missing] = store["initial_bias"][missing]
    for values in (weights[connections], biases[neurons]):
        require_range("A new parameter", values, store.dtype)
    parameters.assign_first(store, "weight", connections, weights[connections])
    parameters.assign_first(store, "bias", neurons, biases[neurons])


def _draw_network(
    network: NetworkHandle, rng: np.random.Generator, weights: Floats, biases: Floats
) -> None:
    """Write the parameters of a newly made network by row, leaving NaN where it has no
    parameter.
    """
    made = network._made
    signature = _signature(type(network))
    if made is None or signature is None:
        return
    if not made.are_known:
        raise ArgumentError(
            f"{network!r} was read from a file that could not store an argument of its"
            " class, a function without a name. Pass an initializer, such as"
            ' net.reset_parameters(initializer="fan_in").'
        )
    bound = signature.bind(*made.positional, **made.named)
    bound.arguments[SEED] = rng
    columns = {"weight": weights, "bias": biases}
    ours = _parts_of(network, network._layers)
    drawn: dict[Any, list[Floats]] = {}
    sizes: set[tuple[Any, ...]] = set()
    for number in range(MAX_COPIES):
        clone: Any = type(network)(*bound.args, **bound.kwargs)
        # at the same position or, after an edit, with the same name
        same: list[Any] = clone._layers
        if len(same) != len(network._layers):
            named = {layer.name: layer for layer in reversed(same)}
            same = [named.get(layer.name) for layer in network._layers]
        theirs = _parts_of(clone, same)
        for key, rows in theirs.items():
            drawn.setdefault(key, []).append(clone._store[key[0]][rows])
        sizes.add(tuple((key, len(rows)) for key, rows in theirs.items()))
        lacking = [
            key
            for key, rows in ours.items()
            if len(rows) > sum(map(len, drawn.get(key, ())))
        ]
        # An edited network may have more parameters of one. If the seed determines
        # the connections, another copy may have the parts that these lack.
        varies = number == 0 or len(sizes) > 1
        if not any(varies or key in drawn for key in lacking):
            break
    for key, rows in ours.items():
        if key in drawn:
            columns[key[0]][rows] = np.resize(np.concatenate(drawn[key]), len(rows))


def _parts_of(
    network: NetworkHandle, layers: Sequence[LayerHandle | None]
) -> dict[Any, Ints]:
    """Return the rows of parameters that are drawn together. Biases are divided by
    layer, and weights by their layers, their sign and whether they are
    self-connections.
    """
    store = network._store
    rows = network._connection_rows()
    number_of = np.full(store.n_neurons, -1)
    parts: dict[Any, Ints] = {}
    for number, layer in enumerate(layers):
        if layer is not None:
            members = rows_of(layer)
            number_of[members] = number
            parts["bias", number] = members
    source, target = store["source"][rows], store["target"][rows]
    kinds = np.stack(
        [number_of[source], number_of[target], store["sign"][rows], source == target],
        axis=1,
    )
    every, inverse = np.unique(kinds, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(inverse.ravel(), minlength=len(every)))
    of_kinds = np.split(rows[order], ends[:-1])
    for layers_and_sign, members in zip(every.tolist(), of_kinds, strict=True):
        if -1 not in layers_and_sign[:2]:
            parts["weight", *layers_and_sign] = members
    return parts


def _draw_others(
    store: Store, connections: Ints, rng: np.random.Generator, weights: Floats
) -> None:
    """Draw the weights of connections that were not made by a network's class, for each
    pair of layers.
    """
    rest = connections[np.isnan(weights[connections])]
    if not len(rest):
        return
    number_of = np.full(store.n_neurons, -1)
    number = 0
    for reference in store.networks.values():
        network = reference()
        for layer in () if network is None else network._layers:
            number_of[rows_of(layer)] = number
            number += 1
    source, target = store["source"][rest], store["target"][rest]
    kinds = np.stack([number_of[source], number_of[target]], axis=1)
    _, created, inverse = np.unique(
        kinds, axis=0, return_index=True, return_inverse=True
    )
    inverse = inverse.ravel()
    for number in np.argsort(created).tolist():  # in the order of creation
        members = inverse == number
        count = int(np.count_nonzero(members))
        into, out = (
            -(-count // len(np.unique(end[members]))) for end in (target, source)
        )
        drawn = draw(glorot, rng, (count,), into, out, store.dtype)
        rows = rest[members]
        signs = store["sign"][rows]
        weights[rows] = parameters.with_signs(drawn, signs if signs.any() else None)
