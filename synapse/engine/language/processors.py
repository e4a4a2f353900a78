"""The processors that kernels are compiled for, by the names of LLVM."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import NamedTuple

LEVELS = {
    "x86-64": "",
    "x86-64-v2": "cx16 popcnt sahf sse3 sse4.1 sse4.2 ssse3",
    "x86-64-v3": "avx avx2 bmi bmi2 f16c fma lzcnt movbe",
    "x86-64-v4": "avx512bw avx512cd avx512dq avx512f avx512vl",
}
"""The levels of x86-64, and the features that each adds to the previous one, which are
those of its psABI."""
WIDEST_LEVEL = "x86-64-v4"
GENERIC_LEVEL = "generic"
"""The level of ARM64, which every such processor can run."""


class Processor(NamedTuple):
    """What LLVM compiles for: a system, and a processor with the features that differ
    from those of its name.
    """

    triple: str
    cpu: str
    features: str = ""

    @property
    def is_x86(self) -> bool:
        """Whether this is an x86-64 processor."""
        return self.triple.startswith("x86_64")

    def named(self, cpu: str) -> Processor:
        """Return the processor of this name on the same system."""
        # 64-bit code, which LLVM cannot write for names from before it
        features = "+64bit" if self.is_x86 else ""
        # For this level, LLVM avoids the registers that it is named for, because early
        # processors slowed down. Tiles need them
        wide = ",-prefer-256-bit" if cpu == WIDEST_LEVEL else ""
        return self._replace(cpu=cpu, features=features + wide)


def levels_of(features: Mapping[str, bool]) -> list[str]:
    """Return the levels of x86-64 that a processor with these features has, the highest
    last.
    """

    def has(level: str) -> bool:
        return all(features.get(feature) for feature in LEVELS[level].split())

    return [*takewhile(has, LEVELS)]
