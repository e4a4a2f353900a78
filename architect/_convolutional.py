"""The convolutional network, whose neurons read small windows and share weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, Literal, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike

from synapse import _checks
from synapse._initializer import Initializer, Seed, draw
from synapse._squash import Squash
from synapse._typing import Floats, Ints
from synapse.errors import TopologyError
from synapse.objects.architectures import register
from synapse.objects.layer import Layer
from synapse.objects.network import Network
from synapse.objects.projection import Projection, between, rows_between
from synapse.objects.tie import tie

from ._recipe import Recipe, checked_sizes, numbered

Size = int | tuple[int, ...]
PADDINGS = ("valid", "same")


@final
@register
class Convolutional(Network):
    """Layers of feature maps, followed by fully connected layers, by LeCun and others
    1989, after Fukushima 1980. ::

        input => convolution 1 => convolution 2 => ... => hidden => output

    A convolution has one neuron for each place and filter. The neuron reads a small
    window of the previous layer, and shares its weights and its bias with the same
    filter's neurons at all other places (:func:`synapse.tie`). There is no pooling, but
    you can make maps smaller by a `stride` above 1.

    Inputs and maps are stored place by place, with the channels of one place next to
    each other. Therefore pass an image of shape (height, width, channels) as
    ``image.reshape(-1)``.

    Parameters
    ----------
    inputs : int, (int,) or (int, int)
        Length of a signal, or height and width of an image.
    outputs : int
        Number of output neurons.
    filters : sequence of int
        Number of filters of each convolution.
    kernel : int, or sequence with one entry per convolution
        Size of the window. An entry is a number or (height, width).
    stride : int, or sequence with one entry per convolution
        Distance between neighbouring windows. An entry is a number or (height, width).
    padding : {"valid", "same"}
        With "valid", windows lie within the layer. With "same" and a stride of 1, a map
        has the shape of the layer that it reads, because windows extend over the edges,
        where nothing is connected.
    channels : int
        Number of channels at each place of the input.
    hidden : sequence of int
        Sizes of fully connected layers between the last convolution and the outputs.
    squash, output_squash : str or Squash
        Activation functions of the hidden neurons and of the outputs.
    initializer, bias_initializer, seed, dtype
        The same as for :class:`Perceptron`. The weights and the bias of a filter are
        drawn once.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size is invalid, or a window is larger than the layer that it reads.

    Examples
    --------
    >>> net = Convolutional((8, 8), 10, filters=(4, 8), stride=(1, 2), seed=0)
    >>> net
    <Convolutional 8x8x1-6x6x4-2x2x8-10, 250 neurons, 2768 connections>
    >>> [kernel.shape for kernel in net.kernels]
    [(4, 3, 3, 1), (8, 3, 3, 4)]
    >>> image = np.random.default_rng(0).random((8, 8))
    >>> net.activate(image.reshape(-1)).shape
    (10,)
    >>> net["convolution 2"].activations.reshape(net.shapes[2]).shape
    (2, 2, 8)
    """

    @_checks.suggests_arguments("architecture")
    def __init__(
        self,
        inputs: int | Sequence[int],
        outputs: int,
        *,
        filters: Sequence[int] = (8, 16),
        kernel: int | Sequence[Size] = 3,
        stride: int | Sequence[Size] = 1,
        padding: Literal["valid", "same"] = "valid",
        channels: int = 1,
        hidden: Sequence[int] = (),
        squash: str | Squash = "relu",
        output_squash: str | Squash = "logistic",
        initializer: str | Initializer = "he",
        bias_initializer: str | Initializer = "zeros",
        seed: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        windows = _checked_windows(inputs, filters, kernel, stride, padding, channels)
        fully = (
            *_checks.listed("hidden of Convolutional", hidden, "a list of sizes"),
            outputs,
        )
        sizes = checked_sizes("Convolutional", fully, 1, "outputs")
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        layers = [recipe.inputs(prod(windows[0].shape))]
        self._convolutions = []
        for i, window in enumerate(windows):
            name = numbered("convolution", i, len(windows))
            layers.append(recipe.layer(window.neurons, squash, name, 0.0))
            connected = _convolve(recipe, layers[-2], layers[-1], window)
            self._convolutions.append((window, *connected))

        for i, size in enumerate(sizes[:-1]):
            name = numbered("hidden", i, len(sizes) - 1)
            layers.append(recipe.layer(size, squash, name, fan_in=len(layers[-1])))
        fan_in = len(layers[-1])
        layers.append(recipe.layer(sizes[-1], output_squash, "output", fan_in=fan_in))
        for source, target in pairwise(layers[len(windows) :]):
            recipe.connect(source, target)
        super().__init__(layers[0], layers[1:-1], layers[-1])

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments from which this network can be made again."""
        windows = [window for window, _, _ in self._convolutions]
        return {
            "inputs": windows[0].shape[:-1],
            "channels": windows[0].shape[-1],
            "padding": PADDINGS[windows[0].same],
            "filters": [window.filters for window in windows],
            "kernel": [list(window.kernel) for window in windows],
            "stride": [list(window.stride) for window in windows],
        }

    @classmethod
    def find_parts(
        cls, layers: Sequence[Layer], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the convolutions, each with its window, its projection, and the first
        connection of each shared weight.
        """
        arguments = ("inputs", "filters", "kernel", "stride", "padding", "channels")
        windows = _checked_windows(*(settings.get(name) for name in arguments))
        sizes = [prod(windows[0].shape), *(window.neurons for window in windows)]
        if sizes != [len(layer) for layer in layers[: len(sizes)]]:
            raise TopologyError(
                f"The layers of these convolutions must be of {sizes} neurons."
            )
        neighbours = pairwise(layers[: len(sizes)])
        convolutions = [
            (window, *_find_again(source, target, window))
            for window, (source, target) in zip(windows, neighbours, strict=True)
        ]
        return {"_convolutions": convolutions}

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the inputs and of each map, with the channels or filters last.

        Like :attr:`kernels`, it raises TopologyError if neurons or connections of the
        convolutions have been added or removed.
        """
        windows = [window for window, _, _ in self.parts["_convolutions"]]
        return [windows[0].shape, *(window.maps for window in windows)]

    @property
    def kernels(self) -> tuple[Floats, ...]:
        """Weights of each convolution, shape (filters, length, channels) or (filters,
        height, width, channels), as read-only copies. Setting them as a whole sets
        every connection that shares a weight.
        """
        arrays = [
            projection.weights[representatives].reshape(window.kernels)
            for window, projection, representatives in self.parts["_convolutions"]
        ]
        return tuple(_checks.read_only(array.astype(np.float64)) for array in arrays)

    @kernels.setter
    def kernels(self, values: Sequence[ArrayLike]) -> None:
        count = _checks.pluralize(len(self._convolutions), "array")
        condition = f"{count}, one for each convolution"
        values = _checks.listed("kernels", values, condition)
        _checks.require(
            len(values) == len(self._convolutions), "kernels", condition, len(values)
        )

        # All arrays are checked before the first weight changes.
        arrays = []
        for value, (window, _, _) in zip(values, self._convolutions, strict=True):
            array = _checks.finite_array("kernels", value, self.dtype)
            _checks.require(
                array.shape == window.kernels,
                "kernels",
                f"finite numbers of shape {window.kernels}",
                array.shape,
            )
            arrays.append(array)

        for array, (_, projection, representatives) in zip(
            arrays, self.parts["_convolutions"], strict=True
        ):
            projection.weights[representatives] = array.reshape(-1)

    def __repr__(self) -> str:
        try:
            maps = ["x".join(map(str, shape)) for shape in self.shapes]
        except TopologyError:  # it has been edited
            return super().__repr__()
        sizes = [str(len(layer)) for layer in self.layers[len(maps) :]]
        return self._described("-".join([*maps, *sizes]))


class _Window(NamedTuple):
    """The windows that the neurons of a convolution read."""

    shape: tuple[int, ...]  # of the layer before, channels last
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    same: bool
    filters: int

    @property
    def places(self) -> tuple[int, ...]:
        """Number of places along each axis."""
        # The shape has the channels as one entry more; zip leaves them out.
        axes = zip(self.shape, self.kernel, self.stride, strict=False)
        return tuple(
            -(-length // step) if self.same else (length - size) // step + 1
            for length, size, step in axes
        )

    @property
    def maps(self) -> tuple[int, ...]:
        """Shape of the maps, with the filters last."""
        return (*self.places, self.filters)

    @property
    def neurons(self) -> int:
        """Number of neurons in the convolution."""
        return prod(self.maps)

    @property
    def kernels(self) -> tuple[int, ...]:
        """Shape of the distinct weights."""
        return (self.filters, *self.kernel, self.shape[-1])

    @property
    def max_connections(self) -> int:
        """Number of connections if no window extended over an edge. At least a quarter
        of them exist.
        """
        return self.neurons * prod(self.kernels[1:])

    def connections(self) -> tuple[Ints, Ints, Ints]:
        """Return each connection's source, target and shared weight by their numbers,
        neuron by neuron.
        """
        # The neurons of the layer before, by place, with -1 all around them.
        axes = len(self.kernel)
        edges = [(0, 0)]
        for axis in reversed(range(axes)):
            reach = (self.places[axis] - 1) * self.stride[axis] + self.kernel[axis]
            beyond = max(reach - self.shape[axis], 0)
            edges.insert(0, (beyond // 2, beyond - beyond // 2))
        index = np.pad(
            np.arange(prod(self.shape)).reshape(self.shape), edges, constant_values=-1
        )

        # The windows at every place, then at each `stride`-th; channels last.
        windows_at_all = np.lib.stride_tricks.sliding_window_view(
            index, self.kernel, tuple(range(axes))
        )
        strides = tuple(slice(None, None, step) for step in self.stride)
        windows = np.moveaxis(windows_at_all[strides], axes, -1)

        # Axes: place, filter, position in the window.
        sources = windows.reshape(prod(self.places), 1, -1)
        targets = np.arange(self.neurons).reshape(-1, self.filters, 1)
        weights = np.arange(prod(self.kernels)).reshape(1, self.filters, -1)
        source, target, weight = np.broadcast_arrays(sources, targets, weights)

        # Nothing is connected over the edges.
        inside = source >= 0
        return source[inside], target[inside], weight[inside]


def _convolve(
    recipe: Recipe, source: Layer, target: Layer, window: _Window
) -> tuple[Projection, Ints]:
    """Connect two layers, and return the projection with the first connection of each
    shared weight.
    """
    sources, targets, weight_numbers = window.connections()

    # Each shared weight and each bias is drawn once, weights before biases.
    rng = recipe.rng
    fans = (prod(window.kernels[1:]), prod(window.kernels[:-1]))
    shape = (fans[0], window.filters)
    kernels = draw(recipe.initializer, rng, shape, *fans, recipe.dtype)
    biases = draw(recipe.bias_initializer, rng, shape[1:], *fans, recipe.dtype)

    weights = kernels.T.reshape(-1)[weight_numbers]
    projection = source.project(target, (sources, targets), weights=weights)
    filters = np.arange(len(target)) % window.filters
    target.biases = biases[filters]
    tie(projection, groups=weight_numbers)
    tie(target, groups=filters)
    return projection, np.unique(weight_numbers, return_index=True)[1]


def _find_again(
    source: Layer, target: Layer, window: _Window
) -> tuple[Projection, Ints]:
    """Find the result of :func:`_convolve` again in a network."""
    # Settings come from files, so this is asked before arrays of that size are made.
    if window.max_connections > 4 * len(rows_between(source, target)):
        raise TopologyError(
            f"There are too few connections for windows of {window.kernel}."
        )
    sources, targets, weight_numbers = window.connections()
    projection = between(source, target, (sources, targets))
    return projection, np.unique(weight_numbers, return_index=True)[1]


# --- arguments ------------------------------------------------------------------------


def _checked_windows(
    inputs: Any, filters: Any, kernel: Any, stride: Any, padding: Any, channels: Any
) -> list[_Window]:
    """Check the arguments and return the windows of all convolutions."""
    _checks.choice("padding of Convolutional", padding, PADDINGS)
    places = _sizes("inputs of Convolutional", inputs)
    _checks.require(
        len(places) <= 2,
        "inputs of Convolutional",
        "a length, or height and width",
        inputs,
    )
    counts = _sizes("filters of Convolutional", filters)
    axes = len(places)
    depth = _checks.positive_integer(
        "channels of Convolutional", channels, _checks.MAX_NEURONS
    )
    kernels = _per_layer("kernel of Convolutional", kernel, len(counts), axes)
    strides = _per_layer("stride of Convolutional", stride, len(counts), axes)

    # The maps of each convolution are the layer that the next one reads.
    shape = (*places, depth)
    windows = []
    for count, size, step in zip(counts, kernels, strides, strict=True):
        _checks.require(
            all(length <= room for length, room in zip(size, shape, strict=False)),
            "kernel of Convolutional",
            f"at most {shape[:-1]}, the size of the layer it reads",
            size,
        )
        window = _Window(shape, size, step, padding == "same", count)
        _checks.require(
            window.neurons <= _checks.MAX_NEURONS
            and window.max_connections <= _checks.MAX_CONNECTIONS,
            "A convolution",
            f"of at most {_checks.MAX_NEURONS} neurons and {_checks.MAX_CONNECTIONS}"
            " connections",
            window.maps,
        )
        windows.append(window)
        shape = window.maps
    return windows


def _sizes(title: str, entry: Any) -> tuple[int, ...]:
    """Return one or several numbers as a tuple."""
    sizes = (entry,)
    if _several(entry):
        sizes = tuple(_checks.listed(title, entry, "one number or more"))
    _checks.require(sizes, title, "one number or more", entry)
    maximum = _checks.MAX_NEURONS
    return tuple(_checks.positive_integer(title, size, maximum) for size in sizes)


def _several(entry: Any) -> bool:
    """Return whether an entry is a list of numbers instead of one."""
    if isinstance(entry, np.ndarray):
        return entry.ndim > 0
    return isinstance(entry, Sequence)


def _per_layer(
    title: str, option: Any, layers: int, axes: int
) -> Iterator[tuple[int, ...]]:
    """Yield a size for each layer, with one number per axis."""
    entries = [option] * layers
    if _several(option):
        entries = _checks.listed(title, option, "a number or a list")
    _checks.require(
        len(entries) == layers,
        title,
        f"a number, or a list of {layers}, one for each convolution",
        option,
    )
    for entry in entries:
        sizes = _sizes(title, entry)
        _checks.require(
            len(sizes) in (1, axes),
            title,
            f"at most {_checks.pluralize(axes, 'number')} for a convolution",
            entry,
        )
        yield sizes * axes if len(sizes) == 1 else sizes
