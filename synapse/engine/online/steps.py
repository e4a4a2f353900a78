"""A step has happened: it is counted and recorded, whatever way it was made."""

from __future__ import annotations

from .. import schema
from ..compiler.jit import inline
from ..schema import NONE
from .record import note, watches


def _counter_of(counted):
    """Make the function ``count_steps(m, start, stop, steps)``, which adds `steps` to
    these columns of the neurons in some rows and of the connections into them.
    """
    names = {
        axis: [column.name for column in counted if column.axis == axis]
        for axis in schema.OBJECTS
    }
    lines = ["def count_steps(m, start, stop, steps):"]
    for name in names["neuron"]:
        lines += ["    for j in range(start, stop):", f"        m.{name}[j] += steps"]
    for name in names["connection"]:
        lines += [
            "    for j in range(start, stop):",
            "        if m.self_row[j] != NONE:",
            f"            m.{name}[m.self_row[j]] += steps",
            "        for r in range(m.first_run[j], m.last_run[j]):",
            "            first = m.run_first[r]",
            "            for c in range(first, first + m.run_length[r]):",
            f"                m.{name}[c] += steps",
        ]
    scope = {"NONE": NONE}
    exec(compile("\n".join([*lines, "    return"]), __file__, "exec"), scope)
    return inline(scope["count_steps"])


count_steps = _counter_of(schema.COUNTING)


@inline
def step_of(m, span):
    """The number of the latest step of a network: when its first neuron activated. 0:
    none since its context was cleared.
    """
    return m.stamp[span.start]


@inline
def end_step(m, span):
    """A step of a network with traces has happened."""
    if m.failed[0] == 0.0:
        count_steps(m, span.start, span.stop, 1)
    if watches(m, span):
        note(m, True, True, NONE)
