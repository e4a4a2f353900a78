"""Collect what Python passes to a training of some epochs, see `TrainingArguments`."""

from typing import Any, NamedTuple

from ..epochs import Epochs


class TrainingArguments(NamedTuple):
    """The data and options of a training, which ``train_network`` of every rule
    receives.
    """

    inputs: Any  # the rows, one after another, or the three arrays of sparse rows
    targets: Any
    has_target: Any  # mask of the rows with a target
    bounds: Any  # sequence s consists of the rows ``bounds[s] .. bounds[s + 1]``
    # number of sequences in an epoch that continue from the context, which is cleared
    # before all other sequences
    continued: Any
    epochs: Epochs  # with rates in the store's float type
    cost: Any
    learn: Any  # whether the error is propagated
    # `FIELDS_PER_OUTPUT` numbers for each output of some steps, whose costs are summed
    # together
    buffer: Any
    renewal: Any  # `RenewalArguments`
