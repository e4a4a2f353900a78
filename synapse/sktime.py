"""A forecaster for sktime, over :func:`synapse.forecast`. It needs sktime, which needs scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self, final

import numpy as np

from ._checks import missing_extra, non_negative_number, public_names

try:
    import pandas as pd
    from sklearn.base import clone
    from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
except ImportError:
    raise missing_extra("The forecaster of synapse.sktime needs", "sktime") from None

from ._typing import Floats
from .errors import ArgumentError
from .forecasting import Differences, Forecast, NetworkForecaster, rolling_origin
from .forecasting.closed_loop import bounded, clipping
from .forecasting.network_forecaster import lesson
from .sklearn import SequenceRegressor
from .sklearn.running_scale import RunningScale

__all__ = ["SynapseForecaster"]
__dir__ = public_names(__all__)


@final
class SynapseForecaster(BaseForecaster):
    """Forecasts series of one or more columns in a closed loop, also with known inputs, for sktime.

    The network learns to map each row of a series to the next one. Its outputs are its next inputs. Columns
    of `X` are known in advance: the row of a time is read before the values of that time are forecast. A time
    ahead without a row has the one before.

    Parameters
    ----------
    model : SequenceRegressor, optional
        The network and how it is trained; of its parameters `per` and `scale` are replaced. Default: a GRU of
        8 units, 200 epochs.
    held_out : int or float, optional
        Number of rows, or share of the series, at its end that are not learned; intervals follow from the
        errors there. Default: all rows are learned, and intervals follow from the errors in the second half
        of them; they are too narrow where the network fits the series closely.
    random_state : int, numpy.random.RandomState or None
        Seed of the default model.

    Attributes
    ----------
    model_ : SequenceRegressor
        The trained model; its `network_` takes and returns standard units.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from synapse.sktime import SynapseForecaster
    >>> series = pd.Series(np.sin(0.3 * np.arange(150)))
    >>> ahead = SynapseForecaster().fit(series, fh=[1, 5, 10]).predict()
    >>> bool(np.abs(ahead - np.sin(0.3 * ahead.index)).max() < 0.2)
    True
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": [],
        "python_dependencies": None,
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "scitype:y": "both",
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:missing_values": False,
        "capability:insample": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
        "enforce_index_type": None,
    }

    _config: ClassVar[dict[str, Any]] = {"remember_data": True}  # forecasts start from the latest rows

    def __init__(self, model: Any = None, held_out: Any = None, random_state: Any = None) -> None:
        self.model, self.held_out, self.random_state = model, held_out, random_state
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of what _config decides
            super().__init__()

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        values = np.hstack([one.to_numpy(np.float64) for one in (y, X) if one is not None])
        learned = len(values) - self._held_out(len(values))
        if learned < 2:
            raise ArgumentError(f"Expected two rows or more to learn from, got {max(learned, 0)}.")
        self._scale = RunningScale(values.shape[1])
        self._scale.add(values[:learned])
        default = SequenceRegressor(hidden=(8,), build="GRU", epochs=200, random_state=self.random_state)
        model = clone(default if self.model is None else self.model).set_params(per="step", scale=False)
        columns, known = np.split(self._scale.standard(values[:learned]), [y.shape[1]], axis=1)
        inputs, targets = lesson(columns, [Differences()] * y.shape[1], None if X is None else known)
        self.model_ = model.fit([inputs], [targets])
        return self

    def _held_out(self, rows: int) -> int:
        """Number of rows that are not learned."""
        if self.held_out is None:
            return 0
        share = non_negative_number("The held_out", self.held_out)
        return round(share * rows) if share < 1 else int(share)

    def _ahead(self, fh: Any, X: Any, interval: float | None) -> tuple[Forecast, Any]:
        """The forecast of all steps up to the last of the horizon, and which of them are in it."""
        at = np.asarray(fh.to_relative(self.cutoff), int) - 1
        steps, rows, outputs = int(at.max()) + 1, len(self._y), self._y.shape[1]
        values, known = self._scale.standard(self._y.to_numpy(np.float64)), None
        if self._X is not None:
            known = np.vstack([self._X.to_numpy(np.float64), self._known_ahead(X, steps)])
            known = self._scale.standard(known, outputs)
        forecaster = NetworkForecaster(self.model_.network_, [Differences()] * outputs, known)
        mean = forecaster(values, steps)
        if interval is None:
            return Forecast(mean), at
        start = rows - (self._held_out(rows) or rows // 2)
        errors = rolling_origin(forecaster, values, steps, start=start).calibration
        return bounded(mean, errors.half_widths(interval, steps), interval, clipping(None, None)), at

    def _known_ahead(self, X: Any, steps: int) -> Floats:
        """The known inputs of the times after the series; without a row those of the row before."""
        times = ForecastingHorizon(range(1, steps + 1)).to_absolute_index(self.cutoff)
        given = self._X if X is None else pd.concat([self._X.iloc[-1:], X[X.index > self._X.index[-1]]])
        if given.index[-1] < times[-1]:
            raise ArgumentError(f"Expected X up to {times[-1]}, got rows up to {given.index[-1]}.")
        found: Floats = given.reindex(times, method="ffill").to_numpy(np.float64)
        return found

    def _predict(self, fh: Any, X: Any = None) -> Any:
        found, at = self._ahead(fh, X, None)
        values = self._scale.original(found.mean[at])
        return pd.DataFrame(values, index=fh.to_absolute_index(self.cutoff), columns=self._y.columns)

    def _predict_interval(self, fh: Any, X: Any, coverage: list[float]) -> Any:
        names, index = self._get_varnames(), fh.to_absolute_index(self.cutoff)
        columns = pd.MultiIndex.from_product([names, coverage, ["lower", "upper"]])
        table = pd.DataFrame(np.nan, index=index, columns=columns)
        for share in coverage:
            found, at = self._ahead(fh, X, share)
            for side in ("lower", "upper"):
                values = self._scale.original(getattr(found, side)[at])
                for i, name in enumerate(names):
                    table[(name, share, side)] = values[:, i]
        return table

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Parameters with which sktime tests the class."""
        model = SequenceRegressor(hidden=(2,), build="GRU", epochs=2)
        return [{"model": model, "random_state": 0}, {"random_state": 0}]
