"""Thresholds: step, sign, ramp and S-curves; a bias moves them, a weight steepens them.

    python -m demos thresholds

Task: Compare five squashes (step, sign, ramp, logistic, tanh) of a neuron with one
input: where their threshold is, how steep it is, and whether a neuron with this squash
can learn.

A neuron adds up its weighted inputs; its squash turns the sum, the state, into an
activation. Most squashes are low on one side and high on the other, and differ in
between. That difference decides whether a neuron can learn.

Lesson 2 of `synapse play` shows in a browser why a squash must be bent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, squashes

NAMES = ("step", "sign", "ramp", "logistic", "tanh")

# --- 1. Five thresholds ---------------------------------------------------------------
#
#     step      0, and 1 above 0
#     sign      -1 below 0, 1 above
#     ramp      the state itself between 0 and 1; cut off below and above
#     logistic  1 / (1 + e^-s): from 0 to 1, half at 0, nearly straight in the middle
#     tanh      the same curve from -1 to 1, through 0, and four times as steep there
#
# Two pairs are scaled versions of the same function: sign = 2 step - 1 (except at 0),
# and tanh(s) = 2 logistic(2 s) - 1. So with suitable weights, both of a pair can do the
# same.


def one_neuron(name, weight=1.0, bias=0.0):
    """An input and a neuron of this squash."""
    inputs = Layer(1)
    output = Layer(1, name, bias)
    inputs.project(output, weights=weight)
    return Network(inputs, [], output)


def answers(net, xs):
    return net.run(xs[:, None])[:, 0]


def five():
    heading("1. Five thresholds")
    xs = np.array([-3.0, -1.0, -0.25, 0.0, 0.25, 0.5, 1.0, 3.0])
    print("  state     " + "".join(f"{x:8.2f}" for x in xs))
    outputs = {name: answers(one_neuron(name), xs) for name in NAMES}
    for name, values in outputs.items():
        print(f"  {name:10}" + "".join(f"{y:8.3f}" for y in values))
    nonzero = xs != 0.0
    check(
        "sign = 2 step - 1, except at 0",
        (outputs["sign"] == 2 * outputs["step"] - 1)[nonzero].all(),
    )
    doubled = answers(one_neuron("logistic", weight=2.0), xs)
    check(
        "tanh(s) = 2 logistic(2 s) - 1",
        np.allclose(outputs["tanh"], 2 * doubled - 1, atol=1e-14),
    )


# --- 2. A bias moves ------------------------------------------------------------------
#
# The state is weight x input + bias, so it is 0 where the input is -bias / weight. That
# is the threshold. A bias of -1 and a weight of 1 put it at 1, a bias of +1 at -1. The
# curve moves along the axis without changing its form. (In older books the neuron has a
# threshold that is subtracted. The bias is the negative of it, and is learnt like a
# weight, from an input that is always 1.)


def moved(seed):
    heading("2. A bias moves")
    xs = np.arange(-400, 401) / 100
    bias = np.random.default_rng(seed).uniform(-1.0, 1.0)
    for name in NAMES:
        by_bias = answers(one_neuron(name, 1.0, bias), xs)
        by_input = answers(one_neuron(name), xs + bias)
        same = np.allclose(by_bias, by_input)
        check(f"{name}: a bias of {bias:+.3f} moves the curve by {-bias:+.3f}", same)
    net = one_neuron("step", weight=2.0, bias=-3.0)
    yes = xs[answers(net, xs) == 1.0]
    print(
        "Weight 2, bias -3: the first input (in steps of 0.01) with the output 1 is"
        f" {yes[0]:.2f}."
    )
    check("a step neuron's threshold is -bias / weight = 1.5", np.isclose(yes[0], 1.51))


# --- 3. A weight steepens -------------------------------------------------------------
#
# The weight multiplies the input before the squash is applied. A positive weight does
# not change a step or a sign. Ramp and S-curves become steeper by this factor, and with
# a large weight they look like steps. For |x| > 0, the logistic of w x differs from the
# step by 1 / (1 + e^(w |x|)), less than e^(-w |x|): ten times the weight makes the
# transition ten times narrower.
#
# A negative weight mirrors the curve: it is high for small inputs.


def steepened():
    heading("3. A weight steepens")
    xs = np.arange(-200, 201) / 100
    for name in ("step", "sign"):
        heavy = answers(one_neuron(name, 8.0), xs)
        light = answers(one_neuron(name), xs)
        check(f"{name} is the same with a weight of 8", (heavy == light).all())
    print(
        "\n  weight   slope at 0   distance of the logistic from a step, where |x| >="
        " 0.5   e^(-0.5 weight)"
    )
    away = xs[np.abs(xs) >= 0.5]
    weights = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    slopes = []
    distances = []
    bounds = np.exp(-0.5 * weights)
    for weight, bound in zip(weights, bounds):
        net = one_neuron("logistic", weight)
        gaps = answers(net, away) - answers(one_neuron("step"), away)
        distances.append(np.abs(gaps).max())
        net.activate([0.0])
        slopes.append(weight * net.output[0].derivative)
        print(
            f"  {weight:6.0f}   {slopes[-1]:10.2f}   {distances[-1]:.6f}{bound:60.6f}"
        )
    check(
        "the slope at 0 is a quarter of the weight", np.array_equal(slopes, weights / 4)
    )
    check("the distance is below e^(-0.5 weight)", (distances < bounds).all())


# --- 4. Which of them can learn -------------------------------------------------------
#
# Gradient descent changes a weight by rate x error x slope x input, where the error is
# target - output. Where the curve is flat, the slope is 0 and the weight does not
# change, however large the error. Step and sign are flat everywhere. The ramp is flat
# outside its middle. The S-curves are nearly flat far from the threshold: such a neuron
# is called saturated, and learns very slowly. That is why initial weights are small.
#
# Here each neuron has three states and a target 0.3 above its output, with a rate of 1.


def learning():
    heading("4. Which of them can learn")
    states = (-4.0, 0.5, 4.0)
    print(
        "  change of the weight at a state of    "
        + "".join(f"{state:10.1f}" for state in states)
    )
    moves = {name: [move(name, state) for state in states] for name in NAMES}
    for name, values in moves.items():
        print(f"  {name:38}" + "".join(f"{value:10.6f}" for value in values))
        slopes = [getattr(squashes, name).derivative(state) for state in states]
        check(
            f"{name}: each change is 0.3 x slope",
            np.allclose(values, np.multiply(0.3, slopes), atol=1e-14),
        )
    check(
        "with step and sign the weight never changes",
        not any(moves["step"] + moves["sign"]),
    )
    check(
        "with the ramp it changes only in the middle",
        [value > 0 for value in moves["ramp"]] == [False, True, False],
    )
    check(
        "with the S-curves it always changes",
        min(moves["logistic"] + moves["tanh"]) > 0,
    )
    return moves


def move(name, state):
    """The change of a weight of 0 in one learning step, with an input of 1 and the
    state as bias."""
    net = one_neuron(name, weight=0.0, bias=state)
    output = net.activate([1.0])
    net.propagate(rate=1.0, targets=output + 0.3, cost="squared_error")
    return net.connections[0].weight


# --- 5. A picture ---------------------------------------------------------------------
#
# A bias moves every curve. A weight is shown for the squashes that it changes: not for
# the step (part 3).

MOVED = {"bias -1": (1.0, -1.0), "bias 0": (1.0, 0.0), "bias 1": (1.0, 1.0)}
STEEPENED = {"weight 0.5": (0.5, 0.0), "weight 1": (1.0, 0.0), "weight 4": (4.0, 0.0)}
LOOKS = ((ink.ORANGE, "-"), (ink.BLACK, "--"), (ink.BLUE, ":"))


@with_pyplot
def picture(plt, path):
    figure, axes = plt.subplots(
        2, 3, figsize=(8.4, 4.6), sharex=True, layout="constrained"
    )
    for panel, name in zip(axes[0], ("step", "ramp", "logistic")):
        curves(panel, name, MOVED, f"{name}: a bias moves it")
    for panel, name in zip(axes[1], ("ramp", "logistic", "tanh")):
        curves(panel, name, STEEPENED, f"{name}: a weight steepens it")
        panel.set(xlabel="input", xticks=range(-3, 4))
    for panel in axes[:, 0]:
        panel.set_ylabel("activation")
        panel.legend(loc="upper left", handlelength=1.6, borderaxespad=0.2)
    save_figure(figure, path)


def curves(panel, name, neurons, title):
    xs = np.linspace(-3.0, 3.0, 1201)
    panel.axvline(0, color=ink.PALE, lw=0.8)
    for (label, (weight, bias)), (colour, style) in zip(neurons.items(), LOOKS):
        outputs = answers(one_neuron(name, weight, bias), xs)
        panel.plot(xs, outputs, style, color=colour, lw=2, label=label)
    panel.set(title=title, ylim=(-1.1 if name == "tanh" else -0.05, 1.1))


def main(quick: bool, seed: int, out: Path) -> None:
    five()
    moved(seed)
    steepened()
    moves = learning()
    picture(out / "thresholds.png")
    lesson(
        "A bias moves a threshold and a weight steepens it; learning needs a slope. At"
        " the states -4, 0.5 and 4 the weight changes by"
        f" {', '.join(f'{value:.3f}' for value in moves['logistic'])} with the logistic"
        f" squash, by {', '.join(f'{value:.3f}' for value in moves['ramp'])} with the"
        f" ramp, and by {', '.join(f'{value:.3f}' for value in moves['step'])} with the"
        " step."
    )


# To try: relu and gaussian in NAMES; a ramp with weight 0.25 and bias 0.5 together with
# the logistic function: it is the tangent at 0.
