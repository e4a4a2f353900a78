"""The interface between a training and its learning rule."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..._checks import positive_integer
from ..._cost import Cost, SequenceCost
from ..._typing import Floats
from ...engine.online import Epochs
from ...errors import ArgumentError
from ...objects.network import Network
from ...optimizers import LBFGS, RecursiveOptimizer
from .._continual_backprop import Renewer
from .._data import Data, Order
from .._parameters import BatchGradient, StepJacobian, Updater

if TYPE_CHECKING:
    from .._options import FixedOptions


@dataclass(frozen=True)
class RuleTask:
    """The input of a rule, which consists of the data that `arrange` has returned, and
    the trainer's options during this training, which `check` has accepted.
    """

    options: FixedOptions
    data: Data
    weights: Floats | None  # weight of each row's cost, shape (rows,)
    rng: np.random.Generator
    streamed: bool = False  # the data are a batch of a stream

    @cached_property
    def network(self) -> Network:
        """The network to train."""
        return self.options.network

    @cached_property
    def cost(self) -> Cost:
        """The cost to minimise."""
        return self.options.cost


RULES: dict[str, type[TrainingRule]] = {}
"""Rules by the name for ``Trainer(rule=...)``."""
NO_SLOPES = "none"
SLOPES_OF_OUTPUTS = "outputs"
ALL_SLOPES = "all"
SEQUENCE = "sequence"
"""Replaces a batch size if weights are updated at the end of each sequence."""
ONE_EPOCH = {"gradient", "gradients"}
"""Methods that determine how one epoch is run."""
SEVERAL_EPOCHS = {"joins_epochs", "learn_epochs"}
"""Methods that determine how several epochs are run in one call."""


class TrainingRule(ABC):
    """Base class of learning rules. Each object is a rule in one training.

    ``class Name(TrainingRule, rule="name")`` registers a rule in ``RULES``, for
    ``Trainer(rule="name")``.

    A rule defines :meth:`gradient`, on which batches, optimizers and L-BFGS are based.
    A rule may form its batches differently (:meth:`gradients`), or update weights
    itself while it runs (`direct`, :meth:`learn_epochs`).

    Parameters
    ----------
    task : RuleTask
        The data, network, cost and options of the training.

    Attributes
    ----------
    direct : bool
        Whether the rule can update weights itself, without an optimizer. Default:
        False.
    slopes : {"none", "outputs", "all"}
        Parameters whose slopes dy/dp the rule computes at every step, for recursive
        optimizers. They are the outputs' own parameters, or all. Default: "none".
    weighs : bool
        Whether samples and classes can have weights. Default: True.
    batch_size : int
        Number of sequences, or steps, in a batch if the trainer's option is not given.
        Default: 32.
    """

    direct: ClassVar[bool] = False
    weighs: ClassVar[bool] = True
    slopes: ClassVar[str] = NO_SLOPES
    batch_size: ClassVar[int] = 32
    _through_time: ClassVar[bool] = True  # errors reach earlier steps
    # a long call of `learn_epochs` runs in its own thread, in which it cannot use
    # public calls of the network
    _threaded: ClassVar[bool] = False
    _by_steps: ClassVar[bool] = False  # a batch is a number of steps, not of sequences
    _by_sequences: ClassVar[bool] = False  # takes costs of whole sequences
    _in_float: ClassVar[bool] = False  # inputs have the float type of the network
    _has_reach: ClassVar[bool] = False  # takes the option `reach`
    _one_epoch: ClassVar[bool] = False
    """Whether the class redefines how one epoch is run, which an inherited loop over
    several epochs would ignore."""

    def __init_subclass__(cls, rule: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if rule is not None:
            RULES[rule] = cls
        defined = vars(cls).keys()
        one = bool(defined & ONE_EPOCH) or cls._one_epoch
        cls._one_epoch = one and not defined & SEVERAL_EPOCHS
        if "learn_epochs" in defined and "_threaded" not in defined:
            cls._threaded = False

    def __init__(self, task: RuleTask) -> None:
        self.task = task
        self._topology: int | None = None
        renewal = task.options.renewal
        self._renewer = None if renewal is None else Renewer(task.network, renewal)

    @classmethod
    def check(cls, options: FixedOptions) -> None:
        """Raise ArgumentError if the rule cannot be used with these options."""
        if options.reach is not None and not cls._has_reach:
            raise ArgumentError('`reach` is for rule="rtrl". Remove it.')
        if isinstance(options.cost, SequenceCost) and not cls._by_sequences:
            raise options.cost._of_sequences()
        if options.batch_size == SEQUENCE and not cls._by_steps:
            positive_integer("batch_size of Trainer", SEQUENCE)
        if isinstance(options.optimizer, LBFGS | RecursiveOptimizer):
            cls._check_optimizer(options, options.optimizer)

    @classmethod
    def _check_optimizer(
        cls, options: FixedOptions, optimizer: LBFGS | RecursiveOptimizer
    ) -> None:
        """Raise ArgumentError unless an optimizer that is no `Optimizer` can be used
        with these options.
        """
        if isinstance(optimizer, LBFGS) and options.penalties.clips:
            raise ArgumentError(
                "L-BFGS needs gradients without clipping. Remove clip and clip_value."
            )
        if options.renewal is not None:
            raise ArgumentError(
                f"{type(optimizer).__name__} needs parameters that only it"
                " changes. Remove the renewal."
            )
        if isinstance(optimizer, RecursiveOptimizer):
            cls._check_recursive(options, optimizer)

    @classmethod
    def _check_recursive(
        cls, options: FixedOptions, optimizer: RecursiveOptimizer
    ) -> None:
        """Raise ArgumentError unless a recursive optimizer can be used with these
        options.
        """
        name = type(optimizer).__name__
        penalties = options.penalties
        enough = (SLOPES_OF_OUTPUTS, ALL_SLOPES) if optimizer.direct else (ALL_SLOPES,)
        if cls.slopes not in enough:
            use = " or ".join(
                f'rule="{known}"'
                for known, rule in RULES.items()
                if rule.slopes in enough
            )
            raise ArgumentError(
                f'{name} needs the slopes of every step, not rule="{options.rule}".'
                f" Use {use}."
            )
        if options.batch_size not in (None, 1):
            raise ArgumentError(
                f"{name} changes parameters at every step with a target. Remove the"
                " batch_size."
            )
        if (penalties.l1, penalties.l2) != (0.0, 0.0):
            setting = (
                "a larger regularization"
                if optimizer.direct
                else "a smaller initial_variance"
            )
            raise ArgumentError(
                f"{name} has no penalties. Remove l1 and l2, and pass it {setting}."
            )
        if penalties.clips:
            raise ArgumentError(
                f"{name} uses no gradient that could be clipped. Remove clip and"
                " clip_value."
            )

    @classmethod
    def arrange(cls, data: Data) -> Data:
        """Return the data in the form for the rule. Raises ArgumentError if the rule
        cannot use them.
        """
        return data

    def _refresh(self) -> None:
        """Update the working memory if the topology has changed. The caller has the
        network in use.
        """
        version = self.task.network._version
        if self._topology != version:
            self.lay_out()
            self._topology = version

    @property
    def _nbytes(self) -> int:
        """Size in bytes of the data, and of the memory that depends on them."""
        return self.task.data.inputs.nbytes + self.task.data.targets.nbytes

    def lay_out(self) -> None:  # noqa: B027 - most rules need no working memory
        """Create the working memory for the network's present topology."""

    def continued(self, task: RuleTask) -> TrainingRule:
        """Return the rule for the next batch of a stream, by default a new one without
        this one's state.
        """
        rule = type(self)(task)
        rule._renewer = self._renewer
        return rule

    def _reinitialize_neurons(self, updater: Updater) -> None:
        """Reset the least useful neurons after an update of the optimizer, if the
        trainer requests it.
        """
        if self._renewer is not None:
            renewed = self._renewer.renew(self.task.rng, self._activity())
            if len(renewed):
                self._renewer.clear(
                    updater.state, updater.parameters.entries(), renewed
                )
                self._clear_sensitivities()

    def _activity(self) -> Floats | None:
        """Return the mean absolute activation of every neuron in the latest batch, or
        None to use its last step.
        """
        return None

    def _clear_sensitivities(self) -> None:  # noqa: B027 - few rules have any
        """Clear the sensitivities after the renewal of a neuron."""

    @abstractmethod
    def gradient(self, chosen: Order) -> BatchGradient:
        """Compute the gradient over the sequences with these indices. No weight
        changes.
        """

    @property
    def _size_of_batch(self) -> Any:
        """Option `batch_size` or its default, which for a stream is all of each
        batch.
        """
        usual = sys.maxsize if self.task.streamed else self.batch_size
        return self.task.options.batch_size or usual

    def gradients(self, order: Order) -> Iterator[BatchGradient | StepJacobian]:
        """Yield the gradient of each batch in turn. The caller updates the weights in
        between.
        """
        size = self._size_of_batch
        for start in range(0, len(order), size):
            yield self.gradient(order[start : start + size])

    def joins_epochs(self) -> bool:
        """Return whether ``learn_epochs`` can be called now. The caller has the network
        in use. Default: False.
        """
        return False

    def learn_epochs(
        self, epochs: Epochs, updater: Updater | None
    ) -> tuple[int, float, float]:
        """Run several epochs in one compiled call and write their losses, in rules that
        join epochs.

        Returns the number of complete epochs, and for the latest epoch the summed cost
        and the number of steps with a target. The result is the same, bit by bit,
        however epochs are divided into calls. `updater` is current, and it is None
        without an optimizer, when a `direct` rule changes weights. The caller has the
        network in use. Other threads set ``epochs.control[0]`` to stop it, and read
        ``epochs.control[1]``, the number of completed rows.
        """
        raise NotImplementedError(f"{type(self).__name__} runs one epoch at a time.")
