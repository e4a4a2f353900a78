"""Operations of a walk: each does one thing and tells what it may have changed."""

import math

import numpy as np

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers, record
from synapse.errors import SynapseError, TopologyError
from tests.helpers.integrity import check_store, require
from tests.helpers.learners import let_learn
from tests.helpers.recorded import agree, names_for, shown

from .world import DONE, TOP, Change, ends_of, is_alive, operation

SQUASHES = (
    *("logistic", "tanh", "identity", "softplus", "gaussian", "relu", "silu", "ramp"),
    *("logistic", "tanh", "identity", "softplus", "gaussian", "relu", "silu", "ramp"),
    *("winner", "maxout", "noise", "bernoulli"),
)


def dtype(world):
    """Mostly double precision."""
    return "float32" if world.chance(0.15) else "float64"


@operation(4)
def new_layer(world):
    if len(world.neurons) > TOP:
        return None
    size = world.random.randint(1, 6)
    bias = world.random.uniform(-0.5, 0.5)
    layer = Layer(size, world.pick(SQUASHES), bias, dtype=dtype(world))
    world.neurons.extend(layer)
    world.layers.append(layer)
    return Change(layer)


RECIPES = {
    "Perceptron": lambda r, **o: architect.Perceptron(
        r(1, 3), r(1, 5), r(1, 4), r(1, 2), seed=r(0, 99), **o
    ),
    "LSTM": lambda r, **o: architect.LSTM(
        r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o
    ),
    "LSTM of Synaptic": lambda r, **o: RECIPES["LSTM"](r, style="synaptic", **o),
    "GRU": lambda r, **o: architect.GRU(r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o),
    "CfC": lambda r, **o: architect.CfC(
        r(1, 2), r(1, 3), r(1, 2), mixed_memory=r(0, 1) > 0, seed=r(0, 99), **o
    ),
    "CTRNN": lambda r, **o: architect.CTRNN(
        r(1, 2), r(1, 3), r(1, 2), seed=r(0, 99), **o
    ),
    "Random": lambda r, **o: architect.Random(2, r(2, 6), 1, seed=r(0, 99), **o),
}


@operation(3)
def new_recipe(world):
    if len(world.neurons) > TOP:
        return None
    network = RECIPES[world.pick(RECIPES)](world.random.randint, dtype=dtype(world))
    world.neurons.extend(network)
    world.networks.append(network)
    return Change(network, map(ends_of, network.connections))


@operation(4)
def new_network(world):
    """A network of free neurons, which may lie in several stores."""
    chosen = world.some(world.free(np.dtype(dtype(world))), 9)
    if len(chosen) < 2:
        return None
    layers = [
        Layer(neurons) for neurons in (chosen[:1], chosen[1:-1], chosen[-1:]) if neurons
    ]
    world.networks.append(Network(layers[0], layers[1:-1], layers[-1]))
    return Change(chosen)


@operation(9, "neurons")
def project_neurons(world, a):
    """From one neuron to another one, of the same store or another, or to itself."""
    b = world.pick(
        [a, *world.some(n for n in world.neurons if n._store is a._store)][:3]
    )
    b = world.pick(world.neurons) if world.chance(0.3) else b
    weight = world.random.uniform(-0.8, 0.8)
    delay = world.pick([0, 0, 1, 3])
    learns = world.pick([None, True, False])
    link = a.project(b, weight=weight, trainable=learns, delay=delay)
    assert a.connection_to(b, delay=delay) is link
    return Change(links=[(a, b, delay)])


@operation(6)
def project_layers(world):
    """A projection is done whole or refused."""
    kinds = [
        *world.layers,
        *world.networks,
        *(layer for n in world.networks for layer in n.layers),
    ]
    kinds = list(filter(is_alive, kinds))
    source = world.pick(kinds)
    target = world.pick([*kinds, *world.some(world.neurons, 2)])
    if source is None:
        return None
    pattern = world.pick([None, "all_to_all", "one_to_one", "all_to_else", 0.5])
    links = source.project(
        target,
        pattern,
        seed=world.random.randrange(99),
        trainable=world.chance(0.8),
        delay=world.pick([0, 0, 2]),
    )
    return Change(links=map(ends_of, links))


@operation(4, "links")
def disconnect(world, link):
    a, b, delay = ends_of(link)
    a.disconnect(b, delay=delay)
    assert a.connection_to(b, delay=delay) is None
    return Change(links=[(a, b, delay)], ties=True)


@operation(9, "neurons")
def gate_links(world, gater):
    links = world.some(world.links(gater._store if world.chance(0.8) else None), 4)
    if not links:
        return None
    gater.gate(*links)
    assert all(link.gater is gater for link in links)
    return Change(links=map(ends_of, links))


@operation(3, lambda world: (link for link in world.links() if link.gater is not None))
def ungate(world, link):
    gater = link.gater
    links = [link] if world.chance(0.5) else list(link.gater.gated)
    gater.ungate(*links)
    assert all(link.gater is None for link in links)
    return Change(links=map(ends_of, links))


@operation(3, "networks")
def add_to_network(world, network):
    """A new layer, or a neuron at the end of one; of free neurons or a new one."""
    free = world.some(world.free(network._store.dtype), 2) if world.chance(0.5) else []
    neurons = free or [Neuron(world.pick(SQUASHES), 0.1, dtype=network._store.dtype)]
    layer = world.pick([None, *network.layers]) if len(neurons) == 1 else None
    _ = network.add(Layer(neurons)) if layer is None else layer.append(neurons[0])
    world.neurons.extend(neurons if not free else ())  # unless it is refused
    return Change(neurons)


@operation(3, lambda world: (n for n in world.networks if n.hidden))
def remove_from_network(world, network):
    neuron = world.pick(world.pick(network.hidden))
    ends = [
        ends_of(link) for link in world.links(neuron._store) if neuron in ends_of(link)
    ]
    network.remove(neuron)
    world.neurons = [each for each in world.neurons if each._row >= 0]
    world.layers = list(filter(is_alive, world.layers))
    return Change([neuron], ends, ties=True)


@operation(4)
def tie(world):
    """Connections or neurons of one store, or of several, which that joins."""
    links = world.links(world.pick([None, *world.stores()]))
    items = world.some(links if world.chance(0.5) else world.neurons, 5)
    groups = [world.random.randrange(2) for _ in items] if world.chance(0.5) else None
    _ = items and synapse.tie(items, groups)
    return Change(None, None, ties=True)


@operation(
    2,
    lambda world: [[owner for owner in (*world.neurons, *world.links()) if owner.tied]],
)
def untie(world, tied):
    chosen = world.pick(tied)
    items = world.some([member for member in tied if type(member) is type(chosen)], 3)
    _ = items and synapse.untie(items)
    return Change(ties=True)


@operation(5, lambda world: [world.pick(world.links()), world.pick(world.neurons)])
def set_something(world, element):
    """Whether it learns, or the squash of a neuron, or weights."""
    tied = {element, *element.tied}
    if world.chance(0.5):
        let_learn(element, world.chance(0.5))
    elif isinstance(element, Neuron):
        element.squash = world.pick(SQUASHES)
    else:
        element.weight = world.random.uniform(-0.8, 0.8)
    return (
        Change(tied)
        if isinstance(element, Neuron)
        else Change(links=map(ends_of, tied))
    )


@operation(
    2,
    lambda world: filter(
        is_alive, [*world.networks, *world.some(world.neurons), *world.layers]
    ),
)
def forget_context(world, element):
    """Clear a neuron, a layer or a network."""
    element.clear()
    return Change([element] if isinstance(element, Neuron) else element)


@operation(16, "stores")
def step_round(world, store):
    """All networks and free neurons of a store fire in some order and propagate in the
    reverse order."""
    store.ensure_lowered()
    neurons = {handle for handle in store.handles if handle is not None}
    networks = [network for network in world.networks if network[0] in neurons]
    taken = {neuron for network in networks for neuron in network}
    free = (
        n
        for n in world.neurons
        if n in neurons and n not in taken and not fires_as_a_group(n)
    )
    units = [*networks, *([n] for n in free)]
    if not units:
        return None
    world.random.shuffle(units)
    answers = [fire(world, unit) for unit in units]
    require(
        np.isfinite(np.concatenate(answers)).all(), "an answer is not finite", answers
    )
    for unit in reversed(units) if world.chance(0.8) else ():
        learn(world, unit)
    return Change(neurons, None)


def fires_as_a_group(neuron):
    """Whether it reads neurons that it competes with, so that it refuses to be stepped
    by itself."""
    return neuron._reads_its_group(neuron._store)


def fire(world, unit):
    """Activate a network, whole or by neurons, or a free neuron, which is rarely given
    a value."""
    free = isinstance(unit, list)
    has_values = world.chance(0.2 if free else 0.7) or not (
        free or all(neuron.incoming for neuron in unit.input)
    )
    values = []
    if has_values:
        inputs = unit if free else unit.input
        values = [world.random.uniform(-1, 1) for _ in inputs]
    if not free and (world.chance(0.5) or any(map(fires_as_a_group, unit))):
        return unit.activate(values or None)
    value_of = dict(zip(unit, values))
    return [neuron.activate(value_of.get(neuron)) for neuron in unit]


def learn(world, unit):
    """Propagate a network, whole or by neurons, or a free neuron."""
    outputs = unit if isinstance(unit, list) else unit.output
    aims = (
        {}
        if world.chance(0.3)
        else {neuron: world.random.random() for neuron in outputs}
    )
    if not isinstance(unit, list) and (
        world.chance(0.7) or any(map(fires_as_a_group, unit))
    ):
        unit.propagate(0.1, *([*aims.values()], "squared_error") if aims else ())
    else:
        for neuron in reversed(list(unit)):
            neuron.propagate(0.1, aims.get(neuron), "squared_error")


OPTIMIZERS = (None, optimizers.SGD, optimizers.Adam, optimizers.Rprop)
EDITS = (
    *("disconnect", "remove_from_network", "add_to_network", "project_neurons"),
    *("project_layers", "tie", "untie", "set_something", "gate_links", "ungate"),
    *("new_network", "forget_context"),
)


def data(world, network):
    """A stream, samples, or sequences of several lengths, with gaps in the targets."""
    n = len(network.input)
    m = len(network.output)
    count = world.random.randint(1, 4)
    lengths = [world.random.randint(1, 4) for _ in range(count)]
    inputs = [world.rng.uniform(-1, 1, (length, n)) for length in lengths]
    targets = [world.rng.random((length, m)) for length in lengths]
    if count > 1 and world.chance(0.3):
        targets[-1][:] = math.nan
    if world.chance(0.3):
        return np.concatenate(inputs), np.concatenate(targets)
    return inputs, targets


def training(world, network, **options):
    """One call of train by any rule and optimizer; a refusal or a divergence is an
    answer too."""
    arrays = data(world, network)
    optimizer = world.pick(OPTIMIZERS)
    rule = world.pick(["online", "bptt", "rtrl"])
    settings = {"batch_size": world.random.randint(1, 3)} if world.chance(0.5) else {}
    if rule == "rtrl":
        settings["reach"] = world.pick([None, None, 1, 3])
    if rule == "bptt":
        settings |= {
            "window": world.pick([None, 1, 2]),
            "threads": world.pick([1, 1, 2]),
        }
    rate = 0.05 if optimizer in (None, optimizers.SGD) else None
    world.notes.append(f"{rule} {optimizer} {settings}")
    try:
        optimizer = optimizer and optimizer()
        trainer = Trainer(
            network,
            rate,
            "squared_error",
            rule=rule,
            optimizer=optimizer,
            **settings,
        )
        result = trainer.train(
            *arrays,
            epochs=world.random.randint(1, 4),
            progress=False,
            seed=0,
            **options,
        )
    except SynapseError:
        return
    assert len(result.history["loss"]) == result.epochs, "an error for each epoch"


@operation(7, "networks")
def train(world, network):
    """A training without edits moves what learns, and nothing else."""
    members = set(network)
    before = world.snapshot()
    tied = {tied_element for group in before.ties for tied_element in group}
    training(world, network)
    learning = {
        ends for ends, link in before.links.items() if ends[1] in members and link[1]
    }
    return Change(members | tied, learning | tied)


@operation(7, lambda world: world.networks if world.depth < 3 else ())
def train_and_edit(world, network):
    """A training whose callbacks, after epochs or after batches, edit the network or
    anything else."""

    def edit(_):
        world.do(world.pick(EDITS))
        return world.chance(0.1)

    slow = {"on_batch": lambda batch: edit(batch) if world.chance(0.3) else None}
    training(world, network, **slow if world.chance(0.4) else {"callbacks": [edit]})
    world.check()
    return DONE


@operation(
    5,
    lambda world: (
        network
        for network in world.networks
        if network._store.recorder is None and world.depth < 3
    ),
)
def record_run(world, network):
    """A recording has a row for each step, also when the network is edited in
    between."""
    neurons = world.some(network.output, 3) if world.chance(0.6) else None
    numbers = list(dict.fromkeys(["activation", *world.some(names_for(network), 4)]))
    try:
        with record(network, *numbers, neurons=neurons) as log:
            for _ in range(world.random.randint(1, 3)):
                rows = world.rng.uniform(
                    -1, 1, (world.random.randint(1, 3), len(network.input))
                )
                before = len(log)
                network.run(rows)
                require(
                    len(log) == before + len(rows),
                    "a row for each step",
                    before,
                    len(log),
                )
                check_store(network._store)
                agree(log, shown(log, propagated=False), within=1e-5)
                if world.chance(0.6):
                    world.do(world.pick([*EDITS, "record_run"]))
    except TopologyError as error:
        world.notes.append(f"refused: {error}")
    world.check()
    return DONE
