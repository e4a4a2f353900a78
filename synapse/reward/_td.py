"""Prediction of discounted sums by temporal differences."""

from __future__ import annotations

from copy import copy
from dataclasses import KW_ONLY
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    Option,
    boolean,
    finite_array,
    suggests_arguments,
    with_options,
)
from .._scale import Scale
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ._agent import Agent

STEPS_PER_CALL = 4_096
"""Steps of a stream in one call of compiled code, after which Ctrl-C is noticed.
``python -m benchmarks.variants _td.STEPS_PER_CALL``: rows take 1.50 times as long with
a tenth, 0.78 times with ten times."""


@final
@suggests_arguments("agent")
@with_options
class TD(Agent):
    r"""TD(λ), which predicts the discounted sum of future rewards (Sutton 1988) with
    exact slopes of any network.

    δ = r + γ v(o') − v(o);  e ← γ λ e + ∂v(o)/∂w;  w ← w + step δ e

    Parameters
    ----------
    network : Network
        The network. Its only output is the value v and needs a squash without bounds,
        such as "identity". If the network has memory, set its learning rule to "rtrl".

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or if the network does not meet the conditions
        above.

    Examples
    --------
    A bell rings, and food comes two steps later:

    >>> import architect
    >>> net = architect.Perceptron(3, 1, squash="identity", seed=0)
    >>> agent = TD(net, discount=0.9, update=0.1, normalize=False)
    >>> for _ in range(200):
    ...     value = agent.begin([1.0, 0.0, 0.0])  # the bell
    ...     value = agent.learn(0.0, [0.0, 1.0, 0.0])
    ...     end = agent.learn(1.0, [0.0, 0.0, 1.0], terminated=True)  # food
    >>> round(float(agent.act([1.0, 0.0, 0.0])), 2)
    0.9
    """

    _network_names: ClassVar[tuple[str, ...]] = ("network",)

    network: Network
    _: KW_ONLY
    scale_rewards: Option[bool, bool] = Option(
        "bool",
        """Whether rewards are divided by the running deviation of their discounted
        sums. Values are then in these units. Default False.""",
        boolean,
        default=False,
    )

    def _read_outputs(self) -> None:
        self._require_values("network", single=True)

    def run(self, observations: ArrayLike, rewards: ArrayLike) -> Floats:
        """Learn from a stream with an observation and a reward for every step.

        Parameters
        ----------
        observations : array_like, shape (T, n)
            The observations. The first begins an episode if none has begun.
        rewards : array_like, shape (T,)
            The rewards. Reward t comes with observation t. If the first observation
            begins an episode, its reward is not used.

        Returns
        -------
        ndarray, shape (T,)
            The value of each observation before its reward is known.
        """
        rows = finite_array("observations", observations, self.network.dtype)
        gains = finite_array("rewards", rewards)
        if (
            rows.ndim != 2
            or gains.shape != rows.shape[:1]
            or rows.shape[1] != len(self.network.input)
        ):
            raise ArgumentError(
                f"Expected observations of shape (T, {len(self.network.input)}) and T"
                f" rewards, got shapes {rows.shape} and {gains.shape}."
            )
        values = np.empty(len(rows))
        t = 0
        while t < len(rows):
            values[t] = (
                self.begin(rows[t])
                if self._value is None
                else self.learn(gains[t], rows[t])
            )
            t += 1
            ahead = slice(t, min(t + STEPS_PER_CALL, len(rows) - 1))
            if ahead.start < ahead.stop and self._traces[0].can_stream:
                self._learn_rows(rows[ahead], gains[ahead], values[ahead])
                t = ahead.stop
        return values

    def _learn_rows(self, rows: Floats, gains: Floats, values: Floats) -> None:
        """Learn from some rows in one call of compiled code."""
        traces = self._traces[0]
        prepared, counted = self._prepared(rows, gains)
        done, status = traces.learn_stream(*prepared, values, self.discount)
        if done < len(rows):  # only the rows that were learned count
            _, counted = self._prepared(rows[:done], gains[:done])
        numbers, self._returns, self._return = counted
        self._count(numbers)
        self.steps += done
        if done:
            self._value = float(values[done - 1])
        traces.require_done(status)

    def _prepared(
        self, rows: Floats, gains: Floats
    ) -> tuple[tuple[Floats, Floats], tuple[Floats | None, Scale, float]]:
        """Return rows and rewards in their scales, each by what came up to it, and
        what the scales are after them. Nothing changes.
        """
        returns, total = copy(self._returns), self._return
        if self.scale_rewards:
            scaled = []
            for gain in gains.tolist():
                returns._numbers, total, reward = self._scaled(returns, total, gain)
                scaled.append(reward)
            gains = np.array(scaled)
        standard, numbers = self._counted(rows)
        return (standard, gains), (numbers, returns, total)

    def _answer(self, outputs: Floats) -> float:
        return float(outputs[0])

    def _observe(self, row: Floats) -> float:
        value = vars(self)["_value"] = float(self.network.activate(row)[0])
        return value
