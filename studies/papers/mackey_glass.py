"""Mackey-Glass series, 84 steps ahead: Jaeger 2001 (GMD Report 148)."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Layer, Network
from synapse._initializer import Seed, random_generator
from synapse.forecasting import forecast
from synapse.learning import fit_readout
from synapse.tasks import MackeyGlass

from ._forecast import nmse, train_on
from ._memory_blocks import OPEN_GATES
from ._paper_table import Measure, PaperTable, Published, Row

GIVEN_VARIANCE = 0.067
"""The variance by which Jaeger divides squared errors in original coordinates."""

WARM = 1000
AHEAD = 84
TESTS = 50


def reservoir(
    units: int = 400,
    *,
    gain: float = 0.44,
    leak: float = 0.9,
    radius: float = 0.79,
    per_unit: int = 5,
    scale: float = 0.56,
    seed: Seed = None,
) -> Network:
    """Build the reservoir of Jaeger 2001, neuron by neuron.

    A leaky unit is two neurons, one with the squash tanh, and one that integrates it::

        x(t) = (1 - leak * gain) x(t - 1) + gain tanh(W x(t - 1) + v y(t) + constant)

    All integrating neurons activate after all others, so units read each other's
    previous step, as there. The output of the previous step enters through the input
    neuron: while the read-out is fitted, that is the point of the series, and
    afterwards the network's own prediction.

    Parameters
    ----------
    units : int
        Number of leaky units.
    gain, leak : float
        The constants C and a of the paper.
    radius : float
        Spectral radius of W.
    per_unit : int
        Number of connections in W per unit, with weights of one size and random signs.
    scale : float
        Largest absolute value of the feedback weights v.
    seed : int or numpy.random.Generator
        Seed of the random weights.

    Returns
    -------
    Network

    Examples
    --------
    >>> reservoir(50, seed=0)
    <Network 1-50-50-1, 102 neurons, 450 connections>
    """
    rng = random_generator(seed)
    source, output = (
        Layer(1, "identity", name="input"),
        Layer(1, "identity", name="output"),
    )
    drive, pool = (
        Layer(units, "tanh", name="drive"),
        Layer(units, "identity", name="pool"),
    )
    source.project(
        drive, weights=rng.uniform(-scale, scale, (1, units)), trainable=False
    )
    drive.biases = 0.2 * rng.choice([0.0, 0.14, -0.14], units, p=[0.5, 0.25, 0.25])
    flat = np.zeros(units * units)
    links = units * per_unit
    flat[rng.choice(len(flat), links, replace=False)] = rng.choice([-1.0, 1.0], links)
    matrix = flat.reshape(units, units)
    matrix *= radius / np.abs(np.linalg.eigvals(matrix)).max()
    pool.project(drive, matrix != 0, weights=matrix, trainable=False)
    drive.project(pool, "one_to_one", weights=gain, trainable=False)
    pool.project(pool, "one_to_one", weights=1.0 - leak * gain, trainable=False)
    pool.biases = np.zeros(units)
    drive.trainable_bias = pool.trainable_bias = False
    pool.project(output, initializer="uniform", seed=rng)
    return Network(source, [drive, pool], output)


def build(kind: str, size: int, seed: int, **options: Any) -> Network:
    """Build one of the networks of the table."""
    import architect
    from synapse.initializers import uniform

    if kind == "reservoir":
        return reservoir(size, seed=seed, **options)
    if kind == "Liquid":
        start = {
            "initializer": uniform(0.5),
            "bias_initializer": uniform(0.2),
            **options,
        }
        return architect.Liquid(1, size, 1, connections=5 * size, seed=seed, **start)
    start = {"initializer": uniform(0.5), "output_squash": "identity", **options}
    if kind == "GRU":
        return architect.GRU(1, size, 1, seed=seed, **start)
    return architect.LSTM(1, size, 1, seed=seed, **{**OPEN_GATES, **start})


def trial(
    seed: int,
    network: str,
    size: int,
    rule: str,
    delay: int = 17,
    length: int = 3000,
    rate: float = 0.0,
    epochs: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Learn a series, then predict 50 others 84 steps ahead.

    `rate` is the ridge of least squares, or the rate of a learning rule.
    """
    series = MackeyGlass(delay, length).sample(np.random.default_rng([seed, 1]))
    tests = MackeyGlass(delay, WARM + AHEAD - 1).batch(
        TESTS, np.random.default_rng([seed, 2])
    )
    if network == "persistence":
        return {
            "nrmse84": _error(
                [float(test.inputs[WARM - 1, 0]) for test in tests], tests
            ),
            "one_step": None,
        }
    net = build(network, size, seed, **options)
    diverged = False
    if rule == "least squares":
        fit_readout(net, series.inputs, series.targets, ridge=rate, washout=1000)
    else:
        diverged = train_on(net, series, rule, rate, epochs, washout=100)
    forecasts = [
        float(forecast(net, test.inputs[:WARM], AHEAD)[-1, 0]) for test in tests
    ]
    return {
        "nrmse84": _error(forecasts, tests),
        "one_step": float(np.sqrt(nmse(net, tests[0], 500))),
        "diverged": diverged,
    }


def _error(forecasts: list[float], tests: Any) -> float:
    """The NRMSE84 of Jaeger: in the coordinates of the equation, that is without tanh(y
    - 1)."""
    # y = 3 is far outside the attractor, and predictions beyond have no inverse
    limit = np.tanh(2.0)
    predicted = np.clip(forecasts, -limit, limit)
    true = [test.targets[-1, 0] for test in tests]
    squared = (np.arctanh(predicted) - np.arctanh(true)) ** 2
    return float(np.sqrt(np.mean(squared) / GIVEN_VARIANCE))


LEAST_SQUARES: dict[str, Any] = {"size": 400, "rule": "least squares"}
RESERVOIR: dict[str, Any] = {
    **LEAST_SQUARES,
    "network": "reservoir",
    "rate": 1e-14,
    "scale": 0.56,
}
WIDER: dict[str, Any] = {**RESERVOIR, "scale": 1.0}

TABLE = PaperTable(
    trial,
    [
        Row(
            "reservoir of Jaeger, 400 units",
            Published("0.00028", "V", 0.00028),
            **RESERVOIR,
        ),
        Row("the same, feedback weights within 1", **WIDER),
        Row(
            "reservoir of Jaeger, 21,000 points",
            Published("0.00012", "V", 0.00012),
            seeds=20,
            length=21_000,
            **RESERVOIR,
        ),
        Row(
            "the same, feedback weights within 1, 21,000 points",
            seeds=20,
            length=21_000,
            **WIDER,
        ),
        Row(
            "architect.Liquid, 400 units",
            network="Liquid",
            rate=1e-13,
            leak=0.6,
            spectral_radius=0.9,
            **LEAST_SQUARES,
        ),
        Row(
            "reservoir of Jaeger, delay of 30, ridge 1e-8",
            Published("0.11", "V", 0.11),
            seeds=20,
            delay=30,
            **{**RESERVOIR, "rate": 1e-8},
        ),
        Row(
            "LSTM 1-8-1, online",
            seeds=20,
            rule="online",
            rate=0.05,
            epochs=300,
        ),
        Row(
            "LSTM 1-8-1, exact online",
            seeds=20,
            rule="exact online",
            rate=0.03,
            epochs=100,
        ),
        Row(
            "LSTM 1-8-1, through time with Adam",
            seeds=20,
            rule="through time",
            rate=0.01,
            epochs=1500,
        ),
        Row(
            "GRU 1-8-1, through time with Adam",
            seeds=20,
            network="GRU",
            rule="through time",
            rate=0.01,
            epochs=1000,
        ),
        Row(
            "the present point, unchanged",
            seeds=20,
            network="persistence",
            size=0,
            rule="none",
        ),
    ],
    [
        Measure("nrmse84", "NRMSE84", ".2g"),
        Measure("one_step", "one-step error", ".2g"),
    ],
    solved=None,
    shared={"network": "LSTM", "size": 8, "delay": 17, "length": 3000},
)
