"""How networks learn in `synapse train` and `synapse compare`."""

from __future__ import annotations

import argparse

from .. import Trainer
from ..objects.network import Network
from ..optimizers import Adam

OPTIMIZERS = ("sgd", "adam")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the option --optimizer to argparse."""
    parser.add_argument(
        "--optimizer",
        choices=OPTIMIZERS,
        help="sgd: gradient descent after every row; adam: Adam, for models with memory by the exact "
        "gradient of each whole sequence or series (default: adam for a series, else sgd)",
    )


def chosen(optimizer: str | None, series: bool) -> str:
    """The optimizer of the options, or the one that is better for such data."""
    return optimizer or ("adam" if series else "sgd")


def trainer_of(network: Network, rate: float, optimizer: str) -> Trainer:
    """The trainer that the options ask for."""
    if optimizer == "sgd":
        return Trainer(network, rate)
    return Trainer(network, rate, method="bptt", optimizer=Adam())  # compiled, also without memory
