"""What a synapse has: the names that a function of a rule may ask for; and places in
the arrays of a pass.
"""

PRE, POST, POST_STATE, POST_SLOPE, POST_BIAS, POST_ERROR = range(6)
MODULATOR, WEIGHT, SIZE, SIGN, GAIN, DT = range(6, 12)

NAMES = (
    *("pre", "post", "post_state", "post_slope", "post_bias", "post_error"),
    *("modulator", "weight", "size", "sign", "gain", "dt"),
)
"""The names, by their place among the values that a pass makes for each synapse;
settings follow, then traces."""

HEAD, FRAMES, WIDTH, ROWS, STEP, COUNT, TRIES, SHIFTS = range(8)
"""Places of the ``clock`` of a pass: the frame of the present traces of neurons, the
numbers of frames (two for each delay, from 0 to the longest), of neurons and of
connections of the network, the latest step that was learned, how many have been,
whether a step first tries what is not finite, without writing it, and whether, in a
step that directly follows the latest, the traces of each delay become those of the
delay before it."""
RATE, LOW, HIGH, KEEP, SUM_OF_SIZES, DELTA_T = range(6)
"""Places of the ``numbers`` of a pass: the factor of changes, the bounds of weights, by
what the eligibility decays in a step, the sum of sizes to which a target's weights are
scaled, and the length of a step. Settings follow, by what each trace decays in a step,
and for each the factor of what is added."""
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
"""Whose number a name is: of the source, of the target, or of the synapse."""
