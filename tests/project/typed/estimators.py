"""Estimators of scikit-learn."""

import numpy as np

from synapse.sklearn import NetworkClassifier, NetworkRegressor, SequenceRegressor

X = np.random.default_rng(0).normal(size=(30, 2))
labels = np.where(X[:, 0] > 0, "yes", "no")
model = NetworkClassifier((4,), epochs=5, random_state=0).fit(X, labels)
guesses = model.predict(X)
correct: float = (guesses == labels).mean()
score: float = NetworkRegressor(epochs=5).fit(X, X[:, 0]).score(X, X[:, 0])
weights: float = model.network_.weights.sum()
SequenceRegressor(epochs=2).fit(X[:, None], X[:, 0])
