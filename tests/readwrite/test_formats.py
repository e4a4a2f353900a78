"""One contract for every format that keeps what the outputs come from."""

import ast
import importlib.util
import io
import re
import sys
import types
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
from synapse import (
    Ensemble,
    Layer,
    Model,
    Network,
    Topology,
    Trainer,
    errors,
    load,
    readwrite,
    save,
)
from synapse.readwrite import _files, json_data
from synapse.readwrite._formats import DECLARATIONS, Declaration, Format, module_of
from tests.helpers.cases import all_hold, all_refused, every_case
from tests.helpers.processes import python
from tests.helpers.strategies import Twin, given_graphs, specs

from .formats import (
    FORMATS,
    NETWORKS,
    assert_twins,
    content_of,
    described,
    from_content,
    read,
    used,
    write,
)
from .nets import feed

# "unconnected"
pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")


@pytest.mark.parametrize("format", FORMATS)
@every_case("name", NETWORKS)
def test_a_network_comes_back_and_is_written_again(format, tmp_path, name):
    net = used(name)
    before = json_data(net)
    write(format, net, str(tmp_path / "one"))
    assert json_data(net) == before
    twin = read(format, tmp_path / "one")
    assert (
        name != "named" or content_of(format, twin) == (tmp_path / "one").read_bytes()
    )
    assert twin.dtype == (np.float64 if format == "gexf" else net.dtype)
    assert_twins(net, twin)


DELAYS = {
    # the longest delay that a format keeps; None: any
    **dict.fromkeys(("json", "npz", "node_link", "cytoscape", "graphml", "gexf")),
    **dict.fromkeys(("gml", "networkx", "python", "c", "javascript", "onnx", "nir")),
    "torch": 1,
    "synaptic": 0,
    "neataptic": 0,  # is only read
    "dot": 0,  # a drawing
}


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_a_format_keeps_a_delay_or_refuses_it(delay):
    """Recipes add a format, which is not listed."""
    assert DELAYS.keys() <= {form.name for form in readwrite.formats()}
    net = architect.Perceptron(2, 3, 1, squash="tanh", seed=0)
    net.input[1].project(net.output[0], weight=0.5, delay=delay)
    rows = np.random.default_rng(0).normal(size=(9, 2))
    net.run(rows)
    before = json_data(net)
    contents = {format: content_of(format, net) for format in FORMATS}
    with pytest.raises(
        errors.TopologyError,
        match=f"Synaptic has no delays.*'input 1' to 'output 0' .* of {delay} step",
    ):
        readwrite.synaptic_data(net)
    assert json_data(net) == before
    expected = net.run(rows)
    for format, content in contents.items():
        outputs = from_content(format, content).run(rows)
        assert outputs == pytest.approx(expected, rel=1e-12), format


@given_graphs(specs(), st.integers(0, 3))
def test_any_graph_comes_back(spec, steps):
    net = Twin(spec).net
    feed(net, steps, learn=False)
    try:
        twins = [from_content(format, content_of(format, net)) for format in FORMATS]
    except errors.DivergenceError:
        assume(False)
    facts = described(net)
    with np.errstate(all="ignore"):
        told = feed(net, 3, seed=1, learn=False)
        for format, twin in zip(FORMATS, twins, strict=True):
            assert described(twin) == facts, format
            answered = feed(twin, 3, seed=1, learn=False)
            np.testing.assert_allclose(answered, told, 1e-12, 1e-12, err_msg=format)


def check_refusals(form, folder):
    """An open network, one with an infinite weight, and other objects are refused, and
    the file stays as it was."""
    diverged, joined, net = (NETWORKS["perceptron"]() for _ in range(3))
    diverged._store["weight"][3] = np.inf
    joined.output.project(Layer(1), seed=0)
    path = folder / "net"
    path.write_text("before")
    infinite = "for the weight of connection 3"
    missing = folder / "missing" / "net"
    all_refused(
        [
            (partial(save, diverged, path, form), errors.DivergenceError, infinite),
            (
                partial(save, joined, path, form),
                errors.TopologyError,
                "cannot be saved, because",
            ),
            (
                partial(save, None, path, form),
                errors.ArgumentTypeError,
                "a Network, got None",
            ),
            (partial(save, net, missing, form), FileNotFoundError, "missing"),
        ]
    )
    assert path.read_text() == "before"


@pytest.mark.full
def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    all_hold(partial(check_refusals, folder=tmp_path), list(WRITTEN))
    assert list(tmp_path.iterdir()) == [tmp_path / "net"]


def test_a_new_writer_needs_no_checks_of_its_own(tmp_path, monkeypatch):
    """``save`` refuses what no format can hold, before it calls the writer."""
    called = []

    def edges_data(network):
        called.append(network)
        table = Topology.of(network)
        ends = zip(table.source, table.target, table.weight, strict=True)
        return "".join(f"{' '.join(map(str, row))}\n" for row in ends)

    words = dict.fromkeys(("purpose", "kept", "lost", "link"), "")
    module = types.ModuleType("edges")
    module.FORMAT = Format("edges", **words, data=edges_data, write=_files.write)
    monkeypatch.setitem(sys.modules, "synapse.readwrite.edges", module)
    declared = Declaration("edges", ("edges_data",), (".edges",))
    monkeypatch.setitem(DECLARATIONS, "edges", declared)
    check_refusals("edges", tmp_path)
    net = NETWORKS["perceptron"]()
    path = tmp_path / "net.edges"
    of_trainer = "format edges cannot hold a Trainer"
    of_ensemble = "format edges cannot hold an Ensemble"
    ensemble = Ensemble([net])
    all_refused(
        [
            (partial(save, Trainer(net), path), errors.ArgumentError, of_trainer),
            (partial(save, ensemble, path), errors.ArgumentError, of_ensemble),
        ]
    )
    assert len(called) == 1  # for a folder that does not exist
    save(Model(architect.Perceptron(2, 1, output_squash="identity")), path)
    assert len(path.read_text().splitlines()) == 2 + 2 + 1
    assert len(called) == 2


def test_a_name_that_does_not_fit_is_refused(tmp_path):
    def check(format, character):
        nets = [NETWORKS["perceptron"](), NETWORKS["perceptron"]()]
        nets[0][4].name = nets[1]["hidden"].name = f"a{character}"
        nets.append(Network(Layer(1), [], Layer(1), name=f"c{character}"))
        nouns = "label of neuron 4", "layer of neuron 3", "name of the net"
        for noun, net in zip(nouns, nets, strict=True):
            with pytest.raises(errors.FormatError, match=f"{noun}.* must have no"):
                write(format, net, tmp_path / "net")

    all_hold(
        check,
        [("graphml", "\0"), ("graphml", "\b"), ("gexf", "\ud800"), ("dot", "\udfff")],
    )
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_formats_agrees_with_modules_and_type_checkers():
    folder = Path(readwrite.__file__).parent
    modules = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        for path in folder.rglob("*.py")
        if re.search(r"^FORMATS? = \w*\(", path.read_text("utf-8"), re.M)
    }
    declared = {it.module for it in DECLARATIONS.values()}
    assert modules == declared
    (told,) = (
        {line.module: [each.name for each in line.names] for line in branch.body}
        for branch in ast.parse((folder / "__init__.py").read_text("utf-8")).body
        if isinstance(branch, ast.If)
    )
    for module in declared:
        formats = {name: it for name, it in DECLARATIONS.items() if it.module == module}
        imported = module_of(next(iter(formats)))
        several = getattr(imported, "FORMATS", None) or (imported.FORMAT,)
        assert [form.name for form in several] == [*formats]
        names = [name for it in formats.values() for name in it.names]
        assert sorted(names) == sorted(told.get(module, []))


def test_a_format_that_is_found_by_its_suffix_is_the_only_one_imported(tmp_path):
    code = """
import sys
import synapse
net = synapse.Network(synapse.Layer(1), [], synapse.Layer(1))
before = {*sys.modules}
synapse.save(net, sys.argv[1])
synapse.load(sys.argv[1])
for name in {*sys.modules} - before:
    is_ours = name.startswith("synapse.")
    if is_ours and {"FORMAT", "FORMATS"} & {*vars(sys.modules[name])}:
        print(name)
"""
    printed = python("-W", "ignore", "-c", code, tmp_path / "net.json")
    assert printed.split() == ["synapse.readwrite._container"]


def test_a_name_of_the_package_is_there_without_its_module():
    assert {"json_data", "npz_data", "SynapticWarning"} <= {*dir(readwrite)}


WRITTEN = {
    form.name: form
    for form in readwrite.formats()
    if form.write and (not form.extra or importlib.util.find_spec(form.extra))
}


def test_save_and_load_choose_by_the_name_of_the_file(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    unread = "cannot be read from a file. Use one of json,"

    def check(form):
        for suffix in form.suffixes:
            expected = content_of(form.name, net)
            path = tmp_path / f"net{suffix}"
            save(net, path)
            if suffix == ".mjs":  # differs by its export
                written, export = path.read_bytes().rsplit(b"\n\n", 1)
                assert export == b"export { Network };\n"
                assert expected.startswith(written)
            else:
                assert path.read_bytes() == expected
            if form.read:
                assert_twins(net, load(path))
            else:
                with pytest.raises(errors.ArgumentError, match=unread):
                    load(path)
        # JSON documents and archives are known by their content
        if form.marks or form.name == "npz":
            path = tmp_path / "net.json"
            save(net, path, form.name)
            for file in (path, io.BytesIO(path.read_bytes())):
                np.testing.assert_array_equal(load(file).weights, net.weights)

    all_hold(check, WRITTEN)


def test_a_format_that_is_not_there_is_refused(tmp_path):
    net = architect.Perceptron(2, 3, 1, seed=0)
    path = tmp_path / "net"
    unknown = "`format` must be"
    to_tables = r"Use synapse\.to_edges and"
    cases = [
        (partial(save, net, path, "jason"), errors.SynapseError, unknown),
        (partial(load, path, "jason"), errors.SynapseError, unknown),
        (
            partial(save, net, path, "networkx"),
            errors.ArgumentError,
            "networkx cannot be written to a file",
        ),
        *(
            (
                partial(save, net, tmp_path / name),
                errors.ArgumentError,
                rf"one of .json, .synapse, .*, got '{name[3:]}'",
            )
            for name in ("net.h5", "net.pt", "net.jsn", "net.v2")
        ),
        (partial(save, net, "net.csv"), errors.ArgumentError, to_tables),
        (partial(load, "net.CSV"), errors.ArgumentError, to_tables),
        (
            lambda: readwrite.jason_data,
            AttributeError,
            "has no attribute 'jason_data'",
        ),
    ]
    all_refused(cases)
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_a_format_does_not_have_is_refused(tmp_path):
    net, path = architect.Perceptron(2, 3, 1, seed=0), tmp_path / "net"
    save(net, path)
    gexf = "gexf has no option 'keep_context' here. It has: activations."
    calls = (
        (gexf, lambda: save(net, "x.gexf", keep_context=True)),
        (
            "json has no option 'resume' here. It has none.",
            lambda: load(path, resume=True),
        ),
        (
            "npz has no option 'dtype' here",
            lambda: save(Trainer(net), tmp_path / "trainer", dtype="float32"),
        ),
    )
    all_refused([(call, errors.ArgumentError, sentence) for sentence, call in calls])
    assert list(tmp_path.iterdir()) == [path]
