"""Real programs read files of graphs and save them again, and the table in the
documentation says what is left; and how they write graphs of their own."""

import pytest

from synapse import from_edges, from_networkx, load, save
from synapse.errors import ArgumentError, ArgumentTypeError, FormatError
from synapse.readwrite import read_graph

from .graph_programs import PROGRAMS, read_table, several, verdict, version

pytestmark = pytest.mark.peers
ROWS = {(row["format"], row["package"]): row for row in read_table() if row["package"]}


def package(name):
    """A package of the version in the table; the test is skipped without it."""
    installed = version(name)
    if installed != next(
        row["version"] for row in ROWS.values() if row["package"] == name
    ):
        pytest.skip(f"{name} of the table is not here, but {installed}")
    return pytest.importorskip(name, exc_type=Exception)


@pytest.mark.parametrize(("format", "program"), PROGRAMS)
def test_a_program_leaves_what_the_table_says(format, program):
    row = ROWS[format, program]
    if version(program) != row["version"]:
        pytest.skip(f"{program} {row['version']} is not here")
    assert verdict(format, program) == row["left"]


def test_every_row_of_a_program_that_can_be_had_is_tested():
    assert ROWS.keys() == PROGRAMS.keys()
    assert {row["version"] for row in read_table() if not row["package"]} == {
        "not seen"
    }


def test_what_rustworkx_writes_without_keys_is_told(tmp_path):
    rx = package("rustworkx")
    save(several(), tmp_path / "net.graphml")
    (graph,) = rx.read_graphml(str(tmp_path / "net.graphml"))
    rx.write_graphml(graph, str(tmp_path / "again.graphml"))
    with pytest.raises(FormatError, match="id of its own, got 'd1'.*GraphMLKey"):
        load(tmp_path / "again.graphml")


def test_the_names_that_igraph_shows_are_those_of_the_neurons(tmp_path):
    graph = package("igraph").Graph.Tree(4, 3, "out")
    graph.vs["name"] = ["eye", "a b", "ü", "hand"]
    graph.es["weight"] = [0.5, 1.0, 2.0]
    for form in ("graphml", "gml"):
        graph.write(tmp_path / f"net.{form}", format=form)
        net = from_networkx(read_graph(tmp_path / f"net.{form}"))
        assert [neuron.name for neuron in net] == graph.vs["name"], form
        assert net.weights.tolist() == graph.es["weight"]
    twin = from_networkx(graph.to_networkx(), attributes={"label": "name"})
    assert [neuron.name for neuron in twin] == graph.vs["name"]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_of_any_library_are_columns(library):
    from decimal import Decimal

    columns = {
        "source": ["x", "a", "b"],
        "target": ["a", "b", "y"],
        "weight": [Decimal("0.5"), Decimal("1.5"), Decimal(-2)],
        "delay": [Decimal(0), Decimal(2), None],
        "kind": ["G", None, "A"],
        "trainable": [True, True, False],
    }
    module = pytest.importorskip(library, exc_type=Exception)
    make = module.table if library == "pyarrow" else module.DataFrame
    neurons = make({"name": ["x", "a", "b", "y"], "bias": [0.0, 0.25, 0.5, 1.0]})
    net = from_edges(make(columns), neurons=neurons)
    twin = from_edges(
        columns, neurons={"name": list("xaby"), "bias": [0, 0.25, 0.5, 1]}
    )
    for network in (net, twin):
        assert network.weights.tolist() == [0.5, 1.5, -2.0]
        assert [link.delay for link in network.connections] == [0, 2, 0]
        assert network["b"].bias == 0.5
        assert not network.connections[2].trainable
    assert [dict(link.metadata) for link in net.connections] == [
        dict(link.metadata) for link in twin.connections
    ]
    published = make({"pre_root_id": [1], "post_root_id": [2], "syn_count": [3]})
    with pytest.raises(
        ArgumentError, match=r"Rename them: edges = edges\.rename"
    ) as it:
        from_edges(published)
    edges = eval(str(it.value).partition(" = ")[2][:-1], {"edges": published})
    assert from_edges(edges).weights.tolist() == [3.0]


def test_lazy_tables_are_told_to_be_computed():
    frame = pytest.importorskip("polars", exc_type=Exception).DataFrame({"source": [1]})
    with pytest.raises(ArgumentTypeError, match="in memory, as collect"):
        from_edges(frame.lazy())
