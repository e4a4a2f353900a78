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
    return (net.weights == other.weights).all() and all(
        mine.traces == theirs.traces
        for mine, theirs in zip(net.connections, other.connections, strict=True)
    )


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
    others = [
        net.clone(),
        pickle.loads(pickle.dumps(net)),
        from_json_data(json_data(net)),
    ]
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
    for change, error in (
        ({"name": "unknown"}, UnknownNameError),
        ({"name": 3}, FormatError),
        ({"settings": {"speed": 3.0}}, SynapseError),
        ({"settings": {"rate": "x"}}, FormatError),
        ({"settings": {"post": [[{"layer": 7}, {"layer": 1}]]}}, FormatError),
        ({"latest": 10**6}, FormatError),
    ):
        with pytest.raises(error):
            from_json_data(
                {**data, "synaptic_rule": {**data["synaptic_rule"], **change}}
            )
    number = {"connection": [0], "number": [5], "value": [1.0]}
    with pytest.raises(FormatError):
        from_json_data({**data, "synapse_traces": number})


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
    twin.layers[0][0].project(twin.layers[1][0], weight=0.0, delay=9).trainable = False
    net.run(rows, learn=True)
    twin.run(rows, learn=True)
    here = {(c.source.name, c.target.name, c.delay): c.weight for c in net.connections}
    for c in twin.connections:
        if c.delay != 9:
            assert c.weight == pytest.approx(
                here[c.source.name, c.target.name, c.delay]
            )


def test_clear_clears_traces_and_a_test_leaves_them():
    net, rows, _ = learned("delays", Pairs)
    before = [c.traces for c in net.connections]
    trainer = Trainer(net, cost="squared_error")
    trainer.test([rows], [np.zeros((len(rows), 2))])
    net.run(rows[:3])  # without learning
    assert [c.traces for c in net.connections] == before
    net.clear()
    assert all(v == 0.0 for c in net.connections for v in c.traces.values())


@pytest.mark.parametrize("rule", [Oja, Hebb(decay=0.5), BCM], ids=str)
def test_every_entry_learns_alike(rule):
    rows = np.random.default_rng(0).normal(size=(30, 3))
    by_steps, by_run, by_trainer, streamed = (
        architect.Perceptron(3, 2, squash="identity", seed=0) for _ in range(4)
    )
    by_steps.rule = by_run.rule = streamed.rule = rule
    for row in rows:
        by_steps.activate(row)
        assert by_steps.propagate() == 0.0
    outputs = by_run.run(rows, learn=True)
    assert outputs.shape == (30, 2)
    trainer = Trainer(by_trainer, rule=rule)
    assert trainer.rate == 1.0
    trainer.train(rows, epochs=1, shuffle=False, progress=False)
    assert by_trainer.rule.name == "online"
    Trainer(streamed).train(rows, epochs=1, shuffle=False, progress=False)
    for net in (by_run, by_trainer, streamed):
        assert (net.weights == by_steps.weights).all()


def test_sequences_begin_with_a_cleared_context():
    rows = np.random.default_rng(0).normal(size=(4, 6, 3))
    whole, other, third = (architect.Elman(3, 2, 1, seed=0) for _ in range(3))
    for net in (whole, other, third):
        net.rule = BCM
    outputs = whole.run(rows, learn=True)
    for sequence, expected in zip(rows, outputs, strict=True):
        other.clear()
        assert (other.run(sequence, learn=True) == expected).all()
    assert (whole.weights == other.weights).all()
    Trainer(third).train(rows, epochs=1, shuffle=False, progress=False)
    assert (third.weights == whole.weights).all()
    listed = third.run(list(rows), learn=True)
    assert [each.shape for each in listed] == [(6, 1)] * 4


def test_rate_scales_changes_and_only_a_part_learns():
    rows = np.random.default_rng(0).normal(size=(20, 3))
    net = architect.Perceptron(3, 2, 1, seed=0)
    before = net.weights
    trainer = Trainer(net, rule=Oja, only=[net.output], rate=0.5)
    trainer.train(rows, epochs=2, progress=False, seed=0)
    changed = net.weights != before
    into_output = [c.target is net.output[0] for c in net.connections]
    assert changed.tolist() == into_output
    twin = architect.Perceptron(3, 1, squash="identity", seed=0)
    half = twin.clone()
    twin.rule = Oja(rate=0.02)
    half.rule = Oja(rate=0.04)
    for row in rows:
        twin.activate(row)
        half.activate(row)
        twin.propagate()
        half.propagate(rate=0.5)
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
    assert net.weights == pytest.approx(twin.weights, abs=1e-14)
    trainer = Trainer(third, rule=Rule(delta))
    result = trainer.train(rows, targets, epochs=1, shuffle=False, progress=False)
    assert third.weights == pytest.approx(twin.weights, abs=1e-14)
    assert result.loss > 0.0
    with pytest.raises(ArgumentError, match="targets"):
        net.run(rows, learn=True)


def third(modulator, pre, rate=1.0):
    return rate * modulator * pre


def test_a_modulator_of_network_target_layer_or_neuron():
    rule = Rule(third)
    rows = np.ones((3, 2))
    levels = np.array([1.0, 0.0, 2.0])

    def net():
        made = architect.Perceptron(2, 2, 2, seed=0)
        made.rule = rule
        return made

    def change(net):
        return (net.weights - before).reshape(4, 2).mean(axis=1)

    before = net().weights
    by_step = net()
    by_step.run(rows, learn=True, modulator=levels)
    assert (by_step.weights - before)[:4] == pytest.approx(3.0)
    by_target = net()
    of_targets = levels[:, None] * [1.0, 2.0, 0.0, -1.0]
    by_target.run(rows, learn=True, modulator=of_targets)
    into = [c.target for c in by_target.connections]
    hidden = by_target.layers[1]
    gained = by_target.weights - before
    for i, target in enumerate(into):
        if target in hidden:
            assert gained[i] == pytest.approx(3.0 * (1 + hidden.index(target)))
    by_layer = net()
    by_layer.run(rows, learn=True, modulator={"hidden": levels})
    gained = by_layer.weights - before
    for c, gain in zip(by_layer.connections, gained.tolist(), strict=True):
        assert (gain != 0.0) == (c.target in by_layer.layers[1])
    wrong = (levels[:2], np.ones((3, 3)), "x", {"nothing": levels}, [np.nan] * 3, None)
    for modulator in wrong:
        with pytest.raises((SynapseError, ValueError)):
            net().run(rows, learn=True, modulator=modulator)
    by_neuron = net()
    by_neuron.rule = rule(modulator={by_neuron.layers[1]: by_neuron.output[0]})
    by_neuron.run(rows, learn=True)
    assert (by_neuron.weights != before).any()


def test_weights_are_recorded_after_they_have_changed():
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    net.rule = Oja
    with synapse.record(net, "weight", "activation") as log:
        net.run(np.ones((4, 2)), learn=True)
        net.activate([1.0, 0.5])
        net.propagate()
    assert (log.weight[-1] == net.weights).all()
    assert len(log) == 5
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
    assert log.theta.tolist() == expected
    assert log.theta.shape == (12, 6)


@pytest.mark.parametrize("structure", ["dense", "delays", "gated", "synchronous"])
def test_a_run_with_currents_learns_as_its_steps(structure):
    net = made(structure)
    net.rule = Full
    rows = rows_of(net, 9)
    cells = net.layers[1]
    unit = net.output[0]
    currents = {
        cells: np.repeat(
            [[0.5, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, -1.0, 2.0]], 3, axis=0
        ),
        unit: np.arange(9) * 0.1,
        net.input[0]: 0.25,
    }
    twin = net.clone()
    several = net.clone()
    names = {cells: twin.layers[1], unit: twin.output[0], net.input[0]: twin.input[0]}
    biases = net.biases
    outputs = net.run(rows, inject=currents, learn=True)
    plain = made(structure)
    plain.rule = Full
    plain.run(rows, learn=True)
    assert (plain.weights != net.weights).all()
    for step, row in enumerate(rows):
        now = {
            names[key]: values[step] if np.ndim(values) else values
            for key, values in currents.items()
        }
        before = twin.biases
        assert (twin.activate(row, inject=now) == outputs[step]).all()
        at = [*twin.layers[1], twin.output[0]]
        added = [*np.ravel(now[twin.layers[1]]), now[twin.output[0]]]
        for neuron, current in zip(at, added, strict=True):
            neuron.bias += current
        twin.propagate()
        twin.biases = before
    assert (net.weights == twin.weights).all()
    assert (net.biases == biases).all()
    assert [c.traces for c in net.connections] == [c.traces for c in twin.connections]
    with pytest.raises(SynapseError, match="inject"):
        net.run(rows, inject=[{unit: 0.5}], learn=True)
    of_each = [{"output": 0.5}, {}]
    two = several.run([rows, rows[:4]], inject=of_each, learn=True)
    single = made(structure)
    single.rule = Full
    assert (single.run(rows, inject=of_each[0], learn=True) == two[0]).all()
    single.clear()
    assert (single.run(rows[:4], learn=True) == two[1]).all()
    assert (single.weights == several.weights).all()


@pytest.mark.full
def test_currents_of_a_run_that_diverges_leave_nothing():
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    net.rule = Hebb(rate=1e200)
    before = net.weights
    biases = net.biases
    with pytest.raises(DivergenceError):
        net.run(np.ones((6, 2)), inject={"output": np.arange(6.0)}, learn=True)
    assert (net.weights == before).all()
    assert (net.biases == biases).all()


def explode(pre, post, rate=1.0):
    return rate * pre / (post - post)


@pytest.mark.parametrize("bounds", [None, (-1, 1)])
def test_a_change_that_is_not_finite_changes_nothing(bounds):
    net = architect.Perceptron(2, 1, squash="identity", seed=0)
    net.rule = Rule(explode, bounds=bounds)
    before = net.weights
    with pytest.raises(DivergenceError, match="explode"):
        net.run(np.ones((4, 2)), learn=True)
    net.activate([1.0, 1.0])
    with pytest.raises(DivergenceError):
        net.propagate()
    assert (net.weights == before).all()


@pytest.mark.full
def test_the_sizes_of_a_targets_weights_have_a_sum():
    net = architect.Perceptron(4, 3, squash="tanh", seed=0)
    net.rule = Hebb(normalize=2.0, rate=0.1)
    net.run(np.random.default_rng(0).normal(size=(20, 4)), learn=True)
    sums = [sum(abs(c.weight) for c in n.incoming) for n in net.output]
    assert sums == pytest.approx([2.0] * 3)
    frozen = net.connections[0]
    frozen.trainable = False
    before = frozen.weight
    net.run(np.ones((2, 4)), learn=True)
    assert frozen.weight == before
    sums = [sum(abs(c.weight) for c in n.incoming if c.trainable) for n in net.output]
    assert sums == pytest.approx([2.0] * 3)
    synapse.tie(net.connections[3:5])
    with pytest.raises(ArgumentError, match="tied"):
        net.run(np.ones((2, 4)), learn=True)


def test_a_step_is_learned_once_and_by_the_whole_network():
    net = architect.Perceptron(2, 2, 1, seed=0)
    net.rule = Oja
    with pytest.raises(TopologyError, match="activate"):
        net.propagate()
    net.activate([1.0, 0.5])
    net.propagate()
    with pytest.raises(TopologyError, match="activate"):
        net.propagate()
    with pytest.raises(TopologyError, match="by itself"):
        net.output[0].propagate()
    net.rule = "online"
    net.activate([1.0, 0.5])
    net.output[0].propagate(target=1.0)
    assert net.connections[0].traces == {}


def test_sparse_rows_are_dense_ones():
    sparse = pytest.importorskip("scipy.sparse")
    rows = np.random.default_rng(0).normal(size=(12, 3)) * (np.arange(3) < 2)
    nets = [architect.Perceptron(3, 2, squash="identity", seed=0) for _ in range(3)]
    for net in nets:
        net.rule = Oja
    nets[0].run(rows, learn=True)
    nets[1].run(sparse.csr_array(rows), learn=True)
    trainer = Trainer(nets[2])
    trainer.train(sparse.csr_array(rows), epochs=1, shuffle=False, progress=False)
    for net in nets[1:]:
        assert (net.weights == nets[0].weights).all()


def test_reading_a_trace_changes_no_later_bit():
    net, rows, needs = learned("delays", Pairs(eligibility=7.0))
    twin, _, _ = learned("delays", Pairs(eligibility=7.0))
    for c in net.connections:
        assert set(c.traces) == {"x", "y", "eligibility"}
    net.clone()
    json_data(net)
    for each in (net, twin):
        each.run(rows, learn=True, **needs)
    assert same(net, twin)


@pytest.mark.parametrize("language", ["c", "py", "js"])
def test_programs_that_learn_have_no_rules_of_synapses(language, tmp_path):
    net = architect.Perceptron(2, 1, seed=0)
    net.rule = Oja
    synapse.save(net, tmp_path / f"net.{language}")
    with pytest.raises(SynapseError, match="Oja"):
        synapse.save(net, tmp_path / f"net.{language}", learn=True)


def test_traces_outlive_a_network_that_the_rule_does_not_fit():
    net, rows, _ = learned("dense", Pairs)
    before = {c: c.traces for c in net.connections}
    readout = Layer(1, "identity", name="readout")
    link = net.layers[2][0].project(readout[0], weight=0.5)
    net.add(readout)
    with pytest.raises(ArgumentError, match="no spike"):
        net.run(rows, learn=True)
    link.trainable = False
    for c, traces in before.items():
        assert c.traces == traces
    net.run(rows, learn=True)
    last = net.layers[1][0].incoming[0].traces["y"]
    for c in net.connections:
        c.source.disconnect(c.target)
    again = net.input[0].project(net.layers[1][0], weight=0.1)
    net.layers[1][0].project(net.output[0], weight=0.1)
    assert again.traces["y"] == last != 0.0
