"""Learning from reward, one step at a time: temporal differences with traces over exact
slopes.

>>> import architect
>>> from synapse import reward
>>> net = architect.GRU(2, 8, 1, output_squash="identity", seed=0)
>>> net.rule = "rtrl"  # exact slopes through all steps
>>> agent = reward.TD(net, discount=0.9)
>>> value = agent.begin([0.0, 1.0])
>>> value = agent.learn(1.0, [1.0, 0.0])
"""

from .._checks import (
    public_module as _public_module,
)
from ._actor_critic import ActorCritic
from ._episodes import Run, run
from ._many import run_many
from ._q_learning import QLearning
from ._qrc import QRC
from ._td import TD
from ._updates import (
    Adaptive,
    Clip,
    Implicit,
    Intentional,
    MeanSquare,
    ObGD,
    Update,
)

__all__ = [
    "QRC",
    "TD",
    "ActorCritic",
    "Adaptive",
    "Clip",
    "Implicit",
    "Intentional",
    "MeanSquare",
    "ObGD",
    "QLearning",
    "Run",
    "Update",
    "run",
    "run_many",
]
_public_module(__name__, __all__)
