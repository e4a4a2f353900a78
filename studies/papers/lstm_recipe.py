"""Which settings of an LSTM learn most tasks: the measurements behind the defaults of
``architect.LSTM``."""

from __future__ import annotations

from typing import Any

import architect
from synapse.initializers import uniform
from synapse.tasks import EmbeddedReber, Recall, Task

from ..tasks import DelayedXor
from ._learn import learn, trainer
from ._paper_table import Measure, PaperTable, Row

BLOCKS = 8
TASKS: dict[str, tuple[Task, int, int]] = {
    "Reber": (EmbeddedReber(), 250, 20_000),
    "recall": (Recall(), 250, 20_000),
    "delayed XOR": (DelayedXor(), 500, 20_000),
}
RATES = {"online": 0.1, "exact online": 0.1, "through time": 0.01}


def trial(
    seed: int, rule: str, weights: float | str, biases: list[float], **lstm: Any
) -> dict[str, Any]:
    """Train an LSTM with eight blocks on each task; `weights` is a range or the name of
    an initializer.

    `biases` are those of input, forget and output gates.
    """
    training: dict[str, Any] = {}
    names = ("input_gate_bias", "forget_gate_bias", "output_gate_bias")
    gates: dict[str, Any] = dict(zip(names, biases, strict=True))
    for name, (task, every, most) in TASKS.items():
        network = architect.LSTM(
            task.inputs,
            BLOCKS,
            task.outputs,
            initializer=weights if isinstance(weights, str) else uniform(weights),
            seed=seed,
            **gates,
            **lstm,
        )
        learner = trainer(network, rule, RATES[rule])
        training[name] = learn(task, learner, seed, every=every, most=most, measured=1)[
            "needed"
        ]
    return {
        **training,
        "solved": sum(needed is not None for needed in training.values()),
    }


SYNAPTIC: dict[str, Any] = {
    "weights": 0.1,
    "biases": [1.0, 1.0, 1.0],
    "style": "synaptic",
}
LINEAR: dict[str, Any] = {"peepholes": None, "cell_squash": "identity"}
SETTINGS: dict[str, dict[str, Any]] = {
    "biases 1, 1, 1; weights ±0.1 (the default before)": {
        "weights": 0.1,
        "biases": [1.0, 1.0, 1.0],
    },
    "biases 0, 1, 0; weights ±1/√fan-in": {
        "weights": "fan_in",
        "biases": [0.0, 1.0, 0.0],
    },
    "biases 0, 3, 0; weights ±0.1": {"weights": 0.1, "biases": [0.0, 3.0, 0.0]},
    "biases 0, 3, 0; weights ±1/√fan-in (the default)": {
        "weights": "fan_in",
        "biases": [0.0, 3.0, 0.0],
    },
    'style "synaptic", its defaults': SYNAPTIC,
    'style "synaptic", linear cells, no peepholes': {**SYNAPTIC, **LINEAR},
}

TABLE = PaperTable(
    trial,
    [
        Row(f"{rule}: {name}", seeds=20, rule=rule, **setting)
        for rule in RATES
        for name, setting in SETTINGS.items()
    ],
    [
        Measure("solved", "tasks solved, of 3", ".1f", log=False),
        *(Measure(name, name) for name in TASKS),
    ],
    solved=None,
)
