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
import { LESSONS } from "./lessons.js";

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
  play(passes) {
    for (let i = 0; i < passes; i++) for (const rows of this.data.sequences) {
      this.network.clear();
      for (const [inputs, targets] of rows) {
        this.network.activate(inputs);
        this.steps++;
        if (targets) this.network.propagate(this.settings.rate, targets, this.settings);
      }
    }
  }
  rate(rate) { this.settings.rate = rate; }
  neuron(name) { return this.network.neurons.find((one) => one.name === name); }
  link(source, target) { return this.neuron(target).incoming.find((one) => one.source.name === source); }
  squash(name, to) { this.neuron(name).squash = to; }
  weigh(source, target, weight) { this.link(source, target).weight = weight; }
  connect(from, to, weight) { this.network.connect(this.neuron(from), this.neuron(to), weight, true); }
  gate(gater, source, target) { this.network.gate(this.neuron(gater), this.link(source, target)); }
  paste(inputs, targets) { this.edited.push("data"); this.data.sequences = [[[[inputs], [targets]]]]; }
}
const tried = (lesson, deeds) => {
  const page = new Page(lesson);
  return ["play 0", ...deeds.split("; ")].map((deed) => {
    const [name, ...given] = deed.split(" ");
    page[name](...given.map((one) => (Number.isNaN(Number(one)) ? one : Number(one))));
    return lesson.done(page);
  });
};
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map((lists, i) => {
  const { network, data: { sequences } } = new Page(LESSONS[i]);
  const [asked, ...wrong] = lists.flat().map((one) => tried(LESSONS[i], one));
  return { ...LESSONS[i], network, sequences, asked, wrong };
})));
"""
WIRE = "connect cell cell 1; gate in x cell"
ASKED_AND_WRONG = [
    ("weigh one go -1.5", ["play 1", "weigh one go -0.9", "weigh one go -2", "weigh far go -2"]),
    ("play 300; squash a relu; squash b relu; play 200", ["squash a step; squash b step; play 200"]),
    ("play 7; play 1", ["weigh x y 0.5", "rate 0.6; play 8", "weigh z y 0.5; play 8"]),
    ("play 9; rate 0.1; play 50", ["play 50", "rate 0.1; play 43", "rate 0.23; play 200"]),
    ("play 300; connect any go 0; connect both go 0; play 100", ["connect both go 0; connect any go 0"]),
    ("play 1", ["play 2", "rate 0.4; play 1", "weigh h1 y1 0.623179"]),
    ("connect h1 y 0.1; play 1", ["play 100", "connect x y 1; play 1"]),
    ("connect cell cell 1; play 1", ["play 9", "connect cell cell 1", "connect cell cell 0.9; play 1"]),
    ("gate gate x cell; play 1", ["gate gate cell cell; play 1", "rate 0.1; play 100"]),
    ("gate forget cell cell; play 1", ["gate gate cell cell; play 1", "rate 0.1; play 100"]),
    (
        f"{WIRE}; gate forget cell cell; gate out cell y; play 1",
        [f"{WIRE}; gate {gate}; play 1" for gate in ("forget cell cell", "out cell y", "forget cell y")],
    ),
    ("play 300; connect h h 1; play 70", ["rate 0.5; play 300", "connect h h 1; paste 0 0"]),
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
