"""Loops of a user's own: ``optimizer.step(net, synapse.gradient(...))``."""

import gc
import pickle
import weakref
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError
from tests.helpers.cases import all_refused

from .helpers import parameters, sequences

OPTIMIZERS = [
    optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    optimizers.Adam(0.01, amsgrad=True),
    optimizers.AdamW(0.01),
    optimizers.AdaGrad(0.05),
    optimizers.Rprop(),
]


def constrained(dtype=np.float64):
    """A recurrent network with tied, frozen and signed parameters, a gate and a
    delay."""
    x, h, y = (Layer(size, dtype=dtype) for size in (2, 4, 1))
    inward = x.project(h, seed=0, sign=1)
    h.project(h, seed=1, delay=2)
    outward = h.project(y, seed=2)
    net = Network(x, [h], y)
    h[0].gate([outward[1]])
    synapse.tie([inward[0], inward[1], inward[2]])
    synapse.tie([h[1], h[2]])
    outward[3].trainable = False
    h[3].trainable_bias = False
    return net


def lstm(dtype=np.float64):
    return architect.LSTM(2, 3, 1, seed=0, dtype=dtype)


def stepped(net, optimizer, data, count=1):
    for _ in range(count):
        optimizer.step(net, synapse.gradient(net, *data))


@pytest.mark.parametrize("make", [lstm, constrained])
@pytest.mark.parametrize(
    "dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.full)]
)
@pytest.mark.parametrize(
    "optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__
)
def test_steps_are_those_of_a_trainer(make, dtype, optimizer):
    net, trained = (make(dtype) for _ in range(2))
    before = parameters(net)
    inputs, targets = map(np.array, sequences(net, [6] * 4, 0))
    stepped(net, optimizer, (inputs, targets), 20)
    synapse.Trainer(trained, rule="bptt", optimizer=optimizer, batch_size=4).train(
        inputs, targets, epochs=20, shuffle=False, progress=False
    )
    bound = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(parameters(net), parameters(trained), rtol=0, atol=bound)
    if make is lstm:
        assert np.array_equal(parameters(net), parameters(trained))
    assert np.abs(parameters(net) - before).max() > 0.01


@pytest.mark.torch
@pytest.mark.parametrize(
    "make",
    [
        partial(architect.Elman, 2, 4, 1),
        partial(architect.Elman, 2, 4, 1, squash="tanh"),
        partial(architect.GRU, 2, 4, 1),
        partial(architect.LSTM, 2, 4, 1, style="standard"),
    ],
)
@pytest.mark.parametrize(
    ("optimizer", "name", "options"),
    [
        (optimizers.SGD(0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
        (optimizers.Adam(0.01), "Adam", {"lr": 0.01}),
        (optimizers.RMSprop(0.01, decay=0.9), "RMSprop", {"lr": 0.01, "alpha": 0.9}),
    ],
)
def test_steps_are_those_of_torch(optimizer, name, options, make):
    """Modules of torch have two biases for a sum, of which one is trained."""
    torch = pytest.importorskip("torch")
    net = make(seed=0)
    inputs, targets = sequences(net, [6] * 3, 0)
    module = synapse.to_torch(net)
    theirs = getattr(torch.optim, name)(module.parameters(), **options)
    for _ in range(10):
        optimizer.step(net, synapse.gradient(net, inputs, targets, "squared_error"))
        theirs.zero_grad()
        loss = 0.0
        for rows, aims in zip(inputs, targets, strict=True):
            outputs, _ = module.unroll(torch.tensor(rows))
            loss = loss + 0.5 * (torch.tensor(aims) - outputs).square().sum()
        (loss / len(inputs)).backward()
        theirs.step()
    weights, biases = (tensor.detach().numpy() for tensor in module.numbers())
    hidden = slice(len(net.input), None)
    for ours, theirs in ((net.weights, weights), (net.biases[hidden], biases[hidden])):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_each_network_has_its_own_memory():
    alone, beside = (lstm() for _ in range(2))
    other = architect.Elman(2, 3, 1, seed=0)
    data = sequences(alone, [6] * 4, 0)
    stepped(alone, optimizers.Adam(0.01), data, 5)
    shared = optimizers.Adam(0.01)
    for _ in range(5):
        stepped(beside, shared, data)
        stepped(other, shared, data)
    assert np.array_equal(parameters(alone), parameters(beside))


def test_an_edit_begins_the_memory_afresh_as_in_a_trainer():
    net, trained = (lstm() for _ in range(2))
    inputs, targets = map(np.array, sequences(net, [6] * 4, 0))
    adam = optimizers.Adam(0.01)
    trainer = synapse.Trainer(
        trained, rule="bptt", optimizer=optimizers.Adam(0.01), batch_size=4
    )
    for _ in range(2):
        stepped(net, adam, (inputs, targets), 3)
        trainer.train(inputs, targets, epochs=3, shuffle=False, progress=False)
        for each in (net, trained):
            each.add(Layer(1, "tanh"))
            each.input.project(each.hidden[-1], seed=3)
            each.hidden[-1].project(each.output, seed=4)
    assert np.array_equal(parameters(net), parameters(trained))


def test_a_gradient_of_another_topology_is_refused():
    net = constrained()
    inputs, targets = sequences(net, [6] * 4, 0)
    stale = synapse.gradient(net, inputs, targets)
    adam = optimizers.Adam()
    # a worker's copy has the same topology
    adam.step(net.clone(), pickle.loads(pickle.dumps(stale)))
    net.output[0].incoming[-1].source.disconnect(net.output[0])
    net.input[0].project(net.output[0], weight=0.5)  # as many as before
    before = parameters(net)
    fresh = synapse.gradient(net, inputs, targets)
    changed = fresh.weights.copy()
    changed[[link.tied != () for link in net.connections].index(True)] += 1.0
    untied = replace(fresh, weights=changed)
    all_refused(
        (partial(adam.step, network, gradients), error, words)
        for network, gradients, error, words in [
            (net, stale, ArgumentError, "has changed since the gradient"),
            (lstm(), stale, ArgumentError, r"weights of shape \(\d+,\)"),
            (net, untied, ArgumentError, "members of a tie"),
            (net, None, ArgumentTypeError, "a Gradient"),
            (net, 3, ArgumentTypeError, "a Gradient"),
            (net, fresh.weights, ArgumentTypeError, "a Gradient"),
            (fresh, net, ArgumentTypeError, "`network`"),
        ]
    )
    assert np.array_equal(parameters(net), before)


def test_numbers_that_are_not_finite_change_nothing():
    net, other = (lstm() for _ in range(2))
    data = sequences(net, [6] * 4, 0)
    adam = optimizers.Adam()
    stepped(net, adam, data, 2)
    before = parameters(net)
    gradients = synapse.gradient(net, *data)
    for wrong in (np.nan, np.inf, 1e200):
        spoilt = replace(gradients, biases=np.full_like(gradients.biases, wrong))
        with pytest.raises(DivergenceError, match="not finite"):
            adam.step(net, spoilt)
    assert np.array_equal(parameters(net), before)
    stepped(net, adam, data, 2)
    stepped(other, optimizers.Adam(), data, 4)
    assert np.array_equal(parameters(net), parameters(other))


def test_memory_ends_with_the_network_and_is_not_copied():
    net = lstm()
    adam = optimizers.Adam()
    stepped(net, adam, sequences(net, [6] * 4, 0))
    assert pickle.loads(pickle.dumps(adam)) == adam
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    "optimizer", [optimizers.LBFGS(), optimizers.RLS(), optimizers.DEKF()]
)
def test_optimizers_that_need_more_than_a_gradient_say_so(optimizer):
    with pytest.raises(AttributeError, match="Trainer"):
        optimizer.step(lstm(), None)
