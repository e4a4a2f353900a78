"""Resolves references by any public name; words of types in prose become plain text.

An object is documented once, under one name, but docstrings and annotations may name it
differently: by the package that re-exports it, by the module that defines it, or by a
short name (``Network.clone``).
"""

import re
from inspect import ismethod
from pydoc import locate

from sphinx.addnodes import pending_xref

NAME = re.compile(r"[\w.]*\.[\w.]+|[A-Z]\w*[a-z]\w*[A-Z]\w*")
"""Words of a type that must be references: with a dot, or with capitals inside."""
CAPITAL = re.compile(r"[A-Z]\w|\w\.\w")
"""A pattern in every word of a type that may be a reference."""


def keep_colons(app, what, name, obj, options, lines):
    """Let an attribute's docstring begin with an empty line.

    Napoleon takes "Text: more" for a type.
    """
    if what in ("attribute", "data", "property") and lines:
        lines.insert(0, "")


def free_prose(app, doctree):
    """Turn words of a type that are not names into text: "neurons" would refer to
    ``Network.neurons``."""
    for node in list(doctree.findall(pending_xref)):
        if (
            node.get("refdomain") == "py"
            and node.get("refspecific")
            and not CAPITAL.search(node["reftarget"])
        ):
            node.replace_self(node.children)


def find_alias(app, env, node, contnode):
    """The reference to an object under the name by which it is documented."""
    if node.get("refdomain") != "py":
        return None
    domain = env.get_domain("py")
    target = node["reftarget"]
    for name in candidates(target, node.get("py:module")):
        full_name = documented(domain, name)
        if full_name:
            return domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", full_name, node, contnode
            )
    # A field "type" is prose in which every word was taken for a class.
    return contnode if node.get("refspecific") and not NAME.fullmatch(target) else None


def candidates(target, module):
    """Full names that a reference can have, the nearest first."""
    packages = (module or "").split(".")
    around = (".".join(packages[:count]) for count in range(len(packages), 0, -1))
    return [
        target,
        *(f"{package}.{target}" for package in (*around, "synapse") if package),
    ]


def documented(domain, name):
    """The name under which the object that has this name is documented, or None."""
    meant = locate(name)
    if meant is None:
        return None
    last = name.rpartition(".")[2]
    return next(
        (
            name
            for name in domain.objects
            if name.rpartition(".")[2] == last and same(locate(name), meant)
        ),
        None,
    )


def same(value, other):
    """Whether two names refer to one object (a method is a new one at each access)."""
    return value is other or (ismethod(value) and value == other)


def setup(app):
    """Connect before Napoleon, which has priority 500."""
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("doctree-read", free_prose)
    app.connect("missing-reference", find_alias)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
