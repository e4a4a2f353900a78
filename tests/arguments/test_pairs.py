"""Pairs of arguments of one call, of which one makes the other void.

The list was made by reading every pair of parameters of the public calls (6,862 in 261
calls) and running those that may exclude each other. A pair is refused by a sentence
with both names, or both are used, or the page of the call says why one is not."""

from __future__ import annotations

import functools
import io
import re
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

import architect
import synapse
from synapse import (
    Layer,
    Model,
    Network,
    Neuron,
    Scale,
    Trainer,
    analysis,
    draw,
    evolve,
    experiments,
    forecasting,
    learning,
    optimizers,
    readwrite,
    reward,
)
from synapse.errors import SynapseError

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(12, 2))
TARGETS = (ROWS[:, :1] > 0).astype(float)
SERIES = np.sin(np.arange(30.0))[:, None]


# --- calls whose answers show what they have used -------------------------------------


def seen(network):
    """All numbers of a network that arguments may change."""
    table = synapse.Topology.of(network)
    names = ("weight", "bias", "delay", "sign", "trainable", "gater", "squash")
    return [np.asarray(getattr(table, name)).tolist() for name in names]


def perceptron():
    return architect.Perceptron(2, 3, 1, seed=0)


def elman():
    return architect.Elman(1, 2, 1, output_squash="identity", seed=0)


def linked(**options):
    source, target = Layer(2, name="a"), Layer(2, name="b")
    return seen(Network(source, [], target)) + links(source.project(target, **options))


def links(projection):
    return [(c.weight, c.trainable, c.delay, c.sign) for c in projection]


def looped(**options):
    layer = Layer(2)
    return links(layer.project(layer, **options))


def layer_of(**options):
    return [(n.squash.name, n.bias) for n in Layer([Neuron(), Neuron()], **options)]


def propagated(**options):
    net = perceptron()
    net.activate([0.1, 0.2])
    net.propagate(**options)
    return seen(net)


def trained(net=perceptron, data=(ROWS, TARGETS), options=(), **arguments):
    net = net()
    trainer = Trainer(net, **dict(options))
    arguments = {"epochs": 3, "seed": 0, "progress": False, **arguments}
    result = trainer.train(*data, **arguments)
    return seen(net), result.epochs, repr(sorted(result.history))


def with_options(**options):
    return trained(options=options, epochs=options.pop("epochs", 3))


def streamed(**arguments):
    batches = [(ROWS[:6], TARGETS[:6]), (ROWS[6:], TARGETS[6:])]
    return trained(data=(batches,), options={"rule": "bptt"}, **arguments)


def model_of(**options):
    return Model(
        architect.Perceptron(2, 2, output_squash="softmax", seed=0), **options
    ).classes


def kalman(**options):
    parameters = np.array([1.0, 2.0])
    state = optimizers.DEKF(**options).begin(parameters)
    for i in range(4):
        state.step(parameters, np.array([[1.0, 0.5 + i]]), [0.5])
    return parameters.tolist()


def recorded(*variables, **options):
    net = perceptron()
    with synapse.record(
        net, *variables, **{name: choose(net) for name, choose in options.items()}
    ) as log:
        net.activate([1.0, 2.0])
    return {name: log[name].shape for name in log.keys()}  # noqa: SIM118


def made(name):
    def make(*sizes, **options):
        return seen(getattr(architect, name)(*sizes, seed=0, **options))

    return make


def evolved(**settings):
    return repr(
        evolve.neat(
            evolve.fitness.xor,
            population=10,
            max_evaluations=60,
            settings=evolve.Settings(**settings),
            seed=0,
            progress=False,
        ).history
    )


def bred(**options):
    few = {"population": 3, "max_evaluations": 3, "seed": 0, "progress": False}
    return evolve.neat(evolve.fitness.xor, **few, **options).evaluations


def levers():
    pulled = ([0.0, 1.0], 1.0, True, False, {})
    return SimpleNamespace(
        reset=lambda seed: ([0.0, 1.0], {}), step=lambda action: pulled
    )


def agent():
    return reward.QLearning(
        architect.Perceptron(2, 2, squash="identity", seed=0), seed=0
    )


def run(**options):
    return reward.run(
        agent(), levers(), steps=6, seed=0, progress=False, **options
    ).test_returns.shape


def run_many(**options):
    return reward.run_many([agent()], levers, steps=6, seed=0, **options)[0].steps


def trial(seed, factor=1.0):
    return {"x": factor * seed}


def trials(**options):
    return len(experiments.run_trials(trial, seeds=[1], progress=False, **options))


def swept(**options):
    options = {"grid": {"factor": [2.0]}, "progress": False, **options}
    return len(experiments.sweep(trial, seeds=[1], **options))


def ended_run():
    lengths = np.full(10, 2)
    return reward.Run(
        np.arange(10.0), lengths, 20, 1.0, "steps", np.array([0, 9]), np.ones((2, 3))
    )


def picture(function):
    @functools.wraps(function)
    def drawn(**options):
        pyplot = pytest.importorskip("matplotlib.pyplot")
        pyplot.close("all")
        function(**options)
        file = io.BytesIO()
        pyplot.gcf().savefig(file, format="raw", dpi=30)
        pyplot.close("all")
        return file.getvalue()

    return drawn


returns = picture(lambda **options: draw.returns(ended_run(), **options))
raster = picture(lambda **options: draw.raster(ROWS, **options))
drawing = picture(lambda **options: draw.network(perceptron(), **options))


def joined(squash=None, **options):
    graph = nx.DiGraph([("x", "y", {"weight": 0.5})])
    return seen(synapse.from_networkx(graph, seed=0, **options))


def forecast(**options):
    return np.asarray(synapse.forecast(elman(), SERIES, 3, **options)).tolist()


def wired(n_inputs, n_outputs, seed):
    return architect.Perceptron(
        n_inputs, 3, n_outputs, output_squash="identity", seed=seed
    )


def stream(**options):
    estimator = pytest.importorskip(
        "synapse.river", exc_type=ImportError
    ).NetworkRegressor(seed=0, **options)
    for a, b in ROWS.tolist():
        estimator.learn_one({"a": a, "b": b}, a + b)
    return estimator.predict_one({"a": 1.0, "b": 2.0})


def taught_twice(**options):
    sklearn = pytest.importorskip("synapse.sklearn", exc_type=ImportError)
    labels = np.where(TARGETS[:, 0] > 0, "a", "b")
    estimator = sklearn.NetworkClassifier(random_state=0)
    estimator.partial_fit(ROWS, labels, classes=["a", "b"])
    return estimator.partial_fit(ROWS, labels, **options).predict_proba(ROWS).tolist()


def table_options(**options):
    return repr(
        pytest.importorskip("synapse.tables", exc_type=ImportError).TrainingOptions(
            **options
        )
    )


def compared(learning=None, **options):
    tables = pytest.importorskip("synapse.tables", exc_type=ImportError)
    pandas = pytest.importorskip("pandas")
    made = None if learning is None else tables.TrainingOptions(**learning)
    frame = pandas.DataFrame({"y": SERIES[:, 0]})
    options = {"build": (), "methods": ["naive"], **options}
    return repr(tables.compare_series(frame, ["y"], made, **options).summary)


def as_series(**options):
    return pytest.importorskip("synapse.tables", exc_type=ImportError).read_series(
        pytest.importorskip("pandas").DataFrame({"y": [1.0, 2.0]}), ["y"], **options
    )


def from_parquet(tmp_path, **options):
    tables = pytest.importorskip("synapse.tables", exc_type=ImportError)
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas").DataFrame({"y": [1.0, 2.0]}).to_parquet(
        tmp_path / "t.parquet"
    )
    return tables.read_table(tmp_path / "t.parquet", **options).to_dict()


# --- the table ------------------------------------------------------------------------

REFUSED = {
    ("initializer", "weights"): (linked, {"weights": 0.5}, {"initializer": "he"}),
    ("initializer", "kind"): (looped, {}, {"initializer": "he"}),
    ("initializer", "kind one_to_one"): (
        looped,
        {"kind": "one_to_one"},
        {"initializer": "he"},
    ),
    ("self_connections", "kind"): (
        looped,
        {"kind": "all_to_else"},
        {"self_connections": True},
    ),
    ("weights", "kind"): (
        linked,
        {"kind": "one_to_one"},
        {"weights": [[1.0, 2.0], [3.0, 4.0]]},
    ),
    ("weights", "kind mask"): (
        linked,
        {"kind": np.eye(2, dtype=bool)},
        {"weights": [[1.0, 2.0], [3.0, 4.0]]},
    ),
    ("weights", "kind density"): (
        linked,
        {"kind": 0.9, "seed": 0},
        {"weights": [[1.0, 2.0], [3.0, 4.0]]},
    ),
    ("squash", "neurons"): (layer_of, {}, {"squash": "tanh"}),
    ("bias", "neurons"): (layer_of, {}, {"bias": 1.0}),
    ("dtype", "neurons"): (layer_of, {}, {"dtype": np.float32}),
    ("cost", "targets"): (propagated, {}, {"cost": "squared_error"}),
    ("targets", "errors"): (propagated, {"errors": [0.5]}, {"targets": [1.0]}),
    ("target_scale", "task"): (
        model_of,
        {},
        {"target_scale": Scale.fixed([1.0, 2.0], [1.0, 1.0])},
    ),
    ("reach", "rule"): (with_options, {"rule": "bptt"}, {"reach": 2}),
    ("window", "rule"): (with_options, {"rule": "online"}, {"window": 2}),
    ("Dropout", "rule"): (with_options, {"rule": "rtrl"}, {"dropout": 0.5}),
    ("clip", "L-BFGS"): (
        with_options,
        {"rule": "bptt", "optimizer": "lbfgs"},
        {"clip": 0.1},
    ),
    ("renewal", "LBFGS"): (
        with_options,
        {"rule": "bptt", "optimizer": "lbfgs"},
        {"renewal": learning.ContinualBackprop()},
    ),
    ("sample_weight", "rule"): (trained, {}, {"sample_weight": np.ones(12)}),
    ("class_weight", "rule"): (trained, {}, {"class_weight": {0: 1.0, 1: 5.0}}),
    ("min_delta", "patience"): (trained, {}, {"min_delta": 0.5}),
    ("checkpoint_every", "checkpoint"): (trained, {}, {"checkpoint_every": 2}),
    ("Shuffle", "stream"): (streamed, {}, {"shuffle": True}),
    ("validation", "stream"): (streamed, {}, {"validation": 0.5}),
    ("metrics", "stream"): (streamed, {}, {"metrics": ["accuracy"]}),
    ("nesterov", "momentum"): (
        lambda **k: optimizers.SGD(**k).slots(),
        {},
        {"nesterov": True},
    ),
    ("annealing", "process_noise"): (kalman, {}, {"annealing": 2}),
    ("calibration", "interval"): (forecast, {}, {"coverage": 0.5}),
    ("future", "input"): (forecast, {}, {"future": np.zeros((2, 0))}),
    ("weight", "attribute"): (joined, {}, {"weight": "mass"}),
    ("connections", "variable"): (
        recorded,
        {},
        {"connections": lambda net: list(net.connections)},
    ),
    ("bound", "learn"): (
        lambda **k: readwrite.c_source(perceptron(), **k),
        {},
        {"bound": 2.0},
    ),
    ("dtype", "sums"): (
        lambda **k: readwrite.c_source(perceptron(), **k),
        {"sums": "exact"},
        {"dtype": np.float32},
    ),
    ("retry", "store"): (trials, {}, {"retry": True}),
    ("retry", "store of a sweep"): (swept, {}, {"retry": True}),
    ("stagnation", "select"): (evolved, {"select": "pareto"}, {"stagnation": 2}),
    ("refocus", "select"): (evolved, {"select": "novelty"}, {"refocus": 2}),
    ("resume", "checkpoint"): (bred, {}, {"resume": True}),
    ("resume", "checkpoint of a run"): (run, {}, {"resume": True}),
    ("test_episodes", "test_every"): (run, {}, {"test_episodes": 3}),
    ("test_environment", "test_every"): (run, {}, {"test_environment": levers()}),
    ("test_episodes", "test_every of many"): (run_many, {}, {"test_episodes": 3}),
    ("targets", "inputs"): (
        lambda **k: draw.link(perceptron(), **k),
        {},
        {"targets": TARGETS},
    ),
    ("targets", "inputs of a page"): (
        lambda **k: draw.explore(perceptron(), **k).html,
        {},
        {"targets": TARGETS},
    ),
    ("targets", "inputs of a pruning"): (
        lambda **k: repr(analysis.prune(perceptron(), **k)),
        {},
        {"targets": TARGETS},
    ),
    ("points", "tests"): (returns, {"tests": True}, {"points": 3}),
    ("what", "color_bars"): (raster, {"color_bars": False}, {"what": "state"}),
    ("layout", "detail"): (drawing, {"detail": "matrix"}, {"layout": "circular"}),
    ("numbers", "detail"): (drawing, {"detail": "bundles"}, {"numbers": True}),
    ("color", "detail"): (drawing, {"detail": "bundles"}, {"color": "bias"}),
    ("forget_gate_bias", "forget_gates"): (
        functools.partial(made("LSTM"), 2, 2, 1),
        {"forget_gates": False},
        {"forget_gate_bias": 2.0},
    ),
    ("forget_gate_bias", "span"): (
        functools.partial(made("LSTM"), 2, 2, 1),
        {"span": 5.0},
        {"forget_gate_bias": 2.0},
    ),
    ("input_gate_bias", "span"): (
        functools.partial(made("LSTM"), 2, 2, 1),
        {"span": 5.0},
        {"input_gate_bias": 2.0},
    ),
    ("update_gate_bias", "span"): (
        functools.partial(made("GRU"), 2, 2, 1),
        {"span": 5.0},
        {"update_gate_bias": 2.0},
    ),
    ("hidden", "build"): (stream, {"build": wired}, {"hidden": 5}),
    ("direct", "build"): (stream, {"build": wired}, {"direct": False}),
    ("direct", "hidden"): (stream, {"hidden": ()}, {"direct": False}),
    ("build", "hidden"): (stream, {"hidden": ()}, {"build": "gru"}),
    ("classes", "first call"): (taught_twice, {}, {"classes": ["a", "b", "c"]}),
    ("min_delta", "epochs"): (table_options, {"epochs": 2}, {"min_delta": 0.5}),
    ("build", "learning"): (compared, {}, {"learning": {"build": "elman"}}),
    ("date_format", "date"): (as_series, {}, {"date_format": "%Y"}),
}
"""A call, good arguments of it, and one more that would be void beside them, by the
words that the sentence has."""

USED = {
    "weights, no kind": (linked, {}, {"weights": [[1.0, 2.0], [3.0, np.nan]]}),
    "rate, optimizer": (
        with_options,
        {"rule": "bptt", "optimizer": optimizers.Adam(0.01)},
        {"rate": 0.5},
    ),
    "clip_value, online": (with_options, {"rule": "online"}, {"clip_value": 1e-3}),
    "l1, L-BFGS": (
        with_options,
        {"rule": "bptt", "optimizer": "lbfgs"},
        {"l1": 0.5},
    ),
    "class_weight, stream": (streamed, {}, {"class_weight": {0: 1.0, 1: 9.0}}),
    "on_batch, L-BFGS": (
        functools.partial(trained, options={"rule": "bptt", "optimizer": "lbfgs"}),
        {},
        {"on_batch": lambda batch: True},
    ),
    "annealing, pair": (kalman, {"process_noise": (1e-2, 1e-4)}, {"annealing": 2}),
    "output_gate_bias, span": (
        functools.partial(made("LSTM"), 2, 2, 1),
        {"span": 5.0},
        {"output_gate_bias": 2.0},
    ),
    "points": (returns, {}, {"points": 3}),
    "numbers, layout": (drawing, {"layout": "circular"}, {"numbers": True}),
    "hidden, build by name": (stream, {"build": "elman"}, {"hidden": 5}),
}
"""Pairs that look alike, of which both are used."""

SAID = {
    "seed, weights": (linked, {"weights": 0.5}, {"seed": 1}, Layer.project),
    "rate, L-BFGS": (
        with_options,
        {"rule": "bptt", "optimizer": "lbfgs"},
        {"rate": 0.5},
        Trainer,
    ),
    "batch_size, L-BFGS": (
        with_options,
        {"rule": "bptt", "optimizer": "lbfgs"},
        {"batch_size": 2},
        Trainer,
    ),
    "known, method": (
        lambda **k: forecasting.statistical("naive", SERIES, **k)(SERIES, 2).tolist(),
        {},
        {"known": np.ones((40, 1))},
        forecasting.statistical,
    ),
    "inputs, by": (
        lambda **k: seen(analysis.prune(perceptron(), **k).network),
        {"by": "magnitude"},
        {"inputs": ROWS},
        analysis.prune,
    ),
    "adaptation, adaptive": (
        functools.partial(made("Spiking"), 1, 4, 1),
        {"adaptive": 0},
        {"adaptation": 0.9},
        architect.Spiking,
    ),
}
"""Pairs of which one has no effect, as the page of the call says: options of a trainer
whose optimizer is replaced, one signature for several methods, and numbers that may be
0 in a study."""


@pytest.mark.parametrize("names", REFUSED, ids=" and ".join)
def test_what_another_argument_makes_void_is_refused(names):
    call, good, void = REFUSED[names]
    call(**good)
    with pytest.raises(SynapseError) as refused:
        call(**good, **void)
    sentence = str(refused.value).lower()
    for name in names:
        assert name.split()[0].lower() in sentence, sentence
    assert re.fullmatch(r"[A-Z`].{20,300}[.!]", str(refused.value)), sentence


@pytest.mark.parametrize("pair", USED)
def test_both_arguments_are_used(pair):
    call, good, other = USED[pair]
    assert call(**good) != call(**good, **other)


@pytest.mark.parametrize("pair", SAID)
def test_what_has_no_effect_is_said(pair):
    call, good, void, owner = SAID[pair]
    assert call(**good) == call(**good, **void)
    assert pair.split(",")[0] in owner.__doc__


def test_a_default_is_no_argument():
    """Code that passes options on gives defaults, too."""
    linked(weights=0.5, initializer=None)
    returns(tests=True, points=40)
    layer_of(squash="logistic", bias=0.0)
    trained(min_delta=0.0)


def test_a_typed_file_has_no_encoding(tmp_path):
    from_parquet(tmp_path)
    for name, value in (("encoding", "cp1252"), ("header", None)):
        with pytest.raises(SynapseError, match=f"`{name}` has no effect .*`path="):
            from_parquet(tmp_path, **{name: value})
