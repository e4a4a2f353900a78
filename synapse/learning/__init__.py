"""Training: the trainer and its learning rules, exact gradients, schedules, callbacks, read-outs."""

from ._history import Result as Result
from .callbacks import Batch as Batch, Progress as Progress, Step as Step, every as every
from .comparison import GradientComparison as GradientComparison, compare_gradients as compare_gradients
from .evaluation import Evaluation as Evaluation
from .gradient import Gradient as Gradient, gradient as gradient
from .logs import CSVLogger as CSVLogger, PythonLogger as PythonLogger, TensorBoard as TensorBoard
from .reach import Reach as Reach, ReachRow as ReachRow, reach as reach
from .readout import Readout as Readout, fit_readout as fit_readout
from .schedules import (
    AdaptiveSchedule as AdaptiveSchedule,
    Cosine as Cosine,
    Exponential as Exponential,
    ReduceOnPlateau as ReduceOnPlateau,
    StepDecay as StepDecay,
    WarmUp as WarmUp,
)
from .trainer import Trainer as Trainer
