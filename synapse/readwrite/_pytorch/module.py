"""Represent a network as a PyTorch module."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from ..._typing import Bools, Ints
from ...errors import ArgumentError
from ...objects import parameters
from ...objects.network import Network
from ...objects.topology import Topology, require_delays, require_released
from .._blocks import Block, Read, blocks_of, components_of
from .._formulas import require_written
from .._plan import NOW, ExportPlan, plan_of
from ._parts import (
    CONSTANTS,
    ZERO,
    ModulePart,
    NumberPlaces,
    Of,
    ParameterTraits,
    parts_of,
)
from ._squashes import function_of
from ._unroll import (
    BlockModule,
    Blocks,
    Recurrence,
    Start,
    Unrolling,
    beside,
    can_recur,
)

Tensor = Any  # torch may not be installed where types are checked


class Context(NamedTuple):
    """Activations and states between two steps, each of shape (neurons,) or (sequences,
    neurons).
    """

    activations: Tensor
    states: Tensor


def _structure_of(topology: Topology) -> list[Ints]:
    """Return the ends of the connections, and the indices of their weights and of the
    biases among the parameters.
    """
    places = [parameters.distinct(tie)[1] for tie in (topology.tie, topology.bias_tie)]
    return [
        *(topology.source, topology.target, topology.gater, topology.delay),
        *places,
    ]


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def _slopes(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


# Torch need not be installed where types are checked.
class SequenceModule(torch.nn.Module):  # type: ignore[misc]
    """A network of any topology as a PyTorch module. To make one, call
    :func:`synapse.to_torch`.

    Layers that PyTorch also has are submodules named by their kinds: ``lstm``, ``gru``,
    ``rnn`` and ``linear``, or ``linear_1``, ``linear_2`` if there are several. All
    other weights and biases are in two vectors.

    Attributes
    ----------
    weight : torch.nn.Parameter or None
        Trainable weights outside of submodules, in the order of
        ``network.connections``. Tied weights share one entry, at the position of the
        first. None if there are no such weights.
    bias : torch.nn.Parameter or None
        Trainable biases outside of submodules, in the order of the network's neurons,
        with tied ones as above. None if there are no such biases.
    context : Context
        The network's context when the module was made. Pass it to a call to continue
        from there.

    Notes
    -----
    Weights and biases that are not trainable in the network are buffers, which prevents
    optimizers from changing them, even by weight decay. They are the vectors
    ``fixed_weight`` and ``fixed_bias``, and tensors of submodules. The second bias of
    each sum, which PyTorch adds, is such a buffer of zeros, except for the candidates
    of a GRU. If an optimizer moves a weight across 0 against the sign of its
    connection, the next call, or :meth:`hold_signs`, moves it back to 0.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        topology = Topology.of(network)._require_closed(
            "converted to PyTorch", outward=False
        )
        require_released(network, "converted to PyTorch")
        require_delays(topology, 1, "A module of PyTorch")
        plan = plan_of(topology)
        blocks = blocks_of(plan)
        for name, squash in zip(topology.label, topology.squash, strict=True):
            require_written(name, squash, "torch", "PyTorch")
        self._made_of = _structure_of(topology)
        self._inputs = topology.inputs
        self._outputs = topology.outputs
        self._memoryless = not len(plan.memory())
        for name in ("activation", "state"):
            values = torch.tensor(getattr(topology, name).astype(topology.dtype))
            self.register_buffer(f"_{name}", values, persistent=False)
        self.register_buffer("_order", torch.tensor(plan.order), persistent=False)
        self.register_buffer(
            "_back", torch.tensor(np.argsort(plan.order)), persistent=False
        )
        learns, biased = self._hold(topology, plan, blocks)
        place = np.append(self._places["weight"].place, ZERO)
        for block in blocks:
            block.read_past()
        self.blocks = Blocks(
            BlockModule(block, ~learns, biased, place, function_of) for block in blocks
        )
        self._sizes = [block.size for block in self.blocks]
        # The outputs are the last neurons of a plan, in their order.
        outputs = plan.neurons - plan.topology.outputs
        self._answering = [k for k, block in enumerate(blocks) if block.stop > outputs]
        answering = plan.neurons - blocks[self._answering[0]].start
        last = np.arange(answering - plan.topology.outputs, answering)
        whole = answering == plan.topology.outputs
        self._keep("_answers", None if whole else torch.tensor(last))
        self._steps = self._steps_of(blocks)
        self._row = self._row_of_submodules()

    def _hold(
        self, topology: Topology, plan: ExportPlan, blocks: list[Block]
    ) -> tuple[Bools, Bools]:
        """Store all weights and biases, and return masks of the trainable connections
        in the table, and of the trainable neurons in the plan.
        """
        number = plan.order
        # Connections to inputs and biases of inputs are never read.
        is_read = {
            "weight": topology.target >= topology.inputs,
            "bias": np.arange(topology.neurons) >= topology.inputs,
        }
        trained = {
            "weight": topology.trainable & is_read["weight"],
            "bias": topology.trainable_bias & is_read["bias"],
        }
        tie = {"weight": topology.tie, "bias": topology.bias_tie}
        learns, biased = trained["weight"], trained["bias"][number]
        weights = ParameterTraits.of(
            topology.weight,
            learns,
            topology.tie,
            topology.sign,
            np.arange(topology.connections),
        )
        ties = topology.bias_tie[number]
        biases = ParameterTraits.of(
            plan.biases, biased, ties, np.zeros_like(ties), number
        )
        components = components_of(blocks)
        submodules = parts_of(plan, blocks, components, weights, biases)
        self._components = list(zip(submodules, components, strict=True))
        self._parts = present = [each for each in submodules if each is not None]
        dtype = torch.tensor(np.zeros(0, topology.dtype)).dtype
        constants = torch.tensor(CONSTANTS, dtype=dtype)
        self.register_buffer("_constants", constants, persistent=False)
        owned = {
            "weight": [submodule.weights for submodule in present],
            "bias": [number[submodule.biases] for submodule in present],
        }
        implied = {}
        for name, traits, rows in (
            ("weight", weights, [submodule.implied[0] for submodule in present]),
            ("bias", biases, [submodule.implied[1] for submodule in present]),
        ):
            numbers = traits.number[np.concatenate([np.zeros(0, np.int64), *rows])]
            implied[name] = numbers[numbers >= 0]
        self._places = {}
        for name, values in (("weight", topology.weight), ("bias", topology.bias)):
            places = self._places[name] = NumberPlaces(
                values,
                trained[name],
                tie[name],
                is_read[name],
                implied[name],
                owned[name],
            )
            free = torch.tensor(values[places.free], dtype=dtype)
            fixed = torch.tensor(values[places.fixed], dtype=dtype)
            self.register_parameter(
                name, torch.nn.Parameter(free) if len(free) else None
            )
            self._keep(f"fixed_{name}", fixed if len(fixed) else None, True)
            self.register_buffer(
                f"_{name}_place", torch.tensor(places.place), persistent=False
            )
        signs = topology.sign[self._places["weight"].free]
        self._keep("_sign", torch.tensor(signs) if signs.any() else None)
        for submodule in present:
            self.add_module(submodule.name, submodule.module(dtype))
        self._mask()
        self._refer()
        every = self._places["bias"].place[number]
        rest = np.where(every < self._places["bias"].rest, every, ZERO)
        self.register_buffer("_bias_every", torch.tensor(every), persistent=False)
        self.register_buffer("_bias_rest", torch.tensor(rest), persistent=False)
        return learns, biased

    def _keep(self, name: str, values: Tensor | None, persistent: bool = False) -> None:
        """Store numbers as a buffer, but None as an attribute, because ``torch.export``
        counts a buffer of None as an input.
        """
        if values is None:
            setattr(self, name, None)
        else:
            self.register_buffer(name, values, persistent)

    def _steps_of(
        self, blocks: list[Block]
    ) -> list[tuple[ModulePart | None, list[Any]]]:
        """Return the steps of the computation in order, each as a submodule or None,
        with the components that it computes.
        """
        steps: list[tuple[ModulePart | None, list[Any]]] = []
        inside = {k for submodule in self._parts for k in submodule.members}
        for submodule, (members, recurs) in self._components:
            component: Any = members[0]
            if recurs:
                component = Recurrence(members, blocks, self.blocks, self._answering)
            if submodule is not None:
                constants = submodule.members[: len(submodule.members) - len(members)]
                steps.append((submodule, [*constants, component]))
            elif not recurs and members[0] in inside:
                continue  # a constant that a submodule computes
            else:
                steps.append((None, [component]))
        return steps

    def _row_of_submodules(self) -> list[tuple[str, Any]] | None:
        """Return the submodules through which the inputs pass one by one, with the
        function of each Linear, or None if the network does not have this form.
        """
        row = []
        source = 0
        for submodule, _ in self._steps:
            reads = [Read(NOW, source, 0, self._sizes[source])]
            if submodule is None or submodule.layer.reads != reads:
                return None
            source = submodule.layer.hidden
            functions = [None] if submodule.recurs else self.blocks[source].functions
            if functions[1:]:
                return None
            row.append((submodule.name, functions[0]))
        whole = self._answering == [source] and self._answers is None
        return row if whole else None

    def _mask(self) -> None:
        """Hold the fixed entries of trained tensors constant."""
        for submodule in self._parts:
            submodule.mask(getattr(self, submodule.name))

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self._mask()  # copies have no hooks
        self._refer()

    @property
    def context(self) -> Context:
        """The network's context when the module was made."""
        return Context(self._activation, self._state)

    def hold_signs(self) -> None:
        """Move the weights that have crossed 0, against the sign of their connection,
        back to 0.
        """
        if self._sign is not None:
            weight = self.weight.detach()  # a trace does not keep `no_grad`
            weight.masked_fill_(self._sign * weight < 0, 0.0)

    def _vector(self, name: str, of: Of, submodules: bool = True) -> Tensor:
        """Return all weights, or biases, or a value for each, in the order of
        :class:`NumberPlaces`, with or without those of submodules.
        """
        rest = (getattr(self, name), getattr(self, f"fixed_{name}"))
        tensors = [
            of(self._constants),
            *(of(each) for each in rest if each is not None),
        ]
        for submodule in self._parts if submodules else ():
            take = submodule.weights_in if name == "weight" else submodule.biases_in
            tensors += take(self._tensors_of(submodule), of)
        return torch.cat(tensors)

    def _tensors_of(self, submodule: ModulePart) -> dict[str, Tensor]:
        """Return the tensors of a submodule by name.

        The compiler of torch cannot handle a recurrent module.
        """
        if torch.compiler.is_compiling():
            return self._tensors[submodule.name]
        return submodule.tensors_in(getattr(self, submodule.name))

    def _refer(self) -> None:
        """Refer to the tensors of the submodules again, because they may have been
        replaced.
        """
        self._tensors = {
            submodule.name: submodule.tensors_in(getattr(self, submodule.name))
            for submodule in self._parts
        }

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        moved = super()._apply(fn, recurse)
        self._refer()
        return moved

    def numbers(self) -> tuple[Tensor, Tensor]:
        """Return all weights and biases that the module computes with, including the
        fixed ones, in the order of the network.
        """
        self.hold_signs()
        weight, bias = (self._vector(name, _itself) for name in ("weight", "bias"))
        return weight[self._weight_place], bias[self._bias_place]

    def gradient(self) -> tuple[Tensor, Tensor]:
        """Return the sums that ``backward`` has left for all weights and biases, in the
        order of the network, with 0 where there is no gradient.
        """
        weight, bias = (self._vector(name, _slopes) for name in ("weight", "bias"))
        return weight[self._weight_place], bias[self._bias_place]

    def read(self, network: Network) -> None:
        """Copy the weights and biases of the network into the module, which must have
        been made from it.
        """
        self._require(network)
        values = {"weight": network.weights, "bias": network.biases}
        for name, places in self._places.items():
            implied = [CONSTANTS[place] for place in places.place[places.implied]]
            if not np.array_equal(values[name][places.implied], implied):
                raise self._another(network)
        with torch.no_grad():
            for name, places in self._places.items():
                for holder, rows in (
                    (name, places.free),
                    (f"fixed_{name}", places.fixed),
                ):
                    if len(rows):
                        getattr(self, holder).copy_(torch.tensor(values[name][rows]))
            owned = (self._places[name].owned for name in ("weight", "bias"))
            for submodule, links, neurons in zip(self._parts, *owned, strict=True):
                submodule.copy_from(
                    getattr(self, submodule.name),
                    values["weight"][links],
                    values["bias"][neurons],
                )

    def write(self, network: Network) -> None:
        """Copy the module's weights and biases into the network from which it was made.

        Raises ArgumentError if the numbers are not finite or the network is another
        one. In this case, nothing has changed.
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
        network.weights = np.where(self._places["weight"].read, weight, network.weights)
        network.biases = np.where(self._places["bias"].read, bias, network.biases)

    def _another(self, network: Network) -> ArgumentError:
        return ArgumentError(
            f"The module was made of a network other than {network!r}, or that"
            " network has changed."
        )

    def _require(self, network: Network) -> None:
        structure = _structure_of(Topology.of(network))
        if not all(map(np.array_equal, structure, self._made_of)):
            raise self._another(network)

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
        self._require_inputs(inputs)
        if self._row is None or context is not None or not self._fits(inputs):
            return self._computed(inputs, context, False)[0]
        # As one would write it; layers of several steps take the steps first.
        values = inputs.to(self._constants.dtype)
        by_step = inputs.ndim == 3 and not self._memoryless
        if by_step:
            values = values.transpose(0, 1).contiguous()
        for name, function in self._row:
            values = getattr(self, name)(values)
            values = values[0] if function is None else function(values)
        return values.transpose(0, 1) if by_step else values

    def unroll(
        self, inputs: Tensor, context: Context | None = None
    ) -> tuple[Tensor, Context]:
        """Compute the outputs, as a call of the module does, and the context after the
        last step.
        """
        self._require_inputs(inputs)
        outputs, run, start = self._computed(inputs, context, True)
        if run is None:  # no step
            after = start
        else:
            last = run.last_values, run.last_states
            ordered = range(len(self.blocks))
            after = Context(
                *(
                    torch.cat([values[k] for k in ordered], 1).index_select(
                        1, self._back
                    )
                    for values in last
                )
            )
        return outputs, (
            after if inputs.ndim == 3 else Context(*(values[0] for values in after))
        )

    def _require_inputs(self, inputs: Tensor) -> None:
        """Raise ArgumentError for inputs of another shape."""
        if inputs.ndim not in (2, 3) or inputs.shape[-1] != self._inputs:
            n = self._inputs
            got = tuple(inputs.shape)
            raise ArgumentError(
                f"`inputs` must be a tensor of shape (T, {n}) or (S, T, {n}),"
                f" got {got}."
            )

    def _fits(self, inputs: Tensor) -> bool:
        """Return whether the submodules of a row can be called with these inputs."""
        return self._memoryless or (
            inputs.numel() > 0 and can_recur(inputs, self.training)
        )

    def _computed(
        self, inputs: Tensor, context: Context | None, wanted: bool
    ) -> tuple[Tensor, Unrolling | None, Any]:
        """Return the outputs, the run if there are steps, and the context before it,
        which is None if it is cleared and not wanted.

        With `wanted` the run has the values of all blocks at the last step.
        """
        batch = inputs if inputs.ndim == 3 else inputs[None]
        batch = batch.to(self._constants.dtype)
        sequences, steps = batch.shape[:2]
        start = context
        if context is None and wanted:
            start = Context(*map(torch.zeros_like, self.context))
        if start is not None:
            start = Context(
                *(values.expand(sequences, len(self._back)) for values in start)
            )
        run = None
        if not (steps and sequences):
            outputs = batch.new_empty(sequences, steps, self._outputs)
        elif self._memoryless and not wanted:
            # Without memory, all rows are one step of as many sequences.
            run_of_rows = self._run(1, batch.flatten(0, 1), None, False)
            outputs = self._answer(run_of_rows).view(sequences, steps, -1)
        else:
            rows = batch.transpose(0, 1).flatten(0, 1)
            run = self._run(steps, rows, None if context is None else start, wanted)
            outputs = self._answer(run).view(steps, sequences, -1).transpose(0, 1)
        return outputs if inputs.ndim == 3 else outputs[0], run, start

    def _answer(self, run: Unrolling) -> Tensor:
        """Return the outputs of all steps."""
        answers = beside(*(run.values[k] for k in self._answering))
        if self._answers is None:
            return answers
        return answers.index_select(1, self._answers)

    def _run(
        self, steps: int, rows: Tensor, start: Context | None, context: bool
    ) -> Unrolling:
        """Compute all blocks, using modules of torch where possible."""
        self.hold_signs()
        start_values = None
        if start is not None:
            columns = (
                values.index_select(1, self._order).split(self._sizes, 1)
                for values in start
            )
            start_values = list(zip(*columns, strict=True))
        block_start = Start(start_values, rows, len(rows) // steps, self._sizes)
        run = Unrolling(steps, rows, block_start, context)
        by_module = [
            submodule is not None and run.fits(submodule, self.training)
            for submodule, _ in self._steps
        ]
        # The last step of a recurrent module is computed by the blocks, too.
        by_blocks = [
            (submodule, components)
            for (submodule, components), alone in zip(
                self._steps, by_module, strict=True
            )
            if not alone or (context and submodule is not None and submodule.recurs)
        ]
        if by_blocks:
            whole = any(submodule is not None for submodule, _ in by_blocks)
            self._store_numbers(
                run, [c for _, group in by_blocks for c in group], whole
            )
        for (submodule, components), alone in zip(self._steps, by_module, strict=True):
            if submodule is None or not alone:
                run.compute(components, self.blocks)
                continue
            module = getattr(self, submodule.name)
            if submodule.recurs:
                run.by_module(submodule, module, components, self.blocks)
            else:
                run.by_linear(submodule, module, self.blocks[submodule.layer.hidden])
        return run

    def _store_numbers(
        self, run: Unrolling, components: list[Any], whole: bool
    ) -> None:
        """Store weights and biases in a run for components computed by blocks; `whole`
        if these include submodules.
        """
        weight = self._vector("weight", _itself, whole)
        places = self._bias_every if whole else self._bias_rest
        bias = self._vector("bias", _itself, whole).index_select(0, places)
        biases = bias.split(self._sizes)
        for component in components:
            inside = (
                component.blocks if isinstance(component, Recurrence) else [component]
            )
            for k in inside:
                run.bias[k] = biases[k]
                for term in self.blocks[k].terms:
                    run.numbers[term] = term.number(weight)

    def extra_repr(self) -> str:
        """Return the sizes, for the repr."""
        n = self._inputs
        m = self._outputs
        return (
            f"{n} inputs, {m} outputs, {len(self._back)} neurons,"
            f" {len(self._made_of[0])} connections"
        )
