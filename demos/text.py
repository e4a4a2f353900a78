"""Text: an LSTM learns the letters of this library's code; one cell follows brackets.

    python -m demos text

Task: Predict the next letter of a text, as a probability for each letter."""

import time
from pathlib import Path

import architect
import synapse
from demos._common import check, heading, lesson
from demos._letters import NumpyRnn, bracket_cell, letters_and_cell
from synapse.optimizers import Adam
from synapse.tasks import Alphabet, TextWindows, sample

FILES = sorted(Path(synapse.__file__).parent.rglob("*.py"))
UNREAD = next(path for path in FILES if path.name == "plain.py").read_text("utf-8")
LEARNED = "".join(p.read_text("utf-8") for p in FILES if p.name != "plain.py")


def main(quick: bool, seed: int, out: Path) -> None:
    cells, seconds, every = (32, 3, 1) if quick else (100, 60, 10)
    alphabet = Alphabet.of(LEARNED + UNREAD)
    n = len(alphabet)
    options = {"output_squash": "softmax", "dtype": "float32", "seed": seed}
    net = architect.LSTM(n, cells, n, style="standard", **options)
    alphabet.attach(net)  # its file has the letters, too

    heading("1. It reads, and writes every few seconds")
    times = []  # after the first batch, which compiles, and after each sample

    def look(_):
        now = time.process_time()
        if not times or now - times[-1] > every:
            spent = now - times[0] if times else 0
            text = sample(net, "    def ", 72, temperature=0.6, seed=seed)
            print(f"{spent:2.0f} s: {text!r}")
            times.append(time.process_time())
        return now - times[0] > seconds

    trainer = synapse.Trainer(net, rule="bptt", optimizer=Adam(0.01), clip=5.0)
    windows = TextWindows(LEARNED, alphabet, steps=100, seed=seed)
    trainer.train(windows, epochs=1000, on_batch=look, progress=False)

    heading("2. Nats per letter on a file that was not used to train it")
    ours = trainer.test([alphabet.one_hot(UNREAD[:-1])], [alphabet.indices(UNREAD[1:])])
    by_hand = NumpyRnn(n, seed).learn(alphabet.indices(LEARNED), seconds)
    theirs = by_hand.loss(alphabet.indices(UNREAD))
    print(f"{ours.loss:.2f}; by hand in NumPy, after as many seconds, {theirs:.2f}")
    check("it predicts better than the program in NumPy", ours.loss < theirs)

    heading("3. The cell that follows brackets best, in that file")
    blocks = UNREAD.split("\n\n")
    table, states = bracket_cell(net, alphabet, blocks)
    name = table.name[0]
    print(f"{name}: correlation {table.correlation[0]:.2f} with being in brackets")
    letters_and_cell(blocks, states, name, out / "text.png")
    synapse.save(net, out / "text.synapse")
    lesson(
        f"{ours.loss:.2f} nats per letter after {seconds} s of training. The cell that"
        " follows brackets best has a correlation of"
        f" {table.correlation[0]:.2f} with being in them."
    )
