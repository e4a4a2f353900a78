"""Express genes as neurons in the order of activation, and run these neurons on data
and in environments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Ints
from ...engine.functions.activations import ACTIVATIONS, LOGISTIC
from ...engine.functions.compiled import (
    cost_of,
    identity,
    logistic,
    logit_of,
    relu,
    squash_of,
)
from ...engine.language import call_equation, call_step, inline, kernel, noinline
from .genes import (
    GENE0,
    GENE1,
    LINK,
    NEURON,
    NOBODY,
    NODE0,
    NODE1,
    SLOPE,
    STATE,
    Generation,
    Phenotypes,
)

RELU = ACTIVATIONS["relu"].code
IDENTITY = ACTIVATIONS["identity"].code


@kernel
def fire_any(code, state, value, j):
    """Compute value_j = f(state_j) for any built-in function of one state, and return
    whether it is a number.
    """
    value[j], _ = squash_of(code, state[j])
    return value[j] == value[j]


@inline
def row_of(nodes, start, stop, ends, number):
    """Return the row of the node with this id, counted from the first one of its
    genome, using bisection for hidden nodes.
    """
    if number <= ends:
        return number
    low = start + ends + 1
    high = stop
    while low < high:
        middle = (low + high) >> 1
        if nodes[middle].id < number:
            low = middle + 1
        else:
            high = middle
    return low - start


@kernel
def express(genomes, inputs, outputs, neurons, links, offsets, order, place):
    """Make the phenotypes of all genomes, which consist of neurons in the order of
    activation, with their incoming links.

    `genomes` is a `Generation`. `offsets`, see `Phenotypes`, is written, and `order`
    and `place` are memory for the largest genome. Weights into logistic neurons are
    multiplied by 4.9, which makes 1 / (1 + e^(-4.9 s)) the logistic function of their
    state. Disabled genes are left out. Connections from the bias are biases.
    """
    nodes, genes, at = genomes
    ends = inputs + outputs
    offsets[0, 0] = 0
    offsets[0, 1] = 0
    for g in range(at.shape[0]):
        n0 = at[g, NODE0]
        n1 = at[g, NODE1]
        base = offsets[g, 0]
        links_base = offsets[g, 1]
        count = n1 - n0 - 1
        hidden = count - ends
        for i in range(inputs):
            order[i] = i
        for i in range(
            hidden
        ):  # insertion sort: hidden nodes are few, and nearly sorted
            row = ends + 1 + i
            spot = inputs + i
            position = nodes[n0 + row].position
            while spot > inputs and position < nodes[n0 + order[spot - 1]].position:
                order[spot] = order[spot - 1]
                spot -= 1
            order[spot] = row
        for i in range(outputs):
            order[inputs + hidden + i] = inputs + 1 + i
        for i in range(count):
            place[order[i]] = i
            neuron = neurons[base + i]
            node = nodes[n0 + order[i]]
            neuron.bias = 0.0
            neuron.carry = 0.0
            neuron.carry_gater = NOBODY
            neuron.gene = NOBODY
            neuron.squash = node.squash
            neuron.id = node.id
            neuron.stop = 0
        for c in range(at[g, GENE0], at[g, GENE1]):  # how many links each neuron has
            gene = genes[c]
            if gene.enabled != 0 and gene.source != inputs and gene.source != STATE:
                neurons[
                    base + place[row_of(nodes, n0, n1, ends, gene.target)]
                ].stop += 1
        total = 0
        for i in range(base, base + count):
            count_in = neurons[i].stop
            neurons[i].first = total
            neurons[i].stop = total
            total += count_in
        for c in range(at[g, GENE0], at[g, GENE1]):
            gene = genes[c]
            if gene.enabled == 0:
                continue
            neuron = neurons[base + place[row_of(nodes, n0, n1, ends, gene.target)]]
            gater = NOBODY
            if gene.gater >= 0:
                gater = place[row_of(nodes, n0, n1, ends, gene.gater)]
            weight = SLOPE * gene.weight if neuron.squash == LOGISTIC else gene.weight
            if gene.source == STATE:
                neuron.carry = gene.weight
                neuron.carry_gater = gater
            elif gene.source == inputs:
                neuron.bias = weight
                neuron.gene = c - at[g, GENE0]
            else:
                link = links[links_base + neuron.stop]
                link.weight = weight
                link.gater = gater
                link.gene = c - at[g, GENE0]
                link.source = place[row_of(nodes, n0, n1, ends, gene.source)]
                target = place[row_of(nodes, n0, n1, ends, gene.target)]
                # Backward, a connection is one step late anyway.
                link.late = gene.late if link.source < target else 0
                neuron.stop += 1
        offsets[g + 1, 0] = base + count
        offsets[g + 1, 1] = links_base + total


@noinline
def advance(phenotypes, g, inputs):
    """Compute one step of a genome: s_j = g_jj w_jj s_j(old) + b_j + sum_i g_ij w_ij
    y_i, y_j = f(s_j), in order. Return the number of its neurons.

    A source or gater that activates later is read before its activation of this step,
    and so is a neuron that is its own source.
    """
    neurons, links, offsets, any_squash, value, state, before = phenotypes
    base = offsets[g, 0]
    links_base = offsets[g, 1]
    count = offsets[g + 1, 0] - base
    for i in range(inputs.shape[0]):
        value[i] = inputs[i]
    for j in range(inputs.shape[0], count):
        neuron = neurons[base + j]
        total = neuron.bias
        if neuron.carry != 0.0:
            gain = value[neuron.carry_gater] if neuron.carry_gater >= 0 else 1.0
            total += gain * neuron.carry * state[j]
        for c in range(links_base + neuron.first, links_base + neuron.stop):
            link = links[c]
            source = value[link.source]
            if link.late != 0:
                source = before[link.source]
            if link.gater >= 0:
                total += value[link.gater] * link.weight * source
            else:
                total += link.weight * source
        state[j] = total
        if neuron.squash == LOGISTIC:
            value[j], _ = logistic(total)
        elif neuron.squash == RELU:
            value[j], _ = relu(total)
        elif neuron.squash == IDENTITY:
            value[j], _ = identity(total)
        else:
            arguments = neuron.squash, state, value, j
            call_equation(any_squash, arguments, arguments)
    for j in range(min(before.shape[0], count)):
        before[j] = value[j]
    return count


@inline
def clear(phenotypes):
    """Clear the context."""
    for j in range(phenotypes.value.shape[0]):
        phenotypes.value[j] = 0.0
        phenotypes.state[j] = 0.0
    for j in range(phenotypes.before.shape[0]):
        phenotypes.before[j] = 0.0


@kernel
def run_phenotype(phenotypes, rows, results):
    """Activate one phenotype for every row, continuing from its context."""
    outputs = results.shape[1]
    for t in range(rows.shape[0]):
        count = advance(phenotypes, 0, rows[t])
        for o in range(outputs):
            results[t, o] = phenotypes.value[count - outputs + o]


@kernel
def judge_rows(phenotypes, rows, targets, starts, cost, totals, wrong):
    """Compute the sum of costs of every phenotype, and count the outputs on the wrong
    side of 1/2.

    An output whose target is NaN has no cost. `starts` tells whether the context is
    cleared before each row. `cost` is the code of a built-in cost, or NOBODY for the
    absolute error. The results are written to `totals` and `wrong`.
    """
    neurons, _, offsets, _, value, state, _ = phenotypes
    outputs = targets.shape[1]
    for g in range(offsets.shape[0] - 1):
        total = 0.0
        misses = 0
        for t in range(rows.shape[0]):
            if starts[t]:
                clear(phenotypes)
            first = advance(phenotypes, g, rows[t]) - outputs
            for o in range(outputs):
                target = targets[t, o]
                output = value[first + o]
                if cost == NOBODY:
                    total += abs(output - target)
                else:
                    j = first + o
                    is_logistic = neurons[offsets[g, 0] + j].squash == LOGISTIC
                    logit = state[j] if is_logistic else logit_of(output)
                    size = np.float64(outputs)
                    total += cost_of(cost, target, output, 1.0, size, logit)[0]
                misses += target == target and (output > 0.5) != (target > 0.5)
        totals[g] = total
        wrong[g] = misses


@kernel
def run_environment(phenotypes, step, starts, steps, score, memory, scores, lengths):
    """Compute scores and lengths of the episodes of every phenotype, one episode for
    each row of `starts`, and return False if a step cannot continue.

    `step` is the address of ``step(world, action, observed, begin)``. It moves the
    world by an action, unless the episode begins, writes the observations, and returns
    1 if the episode continues, 0 if it ends, or -1 if it cannot decide. `score` is the
    place in the world of the score at the end of an episode, or -1 for the number of
    steps. `memory` contains world, action and observed. An episode ends if outputs
    diverge.
    """
    world, action, observed = memory
    outputs = action.shape[0]
    for g in range(phenotypes.offsets.shape[0] - 1):
        for e in range(starts.shape[0]):
            for i in range(world.shape[0]):
                world[i] = starts[e, i]
            clear(phenotypes)
            begin = world, action, observed, True
            if call_step(step, begin, begin) < 0:
                return False
            done = 0
            while done < steps:
                count = advance(phenotypes, g, observed)
                finite = True
                for o in range(outputs):
                    action[o] = phenotypes.value[count - outputs + o]
                    finite = finite and math.isfinite(action[o])
                move = world, action, observed, False
                if not finite:
                    break
                goes_on = call_step(step, move, move)
                if goes_on < 0:
                    return False
                if goes_on == 0:
                    break
                done += 1
            lengths[g, e] = done
            scores[g, e] = done if score < 0 else world[score]
    return True


def expressed(
    nodes: NDArray[Any], genes: NDArray[Any], at: Ints, inputs: int, outputs: int
) -> Phenotypes:
    """Return the phenotypes of these genomes."""
    sizes = at[:, 1::2] - at[:, ::2]
    nodes_in_all, genes_in_all = sizes.sum(axis=0)
    largest = sizes[:, 0].max()
    neurons = np.empty(nodes_in_all - len(at), NEURON)
    links = np.empty(genes_in_all, LINK)
    offsets = np.empty((len(at) + 1, 2), np.int64)
    order, place = np.empty((2, largest), np.int64)
    genomes = Generation(nodes, genes, at)
    express(genomes, inputs, outputs, neurons, links, offsets, order, place)
    value, state = np.zeros((2, largest - 1))
    logistic_only = (neurons["squash"] == LOGISTIC).all()
    any_squash = 0 if logistic_only else fire_any.address((0, value, value, 0))
    links = links[: offsets[-1, 1]]
    before = np.zeros(largest - 1 if links["late"].any() else 0)
    return Phenotypes(neurons, links, offsets, any_squash, value, state, before)
