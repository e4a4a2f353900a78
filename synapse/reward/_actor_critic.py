"""A network that acts, and one that predicts what its actions are worth."""

from __future__ import annotations

from dataclasses import KW_ONLY, InitVar, field
from typing import Any, ClassVar, final

import numpy as np

from .._checks import (
    Option,
    must,
    non_negative_number,
    short_repr,
    suggests_arguments,
    with_options,
)
from .._defaults import ENTROPY
from .._initializer import Seed
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.outputs import require_range, squashes_of
from ._agent import Agent
from ._updates import OF_CHOICES, OF_NUMBERS, Update, update_of


@final
@suggests_arguments("agent")
@with_options
class ActorCritic(Agent):
    """Actor-critic with traces, in which one network chooses actions and another
    predicts the value.

    The value network learns as in :class:`TD`. The policy network learns from the same
    δ, by traces that sum the slopes of log π(a) + h sign(δ) H(π), where H is the
    entropy (Elsayed, Vasan and Mahmood 2024, algorithm 5).

    Parameters
    ----------
    policy : Network
        The network that chooses actions. For a few actions, give it a softmax output
        for each action, whose activation is the action's probability. With other
        squashes, the actions are continuous and drawn from Gaussians. The first half
        of the outputs are the means and need a squash without bounds, such as
        "identity". The second half are the standard deviations and need a positive
        squash, such as "softplus".
    value : Network
        The network that predicts the value. It needs one output with a squash without
        bounds. If one of the two networks has memory, set its learning rule to "rtrl".
    seed : int or numpy.random.Generator, optional
        Seed of the actions. Default: an unrecorded random seed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or if a network does not meet the conditions
        above.

    Examples
    --------
    >>> import architect
    >>> policy = architect.Perceptron(1, 2, output_squash="softmax", seed=0)
    >>> critic = architect.Perceptron(1, 1, squash="identity", seed=1)
    >>> agent = ActorCritic(policy, critic, seed=0)
    >>> for _ in range(300):
    ...     action = agent.begin([1.0])
    ...     end = agent.learn(float(action == 1), [1.0], terminated=True)
    >>> agent.act([1.0])
    1
    """

    _network_names = ("policy", "value")
    _update_names = ("policy_update", "update")
    _conditions: ClassVar[Any] = Agent._conditions | {
        "number of outputs": lambda agent, of: (
            of["_value"] is None or of["_outputs"].shape == (len(agent.policy.output),)
        ),
        "action": lambda agent, of: (
            of["_value"] is None or agent._can_do(of["_action"])
        ),
    }
    policy: Network
    value: Network
    _: KW_ONLY
    policy_update: Option[Update, Update | float | None] = Option(
        "Update or float, optional",
        """The same for the policy. Default: ``ObGD(0.03, bound=0.3)`` if it has softmax
        outputs, and ``Intentional(0.025, clip=Clip(20, relative=True,
        normalize=True))`` for continuous actions.""",
        update_of,
        follows=lambda agent: OF_CHOICES if agent._discrete else OF_NUMBERS,
    )
    entropy: Option[float, float] = Option(
        "float",
        "Factor h of the entropy. Default 0.01.",
        non_negative_number,
        default=ENTROPY,
    )
    seed: InitVar[Seed] = None

    _outputs: Floats = field(default_factory=lambda: np.empty(0), init=False)
    _action: Any = field(default_factory=int, init=False)

    def _read_outputs(self) -> None:
        self._require_values("value", single=True)
        policy = self._networks[0]
        squashes = squashes_of(policy)
        discrete = all(squash.name == "softmax" for squash in squashes)
        half, odd = divmod(len(squashes), 2)
        if not discrete:
            advice = (
                'For actions to choose from, set policy.output.squash = "softmax". For'
                f' continuous ones, set policy.output[:{half}].squash = "identity" and'
                f' policy.output[{half}:].squash = "softplus".'
            )
            if odd:
                advice = (
                    'Set policy.output.squash = "softmax", or give it an even number of'
                    " outputs."
                )
            title = self._title("policy")
            if odd or any(squash.low < 0.0 for squash in squashes[half:]):
                form = "have softmax outputs, or means and then positive deviations"
                raise ArgumentError(must(title, form, short_repr(policy), advice))
            require_range(f"The means in the {title}", policy, squashes[:half], advice)
        self._discrete = discrete
        self._actions = ("n", len(squashes)) if discrete else ("size", half)

    def _answer(self, outputs: Floats) -> Any:
        return int(outputs.argmax()) if self._discrete else outputs[: len(outputs) // 2]

    def _observe(self, row: Floats) -> Any:
        self._value = float(self.value.activate(row)[0])
        outputs = self._outputs = self.policy.activate(row)
        if self._discrete:
            place = np.searchsorted(outputs.cumsum(), self._rng.random(), side="right")
            self._action = min(int(place), len(outputs) - 1)
            return self._action
        mean, deviation = np.split(outputs, 2)
        self._action = mean + deviation * self._rng.standard_normal(len(mean))
        return self._action.copy()

    def _can_do(self, action: Any) -> bool:
        count = len(self.policy.output)
        if self._discrete:
            return type(action) is int and 0 <= action < count
        return np.shape(action) == (count // 2,)

    def _errors(self, delta: float) -> tuple[Floats, None]:
        return self._ascent(self.entropy * float(np.sign(delta))), None

    def _ascent(self, entropy: float) -> Floats:
        """Return the derivatives of log π(a) + entropy H with respect to the states of
        the outputs.
        """
        outputs = self._outputs
        if self._discrete:
            errors = -outputs
            errors[self._action] += 1.0
            if entropy:
                logs = np.log(np.maximum(outputs, np.finfo(np.float64).tiny))
                errors -= entropy * outputs * (logs - outputs @ logs)
            return errors
        mean, deviation = np.split(outputs, 2)
        deviation = np.maximum(deviation, np.finfo(np.float64).tiny)
        gap = (self._action - mean) / deviation
        both = np.concatenate([gap / deviation, (gap**2 - 1.0 + entropy) / deviation])
        slopes: Floats = np.array([neuron.derivative for neuron in self.policy.output])
        return both * slopes
