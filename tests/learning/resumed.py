"""Trainings of every kind, and what must be the same after one was broken off and
continued."""

import numpy as np

import architect
import synapse
from synapse import Trainer, learning, optimizers

RNG = np.random.default_rng(7)
STREAM = RNG.random((24, 2)), RNG.random((24, 1))
SAMPLES = RNG.random((11, 2)), RNG.random((11, 1)).round()
SEQUENCES = (
    [RNG.random((n, 2)) for n in (4, 6, 3, 5)],
    [RNG.random((n, 1)) for n in (4, 6, 3, 5)],
)
DATA = {"stream": STREAM, "samples": SAMPLES, "sequences": SEQUENCES}
HELD_OUT = [RNG.random((4, 2))], [RNG.random((4, 1))]


def noisy():
    net = architect.Perceptron(2, 4, 1, seed=0)
    net.hidden[0].squash = "bernoulli"
    net.reseed(0)
    return net


def tied():
    net = architect.Elman(2, 3, 1, seed=0)
    synapse.tie(net.connections[:2])
    net.connections[4].trainable = False
    return net


NETWORKS = {
    "lstm": lambda: architect.LSTM(2, 3, 1, seed=0),
    "elman": lambda: architect.Elman(2, 3, 1, seed=0),
    "perceptron": lambda: architect.Perceptron(2, 4, 1, seed=0),
    "float32": lambda: architect.Elman(2, 4, 1, dtype="float32", seed=0),
    "noisy": noisy,
    "tied": tied,
}
EXACT = {"rule": "bptt", "batch_size": 2}
RATES = {
    "step": learning.StepDecay(0.1, 0.5, 2),
    "exponential": learning.StepDecay(0.1, 0.9, 1),
    "cosine": learning.Cosine(0.1, 5),
    "plateau": learning.ReduceOnPlateau(0.3, patience=1, threshold=0.2),
    "warm": learning.WarmUp(2, learning.ReduceOnPlateau(0.2, patience=1)),
}
TRAINERS = {
    "online": {"rate": 0.1},
    "online, momentum": {
        "optimizer": optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    },
    "online, clipped": {
        "optimizer": optimizers.Adam(0.02),
        "batch_size": 5,
        "clip": 0.5,
        "l2": 0.01,
    },
    "adam": {**EXACT, "optimizer": optimizers.Adam(0.02, amsgrad=True)},
    "adamw": {
        **EXACT,
        "optimizer": optimizers.AdamW(0.02),
        "l1": 0.01,
        "clip_value": 0.1,
        "window": 3,
    },
    "rmsprop": {
        **EXACT,
        "optimizer": optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    },
    "adagrad": {**EXACT, "optimizer": optimizers.AdaGrad(0.05)},
    "rprop": {"rule": "bptt", "batch_size": 100, "optimizer": optimizers.Rprop()},
    "lbfgs": {"rule": "bptt", "optimizer": optimizers.LBFGS(history_size=3)},
    "rls": {"optimizer": optimizers.RLS(forgetting=0.99)},
    "dekf": {
        "rule": "rtrl",
        "optimizer": optimizers.DEKF(measurement_noise=(1.0, 0.1), annealing=50),
    },
    "rtrl, order": {"rule": "rtrl", "reach": 1, "optimizer": optimizers.Adam(0.01)},
    "dropout": {
        **EXACT,
        "optimizer": optimizers.Adam(0.02),
        "dropout": 0.3,
        "recurrent_dropout": 0.2,
    },
    **{
        f"adam {name}": {**EXACT, "optimizer": optimizers.Adam(), "rate": rate}
        for name, rate in RATES.items()
    },
}


BPTT = {"rule": "bptt"}
RTRL = {"rule": "rtrl"}
EXAMPLES = {
    "rule": [("bptt", {}), ("rtrl", {})],
    "reach": [(1, RTRL)],
    "batch_size": [(3, BPTT), (2, {}), ("sequence", RTRL)],
    "window": [(2, BPTT)],
    "clip": [(0.01, {})],
    "clip_value": [(0.001, BPTT)],
    "l1": [(0.01, {})],
    "l2": [(0.1, BPTT)],
    "optimizer": [
        (
            trainer["optimizer"],
            {name: value for name, value in trainer.items() if name != "optimizer"},
        )
        for trainer in TRAINERS.values()
        if "optimizer" in trainer and "rate" not in trainer
    ],
    "rate": [
        (0.3, {}),
        *((rate, condition) for rate in RATES.values() for condition in ({}, EXACT)),
    ],
    "cost": [("mean_squared_error", {})],
    "dropout": [(0.3, BPTT), ({"hidden": 0.4}, BPTT)],
    "recurrent_dropout": [(0.2, BPTT), ({"hidden": 0.4}, BPTT)],
    "threads": [(2, BPTT)],
    "renewal": [
        (learning.ContinualBackprop(replacement_rate=1.0, maturity_threshold=1), more)
        for more in ({}, BPTT, {**RTRL, "optimizer": optimizers.Adam(0.02)})
    ],
    "only": [(("hidden",), {}), (("output",), BPTT), (("hidden",), RTRL)],
}
"""Values of every option of a trainer, none its default, each with other options that
it needs."""


def bits(trainer, result):
    """The weights, the history, and the random numbers to come, as text and bytes."""
    net = trainer.network
    context = repr([(neuron.state, neuron.activation, neuron.bias) for neuron in net])
    draws = trainer._paused.rng().random(3)
    columns = {
        name: np.array(values).tobytes() for name, values in result.history.items()
    }
    return (
        net.weights.tobytes(),
        net.biases.tobytes(),
        context,
        columns,
        draws.tobytes(),
        result.stop_reason,
    )


def trained(network, options, data, epochs, **extra):
    """A whole training."""
    trainer = Trainer(NETWORKS[network](), **TRAINERS[options])
    return trainer, trainer.train(
        *DATA[data], epochs=epochs, progress=False, seed=3, **extra
    )
