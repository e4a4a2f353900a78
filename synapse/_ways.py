"""Ways to execute a network, by the features that it can have.

``TABLE`` is the only declaration of which pairs work. The code raises the errors that
it refers to, ``docs/ways.md`` shows it, and ``tests/ways`` tests all of its cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    SynapseError,
    TopologyError,
)


class Refusal(NamedTuple):
    """Error that a way raises before anything changes."""

    raised: type[SynapseError]
    sentence: str

    def error(self, **facts: Any) -> SynapseError:
        """Return the error with these facts in its message."""
        return self.raised(self.sentence.format_map(facts))


FEATURES = {
    "delays": "connections that read an activation of earlier steps",
    "gates": "connections with a gater",
    "signs": "weights that keep their sign",
    "ties": "weights that several connections share",
    "clamps": "neurons whose activation is held",
    "chance": "neurons that draw random numbers",
    "groups": "neurons that compete: softmax, maxout, winner",
    "sparse": "rows of inputs in a sparse array of SciPy",
    "records": "a recording of the network is open",
    "frozen": "weights and biases that do not learn",
    "float32": "a network of 32-bit floats; others have 64 bits",
    "together": "all neurons activate together (`synchronous=True`)",
}

SPARSE_ROWS = Refusal(
    ArgumentTypeError,
    "{subject} must be {condition}, got a sparse array. Pass dense numbers:"
    " rows.toarray().",
)
CLAMPED_NEURON = Refusal(
    TopologyError,
    "{network!r} cannot be {doing}, because {neuron!r} is clamped. Release the neurons"
    " of a copy first: neuron.release().",
)
RANDOM_SQUASH = Refusal(
    FormatError,
    "The squash of neuron {neuron} is {squash!r}, whose random numbers no program in"
    " {language} can draw. Set deterministic = True on the network to write the means.",
)
LONE_NEURON = Refusal(
    TopologyError,
    "{neuron!r} cannot be stepped by itself, because the neurons of {network!r}"
    " activate together. Call network.activate and network.propagate, or set"
    " network.synchronous = False.",
)
OTHER_SQUASH = Refusal(
    ArgumentError,
    "A squash of a genome must be built in, of one state, got {squash!r}.",
)
COMMON_CLOCK = Refusal(
    TopologyError,
    "{network!r} cannot be {doing}, because its neurons activate together. Set"
    " synchronous = False on a copy.",
)
LONG_DELAY = Refusal(
    TopologyError,
    "{reader} has {known}, but {network} has a connection from {source!r} to {target!r}"
    " with a delay of {delay}. Shorten the delay, or replace it with a chain of"
    " identity neurons.",
)
FOREIGN_LAYER = Refusal(
    FormatError, "The layer {layer!r} cannot be written as NIR: {reason}."
)

SLOW = {
    "apart": "one sequence after the other",
    "each": "single steps",
    "every": "reads all connections",
    "copy": "makes the rows dense",
    "mean": "random neurons output their means, as deterministic ones",
}
"""Slower alternatives that ways use. The results are right."""
REFUSED = {
    "alone": LONE_NEURON,
    "dense": SPARSE_ROWS,
    "means": RANDOM_SQUASH,
    "layer": FOREIGN_LAYER,
    "order": COMMON_CLOCK,
    "release": CLAMPED_NEURON,
    "short": LONG_DELAY,
    "state": OTHER_SQUASH,
}
"""Errors that ways raise before anything changes."""

CALLS = {
    "steps": "`net.activate`, `net.propagate`",
    "single neurons": "`neuron.activate`, `neuron.propagate`",
    "pending updates": '`Trainer(net, rule="online")`',
    "lists of silent inputs": "the same; 64 sources or more, mostly 0",
    "quiet learning": "the same; leaky neurons, sources mostly 0",
    "runs": "`net.run(rows, traces=False)`",
    "events": "the same; sparse, sources mostly 0",
    "side by side": "`net.run(sequences)`",
    "exact gradients": '`synapse.gradient`, `rule="bptt"`',
    "a team": "the same with `threads`",
    "real-time gradients": '`net.rule = "rtrl"`',
    "pending sensitivities": "the same; many recurrent numbers",
    "traces of reward": "`agent.learn`",
    "streams of rewards": "`TD.run`",
    "features of a stream": "`synapse.river`",
    "rules of synapses": "`net.rule = Hebb`, `net.run(rows, learn=True)`",
    "genomes": "`synapse.evolve`",
    "programs": "`synapse.save`: C, JavaScript, Python",
    "programs that learn": "the same with `learn=True`",
    "fixed-point programs": '`synapse.save(..., dtype="q7.8")`',
    "ONNX models": "`synapse.save`",
    "PyTorch modules": "`synapse.to_torch`",
    "NIR graphs": "`synapse.readwrite.to_nir`",
}
"""Calls by which users choose each way. "the same" means that the library chooses it
from the properties of the network."""

TABLE = """
                       delays  gates   signs ties  clamps  chance  groups  sparse records frozen float32 together
steps                  yes     yes     yes   yes   yes     yes     yes     dense  yes     yes    yes     yes
single neurons         yes     yes     yes   yes   yes     yes     yes     -      yes     yes    yes     alone
pending updates        yes     yes     yes   yes   yes     yes     yes     yes    each    yes    yes     yes
lists of silent inputs yes     every   yes   yes   yes     yes     yes     yes    yes     yes    yes     yes
quiet learning         yes     yes     yes   every yes     yes     yes     yes    every   yes    yes     yes
runs                   yes     yes     yes   yes   yes     yes     yes     copy   each    yes    yes     yes
events                 yes     yes     yes   yes   yes     yes     yes     copy   yes     yes    yes     yes
side by side           yes     yes     yes   yes   yes     apart   yes     yes    yes     yes    yes     yes
exact gradients        yes     yes     yes   yes   yes     yes     yes     yes    yes     yes    yes     yes
a team                 yes     yes     yes   yes   yes     yes     yes     yes    yes     yes    yes     yes
real-time gradients    yes     yes     yes   yes   yes     yes     yes     dense  each    yes    yes     yes
pending sensitivities  yes     yes     yes   yes   yes     yes     yes     yes    yes     yes    yes     yes
traces of reward       yes     yes     yes   yes   yes     yes     yes     dense  yes     yes    yes     yes
streams of rewards     yes     yes     yes   each  yes     yes     yes     dense  each    yes    yes     yes
features of a stream   every   every   every every yes     every   yes     -      every   every  yes     every
rules of synapses      yes     yes     yes   yes   yes     yes     yes     copy   each    yes    yes     yes
genomes                short   yes     yes   yes   release state   state   dense  yes     yes    yes     order
programs               yes     yes     yes   yes   release means   yes     -      yes     yes    yes     yes
programs that learn    yes     yes     yes   yes   release yes     yes     -      yes     yes    yes     yes
fixed-point programs   yes     yes     yes   yes   release means   yes     -      yes     yes    yes     yes
ONNX models            yes     yes     yes   yes   release means   yes     -      yes     yes    yes     yes
PyTorch modules        short   yes     yes   yes   release mean    yes     -      yes     yes    yes     yes
NIR graphs             yes     layer   yes   yes   release layer   layer   -      yes     yes    yes     order
"""  # noqa: E501 - one screen wide
"""Each cell is "yes", a word of `SLOW` or `REFUSED`, or "-" if the feature does not
apply to the way, as a program has no rows of Python."""


def cells() -> dict[tuple[str, str], str]:
    """Return the words of the table by way and feature. Every cell has one."""
    head, *rows = TABLE.strip("\n").splitlines()
    features = head.split()
    words: dict[tuple[str, str], str] = {}
    for way, row in zip(CALLS, rows, strict=True):
        assert row.startswith(f"{way} "), row
        of_way = row.removeprefix(way).split()
        words |= {(way, k): word for k, word in zip(features, of_way, strict=True)}
    return words
