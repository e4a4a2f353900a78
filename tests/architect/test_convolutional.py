"""The convolutional network: a few lines of NumPy, PyTorch's convolutions, and what its kernels are."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, initializers, optimizers
from synapse.errors import ArgumentError, KindError, UnknownNameError

WIDE = initializers.uniform(0.5)
OPTIONS = {"squash": "tanh", "initializer": WIDE, "bias_initializer": WIDE, "seed": 1}
SORTS = {
    "1-D": lambda: architect.Convolutional(9, 2, filters=(3, 4), **OPTIONS),
    "1-D, same": lambda: architect.Convolutional((7,), 2, filters=(3, 2), padding="same", **OPTIONS),
    "1-D, strides": lambda: architect.Convolutional(
        20, 2, filters=(3, 4), kernel=(5, 4), stride=(2, 3), channels=2, **OPTIONS
    ),
    "2-D": lambda: architect.Convolutional((6, 7), 3, filters=(3, 4), hidden=(5,), **OPTIONS),
    "2-D, channels": lambda: architect.Convolutional((5, 6), 2, filters=(4,), channels=3, **OPTIONS),
    "2-D, same": lambda: architect.Convolutional((4, 5), 2, filters=(2, 3), padding="same", **OPTIONS),
    "2-D, same, even": lambda: architect.Convolutional(
        (4, 5), 2, filters=(2,), kernel=4, padding="same", **OPTIONS
    ),
    "2-D, oblong": lambda: architect.Convolutional(
        (9, 8), 2, filters=(2, 3), kernel=((2, 3), 2), stride=((1, 2), (2, 1)), **OPTIONS
    ),
}
by_sort = pytest.mark.parametrize("sort", SORTS)
STRIDES = {"1-D, strides": [(2,), (3,)], "2-D, oblong": [(1, 2), (2, 1)]}


def images(net, count=6, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, len(net.input)))


def targets(net, count=6, seed=1):
    return np.random.default_rng(seed).random((count, len(net.output)))


# --- a few lines of NumPy ----------------------------------------------------------------------------


def convolved(maps, kernel, bias, stride, same):
    """Every window of the maps (places ..., channels) times every filter."""
    axes = kernel.ndim - 2
    if same:
        size = np.array(kernel.shape[1:-1])
        width = np.array(maps.shape[:-1])
        over = np.maximum((-(-width // stride) - 1) * stride + size - width, 0)
        maps = np.pad(maps, [*((o // 2, o - o // 2) for o in over), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(maps, kernel.shape[1:-1], axis=tuple(range(axes)))
    windows = windows[tuple(slice(None, None, s) for s in stride)]  # places ..., channels, kernel ...
    letters = "xy"[:axes]
    return np.einsum(f"...c{letters},f{letters}c->...f", windows, kernel) + bias


def logistic(state):
    return 1.0 / (1.0 + np.exp(-state))


def outputs_by_numpy(net, row, strides, same):
    maps = row.reshape(net.shapes[0])
    for i, (kernel, stride) in enumerate(zip(net.kernels, strides, strict=True)):
        layer = net.layers[1 + i]
        maps = np.tanh(convolved(maps, kernel, layer.biases[: len(kernel)], np.array(stride), same))
        assert maps.shape == net.shapes[1 + i]
    shown = maps.reshape(-1)
    dense = net.layers[1 + len(strides) :]
    for layer in dense:
        matrix = np.array([[link.weight for link in neuron.incoming] for neuron in layer])
        state = matrix @ shown + layer.biases
        shown = logistic(state) if layer is net.output else np.tanh(state)
    return shown


@by_sort
def test_it_is_a_convolution(sort):
    net = SORTS[sort]()
    axes = len(net.shapes[0]) - 1
    strides = STRIDES.get(sort, [(1,) * axes] * len(net.kernels))
    for row in images(net):
        theirs = outputs_by_numpy(net, row, strides, "same" in sort)
        assert net.activate(row) == pytest.approx(theirs, abs=1e-12)


def test_same_with_a_stride():
    """As Keras lays the windows: as many places as fit strides, padded evenly, the odd one at the end."""
    net = architect.Convolutional((5, 8), 1, filters=(2,), kernel=3, stride=2, padding="same", **OPTIONS)
    assert net.shapes == [(5, 8, 1), (3, 4, 2)]
    for row in images(net):
        theirs = outputs_by_numpy(net, row, [(2, 2)], True)
        assert net.activate(row) == pytest.approx(theirs, abs=1e-12)


# --- what is shared -----------------------------------------------------------------------------------


@by_sort
def test_learning_keeps_kernels_and_biases_shared(sort):
    net = SORTS[sort]()
    rows, aims = images(net), targets(net)
    before = net.kernels
    Trainer(net, rate=0.2).train(rows, aims, epochs=3, progress=False, seed=0)
    Trainer(net, method="bptt", optimizer=optimizers.Adam(0.01)).train(
        rows, aims, epochs=3, progress=False, seed=0
    )
    for old, new in zip(before, net.kernels, strict=True):
        assert np.abs(new - old).min() > 0
    for layer, shape in zip(net.layers[1:], net.shapes[1:], strict=False):
        biases = layer.biases.reshape(-1, shape[-1])
        assert (biases == biases[0]).all()
    sort_again = [
        np.unique([c.weight for c in net.connections if c.target in set(layer)]).size
        for layer in net.layers[1 : 1 + len(before)]
    ]
    assert sort_again == [kernel.size for kernel in before]


@by_sort
def test_a_step_of_the_online_rule_is_the_gradient(sort):
    net = SORTS[sort]()
    row, aim = images(net)[0], targets(net)[0]
    found = gradient(net, [row], [aim], "squared_error")
    weights, biases = net.weights, net.biases
    net.activate(row)
    net.propagate(0.5, aim, "squared_error")
    assert net.weights == pytest.approx(weights - 0.5 * found.weights, abs=1e-12)
    assert net.biases == pytest.approx(biases - 0.5 * found.biases, abs=1e-12)


def test_kernels_are_seen_and_set():
    net = SORTS["2-D, channels"]()
    (kernel,) = net.kernels
    assert kernel.shape == (4, 3, 3, 3)
    edge = np.zeros_like(kernel)
    edge[1, :, 0, :], edge[1, :, 2, :] = 1.0, -1.0
    net.kernels = [edge]
    assert net.kernels[0].tolist() == edge.tolist()
    image = images(net, 1)[0].reshape(net.shapes[0])
    net.activate(image.reshape(-1))
    layer = net["convolution"]
    states = layer.states.reshape(net.shapes[1]) - layer.biases[:4]
    assert states[2, 1, 1] == pytest.approx((image[2:5, 1] - image[2:5, 3]).sum(), abs=1e-12)
    assert states[..., 0] == pytest.approx(0.0)
    with pytest.raises(ValueError, match="read-only"):
        kernel[:] = 9.0


def test_one_weight_of_a_kernel():
    net = SORTS["2-D"]()
    net["convolution 1"][0].incoming[4].weight = 0.75
    assert net.kernels[0][0, 1, 1, 0] == 0.75
    net["convolution 1"][0].incoming[4].trainable = False
    Trainer(net, rate=0.2).train(images(net), targets(net), epochs=2, progress=False, seed=0)
    assert net.kernels[0][0, 1, 1, 0] == 0.75


def test_a_twin_keeps_what_is_shared():
    net = SORTS["2-D"]()
    twin = net.clone()
    assert twin.name == "Convolutional"
    for one in (net, twin):
        Trainer(one, rate=0.2).train(images(net), targets(net), epochs=2, shuffle=False, progress=False)
    assert twin.weights.tobytes() == net.weights.tobytes()
    assert len(twin["convolution 1"][0].incoming[0].tied) == 4 * 5 - 1


# --- how it is built ----------------------------------------------------------------------------------


def test_names_shapes_and_repr():
    net = architect.Convolutional((8, 8), 10, filters=(4, 8), stride=(1, 2), hidden=(20, 15), seed=0)
    assert repr(net) == "<Convolutional 8x8x1-6x6x4-2x2x8-20-15-10, 285 neurons, 3538 connections>"
    names = ["input", "convolution 1", "convolution 2", "hidden 1", "hidden 2", "output"]
    assert [layer.name for layer in net.layers] == names
    assert net.shapes == [(8, 8, 1), (6, 6, 4), (2, 2, 8)]
    alone = architect.Convolutional(5, 1, filters=2, hidden=(3,), seed=0)
    assert [layer.name for layer in alone.layers] == ["input", "convolution", "hidden", "output"]
    assert [layer.squash.name for layer in alone.layers] == ["identity", "relu", "relu", "logistic"]


def test_a_seed_fixes_it():
    nets = [architect.Convolutional(6, 2, filters=(3,), seed=seed) for seed in (7, 7, 8)]
    assert nets[0].weights.tolist() == nets[1].weights.tolist()
    assert nets[0].weights.tolist() != nets[2].weights.tolist()


def test_weights_begin_by_the_number_of_sources():
    net = architect.Convolutional((12, 12), 2, filters=(64, 64), kernel=5, seed=0)
    for kernel, sources in zip(net.kernels, (25, 25 * 64), strict=True):
        assert kernel.std() == pytest.approx(np.sqrt(2.0 / sources), rel=0.05)
    assert not net.biases[: -len(net.output)].any()


def test_single_precision():
    net = architect.Convolutional(6, 2, filters=(3,), dtype="float32", **OPTIONS)
    twin = architect.Convolutional(6, 2, filters=(3,), **OPTIONS)
    assert net.weights.dtype == np.float32
    rows = images(net)
    assert net.run(rows) == pytest.approx(twin.run(rows), abs=1e-6)


BAD = {
    "no filters": ({"filters": ()}, ArgumentError, "filters"),
    "a filter of 0": ({"filters": (0,)}, ArgumentError, "filters"),
    "half a filter": ({"filters": (1.5,)}, KindError, "filters"),
    "three axes": ({"inputs": (4, 4, 4)}, ArgumentError, "a length, or height and width"),
    "no inputs": ({"inputs": ()}, ArgumentError, "inputs"),
    "inputs of text": ({"inputs": "8x8"}, KindError, "inputs"),
    "no outputs": ({"outputs": 0}, ArgumentError, "layer size"),
    "a hidden layer of 0": ({"hidden": (0,)}, ArgumentError, "layer size"),
    "a wide kernel": ({"kernel": 7}, ArgumentError, r"at most \(6, 6\)"),
    "a kernel too wide for the second": ({"kernel": 4}, ArgumentError, r"at most \(3, 3\).* got \(4, 4\)"),
    "a kernel for each of three": ({"kernel": (3, 3, 3)}, ArgumentError, "one a convolution"),
    "a kernel of three axes": ({"kernel": ((3, 3, 3), 3)}, ArgumentError, "2 numbers"),
    "a stride of 0": ({"stride": 0}, ArgumentError, "stride"),
    "another padding": ({"padding": "full"}, ArgumentError, "'valid' or 'same'"),
    "no channels": ({"channels": 0}, ArgumentError, "channels"),
    "an unknown squash": ({"squash": "rely"}, UnknownNameError, "rely"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_built(case):
    options, error, sentence = BAD[case]
    arguments = {"inputs": (6, 6), "outputs": 2, "filters": (2, 2), **options}
    with pytest.raises(error, match=sentence):
        architect.Convolutional(**arguments)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([np.zeros((3, 3))], ArgumentError),
        ([np.zeros((2, 3, 1)), np.zeros((2, 3, 3))], ArgumentError),
        ([np.zeros((2, 3, 1)), np.full((2, 3, 2), np.nan)], ArgumentError),
        ([np.zeros((2, 3, 1)), "abc"], KindError),
        (3, KindError),
    ],
)
def test_kernels_that_do_not_fit(values, error):
    net = architect.Convolutional(8, 1, filters=(2, 2), seed=0)
    before = net.weights
    with pytest.raises(error, match="kernels"):
        net.kernels = values
    assert net.weights.tolist() == before.tolist()


# --- PyTorch ------------------------------------------------------------------------------------------


class Peer:
    """Convolutions of PyTorch with the numbers of a network."""

    def __init__(self, net, strides, padding):
        torch = pytest.importorskip("torch")
        self.torch, self.net, self.axes = torch, net, len(net.shapes[0]) - 1
        make = torch.nn.Conv1d if self.axes == 1 else torch.nn.Conv2d
        self.convolutions, self.linears = [], []
        for i, (kernel, stride) in enumerate(zip(net.kernels, strides, strict=True)):
            size = kernel.shape[1:-1]
            module = make(kernel.shape[-1], len(kernel), size, stride, padding=padding, dtype=torch.float64)
            self._give(module.weight, np.moveaxis(kernel, -1, 1))
            self._give(module.bias, net.layers[1 + i].biases[: len(kernel)])
            self.convolutions.append(module)
        for layer in net.layers[1 + len(strides) :]:
            matrix = np.array([[link.weight for link in neuron.incoming] for neuron in layer])
            module = torch.nn.Linear(*matrix.shape[::-1], dtype=torch.float64)
            self._give(module.weight, matrix)
            self._give(module.bias, layer.biases)
            self.linears.append(module)

    def _give(self, parameter, values):
        with self.torch.no_grad():
            parameter.copy_(self.torch.tensor(values))

    def __call__(self, rows):
        torch = self.torch
        maps = torch.tensor(rows).reshape(len(rows), *self.net.shapes[0]).movedim(-1, 1)
        for module in self.convolutions:
            maps = torch.tanh(module(maps))
        shown = maps.movedim(1, -1).flatten(1)
        for module in self.linears[:-1]:
            shown = torch.tanh(module(shown))
        return torch.sigmoid(self.linears[-1](shown))

    def parameters(self):
        return [one for module in (*self.convolutions, *self.linears) for one in module.parameters()]

    def loss(self, rows, aims):
        return 0.5 * ((self(rows) - self.torch.tensor(aims)) ** 2).sum()


TORCH = [sort for sort in SORTS if not ("same" in sort and "even" in sort)]


def peer_of(sort):
    net = SORTS[sort]()
    strides = STRIDES.get(sort, [(1,) * (len(net.shapes[0]) - 1)] * len(net.kernels))
    return net, Peer(net, strides, "same" if "same" in sort else "valid")


@pytest.mark.torch
@pytest.mark.parametrize("sort", TORCH)
def test_outputs_and_gradients_are_those_of_torch(sort):
    net, peer = peer_of(sort)
    rows, aims = images(net), targets(net)
    assert net.run(rows) == pytest.approx(peer(rows).detach().numpy(), abs=1e-12)
    peer.loss(rows, aims).backward()
    found = gradient(net, rows, aims, "squared_error")
    slopes = dict(zip(net.connections, found.weights, strict=True))
    places = dict(zip(net, found.biases, strict=True))
    for layer, module in zip(net.layers[1:], [*peer.convolutions, *peer.linears], strict=True):
        theirs = module.weight.grad.numpy()
        biases = [places[neuron] for neuron in layer][: len(module.bias)]
        assert biases == pytest.approx(module.bias.grad.numpy(), abs=1e-10)
        if module in peer.convolutions:
            central = neuron_that_sees_all(net, layer)
            ours = [[slopes[c] for c in neuron.incoming] for neuron in central]
            theirs = np.moveaxis(theirs, 1, -1).reshape(len(theirs), -1)
        else:
            ours = [[slopes[c] for c in neuron.incoming] for neuron in layer]
        assert np.array(ours) == pytest.approx(theirs, abs=1e-10)


def neuron_that_sees_all(net, layer):
    """The neurons of a place whose window lies within the layer before."""
    index = net.layers.index(layer)
    filters, whole = net.kernels[index - 1].shape[0], net.kernels[index - 1][0].size
    for first in range(0, len(layer), filters):
        if len(layer[first].incoming) == whole:
            return layer[first : first + filters]
    raise AssertionError("no window lies within")


@pytest.mark.torch
@pytest.mark.parametrize("sort", ["1-D", "2-D", "2-D, same"])
def test_adam_moves_it_as_torch_does(sort):
    net, peer = peer_of(sort)
    rows, aims = images(net, 8), targets(net, 8)
    optimizer = peer.torch.optim.Adam(peer.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        (peer.loss(rows, aims) / len(rows)).backward()
        optimizer.step()
    trainer = Trainer(net, method="bptt", optimizer=optimizers.Adam(0.01), cost="squared_error", batch_size=8)
    trainer.train(rows, aims, epochs=20, progress=False, seed=0)
    assert net.run(rows) == pytest.approx(peer(rows).detach().numpy(), abs=1e-8)
    for kernel, module in zip(net.kernels, peer.convolutions, strict=True):
        theirs = np.moveaxis(module.weight.detach().numpy(), 1, -1)
        assert kernel == pytest.approx(theirs, abs=1e-8)


@pytest.mark.torch
@pytest.mark.filterwarnings("default")
def test_it_goes_to_torch_and_comes_back():
    torch = pytest.importorskip("torch")
    net = SORTS["2-D"]()
    rows = images(net)
    module = synapse.to_torch(net)
    dense = 5 * (2 * 3 * 4 + 1) + 3 * (5 + 1)
    biases_of_inputs = len(net.input)
    kernels = sum(kernel.size + len(kernel) for kernel in net.kernels)
    assert sum(one.numel() for one in module.parameters()) == kernels + dense + biases_of_inputs
    assert module(torch.tensor(rows)).detach().numpy() == pytest.approx(net.run(rows), abs=1e-12)
    with torch.no_grad():
        module.weight *= 0.5
    synapse.from_torch(module, net)
    assert module(torch.tensor(rows)).detach().numpy() == pytest.approx(net.run(rows), abs=1e-12)
