"""Wrong operations: each raises an error of the library, and nothing has changed then."""

from __future__ import annotations

import math
import pickle

import numpy as np

import synapse
from synapse import Layer, Network, Neuron, Trainer, gate, record
from synapse.errors import SynapseError

from .registry import Change, operation
from .world import Mismatch


def of_another_float(one):
    return Neuron(dtype="float32" if one._store.dtype == np.float64 else "float64")


OF_NEURONS = {
    "project to None": lambda n: n.project(None),
    "project to a string": lambda n: n.project("x"),
    "weight NaN": lambda n: n.project(Neuron(dtype=n._store.dtype), weight=math.nan),
    "weight inf": lambda n: n.project(Neuron(dtype=n._store.dtype), weight=math.inf),
    "another float": lambda n: n.project(of_another_float(n)),
    "activate NaN": lambda n: n.activate(math.nan),
    "activate string": lambda n: n.activate("x"),
    "propagate with a negative rate": lambda n: n.propagate(-1.0),
    "propagate with an infinite target": lambda n: n.propagate(0.1, math.inf),
    "unknown squash": lambda n: setattr(n, "squash", "none such"),
    "unknown cost": lambda n: n.propagate(0.1, 0.5, "none such"),
    "bias NaN": lambda n: setattr(n, "bias", math.nan),
    "name": lambda n: setattr(n, "name", 3),
    "gate nothing": lambda n: n.gate(3),
    "gate twice": lambda n: n.gate(*[one for one in n.incoming[:1] for _ in range(2)] or [None]),
    "ungate what it does not gate": lambda n: n.ungate(
        *[c for c in n.incoming if c.gater is not n][:1] or [0]
    ),
    "disconnect nothing": lambda n: n.disconnect(Neuron()),
    "layer twice": lambda n: Layer([n, n]),
    "tie with a connection": lambda n: synapse.tie([n, *n.incoming[:1], *([] if n.incoming else [0])]),
    "tie with wrong groups": lambda n: synapse.tie([n], [1, 2]),
    "tie nothing": lambda n: synapse.tie([]),
    "seed": lambda n: n.reseed("x"),
    "reset by an unknown initializer": lambda n: n.reset(0, "none such"),
    "pickle": pickle.dumps,
    "network without outputs": lambda n: Network(Layer([n])),
    "network twice the same": lambda n: Network(Layer([n]), [], Layer([n])),
}
OF_NETWORKS = {
    "too many inputs": lambda n: n.activate([0.0] * (len(n.input) + 1)),
    "inputs NaN": lambda n: n.activate([math.nan] * len(n.input)),
    "rows NaN": lambda n: n.run([[math.nan] * len(n.input)]),
    "rows of words": lambda n: n.run([["x"] * len(n.input)]),
    "targets": lambda n: n.propagate(0.1, [0.0] * (len(n.output) + 1)),
    "rate": lambda n: n.propagate(-0.1),
    "rate NaN": lambda n: n.propagate(math.nan),
    "unknown cost": lambda n: n.propagate(0.1, [0.5] * len(n.output), "none such"),
    "remove an input": lambda n: n.remove(n[0]),
    "remove a stranger": lambda n: n.remove(Neuron()),
    "add a network's neuron": lambda n: n.add(Layer([n[0]])),
    "add nothing": lambda n: n.add(3),
    "append twice": lambda n: n.input.append(n.input[0]),
    "append another float": lambda n: n.output.append(of_another_float(n)),
    "append another network's": lambda n: n.output.append(n.input[0]),
    "weights of another number": lambda n: setattr(n, "weights", np.zeros(len(n.weights) + 1)),
    "biases NaN": lambda n: setattr(n, "biases", np.full(len(n), math.nan)),
    "a layer of no name": lambda n: n["none such"],
    "a neuron in two networks": lambda n: Network(Layer(1), [], n.output),
    "project to a number": lambda n: n.project(3),
    "project by an unknown kind": lambda n: n.project(Layer(2, dtype=n._store.dtype), "none such"),
    "project by a mask of another shape": lambda n: n.project(
        Layer(2, dtype=n._store.dtype), np.ones((7, 9), bool)
    ),
    "gate a number": lambda n: n.gate(3, gate.INPUT),
    "train on nothing": lambda n: Trainer(n).train([], []),
    "train on unequal data": lambda n: Trainer(n).train([[0.0] * len(n.input)], []),
    "train no epoch": lambda n: Trainer(n).train(
        [[0.0] * len(n.input)], [[0.0] * len(n.output)], epochs=0, progress=False
    ),
    "unknown method": lambda n: Trainer(n, method="none such"),
    "a bad callback": lambda n: Trainer(n).train(
        [[0.0] * len(n.input)], [[0.0] * len(n.output)], callbacks=[3], progress=False
    ),
    "record an unknown number": lambda n: record(n, "none such"),
    "record a stranger": lambda n: record(n, neurons=[Neuron()]),
    "gradient of unequal data": lambda n: synapse.gradient(n, [[0.0] * len(n.input)], []),
    "save to nowhere": lambda n: synapse.save(n, 3),
}
OF_DEAD = {
    "activate": lambda d: d.activate(),
    "weight": lambda d: d.weight,
    "set a weight": lambda d: setattr(d, "weight", 0.5),
    "bias": lambda d: d.bias,
    "project": lambda d: d.project(Neuron()),
    "be projected to": lambda d: Neuron().project(d),
    "gate": lambda d: Neuron().gate(d),
    "tie": lambda d: synapse.tie([d, d]),
    "layer": lambda d: Layer([d]),
    "trainable": lambda d: setattr(d, "trainable", True),
    "gater": lambda d: d.gater,
}


def refused(world, what, call, of):
    """The call raises an error of the library."""
    world.note("mistake:", what)
    try:
        call(of)
    except SynapseError:
        return Change()
    except (AttributeError, TypeError) as error:
        if isinstance(of, Neuron) != hasattr(Neuron, what.split()[-1]) and "object has no" in str(error):
            return Change()  # a connection has no bias
        raise
    raise Mismatch(f"not refused: {what}")


@operation(5)
def mistake(world):
    """One wrong call."""
    sort = world.random.randrange(3)
    table, of = [
        (OF_NEURONS, world.one(world.neurons)),
        (OF_NETWORKS, world.one(world.networks)),
        (OF_DEAD, world.one(world.dead)),
    ][sort]
    if of is None:
        return None
    what = world.one(table)
    if table is OF_DEAD and not fits(of, what):
        return None
    return refused(world, what, table[what], of)


def fits(dead, what):
    """Whether a removed neuron, or connection, has such a call."""
    of_neurons = ("activate", "bias", "project", "be projected to", "layer")
    of_links = ("weight", "set a weight", "gate", "gater")
    return what not in (of_links if isinstance(dead, Neuron) else of_neurons)
