"""A cart with one or two poles: Wieland's equations by Runge-Kutta 4 with steps of 0.01 s.

The state is x, v, then angle and angular velocity of each pole, in metres, seconds and radians.
"""

from __future__ import annotations

import math

from ..compiler.jit import inline, kernel

GRAVITY, CART, FORCE, FRICTION = -9.8, 1.0, 10.0, 2e-6
LONG, LONG_MASS, SHORT, SHORT_MASS = 0.5, 0.1, 0.05, 0.01
"""Half lengths and masses of the poles."""
TAU = 0.01
TRACK, ANGLE = 2.4, math.radians(36)
"""An episode ends beyond these."""
STEPS, SCORE, RING = 6, 7, 8
"""Places in the state of two poles: the number of steps, the score, the latest 100 movements."""
LATEST = 100
ONE_POLE, TWO_POLES = 4, RING + LATEST
"""How many numbers a state has that is saved; behind them is memory for Runge-Kutta."""
ROOM = 36


@inline
def derive(s, y, d, poles, force):
    """Write the derivatives of the state at place `y` to place `d`. The friction of the cart is left out."""
    total, mass = force, CART
    for p in range(poles):
        length, own = (LONG, LONG_MASS) if p == 0 else (SHORT, SHORT_MASS)
        angle, speed = s[y + 2 + 2 * p], s[y + 3 + 2 * p]
        sine, cosine = math.sin(angle), math.cos(angle)
        brake = FRICTION * speed / (own * length)
        total += own * length * speed * speed * sine + 0.75 * own * cosine * (brake + GRAVITY * sine)
        mass += own * (1.0 - 0.75 * cosine * cosine)
    s[d], s[d + 1] = s[y + 1], total / mass
    for p in range(poles):
        length, own = (LONG, LONG_MASS) if p == 0 else (SHORT, SHORT_MASS)
        angle, speed = s[y + 2 + 2 * p], s[y + 3 + 2 * p]
        brake = FRICTION * speed / (own * length)
        s[d + 2 + 2 * p] = speed
        s[d + 3 + 2 * p] = -0.75 / length * (s[d + 1] * math.cos(angle) + GRAVITY * math.sin(angle) + brake)


@inline
def move(s, room, poles, output):
    """Move the state by 0.02 s under a force from -10 N to 10 N, for outputs from 0 to 1."""
    force, size = 2.0 * FORCE * (output - 0.5), 2 + 2 * poles
    y, k1, k2, k3, k4 = room, room + 6, room + 12, room + 18, room + 24
    for _ in range(2):
        derive(s, 0, k1, poles, force)
        for i in range(size):
            s[y + i] = s[i] + 0.5 * TAU * s[k1 + i]
        derive(s, y, k2, poles, force)
        for i in range(size):
            s[y + i] = s[i] + 0.5 * TAU * s[k2 + i]
        derive(s, y, k3, poles, force)
        for i in range(size):
            s[y + i] = s[i] + TAU * s[k3 + i]
        derive(s, y, k4, poles, force)
        for i in range(size):
            s[i] += TAU / 6.0 * (s[k1 + i] + 2.0 * s[k2 + i] + 2.0 * s[k3 + i] + s[k4 + i])


@inline
def balanced(s, poles):
    """Whether the cart is on the track and the poles are up."""
    up = abs(s[0]) <= TRACK
    for p in range(poles):
        up = up and abs(s[2 + 2 * p]) <= ANGLE
    return up


@kernel
def step_one_pole(world, action, observed, begin):
    """One pole: inputs are all four numbers of the state."""
    if not begin:
        move(world, ONE_POLE, 1, action[0])
    observed[0], observed[1] = world[0] / 4.8, world[1] / 2.0
    observed[2], observed[3] = world[2] / 0.52, world[3] / 2.0
    return balanced(world, 1)


@kernel
def step_two_poles(world, action, observed, begin):
    """Two poles: inputs are all six numbers, or three without velocities.

    The score is Gruau's: 0.1 t / 1000 + 0.9 f, where f is 0.75 / the sum of |x| + |v| + |angle| + |speed| of
    cart and long pole over the latest 100 steps, or 0 before that.
    """
    if not begin:
        move(world, TWO_POLES, 2, action[0])
        done = int(world[STEPS])
        world[RING + done % LATEST] = abs(world[0]) + abs(world[1]) + abs(world[2]) + abs(world[3])
        up = balanced(world, 2)
        world[STEPS] = done + up
        moved = 0.0
        if not up or done % LATEST == LATEST - 1:
            for i in range(LATEST):
                moved += world[RING + i]
            world[SCORE] = 0.1 * world[STEPS] / 1000.0 + (
                0.9 * 0.75 / moved if world[STEPS] >= LATEST else 0.0
            )
    if observed.shape[0] == 3:
        for i in range(3):
            observed[i] = world[2 * i] / (4.8 if i == 0 else 0.52)
    else:
        for i in range(6):
            observed[i] = world[i] / (2.0 if i % 2 == 1 else 4.8 if i == 0 else 0.52)
    return balanced(world, 2)
