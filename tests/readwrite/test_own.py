"""Synapse's own two formats, and copies: a network comes back as the one that it was,
to the last bit."""

import io
import pickle
import zipfile
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
from synapse import Layer, Network, Neuron, errors, load
from synapse.objects.snapshots import take_over
from tests.helpers.cases import all_refused, every_case
from tests.helpers.strategies import Twin, given_graphs, specs

from .formats import NETWORKS, content_of, used
from .nets import OWN, WAYS, feed, memory, same

# "unconnected"
pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@every_case("name", NETWORKS)
def test_a_network_comes_back_to_the_last_bit(way, name):
    net = used(name)
    twin = WAYS[way](net)
    assert same(net, twin)
    learn = name != "softmax"  # which has a cost of its own
    assert feed(net, 3, 1, learn).tobytes() == feed(twin, 3, 1, learn).tobytes()
    assert same(net, twin)


@given_graphs(specs(), st.integers(0, 4), st.booleans())
def test_training_of_any_graph_goes_on_bit_for_bit(spec, steps, between):
    net = Twin(spec).net
    feed(net, steps)
    if between:  # an activation that has not been learnt from yet
        feed(net, 1, learn=False)
    try:
        twins = [WAYS[way](net) for way in OWN]
    except errors.DivergenceError:
        assume(False)
    assert all(same(net, twin) for twin in twins)
    if between:
        for network in (net, *twins):
            network.propagate(0.2, [0.5] * spec.outputs, "squared_error")
    with np.errstate(all="ignore"):
        answers = {feed(network, 3, seed=1).tobytes() for network in (net, *twins)}
    assert len(answers) == 1


@every_case("way", OWN)
def test_everything_that_has_a_name_keeps_it(way):
    inputs, outputs = Layer(1, name='Ω "quoted"\n'), Layer(1)
    hidden = Layer([Neuron(name="a"), Neuron()])
    inputs[0].name = "ends with \ud800\0"  # half a character, which UTF-8 cannot write
    inputs.project(hidden, seed=0)
    hidden.project(outputs, seed=0)
    net = Network(inputs, [hidden], outputs)
    outputs.name = ""
    outputs.append(Neuron(name=""))
    outputs.append(Neuron())  # has no name at all
    twin = WAYS[way](net)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in net.layers]
    assert [neuron.name for neuron in twin] == [neuron.name for neuron in net]
    assert (twin[1].name, twin[2].name, twin[5].name) == ("a", "hidden 1", "neuron 5")
    assert repr(twin) == repr(net)


@every_case("way", ["clone", "copy", "deepcopy", "pickle"])
def test_copies_are_independent_and_one_network_in_many_places_stays_one(way):
    net = memory()
    twin = WAYS[way](net)
    before = net.weights
    feed(twin, 3)
    assert (net.weights == before).all()
    assert (twin.weights != before).any()
    if way in ("deepcopy", "pickle"):
        network, other = WAYS[way]([net, net])
        assert network is other is not net
        # whose copy would work on the memory of the original
        parts = net[0], net.input
        all_refused([(partial(WAYS[way], part), TypeError, "") for part in parts])


def test_what_was_trained_elsewhere_comes_back():
    """The copy has been trained by another process, with a callback that froze a
    layer."""
    net = memory()
    feed(net, 3)
    copied = net.clone()
    feed(copied, 4, seed=1)
    copied.output.freeze()
    for neuron in copied:
        neuron.deterministic = True
    take_over(net, copied)
    assert same(net, copied)
    assert feed(net, 3).tobytes() == feed(copied, 3).tobytes()
    assert same(net, copied)
    copied.add(Neuron())
    with pytest.raises(errors.TopologyError, match="differs from that of the copy"):
        take_over(net, copied)


def test_a_copy_numbers_its_groups_anew_so_that_its_own_copy_in_another_process_fits():
    net = architect.Perceptron(2, 3, 2, seed=0)
    for layer, squash in (
        (net["hidden"], "winner"),
        (net.output, "winner"),
        (net["hidden"], "tanh"),
    ):
        layer.squash = squash
    copied = net.clone()
    take_over(copied, pickle.loads(pickle.dumps(copied)))  # raises if it does not fit


def test_a_changed_number_in_an_archive_is_found():
    content = bytearray(content_of("npz", memory()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        end = archive.getinfo("connections/weight.npy").header_offset
    content[content.index(b"}", end) + 100] ^= 1  # a bit of a weight, after the header
    with pytest.raises(errors.FormatError, match="'connections/weight' has changed"):
        load(io.BytesIO(bytes(content)))
