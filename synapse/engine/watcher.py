"""What a store and those who step it tell the recorder that watches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Watcher(ABC):
    """The ``recorder`` of a store: it has the kernels write rows of numbers, a row for
    each step of one network.

    The caller holds the lock of the store. Networks and neurons are those of the
    objects, which the engine knows by these calls only.
    """

    @abstractmethod
    def records(self, network: Any) -> bool:
        """Return whether this network is watched, and not another one of the store."""

    @abstractmethod
    def owns(self, neuron: Any) -> bool:
        """Return whether a neuron of the store is in the network that is watched."""

    @abstractmethod
    def follow(self) -> None:
        """Update the rows in the kernels after lowering has moved them."""

    @abstractmethod
    def follow_plan(self, network: Any, plan: Any) -> None:
        """Set which sensitivities of this plan to record, before kernels use it."""

    @abstractmethod
    def make_room(self, steps: int) -> None:
        """Allocate log rows for `steps` steps, before they run."""

    @abstractmethod
    def activated(self, neuron: Any) -> None:
        """Record that a neuron has activated alone; its second activation in a step
        starts a new step.
        """

    @abstractmethod
    def propagated(self, neuron: Any) -> None:
        """Record that a neuron has propagated alone."""

    @abstractmethod
    def updated(self) -> None:
        """Record that weights and biases have changed after the latest step."""

    @abstractmethod
    def step_over(self) -> None:
        """End the step after a change of the context: what comes now belongs to no
        row.
        """
