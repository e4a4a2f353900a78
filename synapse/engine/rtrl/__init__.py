"""The kernels of exact online gradients (real-time recurrent learning)."""

from .calls import calls_for as calls_for
from .jacobian import linearise_network as linearise_network, regress_network as regress_network
from .loops import (
    clear_sensitivities as clear_sensitivities,
    propagate_targets as propagate_targets,
    renew_direct as renew_direct,
    run_network as run_network,
    train_network as train_network,
)
