"""Whether two processes would pay for batches of exact gradients, beside two threads,
which exist.

``python -m benchmarks.workers`` needs two idle cores. In wall time, it measures an
update of a batch in this process, with one and two threads, an update of half the
batch, and the exchange that two processes add to the latter: each copies the weights
and returns a gradient, through shared memory or through a pipe, and this process adds
up the gradients. Two processes reach at best an update / (half an update + the
exchange)."""

from __future__ import annotations

import multiprocessing
import signal
import statistics
import time
from collections.abc import Callable
from multiprocessing import shared_memory
from typing import Any

import numpy as np

from . import gradients
from .cases import Case
from .markdown import number, table

ROWS = [  # network, dtype, batch
    ("2-3-1", "float64", 4),
    ("lstm-30-72-30", "float32", 2),
    ("lstm-30-72-30", "float32", 32),
    ("lstm-100-100-20", "float32", 32),
    ("784-100-10", "float32", 32),
    ("1000-1000-10", "float32", 32),
]
WAYS = ("shared memory", "pipe")


def serve(pipe: Any, name: str, place: int, count: int) -> None:
    """Answer every message with a gradient, until None comes: after Ctrl-C, too, which
    the caller handles."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory = shared_memory.SharedMemory(name)
    # The weights, and a gradient for each process
    rows = np.ndarray((3, count), np.float32, memory.buf)
    copy = np.zeros(count, np.float32)
    while (weights := pipe.recv()) is not None:
        copy[:] = rows[0] if weights is True else weights
        if weights is True:
            rows[place] = copy
        pipe.send(True if weights is True else copy)


def exchange(count: int, way: str) -> float:
    """Seconds to bring so many weights to two processes and their gradients back."""
    memory = shared_memory.SharedMemory(create=True, size=12 * count)
    rows = np.ndarray((3, count), np.float32, memory.buf)
    weights = np.zeros(count, np.float32)
    pipes = []
    processes = []
    for place in (1, 2):
        ours, theirs = multiprocessing.Pipe()
        processes.append(
            multiprocessing.Process(
                target=serve, args=(theirs, memory.name, place, count)
            )
        )
        processes[-1].start()
        pipes.append(ours)

    def once() -> None:
        rows[0] = weights
        for pipe in pipes:
            pipe.send(True if way == WAYS[0] else weights)
        returned = [pipe.recv() for pipe in pipes]
        np.add(*(rows[1:] if way == WAYS[0] else returned), out=weights)

    try:
        return timed(once)
    finally:
        for pipe, process in zip(pipes, processes, strict=True):
            pipe.send(None)
            process.join()
        memory.close()
        memory.unlink()


def update(row: str, dtype: str, batch: int, threads: int = 1) -> float:
    """Seconds of an update by a batch, in one compiled call."""
    import synapse

    case = Case.named(row)
    inputs, targets = (
        np.concatenate([values] * 10) for values in gradients.samples(case, batch)
    )
    net = gradients.network_of(case, [], dtype)
    adam = synapse.optimizers.Adam(1e-3)
    trainer = synapse.Trainer(
        net, optimizer=adam, rule="bptt", batch_size=batch, threads=threads
    )
    if inputs.shape[1] == 1:
        inputs, targets = inputs[:, 0], targets[:, 0]

    def work() -> None:
        trainer.train(inputs, targets, epochs=10, shuffle=False, progress=False)

    return timed(work, 5) / 100


def timed(work: Callable[[], Any], repeats: int = 50) -> float:
    """Median wall time of a call, after three."""
    times = []
    for _ in range(repeats + 3):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[3:])


def main() -> None:
    lines = []
    for row, dtype, batch in ROWS:
        count = Case.named(row).connections
        whole, half = (update(row, dtype, size) for size in (batch, batch // 2))
        added = [exchange(count, way) for way in WAYS]
        best = [
            whole / update(row, dtype, batch, 2),
            *(whole / (half + seconds) for seconds in added),
        ]
        times = [number(1e6 * seconds) for seconds in (whole, half, *added)]
        lines.append(
            [
                f"{Case.named(row).label}, batch {batch}",
                *times,
                *(f"{ratio:.2f} x" for ratio in best),
            ]
        )
    header = [
        "network",
        "update, µs",
        "half the batch, µs",
        *(f"exchange, {way}, µs" for way in WAYS),
    ]
    best_of = ("two threads", *(f"two processes, {way}, at best" for way in WAYS))
    print(table([*header, *best_of], lines))


if __name__ == "__main__":
    main()
