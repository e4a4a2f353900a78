"""Weights of PyTorch's own modules in the architectures, and back."""

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

INPUTS = np.random.default_rng(0).normal(size=(9, 3))
SUMMED = {
    "LSTM": ("input gates", "forget gates", "candidates", "output gates"),
    "GRU": ("reset gates", "update gates", "candidates"),
    "RNN": ("hidden",),
}
RECURRENT = {"LSTM": "hidden", "GRU": "cells", "RNN": "context"}


def matrix(source, target):
    """Weights (targets, sources) between two layers."""
    return np.array([[i.connected(j).weight for i in source] for j in target])


def peer(kind, layers=1, seed=0, **options):
    """A recurrent module and a Linear on top."""
    torch.manual_seed(seed)
    options = {"dtype": torch.float64, "num_layers": layers, **options}
    return getattr(nn, kind)(3, 4, **options), nn.Linear(4, 2, dtype=options["dtype"])


def stack(*modules, dtype=torch.float64):
    torch.manual_seed(0)
    return nn.Sequential(*modules).to(dtype)


def told(modules, rows=INPUTS):
    """What torch itself answers."""
    recurrent, *rest = modules
    outputs = recurrent(torch.tensor(rows))[0]
    for module in rest:
        outputs = module(outputs)
    return outputs


def numbers(modules):
    return [p.detach().clone() for module in modules for p in module.parameters()]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_network_with_the_weights_of_torch_answers_as_torch(kind, layers):
    modules = peer(kind, layers)
    net = synapse.from_torch(modules)
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    assert net.name == {"RNN": "Elman"}.get(kind, kind)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_are_those_of_torch(kind, layers):
    modules = peer(kind, layers)
    net = synapse.from_torch(modules)
    ours = synapse.to_torch(net)
    aims = torch.tensor(np.random.default_rng(1).normal(size=(9, 2)))
    (ours(torch.tensor(INPUTS)) - aims).square().sum().backward()
    (told(modules) - aims).square().sum().backward()
    net.weights, net.biases = ours.weight.grad.numpy(), ours.bias.grad.numpy()  # read by layer below
    below = net.input
    for i in range(layers):
        named = lambda name, i=i: net[name if layers == 1 else f"{name} {i + 1}"]  # noqa: E731
        theirs = [
            getattr(modules[0], f"{name}_l{i}").grad.numpy().reshape(len(SUMMED[kind]), 4, -1)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        for name, enter, recur, bias, extra in zip(SUMMED[kind], *theirs):
            assert np.abs(matrix(below, named(name)) - enter).max() < 1e-10
            assert np.abs(matrix(named(RECURRENT[kind]), named(name)) - recur).max() < 1e-10
            assert np.abs(named(name).biases - bias[:, 0]).max() < 1e-10
            if kind == "GRU" and name == "candidates":
                assert np.abs(matrix(net["constant"], named(name)) - extra).max() < 1e-10
        below = named("cells" if kind == "GRU" else "hidden")
    assert np.abs(matrix(below, net.output) - modules[1].weight.grad.numpy()).max() < 1e-10


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_trained_on_both_sides_they_stay_equal(kind):
    """Of two biases of one sum torch would move both: here only the first, there is but one on our side."""
    modules = peer(kind)
    ours = synapse.to_torch(net := synapse.from_torch(modules))
    second = torch.zeros(len(modules[0].bias_hh_l0), dtype=torch.float64)
    second[8:] = kind == "GRU"  # those of its candidates stand apart
    modules[0].bias_hh_l0.register_hook(lambda slope: slope * second)
    theirs = [p for module in modules for p in module.parameters()]
    optimizers = [torch.optim.SGD(p, lr=0.1) for p in (theirs, ours.parameters())]
    aims = torch.tensor(np.random.default_rng(1).normal(size=(9, 2)))
    before = told(modules).detach()
    for _ in range(20):
        for optimizer, answer in zip(optimizers, (lambda: told(modules), lambda: ours(torch.tensor(INPUTS)))):
            optimizer.zero_grad()
            (answer() - aims).square().mean().backward()
            optimizer.step()
    synapse.from_torch(ours, net)
    after = told(modules).detach()
    assert (after - before).abs().max() > 0.1
    net.clear()
    assert np.abs(net.run(INPUTS) - after.numpy()).max() < 1e-10


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("layers", [1, 2])
def test_weights_go_there_and_come_back(kind, layers):
    net = synapse.from_torch(peer(kind, layers, seed=1))
    net.reset(5, synapse.initializers.uniform(0.5))
    modules = peer(kind, layers, seed=2)
    assert synapse.to_torch(net, modules) is modules
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    other = synapse.from_torch(modules)
    assert (other.weights == net.weights).all()
    assert (other.biases == net.biases).all()
    twin = net.clone()
    twin.weights = np.zeros(len(net.weights))
    assert (synapse.from_torch(modules, twin).weights[: 3 * 4] == net.weights[: 3 * 4]).all()


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_without_a_linear_the_outputs_are_the_hidden_layer(kind):
    module = peer(kind, 2)[0]
    net = synapse.from_torch(module)
    assert np.abs(net.run(INPUTS) - told([module]).detach().numpy()).max() < 1e-12
    read_out = [c for neuron in net.output for c in neuron.incoming]
    assert not any(c.trainable for c in read_out)
    other = peer(kind, 2, seed=3)[0]
    synapse.to_torch(net, other)
    assert (told([other]) - told([module])).abs().max() < 1e-12


def test_peepholes_stay_where_torch_has_none():
    net = architect.LSTM(3, 4, 2, style="standard", peepholes="one_to_one", output_squash="identity", seed=0)
    peepholes = [cell.connected(gate) for cell, gate in zip(net["cells"], net["output gates"])]
    kept, modules = [c.weight for c in peepholes], peer("LSTM")
    synapse.from_torch(modules, net)
    assert [c.weight for c in peepholes] == kept
    assert (matrix(net["hidden"], net["candidates"]) == modules[0].weight_hh_l0[8:12].detach().numpy()).all()
    before = numbers(modules)
    with pytest.raises(TopologyError, match="12 connections"):
        synapse.to_torch(net, modules)
    assert all(map(torch.equal, before, numbers(modules)))


def test_rnn_has_the_squash_it_was_given():
    modules = peer("RNN", nonlinearity="relu")
    net = synapse.from_torch([*modules, nn.Sigmoid()])
    expected = torch.sigmoid(told(modules)).detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12
    assert net["hidden"].squash.name == "relu"


@pytest.mark.parametrize(
    "activations",
    [
        (nn.Tanh(), nn.Sigmoid()),
        (nn.ReLU(), nn.Softmax(dim=-1)),
        (nn.GELU(), nn.Identity()),
        (nn.LeakyReLU(), nn.Softplus()),
        (nn.Hardshrink(), nn.Hardtanh()),
        (nn.Softshrink(), nn.SiLU()),
        (nn.ELU(), nn.SELU()),
        (nn.Softsign(), nn.Tanh()),
    ],
)
def test_a_stack_of_linears_is_a_perceptron(activations):
    first, last = activations
    modules = stack(nn.Linear(3, 5), first, nn.Linear(5, 4), nn.Sequential(nn.Linear(4, 2), last))
    net = synapse.from_torch(modules)
    assert isinstance(net, architect.Perceptron)
    expected = modules(torch.tensor(INPUTS)).detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12
    net.reset(3, "glorot")
    synapse.to_torch(net, modules)
    assert np.abs(net.run(INPUTS) - modules(torch.tensor(INPUTS)).detach().numpy()).max() < 1e-12


def test_float32_is_kept():
    module = nn.LSTM(3, 4)
    net = synapse.from_torch([module, nn.Linear(4, 2)])
    assert net._store.dtype == np.float32
    assert synapse.from_torch(nn.Linear(2, 1)).run([[1.0, 2.0]]).shape == (1, 1)


def test_what_holds_no_numbers_is_passed_over():
    modules = stack(nn.Flatten(), nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.3), nn.Linear(4, 2)).eval()
    net = synapse.from_torch(modules)
    assert net.run(INPUTS) == pytest.approx(modules(torch.tensor(INPUTS)).detach().numpy(), abs=1e-12)
    with torch.no_grad():
        modules[1].weight.zero_()
    synapse.to_torch(net, modules)
    assert net.run(INPUTS) == pytest.approx(modules(torch.tensor(INPUTS)).detach().numpy(), abs=1e-12)
    lstm, linear = peer("LSTM", layers=2, dropout=0.5)
    net = synapse.from_torch([lstm.eval(), linear])
    assert net.run(INPUTS) == pytest.approx(told([lstm, linear]).detach().numpy(), abs=1e-12)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        (lambda: nn.LSTM(3, 4, bidirectional=True), "'bidirectional'"),
        (lambda: nn.LSTM(3, 4, proj_size=2), "'proj_size'"),
        (lambda: nn.RNN(3, 4, bias=False), "'bias'"),
        (lambda: nn.Linear(3, 4, bias=False), "'bias'"),
        (lambda: [nn.LSTM(3, 4), nn.Linear(4, 2), nn.Linear(2, 1)], "one Linear"),
        (lambda: [nn.Linear(3, 4), nn.LSTM(4, 2)], "optionally followed by one Linear"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), "optionally followed by one Linear"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.ReLU()), "optionally followed by one Linear"),
        (lambda: nn.Sequential(nn.Linear(3, 4), nn.ELU(alpha=0.5)), "'alpha'"),
        (nn.Tanh, "optionally followed by one Linear"),
        (list, "optionally followed by one Linear"),
        (lambda: nn.Linear(3, 4, dtype=torch.bfloat16), "float32"),
    ],
)
def test_what_no_architecture_is_is_refused(modules, words):
    with pytest.raises(ArgumentError, match=words):
        synapse.from_torch(modules())


def test_only_modules_are_read():
    for wrong in (3, [nn.Linear(2, 1), "tanh"], None):
        with pytest.raises(KindError, match="a module"):
            synapse.from_torch(wrong)


@pytest.mark.parametrize(
    "net",
    [
        lambda: architect.LSTM(3, 5, 2, style="standard", output_squash="identity"),
        lambda: architect.LSTM(2, 4, 2, style="standard", output_squash="identity"),
        lambda: architect.LSTM(3, 4, 4, 2, style="standard", output_squash="identity"),
        lambda: architect.LSTM(3, 4, 2, style="standard"),  # logistic outputs
        lambda: architect.LSTM(3, 4, 2, style="standard", forget_gates=False, output_squash="identity"),
        lambda: architect.LSTM(3, 4, 2, style="standard", cell_squash="relu", output_squash="identity"),
        lambda: architect.LSTM(3, 4, 2, output_squash="identity", style="synaptic"),
        lambda: architect.GRU(3, 4, 2, output_squash="identity"),
        lambda: architect.Perceptron(3, 4, 2),
    ],
)
def test_another_network_is_refused_and_stays(net):
    net, modules = net(), peer("LSTM")
    weights, biases, theirs = net.weights, net.biases, numbers(modules)
    with pytest.raises(SynapseError):
        synapse.from_torch(modules, net)
    with pytest.raises(SynapseError):
        synapse.to_torch(net, modules)
    assert (net.weights == weights).all()
    assert (net.biases == biases).all()
    assert all(map(torch.equal, theirs, numbers(modules)))


def test_a_stack_of_another_depth_is_refused():
    net = architect.Perceptron(3, 4, 2, squash="identity")
    for modules in (nn.Linear(3, 2), [nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)]):
        with pytest.raises(ArgumentError, match="layers"):
            synapse.from_torch(modules, net)


def test_weights_that_are_not_finite_are_refused():
    module = nn.Linear(3, 2, dtype=torch.float64)
    with torch.no_grad():
        module.bias[1] = torch.inf
    with pytest.raises(ArgumentError, match="finite"):
        synapse.from_torch(module)
