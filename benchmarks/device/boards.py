"""Processors in emulators: build a program for one, run it there, and count."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
STEPS = 400


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


def avr(name: str) -> Processor:
    """Return a processor of 8 bits."""
    simavr = ["simavr", "-m", name, "-f", "16000000"]
    return Processor(["avr-gcc", f"-mmcu={name}"], simavr, unit=1)


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
    "AVR ATmega1284P": avr("atmega1284p"),  # 16 KiB of memory
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
SMALL_AVR = avr("atmega328p")
"""2 KiB of memory, and 32 KiB of flash."""


def is_here(processor: Processor) -> bool:
    """Whether a processor's compiler and emulator are on this machine."""
    return all(shutil.which(tool[0]) for tool in processor[:2])


def built(
    processor: Processor, folder: Path, *options: str, main: Path = HERE / "main.c"
) -> Path:
    """Compile and link a program.c."""
    program = folder / "program.elf"
    language = "-std=gnu99" if main.suffix == ".c" else "-std=gnu++14"
    command = [*processor.compiler, language, *options, f"-I{folder}", f"-I{HERE}"]
    if processor.ram[1]:
        layout = (HERE / "link.ld").read_text()
        values = zip(("FLASH", "RAM"), (processor.flash, processor.ram), strict=True)
        for name, (begin, size) in values:
            layout = layout.replace(f"{name}_BEGIN", hex(begin))
            layout = layout.replace(f"{name}_SIZE", size)
        (folder / "link.ld").write_text(layout)
        command += ["-T", str(folder / "link.ld")]
    command += [str(main), "-o", str(program), "-lm"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return program


def compiled(compiler: list[str], folder: Path) -> Path:
    """Compile a program.c by itself, with -Os."""
    object_ = folder / "program.o"
    options = [option for option in compiler if not option.startswith(("-Wl", "-no"))]
    source = str(folder / "program.c")
    command = [*options, "-std=gnu99", "-Os", "-c", source, "-o", str(object_)]
    subprocess.run(command, check=True)
    return object_


def sizes_of(processor: Processor, folder: Path) -> tuple[int, int]:
    """Bytes of code and constants of program.c, with -Os: in flash, and in memory."""
    object_ = compiled(processor.compiler, folder)
    tool = processor.compiler[0]
    sizes = tool.replace("gcc", "size") if tool.endswith("gcc") else "size"
    listed = subprocess.run(
        [sizes, "-A", str(object_)], capture_output=True, text=True, check=True
    ).stdout
    sections = [line.split() for line in listed.splitlines() if line.startswith(".")]
    flash = memory = 0
    for name, size, *_ in sections:
        is_data = name.startswith((".data", ".sdata"))
        on_avr = "avr" in tool and name.startswith(".rodata")
        if name.startswith((".text", ".rodata", ".srodata", ".progmem")) or is_data:
            flash += int(size)
        if is_data or on_avr:  # a copy, which the program makes when it begins
            memory += int(size)
    return flash, memory


def run(emulator: list[str]) -> list[int]:
    """Run a program; the numbers that it printed, with a line for each."""
    done = subprocess.run(
        emulator,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    text = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)  # simavr's colours
    numbers = [int(digits) for digits in re.findall(r"^(\d+)\.?\s*$", text, re.M)]
    if not numbers:
        raise RuntimeError(f"{done.returncode}: {text[-500:]}")
    return numbers


def run_on(
    processor: Processor, folder: Path, outputs: int, *options: str
) -> tuple[Any, list[int]]:
    """Run the program, with -O2; the bits of its outputs as float32, its counters for
    each step, and the bytes of stack that it used.
    """
    program = built(processor, folder, "-O2", f"-DSTEPS={STEPS}", *options)
    numbers = run([*processor.emulator, str(program)])
    return parted(numbers, outputs, processor.unit)


def parted(numbers: list[int], outputs: int, unit: float) -> tuple[Any, list[int]]:
    """Return what main.c has printed in parts, as `run_on` does."""
    count = STEPS * outputs
    if len(numbers) < count + 3:
        raise RuntimeError(f"{len(numbers)} numbers of {count + 3}: {numbers[-9:]}")
    *counted, stack = numbers[-3:]
    bits = np.array(numbers[-count - 3 : -3], np.uint32)
    spent = [round(number * unit / STEPS) for number in counted]
    return bits.view(np.float32), [*spent, stack]


CLANG = ["clang-16", "--target=msp430", "-ffreestanding", "-fno-builtin"]
HEADERS = {
    "string.h": """
#include <stddef.h>
void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
""",
    "math.h": """
#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define isfinite __builtin_isfinite
#define isnan __builtin_isnan
float fabsf(float), copysignf(float, float), expf(float), tanhf(float);
""",
}
"""For an MSP430 there is no C library here."""


def msp430(folder: Path) -> Processor:
    """Return an MSP430, with the headers that it lacks in a folder."""
    for name, text in HEADERS.items():
        (folder / name).write_text(text)
    return Processor([*CLANG, f"-I{folder}"], ["mspdebug", "sim"])


def built_for_msp430(folder: Path, *options: str) -> Path:
    """Compile and link a program.c for an MSP430G2553, which has 512 bytes of memory
    and 16 KiB of flash. LLD refuses a program that does not fit.
    """
    program = folder / "program.elf"
    objects = []
    for name in ("main", "msp430"):
        objects.append(str(folder / f"{name}.o"))
        source = str(HERE / f"{name}.c")
        command = [*msp430(folder).compiler, "-std=gnu99", "-Os", *options]
        command += [f"-I{HERE}", "-c", source, "-o", objects[-1]]
        subprocess.run(command, check=True, capture_output=True, text=True)
    command = ["ld.lld-16", "-T", str(HERE / "msp430.ld"), *objects]
    command += ["-o", str(program)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return program


def run_on_msp430(folder: Path, outputs: int, *options: str) -> Any:
    """Run the program in mspdebug's simulator, which counts cycles, as `run_on` does.
    With it come the bytes of flash, main.c and the runtime library among them.
    """
    program = built_for_msp430(folder, f"-DSTEPS={STEPS}", *options)
    listed = subprocess.run(
        ["nm", str(program)], capture_output=True, text=True, check=True
    ).stdout
    halt = re.search(r"^0*(\w+) T halt$", listed, re.M)
    assert halt, "the runtime library defines halt"
    steps = ["simio add console text", "simio add timer a", "simio config a base 0x160"]
    steps += [f"prog {program}", f"setbreak 0x{halt[1]}", "run", "exit"]
    numbers = run(["mspdebug", "sim", *steps])
    sizes = subprocess.run(
        ["size", "-A", str(program)], capture_output=True, text=True, check=True
    ).stdout
    flash = re.search(r"^\.text\s+(\d+)", sizes, re.M)
    assert flash, sizes
    return (*parted(numbers, outputs, 8), int(flash[1]))


def stated_bytes(source: str) -> tuple[int, int, int]:
    """The bytes of an instance, of the stack and of constants, from the first comment
    of a program.
    """
    heading = next(row for row in source.splitlines() if "bytes an instance" in row)
    instance, stack, constants = map(int, re.findall(r"\d+", heading))
    return instance, stack, constants
