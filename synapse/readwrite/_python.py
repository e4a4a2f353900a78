"""Networks as standalone programs in Python."""

from __future__ import annotations

from .._cost import Cost
from ..objects.network import Network
from ..optimizers import Optimizer
from ._codegen import Language, program_format
from ._printed.interpreted import interpreted_source

PYTHON = Language(
    "python", "Python", "# ", frozenset({"False", "None", "True", "ValueError"})
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
    return interpreted_source(
        network, PYTHON, keep_context, prefix, learn, cost, bound, optimizer
    )


FORMAT = program_format(
    PYTHON,
    "a Python program",
    python_source,
    "https://docs.python.org/3/reference/",
)
