"""Latency of blocks of 64 samples of audio, by Python and by C.

``python -m benchmarks.blocks`` needs gcc. It prints the median and the 99.9th
percentile of 20,000 blocks, in microseconds; one at 48 kHz lasts 1,333."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import architect
import synapse

from .instructions import march
from .markdown import table

BLOCK = 64
ROUNDS = 20_000
MAIN = r"""
#include <stdio.h>
#include <time.h>
#include "net.c"

int main(void) {
    static Network net;
    network_clear(&net);
    for (int round = 0; round < ROUNDS; round++) {
        struct timespec begin, end;
        float outputs[NETWORK_OUTPUTS], sum = 0;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (int i = 0; i < BLOCK; i++) {
            const float input = sinf(0.3f * (float)i);
            if (network_step(&net, &input, outputs) != NETWORK_DONE) return 1;
            sum += outputs[0];
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (double)(end.tv_sec - begin.tv_sec);
        printf("%g %g\n", 1e6 * seconds + 1e-3 * (end.tv_nsec - begin.tv_nsec), sum);
    }
    return 0;
}
"""
NETS = {
    "GRU 1-16-1": lambda: architect.GRU(1, 16, 1, seed=0, dtype=np.float32),
    "LSTM 1-20-1": lambda: architect.LSTM(
        1, 20, 1, style="standard", seed=0, dtype=np.float32
    ),
    "GRU 1-40-1": lambda: architect.GRU(1, 40, 1, seed=0, dtype=np.float32),
}


def by_python(net: synapse.Network) -> list[float]:
    """Return the microseconds of each block of a call of ``net.run``."""
    block = np.sin(0.3 * np.arange(BLOCK, dtype=np.float32))[:, None]
    durations = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        net.run(block, traces=False)
        durations.append(1e6 * (time.perf_counter() - begin))
    return durations


def by_c(net: synapse.Network) -> list[float]:
    """Return the microseconds of each block of the printed program."""
    with tempfile.TemporaryDirectory() as folder:
        synapse.save(net, Path(folder) / "net.c")
        (Path(folder) / "main.c").write_text(MAIN, encoding="utf-8")
        sizes = [f"-DROUNDS={ROUNDS}", f"-DBLOCK={BLOCK}"]
        flags = ["-O3", march(), *sizes, "main.c", "-o", "main", "-lm"]
        subprocess.run(["gcc", *flags], cwd=folder, check=True)
        printed = subprocess.check_output([f"{folder}/main"], text=True)
    return [float(line.split()[0]) for line in printed.splitlines()]


def main() -> None:
    """Print the table."""
    rows = []
    for name, make in NETS.items():
        figures = []
        for measure in (by_python, by_c):
            figures += np.percentile(measure(make()), [50, 99.9]).tolist()
        rows.append([name, *(f"{figure:,.0f}" for figure in figures)])
    head = ["block of 64", "Python, median", "99.9th", "C, median", "99.9th"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
