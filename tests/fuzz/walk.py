"""A walk: operations drawn from a seed, each of them checked; and the shortest list that still fails."""

import gc
import signal
import traceback
import weakref
from collections import Counter
from dataclasses import dataclass

from synapse.engine import guard

from ..integrity import require
from . import edits, runs
from .world import DONE, OPERATIONS, World

LENGTH = 120
"""Operations of one walk; then another world begins."""
MODULES = (edits, runs)
FIRST = ("new_recipe", "new_layer", "new_recipe", "new_layer", "new_network", "new_layer")
"""What every world begins with."""


@dataclass
class Failure:
    """What went wrong, where, and how to see it again."""

    seed: int
    error: str
    listed: list  # what has been done
    numbers: list  # of these operations
    signature: tuple  # by which two failures are the same
    trace: str = ""

    def __str__(self):
        lines = "\n".join(f"    {line}" for line in self.listed)
        again = f"python -m tests.fuzz --seed {self.seed} --only {','.join(map(str, self.numbers))}"
        return f"seed {self.seed}: {self.error}\n{self.trace}\n  what led to it (again: {again}):\n{lines}"


def do(world, name):
    """One operation, and everything that must hold after it; whether there was anything to do."""
    world.settle()
    before = world.snapshot()
    world.depth += 1
    try:
        change = OPERATIONS[name][1](world)
    finally:
        world.depth -= 1
    if change is None:
        return False
    if change is not DONE:
        after = world.compare(before, change)
        world.check()
        world.oracle.follow(change, after)
    if world.depth == 0:  # no store is in use, and Ctrl-C is heard
        require(not any(store.lock._is_owned() for store in world.stores()), "a store is still in use")
        require(guard.Deferred.active is None, "Ctrl-C is still deferred")
        require(signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler of Ctrl-C")
    return True


def walk(seed, counts, length=LENGTH, only=None):
    """Walk; returns the failure, or None. `only`: the numbers of the operations to be done."""
    world, listed, numbers = World(seed, do), [], []
    for number in only or range(length):
        world.begin(number)
        often = [often for often, _ in OPERATIONS.values()]
        name = FIRST[number] if number < len(FIRST) else world.random.choices([*OPERATIONS], often)[0]
        try:
            happened = do(world, name)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)[-2:]
            signature = type(error).__name__, *(f"{frame.filename}:{frame.name}" for frame in frames)
            told = f"{name}: {type(error).__name__}: {error}", [*listed, f"{number} {name}: {world.told()}"]
            trace = "".join(traceback.format_exception(error)[-12:])
            return Failure(seed, *told, [*numbers, number], signature, trace)
        if happened:
            counts[f"operation {name}"] += 1
            numbers.append(number)
            listed.append(f"{number} {name}: {world.told()}")
    counts["numbers compared"] += world.compared
    stores = list(map(weakref.ref, world.stores()))
    world.__dict__.clear()
    for _ in range(3):  # what a finalizer lets go of is collected the next time
        gc.collect()
    alive = sum(store() is not None for store in stores)
    gc.freeze()  # later collections need not look at what will stay
    leak = f"{alive} stores are still alive when nobody holds them"
    return Failure(seed, leak, listed, numbers, ("leak",)) if alive else None


def shrunk(failure, tries=200):
    """The same failure by fewer operations, as far as leaving out parts of the list goes."""
    size = max(1, len(failure.numbers) // 2)
    while size and tries and failure.trace:
        first = 0
        while first < len(failure.numbers) - 1 and tries:
            tries -= 1
            kept = failure.numbers[:first] + failure.numbers[first + size :]
            again = walk(failure.seed, Counter(), only=kept) if kept else None
            if again is not None and again.signature == failure.signature:
                failure = again
            else:
                first += size
        size //= 2
    return failure
