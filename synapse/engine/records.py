"""Define short arrays of integers whose members have names.

A kernel reads and writes a member as an attribute, ``span.start`` or
``store.ties.signed``, whereas Python, which has the array, uses the index itself:
``span[Span.START]``. Each name is declared once, here.
"""

from enum import IntEnum


class Span(IntEnum):
    """Which rows of its store a network has, for kernels."""

    START = 0  # its first row
    INPUTS = 1  # how many inputs it has; they come first
    OUTPUTS = 2  # how many outputs it has; they come last
    STOP = 3  # the row after its last
    # the first row that can learn: after the inputs, unless something leads into them
    LEARNING = 4


class Ties(IntEnum):
    """The column ``ties``, which lists the work of kernels besides the sums, if a store
    needs it.
    """

    RANGES = 0  # ranges of tied connections
    GROUPS = 1  # groups of them
    BIAS_RANGES = 2  # ranges of neurons with tied biases
    BIAS_GROUPS = 3
    HELD = 4  # whether shared numbers change later, see `begin_deferred_ties`
    SIGNED = 5  # whether some connection has a sign
    CLAMPED = 6  # whether some neuron is clamped
    # whether neurons that compete with each other are connected, or gate each other
    INTERNAL = 7
    DELAYS = 8  # whether some connection has a delay
    RINGS = 9  # number of rings of past activations
    LISTS = 10  # number of ranges of which packs are listed
    # whether steps mark the packs along which they update, see `mark_touched`
    MARKED = 11
    NEURONS = 12  # number of neurons
    CONNECTIONS = 13  # number of connections


class InputRows(IntEnum):
    """The column ``input_rows``: how the inputs of a network have been set in a call of
    several steps, and how many lists there are.
    """

    # 0: all of their numbers are set in every step. Else one more than the number of
    # steps, at most 3; in the third, inputs get their activations only
    SETS = 0
    # of sparse ones: the rows of the latest step and the one before
    LATEST = 1
    BEFORE = 2
    # number of ranges of sources whose lists are in use; the others are read in whole
    LISTED = 3
    # number of steps of this call that inputs have not counted
    STEPS = 4


class Latest(IntEnum):
    """The column ``latest`` of a plan: to which step its sensitivities belong."""

    BASE = 0  # which copy of ``sensitivity``, 0 or 1, includes no pending step
    OPEN = 1  # whether a step has been activated since the context was cleared
    # the number of the latest step, see `step_of`; if the network has another one now,
    # the context is another one
    STEP = 2
    PENDING = 3  # number of pending steps; if 0, the other copy is of the step before
    RENEWED = 4  # whether the third copy is of the latest pending step
    UNITS = 5  # how many units of the renewal of the other copy are done


class Counts(IntEnum):
    """The column ``counts`` of a plan, which contains its sizes."""

    ROOTS = 0
    CLASSES = 1
    COPY = 2  # length of a copy of ``sensitivity``
    DEPTH = 3  # half the most pending steps
    DIRECT = 4  # numbers of a step in ``direct``,
    VISITS = 5  # in ``visit_delta``,
    READINGS = 6  # and in ``reading_value``
    GIVEN = 7  # numbers of a step of a renewal, in ``given``
    SQUARE = 8  # numbers of a vector for each line of the largest class
    SHARES = 9  # number of steps among which a renewal is divided
    CONNECTIONS = 10  # rows of the store
    NEURONS = 11
    STATES = 12  # number of roots that are states; past activations follow
    ADJOINT = 13  # numbers in ``adjoint``
    # where it has the activations of two steps before, minus the row of the first of
    # their neurons; and the number of these neurons
    PAST = 14
    PAST_WIDTH = 15
