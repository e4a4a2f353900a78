"""Circles of imports: none at run time, and small ones of names in annotations."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

from tests.helpers.sources import nodes_of

ROOT = Path(__file__).parents[2]

MOST = 4
"""Files of a circle of annotations: a neuron, its connections, projections and layers
name each other in what users read."""


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


def imports(path: Path, types: bool) -> list[ast.AST]:
    """Imports of a file, also those in functions."""
    left_out = {
        inner
        for node in nodes_of(path)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
        if not types
    }
    every = [n for n in nodes_of(path) if isinstance(n, ast.Import | ast.ImportFrom)]
    return [node for node in every if node not in left_out]


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
    """Modules, with an edge for each import, also of names for annotations alone."""
    files = modules()
    edges = nx.DiGraph()
    for module, path in files.items():
        package = module
        if path.name != "__init__.py":
            package = module.rpartition(".")[0]
        for statement in imports(path, types):
            for name, holder in names_of(statement, package):
                target = name if name in files else holder
                if target in files and target != module:
                    edges.add_edge(module, target)
    return edges


@pytest.mark.full
def test_no_import_closes_a_circle_not_even_one_of_a_function():
    edges = graph()
    assert edges.number_of_edges() > 500
    assert nx.is_directed_acyclic_graph(edges)


@pytest.mark.full
def test_circles_of_names_in_annotations_are_small():
    circles = nx.strongly_connected_components(graph(types=True))
    assert [sorted(circle) for circle in circles if len(circle) > MOST] == []
