"""The options of a trainer: each is declared once, and all else follows from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY
from functools import cached_property, partial
from math import inf
from typing import Any

from .. import _checks
from .._checks import Option
from .._cost import Cost
from .._typing import RuleName
from ..objects.network import Network, require_network
from ..objects.propagating import RATE, RATE_OF_RULES
from ..optimizers import LBFGS, SGD, Optimizer, RecursiveOptimizer
from ..optimizers._names import checked_optimizer
from ..plasticity._rule import Rule
from ._continual_backprop import ContinualBackprop, checked_renewal
from ._data import cost_of
from ._regularisation import Chances, Dropout, Penalties, chances_by_neuron
from ._schedules import Rate, checked_rate
from ._trainable_subset import Item, TrainableSubset, checked_part
from .rules._base import RULES, SEQUENCE, TrainingRule
from .rules._synaptic import rule_class

PLAIN_SGD = SGD(RATE)
"""The optimizer of a rule or an option that needs one; it keeps nothing between
steps."""


# --- checks that depend on the network, and defaults that follow from other options ---


def _rule(options: TrainerOptions, title: str, value: Any) -> str | Rule:
    rule = options.network.rule if value is None else value
    if isinstance(rule, Rule):
        return rule
    return rule.name if value is None else str(_checks.choice(title, value, RULES))


def _reach_of_network(options: TrainerOptions) -> int | None:
    rule = options.network.rule
    if isinstance(rule, Rule) or options.rule != rule.name:
        return None
    return rule.reach


def _batch_size(title: str, value: Any) -> int | str:
    if isinstance(value, str) and value == SEQUENCE:
        return SEQUENCE
    return _checks.positive_integer(title, value)


def _optimizer_needed(options: TrainerOptions) -> Optimizer | None:
    sums = options._penalties != Penalties() or options.batch_size not in (None, 1)
    return PLAIN_SGD if sums or not rule_class(options.rule).direct else None


def _usual_rate(options: TrainerOptions) -> Any:
    usual = RATE if isinstance(options.rule, str) else RATE_OF_RULES
    return getattr(options.optimizer, "rate", usual)


def _rate(options: TrainerOptions, title: str, value: Any) -> Any:
    return checked_rate(title, value, options.network.dtype)


def _chances(options: TrainerOptions, title: str, value: Any) -> Any:
    chances_by_neuron(title, options.network, value)
    return value


def _part(options: TrainerOptions, title: str, value: Any) -> TrainableSubset | None:
    return None if value is None else checked_part(options.network, value)


# --- the options ----------------------------------------------------------------------


@_checks.with_options
class TrainerOptions:
    """A network, and how it is trained.

    A rule gets them as they are when a training begins (`FixedOptions`), so that a
    callback can assign other ones for the next training.

    Parameters
    ----------
    network : Network
        The network to train.
    """

    network: Network
    rate: Option[Rate, Rate | None] = Option(
        "float, schedule or callable of the epoch, optional",
        """The learning rate, or a schedule such as :class:`~synapse.learning.Cosine`.
        Default: 0.1, or the optimizer's own; L-BFGS uses none. A rate above 10 warns
        (:class:`synapse.errors.RateWarning`).""",
        _rate,
        owned=True,
        follows=_usual_rate,
    )
    cost: Option[Cost, str | Cost | None] = Option(
        "str or Cost, optional",
        """The cost. Default: cross-entropy for logistic outputs, otherwise squared
        error. With "bptt" also one of whole sequences, see
        :func:`synapse.costs.register_for_sequences`.""",
        lambda options, title, value: cost_of(options.network, value),
        owned=True,
    )
    _: KW_ONLY
    rule: Option[Any, RuleName | Rule | None] = Option(
        '{"online", "bptt", "rtrl"} or Rule, optional',
        """The learning rule: the online rule of Monner and Reggia 2012; the exact
        gradient of whole sequences (see :func:`gradient`), as the mean over a batch's
        sequences of the cost summed over their steps; or the exact gradient of every
        step, by real-time recurrent learning, see :attr:`Network.rule`; or a rule of
        synapses, :class:`synapse.plasticity.Rule`, for ``train(rows)`` without targets.
        Default: that of the network.""",
        _rule,
        owned=True,
    )
    reach: Option[int | None, int | None] = Option(
        "int, optional",
        """For "rtrl": number of steps within which a parameter must reach a recurrent
        state for its sensitivity to be kept, see :func:`synapse.learning.rtrl_cost`.
        Default: that of the network, or no limit: exact.""",
        lambda _, value: _checks.positive_integer("reach of rtrl", value),
        follows=_reach_of_network,
    )
    optimizer: Option[
        Optimizer | LBFGS | RecursiveOptimizer | None,
        Optimizer | LBFGS | RecursiveOptimizer | str | None,
    ] = Option(
        "Optimizer, LBFGS, RecursiveOptimizer or str, optional",
        """How gradients change weights, see :mod:`synapse.optimizers`; a name such as
        "adamw" is the one with default settings. Default: plain gradient descent. Its
        state (moments, velocities) is used again in the next call of :meth:`train`, and
        is reset if the topology or the set of trainable parameters has changed. With
        "online" and "rtrl", the updates of `batch_size` steps are summed before the
        optimizer is called.""",
        checked_optimizer,
        follows=_optimizer_needed,
    )
    batch_size: Option[int | str | None, int | str | None] = Option(
        'int or "sequence", optional',
        """Number of sequences, or samples, in a batch; with "online" and "rtrl" the
        number of steps with a target, or "sequence" to update at the end of each.
        Default: 32; 1 with "online" and "rtrl"; for a stream of batches, all of each
        batch. L-BFGS takes everything at once, whatever the number.""",
        _batch_size,
    )
    window: Option[int | None, int | None] = Option(
        "int, optional",
        """For "bptt": maximum number of steps that errors pass through, see
        :func:`gradient`. Default: no limit.""",
        partial(_checks.positive_integer, maximum=inf),
    )
    clip: Option[float | None, float | None] = Option(
        "float, optional",
        """Maximum norm of the gradient; a longer one is rescaled to it. Default: no
        limit.""",
        _checks.positive_number,
    )
    clip_value: Option[float | None, float | None] = Option(
        "float, optional",
        """Maximum absolute value of the entries of the gradient. Default: no limit.""",
        _checks.positive_number,
    )
    l1: Option[float, float] = Option(
        "float",
        """Factor of the penalty `|w|`, summed over all trainable weights. Default
        0.""",
        _checks.non_negative_number,
        default=0.0,
    )
    l2: Option[float, float] = Option(
        "float",
        """Factor of the penalty `w^2 / 2`, summed over all trainable weights. Default
        0.""",
        _checks.non_negative_number,
        default=0.0,
    )
    dropout: Option[Chances, Chances] = Option(
        "float or mapping of layers (or their names) to float",
        """For "bptt", during training: the probability that a hidden neuron, or a
        neuron of these layers, such as the inputs, is dropped for a step. Default
        0.""",
        _chances,
        owned=True,
        default=0.0,
    )
    recurrent_dropout: Option[Chances, Chances] = Option(
        "float or mapping of layers (or their names) to float",
        """For "bptt", during training: the probability that a hidden neuron, or a
        neuron of these layers, is dropped for a whole sequence. Default 0.""",
        _chances,
        owned=True,
        default=0.0,
    )
    threads: Option[int | None, int | None] = Option(
        "int, optional",
        """Maximum number of threads that compute a batch of "bptt", or the costs of
        data that are tested or held out. The result is identical for any number.
        Default: as many as there are cores, if that pays.""",
        partial(_checks.positive_integer, maximum=_checks.MAX_THREADS),
    )
    renewal: Option[ContinualBackprop | None, ContinualBackprop | None] = Option(
        "ContinualBackprop, optional",
        """Reinitialises the least useful hidden neurons, so that the network stays able
        to learn in a long stream, see :class:`synapse.learning.ContinualBackprop`.
        Default: none.""",
        checked_renewal,
    )
    only: Option[TrainableSubset | None, Iterable[Item] | None] = Option(
        "iterable of layers (or names), projections, neurons, connections, optional",
        """The part of the network that is trained: the weights of these projections and
        connections, and the biases and incoming weights of these neurons and layers.
        Errors pass through the rest, which this trainer does not change. A shared
        parameter is trained if one of its members is in the part. Default: everything
        that is trainable.""",
        _part,
        owned=True,
    )

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "network" and name not in vars(self):
            value = require_network("network of Trainer", value)
        elif name[:1] != "_":
            raise _refused(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in OPTIONS:
            raise _checks.attribute_error(
                f"An option cannot be deleted. Assign {name} = None for its default."
            )
        super().__delattr__(name)

    @property
    def _penalties(self) -> Penalties:
        return Penalties(self.l1, self.l2, self.clip, self.clip_value)

    def _assigned(self) -> dict[str, Any]:
        """Return the options that have been given, by name. Defaults that follow from
        other options are not among them.
        """
        return {name: value for name, value in vars(self).items() if name in OPTIONS}

    def _fixed(self) -> FixedOptions:
        """Return these options as they are now, checked with the present network."""
        options = object.__new__(FixedOptions)
        values = vars(options)
        values.update(self._assigned(), network=self.network)
        values["rule_class"] = rule_class(options.rule)
        for name in ("dropout", "recurrent_dropout"):
            if isinstance(by_name := values.get(name), Mapping):
                values[name] = dict(by_name)
        for name in ("optimizer", "rate", "reach"):  # those that follow from others
            values.setdefault(name, getattr(options, name))
        # that of the optimizer: others are checked
        if "rate" not in vars(self) and options.optimizer is not None:
            values["rate"] = _rate(self, OPTIONS["rate"].title(self), options.rate)
        options.rule_class.check(options)
        if options.only is not None:
            options.only.require_trainable()
        return options


def _refused(name: str) -> AttributeError:
    """Make the error for assigning an attribute that is no option."""
    if name == "network":  # the state of an optimizer belongs to it
        return _checks.attribute_error(
            "The network of a Trainer cannot be replaced. Make a Trainer of the"
            " other one."
        )
    hint = _checks.suggestion(name, OPTIONS)
    hint = hint or f" It has: {_checks.known_names(OPTIONS)}."
    return _checks.attribute_error(f"A Trainer has no option {name!r}.{hint}")


class FixedOptions(TrainerOptions):
    """The options of a trainer as they are during one training, for its rule."""

    rule_class: type[TrainingRule]

    def __setattr__(self, name: str, value: Any) -> None:
        raise _checks.attribute_error("The options of a training cannot be changed.")

    @cached_property
    def penalties(self) -> Penalties:
        """The options for penalties and clipping."""
        return self._penalties

    @property
    def masks(self) -> Dropout | None:
        """The options for dropout, checked with the present layers of the network, or
        None if no neuron can be dropped.
        """
        if not (self.dropout or self.recurrent_dropout):
            return None
        masks = Dropout(self.network, self.dropout, self.recurrent_dropout)
        return masks if masks.any else None


OPTIONS = _checks.options_of(TrainerOptions)
"""The options by name."""
