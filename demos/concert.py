"""Concert: one neuron weighs reasons for going out, learns the weights, and meets a
decision that it cannot represent.

    python -m demos concert

Task: Decide whether to go to a concert from three yes-or-no inputs: is the weather
fine, does a friend come, is it far? A neuron adds up the weighted inputs and outputs
"go" above zero.

First the weights are set by hand; then the neuron learns them from examples, by
Rosenblatt's rule of 1958 and by gradient descent; then comes a decision that no single
neuron can represent, whatever its weights.

Lesson 1 of `synapse play` is part 1 in a browser: there you set the threshold yourself.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np

import synapse
from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network

REASONS = ("fine weather", "a friend", "far away")
EVENINGS = np.array(list(itertools.product((0.0, 1.0), repeat=3)))

# --- 1. Weighing ----------------------------------------------------------------------
#
# Each reason has a weight: it counts for going (positive) or against (negative). The
# bias is the preference without any reason: at -1.5, the default is to stay. The state
# of the neuron is the sum of the bias and the weights of all reasons that hold. The
# squash "step" makes the decision: 1 (go) if the state is above 0, otherwise 0 (stay).
#
# The same decision in words: "I go if a friend comes, unless it is far and the weather
# is bad." Weights and words must agree on all eight evenings.


def neuron_with(squash, weights, bias):
    """A network with one input per weight, and one neuron."""
    inputs = Layer(len(weights), name="reasons")
    decision = Layer(1, squash, bias, name="decision")
    inputs.project(decision, weights=np.reshape(weights, (-1, 1)))
    return Network(inputs, [], decision)


def in_words(weather, friend, far):
    return friend and (weather or not far)


def weigh():
    heading("1. Weighing")
    net = neuron_with("step", [1.0, 2.0, -1.0], bias=-1.5)
    print(f"bias {net.output[0].bias:+.1f}, " + weights_of(net) + "\n")
    print("  weather  friend  far   state   decision")
    states = []
    for evening in EVENINGS:
        decision = net.activate(evening)[0]
        states.append(net.output[0].state)
        print(f"{row(evening)}   {states[-1]:+5.1f}   {'go' if decision else 'stay'}")
    targets = np.array([[float(in_words(*evening))] for evening in EVENINGS])
    check(
        "the neuron agrees with the sentence on all eight evenings",
        (net.run(EVENINGS) == targets).all(),
    )
    return targets, states


def row(evening):
    return "".join(f"  {on:{width}.0f}" for on, width in zip(evening, (7, 6, 3)))


def weights_of(net):
    links = net.output[0].incoming
    return ", ".join(
        f"{reason} {link.weight:+.2f}" for reason, link in zip(REASONS, links)
    )


# --- 2. Learning from mistakes --------------------------------------------------------
#
# Now the decision on each evening is known, but not the weights. Frank Rosenblatt's
# perceptron (1958) begins with all weights 0 and learns from mistakes only:
#
#     output 0, target 1:  add the inputs to the weights, and 1 to the bias
#     output 1, target 0:  subtract them
#
# that is, weight += (target - output) x input. If any weights solve the task, the rule
# stops after a limited number of mistakes, for any order of the examples (Novikoff
# 1962). Take any solution; let L be the length of the vector of its weights and bias,
# and m the smallest absolute value of its states. Then there are at most (R L / m)^2
# mistakes, where R^2 is the largest number of ones in an example, including the bias's.
# For the weights of part 1: L^2 = 1 + 4 + 1 + 2.25, m = 0.5, R^2 = 4. At most 132
# mistakes.
#
# The rule is written out here, because `propagate` follows the slope of the squash, and
# a step has none.


def correct(neuron, output, target):
    """Apply Rosenblatt's rule to one example; returns whether there was a mistake."""
    for link in neuron.incoming:
        link.weight += (target - output) * link.source.activation
    neuron.bias += target - output
    return output != target


def rosenblatt(targets, seed):
    heading("2. Learning from mistakes")
    net = neuron_with("step", [0.0] * 3, bias=0.0)
    order = np.random.default_rng(seed)
    mistakes = []
    path = []
    while not mistakes or mistakes[-1]:
        mistakes.append(0)
        for i in order.permutation(len(EVENINGS)):
            output = net.activate(EVENINGS[i])[0]
            mistakes[-1] += correct(net.output[0], output, targets[i, 0])
            weights = [link.weight for link in net.output[0].incoming]
            path.append([*weights, net.output[0].bias])
    print(
        "Mistakes in each pass through the eight evenings:"
        f" {', '.join(map(str, mistakes))}."
    )
    print(f"Learnt: bias {net.output[0].bias:+.1f}, {weights_of(net)}")
    check("it is right on all eight evenings", (net.run(EVENINGS) == targets).all())
    bound = 4 * (1 + 4 + 1 + 2.25) / 0.5**2
    check(
        f"{sum(mistakes)} mistakes are within Novikoff's bound of {bound:.0f}",
        sum(mistakes) <= bound,
    )
    return np.array(path), sum(mistakes)


# --- 3. Learning from slopes ----------------------------------------------------------
#
# The library's rule uses the derivative of the error by each weight. Through a step
# this derivative is always 0, so nothing is learnt, as we check first.
#
# Replace the step by the logistic function, which rises smoothly from 0 to 1, and
# measure the error by cross-entropy. Then the rule is simple: weight += rate x (target
# - output) x input. This is Rosenblatt's rule again, but the output is now a number
# between 0 and 1, so every example changes the weights a little, and uncertain
# decisions change them more than clear ones.


def slopes(targets, seed, quick):
    heading("3. Learning from slopes")
    net = neuron_with("step", [1.0, 1.0, 1.0], bias=0.0)
    wrong = net.activate(EVENINGS[1])[0] != targets[1, 0]
    net.propagate(rate=0.5, targets=targets[1])
    check(
        "a step neuron that is wrong does not change: its slope is 0",
        wrong and (net.weights == 1.0).all(),
    )

    net = neuron_with("logistic", [0.0] * 3, bias=0.0)
    neuron = net.output[0]
    evening = EVENINGS[-1]
    output = net.activate(evening)[0]
    net.propagate(rate=0.5, targets=targets[-1])
    moved = 0.5 * (targets[-1, 0] - output)
    check(
        "a logistic neuron changes each weight by rate x (target - output) x input",
        all(math.isclose(link.weight, moved) for link in neuron.incoming),
    )
    trainer = synapse.Trainer(net, rate=0.5)
    result = trainer.train(
        EVENINGS, targets, epochs=300 if quick else 2000, seed=seed, progress=False
    )
    print(f"After {result.epochs} passes: bias {neuron.bias:+.2f}, {weights_of(net)}\n")
    print("  weather  friend  far   target   output")
    for evening, (target,), (output,) in zip(EVENINGS, targets, net.run(EVENINGS)):
        print(f"{row(evening)}   {target:6.0f}   {output:.3f}")
    check(
        "all eight rounded outputs are right",
        (net.run(EVENINGS).round() == targets).all(),
    )


# --- 4. A decision that one neuron cannot take ----------------------------------------
#
# Suppose the decision is to go if exactly one of two things holds: fine weather, or a
# friend. (With a friend and fine weather, they walk by the lake instead.) If one step
# neuron could do it, then
#
#     bias <= 0                          nothing holds: stay
#     weather + bias > 0                 go
#     friend + bias > 0                  go
#     weather + friend + bias <= 0       both: stay
#
# Add the middle two: weather + friend + 2 bias > 0. Add the outer two: weather + friend
# + 2 bias <= 0. This is a contradiction. So Rosenblatt's rule never ends here: every
# pass through the evenings has a mistake.

EITHER = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
ONE_OF_TWO = np.array([[0.0], [1.0], [1.0], [0.0]])


def cannot(seed, quick):
    heading("4. A decision that one neuron cannot represent")
    net = neuron_with("step", [0.0, 0.0], bias=0.0)
    order = np.random.default_rng(seed)
    passes = 50 if quick else 500
    mistakes = []
    for _ in range(passes):
        mistakes.append(0)
        for i in order.permutation(4):
            output = net.activate(EITHER[i])[0]
            mistakes[-1] += correct(net.output[0], output, ONE_OF_TWO[i, 0])
    print(
        f"{sum(mistakes)} mistakes in {passes} passes, at least {min(mistakes)} in"
        " each."
    )
    check("every pass has a mistake", min(mistakes) > 0)
    return sum(mistakes), passes


# --- 5. The layer that can ------------------------------------------------------------
#
# Ask two simpler questions first. One neuron can decide "does anything hold?", and
# another "do both hold?". The decision is then: something, but not both, which one
# neuron can decide, too. A hidden layer changes the problem into one that a weighted
# sum can solve.
#
# Here the weights are set by hand. The demo xor shows how such a layer is learnt.


def layer():
    heading("5. A layer that can represent it")
    reasons = Layer(2, "step", name="r")
    middle = Layer(2, "step", name="m")
    decision = Layer(1, "step", name="d")
    something, both = middle
    something.name = "something"
    both.name = "both"
    reasons.project(middle, weights=1.0)
    something.bias = -0.5
    both.bias = -1.5
    decision[0].bias = -0.5
    something.project(decision[0], weight=1.0)
    both.project(decision[0], weight=-1.0)
    net = Network(reasons, [middle], decision)
    print("  weather  friend   something  both   decision")
    for evening in EITHER:
        output = net.activate(evening)[0]
        between = f"{something.activation:9.0f}  {both.activation:4.0f}"
        print(f"{row(evening)}   {between}   {'go' if output else 'stay'}")
    check(
        "two neurons and a decision do what one cannot",
        (net.run(EITHER) == ONE_OF_TWO).all(),
    )
    return net


# --- 6. A picture ---------------------------------------------------------------------


@with_pyplot
def picture(plt, states, targets, path, net, file):
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.1), layout="constrained")
    weighed(axes[0], states, targets)
    learnt(axes[1], path)
    plane(axes[2], net)
    save_figure(figure, file)


def weighed(axes, states, targets):
    """The state of every evening, from the lowest to the highest."""
    order = np.argsort(states, kind="stable")
    colours = [ink.BLUE if targets[i, 0] else ink.RED for i in order]
    axes.barh(range(8), np.take(states, order), color=colours)
    short = ("weather", "friend", "far")
    names = [
        " + ".join(s for s, on in zip(short, EVENINGS[i]) if on) or "nothing"
        for i in order
    ]
    axes.set_yticks(range(8), names)
    axes.axvline(0, color="black", lw=1)
    axes.set(
        xlabel="state: bias + weights (above 0: go)", title="Eight evenings weighed"
    )


def learnt(axes, path):
    styles = zip(
        (*REASONS, "bias"),
        (ink.ORANGE, ink.BLUE, ink.GREEN, ink.GRAY),
        ("-", "--", "-.", ":"),
        path.T,
    )
    seen = np.arange(len(path) + 1)
    for name, colour, style, values in styles:
        axes.step(seen, [0.0, *values], style, color=colour, where="post", label=name)
    axes.set(xlabel="evenings seen", ylabel="weight", title="Learning from mistakes")
    low = int(path.min())
    high = int(path.max())
    axes.set(yticks=range(low, high + 1), ylim=(low - 1.2, high + 0.3))
    axes.legend(ncols=2, loc="lower center", columnspacing=1.0, handlelength=1.6)


def plane(axes, net):
    """Plot the four evenings of part 4, and the lines where the two hidden neurons
    switch."""
    side = np.linspace(-0.5, 1.5, 201)
    a, b = np.meshgrid(side, side)
    output = net.run(np.column_stack([a.ravel(), b.ravel()])).reshape(a.shape)
    axes.contourf(a, b, output, levels=[-0.5, 0.5, 1.5], colors=["#f6ded0", "#cfe5f3"])
    for neuron, at in zip(net.hidden[0], ((-0.42, 0.66), (0.35, 1.33))):
        axes.plot(side, -neuron.bias - side, color="black", lw=1)
        axes.text(*at, neuron.name, rotation=-45, rotation_mode="anchor", fontsize=8)
    for (x, y), (target,) in zip(EITHER, ONE_OF_TWO):
        word, colour = ("go", ink.BLUE) if target else ("stay", ink.RED)
        axes.plot(x, y, "o", ms=10, color=colour)
        axes.text(x + 0.1, y, word, va="center", color=colour)
    axes.set(
        xlabel="fine weather", ylabel="a friend", title="Two lines: either, not both"
    )
    axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1])


def main(quick: bool, seed: int, out: Path) -> None:
    targets, states = weigh()
    path, mistakes = rosenblatt(targets, seed)
    slopes(targets, seed, quick)
    endless, passes = cannot(seed, quick)
    net = layer()
    picture(states, targets, path, net, out / "concert.png")
    lesson(
        "If some weights solve a task, Rosenblatt's rule finds such weights: here"
        f" after {mistakes} mistakes. If none do, it never ends: {endless} mistakes in"
        f" {passes} passes on the choice of exactly one of two. A layer of two neurons"
        " turns that choice into one that a single neuron can make."
    )


# To try: change your mind about one evening in part 2, so that no weights fit, and see
# that Rosenblatt's rule never ends; the logistic neuron then gives the evening an
# answer between 0 and 1.
