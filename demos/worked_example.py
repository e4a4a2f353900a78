"""Worked_example: every number of a 2-2-2 network in one learning step, for a pocket
calculator.

    python -m demos worked_example

Task: Compute one learning step of a 2-2-2 network by hand and compare every number with
the library's. Then learn four samples in three ways: one by one, in pairs, and all at
once.

There are eight weights and four biases. Each line is printed with its numbers, so you
can redo it with a pocket calculator (printed figures are rounded to six places,
computed ones have sixteen). Nothing is random, so a seed changes nothing.

Lesson 6 of `synapse play` is parts 1 to 4 in a browser, with the same numbers.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from demos._common import check, heading, ink, lesson, save_figure, with_pyplot
from synapse import Layer, Network, Neuron

WEIGHTS = {
    "w1": ("x1", "h1", 0.4),
    "w2": ("x2", "h1", 0.7),
    "w3": ("x1", "h2", -0.3),
    "w4": ("x2", "h2", 0.5),
    "w5": ("h1", "y1", 0.6),
    "w6": ("h2", "y1", -0.5),
    "w7": ("h1", "y2", -0.8),
    "w8": ("h2", "y2", 0.9),
}
BIASES = {"b1": ("h1", -0.1), "b2": ("h2", 0.2), "b3": ("y1", 0.3), "b4": ("y2", -0.2)}
RATE = 0.5
SAMPLES = [
    ([1.0, 0.5], [0.9, 0.2]),
    ([0.0, 1.0], [0.2, 0.8]),
    ([0.5, 0.0], [0.7, 0.3]),
    ([-1.0, 0.5], [0.1, 0.6]),
]

# --- 1. The network -------------------------------------------------------------------
#
#     x1 --w1--> h1 --w5--> y1          h1 also gets w2 from x2, and b1
#        \__        \__                 h2 gets w3 from x1, w4 from x2, and b2
#          w3        w7                 y1 gets w5 from h1, w6 from h2, and b3
#            v          v               y2 gets w7 from h1, w8 from h2, and b4
#     x2 --w4--> h2 --w8--> y2
#
# All squashes are logistic. It is built neuron by neuron, so that every number has a
# name.


class Example:
    """The network, and its twelve numbers by name."""

    def __init__(self):
        self.neurons = {
            name: Neuron(name=name) for name in ("x1", "x2", "h1", "h2", "y1", "y2")
        }
        self.links = {
            name: self.neurons[source].project(self.neurons[target], weight=weight)
            for name, (source, target, weight) in WEIGHTS.items()
        }
        self.biased = {
            name: self.neurons[target] for name, (target, _) in BIASES.items()
        }
        for name, (_, value) in BIASES.items():
            self.biased[name].bias = value
        x1, x2, h1, h2, y1, y2 = self.neurons.values()
        self.net = Network(Layer([x1, x2]), [Layer([h1, h2])], Layer([y1, y2]))

    def numbers(self):
        weights = {name: link.weight for name, link in self.links.items()}
        return weights | {name: neuron.bias for name, neuron in self.biased.items()}

    def put(self, numbers):
        for name, link in self.links.items():
            link.weight = numbers[name]
        for name, neuron in self.biased.items():
            neuron.bias = numbers[name]

    def error(self, samples):
        """E = sum of (t - y)^2 / 2 over the outputs, as the mean over samples."""
        inputs, targets = map(np.array, zip(*samples))
        return ((targets - self.net.run(inputs)) ** 2 / 2).sum(axis=1).mean()

    def learn(self, sample, rate):
        """Run one sample forward and backward, and update the twelve numbers."""
        inputs, target = sample
        self.net.activate(inputs)
        self.net.propagate(rate, target, cost="squared_error")


# --- 2. Forward -----------------------------------------------------------------------
#
# A neuron adds its bias and, for each connection, weight x activation of the source.
# That is its state. Its activation is f(state) = 1 / (1 + e^-state).


def forward(example, sample):
    heading("2. Forward")
    example.net.activate(sample[0])
    print(f"x1 = {sample[0][0]:g}, x2 = {sample[0][1]:g}")
    for name in ("h1", "h2", "y1", "y2"):
        neuron = example.neurons[name]
        sources = incoming(example, name)
        terms = " ".join(
            f"{sign(link.weight)} {abs(link.weight):g} x {link.source.activation:.6g}"
            for link in sources
        )
        print(f"{name}: state = {neuron.bias:g} {terms} = {neuron.state:.6f}")
        print(
            f"    activation = 1 / (1 + e^{-neuron.state:+.6f}) ="
            f" {neuron.activation:.6f}"
        )
        products = [link.weight * link.source.activation for link in sources]
        state = neuron.bias + sum(products)
        activation = 1 / (1 + math.exp(-state))
        same = close(neuron.state, state) and close(neuron.activation, activation)
        check(f"{name} by hand equals {name} of the library", same)


def incoming(example, target):
    """The connections that lead to a neuron, in the order of their names."""
    return [example.links[name] for name, (_, to, _) in WEIGHTS.items() if to == target]


def sign(number):
    return "-" if number < 0 else "+"


def close(a, b):
    return abs(a - b) < 1e-12


# --- 3. Errors, backward --------------------------------------------------------------
#
# The error is E = (t1 - y1)^2 / 2 + (t2 - y2)^2 / 2. A neuron's delta is minus the
# derivative of E by its state:
#
#     output   delta = (t - y) f'
#     hidden   delta = f' x (sum over the outputs of weight x the output's delta)
#
# where f' = y (1 - y) is the slope of the logistic function.
#
# A hidden neuron receives the delta of each output times the weight of its connection
# to it. These are the old weights: none has changed yet.


def backward(example, sample):
    heading("3. Errors, backward")
    example.learn(sample, rate=0.0)  # a rate of 0 computes the errors only
    deltas = {}
    for name, target in zip(("y1", "y2"), sample[1]):
        y = example.neurons[name].activation
        deltas[name] = (target - y) * y * (1 - y)
        print(
            f"delta {name} = ({target:g} - {y:.6f}) x {y:.6f} x {1 - y:.6f} ="
            f" {deltas[name]:+.6f}"
        )
    outgoing = {"h1": ("w5", "w7"), "h2": ("w6", "w8")}
    for name, (to_y1, to_y2) in outgoing.items():
        h = example.neurons[name].activation
        w = example.links[to_y1].weight
        v = example.links[to_y2].weight
        deltas[name] = h * (1 - h) * (w * deltas["y1"] + v * deltas["y2"])
        blame = (
            f"({w:g} x {deltas['y1']:+.6f} {sign(v)} {abs(v):g} x {deltas['y2']:+.6f})"
        )
        print(f"delta {name} = {h:.6f} x {1 - h:.6f} x {blame} = {deltas[name]:+.6f}")
    for name, delta in deltas.items():
        same = close(example.neurons[name].error.responsibility, delta)
        check(f"delta {name} by hand equals {name}.error.responsibility", same)
    return deltas


# --- 4. The twelve numbers change -----------------------------------------------------
#
# A weight changes by rate x delta of its target x activation of its source; a bias by
# rate x delta, as its input is always 1. This is -rate times the slope of E, which we
# also measure: change one number by a millionth in both directions, and compute E.


def moved(example, sample, deltas):
    heading("4. The twelve numbers change")
    before = example.numbers()
    error = example.error([sample])
    slopes = {name: slope(example, sample, name) for name in before}
    sources = {name: (source, target) for name, (source, target, _) in WEIGHTS.items()}
    sources |= {name: (None, target) for name, (target, _) in BIASES.items()}
    example.learn(sample, RATE)
    after = example.numbers()
    same = []
    print(f"      old     + {RATE:g} x delta x activation   = new")
    for name, (source, target) in sources.items():
        activation = example.neurons[source].activation if source else 1.0
        new = before[name] + RATE * deltas[target] * activation
        print(
            f"{name}  {before[name]:+.4f}  + {RATE:g} x {deltas[target]:+.6f} x"
            f" {activation:.6f} = {new:+.6f}"
        )
        same.append(close(new, after[name]))
    check(
        "all twelve by hand equal those of the library, to 1e-12",
        len(same) == 12 and all(same),
    )
    measured = [close_enough(after[n] - before[n], -RATE * slopes[n]) for n in before]
    check("each has changed by -rate x the measured slope of E", all(measured))
    print(f"E was {error:.6f} and is {example.error([sample]):.6f} now.")
    check("the error of this sample has fallen", example.error([sample]) < error)
    return before, after, (error, example.error([sample]))


def slope(example, sample, name, tiny=1e-6):
    """dE/d(number), by central differences."""
    start = example.numbers()
    errors = []
    for step in (tiny, -tiny):
        example.put(start | {name: start[name] + step})
        errors.append(example.error([sample]))
    example.put(start)
    return (errors[0] - errors[1]) / (2 * tiny)


def close_enough(a, b):
    return abs(a - b) < 1e-8  # the accuracy of differences


# --- 5. One by one, in pairs, all at once ---------------------------------------------
#
# There are three ways to learn from four samples:
#
#     online       update after every sample; the next one uses the new weights
#     mini-batch   two samples use the same weights, then the mean of their changes is
#                  applied, and so on
#     batch        all four use the same weights, then the mean of the four changes is
#                  applied
#
# `propagate` learns online. For the others, apply a sample's change, record it, and
# restore the old numbers: the next sample then starts from the same numbers.


def epoch(example, size, rate):
    """Learn the four samples once, in groups of this size."""
    for begin in range(0, len(SAMPLES), size):
        group = SAMPLES[begin : begin + size]
        old = example.numbers()
        changes = [change(example, sample, rate) for sample in group]
        new = {}
        for name in old:
            new[name] = old[name] + sum(moves[name] for moves in changes) / size
        example.put(new)
    return example.numbers()


def change(example, sample, rate):
    """The change of each number by one sample; the numbers are restored."""
    start = example.numbers()
    example.learn(sample, rate)
    end = example.numbers()
    example.put(start)
    return {name: end[name] - start[name] for name in start}


def three_ways():
    heading("5. One by one, in pairs, all at once")
    start = Example().numbers()
    groups = {"online": 1, "pairs": 2, "batch": 4}
    ends = {rule: epoch(Example(), size, RATE) for rule, size in groups.items()}
    print("          old" + "".join(f"{rule:>11}" for rule in groups))
    for name in start:
        new = "  ".join(f"{numbers[name]:+.6f}" for numbers in ends.values())
        print(f"  {name}  {start[name]:+.4f}  {new}")
    plain = Example()
    for sample in SAMPLES:
        plain.learn(sample, RATE)
    check(
        "groups of one equal the library's own steps",
        same_numbers(plain.numbers(), ends["online"]),
    )
    moves = [change(Example(), sample, RATE)["w5"] for sample in SAMPLES]
    shown = ", ".join(f"{move:+.6f}" for move in moves)
    print(f"\nThe change of w5 for each sample alone: {shown}")
    check(
        "batch: w5 changes by their mean",
        close(ends["batch"]["w5"], start["w5"] + sum(moves) / 4),
    )
    unlike = abs(ends["online"]["w5"] - start["w5"] - sum(moves)) > 1e-5
    check(
        "online: w5 changes by almost their sum, as later samples see changed weights",
        unlike,
    )


def same_numbers(numbers, others):
    return all(close(numbers[name], others[name]) for name in numbers)


# --- 6. How much the three ways differ ------------------------------------------------
#
# Four online steps make four changes; a batch step makes their mean. So compare online
# at one rate with batch at four times that rate. The remaining difference is that later
# samples use weights that earlier ones have changed. These changes are proportional to
# the rate, and so are the later changes that they affect: the difference is
# proportional to the squared rate. Half the rate gives a quarter of the difference.


def differ():
    heading("6. How much the three ways differ")
    gaps = []
    for rate in (0.08, 0.04, 0.02, 0.01):
        online = epoch(Example(), 1, rate)
        batch = epoch(Example(), 4, 4 * rate)
        gaps.append(max(abs(online[name] - batch[name]) for name in online))
        print(f"  rate {rate:.2f}: largest difference of the twelve {gaps[-1]:.3e}")
    ratios = [a / b for a, b in pairwise(gaps)]
    print(
        "  ratio of each to the next: " + ", ".join(f"{ratio:.2f}" for ratio in ratios)
    )
    check(
        "half the rate gives about a quarter of the difference",
        abs(ratios[-1] - 4) < 0.1,
    )
    return ratios


# --- 7. A picture ---------------------------------------------------------------------

PLACES = {
    "x1": (0, 2),
    "x2": (0, 0),
    "h1": (4, 2),
    "h2": (4, 0),
    "y1": (8, 2),
    "y2": (8, 0),
}


@with_pyplot
def picture(plt, before, after, deltas, path):
    shown = Example()
    shown.learn(SAMPLES[0], 0.0)
    figure, axes = plt.subplots(figsize=(8.4, 4.6), layout="constrained")
    for name, (source, target, _) in WEIGHTS.items():
        arrow(axes, source, target, f"{name}  {before[name]:g} → {after[name]:.4f}")
    for name, neuron in shown.neurons.items():
        axes.plot(*PLACES[name], "o", ms=52, mfc="white", mec=ink.BLACK)
        axes.text(
            *PLACES[name], f"{name}\n{neuron.activation:.4f}", ha="center", va="center"
        )
    for name, (target, _) in BIASES.items():
        x, y = PLACES[target]
        bias = f"{name}  {before[name]:g} → {after[name]:.4f}"
        axes.text(x, y + 0.52, bias, color=ink.BLUE, ha="center")
        axes.text(
            x,
            y - 0.64,
            rf"$\delta$ = {deltas[target]:+.4f}",
            color=ink.RED,
            ha="center",
        )
    for name, goal in zip(("y1", "y2"), SAMPLES[0][1]):
        axes.text(
            PLACES[name][0] + 0.75,
            PLACES[name][1],
            f"target\n{goal:g}",
            color=ink.GREEN,
            va="center",
        )
    axes.set(xlim=(-0.8, 9.8), ylim=(-0.8, 2.8))
    axes.set_title(
        "Activations in the circles, weights and biases before → after one step at"
        " rate 0.5"
    )
    axes.set_axis_off()
    save_figure(figure, path)


def arrow(axes, source, target, label):
    """Draw a connection with a label along it, near its source, where arrows do not
    cross."""
    start = np.array(PLACES[source], float)
    end = np.array(PLACES[target], float)
    style = {"arrowstyle": "-|>", "shrinkA": 26, "shrinkB": 26, "color": ink.BLACK}
    axes.annotate("", end, start, arrowprops=style)
    share = 0.5 if start[1] == end[1] else 0.3
    axes.text(
        *(start + share * (end - start)),
        label,
        ha="center",
        va="center",
        color=ink.BLUE,
        rotation=np.degrees(np.arctan2(*(end - start)[::-1])),
        transform_rotates_text=True,
        rotation_mode="anchor",
        bbox={"fc": "white", "ec": "none", "pad": 1.5},
    )


def main(quick: bool, seed: int, out: Path) -> None:
    heading("1. The network")
    example = Example()
    sample = SAMPLES[0]
    print("  ".join(f"{name} {value:g}" for name, value in example.numbers().items()))
    forward(example, sample)
    deltas = backward(example, sample)
    before, after, (high, low) = moved(example, sample, deltas)
    three_ways()
    ratios = differ()
    picture(before, after, deltas, out / "worked_example.png")
    lesson(
        "Learning is arithmetic that you can redo by hand: activations forward, deltas"
        " backward, and each number changes by rate x delta x activation. One step"
        f" lowers the error of the sample from {high:.4f} to {low:.4f}. Online and"
        " batch learning agree better the smaller the rate: half the rate divides"
        f" their difference by {ratios[-1]:.2f}."
    )


# To try: cross-entropy in `learn` (omit the cost): then the delta of an output is t -
# y, without the slope. Which lines of parts 3 and 4 change?
