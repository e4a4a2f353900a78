"""Many rows, and sequences, forward: the whole batch in one call.

``python -m benchmarks.forward`` prints µs of CPU time per row of `net.run`, of
PyTorch's modules and of NumPy's products alone, one thread, in alternation (the fastest
of the repeats), and writes ``forward.json``. A library that is faster than ours
is bold. BLAS gets one thread, too: the time of a second one would not be counted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import architect

from . import machine
from .markdown import table

SIZES = {
    (784, 100, 10): 2000,
    (64, 128, 10): 2000,
    (10, 20, 5): 5000,
    (2, 3, 1): 5000,
}
"""Perceptrons, and how many rows they run."""
LSTM = (30, 72, 30)
SEQUENCES = (128, 20)
DTYPES = ("float32", "float64")

Work = Callable[[], Any]


def of_perceptron(sizes: tuple[int, ...], rows: int, dtype: str) -> dict[str, Work]:
    """What runs the rows, by library."""
    import torch

    net = architect.Perceptron(*sizes, dtype=dtype, seed=0)
    inputs = np.random.default_rng(0).normal(size=(rows, sizes[0])).astype(dtype)
    layers: list[Any] = []
    for n, m in pairwise(sizes):
        layers += [torch.nn.Linear(n, m, dtype=getattr(torch, dtype))]
        layers += [torch.nn.Sigmoid()]
    modules = torch.nn.Sequential(*layers)
    x = torch.tensor(inputs)
    weights = [layer.weight.detach().numpy().T.copy() for layer in layers[::2]]

    def in_torch() -> Any:
        with torch.inference_mode():
            return modules(x)

    return {
        "ours": lambda: net.run(inputs, threads=1),
        "PyTorch": in_torch,
        "NumPy's products": lambda: inputs @ weights[0] @ weights[1],
    }


def of_lstm(dtype: str) -> dict[str, Work]:
    """What runs the sequences, by library."""
    import torch

    count, steps = SEQUENCES
    net = architect.LSTM(*LSTM, dtype=dtype, seed=0)
    shape = count, steps, LSTM[0]
    inputs = np.random.default_rng(0).normal(size=shape).astype(dtype)
    of = getattr(torch, dtype)
    lstm = torch.nn.LSTM(*LSTM[:2], batch_first=True, dtype=of)
    readout = torch.nn.Linear(*LSTM[1:], dtype=of)
    x = torch.tensor(inputs)

    def in_torch() -> Any:
        with torch.inference_mode():
            return torch.sigmoid(readout(lstm(x)[0]))

    run = {"traces": False, "threads": 1}
    return {"ours": lambda: net.run(inputs, **run), "PyTorch": in_torch}


def fastest(works: dict[str, Work], repeats: int, rows: int) -> dict[str, float]:
    """The least µs of CPU time per row of each, in alternation."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(repeats):
        for name, work in works.items():
            begin = time.thread_time()
            for _ in range(3):
                work()
            times[name].append(1e6 * (time.thread_time() - begin) / 3 / rows)
    return {name: min(spent) for name, spent in times.items()}


def text(rows: list[dict[str, Any]]) -> str:
    """The table; bold: faster than ours."""
    peers = ("PyTorch", "NumPy's products")
    lines = []
    for row in rows:
        ours = row["times"]["ours"]
        cells = [f"{ours:.3g}"]
        for name in peers:
            spent = row["times"].get(name)
            cell = "-" if spent is None else f"{spent:.3g} ({spent / ours:.2f})"
            cells.append(f"**{cell}**" if spent is not None and spent < ours else cell)
        lines.append([row["row"], *cells])
    return table(["µs per row, or step of a sequence", "`net.run`", *peers], lines)


def main(words: list[str]) -> None:
    """Measure, print the table and write the results."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)
    quick = "--quick" in words
    repeats = 1 if quick else 15
    rows = []
    for dtype in DTYPES:
        for sizes, count in SIZES.items():
            label = "-".join(map(str, sizes)) + f", {count:,} rows, {dtype}"
            works = of_perceptron(sizes, count, dtype)
            rows.append({"row": label, "times": fastest(works, repeats, count)})
        count, steps = SEQUENCES
        label = f"LSTM {'-'.join(map(str, LSTM))}, {count} times {steps} steps, {dtype}"
        times = fastest(of_lstm(dtype), repeats, count * steps)
        rows.append({"row": label, "times": times})
    print(text(rows))
    if not quick:
        machine.save("forward", None, rows=rows)


if __name__ == "__main__":
    main(sys.argv[1:])
