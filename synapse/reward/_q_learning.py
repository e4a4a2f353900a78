"""Learning the values of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, final

import numpy as np

from .._checks import (
    from_0_to_1,
    non_negative_number,
    pluralize,
    require,
    suggests_arguments,
)
from .._defaults import DISCOUNT, EXPLORE, TRACE
from .._initializer import Seed
from .._typing import Floats
from ..engine.online.step_formulas import Chain
from ..objects.network import Network
from ..objects.snapshots import preserved_context
from ._agent import Agent, Updating
from ._updates import OF_VALUES


def _chance(title: str, value: Any) -> Any:
    return value if callable(value) else from_0_to_1(title, value)


class QLearning(Agent):
    """Watkins' Q(λ) for a few actions: learn the value of each, and take the best one.

    δ = r + γ max q(o') − q(o, a);  e ← γ λ e + ∂q(o, a)/∂w;  w ← w + step δ e

    An exploring action resets the traces, because the rewards after it do not follow
    from the best actions before it (Watkins 1989; Sutton and Barto 2018, section
    12.10).

    Parameters
    ----------
    network : Network
        The network, with an output for each action, whose squash has no bounds, such as
        "identity". If it has memory, its learning rule is "rtrl".
    explore : float or callable
        Probability of a random action, or a function that returns it for a number of
        steps. Default 0.05.
    discount, trace_decay, update, normalize
        As for :class:`TD`.
    scale_rewards : bool
        Whether rewards are divided by the running deviation of their discounted sums.
        Default True.
    seed : int or numpy.random.Generator, optional
        Seed of the random actions. Default: an unrecorded random seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or the network is not such a one.

    Examples
    --------
    The second of two levers pays:

    >>> import architect
    >>> net = architect.Perceptron(1, 2, squash="identity", seed=0)
    >>> agent = QLearning(net, explore=0.2, seed=0)
    >>> for _ in range(200):
    ...     action = agent.begin([1.0])
    ...     end = agent.learn(float(action == 1), [1.0], terminated=True)
    >>> agent.act([1.0])
    1
    """

    _network_names: ClassVar[tuple[str, ...]] = ("network",)

    @suggests_arguments("agent", of_class=False)
    def __init__(
        self,
        network: Network,
        *,
        discount: float = DISCOUNT,
        trace_decay: float = TRACE,
        update: Updating = OF_VALUES,
        explore: Annotated[float | Callable[[int], float], _chance] = EXPLORE,
        normalize: bool = True,
        scale_rewards: bool = True,
        seed: Seed = None,
    ) -> None:
        super().__init__(
            (network,),
            (update,),
            discount,
            trace_decay,
            normalize,
            scale_rewards,
            seed,
        )
        self.network = network
        self.explore = explore
        self._action = 0

    def _read_outputs(self) -> None:
        self._require_values("network", single=False)
        self._actions = ("n", len(self._networks[0].output))

    def _answer(self, outputs: Floats) -> int:
        return int(outputs.argmax())

    def _prepare_action(self, steps: int) -> float:
        """Return the probability of a random action after `steps` steps."""
        if not callable(self.explore):
            return self.explore
        return from_0_to_1("The result of explore", self.explore(steps))

    def _require_remembered(self, values: Mapping[str, Any]) -> None:
        super()._require_remembered(values)
        action = values["_action"]
        if type(action) is not int or not 0 <= action < len(self.network.output):
            raise ValueError("the stored action is not an action of the network")

    def _observe(self, row: Floats) -> int:
        values = self.network.activate(row)
        best = action = int(values.argmax())
        if self._rng.random() < self._prepared_action:
            action = int(self._rng.integers(len(values)))
        if values[action] < values[best]:
            self._forget()
        self._action = action
        self._value = float(values[action])
        return action

    def _errors(self, delta: float) -> tuple[Floats, ...]:
        return tuple(_slope_of(net, self._action) for net in self._networks)


def _slope_of(network: Network, action: int) -> Floats:
    """Return the derivatives of one output with respect to the states of all."""
    errors = np.zeros(len(network.output))
    errors[action] = network.output[action].derivative
    return errors


@final
class QRC(QLearning):
    r"""Q(λ) with a gradient correction, along the gradient of the projected Bellman
    error (Elelimy and others 2025, arXiv 2507.09087, QRC(λ)).

    A second network h learns to predict δ, and corrects what δ alone would do where
    actions are not those of the best policy. With the slopes g of q(o, a), those G of
    h(o, a), those g' of max q(o'), and the traces e of g, E of G and z of h:

    w ← w + α (δ e − h g − z (γ g' − g));  θ ← θ + β (δ E − h G − ρ θ)

    Parameters
    ----------
    network : Network
        As for :class:`QLearning`.
    correction : Network
        The network h, with as many inputs and outputs, whose squash has no bounds.
    regularization : float
        Factor ρ of the decay of its parameters θ. Default 1.
    update, correction_update : Update or float
        How both change, without a scale; the step is α or β. Default 0.01.
    explore, discount, trace_decay, normalize, scale_rewards, seed
        As for :class:`QLearning`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or the networks are not such ones.

    Examples
    --------
    >>> import architect
    >>> nets = [architect.Perceptron(1, 2, squash="identity", seed=i) for i in (0, 1)]
    >>> agent = QRC(*nets, explore=0.2, update=0.1, correction_update=0.1, seed=0)
    >>> for _ in range(200):
    ...     action = agent.begin([1.0])
    ...     end = agent.learn(float(action == 1), [1.0], terminated=True)
    >>> agent.act([1.0])
    1
    """

    _network_names: ClassVar[tuple[str, ...]] = ("network", "correction")
    _update_names: ClassVar[tuple[str, ...]] = ("update", "correction_update")

    @suggests_arguments("agent", of_class=False)
    def __init__(
        self,
        network: Network,
        correction: Network,
        *,
        discount: float = DISCOUNT,
        trace_decay: float = TRACE,
        update: Updating = 0.01,
        correction_update: Updating = 0.01,
        regularization: Annotated[float, non_negative_number] = 1.0,
        explore: Annotated[float | Callable[[int], float], _chance] = EXPLORE,
        normalize: bool = True,
        scale_rewards: bool = True,
        seed: Seed = None,
    ) -> None:
        self.correction = correction
        self.regularization = regularization
        Agent.__init__(
            self,
            (network, correction),
            (update, correction_update),
            discount,
            trace_decay,
            normalize,
            scale_rewards,
            seed,
        )
        self.network = network
        self.explore = explore
        self._action = 0
        self._predicted = self._trace = 0.0  # h, and its trace z
        self._slopes_ahead: Any = None

    def _read_outputs(self) -> None:
        super()._read_outputs()
        self._require_values("correction", single=False)
        sizes = [len(network.output) for network in self._networks]
        require(
            sizes[0] == sizes[1],
            self._title("correction"),
            pluralize(sizes[0], "output"),
            sizes[1],
        )

    def _present_chains(self) -> list[Chain]:
        chains = super()._present_chains()
        condition = "ObGD or Implicit without a scale, or a number"
        for name, chain in zip(self._update_names, chains, strict=True):
            require(not chain.separate, name, condition, getattr(self, name))
        return chains

    def _observe(self, row: Floats) -> int:
        action = super()._observe(row)
        self._predicted = float(self.correction.activate(row)[action])
        return action

    def _forget(self) -> None:
        super()._forget()
        self._trace = 0.0

    def _bootstrap_value(self, row: Floats) -> float:
        with preserved_context(self.network):
            values = self.network.activate(row)
            best = int(values.argmax())
            errors = _slope_of(self.network, best)
            self._slopes_ahead = self.network.output_gradient(errors)
        return float(values[best])

    def _learn_from(self, delta: float) -> None:
        predicted = self._predicted
        decay = self._traces[0].chain.decay
        self._trace = decay * self._trace + predicted
        errors = self._errors(delta)
        slopes, of_correction = (
            network.output_gradient(each)
            for network, each in zip(self._networks, errors, strict=True)
        )
        ahead = self._slopes_ahead or [0.0, 0.0]
        self._slopes_ahead = None
        changes = [
            predicted * g + self._trace * (self.discount * after - g)
            for g, after in zip(slopes, ahead, strict=True)
        ]
        shrinking = self.correction.weights, self.correction.biases
        shrunk = [
            predicted * g + self.regularization * parameters
            for g, parameters in zip(of_correction, shrinking, strict=True)
        ]
        self._traces[0].require_finite((*changes, *shrunk))  # before anything changes
        for traces, each, change in zip(
            self._traces, errors, (changes, shrunk), strict=True
        ):
            step = traces.learn(each, delta)
            traces.add([-step * part for part in change])
