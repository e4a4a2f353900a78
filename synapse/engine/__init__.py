"""Numbers only: the store, lowering and the kernels. The engine does not use the
objects that users hold.

``schema`` names the columns and ``store`` holds them. ``lowering`` makes the program
that kernels execute, ``functions`` has the formulas, ``online`` the kernels of single
steps, ``quiet`` the same for connections from silent sources, ``exact`` those of
gradients through time, ``rtrl`` exact gradients forward in time, and ``language`` what
makes machine code of kernels. Those of ``exact``, ``quiet`` and ``rtrl`` are loaded
when they are first used.

**The language of kernels.** A kernel is a Python function that is compiled. It gets no
objects, but *bundles*: one word each, the address of a table of columns. A column of a
bundle is an attribute, which is read and written by row: `store.weight[c]`.
``schema.py`` lists all columns with their meaning.

- ``store``: the columns of a store. By convention, ``j`` is the row of a neuron, ``c``
  or ``row`` that of a connection, ``r`` that of a run.
- ``tapes``: the numbers of several steps, for exact gradients and runs without traces:
  `tapes.activation[step.now + j]`. A ``Step`` (``exact/step.py``) says where the
  numbers of one step begin.
- ``plan``: the columns of a plan, which rtrl needs in addition to the store. It is
  called ``rule`` in loops that serve several learning rules (``online/roles.py``).
- ``events``: the lists of connections by source, if a step follows active neurons
  (``exact/events.py``); they are called ``extra`` in steps that serve several ways to
  compute states (``exact/activate.py``).
- ``span``: which rows a network has. It is a short array of integers whose places have
  names, like `store.ties` and `plan.counts` (``records.py``): `span.start`,
  `store.ties.signed`. Python, which has the array, writes `span[Span.START]`.

Integers are as narrow in memory as they can be, most of them unsigned; a kernel reads
all of them as signed 64-bit numbers, so they can be added to each other and to
literals. No row is negative, and no column checks its index. ``NONE`` (``schema.py``)
in a column of rows means that there is none.

The decorator of a function says how it is compiled: ``docs/compiler.md`` is the page of
the language. One source serves one sample and several (``language/packs.py``). A column
of *lanes* has one number for each sample, and `a * b + c` computes all of them at once;
for one sample they are ordinary floats.

A comment such as ``# [equation state]`` marks lines that compute an equation of
``docs/equations.md``. With ``SYNAPSE_COMPILE=0``, all of this is plain Python, and the
same names read the same memory, so a debugger stops in it.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import functions, lowering, online, rtrl, schema, status, store

_WHEN_NEEDED = {
    "exact": "exact",
    "quiet": "quiet",
    "lazy_parts": "language.lazy_parts",
    "user_functions": "language.user_functions",
}
"""Modules with kernels, which are imported when they are first used."""


def __getattr__(name: str) -> Any:
    if name in _WHEN_NEEDED:
        return importlib.import_module(f"{__name__}.{_WHEN_NEEDED[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "exact",
    "functions",
    "lazy_parts",
    "lowering",
    "online",
    "quiet",
    "rtrl",
    "schema",
    "status",
    "store",
    "user_functions",
]
