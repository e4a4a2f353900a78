"""Training by batches: the gradients of several steps or sequences, and what an optimizer makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _ties
from .._checks import expected, finite_number, non_negative_number, positive_number, settle
from .._typing import Floats
from ..engine.guard import InUse
from ..engine.store import Store
from ..errors import ArgumentError, DivergenceError, KindError
from ..layer import Layer
from ..network import Network
from ..optimizers import LBFGS, Optimizer, clip_by_norm, clip_by_value
from .data import Data
from .passes import in_order
from .unfolding import ADVICE, Unfolding, require_alone

if TYPE_CHECKING:
    from .trainer import Trainer

Chances = float | Mapping[str | Layer, float]
Part = tuple[float, float, Floats, int]
"""Summed cost, steps it is of, gradient, rows done."""

FLOAT32_MAX = float(np.finfo(np.float32).max)
MAGNIFIED = 2.0**30
"""The rate at which single steps of the online rule are read off: their rounding shrinks with it."""


@dataclass(frozen=True)
class Penalties:
    """What is added to a gradient, and how it is kept within bounds.

    Attributes
    ----------
    l1, l2 : float
        By how much |w| and w^2 / 2 of every weight count; biases are left out.
    clip : float, optional
        The longest gradient; a longer one is shrunk.
    clip_value : float, optional
        The largest entry of a gradient.
    """

    l1: float = 0.0
    l2: float = 0.0
    clip: float | None = None
    clip_value: float | None = None

    def __post_init__(self) -> None:
        settle(self, non_negative_number, "l1", "l2")
        settle(
            self,
            positive_number,
            *(name for name in ("clip", "clip_value") if getattr(self, name) is not None),
        )

    def of(self, weights: Floats) -> float:
        """What is added to the cost."""
        return float(self.l1 * np.abs(weights).sum() + 0.5 * self.l2 * (weights**2).sum())

    def apply(self, gradient: Floats, weights: Floats) -> None:
        """Change a gradient in place; it begins with that of the weights."""
        slopes = gradient[: len(weights)]
        if self.l1:
            slopes += self.l1 * np.sign(weights)
        if self.l2:
            slopes += self.l2 * weights
        if self.clip_value is not None:
            clip_by_value(gradient, self.clip_value)
        if self.clip is not None:
            clip_by_norm(gradient, self.clip)


class Dropout:
    """What activations are multiplied by while a network learns: Srivastava and others 2014.

    A neuron is left out with its chance, and what it says otherwise is enlarged, so that the mean stays.

    Parameters
    ----------
    network : Network
        What learns.
    each_step, whole : float or mapping of layers (or their names) to float
        The chance of each neuron to be left out of a step, or of a whole sequence (the recurrent
        dropout of Gal and Ghahramani 2016). A number: of all hidden neurons.
    """

    def __init__(self, network: Network, each_step: Chances, whole: Chances) -> None:
        self.network, self.each_step, self.whole = network, each_step, whole
        self.any = any(chances.any() for chances in self._chances())

    def _chances(self) -> tuple[Floats, Floats]:
        """Those of every neuron, as the network is now."""
        return (
            _chances("The dropout of a Trainer", self.network, self.each_step),
            _chances("The recurrent_dropout of a Trainer", self.network, self.whole),
        )

    def masks(self, rng: np.random.Generator) -> Callable[[int, int], Floats]:
        """Masks of (steps, neurons, samples), drawn anew at each call."""
        each_step, whole = self._chances()

        def draw(steps: int, samples: int) -> Floats:
            mask = np.ones((steps, len(whole), samples))
            for chances, count in ((each_step, steps), (whole, 1)):
                some = np.flatnonzero(chances)
                keep = 1.0 - chances[some, None]
                mask[:, some] *= (rng.random((count, len(some), samples)) < keep) / keep
            return mask

        return draw


def _chances(what: str, network: Network, given: Chances) -> Floats:
    """The chance of every neuron to be left out."""
    by_layer = given if isinstance(given, Mapping) else dict.fromkeys(network.hidden, given)
    chances = np.zeros(len(network))
    place = {neuron: i for i, neuron in enumerate(network)}
    for key, chance in by_layer.items():
        layer: Any = network[key] if isinstance(key, str) else key
        if not isinstance(layer, Layer) or any(neuron not in place for neuron in layer):
            raise KindError(expected(f"A layer of {what[0].lower()}{what[1:]}", "one of the network", key))
        if any(place[neuron] >= len(network) - len(network.output) for neuron in layer):
            raise ArgumentError(f"{what} must leave the outputs alone: it is they that the cost judges.")
        value = finite_number(what, chance)
        if not 0 <= value < 1:
            raise ArgumentError(expected(what, "0 or above and below 1", chance))
        chances[[place[neuron] for neuron in layer]] = value
    return chances


class Learnt:
    """Everything of a network that learns, as one vector: its weights, then its biases.

    What is tied is there once.
    """

    def __init__(self, network: Network) -> None:
        store, connections, neurons = network._store, network._connection_rows(), network._rows()
        self.network, self.topology = network, store.topology_version
        self.of_weights = Parameters(store, "weight", connections)
        self.of_biases = Parameters(store, "bias", neurons)
        self.weights = self.of_weights.count
        self.learning = store["trainable_bias"].copy()
        learns = self.learning[neurons] != 0
        learns[: len(network.input)] = False
        self.frozen = self.added_up(store["trainable"][connections] != 0, learns) == 0

    @property
    def holds(self) -> bool:
        """Whether the same numbers learn still: no edit has changed the topology, or frozen something."""
        return self.writable and bool((self.network._store["trainable_bias"] == self.learning).all())

    @property
    def writable(self) -> bool:
        """Whether the numbers are where they were: no edit has changed the topology."""
        return self.topology == self.network._store.topology_version

    def read(self) -> Floats:
        """The vector as it is now."""
        return np.concatenate([self.of_weights.read(), self.of_biases.read()]).astype(float)

    def write(self, values: Floats) -> None:
        """Let the network have these; where an edit has changed its structure meanwhile, it keeps its own."""
        with InUse(self.network):
            if self.writable:
                self.of_weights.write(values[: self.weights])
                self.of_biases.write(values[self.weights :])

    def added_up(self, weights: NDArray[Any], biases: NDArray[Any]) -> NDArray[Any]:
        """One vector of what there is for every connection and every neuron: of tied ones the sum."""
        return np.concatenate([self.of_weights.added_up(weights), self.of_biases.added_up(biases)])

    def once(self, weights: Floats, biases: Floats) -> Floats:
        """One vector of what there is for every connection and every neuron: of tied ones the first."""
        return np.concatenate([self.of_weights.once(weights), self.of_biases.once(biases)])


class Parameters:
    """A column's numbers in some rows, shared ones once, in the order of their first row."""

    def __init__(self, store: Store, name: str, rows: NDArray[Any]) -> None:
        self.store, self.name, self.rows = store, name, rows
        tie = store[_ties.TIES[name]]
        self.count, self.tied = len(rows), bool(tie[rows].any())
        if self.tied:
            self.first, self.place = _ties.distinct(tie[rows])
            self.count = len(self.first)
            others, like = _ties.other_members(tie, rows)  # members in another network follow
            self.written = np.concatenate([rows, others])
            self.taken = np.concatenate([self.place, self.place[like]])

    def read(self) -> NDArray[Any]:
        """The numbers as they are now."""
        return self.once(self.store[self.name][self.rows])

    def write(self, values: Floats) -> None:
        """Set them."""
        if self.tied:
            self.store[self.name][self.written] = values[self.taken]
        else:
            self.store[self.name][self.rows] = values

    def once(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of values by row, those of the first rows."""
        return values[self.first] if self.tied else values

    def added_up(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of values by row, the sum for each number."""
        return np.bincount(self.place, values, self.count) if self.tied else values


class _Edited(Exception):  # noqa: N818 - ends a search, is no error
    """Another thread has edited the network during a search."""


class Batches:
    """One training by batches: gradients of some sequences or steps, and the moves made of them."""

    def __init__(
        self,
        trainer: Trainer,
        data: Data,
        weights: Floats | None,
        one_pass: Callable[..., tuple[float, int]],
        rng: np.random.Generator,
    ) -> None:
        self.trainer, self.data, self.rng = trainer, data, rng
        counted = data.aimed * (1.0 if weights is None else weights)
        self.steps, filled = np.zeros(data.sequences), in_order(data)
        self.steps[filled] = np.add.reduceat(counted, data.bounds[filled].astype(np.int64))
        self.one_pass = one_pass
        self._lay_out()
        if trainer.method == "bptt":
            self.unfolding = Unfolding(trainer.network, data, trainer.threads, weights)

    def _lay_out(self) -> None:
        """Find what learns. What the optimizer has kept goes on while that is the same."""
        trainer, rule = self.trainer, self.trainer.optimizer
        require_alone(trainer.network)
        self.masks = trainer.dropout.masks(self.rng) if trainer.dropout.any else None
        kept = trainer._kept
        if kept is None or not kept[0].holds or getattr(kept[1], "optimizer", None) is not rule:
            learnt = Learnt(trainer.network)
            moves = rule.begin(learnt.read(), learnt.frozen) if isinstance(rule, Optimizer) else None
            trainer._kept = kept = learnt, moves
        self.learnt, self.moves = kept

    def epoch(
        self, order: NDArray[np.uint64], rate: float | None, bar: Any, stop: Callable[[], bool]
    ) -> tuple[float, float]:
        """A move after every batch, until `stop` asks for the end. Summed cost, and its number of steps."""
        if not self.learnt.holds:  # a callback has edited the network
            self._lay_out()
        total, steps = 0.0, 0.0
        gradients = self._unfolded if self.trainer.method == "bptt" else self._stepped
        for cost, count, gradient, rows in gradients(order):
            total, steps = total + cost, steps + count
            bar.update(rows)
            if not np.isfinite(cost):
                break
            self._move(gradient, rate)
            if stop():
                break
        return total, steps

    def _move(self, gradient: Floats, rate: float | None) -> None:
        """One step of the optimizer."""
        assert self.moves is not None
        values = self.learnt.read()
        self.trainer.penalties.apply(gradient, values[: self.learnt.weights])
        self.moves.step(values, gradient, rate)
        if self.trainer.network._store.dtype == np.float32 and np.abs(values).max(initial=0.0) > FLOAT32_MAX:
            raise DivergenceError(f"A weight or a bias left the range of float32. {ADVICE}")
        self.learnt.write(values)

    # --- exact gradients -------------------------------------------------------------------

    def _unfolded(self, order: NDArray[np.uint64]) -> Iterator[Part]:
        size = self.trainer.batch_size or 32
        lengths = np.diff(self.data.bounds.astype(np.int64))
        for first in range(0, len(order), size):
            chosen = order[first : first + size]
            yield (*self._exact(chosen), int(lengths[chosen].sum()))

    def _exact(self, chosen: NDArray[np.uint64]) -> tuple[float, float, Floats]:
        """The summed cost of some sequences, the steps it is of, and the mean of their gradients."""
        share = np.full(len(chosen), 1.0 / len(chosen))
        loss, weights, biases = self.unfolding.moves(
            chosen, share, self.trainer.cost, self.trainer.window, masks=self.masks
        )
        rows = self.learnt.of_weights.rows
        gradient = -self.learnt.added_up(weights[rows], biases)
        return loss * len(chosen), float(self.steps[chosen].sum()), gradient

    def search(self, epochs: int, tell: Callable[[float], bool]) -> None:
        """L-BFGS over all sequences; `tell` is given the mean cost after each iteration, and may end it.

        Where it has edited the network the search begins anew, from what there is then.
        """
        while epochs > 0:
            with InUse(self.trainer.network):
                self._lay_out()
                begin = self.learnt.read()
            done, ended = self._searched(epochs, begin, tell)
            epochs = 0 if ended else epochs - done

    def _searched(self, epochs: int, reached: Floats, tell: Callable[[float], bool]) -> tuple[int, bool]:
        """One search from the numbers reached; how many iterations it did, and whether it has ended."""
        optimizer, learnt, penalties = self.trainer.optimizer, self.learnt, self.trainer.penalties
        assert isinstance(optimizer, LBFGS)
        every, costs = in_order(self.data), {}
        done, ended = 0, True

        def function(values: Floats) -> tuple[float, Floats]:
            with self._unedited():
                learnt.write(values)
                cost, steps, gradient = self._exact(every)
            weights = values[: learnt.weights]
            penalties.apply(gradient, weights)
            costs[values.tobytes()] = cost / steps
            return cost / len(every) + penalties.of(weights), gradient

        def callback(values: Floats, _: float) -> bool:
            nonlocal reached, done, ended
            with self._unedited():
                learnt.write(values)
                reached, done = learnt.read(), done + 1
            stop = tell(costs[values.tobytes()])
            with InUse(learnt.network):
                ended = stop or (learnt.holds and bool((learnt.read() == reached).all()))
            return stop or not ended

        try:
            found = replace(optimizer, iterations=epochs).minimise(function, reached, learnt.frozen, callback)
            if ended:
                learnt.write(found)
            if done == 0:  # it could not get any lower
                with self._unedited():
                    cost, steps, _ = self._exact(every)
                tell(cost / steps)
        except _Edited:
            return done, False
        except BaseException:
            learnt.write(reached)
            raise
        return done, ended

    @contextmanager
    def _unedited(self) -> Iterator[None]:
        """The network is in use, and still has the structure that a search began with."""
        with InUse(self.trainer.network):
            if not self.learnt.writable:
                raise _Edited
            yield

    # --- the online rule -------------------------------------------------------------------

    def _stepped(self, order: NDArray[np.uint64]) -> Iterator[Part]:
        """What the online rule would do in some steps, summed up while the weights stay as they are."""
        data, size = self.data, self.trainer.batch_size or 1
        self.before = self.learnt.read()
        gradient, cost, steps, rows = self._nothing(), 0.0, 0, 0
        for sequence in order.tolist():
            if data.clear:
                self.trainer.network.clear()
            for row in range(int(data.bounds[sequence]), int(data.bounds[sequence + 1])):
                one, aimed, slopes = self._one_step(row)
                gradient += slopes
                cost, steps, rows = cost + one, steps + aimed, rows + 1
                if steps == size or not np.isfinite(cost):
                    yield cost, steps, gradient, rows
                    gradient, cost, steps, rows = self._nothing(), 0.0, 0, 0
                    self.before = self.learnt.read()
        if steps:
            yield cost, steps, gradient, rows

    def _nothing(self) -> Floats:
        return np.zeros(len(self.learnt.frozen))

    def _one_step(self, row: int) -> tuple[float, int, Floats]:
        """The cost of a step, whether it has a target, and minus its move at a rate of 1.

        Moves are proportional to the rate, so they are made large, against rounding, and taken back.
        """
        cost, aimed = self.one_pass(self.data.row(row), MAGNIFIED)
        if not (aimed and np.isfinite(cost)):
            return cost, aimed, self._nothing()
        slopes = (self.before - self.learnt.read()) / MAGNIFIED
        self.learnt.write(self.before)
        return cost, aimed, slopes
