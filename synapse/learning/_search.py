"""Training by L-BFGS, which evaluates costs and gradients of all data when it needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from .._typing import Floats
from ..engine.guard import InUse, check
from ..errors import ArgumentError
from ..optimizers import LBFGS
from ._checkpoint import SearchStart
from ._parameters import ParameterVector, Updater
from .rules import BatchGradient, Rule


class _EditedError(Exception):
    """Raised if another thread has edited the network during a search."""


class Search:
    """A search by L-BFGS over all sequences, with the gradients of the rule.

    `note` is called with the mean cost and the norm of the gradient after each iteration; it may edit the
    network. A true value ends the search. `start` is where the present search began.
    """

    def __init__(
        self, optimizer: LBFGS, updater: Updater, rule: Rule, note: Callable[[float, float], bool]
    ) -> None:
        self.optimizer, self.updater, self.rule, self.note = optimizer, updater, rule, note
        self.order = rule.task.data.filled
        self.start: SearchStart | None = None
        self._at: Floats | None = None  # the parameters that it has reached
        self._repeated = 0  # iterations that are still to be repeated,
        self._reached: Floats | None = None  # and the parameters to which they lead

    def run(self, epochs: int, done: int, start: SearchStart | None) -> None:
        """Run iterations until there are `epochs`, of which `done` are done.

        With a `start`, that search is continued: its iterations are repeated without a note. After an edit,
        a new search begins from the edited network.
        """
        while done < epochs:
            with InUse(self.updater.network):
                parameters = self.updater.refresh(self.optimizer)
                self.rule.refresh()
                if start is not None:
                    self._repeat(parameters, start, done)
                    done = start.epoch
                begin = parameters.read()
                self.start, start = SearchStart.of(self.updater.network, done, begin), None
            try:
                more, ended = self._from(begin, parameters, epochs - done)
            except BaseException:
                if self._reached is not None:  # within what is repeated: as before
                    self._at = self._reached
                    parameters.write(self._reached)
                raise
            done = epochs if ended else done + more

    def present_start(self) -> SearchStart | None:
        """Where the present search began; None after an edit, so that a new one will begin."""
        parameters = self.updater.parameters
        with InUse(self.updater.network):
            if parameters is None or self._at is None or not parameters.current:
                return None
            return self.start if np.array_equal(parameters.read(), self._at) else None

    def _repeat(self, parameters: ParameterVector, start: SearchStart, done: int) -> None:
        """Return to where a search began."""
        self._repeated = done - start.epoch
        if self._repeated:
            self._reached = parameters.read()
            parameters.write(start.parameters)
            start.restore_random(self.updater.network)

    def _noted(self, error: float, norm: float) -> bool:
        """Call `note`, except for an iteration that is repeated."""
        if not self._repeated:
            return self.note(error, norm)
        check()
        self._repeated -= 1
        if not self._repeated:
            if self._reached is None or self._at is None or (self._at != self._reached).any():
                raise ArgumentError(
                    "L-BFGS continues a training by repeating its iterations, which have led to other "
                    "weights now. Give the same data and options, or train without resume."
                )
            self._reached = None
        return False

    def _from(self, reached: Floats, parameters: ParameterVector, epochs: int) -> tuple[int, bool]:
        """Run one search from `reached`; returns its number of iterations and whether it has ended."""
        seen: dict[bytes, tuple[float, float]] = {}
        done, ended, self._at = 0, True, reached

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
                self._at = reached = parameters.read()
                done += 1
            stop = self._noted(*seen[values.tobytes()])
            with InUse(self.updater.network):
                ended = stop or (parameters.current and bool((parameters.read() == reached).all()))
            return stop or not ended

        try:
            optimizer = replace(self.optimizer, iterations=epochs)
            found = optimizer.minimise(function, reached, parameters.frozen, callback)
            with InUse(self.updater.network):
                if ended and parameters.writable:
                    parameters.write(found)
                    self._at = parameters.read()
            if done == 0:  # no lower cost was found
                batch = self._gradient(parameters)
                self._noted(batch.cost / batch.steps, self.updater.penalised(batch, self._at)[1])
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
