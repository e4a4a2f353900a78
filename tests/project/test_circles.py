"""Circles of imports: none at import, and the few of functions have their reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parents[2]

# docs/architecture.md says why each of these imports exists
OF_FUNCTIONS = {
    ("synapse.objects.network", "synapse.draw._thumbnail"),
    ("synapse.objects.network", "synapse.objects.snapshots"),
}


def modules() -> dict[str, Path]:
    """The files of the library by the names of their modules."""
    paths = [
        path for top in ("synapse", "architect") for path in (ROOT / top).rglob("*.py")
    ]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in paths
    }


def imports(
    node: ast.AST, in_function: bool, types: bool
) -> Iterator[tuple[ast.AST, bool]]:
    """Imports below a node, and whether they wait for a call."""
    for child in ast.iter_child_nodes(node):
        for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(
            child.test
        )
        if for_types and not types:
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, in_function
        waits = isinstance(child, ast.FunctionDef | ast.Lambda)
        yield from imports(child, in_function or waits, types)


def names_of(statement: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """What a statement imports: a module that may be, and one that holds it."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, alias.name) for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        parents = package.split(".")
        above = parents[: len(parents) - statement.level + 1]
        relative = above if statement.level else []
        base = ".".join([*relative, *([statement.module] if statement.module else [])])
        yield from ((f"{base}.{alias.name}", base) for alias in statement.names)


def graph(types: bool = False) -> nx.DiGraph:
    """Modules, with an edge for each import that says whether a function does it."""
    files = modules()
    edges = nx.DiGraph()
    for module, path in files.items():
        package = module
        if path.name != "__init__.py":
            package = module.rpartition(".")[0]
        for statement, waits in imports(ast.parse(path.read_text()), False, types):
            for name, holder in names_of(statement, package):
                target = name if name in files else holder
                if target not in files or target == module:
                    continue
                # an import at the top of a file counts before one in a function
                seen = edges.get_edge_data(module, target, {"waits": True})
                edges.add_edge(module, target, waits=waits and seen["waits"])
    return edges


def test_circles_of_imports_are_those_that_have_a_reason():
    edges = graph()
    assert edges.number_of_edges() > 500
    at_import = edges.edge_subgraph(
        [edge for edge in edges.edges if not edges.edges[edge]["waits"]]
    )
    assert nx.is_directed_acyclic_graph(at_import)

    closing = set()
    for circle in nx.strongly_connected_components(edges):
        inside = edges.subgraph(circle)
        closing |= {edge for edge in inside.edges if inside.edges[edge]["waits"]}
    assert closing == OF_FUNCTIONS


def test_circles_of_names_in_annotations_are_small():
    """But for the objects: a neuron, its connections, layers and network name each
    other in what users read, and a network has its picture."""
    circles = [
        {module.rpartition(".")[0] for module in circle}
        for circle in nx.strongly_connected_components(graph(types=True))
        if len(circle) > 4
    ]
    assert circles == [{"synapse.objects", "synapse.draw"}]
