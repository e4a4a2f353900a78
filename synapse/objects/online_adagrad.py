"""Steps along the slopes of a network, each divided by the root of a sum of its
squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from .._typing import Floats
from ..engine.locking import ExclusiveAccess
from ..engine.online.gradient_traces import SMALLEST_ROOT
from ..engine.online.step_formulas import share_of_step
from ..engine.schema import SHARED_BY
from ..engine.status import DIVERGED, DONE
from ..engine.store import Store
from . import parameters
from .calling import locked
from .connection import Connection
from .eligibility_traces import EligibilityTraces
from .slopes import Slopes


@final
class OnlineAdaGrad(EligibilityTraces):
    r"""AdaGrad (Duchi, Hazan and Singer 2011) that forgets, with a bound, for one
    sample at a time.

    With the errors e of the outputs and the slopes g = Σ e ∂y/∂w of the last step::

        s <- keep s + g²
        w <- w + step g / √s,   step = rate min(1, D / (bound rate Σ g²/√s))

    D is Σ|e|, or Σ e² if `squared`: the first-order decrease of the cost is at most D /
    bound. The sums s follow the network through edits like those of
    :class:`EligibilityTraces`.
    """

    def _begin(self) -> None:
        super()._begin()
        updates = self._updates
        self._squares = np.zeros_like(updates.weights), np.zeros_like(updates.biases)
        self._settings = np.empty(4)

    @property
    def _sums(self) -> tuple[Floats, Floats]:
        return self._squares

    def restore(self, squares: Slopes) -> None:
        """Take over sums that :meth:`read` has returned."""
        with ExclusiveAccess(self.network):
            self._lowered_store()
            for at, sums, values in zip(
                self._places, self._squares, squares, strict=True
            ):
                sums[at.every] = values

    def sums_of(self, links: Sequence[Connection]) -> Floats:
        """Return the sums of some connections of the network."""
        with ExclusiveAccess(self.network):
            rows = self._lowered_store().row_of[[link._identity for link in links]]
            return self._squares[0][rows].copy()

    def set_sums_of(self, links: Sequence[Connection], sums: Floats) -> None:
        """Take over sums that :meth:`sums_of` has returned."""
        with ExclusiveAccess(self.network):
            rows = self._lowered_store().row_of[[link._identity for link in links]]
            self._squares[0][rows] = sums

    @locked
    def move(
        self,
        errors: Floats,
        weight: float,
        rate: float,
        keep: float,
        bound: float,
        squared: bool,
    ) -> None:
        """Change the parameters by a step for these errors; if it is not finite,
        nothing has changed.
        """
        store = self._lowered_store()
        if self._tied:
            self.require_done(
                self._move_shared(store, errors, weight, rate, keep, bound, squared)
            )
            return
        settings = self._settings
        settings[0] = weight
        settings[1] = rate
        settings[2] = keep
        settings[3] = bound
        arguments = errors, self._squares, settings, squared, self._sizes
        self.require_done(self._call("learn_by_adagrad", 0, *arguments))

    def _move_shared(
        self,
        store: Store,
        errors: Floats,
        weight: float,
        rate: float,
        keep: float,
        bound: float,
        squared: bool,
    ) -> int:
        """Do the same where parameters are shared: the slope of each is the sum over
        its members.
        """
        # This computes the slopes, and moves nothing.
        status, _ = self._call(
            "learn_by_traces", 0, errors, 0.0, 0.0, 1.0, 0.0, self._sizes
        )
        if status != DONE:
            return int(status)
        slopes = self._updates.weights, self._updates.biases
        decrease = 0.0
        updates = []
        for name, at, sums, each in zip(
            ("weight", "bias"), self._places, self._squares, slopes, strict=True
        ):
            tie = store[SHARED_BY[name]]
            shared = parameters.sum_of_group(tie, at.every, each[at.every])
            sums[at.every] = sums[at.every] * keep + shared**2
            update = shared / (np.sqrt(sums[at.every]) + SMALLEST_ROOT)
            # each parameter counts once
            members = parameters.distinct(tie[at.every])[0]
            decrease += float((shared * update)[members].sum())
            updates.append((name, at.every, update))
        if not np.isfinite(decrease):
            return DIVERGED
        limit = float((errors**2 if squared else np.abs(errors)).sum())
        step = rate * weight * share_of_step(rate, bound, decrease, limit)
        for name, rows, update in updates:
            parameters.assign_first(
                store, name, rows, store[name][rows] + step * update
            )
        return DONE
