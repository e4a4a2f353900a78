"""What a synapse has: the names that a function of a rule may ask for."""

from __future__ import annotations

PRE, POST, POST_STATE, POST_SLOPE, POST_BIAS, POST_ERROR = range(6)
MODULATOR, WEIGHT, SIZE, SIGN, GAIN, DT = range(6, 12)

NAMES = (
    *("pre", "post", "post_state", "post_slope", "post_bias", "post_error"),
    *("modulator", "weight", "size", "sign", "gain", "dt"),
)
"""The names, by their place among the values that a pass makes for each synapse;
settings follow, then traces."""

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
