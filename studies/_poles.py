"""Balancing poles on a cart: section 4.3 of Stanley and Miikkulainen 2002, as an
environment of a user.

Wieland's equations by Runge-Kutta 4 with steps of 0.01 s. The state is x, v, then angle
and angular velocity of each pole, in metres, seconds and radians."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np

from synapse._typing import Bools, Floats
from synapse.evolve import Genome
from synapse.evolve._population import Genomes
from synapse.evolve.fitness import Environment

GRAVITY = -9.8
CART = 1.0
FORCE = 10.0
FRICTION = 2e-6
LONG = 0.5
LONG_MASS = 0.1
SHORT = 0.05
SHORT_MASS = 0.01
"""Half lengths and masses of the poles."""
TAU = 0.01
TRACK = 2.4
ANGLE = math.radians(36)
"""An episode ends beyond these."""
POLES = 6
STEPS = 7
SCORE = 8
RING = 9
LATEST = 100
"""Places in the state of the numbers of poles and steps, the score, and the latest 100
movements."""
ROOM = RING + LATEST
"""Where the memory for Runge-Kutta begins."""
SIZE = ROOM + 30


def derive(s: Any, y: int, d: int, poles: int, force: float) -> None:
    """Write the derivatives of the state at place `y` to place `d`. The friction of the
    cart is left out."""
    total = force
    mass = CART
    for p in range(poles):
        length, pole_mass = (LONG, LONG_MASS) if p == 0 else (SHORT, SHORT_MASS)
        angle = s[y + 2 + 2 * p]
        speed = s[y + 3 + 2 * p]
        sine = math.sin(angle)
        cosine = math.cos(angle)
        brake = FRICTION * speed / (pole_mass * length)
        total += (
            pole_mass * length * speed * speed * sine
            + 0.75 * pole_mass * cosine * (brake + GRAVITY * sine)
        )
        mass += pole_mass * (1.0 - 0.75 * cosine * cosine)
    s[d] = s[y + 1]
    s[d + 1] = total / mass
    for p in range(poles):
        length, pole_mass = (LONG, LONG_MASS) if p == 0 else (SHORT, SHORT_MASS)
        angle = s[y + 2 + 2 * p]
        speed = s[y + 3 + 2 * p]
        brake = FRICTION * speed / (pole_mass * length)
        s[d + 2 + 2 * p] = speed
        s[d + 3 + 2 * p] = (
            -0.75
            / length
            * (s[d + 1] * math.cos(angle) + GRAVITY * math.sin(angle) + brake)
        )


def move(s: Any, poles: int, output: float) -> None:
    """Move the state by 0.02 s under a force from -10 N to 10 N, for outputs from 0 to
    1."""
    force = 2.0 * FORCE * (output - 0.5)
    size = 2 + 2 * poles
    slopes = ROOM + size
    for _ in range(2):
        for stage in range(4):
            here = 0 if stage == 0 else ROOM
            k = slopes + stage * size
            derive(s, here, k, poles, force)
            ahead = TAU if stage == 2 else 0.5 * TAU
            for i in range(size):
                s[ROOM + i] = s[i] + ahead * s[k + i]
        for i in range(size):
            k = slopes + i
            s[i] += (
                TAU
                / 6.0
                * (s[k] + 2.0 * s[k + size] + 2.0 * s[k + 2 * size] + s[k + 3 * size])
            )


def balanced(s: Any, poles: int) -> bool:
    """Whether the cart is on the track and the poles are up."""
    up: bool = abs(s[0]) <= TRACK
    for p in range(poles):
        up = up and abs(s[2 + 2 * p]) <= ANGLE
    return up


def step(s: Any, outputs: Any) -> bool:
    """One step of 0.02 s. Returns whether the cart is on the track and the poles are
    up.

    The score is Gruau's: 0.1 t / 1000 + 0.9 f, where f is 0.75 / the sum of |x| + |v| +
    |angle| + |speed| of cart and long pole over the latest 100 steps, or 0 before that.
    """
    poles = int(s[POLES])
    done = int(s[STEPS])
    move(s, poles, outputs[0])
    up = balanced(s, poles)
    s[RING + done % LATEST] = abs(s[0]) + abs(s[1]) + abs(s[2]) + abs(s[3])
    s[STEPS] = done + up
    moved = 0.0
    if not up or done % LATEST == LATEST - 1:
        for i in range(LATEST):
            moved += s[RING + i]
        still = 0.75 / moved if s[STEPS] >= LATEST else 0.0
        s[SCORE] = 0.1 * s[STEPS] / 1000.0 + 0.9 * still
    return up


def observe(s: Any, inputs: Any) -> None:
    """Place and angles, scaled, and the velocities if there are inputs for them."""
    each = inputs.shape[0] // (1 + int(s[POLES]))
    for i in range(1 + int(s[POLES])):
        inputs[each * i] = s[2 * i] / (4.8 if i == 0 else 0.52)
        if each == 2:
            inputs[2 * i + 1] = s[2 * i + 1] / 2.0


FRACTIONS = (0.05, 0.25, 0.5, 0.75, 0.95)
WIDTHS = (2.16, 1.35, np.radians(3.6), np.radians(8.6))
"""Bounds of the 625 starts of the test: place and speed of the cart, and of the long
pole."""
ENOUGH = 200
LONG_TEST = 100_000
SHORT_TEST = 1_000
"""Numbers of steps of 0.02 s."""


@final
@dataclass(frozen=True)
class Poles:
    """Balance a pole of 1 m, or this one and one of 0.1 m, on a cart: section 4.3 of
    the paper.

    The long pole starts at 4 degrees. An episode ends if a pole is beyond 36 degrees or
    the cart beyond 2.4 m. The output, from 0 to 1, is a force from -10 N to 10 N.
    Inputs are place and angles, scaled, each followed by its velocity.

    With velocities, fitness is the number of steps of 0.02 s, solved at 100,000.
    Without, it is Gruau's score over 1,000 steps. It is solved if the fittest genome
    balances for 100,000 steps and from 200 of 625 other starts."""

    count: int = 2
    velocities: bool = True
    outputs = 1

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return (1 + self.count) * (1 + self.velocities)

    def start_of(self, *numbers: float) -> Floats:
        """The state of a cart and its poles, with the memory that its step needs."""
        state = np.zeros(SIZE)
        state[: len(numbers)] = numbers
        state[POLES] = self.count
        return state

    def environment(
        self, starts: list[Floats], steps: int, score: int | None = None
    ) -> Environment:
        """The cart from these starts."""
        return Environment(
            observe, step, starts, self.inputs, 1, steps=steps, score=score
        )

    def evaluate(self, genomes: Genomes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and with velocities whether it solves the
        task."""
        start = [self.start_of(0.0, 0.0, np.radians(4.0))]
        if self.velocities:
            return self.environment(start, LONG_TEST).evaluate(genomes)
        values, _ = self.environment(start, SHORT_TEST, SCORE).evaluate(genomes)
        best = genomes[int(values.argmax())]
        _, long = self.environment(start, LONG_TEST).evaluate(Genomes.of(best))
        solved = bool(long[0]) and self.generalisation(best) >= ENOUGH
        return values, solved & (values == values.max())

    def generalisation(self, genome: Genome) -> int:
        """Count from how many of 625 starts it balances the poles for 1,000 steps.

        The starts are all combinations of five places and speeds of the cart and of the
        long pole."""
        starts = [
            self.start_of(
                *(
                    (2.0 * share - 1.0) * width
                    for share, width in zip(shares, WIDTHS, strict=True)
                )
            )
            for shares in product(FRACTIONS, repeat=4)
        ]
        _, lengths = self.environment(starts, SHORT_TEST).episodes(Genomes.of(genome))
        return int((lengths >= SHORT_TEST).sum())
