"""Squashes within the language, as users write them: nothing is said about them."""

import functools
from typing import NamedTuple

import numpy as np

GAIN = 0.5
TABLE = np.linspace(0.0, 2.0, 3)
LARGE = np.linspace(-1.0, 1.0, 3000)
LIST = [1.0, 0.25]


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


def of_numpy(state):
    return np.sqrt(np.abs(state) + 1.0), 0.5 * np.copysign(1.0, state) / np.sqrt(
        np.abs(state) + 1.0
    )


def with_tables(state):
    return state + LARGE[7] + LIST[len(LIST) & 1] + TABLE[-1], 1.0


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


by_closure = made_by(0.75)
