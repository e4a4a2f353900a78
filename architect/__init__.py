"""Standard architectures: recipes of layers, projections and gates, without arithmetic
of their own.
"""

from typing import TYPE_CHECKING, Any

from synapse._checks import ATTRIBUTES, public_names, unknown_attribute
from synapse.objects.architectures import names as names, register as register

from .cfc import CfC as CfC
from .construct import construct as construct
from .convolutional import Convolutional as Convolutional
from .ctrnn import CTRNN as CTRNN
from .elman import Elman as Elman
from .gru import GRU as GRU
from .hopfield import Hopfield as Hopfield
from .jordan import Jordan as Jordan
from .liquid import Liquid as Liquid
from .lstm import LSTM as LSTM
from .narx import NARX as NARX
from .perceptron import Perceptron as Perceptron
from .random import Random as Random
from .residual import Residual as Residual
from .spiking import Spiking as Spiking

# Imported modules and helpers of other packages are not public.
__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith("architect.")
]
__all__ += ["names", "register"]
__dir__ = public_names(__all__)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Suggest the most similar name, for names that do not exist."""
        raise unknown_attribute(
            "The module architect", name, __all__, ATTRIBUTES["architect"].get(name, "")
        )
