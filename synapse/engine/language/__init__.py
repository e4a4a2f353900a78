"""The language of kernels: a typed tree of plain Python, which becomes machine code.

``docs/compiler.md`` is the page of the language. ``source`` finds the text of a
function, ``translator`` and ``expressions`` make a typed tree of it, ``program`` has
all functions that a kernel reaches. ``words``, ``memory`` and ``packs`` are what
kernels call besides parts, ``tiles`` is written in the language itself. ``llvm`` writes
the tree for LLVM, ``machine`` calls LLVM, ``entries`` are what Python calls,
``code_files`` keeps machine code. Kernels need ``decorators`` and ``lazy_parts``;
functions of users come through ``user_functions``.
"""
