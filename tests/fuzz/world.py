"""The world of a walk: neurons, layers and networks in any number of stores, and what
has changed."""

import gc
import signal
import weakref
from collections import defaultdict, namedtuple
from functools import partial
from random import Random

import numpy as np

from synapse import Layer
from synapse.engine import locking
from synapse.engine.schema import NONE
from synapse.errors import SynapseError
from tests.helpers.integrity import check_store, require

NUMBERS = (
    *("state", "old_state", "activation", "old_activation", "derivative", "bias"),
    *("responsibility", "projected", "gated", "squash", "deterministic"),
    *("trainable_bias", "random"),
)
TOP = 60
"""With more neurons than this, a world does not grow."""
OPERATIONS = {}
"""By name: how often each is drawn, and the function of a world."""
FIRST = (
    "new_recipe",
    "new_layer",
    "new_recipe",
    "new_layer",
    "new_network",
    "new_layer",
)
"""What every world begins with."""
DONE = object()
"""What an operation answers whose parts have been compared one by one."""
Snapshot = namedtuple("Snapshot", "neurons links ties")
"""Everything that an operation can change: numbers by neuron; gater, trainable and
weight by both ends."""
Change = namedtuple("Change", "neurons links ties", defaults=((), (), False))
"""What an operation may have made, changed or removed: neurons, links (None: any of
them), whether ties."""


class Mismatch(AssertionError):  # noqa: N818 - reads as what it tells
    """The library did something else than it should have."""


def operation(often, of=None):
    """Register a function of a world as an operation; if it is done to one thing, of
    these of the world."""

    def register(function):
        OPERATIONS[function.__name__] = often, partial(_operate, function, of)
        return function

    return register


def _operate(function, of, world):
    drawn = []
    if of is not None:
        items = of(world) if callable(of) else getattr(world, of)
        drawn = [world.pick(items() if callable(items) else items)]
        world.notes.append(repr(drawn))
    try:
        return None if None in drawn else function(world, *drawn)
    except SynapseError as refusal:  # nothing has changed then
        world.notes.append(f"refused: {type(refusal).__name__} {refusal}"[:120])
        return Change()


def is_alive(layer):
    """Whether no neuron of a layer has been removed; a network or a neuron is."""
    return (
        all(n._row >= 0 for n in layer._neurons) if isinstance(layer, Layer) else True
    )


def ends_of(link):
    """The neurons that a connection leads from and to, and its delay."""
    return link.source, link.target, link.delay


class World:
    """All that a walk has made and still holds."""

    def __init__(self, seed):
        self.seed = seed
        self.depth = 0
        self.neurons = []
        self.networks = []
        self.layers = []
        self.begin(0)

    def begin(self, number):
        """Draw what follows from the seed of the walk and the number of the operation
        alone."""
        self.number = number
        self.notes = []
        self.random = Random(self.seed * 1_000_003 + number)
        self.rng = np.random.default_rng([self.seed, number])

    def chance(self, probability):
        """True so often."""
        return self.random.random() < probability

    def pick(self, items):
        """One of these, or None where there is none."""
        items = list(items)
        return self.random.choice(items) if items else None

    def some(self, items, most=6):
        """A few of these, in any order; none where there is none."""
        items = list(items)
        return self.random.sample(items, min(len(items), self.random.randint(1, most)))

    def stores(self):
        """The stores of all neurons, each once."""
        return list(
            {id(neuron._store): neuron._store for neuron in self.neurons}.values()
        )

    def links(self, store=None):
        """Connections of one store, or of all."""
        for graph in self.stores() if store is None else [store]:
            for identity in np.sort(graph["identity"][graph["target"] != NONE]):
                yield graph.edge(int(identity))

    def free(self, dtype=None):
        """Neurons that belong to no living network."""
        taken = {neuron for network in self.networks for neuron in network}
        return [
            n
            for n in self.neurons
            if n not in taken and (dtype is None or n._store.dtype == dtype)
        ]

    def settle(self):
        """Bring numbers that have grown back to where steps stay finite."""
        names = ("state", "activation", "weight", "bias")
        for store in self.stores():
            store.make_columns()
            if any(np.abs(store[name]).max(initial=0) > 50 for name in names):
                for neuron in [
                    handle for handle in store.handles if handle is not None
                ]:
                    neuron.clear()
                    neuron.bias = np.clip(neuron.bias, -1, 1)
                for link in self.links(store):
                    link.weight = np.clip(link.weight, -1, 1)

    def snapshot(self):
        """What there is now, read from the columns of all stores."""
        neurons = {}
        links = {}
        ties = set()
        for store in self.stores():
            store.make_columns()
            handles = store.handles
            groups = defaultdict(set)
            numbers = np.stack(
                [store[name].astype(np.float64) for name in NUMBERS], axis=1
            )
            neurons |= {
                handle: row.tobytes()
                for handle, row in zip(handles, numbers)
                if handle is not None
            }
            rows = np.flatnonzero(store["target"] != NONE)
            columns = (
                "source",
                "target",
                "delay",
                "gate",
                "trainable",
                "weight",
                "tie",
            )
            for s, t, k, g, learns, weight, tie in zip(
                *(store[name][rows].tolist() for name in columns)
            ):
                links[handles[s], handles[t], k] = (
                    handles[g - 1] if g else None,
                    learns,
                    weight,
                )
                groups[tie].add((handles[s], handles[t], k))
            for handle, tie in zip(handles, store["bias_tie"].tolist()):
                groups["bias", tie].add(handle)
            ties |= {
                frozenset(group)
                for tie, group in groups.items()
                if tie not in (0, ("bias", 0))
            }
        return Snapshot(
            neurons,
            links,
            {group - {None} for group in ties if len(group - {None}) > 1},
        )

    def check(self):
        """The integrity of every store, and that all that the world holds is where it
        says it is."""
        neurons = set(self.neurons)
        for store in self.stores():
            if self.chance(0.5):
                store.ensure_lowered()
            if len(store.handles) > 1 or self.number % 8 == 0:
                check_store(store)
            strangers = {*store.handles} - neurons - {None}
            require(not strangers, "neurons that nobody has made", strangers)
        for neuron in self.neurons:
            require(
                neuron._store.handles[neuron._row] is neuron,
                "a neuron that its store does not know",
            )

    def compare(self, before, change):
        """Raise where something has changed that `change` does not name."""
        for aspect, old, new, named in zip(
            Snapshot._fields, before, self.snapshot(), change
        ):
            if aspect == "ties":
                odd = not named and old ^ new
            else:
                seen = () if named is None else (old.keys() | new.keys()) - set(named)
                odd = [
                    (entry, old.get(entry), new.get(entry))
                    for entry in seen
                    if old.get(entry) != new.get(entry)
                ]
            if odd:
                raise Mismatch(
                    f"{aspect} have changed (what, before, after): {list(odd)[:3]}"
                )

    def do(self, name):
        """One operation, and everything that must hold after it."""
        self.settle()
        before = self.snapshot()
        self.depth += 1
        change = OPERATIONS[name][1](self)
        self.depth -= 1
        if change not in (None, DONE):
            self.compare(before, change)
            self.check()
        if self.depth == 0:  # no store is in use, and Ctrl-C is heard
            require(
                not any(store.lock._is_owned() for store in self.stores()),
                "a store is still in use",
            )
            require(not locking.deferring, "Ctrl-C is still deferred")
            require(
                signal.getsignal(signal.SIGINT) is signal.default_int_handler,
                "the handler of Ctrl-C",
            )


def walk(seed, numbers, tell=print):
    """Do the operations with these numbers, drawn from the seed."""
    world = World(seed)
    for number in (*range(len(FIRST)), *numbers):
        world.begin(number)
        often = [often for often, _ in OPERATIONS.values()]
        name = (
            FIRST[number]
            if number < len(FIRST)
            else world.random.choices([*OPERATIONS], often)[0]
        )
        try:
            world.do(name)
        finally:
            tell(f"{number} {name}: {'; '.join(world.notes)}")
    stores = list(map(weakref.ref, world.stores()))
    world.__dict__.clear()
    for _ in range(3):  # what a finalizer lets go of is collected the next time
        gc.collect()
    require(
        not any(store() for store in stores),
        "stores are still alive when nobody holds them",
    )
    gc.freeze()  # later collections need not look at what will stay
