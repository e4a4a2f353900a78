"""Count completed steps."""

from .. import schema
from ..language import inline
from ..language.source import define
from ..schema import NONE


def _make_counter(columns):
    """Make the function ``count_steps(store, start, stop, steps)``, which adds `steps`
    to these columns of the neurons in some rows and of the connections into them.
    """
    names = {
        axis: [column.name for column in columns if column.axis == axis]
        for axis in schema.OBJECTS
    }
    lines = ["def count_steps(store, start, stop, steps):"]
    for name in names["neuron"]:
        lines += [
            "    for j in range(start, stop):",
            f"        store.{name}[j] += steps",
        ]
    for name in names["connection"]:
        lines += [
            "    for j in range(start, stop):",
            "        if store.self_row[j] != NONE:",
            f"            store.{name}[store.self_row[j]] += steps",
            "        for r in range(store.run_start[j], store.run_stop[j]):",
            "            first = store.run_first[r]",
            "            for c in range(first, first + store.run_length[r]):",
            f"                store.{name}[c] += steps",
        ]
    return inline(
        define("count_steps", "\n".join([*lines, "    return"]), {"NONE": NONE})
    )


count_steps = _make_counter(schema.COUNTING)


@inline
def step_of(store, span):
    """Return the number of a network's latest step, which is the stamp of its first
    neuron, or 0 if there was no step since the context was cleared.
    """
    return store.stamp[span.start]


@inline
def end_step(store, span):
    """End a step of a network with traces. Steps of inputs are counted at the end of a
    call, see `end_inputs`.
    """
    if store.failed[0] == 0.0:
        start = span.start
        if store.ties.lists != 0 and store.input_rows.sets != 0:
            store.input_rows.steps += 1
            start += span.inputs
        count_steps(store, start, span.stop, 1)
