"""A walk: operations drawn from a seed, each of them checked; and the shortest list that still fails."""

from __future__ import annotations

import gc
import signal
import traceback
import weakref
from collections import Counter
from dataclasses import dataclass, field

from synapse.engine import guard

from ..integrity import require
from . import copies, edits, exact, leftovers, mistakes, settings, steps, trainings
from .registry import DONE, KNOWN, OPERATIONS
from .world import World

LENGTH = 120
"""Operations of one walk; then another world begins."""
COMMAND = "python -m tests.fuzz"
MODULES = (copies, edits, exact, leftovers, mistakes, settings, steps, trainings)


@dataclass
class Failure:
    """What went wrong, where, and how to see it again."""

    seed: int
    number: int
    error: str
    operations: list
    signature: tuple = ()
    trace: str = ""
    kept: list = field(default_factory=list)
    shrinks: bool = False

    def __str__(self):
        lines = "\n".join(f"    {line}" for line in self.operations)
        again = f" (again: {COMMAND} --replay {self.seed} --only {','.join(map(str, self.kept))})"
        return (
            f"seed {self.seed}, operation {self.number}: {self.error}\n{self.trace}\n"
            f"  what led to it{again if self.shrinks else ''}:\n{lines}"
        )


FIRST = ("new_recipe", "new_layer", "new_recipe", "new_layer", "new_network", "new_neuron")
"""What every world begins with."""


def drawn(world):
    """The name of an operation."""
    if world.number < len(FIRST):
        return FIRST[world.number]
    names = [name for name in OPERATIONS if name not in KNOWN]
    return world.random.choices(names, [OPERATIONS[name][0] for name in names])[0]


def do(world, name):
    """One operation, and everything that must hold after it; whether there was anything to do."""
    world.settle()
    before = world.snapshot()
    change = OPERATIONS[name][1](world)
    if change is None:
        return False
    if change is not DONE:
        after = world.compare(before, change)
        world.check()
        world.oracle.follow(change, after)
    if world.depth == 0:
        at_rest(world)
    return True


def at_rest(world):
    """Between operations no store is in use, and Ctrl-C is heard."""
    for store in world.stores():
        require(not store.lock._is_owned(), "a store is still in use")
    require(guard.Deferred.active is None, "Ctrl-C is still deferred")
    require(signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler of Ctrl-C")


def walk(seed, counts, length=LENGTH, only=None, journal=lambda *place: None):
    """Walk; returns the failure, or None. `only`: the numbers of the operations to be done."""
    world, listed = World(seed), []
    world.do = do
    done = []
    for number in range(length) if only is None else only:
        world.begin(number)
        name = drawn(world)
        journal(seed, number, name)
        world.notes = []
        try:
            happened = do(world, name)
        except Exception as error:
            listed.append(f"{number} {name}: {'; '.join(world.notes)}")
            done.append(number)
            failure = failure_of(seed, number, name, error, listed, done)
            failure.shrinks = True
            return failure
        if happened:
            counts[f"operation {name}"] += 1
            done.append(number)
            listed.append(f"{number} {name}: {'; '.join(world.notes)}")
    counts["numbers compared"] += world.compared
    return left_over(world, seed, listed, done)


def left_over(world, seed, listed, done):
    """Nothing keeps a store alive that nobody holds."""
    stores = [*world.graves, *map(weakref.ref, world.stores())]
    world.__dict__.clear()
    for _ in range(3):  # what a finalizer lets go of is collected the next time
        gc.collect()
    alive = [store for store in stores if store() is not None]
    gc.freeze()  # later collections need not look at what will stay
    if alive:
        what = f"{len(alive)} stores are still alive when nobody holds them"
        return Failure(seed, len(done), what, listed, ("leak",), "", done)
    return None


def failure_of(seed, number, name, error, listed, done):
    """The failure with its place, by which two are the same."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.name}" for frame in frames[-2:]]
    trace = "".join(traceback.format_exception(error)[-12:])
    signature = type(error).__name__, *place, str(error)[:30]
    return Failure(seed, number, f"{name}: {type(error).__name__}: {error}", listed, signature, trace, done)


def shrunk(failure, tries=200):
    """The same failure by fewer operations, as far as leaving out parts of the list goes."""
    size = max(1, len(failure.kept) // 2)
    while size and tries:
        first = 0
        while first < len(failure.kept) - 1 and tries:
            tries -= 1
            kept = failure.kept[:first] + failure.kept[first + size :]
            again = walk(failure.seed, Counter(), only=kept) if failure.number in kept else None
            if again is not None and again.shrinks and again.signature[:3] == failure.signature[:3]:
                failure = again
            else:
                first += size
        size //= 2
    return failure
