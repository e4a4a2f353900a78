"""A training that is broken off after any epoch, or killed at any moment, and continued
gives the same bits as one that was not."""

import io
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, strategies as st

from synapse import Trainer, errors, learning, load, optimizers, save
from synapse.learning._archive import write_trainer
from synapse.learning._options import OPTIONS
from synapse.learning._plan import Checkpointer
from synapse.learning.rules._base import RULES
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import unchanged
from tests.helpers.processes import PATHS, ROOT

from .resumed import (
    DATA,
    EXAMPLES,
    HELD_OUT,
    NETWORKS,
    SAMPLES,
    SEQUENCES,
    TRAINERS,
    bits,
    trained,
)

CONDITIONS = {
    "plain": {},
    "patience": {"patience": 2},
    "held out": {"validation": HELD_OUT, "patience": 3},
    "fraction": {"validation": 0.3, "restore_best": False},
    "weighted": {"class_weight": {0: 1.0, 1: 3.0}},
    "in order": {"shuffle": False},
}
EPOCHS = 6


def through_file(trainer):
    file = io.BytesIO()
    save(trainer, file)
    file.seek(0)
    return load(file)


def through_pickle(trainer):
    return pickle.loads(pickle.dumps(trainer))


WAYS = {
    "file": through_file,
    "pickle": through_pickle,
    "as it is": lambda trainer: trainer,
}


def told(trainer):
    """The options of a trainer, such that they can be compared between networks."""
    options = {name: getattr(trainer, name) for name in OPTIONS}
    return {
        name: {getattr(key, "name", key): entry for key, entry in value.items()}
        if type(value) is dict
        else value
        for name, value in options.items()
    }


EACH_EXAMPLE = every_case(
    ("name", "value", "others"),
    [
        (name, value, others)
        for name, examples in EXAMPLES.items()
        for value, others in examples
    ],
)


@EACH_EXAMPLE
def test_every_option_comes_back_from_files_and_pickles_and_can_be_assigned(
    name, value, others
):
    assert EXAMPLES.keys() == OPTIONS.keys(), (
        f"Add examples of {set(OPTIONS) - set(EXAMPLES)} to resumed.py."
    )
    net = NETWORKS["elman"]()
    trainer = Trainer(net, **others, **{name: value})
    assigned = Trainer(net, **others)
    assert told(assigned)[name] != told(trainer)[name], "an example is no default"
    setattr(assigned, name, value)
    assert told(assigned)[name] == told(trainer)[name]
    twins = through_file(trainer), through_pickle(trainer)
    assert [*map(told, twins)] == [told(trainer)] * 2


NO_EFFECT = {"threads"}
"""Options that change no bit of a training."""


def after(epochs, trainer=None, resume=False, **options):
    """A trainer after so many epochs, and its result."""
    trainer = trainer or Trainer(NETWORKS["elman"](), **options)
    return trainer, trainer.train(
        *SEQUENCES, epochs=epochs, resume=resume, seed=3, progress=False
    )


WITHOUT = {}
"""What trainings without an example leave, by their other options."""


@EACH_EXAMPLE
def test_a_training_with_any_option_continues_bit_for_bit_and_heeds_the_option(
    name, value, others
):
    whole = bits(*after(3, **others, **{name: value}))
    if not isinstance(value, optimizers.LBFGS):
        broken, _ = after(2, **others, **{name: value})
        assert bits(*after(3, through_file(broken), resume=True)) == whole
    if repr(others) not in WITHOUT:
        WITHOUT[repr(others)] = bits(*after(3, **others))
    assert (WITHOUT[repr(others)][:2] == whole[:2]) == (name in NO_EFFECT)


@pytest.mark.full
@every_case("rule", RULES)
def test_a_rule_applies_an_option_or_refuses_it(rule):
    def weights(options):
        trainer = Trainer(NETWORKS["elman"](), **{**options, "rule": rule})
        trainer.train(*SEQUENCES, epochs=2, seed=3, progress=False)
        return trainer.network.weights.tolist()

    for name in EXAMPLES.keys() - NO_EFFECT - {"rule"}:
        value, others = EXAMPLES[name][0]
        with suppress(errors.ArgumentError):
            assert weights({**others, name: value}) != weights(others), name


@pytest.mark.full
@given(
    network=st.sampled_from(list(NETWORKS)),
    options=st.sampled_from([name for name in TRAINERS if name != "lbfgs"]),
    data=st.sampled_from(list(DATA)),
    condition=st.sampled_from(list(CONDITIONS)),
    way=st.sampled_from([*WAYS, "checkpoint"]),
    epoch=st.integers(0, EPOCHS - 1),
    within=st.sampled_from([None, "a true answer", "an error", "Ctrl-C"]),
)
@example("lstm", "dropout", "sequences", "patience", "file", 2, None)
@example("elman", "dekf", "stream", "plain", "checkpoint", 1, "an error")
@example("perceptron", "rls", "samples", "plain", "checkpoint", 1, "Ctrl-C")
@example("noisy", "rprop", "samples", "plain", "file", 2, None)
@example("tied", "adam plateau", "stream", "held out", "file", 4, None)
@example("lstm", "adam", "sequences", "held out", "checkpoint", 0, "Ctrl-C")
@example("elman", "rtrl, order", "stream", "patience", "pickle", 2, None)
def test_a_training_continues_bit_for_bit(
    network, options, data, condition, way, epoch, within
):
    """After an epoch; with a checkpoint also if it has ended within an epoch."""
    assume(way == "checkpoint" or within is None)

    def end(batch):
        if batch.epoch <= epoch:
            return False
        if within == "an error":
            raise OSError
        return within == "a true answer" or signal.raise_signal(signal.SIGINT)

    extra = CONDITIONS[condition]
    try:
        trainer, result = trained(network, options, data, EPOCHS, **extra)
    except (
        errors.SynapseError
    ):  # RLS with hidden weights alone, weights of classes online, ...
        assume(False)
    assume(result.epochs > epoch)
    broken = Trainer(NETWORKS[network](), **TRAINERS[options])
    ended = {"epochs": EPOCHS, "on_batch": end} if within else {"epochs": max(epoch, 1)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.ckpt"
        file = {"checkpoint": path, "checkpoint_every": 1} if way not in WAYS else {}
        with suppress(OSError):
            broken.train(*DATA[data], progress=False, seed=3, **ended, **extra, **file)
        again = load(path) if file else WAYS[way](broken)
    assume(within is None or again._paused.done == epoch)
    assert continued(again, DATA[data], **extra) == bits(trainer, result)


def test_a_training_that_has_not_begun_leaves_the_one_before_as_the_latest():
    trainer, _ = trained(*LSTM, 2)
    before = trainer._paused
    with pytest.raises(errors.ArgumentError, match="In batch 1"):
        trainer.train([([[1.0]], [[1.0]])], epochs=3, progress=False)
    assert trainer._paused is before
    trainer.train(*SEQUENCES, epochs=7, progress=False, on_batch=lambda batch: True)
    assert (trainer._paused.done, trainer._paused.epochs) == (0, 7)


@every_case("way", list(WAYS))
def test_lbfgs_continues_by_a_new_search_from_the_weights_that_it_has_reached(way):
    trainer, result = trained("elman", "lbfgs", "sequences", 3)
    again = WAYS[way](trainer)
    fresh = Trainer(trainer.network.clone(), **TRAINERS["lbfgs"])
    later = fresh.train(*SEQUENCES, epochs=2, progress=False).history["loss"]
    assert (
        again.train(*SEQUENCES, epochs=5, resume=True, progress=False).history["loss"]
        == result.history["loss"] + later
    )
    assert (again.network.weights == fresh.network.weights).all()


def continued(trainer, data=SEQUENCES, epochs=EPOCHS, **extra):
    """The bits of a training that is continued; of a file, it is read first."""
    trainer = load(trainer) if isinstance(trainer, Path) else trainer
    return bits(
        trainer,
        trainer.train(*data, epochs=epochs, resume=True, progress=False, **extra),
    )


LSTM = "lstm", "adam", "sequences"
PLAIN = "perceptron", "online", "samples"


def epochs_in(path):
    with np.load(path) as arrays:
        return len(arrays["training/values/loss"])


def test_files_are_written_after_every_few_epochs_or_depend_on_the_time(
    tmp_path, monkeypatch
):
    """A second after the file before; writing takes 5 % of the time at most."""
    clock = [0.0]
    path = tmp_path / "run.npz"
    monkeypatch.setattr("synapse.learning._plan.time.monotonic", lambda: clock[0])

    def epochs_at(epochs, seconds, writing=0.0, **extra):
        seen = []

        def slow(*arguments):
            clock[0] += writing
            write_trainer(*arguments)

        def note(progress):
            seen.append(epochs_in(path))
            clock[0] += seconds

        monkeypatch.setattr("synapse.learning._archive.write_trainer", slow)
        trained(*PLAIN, epochs, checkpoint=path, callbacks=[note], **extra)
        return seen

    assert epochs_at(7, 0.4, checkpoint_every=3) == [0, 0, 0, 3, 3, 3, 6]
    assert epochs_in(path) == 7
    assert epochs_at(9, 0.4) == [0, 0, 0, 3, 3, 3, 6, 6, 6]
    assert epochs_at(9, 5.0, writing=1.0) == [0, 0, 0, 0, 4, 4, 4, 4, 8]


def test_many_short_epochs_are_divided_by_checkpoints(tmp_path, monkeypatch):
    """They run many in one compiled call; the result is the same."""
    plain = bits(*trained("perceptron", "adam", "samples", 80))
    seen = []
    write = Checkpointer.write

    def noted(checkpoint, paused):
        seen.append(paused.done)
        write(checkpoint, paused)

    monkeypatch.setattr(Checkpointer, "write", noted)
    # a fast machine
    monkeypatch.setattr(
        "synapse.learning._training.TARGET_CALL_SECONDS", np.finfo(float).max / 1e9
    )
    for every in (None, 7, 79, 1000):
        seen.clear()
        path = tmp_path / f"{every}.ckpt"
        files = {"checkpoint": path, "checkpoint_every": every}
        assert bits(*trained("perceptron", "adam", "samples", 80, **files)) == plain
        assert epochs_in(path) == 80
        assert every is None or seen == [*range(0, 80, every), 80]


def test_a_training_that_ends_early_leaves_the_file_of_its_latest_epoch(
    tmp_path, ctrl_c
):
    """By Ctrl-C, within an epoch, and by another thread."""
    path = tmp_path / "run.ckpt"
    whole = bits(*trained(*LSTM, EPOCHS))
    press = lambda progress: ctrl_c() if progress.epoch == 2 else None  # noqa: E731
    _, result = trained(
        *LSTM, EPOCHS, checkpoint=path, checkpoint_every=9, callbacks=[press]
    )
    assert (result.stop_reason, epochs_in(path)) == ("interrupted", 2)
    assert continued(path, epochs=None) == whole
    within = lambda batch: batch.update == 7  # noqa: E731
    _, result = trained(
        *LSTM, EPOCHS, checkpoint=path, checkpoint_every=1, on_batch=within
    )
    assert (result.epochs, epochs_in(path)) == (3, 3)
    assert continued(path) == whole
    trainer = Trainer(NETWORKS["perceptron"](), **TRAINERS["online"])
    timer = threading.Timer(0.1, trainer.stop)
    timer.start()
    result = trainer.train(
        *SAMPLES, epochs=10**9, seed=3, progress=False, checkpoint=path
    )
    timer.join()
    assert (result.stop_reason, result.epochs) == ("interrupted", epochs_in(path))
    assert continued(path, SAMPLES, result.epochs + 10) == bits(
        *trained(*PLAIN, result.epochs + 10)
    )


def test_what_cannot_be_written_raises_at_once_and_an_error_leaves_the_file(tmp_path):
    path = tmp_path / "run.ckpt"
    nowhere = tmp_path / "none" / "run.ckpt"
    trainer, _ = trained(*PLAIN, 3, checkpoint=path)
    before = path.read_bytes(), trainer.network.weights.tolist()
    with pytest.raises(OSError, match="No such file"):
        trainer.train(*SAMPLES, epochs=2, progress=False, checkpoint=nowhere)
    with pytest.raises(errors.ArgumentError):
        continued(trainer, DATA["stream"], checkpoint=path)
    assert (path.read_bytes(), trainer.network.weights.tolist()) == before


@every_case("goal", [{"goal": 10.0}, {"patience": 1}])
def test_what_has_ended_stays_ended(goal):
    trainer, result = trained(*PLAIN, 50, **goal)
    assert continued(through_file(trainer), SAMPLES, 50, **goal) == bits(
        trainer, result
    )


@dataclass(frozen=True)
class Lion(optimizers.Optimizer):
    """A dataclass of a user's own, with a memory."""

    rate: float = 0.02
    betas: tuple[float, float] = (0.5, 0.75)

    def slots(self):
        return {"mean": 0.0}

    def find_change(self, state, parameters, gradient, rate):
        now, later = self.betas
        state.change = rate * np.sign(now * state.mean + (1 - now) * gradient)
        state.mean = later * state.mean + (1 - later) * gradient


class Own(Lion):
    """An optimizer of a user's own that is no dataclass of its own."""


class Falling(learning.AdaptiveSchedule):
    """A schedule of a user's own."""

    def begin(self):
        return lambda epoch, loss: 0.1 if loss is None else loss / 2


OWN = (
    (
        {"rule": "bptt", "optimizer": Own()},
        "The optimizer of a trainer to save must be SGD, AdaGrad.*or a dataclass of"
        " your own, got .*Make the class a dataclass",
    ),
    (
        {"rate": learning.WarmUp(2, Falling())},
        "The rate of a trainer to save must be StepDecay.*A file cannot contain",
    ),
)


@every_case(("options", "message"), OWN)
def test_functions_of_a_user_are_named(options, message, tmp_path):
    trainer = Trainer(NETWORKS["elman"](), **options)
    path = tmp_path / "run.ckpt"
    train = partial(trainer.train, *SEQUENCES, epochs=2, progress=False)
    calls = partial(save, trainer, path), partial(train, checkpoint=path)
    with unchanged(trainer.network):
        all_refused((call, errors.ArgumentError, message) for call in calls)
    assert not list(tmp_path.iterdir())


def test_a_file_has_the_memory_of_an_optimizer_of_ones_own(tmp_path):
    options = {"rule": "bptt", "optimizer": Lion(betas=(0.25, 0.5))}
    path = tmp_path / "run.ckpt"
    save(after(2, **options)[0], path)
    assert continued(path, epochs=5) == bits(*after(5, **options))
    Lion.__name__ = "Tiger"  # as in a process that has not defined it
    try:
        with pytest.raises(errors.FormatError, match="define it first"):
            load(path)
    finally:
        Lion.__name__ = "Lion"


def test_what_a_file_cannot_hold_continues_in_the_same_process_and_from_a_pickle():
    options = {"rule": "bptt", "optimizer": Own(), "rate": Falling()}
    whole = bits(*after(5, **options))
    assert continued(after(2, **options)[0], epochs=5) == whole
    assert continued(through_pickle(after(2, **options)[0]), epochs=5) == whole


def test_other_data_are_refused():
    plain = trained(*PLAIN, 2)[0]
    fewer = (SAMPLES[0][:9], SAMPLES[1][:9])
    held_out = partial(continued, plain, SAMPLES, validation=HELD_OUT)
    of_arrays = "continued, 11 sequences with 11 rows, got"
    calls = (
        (partial(continued, plain, fewer), f"{of_arrays} 9 sequences with 9 rows"),
        (partial(continued, through_file(plain), fewer), f"{of_arrays} 9"),
        (held_out, "held-out data of the .*, none or a stream, got 1"),
        (partial(continued, plain, ([SAMPLES],)), f"{of_arrays} none or a stream"),
    )
    with unchanged(plain.network):
        all_refused((call, errors.ArgumentError, words) for call, words in calls)


def test_arguments():
    trainer = Trainer(NETWORKS["perceptron"](), rate=0.1)
    mersenne = np.random.Generator(np.random.MT19937(0))
    trainer.train(*SAMPLES, epochs=1, seed=mersenne, progress=False)
    net = NETWORKS["elman"]()
    net.rule = "rtrl", 2
    near = Trainer(net, rule="rtrl", reach=1)
    without_a_file = partial(trainer.train, *SAMPLES, checkpoint_every=2)
    all_refused(
        (call, errors.ArgumentError, words)
        for call, words in [
            (without_a_file, "Pass checkpoint, too"),
            (partial(through_file, trainer), "must be PCG64 or PCG64DXSM, got MT19937"),
            (
                partial(save, near, io.BytesIO()),
                "its network's rule, 2, got 1",
            ),
            *(
                (partial(save, trainer, name), "cannot hold a Trainer")
                for name in ("run.json", "run.graphml", "run.onnx")
            ),
        ]
    )
    # in the same process
    trainer.train(*SAMPLES, epochs=2, resume=True, progress=False)


@pytest.fixture(scope="module")
def content():
    file = io.BytesIO()
    save(trained("perceptron", "adam", "samples", 2, patience=3)[0], file)
    return file.getvalue()


def edited(content, change=lambda head: None, **arrays):
    """The file with other arrays; a function changes the JSON of the trainer."""
    with np.load(io.BytesIO(content)) as file:
        head = json.loads(file["document"].item())
        change(head)
        document = np.array(json.dumps(head).encode())
        kept = {**file, "document": document, **arrays}
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in kept.items() if array is not None})
    return io.BytesIO(out.getvalue())


def test_a_file_that_numpy_has_written_again_is_read_and_a_part_of_it_refused(content):
    assert load(edited(content))._paused.done == 2
    for length in (1, 9, len(content) // 3, len(content) // 2, len(content) - 9):
        with pytest.raises(errors.FormatError):
            load(io.BytesIO(content[:length]))


@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_wrong_byte_is_refused_or_harmless(content, place, byte):
    damaged = bytearray(content)
    damaged[int(place * len(damaged))] = byte
    with suppress(errors.FormatError):
        twin = load(io.BytesIO(damaged))
        # a network if the name of the trainer's member was damaged
        net = getattr(twin, "network", twin)
        assert np.isfinite(net.weights).all()


GONE = object()
SETTINGS = ["settings"]
TRAINING = ["training"]
GENERATOR = "training", "generator"
HEADS = (
    (
        ["version"],
        3,
        "written by a newer version of Synapse, in version 3 .* reads version 2",
    ),
    (["more"], 1, "got 'more' too"),
    (SETTINGS, GONE, "'settings' is missing"),
    (SETTINGS, [], "The settings of the trainer must be an object, got a list"),
    ([*SETTINGS, "rate"], {"name": "os.system"}, "The rate's name .*got 'os.system'"),
    ([*SETTINGS, "rule"], "magic", "The trainer in the file is not valid"),
    ([*SETTINGS, "optimizer", "betas"], [0.9], "`betas` of Adam"),
    ([*SETTINGS, "optimizer"], None, "trainer .* none|arrays of SGD"),
    (
        [*SETTINGS, "dropout"],
        {"by_layer": [[9, 0.5]]},
        "pairs of a layer's number and a number",
    ),
    (
        [*SETTINGS, "only"],
        {"part": [["layers", [9]]]},
        "The only must be names of layers, and kinds with",
    ),
    (
        [*SETTINGS, "only"],
        {"part": [["threads", [0]], 1]},
        "names of layers, and kinds with numbers",
    ),
    (
        [*SETTINGS, "only"],
        {"part": ["input"]},
        "Expected a trainable weight or bias in `only`",
    ),
    (["arrays"], [], "arrays must be those that the document names"),
    (TRAINING, None, "'training/.*' must be a column of a table"),
    ([*TRAINING, "epochs"], 0.5, "The epochs of the training must be a whole number"),
    ([*TRAINING, "shuffle"], 1, "The shuffle of the training must be true or false"),
    ([*TRAINING, "data"], [1, 0], "The data of the training must be null or two whole"),
    (
        [*TRAINING, "held_out"],
        [1, 1],
        "must have .*validation_loss; 'validation_loss' is missing",
    ),
    (
        [*GENERATOR, "bit_generator"],
        "MT19937",
        "generator of the training must be a state of PCG64 or PCG64DXSM",
    ),
    (
        [*GENERATOR, "state"],
        {"state": 1, "inc": 2**128},
        "generator of the training must be a state",
    ),
)


@every_case(("keys", "value", "message"), HEADS)
def test_an_edited_file_is_refused(content, keys, value, message):
    def change(head):
        *path, last = keys
        for key in path:
            head = head[key]
        head[last] = value
        if value is GONE:
            del head[last]

    with pytest.raises(errors.FormatError, match=message):
        load(edited(content, change))


ARRAYS = (
    ({"memory/first_moment": np.zeros(3)}, "The first_moment must be of shape"),
    (
        {"memory/second_moment": np.full(19, -1.0)},
        "The second_moment must be 0 or above, got -1.0",
    ),
    ({"memory/steps": None}, "arrays must be those that the document names"),
    (
        {"training/values/loss": np.array([1.0, np.nan])},
        "finite values in the loss of 'values'",
    ),
    (
        {"training/values/rate": np.array([1.0])},
        "rate of 'values' must be floats of shape",
    ),
    (
        {"training/best/weight": np.zeros(2)},
        "weight of 'best' must be floats of shape",
    ),
    ({"document": np.zeros(3)}, "The array 'document' must be one string of bytes"),
    ({"other": np.zeros(3)}, "arrays must be those that the document names"),
)


@every_case(("arrays", "message"), ARRAYS)
def test_edited_arrays_are_refused(content, arrays, message):
    with pytest.raises(errors.FormatError, match=message):
        load(edited(content, **arrays))


def test_pickles_in_a_file_are_not_opened(content, tmp_path):
    class Touch:
        def __reduce__(self):
            return open, (str(tmp_path / "touched"), "w")

    with pytest.raises(errors.FormatError, match="pickle"):
        load(edited(content, optimizer_first_moment=np.array([Touch()], object)))
    assert not (tmp_path / "touched").exists()


# --- killed processes -----------------------------------------------------------------


KILLED_EPOCHS = 2000

TRAIN = """
import sys
from tests.learning.resumed import trained

def begin(report):
    if report.epoch == 2:  # everything is compiled, and one checkpoint is written
        print("training", flush=True)

trained(
    "lstm", "adam", "sequences", {epochs},
    checkpoint=sys.argv[1], checkpoint_every=1, callbacks=[begin],
)
"""


def killed(path, delay):
    """Kill a training so long after its second epoch."""
    with subprocess.Popen(
        [sys.executable, "-c", TRAIN.format(epochs=KILLED_EPOCHS), str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": PATHS},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"training\n"
        time.sleep(delay)
        process.kill()


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
@pytest.mark.parametrize(
    "count",
    [pytest.param(2, marks=pytest.mark.full), pytest.param(8, marks=pytest.mark.slow)],
)
def test_a_training_that_is_killed_leaves_a_checkpoint_that_continues(count, tmp_path):
    rng = random.Random(0)
    path = tmp_path / "run.ckpt"
    for _ in range(count):
        killed(path, rng.uniform(0.0, 0.2))
        trainer = load(path)
        done = trainer._paused.done
        assert 1 <= done < KILLED_EPOCHS
        assert continued(trainer, epochs=done + 3) == bits(*trained(*LSTM, done + 3))
        # between its two names, it was complete
        assert len(list(tmp_path.iterdir())) <= 2
        path.unlink()
