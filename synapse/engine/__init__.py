"""Numbers only: the store, lowering and the kernels. The engine does not use the
objects that users hold.

``schema`` names the columns and ``store`` holds them. ``lowering`` makes the program
that kernels execute, ``functions`` has the formulas, ``online`` the kernels of single
steps, ``exact`` those of gradients through time, ``rtrl`` exact gradients forward in
time, and ``compiler`` everything that depends on Numba. Kernels and the compiled part
of ``functions`` import Numba, which is slow to import; they are loaded when first used.

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

The decorator of a function says how it is compiled (``compiler/jit.py``, ``lazy_part``
in ``compiler/lazy_parts.py``, ``strict_fp`` in ``compiler/calls.py``):

- `@kernel`: Python calls it, with addresses in place of bundles: ``store_at``,
  ``tapes_at``, ``plan_at`` and ``span_of`` make bundles of them. It returns a status
  (``status.py``) and its results.
- `@inline`: a part that is inlined into each caller. Its sums may be reordered, so that
  they vectorise.
- `@in_order`: the same, but sums stay in the order in which they are written.
- `@noinline`: a part that is too large to be inlined into each caller.
- `@strict_fp`: an inlined part that computes the same bits in every kernel.
- `@lazy_part(...)`: a part that few networks need, compiled when it is first called. It
  is defined next to the part that calls it. It takes ``store``, then arguments of the
  kinds in the brackets (`taped=True`: ``tapes`` first), and its results are in columns.
  It is called for a range of neurons, a block or a run, not for each number.
  ``by_code`` joins several such parts under one name; a code selects one of them.
- `@intrinsic_or(plain)`: a primitive, which writes its code in the language of LLVM;
  ``plain`` says in Python what it computes.

One source serves one sample and several (``compiler/lanes.py``). A column of *lanes*
has one number for each sample, and `a * b + c` computes all of them at once; for one
sample they are ordinary floats.

- `splat(x, column)`: one number in all lanes; `zero_like(x)`, `one_like(x)`: a constant
  in the type of ``x``. `total(x)`: the sum over samples.
- `flat(column)`: a column of lanes as one of single numbers.
- `opaque(n)`: a number of repetitions that the optimiser does not know, so that it does
  not unroll a short loop.
- `raw_array(array)`: an array as its address and size, without a count of references.
- A *tile* is eight neurons whose sums stay in registers (``compiler/tiles.py``):
  ``no_sums`` begins them, ``add_products`` adds, ``store_sums`` writes them.

A comment such as ``# [equation state]`` marks lines that compute an equation of
``docs/equations.md``. With ``NUMBA_DISABLE_JIT=1``, all of this is plain Python, and
the same names read the same memory, so a debugger stops in it.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import functions, lowering, rtrl, schema, status, store
from .locking import DeferredInterrupt

_COMPILED = ("compiler", "exact", "online")


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        # Numba cannot be imported again after Ctrl-C has ended its first import.
        with DeferredInterrupt():
            return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "compiler",
    "exact",
    "functions",
    "lowering",
    "online",
    "rtrl",
    "schema",
    "status",
    "store",
]
