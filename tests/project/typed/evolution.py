"""Structure that evolves, and many trainings."""

import synapse
from synapse import evolve, experiments, plain, reward, tables, tasks

task = tasks.Recall()
settings = evolve.Settings()
packages = [evolve, experiments, reward, tables, tasks, synapse.spikes, plain]
names: list[str] = [package.__name__ for package in packages]
error: type[synapse.SynapseError] = synapse.errors.TopologyError
