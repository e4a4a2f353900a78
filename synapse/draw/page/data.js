// Data: the sets of tasks.js, rows that are pasted, and images that are drawn.

const MOST_SAMPLES = 20000, FEW_ANSWERS = 12, MOST_CELLS = 8, MOST_COLUMNS = 6, SIDE = 5;

/** Data of rows or sequences, as lessons and Python give them. */
function givenData(given, title = "Own rows") {
  const rows = given.every(([inputs]) => typeof inputs[0] === "number");
  return { name: "own", title, words: "", clear: !rows, sequences: rows ? given.map((row) => [row]) : given };
}

/** Data as they are learned: with noise of the inputs, and without the sequences that are held out, which are in `test`. */
function dealt(whole) {
  const { sequences } = whole, noise = Number(page.settings.noise), count = Math.min(sequences.length - 1, Math.round(Number(page.settings.held) * sequences.length));
  const random = randomOf(3), order = many(sequences.length, (i) => i), rows = sequences.flat().map(([inputs]) => inputs);
  for (let i = order.length - 1; i > 0; i--) { const j = below(random, i + 1); [order[i], order[j]] = [order[j], order[i]]; }
  const held = new Set(order.slice(0, count)), ranges = rows[0].map((_, k) => {
    const [low, high] = rows.reduce(([low, high], row) => [Math.min(low, row[k]), Math.max(high, row[k])], [Infinity, -Infinity]);
    return high - low;
  });
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const noisy = noise ? sequences.map((steps) => steps.map(([inputs, targets]) => [inputs.map((value, k) => value + noise * ranges[k] * normal()), targets])) : sequences;
  return { ...whole, whole: sequences, sequences: noisy.filter((_, i) => !held.has(i)), test: noisy.filter((_, i) => held.has(i)) };
}
for (const id of ["noise", "held"]) get(id).addEventListener("change", () => edit("data", `${get(id).labels[0].textContent.toLowerCase()}: ${get(id).selectedOptions[0].textContent}`, () => {
  page.settings[id] = get(id).value;
  page.data = dealt({ ...page.data, sequences: page.data.whole });
  forget();
}) && showTask());

const MISSING = ["", "-", "?", "na", "n/a", "nan", "null", "none"], MOST_WORDS = 20, NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a person has typed, with a point or a comma, and a minus of any kind; NaN if it is none. */
function typed(text) {
  const plain = text.trim().replace(",", ".").replace(/^[\u2212\u2013]/, "-");
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/** The cells of a line; one in quotes may have the separator in it. */
function cellsOf(line, mark) {
  if (mark === " ") return line.trim().split(/\s+/);
  const cells = [""];
  let quoted = false;
  for (const letter of line) {
    if (letter === '"') quoted = !quoted;
    else if (letter === mark && !quoted) cells.push("");
    else cells[cells.length - 1] += letter;
  }
  return cells.map((cell) => cell.trim());
}
const isMissing = (cell) => MISSING.includes(cell.toLowerCase());

/** What a column of cells is: { title, words } or, of numbers, { title, words: null, median, isShare }; null leaves it out. */
function kindOf(title, rows, c, isTarget) {
  const full = rows.filter(({ cells }) => !isMissing(cells[c])), words = [...new Set(full.map(({ cells }) => cells[c]))].sort();
  const numeric = full.filter(({ cells }) => NUMBER.test(cells[c])).map(({ cells }) => Number(cells[c])).sort((one, other) => one - other);
  if (2 * numeric.length > full.length) {
    const middle = numeric.length >> 1, median = numeric.length % 2 ? numeric[middle] : (numeric[middle - 1] + numeric[middle]) / 2;
    return { title, words: null, median, isShare: numeric[0] >= 0 && numeric.at(-1) <= 1 };
  }
  const isKey = !words.length || words.length > MOST_WORDS || (words.length === full.length && words.length > 2);
  require(!isTarget || !isKey, `Column ${c + 1}, "${title}", has ${counted(words.length, "different word")}. A target has numbers, or from 1 to ${MOST_WORDS} words that repeat.`);
  return isKey ? null : { title, words };
}
/** The columns of a table that are those of a model, by their titles; null where they are others. */
function knownKinds({ model, names }, titles, from) {
  const fields = fieldsOf(model, names.inputs), isThere = ({ title }) => titles.slice(0, from).includes(title);
  const aims = model.classes ? [model.label] : names.targets;
  if (!fields.every(isThere) || JSON.stringify(aims) !== JSON.stringify(titles.slice(from))) return null;
  return titles.map((title, c) => (c < from ? fields.find((field) => field.title === title) ?? null : { title, words: model.classes?.map(String) ?? null }));
}
/** Every cell must be a number in a column of numbers, and a word of the model in a column of classes. */
function checkCells(kinds, rows, from) {
  for (const { cells, line } of rows) kinds.forEach((kind, c) => {
    if (!kind || isMissing(cells[c])) return;
    require(kind.words || NUMBER.test(cells[c]), `Line ${line}, column ${c + 1}: expected a number, got "${cells[c].slice(0, 40)}".`);
    require(c < from || !kind.words || kind.words.includes(cells[c]), `Line ${line}, column ${c + 1}: expected one of ${firstOf(kind.words ?? [])}, got "${cells[c].slice(0, 40)}".`);
  });
}

/** The model of a table's columns: its task, its encoding, and the scales of rows in units. Targets of 0 to 1 stay as they are. */
function modelOf(inputs, targets, rows, scaled) {
  const byTitle = (kinds, value) => Object.fromEntries(kinds.map((kind) => [kind.title, value(kind)])), encoding = { medians: byTitle(inputs.filter(({ words }) => !words), ({ median }) => median),
    words: byTitle(inputs.filter(({ words }) => words), ({ words }) => words) };
  const classes = targets.length === 1 ? targets[0].words : null, isKept = targets.flatMap(({ words, isShare }) => words?.map(() => true) ?? [isShare]);
  const fixed = inputs.flatMap(({ words }) => words?.map(() => true) ?? [false]);
  return { task: classes ? "classes" : "numbers", classes, encoding, label: classes && targets[0].title,
    scale: scaled ? scaleOf(rows.map(([row]) => row), fixed) : null, target_scale: scaled && !isKept.every(Boolean) ? scaleOf(rows.map(([, aims]) => aims ?? isKept.map(() => null)), isKept) : null };
}

/** A table in a text: its data, its columns, and what to tell about them; or a RuleError with the place of the mistake.
 *  A `known` model without rows reads a table of its columns in its own units. */
function parsed(text, targets, scaled, known = null) {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/), head = lines.find((line) => line.trim()) ?? "";
  const mark = [";", "\t", ","].map((one) => ({ one, count: cellsOf(head, one).length })).reduce((best, next) => (next.count > best.count ? next : best));
  const blocks = [[]];
  lines.forEach((line, i) => {
    if (line.trim()) blocks.at(-1).push({ line: i + 1, cells: cellsOf(line, mark.count > 1 ? mark.one : " ") });
    else blocks.push([]);
  });
  const all = blocks.flat(), [first, ...others] = all, width = first?.cells.length;
  require(first, "There are no rows. Paste one row per line.");
  for (const { cells, line } of all) require(cells.length === width, `Line ${line} has ${counted(cells.length, "cell")}, line ${first.line} has ${width}.`);
  if (mark.one !== "," && !all.some(({ cells }) => cells.some((cell) => /\d\.\d/.test(cell))))
    for (const { cells } of all) cells.forEach((cell, c) => { if (NUMBER.test(cell.replace(",", "."))) cells[c] = cell.replace(",", "."); });
  const headed = first.cells.every((cell, c) => !NUMBER.test(cell) && !isMissing(cell) && !others.some(({ cells }) => cells[c] === cell));
  if (headed) blocks.find((block) => block.length).shift();
  const rows = blocks.flat();
  require(rows.length, "There are no rows below the headings.");
  require(rows.length <= MOST_SAMPLES, `There are ${rows.length} rows; this page works with at most ${MOST_SAMPLES}.`);
  require(width > 1, "Each row has one cell. It needs at least one input and one target.");
  require(Number.isInteger(targets) && targets > 0 && targets < width,
    `Expected from 1 to ${width - 1} columns of targets, because a row has ${width}, got ${targets}.`);
  const titles = first.cells.map((cell, c) => (!headed ? `column ${c + 1}` : first.cells.indexOf(cell) < c ? `${cell} (column ${c + 1})` : cell));
  const from = width - targets, ofModel = known && knownKinds(known, titles, from), kinds = ofModel ?? titles.map((title, c) => kindOf(title, rows, c, c >= from));
  require(kinds.slice(0, from).some(Boolean), "No column is left for the inputs: they are empty, or have a different word in every row.");
  checkCells(kinds, rows, from);
  // Inputs are in the order of an encoding: numbers, then words, each as an object has its titles; or in that of the known model.
  const place = (title) => titles.indexOf(title), aims = kinds.slice(from), { medians, words } = modelOf(kinds.slice(0, from).filter(Boolean), aims, [], false).encoding;
  const inputs = ofModel ? fieldsOf(known.model, known.names.inputs) : [...Object.keys(medians), ...Object.keys(words)].map((title) => kinds[place(title)]);
  const names = ofModel ? known.names : { inputs: inputs.flatMap(({ title, words: list }) => list?.map((word) => `${title}=${word}`) ?? [title]),
    targets: aims.flatMap(({ title, words: list }) => list ?? [title]) };
  const aimsOf = ({ cells }) => aims.flatMap(({ words: list }, k) => list?.map((word) => (isMissing(cells[from + k]) ? null : Number(word === cells[from + k]))) ?? [isMissing(cells[from + k]) ? null : Number(cells[from + k])]);
  const pair = (row) => {
    const wanted = aimsOf(row);
    return [inputsOf(inputs, inputs.map(({ title }) => row.cells[place(title)])), wanted.every((one) => one === null) ? null : wanted];
  };
  const parts = blocks.filter((block) => block.length).map((block) => block.map(pair)), clear = parts.length > 1;
  return { data: dataOfModel(ofModel ? known.model : modelOf(inputs, aims, parts.flat(), scaled), names, clear ? parts : parts[0].map((row) => [row]), clear),
    inputs: titles.slice(0, from).filter((_, c) => kinds[c]), targets: titles.slice(from), rows: rows.length,
    left: kinds.every(Boolean) ? null : `Left out: ${titles.filter((_, c) => !kinds[c]).join(", ")} (empty, or a different word in every row).` };
}

/** Three layers that fit the data, all connected with the next. */
function fitting() {
  const [inputs, outputs] = [inputCount(), targetCount()], hidden = Math.min(8, inputs + 2), random = randomOf(1);
  const targets = page.data.sequences.flat().flatMap(([, aims]) => aims ?? []), unit = !page.data.model?.target_scale && targets.every((value) => value === null || (value >= 0 && value <= 1));
  const made = new Network({ name: "Perceptron" });
  const names = { input: page.data.names?.inputs, output: page.data.names?.targets };
  for (const [layer, count, squash] of [["input", inputs, "identity"], ["output", outputs, outputs > 1 && page.data.model?.classes ? "softmax" : unit ? "logistic" : "identity"], ["hidden", hidden, "tanh"]])
    for (let i = 0; i < count; i++) made.add(layer, { squash, bias: 0, name: names[layer]?.[i] ?? `${layer} ${i}` });
  const [from, middle, to] = made.layers.map((layer) => layer.neurons);
  for (const [sources, ends] of [[from, middle], [middle, to]]) for (const target of ends) for (const source of sources)
    made.connect(source, target, Math.sqrt(3 / sources.length) * (2 * random() - 1));
  return made;
}

/** Name inputs and outputs as the columns of a person's own table are; the column of classes names their layer. */
function nameEnds() {
  const { names, model } = page.data;
  if (!names || !model) return;
  for (const [ends, own] of [[net.inputs, names.inputs], [net.outputs, names.targets]]) if (ends.length === own.length) ends.forEach((one, i) => (one.name = own[i]));
  if (model.label && net.layers.every(({ name }) => name !== model.label)) net.layers.at(-1).name = model.label;
}

/** Learn these data from now on; where the present network cannot, or is a recipe for others, with one that fits. */
function use(fresh, rate = null) {
  if (playing) stop();
  const recipe = TASKS[fresh.name]?.recipe, before = net;
  let outputsSaid = null;
  const done = edit("data", `data: ${fresh.title}`, () => {
    if (net.layers.at(-1).name === page.data.model?.label) net.layers.at(-1).name = "output";
    page.data = dealt(fresh);
    net.clear();
    outputsSaid = fitOutputs();
    if (recipe && (misfit() || (net.architecture && rate !== null))) net = networkOf(RECIPES[recipe]); // what a person has built stays
    else if (misfit()) net = fitting();
    nameEnds();
    if (rate !== null) page.settings.rate = rate;
    forget();
  });
  if (!done) return false;
  showTask();
  showSettings();
  const name = recipe ?? `perceptron ${net.layers.map((layer) => layer.neurons.length).join("-")}`;
  notice(net === before ? outputsSaid : `The network is now a ${name}, which fits these data. Undo restores the previous one.`);
  return true;
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
  const tested = page.data.test.length ? ` ${page.data.test.length} more are held out.` : "";
  get("task-words").textContent = `${page.data.words} ${size}${tested}`.trim();
  get("held").disabled = page.data.whole.length < 2;
  offerRows();
  showAsk();
  showMarks();
  get("pixels").hidden = inputCount() !== SIDE * SIDE;
  if (!get("pixels").hidden) listKinds();
}
const brief = (value) => (value === null ? "\u2013" : written(value, (one) => String(Number(one.toFixed(3)))));
const few = (row) => row.slice(0, MOST_CELLS).map(brief).join(" ") + (row.length > MOST_CELLS ? " \u2026" : "");
const isOneHot = (row) => row.length > 2 && row.filter((value) => value === 1).length === 1 && row.every((value) => value === 0 || value === 1);
const largest = (row) => row.indexOf(Math.max(...row));
const areOneHot = (rows) => rows.some(Boolean) && rows.every((row) => !row || isOneHot(row));
/** How rows are written in cells: the name of the 1 if all are one-hot, a cell for each number if there is room, or all numbers in one. */
function writer(rows, names, roomy) {
  if (areOneHot(rows)) return { heads: [""], write: (row) => [names[largest(row)]], chosen: true };
  if (roomy) return { heads: names, write: (row) => row.map(brief) };
  return { heads: [`${names[0]} \u2013 ${names.at(-1)}`], write: (row) => [few(row)] };
}

/** How far an output may be from its target before its row is marked: as the lesson says, half of 0 to 1, or a tenth of the range; and in words. */
function tolerance() {
  const values = page.data.sequences.flat().flatMap(([, targets]) => targets ?? []).filter((value) => value !== null), aims = page.data.model?.target_scale;
  if (lesson?.of.within) return [lesson.of.within, tiny(lesson.of.within)];
  if (values.every((value) => value === 0 || value === 1)) return [0.5, "0.5"];
  const [low, high] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]), within = (high - low || 1) / 10;
  return [within, aims ? aims.deviation.length > 1 ? "a tenth of the range" : tiny(within * aims.deviation[0]) : tiny(within)];
}

/** The first samples by the names of their columns, their targets, and what the network answers; wrong answers are marked. */
function showAnswers() {
  if (get("answers").offsetParent === null) return;
  const sequences = page.data.sequences.slice(0, FEW_ANSWERS), fits = !misfit(), [within, withinWords] = tolerance();
  const answers = fits ? answersOf(sequences.map((one) => one.slice(0, FEW_ANSWERS).map(([inputs]) => inputs))) : [];
  const given = { inputs: net.inputs.map(nameOf), targets: net.outputs.map(nameOf), ...page.data.names };
  const steps = sequences.flatMap((one, s) => one.slice(0, FEW_ANSWERS).map(([inputs, targets], t) => ({ inputs, targets, outputs: answers[s]?.[t], right: page.data.legal?.(one, t) }))).slice(0, FEW_ANSWERS);
  const width = inputCount(), count = targetCount() ?? net.outputs.length, parts = [steps.map((step) => step.inputs), steps.map((step) => step.targets)];
  const roomy = (areOneHot(parts[0]) ? 1 : width) + 2 * (areOneHot(parts[1]) ? 2 : count) <= MOST_COLUMNS;
  const own = page.data.model && unitWriters(), { inputs, targets } = own || { inputs: writer(parts[0], given.inputs, roomy), targets: writer(parts[1], given.targets, roomy) };
  const spaces = (part) => part.heads.map(() => "\u2013");
  const isWrong = ({ targets: aims, outputs, right }) => (targets.chosen ? !(right ?? [largest(aims)]).includes(largest(outputs)) : aims.some((aim, i) => aim !== null && Math.abs(aim - outputs[i]) > within));
  const answered = own ? own.answered : targets.chosen ? ["", ""] : targets.heads, unknown = answered.map(() => "\u2013");
  // Beside many inputs, targets and outputs come first, to be in sight.
  const inOrder = (first, others) => (own && inputs.heads.length + targets.heads.length + answered.length > MOST_COLUMNS ? [...others, ...first] : [...first, ...others]);
  const row = (tag, first, others) => {
    const element = made("tr");
    element.append(...inOrder(first, others).map((text) => (tag === "th" && text ? made(tag, text, { scope: "col", title: text }) : made("td", text))));
    return element;
  };
  const groups = made("tr"), group = (name, size, { length }) => made("th", name + (size > 1 ? "s" : ""), { colSpan: length, scope: "colgroup" });
  const size = own ? targets.heads.length : count, aim = lesson?.of.rule?.name === "TD" ? "reward" : "target";
  groups.append(...inOrder([group("input", own ? inputs.heads.length : width, inputs.heads)], [group(aim, size, targets.heads), group("output", size, answered), made("td", "")]));
  let wrong = 0, aimed = 0;
  const rows = steps.map((step) => {
    const hasTarget = Boolean(step.targets && fits && !lesson?.of.rule), off = hasTarget && isWrong(step);
    aimed += hasTarget;
    wrong += off;
    const outputs = fits ? [...(own?.outputs ?? targets.write)(step.outputs), ...(targets.chosen ? [brief(Math.max(...step.outputs))] : [])] : unknown;
    const element = row("td", inputs.write(step.inputs), [...(step.targets ? targets.write(step.targets) : spaces(targets)), ...outputs, off ? "\u2717" : ""]);
    element.classList.toggle("wrong", off);
    return element;
  });
  get("answers").replaceChildren(groups, row("th", inputs.heads, [...targets.heads, ...answered, ""]), ...rows);
  const off = targets.chosen ? `${wrong === 1 ? "has" : "have"} ${page.data.legal ? "a largest output that the grammar forbids" : "another largest output than the target"}`
    : `${wrong === 1 ? "is" : "are"} off by more than ${withinWords}`;
  const latest = page.latest ? ` The picture shows step ${page.steps}${rerun ? "" : `, ${BEFORE_MOVE}`}.` : "";
  get("answer-words").textContent = fits ? `Outputs with the weights as they are now.${latest} ${aimed ? `\u2717: ${wrong} of ${counted(aimed, "row")} ${off}.` : ""}` : "";
  showDrawn();
  if (page.data.model) answerAsked();
}

// --- images ------------------------------------------------------------------------------------

const isOn = (cell) => cell.getAttribute("aria-pressed") === "true";
/** 1 for each cell of a group that is on, else 0. */
const onesOf = (box) => [...box.children].map((cell) => Number(isOn(cell)));
/** A cell of a group, off; the first one is reached by the tab key. */
function newCell(i, label, more = {}) {
  const cell = made("button", "", { type: "button", tabIndex: i ? -1 : 0, ...more });
  cell.setAttribute("aria-label", label);
  cell.setAttribute("aria-pressed", "false");
  return cell;
}
/** Let a drag or a key switch the cells of a group; `strides` says how far each arrow leads. Returns what sets one cell. */
function switchable(box, strides, changed) {
  let brush = null; // what a drag sets
  const paint = (cell, value = !isOn(cell)) => {
    cell.setAttribute("aria-pressed", String(value));
    changed();
  };
  box.addEventListener("click", ({ target, detail }) => { if (detail === 0 && target.tagName === "BUTTON") paint(target); }); // by key
  box.addEventListener("pointerdown", ({ target }) => {
    if (target.tagName !== "BUTTON") return;
    brush = !isOn(target);
    paint(target, brush);
  });
  box.addEventListener("pointermove", ({ clientX, clientY }) => {
    const cell = document.elementFromPoint(clientX, clientY);
    if (brush !== null && cell?.parentElement === box) paint(cell, brush);
  });
  addEventListener("pointerup", () => { brush = null; });
  box.addEventListener("keydown", (event) => {
    const by = strides[event.key], cells = [...box.children], to = cells[cells.indexOf(event.target) + by];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    to?.focus();
  });
  return paint;
}
const pixelOf = () => onesOf(get("pixel-grid"));
function showDrawn() {
  if (get("pixels").hidden || net.inputs.length !== SIDE * SIDE) return;
  get("pixel-words").textContent = `The network answers: ${few(answersOf([[pixelOf()]])[0][0])}`;
}
function listKinds() {
  const kept = get("pixel-kind").value;
  get("pixel-kind").replaceChildren(...many(targetCount(), (i) => made("option", page.data.names?.targets[i] ?? `output ${i}`, { value: i })));
  get("pixel-kind").value = kept || "0";
}
get("pixel-grid").append(...many(SIDE * SIDE, (i) => newCell(i, `Row ${Math.floor(i / SIDE) + 1}, column ${(i % SIDE) + 1}`)));
const paintPixel = switchable(get("pixel-grid"), { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }, showDrawn);
get("pixel-clear").addEventListener("click", () => [...get("pixel-grid").children].forEach((cell) => paintPixel(cell, false)));
get("pixel-add").addEventListener("click", () => {
  const sample = [[pixelOf(), oneHot(targetCount(), Number(get("pixel-kind").value))]];
  use({ ...page.data, sequences: [...page.data.whole, sample] });
});

// --- choosing ----------------------------------------------------------------------------------

get("task").append(...Object.entries(TASKS).map(([name, { title }]) => made("option", title, { value: name })));
get("task").addEventListener("change", () => {
  const name = get("task").value;
  if (name !== "own") use(dataOf(name), TASKS[name].rate);
});
// The rows that are learned stand in the box, if they are few, until somebody writes there.
const MOST_WRITTEN = 60;
let offered = "";
function offerRows() {
  const samples = page.data.whole.every((one) => one.length === 1), count = page.data.whole.flat().length, open = get("own").open;
  if (!open || !["", offered].includes(get("csv").value) || count > MOST_WRITTEN) return;
  const { heads, rows, targets } = page.data.model ? rowsInUnits() : rowsAsNumbers();
  const plain = heads.every((head) => !NUMBER.test(head) && !isMissing(head)), cell = (value) => (/[,;\t]/.test(value) ? `"${value}"` : String(value ?? "?"));
  offered = get("csv").value = [...(plain ? [heads.map(cell).join(", ")] : []), rows.map((one) => one.map((cells) => cells.map(cell).join(", ")).join("\n")).join(samples ? "\n" : "\n\n")].join("\n");
  get("csv-targets").value = targets;
  get("csv-scaled").checked = Boolean(page.data.model?.scale);
}
function rowsAsNumbers() {
  const { inputs, targets } = { inputs: net.inputs.map(nameOf), targets: net.outputs.map(nameOf), ...page.data.names };
  const heads = inputs.length + targets.length === inputCount() + targetCount() ? [...inputs, ...targets] : [""];
  return { heads, targets: targets.length, rows: page.data.whole.map((one) => one.map(([row, aims]) => [...row, ...(aims ?? targets.map(() => null))])) };
}
/** The rows as a person's table has them: numbers in its units, and words. */
function rowsInUnits() {
  const { model, names } = page.data, fields = fieldsOf(model, names.inputs), aims = model.classes ? [model.label] : names.targets;
  const wanted = (row) => (!row ? aims.map(() => null) : model.classes ? [String(model.classes[largest(row)])] : row);
  return { heads: [...fields.map(({ title }) => title), ...aims], targets: aims.length,
    rows: inUnits(model, page.data.whole).map((one) => one.map(([row, targets]) => [...cellsIn(fields, row), ...wanted(targets)])) };
}
get("own").addEventListener("toggle", offerRows);
get("csv-use").addEventListener("click", () => {
  const known = page.data.model?.isEmpty ? page.data : null;
  const pasted = tried(() => parsed(get("csv").value, Number(get("csv-targets").value), get("csv-scaled").checked, known));
  if (pasted && use(pasted.data) && pasted.left) notice(`${get("notice").textContent} ${pasted.left}`.trim());
});
get("csv").addEventListener("paste", () => { get("csv-scaled").checked = true; }); // as a table that is dropped
