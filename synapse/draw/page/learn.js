// Learning as a person sees it: steps, passes, slow motion, and why a weight or a bias moved in the latest step.

const STEPS_A_FRAME = 32, BUSY = 14, BUSIER = 40, RARE = 500, PLANE_EVERY = 300; // steps; milliseconds
const PHASES_LAST = { slow: 800, motion: 250 }, STEPS_LAST = { steps: 500, quick: 100 }; // milliseconds by speed; at others, a frame has many steps
const COLLAPSED = 1e-4, EXPLODED = 1e4, SINCE = 100; // largest weights that tell of either, after so many steps
const isSlow = () => Boolean(PHASES_LAST[page.settings.speed] || STEPS_LAST[page.settings.speed]);
const narrow = matchMedia("(max-width: 760px)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
dimmed = { line: 0.4, node: 1 }; // everything is to be seen while it moves, and neurons are compared
let phases = [], phase = null; // of a step in slow motion: those that follow, and the present one
const COMPUTED = ["activation", "state", "derivative"], ERRORS = ["responsibility", "projected", "gated"]; // forward and backward
const phaseLasts = () => PHASES_LAST[page.settings.speed] ?? PHASES_LAST.slow;
let next = 0, mapped = 0; // when the picture will be drawn again, and when that of the plane was

// --- to run ----------------------------------------------------------------------------------

function ready() {
  const problem = misfit();
  notice(problem);
  return !problem;
}
function stop() {
  cancelAnimationFrame(playing);
  clearTimeout(playing);
  playing = null;
  finishPhases();
  showPlaying();
  showLive();
  acted();
}
function run() {
  if (playing) return stop();
  if (!ready()) return;
  mark();
  const { speed } = page.settings;
  if (PHASES_LAST[speed]) playing = setTimeout(slowly, 0);
  else playing = STEPS_LAST[speed] ? setTimeout(inTurn, 0) : requestAnimationFrame(frame);
  showPlaying();
}
/** One step, and the next a moment later. */
function inTurn() {
  playing = setTimeout(inTurn, STEPS_LAST[page.settings.speed]);
  mark(false);
  if (!learnStep()) return diverged();
  showLive();
  acted();
}
/** As many steps as one frame has time for. */
function frame(began) {
  playing = requestAnimationFrame(frame);
  const most = page.settings.speed === "fast" ? Infinity : STEPS_A_FRAME, until = performance.now() + (most < Infinity ? BUSY : BUSIER);
  mark(false);
  for (let i = 0; i < most && performance.now() < until; i++) if (!learnStep(most < Infinity)) return diverged();
  if (most === Infinity) noteStep();
  if (began < next) return;
  next = began + (still.matches || most === Infinity ? RARE : 0); // pictures take longer than steps
  showLive();
  acted();
}
function diverged() {
  const at = page.steps;
  stepBack();
  stop();
  notice(`Stopped: step ${at} gave a number that is not finite. The network is as it was before that step. A lower rate may help${lesson ? ", after you start the lesson again" : ""}.`,
    lesson ? null : afresh());
}
/** What helps where the rate was too high: its text, and what it does. */
function afresh() {
  const rate = Math.min(BY_HAND, page.settings.rate / 5);
  return [`New weights, rate ${tiny(rate)}`, () => {
    page.settings.rate = rate;
    showSettings();
    draw();
  }];
}
let warned = false; // of the weights as they are now
/** Tell once of weights that have become nearly 0, from which a network hardly comes back, or that grow without end. */
function warnOfWeights() {
  const sizes = links.filter((one) => one.trainable).map((one) => Math.abs(one.weight)), largest = sizes.reduce((most, one) => Math.max(most, one), 0);
  const isFlat = largest < COLLAPSED, isWrong = sizes.length > 0 && page.steps >= SINCE && page.latest?.error != null && (isFlat || largest > EXPLODED);
  if (isWrong && !warned && !lesson) notice(isFlat
    ? "All weights have become nearly 0, so no input has an effect and no error comes back: more steps will hardly help. The rate was too high for these weights."
    : `A weight has grown to ${tiny(largest)}: soon numbers may not be finite. The rate is too high for these data, or they are far from -1 to 1.`, afresh());
  warned = isWrong;
}
/** Some steps at once, by hand. */
function advance(count) {
  if (playing) stop();
  if (!ready()) return;
  mark();
  if (PHASES_LAST[page.settings.speed] && count === 1) return slowly(false);
  for (let i = 0; i < count; i++) if (!learnStep()) return diverged();
  showLive();
  acted();
}
const passLeft = () => page.data.sequences.reduce((sum, one) => sum + one.length, 0) - (page.cursor.order
  ? page.cursor.order.slice(0, page.cursor.at).reduce((sum, i) => sum + page.data.sequences[i].length, 0) + page.cursor.t : 0);
function goBack() {
  if (playing) stop();
  finishPhases();
  notice(stepBack() ? null : "This is the first step that is stored.");
  showLive();
  acted();
}

// --- slow motion -----------------------------------------------------------------------------

/** A step, layer by layer: activations go forward, errors come back, weights move. */
function slowly(goOn = true) {
  finishPhases();
  const old = { weight: connections.weight, bias: neurons.bias, ...Object.fromEntries(COMPUTED.map((name) => [name, data[name][now]])) };
  mark();
  if (!learnStep()) return diverged();
  const forward = layers.map((_, i) => ({ kind: "forward", layer: i }));
  const backward = page.latest.error === null ? [] : [...forward.slice(1).reverse().map(({ layer }) => ({ kind: "backward", layer })), { kind: "weights" }];
  phases = [...forward, ...backward];
  readNumbers();
  Object.assign(old, { goOn, next: Object.fromEntries([...COMPUTED, ...ERRORS].map((name) => [name, data[name]?.[now]])) });
  Object.assign(connections, { weight: old.weight });
  neurons.bias = old.bias;
  nextPhase(old);
}
function nextPhase(old) {
  phase = phases.shift() ?? null;
  if (!phase) {
    playing = old.goOn ? setTimeout(slowly, phaseLasts()) : null;
    showLive();
    showPlaying();
    return acted(); // which may stop it
  }
  if (phase.kind === "weights") readNumbers();
  else arrive(old, false);
  showPhase();
  playing = setTimeout(() => nextPhase(old), phaseLasts());
  if (phase.kind !== "weights") sendDots(phaseLasts() * TRAVEL, () => { arrive(old, true); showLearned(); showWords(); });
  showPlaying();
}
/** The numbers as they are now: those of this phase's layer come with the dots, later ones are still of the step before. */
function arrive({ next, ...before }, arrived) {
  phase.arrived = arrived;
  for (const name of COMPUTED) data[name][now] = next[name].map((value, n) => (isReached("forward", n) ? value : before[name][n]));
  for (const name of ERRORS) if (next[name]) data[name] = { [now]: next[name].map((value, n) => (isReached("backward", n) ? value : undefined)) };
}
/** Whether a neuron has its new activation (forward), or its error (backward). */
function isReached(way, n) {
  const { kind, layer, arrived } = phase, at = layerOf[n];
  if (kind !== way) return kind === "weights" || way === "forward";
  return at === layer ? arrived : way === "forward" ? at < layer : at > layer;
}
function finishPhases() {
  stopDots();
  if (!phase) return;
  clearTimeout(playing);
  [phase, phases] = [null, []];
  cy.elements(".firing, .erring, .flow").removeClass("firing erring flow");
}
/** The layer of this phase, and the lines on which its numbers come: of activations into it, of errors out of it. */
function showPhase() {
  const { kind, layer } = phase, backward = kind === "backward";
  const ends = backward ? connections.source : connections.target;
  cy.batch(() => {
    cy.elements(".firing, .erring, .flow").removeClass("firing erring flow");
    if (kind === "weights") return;
    for (const n of neuronsOf(layers[layer])) byId(stand(n)).addClass(backward ? "erring" : "firing");
    const carries = (c) => layerOf[ends[c]] === layer && !(backward && links[c].delayed);
    cy.elements(".line").forEach((line) => { if (line.data("members").some(carries)) line.addClass("flow"); });
    if (backward) cy.elements(".wire").forEach((wire) => { if (spots.get(wire.data("source")).layer === layer) wire.addClass("flow"); }); // to gaters
  });
  showLearned();
  showWords();
}
errorMissing = () => (phase ? "Its error has not been computed yet in this step." : "This step has no target.");
const PHASES = {
  forward: () => `activations: ${layers[phase.layer].name}`,
  backward: () => `errors: ${layers[phase.layer].name}`,
  weights: () => "weights move",
};
/** What stands below a neuron: in slow motion its error, when it is known. */
numberOf = (n) => (phase?.kind === "backward" && isReached("backward", n) ? `\u03b4 ${tiny(all[n].responsibility)}` : unitsOf(n, activation(n)) ?? short(activation(n)));
const tiny = (value) => written(value, (one) => String(Number(one.toPrecision(2))));

// --- what is shown -----------------------------------------------------------------------------

whereText = () => {
  const step = `step ${page.steps}, epoch ${page.epochs}`;
  if (phase) return `${step}: ${PHASES[phase.kind]()}`;
  if (page.latest?.kept?.delta != null) return `${step}, temporal difference ${tiny(page.latest.kept.delta)}`;
  if (page.mean != null) return `${step}, mean error ${tiny(page.mean)}`; // of the latest complete epoch
  return page.latest?.error == null ? step : `${step}, error of this step ${tiny(page.latest.error)}`;
};
/** All numbers of the page, as they are now. */
function showLive() {
  finishPhases();
  readNumbers(!playing || isSlow());
  showLearned(!playing);
  showWords();
  showCourse();
  warnOfWeights();
}
/** The last steps, all of whose numbers can be seen again; to play from one forgets those after it. */
function showSlider() {
  const [begin, last] = reach();
  get("step").hidden = begin >= last;
  Object.assign(get("step"), { min: begin, max: last, value: page.steps });
}
slide = (step) => {
  if (playing) stop();
  finishPhases();
  notice(returnTo(step) ? null : "This step is no longer stored.");
  showLive();
  acted();
};
/** The structure, after an edit. */
function showStructure(folds = {}) {
  adopt(columnsOf());
  readNumbers(!playing);
  readStructure();
  const before = foldedAtFirst(windowSize());
  folded = layers.map(({ name }, i) => folds[name] ?? before[i]);
  cy.style().fromJson(sheet()).update();
  rebuild();
  listLayers();
  get("title").textContent = document.title = data.name;
  get("description").textContent = `${counted(neuronCount, "neuron")}, ${counted(connectionCount, "connection")}`;
  get("gates").hidden = !connections.gater.some((gater) => gater >= 0);
}
/** After an edit: the same selection, if it still means the same. */
function edited(text) {
  const same = all.length === neuronCount && links.length === connectionCount && chosen;
  const folds = Object.fromEntries(layers.map(({ name }, i) => [name, folded[i]]));
  notice();
  showStructure(folds);
  choose(same ? { ...chosen, id: chosen.kind === "neuron" ? stand(chosen.neuron) : chosen.id } : null);
  get("spoken").textContent = text;
  showCourse(true);
  acted();
}
/** Curve, plane and answers. */
function showCourse(always = !playing) {
  showSlider();
  if (always || performance.now() - mapped >= PLANE_EVERY) testNow();
  drawCurve();
  if (!always && performance.now() - mapped < PLANE_EVERY) return;
  mapped = performance.now();
  drawSurface();
  drawLine();
  drawPlane();
  drawPictures();
  showAnswers();
}

// --- why a number moved ----------------------------------------------------------------------------

/** The move of a weight or a bias at a rate of 1, and its products. */
function moveOf(owner) {
  const target = owner.target ?? owner, link = owner === target ? null : owner;
  const heard = target.gating.filter((one) => one.answers && one.gated.responsibility !== 0);
  const parts = [{ error: target.projected, by: target, trace: link ? link.eligibility : target.biasTrace, word: "eligibility" },
    ...heard.map((one) => ({ error: one.gated.responsibility, by: one.gated, trace: one.extended(link), word: "extended trace" }))];
  return { move: total(parts.map(({ error, trace }) => error * trace)), parts };
}

/** What the eligibility consists of, for each kind of connection. */
function traceWords({ source, target, gater, delayed, seen, gain }) {
  const before = source === target ? "the previous state" : `${delayed ? "the previous activation" : "the activation"} of ${nameOf(source)}`;
  const fresh = gater ? `the gain of ${nameOf(gater)} (${shown(gain)}) \u00d7 ${before} (${shown(seen)})` : `${before} (${shown(seen)})`;
  const loop = target.selfConnection;
  const meaning = `The eligibility is the change of the state of ${nameOf(target)} per change of this weight`;
  if (!loop) return `${meaning}: ${fresh}.`;
  return `${meaning}: ${fresh}, and what is left of earlier steps: the previous eligibility \u00d7 the weight${loop.gater ? " \u00d7 the gain" : ""} of the self-connection.`;
}

/** Why a weight moved by the rule of a lesson that has no targets. */
function withoutTarget(owner, heading) {
  const { rule } = lesson.of, reasons = TARGETLESS[rule.name].reasons(owner, { ...rule, ...page.latest, ...page.latest.kept });
  return [...heading, typeof reasons === "string" ? made("p", reasons) : table(reasons)];
}
function explain({ kind, connection: c, neuron: n }) {
  const owner = kind === "connection" ? links[c] : all[n], target = kind === "connection" ? owner.target : owner;
  const [learns, tie] = kind === "connection" ? [owner.trainable, owner.tie] : [owner.trainableBias, owner.biasTie];
  const number = kind === "connection" ? "weight" : "bias", heading = [made("h3", `Why did this ${number} move?`)];
  const sentence = (text) => [...heading, made("p", text)];
  if (kind === "neuron" && net.inputs.includes(owner)) return [];
  if (!learns) return sentence(`It did not: this ${number} is not trainable.`);
  if (phase && phase.kind !== "weights") return sentence("It has not moved yet in this step.");
  if (!page.latest || !trail.length) return sentence("No step since the last change.");
  if (page.latest.kept) return withoutTarget(owner, heading);
  if (page.latest.error === null) return sentence("It did not: the latest step has no target.");
  const { move, parts } = moveOf(owner), { rate, momentum } = page.latest;
  const tied = kind === "connection" ? links.filter((one) => one.tie === tie) : all.filter((one) => one.biasTie === tie);
  const moved = momentum ? owner.velocity : tie ? total(tied.map((one) => moveOf(one).move)) : move;
  const rows = [["rate", rate]];
  parts.forEach(({ error, by, trace, word }) => rows.push([`error of ${nameOf(by)}`, error], [`\u00d7 ${word}`, trace]));
  if (parts.length > 1) rows.push(["sum of products", move]);
  if (momentum) rows.push([`with momentum ${momentum}`, moved]);
  else if (tie) rows.push(["sum with all that it is tied to", moved]);
  rows.push(["moved by", rate * moved]);
  const words = parts.length > 1 ? [made("p", `${nameOf(target)} gates connections into ${parts.slice(1).map(({ by }) => nameOf(by)).join(", ")}: their errors count too.`)] : [];
  return [...heading, table(rows), ...words, ...(kind === "connection" ? [made("p", traceWords(owner))] : [])];
}
why = explain;
const BEFORE_MOVE = "before its weights moved";
momentWords = () => (!page.latest ? (rerun ? ", first row, before any step" : "") : `, step ${page.steps}, ${rerun ? "with the weights as they are now" : BEFORE_MOVE}`);
errorWords = () => (page.latest ? `, step ${page.steps}, ${BEFORE_MOVE}` : "");

// --- hands on it -------------------------------------------------------------------------------

function readSettings() {
  const number = (id, least, most) => {
    const value = typed(get(id).value);
    if (!Number.isFinite(value) || value < least || value > most) {
      notice(`${get(id).labels[0].textContent} must be from ${least} to ${most}, got "${get(id).value}".`);
    } else page.settings[id] = value;
    get(id).value = page.settings[id];
  };
  const { speed } = page.settings;
  mark();
  number("rate", 0, 100);
  number("momentum", 0, 0.999);
  Object.assign(page.settings, { cost: get("cost").value, order: get("order").value, speed: get("speed").value });
  if (playing && speed !== page.settings.speed) { stop(); run(); }
  acted();
}
function showSettings() {
  for (const [id, value] of Object.entries(page.settings)) get(id).value = value;
}
for (const id of ["rate", "momentum", "cost", "order", "speed"]) get(id).addEventListener("change", readSettings); // those of the data are edits

get("cost").append(made("option", "matching", { value: "" }), ...Object.keys(COSTS).map((name) => made("option", name.replaceAll("_", " "), { value: name })));

function draw() {
  edit("random", "new random weights", () => {
    const isBegun = ({ architecture }) => JSON.stringify(architecture) === JSON.stringify(net.architecture);
    net.draw(chance, net.architecture && Object.values(RECIPES).find(isBegun));
    forget();
  });
}

Object.assign(buttons, { play: run, next: () => advance(1), back: goBack, epoch: () => advance(passLeft()), draw });
for (const id of ["epoch", "draw"]) get(id).addEventListener("click", buttons[id]);
Object.assign(keys, { " ": run, ArrowLeft: goBack, ArrowRight: buttons.next, e: buttons.epoch, Home: undefined, End: undefined });

// --- tabs ------------------------------------------------------------------------------------

const TABS = ["lessons", "learn", "data", "build", "keep", "numbers"].map((name) => get(`tab-${name}`));
function openTab(tab, focus = false) {
  for (const one of TABS) {
    one.setAttribute("aria-selected", String(one === tab));
    one.tabIndex = one === tab ? 0 : -1;
    if (one.id !== "tab-numbers") get(one.getAttribute("aria-controls")).hidden = one !== tab;
  }
  document.body.dataset.tab = tab.id.slice(4);
  get({ "tab-lessons": "lesson-demo", "tab-build": "form" }[tab.id] ?? "task-words").after(get("answer-box"));
  if (tab.id === "tab-lessons") get("lesson-text")[narrow.matches ? "after" : "before"](get("line-box")); // the curve that a lesson speaks of; its task stays in sight
  else get("plane-box").before(get("line-box"));
  keep();
  if (focus) tab.focus();
  showCourse(true);
}
TABS.forEach((tab, i) => {
  tab.addEventListener("click", () => openTab(tab));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.stopPropagation();
    event.preventDefault();
    const left = TABS.filter((one) => one.offsetParent);
    openTab(left[(left.indexOf(tab) + by + left.length) % left.length], true);
  });
  keys[i + 1] = () => openTab(tab, true);
});
