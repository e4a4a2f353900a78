"""What all agents share: episodes, observations and rewards in their scales, traces of
networks.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks as checks
from .._checks import Option, is_row
from .._defaults import DISCOUNT, TRACE
from .._initializer import Seed, random_generator
from .._model import Model
from .._scale import SQUARABLE, TOO_LARGE, Scale
from .._typing import Floats
from ..engine.online.step_formulas import Chain
from ..errors import ArgumentError, DivergenceError
from ..objects.eligibility_traces import EligibilityTraces
from ..objects.network import Network, require_network
from ..objects.outputs import require_range, squashes_of
from ..objects.sensitivities import ONLINE
from ..readwrite._formats import Archived
from . import _archive
from ._updates import OF_VALUES, Update, update_of

_latest: WeakKeyDictionary[Network, ref[Agent]] = WeakKeyDictionary()
"""The agent that has begun or acted last with each network: others have lost its
context."""


SURELY_FINE = 1e75
"""Numbers whose squares have this sum at most are within the range of float32, and can
be standardised."""


@checks.suggests_attributes("Agent")
@checks.with_options
class Agent(Archived, metaclass=checks.AbstractOwnNames):
    """Base class of agents, which learn at every step from decaying traces of exact
    slopes.

    A network may have any topology. It learns by its own :attr:`Network.rule`, which
    must be "rtrl" if the network has memory. After each reward, the agent computes the
    temporal difference δ with the present weights, which takes a second forward pass.
    It then decays its traces, e ← γλe + slopes, and lets its `update` change the
    weights.

    Parameters
    ----------
    network : Network
        The agent's network. Some classes have several networks, with other names.
    """

    _: KW_ONLY
    discount: Option[float, float] = Option(
        "float",
        "Discount γ of later rewards, from 0 to 1. Default 0.99.",
        checks.from_0_to_1,
        default=DISCOUNT,
    )
    trace_decay: Option[float, float] = Option(
        "float",
        "Decay λ of the traces, from 0 to 1. Default 0.8.",
        checks.from_0_to_1,
        default=TRACE,
    )
    update: Option[Update, Update | float] = Option(
        "Update or float",
        """How δ and the traces change the parameters, such as :class:`ObGD`; a number
        is the size of every step. It is read at the beginning of an episode, as are
        discount, decay and `normalize`. Default: ``Intentional(0.25)``.""",
        update_of,
        default=OF_VALUES,
    )
    normalize: Option[bool, bool] = Option(
        "bool",
        """Whether observations are scaled to running mean 0 and deviation 1. Default
        True.""",
        checks.boolean,
        default=True,
    )
    scale_rewards: Option[bool, bool] = Option(
        "bool",
        """Whether rewards are divided by the running deviation of their discounted
        sums. Default True.""",
        checks.boolean,
        default=True,
    )
    _network_names: ClassVar[tuple[str, ...]]
    """The parameters that are its networks."""
    _update_names: ClassVar[tuple[str, ...]] = ("update",)
    """The attributes with the updates of these networks."""
    _conditions: ClassVar[dict[str, Callable[[Any, Mapping[str, Any]], bool]]] = {
        "value": lambda agent, of: isinstance(of["_value"], float | None),
        "steps": lambda agent, of: type(of["steps"]) is int and of["steps"] >= 0,
        "return": lambda agent, of: type(of["_return"]) is float,
        "error": lambda agent, of: type(of["error"]) is float,
    }
    """What must hold of an agent and what its file remembers, by its subject."""
    _mark = "synapse agent"
    _alone = "agent.model"

    def __post_init__(self, seed: Seed = 0) -> None:
        """Check that the networks fit together."""
        networks = tuple(getattr(self, name) for name in self._network_names)
        for name, network in zip(self._network_names, networks, strict=True):
            require_network(self._title(name), network)
        if len(set(networks)) < len(networks):
            raise ArgumentError(
                f"Expected two networks for {type(self).__name__}, got one for both."
            )
        if len({len(network.input) for network in networks}) > 1:
            raise ArgumentError("The two networks must have the same number of inputs.")
        self._networks = networks
        # what a space of actions has: ("n", 2) for one of two, ("size", 2) for two
        # numbers; None: any
        self._actions: tuple[str, int] | None = None
        self._read_networks()
        self._renew_scale()
        self._rng = random_generator(seed)
        self._traces = tuple(map(EligibilityTraces, networks))
        self._returns = Scale(1)
        self._return = 0.0
        self._value: float | None = None  # None: no episode has begun
        self._prepared_action: Any = None
        # the next action, of an agent that chooses it in `_bootstrap_value`
        self._next: Any = None
        self._use(self._present_chains())
        # networks with which another agent has begun or acted since
        self._taken_over: list[Network] = []
        self.steps = 0
        self.error = math.nan
        """The latest temporal difference δ, in units of scaled rewards; NaN before the
        first."""

    def __repr__(self) -> str:
        networks = " and ".join(map(repr, self._networks))
        changed = [
            f", {name}={checks.short_repr(value)}"
            for name, (value, default) in _archive.arguments_of(self).items()
            if value != default
        ]
        steps = checks.pluralize(self.steps, "step")
        return f"<{type(self).__name__} of {networks}: {steps}{''.join(changed)}>"

    @property
    def model(self) -> Model:
        """The acting network with the scale of the observations, to be saved, loaded
        elsewhere or exported. ``model.whole()`` returns a network that accepts
        observations as the environment returns them.

        The best action is the one with the largest output. If actions are continuous,
        the first half of the outputs are the means.
        """
        return self._models[0]

    def _set_scale(self, scale: Scale | None) -> None:
        """Set the scale of observations, which the networks share."""
        self._models = tuple(_model_of(network, scale) for network in self._networks)

    def _renew_scale(self) -> None:
        """Begin with a new scale of observations, if they are normalised."""
        size = len(self._networks[0].input)
        self._set_scale(Scale(size) if self.normalize else None)

    def _title(self, name: str) -> str:
        """Return the parameter of this name in messages."""
        return f"{name} of {type(self).__name__}"

    def _read_networks(self) -> None:
        """Check that the networks suit an agent, as they are now, and read what its
        actions are; ArgumentError if they do not, or if a network with memory learns by
        the online rule.
        """
        self._read_outputs()
        for name, network in zip(self._network_names, self._networks, strict=True):
            if network.has_memory and network.rule.name == ONLINE:
                raise ArgumentError(
                    f"{checks.subject(self._title(name))}, which has memory, must"
                    f' learn by "rtrl", got {network!r}, which learns by "online". Its'
                    " gradient can leave out effects of earlier steps. Set"
                    f' {name}.rule = "rtrl", or {name}.rule = "rtrl", 1 for cheaper'
                    " slopes."
                )

    @abstractmethod
    def _read_outputs(self) -> None:
        """Raise ArgumentError unless the networks have the outputs that this agent
        needs; set `_actions`.
        """

    def _require_values(self, name: str, single: bool) -> None:
        """Raise ArgumentError unless this network has one output, if it is `single`, or
        several, which can be any value.
        """
        network = self._networks[self._network_names.index(name)]
        if single != (len(network.output) == 1):
            condition = "have one output" if single else "have two outputs or more"
            given = checks.short_repr(network)
            raise ArgumentError(checks.must(self._title(name), condition, given))
        require_range(
            self._title(name),
            network,
            squashes_of(network),
            "A value can be any number. Set"
            f' {name}.output.squash = "identity", or build the network so:'
            ' architect.Perceptron(4, 16, 1, output_squash="identity").',
        )

    def _present_chains(self) -> list[Chain]:
        """Return the chain of each network, by the updates as they are now."""
        decay = self.discount * self.trace_decay
        return [getattr(self, name)._chain(decay) for name in self._update_names]

    def _use(self, chains: list[Chain]) -> None:
        for traces, chain in zip(self._traces, chains, strict=True):
            traces.use(chain)

    def begin(self, observation: ArrayLike) -> Any:
        """Begin an episode by clearing the traces and the context of the networks.

        Parameters
        ----------
        observation : array_like, shape (n,)
            The first observation, with one finite number for each input neuron.

        Returns
        -------
        int, ndarray or float
            The first action, or the observation's value for :class:`TD`.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the observation does not consist of n finite numbers, or if an edit has
            changed a network in such a way that this agent cannot learn with it.
        """
        row = self._observed(observation)
        self._read_networks()
        if self.normalize != (self.model.scale is not None):
            self._renew_scale()
        prepared = self._prepare_action(self.steps)
        standard, numbers = self._counted(row)
        chains = self._present_chains()
        self._take_over()
        for network in self._networks:
            network.clear()
        self._forget()
        self._use(chains)
        self._return = 0.0
        self._next = None  # of an episode that was broken off
        self._prepared_action = prepared
        self._count(numbers)
        return self._observe(standard)

    @checks.suggests_arguments("agent.learn")
    def learn(
        self,
        reward: float,
        observation: ArrayLike,
        terminated: bool = False,
        truncated: bool = False,
    ) -> Any:
        """Learn from a reward and from the observation that comes with it.

        Parameters
        ----------
        reward : float
            The reward for the last action.
        observation : array_like, shape (n,)
            The observation after that action.
        terminated : bool
            Whether the episode ends with this observation. Because no rewards follow,
            the value of the observation is then 0. Default False.
        truncated : bool
            Whether the episode is cut off here although it could continue. The agent
            then still uses the observation's predicted value. Default False.

        Returns
        -------
        int, ndarray, float or None
            The next action, or the observation's value for :class:`TD`. At the end of
            an episode, it is None.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If no episode has begun, if another agent has used the network since then,
            or if a number cannot be used. The agent and the networks do not change.
        DivergenceError
            If the values are no longer finite. The weights return to their values
            before this step.
        """
        row = self._observed(observation)
        value = self._value
        reward = checks.finite_number("reward", reward)
        if (
            terminated is not False or truncated is not False
        ):  # most steps are in the middle
            terminated, truncated = (
                checks.boolean("terminated", terminated),
                checks.boolean("truncated", truncated),
            )
        if value is None:
            raise ArgumentError(
                "Expected an episode that has begun. Call begin with the first"
                " observation."
            )
        self._require_latest()
        prepared = self._prepare_action(self.steps + 1)
        discount = self.discount
        returns, total = self._returns._numbers, self._return
        if self.scale_rewards:
            returns, total, reward = self._scaled(self._returns, total, reward)
        after, numbers = self._counted(row)
        following = self._bootstrap_value(after) if discount and not terminated else 0.0
        delta = EligibilityTraces.temporal_difference(
            reward, discount, following, value
        )
        if not math.isfinite(delta):
            raise DivergenceError(
                f"The temporal difference of {type(self).__name__} is not a finite"
                f" number after {checks.pluralize(self.steps, 'step')}. The weights"
                " from before this step are kept. Use update=reward.Intentional(), a"
                " lower rate or bounded squashes."
            )
        first = self._networks[:-1]
        before = first and [(each, each.weights, each.biases) for each in first]
        try:
            self._learn_from(delta)
        except DivergenceError:  # of the last network, after the first has learned
            for network, weights, biases in before:
                network.weights = weights
                network.biases = biases
            raise
        self._returns._numbers = returns
        self._count(numbers)
        # past the options, among which an assignment looks. If a function of the user
        # raises after it, the next step is that of a new episode.
        vars(self).update(
            _return=total,
            _prepared_action=prepared,
            error=delta,
            steps=self.steps + 1,
            _value=None,
        )
        return None if terminated or truncated else self._observe(after)

    def act(self, observation: ArrayLike, first: bool = False) -> Any:
        """Return the action for an observation, without learning or exploring.

        Parameters
        ----------
        observation : array_like, shape (n,)
            The observation.
        first : bool
            Whether the observation begins an episode. If so, the context is cleared
            first. Default False.

        Returns
        -------
        int, ndarray or float
            The best or most probable action, the means of continuous actions, or the
            value for :class:`TD`. Before learning again, call :meth:`begin`.
        """
        first = checks.boolean("first", first)
        row, _ = self._counted(self._observed(observation), 0.0)
        self._value = None
        self._take_over()
        network = self._networks[0]
        if first:
            network.clear()
        return self._answer(network.activate(row))

    def _acting(self) -> Self:
        """Make a copy that only acts: with a copy of each network, and with the scale
        of the present moment.

        What it does changes nothing in this agent.
        """
        clone = object.__new__(type(self))
        vars(clone).update(vars(self))
        clone._networks = tuple(network.clone() for network in self._networks)
        clone._set_scale(self.model.scale)
        for name, network in zip(self._network_names, clone._networks, strict=True):
            setattr(clone, name, network)
        return clone

    @abstractmethod
    def _answer(self, outputs: Floats) -> Any:
        """Return the answer of :meth:`act` to the outputs of the first network."""

    @abstractmethod
    def _observe(self, row: Floats) -> Any:
        """Activate the networks at an observation; returns the action there."""

    def _bootstrap_value(self, row: Floats) -> float:
        """Return the value of an observation that follows, by the weights so far: a
        second forward pass.

        An agent that needs the next action before it learns, as Sarsa does, chooses it
        here and stores it in `_next`, for :meth:`_observe`.
        """
        values = self._networks[-1].peek(row)
        # max takes 0.9 µs
        return float(values[0] if len(values) == 1 else values.max())

    def _learn_from(self, delta: float) -> None:
        """Change the parameters of all networks."""
        for traces, errors in zip(self._traces, self._errors(delta), strict=True):
            traces.learn(errors, delta)

    def _forget(self) -> None:
        """Set all traces to 0."""
        for traces in self._traces:
            traces.clear()

    def _errors(self, delta: float) -> tuple[Floats | None, ...]:
        """Return the errors of the outputs of each network whose slopes are traced;
        None: their own slopes.
        """
        return (None,)

    def __reduce__(self) -> tuple[Any, ...]:
        return Agent._of_document, _archive.with_functions(self)

    def _whole(self) -> Network:
        return self.model.whole()

    def _document(self) -> dict[str, Any]:
        return _archive.parts_of(self)

    @classmethod
    def _of_document(
        cls, parts: dict[str, Any], functions: Mapping[str, Any] | None = None
    ) -> Agent:
        return _archive.agent_of(cls, parts, functions or {})

    def _prepare_action(self, steps: int) -> Any:
        """Call what the user has given for the action after `steps` steps, which may
        raise, before anything changes; :meth:`_observe` finds the result in
        `_prepared_action`.
        """

    def _observed(self, observation: ArrayLike) -> Floats:
        """Return the observation as finite numbers whose squares are finite, if they
        are squared.
        """
        network = self._networks[0]
        if is_row(observation, network._n_inputs):
            row: Floats = observation
        else:
            row = checks.vector(
                "observation", observation, len(network.input), network.dtype
            )
        # One product tells of NaN and of numbers that are too large; the slow checks
        # name them.
        if not checks.sum_of_squares(row) < SURELY_FINE:
            row = checks.vector("observation", row, len(network.input), network.dtype)
            if self.normalize and float(np.abs(row).max()) >= SQUARABLE:
                raise ArgumentError(TOO_LARGE)
        return row

    def _counted(
        self, rows: Floats, weight: float = 1.0
    ) -> tuple[Floats, Floats | None]:
        """Return observations with running mean 0 and deviation 1, if they are
        normalised, and the numbers of the scale after them, for :meth:`_count`.
        """
        scale = self._models[0].scale
        if scale is None:
            return rows, None
        return scale._following("observation", rows, weight)

    def _count(self, numbers: Floats | None) -> None:
        """Set the numbers of the scale of observations, if there is one."""
        scale = self._models[0].scale
        if scale is not None and numbers is not None:
            scale._numbers = numbers

    def _scaled(
        self, returns: Scale, total: float, reward: float
    ) -> tuple[Floats, float, float]:
        """Return the numbers of `returns` after one more reward, the discounted sum of
        rewards, and the reward divided by its deviation.
        """
        total = self.discount * total + reward
        # raises for a number that is too large
        _, numbers = returns._following("The return", np.array([total]))
        return numbers, total, reward / float(numbers[1, 0])

    def _take_over(self) -> None:
        for network in self._networks:
            rival = _latest.get(network, lambda: None)()
            if rival is not None and rival is not self:
                rival._taken_over = [*rival._taken_over, network]
            _latest[network] = ref(self)
        self._taken_over = []

    def _require_latest(self) -> None:
        if self._taken_over:
            raise ArgumentError(
                f"Another agent has taken over {self._taken_over[0]!r}. Call begin,"
                " which takes it back, or give each agent a network of its own:"
                " network.clone()."
            )


def _model_of(network: Network, scale: Scale | None) -> Model:
    """Return the model of a network of an agent: softmax outputs are those of its
    actions.
    """
    outputs = squashes_of(network)
    is_choice = {squash.name for squash in outputs} == {"softmax"}
    classes, task = (range(len(outputs)), None) if is_choice else (None, "numbers")
    return Model(network, classes, task=task, scale=scale or False, target_scale=False)
