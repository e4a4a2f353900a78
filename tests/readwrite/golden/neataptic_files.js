// How neataptic_files.json was made:
//   npm install neataptic@1.4.7; node neataptic_files.js neataptic_files.json [mutated networks, default 40]
// Each network is used before it is written. `outputs` is what Neataptic answers after it has read the
// file (Network.fromJSON), `cleared` what it answers to the same inputs after clear().
let s = 12345;
Math.random = () => {  // mulberry32
  s = (s + 0x6D2B79F5) | 0;
  let z = Math.imul(s ^ (s >>> 15), s | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
};
const { architect, methods, Network, config } = require('neataptic');
const fs = require('fs');
config.warnings = false;
const rnd = () => Math.random() * 2 - 1;
const below = (n) => Math.floor(Math.random() * n);
const row = (n) => Array.from({ length: n }, rnd);

function answers(net, inputs) { return inputs.map((values) => net.activate(values)); }

function record(net, steps) {
  const json = JSON.parse(JSON.stringify(net.toJSON()));
  const inputs = Array.from({ length: steps }, () => row(net.input));
  const fresh = Network.fromJSON(json), cleared = Network.fromJSON(json);
  cleared.clear();
  return { network: json, inputs, outputs: answers(fresh, inputs), cleared: answers(cleared, inputs) };
}

function used(net, options = {}) {
  const set = Array.from({ length: 4 }, () => ({ input: row(net.input), output: row(net.output).map(Math.abs) }));
  net.train(set, { iterations: 5, rate: 0.1, log: 0, ...options });
  net.activate(row(net.input));
  return net;
}

const squashes = Object.keys(methods.activation);
const out = {};
const p = new architect.Perceptron(2, squashes.length, 2);
squashes.forEach((name, i) => {
  const node = p.nodes[2 + i];
  node.squash = methods.activation[name]; node.bias = rnd(); node.connections.in.forEach((c) => { c.weight = 3 * rnd(); });
});
out.squashes = record(p, 10);
out.perceptron = record(used(new architect.Perceptron(3, 4, 3, 2)), 6);
out.dropout = record(used(new architect.LSTM(2, 3, 1), { dropout: 0.4, iterations: 20 }), 8);
out.lstm = record(used(new architect.LSTM(2, 2, 1)), 8);
const options = { memoryToMemory: true, outputToMemory: true, outputToGates: true };
out.lstm_options = record(used(new architect.LSTM(2, 2, 2, 1, options)), 8);
out.gru = record(used(new architect.GRU(1, 2, 1)), 8);
out.gru_deep = record(used(new architect.GRU(2, 2, 3, 2)), 8);
out.narx = record(used(new architect.NARX(1, [2, 3], 1, 3, 2)), 10);
out.hopfield = record(used(new architect.Hopfield(4)), 4);
out.random = record(used(new architect.Random(2, 6, 2, { connections: 14, backconnections: 3, selfconnections: 2, gates: 4 })), 8);

const count = Number(process.argv[3] || 40);
for (let k = 0; k < count; k++) {
  const net = new Network(1 + below(3), 1 + below(3));
  const all = [...methods.mutation.ALL, methods.mutation.ADD_NODE, methods.mutation.ADD_CONN, methods.mutation.ADD_GATE];
  for (let i = 0; i < 15 + below(35); i++) {
    net.mutate(all[below(all.length)]);
    if (i % 10 === 9) net.activate(row(net.input));
  }
  if (k % 3 === 0) used(net, k % 2 ? { dropout: 0.3, rate: 0.01 } : { rate: 0.01 });
  if (k % 5 === 0) net.clear();
  const wild = net.nodes.some((n) => !(Math.abs(n.bias) < 100)) || [...net.connections, ...net.selfconns].some((c) => !(Math.abs(c.weight) < 100));
  if (!wild) out['mutated_' + k] = record(net, 8);  // where training has diverged, rounding decides
}
const text = Object.entries(out).map(([name, value]) => JSON.stringify(name) + ': ' + JSON.stringify(value));
fs.writeFileSync(process.argv[2], '{\n' + text.join(',\n') + '\n}\n');
