"""Networks written to files and read back, one module a format.

`save` and `load` keep everything, so that a training goes on as if nothing had happened;
`write_synaptic` and `read_synaptic` exchange networks with Synaptic 1.1.4 (JavaScript). The
pairs without a file, `network_data` / `from_data` and `to_synaptic` / `from_synaptic`, give and
take what stands in one. `to_torch` and `from_torch` exchange networks with PyTorch, in memory.
"""

from .native import from_data, load, network_data, save
from .pytorch import from_torch, to_torch
from .synaptic import SynapticWarning, from_synaptic, read_synaptic, to_synaptic, write_synaptic

__all__ = [
    "SynapticWarning",
    "from_data",
    "from_synaptic",
    "from_torch",
    "load",
    "network_data",
    "read_synaptic",
    "save",
    "to_synaptic",
    "to_torch",
    "write_synaptic",
]
