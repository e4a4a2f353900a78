"""The PyTorch module of a network."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from ..._typing import Bools, Ints
from ...errors import ArgumentError
from ...objects import parameters
from ...objects.network import Network
from ...objects.topology import Topology, require_released
from .._blocks import blocks_of, components_of
from .._formulas import require_written
from .._plan import plan_of
from ._squashes import function_of
from ._unroll import BlockModule, Recurrence, Unrolling, beside

Tensor = Any  # torch may not be installed where types are checked


class Context(NamedTuple):
    """Activations and states between two steps, each of shape (neurons,) or (sequences,
    neurons).
    """

    activations: Tensor
    states: Tensor


def _structure_of(topology: Topology) -> list[Ints]:
    """Return ends of the connections, and the places of their weights and of the biases
    in the parameters.
    """
    places = [parameters.distinct(tie)[1] for tie in (topology.tie, topology.bias_tie)]
    return [
        *(topology.source, topology.target, topology.gater, topology.delay),
        *places,
    ]


# Torch need not be installed where types are checked.
class SequenceModule(torch.nn.Module):  # type: ignore[misc]
    """A network of any topology as a PyTorch module; made by :func:`synapse.to_torch`.

    Attributes
    ----------
    weight : torch.nn.Parameter, shape (connections,)
        Weights in the order of ``network.connections``. Tied weights are one entry, at
        the place of the first.
    bias : torch.nn.Parameter, shape (neurons,)
        Biases in the order of the network's neurons. Tied biases are one entry, at the
        place of the first.
    context : Context
        The network's context when the module was made. Pass it to a call to continue
        from there.

    Notes
    -----
    Weights and biases that are not trainable in the network are read from the buffers
    ``fixed_weight`` and ``fixed_bias`` instead of the parameters, so that no optimizer
    changes them, not even by weight decay. A weight whose connection has a sign is
    moved back to 0 by the next call, and by
    :meth:`hold_signs`, if an optimizer has taken it across.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        topology = Topology.of(network)._require_closed(
            "converted to PyTorch", outward=False
        )
        require_released(network, "converted to PyTorch")
        plan = plan_of(topology)
        table = plan.topology
        blocks = blocks_of(plan)
        for name, squash in zip(topology.names, topology.squash, strict=True):
            require_written(name, squash, "torch", "PyTorch")
        self._made_of = _structure_of(topology)
        self._inputs = topology.inputs
        self._outputs = topology.outputs
        # Connections to inputs and biases of inputs are never read.
        learns = topology.trainable & (topology.target >= topology.inputs)
        biased = topology.trainable_bias & (
            np.arange(topology.neurons) >= topology.inputs
        )
        self._hold(
            "weight", topology.weight.astype(topology.dtype), learns, topology.tie
        )
        self._hold(
            "bias", topology.bias.astype(topology.dtype), biased, topology.bias_tie
        )
        signs = topology.sign[parameters.distinct(topology.tie)[0]]
        self.register_buffer(
            "_sign", torch.tensor(signs) if signs.any() else None, persistent=False
        )
        for name in ("activation", "state"):
            values = torch.tensor(getattr(table, name).astype(table.dtype))
            self.register_buffer(f"_{name}", values, persistent=False)
        self._relays = table.neurons - topology.neurons
        self.register_buffer("_number", torch.tensor(table.number), persistent=False)
        self.register_buffer("_order", torch.tensor(plan.order), persistent=False)
        self.register_buffer(
            "_back", torch.tensor(np.argsort(plan.order)), persistent=False
        )
        learns = np.append(learns, np.zeros(self._relays, bool))
        biased = np.append(biased, False)[table.number[plan.order]]
        self.blocks = torch.nn.ModuleList(
            BlockModule(block, ~learns, biased, function_of) for block in blocks
        )
        # The outputs are the last neurons of a plan, in their order.
        outputs = plan.neurons - plan.outputs
        self._answering = [k for k, block in enumerate(blocks) if block.stop > outputs]
        answering = plan.neurons - blocks[self._answering[0]].start
        last = np.arange(answering - plan.outputs, answering)
        whole = answering == plan.outputs
        self.register_buffer(
            "_answers", None if whole else torch.tensor(last), persistent=False
        )
        self._parts = [
            (
                Recurrence(members, blocks, self.blocks, self._answering)
                if recurs
                else members[0]
            )
            for members, recurs in components_of(blocks)
        ]

    def _hold(self, name: str, values: Any, trained: Bools, tie: Ints) -> None:
        """Store weights or biases as a parameter, with each shared one once, and the
        mask of trainable ones.
        """
        rows, place = parameters.distinct(tie)
        self.register_parameter(name, torch.nn.Parameter(torch.tensor(values[rows])))
        self.register_buffer(f"fixed_{name}", torch.tensor(values[rows]))
        trains = torch.tensor(np.bincount(place, trained) > 0)
        self.register_buffer(f"trains_{name}", trains, persistent=False)
        self.register_buffer(
            f"_{name}_of", torch.tensor(place) if tie.any() else None, persistent=False
        )

    @property
    def context(self) -> Context:
        """The network's context when the module was made."""
        return Context(self._activation, self._state)

    def hold_signs(self) -> None:
        """Move the weights that have crossed 0, against the sign of their connection,
        back to 0.
        """
        if self._sign is not None:
            with torch.no_grad():
                self.weight.masked_fill_(self._sign * self.weight < 0, 0.0)

    def numbers(self) -> tuple[Tensor, Tensor]:
        """Return all weights and biases that the module computes with, including the
        fixed ones.
        """
        self.hold_signs()
        weight = torch.where(self.trains_weight, self.weight, self.fixed_weight)
        bias = torch.where(self.trains_bias, self.bias, self.fixed_bias)
        weight = weight if self._weight_of is None else weight[self._weight_of]
        return weight, bias if self._bias_of is None else bias[self._bias_of]

    def _numbers_with_relays(self) -> tuple[Tensor, Tensor]:
        """Return the same for the table with relays, whose connections follow."""
        weight, bias = self.numbers()
        weight = torch.cat([weight, weight.new_ones(self._relays)])
        return weight, torch.cat([bias, bias.new_zeros(1)])[self._number]

    def read(self, network: Network) -> None:
        """Copy the weights and biases of the network it was made of into the module."""
        self._require(network)
        with torch.no_grad():
            topology = Topology.of(network)
            for name, values, tie in (
                ("weight", network.weights, topology.tie),
                ("bias", network.biases, topology.bias_tie),
            ):
                for holder in (name, f"fixed_{name}"):
                    getattr(self, holder).copy_(
                        torch.tensor(values[parameters.distinct(tie)[0]])
                    )

    def write(self, network: Network) -> None:
        """Copy the module's weights and biases into the network it was made of.

        Raises ArgumentError if they are not finite or the network is another one.
        Nothing has changed.
        """
        self._require(network)
        weight, bias = (
            values.detach().cpu().to(torch.float64).numpy() for values in self.numbers()
        )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ArgumentError(
                "The weights of a module must be finite to be read, got NaN or"
                " infinity."
            )
        network.weights = weight
        network.biases = bias

    def _require(self, network: Network) -> None:
        structure = _structure_of(Topology.of(network))
        if not all(map(np.array_equal, structure, self._made_of)):
            raise ArgumentError(
                f"The module was made of a network other than {network!r}, or that"
                " network has changed."
            )

    def forward(self, inputs: Tensor, context: Context | None = None) -> Tensor:
        """Compute the outputs of one sequence, or of several at once.

        Parameters
        ----------
        inputs : torch.Tensor, shape (T, n) or (S, T, n)
            One sequence of T steps, or S sequences.
        context : Context, optional
            The initial context. Default: cleared, as after ``network.clear()``.

        Returns
        -------
        torch.Tensor, shape (T, m) or (S, T, m)
            The outputs.
        """
        return self.unroll(inputs, context)[0]

    def unroll(
        self, inputs: Tensor, context: Context | None = None
    ) -> tuple[Tensor, Context]:
        """Compute the outputs, as a call of the module does, and the context after the
        last step.
        """
        if inputs.ndim not in (2, 3) or inputs.shape[-1] != self._inputs:
            n = self._inputs
            got = tuple(inputs.shape)
            raise ArgumentError(
                f"`inputs` must be a tensor of shape (T, {n}) or (S, T, {n}),"
                f" got {got}."
            )
        if inputs.ndim == 2:
            outputs, after = self.unroll(inputs[None], context)
            return outputs[0], Context(*(values[0] for values in after))
        inputs = inputs.to(self.weight.dtype)
        sequences, steps = inputs.shape[:2]
        start = map(torch.zeros_like, self.context) if context is None else context
        start = Context(
            *(values.expand(sequences, len(self._back)) for values in start)
        )
        if not (steps and sequences):
            return inputs.new_empty(sequences, steps, self._outputs), start
        run = self._run(inputs, start)
        answers = beside(*(run.values[k] for k in self._answering))
        answers = (
            answers if self._answers is None else answers.index_select(1, self._answers)
        )
        answers = answers.view(steps, sequences, -1).transpose(0, 1)
        last = run.last_values, run.last_states
        return answers, Context(
            *(torch.cat(values, 1).index_select(1, self._back) for values in last)
        )

    def _run(self, inputs: Tensor, start: Context) -> Unrolling:
        """Compute all blocks."""
        weight, bias = self._numbers_with_relays()
        weight = torch.cat([weight, weight.new_zeros(1)])
        numbers = {
            term: term.number(weight) for block in self.blocks for term in block.terms
        }
        sizes = [block.size for block in self.blocks]
        *begin, bias = (
            values.index_select(-1, self._order).split(sizes, -1)
            for values in (*start, bias)
        )
        rows = inputs.transpose(0, 1).flatten(0, 1)
        run = Unrolling(
            inputs.shape[1], rows, list(zip(*begin, strict=True)), bias, numbers
        )
        for part_of_run in self._parts:
            if isinstance(part_of_run, Recurrence):
                run.recur(part_of_run)
            else:
                run.at_once(part_of_run, self.blocks[part_of_run])
        return run

    def extra_repr(self) -> str:
        """Return the sizes, for the repr."""
        n = self._inputs
        m = self._outputs
        return (
            f"{n} inputs, {m} outputs, {len(self._back)} neurons,"
            f" {len(self._made_of[0])} connections"
        )
