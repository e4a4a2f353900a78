"""Write the Markdown of a run from its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synapse.readwrite import files

from .cases import Case
from .gradients import LABELS

GRADIENTS = """Forward and backward pass of a batch, one thread; LSTMs over sequences of 50 steps.
The LSTMs are `architect.LSTM(..., style="standard")` and `torch.nn.LSTM` with a `Linear`, with equal weights.
Medians (minimum to maximum).
"""
OURS = "synapse"


def number(value: float | None) -> str:
    """Format a number with three digits and a comma between thousands.

    >>> number(0.07512), number(21.94), number(1526.2)
    ('0.0751', '21.9', '1,526')
    """
    if value is None:
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:#.3g}" if 0 < abs(value) < 0.1 else f"{value:,.{digits}f}"


def medians(cells: list[dict[str, Any]], row: str) -> dict[str, float]:
    """The median of each library for a network."""
    return {cell["peer"]: cell["median"] for cell in cells if cell["row"] == row and "median" in cell}


def best_peer(cells: list[dict[str, Any]], row: str) -> tuple[str, float] | None:
    """The fastest other library doing the same computation: its name, and its median over Synapse's."""
    less = {cell["peer"] for cell in cells if cell["row"] == row and cell["learns_less"]}
    times = medians(cells, row)
    others = {name: time for name, time in times.items() if not name.startswith(OURS) and name not in less}
    if OURS not in times or not others:
        return None
    name = min(others, key=lambda peer: others[peer])
    return name, others[name] / times[OURS]


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def steps_table(cells: list[dict[str, Any]]) -> str:
    """Medians: one line per network, one column per library, and the ratio of the best other to Synapse."""
    rows = list(dict.fromkeys(cell["row"] for cell in cells))
    timed = {cell["peer"] for cell in cells if "median" in cell}
    peers = {cell["peer"]: cell["label"] for cell in cells if cell["peer"] in timed}
    lines = []
    for row in rows:
        here = {cell["peer"]: cell for cell in cells if cell["row"] == row}
        best = best_peer(cells, row)
        lines.append([Case.named(row).label, *(_entry(here.get(peer), best) for peer in peers)])
        lines[-1].append(f"{number(best[1])} x" if best else "-")
    return table(["network", *peers.values(), "best other / Synapse"], lines)


def _entry(cell: dict[str, Any] | None, best: tuple[str, float] | None) -> str:
    if cell is None or "median" not in cell:
        return "over the cap" if cell and cell["status"].startswith("over") else "-"
    text = number(cell["median"]) + (" ¹" if cell["learns_less"] else "")
    return f"**{text}**" if best and cell["peer"] == best[0] else text


def details_table(cells: list[dict[str, Any]]) -> str:
    """Spread, building, memory and learning of all cells that were started."""
    lines = []
    for cell in cells:
        if "start_seconds" not in cell and not cell["status"].startswith(("over", "failed")):
            continue
        lines.append(
            [
                Case.named(cell["row"]).label,
                cell["label"],
                cell["precision"],
                number(cell.get("median")),
                f"{number(cell['least'])} to {number(cell['most'])}" if "least" in cell else "-",
                number(cell.get("start_seconds")),
                number(cell.get("build_seconds")),
                number(cell.get("build_megabytes")),
                _learning(cell),
                cell["status"],
            ]
        )
    titles = "network, library, precision, median µs, min to max, start s, build s, build MB, learns, status"
    return table(titles.split(", "), lines)


def _learning(cell: dict[str, Any]) -> str:
    learning = cell.get("learning")
    if not learning:
        return "-"
    if not (learning["finite"] and cell.get("finite", True)):
        return "not finite"
    word = "yes" if learning["learnt"] else "no"
    return f"{word}, {learning['before']:.3f} to {learning['after']:.3f} in {learning['steps']:,}"


def left_out(cells: list[dict[str, Any]]) -> str:
    """The reasons why cells were not started."""
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if "start_seconds" not in cell and not cell["status"].startswith(("over", "failed")):
            reasons.setdefault(f"{cell['label']}: {cell['status']}", []).append(Case.named(cell["row"]).label)
    return "".join(f"- {reason} ({', '.join(rows)})\n" for reason, rows in reasons.items())


def calls_table(calls: dict[str, Any]) -> str:
    """The time of calls from Python."""
    times = {f"`{name}`, µs": (t, 1.0) for name, t in calls.get("calls", {}).items()}
    times["`import synapse, architect`, ms"] = calls["import_seconds"], 1e3
    times["from there to the first step, ms"] = calls["first_step_seconds"], 1e3
    lines = [
        [name, *(number(unit * t[which]) for which in ("median", "least", "most"))]
        for name, (t, unit) in times.items()
    ]
    return table(["call (2-3-1 unless noted)", "median", "min", "max"], lines)


def growth_table(growth: list[dict[str, Any]]) -> str:
    """Time per connection, bandwidth, building."""
    lines = []
    for g in growth:
        bandwidth = [number(g[name] / 1e9) if name in g else "-" for name in ("bandwidth", "copy_bandwidth")]
        names = ["build_seconds", "lower_seconds", "first_step_seconds", "call_of_one_step_seconds"]
        names.append("bytes_per_connection")
        lines.append(
            [
                g["kind"],
                f"{g.get('made', g['connections']):,}",
                number(g.get("median")),
                number(g.get("nanoseconds_per_connection")),
                *bandwidth,
                *(number(g.get(name)) for name in names),
                g["status"],
            ]
        )
    titles = (
        "kind, connections, µs per step, ns per connection, GB/s, copy GB/s, build s, lower s, first step s, "
    )
    titles += "call of one step s"
    return table([*titles.split(", "), "bytes per connection", "status"], lines)


def large_text(growth: list[dict[str, Any]]) -> str:
    """The time to save at 10^7 connections and to change one connection at 10^6."""
    lines = []
    for g in growth:
        for name, text in {
            "save_seconds": "save, s",
            "load_seconds": "load, s",
            "file_megabytes": "file, MB",
            "activate_seconds": "activate only, s",
            "weight_seconds": "set one weight and activate, s",
            "first_connect_seconds": "add the first connection and activate, s",
            "connect_seconds": "add one more and activate, s",
            "disconnect_seconds": "remove one and activate, s",
        }.items():
            if name in g:
                lines.append([f"{g['made']:,} connections: {text}", number(g[name])])
    return table(["operation", "value"], lines) if lines else ""


def markdown(run: dict[str, Any]) -> str:
    """The page of a run."""
    machine = run["machine"]
    known = {name: value for name, value in machine.items() if value not in ("", None)}
    facts = [f"{name.replace('_', ' ')}: {value}" for name, value in known.items()]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(run["versions"].items()))
    parts = [
        "# Benchmark\n",
        f"`{run['command']}`\n",
        "".join(f"- {fact}\n" for fact in [*facts, f"versions: {versions}"]),
    ]
    if run["steps"]:
        parts += steps_text(run)
    if run.get("calls"):
        parts += ["## Calls from Python\n", calls_table(run["calls"])]
    if run.get("growth"):
        parts += ["## Growth\n", growth_table(run["growth"]), large_text(run["growth"])]
    if run.get("gradients"):
        parts += [
            "## Exact gradients, µs per time step and sequence\n",
            GRADIENTS,
            gradients_table(run["gradients"]),
        ]
    return "\n".join(part for part in parts if part)


def steps_text(run: dict[str, Any]) -> list[str]:
    """The tables of online steps."""
    return [
        "## µs per step, medians\n",
        "One step: activate and propagate one sample, update the weights (`activate only`: only activate). "
        "Bold: the fastest other library doing the same computation.\n",
        steps_table(run["steps"]),
        "¹ An LSTMCell without peepholes whose gradient is truncated at every step: it learns less.\n",
        f"![Time per step against the number of connections]({run['plot']})\n" if run.get("plot") else "",
        "## Spread, building, learning\n",
        details_table(run["steps"]),
        "Not measured:\n\n" + left_out(run["steps"]),
    ]


def gradients_table(tasks: list[dict[str, Any]]) -> str:
    """Median, minimum and maximum of each library, and the relative difference of the losses."""
    lines = []
    for task in tasks:
        cells = task.get("cells", {})
        times = [_spread(cells.get(name)) for name in LABELS]
        ours, other = cells.get("synapse-f32"), cells.get("torch")
        lead = f"{number(other['median'] / ours['median'])} x" if ours and other else "-"
        losses = [cell["loss"] for cell in cells.values()]
        apart = f"{(max(losses) - min(losses)) / abs(losses[0]):.0e}" if losses else "-"
        lines.append([Case.named(task["row"]).label, str(task["batch"]), *times, lead, apart, task["status"]])
    header = [
        "network",
        "batch",
        *LABELS.values(),
        "PyTorch / Synapse, float32",
        "loss difference",
        "status",
    ]
    return table(header, lines)


def _spread(cell: dict[str, Any] | None) -> str:
    return f"{number(cell['median'])} ({number(cell['least'])} to {number(cell['most'])})" if cell else "-"


def write(run: dict[str, Any], folder: Path) -> None:
    """Write the JSON and the Markdown."""
    rows = dict.fromkeys(cell["row"] for cell in run["steps"])
    ratios = {row: best_peer(run["steps"], row) for row in rows}
    run["ratios"] = {row: {"peer": best[0], "over_ours": best[1]} for row, best in ratios.items() if best}
    files.write(folder / "results.json", json.dumps(run, indent=1) + "\n")
    files.write(folder / "results.md", markdown(run))
