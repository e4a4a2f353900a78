"""What a store and those who step it tell the recorder that watches it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rtrl import Plan


class Watcher(ABC):
    """The ``recorder`` of a store: it has the kernels write rows of numbers, a row for
    each step of one network.

    The caller holds the lock of the store. Networks and neurons are those of the
    objects, which the engine knows by these calls only.
    """

    @abstractmethod
    def records(self, network: Any) -> bool:
        """Whether this network is watched, and not another one of the store."""

    @abstractmethod
    def owns(self, neuron: Any) -> bool:
        """Whether a neuron of the store is in the network that is watched."""

    @abstractmethod
    def follow(self) -> None:
        """Lowering has moved rows: tell the kernels the new ones."""

    @abstractmethod
    def follow_plan(self, network: Any, plan: Plan) -> None:
        """Kernels are about to use this plan of sensitivities: tell it which to
        record.
        """

    @abstractmethod
    def make_room(self, steps: int) -> None:
        """So many steps are about to run: have memory for their rows."""

    @abstractmethod
    def activated(self, neuron: Any) -> None:
        """A neuron has been activated by itself; its second activation in a step starts
        a new step.
        """

    @abstractmethod
    def propagated(self, neuron: Any) -> None:
        """A neuron has propagated by itself."""

    @abstractmethod
    def updated(self) -> None:
        """Weights and biases have changed after the latest step."""

    @abstractmethod
    def step_over(self) -> None:
        """The context has changed: what comes now belongs to no row."""
