"""Draw the pictures that subcommands write beside their numbers, which show forecasts,
and errors of methods.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import FormatError
from ..forecasting import Forecast
from ..forecasting._selection import COMBINE
from ..forecasting._statistical import METHODS
from ..tables._pandas import pd
from . import helpers

if TYPE_CHECKING:
    from ..tables import Comparison

COVERAGE = 0.9
"""Share of future values between the bounds in a picture, unless --coverage sets
another one."""
MAX_PANELS = 12
"""Number of panels, one for each target of each series, that a picture has at most."""
MIN_SHOWN = 60
TIMES_SHOWN = 5
"""Number of last rows before a forecast that are drawn, at least, and how many times
its length."""


def check_picture(path: str | None) -> None:
    """Raise, before any work, if a picture could not be written."""
    if path is None:
        return
    helpers.require_suffix(path, helpers.PICTURES)
    helpers.require_folder(path)
    from ..draw._style import need_matplotlib

    need_matplotlib()


def share_drawn(facts: dict[str, Any], method: str | None) -> float | None:
    """Return the share of the bounds in a picture by default, or None if the test has
    too few errors.
    """
    errors: dict[str, Any] = facts.get("errors", {})
    chosen = method or facts["chosen"]
    if chosen == "network":
        chosen = next(
            (name for name in errors if name not in (COMBINE, *METHODS)), chosen
        )
    count = np.asarray(errors.get(chosen, [[]])).shape[:2]
    return COVERAGE if count[0] * count[1] * (1 - COVERAGE) >= COVERAGE else None


def draw_forecasts(
    several: dict[str, pd.DataFrame], ahead: dict[str, Forecast], path: str
) -> list[str]:
    """Draw the last rows of each series, its forecast and the bounds, a panel for each
    target.

    Returns sentences on targets that are not drawn.
    """
    from .. import draw

    panels = [
        (name, place)
        for name, forecast in ahead.items()
        for place in range(forecast.shape[1])
    ]  # fmt: skip
    figure, axes = _panels(min(len(panels), MAX_PANELS))
    for ax, (name, place) in zip(axes, panels, strict=False):
        series = several[name]
        forecast = _column(ahead[name], place)
        shown = max(MIN_SHOWN, TIMES_SHOWN * len(forecast))
        history = series.iloc[-shown:]
        draw.forecast(history.iloc[:, [place]], forecast, ax)
        ax.set_title(": ".join(filter(None, [name, str(series.columns[place])])))
        ax.set_ylabel("")  # it is in the title
    helpers.save_figure(figure, path)
    left = len(panels) - MAX_PANELS
    return (
        [f"{path!r} has the first {MAX_PANELS} of {len(panels)} forecasts."]
        if left > 0
        else []
    )


def _column(ahead: Forecast, place: int) -> Forecast:
    """Return one target of a forecast."""
    lower, upper = (
        None if values is None else values[:, [place]]
        for values in (ahead.lower, ahead.upper)
    )
    return replace(
        ahead, mean=ahead.mean[:, [place]], lower=lower, upper=upper, names=None
    )


def draw_comparison(comparison: Comparison, path: str) -> None:
    """Draw the errors of methods by origin and by step ahead: two panels for each
    target.
    """
    from .. import draw
    from ..draw._forecast import time_axis
    from ..draw._style import CYCLE

    targets = comparison.forecasts.index.unique(level="target")[: MAX_PANELS // 2]
    several = comparison.forecasts.index.unique(level="series")
    mean = f" (mean of {len(several)} series)" if len(several) > 1 else ""
    figure, axes = _panels(2 * len(targets))
    panels = iter(axes)
    with draw.style():
        for target in targets:
            for table, label in (
                (comparison.by_origin, "origin"),
                (comparison.by_step, "steps ahead"),
            ):
                ax = next(panels)
                errors_of_target = (
                    table.xs(target, level="target")
                    if "target" in table.index.names
                    else table
                )
                errors = errors_of_target.groupby(level=-1).mean()
                for place, method in enumerate(errors.columns):
                    # Colours repeat after eight methods: the others are dashed.
                    look = "-" if place < len(CYCLE) else "--"
                    ax.plot(
                        errors.index,
                        errors[method],
                        look,
                        color=CYCLE[place % len(CYCLE)],
                        label=method,
                        lw=1.2,
                    )
                ax.set(title=f"{target}{mean}", ylabel="mean absolute error")
                ax.set_ylim(0, None)
                time_axis(ax, label, label == "steps ahead")
    helpers.save_figure(figure, path)


def _panels(count: int) -> tuple[Any, list[Any]]:
    """Return a figure with panels below each other."""
    from matplotlib import pyplot

    from .. import draw

    if not count:
        raise FormatError("There is nothing to draw.")
    with draw.style():
        figure, axes = pyplot.subplots(
            count, 1, figsize=(7.5, 2.9 * count), layout="constrained", squeeze=False
        )
    return figure, [*np.ravel(axes)]
