"""Optimizers against their equations, written out for one parameter, and against
PyTorch."""

import math

import numpy as np
import pytest

import synapse
from synapse.optimizers import SGD, AdaGrad, Adam, AdamW, RMSprop, Rprop, SparseAdam
from synapse.optimizers._descent import BuiltIn
from tests.helpers.cases import every_case

STEPS = 50
SIZE = 7


def sgd(p, rate, momentum=0.0, nesterov=False, weight_decay=0.0):
    velocity = 0.0
    while True:
        g = (yield p) + weight_decay * p
        velocity = momentum * velocity + g
        p -= rate * (g + momentum * velocity if nesterov else velocity)


def rmsprop(p, rate, decay, epsilon=1e-8, momentum=0.0, centered=False):
    square = mean = velocity = 0.0
    while True:
        g = yield p
        square = decay * square + (1 - decay) * g * g
        mean = decay * mean + (1 - decay) * g
        variance = square - mean * mean if centered else square
        velocity = momentum * velocity + g / (math.sqrt(variance) + epsilon)
        p -= rate * velocity


def adagrad(p, rate, epsilon=1e-10):
    total = 0.0
    while True:
        g = yield p
        total += g * g
        p -= rate * g / (math.sqrt(total) + epsilon)


def adam(p, rate, betas, epsilon=1e-8, amsgrad=False, weight_decay=0.0):
    m = v = largest = 0.0
    t = 0
    while True:
        g = yield p
        t += 1
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        largest = max(largest, v)
        v_hat = (largest if amsgrad else v) / (1 - betas[1] ** t)
        p -= rate * (
            m / (1 - betas[0] ** t) / (math.sqrt(v_hat) + epsilon) + weight_decay * p
        )


def rprop(p, rate, etas=(0.5, 1.2), steps=(1e-6, 50)):
    size = rate
    last = 0.0
    while True:
        g = yield p
        if g * last > 0:
            size = min(size * etas[1], steps[1])
        elif g * last < 0:
            size = max(size * etas[0], steps[0])
            g = 0.0
        p -= size * ((g > 0) - (g < 0))
        last = g


def sparse_adam(p, rate, betas, epsilon=1e-8):
    m = v = 0.0
    step = 0
    while True:
        g = yield p
        step += 1
        if g != 0:
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g * g
            root = math.sqrt(1 - betas[1] ** step)
            p -= rate * root / (1 - betas[0] ** step) * m / (math.sqrt(v) + epsilon)


# [recipe fast optimizer: equation]
CASES = [
    (SGD, sgd, {"rate": 0.1}),
    (SGD, sgd, {"rate": 0.1, "weight_decay": 0.2}),
    (SGD, sgd, {"rate": 0.05, "momentum": 0.8, "weight_decay": 0.1}),
    (SGD, sgd, {"rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    (RMSprop, rmsprop, {"rate": 0.02, "decay": 0.9}),
    (RMSprop, rmsprop, {"rate": 0.02, "decay": 0.9, "momentum": 0.7}),
    (RMSprop, rmsprop, {"rate": 0.02, "decay": 0.9, "centered": True, "epsilon": 1e-4}),
    (
        RMSprop,
        rmsprop,
        {
            "rate": 0.02,
            "decay": 0.8,
            "momentum": 0.5,
            "centered": True,
            "epsilon": 1e-4,
        },
    ),
    (AdaGrad, adagrad, {"rate": 0.3}),
    (Adam, adam, {"rate": 0.05, "betas": (0.9, 0.999)}),
    (Adam, adam, {"rate": 0.05, "betas": (0.8, 0.9), "epsilon": 1e-3, "amsgrad": True}),
    (AdamW, adam, {"rate": 0.05, "betas": (0.9, 0.99), "weight_decay": 0.3}),
    (
        AdamW,
        adam,
        {"rate": 0.05, "betas": (0.9, 0.9), "weight_decay": 0.3, "amsgrad": True},
    ),
    (SparseAdam, sparse_adam, {"rate": 0.05, "betas": (0.9, 0.99), "epsilon": 1e-3}),
    (Rprop, rprop, {"rate": 0.05}),
    (Rprop, rprop, {"rate": 0.05, "etas": (0.3, 1.7), "steps": (0.02, 0.2)}),
]
IDS = [f"{case[0].__name__}-{'-'.join(case[2])}" for case in CASES]


def random_gradients(seed=0):
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(STEPS, SIZE)) * 10.0 ** rng.integers(-3, 2, SIZE)
    gradients[::7, 2] = 0.0
    gradients[rng.random(STEPS) < 0.8, 3] = 0.0
    return rng.normal(size=SIZE), gradients


@every_case(("optimizer", "equation", "settings"), CASES, ids=IDS)
def test_each_is_its_equation(optimizer, equation, settings):
    parameters, gradients = random_gradients()
    oracles = [equation(p, **settings) for p in parameters.tolist()]
    assert [next(oracle) for oracle in oracles] == parameters.tolist()
    state = optimizer(**settings).begin(parameters)
    for gradient in gradients:
        state.step(parameters, gradient)
        expected = [oracle.send(g) for oracle, g in zip(oracles, gradient.tolist())]
        assert parameters == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert state.steps == STEPS


def test_every_optimizer_has_an_equation():
    classes = [v for v in vars(synapse.optimizers).values() if isinstance(v, type)]
    built_in = {optimizer for optimizer in classes if issubclass(optimizer, BuiltIn)}
    assert built_in == {tested for tested, *_ in CASES}


def test_rounding_leaves_no_variance_below_0():
    """Constant gradients: the centred mean square and the square of the mean become
    equal, up to rounding."""
    gradient = np.random.default_rng(0).uniform(0.01, 10, 200)
    parameters = np.zeros(200)
    state = RMSprop(rate=0.01, decay=0.9, centered=True, epsilon=1.0).begin(parameters)
    for _ in range(400):
        state.step(parameters, gradient)
    assert (state.mean_square < state.mean**2).any()
    assert state.change == pytest.approx(0.01 * gradient, rel=1e-6)


def torch_optimizer(optimizer, parameter, settings):
    import torch

    names = {"rate": "lr", "epsilon": "eps", "decay": "alpha", "steps": "step_sizes"}
    renamed = {names.get(name, name): value for name, value in settings.items()}
    kind = optimizer.__name__.replace("AdaGrad", "Adagrad")
    return getattr(torch.optim, kind)([parameter], **renamed)


@pytest.mark.torch
@every_case(("optimizer", "equation", "settings"), CASES, ids=IDS)
def test_each_is_torchs(optimizer, equation, settings):
    torch = pytest.importorskip("torch")
    ours, gradients = random_gradients(1)
    theirs = torch.tensor(ours, dtype=torch.float64, requires_grad=True)
    other = torch_optimizer(optimizer, theirs, settings)
    state = optimizer(**settings).begin(ours)
    for gradient in gradients:
        theirs.grad = torch.tensor(gradient)
        if optimizer is SparseAdam:
            theirs.grad = theirs.grad.to_sparse()
        state.step(ours, gradient)
        other.step()
        assert ours == pytest.approx(theirs.detach().numpy(), rel=1e-10, abs=1e-10)


def test_tiny_gradients_have_signs():
    """Their product would underflow to 0."""
    parameters = np.zeros(1)
    state = Rprop(rate=0.5).begin(parameters)
    for _ in range(2):
        state.step(parameters, [1e-200])
    assert parameters == pytest.approx([-0.5 - 0.6])


@every_case(("dtype", "near"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_sparse_adam_is_adam_of_what_has_a_gradient(dtype, near):
    """With every gradient not 0 they differ by epsilon; a parameter without a gradient
    and its memory stay, while the count of steps goes on."""
    sparse, dense = np.zeros(50, dtype), np.zeros(50, dtype)
    ours = SparseAdam(0.1, epsilon=1e-30).begin(sparse)
    theirs = Adam(0.1, epsilon=1e-30).begin(dense)
    for gradient in np.random.default_rng(0).normal(size=(5, 50)):
        ours.step(sparse, gradient)
        theirs.step(dense, gradient)
    assert sparse == pytest.approx(dense, abs=near)
    before = np.vstack([sparse, ours.slots])
    ours.step(sparse, np.where(np.arange(50) < 10, 1.0, 0.0))
    after = np.vstack([sparse, ours.slots])
    assert np.array_equal(after[:, 10:], before[:, 10:])
    assert (after[0, :10] != before[0, :10]).all()
    assert ours.steps == 6
