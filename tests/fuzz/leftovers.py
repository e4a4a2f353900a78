"""Operations on what is left over: what was removed, emptied or let go of; and numbers that do not fit."""

from __future__ import annotations

import gc

import numpy as np

import synapse
from synapse import Layer, Network, Neuron
from synapse.errors import SynapseError

from .edits import pair
from .registry import Change, attempt, operation
from .world import TOP, Mismatch, is_alive


@operation(2)
def forget_store(world):
    """Let go of everything that is connected with a neuron."""
    if len(world.neurons) < TOP // 2:
        return None
    store = world.one(world.stores())
    world.note("forget a store of", store.n_neurons)
    gone = {neuron for neuron in world.neurons if neuron._store is store}
    removed = {pair(one) for one in world.links(store)}
    world.forget(store)
    return Change(gone=gone, removed=removed, ties=True)


def let_go(world, verb):
    """Let go of a network: its layers, if there was one."""
    network = world.one(world.networks)
    if network is None:
        return None
    world.note(verb, network)
    layers = network.layers
    world.networks.remove(network)
    world.trainers = [one for one in world.trainers if one.network is not network]
    del network
    gc.collect()
    return layers


@operation(1)
def forget_network(world):
    """Let go of a network; its neurons stay, may be taken into another, and keep their order until then."""
    return None if let_go(world, "forget") is None else Change()


@operation(1)
def rebuild_network(world):
    """Let go of a network, whose neurons are free then, and build another of its layers."""
    layers = let_go(world, "rebuild")
    if layers is None:
        return None
    world.networks.append(Network(layers[0], layers[1:-1], layers[-1]))
    return Change()


@operation(3)
def misuse_of_the_dead(world):
    """Layers and projections that hold what was removed are refused, or skip it; nothing else changes."""
    if not world.neurons:
        return None
    gone = [one for one in world.dead if isinstance(one, Neuron)]
    neuron = world.one(gone)
    layer = world.one(one for one in world.held if not is_alive(one))
    if layer is None:
        return None
    calls = {
        "project": lambda: layer.project(Layer(2, dtype=world.neurons[0]._store.dtype)),
        "activate": layer.activate,
        "propagate": lambda: layer.propagate(0.1),
        "be projected to": lambda: Layer(2).project(layer),
        "biases": lambda: layer.biases,
        "squash": lambda: setattr(layer, "squash", "tanh"),
        "trainable": lambda: setattr(layer, "trainable", True),
        "clear": layer.clear,
        "network": lambda: Network(Layer(1), [], layer),
        "tie": lambda: synapse.tie(layer),
    }
    what = world.one(calls)
    world.note("a layer with a removed neuron:", what, neuron)
    try:
        calls[what]()
    except SynapseError:
        return Change()
    raise Mismatch(f"not refused: {what} of a layer with a removed neuron")


@operation(1)
def forget_views(world):
    """Let go of layers, projections, trainers and of what was removed."""
    world.note("forget views")
    world.projections, world.layers, world.dead, world.held, world.trainers = [], [], [], [], []
    gc.collect()
    return Change()


@operation(2, "emptied")
def append_to_emptied(world, layer):
    """A layer whose last neuron was removed from its network is given one again, or refuses it."""
    world.emptied.remove(layer)
    network = layer._network() if layer._network is not None else None
    neuron = Neuron(dtype="float64" if network is None else network._store.dtype)
    world.hold([neuron])
    world.note("append to an emptied layer")
    attempt(world, lambda: layer.append(neuron))
    return Change(born={neuron})


TOO_LARGE = {
    "weight": lambda n: n.project(Neuron(dtype="float32"), weight=1e39),
    "bias": lambda n: setattr(n, "bias", 1e39),
    "state": lambda n: setattr(n, "state", 1e39),
    "activation": lambda n: n.activate(1e39),
    "target": lambda n: n.propagate(0.1, 1e39),
    "rate": lambda n: n.propagate(1e39, 0.5),
    "bias of a new neuron": lambda n: Neuron(bias=1e39, dtype="float32"),
    "biases of a layer": lambda n: setattr(Layer([n]), "biases", [1e39]),
}


@operation(1, lambda world: (n for n in world.neurons if n._store.dtype == np.float32))
def beyond_single(world, neuron):
    """What does not fit single precision is refused."""
    what = world.one(TOO_LARGE)
    world.note("1e39 as", what)
    _, error = attempt(world, lambda: TOO_LARGE[what](neuron))
    if error is None:
        raise Mismatch(f"1e39 was taken as {what} in float32")
    return Change()
