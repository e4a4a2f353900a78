"""Leaky neurons that spike, built from identities, thresholds and self-connections."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated, Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from synapse._checks import (
    MAX_DELAYS,
    choice,
    finite_number,
    fraction,
    positive_number,
    suggests_arguments,
    whole_number,
)
from synapse._initializer import Initializer, Seed
from synapse._squash import Squash
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network

from ._recipe import Recipe, checked_sizes, pass_on


@final
@register
class Spiking(Network):
    """Leaky integrate-and-fire neurons, some of which adapt, and leaky outputs, by
    Bellec and others 2020. ::

        input => voltages -> spikes => output
                  |  ^  ^     |  ^ |     |  ^
                  +--+  +=====+  | v     +--+
                              adaptation
                                |  ^
                                +--+

    A cell consists of two neurons, or three if it adapts, and one more if it has
    refractory steps. Its variables are states and activations of these neurons::

        v_j(t) = alpha v_j(t-1) + sum_i w_ij x_i(t) + sum_k r_kj z_k(t-1)
                 - threshold z_j(t-1)                                  voltages
        g_j(t) = 1 - z_j(t-1) - ... - z_j(t-refractory)                ready
        z_j(t) = 1 if g_j(t) (v_j(t) - beta a_j(t-1)) > threshold, else 0   spikes
        a_j(t) = rho a_j(t-1) + z_j(t)                                 adaptation
        y_o(t) = kappa y_o(t-1) + sum_j u_jo z_j(t) + b_o              output

    With ``reset="zero"``, neurons `keep`, 1 - z_j(t-1), gate the self-connections of
    voltages and replace the last term of v_j.

    alpha, rho and kappa are e^(-1 / time constant). The slope of a spike is declared
    (the squash ``spike``), so that every method learns. The layers are in the order for
    which rtrl of reach 1 follows each cell by itself.

    Parameters
    ----------
    inputs, cells, outputs : int
        Number of inputs, cells and outputs.
    adaptive : int, optional
        Number of cells that adapt, which are the first ones. Default: half of them.
    density : float
        Fraction of the pairs of different cells that are connected, above 0 and at most
        1. Default: 1.
    time_constant, adaptation_time, output_time : float
        Number of steps in which a voltage, an adaptation and an output decay to 1/e.
        Default: 20, 100 and 20.
    threshold : float
        Voltage at which a cell spikes, above 0. A spike lowers the voltage by as much.
        Default: 1.
    adaptation : float
        beta, by which each spike initially raises the threshold of an adaptive cell.
        Default: 0.3.
    reset : {"subtract", "zero"}
        Effect of a spike on the voltage. "subtract" lowers it by the threshold, whereas
        "zero" sets it to 0 before the next inputs, as in NIR. Default: ``"subtract"``.
    refractory : int
        Number of steps after a spike in which a cell cannot spike, although its voltage
        continues to change. Default: 0. The cells then have no neurons `ready`, which
        gate voltages and adaptation.
    excitatory : int, optional
        Number of excitatory cells, which are the first ones. Their connections to cells
        and outputs are positive, those of the other cells are negative, and learning
        keeps the signs (Dale's law). To balance both kinds, weights drawn for
        inhibitory cells are larger. Default: cells have no signs.
    spike, output_squash : str or Squash
        Activation functions of spikes and outputs. ``"spike(width=2)"`` has a slope
        that is twice as wide. Default: ``"spike"``, ``"identity"``.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`, except that the initializer draws the
        weights from the inputs, between cells and to the outputs, while all others are
        fixed. Default: ``"he"``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size is not a whole number above 0, or another number is out of range.

    See Also
    --------
    synapse.squashes.register : Register spikes with your own slope, ``surrogate=True``.

    Notes
    -----
    Because errors also pass through `ready`, the exact gradient includes that a spike
    prevents the next ones. Bellec and others (2020) leave this out.

    By rtrl of reach 1, without refractory steps, the eligibility e_ij of a weight into
    cell j is that of e-prop, with slopes psi and errors of the outputs::

        eps_ij(t) = alpha eps_ij(t-1) - threshold e_ij(t-1) + x_i(t)
        e_ij(t) = psi_j(t) (eps_ij(t) - beta eps^a_ij(t-1))
        eps^a_ij(t) = rho eps^a_ij(t-1) + e_ij(t)
        d y_o / d w_ij (t) = kappa (the same)(t-1) + u_jo e_ij(t)
                             + sum_m u_mo psi_m(t) r_jm e_ij(t-1)

    Two terms are missing in e-prop: the derivative of the reset, and the sum over other
    cells m, by which a spike changes the outputs of the next step.

    Examples
    --------
    >>> net = Spiking(2, 6, 1, adaptive=2, seed=0)
    >>> net
    <Spiking 2-6-6-2-1, 17 neurons, 73 connections>
    >>> spikes = net["spikes"]
    >>> outputs = net.run(np.full((50, 2), 0.8))
    >>> set(spikes.activations.tolist()) <= {0.0, 1.0}
    True
    """

    @suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int,
        cells: int,
        outputs: int,
        *,
        adaptive: int | None = None,
        density: Annotated[float, fraction] = 1.0,
        time_constant: Annotated[float, positive_number] = 20.0,
        adaptation_time: Annotated[float, positive_number] = 100.0,
        output_time: Annotated[float, positive_number] = 20.0,
        threshold: Annotated[float, positive_number] = 1.0,
        adaptation: Annotated[float, finite_number] = 0.3,
        reset: Annotated[
            Literal["subtract", "zero"], partial(choice, options=("subtract", "zero"))
        ] = "subtract",
        refractory: Annotated[
            int,
            partial(
                whole_number,
                condition=f"a whole number of steps from 0 to {MAX_DELAYS:,}",
                minimum=0,
                maximum=MAX_DELAYS,
            ),
        ] = 0,
        excitatory: int | None = None,
        spike: str | Squash = "spike",
        output_squash: str | Squash = "identity",
        initializer: str | Initializer = "he",
        bias_initializer: str | Initializer = "zeros",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        counts = checked_sizes(
            "Spiking", (inputs, cells, outputs), 3, "inputs, cells, outputs"
        )
        n_cells = counts[1]
        n_adaptive = n_cells // 2 if adaptive is None else adaptive
        condition = f"a whole number from 0 to {n_cells}"
        for name, count in (("adaptive", n_adaptive), ("excitatory", excitatory)):
            if count is not None:
                whole_number(f"{name} of Spiking", count, condition, 0, n_cells)
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, spike, output_squash
        )

        source = recipe.inputs(counts[0])
        voltages = recipe.fixed(n_cells, "voltages")
        spikes = recipe.fixed(n_cells, "spikes", bias=-threshold, function=spike)
        output = recipe.layer(counts[2], output_squash, "output", fan_in=n_cells)
        recipe.connect(source, voltages)
        leak = pass_on(voltages, voltages, math.exp(-1.0 / time_constant))
        drives = [pass_on(voltages, spikes)]
        pairs = _pairs(n_cells, density, recipe.rng)
        _connect(recipe, spikes, voltages, excitatory, pairs)
        hidden = [voltages, spikes]
        if reset == "subtract":
            pass_on(spikes, voltages, -threshold)
        else:
            keep = recipe.fixed(n_cells, "keep", bias=1.0)
            pass_on(spikes, keep, -1.0)  # of the step before: `keep` is first
            keep.gate(leak, "one_to_one")
            hidden.insert(0, keep)
        if n_adaptive:
            adapting = Layer(spikes[:n_adaptive])
            levels = recipe.fixed(n_adaptive, "adaptation")
            pass_on(adapting, levels)
            pass_on(levels, levels, math.exp(-1.0 / adaptation_time))
            drives.append(pass_on(levels, adapting, -adaptation))  # one step late
            hidden.append(levels)
        if refractory:
            ready = recipe.fixed(n_cells, "ready", bias=1.0)
            pass_on(spikes, ready, -1.0)  # of the step before: `ready` is first
            for steps in range(2, refractory + 1):
                pass_on(spikes, ready, -1.0, delay=steps)
            for drive in drives:
                Layer(ready[: len(drive)]).gate(drive, "one_to_one")
            hidden.insert(hidden.index(spikes), ready)
        _connect(recipe, spikes, output, excitatory)
        pass_on(output, output, math.exp(-1.0 / output_time))
        super().__init__(source, hidden, output)


def _connect(
    recipe: Recipe,
    spikes: Layer,
    target: Layer,
    excitatory: int | None,
    pairs: NDArray[np.bool_] | None = None,
) -> None:
    """Connect the pairs of spikes and targets (default: all), with the signs of cells.

    Inhibitory weights are scaled by the ratio of excitatory to inhibitory cells.
    """
    if pairs is not None and not pairs.any():
        return
    if excitatory is None:
        recipe.connect(spikes, target, pairs)
        return
    n_cells = len(spikes)
    fan_in = n_cells if pairs is None else math.ceil(pairs.sum() / n_cells)
    ratio = excitatory / max(1, n_cells - excitatory) or 1.0
    groups = (0, excitatory, 1, 1.0), (excitatory, n_cells, -1, ratio)
    for start, stop, sign, scale in groups:
        pattern = None if pairs is None else pairs[start:stop]
        if start < stop and (pattern is None or pattern.any()):
            sources = Layer(spikes[start:stop])
            recipe.connect(sources, target, pattern, fan_in, sign=sign, scale=scale)


def _pairs(cells: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the connected pairs of cells, a fraction of all pairs drawn at random."""
    pairs = ~np.eye(cells, dtype=bool)
    if share < 1.0:
        pairs &= rng.random((cells, cells)) < share
    return pairs
