"""Steps between those that learn: all that a rule reads of the past, beside plain
Python.

Of the past, a synapse reads the activation of its source (with a delay, late, or as the
state of a self-connection) and of its gater, traces of either side or both, and its
eligibility; and the rule reads which step was learned last.
"""

import pickle

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, plasticity
from synapse.errors import TopologyError
from synapse.plasticity import Rule, trace
from synapse.readwrite import from_json_data, json_data
from tests.plasticity.reference import Reference, agree
from tests.plasticity.test_against_reference import RULES, STRUCTURES, made
from tests.plasticity.test_rules_in_networks import joined

READY = {
    name: getattr(plasticity, name)
    for name in plasticity.__all__
    if isinstance(getattr(plasticity, name), Rule)
}
OWN = {
    name: Rule(
        change, on_pre=on_pre, on_post=on_post, name=f"{name} between", **options
    )
    for name, ((change, on_pre, on_post), options) in RULES.items()
}
EVERY = READY | OWN
"""All ready rules, and those that ask for every name, kind of trace and option."""


def arrived(pre):
    return pre * pre - 0.5


def squared(pre):
    return pre * pre


def of_traces(
    pre,
    post,
    x=trace("pre", 3.0),
    latest=trace("pre", 4.0, kind="latest"),
    mean=trace(arrived, 5.0, kind="mean"),
    rate=0.02,
):
    return rate * (x - mean * post + latest * pre)


EVERY["traces of sources"] = Rule(of_traces, name="traces of sources")


def mixed(spikes, synchronous=False):
    """Return a network with connections of every kind side by side."""
    squash = "spike" if spikes else "tanh"
    a = Layer(3)
    b = Layer(3, squash)
    c = Layer(2, squash)
    links = a.project(b, seed=1)
    for delay in (0, 2, 5) if synchronous else (0, 1, 2, 5):
        b.project(c, seed=delay + 2, delay=delay)
    b.project(b, "all_to_else", seed=3)
    c.project(b, seed=4)
    c.project(b, seed=5, delay=3)
    a.project(c, ([0, 2], [1, 0]), seed=6, delay=4)
    c[0].project(c[0], weight=0.3, delay=1)
    c[0].gate(links[0])
    c.gate(a.project(c, seed=9), "input")
    links[1].trainable = False
    synapse.tie([links[3], links[4]])
    links[5].weight = 0.4
    links[5].sign = 1
    return Network(a, b, c, synchronous=synchronous)


def cleared(net):
    net.clear()
    return net


SEAMS = {
    "none": lambda net: net,
    "copy": lambda net: net.clone(),
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "file": lambda net: from_json_data(json_data(net)),
    "join": joined,
    "clear": cleared,
    "read": lambda net: [c.traces for c in net.connections] and net,
    "peek": lambda net: net.peek(np.ones(len(net.input))) is not None and net,
}
"""What happens between two steps, after which the rule goes on as if nothing had."""


def followed(net, rule, seed=0, steps=28, seams=SEAMS):
    """Compare weights and traces with plain Python in steps of which some do not learn,
    with what is between them.
    """
    rng = np.random.default_rng(seed)
    spikes = rule._functions[0] is None
    net.rule = rule
    reference = Reference(net, rule._functions, **rule.settings)
    names = [*seams]
    rng.shuffle(names)
    for step in range(steps):
        if rng.random() < 0.4:
            seam = names[step % len(names)]
            net = seams[seam](net)
            if net is not reference.net:
                reference.moved_to(net)
            if seam == "clear":
                reference.clear()
        row = rng.normal(size=len(net.input))
        row = (row > 0.3).astype(float) if spikes else row
        third = float(rng.normal() * (rng.random() < 0.5))
        needs = {"modulator": third} if rule._needs_modulator else {}
        entry = rng.choice(
            ["alone", "run", "activate", "quick"], p=[0.4, 0.3, 0.2, 0.1]
        )
        if entry == "run":
            net.run(row[None], learn=True, **needs)
        elif entry == "quick":
            net.run(row[None])
        else:
            net.activate(row)
        if entry == "alone":
            net.propagate(**needs)
            if step % 5 == 0:  # a step is learned once
                with pytest.raises(TopologyError):
                    joined(net).propagate(**needs)
        learns = entry in ("alone", "run")
        (reference.step if learns else lambda _: reference.skip())(third)
        agree(net, reference, 1 if step + 1 == steps else 7)


@pytest.mark.full
@pytest.mark.parametrize("name", EVERY)
def test_a_rule_sees_what_its_synapses_carry_in_the_steps_that_learn(name):
    rule = EVERY[name]
    synchronous = [*EVERY].index(name) % 2 == 1
    followed(mixed(rule._functions[0] is None, synchronous), rule, steps=14)


PLACES = ["mixed", "mixed synchronous", *STRUCTURES]
MET = [
    (name, place)
    for row, name in enumerate(EVERY)
    for column, place in enumerate(PLACES)
    if (row + column) % 4 == 0
]
"""Every rule in several structures, and every structure with several rules."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "structure"), MET)
def test_so_it_does_in_every_structure(name, structure):
    rule = EVERY[name]
    of_sources = any(side == 1 for side, _ in rule._by_side.values())
    spikes = rule._functions[0] is None
    if structure in STRUCTURES:
        net = made(structure, spikes=spikes)
    else:
        net = mixed(spikes, structure != "mixed")
    for c in net.connections if structure == "self-connections" else ():
        if c.source is c.target and of_sources:
            c.trainable = False
    followed(net, rule, seed=len(name) + len(structure), steps=40)


def test_traces_along_a_delay_count_the_steps_that_learn():
    """The example of the page, and one whose past is older than its first lesson."""
    for delay, learned, expected in (
        (0, (0, 2, 3, 5), [1, 5, 13, 45]),
        (1, (0, 2, 3, 5), [0, 2, 6, 22]),
        (1, (2, 4, 5), [2, 10, 26]),
        (3, (0, 4, 5), [0, 2, 6]),
    ):
        net = Network(Layer(1), Layer(1, "identity"))
        net.input.project(net.output, weights=1.0, delay=delay)
        net.rule = EVERY["traces of sources"](x=1e12, rate=0.0)
        seen = []
        for step in range(6):
            net.activate([2.0**step])
            if step in learned:
                net.propagate()
                seen.append(net.connections[0].traces["x"])
        assert seen == pytest.approx(expected)


@pytest.mark.full
def test_activations_that_are_set_are_carried():
    """Between two lessons, late and with delays."""
    net = mixed(False)
    rule = EVERY["traces of sources"]
    net.rule = rule
    reference = Reference(net, rule._functions, **rule.settings)
    rng = np.random.default_rng(0)
    for _ in range(12):
        net.activate(rng.normal(size=3))
        net.propagate()
        reference.step()
        agree(net, reference)
        net.layers[1].activations = values = rng.normal(size=3)
        reference.history[-1].update(zip(net.layers[1], values.tolist(), strict=True))


def test_traces_shift_while_every_step_learns_and_again_after_a_pause():
    """How fast a step is depends on it, and no bit."""

    def of_squares(pre, post, x=trace(squared, 0.3), y=trace("pre", 0.3), rate=0.02):
        return rate * (x * post - y)

    rule = Rule(of_squares)
    net = mixed(False)
    twin = mixed(False)
    rows = np.random.default_rng(0).normal(size=(80, 3))
    shifts = []
    for each in (net, twin):
        each.rule = rule
        for stretch in (rows[:20], rows[20:70], rows[70:]):
            for row in stretch:
                each.run(row[None], learn=True)
                shifts.append(int(each._plastic._arrays.clock[-1]))
                if each is twin:  # the next step writes the traces of every delay
                    each._plastic._arrays.clock[-1] = 0
            each.activate(rows[0])
        shifts.append(None)
    mine = shifts[: shifts.index(None)]
    assert all(mine[:20])
    assert not mine[20]
    assert mine[69]
    assert (net.weights == twin.weights).all()
    assert [c.traces for c in net.connections] == [c.traces for c in twin.connections]
