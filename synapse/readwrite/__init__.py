"""Write networks to files and read them back.

`save` and `load` choose the format by the suffix of the file name; without one, `save`
writes JSON. Two formats preserve the whole network, including its states and traces:
arrays in a zip archive (``.synapse`` and ``.npz``), which are small and fast, and JSON
for people to read. The other formats exchange networks with other programs.

Where the content of a file in the format x is of use without the file,
``x_data(network)`` and ``from_x_data(data)`` convert to and from it. `from_networkx`
makes a network of any graph of networkx, which has many more readers. `python_source`,
`c_source`, `javascript_source` and `onnx_model` make programs that compute a network's
outputs without Synapse; these cannot be read back. `to_torch` and `from_torch` exchange
networks with PyTorch in memory.
"""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any

from ..objects.network import Network
from ._formats import (
    MODULE_OF,
    formats as formats,
    imported,
    load as load,
    save as save,
)

# Type checkers read the modules; at run time one is imported when it is used.
if TYPE_CHECKING:
    from ..draw.gexf import *
    from .c import *
    from .graph_files import *
    from .graphs import *
    from .javascript import *
    from .json_format import *
    from .neataptic import *
    from .nir import *
    from .npz import *
    from .onnx import *
    from .python import *
    from .pytorch import *
    from .synaptic import *
else:

    def __getattr__(name: str) -> Any:
        """Import the module of a name: that of ``gexf`` for ``gexf_data``."""
        if name == "__all__":
            return __dir__()
        if name not in MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(imported(MODULE_OF[name]), name)


def __dir__() -> list[str]:
    """Return the names of this package and of all formats, without an import."""
    return sorted(["formats", "load", "save", *MODULE_OF])


def _reduced(network: Network) -> tuple[Any, ...]:
    from .npz import from_npz_data, npz_data

    return from_npz_data, (npz_data(network),)


copyreg.pickle(Network, _reduced)  # pickle and copy use the same data as files
