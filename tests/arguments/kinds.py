"""Odd values, what each kind of parameter makes of them, and which kind a parameter usually is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

import architect
from synapse import Layer, Neuron

Kind = frozenset[str]
"""The odd values that are accepted, by name; "50 warned" is accepted with a warning, and with
"True skipped" a call would run for days.
"""


class Text(str):
    """A class of a caller's that is a string."""


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
    "False": lambda: False,
    "numpy True": lambda: np.True_,
    "word": lambda: "no",
    "digit": lambda: "1",
    "empty": lambda: "",
    "bytes": lambda: b"1",
    "0": lambda: 0,
    "-1": lambda: -1,
    "0.5": lambda: 0.5,
    "50": lambda: 50,
    "10**9": lambda: 10**9,
    "1e39": lambda: 1e39,
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: -np.inf,
    "complex": lambda: 1 + 2j,
    "numpy complex": lambda: np.complex128(0.5),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.array([0.5, 0.5], mask=[False, True]),
    "masked number": lambda: np.ma.array(0.5, mask=True),
    "objects": lambda: np.array([object(), object()]),
    "[]": list,
    "{}": dict,
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "words": lambda: ["0.5", "0.5"],
    "recursive": _recursive,
    "object": object,
    "opaque": Opaque,
    "class": lambda: int,
    "function": lambda: lambda: 0,
    "generator": lambda: (i for i in range(2)),
    "numpy float": lambda: np.float32(0.5),
    "numpy int": lambda: np.int64(3),
    "decimal": lambda: Decimal("0.5"),
    "fraction": lambda: Fraction(1, 2),
    "0-d float": lambda: np.array(0.5),
    "0-d int": lambda: np.array(3),
    "0-d bool": lambda: np.array(True),
    "text": lambda: Text("tanh"),
    "neuron": lambda: Neuron(name="odd"),
    "layer": lambda: Layer(2, name="odd"),
    "network": lambda: architect.Perceptron(2, 1, seed=0),
}

# --- what a kind of parameter accepts: all else is refused --------------------------------------------

NOTHING: Kind = frozenset()
NONE = frozenset({"None"})
BOOLEAN = frozenset({"True", "False", "numpy True"})
UNIT = frozenset({"0", "0.5", "numpy float", "decimal", "fraction", "0-d float"})
NUMBER32 = UNIT | {"-1", "50", "10**9", "numpy int", "0-d int"}
NUMBER = NUMBER32 | {"1e39"}
NOT_NEGATIVE = NUMBER - {"-1"}
POSITIVE = NOT_NEGATIVE - {"0"}
FRACTION = UNIT - {"0"}
INDEX = frozenset({"0", "-1"})
COUNT = frozenset({"50", "10**9", "numpy int", "0-d int"})
WHOLE = COUNT | {"0"}
SMALL = frozenset({"numpy int", "0-d int"})
SIZE = SMALL | {"50"}
SEED = WHOLE | {"None", "10**400", "10**5000"}
TEXT = frozenset({"word", "digit", "empty", "text"})
WORD = frozenset({"text"})  # tanh, by a string of another class
NEURON, LAYER, NETWORK = frozenset({"neuron"}), frozenset({"layer"}), frozenset({"network"})
EITHER = frozenset({"either"})
"""Data, documents and files, whose own tests say what they accept: here either is right, so long as a
refusal is a sentence that changes nothing."""
EMPTY = frozenset({"[]", "{}"})
PROGRESS = BOOLEAN | TEXT | {f"{bar} skipped" for bar in ("True", "numpy True", *TEXT)}
RATE = NOT_NEGATIVE | {f"{rate} warned" for rate in ("50", "10**9", "1e39")}
NOT_NEGATIVE32 = NUMBER32 - {"-1"}
RATE32 = NOT_NEGATIVE32 | {f"{rate} warned" for rate in ("50", "10**9")}

# --- what a parameter of a name, or of an annotation, usually accepts ---------------------------------

BY_NAME: dict[str, Kind] = {
    **dict.fromkeys(("data", "gradient", "layout", "parameters", "pattern", "patterns"), NOTHING),
    **dict.fromkeys(("dtype", "frozen", "sample_weight"), NONE),
    **dict.fromkeys(("activations", "inputs", "neurons", "outputs", "sources", "targets"), EITHER),
    **dict.fromkeys(("factor", "l1", "l2", "ridge", "scale", "slope", "still", "weight_decay"), NOT_NEGATIVE),
    **dict.fromkeys(("epsilon", "most", "rate", "tolerance"), POSITIVE),
    **dict.fromkeys(("context_decay", "decay", "least", "momentum", "share", "threshold"), UNIT),
    **dict.fromkeys(("density", "leak"), FRACTION),
    **dict.fromkeys(("backward", "gates", "self_connections", "washout"), SMALL | {"0"}),
    **dict.fromkeys(("epochs", "every", "iterations", "patience", "sweeps"), COUNT),
    **dict.fromkeys(("folds", "kernel", "prompts"), SMALL),
    **dict.fromkeys(("filters", "stride"), SIZE),
    "epoch": WHOLE,
    "name": TEXT | NONE,
    "start": RATE,
    "what": TEXT,
    "window": COUNT | NONE | {"10**400", "10**5000"},
}
BY_ANNOTATION: dict[str, Kind] = {
    **dict.fromkeys(
        ("str", "str | Cost", "str | Initializer", "Callable", "Callback", "Executor", "Initializer"), NOTHING
    ),
    **dict.fromkeys(("Axes", "Connection", "Mapping", "Projection", "Sequence", "tuple"), NOTHING),
    **dict.fromkeys(("ArrayLike", "ArrayLike | Log", "File", "Floats"), EITHER),
    "bool": BOOLEAN,
    "float": NUMBER,
    "int": SIZE,
    "str | Squash": WORD,
    "Seed": SEED,
    "Neuron": NEURON,
    "Layer": LAYER,
    "Network": NETWORK,
}
"""Without modules, brackets and a None at the end, which adds None to what is accepted."""


def usual(parameter: inspect.Parameter) -> Kind | None:
    """What a parameter accepts where its row does not say it: by its name, or else by its annotation."""
    if parameter.name in BY_NAME:
        return BY_NAME[parameter.name]
    annotation = re.sub(r"\[.*\]|\w+\.", "", str(parameter.annotation))
    kind = BY_ANNOTATION.get(annotation.removesuffix(" | None"))
    return kind | NONE if kind is not None and annotation.endswith(" | None") else kind
