"""The kernels of the online rule: steps of a neuron and of a network, and loops over
many steps.
"""

from ..epochs import Epochs as Epochs
from .accumulator import Accumulator as Accumulator
from .calls import (
    Kernels as Kernels,
    calls_for as calls_for,
    clear_traces as clear_traces,
    kernels_for as kernels_for,
)
from .continual_backprop import (
    NOTHING_RENEWED as NOTHING_RENEWED,
    RenewalArguments as RenewalArguments,
    renew_network as renew_network,
)
from .descent import (
    UNMOVED as UNMOVED,
    BatchPlaces as BatchPlaces,
    new_batch as new_batch,
)
from .gradient_traces import (
    learn_by_adagrad as learn_by_adagrad,
    learn_by_traces as learn_by_traces,
)
from .input_lists import InputLists as InputLists
from .listed_inputs import (
    learn_listed as learn_listed,
    peek_listed as peek_listed,
)
from .loops import (
    FIELDS_PER_OUTPUT as FIELDS_PER_OUTPUT,
    activate_one as activate_one,
    clamp_one as clamp_one,
    clear_rows as clear_rows,
    feed_network as feed_network,
    propagate_one as propagate_one,
    propagate_targets as propagate_targets,
    run_network as run_network,
    run_sparse as run_sparse,
    train_network as train_network,
    train_sparse as train_sparse,
)
from .ties import (
    begin_deferred_ties as begin_deferred_ties,
    commit_deferred_ties as commit_deferred_ties,
)
from .training_arguments import TrainingArguments as TrainingArguments
