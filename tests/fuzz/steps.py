"""Operations that run: steps of neurons and networks, beside the reference, and what does not fit it."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

import architect
from synapse import Layer, Trainer
from synapse.errors import SynapseError
from synapse.learning import fit_readout

from .registry import ANY, ANYTHING, Change, attempt, operation
from .world import Mismatch

RATE = 0.1
SPECIAL = (architect.Hopfield, architect.Kohonen, architect.Convolutional, architect.Liquid, architect.Elman)


def inside(store):
    """All that a step may move in a store."""
    return {view for view in store.views if view is not None}


def finite(values):
    """What the library answers is finite."""
    if not np.isfinite(values).all():
        raise Mismatch(f"an output is not finite: {values}")


# --- rounds: every neuron of a store fires once, then propagates once, last first ------------------------


@operation(14, "stores")
def step_round(world, store):
    """All networks and free neurons of a store fire in some order and propagate in the reverse order."""
    store.ready()
    neurons = inside(store)
    units = rounds(world, neurons)
    checked = world.oracle.knows(neurons) and not any(map(is_ordered, units))
    world.note("step", len(neurons), "neurons in", len(units), "units", "" if checked else "(unchecked)")
    change = Change(numbers=neurons, weights=ANY, modelled=checked)
    plan = [(unit, drawn_inputs(world, unit)) for unit in units]
    world.oracle.reference.settle()
    fire(world, plan, checked)
    order = [neuron for unit, _ in plan for neuron in unit]
    if checked and not world.oracle.check(order, moved=False):
        change.modelled = checked = False
    if world.chance(0.8):
        learn(world, plan, checked)
        if checked and not world.oracle.check(order, moved=True):
            change.modelled = False
    return change


def is_ordered(unit):
    """Whether a free neuron keeps the order of a network that nobody holds any more."""
    return isinstance(unit, list) and unit[0]._store["network"][unit[0]._row] != 0


def rounds(world, neurons):
    """Networks, and free neurons one by one, in some order."""
    networks = [network for network in world.networks if network[0] in neurons]
    taken = {neuron for network in networks for neuron in network}
    units = [*networks, *([n] for n in world.neurons if n in neurons and n not in taken)]
    world.random.shuffle(units)
    return units


def drawn_inputs(world, unit):
    """What a unit is given: inputs of a network, sometimes none; of a free neuron rarely a value."""
    if isinstance(unit, list):
        return world.random.uniform(-1, 1) if world.chance(0.2) else None
    if world.chance(0.3) and all(neuron.incoming for neuron in unit.input):
        return None
    return [world.random.uniform(-1, 1) for _ in unit.input]


def fire(world, plan, checked):
    """Activate units as the plan says, and the reference with them."""
    reference = world.oracle.reference
    for unit, values in plan:
        if checked:
            fire_reference(reference, unit, values)
        if isinstance(unit, list):
            answer = unit[0].activate(values)
        elif world.chance(0.5):
            answer = unit.activate(values)
        else:
            given = {} if values is None else dict(zip(unit.input, values))
            answer = [neuron.activate(given.get(neuron)) for neuron in unit]
        finite(answer)


def fire_reference(reference, unit, values):
    given = [values] if isinstance(unit, list) else (values or [])
    given = [] if values is None else given
    neurons = list(unit)
    for j, value in zip(neurons, given):
        reference.clamp(j, value)
    for j in neurons[len(given) :]:
        reference.activate(j)


def learn(world, plan, checked):
    """Propagate units in the reverse order; by whole networks, by layers or by hand."""
    reference = world.oracle.reference
    tied = bool(world.snapshot().ties)
    units = [unit for unit, _ in plan]
    for place, unit in reversed(list(enumerate(units))):
        aims = targets(world, unit)
        by_hand = isinstance(unit, list) or (world.chance(0.3) and not tied)
        if checked:
            later = [neuron for one in units[:place] for neuron in one]
            world.oracle.share(partial(learn_reference, reference, list(unit), aims), later)
        if isinstance(unit, list):
            unit[0].propagate(RATE, aims[0] if aims else None, "squared_error")
        elif by_hand:
            propagate_by_hand(world, unit, aims)
        else:
            unit.propagate(RATE, aims or None, "squared_error")


def targets(world, unit):
    """Targets for the outputs of a unit, or none."""
    outputs = unit if isinstance(unit, list) else unit.output
    return [] if world.chance(0.3) else [world.random.random() for _ in outputs]


def learn_reference(reference, neurons, aims):
    outputs = dict(zip(neurons[len(neurons) - len(aims) :], aims))
    for j in reversed(neurons):
        error = reference.error(j, outputs[j], "squared_error") if j in outputs else 0.0
        reference.propagate(j, RATE, 0.0 if reference.units[j].clamped else error)


def propagate_by_hand(world, network, aims):
    """Layer by layer, or neuron by neuron."""
    if world.chance(0.5):
        for layer in reversed(network.layers):
            given = aims if layer is network.output and aims else None
            layer.propagate(RATE, given, "squared_error")
        return
    outputs = dict(zip(network.output, aims))
    for neuron in reversed(network.neurons):
        neuron.propagate(RATE, outputs.get(neuron), "squared_error")


# --- what the reference does not follow ------------------------------------------------------------------


@operation(4)
def wild_steps(world):
    """Fire and propagate anything in any order; numbers stay finite, or a clean error tells."""
    neurons = world.some(world.neurons, 8)
    if not neurons:
        return None
    world.note("wild steps of", len(neurons))
    stores = {id(n._store): n._store for n in neurons}.values()
    for neuron in neurons:
        if world.chance(0.6):
            finite(neuron.activate(world.one([None, None, 0.5])))
        else:
            rate, target = world.one([0.0, 0.1]), world.one([None, 0.3])
            attempt(world, partial(neuron.propagate, rate, target))
    if world.chance(0.4):
        layer = Layer(neurons)
        finite(layer.activate())
        attempt(world, lambda: layer.propagate(0.1))
    return Change(numbers=set().union(*map(inside, stores)), weights=ANY, ties=True, modelled=False)


@operation(3, "networks")
def run_network(world, network):
    """Rows in one call; the same as step by step."""
    neurons = inside(network._store)
    rows = world.rng.uniform(-1, 1, (world.random.randint(1, 5), len(network.input)))
    world.note("run", network, len(rows))
    checked = world.oracle.knows(neurons)
    reference = world.oracle.reference
    reference.settle()
    outputs = network.run(rows)
    finite(outputs)
    if checked:
        order = list(network)
        for row in rows:
            fire_reference(reference, network, row.tolist())
        theirs = np.array([reference.units[j].y for j in network.output])
        room = 1e-9 if network._store.dtype == np.float64 else 1e-3
        if np.isfinite(theirs).all() and np.abs(theirs).max() < 50:
            if np.abs(outputs[-1] - theirs).max() > room * max(1, np.abs(theirs).max()):
                raise Mismatch(f"outputs of run are not the reference's: {outputs[-1]}, {theirs}")
            checked = world.oracle.check(order, moved=False)
    return Change(numbers=set(network), modelled=checked)


@operation(2, lambda world: [n for n in world.networks if isinstance(n, SPECIAL)])
def special(world, network):
    """What only some architectures do, also after edits: an answer, or an error of the library."""
    inputs = world.rng.uniform(-1, 1, (3, len(network.input)))
    patterns = np.sign(inputs)
    calls = {
        "learn": lambda: network.learn(patterns),
        "recall": lambda: network.recall(patterns[0], sweeps=3, seed=0),
        "energy": lambda: network.energy(patterns[0]),
        "capacity": lambda: network.capacity,
        "codebook": lambda: setattr(network, "codebook", network.codebook * 0.9),
        "winner": lambda: network.winner(inputs[0]),
        "train": lambda: network.train(inputs, epochs=2),
        "quantization_error": lambda: network.quantization_error(inputs),
        "kernels": lambda: setattr(network, "kernels", [0.9 * one for one in network.kernels]),
        "fit_readout": lambda: fit_readout(network, inputs, world.rng.random((3, len(network.output)))),
    }
    what = world.one(name for name in calls if name == "fit_readout" or hasattr(type(network), name))
    world.note(what, "of", network)
    attempt(world, calls[what])
    return Change(**ANYTHING)


@operation(4, "networks")
def train_beside(world, network):
    """An epoch of the online rule in one compiled call, beside the reference."""
    neurons = inside(network._store)
    n, m = len(network.input), len(network.output)
    lengths = [world.random.randint(1, 4) for _ in range(world.random.randint(1, 3))]
    inputs = [world.rng.uniform(-1, 1, (length, n)) for length in lengths]
    aims = [world.rng.random((length, m)) for length in lengths]
    for part in aims[1:]:
        if world.chance(0.3):
            part[0] = math.nan
    world.note("an epoch beside the reference", network, lengths)
    checked = world.oracle.knows(neurons)
    if checked:
        epoch_of_reference(world, network, inputs, aims)
    trainer = Trainer(network, RATE, "squared_error")
    try:
        trainer.train(inputs, aims, epochs=1, shuffle=False, progress=False)
    except SynapseError as error:
        world.note("refused:", error)
        return Change(numbers=neurons, weights=ANY, modelled=False)
    moved = not math.isnan(aims[-1][-1][0])
    checked = checked and world.oracle.check(list(network), moved=moved)
    return Change(numbers=inside(network._store), weights=ANY, modelled=checked)


def epoch_of_reference(world, network, inputs, aims):
    oracle, order = world.oracle, list(network)
    reference = oracle.reference
    for xs, ts in zip(inputs, aims):
        reference.settle()
        for j in order:
            reference.clear(j)
        for x, t in zip(xs.tolist(), ts.tolist()):
            fire_reference(reference, network, x)
            if not math.isnan(t[0]):
                oracle.share(lambda t=t: learn_reference(reference, order, t))
