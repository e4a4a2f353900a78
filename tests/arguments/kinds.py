"""Odd values, and which of them a parameter may take by its name and annotation: it
refuses all others.

Where a value may be taken, its parameter's own tests say what it does; here it must not
raise another error."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

import architect
from synapse import Layer, Neuron


class Opaque:
    """A class of a caller's that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _recursive() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


ODD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "word": lambda: "no",
    "empty": lambda: "",
    "NUL": lambda: "a\0b",
    "surrogate": lambda: "\ud800",
    "0": lambda: 0,
    "-1": lambda: -1,
    "0.5": lambda: 0.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "10**400": lambda: 10**400,
    "complex": lambda: 1 + 2j,
    "masked": lambda: np.ma.masked,
    "[]": list,
    "set": lambda: {1.0, 0.5},
    "recursive": _recursive,
    "opaque": Opaque,
    "neuron": lambda: Neuron(name="odd"),
    "layer": lambda: Layer(2, name="odd"),
    "network": lambda: architect.Perceptron(2, 1, seed=0),
}
ANY = frozenset(ODD)
"""Of data, documents and files, whose own tests say what they take."""

BY_NAME = {
    "": "data gradient parameters pattern patterns target neuron other kind",
    "None": "dtype frozen sample_weight groups layout",
    "0 -1": "index",
    "0.5": (
        "epsilon most clip clip_value tolerance density leak coverage level"
        " regularization forgetting initial_variance measurement_noise held_out"
        " spectral_radius"
    ),
    "0 0.5": (
        "l1 l2 ridge slope still weight_decay process_noise goal context_decay decay"
        " min_rate momentum fraction sparsity threshold start end then radius rate"
        " dropout recurrent_dropout replacement_rate high validation factor scale"
    ),
    "0": (
        "backward self_connections washout epoch spread wrong successes count order"
        " gates steps"
    ),
    "10**400": "window",
    "word empty NUL surrogate": "name what title logger",
    "word": "checkpoint log_dir path prefix store",
}
"""The odd values that parameters of these names may take, whatever their annotation
says of numbers."""
BY_ANNOTATION = {
    "bool": "True",
    "float": "0 -1 0.5",
    "Seed": "None 0 10**400",
    "Neuron": "neuron",
    "Layer": "layer",
    "Network": "network",
    "Shown": "[] layer network",
    "Items": "layer network",
    "Iterable": "[]",
    "Sequence": "[]",
}
"""The same by a word of the annotation."""
OPEN = re.compile(r"ArrayLike|File|Floats|PathLike")
OPEN_NAMES = {
    "inputs",
    "targets",
    "outputs",
    "sources",
    "values",
    "neurons",
    "forecast",
    "times",
}


def may_be(name: str, parameter: inspect.Parameter) -> frozenset[str]:
    """The odd values that a parameter may take."""
    annotation = re.sub(r"\[.*?\]|\w+\.", "", str(parameter.annotation))
    words = set(re.findall(r"\w+", annotation))
    named = [values for values, names in BY_NAME.items() if name in names.split()]
    if not named and (
        OPEN.search(annotation)
        or (name in OPEN_NAMES and not words & {"int", "Neuron", "Size"})
    ):
        return ANY
    ranged = [values.split() for values in named] or [
        BY_ANNOTATION["float"].split() * ("float" in words)
    ]
    others = [
        values.split()
        for word, values in BY_ANNOTATION.items()
        if word in words and word != "float"
    ]
    return frozenset(sum([*ranged, *others], ["None"] * ("None" in words)))
