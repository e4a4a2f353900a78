"""The instruction set of all libraries: ``--cpu LEVEL``, an option of every program of
this package.

Libraries choose their code by variables that they read while they are loaded.
Therefore the package takes the option before it loads any of them, and child processes
inherit the variables. `in_effect` asks the libraries what they use."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

HELP = (
    "--cpu LEVEL, here and in every python -m benchmarks.NAME, lets Synapse and the"
    " other libraries use the instructions of x86-64-v3 (AVX2) or x86-64-v4 (AVX-512)"
    " and no others. By default, each uses what it chooses."
)
LABELS = {"x86-64-v3": "AVX2", "x86-64-v4": "AVX-512"}
"""The levels, as gcc and LLVM name them, and their names in tables."""
FLAGS = {"AVX2": "avx2 bmi2 fma", "AVX-512": "avx512f avx512bw avx512dq avx512vl"}
"""What /proc/cpuinfo lists for processors that have a level."""
UNCHECKED = "unchecked"
NEWER_SETS = "AVX512_ICL AVX512_SPR"
CORE = "Intel AVX-512 with AVX512BW, AVX512VL, and AVX512DQ extensions"
SETTINGS = {
    "Synapse": ("SYNAPSE_CPU", [*LABELS], [*LABELS]),
    "NumPy": (
        "NPY_DISABLE_CPU_FEATURES",
        [f"X86_V4 {NEWER_SETS}", NEWER_SETS],
        ["X86_V3", "X86_V3 X86_V4"],
    ),
    "OpenBLAS": ("OPENBLAS_CORETYPE", ["Haswell", "SkylakeX"], ["Haswell", "SkylakeX"]),
    "PyTorch": ("ATEN_CPU_CAPABILITY", ["avx2", "avx512"], ["AVX2", "AVX512"]),
    "oneDNN": ("ONEDNN_MAX_CPU_ISA", ["AVX2", "AVX512_CORE"], ["Intel AVX2", CORE]),
    # On processors of other makers than Intel it has no effect, as its manual says
    "MKL": ("MKL_ENABLE_INSTRUCTIONS", ["AVX2", "AVX512"], ["AVX2", "AVX-512"]),
}
"""The variable of each library, its values for the levels, and how the library then
answers."""


def take(arguments: list[str]) -> None:
    """Take ``--cpu LEVEL`` out of the arguments, if it is there, and let all libraries
    use this level.

    Raises
    ------
    SystemExit
        If there is no such level, this machine lacks its instructions, or a library
        does not follow its variable.
    """
    words = [word.partition("=")[0] for word in arguments]
    if "--cpu" not in words:
        return
    place = words.index("--cpu")
    _, sign, name = arguments.pop(place).partition("=")
    if not sign and place < len(arguments):
        name = arguments.pop(place)
    levels = [*LABELS]
    if name not in levels:
        raise SystemExit(
            f"Expected --cpu and one of {', '.join(levels)}, got {name!r}."
        )
    if own_level() not in levels[levels.index(name) :]:
        raise SystemExit(f"--cpu {name} is above what this machine has, {own_level()}.")
    place = levels.index(name)
    os.environ |= {variable: values[place] for variable, values, _ in SETTINGS.values()}
    answers = in_effect()
    for library, (variable, values, expected) in SETTINGS.items():
        if answers.get(library, UNCHECKED) not in (UNCHECKED, expected[place]):
            raise SystemExit(
                f"--cpu {name} has no effect on {library}, which should use"
                f" {expected[place]} by {variable}={values[place]!r} and uses"
                f" {answers[library]}."
            )


def level() -> str:
    """The level that the libraries use: that of the option, or all of this machine."""
    return os.environ.get("SYNAPSE_CPU") or own_level()


@cache
def own_level() -> str:
    """The highest level of this machine; its architecture if it has none."""
    path = Path("/proc/cpuinfo")
    flags = set(path.read_text().split()) if path.exists() else set()
    has = [name for name, label in LABELS.items() if flags >= {*FLAGS[label].split()}]
    return has[-1] if has else platform.machine()


def march() -> str:
    """The option of gcc for these instructions."""
    return f"-march={os.environ.get('SYNAPSE_CPU') or 'native'}"


def limit_brian(prefs: Any) -> None:
    """Let Brian2 compile for these instructions."""
    flags = "codegen.cpp.extra_compile_args_gcc"
    prefs[flags] = [march() if "march" in flag else flag for flag in prefs[flags]]
    # Otherwise it runs what it compiled with other flags before
    prefs["codegen.runtime.cython.cache_dir"] = tempfile.mkdtemp()


@cache
def in_effect() -> dict[str, str]:
    """What the libraries of this environment answer; `UNCHECKED` if they do not."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {__name__} as asked; asked.tell()"],
        env={**os.environ, "ONEDNN_VERBOSE": "1", "MKL_VERBOSE": "1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"The libraries do not tell what they use: {done.stderr}")
    *verbose, last = done.stdout.splitlines()
    answers: dict[str, str] = json.loads(last)
    patterns = {
        "oneDNN": r"info,cpu,isa:(.*)",
        "MKL": r"^MKL_VERBOSE .*architecture .*?\(Intel\(R\) ([\w.-]+)\)",
    }
    for library, pattern in patterns.items() if "PyTorch" in answers else ():
        answer = re.search(pattern, "\n".join(verbose), re.MULTILINE)
        answers[library] = answer[1] if answer else UNCHECKED
    return answers


def tell() -> None:
    """Print what the libraries of this process use; oneDNN and MKL print theirs."""
    from importlib.util import find_spec

    from numpy._core import _multiarray_umath as loops

    from synapse.engine.language.machine import processor

    answers = {"Synapse": processor().cpu, "NumPy": UNCHECKED, "OpenBLAS": UNCHECKED}
    if "X86_V4" in (dispatched := loops.__cpu_dispatch__):  # NumPy 2.4 or newer
        used = [name for name in dispatched if loops.__cpu_features__[name]]
        answers["NumPy"] = " ".join(used)
    if find_spec("threadpoolctl"):
        import threadpoolctl

        cores = {each.get("architecture") for each in threadpoolctl.threadpool_info()}
        answers["OpenBLAS"] = ", ".join(cores - {None}) or UNCHECKED
    if find_spec("torch"):
        import torch

        answers["PyTorch"] = torch.backends.cpu.get_cpu_capability()
        with torch.no_grad():
            torch.ones(64, 64) @ torch.ones(64, 64)
            torch.nn.LSTM(4, 4)(torch.ones(2, 1, 4))
    for name, is_here in (
        ("ONNX Runtime", find_spec("onnxruntime")),
        ("Node", shutil.which("node")),
    ):
        if is_here:  # both choose their instructions for themselves
            answers[name] = UNCHECKED
    print(json.dumps(answers))
