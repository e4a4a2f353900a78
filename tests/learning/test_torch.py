"""Exact gradients of any graph, by tapes and by sensitivities, against PyTorch's."""

import numpy as np
import pytest
from hypothesis import assume, strategies as st

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
    with np.errstate(all="ignore"):
        for rows in inputs:
            net.clear()
            if (
                not np.abs(net.run(rows)).max() < 30
                or not np.abs([n.state for n in net]).max() < 30
            ):
                return False
    net.clear()
    return True


@given_graphs(specs(), st.sampled_from([1, 2, 3, 9]))
def test_any_gated_graph(spec, count):
    net = Twin(spec).net
    inputs, targets = sequences(
        net, np.random.default_rng(spec.seed).integers(1, 7, count), spec.seed
    )
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
    agrees(
        net,
        inputs,
        [np.eye(5)[np.arange(len(rows)) % 3] for rows in inputs],
        "categorical_cross_entropy",
    )


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
    noise = net.input[:-66]
    pixels = net.input[-66:-2]
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
