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
STEPS, SCORE, RING, LATEST = 6, 7, 8, 100
"""Places in the state of the number of steps, the score, and the latest 100 movements."""
ROOM = RING + LATEST
"""Where the memory for Runge-Kutta begins."""
SIZE = ROOM + 30


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
def move(s, poles, output):
    """Move the state by 0.02 s under a force from -10 N to 10 N, for outputs from 0 to 1."""
    force, size = 2.0 * FORCE * (output - 0.5), 2 + 2 * poles
    slopes = ROOM + size
    for _ in range(2):
        for stage in range(4):
            here, k = (0 if stage == 0 else ROOM), slopes + stage * size
            derive(s, here, k, poles, force)
            ahead = TAU if stage == 2 else 0.5 * TAU
            for i in range(size):
                s[ROOM + i] = s[i] + ahead * s[k + i]
        for i in range(size):
            k = slopes + i
            s[i] += TAU / 6.0 * (s[k] + 2.0 * s[k + size] + 2.0 * s[k + 2 * size] + s[k + 3 * size])


@inline
def balanced(s, poles):
    """Whether the cart is on the track and the poles are up."""
    up = abs(s[0]) <= TRACK
    for p in range(poles):
        up = up and abs(s[2 + 2 * p]) <= ANGLE
    return up


@kernel
def step_poles(world, action, observed, begin):
    """One step of 0.02 s. 2 or 3 inputs are place and angles, 4 or 6 these and their velocities.

    The score is Gruau's: 0.1 t / 1000 + 0.9 f, where f is 0.75 / the sum of |x| + |v| + |angle| + |speed| of
    cart and long pole over the latest 100 steps, or 0 before that.
    """
    each = 2 if observed.shape[0] >= 4 else 1
    poles, up = observed.shape[0] // each - 1, True
    if not begin:
        move(world, poles, action[0])
        done, up = int(world[STEPS]), balanced(world, poles)
        world[RING + done % LATEST] = abs(world[0]) + abs(world[1]) + abs(world[2]) + abs(world[3])
        world[STEPS] = done + up
        moved = 0.0
        if not up or done % LATEST == LATEST - 1:
            for i in range(LATEST):
                moved += world[RING + i]
            still = 0.75 / moved if world[STEPS] >= LATEST else 0.0
            world[SCORE] = 0.1 * world[STEPS] / 1000.0 + 0.9 * still
    for i in range(1 + poles):
        observed[each * i] = world[2 * i] / (4.8 if i == 0 else 0.52)
        if each == 2:
            observed[2 * i + 1] = world[2 * i + 1] / 2.0
    return up
