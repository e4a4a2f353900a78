"""Operations that build, edit, set and let go: each does one thing and tells what it may have changed."""

import numpy as np

import architect
import synapse
from synapse import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE, Layer, Network, Neuron

from .world import ANY, TOP, Change, is_alive, operation

SMOOTH = ("logistic", "tanh", "identity", "softplus", "gaussian", "relu", "swish", "ramp")
ODD = ("winner", "maxout", "noise", "bernoulli")
"""Squashes that the reference does not have."""


def squash(world):
    """The name of a squash, rarely of one that the reference does not have."""
    return world.one(ODD if world.chance(0.03) else SMOOTH)


def dtype(world):
    """Mostly double precision."""
    return "float32" if world.chance(0.15) else "float64"


def pair(link):
    """The neurons that a connection leads from and to."""
    return link.source, link.target


def room(world):
    """One item while there is room for more neurons."""
    return [True] if len(world.neurons) <= TOP else []


@operation(4, room)
def new_layer(world, _):
    size, bias = world.random.randint(1, 6), world.random.uniform(-0.5, 0.5)
    layer = Layer(size, squash(world), bias, dtype=dtype(world))
    world.note(layer)
    world.neurons.extend(layer)
    world.layers.append(layer)
    return Change(born=set(layer))


RECIPES = {
    "Perceptron": lambda r, **o: architect.Perceptron(r(1, 3), r(1, 5), r(1, 4), r(1, 2), seed=r(0, 99), **o),
    "LSTM": lambda r, **o: architect.LSTM(r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o),
    "LSTM of Synaptic": lambda r, **o: RECIPES["LSTM"](r, style="synaptic", **o),
    "GRU": lambda r, **o: architect.GRU(r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o),
    "Random": lambda r, **o: architect.Random(2, r(2, 6), 1, seed=r(0, 99), **o),
}


@operation(3, room)
def new_recipe(world, _):
    name, number = world.one(RECIPES), dtype(world)
    world.note("architect", name, number)
    network = RECIPES[name](world.random.randint, dtype=number)
    world.neurons.extend(network)
    world.networks.append(network)
    links = {pair(one): (one.gater, int(one.trainable)) for one in network.connections}
    return Change(born=set(network), added=links)


@operation(4)
def new_network(world):
    """A network of free neurons, which may lie in several stores."""
    chosen = world.some(world.free(np.dtype(dtype(world))), 9)
    if len(chosen) < 2:
        return None
    layers = [Layer(part) for part in (chosen[:1], chosen[1:-1], chosen[-1:]) if part]
    world.note("Network of", len(chosen), "neurons in", len({id(n._store) for n in chosen}), "stores")
    world.networks.append(world.done_or_refused(lambda: Network(layers[0], layers[1:-1], layers[-1]), False))
    return Change(numbers=set(chosen))


@operation(9, "neurons")
def project_neurons(world, a):
    """From one neuron to another one, of the same store or another, or to itself."""
    b = world.one([a, *world.some(n for n in world.neurons if n._store is a._store)][:3])
    b = world.one(world.neurons) if world.chance(0.3) else b
    weight, trainable = world.random.uniform(-0.8, 0.8), world.one([None, True, False])
    expected = a.connected(b) is not None or a._store.dtype != b._store.dtype
    world.note("to", b, "" if a._store is b._store else "(joins)", trainable)
    world.done_or_refused(lambda: a.project(b, weight=weight, trainable=trainable), expected)
    return Change(added={(a, b): (None, int((a is not b) if trainable is None else trainable))})


@operation(6)
def project_layers(world):
    """A projection is done whole or refused."""
    kinds = [*world.layers, *world.networks, *(layer for n in world.networks for layer in n.layers)]
    kinds = list(filter(is_alive, kinds))
    source, target = world.one(kinds), world.one([*kinds, *world.some(world.neurons, 2)])
    if source is None:
        return None
    kind, learns = world.one([None, ALL_TO_ALL, ONE_TO_ONE, ALL_TO_ELSE, 0.5]), world.chance(0.8)
    world.note(source, "->", target, kind)
    options = {"seed": world.random.randrange(99), "trainable": learns}
    made = world.done_or_refused(lambda: source.project(target, kind, **options))
    return Change(added={pair(one): (None, int(learns)) for one in made})


@operation(4, "links")
def disconnect(world, link):
    a, b = pair(link)
    a.disconnect(b)
    return Change(removed={(a, b)}, ties=True)


@operation(9, "neurons")
def gate_links(world, gater):
    links = world.some(world.links(gater._store if world.chance(0.8) else None), 4)
    if not links:
        return None
    expected = any(one.gater is not None or one._store.dtype != gater._store.dtype for one in links)
    world.note(links)
    world.done_or_refused(lambda: gater.gate(*links), expected)
    return Change(gated={pair(one): gater for one in links})


@operation(3, lambda world: (one for one in world.links() if one.gater is not None))
def ungate(world, link):
    gater, links = link.gater, [link] if world.chance(0.5) else list(link.gater.gated)
    world.note(links)
    gater.ungate(*links)
    return Change(gated={pair(one): None for one in links})


@operation(3, "networks")
def add_to_network(world, network):
    """A new layer, or a neuron at the end of one; of free neurons or a new one."""
    free = world.some(world.free(network._store.dtype), 2) if world.chance(0.5) else []
    neurons = free or [Neuron(squash(world), 0.1, dtype=network._store.dtype)]
    layer = world.one([None, *network.layers]) if len(neurons) == 1 else None
    world.note("add", len(neurons), "neurons to", network if layer is None else layer.name)
    _ = network.add(Layer(neurons)) if layer is None else layer.append(neurons[0])
    world.neurons.extend(neurons if not free else ())
    return Change(born=set() if free else set(neurons), numbers=set(neurons))


@operation(3, lambda world: (n for n in world.networks if n.hidden))
def remove_from_network(world, network):
    neuron = world.one(world.one(network.hidden))
    mine = [one for one in world.links(neuron._store) if neuron in pair(one)]
    pairs, expected = set(map(pair, mine)), any(neuron not in pair(one) for one in neuron.gated)
    world.note(neuron)
    world.done_or_refused(lambda: network.remove(neuron), expected)
    world.neurons.remove(neuron)
    world.layers = list(filter(is_alive, world.layers))
    return Change(gone={neuron}, removed=pairs, ties=True)


@operation(4)
def tie(world):
    """Connections or neurons of one store, or of several, which that joins."""
    links = world.links(world.one([None, *world.stores()]))
    items = world.some(links if world.chance(0.5) else world.neurons, 5)
    groups = [world.random.randrange(2) for _ in items or ()] if world.chance(0.5) else None
    if not items:
        return None
    world.note("tie", items, groups)
    world.done_or_refused(lambda: synapse.tie(items, groups))
    return Change(weights=ANY, numbers=ANY, ties=True)


@operation(2, lambda world: [[one for one in (*world.neurons, *world.links()) if one.tied]])
def untie(world, tied):
    chosen = world.one(tied)
    items = world.some([one for one in tied if type(one) is type(chosen)], 3)
    world.note("untie", items)
    _ = items and synapse.untie(items)
    return Change(ties=True)


@operation(5, lambda world: [world.one(world.links()), world.one(world.neurons)])
def set_something(world, one):
    """Whether it learns, or the squash of a neuron, or weights."""
    tied, flag = {one, *one.tied}, world.chance(0.5)
    if isinstance(one, Neuron) and flag:
        one.squash = squash(world)
    elif isinstance(one, Neuron):
        one.trainable = world.chance(0.5)
    elif flag:
        one.trainable = world.chance(0.5)
        return Change(learns={pair(each): int(one.trainable) for each in tied})
    else:
        one.weight = world.random.uniform(-0.8, 0.8)
        return Change(weights=set(map(pair, tied)))
    return Change(numbers=tied)


@operation(2, lambda world: filter(is_alive, [*world.networks, *world.some(world.neurons), *world.layers]))
def forget_context(world, one):
    """Clear a neuron, a layer or a network."""
    neurons = {one} if isinstance(one, Neuron) else set(one)
    one.clear()
    for neuron in neurons:
        world.oracle.reference.clear(neuron)
    return Change(numbers=neurons)
