"""Compute with numbers only. The engine contains the store, lowering and the kernels,
and does not use the objects that users hold.

``schema`` defines the columns and ``store`` contains them. ``lowering`` makes the
program that kernels execute. The formulas are in ``functions``, and the kernels are
divided by purpose: ``online`` for single steps, ``quiet`` for single steps with
connections from silent sources, ``exact`` for gradients through time, and ``rtrl`` for
exact gradients forward in time. ``language`` compiles kernels to machine code. The
kernels of ``exact``, ``quiet`` and ``rtrl`` are loaded on first use.

**The language of kernels.** A kernel is a Python function that is compiled. Instead of
objects, it receives *bundles*. A bundle is one word, the address of a table of columns.
A column of a bundle is an attribute, which is read and written by row:
`store.weight[c]`. ``schema.py`` lists all columns with their meaning.

- ``store``: the columns of a store. By convention, ``j`` is the row of a neuron, ``c``
  or ``row`` the row of a connection, and ``r`` the row of a run.
- ``tapes``: the numbers of several steps, for exact gradients and runs without traces:
  `tapes.activation[step.now + j]`. A ``Step`` (``exact/step.py``) contains the offsets
  at which the numbers of one step begin.
- ``plan``: the columns of a plan, which rtrl needs in addition to the store. In loops
  that serve several learning rules (``online/roles.py``), it is called ``rule``.
- ``events``: the lists of connections by source, if a step follows active neurons
  (``exact/events.py``). In steps that serve several ways to compute states
  (``exact/activate.py``), they are called ``extra``.
- ``span``: the rows of a network. It is a short array of integers whose members have
  names, like `store.ties` and `plan.counts` (``records.py``): `span.start`,
  `store.ties.signed`. Python, which has the array, writes `span[Span.START]`.

Integers are as narrow in memory as they can be, and most of them are unsigned. Because
a kernel reads all of them as signed 64-bit numbers, they can be added to each other and
to literals. Rows are never negative, and indices into columns are not checked. ``NONE``
(``schema.py``) in a column of rows marks a missing row.

The decorator of a function determines how it is compiled, see ``docs/compiler.md``, the
page of the language. One source serves one sample and several (``language/packs.py``).
A column of *lanes* has one number for each sample, and `a * b + c` computes all of them
at once, whereas for one sample they are ordinary floats.

A comment such as ``# [equation state]`` marks lines that compute an equation of
``docs/equations.md``. With ``SYNAPSE_COMPILE=0``, all of this is plain Python, in which
the same names read the same memory. You can therefore stop in it with a debugger.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import functions, lowering, online, rtrl, schema, status, store

_WHEN_NEEDED = {
    "exact": "exact",
    "quiet": "quiet",
    "lazy_parts": "language.lazy_parts",
    "user_functions": "functions.user_functions",
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
