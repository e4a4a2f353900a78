"""A network that reads its own outputs: the closed loop behind forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import as_matrix, counted, expected, parts_of, place
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.ensemble import Ensemble
from ..objects.network import Network
from ..objects.state import preserved_context, read_context, restore_context

Model = Network | Ensemble
NOT_FED = np.uint64(np.iinfo(np.uint64).max)


@dataclass(frozen=True)
class Feedback:
    """Which outputs of a network become which of its inputs; the other inputs are given from outside."""

    fed: NDArray[np.intp]  # the outputs that are fed back,
    into: NDArray[np.intp]  # and their inputs
    given: NDArray[np.intp]  # the other inputs
    by_output: NDArray[np.uint64]  # for every output its input, for kernels

    @classmethod
    def of(cls, model: Model, feedback: Any) -> Feedback:
        """Check the argument of a user, by default that every output is the input of the same number."""
        n, m = sizes_of(model)
        pairs = _checked(feedback, n, m)
        fed, into = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
        by_output = np.full(m, NOT_FED)
        by_output[fed] = into
        return cls(fed, into, np.setdiff1d(np.arange(n), into), by_output)

    def outside(self, rows: Floats, future: Any, steps: int, model: Model) -> Floats:
        """The inputs from outside in the context and the steps - 1 rows after it, shape (T + steps - 1, k).

        Raises ArgumentError if `future` does not have these.
        """
        k, known = len(self.given), rows[:, self.given]
        if future is None:
            if k and steps > 1:
                raise ArgumentError(
                    f"{counted(k, 'input')} of {model!r} {'is' if k == 1 else 'are'} fed by no output. Give "
                    f"future=, with their values in the {counted(steps - 1, 'step')} after the context."
                )
            return np.vstack([known, np.empty((steps - 1, k))])
        if not k:
            raise ArgumentError(f"Every input of {model!r} is fed by an output. Omit future.")
        (values,), _ = parts_of("The future", future, k)
        ahead = as_matrix("The future", values, k, members(model)[0].dtype)
        if len(ahead) not in (steps - 1, steps):
            raise ArgumentError(
                f"Expected the future to have {steps - 1} rows, one for every step after the context but the "
                f"last, or {steps}, got {len(ahead)}."
            )
        return np.vstack([known, ahead[: steps - 1]])


def checked_rows(model: Any, context: Any) -> Floats:
    """The rows of a context or of a series, shape (T, n) with T > 0."""
    if not isinstance(model, Network | Ensemble):
        raise ArgumentTypeError(expected("What forecasts", "a Network or an Ensemble", model))
    n, _ = sizes_of(model)
    parts, together = parts_of("The context", context, n)
    if not together:
        raise ArgumentError("Expected the context to be one series (T, n), got several sequences.")
    rows = as_matrix("The context", parts[0], n, members(model)[0].dtype)
    if not len(rows):
        raise ArgumentError("The context has no row. Give at least one, after which the forecast begins.")
    return rows


def _checked(feedback: Any, n: int, m: int) -> list[tuple[int, int]]:
    """Pairs of an output and an input."""
    if feedback is None:
        if m > n:
            raise ArgumentError(
                f"The {m} outputs cannot be fed back to {counted(n, 'input')}. "
                "Give feedback={output: input} for those that can."
            )
        return [(o, o) for o in range(m)]
    if not isinstance(feedback, Mapping):
        raise ArgumentTypeError(
            expected("The feedback", "a dict {output: input} of numbers from 0", feedback)
        )
    pairs = [
        (place("An output of the feedback", o, m) % m, place("An input of the feedback", i, n) % n)
        for o, i in feedback.items()
    ]
    if not pairs:
        raise ArgumentError("The feedback is empty, so no output would become an input. Omit it to feed all.")
    if len({i for _, i in pairs}) < len(pairs):
        raise ArgumentError(f"Two outputs cannot be fed to one input, as in {feedback!r}.")
    return pairs


def members(model: Model) -> Sequence[Network]:
    """The networks of an ensemble, or a network alone."""
    return model if isinstance(model, Ensemble) else [model]


def sizes_of(model: Model) -> tuple[int, int]:
    """Numbers of inputs and outputs."""
    one = members(model)[0]
    return len(one.input), len(one.output)


def from_origins(
    model: Model, rows: Floats, feedback: Feedback, outside: Floats, steps: int, origins: range
) -> Floats:
    """Forecasts after each of these rows, which follow each other, shape (origins, steps, m).

    `outside` has the inputs that no output is fed to. The contexts of the networks are restored.
    """
    found = [_from_origins(one, rows, feedback, outside, steps, origins) for one in members(model)]
    mean: Floats = np.mean(found, axis=0)
    return mean


def _from_origins(
    network: Network, rows: Floats, feedback: Feedback, outside: Floats, steps: int, origins: range
) -> Floats:
    found = list[Floats]()
    with preserved_context(network):
        network.clear()
        last = network.run(rows[: origins.start + 1])[-1]
        for origin in origins:
            if found:
                last = network.run(rows[origin : origin + 1])[-1]
            context = read_context(network)
            found.append(_continued(network, last, feedback, outside[origin + 1 : origin + steps], steps))
            restore_context(network, context)
    return np.array(found)


def _continued(network: Network, last: Floats, feedback: Feedback, outside: Floats, steps: int) -> Floats:
    """The outputs from the present context on, shape (steps, m), the first of which are `last`."""
    inputs, outputs = np.zeros((steps - 1, len(network.input))), np.empty((steps, len(last)))
    outputs[0] = last
    if len(inputs):
        inputs[:, feedback.given] = outside
        inputs[0, feedback.into] = last[feedback.fed]
        network._feed(inputs, outputs[1:], feedback.by_output)
    return outputs
