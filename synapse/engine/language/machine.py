"""LLVM: from a module's text to object code, and to machine code in this process."""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from typing import Any

from llvmlite import binding as llvm

from .memory import symbols

_API = [
    *("PyLong_AsLongLong", "PyLong_FromLongLong", "PyBool_FromLong", "PyObject_IsTrue"),
    *("PyLong_AsUnsignedLongLongMask", "PyLong_FromUnsignedLongLong"),
    *("PyFloat_AsDouble", "PyFloat_FromDouble", "PyErr_Occurred", "Py_IncRef"),
    *("PyTuple_New", "PyTuple_GetItem", "PyTuple_SetItem"),
    *("PyEval_SaveThread", "PyEval_RestoreThread"),
]
"""Functions of Python that entries call; all are part of its stable interface."""
SEARCHED = 20
"""Blocks that LLVM searches for what may have written a number that is loaded. Kernels
are many loads in many blocks, so a full search is a quarter of the time to optimise a
step of the online rule, of which it changes no instruction."""
SEARCHED_BY_OTHERS = 200
"""The default, which other users of LLVM in this process get."""
FEW_PASSES = "always_inliner", "sroa", "simplify_cfg", "instruction_combine"
"""What optimises at speed 1: each of these passes, once."""
pauses = platform.machine() in ("x86_64", "AMD64")


def keep(owner: Any) -> None:
    """Keep what machine code refers to until the process has ended: functions outlive
    the modules that have made them.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(owner))


@cache
def _start() -> None:
    """Tell LLVM the addresses of what machine code calls. Not all systems find them."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in _API:
        function = getattr(ctypes.pythonapi, name)
        llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    llvm.add_symbol("synapse_none", id(None))


@cache
def _features() -> str:
    return llvm.get_host_cpu_features().flatten()


@cache
def description() -> str:
    """Return what machine code depends on besides its text."""
    _start()
    processor = llvm.get_host_cpu_name()
    versions = ".".join(map(str, llvm.llvm_version_info))
    return f"{llvm.get_process_triple()} {processor} {_features()} LLVM {versions}"


def _target(**options: Any) -> Any:
    _start()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(jit=True, **options)


def _search(blocks: int) -> None:
    """Tell LLVM how many blocks to search for what may have written a loaded number."""
    llvm.set_option("", f"-memdep-block-number-limit={blocks}")


def object_code(text: str, speed: int = 3) -> bytes:
    """Return the object code of a module for this processor."""
    machine = _target(
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        opt=speed,
        reloc="default",
        codemodel="jitdefault",
    )
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
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
    return machine.emit_object(module)


def load(code: bytes, name: str) -> int:
    """Return the address of a function in object code, linked into the process."""
    for symbol, function in symbols.items():
        keep(function)
        llvm.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)
    # an engine for each: threads may load the same code, and Ctrl-C may end it
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(opt=0))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    keep(engine)
    return int(engine.get_function_address(name))
