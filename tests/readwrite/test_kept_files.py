"""Files of the present version: what they answer, and how a training goes on. From the
first release on, every later version reads them.

``python -m tests.readwrite.test_kept_files`` writes those that are missing; it changes
no file that is there."""

import json
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import (
    Ensemble,
    Layer,
    Model,
    Network,
    Neuron,
    Trainer,
    experiments,
    load,
    optimizers,
    reward,
    save,
    tie,
)

from .formats import FORMATS
from .nets import OWN, feed, same

KEPT = Path(__file__).parents[1] / "data" / "version2"
ANSWERS = KEPT / "answers.json"
TRIALS = KEPT / "trials.db"


def lstm():
    """Gates, peepholes, a tie, weights that do not learn, states, traces."""
    net = architect.LSTM(2, 3, 1, seed=0)
    tie(net.connections[1:3])
    net.connections[5].trainable = False
    net.metadata["note"] = "Kept."
    feed(net, 3)
    return net


def groups():
    """A group that competes, neurons that draw, a delayed connection, names."""
    inputs, noise, group = (
        Layer(2),
        Layer([Neuron("noise", name="a ä")]),
        Layer(3, "softmax"),
    )
    noise[0].reseed(7)
    inputs.project(noise, seed=1)
    noise.project(group, seed=2)
    group.project(noise, seed=3)
    return Network(inputs, [noise], group, name="groups")


def trainer():
    net = architect.GRU(2, 3, 1, seed=0)
    made = Trainer(net, rule="bptt", optimizer=optimizers.Adam(rate=0.01), batch_size=2)
    made.train(*data(), epochs=2, seed=0, progress=False)
    return made


def ensemble():
    return Ensemble([architect.Perceptron(2, 2, 1, seed=seed) for seed in range(2)])


def model():
    """Scales, names, and a training that can go on."""
    made = Model.build("Perceptron", ["a", "b"], ["y"], seed=0)
    rows = 10.0 * np.random.default_rng(1).normal(size=(20, 2))
    made.fit(rows, rows[:, :1] + 3.0, epochs=2, seed=0, progress=False)
    return made


def agent():
    """A policy with a critic, within an episode."""
    policy = architect.Perceptron(2, 3, 2, output_squash="softmax", seed=0)
    critic = architect.Perceptron(2, 3, 1, output_squash="identity", seed=1)
    made = reward.ActorCritic(policy, critic, seed=2)
    made.begin([0.5, -1.0])
    made.learn(1.0, [0.25, 0.5])
    return made


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 3, 2)), rng.random((4, 3, 1))


def squares(seed):
    return {"square": seed**2}


def rule():
    """A network that learns by rtrl, in the midst of a sequence."""
    net = architect.Elman(2, 2, 1, seed=0)
    net.rule = "rtrl"
    feed(net, 3)
    return net


MADE = {"lstm": lstm, "groups": groups, "rule": rule}
FILES = {
    f"{name}.{form}": (make, form) for name, make in MADE.items() for form in FORMATS
}
FILES |= {"trainer.synapse": (trainer, None), "ensemble.json": (ensemble, None)}
FILES |= {"model.json": (model, None), "agent.synapse": (agent, None)}


def answers(read):
    """The outputs of the steps after the file was written, or the losses of a training
    that goes on."""
    if isinstance(read, Trainer):
        return read.train(
            *data(), epochs=4, seed=0, progress=False, resume=True
        ).history["loss"]
    if isinstance(read, Model):
        read.update([[1.0, 2.0]], [[4.0]], epochs=2, progress=False)
        return read.predict([[1.0, 2.0], [-20.0, 5.0]]).tolist()
    if isinstance(read, reward.ActorCritic):
        rows = np.random.default_rng(3).normal(size=(3, 2))
        actions = [int(read.learn(0.5, row)) for row in rows]
        return actions + read.policy.run(rows)[-1].tolist()
    if isinstance(read, Network):
        return feed(read, 3, seed=1, learn=False).tolist()
    return read.run(data()[0][0]).tolist()


def test_every_format_has_its_files():
    """A new format, too: run this module."""
    assert {file.name for file in KEPT.iterdir()} == {*FILES, ANSWERS.name, TRIALS.name}


@pytest.mark.parametrize("name", FILES)
def test_a_kept_file_is_read(name, tmp_path):
    """If the format changes, its version changes, too."""
    kept_answers = json.loads(ANSWERS.read_text())
    form = FILES[name][1]
    read = load(KEPT / name, form)
    if form in OWN:
        save(read, tmp_path / name, form)
        assert same(load(tmp_path / name, form), read)
        assert (
            form == "npz"
            or (tmp_path / name).read_bytes() == (KEPT / name).read_bytes()
        )
    np.testing.assert_allclose(answers(read), kept_answers[name], rtol=1e-9, atol=1e-12)


def test_a_kept_store_is_read():
    assert list(experiments.read_trials(TRIALS).values("square")) == [0, 1, 4]


if __name__ == "__main__":
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    for name, (make, form) in FILES.items():
        if name not in kept:
            save(make(), KEPT / name, form)
            kept[name] = answers(load(KEPT / name, form))
    if not TRIALS.exists():
        experiments.run_trials(squares, seeds=range(3), store=TRIALS, progress=False)
    ANSWERS.write_text(json.dumps(kept, indent=1) + "\n")
