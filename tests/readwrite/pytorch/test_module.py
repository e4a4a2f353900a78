"""A network in PyTorch: the same function, trained there, and brought back."""

import copy
import doctest
import io
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, initializers, squash
from synapse.engine.functions.activations import FIRST_CUSTOM
from synapse.errors import ArgumentError, KindError, TopologyError
from synapse.readwrite import pytorch

from ...strategies import SMOOTH, SQUASHES, Twin, specs

torch = pytest.importorskip("torch")
from synapse.readwrite.pytorch.module import FUNCTIONS

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

INPUTS = np.random.default_rng(0).normal(size=(9, 3))
synaptic = partial(architect.LSTM, style="synaptic")
BUILDS = {
    "perceptron": lambda: architect.Perceptron(3, 5, 4, 2),
    "softmax": lambda: architect.Perceptron(3, 5, 4, output_squash="softmax"),
    "residual": lambda: architect.Residual(3, 4, 4, 2),
    "elman": lambda: architect.Elman(3, 4, 5, 2),
    "jordan": lambda: architect.Jordan(3, 4, 2),
    "gru": lambda: architect.GRU(3, 4, 5, 2),
    "lstm": lambda: synaptic(3, 4, 5, 2),
    "lstm one to one": lambda: synaptic(3, 4, 2, peepholes="one_to_one", output_to_gates=True),
    "lstm without": lambda: synaptic(3, 4, 2, peepholes=None, hidden_to_hidden=True),
    "lstm of wide blocks": lambda: synaptic(3, 4, 2, cells_per_block=2, forget_gates=False),
    "lstm standard": lambda: architect.LSTM(3, 4, 4, 2, style="standard", peepholes="all_to_all"),
    "random": lambda: architect.Random(3, 20, 2, seed=0),
}


def built(name, seed=1):
    net = BUILDS[name]()
    net.reset(seed, initializers.uniform(1.0))
    return net


def answers(module, rows, context=None):
    return module(torch.tensor(rows), context).detach().numpy()


@pytest.mark.parametrize("name", BUILDS)
def test_it_answers_as_the_network(name):
    net = built(name)
    module = synapse.to_torch(net)
    assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12


@given(specs(squashes=(*SQUASHES, "selu", "gelu", "bent_identity", "hard_tanh")))
def test_it_answers_as_any_gated_graph(spec):
    twin = Twin(spec)
    rows = np.random.default_rng(spec.seed).uniform(-1, 1, (5, spec.inputs))
    module = synapse.to_torch(twin.net)
    expected = twin.net.run(rows)
    assume(np.abs([neuron.state for neuron in twin.net]).max() < 100)
    assert np.abs(answers(module, rows) - expected).max() < 1e-11


@given(specs(squashes=SMOOTH), st.integers(0, 999))
def test_shared_gradients_of_any_gated_graph(spec, seed):
    """PyTorch's own differentiation, of each shared number once."""
    net = Twin(spec).net
    assume(net.connections)
    rng = np.random.default_rng(seed)
    links = [link for link in net.connections if link.trainable]
    neurons = [neuron for neuron in list(net)[spec.inputs :] if neuron.trainable]
    for items in (links, neurons):
        if items:
            synapse.tie(items, groups=rng.integers(0, 4, len(items)))
    rows, aims = rng.uniform(-1, 1, (5, spec.inputs)), rng.random((5, spec.outputs))
    expected = net.run(rows)
    assume(np.abs([neuron.state for neuron in net]).max() < 100)
    net.clear()
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(rows))
    assert np.abs(outputs.detach().numpy() - expected).max() < 1e-11
    (0.5 * (outputs - torch.tensor(aims)) ** 2).sum().backward()
    found = synapse.gradient(net, rows, aims, "squared_error")
    assume(np.abs(np.append(found.weights, found.biases)).max() < 100)
    for ours, parameter, items in (
        (found.weights, module.weight, net.connections),
        (found.biases, module.bias, list(net)),
    ):
        at = [i for i, one in enumerate(items) if all(items.index(other) > i for other in one.tied)]
        assert len(parameter) == len(at)
        if parameter.grad is not None:
            assert ours[at] == pytest.approx(parameter.grad.numpy(), abs=1e-9)


def test_what_is_tied_is_one_parameter():
    net = built("elman")
    synapse.tie(net.connections[2:6])
    synapse.tie(net.output)
    module = synapse.to_torch(net)
    assert len(module.weight) == len(net.connections) - 3
    assert len(module.bias) == len(net) - 1
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    module(torch.tensor(INPUTS)).sum().backward()
    optimizer.step()
    synapse.from_torch(module, net)
    assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12
    assert len({link.weight for link in net.connections[2:6]}) == 1
    net.clear()
    net.connections[3].weight = 0.75
    synapse.to_torch(net, module)
    assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12
    synapse.untie(net.output)
    with pytest.raises(ArgumentError, match="that network has changed"):
        synapse.from_torch(module, net)


def test_modules_must_agree_with_what_is_tied():
    net = synapse.from_torch([torch.nn.Linear(3, 2), torch.nn.Sigmoid()])
    synapse.tie(net.connections[:2])
    synapse.tie(net.output)
    before = net.weights.tolist(), net.biases.tolist()
    linear = torch.nn.Linear(3, 2)
    with pytest.raises(ArgumentError, match="tied"):
        synapse.from_torch([linear, torch.nn.Sigmoid()], net)
    with torch.no_grad():
        linear.weight[:] = 0.5
    with pytest.raises(ArgumentError, match="bias"):
        synapse.from_torch([linear, torch.nn.Sigmoid()], net)
    assert (net.weights.tolist(), net.biases.tolist()) == before
    with torch.no_grad():
        linear.bias[:] = 0.25
    synapse.from_torch([linear, torch.nn.Sigmoid()], net)
    assert set(net.weights) == {0.5}


ALONE = [name for name in FUNCTIONS if not squash.get(name).grouped]


def test_all_built_in_squashes_are_known():
    built_in = {name for name in squash.names() if squash.get(name).code < FIRST_CUSTOM}
    assert set(FUNCTIONS) == built_in


@pytest.mark.parametrize("name", ALONE)
def test_every_squash_has_the_same_value_and_slope(name):
    function = squash.get(name)
    source, sink = Neuron("identity"), Neuron(name)
    source.project(sink, weight=1.0)
    net = Network(Layer([source]), [], Layer([sink]))
    net.deterministic = True
    states = np.append(np.linspace(-4.13, 4.2, 60), [-30.0, 25.0])[:, None]
    module = synapse.to_torch(net)
    inputs = torch.tensor(states, requires_grad=True)
    outputs = module(inputs)
    assert outputs.detach().numpy() == pytest.approx(net.run(states), rel=1e-14, abs=1e-14)
    if outputs.requires_grad:
        outputs.sum().backward()
        slopes = [function.derivative(state) for state in states[:, 0]]
        assert inputs.grad[:, 0].numpy() == pytest.approx(slopes, abs=1e-13)


@pytest.mark.parametrize("name", ["winner", "maxout"])
def test_a_group_competes(name):
    rng = np.random.default_rng(0)
    source, groups, sink = Layer(3), [Layer(4, name), Layer(3, name), Layer(4, name)], Layer(2, "identity")
    for group in groups:
        source.project(group, initializer="normal", seed=rng)
        group.project(sink, initializer="normal", seed=rng)
    net = Network(source, groups, sink)
    assert np.abs(answers(synapse.to_torch(net), INPUTS) - net.run(INPUTS)).max() < 1e-13


def test_a_random_network_answers_as_a_calm_one():
    net = architect.Perceptron(3, 4, 2, seed=0)
    net["hidden"].squash = "bernoulli"
    net.output.squash = "noise"
    net.deterministic = True
    deterministic = net.run(INPUTS)
    net.deterministic = False
    assert np.abs(answers(synapse.to_torch(net), INPUTS) - deterministic).max() < 1e-13


def test_sequences_go_through_at_once_and_begin_cleared():
    net = built("lstm")
    rows = np.random.default_rng(1).normal(size=(4, 6, 3))
    together = answers(synapse.to_torch(net), rows)
    for one, several in zip(rows, together, strict=True):
        net.clear()
        assert np.abs(net.run(one) - several).max() < 1e-12


@pytest.mark.parametrize("name", ["lstm", "elman", "random"])
def test_the_context_is_passed_on(name):
    net = built(name)
    net.run(INPUTS[:4])
    module = synapse.to_torch(net)
    after = module.unroll(torch.tensor(INPUTS[4:7]), module.context)[1]
    expected = net.run(INPUTS[4:])
    assert np.abs(answers(module, INPUTS[4:], module.context) - expected).max() < 1e-12
    assert np.abs(answers(module, INPUTS[7:], after) - expected[3:]).max() < 1e-12
    assert after.activations.shape == (len(net),)


def test_a_layer_is_one_product_of_matrices():
    def terms(net):
        module = synapse.to_torch(net)
        return [
            [(term.form, tuple(term.shape)) for terms in (block.plain, *block.gated) for term in terms]
            for block in list(module.blocks)[1:]
        ]

    assert terms(architect.Perceptron(3, 5, 4, 2)) == [
        [("dense", (3, 5))],
        [("dense", (5, 4))],
        [("dense", (4, 2))],
    ]
    gates, cells, squashed, hidden, outputs = terms(architect.LSTM(6, 7, 8, style="standard"))
    assert gates == [("dense", (6, 28)), ("dense", (7, 28))]  # all four gates, from inputs and hidden
    assert cells == [("each", (7,)), ("each", (7,))]  # candidates and states, times gates
    assert squashed == hidden == [("each", (7,))]
    assert outputs == [("dense", (7, 8))]


def test_float32_stays_float32():
    net = architect.LSTM(3, 4, 2, dtype="float32", style="synaptic", seed=0)
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(INPUTS, dtype=torch.float32))
    assert outputs.dtype == module.weight.dtype == torch.float32
    assert outputs.detach().numpy() == pytest.approx(net.run(INPUTS), abs=1e-6)


# --- training ------------------------------------------------------------------------------------


def gated():
    """A feed-forward graph with gates: the online rule is exact there, too."""
    net = architect.Perceptron(3, 6, 6, 2, squash="tanh", initializer="glorot", seed=3)
    first, second = net.hidden
    first[0].gate(*second[1].incoming)
    for k, connection in enumerate(second[2].incoming):
        first[k].gate(connection)
    second[3].gate(*net.output[0].incoming[:2])
    return net


@pytest.mark.parametrize("build", [lambda: built("perceptron"), gated])
def test_training_moves_the_same_weights_on_both_sides(build):
    net = build()
    net.hidden[1].trainable = False
    net.connections[4].trainable = False
    module = synapse.to_torch(net)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
    targets = np.random.default_rng(2).random((30, 2))
    before = net.weights
    for row, target in zip(np.tile(INPUTS, (4, 1)), targets, strict=False):
        net.activate(row)
        net.propagate(0.2, target, "squared_error")
        optimizer.zero_grad()
        (0.5 * (module(torch.tensor(row[None])) - torch.tensor(target)) ** 2).sum().backward()
        optimizer.step()
    assert np.abs(net.weights - before).max() > 0.05
    assert np.abs(module.weight.detach().numpy() - net.weights).max() < 1e-10
    assert np.abs(module.bias.detach().numpy() - net.biases).max() < 1e-10


def test_what_is_not_trainable_survives_weight_decay_and_comes_back():
    net = built("gru")
    fixed = [(c, c.weight) for c in net.connections if not c.trainable]
    biases = [(n, n.bias) for n in net if not n.trainable]
    module = synapse.to_torch(net)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.05, weight_decay=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        module(torch.tensor(INPUTS)).square().sum().backward()
        optimizer.step()
    before = net.weights
    assert synapse.from_torch(module, net) is net
    net.clear()
    assert np.abs(net.run(INPUTS) - answers(module, INPUTS)).max() < 1e-12
    assert np.abs(net.weights - before).max() > 0.1
    assert all(c.weight == weight for c, weight in fixed)
    assert all(n.bias == bias for n, bias in biases)


def test_a_module_is_brought_up_to_date():
    net = built("lstm")
    module = synapse.to_torch(net)
    net.weights = 0.5 * net.weights
    assert synapse.to_torch(net, module) is module
    assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12


def test_copies_and_files_of_torch_keep_it():
    net = built("lstm")
    module = synapse.to_torch(net)
    other = synapse.to_torch(built("lstm", seed=2))
    other.load_state_dict(module.state_dict())
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for twin in (copy.deepcopy(module), other, loaded):
        assert answers(twin, INPUTS).tobytes() == answers(module, INPUTS).tobytes()
    assert f"{len(net)} neurons, {len(net.connections)} connections" in repr(module)


def test_the_examples_run():
    assert doctest.testmod(pytorch, raise_on_error=True).attempted > 5


# --- what is refused -----------------------------------------------------------------------------


@squash.register
def of_my_own(state):
    """A squash that torch does not know."""
    return 0.5 * state, 0.5


def test_a_squash_of_ones_own_is_refused():
    net = architect.Perceptron(2, 3, 1, squash=of_my_own)
    with pytest.raises(ArgumentError, match="of_my_own"):
        synapse.to_torch(net)


def test_a_network_that_hears_others_is_refused():
    first, second = architect.Perceptron(2, 1), architect.Perceptron(1, 1)
    first.project(second)
    with pytest.raises(TopologyError, match="outside"):
        synapse.to_torch(second)
    synapse.to_torch(first)


def test_a_group_that_waits_for_itself_is_refused():
    source, group, sink = Layer(2), Layer(3, "winner"), Layer(1)
    source.project(group)
    group[0].project(group[2])
    group.project(sink)
    with pytest.raises(TopologyError, match="group"):
        synapse.to_torch(Network(source, [group], sink))


def test_inputs_of_another_size_are_refused():
    module = synapse.to_torch(built("perceptron"))
    for shape in ((4, 2), (3,), (1, 2, 3, 3)):
        with pytest.raises(ArgumentError, match=r"\(T, 3\)"):
            module(torch.zeros(shape, dtype=torch.float64))


def test_weights_go_back_to_the_network_they_came_from():
    module, other = synapse.to_torch(built("lstm")), built("elman")
    before = other.weights
    with pytest.raises(ArgumentError, match="a network other than"):
        synapse.from_torch(module, other)
    assert (other.weights == before).all()
    with pytest.raises(ArgumentError, match="Give the one"):
        synapse.from_torch(module)
    with pytest.raises(KindError):
        synapse.to_torch([1, 2])


def test_weights_that_are_not_finite_stay_in_torch():
    net = built("lstm")
    module = synapse.to_torch(net)
    before = net.weights
    with torch.no_grad():
        module.bias[-1] = torch.nan
    with pytest.raises(ArgumentError, match="finite"):
        synapse.from_torch(module, net)
    assert (net.weights == before).all()
