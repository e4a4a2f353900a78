"""Trainers, rates, optimizers and registries."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

import architect
import synapse
from synapse import architectures, cost, initializers, learning, optimizers, squash

from .rows import HUGE, add, data, given, keep, plain, setter, then
from .world import (
    BOOLEAN,
    COUNT,
    EITHER,
    FRACTION,
    HIGH,
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
    WHOLE,
    WORD,
    World,
)


def moved(optimizer: Any) -> None:
    """Two moves of an optimizer."""
    parameters = np.array([1.0, 2.0])
    begun = optimizer.begin(parameters)
    for _ in range(2):
        with suppress(synapse.errors.DivergenceError):
            begun.step(parameters, parameters * 2.0)


def followed(rate: Any) -> None:
    """The rates of some epochs."""
    asked = rate if callable(rate) else rate.begin()
    for epoch in range(3):
        asked(epoch) if callable(rate) else asked(epoch, 1.0 if epoch else None)


def tried(trainer: Any) -> None:
    """An epoch."""
    with suppress(synapse.errors.DivergenceError, synapse.errors.ArgumentError):
        trainer.train([[0.0, 1.0], [1.0, 1.0]], [[1.0], [0.0]], epochs=1, progress=False)


# --- training ---------------------------------------------------------------------------------------

LIMITED = {"l1": NOT_NEGATIVE, "l2": NOT_NEGATIVE}


def trainer(w: World, **options: Any) -> synapse.Trainer:
    """A trainer whose settings must stay as they are."""
    return keep(w, "trainer", synapse.Trainer(w.net, **options))


add(
    "synapse.Trainer.__init__",
    then(synapse.Trainer, tried),
    lambda w: {"network": w.net, "method": "bptt"},
    {"rate": HIGH},
    network=NETWORK,
    rate=NOT_NEGATIVE | NONE,
    cost=NONE,
    method=NOTHING,
    optimizer=NONE,
    batch_size=COUNT | NONE,
    window=COUNT | NONE | HUGE,
    clip=POSITIVE | NONE,
    clip_value=POSITIVE | NONE,
    dropout=UNIT | {"{}"},
    recurrent_dropout=UNIT | {"{}"},
    threads=SIZE,
    **LIMITED,
)
add(
    "float32: synapse.Trainer.__init__",
    then(synapse.Trainer, tried),
    lambda w: {"network": w.narrow_net},
    {"rate": HIGH - {"1e39"}},
    rate=NUMBER32 - {"-1"} | NONE,
)
add(
    "float32: synapse.Projection.weights",
    setter(lambda w: w.narrow_projection, "weights"),
    value=NUMBER32,
)
add(
    "synapse.Trainer.train",
    lambda w: trainer(w).train,
    lambda w: {
        "inputs": w.inputs,
        "targets": w.targets,
        "epochs": 2,
        "seed": w.rng,
        "progress": False,
        "callbacks": [lambda progress: True],
    },
    None,
    {"progress": frozenset({"True", "numpy True"}) | TEXT},
    inputs=EITHER,
    targets=EITHER,
    epochs=COUNT,
    error=NOT_NEGATIVE | NONE,
    shuffle=BOOLEAN | NONE,
    seed=SEED - NONE | NONE,
    progress=BOOLEAN | TEXT,
    validation=NONE | (FRACTION - {"0-d float"}) | {"0-d float"},
    patience=COUNT | NONE,
    restore_best=BOOLEAN,
    callbacks=frozenset({"[]", "{}"}),
    on_step=NONE,
    sample_weight=NONE,
    class_weight=NONE,
)
add(
    "bptt: synapse.Trainer.train",
    lambda w: trainer(w, method="bptt").train,
    lambda w: {
        "inputs": w.inputs,
        "targets": w.targets,
        "epochs": 2,
        "seed": w.rng,
        "progress": False,
    },
    sample_weight=NONE,
    class_weight=NONE | {"{}"},
)
add(
    "synapse.Trainer.test",
    lambda w: trainer(w).test,
    lambda w: {"inputs": w.inputs, "targets": w.targets},
    inputs=EITHER,
    targets=EITHER,
    cost=NONE,
    sample_weight=NONE,
    class_weight=NONE | {"{}"},
)
add(
    "synapse.gradient",
    plain(synapse.gradient),
    given,
    network=NETWORK,
    cost=NONE,
    window=COUNT | NONE | HUGE,
    context=BOOLEAN,
    threads=SIZE,
    **data,
)
add(
    "learning.compare_gradients", plain(learning.compare_gradients), given, network=NETWORK, cost=NONE, **data
)


def readable(w: World) -> Any:
    """A network whose outputs can be fitted."""
    if "owners" not in w.extra:
        w.extra["owners"] = (architect.Perceptron(2, 3, 1, output_squash="identity", seed=0),)
    return w.extra["owners"][0]


add(
    "learning.fit_readout",
    plain(learning.fit_readout),
    lambda w: {"network": readable(w), "inputs": w.inputs, "targets": w.targets},
    network=NOTHING,
    ridge=NOT_NEGATIVE,
    washout=SMALL | {"0"},
    **data,
)
add(
    "synapse.every.__init__",
    plain(synapse.every),
    lambda w: {"epochs": 2, "function": lambda progress: None},
    epochs=COUNT,
    function=NOTHING,
)
high = {"start": HIGH}
start = {"start": NOT_NEGATIVE}
add(
    "learning.StepDecay.__init__",
    then(learning.StepDecay, followed),
    lambda w: {"start": 0.1},
    high,
    factor=NOT_NEGATIVE,
    every=COUNT,
    **start,
)
add(
    "learning.Exponential.__init__",
    then(learning.Exponential, followed),
    lambda w: {"start": 0.1},
    high,
    factor=NOT_NEGATIVE,
    **start,
)
add(
    "learning.Cosine.__init__",
    then(learning.Cosine, followed),
    lambda w: {"start": 0.1},
    high | {"end": HIGH},
    epochs=COUNT,
    end=NOT_NEGATIVE,
    **start,
)
add("learning.StepDecay.__call__", plain(learning.StepDecay(0.1)), epoch=WHOLE)
add("learning.Exponential.__call__", plain(learning.Exponential(0.1)), epoch=WHOLE)
add("learning.Cosine.__call__", plain(learning.Cosine(0.1)), epoch=WHOLE)
add(
    "learning.WarmUp.__init__",
    then(learning.WarmUp, followed),
    lambda w: {"epochs": 2, "then": 0.1},
    {"then": HIGH},
    epochs=COUNT,
    then=NOT_NEGATIVE,
)
add(
    "learning.ReduceOnPlateau.__init__",
    then(learning.ReduceOnPlateau, followed),
    lambda w: {"start": 0.5},
    high,
    start=NOT_NEGATIVE,
    factor=FRACTION,
    patience=COUNT,
    least=UNIT,
    threshold=UNIT,
)
add(
    "learning.GradientComparison.worst",
    lambda w: learning.compare_gradients(w.net, w.inputs, w.targets).worst,
    count=WHOLE,
)

# --- optimizers -------------------------------------------------------------------------------------

add(
    "optimizers.SGD.__init__",
    then(optimizers.SGD, moved),
    lambda w: {"momentum": 0.5},
    rate=POSITIVE,
    momentum=UNIT,
    nesterov=BOOLEAN,
    weight_decay=NOT_NEGATIVE,
)
for name in ("Adam", "AdamW"):
    decay = {"weight_decay": NOT_NEGATIVE} if name == "AdamW" else {}
    add(
        f"optimizers.{name}.__init__",
        then(getattr(optimizers, name), moved),
        lambda w: {},
        rate=POSITIVE,
        betas=NOTHING,
        epsilon=POSITIVE,
        amsgrad=BOOLEAN,
        **decay,
    )
add(
    "optimizers.AdaGrad.__init__",
    then(optimizers.AdaGrad, moved),
    lambda w: {},
    rate=POSITIVE,
    epsilon=POSITIVE,
)
add(
    "optimizers.RMSprop.__init__",
    then(optimizers.RMSprop, moved),
    lambda w: {},
    rate=POSITIVE,
    decay=UNIT,
    epsilon=POSITIVE,
    momentum=UNIT,
    centered=BOOLEAN,
)
add(
    "optimizers.Rprop.__init__",
    then(optimizers.Rprop, moved),
    lambda w: {"steps": (1e-6, 1e40)},
    rate=POSITIVE,
    etas=NOTHING,
    steps=NOTHING,
)
add("optimizers.LBFGS.__init__", plain(optimizers.LBFGS), memory=SIZE, iterations=COUNT, tolerance=POSITIVE)
add(
    "optimizers.LBFGS.minimise",
    plain(optimizers.LBFGS(iterations=3).minimise),
    lambda w: {"function": lambda p: ((p**2).sum(), 2 * p), "parameters": w.parameters},
    function=NOTHING,
    parameters=NOTHING,
    frozen=NONE,
    callback=NONE,
)
add(
    "optimizers.Optimizer.begin",
    plain(optimizers.Adam().begin),
    lambda w: {"parameters": w.parameters},
    parameters=NOTHING,
    frozen=NONE,
)


def optimizer_state(w: World) -> Any:
    """The state of an optimizer after one step."""
    if "state" not in w.extra:
        w.extra["state"] = optimizers.SGD(momentum=0.5).begin(w.parameters)
        w.extra["state"].step(w.parameters, w.gradient)
        w.extra["kept"] = w.extra["state"].change
    return w.extra["state"]


add(
    "optimizers.OptimizerState.step",
    lambda w: optimizer_state(w).step,
    lambda w: {"parameters": w.parameters, "gradient": w.gradient},
    parameters=NOTHING,
    gradient=NOTHING,
    rate=NOT_NEGATIVE | NONE,
)
add("optimizers.OptimizerState.restore", lambda w: optimizer_state(w).restore, arrays=NOTHING)
for name in ("clip_by_norm", "clip_by_value"):
    add(
        f"optimizers.{name}",
        plain(getattr(optimizers, name)),
        lambda w: {"gradient": w.gradient, "most": 0.1},
        gradient=frozenset({"[]", "{}", "0-d float"}),
        most=POSITIVE,
    )

# --- registries -------------------------------------------------------------------------------------

add("squash.Squash.__call__", plain(squash.tanh), state=NUMBER)
add("squash.Squash.derivative", plain(squash.tanh.derivative), state=NUMBER)
add("squash.get", plain(squash.get), squash=WORD)
add(
    "squash.register",
    plain(squash.register),
    lambda w: {"low": -1.0},
    function=NONE,
    low=(NUMBER | {"-inf"}),
    high=(NUMBER | {"inf"}) - {"-1"},
)
add(
    "cost.Cost.__call__",
    plain(cost.squared_error),
    lambda w: {"targets": [0.5], "outputs": [0.5]},
    targets=EITHER,
    outputs=EITHER,
)
add(
    "cost.Cost.signal",
    plain(cost.squared_error.signal),
    lambda w: {"target": 0.5, "output": 0.5, "derivative": 0.5},
    target=NUMBER,
    output=NUMBER,
    derivative=NUMBER,
    outputs=COUNT,
)
add("cost.get", plain(cost.get), cost=NOTHING)
add("cost.matching", plain(cost.matching), squashes=NOTHING)
add("cost.register", plain(cost.register), function=NOTHING)
for name in ("uniform", "normal"):
    add(f"initializers.{name}", plain(getattr(initializers, name)), scale=NOT_NEGATIVE)
add("initializers.constant", plain(initializers.constant), value=NUMBER)
add("architectures.get", plain(architectures.get), lambda w: {"name": "LSTM"}, name=TEXT)
add("architectures.describe", plain(architectures.describe), network=frozenset({"network"}))
add("architectures.register", plain(architectures.register), kind=NOTHING)
add("initializers.get", plain(initializers.get), initializer=NOTHING)
add("initializers.register", plain(initializers.register), function=NOTHING)
