"""Draw docs/_static/edit_to_update.svg with the numbers of a network: what an edit, the
next step and a propagation write.

python -m studies edit_to_update
"""

from __future__ import annotations

from typing import Any

from synapse.engine.lowering.flags import DELAYED
from synapse.engine.schema import TABLE
from synapse.readwrite import _files

from .activate import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    ROOT,
    TINTS,
    box,
    drawing,
    network,
    table,
    text,
    way,
)

LATE = "#f6d9ea"
LEFT = 24
RIGHT = 392  # where tables begin
NAMES = ("x0", "x1", "h0", "h1", "y")
RATE = 0.5
COUNTS = {"neuron": 5, "connection": 7}  # without spare rows
AXIS = {column.name: column.axis for column in TABLE}


def copies(net: Any, *names: str) -> dict[str, list[Any]]:
    """Return columns of the network's store as lists."""
    columns = net[0]._store.columns
    return {name: columns[name][: COUNTS.get(AXIS[name])].tolist() for name in names}


def numbers(values: list[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


def connections(net: Any) -> dict[str, list[Any]]:
    """Return the table of connections as it is now."""
    now = copies(net, "source", "target", "weight")
    return {
        "row": [*range(len(now["source"]))],
        "source": [NAMES[row] for row in now["source"]],
        "target": [NAMES[row] for row in now["target"]],
        "weight": numbers(now["weight"]),
    }


def runs(net: Any) -> dict[str, list[Any]]:
    """Return the table of runs as it is now."""
    names = "run_first", "run_length", "run_source", "run_flags"
    count = max(*copies(net, "run_stop")["run_stop"])
    now = {name: values[:count] for name, values in copies(net, *names).items()}
    now |= copies(net, "target")
    return {
        "run": [*range(count)],
        "into": [NAMES[now["target"][row]] for row in now["run_first"]],
        "first": now["run_first"],
        "length": now["run_length"],
        "source": [NAMES[row] for row in now["run_source"]],
        "late": ["late" if flags & DELAYED else "" for flags in now["run_flags"]],
    }


def row_of(columns: dict[str, list[Any]], row: int, tint: str) -> dict[Any, str]:
    """Return the marks of a whole row of a table."""
    return {(name, row): tint for name in columns}


def stage(y: int, gap: int, number: int, title: str, *said: str) -> Any:
    """A numbered box on the left, with an arrow of the length `gap` below it."""
    yield text(LEFT + 30, y - 14, title, "lane")
    yield from box(LEFT, y, 336, INK, *said)
    below = y + 32 + 19 * (len(said) - 1)
    yield from way(
        number, LEFT + 11, y - 20, f"M192 {below} V{below + gap}" if gap else ""
    )


def picture() -> Any:
    net = network()
    net.activate([0.2, 0.7])
    earlier = copies(net, "activation")["activation"]
    net.output[0].project(net[2], weight=0.4)
    edited = connections(net)
    net.activate([0.9, 0.1])
    lowered, ranges = connections(net), runs(net)
    step = copies(net, "old_activation", "state", "activation", "derivative")
    net.propagate(RATE, [1.0], "squared_error")
    errors = copies(net, "responsibility", "step")
    row = lowered["source"].index("y")
    run = ranges["late"].index("late")

    yield from stage(
        60,
        112,
        1,
        "An edit",
        "y.project(h0, weight=0.4)",
        "appends a row to the columns of connections,",
        "and increments topology_version",
    )
    yield from table(
        RIGHT,
        76,
        "connections",
        edited,
        64,
        row_of(edited, len(edited["row"]) - 1, LATE),
    )

    yield from stage(
        276,
        110,
        2,
        "Lowering, by the next call",
        "lower(store)",
        "sorts connections by target and what they",
        "read, and divides them into runs. Since y",
        "comes after h0, h0 reads it late",
    )
    yield from table(
        RIGHT, 292, "connections, sorted", lowered, 60, row_of(lowered, row, LATE)
    )
    yield from table(RIGHT + 258, 292, "runs", ranges, 56, row_of(ranges, run, LATE))

    yield from stage(
        508,
        70,
        3,
        "A step",
        "net.activate([0.9, 0.1])",
        "h0: 0.5 · 0.9 + 1 · 0.1 + 0.4 · y, where y is",
        "the activation that y had before this step.",
        "compute_state adds the runs, fire squashes",
    )
    neurons = {"row": [*range(5)], "neuron": [*NAMES]}
    cells = {name: numbers(step[name]) for name in step}
    marks = {("activation", j): TINTS[BLUE] for j in (0, 1)}
    marks |= {("state", j): TINTS[ORANGE] for j in (2, 3, 4)}
    marks |= {
        (name, j): TINTS[GREEN]
        for name in ("old_activation", "activation", "derivative")
        for j in (2, 3, 4)
    }
    marks |= {("old_activation", 4): LATE}
    yield from table(RIGHT, 524, "neurons", neurons, 64, {})
    yield from table(RIGHT + 128, 524, "", cells, 114, marks)

    yield from stage(
        700,
        70,
        4,
        "Errors",
        f"net.propagate({RATE}, [1.0], ...)",
        "compute_delta, the last neuron first: y pushes",
        "its error along its runs to h0 and h1. What is",
        "read late gets none: that was another step",
    )
    cells = {
        "responsibility": numbers(errors["responsibility"]),
        f"step = {RATE} · error": numbers(errors["step"]),
    }
    marks = {(name, j): TINTS[ORANGE] for name in cells for j in (2, 3, 4)}
    yield from table(RIGHT, 716, "neurons", neurons, 64, {})
    yield from table(RIGHT + 128, 716, "", cells, 140, marks)

    now = connections(net)
    read = [
        earlier[4] if k == row else step["activation"][NAMES.index(source)]
        for k, source in enumerate(now["source"])
    ]
    steps = [errors["step"][NAMES.index(target)] for target in now["target"]]
    cells = {
        "source": now["source"],
        "target": now["target"],
        "step": numbers(steps),
        "read": numbers(read),
        "weight": now["weight"],
    }
    for before, after, by, y in zip(
        lowered["weight"], now["weight"], steps, read, strict=True
    ):
        assert abs(float(after) - float(before) - by * y) < 2e-3
    yield from stage(
        892,
        0,
        5,
        "An update",
        "weight += step · read",
        "propagate_run, in the same call. Each weight",
        "moves along what the sum has read, and",
        "connection.weight shows it at once",
    )
    marks = row_of({"read": []}, row, LATE)
    marks |= {("weight", k): TINTS[GREEN] for k in range(len(read))}
    yield from table(RIGHT, 908, "connections", cells, 84, marks)


def svg() -> str:
    """The whole file."""
    return drawing(1084, picture())


if __name__ == "__main__":
    _files.write(ROOT / "docs" / "_static" / "edit_to_update.svg", svg())
