"""Call LLVM to compile a module's text to object code, and to machine code in this
process.
"""

from __future__ import annotations

import ctypes
import os
import platform
import tempfile
from collections.abc import Mapping
from functools import cache
from typing import Any

from llvmlite import binding as llvm

from ..._stderr import Stderr
from ...errors import ArgumentError
from .memory import symbols
from .processors import GENERIC_LEVEL, LEVELS, WIDEST_LEVEL, Processor, levels_of
from .tile_sizes import NARROW_TILE, WIDE_TILE, TileSizes

_API = [
    *("PyLong_AsLongLong", "PyLong_FromLongLong", "PyBool_FromLong", "PyObject_IsTrue"),
    *("PyLong_AsUnsignedLongLongMask", "PyLong_FromUnsignedLongLong"),
    *("PyFloat_AsDouble", "PyFloat_FromDouble", "PyErr_Occurred", "Py_IncRef"),
    *("PyTuple_New", "PyTuple_GetItem", "PyTuple_SetItem"),
    *("PyEval_SaveThread", "PyEval_RestoreThread"),
]
"""Functions of Python that entries call; all are part of its stable interface."""
SEARCHED = 20
"""Number of blocks that LLVM searches for stores to a number that is loaded. Because
kernels are many loads in many blocks, a full search takes a quarter of the time to
optimise a step of the online rule, without changing a single instruction."""
SEARCHED_BY_OTHERS = 200
"""The default, which other users of LLVM in this process get."""
FEW_PASSES = "always_inliner", "sroa", "simplify_cfg", "instruction_combine"
"""The passes that optimise at speed 1, each of which runs once."""
HIDDEN = (
    "synapse: kernels are compiled for {} and run slower, because this processor, or"
    " the virtual machine, has AVX2 but lacks {}. To use AVX2, set"
    " SYNAPSE_CPU=native.\n"
)
# Features whose instructions LLVM chooses where no one has asked for them; of all other
# features of a processor, kernels need none. Those of ARM it hardly looks for.
_CHOSEN = (
    *("adx", "avx", "bmi", "cmov", "crc32", "cx16", "egpr", "f16c", "fma", "gfni"),
    *("lzcnt", "movbe", "popcnt", "sahf", "sse", "ssse", "tbm", "xop"),
)
_CHOSEN_OF_ARM = (
    *("bf16", "complxnum", "cssc", "dotprod", "fptoint", "fullfp16", "i8mm", "jsconv"),
    *("lse", "lse2", "mops", "pauth", "rcpc", "rdm", "sme", "sve", "sve2"),
) * (platform.machine() in ("aarch64", "arm64", "ARM64"))


def keep(owner: Any) -> None:
    """Keep objects that machine code refers to until the process ends, because
    functions outlive the modules that have created them.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(owner))


@cache
def _start() -> None:
    """Tell LLVM the addresses of the functions that machine code calls, because not all
    systems find them.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in _API:
        function = getattr(ctypes.pythonapi, name)
        llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    llvm.add_symbol("synapse_none", id(None))


@cache
def processor() -> Processor:
    """Return the processor for which LLVM compiles, which is the highest level that
    this one has, or that of ``SYNAPSE_CPU``.

    Raises
    ------
    ArgumentError
        If LLVM does not know the name, or if this processor lacks instructions that
        LLVM may choose for the other.
    """
    _start()
    features = llvm.get_host_cpu_features()
    here = Processor(
        llvm.get_process_triple(), llvm.get_host_cpu_name(), features.flatten()
    )
    levels = levels_of(features) if here.is_x86 else [GENERIC_LEVEL]
    name = os.environ.get("SYNAPSE_CPU") or levels[-1]
    if name == "native":
        return here
    named = here.named(name)
    if name not in levels:
        _require_known(named, here, features)
    return named


@cache
def tell_of_hidden_features() -> None:
    """Tell the user if this processor is below the level x86-64-v3 although it has
    AVX2, as in a virtual machine that hides a feature.
    """
    features = llvm.get_host_cpu_features()
    levels = [*LEVELS]
    is_lower = processor().cpu in levels[: levels.index("x86-64-v3")]
    if is_lower and features.get("avx2") and not os.environ.get("SYNAPSE_CPU"):
        needed = " ".join([*LEVELS.values()][:3]).split()
        lacking = " and ".join(f for f in needed if not features.get(f))
        Stderr().write(HIDDEN.format(processor().cpu, lacking))


def _require_known(
    named: Processor, here: Processor, features: Mapping[str, bool]
) -> None:
    """Raise an ArgumentError if LLVM does not know a processor, or if this one lacks
    its instructions.
    """
    # what LLVM says of an unknown name, for which it has no other way than stderr
    with tempfile.TemporaryFile() as file, os.fdopen(os.dup(2), "wb") as stderr:
        os.dup2(file.fileno(), 2)
        try:
            _target(named)
        finally:
            os.dup2(stderr.fileno(), 2)
        file.seek(0)
        is_known = named.cpu != "help" and b"processor" not in file.read()
    lacking = [
        *(f for f in features if not features[f] and f.startswith(_CHOSEN)),
        *_CHOSEN_OF_ARM,
    ]
    more = is_known and _features_of(named, lacking) - _features_of(here, lacking)
    if more or not is_known:
        raise ArgumentError(
            "SYNAPSE_CPU must name a processor whose instructions this one,"
            f" {here.cpu}, can run, got {named.cpu!r}, which"
            f" {'needs ' + ', '.join(sorted(more)) if more else 'LLVM does not know'}."
            " Without this variable, kernels are compiled for this processor's level."
        )


def _features_of(processor: Processor, names: list[str]) -> set[str]:
    """Return which of some features a processor has.

    LLVM does not report this directly. However, it only inlines a function if the
    caller has all features of the callee. A remaining call therefore shows that the
    processor lacks a feature.
    """
    function = """\
define {} i64 @"{}"(i64 %a) "target-cpu"="{}" "target-features"="{}" {{
  %b = {}
  ret i64 %b
}}"""
    _, cpu, features = processor
    rows = [
        ("internal", "called", cpu, features, "xor i64 %a, 1"),
        *(
            (
                "",
                name,
                cpu,
                f"{features},-{name}".strip(","),
                "call i64 @called(i64 %a)",
            )
            for name in names
        ),
    ]
    text = "\n".join(function.format(*row) for row in rows)
    callers = _optimised(text, 2, processor)[0].functions
    return {caller.name for caller in callers if " call " in str(caller)}


@cache
def tile() -> TileSizes:
    """Return the tile for the registers of the processor that LLVM compiles for."""
    used = processor()
    if used.cpu in LEVELS:
        wide = used.cpu == WIDEST_LEVEL
    else:
        wide = used.is_x86 and bool(_features_of(used, ["avx512f"]))
    return WIDE_TILE if wide else NARROW_TILE


@cache
def highest_speed() -> int:
    """Return the highest level at which LLVM optimises, which is 3 unless
    ``SYNAPSE_SPEED`` names a lower one.

    Raises
    ------
    ArgumentError
        If the variable is not 1, 2 or 3.
    """
    speed = os.environ.get("SYNAPSE_SPEED") or "3"
    if speed not in ("1", "2", "3"):
        raise ArgumentError(
            f"SYNAPSE_SPEED must be 1, 2 or 3, got {speed!r}. Without this variable,"
            " LLVM optimises kernels at its highest level, 3."
        )
    return int(speed)


@cache
def description() -> str:
    """Return everything that machine code depends on besides its text."""
    return " ".join(
        [
            *(*processor(), *map(str, tile())),
            *("LLVM", ".".join(map(str, llvm.llvm_version_info))),
            *("speed", str(highest_speed())),
        ]
    )


def _target(processor: Processor, **options: Any) -> Any:
    _start()
    triple, cpu, features = processor
    return llvm.Target.from_triple(triple).create_target_machine(
        jit=True, cpu=cpu, features=features, **options
    )


def _search(blocks: int) -> None:
    """Tell LLVM how many blocks to search for the store that may have written a loaded
    number.
    """
    llvm.set_option("", f"-memdep-block-number-limit={blocks}")


def object_code(text: str, speed: int = 3) -> bytes:
    """Return a module's object code for the processor that kernels run on."""
    speed = min(speed, highest_speed())
    module, machine = _optimised(text, speed, processor())
    return machine.emit_object(module)


def _optimised(text: str, speed: int, processor: Processor) -> tuple[Any, Any]:
    """Return an optimised module and an object that writes its code for a processor."""
    machine = _target(processor, opt=speed, reloc="default", codemodel="jitdefault")
    module = llvm.parse_assembly(text)
    module.triple = processor.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=speed)
    tuning.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, tuning)
    if speed > 1:
        passes = builder.getModulePassManager()
    else:
        passes = llvm.create_new_module_pass_manager()
        for name in FEW_PASSES:
            getattr(passes, f"add_{name}_pass")()
    _search(SEARCHED)
    try:
        passes.run(module, builder)
    finally:  # also if Ctrl-C is raised here
        _search(SEARCHED_BY_OTHERS)
    return module, machine


def load(code: bytes, name: str, slots: Mapping[str, int]) -> int:
    """Link object code into the process and return the address of a function in it. The
    given addresses are written into the slots with these names.
    """
    for symbol, function in symbols.items():
        keep(function)
        llvm.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)
    # an engine for each: threads may load the same code, and Ctrl-C may end it
    engine = llvm.create_mcjit_compiler(
        llvm.parse_assembly(""), _target(processor(), opt=0)
    )
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    keep(engine)
    for slot, address in slots.items():
        if place := engine.get_global_value_address(slot):
            ctypes.c_void_p.from_address(place).value = address
    return int(engine.get_function_address(name))
