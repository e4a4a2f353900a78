"""A disk that is full, as a process meets it: no file may grow beyond some bytes."""

import signal
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk(most=100):
    """No file can be written with more bytes than this while the block runs."""
    resource = pytest.importorskip("resource", reason="limits of POSIX")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
