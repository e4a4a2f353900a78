"""The reservoir: what it builds, that NumPy computes the same, and what it leaves to
the read-out."""

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError
from synapse.initializers import constant, uniform
from tests.helpers.cases import all_refused

from .helpers import matrix

INPUTS = np.random.default_rng(0).normal(size=(30, 2))


def within(net):
    """The connections of the pool, self-connections left out."""
    pool = set(net["pool"])
    return [
        c
        for c in net.connections
        if {c.source, c.target} <= pool and c.source is not c.target
    ]


def test_numpy_computes_the_same():
    for leak in (1.0, 0.3):
        for gates in (0, 25):
            options = {"connections": 40, "gates": gates, "leak": leak}
            net = architect.Liquid(2, 9, 3, initializer=uniform(0.8), seed=1, **options)
            expected = list(pool_by_numpy(net, leak))
            assert net.run(INPUTS) == pytest.approx(np.array(expected), abs=1e-13), (
                options
            )


def pool_by_numpy(net, leak):
    x, pool, out = net.layers
    into = matrix(x, pool)
    recurrent = matrix(pool, pool)
    read = matrix(pool, out)
    gater = {
        (c.target, c.source): list(pool).index(c.gater) for c in within(net) if c.gater
    }
    np.fill_diagonal(recurrent, 0.0)  # that is the leak
    s = np.zeros(len(pool))
    y = np.zeros(len(pool))
    for row in INPUTS:
        for j, target in enumerate(pool):
            gain = [
                y[gater[target, source]] if (target, source) in gater else 1.0
                for source in pool
            ]
            s[j] = (
                (1 - leak) * s[j]
                + into[j] @ row
                + (recurrent[j] * gain) @ y
                + pool.biases[j]
            )
            y[j] = np.tanh(s[j])
        yield read @ y + out.biases


def test_pairs_are_as_many_as_asked_for_and_some_are_gated():
    net = architect.Liquid(2, 12, 3, connections=50, gates=20, leak=0.5, seed=0)
    links = within(net)
    assert len({(c.source, c.target) for c in links}) == len(links) == 50
    assert sum(c.gater is not None for c in links) == 20
    assert {c.gater for c in links} - {None} <= set(net["pool"])
    assert all(c.gater is None for c in net.connections if c not in links)
    assert [n.self_connection.weight for n in net["pool"]] == [0.5] * 12
    sizes = [len(within(architect.Liquid(1, size, 1, seed=0))) for size in (30, 4)]
    assert sizes == [300, 12]  # ten connections a neuron where there are so many


def test_the_pool_has_the_spectral_radius_asked_for():
    for radius in (0.4, 0.95, 1.3):
        net = architect.Liquid(1, 40, 1, spectral_radius=radius, gates=10, seed=3)
        values = np.linalg.eigvals(matrix(net["pool"], net["pool"]))
        assert np.abs(values).max() == pytest.approx(radius)


def test_only_the_readout_is_trainable_unless_asked():
    net = architect.Liquid(2, 8, 3, connections=20, leak=0.5, seed=0)
    assert {c for c in net.connections if c.trainable} == {
        c for n in net.output for c in n.incoming
    }
    assert [n.trainable_bias for n in net["pool"]] == [False] * 8
    assert net.output.trainable_bias
    whole = architect.Liquid(2, 8, 3, connections=20, leak=0.5, train_pool=True, seed=0)
    assert {c for c in whole.connections if not c.trainable} == {
        n.self_connection for n in whole["pool"]
    }
    assert all(n.trainable_bias for n in whole["pool"])


def test_wrong_arguments_are_refused():
    wrong = [
        ("at least 2", (1, 1, 1), {}),
        ("from 1 to 12", (1, 4, 1), {"connections": 13}),
        ("from 0 to 5", (1, 4, 1), {"connections": 5, "gates": 6}),
        ("from 0 to 12", (1, 4, 1), {"gates": -1}),
        ("above 0 and at most 1", (1, 4, 1), {"leak": 1.5}),
        ("no cycle", (1, 30, 1), {"connections": 15, "spectral_radius": 1, "seed": 3}),
        ("no cycle", (1, 4, 1), {"initializer": constant(0.0), "spectral_radius": 1}),
    ]
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    wrong.append(
        (
            "A pool with 1 connection has",
            (1, 3, 1),
            {"connections": 1, "spectral_radius": 1, "seed": rng},
        )
    )
    all_refused(
        [
            (
                lambda sizes=sizes, options=options: architect.Liquid(
                    *sizes, **options
                ),
                ArgumentError,
                says,
            )
            for says, sizes, options in wrong
        ]
    )
    assert rng.bit_generator.state == before
