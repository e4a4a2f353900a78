// The network that learns in the page: its data, its place in them, its steps, its edits, and the ways back.

const { most: MOST_LEARN, recipes: RECIPES } = data.learn; // connections of the largest network; networks in JSON by name
const MOST_RERUN = 2e6; // numbers that are computed again to show a moment at rest
const MOST_HISTORY = 4000, MOST_MARKS = 60, MOST_UNDO = 100, BETWEEN_MARKS = 100; // BETWEEN_MARKS: milliseconds
const STEPS_BETWEEN = 10, MOST_BACK = 500; // between marks by hand; steps that the slider goes back
let net, all, links; // the network, its neurons and connections in order
let stride = 1, random = randomOf(1); // passes in an entry of the history; the order of samples
const chance = randomOf(2); // of new weights: the same hands get the same numbers in every page
let marks = [], undos = [], redos = []; // what steps back and edits return to
let lesson = null; // the present one of LESSONS, its number, and whether it is done
let trail = []; // numbers of the steps of the present sequence, oldest first

const BY_HAND = 0.1; // the rate with which networks learn that were wired neuron by neuron
const SETTINGS = { rate: 0.5, momentum: 0, cost: "", order: "shuffled", speed: "normal", noise: "0", held: "0" };

/** What lessons and tests read, and people in the console; `cursor` is the place in the data, `mean` the mean error of the latest complete epoch. */
const page = {
  start: null, steps: 0, epochs: 0, history: [], mean: null, latest: null, edited: [], data: null, cursor: null,
  settings: { ...SETTINGS }, tested: [],
  get network() { return net; },
  get selected() {
    if (chosen?.kind === "neuron") return all[chosen.neuron];
    return chosen?.kind === "connection" ? links[chosen.connection] : null;
  },
  answers() { return answersOf(page.data.sequences.map((sequence) => sequence.map(([inputs]) => inputs))); },
};
globalThis.page = page;

/** What `read` returns of a copy, which does not learn, after each step of some sequences. */
function runOf(sequences, read) {
  const copy = Network.from(net.toJSON());
  copy.clear();
  return sequences.map((sequence) => {
    if (page.data.clear) copy.clear();
    return sequence.map((row) => {
      const outputs = copy.activate(row);
      return read(copy, outputs);
    });
  });
}
/** Outputs of a copy, which does not learn, by sequence and step. */
const answersOf = (sequences) => runOf(sequences, (copy, outputs) => outputs);

const inputCount = () => page.data.sequences[0][0][0].length;
const targetCount = () => page.data.sequences.flat().find(([, targets]) => targets)?.[1].length;
/** Whether a target is below 0 or above 1 although the cost is one of shares. */
function isBeyond() {
  const shares = ["cross_entropy", "categorical_cross_entropy"].includes(page.settings.cost || net.cost);
  return shares && page.data.sequences.flat().some(([, targets]) => targets?.some((one) => one !== null && (one < 0 || one > 1)));
}
/** Let outputs reach the targets: linear ones where these lie beyond 0 and 1, logistic ones for classes; returns what to tell about it, or null. */
function fitOutputs() {
  const { model } = page.data, unfit = model && !net.outputs.every(({ squash }) => canAnswer(model, squash)), isWide = net.cost === "cross_entropy" && isBeyond();
  if (!unfit && !isWide) return null;
  const squash = unfit && model.task !== "numbers" ? "logistic" : "identity";
  for (const neuron of net.outputs) neuron.squash = squash;
  return `The outputs now have the squash ${squash}, because these data have ${isWide ? "targets below 0 or above 1" : squash === "identity" ? "targets of any size" : "classes"}.`;
}
/** Why network and data do not fit each other; null if they do. */
function misfit() {
  const [inputs, targets] = [inputCount(), targetCount() ?? net.outputs.length];
  const fits = inputs === net.inputs.length && targets === net.outputs.length;
  if (fits && isBeyond()) return `These data have targets below 0 or above 1, which the cost ${(page.settings.cost || net.cost).replaceAll("_", " ")} does not allow. `
    + `${page.settings.cost ? "Choose another cost." : "Give the outputs another squash, such as identity or tanh."}`;
  return fits ? null : `The data have ${counted(inputs, "input")} and ${counted(targets, "target")}, the network has ${counted(net.inputs.length, "input")} `
    + `and ${counted(net.outputs.length, "output")}. Choose other data, or build a network that fits.`;
}

// --- steps -----------------------------------------------------------------------------------

function newCursor() {
  return { order: null, at: 0, t: 0, sum: 0, aimed: 0 };
}
function shuffled(count) {
  const order = many(count, (i) => i);
  if (page.settings.order === "shuffled") for (let i = count - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
function forget() { // all that was learnt about the course, not what the network has learnt
  Object.assign(page, { steps: 0, epochs: 0, history: [], mean: null, tested: [], latest: null, cursor: newCursor() });
  [stride, marks, trail, furthest] = [1, [], [], 0];
}

/** One step of the data: activate, learn if there is a target. Returns whether its numbers are finite. */
function learnStep(note = true) {
  const { cursor, data: { sequences, clear }, settings: { rate, momentum } } = page;
  const cost = page.settings.cost || net.cost;
  cursor.order ??= shuffled(sequences.length);
  const sequence = sequences[cursor.order[cursor.at]];
  if (cursor.t === 0 && clear) net.clear();
  if (cursor.t === 0) trail = [];
  notePlace();
  const [inputs, targets] = sequence[cursor.t], outputs = net.activate(inputs), { rule } = lesson?.of ?? {};
  if (rule) cursor.kept = TARGETLESS[rule.name].learn(net, { ...rule, rate, inputs, reward: targets?.[0] ?? 0, begins: cursor.t === 0, ends: cursor.t === sequence.length - 1, kept: cursor.kept });
  const error = targets && !rule ? net.propagate(rate, targets, { momentum, cost }) : null;
  page.latest = { inputs, targets, outputs, error, rate, momentum, kept: rule && cursor.kept, place: { sequence: cursor.order[cursor.at], t: cursor.t } };
  page.steps++;
  if (note) noteStep();
  if (error !== null) { cursor.sum += error; cursor.aimed++; }
  if (++cursor.t === sequence.length) { cursor.t = 0; cursor.at++; }
  if (cursor.at === sequences.length) endEpoch(cursor);
  return outputs.every(Number.isFinite) && (error === null || Number.isFinite(error));
}
function noteStep() {
  trail.push({ activation: all.map((one) => one.activation), state: all.map((one) => one.state), targets: page.latest.kept ? null : page.latest.targets });
}
function endEpoch({ sum, aimed }) {
  page.epochs++;
  page.cursor = newCursor();
  page.mean = aimed ? sum / aimed : null;
  if (page.epochs % stride) return; // the history has every second, fourth, ... pass when it is long
  page.history.push(aimed ? sum / aimed : NaN);
  if (page.history.length < MOST_HISTORY) return;
  page.history = page.history.filter((_, i) => i % 2);
  stride *= 2;
}

// --- ways back -------------------------------------------------------------------------------

function snapshot() {
  const { steps, epochs, history, mean, latest, data: own, cursor, settings, edited: words } = page;
  return { lesson: lesson && { ...lesson }, json: net.toJSON(), velocity: [all, links].map((list) => list.map((one) => one.velocity)), stride, state: random.state,
    page: { steps, epochs, history: [...history], mean, latest, data: own, cursor: { ...cursor }, settings: { ...settings }, edited: [...words] }, trail: [...trail] };
}
function restore({ json, velocity, page: numbers, ...others }) {
  install(Network.from(json));
  [all, links].forEach((list, i) => list.forEach((one, k) => (one.velocity = velocity[i][k])));
  Object.assign(page, { ...numbers, history: [...numbers.history], cursor: { ...numbers.cursor }, settings: { ...numbers.settings }, edited: [...numbers.edited] });
  ({ stride, trail } = { ...others, trail: [...others.trail] });
  random.state = others.state;
  lesson = others.lesson && { ...others.lesson };
}
function install(network) {
  net = network;
  [all, links] = [net.neurons, net.connections];
}
let markedAt = 0;
/** Remember this moment, so that a step back can begin here. What followed it before is forgotten. */
function mark(always = true) {
  while (marks.length && marks.at(-1).page.steps > page.steps) marks.pop();
  furthest = page.steps;
  if (!always && performance.now() - markedAt < BETWEEN_MARKS) return;
  markedAt = performance.now();
  const last = marks.at(-1)?.page, isNear = last && page.steps > last.steps && page.steps < last.steps + STEPS_BETWEEN;
  if (isNear && JSON.stringify(last.settings) === JSON.stringify(page.settings)) return; // it is as fast to go on from there
  if (last?.steps === page.steps) marks.pop();
  marks.push(snapshot());
  while (marks.length > MOST_MARKS) marks.shift();
}
let furthest = 0; // a step at least as late as all that was gone back from
/** The first and the last step that the slider reaches. */
function reach() {
  const last = Math.max(furthest, page.steps);
  return [Math.max(marks[0]?.page.steps ?? last, last - MOST_BACK), last];
}
/** The network as it was at a step: from the mark before it, the steps since then again. Returns whether it is remembered.
 *  The step itself is computed again where that is possible: a mark does not hold why weights moved. */
function returnTo(step) {
  const from = marks.findLast((one) => one.page.steps < step) ?? marks.findLast((one) => one.page.steps === step);
  if (!from) return false;
  const { settings } = page, taught = lesson;
  furthest = Math.max(furthest, page.steps);
  restore(from);
  lesson = taught;
  while (page.steps < step) learnStep();
  page.settings = settings;
  return true;
}
const stepBack = () => returnTo(page.steps - 1);

/** Change the network: `word` as lessons know it, `text` for people. A mistake is said, and nothing has changed. */
function edit(word, text, change) {
  const before = snapshot();
  try {
    change();
    install(net);
    if (links.length > MOST_LEARN) throw new RuleError(tooMany(links.length));
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    restore(before);
    notice(error.message);
    showEdits(); // its form is about the objects that were there before
    return false;
  }
  if (["network", "data"].includes(word) && !lesson?.of.may.includes(word)) lesson = null; // its task is not about these
  undos.push({ text, snapshot: before });
  if (undos.length > MOST_UNDO) undos.shift();
  [redos, marks, trail] = [[], [], []];
  page.edited.push(word);
  showLesson();
  edited(text);
  return true;
}
const tooMany = (count) => `${count} connections are too many for this page, which works with at most ${MOST_LEARN}. `
  + "Train larger networks in Python with synapse.Trainer.";
function travel(from, to, word) {
  const last = from.pop();
  if (!last) return notice(`There is nothing to ${word}.`);
  to.push({ ...last, snapshot: snapshot() });
  restore(last.snapshot);
  marks = [];
  page.edited.push("undo");
  for (const show of [showSettings, showTask, showLesson]) show();
  edited(`${word}: ${last.text}`);
}
const undo = () => travel(undos, redos, "undo"), redo = () => travel(redos, undos, "redo");

// --- what the picture reads --------------------------------------------------------------------

const nameOf = (neuron) => neuron.name ?? `neuron ${all.indexOf(neuron)}`;

/** Columns, as Python writes them for a page. */
function columnsOf() {
  const number = new Map(all.map((one, i) => [one, i])), of = (list, read) => list.map(read);
  const tied = (ties) => { const counts = {}; ties.forEach((tie) => (counts[tie] = (counts[tie] ?? 0) + 1)); return ties.map((tie) => (tie ? counts[tie] - 1 : 0)); };
  return {
    name: net.name ?? "network", steps: 1, learn: data.learn,
    layers: net.layers.map(({ name, neurons: own }) => ({ name, count: own.length })),
    neurons: { name: of(all, nameOf), squash: of(all, (one) => one.squash), bias: of(all, (one) => one.bias),
      trainable: of(all, (one) => one.trainableBias), tied: tied(of(all, (one) => one.biasTie)) },
    connections: { source: of(links, (one) => number.get(one.source)), target: of(links, (one) => number.get(one.target)),
      gater: of(links, (one) => (one.gater ? number.get(one.gater) : -1)), weight: of(links, (one) => one.weight), delay: of(links, (one) => one.delay),
      trainable: of(links, (one) => one.trainable), tied: tied(of(links, (one) => one.tie)) },
  };
}
/** The present sequence again with the weights as they are now, as the table of answers runs it; before any step, the first row.
 *  Null where that would take long. */
let rerun = null;
function runAgain() {
  const { latest, data: { sequences, clear } } = page, isFirst = !latest && all.every((one) => one.stamp === 0);
  const place = isFirst ? { sequence: 0, t: 0 } : latest?.place;
  if (!place || misfit()) return null;
  const { sequence, t } = place;
  if (!(t < sequences[sequence]?.length)) return null;
  const before = clear ? [] : sequences.slice(0, sequence); // whose context is still there
  const rows = [...before, sequences[sequence].slice(0, t + 1)].map((steps) => steps.map(([inputs]) => inputs));
  if (rows.flat().length * (links.length + all.length) > MOST_RERUN) return null;
  const numbers = (copy) => ["activation", "state", "derivative"].map((name) => copy.neurons.map((one) => one[name]));
  return runOf(rows, numbers).at(-1);
}
/** Numbers of this moment, and of the steps of this sequence before it. While it learns, they are those of each step when it was made;
 *  at rest, those of the weights that the picture shows. */
function readNumbers(again = false) {
  const read = (name) => all.map((one) => one[name]), at = Math.max(1, trail.length);
  rerun = again ? runAgain() : null;
  const shownSteps = rerun?.slice(-at).map(([activation, state]) => ({ activation, state })) ?? trail;
  const slope = rerun ? rerun.at(-1)[2] : read("derivative");
  const rows = (name, old) => [read(old), ...shownSteps.map((step) => step[name])], here = (row) => ({ [at]: row });
  Object.assign(data, { steps: at, activation: rows("activation", "oldActivation"), state: rows("state", "oldState"), derivative: here(slope),
    bias_eligibility: here(read("biasTrace")), eligibility: here(links.map((one) => one.eligibility)), ...tracesOf(at),
    target: trail.some(({ targets }) => targets) ? [null, ...trail.map(({ targets }) => targets)] : null });
  if (!shownSteps.length) for (const name of ["activation", "state"]) data[name].push(read(name));
  const known = page.latest && page.latest.error !== null && trail.length;
  for (const name of ["responsibility", "projected", "gated"]) data[name] = known ? here(read(name)) : null;
  neurons.bias = read("bias");
  connections.weight = links.map((one) => one.weight);
  now = steps = at;
  measure();
}
/** The extended traces of the connection that is chosen; those of all are many. */
function tracesOf(at) {
  const c = looked?.kind === "connection" ? looked.connection : null, link = links[c];
  const pairs = link?.target.gating.map((own) => [all.indexOf(own.gated), own.extended(link)]) ?? [];
  return { sensitivity: null, extended: { connection: pairs.map(() => c), neuron: pairs.map(([n]) => n), values: { [at]: pairs.map(([, value]) => value) } } };
}
