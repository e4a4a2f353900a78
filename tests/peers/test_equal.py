"""What peers' suites ask to be equal, or to stop in time: no learning is measured here.

Each test names the one that it follows. Thresholds and numbers of steps are the peers'.
"""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer
from synapse.readwrite import write_python

from .tasks import gate

SEEDS = range(20)


def steps(net, count, seed):
    """Random bits: inputs and targets of so many steps."""
    rng = np.random.default_rng([seed, 1])
    return rng.integers(0, 2, (count, len(net.input))), rng.integers(0, 2, (count, len(net.output)))


@pytest.mark.parametrize("seed", SEEDS)
def test_neuron_by_neuron_is_the_compiled_network(seed):
    """Synaptic, "Optimized and Unoptimized Networks Equivalency": LSTM(2, 1, 1), 1,000 steps, 1e-9."""
    compiled = architect.LSTM(2, 1, 1, style="synaptic", seed=seed)
    single = compiled.clone()
    for row, target in zip(*steps(compiled, 1000, seed), strict=True):
        outputs = compiled.activate(row)
        single.input.activate(row)
        for layer in single.layers[1:]:
            found = layer.activate()
        assert ((found - outputs) ** 2).mean() <= 1e-9
        compiled.propagate(0.5, target)
        single.output.propagate(0.5, target)
        for layer in reversed(single.hidden):
            layer.propagate(0.5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("style", ["standard", "synaptic"])
def test_a_saved_network_and_a_clone_learn_alike(seed, style, tmp_path):
    """Synaptic, "toJSON/fromJSON" and "Cloned Networks Equivalency": LSTM(10, 5, 5), 1,000 steps, 1e-10."""
    net = architect.LSTM(10, 5, 5, style=style, seed=seed)
    synapse.save(net, tmp_path / "net.json")
    others = synapse.load(tmp_path / "net.json"), net.clone()
    inputs, targets = steps(net, 1000, seed)
    for one in (net, *others):
        Trainer(one, rate=0.5).train(inputs, targets, epochs=1, progress=False)
    for other in others:
        assert ((other.run(inputs) - net.clone().run(inputs)) ** 2).mean() <= 1e-10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_program_answers_as_the_network_does(seed, tmp_path):
    """Neataptic, "standalone equivalency": random sizes from 1 to 5, 50 steps, nine digits."""
    sizes = np.random.default_rng(seed).integers(1, 6, 5).tolist()
    nets = (
        architect.Perceptron(*sizes[:3], seed=seed),
        architect.LSTM(*sizes[:3], seed=seed),
        architect.GRU(*sizes[:4], seed=seed),
        architect.NARX(*sizes[:3], input_delay=sizes[3], output_delay=sizes[4], seed=seed),
    )
    for net in nets:
        program = {"__name__": "program"}
        write_python(net, tmp_path / "program.py")
        exec((tmp_path / "program.py").read_text(encoding="utf-8"), program)
        twin = program["Network"]()
        for row in np.random.default_rng(seed).random((50, len(net.input))):
            assert twin.step(row.tolist()) == pytest.approx(net.activate(row), abs=1e-9)


@pytest.mark.parametrize(("stops_at", "epochs"), [(20_000, 3000), (2000, 2000), (None, 3000)])
def test_a_schedule_can_stop_a_training(stops_at, epochs):
    """Synaptic, "Scheduled Tasks": XOR, 3,000 iterations, asked every 1,000."""
    net = architect.Perceptron(2, 3, 1, seed=0)
    ask = synapse.every(1000, lambda progress: progress.epoch == stops_at)
    trainer = Trainer(net, rate=1e-6)
    result = trainer.train(*gate("XOR"), epochs=3000, error=1e-6, callbacks=[ask], progress=False)
    assert result.epochs == epochs


def test_the_rate_may_be_a_function():
    """Synaptic, "Rate Callback Check": 0.01 before the 1,000th iteration, then 0.005."""
    seen = {}
    trainer = Trainer(
        architect.Perceptron(2, 3, 1, seed=0), rate=lambda epoch: 0.01 if epoch + 1 < 1000 else 0.005
    )

    def note(progress):
        seen[progress.epoch] = progress.rate

    trainer.train(*gate("XOR"), epochs=2000, callbacks=[note], progress=False)
    assert [seen[epoch] for epoch in (1, 500, 999, 1000, 1500, 2000)] == [0.01] * 3 + [0.005] * 3


def test_a_linear_unit_keeps_half_of_its_state():
    """PyBrain, "test_recurrent_network": weights 1, 1 and 0.5; 4, -1, 0, and 0 once more after a reset."""
    first, unit, last = Layer(1), Layer(1, squash="identity"), Layer(1, squash="identity")
    first.project(unit, weights=1.0)
    unit.project(last, weights=1.0)
    unit.project(unit, weights=0.5)
    net = Network(first, [unit], last)
    assert [net.activate([x])[0] for x in (4, -1, 0)] == [4.0, 1.0, 0.5]
    net.clear()
    assert net.activate([0])[0] == 0.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("peepholes", [None, "one_to_one"])
def test_the_gradient_is_that_of_differences(seed, peepholes):
    """PyBrain, "gradientCheck" of an LSTM of one block, with peepholes and without, to 1e-6."""
    net = architect.LSTM(1, 1, 1, peepholes=peepholes, output_squash="identity", seed=seed)
    net.reset(seed, synapse.initializers.uniform(1.0))
    rng = np.random.default_rng([seed, 2])
    data, step = (rng.normal(size=(6, 1)), rng.normal(size=(6, 1))), 1e-5
    found = synapse.gradient(net, *data)
    for i in np.flatnonzero(found.weights):
        losses = []
        for way in (step, -step):
            net.connections[i].weight += way
            losses.append(synapse.gradient(net, *data).loss)
            net.connections[i].weight -= way
        assert found.weights[i] == pytest.approx((losses[0] - losses[1]) / (2 * step), abs=1e-6)
