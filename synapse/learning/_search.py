"""Training by L-BFGS, which evaluates costs and gradients of all data when it needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from .._typing import Floats
from ..engine.guard import InUse
from ..optimizers import LBFGS
from ._parameters import ParameterVector, Updater
from .rules import BatchGradient, Rule


class _EditedError(Exception):
    """Raised if another thread has edited the network during a search."""


class Search:
    """A search by L-BFGS over all sequences, with the gradients of the rule.

    `note` is called with the mean cost and the norm of the gradient after each iteration; it may edit the
    network. A true value ends the search.
    """

    def __init__(
        self, optimizer: LBFGS, updater: Updater, rule: Rule, note: Callable[[float, float], bool]
    ) -> None:
        self.optimizer, self.updater, self.rule, self.note = optimizer, updater, rule, note
        self.order = rule.task.data.filled

    def run(self, epochs: int) -> None:
        """Run at most this many iterations. After an edit, a new search begins from the edited network."""
        while epochs > 0:
            with InUse(self.updater.network):
                parameters = self.updater.refresh(self.optimizer)
                self.rule.refresh()
                begin = parameters.read()
            done, ended = self._from(begin, parameters, epochs)
            epochs = 0 if ended else epochs - done

    def _from(self, reached: Floats, parameters: ParameterVector, epochs: int) -> tuple[int, bool]:
        """Run one search from `reached`; returns its number of iterations and whether it has ended."""
        seen: dict[bytes, tuple[float, float]] = {}
        done, ended = 0, True

        def function(values: Floats) -> tuple[float, Floats]:
            batch = self._gradient(parameters, values)
            slopes, norm = self.updater.penalised(batch, values)
            seen[values.tobytes()] = batch.cost / batch.steps, norm
            penalty = self.updater.penalties.of(values[: parameters.n_weights])
            return batch.cost / len(self.order) + penalty, slopes

        def callback(values: Floats, _: float) -> bool:
            nonlocal reached, done, ended
            with self._unedited(parameters):
                parameters.write(values)
                reached, done = parameters.read(), done + 1
            stop = self.note(*seen[values.tobytes()])
            with InUse(self.updater.network):
                ended = stop or (parameters.current and bool((parameters.read() == reached).all()))
            return stop or not ended

        try:
            optimizer = replace(self.optimizer, iterations=epochs)
            found = optimizer.minimise(function, reached, parameters.frozen, callback)
            if ended:
                parameters.write(found)
            if done == 0:  # no lower cost was found
                batch = self._gradient(parameters)
                self.note(batch.cost / batch.steps, self.updater.penalised(batch, parameters.read())[1])
        except _EditedError:
            return done, False
        except BaseException:
            parameters.write(reached)
            raise
        return done, ended

    def _gradient(self, parameters: ParameterVector, values: Floats | None = None) -> BatchGradient:
        """Set the network's parameters to these values and return the gradient over all sequences."""
        with self._unedited(parameters):
            if values is not None:
                parameters.write(values)
            return self.rule.gradient(self.order)

    @contextmanager
    def _unedited(self, parameters: ParameterVector) -> Iterator[None]:
        """Hold the network in use; raises if its structure has changed since the search began."""
        with InUse(self.updater.network):
            if not parameters.writable:
                raise _EditedError
            yield
