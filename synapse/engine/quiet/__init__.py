"""Run the online rule at the cost of active sources. Traces and weights of connections
from silent sources wait until these fire.
"""

from .index import QuietIndex as QuietIndex, build_index as build_index
from .kernels import kernels_for as kernels_for
