"""The directive ``measured``: a sentence with figures that the build measures."""

import os
import tempfile
from contextlib import chdir
from pathlib import Path
from unittest import mock

import cells
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from benchmarks.machine import processor


class Measured(SphinxDirective):
    """``{measured} TEXT``: run the page's blocks; variables in braces are replaced by
    their values, and ``{processor}`` by the name of the processor."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Insert the sentence as Markdown."""
        page = Path(self.env.doc2path(self.env.docname))
        text = page.read_text(encoding="utf-8")
        names = {"__name__": "__main__", "processor": processor()}
        with (
            tempfile.TemporaryDirectory() as folder,
            chdir(folder),
            mock.patch.dict(os.environ, MPLBACKEND="Agg"),
        ):
            for block in cells.blocks(text):
                cells.run(block.code, names, page.name, block.line)
        sentence = self.arguments[0].format_map(names)
        children, messages = self.state.inline_text(sentence, self.lineno)
        return [nodes.paragraph("", "", *children), *messages]


def setup(app):
    """Register the directive."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True}
