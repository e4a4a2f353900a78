"""MNIST-1D: ten digits as noisy curves of 40 points (Greydanus and Kobak 2020, arXiv
2011.14439).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from synapse._typing import Floats, Ints

TEMPLATES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
"""Twelve points of each digit."""
SAMPLES = 5000
TRAINED = 4000
PADDING = 36, 60
LENGTH = 72  # of a curve while it is transformed
POINTS = 40
DEVIATION = 2.0  # of the Gaussian that smooths the noise
RADIUS = 8
CHECKSUMS = {
    False: "84d961d5accf2cc30aa504b797bbe1ee38911771bd3dd6f6ada4fa8be524ad68",
    True: "d8fa5962e869c2aac2495ba74930e80c2a84f3ff684920203b5bf5dec5c5c609",
}
"""SHA-256 of the curves in order, rounded to six decimals; True: with shuffled
points."""


@dataclass(frozen=True)
class Curves:
    """The data set: curves of 40 points, of which 4,000 are for training and 1,000 for
    the test.

    Parameters
    ----------
    inputs, test_inputs : ndarray, shapes (4000, 40) and (1000, 40)
        The curves, with mean 0 and deviation 1 over the whole set.
    digits, test_digits : ndarray of int, shapes (4000,) and (1000,)
        The digit of each curve.
    """

    inputs: Floats
    digits: Ints
    test_inputs: Floats
    test_digits: Ints


def mnist1d(shuffled: bool = False, seed: int = 42) -> Curves:
    """Generate the data set by the published recipe.

    The numbers are those of ``mnist1d.data.make_dataset`` of the package ``mnist1d``
    (0.0.2), to the bit.

    Parameters
    ----------
    shuffled : bool
        Whether the 40 points of all curves are in one random order. Default False.
    seed : int
        Seed of the random numbers. Default 42, as published.

    Returns
    -------
    Curves
        The data set.

    Examples
    --------
    >>> data = mnist1d()
    >>> data.inputs.shape, data.test_digits[:5].tolist()
    ((4000, 40), [2, 6, 3, 9, 4])
    """
    rng = np.random.RandomState(seed)
    templates = _templates()
    curves = np.stack(
        [
            _transformed(template, rng)
            for template in templates
            for _ in range(SAMPLES // len(templates))
        ]
    )
    digits = np.repeat(np.arange(len(templates)), SAMPLES // len(templates))
    order = rng.permutation(SAMPLES)
    curves, digits = curves[order], digits[order]
    if shuffled:
        curves = curves[:, rng.permutation(POINTS)]
    curves = (curves - curves.mean()) / curves.std()
    return Curves(
        curves[:TRAINED], digits[:TRAINED], curves[TRAINED:], digits[TRAINED:]
    )


def checksum(data: Curves) -> str:
    """Return the SHA-256 of the curves, rounded to six decimals."""
    curves = np.concatenate([data.inputs, data.test_inputs])
    rounded = np.round(curves * 1e6).astype("<i8")
    return hashlib.sha256(rounded.tobytes()).hexdigest()


def _templates() -> Floats:
    """Return the templates with mean 0 and the deviation 1/6, moved to begin at 0."""
    points = np.array(TEMPLATES)
    points -= points.mean(1, keepdims=True)
    points /= points.std(1, keepdims=True)
    points -= points[:, :1]
    scaled: Floats = points / 6.0
    return scaled


def _transformed(template: Floats, rng: np.random.RandomState) -> Floats:
    """Return a template padded, dilated, scaled, moved, with noise, sheared and read at
    40 points.
    """
    low, high = PADDING
    zeros = low + int(rng.rand() * (high - low + 1))
    curve = np.concatenate([template + 1e-8, np.zeros(zeros)])
    curve = _resampled(curve, LENGTH)
    curve *= 1 + 0.4 * (rng.rand() - 0.5)
    moved = rng.choice(48)
    curve = np.concatenate([curve[-moved:], curve[:-moved]])
    drawn = curve != 0
    noise = _smoothed(0.25 * rng.randn(LENGTH))
    curve = drawn * curve + (1 - drawn) * noise
    curve = curve + 0.02 * rng.randn(LENGTH)
    slope = 0.75 * (rng.rand() - 0.5)
    curve = curve - slope * np.linspace(-0.5, 0.5, LENGTH)
    return _resampled(curve, POINTS)


def _resampled(curve: Floats, points: int) -> Floats:
    """Return the values of a polygon at so many equidistant places."""
    places = np.linspace(0, 1, len(curve))
    return np.interp(np.linspace(0, 1, points), places, curve)


def _smoothed(noise: Floats) -> Floats:
    """Return the convolution with a Gaussian; the noise is mirrored at its ends."""
    place = np.arange(-RADIUS, RADIUS + 1)
    weights = np.exp(-0.5 / DEVIATION**2 * place**2)
    weights /= weights.sum()
    mirrored = np.pad(noise, RADIUS, mode="symmetric")
    middle = slice(RADIUS, RADIUS + len(noise))
    smooth: Floats = mirrored[middle] * weights[RADIUS]
    for distance in range(RADIUS, 0, -1):  # the order in which SciPy adds
        before = mirrored[RADIUS - distance : RADIUS - distance + len(noise)]
        after = mirrored[RADIUS + distance : RADIUS + distance + len(noise)]
        smooth += (before + after) * weights[RADIUS - distance]
    return smooth
