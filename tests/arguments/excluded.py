"""The calls that are not in the table, and why."""

from __future__ import annotations

from synapse import analysis

RESULT = "The library makes it and fills it in; it holds what it is given."
VIEW = "A view, which the library alone makes: by project, record, register or begin."
HOOK = "The library calls it, with arguments that it has checked."
PASSED = "Passed on by name to another call, which checks them."
DRAW = "An initializer is called by the library; a caller of its own passes a generator and a shape."

EXCLUDED: dict[str, str] = {
    **dict.fromkeys(
        [
            "synapse.Gradient.__init__",
            "synapse.Topology.__init__",
            "architect.Capacity.__init__",
            "architect.Delayed.__init__",
            "architect.GatedUnits.__init__",
            "architect.MemoryBlocks.__init__",
            "architect.StandardBlocks.__init__",
            "draw.Explorer.__init__",
            "learning.Batch.__init__",
            "learning.Evaluation.__init__",
            "learning.GradientComparison.__init__",
            "learning.Progress.__init__",
            "learning.Reach.__init__",
            "learning.ReachRow.__init__",
            "learning.Readout.__init__",
            "learning.Result.__init__",
            "learning.Step.__init__",
            "experiments.CrossValidation.__init__",
            "experiments.Median.__init__",
            "experiments.SuccessRate.__init__",
            "experiments.Summary.__init__",
            "experiments.Trials.__init__",
            "forecasting.Calibration.__init__",
            "forecasting.Forecast.__init__",
            "forecasting.RollingOrigin.__init__",
            *(
                f"analysis.{name}.__init__"
                for name in dir(analysis)
                if name != "Table" and isinstance(getattr(analysis, name), type)
            ),
        ],
        RESULT,
    ),
    **dict.fromkeys(
        [
            "synapse.Connection.__init__",
            "synapse.Projection.__init__",
            "synapse.Log.__init__",
            "optimizers.OptimizerState.__init__",
            "optimizers.RecursiveState.__init__",
            "squash.Squash.__init__",
            "cost.Cost.__init__",
        ],
        VIEW,
    ),
    **dict.fromkeys(
        [
            *(
                f"{name}.find_parts"
                for name in (
                    "synapse.Network",
                    "architect.Convolutional",
                    "architect.GRU",
                    "architect.Hopfield",
                    "architect.Kohonen",
                    "architect.LSTM",
                )
            ),
            "architectures.rebuild",
            "squash.by_code",
            "synapse.Topology.require_closed",
            "draw.Explorer.update",
            "synapse.every.__call__",
            "learning.CSVLogger.__call__",
            "learning.PythonLogger.__call__",
            "learning.TensorBoard.__call__",
            "cost.Cost.check",
            "forecasting.Calibration.require",
            "cost.Cost.check_targets",
            "optimizers.Optimizer.find_change",
        ],
        HOOK,
    ),
    "synapse.Connection.__getitem__": "A mapping raises KeyError, as networkx expects of edge data.",
    "synapse.Network.project options": PASSED,
    "readwrite.read_synaptic resume": PASSED,
    "experiments.train_many options": PASSED,
    "experiments.cross_validate options": PASSED,
    **dict.fromkeys(
        ["initializers.draw", *(f"initializers.{name}" for name in ("fan_in", "glorot", "he", "orthogonal"))],
        DRAW,
    ),
}


def is_excluded(name: str, parameter: str) -> bool:
    """Whether a call, or one parameter of it, is none of the table's."""
    return name in EXCLUDED or f"{name} {parameter}" in EXCLUDED
