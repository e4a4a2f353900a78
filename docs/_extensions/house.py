"""The directive ``house``: a picture of the packages, drawn from their imports."""

import ast
from html import escape
from pathlib import Path

import networkx as nx
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGES = ("synapse", "architect")

GROUPS = {
    "named functions": [
        "squashes",
        "costs",
        "initializers",
        "optimizers",
        "_registration",
        "_squash",
        "_cost",
    ],
    "errors and checks": ["errors", "_checks", "_ways", "_html", "_typing", "_stderr"],
    "engine/schema": ["engine.schema", "engine.records", "engine.status"],
    "engine/rows": [
        "engine.store_rows",
        "engine.draft",
        "engine.written",
        "engine.columns",
        "engine.follower",
        "engine.locking",
    ],
    "engine/store": ["engine.store", "engine.redirected_table"],
    "engine/lowering": ["engine.read_order"],
    "engine/language": ["engine.compiling"],
    "cli": ["__main__"],
}
"""Boxes of several modules of ``synapse``. Every other package, and every part of the
engine, has its own."""
WINGS = {
    "exact": "exact",
    "functions": "functions",
    "lazy_parts": "language.lazy_parts",
    "lowering": "lowering",
    "online": "online",
    "quiet": "quiet",
    "rtrl": "rtrl",
    "schema": "schema",
    "status": "status",
    "store": "store",
    "user_functions": "functions.user_functions",
}
"""Modules that are read as attributes of ``engine``."""

WIDTH = 900
ROW = 92
HIGH = 44
GAP = 14
STYLE = """
.house text { font: 14px system-ui, 'DejaVu Sans', sans-serif; fill: currentColor;
  text-anchor: middle; }
.house .small { font-size: 11px; opacity: 0.75; }
.house rect { fill: var(--color-background-primary, white); stroke: currentColor; }
.house .way { fill: none; stroke: currentColor; opacity: 0.5; marker-end: url(#tip); }
"""
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7"'
    ' orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>'
)


def sources(root=ROOT):
    """Map module names to their source files."""
    files = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


def imported(name, path, modules):
    """The modules that a file imports anywhere, except imports for annotations."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == "engine"
            and node.attr in WINGS
        ):
            yield f"synapse.engine.{WINGS[node.attr]}"
        elif isinstance(node, ast.ImportFrom):
            above = (
                package.split(".")[: len(package.split(".")) - node.level + 1]
                if node.level
                else []
            )
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                target = whole if whole in modules else module
                if target in modules:
                    yield target


def room_of(module):
    """The box of a module; None for ``synapse`` and ``synapse.engine``, which only
    re-export names."""
    package, _, inner = module.partition(".")
    if package == "architect":
        return package
    if inner in ("", "engine"):
        return None
    for room, members in GROUPS.items():
        if inner in members or inner.partition(".")[0] in members:
            return room
    head, _, tail = inner.partition(".")
    if head == "engine":
        return f"engine/{tail.partition('.')[0]}"
    return head


def rooms(root=ROOT):
    """The graph of boxes: nodes have their files and lines, edges are imports."""
    files = sources(root)
    graph = nx.DiGraph()
    for module, path in files.items():
        room = room_of(module)
        if room is not None:
            graph.add_node(room, **graph.nodes.get(room, {"modules": [], "lines": 0}))
            graph.nodes[room]["modules"].append(module)
            graph.nodes[room]["lines"] += len(
                path.read_text(encoding="utf-8").splitlines()
            )
    for module, path in files.items():
        for target in imported(module, path, files):
            room_of_importer = room_of(module)
            room_of_imported = room_of(target)
            if (
                None not in (room_of_importer, room_of_imported)
                and room_of_importer != room_of_imported
            ):
                graph.add_edge(room_of_importer, room_of_imported)
    return graph


def levels(graph):
    """Rows of boxes, each above the boxes that it imports; boxes that import each other
    share a row."""
    whole = nx.condensation(graph)
    depth = {}
    for group in reversed(list(nx.topological_sort(whole))):
        depth[group] = 1 + max(
            (depth[below] for below in whole.successors(group)), default=-1
        )
    rows = [[] for _ in range(max(depth.values()) + 1)]
    for group, level in depth.items():
        rows[len(rows) - 1 - level] += sorted(whole.nodes[group]["members"])
    return rows


def svg(graph):
    """The picture: one row per level, and an arrow for each import that no longer path
    implies."""
    rows = levels(graph)
    place = {}
    for i, row in enumerate(rows):
        width = min(190, (WIDTH - GAP) / len(row) - GAP)
        left = (WIDTH - len(row) * (width + GAP) + GAP) / 2
        for k, room in enumerate(sorted(row)):
            place[room] = (left + k * (width + GAP), 10 + i * ROW, width)
    parts = [
        f'<svg class="house" viewBox="0 0 {WIDTH} {len(rows) * ROW}" role="img"'
        ' aria-label="The rooms">'
    ]
    parts.append(f"<style>{STYLE}</style>{TIP}")
    parts += [_arrow(place[upper], place[lower]) for upper, lower in _direct(graph)]
    for room, (x, y, width) in place.items():
        data = graph.nodes[room]
        middle = x + width / 2
        files = len(data["modules"])
        counts = f"{files} file{'s' * (files > 1)}, {data['lines']:,} lines"
        parts.append(
            f'<g><title>{escape(", ".join(data["modules"]))}</title><rect x="{x:.0f}"'
            f' y="{y}" width="{width:.0f}" height="{HIGH}" rx="6"/><text'
            f' x="{middle:.0f}" y="{y + 18}">{escape(room)}</text><text class="small"'
            f' x="{middle:.0f}" y="{y + 35}">{counts}</text></g>'
        )
    return "\n".join([*parts, "</svg>"])


def _direct(graph):
    """The edges that no longer path implies."""
    whole = nx.condensation(graph)
    members = whole.graph["mapping"]
    kept = nx.transitive_reduction(whole).edges
    return sorted(
        (a, b)
        for a, b in graph.edges
        if members[a] == members[b] or (members[a], members[b]) in kept
    )


def _arrow(upper, lower):
    x, y, width = upper
    u, v, wide = lower
    x, u, y = x + width / 2, u + wide / 2, y + HIGH
    if v < y:  # the same row
        return (
            f'<path class="way" d="M{x:.0f} {y} C{x:.0f} {y + 25} {u:.0f} {y + 25}'
            f' {u:.0f} {y}"/>'
        )
    return (
        f'<path class="way" d="M{x:.0f} {y} C{x:.0f} {y + 30} {u:.0f} {v - 30} {u:.0f}'
        f' {v}"/>'
    )


class House(SphinxDirective):
    """``{house}``: the picture."""

    def run(self):
        """Draw the picture into the page."""
        for path in sources().values():
            self.env.note_dependency(str(path))
        return [nodes.raw("", svg(rooms()), format="html")]


def setup(app):
    """Add the directive."""
    app.add_directive("house", House)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
