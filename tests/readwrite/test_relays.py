"""Files of networks in which chains of neurons delayed, as they were written before a
connection had a delay.

Commit 4660706c has written them, by ``write.txt`` beside them; ``answers.json`` has the
outputs that followed: of five steps, of five that learn, and of five more.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import synapse

from .nets import feed

FILES = Path(__file__).parents[1] / "data" / "relays"
ANSWERS = json.loads((FILES / "answers.json").read_text())
STAY = {"lstm": 1, "more": 7}
"""How many stay neurons, as they are more than a delay: that of "lstm" has metadata."""
CASES = [
    (name, form)
    for name, answers in ANSWERS.items()
    if isinstance(answers, dict)
    for form in answers
]


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
@pytest.mark.parametrize(("name", "form"), CASES, ids=map(".".join, CASES))
def test_relays_of_files_become_delays(name, form):
    """And go on from the middle of a sequence, learning too."""
    net = synapse.load(FILES / f"{name}.{form}", form)
    answers = ANSWERS[name][form]
    for way in ("as it is", "saved again"):
        read = net.clone()
        if way == "saved again":
            data = synapse.readwrite.json_data(net)
            read = synapse.readwrite.from_json_data(data)
        for (seed, learn), expected in zip(
            [(1, False), (2, True), (3, False)], answers, strict=True
        ):
            outputs = feed(read, 5, seed=seed, learn=learn)
            np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-12)
    relays = [neuron for neuron in net if " delayed " in neuron.name]
    assert len(relays) == STAY.get(name, 0)


def test_a_training_goes_on_after_its_relays_are_gone():
    """With the moments of its optimizer."""
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(4, 6, 2)), rng.random((4, 6, 1))
    trainer = synapse.load(FILES / "trainer.synapse")
    trained = trainer.train(
        rows, targets, epochs=4, seed=0, progress=False, resume=True
    )
    np.testing.assert_allclose(trained.history["loss"], ANSWERS["trainer"], rtol=1e-9)
