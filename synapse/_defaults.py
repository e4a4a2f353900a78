"""Defaults that the command, estimators, forecasters and agents share.

All of them read this one table. Each value has a comment with the page or study that
chose it, and with the reason if the defaults of two uses differ.
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
"""Architectures that you can give by name, for ``build=`` and ``--build``."""
OTHER_INPUTS = ("CfC", "CTRNN", "Convolutional")
"""Architectures whose inputs are not only columns, because they also need the time
between two steps or the shape of an image."""
BUILDS = tuple(name.lower() for name in ARCHITECTURES if name not in OTHER_INPUTS)
"""All other architectures, as the command and its files write them."""
WITHOUT_MEMORY = ("Perceptron", "Residual")
"""Architectures for which rows are samples, instead of steps in time."""
SQUASHES = {
    "Perceptron": "tanh",  # studies/streams.md, studies/small_tables.md
}
"""Squashes of hidden neurons that replace the architecture's default, which follows the
paper."""
IN_TABLES: dict[str, dict[str, str]] = {
    "Elman": {"squash": "tanh"},  # studies/table_defaults.md
    "LSTM": {"style": "synaptic", "cell_squash": "tanh"},  # studies/table_defaults.md
}
"""Options of networks that learn tables. If they learn after every row by the online
rule, these options give lower errors than those of the papers."""
OUTPUTS = {
    "classes": "softmax",  # probabilities of classes of which one is right
    "labels": "logistic",  # a probability for each label, which exclude none
    "numbers": "identity",  # standard units can be any number
    "values": "identity",  # of actions and states, for agents: docs/reward.md
}
"""Squash of the outputs, by the kind of values that they represent."""


# --- data that are there --------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """Settings by which a network learns from a complete data set."""

    build: str
    hidden: tuple[int, ...]
    rate: float
    penalty: float = 0.0
    """L2 penalty, times the number of samples."""
    optimizer: str = "adam"  # docs/choosing.md
    rule: RuleName = "bptt"  # docs/choosing.md
    most_epochs: int = 2000
    """Maximum number of epochs of a training that ends by itself."""
    patience: int = 60
    """Number of epochs without a lower error after which a training ends."""


ROWS = Fit(
    build="Perceptron",  # docs/choosing.md
    hidden=(16,),  # docs/fitting.md, studies/small_tables.md
    rate=0.01,  # docs/fitting.md, studies/small_tables.md
    penalty=3.0,  # studies/small_tables.md
)
"""For rows that are independent of each other: `synapse.sklearn`."""
ROWS_OF_TABLES = Fit(
    build="Perceptron",  # docs/choosing.md
    hidden=(8,),  # docs/fitting.md
    rate=0.02,  # docs/fitting.md
    optimizer="sgd",  # studies/table_defaults.md
    rule="online",  # studies/table_defaults.md
)
"""For rows of a table, as samples or as steps of a stream: the command. It learns after
every row to avoid the gradient of a long table's whole length. On samples, Adam has the
same errors."""
SEQUENCES = Fit(
    build="LSTM",  # docs/choosing.md
    hidden=(16,),  # docs/fitting.md
    rate=0.01,  # docs/fitting.md
)
"""For sequences with an answer at their end or at every step: `synapse.sklearn`."""
SERIES = Fit(
    build="GRU",  # studies/default_forecasts.md
    hidden=(8,),  # studies/default_forecasts.md
    rate=0.02,  # studies/default_forecasts.md
)
"""For forecasts of a series: the command, `synapse.sktime`. Because a series has less
data than a table of rows, the size and the rate are those of the study, which are also
fast."""


# --- streams --------------------------------------------------------------------------


@dataclass(frozen=True)
class Stream:
    """Settings by which a network learns from a stream, one sample at a time."""

    build: str
    hidden: tuple[int, ...]
    rate: float = 0.2  # studies/streams.md
    time_constant: float = 2000.0  # studies/streams.md
    bound: float = 1.0  # studies/streams.md


SAMPLES = Stream("Perceptron", (32,))  # studies/streams.md
"""For samples with a target: `synapse.river`."""
VALUES = Stream("GRU", (16,))  # studies/streams.md
"""For values of a series: `synapse.river`."""
LAGS = 12  # studies/streams.md
"""Number of changes that a stream's forecaster reads if there is no season."""
LAGS_WITH_SEASON = 1  # studies/streams.md
"""Number of changes that it reads if there is a season, whose inputs are more
informative than earlier changes."""
SEASON_VALUES = 96  # studies/streams.md
"""Number of first values in which a stream's forecaster looks for a season."""
MIN_AUTOCORRELATION = 0.5  # studies/streams.md
"""Minimum autocorrelation of a season."""
HARMONICS = 4  # studies/streams.md
"""Maximum number of waves of a season that it reads."""


# --- rewards --------------------------------------------------------------------------

DISCOUNT = 0.99  # docs/reward.md
TRACE = 0.8  # docs/reward.md
ENTROPY = 0.01  # docs/reward.md
EXPLORE = 0.05  # studies/reward.md
