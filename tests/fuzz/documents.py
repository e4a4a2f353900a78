"""Documents that readers take, and each of them with a value of each kind in each
place."""

import copy
import io
import json
from functools import partial

import numpy as np

import architect
import synapse
from synapse.readwrite import _npz, read_graph
from tests.readwrite import test_neataptic, test_synaptic

VALUES = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53 + 1, 2**64, 10**400, -0.5, 1e308),
    *(float("inf"), float("nan"), "", "x", "1", "\0", "\ud800", [], [0], [[]], [None]),
    *({}, {"x": 0}, {"": {}}, [{}], [1.0, "x"]),
)
"""Each kind of JSON, and numbers and text at their bounds."""


def places(document, path=()):
    """Yield the path to each value; of long lists, to the first and the last item."""
    if path:
        yield path
    if isinstance(document, dict):
        keys = list(document)
    elif isinstance(document, list):
        keys = sorted({*range(min(1, len(document))), *range(len(document))[-1:]})
    else:
        return
    for key in keys:
        yield from places(document[key], (*path, key))


def changed(document, path, change):
    """A copy of a document in which a place has been changed."""
    twin = copy.deepcopy(document)
    inner = twin
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return twin


def put(value, inner, key):
    inner[key] = value


def drop(inner, key):
    del inner[key]


def double(inner, key):
    """Give a list an item twice, a dict a further key."""
    if isinstance(inner, list):
        inner.insert(key, copy.deepcopy(inner[key]))
    else:
        inner[f"{key} "] = inner[key]


CHANGES = [*(partial(put, value) for value in VALUES), drop, double]


def variants(document):
    """Yield a document with each change in each place, and a description."""
    for value in VALUES:
        yield value, f"{value!r:.30}"
    for path in places(document):
        for change in CHANGES:
            name = getattr(change, "__name__", "") or f"{change.args[0]!r:.30}"
            yield changed(document, path, change), f"{name} at {path}"


def network():
    net = architect.LSTM(1, 1, 1, seed=0)
    net.metadata["columns"] = ["a"]
    net[1].metadata["kind"] = "cell"
    net.activate([0.5])
    return net


def as_json(made):
    stream = io.StringIO()
    synapse.save(made, stream, "json")
    content = json.loads(stream.getvalue())
    content.pop("digest", None)
    return content


def model(**options):
    build = synapse.Model.build("Perceptron", ["a", "b"], ["y"], hidden=1, **options)
    targets = ["u", "v", "u"] if options else [0.0, 1.0, 2.0]
    build.fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], targets, epochs=1, seed=0)
    return build


def trainer():
    net = architect.Perceptron(2, 1, seed=0)
    made = synapse.Trainer(net, 0.1, optimizer=synapse.optimizers.Adam())
    made.train([[0.0, 1.0], [1.0, 0.0]], [[0.0], [1.0]], epochs=2, seed=0)
    return made


def agent():
    net = architect.Perceptron(2, 2, seed=0, output_squash="identity")
    return synapse.reward.QLearning(net, seed=0)


def plain(format):
    stream = io.BytesIO()
    synapse.save(architect.Perceptron(1, 1, seed=0), stream, format)
    return json.loads(stream.getvalue())


def load_text(content, format=None):
    return synapse.load(io.StringIO(json.dumps(content)), format)


def read_text(content):
    """A graph, and the network of it: with inputs and outputs by default."""
    return synapse.from_networkx(read_graph(io.StringIO(json.dumps(content))))


TABLES = {
    "edges": {
        "source": ["x", "a", "x"],
        "target": ["a", "y", "y"],
        "weight": [1.0, 2.0, 3.0],
        "sign": [1, 1, 1],
        "delay": [0, 1, 0],
        "gater": [None, "x", None],
        "trainable": [True, False, True],
        "tie": [0, 0, 0],
        "kind": ["p", "q", "p"],
    },
    "neurons": {
        "name": ["x", "a", "y"],
        "label": ["1", "2", "3"],
        "squash": ["tanh"] * 3,
        "bias": [0.0, 0.5, 1.0],
        "subset": [0, 1, 2],
        "outgoing_sign": [0, 0, 0],
    },
}


def from_tables(content):
    """The columns of both tables, as a program reads them of a file."""
    if not isinstance(content, dict):
        return synapse.from_edges(content)
    neurons = content.get("neurons")
    return synapse.from_edges(content.get("edges"), neurons=neurons, seed=0)


DOCUMENTS = {
    "network": (lambda: as_json(network()), load_text),
    "model": (lambda: as_json(model()), load_text),
    "classes": (lambda: as_json(model(classes=["u", "v"])), load_text),
    "ensemble": (
        lambda: as_json(synapse.Ensemble([architect.Perceptron(1, 1, seed=0)])),
        load_text,
    ),
    "synaptic": (test_synaptic.small, load_text),
    "neataptic": (test_neataptic.small, load_text),
    "node_link": (partial(plain, "node_link"), load_text),
    "cytoscape": (partial(plain, "cytoscape"), load_text),
    "node_link, a graph": (partial(plain, "node_link"), read_text),
    "cytoscape, a graph": (partial(plain, "cytoscape"), read_text),
    "tables": (lambda: copy.deepcopy(TABLES), from_tables),
}
"""By kind: how a document is made, and read."""


def archive_of(made):
    stream = io.BytesIO()
    synapse.save(made, stream, "npz")
    return stream.getvalue()


def arrays_of(content):
    return _npz.read_arrays(io.BytesIO(content))


def load_arrays(arrays):
    stream = io.BytesIO()
    _npz.write_arrays(stream, arrays)
    stream.seek(0)
    return synapse.load(stream)


ARCHIVES = {"network": network, "model": model, "trainer": trainer, "agent": agent}
"""By kind: how what is saved as an archive of arrays is made."""
ARRAYS = (
    *(np.zeros(0), np.zeros((0, 3)), np.array(1.0), np.array("x"), np.array("{")),
    *(np.full(3, np.nan), np.array([-1]), np.array([2**63 - 1]), np.array([True])),
    *(np.array(["a"]), np.zeros((2, 2)), np.array([1j]), np.array(b"x")),
)


def variants_of_archive(arrays):
    """Yield an archive with another array in each place, and with each change in each
    document, and a description."""
    for name, array in arrays.items():
        others = {key: value for key, value in arrays.items() if key != name}
        yield others, f"drop {name}"
        for other in ARRAYS:
            yield {**others, name: other}, f"{name}: {other!r:.40}"
        if array.ndim:
            yield {**others, name: array[:-1]}, f"{name}: one less"
            continue
        if array.dtype.kind != "S":
            continue
        for content, change in variants(json.loads(array.item())):
            text = json.dumps(content).encode("ascii")
            yield {**others, name: np.array(text)}, f"{name}: {change}"
