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


def linear(inputs, outputs, seed=0):
    net = architect.Perceptron(inputs, outputs, squash="identity", seed=seed)
    net.output.biases = np.zeros(outputs)
    return net


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


@pytest.mark.parametrize("steps", [200])
def test_hebb_oja_and_bcm(steps):
    rows = 0.3 * np.random.default_rng(0).normal(size=(steps, 4))
    for rule, change in (
        (Hebb(rate=0.02, decay=0.3), lambda x, y, w, m: 0.02 * (x * y - 0.3 * w)),
        (Oja(rate=0.02), lambda x, y, w, m: 0.02 * y * (x - y * w)),
        (BCM(rate=0.02, theta=9.0), lambda x, y, w, m: 0.02 * x * y * (y - m)),
    ):
        net = linear(4, 3)
        w = weights_of(net)
        mean = np.zeros(3)
        decay = np.exp(-1.0 / 9.0)
        net.rule = rule
        net.run(rows, learn=True)
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
        down_by = down * (w if sized else 1.0) * y
        w = np.clip(w - pre * down_by, 0.0, 1.0)
        up_by = up * (1.0 - w if sized else 1.0) * (x + pre)
        w = np.clip(w + post * up_by, 0.0, 1.0)
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


# --- what they learn ------------------------------------------------------------------


def test_oja_finds_the_first_component():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, 5)) @ rng.normal(size=(5, 5))
    net = linear(5, 1)
    net.rule = Oja(rate=0.001)
    net.run(rows, learn=True)
    w = weights_of(net)[:, 0]
    leading = np.linalg.eigh(rows.T @ rows)[1][:, -1]
    assert abs(w @ leading) / np.linalg.norm(w) > 0.99
    assert np.linalg.norm(w) == pytest.approx(1.0, abs=0.05)


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
def test_the_window_of_pairs():
    """One pair of spikes at each lag, with a delay of 5: the change is the window."""
    for lag in (-30, -2, -1, 0, 1, 2, 30):
        net = spiking(1, 1, delay=5, weight=0.0)
        net.rule = STDP
        rows = np.zeros((120, 1))
        rows[50] = 1.0
        out = net.output[0]
        for step, row in enumerate(rows):
            out.bias = 1.0 if step == 55 + lag else -1.0
            net.activate(row)
            net.propagate()
        decay = np.exp(-abs(lag) / 20.0)
        expected = 0.01 * decay if lag >= 0 else -0.012 * decay
        assert weights_of(net)[0, 0] == pytest.approx(expected, abs=1e-15)


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


@pytest.mark.full
def test_bcm_selects_one_pattern():
    rng = np.random.default_rng(0)
    patterns = np.eye(4) + 0.2
    net = linear(4, 1)
    for c, weight in zip(net.connections, rng.uniform(0.2, 0.4, 4), strict=True):
        c.weight = weight
    net.rule = BCM(rate=0.01, theta=50.0, bounds=(-5, 5))
    net.run(patterns[rng.integers(0, 4, 20_000)], learn=True)
    answers = np.sort(net.run(patterns)[:, 0])
    assert answers[-1] > 3.0 * answers[-2]
