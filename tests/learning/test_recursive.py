"""Training with Jacobians: RLS and DEKF in a Trainer, against finite differences,
matrices and batches."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError
from synapse.learning import fit_readout
from synapse.learning._parameters import ParameterVector
from synapse.optimizers import DEKF, RLS, RecursiveOptimizer
from synapse.optimizers._recursive import RecursiveState
from tests.helpers.cases import every_case
from tests.helpers.learners import let_learn

NETWORKS = {
    "elman": lambda **o: architect.Elman(2, 4, 2, **o),
    "jordan": lambda **o: architect.Jordan(2, 3, 2, **o),
    "lstm": lambda **o: architect.LSTM(2, 2, 3, **o),
    "softmax": lambda **o: architect.Elman(2, 3, 3, output_squash="softmax", **o),
    "softmax feedback": lambda **o: architect.Jordan(
        2, 3, 3, output_squash="softmax", **o
    ),
    "random": lambda **o: architect.Random(
        2, 8, 2, gates=4, self_connections=2, backward=6, **o
    ),
    "liquid": lambda **o: architect.Liquid(
        2, 8, 2, gates=2, leak=0.5, train_pool=True, **o
    ),
}


class Spy(RecursiveOptimizer):
    """Notes Jacobians and errors, and changes nothing."""

    rate = 1.0

    def __init__(self, direct):
        self.direct = direct
        self.jacobians = []
        self.errors = []
        self.groups = None

    def _state(self, trainable, labels):
        self.groups = labels
        return SpyState(self, trainable, labels)


class SpyState(RecursiveState):
    _covariances = ()

    def _find_change(self, errors):
        whole = np.zeros((len(errors), len(self.change)))
        whole[:, self._columns] = self._slopes
        self.optimizer.jacobians.append(whole)
        self.optimizer.errors.append(errors)
        return np.zeros(len(self._columns))

    def _update_covariances(self):
        pass

    def _restore(self, flat):
        pass


def sequences(net, lengths=(5, 3), seed=0):
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(n, len(net.input))) for n in lengths]
    targets = [rng.random((n, len(net.output))) for n in lengths]
    return inputs, [rows / rows.sum(axis=1, keepdims=True) for rows in targets]


def train(net, inputs, targets, optimizer, rule="rtrl", **options):
    trainer = Trainer(net, rule=rule, optimizer=optimizer, **options)
    trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    return trainer


def spied(net, inputs, targets):
    spy = Spy(False)
    train(net, inputs, targets, spy)
    return np.array(spy.jacobians), np.array(spy.errors)


def outputs_of(net, inputs):
    def run(rows):
        net.clear()
        return net.run(rows)

    return np.concatenate([run(rows) for rows in inputs])


def differences(net, inputs, step=1e-6):
    """d y / d p of every row by central differences, shape (rows, outputs,
    parameters)."""
    vector = ParameterVector(net)
    values = vector.read()
    slopes = []
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


@every_case("name", NETWORKS)
def test_jacobians_have_all_history(name):
    """Steps without a target are passed through."""
    net = NETWORKS[name](seed=1)
    inputs, targets = sequences(net)
    wanted = differences(net, inputs)
    outputs = outputs_of(net, inputs)
    targets[0][[0, 1, 4]] = targets[1][2] = np.nan
    aimed = [2, 3, 5, 6]
    jacobians, errors = spied(net, inputs, targets)
    np.testing.assert_allclose(
        jacobians, wanted[aimed], atol=1e-8 * np.abs(wanted).max()
    )
    np.testing.assert_allclose(
        errors, (np.concatenate(targets) - outputs)[aimed], atol=1e-14
    )


@every_case(
    ("name", "rule"), [("elman", "online"), ("lstm", "online"), ("lstm", "rtrl")]
)
def test_direct_jacobians_are_those_of_the_outputs_alone(name, rule):
    """Their parameters have no history here, because the outputs lead nowhere, or with
    weight 0."""
    net = NETWORKS[name](seed=1)
    net.output[0].project(net.output[0], weight=0.0, trainable=True)
    inputs, targets = sequences(net)
    wanted = differences(net, inputs)
    spy = Spy(True)
    train(net, inputs, targets, spy, rule)
    wanted[..., spy.groups < 0] = 0.0
    np.testing.assert_allclose(np.array(spy.jacobians), wanted, atol=1e-8)
    assert (np.bincount(spy.groups[spy.groups >= 0]) > 1).all()


def reservoir():
    net = architect.Liquid(1, 20, 2, spectral_radius=0.8, seed=0)
    for neuron in net.output:
        neuron.bias = 0.0
        neuron.trainable_bias = False
        for link in neuron.incoming:
            link.weight = 0.0
    return net


@every_case("rule", ["online", "rtrl"])
def test_one_pass_equals_ridge_regression(rule):
    wave = np.sin(0.3 * np.arange(200.0))[:, None]
    targets = np.hstack([np.roll(wave, 2), wave**2])
    net = reservoir()
    other = reservoir()
    fit_readout(other, wave, targets, ridge=0.01)
    before = [
        (n, n.bias, [c.weight for c in n.incoming]) for n in net if n not in net.output
    ]
    trainer = train(net, wave, targets, RLS(regularization=0.01), rule)
    ours, theirs = (
        [c.weight for n in network.output for c in n.incoming]
        for network in (net, other)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)
    assert before == [
        (n, n.bias, [c.weight for c in n.incoming]) for n in net if n not in net.output
    ]
    # both outputs have the same regressors
    assert len(trainer._updater.state._shares) == 1


def test_edits_reset_the_filter():
    net = NETWORKS["elman"](seed=0)
    inputs, targets = sequences(net, (5, 5))
    norms = []

    def edit(batch):
        norms.append(batch.gradient_norm)
        if batch.update == 3:
            net.input[0].project(net.output[0])

    trainer = Trainer(net, rule="rtrl", optimizer=DEKF())
    trainer.train(inputs, targets, epochs=1, progress=False, on_batch=edit)
    assert len(norms) == 10
    assert trainer._updater.state.steps == 7
    assert min(norms) > 0
    net.output[0].trainable_bias = False
    trainer.train(inputs, targets, epochs=1, progress=False)
    assert trainer._updater.state.steps == 10


def test_what_a_trainer_refuses():
    net = NETWORKS["elman"](seed=0)
    for options, words in [
        (
            {"rule": "bptt", "optimizer": RLS()},
            'Use rule="online" or rule="rtrl"',
        ),
        (
            {"rule": "online", "optimizer": DEKF()},
            'DEKF needs the slopes .* Use rule="rtrl"',
        ),
        (
            {"rule": "rtrl", "optimizer": DEKF(), "batch_size": 2},
            "Remove the batch_size",
        ),
        ({"rule": "rtrl", "optimizer": DEKF(), "l2": 0.1}, "Remove l1 and l2"),
        (
            {"rule": "rtrl", "optimizer": RLS(), "clip": 1.0},
            "Remove clip and clip_value",
        ),
        ({"rule": "rtrl", "optimizer": DEKF(), "dropout": 0.1}, "Dropout needs"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            Trainer(net, **options)


def test_divergence_keeps_the_parameters():
    net = NETWORKS["liquid"](seed=0)
    inputs, targets = sequences(net)
    targets[0][2] = 1e308
    trainer = Trainer(net, rule="rtrl", optimizer=DEKF())
    with pytest.raises(synapse.errors.DivergenceError):
        trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    assert trainer._updater.state.steps == 2
    assert np.isfinite(ParameterVector(net).read()).all()


@every_case(
    ("optimizer", "rule"), [(DEKF(), "rtrl"), (RLS(), "rtrl"), (RLS(), "online")]
)
def test_errors_that_run_away_are_a_divergence_long_before_they_overflow(
    optimizer, rule
):
    x = synapse.Neuron()
    grows = synapse.Neuron(squash="identity")
    y = synapse.Neuron(squash="identity")
    links = [x.project(grows, 1.0), grows.project(grows, 2.0), grows.project(y, 1.0)]
    net = synapse.Network(
        synapse.Layer([x]), [synapse.Layer([grows])], synapse.Layer([y])
    )
    for owner in (*links, grows):
        let_learn(owner, False)
    rows = np.ones((200, 1))
    train(net, rows[:15], rows[:15], optimizer, rule)  # errors up to 2^15
    net.clear()
    with pytest.raises(
        synapse.errors.DivergenceError, match="1e.06 times the largest target"
    ):
        train(net, rows, rows, optimizer, rule)
    assert abs(y.bias) < 1e7
