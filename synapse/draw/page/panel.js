// The numbers of what is pointed at or chosen. Names are only ever set as text.

const numbers = document.getElementById("numbers");
const MOST_ROWS = 60, FEW_ROWS = 12; // of connections, of inputs and outputs
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
  return others ? [...rows, ["tied", `with ${others} ${others > 1 ? "others" : "other"}`]] : rows;
}
const openWord = (value) => (Math.abs(value) < 0.1 ? "closed" : Math.abs(value) > 0.9 ? "open" : "half open");

// The activation over the sequence, with a mark at this step.
function curve(values) {
  const known = values.filter(Number.isFinite);
  const low = Math.min(0, ...known), high = Math.max(1, ...known);
  const y = (value) => 100 - 100 * (value - low) / (high - low || 1);
  const width = Math.max(1, values.length - 1);
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const attributes = { class: "curve", viewBox: `${-width * 0.01} -6 ${width * 1.02} 112`, preserveAspectRatio: "none",
    role: "img", "aria-label": `Activation over ${steps} steps, from ${shown(low)} to ${shown(high)}` };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const line = (x1, y1, x2, y2, kind) => {
    const part = document.createElementNS(ns, "line");
    Object.entries({ x1, y1, x2, y2, class: kind }).forEach(([name, value]) => part.setAttribute(name, value));
    return part;
  };
  const path = document.createElementNS(ns, "path");
  const points = values.map((value, i) => (Number.isFinite(value) ? `${i} ${y(value)}` : null)).filter(Boolean);
  path.setAttribute("d", points.length ? `M${points.join("L")}` : "");
  svg.append(line(0, y(0), width, y(0), "zero"), path, line(now, -6, now, 106, "now"));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    goTo(Math.round((event.clientX - box.left) / box.width * width * 1.02 - width * 0.01));
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
    row.append(first, made("td", shown(real(connections.weight[c]))), made("td", shown(gain(c))));
    rows.append(row);
  }
  const left = list.length - MOST_ROWS;
  return [made("h3", `${title} (${list.length})`), rows, ...(left > 0 ? [made("p", `and ${left} more`)] : [])];
}

function ofNeuron({ neuron: n }) {
  const own = outgoing[n].find((c) => connections.target[c] === n);
  const rows = [["activation", activation(n)], ["state", state(n)]];
  if (now > 0) rows.push(["previous state", state(n, now - 1)]);
  rows.push(["derivative", derivative(n)], ["bias", real(neurons.bias[n])]);
  rows.push(["bias eligibility", biasEligibility(n)]);
  rows.push(...fate(neurons, n).map(([name, value]) => [`bias ${name}`, value]));
  if (own !== undefined) rows.push(["own weight", real(connections.weight[own])], ["own gain", gain(own)]);
  const over = Array.from({ length: steps + 1 }, (_, step) => activation(n, step));
  return [
    made("h2", neurons.name[n]),
    made("p", `${layers[layerOf[n]].name}, ${neurons.squash[n]}, number ${n}`),
    table(rows),
    ...(steps ? [curve(over)] : []),
    made("h3", "Error"),
    table(["responsibility", "projected", "gated"].map((name) => [name, error(name, n)])),
    ...connectionRows("Incoming", incoming[n], "source"),
    ...connectionRows("Outgoing", outgoing[n], "target"),
    ...connectionRows("Gates, by their target", gated[n], "target"),
  ];
}

function ofConnection({ connection: c }) {
  const source = connections.source[c], target = connections.target[c], gater = connections.gater[c];
  const rows = [["weight", real(connections.weight[c])], ["gain", gain(c)]];
  if (gater >= 0) rows.push(["gate", `${neurons.name[gater]}, ${openWord(gain(c))}`]);
  if (data.eligibility) rows.push(["eligibility", eligibility(c)]);
  rows.push(...fate(connections, c), ["source activation", activation(source)], ["target state", state(target)]);
  const ends = made("div", null, { className: "tools" });
  for (const n of new Set([source, target, gater].filter((n) => n >= 0)))
    ends.append(made("button", neurons.name[n], { onclick: () => choose({ kind: "neuron", neuron: n, id: stand(n) }) }));
  const kind = source === target ? "self-connection" : "connection";
  return [made("h2", connectionTitle(c)), made("p", kind), table(rows), ends,
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
  const weights = members.map((c) => real(connections.weight[c]));
  const sum = weights.reduce((a, b) => a + b, 0), sizes = weights.reduce((a, b) => a + Math.abs(b), 0);
  const end = (ends) => {
    const places = new Set(members.map((c) => stand(ends[c])));
    const n = ends[members[0]];
    return places.size === 1 && isFolded(n) ? layers[layerOf[n]].name : neurons.name[n];
  };
  return [
    made("h2", `${end(connections.source)} \u2192 ${end(connections.target)}`),
    made("p", `${members.length} connections, ${members.filter(isGated).length} of them gated`),
    table([["sum of weights", sum], ["mean size", sizes / members.length], ["mean gain", meanGain(members)]]),
  ];
}

function ofLayer({ layer: i }) {
  const layer = layers[i];
  return [
    made("h2", layer.name), made("p", `${layer.count} neurons`),
    table([["mean activation", meanOf(layer, activation)], ["mean state", meanOf(layer, state)]]),
  ];
}

function ofNothing() {
  const output = layers[layers.length - 1], input = layers[0];
  const values = (layer) => {
    const all = neuronsOf(layer), left = all.length - FEW_ROWS;
    const rows = table(all.slice(0, FEW_ROWS).map((n) => [neurons.name[n], activation(n)]));
    return left > 0 ? [rows, made("p", `and ${left} more`)] : [rows];
  };
  return [
    made("p", "Point at a neuron or a connection for its numbers; click to select it."),
    made("h3", "Inputs"), ...values(input), made("h3", "Outputs"), ...values(output),
  ];
}

const views = { neuron: ofNeuron, connection: ofConnection, bundle: ofBundle, layer: ofLayer };

function showNumbers(what) {
  looked = what;
  numbers.replaceChildren(...(what ? views[what.kind](what) : ofNothing()));
}

function titleOf(what) {
  if (!what) return "";
  if (what.kind === "neuron") return `${neuronTitle(what.neuron)}: ${shown(activation(what.neuron))}`;
  if (what.kind === "connection") {
    const weight = real(connections.weight[what.connection]);
    return `${connectionTitle(what.connection)}: weight ${shown(weight)}`;
  }
  return what.kind === "layer" ? layers[what.layer].name : `${what.members.length} connections`;
}
