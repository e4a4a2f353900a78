"""The directive ``objects``: one line for each public name of some modules, linked to its entry.

The line is the first of the object's docstring, so the list cannot fall behind the code. A name without an
entry in the reference is a warning, and so an error of the build.
"""

import importlib
import inspect
import re

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)


class ObjectsList(nodes.General, nodes.Element):
    """A placeholder in the page until all entries of the reference are known."""


class Objects(SphinxDirective):
    """``.. objects:: synapse.draw``: how to import modules of one package, and their public names."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Insert a placeholder, which is replaced when all pages have been read."""
        modules = self.arguments[0].split()
        whole = modules[0] if len(modules) == 1 else modules[0].rpartition(".")[0]
        package, _, name = whole.rpartition(".")
        line = f"from {package} import {name}" if package else f"import {name}"
        return [
            nodes.paragraph("", "", nodes.literal("", line)),
            ObjectsList(modules=modules),
        ]


def public(module):
    """The public classes, functions and modules: ``__all__``, or those defined in the module or its parts."""
    listed = getattr(module, "__all__", None)
    for name in listed or sorted(vars(module), key=str.lower):
        one = getattr(module, name)
        own = (getattr(one, "__module__", None) or "").startswith(module.__name__)
        described = (
            inspect.isclass(one) or inspect.isroutine(one) or inspect.ismodule(one)
        )
        if described and (listed or (own and not name.startswith("_"))):
            yield name, one


def summary(one):
    """The first sentence of a docstring's first paragraph, without its markup."""
    first = " ".join((inspect.getdoc(one) or "").partition("\n\n")[0].split())
    first = (
        re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", first)
        .replace("``", "")
        .replace("`", "")
    )
    return re.split(r"(?<=\w[.])\s|:$", first)[0]


def names_of(module, name, one):
    """The names under which the reference may document an object, the most likely first."""
    yield f"{module}.{name}"
    if inspect.ismodule(one):
        yield one.__name__
        return
    origin = getattr(one, "__module__", "") or ""
    while origin:
        yield f"{origin}.{getattr(one, '__qualname__', name)}"
        origin = origin.rpartition(".")[0]


def entry(app, docname, module, name, one):
    """A definition: the name as a link, and its line."""
    known = app.env.get_domain("py").objects
    found = next((full for full in names_of(module, name, one) if full in known), None)
    label = nodes.literal("", name, classes=["xref", "py"])
    if found is None:
        logger.warning(
            "%s.%s has no entry in the reference", module, name, location=docname
        )
    else:
        target = known[found]
        label = make_refnode(
            app.builder, docname, target.docname, target.node_id, label, found
        )
    row = nodes.definition_list_item("", nodes.term("", "", label))
    row += nodes.definition("", nodes.paragraph("", summary(one)))
    return row


def fill(app, doctree, docname):
    """Replace every placeholder by its list."""
    for place in list(doctree.findall(ObjectsList)):
        listed = nodes.definition_list(classes=["objects"])
        for module in place["modules"]:
            loaded = importlib.import_module(module)
            listed += [
                entry(app, docname, module, name, one) for name, one in public(loaded)
            ]
        place.replace_self(listed)


def setup(app):
    """Add the directive."""
    app.add_node(ObjectsList)
    app.add_directive("objects", Objects)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
