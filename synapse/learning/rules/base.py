"""The interface between a training and its learning rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..._typing import Floats
from ...cost import Cost
from ...errors import ArgumentError
from ...network import Network
from ...optimizers import LBFGS, Optimizer
from .._data import Control, Data, Order
from .._regularisation import Dropout


@dataclass(frozen=True)
class Options:
    """The options of a trainer, and of one call of its ``train``, that a rule may refuse or use."""

    optimizer: Optimizer | LBFGS | None  # None: the rule changes weights itself
    batch_size: int | None  # None: the rule's own
    window: int  # errors pass through at most so many steps
    dropout: Dropout
    threads: int  # that may compute at the same time
    on_step: bool = False  # a function is called after every step
    weighted: bool = False  # samples or classes have weights


@dataclass(frozen=True)
class Task:
    """What one training works on: data as `arrange` has returned them, options that `check` has accepted."""

    network: Network
    data: Data
    cost: Cost
    weights: Floats | None  # of each row's cost, shape (rows,)
    rng: np.random.Generator
    options: Options


@dataclass(frozen=True)
class BatchGradient:
    """The gradient of one batch, 0 where something is not trainable. Those of tied ones are summed later."""

    cost: float  # summed over the batch's steps
    steps: float  # with a target; weighted steps count by their weight
    weights: Floats  # one per connection, in the order of network.connections
    biases: Floats  # one per neuron, in the order of the network
    rows: int  # run, with a target or without


RULES: dict[str, type[Rule]] = {}
"""The rules by the name that ``Trainer(method=...)`` takes."""


class Rule(ABC):
    """A learning rule in one training.

    ``class Name(Rule, method="name")`` enters a rule in ``RULES``, for ``Trainer(method="name")``.

    A rule defines :meth:`gradient`; batches, optimizers and L-BFGS follow from it. It may form its batches
    in another way (:meth:`gradients`), or change weights itself while it runs (`direct`, :meth:`learn`).

    Parameters
    ----------
    task : Task
        What the training works on.

    Attributes
    ----------
    direct : bool
        Whether the rule can change weights itself, without an optimizer. Default False.
    through_time : bool
        Whether errors reach earlier steps. Default True.
    batch_size : int
        The number of sequences in a batch where the trainer's option is not given. Default 32.
    """

    direct: ClassVar[bool] = False
    through_time: ClassVar[bool] = True
    batch_size: ClassVar[int] = 32

    def __init_subclass__(cls, method: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if method is not None:
            RULES[method] = cls

    def __init__(self, task: Task) -> None:
        self.task = task
        self._topology: int | None = None

    @classmethod
    def check(cls, options: Options) -> None:
        """Raise ArgumentError if the rule cannot be used with these options. Nothing has changed then."""
        if options.on_step and options.optimizer is not None:
            raise ArgumentError("on_step is for the plain online rule: leave method and optimizer out.")

    @classmethod
    def arrange(cls, data: Data) -> Data:
        """The data in the form that the rule trains on. Raises ArgumentError where it cannot."""
        return data

    def refresh(self) -> None:
        """Lay out working memory anew if the topology has changed. The caller has the network in use."""
        if self._topology != self.task.network._store.topology_version:
            self.lay_out()
            self._topology = self.task.network._store.topology_version

    def lay_out(self) -> None:  # noqa: B027 - most rules need no memory of their own
        """Lay out working memory for the network's present topology."""

    def continued(self, task: Task) -> Rule:
        """The rule for the next batch of a stream: by default a new one, which keeps nothing of this one."""
        return type(self)(task)

    def clear(self) -> None:
        """Forget the context, before a sequence whose steps are run one by one."""
        self.task.network.clear()

    @abstractmethod
    def gradient(self, chosen: Order) -> BatchGradient:
        """The gradient over some sequences, by their numbers. No weight changes."""

    def gradients(self, order: Order) -> Iterator[BatchGradient]:
        """The gradient of each batch in turn. The caller moves the weights between two of them."""
        size = self.task.options.batch_size or self.batch_size
        for first in range(0, len(order), size):
            yield self.gradient(order[first : first + size])

    def learn(self, data: Data, order: Order, rate: float, control: Control) -> tuple[float, int]:
        """Run over the data once and change weights on the way, of a `direct` rule.

        Returns the summed cost and the number of steps with a target. The caller has the network in use and
        may run this in another thread, set ``control[0]`` to stop it and read rows done in ``control[1]``.
        """
        raise NotImplementedError(f"{type(self).__name__} needs an optimizer.")
