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
SMALLEST = 10
"""Least number of errors from which samples are drawn."""


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

    def next_values(self, rows: Floats) -> Floats:
        """For all rows but the last, what the fed outputs should be: those inputs, one row later."""
        return rows[1:, self.into]

    def require(self, future: Any, steps: int, model: Model) -> Floats:
        """Check the inputs from outside for the steps after the context, shape (steps - 1, k)."""
        k = len(self.given)
        if future is None:
            if k and steps > 1:
                raise ArgumentError(
                    f"{counted(k, 'input')} of {model!r} {'is' if k == 1 else 'are'} fed by no output. Give "
                    f"future=, with their values in the {counted(steps - 1, 'step')} after the context."
                )
            return np.empty((max(steps - 1, 0), k))
        if not k:
            raise ArgumentError(f"Every input of {model!r} is fed by an output. Omit future.")
        rows = as_matrix("The future", _column(future, k), k, member(model).dtype)
        if len(rows) not in (steps - 1, steps):
            raise ArgumentError(
                f"Expected the future to have {steps - 1} rows, one for every step after the context but the "
                f"last, or {steps}, got {len(rows)}."
            )
        return rows[: steps - 1]


def checked_rows(model: Any, context: Any) -> Floats:
    """The rows of a context or of a series, shape (T, n) with T > 0."""
    if not isinstance(model, Network | Ensemble):
        raise ArgumentTypeError(expected("What forecasts", "a Network or an Ensemble", model))
    n, _ = sizes_of(model)
    parts, together = parts_of("The context", context, n)
    if not together:
        raise ArgumentError("Expected the context to be one series (T, n), got several sequences.")
    rows = as_matrix("The context", parts[0], n, member(model).dtype)
    if not len(rows):
        raise ArgumentError("The context has no row. Give at least one, after which the forecast begins.")
    return rows


def _column(values: Any, columns: int) -> Any:
    (rows,), _ = parts_of("The future", values, columns)
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


def member(model: Model) -> Network:
    """The first of them."""
    return members(model)[0]


def sizes_of(model: Model) -> tuple[int, int]:
    """Numbers of inputs and outputs."""
    one = member(model)
    return len(one.input), len(one.output)


def continued(
    network: Network,
    last: Floats,
    feedback: Feedback,
    future: Floats,
    steps: int,
    noise: Floats | None = None,
) -> Floats:
    """What the network says from the present context on, shape (steps, m), after its `last` outputs.

    `noise`, shape (steps, m), is added to the outputs, also where they are fed back.
    """
    inputs, outputs = np.zeros((steps - 1, len(network.input))), np.empty((steps, len(last)))
    outputs[0] = last
    if len(inputs):
        if len(feedback.given):
            inputs[:, feedback.given] = future
        if noise is not None:
            inputs[:, feedback.into] = noise[:-1, feedback.fed]
        inputs[0, feedback.into] += last[feedback.fed]
        network._feed(inputs, outputs[1:], feedback.by_output)
    return outputs if noise is None else outputs + noise


def paths(
    network: Network,
    rows: Floats,
    feedback: Feedback,
    future: Floats,
    steps: int,
    samples: int,
    rng: np.random.Generator,
) -> tuple[Floats, list[Floats]]:
    """The forecast of a network, and samples with errors drawn from those of its context."""
    with preserved_context(network):
        network.clear()
        outputs = network.run(rows)
        errors = _errors(rows, outputs, feedback) if samples else None
        context = read_context(network)
        forecast, sampled = continued(network, outputs[-1], feedback, future, steps), []
        for _ in range(samples):
            assert errors is not None
            restore_context(network, context)
            noise = np.zeros_like(forecast)
            noise[:, feedback.fed] = errors[rng.integers(len(errors), size=steps)]
            sampled.append(continued(network, outputs[-1], feedback, future, steps, noise))
    return forecast, sampled


def _errors(rows: Floats, outputs: Floats, feedback: Feedback) -> Floats:
    """Errors of one step in the second half of the context: its beginning follows a cleared context."""
    errors = feedback.next_values(rows) - outputs[:-1, feedback.fed]
    later = errors[len(errors) // 2 :]
    if len(later) < SMALLEST:
        raise ArgumentError(
            f"Samples need a context of at least {2 * SMALLEST} rows, whose errors they repeat, "
            f"got {len(rows)}."
        )
    return later


def from_origins(network: Network, rows: Floats, feedback: Feedback, steps: int, origins: range) -> Floats:
    """Forecasts after each of these rows, which follow each other; shape (origins, steps, m)."""
    found = list[Floats]()
    with preserved_context(network):
        network.clear()
        outputs = network.run(rows[: origins.start + 1])
        for origin in origins:
            context = read_context(network)
            future = rows[origin + 1 : origin + steps, feedback.given]
            found.append(continued(network, outputs[-1], feedback, future, steps))
            restore_context(network, context)
            outputs = network.run(rows[origin + 1 : origin + 2])
    return np.array(found)
