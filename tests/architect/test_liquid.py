"""The reservoir: what it builds, that NumPy computes the same, and what it leaves to
the read-out."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import architect
from synapse import Trainer
from synapse.analysis import spectral_radius
from synapse.initializers import constant, uniform

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


@pytest.mark.parametrize("leak", [1.0, 0.3])
@pytest.mark.parametrize("gates", [0, 25])
@pytest.mark.parametrize("radius", [None, 0.9])
def test_numpy_computes_the_same(leak, gates, radius):
    net = architect.Liquid(
        *(2, 9, 3),
        connections=40,
        gates=gates,
        leak=leak,
        initializer=uniform(0.8),
        spectral_radius=radius,
        seed=1,
    )
    expected = np.array([*pool_by_numpy(net, leak, together=radius is not None)])
    assert net.run(INPUTS) == pytest.approx(expected, abs=1e-13)


def pool_by_numpy(net, leak, together):
    x, pool, out = net.layers
    into = matrix(x, pool)
    recurrent = matrix(pool, pool)
    read = matrix(pool, out)
    np.fill_diagonal(recurrent, 0.0)  # that is the leak
    gaters = [
        (pool.index(c.target), pool.index(c.source), pool.index(c.gater))
        for c in within(net)
        if c.gater
    ]
    s = np.zeros(len(pool))
    y = np.zeros(len(pool))
    for row in INPUTS:
        sources = y.copy() if together else y
        for j in range(len(pool)):
            gain = np.ones(len(pool))
            for target, source, gater in gaters:
                if target == j:
                    gain[source] = y[gater]  # of this step, if the gater comes before
            fed = into[j] @ row + (recurrent[j] * gain) @ sources
            s[j] = (1 - leak) * s[j] + fed + pool.biases[j]
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


@st.composite
def pools(draw):
    """A size, options and a spectral radius that can be had."""
    size = draw(st.integers(3, 60))
    leak = draw(st.sampled_from([1.0, 0.9, 0.5, 0.2]))
    options = {
        "connections": draw(st.integers(2 * size, size * (size - 1))),
        "leak": leak,
        "initializer": uniform(draw(st.sampled_from([1e-3, 0.1, 2.0]))),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "synchronous": draw(st.booleans()),
        "seed": draw(st.integers(0, 1000)),
    }
    return size, options, 1.0 - leak + draw(st.floats(0.05, 1.5))


@pytest.mark.full
@settings(max_examples=60, deadline=None)
@given(pools())
def test_a_step_of_the_pool_has_the_spectral_radius_asked_for(case):
    size, options, radius = case
    net = architect.Liquid(2, size, 1, spectral_radius=radius, **options)
    exact = {"float32": 1e-4, "float64": 1e-9}[options["dtype"]]
    found = np.abs(np.linalg.eigvals(step_map(net))).max()
    assert found == pytest.approx(radius, rel=exact)
    assert spectral_radius(net) == pytest.approx(radius, rel=exact)


def step_map(net):
    """The Jacobian of a step at rest, by sequences of two steps: a current into each
    neuron in turn, and the states a step later.

    The network is made linear, since its neurons have the slope 1 at rest."""
    pool, size = net["pool"], len(net["pool"])
    pool.squash = "identity"
    pool.biases = np.zeros(size)
    columns = []
    for i in range(size):
        net.clear()
        current = np.zeros((2, size))
        current[0, i] = 1.0
        net.run(np.zeros((2, len(net.input))), inject={"pool": current})
        columns.append(pool.states)
    return np.stack(columns, axis=1).astype(float)


def test_tanh_pools_step_at_rest_as_linear_ones_do():
    net = architect.Liquid(
        1, 30, 1, spectral_radius=0.9, bias_initializer=constant(0.0), seed=0
    )
    net.run(np.zeros((2, 1)))
    assert spectral_radius(net, "step") == pytest.approx(0.9, abs=1e-12)
    net = architect.Liquid(1, 40, 1, spectral_radius=0.9, gates=10, seed=3)
    values = np.linalg.eigvals(matrix(net["pool"], net["pool"]))
    assert np.abs(values).max() == pytest.approx(0.9)  # with a gain of 1


@pytest.mark.parametrize("gates", [0, 30])
def test_neurons_of_a_pool_that_steps_together_can_be_called_alone(gates):
    net = architect.Liquid(2, 20, 2, spectral_radius=0.9, gates=gates, seed=0)
    twin = net.clone()
    for row in INPUTS:
        twin.input.activate(row)
        for neuron in twin["pool"] if gates else reversed(twin["pool"]):
            neuron.activate()
        assert twin.output.activate() == pytest.approx(net.activate(row), abs=1e-15)


@pytest.mark.full
@pytest.mark.parametrize(
    ("rule", "rate"), [("online", 0.02), ("bptt", 0.003), ("rtrl", 0.02)]
)
@pytest.mark.parametrize("learns", [False, True])
def test_a_read_out_of_the_pool_learns_by_every_rule(rule, rate, learns):
    wave = np.sin(0.3 * np.arange(301.0))[:, None]
    sequences = wave[:-1].reshape(3, 100, 1), wave[1:].reshape(3, 100, 1)
    net = architect.Liquid(1, 20, 1, spectral_radius=0.9, train_pool=learns, seed=0)
    trainer = Trainer(net, rate=rate, rule=rule)
    before = trainer.test(*sequences).loss
    trainer.train(*sequences, epochs=200, progress=False, seed=0)
    assert trainer.test(*sequences).loss < 0.2 * before


@pytest.mark.parametrize("whole", [False, True])
def test_only_the_readout_is_trainable_unless_asked(whole):
    net = architect.Liquid(2, 8, 3, connections=20, leak=0.5, train_pool=whole, seed=0)
    loops = {n.self_connection for n in net["pool"]}
    of_readout = {c for n in net.output for c in n.incoming}
    expected = {*net.connections} - loops if whole else of_readout
    assert {c for c in net.connections if c.trainable} == expected
    assert [n.trainable_bias for n in net["pool"]] == [whole] * 8
    assert net.output.trainable_bias
