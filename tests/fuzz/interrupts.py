"""Ctrl-C at random lines of the library: an operation is done or not done, and work goes on."""

from __future__ import annotations

import linecache
import os
import signal
import sys
import threading
import time
from functools import cache
from pathlib import Path

import synapse
from synapse.engine.schema import NONE

from .registry import OPERATIONS
from .walk import at_rest, do, drawn, failure_of
from .world import Mismatch, World

HERE = str(Path(synapse.__file__).parent)
LENGTH = 60
WHOLE = ("project_neurons", "project_self", "project_layers", "disconnect", "gate_links", "gate_projection")
WHOLE += ("ungate", "tie", "untie", "freeze", "set_weight", "set_squash", "remove_from_network", "look")
WHOLE += ("new_network", "exact_gradient", "rename", "slice_layer", "mistake")
"""Operations that are one call: after Ctrl-C they are done or not done. Others are several calls."""


class Lines:
    """Counts the lines of the library that a call runs; at one of them the signal arrives."""

    def __init__(self, at=None):
        self.at, self.count, self.sent, self.place = at, 0, False, ""

    def _enter(self, frame, event, argument):
        return self._line if frame.f_code.co_filename.startswith(HERE) else None

    def _line(self, frame, event, argument):
        if event == "line" and not leaves_with(frame):
            self.count += 1
            if self.count == self.at:
                self.sent = True
                self.place = f"{frame.f_code.co_filename.removeprefix(HERE)}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return self._line

    def run(self, call):
        """Call it; whether KeyboardInterrupt came out of it, or of a finalizer, which Python ignores."""
        before, hook, ignored = sys.gettrace(), sys.unraisablehook, []
        sys.unraisablehook = lambda told: ignored.append(told.exc_type)
        sys.settrace(self._enter)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
            sys.unraisablehook = hook
        return KeyboardInterrupt in ignored


@cache
def starts(code):
    """The first instruction of each line of a function."""
    found = {}
    for start, _, line in code.co_lines():
        found.setdefault(line, start)
    return found


def leaves_with(frame):
    """Whether a `with` line is met at the end of its block: Python looks for no signal there."""
    first = starts(frame.f_code)[frame.f_lineno]
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return frame.f_lasti > first and line.lstrip().startswith("with ")


class Timer:
    """The same from another thread, after some time."""

    def __init__(self, delay):
        self.delay, self.sent, self.done = delay, False, threading.Event()
        self.place = "at some time"
        self.lock = threading.Lock()

    def _send(self):
        if not self.done.wait(self.delay):
            with self.lock:
                if not self.done.is_set():
                    self.sent = True
                    os.kill(os.getpid(), signal.SIGINT)

    def run(self, call):
        thread = threading.Thread(target=self._send)
        try:
            try:
                thread.start()
                call()
            finally:
                self.done.set()
                thread.join()
                time.sleep(0)
        except KeyboardInterrupt:
            return True
        return False


def canonical(world):
    """What there is, by the numbers of neurons in the order of their making."""
    serial = {neuron: i for i, neuron in enumerate(world.made)}
    shot = world.snapshot()
    links = {
        (serial[s], serial[t]): (None if g is None else serial[g], learns, weight)
        for (s, t), (g, learns, weight) in shot.links.items()
    }
    ties = {
        frozenset(tuple(serial[n] for n in one) if isinstance(one, tuple) else serial[one] for one in group)
        for group in shot.ties
    }
    biases = {serial[n]: (n.bias, n.trainable, n.squash.name) for n in shot.neurons}
    networks = [[[serial[n] for n in layer] for layer in network.layers] for network in world.networks]
    return links, ties, biases, networks


def interrupts_walk(seed, counts, length=LENGTH, journal=lambda *place: None):
    """Two equal worlds: in one of them operations are interrupted, and done again."""
    ours, theirs, listed = World(seed), World(seed), []
    ours.do = theirs.do = do
    together = True
    for number in range(length):
        journal(seed, number, "")
        try:
            together = one_operation(ours, theirs, number, together, counts)
        except Exception as error:
            listed.append(f"{number}: {'; '.join(ours.notes)}")
            return failure_of(seed, number, "interrupted", error, listed, list(range(number + 1)))
        listed.append(f"{number}: {'; '.join(ours.notes)}")
        if not together and number > 20 and ours.chance(0.15):
            break
    return None


def begin(world, number):
    """Draw an operation."""
    world.begin(number)
    name = drawn(world)
    world.notes = [name]
    return name


def one_operation(ours, theirs, number, together, counts):
    """Let the operation happen in one world, interrupted in the other; whether both are still alike."""
    before = length = None
    if together:
        before = canonical(theirs)
        name, lines, start = begin(theirs, number), Lines(), time.perf_counter()
        if lines.run(lambda: do(theirs, name)):
            raise Mismatch("an interrupt that nobody has sent")
        length, duration = lines.count, time.perf_counter() - start
    name = begin(ours, number)
    if not ours.chance(0.7):
        ours.begin(number)
        drawn(ours)
        do(ours, name)
        return together
    at, late = ours.random.randint(1, max(1, length or 300)), ours.chance(0.25)
    ours.begin(number)
    drawn(ours)
    signaller = Timer(ours.random.random() * duration / 3) if late and together else Lines(at)
    raised = signaller.run(lambda: OPERATIONS[name][1](ours))
    ours.note("[interrupted", signaller.place, "]" if signaller.sent else "not]")
    after_interrupt(ours, name, signaller, raised, counts)
    if not together:
        return False
    return compared(ours, theirs, number, name, before, raised)


def after_interrupt(world, name, signaller, raised, counts):
    """What must hold whatever was interrupted."""
    for network in world.networks:
        if network.learning_rule != ("online", None):  # `learn_exactly` was interrupted
            network.learning_rule = "online"
    if signaller.sent:
        counts[f"interrupts of {name}"] += 1
        ended = any("stopped by interrupted" in note for note in world.notes)
        if not (raised or ended) and not isinstance(signaller, Timer):
            raise Mismatch(f"an interrupt of {name} was swallowed")
    world.depth = 0
    found(world)
    for store in world.stores():
        if store.recorder is not None:
            raise Mismatch(f"a recording is left after an interrupted {name}")
        if "deterministic" in store.columns and store["deterministic"].any():
            raise Mismatch(f"neurons are deterministic after an interrupted {name}")
    world.check()
    for store in world.stores():
        store.ready()
    world.check()
    at_rest(world)
    world.oracle.adopt()


def found(world):
    """Take over what an interrupted operation has made or removed."""
    known = set(world.neurons)
    world.neurons = [neuron for neuron in world.neurons if neuron._row >= 0]
    for store in world.stores():
        world.hold([view for view in store.views if view is not None and view not in known])
    world.buried()
    world.projections = [one for one in world.projections if alive(one)]


def alive(projection):
    return bool((projection._store.row_of[projection._identities()] != NONE).all())


def compared(ours, theirs, number, name, before, raised):
    """The interrupted operation was done whole or not at all; if not, it is done again."""
    if name not in WHOLE:
        return False
    now, after = canonical(ours), canonical(theirs)
    if not raised or now == after:
        return now == after and not raised
    if now != before:
        raise Mismatch(f"an interrupted {name} was done by half: {odd(now, before)}")
    begin(ours, number)
    do(ours, name)
    if canonical(ours) != after:
        what = odd(canonical(ours), after)
        raise Mismatch(f"{name}, done again after an interrupt, does something else: {what}")
    return True


def odd(now, before):
    """What differs from before."""
    names = "links", "ties", "biases", "networks"
    return [name for name, a, b in zip(names, now, before) if a != b]
