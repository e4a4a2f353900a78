"""Ctrl-C at every line, MemoryError in every allocation: what was under way is done
whole or not at all.

``python -m tests.engine.test_interrupts`` tries all of both; the suite takes some of
each operation."""

import signal
import sys
import tempfile
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, optimizers
from synapse.objects.past import past_of
from synapse.objects.recording import MIN_ALLOCATED_STEPS
from tests.helpers.cases import Cases
from tests.helpers.integrity import check_store

LIBRARY = str(Path(synapse.__file__).parent)
X, Y = np.random.default_rng(0).random((2, 3, 4, 2))
Y = Y[:, :, :1]


class World:
    """Two networks and a loose layer, each in a store of its own, with gates, ties and
    random neurons."""

    def __init__(self):
        self.net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
        self.other = architect.Perceptron(2, 4, 1, seed=1)
        self.other["hidden"].squash = "bernoulli"
        self.other.reseed(0)
        self.other.input.project(self.other.output, delay=2, seed=2)
        self.loose = Layer(2, name="loose")
        self.gate = Neuron(name="gate")
        self.pair = Layer(2, name="pair")
        self.link = self.pair[0].project(self.pair[1], weight=0.5)
        self.far = Layer(2, name="far")
        self.far[0].project(self.far[1], weight=0.5, delay=3)
        self.free = Layer(2, name="from"), Layer(2, name="to")
        self.projection = self.free[0].project(self.free[1], seed=0)
        synapse.tie(self.other["hidden"])
        self.net.run(X[0])
        self.other.run(X[0])
        for network, prefix in ((self.net, "net"), (self.other, "other")):
            for i, neuron in enumerate(network):
                neuron.name = f"{prefix} {i}"

    @property
    def neurons(self):
        handles = {neuron for store in self.stores for neuron in store.handles}
        return sorted(handles - {None}, key=lambda neuron: neuron.name)

    @property
    def stores(self):
        return {
            view._store
            for view in (
                self.net,
                self.other,
                self.gate,
                *self.loose,
                *self.free,
                self.pair,
                self.far,
            )
        }

    def past(self, neuron):
        with neuron._store.lock:
            past = past_of(neuron._store, np.array([neuron._row]))
        return np.ravel([*past.values()])

    def told(self):
        """All that a user can see, apart from how it is stored."""
        links = {}
        for store in self.stores:
            store.ensure_lowered()
            for link in map(store.edge, np.sort(store["identity"]).tolist()):
                gater = link.gater.name if link.gater else None
                told = link.weight, gater, link.trainable, len(link.tied)
                links[link.source.name, link.target.name] = told
        neurons = {
            n.name: (
                *(n.bias, n.squash.name, n.deterministic, n.activation, len(n.tied)),
                *self.past(n),
            )
            for n in self.neurons
        }
        layers = (*self.net.layers, *self.other.layers)
        rules = self.net.rule, self.other.rule
        return (
            links,
            neurons,
            rules,
            [(layer.name, [neuron.name for neuron in layer]) for layer in layers],
        )

    def check(self, short=False):
        """The stores are sound, nothing is switched, and every network works."""
        for store in self.stores:
            check_store(store, short)
            assert store.recorder is None
            assert store.lock.acquire(blocking=False)
            store.lock.release()
        for network in (self.net, self.other):
            network.activate(np.ones(len(network.input)))
            network.propagate(0.01, np.ones(len(network.output)))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def lower(world):
    world.other["hidden"][0].disconnect(world.other.output[0])
    world.other.activate([1.0, 0.0])


def lower_learner(world):
    """An edit within a step of a network that learns by rtrl, whose store another
    absorbs."""
    world.net.rule = "rtrl"
    world.net.activate([0.1, 0.2])
    world.gate.project(world.net.output[0]), world.gate.disconnect(world.net.output[0])
    link = world.net.output[0].incoming[0]
    link.source.disconnect(link.target)
    world.net.propagate(0.1, [0.5])


def record(world):
    with synapse.record(world.net, "state", "error", "weight", "extended") as log:
        world.net.run(X[0])
        world.net.output[0].activate()
        log._recorder.make_room(3 * MIN_ALLOCATED_STEPS)
        synapse.gradient(world.net, X, Y)
    assert np.isfinite(log.state).all()


def train(**options):
    def act(world):
        trainer = Trainer(world.other, **options)
        trainer.train(X, Y, epochs=2, validation=(X, Y), progress=False, seed=0)

    return act


def train_with_checkpoints(world):
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(world.other, optimizer=optimizers.Adam(0.01))
        path = Path(folder) / "run.ckpt"
        trainer.train(
            X, Y, epochs=3, progress=False, seed=0, checkpoint=path, checkpoint_every=1
        )
        synapse.load(path).train(X, Y, epochs=4, progress=False, resume=True)


OPERATIONS = {
    "join": lambda world: world.loose.project(world.net.input, seed=0),
    "join networks": lambda world: world.other.output.project(
        world.net["cells"][:1], weights=0.5
    ),
    "connect": lambda world: world.gate.project(world.loose[0], weight=0.5),
    "connect unread": lambda world: world.pair[1].project(world.pair[0], weight=0.5),
    "project unread": lambda world: world.free[1].project(world.loose, seed=0),
    "disconnect": (
        lambda world: world.other["hidden"][0].disconnect(world.other.output[0])
    ),
    "disconnect a delay": lambda world: world.far[0].disconnect(world.far[1]),
    "gate": lambda world: world.gate.gate(world.other.connections[0]),
    "gate unread": lambda world: world.gate.gate(world.link),
    "gate a new projection": lambda world: world.loose.gate(world.projection, "input"),
    "ungate": (
        lambda world: world.net["input gates"][0].ungate(
            *world.net["input gates"][0].gated
        )
    ),
    "tie": lambda world: synapse.tie(
        [world.net.connections[0], world.other.connections[0]]
    ),
    "network": lambda world: Network(world.loose, [world.free[0]], world.free[1]),
    "add": lambda world: world.net.add(Layer([world.gate], name="added")),
    "append": lambda world: world.other["hidden"].append(world.gate),
    "remove": lambda world: world.other.remove(world.other["hidden"][1]),
    "freeze": lambda world: setattr(world.other.connections[0], "trainable", False),
    "lower": lower,
    "lower a learner": lower_learner,
    "learning rule": lambda world: setattr(world.net, "rule", "rtrl"),
    "propagate": lambda world: world.other["hidden"].propagate(0.1),
    "reset": lambda world: world.other.reset_parameters(seed=0),
    "graph": lambda world: world.net.graph,
    "clone": lambda world: world.net.clone(),
    "record": record,
    "test": lambda world: Trainer(world.other).test(X, Y),
    "train": train(),
    "train with checkpoints": train_with_checkpoints,
    "train by rtrl": train(rule="rtrl"),
    "train exactly": train(rule="bptt", threads=2),
    "train on a stream": (
        lambda world: Trainer(world.other).train(
            [(X, Y), (X, Y)], epochs=2, progress=False, on_batch=lambda batch: None
        )
    ),
    "search": train(rule="bptt", optimizer=optimizers.LBFGS()),
}
REPEATABLE = [
    name
    for name in OPERATIONS
    if not name.startswith(("train", "search", "test", "record", "lower"))
]


class Disturbance:
    """Disturbs the library in one place, and counts the places."""

    def __init__(self, place=0):
        self.place = place
        self.count = 0

    def is_here(self):
        self.count += 1
        return self.count == self.place


class Interruption(Disturbance):
    """A tracer that sends SIGINT to this process when the library has run so many
    lines."""

    error = KeyboardInterrupt

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)
        return self

    def __call__(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return None
        if frame.f_code.co_name == "edge":  # no signal comes as a block ends
            return None
        if event == "line" and self.is_here():
            signal.raise_signal(signal.SIGINT)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)


class Shortage(Disturbance):
    """NumPy without the memory for one of the arrays that the library makes by these
    functions."""

    error = MemoryError
    makers = (
        "append arange argsort array ascontiguousarray asarray concatenate cumsum empty"
        " flatnonzero fromiter full repeat searchsorted stack unique where zeros"
    )

    def __enter__(self):
        self.before = {name: getattr(np, name) for name in self.makers.split()}
        for name, make in self.before.items():
            setattr(np, name, partial(self.make, make))
        return self

    def make(self, make, *args, **options):
        if sys._getframe(1).f_code.co_filename.startswith(LIBRARY) and self.is_here():
            raise MemoryError
        return make(*args, **options)

    def __exit__(self, *_):
        vars(np).update(self.before)


PARTLY = "remove", "reset", "lower a learner"
"""A MemoryError can leave a part of these undone: a gap in the order, the biases, the
second call."""


@cache
def untouched():
    return World().told()


def disturb_everywhere(name, lines=None, arrays=None):
    """Interrupt an operation in every line, or in so many of them, and let it be short
    of memory for each array."""
    act = OPERATIONS[name]
    world = World()
    act(world)  # whatever is compiled is compiled now
    done = world.told()
    world = World()
    with Interruption() as interruption, Shortage() as shortage:
        act(world)
    disturbances = [(interruption, lines)]
    if name not in PARTLY:
        disturbances.append((shortage, arrays))
    for counted, most in disturbances:
        kind = type(counted)
        places = np.arange(1, counted.count + 1)
        if most is not None and most < len(places):
            places = np.random.default_rng(0).choice(places, most, replace=False)
        for place in places:
            world = World()
            with suppress(kind.error), kind(place):
                act(world)
            if name == "record" and world.net._store.recorder is not None:
                world.net._store.recorder.close()  # Python had not begun to leave it
            told = world.told()
            where = f"half done after the {kind.__name__} in place {place}"
            assert name not in REPEATABLE or told in (untouched(), done), where
            world.check(short=kind is Shortage)
    assert interruption.count > 0


@pytest.mark.parametrize(
    "places", [1, pytest.param(12, marks=pytest.mark.slow)], ids=["one", "more"]
)
def test_ctrl_c_at_any_line_and_a_shortage_of_memory_leave_things_whole(places, ctrl_c):
    """In one place, these take turns; in more, each meets all operations."""
    with Cases() as case:
        for number, name in enumerate(OPERATIONS):
            lines, arrays = places, places // 2
            if places == 1 and name not in PARTLY:
                lines, arrays = number % 2, 1 - number % 2
            with case(name):
                disturb_everywhere(name, lines, arrays)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in sys.argv[1:] or OPERATIONS:
        disturb_everywhere(each)
        print(each, "is whole", flush=True)
