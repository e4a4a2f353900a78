"""Machine code of the loops of lowering: LLVM makes it, and files keep it.

A file is named by what it was made from: the loop in LLVM's language, the processor and
the version of LLVM. So none is ever stale.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from llvmlite import binding as llvm

from .translator import translate

_FOLDER = Path(
    os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).with_name("__pycache__")
)
"""If it cannot be written, every process compiles the loops that it needs."""
_SIZE = hashlib.sha256().digest_size
_ENTRY = ctypes.CFUNCTYPE(
    None,
    ctypes.c_size_t,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_size_t,
    ctypes.c_void_p,
)


def entry_of(loop: Callable[..., Any]) -> Any:
    """A loop as machine code: a function of the address of a table, the numbers of
    neurons and connections, and the addresses of memory and of two results.
    """
    text = translate(loop)
    machine = llvm.get_host_cpu_name(), _features(), str(llvm.llvm_version_info)
    made_from = hashlib.sha256("\0".join((*machine, text)).encode()).hexdigest()
    path = _FOLDER / f"{loop.__name__}.{made_from[:16]}.o"
    code = _read(path)
    if code is None:
        code = _compile(text)
        _write(path, code)
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


def _read(path: Path) -> bytes | None:
    """The code in a file; None if there is none, or a damaged one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[_SIZE:]
    return code if hashlib.sha256(code).digest() == content[:_SIZE] else None


def _write(path: Path, code: bytes) -> None:
    """Write a file, whole or not at all."""
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            new.write_bytes(hashlib.sha256(code).digest() + code)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def _machine() -> Any:
    """What LLVM compiles for: this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=1, jit=True
    )


@cache
def _features() -> str:
    features: str = llvm.get_host_cpu_features().flatten()
    return features
