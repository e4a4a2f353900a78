"""A walk: operations drawn from a seed, each of them checked."""

import gc
import signal
import weakref

from synapse.engine import guard

from ..integrity import require
from . import edits, runs
from .world import DONE, OPERATIONS, World

MODULES = (edits, runs)
FIRST = ("new_recipe", "new_layer", "new_recipe", "new_layer", "new_network", "new_layer")
"""What every world begins with."""


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


def walk(seed, numbers, tell=print):
    """Do the operations with these numbers, drawn from the seed; return how many values were compared."""
    world = World(seed, do)
    for number in (*range(len(FIRST)), *numbers):
        world.begin(number)
        often = [often for often, _ in OPERATIONS.values()]
        name = FIRST[number] if number < len(FIRST) else world.random.choices([*OPERATIONS], often)[0]
        try:
            do(world, name)
        finally:
            tell(f"{number} {name}: {world.told()}")
    compared, stores = world.compared, list(map(weakref.ref, world.stores()))
    world.__dict__.clear()
    for _ in range(3):  # what a finalizer lets go of is collected the next time
        gc.collect()
    require(not any(store() for store in stores), "stores are still alive when nobody holds them")
    gc.freeze()  # later collections need not look at what will stay
    return compared
