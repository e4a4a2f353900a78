"""A small world to call everything in: one of everything, in use."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse
from synapse import (
    Ensemble,
    Layer,
    Network,
    Neuron,
    evolve,
    experiments,
    forecasting,
    learning,
    optimizers,
    reward,
    tasks,
)
from synapse.objects.graph import of
from synapse.reward._agent import Agent
from tests.helpers.integrity import contents


def trial(seed: int, rate: float = 0.1) -> dict[str, float]:
    """A trial that takes no time."""
    return {"x": rate * seed}


MAKERS: dict[str, Callable[[World], Any]] = {}
"""What makes a thing, by its name; a dict has several that are made together."""


def maker(make: Callable[[World], Any]) -> Callable[[World], Any]:
    """Add what makes the things that a function is named after."""
    MAKERS.update(dict.fromkeys(make.__name__.split("_and_"), make))
    return make


def _stepped(net: Network) -> Network:
    net.activate([0.5, 0.25])
    net.propagate(0.1, [1.0])
    return net


@dataclass
class World:
    """One of everything, small and in use; made when it is asked for, with what it is
    connected to.

    A method is called on what bears the name of its class, and a parameter without a
    default, or a seed, is given what bears its name."""

    folder: Path

    def __post_init__(self) -> None:
        self.seed = self.rng = np.random.default_rng(7)
        self.inputs = self.samples = self.values = [
            [0.0, 1.0],
            [1.0, 1.0],
            [1.0, 0.0],
            [0.0, 0.0],
        ]
        self.targets = [[1.0], [0.0], [1.0], [0.0]]
        self.parameters = np.array([1.0, 2.0])
        self.gradient = np.array([0.5, -0.5])
        self.count = 2
        self.sizes = (2, 3, 1)
        self.start = 0.1
        self.squash = synapse.squashes.tanh
        self.cost = synapse.costs.squared_error

    def __getattr__(self, name: str) -> Any:
        if name not in MAKERS and name not in KINDS:
            raise AttributeError(name)
        made = MAKERS[name](self) if name in MAKERS else KINDS[name]()
        vars(self).update(made if isinstance(made, dict) else {name: made})
        return vars(self)[name]

    @property
    def store(self) -> Path:
        """A store of one trial."""
        path = self.folder / "trials.db"
        experiments.run_trials(trial, seeds=[1], store=path, progress=False)
        return path

    @property
    def path(self) -> io.BytesIO:
        """An empty file."""
        return io.BytesIO()

    def seen(self) -> list[Any]:
        """All that a refused call must leave as it is."""
        things = [*vars(self).values(), *vars(self).get("chain", ())]
        stores = {
            id(owned._store): owned._store
            for owned in things
            if hasattr(owned, "_store")
        }
        return [
            *map(_of_store, stores.values()),
            [owned.name for owned in things if isinstance(owned, Layer)],
            [
                (owned.name, [layer.name for layer in owned.layers])
                for owned in things
                if isinstance(owned, Network)
            ],
            [_of_object(owned) for owned in things if hasattr(owned, "__dict__")],
            self.rng.bit_generator.state,
            self.parameters.tolist(),
            self.gradient.tolist(),
            (
                synapse.squashes.names(),
                synapse.costs.names(),
                synapse.initializers.names(),
            ),
            sorted((file.name, file.read_bytes()) for file in self.folder.iterdir()),
        ]


def _of_object(thing: Any) -> str:
    """Its attributes; what a network has found out about a topology is found anew, as
    is what a trainer keeps for the next call."""
    return repr(
        {
            name: value
            for name, value in vars(thing).items()
            if name not in ("_facts", "_kept") and not name.endswith("_known")
        }
    )


def _of_store(store: Any) -> tuple[Any, ...]:
    store.ensure_lowered()  # a layout that is made anew is no change
    graph = of(store)
    return (
        id(store),
        contents(store),
        list(store.names),
        list(store.handles),
        sorted(store.networks),
        store.n_neurons,
        store.n_connections,
        store.topology_version,
        store.recorder,
        list(graph.nodes),
        list(graph.edges),
    )


@maker
def a_and_neuron_and_c_and_d_and_connection_and_bare(w: World) -> dict[str, Any]:
    """Four neurons, of which one gates a connection, after a step."""
    a, b, c, d = (Neuron(name=name) for name in "abcd")
    connection = a.project(b, weight=0.5)
    bare = a.project(c, weight=0.5)
    d.project(b, weight=0.25)
    c.gate(connection)
    for neuron in (a, c, d, b):
        neuron.activate()
    return {"a": a, "neuron": b, "c": c, "d": d, "connection": connection, "bare": bare}


@maker
def layer_and_second_and_projection(w: World) -> dict[str, Any]:
    """Two layers, the second of which has taken a step."""
    layer, second = Layer(2, name="first"), Layer(2, name="second")
    projection = layer.project(second, seed=0)
    second.activate()
    return {"layer": layer, "second": second, "projection": projection}


@maker
def network(w: World) -> dict[str, Any]:
    """A perceptron after a step, whose graph has been requested."""
    net = _stepped(architect.Perceptron(2, 3, 1, seed=0))
    net.graph.number_of_edges()
    return {"network": net}


@maker
def genome(w: World) -> evolve.Genome:
    """A genome of two inputs."""
    return evolve.Genome.minimal(2, 1, seed=0)


@maker
def exact(w: World) -> Network:
    """A recurrent network that learns by sensitivities."""
    net = architect.Elman(2, 2, 1, seed=0)
    net.rule = "rtrl"
    return net


@maker
def chain(w: World) -> list[Neuron]:
    """Three neurons in a chain."""
    x, y, z = (Neuron(name=name) for name in "xyz")
    x.project(y, weight=0.5), y.project(z, weight=0.5)
    z.activate()
    return [x, y, z]


@maker
def hopfield(w: World) -> architect.Hopfield:
    """A memory of four neurons with a pattern in it."""
    memory = architect.Hopfield(4)
    memory.learn([1, -1, 1, -1])
    memory.recall([1, -1, 1, -1], seed=0)
    return memory


@maker
def optimizerstate(w: World) -> optimizers.OptimizerState:
    """The state of an optimizer after one step."""
    state = optimizers.SGD(momentum=0.5).begin(w.parameters)
    state.step(w.parameters, w.gradient)
    return state


@maker
def alphabet(w: World) -> tasks.Alphabet:
    """Two letters, as many as a network has inputs."""
    return tasks.Alphabet("ab")


PARTS_OF_TASKS = {f"synapse.tasks.{name}" for name in ("_samples", "_task")}
KINDS = {
    made.__name__.lower(): made
    for made in (*vars(tasks).values(), *vars(optimizers).values())
    if isinstance(made, type) and made.__module__ not in PARTS_OF_TASKS
}
"""Tasks and optimizers, which need no arguments."""
AGENTS = [
    agent
    for agent in vars(reward).values()
    if isinstance(agent, type) and issubclass(agent, Agent)
]


def outputs_of(agent: type) -> dict[str, int]:
    """The number of outputs of each network of an agent."""
    return {
        name: 1 if agent is reward.TD or name == "value" else 2
        for name in agent._network_names
    }


def networks_of(agent: type, inputs: int) -> dict[str, Network]:
    """The networks of an agent: their outputs are values, or a mean and a deviation."""
    networks = {
        name: architect.Perceptron(inputs, size, squash="identity", seed=0)
        for name, size in outputs_of(agent).items()
    }
    if "policy" in networks:
        networks["policy"].output[1].squash = "softplus"
    return networks


def begun(agent: type) -> Any:
    """An agent at the first step of an episode."""
    made = agent(**networks_of(agent, inputs=2))
    made.begin([0.0, 1.0])
    return made


TRIALS = [{"seed": 0, "x": 1.0, "right": True}, {"seed": 1, "failed": "Error"}]
MAKERS |= {
    **{agent.__name__.lower(): lambda w, agent=agent: begun(agent) for agent in AGENTS},
    "trials": lambda w: experiments.Trials(TRIALS),
    "run": lambda w: reward.Run(np.zeros(2), np.ones(2, np.int64), 2, 0.1, "steps"),
    "topology": lambda w: synapse.Topology.of(w.network),
    "wide": lambda w: Layer(20, name="wide"),
    "lstm": lambda w: _stepped(architect.LSTM(2, 2, 1, seed=0)),
    "readable": lambda w: architect.Perceptron(
        2, 3, 1, output_squash="identity", seed=0
    ),
    "convolutional": lambda w: architect.Convolutional(5, 1, filters=(2,), seed=0),
    "ensemble": lambda w: Ensemble(
        [architect.Elman(2, 2, 2, seed=seed) for seed in range(2)]
    ),
    "scale": lambda w: synapse.Scale.fixed([1.0, 2.0], [1.0, 0.5]),
    "calibration": lambda w: forecasting.Calibration(np.arange(60.0).reshape(30, 2, 1)),
    "streamtask": lambda w: tasks.MackeyGlass(length=20),
    "model": lambda w: synapse.Model(w.readable, trainer=synapse.Trainer(w.readable)),
    "trainer": lambda w: synapse.Trainer(w.network),
    "by_bptt": lambda w: synapse.Trainer(w.network, rule="bptt"),
    "log": lambda w: synapse.record(w.network),
    "optimizer": lambda w: optimizers.Adam(),
    "recursiveoptimizer": lambda w: optimizers.DEKF(),
    "recursivestate": lambda w: w.dekf.begin(w.parameters),
    "lbfgs": lambda w: optimizers.LBFGS(iterations=3),
    "stepdecay": lambda w: learning.StepDecay(0.1),
    "cosine": lambda w: learning.Cosine(0.1),
    "gradientcomparison": lambda w: learning.compare_gradients(
        w.network, w.inputs, w.targets
    ),
    "reach": lambda w: learning.rtrl_cost(w.network),
}
