"""Cross-validation: folds, what each learns from and is tested on, and what is refused."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.experiments import cross_validate
from tests.cases import all_refused

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
    mean = f"{found.mean:.6g} ± {found.deviation:.2g}"
    assert repr(found) == f"<CrossValidation: squared error {mean} over 4 folds>"
    assert (found.accuracy, found.misclassified) == (None, None)


def test_classes_are_counted_in_each_fold():
    classes = np.array([0, 1])[(TARGETS[:, 0] > 0).astype(int)]
    found = cross_validate(with_softmax, INPUTS, classes, folds=4, epochs=5, seed=0)
    right = np.concatenate(
        [
            net.run(INPUTS[tested]).argmax(axis=1) == classes[tested]
            for net, tested in zip(found.networks, found.tested, strict=True)
        ]
    )
    order = np.concatenate(found.tested)
    assert found.misclassified.tolist() == np.sort(order[~right]).tolist()
    assert found.accuracy.tolist() == [part.confusion.trace() / part.steps for part in found.tests]
    assert sum(part.confusion for part in found.tests).trace() == right.sum()


def with_softmax():
    return architect.Perceptron(3, 2, output_squash="softmax", seed=0)


def test_every_sample_is_tested_once_and_a_seed_decides():
    asked = []

    def make(fold):
        asked.append(fold)
        return linear(fold)

    one, same, other = (
        cross_validate(make, INPUTS, TARGETS, folds=5, seed=seed, epochs=1) for seed in (3, 3, 4)
    )
    assert asked == [*range(5)] * 3
    assert sorted(np.concatenate(one.tested)) == list(range(23))
    assert sorted(map(len, one.tested)) == [4, 4, 5, 5, 5]
    assert [result.epochs for result in one.results] == [1] * 5
    assert (one.errors == same.errors).all()
    assert not (one.errors == other.errors).any()


@pytest.mark.parametrize("lengths", [[6] * 9, [1, 4, 2, 7, 3, 6]], ids=["equal", "several"])
def test_sequences_are_kept_whole(lengths):
    """The same errors as a training and a test written out."""
    rng = np.random.default_rng(1)
    inputs, targets = ([rng.random((length, size)) for length in lengths] for size in (2, 1))

    def make(fold):
        return Trainer(architect.Elman(2, 3, 1, seed=fold), rate=0.2)

    def of(chosen):
        return [inputs[i] for i in chosen], [targets[i] for i in chosen]

    given = (np.array(inputs), np.array(targets)) if len(set(lengths)) == 1 else (inputs, targets)
    found = cross_validate(make, *given, folds=3, epochs=4, shuffle=False)
    for fold, tested in enumerate(found.tested):
        rest, trainer = np.setdiff1d(np.arange(len(lengths)), tested), make(fold)
        trainer.train(*of(rest), epochs=4, shuffle=False, progress=False)
        assert trainer.test(*of(tested)).error == found.errors[fold]
        assert (found.networks[fold].weights == trainer.network.weights).all()


def test_sample_weights_go_with_their_samples():
    """Samples of no weight teach nothing, whatever is wanted of them."""
    wrong, weight = TARGETS.copy(), np.ones(23)
    wrong[-4:], weight[-4:] = 100.0, 0.0
    clean = cross_validate(least_squares, INPUTS, TARGETS, epochs=200, sample_weight=weight, seed=0)
    dirty = cross_validate(least_squares, INPUTS, wrong, epochs=200, sample_weight=weight, seed=0)
    for one, other in zip(clean.networks, dirty.networks, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-9)


def test_what_is_refused():
    net = linear()
    before = net.weights.copy()

    def of(make=linear, inputs=INPUTS, targets=TARGETS, **options):
        return lambda: cross_validate(make, inputs, targets, **options)

    all_refused(
        [
            (of(net), ArgumentTypeError, "(to be|Expected) a function"),
            (of(lambda: 3), ArgumentTypeError, "a Trainer or a Network"),
            (of(lambda fold, size: net), ArgumentTypeError, r"a function of \(fold\)"),
            (of(lambda *, size: net), ArgumentTypeError, r"a function of \(fold\)"),
            (of(lambda: net), ArgumentError, "needs its own network"),
            (of(targets=TARGETS[:5]), ArgumentError, "as many inputs as targets"),
            (of(folds=24), ArgumentError, "Expected the folds to be 2 to 23.* got 24"),
            (of(sample_weight=[1.0] * 5), ArgumentError, "sample_weight to be 23 numbers"),
            (
                of(lambda: architect.Elman(3, 2, 2, seed=0)),
                ArgumentError,
                "A stream into a network with memory",
            ),
        ]
    )
    assert (net.weights == before).all()
    leave_one_out = cross_validate(linear, INPUTS, TARGETS, folds=23, epochs=1, seed=0)
    assert [len(tested) for tested in leave_one_out.tested] == [1] * 23


def with_adam(fold):
    return Trainer(linear(fold), method="bptt", optimizer=optimizers.Adam(rate=0.01), batch_size=4)


def same_bits(executor):
    made = []

    def make(fold):
        made.append(with_adam(fold))
        return made[-1]

    one = cross_validate(make, INPUTS, TARGETS, folds=4, epochs=3, seed=2, executor=executor)
    assert all(net is trainer.network for net, trainer in zip(one.networks, made, strict=True))
    return one.errors.tobytes(), [net.weights.tobytes() for net in one.networks]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    "pool", [ThreadPoolExecutor, pytest.param(ProcessPoolExecutor, marks=pytest.mark.slow)]
)
def test_executors_give_the_same_bits_and_the_networks_of_the_caller(pool):
    with pool(2) as executor:
        assert same_bits(executor) == same_bits(None)


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
