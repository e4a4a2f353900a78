"""Operations that set: ties, what is trained, weights, squashes, names; and reading, which sets nothing."""

from __future__ import annotations

import synapse
from synapse import Layer, Neuron

from .edits import ODD, SMOOTH, pair, squash
from .registry import ANY, ANYTHING, Change, done_or_refused, operation
from .world import is_alive


@operation(4)
def tie(world):
    """Connections or neurons of one store, or of several, which that joins."""
    sort = world.random.randrange(3)
    if sort == 0:
        items = world.some(world.neurons, 5)
    elif sort == 1:
        one = world.one(world.projections)
        items = one if one is not None and len(one) else None
    else:
        store = world.one(world.stores())
        items = world.some(world.links(store if world.chance(0.8) else None), 5) if store else None
    if not items:
        return None
    listed = list(items)
    groups = None if world.chance(0.5) else [world.random.randrange(2) for _ in listed]
    world.note("tie", type(listed[0]).__name__, len(listed), groups)
    done_or_refused(world, lambda: synapse.tie(items, groups))
    return Change(weights=ANY, numbers=ANY, ties=True)


@operation(2)
def untie(world):
    links = [one for one in world.links() if one.tied]
    items = world.some([n for n in world.neurons if n.tied] if world.chance(0.5) else links, 3)
    if not items:
        return None
    world.note("untie", type(items[0]).__name__, len(items))
    synapse.untie(items)
    return Change(ties=True)


@operation(3)
def freeze(world):
    flag = world.chance(0.5)
    if world.chance(0.4) and world.neurons:
        neuron = world.one(world.neurons)
        world.note("trainable of", neuron.name, flag)
        neuron.trainable = flag
        return Change(numbers={neuron, *neuron.tied})
    link = world.one(world.links())
    if link is None:
        return None
    world.note("trainable of a connection", flag)
    if world.chance(0.5):
        link.trainable = flag
    else:
        link["trainable"] = flag
    return Change(learns={pair(one): int(flag) for one in (link, *link.tied)})


@operation(2, "links")
def set_weight(world, link):
    world.note("weight of a connection")
    link.weight = world.random.uniform(-0.8, 0.8)
    return Change(weights={pair(one) for one in (link, *link.tied)})


@operation(2)
def set_weights(world):
    """All weights or biases of a network, or those of a projection."""
    network, projection = world.one(world.networks), world.one(world.projections)
    if world.chance(0.4) and projection is not None:
        world.note("weights of a projection")
        draw = world.random.uniform
        done_or_refused(world, lambda: projection.weights.__setitem__(..., draw(-0.5, 0.5)))
        return Change(weights=ANY, ties=True)
    if network is None:
        return None
    world.note("weights and biases of a network")
    network.weights = network.weights * 0.9
    network.biases = network.biases * 0.9
    return Change(weights=ANY, numbers=ANY, ties=True)


@operation(3, "neurons")
def set_squash(world, neuron):
    kind = squash(world)
    world.note("squash of", neuron.name, kind)
    neuron.squash = kind
    return Change(numbers={neuron})


@operation(1, "layers")
def set_layer_squash(world, layer):
    """A group that competes; neurons of several stores are joined by that."""
    if not is_alive(layer):
        return None
    kind = world.one(ODD[1:3]) if world.chance(0.2) else world.one(SMOOTH)
    world.note("squash of a layer", len(layer), kind)
    done_or_refused(world, lambda: setattr(layer, "squash", kind))
    return Change(numbers=set(layer))


@operation(2, "neurons")
def rename(world, neuron):
    world.note("name", neuron.name)
    neuron.name = world.one(["a", "b", "<b>", "Ω", ""])
    return Change()


@operation(2)
def look(world):
    """Reading changes nothing, but lowers and makes graphs."""
    neuron, network = world.one(world.neurons), world.one(world.networks)
    if neuron is None:
        return None
    world.note("look at", neuron.name)
    for link in (*neuron.incoming, *neuron.outgoing, *neuron.gated):
        _ = repr(link), link.gain, link.eligibility, dict(link.extended), link.tied, link.sensitivity
    _ = repr(neuron), neuron.bias_eligibility, neuron.bias_sensitivity, neuron.error, neuron.tied
    if network is not None:
        _ = repr(network), network.weights, network.biases, network.has_memory, network.is_random
        assert len(network.connections) == len(network.weights)
        assert set(network.graph.nodes) == set(network)
    return Change()


@operation(2)
def forget_context(world):
    """Clear, reset or reseed a neuron, a layer or a network."""
    kinds = [*world.networks, *world.some(world.neurons, 3), *world.layers]
    one = world.one(filter(is_alive, kinds))
    if one is None:
        return None
    neurons = [one] if isinstance(one, Neuron) else list(one)
    verb = world.one(["clear", "clear", "reset", "reset" if isinstance(one, Layer) else "reseed"])
    world.note(verb, one)
    getattr(one, verb)(*([] if verb == "clear" else [world.random.randrange(99)]))
    if verb == "clear":
        for neuron in neurons:
            world.oracle.reference.clear(neuron)
        return Change(numbers=set(neurons))
    return Change(**ANYTHING)
