"""Sphinx: ``python -m sphinx --fail-on-warning docs site``.

Nothing is fetched from the net, neither to build the pages nor to read them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import synapse

project = "Synapse"
author = "Synapse developers"
copyright = "2026, Synapse developers"
version = release = synapse.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# The last ones are in docs/_extensions.
extensions += [
    "folded",
    "formats",
    "functions",
    "house",
    "live",
    "mathml",
    "measured",
    "notebooks",
    "objects",
]
extensions += ["references", "search_terms", "shown", "study_pages", "ways"]
exclude_patterns = ["_extensions"]
default_role = "literal"  # `name` in docstrings

# Every reference resolves, except to what other sites document: their inventories would
# have to be fetched.
nitpicky = True
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(collections|concurrent|contextlib|logging|os|pathlib|types|typing)(\..*)?",
    ),
    (r"py:.*", r"(matplotlib|networkx|nx|np|numpy|pandas|pd|scipy|torch|nir)\..*"),
    (
        r"py:class",
        r"ArrayLike|Axes|DataFrame|DTypeLike|Executor|NDArray|PathLike|(dict|list|tuple)\[.*",
    ),  # as annotations of these libraries spell them
    # Types in annotations that a reader does not use by name; the text of each
    # parameter says what it takes.
    (
        r"py:class",
        r"_Gradient|(synapse\.([a-z_]+\.)+)?(Accumulator|Class|Control|Data|Dropout|EdgeTables|Epochs|Error|Format)",
    ),
    (
        r"py:class",
        r"(synapse\.([a-z_]+\.)+)?(Floats|Ints|Initializer|Order|Recorder|Seed|Store|Sums|Updater|Weights|Wiring)",
    ),
    (r"py:class", r"(synapse\.([a-z_]+\.)+)?([A-Za-z]*Fitness|Genomes)"),
    (
        r"py:class",
        r"(synapse\.([a-z_]+\.)+)?(JacobianBuffers|LearningRule|Penalties|Plan|RecursiveState|StepJacobian)",
    ),
    (
        r"py:class",
        r"(synapse\.([a-z_]+\.)+)?(Chances|FileFormat|FixedOptions|Item|Kind|Rate|RuleName)",
    ),
    (r"py:class", r"_files\.File|(Connection|Network|Neuron)Handle"),
    (r"py:class", r"synapse\.([a-z_]+\.)+(Load|Project|Save)Options"),
]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_rtype = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"Synapse {release}"
html_static_path = ["_static"]
html_css_files = ["math.css", "pages.css"]
html_copy_source = False
html_search_scorer = str(Path(__file__).parent / "_extensions" / "scorer.js")
html_show_sourcelink = False
html_math_renderer = "mathml"
