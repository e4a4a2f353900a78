"""Run programs that learn on seven processors, in emulators, and on this machine.

    python -m benchmarks.device

Needs gcc, and for each row of the first table its compiler and emulator; rows without
them are left out. On a Cortex-M and on RISC-V the emulator counts instructions, by a
clock that advances by one nanosecond with each; on AVR it counts cycles.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import architect
import synapse
from synapse import Network
from synapse.readwrite import c_source

HERE = Path(__file__).parent
STEPS = 400  # in the emulator
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


class Processor(NamedTuple):
    """A processor: what compiles for it, what runs the program, where its memory lies,
    and the instructions (or cycles) of a unit of its counter; 0: it has none.
    """

    compiler: list[str]
    emulator: list[str]
    flash: tuple[int, str] = (0, "")
    ram: tuple[int, str] = (0, "")
    unit: float = 0


def cortex(name: str, machine: str, ram: str, unit: float, *options: str) -> Processor:
    """Return a Cortex-M in an emulated board."""
    arm = ["arm-none-eabi-gcc", f"-mcpu={name}", "-mthumb", *options, *BARE]
    board = ["qemu-system-arm", "-M", machine, *CONSOLE]
    return Processor(
        [*arm, "--specs=nosys.specs"], board, (0, "4M"), (0x20000000, ram), unit
    )


def linux(target: str) -> Processor:
    """Return a processor on which Linux runs."""
    return Processor(
        [f"{target}-linux-gnu-gcc", "-static", "-ffp-contract=off"],
        [f"qemu-{target}"],
    )


BARE = ["-nostartfiles", "-Wl,--entry=0"]
CONSOLE = ["-nographic", "-semihosting", "-icount", "shift=0", "-kernel"]
HARD = "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"
PROCESSORS = {
    # 8 bits, 16 KiB of memory
    "AVR ATmega1284P": Processor(
        ["avr-gcc", "-mmcu=atmega1284p"],
        ["simavr", "-m", "atmega1284p", "-f", "16000000"],
        unit=1,
    ),
    "Cortex-M0": cortex("cortex-m0", "microbit", "16K", 62.5),
    "Cortex-M3": cortex("cortex-m3", "mps2-an385", "4M", 40),
    "Cortex-M4F": cortex("cortex-m4", "mps2-an386", "4M", 40, *HARD),
    "RISC-V RV32IMAC": Processor(
        ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "-mno-relax"]
        + ["--specs=picolibc.specs", *BARE],
        ["qemu-system-riscv32", "-M", "virt", "-bios", "none", *CONSOLE],
        (0x80000000, "4M"),
        (0x80400000, "4M"),
        1,
    ),
    "AArch64": linux("aarch64"),
    "s390x (big-endian)": linux("s390x"),
}
"""Two boards have a timer of 25 MHz beside 10^9 instructions a second, microbit one of
16 MHz."""


def built(processor: Processor, folder: Path, *options: str) -> Path:
    """Compile and link a program.c."""
    program = folder / "program.elf"
    command = [*processor.compiler, "-std=gnu99", *options, f"-I{folder}"]
    if processor.ram[1]:
        layout = (HERE / "link.ld").read_text()
        values = zip(("FLASH", "RAM"), (processor.flash, processor.ram), strict=True)
        for name, (begin, size) in values:
            layout = layout.replace(f"{name}_BEGIN", hex(begin))
            layout = layout.replace(f"{name}_SIZE", size)
        (folder / "link.ld").write_text(layout)
        command += ["-T", str(folder / "link.ld")]
    command += [str(HERE / "main.c"), "-o", str(program), "-lm"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return program


def sizes_of(processor: Processor, folder: Path) -> tuple[int, int]:
    """Bytes of code and constants of program.c, with -Os: in flash, and in memory."""
    compiled = [
        *processor.compiler,
        "-std=gnu99",
        "-Os",
        "-c",
        str(folder / "program.c"),
    ]
    compiled = [option for option in compiled if not option.startswith(("-Wl", "-no"))]
    subprocess.run([*compiled, "-o", str(folder / "program.o")], check=True)
    sizes = processor.compiler[0].replace("gcc", "size")
    listed = subprocess.run(
        [sizes, "-A", str(folder / "program.o")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sections = [line.split() for line in listed.splitlines() if line.startswith(".")]
    flash = memory = 0
    for name, size, *_ in sections:
        is_data = name.startswith((".data", ".sdata"))
        on_avr = "avr" in processor.compiler[0] and name.startswith(".rodata")
        if name.startswith((".text", ".rodata", ".srodata")) or is_data:
            flash += int(size)
        if is_data or on_avr:  # a copy, which the program makes when it begins
            memory += int(size)
    return flash, memory


def run_on(processor: Processor, folder: Path, outputs: int) -> tuple[Any, list[int]]:
    """Run the program, with -O2; its outputs, and its counters for each step."""
    program = built(processor, folder, "-O2", f"-DSTEPS={STEPS}")
    done = subprocess.run(
        [*processor.emulator, str(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    text = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)  # simavr's colours
    numbers = [int(digits) for digits in re.findall(r"^(\d+)\.?\s*$", text, re.M)]
    count = STEPS * outputs
    if len(numbers) < count + 2:
        raise RuntimeError(f"{done.returncode}: {text[-500:]}")
    bits = np.array(numbers[-count - 2 : -2], np.uint32)
    return bits.view(np.float32), [
        round(number * processor.unit / STEPS) for number in numbers[-2:]
    ]


def outputs_here(net: Network) -> Any:
    """What the network answers while it learns as main.c does."""
    outputs = []
    size = len(net.input)
    for t in range(STEPS):
        row = [((t * 7 + i * 3) % 11) / 11.0 - 0.5 for i in range(size)]
        outputs.append(net.activate(row))
        net.propagate(0.01, [0.3] * len(net.output))
    return np.ravel(outputs)


def is_here(processor: Processor) -> bool:
    """Whether a processor's compiler and emulator are on this machine."""
    return all(shutil.which(tool[0]) for tool in processor[:2])


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
        shown = [f"{number:,}" if processor.unit else "" for number in counted]
        print(
            f"| {name} | {flash:,} | {memory:,} | {' | '.join(shown)} | {differ:.0e} |"
        )


def stated_bytes(source: str) -> tuple[int, int]:
    """The bytes of an instance and of the stack, from the first comment of a
    program.
    """
    heading = next(row for row in source.splitlines() if "bytes an instance" in row)
    instance, stack, _ = map(int, re.findall(r"\d+", heading))
    return instance, stack


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
                _, (step, learning) = run_on(processor, folder, len(net.output))
            instance, stack = stated_bytes(source)
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
