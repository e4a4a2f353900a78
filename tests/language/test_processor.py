"""The processor that kernels are compiled for: this one, or that of SYNAPSE_CPU."""

import os
import re

import pytest

import architect
from synapse import cli
from synapse.engine.language import machine
from synapse.engine.language.decorators import COMPILES, kernel
from synapse.errors import ArgumentError
from synapse.readwrite import save

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled")
of_x86 = pytest.mark.skipif(not machine.pauses, reason="names of x86-64")

LEVELS = {
    "x86-64": {"sse2"},
    "x86-64-v2": {"sse4.2", "popcnt"},
    "x86-64-v3": {"avx2", "fma"},
    "x86-64-v4": {"avx512f", "avx512vl"},
}
"""Some features of each level, which the next ones have, too."""
PRODUCT = """
define double @product(double %a, double %b, double %c) {
  %p = fmul contract double %a, %b
  %s = fadd contract double %p, %c
  ret double %s
}
"""


def forget():
    for function in (machine.processor, machine.tile, machine.description):
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


def features_of(level):
    levels = list(LEVELS)
    return set().union(*(LEVELS[each] for each in levels[: levels.index(level) + 1]))


def runs_here(level):
    features = machine.llvm.get_host_cpu_features()
    return all(features[feature] for feature in features_of(level))


def what_raises(call):
    with pytest.raises(ArgumentError) as raised:
        call()
    return str(raised.value)


@of_x86
@pytest.mark.parametrize("level", LEVELS)
def test_a_level_compiles_for_itself_or_says_what_this_processor_lacks(level, named):
    named(level)
    if runs_here(level):
        assert machine.processor() == {"cpu": level, "features": "+64bit"}
        assert f" {level} +64bit " in machine.description()
        fused = machine._features_of(machine.processor(), ["fma", "avx512f"])
        assert fused == features_of(level) & {"fma", "avx512f"}
        wide = level == "x86-64-v4"
        assert machine.tile() == (machine.WIDE_TILE if wide else machine.NARROW_TILE)
    else:
        said = what_raises(machine.processor)
        assert f"got '{level}', which needs avx" in said


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


def test_a_processor_has_the_features_of_its_name(monkeypatch):
    """Also one of another architecture, of whose features LLVM reports few."""
    monkeypatch.setattr(
        machine.llvm, "get_process_triple", lambda: "aarch64-unknown-linux-gnu"
    )
    machine.llvm.initialize_all_targets()
    machine.llvm.initialize_all_asmprinters()
    for name, features in {
        "generic": set(),
        "cortex-a72": set(),
        "neoverse-n1": {"dotprod", "fullfp16", "lse"},
        "neoverse-v1": {"bf16", "dotprod", "fullfp16", "lse", "sve"},
    }.items():
        processor = {"cpu": name, "features": ""}
        names = ["bf16", "dotprod", "fullfp16", "lse", "sve", "sme"]
        assert machine._features_of(processor, names) == features, name


@pytest.mark.parametrize("name", ["x86-64-v9", "help", "native", "x86-64 ", 'a"b', "é"])
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


def test_without_a_name_it_is_this_processor(named):
    named("")
    host = machine.llvm.get_host_cpu_name()
    features = machine.llvm.get_host_cpu_features().flatten()
    assert machine.processor() == {"cpu": host, "features": features}
    wide = "+avx512f" in features.split(",")
    assert machine.tile() == (machine.WIDE_TILE if wide else machine.NARROW_TILE)


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
