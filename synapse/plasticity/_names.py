"""Values of a synapse, by the names with which a rule's function requests them, and
positions in the arrays of a pass.
"""

PRE, POST, POST_STATE, POST_SLOPE, POST_BIAS, POST_ERROR = range(6)
MODULATOR, WEIGHT, SIZE, SIGN, GAIN, DT = range(6, 12)

NAMES = (
    *("pre", "post", "post_state", "post_slope", "post_bias", "post_error"),
    *("modulator", "weight", "size", "sign", "gain", "dt"),
)
"""The names, in the order of the values that a pass makes for each synapse. Settings
follow, then traces."""

HEAD, FRAMES, WIDTH, ROWS, STEP, COUNT, TRIES, SHIFTS = range(8)
"""Positions in the ``clock`` of a pass.

They contain the frame of the present traces of neurons, the numbers of frames (two for
each delay, from 0 to the longest), of neurons and of connections of the network, the
latest step that was learned, and the number of such steps. Next is whether a step first
tries whether values are finite, without writing them. Last is whether, in a step that
directly follows the latest, the traces of each delay become those of the delay before
it."""
RATE, LOW, HIGH, KEEP, SUM_OF_SIZES, DELTA_T = range(6)
"""Positions in the ``numbers`` of a pass.

They contain the factor of changes, the bounds of weights, the factor by which the
eligibility decays in a step, the sum of sizes to which a target's weights are scaled,
and the length of a step. Settings follow, then the factor by which each trace decays in
a step, and for each the factor of the added values."""
CONTEXT = "units", "synapses", "due", "clock"
"""Arrays of a pass that change as it learns."""

OF_SOURCE = 1
OF_TARGET = 2
OF_BOTH = OF_SOURCE | OF_TARGET

SIDES = {
    **dict.fromkeys(NAMES, OF_TARGET),
    "pre": OF_SOURCE,
    **dict.fromkeys(("weight", "size", "sign", "gain"), OF_BOTH),
    "dt": 0,
}
"""The owner of each name's value: the source, the target, or the synapse."""
