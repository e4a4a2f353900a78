"""Carousel: a memory cell, built part by part, and the purpose of each part.

    python -m demos carousel

Task: A memory cell must store a number for 1000 steps, ignore noise, take a new number
when told to, and fire at regular intervals. Its parts are added neuron by neuron, with
weights set by hand.

To learn from an input of many steps ago, a network needs the derivative of its present
state with respect to its weights. A neuron whose self-connection has the weight 1 keeps
this derivative unchanged: Hochreiter and Schmidhuber called it the constant error
carousel (1997). Alone it is not enough: every input disturbs it, nothing clears it, and
no other neuron can read its state. An input gate, a forget gate and a peephole solve
these problems and make it the cell of an LSTM. Each part is checked on its own.

Lessons 8 and 10 of `synapse play` are parts 1 and 3 in a browser: there you connect the
cell yourself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron

STEPS = 1000
WIDTH = 1e-5  # of finite differences
OPEN = 16.0  # a logistic neuron with this state is open to one part in ten million
STEEP = 40.0  # how sharply the gates of part 4 separate one count from the next

# --- 1. The carousel ------------------------------------------------------------------
#
# A cell has the squash identity and a self-connection of weight 1, which adds its state
# of the previous step unchanged. At step 0 the input is some number x; then it is 0.
#
# How does the weight w from input to cell affect the state a thousand steps later? The
# state is w x, so d state / d w = x, at every step. The connection stores exactly this
# number: its eligibility. Every step multiplies it by the weight of the
# self-connection, which is 1, and adds the present input. So when an error arrives
# after a thousand steps, the product of error and eligibility changes the weight in the
# right direction, by the right amount, and no past activations have to be stored.


def bare(weight):
    x, cell = Neuron(name="x"), Neuron("identity", name="cell")
    x.project(cell, weight=weight)
    cell.project(cell)  # a self-connection: weight 1, not trained
    cell.trainable_bias = False  # freezes the bias at 0: each step would add it again
    return x, cell


def the_carousel(rng):
    heading("1. The carousel keeps an error")
    x, cell = bare(weight=rng.uniform(0.5, 1.5))
    net = Network(Layer([x]), [], Layer([cell]))
    link = x.connection_to(cell)
    value = rng.uniform(0.5, 1.5)
    inputs = pulse(value)
    eligibilities = watch(net, inputs, lambda: link.eligibility)
    print(f"An input of {value:.4f} at step 0, then {STEPS - 1} steps of silence.")
    print(
        f"  eligibility of {link.source.name} -> {link.target.name}:    "
        f" {link.eligibility:.10f}"
    )
    print(f"  d state / d weight, by differences: {slope(net, inputs, link):.10f}")
    check(
        f"the eligibility is the same after {STEPS} steps, to the bit",
        (eligibilities == value).all(),
    )
    check("it is the true derivative", close(slope(net, inputs, link), value))

    before = answer(net, inputs)
    target = rng.uniform(2.0, 3.0)
    # The rate that reaches the target in one step
    net.propagate(rate=1 / value**2, targets=[target])
    after = answer(net, inputs)
    print(
        f"Target at the end: {target:.3f}. Output: {before:.3f}; after one learning"
        f" step: {after:.3f}."
    )
    check(
        f"one learning step, {STEPS} steps later, corrects the state",
        close(after, target),
    )
    return eligibilities


def pulse(value):
    """A value at the first step and 0 afterwards, shape (STEPS, 1)."""
    inputs = np.zeros((STEPS, 1))
    inputs[0] = value
    return inputs


def watch(net, inputs, look):
    """The results of `look` after each step, from a cleared context."""
    net.clear()
    seen = []
    for row in inputs:
        net.activate(row)
        seen.append(look())
    return np.array(seen)


def answer(net, inputs):
    """The output after the last step, from a cleared context."""
    net.clear()
    return net.run(inputs)[-1, 0]


def slope(net, inputs, link):
    """d output / d weight after the last step, by central differences; traces are then
    as after that step."""
    weight = link.weight
    ends = []
    for moved in (weight + WIDTH, weight - WIDTH):
        link.weight = moved
        ends.append(answer(net, inputs))
    link.weight = weight
    answer(net, inputs)
    return (ends[0] - ends[1]) / (2 * WIDTH)


def close(a, b, tolerance=1e-8):
    return bool(abs(a - b) <= tolerance * max(1.0, abs(b)))


# An Elman unit remembers differently: a copy of its activation returns through the
# weight u and then through the squash. So every step multiplies the derivative by u f',
# and the slope f' of the logistic function is never above 1/4. With u = 1, as in the
# cell, less than a millionth is left after ten steps. No learning rule can change that:
# the output really depends so little on the early input.


def the_elman_unit(rng):
    x = Neuron(name="x")
    copy = Neuron("identity", name="copy")
    unit = Neuron(name="unit")
    link = x.project(unit, weight=rng.uniform(0.5, 1.5))

    # The copy fires first: it reads the unit's activation of the previous step.
    unit.project(copy, weight=1.0)
    loop = copy.project(unit, weight=1.0)
    net = Network(Layer([x]), [Layer([copy])], Layer([unit]))
    inputs = pulse(rng.uniform(0.5, 1.5))[:21]
    factors = loop.weight * watch(net, inputs, lambda: unit.derivative)
    by_hand = inputs[0, 0] * np.cumprod(factors)
    lengths = range(1, len(inputs) + 1)
    true = np.array([slope(net, inputs[:n], link) for n in lengths])
    print("\nAn Elman unit, d activation / d weight, by differences:")
    for step in (0, 1, 2, 5, 10):
        print(f"  after {step:2} steps: {true[step]:.2e}")
    same = np.allclose(true[:11], by_hand[:11], rtol=1e-3, atol=1e-10)
    check("by differences it is x f' (u f') (u f') ...", same)
    check("u f' is never above 1/4", bool((factors <= 0.25).all()))
    check(
        "after ten steps less than a millionth of it is left",
        bool(abs(true[10]) < 1e-6 * abs(true[0])),
    )
    return true


# --- 2. The input gate protects it ----------------------------------------------------
#
# Real inputs are rarely 0. Every input is added to the cell, and after a while the
# stored number is lost in the sum. So a second neuron, the input gate, scales the
# connection into the cell: its activation is the gain of the connection. Its bias keeps
# it closed; an input named "write" opens it. Eligibility grows by gain times input, so
# inputs that the gate blocks do not change the trace either.
#
# The gate can learn, too. The derivative of the cell's state by a weight of the gate is
# the extended trace.


def add_input_gate(x, cell):
    write = Neuron(name="write")
    gate = Neuron(name="input gate", bias=-OPEN)
    write.project(gate, weight=2 * OPEN)
    gate.gate(x.connection_to(cell))
    return write, gate


def protected(rng):
    heading("2. The input gate protects it")
    noise = rng.normal(0.0, 0.5, STEPS)
    value = rng.uniform(0.5, 1.5)
    noise[0] = value
    x, cell = bare(weight=1.0)
    net = Network(Layer([x]), [], Layer([cell]))
    alone = watch(net, noise[:, None], lambda: cell.state)

    x, cell = bare(weight=1.0)
    write, gate = add_input_gate(x, cell)
    net = Network(Layer([x, write]), [Layer([gate])], Layer([cell]))
    inputs = np.column_stack([noise, np.arange(STEPS) == 0])
    gated = watch(net, inputs, lambda: cell.state)
    print(
        f"The cell must keep {value:.3f} through {STEPS - 1} steps of noise. Its state"
        " at the end:"
    )
    print(f"  without a gate: {alone[-1]:+9.3f}\n  with it:        {gated[-1]:+9.3f}")
    check(
        "without a gate the cell adds up all the noise", close(alone[-1], noise.sum())
    )
    check("with a gate the state moves by less than 0.001", bool(np.ptp(gated) < 1e-3))

    link = x.connection_to(cell)
    opens = write.connection_to(gate)
    print(
        f"  eligibility of x -> cell {link.eligibility:.6f}, by differences"
        f" {slope(net, inputs, link):.6f}"
    )
    check(
        "eligibility is the true derivative",
        close(slope(net, inputs, link), link.eligibility, 1e-6),
    )
    # Half open at every step: now the weights of the gate matter.
    opens.weight = 0.0
    gate.bias = 0.0
    true = slope(net, inputs[:50], opens)
    trace = opens.extended[cell]
    print(
        f"  extended trace of write -> gate, half open: {trace:.6f}, by differences"
        f" {true:.6f}"
    )
    check(
        "the extended trace is the derivative of the cell's state by the gate's weight",
        close(true, trace, 1e-6),
    )
    return alone, gated


# --- 3. The forget gate empties it ----------------------------------------------------
#
# A protected cell can be written to again, but the new number is added to the old one.
# A third neuron, the forget gate, scales the self-connection. If it is open (1), the
# cell holds its state; if it is closed (0), state and eligibility become 0 (Gers,
# Schmidhuber and Cummins 2000). Its bias keeps it open, and the input "reset" closes
# it. Here a number is written, the cell is emptied, and another number is written.

RESET = STEPS // 3
REWRITTEN = 2 * STEPS // 3


def add_forget_gate(cell):
    reset = Neuron(name="reset")
    gate = Neuron(name="forget gate", bias=OPEN)
    reset.project(gate, weight=-2 * OPEN)
    gate.gate(cell.self_connection)
    return reset, gate


def emptied(rng):
    heading("3. The forget gate empties it")
    inputs = np.zeros((STEPS, 3))  # x, write, reset
    old = rng.uniform(0.5, 0.8)
    new = rng.uniform(1.0, 1.5)
    inputs[:, 0] = rng.normal(0.0, 0.5, STEPS)
    inputs[0, :2] = [old, 1]
    inputs[RESET, 2] = 1
    inputs[REWRITTEN, :2] = [new, 1]

    x, cell = bare(weight=1.0)
    write, keeper = add_input_gate(x, cell)
    full = Network(Layer([x, write]), [Layer([keeper])], Layer([cell]))
    summed = watch(full, inputs[:, :2], lambda: cell.state)

    x, cell = bare(weight=1.0)
    write, keeper = add_input_gate(x, cell)
    reset, forget = add_forget_gate(cell)
    net = Network(Layer([x, write, reset]), [Layer([keeper, forget])], Layer([cell]))
    link = x.connection_to(cell)
    states, traces = watch(net, inputs, lambda: (cell.state, link.eligibility)).T
    print(
        f"Input {old:.3f} at step 0, a reset at step {RESET}, {new:.3f} at step"
        f" {REWRITTEN}. State at the end:"
    )
    print(f"  without a forget gate: {summed[-1]:.3f}, the sum")
    print(f"  with it:               {states[-1]:.3f}")
    check("without it the cell holds the sum", close(summed[-1], old + new, 1e-3))
    check("with it the cell holds the second number", close(states[-1], new, 1e-3))
    check(
        "before the reset it holds the first number",
        close(states[RESET - 1], old, 1e-3),
    )
    emptied = close(states[RESET], 0.0, 1e-3) and close(traces[RESET], 0.0, 1e-3)
    check("after it, state and eligibility are 0", emptied)
    check(
        "it is still the true derivative",
        close(slope(net, inputs, link), link.eligibility, 1e-6),
    )
    return summed, states


# --- 4. The peephole times it ---------------------------------------------------------
#
# So far inputs controlled the gates. Can a cell keep time by itself: fire at every n-th
# step, with a constant input of 1? The cell can count: each step adds 1. But the gates
# must be able to read the count. A connection from the cell to a gate is a peephole
# (Gers, Schraudolph and Schmidhuber 2002).
#
# The forget gate fires before the cell, so it reads the count of the previous step. It
# is open below n - 1/2 and closed above: after n the cell starts again at 1. The output
# gate fires after the cell and opens above n - 1/2. Without its peephole the forget
# gate has a constant input: the cell rises to a constant level, and the output never
# fires again.


def timer(period, peephole=True):
    x, cell = bare(weight=1.0)
    bias = STEEP * (period - 0.5) if peephole else np.log(period - 1)
    forget = Neuron(name="forget gate", bias=bias)
    forget.gate(cell.self_connection)
    if peephole:
        cell.project(forget, weight=-STEEP)
    opens = Neuron(name="output gate", bias=-STEEP * (period - 0.5))
    cell.project(opens, weight=STEEP)
    says = Neuron("identity", name="says")
    opens.gate(cell.project(says, weight=1 / period))
    hidden = [Layer([forget]), Layer([cell], name="cell"), Layer([opens])]
    return Network(Layer([x]), hidden, Layer([says]))


def timed(rng):
    heading("4. The peephole times it")
    period = int(rng.integers(6, 13))
    ticks = np.ones((STEPS, 1))
    net = timer(period)
    counts = watch(net, ticks, lambda: net["cell"][0].state)
    net.clear()
    says = net.run(ticks)[:, 0]
    at = 1 + np.flatnonzero(says > 0.5)
    print(
        f"The output of a timer with period {period} is 1 at steps"
        f" {', '.join(map(str, at[:6]))}, ..."
    )
    multiples = np.arange(period, STEPS + 1, period)
    target = np.isin(1 + np.arange(STEPS), multiples)
    check(
        f"it fires at every multiple of {period} up to {STEPS} and nowhere else",
        np.array_equal(at, multiples),
    )
    check(
        "its output is 1 there and 0 elsewhere, to a millionth",
        bool(abs(says - target).max() < 1e-6),
    )

    blind = timer(period, peephole=False)
    level = watch(blind, ticks, lambda: blind["cell"][0].state)
    stays = blind[1].activation
    print(
        f"Without the peephole the forget gate stays at {stays:.3f}: the cell fills up"
        f" to {level[-1]:.3f}."
    )
    check(
        "without the peephole the cell only ever rises",
        bool((np.diff(level) > -1e-9).all()),
    )
    check(f"and stays at 1 / (1 - gate) = {period}", close(level[-1], period))
    return period, counts, says, level


# --- 5. The picture -------------------------------------------------------------------


@with_pyplot
def picture(plt, eligibilities, faded, disturbed, refilled, clock, path):
    figure, axes = plt.subplots(2, 2, figsize=(8.4, 5.9), layout="constrained")
    panel_error(axes[0, 0], eligibilities, faded)
    title = "2. The input gate keeps the noise out"
    panel_states(axes[0, 1], disturbed, title, "input gate")
    title = "3. The forget gate empties the cell"
    panel_states(axes[1, 0], refilled, title, "forget gate")
    panel_timer(axes[1, 1], *clock)
    save_figure(figure, path)


def panel_error(axes, eligibilities, faded):
    steps = np.arange(1, len(eligibilities) + 1)
    axes.loglog(steps, eligibilities, color=ink.BLUE, lw=2.5, label="cell: eligibility")
    axes.loglog(
        steps[:13],
        np.abs(faded[:13]),
        "o-",
        color=ink.RED,
        ms=4,
        label=r"Elman unit: $\partial$activation / $\partial$weight",
    )
    axes.set(
        xlabel="step (1 is the step of the input)",
        ylabel="derivative",
        ylim=(1e-10, 30),
    )
    axes.set_title("1. The carousel keeps an error")
    axes.legend(loc="center right", handlelength=1.5)


def panel_states(axes, pair, title, gate):
    without, with_it = pair
    axes.plot(without, color=ink.GRAY, lw=1, label=f"without {gate}")
    axes.plot(with_it, color=ink.BLUE, lw=2.5, label=f"with {gate}")
    low = min(without.min(), 0)
    high = max(without.max(), with_it.max())
    axes.set(xlabel="step", ylabel="state of the cell", title=title)
    axes.set_ylim(1.05 * low, high + 0.3 * (high - low))
    axes.legend(loc="upper left", ncols=2)


def panel_timer(axes, period, counts, says, level):
    steps = np.arange(1, 41)
    axes.plot(steps, level[:40], color=ink.GRAY, lw=1.5, label="state without peephole")
    axes.plot(steps, counts[:40], ".-", color=ink.BLUE, label="state: the count")
    axes.vlines(
        steps, 0, period * says[:40], color=ink.ORANGE, lw=4, label="output", zorder=0
    )
    axes.set(xlabel="step", ylabel=f"count; output x {period}", ylim=(0, 1.45 * period))
    axes.set_title(f"4. The peephole times it: every {period} steps")
    axes.legend(loc="upper left", ncols=2)


def main(quick: bool, seed: int, out: Path) -> None:
    # A quick run is the same: the demo takes no time.
    rng = np.random.default_rng(seed)
    eligibilities = the_carousel(rng)
    faded = the_elman_unit(rng)
    disturbed = protected(rng)
    refilled = emptied(rng)
    clock = timed(rng)
    picture(eligibilities, faded, disturbed, refilled, clock, out / "carousel.png")
    lesson(
        f"The self-connection of weight 1 keeps the derivative exactly for {STEPS}"
        f" steps; the Elman unit keeps {abs(faded[10] / faded[0]):.0e} of it for 10."
        f" Under noise the state of the cell drifts by {np.ptp(disturbed[0]):.1f}"
        f" without an input gate and by {np.ptp(disturbed[1]):.1e} with one. A forget"
        " gate lets it take a new number, and a peephole, which lets the gate read the"
        f" cell, makes it a timer with period {clock[0]}."
    )


# To try: an Elman unit whose loop weight is 4, where its slope is 1/4; a forget gate
# that is half open; a timer whose period is set by an input, without a change of
# weights.
