// How neataptic_files.json was made: npm install neataptic@1.4.7; node neataptic_files.js neataptic_files.json
let s = 12345; Math.random = () => { s = (s * 1103515245 + 12345) % 2147483648; return s / 2147483648; };
const { architect, methods, Network } = require('neataptic');
const fs = require('fs');
const rnd = () => Math.random() * 2 - 1;
function record(net, steps) {
  const json = JSON.parse(JSON.stringify(net.toJSON()));
  const fresh = Network.fromJSON(json); 
  const inputs = [], outputs = [];
  for (let t = 0; t < steps; t++) { const x = Array.from({ length: net.input }, rnd); inputs.push(x); outputs.push(fresh.activate(x)); }
  return { network: json, inputs, outputs };
}
const out = {};
const p = new architect.Perceptron(2, 6, 2);
['LOGISTIC', 'TANH', 'IDENTITY', 'STEP', 'RELU', 'GAUSSIAN'].forEach((n, i) => { p.nodes[2 + i].squash = methods.activation[n]; p.nodes[2 + i].bias = rnd(); });
out.perceptron = record(p, 6);
const l = new architect.LSTM(2, 2, 1);
l.train([{ input: [0, 1], output: [1] }, { input: [1, 0], output: [0] }], { iterations: 20, rate: 0.1, log: 0 });
out.lstm = record(l, 8);
for (let tries = 0; ; tries++) {
  const e = new Network(2, 2);
  for (let i = 0; i < 8; i++) e.mutate(methods.mutation.ADD_NODE);
  for (let i = 0; i < 3; i++) { e.mutate(methods.mutation.ADD_CONN); e.mutate(methods.mutation.ADD_BACK_CONN); e.mutate(methods.mutation.ADD_SELF_CONN); }
  for (let i = 0; i < 4; i++) { e.mutate(methods.mutation.ADD_GATE); e.mutate(methods.mutation.MOD_BIAS); }
  const j = e.toJSON();
  const fits = j.nodes.every(n => ['LOGISTIC', 'TANH', 'IDENTITY', 'STEP', 'RELU', 'GAUSSIAN'].includes(n.squash));
  const gates = j.connections.filter(c => c.gater !== null);
  if (fits && gates.length >= 3 && gates.every(c => c.gater < c.to) && gates.some(c => c.from === c.to) && j.connections.some(c => c.from > c.to)) { console.log('tries', tries); out.mutated = record(e, 8); break; }
  if (tries > 20000) throw 'none';
}
out.gru = record(new architect.GRU(1, 2, 1), 6);
const q = new architect.Perceptron(2, 6, 2);
['SOFTSIGN', 'SINUSOID', 'BENT_IDENTITY', 'HARD_TANH', 'ABSOLUTE', 'SELU'].forEach((n, i) => { q.nodes[2 + i].squash = methods.activation[n]; q.nodes[2 + i].bias = rnd(); q.nodes[2 + i].connections.in.forEach(c => { c.weight = 3 * rnd(); }); });
out.squashes = record(q, 8);
fs.writeFileSync(process.argv[2], JSON.stringify(out) + '\n');
for (const k in out) console.log(k, out[k].network.nodes.length, out[k].network.connections.length, [...new Set(out[k].network.nodes.map(n => n.squash + '/' + n.type + '/' + n.mask))].join(' '));
