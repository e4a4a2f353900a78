"""A small world to call everything in: one of everything, in use."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from synapse import Ensemble, Layer, Network, Neuron, experiments, forecasting, learning, optimizers, tasks
from synapse.graph import of
from synapse.tasks import ContinualReber


def trial(seed: int, rate: float = 0.1) -> dict[str, float]:
    """A trial that takes no time."""
    return {"x": rate * seed}


@dataclass
class World:
    """One of everything, small and in use.

    A method is called on what bears the name of its class, and a parameter without a default, or a seed, is
    given what bears its name.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.seed = self.rng = np.random.default_rng(7)
        self.a, self.neuron, self.c, self.d = (Neuron(name=name) for name in "abcd")
        self.connection = self.a.project(self.neuron, weight=0.5)
        self.bare = self.a.project(self.c, weight=0.5)
        self.d.project(self.neuron, weight=0.25)
        self.c.gate(self.connection)
        for neuron in (self.a, self.c, self.d, self.neuron):
            neuron.activate()
        self.layer, self.second = Layer(2, name="first"), Layer(2, name="second")
        self.projection = self.layer.project(self.second, seed=0)
        self.second.activate()
        self.wide = Layer(20, name="wide")
        self.network = self.net = architect.Perceptron(2, 3, 1, seed=0)
        self.network.graph.number_of_edges()
        self.lstm = architect.LSTM(2, 2, 1, seed=0)
        for net in (self.network, self.lstm):
            net.activate([0.5, 0.25])
            net.propagate(0.1, [1.0])
        self.exact = architect.Elman(2, 2, 1, seed=0)
        self.exact.learning_rule = "rtrl"
        self.ensemble = Ensemble([architect.Elman(2, 2, 2, seed=seed) for seed in range(2)])
        self.calibration = forecasting.Calibration(np.arange(60.0).reshape(30, 2, 1))
        self.small = Neuron(name="small", dtype=np.float32)
        self.narrow = Layer(2, name="narrow", dtype=np.float32)
        self.narrow_projection = self.narrow.project(Layer(2, dtype=np.float32), seed=0)
        self.narrow_net = architect.Perceptron(2, 3, 1, seed=0, dtype=np.float32)
        self.inputs = self.samples = self.values = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
        self.targets = [[1.0], [0.0], [1.0], [0.0]]
        self.continualreber = ContinualReber(20)
        self.parameters = np.array([1.0, 2.0])
        self.gradient = np.array([0.5, -0.5])
        self.count, self.sizes, self.start = 2, (2, 3, 1), 0.1
        self.delays, self.spikes = tasks.SpikeDelays(), tasks.TimedSpikes()
        self.periodic = tasks.PeriodicFunction()
        self.mackeyglass, self.narma10, self.laser = tasks.MackeyGlass(), tasks.Narma10(), tasks.Laser()
        self.letters, self.temporalxor, self.timing = tasks.Letters(), tasks.TemporalXor(), tasks.Timing()
        self.squash, self.cost = synapse.squash.tanh, synapse.cost.squared_error

    @cached_property
    def trials(self) -> experiments.Trials:
        """Two trials, of which one has failed."""
        return experiments.Trials([{"seed": 0, "x": 1.0, "right": True}, {"seed": 1, "failed": "Error"}])

    @cached_property
    def summary(self) -> experiments.Summary:
        """A table of one row."""
        return self.trials.summary(rate="right", median="x")

    @property
    def store(self) -> Path:
        """A store of one trial."""
        path = self.folder / "trials.db"
        experiments.run(trial, seeds=[1], store=path, progress=False)
        return path

    @property
    def path(self) -> io.BytesIO:
        """An empty file."""
        return io.BytesIO()

    # --- what few calls need is made for them -----------------------------------------------------

    @cached_property
    def chain(self) -> list[Neuron]:
        """Three neurons in a chain."""
        x, y, z = (Neuron(name=name) for name in "xyz")
        x.project(y, weight=0.5), y.project(z, weight=0.5)
        z.activate()
        return [x, y, z]

    @cached_property
    def readable(self) -> Network:
        """A network whose outputs can be fitted."""
        return architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)

    @cached_property
    def hopfield(self) -> architect.Hopfield:
        """A memory of four neurons with a pattern in it."""
        memory = architect.Hopfield(4)
        memory.learn([1, -1, 1, -1])
        memory.recall([1, -1, 1, -1], seed=0)
        return memory

    @cached_property
    def kohonen(self) -> architect.Kohonen:
        """A map of four neurons."""
        chart = architect.Kohonen(2, (2, 2), seed=0)
        chart.activate([0.0, 0.0])
        return chart

    @cached_property
    def convolutional(self) -> architect.Convolutional:
        """A small convolutional network."""
        net = architect.Convolutional(5, 1, filters=(2,), seed=0)
        net.run(np.zeros((1, 5)))
        return net

    @cached_property
    def optimizerstate(self) -> optimizers.OptimizerState:
        """The state of an optimizer after one step."""
        state = optimizers.SGD(momentum=0.5).begin(self.parameters)
        state.step(self.parameters, self.gradient)
        return state

    trainer = cached_property(lambda self: synapse.Trainer(self.network))
    by_bptt = cached_property(lambda self: synapse.Trainer(self.network, method="bptt"))
    log = cached_property(lambda self: synapse.record(self.network))
    optimizer = cached_property(lambda self: optimizers.Adam())
    rls = cached_property(lambda self: optimizers.RLS())
    dekf = cached_property(lambda self: optimizers.DEKF())
    recursiveoptimizer = cached_property(lambda self: optimizers.DEKF())
    recursivestate = cached_property(lambda self: self.dekf.begin(self.parameters))
    lbfgs = cached_property(lambda self: optimizers.LBFGS(iterations=3))
    stepdecay = cached_property(lambda self: learning.StepDecay(0.1))
    exponential = cached_property(lambda self: learning.Exponential(0.1))
    cosine = cached_property(lambda self: learning.Cosine(0.1))
    gradientcomparison = cached_property(
        lambda self: learning.compare_gradients(self.network, self.inputs, self.targets)
    )
    reach = cached_property(lambda self: learning.reach(self.network))

    # --- what a refused call must leave as it is --------------------------------------------------

    def seen(self) -> list[Any]:
        """All that a refused call must leave as it is."""
        things = [*vars(self).values(), *vars(self).get("chain", ())]
        stores = {id(one._store): one._store for one in things if hasattr(one, "_store")}
        return [
            *map(_of_store, stores.values()),
            [one.name for one in things if isinstance(one, Layer)],
            [(one.name, [layer.name for layer in one.layers]) for one in things if isinstance(one, Network)],
            [_of_object(one) for one in things if hasattr(one, "__dict__")],
            self.rng.bit_generator.state,
            self.parameters.tolist(),
            self.gradient.tolist(),
            (synapse.squash.names(), synapse.cost.names(), synapse.initializers.names()),
            sorted((file.name, file.read_bytes()) for file in self.folder.iterdir()),
        ]


def _of_object(thing: Any) -> str:
    """Its attributes; where its rows lie is looked up anew."""
    return repr({name: value for name, value in vars(thing).items() if not name.startswith("_span")})


def _of_store(store: Any) -> tuple[Any, ...]:
    store.ready()  # a layout that is made anew is no change
    columns = [(name, column.tobytes()) for name, column in sorted(store.columns.items())]
    graph = of(store)
    return (
        id(store),
        columns,
        list(store.names),
        list(store.views),
        sorted(store.networks),
        store.n_neurons,
        store.n_connections,
        store.topology_version,
        store.recorder,
        list(graph.nodes),
        list(graph.edges),
    )
