"""The processor that kernels are compiled for: the level of this one, or that of
SYNAPSE_CPU."""

import os
import re

import pytest

import architect
from synapse import cli
from synapse.engine.language import code_files, machine
from synapse.engine.language.decorators import COMPILES, kernel
from synapse.engine.language.processors import LEVELS, Processor, levels_of
from synapse.errors import ArgumentError
from synapse.readwrite import save

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
of_x86 = pytest.mark.skipif(not machine.processor().is_x86, reason="names of x86-64")

PRODUCT = """
define double @product(double %a, double %b, double %c) {
  %p = fmul contract double %a, %b
  %s = fadd contract double %p, %c
  ret double %s
}
"""
SUMS = """
define void @add(ptr noalias %a, ptr noalias %b, i64 %n) {
begin:
  br label %loop
loop:
  %i = phi i64 [0, %begin], [%next, %loop]
  %p = getelementptr double, ptr %a, i64 %i
  %q = getelementptr double, ptr %b, i64 %i
  %x = load double, ptr %p
  %y = load double, ptr %q
  %s = fadd double %x, %y
  store double %s, ptr %p
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}
"""
NOT_COMPARED = {"cx16", "sahf"}
"""Features that LLVM ignores when it decides whether a function may be inlined."""


def forget():
    for function in (
        *(machine.processor, machine.tile, machine.description),
        machine.tell_of_hidden_features,
    ):
        function.cache_clear()


@pytest.fixture
def named(monkeypatch):
    """A function that names a processor, as for a new process."""

    def name(processor):
        monkeypatch.setenv("SYNAPSE_CPU", processor)
        forget()

    yield name
    monkeypatch.undo()
    forget()


def runs_here(level):
    return level in levels_of(machine.llvm.get_host_cpu_features())


def what_raises(call):
    with pytest.raises(ArgumentError) as raised:
        call()
    return str(raised.value)


@of_x86
@pytest.mark.parametrize("level", LEVELS)
def test_a_level_compiles_for_itself_or_says_what_this_processor_lacks(level, named):
    named(level)
    if runs_here(level):
        used = machine.processor()
        assert used.cpu == level
        assert f" {level} +64bit" in machine.description()
        names = " ".join(LEVELS.values()).split()
        own = " ".join(LEVELS[each] for each in [*LEVELS][: [*LEVELS].index(level) + 1])
        assert machine._features_of(used, names) == {*own.split()} - NOT_COMPARED
        wide = level == "x86-64-v4"
        assert machine.tile() == (machine.WIDE_TILE if wide else machine.NARROW_TILE)
    else:
        said = what_raises(machine.processor)
        assert f"got '{level}', which needs avx" in said


@of_x86
def test_the_widest_level_uses_the_registers_that_it_is_named_for(named):
    """Where LLVM, for the sake of early processors, prefers half of them."""
    wide = machine.processor().named("x86-64-v4")
    for processor, uses in (wide, True), (wide._replace(features="+64bit"), False):
        module, made = machine._optimised(SUMS, 3, processor)
        assert ("zmm" in made.emit_assembly(module)) == uses


@of_x86
def test_a_product_and_a_sum_are_fused_where_the_named_processor_does(named):
    if not runs_here("x86-64-v3"):
        pytest.skip("no level with fused multiply-add runs here")
    codes = {}
    for level in list(LEVELS)[:3]:
        named(level)
        codes[level] = machine.object_code(PRODUCT)
    vfmadd = re.compile(rb"\xc4\xe2.[\x98\xa8\xb8\x99\xa9\xb9]", re.DOTALL)
    fused = [level for level, code in codes.items() if vfmadd.search(code)]
    assert fused == ["x86-64-v3"]


def test_a_processor_has_the_features_of_its_name():
    """Also one of another architecture, of whose features LLVM reports few."""
    machine.llvm.initialize_all_targets()
    machine.llvm.initialize_all_asmprinters()
    for name, features in {
        "generic": set(),
        "cortex-a72": set(),
        "neoverse-n1": {"dotprod", "fullfp16", "lse"},
        "neoverse-v1": {"bf16", "dotprod", "fullfp16", "lse", "sve"},
    }.items():
        processor = Processor("aarch64-unknown-linux-gnu", name)
        names = ["bf16", "dotprod", "fullfp16", "lse", "sve", "sme"]
        assert machine._features_of(processor, names) == features, name


@pytest.mark.parametrize("name", ["x86-64-v9", "help", "x86-64 ", 'a"b', "é"])
def test_an_unknown_name_is_one_sentence_at_every_door(name, named, tmp_path, capfd):
    """At a kernel, whether compiled before or not, at a network and at a command that
    computes nothing: before anything is read, and without a word of LLVM."""
    save(architect.Perceptron(1, 1, seed=0), tmp_path / "model.json")

    @kernel
    def twice(x):
        return x + x

    assert twice(1.5) == 3.0
    named(name)
    expected = what_raises(machine.processor)
    assert f"got {name!r}, which LLVM does not know. " in expected
    for _ in range(2):
        assert what_raises(lambda: twice(2)) == expected
    out, said = capfd.readouterr()
    assert (out, said) == ("", "")
    for model in ("model.json", "missing.json"):
        assert cli.main(["info", str(tmp_path / model)]) == 1
        assert capfd.readouterr() == ("", f"synapse: {expected}\n")


def test_without_a_name_it_is_the_level_of_this_processor(named):
    named("")
    triple = machine.llvm.get_process_triple()
    features = machine.llvm.get_host_cpu_features()
    if machine.processor().is_x86:
        assert machine.processor().cpu == levels_of(features)[-1]
    else:
        assert machine.processor() == (triple, "generic", "")
    named("native")
    name = machine.llvm.get_host_cpu_name()
    assert machine.processor() == (triple, name, features.flatten())
    wide = features.get("avx512f", False)
    assert machine.tile() == (machine.WIDE_TILE if wide else machine.NARROW_TILE)


class Features(dict):
    """The features of a processor, as LLVM returns them."""

    def flatten(self):
        return ""


@of_x86
@pytest.mark.parametrize(
    ("lacking", "level"),
    [
        ((), "x86-64-v4"),
        (("avx512cd",), "x86-64-v3"),
        (("movbe",), "x86-64-v2"),
        (("lzcnt", "movbe"), "x86-64-v2"),
        (("sahf",), "x86-64"),
        (("avx", "avx2", "fma", "f16c"), "x86-64-v2"),
    ],
)
def test_a_machine_that_hides_a_flag_is_told_once(
    lacking, level, named, monkeypatch, capsys
):
    every = dict.fromkeys(" ".join(LEVELS.values()).split(), True)
    features = Features(every | dict.fromkeys(lacking, False))
    monkeypatch.setattr(machine.llvm, "get_host_cpu_features", lambda: features)
    named("")
    assert machine.processor().cpu == level
    for _ in range(2):
        code_files._compiled("", str.encode)
    said = capsys.readouterr().err
    if features["avx2"] and level in ("x86-64", "x86-64-v2"):
        hidden = " and ".join(lacking)
        assert said.count("\n") == 1
        assert f"compiled for {level} and run slower" in said
        assert (
            f"has AVX2 but lacks {hidden}. To use AVX2, set SYNAPSE_CPU=native" in said
        )
    else:
        assert said == ""


def test_stderr_may_be_closed(named):
    """LLVM writes there what it does not return."""
    named("x86-64-v9")
    kept = os.dup(2)
    os.close(2)
    try:
        said = what_raises(machine.processor)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert "which LLVM does not know" in said


@pytest.mark.parametrize("speed", ["0", "4", "fast"])
def test_an_unknown_speed_is_one_sentence(speed, monkeypatch):
    machine.highest_speed.cache_clear()
    monkeypatch.setenv("SYNAPSE_SPEED", speed)
    try:
        said = what_raises(machine.highest_speed)
        assert said.startswith(f"SYNAPSE_SPEED must be 1, 2 or 3, got {speed!r}.")
    finally:
        machine.highest_speed.cache_clear()
