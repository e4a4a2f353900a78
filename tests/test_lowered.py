"""The view of the lowered program agrees with the topology that it was lowered from."""

import numpy as np
import pytest
from hypothesis import given

import architect
from synapse import Layer, Network, Topology, errors
from synapse.readwrite._step import Lowered

from .cases import failures
from .readwrite.formats import NETWORKS
from .strategies import Twin, specs


def connections(lowered):
    """Source, target and gater of every connection, as the stretches tell them."""
    for stretches in lowered.stretches():
        for stretch in stretches:
            for past, target in enumerate(range(stretch.first, stretch.stop)):
                for run in stretch.runs:
                    source, gater = run.source + past * run.source_step, run.gater + past * run.gater_step
                    for t in range(run.length):
                        yield source + t, target, gater + run.along * t if run.gater >= 0 else -1


def check(net):
    table = Topology.of(net)
    lowered = Lowered.of(table)
    told = np.array(list(connections(lowered)), np.int64).reshape(-1, 3)
    np.testing.assert_array_equal(told, np.stack([lowered.source, lowered.target, lowered.gater], axis=1))
    own = lowered.source >= lowered.neurons
    source = np.where(own, lowered.source - lowered.neurons, lowered.source)
    np.testing.assert_array_equal(own, source == lowered.target)
    assert sorted(lowered.order) == np.flatnonzero(table.target >= table.inputs).tolist()
    for column, values in (
        (table.source, source),
        (table.target, lowered.target),
        (table.gater, lowered.gater),
    ):
        np.testing.assert_array_equal(column[lowered.order], values)
    assert np.concatenate([np.arange(*block) for block in lowered.blocks]).tolist() == list(
        range(table.inputs, table.neurons)
    )
    block = np.zeros(table.neurons, int)
    for i, (first, stop) in enumerate(lowered.blocks, 1):
        block[first:stop] = i
        assert len({table.squash[j] for j in range(first, stop)}) == 1
    earlier = source < lowered.target
    assert (block[source] < block[lowered.target])[earlier].all()


def test_stretches_tell_all_connections():
    assert not failures(NETWORKS, lambda build: check(build()))


@given(specs())
def test_stretches_of_any_graph(spec):
    check(Twin(spec).net)


def test_a_layer_is_one_stretch():
    lowered = Lowered.of(Topology.of(architect.LSTM(6, 8, 6, seed=0)))
    lengths = [stretch.stop - stretch.first for stretches in lowered.stretches() for stretch in stretches]
    assert lengths[-1] == 6
    assert len(lengths) < 10


def test_a_network_that_reads_others_is_refused():
    one, other = (Network(Layer(1), [], Layer(1)) for _ in range(2))
    one.project(other, seed=0)
    assert len(Lowered.of(Topology.of(one)).order) == 0
    with pytest.raises(errors.TopologyError, match="outside of it"):
        Lowered.of(Topology.of(other))
