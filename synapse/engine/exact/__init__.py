"""The kernels of exact gradients through time, for several samples at once, and of training by them."""

from . import update as update
from .loops import (
    DescentArguments as DescentArguments,
    SampleGroup as SampleGroup,
    gradient_network as gradient_network,
)
from .tapes import Tapes as Tapes
from .train import (
    Batches as Batches,
    Runs as Runs,
    entry_for as entry_for,
    is_loaded as is_loaded,
    train_epochs as train_epochs,
    unfolding as unfolding,
)
