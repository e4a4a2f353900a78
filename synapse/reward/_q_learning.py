"""Learning the values of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, final

import numpy as np

from .._checks import from_0_to_1, suggests_arguments
from .._defaults import DISCOUNT, EXPLORE, TRACE
from .._initializer import Seed
from .._typing import Floats
from ..objects.network import Network
from ._agent import Agent, Bound, Rate


def _chance(title: str, value: Any) -> Any:
    return value if callable(value) else from_0_to_1(title, value)


@final
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
    discount, trace_decay, rate, bound, normalize
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
        rate: Rate = "auto",
        bound: Bound = "auto",
        explore: Annotated[float | Callable[[int], float], _chance] = EXPLORE,
        normalize: bool = True,
        scale_rewards: bool = True,
        seed: Seed = None,
    ) -> None:
        super().__init__(
            (network,),
            (bound,),
            discount,
            trace_decay,
            rate,
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
            self._traces[0].clear()
        self._action = action
        self._value = float(values[action])
        return action

    def _errors(self, delta: float) -> tuple[Floats]:
        outputs = self.network.output
        errors = np.zeros(len(outputs))
        errors[self._action] = outputs[self._action].derivative
        return (errors,)
