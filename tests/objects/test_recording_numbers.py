"""Every number that is recorded is the one that the objects show after the step, in any
graph."""

import gc
import weakref
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
import synapse.analysis
from synapse import Layer, Network, Trainer, optimizers, record
from synapse.errors import ArgumentError
from tests.engine.test_rule import EDITS, edit
from tests.helpers.cases import all_refused
from tests.helpers.integrity import check_store
from tests.helpers.recorded import agree, names_for, shown
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

ORDERS = st.sampled_from([None, 1, 2])
RULES = pytest.mark.parametrize("rule", ["online", "rtrl"])


def learning(net, rule="rtrl", reach=None):
    net.rule = rule if rule == "online" else (rule, reach)
    return net


def elman(reach=None):
    return learning(architect.Elman(2, 3, 1, seed=0), reach=reach)


@pytest.mark.full
@RULES
@given_graphs(specs(squashes=SMOOTH), ORDERS, st.booleans(), st.integers(0, 3))
def test_steps_with_edits_between_and_within_them(
    rule, spec, order, each_by_hand, edits
):
    twin = Twin(spec)
    net = learning(twin.net, rule, order)
    random = twin.random
    inputs = twin.vector(spec.inputs)
    past = []
    assume(rule == "online" or any(link.sensitivity for link in net.connections))
    with record(net, *names_for(net)) as log:
        for step in range(4):
            single = rule == "online" and each_by_hand and step % 2
            if single and not net.synchronous:
                for neuron, value in zip(
                    net, [*inputs, *[None] * len(net)], strict=False
                ):
                    neuron.activate(value)
                agree(log, shown(log, propagated=False))
                for neuron in reversed(list(net)):
                    neuron.propagate(
                        0.1, 0.4 if neuron in net.output else None, "squared_error"
                    )
            else:
                net.activate(inputs)
                agree(log, shown(log, propagated=False))
                net.propagate(0.1, [0.4] * spec.outputs, "squared_error")
            agree(log, shown(log))
            past.append({name: log[name][-1].copy() for name in log.variables})
            assert len(log) == len(past)
            for _ in range(edits):
                a, b = random.randrange(99), random.randrange(99)
                edit(twin, random.choice(EDITS), a, b, random.random() < 0.5)
                if random.random() < 0.5:
                    check_store(net._store)
                if rule != "online" and random.random() < 0.5 and net.connections:
                    net.connections[0].sensitivity  # noqa: B018 - it makes a new plan
        for at, row in enumerate(past):
            agree(log, row, at, within=0.0)


@pytest.mark.full
@RULES
@given_graphs(specs(squashes=SMOOTH), ORDERS, st.booleans())
@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
def test_every_step_of_a_training(rule, spec, order, optimized):
    """A compiled epoch lets weights wait; the log shows them as they are after each
    step by hand."""
    recorded, other = Twin(spec), Twin(spec)
    x = [[recorded.vector(spec.inputs) for _ in range(4)] for _ in range(2)]
    y = [[[target] * spec.outputs for target in (0.3, np.nan, 0.8, 0.1)]] * 2
    optimized = optimized and rule == "online"
    rates = {"optimizer": optimizers.SGD(0.1), "batch_size": 1} if optimized else {}
    assume(recorded.net.connections)
    seen = []
    options = {"progress": False, "seed": 0, "shuffle": False}
    for net in (recorded.net, other.net):
        learning(net, rule, order)
    assume(rule == "online" or any(link.sensitivity for link in net.connections))
    with record(recorded.net, *names_for(recorded.net)) as log:
        Trainer(recorded.net, 0.1, "squared_error", **rates).train(x, y, 2, **options)
    with record(other.net, *names_for(other.net)) as stepped:
        for inputs, targets in (*zip(x, y, strict=True),) * 2:
            other.net.clear()
            for row, target in zip(inputs, targets, strict=True):
                other.net.activate(row)
                if aimed := not np.isnan(target).any():
                    other.net.propagate(0.1, target, "squared_error")
                seen.append(shown(stepped, propagated=aimed))
    assert len(log) == len(stepped) == len(seen) == 16
    for at, values in enumerate(seen):
        agree(stepped, values, at)
        # traces into gated neurons without memory are computed from weights before the
        # update
        if optimized:
            values = {name: values[name] for name in values if name != "extended"}
        agree(log, values, at, within=1e-9)


@pytest.mark.full
@pytest.mark.parametrize("batch", [1, 3, "sequence"])
def test_sensitivities_with_an_optimizer(batch):
    net = learning(architect.LSTM(2, 3, 1, seed=0))
    other = learning(net.clone())
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    y = [[[0.5], [1.0], [0.25], [0.0]]] * 3
    trainer = Trainer(net, optimizer=optimizers.Adam(0.1), batch_size=batch)
    with record(net, "sensitivity", "weight", "bias") as log:
        trainer.train(x, y, 1, progress=False, shuffle=False)
    with record(other, "sensitivity") as stepped:
        for at, row in enumerate(x.reshape(12, 2)):
            if at % 4 == 0:
                other.clear()
            other.activate(row)
            agree(log, shown(stepped), at)
            other.weights = log.weight[at]
            other.biases = log.bias[at]
    assert np.ptp(log.weight, axis=0).any()


def test_ties_move_together_in_steps_trainings_and_layers():
    source, target = Layer(2, name="a"), Layer(3, name="b")
    synapse.tie(source.project(target, seed=0))
    synapse.tie(target)
    net = Network(source, [], target)
    aims = [1.0, 0.0, 1.0]
    trainer = Trainer(net, optimizer=optimizers.Adam(0.1))
    steps = (
        lambda: (net.activate([0.3, 0.6]), net.propagate(0.5, aims)),
        lambda: (source.activate([0.1, 0.7]), target.activate()),
        lambda: target.propagate(0.5, aims),
        lambda: trainer.train([[0.1, 0.2]], [aims], 3, progress=False, seed=0),
    )
    with record(net, "weight", "bias") as log:
        for step in steps:
            step()
            agree(log, shown(log), within=0.0)
    assert len(log) == 5
    assert (np.ptp(log.weight, axis=1) == 0).all()


def test_a_step_by_hand_lasts_until_a_neuron_activates_again():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net, "activation", "projected") as log:
        for value in (0.1, 0.2, 0.3):
            net.input.activate([value, value])
            net["hidden"].activate()
            net.output[0].activate()
        net.output[0].activate()
        net.activate([0.5, 0.5])
        net.propagate(0.1, [1.0])
        net.input[0].activate(0.7), net["hidden"].activate(), net.output[0].activate()
        net.output[0].propagate(0.1, 1.0)  # the others have no error yet
    assert log.activation[:, 0].tolist() == [0.1, 0.2, 0.3, 0.3, 0.5, 0.7]
    assert log.projected[-1].astype(bool).tolist() == [False] * 4 + [True]


def test_what_comes_after_clear_or_an_analysis_belongs_to_no_step_before():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net, "activation", "error") as log:
        net.activate([0.5, 0.5])
        synapse.analysis.activity(net, [[0.1, 0.2], [0.3, 0.4]])
        before = log.activation
        net.propagate(0.1, [1.0])
        net.clear()
        net.propagate(0.1, [1.0])
        net.input[0].activate(0.2)
        net.input[0].clear()
        net.input[1].activate(0.3)
    assert np.array_equal(log.activation[: len(before)], before)
    assert not log.error.any()
    assert log.activation[len(before) :, :2].tolist() == [[0.2, 0.0], [0.0, 0.3]]


LENGTHS = (3,), (2, 5, 3), tuple(range(1, 11)), (20, 20)


def sequences(net, lengths, random):
    return [random.normal(size=(length, len(net.input))) for length in lengths], [
        random.random((length, len(net.output))) for length in lengths
    ]


@given_graphs(
    specs(squashes=("logistic", "tanh", "gaussian")),
    st.sampled_from(LENGTHS),
    st.booleans(),
)
def test_exact_gradients_record_what_a_run_shows(spec, lengths, threads):
    net = Twin(spec).net
    assume(net.connections)
    x, y = sequences(net, lengths, np.random.default_rng(0))
    before = net.weights
    names = ["activation", "state", "derivative", "bias", "weight", "gain"]
    with record(net, *names, "eligibility", "projected") as log:
        synapse.gradient(net, x, y, "squared_error", threads=1 + threads)
    net.clear()
    with record(net, *names) as ran:
        net.run(x)
    assume(np.abs(ran.state).max() < 100)
    assert len(log) == len(ran) == sum(lengths)
    for name in names:
        assert np.allclose(log[name], ran[name], rtol=1e-9, atol=1e-9), name
    assert np.isnan([*log.eligibility.flat, *log.projected.flat]).all()
    assert (log.weight == before).all()


def test_exact_errors_are_derivatives_by_the_state():
    """A bias moves the states of all steps: the errors of a neuron sum to minus the
    gradient of its bias."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    x, y = sequences(net, (20, 33, 4), np.random.default_rng(0))
    with record(net, "error", "activation") as log:
        gradient = synapse.gradient(net, x, y)
    assert log.error[:, len(net.input) :].sum(axis=0) / 3 == pytest.approx(
        -gradient.biases[len(net.input) :], abs=1e-12
    )
    with record(net, "error") as alone:
        synapse.gradient(net, x[1], y[1])
    assert alone.error == pytest.approx(log.error[20:53], abs=1e-12)
    assert not log.error[:, : len(net.input)].any()


def test_a_training_by_exact_gradients():
    net = architect.LSTM(2, 3, 1, seed=0)
    x, y = sequences(net, (5, 7, 4, 6), np.random.default_rng(0))
    seen = [(net.weights, net.biases)]
    trainer = Trainer(net, rule="bptt", optimizer=optimizers.Adam(0.05), batch_size=4)

    def note(progress):
        seen.append((net.weights, net.biases))

    with record(net, "activation", "weight", "bias") as log:
        trainer.train(x, y, 3, progress=False, shuffle=False, callbacks=[note])
    assert len(log) == 3 * 22
    for epoch, (weights, biases) in enumerate(seen[1:]):
        last = 22 * epoch + 21
        assert (log.weight[22 * epoch : last] == seen[epoch][0]).all()
        assert (log.weight[last] == weights).all()
        assert (log.bias[last] == biases).all()


def test_gradients_of_another_network_are_not_recorded():
    recorded = architect.Perceptron(1, 2, 1, seed=0)
    other = architect.Perceptron(1, 2, 1, seed=1)
    synapse.tie([recorded.connections[0], other.connections[0]])
    assert recorded._store is other._store
    with record(recorded, "activation", "weight") as log:
        synapse.gradient(other, [[0.5]], [[1.0]])
        for options in ({"rule": "bptt"}, {"optimizer": optimizers.Adam(0.1)}):
            Trainer(other, **options).train([[0.5]], [[1.0]], 2, progress=False)
        other.run([[0.1]] * 3)
        other.output[0].activate()
    assert len(log) == 0


def test_rows_that_fill_the_memory_again_and_again():
    net = architect.Perceptron(30, 40, 10, seed=0)
    twin = net.clone()
    steps = synapse.objects.recording.MIN_ALLOCATED_STEPS
    assert len(net.connections) * steps > 300_000
    with record(net, "weight") as log:
        for _ in range(700):
            net.activate([0.1] * 30)
            net.propagate(0.01, [0.5] * 10)
    for at in range(700):
        twin.activate([0.1] * 30)
        twin.propagate(0.01, [0.5] * 10)
        if at % 50 == 49 or at % 256 in (0, 255):
            assert np.array_equal(log.weight[at], twin.weights)


def test_more_than_memory_holds_is_refused_before_anything_runs():
    net = architect.Perceptron(30, 40, 10, seed=0)
    with record(net, "weight") as log:
        net.activate([0.1] * 30)
        with pytest.raises(MemoryError, match="Record fewer neurons or connections"):
            log._recorder.make_room(10**12)
        net.activate([0.1] * 30)
    assert len(log) == 2


def test_the_pairs_are_the_sensitivities_of_the_connections():
    net = elman(reach=1)
    log = record(net, "sensitivity")
    assert list(log.columns("sensitivity")) == [
        (link, neuron) for link in net.connections for neuron in link.sensitivity
    ]
    assert log.pairs == log.connections == ()
    some = [net.connections[2], net.connections[0]]
    chosen = record(net, "sensitivity", connections=some)
    assert [link for link, _ in chosen.columns("sensitivity")] == some
    assert chosen.labels("sensitivity")[0].endswith(", to hidden 1")
    assert repr(chosen) == "<Log of sensitivity: 0 steps, 2 pairs>"


@pytest.mark.full
def test_a_log_does_not_outlive_its_recording():
    net = elman()
    log = record(net, "sensitivity")
    with log:
        net.activate([0.5, 0.25])
    recorder = weakref.ref(log._recorder)
    del log
    gc.collect()
    assert recorder() is None


def test_a_network_without_sensitivities():
    perceptron, net = learning(architect.Perceptron(2, 3, 1, seed=0)), elman()
    keeps = "must be a network that keeps sensitivities.*rule"
    all_refused(
        (partial(record, of, "sensitivity", connections=links), ArgumentError, words)
        for of, links, words in (
            (architect.Elman(2, 3, 1, seed=0), None, keeps),
            (perceptron, None, "No connection has a sensitivity"),
            (net, net.output[0].incoming, "No connection has a sensitivity"),
        )
    )


def on_sequence(net, x, y, **options):
    result = Trainer(net, 0.1, "squared_error", **options).train(
        [x, x[:2]], [y, y[:2]], 2, shuffle=False, progress=False
    )
    return result.history["loss"]


STEPS = {
    "run": lambda net, x, y: net.run(x),
    "run sequences": lambda net, x, y: np.concatenate(net.run([x, x[:2]])),
    "run without traces": lambda net, x, y: net.run(x, traces=False),
    "step": lambda net, x, y: [
        *net.activate(x[0]),
        net.propagate(0.1, y[0], "squared_error"),
    ],
    "test": lambda net, x, y: Trainer(net, cost="squared_error").test([x], [y]).loss,
    "online": on_sequence,
    "batches": lambda net, x, y: on_sequence(
        net, x, y, optimizer=optimizers.Adam(0.02), batch_size=2
    ),
    "rtrl": lambda net, x, y: on_sequence(net, x, y, rule="rtrl"),
    "bptt": lambda net, x, y: on_sequence(
        net, x, y, rule="bptt", optimizer=optimizers.SGD(0.1)
    ),
}


def by_hand(net, name, x, y):
    """Make the steps of a call one by one; yields whether each has learned."""
    sequences = {"run": [x], "run without traces": [x], "step": [x[:1]], "test": [x]}
    epochs = 2 if name == "online" else 1
    for sequence in sequences.get(name, [x, x[:2]]) * epochs:
        if name in ("run sequences", "test", "online"):
            net.clear()
        for row, target in zip(sequence, y, strict=False):
            if name == "run without traces":
                net.run(row[None], traces=False)
            else:
                net.activate(row)
            if name in ("step", "online"):
                net.propagate(0.1, target, "squared_error")
            yield name in ("step", "online")


@pytest.mark.slow
@given_graphs(
    specs(squashes=SMOOTH),
    st.lists(st.sampled_from([*STEPS, "edit"]), min_size=2, max_size=5),
)
@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
def test_any_calls_leave_the_numbers_of_calls_that_are_not_recorded(spec, calls):
    """Recorded calls return and leave the same bits, and a row is what the objects
    show after a step by hand."""
    recorded, free, hand = Twin(spec), Twin(spec), Twin(spec)
    assume(recorded.net.connections)
    rng = np.random.default_rng(0)
    seen = []
    of_hand = record(hand.net, *names_for(hand.net))
    with record(recorded.net, *names_for(recorded.net)) as log:
        for name in calls:
            x, y = rng.normal(size=(3, spec.inputs)), rng.random((3, spec.outputs))
            if name == "edit":
                drawn = [(twin.random.randrange(99), twin) for twin in (recorded, free)]
                for number, twin in [*drawn, (hand.random.randrange(99), hand)]:
                    edit(twin, EDITS[number % len(EDITS)], number, 3, True)
                continue
            np.testing.assert_allclose(
                *[STEPS[name](twin.net, x, y) for twin in (recorded, free)], rtol=1e-13
            )
            if name in ("batches", "rtrl", "bptt"):
                STEPS[name](hand.net, x, y)
                seen += [None] * 10
            else:
                for learned in by_hand(hand.net, name, x, y):
                    seen.append(shown(of_hand, propagated=learned))
            assert len(log) == len(seen)
            for column in ("weight", "bias", "state", "activation", "eligibility"):
                ours, theirs = (each.net._store[column] for each in (recorded, free))
                assert np.array_equal(ours, theirs, equal_nan=True), (name, column)
    for at, values in enumerate(seen):
        if values is not None:
            agree(log, values, at, within=1e-9)
