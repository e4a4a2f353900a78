// Data: the sets of tasks.js, rows that are pasted, and images that are drawn.

const MOST_SAMPLES = 20000, FEW_ANSWERS = 12, MOST_CELLS = 8, SIDE = 5;

/** Data of rows or sequences, as lessons and Python give them. */
function givenData(given, title = "Own rows") {
  const isRow = ([inputs, targets]) => typeof inputs[0] === "number" && (targets === null || typeof targets[0] === "number");
  const rows = given.every((one) => one.length === 2 && isRow(one));
  return { name: "own", title, words: "", clear: !rows, sequences: rows ? given.map((row) => [row]) : given };
}

/** Rows of numbers in a text: sequences of [inputs, targets], or a RuleError with the place of the mistake. */
function parsed(text, targets) {
  const blocks = [[]], width = { count: null, line: null };
  text.split(/\r?\n/).forEach((line, i) => {
    if (!line.trim()) { blocks.push([]); return; }
    const cells = line.trim().split(line.includes(";") ? ";" : line.includes(",") ? "," : /\s+/).map((cell) => cell.trim());
    cells.forEach((cell, c) => require(cell !== "" && Number.isFinite(Number(cell)),
      `Line ${i + 1}, column ${c + 1}: expected a number, got "${cell.slice(0, 40)}". Remove headings and replace words by numbers.`));
    width.count ??= cells.length;
    width.line ??= i + 1;
    require(cells.length === width.count, `Line ${i + 1} has ${counted(cells.length, "number")}, line ${width.line} has ${width.count}.`);
    blocks.at(-1).push(cells.map(Number));
  });
  const sequences = blocks.filter((block) => block.length), rows = sequences.flat();
  require(rows.length, "There are no rows. Paste one row of numbers a line.");
  require(rows.length <= MOST_SAMPLES, `There are ${rows.length} rows; this page works with at most ${MOST_SAMPLES}.`);
  require(width.count > 1, "Each row has one number. It needs at least one input and one target.");
  require(Number.isInteger(targets) && targets > 0 && targets < width.count,
    `Expected from 1 to ${width.count - 1} columns of targets, because a row has ${width.count}, got ${targets}.`);
  const pair = (row) => [row.slice(0, -targets), row.slice(-targets)];
  return sequences.length === 1 ? rows.map(pair) : sequences.map((sequence) => sequence.map(pair));
}

/** Three layers that fit the data, all connected with the next. */
function fitting() {
  const [inputs, outputs] = [inputCount(), targetCount()], hidden = Math.min(8, inputs + 2), random = randomOf(1);
  const targets = page.data.sequences.flat().flatMap(([, wanted]) => wanted ?? []), unit = targets.every((one) => one >= 0 && one <= 1);
  const made = new Network({ name: "Perceptron" });
  for (const [layer, count, squash] of [["input", inputs, "identity"], ["output", outputs, unit ? "logistic" : "identity"], ["hidden", hidden, "tanh"]])
    for (let i = 0; i < count; i++) made.add(layer, { squash, bias: 0, name: `${layer} ${i}` });
  const [from, middle, to] = made.layers.map((layer) => layer.neurons);
  for (const [sources, ends] of [[from, middle], [middle, to]]) for (const target of ends) for (const source of sources)
    made.connect(source, target, Math.sqrt(3 / sources.length) * (2 * random() - 1));
  return made;
}

/** Learn these data from now on; where the present network cannot, or is a recipe for others, with one that fits. */
function use(fresh, rate = null) {
  if (playing) stop();
  const recipe = TASKS[fresh.name]?.recipe, before = net;
  const done = edit("data", `data: ${fresh.title}`, () => {
    page.data = fresh;
    net.clear();
    if (recipe && (misfit() || (net.architecture && rate !== null))) net = networkOf(RECIPES[recipe]); // what a person has built stays
    else if (misfit()) net = fitting();
    if (rate !== null) page.settings.rate = rate;
    forget();
  });
  if (!done) return;
  showTask();
  showSettings();
  const name = recipe ?? `perceptron ${net.layers.map((layer) => layer.neurons.length).join("-")}`;
  if (net !== before) notice(`The network is now a ${name}, which fits these data. Undo brings the other one back.`);
}
function tried(call) {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    notice(error.message);
    return null;
  }
}

function showTask() {
  const own = page.data.name === "own";
  if (own && !get("task").querySelector('[value="own"]')) get("task").append(made("option", "Own rows", { value: "own" }));
  get("task").value = page.data.name;
  const steps = page.data.sequences.reduce((sum, one) => sum + one.length, 0), count = page.data.sequences.length;
  const size = page.data.clear && count > 1 ? `${counted(count, "sequence")}, ${counted(steps, "step")}.` : `${counted(steps, page.data.clear ? "step" : "row")}.`;
  get("task-words").textContent = `${page.data.words} ${size}`.trim();
  get("pixels").hidden = inputCount() !== SIDE * SIDE;
  if (!get("pixels").hidden) listKinds();
}
const few = (row) => row.slice(0, MOST_CELLS).map(tiny).join(" ") + (row.length > MOST_CELLS ? " \u2026" : "");
const isOneHot = (row) => row.length > 2 && row.filter((one) => one === 1).length === 1 && row.every((one) => one === 0 || one === 1);
/** How rows are written: by the place of the 1 if all are one-hot. */
const writer = (rows) => (rows.every((row) => !row || isOneHot(row)) ? (row) => `no. ${row.indexOf(1)}` : few);

/** The first samples, their targets, and what the network answers. */
function showAnswers() {
  if (get("answers").offsetParent === null) return;
  const fits = !misfit(), head = made("tr"), heads = ["inputs", "targets", "outputs"].map((name) => made("th", name, { scope: "col" }));
  head.append(...heads);
  const few_ = page.data.sequences.slice(0, FEW_ANSWERS), answers = fits ? answersOf(few_.map((one) => one.slice(0, FEW_ANSWERS).map(([inputs]) => inputs))) : [];
  const [ofInputs, ofTargets] = [0, 1].map((part) => writer(few_.flat().map((step) => step[part])));
  const rows = few_.flatMap((sequence, s) => sequence.slice(0, FEW_ANSWERS).map(([inputs, targets], t) => {
    const row = made("tr");
    row.append(made("td", ofInputs(inputs)), made("td", targets ? ofTargets(targets) : "\u2013"), made("td", fits ? few(answers[s][t]) : ""));
    return row;
  }));
  get("answers").replaceChildren(head, ...rows.slice(0, FEW_ANSWERS));
  showDrawn();
}

// --- images ------------------------------------------------------------------------------------

const pixelOf = () => [...get("pixel-grid").children].map((one) => Number(one.getAttribute("aria-pressed") === "true"));
let brush = null; // what a drag over the grid sets
function paint(cell, value = cell.getAttribute("aria-pressed") !== "true") {
  cell.setAttribute("aria-pressed", String(value));
  showDrawn();
}
function showDrawn() {
  if (get("pixels").hidden || net.inputs.length !== SIDE * SIDE) return;
  get("pixel-words").textContent = `The network answers: ${few(answersOf([[pixelOf()]])[0][0])}`;
}
function listKinds() {
  const kept = get("pixel-kind").value;
  get("pixel-kind").replaceChildren(...many(targetCount(), (i) => made("option", `output ${i}`, { value: i })));
  get("pixel-kind").value = kept || "0";
}
get("pixel-grid").append(...many(SIDE * SIDE, (i) => {
  const cell = made("button", "", { type: "button", tabIndex: i ? -1 : 0 });
  cell.setAttribute("aria-label", `Row ${Math.floor(i / SIDE) + 1}, column ${(i % SIDE) + 1}`);
  cell.setAttribute("aria-pressed", "false");
  return cell;
}));
get("pixel-grid").addEventListener("click", ({ target, detail }) => { if (detail === 0 && target.tagName === "BUTTON") paint(target); }); // by key
get("pixel-grid").addEventListener("pointerdown", ({ target }) => {
  if (target.tagName !== "BUTTON") return;
  brush = target.getAttribute("aria-pressed") !== "true";
  paint(target, brush);
});
get("pixel-grid").addEventListener("pointermove", ({ clientX, clientY }) => {
  const cell = document.elementFromPoint(clientX, clientY);
  if (brush !== null && cell?.parentElement === get("pixel-grid")) paint(cell, brush);
});
addEventListener("pointerup", () => { brush = null; });
get("pixel-grid").addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
  const cells = [...get("pixel-grid").children], to = cells[cells.indexOf(event.target) + by];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  to?.focus();
});
get("pixel-clear").addEventListener("click", () => [...get("pixel-grid").children].forEach((cell) => paint(cell, false)));
get("pixel-add").addEventListener("click", () => {
  const sample = [[pixelOf(), oneHot(targetCount(), Number(get("pixel-kind").value))]];
  use({ ...page.data, sequences: [...page.data.sequences, sample] });
});

// --- choosing ----------------------------------------------------------------------------------

get("task").append(...Object.entries(TASKS).map(([name, { title }]) => made("option", title, { value: name })));
get("task").addEventListener("change", () => {
  const name = get("task").value;
  if (name !== "own") use(dataOf(name), TASKS[name].rate);
});
get("csv-use").addEventListener("click", () => {
  const rows = tried(() => parsed(get("csv").value, Number(get("csv-targets").value)));
  if (rows) use(givenData(rows));
});
