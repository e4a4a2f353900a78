"""Learning the values of actions, with a correction of the gradient."""

from __future__ import annotations

from dataclasses import KW_ONLY, field
from typing import Any, final

from .._checks import (
    Option,
    non_negative_number,
    pluralize,
    require,
    suggests_arguments,
    with_options,
)
from .._typing import Floats
from ..objects.network import Network
from ..objects.snapshots import preserved_context
from ._q_learning import QLearning, slope_of
from ._updates import ObGD, Update, update_of


def _plain_update(title: str, value: Any) -> Update:
    update = update_of(title, value)
    plain = "ObGD or Implicit without a scale, or a number"
    require(not update._chain(1.0).separate, title, plain, value)
    return update


@final
@suggests_arguments("agent")
@with_options
class QRC(QLearning):
    r"""Q(λ) with a gradient correction, along the gradient of the projected Bellman
    error (Elelimy and others 2025, arXiv 2507.09087, QRC(λ)).

    A second network h learns to predict δ. It corrects the updates by δ if the agent
    does not follow the best policy. In the equations, g are the slopes of q(o, a), G
    the slopes of h(o, a), and g' the slopes of max q(o'). The traces of g, G and h are
    e, E and z:

    w ← w + α (δ e − h g − z (γ g' − g));  θ ← θ + β (δ E − h G − ρ θ)

    Parameters
    ----------
    network, seed
        As for :class:`QLearning`.
    correction : Network
        The network h. It needs as many inputs and outputs as `network`, and outputs
        with a squash without bounds.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, or if a network does not meet the conditions
        above.

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

    _network_names = ("network", "correction")
    _update_names = ("update", "correction_update")
    correction: Network
    _: KW_ONLY
    update: Option[Update, Update | float] = Option(
        "Update or float",
        """How the network changes, without a scale; the step is α. A number is the size
        of every step. Default 0.01.""",
        _plain_update,
        default=ObGD(0.01, bound=None),
    )
    correction_update: Option[Update, Update | float] = Option(
        "Update or float",
        "The same for the other network, whose step is β. Default 0.01.",
        _plain_update,
        default=ObGD(0.01, bound=None),
    )
    regularization: Option[float, float] = Option(
        "float",
        "Factor ρ of the decay of the parameters θ. Default 1.",
        non_negative_number,
        default=1.0,
    )

    _predicted: float = field(default_factory=float, init=False)  # h
    _trace: float = field(default_factory=float, init=False)  # z
    _slopes_ahead: Any = field(default_factory=lambda: None, init=False)

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
            errors = slope_of(self.network, best)
            self._slopes_ahead = self.network.output_gradient(errors)
        return float(values[best])

    def _learn_from(self, delta: float) -> None:
        predicted = self._predicted
        self._trace = self._traces[0].chain.decay * self._trace + predicted
        errors = self._errors(delta)
        slopes, of_correction = (
            network.output_gradient(each)
            for network, each in zip(self._networks, errors, strict=True)
        )
        ahead, self._slopes_ahead = self._slopes_ahead or [0.0, 0.0], None
        parameters = self.correction.weights, self.correction.biases
        changes = (
            [
                predicted * g + self._trace * (self.discount * after - g)
                for g, after in zip(slopes, ahead, strict=True)
            ],
            [
                predicted * g + self.regularization * theta
                for g, theta in zip(of_correction, parameters, strict=True)
            ],
        )
        self._traces[0].require_finite(
            [*changes[0], *changes[1]]
        )  # before anything changes
        for traces, each, change in zip(self._traces, errors, changes, strict=True):
            step = traces.learn(each, delta)
            traces.add([-step * part for part in change])
