"""The table of all public calls: what each parameter accepts, and why some calls are not in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import numpy as np

import architect
import synapse
from synapse import analysis, cost, draw, experiments, initializers, learning, optimizers, readwrite, squash
from synapse.tasks import reber, recall

from .arguments import (
    BOOLEAN,
    COUNT,
    EITHER,
    FRACTION,
    HIGH,
    INDEX,
    LAYER,
    NETWORK,
    NEURON,
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
    Call,
    World,
)

Kinds = frozenset[str]
TABLE: dict[str, Call] = {}
HUGE = frozenset({"10**400", "10**5000"})


def add(
    name: str,
    function: Callable[[World], Callable[..., Any]],
    good: Callable[[World], dict[str, Any]] = lambda w: {},
    warns: dict[str, Kinds] | None = None,
    skipped: dict[str, Kinds] | None = None,
    /,
    **kinds: Kinds,
) -> None:
    """A row of the table."""
    TABLE[name] = Call(function, good, kinds, warns or {}, skipped or {})


def plain(thing: Any) -> Callable[[World], Any]:
    """A function that is no method of a thing in the world."""
    return lambda w: thing


def setter(owner: Callable[[World], Any], name: str) -> Callable[[World], Any]:
    """The assignment of a property."""

    def found(w: World) -> Callable[[Any], None]:
        thing = owner(w)
        return lambda value: setattr(thing, name, value)

    return found


def then(make: Callable[..., Any], use: Callable[[Any], Any]) -> Callable[[World], Any]:
    """A class whose instances are used at once, so that what is accepted is also of use."""

    @wraps(make)
    def made_and_used(*values: Any, **named: Any) -> None:
        use(make(*values, **named))

    return lambda w: made_and_used


def keep(w: World, name: str, thing: Any) -> Any:
    """A thing of the world whose attributes must stay as they are."""
    return w.extra.setdefault(name, thing)


# --- neurons ----------------------------------------------------------------------------------------

made = {"squash": WORD, "bias": NUMBER, "name": TEXT | NONE, "dtype": NONE}
add("synapse.Neuron.__init__", plain(synapse.Neuron), **made)
for name in ("state", "activation", "bias"):
    add(f"synapse.Neuron.{name}", setter(lambda w: w.b, name), lambda w: {"value": 0.5}, value=NUMBER)
    add(
        f"float32: synapse.Neuron.{name}",
        setter(lambda w: w.small, name),
        lambda w: {"value": 0.5},
        value=NUMBER32,
    )
for name in ("trainable", "calm"):
    add(f"synapse.Neuron.{name}", setter(lambda w: w.b, name), lambda w: {"value": True}, value=BOOLEAN)
    add(f"synapse.Layer.{name}", setter(lambda w: w.first, name), lambda w: {"value": True}, value=BOOLEAN)
add("synapse.Network.calm", setter(lambda w: w.net, "calm"), lambda w: {"value": True}, value=BOOLEAN)
add("synapse.Neuron.squash", setter(lambda w: w.b, "squash"), lambda w: {"value": "tanh"}, value=WORD)
add("synapse.Layer.squash", setter(lambda w: w.first, "squash"), lambda w: {"value": "tanh"}, value=WORD)
add("synapse.Neuron.name", setter(lambda w: w.b, "name"), lambda w: {"value": "x"}, value=TEXT)
add("synapse.Layer.name", setter(lambda w: w.first, "name"), lambda w: {"value": "x"}, value=TEXT)
add("synapse.Neuron.reseed", lambda w: w.b.reseed, seed=SEED)
add("synapse.Network.reseed", lambda w: w.net.reseed, seed=SEED)
add("synapse.Neuron.connected", lambda w: w.a.connected, lambda w: {"other": w.b}, other=NEURON)
add("synapse.Neuron.disconnect", lambda w: w.a.disconnect, lambda w: {"other": w.b}, other=NOTHING)
add(
    "synapse.Neuron.project",
    lambda w: w.b.project,
    lambda w: {"target": w.c, "weight": 0.5, "seed": w.rng},
    target=NEURON | LAYER,
    weight=NUMBER | NONE,
    trainable=BOOLEAN | NONE,
    seed=SEED,
)
add(
    "float32: synapse.Neuron.project",
    lambda w: w.small.project,
    lambda w: {"target": w.small, "weight": 0.5},
    weight=NUMBER32 | NONE,
)
add("synapse.Neuron.gate", lambda w: w.c.gate, lambda w: {"connections": (w.bare,)}, connections=NOTHING)
add("synapse.Neuron.ungate", lambda w: w.c.ungate, lambda w: {"connections": (w.link,)}, connections=NOTHING)
add("synapse.Neuron.activate", lambda w: w.b.activate, value=NUMBER | NONE)
add("float32: synapse.Neuron.activate", lambda w: w.small.activate, value=NUMBER32 | NONE)
add(
    "synapse.Neuron.propagate",
    lambda w: w.b.propagate,
    lambda w: {"rate": 0.1, "target": 1.0},
    rate=NOT_NEGATIVE,
    target=UNIT | NONE,
    cost=NONE,
)
add(
    "float32: synapse.Neuron.propagate",
    lambda w: w.small.propagate,
    lambda w: {"rate": 0.1, "target": 1.0, "cost": "squared_error"},
    rate=NUMBER32 - {"-1"},
    target=NUMBER32 | NONE,
)
for name, owner in {"Neuron": "b", "Layer": "first", "Network": "net"}.items():
    add(
        f"synapse.{name}.reset",
        lambda w, owner=owner: getattr(w, owner).reset,
        lambda w: {"seed": w.rng},
        seed=SEED,
        initializer=NOTHING,
    )

# --- connections, projections, layers ----------------------------------------------------------------

weight = setter(lambda w: w.link, "weight")
add("synapse.Connection.weight", weight, lambda w: {"value": 0.5}, value=NUMBER)
add("synapse.Connection.trainable", setter(lambda w: w.link, "trainable"), value=BOOLEAN)
add(
    "synapse.Connection.__setitem__",
    lambda w: w.link.__setitem__,
    lambda w: {"key": "weight", "value": 0.5},
    key=NOTHING,
    value=NUMBER,
)
add(
    "synapse.Layer.__init__",
    plain(synapse.Layer),
    lambda w: {"neurons": 2},
    neurons=SIZE | LAYER | NETWORK,
    **made,
)
add("synapse.Layer.__getitem__", lambda w: w.first.__getitem__, lambda w: {"index": 0}, index=INDEX)
add("synapse.Network.__getitem__", lambda w: w.net.__getitem__, index=INDEX | SMALL)
add("synapse.Projection.__getitem__", lambda w: w.projection.__getitem__, index=INDEX | SMALL)
add("synapse.Layer.append", lambda w: w.first.append, lambda w: {"neuron": w.a}, neuron=NEURON)
add("synapse.Layer.biases", setter(lambda w: w.first, "biases"), value=NOTHING)
add("float32: synapse.Layer.biases", setter(lambda w: w.narrow, "biases"), value=NOTHING)
add(
    "synapse.Layer.project",
    lambda w: w.second.project,
    lambda w: {"target": w.first, "kind": 0.75, "weights": None, "seed": w.rng},
    target=NEURON | LAYER | NETWORK,
    kind=NONE | (FRACTION - {"fraction", "decimal"}) | {"fraction", "decimal"},
    weights=NUMBER | NONE,
    initializer=NOTHING,
    trainable=BOOLEAN | NONE,
    seed=SEED,
)
add(
    "float32: synapse.Layer.project",
    lambda w: w.narrow.project,
    lambda w: {"target": w.narrow},
    weights=NUMBER32 | NONE,
)
add(
    "synapse.Layer.gate",
    lambda w: w.second.gate,
    lambda w: {"projection": w.projection, "kind": "input"},
    projection=NOTHING,
    kind=NOTHING,
)
add(
    "synapse.Layer.activate",
    lambda w: w.first.activate,
    lambda w: {"values": [0.5, 0.5]},
    values=NONE | EITHER,
)
add(
    "synapse.Layer.propagate",
    lambda w: w.second.propagate,
    lambda w: {"targets": [0.5, 0.5]},
    rate=NOT_NEGATIVE,
    targets=NONE | EITHER,
    cost=NONE,
)
add(
    "synapse.Projection.weights",
    setter(lambda w: w.projection, "weights"),
    lambda w: {"value": 0.5},
    value=NUMBER,
)
add(
    "synapse.Projection.gaters",
    lambda w: w.projection.gaters,
    lambda w: {"layer": w.second, "kind": "input"},
    layer=LAYER,
    kind=NOTHING,
)

# --- networks ---------------------------------------------------------------------------------------

add(
    "synapse.Network.__init__",
    plain(synapse.Network),
    lambda w: {"input": w.first, "hidden": [], "output": w.second},
    input=LAYER,
    hidden=frozenset({"[]", "{}"}),
    output=LAYER,
    name=TEXT | NONE,
)
add("synapse.Network.weights", setter(lambda w: w.net, "weights"), value=NOTHING)
add("synapse.Network.biases", setter(lambda w: w.net, "biases"), value=NOTHING)
add("synapse.Network.add", lambda w: w.net.add, neurons=NEURON | LAYER)
add("synapse.Network.remove", lambda w: w.net.remove, neuron=NOTHING)
add(
    "synapse.Network.project",
    lambda w: w.net.project,
    lambda w: {"target": w.wide, "seed": w.rng},
    target=NEURON | LAYER | NETWORK,
    kind=NONE | (FRACTION - {"fraction", "decimal"}) | {"fraction", "decimal"},
)
add(
    "synapse.Network.gate",
    lambda w: w.net.gate,
    lambda w: {"projection": w.projection, "kind": "input"},
    projection=NOTHING,
    kind=NOTHING,
)
add("synapse.Network.activate", lambda w: w.net.activate, inputs=EITHER)
add("synapse.Network.run", lambda w: w.net.run, inputs=EITHER)
add(
    "synapse.Network.propagate",
    lambda w: w.net.propagate,
    lambda w: {"rate": 0.1, "target": [1.0]},
    rate=NOT_NEGATIVE,
    target=EITHER,
    cost=NONE,
)
add(
    "float32: synapse.Network.propagate",
    lambda w: w.narrow_net.propagate,
    lambda w: {"rate": 0.1, "target": [1.0]},
    rate=NUMBER32 - {"-1"},
)
add("synapse.tie", plain(synapse.tie), lambda w: {"items": w.projection}, items=LAYER | NETWORK, groups=NONE)
add("synapse.untie", plain(synapse.untie), lambda w: {"items": w.projection}, items=LAYER | NETWORK)
add(
    "synapse.record",
    plain(synapse.record),
    lambda w: {"network": w.net, "numbers": ()},
    network=NETWORK,
    numbers=NOTHING,
    neurons=NONE,
)
add(
    "synapse.Log.__getitem__",
    lambda w: synapse.record(w.net).__getitem__,
    lambda w: {"name": "activation"},
    name=NOTHING,
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
data = {"inputs": EITHER, "targets": EITHER}
given: Callable[[World], dict[str, Any]] = lambda w: {  # noqa: E731
    "network": w.net,
    "inputs": w.inputs,
    "targets": w.targets,
}
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
    "synapse.Network.fit_readout",
    lambda w: readable(w).fit_readout,
    lambda w: {"inputs": w.inputs, "targets": w.targets},
    ridge=NOT_NEGATIVE,
    washout=SMALL | {"0"},
    **data,
)
add(
    "synapse.schedule.__init__",
    plain(synapse.schedule),
    lambda w: {"every": 2, "do": lambda progress: None},
    every=COUNT,
    do=NOTHING,
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


def moves(w: World) -> Any:
    """Moves that have made a step."""
    if "moves" not in w.extra:
        w.extra["moves"] = optimizers.SGD(momentum=0.5).begin(w.parameters)
        w.extra["moves"].step(w.parameters, w.gradient)
        w.extra["kept"] = w.extra["moves"].change
    return w.extra["moves"]


add(
    "optimizers.Moves.step",
    lambda w: moves(w).step,
    lambda w: {"parameters": w.parameters, "gradient": w.gradient},
    parameters=NOTHING,
    gradient=NOTHING,
    rate=NOT_NEGATIVE | NONE,
)
add("optimizers.Moves.restore", lambda w: moves(w).restore, arrays=NOTHING)
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
add("initializers.get", plain(initializers.get), initializer=NOTHING)
add("initializers.register", plain(initializers.register), function=NOTHING)

# --- architectures ----------------------------------------------------------------------------------

DRAWN = {"initializer": NOTHING, "bias_initializer": NOTHING, "seed": SEED}
BUILT = {**DRAWN, "dtype": NONE}
ONE = {"squash": WORD, "output_squash": WORD}
TWO = {"squash": WORD, "output_squash": WORD | NONE}
seeded: Callable[..., Callable[[World], dict[str, Any]]]
seeded = lambda **options: lambda w: {**options, "seed": w.rng}  # noqa: E731
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
    three,
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

# --- tasks, experiments, analysis -------------------------------------------------------------------

add(
    "tasks.recall.sequences",
    plain(recall.sequences),
    seeded(count=2),
    count=SIZE,
    targets=SIZE,
    distractors=SIZE,
    prompts=SMALL,
    length=frozenset({"50"}),
    seed=SEED,
)
add(
    "tasks.recall.right",
    plain(recall.right),
    lambda w: {"outputs": [[0.5]], "wanted": [[0.5]]},
    outputs=EITHER,
    wanted=EITHER,
)
add(
    "tasks.recall.fraction_right",
    plain(recall.fraction_right),
    lambda w: {"network": w.net, "inputs": [w.inputs], "targets": [w.targets]},
    network=NETWORK,
    inputs=EITHER,
    targets=EITHER,
)
add("tasks.reber.string", plain(reber.string), seeded(), seed=SEED)
add("tasks.reber.strings", plain(reber.strings), seeded(count=2), count=SIZE, seed=SEED)
add("tasks.reber.sequences", plain(reber.sequences), seeded(count=2), count=SIZE, seed=SEED)
for name in ("legal", "legal_mask", "encode"):
    add(f"tasks.reber.{name}", plain(getattr(reber, name)), string=NOTHING)
mask = reber.legal_mask("BTBTXSETE")
add(
    "tasks.reber.right",
    plain(reber.right),
    lambda w: {"outputs": np.zeros(mask.shape), "allowed": mask},
    outputs=EITHER,
    allowed=EITHER,
    strict=BOOLEAN,
)
add(
    "tasks.reber.fraction_right",
    plain(reber.fraction_right),
    lambda w: {"network": architect.Perceptron(7, 7, seed=0), "strings": ["BTBTXSETE"]},
    network=NOTHING,
    strings=NOTHING,
    strict=BOOLEAN,
)


def make(fold: int) -> Any:
    """A network for a fold."""
    return architect.Perceptron(2, 3, 1, seed=fold)


add(
    "experiments.cross_validate",
    plain(experiments.cross_validate),
    lambda w: {"make": make, "inputs": w.inputs, "targets": w.targets, "folds": 2, "seed": w.rng},
    make=NOTHING,
    folds=SMALL,
    seed=SEED,
    sample_weight=NONE,
    **data,
)
add(
    "experiments.train_many",
    plain(experiments.train_many),
    lambda w: {"networks": [w.network()], "inputs": w.inputs, "targets": w.targets},
    {"rate": HIGH},
    networks=frozenset({"[]", "{}"}),
    rate=NOT_NEGATIVE | NONE,
    cost=NONE,
    workers=SIZE | NONE,
    **data,
)
of: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net, "inputs": w.inputs}  # noqa: E731
for name in ("effective_weights", "motifs", "weight_distribution"):
    add(f"analysis.{name}", plain(getattr(analysis, name)), network=NETWORK)
for name in ("saliency", "activation_distribution"):
    add(f"analysis.{name}", plain(getattr(analysis, name)), of, network=NETWORK, inputs=EITHER)
add("analysis.half_lives", plain(analysis.half_lives), of, network=NETWORK, inputs=EITHER | NONE)
add(
    "analysis.activity",
    plain(analysis.activity),
    of,
    network=NETWORK,
    inputs=EITHER,
    still=NOT_NEGATIVE,
    slope=NOT_NEGATIVE,
    share=UNIT,
)
add(
    "analysis.compare",
    plain(analysis.compare),
    lambda w: {"first": w.net, "second": w.net},
    first=NETWORK,
    second=NETWORK,
    inputs=EITHER,
)
add(
    "analysis.components",
    plain(analysis.components),
    lambda w: {"network": w.net},
    network=NETWORK,
    gates=BOOLEAN,
)
add(
    "analysis.contribution",
    plain(analysis.contribution),
    lambda w: {"network": w.net},
    network=NETWORK,
    steps=SIZE | {"0"},
)
add("analysis.explain", plain(analysis.explain), connection=NOTHING)
add(
    "analysis.prune",
    plain(analysis.prune),
    lambda w: {"network": w.net},
    network=NETWORK,
    share=UNIT,
    by=NOTHING,
    inputs=EITHER,
    targets=EITHER,
    keep_reached=BOOLEAN,
)
add(
    "analysis.spectral_radius",
    plain(analysis.spectral_radius),
    lambda w: {"network": w.net},
    network=NETWORK,
    of=NOTHING,
)

# --- pictures and files -----------------------------------------------------------------------------

values: Callable[[World], dict[str, Any]] = lambda w: {"values": w.inputs}  # noqa: E731
add(
    "draw.error_flow",
    plain(draw.error_flow),
    lambda w: {"networks": w.lstm, "inputs": w.inputs},
    networks=NETWORK,
    inputs=EITHER,
    ax=NONE,
)
add(
    "draw.explore",
    plain(draw.explore),
    lambda w: {"net": w.net, "sequence": w.inputs, "path": io.StringIO()},
    net=NETWORK,
    sequence=EITHER,
    path=EITHER,
    targets=EITHER,
)
add(
    "draw.hinton",
    plain(draw.hinton),
    lambda w: {"weights": w.projection},
    weights=EITHER,
    ax=NONE,
    sources=EITHER,
    targets=EITHER,
    scale=POSITIVE | NONE,
)
add(
    "draw.learning",
    plain(draw.learning),
    lambda w: {"results": {"error": [0.5, 0.25]}},
    results=NOTHING,
    ax=NONE,
    log=BOOLEAN,
)
add(
    "draw.network",
    plain(draw.network),
    lambda w: {"net": w.net},
    net=NEURON | LAYER | NETWORK,
    ax=NONE,
    colour=NONE,
    blocks=BOOLEAN | NONE,
    colour_bars=BOOLEAN,
)
add(
    "draw.raster",
    plain(draw.raster),
    values,
    values=EITHER,
    neurons=EITHER,
    ax=NONE,
    what=TEXT,
    colour_bars=BOOLEAN,
)
add(
    "draw.record",
    plain(draw.record),
    lambda w: {"net": w.net, "inputs": w.inputs},
    net=NETWORK,
    inputs=EITHER,
    what=NOTHING,
)
add(
    "draw.sensitivity",
    plain(draw.sensitivity),
    lambda w: {"net": w.lstm, "inputs": w.inputs},
    net=NETWORK,
    inputs=EITHER,
    layer=NONE,
)
add("draw.traces", plain(draw.traces), values, values=EITHER, neurons=EITHER, ax=NONE, what=TEXT)

net: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net}  # noqa: E731
to: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net, "path": io.BytesIO()}  # noqa: E731
FORMATS = [
    "cytoscape",
    "dot",
    "gexf",
    "graphml",
    "javascript",
    "node_link",
    "npz",
    "onnx",
    "python",
    "c",
    "table",
]
for name in [*FORMATS, "json", "synaptic"]:
    options: dict[str, Kinds] = {
        "gexf": {"activations": EITHER},
        "onnx": {"form": NOTHING, "dtype": NONE, "context": BOOLEAN},
        "table": {"of": NOTHING},
        "python": {"context": BOOLEAN},
        "c": {"context": BOOLEAN},
        "javascript": {"context": BOOLEAN},
    }.get(name, {})
    source = {
        "onnx": "onnx_model",
        "python": "python_source",
        "c": "c_source",
        "javascript": "javascript_source",
    }
    add(
        f"readwrite.write_{name}",
        plain(getattr(readwrite, f"write_{name}")),
        to,
        network=NETWORK,
        path=EITHER,
        **options,
    )
    maker = source.get(name, f"{name}_data")
    add(f"readwrite.{maker}", plain(getattr(readwrite, maker)), net, network=NETWORK, **options)
add("readwrite.sparse_data", plain(readwrite.sparse_data), net, network=NETWORK)
for name in ("cytoscape", "gexf", "graphml", "neataptic", "node_link", "npz", "json", "synaptic"):
    add(f"readwrite.read_{name}", plain(getattr(readwrite, f"read_{name}")), path=EITHER)
    if name not in ("json", "synaptic"):
        maker = f"from_{name}_data"
        add(f"readwrite.{maker}", plain(getattr(readwrite, maker)), data=NOTHING)
add("readwrite.from_data", plain(readwrite.from_data), data=NOTHING)
add("readwrite.from_synaptic", plain(readwrite.from_synaptic), data=NOTHING)
tables: Callable[[World], dict[str, Any]] = lambda w: {  # noqa: E731
    "neurons": readwrite.table_data(w.net, "neurons"),
    "connections": readwrite.table_data(w.net),
    "name": "x",
}
add(
    "readwrite.from_table_data",
    plain(readwrite.from_table_data),
    tables,
    neurons=NOTHING,
    connections=NOTHING,
    name=TEXT - WORD,
    dtype=NOTHING,
)
add(
    "readwrite.read_table",
    plain(readwrite.read_table),
    lambda w: {"neurons": _csv(w, "neurons"), "connections": _csv(w, "connections"), "name": "x"},
    neurons=EITHER,
    connections=EITHER,
    name=TEXT - WORD,
    dtype=NOTHING,
)


def _csv(w: World, part: str) -> io.BytesIO:
    file = io.BytesIO()
    readwrite.write_table(w.net, file, part)
    file.seek(0)
    return file


TABLE["synapse.save"] = TABLE.pop("readwrite.write_json")
TABLE["synapse.load"] = TABLE.pop("readwrite.read_json")
add("synapse.to_torch", plain(synapse.to_torch), net, network=NETWORK, modules=NONE)
add(
    "synapse.from_torch",
    plain(synapse.from_torch),
    lambda w: {"modules": synapse.to_torch(w.net), "network": w.net},
    modules=NOTHING,
    network=NOTHING,
)

# --- what is not called here --------------------------------------------------------------------------

RESULT = "The library makes it and fills it in; it holds what it is given."
VIEW = "A view, which the library alone makes: by project, record, register or begin."
HOOK = "The library calls it, with arguments that it has checked."
MAPPING = "A mapping raises KeyError, as networkx expects of edge data."
PASSED = "Passed on by name to another call, which checks them."
DRAW = "An initializer is called by the library; a caller of its own passes a generator and a shape."

EXCLUDED: dict[str, str] = {
    **dict.fromkeys(
        [
            "synapse.Gradient.__init__",
            "architect.Capacity.__init__",
            "architect.Delayed.__init__",
            "architect.GatedUnits.__init__",
            "architect.MemoryBlocks.__init__",
            "architect.StandardBlocks.__init__",
            "learning.Evaluation.__init__",
            "learning.GradientComparison.__init__",
            "learning.Progress.__init__",
            "learning.Readout.__init__",
            "learning.Result.__init__",
            "learning.Step.__init__",
            "experiments.CrossValidation.__init__",
            *(
                f"analysis.{name}.__init__"
                for name in analysis.__all__
                if name != "Table" and isinstance(getattr(analysis, name), type)
            ),
        ],
        RESULT,
    ),
    **dict.fromkeys(
        [
            "synapse.Connection.__init__",
            "synapse.Projection.__init__",
            "synapse.Log.__init__",
            "optimizers.Moves.__init__",
            "squash.Squash.__init__",
            "cost.Cost.__init__",
        ],
        VIEW,
    ),
    **dict.fromkeys(
        [
            "squash.by_code",
            "synapse.Log.make_room",
            "synapse.schedule.__call__",
            "cost.Cost.check",
            "cost.Cost.check_targets",
            *(
                f"optimizers.{name}.find_change"
                for name in ("SGD", "AdaGrad", "AdamW", "RMSprop", "Rprop", "Optimizer")
            ),
        ],
        HOOK,
    ),
    "synapse.Connection.__getitem__": MAPPING,
    "synapse.Connection.__delitem__": MAPPING,
    "synapse.Network.project options": PASSED,
    "experiments.train_many options": PASSED,
    "experiments.cross_validate options": PASSED,
    **dict.fromkeys(
        ["initializers.draw", "initializers.glorot", "initializers.he", "initializers.orthogonal"], DRAW
    ),
}
