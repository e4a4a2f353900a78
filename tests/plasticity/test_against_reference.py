"""Rules of synapses on networks of every structure, beside plain Python."""

import numpy as np
import pytest

import synapse
from synapse import Layer, Network
from synapse.plasticity import Rule, trace
from tests.plasticity.reference import Reference


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
        gated = b.project(b, "all_to_else", seed=3)
        c[1].gate(gated[0])
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
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(steps, len(net.input)))
    return (rows > 0.3).astype(float) if spikes else rows


CASES = [
    (name, structure)
    for name, (functions, _) in RULES.items()
    for structure in STRUCTURES
    # traces of sources: self-connections are refused, see test_mistakes.py
    if structure != "self-connections"
    or name in ("hebb", "hebb within bounds", "sized")
]
each_case = pytest.mark.parametrize(
    ("name", "structure"),
    [  # every rule and every structure are in a quarter of them
        pytest.param(
            name,
            structure,
            marks=[pytest.mark.full]
            if ([*RULES].index(name) + STRUCTURES.index(structure)) % 4
            else [],
        )
        for name, structure in CASES
    ],
)


def modulators_of(rows):
    """Return modulators that are 0 in most steps, so that eligibility waits."""
    rng = np.random.default_rng(1)
    return rng.normal(size=len(rows)) * (rng.random(len(rows)) < 0.4)


def compared(net, rule, reference, rows, modulators, tolerance=1e-12):
    for row, modulator in zip(rows, modulators, strict=True):
        net.activate(row)
        needed = {"modulator": modulator} if rule._needs_modulator else {}
        net.propagate(**needed)
        reference.step(modulator)
        for c, weight in reference.weights.items():
            assert c.weight == pytest.approx(weight, abs=tolerance, rel=tolerance)
        for c, traces in reference.traces.items():
            shown = {k: v for k, v in c.traces.items() if k != "eligibility"}
            assert shown == pytest.approx(traces, abs=tolerance, rel=tolerance)
            if "eligibility" in c.traces:
                expected = reference.eligibility[c]
                assert c.traces["eligibility"] == pytest.approx(expected, abs=tolerance)


@each_case
def test_weights_and_traces_are_those_of_plain_python(name, structure):
    functions, settings = RULES[name]
    spikes = functions[0] is None
    net = made(structure, spikes=spikes)
    change, on_pre, on_post = functions
    rule = Rule(change, on_pre=on_pre, on_post=on_post, **settings)
    net.rule = rule
    reference = Reference(net, functions, **settings)
    rows = rows_of(net, 25, spikes)
    modulators = modulators_of(rows).tolist()
    before = net.weights
    compared(net, rule, reference, rows, modulators)
    assert (net.weights != before).any()


@each_case
def test_a_run_is_its_steps_to_the_last_bit(name, structure):
    functions, settings = RULES[name]
    spikes = functions[0] is None
    change, on_pre, on_post = functions
    rule = Rule(change, on_pre=on_pre, on_post=on_post, **settings)
    several = made(structure, spikes=spikes)
    single = made(structure, spikes=spikes)
    several.rule = single.rule = rule
    rows = rows_of(single, 20, spikes)
    modulators = modulators_of(rows)
    needed = {"modulator": modulators} if rule._needs_modulator else {}
    outputs = several.run(rows, learn=True, **needed)
    for row, expected, modulator in zip(rows, outputs, modulators, strict=True):
        assert (single.activate(row) == expected).all()
        single.propagate(**({"modulator": modulator} if needed else {}))
    assert (single.weights == several.weights).all()
