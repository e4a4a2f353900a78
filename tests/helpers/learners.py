"""Whether a connection's weight, or a neuron's bias, is trainable: of both alike."""

from synapse import Neuron


def _name(parameter) -> str:
    return "trainable_bias" if isinstance(parameter, Neuron) else "trainable"


def learns(parameter) -> bool:
    return getattr(parameter, _name(parameter))


def let_learn(parameter, value: bool) -> None:
    setattr(parameter, _name(parameter), value)
