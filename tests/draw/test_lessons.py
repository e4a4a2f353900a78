"""The lessons of the page: what each asks for, and nothing else, solves it, and its numbers are right."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import demos
from demos.worked_example import RATE, SAMPLES, Example
from synapse import draw, readwrite
from synapse.readwrite.programs import functions_source

PAGE = Path(draw.__file__).parent / "page"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node")
RUN = """
import { readFileSync } from "node:fs";
import { Network } from "./rule.js";
import { LESSONS, isDone } from "./lessons.js";

/** What a lesson sees of the page, and what a reader does there. */
class Page {
  constructor({ network, data, settings }) {
    Object.assign(this, { network: Network.from(network), edited: [], steps: 0 });
    this.settings = { rate: 0.5, ...settings };
    this.data = { sequences: data.map((one) => (Array.isArray(one[0][0]) ? one : [one])) };
  }
  answers() {
    const copy = Network.from(this.network.toJSON());
    return this.data.sequences.map((rows) => (copy.clear(), rows.map(([inputs]) => copy.activate(inputs))));
  }
  play(passes) { this.step(passes * this.data.sequences.flat().length); }
  step(count) {
    const all = this.data.sequences.flatMap((rows) => rows.map((row, t) => [...row, t]));
    for (; count > 0; count--) {
      const [inputs, targets, t] = all[this.steps++ % all.length];
      if (t === 0) this.network.clear();
      this.network.activate(inputs);
      if (targets) this.network.propagate(this.settings.rate, targets, this.settings);
    }
  }
  rate(rate) { this.settings.rate = rate; }
  neuron(name) { return this.network.neurons.find((one) => one.name === name); }
  link(source, target) { return this.neuron(target).incoming.find((one) => one.source.name === source); }
  squash(name, to) { this.neuron(name).squash = to; }
  weigh(source, target, weight) { this.link(source, target).weight = weight; this.edited.push("weight"); }
  bias(name, to) { this.neuron(name).bias = to; this.edited.push("bias"); }
  connect(from, to, weight) { this.network.connect(this.neuron(from), this.neuron(to), weight, true); }
  gate(gater, source, target) { this.network.gate(this.neuron(gater), this.link(source, target)); }
}
const tried = (lesson, deeds, page = new Page(lesson)) => {
  return ["play 0", ...deeds.split("; ")].map((deed) => {
    const [name, ...given] = deed.split(" ");
    page[name](...given.map((one) => (Number.isNaN(Number(one)) ? one : Number(one))));
    return isDone(lesson, page);
  });
};
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map((lists, i) => {
  const { network, data: { sequences } } = new Page(LESSONS[i]), page = new Page(LESSONS[i]);
  const asked = tried(LESSONS[i], lists[0], page), wrong = lists[1].map((one) => tried(LESSONS[i], one));
  return { ...LESSONS[i], network, sequences, asked, wrong, left: page.network, steps: page.steps };
})));
"""
WIRE = "connect cell cell 1; gate in x cell"
ASKED_AND_WRONG = [
    (
        "weigh one go -1.5",
        [
            "play 1",
            "weigh one go -0.9",
            "weigh one go -2",
            "weigh far go -2",
            "bias go -1.5",
            "weigh friend go 2.5; weigh one go -1.9",
        ],
    ),
    (
        "play 300; squash a relu; squash b relu; play 200",
        ["squash a step; squash b step; play 200", "squash a tanh; squash b relu; play 2000"],
    ),
    ("play 7; play 1", ["weigh x y 0.5", "rate 0.6; play 8", "rate 0.2; play 8", "weigh z y 0.5; play 8"]),
    ("play 9; rate 0.1; play 50", ["play 50", "rate 0.1; play 43", "rate 0.23; play 200"]),
    (
        "play 300; connect any go 0.1; connect both go 0.1; play 1000",
        [
            "connect both go 0.1; connect any go 0.1",
            "play 300; connect any go 0.1; play 20000",
            "connect any both 1; play 2000",
        ],
    ),
    ("play 1", ["play 2", "rate 0.4; play 1", "weigh h1 y1 0.623179"]),
    (
        "connect h1 y 0.1; play 1",
        [
            "play 100",
            "connect x y 1; play 1",
            "connect h1 y 0.2; play 1",
            "connect x y 0.1; connect h1 y 0.1; play 1",
        ],
    ),
    (
        "connect cell cell 1; play 1",
        [
            "play 9",
            "connect cell cell 1",
            "step 3; connect cell cell 1; step 3",
            "connect cell cell 0.9; play 1",
        ],
    ),
    (
        "gate gate x cell; play 1",
        ["step 3; gate gate x cell; step 3", "gate gate cell cell; play 1", "rate 0.1; play 100"],
    ),
    ("gate forget cell cell; play 1", ["gate gate cell cell; play 1", "rate 0.1; play 100"]),
    (
        f"{WIRE}; gate forget cell cell; gate out cell y; play 1",
        [f"{WIRE}; gate {gate}; play 1" for gate in ("forget cell cell", "out cell y", "forget cell y")],
    ),
    (
        "play 300; connect h h 1; play 70",
        ["rate 0.5; play 300", "connect h h 1", "connect x y 1; connect h h 1; play 70"],
    ),
]


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for name in ("rule.js", "lessons.js"):
        shutil.copy(PAGE / name, folder)
    (folder / "functions.js").write_text(functions_source())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "main.js").write_text(RUN)
    call, sent = [NODE, folder / "main.js"], json.dumps(ASKED_AND_WRONG)
    done = subprocess.run(call, input=sent, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def test_a_lesson_is_done_by_what_it_asks_for_and_by_nothing_else(lessons):
    for lesson in lessons:
        assert lesson["asked"] == [False] * (len(lesson["asked"]) - 1) + [True], lesson["title"]
        assert not any(map(any, lesson["wrong"])), (lesson["title"], lesson["wrong"])


def test_texts_are_short_and_name_a_demo_that_names_the_lesson(lessons):
    page = (Path(demos.FOLDER).parent / "docs" / "gallery.md").read_text(encoding="utf-8")
    for number, lesson in enumerate(lessons, 1):
        assert re.search(rf"\| {number}\. {lesson['title']} \|.*\| `{lesson['demo']}` \|", page), number
        for part, limit in (("scene", 120), ("task", 40), ("seen", 80)):
            assert len(re.findall(r"[^\W\d_]{2,}", lesson[part])) <= limit, (number, part)
        demo = " ".join(Path(demos.FOLDER, f"{lesson['demo']}.py").read_text(encoding="utf-8").split())
        assert re.search(rf"Lessons? [\d and]*\b{number}\b[\d and]* of `synapse play`", demo), number


def in_python(lesson):
    net = readwrite.from_json_data(lesson["network"])
    return net, {one.name: one for one in net}, lesson["sequences"]


def test_the_numbers_in_the_texts_are_those_of_the_library(lessons):
    (net, *_), example, text = in_python(lessons[5]), Example(), lessons[5]["scene"] + lessons[5]["seen"]
    assert (net.weights == example.net.weights).all()
    assert (lessons[5]["sequences"], lessons[5]["settings"]["rate"]) == ([[[*map(list, SAMPLES[0])]]], RATE)
    said = [example.error(SAMPLES[:1])]
    example.learn(SAMPLES[0], RATE)
    for one in (example.neurons[name] for name in ("h1", "h2", "y1", "y2")):
        said += [one.activation, one.derivative, one.error.responsibility]
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
    assert by["cell"].state == by["x"].connected(by["cell"]).eligibility == 0.6
    net, by, [steps, _] = in_python(lessons[11])
    link, costs = by["x"].connected(by["h"]), []
    for link.weight in (1e-4, -1e-4):
        net.clear()
        costs.append((steps[-1][1][0] - net.run([row for row, _ in steps])[-1, 0]) ** 2 / 2)
    assert abs((costs[0] - costs[1]) / 2e-4 - -0.2048) < 1e-8
    for row, target in steps:
        net.activate(row), net.propagate(0.5, target or [np.nan])
    assert link.weight == -1e-4


class Left:
    """The network that a lesson leaves; items are neurons, "cell", or connections, "x cell"."""

    def __init__(self, lesson, member="left"):
        self.lesson, self.net = lesson, readwrite.from_json_data(lesson[member])

    def __getitem__(self, names):
        first, *second = [next(one for one in self.net if one.name == name) for name in names.split()]
        return first.connected(second[0]) if second else first

    def outputs(self):
        """Of each step, from a cleared context before each sequence."""
        runs = []
        for rows in self.lesson["sequences"]:
            twin = self.net.clone()
            twin.clear()
            runs.append(twin.run([row for row, _ in rows]))
        return np.concatenate(runs)[:, 0]

    def wrong(self):
        """The largest distance of an output from its target."""
        targets = [target[0] if target else np.nan for rows in self.lesson["sequences"] for _, target in rows]
        return np.nanmax(np.abs(self.outputs() - targets))

    def at(self, names, weight, read):
        """What is read while a connection has another weight."""
        before, self[names].weight = self[names].weight, weight
        found = read()
        self[names].weight = before
        return found

    def factors(self, rate):
        """Of the distances of lesson 4 from the best weights, in an epoch."""
        twin = Left(self.lesson)
        twin["a y"].weight, twin["b y"].weight = 2, 1.5
        for [(row, target)] in self.lesson["sequences"]:
            twin.net.activate(row), twin.net.propagate(rate, target)
        return [round(twin["a y"].weight - 1, 9), round(twin["b y"].weight - 0.5, 9)]

    def as_before(self, *names):
        start = Left(self.lesson, "network")
        return all(self[name].weight == start[name].weight for name in names)

    def goes(self, name):
        """Whether a neuron's state is above 0, for each sample."""
        twin = Left(self.lesson)
        rows = [row for [(row, _)] in self.lesson["sequences"]]
        return [[twin.net.activate(row), twin[name].state > 0][1] for row in rows]

    def error(self, target, name):
        """What a target of the last step would give a neuron as error."""
        self.net.propagate(0.0, [target])
        return self[name].error.responsibility


HIDDEN = "a any", "b any", "a both", "b both"
GIVEN = "write in", "reset forget", "read out", "x cell", "cell y"
ENDS = [  # what sentences say of the network that is left, by their beginnings
    {
        "At -1.5, the other": lambda left: left.at("one go", -1.5, left.wrong) == 0,
        "Any weight": lambda left: (
            [left.at("one go", w, left.wrong) for w in (-0.99, -1, -1.99, -2)] == [1, 0, 0, 1]
        ),
    },
    {"Each of a and b bends": lambda left: all(left[one].squash.name == "relu" for one in "ab")},
    {
        "Each step took": lambda left: abs(left.wrong() - 0.4 * 0.6 ** left.lesson["steps"]) < 1e-12,
        "The weight of z": lambda left: left.as_before("z y"),
    },
    {
        "Each epoch": lambda left: np.allclose(left.factors(0.07), [1 - 0.07, 1 - 9 * 0.07]),
        "At 0.25 the factor": lambda left: left.factors(0.25) == [0.75, -1.25],
        "At 0.1 the factors": lambda left: left.factors(0.1) == [0.9, 0.1],
    },
    {
        "The weight from": lambda left: left["any go"].weight > 0.1 and left["both go"].weight < 0,
        "Each hidden": lambda left: [left.goes("any"), left.goes("both")] == [[0, 1, 1, 1], [0, 0, 0, 1]],
        "Here the weights": lambda left: left.as_before(*HIDDEN) and not left.net["hidden"].trainable,
    },
    {
        "All twelve": lambda left: (
            all(f"{w:.6f}" in left.lesson["seen"] for w in left.net.weights)
            and all(f"bias {one.bias:.6f}" in left.lesson["seen"] for one in left.net[2:])
        )
    },
    {
        "Even with": lambda left: (
            abs(left["h1"].error.responsibility / left["y"].error.responsibility - 0.026) < 1e-3
        )
    },
    {
        "The weight 1": lambda left: (
            (left.outputs() == 0.6).all() and round(left.at("cell cell", 0.9, left.outputs)[-1], 2) == 0.35
        ),
        "Select": lambda left: left["x cell"].eligibility == 0.6,
    },
    {
        "The cell keeps": lambda left: left.wrong() < 0.001,
        "In the later": lambda left: round(left["gate"].activation, 6) == 0.000045,
        "A gate is": lambda left: left.error(1, "gate") > 0,
    },
    {
        "Until step 3": lambda left: left.outputs().round(3).tolist() == [0.6] * 3 + [0.3] * 3,
        "The eligibility": lambda left: round(left["x cell"].eligibility, 3) == 0.3,
    },
    {
        "The outputs": lambda left: left.outputs().round(2).tolist() == [0, 0, 0.6, 0, 0, 0.3],
        "You set nothing": lambda left: left.as_before(*GIVEN) and left["cell cell"].weight == 1,
    },
    {
        "With the self": lambda left: left["h h"].weight and left["x h"].eligibility,
        "It is no longer": lambda left: left["x h"].weight and left.wrong() < 0.4,
    },
]


def test_each_sentence_at_the_end_holds_for_the_network_that_is_left(lessons):
    for lesson, ends in zip(lessons, ENDS, strict=True):
        sentences = re.split(r"(?<=[.:]) ", lesson["seen"].replace("\n", " "))
        for beginning, holds in ends.items():
            assert any(one.startswith(beginning) for one in sentences), (lesson["title"], beginning)
            assert holds(Left(lesson)), (lesson["title"], beginning)
