"""Networks to look at: the interactive page."""

from .explore import explore

__all__ = ["explore"]
