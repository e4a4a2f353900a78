"""The continuous-time recurrent network, built from self-connections and gates."""

from __future__ import annotations

from typing import Annotated, Any, final

import numpy as np

from synapse._checks import (
    boolean,
    is_number,
    pair,
    positive_number,
    require,
    suggests_arguments,
)
from synapse._initializer import Initializer, Seed, given_back
from synapse._squash import Squash
from synapse.errors import TopologyError
from synapse.objects.architectures import register
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, pass_on


@final
@register
class CTRNN(Network):
    """Neurons with time constants, for rows at any intervals, by Beer 1995. ::

        input, constant, cells (of the step before) ==(rates)==> cells => output
        cells --o--> cells
        elapsed time => rates -> retentions (gate the cells' self-connections)

    The states s of the cells with the activations y = f(s) follow ::

        tau_j ds_j/dt = -s_j + sum_i w_ij y_i + sum_k v_kj x_k + b_j

    The last input is the time since the previous row. A step of this length is a step
    of Euler's method::

        a_j    = min(elapsed time / tau_j, 1)                       rates
        s_j(t) = (1 - a_j) s_j(t-1)                                 cells
                 + a_j (sum_i w_ij y_i(t-1) + sum_k v_kj x_k(t) + b_j)

    A time constant is the reciprocal of the weight from the input for the elapsed time
    to a rate. The weight stays positive because it has the sign +1. Since a rate is at
    most 1, no time constant is below the step. The state is kept by a self-connection
    of weight 1 that is gated by a retention 1 - a_j. The connections between the cells
    have a delay of 1, see :attr:`synapse.Connection.delay`.

    Parameters
    ----------
    inputs, cells, outputs : int
        Number of inputs (besides the elapsed time), cells and outputs.
    wiring : str, float, array of bool or tuple of two lists of int
        Pattern of the connections between the cells, see :meth:`synapse.Layer.project`.
        To use a graph, pass ``networkx.to_numpy_array(graph) != 0``. Default:
        "all_to_all", also from a cell to itself.
    time_constants : float or (float, float)
        Initial time constants in the unit of the elapsed time, as one number for all
        cells, or as a range in which their logarithms are drawn uniformly. Default: (1,
        10).
    learn_time_constants : bool
        Whether the time constants are trainable. Default: True.
    squash, output_squash : str or Squash
        Activation functions of the cells and of the outputs.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. The biases of cells are weights from a
        constant neuron.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size is not a whole number above 0, or a time constant is not above 0.

    See Also
    --------
    CfC : A gated network for rows at any intervals.

    Examples
    --------
    >>> net = CTRNN(1, 3, 1, time_constants=5.0, seed=0)
    >>> net
    <CTRNN 2-3-1, 13 neurons, 27 connections>
    >>> net.run([[1.0, 0.5], [0.2, 2.0]]).shape
    (2, 1)
    """

    _left_out = ("constant", "rates", "retentions")

    @suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int,
        cells: int,
        outputs: int,
        *,
        wiring: Any = "all_to_all",
        time_constants: float | tuple[float, float] = (1.0, 10.0),
        learn_time_constants: Annotated[bool, boolean] = True,
        squash: str | Squash = "tanh",
        output_squash: str | Squash = "identity",
        initializer: str | Initializer = "uniform",
        bias_initializer: str | Initializer = "uniform",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes(
            "CTRNN", (inputs, cells, outputs), 3, "inputs, cells, outputs"
        )
        low, high = _checked_range(time_constants)
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        rng = recipe.rng

        # A wiring that is refused gives the caller's generator back as it was.
        with given_back(rng):
            input_layer = recipe.inputs(counts[0] + 1)
            signals = input_layer[:-1]
            elapsed = input_layer[-1:]
            constant = recipe.fixed(1, "constant", bias=1.0)
            rates = recipe.fixed(counts[1], "rates", function="ramp")
            retentions = recipe.fixed(counts[1], "retentions", bias=1.0)
            middle = recipe.fixed(counts[1], "cells", function=squash)
            output = recipe.layer(counts[2], output_squash, "output", fan_in=counts[1])

            # a_j = elapsed time / tau_j, and 1 - a_j
            constants = np.exp(rng.uniform(np.log(low), np.log(high), counts[1]))
            elapsed.project(
                rates, weights=1.0 / constants, trainable=learn_time_constants, sign=1
            )
            pass_on(rates, retentions, -1.0)

            # The terms of the sum over inputs, the bias and the cells, times a_j.
            for source in (signals, constant):
                rates.gate(recipe.connect(source, middle), "input")
            among = middle.project(
                middle, wiring, initializer=recipe.initializer, delay=1, seed=rng
            )
            rates.gate(among, "input")

            # The state of the step before, times 1 - a_j.
            retentions.gate(pass_on(middle, middle), "input")
            recipe.connect(middle, output)
        super().__init__(input_layer, [constant, rates, retentions, middle], output)

    @property
    def time_constants(self) -> Any:
        """Time constants of the cells, shape (cells,)."""
        elapsed = self.input[len(self.input) - 1]
        weights = []
        for rate in self["rates"]:
            link = elapsed.connection_to(rate)
            if link is None:
                raise TopologyError(
                    "The last input of this CTRNN must lead to every rate. Build a"
                    " new one."
                )
            weights.append(link.weight)
        with np.errstate(all="ignore"):  # a weight of 0 is infinitely slow
            return 1.0 / np.array(weights)


def _checked_range(time_constants: Any) -> tuple[float, float]:
    """Return the lowest and the highest time constant, which are equal for a single
    number.
    """
    title = "time_constants of CTRNN"
    limits = (time_constants, time_constants)
    if not is_number(time_constants):
        limits = pair(title, time_constants, "a number, or two such as (1, 10)")
    low, high = (positive_number(title, limit) for limit in limits)
    require(low <= high, title, "two numbers in order", time_constants)
    return low, high
