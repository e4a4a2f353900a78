"""Classes of networks that are registered from outside the package come back as what
they are."""

from itertools import pairwise

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network
from synapse.errors import ArgumentError, ArgumentTypeError, FormatError, TopologyError
from synapse.objects import architectures
from synapse.readwrite import from_json_data, json_data
from tests.helpers.processes import python
from tests.readwrite.nets import every_way


@architectures.register
class Tower(Network):
    """Floors of neurons; a lift of weights leads from the first to every `stride`-th
    floor."""

    def __init__(self, floors, stride=2, squash="tanh"):
        layers = [Layer(2, squash, name=f"floor {i}") for i in range(floors)]
        for below, above in pairwise(layers):
            below.project(above, seed=len(above))
        for landing in layers[stride::stride]:
            if landing is not layers[1]:
                layers[0].project(landing, seed=3)
        super().__init__(layers[0], layers[1:-1], layers[-1])
        self.stride = stride
        self.landings = layers[stride::stride]

    @property
    def settings(self):
        return {"stride": self.stride}

    @classmethod
    def find_parts(cls, layers, settings):
        if any(layer.name != f"floor {i}" for i, layer in enumerate(layers)):
            raise TopologyError("A floor is missing.")
        stride = int(settings["stride"])
        return {"stride": stride, "landings": list(layers[stride::stride])}


class Shed(Network):
    """A class that nobody has registered."""


@every_way
def test_a_class_of_your_own_comes_back_with_its_parts(twin_of):
    net = Tower(6)
    twin = twin_of(net)
    assert (type(twin), twin.stride, repr(twin)) == (Tower, 2, repr(net))
    assert [layer.name for layer in twin.landings] == ["floor 2", "floor 4"]
    assert all(landing in twin.layers for landing in twin.landings)
    assert twin.activate([0.5, -0.5]).tobytes() == net.activate([0.5, -0.5]).tobytes()
    assert type(twin_of(twin)) is Tower


@every_way
def test_a_class_that_is_not_registered_comes_back_as_a_network(twin_of):
    """Of its name; a subclass of a registered class is not registered by that."""
    net = Shed(Layer(2), [], Layer(1))
    assert (type(twin_of(net)), twin_of(net).name) == (Network, "Shed")

    class Annex(Tower):
        pass

    assert type(twin_of(Annex(4))) is Network


def test_settings_that_json_cannot_hold_are_refused(monkeypatch):
    net = Tower(4)
    for settings in (
        "stride",
        None,
        ["stride"],
        {"stride": {1}},
        {"name": "a"},
        {"s": np.nan},
    ):
        monkeypatch.setattr(Tower, "settings", settings)
        with pytest.raises(
            ArgumentTypeError,
            match="The settings of a Tower must be a dict that can be",
        ):
            net.clone()


def test_settings_of_a_file_that_the_class_cannot_use_are_refused_in_one_sentence():
    data = json_data(Tower(4))
    for stride in (None, "two", [], 0):
        data["architecture"]["stride"] = stride
        with pytest.raises(FormatError, match="The class Tower cannot find its parts"):
            from_json_data(data)
    del data["architecture"]["stride"]
    with pytest.raises(FormatError, match="KeyError"):
        from_json_data(data)


def test_a_name_is_taken_once_but_its_class_may_be_defined_again():
    with pytest.raises(ArgumentError, match="'LSTM' is registered already"):
        architectures.register(type("LSTM", (Network,), {}))

    def define():
        @architectures.register
        class Passing(Network):
            pass

        return Passing

    earlier_class = define()
    second = define()
    assert architectures.get("Passing") is second is not earlier_class
    earlier = earlier_class(Layer(1), [], Layer(1))
    assert type(earlier.clone()) is earlier_class
    assert type(from_json_data(json_data(earlier))) is second


def test_the_architectures_of_the_library_go_through_the_same_door():
    exported_names = {
        name for name in dir(architect) if isinstance(getattr(architect, name), type)
    }
    kinds = {
        name for name in exported_names if issubclass(getattr(architect, name), Network)
    }
    assert kinds | {"Tower"} <= set(architect.names())
    assert architect.register is architectures.register
    assert all(architectures.get(name) is getattr(architect, name) for name in kinds)
    assert architectures.get("Shed") is None


READ = """
import sys, synapse
net = synapse.load(sys.argv[1])
print(type(net).__name__, net.name, repr(net), net.activate([0.5, -0.5]).tolist())
"""


@pytest.mark.full
@pytest.mark.parametrize(
    ("make", "heading"),
    [
        (lambda: Tower(4), "Network Tower"),
        (lambda: architect.Perceptron(2, 1), "Perceptron Perceptron"),
    ],
)
def test_another_process_reads_what_it_has_registered(make, heading, tmp_path):
    net = make()
    synapse.save(net, tmp_path / "net.json")
    printed = python("-c", READ, tmp_path / "net.json")
    shown = repr(net).replace("<Tower", "<Network 'Tower'")  # a name, of another class
    assert (
        printed.split("\n")[0]
        == f"{heading} {shown} {net.activate([0.5, -0.5]).tolist()}"
    )
