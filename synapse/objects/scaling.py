"""Scales as neurons, which make a network complete in the units of its data.

Because learning works best in standard units, networks learn in them, and a
:class:`Scale` beside the network converts. For files and programs, the scale becomes a
part of the network, in neurons that do not learn::

    input => scaled => ... => unscaled => output
          1/deviation, -mean/deviation    deviation, mean      of every column
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._scale import Scale
from .._typing import Floats
from ..errors import ArgumentError
from .network import Network
from .saved import SavedNetwork
from .topology import NO_GATER

SCALED = "scaled"
UNSCALED = "unscaled"
"""Names for the layers that were the inputs and outputs before."""


def with_scales(
    network: Network, inputs: Scale | None, outputs: Scale | None = None
) -> Network:
    """Return a copy of a network, in a clear context, with inputs and outputs in the
    units of the data. Inputs or outputs whose scale is None do not change.

    Every connection, gate and delay that began at an input then begins at its scaled
    value, which activates before all others. The network therefore acts as before. An
    exception are networks whose neurons activate together, because they only read
    inputs in the same step, and these raise ArgumentError. Scales with lags cannot be
    neurons, and the conversion that they describe stays outside.
    """
    for scale in filter(None, (inputs, outputs)):
        with np.errstate(over="ignore", under="ignore"):
            factors = np.array(
                [
                    scale.deviation,
                    1.0 / scale.deviation,
                    scale.mean,
                    scale.mean / scale.deviation,
                ]
            )
        if not (np.abs(factors) <= np.finfo(network.dtype).max).all():
            raise ArgumentError(
                f"Expected a scale whose factors fit {network.dtype.name}, the dtype of"
                " the network, got the deviations"
                f" {_checks.short_repr(scale.deviation)} and the means"
                f" {_checks.short_repr(scale.mean)}. Pass data in other units, or save"
                " the model itself."
            )
    whole = network
    if inputs is not None or outputs is not None:
        saved = SavedNetwork.of(network)
        _require_order(network, saved)
        if inputs is not None:
            saved = _with_inputs(saved, inputs)
        if outputs is not None:
            saved = _with_outputs(saved, outputs)
        whole = saved.network()
    else:
        whole = network.clone()
    whole.clear()
    return whole


def _require_order(network: Network, saved: SavedNetwork) -> None:
    if saved.neurons["synchronous"].any():
        raise ArgumentError(
            "Expected a network without synchronous neurons to be written with its"
            f" scale, got {network!r}: they would read scaled values one step late."
            " Save the agent or the model, or learn without a scale (normalize=False,"
            " scale=False)."
        )


def _with_inputs(saved: SavedNetwork, scale: Scale) -> SavedNetwork:
    """Return the columns with new inputs before the old ones, to scale them."""
    count = len(scale)
    neurons = {
        name: np.concatenate([column[:count], column])
        for name, column in saved.neurons.items()
    }
    _set_neutral(neurons, slice(count))
    _set_fixed(neurons, slice(count, 2 * count), -scale.mean / scale.deviation)

    # What leads into an input changes nothing, because the input is set; its scaled
    # value is computed.
    kept = saved.connections["target"] >= count
    connections = {name: column[kept] for name, column in saved.connections.items()}
    for end in ("source", "target"):
        connections[end] = connections[end] + count
    gater = connections["gater"]
    gater[gater != NO_GATER] += count

    (layer, _), *others = saved.layers
    names = list(saved.names or ())
    return SavedNetwork(
        name=saved.name,
        dtype=saved.dtype,
        layers=[(layer, count), (SCALED, count), *others],
        names=[*names[:count], *_named(SCALED, names[:count]), *names[count:]],
        neurons=neurons,
        connections=_joined(connections, 0, count, 1.0 / scale.deviation, prepend=True),
        metadata=saved.metadata,
    )


def _with_outputs(saved: SavedNetwork, scale: Scale) -> SavedNetwork:
    """Return the columns with new outputs after the old ones, to convert them."""
    count = len(scale)
    offset = len(saved.neurons["bias"]) - count
    neurons = {
        name: np.concatenate([column, column[offset:]])
        for name, column in saved.neurons.items()
    }
    new = slice(offset + count, None)
    _set_neutral(neurons, new)
    _set_fixed(neurons, new, scale.mean)
    *others, (layer, _) = saved.layers
    names = list(saved.names or ())
    return SavedNetwork(
        name=saved.name,
        dtype=saved.dtype,
        layers=[*others, (UNSCALED, count), (layer, count)],
        names=[*names[:offset], *_named(UNSCALED, names[offset:]), *names[offset:]],
        neurons=neurons,
        connections=_joined(
            saved.connections, offset, offset + count, scale.deviation, prepend=False
        ),
        metadata=saved.metadata,
    )


def _named(layer: str, names: list[str | None]) -> list[str]:
    return [f"{layer} {name or index}" for index, name in enumerate(names)]


def _set_neutral(neurons: dict[str, NDArray[Any]], new: slice) -> None:
    """Give new neurons neither groups nor clamps nor limits."""
    for name in ("group", "bias_tie", "outgoing_sign", "clamped"):
        neurons[name][new] = 0


def _set_fixed(neurons: dict[str, NDArray[Any]], scaling: slice, bias: Floats) -> None:
    """Set the biases of neurons for scales, and exclude them from learning."""
    neurons["trainable_bias"][scaling] = 0
    neurons["squash"][scaling] = "identity"
    neurons["bias"][scaling] = bias


def _joined(
    connections: dict[str, NDArray[Any]],
    source: int,
    target: int,
    weights: Floats,
    prepend: bool,
) -> dict[str, NDArray[Any]]:
    """Return the connections with new, one-to-one connections that do not learn,
    beginning at the given source and target.
    """
    count = len(weights)
    steps = np.arange(count)
    new = {name: np.zeros(count, column.dtype) for name, column in connections.items()}
    new["gater"][:] = NO_GATER
    new["source"][:] = source + steps
    new["target"][:] = target + steps
    new["weight"][:] = weights
    return {
        name: np.concatenate([new[name], column] if prepend else [column, new[name]])
        for name, column in connections.items()
    }
