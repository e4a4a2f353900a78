"""Define updates, which are chains of a trace, a scale, a clip and a step, by which
agents change a network's parameters by δ and traces.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, final

from .. import _checks as checks
from ..engine.online.step_formulas import BOUNDED, IMPLICIT, INTENTIONAL, Chain


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Return a check that lets None pass."""
    return lambda title, value: None if value is None else check(title, value)


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class MeanSquare:
    """A scale for updates that divides each parameter's trace by the root of the
    running mean of its squared slopes, as RMSprop and Adam do.

    v ← β v + (1 − β) g²;  d = √v + ε;  the trace e becomes e / d

    Parameters
    ----------
    decay : float or None
        Decay β of the mean, from 0 to 1. With None, it is the decay γλ of the traces.
        Default 0.999.
    epsilon : float
        Smallest divisor ε, which must be positive. Default 1e-8.
    unbiased : bool
        Whether to divide v by 1 − βᵗ after t updates, as in Kingma and Ba (2015), to
        correct for its start at 0. Default True.

    Examples
    --------
    >>> ObGD(scale=MeanSquare(decay=0.99)).scale.epsilon
    1e-08
    """

    decay: Annotated[float | None, _optional(checks.from_0_to_1)] = 0.999
    epsilon: Annotated[float, checks.positive_number] = 1e-8
    unbiased: Annotated[bool, checks.boolean] = True


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class Clip:
    """A clip for updates, which limits the temporal difference δ.

    δ ← max(−c, min(c, δ));  with `relative`, c is times √(mean of δ²);  with
    `normalize`, δ ← δ / (mean size of δ)

    The means decay by 0.9998 (Sharifnassab and others 2026).

    Parameters
    ----------
    limit : float
        Maximum size c of δ. Default 1.
    relative : bool
        Whether the limit is in units of the root of the mean of δ². Default False.
    normalize : bool
        Whether to divide δ by its mean size afterwards, to make a policy's steps
        independent of the size of the rewards. Default False.

    Examples
    --------
    >>> Intentional(0.05, clip=Clip(20.0, relative=True, normalize=True)).clip.limit
    20.0
    """

    limit: Annotated[float, checks.positive_number] = 1.0
    relative: Annotated[bool, checks.boolean] = False
    normalize: Annotated[bool, checks.boolean] = False


Scaling = Annotated[
    MeanSquare | None, _optional(partial(checks.instance, cls=MeanSquare))
]
Clipping = Annotated[Clip | None, _optional(partial(checks.instance, cls=Clip))]


class Update:
    """Base class of updates, which change parameters w from δ and the traces e.

    Each update is a chain of four parts. The trace is the agent's trace, e ← γλ e + g,
    with the slopes g. A scale divides it by d for each parameter, a clip limits δ to
    δ', and the subclass computes the step: w ← w + step · δ' · e / d

    Settings never change. The agent stores the running means, which start with the
    first update.
    """

    scale: MeanSquare | None
    clip: Clip | None
    _method: ClassVar[int] = BOUNDED

    def _chain(self, decay: float) -> Chain:
        """Return the chain's numbers for kernels, with traces that decay by γλ."""
        scale = self.scale or MeanSquare(decay=1.0, epsilon=1.0, unbiased=False)
        clip = self.clip or Clip()
        return Chain(
            self._method,
            self.scale is not None or self._method == INTENTIONAL,
            scale.unbiased,
            clip.relative,
            clip.normalize,
            getattr(self, "rate", 0.0) or getattr(self, "fraction", 0.0),
            getattr(self, "bound", None) or 0.0,
            decay,
            decay if scale.decay is None else scale.decay,
            scale.epsilon,
            clip.limit if self.clip else math.inf,
        )


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class ObGD(Update):
    r"""Gradient descent with a bound on overshooting (Elsayed, Vasan and Mahmood 2024,
    arXiv 2410.14606, algorithm 3).

    step = α / max(1, α κ max(\|δ\|, 1) ‖e‖₁)

    Parameters
    ----------
    rate : float
        Size α of a step unless the bound reduces it. Default 1.
    bound : float or None
        Factor κ of the bound. With None, every step is the rate, as if you pass a
        number instead of an update, ``TD(net, update=0.1)``. Default 2, but the paper
        uses 3 for policies.
    scale, clip
        See :class:`Update`.

    Examples
    --------
    >>> ObGD(bound=3.0).rate
    1.0
    """

    rate: Annotated[float, checks.non_negative_number] = 1.0
    bound: Annotated[float | None, _optional(checks.positive_number)] = 2.0
    scale: Scaling = None
    clip: Clipping = None


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class Implicit(Update):
    """Implicit TD(λ), which uses the δ after the update (Kim, Toulis and Laber 2025,
    arXiv 2505.01361).

    step = α / (1 + α ‖e‖²),  with a scale α / (1 + α Σ e²/d)

    If the trace e represents the slopes of the present value, this is the change
    Δ = α (e/d) (δ − e·Δ). The value of the next state is computed before the update.

    Parameters
    ----------
    rate : float
        Rate α, at least 0. The update does not overshoot even with a large rate.
        Default 1.
    scale, clip
        See :class:`Update`.

    Examples
    --------
    >>> Implicit(0.5).rate
    0.5
    """

    _method: ClassVar[int] = IMPLICIT
    rate: Annotated[float, checks.non_negative_number] = 1.0
    scale: Scaling = None
    clip: Clipping = None


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class Intentional(Update):
    """Intentional updates, which reduce δ by a fraction for any slopes (Sharifnassab
    and others 2026, arXiv 2604.19033).

    step = η / √(σ Σ e²/d),  where σ is the mean of Σ g²/d, which decays by γλ

    Parameters
    ----------
    fraction : float
        Fraction η by which an update reduces δ. Default 0.25, as in the authors'
        programs for Q. The paper uses 0.5 for values, and 0.05 with a clip that
        normalises for policies.
    scale : MeanSquare or None
        Default: ``MeanSquare(0.999)``.
    clip : Clip or None
        Default: ``Clip(20, relative=True)``.

    Examples
    --------
    >>> Intentional().scale
    MeanSquare(decay=0.999, epsilon=1e-08, unbiased=True)
    """

    _method: ClassVar[int] = INTENTIONAL
    fraction: Annotated[float, checks.non_negative_number] = 0.25
    scale: Scaling = MeanSquare()
    clip: Clipping = Clip(20.0, relative=True)


@final
@checks.suggests_arguments("update")
@dataclass(frozen=True)
class Adaptive(Update):
    """Adaptive Q(λ), with a fixed rate, traces that are scaled as in Adam, and a
    clipped δ (Gogianu, Lutu and Pascanu 2026, arXiv 2605.06764).

    step = α,  d = √v + ε,  v ← γλ v + (1 − γλ) g²,  −1 ≤ δ ≤ 1

    Parameters
    ----------
    rate : float
        Rate α. Default 4.6e-4.
    scale : MeanSquare or None
        Default: ``MeanSquare(None, epsilon=0.1, unbiased=False)``.
    clip : Clip or None
        Default: ``Clip(1.0)``.

    Examples
    --------
    >>> Adaptive(1e-3).clip
    Clip(limit=1.0, relative=False, normalize=False)
    """

    rate: Annotated[float, checks.non_negative_number] = 4.6e-4
    scale: Scaling = MeanSquare(None, epsilon=0.1, unbiased=False)
    clip: Clipping = Clip(1.0)


OF_VALUES = Intentional()
OF_CHOICES = ObGD(0.03, bound=0.3)
OF_NUMBERS = Intentional(0.025, clip=Clip(20.0, relative=True, normalize=True))
"""The default updates of values, and of policies with softmax outputs or continuous
actions, see studies/reward.md, section Updates.
"""


def update_of(title: str, update: Any) -> Update:
    """Return an update. A number is the rate of an update without a bound."""
    if checks.is_number(update):
        return ObGD(checks.non_negative_number(title, update), bound=None)
    condition = "an update of synapse.reward, such as Intentional(), or a number"
    checks.require_type(isinstance(update, Update), title, condition, update)
    return update


def read_update(values: dict[str, Any]) -> Update:
    """Return an update by its name and fields. Raises ArgumentError, KeyError or
    TypeError if a file is not valid.
    """
    kinds = {kind.__name__: kind for kind in Update.__subclasses__()}
    for name, kind in ("scale", MeanSquare), ("clip", Clip):
        if values[name] is not None:
            values[name] = kind(**values[name])
    return kinds[values.pop("name")](**values)
