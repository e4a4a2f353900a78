"""The kernels of exact gradients through time, for several samples at once, and of
training by them.
"""

from . import events as events, update as update
from .by_team import train_by_team as train_by_team
from .calls import (
    call_side_by_side as call_side_by_side,
    kernels_by_events as kernels_by_events,
    kernels_of_streams as kernels_of_streams,
    kernels_untraced as kernels_untraced,
    table_with_lists as table_with_lists,
    tapes_of_runs as tapes_of_runs,
)
from .loops import (
    DescentArguments as DescentArguments,
    SampleGroup as SampleGroup,
    gradient_network as gradient_network,
)
from .runs import run_untraced as run_untraced
from .side_by_side import Judge as Judge, SequenceRows as SequenceRows
from .streams import learn_stream as learn_stream
from .tapes import (
    SharedTapes as SharedTapes,
    Tapes as Tapes,
    context_depth as context_depth,
    context_of as context_of,
)
from .team import OVER as OVER, Team as Team, new_team as new_team
from .train import (
    Batches as Batches,
    GradientVariants as GradientVariants,
    entry_for as entry_for,
    train_epochs as train_epochs,
    unfolding as unfolding,
)
