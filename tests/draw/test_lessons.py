"""The lessons of the page: what each asks for, and nothing else, solves it, and its
numbers are right."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import demos
from demos.worked_example import RATE, SAMPLES, Example
from synapse import readwrite
from synapse.draw._page_data import recipes
from synapse.readwrite import javascript_kernels
from synapse.readwrite._printed.page import page_source

from .helpers import NODE, PAGE, in_node

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node")


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    return in_node(
        tmp_path_factory.mktemp("page"),
        Path(__file__).with_name("lessons_tried.mjs"),
        kernels=page_source(),
        modules=("store", "network", "targetless", "lessons"),
    )


@pytest.mark.full
def test_a_lesson_is_done_by_what_it_asks_for_and_by_nothing_else(lessons):
    for lesson in lessons:
        assert lesson["asked"] == [False] * (len(lesson["asked"]) - 1) + [True], lesson[
            "title"
        ]
        assert not any(map(any, lesson["wrong"])), (lesson["title"], lesson["wrong"])


def test_texts_are_short_and_name_a_demo_that_names_the_lesson(lessons):
    page = (Path(demos.FOLDER).parent / "docs" / "gallery.md").read_text(
        encoding="utf-8"
    )
    for number, lesson in enumerate(lessons, 1):
        assert re.search(
            rf"\| {number}\. {lesson['title']} \|.*\| `{lesson['demo']}` \|", page
        ), number
        for field, limit in (("scene", 120), ("task", 40), ("seen", 80)):
            assert len(re.findall(r"[^\W\d_]{2,}", lesson[field])) <= limit, (
                number,
                field,
            )
        assert re.search(
            rf"Lessons? [\d and]*\b{number}\b[\d and]* of `synapse play`",
            " ".join(
                Path(demos.FOLDER, f"{lesson['demo']}.py")
                .read_text(encoding="utf-8")
                .split()
            ),
        ), number


WORDS = ["fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
COUNTED = {  # where documents say how many lessons there are
    "README.md": r"with (\w+) lessons",
    "docs/index.md": r"The (\w+) `Lessons`",
    "docs/tutorial.md": r"\[(\w+) lessons in a browser\]",
    "docs/gallery.md": r"has (\w+) short lessons",
    "docs/reference/play.rst": r"\*\*Lessons\*\*: (\w+)\.",
    "docs/reference/play.rst ": r"\* - Lessons\n     - (\w+)\n",
}


def test_documents_count_the_lessons(lessons):
    root = Path(demos.FOLDER).parent
    for name, pattern in COUNTED.items():
        counts = re.findall(pattern, (root / name.strip()).read_text(encoding="utf-8"))
        assert counts, name
        assert set(counts) == {WORDS[len(lessons) - 15]}, name


def in_python(lesson):
    net = readwrite.from_json_data(lesson["network"])
    return net, {neuron.name: neuron for neuron in net}, lesson["sequences"]


def test_the_numbers_in_the_texts_are_those_of_the_library(lessons):
    (net, *_) = in_python(lessons[5])
    example = Example()
    text = lessons[5]["scene"] + lessons[5]["seen"]
    assert (net.weights == example.net.weights).all()
    assert (lessons[5]["sequences"], lessons[5]["settings"]["rate"]) == (
        [[[*map(list, SAMPLES[0])]]],
        RATE,
    )
    said = [example.error(SAMPLES[:1])]
    example.learn(SAMPLES[0], RATE)
    for neuron in (example.neurons[name] for name in ("h1", "h2", "y1", "y2")):
        said += [neuron.activation, neuron.derivative, neuron.error.responsibility]
    said += [example.neurons[name].state for name in ("y1", "y2")]
    said += [*example.numbers().values(), example.error(SAMPLES[:1])]
    assert not [number for number in said if f"{abs(number):.6f}" not in text]
    net, by, [[(row, target)]] = in_python(lessons[6])
    net.activate(row), net.propagate(0.0, target)
    errors = [by[f"h{i}"].error.responsibility for i in range(1, 6)]
    assert [by["y"].error.responsibility, *errors[::-1]] == [0.25**i for i in range(6)]
    assert all(f"{error} at" in lessons[6]["scene"] for error in errors[-2:])
    net, by, [steps] = in_python(lessons[7])
    by["cell"].project(by["cell"])
    net.run([row for row, _ in steps])
    assert by["cell"].state == by["x"].connection_to(by["cell"]).eligibility == 0.6
    net, by, [steps] = in_python(lessons[12])
    spikes = net.run([row for row, _ in steps]).ravel()
    assert spikes.tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1]
    net.clear()
    net.run([row for row, _ in steps[:4]])
    assert f"{by['voltage'].state:.4f}" in lessons[12]["scene"]
    net, by, [steps, _] = in_python(lessons[11])
    link = by["x"].connection_to(by["h"])
    costs = []
    for link.weight in (1e-4, -1e-4):
        net.clear()
        costs.append(
            (steps[-1][1][0] - net.run([row for row, _ in steps])[-1, 0]) ** 2 / 2
        )
    assert abs((costs[0] - costs[1]) / 2e-4 - -0.2048) < 1e-8
    for row, target in steps:
        net.activate(row), net.propagate(0.5, target or [np.nan])
    assert link.weight == -1e-4


def test_the_last_words_of_a_lesson_hold_for_the_network_that_it_leaves(lessons):
    for lesson in lessons:
        assert lesson["claims"]
        assert [words for words, holds in lesson["claims"] if not holds] == [], lesson[
            "title"
        ]


FRAMES = 60 * 60
"""Of a minute."""


@pytest.mark.slow
def test_every_preset_is_learned_from_nine_of_ten_draws(tmp_path):
    (tmp_path / "recipes.json").write_text(json.dumps(recipes()))
    a_frame = re.search(r"STEPS_A_FRAME = (\d+)", (PAGE / "learn.js").read_text())[1]
    steps_of = in_node(
        tmp_path,
        Path(__file__).with_name("presets_tried.mjs"),
        10,
        FRAMES * int(a_frame),
        kernels=javascript_kernels(),
        modules=("store", "network", "tasks"),
    )
    assert len(steps_of) == 10
    failed = {name: steps.count(None) for name, steps in steps_of.items()}
    assert not any(count > 1 for count in failed.values()), (failed, steps_of)
