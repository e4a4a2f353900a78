"""Networks as C99 programs, whose loops have constant bounds, so that compilers
vectorise them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Literal, get_args, overload

import numpy as np
from numpy.typing import DTypeLike

from .._checks import (
    boolean,
    choice,
    float_type,
    positive_number,
    require,
    suggests_arguments,
)
from .._cost import Cost, get
from ..errors import ArgumentError
from ..objects.network import Network
from ..optimizers import Optimizer
from . import _files
from ._codegen import (
    checked_prefix,
    program_format,
    require_no_learning,
    type_name,
)
from ._plan import written_columns
from ._printed.c_program import C, program_source
from ._printed.fixed_numbers import fixed_point_of
from ._printed.ways import optimizer_of_program

MARK = "%%\n"
"""Divides a template: the first comment, includes, declarations, definitions."""
INCLUDED = "Compile it beside your program or include it there:"
BESIDE = "Include this header, and compile the .c file beside your program:"
HEADER = """{comment}
#ifndef {guard}
#define {guard}

{includes}
#ifdef __cplusplus
extern "C" {{
#endif

{declarations}
#ifdef __cplusplus
}}
#endif

#endif
"""


def in_files(
    text: str, prefix: str, start: str, has_header: bool
) -> str | tuple[str, str]:
    """Return a filled template as one text, or as the texts of a source and a header.

    `start` is the declaration of the function that restores the context, or empty.
    """
    comment, includes, declarations, definitions = text.split(MARK)
    if not has_header:
        return comment + includes + declarations + definitions
    header = HEADER.format(
        comment=comment.replace(INCLUDED, BESIDE),
        includes=includes,
        declarations=declarations.rstrip() + f"\n{start}\n",
        guard=f"{prefix.upper()}_H",
    )
    heading = comment.partition("\n//\n")[0]
    return f'{heading}\n\n#include "{prefix}.h"\n\n{definitions}', header


def write(path: _files.File, content: Any) -> None:
    """Write a program to a file, and its header, if it has one, to the file of the same
    name with the suffix ``.h``.

    Both contents are complete before either file is replaced.
    """
    if isinstance(content, str):
        _files.write(path, content)
        return
    if hasattr(path, "write"):
        raise ArgumentError(
            "A program and its header are two files: pass a path, not an open file."
        )
    file = _files.as_path(path)
    other = file.with_suffix(".h")
    require(
        other != file,
        "path",
        "a name with another suffix than the header, .h",
        file.name,
    )
    require(
        not re.search(r'["\\\n\r]', other.name),
        "path",
        "a file name that C can include, without quotes and backslashes",
        file.name,
    )
    source, header = content
    named = re.sub('#include ".*"', f'#include "{other.name}"', source, count=1)
    with _files.replacing(other) as beside, _files.replacing(file) as main:
        beside.write(header.encode())
        main.write(named.encode())


Sums = Literal["fast", "exact"]
SUMS = get_args(Sums)
DEFAULT = "network"


@overload
def c_source(
    network: Network,
    keep_context: bool = ...,
    *,
    dtype: DTypeLike | None = ...,
    sums: Sums = ...,
    prefix: str = ...,
    learn: bool = ...,
    cost: str | Cost | None = ...,
    bound: float | None = ...,
    optimizer: str | Optimizer | None = ...,
    loadable: bool = ...,
    header: Literal[False] = ...,
    rounding: Literal["nearest", "stochastic"] | None = ...,
    seed: int | None = ...,
    intervals: int | None = ...,
) -> str: ...
@overload
def c_source(
    network: Network,
    keep_context: bool = ...,
    *,
    dtype: DTypeLike | None = ...,
    sums: Sums = ...,
    prefix: str = ...,
    learn: bool = ...,
    cost: str | Cost | None = ...,
    bound: float | None = ...,
    optimizer: str | Optimizer | None = ...,
    loadable: bool = ...,
    header: Literal[True],
    rounding: Literal["nearest", "stochastic"] | None = ...,
    seed: int | None = ...,
    intervals: int | None = ...,
) -> tuple[str, str]: ...
@suggests_arguments("c_source")
def c_source(
    network: Network,
    keep_context: bool = False,
    *,
    dtype: DTypeLike | None = None,
    sums: Annotated[Sums, partial(choice, options=SUMS)] = "fast",
    prefix: str = DEFAULT,
    learn: Annotated[bool, boolean] = False,
    cost: str | Cost | None = None,
    bound: Annotated[float | None, positive_number] = None,
    optimizer: str | Optimizer | None = None,
    loadable: Annotated[bool, boolean] = False,
    header: Annotated[bool, boolean] = False,
    rounding: Literal["nearest", "stochastic"] | None = None,
    seed: int | None = None,
    intervals: int | None = None,
) -> str | tuple[str, str]:
    """Write a network as a C99 program: a type ``Network`` and functions that compute
    its steps.

    ``network_clear(&net)`` clears the context, ``network_step(&net, inputs, outputs)``
    computes one step, and ``network_run(&net, inputs, outputs, rows)`` computes many.
    Steps return 0, or ``NETWORK_BAD_INPUT`` if an input is not finite, in which case
    nothing changes. Because the program allocates no memory and has no variables of its
    own, several instances can run at once. A ``Network`` contains only the values that
    must survive a step, and all others are on the stack during the step. The first
    comment of the program states both sizes. With `keep_context`, the program also has
    ``network_start``, which restores the context. It is valid C++, too.

    With `learn`, the program also has ``network_learn(&net, targets, rate)``, which is
    :meth:`synapse.Network.propagate` by the network's :attr:`~synapse.Network.rule`.
    ``network_init`` replaces the first ``network_clear``, and ``network_weights`` and
    ``network_load`` copy all biases and weights from and to an instance. Each instance
    has its own weights and optimizer memory, which ``network_init`` resets, whereas
    ``network_clear`` and ``network_load`` do not change the memory. These functions
    return 0, or an error code, after which nothing has changed.

    Parameters
    ----------
    network, keep_context
        As for :func:`python_source`.
    dtype : numpy dtype or {"q7.8", "q15.16"}
        Type of all numbers, float32 or float64. The default is float32 with fast sums.
        Exact sums require float64. With "q7.8" or "q15.16", the program is in fixed
        point: all numbers are integers of 16 or 32 bits that stand for themselves /
        2^8 or / 2^16. They have a sign and 7 or 15 bits before the point (other
        libraries count the sign, too, and call q7.8 Q8.8). Rates stand for themselves /
        2^15 or / 2^31. The program then has macros ``NETWORK_NUMBER(x)`` and
        ``NETWORK_RATE(x)`` for constants, and ``NETWORK_MISSING`` in place of NAN. Its
        first comment describes the arithmetic and the errors of the squashes. See
        :func:`fixed_point` for the error and the bytes of your network.
    sums : {"fast", "exact"}
        "exact" adds the inputs of a neuron one after the other and computes squashes
        with the C library. "fast" may add them in several partial sums. With float32,
        it also computes ``exp``, ``expm1`` and ``tanh`` with code of its own, with
        relative errors of at most 2e-7 between -87 and 87.
    prefix : str
        Prefix of all names in the program, to combine several programs in one
        executable. With "pitch_net", for example, the type is ``PitchNet``, functions
        have names such as ``pitch_net_step``, and constants such as
        ``PITCH_NET_INPUTS``. Use letters, digits and single underscores between them.
        Default: "network".
    learn : bool
        Whether the program can learn. Default: False.
    cost : str or Cost, optional
        Cost function of a program that learns. Default: as in
        :meth:`synapse.Network.propagate`.
    bound : float, optional
        Largest absolute value of trainable weights and biases. By default, they are
        unbounded.
    optimizer : str or Optimizer, optional
        Optimizer of a program that learns: an :class:`~synapse.optimizers.SGD`,
        RMSprop, AdaGrad, Adam or AdamW, or its name. Each call then makes the update of
        a :class:`synapse.Trainer` with this optimizer and ``batch_size=1``, at the rate
        that you pass to the call. Default: the plain update of
        :meth:`synapse.Network.propagate`.
    loadable : bool
        Whether a program that does not learn also has ``network_init``,
        ``network_weights`` and ``network_load``. Each instance then has its own biases
        and weights, all of which can be loaded. Default: False, which stores the
        weights as constants in flash memory.
    header : bool
        Whether the program is two texts, a source and a header with an include guard
        and ``extern "C"``, so that several files of C and C++ can call it.
        :func:`synapse.save` writes the header beside the source, ``net.h`` beside
        ``net.c``. Default: False.
    rounding : {"nearest", "stochastic"}
        In fixed point, how updates of weights and biases are rounded: to the nearest
        number, or up with the probability of the part that is cut off, by a generator
        in the instance. Default: "stochastic" in q7.8, and "nearest" in q15.16.
    seed : int
        Seed of this generator, from 0 to 2^31 - 1. Default: 0.
    intervals : int
        In fixed point, number of intervals of the table of tanh, which the logistic
        function uses, too, a power of 2. Default: 64 from 0 to 4 in q7.8, and 1,024
        from 0 to 8 in q15.16.

    Returns
    -------
    str or (str, str)
        The program. With `header`, its source, which includes a file named after the
        prefix (``"network.h"``), and its header.

    Raises
    ------
    ArgumentError
        If `dtype`, `sums` or `prefix` has another value, exact sums are combined with
        float32, `bound` is not above 0, a number of the program exceeds the range of
        the dtype, a cost, a bound or an optimizer is given without `learn`, or an
        option of fixed point without its `dtype`.
    FormatError
        If the derivative of a squash, a cost or an optimizer cannot be written in C, or
        a network that learns needs more than 2,147,483,646 weights, traces or
        sensitivities. In fixed point, also for a squash that is not computed by a table
        of tanh or exactly, an optimizer that takes roots, or a neuron that draws random
        numbers.
    FormatError, ArgumentTypeError, TopologyError, DivergenceError
        As for :func:`python_source`.

    Examples
    --------
    >>> import architect
    >>> print(c_source(architect.Perceptron(2, 1, seed=0)).splitlines()[0])
    // The network Perceptron: 3 neurons, 2 connections. Written by Synapse.
    """
    checked_prefix(prefix)
    fast = sums == "fast"
    if dtype is None:
        dtype = np.float32 if fast else np.float64
    numbers = fixed_point_of(dtype, rounding, seed, intervals, has_floats=True)
    number_type = float_type("dtype", np.float32 if numbers else dtype)
    require(
        fast or number_type == np.float64,
        "dtype",
        "float64",
        numbers.name if numbers else str(number_type),
        'Remove it, or set sums="fast".',
    )
    start = f"void {prefix}_start({type_name(prefix)} *net);" if keep_context else ""
    if not learn:
        require_no_learning(cost, bound, optimizer)
    saved = written_columns(network, C.name, keep_context, learn)
    require(
        bound is None or bound >= float(np.finfo(number_type).smallest_subnormal),
        "bound",
        f"above 0 in {number_type}",
        bound,
    )
    text = program_source(
        network,
        saved,
        prefix,
        numbers or number_type,
        fast=fast,
        context=keep_context,
        learns=learn,
        loadable=loadable,
        cost=network._cost(cost) if learn else get("squared_error"),
        bound=bound,
        optimizer=optimizer_of_program(optimizer, "C"),
    )
    return in_files(text, prefix, start, header)


FORMAT = program_format(
    C,
    "a C99 program",
    c_source,
    "https://www.open-std.org/jtc1/sc22/wg14/www/docs/n1256.pdf",
    write,
)
