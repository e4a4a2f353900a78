"""The convolutional network: neurons that read a small window and share its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike

from synapse import Layer, Network, Projection, _checks, tie
from synapse._typing import Floats, Ints
from synapse.errors import ArgumentError, TopologyError
from synapse.initializers import Initializer, Seed, draw
from synapse.objects.architectures import register
from synapse.objects.projection import between, rows_between
from synapse.squash import Squash

from ._recipe import Recipe, checked_sizes, numbered

Size = int | tuple[int, ...]
PADDINGS = ("valid", "same")


@final
@register
class Convolutional(Network):
    """Layers of feature maps, then fully connected layers: LeCun and others 1989, after
    Fukushima 1980. ::

        input => convolution 1 => convolution 2 => ... => hidden => output

    A convolution has one neuron for each place and filter. The neuron reads a small
    window of the previous layer, and shares its weights and its bias with the neurons
    of the same filter at all other places (:func:`synapse.tie`). There is no pooling; a
    `stride` above 1 makes maps smaller.

    Inputs and maps are stored place by place, with the channels of one place next to
    each other: pass an image of shape (height, width, channels) as
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
        Size of the window; an entry is a number or (height, width).
    stride : int, or sequence with one entry per convolution
        Distance between neighbouring windows; an entry is a number or (height, width).
    padding : {"valid", "same"}
        With "valid", windows lie within the layer. With "same" and a stride of 1, a map
        has the shape of the layer it reads; windows extend over the edges, where
        nothing is connected.
    channels : int
        Number of channels at each place of the input.
    hidden : sequence of int
        Sizes of fully connected layers between the last convolution and the outputs.
    squash, output_squash : str or Squash
        Activation functions of the hidden neurons and of the outputs.
    initializer, bias_initializer, seed, dtype
        As for :class:`Perceptron`; weights and biases of a filter are drawn once.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a size cannot be used, or a window is larger than the layer it reads.

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

    @_checks.understands("architecture")
    def __init__(
        self,
        inputs: Size,
        outputs: int,
        *,
        filters: Sequence[int] = (8, 16),
        kernel: int | Sequence[Size] = 3,
        stride: int | Sequence[Size] = 1,
        padding: str = "valid",
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
            *_checks.listed("The hidden of Convolutional", hidden, "a list of sizes"),
            outputs,
        )
        sizes = checked_sizes("Convolutional", fully, 1, "outputs")
        recipe = Recipe(
            seed, initializer, bias_initializer, dtype, squash, output_squash
        )
        layers = [recipe.inputs(prod(windows[0].shape))]
        self._convolutions = []
        for i, window in enumerate(windows):
            layers.append(
                recipe.layer(
                    window.neurons,
                    squash,
                    numbered("convolution", i, len(windows)),
                    0.0,
                )
            )
            self._convolutions.append(
                (window, *_convolve(recipe, layers[-2], layers[-1], window))
            )
        for i, size in enumerate(sizes[:-1]):
            name = numbered("hidden", i, len(sizes) - 1)
            layers.append(recipe.layer(size, squash, name, fan_in=len(layers[-1])))
        layers.append(
            recipe.layer(sizes[-1], output_squash, "output", fan_in=len(layers[-1]))
        )
        for source, target in pairwise(layers[len(windows) :]):
            recipe.connect(source, target)
        super().__init__(layers[0], layers[1:-1], layers[-1])

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments from which this network can be made again."""
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
        """The convolutions: window, projection, and the first connection of each shared
        weight.
        """
        given = ("inputs", "filters", "kernel", "stride", "padding", "channels")
        windows = _checked_windows(*(settings.get(name) for name in given))
        sizes = [prod(windows[0].shape), *(window.neurons for window in windows)]
        if sizes != [len(layer) for layer in layers[: len(sizes)]]:
            raise TopologyError(
                f"The layers of these convolutions must be of {sizes} neurons."
            )
        pairs = zip(windows, pairwise(layers[: len(sizes)]), strict=True)
        return {
            "_convolutions": [
                (window, *_found(*both, window)) for window, both in pairs
            ]
        }

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
        height, width, channels); read-only copies. Setting them as a whole sets every
        connection that shares a weight.
        """
        return tuple(
            _checks.read_only(
                projection.weights[first].reshape(window.kernels).astype(np.float64)
            )
            for window, projection, first in self.parts["_convolutions"]
        )

    @kernels.setter
    def kernels(self, values: Sequence[ArrayLike]) -> None:
        what = f"{_checks.counted(len(self._convolutions), 'array')}, one a convolution"
        values = _checks.listed("The kernels", values, what)
        if len(values) != len(self._convolutions):
            raise ArgumentError(_checks.expected("The kernels", what, len(values)))
        arrays = []
        for value, (window, _, _) in zip(values, self._convolutions, strict=True):
            arrays.append(_checks.finite_array("The kernels", value, self.dtype))
            if arrays[-1].shape != window.kernels:
                condition = f"finite numbers of shape {window.kernels}"
                raise ArgumentError(
                    _checks.expected("The kernels", condition, arrays[-1].shape)
                )
        for array, (_, projection, first) in zip(
            arrays, self.parts["_convolutions"], strict=True
        ):
            projection.weights[first] = array.reshape(-1)

    def __repr__(self) -> str:
        try:
            maps = ["x".join(map(str, shape)) for shape in self.shapes]
        except TopologyError:  # it has been edited
            return super().__repr__()
        return self._described(
            "-".join([*maps, *(str(len(layer)) for layer in self.layers[len(maps) :])])
        )


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
        every = zip(self.shape, self.kernel, self.stride, strict=False)
        return tuple(
            -(-length // step) if self.same else (length - size) // step + 1
            for length, size, step in every
        )

    @property
    def maps(self) -> tuple[int, ...]:
        """The shape of the maps, filters last."""
        return (*self.places, self.filters)

    @property
    def neurons(self) -> int:
        """Number of neurons of the convolution."""
        return prod(self.maps)

    @property
    def kernels(self) -> tuple[int, ...]:
        """Shape of the distinct weights."""
        return (self.filters, *self.kernel, self.shape[-1])

    @property
    def most(self) -> int:
        """Number of connections if no window reached over an edge; at least a quarter
        of them exist.
        """
        return self.neurons * prod(self.kernels[1:])

    def connections(self) -> tuple[Ints, Ints, Ints]:
        """Source, target and number of the shared weight of every connection, neuron by
        neuron.
        """
        axes = len(self.kernel)
        edges = [(0, 0)]
        for axis in reversed(range(axes)):
            reach = (self.places[axis] - 1) * self.stride[axis] + self.kernel[axis]
            beyond = max(reach - self.shape[axis], 0)
            edges.insert(0, (beyond // 2, beyond - beyond // 2))
        index = np.pad(
            np.arange(prod(self.shape)).reshape(self.shape), edges, constant_values=-1
        )
        every = np.lib.stride_tricks.sliding_window_view(
            index, self.kernel, tuple(range(axes))
        )
        windows = np.moveaxis(
            every[tuple(slice(None, None, step) for step in self.stride)], axes, -1
        )
        sources = windows.reshape(prod(self.places), 1, -1)
        targets = np.arange(self.neurons).reshape(-1, self.filters, 1)
        weights = np.arange(prod(self.kernels)).reshape(1, self.filters, -1)
        source, target, weight = np.broadcast_arrays(sources, targets, weights)
        inside = source >= 0
        return source[inside], target[inside], weight[inside]


def _convolve(
    recipe: Recipe, source: Layer, target: Layer, window: _Window
) -> tuple[Projection, Ints]:
    """Connect two layers. Returns the projection, and the first connection of each
    shared weight.
    """
    sources, targets, numbers = window.connections()
    fans = prod(window.kernels[1:]), prod(window.kernels[:-1])
    kernels = draw(
        recipe.initializer, recipe.rng, (fans[0], window.filters), *fans, recipe.dtype
    )
    biases = draw(
        recipe.bias_initializer, recipe.rng, (window.filters,), *fans, recipe.dtype
    )
    projection = source.project(
        target, (sources, targets), weights=kernels.T.reshape(-1)[numbers]
    )
    which = np.arange(len(target)) % window.filters
    target.biases = biases[which]
    tie(projection, groups=numbers)
    tie(target, groups=which)
    return projection, np.unique(numbers, return_index=True)[1]


def _found(source: Layer, target: Layer, window: _Window) -> tuple[Projection, Ints]:
    """Find the return value of :func:`_convolve` again in a network."""
    if window.most > 4 * len(
        rows_between(source, target)
    ):  # before anything that large is laid out
        raise TopologyError(
            f"There are too few connections for windows of {window.kernel}."
        )
    sources, targets, numbers = window.connections()
    return (
        between(source, target, (sources, targets)),
        np.unique(numbers, return_index=True)[1],
    )


# --- what is given --------------------------------------------------------------------


def _checked_windows(
    inputs: Any, filters: Any, kernel: Any, stride: Any, padding: Any, channels: Any
) -> list[_Window]:
    """The windows of all convolutions."""
    _checks.choice("The padding of Convolutional", padding, PADDINGS)
    places = _sizes("The inputs of Convolutional", inputs)
    if len(places) > 2:
        raise ArgumentError(
            _checks.expected(
                "The inputs of Convolutional", "a length, or height and width", inputs
            )
        )
    counts = _sizes("The filters of Convolutional", filters)
    axes = len(places)
    depth = _checks.positive_integer(
        "The channels of Convolutional", channels, _checks.MOST_NEURONS
    )
    shape = (*places, depth)
    windows = []
    kernels = _per_layer("The kernel of Convolutional", kernel, len(counts), axes)
    strides = _per_layer("The stride of Convolutional", stride, len(counts), axes)
    for count, size, step in zip(counts, kernels, strides, strict=True):
        if any(length > room for length, room in zip(size, shape, strict=False)):
            condition = f"at most {shape[:-1]}, the size of the layer it reads"
            raise ArgumentError(
                _checks.expected("The kernel of Convolutional", condition, size)
            )
        windows.append(_Window(shape, size, step, padding == "same", count))
        if (
            windows[-1].neurons > _checks.MOST_NEURONS
            or windows[-1].most > _checks.MOST_CONNECTIONS
        ):
            limit = (
                f"of at most {_checks.MOST_NEURONS} neurons and"
                f" {_checks.MOST_CONNECTIONS} connections"
            )
            raise ArgumentError(
                _checks.expected("A convolution", limit, windows[-1].maps)
            )
        shape = windows[-1].maps
    return windows


def _sizes(what: str, given: Any) -> tuple[int, ...]:
    """One number or several as a tuple."""
    sizes = (
        tuple(_checks.listed(what, given, "one number or more"))
        if _several(given)
        else (given,)
    )
    if not sizes:
        raise ArgumentError(_checks.expected(what, "one number or more", given))
    return tuple(
        _checks.positive_integer(what, size, _checks.MOST_NEURONS) for size in sizes
    )


def _several(given: Any) -> bool:
    """Whether a list of numbers is given, not one."""
    return (
        given.ndim > 0 if isinstance(given, np.ndarray) else isinstance(given, Sequence)
    )


def _per_layer(
    what: str, given: Any, layers: int, axes: int
) -> Iterator[tuple[int, ...]]:
    """A size for each layer, with one number per axis."""
    entries = (
        _checks.listed(what, given, "a number or a list")
        if _several(given)
        else [given] * layers
    )
    if len(entries) != layers:
        condition = f"a number, or a list of {layers}: one a convolution"
        raise ArgumentError(_checks.expected(what, condition, given))
    for entry in entries:
        sizes = _sizes(what, entry)
        if len(sizes) not in (1, axes):
            raise ArgumentError(
                _checks.expected(
                    what,
                    f"at most {_checks.counted(axes, 'number')} for a convolution",
                    entry,
                )
            )
        yield sizes * axes if len(sizes) == 1 else sizes
