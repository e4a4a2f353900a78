"""Networks written to files and read back, one module a format.

`save` and `load` choose the format by the name of the file. JSON, which they take where the name means
none, keeps everything, so that a training goes on as if nothing had happened. The other formats are for
other programs.

For every format x, ``write_x(network, path)`` and ``read_x(path)`` go to a file and back, and
``x_data(network)`` and ``from_x_data(data)`` give and take what stands in one. A path may be a
string, an ``os.PathLike`` or an open file.

`write_python`, `write_c`, `write_javascript` and `write_onnx` write what a network does, to be
run where Synapse is not; there is no way back from these. `to_torch` and `from_torch`
exchange networks with PyTorch, in memory.
"""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any

from ..network import Network
from ._formats import MODULES, formats as formats, load as load, module_of, save as save

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` imports what is asked for
    from .cytoscape import *
    from .dot import *
    from .gexf import *
    from .graphml import *
    from .native import *
    from .neataptic import *
    from .node_link import *
    from .npz import *
    from .onnx import *
    from .programs.c import *
    from .programs.javascript import *
    from .programs.python import *
    from .pytorch import *
    from .sparse import *
    from .synaptic import *
    from .table import *

_HERE = ["formats", "load", "save"]


def __getattr__(name: str) -> Any:
    """A function from the module of its format: ``write_gexf`` and ``gexf_data`` from ``gexf``."""
    if name == "__all__":
        return __dir__()
    word = name
    for affix in ("write_", "read_", "from_", "to_"):
        word = word.removeprefix(affix)
    for affix in ("_data", "_source", "_model", "Warning"):
        word = word.removesuffix(affix)
    if word.lower() in MODULES and name in module_of(word.lower()).__all__:
        return getattr(module_of(word.lower()), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names of all formats; this imports their modules."""
    return sorted({*_HERE, *(name for word in MODULES for name in module_of(word).__all__)})


def _reduced(network: Network) -> tuple[Any, ...]:
    from .native import from_json_data, json_data

    return from_json_data, (json_data(network),)


copyreg.pickle(Network, _reduced)  # pickle and copy go the same way as files
