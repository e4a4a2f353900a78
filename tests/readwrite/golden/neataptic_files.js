// Networks of Neataptic 1.4.7, as it writes them, and what it answers after reading:
// npm pack neataptic, then node neataptic_files.js path/to/package > neataptic_files.json
const { Network, architect, methods } = require(require('path').resolve(process.argv[2] || 'package') + '/src/neataptic');
let seed = 1;
Math.random = () => { // the same files in every run
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
};
const SQUASHES = Object.keys(methods.activation);
function mutated(steps) {
  const net = new Network(3, 2);
  const names = ['ADD_NODE', 'ADD_CONN', 'MOD_WEIGHT', 'MOD_BIAS', 'MOD_ACTIVATION', 'ADD_SELF_CONN',
    'ADD_GATE', 'ADD_BACK_CONN', 'SWAP_NODES', 'SUB_CONN', 'ADD_NODE', 'ADD_GATE'];
  for (let i = 0; i < steps; i++) net.mutate(methods.mutation[names[i % names.length]]);
  for (const node of net.nodes) if (node.connections.self.weight) node.connections.self.weight = 0.5 * Math.random();
  return net;
}
const nets = {
  perceptron: new architect.Perceptron(2, 4, 3, 1),
  lstm: new architect.LSTM(2, 3, 1),
  gru: new architect.GRU(2, 3, 1),
  narx: new architect.NARX(1, 3, 1, 2, 2),
  random: new architect.Random(2, 8, 2, { connections: 24, gates: 5, backconnections: 4, selfconnections: 3 }),
  hopfield: new architect.Hopfield(3),
};
for (let i = 0; i < 6; i++) nets[`mutated ${i}`] = mutated(20 + 8 * i);
const every = new Network(2, 2);
for (let i = 0; i < SQUASHES.length; i++) {
  every.mutate(methods.mutation.ADD_NODE);
}
every.nodes.filter(n => n.type === 'hidden').forEach((n, i) => { n.squash = methods.activation[SQUASHES[i]]; n.bias = Math.random() - 0.5; });
nets['every squash'] = every;
const dropped = new architect.Perceptron(2, 6, 1);
dropped.train([{ input: [0, 1], output: [1] }, { input: [1, 1], output: [0] }], { iterations: 3, dropout: 0.4, rate: 0.1, error: 0 });
nets.dropout = dropped;
const files = [];
for (const name of Object.keys(nets)) {
  const json = JSON.parse(JSON.stringify(nets[name].toJSON()));
  const inputs = [];
  for (let t = 0; t < 8; t++) inputs.push(Array.from({ length: json.input }, () => 2 * Math.random() - 1));
  const net = Network.fromJSON(json);
  const outputs = inputs.map(row => net.activate(row));
  net.clear();
  const cleared = inputs.map(row => net.activate(row));
  files.push({ name, json, inputs, outputs, cleared });
}
console.log('[\n' + files.map(f => JSON.stringify(f)).join(',\n') + '\n]');
