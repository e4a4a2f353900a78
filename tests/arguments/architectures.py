"""Architectures, and what their objects do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import architect
import synapse

from .rows import add, plain, seeded, setter
from .world import (
    BOOLEAN,
    COUNT,
    EITHER,
    FRACTION,
    NETWORK,
    NONE,
    NOT_NEGATIVE,
    NOTHING,
    NUMBER,
    NUMBER32,
    POSITIVE,
    SEED,
    SIZE,
    SMALL,
    TEXT,
    UNIT,
    WORD,
    World,
)

# --- architectures ----------------------------------------------------------------------------------

DRAWN = {"initializer": NOTHING, "bias_initializer": NOTHING, "seed": SEED}
BUILT = {**DRAWN, "dtype": NONE}
ONE = {"squash": WORD, "output_squash": WORD}
TWO = {"squash": WORD, "output_squash": WORD | NONE}
three = seeded(sizes=(2, 3, 1))
for architecture in (architect.Perceptron, architect.Elman):
    add(f"architect.{architecture.__name__}.__init__", plain(architecture), three, sizes=SIZE, **TWO, **BUILT)
add(
    "architect.Jordan.__init__",
    plain(architect.Jordan),
    three,
    sizes=SIZE,
    context_decay=UNIT,
    **TWO,
    **BUILT,
)
add(
    "architect.Residual.__init__",
    plain(architect.Residual),
    seeded(sizes=(2, 3, 3, 1)),
    sizes=SMALL,
    **ONE,
    **BUILT,
)
add(
    "architect.GRU.__init__",
    plain(architect.GRU),
    three,
    sizes=SIZE,
    update_gate_bias=NUMBER,
    reset_gate_bias=NUMBER,
    **ONE,
    **BUILT,
)
add(
    "float32: architect.GRU.__init__",
    plain(architect.GRU),
    seeded(sizes=(2, 3, 1), dtype=np.float32),
    update_gate_bias=NUMBER32,
)
add(
    "architect.LSTM.__init__",
    plain(architect.LSTM),
    seeded(sizes=(2, 3, 1), style="synaptic"),
    sizes=SIZE,
    style=NOTHING,
    peepholes=NONE,
    hidden_to_hidden=BOOLEAN,
    output_to_hidden=BOOLEAN,
    output_to_gates=BOOLEAN,
    input_to_output=BOOLEAN | NONE,
    forget_gates=BOOLEAN,
    cells_per_block=SIZE,
    cell_squash=WORD | NONE,
    input_gate_bias=NUMBER,
    forget_gate_bias=NUMBER,
    output_gate_bias=NUMBER,
    **TWO,
    **BUILT,
)
add(
    "architect.NARX.__init__",
    plain(architect.NARX),
    seeded(inputs=2, hidden=3, outputs=1),
    inputs=SIZE,
    hidden=SIZE,
    outputs=SIZE,
    input_delay=SIZE,
    output_delay=SIZE,
    **ONE,
    **BUILT,
)
add("architect.Hopfield.__init__", plain(architect.Hopfield), lambda w: {"size": 4}, size=SIZE)


def memory(w: World) -> Any:
    """A memory of four neurons with a pattern in it."""
    if "memory" not in w.extra:
        w.extra["memory"] = architect.Hopfield(4)
        w.extra["memory"].learn([1, -1, 1, -1])
        w.extra["memory"].recall([1, -1, 1, -1], seed=0)
        w.extra["owners"] = (w.extra["memory"],)
    return w.extra["memory"]


pattern = {"pattern": [1, 1, 1, -1]}
add(
    "architect.Hopfield.learn",
    lambda w: memory(w).learn,
    lambda w: {"patterns": [1, 1, -1, -1]},
    patterns=NOTHING,
    rule=NOTHING,
)
add(
    "architect.Hopfield.recall",
    lambda w: memory(w).recall,
    seeded(**pattern),
    pattern=NOTHING,
    sweeps=COUNT,
    seed=SEED,
)
add("architect.Hopfield.energy", lambda w: memory(w).energy, lambda w: dict(pattern), pattern=NOTHING)
add(
    "architect.Kohonen.__init__",
    plain(architect.Kohonen),
    seeded(inputs=2, grid=(2, 2)),
    inputs=SIZE,
    grid=NOTHING,
    initializer=NOTHING,
    seed=SEED,
)


def chart(w: World) -> Any:
    """A map of four neurons."""
    if "map" not in w.extra:
        w.extra["map"] = architect.Kohonen(2, (2, 2), seed=0)
        w.extra["map"].activate([0.0, 0.0])
        w.extra["owners"] = (w.extra["map"],)
    return w.extra["map"]


samples: Callable[[World], dict[str, Any]] = lambda w: {"samples": w.inputs}  # noqa: E731
add("architect.Kohonen.codebook", setter(chart, "codebook"), value=NOTHING)
add("architect.Kohonen.winner", lambda w: chart(w).winner, sample=EITHER)
add(
    "architect.Kohonen.train",
    lambda w: chart(w).train,
    lambda w: {"samples": w.inputs, "epochs": 2, "seed": w.rng},
    samples=EITHER,
    epochs=SIZE,
    rate=UNIT | NONE,
    radius=(NOT_NEGATIVE | NONE),
    seed=SEED,
)
add("architect.Kohonen.quantization_error", lambda w: chart(w).quantization_error, samples=EITHER)
add("architect.Kohonen.topographic_error", lambda w: chart(w).topographic_error, samples=EITHER)
add(
    "architect.Convolutional.__init__",
    plain(architect.Convolutional),
    seeded(inputs=8, outputs=1, filters=(2,)),
    inputs=SIZE,
    outputs=SIZE,
    filters=SIZE,
    kernel=SMALL,
    stride=SIZE,
    padding=NOTHING,
    channels=SIZE,
    hidden=frozenset({"[]", "{}"}),
    **ONE,
    **BUILT,
)


def convolution(w: World) -> Any:
    """A small convolutional network."""
    if "convolution" not in w.extra:
        w.extra["convolution"] = architect.Convolutional(5, 1, filters=(2,), seed=0)
        w.extra["convolution"].run(np.zeros((1, 5)))
        w.extra["owners"] = (w.extra["convolution"],)
    return w.extra["convolution"]


add("architect.Convolutional.kernels", setter(convolution, "kernels"), value=NOTHING)
add(
    "architect.Liquid.__init__",
    plain(architect.Liquid),
    seeded(inputs=2, pool=6, outputs=1),
    inputs=SIZE,
    pool=SIZE,
    outputs=SIZE,
    connections=NONE | SMALL,
    gates=SMALL | {"0"},
    spectral_radius=POSITIVE | NONE,
    leak=FRACTION,
    train_pool=BOOLEAN,
    **ONE,
    **BUILT,
)
add(
    "architect.Random.__init__",
    plain(architect.Random),
    seeded(inputs=2, hidden=4, outputs=1),
    inputs=SIZE,
    hidden=SIZE,
    outputs=SIZE,
    density=FRACTION,
    gates=SMALL | {"0"},
    self_connections=SMALL | {"0"},
    backward=SMALL | {"0"},
    **TWO,
    **BUILT,
)


def wired(w: World) -> dict[str, Any]:
    """Three neurons in a chain."""
    if "chain" not in w.extra:
        x, y, z = (synapse.Neuron(name=name) for name in "xyz")
        x.project(y, weight=0.5), y.project(z, weight=0.5)
        z.activate()
        w.extra["chain"], w.extra["owners"] = [x, y, z], (x,)
    return {"neurons": w.extra["chain"]}


add(
    "architect.construct",
    plain(architect.construct),
    wired,
    neurons=NOTHING,
    inputs=NONE,
    outputs=NONE,
    name=TEXT | NONE,
)
add("architect.delayed", plain(architect.delayed), network=NETWORK)
