"""Plan an export by describing how one step of a network is computed. Every format is
written from this plan.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron
``i``, value ``neurons + i`` is its state, and value ``(1 + k) * neurons + i`` is its
activation k steps ago, which connections with a delay read. A self-connection is then
an ordinary connection whose source is a state. Until a step writes a value, it still
belongs to the previous step, which is sufficient to compute backward connections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .. import _squash
from .._checks import boolean
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess
from ..objects.network import Network, require_network
from ..objects.saved import SavedNetwork
from ..objects.topology import Topology, require_released
from ._formulas import require_mean, require_written

NOW, PAST, STATE, LATE = range(4)
"""Whether a connection reads an activation of the present step, an activation of the
previous step, a state of the previous step, or, by a delay, an activation of the
previous step. ``STATE + k`` is the activation k steps ago."""


class Fire(NamedTuple):
    """Neurons ``start .. stop`` whose activations are computed by one function, because
    they have one squash or form one group.
    """

    squash: str
    start: int
    stop: int


class Stage(NamedTuple):
    """Consecutive neurons that can be computed together, because they do not need each
    other's activations of this step.

    Their states, ``start .. stop``, are computed first, followed by the activations of
    each range of neurons in `fires`. A range is the group of competing neurons, or a
    part of the stage.
    """

    start: int
    stop: int
    fires: list[Fire]


@dataclass(frozen=True)
class ExportPlan:
    """One step of a network, with the neurons of each stage numbered consecutively.

    Inputs come first and outputs last, each in their order. The columns of connections
    are in the order of summation, target by target. Connections into inputs are left
    out, because the activations of inputs are set.
    """

    topology: Topology
    layers: list[tuple[str, int]]  # name and size of inputs, hidden layers, outputs
    names: list[str]  # names of its neurons, in the table's order of activation
    order: Ints  # number in the table of every neuron
    stages: list[Stage]  # in the order of activation
    start: Floats  # the values before the first step, as it reads them
    connection: Ints  # number in the table of every connection
    source: Ints  # values, not neurons
    target: Ints
    gater: Ints  # -1: none

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.order)

    @cached_property
    def biases(self) -> Floats:
        """Biases of the neurons, in the plan's order."""
        return np.asarray(self.topology.bias[self.order])

    @cached_property
    def weights(self) -> Floats:
        """Weights of the connections, in the plan's order."""
        return np.asarray(self.topology.weight[self.connection])

    @cached_property
    def source_when(self) -> Ints:
        """When each connection reads its source, as ``NOW``, ``PAST``, ``STATE`` or
        more.
        """
        return self._when(self.source)

    @cached_property
    def gater_when(self) -> Ints:
        """When each connection reads its gater, as ``NOW`` or ``PAST``. Connections
        without a gater have ``NOW``.
        """
        return self._when(self.gater)

    def _when(self, values: Ints) -> Ints:
        is_past = values >= self.begin(self.target)
        kept = STATE - 1 + values // self.neurons
        return np.where(values >= self.neurons, kept, np.where(is_past, PAST, NOW))

    def begin(self, neurons: Ints) -> Ints:
        """Return the first neuron in the stage of each given neuron."""
        starts = np.array([stage.start for stage in self.stages])
        return np.asarray(starts[np.searchsorted(starts, neurons, "right") - 1])

    def memory(self) -> Ints:
        """Return the indices of the values that survive a step: a step may read them
        before it writes them.
        """
        read = [
            self.source[self.source_when != NOW],
            self.gater[self.gater_when != NOW],
        ]

        # A group whose members are in several stages fires with states that later
        # stages have yet to compute.
        for stage in self.stages:
            ready = np.arange(self.topology.inputs, stage.stop)
            for _, start, stop in stage.fires:
                read.append(np.setdiff1d(np.arange(start, stop), ready) + self.neurons)

        # What is read k steps later is kept k - 1 steps later, too.
        late = self.source[self.source >= 2 * self.neurons]
        while len(late := late[late >= 3 * self.neurons] - self.neurons):
            read.append(late)
        return np.unique(np.concatenate(read))

    def handed_on(self, values: Ints) -> Ints:
        """Return the values after a step that the next step reads as these."""
        steps = values // self.neurons
        back = np.where(steps == 2, 2, steps > 2)
        return np.asarray(values - back * self.neurons)

    def rows(self, start: int, stop: int) -> Ints:
        """Return the range of the connections into neurons ``start .. stop``."""
        return np.arange(*np.searchsorted(self.target, [start, stop]).tolist())


def written_columns(
    network: Network, language: str, keep_context: bool, learns: bool = False
) -> SavedNetwork:
    """Return the columns of a network for export to a language, whose name appears in
    messages. Neurons without a name are referred to by their number in the network.
    Unless the program learns, its neurons must not draw random numbers.
    """
    require_network("network", network)
    boolean("keep_context", keep_context)
    require_released(network, "written as a program")
    saved = SavedNetwork.of(network)
    names = [name or f"neuron {i}" for i, name in enumerate(saved.names or ())]
    inputs = saved.layers[0][1]
    squash, deterministic = saved.neurons["squash"], saved.neurons["deterministic"]
    for i in range(inputs, 0 if learns else len(names)):
        require_mean(names[i], squash[i], bool(deterministic[i]), language)
    saved.names = names
    return saved


def written_plan(
    network: Network, format: str, language: str, keep_context: bool
) -> ExportPlan:
    """Return the plan of a network for a format that must support all of its squashes.
    `format` is its key in ``Squash.written``. With `keep_context`, the values start
    from the network's context instead of 0.
    """
    with ExclusiveAccess(require_network("network", network)):
        saved = written_columns(network, language, keep_context)
        topology = Topology.of(network)
    names = saved.names or ()
    for i in range(topology.inputs, len(names)):
        require_written(str(names[i]), topology.squash[i], format, language)
    plan = replace(plan_of(topology), names=[*map(str, names)])
    return plan if keep_context else replace(plan, start=np.zeros_like(plan.start))


def plan_of(topology: Topology) -> ExportPlan:
    """Return the plan of a closed network, which starts from its context."""
    order, stages = _stages_of(topology)
    place = np.argsort(order)
    delay = topology.delay
    # The source of a self-connection is a state, which follows the activations.
    steps = np.where(delay, 1 + delay, topology._self_connected)
    source = place[topology.source] + steps * topology.neurons
    past, nothing = {0: topology.activation, **topology._past}, np.zeros(len(order))
    frames = [past.get(age, nothing) for age in range(int(delay.max(initial=0)))]
    values = topology.activation, topology.state, *frames
    target = place[topology.target]
    gater = np.where(topology.gated, place[topology.gater], topology.gater)
    rows = np.lexsort((source, topology.gated, target))
    rows = rows[target[rows] >= topology.inputs]
    return ExportPlan(
        topology=topology,
        layers=list(zip(topology.layers, topology.sizes.tolist(), strict=True)),
        names=list(topology.label),
        order=order,
        stages=stages,
        start=np.concatenate([column[order] for column in values]),
        connection=rows,
        source=source[rows],
        target=target[rows],
        gater=gater[rows],
    )


def _stage_numbers(topology: Topology) -> Ints:
    """Return the stage of every neuron. Stages are computed one after the other, and
    the neurons within a stage together.

    A neuron comes in a later stage than the neurons that it reads within a step, and
    not in an earlier stage than the neurons that read its previous activation. Because
    both rules depend only on neurons earlier in the order, one pass over the neurons is
    enough. Inputs have the stage 0. Competing neurons share a stage, but if some of
    them depend on each other within a step, stages follow the order of the neurons.
    """
    n = topology.neurons
    first_output = topology.neurons - topology.outputs
    if topology.synchronous:
        # All read previous activations, so all are computed before one fires.
        return np.asarray((np.arange(n) >= topology.inputs).astype(np.int64))

    # What each neuron reads, sorted by the later neuron of the two.
    before = np.concatenate([topology.source, topology.gater])
    target = np.tile(topology.target, 2)
    prompt = np.append(topology.delay == 0, topology.gated)
    chosen = prompt & (target >= topology.inputs)
    before, target = before[chosen], target[chosen]
    within = ~topology._is_late(before, target)
    earlier = np.minimum(before, target)
    later = np.maximum(before, target)
    rows = np.argsort(later, kind="stable")
    earlier, within = earlier[rows], within[rows]
    starts = np.searchsorted(later[rows], np.arange(n + 1))
    stages = np.zeros(n, np.int64)
    for start, stop in dict.fromkeys(_groups_of(topology)):
        if start < topology.inputs:
            continue
        # Outputs are computed last, in their order.
        minimum = 1
        if start >= first_output:
            minimum = stages[:start].max() + (start == first_output)

        # What members read of each other is late, and so adds nothing: their stages are
        # still 0.
        rows_of_group = slice(starts[start], starts[stop])
        bounds = stages[earlier[rows_of_group]] + within[rows_of_group]
        stages[start:stop] = max(minimum, bounds.max(initial=0))
    return stages


def _groups_of(topology: Topology) -> list[tuple[int, int]]:
    """Return the first neuron of each neuron's group, and the group's stop."""
    start, stop = topology._group_bounds
    return list(zip(start.tolist(), stop.tolist(), strict=True))


def _stages_of(topology: Topology) -> tuple[Ints, list[Stage]]:
    """Return the new order of the neurons, and their stages.

    Neurons are ordered by stages and within a stage by squashes, but for inputs and
    outputs, which come last.
    """
    stage_of = _stage_numbers(topology)
    groups = _groups_of(topology)
    numbers = np.arange(topology.neurons)
    hidden = (numbers >= topology.inputs) & (
        numbers < topology.neurons - topology.outputs
    )
    _, codes = np.unique(np.array(topology.squash, str), return_inverse=True)
    order = np.lexsort((numbers, np.where(hidden, codes, len(codes)), stage_of))
    stage_of = stage_of[order]
    squash = [topology.squash[j] for j in order]
    bounds = np.searchsorted(
        stage_of, np.arange(1, stage_of.max(initial=0) + 2)
    ).tolist()
    stages = []
    for start, stop in pairwise(bounds):
        fires: list[Fire] = []
        for j in range(start, stop):
            low, high = (end - order[j] + j for end in groups[order[j]])
            if _squash.get(squash[j])._grouped:
                fires.append(Fire(squash[j], low, high))
            elif fires and fires[-1].squash == squash[j]:
                fires[-1] = fires[-1]._replace(stop=j + 1)
            else:
                fires.append(Fire(squash[j], j, j + 1))
        stages.append(Stage(start, stop, list(dict.fromkeys(fires))))
    return order, stages
