"""Which sensitivities are kept, and where they lie: beside brute force and the dense
form."""

import numpy as np
import pytest
from hypothesis import strategies as st

import architect
from synapse import Layer, Network
from synapse.engine.rtrl import Layout, TooLarge, find_pattern
from tests.helpers.sensitivities import Sensitivities
from tests.helpers.strategies import Twin, given_graphs, specs
from tests.helpers.ties import tie_at_random

ORDERS = (1, 2, 3, 4, None)


def layout_of(net, order=None):
    _, store, span = net._lowered()
    return Layout(store, find_pattern(store, span, order))


def kept_by(net, order=None):
    """Pairs of a root and a neuron, as numbers of the network: sensitivities to its
    parameters are kept."""
    pattern = layout_of(net, order).pattern
    root, neuron = np.nonzero(pattern.kept)
    return set(zip(pattern.roots[root].tolist(), neuron.tolist(), strict=True))


def recurrent(reference, order, inputs):
    """Units whose state, or activation, is read one step late."""
    place = {j: k for k, j in enumerate(order)}
    ends = [
        (end, j)
        for (i, j), link in reference.links.items()
        for end in (i, link.gater)
        if end is not None
    ]
    return {
        end
        for end, j in ends
        if place[end] >= inputs <= place[j] and place[end] >= place[j]
    }


def ties_of(net):
    """Groups of parameters that are shared, as the dense form knows them."""
    number = {neuron: k for k, neuron in enumerate(net)}
    groups = {frozenset([c, *c.tied]) for c in net.connections if c.tied}
    biases = {frozenset([neuron, *neuron.tied]) for neuron in net if neuron.tied}
    return [
        [(number[c.source], number[c.target]) for c in group] for group in groups
    ] + [[(None, number[neuron]) for neuron in group] for group in biases]


def dense(twin, within=None):
    return Sensitivities(
        twin.reference, twin.order, twin.inputs, within, ties_of(twin.net)
    )


def pairs(mask, dense, roots):
    """A mask by units and parameters as pairs of a root and the unit that a parameter
    leads into."""
    return {
        (k, j) for (_, j), p in dense.parameters.items() for k in roots if mask[k, p]
    }


@given_graphs(specs(most=6), st.sampled_from(ORDERS), st.none() | st.integers(0, 99))
def test_kept_is_what_is_reached_within_the_order(spec, order, tied):
    twin = Twin(spec)
    if tied is not None:
        tie_at_random(twin.net, tied)
    roots = recurrent(twin.reference, twin.order, twin.inputs)
    truth = dense(twin, order or 20)
    assert kept_by(twin.net, order) == pairs(truth.mask, truth, roots)


@given_graphs(specs(), st.sampled_from(ORDERS), st.none() | st.integers(0, 99))
def test_every_sensitivity_has_one_place(spec, order, tied):
    net = Twin(spec).net
    if tied is not None:
        tie_at_random(net, tied)
    layout = layout_of(net, order)
    widths = layout.width[layout.line_class]
    lines = zip(layout.line_offset, widths, strict=True)
    places = [place for at, width in lines for place in range(at, at + width)]
    assert places == list(range(layout.size))
    lines = zip(layout.line_class.tolist(), layout.line_root.tolist(), strict=True)
    assert len({*lines}) == len(widths)
    classes = layout.class_of[layout.entry_owner]
    for class_index, width in enumerate(layout.width):
        columns = layout.column[classes == class_index].tolist()
        assert {*columns} == {*range(width)}
        assert tied is not None or len(columns) == width
    entries = np.bincount(layout.entry_owner, minlength=len(net))
    most = sum(entries[j] for _, j in kept_by(net, order))
    assert layout.size <= most
    assert layout.size == most or tied is not None


def test_roots_that_no_parameter_moves_are_left_out():
    source, pool, output = Layer(1), Layer(3, squash="tanh"), Layer(1)
    for neuron in pool:
        neuron.trainable_bias = False
    source.project(pool, seed=0, trainable=False)
    pool.project(pool, seed=1, trainable=False, self_connections=True)
    pool.project(output, seed=2)
    net = Network(source, [pool], output)
    for layout in (layout_of(net, order) for order in ORDERS):
        visited = layout.pattern.visits.neuron
        assert (len(layout.roots), layout.size, len(visited)) == (0, 0, 0)


def test_what_needs_more_memory_than_allowed_is_refused():
    net = architect.Elman(3, 20, 2, seed=0)
    _, store, span = net._lowered()
    with pytest.raises(TooLarge) as refused:
        Layout(store, find_pattern(store, span, None), maximum=10_000)
    assert refused.value.bytes > 2 * 8 * 20 * 20 * 24
    assert Layout(store, find_pattern(store, span, 1), maximum=100_000).size == 20 * 24
