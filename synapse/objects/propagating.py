"""Propagating: methods by which a network learns from the error of its last step."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks as checks, _cost, costs, engine
from .._checks import is_row
from .._cost import Cost
from .._typing import Floats
from ..engine import online
from ..engine.functions.activations import SOFTMAX
from ..engine.locking import atomic
from ..engine.records import Span
from ..engine.schema import CHECK_SIZES, CHECK_TARGETS, GIVEN_ERRORS, SHARED_BY
from ..engine.status import DIVERGED, REFUSED
from ..errors import ArgumentError, DivergenceError
from ..plasticity._rule import Rule
from . import parameters
from .calling import locked
from .facts import fact
from .plastic import Plasticity
from .sensitivities import RTRL, LearningRule, Sensitivities, checked_rule
from .stepping import NOTHING, Stepping

CHECK_ALL = CHECK_TARGETS + CHECK_SIZES
RATE = 0.1
RATE_OF_RULES = 1.0
"""Default for a rule of synapses, whose settings contain their own rates."""


class Slopes(NamedTuple):
    """Derivatives with respect to the parameters of a network, see
    :meth:`Network.output_gradient`.
    """

    weights: Floats
    biases: Floats


class Propagating(Stepping):
    """The methods by which a network learns from its last step."""

    def _vector(
        self, title: str, values: ArrayLike, size: int, nan: bool = False
    ) -> Floats:
        """Return `size` numbers. Each must fit the range of the network's dtype, or may
        be NaN if `nan`.
        """
        return checks.vector(title, values, size, self._store.dtype, nan)

    def propagate(
        self,
        rate: float | None = None,
        targets: ArrayLike | None = None,
        cost: str | Cost | None = None,
        errors: ArrayLike | None = None,
        *,
        modulator: Any = None,
    ) -> float:
        """Propagate the error of the last step back through the network, and update the
        weights.

        Parameters
        ----------
        rate : float, optional
            Learning rate, by which all updates are multiplied. With 0, only the errors
            are computed. Default: 0.1, or 1 if the network learns by a rule of
            synapses, because such a rule has its own rates.
        targets : array_like, shape (m,), optional
            Target outputs, or NaN for outputs without a target. For softmax outputs you
            can also pass the number of a class, counted from 0. Default: the errors
            come from the networks to which this network is connected.
        cost : str or Cost, optional
            Cost to minimize. Default: cross-entropy for logistic outputs, categorical
            cross-entropy for softmax outputs, otherwise squared error.
        errors : array_like, shape (m,), optional
            Error of each output, instead of targets and a cost. It is minus the
            derivative of the minimized function with respect to the neuron's state, and
            :attr:`Neuron.error` contains it afterwards. Any finite numbers are allowed
            for any squash, and NaN stands for an output without an error.
        modulator : float, array_like or mapping, optional
            Modulator for a rule of synapses that has one, as a number, as one number
            for each target, or as a mapping of layers to numbers. See
            :class:`synapse.plasticity.Rule`.

        Returns
        -------
        float
            The cost of the step, or 0 with `errors` or without targets.

        Raises
        ------
        ArgumentError, ArgumentTypeError, UnknownNameError
            If `rate`, `targets`, `cost` or `errors` is invalid. No weight has changed
            then.
        DivergenceError
            If the cost or an update is not finite. No weight has changed then.
        FunctionError
            If a registered cost raises an error. No weight has changed then.

        See Also
        --------
        activate : Run a step first.
        output_gradient : Derivatives of the outputs, without an update.
        Trainer : Train on data, with this rule or with backpropagation through time.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> before = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.5, targets=[1.0])
        >>> bool(net.activate([0.0, 1.0]) > before)
        True
        """
        if self._plastic is not None or modulator is not None:
            return self._propagate_by_rule(rate, modulator, targets, cost, errors)
        rate = RATE if rate is None else rate
        if errors is not None:
            if targets is not None or cost is not None:
                raise ArgumentError(
                    "Expected errors, or targets with their cost, got both."
                )
            given = checks.row_of("errors", errors, self._n_outputs)
            return self._propagate_errors(rate, given)
        if type(rate) is float and 0.0 <= rate < checks.MAX_SAFE_NUMBER:
            measure = self._cost(cost)
            row: Floats | None = None
            if targets is None:
                row = NOTHING if cost is None else None
            elif is_row(targets, self._n_outputs):
                row = targets
            elif isinstance(targets, list | tuple):
                row = checks.row_of("targets", targets, self._n_outputs)
            if row is not None:
                status, value = self._learn(row, measure.code, rate, CHECK_ALL)
                if status != REFUSED:
                    return value
        # checks and conversions in Python, which raise the errors
        return self._learn(*self._lesson(rate, targets, cost), CHECK_SIZES)[1]

    def _propagate_by_rule(
        self,
        rate: float | None,
        modulator: Any,
        targets: ArrayLike | None,
        cost: str | Cost | None,
        errors: ArrayLike | None,
    ) -> float:
        """Update the weights by the rule of synapses."""
        by = self._plastic
        if by is None:
            raise ArgumentError(
                "`modulator` is for a rule of synapses, see synapse.plasticity. Set"
                " network.rule to one, or remove it."
            )
        if errors is not None:
            raise ArgumentError(
                f"{by.rule!r} expects targets instead of errors, because it computes"
                " post_error from them."
            )
        self._require_traces()
        step = RATE_OF_RULES if rate is None else rate
        row, code, step = self._lesson(step, targets, cost)
        if modulator is not None and not isinstance(modulator, Mapping):
            modulator = np.reshape(np.asarray(modulator), (1, -1))
        elif modulator is not None:
            modulator = {k: np.reshape(v, (1, -1)) for k, v in modulator.items()}
        return by.learn(self, None, 1, row, code, modulator, step)[1]

    def _lesson(
        self, rate: float, targets: ArrayLike | None, cost: str | Cost | None = None
    ) -> tuple[Floats, int, float]:
        """Check targets, cost and rate, and return them in the form that kernels need.
        The errors are those of :meth:`propagate`.
        """
        rate = checks.non_negative_number("rate", rate, self._store.dtype)
        measure = self._cost(cost)
        if targets is None and cost is not None:
            raise checks.void("cost", "targets", targets)
        if (
            measure is costs.categorical_cross_entropy
            and checks.integer(targets) is not None
        ):
            targets = checks.class_row("targets", targets, self._n_outputs)
        row = NOTHING
        if targets is not None:
            row = self._vector("targets", targets, self._n_outputs, nan=True)
            measure._check_targets(row[None])
        return row, measure.code, rate

    def _propagate_errors(self, rate: float, errors: Floats) -> float:
        """Propagate given errors of the outputs."""
        rate = checks.non_negative_number("rate", rate, self._store.dtype)
        status, cost = self._learn(errors, GIVEN_ERRORS, rate, CHECK_ALL)
        if status == REFUSED:
            self._refuse_errors(errors)
        return cost

    def _refuse_errors(self, errors: Floats) -> None:
        """Raise the error for output errors that kernels have refused."""
        self._vector("errors", errors, self._n_outputs, nan=True)

    def _learn(
        self, targets: Floats, cost: int, rate: float, check: int
    ) -> tuple[int, float]:
        """Propagate in one kernel call, and return its status and the cost.

        The status is DONE, or REFUSED if the targets are checked and do not fit.
        """
        if self._untraced is not None:
            self._require_traces()
        ended: tuple[int, float] = self._call(
            online.propagate_targets, 0, (targets, cost, rate, check)
        )
        if ended[0] == DIVERGED:
            what = f"The cost of {self!r} became {ended[1]}."
            if isfinite(ended[1]):
                kind = self._store.dtype
                what = f"An update of {self!r} left the finite range of {kind}."
            raise DivergenceError(
                f"{what} No weight has changed. {parameters.REMEDIES}"
            )
        return ended

    @property
    def rule(self) -> LearningRule | Rule:
        """Learning rule of :meth:`propagate`, as a pair (name, reach) or a rule of
        synapses. Settable, and saved with the network.

        The default ``"online"`` is the rule of Monner and Reggia 2012. ``"rtrl"`` is
        real-time recurrent learning (Williams and Zipser 1989). Every step then
        computes how each parameter affects each recurrent state, see
        :attr:`Connection.sensitivity`, and updates are the exact gradient as long as
        the weights are fixed. A pair ``("rtrl", n)`` only includes parameters that
        reach a state within n steps (SnAp-n, Menick and others 2021).

        A :class:`synapse.plasticity.Rule` such as ``synapse.plasticity.Oja`` updates
        each weight from values at its synapse, without targets. To learn in single
        steps, call ``net.activate(row)`` and ``net.propagate()``. To learn at every
        step of a run, call ``net.run(rows, learn=True)``.

        A network that learns by rtrl is stepped as a whole, because its neurons and
        layers cannot be activated or propagated alone. The traces of the online rule do
        not change meanwhile. Setting a rule clears the sensitivities.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the rule does not exist, or the sensitivities do not fit into memory.
        TopologyError
            If the network is connected to neurons outside it.

        See Also
        --------
        synapse.learning.rtrl_cost : Compute the memory and time that each reach needs.

        Examples
        --------
        >>> import architect
        >>> net = architect.Elman(2, 3, 1, seed=0)
        >>> net.rule = "rtrl"
        >>> net.rule
        LearningRule(name='rtrl', reach=None)
        >>> outputs = net.activate([0.0, 1.0])
        >>> cost = net.propagate(rate=0.1, targets=[1.0])
        """
        if self._plastic is not None:
            return self._plastic.rule
        by = self._rtrl
        return LearningRule() if by is None else LearningRule(RTRL, by.reach)

    @rule.setter
    @atomic
    def rule(self, rule: str | tuple[str, int | None] | Rule) -> None:
        if isinstance(rule, Rule):
            by_rule = Plasticity(rule)
            by_rule.ready(self)
            self._sensitivities = None
            self._learn_by(None, by_rule)
            return
        name, reach = checked_rule(rule)
        by = None
        if name == RTRL:
            by = Sensitivities(reach)
            plan = by.plan_for(self)
            engine.online.clear_traces(plan.store, plan.span)
        self._sensitivities = by
        self._learn_by(by)

    def _cost(self, cost: str | Cost | None) -> Cost:
        """Return the checked cost, by default the cost that matches the squashes of the
        outputs.
        """
        facts = self._facts
        if facts.version != self._anchor._store.topology_version:
            facts = self._present_facts()
        for asked, measure in facts.costs:
            if asked is cost or measure is cost:
                return measure
        measure = _cost.of_outputs(cost, [neuron.squash for neuron in self._layers[-1]])
        facts.costs = [(cost, measure), *facts.costs[:1]]
        return measure

    def output_gradient(
        self, errors: ArrayLike | None = None, out: tuple[Floats, Floats] | None = None
    ) -> Slopes:
        """Return derivatives of a sum over the outputs of the last step with respect to
        all weights and biases.

        With `errors`, the outputs' errors times their states are summed, and the
        derivatives are the updates that ``propagate(1.0, errors=errors)`` would add to
        the weights. They follow the network's learning rule. With ``"rtrl"`` they are
        exact through all steps (with a reach, as far as it includes them), and with
        ``"online"`` they follow its traces. No weight changes, but the neurons get the
        errors of this call.

        Parameters
        ----------
        errors : array_like, shape (m,), optional
            Factor of each output's state, where NaN counts as 0. Default: the
            derivatives of the activations, so that the outputs are summed. They are 0
            for softmax outputs, whose sum is constant.
        out : tuple of two ndarrays, optional
            Arrays of the network's dtype for the result, with shapes (connections,) and
            (neurons,). Default: new arrays.

        Returns
        -------
        Slopes
            A pair of arrays, `weights` in the order of :attr:`connections`, and
            `biases` in the order of :attr:`neurons`. They are 0 for parameters that are
            not trainable. Each of several tied connections gets the derivative with
            respect to their shared weight.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the errors are not m finite numbers or NaN, or if the arrays do not have
            this form.
        TopologyError
            If there is no step to learn from, as in :meth:`propagate`.
        DivergenceError
            If a derivative is not finite.

        See Also
        --------
        synapse.gradient : Exact gradient of the cost over whole sequences.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(1, 1, squash="identity", seed=0)
        >>> outputs = net.activate([0.5])
        >>> net.output_gradient(errors=[2.0])
        Slopes(weights=array([1.]), biases=array([0., 2.]))
        """
        row = (
            None if errors is None else checks.row_of("errors", errors, self._n_outputs)
        )
        return self._find_slopes(row, out)

    @locked
    def _find_slopes(
        self, errors: Floats | None, out: tuple[Floats, Floats] | None
    ) -> Slopes:
        """Return the derivatives after one kernel call that adds a propagation's
        updates to buffers.
        """
        if self._untraced is not None:
            self._require_traces()
        dtype = self._store.dtype
        parameter_rows = self._parameter_places
        sizes = parameter_rows[0].size, parameter_rows[1].size
        if out is None:
            out = np.empty(sizes[0], dtype), np.empty(sizes[1], dtype)
        else:
            _require_room(out, sizes, dtype)
        updates = self._adding.updates
        assert updates is not None
        updates.clear()
        if errors is None:
            errors = self._derivatives()
        asked = errors, GIVEN_ERRORS, 1.0, CHECK_SIZES
        status, _ = self._call(online.propagate_targets, 0, asked, ADDING)
        if status == REFUSED:
            self._refuse_errors(errors)
        if status == DIVERGED:
            raise DivergenceError(
                f"The slopes of {self!r} left the finite range of {dtype}."
                f" {parameters.REMEDIES}"
            )
        parameter_rows[0].read(updates.weights, out[0])
        parameter_rows[1].read(updates.biases, out[1])
        for name, at, slopes in zip(
            ("weight", "bias"), parameter_rows, out, strict=True
        ):
            if at.tied:
                tie = self._store[SHARED_BY[name]]
                slopes[:] = parameters.sum_of_group(tie, at.every, slopes)
        return Slopes(*out)

    def _derivatives(self) -> Floats:
        """Return the derivatives of the outputs with respect to their states. They are
        0 for softmax outputs, because the sum of their activations is constant.
        """
        _, store, span = self._lowered()
        stop = int(span[Span.STOP])
        rows = slice(stop - self._n_outputs, stop)
        derivatives = store.columns["derivative"][rows].astype(np.float64)
        derivatives[store.columns["squash"][rows] == SOFTMAX] = 0.0
        return derivatives

    @fact
    def _adding(self) -> engine.online.Kernels:
        """Kernels of the network's learning rule that add updates to buffers."""
        store = self._lowered()[1]
        return self._kernels(engine.online.Accumulator(store))


ADDING = Propagating._adding.__get__
"""Kernels of a network that add updates to buffers."""


def _require_room(out: Any, sizes: tuple[int, int], dtype: np.dtype[Any]) -> None:
    """Raise ArgumentError if `out` is not a pair of arrays that fits the slopes of a
    network.
    """
    checks.require_type(
        isinstance(out, tuple | list) and len(out) == 2,
        "out",
        "a pair of arrays, for weights and biases",
        out,
    )
    for array, size in zip(out, sizes, strict=True):
        if not isinstance(array, np.ndarray) or (array.dtype, array.shape) != (
            dtype,
            (size,),
        ):
            form = f"arrays of {dtype} with {sizes[0]} and {sizes[1]} numbers"
            raise ArgumentError(checks.expected("out", form, out))
