"""Recursive optimizers in a training: what they need of a network, and the Jacobians of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Floats, Ints
from ..errors import ArgumentError, TopologyError
from ..objects.network import Network
from ..optimizers.recursive import RecursiveOptimizer

if TYPE_CHECKING:
    from ._parameters import ParameterVector
    from ._regularisation import Penalties


@dataclass(frozen=True)
class StepJacobian:
    """The Jacobian of one step with a target, and the errors there, in place of the gradient of a batch."""

    cost: float
    steps: int  # with a target: 1, or 0 after the last one
    rows: int  # number of rows run, with or without a target
    jacobian: Floats  # shape (outputs, parameters); overwritten by the next step
    errors: Floats  # target minus output

    @property
    def norm(self) -> float:
        """The norm of the gradient of half the squared error."""
        return float(np.linalg.norm(self.errors @ self.jacobian))


class JacobianBuffers:
    """The memory of Jacobians for the present topology of a network.

    Attributes
    ----------
    direct : bool
        Whether they have only the outputs' own parameters, within the step.
    jacobian : ndarray, shape (outputs, parameters)
        See :class:`ParameterVector` for the columns.
    errors : ndarray, shape (outputs,)
        Target minus output.
    places : tuple of ndarray
        The rows of trainable weights and their columns, and the rows of biases and their columns.
    """

    def __init__(self, network: Network, direct: bool) -> None:
        from ._parameters import ParameterVector

        store, parameters = network._store, ParameterVector(network)
        weights, biases = parameters.places()
        rows, entries = weights[2:4]
        learns = store["trainable"][rows] != 0
        self.direct = direct
        self.places = rows[learns], entries[learns], *biases[2:4]
        self.jacobian: Floats = np.zeros((len(network.output), len(parameters.frozen)))
        self.errors: Floats = np.zeros(len(network.output))


def make_room(network: Network, rows: int) -> None:
    """Make room for the recording of some rows."""
    recorder = network._store.recorder
    if recorder is not None and recorder.records(network):
        recorder.make_room(rows)


def require_fit(
    optimizer: Any, method: str, slopes: Mapping[str, str], batch_size: Any, penalties: Penalties
) -> None:
    """Raise ArgumentError if a recursive optimizer cannot be used with these options of a trainer.

    `slopes` are those that each method computes, see :class:`Rule`.
    """
    if not isinstance(optimizer, RecursiveOptimizer):
        return
    name, enough = type(optimizer).__name__, ("outputs", "all") if optimizer.direct else ("all",)
    known = [one for one, computed in slopes.items() if computed in enough]
    if method not in known:
        use = " or ".join(f'method="{one}"' for one in known)
        raise ArgumentError(f'{name} needs the slopes of every step, not method="{method}". Use {use}.')
    if batch_size not in (None, 1):
        raise ArgumentError(f"{name} changes parameters at every step with a target. Omit the batch_size.")
    if (penalties.l1, penalties.l2) != (0.0, 0.0):
        setting = "a larger regularization" if optimizer.direct else "a smaller initial_variance"
        raise ArgumentError(f"{name} has no penalties. Omit l1 and l2, and give it {setting}.")
    if (penalties.clip, penalties.clip_value) != (None, None):
        raise ArgumentError(f"{name} uses no gradient that could be clipped. Omit clip and clip_value.")


def require_outputs(network: Network) -> None:
    """Raise TopologyError unless least squares can find the parameters of the outputs."""
    trainable = False
    for neuron in network.output:
        links = [link for link in (*neuron.incoming, *own_connection(neuron)) if link.trainable]
        trainable |= bool(links) or neuron.trainable
        if neuron.squash.name == "softmax":
            raise TopologyError(
                f"RLS trains outputs one by one, and softmax mixes them ({neuron!r}). "
                "Use DEKF, or identity outputs."
            )
        if (neuron.trainable and neuron.tied) or any(link.tied for link in links):
            raise TopologyError(
                f"Weights or the bias of the output {neuron!r} are tied, and RLS finds each by itself. "
                "Untie them, or use DEKF."
            )
    if not trainable:
        raise TopologyError(
            f"No parameter of the outputs of {network!r} is trainable, and RLS trains no other."
        )


def own_connection(neuron: Any) -> tuple[Any, ...]:
    """The self-connection of a neuron, if it has one."""
    return () if neuron.self_connection is None else (neuron.self_connection,)


def groups_of(parameters: ParameterVector) -> Ints:
    """The neuron that each parameter leads into: outputs are 0, 1, ..., all others are negative."""
    network, store = parameters.network, parameters.network._store
    rows = network._rows()
    target = store["target"][network._connection_rows()].astype(np.int64)
    n = len(network) - len(network.output)
    places = (target - rows[0] - n).astype(float), (np.arange(len(rows)) - n).astype(float)
    return parameters.first(*places).astype(np.int64)
