"""Read-outs by least squares, and training with Jacobians by RLS and DEKF, against
NumPy's least squares, finite differences and batches."""

from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer
from synapse.errors import ArgumentError, DivergenceError
from synapse.initializers import uniform
from synapse.learning import fit_readout
from synapse.learning._parameters import ParameterVector
from synapse.optimizers import DEKF, RLS, RecursiveOptimizer
from synapse.optimizers._recursive import RecursiveState
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import unchanged

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 3))
TARGETS = RNG.normal(size=(60, 2))


def recurrent(squash="identity", seed=0):
    """Three inputs, a pool of seven with itself, two outputs."""
    rng = np.random.default_rng(seed)
    a = Layer(3, "identity")
    pool = Layer(7, "tanh")
    b = Layer(2, squash)
    a.project(pool, initializer=uniform(0.7), seed=rng)
    pool.project(pool, "all_to_else", initializer=uniform(0.4), seed=rng)
    pool.project(b, seed=rng)
    return Network(a, [pool], b)


def matrix(source, target):
    """Weights (targets, sources) between two layers."""
    links = [[i.connection_to(j) for i in source] for j in target]
    return np.array([[link.weight if link else 0.0 for link in row] for row in links])


def assert_fitted(net, weights, biases):
    """The read-out has these weights (sources, outputs) and biases."""
    assert pytest.approx(weights, abs=1e-8) == matrix(net["hidden"], net.output).T
    assert net.output.biases == pytest.approx(biases, abs=1e-8)


def forward(net, rows):
    """Activations of the pool; its neurons fire one after the other."""
    a, pool, _ = net.layers
    weights = np.hstack([matrix(a, pool), matrix(pool, pool)])
    y = np.zeros(len(pool))
    seen = []
    for row in rows:
        for j in range(len(pool)):
            y[j] = np.tanh(weights[j] @ [*row, *y] + pool.biases[j])
        seen.append(y.copy())
    return np.array(seen)


def least_squares(x, d, ridge=0.0):
    """Weights (sources, outputs) and biases: the ridge as rows that ask for 0, the bias
    free of it."""
    n = x.shape[1]
    above = np.column_stack([x, np.ones(len(x))])
    below = np.column_stack([np.sqrt(ridge) * np.eye(n), np.zeros(n)])
    asked = np.vstack([d, np.zeros((n, d.shape[1]))])
    solved = np.linalg.lstsq(np.vstack([above, below]), asked, rcond=None)[0]
    return solved[:-1], solved[-1]


@every_case(("ridge", "washout"), [(0.0, 0), (1e-6, 10), (0.3, 10)])
def test_a_stream_is_fitted_as_by_numpy(ridge, washout):
    net = recurrent()
    x = forward(net, INPUTS)[washout:]
    weights, biases = least_squares(x, TARGETS[washout:], ridge)
    result = fit_readout(net, INPUTS, TARGETS, ridge=ridge, washout=washout)
    assert_fitted(net, weights, biases)
    errors = x @ weights + biases - TARGETS[washout:]
    assert result.loss == pytest.approx(np.mean(errors**2), abs=1e-10)
    values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    assert (result.rows, result.rank) == (60 - washout, 7)
    assert result.condition == pytest.approx(values[0] / values[-1])
    assert repr(result).startswith("Readout(loss=")


@every_case(
    ("squash", "targets", "inverse"),
    [
        ("logistic", 0.5 + 0.4 * np.tanh(TARGETS), lambda y: np.log(y / (1 - y))),
        ("tanh", 0.9 * np.tanh(TARGETS), np.arctanh),
    ],
)
def test_targets_are_mapped_through_the_inverse_of_the_squash(squash, targets, inverse):
    net = recurrent(squash)
    weights, biases = least_squares(forward(net, INPUTS), inverse(targets), 1e-3)
    fit_readout(net, INPUTS, targets, ridge=1e-3)
    assert_fitted(net, weights, biases)


def test_fixed_connections_and_biases_count_as_they_are():
    net = recurrent()
    fixed, second = net.output
    net["hidden"][0].connection_to(fixed).weight = 0.7
    net["hidden"][0].connection_to(fixed).trainable = False
    second.bias = 0.4
    second.trainable_bias = False
    x = forward(net, INPUTS)
    weights, biases = least_squares(x[:, 1:], TARGETS[:, :1] - 0.7 * x[:, :1])
    other = np.linalg.lstsq(x, TARGETS[:, 1] - 0.4, rcond=None)[0]
    fit_readout(net, INPUTS, TARGETS, ridge=0.0)
    expected = np.transpose([[0.7, *weights[:, 0]], other])
    assert_fitted(net, expected, [biases[0], 0.4])


@every_case(
    ("squash", "arguments", "options", "error", "says"),
    [
        ("relu", (INPUTS, TARGETS), {}, ArgumentError, "identity, logistic, tanh"),
        (
            *("logistic", (INPUTS, np.abs(TARGETS)), {}),
            *(ArgumentError, "above 0 and below 1"),
        ),
        ("tanh", (INPUTS, np.ones((60, 2))), {}, ArgumentError, "above -1 and below 1"),
        ("identity", (INPUTS[:, :2], TARGETS), {}, ArgumentError, "3 inputs"),
        ("identity", (INPUTS, TARGETS * np.nan), {}, ArgumentError, "no row"),
        ("identity", (INPUTS, TARGETS), {"washout": 60}, ArgumentError, "no row"),
        ("identity", (INPUTS, TARGETS * 1e300), {}, DivergenceError, "smaller targets"),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(
    squash, arguments, options, error, says
):
    net = recurrent(squash)
    net.activate(INPUTS[0])
    with unchanged(net), pytest.raises(error, match=says):
        fit_readout(net, *arguments, **options)


# --- Jacobians ------------------------------------------------------------------------


NETWORKS = {
    "elman": partial(architect.Elman, 2, 4, 2),
    "jordan": partial(architect.Jordan, 2, 3, 2),
    "lstm": partial(architect.LSTM, 2, 2, 3),
    "softmax": partial(architect.Elman, 2, 3, 3, output_squash="softmax"),
    "softmax feedback": partial(architect.Jordan, 2, 3, 3, output_squash="softmax"),
    "random": partial(
        architect.Random, 2, 8, 2, gates=4, self_connections=2, backward=6
    ),
    "liquid": partial(architect.Liquid, 2, 8, 2, gates=2, leak=0.5, train_pool=True),
}


class Spy(RecursiveOptimizer):
    """Notes Jacobians and errors, and changes nothing."""

    rate = 1.0

    def __init__(self, direct):
        self.direct = direct
        self.seen = []
        self.groups = None

    def _state(self, trainable, labels):
        self.groups = labels
        return SpyState(self, trainable, labels)


class SpyState(RecursiveState):
    _covariances = ()
    _restore = None

    def _find_change(self, errors):
        whole = np.zeros((len(errors), len(self.change)))
        whole[:, self._columns] = self._slopes
        self.optimizer.seen.append((whole, errors))
        return np.zeros(len(self._columns))

    def _update_covariances(self):
        pass


def sequences(net, lengths=(5, 3), seed=0):
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(n, len(net.input))) for n in lengths]
    return inputs, [rng.dirichlet(np.ones(len(net.output)), n) for n in lengths]


def train(net, inputs, targets, optimizer, rule="rtrl", **options):
    trainer = Trainer(net, rule=rule, optimizer=optimizer, **options)
    trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
    return trainer


def outputs_of(net, inputs):
    found = []
    for rows in inputs:
        net.clear()
        found.append(net.run(rows))
    return np.concatenate(found)


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
    slopes = differences(net, inputs)
    outputs = outputs_of(net, inputs)
    targets[0][[0, 1, 4]] = targets[1][2] = np.nan
    wanted = np.concatenate(targets) - outputs
    spy = Spy(False)
    train(net, inputs, targets, spy)
    jacobians, errors = zip(*spy.seen, strict=True)
    aimed, near = [2, 3, 5, 6], 1e-8 * np.abs(slopes).max()
    np.testing.assert_allclose(jacobians, slopes[aimed], atol=near)
    np.testing.assert_allclose(errors, wanted[aimed], atol=1e-14)


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
    np.testing.assert_allclose([slopes for slopes, _ in spy.seen], wanted, atol=1e-8)
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
    net, other = (reservoir() for _ in range(2))
    fit_readout(other, wave, targets, ridge=0.01)
    trainer = train(net, wave, targets, RLS(regularization=0.01), rule)
    ours, theirs = (
        [c.weight for n in network.output for c in n.incoming]
        for network in (net, other)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-8)
    rest, untouched = (
        [(n.bias, [c.weight for c in n.incoming]) for layer in hidden for n in layer]
        for hidden in (net.hidden, reservoir().hidden)
    )
    assert rest == untouched
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
    make = partial(Trainer, NETWORKS["elman"](seed=0))
    all_refused(
        (partial(make, rule=rule, optimizer=optimizer, **more), ArgumentError, words)
        for rule, optimizer, more, words in [
            ("bptt", RLS(), {}, 'Use rule="online" or rule="rtrl"'),
            ("online", DEKF(), {}, 'DEKF needs the slopes .* Use rule="rtrl"'),
            ("rtrl", DEKF(), {"batch_size": 2}, "Remove the batch_size"),
            ("rtrl", DEKF(), {"l2": 0.1}, "Remove l1 and l2"),
            ("rtrl", RLS(), {"clip": 1.0}, "Remove clip and clip_value"),
            ("rtrl", DEKF(), {"dropout": 0.1}, "Dropout needs"),
        ]
    )


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
    x, grows, y = (synapse.Layer(1, "identity") for _ in range(3))
    x.project(grows, weights=1.0, trainable=False)
    grows.project(grows, weights=2.0, trainable=False)
    grows.project(y, weights=1.0, trainable=False)
    grows.trainable_bias = False
    net = synapse.Network(x, [grows], y)
    rows = np.ones((200, 1))
    train(net, rows[:15], rows[:15], optimizer, rule)  # errors up to 2^15
    net.clear()
    with pytest.raises(
        synapse.errors.DivergenceError, match="1e.06 times the largest target"
    ):
        train(net, rows, rows, optimizer, rule)
    assert abs(y[0].bias) < 1e7
