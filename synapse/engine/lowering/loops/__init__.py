"""The loops of lowering, which visit all neurons with their connections, or their runs.

``store`` contains the columns of a store, ``n`` is the number of neurons, ``count`` the
number of connections, and ``work`` is memory for integers. Everything here is Python,
which ``runner.py`` compiles to machine code. Each loop returns two numbers.
"""

from .blocks import join_neurons as join_neurons
from .gated import (
    count_influences as count_influences,
    find_influences as find_influences,
    locate_traces as locate_traces,
)
from .ranges import (
    survey as survey,
)
from .rings import (
    find_rings as find_rings,
    locate_lagged as locate_lagged,
)
from .runs import (
    change_learning as change_learning,
    find_few_runs as find_few_runs,
    find_runs as find_runs,
)
from .traces import locate_kept as locate_kept, read_traces as read_traces
from .whole import lower_rows as lower_rows
