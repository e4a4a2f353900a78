// The network as the page holds it: columns of numbers, and who is linked to whom.

const data = JSON.parse(document.getElementById("data").textContent);
const { neurons, connections, layers, steps } = data;
const neuronCount = neurons.name.length, connectionCount = connections.source.length;
let now = 0; // the step that is shown; 0 is before the first

const layerOf = [];
layers.forEach((layer, i) => {
  layer.first = layerOf.length;
  for (let n = 0; n < layer.count; n++) layerOf.push(i);
});

function listed(ends) {
  const lists = Array.from({ length: neuronCount }, () => []);
  ends.forEach((end, c) => { if (end >= 0) lists[end].push(c); });
  return lists;
}
const incoming = listed(connections.target), outgoing = listed(connections.source), gated = listed(connections.gater);

// None stands for a number that is not finite.
const real = (value) => (value === null || value === undefined ? NaN : value);
const activation = (n, step = now) => real(data.activation[step][n]);
const state = (n, step = now) => real(data.state[step][n]);
const derivative = (n, step = now) => real(data.derivative[step][n]);
const biasEligibility = (n, step = now) => real(data.bias_eligibility[step][n]);
const error = (name, n, step = now) => (data[name] ? real(data[name][step][n]) : 0); // left out: 0 throughout
const eligibility = (c, step = now) => real(data.eligibility[step][c]);
// Which extended traces, or sensitivities, each connection has.
function pairsOf(columns) {
  const lists = connections.source.map(() => []);
  columns?.connection.forEach((c, e) => lists[c].push(e));
  return lists;
}
const extendedOf = pairsOf(data.extended), sensitivityOf = pairsOf(data.sensitivity);
const gain = (c, step = now) => (connections.gater[c] < 0 ? 1 : activation(connections.gater[c], step));
const isGated = (c) => connections.gater[c] >= 0;

// What is full colour: 1, or the largest activation of the layer over the sequence.
const fullOf = layers.map(({ first, count }) => {
  let full = 1;
  for (const row of data.activation)
    for (let n = first; n < first + count; n++) full = Math.max(full, Math.abs(row[n] ?? 0));
  return full;
});
const heaviest = connections.weight.reduce((most, weight) => Math.max(most, Math.abs(weight ?? 0)), 0) || 1;

function shown(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))).replace("-", "\u2212") : "not finite";
}
const short = (value) => (Number.isFinite(value) ? value.toFixed(2).replace("-", "\u2212") : "not finite");
const neuronTitle = (n) => neurons.name[n];
const connectionTitle = (c) => `${neurons.name[connections.source[c]]} \u2192 ${neurons.name[connections.target[c]]}`;

// Everything that leads to some neurons (or that they lead to), a step away or all the way.
function reached(start, links, end, allTheWay) {
  const found = { neurons: new Set(start), connections: new Set() };
  let edge = [...start];
  while (edge.length) {
    const further = [];
    for (const n of edge)
      for (const c of links[n]) {
        found.connections.add(c);
        const other = connections[end][c];
        if (!found.neurons.has(other)) { found.neurons.add(other); further.push(other); }
      }
    edge = allTheWay ? further : [];
  }
  return found;
}
