"""The directive ``objects``: a line for each public name, linked to its entry.

The line is the first of the object's docstring, so the list cannot fall behind the
code. A name without an entry in the reference is a warning, and so an error of the
build.
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
    """``.. objects:: synapse.draw``: how to import modules of one package, and their
    public names."""

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
    """The public classes, functions and modules: ``__all__``, or those defined in the
    module or its parts."""
    listed = getattr(module, "__all__", None)
    for name in listed or sorted(vars(module), key=str.lower):
        member = getattr(module, name)
        is_own = (getattr(member, "__module__", None) or "").startswith(module.__name__)
        described = (
            inspect.isclass(member)
            or inspect.isroutine(member)
            or inspect.ismodule(member)
        )
        if described and (listed or (is_own and not name.startswith("_"))):
            yield name, member


def summary(documented_object):
    """The first sentence of a docstring's first paragraph, without its markup."""
    paragraph = " ".join(
        (inspect.getdoc(documented_object) or "").partition("\n\n")[0].split()
    )
    paragraph = (
        re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", paragraph)
        .replace("``", "")
        .replace("`", "")
    )
    return re.split(r"(?<=\w[.])\s|:$", paragraph)[0]


def names_of(module, name, documented_object):
    """Names under which the reference may document an object, the likeliest first."""
    yield f"{module}.{name}"
    if inspect.ismodule(documented_object):
        yield documented_object.__name__
        return
    origin = getattr(documented_object, "__module__", "") or ""
    while origin:
        yield f"{origin}.{getattr(documented_object, '__qualname__', name)}"
        origin = origin.rpartition(".")[0]


def entry(app, docname, module, name, documented_object):
    """A definition: the name as a link, and its line."""
    documented = app.env.get_domain("py").objects
    full_name = next(
        (
            full
            for full in names_of(module, name, documented_object)
            if full in documented
        ),
        None,
    )
    label = nodes.literal("", name, classes=["xref", "py"])
    if full_name is None:
        logger.warning(
            "%s.%s has no entry in the reference", module, name, location=docname
        )
    else:
        target = documented[full_name]
        label = make_refnode(
            app.builder, docname, target.docname, target.node_id, label, full_name
        )
    row = nodes.definition_list_item("", nodes.term("", "", label))
    row += nodes.definition("", nodes.paragraph("", summary(documented_object)))
    return row


def fill(app, doctree, docname):
    """Replace every placeholder by its list."""
    for place in list(doctree.findall(ObjectsList)):
        listed = nodes.definition_list(classes=["objects"])
        for module in place["modules"]:
            loaded = importlib.import_module(module)
            listed += [
                entry(app, docname, module, name, documented_object)
                for name, documented_object in public(loaded)
            ]
        place.replace_self(listed)


def setup(app):
    """Add the directive."""
    app.add_node(ObjectsList)
    app.add_directive("objects", Objects)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
