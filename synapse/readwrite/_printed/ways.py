"""Choose the optimizers that programs can have, and collect the facts about them and a
network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._typing import Ints
from ...engine.language.tree import Node, known
from ...engine.language.words import table, word
from ...errors import FormatError
from ...optimizers import SGD, AdaGrad, Adam, AdamW, RMSprop
from ...optimizers._descent import BuiltIn
from ...optimizers._names import checked_optimizer
from . import optimizing
from .optimizing import Optimizing, Parameters
from .specialised import KnownColumns

WAYS: dict[type, tuple[Any, Any]] = {
    SGD: (optimizing.plain_factors, optimizing.sgd),
    RMSprop: (optimizing.plain_factors, optimizing.rmsprop),
    AdaGrad: (optimizing.plain_factors, optimizing.adagrad),
    Adam: (optimizing.adam_factors, optimizing.adam),
    AdamW: (optimizing.adam_factors, optimizing.adam),
}
"""Functions of each optimizer, which compute the factors of a step, and the change."""


def optimizer_of_program(optimizer: Any, language: str) -> BuiltIn | None:
    """Return an optimizer, given as to a trainer, or raise unless programs have it."""
    checked = checked_optimizer("optimizer", optimizer)
    if checked is None or type(checked) in WAYS:
        return checked  # type: ignore[return-value]
    *others, last = (kind.__name__ for kind in WAYS)
    raise FormatError(
        f"The optimizer {type(checked).__name__} cannot be written in {language}. Use"
        f" {', '.join(others)} or {last}."
    )


def way_of(
    optimizer: BuiltIn, data: KnownColumns, rows: list[int], inputs: int, scalar: str
) -> Optimizing:
    """Return the facts about an optimizer, and add its memory to the columns of a
    program. `rows` are the rows of the weights, in the order of the network.
    """
    columns = data.columns
    weights = _parameters(rows, columns["tie"], columns["trainable"], 0)
    neurons = [*range(inputs, len(columns["bias"]))]
    learns = columns["trainable_bias"]
    biases = _parameters(neurons, columns["bias_tie"], learns, weights.count)
    size = weights.count + biases.count
    for name, start in optimizer.slots().items():
        columns[f"optimizer.{name}"] = np.full(max(1, size), start, scalar)
    columns["optimizer.steps"] = np.zeros(1, np.int64)
    factors, change = WAYS[type(optimizer)]
    signed = bool(columns["sign"].any())
    number = np.dtype(scalar).type
    settings = optimizer._settings()
    return Optimizing(number, factors, change, settings, weights, biases, signed)


def _parameters(rows: list[int], ties: Ints, learns: Any, begin: int) -> Parameters:
    """Return the parameters in some rows that learn, with shared parameters only
    once.
    """
    groups: dict[Any, list[int]] = {}
    for row in rows:
        tie = int(ties[row])
        groups.setdefault(("tie", tie) if tie else row, []).append(row)
    learning = sorted(group for group in groups.values() if learns[group].any())
    pairs = [(first, other) for first, *others in learning for other in others]
    firsts, others = zip(*pairs, strict=True) if pairs else ((), ())
    leading = [group[0] for group in learning]
    return Parameters(
        len(leading), _word(leading), begin, len(pairs), _word(firsts), _word(others)
    )


def _word(rows: Any) -> Any:
    """Return a word that maps an index to its row, by a sum if rows are consecutive."""
    start = rows[0] if len(rows) else 0
    if [*rows] != [*range(start, start + len(rows))]:
        return table(rows)

    @word(NotImplemented)
    def consecutive(t: Any, index: Node) -> Node:
        return t.binary("Add", index, known(start))

    return consecutive
