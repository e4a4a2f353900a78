"""Reading changes nothing: everything that learns, beside a twin that is left alone.

The subjects are found: a public class that learns has a step here, or a subject of
which it is a part. What is read is found, too: public attributes, methods and functions
that are not listed as changing something.
"""

import copy
import inspect
import pickle
import warnings
from contextlib import suppress
from functools import cache, partial
from importlib import import_module, util

import networkx as nx
import numpy as np
import pytest

import architect
import synapse
from synapse import (
    Layer,
    Model,
    Network,
    Trainer,
    forecasting,
    learning,
    optimizers,
    plasticity,
)
from synapse.errors import SynapseError
from tests.surface import EXTRAS, MODULES, MORE

LEARNS = {
    *("fit", "partial_fit", "learn", "learn_one", "learn_many", "train", "update"),
    *("propagate", "step", "begin"),
}
"""Methods by which a class learns."""
CHANGES = {
    *LEARNS,
    *("act", "activate", "add", "append", "clamp", "clear", "disconnect", "freeze"),
    *("gate", "mutate", "pop", "popitem", "pretrain", "project", "release", "remove"),
    *("reseed", "reset", "reset_parameters", "run", "setdefault", "sort_layers"),
    *("stop", "unfreeze", "ungate", "fit_predict", "update_predict"),
    *("update_predict_single", "clone_tags", "set_random_state"),
    *("fit_readout", "prune", "record", "rewire", "sample"),
}
"""Methods and functions that change what they belong to, or their first argument; and
those that begin with "set_". Steps are among them: `act`, `run`, `test`."""
PARTS = {
    **dict.fromkeys(("Neuron", "Layer", "Connection"), "read in every network"),
    "OptimizerState": "made by optimizers",
    "Optimizer": "a base class, of optimizers",
    "RecursiveOptimizer": "a base class, of optimizers",
    "AdaptiveSchedule": "a base class, of schedules",
    "TrainingRule": "a base class, of rules that trainers make",
    "RTRLCost": "a list of numbers",
    "Explorer": "a picture",
}


@cache
def public():
    """All that is public, by full name; rooms that cannot be imported have nothing."""
    things = {}
    for module in [*MODULES, *(f"synapse.{name}" for name in (*MORE, *EXTRAS))]:
        with suppress(ImportError):
            room = import_module(module)
            for name in room.__all__:
                things.setdefault(id(getattr(room, name)), (module, name))
    return {
        f"{module}.{name}": getattr(import_module(module), name)
        for module, name in things.values()
    }


# --- what is read ---------------------------------------------------------------------

ROW = [0.5, -1.0, 0.25]
GIVEN = {
    "inputs": np.array([ROW, [0.0, 1.0, -0.5]]),
    "targets": np.array([[0.1], [0.2]]),
    "x": dict(zip("abc", ROW, strict=True)),
    "horizon": 2,
    "steps": 2,
    "observation": ROW,
    "layers": [],
    "settings": {},
    "key": "kind",
    "tag_name": "object_type",
}
"""Arguments by the names of parameters."""


def read(thing, arguments, seen):
    """Read everything public of an object, and of what belongs to it; with
    ``arguments["functions"]``, by all functions of networks, too.
    """
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    for way in (repr, str, copy.copy, copy.deepcopy, pickle.dumps, dir):
        refused(way, thing)
    for way in ("_repr_html_", "__len__", "__sklearn_tags__"):
        if hasattr(type(thing), way):
            refused(getattr(thing, way))
    names = {name for name in dir(thing) if not name.startswith("_")}
    for name in sorted(names - CHANGES):
        static = inspect.getattr_static(thing, name, None)
        if name.startswith("set_") or isinstance(static, classmethod | staticmethod):
            continue
        value = refused(getattr, thing, name)
        if callable(value) and not isinstance(value, type):
            call_known(value, arguments)
        else:
            follow(value, arguments, seen)


def follow(value, arguments, seen):
    """Read what belongs to an object, if it is of the library; few of many."""
    if isinstance(value, list | tuple):
        for each in (*value[:2], *value[-1:]):
            follow(each, arguments, seen)
    elif isinstance(value, nx.Graph):
        nx.to_numpy_array(value)
        [*value.edges(data=True)], value.copy()
    elif type(value).__module__.startswith(("synapse", "architect")):
        read(value, arguments, seen)
        if isinstance(value, Network) and arguments.get("functions"):
            of_functions(value, arguments)


def of_functions(network, arguments):
    """Call all public functions of a network that do not change it."""
    for full, function in public().items():
        parameters = (
            [*inspect.signature(function).parameters]
            if inspect.isfunction(function)
            else []
        )
        if parameters[:1] == ["network"] and full.rpartition(".")[2] not in CHANGES:
            call_known(partial(function, network), arguments)


def call_known(function, arguments):
    """Call with what is required, if all of it has a name that is known here."""
    with suppress(ValueError):
        parameters = inspect.signature(function).parameters.values()
        required = [
            p.name
            for p in parameters
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        if all(name in arguments for name in required):
            refused(partial(function, **{name: arguments[name] for name in required}))


def refused(call, *arguments):
    """Call, and return None if it is refused, as reads may be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(*arguments)
    except (SynapseError, ImportError, NotImplementedError):
        return None
    except (TypeError, ValueError, AttributeError, pickle.PicklingError):
        return None


# --- what learns ----------------------------------------------------------------------

ROWS = np.random.default_rng(0).normal(size=(40, 3))
TARGETS = 0.5 + 0.5 * np.tanh(ROWS.sum(axis=1, keepdims=True))  # of any cost


def net_of(build=architect.LSTM, outputs=1, rule=("rtrl", None), squash="identity"):
    net = build(3, 3, outputs, output_squash=squash, seed=0)
    net.rule = rule
    return net


class Subject:
    """Something that learns, and how it takes step k."""

    def __init__(self, begin, step, **arguments):
        self.begin, self.step = begin, step
        self.arguments = {**GIVEN, **arguments}


def network_step(net, k):
    outputs = net.activate(np.resize(ROWS[k], len(net.input)))
    return outputs, net.propagate(0.1, np.resize(TARGETS[k], len(net.output)))


def train_step(trainer, k):
    data = ROWS[: 4 + k], TARGETS[: 4 + k]
    result = trainer.train(*data, epochs=2, seed=k, progress=False)
    return result.loss, trainer.test(ROWS, TARGETS).loss, trainer.network.weights


def architecture(name):
    """A network of an architecture that learns by its default rule and by rtrl."""

    sizes = {"Hopfield": [3], "Residual": [3, 3, 3, 1], "Convolutional": [(6, 6), 1]}
    options = {} if name == "Hopfield" else {"seed": 0}
    options |= {"filters": (2,), "kernel": 3} if name == "Convolutional" else {}

    def begin():
        net = getattr(architect, name)(*sizes.get(name, [3, 3, 1]), **options)
        if name not in (*sizes, "Spiking"):
            with suppress(SynapseError):
                net.rule = "rtrl"
        return net

    def hopfield_step(net, k):
        net.learn([np.sign(ROWS[k])])
        return net.activate(np.sign(ROWS[k + 1])), net.weights

    return Subject(begin, hopfield_step if name == "Hopfield" else network_step)


def plastic():
    net = Network(Layer(3), Layer(1, "tanh"))
    net.input.project(net.output, seed=0, delay=2)
    net.rule = plasticity.BCM
    return net


def plastic_step(net, k):
    outputs = net.activate(ROWS[k])
    if k % 3:
        net.propagate()
    return outputs, net.weights


def agent_step(agent, k):
    row = ROWS[k]
    if k % 6 == 0:
        return agent.begin(row)
    return agent.learn(float(row.sum()), ROWS[k + 1], terminated=k % 6 == 5)


def agent(name, *nets, **options):
    def begin():
        made = [net_of(outputs=n, squash=squash) for n, squash in nets]
        return getattr(synapse.reward, name)(*made, **options)

    return Subject(begin, agent_step)


def stream(k):
    """Features that come, stay away for longer than `unseen`, and return."""
    names = "abc" + "defghij"[k // 4 % 7] + "klmnopqrstuvwxyz"[k % 16] * (k > 20)
    return {name: float(np.sin(k + ord(name))) for name in names}


def river_step(model, k):
    x = stream(k)
    y = float(sum(x.values()))
    if hasattr(model, "predict_proba_one"):
        model.learn_one(x, y > 0.0)
        return [*model.predict_proba_one(x).values()]
    if hasattr(model, "forecast"):
        model.learn_one(y, x)
        return model.forecast(1, [x])
    model.learn_one(x, y)
    return model.predict_one(x)


def river(name, **options):
    def begin():
        made = getattr(pytest.importorskip("synapse.river", exc_type=ImportError), name)
        return made(build="gru", hidden=(3,), rule="rtrl", unseen=5, seed=0, **options)

    frame = {"X": [stream(3)], "xs": [stream(3)] * 2}
    return Subject(begin, river_step, x=stream(3), **frame)


def sklearn(name):
    is_sequence = name.startswith("Sequence")
    sequences = [*ROWS[:30].reshape(6, 5, 3)]
    labels = np.array([0, 1, 1, 0, 1, 0]) if "Classifier" in name else np.arange(6.0)
    rows, targets = (sequences, labels) if is_sequence else (ROWS[:6], labels)

    def begin():
        room = pytest.importorskip("synapse.sklearn")
        return getattr(room, name)(hidden=(3,), random_state=0)

    def step(model, k):
        classes = {"classes": [0, 1]} if k == 0 and "Classifier" in name else {}
        model.partial_fit(rows, targets, **classes)
        return model.predict(rows)

    return Subject(begin, step, X=rows, y=targets)


def sktime_subject():
    def begin():
        room = pytest.importorskip("synapse.sktime", exc_type=ImportError)
        options = {"compared": (), "epochs": 2, "method": "network", "random_state": 0}
        return room.NetworkForecaster(hidden=(3,), **options)

    def step(model, k):
        pandas = pytest.importorskip("pandas")
        index = pandas.RangeIndex(55 + 5 * k if k else 0, 60 + 5 * k)
        series = pandas.Series(np.sin(0.3 * np.arange(index.start, index.stop)), index)
        if k == 0:
            model.fit(series, fh=[1, 2])
        else:
            model.update(series)
        # as given each time, because sktime keeps the horizon of the latest call
        return model.predict([1, 2]).to_numpy().ravel()

    return Subject(begin, step)


def forecaster_step(model, k):
    network_step(model.network, k)
    return model(ROWS[: 5 + k], 2)


def model_step(model, k):
    before = model.predict(ROWS[:3])
    model.learn_one(ROWS[k], TARGETS[k])
    if k % 3 == 2:
        model.update(ROWS[: 4 + k], TARGETS[: 4 + k], epochs=1, progress=False, seed=k)
    return before, model.run(ROWS[:2])


def model_begin():
    net = net_of(rule="online")
    return Model(net, trainer=Trainer(net, optimizer="adam"))


def trainer(**options):
    options = {"rule": "bptt", "dropout": 0.1, **options}
    return Trainer(net_of(rule="online"), **options)


RECURSIVE = "RLS", "DEKF"
SUBJECTS = {
    "synapse.Network": Subject(net_of, network_step),
    "synapse.Model": Subject(model_begin, model_step),
    "synapse.Trainer": Subject(trainer, train_step),
    "synapse.plasticity.Rule": Subject(plastic, plastic_step),
    "synapse.forecasting.NetworkForecaster": Subject(
        lambda: forecasting.NetworkForecaster(net_of(outputs=3), synapse.Scale(3)),
        forecaster_step,
    ),
    "synapse.reward.TD": agent("TD", (1, "identity")),
    "synapse.reward.ActorCritic": agent(
        "ActorCritic", (2, "softmax"), (1, "identity"), seed=0
    ),
    "synapse.reward.QLearning": agent("QLearning", (2, "identity"), seed=0),
    "synapse.reward.QRC": agent("QRC", (2, "identity"), (2, "identity"), seed=0),
    **{
        f"synapse.river.{name}": river(name, **options)
        for name, options in (
            ("NetworkClassifier", {}),
            ("NetworkRegressor", {}),
            ("NetworkForecaster", {"period": 1, "lags": 2}),
        )
    },
    **{
        f"synapse.sklearn.{name}": sklearn(name)
        for name in (
            *("NetworkClassifier", "NetworkRegressor"),
            *("SequenceClassifier", "SequenceRegressor"),
        )
    },
    "synapse.sktime.NetworkForecaster": sktime_subject(),
    **{
        f"architect.{name}": architecture(name)
        for name in architect.__all__
        if isinstance(getattr(architect, name), type)
    },
    **{
        f"synapse.optimizers.{name}": Subject(
            partial(trainer, optimizer=name), train_step
        )
        for name in optimizers.__all__
        if name not in (*PARTS, *RECURSIVE, "LBFGS")
        and hasattr(getattr(optimizers, name), "begin")
    },
    "synapse.optimizers.LBFGS": Subject(
        lambda: trainer(optimizer="LBFGS", dropout=0.0), train_step
    ),
    **{
        f"synapse.optimizers.{name}": Subject(
            partial(trainer, optimizer=name, dropout=0.0, rule="rtrl"), train_step
        )
        for name in RECURSIVE
    },
    "synapse.learning.WarmUp": Subject(
        lambda: trainer(rate=learning.WarmUp(3, 0.1)), train_step
    ),
    "synapse.learning.ReduceOnPlateau": Subject(
        lambda: trainer(rate=learning.ReduceOnPlateau(0.1, patience=1)), train_step
    ),
}


def bits(value):
    """Return all numbers of a result as bytes."""
    if isinstance(value, tuple | list):
        return b"|".join(map(bits, value))
    return np.asarray(value, dtype=float).tobytes()


def compared(name, functions, steps=10):
    """Take steps beside a twin that is left alone, and read in between."""
    subject = SUBJECTS[name]
    mine, alone = subject.begin(), subject.begin()
    for k in range(steps):
        assert bits(subject.step(mine, k)) == bits(subject.step(alone, k)), k
        if k in (2, 5, 6):
            read(mine, {**subject.arguments, "functions": functions}, {})


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_reading_between_steps_changes_no_later_bit(name):
    compared(name, functions=True)


QUICK = "synapse.plasticity.Rule", *(name for name in SUBJECTS if ".river." in name)


@pytest.mark.parametrize("name", QUICK)
def test_views_and_copies_between_steps_change_no_later_bit(name):
    compared(name, functions=False, steps=8)


def test_all_that_learns_is_here():
    learners = {
        full
        for full, thing in public().items()
        if inspect.isclass(thing)
        and not issubclass(thing, BaseException)
        and any(callable(getattr(thing, name, None)) for name in LEARNS)
        and full.rpartition(".")[2] not in PARTS
    }
    there = {
        full
        for full in SUBJECTS
        if full.split(".")[1] not in EXTRAS or util.find_spec(full.split(".")[1])
    }
    assert learners <= SUBJECTS.keys()
    assert there <= public().keys()
