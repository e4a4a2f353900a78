"""The class Cost, and the registry of costs by name behind `synapse.costs`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import _checks, engine
from ._registration import COST, enter, is_same_code, rename, wrong_slopes
from ._squash import Squash, get as _squash
from .engine.functions import costs as _declared
from .engine.functions.costs import PROBABILITIES, SHARES, SUM_TOLERANCE
from .engine.locking import AllowInterrupt
from .engine.schema import GIVEN_SLOPES
from .errors import ArgumentError, ArgumentTypeError

COSTS = _declared.COSTS


@_checks.made_elsewhere
@dataclass(frozen=True, eq=False)
class Cost:
    """A named cost.

    Parameters
    ----------
    name : str
        Name of the cost.
    code : int
        Number of the cost in the kernels, or the address of a registered cost.
    """

    name: str
    code: int
    _function: Callable[..., tuple[float, float]] | None = None

    @property
    def _evaluate(self) -> Callable[..., tuple[float, float]]:
        """Python function ``(target, output, derivative, outputs) -> (value, signal)``
        for one output.
        """
        return self._function or engine.functions.compiled.ERRORS[get(self).name]

    @_checks.suggests_arguments("Cost")
    def __call__(self, targets: Sequence[float], outputs: Sequence[float]) -> float:
        """Compute the cost of one step from targets and outputs of shape (m,).

        Networks compute cross-entropies from states. For an output alone, exactly 0 or
        1 counts as 1e-300 or 1 - 1e-300.
        """
        aims = _checks.finite_array("targets", targets)
        answers = _checks.finite_array("outputs", outputs)
        if aims.ndim != 1 or aims.shape != answers.shape:
            raise ArgumentError(
                "Expected the targets and outputs of one step, both of shape (m,),"
                f" got {aims.shape} and {answers.shape}. For several rows use"
                f" Trainer(net, cost={self.name!r}).test(inputs, targets).loss."
            )
        n = float(len(answers))
        total = 0.0
        for target, output in zip(aims.tolist(), answers.tolist(), strict=True):
            total += float(self._evaluate(target, output, 1.0, n)[0])
        return total

    def signal(
        self, target: float, output: float, derivative: float, outputs: int = 1
    ) -> float:
        """Compute the error signal -dE/ds of one output.

        Parameters
        ----------
        target, output : float
            Target and activation of the output.
        derivative : float
            Derivative of the output's activation function at its state.
        outputs : int
            Number of outputs, for mean costs. Default: 1.

        Returns
        -------
        float
            The error signal.

        Examples
        --------
        >>> from synapse import costs
        >>> costs.squared_error.signal(target=1.0, output=0.5, derivative=0.25)
        0.125
        """
        arguments = {"target": target, "output": output, "derivative": derivative}
        numbers = (
            _checks.finite_number(f"{name} of a cost", value)
            for name, value in arguments.items()
        )
        count = _checks.positive_integer("outputs", outputs)
        return float(self._evaluate(*numbers, float(count))[1])

    def _check(self, squashes: Sequence[Squash]) -> None:
        """Raise ArgumentError if outputs with these activation functions cannot have
        this cost.
        """
        names = {s.name for s in squashes}
        needed = _NEEDED.get(self.name)
        if needed is not None and names != {needed}:
            raise ArgumentError(
                f"The cost {self.name} needs {needed} outputs, got"
                f" {', '.join(sorted(names))}. Use cost='squared_error', or omit the"
                " cost."
            )
        if "softmax" in names and needed != "softmax":
            raise ArgumentError(
                "Softmax outputs need the cost categorical_cross_entropy, got"
                f" {self.name}."
            )

    def _check_targets(self, targets: NDArray[np.float64]) -> None:
        """Raise ArgumentError if this cost cannot have these targets, shape (N, m),
        where NaN means no target.
        """
        if self.code in SHARES:
            _require_shares(targets)
        if self.code not in PROBABILITIES:
            return
        if targets.size and 0.0 <= targets.min() <= targets.max() <= 1.0:
            return  # the usual case, in one pass
        outside = targets[(targets < 0.0) | (targets > 1.0)]  # without NaN
        if outside.size:
            raise self._outside(outside.flat[0])

    def _outside(self, target: float) -> ArgumentError:
        value = _checks.short_repr(float(target))
        shares = self.code in SHARES
        outputs = "softmax outputs" if shares else f"the cost {self.name}"
        return ArgumentError(
            f"Expected targets of {outputs} to lie between 0 and 1, got {value}."
            " Scale them, or use linear outputs and squared error."
        )

    def __repr__(self) -> str:
        return f"<cost {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return get, (_checks.registered_name(self.name),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Cost:
        return self


class SequenceCost(Cost):
    """A cost of whole sequences, see :func:`register_for_sequences`."""

    @property
    def _evaluate(self) -> Callable[..., tuple[float, float]]:
        """Raise the error for using the cost with single outputs."""
        raise self._of_sequences()

    def _of_sequences(self) -> ArgumentError:
        return ArgumentError(
            f"The cost {self.name} is defined for whole sequences. Use it with"
            ' Trainer(net, cost, rule="bptt") or synapse.gradient, or choose a cost'
            " for single steps."
        )

    def _check(self, squashes: Sequence[Squash]) -> None:
        """Raise ArgumentError, because only uses that do not allow it call this."""
        raise self._of_sequences()

    def _compute(self, outputs: list[Any], targets: list[Any]) -> tuple[float, Any]:
        """Call the function and return the cost with its derivatives, unchecked."""
        assert self._function is not None
        with AllowInterrupt():
            result: Any = self._function(outputs, targets)
        _checks.require_type(
            isinstance(result, tuple) and len(result) == 2,
            f"The result of the cost {self.name}",
            "a pair (cost, derivatives by the outputs)",
            result,
        )
        return _checks.finite_number(f"The cost {self.name}", result[0]), result[1]


GIVEN = Cost("output_gradient", GIVEN_SLOPES)
"""Replaces a cost if the targets are its derivatives with respect to the outputs."""


def _require_shares(targets: NDArray[np.float64]) -> None:
    """Raise ArgumentError unless the targets of each step add up to 1, or are all
    missing.
    """
    complete = targets[~np.isnan(targets).all(axis=1)]
    if np.isnan(complete).any():
        raise ArgumentError(
            "Expected targets for all softmax outputs of a step, or for none of"
            " them, got NaN for some. Set the targets of wrong outputs to 0."
        )
    if not (np.abs(complete.sum(axis=1) - 1.0) <= SUM_TOLERANCE).all():
        raise ArgumentError(
            "The targets of softmax outputs must add up to 1 in every step."
            " Pass probabilities, one-hot rows, or numbers of classes."
        )


# Names of means in other libraries, for which there is the sum here
_MEANS = {average: entry.name for entry in COSTS.values() for average in entry.averages}
_ALIASES = {alias: entry.name for entry in COSTS.values() for alias in entry.aliases}
by_name = _checks.Names(
    "cost",
    {entry.name: Cost(entry.name, entry.code) for entry in COSTS.values()},
    _ALIASES | _MEANS,
    _checks.NEAREST_ADVICE["cost"],
)
_PLAIN_MEANS = frozenset(map(_checks.normalize_name, _MEANS))
_NEEDED = {entry.name: entry.squash for entry in COSTS.values()}
_MATCHING = {
    frozenset({_squash(entry.squash)}): by_name[entry.name]
    for entry in reversed(COSTS.values())
    if entry.squash
}
"""The default cost for each squash of the outputs, the first one if several match."""


def names() -> list[str]:
    """Return the names of all costs, sorted."""
    return sorted(by_name)


def get(cost: str | Cost) -> Cost:
    """Find a cost by its name, or return a :class:`Cost` as it is.

    Parameters
    ----------
    cost : str or Cost
        Name of the cost. Case, underscores, hyphens and spaces do not matter. Names
        from other libraries, such as "mse", find the same cost here. There "bce" is the
        mean over the outputs, which equals `cross_entropy` only if there is one output.

    Raises
    ------
    UnknownNameError
        If no cost of this name is registered.
    ArgumentTypeError
        If `cost` is neither a string nor a registered :class:`Cost`.

    Examples
    --------
    >>> get("MSE"), get("BinaryCrossentropy")
    (<cost mean_squared_error>, <cost cross_entropy>)
    """
    if isinstance(cost, Cost) and by_name.seek(str(cost.name)) is cost:
        return cost
    if isinstance(cost, str):
        return by_name.find(cost)
    condition = "a name or a registered cost"
    advice = by_name.advice(cost)
    raise ArgumentTypeError(_checks.expected("A cost", condition, cost, advice))


def in_words(cost: str) -> str:
    """Return the name of a cost in a sentence.

    >>> in_words("categorical_cross_entropy"), in_words("mean_squared_error")
    ('categorical cross-entropy', 'mean squared error')
    """
    return cost.replace("cross_entropy", "cross-entropy").replace("_", " ")


def of_outputs(cost: str | Cost | None, squashes: Sequence[Squash]) -> Cost:
    """Return the checked cost of outputs with these activation functions, by default
    the matching one.

    Raises ArgumentError if the outputs cannot have it, if softmax outputs are beside
    others, or if its name means a mean over several outputs.
    """
    kinds = sorted({squash.name for squash in squashes})
    if len(kinds) > 1 and "softmax" in kinds:
        raise ArgumentError(
            f"Outputs of {' and '.join(kinds)} cannot be trained together: a network"
            " has one cost, and only categorical_cross_entropy, which is for softmax"
            " alone, suits softmax. Make one network for each kind of outputs."
        )
    default = _default(frozenset(squashes))
    chosen = default if cost is None else _named(cost, default, len(squashes))
    chosen._check(squashes)
    return chosen


def _named(cost: str | Cost, default: Cost, count: int) -> Cost:
    """Return a cost of `count` outputs, for which there is this default."""
    chosen = get(cost)
    if (
        count > 1
        and isinstance(cost, str)
        and _checks.normalize_name(cost) in _PLAIN_MEANS
    ):
        raise ArgumentError(
            f"{cost!r} is a mean over {count} outputs in other libraries;"
            f" {chosen.name} is the sum. Use cost={chosen.name!r}, and 1/{count} of"
            " the rate for the same updates."
        )
    if (
        chosen is by_name["cross_entropy"]
        and default is by_name["categorical_cross_entropy"]
    ):
        chosen = default  # the cross-entropy of softmax outputs
    return chosen


def _default(different: frozenset[Squash]) -> Cost:
    return _MATCHING.get(different, by_name["squared_error"])


def matching(squashes: Sequence[Squash]) -> Cost:
    """Return the default cost of outputs with these activation functions.

    Its error signal is target minus output for logistic, softmax and identity outputs.

    Parameters
    ----------
    squashes : sequence of Squash
        Activation functions of the outputs.

    Returns
    -------
    Cost
        `cross_entropy` if all are logistic, `categorical_cross_entropy` if all are
        softmax, otherwise `squared_error`.

    Raises
    ------
    ArgumentTypeError
        If `squashes` is not a list of :class:`~synapse.squashes.Squash`, or is empty.

    Examples
    --------
    >>> from synapse import squashes
    >>> matching([squashes.logistic]), matching([squashes.identity])
    (<cost cross_entropy>, <cost squared_error>)
    """
    try:
        different = frozenset(squashes)
    except TypeError:
        different = frozenset()
    _checks.require_type(
        different and all(isinstance(squash, Squash) for squash in different),
        "The squashes of outputs",
        "a list of squashes",
        squashes,
    )
    return _default(different)


@overload
def register(
    function: Callable[[float, float, float, float], tuple[float, float]],
    *,
    replace: bool = ...,
) -> Cost: ...
@overload
def register(*, replace: bool = ...) -> Callable[[Callable[..., Any]], Cost]: ...
@_checks.suggests_arguments()
def register(
    function: Callable[..., tuple[float, float]] | None = None,
    *,
    replace: bool = False,
) -> Any:
    """Register your own cost under its name. Use it as a decorator.

    Parameters
    ----------
    function : callable
        Function ``(target, output, derivative, outputs) -> (value, signal)`` for one
        output. The value is its cost E, the signal is -dE/ds = -dE/dy * derivative, and
        ``outputs`` is the number of outputs. The function may call other functions. Its
        globals and closures keep their present values.
    replace : bool
        Whether the function replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    Cost
        The cost, which you can pass to :class:`~synapse.Trainer` (``cost=``).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If another function, or the same function with other captured values, has this
        name, in any spelling or as a synonym, and is not replaced. Also if the function
        raises an error, or its signal is not -dE/dy times the derivative.

    Notes
    -----
    The function is compiled from its formula, for which it is run with symbols. If it
    does more than compute (it draws, counts, reads a clock, or uses a number as an
    integer), it is called in Python, which takes longer, and cannot be exported. A
    :class:`~synapse.errors.FunctionWarning` then names the line and the reason.

    If the function raises an error later, the step that called it raises
    :class:`~synapse.errors.FunctionError`. That step changes no weights.

    Examples
    --------
    >>> @register
    ... def quartic(target, output, derivative, outputs):
    ...     error = target - output
    ...     return error ** 4, 4.0 * error ** 3 * derivative
    >>> quartic([1.0], [0.5])
    0.0625
    """
    if function is None:
        return partial(register, replace=_checks.boolean("replace", replace))
    entry = enter(by_name, COST, function, _require_signal, replace)
    cost = by_name.seek(entry.name)
    if cost is None or cost._function is not entry.function:
        cost = Cost(entry.name, entry.function.address, entry.function)
        rename(by_name, entry.name, cost)
    return cost


@overload
def register_for_sequences(
    function: Callable[[list[Any], list[Any]], tuple[float, Any]],
    *,
    replace: bool = ...,
) -> SequenceCost: ...
@overload
def register_for_sequences(
    *, replace: bool = ...
) -> Callable[[Callable[..., Any]], SequenceCost]: ...
@_checks.suggests_arguments()
def register_for_sequences(
    function: Callable[..., tuple[float, Any]] | None = None,
    *,
    replace: bool = False,
) -> Any:
    """Register your own cost of whole sequences under its name, such as CTC, a contrast
    between sequences or a penalty on mean rates. Use it as a decorator.

    Parameters
    ----------
    function : callable
        Function ``(outputs, targets) -> (value, slopes)`` of one batch. The outputs are
        a list of arrays (T_i, m), one per sequence or sample, where T_i is 1 for a
        sample. The targets are a list of the objects, of any kind, that were passed to
        ``train`` for these sequences. The value is the cost E of the batch, a number.
        The slopes are dE/dy, in the shapes of the outputs. The function is called in
        Python, and must not edit the network.
    replace : bool
        Whether the function replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    SequenceCost
        The cost, which you can pass to a :class:`~synapse.Trainer` with ``rule="bptt"``
        and to :func:`synapse.gradient`. The gradient is that of the value itself. To
        use a mean, divide by the number of sequences. A loss is the mean of the values
        of all batches, weighted by their numbers of sequences. For held-out data, it is
        the value of all of them as one batch.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `function` is not a function of two arguments, or if another function, or the
        same function with other captured values, has this name, in any spelling or as a
        synonym, and is not replaced.

    Examples
    --------
    This cost compares the last output of a sequence with its target, here the sum of
    the sequence:

    >>> @register_for_sequences
    ... def error_at_end(outputs, targets):
    ...     value, slopes = 0.0, [np.zeros_like(rows) for rows in outputs]
    ...     for rows, target, slope in zip(outputs, targets, slopes):
    ...         error = rows[-1, 0] - target
    ...         value += 0.5 * error**2
    ...         slope[-1, 0] = error
    ...     return value, slopes
    >>> import architect, synapse
    >>> net = architect.Elman(1, 4, 1, output_squash="identity", seed=0)
    >>> sequences = [[[0.1], [0.3]], [[0.2], [0.1], [0.4]]]
    >>> trainer = synapse.Trainer(
    ...     net, cost=error_at_end, rule="bptt", optimizer=synapse.optimizers.Adam(0.1)
    ... )
    >>> result = trainer.train(sequences, [0.4, 0.7], epochs=200, progress=False)
    >>> [round(float(rows[-1, 0]), 2) for rows in net.run(sequences)]
    [0.4, 0.7]
    """
    if function is None:
        return partial(
            register_for_sequences, replace=_checks.boolean("replace", replace)
        )
    given = _checks.function_of("A cost", function, "outputs", "targets")
    name = getattr(given, "__name__", "")
    cost = by_name.again(name, replace, lambda c: is_same_code(c._function, given))
    if cost is None:
        cost = SequenceCost(name, GIVEN_SLOPES, given)
        rename(by_name, name, cost)
    return cost


def _require_signal(function: Callable[..., tuple[float, float]]) -> None:
    """Test that at all probes but one the signal is -dE/dy times the derivative."""
    outputs = {"derivative": 0.7, "outputs": 2.0}
    probes = [
        {"target": t, "output": y, **outputs}
        for t in (0.0, 0.3, 1.0)
        for y in (0.11, 0.42, 0.73)
    ]
    if wrong_slopes("cost", function, "signal", probes, "output", factor=-0.7):
        raise ArgumentError(
            f"The signal of cost {function.__name__!r} differs from -dE/dy times the"
            " derivative at several outputs. Return (value, signal)."
        )
