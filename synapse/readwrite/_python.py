"""Networks as standalone programs in Python."""

from __future__ import annotations

import numpy as np

from .._checks import boolean, positive_number
from .._cost import Cost
from .._squash import LARGEST, SHARES, SINGLE
from ..objects.network import Network
from ..optimizers import Optimizer
from ._codegen import (
    Language,
    checked_prefix,
    program,
    program_format,
    require_no_learning,
)
from ._loops import LoopTerm, identifier, lines, loop_terms
from ._plan import written_columns, written_plan
from ._printed.interpreted import interpreted_source
from ._printed.python_text import HELPERS
from ._printed.ways import optimizer_of_program

# A group begins with its largest state, the first of equals.
FIRST_OF_PYTHON = """def fire_NAME(states):
    best = states.index(max(states))"""

PYTHON = Language(
    key="python",
    name="Python",
    comment="# ",
    call="{0}({1})",
    calls={
        "exp": "exp(min({0}, 709.0))",  # exp raises OverflowError above
        "expm1": "expm1(min({0}, 709.0))",
        "inf": "inf",
    },
    helpers={"log1p(": HELPERS["log1p"]},
    function="def {name}({names}):\n{body}",
    let="{0} = {1}",
    branch=("if {0}:", ""),
    returns=("return {0}", "return {0}"),
    unused="",
    fires={
        SINGLE: "def fire_NAME(states):\n    return [squash_NAME(s) for s in states]",
        LARGEST: (
            FIRST_OF_PYTHON
            + "\n    return [squash_NAME(s) if j == best else 0.0 for j, s in"
            " enumerate(states)]"
        ),
        SHARES: FIRST_OF_PYTHON
        + """
    shares = [exp(s - states[best]) for s in states]
    total = sum(shares)
    return [share / total for share in shares]""",
    },
    start="        self.value = list((\n    VALUES,\n        ))\n",
    taken=frozenset({"False", "None", "True", "ValueError"}),
    imported=(
        "copysign",
        "cos",
        "erf",
        "exp",
        "expm1",
        "inf",
        "log",
        "sin",
        "sqrt",
        "tanh",
    ),
)


def python_source(
    network: Network,
    keep_context: bool = False,
    *,
    prefix: str = "network",
    learn: bool = False,
    cost: str | Cost | None = None,
    bound: float | None = None,
    optimizer: str | Optimizer | None = None,
) -> str:
    """Write a network as a Python program that needs nothing but Python.

    The program is a module with a class ``Network`` with ``step(inputs)``, which takes
    and returns a list of numbers, and ``clear()``. Its outputs are those of the
    network, up to rounding. After an error nothing has changed. With `learn`, it also
    has ``learn(targets, rate)``, which is :meth:`synapse.Network.propagate` by the
    network's :attr:`~synapse.Network.rule`, ``numbers()`` and ``load(numbers)``, which
    carry all biases and weights. It runs in MicroPython, too.

    Parameters
    ----------
    network : Network
        The network. It is not changed. Its squashes must be built in, or have a formula
        that can be written, or be registered with ``written=``. Random neurons must be
        deterministic; the program computes their means.
    keep_context : bool
        Whether to start from the network's present states and activations. Default: a
        cleared context.
    prefix : str
        Names the class, so that programs can be used together: ``PitchNet`` for
        "pitch_net". Letters, digits and single underscores between them. Default:
        "network".
    learn : bool
        Whether the program can learn. Default: False.
    cost : str or Cost, optional
        Cost of a program that learns. Default: as in
        :meth:`synapse.Network.propagate`.
    bound : float, optional
        Largest absolute value of weights and biases that learn. Default: no bound.
    optimizer : str or Optimizer, optional
        Optimizer of a program that learns: an :class:`~synapse.optimizers.SGD`,
        RMSprop, AdaGrad, Adam or AdamW, or its name. Each update is then that of a
        :class:`synapse.Trainer` with this optimizer and ``batch_size=1``; the rate is
        that of the call. Default: the plain update of
        :meth:`synapse.Network.propagate`.

    Raises
    ------
    ArgumentError
        If `prefix` is no such name, the language has a name like the class, `bound` is
        not above 0, or there is a cost, a bound or an optimizer without `learn`.
    FormatError
        If a squash cannot be written in this language, or a random neuron is not
        deterministic; with `learn`, also if a slope, a cost or the optimizer cannot.
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
    if boolean("learn", learn):
        return interpreted_source(
            network,
            written_columns(
                network, PYTHON.key, PYTHON.name, keep_context, learns=True
            ),
            PYTHON,
            prefix=checked_prefix(prefix),
            cost=network._cost(cost),
            bound=None if bound is None else positive_number("bound", bound),
            optimizer=optimizer_of_program(optimizer, PYTHON.name),
            keep_context=keep_context,
        )
    require_no_learning(cost, bound, optimizer)
    plan = written_plan(network, PYTHON.key, PYTHON.name, keep_context)
    weights = [np.zeros(0)]
    blocks = []
    for stage in plan.stages:
        terms, rest = loop_terms(plan, stage)
        for i in rest:
            weight = plan.weights[i : i + 1, None]
            gater = None if plan.gater[i] < 0 else plan.gater[i]
            terms.append(
                LoopTerm(plan.source[i], plan.target[i], weight, False, gater, "")
            )
        weights += [term.weights.T.ravel() for term in terms]
        rows = [
            f"({term.target - stage.start}, {term.weights.shape[1]}, {term.source},"
            f" {len(term.weights)}, {term.parallel:d},"
            f" {-1 if term.gater is None else term.gater}, {term.along!r})"
            for term in terms
        ]
        fires = [
            f"(fire_{identifier(fire.squash)}, {fire.start}, {fire.stop})"
            for fire in stage.fires
        ]
        blocks.append(
            f"    ({stage.start}, {stage.stop}, [{lines(rows)}], [{lines(fires)}]),"
        )
    numbers = PYTHON.table(np.concatenate(weights))
    return program(
        PYTHON,
        plan,
        prefix=prefix,
        start=plan.start if keep_context else None,
        blocks="\n".join(blocks),
        weights=numbers,
    )


FORMAT = program_format(
    PYTHON,
    "a Python program",
    python_source,
    "https://docs.python.org/3/reference/",
)
