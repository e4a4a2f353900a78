"""Exact gradients of any graph, by tapes and by sensitivities, against PyTorch's."""

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import gradient
from synapse.learning import compare_gradients

from ..strategies import SMOOTH, Twin, given_graphs, specs
from .helpers import both, built, by_sort, learning, sequences

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]  # torch's warnings are none of ours


def torch_gradient(net, inputs, targets, cost, window=None, context=False):
    """Loss and slopes by PyTorch, in double precision; windows have their context detached."""
    torch = pytest.importorskip("torch")
    module, total = synapse.to_torch(net), 0.0
    for rows, aims in zip(inputs, targets, strict=True):
        carried = module.context if context else None
        for first in range(0, len(rows), window or len(rows)):
            here = slice(first, first + (window or len(rows)))
            outputs, carried = module.unroll(torch.tensor(rows[here]), carried)
            there = ~np.isnan(aims[here])
            y, t = outputs[there], torch.tensor(aims[here][there])
            if cost == "cross_entropy":
                total = total - (t * y.log() + (1 - t) * (1 - y).log()).sum()
            elif cost == "categorical_cross_entropy":
                total = total - (t * y.log()).sum()
            else:
                total = total + 0.5 * (t - y).square().sum()
            carried = type(carried)(*(part.detach() for part in carried))
    total = total / len(inputs)
    if total.requires_grad:
        total.backward()
    slopes = [
        np.zeros(p.shape) if p.grad is None else p.grad.numpy().copy() for p in (module.weight, module.bias)
    ]
    weights, biases = learning(net)
    slopes[0][~weights], slopes[1][~biases] = 0.0, 0.0
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
            if not np.abs(net.run(rows)).max() < 30 or not np.abs([n.state for n in net]).max() < 30:
                return False
    net.clear()
    return True


@given_graphs(specs(), st.sampled_from([1, 2, 3, 9]))
def test_any_gated_graph(spec, count):
    net = Twin(spec).net
    inputs, targets = sequences(net, np.random.default_rng(spec.seed).integers(1, 7, count), spec.seed)
    assume(tame(net, inputs))
    agrees(net, inputs, targets, "squared_error")


@given_graphs(specs(squashes=SMOOTH, logistic_outputs=True), st.sampled_from([None, 1, 2, 4]), st.booleans())
def test_any_gated_graph_with_windows_context_and_missing_targets(spec, window, context):
    net = Twin(spec).net
    inputs, targets = sequences(net, (7, 3), spec.seed)
    targets[0][2], targets[1][1, 0] = np.nan, np.nan
    assume(tame(net, inputs))
    net.run(inputs[1])
    agrees(net, inputs, targets, "cross_entropy", window=window, context=context)


@by_sort
def test_architectures_over_fifty_steps(sort):
    net = built(sort, output_squash="logistic")
    agrees(net, *sequences(net, (50, 41, 1)), "cross_entropy")


def test_softmax():
    net = architect.GRU(3, 4, 5, output_squash="softmax", seed=1)
    inputs, _ = sequences(net, (8, 3))
    agrees(net, inputs, [np.eye(5)[np.arange(len(rows)) % 3] for rows in inputs], "categorical_cross_entropy")


@by_sort
def test_sensitivities(sort):
    net = built(sort)
    data = sequences(net, (8,))
    found = compare_gradients(net, *data, "squared_error", method="rtrl")
    ours = np.concatenate([found.weights["rule"], found.biases["rule"]])
    assert ours == pytest.approx(torch_gradient(net, *data, "squared_error")[1:], abs=1e-11, rel=1e-10)
