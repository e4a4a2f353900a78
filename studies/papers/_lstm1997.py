"""The LSTM of Hochreiter and Schmidhuber 1997, from the equations of its appendix
alone.

It shares only the compiler with Synapse, to tell whether a table that differs from its
paper does so because of the rule. Gers, Schmidhuber and Cummins 2000 add forget gates,
Gers, Schraudolph and Schmidhuber 2002 peepholes. A step is truncated real-time
recurrent learning: errors that reach the net input of a gate or cell go no further
back. It is the exact gradient of a network whose recurrent connections bring numbers
from outside (``tests/studies/test_lstm1997.py``). The tables' rule "truncated", SnAp-1,
also follows a weight's effect through a recurrent connection back to the neuron that it
leads to.
"""

from __future__ import annotations

from functools import partial
from math import exp, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synapse.engine.language.decorators import kernel, strict_fp

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
GATES = (0, 1, 2)
INPUT, OUTPUT, FORGET = GATES
"""Places of a block's gates."""
compiled = partial(kernel, fastmath=False)
"""Compile a function that Python calls, with every sum in its order."""


class Lstm(NamedTuple):
    """Memory blocks: C cells in B blocks, I inputs and K outputs. Forms of the network
    differ in `learned`.

    Gates and cells have S = I + C + 3 B + 1 sources: inputs, hidden outputs and gates
    of the step before, 1."""

    squashed: bool
    """Whether cells have g, within ±2, and h, within ±1; otherwise both are the
    identity (2002)."""
    forgets: bool
    """Whether there are forget gates; otherwise they are 1."""
    peeps: bool
    """Whether the states of a block lead to its gates."""
    w: Array  # all weights; the next four are parts of it
    w_gate: Array  # (3 B, S), all blocks of a gate, then those of the next
    w_cell: Array  # (C, S)
    w_out: Array  # (K, C + I + 1)
    peephole: Array  # (3, C)
    change: (
        Array  # what is added to the weights, at rate 1; the next four are parts of it
    )
    d_gate: Array
    d_cell: Array
    d_out: Array
    d_peephole: Array
    learned: Array  # 1 for each weight that the network has, otherwise 0
    # of the present step
    source: Array  # (S,)
    before: Array  # states of the step before, (C,)
    state: Array  # (C,)
    h: Array  # h(s), (C,)
    h_slope: Array  # (C,)
    hidden: Array  # h(s) times the output gate, (C,)
    gate: Array  # (3, B)
    seen: Array  # what the outputs see: hidden, inputs, 1
    out: Array  # (K,)
    to_hidden: Array  # errors that reach the hidden outputs, (C,)
    # ds_c / dw for the weights of cell c, of the input and forget gate of its block,
    # and their peepholes
    cell_trace: Array  # (C, S)
    gate_trace: Array  # (3 C, S), that of the output gate is 0
    peephole_trace: Array  # (3 C, C)


def lstm(
    inputs: int,
    blocks: int,
    cells: int,
    outputs: int,
    gate_biases: dict[int, list[float]],
    *,
    rng: np.random.Generator,
    weights: float = 0.2,
    squashed: bool = True,
    fed_back: bool = True,
    peepholes: bool = False,
    shortcut: bool = False,
    cell_biases: bool = False,
    output_biases: bool = False,
    gate_biases_learned: bool = True,
) -> Lstm:
    """Make a network with random weights within `weights`, and the given initial biases
    of gates.

    Gates have connections to all gates and cells if `fed_back` (1997), and inputs to
    the outputs if `shortcut` (2000).

    >>> biases = {INPUT: [0.0] * 4, OUTPUT: [-1.0] * 4}
    >>> net = lstm(7, 4, 1, 7, biases, rng=np.random.default_rng(0))
    >>> int(net.learned.sum())
    264
    """
    size = blocks * cells
    sources = inputs + size + 3 * blocks + 1
    shapes = (
        (3 * blocks, sources),
        (size, sources),
        (outputs, size + inputs + 1),
        (3, size),
    )
    ends = np.cumsum([np.prod(shape) for shape in shapes])

    def parts(flat: Array) -> list[Array]:
        return [
            numbers.reshape(shape)
            for numbers, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)
        ]

    learned = np.ones(ends[-1])
    gates, cell, out, peephole = parts(learned)
    gate = gates.reshape(3, blocks, sources)
    for k in GATES:
        has = k in gate_biases
        gate[k] *= has
        gate[k, :, -1] *= gate_biases_learned
        peephole[k] *= has and peepholes
        for into in (gate, cell):
            into[..., inputs + size :][..., k * blocks : (k + 1) * blocks] *= (
                has and fed_back
            )
    cell[:, -1] *= cell_biases
    out[:, -1] *= output_biases
    out[:, size:-1] *= shortcut
    w = rng.uniform(-weights, weights, len(learned)) * learned
    change = np.zeros(len(learned))
    for k, biases in gate_biases.items():
        parts(w)[0][k * blocks : (k + 1) * blocks, -1] = biases
    now = [np.zeros(n) for n in (sources, *[size] * 5)]
    traces = [
        np.zeros(shape)
        for shape in ((size, sources), (3 * size, sources), (3 * size, size))
    ]
    of_outputs = [
        np.zeros(shape) for shape in ((3, blocks), size + inputs + 1, outputs, size)
    ]
    flags = squashed, FORGET in gate_biases, peepholes
    net = Lstm._make(
        [
            *flags,
            w,
            *parts(w),
            change,
            *parts(change),
            learned,
            *now,
            *of_outputs,
            *traces,
        ]
    )
    net.source[-1] = net.seen[-1] = 1.0
    clear(net, 0.0)
    return net


@strict_fp
def fill(values: Array, number: float) -> None:
    """Set all values to a number."""
    for i in range(len(values)):
        values[i] = number


@strict_fp
def copy(values: Array, others: Array) -> None:
    """Set the values to others."""
    for i in range(len(values)):
        values[i] = others[i]


@compiled
def clear(net: Lstm, start: float) -> None:
    """Begin a new sequence: states and derivatives are 0, outputs of gates and cells
    `start`."""
    size = len(net.state)
    fill(net.state, 0.0)
    for c in range(size):
        fill(net.cell_trace[c], 0.0)
    for row in range(3 * size):
        fill(net.gate_trace[row], 0.0)
        fill(net.peephole_trace[row], 0.0)
    fill(net.hidden, start)
    for k in GATES:
        fill(net.gate[k], start)


@strict_fp
def logistic(x: float) -> float:
    """f: the squash of gates and outputs, within 0 and 1."""
    return 1.0 / (1.0 + exp(-x))


@strict_fp
def dot(weights: Array, values: Array) -> float:
    """The sum of the products."""
    total = 0.0
    for i in range(len(values)):
        total += weights[i] * values[i]
    return total


@strict_fp
def add(values: Array, factor: float, others: Array) -> None:
    """Add the others times a factor."""
    for i in range(len(values)):
        values[i] += factor * others[i]


@strict_fp
def decay_and_add(trace: Array, keep: float, factor: float, values: Array) -> None:
    """Multiply by `keep`, and add the values times a factor."""
    for i in range(len(trace)):
        trace[i] = keep * trace[i] + factor * values[i]


@strict_fp
def find_gate(net: Lstm, k: int, j: int, state: Array) -> float:
    """Output of gate k of block j."""
    blocks = net.gate.shape[1]
    x = dot(net.w_gate[k * blocks + j], net.source)
    if net.peeps:
        cells = len(state) // blocks
        for c in range(j * cells, (j + 1) * cells):
            x += net.peephole[k, c] * state[c]
    return logistic(x)


@compiled
def activate(net: Lstm, inputs: Array) -> None:
    """One step: outputs, states, and the derivatives of the states."""
    u = net.source
    size = len(net.state)
    blocks = net.gate.shape[1]
    cells = size // blocks
    before_gates = len(inputs) + size
    copy(u[: len(inputs)], inputs)
    copy(u[len(inputs) : before_gates], net.hidden)
    for k in GATES:
        begin = before_gates + k * blocks
        copy(u[begin : begin + blocks], net.gate[k])
    copy(net.before, net.state)
    for j in range(blocks):
        enter = find_gate(net, INPUT, j, net.before)
        keep = find_gate(net, FORGET, j, net.before) if net.forgets else 1.0
        net.gate[INPUT, j] = enter
        net.gate[FORGET, j] = keep
        for c in range(j * cells, (j + 1) * cells):
            g = dot(net.w_cell[c], u)
            g_slope = 1.0
            if net.squashed:
                y = logistic(g)
                g = 4.0 * y - 2.0
                g_slope = 4.0 * y * (1.0 - y)
            net.state[c] = keep * net.before[c] + enter * g
            decay_and_add(net.cell_trace[c], keep, enter * g_slope, u)
            at_enter = g * enter * (1.0 - enter)
            at_keep = net.before[c] * keep * (1.0 - keep)
            of_enter = INPUT * size + c
            of_keep = FORGET * size + c
            decay_and_add(net.gate_trace[of_enter], keep, at_enter, u)
            if net.forgets:
                decay_and_add(net.gate_trace[of_keep], keep, at_keep, u)
            if net.peeps:
                seen = net.before
                decay_and_add(net.peephole_trace[of_enter], keep, at_enter, seen)
                decay_and_add(net.peephole_trace[of_keep], keep, at_keep, seen)
        leave = find_gate(net, OUTPUT, j, net.state)
        net.gate[OUTPUT, j] = leave
        for c in range(j * cells, (j + 1) * cells):
            net.h[c] = net.state[c]
            net.h_slope[c] = 1.0
            if net.squashed:
                y = logistic(net.state[c])
                net.h[c] = 2.0 * y - 1.0
                net.h_slope[c] = 2.0 * y * (1.0 - y)
            net.hidden[c] = leave * net.h[c]
    copy(net.seen[:size], net.hidden)
    copy(net.seen[size : size + len(inputs)], inputs)
    for k in range(len(net.out)):
        net.out[k] = logistic(dot(net.w_out[k], net.seen))


@compiled
def add_change(net: Lstm, targets: Array, slope: bool) -> None:
    """Add the change of a step: for squared error with `slope`, the outputs' own; else
    for cross-entropy."""
    size = len(net.state)
    blocks = net.gate.shape[1]
    cells = size // blocks
    fill(net.to_hidden, 0.0)
    for k in range(len(net.out)):
        y = net.out[k]
        error = (targets[k] - y) * (y * (1.0 - y) if slope else 1.0)
        add(net.to_hidden, error, net.w_out[k])
        add(net.d_out[k], error, net.seen)
    for j in range(blocks):
        leave = net.gate[OUTPUT, j]
        at_gate = 0.0
        for c in range(j * cells, (j + 1) * cells):
            at_gate += net.to_hidden[c] * net.h[c]
            at_state = leave * net.h_slope[c] * net.to_hidden[c]
            add(net.d_cell[c], at_state, net.cell_trace[c])
            for k in (INPUT, FORGET):
                if k == INPUT or net.forgets:
                    trace = net.gate_trace[k * size + c]
                    add(net.d_gate[k * blocks + j], at_state, trace)
                if net.peeps:
                    for v in range(j * cells, (j + 1) * cells):
                        of_v = net.peephole_trace[k * size + c, v]
                        net.d_peephole[k, v] += at_state * of_v
        at_gate *= leave * (1.0 - leave)
        add(net.d_gate[OUTPUT * blocks + j], at_gate, net.source)
        for c in range(j * cells, (j + 1) * cells):
            net.d_peephole[OUTPUT, c] += at_gate * net.state[c]


@compiled
def update(net: Lstm, rate: float, momentum: float = 0.0) -> None:
    """Change the weights."""
    for i in range(len(net.w)):
        net.w[i] += rate * net.change[i] * net.learned[i]
        net.change[i] *= momentum


@compiled
def train(
    net: Lstm,
    inputs: Array,
    targets: Array,
    bounds: Ints,
    order: Ints,
    rate: float,
    slope: bool = True,
    cleared: bool = True,
    start: float = 0.0,
    each_step: bool = True,
) -> None:
    """Train on sequences in this order; weights change at every step with a target, or
    after every sequence.

    Sequence i has the rows from ``bounds[i]`` to ``bounds[i + 1]``. A step without a
    target has NaN."""
    for place in range(len(order)):
        i = order[place]
        if cleared:
            clear(net, start)
        for t in range(bounds[i], bounds[i + 1]):
            activate(net, inputs[t])
            if isfinite(targets[t, 0]):
                add_change(net, targets[t], slope)
                if each_step:
                    update(net, rate)
        update(net, rate)


def run(
    net: Lstm, inputs: Array, bounds: Ints, cleared: bool = True, start: float = 0.0
) -> tuple[Array, Array]:
    """Outputs and slopes of h at all steps of some sequences."""
    outputs = np.zeros((bounds[-1], len(net.out)))
    slopes = np.zeros((bounds[-1], len(net.state)))
    run_into(net, inputs, bounds, cleared, start, outputs, slopes)
    return outputs, slopes


@compiled
def run_into(
    net: Lstm,
    inputs: Array,
    bounds: Ints,
    cleared: bool,
    start: float,
    outputs: Array,
    slopes: Array,
) -> None:
    """Write what :func:`run` returns."""
    for i in range(len(bounds) - 1):
        if cleared:
            clear(net, start)
        for t in range(bounds[i], bounds[i + 1]):
            activate(net, inputs[t])
            copy(outputs[t], net.out)
            copy(slopes[t], net.h_slope)


@compiled
def follow(
    net: Lstm,
    inputs: Array,
    targets: Array,
    tolerance: float,
    rate: float,
    momentum: float = 0.0,
    slope: bool = True,
) -> int:
    """Steps before the first with an error of `tolerance` or more; learns from all,
    also from that one.

    With a rate of 0 no weight changes.
    """
    for t in range(len(inputs)):
        activate(net, inputs[t])
        right = True
        for k in range(len(net.out)):  # False if an output is NaN
            right = right and abs(targets[t, k] - net.out[k]) < tolerance
        if rate > 0.0:
            add_change(net, targets[t], slope)
            update(net, rate, momentum)
        if not right:
            return t
    return len(inputs)
