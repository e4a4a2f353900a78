"""Sequences of one call that do not depend on each other, which several threads run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..engine.replica import Replica
from .threads import computing, ended, submitted, threads_that_pay, work_of

if TYPE_CHECKING:
    from .calling import Calling

PART = 1 << 24
"""Work in a part, see `work_of`: some 0.3 ms, in which the costs of a part vanish."""

OfPart = Callable[[slice], Any]
"""What runs the sequences of a part; it returns None if anything fails."""


def least_steps(network: Calling) -> int:
    """Return the number of steps below which a call of a lowered network has one part,
    whatever its sequences.
    """
    store = network._store
    work = work_of(store.n_connections, store.dtype.itemsize, 1)
    return ceil(2 * PART / max(1.0, work))


class CallParts:
    """The sequences of a call, with these numbers of steps, `steps` in all, divided
    into parts of consecutive ones. The division depends on the work, not on threads;
    there is one part if sequences are not `apart`.

    The network is lowered, and the caller has it in use.
    """

    def __init__(
        self, network: Calling, lengths: NDArray[Any], steps: int, apart: bool = True
    ) -> None:
        self.network = network
        store = network._store
        self.work = work_of(store.n_connections, store.dtype.itemsize, steps)
        # two rows at least: what the last step leaves includes the one before
        count = min(len(lengths) // 2, int(self.work / PART)) if apart else 1
        if count <= 1:
            self.parts = [slice(0, len(lengths))]
            return
        ends = lengths.cumsum()
        cuts = np.searchsorted(ends, steps * np.arange(1, count) / count) + 1
        bounds = np.unique(np.array([0, *cuts, len(lengths)]))
        self.parts = [slice(*pair) for pair in pairwise(bounds.tolist())]
        self._steps_before = np.append(0, ends)[bounds].tolist()

    def run(
        self, threads: int | None, runner: Callable[[Replica], OfPart]
    ) -> list[Any] | None:
        """Run all parts in several threads, if that pays; returns what they have
        returned, in their order, and the network is as after the last one.

        Else returns None, also if anything fails: nothing has changed then, and the
        caller runs part after part. `runner` makes of the numbers of a thread what
        calls kernels with their address.
        """
        if len(self.parts) == 1:
            return None
        wanted = threads
        if wanted is None:
            # steps forward alone take half the time of the same work in a training
            wanted = threads_that_pay(self.work, self.work / 2)
        wanted = min(wanted, len(self.parts))
        if wanted == 1 or self.network._is_random:  # random neurons draw in order
            return None
        with computing(wanted, threads is None) as count:
            return None if count == 1 else self._run_together(count, runner)

    def _run_together(
        self, threads: int, runner: Callable[[Replica], OfPart]
    ) -> list[Any] | None:
        _, store, span = self.network._lowered()
        runners: list[tuple[Replica, OfPart]] = []
        with suppress(MemoryError):  # fewer do
            for _ in range(threads):
                replica = Replica(store, span)
                runners.append((replica, runner(replica)))
        if len(runners) < 2:
            return None
        left = iter(range(len(self.parts)))  # Python's lock makes `next` indivisible
        answers: dict[int, tuple[Any, Replica]] = {}

        def take(replica: Replica, run: OfPart) -> None:
            for index in left:
                replica.move_to(self._steps_before[index])
                answer = run(self.parts[index])
                if answer is None:
                    break
                answers[index] = answer, replica

        helpers = submitted([partial(take, *each) for each in runners[1:]])
        try:
            take(*runners[0])
        except MemoryError:
            pass
        finally:  # no thread may read the network afterwards
            for _ in left:
                pass
            ended(helpers)
        if len(answers) < len(self.parts):
            return None
        answers[len(self.parts) - 1][1].adopt()
        return [answers[index][0] for index in range(len(self.parts))]
