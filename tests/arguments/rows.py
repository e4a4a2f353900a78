"""Rows of the table of all public calls: where a parameter is not as it usually is, or a call needs more."""

from __future__ import annotations

import io
from typing import Any

import networkx as nx
import numpy as np

import architect
import synapse
from synapse import forecasting, readwrite

from . import kinds as k
from .calls import add_usual_rows, row
from .world import World, trial

# --- neurons ----------------------------------------------------------------------------------------

for name in ("state", "activation", "bias"):
    row(f"float32: synapse.Neuron.{name}", {}, "small", value=k.NUMBER32)
for name in ("Neuron", "Layer"):
    row(f"synapse.{name}.name", value=k.TEXT)
row("synapse.Neuron.disconnect", other=k.NOTHING)
row("synapse.Neuron.project", lambda w: {"target": w.c, "weight": 0.5}, target=k.NEURON | k.LAYER)
row(
    "float32: synapse.Neuron.project",
    lambda w: {"target": w.small, "weight": 0.5},
    "small",
    weight=k.NUMBER32 | k.NONE,
)
row("synapse.Neuron.gate", lambda w: {"connections": (w.bare,)}, "c", connections=k.NOTHING)
row("synapse.Neuron.ungate", lambda w: {"connections": (w.connection,)}, "c")
row("float32: synapse.Neuron.activate", {}, "small", value=k.NUMBER32 | k.NONE)
step = {"rate": 0.1, "target": 1.0}
row("synapse.Neuron.propagate", step, rate=k.NOT_NEGATIVE, target=k.UNIT | k.NONE)
row(
    "float32: synapse.Neuron.propagate",
    step | {"cost": "squared_error"},
    "small",
    rate=k.NOT_NEGATIVE32,
    target=k.NUMBER32 | k.NONE,
)

# --- layers, projections, networks --------------------------------------------------------------------

row("synapse.Layer.__init__", {"neurons": 2}, neurons=k.SIZE | k.LAYER | k.NETWORK)
row("synapse.Layer.__getitem__", index=k.INDEX)
for name in ("Network", "Projection"):
    row(f"synapse.{name}.__getitem__", index=k.INDEX | k.SMALL)
for name in ("synapse.Layer.biases", "synapse.Network.weights", "synapse.Network.biases"):
    row(name, value=k.NOTHING)
row("synapse.Network.learning_rule", value=k.NOTHING)
row("synapse.Network.metadata", value=frozenset({"{}"}))
row("float32: synapse.Layer.biases", {}, "narrow", value=k.NOTHING)
row("synapse.Projection.weights", value=k.NUMBER)
row("float32: synapse.Projection.weights", {}, "narrow_projection", value=k.NUMBER32)
projected = {"target": k.NEURON | k.LAYER | k.NETWORK, "kind": k.FRACTION | k.NONE}
row(
    "synapse.Layer.project",
    lambda w: {"target": w.layer, "kind": 0.75, "weights": None},
    "second",
    weights=k.NUMBER | k.NONE,
    self_connections=k.BOOLEAN,
    **projected,
)
row(
    "float32: synapse.Layer.project",
    lambda w: {"target": w.narrow},
    "narrow",
    weights=k.NUMBER32 | k.NONE,
)
row("synapse.Network.project", lambda w: {"target": w.wide}, **projected)
row("synapse.Layer.gate", {"kind": "input"}, "second")
row("synapse.Network.gate", {"kind": "input"})
row("synapse.Layer.activate", {"values": [0.5, 0.5]}, values=k.NONE | k.EITHER)
row(
    "synapse.Layer.propagate",
    {"targets": [0.5, 0.5]},
    "second",
    rate=k.NOT_NEGATIVE,
    targets=k.NONE | k.EITHER,
)
row(
    "synapse.Network.__init__",
    lambda w: {"input": w.layer, "hidden": [], "output": w.second},
    layers=k.EMPTY | k.LAYER,
    input=k.LAYER,
    hidden=k.EMPTY | k.LAYER,
    output=k.LAYER,
)
row("synapse.Network.add", neurons=k.NEURON | k.LAYER)
row("synapse.Network.remove", neuron=k.NOTHING)
step = {"rate": 0.1, "target": [1.0]}
row("synapse.Network.propagate", step, rate=k.NOT_NEGATIVE, target=k.EITHER)
row("float32: synapse.Network.propagate", step, "narrow_net", rate=k.NOT_NEGATIVE32)
row("synapse.tie", lambda w: {"items": w.projection}, items=k.LAYER | k.NETWORK, groups=k.NONE)
row("synapse.untie", items=k.LAYER | k.NETWORK)
row("synapse.record", neurons=k.NONE, connections=k.NONE)
row("synapse.Log.of", lambda w: {"items": w.network}, items=k.EMPTY, number=k.NONE)
for name in ("owners", "labels"):
    row(f"synapse.Log.{name}", {"number": "activation"})
row("synapse.Log.__getitem__", name=k.NOTHING)
row("synapse.Topology.of", shown=k.LAYER | k.NETWORK | k.EMPTY)
row(
    "synapse.from_networkx",
    lambda w: {"graph": nx.path_graph(3, nx.DiGraph)},
    graph=k.NOTHING,
    weight=k.NONE,
    gater=k.NONE,
    attributes=k.NONE | {"{}"},
)

# --- training -----------------------------------------------------------------------------------------

row(
    "synapse.Trainer.__init__",
    {"method": "bptt"},
    rate=k.RATE | k.NONE,
    optimizer=k.NONE,
    batch_size=k.COUNT | k.NONE,
    order=k.NONE,
    clip=k.POSITIVE | k.NONE,
    clip_value=k.POSITIVE | k.NONE,
    dropout=k.UNIT | {"{}"},
    recurrent_dropout=k.UNIT | {"{}"},
    checkpoint=k.TEXT | k.NONE,  # an empty name is refused when the training begins
    every=k.NONE,
)
row("saved: synapse.Trainer.__init__", {"checkpoint": "run.ckpt"}, every=k.COUNT | k.NONE)
row("rtrl: synapse.Trainer.__init__", {"method": "rtrl"}, order=k.COUNT | k.NONE)
row("float32: synapse.Trainer.__init__", lambda w: {"network": w.narrow_net}, rate=k.RATE32 | k.NONE)
short = {"epochs": 2, "progress": False, "targets": [[1.0], [0.0], [1.0], [0.0]]}
row(
    "synapse.Trainer.train",
    {**short, "callbacks": [lambda progress: True]},
    error=k.NOT_NEGATIVE | k.NONE,
    progress=k.PROGRESS,
    validation=k.FRACTION | k.NONE,
    patience=k.COUNT | k.NONE,
    callbacks=k.EMPTY,
    epochs=k.COUNT | k.NONE,
    steps=k.NONE,
    checkpoint=(k.TEXT - {"empty"}) | k.NONE,
    every=k.NONE,
)
row("saved: synapse.Trainer.train", {**short, "checkpoint": "run.ckpt"}, every=k.COUNT | k.NONE)
row(
    "stream: synapse.Trainer.train",
    lambda w: {"inputs": [(w.inputs, w.targets)], "progress": False, "callbacks": [lambda progress: True]},
    epochs=k.COUNT | k.NONE,
    steps=k.COUNT | k.NONE,
    shuffle=k.NONE | {"False", "numpy False"},
    sample_weight=k.NONE,
    every=k.NONE,
)
weighted = {"class_weight": k.NONE | {"{}"}}
row("bptt: synapse.Trainer.train", short, "by_bptt", sample_weight=k.NONE, every=k.NONE, **weighted)
row("synapse.Trainer.test", {"targets": short["targets"]}, **weighted)
row("learning.fit_readout", lambda w: {"network": w.readable}, network=k.NOTHING)
row("learning.CSVLogger.__init__", {"path": "log.csv"}, path=k.TEXT - {"empty"})
row(
    "learning.TensorBoard.__init__", log_dir=frozenset(f"{path} skipped" for path in k.TEXT)
)  # folders are made
row("learning.PythonLogger.__init__", logger=k.TEXT, level=k.WHOLE | {"-1", "10**400", "10**5000"})
row("synapse.every.__init__", {"epochs": 2, "function": lambda progress: None})
row("learning.Cosine.__init__", end=k.RATE)
row("learning.WarmUp.__init__", {"epochs": 2, "then": 0.1}, then=k.RATE)
row("learning.ReduceOnPlateau.__init__", {"start": 0.5}, start=k.NOT_NEGATIVE | k.RATE, factor=k.FRACTION)
row("learning.GradientComparison.worst", count=k.WHOLE)
row("learning.reach", orders=k.EMPTY)
row("learning.Reach.__getitem__", order=k.SMALL | k.NONE)
row("learning.compare_gradients", order=k.NONE)
row("rtrl: learning.compare_gradients", {"method": "rtrl"}, order=k.COUNT | k.NONE)
row("optimizers.SGD.__init__", {"momentum": 0.5})
row("optimizers.Rprop.__init__", {"steps": (1e-6, 1e40)})
row("optimizers.LBFGS.minimise", {"function": lambda p: ((p**2).sum(), 2 * p)})
row("optimizers.OptimizerState.step", rate=k.NOT_NEGATIVE | k.NONE)
row("optimizers.RLS.__init__", forgetting=k.FRACTION, regularization=k.POSITIVE)
row(
    "optimizers.DEKF.__init__",
    initial_variance=k.POSITIVE,
    measurement_noise=k.POSITIVE,
    process_noise=k.NOT_NEGATIVE,
    annealing=k.COUNT,
    groups=k.NOTHING,
)
for name in ("RecursiveOptimizer", "RLS", "DEKF"):
    row(f"optimizers.{name}.begin", groups=k.NONE)
row(
    "optimizers.RecursiveState.step",
    lambda w: {"jacobian": np.ones((1, w.parameters.size)), "errors": [1.0]},
    rate=k.NOT_NEGATIVE | k.NONE,
    jacobian=k.NOTHING,
    errors=k.NOTHING,
)
for name in ("clip_by_norm", "clip_by_value"):
    row(f"optimizers.{name}", {"most": 0.1}, gradient=k.EMPTY | {"0-d float"})

# --- registries ---------------------------------------------------------------------------------------

row(
    "squash.register",
    {"low": -1.0},
    low=k.NUMBER | {"-inf"},
    high=k.NOT_NEGATIVE | {"inf"},
    written=k.NONE | {"{}"},
)
row("architectures.get", name=k.TEXT)
row("architectures.register", kind=k.NOTHING)
row("cost.Cost.__call__", {"targets": [0.5], "outputs": [0.5]})
row("cost.Cost.signal", {"target": 0.5, "output": 0.5, "derivative": 0.5}, outputs=k.COUNT)

# --- tasks, experiments, analysis ---------------------------------------------------------------------

row("tasks.recall.Recall.__init__", length=frozenset({"50"}))
for name in ("AnBn", "AnBnCn"):
    row(f"tasks.languages.{name}.__init__", most=k.SIZE, off=k.UNIT | {"-1"})
row("tasks.spikes.SpikeDelays.__init__", delays=frozenset({"generator"}))
row("tasks.spikes.SpikeDelays.stream", {}, "delays")
row("tasks.spikes.TimedSpikes.__init__", delays=frozenset({"generator"}))
row("tasks.spikes.TimedSpikes.stream", {}, "spikes")
row("tasks.periodic.PeriodicFunction.stream", {}, "periodic")
for name in ("adding.Adding", "delayed_xor.DelayedXor"):
    row(f"tasks.{name}.__init__", steps=frozenset({"50"}))
row("tasks.adding.Multiplication.__init__", steps=frozenset({"50"}), wrong=k.SIZE | {"0"})
row("tasks.copying.Copy.__init__", spread=k.WHOLE)
row("tasks.order.TemporalOrder.__init__", marked=k.SMALL)
length = {"length": k.SIZE}
row("tasks.laser.Laser.__init__", horizon=k.SIZE, levels=k.COUNT | k.NONE, **length)
row("tasks.letters.Letters.__init__", **length)
row("tasks.mackey_glass.MackeyGlass.__init__", delay=k.SIZE, horizon=k.SIZE, **length)
row("tasks.narma.Narma10.__init__", **length)
row("tasks.synaptic.Timing.__init__", **length)
row("tasks.temporal_xor.TemporalXor.__init__", triples=k.SIZE)
recalled = {"prompts": frozenset({"generator"}), "distractors": k.NOTHING, "length": frozenset({"50"})}
row("tasks.synaptic.SynapticRecall.__init__", **recalled)
row(
    "experiments.cross_validate",
    {"make": lambda fold: architect.Perceptron(2, 3, 1, seed=fold), "folds": 2},
)
row(
    "experiments.train_many",
    lambda w: {"networks": [architect.Perceptron(2, 3, 1, seed=0)]},
    networks=k.EMPTY,
    rate=k.RATE | k.NONE,
)
options = {"seeds": [1], "progress": False}
kinds = {
    "trial": k.NOTHING,
    "seeds": frozenset({"generator"}),
    "store": k.EITHER,
    "progress": k.BOOLEAN | k.TEXT,
    "time_limit": k.POSITIVE | k.NONE,
}
row("experiments.run", {"trial": trial, **options}, **kinds)
row(
    "experiments.sweep",
    {"trial": trial, "grid": {"rate": [0.5]}, **options},
    grid=k.NOTHING,
    random=k.NONE,
    points=k.NONE,
    **kinds,
)
row("experiments.read_trials", store=k.EITHER)
row(
    "experiments.success_rate",
    {"successes": 1, "count": 60},
    successes=k.SIZE | {"0"},
    count=k.COUNT,
    level=k.FRACTION,
)
row("experiments.median", {"values": [1.0, 2.0]}, values=k.EITHER, level=k.FRACTION)
row("experiments.Trials.by", {"names": ("x",)}, names=k.NOTHING)
row("experiments.Trials.rate", {"name": "right"}, name=k.NOTHING, level=k.FRACTION)
row(
    "experiments.Trials.median",
    {"name": "x"},
    name=k.NOTHING,
    level=k.FRACTION,
    failed=k.NUMBER | {"inf", "-inf", "10**400", "10**5000"},
)
row("experiments.Trials.summary", rate=k.EMPTY, median=k.EMPTY)
for name in ("Trials", "Summary"):
    for form in ("csv", "markdown"):
        row(f"experiments.{name}.to_{form}", path=k.EITHER)
past = {"history": [1.0, 2.0, 4.0, 3.0, 2.0, 4.0, 5.0], "steps": 2}
ahead = {"net": architect.Elman(1, 2, 1, seed=0), "context": [0.1] * 30, "steps": 2}
row(
    "synapse.forecast",
    ahead | {"samples": 2, "seed": 0},
    steps=k.SIZE,
    net=k.NOTHING,
    samples=k.SIZE | k.NONE,
    feedback=k.NONE,
    future=k.NONE,
    calibration=k.NONE,
    interval=k.FRACTION | k.NONE,
)
row(
    "forecasting.calibrate",
    {"net": ahead["net"], "series": [0.1] * 60, "steps": 2},
    net=k.NOTHING,
    held_out=k.FRACTION | k.SIZE,
    feedback=k.NONE,
    targets=k.NONE,
    steps=k.SMALL,
)
row("forecasting.Calibration.half_widths", interval=k.FRACTION)
row("synapse.save", network=k.NETWORK)
row("synapse.Ensemble.__init__", networks=k.NOTHING)
row("synapse.Ensemble.__getitem__", index=k.INDEX)
row("forecasting.persistence", past)
row("forecasting.seasonal_naive", past | {"period": 2}, period=k.SMALL)
row("forecasting.autoregression", past, order=k.SMALL | k.NONE | {"0"})
row(
    "forecasting.rolling_origin",
    {"forecaster": forecasting.persistence, "series": past["history"], "steps": 2},
    forecaster=k.NOTHING,
    steps=k.SMALL,
    start=k.SMALL | k.NONE,
    period=k.SMALL,
)
row("analysis.half_lives", inputs=k.EITHER | k.NONE)
row("analysis.compare", lambda w: {"first": w.network, "second": w.network})
row("analysis.components", gates=k.BOOLEAN)
row("analysis.contribution", steps=k.SIZE | {"0"})

# --- pictures and files -------------------------------------------------------------------------------

row("draw.error_flow", lambda w: {"networks": w.lstm}, networks=k.NETWORK)
row("draw.explore", lambda w: {"sequence": w.inputs, "path": io.StringIO()})
for name in ("raster", "traces"):
    row(f"draw.{name}", what=k.TEXT | k.NONE)
row("draw.hinton", lambda w: {"weights": w.projection}, weights=k.EITHER, scale=k.POSITIVE | k.NONE)
row("draw.trials", {"groups": {"a": [1.0, 2.0]}}, published=k.NONE | {"{}"}, title=k.TEXT)
row("draw.forecast", {"history": [1.0, 2.0], "forecast": [3.0]}, forecast=k.EITHER, times=k.EITHER)
row("draw.learning", {"results": {"error": [0.5, 0.25]}}, results=k.NOTHING)
row("draw.network", net=k.NEURON | k.LAYER | k.NETWORK)
row("draw.sensitivities", lambda w: {"net": w.exact}, net=k.NOTHING, scale=k.POSITIVE | k.NONE)
row("draw.sensitivity", lambda w: {"net": w.lstm}, layer=k.NONE)
row("readwrite.from_synaptic_data", lambda w: {"data": readwrite.synaptic_data(w.network)})


def table_file(w: World, part: str) -> io.BytesIO:
    """A part of a network as a table."""
    file = io.BytesIO()
    readwrite.write_table(w.network, file, part)
    file.seek(0)
    return file


def parts(make: Any) -> Any:
    """The two tables of a network, and its name."""
    return lambda w: {"neurons": make(w, "neurons"), "connections": make(w, "connections"), "name": "x"}


named = {"name": k.TEXT - k.WORD, "dtype": k.NOTHING}
row(
    "readwrite.from_table_data",
    parts(lambda w, part: readwrite.table_data(w.network, part)),
    neurons=k.NOTHING,
    connections=k.NOTHING,
    **named,
)


def saved(w: World) -> io.BytesIO:
    """A file with a network."""
    file = io.BytesIO()
    synapse.save(w.network, file)
    file.seek(0)
    return file


row("synapse.load", lambda w: {"path": saved(w)}, path=k.EITHER, format=k.NONE)
row("readwrite.read_table", parts(table_file), connections=k.EITHER, **named)
row("synapse.to_torch", modules=k.NONE)
row(
    "synapse.from_torch",
    lambda w: {"modules": synapse.to_torch(w.network), "network": w.network},
    modules=k.NOTHING,
    network=k.NOTHING,
)

# --- architectures ------------------------------------------------------------------------------------

row("architect.Residual.__init__", {"sizes": (2, 3, 3, 1)}, sizes=k.SMALL)
row("float32: architect.GRU.__init__", {"dtype": np.float32}, update_gate_bias=k.NUMBER32)
row("architect.LSTM.__init__", {"style": "synaptic"})
ends = {"inputs": k.SIZE, "outputs": k.SIZE}
row("architect.NARX.__init__", {"inputs": 2, "hidden": 3, "outputs": 1}, hidden=k.SIZE, **ends)
row("architect.Hopfield.learn", {"patterns": [1, 1, -1, -1]})
for name in ("recall", "energy"):
    row(f"architect.Hopfield.{name}", {"pattern": [1, 1, 1, -1]})
row("architect.Kohonen.__init__", {"inputs": 2, "grid": (2, 2)}, inputs=k.SIZE)
row("architect.Kohonen.codebook", value=k.NOTHING)
row(
    "architect.Kohonen.train",
    {"epochs": 2},
    epochs=k.SIZE,
    rate=k.UNIT | k.NONE,
    radius=k.NOT_NEGATIVE | k.NONE,
)
row("architect.Convolutional.__init__", {"inputs": 8, "outputs": 1, "filters": (2,)}, hidden=k.EMPTY, **ends)
row(
    "architect.Liquid.__init__",
    {"inputs": 2, "pool": 6, "outputs": 1},
    connections=k.NONE | k.SMALL,
    spectral_radius=k.POSITIVE | k.NONE,
    **ends,
)
row("architect.Random.__init__", {"inputs": 2, "hidden": 4, "outputs": 1}, **ends)
row("architect.construct", lambda w: {"neurons": w.chain}, neurons=k.NOTHING, inputs=k.NONE, outputs=k.NONE)

add_usual_rows()
