"""Measure programs that learn on a Cortex-M4 in an emulator, and on this machine.

    python -m benchmarks.device

Needs gcc, and for the first table gcc-arm-none-eabi and qemu-system-arm. The emulator
counts instructions, not cycles: a timer of 25 MHz beside 10^9 instructions a second.
"""

from __future__ import annotations

import shutil
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

HERE = Path(__file__).parent
STEPS = 400  # in the emulator
PER_TICK = 40  # instructions
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
CROSS = [
    "arm-none-eabi-gcc",
    *[
        "-std=c99",
        "-mcpu=cortex-m4",
        "-mthumb",
        "-mfpu=fpv4-sp-d16",
        "-mfloat-abi=hard",
    ],
]
EMULATOR = [
    *[
        "qemu-system-arm",
        "-M",
        "mps2-an386",
        "-cpu",
        "cortex-m4",
        "-nographic",
        "-semihosting",
    ],
    *["-icount", "shift=0", "-kernel"],
]


def sizes_of(folder: Path) -> tuple[int, int]:
    """Bytes of code and of constants of program.c, with -Os."""
    command = [*CROSS, "-Os", "-c", folder / "program.c", "-o", folder / "program.o"]
    subprocess.run(command, check=True)
    listed = subprocess.run(
        ["arm-none-eabi-size", "-A", folder / "program.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sections = [line.split() for line in listed.splitlines() if line.startswith(".")]
    code = sum(int(row[1]) for row in sections if row[0].startswith(".text"))
    constants = sum(int(row[1]) for row in sections if row[0].startswith(".rodata"))
    return code, constants


def instructions_of(folder: Path) -> list[int]:
    """Instructions of a step and of learning, in the emulator, with -O2."""
    files = [HERE / "boot.c", HERE / "main.c", "-T", HERE / "link.ld"]
    options = ["-O2", "-nostartfiles", f"-DSTEPS={STEPS}", f"-I{folder}"]
    built = [*CROSS, *options, *files, "-o", folder / "program.elf", "-lm"]
    subprocess.run([*built, "--specs=nosys.specs"], check=True, capture_output=True)
    done = subprocess.run(
        [*EMULATOR, folder / "program.elf"],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    # the console
    return [int(ticks) * PER_TICK // STEPS for ticks in done.stderr.split()]


def on_the_chip() -> None:
    """Print the table of a Cortex-M4."""
    print("| network, rule | code | constants | an instance | a step | learning |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, make in NETS.items():
        for rule in RULES:
            net = make("float32")
            net.rule = rule if rule[0] == "rtrl" else "online"
            with TemporaryDirectory() as place:
                folder = Path(place)
                source = c_source(net, learn=True)
                (folder / "program.c").write_text(source, encoding="utf-8")
                code, constants = sizes_of(folder)
                step, learning = instructions_of(folder)
            heading = next(r for r in source.splitlines() if "bytes an instance" in r)
            shown = rule[0] if rule[1] is None else f"{rule[0]}, reach {rule[1]}"
            print(
                f"| {name}, {shown} | {code:,} | {constants:,} |"
                f" {int(heading.split()[1]):,} | {step:,} | {learning:,} |"
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
    if shutil.which(CROSS[0]) and shutil.which(EMULATOR[0]):
        on_the_chip()
        print()
    else:
        print("There is no gcc-arm-none-eabi with qemu-system-arm here.\n")
    on_this_machine()
