"""The data of an epoch, which are arrays that are the same in all epochs, or a stream
of batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from .._checks import function_of, is_number, require_type
from .._cost import Cost
from ..engine.locking import AllowInterrupt
from ..errors import ArgumentError, SynapseError
from ..objects.network import Network
from ..objects.snapshots import preserved_context
from ..optimizers import LBFGS, Optimizer, RecursiveOptimizer
from ._data import Data, Shape
from ._evaluation import mean_cost
from .rules import RuleTask

NO_TARGET = "Expected at least one step with a target and a weight above 0, got none."
END = object()


@dataclass
class Arrays:
    """Data given as arrays, which are one task for all epochs."""

    task: RuleTask
    whole = True  # an epoch is one task

    @property
    def shape(self) -> Shape:
        """Shape by which the data are recognised."""
        return self.task.data.shape

    @property
    def rows(self) -> int:
        """Number of rows in an epoch."""
        return len(self.task.data.inputs)

    def __iter__(self) -> Iterator[RuleTask]:
        return iter((self.task,))

    def measure(self, network: Network, cost: Cost) -> Callable[[], float]:
        """Return a function that measures the mean cost of the present weights, without
        learning.
        """

        def mean() -> float:
            with preserved_context(network):
                task = self.task
                threads = task.options.threads
                return mean_cost(network, task.data, cost, task.weights, threads).loss

        return mean

    def measurable(self, metrics: Iterable[Any], others: Iterable[Any]) -> Data | None:
        """Return the data for which there are metrics."""
        return self.task.data if metrics else None

    def shuffled(self, shuffle: bool | None) -> bool:
        """Return whether the order of sequences is new in every epoch."""
        data = self.task.data
        if shuffle and data.stream:
            raise ArgumentError(
                "A stream into a network with memory cannot be shuffled, as its order"
                " matters. Pass sequences, (S, T, n), or leave shuffle out."
            )
        return data.sequences > 1 if shuffle is None else shuffle


@dataclass
class BatchStream:
    """Batches from an iterable or a function. `prepare` checks a pair of arrays and
    returns a task.
    """

    batches: Any
    prepare: Callable[[Any, Any], RuleTask]
    rows = None  # the number of rows is unknown before the end of an epoch
    shape = None
    whole = False

    def __iter__(self) -> Iterator[RuleTask]:
        number = 0
        with AllowInterrupt():
            batches = iter(_iterable(self.batches))
        while True:
            with AllowInterrupt():
                batch = next(batches, END)
            if batch is END:
                break
            number += 1
            yield self._fitting(number, batch)
        if not number:
            raise ArgumentError(
                "There are no batches in this epoch. Pass batches that can be iterated"
                " over again, such as a list, or a function that returns new ones for"
                " each epoch."
            )

    def measure(self, network: Network, cost: Cost) -> None:
        """Return None instead of a function that measures the mean cost, because
        batches are not stored.
        """

    def measurable(self, metrics: Iterable[Any], others: Iterable[Any]) -> None:
        """Return None instead of data for metrics, because batches are not stored.
        Raises an error if there are metrics but no data for them.
        """
        if metrics and not others:
            raise ArgumentError(
                "Metrics cannot be computed on a stream of batches, because it is"
                " not stored. Pass validation or eval_set, too."
            )

    def shuffled(self, shuffle: bool | None) -> bool:
        """Return False, because batches are used in the order of the stream."""
        if shuffle:
            raise ArgumentError(
                "A stream of batches is used in its own order. Shuffle it beforehand."
            )
        return False

    def _fitting(self, number: int, batch: Any) -> RuleTask:
        """Return the task of a batch, or raise an error with its number, from 1."""
        try:
            return self.prepare(*_pair(batch))
        except SynapseError as error:
            raise type(error)(f"In batch {number}: {error}") from error.__cause__


def is_stream(inputs: Any, targets: Any) -> bool:
    """Return whether the data are batches, because there are no targets and the data
    are not a list of samples as dicts.
    """
    if targets is not None:
        return False
    return not (isinstance(inputs, list) and inputs and isinstance(inputs[0], Mapping))


def checked_batches(batches: Any, epochs: int) -> Any:
    """Return `batches` if every epoch can iterate over them, or raise an error."""
    single = (
        isinstance(batches, str | bytes | Mapping)
        or hasattr(batches, "__array__")
        or is_number(batches)
    )
    require_type(
        batches is not None and not single,
        "The data of a training",
        "(inputs, targets) as two arguments, or an iterable of such pairs as the"
        " only one",
        batches,
    )
    if isinstance(batches, Iterator) and epochs > 1:
        raise ArgumentError(
            f"An iterator is exhausted after one epoch, but epochs is {epochs}. Pass a"
            " function that returns a new one for each epoch, or epochs=1."
        )
    if not isinstance(batches, Iterable) and callable(batches):
        return function_of("batches", batches)
    return _iterable(batches)


def refuse_for_streams(
    optimizer: Optimizer | LBFGS | RecursiveOptimizer | None,
    validation: Any,
    sample_weight: Any | None,
) -> None:
    """Raise an error if an argument needs all data at once."""
    if is_number(validation):
        raise ArgumentError(
            "No fraction of a stream of batches can be held out, because its length"
            " is unknown. Pass validation=(inputs, targets)."
        )
    if sample_weight is not None:
        raise ArgumentError(
            "`sample_weight` is for arrays. For a stream of batches, pass class_weight."
        )
    if isinstance(optimizer, LBFGS):
        raise ArgumentError(
            "L-BFGS needs all data at once. Pass arrays: train(inputs, targets)."
        )


def held_out_pairs(batches: Any) -> list[tuple[Any, Any]]:
    """Return the inputs and targets of held-out batches, such as the batches of a
    DataLoader. A tuple of two is one batch.
    """
    if isinstance(batches, tuple) and len(batches) == 2:
        if all(isinstance(pair, tuple) and is_pair(pair) for pair in batches):
            raise ArgumentError(
                "`validation` must be a tuple (inputs, targets) or a list of such"
                " batches, got a tuple of two pairs of arrays. Pass batches as a list,"
                " or sequences as lists."
            )
        return [batches]
    single = isinstance(batches, str | bytes | Mapping | Set) or hasattr(
        batches, "__array__"
    )
    require_type(
        not single
        and (isinstance(batches, Iterable) or hasattr(batches, "__getitem__")),
        "validation",
        "a fraction, a tuple (inputs, targets), or a list or other iterable of such"
        " pairs",
        batches,
    )
    pairs = [
        _pair(batch, "held-out arrays as a tuple: validation=(inputs, targets)")
        for batch in batches
    ]
    if not pairs:
        raise ArgumentError(
            "Expected at least one batch in the held-out data, got none."
        )
    return pairs


def _iterable(batches: Any) -> Any:
    """Return an iterable of batches, `batches` itself or the result of calling it."""
    if not isinstance(batches, Iterable) and callable(batches):
        batches = batches()
    require_type(
        isinstance(batches, Iterable) or hasattr(batches, "__getitem__"),
        "batches",
        "an iterable of pairs, (inputs, targets), or a function that returns one",
        batches,
    )
    return batches


def is_pair(batch: Any) -> bool:
    """Return whether a tuple or list consists of two arrays."""
    return len(batch) == 2 and all(hasattr(array, "__array__") for array in batch)


def _pair(
    batch: Any, advice: str = "arrays as two arguments: train(inputs, targets)"
) -> tuple[Any, Any]:
    """Return the inputs and targets of a batch. A list of two arrays, as from a
    DataLoader, is a pair, too.
    """
    pair = isinstance(batch, tuple) and len(batch) == 2
    require_type(
        pair or (isinstance(batch, list) and is_pair(batch)),
        "A batch",
        "a pair, (inputs, targets)",
        batch,
        f"Pass {advice}.",
    )
    return batch[0], batch[1]
