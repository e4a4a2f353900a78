"""Object code of every kernel for a processor and a system that is not this one.

``python -m tests.language.every_target TARGET`` translates all kernels as a machine of
this kind would, and has LLVM optimise them and write object code. It prints the sizes
by kernel. LLVM ends the process where it cannot write an instruction.
"""

from __future__ import annotations

import json
import os
import sys

if __name__ == "__main__":
    os.environ["SYNAPSE_COMPILE"] = "0"

from llvmlite import binding as llvm

from synapse.engine.language import machine
from tests.language.every_kernel import every_text

TARGETS = {
    "AArch64 Linux": ("aarch64-unknown-linux-gnu", "generic", "float32"),
    "Apple AArch64": ("arm64-apple-macosx14.0.0", "apple-m1", "float64"),
    "Windows x64": ("x86_64-pc-windows-msvc", "x86-64", "float64"),
}
"""Triple, processor and float by name. Arm has both floats. The default tier compiles
both for x86-64, as `SYNAPSE_CPU` says. All have the tile of narrow registers."""


def code_sizes(triple, processor, dtype):
    """Bytes of object code by kernel, for the first kinds of arguments that it has."""
    machine.processor = lambda: machine.Processor(triple, processor)
    target = machine._target(
        machine.processor(), opt=2, reloc="default", codemodel="jitdefault"
    )
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    sizes = {}
    for name, text in every_text([dtype]):
        function = name.rpartition(".")[0]
        if function in sizes:
            continue
        module = llvm.parse_assembly(text)
        module.triple = triple
        module.data_layout = str(target.target_data)
        module.verify()
        builder = llvm.create_pass_builder(target, options)
        builder.getModulePassManager().run(module, builder)
        sizes[function] = len(target.emit_object(module))
    return sizes


if __name__ == "__main__":
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    print(json.dumps(code_sizes(*TARGETS[sys.argv[1]])))
