"""Bits are those of a level of processors, not of a machine."""

import json
import shutil
import sys

import pytest

from synapse.engine.language import machine
from synapse.engine.language.decorators import COMPILES
from tests.language import bits

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not COMPILES, reason="nothing is compiled"),
]

of_x86 = pytest.mark.skipif(not machine.processor().is_x86, reason="names of x86-64")


@pytest.mark.parametrize("level", bits.levels() if COMPILES else [])
def test_bits_are_those_that_another_machine_of_the_level_has_kept(level):
    kept = json.loads(bits.KEPT.read_text(encoding="utf-8"))
    version = bits.name_of_version()
    renew = "To keep the bits of this machine, run python -m tests.language.bits."
    assert version in kept, f"No bits are kept for {version}. {renew}"
    assert bits.bits_of(level) == kept[version].get(level), renew


@of_x86
@pytest.mark.parametrize(
    ("processor", "level"),
    [
        ("Nehalem", "x86-64-v2"),
        ("Haswell", "x86-64-v3"),
        ("Haswell,-movbe", "x86-64-v2"),
    ],
)
def test_bits_are_the_same_on_an_emulated_machine(processor, level):
    """With the level that it finds, and what the C library and NumPy choose there."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None or level not in bits.levels():
        pytest.skip("no emulator, or not this level")
    here = bits.bits_of(level)  # which compiles for both
    # its BLAS is not one that the environment of this machine has chosen
    alone = ["env", "-u", "OPENBLAS_CORETYPE"]
    emulated = [*alone, emulator, "-cpu", processor, sys.executable]
    assert bits.bits_of("", emulated) == here
