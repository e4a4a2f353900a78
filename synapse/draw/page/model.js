// The network as the page holds it: columns of numbers, and who is linked to whom.

const get = (id) => document.getElementById(id);
const touch = matchMedia("(hover: none)").matches; // nothing can be pointed at
let data, neurons, connections, layers, steps, neuronCount, connectionCount, layerOf, outputs, incoming, outgoing, gated;
let first, now; // the first step (row 0 is what ran before: shown only where there is no step), and the one that is shown
const neuronsOf = (layer) => Array.from({ length: layer.count }, (_, i) => layer.first + i);

// Show these data: at the beginning and, where the network can be edited, after an edit.
function adopt(fresh) {
  data = fresh;
  ({ neurons, connections, layers, steps } = data);
  [neuronCount, connectionCount, outputs] = [neurons.name.length, connections.source.length, layers[layers.length - 1]];
  now = first = Math.min(1, steps);
  layerOf = [];
  layers.forEach((layer, i) => {
    layer.first = layerOf.length;
    for (let n = 0; n < layer.count; n++) layerOf.push(i);
  });
  [incoming, outgoing, gated] = [connections.target, connections.source, connections.gater].map(listed);
  measure();
}

function listed(ends) {
  const lists = Array.from({ length: neuronCount }, () => []);
  ends.forEach((end, c) => { if (end >= 0) lists[end].push(c); });
  return lists;
}

// None stands for a number that is not finite.
const real = (value) => (value === null || value === undefined ? NaN : value);
const activation = (n, step = now) => real(data.activation[step][n]);
const state = (n, step = now) => real(data.state[step][n]);
const derivative = (n, step = now) => real(data.derivative[step][n]);
const biasEligibility = (n, step = now) => real(data.bias_eligibility[step][n]);
const eligibility = (c, step = now) => real(data.eligibility[step][c]);
// A step without a target has no errors, nor has a neuron whose error is still to come: undefined.
const error = (name, n, step = now) => { const row = data[name]?.[step]; return row && row[n] !== undefined ? real(row[n]) : undefined; };
const target = (n, step = now) => (n < outputs.first ? undefined : data.target?.[step]?.[n - outputs.first] ?? undefined); // null: none
const gain = (c, step = now) => (connections.gater[c] < 0 ? 1 : activation(connections.gater[c], step));
const isGated = (c) => connections.gater[c] >= 0;

// Which extended traces, or sensitivities, each connection has.
function pairsOf(columns) {
  const lists = connections.source.map(() => []);
  columns?.connection.forEach((c, e) => lists[c].push(e));
  return lists;
}
let extendedOf, sensitivityOf, heaviest;

// What follows from the numbers, which a notebook sends anew while a network learns.
function measure() {
  extendedOf = pairsOf(data.extended);
  sensitivityOf = pairsOf(data.sensitivity);
  const most = connections.weight.reduce((most, weight) => Math.max(most, Math.abs(weight ?? 0)), 0) || 1;
  if (!(heaviest >= most && most > 0.7 * heaviest)) heaviest = most; // else all lines would change a little at every step
}
adopt(JSON.parse(get("data").textContent));

const MOST_PLAIN = 1e6; // larger numbers have a power of ten
/** A number as people read it: as `write` writes it or, where that has many digits, with a power of ten. */
function written(value, write, digits = 2) {
  if (!Number.isFinite(value)) return "not finite";
  const [mantissa, power] = value.toExponential(digits - 1).split("e+");
  const text = Math.abs(value) < MOST_PLAIN ? write(value) : `${Number(mantissa)}e${power}`;
  return text.replace(/-/g, "\u2212");
}
const shown = (value) => written(value, (one) => String(Number(one.toPrecision(6))), 6);
const short = (value) => written(value, (one) => one.toFixed(2));
const counted = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const connectionTitle = (c) => `${neurons.name[connections.source[c]]} \u2192 ${neurons.name[connections.target[c]]}`;

// Everything that leads to some neurons ("source"), or that they lead to ("target"), a step away or all the way.
// What gates a connection leads to its target.
function reached(start, end, allTheWay) {
  const found = { neurons: new Set(start), connections: new Set() };
  let edge = [...start];
  while (edge.length) {
    const further = [];
    const reach = (other) => { if (other >= 0 && !found.neurons.has(other)) { found.neurons.add(other); further.push(other); } };
    for (const n of edge) {
      for (const c of end === "source" ? incoming[n] : outgoing[n]) {
        found.connections.add(c);
        reach(connections[end][c]);
        if (end === "source") reach(connections.gater[c]);
      }
      if (end === "target" && allTheWay) for (const c of gated[n]) { found.connections.add(c); reach(connections.target[c]); }
    }
    edge = allTheWay ? further : [];
  }
  return found;
}
