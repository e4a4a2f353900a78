"""Notebooks as pages: cells run when the site is built, which shows their output."""

from pathlib import Path

import cells
from myst_parser.parsers.sphinx_ import MystParser


def as_markdown(path):
    """Run a notebook and return it as a Markdown page."""
    parts = []
    for kind, text, output, pictures in cells.run_notebook(path):
        parts.append(text if kind == "markdown" else f"```python\n{text}\n```")
        if output:
            parts.append(f"```text\n{output}```")
        parts += [
            f"![Output of the cell above](data:image/png;base64,{picture})"
            for picture in pictures
        ]
    return "\n\n".join(parts) + "\n"


class Notebook(MystParser):
    """Parser that runs a notebook and parses the result as Markdown."""

    supported = ("notebook",)

    def parse(self, inputstring, document):
        """Run the notebook and parse the result, not the text that Sphinx has read."""
        super().parse(as_markdown(Path(document["source"])), document)


def setup(app):
    """Add the suffix ``.ipynb``."""
    import matplotlib

    matplotlib.use("Agg")
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(Notebook)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
