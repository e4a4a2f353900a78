"""Undocumented interfaces of Numba that the compiler uses: all are listed, and no
change goes unnoticed."""

import ast
import functools
import inspect
import operator
import re
from pathlib import Path
from types import SimpleNamespace

import numba
import pytest
from numba.core import event, registry, types
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import DefaultPassBuilder, Flags

from synapse import engine
from synapse.engine.compiler import jit, pipeline
from synapse.engine.compiler.jit import ColumnType
from tests.helpers.processes import python

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compiler.md"
# as installed, which need not be in this checkout
ENGINE = Path(engine.__file__).parent
FILES = [*sorted((ENGINE / "compiler").glob("*.py")), ENGINE / "online/calls.py"]
ROWS = {}


def contract(row):
    """A decorator: the test of a row of the page. Whatever fails in it names the
    row."""

    def add(check):
        @functools.wraps(check)
        def test(*arguments, **options):
            try:
                check(*arguments, **options)
            except Exception as error:
                told = (
                    f"Numba {numba.__version__} differs in the row '{row}' of"
                    f" docs/compiler.md: {check.__doc__}"
                )
                pytest.fail(f"{told} {type(error).__name__}: {error}", pytrace=False)

        assert row not in ROWS
        ROWS[row] = test
        return test

    return add


def context():
    """Numba's context of types, and the one of machine code."""
    target = registry.cpu_target
    target.typing_context.refresh()
    target.target_context.refresh()
    return target.typing_context, target.target_context


def takes(function, *names):
    """A function begins with these parameters."""
    parameters = [
        name for name in inspect.signature(function).parameters if name != "self"
    ]
    assert parameters[: len(names)] == list(names), (
        f"{function.__qualname__}{inspect.signature(function)}"
    )


def twice(x):
    return x + x


COLUMN = ColumnType(types.float64, ("activations", "activation"))


@contract("operations")
def test_operations():
    """The signature of an operation with the same operands is found once, and that of
    tuples each time."""
    kinds = pipeline._Types(context()[0])
    for operands, once in (
        ((COLUMN, types.int64), True),
        ((types.UniTuple(types.int64, 2), types.int64), False),
    ):
        operation, second = (
            kinds.resolve_function_type(operator.getitem, operands, {})
            for _ in range(2)
        )
        assert operation == second
        assert (operation is second) == once


@contract("cache")
def test_cache(tmp_path, monkeypatch):
    """FunctionCache asks `_cache_file` for a key made of types, machine and code."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    cache = FunctionCache(twice)
    asked = []
    assert Path(cache._cache_path).parent == tmp_path
    cache._cache_file = SimpleNamespace(
        load=asked.append, save=lambda key, data: asked.append((key, data))
    )
    assert cache.load_overload((types.float64,), context()[1]) is None
    kinds, machine, code = asked[0]
    assert kinds == (types.float64,)
    assert all(isinstance(word, str) for word in (*machine, *code))
    takes(cache.load_overload, "sig", "target_context")
    takes(cache.save_overload, "sig", "data")
    cache.disable()
    assert cache.load_overload((types.float64,), context()[1]) is None
    assert len(asked) == 1


@contract("loading")
def test_loading():
    """Numba's arrays look for SciPy by `ensure_blas` of another module when they are
    imported, and import it when they need it."""
    code = """
import sys
import numpy as np
from synapse.engine import compiler
from numba.core import registry
registry.cpu_target.target_context.refresh()
assert "scipy.linalg" not in sys.modules
from numba.np import arraymath, linalg
assert arraymath.ensure_blas is linalg.ensure_blas
assert arraymath.ensure_blas.__module__ == "numba.np.linalg"
"""
    python("-c", code)


@contract("dispatcher")
def test_dispatcher():
    """A dispatcher asks `_cache` before and after it compiles, and calls `compile` of
    the instance."""
    kernel = numba.njit(twice)
    told = []
    compiled = kernel.compile
    kernel.compile = lambda kinds: told.append("compile") or compiled(kinds)
    kernel._cache = SimpleNamespace(
        load_overload=lambda kinds, context: told.append("load"),
        save_overload=lambda kinds, result: told.append("save"),
    )
    assert kernel(1.5) == 3.0
    assert told == ["compile", "load", "save"]
    assert list(kernel.overloads) == [(types.float64,)]
    assert kernel.py_func is twice
    kernel.disable_compile()
    assert (kernel(2.5), told) == (5.0, ["compile", "load", "save"])


@contract("events")
def test_events():
    """A listener hears the beginning and the end of compiling, also of one that
    fails."""

    class Told(event.Listener):
        words = ""

        def on_start(self, _):
            self.words += "("

        def on_end(self, _):
            self.words += ")"

    told = Told()
    with event.install_listener("numba:compile", told):
        numba.njit(twice)(1.5)
        with pytest.raises(numba.TypingError):
            numba.njit(twice)(None)
    assert told.words == "()()"
    assert any(
        isinstance(listener, jit._Compiling)
        for listener in event._registered["numba:compile"]
    )


@contract("options")
def test_options():
    """A part has neither wrapper, counts no references, is inlined, and is compiled by
    passes for parts."""
    options = {
        "forceinline": True,
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
    }
    kernel = numba.njit(**options)(lambda x: x * 3.0)
    kernel.compile((types.float64,))
    code = next(iter(kernel.inspect_llvm().values()))
    assert "alwaysinline" in code
    assert "cpython" not in code
    assert "cfunc" not in code
    flags = Flags()
    assert all(hasattr(flags, option) for option in options)
    kernel = jit.inline(lambda x: x * 3.0)
    assert kernel._compiler.pipeline_class is pipeline.PartCompiler
    for options, counted in (({}, True), ({"_nrt": False}, False)):
        same = numba.njit(**options)(lambda array: array)
        same.compile((types.float64[::1],))
        assert ("NRT_incref" in next(iter(same.inspect_llvm().values()))) == counted
    assert kernel.targetoptions["_nrt"] is False


NOT_FOR_PARTS = """WithLifting InlineClosureLikes RewriteSemanticConstants
DeadBranchPrune RewriteDynamicRaises MakeFunctionToJitFunction InlineInlinables
FindLiterallyCalls LiteralUnroll LiteralPropagationSubPipelinePass IRLegalization
InlineOverloads NopythonRewrites NoPythonSupportedFeatureValidation AnnotateTypes
DumpParforDiagnostics"""


@contract("passes")
def test_passes():
    """Parts have passes of Numba in Numba's order; all others are known."""
    state = SimpleNamespace(flags=Flags(), func_ir=None)
    default = [
        compiler_pass
        for compiler_pass, _ in DefaultPassBuilder.define_nopython_pipeline(
            state
        ).passes
    ]
    (parts,) = pipeline.PartCompiler.define_pipelines(None)
    ours = [
        getattr(compiler_pass, "__base__", None)
        if compiler_pass.__module__ == pipeline.__name__
        else compiler_pass
        for compiler_pass, _ in parts.passes
    ]
    shared = [compiler_pass for compiler_pass in ours if compiler_pass in default]
    assert [
        compiler_pass for compiler_pass in default if compiler_pass in shared
    ] == shared
    assert len(shared) == 9
    unknown = {
        compiler_pass.__name__
        for compiler_pass in default
        if compiler_pass not in shared
    } - set(NOT_FOR_PARTS.split())
    assert not unknown, f"new passes {unknown}"


@jit.inline
def third(x):
    return x / 3.0


@jit.noinline
def other(x):
    return third(x) + 1.0


@jit.to_machine_code
def whole(x):
    return other(x) + third(x)


@contract("parts")
def test_parts():
    """A part is lowered once, without machine code, and is found by those who call
    it."""
    assert whole(3.0) == 3.0
    for kernel in (third, other):
        (result,) = kernel.overloads.values()
        assert isinstance(result.library, pipeline._PartLibrary)
        assert "alwaysinline" in str(result.library._final_module) or kernel is other


@contract("libraries")
def test_libraries():
    """A kernel links every part that it reaches once, and its parts are not
    optimised."""
    whole(3.0)
    (kernel,) = whole.overloads.values()
    (parts,) = (
        [overload.library for overload in compiled_kernel.overloads.values()]
        for compiled_kernel in [third]
    )
    linked = kernel.library._linking_libraries
    assert [overload.name for overload in linked].count("third") == 1
    assert parts[0] in linked
    assert parts[0]._codegen._data_layout
    assert parts[0]._finalized
    assert "linkonce_odr" in str(parts[0]._final_module)
    for overridden in ("_optimize_functions", "finalize", "enable_object_caching"):
        assert callable(getattr(JITCodeLibrary, overridden))


# --- the page -------------------------------------------------------------------------

DOCUMENTED = {
    "numba",
    "numba.types",
    "numba.extending",
    "numba.core",
    "numba.core.errors",
}
OBJECTS = {
    "cgutils",
    "context",
    "convention",
    "dispatcher",
    "event",
    "library",
    "lowered",
    "state",
    "status",
}
"""Names of objects of Numba in the code. Of these, all attributes are listed; of
others, the private ones."""
# of numba.njit, in its documentation
OPTIONS = {"nogil", "fastmath", "error_model", "boundscheck"}
# classes without a base of Numba that knows their attributes
UNSEEN = {"_Files", "_Compiling"}


def listed():
    """The names in the second column of the page's table, by row."""
    rows = re.findall(
        r"^\| ([a-z ]+) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {row: re.findall("`(.+?)`", names) for row, names in rows}


def ours(tree):
    """Private names that a file defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in UNSEEN:
            yield from (
                attribute.attr
                for attribute in ast.walk(node)
                if isinstance(attribute, ast.Attribute)
            )
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def used(path):
    """The undocumented names that a file uses: whole for imports, otherwise those of
    attributes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = set(ours(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if (
                not node.level
                and node.module.split(".")[0] == "numba"
                and node.module not in DOCUMENTED
            ):
                yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            private = re.match("_[a-z]", node.attr) and node.attr not in defined
            if owner == "numba.config" or owner in OBJECTS or private:
                yield node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "numba.njit":
            yield from {word.arg for word in node.keywords if word.arg} - OPTIONS


def test_every_test_is_of_a_row_of_the_page():
    assert ROWS.keys() <= listed().keys()


def test_the_page_lists_every_undocumented_name_that_the_compiler_uses():
    whole = {name for names in listed().values() for name in names}
    names = whole | {name.rsplit(".", 1)[-1] for name in whole}
    missing = {
        f"{path.name}: {name}"
        for path in FILES
        for name in used(path)
        if name not in names
    }
    assert not missing, missing


def test_the_bounds_of_numba_are_those_of_the_page():
    bounds = re.search(
        r"numba>=0\.(\d+),<0\.(\d+)", (ROOT / "setup.cfg").read_text(encoding="utf-8")
    )
    page = PAGE.read_text(encoding="utf-8")
    assert f"`{bounds[0]}`, tested with 0.{bounds[1]}." in page
    assert f" and 0.{int(bounds[2]) - 1}." in page
    assert int(bounds[1]) <= int(numba.__version__.split(".")[1]) < int(bounds[2])
