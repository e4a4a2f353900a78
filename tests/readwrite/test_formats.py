"""One contract for every format that keeps what the outputs come from."""

import io
import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import architect
from synapse import Layer, Network, errors, load, readwrite, save, tie
from synapse.readwrite import _tables
from synapse.readwrite._formats import MODULES

from ..strategies import Twin, specs
from .formats import FORMATS, GRAPHS, NETWORKS, assert_twins, data_of, described, from_data, read, used, write
from .nets import feed, memory

# --- what goes out comes back ------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_network_comes_back(format, name, tmp_path):
    net = used(name)
    before = data_of("json", net)
    write(format, net, tmp_path / "one")
    write(format, net, tmp_path / "other")
    assert data_of("json", net) == before
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert_twins(net, read(format, tmp_path / "one"))


@pytest.mark.parametrize("format", FORMATS)
@given(specs(), st.integers(0, 3))
def test_any_graph_comes_back(format, spec, steps):
    net = Twin(spec).net
    feed(net, steps, learn=False)
    try:
        twin = from_data(format, data_of(format, net))
    except errors.DivergenceError:
        assume(False)
    assert described(net) == described(twin)
    with np.errstate(all="ignore"):
        told, answered = (feed(one, 3, seed=1, learn=False) for one in (net, twin))
    np.testing.assert_allclose(answered, told, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_read_is_written_again(format, tmp_path):
    write(format, used("named"), tmp_path / "one")
    write(format, read(format, tmp_path / "one"), tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("format", FORMATS)
def test_data_without_a_file(format):
    net = used("gated")
    assert_twins(net, from_data(format, data_of(format, net)))


@pytest.mark.parametrize("format", FORMATS)
def test_what_came_back_learns(format):
    net = from_data(format, data_of(format, used("lstm")))
    before = net.weights
    feed(net, 3)
    assert (net.weights != before).any()


@pytest.mark.parametrize("format", FORMATS)
def test_paths_and_open_files(format, tmp_path):
    net = used("named")
    write(format, net, str(tmp_path / "str"))
    content = (tmp_path / "str").read_bytes()
    with open(tmp_path / "bytes", "wb") as stream:
        write(format, net, stream)
    assert (tmp_path / "bytes").read_bytes() == content
    with open(tmp_path / "bytes", "rb") as stream:
        assert_twins(net, read(format, stream))
    assert_twins(used("named"), read(format, str(tmp_path / "str")))


@pytest.mark.parametrize("format", [format for format in FORMATS if format != "npz"])
def test_files_open_for_text(format):
    stream = io.StringIO(newline="")
    write(format, used("named"), stream)
    stream.seek(0)
    assert_twins(used("named"), read(format, stream))


def test_files_of_tempfile():
    with tempfile.TemporaryFile("w+", encoding="UTF8", newline="") as stream:
        readwrite.write_graphml(used("named"), stream)
        stream.seek(0)
        assert_twins(used("named"), readwrite.read_graphml(stream))


def test_text_goes_into_utf8_alone(tmp_path):
    refused = pytest.raises(errors.ArgumentError, match="open with encoding='utf-8', got 'latin-1'")
    with open(tmp_path / "net", "w", encoding="latin-1") as stream, refused:
        readwrite.write_gexf(memory(), stream)
    assert (tmp_path / "net").read_bytes() == b""


def test_arrays_need_a_file_open_for_bytes(tmp_path):
    with open(tmp_path / "net", "w") as stream, pytest.raises(errors.KindError, match="open for bytes"):
        readwrite.write_npz(memory(), stream)
    assert (tmp_path / "net").read_bytes() == b""


@pytest.mark.parametrize("format", [*FORMATS, "dot", "table"])
def test_what_fails_leaves_the_old_file(format, tmp_path, monkeypatch):
    path = tmp_path / "net"
    write(format, memory(), path)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(format, memory(seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", [*FORMATS, "dot", "table"])
def test_what_is_no_path(format):
    for path in (3, None):
        with pytest.raises(errors.KindError, match="path to be a string or a path, or an open file"):
            write(format, memory(), path)


# --- what does not fit -------------------------------------------------------------------------


@pytest.mark.parametrize("format", [*FORMATS, "dot", "table", "sparse"])
def test_infinite_weights_and_a_part_of_a_larger_network_are_not_written(format):
    diverged, part = NETWORKS["perceptron"](), NETWORKS["perceptron"]()
    diverged._store["weight"][3] = np.inf
    with pytest.raises(errors.DivergenceError, match="for the weight of connection 3"):
        data_of(format, diverged)
    part.output.project(Layer(1), seed=0)
    with pytest.raises(errors.TopologyError, match="cannot be saved alone"):
        data_of(format, part)


UNFIT = {"graphml": "\0", "gexf": "\x1b\ud800", "dot": "\0\udfff"}


@pytest.mark.parametrize(("format", "character"), [(form, one) for form in UNFIT for one in UNFIT[form]])
def test_a_name_that_does_not_fit_is_refused(format, character, tmp_path):
    net = NETWORKS["perceptron"]()
    net[4].name = f"a{character}"
    with pytest.raises(errors.FormatError, match="label of neuron 4 to have no"):
        write(format, net, tmp_path / "net")
    net[4].name, net["hidden"].name = "a", f"b{character}"
    with pytest.raises(errors.FormatError, match="layer of neuron 3 to have no"):
        write(format, net, tmp_path / "net")
    net = Network(Layer(1), [], Layer(1), name=f"c{character}")
    with pytest.raises(errors.FormatError, match="name of the network to have no"):
        write(format, net, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


def changed(data, old, new):
    """The data of any format with another text in the place of one."""
    if isinstance(data, str):
        return data.replace(old, new)
    if isinstance(next(iter(data.values())), np.ndarray):
        return {**data, "document": np.array(data["document"].item().replace(old.encode(), new.encode()))}
    return json.loads(json.dumps(data).replace(old, new))


@pytest.mark.parametrize("format", FORMATS)
def test_a_squash_is_found_by_its_name_or_refused(format):
    data = data_of(format, used("gated"))  # has neurons with the squash "bump", which tests.nets registers
    assert_twins(used("gated"), from_data(format, data))
    sentence = "squash of neuron 23 is 'lump', which has not been registered"
    with pytest.raises(errors.FormatError, match=sentence):
        from_data(format, changed(data, "bump", "lump"))


@pytest.mark.parametrize("format", GRAPHS)
@pytest.mark.parametrize(
    ("column", "place", "value", "sentence"),
    [
        ("neuron_bias", 2, np.inf, "bias of neuron 2 to be a finite number, got inf"),
        ("neuron_state", 2, np.nan, "state of neuron 2 to be a finite number, got nan"),
        ("connection_weight", 5, -np.inf, "weight of connection 5 to be a finite number, got -inf"),
        ("connection_source", 5, 99, "source of connection 5 to be the number of a neuron"),
        ("connection_gater", 5, 99, "gater of connection 5 to be the number of a neuron"),
        ("connection_source", 1, 0, "both lead from neuron 0 to neuron 3"),
        ("neuron_id", 3, 2, "id of every neuron must be its own"),
        ("neuron_id", 3, 99, "id of neuron 3 to be a whole number from 0 to 9"),
        ("neuron_group", 2, 99, "group of neuron 2 to be a whole number from 0 to 10"),
        ("neuron_random", 2, 1 << 53, "random of neuron 2 to be a whole number from 0 to"),
        ("neuron_layer_number", 3, 2, "layer numbers must be 0, 1"),
        ("neuron_layer", 3, "input", "layer of neuron 4 to be named as its others"),
    ],
)
def test_what_contradicts_itself_is_refused(format, column, place, value, sentence, monkeypatch):
    """Each of these is written by the format's own hand, from a projection that is wrong."""

    def wrong(*arguments):
        told = _tables.to_tables(*arguments)
        item, _, key = column.partition("_")
        (told.neurons if item == "neuron" else told.connections)[key][place] = value
        return told

    monkeypatch.setattr(f"synapse.readwrite.{format}.to_tables", wrong)
    data = data_of(format, NETWORKS["perceptron"]())
    with pytest.raises(errors.FormatError, match=sentence):
        from_data(format, data)


@pytest.mark.parametrize("format", GRAPHS)
@pytest.mark.parametrize(
    ("head", "sentence"),
    [({"dtype": "float16"}, "dtype to be float32 or float64"), ({"dtype": "object"}, "dtype")],
)
def test_a_head_that_does_not_fit_is_refused(format, head, sentence, monkeypatch):
    net = Network(Layer(1), [], Layer(1))
    monkeypatch.setattr(
        f"synapse.readwrite.{format}.to_tables", lambda *all: replace(_tables.to_tables(*all), **head)
    )
    data = data_of(format, net)
    with pytest.raises(errors.FormatError, match=sentence):
        from_data(format, data)


# --- particular to one format ------------------------------------------------------------------


def test_nodes_and_edges_may_be_listed_in_any_order():
    data = data_of("node_link", used("named"))
    data["nodes"].reverse()
    assert_twins(used("named"), from_data("node_link", data))


def test_links_are_edges_under_an_older_name():
    data = data_of("node_link", used("named"))
    data["links"] = data.pop("edges")
    assert_twins(used("named"), from_data("node_link", data))
    with pytest.raises(errors.FormatError, match="edges or links, not both"):
        from_data("node_link", {**data, "edges": []})


def test_what_other_programs_have_added_is_left_out():
    data = data_of("cytoscape", used("named"))
    for element in (*data["elements"]["nodes"], *data["elements"]["edges"]):
        element.update(selected=False, group="x")
        element["data"]["SUID"] = 61
        element["data"].update(
            {end: str(element["data"][end]) for end in ("source", "target") if end in element}
        )
    assert_twins(used("named"), from_data("cytoscape", data))


# --- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", readwrite.formats(), ids=lambda form: form.name)
def test_a_format_describes_itself(form):
    for function in (form.write, form.read, form.data, form.from_data):
        if function is not None:
            assert form.name in function.__name__
            assert getattr(readwrite, function.__name__) is function
            assert function.__name__ in readwrite.__all__
    assert all((form.what, form.kept, form.lost))
    assert form.link.startswith("http")


def test_each_suffix_means_one_format():
    suffixes = [suffix for form in readwrite.formats() for suffix in form.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() for suffix in suffixes)


def test_every_module_of_a_format_is_in_the_table_and_known_to_type_checkers():
    folder = Path(readwrite.__file__).parent
    found = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for path in folder.rglob("*.py")
        if "FORMAT = Format(" in path.read_text("utf-8")
    }
    assert found == set(MODULES.values())
    told = re.findall(r"\n    from \.([\w.]+) import \*(?=\n)", (folder / "__init__.py").read_text("utf-8"))
    assert set(told) == found


@pytest.mark.parametrize(
    "form", [form for form in readwrite.formats() if form.write], ids=lambda form: form.name
)
def test_save_and_load_choose_by_the_name_of_the_file(form, tmp_path):
    if form.extra:
        pytest.importorskip(form.extra)
    net = architect.Perceptron(2, 3, 1, seed=0)
    for suffix in form.suffixes:
        save(net, tmp_path / f"net{suffix}")
        write(form.name, net, tmp_path / "same")
        assert (tmp_path / f"net{suffix}").read_bytes() == (tmp_path / "same").read_bytes()
        if form.read:
            assert_twins(net, load(tmp_path / f"net{suffix}"))
        else:
            with pytest.raises(errors.ArgumentError, match="cannot be read from a file. Known: json,"):
                load(tmp_path / f"net{suffix}")
    save(net, tmp_path / "any.name", form.name)
    assert (tmp_path / "any.name").stat().st_size > 100
    if form.read:
        np.testing.assert_array_equal(load(tmp_path / "any.name", form.name).weights, net.weights)


@pytest.mark.parametrize("name", ["json", "cytoscape", "node_link", "synaptic"])
def test_a_json_document_is_known_by_its_content(name, tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    for path in (tmp_path / "net.json", tmp_path / "net"):
        save(net, path, name)
        np.testing.assert_array_equal(load(path).weights, net.weights)
    stream = io.BytesIO()
    save(net, stream, name)
    stream.seek(0)
    np.testing.assert_array_equal(load(stream).weights, net.weights)


def test_a_format_that_is_not_there_is_refused(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    for call in (lambda: save(net, tmp_path / "net", "jason"), lambda: load(tmp_path / "net", "jason")):
        with pytest.raises(errors.SynapseError, match="Expected the format to be"):
            call()
    with pytest.raises(errors.ArgumentError, match="neataptic cannot be written to a file"):
        save(net, tmp_path / "net", "neataptic")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AttributeError, match="has no attribute 'write_jason'"):
        _ = readwrite.write_jason


# --- what is tied ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_said_of_ties_where_there_are_none(format):
    assert "tie" not in str(data_of(format, NETWORKS["perceptron"]()))
    assert "bias_tie" in str(data_of(format, NETWORKS["tied"]()))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("connections", "weight", 9.0),
        ("connections", "trainable", False),
        ("neurons", "bias", 9.0),
        ("neurons", "trainable_bias", False),
    ],
)
def test_those_that_are_tied_must_agree(table, column, value):
    net = NETWORKS["tied"]()
    data, item = data_of("json", net), table[:-1]
    data[table][column][3] = value
    with pytest.raises(
        errors.FormatError, match=f"Expected the {column} of {item} 3 to be that of the {item}s"
    ):
        from_data("json", data)
    data = data_of("npz", net)
    if f"{item}_{column}" not in data:
        return  # all neurons have the default
    data[f"{item}_{column}"][3] = value
    with pytest.raises(errors.FormatError, match="it is tied to"):
        from_data("npz", data)


def test_a_tie_is_a_number():
    data = data_of("json", NETWORKS["tied"]())
    data["connections"]["tie"][0] = 99
    with pytest.raises(
        errors.FormatError, match="Expected the tie of connection 0 to be a whole number from 0 to"
    ):
        from_data("json", data)


def test_a_tie_to_another_network_is_not_kept():
    one, other = (Network(Layer(2), [], Layer(2)) for _ in range(2))
    for net in (one, other):
        net.input.project(net.output, seed=0)
    tie([*one.connections[:1], *other.connections[:3]], groups=[0, 0, 1, 1])
    assert not any(link.tied for link in one.clone().connections)
    assert [len(link.tied) for link in other.clone().connections] == [0, 1, 1, 0]
