"""Every public call checks before it writes.

Each function of the library that can refuse something is made to refuse, one after the
other, in a call that is right. Whatever it refuses before the first kernel runs,
nothing has changed then."""

from __future__ import annotations

import ast
import inspect
import sys
import warnings
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import synapse
from synapse.engine import language
from synapse.engine.locking import gc_paused
from synapse.errors import ArgumentError
from tests.arguments import ROWS, World
from tests.arguments.kinds import ODD
from tests.helpers.sources import ROOT, nodes_of, trees

TOP = Path(synapse.__file__).parents[1]
GUARDS = {
    "set_attribute": "Of assigned attributes, which the library names right.",
    "__setattr__": "Of the options of a trainer, as above.",
    "rows_of": "Of neurons that have been removed; checked before by `_require`.",
    "_require": "Of neurons that have been removed.",
    "_alive": "Of layers that have been joined to others.",
    "index_within": "Of indices, which the library counts right.",
    "raise_interrupt": "Of Ctrl-C, at a place where it is safe.",
}
"""Functions that refuse what cannot happen where the library calls them late."""
WRITING = {
    *("_call", "_call_in_use", "descent", "learn_epochs", "learn_stream"),
    *("_enter", "_renumber"),
    *("take", "_skip_steps"),  # of sequences side by side
}
"""Functions that only write, most of them by kernels: all has been checked."""
LANGUAGE = str(Path(language.__file__).parent)
"""The functions here are asked for each node of a kernel, thousands of times where a
program is printed. What was written before stays until the last call of each, so of a
function its first and its last call are made to refuse, and of others every call."""
DRAWN = "bit_generator"
"""In the state of a generator that is passed as a seed: a call that is refused after it
has drawn from it leaves it further on."""


def _raises(node: ast.AST) -> bool:
    """Whether a function raises something itself, in its own statements."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if (isinstance(child, ast.Raise) and child.exc is not None) or _raises(child):
            return True
    return False


@cache
def _refusing() -> set[tuple[str, int]]:
    """File and first line of all functions that can refuse something."""
    lines = set()
    for file in trees():
        for node in nodes_of(file):
            if not isinstance(node, ast.FunctionDef) or node.name in GUARDS:
                continue
            handle = node.name == "__init__" and file.stem in (
                "connection",
                "projection",
            )
            if _raises(node) and not handle:
                top = node.decorator_list[0] if node.decorator_list else node
                lines.add((str(TOP / file.relative_to(ROOT)), top.lineno))
    assert len(lines) > 500
    return lines


class RefusedError(ArgumentError):
    """What a function has been made to refuse."""


class Refusal:
    """A tracer that makes one of the functions that are called refuse."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.refusing = _refusing()
        self.reached = []  # file and line of what could refuse, call by call
        self.computes = False

    def __call__(self, frame, event, argument):
        code = frame.f_code
        if event != "call" or self.computes:
            return
        self.computes = code.co_name in WRITING and "synapse" in code.co_filename
        function = code.co_filename, code.co_firstlineno
        if function in self.refusing:
            self.reached.append(function)
            if len(self.reached) == self.place:
                self.where = f"{Path(code.co_filename).name}: {code.co_name}"
                raise RefusedError("refused by the test")


def places_of(reached):
    """The numbers of the calls that are made to refuse."""
    numbers = {}
    for place, function in enumerate(reached, 1):
        calls = numbers.setdefault(function, [])
        if len(calls) == 2 and function[0].startswith(LANGUAGE):
            calls.pop()
        calls.append(place)
    return np.sort(np.fromiter(chain(*numbers.values()), int))


def prepared(name, folder):
    """A world, and a call in it that is right; None if the table has none.

    What a call needs and the world lacks is a value that it may take."""
    call = ROWS[name]
    world = World(folder)
    with suppress(AttributeError, KeyError, ValueError):
        function = call.public.bound(world, call.on)
        signature = inspect.signature(function)
        values = call.arguments(world)
        for key, parameter in signature.parameters.items():
            needed = parameter.default is parameter.empty
            if needed and key not in values and call.kinds.get(key):
                values[key] = ODD[min(call.kinds[key])]()
        arguments = {key: values[key] for key in signature.parameters if key in values}
        bound = inspect.BoundArguments(signature, arguments)
        return world, lambda: function(*bound.args, **bound.kwargs)
    return world, None


def traced(act, place):
    """Act with a refusal; the tracer, and what was raised."""
    refusal = Refusal(place)
    before = sys.gettrace()
    # garbage collection would end generators of earlier calls, which the tracer sees
    with gc_paused():
        sys.settrace(refusal)
        try:
            act()
        except Exception as error:
            return refusal, error
        finally:
            sys.settrace(before)
    return refusal, None


def seen(world):
    """All that a call may not have changed; not generators."""
    states = [
        _without_recorder(state) if isinstance(state, tuple) else state
        for state in world.seen()
        if DRAWN not in state
    ]
    scales = [
        vars(thing).get(name)
        for thing in vars(world).values()
        if hasattr(thing, "__dict__")
        for name in ("scale", "target_scale")
    ]
    scales.append(vars(world).get("scale"))
    return states, [
        scale._as_json() for scale in scales if isinstance(scale, synapse.Scale)
    ]


def _without_recorder(store):
    """A store as `World.seen` describes it, without the rows that only a recording
    reads, which writes them first."""
    return [
        {key: value for key, value in entry.items() if not key.startswith("watched")}
        if isinstance(entry, dict)
        else entry
        for entry in store
    ]


def broken(name, folder, most):
    """Places where a refusal comes too late, and how many were tried."""
    quiet = folder / "quiet"
    quiet.mkdir(exist_ok=True)
    if prepared(name, quiet)[1] is None:
        return [], 0
    traced(prepared(name, quiet)[1], 0)  # whatever is compiled is compiled now
    counted, error = traced(prepared(name, quiet)[1], 0)
    if error is not None:  # a value that depends on others
        return [], 0
    places = places_of(counted.reached)
    if len(places) > most:
        places = np.random.default_rng(0).choice(places, most, replace=False)
    late = []
    for place in places.tolist():
        world, act = prepared(name, quiet)
        before = seen(world)
        refusal, error = traced(act, place)
        if isinstance(error, RefusedError) and seen(world) != before:
            late.append(f"{name}: {refusal.where}, place {place}")
    return late, len(places)


@pytest.mark.full
@pytest.mark.parametrize(
    "most", [3, pytest.param(6, marks=pytest.mark.slow)], ids=["some", "more"]
)
def test_a_refusal_anywhere_changes_nothing(most, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    late, tried = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ROWS:
            if not name.startswith("draw.") and "torch" not in name:
                lines, count = broken(name, tmp_path, most)
                late += lines
                tried += count
    assert not late, "\n".join(late)
    assert tried > 500
