"""A training that is broken off after any epoch and continued gives the same bits as one that was not."""

import io
import json
import pickle
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st

import architect
import synapse
from synapse import Trainer, errors, learning, load, optimizers, save

from ..readwrite.nets import run_python
from .resumed import DATA, EXACT, HELD_OUT, NETWORKS, SAMPLES, SEQUENCES, TRAINERS, bits, trained

CONDITIONS = {
    "plain": {},
    "patience": {"patience": 2},
    "held out": {"validation": HELD_OUT, "patience": 3},
    "fraction": {"validation": 0.3, "restore_best": False},
    "weighted": {"class_weight": {0: 1.0, 1: 3.0}},
}
EPOCHS = 6


def through_file(trainer):
    file = io.BytesIO()
    save(trainer, file)
    file.seek(0)
    return load(file)


def through_pickle(trainer):
    return pickle.loads(pickle.dumps(trainer))


WAYS = {"file": through_file, "pickle": through_pickle, "as it is": lambda trainer: trainer}


@settings(max_examples=40)
@given(
    network=st.sampled_from(list(NETWORKS)),
    options=st.sampled_from(list(TRAINERS)),
    data=st.sampled_from(list(DATA)),
    condition=st.sampled_from(list(CONDITIONS)),
    way=st.sampled_from(list(WAYS)),
    epoch=st.integers(1, EPOCHS - 1),
)
@example(network="lstm", options="adam", data="sequences", condition="plain", way="file", epoch=3)
@example(network="elman", options="lbfgs", data="stream", condition="held out", way="file", epoch=5)
@example(network="lstm", options="dropout", data="sequences", condition="patience", way="file", epoch=2)
@example(network="elman", options="dekf", data="stream", condition="plain", way="file", epoch=1)
@example(network="perceptron", options="rls", data="samples", condition="plain", way="file", epoch=1)
@example(network="float32", options="momentum", data="stream", condition="plain", way="file", epoch=4)
@example(network="noisy", options="rprop", data="samples", condition="plain", way="file", epoch=2)
@example(network="tied", options="adam plateau", data="stream", condition="plain", way="file", epoch=4)
def test_a_training_continues_bit_for_bit(network, options, data, condition, way, epoch):
    how = CONDITIONS[condition]
    try:
        trainer, result = trained(network, options, data, EPOCHS, **how)
    except errors.SynapseError:  # RLS with hidden weights alone, weights of classes online, ...
        assume(False)
    assume(result.epochs > epoch)
    whole = bits(trainer, result)
    broken, _ = trained(network, options, data, epoch, **how)
    again = WAYS[way](broken)
    found = again.train(*DATA[data], epochs=EPOCHS, resume=True, progress=False, **how)
    assert bits(again, found) == whole


def test_it_could_not_be_continued_without_the_state():
    """What the property would say if only the network was kept."""
    trainer, result = trained("lstm", "adam", "sequences", EPOCHS)
    broken, _ = trained("lstm", "adam", "sequences", 3)
    fresh = Trainer(broken.network.clone(), **TRAINERS["adam"])
    found = fresh.train(*SEQUENCES, epochs=3, seed=3, progress=False)
    assert np.abs(fresh.network.weights - trainer.network.weights).max() > 1e-4
    assert found.history["error"] != result.history["error"][3:]


ANOTHER = """
import sys, numpy as np, synapse
from tests.learning.resumed import DATA, HELD_OUT
trainer = synapse.load(sys.argv[1])
how = {"validation": HELD_OUT, "patience": 9} if sys.argv[3] == "held out" else {}
trainer.train(*DATA[sys.argv[2]], resume=True, progress=False, checkpoint=sys.argv[1], **how)
"""


@pytest.mark.parametrize(
    ("network", "options", "data", "condition"),
    [
        ("lstm", "adam plateau", "sequences", "held out"),
        ("float32", "dropout", "stream", "plain"),
    ],
)
def test_another_process_continues_bit_for_bit(network, options, data, condition, tmp_path):
    how = {"validation": HELD_OUT, "patience": 9} if condition == "held out" else {}
    trainer, result = trained(network, options, data, EPOCHS, **how)
    path = tmp_path / "run.ckpt"
    stop = lambda progress: progress.epoch == 3  # noqa: E731
    trained(network, options, data, EPOCHS, checkpoint=path, callbacks=[stop], **how)
    done = run_python(ANOTHER, path, data, condition)
    assert done.returncode == 0, done.stderr
    again = load(path)
    found = again.train(*DATA[data], resume=True, progress=False, **how)  # all epochs are done
    assert bits(again, found) == bits(trainer, result)


KILLED = """
import os, sys
import synapse
from tests.learning.resumed import NETWORKS, SEQUENCES, TRAINERS
trainer = synapse.Trainer(NETWORKS["lstm"](), **TRAINERS["adam"])
kill = lambda progress: os.kill(os.getpid(), 9) if progress.epoch == 4 else None
trainer.train(*SEQUENCES, epochs=6, seed=3, progress=False, checkpoint=sys.argv[1], every=2, callbacks=[kill])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_process_that_was_killed(tmp_path):
    """The file of the latest second epoch is complete."""
    path = tmp_path / "run.ckpt"
    assert run_python(KILLED, path).returncode == -9
    again = load(path)
    found = again.train(*SEQUENCES, resume=True, progress=False)
    assert bits(again, found) == bits(*trained("lstm", "adam", "sequences", EPOCHS))
    assert [one.name for one in tmp_path.iterdir()] == ["run.ckpt"]


@pytest.mark.parametrize("options", ["lbfgs", "adam plateau"])
def test_the_first_file_of_a_continued_training_is_complete(options, tmp_path):
    """It is broken off again before it has written another file."""
    path, how = tmp_path / "run.ckpt", {"validation": HELD_OUT, "patience": 9}
    whole = trained("elman", options, "sequences", EPOCHS, **how)
    trained("elman", options, "sequences", 3, checkpoint=path, **how)

    def fail(progress):
        raise RuntimeError

    again = load(path)
    with pytest.raises(RuntimeError):
        again.train(
            *SEQUENCES,
            epochs=EPOCHS,
            resume=True,
            progress=False,
            checkpoint=path,
            every=99,
            callbacks=[fail],
            **how,
        )
    twin = load(path)
    assert bits(twin, twin.train(*SEQUENCES, epochs=EPOCHS, resume=True, progress=False, **how)) == bits(
        *whole
    )


# --- checkpoints -------------------------------------------------------------------------------------


def epochs_in(path):
    with np.load(path) as arrays:
        return len(arrays["history_error"])


def test_files_are_written_after_every_few_epochs(tmp_path):
    seen, path = [], tmp_path / "run.npz"
    note = lambda progress: seen.append(epochs_in(path))  # noqa: E731
    trained("perceptron", "online", "samples", 7, checkpoint=path, every=3, callbacks=[note])
    assert seen == [0, 0, 0, 3, 3, 3, 6]
    assert epochs_in(path) == 7


def test_without_a_number_files_depend_on_the_time(tmp_path, monkeypatch):
    """A second after the file before, or longer if files take long."""
    clock, seen, path = [0.0], [], tmp_path / "run.ckpt"
    monkeypatch.setattr("synapse.learning._checkpoint.time.monotonic", lambda: clock[0])

    def note(progress):
        seen.append(epochs_in(path))
        clock[0] += 0.4

    trained("perceptron", "online", "samples", 9, checkpoint=path, callbacks=[note])
    assert seen == [0, 0, 0, 3, 3, 3, 6, 6, 6]


def test_many_short_epochs_are_divided_by_checkpoints(tmp_path):
    """They run many in one compiled call; the result is the same."""
    files = {}
    plain = trained("perceptron", "adam", "samples", 80)
    for every in (None, 7, 79, 1000):
        files[every] = tmp_path / f"{every}.ckpt"
        ours = trained("perceptron", "adam", "samples", 80, checkpoint=files[every], every=every)
        assert bits(*ours) == bits(*plain)
        assert epochs_in(files[every]) == 80


def test_ctrl_c_leaves_a_file(tmp_path):
    path = tmp_path / "run.ckpt"

    def interrupt(progress):
        if progress.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    _, result = trained("lstm", "adam", "sequences", EPOCHS, checkpoint=path, every=9, callbacks=[interrupt])
    assert (result.stopped, epochs_in(path)) == ("interrupted", 2)
    again = load(path)
    found = again.train(*SEQUENCES, resume=True, progress=False)
    assert bits(again, found) == bits(*trained("lstm", "adam", "sequences", EPOCHS))


def test_within_an_epoch_the_file_of_the_epoch_before_stays(tmp_path):
    path = tmp_path / "run.ckpt"
    stop = lambda batch: batch.update == 7  # noqa: E731
    _, result = trained("lstm", "adam", "sequences", EPOCHS, checkpoint=path, every=1, on_batch=stop)
    assert (result.epochs, epochs_in(path)) == (3, 3)
    again = load(path)
    found = again.train(*SEQUENCES, epochs=EPOCHS, resume=True, progress=False)
    assert bits(again, found) == bits(*trained("lstm", "adam", "sequences", EPOCHS))


def test_stop_by_another_thread_leaves_a_file(tmp_path):
    path = tmp_path / "run.ckpt"
    trainer = Trainer(NETWORKS["perceptron"](), **TRAINERS["online"])
    timer = threading.Timer(0.2, trainer.stop)
    timer.start()
    result = trainer.train(*SAMPLES, epochs=10**9, seed=3, progress=False, checkpoint=path)
    timer.join()
    assert result.stopped == "interrupted"
    assert epochs_in(path) == result.epochs
    whole = trained("perceptron", "online", "samples", result.epochs + 10)
    again = load(path)
    assert bits(again, again.train(*SAMPLES, epochs=result.epochs + 10, resume=True, progress=False)) == bits(
        *whole
    )


def test_a_file_that_cannot_be_written_raises_at_once(tmp_path):
    trainer = Trainer(NETWORKS["perceptron"](), **TRAINERS["online"])
    before = trainer.network.weights
    with pytest.raises(OSError, match="No such file"):
        trainer.train(*SAMPLES, epochs=2, progress=False, checkpoint=tmp_path / "none" / "run.ckpt")
    assert (trainer.network.weights == before).all()


def test_an_error_leaves_the_file(tmp_path):
    path = tmp_path / "run.ckpt"
    trained("perceptron", "online", "samples", 3, checkpoint=path)
    before = path.read_bytes()
    trainer = load(path)
    with pytest.raises(errors.ArgumentError):
        trainer.train(*DATA["stream"], epochs=9, resume=True, progress=False, checkpoint=path)
    assert path.read_bytes() == before


def test_callbacks_may_save_and_edit(tmp_path):
    """A neuron is added in epoch 2, before and after which the training is saved."""

    def grow(progress):
        if progress.epoch == 2:
            net = progress.network
            neuron = synapse.Neuron()
            net.input.project(neuron, seed=1)
            neuron.project(net.output, seed=2)
            net.add(neuron)

    whole = trained("perceptron", "adam", "samples", EPOCHS, callbacks=[grow], patience=9)
    for epoch in (1, 2, 3):
        broken, _ = trained("perceptron", "adam", "samples", epoch, callbacks=[grow], patience=9)
        again = through_file(broken)
        how = {"callbacks": [grow], "patience": 9}
        found = again.train(*SAMPLES, epochs=EPOCHS, resume=True, progress=False, **how)
        assert bits(again, found)[3:] == bits(*whole)[3:]
        assert np.abs(again.network.weights - whole[0].network.weights).max() < 1e-12


# --- what resume means --------------------------------------------------------------------------------


def test_a_trainer_without_a_training_begins():
    trainer = Trainer(NETWORKS["lstm"](), **TRAINERS["adam"])
    found = through_file(trainer).train(*SEQUENCES, epochs=2, seed=3, resume=True, progress=False)
    assert found.history == trained("lstm", "adam", "sequences", 2)[1].history


def test_epochs_are_those_of_before_and_count_all():
    broken, _ = trained("lstm", "adam", "sequences", 4)
    assert through_file(broken).train(*SEQUENCES, resume=True, progress=False).epochs == 4
    found = broken.train(*SEQUENCES, epochs=6, resume=True, progress=False)
    assert (found.epochs, found.stopped, len(found.history["rate"])) == (6, "epochs", 6)


@pytest.mark.parametrize("goal", [{"error": 10.0}, {"patience": 1}])
def test_what_has_ended_stays_ended(goal):
    trainer, result = trained("perceptron", "online", "samples", 50, **goal)
    weights = trainer.network.weights
    again = through_file(trainer)
    found = again.train(*SAMPLES, epochs=50, resume=True, progress=False, **goal)
    assert (found.stopped, found.history) == (result.stopped, result.history)
    assert (again.network.weights == weights).all()


def test_a_stream_of_batches_continues():
    batches = [(SAMPLES[0][i : i + 3], SAMPLES[1][i : i + 3]) for i in (0, 3, 6)]
    adam = {"method": "bptt", "optimizer": optimizers.Adam(0.02)}

    def run(epochs, trainer=None, **options):
        trainer = trainer or Trainer(NETWORKS["perceptron"](), **adam)
        return trainer, trainer.train(batches, epochs=epochs, seed=3, progress=False, **options)

    whole = run(5, steps=12)
    assert whole[1].stopped == "steps"
    again = through_file(run(2, steps=12)[0])
    assert bits(*run(5, again, steps=12, resume=True)) == bits(*whole)


def test_on_batch_counts_on():
    def updates(trainer, epochs, **options):
        seen = []
        trainer.train(
            *SEQUENCES,
            epochs=epochs,
            seed=3,
            progress=False,
            on_batch=lambda b: seen.append(b.update),
            **options,
        )
        return seen

    trainer = Trainer(NETWORKS["lstm"](), **TRAINERS["adam"])
    assert updates(trainer, 2) == [1, 2, 3, 4]
    assert updates(through_file(trainer), 3, resume=True) == [5, 6]


def test_the_best_weights_are_those_of_the_whole_training(tmp_path):
    """The best epoch is before the break, and is restored after it."""
    how = {"validation": HELD_OUT, "patience": 30}
    options = {**EXACT, "optimizer": optimizers.SGD(2.0)}

    def run(epochs, trainer=None, **more):
        trainer = trainer or Trainer(architect.LSTM(2, 3, 1, seed=1), **options)
        return trainer, trainer.train(*SEQUENCES, epochs=epochs, seed=3, progress=False, **how, **more)

    trainer, result = run(8)
    errors_ = result.history["validation_error"]
    best = int(np.argmin(errors_)) + 1
    assert best < 7, errors_
    again = through_file(run(7)[0])
    assert bits(*run(8, again, resume=True)) == bits(trainer, result)
    assert again.test(*HELD_OUT).error == pytest.approx(min(errors_), rel=1e-12)
    weights = trainer.network.weights  # the best; a call that fails leaves them
    with pytest.raises(OSError, match="No such file"):
        run(9, trainer, resume=True, checkpoint=tmp_path / "none" / "run.ckpt")
    assert (trainer.network.weights == weights).all()


def test_settings_come_back():
    net = architect.LSTM(2, 3, 1, seed=0)
    names = [layer.name for layer in net.hidden]
    for options in (
        {"method": "bptt", "dropout": {names[0]: 0.5, net.hidden[1]: 0.25}, "threads": 2, "window": 7},
        {"rate": 0.3, "cost": "mean_squared_error"},
        {"method": "rtrl", "order": 2, "batch_size": "sequence", "clip": 1.0},
    ):
        trainer = Trainer(net, **options)
        twin = through_file(trainer)
        for name in ("rate", "method", "order", "optimizer", "batch_size", "window", "threads", "penalties"):
            assert getattr(twin, name) == getattr(trainer, name), name
        assert twin.cost is trainer.cost
        twins = dict(zip(net.layers, twin.network.layers, strict=True))
        if trainer.dropout.any:
            assert twin.dropout.each_step == {twins[net.hidden[0]]: 0.5, twins[net.hidden[1]]: 0.25}
        assert repr(twin.network) == repr(net)


@pytest.mark.parametrize("options", TRAINERS)
def test_every_optimizer_and_rate_comes_back(options):
    twin = through_file(Trainer(NETWORKS["elman"](), **TRAINERS[options]))
    assert twin.optimizer == Trainer(NETWORKS["elman"](), **TRAINERS[options]).optimizer
    assert twin.rate == TRAINERS[options].get("rate", getattr(twin.optimizer, "rate", 0.1))


def test_the_network_of_a_checkpoint_can_be_read_alone(tmp_path):
    path = tmp_path / "run.npz"
    trainer, _ = trained("lstm", "adam", "sequences", 2, checkpoint=path)
    assert (load(path, format="npz").weights == trainer.network.weights).all()
    assert isinstance(load(path), Trainer)


# --- what is refused ----------------------------------------------------------------------------------


class Descent(optimizers.Optimizer):
    """An optimizer of a user's own."""

    rate = 0.1

    def memory(self):
        return {}

    def find_change(self, state, parameters, gradient, rate):
        state.change[:] = rate * gradient


class Falling(learning.AdaptiveSchedule):
    """A schedule of a user's own."""

    def begin(self):
        return lambda epoch, error: 0.1


OWN = {
    "optimizer": (
        {"method": "bptt", "optimizer": Descent()},
        "the optimizer of a trainer to save to be SGD, Adam",
    ),
    "function": ({"rate": lambda epoch: 0.1}, "the rate of a trainer to save to be StepDecay"),
    "schedule": ({"rate": Falling()}, "the rate of a trainer to save to be StepDecay"),
    "within": (
        {"rate": learning.WarmUp(2, lambda epoch: 0.1)},
        "the rate of a trainer to save to be StepDecay",
    ),
}


@pytest.mark.parametrize(("options", "message"), OWN.values(), ids=OWN)
def test_functions_of_a_user_are_named(options, message, tmp_path):
    trainer = Trainer(NETWORKS["elman"](), **options)
    with pytest.raises(errors.ArgumentError, match=f"{message}.*A file holds no functions"):
        save(trainer, tmp_path / "run.ckpt")
    before = trainer.network.weights
    with pytest.raises(errors.ArgumentError, match=message):
        trainer.train(*SEQUENCES, epochs=2, progress=False, checkpoint=tmp_path / "run.ckpt")
    assert (trainer.network.weights == before).all()
    assert not list(tmp_path.iterdir())


def test_they_can_be_continued_in_the_same_process():
    class Half(learning.AdaptiveSchedule):
        def begin(self):
            return lambda epoch, error: 0.1 if error is None else error / 2

    def run(epochs, trainer=None, **options):
        trainer = trainer or Trainer(NETWORKS["elman"](), method="bptt", optimizer=Descent(), rate=Half())
        return trainer, trainer.train(*SEQUENCES, epochs=epochs, seed=3, progress=False, **options)

    broken, _ = run(2)
    assert bits(*run(5, broken, resume=True)) == bits(*run(5))


def test_they_travel_by_pickle():
    """A pickle refers to classes by their names, in the same program."""
    whole = Trainer(NETWORKS["elman"](), method="bptt", optimizer=Descent(), rate=Falling())
    result = whole.train(*SEQUENCES, epochs=5, seed=3, progress=False)
    broken = Trainer(NETWORKS["elman"](), method="bptt", optimizer=Descent(), rate=Falling())
    broken.train(*SEQUENCES, epochs=2, seed=3, progress=False)
    again = through_pickle(broken)
    assert bits(again, again.train(*SEQUENCES, epochs=5, resume=True, progress=False)) == bits(whole, result)


def test_other_data_are_refused():
    broken, _ = trained("perceptron", "online", "samples", 2)
    weights = broken.network.weights
    fewer = SAMPLES[0][:9], SAMPLES[1][:9]
    message = "continued, 11 sequences with 11 rows, got 9 sequences with 9 rows"
    with pytest.raises(errors.ArgumentError, match=message):
        through_file(broken).train(*fewer, resume=True, progress=False)
    with pytest.raises(
        errors.ArgumentError, match="the held-out data of the training .*, none or a stream, got 1"
    ):
        broken.train(*SAMPLES, validation=HELD_OUT, resume=True, progress=False)
    with pytest.raises(errors.ArgumentError, match="11 rows, got none or a stream"):
        broken.train([SAMPLES], resume=True, progress=False)
    assert (broken.network.weights == weights).all()


def test_lbfgs_finds_out_about_other_data():
    broken, _ = trained("elman", "lbfgs", "sequences", 3)
    weights = broken.network.weights
    others = [part + 0.01 for part in SEQUENCES[0]], SEQUENCES[1]
    with pytest.raises(errors.ArgumentError, match="which have led to other weights"):
        broken.train(*others, epochs=5, resume=True, progress=False)
    assert (broken.network.weights == weights).all()


def test_arguments():
    trainer = Trainer(NETWORKS["perceptron"](), rate=0.1)
    with pytest.raises(errors.ArgumentError, match="Give checkpoint, too"):
        trainer.train(*SAMPLES, every=2)
    rng = np.random.Generator(np.random.MT19937(0))
    trainer.train(*SAMPLES, epochs=1, seed=rng, progress=False)
    with pytest.raises(errors.ArgumentError, match="to be PCG64 or PCG64DXSM, got MT19937"):
        save(trainer, io.BytesIO())
    trainer.train(*SAMPLES, epochs=2, resume=True, progress=False)  # in the same process
    for name in ("run.json", "run.graphml", "run.onnx"):
        with pytest.raises(errors.ArgumentError, match="A Trainer cannot be saved as"):
            save(trainer, name)
    net = NETWORKS["elman"]()
    net.learning_rule = "rtrl", 2
    with pytest.raises(errors.ArgumentError, match="order of its network's rule, 2, got 1"):
        save(Trainer(net, method="rtrl", order=1), io.BytesIO())


# --- damaged files ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def content():
    file = io.BytesIO()
    save(trained("perceptron", "adam", "samples", 2, patience=3)[0], file)
    return file.getvalue()


def edited(content, **changes):
    """The file with other arrays; a function changes the JSON of the trainer."""
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    change = changes.pop("head", None)
    if change is not None:
        head = json.loads(arrays["trainer"].item())
        change(head)
        arrays["trainer"] = np.array(json.dumps(head).encode())
    arrays |= changes
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in arrays.items() if array is not None})
    return io.BytesIO(out.getvalue())


def test_a_file_that_numpy_has_written_again_is_read(content):
    assert load(edited(content))._paused.done == 2


def test_a_part_of_a_file_is_refused(content):
    for length in (1, 9, len(content) // 3, len(content) // 2, len(content) - 9):
        with pytest.raises(errors.FormatError):
            load(io.BytesIO(content[:length]))


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_wrong_byte_is_refused_or_harmless(content, place, byte):
    damaged = bytearray(content)
    damaged[int(place * len(damaged))] = byte
    try:
        twin = load(io.BytesIO(damaged))
    except errors.FormatError:
        return
    net = twin.network if isinstance(twin, Trainer) else twin  # the name of the trainer's member was damaged
    assert np.isfinite(net.weights).all()


def put(*keys, value):
    def change(head):
        for key in keys[:-1]:
            head = head[key]
        head[keys[-1]] = value

    return change


def drop(*keys):
    def change(head):
        for key in keys[:-1]:
            head = head[key]
        del head[keys[-1]]

    return change


ADAM = "settings", "optimizer"
STATE = "training", "generator"
HEADS = {
    "newer": (put("version", value=2), "written by a newer version of Synapse, in version 2 .* up to 1"),
    "no version": (put("version", value="x"), "the version to be a whole number above 0, got 'x'"),
    "foreign": (put("format", value="synapse"), "to be 'synapse trainer', got 'synapse'"),
    "more": (put("more", value=1), "got 'more' too"),
    "fewer": (drop("settings"), "'settings' is missing"),
    "settings": (put("settings", value=[]), "the settings to be an object, got a list"),
    "no rate": (drop("settings", "rate"), "'rate' is missing"),
    "rate": (
        put("settings", "rate", value=-1),
        "the rate of Trainer to be a finite number, 0 or above, got -1",
    ),
    "rate of text": (put("settings", "rate", value="x"), "the rate of Trainer to be a number"),
    "schedule": (put("settings", "rate", value={"name": "os.system"}), "the rate's name .*got 'os.system'"),
    "schedule without": (put("settings", "rate", value={"name": "Cosine"}), "'start' is missing"),
    "within": (
        put("settings", "rate", value={"name": "WarmUp", "epochs": 2, "then": {"name": "x"}}),
        "the rate's name",
    ),
    "cost": (put("settings", "cost", value="my own"), "There is no cost named 'my own'"),
    "method": (put("settings", "method", value="magic"), "The trainer in the file is not valid"),
    "optimizer": (put(*ADAM, "name", value="builtins.eval"), "the optimizer's name .*got 'builtins.eval'"),
    "option": (put(*ADAM, "betas", value=[0.9]), "the betas of Adam"),
    "another": (
        put("settings", "optimizer", value={"name": "AdaGrad", "rate": 1, "epsilon": 1}),
        "arrays of AdaGrad",
    ),
    "none": (put("settings", "optimizer", value=None), "trainer .* none|arrays of SGD"),
    "dropout": (put("settings", "dropout", value=[[9, 0.5]]), "pairs of a layer's number and a number"),
    "dropped output": (put("settings", "dropout", value=[[2, 0.5]]), "cannot be applied to the outputs"),
    "batch": (put("settings", "batch_size", value=0), "the batch_size"),
    "arrays": (put("arrays", value=[]), "arrays of the trainer to be those that it names"),
    "training": (put("training", value=3), "the training to be an object, got 3"),
    "no training": (put("training", value=None), "has an array that no trainer has"),
    "epochs": (put("training", "epochs", value=0.5), "the epochs to be a whole number"),
    "seconds": (put("training", "seconds", value=-1), "the seconds to be 0 or above"),
    "shuffle": (put("training", "shuffle", value=1), "the shuffle to be true or false"),
    "data": (put("training", "data", value={"rows": 1}), "'sequences' is missing"),
    "held out": (
        put("training", "held_out", value={"rows": 1, "sequences": 1}),
        "to have error, rate, validation",
    ),
    "search": (put("training", "search", value=0), "must have the array 'search_parameters'"),
    "generator": (put(*STATE, "bit_generator", value="MT19937"), "to be PCG64 or PCG64DXSM, got 'MT19937'"),
    "state": (
        put(*STATE, "state", value={"state": -1, "inc": 1}),
        "the state of the generator to be of 128 bits",
    ),
    "large state": (put(*STATE, "state", value={"state": 1, "inc": 2**128}), "to be of 128 bits"),
    "half": (put(*STATE, "has_uint32", value=7), "the state of the generator to be of 1 bits"),
}


@pytest.mark.parametrize(("change", "message"), HEADS.values(), ids=HEADS)
def test_an_edited_file_is_refused(content, change, message):
    with pytest.raises(errors.FormatError, match=message):
        load(edited(content, head=change))


ARRAYS = {
    "moment": ({"optimizer_first_moment": np.zeros(3)}, "first_moment to be of shape"),
    "infinite": ({"optimizer_first_moment": np.full(17, np.inf)}, "first_moment"),
    "steps": ({"optimizer_steps": np.array(-1)}, "the steps to be a whole number"),
    "gone": ({"optimizer_steps": None}, "arrays of the trainer to be those that it names"),
    "error": ({"history_error": np.array([1.0, np.nan])}, "the history of the error to be finite"),
    "lengths": ({"history_rate": np.array([1.0])}, "'history_rate' to be floats of shape"),
    "kind": ({"history_error": np.array([1, 2])}, "'history_error' to be floats of shape"),
    "best": ({"best_weight": np.zeros(2)}, "'best_weight' to be floats of shape"),
    "network": ({"connection_weight": np.array([np.nan] * 12)}, "the weight of connection 0"),
    "text": ({"trainer": np.zeros(3)}, "the array 'trainer' to be one string of bytes"),
    "extra": ({"other": np.zeros(3)}, "arrays of the trainer to be those that it names"),
}


@pytest.mark.parametrize(("arrays", "message"), ARRAYS.values(), ids=ARRAYS)
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


def test_the_file_that_one_release_wrote_is_read_for_ever():
    """The golden file must not be written anew."""
    trainer = load(Path(__file__).parent / "golden" / "trainer1.npz")
    assert trainer._paused.done == 2
    assert trainer.optimizer == optimizers.Adam(0.02, amsgrad=True)
    result = trainer.train(*SAMPLES, epochs=EPOCHS, resume=True, progress=False, patience=3)
    wanted = json.loads((Path(__file__).parent / "golden" / "trainer1.json").read_text())
    assert np.abs(np.array(result.history["error"]) - wanted["error"]).max() < 1e-9
    assert np.abs(trainer.network.weights - wanted["weights"]).max() < 1e-9


def test_a_trainer_has_a_file_for_all_its_trainings(tmp_path):
    path = tmp_path / "run.ckpt"
    trainer = Trainer(architect.Elman(2, 3, 1, seed=0), checkpoint=path, every=2)
    seen = []

    def note(progress):
        seen.append(load(path)._paused.done)

    trainer.train(*SEQUENCES, epochs=5, seed=0, progress=False, callbacks=[note])
    assert seen == [0, 0, 2, 2, 4]
    again = load(path)
    assert again.checkpoint is None  # a file may have been moved
    assert again.train(*SEQUENCES, epochs=5, resume=True, progress=False).epochs == 5
    other = tmp_path / "other.ckpt"
    trainer.train(*SEQUENCES, epochs=1, seed=0, progress=False, checkpoint=other)
    assert load(other)._paused.done == 1
    assert load(path)._paused.done == 5
    with pytest.raises(errors.ArgumentError, match="Give checkpoint, too"):
        Trainer(architect.Elman(2, 3, 1), every=2)


@pytest.mark.parametrize("same", [True, False])
def test_folds_with_one_file_are_refused(same, tmp_path):
    def make(fold):
        return Trainer(
            architect.Elman(2, 3, 1, seed=fold), checkpoint=tmp_path / ("1" if same else str(fold))
        )

    if same:
        with pytest.raises(errors.ArgumentError, match="Several trainings cannot write one checkpoint"):
            synapse.experiments.cross_validate(make, *SEQUENCES, folds=2, epochs=1)
    else:
        synapse.experiments.cross_validate(make, *SEQUENCES, folds=2, epochs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ([] if same else ["0", "1"])
