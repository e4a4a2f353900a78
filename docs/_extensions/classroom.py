"""A memory that learns how much to let in. It needs `plain.py`, and nothing else."""

from plain import Neuron

source, door, keep, memory = Neuron(), Neuron(), Neuron(), Neuron("identity")
memory.trainable_bias = False  # each step would add it again
entry = source.project(memory, weight=0.5)
door.gate(entry)  # a gate multiplies
keep.gate(memory.project(memory))  # a self-connection remembers

for trial in range(1, 9):
    for value, opened, kept in [(1.0, 1, 0), (0.7, 0, 1), (-0.4, 0, 1)]:
        source.activate(value)
        door.activate(opened)
        keep.activate(kept)
        memory.activate()
    memory.propagate(rate=0.5, target=2.0)
    print(
        f"trial {trial}: memory {memory.state:.3f},",
        f"error {memory.error.responsibility:.3f}, weight {entry.weight:.3f}",
    )
