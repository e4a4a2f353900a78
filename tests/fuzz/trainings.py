"""Operations that train, with every rule and optimizer, callbacks that edit, and recordings around them."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

import synapse
from synapse import Trainer, optimizers, record
from synapse.errors import SynapseError, TopologyError

from ..integrity import check_store
from ..recorded import agree, names_for, shown
from .registry import DONE, KNOWN, Change, attempt, done, operation
from .steps import finite
from .world import Mismatch

OPTIMIZERS = {
    "none": lambda: None,
    "SGD": lambda: optimizers.SGD(0.1, momentum=0.5),
    "Adam": optimizers.Adam,
    "AdamW": optimizers.AdamW,
    "RMSprop": optimizers.RMSprop,
    "AdaGrad": optimizers.AdaGrad,
    "Rprop": optimizers.Rprop,
    "LBFGS": lambda: optimizers.LBFGS(iterations=3),
}
EDITS = ("disconnect", "remove_from_network", "add_to_network", "project_neurons", "project_layers", "tie")
EDITS += ("untie", "freeze", "gate_links", "ungate", "set_squash", "set_weight", "new_network", "look")
EDITS += ("forget_context", "copy_network", "project_self", "wild_steps")


def data(world, network):
    """Samples, a stream, sequences of one length, or of several, with gaps in the targets."""
    n, m = len(network.input), len(network.output)
    count = world.random.randint(1, 4)
    lengths = [world.random.randint(1, 4) for _ in range(count)]
    inputs = [world.rng.uniform(-1, 1, (length, n)) for length in lengths]
    targets = [world.rng.random((length, m)) for length in lengths]
    if count > 1 and world.chance(0.3):
        targets[-1][:] = math.nan
    sort = world.random.randrange(3)
    if sort == 0:
        return np.concatenate(inputs), np.concatenate(targets)
    if sort == 1:
        return np.array([part[:1] for part in inputs]), np.array([part[:1] for part in targets])
    if world.chance(0.1) and "empty sequences" not in KNOWN:
        at = world.random.randrange(count + 1)
        inputs.insert(at, np.empty((0, n)))
        targets.insert(at, np.empty((0, m)))
    return inputs, targets


def trainer_of(world, network):
    """A trainer, new or used before; every rule, every optimizer."""
    used = world.one(one for one in world.trainers if one.network is network)
    if used is not None and world.chance(0.4):
        world.note("the trainer used before,", used.method, type(used.optimizer).__name__)
        return used
    method, name = world.one(["online", "bptt", "rtrl"]), world.one(OPTIMIZERS)
    if method != "bptt" and name == "LBFGS":
        name = "Adam"
    options = {"method": method, "optimizer": OPTIMIZERS[name]()}
    if world.chance(0.5):
        options |= {"batch_size": world.random.randint(1, 3)}
    if world.chance(0.2) and name != "LBFGS":
        options |= {"clip": 1.0, "l1": 0.01, "l2": 0.01}
    if method == "rtrl":
        options |= {"order": world.one([None, None, 1, 3])}
    if method == "bptt":
        options |= {"window": world.one([None, 1, 2]), "threads": world.one([1, 1, 2])}
        if name != "LBFGS" and world.chance(0.2):
            options |= {"dropout": 0.3, "recurrent_dropout": 0.2}
    rate = 0.05 if name in ("none", "SGD") else None
    trainer = Trainer(network, rate, "squared_error", **options)
    shown = {k: v for k, v in options.items() if k not in ("method", "optimizer")}
    world.note("Trainer", method, name, shown)
    world.trainers = [*world.trainers[-5:], trainer]
    return trainer


def training(world, network, **options):
    """One call of train; a refusal or a divergence is an answer too."""
    trainer, given = None, data(world, network)
    try:
        trainer = trainer_of(world, network)
        if world.chance(0.3):
            options |= {"validation": world.one([0.5, given])}
        if world.chance(0.3):
            options |= {"patience": 1, "restore_best": world.chance(0.7)}
        if world.chance(0.2):
            options |= {"error": 0.5}
        if trainer.method == "bptt" or trainer.optimizer is not None:
            options.pop("on_step", None)
        world.note("train", network, type(given[0]).__name__, sorted(options))
        result = trainer.train(
            *given, epochs=world.random.randint(1, 4), progress=False, **{"seed": 0} | options
        )
    except SynapseError as error:
        world.note("refused:", type(error).__name__, str(error)[:90])
        return trainer
    world.note("stopped by", result.stopped)
    assert len(result.history["error"]) == result.epochs, "an error for each epoch"
    return trainer


@operation(7, "networks")
def train(world, network):
    """A training without edits moves what learns, and nothing else."""
    own = set(network)
    tied = [one for group in world.snapshot().ties for one in group]
    weights = {(s, t) for (s, t), link in world.snapshot().links.items() if t in own and link[1]}
    training(world, network)
    for (source, target), link in world.snapshot().links.items():
        if source not in own and target in own and abs(link[2]) > 1e6:
            raise Mismatch(f"a connection from outside the network exploded: {link[2]}")
    numbers = own | {one for one in tied if not isinstance(one, tuple)}
    return Change(numbers=numbers, weights=weights | set(tied), modelled=False)


@operation(7, "networks")
def train_and_edit(world, network):
    """A training whose callbacks, after epochs or after steps, edit the network or anything else."""
    if world.depth > 1:
        return None

    def edit(_):
        world.note("[callback:")
        world.do(world, world.one(EDITS))
        world.note("]")
        return world.chance(0.1)

    def slow(step):
        return edit(step) if world.chance(0.3) else None

    with world.nested():
        options = {"on_step": slow} if world.chance(0.4) else {"callbacks": [edit]}
        training(world, network, **options)
    return done(world)


@operation(2, "networks")
def stop_training(world, network):
    """A callback asks the trainer to stop, as another thread would."""
    training(world, network, callbacks=[lambda _: [one.stop() for one in world.trainers] and None])
    world.oracle.adopt()
    return DONE


@operation(4, "networks")
def exact_gradient(world, network):
    """A gradient changes nothing, and threads do not change its bits."""
    inputs, targets = data(world, network)
    if network.is_random:
        return None
    world.note("gradient of", network)
    before = world.snapshot()
    options = {"window": world.one([None, 1, 2]), "context": world.chance(0.3)}
    gradient = partial(synapse.gradient, network, inputs, targets, "squared_error", **options)
    found, error = attempt(world, gradient)
    if error is None:
        finite(found.weights)
        again = gradient(threads=2)
        same = again.loss == found.loss and (again.weights == found.weights).all()
        if not (same and (again.biases == found.biases).all()):
            raise Mismatch("two threads give other bits than one")
    world.compare(before, Change())
    world.oracle.adopt()
    return DONE


@operation(2, "networks")
def test_network(world, network):
    """A test moves no weight."""
    inputs, targets = data(world, network)
    world.note("test", network)
    attempt(world, lambda: Trainer(network).test(inputs, targets, "squared_error"))
    return Change(numbers=set(network), modelled=False)


# --- recordings ------------------------------------------------------------------------------------


def unrecorded(world):
    return [network for network in world.networks if network._store.recorder is None]


@operation(5, unrecorded)
def record_run(world, network):
    """A recording has a row for each step, also when the network is edited in between."""
    if world.depth > 1:
        return None
    neurons = world.some(network.output, 3) if world.chance(0.6) else None
    numbers = list(dict.fromkeys(["activation", *world.some(names_for(network), 4)]))
    world.note("record", numbers, "of", network, "[")
    seen, places = [], []
    try:
        with world.nested(), record(network, *numbers, neurons=neurons) as log:
            for _ in range(world.random.randint(1, 3)):
                rows = world.rng.uniform(-1, 1, (world.random.randint(1, 3), len(network.input)))
                seen += list(network.run(rows))
                places += range(len(log) - len(rows), len(log))  # edits may make steps of single neurons
                compare(log)
                edit_or_not(world)
        attempt(world, lambda: network.activate([0.0] * len(network.input)))
    except TopologyError as error:
        world.note("refused:", error)
        log = None
    world.note("]")
    check_log(log, seen, places, network)
    return done(world)


def compare(log):
    """The latest row holds what the objects show."""
    check_store(log.network._store)
    try:
        agree(log, shown(log, propagated=False), within=1e-5)
    except AssertionError as error:
        raise Mismatch(f"recorded numbers are not those of the objects: {error}") from None


def edit_or_not(world):
    if world.chance(0.6):
        world.oracle.adopt()
        world.do(world, world.one([*(name for name in EDITS if name != "copy_network"), "record_run"]))


def check_log(log, seen, places, network):
    """The log holds the outputs of each step, in the columns of their neurons."""
    if log is None:
        return
    if len(set(places)) != len(seen):
        raise Mismatch(f"{len(seen)} steps were made and {len(set(places))} are recorded")
    place = {neuron: i for i, neuron in enumerate(network.output)}
    for column, neuron in enumerate(log.neurons):
        if neuron in place and all(len(row) == len(seen[-1]) for row in seen):
            wanted = np.array([row[place[neuron]] for row in seen])
            if not np.array_equal(log.activation[places, column], wanted):
                raise Mismatch("what is recorded are not the outputs")


@operation(4, unrecorded)
def record_training(world, network):
    """Trainings, steps and edits inside a recording; other networks may be recorded within it."""
    if world.depth > 1:
        return None
    world.note("record", network, "[")
    try:
        names = names_for(network)
        with world.nested(), record(network, *names) as log:
            for _ in range(world.random.randint(1, 3)):
                world.oracle.adopt()
                world.do(world, world.one(["train", "train_and_edit", "step_round", "wild_steps", *EDITS]))
        living = [neuron._row >= 0 for neuron in log.neurons]  # what was removed is NaN from then on
        finite(log.activation[:, living])
        assert log.error.shape == log.activation.shape
    except TopologyError as error:
        world.note("refused:", error)
    world.note("]")
    return done(world)
