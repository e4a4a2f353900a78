"""Collect what Python passes to a training of some epochs, see `EpochsArguments`."""

from typing import Any, NamedTuple


class EpochsArguments(NamedTuple):
    """The data and options of some epochs, and arrays for their results, which the
    ``train_network`` of every rule receives.
    """

    inputs: Any  # the rows, one after another, or the three arrays of sparse rows
    targets: Any
    has_target: Any  # mask of the rows with a target
    bounds: Any  # sequence s consists of the rows ``bounds[s] .. bounds[s + 1]``
    orders: Any  # (epochs, sequences): the sequences of each epoch, in order
    # number of sequences in an epoch that continue from the context, which is cleared
    # before all other sequences
    continued: Any
    cost: Any
    rates: Any  # of the epochs
    learn: Any  # whether the error is propagated
    # `FIELDS_PER_OUTPUT` numbers for each output of some steps, whose costs are summed
    # together
    buffer: Any
    control: Any  # stops the call if its first number is not 0, and counts the rows
    losses: Any  # written: the mean cost of each epoch
    goal: Any  # the loss that ends the call
    renewal: Any  # `RenewalArguments`
