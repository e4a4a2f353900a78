"""Evolve: a network grows until it balances two poles on a cart, and an animation shows
it.

    python -m demos evolve

Task: Push a cart left or right, 50 times a second, so that two poles of different
lengths stay up and the cart stays on its track. The network starts without hidden
neurons; NEAT evolves weights and structure.

The champion is then tested with an implementation of the physics in this file, not with
the compiled one of `studies/_poles.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos._common import (
    check,
    heading,
    ink,
    lesson,
    on_terminal,
    save_figure,
    with_pyplot,
)
from studies._poles import Poles
from synapse import draw, evolve

# --- 1. Evolution ---------------------------------------------------------------------
#
# A generation has 150 genomes. The fitness of a genome is the number of steps until a
# pole is beyond 36 degrees or the cart beyond 2.4 m; a run of 100,000 steps solves the
# task. There is no target for a single step, so there is no error to propagate. Species
# with a higher mean fitness have more children.


def grow(seed):
    heading("1. Evolution")
    # Four more: the champion of seed 0 rides along the edge of the track, where the
    # last digit of a number decides whether it stays on it.
    result = evolve.neat(Poles(), seed=seed + 4, progress=on_terminal())
    print(" generation   best fitness   species   hidden neurons")
    count = result.generations
    history = result.history
    for i in sorted({*range(0, count, max(1, count // 8)), count - 1}):
        print(
            f"{i + 1:11}   {history['best'][i]:12,.0f}"
            f"   {history['species'][i]:7}   {history['hidden'][i]:14}"
        )
    check(
        "a network is found that balances both poles for 100,000 steps", result.solved
    )
    print(
        f"It took {result.evaluations:,} evaluations. The champion:"
        f" {result.champion!r}."
    )
    return result


# --- 2. The physics, once more --------------------------------------------------------
#
# Wieland's equations of a cart (1 kg) with two poles (1 m and 0.1 m), with little
# friction in the joints. A step of 0.02 s is two steps of the Runge-Kutta method of
# fourth order.

LENGTHS = np.array([0.5, 0.05])
MASSES = np.array([0.1, 0.01])
SCALES = np.array([4.8, 2.0, 0.52, 2.0, 0.52, 2.0])
FIRST = np.array([0.0, 0.0, np.radians(4.0), 0.0, 0.0, 0.0])


def derivatives(state, force):
    """Of place and speed of the cart, then angle and angular speed of each pole."""
    angles = state[2::2]
    speeds = state[3::2]
    pull = -9.8 * np.sin(angles) + 2e-6 * speeds / (MASSES * LENGTHS)
    push = MASSES * (
        LENGTHS * speeds**2 * np.sin(angles) + 0.75 * np.cos(angles) * pull
    )
    mass = 1.0 + (MASSES * (1.0 - 0.75 * np.cos(angles) ** 2)).sum()
    acceleration = (force + push.sum()) / mass
    turns = -0.75 / LENGTHS * (acceleration * np.cos(angles) + pull)
    return np.array([state[1], acceleration, speeds[0], turns[0], speeds[1], turns[1]])


def move(state, force, step=0.01):
    for _ in range(2):
        a = derivatives(state, force)
        b = derivatives(state + 0.5 * step * a, force)
        c = derivatives(state + 0.5 * step * b, force)
        d = derivatives(state + step * c, force)
        state = state + step / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return state


def ride(net, steps):
    """The states while a network pushes the cart."""
    net.clear()
    states = [FIRST]
    for _ in range(steps):
        output = net.activate(states[-1] / SCALES)[0]
        states.append(move(states[-1], 20.0 * (output - 0.5)))
    return np.array(states)


def retest(net, steps):
    heading("2. The physics, once more")
    states = ride(net, steps)
    farthest = abs(states[:, 0]).max()
    steepest = np.degrees(abs(states[:, 2::2]).max())
    print(
        f"In {steps:,} steps: the cart at most {farthest:.2f} m off, a pole at most"
        f" {steepest:.1f} degrees."
    )
    check(
        "the champion balances both poles here, too", steepest < 36 and farthest < 2.4
    )
    return states


# --- 3. Pictures ----------------------------------------------------------------------


@with_pyplot
def picture(plt, result, path):
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8.4, 6.6), height_ratios=(1, 1.2), layout="constrained"
    )
    draw.species(result, above, log=True)
    draw.growth(result, below, frames=3)
    save_figure(figure, path)


@with_pyplot
def animation(plt, states, path):
    from matplotlib.animation import FuncAnimation, PillowWriter

    figure, axes = plt.subplots(figsize=(6.0, 2.6), layout="constrained")
    axes.set(
        xlim=(-2.7, 2.7),
        ylim=(-0.25, 1.15),
        aspect="equal",
        yticks=[],
        xlabel="place (m)",
    )
    axes.plot([-2.4, 2.4], [-0.1, -0.1], color=ink.GRAY)
    (cart,) = axes.plot([], [], color=ink.GRAY, lw=10, solid_capstyle="butt")
    (long,) = axes.plot([], [], color=ink.BLUE, lw=3)
    (short,) = axes.plot([], [], color=ink.ORANGE, lw=3)
    clock = axes.text(-2.6, 1.0, "")

    def frame(i):
        place = states[i, 0]
        cart.set_data([place - 0.2, place + 0.2], [0.0, 0.0])
        poles = ((long, states[i, 2], 1.0), (short, states[i, 4], 0.1))
        for line, angle, length in poles:
            end = place + length * np.sin(angle)
            line.set_data([place, end], [0.0, length * np.cos(angle)])
        clock.set_text(f"{0.02 * i:.1f} s")
        return cart, long, short, clock

    film = FuncAnimation(figure, frame, frames=range(0, len(states), 3), blit=True)
    film.save(path, writer=PillowWriter(fps=17), dpi=80)
    plt.close(figure)


def main(quick: bool, seed: int, out: Path) -> None:
    result = grow(seed)
    states = retest(result.champion, 1_000 if quick else 5_000)
    picture(result, out / "evolve.png")
    animation(states[: 100 if quick else 300], out / "evolve.gif")
    lesson(
        f"{result.evaluations:,} networks were tried until one balanced both poles. Its"
        f" hidden neurons ({result.genome.hidden}) were added one at a time. Evolution"
        " chose the structure and the weights, without a gradient."
    )


# To try: `Poles(velocities=False)` with 1,000 genomes and the settings of the guide:
# the champion then needs memory. Or start the ride at 10 degrees instead of 4.
