"""How Numba compiles kernels and their parts: each part once, and machine code only for
whole kernels.

A part is only translated to LLVM's language. A kernel links all parts that it reaches,
each once, is then optimised as a whole, and becomes machine code.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, ClassVar

from numba import types
from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, PassManager, register_pass
from numba.core.typed_passes import (
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    TranslateByteCode,
)

from .digest import writes_code

writes_code()


class _Library(JITCodeLibrary):
    """The code of a function as it is lowered.

    Numba would optimise a function before it is linked with its parts: what a loop
    calls seems small then, so LLVM writes the loop once for each value of a condition
    in it, and the parts are inlined into each.
    """

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout


class _PartLibrary(_Library):
    """The code of a part, which is neither optimised nor made machine code."""

    def finalize(self) -> None:
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = (
                    "linkonce_odr"  # unused and repeated copies are dropped
                )
        # its environment is for Python, which nobody calls it from
        for variable in self._final_module.global_variables:
            if variable.name.startswith("_ZN08NumbaEnv"):
                variable.linkage = "internal"
        self._finalized = True


class _KernelLibrary(_Library):
    """The code of a kernel, with that of all parts that it reaches."""

    _linking_libraries: list[Any]

    def finalize(self) -> None:
        self._linking_libraries = _reached(self._linking_libraries)
        super().finalize()


def _reached(libraries: Iterable[Any]) -> list[Any]:
    """Return these libraries and all that they link, each once, in the order of
    discovery.
    """
    reached = dict.fromkeys(libraries)
    waiting = list(libraries)
    for library in waiting:
        new = [linked for linked in library._linking_libraries if linked not in reached]
        reached.update(dict.fromkeys(new))
        waiting += new
    return list(reached)


class _Types:
    """Numba's context of types, which looks for the signature of an operation once, not
    at every use: a part has some twenty times ``bool`` of a condition.
    """

    known: ClassVar[dict[Any, Any]] = {}

    def __init__(self, context: Any) -> None:
        self.context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self.context, name)

    def resolve_function_type(self, function: Any, operands: Any, named: Any) -> Any:
        """Return the signature of a function for operands of these types."""
        signature = self.known.get((function, operands))
        if signature is None:
            signature = self.context.resolve_function_type(function, operands, named)
            operation = getattr(function, "typing_key", function)
            # indices in a tuple may be literals, which are typed by what follows
            if operation in _OPERATIONS and not any(
                isinstance(operand, types.BaseTuple) for operand in operands
            ):
                self.known[function, operands] = signature
        return signature


_OPERATIONS = {call for call in vars(operator).values() if callable(call)} | {
    bool,
    max,
    min,
    range,
}


class _CreateLibrary(FunctionPass):
    """Choose the library into which a function is lowered."""

    library: type[_Library]

    def __init__(self) -> None:  # abstract in Numba's class
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.library = self.library(
            state.targetctx.codegen(), state.func_id.func_qualname
        )
        state.library.enable_object_caching()
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class _CreatePart(_CreateLibrary):
    _name = "part_library"
    library = _PartLibrary


@register_pass(mutates_CFG=False, analysis_only=True)
class _CreateKernel(_CreateLibrary):
    _name = "kernel_library"
    library = _KernelLibrary


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    """Translate a part to LLVM's language, and make it known to its callers."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        name = lowered.fndesc.qualname
        # Numba wants a function for Python, by which callers find the part. It has no
        # code.
        key = make_function(
            lowered.fndesc.lookup_module(), name, name, 0, lowered.env, (state.library,)
        )
        state.targetctx.insert_user_function(key, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=key)
        return True


class PartCompiler(CompilerBase):
    """The passes that parts need: the code of kernels has no arrays, closures or
    `with`.
    """

    def __init__(self, context: Any, *others: Any) -> None:
        super().__init__(_Types(context), *others)

    def define_pipelines(self) -> list[Any]:
        """Return the passes, in order."""
        pipeline = PassManager("part")
        for pass_class in (
            TranslateByteCode,
            FixupArgs,
            IRProcessing,
            GenericRewrites,
            ReconstructSSA,
            NopythonTypeInference,
            _CreatePart,
            PreLowerStripPhis,
            _PartLowering,
            NoPythonBackend,
        ):
            pipeline.add_pass(pass_class, pass_class._name)
        pipeline.finalize()
        return [pipeline]


class KernelCompiler(CompilerBase):
    """Numba's own passes, with a library that links parts."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes, in order."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(_CreateKernel, NopythonTypeInference)
        pipeline.finalize()
        return [pipeline]
