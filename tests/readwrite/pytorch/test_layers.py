"""Weights of PyTorch's own modules in the architectures, and back."""

from functools import partial

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
    bias = options.get("bias", True)
    options = {"dtype": torch.float64, "num_layers": layers, **options}
    return getattr(nn, module_name)(3, 4, **options), nn.Linear(
        4, 2, bias=bias, dtype=options["dtype"]
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
        ("'proj_size'", lambda: nn.LSTM(3, 4, proj_size=2)),
        ("one kind", lambda: [nn.LSTM(3, 4), nn.GRU(4, 4)]),
        ("5 inputs after 4", lambda: [nn.Linear(3, 4), nn.Linear(5, 2)]),
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
        before = net.weights, net.biases
        theirs = numbers(modules)
        read = partial(synapse.from_torch, modules, net)
        write = partial(synapse.to_torch, net, modules)
        all_refused([(read, SynapseError, ""), (write, SynapseError, "")])
        assert (net.weights == before[0]).all()
        assert (net.biases == before[1]).all()
        assert all(map(torch.equal, theirs, numbers(modules)))


def weights_of(net):
    """By the ends of connections."""
    return {
        (link.source.name, link.target.name): link.weight for link in net.connections
    }


def test_numbers_without_a_counterpart_stay():
    """Peepholes, and a readout for which there is no Linear."""
    modules = peer("LSTM", seed=1)
    for given, peepholes in [(modules, "one_to_one"), (modules[:1], None)]:
        options = {"peepholes": peepholes, "output_squash": "identity", "seed": 0}
        net = architect.LSTM(3, 4, 2, style="standard", **options)
        before, theirs = weights_of(net), weights_of(synapse.from_torch(given))
        synapse.from_torch(given, net)
        read = {
            ends for ends, weight in weights_of(net).items() if weight != before[ends]
        }
        readouts = {ends for ends in before if ends[1] in ("output 0", "output 1")}
        assert read == {
            ends for ends in theirs if theirs[ends] != 1
        } & before.keys() - (readouts if peepholes is None else set())
        assert all(weights_of(net)[ends] == theirs[ends] for ends in read)
        with pytest.raises(SynapseError):
            synapse.to_torch(net, given)


def test_gates_in_another_order_are_not_those_of_a_module():
    net = synapse.from_torch(peer("LSTM"))
    links = [neuron.incoming[0] for neuron in net["hidden"]]
    for link, gater in zip(links, [link.gater for link in links][::-1], strict=True):
        link.gater.ungate(link)
        gater.gate(link)
    with pytest.raises(SynapseError, match="without a counterpart"):
        synapse.to_torch(net, peer("LSTM", seed=2))


@KINDS
def test_modules_without_biases_are_layers_whose_biases_stay_0(module_name):
    modules = peer(module_name, 2, bias=False)
    net = synapse.from_torch(modules)
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    net.clear()
    gradient = synapse.gradient(net, INPUTS, np.ones((9, 2)), "squared_error")
    synapse.optimizers.SGD(0.1).step(net, gradient)
    assert not any(neuron.trainable_bias for layer in net.hidden for neuron in layer)
    assert synapse.to_torch(net, modules) is modules
    net.clear()
    assert np.abs(net.run(INPUTS) - told(modules).detach().numpy()).max() < 1e-12
    names = [name for name, _ in synapse.to_torch(net).named_parameters()]
    assert names
    assert not any("bias" in name for name in names)
    other = synapse.from_torch(peer(module_name, 2))
    with pytest.raises(SynapseError, match="bias=False"):
        synapse.to_torch(other, modules)


def test_recurrent_modules_of_other_sizes_follow_each_other():
    torch.manual_seed(0)
    modules = [
        nn.GRU(3, 4, dtype=torch.float64),
        nn.GRU(4, 6, 2, dtype=torch.float64),
        nn.Linear(6, 2, dtype=torch.float64),
    ]
    net = synapse.from_torch(modules)
    outputs = modules[1](modules[0](torch.tensor(INPUTS))[0])[0]
    expected = modules[2](outputs).detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12


class Chain(nn.Module):
    """What people write around a recurrent module."""

    def __init__(self, module_class=nn.LSTM, change=None):
        super().__init__()
        self.lstm = module_class(3, 4, 2)
        self.norm = nn.Dropout(0.5)
        self.head = nn.Linear(4, 2)
        self.change = change or (lambda h: h)

    def forward(self, x, state=None):
        h, _ = self.lstm(x, state)
        return torch.tanh(self.head(self.norm(self.change(h))))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.block = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 4))
        self.head = nn.Linear(4, 2, bias=False)

    def forward(self, x, scale=1.0):
        h = torch.tanh(self.first(x))
        return self.head(torch.relu(h + self.block(h)) + h)


class Skipped(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def outputs_of(module):
    module = module.double().eval()
    return module(torch.tensor(INPUTS)).detach().numpy()


FORWARDS = {
    "modules in a row": Chain,
    "a residual": Block,
    "a Sequential of one's own": lambda: Skipped(nn.Linear(3, 4), nn.Linear(4, 3)),
    "a residual of the inputs": lambda: Skipped(nn.Linear(3, 3)),
    "within a Sequential": lambda: nn.Sequential(
        Skipped(nn.Linear(3, 3), nn.Tanh()), nn.Linear(3, 2), nn.Sigmoid()
    ),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_of_ones_own_is_followed(name):
    torch.manual_seed(0)
    module = FORWARDS[name]().double().train()
    net = synapse.from_torch(module)
    assert all(submodule.training for submodule in module.modules())
    assert np.abs(net.run(INPUTS) - outputs_of(module)).max() < 1e-12
    net.clear()
    back = synapse.to_torch(net)
    assert (
        np.abs(back(torch.tensor(INPUTS)).detach().numpy() - outputs_of(module)).max()
        < 1e-12
    )


def test_a_forward_that_no_network_computes_is_refused():
    def hooked():
        module = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
        module[0].register_forward_hook(lambda module, given, outputs: 2 * outputs)
        return module

    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x):
            return self.linear(self.linear(x))

    class Residual(Chain):
        def forward(self, x, state=None):
            return self.head(self.lstm(x)[0]) + self.head(x)

    cases = [
        ("calls getitem", lambda: Chain(change=lambda h: h[:, -1])),
        ("calls mul", lambda: Chain(change=lambda h: 2 * h)),
        ("traced", lambda: Chain(change=lambda h: h if h.sum() > 0 else -h)),
        ("twice", Shared),
        (r"\[model.lstm, model.norm, model.head\]", Residual),
        ("hooks", hooked),
    ]
    all_refused(
        [
            (lambda make=make: synapse.from_torch(make()), ArgumentError, words)
            for words, make in cases
        ]
    )


@KINDS
@pytest.mark.parametrize("bias", [True, False])
def test_a_state_dict_says_its_kinds_and_sizes(module_name, bias):
    modules = peer(module_name, 2, bias=bias)
    state = nn.ModuleDict(dict(zip(("rnn", "head"), modules, strict=True))).state_dict()
    net = synapse.from_torch(state)
    expected = told(modules).detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12
    assert net.name == {"RNN": "Elman"}.get(module_name, module_name)
    receiver = net.clone()
    receiver.reset_parameters(1)
    receiver.clear()
    assert synapse.from_torch(state, receiver) is receiver
    assert np.abs(receiver.run(INPUTS) - expected).max() < 1e-12
    again = synapse.from_torch(synapse.to_torch(net).state_dict())
    assert np.abs(again.run(INPUTS) - expected).max() < 1e-12


def test_squashes_that_a_state_dict_lacks_are_given():
    modules = stack(
        nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)
    )
    state = modules.state_dict()
    net = synapse.from_torch(state, squash=["relu", "tanh"])
    expected = modules(torch.tensor(INPUTS)).detach().numpy()
    assert np.abs(net.run(INPUTS) - expected).max() < 1e-12
    softmax = synapse.from_torch(state, squash="relu", output_squash="softmax")
    assert [layer.squash.name for layer in softmax.layers[1:]] == [
        "relu",
        "relu",
        "softmax",
    ]
    receiver = architect.Perceptron(3, 5, 4, 2, squash="tanh", seed=0)
    synapse.from_torch(state, receiver)  # its own squashes
    assert (receiver.weights == net.weights).all()
    relu = synapse.from_torch(nn.RNN(3, 4).state_dict(), squash="relu")
    assert relu["hidden"].squash.name == "relu"


def test_a_state_dict_of_other_modules_is_refused():
    linears = stack(nn.Linear(3, 4), nn.Linear(4, 2)).state_dict()
    lstm = nn.LSTM(3, 4).state_dict()
    net = architect.GRU(3, 4, 2)
    of_modules = {"network": net, "squash": "tanh"}
    cases = [
        ("has no activation functions", linears, {}),
        (r"of the hidden layers \(here 1\)", linears, {"squash": ["relu", "tanh"]}),
        ("'tanh' or 'relu'", nn.RNN(3, 4).state_dict(), {"squash": "logistic"}),
        ("of tensors, got OrderedDict for 'model'", {"model": linears}, {}),
        ("running_mean", nn.BatchNorm1d(3).state_dict(), {}),
        ("no tensors", {}, {}),
        ("bidirectional", nn.LSTM(3, 4, bidirectional=True).state_dict(), {}),
        ("weight_hh", nn.LSTM(3, 4, proj_size=2).state_dict(), {}),
        ("weight_hh", nn.LSTMCell(3, 4).state_dict(), {}),
        ("Missing key", {k: v for k, v in lstm.items() if k != "bias_ih_l0"}, {}),
        ("for a state dict", nn.LSTM(3, 4), of_modules),
        ("for a state dict", synapse.to_torch(net), of_modules),
    ]
    all_refused(
        [
            (partial(synapse.from_torch, given, **options), ArgumentError, words)
            for words, given, options in cases
        ]
    )


def test_what_is_no_module_that_can_be_read_is_refused():
    """In a sentence of ours, not of PyTorch."""
    unread = nn.Linear(2, 2)
    unread.weight.data[0, 0] = float("nan")
    odd = [
        *(None, 1, "x", [], {}, object(), nn.Sequential(), nn.Linear, torch.zeros(2)),
        *(nn.ReLU(), nn.Conv1d(1, 1, 3), nn.Embedding(3, 2), nn.Bilinear(2, 2, 2)),
        *(nn.LSTM(2, 3, bidirectional=True), nn.LSTM(2, 3, proj_size=1), unread),
        nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)),
        nn.Linear(2, 2, dtype=torch.complex64),
        nn.Linear(2, 2, device="meta"),
        {"weight": 1},
        {"0.weight": torch.zeros(2, 2), "0.bias": torch.zeros(3)},
    ]
    read = synapse.readwrite.from_torch
    all_refused([(partial(read, module), SynapseError, "") for module in odd])
