// Units: a person's own table stays in its own units, while the network computes in standard ones. `page.data.model` has what lies
// between them, as the file of a `synapse.Model` has it: { task, classes, scale, target_scale }, beside `encoding`, which is { medians,
// words } by column as `synapse fit` writes it (null: each input is a column of numbers), `label`, the column of the classes, and `isEmpty`,
// whether its rows are still to come.

const MODEL = { ...FORMAT, format: "synapse model" }, ROUNDING = 1e-14, MOST_FIELDS = 40;

// --- scales ------------------------------------------------------------------------------------

const centreOf = (scale, i) => (scale.centred === false ? 0 : scale.mean[i]);
const standardised = (scale, row) => (scale && row ? row.map((value, i) => (value === null ? null : (value - centreOf(scale, i)) / scale.deviation[i])) : row);
const original = (scale, value, i) => (scale && value !== null ? value * scale.deviation[i] + centreOf(scale, i) : value);

/** The scale of some rows, as synapse.Scale counts them; columns that are `kept` stay as they are. */
function scaleOf(rows, kept) {
  const of = kept.map((isKept, k) => {
    const values = rows.map((row) => row[k]).filter((value) => value !== null), count = values.length || 1;
    if (isKept) return { count, deviation: 1, mean: 0, squares: count };
    const mean = total(values) / count, squares = total(values.map((value) => (value - mean) ** 2)), deviation = Math.sqrt(squares / count);
    return { count, deviation: deviation > ROUNDING * Math.abs(mean) ? deviation : 1, mean, squares };
  });
  return Object.fromEntries(["count", "deviation", "mean", "squares"].map((name) => [name, of.map((column) => column[name])]));
}

/** Sequences, or rows, in the units of the network, of those in the units of the table. */
const inStandard = ({ scale, target_scale: aims }, sequences) => sequences.map((steps) => steps.map(([inputs, targets]) => [standardised(scale, inputs), standardised(aims, targets)]));
/** And back, without the noise of rounding. */
function inUnits({ scale, target_scale: aims }, sequences) {
  const back = (own, row) => (own && row ? row.map((value, i) => tidy(original(own, value, i), Math.max(Math.abs(centreOf(own, i)), own.deviation[i]))) : row);
  return sequences.map((steps) => steps.map(([inputs, targets]) => [back(scale, inputs), back(aims, targets)]));
}
const tidy = (value, size) => (value === null ? null : Number(value.toFixed(Math.min(100, Math.max(0, 12 - Math.floor(Math.log10(size)))))));

// --- columns -----------------------------------------------------------------------------------

/** The columns of a model's inputs, { title, words, median, at }: its words, or null for numbers, and the place of its first input. */
function fieldsOf({ encoding, scale }, names) {
  const { medians, words } = encoding ?? { medians: {}, words: {} }, fields = [];
  const isAt = (at, title) => words[title].length > 0 && words[title].every((word, i) => names[at + i] === `${title}=${word}`);
  for (let at = 0; at < names.length;) {
    const title = Object.keys(words).find((one) => isAt(at, one));
    fields.push(title === undefined ? { title: names[at], words: null, at, median: Object.hasOwn(medians, names[at]) ? medians[names[at]] : scale ? centreOf(scale, at) : 0 }
      : { title, words: words[title], at, median: null });
    at += title === undefined ? 1 : words[title].length;
  }
  return fields;
}
/** The inputs, in units, of cells by field: a missing number is the median, a missing word none. */
const inputsOf = (fields, cells) => fields.flatMap(({ words, median }, i) => (words ? words.map((word) => Number(cells[i] === word)) : [isMissing(cells[i]) ? median : typed(cells[i])]));
/** The cells by field of inputs in units: numbers and words; null for no word. */
const cellsIn = (fields, inputs) => fields.map(({ words, at }) => (words ? words.find((_, i) => inputs[at + i] > 0.5) ?? null : inputs[at]));

/** What stands in the table of the first samples, for each part of a row in standard units. */
function unitWriters() {
  const { model, names } = page.data, fields = fieldsOf(model, names.inputs), { scale, target_scale: aims, classes, label } = model;
  const cell = (value) => (value === null ? "\u2013" : typeof value === "number" ? shown(value) : value), classOf = (row) => String(classes[largest(row)]);
  const inputs = { heads: fields.map(({ title }) => title), write: (row) => cellsIn(fields, inUnits(model, [[[row, null]]])[0][0][0]).map(cell) };
  if (classes) return { inputs, targets: { heads: [label], write: (row) => [classOf(row)], chosen: true }, answered: [label, ""] };
  return { inputs, targets: { heads: names.targets, write: (row) => inUnits(model, [[[[], row]]])[0][0][1].map(cell) }, answered: names.targets,
    outputs: (row) => row.map((value, i) => answerText(original(aims, value, i), aims?.deviation[i] ?? 1)) };
}
/** An answer, to a thousandth of the deviation of its column. */
const answerText = (value, deviation) => written(value, (one) => String(Number(one.toFixed(Math.min(100, Math.max(0, 3 - Math.ceil(Math.log10(deviation))))))), 4);

/** Whether a network is one for the columns of the data. */
const hasUnits = () => Boolean(page.data.model) && net.inputs.length === page.data.names.inputs.length && net.outputs.length === page.data.names.targets.length;
/** The scale of a neuron and its column there; null where it has none. */
function scaleAt(n) {
  const { scale, target_scale: aims } = hasUnits() ? page.data.model : {}, k = n - (all.length - net.outputs.length);
  return scale && n < net.inputs.length ? [scale, n] : aims && k >= 0 ? [aims, k] : null;
}
/** The number of an input or an output in the units of the table, as text; null for other neurons. */
unitsOf = (n, value) => {
  const at = scaleAt(n);
  return at && Number.isFinite(value) ? answerText(original(at[0], value, at[1]), at[0].deviation[at[1]]) : null;
};

// --- data --------------------------------------------------------------------------------------

/** Names of columns, as the inputs and outputs of a network have them. */
const namesIn = ({ inputs, outputs }) => ({ inputs: inputs.map(({ name }, i) => name ?? `input ${i}`), targets: outputs.map(({ name }, i) => name ?? `output ${i}`) });
/** Data of a model, of sequences in its units; null: one row of medians, in place of those to come. */
function dataOfModel(model, names, sequences, clear) {
  const own = { ...model, isEmpty: !sequences };
  const given = sequences ?? [[[inputsOf(fieldsOf(own, names.inputs), names.inputs.map(() => "")), null]]];
  return { ...givenData([]), clear: Boolean(clear), sequences: inStandard(own, given), names, model: own, words: scaleWords(own, names) };
}
/** What is said about the scales. */
function scaleWords({ scale, target_scale: aims, isEmpty }, { inputs, targets }) {
  const list = (own, names) => (own ? names.flatMap((name, i) => (own.deviation[i] === 1 && centreOf(own, i) === 0 ? [] : [`${name} (${shown(centreOf(own, i))} \u00b1 ${shown(own.deviation[i])})`])) : []);
  const units = [...list(scale, inputs), ...list(aims, targets)];
  return [isEmpty ? "This model has no rows here: type one below, or add your own." : "",
    units.length ? `The network computes in standard units, by mean and standard deviation: ${firstOf(units)}.` : ""].filter(Boolean).join(" ");
}
/** Data again, for a model that has been opened: its rows where the columns are the same, else none. */
function dataAgain(model, network) {
  const names = namesIn(network), fresh = dataOfModel(model, names, null), columns = ({ names, model: { label } }) => JSON.stringify([names, label]);
  const { model: before, whole, clear } = page.data;
  return before && columns(page.data) === columns(fresh) && !before.isEmpty ? dataOfModel(model, names, inUnits(before, whole), clear) : fresh;
}

// --- files -------------------------------------------------------------------------------------

/** An encoding of `synapse fit`, or null: others may write anything there. */
function checkedEncoding(given) {
  const isText = (value) => typeof value === "string", { medians, words } = given ?? {};
  const isOne = [medians, words].every((part) => part && typeof part === "object") && Object.values(medians).every(isNumber)
    && Object.values(words).every((list) => Array.isArray(list) && list.every(isText));
  return isOne ? { medians, words } : null;
}
/** The description of a model in a file or an address, whoever wrote it; what is wrong raises a RuleError. */
function checkedModel(head, network) {
  const { task, classes = null, scale = null, target_scale: aims = null } = head, inputs = network.inputs.length, outputs = network.outputs.length;
  const isList = (list, count, fits) => Array.isArray(list) && list.length === count && list.every(fits), isLabel = (value) => ["string", "number", "boolean"].includes(typeof value);
  const isScale = (own, count) => own === null || (["count", "mean", "squares"].every((name) => isList(own[name], count, isNumber)) && isList(own.deviation, count, (one) => isNumber(one) && one > 0));
  require(["numbers", "classes", "labels"].includes(task) && isScale(scale, inputs) && isScale(aims, outputs) && (task === "classes" ? isList(classes, outputs, isLabel) : classes === null),
    "This model is damaged: its scales or classes do not fit its network.");
  return { task, classes, scale, target_scale: aims, encoding: checkedEncoding(head.encoding ?? network.metadata.encoding), label: classes && network.layers.at(-1).name };
}
/** Whether a model computes differences, which this page does not. */
const hasLags = ({ scale, target_scale: aims }) => Boolean(scale?.lags || aims?.lags);

/** Whether an output may have a squash, by what the model answers: as synapse.Model requires. */
function canAnswer({ task, target_scale: aims }, squash) {
  if (task !== "numbers") return squash === "logistic" || (task === "classes" && squash === "softmax");
  return !aims || SQUASHES[squash].free !== false;
}
/** What is saved, { json, words }: the network or, with a table of one's own, a model with its scales and names; and why it is none. */
function saved() {
  const { model } = page.data, json = net.toJSON(), alone = "The file has the network without the scales and names of the rows";
  if (!model) return { json };
  if (!hasUnits()) return { json, words: `${alone}, because it has other inputs or outputs than these.` };
  const unfit = net.outputs.find(({ squash }) => !canAnswer(model, squash));
  if (unfit) return { json, words: `${alone}, because its outputs have the squash ${unfit.squash}. Give them ${model.task === "numbers" ? "identity" : "logistic"}, and save it again.` };
  const { task, classes, scale, target_scale, encoding, label } = model;
  if (encoding) json.metadata = { ...json.metadata, encoding, targets: classes ? [label] : page.data.names.targets }; // as `synapse run` reads them
  return { json: { ...MODEL, task, classes, scale, target_scale, network: json } };
}

// --- a new row ---------------------------------------------------------------------------------

let asked = []; // controls, by field
/** A labelled control for each input, in the units of the table. */
function showAsk() {
  get("ask").hidden = !page.data.model;
  if (!page.data.model) return;
  const fields = fieldsOf(page.data.model, page.data.names.inputs).slice(0, MOST_FIELDS), key = JSON.stringify(fields);
  if (get("ask-fields").dataset.key === key) return answerAsked(); // what was typed stays
  asked = fields.map(({ words, median }, i) => {
    const control = words ? made("select", null, { id: `ask-${i}` }) : made("input", null, { id: `ask-${i}`, inputMode: "text", autocomplete: "off", placeholder: shown(median) });
    if (words) control.append(...options([["", "\u2013"], ...words.map((word) => [word, word])]));
    control.addEventListener("input", answerAsked);
    return control;
  });
  get("ask-fields").dataset.key = key;
  get("ask-fields").replaceChildren(...fields.flatMap(({ title }, i) => [made("label", title, { htmlFor: asked[i].id, title }), asked[i]]));
  answerAsked();
}
/** The answer to the row that is typed, by the network as it is now; or what is wrong with it. */
function answerAsked() {
  const { model, names } = page.data, fields = fieldsOf(model, names.inputs), cells = fields.map((_, i) => asked[i]?.value.trim() ?? "");
  const bad = fields.map(({ words }, i) => !words && !isMissing(cells[i]) && !Number.isFinite(typed(cells[i])));
  asked.forEach((control, i) => control.setAttribute("aria-invalid", String(bad[i])));
  const wrong = bad.indexOf(true), say = (answer, words) => { [get("ask-answer").textContent, get("ask-words").textContent] = [answer, words]; };
  if (!hasUnits()) return say("", "The network has other inputs or outputs than these rows.");
  if (wrong >= 0) return say("", `${fields[wrong].title} must be a number, got "${cells[wrong].slice(0, 40)}".`);
  if (cells.every(isMissing)) return say("", "Type a row in the units of your table. The network answers at once and does not learn from it.");
  const [[outputs]] = answersOf([[standardised(model.scale, inputsOf(fields, cells))]]), answers = outputs.map((value, i) => original(model.target_scale, value, i));
  get("ask-answer").dataset.values = answers.join(" "); // with all their digits
  say(answerWords(answers), [...emptyWords(fields, cells), ...beyondWords(fields, cells), ...memoryWords()].join(" "));
}
function answerWords(answers) {
  const { model: { classes, target_scale: aims, label }, names } = page.data;
  if (!classes) return names.targets.map((name, i) => `${name}: ${answerText(answers[i], aims?.deviation[i] ?? 1)}`).join("\n");
  return `${label}: ${classes[largest(answers)]}\n${classes.map((word, i) => `${word} ${answerText(answers[i], 1)}`).join(", ")}`;
}
function emptyWords(fields, cells) {
  const empty = fields.filter((_, i) => isMissing(cells[i])), numbers = empty.filter(({ words }) => !words), others = empty.filter(({ words }) => words);
  return [...(numbers.length ? [`Empty fields count as the median of the rows: ${firstOf(numbers.map(({ title, median }) => `${title} as ${shown(median)}`))}.`] : []),
    ...(others.length ? [`No word is chosen for ${firstOf(others.map(({ title }) => title))}.`] : [])];
}
/** Which numbers are beyond those of the rows. */
function beyondWords(fields, cells) {
  if (page.data.model.isEmpty) return [];
  const rows = inUnits(page.data.model, page.data.whole).flat().map(([inputs]) => inputs);
  return fields.flatMap(({ title, words, at }, i) => {
    if (words || isMissing(cells[i])) return [];
    const [low, high] = rows.reduce(([low, high], row) => [Math.min(low, row[at]), Math.max(high, row[at])], [Infinity, -Infinity]), value = typed(cells[i]);
    return value < low || value > high ? [`${title} is beyond the rows, where it goes from ${shown(low)} to ${shown(high)}: the answer is a guess.`] : [];
  });
}
const memoryWords = () => (links.some((one) => one.memory || one.delayed) ? ["The network has a memory: it answers as in the first step of a sequence."] : []);
