// Run by test_lessons.py beside the page's own files: does what each lesson asks for, and writes as JSON what came of it.

import { Network } from "./network.js";
import { LESSONS, isDone } from "./lessons.js";
import { TARGETLESS } from "./targetless.js";

/** What a lesson sees of the page, and what a reader does there. */
class Page {
  constructor({ network, data, settings, rule }) {
    Object.assign(this, { network: Network.from(network), edited: [], steps: 0, rule });
    this.settings = { rate: 0.5, ...settings };
    this.data = { sequences: structuredClone(data).map((one) => (Array.isArray(one[0][0]) ? one : [one])) };
  }
  answers() {
    const copy = Network.from(this.network.toJSON());
    return this.data.sequences.map((rows) => (copy.clear(), rows.map(([inputs]) => copy.activate(inputs))));
  }
  play(passes) { return this.step(passes * this.data.sequences.flat().length); }
  step(count) {
    const all = this.data.sequences.flatMap((rows) => rows.map((row, t) => [...row, t, t === rows.length - 1]));
    for (; count > 0; count--) {
      const [inputs, targets, t, ends] = all[this.steps++ % all.length];
      if (t === 0) this.network.clear();
      this.network.activate(inputs);
      if (this.rule) this.kept = TARGETLESS[this.rule.name].learn(this.network, { ...this.rule, ...this.settings, inputs, reward: targets?.[0] ?? 0, begins: t === 0, ends, kept: this.kept });
      else if (targets) this.network.propagate(this.settings.rate, targets, this.settings);
    }
    return this;
  }
  rate(rate) { this.settings.rate = rate; return this; }
  neuron(name) { return this.network.neurons.find((one) => one.name === name); }
  link(source, target) { return this.neuron(target).incoming.find((one) => one.source.name === source); }
  squash(name, to) { this.neuron(name).squash = to; }
  weigh(source, target, weight) { this.link(source, target).weight = weight; this.edited.push("weight"); return this; }
  bias(name, to) { this.neuron(name).bias = to; this.edited.push("bias"); }
  connect(from, to, weight) { this.network.connect(this.neuron(from), this.neuron(to), weight, true); }
  target(i, to) { this.data.sequences[i][0][1] = [to]; this.edited.push("data"); }
  delay(source, target, steps) { this.link(source, target).delay = steps; }
  gate(gater, source, target) { this.network.gate(this.neuron(gater), this.link(source, target)); }
  wrong() { // the largest distance of an output from its target
    const answers = this.answers(), far = ([, targets], [answer]) => (targets ? Math.abs(answer - targets[0]) : 0);
    return Math.max(...this.data.sequences.flatMap((rows, i) => rows.map((row, t) => far(row, answers[i][t]))));
  }
  countOn(name) { return this.signs(name).replaceAll("0", "").length; }
  signs(name) { // of the state, by sample
    return this.data.sequences.map(([[row]]) => (this.network.activate(row), Number(this.neuron(name).state > 0))).join("");
  }
}
const near = (one, other, within = 1e-9) => Math.abs(one - other) <= within;
const tried = (lesson, deeds, page = new Page(lesson)) => {
  return ["play 0", ...deeds.split("; ")].map((deed) => {
    const [name, ...given] = deed.split(" ");
    page[name](...given.map((one) => (Number.isNaN(Number(one)) ? one : Number(one))));
    return isDone(lesson, page);
  });
};

// For each lesson: what it asks for, what does not end it, and what its last words claim of the network that it leaves.
const SHEETS = [
  { asked: "weigh one go -1.5",
    wrong: ["play 1", "weigh one go -0.9", "weigh one go -2", "weigh far go -2", "bias go -1.5", "weigh friend go 2.5; weigh one go -1.9"],
    ends: {
      "At -1.5, the other": (left) => left.weigh("one", "go", -1.5).wrong() === 0,
      "Any weight": (left) => [-0.99, -1, -1.99, -2].map((w) => left.weigh("one", "go", w).wrong()).join() === "1,0,0,1",
    } },
  { asked: "play 300; squash a relu; squash b relu; play 200",
    wrong: ["squash a step; squash b step; play 200", "squash a tanh; squash b relu; play 2000"],
    ends: {
      "Each of a and b bends": (left) => left.neuron("a").squash === "relu" && left.neuron("b").squash === "relu",
    } },
  { asked: "play 7; play 1",
    wrong: ["weigh x y 0.5", "rate 0.6; play 8", "rate 0.2; play 8", "weigh z y 0.5; play 8"],
    ends: {
      "Each step took away 40 %": (left) => near(left.wrong(), 0.4 * 0.6 ** left.steps),
      "The weight of z never changed": (left) => left.link("z", "y").weight === 0.3,
    } },
  { asked: "play 9; rate 0.1; play 50",
    wrong: ["play 50", "rate 0.1; play 43", "rate 0.23; play 200"],
    ends: {
      "Each epoch multiplies the distance of a": (left) => near(left.weigh("a", "y", 2).rate(0.07).play(1).link("a", "y").weight, 1.93),
      "that of b by 1 - 9 × rate": (left) => near(left.weigh("b", "y", 1.5).rate(0.07).play(1).link("b", "y").weight, 0.5 + 0.37),
      "At 0.25 the factor": (left) => near(left.weigh("b", "y", 1.5).rate(0.25).play(1).link("b", "y").weight, 0.5 - 1.25),
      "b arrives at once": (left) => near(left.weigh("b", "y", 1.5).rate(0.1).play(1).link("b", "y").weight, 0.5 + 0.1),
    } },
  { asked: "play 300; connect any go 0.1; connect both go 0.1; play 1000",
    wrong: ["connect both go 0.1; connect any go 0.1", "play 300; connect any go 0.1; play 20000", "connect any both 1; play 2000"],
    ends: {
      "The weight from \"any\" grew": (left) => left.link("any", "go").weight > 0.1 && left.link("both", "go").weight < 0,
      "Each hidden neuron draws one line": (left) => left.signs("any") === "0111" && left.signs("both") === "0001",
      "were set by hand": (left) => left.network.layers[1].neurons.every((one) => one.incoming.every(({ weight }) => weight === 6)),
      "do not learn": (left) => left.network.layers[1].neurons.every((one) => one.incoming.every(({ trainable }) => !trainable)),
    } },
  { asked: "play 1",
    wrong: ["play 2", "rate 0.4; play 1", "weigh h1 y1 0.623179"],
    ends: {
      "All twelve": (left, seen) => left.network.connections.every(({ weight }) => seen.includes(weight.toFixed(6))),
      "numbers changed": (left, seen) => left.network.neurons.slice(2).every(({ bias }) => seen.includes(`bias ${bias.toFixed(6)}`)),
    } },
  { asked: "connect h1 y 0.1; play 1",
    wrong: ["play 100", "connect x y 1; play 1", "connect h1 y 0.2; play 1", "connect x y 0.1; connect h1 y 0.1; play 1"],
    ends: {
      "about 0.026": (left) => near(left.neuron("h1").responsibility / left.neuron("y").responsibility, 0.026, 0.001),
    } },
  { asked: "connect cell cell 1; play 1",
    wrong: ["play 9", "connect cell cell 1", "step 3; connect cell cell 1; step 3", "connect cell cell 0.9; play 1"],
    ends: {
      "The weight 1 keeps the state exactly": (left) => left.wrong() === 0 && left.link("cell", "cell").weight === 1,
      "0.9 would leave 0.35": (left) => near(left.weigh("cell", "cell", 0.9).answers()[0][5][0], 0.35, 0.005),
      "A weight larger by 0.1": (left) => near(left.weigh("x", "cell", 1.1).answers()[0][5][0], 0.66),
      "stays 0.6": (left) => left.link("x", "cell").eligibility === 0.6,
    } },
  { asked: "gate gate x cell; play 1",
    wrong: ["step 3; gate gate x cell; step 3", "gate gate cell cell; play 1", "rate 0.1; play 100"],
    ends: {
      "The cell keeps 0.6": (left) => left.wrong() < 0.001,
      "the activation 0.000045": (left) => left.neuron("gate").activation.toFixed(6) === "0.000045",
      "the error of the cell reaches it": (left) => (left.network.propagate(0, [1]), left.neuron("gate").gated > 0),
    } },
  { asked: "gate forget cell cell; play 1",
    wrong: ["gate gate cell cell; play 1", "rate 0.1; play 100"],
    ends: {
      "Until step 3": (left) => left.answers()[0].map(([one]) => one.toFixed(3)).join() === "0.600,0.600,0.600,0.300,0.300,0.300",
      "The eligibility of the connection from x": (left) => near(left.link("x", "cell").eligibility, 0.3, 0.001),
    } },
  { asked: "connect cell cell 1; gate in x cell; gate forget cell cell; gate out cell y; play 1",
    wrong: ["connect cell cell 1; gate in x cell; gate forget cell cell; play 1", "connect cell cell 1; gate in x cell; gate out cell y; play 1", "connect cell cell 1; gate in x cell; gate forget cell y; play 1"],
    ends: {
      "The outputs are 0, 0, 0.6": (left) => left.answers()[0].map(([one]) => Math.round(10 * one)).join() === "0,0,6,0,0,3",
      "You set nothing but": (left) => left.network.connections.map(({ weight }) => weight).join() === "20,-20,20,1,1,1",
    } },
  { asked: "play 300; connect h h 1; play 70",
    wrong: ["rate 0.5; play 300", "connect h h 1", "connect x y 1; connect h h 1; play 70"],
    ends: {
      "the eligibility of the weight from x lasts": (left) => left.link("h", "h").weight && left.link("x", "h").eligibility,
      "the network learns": (left) => left.link("x", "h").weight !== 0 && left.wrong() <= 0.1,
    } },
  { asked: "connect spike voltage -1; play 1",
    wrong: ["connect spike voltage -1", "connect spike voltage -0.5; play 1", "weigh voltage voltage 0.5; play 1", "connect spike voltage -1; weigh x voltage 0.9; play 1"],
    ends: {
      "The cell fires in steps 4 and 9": (left) => left.answers()[0].map(([one]) => one).join() === "0,0,0,1,0,0,0,0,1",
      "acts one step after a spike, and takes away 1": (left) => near(left.play(1).step(3).neuron("voltage").state, 0.813),
      "0.3 at the threshold": (left) => (left.weigh("x", "voltage", 1 / 0.3), left.network.clear(), left.network.activate([0.3]), near(left.neuron("spike").derivative, 0.3)),
    } },
  { asked: "bias mouth -0.5",
    wrong: ["bias mouth -1", "bias mouth -1.5", "bias mouth 0.1", "bias face -0.5", "bias eyes -2.5; bias mouth -0.5", "weigh b23 mouth 3", "play 9"],
    ends: {
      "Any bias above -1, up to 0": (left) => [-1, -0.99, 0, 0.01].map((bias) => (left.bias("mouth", bias), left.wrong())).join() === "1,0,0,1",
      "no edge answers to more than two images": (left) => ["a12", "a23", "a34", "b12", "b23", "b34"].every((edge) => ["1", "2"].includes(String(left.countOn(edge)))),
      "\"eyes\" and \"mouth\" answer to four each, \"face\" to three": (left) => ["eyes", "mouth", "face"].map((name) => left.countOn(name)).join() === "4,4,3",
      "Images 2 and 3 have no pixel in common": (left) => left.data.sequences[1][0][0].every((one, i) => one + left.data.sequences[2][0][0][i] === 1),
    } },
  { asked: "target 4 1; target 5 0; play 3000",
    wrong: ["play 3000", "target 4 1; play 3000", "target 4 0; target 5 1; play 3000", "weigh sky tank 0; weigh shape tank 9", "target 4 1; target 5 0; weigh shape tank 9; weigh sky tank 0"],
    ends: {
      "its weight has grown": (left) => left.link("shape", "tank").weight > 3 && left.link("sky", "tank").weight < 3,
      "Now the shape decides": (left) => 0.4 * left.link("shape", "tank").weight > left.link("sky", "tank").weight,
      "the larger one learned faster": (left) => {
        const fresh = new Page({ ...LESSONS[14], network: left.network.toJSON() });
        fresh.data = new Page(LESSONS[14]).data;
        fresh.weigh("sky", "tank", 0).weigh("shape", "tank", 0).play(15); // as the lesson's network has learned
        const [sky, shape] = ["sky", "shape"].map((name) => fresh.link(name, "tank").weight), answers = fresh.answers().flat(2).map(Math.round);
        return near(sky, 3, 0.03) && near(shape, 1.2, 0.03) && answers.join() === "1,1,0,0,0,1"; // right where it has learned, and wrong on 5 and 6
      },
    } },
  { asked: "step 3; step 6",
    wrong: ["step 8", "rate 0.9; step 9", "weigh bell prediction 0.45; weigh pause prediction 0.9"],
    ends: {
      "Trial 1 changed the weight of the pause only, to 0.5": () => {
        const fresh = new Page(LESSONS[15]).step(3);
        return fresh.link("pause", "prediction").weight === 0.5 && fresh.link("bell", "prediction").weight === 0;
      },
      "0.5 × 0.9 × 0.5 = 0.225": () => near(new Page(LESSONS[15]).step(5).link("bell", "prediction").weight, 0.225),
      "In the end the bell predicts 0.9, and the difference at the food is 0": (left) => near(left.step(300).answers()[0][0][0], 0.9) && near(left.kept.delta, 0),
    } },
  { asked: "step 5; step 1",
    wrong: ["step 4", "rate 1; step 2", "weigh bell drool 1", "bias drool 0.5; step 2"],
    ends: {
      "Only the sample with food changed the weight, by 0.2": () => [1, 2].map((count) => new Page(LESSONS[16]).step(count).link("bell", "drool").weight).join() === "0,0.2",
      "it is 0.6": (left) => near(left.link("bell", "drool").weight, 0.6),
      "Press Step again: now the bell strengthens itself": (left) => near(left.step(1).link("bell", "drool").weight, 0.8),
    } },
  { asked: "delay left both 2; play 1",
    wrong: ["delay left both 2", "delay left both 1; play 1", "delay right both 2; play 1", "delay left both 2; delay right both 1; play 1"],
    ends: {
      "meets that of the right ear in step 3": (left) => left.answers()[0].map(([one]) => one).join("") === "00100000",
      "now arrives in steps 6 and 8, each time alone": (left) => (left.network.clear(), left.data.sequences[0].map(([row]) => (left.network.activate(row), left.neuron("both").state + 1.5)).slice(3).join("") === "00101"),
      "Neurons with other delays answer to other directions": (left) => (left.delay("left", "both", 0), left.answers()[0].map(([one]) => one).join("") === "00000100"),
    } },
];
console.log(JSON.stringify(LESSONS.map((lesson, i) => {
  const { asked, wrong, ends } = SHEETS[i], { network, data: { sequences } } = new Page(lesson), page = new Page(lesson);
  const found = tried(lesson, asked, page), { steps } = page, json = page.network.toJSON();
  const left = () => Object.assign(new Page(lesson), { network: Network.from(json), steps });
  const claims = Object.entries(ends).map(([words, holds]) => [words, lesson.seen.includes(words) && Boolean(holds(left(), lesson.seen))]);
  return { ...lesson, network, sequences, asked: found, wrong: wrong.map((one) => tried(lesson, one)), claims };
})));
