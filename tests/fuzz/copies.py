"""Operations that copy: clones, pickles, files in memory; a twin is the same, and has nothing in common."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np

from synapse import load, readwrite, save
from synapse.errors import TopologyError
from synapse.readwrite import json_data

from .edits import of_links
from .registry import Change, operation
from .steps import inside
from .world import TOP, Mismatch


def through(write, read):
    """A network written to a file in memory and read again."""

    def go(network):
        stream = io.BytesIO()
        write(network, stream)
        stream.seek(0)
        return read(stream)

    return go


WAYS = {
    "clone": lambda network: network.clone(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda network: pickle.loads(pickle.dumps(network)),
    "json": through(save, load),
    "npz": through(readwrite.write_npz, readwrite.read_npz),
    "graphml": through(readwrite.write_graphml, readwrite.read_graphml),
    "node_link": through(readwrite.write_node_link, readwrite.read_node_link),
    "gexf": through(readwrite.write_gexf, readwrite.read_gexf),
    "cytoscape": through(readwrite.write_cytoscape, readwrite.read_cytoscape),
}
WHOLE = ("clone", "deepcopy", "pickle", "json", "npz")
"""Ways that keep everything, traces too."""


def is_alone(world, network):
    """Whether no connection and no gate leads across the border of a network."""
    own = set(network)
    for (source, target), (gater, *_) in world.snapshot().links.items():
        ends = {source in own, target in own}
        if len(ends) > 1 or (gater is not None and (gater in own) != (target in own)):
            return False
    return True


def described(network, twin):
    """All of a network; of an architecture whose layers were removed a plain network comes back."""
    data = json_data(network)
    if type(network) is not type(twin):
        data.pop("architecture", None)
    return data


@operation(5, "networks")
def copy_network(world, network):
    """A copy answers as the network does, bit for bit, and may live on beside it."""
    name, alone = world.one(WAYS), is_alone(world, network)
    before = world.snapshot()
    world.note(name, network, "" if alone else "(connected with others)")
    try:
        twin = WAYS[name](network)
    except TopologyError as error:
        world.note("refused:", error)
        assert not alone, "a network that stands alone was not copied"
        world.compare(before, Change())
        return Change()
    assert alone, "a network that is connected with others was copied"
    world.compare(before, Change())
    if name in WHOLE and described(network, twin) != described(twin, network):
        raise Mismatch(f"a copy by {name} is another network")
    if len(world.neurons) < TOP and world.chance(0.5):
        world.hold(twin)
        world.networks.append(twin)
        return Change(born=set(twin), added=of_links(twin.connections), ties=True, modelled=False)
    return answers(world, network, twin, name)


def answers(world, network, twin, name):
    """Both make the same steps."""
    rows = world.rng.uniform(-1, 1, (3, len(network.input)))
    targets = world.rng.random(len(network.output))
    for row in rows:
        ours, theirs = network.activate(row), twin.activate(row)
        if not np.array_equal(ours, theirs) and not (name not in WHOLE and np.allclose(ours, theirs)):
            raise Mismatch(f"a copy by {name} answers {theirs}, not {ours}")
        for one in (network, twin) if name in WHOLE else ():
            one.propagate(0.05, targets, "squared_error")
    return Change(
        numbers=inside(network._store), weights=set(world.snapshot().links), ties=True, modelled=False
    )
