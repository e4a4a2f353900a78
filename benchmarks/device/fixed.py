"""Programs in fixed point beside those in float32: time, memory and helpers.

    python -m benchmarks.device.fixed

Counts as `benchmarks.device` does. On AVR, a program runs on an ATmega328P if it fits.
The outputs of each program in fixed point must be those of the Python program.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import architect
from synapse import Network
from synapse.readwrite import c_source, python_source

from .boards import (
    CLANG,
    PROCESSORS,
    SMALL_AVR,
    STEPS,
    Processor,
    compiled,
    is_here,
    msp430,
    run_on,
    run_on_msp430,
    sizes_of,
    stated_bytes,
)

NETS: dict[str, Callable[[], Network]] = {
    "GRU 2-3-1": lambda: architect.GRU(2, 3, 1, seed=0),
    "LSTM 4-8-1": lambda: architect.LSTM(4, 8, 1, seed=0),
    "LSTM 4-8-1, synaptic": lambda: architect.LSTM(4, 8, 1, style="synaptic", seed=0),
    "Elman 2-3-1": lambda: architect.Elman(2, 3, 1, seed=0),
    "Perceptron 2-3-1": lambda: architect.Perceptron(2, 3, 1, seed=0),
}
FORMATS = {"float32": "float", "q7.8": "int16_t", "q15.16": "int32_t"}
AVR = "AVR"
TIMED = {
    "Cortex-M0": PROCESSORS["Cortex-M0"],
    "Cortex-M4F": PROCESSORS["Cortex-M4F"],
    AVR: PROCESSORS["AVR ATmega1284P"],
}
PLAIN = {"memset", "memcpy", "memmove"}


class Case(NamedTuple):
    """A program: of which network, whether it learns, and its numbers."""

    net: str
    learn: bool
    numbers: str

    def write(self, folder: Path) -> str:
        """Write the program.c; return its text."""
        source = c_source(NETS[self.net](), dtype=self.numbers, learn=self.learn)
        (folder / "program.c").write_text(source, encoding="utf-8")
        return source

    @property
    def options(self) -> list[str]:
        """The options for main.c."""
        return [f"-DNUMBER={FORMATS[self.numbers]}", f"-DLEARNS={int(self.learn)}"]


def cases() -> Iterator[Case]:
    """Yield all programs, with float32 before the other numbers."""
    for net in NETS:
        for learn in (True, False):
            for numbers in FORMATS:
                yield Case(net, learn, numbers)


def outputs_in_python(case: Case) -> list[int]:
    """The integers that the Python program answers while it learns as main.c does."""
    net = NETS[case.net]()
    names: dict[str, Any] = {}
    exec(python_source(net, dtype=case.numbers, learn=case.learn), names)
    program = names["Network"]()
    bits = 16 if case.numbers == "q7.8" else 32
    one = 1 << bits // 2
    rate = ((1 << (bits - 1)) + 5) // 10
    outputs: list[int] = []
    for t in range(STEPS):
        row = [
            ((t * 7 + i * 3) % 11) * one // 11 - one // 2 for i in net_range(net.input)
        ]
        outputs += program.step(row)
        if case.learn:
            aims = [((t * 5 + o * 3) % 7) * one // 7 for o in net_range(net.output)]
            program.learn(aims, rate)
    return outputs


def net_range(layer: Any) -> range:
    """Return the places in a layer."""
    return range(len(layer))


def run_small(case: Case, folder: Path, source: str, stack: int) -> Any:
    """Run a program on an ATmega328P as `run_on` does, or return None if it does not
    fit.
    """
    rows = 4 * 16  # of main.c, beside the instance
    if stated_bytes(source)[0] + stack + rows > 2_048:
        return None
    outputs = len(NETS[case.net]().output)
    try:
        return run_on(SMALL_AVR, folder, outputs, *case.options)
    except subprocess.CalledProcessError as error:
        if "overflow" in error.stderr or "will not fit" in error.stderr:
            return None  # in 32 KiB of flash
        raise


class Timed(NamedTuple):
    """What a program takes on a processor."""

    chip: str
    step: int
    update: int
    stack: int
    same: bool


def time_on(name: str, case: Case, source: str, folder: Path) -> Timed:
    """Run a program; compare its outputs with those of the Python program."""
    net = NETS[case.net]()
    processor = TIMED[name]
    bits, (step, update, stack) = run_on(
        processor, folder, len(net.output), *case.options
    )
    chip = name
    if name == AVR:
        chip = "1284P"
        on_small = run_small(case, folder, source, stack)
        if on_small:
            chip = "328P"
            again, (step, update, stack) = on_small
            assert np.array_equal(again.view(np.int32), bits.view(np.int32))
    same = True
    if case.numbers != "float32":
        same = bits.view(np.int32).tolist() == outputs_in_python(case)
    return Timed(chip, step, update if case.learn else 0, stack, same)


def helpers_of(processor: Processor, folder: Path) -> set[str]:
    """The functions that the object of program.c takes from a library."""
    nm = processor.compiler[0].replace("gcc", "nm")
    nm = nm if nm.endswith("nm") else "nm"
    object_ = compiled(processor.compiler, folder)
    listed = subprocess.run(
        [nm, "-u", str(object_)], capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"U (\S+)", listed)) - PLAIN


def shares(timed: dict[Case, dict[str, Timed]], case: Case, name: str) -> str:
    """The cells of a program on a processor, with the ratio to float32."""
    own = timed[case].get(name)
    if own is None:
        return " | | |"
    float_ = timed[case._replace(numbers="float32")][name]
    ratio = (own.step + own.update) / (float_.step + float_.update)
    update = f"{own.update:,}" if case.learn else ""
    chip = f" {own.chip}:" if name == AVR else ""
    return f"{chip} {own.step:,} | {update} | {ratio:.3f} |"


def print_times(timed: dict[Case, dict[str, Timed]]) -> None:
    """Print the table of instructions and cycles."""
    print(
        "Instructions (AVR: cycles) of a step and an update, -O2; the ratio is of both"
        " to those of float32."
    )
    print()
    heads = " | ".join(f"{name} step | update | ratio" for name in TIMED)
    print(f"| network | learns | numbers | {heads} |")
    print("| --- | --- | --- |" + " ---: |" * 9)
    for case in timed:
        learns = "yes" if case.learn else "no"
        cells = " ".join(shares(timed, case, name) for name in TIMED)
        print(f"| {case.net} | {learns} | {case.numbers} | {cells}")


def on_an_msp430() -> bool:
    """Print the table of programs on an MSP430G2553; whether all outputs were right."""
    print(
        "On an MSP430G2553 (512 bytes of memory, 16,384 of flash), -Os; flash with the"
        " runtime library and main.c."
    )
    print()
    print("| network | learns | numbers | flash | instance | stack | step | update |")
    print("| --- | --- | --- |" + " ---: |" * 5)
    right = True
    for case in cases():
        if case.numbers != "q7.8":
            continue  # the runtime library here has no functions of 64 bits or floats
        with TemporaryDirectory() as place:
            folder = Path(place)
            instance = stated_bytes(case.write(folder))[0]
            learns = "yes" if case.learn else "no"
            row = f"| {case.net} | {learns} | {case.numbers} |"
            outputs = len(NETS[case.net]().output)
            try:
                bits, (step, update, stack), flash = run_on_msp430(
                    folder, outputs, *case.options
                )
            except subprocess.CalledProcessError as error:
                reason = "; ".join(re.findall(r"error: (.*)", error.stderr)[:2])
                print(f"{row} {reason} | | | | |")
                continue
            if instance + stack > 512:
                print(f"{row} {flash:,} | {instance} | {stack}: too much | | |")
                continue
        same = bits.view(np.int32).tolist() == outputs_in_python(case)
        right = right and same
        shown = f"{update:,}" if case.learn else ""
        print(
            f"{row} {flash:,} | {instance} | {stack} | {step:,} | {shown} |"
            + " differs" * (not same)
        )
    print()
    return right


def main() -> None:
    """Print the tables."""
    there = [name for name, processor in TIMED.items() if is_here(processor)]
    has_msp430 = shutil.which(CLANG[0]) is not None
    timed: dict[Case, dict[str, Timed]] = {}
    rows, helpers = [], {}
    for case in cases():
        with TemporaryDirectory() as place:
            folder = Path(place)
            source = case.write(folder)
            timed[case] = {n: time_on(n, case, source, folder) for n in there}
            built_for = {name: TIMED[name] for name in there}
            flash = {n: sizes_of(p, folder)[0] for n, p in built_for.items()}
            if has_msp430:
                (folder / "msp430").mkdir()
                built_for["MSP430"] = msp430(folder / "msp430")
                flash["MSP430"] = sizes_of(built_for["MSP430"], folder)[0]
            for name, processor in built_for.items():
                key = name, case.numbers, case.learn
                helpers[key] = helpers.get(key, set()) | helpers_of(processor, folder)
        instance, stack, constants = stated_bytes(source)
        used = [f"{timed[case][n].stack:,}" if n in there else "" for n in TIMED]
        sizes = [f"{flash[n]:,}" if n in flash else "" for n in (*TIMED, "MSP430")]
        learns = "yes" if case.learn else "no"
        rows.append(
            f"| {case.net} | {learns} | {case.numbers} | {instance:,} | {constants:,} |"
            f" {stack:,} | {' | '.join(used)} | {' | '.join(sizes)} |"
        )
    print_times(timed)
    print()
    print("Bytes. Stack as stated, and as used with main.c at -O2; flash with -Os.")
    print()
    marks = [*(f"stack {n}" for n in TIMED), *(f"flash {n}" for n in TIMED)]
    heads = " | ".join(["stack stated", *marks, "flash MSP430"])
    print(f"| network | learns | numbers | instance | constants | {heads} |")
    print("| --- | --- | --- |" + " ---: |" * 10)
    print("\n".join(rows))
    print()
    print("| numbers | learns | processor | functions of the compiler's library |")
    print("| --- | --- | --- | --- |")
    for (name, numbers, learn), found in sorted(helpers.items(), key=str):
        names = ", ".join(sorted(found)) or "none"
        print(f"| {numbers} | {'yes' if learn else 'no'} | {name} | {names} |")
    print()
    unlike = [(c, n) for c, on in timed.items() for n, t in on.items() if not t.same]
    print(
        f"Outputs of {STEPS} steps that differ from the Python program's:"
        f" {unlike or 'none'}"
    )
    print()
    tools = (CLANG[0], "ld.lld-16", "mspdebug")
    right = not all(map(shutil.which, tools)) or on_an_msp430()
    if unlike or not right:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
