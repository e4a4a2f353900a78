"""Describe epochs for the kernels of all rules, see `Epochs`."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats


class Epochs(NamedTuple):
    """Several epochs that run in one compiled call, and the losses that it writes.

    An epoch with a loss of at most `goal` is the last. If a cost is not finite, the
    call ends before weights change, and the loss of this epoch is not finite. If
    ``control[0]`` is not 0, the call stops, and the loss of an incomplete epoch is the
    mean cost of its steps so far.
    """

    # shape (epochs, sequences): the sequences of each epoch, in order
    orders: NDArray[np.int64]
    rates: Floats  # the rate of each epoch
    losses: Floats  # written: the mean cost of each epoch
    goal: float  # -inf: none
    control: NDArray[np.int64]  # a request to stop, and the number of rows done
