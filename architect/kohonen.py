"""The self-organising map: neurons on a grid compete; the winner and its neighbours learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from synapse import ALL_TO_ALL, Layer, Network, _checks
from synapse._typing import Floats
from synapse.engine.guard import Deferred
from synapse.errors import ArgumentError, TopologyError
from synapse.initializers import Initializer, Seed, random_generator
from synapse.objects.architectures import register
from synapse.objects.projection import between

MOST_EPOCHS = 10_000_000
"""Maximum number of epochs; the rates and radii of all epochs are computed before the first."""
LARGEST = 1e150
"""Limit of the weights: the squares of larger ones, which the biases contain, are not finite."""
Schedule = float | Callable[[int], float]
"""A number, or a function of the epoch, counted from 0."""


@final
@register
@_checks.answers("Kohonen")
class Kohonen(Network):
    """A self-organising map: Kohonen 1982. ::

        input => output, a grid of neurons; the weights of each are a point in the space of the inputs

    The state of neuron j is `w_j x - |w_j|^2 / 2`; the second term is its bias. This equals
    `(|x|^2 - |x - w_j|^2) / 2`, so the neuron with the largest activation (the squash is the identity) is the
    one whose weights are nearest to the input x: the winner. ``net.run(samples)`` returns these
    activations, row by row of the grid.

    The grid is rectangular, without wrapping at its edges. How far a neuron moves towards a sample decreases
    with its distance on the grid from the winner c, as a Gaussian.

    Parameters
    ----------
    inputs : int
        Length of a sample.
    grid : (int, int)
        Rows and columns of the map, with at least 2 neurons in all.
    initializer : str or callable
        Distribution of the initial weights, see :mod:`synapse.initializers`.
    seed : int or numpy.random.Generator, optional
        Seed of the initial weights.

    Examples
    --------
    >>> net = Kohonen(1, grid=(1, 5), seed=0)
    >>> net
    <Kohonen 1-1x5, 6 neurons, 5 connections>
    >>> samples = np.linspace(0.0, 1.0, 101)[:, None]
    >>> before, after = net.quantization_error(samples), net.train(samples, epochs=20, seed=0)[-1]
    >>> before > 0.4, after < 0.1
    (True, True)
    >>> ends = net.winner([0.0]), net.winner([1.0])
    >>> sorted(ends)
    [(0, 0), (0, 4)]
    """

    @_checks.understands("architecture")
    def __init__(
        self,
        inputs: int,
        grid: tuple[int, int],
        *,
        initializer: str | Initializer = "uniform",
        seed: Seed = None,
    ) -> None:
        rng = random_generator(seed)
        self._grid = _checked_grid(grid)
        count = _checks.positive_integer("The inputs of Kohonen", inputs, _checks.MOST_NEURONS)
        first = Layer(count, "identity", name="input")
        map_ = Layer(self._grid[0] * self._grid[1], "identity", name="map")
        map_.trainable = False
        first.project(map_, initializer=initializer, trainable=False, seed=rng)
        super().__init__(first, [], map_)
        self.codebook = self.codebook  # biases for the weights drawn

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments from which this map can be made again."""
        return {"grid": list(self._grid)}

    @classmethod
    def find_parts(cls, layers: Sequence[Layer], settings: Mapping[str, Any]) -> dict[str, Any]:
        """The grid, and the projection from the inputs to the map."""
        rows, columns = grid = _checked_grid(settings.get("grid"))
        if rows * columns != len(layers[-1]):
            raise TopologyError(
                f"Expected {rows * columns} neurons for the grid {grid}, got {len(layers[-1])}."
            )
        return {"_grid": grid, "links": between(layers[0], layers[-1], ALL_TO_ALL)}

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self._grid

    @property
    def codebook(self) -> Floats:
        """Weights of the neurons, shape (rows, columns, inputs); a read-only copy. Setting them as a whole
        also sets the biases.

        Like all methods of the map, it raises TopologyError if neurons or connections of the map have been
        added or removed.
        """
        weights = np.asarray(self.parts["links"].weights).T
        return _checks.read_only(weights.reshape(*self._grid, len(self.input)).astype(np.float64))

    @codebook.setter
    def codebook(self, values: ArrayLike) -> None:
        shape = self.codebook.shape
        weights = _checks.finite_array("The codebook", values, self.dtype)
        if weights.shape != shape:
            raise ArgumentError(f"Expected the codebook to have the shape {shape}, got {weights.shape}.")
        _require_squares("The codebook", weights)
        self._set(weights.reshape(len(self.output), -1))

    def _set(self, weights: Floats) -> None:
        """Set the weights, shape (neurons, inputs), and the biases that belong to them."""
        links, biases = self.parts["links"], -0.5 * (weights**2).sum(axis=1)
        with Deferred():
            links.weights = weights.T
            self.output.biases = biases

    def winner(self, sample: ArrayLike) -> tuple[int, int]:
        """Row and column of the neuron whose weights are nearest to a sample; the first in case of a tie."""
        _ = self.parts  # a map that has been edited has no grid
        row, column = np.unravel_index(int(self.activate(sample).argmax()), self._grid)
        return int(row), int(column)

    def train(
        self,
        samples: ArrayLike,
        epochs: int = 20,
        rate: Schedule | None = None,
        radius: Schedule | None = None,
        seed: Seed = None,
    ) -> list[float]:
        """Train on samples, in a new random order every epoch. The winner c and its neighbours learn::

            w_j += rate exp(-d_jc^2 / (2 radius^2)) (x - w_j)

        where d_jc is the distance on the grid.

        Parameters
        ----------
        samples : array_like, shape (N, inputs)
            The samples to map.
        epochs : int
            Number of passes through the samples.
        rate : float or callable of the epoch, optional
            Learning rate, from 0 to 1. Default: falls from 0.5 to 0.02 over the epochs by equal factors.
        radius : float or callable of the epoch, optional
            Width of the neighbourhood on the grid; with 0 only the winner learns. Default: falls from half
            the longer side of the grid to 0.5 by equal factors.
        seed : int or numpy.random.Generator, optional
            Seed of the random orders.

        Returns
        -------
        list of float
            Quantisation error after each epoch.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used. No weight has changed.
        """
        rows = self._checked(samples)
        last = _checks.positive_integer("The epochs of a training", epochs, MOST_EPOCHS)
        rates = _by_epoch("The rate", rate, (0.5, 0.02), last, most=1.0)
        radii = _by_epoch("The radius", radius, (max(0.5, max(self._grid) / 2), 0.5), last)
        rng, history = random_generator(seed), []
        for step, reach in zip(rates, radii, strict=True):
            self._epoch(rows[rng.permutation(len(rows))], step, reach)
            history.append(self.quantization_error(rows))
        return history

    def _epoch(self, samples: Floats, rate: float, radius: float) -> None:
        """Learn samples; if 2 radius^2 is 0, only the winners move."""
        weights, places = self.codebook.reshape(len(self.output), -1).copy(), self._places()
        width = 2 * radius**2
        for sample in samples:
            rows, columns = places - places[:, [self.activate(sample).argmax()]]
            apart = rows * rows + columns * columns
            near = np.exp(apart / -width) if width else (apart == 0).astype(np.float64)
            weights += (rate * near)[:, None] * (sample - weights)
            self._set(weights)

    def _places(self) -> Floats:
        """Row and column of every neuron, shape (2, neurons)."""
        return np.indices(self._grid).reshape(2, -1).astype(np.float64)

    def quantization_error(self, samples: ArrayLike) -> float:
        """Mean distance of the samples from the weights of their winners."""
        rows = self._checked(samples)
        weights = self.codebook.reshape(len(self.output), -1)
        winners = self.run(rows).argmax(axis=1)
        return float(np.linalg.norm(rows - weights[winners], axis=1).mean())

    def topographic_error(self, samples: ArrayLike) -> float:
        """Fraction of samples whose two nearest neurons are not neighbours on the grid: Kiviluoto 1996.

        The neighbours of a neuron are the eight around it.
        """
        activations = self.run(self._checked(samples))
        first, second = np.argsort(-activations, axis=1, kind="stable")[:, :2].T
        places = self._places()
        return float((((places[:, first] - places[:, second]) ** 2).sum(axis=0) > 2).mean())

    def _checked(self, samples: ArrayLike) -> Floats:
        _ = self.parts  # a map that has been edited has no grid
        rows = _checks.as_matrix("Samples", samples, len(self.input), self.dtype)
        if not len(rows):
            raise ArgumentError("Expected at least one sample, got none.")
        _require_squares("Samples", rows)
        return rows

    def __repr__(self) -> str:
        if self._grid[0] * self._grid[1] != len(self.output):  # it has been edited
            return super().__repr__()
        return self._described(f"{len(self.input)}-{self._grid[0]}x{self._grid[1]}")


def _checked_grid(grid: Any) -> tuple[int, int]:
    rows, columns = _checks.pair("The grid of Kohonen", grid, "two whole numbers (rows, columns)")
    sides = (
        _checks.positive_integer("The rows of Kohonen", rows, _checks.MOST_NEURONS),
        _checks.positive_integer("The columns of Kohonen", columns, _checks.MOST_NEURONS),
    )
    if sides == (1, 1):
        raise ArgumentError("Expected the grid of Kohonen to have at least 2 neurons, got 1.")
    return sides


def _require_squares(what: str, values: Floats) -> None:
    if not (np.abs(values) <= LARGEST).all():  # not of NaN either
        raise ArgumentError(
            f"Expected {_checks.lowered(what)} to be finite numbers within ±{LARGEST:g}, got others too."
        )


def _by_epoch(
    what: str, schedule: Schedule | None, ends: tuple[float, float], epochs: int, most: float = np.inf
) -> list[float]:
    """The values for all epochs, checked before the first; by default between two ends by equal factors."""
    if schedule is None:
        falling: list[float] = np.geomspace(*ends, epochs).tolist()
        return falling
    if callable(schedule):
        _checks.function_of(what, schedule, "epoch")
    numbers = []
    for epoch in range(epochs):
        value = schedule(epoch) if callable(schedule) else schedule
        number = _checks.non_negative_number(f"{what} of epoch {epoch}", value)
        if number > most:
            raise ArgumentError(_checks.expected(f"{what} of epoch {epoch}", f"from 0 to {most:g}", value))
        numbers.append(number)
    return numbers
