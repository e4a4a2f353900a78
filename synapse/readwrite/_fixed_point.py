"""Compare a program in fixed point with its network, before it is flashed."""

from __future__ import annotations

import math
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix, positive_number, require, suggests_arguments
from .._typing import Floats
from ..engine.schema import COLUMNS
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ._c import c_source
from ._interpreted import python_source
from ._printed.columns import member
from ._printed.fixed_numbers import FORMATS, FixedPoint, fixed_point_of

SIZES = re.compile(
    r"(\d+) bytes an instance, at most (\d+) of stack .*, (\d+) of const"
)
FLOAT64 = np.dtype(np.float64)
AXES = {column.name: column.axis for column in COLUMNS}


@dataclass(frozen=True)
class FixedPointReport:
    """What a program in fixed point costs, and how far its outputs are from those of
    the network in float64.

    Attributes
    ----------
    dtype : str
        The format.
    outputs : ndarray of float64, shape (rows, outputs)
        Outputs of the program.
    error : float
        The largest distance from an output of the network.
    unit : float
        The distance of two numbers of the format.
    saturations : dict of str to int
        How often numbers of a neuron were at the end of the range, by the neuron's
        name, and how many weights of connections into it are in the end.
    unseen : list of str
        Names of neurons whose activation varies by less than one unit.
    fewest_bits : str or None
        The format with the fewest bits whose error is below the one that was asked for.
    instance, stack, constants : int
        Bytes of an instance in C, an upper bound of the stack, and constants.
    """

    dtype: str
    outputs: Floats
    error: float
    unit: float
    saturations: dict[str, int]
    unseen: list[str]
    fewest_bits: str | None
    instance: int
    stack: int
    constants: int

    def __str__(self) -> str:
        """Return the report as a few lines of text."""
        full = sum(self.saturations.values())
        where = ", ".join(f"{name} {n}" for name, n in self.saturations.items())
        unseen = ", ".join(self.unseen)
        return (
            f"{self.dtype}: largest error {self.error:.3g},"
            f" {self.error / self.unit:.1f} units of {self.unit:.3g}\n"
            f"saturated numbers: {full}{f' ({where})' if full else ''}\n"
            f"neurons that vary by less than a unit: {unseen or 'none'}\n"
            f"fewest bits for this error: {self.fewest_bits or 'no format'}\n"
            f"{self.instance} bytes an instance, at most {self.stack} of stack,"
            f" {self.constants} of constants"
        )


def rate_below_one(title: str, value: Any) -> float:
    """Return a rate that fixed point can have, or raise an error."""
    rate = positive_number(title, value)
    require(rate < 1.0, title, "below 1 in fixed point", value)
    return rate


@suggests_arguments()
def fixed_point(
    network: Network,
    inputs: ArrayLike,
    targets: ArrayLike | None = None,
    dtype: str = "q7.8",
    *,
    rate: Annotated[float, rate_below_one] = 0.1,
    error: Annotated[float | None, positive_number] = None,
) -> FixedPointReport:
    """Run a program in fixed point in Python, and print what it costs.

    The integers are those that the program computes on every device. With `targets`,
    both the program and a copy of the network in float64 learn from each row, by the
    network's rule.

    Parameters
    ----------
    network : Network
        The network, which is not changed.
    inputs : array_like, shape (rows, inputs)
        Rows of one sequence.
    targets : array_like, shape (rows, outputs), optional
        Targets of each row; NaN: none. By default, nothing is learned.
    dtype : {"q7.8", "q15.16"}
        The format, see :func:`c_source`.
    rate : float
        Rate of learning. Default: 0.1.
    error : float, optional
        The largest error that you accept, for the report's ``fewest_bits``. Default:
        one unit of q7.8.

    Returns
    -------
    FixedPointReport
        The report, which is also printed.

    Raises
    ------
    ArgumentError
        If inputs, targets, weights or the rate do not fit in the format. The message
        names a scale that fits.
    ArgumentError, ArgumentTypeError, FormatError, TopologyError
        As for :func:`c_source`.

    Examples
    --------
    >>> import architect
    >>> net = architect.Elman(2, 3, 1, seed=0)
    >>> report = fixed_point(net, [[0.5, -1.0], [0.25, 1.0]])
    q7.8: largest error 0.000738, 0.2 units of 0.00391
    saturated numbers: 0
    neurons that vary by less than a unit: none
    fewest bits for this error: q7.8
    8 bytes an instance, at most 686 of stack, 188 of constants
    """
    numbers = fixed_point_of(dtype, None, None, None)
    require(numbers is not None, "dtype", " or ".join(map(repr, FORMATS)), dtype)
    network = require_network("network", network)
    rows = as_matrix("inputs", inputs, len(network.input), FLOAT64)
    require(len(rows), "inputs", "at least one row", "none")
    aims = None
    if targets is not None:
        aims = as_matrix("targets", targets, len(network.output), FLOAT64, finite=False)
        got = f"{len(aims)} rows of targets"
        require(len(aims) == len(rows), "targets", f"{len(rows)} rows", got)
    exact, spans, _ = _run(network, rows, aims, rate, None)
    runs = {dtype: _run(network, rows, aims, rate, FORMATS[dtype])}
    found, _, full = runs[dtype]
    limit = FORMATS["q7.8"].unit if error is None else error
    fewest = None
    for name, other in FORMATS.items():
        with suppress(ArgumentError):  # beyond its range
            if name not in runs:
                runs[name] = _run(network, rows, aims, rate, other)
            if np.abs(runs[name][0] - exact).max(initial=0.0) <= limit:
                fewest = name
                break
    distance = float(np.abs(found - exact).max(initial=0.0))
    source = c_source(network, dtype=dtype, learn=aims is not None)
    sizes = map(int, SIZES.findall(source)[0])
    unit = FORMATS[dtype].unit
    unseen = [
        neuron.name
        for neuron, span in zip(network, spans, strict=True)
        if 0.0 < span < unit
    ]
    report = FixedPointReport(
        dtype, found, distance, unit, full, unseen, fewest, *sizes
    )
    print(report)  # noqa: T201 - the call shows it
    return report


def _run(
    network: Network,
    rows: Floats,
    aims: Floats | None,
    rate: float,
    numbers: FixedPoint | None,
) -> tuple[Floats, Floats, dict[str, int]]:
    """Return the outputs of a program in fixed point, or in float64, the range of each
    neuron's activations, and how often numbers of neurons were at the end of the range.
    """
    learns = aims is not None
    goals: list[Any] = [None] * len(rows) if aims is None else aims.tolist()
    given: list[Any] = rows.tolist()
    unit = end = 1.0
    if numbers is not None:
        _require_range(numbers, rows, aims)
        unit, end = numbers.unit, numbers.largest
        given = numbers.integers(rows).tolist()
        goals = [
            row and [None if math.isnan(x) else numbers.integer(x) for x in row]
            for row in goals
        ]
        rate = numbers.integer(rate, numbers.rate)
    dtype = None if numbers is None else numbers.name
    program: dict[str, Any] = {}
    exec(python_source(network, dtype=dtype, learn=learns), program)
    there = program["Network"]()
    counts = Counter[str]()
    names = [neuron.name for neuron in network]
    targets = [link.target.name for link in network.connections]
    columns = [
        getattr(there, member(name))
        for name, axis in AXES.items()
        if numbers is not None and hasattr(there, member(name)) and axis == "neuron"
    ]
    outputs = []
    activations = []
    for row, goal in zip(given, goals, strict=True):
        outputs.append(there.step(row))
        activations.append(list(there.activation))
        if goal is not None and any(x is not None and x == x for x in goal):
            there.learn(goal, rate)
        for column in columns:
            counts.update(
                n for n, v in zip(names, column, strict=True) if abs(v) == end
            )
    if learns and numbers is not None:
        weights = there.numbers()[len(names) :]
        counts.update(n for n, v in zip(targets, weights, strict=True) if abs(v) == end)
    spans = np.ptp(np.reshape(activations, (len(rows), -1)), axis=0) * unit
    found = np.reshape(outputs, (len(rows), -1)) * unit
    return found, spans, dict(counts.most_common())


def _require_range(numbers: FixedPoint, rows: Floats, aims: Floats | None) -> None:
    """Raise ArgumentError with a scale that fits unless numbers are in the range."""
    end = numbers.largest * numbers.unit
    for title, values in ("inputs", rows), ("targets", aims):
        size = 0.0 if values is None else float(np.nanmax(np.abs(values), initial=0.0))
        if size > end:
            scale = 2.0 ** -math.ceil(math.log2(size / end))
            raise ArgumentError(
                f"The {title} reach {size:.4g}, and {numbers.name} ends at {end:.8g}."
                f" Multiply them by {scale:g} before you train."
            )
