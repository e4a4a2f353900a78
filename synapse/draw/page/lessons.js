// The lessons of the page that learns, in the order of its list. Each is a plain object:
//
//   title     a few words
//   demo      the name of the demo with the same material: "xor" for demos/xor.py, whose text names the lesson
//   scene     what the reader sees, at most 120 words; "\n" begins a line, here and in `seen`
//   task      what the reader is asked to do, at most 40 words
//   network   a network in Synapse's JSON, which `wired` below makes
//   data      rows: an array of [inputs, targets] for samples that do not depend on each other, or of arrays of such pairs for
//             sequences; targets may be null
//   settings  those that differ from { rate: 0.5, momentum: 0, cost: "", order: "shuffled", speed: "normal" }: the order can be
//             "in order", the speed "slow" or "fast"; the cost "" is that of the network
//   rule      { name, ... } of targetless.js, with its settings, where the network learns without targets; left out for the online rule
//   may       what the task changes in the network, in the words of `changesOf`; "learning" stands for all that learns,
//             "data" for the rows, which end any other lesson
//   within    how near every output must be to its target at the end; left out where that is not the aim
//   done      (page) => true when the reader has done it, where `within` does not say so; each sentence of `seen` then holds
//   seen      what the reader has seen, at most 80 words, shown at the end
//   drawn     the weight of a connection that the reader draws; a random one where it is left out
//   strips    rows [name, read] of numbers by step or sample, drawn under the scene and again at the end: `read` returns the number of a
//             network, which has activated and computed its errors, and of the targets
//   reveals   rows that are drawn at the end only, as the words of `seen` explain them
//
// All texts are shown as text. `isDone` is asked after every action and after the steps of every frame. `done` only reads, and only this:
//
//   page.network    the network, an object of network.js: its neurons, connections, inputs, outputs, and their numbers
//   page.steps      learning steps since the lesson began
//   page.edited     what the reader has changed since then, as words, oldest first: "weight", "squash", "gate", "data", "random" (new weights), ...
//   page.data       { sequences }: each sequence is an array of [inputs, targets]
//   page.settings   { rate, momentum, cost, ... }
//   page.answers()  what a copy of the network answers to the data, without learning: outputs by sequence and step

/** A network's JSON, from its neurons [name, squash, bias] by layer and connections [source, target, weight, gater].
 *  A name alone is an input; a neuron without a bias has 0, which is not trained. A fourth part of a neuron, or a fifth of a
 *  connection, says whether it learns. */
function wired(layers, links) {
  const neurons = Object.values(layers).flat().map((one) => [one].flat());
  const place = (name) => (name ? neurons.findIndex(([other]) => other === name) : null);
  return {
    format: "synapse", version: 2, name: "Lesson", clock: 0,
    layers: { name: Object.keys(layers), size: Object.values(layers).map((one) => one.length) },
    neurons: {
      name: neurons.map(([name]) => name),
      squash: neurons.map(([, squash = "identity"]) => squash),
      bias: neurons.map(([, , bias = 0]) => bias),
      trainable_bias: neurons.map(([, , bias, learns = bias !== undefined]) => learns),
    },
    connections: {
      source: links.map(([source]) => place(source)),
      target: links.map(([, target]) => place(target)),
      gater: links.map(([, , , gater]) => place(gater)),
      weight: links.map(([, , weight]) => weight),
      trainable: links.map(([source, target, , , trained = source !== target]) => trained),
    },
  };
}

/** Whether every answer of the network is this near to its target. */
function solved(page, within) {
  const answers = page.answers();
  return page.data.sequences.every((steps, i) => steps.every(([, targets], t) =>
    targets === null || targets.every((target, k) => target === null || Math.abs(answers[i][t][k] - target) <= within)));
}

/** What differs from the network that a lesson began with: "squash a", "bias a", "weight a b", "link a b", "gate g a b", ... */
function changesOf({ network: { neurons: rows, connections: ends }, may, settings: own }, { network, edited, settings }) {
  const changes = [], learns = may.includes("learning"), note = (differs, words) => { if (differs) changes.push(words); };
  const before = new Map(ends.source.map((source, i) => [`${rows.name[source]} ${rows.name[ends.target[i]]}`, i]));
  note(network.neurons.length < rows.name.length, "a removed neuron");
  for (const { name, squash, bias, trainableBias } of network.neurons) {
    const i = rows.name.indexOf(name);
    note(i < 0, `neuron ${name}`);
    note(i >= 0 && squash !== rows.squash[i], `squash ${name}`);
    note(i >= 0 && bias !== rows.bias[i] && !(learns && rows.trainable_bias[i]), `bias ${name}`);
    note(i >= 0 && trainableBias !== rows.trainable_bias[i], `learning of ${name}`);
  }
  for (const { source, target, weight, trainable, gater, delay } of network.connections) {
    const title = `${source.name} ${target.name}`, i = before.get(title);
    const gate = ends.gater[i] == null ? undefined : rows.name[ends.gater[i]];
    note(i === undefined, `link ${title}`);
    note(gater?.name !== gate, gater ? `gate ${gater.name} ${title}` : `no gate ${title}`);
    note(i !== undefined && weight !== ends.weight[i] && !(learns && ends.trainable[i]), `weight ${title}`);
    note(i !== undefined && trainable !== ends.trainable[i], `learning of ${title}`);
    note(i !== undefined && delay !== (ends.delay?.[i] ?? 0), `delay ${title}`);
    before.delete(title);
  }
  for (const title of before.keys()) changes.push(`no link ${title}`);
  const named = changes.some((change) => /^(weight|bias) /.test(change));
  note(learns && !named && ["weight", "bias"].some((word) => edited.includes(word)), "a number set by hand");
  const began = { rate: 0.5, momentum: 0, cost: "", ...own };
  for (const name of ["rate", "momentum", "cost"]) note((settings[name] ?? began[name]) !== began[name], name);
  return changes;
}
/** What the reader has changed although the task does not ask for it: with it, the sentences at the end would not hold. */
export const strays = (lesson, page) => changesOf(lesson, page).filter((change) => !lesson.may.includes(change));

export function isDone(lesson, page) {
  const { within, done } = lesson;
  return strays(lesson, page).length === 0 && (within === undefined || solved(page, within)) && (done === undefined || done(page));
}

/** Whether the latest step ended a sequence that ran from its beginning through the network as it is now. */
const ran = (page) => page.steps >= page.data.sequences[0].length
  && page.network.outputs.every(({ activation }, k) => Math.abs(activation - page.answers().at(-1).at(-1)[k]) < 1e-9);

const neuronOf = (page, name) => page.network.neurons.find((one) => one.name === name);
const linkOf = (page, source, target) => neuronOf(page, target)?.incoming.find((one) => one.source === neuronOf(page, source));

// Rows of `strips`.
const activationRows = (...names) => names.map((name) => [name, (network) => neuronOf({ network }, name).activation]);
const aimRow = ["target", (network, targets) => targets[0]];
const responsibilityRows = (...names) => names.map((name) => [`error of ${name}`, (network) => neuronOf({ network }, name).responsibility]);
const added = (network, source) => neuronOf({ network }, source).activation * linkOf({ network }, source, "tank").weight;
const eligibilityRow = (source, target) => [`eligibility ${source} \u2192 ${target}`, (network) => linkOf({ network }, source, target).eligibility];

const EVENINGS = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
  const weather = (i >> 2) & 1, friend = (i >> 1) & 1, far = i & 1;
  return [[weather, friend, far, 1], [friend && (weather || !far) ? 1 : 0]];
});

// The twelve numbers of lesson 6 after its step: those that demos/worked_example.py prints.
const STEPPED = {
  "x1 h1": 0.410096, "x2 h1": 0.705048, "x1 h2": -0.310995, "x2 h2": 0.494503,
  "h1 y1": 0.623179, "h2 y1": -0.48104, "h1 y2": -0.81941, "h2 y2": 0.884123,
  h1: -0.089904, h2: 0.189005, y1: 0.335279, y2: -0.229542,
};

const CHAIN = [1, 2, 3, 4, 5];

// Lessons 9 to 11: a number to keep in step 1, another one in step 4, and noise.
const NOISY = [0.6, -0.4, 0.9, 0.3, -0.7, 0.5];
const stepsOf = (row, target) => [NOISY.map((x, t) => [[x, ...row(t)], [target(t)]])];
const isAt = (...times) => (t) => (times.includes(t + 1) ? 1 : 0);
const WRITE = isAt(1, 4), RESET = isAt(4), READ = isAt(3, 6);

const PACE_OF_LEARNING = ["rate", "momentum"]; // where the last words hold for all of them

export const LESSONS = [
  {
    title: "One neuron decides",
    demo: "concert",
    scene: "Will you go to the concert? Three things matter: fine weather, a friend who comes, a long way. Each input is 1 for yes and 0 for no, "
      + "and has a weight: weather +1, friend +2, far -1. The neuron \"go\" adds the weights of all inputs that are 1. This sum is its state. If "
      + "the state is above 0, its output is 1 (go), otherwise 0 (stay).\n"
      + "You want to go when a friend comes, unless it is far and the weather is bad. With these weights you also go for the weather alone, and "
      + "with a friend a long way in the rain. The input \"one\" is always 1. Its weight is 0.",
    task: "Open the tab Build and select the connection from \"one\" to \"go\". Lower its weight until the outputs of all eight evenings are "
      + "right.",
    network: wired({ input: ["weather", "friend", "far", "one"], output: [["go", "step"]] },
      [["weather", "go", 1], ["friend", "go", 2], ["far", "go", -1], ["one", "go", 0]]),
    data: EVENINGS,
    settings: { order: "in order" },
    may: ["weight one go", ...PACE_OF_LEARNING],
    strips: [...activationRows("weather", "friend", "far", "go"), aimRow],
    within: 0.5,
    seen: "The weight of the constant 1 is a threshold. At -1.5, the other weights must add up to more than 1.5. Any weight from -1 down to just "
      + "above -2 works. Every neuron has such a weight. It is called the bias, and the constant 1 is not drawn. From now on you find it in the "
      + "neuron's own numbers.",
  },
  {
    title: "Why activation functions are bent",
    demo: "thresholds",
    scene: "A neuron adds its weighted inputs and its bias. Then its activation function, or squash, turns this sum into its output. The identity "
      + "leaves the sum as it is.\n"
      + "The five samples form a valley: the target is the square of x, for x from -1 to 1. All three neurons have the squash identity. Each "
      + "draws a straight line, and a sum of straight lines is a straight line, however many neurons there are. No line is near all five "
      + "points. The best one is level, at 0.5, and its error is a half at three of the five points.",
    task: "Open the tab Learn and press Play: the error stops falling. Then select a in the tab Build and set its squash to relu, do the same "
      + "with b, and play until every output is within 0.15 of its target.",
    network: wired({ input: ["x"], hidden: [["a", "identity", 0.5], ["b", "identity", 0.5]], output: [["y", "identity", 0]] },
      [["x", "a", 1], ["x", "b", -1], ["a", "y", 0.3], ["b", "y", 0.3]]),
    data: [-1, -0.5, 0, 0.5, 1].map((x) => [[x], [x * x]]),
    settings: { rate: 0.1 },
    may: ["learning", "squash a", "squash b", ...PACE_OF_LEARNING],
    strips: [...activationRows("x", "a", "b", "y"), aimRow],
    within: 0.15,
    done: (page) => ["a", "b"].every((name) => neuronOf(page, name).squash === "relu"),
    seen: "relu is 0 for a sum below 0, and the sum itself above: a line with one bend. Each of a and b bends once, so their sum can follow the "
      + "valley. With bends, more neurons can fit more. tanh and the logistic function bend smoothly. A squash must not be flat everywhere, like "
      + "a step: learning needs a slope.",
  },
  {
    title: "The delta rule",
    demo: "delta_rule",
    scene: "This neuron has two inputs, x = 2 and z = 0, and two weights of 0.3. Its output is 0.3 × 2 + 0.3 × 0 = 0.6. The target is 1, so the "
      + "error is 1 - 0.6 = 0.4.\n"
      + "The delta rule (Widrow and Hoff 1960) changes each weight by\n"
      + "rate × error × input.\n"
      + "With a rate of 0.1, the weight of x changes by 0.1 × 0.4 × 2 = 0.08, to 0.38. The weight of z changes by 0.1 × 0.4 × 0 = 0: an input of "
      + "0 has not added to the error.",
    task: "Press Step and compare both weights with the rule. Go on until the output is within 0.01 of the target.",
    network: wired({ input: ["x", "z"], output: [["y", "identity"]] }, [["x", "y", 0.3], ["z", "y", 0.3]]),
    data: [[[2, 0], [1]]],
    settings: { rate: 0.1, speed: "slow" },
    may: ["learning"],
    within: 0.01,
    done: (page) => Math.abs(linkOf(page, "x", "y").weight - (0.5 - 0.2 * 0.6 ** page.steps)) < 1e-9, // all steps by this rule, at this rate
    seen: "Each step took away 40 % of the error: 0.4, 0.24, 0.144, ... A large error causes a large change, a small error a small one, so the "
      + "weight slows down as it comes near 0.5. The weight of z never changed. Select a weight: \"Why did this weight move\" shows the product "
      + "for any connection of any network.",
  },
  {
    title: "Two weights, one valley",
    demo: "delta_rule",
    scene: "Two samples, two weights. The inputs of the first are (1, 0), of the second (0, 3). The targets are 1 and 1.5, so the best weights "
      + "are 1 and 0.5.\n"
      + "The tab Learn has a map of the error over the two weights. It is a valley, with its floor along the first weight. Learning walks "
      + "downhill. At the same distance from its best value, the weight of b changes nine times as much as that of a. Its input is three "
      + "times as large. So the error is three times as large, and the rule multiplies this error by the input once more. "
      + "Each step multiplies its distance by 1 - 9 × rate.",
    task: "Open the tab Learn and press Epoch ten times: at a rate of 0.25 the error soon grows. Set the rate to 0.1, and play until both weights "
      + "are within 0.02 of the best ones.",
    network: wired({ input: ["a", "b"], output: [["y", "identity"]] }, [["a", "y", -1], ["b", "y", 0.7]]),
    data: [[[1, 0], [1]], [[0, 3], [1.5]]],
    settings: { rate: 0.25, order: "in order" },
    may: ["learning", ...PACE_OF_LEARNING],
    done: (page) => page.steps > 0 && Math.abs(linkOf(page, "a", "y").weight - 1) <= 0.02 && Math.abs(linkOf(page, "b", "y").weight - 0.5) <= 0.02,
    seen: "Each epoch multiplies the distance of a by 1 - rate, and that of b by 1 - 9 × rate. At 0.25 the factor of b is -1.25: b jumps over "
      + "the floor of the valley, further each time, while a comes closer. At 0.1 the factors are 0.9 and 0.1: b arrives at once, and a "
      + "needs many epochs. The steepest direction limits the rate; the flattest decides how long it takes.",
  },
  {
    title: "XOR needs a layer",
    demo: "xor",
    scene: "Go if one of two things holds, but not both: this is exclusive or, XOR. Look at the neuron \"go\" with its two inputs. It would need "
      + "a bias of at most 0 (nothing holds: stay), and each weight must lift the sum above 0. But then both weights together lift it higher "
      + "still, and it goes when both hold. No weights solve this (Minsky and Papert 1969).\n"
      + "Two hidden neurons are ready, but not connected to \"go\". One is near 1 if any input is 1, the other if both are.",
    task: "Press Play: the four outputs stay near 0.5. Then open the tab Build, drag from \"any\" to \"go\" and from \"both\" to \"go\", and play "
      + "until every output is within 0.3 of its target.",
    network: wired({ input: ["a", "b"], hidden: [["any", "logistic", -3, false], ["both", "logistic", -9, false]], output: [["go", "logistic", 0]] },
      [["a", "any"], ["b", "any"], ["a", "both"], ["b", "both"]].map(([one, other]) => [one, other, 6, null, false]).concat([["a", "go", 0.5], ["b", "go", 0.5]])),
    data: [[[0, 0], [0]], [[0, 1], [1]], [[1, 0], [1]], [[1, 1], [0]]],
    settings: { rate: 0.5 },
    may: ["learning", "link any go", "link both go", ...PACE_OF_LEARNING],
    drawn: 0.1,
    strips: [...activationRows("a", "b", "any", "both", "go"), aimRow],
    within: 0.3,
    done: (page) => linkOf(page, "any", "go")?.weight > 0.1 && linkOf(page, "both", "go")?.weight < 0,
    seen: "The weight from \"any\" grew, that from \"both\" became negative: any, but not both. Each hidden neuron draws one line between "
      + "the four points, and \"go\" combines them. Here the weights of the hidden neurons were set by hand, and they do not learn. The demo "
      + "xor shows how a network finds such neurons by itself, from random weights.",
  },
  {
    title: "Every number of one step",
    demo: "worked_example",
    scene: "All neurons are logistic: f(s) = 1 / (1 + exp(-s)), with slope f (1 - f). Forward:\n"
      + "h1: s = -0.1 + 0.4 × 1 + 0.7 × 0.5 = 0.65, f = 0.657010\n"
      + "h2: s = 0.2 - 0.3 × 1 + 0.5 × 0.5 = 0.15, f = 0.537430\n"
      + "y1: s = 0.3 + 0.6 × 0.657010 - 0.5 × 0.537430 = 0.425491, f = 0.604797\n"
      + "y2: s = -0.2 - 0.8 × 0.657010 + 0.9 × 0.537430 = -0.241922, f = 0.439813\n"
      + "Backward, from the targets 0.9 and 0.2:\n"
      + "error y1 = (0.9 - 0.604797) × 0.239018 = 0.070559\n"
      + "error y2 = (0.2 - 0.439813) × 0.246378 = -0.059085\n"
      + "error h1 = 0.225348 × (0.6 × 0.070559 + 0.8 × 0.059085) = 0.020192\n"
      + "error h2 = 0.248599 × (-0.5 × 0.070559 - 0.9 × 0.059085) = -0.021990",
    task: "Each weight changes by 0.5 × the error of its target × the activation of its source. Compute the new weight from h1 to y1. Then press "
      + "Step, once, and compare.",
    network: wired({
      input: ["x1", "x2"],
      hidden: [["h1", "logistic", -0.1], ["h2", "logistic", 0.2]],
      output: [["y1", "logistic", 0.3], ["y2", "logistic", -0.2]],
    }, [["x1", "h1", 0.4], ["x2", "h1", 0.7], ["x1", "h2", -0.3], ["x2", "h2", 0.5],
      ["h1", "y1", 0.6], ["h2", "y1", -0.5], ["h1", "y2", -0.8], ["h2", "y2", 0.9]]),
    data: [[[1, 0.5], [0.9, 0.2]]],
    settings: { rate: 0.5, cost: "squared_error", speed: "slow" },
    may: ["learning"],
    done: (page) => Object.entries(STEPPED).every(([key, value]) => {
      const [one, other] = key.split(" ");
      const number = other ? linkOf(page, one, other)?.weight : neuronOf(page, one)?.bias;
      return Math.abs(number - value) < 1e-6;
    }),
    seen: "0.6 + 0.5 × 0.070559 × 0.657010 = 0.623179. All twelve numbers changed by the same rule:\n"
      + "into h1: 0.410096, 0.705048, bias -0.089904\n"
      + "into h2: -0.310995, 0.494503, bias 0.189005\n"
      + "into y1: 0.623179, -0.481040, bias 0.335279\n"
      + "into y2: -0.819410, 0.884123, bias -0.229542\n"
      + "The cost fell from 0.072328 to 0.064324. Errors went back through the old weights; this is backpropagation.",
  },
  {
    title: "The vanishing error",
    demo: "vanishing",
    scene: "Five logistic neurons stand in a row, all weights 1. Errors go back from the output y: each neuron's error is that of the next one, "
      + "times the weight between them, times the neuron's own slope. The slope of the logistic function is at most 1/4. Here it is exactly 1/4 "
      + "everywhere in the first step.\n"
      + "So an error of 1 at y becomes 0.25 at h5, 0.0625 at h4, and 0.00098 at h1: it is divided by four five times, that is by 1,024. The "
      + "weight into h1 hardly moves. After twenty layers, a trillionth is left.",
    task: "Open the tab Build and drag from h1 to y. Then press Step, and compare the errors of h1 and y.",
    network: wired({
      input: ["x"],
      ...Object.fromEntries(CHAIN.map((i) => [`h${i}`, [[`h${i}`, "logistic", -0.5]]])),
      output: [["y", "identity", 0]],
    }, [["x", "h1", 1], ...CHAIN.map((i) => [`h${i}`, i < 5 ? `h${i + 1}` : "y", 1])]),
    data: [[[0.5], [1.5]]],
    settings: { rate: 0.1, speed: "slow" },
    may: ["learning", "link h1 y"],
    drawn: 0.1,
    strips: responsibilityRows("y", ...CHAIN.map((i) => `h${i}`).reverse()),
    done: (page) => {
      const share = neuronOf(page, "h1").responsibility / neuronOf(page, "y").responsibility;
      return Math.abs(neuronOf(page, "y").responsibility) > 1e-6 && Math.abs(share - 0.026) < 0.001;
    },
    seen: "Through the new connection the error needs one step back instead of five. Even with its weight of 0.1, the share of y's error that "
      + "reaches h1 is now about 0.026 instead of 0.00098, over 20 times as large. "
      + "Such skip connections make networks of hundreds of layers learn (He and others 2016). Steps of a sequence are like layers: an "
      + "error that goes back through many steps vanishes in the same way. The next lesson shows the remedy.",
  },
  {
    title: "A self-connection remembers",
    demo: "carousel",
    scene: "A sequence has six steps. In the first, x is 0.6; then it is 0. The neuron \"cell\" must still have 0.6 at the end.\n"
      + "Its squash is the identity and the weight from x is 1, so it only repeats its input: 0.6, 0, 0, 0, 0, 0. No weight from x can help, "
      + "because x is 0 when it matters.\n"
      + "A neuron can be connected to itself. Then each new state is the old state, times the weight of this self-connection, plus the new input.",
    task: "Open the tab Build and drag from the cell away and back to it: its self-connection has the weight 1. Then press Step six times.",
    network: wired({ input: ["x"], output: [["cell", "identity"]] }, [["x", "cell", 1]]),
    data: [[0.6, 0, 0, 0, 0, 0].map((x) => [[x], [0.6]])],
    settings: { rate: 0.1, order: "in order" },
    may: ["learning", "link cell cell"],
    within: 0.001,
    done: (page) => ran(page) && Math.abs(linkOf(page, "x", "cell").eligibility - 0.6) < 1e-9,
    strips: activationRows("x", "cell"),
    reveals: [eligibilityRow("x", "cell")],
    seen: "The weight 1 keeps the state exactly; 0.9 would leave 0.35 after five steps. The last row is the eligibility of the connection from x: how "
      + "much the state changes if its weight does. A weight larger by 0.1 would give a state larger by 0.06, so it is 0.6, and stays 0.6. So an "
      + "error that arrives late still corrects the weight that was used early. The error goes round and does not fade: Hochreiter and "
      + "Schmidhuber (1997) called this the constant error carousel.",
  },
  {
    title: "A gate protects it",
    demo: "gates",
    scene: "Now x is never 0: after the 0.6 in the first step come -0.4, 0.9, 0.3, -0.7 and 0.5. The cell adds them all and ends at 1.2. Only the "
      + "first number matters; the input \"write\" is 1 then, and 0 later.\n"
      + "A gate is a neuron whose activation multiplies what a connection carries. At 1 the connection is open, at 0 it is closed. The neuron "
      + "\"gate\" is open when \"write\" is 1: its bias is -10, its weight 20. But it does not gate any connection yet.",
    task: "Open the tab Build and drag from \"gate\" to the connection from x to the cell. Then press Step six times.",
    network: wired({ input: ["x", "write"], gates: [["gate", "logistic", -10]], output: [["cell", "identity"]] },
      [["write", "gate", 20], ["x", "cell", 1], ["cell", "cell", 1]]),
    data: stepsOf((t) => [isAt(1)(t)], () => 0.6),
    settings: { rate: 0, order: "in order" },
    may: ["gate gate x cell"],
    within: 0.01,
    done: ran,
    strips: activationRows("x", "gate", "cell"),
    reveals: [eligibilityRow("x", "cell")],
    seen: "The cell keeps 0.6. In the later steps the gate has the activation 0.000045, so almost nothing passes. A sum cannot do this: a "
      + "gate multiplies two signals. A gate is an ordinary neuron and learns like one: the error of the cell reaches it through the connection that "
      + "it gates. In the demo, two gates learn to switch between two numbers.",
  },
  {
    title: "A forget gate",
    demo: "carousel",
    scene: "The cell is protected, but it only ever adds. In step 4, \"write\" is 1 again, and 0.3 must replace the 0.6. Instead the cell ends "
      + "at 0.9, the sum of both.\n"
      + "To forget, the self-connection must be closed for one step. The neuron \"forget\" is open, near 1, as long as \"reset\" is 0. In step 4, "
      + "\"reset\" is 1, and \"forget\" falls to 0.000045. But it does not gate any connection yet.",
    task: "Open the tab Build and drag from \"forget\" to the connection from the cell to itself. Then press Step six times.",
    network: wired({ input: ["x", "write", "reset"], gates: [["gate", "logistic", -10], ["forget", "logistic", 10]], output: [["cell", "identity"]] },
      [["write", "gate", 20], ["reset", "forget", -20], ["x", "cell", 1, "gate"], ["cell", "cell", 1]]),
    data: stepsOf((t) => [WRITE(t), RESET(t)], (t) => (t < 3 ? 0.6 : 0.3)),
    settings: { rate: 0, order: "in order" },
    may: ["gate forget cell cell"],
    within: 0.01,
    done: ran,
    strips: activationRows("x", "gate", "forget", "cell"),
    reveals: [eligibilityRow("x", "cell")],
    seen: "Until step 3 the cell holds 0.6, from step 4 on 0.3. While the forget gate is open, the self-connection carries the state on; once it "
      + "closes, the old state is gone. The eligibility of the connection from x, its effect on the state, is forgotten too. It is now 0.3: a late "
      + "error changes the weight by the new number, not by the number that has been replaced. Gers, Schmidhuber and Cummins added this gate in 2000.",
  },
  {
    title: "An LSTM, wired by hand",
    demo: "recall",
    scene: "A cell with an input gate, a forget gate and an output gate is a memory block of an LSTM, the long short-term memory. Here are all "
      + "its neurons, but its most important parts are missing.\n"
      + "The block must store x when \"write\" is 1 (steps 1 and 4), replace what it holds when \"reset\" is 1 (step 4), and show it only when "
      + "\"read\" is 1 (steps 3 and 6). At all other steps the output y must be 0.\n"
      + "You know the self-connection and two of the gates. The third, \"out\", gates what leaves the cell.",
    task: "In the tab Build, connect the cell to itself. Let \"in\" gate the connection from x to the cell, \"forget\" the self-connection, and "
      + "\"out\" the connection from the cell to y. Then press Step six times.",
    network: wired({
      input: ["x", "write", "reset", "read"],
      gates: [["in", "logistic", -10], ["forget", "logistic", 10], ["out", "logistic", -10]],
      cells: [["cell", "identity"]],
      output: [["y", "identity"]],
    }, [["write", "in", 20], ["reset", "forget", -20], ["read", "out", 20], ["x", "cell", 1], ["cell", "y", 1]]),
    data: stepsOf((t) => [WRITE(t), RESET(t), READ(t)], (t) => [0, 0, 0.6, 0, 0, 0.3][t]),
    settings: { rate: 0, order: "in order" },
    may: ["link cell cell", "gate in x cell", "gate forget cell cell", "gate out cell y"],
    within: 0.01,
    done: ran,
    strips: activationRows("x", "in", "forget", "out", "cell", "y"),
    seen: "The outputs are 0, 0, 0.6, 0, 0, 0.3. You have wired one memory block of an LSTM. You set nothing but its structure; the weights of "
      + "the gates were given. In an LSTM they are learnt, with many such blocks side by side, and the gates read all inputs. In the demo, an "
      + "LSTM learns to recall two symbols in their order.",
  },
  {
    title: "What Elman's error misses",
    demo: "rtrl",
    scene: "Elman's network (1990) remembers in another way: the context c copies h after each step, and h reads the copy in the next. Two "
      + "sequences have four steps each. The first input is 1 or -1, the others are 0; in step 4 the target is 0.8 or -0.8.\n"
      + "The error stops at the context: it is truncated. In step 4, when it arrives, x is 0. So the weight from x, which is 0 at the start, "
      + "changes by rate × error × 0 = 0, always. But it matters: the true derivative of the cost is -0.8 × 0.5 × 0.8 × 0.8 × 0.8 = -0.2048, back "
      + "through all weights on the way.",
    task: "Press Play: the weight from x to h stays 0. Then connect h to itself in the tab Build, and play until both last outputs are within 0.1 "
      + "of their targets.",
    network: wired({ input: ["x"], context: [["c", "identity"]], hidden: [["h", "tanh", 0]], output: [["y", "tanh", 0]] },
      [["x", "h", 0], ["c", "h", 0.8], ["h", "c", 1, null, false], ["h", "y", 0.5]]),
    data: [1, -1].map((first) => [first, 0, 0, 0].map((x, t) => [[x], t < 3 ? null : [0.8 * first]])),
    settings: { rate: 0.05 },
    may: ["learning", "link h h", ...PACE_OF_LEARNING],
    within: 0.1,
    done: (page) => neuronOf(page, "h").selfConnection !== null && linkOf(page, "x", "h").eligibility !== 0,
    strips: activationRows("x", "c", "h"),
    reveals: [eligibilityRow("x", "h")],
    seen: "With the self-connection, the state of h in step 4 still depends on the weight from x: the eligibility of the weight from x lasts, as in "
      + "lesson 8. So the error of step 4 changes the weight, and the network learns. This is why memory cells learn what Elman's units miss. "
      + "Exact rules send the error through the context too: rule=\"bptt\" or \"rtrl\" in Python. They cost more, and their error can vanish.",
  },
  {
    title: "A neuron that fires",
    demo: "spikes",
    scene: "A neuron of the brain does not send a number. It adds its inputs, and when the sum exceeds a threshold, it fires: a spike.\n"
      + "Here two neurons are one such cell. \"voltage\" adds x, 0.3 in each step, and keeps 0.9 of its last state. \"spike\" is 1 if the voltage is "
      + "above 1, otherwise 0: its squash is spike, its bias -1.\n"
      + "In step 4 the voltage is 1.0317, and the cell fires. But nothing resets it, so it fires in every step from then on.",
    task: "Open the tab Build, drag from \"spike\" to \"voltage\", and set the weight of the new connection to -1. Then press Step nine times.",
    network: wired({ input: ["x"], hidden: [["voltage", "identity"]], output: [["spike", "spike", -1, false]] },
      [["x", "voltage", 1, null, false], ["voltage", "voltage", 0.9], ["voltage", "spike", 1, null, false]]),
    data: [[0, 0, 0, 1, 0, 0, 0, 0, 1].map((spike) => [[0.3], [spike]])],
    settings: { rate: 0, order: "in order" },
    may: ["link spike voltage"],
    within: 0.01,
    done: ran,
    strips: [...activationRows("x", "voltage", "spike"), aimRow],
    seen: "The cell fires in steps 4 and 9. The connection leads back, so it acts one step after a spike, and takes away 1, the threshold. This is a "
      + "leaky integrate-and-fire neuron, which Lapicque described in 1907. Its output jumps, so its slope is 0 and nothing could learn. The squash "
      + "spike has a surrogate slope: 0.3 at the threshold, and less away from it. With it, networks of such cells learn.",
  },
  {
    title: "Concepts, layer by layer",
    demo: "concepts",
    scene: "An image has two rows of four pixels, a1 to a4 above b1 to b4. Three layers look for a face in it.\n"
      + "An edge is two pixels side by side: \"a12\" adds a1 and a2, and its bias of -1.5 makes it an \"and\". \"eyes\" adds the edges of the "
      + "upper row, and its bias of -0.5 makes it an \"or\". \"face\" is an \"and\" of eyes and mouth.\n"
      + "Images 1 to 3 are faces, each in another place. The others are not: eyes alone, a mouth alone, single pixels, nothing. But \"face\" never "
      + "answers, because the bias of \"mouth\" is -2.5: all of its three edges together would be needed.",
    task: "Open the tab Build, select \"mouth\", and set its bias so that one edge is enough, and none is too few: until all seven outputs are right.",
    network: wired({
      pixels: ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"],
      edges: ["a12", "a23", "a34", "b12", "b23", "b34"].map((name) => [name, "step", -1.5, false]),
      parts: [["eyes", "step", -0.5, false], ["mouth", "step", -2.5, false]],
      output: [["face", "step", -1.5, false]],
    }, [...["a", "b"].flatMap((row) => [1, 2, 3].flatMap((i) => [i, i + 1].map((pixel) => [`${row}${pixel}`, `${row}${i}${i + 1}`, 1, null, false]))),
      ...["a12", "a23", "a34"].map((edge) => [edge, "eyes", 1, null, false]), ...["b12", "b23", "b34"].map((edge) => [edge, "mouth", 1, null, false]),
      ["eyes", "face", 1, null, false], ["mouth", "face", 1, null, false]]),
    data: [["0110", "0110", 1], ["1100", "0011", 1], ["0011", "1100", 1], ["0110", "0000", 0], ["0000", "0011", 0], ["1010", "0101", 0], ["0000", "0000", 0]]
      .map(([upper, lower, target]) => [[...upper, ...lower].map(Number), [target]]),
    settings: { rate: 0, order: "in order" },
    may: ["bias mouth"],
    strips: [...activationRows("a12", "a23", "a34", "b12", "b23", "b34", "eyes", "mouth", "face"), aimRow],
    within: 0.5,
    seen: "Any bias above -1, up to 0, is right. Look at the rows: no edge answers to more than two images, \"eyes\" and \"mouth\" answer to four each, "
      + "\"face\" to three. Images 2 and 3 have no pixel in common, yet both are faces: the higher the layer, the less it matters where the "
      + "pixels are. Hubel and Wiesel (1962) found such cells in the visual cortex. Convolutional networks alternate the same two steps, and "
      + "learn the weights.",
  },
  {
    title: "A shortcut in the data",
    demo: "shortcut",
    scene: "A neuron tells tanks, target 1, from trees. \"sky\" is 1 on a dull day and -1 on a sunny one; \"shape\" is above 0 for a tank, but "
      + "weaker. It has learned from photos 1 to 4, and is right on each: all tanks were taken on dull days, all trees on sunny ones.\n"
      + "Photos 5 and 6 are new, without a target: a tank in the sun, a tree under clouds. The rows below show what each input adds to the sum, "
      + "its weight × its value. The neuron looks at the sky, so it takes this tank for a tree, and this tree for a tank.",
    task: "Open \"Own rows\" in the tab Data. Replace the two question marks: 1 for the tank (photo 5), 0 for the tree (photo 6). Press \"Use these rows\" "
      + "and play until every output is within 0.3 of its target.",
    network: wired({ input: ["sky", "shape"], output: [["tank", "logistic"]] }, [["sky", "tank", 3], ["shape", "tank", 1.2]]),
    data: [[1, 0.5, 1], [1, 0.3, 1], [-1, -0.3, 0], [-1, -0.5, 0], [-1, 0.4, null], [1, -0.4, null]]
      .map(([sky, shape, target]) => [[sky, shape], target === null ? null : [target]]),
    settings: { rate: 0.5 },
    may: ["learning", "data", ...PACE_OF_LEARNING],
    strips: [["sky adds", (network) => added(network, "sky")], ["shape adds", (network) => added(network, "shape")], ...activationRows("tank")],
    within: 0.3,
    done: (page) => {
      const rows = page.data.sequences.flat(), has = (sky, target) => rows.some(([inputs, targets]) => Math.sign(inputs[0]) === sky && targets?.[0] === target);
      return [1, -1].every((sky) => [0, 1].every((target) => has(sky, target))) && rows.every(([, targets]) => targets);
    },
    seen: "Now the shape decides: its weight has grown, and that of the sky has fallen. In photos 1 to 4, both inputs told the same, and the "
      + "larger one learned faster. Held-out photos of these days would have had the same flaw, so a test with them finds nothing. What each "
      + "input adds showed it, and two photos in which sky and shape disagree mended it. In the demo, slopes show where a network of pixels looks.",
  },
  {
    title: "A surprise teaches",
    demo: "reward",
    scene: "A bell rings, and food comes two steps later. The neuron \"prediction\" is to say how much food will come. Nobody tells it the right "
      + "answer, so there is no target. It learns from its own surprise, the temporal difference (Sutton 1988):\n"
      + "difference = reward + 0.9 × prediction now - prediction one step before.\n"
      + "The weight of the input that was 1 one step before changes by\n"
      + "rate × difference.\n"
      + "The food has the reward 1, the other steps have 0. The rate is 0.5. With the food the trial ends. Nothing follows, so \"prediction now\" counts "
      + "as 0 there.",
    task: "Press Step three times. In step 3 the food is a surprise, and the difference is 1: which weight changes? Press Step six more times, for two "
      + "more trials, and watch the weight of the bell.",
    network: wired({ input: ["bell", "pause", "food"], output: [["prediction", "identity"]] },
      [["bell", "prediction", 0], ["pause", "prediction", 0], ["food", "prediction", 0]]),
    data: [[[[1, 0, 0], null], [[0, 1, 0], [0]], [[0, 0, 1], [1]]]],
    settings: { rate: 0.5, order: "in order" },
    rule: { name: "TD", discount: 0.9 },
    may: ["learning"],
    done: (page) => linkOf(page, "bell", "prediction").weight > 0.44 && linkOf(page, "pause", "prediction").weight > 0.87,
    strips: [...activationRows("bell", "pause", "food", "prediction"), ["reward", (network, targets) => targets?.[0] ?? 0]],
    seen: "Trial 1 changed the weight of the pause only, to 0.5. In trial 2 the pause itself was a surprise after the bell, so the bell learned 0.5 × 0.9 × 0.5 "
      + "= 0.225. The surprise moves from the food to the first sign of it. In the end the bell predicts 0.9, and the difference at the food is 0. Cells "
      + "that release dopamine answer alike (Schultz, Dayan and Montague 1997). Python's reward.TD learns by this rule.",
  },
  {
    title: "Fire together, wire together",
    demo: "dopamine",
    scene: "A dog drools when it gets food. Pavlov rang a bell whenever he fed his dogs, and after a while they drooled at the bell alone.\n"
      + "Here the neuron \"drool\" is 1 if its sum is above 0.5: its bias is -0.5. The weight from the food is 1 and fixed, that from the bell is 0. "
      + "No target says what is right. Hebb's rule (1949) strengthens a connection whose two ends are active together. The weight changes by\n"
      + "rate × activation of the source × activation of the target.\n"
      + "Sample 1 is the bell alone, sample 2 the bell with food. The rate is 0.2.",
    task: "Press Step six times. Which of the two samples changes the weight from the bell, and by how much? It is done when the bell alone is enough.",
    network: wired({ input: ["food", "bell"], output: [["drool", "step", -0.5, false]] }, [["food", "drool", 1, null, false], ["bell", "drool", 0]]),
    data: [[[0, 1], null], [[1, 1], null]],
    settings: { rate: 0.2, order: "in order" },
    rule: { name: "Hebb" },
    may: ["learning"],
    done: (page) => page.steps > 0 && page.answers()[0][0][0] === 1,
    strips: activationRows("food", "bell", "drool"),
    seen: "Only the sample with food changed the weight, by 0.2 × 1 × 1, because only there both ends were active. After three of them it is 0.6, so the "
      + "bell alone exceeds the threshold of 0.5. Press Step again: now the bell strengthens itself, and nothing ever weakens it. Oja's rule (1982) takes away a part "
      + "that grows with the weight. Rules of spike times count who fires first. Python has all three in synapse.plasticity.",
  },
  {
    title: "A delay finds a direction",
    demo: "owl",
    scene: "An owl hears a mouse in the dark. A sound from the left reaches its left ear first, here two steps before the right one. The neuron \"both\" "
      + "is 1 if two clicks arrive in one step: its bias is -1.5.\n"
      + "A click from the left arrives in steps 1 and 3. In step 6 comes a click from the front, which reaches both ears at once. Now the neuron answers to "
      + "the front.\n"
      + "A connection can have a delay of k steps. Then its target reads what the source was k steps ago.",
    task: "Open the tab Build, select the connection from \"left\" to \"both\", and set its delay so that the neuron answers to the click from the left "
      + "only. Then press Step eight times.",
    network: wired({ input: ["left", "right"], output: [["both", "step", -1.5, false]] }, [["left", "both", 1, null, false], ["right", "both", 1, null, false]]),
    data: [[[1, 0], [0, 0], [0, 1], [0, 0], [0, 0], [1, 1], [0, 0], [0, 0]].map((row, t) => [row, [isAt(3)(t)]])],
    settings: { rate: 0, order: "in order" },
    may: ["delay left both"],
    within: 0.01,
    done: ran,
    strips: [...activationRows("left", "right", "both"), aimRow],
    reveals: [["read from left", (network) => linkOf({ network }, "left", "both").seen]],
    seen: "With a delay of 2, the click of the left ear waits and meets that of the right ear in step 3. The click from the front now arrives in steps 6 and 8, "
      + "each time alone. Neurons with other delays answer to other directions, so a row of them is a map of directions (Jeffress 1948). Carr and Konishi "
      + "found such neurons in the barn owl (1990). In Python, this is left.project(both, delay=2).",
  },
];
