"""Squashes within the language, as users write them: nothing is said about them."""

import functools
import math
from typing import NamedTuple

import numpy as np

GAIN = 0.5
TABLE = np.linspace(0.0, 2.0, 3)
LARGE = np.linspace(-1.0, 1.0, 3000)
LIST = [1.0, 0.25]
DICTIONARY = {"gain": 0.5}


class Line(NamedTuple):
    """Parameters."""

    gain: float
    shift: float


class Settings:
    """Attributes."""

    gain = 0.5


LINE = Line(0.5, 0.25)
SETTINGS = Settings()


def scaled(x, gain=0.5):
    return gain * x


def at(numbers, place):
    return numbers[place]


def of_a_file(state):
    return GAIN * state, GAIN


def of_numpy(state):
    return np.sqrt(np.abs(state) + 1.0), 0.5 * np.copysign(1.0, state) / np.sqrt(
        np.abs(state) + 1.0
    )


def of_math(state):
    slope = 0.5 * (1.0 + math.erf(state / math.sqrt(2.0)))
    density = math.exp(-state * state / 2.0) / math.sqrt(2.0 * math.pi)
    return state * slope, slope + state * density


def with_tables(state):
    place = int(min(abs(state), 9.0))
    return state + LARGE[place] + LIST[place & 1] + TABLE[-1], 1.0


def with_arguments(state):
    return at(TABLE, 1) * state + at(LIST, 1) + scaled(state) + scaled(
        state, gain=2
    ), 3.5


def with_attributes(state):
    gain = LINE.gain * SETTINGS.gain * DICTIONARY["gain"]
    return gain * state + LINE.shift, gain


def with_loops(state):
    total = 0.0
    left = 3
    for k in range(4, 0, -1):
        total += k * state
    for gain, shift in zip((0.5, 0.25), TABLE[:2], strict=True):
        total += gain * state + shift
    while left:
        left -= 1
        total += state
    return total, 13.75


def with_conditions(state):
    """ReLU that is bent at 1."""
    if state <= 0:
        return 0.0, 0.0
    elif 0 < state < 1:
        return state, 1.0
    return (1.0 + 0.5 * (state - 1.0) if state < 1e9 else math.inf), 0.5


def with_annotations(state: float) -> tuple[float, float]:
    half: float = state / 2
    value, slope = half, 0.5
    return value, slope


def with_whole_numbers(state):
    return state * 2**3 + 7 // 2 - True, 8


def made_by(gain):
    def by_closure(state):
        return gain * state + TABLE[0], gain

    return by_closure


def through(function):
    """A decorator."""

    @functools.wraps(function)
    def call(state):
        value, slope = function(state)
        return 2.0 * value, 2.0 * slope

    return call


@through
def with_a_decorator(state):
    return GAIN * state, GAIN


BY_NAME = {"leaky": lambda state: (max(state, 0.25 * state), 1.0 - 0.75 * (state < 0))}
of_a_lambda = BY_NAME["leaky"]
by_closure = made_by(0.75)
