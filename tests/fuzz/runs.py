"""Operations that run: steps beside the reference, trainings and recordings."""

import math

import numpy as np

from synapse import Trainer, optimizers, record
from synapse.errors import SynapseError, TopologyError

from ..integrity import check_store, require
from ..recorded import agree, names_for, shown
from .edits import ODD
from .world import ANY, DONE, Change, operation


def inside(store):
    """All that a step may move in a store."""
    return {view for view in store.views if view is not None}


def finite(values):
    """What the library answers is finite."""
    require(np.isfinite(values), "an answer is not finite", values)


@operation(16, "stores")
def step_round(world, store):
    """All networks and free neurons of a store fire in some order and propagate in the reverse order."""
    store.ready()
    neurons, reference = inside(store), world.oracle.reference
    networks = [network for network in world.networks if network[0] in neurons]
    taken = {neuron for network in networks for neuron in network}
    units = [*networks, *([n] for n in world.neurons if n in neurons and n not in taken)]
    world.random.shuffle(units)
    odd = any(store[name].any() for name in ("tie", "bias_tie"))  # members of ties move together
    odd = odd or any(n.squash.name in ODD for n in neurons)
    world.note("step", len(neurons), "neurons in", len(units), "units", "(unchecked)" if odd else "")
    change = Change(numbers=neurons, weights=ANY, modelled=not odd)
    reference.settle()
    for unit in units:
        fire(world, unit, reference if change.modelled else None)
    order = [neuron for unit in units for neuron in unit]
    change.modelled = change.modelled and world.oracle.check(order, moved=False)
    if world.chance(0.8):
        for unit in reversed(units):
            learn(world, unit, reference if change.modelled else None)
        change.modelled = change.modelled and world.oracle.check(order, moved=True)
    return change


def fire(world, unit, reference):
    """Activate a network, or a free neuron, which is rarely given a value."""
    free = isinstance(unit, list)
    given = world.chance(0.2 if free else 0.7) or not (free or all(neuron.incoming for neuron in unit.input))
    values = [world.random.uniform(-1, 1) for _ in (unit if free else unit.input)] if given else []
    if reference is not None:
        fire_reference(reference, unit, values)
    if free:
        finite(unit[0].activate(*values))
    elif world.chance(0.5):
        finite(unit.activate(values or None))
    else:
        given = dict(zip(unit.input, values))
        finite([neuron.activate(given.get(neuron)) for neuron in unit])


def fire_reference(reference, unit, values):
    neurons = list(unit)
    for j, value in zip(neurons, values):
        reference.clamp(j, value)
    for j in neurons[len(values) :]:
        reference.activate(j)


def learn(world, unit, reference):
    """Propagate a network whole, by layers or by neurons, or a free neuron."""
    neurons, outputs = list(unit), unit if isinstance(unit, list) else unit.output
    aims = {} if world.chance(0.3) else {neuron: world.random.random() for neuron in outputs}
    for j in reversed(neurons) if reference is not None else ():
        error = reference.error(j, aims[j], "squared_error") if j in aims else 0.0
        reference.propagate(j, 0.1, 0.0 if reference.units[j].clamped else error)
    if not isinstance(unit, list) and world.chance(0.7):
        unit.propagate(0.1, [*aims.values()] or None, "squared_error")
    else:
        for neuron in reversed(neurons):
            neuron.propagate(0.1, aims.get(neuron), "squared_error")


OPTIMIZERS = ("none", "SGD", "Adam", "Rprop")
EDITS = ("disconnect", "remove_from_network", "add_to_network", "project_neurons", "project_layers", "tie")
EDITS += ("untie", "set_something", "gate_links", "ungate", "new_network", "forget_context")


def data(world, network):
    """A stream, samples, or sequences of several lengths, with gaps in the targets."""
    n, m, count = len(network.input), len(network.output), world.random.randint(1, 4)
    lengths = [world.random.randint(1, 4) for _ in range(count)]
    inputs = [world.rng.uniform(-1, 1, (length, n)) for length in lengths]
    targets = [world.rng.random((length, m)) for length in lengths]
    if count > 1 and world.chance(0.3):
        targets[-1][:] = math.nan
    if world.chance(0.3):
        return np.concatenate(inputs), np.concatenate(targets)
    return inputs, targets


def trainer_of(world, network):
    """A trainer of any rule and optimizer."""
    method, name = world.one(["online", "bptt", "rtrl"]), world.one(OPTIMIZERS)
    options = {"batch_size": world.random.randint(1, 3)} if world.chance(0.5) else {}
    if method == "rtrl":
        options |= {"order": world.one([None, None, 1, 3])}
    if method == "bptt":
        options |= {"window": world.one([None, 1, 2]), "threads": world.one([1, 1, 2])}
    world.note("Trainer", method, name, options)
    rate = 0.05 if name in ("none", "SGD") else None
    options["optimizer"] = None if name == "none" else getattr(optimizers, name)()
    return Trainer(network, rate, "squared_error", method=method, **options)


def training(world, network, **options):
    """One call of train; a refusal or a divergence is an answer too."""
    given = data(world, network)
    try:
        trainer = trainer_of(world, network)
        epochs = world.random.randint(1, 4)
        result = trainer.train(*given, epochs=epochs, progress=False, seed=0, **options)
    except SynapseError as error:
        world.note("refused:", type(error).__name__, str(error)[:90])
        return
    assert len(result.history["error"]) == result.epochs, "an error for each epoch"


@operation(7, "networks")
def train(world, network):
    """A training without edits moves what learns, and nothing else."""
    own, before = set(network), world.snapshot()
    tied = {one for group in before.ties for one in group}
    training(world, network)
    weights = {(s, t) for (s, t), link in before.links.items() if t in own and link[1]}
    return Change(numbers=own | tied, weights=weights | tied, modelled=False)


@operation(7, lambda world: world.networks if world.depth < 3 else ())
def train_and_edit(world, network):
    """A training whose callbacks, after epochs or after batches, edit the network or anything else."""

    def edit(_):
        world.note("[callback:")
        world.do(world, world.one(EDITS))
        world.note("]")
        return world.chance(0.1)

    slow = {"on_batch": lambda batch: edit(batch) if world.chance(0.3) else None}
    training(world, network, **slow if world.chance(0.4) else {"callbacks": [edit]})
    return done(world)


def done(world):
    """The end of an operation whose parts have been compared one by one."""
    world.check()
    world.oracle.begin()
    return DONE


@operation(
    5, lambda world: (one for one in world.networks if one._store.recorder is None and world.depth < 3)
)
def record_run(world, network):
    """A recording has a row for each step, also when the network is edited in between."""
    neurons = world.some(network.output, 3) if world.chance(0.6) else None
    numbers = list(dict.fromkeys(["activation", *world.some(names_for(network), 4)]))
    world.note("record", numbers, "of", network, "[")
    try:
        with record(network, *numbers, neurons=neurons) as log:
            for _ in range(world.random.randint(1, 3)):
                rows = world.rng.uniform(-1, 1, (world.random.randint(1, 3), len(network.input)))
                before = len(log)
                network.run(rows)
                require(len(log) == before + len(rows), "a row for each step", before, len(log))
                check_store(network._store)
                agree(log, shown(log, propagated=False), within=1e-5)
                if world.chance(0.6):
                    world.oracle.begin()
                    world.do(world, world.one([*EDITS, "record_run"]))
    except TopologyError as error:
        world.note("refused:", error)
    return done(world)
