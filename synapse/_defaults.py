"""What the command, estimators, forecasters and agents use where nothing is given.

One table, which all of them read. The page or study that chose a value stands beside
it; where the defaults of two uses differ, the reason does.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature

import architect

from ._typing import RuleName
from .objects.network import Network

# --- architectures by name ------------------------------------------------------------

ARCHITECTURES: dict[str, type[Network]] = {
    name: made
    for name, made in sorted(vars(architect).items())
    if isinstance(made, type)
    and issubclass(made, Network)
    and "output_squash" in signature(made).parameters
}
"""Those that may be given by name, for ``build=`` and ``--build``."""
OTHER_INPUTS = ("CfC", "CTRNN", "Convolutional")
"""Those that take other inputs than columns: also the time between two steps, or the
shape of an image."""
BUILDS = tuple(name.lower() for name in ARCHITECTURES if name not in OTHER_INPUTS)
"""The others, as the command and its files write them."""
WITHOUT_MEMORY = ("Perceptron", "Residual")
"""Rows are samples for these, and steps in time for all others."""
SQUASHES = {
    "Perceptron": "tanh",  # studies/streams.md, studies/small_tables.md
}
"""Squashes of hidden neurons that are not those of the architecture, whose defaults
are those of the papers."""
IN_TABLES: dict[str, dict[str, str]] = {
    "Elman": {"squash": "tanh"},  # studies/table_defaults.md
    "LSTM": {"style": "synaptic", "cell_squash": "tanh"},  # studies/table_defaults.md
}
"""Options of networks that learn tables: after every row, by the online rule, these
have lower errors than those of the papers."""
OUTPUTS = {
    "classes": "softmax",  # probabilities of classes of which one is right
    "labels": "logistic",  # a probability for each label, which exclude none
    "numbers": "identity",  # standard units can be any number
    "values": "identity",  # of actions and states, for agents: docs/reward.md
}
"""Squash of the outputs, by what they are."""


# --- data that are there --------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """How a network learns data that are there."""

    build: str
    hidden: tuple[int, ...]
    rate: float
    penalty: float = 0.0
    """The L2 penalty, times the number of samples."""
    optimizer: str = "adam"  # docs/choosing.md
    rule: RuleName = "bptt"  # docs/choosing.md
    most_epochs: int = 2000
    """The epochs, at most, of a training that ends by itself."""
    patience: int = 60
    """Number of epochs without a lower error after which it does."""


ROWS = Fit(
    build="Perceptron",  # docs/choosing.md
    hidden=(16,),  # docs/fitting.md, studies/small_tables.md
    rate=0.01,  # docs/fitting.md, studies/small_tables.md
    penalty=3.0,  # studies/small_tables.md
)
"""Rows that are independent of each other: `synapse.sklearn`."""
ROWS_OF_TABLES = Fit(
    build="Perceptron",  # docs/choosing.md
    hidden=(8,),  # docs/fitting.md
    rate=0.02,  # docs/fitting.md
    optimizer="sgd",  # studies/table_defaults.md
    rule="online",  # studies/table_defaults.md
)
"""Rows of a table, samples or steps of a stream: the command. It learns after every
row, so that a long table needs no gradient of its whole length; on samples Adam has the
same errors."""
SEQUENCES = Fit(
    build="LSTM",  # docs/choosing.md
    hidden=(16,),  # docs/fitting.md
    rate=0.01,  # docs/fitting.md
)
"""Sequences with an answer at their end, or at every step: `synapse.sklearn`."""
SERIES = Fit(
    build="GRU",  # studies/default_forecasts.md
    hidden=(8,),  # studies/default_forecasts.md
    rate=0.02,  # studies/default_forecasts.md
)
"""Forecasts of a series: the command, `synapse.sktime`. It has less data than tables of
rows have: the size and the rate are those of the study, which are also fast."""


# --- streams --------------------------------------------------------------------------


@dataclass(frozen=True)
class Stream:
    """How a network learns a stream, one sample at a time."""

    build: str
    hidden: tuple[int, ...]
    rate: float = 0.2  # studies/streams.md
    time_constant: float = 2000.0  # studies/streams.md
    bound: float = 1.0  # studies/streams.md


SAMPLES = Stream("Perceptron", (32,))  # studies/streams.md
"""Samples with a target: `synapse.river`."""
VALUES = Stream("GRU", (16,))  # studies/streams.md
"""Values of a series: `synapse.river`."""
LAGS = 12  # studies/streams.md
"""Number of changes that a forecaster of a stream reads without a season."""
LAGS_WITH_SEASON = 1  # studies/streams.md
"""The same with a season, whose inputs tell more than earlier changes."""
SEASON_VALUES = 96  # studies/streams.md
"""Number of first values in which a forecaster of a stream finds its season."""
MIN_AUTOCORRELATION = 0.5  # studies/streams.md
"""Autocorrelation of a season, at least."""
HARMONICS = 4  # studies/streams.md
"""Number of waves of a season, at most, that it reads."""


# --- rewards --------------------------------------------------------------------------

DISCOUNT = 0.99  # docs/reward.md
TRACE = 0.8  # docs/reward.md
ENTROPY = 0.01  # docs/reward.md
EXPLORE = 0.05  # studies/reward.md
