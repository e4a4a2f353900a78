"""Owl: a row of neurons with delays hears where a sound comes from.

    python -m demos owl

Task: Tell from which of nine directions a click comes. It reaches the ear on its own
side first, up to four steps before the other ear, and each ear only reports the click.

Jeffress proposed in 1948 that neurons compare the ears by delays: each one gets the
click of one ear later, and answers if both meet. A row of such neurons is a map of
directions. Carr and Konishi found it in the brain of the barn owl in 1990.

Nothing learns here. The neurons are wired by hand, with two connections each.

Lesson 18 of `synapse play` is one neuron of this row in a browser: there you set its
delay yourself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos._common import check, lesson, save_figure, with_pyplot
from synapse import Layer, Network

REACH = 4  # the longest way around the head, in steps
DIRECTIONS = range(-REACH, REACH + 1)  # steps by which the right ear is later


def owl() -> Network:
    """Return two ears and a neuron for each direction."""
    ears = Layer(2, name="ears")
    directions = Layer(len(DIRECTIONS), "step", -1.5, name="directions")
    for neuron, later in zip(directions, DIRECTIONS, strict=True):
        left, right = ears
        left.project(neuron, weight=1.0, delay=max(later, 0))
        right.project(neuron, weight=1.0, delay=max(-later, 0))
    return Network(ears, directions)


def clicks(later: int) -> np.ndarray:
    """Return the steps of a click that the right ear hears so much later, shape
    (steps, 2).
    """
    steps = np.zeros((2 * REACH + 2, 2))
    steps[max(-later, 0), 0] = 1.0
    steps[max(later, 0), 1] = 1.0
    return steps


@with_pyplot
def picture(plt, answers, file):
    figure, axes = plt.subplots(figsize=(3.6, 3.2), layout="constrained")
    axes.imshow(answers, cmap="Greys", origin="lower")
    ticks = [0, REACH, 2 * REACH]
    axes.set(xlabel="neuron", ylabel="direction of the click", xticks=ticks)
    axes.set_yticks(ticks, ["right", "front", "left"])
    save_figure(figure, file)


def main(quick: bool, seed: int, out: Path) -> None:
    net = owl()
    answers = []
    for later in DIRECTIONS:
        net.clear()
        answers.append(net.run(clicks(later)).max(axis=0))
    check(
        "each neuron answers to its own direction only",
        np.array_equal(answers, np.eye(9)),
    )
    picture(np.array(answers), out / "owl.png")
    lesson(
        f"{len(net)} neurons and {len(net.connections)} connections tell nine"
        " directions apart, because each neuron waits for the ear that hears first."
    )
