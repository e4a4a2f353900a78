"""Traces, which are decaying sums of events at one side of a synapse, or at both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._checks import choice, positive_number, require_type

KINDS = "sum", "mean", "latest"
MEAN = KINDS.index("mean")


@dataclass(frozen=True)
class Trace:
    """A decaying sum, as declared by :func:`trace`.

    Attributes
    ----------
    of : str or callable
        The summed value: "pre", "post", or a function of names of a synapse.
    tau : float
        Time constant, in units of the rule's ``dt``.
    kind : {"sum", "mean", "latest"}
        The way in which values are summed.
    """

    of: str | Callable[..., Any]
    tau: float
    kind: str = "sum"

    @property
    def number(self) -> int:
        """Way in which values are summed, as a number for kernels."""
        return KINDS.index(self.kind)

    def __post_init__(self) -> None:
        require_type(
            callable(self.of) or self.of in ("pre", "post"),
            "`of` of a trace",
            '"pre", "post" or a function of names of a synapse',
            self.of,
        )
        object.__setattr__(self, "tau", positive_number("tau of a trace", self.tau))
        choice("kind of a trace", self.kind, KINDS)


def trace(of: str | Callable[..., Any], tau: float, kind: str = "sum") -> Any:
    """Declare a trace, as the default of an argument of a rule's function.

    A trace contains the values before this step, decayed to now. With the decay d =
    exp(-dt / tau), it is x(t) = d (x(t-1) + of(t-1)). An event of the present step is
    not included. To count it, add it, as in ``x + pre``.

    Parameters
    ----------
    of : str or callable
        Value that is summed over the steps that learn. It is "pre", the activation that
        the synapse carries, with its delay, or "post", the activation of the target, or
        a function of names of a synapse, see :class:`Rule`. A trace of one side is
        stored for each neuron, and a trace of both sides for each synapse.
    tau : float
        Time constant, in units of ``dt``, which are steps unless the rule has another
        ``dt``.
    kind : {"sum", "mean", "latest"}
        Whether events add up, are averaged (x(t) = d x(t-1) + (1 - d) of(t-1)), or
        replace the sum (nearest spike). Default: "sum".

    Returns
    -------
    Trace
        The declaration.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `of` has another form, `tau` is not above 0, or the kind does not exist.

    Examples
    --------
    >>> from synapse.plasticity import Rule, trace
    >>> def decorrelate(post, x=trace("pre", 20.0), rate=0.01):
    ...     return -rate * x * post
    >>> Rule(decorrelate)
    <Rule decorrelate: rate=0.01, x=20.0>
    """
    return Trace(of, tau, kind)
