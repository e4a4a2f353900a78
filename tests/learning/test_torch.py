"""Exact gradients of any graph, by tapes and by sensitivities, and the online rule on
spiking networks, against PyTorch's.

The online rule sends the error of a step back within the step, and keeps how a weight
has moved the state of its target through the self-connection. So the tensors carry
voltages and outputs over the steps, and detach what is read from the step before."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
import synapse
from demos import adversarial, phase, style, translation
from synapse import gradient
from synapse.learning import compare_gradients
from tests.helpers.relays import Relayed, with_plain_relays
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

from .helpers import both, built, by_sort, learning, sequences

# torch's warnings are none of ours
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]


def torch_gradient(net, inputs, targets, cost, window=None, keep_context=False):
    """Loss and slopes by PyTorch, in double precision; windows have their context
    detached."""
    torch = pytest.importorskip("torch")
    relayed = Relayed(net, list(net), list(net.connections))
    if any(link.delay > 1 for link in net.connections):
        relayed = with_plain_relays(net)  # modules have no long delays
    module = synapse.to_torch(relayed.net)
    total = 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        carried = module.context if keep_context else None
        for start in range(0, len(rows), window or len(rows)):
            here = slice(start, start + (window or len(rows)))
            outputs, carried = module.unroll(torch.tensor(rows[here]), carried)
            there = ~np.isnan(aims[here])
            y = outputs[there]
            t = torch.tensor(aims[here][there])
            if cost == "cross_entropy":
                total = total - (t * y.log() + (1 - t) * (1 - y).log()).sum()
            elif cost == "categorical_cross_entropy":
                total = total - (t * y.log()).sum()
            else:
                total = total + 0.5 * (t - y).square().sum()
            carried = type(carried)(*(tensor.detach() for tensor in carried))
    total = total / len(inputs)
    if total.requires_grad:
        total.backward()
    slopes = [
        numbers.numpy()[place]
        for numbers, place in zip(module.gradient(), relayed.places(), strict=True)
    ]
    weights, biases = learning(net)
    slopes[0][~weights] = 0.0
    slopes[1][~biases] = 0.0
    slopes[1][: len(net.input)] = 0.0
    return np.concatenate([[total.item()], *slopes])


def agrees(net, inputs, targets, cost, **options):
    ours = both(gradient(net, inputs, targets, cost, **options))
    theirs = torch_gradient(net, inputs, targets, cost, **options)
    assert np.abs(ours - theirs).max() <= 1e-9 * max(1e-3, np.abs(theirs).max())


def tame(net, inputs):
    """Whether numbers stay where a difference of 1e-9 means something."""
    sizes = []
    with np.errstate(all="ignore"):
        for rows in inputs:
            net.clear()
            sizes.append(np.abs(net.run(rows)).max())
            sizes.append(np.abs([neuron.state for neuron in net]).max())
    net.clear()
    return all(size < 30 for size in sizes)


@given_graphs(specs(), st.sampled_from([1, 2, 3, 9]))
def test_any_gated_graph(spec, count):
    net = Twin(spec).net
    lengths = np.random.default_rng(spec.seed).integers(1, 7, count)
    inputs, targets = sequences(net, lengths, spec.seed)
    assume(tame(net, inputs))
    agrees(net, inputs, targets, "squared_error")


@given_graphs(
    specs(squashes=SMOOTH, logistic_outputs=True),
    st.sampled_from([None, 1, 2, 4]),
    st.booleans(),
)
def test_any_gated_graph_with_windows_context_and_missing_targets(
    spec, window, context
):
    net = Twin(spec).net
    inputs, targets = sequences(net, (7, 3), spec.seed)
    targets[0][2] = np.nan
    targets[1][1, 0] = np.nan
    assume(tame(net, inputs))
    net.run(inputs[1])
    agrees(net, inputs, targets, "cross_entropy", window=window, keep_context=context)


@by_sort
def test_architectures_over_fifty_steps(sort):
    net = built(sort, output_squash="logistic")
    agrees(net, *sequences(net, (50, 41, 1)), "cross_entropy")


def test_softmax():
    net = architect.GRU(3, 4, 5, output_squash="softmax", seed=1)
    inputs, _ = sequences(net, (8, 3))
    targets = [np.eye(5)[np.arange(len(rows)) % 3] for rows in inputs]
    agrees(net, inputs, targets, "categorical_cross_entropy")


@by_sort
def test_sensitivities(sort):
    net = built(sort)
    data = sequences(net, (8,))
    comparison = compare_gradients(net, *data, "squared_error", rule="rtrl")
    ours = np.concatenate([comparison.weights["rule"], comparison.biases["rule"]])
    assert ours == pytest.approx(
        torch_gradient(net, *data, "squared_error")[1:], abs=1e-11, rel=1e-10
    )


def leaves(torch, net):
    """Weights and biases as tensors, and functions for the matrix between two layers
    and a layer's biases."""
    weights, biases = (
        torch.tensor(array, requires_grad=True) for array in (net.weights, net.biases)
    )
    place = {neuron: i for i, neuron in enumerate(net)}
    ends = zip(
        *((place[link.source], place[link.target]) for link in net.connections),
        strict=True,
    )
    every = torch.zeros(len(net), len(net), dtype=torch.float64)
    every = every.index_put(tuple(torch.tensor(end) for end in ends), weights)

    def between(source, target):
        return every[[place[neuron] for neuron in source]][
            :, [place[neuron] for neuron in target]
        ]

    return (
        weights,
        biases,
        between,
        lambda layer: biases[[place[neuron] for neuron in layer]],
    )


def require_slopes(net, ours, loss, *tensors):
    """Our gradient is that of this loss of PyTorch, for all that learns."""
    loss.backward()
    assert ours.loss == pytest.approx(loss.item(), abs=1e-11)
    for gradients, leaf, learns in zip(
        (ours.weights, ours.biases), tensors, learning(net), strict=True
    ):
        assert np.abs(gradients - leaf.grad.numpy())[learns].max() < 1e-10


def test_a_generator_and_its_judge_have_the_gradient_of_pytorch_written_out():
    """The network of the demo after its growth, with both switches in one batch."""
    torch = pytest.importorskip("torch")
    net = adversarial.grown(3)
    rng = np.random.default_rng(0)
    leak = torch.nn.functional.leaky_relu
    rows = rng.normal(size=(10, len(net.input)))
    targets = rng.random((10, 1))
    rows[:, -2:] = np.eye(2)[rng.integers(2, size=10)]
    *tensors, between, bias = leaves(torch, net)
    thought, made, more, fine, seen_fine, seen, judging = net.hidden
    x = torch.tensor(rows)
    noise, pixels = net.input[:-66], net.input[-66:-2]
    hidden = leak(x[:, :-66] @ between(noise, thought) + bias(thought), 0.01)
    coarse = torch.sigmoid(hidden @ between(thought, made) + bias(made))
    deeper = leak(hidden @ between(thought, more) + bias(more), 0.01)
    drawn = torch.sigmoid(
        coarse @ between(made, fine) + deeper @ between(more, fine) + bias(fine)
    )
    shown = x[:, -2:-1] * (x[:, -66:-2] @ between(pixels, seen_fine)) + x[:, -1:] * (
        drawn @ between(fine, seen_fine)
    )
    doubt = shown @ between(seen_fine, seen) @ between(seen, judging) + shown @ between(
        seen_fine, judging
    )
    doubt = leak(doubt + bias(judging), 0.01)
    y = torch.sigmoid(doubt @ between(judging, net.output) + bias(net.output))
    t = torch.tensor(targets)
    loss = -(t * y.log() + (1 - t) * (1 - y).log()).sum()
    require_slopes(net, gradient(net, rows, targets), loss, *tensors)


def test_weights_by_phase_have_the_gradient_of_pytorch_written_out():
    torch = pytest.importorskip("torch")
    net = phase.phase_functioned(6, 1)
    (rows, targets) = phase.rows((0.4, 1.2), 7)
    *tensors, between, bias = leaves(torch, net)
    mixers, *copies, thought, d0, d1, d2, d3 = net.hidden
    x = torch.tensor(rows)
    mixed = x[:, :2] @ between(net.input[:2], mixers) + bias(mixers)

    def step(values, copies, target):
        parts = (
            mixed[:, k : k + 1] * values @ between(copy, target)
            for k, copy in enumerate(copies)
        )
        return sum(parts) + mixed @ between(mixers, target)

    y = step(torch.tanh(step(x[:, 2:], copies, thought)), (d0, d1, d2, d3), net.output)
    loss = 0.5 * (torch.tensor(targets) - y).square().sum()
    require_slopes(net, gradient(net, rows, targets), loss, *tensors)


def test_a_canvas_has_the_gradient_of_pytorch_written_out(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(style, "SIZE", 6)
    monkeypatch.setattr(style, "PLACES", 4)
    net = style.network(0)
    rng = np.random.default_rng(1)
    net.output.cost_weights = rng.random(len(net.output))
    targets = rng.random((1, len(net.output)))
    *tensors, between, bias = leaves(torch, net)
    canvas, features = net.hidden
    for layer in (features, net.output):
        layer.trainable_bias = False
    for link in net.connections:
        link.trainable = link.target in features
    seen = torch.tanh(torch.sigmoid(bias(canvas)) @ between(canvas, features))
    by_filter = seen.reshape(len(style.FILTERS), -1)
    products = by_filter @ by_filter.T / by_filter.shape[1]
    y = torch.cat([seen, torch.stack([products[a, b] for a, b in style.PAIRS])])
    loss = (
        0.5
        * (
            torch.tensor(net.output.cost_weights)
            * (torch.tensor(targets[0]) - y).square()
        ).sum()
    )
    require_slopes(net, gradient(net, [[0.0]], targets), loss, *tensors)


@pytest.mark.parametrize("shared", [True, False])
def test_a_translation_there_and_back_has_the_gradient_of_pytorch_written_out(shared):
    """With both switches in one batch; ties sum what the copies of PyTorch get."""
    torch = pytest.importorskip("torch")
    net, copies = translation.network(shared, 2)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(10, 6))
    targets = rng.random((10, 10))
    rows[:, 4:] = np.eye(2)[rng.integers(2, size=10)]
    weights = {}
    biases = {}
    for name, ((projection, layer), *_) in copies.items():
        weights[name] = torch.tensor(np.array(projection.weights), requires_grad=True)
        biases[name] = torch.tensor(layer.biases, requires_grad=True)

    def step(values, name):
        return values @ weights[name] + biases[name]

    def encoded(points, language, middle):
        return step(
            torch.tanh(step(step(points, f"in {language}"), f"encode {middle}")),
            f"code {middle}",
        )

    def decoded(code, language, middle):
        return step(
            step(torch.tanh(step(code, f"decode {middle}")), f"plane {middle}"),
            f"out {language}",
        )

    x = torch.tensor(rows)
    leak = torch.nn.functional.leaky_relu
    ends = []
    verdicts = []
    sides = "  " if shared else "ab"
    for a, b, here, there in ((0, 1, x[:, :2], x[:, 2:4]), (1, 0, x[:, 2:4], x[:, :2])):
        mine = sides[a].strip()
        other = sides[b].strip()
        code = encoded(here, "ab"[a], mine)
        made = decoded(code, "ab"[b], other)
        ends += [
            decoded(code, "ab"[a], mine),
            decoded(encoded(made, "ab"[b], other), "ab"[a], mine),
        ]
        doubt = leak(
            step(x[:, 4:5] * there + x[:, 5:] * made, f"judge {'ab'[b]}"), 0.01
        )
        verdicts.append(
            torch.sigmoid(
                step(leak(step(doubt, f"doubt {'ab'[b]}"), 0.01), f"verdict {'ab'[b]}")
            )
        )
    missed = torch.tensor(targets) - torch.cat([*ends, *verdicts], dim=1)
    loss = 0.5 * (torch.tensor(net.output.cost_weights) * missed.square()).sum()
    loss.backward()
    ours = gradient(net, rows, targets, "squared_error")
    assert ours.loss == pytest.approx(loss.item(), abs=1e-11)
    by_link = dict(zip(net.connections, ours.weights))
    by_neuron = dict(zip(net, ours.biases))
    for name, ((projection, layer), *_) in copies.items():
        slopes = [
            [by_link[a.connection_to(b)] for b in layer] for a in projection.source
        ]
        assert np.abs(slopes - weights[name].grad.numpy()).max() < 1e-10, name
        slopes = [by_neuron[neuron] for neuron in layer]
        assert np.abs(slopes - biases[name].grad.numpy()).max() < 1e-10, name


# --- the online rule on spiking cells -------------------------------------------------


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
