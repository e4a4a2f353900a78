import copy
import math
import pickle
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, _initializer, initializers, readwrite
from synapse.errors import ArgumentError, SynapseError
from tests.helpers.cases import all_refused, every_case

FANS = (200, 300)


BUILT_IN = initializers.names()
"""Without those that other tests, and examples in docstrings, register."""


def draw(initializer, shape=FANS, seed=0):
    return _initializer.draw(initializer, np.random.default_rng(seed), shape, *FANS)


def test_each_gives_the_shape_asked_for_and_follows_its_seed():
    for name in BUILT_IN:
        for shape in ((4, 3), (3, 4), (5,), (1, 1)):
            assert draw(name, shape).shape == shape, name
            assert np.isfinite(draw(name, shape)).all(), name
        weights, again, other = (draw(name, (30, 8), seed) for seed in (1, 1, 2))
        assert (weights == again).all(), name
        assert name == "zeros" or not (weights == other).all(), name


def test_made_by_a_function_they_check_their_arguments_too():
    rng = np.random.default_rng(0)
    for made in (
        initializers.uniform(0.5),
        initializers.normal(),
        initializers.constant(2.0),
    ):
        assert made(rng, [2, 3], 2, 3).shape == (2, 3)
        all_refused(
            (partial(made, *start, 2, 3), SynapseError, "of an initializer must be")
            for start in ((None, (2, 3)), (rng, (2, 3, 4)), (rng, (2, -3)), (rng, 5))
        )


def test_they_spread_as_told():
    for initializer, low, high, deviation in (
        ("uniform", -0.1, 0.1, 0.1 / math.sqrt(3)),
        (initializers.uniform(2.0), -2.0, 2.0, 2 / math.sqrt(3)),
        ("normal", -1.0, 1.0, 0.1),
        (initializers.normal(0.5), -4.0, 4.0, 0.5),
        ("glorot", -math.sqrt(6 / 500), math.sqrt(6 / 500), math.sqrt(2 / 500)),
        ("he", -1.0, 1.0, math.sqrt(2 / 200)),
        ("fan_in", -math.sqrt(1 / 200), math.sqrt(1 / 200), math.sqrt(1 / 600)),
    ):
        values = draw(initializer)
        assert low <= values.min() < values.max() <= high, initializer
        assert values.std() == pytest.approx(deviation, rel=0.02), initializer
        assert abs(values.mean()) < 0.02 * deviation * 3, initializer
    assert (draw(initializers.constant(0.25)) == 0.25).all()
    assert not draw("zeros").any()


def test_sparse_weights_are_0_but_for_a_share_of_each_neuron():
    weights = draw("sparse", (35, 8))
    # 0.9 of 35, rounded down, are 0
    assert (np.count_nonzero(weights, axis=0) == 4).all()
    assert len({tuple(np.flatnonzero(column)) for column in weights.T}) > 1
    assert 0 < np.abs(weights).max() <= 1 / np.sqrt(35)
    assert np.count_nonzero(draw("sparse", (40,))) == 4
    assert (
        np.count_nonzero(
            initializers.sparse(0.5)(np.random.default_rng(0), (4, 2), 4, 2)
        )
        == 4
    )


def test_orthogonal_matrices_have_orthonormal_rows_or_columns():
    for shape in ((20, 30), (30, 20), (7, 7)):
        q = draw("orthogonal", shape)
        q = q if shape[0] >= shape[1] else q.T
        assert q.T @ q == pytest.approx(np.eye(min(shape)), abs=1e-12)
    corners = [draw("orthogonal", (3, 3), seed)[0, 0] for seed in range(20)]
    assert min(corners) < 0 < max(corners)  # no sign is preferred
    assert set(draw("orthogonal", (9,))) == {-1.0, 1.0}  # single weights are signs


@pytest.mark.full
def test_they_are_given_with_and_without_a_call():
    """In one way for all: the name, the initializer, and what a call of it makes."""
    for name in sorted({*BUILT_IN, "constant"} - {"zeros"}):
        law = getattr(initializers, name)
        ways = [law, law()] + [name] * (name != "constant")
        drawn = [draw(way, (6, 4)) for way in ways]
        assert all((values == drawn[0]).all() for values in drawn), name
        assert (law(np.random.default_rng(0), (6, 4), *FANS) == drawn[0]).all(), name
        for again in (copy.deepcopy(law), pickle.loads(pickle.dumps(law))):
            assert again is law, name
    for made in (initializers.normal(0.5), initializers.normal(scale=0.5)):
        assert draw(made) == pytest.approx(5 * draw("normal"))
        assert (draw(pickle.loads(pickle.dumps(made))) == draw(made)).all()
        assert repr(made) == "<initializer normal(0.5)>"


def test_a_wrong_number_of_an_initializer_is_refused():
    wrong = (
        (lambda: initializers.normal(-1.0), "`scale` of normal must be .* got -1"),
        (lambda: initializers.uniform("wide"), "`scale` of uniform must be a number"),
        (lambda: initializers.constant(math.inf), "`value` of constant must be"),
        (lambda: initializers.sparse(1.0), "`sparsity` of sparse must be"),
        (lambda: initializers.sparse(scale=0.5), "no argument 'scale'.*sparsity="),
        (lambda: initializers.glorot(0.5), "glorot has no number"),
        (lambda: initializers.he(np.random.default_rng(0), (2, 3)), "fan_in"),
    )
    all_refused((make, SynapseError, words) for make, words in wrong)


def test_what_an_initializer_returns_is_checked():
    for wrong in (
        np.zeros((1, 2, 3)),
        0.0,
        np.full(FANS, math.nan),
        np.full(FANS, math.inf),
    ):
        with pytest.raises(ArgumentError):
            draw(lambda rng, shape, fan_in, fan_out, wrong=wrong: wrong)


def test_one_of_ones_own_can_be_registered_once():
    @initializers.register
    def signs(rng, shape, fan_in, fan_out):
        return rng.choice([-1.0, 1.0], shape)

    assert _initializer.get("signs") is initializers.signs is signs
    assert "signs" in initializers.names()
    assert initializers.register(signs) is signs
    with pytest.raises(ArgumentError, match="'glorot' is registered already, by the"):
        initializers.register(type(signs)(signs.__code__, {}, "glorot"), replace=True)


# --- parameters as those of a network that is made anew -------------------------------


NETWORKS = {
    "perceptron": lambda **o: architect.Perceptron(2, 3, 4, 1, **o),
    "elman": lambda **o: architect.Elman(2, 3, 3, 1, **o),
    "jordan": lambda **o: architect.Jordan(2, 3, 1, **o),
    "lstm": lambda **o: architect.LSTM(2, 3, 1, **o),
    "lstm with spans": lambda **o: architect.LSTM(2, 6, 1, span=(1, 100), **o),
    "lstm of the other style": lambda **o: architect.LSTM(
        *(2, 3, 4, 1),
        style="synaptic",
        hidden_to_hidden=True,
        cells_per_block=2,
        output_to_gates=True,
        **o,
    ),
    "gru": lambda **o: architect.GRU(2, 3, 1, **o),
    "narx": lambda **o: architect.NARX(1, 3, 1, input_delay=3, output_delay=2, **o),
    "liquid": lambda **o: architect.Liquid(
        *(1, 20, 1),
        connections=60,
        gates=5,
        spectral_radius=0.9,
        train_pool=True,
        **o,
    ),
    "random": lambda **o: architect.Random(
        3, 10, 2, density=0.5, gates=4, backward=5, self_connections=3, **o
    ),
    "residual": lambda **o: architect.Residual(2, 4, 4, 1, **o),
    "spiking": lambda **o: architect.Spiking(
        2, 8, 1, adaptive=2, density=0.5, excitatory=6, **o
    ),
    "cfc": lambda **o: architect.CfC(1, 4, 1, backbone=4, **o),
    "ctrnn": lambda **o: architect.CTRNN(1, 3, 1, **o),
    "convolutional": lambda **o: architect.Convolutional(
        (6, 6), 2, filters=(2, 3), **o
    ),
    "wide": lambda **o: architect.Perceptron(
        2, 3, 1, initializer=initializers.uniform(2.0), dtype="float32", **o
    ),
}


def parameters(net):
    return np.concatenate([net.weights, net.biases])


def disturbed(net):
    """The network after some change of everything that is trainable."""
    for link in net.connections:
        if link.trainable:
            link.weight *= 0.5
    for neuron in net.neurons[len(net.input) :]:
        if neuron.trainable_bias:
            neuron.bias = 0.25
    return net


def from_file(suffix, tmp_path):
    def read(net):
        synapse.save(net, tmp_path / f"net.{suffix}")
        return synapse.load(tmp_path / f"net.{suffix}")

    return read


@pytest.mark.full
@every_case("name", NETWORKS)
def test_every_architecture_gets_the_values_of_its_seed(name, tmp_path):
    first = parameters(NETWORKS[name](seed=0))
    ways = {
        "itself": lambda net: net,
        "clone": lambda net: net.clone(),
        "pickle": lambda net: pickle.loads(pickle.dumps(net)),
        "json": from_file("json", tmp_path),
        "npz": from_file("npz", tmp_path),
    }
    for way, copied in ways.items():
        net = disturbed(copied(NETWORKS[name](seed=0)))
        assert not np.array_equal(parameters(net), first)
        net.reset_parameters(seed=0)
        assert np.array_equal(parameters(net), first), way


@every_case("name", NETWORKS)
def test_another_seed_has_the_law_of_the_architecture(name):
    """Whatever connections the seed has chosen."""
    net, other = NETWORKS[name](seed=1), NETWORKS[name](seed=0)
    first = parameters(net)
    widest = np.maximum(largest(net), largest(other))
    net.reset_parameters(seed=0)
    assert (largest(net) <= 2.5 * widest + 1e-9).all()
    net.reset_parameters(seed=1)
    assert np.array_equal(parameters(net), first)


def largest(net):
    """The largest trainable weight of each sign, and the largest bias."""
    signs = [(link.sign or 0) if link.trainable else 2 for link in net.connections]
    weights = [net.weights[np.equal(signs, sign)] for sign in (-1, 0, 1)]
    return np.array([abs(each).max(initial=0.0) for each in (*weights, net.biases)])


def test_forget_gates_remember_again_or_an_initializer_draws_all_on_request():
    net = architect.LSTM(2, 3, 1, seed=0)
    net.reset_parameters(seed=7)
    assert net["forget gates"].biases.tolist() == [3.0, 3.0, 3.0]
    net.reset_parameters(seed=0, initializer=initializers.constant(0.25))
    assert {link.weight for link in net.connections if link.trainable} == {0.25}
    assert net["forget gates"].biases.tolist() == [0.25] * 3


# --- networks of one's own ------------------------------------------------------------


def test_the_same_seed_draws_the_same():
    def own():
        x, h, y = Layer(2), Layer(3), Layer(1)
        x.project(h, seed=5), h.project(y, seed=5)
        return Network(x, h, y)

    nets = own(), own()
    for net, seed in zip(nets, (1, 2), strict=True):
        net.reset_parameters(seed=seed)
    assert not np.array_equal(*map(parameters, nets))
    for net in nets:
        net.reset_parameters(seed=0)
    assert np.array_equal(*map(parameters, nets))


# --- classes of users -----------------------------------------------------------------


def test_registered_classes_with_a_seed_are_made_anew():
    @architect.register
    class ResetPair(Network):
        def __init__(self, size, scale=1.0, *, seed=None):
            rng = np.random.default_rng(seed)
            x, y = Layer(size), Layer(size, bias=rng.normal(size=size))
            x.project(y, weights=scale * rng.normal(size=(size, size)))
            super().__init__(x, y)

    first = parameters(ResetPair(3, 2.0, seed=0))
    net = disturbed(ResetPair(3, scale=2.0, seed=np.random.default_rng(0)).clone())
    net.reset_parameters(seed=np.random.default_rng(0))
    assert np.array_equal(parameters(net), first)

    class Derived(ResetPair):
        def __init__(self, name):
            super().__init__(2, seed=1)

    derived = Derived("a")
    derived.reset_parameters(seed=0)  # by the rule for own networks
    assert np.abs(derived.weights).max() <= np.sqrt(6 / 4)


READERS = {
    "networkx": lambda net: synapse.from_networkx(net.graph),
    "synaptic": lambda net: readwrite.from_synaptic_data(readwrite.synaptic_data(net)),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_network_that_is_read_begins_with_the_biases_there(reader):
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.biases = [0.0, 0.0, 0.5, -0.25, 1.0, 2.0]
    read = READERS[reader](net)
    read.biases = np.zeros(6)
    read.reset_parameters(seed=3)
    assert read.biases.tolist() == net.biases.tolist()
