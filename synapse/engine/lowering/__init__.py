"""Lower the topology of a store to runs, blocks and traces."""

from . import lower as lower, program as program
