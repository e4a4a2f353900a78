"""Weights of PyTorch's own modules in the architectures, and back."""

import numpy as np
import pytest

import architect
import synapse
from synapse.engine.functions.activations import ACTIVATIONS
from synapse.errors import ArgumentError, SynapseError
from tests.helpers.cases import all_hold, all_refused

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

INPUTS = np.random.default_rng(0).normal(size=(9, 3))


def peer(module_name, layers=1, seed=0, **options):
    """A recurrent module and a Linear on top."""
    torch.manual_seed(seed)
    options = {"dtype": torch.float64, "num_layers": layers, **options}
    return getattr(nn, module_name)(3, 4, **options), nn.Linear(
        4, 2, dtype=options["dtype"]
    )


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


KINDS = pytest.mark.parametrize("module_name", ["LSTM", "GRU", "RNN"])


@KINDS
@pytest.mark.parametrize("layers", [1, 2])
def test_weights_go_there_and_come_back(module_name, layers):
    modules = peer(module_name, layers, seed=1)
    net = synapse.from_torch(modules)
    assert net.name == {"RNN": "Elman"}.get(module_name, module_name)
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    net.clear()
    net.reset_parameters(5, synapse.initializers.uniform(0.5))
    modules = peer(module_name, layers, seed=2)
    assert synapse.to_torch(net, modules) is modules
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    other = synapse.from_torch(modules)
    assert (other.weights == net.weights).all()
    assert (other.biases == net.biases).all()
    twin = net.clone()
    twin.weights = np.zeros(len(net.weights))
    assert (
        synapse.from_torch(modules, twin).weights[: 3 * 4] == net.weights[: 3 * 4]
    ).all()


def test_a_stack_of_linears_with_any_activation_is_a_perceptron():
    """Every squash that has a module of torch, in the middle of a stack and at its
    end."""

    def check(activation):
        if activation.torch:
            last = getattr(nn, activation.torch.module)(**activation.torch.settings)
            hidden_module = nn.Tanh() if activation.name == "softmax" else last
            last = nn.Softmax(dim=-1) if activation.name == "softmax" else last
            modules = stack(
                nn.Linear(3, 5),
                hidden_module,
                nn.Linear(5, 4),
                nn.Sequential(nn.Linear(4, 2), last),
            )
            net = synapse.from_torch(modules)
            assert isinstance(net, architect.Perceptron)
            assert net.output.squash.name == activation.name
            for _ in range(2):
                outputs = modules(torch.tensor(INPUTS)).detach().numpy()
                assert np.abs(net.run(INPUTS) - outputs).max() < 1e-12
                net.reset_parameters(3, "glorot")
                synapse.to_torch(net, modules)

    all_hold(check, ACTIVATIONS)


def test_what_holds_no_numbers_is_passed_over():
    modules = stack(
        nn.Flatten(), nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.3), nn.Linear(4, 2)
    ).eval()
    net = synapse.from_torch(modules)
    assert net.run(INPUTS) == pytest.approx(
        modules(torch.tensor(INPUTS)).detach().numpy(), abs=1e-12
    )
    with torch.no_grad():
        modules[1].weight.zero_()
    synapse.to_torch(net, modules)
    assert net.run(INPUTS) == pytest.approx(
        modules(torch.tensor(INPUTS)).detach().numpy(), abs=1e-12
    )
    lstm, linear = peer("LSTM", layers=2, dropout=0.5)
    net = synapse.from_torch([lstm.eval(), linear])
    assert net.run(INPUTS) == pytest.approx(
        told([lstm, linear]).detach().numpy(), abs=1e-12
    )


def test_what_no_architecture_is_is_refused():
    readout = "optionally followed by one Linear"
    cases = [
        ("'bidirectional'", lambda: nn.LSTM(3, 4, bidirectional=True)),
        ("'bias'", lambda: nn.RNN(3, 4, bias=False)),
        ("one Linear", lambda: [nn.LSTM(3, 4), nn.Linear(4, 2), nn.Linear(2, 1)]),
        (readout, lambda: [nn.Linear(3, 4), nn.LSTM(4, 2)]),
        (readout, lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))),
        (readout, nn.Tanh),
        ("float32", lambda: nn.Linear(3, 4, dtype=torch.bfloat16)),
    ]
    read = lambda make: synapse.from_torch(make())  # noqa: E731
    all_refused(
        [(lambda make=make: read(make), ArgumentError, words) for words, make in cases]
    )


OTHERS = [
    lambda: architect.LSTM(3, 5, 2, style="standard", output_squash="identity"),
    lambda: architect.LSTM(3, 4, 2, style="standard"),  # logistic outputs
    lambda: architect.LSTM(
        3, 4, 2, style="standard", cell_squash="relu", output_squash="identity"
    ),
    lambda: architect.GRU(3, 4, 2, output_squash="identity"),
    lambda: architect.Perceptron(3, 4, 2),
]


def test_another_network_is_refused_and_stays():
    for make in OTHERS:
        net = make()
        modules = peer("LSTM")
        weights = net.weights
        biases = net.biases
        theirs = numbers(modules)
        with pytest.raises(SynapseError):
            synapse.from_torch(modules, net)
        with pytest.raises(SynapseError):
            synapse.to_torch(net, modules)
        assert (net.weights == weights).all()
        assert (net.biases == biases).all()
        assert all(map(torch.equal, theirs, numbers(modules)))
