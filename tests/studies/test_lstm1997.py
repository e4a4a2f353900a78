"""The LSTM of the papers' appendices, and this library's network of them with the same
gradients cut."""

import numpy as np
import pytest

from studies.papers._lstm1997 import (
    FORGET,
    INPUT,
    OUTPUT,
    activate,
    add_change,
    clear,
    lstm,
    train,
    update,
)
from studies.papers._memory_blocks import memory_blocks
from synapse.tasks import EmbeddedReber

pytestmark = pytest.mark.slow  # compiles

BLOCKS = 3
CELLS = 2
SIZE = BLOCKS * CELLS
GATES = {INPUT: [-0.1, 0.2, 0.0], OUTPUT: [-1.0, -2.0, -3.0]}
KEPT = {**GATES, FORGET: [0.5, 1.0, 1.5]}
NAMES = {INPUT: "input", OUTPUT: "output", FORGET: "forget"}
FORMS = {
    "1997": (GATES, {"fed_back": True}),
    "1997, a target at the end": (
        GATES,
        {"fed_back": True, "cell_biases": True, "output_biases": True},
    ),
    "2000, forget gates": (
        KEPT,
        {"fed_back": False, "shortcut": True, "output_biases": True},
    ),
    "2002, peepholes": (
        KEPT,
        {
            "fed_back": False,
            "peepholes": True,
            "squashed": False,
            "output_biases": True,
        },
    ),
}


def cut(gates, fed_back, peepholes=False, shortcut=False, squashed=True, **biases):
    """The network without recurrent connections: what they would bring enters as
    inputs, and no error leaves.

    The inputs are those of the task, hidden outputs, gates and states. Returns the
    network and its layers."""
    options = {f"{NAMES[k]}_gate_biases": values for k, values in gates.items()}
    options |= {"input_to_output": shortcut, "squashed_input": squashed, **biases}
    brought = SIZE + BLOCKS * len(gates) * fed_back
    states = SIZE * peepholes
    if not squashed:
        options["cell_squash"] = "identity"
    inputs = 7 + brought + states
    net = memory_blocks(
        inputs, BLOCKS, CELLS, 7, **options, recurrent_gates=False, seed=1
    )
    layers = {layer.name: layer for layer in net.layers}
    place = {neuron: i for i, neuron in enumerate(layers["input"])}
    into = {neuron: name for name, layer in layers.items() for neuron in layer}
    for link in list(net.connections):
        target = into[link.target]
        source = place.get(link.source)
        if source is None:
            unwanted = into[link.source] == "hidden" and target != "output"
        elif source < 7 + brought:
            unwanted = source >= 7 and target == "output"
        # a state: the input and the forget gate of its block see that of the step
        # before
        else:
            block = (source - 7 - brought) // CELLS
            listed = (
                target in ("input gates", "forget gates")
                and link.target is layers[target][block]
            )
            unwanted = not listed
        if unwanted:
            link.source.disconnect(link.target)
    return net, layers


def pairs_of(net, layers, appendix, gates):
    """Every number that is learned: the object and its attribute here, its array and
    index there."""
    place = {neuron: i for i, neuron in enumerate(layers["input"])}
    columns = [
        *range(7 + SIZE),
        *(7 + SIZE + k * BLOCKS + j for k in sorted(gates) for j in range(BLOCKS)),
    ]
    arrays = {
        f"{NAMES[k]} gates": (
            appendix.w_gate[k * BLOCKS : (k + 1) * BLOCKS],
            appendix.peephole[k],
        )
        for k in gates
    }
    arrays["candidates" if "candidates" in layers else "cells"] = appendix.w_cell, None
    outer_inputs = len(layers["input"]) - SIZE * appendix.peeps
    for name, (weights, peepholes) in {
        **arrays,
        "output": (appendix.w_out, None),
    }.items():
        for j, neuron in enumerate(layers[name]):
            if neuron.trainable_bias:
                yield neuron, "bias", weights, (j, -1)
            for link in filter(lambda link: link.trainable, neuron.incoming):
                i = place.get(link.source)
                if i is None:
                    yield (
                        link,
                        "weight",
                        weights,
                        (j, layers["hidden"].index(link.source)),
                    )
                elif i >= outer_inputs:
                    yield link, "weight", peepholes, i - outer_inputs
                else:
                    yield (
                        link,
                        "weight",
                        weights,
                        (j, i + SIZE if name == "output" else columns[i]),
                    )


@pytest.mark.parametrize("cost", ["squared_error", "cross_entropy"])
@pytest.mark.parametrize("form", FORMS)
def test_every_step_is_the_exact_gradient_of_the_cut_network(form, cost):
    gates, options = FORMS[form]
    net, layers = cut(gates, **options)
    appendix = lstm(7, BLOCKS, CELLS, 7, gates, rng=np.random.default_rng(0), **options)
    pairs = list(pairs_of(net, layers, appendix, gates))
    appendix.peephole[OUTPUT] = (
        0.0  # it sees the state of the same step, which cannot come from outside
    )
    assert len(pairs) == appendix.learned.sum() - SIZE * appendix.peeps
    for ours, name, array, index in pairs:
        array[index] = getattr(ours, name)
    net.rule = "rtrl"
    samples = EmbeddedReber().batch(10, 3)
    if "end" in form:
        samples.goals[
            np.setdiff1d(
                np.arange(len(samples.goals)), np.array(samples.bounds[1:]) - 1
            )
        ] = np.nan
    alone = lstm(7, BLOCKS, CELLS, 7, gates, rng=np.random.default_rng(0), **options)
    alone.w[:] = appendix.w
    for sample in samples:
        net.clear()
        clear(appendix, 0.0)
        for row, target in zip(sample.inputs, sample.targets, strict=True):
            fed_back = (
                [appendix.gate[k] for k in sorted(gates)] if options["fed_back"] else []
            )
            states = [appendix.state] if appendix.peeps else []
            outputs = net.activate(
                np.concatenate([row, appendix.hidden, *fed_back, *states])
            )
            activate(appendix, row)
            np.testing.assert_allclose(outputs, appendix.out, atol=1e-12)
            np.testing.assert_allclose(
                [cell.state for cell in layers["cells"]], appendix.state, atol=1e-12
            )
            if np.isnan(target[0]):
                continue
            net.propagate(0.3, target, cost)
            add_change(appendix, target, cost == "squared_error")
            update(appendix, 0.3)
            appendix.peephole[OUTPUT] = 0.0
            values = [getattr(ours, name) for ours, name, *_ in pairs]
            np.testing.assert_allclose(
                values, [array[index] for *_, array, index in pairs], atol=1e-12
            )
    if not appendix.peeps:
        order = np.arange(len(samples))
        slope = cost == "squared_error"
        train(
            alone,
            samples.rows,
            samples.goals,
            np.array(samples.bounds),
            order,
            0.3,
            slope,
        )
        np.testing.assert_array_equal(alone.w, appendix.w)


def test_weights_are_counted_as_in_the_papers():
    biases = {k: [0.0] for k in (INPUT, OUTPUT, FORGET)}
    rng = np.random.default_rng(0)
    both = {"fed_back": False, "output_biases": True, "rng": rng}
    four = {k: 4 * bias for k, bias in biases.items()}
    assert lstm(7, 4, 2, 7, four, shortcut=True, **both).learned.sum() == 424
    timing = {"cell_biases": True, "squashed": False, **both}
    counts = [
        lstm(1, 1, 1, 1, biases, peepholes=p, **timing).learned.sum()
        for p in (True, False)
    ]
    assert counts == [17, 14]
