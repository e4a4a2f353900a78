"""What all agents share: episodes, observations and rewards in their scales, traces of networks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks as checks
from .._running_scale import RunningScale
from .._typing import Floats
from ..errors import ArgumentError, DivergenceError
from ..initializers import Seed, random_generator
from ..objects.network import Network, is_row, require_network
from ..objects.slopes import SlopeTraces

_latest: WeakKeyDictionary[Network, ref[Agent]] = WeakKeyDictionary()
"""The agent that has begun or acted last with each network: others have lost its context."""


class Agent(ABC):
    """Base class of agents. They learn at every step, along decaying traces of exact slopes.

    A network may have any topology; it learns by its own :attr:`Network.learning_rule`. After each reward, an
    agent computes the temporal difference δ by the weights so far, which takes a second forward pass, decays
    its traces, e ← γλe + slopes, and adds step δ e to the weights.
    """

    names: ClassVar[tuple[str, ...]]
    """The parameters that are its networks."""
    _actions: tuple[str, int] | None = None
    """What its space of actions has: ("n", 2) for one of two, ("size", 2) for two numbers; None: any."""

    def __init__(
        self,
        networks: tuple[Network, ...],
        bounds: tuple[float | None, ...],
        discount: float,
        trace: float,
        rate: float,
        normalise: bool,
        scale_rewards: bool,
        seed: Seed,
    ) -> None:
        for name, network in zip(self.names, networks, strict=True):
            require_network(f"The {name} of {type(self).__name__}", network)
        if len(set(networks)) < len(networks):
            raise ArgumentError(f"Expected two networks for {type(self).__name__}, got one for both.")
        self.discount = checks.from_0_to_1("The discount", discount)
        self.trace = checks.from_0_to_1("The trace", trace)
        self.rate = checks.non_negative_number("The rate", rate)
        self.bounds = tuple(
            0.0 if bound is None else checks.positive_number("The bound", bound) for bound in bounds
        )
        self.normalise = checks.boolean("The normalise", normalise)
        self.scale_rewards = checks.boolean("The scale_rewards", scale_rewards)
        self.rng = random_generator(seed)
        self._networks = networks
        self._traces = tuple(map(SlopeTraces, networks))
        self._scale, self._returns, self._return = RunningScale(len(networks[0].input)), RunningScale(1), 0.0
        self._value: float | None = None  # None: no episode has begun
        self._next: Any = None  # the next action, of an agent that chooses it in `_worth`
        self.steps = 0
        self.error = math.nan
        """The latest temporal difference δ, in units of scaled rewards; NaN before the first."""
        if len({len(network.input) for network in networks}) > 1:
            raise ArgumentError("Expected the two networks to have the same number of inputs.")

    def begin(self, observation: ArrayLike) -> Any:
        """Begin an episode: clear the context of the networks and the traces.

        Parameters
        ----------
        observation : array_like, shape (n,)
            The first observation: one finite number for each input neuron.

        Returns
        -------
        int, ndarray or float
            The first action; the value for :class:`TD`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the observation is not n finite numbers.
        """
        row = self._observed(observation)
        self._take_over()
        for network, traces in zip(self._networks, self._traces, strict=True):
            network.clear()
            traces.clear()
        self._return = 0.0
        self._next = None  # of an episode that was broken off
        return self._enter(self._standard(row, counted=True))

    def learn(
        self, reward: float, observation: ArrayLike, ended: bool = False, truncated: bool = False
    ) -> Any:
        """Learn from a reward and the observation that came with it.

        Parameters
        ----------
        reward : float
            The reward for the last action.
        observation : array_like, shape (n,)
            The observation after it.
        ended : bool
            Whether the episode has ended there, so that nothing follows: the value of the observation counts
            as 0. Default False.
        truncated : bool
            Whether the episode is broken off there, although something would follow: its value counts.
            Default False.

        Returns
        -------
        int, ndarray, float or None
            The next action; the value of the observation for :class:`TD`. None after the end of an episode.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If no episode has begun, another agent uses the network since then, or a number cannot be used.
            Nothing has changed then.
        DivergenceError
            If the values are no longer finite. The weights are those before this step.
        """
        row, value = self._observed(observation), self._value
        gain = checks.finite_number("The reward", reward)
        if ended is not False or truncated is not False:  # most steps are in the middle
            ended, truncated = checks.boolean("The ended", ended), checks.boolean("The truncated", truncated)
        if value is None:
            raise ArgumentError("Expected an episode that has begun. Call begin with the first observation.")
        self._require_latest()
        if self.scale_rewards:
            gain = self._scaled(gain)
        after = self._standard(row, counted=True)
        if self.discount and not ended:
            gain += self.discount * self._worth(after)
        delta, decay = gain - value, self.discount * self.trace
        if not math.isfinite(delta):
            raise DivergenceError(
                f"The temporal difference of {type(self).__name__} is not a finite number after "
                f"{checks.counted(self.steps, 'step')}. The weights are those before this step. Use a bound, "
                "a lower rate or bounded squashes."
            )
        self.error = delta
        before = [(network, network.weights, network.biases) for network in self._networks[:-1]]
        try:
            for traces, errors, bound in zip(self._traces, self._errors(delta), self.bounds, strict=True):
                traces.learn(errors, delta, decay, self.rate, bound)
        except DivergenceError:  # of the last network, after the first has learned
            for network, weights, biases in before:
                network.weights, network.biases = weights, biases
            raise
        self.steps += 1
        if ended or truncated:
            self._value = None
            return None
        return self._enter(after)

    def act(self, observation: ArrayLike, first: bool = False) -> Any:
        """Answer to an observation, in a step without learning or exploring.

        Parameters
        ----------
        observation : array_like, shape (n,)
            The observation.
        first : bool
            Whether it begins an episode: the context is cleared before. Default False.

        Returns
        -------
        int, ndarray or float
            The best or most probable action, or the means of continuous ones; the value for :class:`TD`. To
            learn again, call :meth:`begin`.
        """
        first, row = checks.boolean("The first", first), self._observed(observation)
        self._value = None
        self._take_over()
        network = self._networks[0]
        if first:
            network.clear()
        return self._answer(network.activate(self._standard(row)))

    @abstractmethod
    def _answer(self, outputs: Floats) -> Any:
        """The answer of :meth:`act` to the outputs of the first network."""

    @abstractmethod
    def _enter(self, row: Floats) -> Any:
        """Activate the networks at an observation; returns the action there."""

    def _worth(self, row: Floats) -> float:
        """The value of an observation that follows, by the weights so far: a second forward pass.

        An agent that needs the next action before it learns, as Sarsa does, chooses it here and stores it in
        `_next`, for :meth:`_enter`.
        """
        return float(self._networks[-1].peek(row).max())

    def _errors(self, delta: float) -> tuple[Floats | None, ...]:
        """The errors of the outputs of each network whose slopes are traced; None: their own slopes."""
        return (None,)

    def _observed(self, observation: ArrayLike) -> Floats:
        network = self._networks[0]
        if not self.normalise and is_row(observation, network._n_inputs):
            return observation  # the network refuses numbers that are not finite before anything changes
        return checks.vector("The observation", observation, len(network.input), network.dtype)

    def _standard(self, row: Floats, counted: bool = False) -> Floats:
        """The observation with running mean 0 and deviation 1, if it is normalised."""
        return self._scale.take(row, float(counted)) if self.normalise else row

    def _scaled(self, reward: float) -> float:
        """The reward, divided by the running deviation of the discounted sum of rewards so far."""
        self._return = self.discount * self._return + reward
        self._returns.take(np.array([self._return]))
        return reward / float(self._returns.deviation[0])

    def _take_over(self) -> None:
        _latest.update(dict.fromkeys(self._networks, ref(self)))

    def _require_latest(self) -> None:
        for network in self._networks:
            latest = _latest.get(network)
            if latest is None or latest() is not self:
                raise ArgumentError(
                    f"Another agent has taken over {network!r}. Call begin, which takes it back, or give "
                    "each agent a network of its own: network.clone()."
                )
