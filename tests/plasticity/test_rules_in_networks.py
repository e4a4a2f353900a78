"""Rules of synapses through edits, copies, files, trainings and recordings."""

import pickle

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer
from synapse.errors import (
    ArgumentError,
    DivergenceError,
    FormatError,
    SynapseError,
    TopologyError,
    UnknownNameError,
)
from synapse.plasticity import BCM, Hebb, Oja, Rule, trace
from synapse.readwrite import from_json_data, json_data
from tests.plasticity.test_against_reference import (
    everything,
    hebb,
    made,
    rows_of,
)


def depress(y=trace("post", 5.0), down=0.1):
    return -down * y


def potentiate(pre, x=trace("pre", 4.0), up=0.1):
    return up * (x + pre)


Full = Rule(everything, name="everything of tests")
Pairs = Rule(on_pre=depress, on_post=potentiate, name="pairs of tests")


def learned(structure, rule, steps=12, **made_by):
    spikes = rule is not Full
    net = made(structure, spikes=spikes, **made_by)
    net.rule = rule
    rows = rows_of(net, 2 * steps, spikes)
    reward = (np.arange(steps) % 4 == 3).astype(float)
    needs = {"modulator": reward} if rule._needs_modulator else {}
    net.run(rows[:steps], learn=True, **needs)
    return net, rows[steps:], needs


def same(net, other):
    """Whether weights and traces are the same to the bit."""
    traces, others = ([c.traces for c in each.connections] for each in (net, other))
    return net.weights.tolist() == other.weights.tolist() and traces == others


RULES_OF_FILES = [
    Full,
    Pairs(bounds=(-0.5, 0.5)),
    Pairs(eligibility=7.0, bounds=(0, None)),
]


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES_OF_FILES, ids=str)
@pytest.mark.parametrize("structure", ["dense", "delays", "gated", "tied", "signed"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_copies_and_files_learn_on_with_the_same_bits(rule, structure, dtype, tmp_path):
    net, rows, needs = learned(structure, rule, dtype=dtype)
    copied = pickle.loads(pickle.dumps(net))
    others = [net.clone(), copied, from_json_data(json_data(net))]
    for format in ("npz", "json"):
        synapse.save(net, tmp_path / f"net.{format}")
        others.append(synapse.load(tmp_path / f"net.{format}"))
    net.run(rows, learn=True, **needs)
    for other in others:
        assert other.rule == rule
        other.run(rows, learn=True, **needs)
        assert same(net, other)


def test_layers_of_a_rule_are_those_of_the_copy():
    a = Layer(2)
    b = Layer(1, "identity")
    fired = Layer(1, "spike")
    a.project(b, weights=0.5)
    b.project(fired, weights=1.0).freeze()
    net = Network(a, b, fired)
    net.rule = Pairs(post={b: fired}, eligibility=3.0, modulator=fired[0])
    for twin in (net.clone(), from_json_data(json_data(net))):
        assert twin.rule.settings["post"] == {twin.layers[1]: twin.layers[2]}
        assert twin.rule.settings["modulator"] is twin.layers[2][0]
        rows = np.ones((5, 2))
        twin.run(rows, learn=True)
        net.clone().run(rows, learn=True)
        assert twin.weights[0] != 0.5


def test_a_file_names_a_rule_and_executes_nothing():
    net = architect.Perceptron(2, 1, seed=0)
    net.rule = Rule(hebb)  # without a name
    net.clone()
    with pytest.raises(SynapseError, match="name"):
        json_data(net)
    net.rule = Oja
    net.run(np.ones((3, 2)), learn=True)
    data = json_data(net)
    number = {"connection": [0], "number": [5], "value": [1.0]}
    for change, error in (
        ({"name": "unknown"}, UnknownNameError),
        ({"name": 3}, FormatError),
        ({"settings": {"speed": 3.0}}, SynapseError),
        ({"settings": {"rate": "x"}}, FormatError),
        ({"settings": {"post": [[{"layer": 7}, {"layer": 1}]]}}, FormatError),
        ({"latest": 10**6}, FormatError),
        (None, FormatError),
    ):
        wrong = {"synaptic_rule": {**data["synaptic_rule"], **(change or {})}}
        with pytest.raises(error):
            from_json_data(data | (wrong if change else {"synapse_traces": number}))


def test_two_rules_of_one_name_are_refused():
    def twice(pre):
        return pre

    def other(pre):
        return -pre

    assert Rule(twice, name="twice") == Rule(twice, name="twice")
    with pytest.raises(ArgumentError, match="twice"):
        Rule(other, name="twice")


def test_a_longer_delay_reads_older_traces():
    net, rows, _ = learned("delays", Pairs)
    twin = net.clone()
    added = twin.layers[0][0].project(twin.layers[1][0], weight=0.0, delay=9)
    added.trainable = False
    net.run(rows, learn=True)
    twin.run(rows, learn=True)
    weights = [c.weight for c in twin.connections if c is not added]
    assert weights == pytest.approx(net.weights.tolist())


def test_clear_clears_traces_and_a_test_leaves_them():
    net, rows, _ = learned("delays", Pairs)
    before = [c.traces for c in net.connections]
    Trainer(net, cost="squared_error").test([rows], [np.zeros((len(rows), 2))])
    net.run(rows[:3])  # without learning
    assert [c.traces for c in net.connections] == before
    net.clear()
    assert all(v == 0.0 for c in net.connections for v in c.traces.values())


@pytest.mark.parametrize("rule", [Oja, Hebb(decay=0.5), BCM], ids=str)
def test_every_entry_learns_alike(rule):
    """Also by sparse rows."""
    sparse = pytest.importorskip("scipy.sparse")
    rows = np.random.default_rng(0).normal(size=(30, 3)) * (np.arange(3) < 2)
    streams = rows, sparse.csr_array(rows)
    nets = [architect.Perceptron(3, 2, squash="identity", seed=0) for _ in range(6)]
    by_steps, by_trainer, *others = nets
    for net in (by_steps, *others):
        net.rule = rule
    for row in rows:
        by_steps.activate(row)
        assert by_steps.propagate() == 0.0
    trainer = Trainer(by_trainer, rule=rule)
    assert trainer.rate == 1.0
    trainer.train(rows, epochs=1, shuffle=False, progress=False)
    assert by_trainer.rule.name == "online"
    for net, given in zip(others[:2], streams, strict=True):
        Trainer(net).train(given, epochs=1, shuffle=False, progress=False)
    for net, given in zip(others[2:], streams, strict=True):
        assert net.run(given, learn=True).shape == (30, 2)
    for net in nets:
        assert (net.weights == by_steps.weights).all()


def test_sequences_begin_with_a_cleared_context():
    rows = np.random.default_rng(0).normal(size=(4, 6, 3))
    whole, other, third = (architect.Elman(3, 2, 1, seed=0) for _ in range(3))
    whole.rule = other.rule = third.rule = BCM
    for sequence, expected in zip(rows, whole.run(rows, learn=True), strict=True):
        other.clear()
        assert (other.run(sequence, learn=True) == expected).all()
    Trainer(third).train(rows, epochs=1, shuffle=False, progress=False)
    assert whole.weights.tolist() == other.weights.tolist() == third.weights.tolist()
    assert [each.shape for each in third.run(list(rows), learn=True)] == [(6, 1)] * 4


def test_rate_scales_changes_and_only_a_part_learns():
    rows = np.random.default_rng(0).normal(size=(20, 3))
    net = architect.Perceptron(3, 2, 1, seed=0)
    before = net.weights
    trainer = Trainer(net, rule=Oja, only=[net.output], rate=0.5)
    trainer.train(rows, epochs=2, progress=False, seed=0)
    into_output = [c.target is net.output[0] for c in net.connections]
    assert (net.weights != before).tolist() == into_output
    twin = architect.Perceptron(3, 1, squash="identity", seed=0)
    half = twin.clone()
    for each, rate, factor in ((twin, 0.02, 1.0), (half, 0.04, 0.5)):
        each.rule = Oja(rate=rate)
        for row in rows:
            each.activate(row)
            each.propagate(rate=factor)
    assert twin.weights == pytest.approx(half.weights, abs=1e-14)


def delta(pre, post_error, rate=0.1):
    return rate * pre * post_error


def test_errors_of_targets_give_the_online_rule():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 5))
    targets = rng.random((30, 3))
    net = architect.Perceptron(5, 7, 3, seed=0)
    for layer in net.layers:
        layer.trainable_bias = False
    twin, third = net.clone(), net.clone()
    net.rule = Rule(delta)
    for row, target in zip(rows, targets, strict=True):
        for each in (net, twin):
            each.activate(row)
        cost = net.propagate(targets=target)
        assert cost == pytest.approx(twin.propagate(0.1, target))
    trainer = Trainer(third, rule=Rule(delta))
    result = trainer.train(rows, targets, epochs=1, shuffle=False, progress=False)
    assert result.loss > 0.0
    for each in (net, third):
        assert each.weights == pytest.approx(twin.weights, abs=1e-14)
    with pytest.raises(ArgumentError, match="targets"):
        net.run(rows, learn=True)


def third(modulator, pre, rate=1.0):
    return rate * modulator * pre


def test_a_modulator_of_network_target_layer_or_neuron():
    levels = np.array([1.0, 0.0, 2.0])

    def net():
        made = architect.Perceptron(2, 2, 2, seed=0)
        made.rule = Rule(third)
        return made

    def gained(modulator):
        learner = net()
        before = learner.weights
        learner.run(np.ones((3, 2)), learn=True, modulator=modulator)
        return (learner.weights - before).reshape(4, 2)

    # two synapses each, into two hidden neurons and then into two outputs
    assert gained(levels)[:2] == pytest.approx(3.0)
    by_target = gained(levels[:, None] * [1.0, 2.0, 0.0, -1.0])
    assert by_target[:2] == pytest.approx(np.array([[3.0, 3.0], [6.0, 6.0]]))
    by_layer = gained({"hidden": levels})
    assert (by_layer != 0.0).tolist() == [[True] * 2] * 2 + [[False] * 2] * 2
    wrong = (levels[:2], np.ones((3, 3)), "x", {"nothing": levels}, [np.nan] * 3, None)
    for modulator in wrong:
        with pytest.raises((SynapseError, ValueError)):
            gained(modulator)
    by_neuron = net()
    before = by_neuron.weights
    by_neuron.rule = Rule(third)(modulator={by_neuron.layers[1]: by_neuron.output[0]})
    by_neuron.run(np.ones((3, 2)), learn=True)
    assert (by_neuron.weights != before).any()


def test_weights_are_recorded_after_they_have_changed():
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    net.rule = Oja
    with synapse.record(net, "weight", "activation") as log:
        net.run(np.ones((4, 2)), learn=True)
        net.activate([1.0, 0.5])
        net.propagate()
    assert len(log) == 5
    assert (log.weight[-1] == net.weights).all()
    assert (log.weight[0] != log.weight[3]).all()


@pytest.mark.full
def test_traces_are_recorded_in_trainings():
    rows = np.random.default_rng(0).normal(size=(6, 3))
    net = architect.Perceptron(3, 2, squash="identity", seed=0)
    net.rule = BCM
    twin = net.clone()
    expected = []
    with synapse.record(net, "theta") as log:
        Trainer(net).train(rows, epochs=2, shuffle=False, progress=False)
    for row in [*rows, *rows]:
        twin.run([row], learn=True)
        expected.append([c.traces["theta"] for c in twin.connections])
    assert (log.theta.tolist(), log.theta.shape) == (expected, (12, 6))


@pytest.mark.parametrize("structure", ["dense", "delays", "gated", "synchronous"])
def test_a_run_with_currents_learns_as_its_steps(structure):
    def network():
        net = made(structure)
        net.rule = Full
        return net

    net, twin, plain, several, single = (network() for _ in range(5))
    rows = rows_of(net, 9)
    stretches = [[0.5, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, -1.0, 2.0]]

    def currents(net):
        """The neurons with currents, and those of each step."""
        cells = np.repeat(stretches, 3, axis=0)
        return {net.layers[1]: cells, net.output[0]: 0.1 * np.arange(9)}

    biases = net.biases
    outputs = net.run(rows, inject=currents(net) | {net.input[0]: 0.25}, learn=True)
    plain.run(rows, learn=True)
    assert (plain.weights != net.weights).all()
    for step, row in enumerate(rows):
        now = {key: values[step] for key, values in currents(twin).items()}
        before = twin.biases
        injected = now | {twin.input[0]: 0.25}
        assert (twin.activate(row, inject=injected) == outputs[step]).all()
        # errors of the biases are those of states without currents
        for place, current in now.items():
            if np.ndim(current):
                place.biases = place.biases + current
            else:
                place.bias += current
        twin.propagate()
        twin.biases = before
    assert same(net, twin)
    assert (net.biases == biases).all()
    with pytest.raises(SynapseError, match="inject"):
        net.run(rows, inject=[{net.output[0]: 0.5}], learn=True)
    of_each = [{"output": 0.5}, {}]
    two = several.run([rows, rows[:4]], inject=of_each, learn=True)
    assert (single.run(rows, inject=of_each[0], learn=True) == two[0]).all()
    single.clear()
    assert (single.run(rows[:4], learn=True) == two[1]).all()
    assert (single.weights == several.weights).all()


def explode(pre, post, rate=1.0):
    return rate * pre / (post - post)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(explode),
        Rule(explode, bounds=(-1, 1)),
        pytest.param(Hebb(rate=1e200), marks=pytest.mark.full),
    ],
    ids=str,
)
def test_a_change_that_is_not_finite_changes_nothing(rule):
    """Neither do the currents of a run remain."""
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    net.rule = rule
    before = net.weights, net.biases
    with pytest.raises(DivergenceError, match=rule.name):
        net.run(np.ones((6, 2)), inject={"output": np.arange(6.0)}, learn=True)
    assert all(map(np.array_equal, (net.weights, net.biases), before))
    if rule.name == "explode":
        net.activate([1.0, 1.0])
        with pytest.raises(DivergenceError):
            net.propagate()
        assert (net.weights == before[0]).all()


@pytest.mark.full
def test_the_sizes_of_a_targets_weights_have_a_sum():
    net = architect.Perceptron(4, 3, squash="tanh", seed=0)
    net.rule = Hebb(normalize=2.0, rate=0.1)

    def sums():
        return [
            sum(abs(c.weight) for c in n.incoming if c.trainable) for n in net.output
        ]

    net.run(np.random.default_rng(0).normal(size=(20, 4)), learn=True)
    assert sums() == pytest.approx([2.0] * 3)
    frozen = net.connections[0]
    frozen.trainable = False
    before = frozen.weight
    net.run(np.ones((2, 4)), learn=True)
    assert frozen.weight == before
    assert sums() == pytest.approx([2.0] * 3)
    synapse.tie(net.connections[3:5])
    with pytest.raises(ArgumentError, match="tied"):
        net.run(np.ones((2, 4)), learn=True)


def test_a_step_is_learned_once_and_by_the_whole_network():
    """In whichever store it lies."""
    net = architect.Perceptron(2, 2, 1, seed=0)
    net.rule = Oja
    with pytest.raises(TopologyError, match="activate"):
        net.propagate()
    for _ in range(2):
        net.activate([1.0, 0.5])
        joined(net).propagate()
        with pytest.raises(TopologyError, match="activate"):
            net.propagate()
        with pytest.raises(TopologyError, match="activate"):
            joined(net).propagate()
    with pytest.raises(TopologyError, match="by itself"):
        net.output[0].propagate()
    net.rule = "online"
    net.activate([1.0, 0.5])
    net.output[0].propagate(target=1.0)
    assert net.connections[0].traces == {}


@pytest.mark.parametrize("language", ["c", "py", "js"])
def test_programs_that_learn_have_no_rules_of_synapses(language, tmp_path):
    net = architect.Perceptron(2, 1, seed=0)
    net.rule = Oja
    synapse.save(net, tmp_path / f"net.{language}")
    with pytest.raises(SynapseError, match="Oja"):
        synapse.save(net, tmp_path / f"net.{language}", learn=True)


def joined(net):
    """Return the network in a store that has absorbed its own, or the other way."""
    other = Network(Layer(9), Layer(9))
    other.input.project(other.output, seed=0)
    other.run(np.ones((3, 9)))
    other.activate(np.ones(9))
    link = other.output[0].project(net.input[0], weight=1.0)
    link.source.disconnect(link.target)
    assert net._store is other._store
    return net


def test_traces_outlive_a_network_that_the_rule_does_not_fit():
    net, rows, _ = learned("dense", Pairs)
    before = {c: c.traces for c in net.connections}
    readout = Layer(1, "identity", name="readout")
    link = net.layers[2][0].project(readout[0], weight=0.5)
    net.add(readout)
    with pytest.raises(ArgumentError, match="no spike"):
        net.run(rows, learn=True)
    link.trainable = False
    assert {c: c.traces for c in before} == before
    net.run(rows, learn=True)
    last = net.layers[1][0].incoming[0].traces["y"]
    for c in net.connections:
        c.source.disconnect(c.target)
    again = net.input[0].project(net.layers[1][0], weight=0.1)
    net.layers[1][0].project(net.output[0], weight=0.1)
    assert again.traces["y"] == last != 0.0
