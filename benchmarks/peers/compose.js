// Composing in Synaptic or Neataptic: `node compose.js '{"peer": "synaptic", "pairs": [[0, 1], ...], ...}'`.
'use strict';
const spec = JSON.parse(require('fs').readFileSync(process.argv[2]));
const library = require(process.cwd() + '/node_modules/' + spec.peer);
const synaptic = spec.peer === 'synaptic';
const create = synaptic ? () => new library.Neuron() : () => new library.Node();
const link = (a, b) => (synaptic ? a.project(b) : a.connect(b)[0]);

function timed(work, count) {
  const begin = process.cpuUsage();
  work();
  const used = process.cpuUsage(begin);
  return (used.user + used.system) / count; // microseconds
}

function compose(pairs, size) {
  const nodes = [], links = [], found = {};
  found.neuron = timed(() => { for (let i = 0; i < size; i++) nodes.push(create()); }, size);
  found.connection = timed(() => { for (const [a, b] of pairs) links.push(link(nodes[a], nodes[b])); }, pairs.length);
  const gated = links.slice(0, size);
  found.gate = timed(() => gated.forEach((one, i) => nodes[(7 * i) % size].gate(one)), gated.length);
  return found;
}

function edit(recipe, sizes, times) {
  const net = new library[synaptic ? 'Architect' : 'architect'][recipe](...sizes), x = new Array(sizes[0]).fill(0);
  if (synaptic) net.setOptimize(false); // what it has compiled does not follow edits
  const [source, target] = synaptic
    ? [net.layers.input.list[0], net.layers.output.list[0]] : [net.nodes[0], net.nodes[net.nodes.length - 1]];
  net.activate(x);
  if (synaptic) { // it cannot disconnect: each edit has a new source
    return timed(() => { for (let i = 0; i < times; i++) { create().project(target); net.activate(x); } }, times);
  }
  if (source.isProjectingTo(target)) net.disconnect(source, target);
  return timed(() => {
    for (let i = 0; i < times; i += 2) {
      net.connect(source, target); net.activate(x);
      net.disconnect(source, target); net.activate(x);
    }
  }, times);
}

const rounds = [];
for (let i = -1; i < spec.repeats; i++) { // the first one warms up
  const found = compose(spec.pairs, spec.size);
  if (spec.edits) {
    found.edit = edit('Perceptron', [2, 3, 1], 20);
    found['edit lstm'] = edit('LSTM', [6, 8, 6], 20);
  }
  if (i >= 0) rounds.push(found);
}
console.log(JSON.stringify(rounds));
