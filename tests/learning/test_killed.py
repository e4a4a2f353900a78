"""A training that is killed at any moment leaves a whole checkpoint, which continues
with the same bits."""

import os
import random
import subprocess
import sys
import time

import pytest

from synapse import load
from tests.helpers.processes import PATHS, ROOT

from .resumed import SEQUENCES, bits, trained

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signal")
LSTM = "lstm", "adam", "sequences"
EPOCHS = 2000

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
    command = [sys.executable, "-c", TRAIN.format(epochs=EPOCHS), str(path)]
    environment = {**os.environ, "PYTHONPATH": PATHS}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"training\n"
        time.sleep(delay)
        process.kill()


def check(tmp_path, count):
    rng = random.Random(0)
    path = tmp_path / "run.ckpt"
    for _ in range(count):
        killed(path, rng.uniform(0.0, 0.2))
        trainer = load(path)
        done = trainer._paused.done
        assert 1 <= done < EPOCHS
        result = trainer.train(*SEQUENCES, epochs=done + 3, resume=True, progress=False)
        assert bits(trainer, result) == bits(*trained(*LSTM, done + 3))
        # between its two names, it was complete
        assert len(list(tmp_path.iterdir())) <= 2
        path.unlink()


@pytest.mark.full
def test_a_killed_training_leaves_a_checkpoint_that_continues(tmp_path):
    check(tmp_path, 2)


@pytest.mark.slow
def test_a_training_that_is_killed_at_many_moments_leaves_checkpoints(tmp_path):
    check(tmp_path, 8)
