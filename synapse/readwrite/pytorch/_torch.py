"""Import PyTorch, or raise an error that says how to install it."""

from ...errors import MissingExtraError

try:
    import torch
except ImportError as missing:
    raise MissingExtraError(
        "This needs PyTorch, which is not installed. Install it: pip install 'synapse-neurons[torch]'."
    ) from missing

__all__ = ["torch"]
