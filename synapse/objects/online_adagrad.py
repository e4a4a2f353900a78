"""Online AdaGrad: steps along a network's slopes, scaled by their summed squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from .. import engine
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess
from ..engine.online import (
    InputLists,
    learn_by_adagrad,
    learn_listed,
    peek_listed,
)
from ..engine.online.gradient_traces import SMALLEST_ROOT
from ..engine.online.step_formulas import share_of_step
from ..engine.schema import SHARED_BY
from ..engine.status import DIVERGED, DONE, REFUSED
from ..engine.store import Store
from . import edits, parameters
from .calling import locked
from .eligibility_traces import EligibilityTraces
from .layer import Layer
from .propagating import Slopes

Sample = tuple[Floats, Ints, Ints]
"""A sparse row of inputs: values, the indices of their inputs, and the row's bounds in
both.
"""


@final
class OnlineAdaGrad(EligibilityTraces):
    r"""AdaGrad (Duchi, Hazan and Singer 2011) with forgetting and a bound, for one
    sample at a time.

    With the errors e of the outputs and the slopes g = Σ e ∂y/∂w of the last step::

        s <- keep s + g² where g is not 0
        w <- w + step g / √s,   step = rate min(1, D / (bound rate Σ g²/√s))

    D is Σ|e|, or Σ e² if `squared`, and the first-order decrease of the cost is
    therefore at most D / bound. The sums s follow the network through edits like the
    traces of :class:`EligibilityTraces`.

    A step may list the inputs that are not 0. Its time then only depends on these
    inputs, provided that each neuron reads all inputs or none, and that the network has
    no memory.
    """

    _count = 0.0
    """Number of steps in the sums, which decays like the sums in each step."""

    def _begin(self) -> None:
        super()._begin()
        updates = self._updates
        weights, biases = updates.weights, updates.biases
        # not `zeros_like`, which would write to the memory of spare inputs
        by_weight = np.zeros(len(weights), weights.dtype)
        self._squares = by_weight, np.zeros(len(biases), biases.dtype)
        network = self.network
        self._errors = np.empty(network._n_outputs)
        self._lists: InputLists | None = None
        self._by_input: Floats | None = None
        if not (network._rtrl or network.has_memory or network._is_random):
            _, store, span = network._lowered()
            self._lists = engine.online.InputLists.of(store, span, updates)

    @property
    def _sums(self) -> tuple[Floats, Floats]:
        if self._by_input is not None:
            assert self._lists is not None  # whose sums these are
            firsts = self._lists.readers[1]
            for first, sums in zip(firsts, self._by_input.T, strict=True):
                self._squares[0][first : first + len(sums)] = sums
            self._by_input = None
        return self._squares

    def _set_sums_of(self, i: int, rows: Ints, sums: Floats) -> None:
        """Set the sums of the weights from input i, given their rows."""
        if self._by_input is None:
            self._squares[0][rows] = sums
        else:
            self._by_input[i] = sums

    def state(self) -> tuple[Any, ...]:
        """Return all values of the steps, for :meth:`restore`."""
        return self.read(), self._count

    def restore(self, squares: Slopes, count: float) -> None:
        """Restore the values that :meth:`state` returned."""
        with ExclusiveAccess(self.network):
            self._lowered_store()
            for at, sums, values in zip(self._places, self._sums, squares, strict=True):
                sums[at.every] = values
        self._count = count

    # --- inputs -----------------------------------------------------------------------

    def _rows_from(self, store: Store, i: int) -> Ints:
        """Return the rows of the connections from input i, in the order of targets."""
        if self._lists is not None:
            return self._lists.readers[1] + i
        source = store["source"][: store.n_connections]
        return np.flatnonzero(source == self.network._anchor._row + i)

    @property
    def can_list(self) -> bool:
        """Whether steps can list inputs, see the class. A recording does not affect
        it.
        """
        if self._updates.topology != self.network._store.topology_version:
            with ExclusiveAccess(self.network):
                self._lowered_store()
        return self._lists is not None

    @property
    def readers(self) -> Layer:
        """Neurons to which inputs project, in the order of activation."""
        network = self.network
        with ExclusiveAccess(network):
            store, start = self._lowered_store(), network._anchor._row
            source = store["source"][: store.n_connections]
            of_inputs = (source >= start) & (source < start + network._n_inputs)
            counts = np.bincount(store["target"][: store.n_connections][of_inputs])
            targets = np.flatnonzero(counts)  # sooner than by `np.unique`
            neurons = [*network]
            return Layer([neurons[row - start] for row in targets.tolist()])

    def remove_inputs(self, indices: Sequence[int]) -> None:
        """Remove inputs of the network, in one edit."""
        with ExclusiveAccess(self.network):
            edits.remove([self.network.input[i] for i in indices])

    def negate(self, i: int) -> None:
        """Make input i active when it is 0 instead of 1, and the other way round, by
        w x = w - w (1 - x).
        """
        with ExclusiveAccess(self.network):
            store = self._lowered_store()
            rows = self._rows_from(store, i)
            targets, weights = (
                store["target"][rows].astype(np.int64),
                store["weight"][rows],
            )
            parameters.assign(store, "bias", targets, store["bias"][targets] + weights)
            parameters.assign(store, "weight", rows, -weights)

    def parameters_of(self, i: int) -> Floats:
        """Return the weights from input i and their sums, in the order of targets,
        shape (2, targets).
        """
        with ExclusiveAccess(self.network):
            store = self._lowered_store()
            rows = self._rows_from(store, i)
            by_input = self._by_input
            sums = self._squares[0][rows] if by_input is None else by_input[i]
            return np.stack([store["weight"][rows], sums], dtype=float)

    def set_parameters_of(self, i: int, values: Floats) -> None:
        """Set the weights and sums to values for the first targets, and others to
        0.
        """
        with ExclusiveAccess(self.network):
            store = self._lowered_store()
            rows = self._rows_from(store, i)
            every = np.zeros((2, len(rows)))
            every[:, : values.shape[1]] = values[:, : len(rows)]
            parameters.assign(store, "weight", rows, every[0])
            self._set_sums_of(i, rows, every[1])

    def expect(self, i: int, samples: float) -> None:
        """Begin the sums of the weights from input i as if this number of mean samples
        had contained it with the value 1.
        """
        with ExclusiveAccess(self.network):
            store = self._lowered_store()
            rows = self._rows_from(store, i)
            mean = self._squares[1][store["target"][rows]] / max(self._count, 1.0)
            self._set_sums_of(i, rows, samples * mean)

    # --- steps ------------------------------------------------------------------------

    @locked
    def peek(self, sample: Sample, lists: bool) -> Floats:
        """Return the outputs for a sample of :meth:`learn_sample`, in a step that
        leaves no trace.
        """
        network = self.network
        listed = self._present_lists() if lists else None
        if listed is None:
            return network.peek(self.row(sample))
        outputs = np.empty(network._n_outputs)
        by = listed.peeking
        status = network._call(peek_listed, 0, (sample, outputs), lambda _: by)
        if status != DONE:
            network._refuse_inputs(self.row(sample))
        return outputs

    def _present_lists(self) -> InputLists | None:
        """Return the kernels of listed inputs for the present topology, or None if they
        are not possible now.
        """
        store = self.network._anchor._store
        if self._updates.topology != store.topology_version:
            self._lowered_store()
        return self._lists if store.recorder is None else None

    def row(self, sample: Sample) -> Floats:
        """Return all inputs of a sample."""
        values, inputs, (_, count) = sample
        row = np.zeros(self.network._n_inputs)
        row[inputs[:count]] = values[:count]
        return row

    @locked
    def learn_sample(
        self,
        sample: Sample,
        lists: bool,
        targets: Floats,
        weight: float,
        rate: float,
        keep: float,
        bound: float,
        squared: bool,
    ) -> None:
        """Activate with a sample, and update the parameters by a step.

        If the step is not finite, no parameter has changed. The inputs are listed if
        `lists` is true and the network allows it.
        """
        network = self.network
        present_lists = self._present_lists()
        store = network._anchor._store
        errors = self._errors
        settings = weight, rate, keep, bound
        arguments: tuple[Any, ...]
        if lists and present_lists is not None:
            if self._by_input is None:
                # side by side, they take a fifth of the cache, but are not by row
                first = present_lists.readers[1]
                spans = zip(first, first + network._n_inputs, strict=True)
                self._by_input = np.stack(
                    [self._squares[0][a:b] for a, b in spans], axis=1
                )
            by_input = self._by_input
            changes = np.empty((sample[2].item(1), by_input.shape[1]), store.dtype)
            sums = by_input, *self._squares
            arguments = sample, targets, errors, changes, sums, settings, squared
            by = present_lists.learning
            status = network._call(learn_listed, 0, arguments, lambda _: by, False)
        else:
            row = sample
            if self._tied or store.recorder is not None:
                errors = network.activate(self.row(sample))
                row = *sample[:2], sample[2][:1]
            if self._tied:
                status = self._move_shared(store, targets - errors, *settings, squared)
            else:
                options = settings, squared, self._sizes
                arguments = row, targets, errors, self._sums, *options
                status = network._call(
                    learn_by_adagrad, 0, arguments, self._adding, False
                )
        if status == REFUSED:
            network._refuse_inputs(self.row(sample))
        if status != DONE:
            self.require_done(status)
        self._count = keep * self._count + 1.0

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
        """Update the parameters as above where they are shared. The slope of each is
        the sum over its members.
        """
        slopes = self.network._find_slopes(errors, None)
        decrease = 0.0
        updates = []
        for name, at, sums, shared in zip(
            ("weight", "bias"), self._places, self._sums, slopes, strict=True
        ):
            tie = store[SHARED_BY[name]]
            kept = np.where(shared == 0.0, 1.0, keep)
            sums[at.every] = sums[at.every] * kept + shared**2
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
