"""The directive ``explorer``: the explorer that the code of the start page writes. Links of the gallery.

The explorer is one file without links to other files, so the site still works offline and from a folder.
"""

import tempfile
from contextlib import chdir
from html import escape
from pathlib import Path

import cells
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

START, WRITTEN = "index", "explorer.html"
FRAME = """<div class="live">
<iframe src="{page}" title="{title}" loading="lazy"></iframe>
<p><a href="{page}" target="_blank" rel="noopener">Open the explorer in a window of its own</a></p>
</div>"""


class Explorer(SphinxDirective):
    """``{explorer} TITLE``: a frame with the explorer, and a link that opens it alone."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """The frame; the file in it is written at the end of the build."""
        return [nodes.raw("", FRAME.format(page=WRITTEN, title=escape(self.arguments[0])), format="html")]


def write_explorer(app, error):
    """Run the code of the start page in a temporary folder, and return the explorer that it writes."""
    if error or app.builder.format != "html":
        return
    text, names = Path(app.env.doc2path(START)).read_text(encoding="utf-8"), {"__name__": "__main__"}
    out = Path(app.outdir)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for block in cells.blocks(text):
            cells.run(block.code, names, START, block.line)
        page = Path(WRITTEN).read_bytes()
    (out / WRITTEN).write_bytes(page)


def link_thumbnails(app, doctree):
    """Let each picture in a container ``gallery`` lead to its file: Sphinx links images that have a width."""
    for box in doctree.findall(nodes.container):
        if "gallery" in box["classes"]:
            for image in box.findall(nodes.image):
                image["width"] = "100%"


def setup(app):
    """Add the directive, and the links of the gallery."""
    app.add_directive("explorer", Explorer)
    app.connect("doctree-read", link_thumbnails)
    app.connect("build-finished", write_explorer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
