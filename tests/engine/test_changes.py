"""A lowering after an edit makes the same program as a lowering of everything."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import synapse
from synapse import Layer, Neuron
from synapse.engine.lowering import part
from synapse.engine.lowering.changes import spans

from .. import lowered_anew
from ..networks import lstm, perceptron, used
from ..strategies import Pair, Twin, specs
from ..test_rule import edit, edits


@pytest.fixture(autouse=True)
def _checked():
    with pytest.MonkeyPatch.context() as patch:
        lowered_anew.install(patch)
        yield


@given(specs(), st.lists(edits, min_size=4, max_size=25))
def test_after_any_edits_and_steps(spec, todo):
    """The steps are also compared with those of the reference."""
    twin = Twin(spec)
    twin.step()
    for name, a, b, flag in todo:
        assume(twin.tame)
        if name == "step":
            twin.step()
        else:
            edit(twin, name, a, b, flag)
            twin.net._ready()
    twin.step()


@given(specs(most=8), st.lists(edits, max_size=8))
def test_in_a_store_of_two_networks(spec, todo):
    n = len(spec.units)
    assume(spec.inputs + 1 <= n - spec.outputs - 1)
    twin = Pair(spec, spec.inputs + 1)
    twin.step()
    twin.join()
    for i in range(3):
        assume(twin.tame)
        links = list(twin.reference.links)
        if links:
            twin.set_trainable(*links[i % len(links)], bool(i % 2))
        twin.step()


def wide():
    """Layers so wide that most neurons are left alone by an edit."""
    net = perceptron(12, 40, 40, 8, seed=1)
    net.activate(np.linspace(-1, 1, 12))
    return net


def remove_middle(net):
    net.remove(net.hidden[0][20])


def tie_and_cut(net):
    """A tied group of two that loses a member."""
    one, other = (net.hidden[1][i].connected(net.output[1]) for i in (3, 4))
    synapse.tie([one, other])
    net.activate(np.zeros(12))
    one.source.disconnect(one.target)


def join(net):
    other = used(lstm(2, 3, 1, seed=3))
    net.output[0].project(other.hidden[0][1], weight=0.1)


def outside(net):
    Neuron().project(net.hidden[1][7], weight=0.1)


def group(net):
    Layer(net.hidden[0][5:8]).squash = "maxout"


WIDE = {
    "an edge": lambda net: net.input[0].project(net.output[3], weight=0.1),
    "an edge backward": lambda net: net.output[3].project(net.hidden[0][2], weight=0.1),
    "an edge removed": lambda net: net.hidden[0][3].disconnect(net.hidden[1][9]),
    "an edge into an input": lambda net: net.output[0].project(net.input[4], weight=0.1),
    "a self-connection": lambda net: net.hidden[0][3].project(net.hidden[0][3]),
    "a gate": lambda net: net.hidden[0][3].gate(net.hidden[1][9].connected(net.output[2])),
    "a gate from later": lambda net: net.output[1].gate(net.hidden[0][9].connected(net.hidden[1][2])),
    "a squash": lambda net: setattr(net.hidden[0][3], "squash", "tanh"),
    "groups": group,
    "a flag": lambda net: setattr(net.hidden[0][3].connected(net.hidden[1][9]), "trainable", False),
    "a neuron": lambda net: net.hidden[0].append(Neuron()),
    "an input": lambda net: net.input.append(Neuron()),
    "an output": lambda net: net.output.append(Neuron()),
    "a layer": lambda net: net.add(Layer(3)),
    "a neuron removed": remove_middle,
    "an end of a layer removed": lambda net: net.remove(net.hidden[0][-1]),
    "a frozen layer": lambda net: net.hidden[1].freeze(),
    "a tie": lambda net: synapse.tie([net.hidden[1][i].connected(net.output[i]) for i in (1, 2, 5)]),
    "a tie dissolved": tie_and_cut,
    "another network": join,
    "a neuron outside": outside,
}


@pytest.mark.parametrize("many", [0, part.MANY])
@pytest.mark.parametrize("name", WIDE)
def test_in_wide_layers(name, many, monkeypatch):
    monkeypatch.setattr(part, "MANY", many)
    net = wide()
    WIDE[name](net)
    net.activate(np.linspace(0, 1, len(net.input)))
    net.propagate(0.1, np.zeros(len(net.output)))


@pytest.mark.parametrize("seed", range(6))
def test_in_wide_layers_after_several_edits(seed):
    rng = np.random.default_rng(seed)
    net, held = wide(), {}
    for one in net.connections[::7]:
        held[one] = one.source, one.target
    for name in rng.permutation(list(WIDE)):
        try:
            WIDE[name](net)
        except (synapse.errors.SynapseError, AttributeError):  # an earlier edit has taken away what it needs
            continue
        if rng.random() < 0.7:
            net.activate(rng.uniform(-1, 1, len(net.input)))
            net.propagate(0.1, np.zeros(len(net.output)))
    alive = set(net.connections)
    assert all((one.source, one.target) == ends for one, ends in held.items() if one in alive)


def test_a_recording_follows():
    net = wide()
    link = net.hidden[1][30].connected(net.output[2])
    with synapse.record(net, "weight", "activation") as log:
        for name in ("an edge", "a self-connection", "an edge removed", "a neuron removed"):
            WIDE[name](net)
            net.activate(np.linspace(0, 1, 12))
            net.propagate(0.1, np.zeros(8))
            assert log.of(link)[-1] == link.weight
            assert log.of(net.output[3], "activation")[-1] == net.output[3].activation


def test_an_edit_that_moves_little_sorts_only_its_part():
    """The counter of full sorts: one for the first lowering, one for each comparison."""
    lowered_anew.COUNTS.clear()
    net = wide()
    net._ready()
    first = lowered_anew.COUNTS["full"]
    WIDE["an edge"](net)
    net._ready()
    assert lowered_anew.COUNTS["incremental"] == 1
    assert lowered_anew.COUNTS["full"] == first + 1  # by the comparison


@pytest.mark.parametrize("failing", ["look_back", "find_runs", "restore"])
def test_after_a_lowering_that_failed_everything_is_lowered(failing, monkeypatch):
    net, twin = wide(), wide()
    link = net.input[0].project(net.output[3], weight=0.1)
    twin.input[0].project(twin.output[3], weight=0.1)

    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(f"synapse.engine.lowering.lower.{failing}", fail)
        with pytest.raises(MemoryError):
            net._ready()
    x = np.linspace(0, 1, 12)
    assert net.activate(x).tolist() == twin.activate(x).tolist()
    assert link.weight == 0.1


@pytest.mark.parametrize(
    ("firsts", "lengths", "indices"),
    [
        ([0, 5], [2, 3], [0, 1, 5, 6, 7]),
        ([5, 0], [1, 2], [5, 0, 1]),
        ([3, 9, 4], [0, 2, 0], [9, 10]),
        ([], [], []),
        ([7], [0], []),
    ],
)
def test_spans(firsts, lengths, indices):
    assert spans(np.array(firsts, np.uint32), np.array(lengths, np.uint32)).tolist() == indices
