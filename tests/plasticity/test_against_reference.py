"""Rules of synapses on networks of every structure, beside plain Python."""

import itertools

import numpy as np
import pytest

import synapse
from synapse import Layer, Network
from synapse.plasticity import Rule, trace
from tests.plasticity.reference import Reference, agree


def hebb(pre, post, weight, rate=0.05):
    return rate * (pre * post - weight)


def square(post):
    return post * post


def product(pre, post_slope, z=trace("pre", 3.0)):
    return post_slope * (z + pre)


def everything(
    pre,
    post,
    post_state,
    post_slope,
    post_bias,
    sign,
    gain,
    dt,
    x=trace("pre", 4.0),
    y=trace("post", 2.0, kind="latest"),
    m=trace(square, 5.0, kind="mean"),
    e=trace(product, 6.0),
    rate=0.02,
):
    change = pre * post_slope - y * x + m * post + e * gain + 0.1 * sign * dt
    return rate * (change + 0.1 * post_state - post_bias)


def sized(pre, size, post, up=0.1):
    return up * (1.0 - size) * pre * post - 0.02 * size


def depress(y=trace("post", 5.0), down=0.1):
    return -down * y


def potentiate(pre, x=trace("pre", 4.0), up=0.1):
    return up * (x + pre)


def third(modulator, e=trace(product, 4.0), rate=0.1):
    return rate * modulator * e


RULES = {
    "hebb": ((hebb, None, None), {}),
    "hebb within bounds": ((hebb, None, None), {"bounds": (-0.3, 0.3)}),
    "everything": ((everything, None, None), {"dt": 0.5, "x": 2.0, "rate": 0.03}),
    "sized": ((sized, None, None), {"bounds": (0.1, 0.8)}),
    "events": ((None, depress, potentiate), {"bounds": (-0.5, 0.5)}),
    "on_pre alone": ((None, depress, None), {}),
    "eligible": ((None, depress, potentiate), {"eligibility": 7.0}),
    "third factor": ((third, None, None), {}),
}
STRUCTURES = [
    *("dense", "late", "delays", "listed", "gated", "tied", "signed", "frozen"),
    *("synchronous", "self-connections"),
]


def made(structure, dtype="float64", spikes=False):
    """Return a network with a structure of this structure."""
    squash = "spike" if spikes else "tanh"
    a = Layer(4, dtype=dtype)
    b, c = (Layer(n, squash, dtype=dtype) for n in (3, 2))
    projections = [a.project(b, seed=1), b.project(c, seed=2)]
    rng = np.random.default_rng(3)
    for layer in (b, c):
        layer.biases = rng.uniform(-0.5, 0.2, len(layer))
    if structure in ("late", "synchronous"):
        b.project(b, "all_to_else", seed=3)
        c.project(b, seed=4)
    if structure == "delays":
        for k in (1, 2, 5):
            c.project(b, seed=k, delay=k)
            a.project(c, ([0, 2, 3], [1, 0, 1]), seed=k, delay=k)
    if structure == "listed":
        a.project(c, ([0, 2, 3, 1], [1, 0, 1, 0]), seed=3)
    if structure == "gated":
        c[1].gate(b.project(b, "all_to_else", seed=3)[0])
        b.gate(projections[0], "input")
        c.gate(a.project(c, seed=9), "one_to_one")
    net = Network(a, b, c, synchronous=structure == "synchronous")
    if structure == "tied":
        synapse.tie([projections[0][0], projections[0][5], projections[1][1]])
    if structure == "signed":
        projections[0].weights = np.abs(projections[0].weights)
        for i in range(5):
            projections[0][i].sign = 1
        projections[1][0].weight = -0.4
        projections[1][0].sign = -1
    if structure == "frozen":
        projections[0][2].trainable = False
        projections[1].freeze()
    if structure == "self-connections":
        for neuron in b:
            neuron.project(neuron, weight=0.4)
    return net


def rows_of(net, steps, spikes=False):
    rows = np.random.default_rng(7).normal(size=(steps, len(net.input)))
    return (rows > 0.3).astype(float) if spikes else rows


def modulators_of(rows):
    """Return modulators that are 0 in most steps, so that eligibility waits."""
    rng = np.random.default_rng(1)
    return rng.normal(size=len(rows)) * (rng.random(len(rows)) < 0.4)


def is_default(name, structure):
    """Every rule and every structure are in an eighth of the cases."""
    return ([*RULES].index(name) + STRUCTURES.index(structure)) % 8 == 1


@pytest.mark.parametrize(
    ("name", "structure"),
    [
        pytest.param(*case, marks=[] if is_default(*case) else [pytest.mark.full])
        for case in itertools.product(RULES, STRUCTURES)
        # traces of sources: self-connections are refused, see test_mistakes.py
        if case[1] != "self-connections"
        or case[0] in ("hebb", "hebb within bounds", "sized")
    ],
)
def test_weights_and_traces_are_those_of_plain_python(name, structure):
    """In steps; a run is its steps to the last bit."""
    functions, settings = RULES[name]
    change, on_pre, on_post = functions
    rule = Rule(change, on_pre=on_pre, on_post=on_post, **settings)
    net, several = (made(structure, spikes=change is None) for _ in range(2))
    net.rule = several.rule = rule
    reference = Reference(net, functions, **settings)
    rows = rows_of(net, 20, change is None)
    needs = {"modulator": modulators_of(rows)} if rule._needs_modulator else {}
    before = net.weights
    outputs = several.run(rows, learn=True, **needs)
    for step, row in enumerate(rows):
        assert (net.activate(row) == outputs[step]).all()
        third = {key: values[step] for key, values in needs.items()}
        net.propagate(**third)
        reference.step(**third)
        agree(net, reference, 1 if step % 6 == 0 else len(before), tolerance=1e-12)
    assert (net.weights != before).any()
    assert (several.weights == net.weights).all()
