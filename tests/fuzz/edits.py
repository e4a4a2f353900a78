"""Operations that build and edit: each does one thing and tells what it may have changed."""

from __future__ import annotations

import numpy as np

import architect
import synapse
from synapse import ALL_TO_ALL, ALL_TO_ELSE, ONE_TO_ONE, Layer, Network, Neuron, gate

from .registry import Change, agree, attempt, done_or_refused, operation
from .world import TOP, is_alive

SMOOTH = ("logistic", "tanh", "identity", "softplus", "gaussian", "wobble", "relu", "swish", "ramp")
ODD = ("softmax", "winner", "maxout", "noise", "bernoulli")


@synapse.squash.register(low=-1.0, high=1.0)
def wobble(state):
    """A squash of a user's own, see ``oracle.wobble``."""
    root = (1.0 + state * state) ** 0.5
    return state / root, 1.0 / root**3


def squash(world):
    """The name of a squash, rarely of one that the reference does not have."""
    return world.one(ODD[1:] if world.chance(0.03) else SMOOTH)


def dtype(world):
    """Mostly double precision."""
    return "float32" if world.chance(0.15) else "float64"


def of_links(links):
    """Gater and whether it learns, by pair of neurons."""
    return {(one.source, one.target): (one.gater, int(one.trainable)) for one in links}


def pair(link):
    """The neurons that a connection leads from and to."""
    return link.source, link.target


# --- what is new -----------------------------------------------------------------------------------


@operation(3)
def new_neuron(world):
    if len(world.neurons) > TOP:
        return None
    kind, bias, number = squash(world), world.random.uniform(-1, 1), dtype(world)
    world.note("Neuron", kind, bias, number)
    neuron = Neuron(kind, bias, dtype=number)
    world.hold([neuron])
    return Change(born={neuron})


@operation(3)
def new_layer(world):
    if len(world.neurons) > TOP:
        return None
    size, kind, number = world.random.randint(1, 6), squash(world), dtype(world)
    world.note("Layer", size, kind, number)
    layer = Layer(size, kind, world.random.uniform(-0.5, 0.5), dtype=number)
    world.hold(layer)
    world.layers.append(layer)
    return Change(born=set(layer))


RECIPES = {
    "Perceptron": lambda r, **o: architect.Perceptron(r(1, 3), r(1, 5), r(1, 4), r(1, 2), seed=r(0, 99), **o),
    "LSTM": lambda r, **o: architect.LSTM(r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o),
    "LSTM of Synaptic": lambda r, **o: RECIPES["LSTM"](r, style="synaptic", **o),
    "Elman": lambda r, **o: architect.Elman(r(1, 3), r(1, 5), r(1, 2), seed=r(0, 99), **o),
    "Jordan": lambda r, **o: architect.Jordan(r(1, 3), r(1, 4), r(1, 2), seed=r(0, 99), **o),
    "GRU": lambda r, **o: architect.GRU(r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o),
    "NARX": lambda r, **o: architect.NARX(1, r(1, 3), 1, seed=r(0, 99), **o),
    "Liquid": lambda r, **o: architect.Liquid(2, r(3, 8), 1, seed=r(0, 99), **o),
    "Residual": lambda r, **o: architect.Residual(r(1, 2), 3, 3, r(1, 2), seed=r(0, 99), **o),
    "Convolutional": lambda r, **_: architect.Convolutional((3, 4), 2, filters=(2,), kernel=2, seed=r(0, 99)),
    "Hopfield": lambda r, **_: architect.Hopfield(r(2, 6)),
    "Kohonen": lambda r, **_: architect.Kohonen(r(1, 3), (r(1, 2), r(2, 3)), seed=r(0, 99)),
    "Random": lambda r, **o: architect.Random(2, r(2, 6), 1, seed=r(0, 99), **o),
}


@operation(3)
def new_recipe(world):
    if len(world.neurons) > TOP:
        return None
    name, number = world.one(RECIPES), dtype(world)
    world.note("architect", name, number)
    network = RECIPES[name](world.random.randint, dtype=number)
    world.hold(network)
    world.networks.append(network)
    return Change(born=set(network), added=of_links(network.connections), ties=name == "Convolutional")


@operation(4)
def new_network(world):
    """A network of free neurons, which may lie in several stores."""
    number = dtype(world)
    free = world.free(np.dtype(number))
    if len(free) < 2:
        return None
    chosen = world.some(free, 9)
    if len(chosen) < 2:
        return None
    parts = [chosen[:1], chosen[1:-1], chosen[-1:]]
    if len(chosen) > 4 and world.chance(0.5):
        parts = [chosen[:2], chosen[2:3], chosen[3:-2], chosen[-2:]]
    layers = [Layer(part) for part in parts if part]
    world.note("Network of", len(chosen), "neurons in", len({id(n._store) for n in chosen}), "stores")
    competes = any(n.squash.name == "softmax" for n in chosen[:-1])
    network = done_or_refused(world, lambda: Network(layers[0], layers[1:-1], layers[-1]), competes)
    world.networks.append(network)
    return Change(numbers=set(chosen))


@operation(3)
def slice_layer(world):
    """A part of a layer, of a network's or a free one, or any neurons as a layer."""
    layers = [*world.layers, *(layer for network in world.networks for layer in network.layers)]
    layer = world.one(filter(is_alive, layers))
    if layer is None:
        return None
    if world.chance(0.5):
        first = world.random.randrange(len(layer))
        world.note("slice", layer.name, first)
        world.layers.append(layer[first:])
    else:
        world.note("Layer of some neurons")
        world.layers.append(Layer(world.some(world.neurons, 5)))
    del world.layers[:-12]
    return Change()


# --- links -----------------------------------------------------------------------------------------


@operation(8, "neurons")
def project_neurons(world, a):
    b = world.one(world.neurons)
    joined = a._store is b._store
    if not joined and world.chance(0.7):
        b = world.one(n for n in world.neurons if n._store is a._store)
    weight = world.random.uniform(-0.8, 0.8)
    trainable = world.one([None, True, False])
    expected = a.connected(b) is not None or a._store.dtype != b._store.dtype
    world.note("project", a.name, "->", b.name, "" if a._store is b._store else "(joins)", trainable)
    done_or_refused(world, lambda: a.project(b, weight=weight, trainable=trainable), expected)
    learns = (a is not b) if trainable is None else trainable
    return Change(added={(a, b): (None, int(learns))})


@operation(3, lambda world: (n for n in world.neurons if n.connected(n) is None))
def project_self(world, neuron):
    world.note("self-connection of", neuron.name)
    trainable = world.one([None, True])
    neuron.project(neuron, weight=world.random.uniform(-0.9, 0.9), trainable=trainable)
    return Change(added={(neuron, neuron): (None, int(bool(trainable)))})


def any_layer(world):
    """A free layer, a network's layer, a single neuron or a network."""
    kinds = [*world.layers, *world.networks, *(layer for n in world.networks for layer in n.layers)]
    kinds = list(filter(is_alive, kinds))
    return world.one([*kinds, *world.some(world.neurons, 2)] if world.neurons else kinds)


@operation(6)
def project_layers(world):
    """All kinds of projections; each is done whole or refused."""
    source, target = any_layer(world), any_layer(world)
    if source is None or isinstance(source, Neuron):
        return None
    outputs = source.output if isinstance(source, Network) else source
    inputs = [target] if isinstance(target, Neuron) else getattr(target, "input", target)
    shape = len(outputs), len(inputs)
    mask = np.array([[world.chance(0.5) for _ in range(shape[1])] for _ in range(shape[0])])
    listed = tuple(map(list, zip(*{(world.random.randrange(shape[0]), world.random.randrange(shape[1]))})))
    kind = world.one([None, ALL_TO_ALL, ONE_TO_ONE, ALL_TO_ELSE, 0.5, mask, listed])
    world.note("project layers", source, "->", target, "kind", str(kind).replace("\n", " "))
    own = world.chance(0.3)
    options = {"seed": world.random.randrange(99), "trainable": world.one([None, None, True, False])}
    options |= {"self_connections": True} if own else {}
    made = done_or_refused(world, lambda: source.project(target, kind, **options))
    world.projections.append(made)
    del world.projections[:-12]
    links = list(made)
    assert {one.source for one in links} <= set(outputs), "a projection leads from its sources"
    assert {one.target for one in links} <= set(inputs), "a projection leads to its targets"
    learns = options["trainable"]
    same = list(outputs) == list(inputs)
    carousel = same and (kind is None or (isinstance(kind, str) and kind == ONE_TO_ONE))
    added = {p: (None, int(not carousel if learns is None else learns)) for p in map(pair, links)}
    overlap = len(set(outputs) & set(inputs))
    if not own and not carousel:
        assert all(p[0] is not p[1] for p in added), "self-connections only if asked for"
    if isinstance(kind, str) and kind == ALL_TO_ALL and (own or overlap < shape[0] * shape[1]):
        assert len(added) == shape[0] * shape[1] - (0 if own else overlap), "a full projection"
    return Change(added=added)


@operation(4, "links")
def disconnect(world, link):
    a, b = pair(link)
    world.note("disconnect", a.name, "->", b.name)
    a.disconnect(b)
    world.dead.append(link)
    return Change(removed={(a, b)}, ties=True)


@operation(6, "neurons")
def gate_links(world, gater):
    links = world.some(world.links(gater._store if world.chance(0.8) else None), 4)
    if not links:
        return None
    expected = any(one.gater is not None or one._store.dtype != gater._store.dtype for one in links)
    joins = len({id(one._store) for one in [gater, *links]}) > 1
    world.note("gate", gater.name, "gates", len(links), "connections", "(joins)" if joins else "")
    done_or_refused(world, lambda: gater.gate(*links), expected)
    return Change(gated={pair(one): gater for one in links})


@operation(3)
def gate_projection(world):
    projection, layer = world.one(world.projections), any_layer(world)
    if projection is None or layer is None or isinstance(layer, Neuron) or not len(projection):
        return None
    kind = world.one([gate.INPUT, gate.OUTPUT, gate.ONE_TO_ONE])
    world.note("gate projection", projection, "by", layer, kind)
    links = list(projection)
    done_or_refused(world, lambda: layer.gate(projection, kind))
    gaters = layer.output if isinstance(layer, Network) else layer
    assert {one.gater for one in links} <= set(gaters), "the gaters are of the layer"
    return Change(gated={pair(one): one.gater for one in links})


@operation(3, lambda world: (one for one in world.links() if one.gater is not None))
def ungate(world, link):
    gater = link.gater
    links = [link] if world.chance(0.5) else list(gater.gated)
    world.note("ungate", gater.name, len(links))
    gater.ungate(*links)
    return Change(gated={pair(one): None for one in links})


# --- networks --------------------------------------------------------------------------------------


@operation(3, "networks")
def add_to_network(world, network):
    free = world.free(network._store.dtype)
    neurons = world.some(free, 2) if world.chance(0.5) else []
    born = set()
    if not neurons:
        neurons = [Neuron(squash(world), 0.1, dtype=network._store.dtype)]
        world.hold(neurons)
        born = set(neurons)
    if len(neurons) > 1 or world.chance(0.5):
        world.note("add", len(neurons), "neurons to", network)
        _, error = attempt(world, lambda: network.add(Layer(neurons)))
    else:
        layer = world.one(network.layers)
        world.note("append a neuron to", layer.name, "of", network)
        _, error = attempt(world, lambda: layer.append(neurons[0]))
    if error is not None:
        agree(world, error, any(n.squash.name == "softmax" for n in neurons))
        return Change(born=born)
    return Change(born=born, numbers=set(neurons))


@operation(1)
def append_to_layer(world):
    """A layer that is no network's, or a slice of one, grows; networks do not."""
    neuron = world.one(world.neurons)
    layer = world.one(one for one in world.layers if one._network is None)
    if neuron is None or layer is None:
        return None
    world.note("append", neuron.name, "to a layer of", len(layer))
    done_or_refused(world, lambda: layer.append(neuron), neuron in layer)
    return Change()


@operation(3, lambda world: (n for n in world.networks if n.hidden))
def remove_from_network(world, network):
    layer = world.one(network.hidden)
    neuron = world.one(layer)
    mine = [one for one in world.links(neuron._store) if neuron in pair(one)]
    expected = any(neuron not in pair(one) for one in neuron.gated)
    world.note("remove", neuron.name, "from", network)
    pairs = {pair(one) for one in mine}
    done_or_refused(world, lambda: network.remove(neuron), expected)
    world.neurons.remove(neuron)
    world.buried()
    if len(layer) == 0:
        world.emptied.append(layer)
    world.dead += [neuron, *mine]
    del world.dead[:-20]
    return Change(gone={neuron}, removed=pairs, ties=True)
