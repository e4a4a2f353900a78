"""Mathematics as MathML, which browsers show without a script or a font."""

import re
from html import escape
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


def mathml(node, display):
    """The MathML of a node; a warning and its TeX if that cannot be converted."""
    tex = node.astext().strip()
    try:
        markup = convert(re.sub(r"{aligned}", "{align*}", tex), display=display)
        ElementTree.fromstring(markup)
        unknown = re.findall(r"\\[A-Za-z]+", markup)
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
    except Exception as error:
        logger.warning(
            "cannot turn TeX into MathML (%r): %s", error, tex, location=node
        )
        return f"<code>{escape(tex)}</code>"
    return markup.replace("<math ", f'<math alttext="{escape(tex)}" ', 1)


def visit_inline(writer, node):
    """Write a formula within a line."""
    writer.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(writer, node):
    """Write a displayed formula, with its number if it has a label."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    if node["number"]:
        writer.body.append(
            f'<span class="eqno">({get_node_equation_number(writer, node)})'
        )
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(mathml(node, "block"))
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Add the renderer ``mathml``, for ``html_math_renderer``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
