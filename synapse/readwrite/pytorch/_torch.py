"""Import PyTorch, or raise an error that says how to install it."""

from ..._checks import missing_extra

try:
    import torch
except ImportError as missing:
    raise missing_extra("This needs", "torch") from missing

__all__ = ["torch"]
