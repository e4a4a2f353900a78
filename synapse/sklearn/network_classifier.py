"""A classifier of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from sklearn.base import ClassifierMixin

from .._typing import Floats
from ..errors import ArgumentError
from .class_targets import ClassTargets, array_of
from .estimator import parameters
from .rows import RowEstimator


@final
@parameters(
    hidden=(16,),
    build="Perceptron",
    squash="tanh",
    scale=True,
    class_weight=None,
    online_rate=0.01,
    random_state=None,
)
class NetworkClassifier(ClassifierMixin, ClassTargets, RowEstimator):
    """A network of any topology as a classifier of rows: of scikit-learn and of River.

    Labels may be numbers, strings or booleans. One column of labels has a softmax output for each class;
    columns of 0 and 1 (multi-label) have a logistic output each.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, if `build` is the name of an architecture. Default one of 16 neurons.
    build : str, networkx.Graph or callable
        The topology. A string is the name of a class of :mod:`architect`. A graph marks nodes by the
        attributes ``layer="input"`` and ``layer="output"``; without them :func:`synapse.from_networkx` finds
        the inputs and outputs. Nodes called like the features or classes are those of them. A function
        ``build(n_inputs, n_outputs, seed)`` returns any network, hand-wired or gated, of which a copy is
        trained. Default "Perceptron".
    squash : str or Squash, optional
        Activation function of the hidden neurons. None: that of the architecture. Default "tanh".
    scale : bool
        Whether inputs are standardised. The scale is part of the estimator, and of the metadata of
        `network_`, so its files have it. Default True.
    class_weight : dict or "balanced", optional
        The weight of each class; with "balanced" inversely proportional to its frequency. Default: all 1.
    online_rate : float
        Learning rate of `partial_fit` and `learn_one`, which use the online rule. Default 0.01.
    random_state : int, numpy.random.RandomState or None
        Seed of weights, orders and held-out samples.
    **options
        The options of :class:`~synapse.Trainer` but for its checkpoints, and `epochs`, `error`, `shuffle`,
        `validation` (a fraction, drawn at random), `patience`, `restore_best`, `callbacks` and `progress` of
        its ``train``. The defaults that differ are ``method="bptt"``, ``optimizer="adam"``, ``rate=0.01`` and
        ``progress=False``. Optimizers may be given by name: "adam", "lbfgs", "sgd".

    Attributes
    ----------
    network_ : Network
        The trained network. It takes and returns standard units, if `scale` is true. Input neurons are named
        like the features, outputs like the classes.
    classes_ : ndarray, or list of them
        The labels, by column if there are several.
    n_features_in_, feature_names_in_
        Number of features; their names, if `X` is a DataFrame or a stream of dicts.
    result_ : Result
        The result of the training in `fit`.
    n_iter_, loss_curve_ : int, list of float
        Its number of epochs, and the mean cost of each.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> labels = np.where(rows[:, 0] * rows[:, 1] > 0, "same", "other")
    >>> model = NetworkClassifier(hidden=(8,), random_state=0).fit(rows, labels)
    >>> model.score(rows, labels) > 0.95, model.predict([[1.0, 1.0], [1.0, -1.0]])
    (True, array(['same', 'other'], dtype='<U5'))
    >>> model.network_
    <Perceptron 2-8-2, 12 neurons, 32 connections>
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict_proba_one(self, x: Mapping[Any, Any]) -> dict[Any, float]:
        """Predict the probability of each label for one sample; an empty dict before the first.

        Parameters
        ----------
        x : mapping of feature names to numbers
            As for `predict_one`.
        """
        outputs = self._stream_outputs(x)
        if outputs is None:
            return {}
        return dict(zip(self.classes_.tolist(), self._probabilities(outputs)[0].tolist(), strict=True))

    def _plain_target(self, value: Any) -> Floats | None:
        plain = self.class_weight is None and not isinstance(value, list | np.ndarray)
        return self._one_hot.get(value) if plain else None

    def _stream_target(self, y: Any) -> Any:
        """The targets of a label; a new one gets an output neuron. None before the first sample."""
        if y is None or y != y:
            raise ArgumentError(f"Expected a label, got {y!r}.")
        if isinstance(self.class_weight, str):
            raise ArgumentError(
                "Expected class_weight to be a dict for learn_one, which sees one sample only."
            )
        if not hasattr(self, "network_") or not self._flat:
            return None
        if y not in self._one_hot:
            layer = self.network_.output
            self._append(layer, y, [link.source for neuron in layer for link in neuron.incoming], [])
            self._set_classes(array_of([*self.classes_.tolist(), y]))
            self._note()
        return self._one_hot[y]
