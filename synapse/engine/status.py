"""Describe how a call of a kernel ended. Kernels return this number, and their results
beside it.
"""

DONE = 0
STOPPED = 1  # from outside
# a registered function raised, or a part could not be compiled: see the column
# ``failed``
FAILED = 2
REFUSED = (
    3  # an input is not finite, or the cost cannot have a target; nothing has changed
)
RESIZED = 4  # the arrays do not fit the network; nothing has changed
DIVERGED = 5  # a cost, an activation, an error or an update is not finite

# In the update of a batch, which then changes no weight:
NOT_FINITE = 6  # the product of an error and an activation is not finite,
NOT_CLIPPED = 7  # nor is a gradient that would be clipped,
TOO_STEEP = 8  # nor the square of the gradient,
TOO_FAR = 9  # nor the change;
BEYOND = 10  # a parameter would be beyond the range of the store's float

# In a propagation by the online rule, before it changes anything:
LARGE = 11  # numbers are so large that an update may not be finite

# or by sensitivities:
UNSTEPPED = 12  # they have no step to learn from

ROW = 6
"""Where the column ``failed`` has the row at which a call ended, after the function and
its arguments."""
RESULT = 7
"""Where it has the sum that a lazy part returns."""
SMALL_STEP = 8
"""Place of the number of a network's next step in this call, if its past activations
before this step are not large (`online.loops.is_past_large`), or 0 if this is
unknown."""
