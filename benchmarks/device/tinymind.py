"""TinyMind's networks beside our programs in q7.8 on a Cortex-M0.

    TINYMIND=FOLDER python -m benchmarks.device.tinymind

FOLDER is a clone of github.com/danmcleran/tinymind, also a bare one. Without it, the
command clones it into a temporary folder, where all that it makes of it lies, too.
What is absent of the tables in ``cpp/lookupTables.cpp`` is made by TinyMind's own
generator. Four headers of C++ that newlib lacks (cstddef, cstdint, cstdlib, new) are
replaced by those of C. TinyMind's Q8.8 is our q7.8. Its numbers truncate and wrap
around by default; the second rows round to the nearest and saturate, as ours do.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from .boards import HERE, PROCESSORS, STEPS, built, is_here, run, run_on, stated_bytes
from .fixed import NETS, Case

SOURCE = "https://github.com/danmcleran/tinymind"
M0 = PROCESSORS["Cortex-M0"]
TYPES = {
    "GRU 2-3-1": "GruNeuralNetwork<Number, 2, tinymind::HiddenLayers<3>, 1, Functions",
    "LSTM 4-8-1": (
        "LstmNeuralNetwork<Number, 4, tinymind::HiddenLayers<8>, 1, Functions"
    ),
    "Elman 2-3-1": "ElmanNeuralNetwork<Number, 2, 3, 1, Functions",
}
POLICIES = {
    "truncates, wraps around": "",
    "nearest, saturates": ", tinymind::RoundUpPolicy, tinymind::MinMaxSaturatePolicy",
}
OURS = {
    "GRU 2-3-1": ["GRU 2-3-1"],
    "LSTM 4-8-1": ["LSTM 4-8-1", "LSTM 4-8-1, synaptic"],
    "Elman 2-3-1": ["Elman 2-3-1"],
}
STUDY = """The sources of TinyMind cannot be had here ({reason}).
These figures of its Q8.8 were measured on 30 November 2026 by the study in chips.md,
at commit e71b25e4, and not by this command: bytes of a learning object, of one that
does not learn, instructions of a step and of an update on a Cortex-M0.
  GRU 2-3-1    668    228   2,572   4,323
  LSTM 4-8-1 3,860  1,120  13,599  43,070
  Elman 2-3-1  332    120     680   2,058
"""


def copy_sources(folder: Path) -> str:
    """Write the sources of TinyMind to a folder; return their commit."""
    clone = os.environ.get("TINYMIND")
    if clone is None:
        clone = str(folder / "clone")
        command = ["git", "clone", "-q", "--depth", "1", SOURCE, clone]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    git = ["git", "-C", clone]
    listed = [*git, "ls-tree", "-r", "--name-only", "HEAD", "cpp", "apps/activation"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        show = [*git, "show", f"HEAD:{name}"]
        shown = subprocess.run(show, capture_output=True, check=False)
        if shown.returncode == 0:  # the largest files of a snapshot may be absent
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(shown.stdout)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout
    return commit.strip()


def make_tables(folder: Path) -> None:
    """Make the tables of squashes by TinyMind's generator, unless they are there."""
    if (folder / "cpp/lookupTables.cpp").exists():
        return
    place = folder / "apps/activation/output"
    (folder / "made").mkdir()
    place.mkdir()
    generator = ["g++", "-std=c++17", f"-I{folder / 'cpp'}", "-o", str(place / "make")]
    generator += [str(folder / "apps/activation/activationTableGenerator.cpp")]
    subprocess.run([*generator, "-lstdc++fs"], check=True, capture_output=True)
    subprocess.run([place / "make", folder / "made"], cwd=place, check=True)
    made = (folder / "made/lookupTables.cpp").read_text()
    (folder / "cpp/lookupTables.cpp").write_text(made)


def write_headers(folder: Path) -> None:
    """Write the headers of C++ that newlib lacks."""
    (folder / "headers").mkdir()
    for name in ("stddef", "stdint", "stdlib"):
        text = f"#include <stddef.h>\n#include <{name}.h>\n"
        text += "namespace std { using ::size_t; }\n"
        (folder / f"headers/c{name}").write_text(text)
    text = "#include <stddef.h>\n"
    text += "inline void *operator new(size_t, void *at) { return at; }\n"
    (folder / "headers/new").write_text(text)


def measured(folder: Path, net: str, learn: bool, policies: str) -> list[int]:
    """Bytes of an object of TinyMind, and what a step and an update take."""
    type_ = f"tinymind::{TYPES[net]}, {'true' if learn else 'false'}>"
    options = ["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-w"]
    options += ["-fpermissive", "-O2", f"-DSTEPS={STEPS}", f"-DLEARNS={int(learn)}"]
    options += [f"-DPOLICIES={policies}", f"-DNET={type_}"]
    options += ["-DTINYMIND_USE_TANH_8_8=1", "-DTINYMIND_USE_SIGMOID_8_8=1"]
    options += [f"-I{folder / place}" for place in ("headers", "cpp", "cpp/include")]
    options += [str(folder / "cpp/lookupTables.cpp")]
    program = built(M0, folder, *options, main=HERE / "tinymind.cpp")
    size, *counted, _ = run([*M0.emulator, str(program)])
    return [size, *(round(number * M0.unit / STEPS) for number in counted)]


def of_ours(case: Case) -> tuple[int, int, list[int]]:
    """Bytes of an instance and of constants, and what a step and an update take."""
    with TemporaryDirectory() as place:
        source = case.write(Path(place))
        outputs = len(NETS[case.net]().output)
        _, counted = run_on(M0, Path(place), outputs, *case.options)
    instance, _, constants = stated_bytes(source)
    return instance, constants, counted


def print_row(first: str, learn: bool, size: str, counted: list[int]) -> None:
    """Print what a network takes."""
    update = f"{counted[1]:,}" if learn else ""
    learns = "yes" if learn else "no"
    print(f"| {first} | {learns} | {size} | {counted[0]:,} | {update} |")


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        has_sources = True
        try:
            commit = copy_sources(folder)
            print(f"TinyMind {commit}, -O2, {STEPS} steps")
        except (subprocess.SubprocessError, OSError) as error:
            print(STUDY.format(reason=getattr(error, "stderr", None) or error))
            has_sources = False
        else:
            make_tables(folder)
            write_headers(folder)
        print()
        print("| network | learns | bytes (with constants) | step | update |")
        print("| --- | --- | ---: | ---: | ---: |")
        for net, ours in OURS.items():
            for learn in (True, False):
                for words, policies in POLICIES.items() if has_sources else ():
                    size, *counted = measured(folder, net, learn, policies)
                    first = f"{net}, TinyMind, {words}"
                    print_row(first, learn, f"{size:,}", counted)
                for name in ours:
                    case = Case(name, learn, "q7.8")
                    instance, constants, counted = of_ours(case)
                    both = f"{instance:,} ({instance + constants:,})"
                    print_row(f"{name}, ours", learn, both, counted)


if __name__ == "__main__":
    if not is_here(M0):
        raise SystemExit("arm-none-eabi-gcc and qemu-system-arm are needed.")
    main()
