"""Import pandas when tables or dates first need it."""

from typing import TYPE_CHECKING

from .._checks import LaterModule

__all__ = ["pd"]

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LaterModule("pandas", "Tables and dates need", "pandas", "forecast")
