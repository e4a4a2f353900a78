"""Run programs that learn on seven processors, in emulators, and on this machine.

    python -m benchmarks.device

`python -m benchmarks.device.fixed` prints only the tables of programs in fixed point.
Needs gcc, and for each row of the first table its compiler and emulator; rows without
them are left out. On a Cortex-M and on RISC-V the emulator counts instructions, by a
clock that advances by one nanosecond with each; on AVR it counts cycles.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Network
from synapse.readwrite import c_source

from . import fixed
from .boards import PROCESSORS, STEPS, is_here, run_on, sizes_of, stated_bytes

ROWS = 20_000  # of an epoch here
REPEATS = 7
NETS: dict[str, Callable[[Any], Network]] = {
    "LSTM 4-8-1": lambda dtype: architect.LSTM(
        4, 8, 1, style="synaptic", seed=0, dtype=dtype
    ),
    "LSTM 8-16-1": lambda dtype: architect.LSTM(
        8, 16, 1, style="synaptic", seed=0, dtype=dtype
    ),
    "Elman 7-15-7": lambda dtype: architect.Elman(7, 15, 7, seed=0, dtype=dtype),
}
RULES = (("online", None), ("rtrl", 1), ("rtrl", None))


def outputs_here(net: Network) -> Any:
    """What the network answers while it learns as main.c does."""
    outputs = []
    size = len(net.input)
    for t in range(STEPS):
        row = [((t * 7 + i * 3) % 11) / 11.0 - 0.5 for i in range(size)]
        outputs.append(net.activate(row))
        net.propagate(
            0.1, [((t * 5 + o * 3) % 7) / 7.0 for o in range(len(net.output))]
        )
    return np.ravel(outputs)


def on_processors() -> None:
    """Print the table of an LSTM 4-8-1 on each processor."""
    print("| processor | flash | memory | a step | an update | outputs differ by |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, processor in PROCESSORS.items():
        if not is_here(processor):
            print(f"| {name} | not seen | | | | |")
            continue
        net = NETS["LSTM 4-8-1"]("float32")
        with TemporaryDirectory() as place:
            folder = Path(place)
            source = c_source(net, learn=True)
            (folder / "program.c").write_text(source, encoding="utf-8")
            flash, memory = sizes_of(processor, folder)
            outputs, counted = run_on(processor, folder, len(net.output))
        memory += stated_bytes(source)[0]
        differ = np.abs(outputs - outputs_here(net)).max()
        shown = [f"{number:,}" if processor.unit else "" for number in counted[:2]]
        print(
            f"| {name} | {flash:,} | {memory:,} | {' | '.join(shown)} | {differ:.0e} |"
        )


def on_a_cortex_m4() -> None:
    """Print the table of networks and rules on a Cortex-M4F."""
    processor = PROCESSORS["Cortex-M4F"]
    print("| network, rule | flash | an instance | stack | a step | an update |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, make in NETS.items():
        for rule in RULES:
            net = make("float32")
            net.rule = rule if rule[0] == "rtrl" else "online"
            with TemporaryDirectory() as place:
                folder = Path(place)
                source = c_source(net, learn=True)
                (folder / "program.c").write_text(source, encoding="utf-8")
                flash, _ = sizes_of(processor, folder)
                _, (step, learning, _) = run_on(processor, folder, len(net.output))
            instance, stack, _ = stated_bytes(source)
            shown = rule[0] if rule[1] is None else f"{rule[0]}, reach {rule[1]}"
            print(
                f"| {name}, {shown} | {flash:,} | {instance:,} | {stack:,} |"
                f" {step:,} | {learning:,} |"
            )


TIMES = r"""
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "program.c"

static REAL inputs[ROWS * NETWORK_INPUTS], targets[ROWS * NETWORK_OUTPUTS];

int main(void) {
    static Network net;
    REAL outputs[NETWORK_OUTPUTS];
    double least = 1e9;
    network_init(&net);
    if (fread(inputs, sizeof inputs, 1, stdin) != 1) return 1;
    if (fread(targets, sizeof targets, 1, stdin) != 1) return 1;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const clock_t begin = clock();
        for (int t = 0; t < ROWS; t++) {
            if (network_step(&net, inputs + t * NETWORK_INPUTS, outputs)) return 2;
            const REAL *aims = targets + t * NETWORK_OUTPUTS;
            if (network_learn(&net, aims, (REAL)0.01)) return 3;
        }
        const double spent = (double)(clock() - begin) / CLOCKS_PER_SEC / ROWS;
        if (spent < least) least = spent;
    }
    printf("%.9g\n", least * 1e6);
    return 0;
}
"""


def time_of_program(net: Network, rows: Any, targets: Any, folder: Path) -> float:
    """Microseconds of a learning step of the program, with -O3."""
    real = "float" if net.dtype == np.float32 else "double"
    source = c_source(net, learn=True, dtype=net.dtype)
    (folder / "program.c").write_text(source, encoding="utf-8")
    (folder / "main.c").write_text(TIMES)
    options = [f"-DREAL={real}", f"-DROWS={ROWS}", f"-DREPEATS={REPEATS}"]
    built = ["gcc", "-std=c99", "-O3", *options, folder / "main.c", "-o"]
    subprocess.run([*built, folder / "main", "-lm"], check=True)
    sent = rows.astype(net.dtype).tobytes() + targets.astype(net.dtype).tobytes()
    done = subprocess.run(
        [folder / "main"], input=sent, capture_output=True, check=True
    )
    return float(done.stdout)


def time_of_engine(net: Network, rows: Any, targets: Any) -> float:
    """Microseconds of a step of an epoch of online training."""
    trainer = synapse.Trainer(net, rate=0.01, rule="online")
    trainer.train(rows, targets, epochs=1, progress=False)
    least = np.inf
    for _ in range(REPEATS):
        begin = time.perf_counter()
        trainer.train(rows, targets, epochs=1, progress=False)
        least = min(least, (time.perf_counter() - begin) / ROWS)
    return float(least) * 1e6


def on_this_machine() -> None:
    """Print the table of learning steps here, beside the engine's in one run."""
    print("| network | float | program, us | engine, us | ratio |")
    print("| --- | --- | ---: | ---: | ---: |")
    rng = np.random.default_rng(0)
    for name, make in NETS.items():
        for dtype in ("float64", "float32"):
            net = make(dtype)
            rows = rng.uniform(size=(ROWS, len(net.input)))
            targets = rng.uniform(size=(ROWS, len(net.output)))
            with TemporaryDirectory() as place:
                program = time_of_program(net, rows, targets, Path(place))
            engine = time_of_engine(net, rows, targets)
            print(
                f"| {name} | {dtype} | {program:.2f} | {engine:.2f} |"
                f" {program / engine:.2f} |"
            )


if __name__ == "__main__":
    on_processors()
    print()
    if is_here(PROCESSORS["Cortex-M4F"]):
        on_a_cortex_m4()
        print()
    on_this_machine()
    print()
    fixed.main()
