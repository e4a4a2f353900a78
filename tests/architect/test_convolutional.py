"""The convolutional network: a few lines of NumPy, and what its kernels are."""

import numpy as np
import pytest

import architect
from synapse import gradient, initializers
from synapse.errors import ArgumentError, ArgumentTypeError
from tests.helpers.cases import Cases, every_case

from .helpers import logistic

WIDE = initializers.uniform(0.5)
OPTIONS = {"squash": "tanh", "initializer": WIDE, "bias_initializer": WIDE, "seed": 1}
SORTS = {
    "1-D": lambda: architect.Convolutional(9, 2, filters=(3, 4), **OPTIONS),
    "1-D, same": lambda: architect.Convolutional(
        (7,), 2, filters=(3, 2), padding="same", **OPTIONS
    ),
    "1-D, strides": lambda: architect.Convolutional(
        20, 2, filters=(3, 4), kernel=(5, 4), stride=(2, 3), channels=2, **OPTIONS
    ),
    "2-D": lambda: architect.Convolutional(
        (6, 7), 3, filters=(3, 4), hidden=(5,), **OPTIONS
    ),
    "2-D, channels": lambda: architect.Convolutional(
        (5, 6), 2, filters=(4,), channels=3, **OPTIONS
    ),
    "2-D, same": lambda: architect.Convolutional(
        (4, 5), 2, filters=(2, 3), padding="same", **OPTIONS
    ),
    "2-D, same, even": lambda: architect.Convolutional(
        (4, 5), 2, filters=(2,), kernel=4, padding="same", **OPTIONS
    ),
    "2-D, oblong": lambda: architect.Convolutional(
        (9, 8),
        2,
        filters=(2, 3),
        kernel=((2, 3), 2),
        stride=((1, 2), (2, 1)),
        **OPTIONS,
    ),
    "2-D, same, strides": lambda: architect.Convolutional(
        (5, 8), 1, filters=(2,), kernel=3, stride=2, padding="same", **OPTIONS
    ),
    "1-D, same, gaps between windows": lambda: architect.Convolutional(
        (5,), 1, filters=(2,), kernel=1, stride=3, padding="same", **OPTIONS
    ),
}
STRIDES = {
    "1-D, strides": [(2,), (3,)],
    "2-D, oblong": [(1, 2), (2, 1)],
    "2-D, same, strides": [(2, 2)],
    "1-D, same, gaps between windows": [(3,)],
}


def images(net, count=6, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, len(net.input)))


def convolved(maps, kernel, bias, stride, same):
    """Every window of the maps (places ..., channels) times every filter.

    With `same` as Keras lays them: as many as fit strides, padded evenly, the odd one
    at the end."""
    axes = kernel.ndim - 2
    if same:
        size = np.array(kernel.shape[1:-1])
        width = np.array(maps.shape[:-1])
        over = np.maximum((-(-width // stride) - 1) * stride + size - width, 0)
        maps = np.pad(maps, [*((o // 2, o - o // 2) for o in over), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(
        maps, kernel.shape[1:-1], axis=tuple(range(axes))
    )
    # places ..., channels, kernel ...
    windows = windows[tuple(slice(None, None, s) for s in stride)]
    letters = "xy"[:axes]
    return np.einsum(f"...c{letters},f{letters}c->...f", windows, kernel) + bias


def outputs_by_numpy(net, row, strides, same):
    maps = row.reshape(net.shapes[0])
    layers = net.layers[1:]
    for i, (kernel, stride) in enumerate(zip(net.kernels, strides, strict=True)):
        biases = layers[i].biases[: len(kernel)]
        maps = np.tanh(convolved(maps, kernel, biases, np.array(stride), same))
        assert maps.shape == net.shapes[1 + i]
    shown = maps.reshape(-1)
    for layer in layers[len(strides) :]:
        weights = [[link.weight for link in neuron.incoming] for neuron in layer]
        state = np.array(weights) @ shown + layer.biases
        shown = logistic(state) if layer is net.output else np.tanh(state)
    return shown


@pytest.mark.full
def test_it_is_a_convolution():
    with Cases() as case:
        for sort, make in SORTS.items():
            net = make()
            axes = len(net.shapes[0]) - 1
            strides = STRIDES.get(sort, [(1,) * axes] * len(net.kernels))
            for row in images(net):
                theirs = outputs_by_numpy(net, row, strides, "same" in sort)
                with case(sort):
                    assert net.activate(row) == pytest.approx(theirs, abs=1e-12)


@every_case("sort", SORTS)
def test_an_online_step_is_the_gradient_and_keeps_kernels_and_biases_shared(sort):
    net = SORTS[sort]()
    row = images(net)[0]
    aim = np.linspace(0, 1, len(net.output))
    gradients = gradient(net, [row], [aim], "squared_error")
    weights = net.weights - 0.5 * gradients.weights
    biases = net.biases - 0.5 * gradients.biases
    net.activate(row)
    net.propagate(0.5, aim, "squared_error")
    assert net.weights == pytest.approx(weights, abs=1e-12)
    assert net.biases == pytest.approx(biases, abs=1e-12)
    for layer, shape, kernel in zip(net.layers[1:], net.shapes[1:], net.kernels):
        biases = layer.biases.reshape(-1, shape[-1])
        assert (biases == biases[0]).all()
        weights = {link.weight for neuron in layer for link in neuron.incoming}
        assert len(weights) == kernel.size


def test_kernels_are_seen_and_set():
    net = SORTS["2-D, channels"]()
    (kernel,) = net.kernels
    assert kernel.shape == (4, 3, 3, 3)
    edge = np.zeros_like(kernel)
    edge[1, :, 0, :] = 1.0
    edge[1, :, 2, :] = -1.0
    net.kernels = [edge]
    assert net.kernels[0].tolist() == edge.tolist()
    image = images(net, 1)[0].reshape(net.shapes[0])
    net.activate(image.reshape(-1))
    layer = net["convolution"]
    states = layer.states.reshape(net.shapes[1]) - layer.biases[:4]
    difference = (image[2:5, 1] - image[2:5, 3]).sum()
    assert states[2, 1, 1] == pytest.approx(difference, abs=1e-12)
    assert states[..., 0] == pytest.approx(0.0)
    with pytest.raises(ValueError, match="read-only"):
        kernel[:] = 9.0


@pytest.mark.parametrize(
    ("says", "changed"),
    [
        ("a length, or height and width", {"inputs": (4, 4, 4)}),
        ("filters", {"filters": ()}),
        (r"at most \(6, 6\)", {"kernel": 7}),
        (r"at most \(3, 3\).* got \(4, 4\)", {"kernel": 4}),  # too wide for the second
        ("one for each convolution", {"kernel": (3, 3, 3)}),
        ("2 numbers", {"kernel": ((3, 3, 3), 3)}),
        ("'valid' or 'same'", {"padding": "full"}),
    ],
)
def test_what_cannot_be_built(says, changed):
    fits = {"inputs": (6, 6), "outputs": 2, "filters": (2, 2)}
    with pytest.raises(ArgumentError, match=says):
        architect.Convolutional(**fits | changed)


def test_kernels_that_do_not_fit():
    net = architect.Convolutional(8, 1, filters=(2, 2), seed=0)
    before = net.weights
    kernel = np.zeros((2, 3, 1))
    for values in (
        [kernel],
        [kernel, np.zeros((2, 3, 3))],
        [kernel, np.full((2, 3, 2), np.nan)],
        [kernel, "abc"],
    ):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="kernels"):
            net.kernels = values
        assert net.weights.tolist() == before.tolist()
