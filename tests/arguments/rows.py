"""How each public call is called well, where the names of its parameters do not say
it."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np

import architect
import synapse
from synapse import evolve, forecasting, readwrite, reward
from synapse.reward._agent import Agent

from .kinds import ANY, may_be
from .public import PUBLIC, Public, is_excluded
from .world import AGENTS, World, networks_of, trial

Good = dict[str, Any] | Callable[[World], dict[str, Any]]
ROWS: dict[str, Call] = {}


@dataclass(frozen=True)
class Call:
    """How a public function is called well, and which odd values each of its parameters
    may take."""

    public: Public
    good: Good
    on: str
    kinds: dict[str, frozenset[str]]

    def with_value(self, world: World, name: str, value: Any) -> Callable[[], Any]:
        """The call with one argument replaced; of several of a kind (``*sizes``), the
        second or only one."""
        function, good = self.public.bound(world, self.on), self.arguments(world)
        signature = self.public.signature
        if signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            elements = list(good.get(name, ()))
            elements[min(1, len(elements)) : 2] = [value]
            value = tuple(elements)
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            value = {"kind": value}
        good[name] = value
        bound = inspect.BoundArguments(
            signature, {key: good[key] for key in signature.parameters if key in good}
        )  # type: ignore[arg-type]
        return lambda: function(*bound.args, **bound.kwargs)

    def arguments(self, world: World) -> dict[str, Any]:
        """Good arguments; what has no default, and a seed, may be what the world has by
        that name."""
        asked = [
            key
            for key, parameter in self.public.parameters().items()
            if parameter.default is parameter.empty or key == "seed"
        ]
        return {key: getattr(world, key) for key in asked if hasattr(world, key)} | (
            self.good(world) if callable(self.good) else self.good
        )


def row(name: str, good: Good | None = None, on: str = "", /, **kinds: str) -> None:
    """A row of the table: good arguments, and the odd values of parameters that are not
    as usual."""
    public = PUBLIC[name.rsplit(": ", maxsplit=1)[-1]]
    every = {
        key: frozenset(kinds[key].split()) if key in kinds else may_be(key, parameter)
        for key, parameter in public.parameters().items()
        if not is_excluded(name, key) and (": " not in name or key in kinds)
    }
    ROWS[name] = Call(public, good or {}, on, every)


def file_with(write: Callable[..., None], *arguments: Any) -> io.BytesIO:
    """A file that a function has written."""
    file = io.BytesIO()
    write(arguments[0], file, *arguments[1:])
    file.seek(0)
    return file


@cache
def one_step() -> synapse.objects.recording.Log:
    """A recording of a network of its own."""
    network = architect.Spiking(1, 2, 1, seed=0)
    with synapse.record(network) as log:
        network.activate([0.0])
    return log


@cache
def evolved() -> evolve.Evolution:
    """What a few evaluations have found."""
    return evolve.neat(**few)


@cache
def nir_graph() -> Any:
    """The graph of a network of spiking neurons."""
    return readwrite.to_nir(architect.Spiking(1, 2, 1))


def parts(make: Any) -> Any:
    """The two tables of a network, and its name."""
    return lambda w: {
        "neurons": make(w, "neurons"),
        "connections": make(w, "connections"),
        "name": "x",
    }


either = " ".join(ANY)
words = "word empty NUL surrogate"
short = {"epochs": 2, "progress": False, "targets": [[1.0], [0.0], [1.0], [0.0]]}
named = architect.LSTM(2, 2, 2, seed=0)
named.metadata["alphabet"] = "ab"
speaking = architect.LSTM(2, 2, 2, output_squash="softmax", seed=0)
speaking.metadata["alphabet"] = "ab"
options = {"seeds": [1], "progress": False}
any_number = "0 -1 0.5 inf 10**400"
past = {"history": [1.0, 2.0, 4.0, 3.0, 2.0, 4.0, 5.0], "steps": 2}
ahead = {"network": architect.Elman(1, 2, 1, seed=0), "history": [0.1] * 30, "steps": 2}
few = {"fitness": evolve.fitness.xor, "population": 3, "max_evaluations": 3}
optional = dict.fromkeys(("inputs", "outputs", "settings"), "None")
allowed = {"Probability": "0 0.5", "Number": "0 0.5", "Endless": "0 0.5 inf"}
allowed |= {"Count": "0 inf", "Largest": "0"}
allowed_values = {
    field.name: allowed[field.type] for field in fields(evolve.Settings)[:-2]
}
pushed = {
    "observe": lambda state, inputs: None,
    "step": lambda state, outputs: True,
    "starts": [[0.0]],
}
pulled = {
    "reset": lambda seed: ([0.0, 1.0], {}),
    "step": lambda action: ([0.0, 1.0], 1.0, True, False, {}),
}
choices = dict.fromkeys(("explore", "entropy"), "0 0.5")
choices |= {"update": "0 0.5", "policy_update": "0 0.5 None"}
choices |= dict.fromkeys(("correction_update", "regularization"), "0 0.5")
two_rows = {"rows": [[1.0, 2.0], [3.0, 5.0]]}
samples = {
    "inputs": [[1.0, 2.0], [3.0, 5.0]],
    "targets": [[1.0], [2.0]],
}
one_run = reward.Run(np.array([1.0, 2.0]), np.array([2, 2]), 4, 1.0, "steps")

TABLE: dict[str, tuple[Good | None, str, dict[str, str]]] = {
    "synapse.Neuron.project": (
        lambda w: {"target": w.c, "weight": 0.5},
        "",
        {"target": "neuron layer", "delay": "0"},
    ),
    **{
        f"synapse.Neuron.{name}": (lambda w: {"other": w.c}, "a", {"delay": "0 None"})
        for name in ("connection_to", "disconnect")
    },
    "synapse.Neuron.gate": (
        lambda w: {"connections": (w.bare,)},
        "c",
        {"connections": "[]"},
    ),
    "synapse.Neuron.ungate": (
        lambda w: {"connections": (w.connection,)},
        "c",
        {"connections": "[]"},
    ),
    "synapse.Neuron.propagate": (
        {"rate": 0.1, "target": 1.0},
        "",
        {"target": "0 0.5 None", "rate": "0 0.5"},
    ),
    "synapse.Layer.__init__": ({"neurons": 2}, "", {"neurons": "layer network"}),
    "synapse.Layer.project": (
        lambda w: {"target": w.layer, "kind": 0.75, "weights": None},
        "second",
        {
            "target": "neuron layer network",
            "kind": "0.5 None",
            "weights": "0 -1 0.5 None",
            "sign": "-1 None",
            "delay": "0 2",
        },
    ),
    "synapse.Connection.delay": ({"value": 1}, "", {"value": "0"}),
    "synapse.Neuron.sign": ({"value": 1}, "", {"value": "-1 None"}),
    "synapse.Network.project": (
        lambda w: {"target": w.wide},
        "",
        {"target": "neuron layer network", "kind": "0.5 None"},
    ),
    "synapse.Layer.gate": ({"kind": "input"}, "second", {}),
    "synapse.Network.gate": ({"kind": "input"}, "", {}),
    "synapse.Layer.activate": ({"values": [0.5, 0.5]}, "", {}),
    "synapse.Layer.propagate": ({"targets": [0.5, 0.5]}, "second", {}),
    "synapse.Network.__init__": (
        lambda w: {"input": w.layer, "hidden": [], "output": w.second},
        "",
        {"hidden": "[] layer"},
    ),
    "synapse.Network.propagate": (
        {"rate": 0.1, "targets": [1.0]},
        "",
        {"rate": "0 0.5 None", "targets": either, "modulator": "None"},
    ),
    "synapse.Network.run": (None, "", {"modulator": "None"}),
    "synapse.Network.output_gradient": ({"errors": [1.0]}, "", {"out": "None"}),
    "synapse.Network.select": ({"wanted": {}}, "", {"wanted": ""}),
    "synapse.Network.add": (lambda w: {"neurons": w.layer}, "", {"before": "None"}),
    "synapse.Network.remove": (None, "", {"neuron": ""}),
    "synapse.Topology.of": (None, "", {"network": "[] layer network"}),
    **{
        f"synapse.{name}.name": (None, "", {"value": words})
        for name in ("Neuron", "Layer")
    },
    **{
        name: (None, "", {"value": ""})
        for name in (
            "synapse.Layer.biases",
            "synapse.Network.weights",
            "synapse.Network.biases",
        )
    },
    "synapse.Projection.weights": (None, "", {"value": "0 -1 0.5"}),
    "synapse.tie": (lambda w: {"items": w.projection}, "", {"groups": "None"}),
    "synapse.record": (None, "", {"neurons": "None", "connections": "None"}),
    "synapse.Log.of": (lambda w: {"items": w.network}, "", {"items": "[]"}),
    **{
        f"synapse.Log.{name}": ({"variable": "activation"}, "", {})
        for name in ("columns", "labels")
    },
    "synapse.from_edges": (
        {"edges": {"source": ["x"], "target": ["y"]}},
        "",
        {"neurons": "None"},
    ),
    "synapse.to_networkx": (None, "", {"network": "[] layer network"}),
    "synapse.from_networkx": (
        lambda w: {"graph": nx.path_graph(3, nx.DiGraph)},
        "",
        {},
    ),
    "synapse.Trainer.__init__": ({"rule": "bptt"}, "", {"reach": "None"}),
    "rtrl: synapse.Trainer.__init__": ({"rule": "rtrl"}, "", {"reach": "None"}),
    "synapse.Trainer.train": (
        {**short, "callbacks": [lambda progress: True]},
        "",
        {"progress": f"True {words}"},
    ),
    "saved: synapse.Trainer.train": (
        {**short, "checkpoint": "run.ckpt"},
        "",
        {"checkpoint_every": "None"},
    ),
    "stream: synapse.Trainer.train": (
        lambda w: {
            "inputs": [(w.inputs, w.targets)],
            "progress": False,
            "callbacks": [lambda progress: True],
        },
        "",
        {
            "epochs": "None",
            "steps": "None",
            "shuffle": "None",
            "sample_weight": "None",
            "checkpoint_every": "None",
        },
    ),
    "bptt: synapse.Trainer.train": (
        short,
        "by_bptt",
        {"sample_weight": "None", "class_weight": "None"},
    ),
    "synapse.Trainer.test": ({"targets": short["targets"]}, "", {}),
    "learning.fit_readout": (lambda w: {"network": w.readable}, "", {"network": ""}),
    "synapse.every.__init__": (
        {"epochs": 2, "function": lambda progress: None},
        "",
        {},
    ),
    "learning.WarmUp.__init__": ({"epochs": 2, "then": 0.1}, "", {}),
    "learning.ReduceOnPlateau.__init__": ({"start": 0.5}, "", {}),
    "rtrl: learning.compare_gradients": ({"rule": "rtrl"}, "", {"reach": "None"}),
    "tasks.Alphabet.__init__": (
        {"letters": "ab"},
        "",
        {"letters": "word surrogate NUL"},
    ),
    "tasks.Alphabet.of": ({"text": "ab"}, "", {"text": "word surrogate NUL"}),
    "tasks.Alphabet.indices": ({"text": "ab"}, "", {"text": "empty"}),
    "tasks.Alphabet.one_hot": ({"text": "ab"}, "", {"text": "empty"}),
    "tasks.Alphabet.text": ({"indices": [0, 1]}, "", {"indices": "[]"}),
    "tasks.Alphabet.attach": ({"network": named}, "", {"network": ""}),
    "tasks.Alphabet.from_network": ({"network": named}, "", {"network": ""}),
    "tasks.TextWindows.__init__": (
        {"text": "abab", "alphabet": synapse.tasks.Alphabet("ab"), "steps": 2},
        "",
        {"text": ""},
    ),
    "tasks.sample": (
        {"network": speaking, "prompt": "ab", "length": 2},
        "",
        {"network": "", "prompt": "", "length": "0"},
    ),
    "optimizers.SGD.__init__": ({"momentum": 0.5}, "", {}),
    "optimizers.Optimizer.step": (
        lambda w: {
            "network": w.network,
            "gradient": synapse.gradient(w.network, w.inputs, w.targets),
        },
        "",
        {"network": "", "gradient": ""},
    ),
    "optimizers.Rprop.__init__": ({"steps": (1e-6, 1e40)}, "", {}),
    "squashes.register": ({"low": -1.0}, "", {"low": "0 -1 0.5", "high": "0 0.5 inf"}),
    "costs.Cost.__call__": ({"targets": [0.5], "outputs": [0.5]}, "", {}),
    "costs.Cost.signal": (
        {"target": 0.5, "output": 0.5, "derivative": 0.5},
        "",
        {"target": "0 -1 0.5"},
    ),
    "experiments.train_many": (
        lambda w: {
            "trainers": [synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0))]
        },
        "",
        {},
    ),
    "experiments.run_trials": (
        {"trial": trial, **options},
        "",
        {"progress": f"True {words}"},
    ),
    "experiments.sweep": (
        {"trial": trial, "grid": {"rate": [0.5]}, **options},
        "",
        {"progress": f"True {words}", "grid": ""},
    ),
    "experiments.Trials.by": ({"names": ("x",)}, "", {"names": ""}),
    "experiments.Trials.success_rate": ({"name": "right"}, "", {"name": ""}),
    "experiments.Trials.values": ({"name": "x"}, "", {"name": ""}),
    "experiments.Trials.median": (
        {"name": "x"},
        "",
        {"name": "", "failed": any_number},
    ),
    "synapse.forecast": (ahead, "", {"future": "None", "coverage": "None"}),
    "evolve.neat": (
        few,
        "",
        {"start": "None network", "goal": "0 -1 0.5 None", **optional, "resume": ""},
    ),
    "evolve.Settings.__init__": ({}, "", {"squashes": "", **allowed_values}),
    "evolve.Genome.minimal": ({"inputs": 2, "outputs": 1}, "", {"squash": "'relu'"}),
    "evolve.Genome.from_network": (None, "", {}),
    "evolve.Genome.activate": ({"inputs": [0.0, 1.0]}, "", {}),
    "evolve.Genome.run": ({"inputs": [[0.0, 1.0]]}, "", {}),
    "evolve.Genome.adopt": (lambda w: {"network": w.genome.network()}, "", {}),
    "evolve.fitness.dataset": (
        lambda w: {"inputs": w.inputs, "targets": w.targets},
        "",
        {"goal": "0 0.5 None"},
    ),
    "evolve.fitness.description_length": (
        {"inputs": [[[0.0], [1.0]]], "symbols": [[0, 1]], "outputs": 2},
        "",
        {"counts": "[2.0] None", "squashes": "1 3"},
    ),
    "evolve.Genome.with_weights": ({"weight": 0.5}, "", {}),
    "evolve.fitness.Environment.__init__": (
        {**pushed, "inputs": 1, "outputs": 1},
        "",
        {"score": "0 None"},
    ),
    "reward.run": (
        lambda w: {
            "agent": w.qlearning,
            "environment": SimpleNamespace(**pulled),
            "steps": 2,
            "progress": False,
        },
        "",
        {
            "callback": "None",
            "test_environment": "None",
            "checkpoint": f"None {words}",
            "resume": "",
        },
    ),
    "reward.run_many": (
        lambda w: {
            "agents": [w.qlearning],
            "make_environment": lambda: SimpleNamespace(**pulled),
            "steps": 2,
        },
        "",
        {"callback": "None"},
    ),
    "reward.TD.run": ({"observations": [[0.0, 1.0]], "rewards": [1.0]}, "", {}),
    "forecasting.Calibration.__init__": (
        {"errors": np.zeros((3, 2, 1))},
        "",
        {"errors": ""},
    ),
    "forecasting.seasonal_naive": (past | {"period": 2}, "", {}),
    "forecasting.autoregression": (past, "", {}),
    "forecasting.rolling_origin": (
        {
            "forecaster": forecasting.seasonal_naive,
            "series": past["history"],
            "steps": 2,
        },
        "",
        {"start": "None"},
    ),
    "forecasting.select": (
        {
            "forecasters": {"a": forecasting.seasonal_naive},
            "series": past["history"],
            "steps": 2,
            "start": 3,
        },
        "",
        {"start": "None"},
    ),
    "forecasting.statistical": (
        {"method": "naive", "series": past["history"]},
        "",
        {"known": "None"},
    ),
    "synapse.Scale.__init__": (
        {"columns": 2, "lags": [(1,), ()]},
        "",
        {"half_life": "0.5 None", "lags": "None"},
    ),
    "synapse.Scale.fixed": (
        {"mean": [1.0, 2.0], "deviation": [1.0, 2.0]},
        "",
        {"lags": "None", "mean": "", "deviation": ""},
    ),
    "synapse.Scale.add": (two_rows, "", {"rows": "", "weights": "None"}),
    "synapse.Scale.follow": (two_rows, "", {"rows": "", "weight": "0 0.5"}),
    "synapse.Scale.standard": (two_rows, "", {"rows": ""}),
    "synapse.Scale.original": (
        {"values": [1.0, 2.0]},
        "",
        {"values": "", "history": "None"},
    ),
    "synapse.save": (None, "", {"network": "network"}),
    "synapse.Model.__init__": (
        lambda w: {"network": w.readable},
        "",
        {"scale": "True", "target_scale": "True", "trainer": "None", "classes": "None"},
    ),
    "synapse.Model.build": (
        {"build": "Perceptron", "inputs": ["a"], "outputs": ["b"]},
        "",
        {"inputs": "", "outputs": "", "classes": "None", "hidden": "[]"},
    ),
    **{
        f"synapse.Model.{name}": (
            samples,
            "",
            {"inputs": "", "targets": "", "validation": "None 0.5"},
        )
        for name in ("fit", "update")
    },
    "synapse.Model.learn_one": (
        {"inputs": [1.0, 2.0], "target": 1.0},
        "",
        {"inputs": "", "target": "True 0 -1 0.5", "rate": "0 0.5"},
    ),
    "synapse.Model.learn_many": (
        samples,
        "",
        {"inputs": "", "targets": "", "rate": "0 0.5", "sample_weight": "None"},
    ),
    **{
        f"synapse.Model.{name}": ({"inputs": samples["inputs"]}, "", {"inputs": "[]"})
        for name in ("predict", "run")
    },
    "synapse.Model.forecast": (
        lambda w: {"history": [1.0, 2.0], "steps": 2, "known": np.zeros((4, 1))},
        "",
        {"known": "", "history": ""},
    ),
    "synapse.Model.trainer": (None, "", {"trainer": ""}),
    "analysis.lesions": (
        lambda w: {"network": w.network, "inputs": w.inputs, "targets": w.targets},
        "",
        {"cost": "None"},
    ),
    "analysis.switching": (
        lambda w: {
            "network": w.network,
            "inputs": w.inputs,
            "mask": np.arange(len(w.inputs)) == 0,
        },
        "",
        {"what": "word"},
    ),
    "analysis.patch": (
        lambda w: {
            "network": w.network,
            "clean": w.inputs,
            "other": w.inputs,
            "neuron": 0,
            "step": 0,
        },
        "",
        {"neuron": "0 -1", "step": "0 -1"},
    ),
    "analysis.rewire": (None, "", {"network": "network", "within": "None []"}),
    "analysis.compare": (lambda w: {"first": w.network, "second": w.network}, "", {}),
    "draw.error_flow": (
        lambda w: {"networks": w.lstm},
        "",
        {"networks": "network", "layer": "None"},
    ),
    "draw.explore": (lambda w: {"inputs": w.inputs, "path": io.StringIO()}, "", {}),
    "draw.link": (None, "", {"page": "word empty NUL surrogate"}),
    "draw.matrix": (None, "", {"network": "neuron layer network"}),
    "draw.hinton": (lambda w: {"weights": w.projection}, "", {"weights": either}),
    **{
        f"draw.{name}": (None, "", {"what": f"{words} None"})
        for name in ("raster", "traces")
    },
    "draw.species": (lambda w: {"result": evolved()}, "", {}),
    "draw.growth": (lambda w: {"result": evolved()}, "", {}),
    "draw.forecast": ({"history": [1.0, 2.0], "forecast": [3.0]}, "", {}),
    "draw.learning": ({"results": {"loss": [0.5, 0.25]}}, "", {"results": ""}),
    "draw.returns": ({"runs": one_run}, "", {}),
    "draw.network": (None, "", {"network": "neuron layer network"}),
    "draw.spikes": (lambda w: {"log": one_step()}, "", {"log": ""}),
    "draw.sensitivities": (lambda w: {"network": w.exact}, "", {"network": ""}),
    "readwrite.from_synaptic_data": (
        lambda w: {"data": readwrite.synaptic_data(w.network)},
        "",
        {},
    ),
    "synapse.load": (lambda w: {"path": file_with(synapse.save, w.network)}, "", {}),
    "synapse.to_torch": (None, "", {"modules": "None"}),
    "synapse.from_torch": (
        lambda w: {"modules": synapse.to_torch(w.network), "network": w.network},
        "",
        {"modules": "", "network": ""},
    ),
    "readwrite.from_nir": (
        lambda w: {"graph": nir_graph()},
        "",
        {"graph": ""},
    ),
    "architect.Residual.__init__": ({"sizes": (2, 3, 3, 1)}, "", {}),
    "architect.LSTM.__init__": ({"style": "synaptic"}, "", {}),
    "architect.NARX.__init__": ({"inputs": 2, "hidden": 3, "outputs": 1}, "", {}),
    "architect.Hopfield.learn": ({"patterns": [1, 1, -1, -1]}, "", {}),
    **{
        f"architect.Hopfield.{name}": ({"pattern": [1, 1, 1, -1]}, "", {})
        for name in ("recall", "energy")
    },
}
"""By the name of a call: good arguments, the name in the world of what it is called
on, and the odd values that its parameters may take."""

for name, (good, on, kinds) in TABLE.items():
    row(name, good, on, **kinds)
for agent in AGENTS:
    networks = networks_of(agent, inputs=1)
    options = {
        name: choices[name]
        for name in inspect.signature(agent).parameters
        if name in choices
    }
    row(f"reward.{agent.__name__}.__init__", networks, **options)
    for name in ("act", "begin", "learn") if Agent in agent.__bases__ else ():
        arguments = {"observation": [0.0, 1.0]} | (
            {"reward": 1.0} if name == "learn" else {}
        )
        row(f"reward.{agent.__name__}.{name}", arguments, reward="0 -1 0.5")
# [recipe architecture]
row("architect.Convolutional.__init__", {"inputs": 8, "outputs": 1, "filters": (2,)})
row(
    "architect.Spiking.__init__",
    {"inputs": 2, "cells": 3, "outputs": 1},
    adaptive="0 None",
    refractory="0",
    excitatory="0 None",
)
row("architect.Liquid.__init__", {"inputs": 2, "pool": 6, "outputs": 1})
row("architect.CfC.__init__", {"inputs": 2, "cells": 3, "outputs": 1}, backbone="0")
row(
    "architect.CTRNN.__init__",
    {"inputs": 2, "cells": 3, "outputs": 1},
    wiring="0.5 None",
    time_constants="0.5",
)
row("architect.Random.__init__", {"inputs": 2, "hidden": 4, "outputs": 1})
row(
    "architect.construct",
    lambda w: {"neurons": w.chain},
    neurons="",
    inputs="None",
    outputs="None",
)
for name in PUBLIC:
    if name not in ROWS:
        row(name)
