"""The online rule on spiking networks, against PyTorch's derivatives of the same cells
written as tensors.

The rule sends the error of a step back within the step, and keeps how a weight has
moved the state of its target through the self-connection. So the tensors carry voltages
and outputs over the steps, and detach what is read from the step before."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect

# torch's warnings are none of ours
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

STEPS = 40
TIMES = {"time_constant": 8.0, "adaptation_time": 30.0, "output_time": 5.0}
THRESHOLD = 0.6
ADAPTATION = 0.4


def spike_of(torch):
    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, state):
            context.save_for_backward(state)
            return (state > 0.0).double()

        @staticmethod
        def backward(context, error):
            (state,) = context.saved_tensors
            return error * 0.3 * torch.clamp(1.0 - state.abs(), min=0.0)

    return Spike.apply


class Cells:
    """A spiking network as three matrices and a bias."""

    def __init__(self, torch, net, reset, adaptive, refractory):
        self.torch, self.reset, self.refractory = torch, reset, refractory
        self.spike = spike_of(torch)
        self.keep = [float(np.exp(-1.0 / steps)) for steps in TIMES.values()]
        sources = {neuron: k for k, neuron in enumerate(net.input)}
        voltages = {neuron: k for k, neuron in enumerate(net["voltages"])}
        spikes = {neuron: k for k, neuron in enumerate(net["spikes"])}
        outputs = {neuron: k for k, neuron in enumerate(net.output)}
        n = len(voltages)
        double = {"dtype": torch.float64}
        self.matrices = [
            torch.zeros(len(sources), n, **double),
            torch.zeros(n, n, **double),
            torch.zeros(n, len(outputs), **double),
        ]
        self.places = {}  # by connection: its matrix, and where it is in it
        for k, link in enumerate(net.connections):
            if link.trainable:
                number = 2 if link.target in outputs else int(link.source in spikes)
                rows = sources if number == 0 else spikes
                columns = outputs if number == 2 else voltages
                place = rows[link.source], columns[link.target]
                self.matrices[number][place] = link.weight
                self.places[k] = number, place
        self.bias = torch.tensor([out.bias for out in net.output], **double)
        self.parameters = [*self.matrices, self.bias]
        for tensor in self.parameters:
            tensor.requires_grad_()
        self.voltage = self.level = self.fired = torch.zeros(n, **double)
        self.past = [self.fired] * max(1, refractory)
        self.output = torch.zeros(len(outputs), **double)
        self.adapts = (torch.arange(n) < adaptive).double()

    def step(self, row):
        """The outputs, and a sum of which errors are factors."""
        inward, between, outward = self.matrices
        of_voltage, of_level, of_output = self.keep
        before = self.fired
        kept = of_voltage * (1.0 - before if self.reset == "zero" else 1.0)
        lowered = THRESHOLD * before if self.reset == "subtract" else 0.0
        self.voltage = (
            kept * self.voltage
            + self.torch.tensor(row) @ inward
            + before @ between
            - lowered
        )
        ready = 1.0 - sum(self.past[: self.refractory])
        adapted = self.voltage - ADAPTATION * self.adapts * self.level
        fired = self.spike(ready * adapted - THRESHOLD)
        self.fired = fired.detach()
        self.level = of_level * self.level + self.fired * self.adapts
        self.past = [self.fired, *self.past[:-1]]
        self.output = of_output * self.output + self.fired @ outward + self.bias
        return self.output.detach(), self.output + fired @ outward.detach()

    def slopes(self, total, links):
        found = self.torch.autograd.grad(
            total, self.parameters, retain_graph=True, allow_unused=True
        )
        weights = np.zeros(links)
        for k, (number, place) in self.places.items():
            if found[number] is not None:
                weights[k] = found[number][place].item()
        return weights, found[-1].numpy()


@given(st.integers(0, 9999))
def test_the_online_rule_of_spiking_cells(seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    inputs, cells, outputs = (int(n) for n in rng.integers((1, 2, 1), (4, 7, 4)))
    adaptive = int(rng.integers(0, cells + 1))
    refractory = int(rng.integers(0, 4))
    reset = str(rng.choice(["subtract", "zero"]))
    net = architect.Spiking(
        *(inputs, cells, outputs),
        adaptive=adaptive,
        density=float(rng.choice([0.5, 1.0])),
        threshold=THRESHOLD,
        adaptation=ADAPTATION,
        reset=reset,
        refractory=refractory,
        seed=seed,
        **TIMES,
    )
    theirs = Cells(torch, net, reset, adaptive, refractory)
    for row, aims in zip(
        rng.normal(0.0, 1.5, (STEPS, inputs)),
        rng.normal(size=(STEPS, outputs)),
        strict=True,
    ):
        expected, total = theirs.step(row)
        errors = aims - net.activate(row)
        assert np.abs(aims - errors - expected.numpy()).max() < 1e-10
        ours = net.output_gradient(errors=errors)
        weights, biases = theirs.slopes(
            (torch.tensor(errors) * total).sum(), len(ours.weights)
        )
        assert np.abs(ours.weights - weights).max() < 1e-10
        assert np.abs(ours.biases[-outputs:] - biases).max() < 1e-10
