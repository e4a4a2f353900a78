"""The peak memory of this process since a reset."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def reset_peak() -> float:
    """Reset the peak memory, if Linux permits it; returns the MB in use."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return peak()


def peak() -> float:
    """The peak in MB since `reset_peak`."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
