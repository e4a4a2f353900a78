"""A network in PyTorch: the same function, trained there, and brought back."""

import copy
import doctest
import pickle
import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, _squash, initializers
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    TopologyError,
    TopologyWarning,
)
from synapse.readwrite import _pytorch
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused
from tests.helpers.groups import competing
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

from ..test_architectures import NETWORKS
from ..test_squashes import arc, of_all_primitives

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

INPUTS = np.random.default_rng(0).normal(size=(9, 3))
BUILDS = {
    "perceptron": lambda: architect.Perceptron(3, 5, 4, 2),
    "elman": lambda: architect.Elman(3, 4, 5, 2),
    "gru": lambda: architect.GRU(3, 4, 5, 2),
    "lstm": lambda: architect.LSTM(3, 4, 5, 2, style="synaptic"),
    "random": lambda: architect.Random(3, 20, 2, seed=0),
    "rnn": lambda: architect.Elman(3, 4, 2, squash="tanh"),
}


def built(name, seed=1):
    net = BUILDS[name]()
    net.reset_parameters(seed, initializers.uniform(1.0))
    return net


def late_inputs(**options):
    """An Elman network whose outputs also read the inputs of the step before."""
    net = architect.Elman(3, 4, 2, squash="tanh", **options)
    net.input.project(net.output, delay=1, seed=1)
    return net


def frozen(net, *names):
    for name in names:
        for neuron in net[name]:
            neuron.trainable_bias = False
    return net


RECURRENT = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
LINEAR = ("weight", "bias")


def by_delays(size):
    """An Elman network without copies of the hidden neurons."""
    inputs, output = Layer(3, name="input"), Layer(2, name="output")
    hidden = Layer(size, "tanh", name="hidden")
    inputs.project(hidden, seed=0)
    hidden.project(hidden, "all_to_all", seed=1, delay=1)
    hidden.project(output, seed=2)
    return Network(inputs, [hidden], output)


def context_of_inputs(net):
    net.input.project(net["context"], weights=1.0, trainable=False)
    return net


STRUCTURES = {  # the submodules, and what else has numbers
    "perceptron": (
        lambda: architect.Perceptron(3, 5, 4, 2, seed=0),
        {"linear_1": LINEAR, "linear_2": LINEAR, "linear_3": LINEAR},
        (),
    ),
    "lstm": (
        lambda: architect.LSTM(3, 4, 5, 2, style="standard", seed=0),
        {"lstm_1": RECURRENT, "lstm_2": RECURRENT, "linear": LINEAR},
        (),
    ),
    "gru": (
        lambda: architect.GRU(3, 4, 2, seed=0),
        {"gru": RECURRENT, "linear": LINEAR},
        (),
    ),
    "elman": (
        lambda: architect.Elman(3, 4, 2, squash="relu", seed=0),
        {"rnn": RECURRENT, "linear": LINEAR},
        (),
    ),
    **{
        f"{name} of one neuron, {inputs} inputs": (
            partial(make, inputs, 1, 1, seed=0),
            {name: RECURRENT, "linear": LINEAR},
            (),
        )
        for name, make in {
            "lstm": partial(architect.LSTM, style="standard"),
            "gru": architect.GRU,
            "rnn": partial(architect.Elman, squash="tanh"),
        }.items()
        for inputs in (1, 2)
    },
    "recurrence by delays": (
        lambda: by_delays(4),
        {"rnn": RECURRENT, "linear": LINEAR},
        (),
    ),
    "recurrence by a delay of one neuron": (
        lambda: by_delays(1),
        {"rnn": RECURRENT, "linear": LINEAR},
        (),
    ),
    "one neuron each": (
        lambda: architect.Perceptron(1, 1, 1, seed=0),
        {"linear_1": LINEAR, "linear_2": LINEAR},
        (),
    ),
    "a context that reads inputs": (
        lambda: context_of_inputs(architect.Elman(3, 4, 2, squash="tanh", seed=0)),
        {"linear": LINEAR},
        ("weight", "fixed_weight", "bias", "fixed_bias"),
    ),
    "a squash that torch lacks": (
        lambda: architect.Elman(3, 4, 2, squash="logistic", seed=0),
        {"linear": LINEAR},
        ("weight", "fixed_weight", "bias", "fixed_bias"),
    ),
    "peepholes": (
        lambda: architect.LSTM(
            3, 4, 2, style="standard", peepholes="one_to_one", seed=0
        ),
        {"linear": LINEAR},
        ("weight", "fixed_weight", "bias", "fixed_bias"),
    ),
    "skips": (
        lambda: architect.Residual(3, 4, 4, 2, seed=0),
        {"linear_1": LINEAR, "linear_2": LINEAR, "linear_3": LINEAR},
        ("fixed_weight", "fixed_bias"),
    ),
    "delays": (
        lambda: late_inputs(seed=0),
        {"rnn": RECURRENT},
        ("weight", "bias"),
    ),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_layers_that_torch_has_are_its_modules(name):
    make, modules, others = STRUCTURES[name]
    net = make()
    inputs = INPUTS[:, : len(net.input)]
    generator = torch.random.get_rng_state()
    module = synapse.to_torch(net)
    assert torch.equal(generator, torch.random.get_rng_state())
    keys = [f"{name}.{key}" for name, tensors in modules.items() for key in tensors]
    assert sorted(module.state_dict()) == sorted([*keys, *others])
    kinds = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN", "linear": "Linear"}
    for name in modules:
        class_name = kinds[name.split("_")[0]]
        assert type(getattr(module, name)) is getattr(torch.nn, class_name)
    assert np.abs(answers(module, inputs) - net.run(inputs)).max() < 1e-12
    other = make()
    other.reset_parameters(5, initializers.uniform(0.5))
    assert synapse.to_torch(other, module) is module
    other.clear()
    assert np.abs(answers(module, inputs) - other.run(inputs)).max() < 1e-12
    assert synapse.from_torch(module, net) is net
    assert (net.weights == other.weights).all()


def test_what_a_tensor_cannot_be_is_computed_by_no_module_of_torch():
    """Numbers that are shared, have a sign, or are fixed among trainable ones."""

    def tied(net):
        synapse.tie([net["hidden 1"][0].incoming[0], net["hidden 1"][1].incoming[0]])

    def signed(net):
        link = net["hidden 1"][0].incoming[0]
        link.sign = 1 if link.weight > 0 else -1

    def partly_fixed(net):
        net["hidden 1"][0].incoming[0].trainable = False

    def one_bias_fixed(net):
        net["hidden 1"][0].trainable_bias = False

    for edit in (tied, signed, partly_fixed, one_bias_fixed):
        net = architect.Perceptron(3, 5, 4, 2, seed=0)
        edit(net)
        module = synapse.to_torch(net)
        assert module.weight.numel() + (module.fixed_weight is not None) >= 14
        assert {"linear_1.weight", "linear_2.weight"} <= set(module.state_dict())
        assert "linear_3.weight" not in module.state_dict()
        assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12


def test_layers_that_are_fixed_are_buffers_of_the_same_names():
    net = frozen(architect.LSTM(3, 4, 2, style="standard", seed=0), "output")
    for link in net.connections:
        link.trainable = link.trainable and link.target not in net.output
    module = synapse.to_torch(net)
    assert [name for name, _ in module.named_parameters()] == [
        "lstm.weight_ih_l0",
        "lstm.weight_hh_l0",
        "lstm.bias_ih_l0",
    ]
    assert {"linear.weight", "linear.bias", "lstm.bias_hh_l0"} <= set(
        module.state_dict()
    )


def test_a_module_takes_the_state_dict_of_a_trained_one():
    torch.manual_seed(0)
    theirs = torch.nn.LSTM(3, 4, dtype=torch.float64)
    head = torch.nn.Linear(4, 2, dtype=torch.float64)
    net = architect.LSTM(3, 4, 2, style="standard", output_squash="identity", seed=0)
    module = synapse.to_torch(net)
    module.lstm.load_state_dict(theirs.state_dict())
    module.linear.load_state_dict(head.state_dict())
    rows = torch.tensor(INPUTS)
    expected = head(theirs(rows)[0]).detach().numpy()
    assert np.abs(answers(module, INPUTS) - expected).max() < 1e-12
    outputs, after = module.unroll(rows[:5])
    assert np.abs(outputs.detach().numpy() - expected[:5]).max() < 1e-12
    assert np.abs(answers(module, INPUTS[5:], after) - expected[5:]).max() < 1e-12
    synapse.from_torch(module, net)  # both biases
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12


def test_the_second_biases_of_a_gru_stay_0_in_copies_too():
    module = synapse.to_torch(architect.GRU(3, 4, 2, seed=0))
    for copied in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        optimizer = torch.optim.AdamW(copied.parameters(), lr=0.1)
        before = copied.gru.bias_hh_l0.detach().clone()
        copied(torch.tensor(INPUTS)).square().sum().backward()
        optimizer.step()
        assert (copied.gru.bias_hh_l0[:8] == 0).all()
        assert (copied.gru.bias_hh_l0[8:] != before[8:]).all()


def answers(module, rows, context=None):
    return module(torch.tensor(rows), context).detach().numpy()


@given_graphs(specs(squashes=SMOOTH), st.integers(0, 999))
def test_shared_gradients_of_any_gated_graph(spec, seed):
    """PyTorch's own differentiation, of each shared number once."""
    net = Twin(spec).net
    assume(net.connections)
    rng = np.random.default_rng(seed)
    links = [link for link in net.connections if link.trainable]
    neurons = [neuron for neuron in list(net)[spec.inputs :] if neuron.trainable_bias]
    for items in (links, neurons):
        if items:
            synapse.tie(items, groups=rng.integers(0, 4, len(items)))
    rows = rng.uniform(-1, 1, (5, spec.inputs))
    aims = rng.random((5, spec.outputs))
    expected = net.run(rows)
    assume(np.abs([neuron.state for neuron in net]).max() < 100)
    net.clear()
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(rows))
    assert np.abs(outputs.detach().numpy() - expected).max() < 1e-11
    if outputs.requires_grad:
        (0.5 * (outputs - torch.tensor(aims)) ** 2).sum().backward()
    gradients = synapse.gradient(net, rows, aims, "squared_error")
    assume(np.abs(np.append(gradients.weights, gradients.biases)).max() < 100)
    count = 0
    for ours, theirs, items, learning in zip(
        (gradients.weights, gradients.biases),
        module.gradient(),
        (net.connections, list(net)),
        ([link for link in links if link.target not in net.input], neurons),
        strict=True,
    ):
        learning = set(learning)
        groups = {frozenset(learning & {item, *item.tied}) for item in learning}
        count += len(groups)
        at = [min(map(items.index, group)) for group in groups]
        assert ours[at] == pytest.approx(theirs.numpy()[at], abs=1e-9)
    assert count == sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("seed", range(20))
def test_groups_that_are_connected_within(seed):
    net = competing(seed, "maxout")
    for link in net.connections:
        link.delay = min(link.delay, 1)
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(6, len(net.input)))
    aims = rng.normal(size=(6, len(net.output)))
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(rows))
    assert outputs.detach().numpy() == pytest.approx(net.clone().run(rows), abs=1e-12)
    factors = torch.tensor(np.array(net.output.cost_weights))
    (0.5 * factors * (outputs - torch.tensor(aims)) ** 2).sum().backward()
    gradients = synapse.gradient(net, rows, aims, "squared_error")
    trained = np.array([link.trainable for link in net.connections])
    assert module.gradient()[0].numpy()[trained] == pytest.approx(
        gradients.weights[trained], abs=1e-11
    )


def test_every_squash_has_the_same_value_and_slope():
    """Values far away, too, and slopes where a branch that is not taken overflows."""
    wrong = {}
    states = np.concatenate(
        [np.linspace(-4.13, 4.2, 60), [-800.0, -30.0, 25.0, 800.0], [0.0, 0.5, 1.0]]
    )[:, None]
    for activation in ACTIVATIONS.values():
        if _squash.get(activation.name)._grouped:
            continue
        net = Network(Layer(1), [], Layer(1, activation.name))
        net.input.project(net.output, weights=1.0)
        net.deterministic = True
        inputs = torch.tensor(states, requires_grad=True)
        outputs = synapse.to_torch(net)(inputs)
        outputs.sum().backward()
        slopes = np.array(
            [_squash.get(activation.name).derivative(state) for state in states[:, 0]]
        )
        smooth = ~np.isin(states[:, 0], activation.kinks)
        if not np.allclose(
            outputs.detach().numpy(), net.run(states), rtol=1e-14, atol=1e-14
        ):
            wrong[activation.name] = "values"
        elif not np.allclose(
            inputs.grad[:, 0].numpy()[smooth], slopes[smooth], rtol=1e-13, atol=1e-13
        ):
            wrong[activation.name] = "slopes"
    assert not wrong, wrong


def test_a_squash_of_ones_own_is_its_formula():
    net = architect.Perceptron(3, 4, 2, squash=of_all_primitives, seed=0)
    module = synapse.to_torch(net)
    assert np.abs(answers(module, INPUTS) - net.run(INPUTS)).max() < 1e-12
    targets = np.zeros((9, 2))
    (0.5 * (module(torch.tensor(INPUTS)) - torch.tensor(targets)) ** 2).sum().backward()
    gradients = synapse.gradient(net, INPUTS, targets, "squared_error")
    assert np.abs(module.gradient()[0].numpy() - gradients.weights).max() < 1e-10


LSTM_EDITS = {  # and how many of two layers an nn.LSTM still computes
    "none": (2, lambda net: None),
    "a bias of a gate": (2, lambda net: setattr(net["forget gates 1"][0], "bias", 0.7)),
    "a bias of a cell": (1, lambda net: setattr(net["cells 1"][0], "bias", 0.3)),
    "a leaking cell": (
        1,
        lambda net: setattr(net["cells 1"][0].self_connection, "weight", 0.5),
    ),
    "a cell that learns to leak": (
        1,
        lambda net: setattr(net["cells 1"][0].self_connection, "trainable", True),
    ),
    "gates of other cells": (
        1,
        lambda net: regate([n.self_connection for n in net["cells 1"]]),
    ),
    "one kind of gate for two": (
        1,
        lambda net: regate(
            [n.incoming[0] for n in net["hidden 1"]], net["input gates 1"]
        ),
    ),
    "a peephole": (
        1,
        lambda net: net["cells 1"][0].project(net["input gates 1"][0], weight=0.4),
    ),
    "gates that are read": (
        1,
        lambda net: net["input gates 1"].project(net.output, seed=3),
    ),
}


def regate(links, gates=None):
    """Let the gaters, or others, gate the connections in reverse order."""
    gaters = list(gates or [link.gater for link in links])
    for link, gater in zip(links, gaters[::-1], strict=True):
        link.gater.ungate(link)
        gater.gate(link)


def test_an_lstm_is_computed_by_that_of_torch_and_what_differs_from_one_is_not(
    monkeypatch,
):
    theirs = torch.nn.LSTM.forward
    used = []
    wrong = {}
    monkeypatch.setattr(
        torch.nn.LSTM,
        "forward",
        lambda *arguments: used.append(1) or theirs(*arguments),
    )
    targets = np.random.default_rng(1).random((5, 2))
    for name, (count, edit) in LSTM_EDITS.items():
        net = architect.LSTM(3, 4, 5, 2, style="standard", seed=0)
        edit(net)
        net.run(INPUTS[:4])
        module = synapse.to_torch(net)
        used.clear()
        outputs, after = module.unroll(torch.tensor(INPUTS[4:])[None], module.context)
        pairs = [
            (outputs, net.run(INPUTS[4:])),
            (after.states, [n.state for n in net]),
            (after.activations, [n.activation for n in net]),
        ]
        errors = [np.abs(it[0].detach().numpy() - ours).max() for it, ours in pairs]
        net.clear()
        gradients = synapse.gradient(net, INPUTS[4:], targets, "squared_error")
        (
            0.5 * (module(torch.tensor(INPUTS[4:])) - torch.tensor(targets)) ** 2
        ).sum().backward()
        errors += [np.abs(gradients.weights - module.gradient()[0].numpy()).max()]
        if max(errors) > 1e-11 or len(used) != 2 * count:
            wrong[name] = errors, len(used)
    assert not wrong, wrong


@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:DeprecationWarning")
def test_an_lstm_has_derivatives_in_forward_mode_and_can_be_traced():
    net = architect.LSTM(2, 3, 1, style="standard", seed=0, dtype="float32")
    module = synapse.to_torch(net)
    inputs = torch.rand(4, 5, 2, requires_grad=True)
    slope = torch.rand(4, 5, 1)
    along = torch.rand(4, 5, 2)
    back = torch.autograd.grad(module(inputs), inputs, slope)[0]
    with torch.autograd.forward_ad.dual_level():
        outputs = module(torch.autograd.forward_ad.make_dual(inputs.detach(), along))
        forward = torch.autograd.forward_ad.unpack_dual(outputs).tangent
    assert abs((forward * slope).sum() - (back * along).sum()) < 1e-5
    function = torch.func.jvp(module, (inputs.detach(),), (along,))[1]
    assert (function - forward).abs().max() < 1e-6
    with pytest.warns(torch.jit.TracerWarning):  # of lengths: a trace is for one shape
        traced = torch.jit.trace(module, inputs)
    assert (traced(inputs) - module(inputs)).abs().max() < 1e-6


def half_frozen(net):
    for connection in net.connections[::2]:
        connection.trainable = False
    return net


@pytest.mark.filterwarnings("ignore")  # those of torch: a trace is for one shape
@pytest.mark.parametrize("change", [lambda net: net, half_frozen, Network.freeze])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_architecture_is_exported_traced_copied_and_pickled(name, change):
    """With and without each of the vectors and buffers that a module may have."""
    net = NETWORKS[name]()
    change(net)
    net.deterministic = True
    module = synapse.to_torch(net)
    rows = torch.rand(2, 3, len(net.input), dtype=torch.float64)
    expected = module(rows)
    twin = synapse.to_torch(net)
    with torch.no_grad():
        for tensor in twin.parameters():
            tensor.zero_()
    assert set(twin.state_dict()) == set(module.state_dict())
    twin.load_state_dict(module.state_dict())
    for other in (
        torch.export.export(module, (rows,)).module(),
        torch.jit.trace(module, rows),
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        twin,
    ):
        assert (other(rows) - expected).abs().max() < 1e-12
        assert set(other.state_dict()) >= set(module.state_dict())


@pytest.mark.parametrize("name", ["lstm", "random", "gru", "rnn", "perceptron"])
def test_the_context_is_passed_on(name):
    net = built(name)
    net.run(INPUTS[:4])
    module = synapse.to_torch(net)
    after = module.unroll(torch.tensor(INPUTS[4:7]), module.context)[1]
    expected = net.run(INPUTS[4:])
    assert np.abs(answers(module, INPUTS[4:], module.context) - expected).max() < 1e-12
    assert np.abs(answers(module, INPUTS[7:], after) - expected[3:]).max() < 1e-12
    assert after.activations.shape == (len(net),)


def test_what_is_not_trainable_survives_weight_decay_and_comes_back():
    net = built("gru")
    fixed = [(c, c.weight) for c in net.connections if not c.trainable]
    biases = [(n, n.bias) for n in net if not n.trainable_bias]
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


def test_the_examples_run():
    assert doctest.testmod(_pytorch, raise_on_error=True).attempted > 5


def test_it_compiles_as_one_graph_without_warnings_and_can_be_pickled():
    grouped = Layer(3), Layer(4, "winner"), Layer(2, "softmax")
    grouped[0].project(grouped[1], seed=0)
    grouped[1].project(grouped[2], seed=1)
    for net in (
        built("gru"),
        built("random"),
        Network(grouped[0], [grouped[1]], grouped[2]),
    ):
        module = synapse.to_torch(net)
        compiled = torch.compile(module, fullgraph=True, backend="eager")
        twin = pickle.loads(pickle.dumps(module))
        with warnings.catch_warnings():
            # others are torch's, of its compiler and of Python
            warnings.simplefilter("error", UserWarning)
            answered = answers(compiled, INPUTS), answers(twin, INPUTS)
        assert np.abs(answered - net.run(INPUTS)).max() < 1e-12


def test_a_delay_of_one_step_is_read_from_anywhere():
    """From inputs, forward, backward, from the neuron itself, and beside a connection
    without a delay; the context goes on."""
    net = architect.Perceptron(3, 4, 4, 2, seed=0, squash="tanh")
    lower, upper = net.hidden
    net.input.project(net.output, delay=1, seed=1)
    lower.project(upper, delay=1, seed=2)
    lower.project(lower, "one_to_one", delay=1, seed=3)
    lower.project(lower)
    net.output.project(lower[:2], seed=4)
    net.output.project(lower, delay=1, seed=5)
    lower[3].gate(net.output[0].connection_to(lower[0], delay=1))
    with pytest.warns(TopologyWarning):
        net.run(INPUTS[:4])
    module = synapse.to_torch(net)
    assert answers(module, INPUTS, module.context) == pytest.approx(
        net.clone().run(INPUTS), rel=1e-12
    )
    net.clear()
    _, context = module.unroll(torch.tensor(INPUTS[:5]))
    assert answers(module, INPUTS[5:], context) == pytest.approx(
        net.run(INPUTS)[5:], rel=1e-12
    )
    net.clear()
    (module(torch.tensor(INPUTS)) ** 2).sum().mul(0.5).backward()
    slopes = synapse.gradient(net, INPUTS, np.zeros((9, 2)), "squared_error")
    trained = np.array([link.trainable for link in net.connections])
    assert module.gradient()[0].numpy()[trained] == pytest.approx(
        slopes.weights[trained], abs=1e-12
    )


@in_python(synapse.squashes.register)
def summed(state):
    return sum([state]), 1.0


def test_a_function_that_onnx_lacks_is_written():
    net = architect.Perceptron(2, 3, 1, squash=arc, seed=0)
    rows = np.random.default_rng(0).normal(size=(5, 2))
    answers = synapse.to_torch(net)(torch.from_numpy(rows)).detach().numpy()
    np.testing.assert_allclose(answers, net.run(rows), rtol=1e-14)


def test_what_cannot_be_converted_is_refused():
    custom = architect.Perceptron(2, 3, 1, squash=summed)
    sender = architect.Perceptron(2, 1)
    second = architect.Perceptron(1, 1)
    sender.project(second)
    delayed = built("perceptron")
    delayed.input[0].project(delayed.output[0], delay=2)
    module = synapse.to_torch(built("perceptron"))
    reason = "'summed', which cannot be written in PyTorch: .*: it calls sum"
    refused = [
        (lambda: synapse.to_torch(custom), FormatError, reason),
        (lambda: synapse.to_torch(second), TopologyError, "outside"),
        (lambda: synapse.to_torch(delayed), TopologyError, "a delay of 2 steps"),
        (lambda: synapse.to_torch([1, 2]), ArgumentTypeError, "a Network"),
    ]
    zeros = partial(torch.zeros, dtype=torch.float64)
    odd = [zeros(shape) for shape in ((4, 2), (3,), (1, 2, 3, 3))]
    refused += [(partial(module, rows), ArgumentError, r"\(T, 3\)") for rows in odd]
    all_refused(refused)
    synapse.to_torch(sender)


def test_weights_go_back_to_the_network_they_came_from_if_they_are_finite():
    net = built("lstm")
    other = built("elman")
    module = synapse.to_torch(net)
    before = net.weights, other.weights
    with torch.no_grad():
        module.linear.bias[-1] = torch.nan
    refused = [
        (
            lambda: synapse.from_torch(module, other),
            ArgumentError,
            "a network other than",
        ),
        (lambda: synapse.from_torch(module), ArgumentError, "Pass the one"),
        (lambda: synapse.from_torch(module, net), ArgumentError, "finite"),
    ]
    all_refused(refused)
    assert (net.weights == before[0]).all()
    assert (other.weights == before[1]).all()
