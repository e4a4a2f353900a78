"""Cross-validation: every sequence is tested once, by a network that was not trained on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _html
from .._checks import expected, function_of, positive_integer
from ..cost import in_words
from ..errors import ArgumentError, ArgumentTypeError
from ..initializers import Seed, random_generator, seeds_of
from ..learning import Evaluation, Result, Trainer
from ..learning._data import Data, checked_weights, prepare
from ..learning._parameters import independent
from ..objects.network import Network
from ..objects.state import take_over
from .many import gather, outcomes, refuse_checkpoint
from .running import checked_executor


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The results of a cross-validation, fold by fold.

    Parameters
    ----------
    errors : ndarray, shape (folds,)
        Mean cost of each fold on its held-out data, as :meth:`synapse.Trainer.test` computes it.
    tested : list of ndarray of int
        Numbers of the held-out sequences, or samples, of each fold.
    results : list of Result
        Result of each training.
    networks : list of Network
        The trained networks.
    tests : list of Evaluation
        What each network's test has found, with the accuracy and the counts by class if the targets are
        classes.
    """

    errors: NDArray[np.float64]
    tested: list[NDArray[np.intp]]
    results: list[Result]
    networks: list[Network]
    tests: list[Evaluation]

    @property
    def accuracy(self) -> NDArray[np.float64] | None:
        """Accuracy of each fold; None if the targets are not classes."""
        shares = [test.accuracy for test in self.tests]
        return None if None in shares else np.array(shares, np.float64)

    @property
    def misclassified(self) -> NDArray[np.intp] | None:
        """Numbers of all sequences, or samples, that were misclassified; None without classes."""
        wrong = [
            tested[test.misclassified]
            for tested, test in zip(self.tested, self.tests, strict=True)
            if test.misclassified is not None
        ]
        return np.sort(np.concatenate(wrong)) if len(wrong) == len(self.tests) else None

    @property
    def mean(self) -> float:
        """Mean of the folds' errors."""
        return float(self.errors.mean())

    @property
    def deviation(self) -> float:
        """Sample standard deviation of the folds' errors (the divisor is the number of folds minus 1)."""
        return float(self.errors.std(ddof=1))

    def __repr__(self) -> str:
        name, right = in_words(self.tests[0].cost), self.accuracy
        accuracy = "" if right is None else f", accuracy {100 * right.mean():.4g} %"
        mean = f"{name} {self.mean:.6g} ± {self.deviation:.2g}"
        return f"<CrossValidation: {mean} over {len(self.errors)} folds{accuracy}>"

    def _repr_html_(self) -> str:
        """The folds as a table, for notebooks."""
        columns = {
            "fold": range(len(self.errors)),
            "error": self.errors,
            "held out": [len(tested) for tested in self.tested],
            "epochs": [result.epochs for result in self.results],
            "stopped by": [result.stopped for result in self.results],
        }
        return _html.view(repr(self), _html.table(columns, len(self.errors)))


def cross_validate(
    make: Callable[..., Trainer | Network],
    inputs: Any,
    targets: Any,
    folds: int = 5,
    seed: Seed = None,
    *,
    sample_weight: Any | None = None,
    executor: Executor | None = None,
    **options: Any,
) -> CrossValidation:
    """Split the data into folds. For each fold, train on the others and test on it.

    Parameters
    ----------
    make : callable
        Returns a new :class:`synapse.Trainer`, or a network, which is trained by a Trainer with its defaults.
        It is called once per fold, with the number of the fold if it takes an argument.
    inputs, targets : array_like
        Samples, (N, n) and (N, m), or sequences, (S, T, n) or a list of (T_i, n), as for
        :meth:`synapse.Trainer.train`.
    folds : int
        Number of folds; their sizes differ by at most one. As many folds as samples is leave-one-out.
    seed : int or numpy.random.Generator
        Seed of the folds, and of the orders in which the trainings take their data. Each fold gets a
        generator of its own (``seed.spawn``), so results do not depend on the executor. Default: a new one
        for each call.
    sample_weight : array_like, optional
        Weight of each sequence (or sample) in training; tests are not weighted.
    executor : concurrent.futures.Executor, optional
        Where the folds run, as for :func:`train_many`, with the same results. By default they run one after
        the other in this thread.
    **options
        Everything else that :meth:`synapse.Trainer.train` takes: ``epochs``, ``patience``, ...

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, the data are a stream, or `make` returns the same network twice.
        Nothing has been trained.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.
    KeyboardInterrupt
        After Ctrl-C, because the result of fewer folds would be misleading.

    Examples
    --------
    >>> import architect
    >>> inputs = [[x / 20] for x in range(20)]
    >>> targets = [[x / 40 + 0.2] for x in range(20)]
    >>> def make(fold):
    ...     return architect.Perceptron(1, 1, output_squash="identity", seed=fold)
    >>> folds = cross_validate(make, inputs, targets, folds=4, epochs=200, seed=0)
    >>> folds.mean < 1e-4, len(folds.errors), folds.tested[0]
    (True, 4, array([ 2,  4,  6, 13, 19]))
    """
    count = positive_integer("The folds", folds)
    rng, where = random_generator(seed), checked_executor(executor)
    trainers = _trainers_of(make, count)
    data = prepare(trainers[0].network, inputs, targets)
    if data.stream:
        raise ArgumentError(
            "A stream into a network with memory cannot be split into folds, because its order matters. "
            "Give sequences, (S, T, n)."
        )
    if not 2 <= count <= len(data.filled):
        condition = f"2 to {len(data.filled)}, as many as sequences"
        raise ArgumentError(expected("The folds", condition, folds))
    weights = None if sample_weight is None else checked_weights(sample_weight, data)
    refuse_checkpoint(options)
    options = {"progress": False, **options}
    order = rng.permutation(data.filled.astype(np.intp))
    tested = [np.sort(part) for part in np.array_split(order, count)]
    calls = []
    for trainer, held_out, own_seed in zip(trainers, tested, seeds_of(rng, count), strict=True):
        rest = np.setdiff1d(order, held_out)
        weighted = options if weights is None else {**options, "sample_weight": weights[rest]}
        calls.append((trainer, _part(data, rest), _part(data, held_out), own_seed, weighted))
    if where is None:
        trained = [_fold(*call) for call in calls]
    else:
        trained = outcomes(gather(where, [(_fold, call) for call in calls], trainers))
    for trainer, (_, _, copy) in zip(trainers, trained, strict=True):
        take_over(trainer.network, copy)
    results, tests = [result for result, _, _ in trained], [test for _, test, _ in trained]
    errors, networks = np.array([test.error for test in tests]), [trainer.network for trainer in trainers]
    return CrossValidation(errors, tested, results, networks, tests)


def _fold(
    trainer: Trainer, rest: tuple[Any, Any], held_out: tuple[Any, Any], seed: Seed, options: dict[str, Any]
) -> tuple[Result, Evaluation, Network]:
    """Train and test one fold, possibly in another process, where the network is a copy."""
    result = trainer.train(*rest, seed=seed, **options)
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    return result, trainer.test(*held_out), trainer.network


def _trainers_of(make: Callable[..., Trainer | Network], folds: int) -> list[Trainer]:
    """Make a trainer for each fold; their networks have no neurons in common."""
    what, numbered = "What makes a fold's trainer", False
    try:
        function_of(what, make)
    except ArgumentTypeError:
        function_of(what, make, "fold")
        numbered = True
    trainers = []
    for fold in range(folds):
        returned = make(fold) if numbered else make()
        trainers.append(Trainer(returned) if isinstance(returned, Network) else returned)
        if not isinstance(trainers[-1], Trainer):
            raise ArgumentTypeError(expected("What make gives", "a Trainer or a Network", returned))
    if not independent([trainer.network for trainer in trainers]):
        raise ArgumentError(
            "Every fold needs its own network; otherwise it would be tested on data it was trained on. "
            "Let make build a new one at every call."
        )
    return trainers


def _part(data: Data, chosen: NDArray[np.intp]) -> tuple[Any, Any]:
    """Inputs and targets of some sequences, or samples, in the form given by the user."""
    if not data.clear:
        return data.inputs[chosen], data.targets[chosen]
    spans = [slice(int(data.bounds[i]), int(data.bounds[i + 1])) for i in chosen]
    return [data.inputs[span] for span in spans], [data.targets[span] for span in spans]
