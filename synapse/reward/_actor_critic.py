"""A network that acts, and one that predicts what its actions are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, final

import numpy as np

from .._checks import must, non_negative_number, short_repr, suggests_arguments
from .._defaults import DISCOUNT, ENTROPY, TRACE
from .._initializer import Seed
from .._squash import Squash
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.outputs import require_range, squashes_of
from ._agent import Agent, Updating
from ._updates import OF_CHOICES, OF_NUMBERS, OF_VALUES, Update, update_of


@final
class ActorCritic(Agent):
    """Actor and critic with traces: one network chooses actions, another one predicts
    the value.

    The value learns as in :class:`TD`. The policy learns by the same δ: its traces sum
    the slopes of log π(a) + h sign(δ) H(π), with the entropy H (Elsayed, Vasan and
    Mahmood 2024, algorithm 5).

    Parameters
    ----------
    policy : Network
        With softmax outputs, one for each action: their activations are the
        probabilities. Any others are continuous actions: the first half of the outputs
        are the means of Gaussians, whose squash has no bounds, such as "identity". The
        second half are their deviations, whose squash is positive, such as "softplus".
    value : Network
        The network that predicts the value, with one output, whose squash has no
        bounds. If one of the networks has memory, its learning rule is "rtrl".
    entropy : float
        Factor h of the entropy. Default 0.01.
    discount, trace_decay, normalize, scale_rewards, seed
        As for :class:`QLearning`.
    update, policy_update : Update or float
        How δ and the traces change the value and the policy, see :class:`TD`. Default:
        ``Intentional(0.25)``; for a policy with softmax outputs ``ObGD(0.03,
        bound=0.3)``, for continuous actions ``Intentional(0.025,
        clip=Clip(20, relative=True, normalize=True))``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or the networks are not such ones.

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

    _network_names: ClassVar[tuple[str, ...]] = ("policy", "value")
    _update_names: ClassVar[tuple[str, ...]] = ("policy_update", "update")

    @suggests_arguments("agent", of_class=False)
    def __init__(
        self,
        policy: Network,
        value: Network,
        *,
        discount: float = DISCOUNT,
        trace_decay: float = TRACE,
        update: Updating = OF_VALUES,
        policy_update: Annotated[Update | float | None, update_of] = None,
        entropy: Annotated[float, non_negative_number] = ENTROPY,
        normalize: bool = True,
        scale_rewards: bool = True,
        seed: Seed = None,
    ) -> None:
        super().__init__(
            (policy, value),
            (policy_update, update),
            discount,
            trace_decay,
            normalize,
            scale_rewards,
            seed,
        )
        self.policy = policy
        self.value = value
        self.entropy = entropy
        self._outputs = np.empty(0)  # those of the policy
        self._action: Any = 0

    def _read_outputs(self) -> None:
        self._require_values("value", single=True)
        squashes = squashes_of(self._networks[0])
        discrete = all(squash.name == "softmax" for squash in squashes)
        half, odd = divmod(len(squashes), 2)
        if not discrete:
            self._require_gaussians(squashes, half, odd)
        self._discrete = discrete
        self._actions = ("n", len(squashes)) if discrete else ("size", half)

    def _updates(self) -> list[Any]:
        usual = OF_CHOICES if self._discrete else OF_NUMBERS
        policy_update, update = super()._updates()
        return [usual if policy_update is None else policy_update, update]

    def _require_gaussians(self, squashes: list[Squash], half: int, odd: int) -> None:
        """Raise ArgumentError unless these outputs of the policy are means and then as
        many deviations.
        """
        policy = self._networks[0]
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
        if odd or any(squash.low < 0.0 for squash in squashes[half:]):
            condition = "have softmax outputs, or means and then positive deviations"
            raise ArgumentError(
                must(self._title("policy"), condition, short_repr(policy), advice)
            )
        title = "The means in the policy of ActorCritic"
        require_range(title, policy, squashes[:half], advice)

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

    def _require_remembered(self, values: Mapping[str, Any]) -> None:
        super()._require_remembered(values)
        if values["_value"] is None:
            return
        count = len(self.policy.output)
        action = values["_action"]
        if np.shape(values["_outputs"]) != (count,):
            raise ValueError("the number of stored outputs is not that of the policy")
        discrete = type(action) is int and 0 <= action < count
        if not (discrete if self._discrete else np.shape(action) == (count // 2,)):
            raise ValueError("the stored action is not an action of the policy")

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
