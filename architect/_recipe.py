"""Helpers of all recipes, for checking sizes and making layers with random biases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synapse import _checks as checks
from synapse._checks import MAX_NEURONS, finite_number, float_type, positive_integer
from synapse._initializer import Initializer, Seed, draw, get, random_generator
from synapse._squash import Squash, get as squash_named
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from synapse.objects.layer import Layer
from synapse.objects.projection import Projection


def checked_sizes(
    architecture: str, sizes: tuple[Any, ...], minimum: int, form: str
) -> list[int]:
    """Return the sizes of at least `minimum` layers as ints, or raise an error if one
    is not a whole number above 0.
    """
    several: list[Any] = []
    for size in sizes:
        several += size if isinstance(size, list | tuple) else [size]
    if len(several) < minimum:
        raise ArgumentError(
            f"{architecture} must have at least {minimum} sizes: {form}, got"
            f" {len(several)}."
        )
    if any(isinstance(size, list | tuple) for size in sizes):
        given = checks.short_repr(sizes[0] if len(sizes) == 1 else sizes)
        arguments = ", ".join(map(checks.short_repr, several))
        raise ArgumentTypeError(
            f"Expected the sizes of {architecture} as separate arguments, got"
            f" {given}. Use {architecture}({arguments})."
        )
    return [
        positive_integer(f"A layer size of {architecture}", size, MAX_NEURONS)
        for size in sizes
    ]


def checked_biases(architecture: str, dtype: Any, **biases: Any) -> list[float]:
    """Return biases as floats, or raise an error that names the bias which is not a
    finite number of the dtype.
    """
    number_type = float_type("dtype", dtype)
    return [
        finite_number(f"{name} of {architecture}", bias, number_type)
        for name, bias in biases.items()
    ]


class Recipe:
    """The random generator of one network and its initializers, which are checked
    before anything is drawn.
    """

    def __init__(
        self,
        seed: Seed,
        initializer: str | Initializer,
        bias_initializer: str | Initializer,
        dtype: Any,
        *squashes: str | Squash,
    ) -> None:
        self.initializer = get(initializer)
        self.bias_initializer = get(bias_initializer)
        for function in squashes:
            squash_named(function)
        self.dtype = float_type("dtype", dtype)

        # The generator comes last: a refused argument must not have drawn from it.
        self.rng = random_generator(seed)
        self.span: tuple[float, ...] = ()

    def inputs(self, size: int) -> Layer:
        """Return a layer of input neurons, which are identities without a bias."""
        return Layer(size, "identity", name="input", dtype=self.dtype)

    def layer(
        self,
        size: int,
        function: str | Squash,
        name: str,
        bias: Any = None,
        fan_in: int = 1,
    ) -> Layer:
        """Return a layer with random biases, for neurons with `fan_in` sources each, or
        with the biases or the bias given.
        """
        biases: Any = bias
        if bias is None:
            biases = draw(
                self.bias_initializer, self.rng, (size,), fan_in, size, self.dtype
            )
        return Layer(size, function, biases, name, dtype=self.dtype)

    def remember(self, architecture: str, span: Any) -> None:
        """Make :meth:`keeping` draw spans up to a number or in a range."""
        if span is None:
            return
        title = f"span of {architecture}"
        condition = "a number of steps, or two such as (1, 1000)"
        single = checks.is_number(span)
        limits = (span,) if single else checks.pair(title, span, condition)
        self.span = tuple(checks.positive_number(title, steps) for steps in limits)

        # A single number is the upper limit of a range that begins at 1 step.
        lower, upper = (1.0, *self.span)[-2:]
        checks.require(
            lower <= upper, title, "1 step or more, or two numbers in order", span
        )

    def keeping(self, size: int, bias: Any) -> Any:
        """Return the biases of gates for cells that keep their state, either all equal
        to `bias`, or drawn for the spans.

        A logistic gate with the bias ln u keeps the fraction u / (1 + u) at each step.
        The rest fades to 1/e in about u steps (after Tallec and Ollivier 2018, equation
        16).
        """
        if not self.span:
            return bias
        if len(self.span) == 1:
            return np.log(self.rng.uniform(1.0, self.span[0], size))
        low, high = np.log(self.span)
        return self.rng.uniform(low, high, size)

    def fixed(
        self,
        size: int,
        name: str,
        bias: float = 0.0,
        function: str | Squash = "identity",
    ) -> Layer:
        """Return a layer of neurons whose biases are not trainable."""
        layer = self.layer(size, function, name, bias)
        layer.trainable_bias = False
        return layer

    def connect(
        self,
        source: Layer,
        target: Layer,
        pattern: Any = None,
        fan_in: int | None = None,
        self_connections: bool = False,
        sign: int | None = None,
        scale: float = 1.0,
    ) -> Projection:
        """Project with random weights, multiplied by `scale` and with this sign. Pass
        the target's `fan_in` if other layers lead to it, too.
        """

        def of_all(
            rng: np.random.Generator,
            shape: tuple[int, ...],
            fan_in_here: int,
            fan_out: int,
        ) -> Any:
            size = fan_in or fan_in_here
            return scale * np.asarray(self.initializer(rng, shape, size, fan_out))

        return source.project(
            target,
            pattern,
            initializer=of_all if fan_in else self.initializer,
            self_connections=self_connections,
            sign=sign,
            seed=self.rng,
        )

    def reading(
        self,
        sources: Sequence[Layer],
        size: int,
        function: str | Squash,
        name: str,
        bias: Any = None,
    ) -> Layer:
        """Return a layer to which all sources lead."""
        fan_in = sum(map(len, sources))
        layer = self.layer(size, function, name, bias, fan_in)
        for source in sources:
            self.connect(source, layer, fan_in=fan_in)
        return layer


def pass_on(
    source: Layer, target: Layer, weight: float = 1.0, delay: int = 0
) -> Projection:
    """Project one to one with a weight that is not trainable. A weight of 1 copies
    activations.
    """
    return source.project(
        target, "one_to_one", weights=weight, trainable=False, delay=delay
    )


def numbered(name: str, index: int, count: int) -> str:
    """Return the name of the `index`-th of `count` layers of a kind, which is "hidden"
    for a single layer, and otherwise for example "hidden 2".
    """
    return name if count == 1 else f"{name} {index + 1}"


def block_names(block: Any, index: int, count: int) -> list[str]:
    """Return names for the layers of the `index`-th of `count` blocks, from the fields
    of their NamedTuple.
    """
    return [numbered(field.replace("_", " "), index, count) for field in block._fields]


def blocks_of(
    block: Any, layers: Sequence[Layer], optional: tuple[str, ...] = ()
) -> tuple[Any, ...]:
    """Return the blocks of a network, found by the names of their layers. Except for
    `optional` layers, all must exist.
    """
    # Reversed, so that the first of several layers with one name wins.
    named = {layer.name or "": layer for layer in reversed(layers)}
    first_field = block_names(block, 0, 1)[0]
    count = sum(name.startswith(first_field) for name in named)
    expected = [block_names(block, i, count) for i in range(count)]

    required = {
        name for names in expected for name in names if not name.startswith(optional)
    }
    missing = required - named.keys()
    if missing or not count:
        raise TopologyError(
            f"The layers must be those of {block.__name__}. Missing:"
            f" {missing or 'all'}."
        )
    return tuple(block._make(map(named.get, names)) for names in expected)
