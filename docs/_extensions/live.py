"""The directive ``explorer``: pages that the start page writes; links of the gallery.

Each page is one file without links to other files, so the site still works offline and
from a folder. The page for classrooms shows two of them beside each other, and loads
Python from elsewhere: Pyodide, which runs ``plain.py``.
"""

import json
import tempfile
from contextlib import chdir
from html import escape
from pathlib import Path

import cells
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

START = "index"
LEARNS = "play.html"
EXPLORER = "explorer.html"
CLASSROOM = "classroom.html"
HERE = Path(__file__).parent
PYODIDE = "https://cdn.jsdelivr.net/npm/pyodide@314.0.7/"
FRAME = """<div class="live">
<iframe src="{page}" title="{title}" loading="lazy"></iframe>
<p><a href="{page}" target="_blank" rel="noopener">Open it in a new tab</a>,
or <a href="{explorer}" target="_blank" rel="noopener">the explorer of a trained
LSTM</a>, or <a href="{classroom}" target="_blank" rel="noopener">the page next to a
program in plain Python</a>, which you can change and run</p>
</div>"""


class Explorer(SphinxDirective):
    """``{explorer} TITLE``: a frame with the page that learns, and links to it and to
    the explorer."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """The frame; the files are written at the end of the build."""
        title = escape(self.arguments[0])
        return [
            nodes.raw(
                "",
                FRAME.format(
                    page=LEARNS, explorer=EXPLORER, classroom=CLASSROOM, title=title
                ),
                format="html",
            )
        ]


def write_pages(app, error):
    """Run the code of the start page in a temporary folder; keep what it writes."""
    if error or app.builder.format != "html":
        return
    text = Path(app.env.doc2path(START)).read_text(encoding="utf-8")
    names = {"__name__": "__main__"}
    out = Path(app.outdir)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for block in cells.blocks(text):
            cells.run(block.code, names, START, block.line)
        pages = {name: Path(name).read_bytes() for name in (LEARNS, EXPLORER)}
    for name, page in pages.items():
        (out / name).write_bytes(page)
    (out / CLASSROOM).write_text(classroom(PYODIDE), encoding="utf-8")


def classroom(pyodide):
    """Return the page with the page that learns, and a program with ``plain.py`` that
    Pyodide runs, which is loaded from this address."""
    plain = HERE.parents[1] / "synapse/plain.py"
    sources = {"program": HERE / "classroom.py", "plain": plain}
    files = {name: path.read_text(encoding="utf-8") for name, path in sources.items()}
    page = (HERE / "classroom.html").read_text(encoding="utf-8")
    in_script = json.dumps(files).replace("</", "<\\/")
    return page.replace("{PYODIDE}", pyodide).replace("{FILES}", in_script)


def link_thumbnails(app, doctree):
    """Let each picture in a container ``gallery`` lead to its file: Sphinx links images
    that have a width."""
    for box in doctree.findall(nodes.container):
        if "gallery" in box["classes"]:
            for image in box.findall(nodes.image):
                image["width"] = "100%"


def setup(app):
    """Add the directive, and the links of the gallery."""
    app.add_directive("explorer", Explorer)
    app.connect("doctree-read", link_thumbnails)
    app.connect("build-finished", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
