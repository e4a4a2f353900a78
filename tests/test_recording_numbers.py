"""Every number that is recorded is the one that the objects show after the step, in any graph."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import architect
import synapse
import synapse.analysis
from synapse import Layer, Network, Neuron, Trainer, optimizers, record
from synapse.errors import ArgumentError

from .integrity import check_store
from .recorded import agree, names_for, shown
from .strategies import SMOOTH, Twin, crowded, specs


def make_edit(net, random):
    """One edit of a random kind that leaves inputs and outputs."""
    neurons, links = list(net), net.connections
    kind = random.choice(["add", "disconnect", "gate", "ungate", "remove", "freeze", "project"])
    gated = [link for link in links if link.gater is not None]
    hidden = [neuron for layer in net.hidden for neuron in layer]
    if kind == "add":
        added = Neuron(bias=0.1)
        net.add(Layer([added]))
        added.project(net.output[0], weight=0.3)
    elif kind == "disconnect" and links:
        link = random.choice(links)
        if link.gater is not None:
            link.gater.ungate(link)
        link.source.disconnect(link.target)
    elif kind == "gate" and len(gated) < len(links):
        random.choice(neurons).gate(random.choice([link for link in links if link.gater is None]))
    elif kind == "ungate" and gated:
        link = random.choice(gated)
        link.gater.ungate(link)
    elif kind == "remove" and len(hidden) > 1:
        neuron = random.choice(hidden)
        neuron.ungate(*neuron.gated)
        net.remove(neuron)
    elif kind == "freeze" and links:
        link = random.choice(links)
        link.trainable = not link.trainable
    elif kind == "project":
        source, target = random.choice(neurons), random.choice(neurons[len(net.input) :])
        if source.connected(target) is None:
            source.project(target, weight=0.2)


@settings(max_examples=30, deadline=None)
@given(specs(squashes=SMOOTH), st.booleans(), st.integers(0, 3))
def test_steps_with_edits_between_and_within_them(spec, each_by_hand, edits):
    twin = Twin(spec)
    net, random = twin.net, twin.random
    rows, past = twin.vector(spec.inputs), []
    with record(net, *names_for(net)) as log:
        for step in range(4):
            if each_by_hand and step % 2:
                for neuron, value in zip(net, [*rows, *[None] * len(net)], strict=False):
                    neuron.activate(value)
                agree(log, shown(log, propagated=False))
                for neuron in reversed(list(net)):
                    neuron.propagate(0.1, 0.4 if neuron in net.output else None, "squared_error")
            else:
                net.activate(rows)
                agree(log, shown(log, propagated=False))
                net.propagate(0.1, [0.4] * spec.outputs, "squared_error")
            agree(log, shown(log))
            past.append({name: log[name][-1].copy() for name in log.numbers})
            assert len(log) == len(past)
            for _ in range(edits):
                make_edit(net, random)
                if random.random() < 0.5:
                    check_store(net._store)
        for at, row in enumerate(past):
            agree(log, row, at, within=0.0)


@settings(max_examples=20, deadline=None)
@given(specs(squashes=SMOOTH), st.booleans())
@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
def test_every_step_of_a_training(spec, optimized):
    """A compiled epoch lets weights wait; the log shows them as they are when it is stopped at each step."""
    one, other = Twin(spec), Twin(spec)
    x = [[one.vector(spec.inputs) for _ in range(4)] for _ in range(2)]
    y = [[[0.3] * spec.outputs, [np.nan] * spec.outputs, [0.8] * spec.outputs, [0.1] * spec.outputs]] * 2
    rates = {} if not optimized else {"optimizer": optimizers.SGD(0.1), "batch_size": 1}
    assume(one.net.connections)
    seen = []
    with record(one.net, *names_for(one.net)) as log:
        Trainer(one.net, 0.1, "squared_error", **rates).train(x, y, 2, progress=False, seed=0, shuffle=False)
    with record(other.net, *names_for(other.net)) as stepped:

        def look(step):
            seen.append(shown(stepped, propagated=step.cost is not None))

        Trainer(other.net, 0.1, "squared_error").train(
            x, y, 2, progress=False, seed=0, shuffle=False, on_step=look
        )
    assert len(log) == len(stepped) == len(seen) == 16
    for at, values in enumerate(seen):
        agree(stepped, values, at)
        if optimized:  # traces into gated neurons without memory are computed from weights before the update
            values = {name: values[name] for name in values if name != "extended"}
        agree(log, values, at, within=1e-9)


def test_a_run_and_its_objects():
    for seed in range(6):
        one, other = Twin(crowded(seed)), Twin(crowded(seed))
        rows = [one.vector(one.inputs) for _ in range(5)]
        with record(one.net, *names_for(one.net)) as log:
            one.net.run(rows)
        with record(other.net, *names_for(other.net)) as stepped:
            for at, row in enumerate(rows):
                other.net.activate(row)
                values = shown(stepped, propagated=False)
                agree(log, values, at)
                agree(stepped, values, at)


def test_single_precision():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0, dtype=np.float32)
    with record(net, *names_for(net)) as log:
        net.activate([0.3, -0.4])
        net.propagate(0.1, [1.0])
        agree(log, shown(log), within=1e-6)
        assert log.weight.dtype == np.float64
        assert np.array_equal(log.weight[0], net.weights)


def test_ties_move_together_in_steps_trainings_and_layers():
    source, target = Layer(2, name="a"), Layer(3, name="b")
    links = source.project(target, seed=0)
    synapse.tie(links)
    synapse.tie(target)
    net = Network(source, [], target)
    with record(net, "weight", "bias") as log:
        net.activate([0.3, 0.6])
        net.propagate(0.5, [1.0, 0.0, 1.0])
        agree(log, shown(log), within=0.0)
        source.activate([0.1, 0.7])
        target.activate()
        target.propagate(0.5, [1.0, 0.0, 1.0])
        agree(log, shown(log), within=0.0)
        Trainer(net, optimizer=optimizers.Adam(0.1)).train(
            [[0.1, 0.2]], [[1.0, 0.0, 1.0]], 3, progress=False, seed=0
        )
        agree(log, shown(log), within=0.0)
    assert len(log) == 5
    assert (np.ptp(log.weight, axis=1) == 0).all()


# --- steps made by hand --------------------------------------------------------------------------------


def test_a_step_by_hand_lasts_until_a_neuron_activates_again():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net) as log:
        for value in (0.1, 0.2, 0.3):
            net.input.activate([value, value])
            net["hidden"].activate()
            net.output[0].activate()
        net.output[0].activate()
        net.activate([0.5, 0.5])
        net.input[0].activate(0.7)
    assert log.activation[:, 0].tolist() == [0.1, 0.2, 0.3, 0.3, 0.5, 0.7]


def test_what_comes_after_clear_belongs_to_no_step_before():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net, "activation", "error") as log:
        net.activate([0.5, 0.5])
        before = log.activation[0]
        net.clear()
        net.propagate(0.1, [1.0])
        net.input[0].activate(0.2)
        net.input[0].clear()
        net.input[1].activate(0.3)
    assert np.array_equal(log.activation[0], before)
    assert not log.error.any()
    assert log.activation[:, :2].tolist() == [[0.5, 0.5], [0.2, 0.0], [0.0, 0.3]]


def test_a_step_before_an_analysis_keeps_its_numbers():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net, "activation", "error") as log:
        net.activate([0.5, 0.5])
        synapse.analysis.activity(net, [[0.1, 0.2], [0.3, 0.4]])
        rows = log.activation
        net.propagate(0.1, [1.0])
    assert np.array_equal(log.activation, rows)
    assert not log.error.any()


def test_a_step_is_propagated_after_one_that_is_refused():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with record(net, "error") as log:
        for _ in range(synapse._recorder.AT_ONCE):
            net.activate([0.5, 0.5])
        with pytest.raises(ArgumentError):
            net.activate([np.nan, 0.5])
        net.propagate(0.1, [1.0])
    assert log.error[-1].any()
    assert not log.error[:-1].any()
    assert len(log) == synapse._recorder.AT_ONCE


# --- exact gradients -----------------------------------------------------------------------------------


LENGTHS = (3,), (2, 5, 3), tuple(range(1, 11)), (20, 20)


def sequences(net, lengths, random):
    x = [random.normal(size=(length, len(net.input))) for length in lengths]
    return x, [random.random((length, len(net.output))) for length in lengths]


@settings(max_examples=15, deadline=None)
@given(specs(squashes=("logistic", "tanh", "gaussian")), st.sampled_from(LENGTHS), st.booleans())
def test_exact_gradients_record_what_a_run_shows(spec, lengths, threads):
    net = Twin(spec).net
    assume(net.connections)
    x, y = sequences(net, lengths, np.random.default_rng(0))
    before = {name: getattr(net, name) for name in ("weights", "biases")}
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
    assert np.isnan(log.eligibility).all()
    assert np.isnan(log.projected).all()
    assert (log.weight == before["weights"]).all()


def test_exact_errors_are_derivatives_by_the_state():
    """A bias moves the states of all steps: the errors of a neuron sum to minus the gradient of its bias."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    x, y = sequences(net, (20, 33, 4), np.random.default_rng(0))
    with record(net, "error", "activation") as log:
        gradient = synapse.gradient(net, x, y)
    errors = log.error[:, len(net.input) :]
    assert errors.sum(axis=0) / 3 == pytest.approx(-gradient.biases[len(net.input) :], abs=1e-12)
    with record(net, "error") as alone:
        synapse.gradient(net, x[1], y[1])
    assert alone.error == pytest.approx(log.error[20:53], abs=1e-12)
    assert not log.error[:, : len(net.input)].any()


def test_a_training_by_exact_gradients():
    net = architect.LSTM(2, 3, 1, seed=0)
    x, y = sequences(net, (5, 7, 4, 6), np.random.default_rng(0))
    weights, biases = [net.weights], [net.biases]
    trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.05), batch_size=4)

    def note(progress):
        weights.append(net.weights)
        biases.append(net.biases)

    with record(net, "activation", "weight", "bias") as log:
        trainer.train(x, y, 3, progress=False, shuffle=False, callbacks=[note])
    assert len(log) == 3 * 22
    for epoch in range(3):
        rows = slice(22 * epoch, 22 * epoch + 21)
        assert (log.weight[rows] == weights[epoch]).all()
        assert (log.weight[rows.stop] == weights[epoch + 1]).all()
        assert (log.bias[rows.stop] == biases[epoch + 1]).all()


def test_a_gradient_that_diverges_adds_nothing():
    net = architect.Perceptron(1, 1, seed=0)
    net.output[0].squash = "identity"
    net.weights = [1e200]
    with record(net) as log, pytest.raises(synapse.errors.DivergenceError):
        synapse.gradient(net, [[1e200]], [[0.0]], "squared_error")
    assert len(log) == 0


def test_gradients_of_another_network_are_not_recorded():
    one, other = architect.Perceptron(1, 2, 1, seed=0), architect.Perceptron(1, 2, 1, seed=1)
    synapse.tie([one.connections[0], other.connections[0]])
    assert one._store is other._store
    with record(one, "activation", "weight") as log:
        synapse.gradient(other, [[0.5]], [[1.0]])
        Trainer(other, method="bptt").train([[0.5]], [[1.0]], 2, progress=False)
        Trainer(other, optimizer=optimizers.Adam(0.1)).train([[0.5]], [[1.0]], 2, progress=False)
        other.run([[0.1]] * 3)
        other.output[0].activate()
    assert len(log) == 0


# --- many connections ----------------------------------------------------------------------------------


def test_some_connections_in_the_order_given():
    net = architect.Perceptron(3, 4, 2, seed=0)
    links = [net.connections[5], net.connections[0]]
    with record(net, "weight", connections=links) as log:
        net.activate([0.1, 0.2, 0.3])
        net.propagate(0.5, [1.0, 0.0])
    assert log.weight.tolist() == [[link.weight for link in links]]
    assert log.connections == tuple(links)
    assert log.neurons == ()


def test_rows_that_fill_the_memory_again_and_again():
    net = architect.Perceptron(30, 40, 10, seed=0)
    one = net.clone()
    assert len(net.connections) * synapse._recorder.AT_ONCE > 300_000
    with record(net, "weight") as log:
        for _ in range(700):
            net.activate([0.1] * 30)
            net.propagate(0.01, [0.5] * 10)
    for at in range(700):
        one.activate([0.1] * 30)
        one.propagate(0.01, [0.5] * 10)
        if at % 50 == 49 or at % 256 in (0, 255):
            assert np.array_equal(log.weight[at], one.weights)


def test_more_than_memory_holds_is_refused_before_anything_runs():
    net = architect.Perceptron(30, 40, 10, seed=0)
    with record(net, "weight") as log:
        net.activate([0.1] * 30)
        with pytest.raises(MemoryError, match="Record fewer neurons or connections"):
            log._recorder.make_room(10**12)
        net.activate([0.1] * 30)
    assert len(log) == 2
