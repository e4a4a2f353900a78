"""Machine code of the loops of lowering: LLVM makes it, and files keep it, which are
named by what they were made from: the loop in LLVM's language, the processor and the
version of LLVM.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from llvmlite import binding as llvm

from ..code_files import read_code, write_code
from .translator import translate

_FOLDER = Path(
    os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).with_name("__pycache__")
)
"""If it cannot be written, every process compiles the loops that it needs."""
_ENTRY = ctypes.CFUNCTYPE(
    None,
    ctypes.c_size_t,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_size_t,
    ctypes.c_void_p,
)


def entry_of(loop: Callable[..., Any]) -> Any:
    """Return a loop as machine code: a function of the address of a table, the numbers
    of neurons and connections, and the addresses of memory and of two results.
    """
    text = translate(loop)
    machine = llvm.get_host_cpu_name(), _features(), str(llvm.llvm_version_info)
    made_from = hashlib.sha256("\0".join((*machine, text)).encode())
    path = _FOLDER / f"{loop.__name__}.{made_from.hexdigest()[:16]}.o"
    code = read_code(path, made_from.digest())
    if code is None:
        code = _compile(text)
        with suppress(OSError):
            write_code(path, made_from.digest(), code)
    # an engine for each loop: threads may make the same one, and Ctrl-C may end it
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    entry: Any = _ENTRY(engine.get_function_address(f"run_{loop.__name__}"))
    entry.engine = engine  # has the machine code
    return entry


def _compile(text: str) -> bytes:
    """Compile a loop for this processor."""
    module = llvm.parse_assembly(text)
    machine = _machine()
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code


def _machine() -> Any:
    """Return the target of LLVM: this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=1, jit=True
    )


@cache
def _features() -> str:
    features: str = llvm.get_host_cpu_features().flatten()
    return features
