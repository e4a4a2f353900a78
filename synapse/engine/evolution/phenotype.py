"""From genes to neurons in the order of activation, and one step of these neurons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.calls import address_of, call_equation
from ..compiler.jit import inline, kernel, noinline
from ..functions.activations import ACTIVATIONS, LOGISTIC, SINGLE
from ..functions.compiled import _SQUASHES, _by_code, logistic
from .genes import GENE0, GENE1, NOBODY, NODE0, NODE1, SLOPE, STATE

_value_of = inline(_by_code(_SQUASHES, [one for one in ACTIVATIONS.values() if one.kind == SINGLE], "state"))


@kernel
def fire_any(code, state, value, j):
    """value_j = f(state_j) for any built-in function of one state. Returns whether it is a number.

    It is compiled when a genome first has a neuron that is not logistic.
    """
    value[j], _ = _value_of(code, state[j])
    return value[j] == value[j]


@inline
def row_of(nodes, first, stop, ends, number):
    """The row of the node with this id, counted from the first one of its genome; by bisection if hidden."""
    if number <= ends:
        return number
    low, high = first + ends + 1, stop
    while low < high:
        middle = (low + high) >> 1
        if nodes[middle].id < number:
            low = middle + 1
        else:
            high = middle
    return low - first


@kernel
def express(nodes, genes, at, inputs, outputs, neurons, links, found, order, place):
    """Make the phenotypes of all genomes: neurons in the order of activation, with their incoming links.

    found : offsets of neurons and links by genome, written; order, place : memory for the largest genome.
    Weights into logistic neurons are multiplied by 4.9, so that 1 / (1 + e^(-4.9 s)) is the logistic
    function of their state. Disabled genes are left out. Connections from the bias are biases.
    """
    ends = inputs + outputs
    found[0, 0], found[0, 1] = 0, 0
    for g in range(at.shape[0]):
        n0, n1, base, links_base = at[g, NODE0], at[g, NODE1], found[g, 0], found[g, 1]
        count = n1 - n0 - 1
        hidden = count - ends
        for i in range(inputs):
            order[i] = i
        for i in range(hidden):  # insertion sort: hidden nodes are few, and nearly sorted
            row, spot = ends + 1 + i, inputs + i
            position = nodes[n0 + row].position
            while spot > inputs and position < nodes[n0 + order[spot - 1]].position:
                order[spot] = order[spot - 1]
                spot -= 1
            order[spot] = row
        for i in range(outputs):
            order[inputs + hidden + i] = inputs + 1 + i
        for i in range(count):
            place[order[i]] = i
            neuron, node = neurons[base + i], nodes[n0 + order[i]]
            neuron.bias, neuron.carry, neuron.carry_gater = 0.0, 0.0, NOBODY
            neuron.squash, neuron.id, neuron.stop = node.squash, node.id, 0
        for c in range(at[g, GENE0], at[g, GENE1]):  # how many links each neuron has
            gene = genes[c]
            if gene.enabled != 0 and gene.source != inputs and gene.source != STATE:
                neurons[base + place[row_of(nodes, n0, n1, ends, gene.target)]].stop += 1
        total = 0
        for i in range(base, base + count):
            own = neurons[i].stop
            neurons[i].first, neurons[i].stop = total, total
            total += own
        for c in range(at[g, GENE0], at[g, GENE1]):
            gene = genes[c]
            if gene.enabled == 0:
                continue
            neuron = neurons[base + place[row_of(nodes, n0, n1, ends, gene.target)]]
            gater = NOBODY if gene.gater < 0 else place[row_of(nodes, n0, n1, ends, gene.gater)]
            weight = SLOPE * gene.weight if neuron.squash == LOGISTIC else gene.weight
            if gene.source == STATE:
                neuron.carry, neuron.carry_gater = gene.weight, gater
            elif gene.source == inputs:
                neuron.bias = weight
            else:
                link = links[links_base + neuron.stop]
                link.weight, link.gater = weight, gater
                link.source = place[row_of(nodes, n0, n1, ends, gene.source)]
                neuron.stop += 1
        found[g + 1, 0], found[g + 1, 1] = base + count, links_base + total


@noinline
def advance(neurons, links, base, stop, links_base, inputs, value, state, any_squash):
    """One step: s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij y_i, y_j = f(s_j), in order.

    value, state : of the neurons of this genome; inputs are set. A source or gater that activates later is
    read before its activation of this step, and so is a neuron that is its own source. any_squash : the
    address of `fire_any`.
    """
    for j in range(inputs, stop - base):
        neuron = neurons[base + j]
        total = neuron.bias
        if neuron.carry != 0.0:
            gain = value[neuron.carry_gater] if neuron.carry_gater >= 0 else 1.0
            total += gain * neuron.carry * state[j]
        for c in range(links_base + neuron.first, links_base + neuron.stop):
            link = links[c]
            if link.gater >= 0:
                total += value[link.gater] * link.weight * value[link.source]
            else:
                total += link.weight * value[link.source]
        state[j] = total
        if neuron.squash == LOGISTIC:
            value[j], _ = logistic(total)
        else:
            call_equation(any_squash, (neuron.squash, state, value, j), (neuron.squash, state, value, j))


@inline
def forget(value, state, count):
    """Clear the context of a phenotype."""
    for j in range(count):
        value[j] = 0.0
        state[j] = 0.0


@kernel
def run_phenotype(neurons, links, inputs, outputs, value, state, rows, results, any_squash):
    """Activate one phenotype for every row; its context goes on."""
    count = neurons.shape[0]
    for t in range(rows.shape[0]):
        for i in range(inputs):
            value[i] = rows[t, i]
        advance(neurons, links, 0, count, 0, inputs, value, state, any_squash)
        for o in range(outputs):
            results[t, o] = value[count - outputs + o]


def any_squash_for(neurons: NDArray[Any]) -> int:
    """The address of `fire_any` if one of these neurons is not logistic, otherwise 0."""
    if (neurons["squash"] == LOGISTIC).all():
        return 0
    memory = np.zeros(1)
    return address_of(fire_any, (0, memory, memory, 0))
