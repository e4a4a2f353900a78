"""What changes the digest of a kernel, and what does not."""

import importlib
import json
import shutil
import sys
import textwrap
from pathlib import Path

import pytest

import synapse
from synapse.engine.compiler import digest, jit, lazy_parts
from tests.helpers import digests
from tests.helpers.processes import python

pytestmark = pytest.mark.skipif(jit.DEBUGGING, reason="nothing is compiled")

SOURCES = {
    "entry": '''
        """A kernel."""

        import math

        import numpy as np

        from synapse.engine.compiler.jit import inline, kernel

        from . import tables
        from .kinds import Kind, Places
        from .parts import first_part
        from .primitives import scaled, seldom

        FACTORS = (1.0, (2, 3))


        @kernel
        def entry(x, n=1):
            """A docstring."""
            y = first_part(x) + FACTORS[1][0] * tables.RATE + Kind.SECOND
            y += math.sqrt(tables.ROWS[0]) + Places(1, 2).start
            seldom(x, 1)
            return scaled(y, x)
    ''',
    "parts": '''
        """Parts, three calls deep."""

        from synapse.engine.compiler.jit import inline, noinline
        from .tables import DEEP

        UNUSED = 1


        def made(number):
            """A factory of parts."""

            @inline
            def part(x):
                return number * x

            return part


        thrice = made(3)


        @noinline
        def third_part(x, more=0.5):
            # a comment
            return thrice(x) if x > DEEP else more


        @inline
        def second_part(x):
            return third_part(x)


        @inline
        def first_part(x):
            """A docstring."""
            return second_part(x) + 1.0


        @inline
        def unused(x):
            return x
    ''',
    "tables": '''
        """Numbers."""

        import numpy as np

        RATE = 0.25
        ROWS = np.array([1.0, 2.0])
        DEEP = 0
        OTHER = 1
    ''',
    "kinds": '''
        """Kinds."""

        from enum import IntEnum
        from typing import NamedTuple


        class Kind(IntEnum):
            """Numbers with names."""

            FIRST = 0  # a comment
            SECOND = 1


        class Places(NamedTuple):
            """Two places."""

            start: int
            stop: int
    ''',
    "primitives": '''
        """Primitives, and a lazy part."""

        from synapse.engine.compiler.jit import intrinsic_or
        from synapse.engine.compiler.lazy_parts import INDEX, NUMBER, lazy_part


        def made(factor):
            @intrinsic_or(lambda y, x: factor * y)
            def scaled(typingctx, y, x):
                """A primitive."""
                def codegen(context, builder, signature, args):
                    constant = context.get_constant(y, factor)
                    return builder.fmul(args[0], constant, flags=FLAGS)

                return y(y, x), codegen

            return scaled


        FLAGS = ("nsz",)
        scaled = made(2.0)


        @lazy_part(INDEX)
        def seldom(m, i):
            m.bias[i] = m.bias[i] + 1.0
    ''',
}


class Package:
    """A package of kernels that can be edited and imported again."""

    def __init__(self, folder, patch):
        self.folder = folder / "reached"
        self.folder.mkdir()
        patch.syspath_prepend(str(folder))
        patch.setattr(sys, "dont_write_bytecode", True)
        self.patch = patch
        self.edit("__init__", "", "")
        for name, source in SOURCES.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(source))

    def edit(self, module, old, new):
        path = self.folder / f"{module}.py"
        text = path.read_text() if path.exists() else ""
        assert old in text
        path.write_text(text.replace(old, new))

    def imported(self):
        """The kernel, of modules that are imported anew."""
        for name in [name for name in sys.modules if name.startswith("reached")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        self.patch.setattr(lazy_parts, "_parts", dict(lazy_parts._parts))
        for name in [name for name in lazy_parts._parts if name.startswith("reached")]:
            del lazy_parts._parts[name]
        return importlib.import_module("reached.entry").entry

    def digest(self):
        return digest.digest_of(self.imported())


@pytest.fixture
def package(tmp_path, monkeypatch):
    yield Package(tmp_path, monkeypatch)
    for name in [name for name in sys.modules if name.startswith("reached")]:
        del sys.modules[name]


CHANGES = {
    "the kernel": ("entry", "y += ", "y -= "),
    "a default of it": ("entry", "n=1", "n=2"),
    "a number in a tuple": ("entry", "(2, 3)", "(2, 4)"),
    "a float for an integer": ("entry", "(2, 3)", "(2.0, 3)"),
    "a number of a module": ("tables", "RATE = 0.25", "RATE = 0.5"),
    "an array": ("tables", "2.0]", "3.0]"),
    "its type": ("tables", "2.0])", "2.0], np.float32)"),
    "an imported constant": ("tables", "DEEP = 0", "DEEP = 1"),
    "True for 1": ("tables", "DEEP = 0", "DEEP = False"),
    "the zero's sign": ("tables", "DEEP = 0", "DEEP = -0.0"),
    "a part three calls deep": ("parts", "thrice(x) if", "-thrice(x) if"),
    "a default of a part": ("parts", "more=0.5", "more=1.5"),
    "a decorator": ("parts", "@noinline", "@inline"),
    "what a part is made for": ("parts", "made(3)", "made(4)"),
    "a part by another name": ("parts", "return second_part", "return third_part"),
    "an enumeration": ("kinds", "SECOND = 1", "SECOND = 2"),
    "fields": ("kinds", "start: int\n    stop: int", "stop: int\n    start: int"),
    "an intrinsic": ("primitives", "builder.fmul", "builder.fadd"),
    "a number of it": ("primitives", "made(2.0)", "made(3.0)"),
    "flags of it": ("primitives", '"nsz"', '"nnan"'),
    "kinds of arguments": ("primitives", "@lazy_part(INDEX)", "@lazy_part(NUMBER)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_kernel_reaches_changes_its_digest(package, change):
    before = package.digest()
    assert package.digest() == before
    package.edit(*CHANGES[change])
    assert package.digest() != before


def test_the_name_of_a_lazy_part_is_in_the_code_of_its_callers(package):
    before = package.digest()
    package.edit("primitives", "seldom", "rarely")
    package.edit("entry", "scaled, seldom", "rarely as seldom, scaled")
    assert package.digest() != before


@pytest.mark.parametrize(
    "edit",
    [
        ("parts", "# a comment", "# another"),
        ("parts", "    # a comment\n", ""),
        ("parts", '    """A docstring."""\n', ""),
        ("parts", "def second_part(x):\n", 'def second_part(x):\n    """Words."""\n'),
        ("entry", '"""A docstring."""', '"""Another\n\n    of more lines."""'),
        ("entry", '"""A kernel."""', '"""Something else."""'),
        ("entry", "\n\n\n@kernel", "\n\n\n# words\n@kernel"),
        ("kinds", '"""Numbers with names."""', '"""Others."""'),
        ("kinds", "  # a comment", ""),
        ("primitives", '"""A primitive."""', '"""Words."""'),
        ("tables", "OTHER = 1", "OTHER = 2"),
        ("parts", "UNUSED = 1", "UNUSED = 2"),
        ("parts", "def unused(x):\n    return x", "def unused(x):\n    return -x"),
        # it is a kernel of its own
        ("primitives", "m.bias[i] + 1.0", "m.bias[i] + 2.0"),
    ],
)
def test_what_changes_no_code_changes_no_digest(package, edit):
    before = package.digest()
    package.edit(*edit)
    assert package.digest() == before


def test_a_kernel_is_loaded_after_a_part_has_moved_to_another_module(package):
    (package.folder / "entry.py").write_text(
        "from synapse.engine.compiler.jit import kernel\n"
        "from .parts import first_part\n"
        "@kernel\ndef entry(x):\n    return first_part(x) + 1.0\n"
    )
    kernel = package.imported()
    assert kernel(1.5) == 6.5
    assert not kernel.stats.cache_hits
    (package.folder / "parts.py").rename(package.folder / "moved.py")
    package.edit("entry", ".parts", ".moved")
    kernel = package.imported()
    assert kernel(1.5) == 6.5
    assert kernel.stats.cache_hits


def test_the_body_of_a_lazy_part_is_its_own(package):
    def its_digest():
        package.imported()
        (part,) = lazy_parts._parts["reached.primitives.seldom"]
        return digest.digest_of(jit.to_machine_code(part.function))

    before = its_digest()
    package.edit("primitives", "m.bias[i] + 1.0", "m.bias[i] + 2.0")
    assert its_digest() != before


@pytest.mark.parametrize(
    "options", [{"fastmath": False}, {"boundscheck": True}, {"error_model": "python"}]
)
def test_options_change_the_digest(package, options):
    kernel = package.imported()
    before = digest.digest_of(kernel)
    kernel.targetoptions.update(options)
    assert digest.digest_of(kernel) != before


def test_a_value_that_nobody_can_describe_is_refused(package):
    package.edit("tables", "RATE = 0.25", "RATE = object()")
    with pytest.raises(digest.UnknownValueError, match="got <object object at"):
        package.digest()


def test_every_kernel_of_the_package_is_described():
    found = digests.digests()
    assert len(found) > 200
    assert "synapse.engine.online.loops.run_network" in found


CLOCK = '    Column("clock",'
EDITS = [
    ("engine/schema.py", CLOCK, f'    Column("more", "store", "uint64"),\n{CLOCK}'),
    ("engine/records.py", "    START = 0", "    START = 5"),
    ("engine/compiler/jit.py", '"contract", "nsz"}', '"contract"}'),
    ("engine/compiler/lanes.py", 'mul, "fmul"', 'mul, "fadd"'),
    ("engine/functions/elementary.py", "ROUNDER = ", "ROUNDER = 2 * "),
]


@pytest.mark.compiler
def test_edits_of_the_package_change_what_they_reach(tmp_path):
    shutil.copytree(
        Path(synapse.__file__).parent,
        tmp_path / "synapse",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    program = digests.__file__
    answer = json.loads(python(program, tmp_path, json.dumps(EDITS)))
    assert answer.pop("words") == []
    step = "synapse.engine.online.loops.run_network"
    gradient = "synapse.engine.exact.loops.gradient_network"
    for changed in answer.values():
        assert {step, gradient} <= {*changed}
    column, _, flag, _, constant = map(set, answer.values())
    # a lazy part names no bundle, but its columns have other slots
    assert any("clear_traces" in name for name in column)
    # it calls no exponential function
    scaling = "synapse.engine.functions.scale.take_rows"
    assert scaling in flag
    assert scaling not in constant
