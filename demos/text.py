"""Text: an LSTM learns the letters of "Moby-Dick" and writes; what do its cells follow?

    python -m demos text

Task: Predict the next letter of a text, as a probability for each letter."""

import time
from pathlib import Path

import architect
import synapse
from demos._common import check, heading, lesson
from demos._letters import NumpyRnn, letters_and_cell, quote_cell
from synapse.optimizers import Adam
from synapse.tasks import Alphabet, TextWindows, sample

TEXT = (Path(__file__).parent / "data" / "moby.txt").read_text(encoding="utf-8")
SHOWN = TEXT[TEXT.index("But, at last, he turned") :][:552]


def main(quick: bool, seed: int, out: Path) -> None:
    cells, seconds, every = (32, 3, 1) if quick else (100, 60, 10)
    learned, unread = TEXT[:-5000], TEXT[-5000:]
    alphabet = Alphabet.of(TEXT)
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
            text = sample(net, "The ", 80, temperature=0.6, seed=seed)
            print(f"{spent:2.0f} s: {text}")
            times.append(time.process_time())
        return now - times[0] > seconds

    trainer = synapse.Trainer(net, method="bptt", optimizer=Adam(0.01), clip=5.0)
    windows = TextWindows(learned, alphabet, steps=100, seed=seed)
    trainer.train(windows, epochs=1000, on_batch=look, progress=False)

    heading("2. Nats a letter on text that it has not read")
    ours = trainer.test([alphabet.one_hot(unread[:-1])], [alphabet.indices(unread[1:])])
    by_hand = NumpyRnn(n, seed).learn(alphabet.indices(learned), seconds)
    theirs = by_hand.loss(alphabet.indices(unread))
    print(f"{ours.error:.2f}; by hand in NumPy, after as many seconds, {theirs:.2f}")
    check("it predicts better than the program in NumPy", ours.error < theirs)

    heading("3. The cell that follows quotes best")
    spoken = [line for line in learned.splitlines() if line.count('"') > 1][:60]
    table, states = quote_cell(net, alphabet, [*spoken, SHOWN])
    cell = table.name[0]
    print(f"{cell}: correlation {table.correlation[0]:.2f} with being in quotes")
    letters_and_cell(SHOWN, states[-len(SHOWN) :], cell, out / "text.png")
    synapse.save(net, out / "text.synapse")
    lesson(f"{ours.error:.2f} nats in {seconds} s: words come first, quotes later.")
