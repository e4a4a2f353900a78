"""Tasks, experiments, analysis, pictures and files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

import architect
import synapse
from synapse import analysis, draw, experiments, readwrite
from synapse.tasks import reber, recall

from .rows import Kinds, add, data, plain, seeded
from .world import (
    BOOLEAN,
    EITHER,
    HIGH,
    LAYER,
    NETWORK,
    NEURON,
    NONE,
    NOT_NEGATIVE,
    NOTHING,
    POSITIVE,
    SEED,
    SIZE,
    SMALL,
    TEXT,
    UNIT,
    WORD,
    World,
)

# --- tasks, experiments, analysis -------------------------------------------------------------------

add(
    "tasks.recall.sequences",
    plain(recall.sequences),
    seeded(count=2),
    count=SIZE,
    targets=SIZE,
    distractors=SIZE,
    prompts=SMALL,
    length=frozenset({"50"}),
    seed=SEED,
)
add(
    "tasks.recall.right",
    plain(recall.right),
    lambda w: {"outputs": [[0.5]], "wanted": [[0.5]]},
    outputs=EITHER,
    wanted=EITHER,
)
add(
    "tasks.recall.fraction_right",
    plain(recall.fraction_right),
    lambda w: {"network": w.net, "inputs": [w.inputs], "targets": [w.targets]},
    network=NETWORK,
    inputs=EITHER,
    targets=EITHER,
)
add("tasks.reber.string", plain(reber.string), seeded(), seed=SEED)
add("tasks.reber.strings", plain(reber.strings), seeded(count=2), count=SIZE, seed=SEED)
add("tasks.reber.sequences", plain(reber.sequences), seeded(count=2), count=SIZE, seed=SEED)
for name in ("legal", "legal_mask", "encode"):
    add(f"tasks.reber.{name}", plain(getattr(reber, name)), string=NOTHING)
mask = reber.legal_mask("BTBTXSETE")
add(
    "tasks.reber.right",
    plain(reber.right),
    lambda w: {"outputs": np.zeros(mask.shape), "allowed": mask},
    outputs=EITHER,
    allowed=EITHER,
    strict=BOOLEAN,
)
add(
    "tasks.reber.fraction_right",
    plain(reber.fraction_right),
    lambda w: {"network": architect.Perceptron(7, 7, seed=0), "strings": ["BTBTXSETE"]},
    network=NOTHING,
    strings=NOTHING,
    strict=BOOLEAN,
)


def make(fold: int) -> Any:
    """A network for a fold."""
    return architect.Perceptron(2, 3, 1, seed=fold)


add(
    "experiments.cross_validate",
    plain(experiments.cross_validate),
    lambda w: {"make": make, "inputs": w.inputs, "targets": w.targets, "folds": 2, "seed": w.rng},
    make=NOTHING,
    folds=SMALL,
    seed=SEED,
    sample_weight=NONE,
    **data,
)
add(
    "experiments.train_many",
    plain(experiments.train_many),
    lambda w: {"networks": [w.network()], "inputs": w.inputs, "targets": w.targets},
    {"rate": HIGH},
    networks=frozenset({"[]", "{}"}),
    rate=NOT_NEGATIVE | NONE,
    cost=NONE,
    workers=SIZE | NONE,
    **data,
)
of: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net, "inputs": w.inputs}  # noqa: E731
for name in ("effective_weights", "motifs", "weight_distribution"):
    add(f"analysis.{name}", plain(getattr(analysis, name)), network=NETWORK)
for name in ("saliency", "activation_distribution"):
    add(f"analysis.{name}", plain(getattr(analysis, name)), of, network=NETWORK, inputs=EITHER)
add("analysis.half_lives", plain(analysis.half_lives), of, network=NETWORK, inputs=EITHER | NONE)
add(
    "analysis.activity",
    plain(analysis.activity),
    of,
    network=NETWORK,
    inputs=EITHER,
    still=NOT_NEGATIVE,
    slope=NOT_NEGATIVE,
    share=UNIT,
)
add(
    "analysis.compare",
    plain(analysis.compare),
    lambda w: {"first": w.net, "second": w.net},
    first=NETWORK,
    second=NETWORK,
    inputs=EITHER,
)
add(
    "analysis.components",
    plain(analysis.components),
    lambda w: {"network": w.net},
    network=NETWORK,
    gates=BOOLEAN,
)
add(
    "analysis.contribution",
    plain(analysis.contribution),
    lambda w: {"network": w.net},
    network=NETWORK,
    steps=SIZE | {"0"},
)
add("analysis.explain", plain(analysis.explain), connection=NOTHING)
add(
    "analysis.prune",
    plain(analysis.prune),
    lambda w: {"network": w.net},
    network=NETWORK,
    share=UNIT,
    by=NOTHING,
    inputs=EITHER,
    targets=EITHER,
    keep_reached=BOOLEAN,
)
add(
    "analysis.spectral_radius",
    plain(analysis.spectral_radius),
    lambda w: {"network": w.net},
    network=NETWORK,
    of=NOTHING,
)

# --- pictures and files -----------------------------------------------------------------------------

values: Callable[[World], dict[str, Any]] = lambda w: {"values": w.inputs}  # noqa: E731
add(
    "draw.error_flow",
    plain(draw.error_flow),
    lambda w: {"networks": w.lstm, "inputs": w.inputs},
    networks=NETWORK,
    inputs=EITHER,
    ax=NONE,
)
add(
    "draw.explore",
    plain(draw.explore),
    lambda w: {"net": w.net, "sequence": w.inputs, "path": io.StringIO()},
    net=NETWORK,
    sequence=EITHER,
    path=EITHER,
    targets=EITHER,
)
add(
    "draw.hinton",
    plain(draw.hinton),
    lambda w: {"weights": w.projection},
    weights=EITHER,
    ax=NONE,
    sources=EITHER,
    targets=EITHER,
    scale=POSITIVE | NONE,
)
add(
    "draw.learning",
    plain(draw.learning),
    lambda w: {"results": {"error": [0.5, 0.25]}},
    results=NOTHING,
    ax=NONE,
    log=BOOLEAN,
)
add(
    "draw.network",
    plain(draw.network),
    lambda w: {"net": w.net},
    net=NEURON | LAYER | NETWORK,
    ax=NONE,
    colour=NONE,
    blocks=BOOLEAN | NONE,
    colour_bars=BOOLEAN,
)
add(
    "draw.raster",
    plain(draw.raster),
    values,
    values=EITHER,
    neurons=EITHER,
    ax=NONE,
    what=TEXT,
    colour_bars=BOOLEAN,
)
add(
    "draw.record",
    plain(draw.record),
    lambda w: {"net": w.net, "inputs": w.inputs},
    net=NETWORK,
    inputs=EITHER,
    what=NOTHING,
)
add(
    "draw.sensitivity",
    plain(draw.sensitivity),
    lambda w: {"net": w.lstm, "inputs": w.inputs},
    net=NETWORK,
    inputs=EITHER,
    layer=NONE,
)
add("draw.traces", plain(draw.traces), values, values=EITHER, neurons=EITHER, ax=NONE, what=TEXT)

net: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net}  # noqa: E731
to: Callable[[World], dict[str, Any]] = lambda w: {"network": w.net, "path": io.BytesIO()}  # noqa: E731
FORMATS = [
    "cytoscape",
    "dot",
    "gexf",
    "graphml",
    "javascript",
    "node_link",
    "npz",
    "onnx",
    "python",
    "c",
    "table",
]
for name in [*FORMATS, "json", "synaptic"]:
    options: dict[str, Kinds] = {
        "gexf": {"activations": EITHER},
        "onnx": {"form": NOTHING, "dtype": NONE, "context": BOOLEAN},
        "table": {"of": NOTHING},
        "python": {"context": BOOLEAN},
        "c": {"context": BOOLEAN},
        "javascript": {"context": BOOLEAN},
    }.get(name, {})
    source = {
        "onnx": "onnx_model",
        "python": "python_source",
        "c": "c_source",
        "javascript": "javascript_source",
    }
    add(
        f"readwrite.write_{name}",
        plain(getattr(readwrite, f"write_{name}")),
        to,
        network=NETWORK,
        path=EITHER,
        **options,
    )
    maker = source.get(name, f"{name}_data")
    add(f"readwrite.{maker}", plain(getattr(readwrite, maker)), net, network=NETWORK, **options)
add("readwrite.sparse_data", plain(readwrite.sparse_data), net, network=NETWORK)
for name in ("cytoscape", "gexf", "graphml", "neataptic", "node_link", "npz", "json", "synaptic"):
    add(f"readwrite.read_{name}", plain(getattr(readwrite, f"read_{name}")), path=EITHER)
    if name != "synaptic":
        maker = f"from_{name}_data"
        add(f"readwrite.{maker}", plain(getattr(readwrite, maker)), data=NOTHING)
add(
    "readwrite.from_synaptic_data",
    plain(readwrite.from_synaptic_data),
    lambda w: {"data": readwrite.synaptic_data(architect.Perceptron(2, 3, 1, seed=0))},
    data=NOTHING,
    resume=BOOLEAN,
)
tables: Callable[[World], dict[str, Any]] = lambda w: {  # noqa: E731
    "neurons": readwrite.table_data(w.net, "neurons"),
    "connections": readwrite.table_data(w.net),
    "name": "x",
}
add(
    "readwrite.from_table_data",
    plain(readwrite.from_table_data),
    tables,
    neurons=NOTHING,
    connections=NOTHING,
    name=TEXT - WORD,
    dtype=NOTHING,
)
add(
    "readwrite.read_table",
    plain(readwrite.read_table),
    lambda w: {"neurons": _csv(w, "neurons"), "connections": _csv(w, "connections"), "name": "x"},
    neurons=EITHER,
    connections=EITHER,
    name=TEXT - WORD,
    dtype=NOTHING,
)


def _csv(w: World, part: str) -> io.BytesIO:
    file = io.BytesIO()
    readwrite.write_table(w.net, file, part)
    file.seek(0)
    return file


def _saved(w: World) -> dict[str, Any]:
    file = io.BytesIO()
    synapse.save(w.net, file)
    file.seek(0)
    return {"path": file}


add("synapse.save", plain(synapse.save), to, network=NETWORK, path=EITHER, format=NONE)
add("synapse.load", plain(synapse.load), _saved, path=EITHER, format=NONE)
add("readwrite.formats", plain(readwrite.formats))
add("synapse.to_torch", plain(synapse.to_torch), net, network=NETWORK, modules=NONE)
add(
    "synapse.from_torch",
    plain(synapse.from_torch),
    lambda w: {"modules": synapse.to_torch(w.net), "network": w.net},
    modules=NOTHING,
    network=NOTHING,
)
