"""Training with Jacobians: RLS and DEKF in a Trainer, against finite differences, matrices and batches."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError, TopologyError
from synapse.learning import fit_readout
from synapse.learning._parameters import ParameterVector
from synapse.optimizers import DEKF, RLS, RecursiveOptimizer
from synapse.optimizers.recursive import RecursiveState, checked_groups

NETWORKS = {
    "elman": lambda **o: architect.Elman(2, 4, 2, **o),
    "jordan": lambda **o: architect.Jordan(2, 3, 2, **o),
    "lstm": lambda **o: architect.LSTM(2, 2, 3, **o),
    "lstm synaptic": lambda **o: architect.LSTM(2, 2, 3, style="synaptic", **o),
    "gru": lambda **o: architect.GRU(2, 3, 2, **o),
    "softmax": lambda **o: architect.Elman(2, 3, 3, output_squash="softmax", **o),
    "softmax feedback": lambda **o: architect.Jordan(2, 3, 3, output_squash="softmax", **o),
    "random": lambda **o: architect.Random(2, 8, 2, gates=4, self_connections=2, backward=6, **o),
    "liquid": lambda **o: architect.Liquid(2, 8, 2, gates=2, leak=0.5, train_pool=True, **o),
}
by_network = pytest.mark.parametrize("name", NETWORKS)


class Spy(RecursiveOptimizer):
    """Notes Jacobians and errors, and changes nothing."""

    rate = 1.0

    def __init__(self, direct):
        self.direct, self.jacobians, self.errors, self.groups = direct, [], [], None

    def begin(self, parameters, frozen=None, groups=None):
        self.groups = groups
        return SpyState(self, parameters.size, *checked_groups(parameters, frozen, groups))


class SpyState(RecursiveState):
    covariances = ()

    def _find_change(self, errors):
        whole = np.zeros((len(errors), len(self.change)))
        whole[:, self._columns] = self._slopes
        self.optimizer.jacobians.append(whole)
        self.optimizer.errors.append(errors)
        return np.zeros(len(self._columns))

    def _renew(self):
        pass

    def _restore(self, covariances):
        pass


def sequences(net, lengths=(5, 3), seed=0):
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(n, len(net.input))) for n in lengths]
    targets = [rng.random((n, len(net.output))) for n in lengths]
    return inputs, [rows / rows.sum(axis=1, keepdims=True) for rows in targets]


def train(net, inputs, targets, optimizer, method="rtrl", **options):
    trainer = Trainer(net, method=method, optimizer=optimizer, **options)
    trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    return trainer


def spied(net, inputs, targets, method="rtrl", direct=False):
    spy = Spy(direct)
    train(net, inputs, targets, spy, method)
    return np.array(spy.jacobians), np.array(spy.errors)


def outputs_of(net, inputs):
    def run(rows):
        net.clear()
        return net.run(rows)

    return np.concatenate([run(rows) for rows in inputs])


def differences(net, inputs, step=1e-6):
    """d y / d p of every row by central differences, shape (rows, outputs, parameters)."""
    vector = ParameterVector(net)
    values, slopes = vector.read(), []
    for i in range(len(values)):
        sides = []
        for sign in (1, -1):
            moved = values.copy()
            moved[i] += sign * step * (not vector.frozen[i])
            vector.write(moved)
            sides.append(outputs_of(net, inputs))
        slopes.append((sides[0] - sides[1]) / (2 * step))
    vector.write(values)
    return np.stack(slopes, axis=-1)


# --- Jacobians ----------------------------------------------------------------------------------------


@by_network
def test_jacobians_have_all_history(name):
    net = NETWORKS[name](seed=1)
    inputs, targets = sequences(net)
    wanted, outputs = differences(net, inputs), outputs_of(net, inputs)
    jacobians, errors = spied(net, inputs, targets)
    np.testing.assert_allclose(jacobians, wanted, atol=1e-8 * np.abs(wanted).max())
    np.testing.assert_allclose(errors, np.concatenate(targets) - outputs, atol=1e-14)


def test_steps_without_a_target_are_passed_through():
    net = NETWORKS["lstm"](seed=0)
    inputs, targets = sequences(net)
    whole, _ = spied(net, inputs, targets)
    targets[0][[0, 1, 4]] = targets[1][2] = np.nan
    some, _ = spied(net, inputs, targets)
    np.testing.assert_array_equal(some, whole[[2, 3, 5, 6]])


def test_tied_parameters_count_once_and_frozen_ones_not():
    net = NETWORKS["elman"](seed=2)
    hidden, links = net.hidden[0], [link for link in net.connections if link.source in net.input]
    synapse.tie(links[:3])
    synapse.tie(hidden[:2])
    links[4].trainable = False
    net.output[0].trainable = False
    inputs, targets = sequences(net)
    wanted = differences(net, inputs)
    jacobians, _ = spied(net, inputs, targets)
    assert wanted.shape[-1] == len(net.connections) + len(net) - 3
    np.testing.assert_allclose(jacobians, wanted, atol=1e-8)


@pytest.mark.parametrize("method", ["online", "rtrl"])
@pytest.mark.parametrize("name", ["elman", "lstm", "liquid"])
def test_direct_jacobians_are_those_of_the_outputs_alone(name, method):
    """Their parameters have no history here, because the outputs lead nowhere."""
    net = NETWORKS[name](seed=1)
    inputs, targets = sequences(net)
    wanted = differences(net, inputs)
    spy = Spy(True)
    train(net, inputs, targets, spy, method)
    wanted[..., spy.groups < 0] = 0.0
    np.testing.assert_allclose(np.array(spy.jacobians), wanted, atol=1e-8)
    assert (np.bincount(spy.groups[spy.groups >= 0]) > 1).all()


def test_groups_are_the_neurons_that_parameters_lead_into():
    net = NETWORKS["elman"](seed=0)
    spy = Spy(False)
    train(net, *sequences(net), spy)
    place = {neuron: i - len(net) + len(net.output) for i, neuron in enumerate(net)}
    assert spy.groups.tolist() == [
        *(place[link.target] for link in net.connections),
        *(place[neuron] for neuron in net),
    ]


def test_float32():
    nets = [NETWORKS["lstm"](seed=0, dtype=dtype) for dtype in (np.float64, np.float32)]
    inputs, targets = sequences(nets[0])
    (whole, _), (single, _) = (spied(net, inputs, targets) for net in nets)
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, whole, atol=1e-5)


def test_errors_that_neurons_show_are_those_of_their_cost():
    """After a step with a filter, errors are those of a gradient step with the same weights."""
    nets = [NETWORKS["lstm"](seed=0) for _ in range(2)]
    inputs, targets = sequences(nets[0], (4,))
    train(nets[0], inputs, targets, Spy(False))
    train(nets[1], inputs, targets, synapse.optimizers.SGD(rate=1e-300))
    for ours, theirs in zip(*nets):
        assert ours.error.responsibility == pytest.approx(theirs.error.responsibility, abs=1e-12)


# --- least squares ------------------------------------------------------------------------------------


def reservoir(seed=0, outputs=2):
    net = architect.Liquid(1, 20, outputs, spectral_radius=0.8, seed=seed)
    for neuron in net.output:
        neuron.bias, neuron.trainable = 0.0, False
        for link in neuron.incoming:
            link.weight = 0.0
    return net


@pytest.mark.parametrize("method", ["online", "rtrl"])
def test_one_pass_equals_ridge_regression(method):
    wave = np.sin(0.3 * np.arange(200.0))[:, None]
    targets = np.hstack([np.roll(wave, 2), wave**2])
    net, other = reservoir(), reservoir()
    fit_readout(other, wave, targets, ridge=0.01)
    before = [(n, n.bias, [c.weight for c in n.incoming]) for n in net if n not in net.output]
    trainer = train(net, wave, targets, RLS(regularization=0.01), method)
    ours, theirs = ([c.weight for n in one.output for c in n.incoming] for one in (net, other))
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)
    assert before == [(n, n.bias, [c.weight for c in n.incoming]) for n in net if n not in net.output]
    assert len(trainer._updater.state._shares) == 1  # both outputs have the same regressors


def test_only_outputs_move():
    net = NETWORKS["elman"](seed=0)
    hidden = [link for link in net.connections if link.target not in net.output]
    before = [link.weight for link in hidden], [neuron.bias for neuron in net.hidden[0]]
    outgoing = [link.weight for neuron in net.output for link in neuron.incoming]
    train(net, *sequences(net), RLS())
    assert before == ([link.weight for link in hidden], [neuron.bias for neuron in net.hidden[0]])
    now = [link.weight for neuron in net.output for link in neuron.incoming]
    assert all(new != old for new, old in zip(now, outgoing))


def test_force():
    """Sussillo and Abbott 2009: a chaotic pool with feedback learns a sine, then generates it by itself."""
    net = architect.Liquid(1, 100, 1, connections=1000, spectral_radius=1.5, leak=0.3, seed=1)
    rng = np.random.default_rng(0)
    for neuron in net["pool"]:
        neuron.bias = 0.0
        net.output[0].project(neuron, weight=rng.uniform(-1, 1)).trainable = False
    wave = np.sin(2 * np.pi / 40 * np.arange(2400.0))[:, None]
    silent = np.zeros_like(wave)
    result = train(net, silent[:2000], wave[:2000], RLS(regularization=1.0), "online")
    assert result is not None
    free = net.run(silent[2000:])  # feedback of its own output, nothing learns
    assert np.abs(free - wave[2000:]).max() < 0.05


@pytest.mark.parametrize("outputs", ["softmax", "tied", "frozen"])
def test_outputs_that_least_squares_refuses(outputs):
    net = NETWORKS["softmax" if outputs == "softmax" else "elman"](seed=0)
    if outputs == "tied":
        synapse.tie(net.output[0].incoming[:2])
    if outputs == "frozen":
        net.output.trainable = False
        for neuron in net.output:
            for link in neuron.incoming:
                link.trainable = False
    before = ParameterVector(net).read()
    words = {"softmax": "softmax mixes them", "tied": "are tied", "frozen": "No parameter of the outputs"}
    with pytest.raises(TopologyError, match=words[outputs]):
        train(net, *sequences(net), RLS())
    assert (ParameterVector(net).read() == before).all()


# --- Kalman filters -----------------------------------------------------------------------------------


def test_the_global_filter_is_the_textbook_one():
    """Extended Kalman filter in plain NumPy, with Jacobians by finite differences of the whole history."""
    net, by_hand = NETWORKS["elman"](seed=3), NETWORKS["elman"](seed=3)
    rows, targets = sequences(net, (1,) * 8)  # each sequence one step: weights of its history are constant
    vector = ParameterVector(by_hand)
    free = ~vector.frozen
    p, covariance = vector.read(), 10.0 * np.eye(free.sum())
    for x, t in zip(rows, targets):
        h = differences(by_hand, [x])[0][:, free]
        gain = covariance @ h.T @ np.linalg.inv(0.5 * np.eye(2) + h @ covariance @ h.T)
        p[free] += gain @ (t[0] - outputs_of(by_hand, [x])[0])
        covariance = covariance - gain @ h @ covariance + 1e-3 * np.eye(free.sum())
        vector.write(p)
    dekf = DEKF(initial_variance=10.0, measurement_noise=0.5, process_noise=1e-3, groups="all")
    train(net, rows, targets, dekf)
    np.testing.assert_allclose(ParameterVector(net).read(), p, rtol=1e-6, atol=1e-7)


def test_one_group_and_groups_by_neuron_differ_only_by_covariances_between_neurons():
    """They agree for a network with one neuron that learns."""
    nets = [architect.Perceptron(3, 1, seed=0) for _ in range(2)]
    for net, groups in zip(nets, ("all", "neuron")):
        train(net, *sequences(net), DEKF(groups=groups))
    first, second = (ParameterVector(net).read() for net in nets)
    assert (first == second).all()
    nets = [NETWORKS["elman"](seed=0) for _ in range(2)]
    for net, groups in zip(nets, ("all", "neuron")):
        train(net, *sequences(net), DEKF(groups=groups))
    assert not np.allclose(*(ParameterVector(net).read() for net in nets))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_learns_what_came_before(dtype):
    """In 300 steps; the online rule of the same network has hardly begun."""
    bits = np.random.default_rng(0).integers(0, 2, (300, 1)).astype(float)
    before = np.roll(bits, 1)
    net = architect.Elman(1, 4, 1, seed=0, dtype=dtype)
    trainer = train(net, bits, before, DEKF(initial_variance=10.0))
    assert trainer.test(bits, before, cost="squared_error").error < 0.02
    assert all(np.linalg.eigvalsh(p).min() > 0 for p in trainer._updater.state.covariances)


def test_ties_and_frozen_parameters_survive():
    net = NETWORKS["elman"](seed=2)
    links = net.connections[:3]
    synapse.tie(links)
    net.connections[5].trainable = False
    fixed = net.connections[5].weight
    train(net, *sequences(net), DEKF())
    assert links[0].weight == links[1].weight == links[2].weight
    assert net.connections[5].weight == fixed


# --- in a training ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("optimizer", "method"), [(DEKF(), "rtrl"), (RLS(), "rtrl"), (RLS(), "online")])
def test_two_calls_of_train_go_on_where_one_would(optimizer, method):
    once, twice = (NETWORKS["elman"](seed=0) for _ in range(2))
    inputs, targets = sequences(once, (5, 3, 4, 6))
    train(once, inputs, targets, optimizer, method)
    trainer = Trainer(twice, method=method, optimizer=optimizer)
    for part in (slice(0, 2), slice(2, 4)):
        trainer.train(inputs[part], targets[part], epochs=1, shuffle=False, progress=False)
    assert trainer._updater.state.steps == 18
    assert (ParameterVector(once).read() == ParameterVector(twice).read()).all()
    stream = NETWORKS["elman"](seed=0)
    batches = [([x], [t]) for x, t in zip(inputs, targets)]
    Trainer(stream, method=method, optimizer=optimizer).train(batches, progress=False)
    assert (ParameterVector(once).read() == ParameterVector(stream).read()).all()


def test_edits_reset_the_filter():
    net = NETWORKS["elman"](seed=0)
    inputs, targets = sequences(net)
    trainer = train(net, inputs, targets, DEKF())
    assert trainer._updater.state.steps == 8
    net.output[0].trainable = False
    trainer.train(inputs, targets, epochs=1, progress=False)
    assert trainer._updater.state.steps == 8
    net.input[0].project(net.output[0])
    trainer.train(inputs, targets, epochs=1, progress=False)
    assert trainer._updater.state.steps == 8


def test_a_callback_may_edit_the_network():
    net = NETWORKS["elman"](seed=0)
    inputs, targets = sequences(net, (5, 5))
    norms = []

    def edit(batch):
        norms.append(batch.gradient_norm)
        if batch.update == 3:
            net.input[0].project(net.output[0])

    trainer = Trainer(net, method="rtrl", optimizer=DEKF())
    trainer.train(inputs, targets, epochs=1, progress=False, on_batch=edit)
    assert len(norms) == 10
    assert trainer._updater.state.steps == 7
    assert min(norms) > 0


def test_a_recording_has_every_step():
    net = NETWORKS["elman"](seed=0)
    inputs, targets = sequences(net)
    with synapse.record(net, "activation") as log:
        train(net, inputs, targets, DEKF())
    assert len(log.activation) == 8


def test_a_schedule_of_rates_scales_the_steps():
    nets = [NETWORKS["elman"](seed=0) for _ in range(2)]
    start = ParameterVector(nets[0]).read()
    inputs, targets = sequences(nets[0], (1,))
    train(nets[0], inputs, targets, DEKF())
    train(nets[1], inputs, targets, DEKF(), rate=0.25)
    whole, quarter = (ParameterVector(net).read() - start for net in nets)
    np.testing.assert_allclose(quarter, whole / 4, atol=1e-15)


def test_what_a_trainer_refuses():
    net = NETWORKS["elman"](seed=0)
    for options, words in [
        ({"method": "bptt", "optimizer": RLS()}, 'Use method="online" or method="rtrl"'),
        ({"method": "online", "optimizer": DEKF()}, 'DEKF needs the slopes .* Use method="rtrl"'),
        ({"method": "rtrl", "optimizer": DEKF(), "batch_size": 2}, "Omit the batch_size"),
        ({"method": "rtrl", "optimizer": DEKF(), "batch_size": "sequence"}, "Omit the batch_size"),
        ({"method": "rtrl", "optimizer": DEKF(), "l2": 0.1}, "Omit l1 and l2"),
        ({"method": "rtrl", "optimizer": RLS(), "clip": 1.0}, "Omit clip and clip_value"),
        ({"method": "rtrl", "optimizer": DEKF(), "dropout": 0.1}, "Dropout needs"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            Trainer(net, **options)


def test_divergence_keeps_the_parameters():
    net = NETWORKS["liquid"](seed=0)
    inputs, targets = sequences(net)
    targets[0][2] = 1e308
    trainer = Trainer(net, method="rtrl", optimizer=DEKF())
    with pytest.raises(synapse.errors.DivergenceError):
        trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    assert trainer._updater.state.steps == 2
    assert np.isfinite(ParameterVector(net).read()).all()
