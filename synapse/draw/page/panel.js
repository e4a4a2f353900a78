// The numbers of what is pointed at or chosen. Names are only ever set as text.

const numbers = get("numbers");
let momentWords = () => ""; // where a network learns: which step the numbers are of
let errorWords = () => ""; // and which the errors are of, from which it has learnt
let errorMissing = () => "This step has no target.";
let unitsOf = () => null; // where a table has scales: a number of an input or an output in the units of the table, as text
let why = () => []; // where a network learns: why a number moved
const MOST_ROWS = 60, FEW_ROWS = 6; // of connections, of inputs and outputs
let looked = null; // what the panel shows

function made(tag, text, more = {}) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  return Object.assign(element, more);
}

// Rows of [name, number or words]; a number carries all its digits.
function table(rows) {
  const list = made("dl");
  for (const [name, value] of rows) {
    const number = typeof value === "number";
    const cell = made("dd", number ? shown(value) : value, number ? { title: String(value) } : {});
    cell.dataset.name = name;
    if (number) cell.dataset.value = String(value);
    list.append(made("dt", name), cell);
  }
  return list;
}

// Whether a weight or bias moves, and who moves with it.
function fate(columns, i) {
  const others = columns.tied[i] ?? 0;
  const rows = [["trainable", columns.trainable[i] ? "yes" : "no"]];
  return others ? [...rows, ["tied", `with ${counted(others, "other")}`]] : rows;
}
const openWord = (value) => (Math.abs(value) < 0.1 ? "closed" : Math.abs(value) > 0.9 ? "open" : "half open");

function drawn(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// The activation over the sequence, with its targets as dashes and a mark at this step.
function curve(values, targets) {
  const known = [...values, ...targets].filter(Number.isFinite);
  const low = Math.min(0, ...known), high = Math.max(1, ...known), width = Math.max(1, values.length - 1);
  const y = (value) => 100 - 100 * (value - low) / (high - low || 1);
  const svg = drawn("svg", { class: "curve", viewBox: `${-width * 0.01} -6 ${width * 1.02} 112`, preserveAspectRatio: "none",
    role: "img", "aria-label": `Activation over ${counted(steps, "step")}, from ${shown(low)} to ${shown(high)}` });
  const line = (x1, y1, x2, y2, kind) => drawn("line", { x1, y1, x2, y2, class: kind });
  const points = values.map((value, i) => (Number.isFinite(value) ? `${i} ${y(value)}` : null)).filter(Boolean);
  const dashes = targets.flatMap((value, i) => (Number.isFinite(value) ? [line(i - 0.35, y(value), i + 0.35, y(value), "target")] : []));
  svg.append(line(0, y(0), width, y(0), "zero"), drawn("path", { d: points.length ? `M${points.join("L")}` : "" }), ...dashes,
    line(now - first, -6, now - first, 106, "now"));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    goTo(first + Math.round((event.clientX - box.left) / box.width * width * 1.02 - width * 0.01));
  });
  return svg;
}

function connectionRows(title, list, other) {
  if (!list.length) return [];
  const rows = made("table"), head = made("tr");
  ["", "weight", "gain"].forEach((name) => head.append(made("th", name, { scope: "col" })));
  rows.append(head);
  for (const c of list.slice(0, MOST_ROWS)) {
    const row = made("tr"), first = made("td");
    first.append(made("button", neurons.name[connections[other][c]], {
      title: connectionTitle(c), onclick: () => choose({ kind: "connection", connection: c, id: `c${c}` }) }));
    const by = isGated(c) ? { title: `gated by ${neurons.name[connections.gater[c]]}` } : {};
    row.append(first, made("td", shown(real(connections.weight[c]))), made("td", shown(gain(c)), by));
    rows.append(row);
  }
  const left = list.length - MOST_ROWS;
  return [made("h3", `${title} (${list.length})`), rows, ...(left > 0 ? [made("p", `and ${left} more`)] : [])];
}

// Errors of a step with a target; without any target there is nothing to show.
function errorRows(n) {
  const found = ["responsibility", "projected", "gated"].filter((name) => data[name]);
  if (!found.length) return [];
  const rows = found.map((name) => [name, error(name, n)]).filter(([, value]) => value !== undefined);
  return [made("h3", `Error${errorWords()}`), rows.length ? table(rows) : made("p", errorMissing())];
}

function ofNeuron({ neuron: n }) {
  const own = outgoing[n].find((c) => connections.target[c] === n);
  const rows = [["activation", activation(n)]], inTable = (name, value) => { if (unitsOf(n, value) !== null) rows.push([name, unitsOf(n, value)]); };
  inTable("in your units", activation(n));
  if (target(n) !== undefined) rows.push(["target", target(n)]);
  inTable("target in your units", target(n));
  rows.push(["state", state(n)]);
  if (Number.isFinite(state(n, Math.max(0, now - 1))) && now > 0) rows.push(["previous state", state(n, now - 1)]);
  rows.push(["derivative", derivative(n)], ["bias", real(neurons.bias[n])]);
  rows.push(["bias eligibility", biasEligibility(n)]);
  rows.push(...fate(neurons, n).map(([name, value]) => [`bias ${name}`, value]));
  if (own !== undefined) rows.push(["own weight", real(connections.weight[own])], ["own gain", gain(own)]);
  const all = Array.from({ length: steps }, (_, i) => i + first);
  return [
    made("h2", neurons.name[n]),
    made("p", `${layers[layerOf[n]].name}, ${neurons.squash[n]}, number ${n}`),
    table(rows),
    ...(steps > 1 ? [curve(all.map((step) => activation(n, step)), all.map((step) => target(n, step)))] : []),
    ...errorRows(n),
    ...why({ kind: "neuron", neuron: n }),
    ...connectionRows("Incoming", incoming[n], "source"),
    ...connectionRows("Outgoing", outgoing[n], "target"),
    ...connectionRows("Gates, by their target", gated[n], "target"),
  ];
}

function ofConnection({ connection: c }) {
  const source = connections.source[c], target = connections.target[c], gater = connections.gater[c];
  const rows = [["weight", real(connections.weight[c])], ["gain", gain(c)]];
  if (connections.delay[c]) rows.push(["delay", counted(connections.delay[c], "step")]);
  if (gater >= 0) rows.push(["gate", `${neurons.name[gater]}, ${openWord(gain(c))}`]);
  if (data.eligibility) rows.push(["eligibility", eligibility(c)]);
  for (const [name, values] of Object.entries(data.traces ?? {})) rows.push([`trace ${name}`, real(values[now][c])]);
  rows.push(...fate(connections, c), ["source activation", activation(source)], ["target state", state(target)]);
  const ends = made("div", null, { className: "tools" });
  for (const n of new Set([source, target, gater].filter((n) => n >= 0)))
    ends.append(made("button", neurons.name[n], { onclick: () => choose({ kind: "neuron", neuron: n, id: stand(n) }) }));
  const kind = source === target ? "self-connection" : "connection";
  return [made("h2", connectionTitle(c)), made("p", kind), table(rows), ends,
    ...why({ kind: "connection", connection: c }),
    ...pairRows("Extended traces", extendedOf[c], data.extended),
    ...pairRows("Sensitivities: d state / d weight", sensitivityOf[c], data.sensitivity)];
}

// By neuron. Names can be alike, so these are a table of their own.
function pairRows(title, pairs, columns) {
  if (!pairs.length) return [];
  const rows = pairs.slice(0, MOST_ROWS).map((e) => [neurons.name[columns.neuron[e]], real(columns.values[now][e])]);
  const left = pairs.length - MOST_ROWS;
  return [made("h3", `${title} (${pairs.length})`), table(rows), ...(left > 0 ? [made("p", `and ${left} more`)] : [])];
}

function ofBundle({ members }) {
  const weights = members.map((c) => real(connections.weight[c])), own = members.filter(isGated);
  const names = (ends) => {
    const places = new Set(members.map((c) => stand(ends[c]))), n = ends[members[0]];
    return places.size === 1 && isFolded(n) ? layers[layerOf[n]].name : neurons.name[n];
  };
  const rows = [["sum of weights", total(weights)], ["mean size", total(weights.map(Math.abs)) / members.length]];
  if (own.length) rows.push(["gated by", gatersOf(own)], ["mean gain", meanGain(own)]);
  return [
    made("h2", `${names(connections.source)} \u2192 ${names(connections.target)}`),
    made("p", `${counted(members.length, "connection")}, ${own.length} of them gated`), table(rows),
  ];
}
const meanGain = (members) => total(members.map((c) => gain(c))) / members.length;
const gatersOf = (members) => [...new Set(members.map((c) => layers[layerOf[connections.gater[c]]].name))].join(", ");

function ofLayer({ layer: i }) {
  const layer = layers[i];
  return [
    made("h2", layer.name), made("p", counted(layer.count, "neuron")),
    table([["mean activation", meanOf(layer, activation)], ["mean state", meanOf(layer, state)]]),
  ];
}

// The first neurons of a layer with their activations and, of outputs, the targets of this step.
function valuesOf(layer) {
  const all = neuronsOf(layer), left = all.length - FEW_ROWS;
  const rows = all.slice(0, FEW_ROWS).map((n) => [
    neurons.name[n] + (target(n) === undefined ? "" : ` (target ${unitsOf(n, target(n)) ?? shown(target(n))})`), unitsOf(n, activation(n)) ?? activation(n)]);
  return [table(rows), ...(left > 0 ? [made("p", `and ${left} more`)] : [])];
}
function ofNothing() {
  return [
    made("p", `${touch ? "Tap" : "Point at"} a neuron or a connection for its numbers${touch ? "" : "; click to select it"}.`),
    made("h2", "Inputs", { className: "part" }), ...valuesOf(layers[0]), made("h2", `Outputs${momentWords()}`, { className: "part" }), ...valuesOf(outputs),
  ];
}

const views = { neuron: ofNeuron, connection: ofConnection, bundle: ofBundle, layer: ofLayer };

function showNumbers(what) {
  looked = what;
  numbers.replaceChildren(...(what ? views[what.kind](what) : ofNothing()));
}

// One line of what is pointed at, at this step.
const titles = {
  neuron: ({ neuron: n }) => `${neurons.name[n]}: ${unitsOf(n, activation(n)) ?? shown(activation(n))}`
    + (target(n) === undefined ? "" : `, target ${unitsOf(n, target(n)) ?? shown(target(n))}`),
  connection: ({ connection: c }) => `${connectionTitle(c)}: weight ${shown(real(connections.weight[c]))}`
    + (isGated(c) ? `\ngain ${shown(gain(c))}, gated by ${neurons.name[connections.gater[c]]}` : ""),
  bundle: ({ members }) => counted(members.length, "connection")
    + (members.some(isGated) ? `\ngated by ${gatersOf(members.filter(isGated))}` : ""),
  layer: ({ layer: i }) => `${layers[i].name}: mean ${shown(meanOf(layers[i], activation))}`,
};
const titleOf = (what) => titles[what.kind](what);
