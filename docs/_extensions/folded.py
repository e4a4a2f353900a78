"""Code of the page of equations is folded under the name of its file, so that the
formulas can be read one after the other.
"""

from html import escape

from docutils import nodes

FOLDED = ("equations",)
"""Pages whose code is folded."""


def fold(app, doctree, name):
    """Put each piece of code that has a caption into a box that opens."""
    if name not in FOLDED or app.builder.format != "html":
        return
    for box in list(doctree.findall(nodes.container)):
        if not box.get("literal_block"):
            continue
        caption, code = box.children
        summary = f"<details><summary>{escape(caption.astext())}</summary>"
        at = box.parent.index(box)
        # not replace_self, which gives the classes of the box to the summary
        box.parent[at : at + 1] = [
            nodes.raw("", summary, format="html"),
            code,
            nodes.raw("", "</details>", format="html"),
        ]


def setup(app):
    """Fold when a page is written."""
    app.connect("doctree-resolved", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
