"""Write networks to files and read them back.

`save` and `load` choose the format by the suffix of the file name, and `save` writes
JSON if there is no suffix. Two formats preserve the whole network, including its states
and traces: arrays in a zip archive (``.synapse`` and ``.npz``), which are small and
fast, and JSON for people to read. The other formats exchange networks with other
programs.

If a format x is also useful without a file, ``x_data(network)`` converts a network to
its content, and ``from_x_data(data)`` converts it back. To build a network from any
graph of networkx, use `from_networkx`, and to read a graph that another program wrote,
use `read_graph`. `python_source`, `c_source`, `javascript_source` and `onnx_model`
write programs that compute a network's outputs without Synapse. These cannot be read
back. To exchange networks with PyTorch in memory, use `to_torch` and `from_torch`.
"""

import copyreg as _copyreg
import typing as _typing

from .._checks import public_module as _public_module
from ..objects.network import Network as _Network
from ._formats import (
    MODULE_OF as _MODULE_OF,
    formats,
    imported as _imported,
    load,
    read_graph,
    save,
)

__all__ = ["formats", "load", "read_graph", "save", *_MODULE_OF]
_missing = _public_module(__name__, __all__)

# Type checkers and editors read the modules; at run time one is imported when used.
if _typing.TYPE_CHECKING:
    from ._c import c_source as c_source
    from ._container import (
        from_json_data as from_json_data,
        from_npz_data as from_npz_data,
        json_data as json_data,
        npz_data as npz_data,
    )
    from ._fixed_point import (
        FixedPointReport as FixedPointReport,
        fixed_point as fixed_point,
    )
    from ._graphs import from_networkx as from_networkx
    from ._interpreted import (
        javascript_kernels as javascript_kernels,
        javascript_source as javascript_source,
        python_source as python_source,
    )
    from ._neataptic import from_neataptic_data as from_neataptic_data
    from ._nir import from_nir as from_nir, to_nir as to_nir
    from ._onnx import onnx_model as onnx_model
    from ._pytorch import from_torch as from_torch, to_torch as to_torch
    from ._synaptic import (
        SynapticWarning as SynapticWarning,
        from_synaptic_data as from_synaptic_data,
        synaptic_data as synaptic_data,
    )
else:

    def __getattr__(name: str) -> _typing.Any:
        """Import the module that defines a name, such as the module of ``npz`` for
        ``npz_data``.
        """
        if name not in _MODULE_OF:
            return _missing(name)
        return getattr(_imported(_MODULE_OF[name]), name)


def _reduced(network: _Network) -> tuple[_typing.Any, ...]:
    from ._container import from_npz_data, npz_data

    return from_npz_data, (npz_data(network),)


# pickle and copy use the same data as files
_copyreg.pickle(_Network, _reduced)
