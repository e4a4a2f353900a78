"""Neurons, connections, layers and networks."""

from __future__ import annotations

import synapse

from .rows import add, plain, setter
from .world import (
    BOOLEAN,
    EITHER,
    FRACTION,
    INDEX,
    LAYER,
    NETWORK,
    NEURON,
    NONE,
    NOT_NEGATIVE,
    NOTHING,
    NUMBER,
    NUMBER32,
    SEED,
    SIZE,
    SMALL,
    TEXT,
    UNIT,
    WORD,
)

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
for name in ("trainable", "deterministic"):
    add(f"synapse.Neuron.{name}", setter(lambda w: w.b, name), lambda w: {"value": True}, value=BOOLEAN)
    add(f"synapse.Layer.{name}", setter(lambda w: w.first, name), lambda w: {"value": True}, value=BOOLEAN)
add(
    "synapse.Network.deterministic",
    setter(lambda w: w.net, "deterministic"),
    lambda w: {"value": True},
    value=BOOLEAN,
)
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
