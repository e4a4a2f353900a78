"""Learning the values of actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, field
from typing import Any, ClassVar

import numpy as np

from .._checks import Option, from_0_to_1, suggests_arguments, with_options
from .._defaults import EXPLORE
from .._initializer import Seed
from .._typing import Floats
from ..objects.network import Network
from ._agent import Agent


def _chance(title: str, value: Any) -> Any:
    return value if callable(value) else from_0_to_1(title, value)


@suggests_arguments("agent")
@with_options
class QLearning(Agent):
    """Watkins' Q(λ), which learns the value of each action and takes the best one.

    δ = r + γ max q(o') − q(o, a);  e ← γ λ e + ∂q(o, a)/∂w;  w ← w + step δ e

    Exploring resets the traces, because later rewards do not result from the best
    actions before the exploring action (Watkins 1989; Sutton and Barto 2018, section
    12.10).

    Parameters
    ----------
    network : Network
        The network. It needs an output for each action, with a squash without bounds,
        such as "identity". If it has memory, set its learning rule to "rtrl".
    seed : int or numpy.random.Generator, optional
        Seed of the random actions. Default: an unrecorded random seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or if the network does not meet the conditions
        above.

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
    _conditions: ClassVar[Any] = Agent._conditions | {
        "action": lambda agent, of: (
            type(of["_action"]) is int
            and 0 <= of["_action"] < len(agent.network.output)
        )
    }

    network: Network
    _: KW_ONLY
    explore: Option[Any, float | Callable[[int], float]] = Option(
        "float or callable",
        """Probability of a random action, or a function that returns it for a number of
        steps. Default 0.05.""",
        _chance,
        default=EXPLORE,
    )
    seed: InitVar[Seed] = None

    _action: int = field(default_factory=int, init=False)

    def _read_outputs(self) -> None:
        self._require_values("network", single=False)
        self._actions = ("n", len(self._networks[0].output))

    def _answer(self, outputs: Floats) -> int:
        return int(outputs.argmax())

    def _prepare_action(self, steps: int) -> float:
        """Return the probability of a random action after `steps` steps."""
        explore = self.explore
        return (
            from_0_to_1("The result of explore", explore(steps))
            if callable(explore)
            else explore
        )

    def _observe(self, row: Floats) -> int:
        values = self.network.activate(row)
        best = action = int(values.argmax())
        if self._rng.random() < self._prepared_action:
            action = int(self._rng.integers(len(values)))
        if values[action] < values[best]:
            self._forget()
        vars(self).update(_action=action, _value=float(values[action]))
        return action

    def _errors(self, delta: float) -> tuple[Floats, ...]:
        return tuple(slope_of(net, self._action) for net in self._networks)


def slope_of(network: Network, action: int) -> Floats:
    """Return the derivatives of one output with respect to the states of all."""
    errors = np.zeros(len(network.output))
    errors[action] = network.output[action].derivative
    return errors
