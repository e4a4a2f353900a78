"""Every mutant can be made: its text occurs once in its file."""

from . import mutants


def test_every_mutant_applies():
    faults = {str(one): fault for one in mutants() if (fault := one.fault())}
    assert not faults, faults
