"""Networks written to files and read back, one module a format.

For every format x, ``write_x(network, path)`` and ``read_x(path)`` go to a file and back, and
``x_data(network)`` and ``from_x_data(data)`` give and take what stands in one. A path may be a
string, an ``os.PathLike`` or an open file.

`save` and `load`, which are `write_json` and `read_json`, keep everything, so that a training
goes on as if nothing had happened. The other formats are for other programs.

`write_python`, `write_c`, `write_javascript` and `write_onnx` write what a network does, to be
run where Synapse is not; there is no way back from these. `to_torch` and `from_torch`
exchange networks with PyTorch, in memory.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .native import from_data, load, network_data, save
from .synaptic import SynapticWarning, from_synaptic, read_synaptic, to_synaptic, write_synaptic

if TYPE_CHECKING:  # the rest is imported when it is asked for: nobody needs all formats
    from .cytoscape import cytoscape_data, from_cytoscape_data, read_cytoscape, write_cytoscape
    from .dot import dot_data, write_dot
    from .gexf import from_gexf_data, gexf_data, read_gexf, write_gexf
    from .graphml import from_graphml_data, graphml_data, read_graphml, write_graphml
    from .neataptic import from_neataptic_data, read_neataptic
    from .node_link import from_node_link_data, node_link_data, read_node_link, write_node_link
    from .npz import from_npz_data, npz_data, read_npz, write_npz
    from .onnx import onnx_model, write_onnx
    from .programs.c import c_source, write_c
    from .programs.javascript import javascript_source, write_javascript
    from .programs.python import python_source, write_python
    from .pytorch import from_torch, to_torch
    from .sparse import sparse_data
    from .table import from_table_data, read_table, table_data, write_table

# The older two under the names that all formats have.
write_json, read_json, json_data, from_json_data = save, load, network_data, from_data
synaptic_data, from_synaptic_data = to_synaptic, from_synaptic

__all__ = [
    "SynapticWarning",
    "c_source",
    "cytoscape_data",
    "dot_data",
    "from_cytoscape_data",
    "from_data",
    "from_gexf_data",
    "from_graphml_data",
    "from_json_data",
    "from_neataptic_data",
    "from_node_link_data",
    "from_npz_data",
    "from_synaptic",
    "from_synaptic_data",
    "from_table_data",
    "from_torch",
    "gexf_data",
    "graphml_data",
    "javascript_source",
    "json_data",
    "load",
    "network_data",
    "node_link_data",
    "npz_data",
    "onnx_model",
    "python_source",
    "read_cytoscape",
    "read_gexf",
    "read_graphml",
    "read_json",
    "read_neataptic",
    "read_node_link",
    "read_npz",
    "read_synaptic",
    "read_table",
    "save",
    "sparse_data",
    "synaptic_data",
    "table_data",
    "to_synaptic",
    "to_torch",
    "write_c",
    "write_cytoscape",
    "write_dot",
    "write_gexf",
    "write_graphml",
    "write_javascript",
    "write_json",
    "write_node_link",
    "write_npz",
    "write_onnx",
    "write_python",
    "write_synaptic",
    "write_table",
]

_MODULES = {
    "c": "programs.c",
    "javascript": "programs.javascript",
    "python": "programs.python",
    "torch": "pytorch",
}
"""Of formats that have no module of their name."""


def __getattr__(name: str) -> Any:
    """A function from the module of its format: ``write_gexf`` and ``gexf_data`` from ``gexf``."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    word = name
    for affix in ("write_", "read_", "from_", "to_"):
        word = word.removeprefix(affix)
    for affix in ("_data", "_source", "_model"):
        word = word.removesuffix(affix)
    return getattr(importlib.import_module(f".{_MODULES.get(word, word)}", __name__), name)
