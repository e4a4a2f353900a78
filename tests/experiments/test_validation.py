"""Cross-validation: folds, what each learns from and is tested on, and what is refused."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, KindError
from synapse.experiments import cross_validate

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(23, 3))
TARGETS = INPUTS @ [[1.0, -0.5], [0.5, 0.0], [0.0, 2.0]] + 0.1 * RNG.normal(size=(23, 2))


def linear(fold=0):
    return architect.Perceptron(3, 2, output_squash="identity", seed=fold)


def least_squares():
    """A trainer that finds the best linear map to many digits."""
    return Trainer(linear(), method="bptt", optimizer=optimizers.LBFGS())


def test_errors_are_those_of_linear_regression_on_the_other_folds():
    found = cross_validate(least_squares, INPUTS, TARGETS, folds=4, seed=5, epochs=200)
    rows = np.column_stack([INPUTS, np.ones(23)])
    for error, tested in zip(found.errors, found.tested, strict=True):
        rest = np.setdiff1d(np.arange(23), tested)
        best = np.linalg.lstsq(rows[rest], TARGETS[rest], rcond=None)[0]
        misses = 0.5 * ((rows[tested] @ best - TARGETS[tested]) ** 2).sum(axis=1)
        assert error == pytest.approx(misses.mean(), rel=1e-5)
    assert found.mean == pytest.approx(sum(found.errors) / 4)
    assert found.deviation == pytest.approx(np.sqrt(((found.errors - found.mean) ** 2).sum() / 3))
    assert repr(found) == (f"<CrossValidation: error {found.mean:.6g} ± {found.deviation:.2g} over 4 folds>")


def test_every_sample_is_tested_once():
    found = cross_validate(linear, INPUTS, TARGETS, folds=5, seed=1, epochs=1)
    assert sorted(np.concatenate(found.tested)) == list(range(23))
    assert sorted(map(len, found.tested)) == [4, 4, 5, 5, 5]
    assert [result.epochs for result in found.results] == [1] * 5


def test_a_seed_gives_the_same_bits_and_another_one_others():
    one, same, other = (cross_validate(linear, INPUTS, TARGETS, seed=seed, epochs=3) for seed in (3, 3, 4))
    assert (one.errors == same.errors).all()
    assert not (one.errors == other.errors).any()


def test_leave_one_out():
    found = cross_validate(linear, INPUTS, TARGETS, folds=23, epochs=1, seed=0)
    assert [len(tested) for tested in found.tested] == [1] * 23


def test_make_is_told_the_fold_where_it_asks_for_it():
    asked = []

    def make(fold):
        asked.append(fold)
        return linear(fold)

    cross_validate(make, INPUTS, TARGETS, folds=3, epochs=1, seed=0)
    assert asked == [0, 1, 2]


@pytest.mark.parametrize("form", [list, np.array])
def test_sequences_are_kept_whole(form):
    """The same errors as a training and a test written out."""
    rng = np.random.default_rng(1)
    inputs, targets = rng.random((9, 6, 2)), rng.random((9, 6, 1))

    def make(fold):
        return Trainer(architect.Elman(2, 3, 1, seed=fold), rate=0.2)

    found = cross_validate(make, form(list(inputs)), form(list(targets)), folds=3, epochs=4, shuffle=False)
    for fold, tested in enumerate(found.tested):
        rest, trainer = np.setdiff1d(np.arange(9), tested), make(fold)
        trainer.train(inputs[rest], targets[rest], epochs=4, shuffle=False, progress=False)
        assert trainer.test(inputs[tested], targets[tested]).error == found.errors[fold]
        assert (found.networks[fold].weights == trainer.network.weights).all()


def test_sequences_of_several_lengths():
    rng = np.random.default_rng(2)
    inputs = [rng.random((length, 2)) for length in (1, 4, 2, 7)]
    targets = [rng.random((len(rows), 1)) for rows in inputs]
    found = cross_validate(
        lambda: architect.Elman(2, 3, 1, seed=0), inputs, targets, folds=2, epochs=2, seed=0
    )
    assert np.isfinite(found.errors).all()


def test_sample_weights_go_with_their_samples():
    """Samples of no weight teach nothing, whatever is wanted of them."""
    wrong, weight = TARGETS.copy(), np.ones(23)
    wrong[:4], weight[:4] = 100.0, 0.0
    clean = cross_validate(least_squares, INPUTS, TARGETS, epochs=200, sample_weight=weight, seed=0)
    dirty = cross_validate(least_squares, INPUTS, wrong, epochs=200, sample_weight=weight, seed=0)
    for one, other in zip(clean.networks, dirty.networks, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-9)


def test_a_stream_is_refused():
    with pytest.raises(ArgumentError, match="A stream into a network with memory cannot be split into folds"):
        cross_validate(lambda: architect.Elman(3, 2, 2, seed=0), INPUTS, TARGETS)


def test_one_network_for_all_folds_is_refused_and_stays_as_it_was():
    net = linear()
    before = net.weights.copy()
    with pytest.raises(ArgumentError, match="needs its own network"):
        cross_validate(lambda: net, INPUTS, TARGETS)
    assert (net.weights == before).all()


@pytest.mark.parametrize("folds", [1, 24])
def test_folds_that_cannot_be(folds):
    with pytest.raises(ArgumentError, match=rf"Expected the folds to be 2 to 23.* got {folds}\."):
        cross_validate(linear, INPUTS, TARGETS, folds=folds)


def test_what_else_is_refused():
    with pytest.raises(KindError, match="(to be|Expected) a function"):
        cross_validate(linear(), INPUTS, TARGETS)
    with pytest.raises(KindError, match="a Trainer or a Network"):
        cross_validate(lambda: 3, INPUTS, TARGETS)
    with pytest.raises(ArgumentError, match="as many inputs as targets"):
        cross_validate(linear, INPUTS, TARGETS[:5])
    with pytest.raises(ArgumentError, match="sample_weight to be 23 numbers"):
        cross_validate(least_squares, INPUTS, TARGETS, sample_weight=[1.0] * 5)


def test_ctrl_c_ends_it_all():
    trainers = []

    def make():
        trainers.append(Trainer(linear()))
        return trainers[-1]

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cross_validate(make, INPUTS, TARGETS, epochs=3, callbacks=[interrupt])


# --- executors ----------------------------------------------------------------------------------


def with_adam(fold):
    return Trainer(linear(fold), method="bptt", optimizer=optimizers.Adam(rate=0.01), batch_size=4)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("make", [linear, with_adam])
def test_every_executor_gives_the_same_bits(make):
    def found(executor):
        one = cross_validate(make, INPUTS, TARGETS, folds=4, epochs=3, seed=2, executor=executor)
        return one.errors.tobytes(), [net.weights.tobytes() for net in one.networks]

    here = found(None)
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2) as processes:
        assert found(threads) == found(processes) == here


def test_networks_are_those_that_make_has_made():
    made = []

    def make(fold):
        made.append(linear(fold))
        return made[-1]

    with ProcessPoolExecutor(1) as processes:
        found = cross_validate(make, INPUTS, TARGETS, folds=3, epochs=2, executor=processes)
    assert all(one is other for one, other in zip(found.networks, made, strict=True))
    assert (made[0].weights != linear(0).weights).any()


def test_folds_draw_numbers_of_their_own():
    """The order of one fold does not depend on how much the folds before it have drawn."""
    few, many = (
        cross_validate(lambda fold: linear(), INPUTS, TARGETS, folds=3, seed=1, epochs=2, callbacks=[stop])
        for stop in (lambda progress: True, lambda progress: False)
    )
    assert few.results[2].history["error"][0] == many.results[2].history["error"][0]


def test_ctrl_c_ends_folds_in_threads(ctrl_c):
    pressed = []

    def interrupt(progress):
        if not pressed:
            pressed.append(True)
            ctrl_c()

    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        cross_validate(linear, INPUTS, TARGETS, epochs=10**7, callbacks=[interrupt], executor=pool)


def test_ctrl_c_while_a_fold_is_submitted_leaves_no_training(ctrl_c):
    class Pressing(ThreadPoolExecutor):
        def submit(self, *call):
            future = super().submit(*call)
            ctrl_c()
            return future

    with Pressing(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            cross_validate(linear, INPUTS, TARGETS, epochs=10**6, executor=pool)
        assert ThreadPoolExecutor.submit(pool, len, "abc").result(timeout=5) == 3
