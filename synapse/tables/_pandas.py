"""pandas, which tables and dates need."""

from typing import Any

from .._checks import LaterModule

pandas: Any = LaterModule("pandas", "Tables and dates need", "pandas", "forecast")
