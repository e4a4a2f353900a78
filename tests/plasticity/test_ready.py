"""Ready rules beside the equations of their papers in NumPy, and what they learn."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.plasticity import (
    BCM,
    STDP,
    Hebb,
    MultiplicativeSTDP,
    Oja,
    RewardSTDP,
    ThreeFactor,
    TripletSTDP,
)

CLOSE = {"rel": 1e-12, "abs": 1e-12}


def weights_of(net):
    """Return weights of shape (inputs, outputs)."""
    return np.array(
        [[i.connection_to(o).weight for o in net.output] for i in net.input]
    )


def spiking(inputs, outputs, delay=0, weight=0.4, threshold=1.0):
    a = Layer(inputs)
    b = Layer(outputs, "spike", -threshold)
    a.project(b, weights=weight, delay=delay)
    return Network(a, b)


def spikes(steps, n, seed=0, rate=0.3):
    return (np.random.default_rng(seed).random((steps, n)) < rate).astype(float)


def test_hebb_oja_and_bcm():
    rows = 0.3 * np.random.default_rng(0).normal(size=(200, 4))
    decay = np.exp(-1.0 / 9.0)
    for rule, change in (
        (Hebb(rate=0.02, decay=0.3), lambda x, y, w, m: 0.02 * (x * y - 0.3 * w)),
        (Oja(rate=0.02), lambda x, y, w, m: 0.02 * y * (x - y * w)),
        (BCM(rate=0.02, theta=9.0), lambda x, y, w, m: 0.02 * x * y * (y - m)),
    ):
        net = architect.Perceptron(
            4, 3, squash="identity", bias_initializer="zeros", seed=0
        )
        w = weights_of(net)
        net.rule = rule
        net.run(rows, learn=True)
        mean = np.zeros(3)
        for x in rows:
            y = x @ w
            w = w + change(x[:, None], y, w, mean)
            mean = decay * mean + (1.0 - decay) * y * y
        assert weights_of(net) == pytest.approx(w, **CLOSE)


def pairs_in_numpy(rows, fired, delay, settings, sized=False):
    """Return weights after pairs of spikes, all inputs to all outputs."""
    tx, ty, up, down = settings
    w = np.full((rows.shape[1], fired.shape[1]), 0.4)
    x = np.zeros((rows.shape[1], 1))
    y = np.zeros(fired.shape[1])
    late = np.vstack([np.zeros((delay, rows.shape[1])), rows])[: len(rows)]
    for pre, post in zip(late, fired, strict=True):
        pre = pre[:, None]
        w = np.clip(w - pre * (down * (w if sized else 1.0) * y), 0.0, 1.0)
        w = np.clip(w + post * (up * (1.0 - w if sized else 1.0) * (x + pre)), 0.0, 1.0)
        x = np.exp(-1.0 / tx) * (x + pre)
        y = np.exp(-1.0 / ty) * (y + post)
    return w


def test_inhibitory_sizes_learn_as_excitatory_ones():
    rows = spikes(100, 4)
    net = spiking(4, 2, threshold=-0.3)
    for c in net.connections:
        c.weight = -0.4
        c.sign = -1
    net.rule = MultiplicativeSTDP(bounds=(0, 1), x=7.0, y=11.0, up=0.08, down=0.09)
    fired = net.run(rows, learn=True)
    w = pairs_in_numpy(rows, fired, 0, (7.0, 11.0, 0.08, 0.09), True)
    assert -weights_of(net) == pytest.approx(w, **CLOSE)


def test_reward_waits_for_pairs_in_an_eligibility_trace():
    rows = spikes(150, 5)
    reward = np.where(np.arange(150) % 40 == 39, 0.5, 0.0)
    net = spiking(5, 3)
    net.rule = RewardSTDP(eligibility=60.0)
    fired = net.run(rows, learn=True, modulator=reward)
    w = np.full((5, 3), 0.4)
    eligibility = np.zeros((5, 3))
    x = np.zeros((5, 1))
    y = np.zeros(3)
    for pre, post, third in zip(rows[:, :, None], fired, reward, strict=True):
        w = w + third * eligibility
        change = post * 0.01 * (x + pre) - pre * 0.012 * y
        eligibility = np.exp(-1 / 60.0) * (eligibility + change)
        x = np.exp(-1 / 20.0) * (x + pre)
        y = np.exp(-1 / 20.0) * (y + post)
    assert weights_of(net) == pytest.approx(w, **CLOSE)


def test_three_factors():
    rows = np.random.default_rng(0).normal(size=(100, 4))
    third = np.random.default_rng(1).normal(size=(100, 3))
    net = architect.Perceptron(4, 3, squash="tanh", seed=0)
    w = weights_of(net)
    biases = net.biases[4:]
    net.rule = ThreeFactor
    net.run(rows, learn=True, modulator=third)
    e = np.zeros((4, 3))
    z = np.zeros((4, 1))
    decay = np.exp(-1 / 20.0)
    for x, m in zip(rows, third, strict=True):
        y = np.tanh(x @ w + biases)
        w = w + 0.01 * m * e
        e = decay * (e + (1.0 - y * y) * (z + x[:, None]))
        z = decay * (z + x[:, None])
    assert weights_of(net) == pytest.approx(w, **CLOSE)


@pytest.mark.full
@pytest.mark.parametrize("delay", [0, 1, 6])
@pytest.mark.parametrize("rule", [STDP, MultiplicativeSTDP], ids=str)
def test_pairs_of_spikes_with_delays_and_bounds(rule, delay):
    rows = spikes(150, 5)
    net = spiking(5, 3, delay)
    net.output.biases = [-0.5, -0.9, -1.3]
    net.rule = rule(bounds=(0, 1), x=7.0, y=11.0, up=0.08, down=0.09)
    fired = net.run(rows, learn=True)
    assert 0.05 < fired.mean() < 0.95
    sized = rule is MultiplicativeSTDP
    w = pairs_in_numpy(rows, fired, delay, (7.0, 11.0, 0.08, 0.09), sized)
    assert weights_of(net) == pytest.approx(w, **CLOSE)
    if not sized:
        assert ((w == 0.0) | (w == 1.0)).any()


@pytest.mark.full
def test_triplets():
    rows = spikes(150, 5)
    net = spiking(5, 3)
    net.rule = TripletSTDP
    fired = net.run(rows, learn=True)
    w = np.full((5, 3), 0.4)
    r1, r2 = np.zeros((2, 5, 1))
    o1, o2 = np.zeros((2, 3))
    for pre, post in zip(rows[:, :, None], fired, strict=True):
        w = w - pre * o1 * (7e-3 + 2.3e-4 * r2)
        w = w + post * r1 * (5e-10 + 6.2e-3 * o2)
        r1 = np.exp(-1 / 16.8) * (r1 + pre)
        r2 = np.exp(-1 / 101.0) * (r2 + pre)
        o1 = np.exp(-1 / 33.7) * (o1 + post)
        o2 = np.exp(-1 / 125.0) * (o2 + post)
    assert weights_of(net) == pytest.approx(w, **CLOSE)
