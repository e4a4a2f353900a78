"""Networks written to files and read back, one module a format.

`save` and `load` keep everything, so that a training goes on as if nothing had happened;
`write_synaptic` and `read_synaptic` exchange networks with Synaptic 1.1.4 (JavaScript). The
pairs without a file, `network_data` / `from_data` and `to_synaptic` / `from_synaptic`, give and
take what stands in one.

`write_python`, `write_c`, `write_javascript` and `write_onnx` write what a network does, to be
run where Synapse is not; there is no way back from these.
"""

from .native import from_data, load, network_data, save
from .onnx_model import onnx_model, write_onnx
from .programs import c_source, javascript_source, python_source, write_c, write_javascript, write_python
from .synaptic import SynapticWarning, from_synaptic, read_synaptic, to_synaptic, write_synaptic

__all__ = [
    "SynapticWarning",
    "c_source",
    "from_data",
    "from_synaptic",
    "javascript_source",
    "load",
    "network_data",
    "onnx_model",
    "python_source",
    "read_synaptic",
    "save",
    "to_synaptic",
    "write_c",
    "write_javascript",
    "write_onnx",
    "write_python",
    "write_synaptic",
]
