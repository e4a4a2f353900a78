"""Write networks as standalone programs in Python and JavaScript."""

from __future__ import annotations

import os
import re
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._checks import boolean, positive_number, suggests_arguments
from .._cost import Cost, get as cost_named
from ..objects.network import Network
from ..optimizers import Optimizer
from ._codegen import (
    Language,
    checked_prefix,
    filled,
    free_name,
    heading_of,
    program_format,
    require_no_learning,
)
from ._files import File, write
from ._plan import written_columns
from ._printed.alike import Sums
from ._printed.columns import CONTEXT_COLUMNS, is_whole, member
from ._printed.fixed_numbers import FIXED, FixedPoint, fixed_point_of
from ._printed.fixed_text import functions_of, parts_of
from ._printed.javascript_text import JavaScriptWriter
from ._printed.learner import LEARNING_ROOTS, PLAIN_ROOTS, Learner, expected_targets
from ._printed.python_text import CALLED, HELPERS, PythonWriter
from ._printed.ways import optimizer_of_program

PYTHON = Language(
    "python", "Python", "# ", frozenset({"False", "None", "True", "ValueError"})
)


JAVASCRIPT = Language(
    "javascript",
    "JavaScript",
    "// ",
    frozenset(
        {
            "Array",
            "Float64Array",
            "Infinity",
            "Int32Array",
            "Math",
            "Object",
            "RangeError",
        }
    ),
)


@suggests_arguments()
def python_source(
    network: Network,
    keep_context: bool = False,
    *,
    prefix: str = "network",
    learn: bool = False,
    cost: str | Cost | None = None,
    bound: float | None = None,
    optimizer: str | Optimizer | None = None,
    dtype: str | None = None,
    rounding: Literal["nearest", "stochastic"] | None = None,
    seed: int | None = None,
    intervals: int | None = None,
) -> str:
    """Write a network as a Python program that needs no packages.

    The program is a module with a class ``Network``, whose method ``step(inputs)``
    takes and returns a list of numbers, and whose method ``clear()`` clears the
    context. Its outputs equal the network's outputs, up to rounding. If a call raises
    an error, nothing changes. With `learn`, the class also has
    ``learn(targets, rate)``, which is :meth:`synapse.Network.propagate` by the
    network's :attr:`~synapse.Network.rule`, and ``numbers()`` and ``load(numbers)`` to
    read and set all biases and weights. The program also runs in MicroPython.

    Parameters
    ----------
    network : Network
        The network, which is not changed. Its squashes must be built in, have a formula
        that can be written, or be registered with ``written=``. Random neurons must be
        deterministic, and the program computes their means.
    keep_context : bool
        Whether to start from the network's present states and activations. Default:
        False, which starts from a cleared context.
    prefix : str
        Name of the class, to use programs together, such as "pitch_net" for
        ``PitchNet``. Use letters, digits and single underscores between them. Default:
        "network".
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
    dtype : {"q7.8", "q15.16"}, optional
        Fixed point, in which programs in all languages compute the same integers. The
        program then takes and returns integers, ``round(x * 256)`` in q7.8 and
        ``round(x * 65536)`` in q15.16, and None as a missing target. A rate is
        ``round(rate * 2**15)`` or ``round(rate * 2**31)``. Default: floats.
    rounding, seed, intervals
        Of fixed point, as for :func:`c_source`.

    Raises
    ------
    ArgumentError
        If `prefix` is not such a name, the language already uses the name of the class,
        `bound` is not above 0, a cost, a bound or an optimizer is given without
        `learn`, or, in fixed point, a number is beyond the range.
    FormatError
        If a squash cannot be written in this language, or a random neuron is not
        deterministic. With `learn`, also if a derivative, a cost or the optimizer
        cannot be written.
    ArgumentTypeError
        If `network` is not a Network.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=[[1.0], [2.0]])
    >>> program = {}
    >>> exec(python_source(Network(a, [], b)), program)
    >>> program["Network"]().step([2.0, -1.0])
    [0.5]
    """
    fixed = fixed_point_of(dtype, rounding, seed, intervals)
    learning = learn, cost, bound, optimizer
    return _source(network, PYTHON, keep_context, prefix, *learning, fixed)


@suggests_arguments()
def javascript_source(
    network: Network,
    keep_context: bool = False,
    *,
    prefix: str = "network",
    learn: bool = False,
    cost: str | Cost | None = None,
    bound: float | None = None,
    optimizer: str | Optimizer | None = None,
    dtype: str | None = None,
    rounding: Literal["nearest", "stochastic"] | None = None,
    seed: int | None = None,
    intervals: int | None = None,
) -> str:
    """Write a network as a JavaScript program, a class ``Network`` with the methods
    ``step`` and ``clear``.

    The program runs in browsers, as a script, and in Node, with ``require``. Scripts
    with different `prefix` can share a page. If the suffix of the file is ``.mjs``,
    :func:`synapse.save` writes an ES module for ``import`` instead. In a package whose
    type is "module", Node needs ``.cjs`` or ``.mjs``, because it reads ``.js`` as an ES
    module there. Parameters and errors are described at :func:`python_source`. The
    program itself raises RangeErrors, also for null, strings and booleans in place of
    numbers.
    """
    fixed = fixed_point_of(dtype, rounding, seed, intervals)
    learning = learn, cost, bound, optimizer
    return _source(network, JAVASCRIPT, keep_context, prefix, *learning, fixed)


SCRIPT_EXPORT = re.compile(r"if \(typeof module .*module\.exports\.(\w+) = \w+;\n$")
"""The last line of a script, which exports the class to Node."""


class Texts(NamedTuple):
    """The texts of a language that add sums and surround functions: a table, an
    instance's column that begins with numbers or with 0, and the context.
    """

    writer: Any
    sums: Sums
    table: str
    column: str
    zeros: str
    context: str
    between: str


TEXTS = {
    "python": Texts(
        PythonWriter,
        Sums(0, in_array=False, by_dots=True),
        "{name} = (\n{rows},\n)",
        # MicroPython makes tuples of numbers when it compiles, lists on its stack
        "        self.{name} = list((\n{rows},\n        ))",
        "        self.{name} = [{zero}] * {count}",
        "        self.{name} = list((\n{rows},\n        ))\n",
        "\n\n\n",
    ),
    "javascript": Texts(
        JavaScriptWriter,
        # its engines keep six sums in variables, but those of an array in memory
        Sums(6, in_array=False, by_dots=False),
        "const {name} = new {array}([\n{rows},\n]);",
        "        this.{name} = new {array}([\n{rows},\n        ]);",
        "        this.{name} = new {array}({count});",
        "        this.{name}.set([\n{rows},\n        ]);\n",
        "\n\n",
    ),
}


def javascript_kernels() -> str:
    """Return the kernels for any network as a module of JavaScript, with which
    ``network.js`` and ``store.js`` of ``synapse/draw/page`` learn in a page.

    The text depends on the version only, and is the same for all networks.

    Returns
    -------
    str
        The text of ``kernels.js``.

    Examples
    --------
    >>> "export const kernels" in javascript_kernels()
    True
    """
    from ._printed.page import page_source  # pages that learn alone need its rooms

    return page_source()


def write_javascript(path: File, script: str) -> None:
    """Write a program, as an ES module if the suffix is ``.mjs``."""
    if isinstance(path, str | os.PathLike) and Path(path).suffix.lower() == ".mjs":
        script = SCRIPT_EXPORT.sub(r"export { \1 };\n", script)
    write(path, script)


def _source(
    network: Network,
    language: Language,
    keep_context: bool,
    prefix: str,
    learn: bool,
    cost: str | Cost | None,
    bound: float | None,
    optimizer: str | Optimizer | None,
    fixed: FixedPoint | None,
) -> str:
    """Return the program of a network. With `learn`, it learns by the network's
    rule.
    """
    checked_prefix(prefix)
    if not boolean("learn", learn):
        require_no_learning(cost, bound, optimizer)
    saved = written_columns(network, language.name, keep_context, learn)
    chosen = network._cost(cost) if learn else cost_named("squared_error")
    texts = TEXTS[language.key]
    is_javascript = language.key == "javascript"
    learner = Learner(
        network,
        saved,
        language=language,
        scalar=str(network.dtype) if is_javascript and not fixed else "float64",
        cost=chosen,
        bound=None if bound is None else positive_number("bound", bound),
        optimizer=optimizer_of_program(optimizer, language.name),
        offered=LEARNING_ROOTS if learn else PLAIN_ROOTS,
        library=is_javascript and fixed is None,
        fixed=fixed,
        how=None if learn else texts.sums,
    )
    program = learner.program
    writer = texts.writer(program)
    tables = [
        _filled(texts.table, name.replace(".", "_").upper(), writer, learner, name)
        for name in program.columns
        if name not in program.changed
    ]
    tables += [
        texts.table.format(
            name=name, rows=writer.lines(numbers, "    "), array="Int32Array"
        )
        for numbers, name in writer.tables.items()
    ]
    columns = []
    context = []
    for name in sorted(program.changed):
        values = learner.data.columns[name]
        is_context = name in CONTEXT_COLUMNS
        flat = member(name)
        if values.any() and not is_context:
            columns.append(_filled(texts.column, flat, writer, learner, name))
            continue
        columns.append(
            texts.zeros.format(
                name=flat,
                zero="0" if is_whole(name) or fixed else "0.0",
                count=max(1, len(values)),
                array=_array(name, values),
            )
        )
        if values.any() and keep_context:
            context.append(_filled(texts.context, flat, writer, learner, name))
    functions = [*writer.helpers.values(), *writer.functions]
    parts = {
        "heading": heading_of(saved, language),
        "type": free_name(language, prefix),
        "inputs": learner.inputs,
        "outputs": learner.outputs,
        "numbers": learner.neurons + learner.connections,
        "imports": _imports(writer),
        "tables": "\n".join(tables),
        "functions": texts.between.join(functions),
        "columns": "\n".join(columns),
        "names": ", ".join(f'"{member(name)}"' for name in sorted(program.changed)),
        "start": "".join(context),
        "checked": filled(f"numbers{language.suffix}.in", {}).rstrip(),
        "zero": "0.0",
        "array": "Float64Array",
        "rate": "rate",
        "is_finite": "Number.isFinite" if is_javascript else "map(isfinite, inputs)",
        "expected": expected_targets(chosen),
        "kept": ", ".join(f"self.{member(n)}[:]" for n in sorted(program.changed)),
        "restored": ", ".join(f"self.{member(n)}" for n in sorted(program.changed)),
    }
    if fixed is not None:
        parts |= _parts_of_integers(fixed, writer, functions, is_javascript)
    template = "learner" if learn else "program"
    return filled(f"{template}{language.suffix}.in", parts)


def _parts_of_integers(
    fixed: FixedPoint, writer: Any, functions: list[str], is_javascript: bool
) -> dict[str, Any]:
    """Return the parts of a program in fixed point that differ."""
    parts = parts_of(fixed)
    if is_javascript and fixed.bits == 32:
        parts |= {name: f"{parts[name]}n" for name in ("highest", "lowest")}
    checked = filled(f"integers{writer.suffix}.in", parts).rstrip()
    parts["table"] = writer.rows(fixed.table()[:-1], "    ")
    text = "\n".join((*functions, checked))
    called = functions_of(text, f"fixed{writer.suffix}.in", "", parts)
    test = "(a) => a !== MISSING" if is_javascript else "a != MISSING for a in inputs"
    between = TEXTS["javascript" if is_javascript else "python"].between
    return {
        "functions": between.join((*called.values(), *functions)),
        "checked": checked,
        "zero": "0",
        "array": parts["array"],
        "rate": 'numbersOf([rate], 1, "rate")[0]',
        "is_finite": test,
    }


def _imports(writer: Any) -> str:
    """Return the imports of a program in Python."""
    if not isinstance(writer, PythonWriter):
        return ""
    names = {*writer.imported, "isfinite"}
    absent = sorted(names & CALLED.keys())  # in MicroPython
    names |= {CALLED[name] for name in absent}
    lines = [f"from math import {', '.join(sorted(names - {*absent}))}"]
    for name in absent:
        lines += ["try:", f"    from math import {name}", "except ImportError:"]
        lines.append(indent(HELPERS[name], "    "))
    if "unpack(" in "".join(writer.helpers.values()):
        lines.append("from struct import pack, unpack")
    return "\n".join(lines)


def _filled(text: str, title: str, writer: Any, learner: Learner, name: str) -> str:
    values = learner.data.columns[name]
    indent = "    " if text.startswith(("{", "c")) else "            "
    rows = writer.rows(values, indent)
    return text.format(name=title, rows=rows, array=_array(name, values))


def _array(name: str, values: NDArray[Any]) -> str:
    """Return the typed array of a column in JavaScript."""
    if name == "random":
        return "BigUint64Array"
    if values.dtype == np.float32:
        return "Float32Array"
    if values.dtype in (np.uint16, np.uint32) and name in FIXED.places:
        return f"Uint{8 * values.dtype.itemsize}Array"
    if values.dtype == np.int16:
        return "Int16Array"
    return "Float64Array" if values.dtype.kind == "f" else "Int32Array"


FORMATS = (
    program_format(
        PYTHON,
        "a Python program",
        python_source,
        "https://docs.python.org/3/reference/",
    ),
    program_format(
        JAVASCRIPT,
        "a JavaScript program",
        javascript_source,
        "https://tc39.es/ecma262/",
        write_javascript,
    ),
)
