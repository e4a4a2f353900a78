"""XOR: six neurons learn "one or the other, but not both", with every number shown.

    python -m demos xor

Task: The two inputs are 0 or 1; the target is 1 when exactly one of them is 1. A single
neuron cannot learn this, because no straight line separates the two cases; three hidden
neurons can.

The network is so small that every number in it can be checked by hand. In 1969 Minsky
and Papert proved this limit of a single neuron.

Lesson 5 of `synapse play` is part 1 in a browser: there you connect the hidden neurons
yourself."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

import architect
import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse.initializers import uniform

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([[0.0], [1.0], [1.0], [0.0]])
EPOCHS = 5_000
GOAL = 0.02
SIDE = (-0.4, 1.4)
"""The range of both inputs in the picture."""

# --- 1. One neuron cannot -------------------------------------------------------------
#
# A perceptron 2-1 is one neuron with two inputs. Whatever its weights, its output rises
# or falls steadily across the square of inputs. Its best output is 0.5 for every
# sample, with a cost (cross-entropy) of ln 2 = 0.693 per sample.


def one_neuron(seed, quick):
    heading("1. One neuron is not enough")
    net = architect.Perceptron(2, 1, seed=seed)
    epochs = 500 if quick else 5000
    result = synapse.Trainer(net, rate=0.05).train(
        INPUTS, TARGETS, epochs=epochs, seed=seed, progress=False
    )
    print(f"{net!r} ends with a cost of {result.loss:.3f} and these outputs:")
    table(net)
    solved = (net.run(INPUTS).round() == TARGETS).all()
    check("one neuron does not get all four right", not solved)
    return result.loss


def table(net):
    """Inputs, targets and outputs."""
    print("  a  b   target   output")
    rows = zip(INPUTS, TARGETS, net.run(INPUTS), strict=True)
    for (a, b), (target,), (output,) in rows:
        print(f"  {a:.0f}  {b:.0f}   {target:6.0f}   {output:6.3f}")


# --- 2. Six neurons -------------------------------------------------------------------
#
# Now there are three hidden neurons between inputs and output. Initial weights are
# random; the same seed gives the same weights. A neuron has a bias; a connection has a
# weight.


def six_neurons(seed):
    heading("2. Six neurons")
    weights = uniform(1.0)
    drawn = {"initializer": weights, "bias_initializer": weights, "seed": seed}
    net = architect.Perceptron(2, 3, 1, **drawn)
    print(f"{net!r}, before training:")
    weights_of(net)
    return net


def weights_of(net):
    for neuron in (*net["hidden"], *net.output):
        incoming = "   ".join(
            f"{link.weight:+.3f} from {link.source.name}" for link in neuron.incoming
        )
        print(f"  {neuron.name:9} bias {neuron.bias:+.3f}   {incoming}")


# --- 3. One step, by hand -------------------------------------------------------------
#
# Forward: the state of a neuron is the sum of its bias and, for each connection, weight
# x activation of the source. The squash, here the logistic function, maps the state to
# the activation.
#
# Backward: the error of the output is target - output. The error of a hidden neuron is
# the output's error times the weight of its connection, times the slope of its own
# squash: f'(state) = y (1 - y).
#
# Learning: each weight changes by rate x error of its target x activation of its
# source.


def one_step(net):
    heading("3. One step, by hand")
    output = net.output[0]
    rate = 0.5
    answer = net.activate([1.0, 0.0])[0]
    net.propagate(rate=0.0, targets=[1.0])  # a rate of 0 computes errors only
    print("  neuron       state  activation   slope    error")
    for neuron in net:
        forward = (
            f"{neuron.state:+8.4f}  {neuron.activation:10.4f}  {neuron.derivative:6.4f}"
        )
        print(f"  {neuron.name:9} {forward}  {neuron.error.responsibility:+.4f}")

    hidden = net["hidden"][0]
    link = hidden.connection_to(output)
    state = hidden.bias + sum(c.weight * c.source.activation for c in hidden.incoming)
    error = hidden.derivative * link.weight * output.error.responsibility
    same = math.isclose
    check(
        f"the state of {hidden.name} is bias + weights x inputs",
        same(state, hidden.state),
    )
    check(
        "its activation is 1 / (1 + e^-state)",
        same(hidden.activation, 1 / (1 + math.exp(-state))),
    )
    check(
        "the output's error is target - output",
        same(output.error.responsibility, 1.0 - answer),
    )
    claim = f"the error of {hidden.name} is slope x weight x the output's error"
    check(claim, same(error, hidden.error.responsibility))

    moved = link.weight + rate * output.error.responsibility * hidden.activation
    net.activate([1.0, 0.0])
    net.propagate(rate=rate, targets=[1.0])
    claim = (
        f"the weight from {hidden.name} to the output has changed by rate x error x"
        " activation"
    )
    check(claim, same(link.weight, moved))


# --- 4. Learning ----------------------------------------------------------------------
#
# The trainer repeats this some thousand times: an epoch is one pass through the four
# samples in a new random order. A few starts in a hundred end in a local minimum. Then
# the demo starts again from new random weights.


def learn(net, seed):
    heading("4. Learning")
    trainer = synapse.Trainer(net, rate=0.5)
    for attempt in range(10):
        result = trainer.train(
            INPUTS, TARGETS, epochs=EPOCHS, goal=GOAL, seed=seed, progress=False
        )
        if result.loss <= GOAL:
            print(
                f"A cost of {result.loss:.3f} after {result.epochs} epochs of four"
                " samples."
            )
            break
        print(f"Stuck at a cost of {result.loss:.3f}; starting again from new weights.")
        net.reset_parameters(seed=1000 * (attempt + 1) + seed, initializer=uniform(1.0))
    table(net)
    check(
        "all four rounded outputs are right",
        bool((net.run(INPUTS).round() == TARGETS).all()),
    )
    return result.history["loss"]


# --- 5. The solution ------------------------------------------------------------------
#
# Each hidden neuron divides the plane by a line, where its state is 0. The output
# combines the sides of the lines on which a point lies. The table shows which hidden
# neurons are active (near 1) for which inputs; the weights show how the output combines
# them.


def what_it_found(net):
    heading("5. The solution")
    weights_of(net)
    names = "   ".join(neuron.name for neuron in net["hidden"])
    print(f"\n  a  b   {names}   output")
    for a, b in INPUTS:
        output = net.activate([a, b])[0]
        hidden = "   ".join(f"{y:8.3f}" for y in net["hidden"].activations)
        print(f"  {a:.0f}  {b:.0f}   {hidden}   {output:6.3f}")


@with_pyplot
def picture(plt, net, history, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.5), layout="constrained")
    left.plot(history, color=ink.BLUE)
    # The cost of always answering 0.5
    left.axhline(math.log(2), color=ink.GRAY, ls="--", lw=1)
    left.set_yticks([0, 0.25, 0.5, math.log(2), 1], ["0", "0.25", "0.5", "ln 2", "1"])
    left.set(
        xlabel="epoch", ylabel="cost (cross-entropy)", title="Learning", ylim=(0, None)
    )

    side = np.linspace(*SIDE, 91)
    a, b = np.meshgrid(side, side)
    answers = net.run(np.column_stack([a.ravel(), b.ravel()])).reshape(a.shape)
    cmap, norm = ink.coloring(answers)
    shades = right.pcolormesh(a, b, answers, cmap=cmap, norm=norm, shading="gouraud")
    figure.colorbar(shades, ax=right, label="output")
    for neuron in net["hidden"]:
        right.plot(*line(neuron), color=ink.BLACK, lw=1.2)
    for (x, y), (target,) in zip(INPUTS, TARGETS, strict=True):
        right.plot(x, y, "o", ms=17, mfc="white", mec=ink.RED)
        right.text(x, y, f"{target:.0f}", ha="center", va="center")
    right.set(
        xlabel="input a",
        ylabel="input b",
        title="Output, and the hidden neurons' lines",
    )
    right.set(xlim=SIDE, ylim=SIDE, xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    save_figure(figure, path)


def line(neuron):
    """The ends of a long piece of the line where the state of a neuron with two inputs
    is 0: x and y."""
    weights = np.array([link.weight for link in neuron.incoming])
    nearest = -neuron.bias * weights / (weights @ weights)
    along = np.array([-weights[1], weights[0]]) / np.hypot(*weights)
    return np.array([nearest - 10 * along, nearest + 10 * along]).T


def in_picture(net):
    """How many of the hidden neurons' lines cross the picture: those of neurons whose
    states at its corners differ in sign."""
    corners = np.array([[a, b] for a in SIDE for b in SIDE])
    weights = np.array([[link.weight for link in n.incoming] for n in net["hidden"]])
    positive = corners @ weights.T + net["hidden"].biases > 0
    return int((positive.any(axis=0) & ~positive.all(axis=0)).sum())


def main(quick: bool, seed: int, out: Path) -> None:
    alone = one_neuron(seed, quick)
    net = six_neurons(seed)
    one_step(net)
    history = learn(net, seed)
    what_it_found(net)
    picture(net, history, out / "xor.png")
    synapse.save(net, out / "xor.synapse")
    lesson(
        f"One neuron draws one line and stays at a cost of {alone:.3f} (always"
        f" answering 0.5 costs {math.log(2):.3f}). Each of three hidden neurons draws a"
        f" line, {in_picture(net)} of which cross the picture, and the output combines"
        f" them: the cost falls to {history[-1]:.3f} in {len(history)} epochs."
    )


# To try: a Perceptron(2, 2, 1), which has just enough neurons and gets stuck more
# often; or three inputs whose sum is odd.
