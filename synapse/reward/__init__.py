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

from typing import TYPE_CHECKING, Any

from .._checks import ATTRIBUTES, public_names, unknown_attribute
from .actor_critic import ActorCritic
from .episodes import Run, run
from .many import run_many
from .q_learning import QLearning
from .td import TD

__all__ = [
    "TD",
    "ActorCritic",
    "QLearning",
    "Run",
    "run",
    "run_many",
]
__dir__ = public_names(__all__)

if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> Any:
        """Return called for names that do not exist: the error has the equivalent of
        ours.
        """
        advice = ATTRIBUTES["reward"].get(name, "")
        raise unknown_attribute(f"The module {__name__}", name, __all__, advice)
