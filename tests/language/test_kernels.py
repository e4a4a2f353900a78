"""All kernels are in the language, and their trees are as its page says."""

import ast
import json
import re
from pathlib import Path

import llvmlite
import pytest
from hypothesis import given

from synapse.engine.language import machine
from synapse.engine.language.source import define
from synapse.engine.language.tree import (
    BOOL,
    FLOAT64,
    INT,
    ArrayKind,
    Node,
    literal,
    statement,
)
from tests.helpers.processes import python
from tests.language import every_target, programs, trees

ROOT = Path(machine.__file__).parents[3]


@pytest.fixture(scope="module")
def answer():
    return json.loads(python("-m", "tests.language.every_kernel"))


@pytest.mark.full
def test_calls_reach_every_kernel_and_every_lazy_part(answer):
    assert answer["missed"] == []
    assert len(answer["names"]) > 150
    assert {
        "synapse.engine.online.loops.run_network",
        "synapse.engine.exact.by_team.train_by_team",
        "synapse.engine.functions.compiled.fire_random",
        "synapse.engine.functions.optimizers.adam",
        "synapse.engine.lowering.loops.whole.lower_rows",
        "synapse.evolve._kernels.phenotype.fire_any",
        "synapse.analysis._kernels.rewiring.exchange",
    } <= {*answer["names"]}


# --- the checks themselves ------------------------------------------------------------


@pytest.mark.full
@given(programs.programs())
def test_the_trees_of_random_programs_are_sound(text):
    function = programs.made(text)
    arrays = ArrayKind(INT, 1), ArrayKind(FLOAT64, 1)
    kinds = INT, INT, FLOAT64, FLOAT64, *arrays
    assert trees.problems_of(trees.translated(function, kinds)) == []


WORD = Node("load_word", INT, (literal(INT, 0), literal(INT, 0)))
LATER = Node("variable", INT, ("later",))


@pytest.mark.parametrize(
    ("problem", "spoiled"),
    {
        "an effect within an expression": [
            statement("return", Node("negative", INT, (WORD,)))
        ],
        "undeclared nobody": [statement("set", "nobody", literal(INT, 0))],
        "later is read without a value": [
            statement("return", LATER),
            statement("set", "later", literal(INT, 0)),
        ],
        "return bool int": [statement("return", literal(BOOL, True))],
        "unknown statement repeat": [statement("repeat", literal(INT, 0))],
    }.items(),
)
def test_an_unsound_tree_is_noticed(problem, spoiled):
    plain = define("plain", "def plain(x):\n    return x + 1\n", {})
    program = trees.translated(plain, (INT,))
    assert trees.problems_of(program) == []
    (instance,) = program.instances.values()
    instance.body[:0] = spoiled
    assert any(problem in noticed for noticed in trees.problems_of(program))


# --- LLVM -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("target", every_target.TARGETS)
def test_every_kernel_is_object_code_for_other_machines(target, answer):
    sizes = json.loads(python("-m", "tests.language.every_target", target))
    assert sizes.keys() == {*answer["names"]}
    assert min(sizes.values()) > 0


def test_the_oldest_llvmlite_is_the_one_that_is_required():
    required = re.search(
        r"llvmlite>=0\.(\d+)", (ROOT / "setup.cfg").read_text(encoding="utf-8")
    )
    assert int(required[1]) <= int(llvmlite.__version__.split(".")[1])


@pytest.mark.full
def test_the_trees_of_all_kernels_are_sound(answer):
    assert answer["wrong"] == []


DOCUMENTED = """
Target.from_triple create_mcjit_compiler create_pass_builder
create_pipeline_tuning_options create_new_module_pass_manager get_host_cpu_features
get_host_cpu_name get_process_triple initialize_native_asmprinter
initialize_native_target add_symbol llvm_version_info parse_assembly set_option
ObjectFileRef.from_data
"""
"""Names of llvmlite.binding in https://llvmlite.readthedocs.io, and `set_option`, which
Numba calls."""


def test_one_module_imports_llvmlite_and_uses_names_of_its_documentation():
    importing = [
        path.name
        for path in (ROOT / "synapse").rglob("*.py")
        if re.search("(from|import) llvmlite", path.read_text(encoding="utf-8"))
    ]
    assert importing == ["machine.py"]
    tree = ast.parse(Path(machine.__file__).read_text(encoding="utf-8"))
    imports = [ast.unparse(node) for node in ast.walk(tree) if is_import(node)]
    assert imports.count("from llvmlite import binding as llvm") == 1
    names = [ast.unparse(node) for node in ast.walk(tree) if is_of_llvm(node)]
    used = {name.removeprefix("llvm.") for name in names}
    assert used - {"Target", "ObjectFileRef"} == set(DOCUMENTED.split())


def is_import(node):
    return isinstance(node, ast.ImportFrom) and "llvmlite" in (node.module or "")


def is_of_llvm(node):
    return isinstance(node, ast.Attribute) and bool(
        re.fullmatch(r"llvm(\.\w+)+", ast.unparse(node))
    )
