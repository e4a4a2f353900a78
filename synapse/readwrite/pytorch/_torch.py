"""PyTorch, or the error that says how to get it."""

from ...errors import MissingExtraError

try:
    import torch
except ImportError as missing:
    raise MissingExtraError(
        "PyTorch is needed for this, and not installed. Get it with: pip install 'synapse-neurons[torch]'"
    ) from missing

__all__ = ["torch"]
