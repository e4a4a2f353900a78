"""The formats that keep what the outputs come from, and networks that they have to
keep."""

import io

import numpy as np

import architect
from synapse import Layer, Network, Neuron, load, readwrite, save, tie

from .nets import OWN, feed, memory

FORMATS = [
    form.name
    for form in readwrite.formats()
    if form.read and form.write and form.name != "synaptic"
]
GRAPHS = [name for name in FORMATS if name not in OWN]
NAMES = [
    'say "hi"',
    "<script>alert(1)</script>",
    "Ω 神経 🧠",
    "two\nlines \n\tand a tab ",
    "it's &amp; ]]> \\N",
    "",
]


def write(format, net, path):
    save(net, path, format)


def read(format, path):
    return load(path, format)


def content_of(format, net):
    """The bytes of a file."""
    stream = io.BytesIO()
    write(format, net, stream)
    return stream.getvalue()


def from_content(format, content):
    return read(format, io.BytesIO(content))


def named():
    """Neurons wired by hand, with names that every format has to escape."""
    net = Network(
        Layer(2),
        [Layer(3, "tanh", name="<b>&")],
        Layer(1, "identity", bias=0.1),
        name='"net" <1>',
    )
    for neuron, name in zip(net, NAMES, strict=True):
        neuron.name = name
    for i, (source, target) in enumerate(
        [(0, 2), (1, 2), (2, 3), (5, 3), (4, 4), (3, 5)]
    ):
        net[source].project(net[target], weight=0.3 * i - 0.7)
    net[3].gate(net[1].outgoing[0])
    net[2].gate(net[4].self_connection)
    return net


def frozen():
    net = architect.Perceptron(2, 3, 2, seed=4)
    for link in net.connections[::2]:
        link.trainable = False
    net[3].trainable_bias = False
    net.output.freeze()
    return net


def competing():
    """Two groups that compete, among neurons that draw random numbers, some of them
    deterministic."""
    inputs, noise = (
        Layer(2),
        Layer([Neuron(squash) for squash in ("noise", "bernoulli", "noise")]),
    )
    for i, neuron in enumerate(noise):
        neuron.reseed(i)
    groups = [Layer(3, "winner"), Layer(2, "maxout")]
    outputs = Layer(2, "identity")
    noise[2].deterministic = True
    inputs.project(noise, seed=4)
    for group in groups:
        noise.project(group, seed=5)
        group.project(outputs, seed=6)
    return Network(inputs, [noise, *groups], outputs)


def tied():
    """Two weights and a bias that are shared, one of the weights frozen."""
    net = architect.Perceptron(2, 3, 2, seed=4)
    tie(net.connections[1:4])
    tie(net.connections[6:9:2])
    net.connections[6].trainable = False
    tie([*net.hidden[0][:2], net.output[1]])
    return net


NETWORKS = {
    "perceptron": lambda: architect.Perceptron(3, 5, 2, seed=0),
    "lstm": lambda: architect.LSTM(2, 3, 1, style="synaptic", seed=1),
    "gated": memory,
    "float32": lambda: memory(dtype="float32"),
    "softmax": lambda: architect.Perceptron(2, 3, 3, output_squash="softmax", seed=3),
    "frozen": frozen,
    "competing": competing,
    "tied": tied,
    "convolutional": lambda: architect.Convolutional(
        (3, 4), 2, filters=(2, 2), kernel=2, seed=6
    ),
    "named": named,
    "unconnected": lambda: Network(
        Layer(2, bias=-0.0), [Layer(1, bias=-0.0)], Layer(2, bias=-0.0)
    ),
    "no hidden": lambda: architect.Perceptron(2, 1, seed=5),
}


def used(name):
    """A network in the midst of a sequence."""
    net = NETWORKS[name]()
    feed(net, 3, learn=False)
    return net


def described(net):
    """All that has to be the same after a file, besides the outputs."""
    number = {neuron: i for i, neuron in enumerate(net)}
    facts = ("squash", "bias", "state", "activation", "trainable", "deterministic")
    neurons = [[getattr(neuron, fact) for fact in facts] for neuron in net]
    links = list(net.connections)
    place = {link: i for i, link in enumerate(links)}
    wires = [
        (
            number[link.source],
            number[link.target],
            number.get(link.gater),
            link.weight,
            link.trainable,
        )
        for link in links
    ]
    wires += [[place[partner] for partner in link.tied] for link in links]
    shared = [[number[partner] for partner in neuron.tied] for neuron in net]
    return (
        net.name,
        [(layer.name, len(layer)) for layer in net.layers],
        neurons,
        wires,
        shared,
    )


def assert_twins(net, twin):
    assert described(net) == described(twin)
    assert [neuron.name for neuron in twin] == [
        neuron.name or f"neuron {i}" for i, neuron in enumerate(net)
    ]
    # so that those that were trainable before `freeze` are known
    for layer in (*net.layers, *twin.layers):
        layer.unfreeze()
    assert described(net) == described(twin)
    ours, theirs = (feed(each, 9, seed=1, learn=False) for each in (net, twin))
    near = 1e-12 if twin.dtype == net.dtype else 1e-5
    assert np.abs(ours - theirs).max() < near
