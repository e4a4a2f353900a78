// The online rule of Synapse in JavaScript: any network that Synapse saves as JSON runs and learns here by the
// same numbers. Written to be read beside docs/equations.md; {eq} names are those of that page.
//
//   import { Network } from "./rule.js";
//   const net = Network.from(await (await fetch("net.json")).json());
//   net.activate([0, 1]); net.propagate(0.3, [1]); JSON.stringify(net);

import { COLUMNS, COSTS, SQUASHES } from "./functions.js";

/** A mistake of the caller, told in one sentence. Nothing has changed then. */
export class RuleError extends Error {}

function require(holds, message) {
  if (!holds) throw new RuleError(message);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// The columns of Synapse's schema that files have. Here old_state is named oldState.
const inCamelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const columnsFor = (table) => Object.entries(COLUMNS[table]).map(([name, column]) => ({ name, own: inCamelCase(name), ...column }));
const SAVED = { neurons: columnsFor("neurons"), connections: columnsFor("connections") };
const defaultsOf = (columns) => Object.fromEntries(columns.map(({ own, otherwise }) => [own, otherwise]));
const MEMBERS = ["format", "version", "name", "dtype", "clock", "architecture", "metadata", "digest", "layers", "neurons", "connections",
  "eligibility", "influence", "extended", "past", "rings"];
const UNUSED = ["learning_rule", "recurrent", "parameters", "lines", "sensitivity"]; // of rtrl: the next online step drops them in Python, too
const CONTEXT = defaultsOf(SAVED.neurons.filter(({ cleared }) => cleared)); // what a neuron forgets
const REAL = SAVED.neurons.filter(({ kind }) => kind === "NUMBER").map(({ own }) => own).concat("velocity");
const OF_NEURON = defaultsOf(SAVED.neurons), OF_CONNECTION = defaultsOf(SAVED.connections);

/** A connection. `seen` and `gain` are what its target met in the latest sum: w · gain · seen was added to its state. */
export class Connection {
  constructor(source, target, weight, trainable = source !== target) {
    Object.assign(this, OF_CONNECTION, { source, target, weight, trainable, gater: null });
    this.velocity = 0; // of its momentum
    this.seen = this.gain = this.eligibility = 0;
  }

  /** Whether it carries the state of its neuron over to the next step. */
  get memory() {
    return this.source === this.target && this.delay === 0;
  }

  /** Whether its target meets an earlier activation of its source, so that no error goes to it: it has a delay, or the source fires later. */
  get delayed() {
    return this.delay > 0 || this.source.place >= this.target.place || Boolean(this.source.synchronous && this.target.synchronous);
  }
}

/** What a gater does to a neuron into which it gates connections: I_jk and x_ij^k of the equations. */
class Influence {
  constructor(gater, gated) {
    Object.assign(this, { gater, gated, connections: [], value: 0 });
    this.restart();
  }

  /** Whether the gated neuron fires later, so that its error reaches the gater. */
  get answers() {
    return this.gater.place < this.gated.place && !(this.gater.synchronous && this.gated.synchronous);
  }

  restart() {
    this.extended = this.gater.incoming.map(() => 0); // one for each connection into the gater
    this.extendedBias = 0;
  }

  /** The traces {extended}, when the gated neuron has been summed. */
  move(carry) {
    const { gater, extended } = this, { incoming } = gater;
    this.value = 0;
    for (const link of this.connections) this.value += link.weight * link.seen;
    const push = gater.derivative * this.value;
    for (let i = 0; i < incoming.length; i++) {
      if (incoming[i].trainable) extended[i] = carry * extended[i] + push * incoming[i].eligibility;
    }
    this.extendedBias = carry * this.extendedBias + push * gater.biasEligibility;
  }
}

/** A neuron. Its numbers may be read and set at any time between steps. */
export class Neuron {
  constructor(name, squash = "logistic", bias = 0) {
    require(Object.hasOwn(SQUASHES, squash), `There is no squash named "${squash}". There are: ${Object.keys(SQUASHES).join(", ")}.`);
    Object.assign(this, OF_NEURON, { name, squash, bias, velocity: 0 });
    this.incoming = [];
    this.outgoing = [];
    this.gating = []; // influences that it has
    this.gatedBy = []; // influences on it
    this.selfConnection = null;
    this.place = 0; // in the order of activation; neurons that compete fire together and share one
    this.past = []; // activations 1, 2, ... steps ago, as far as connections have delayed them
    this.clear();
  }

  /** Forget what it was shown: state, activation, errors and traces. */
  clear() {
    Object.assign(this, CONTEXT);
    this.past.fill(0);
    for (const connection of this.incoming) connection.eligibility = connection.seen = connection.gain = 0;
    for (const influence of this.gatedBy.concat(this.gating)) {
      influence.value = 0;
      influence.restart();
    }
  }

  /** A step begins: each past activation is one step older. */
  shiftPast() {
    if (!this.past.length) return;
    this.past.unshift(this.activation);
    this.past.pop();
  }

  /** Remember as many steps as the longest delay since it was cleared; what is not known is 0. */
  remember() {
    const length = this.outgoing.reduce((longest, { delay }) => Math.max(longest, delay), this.stamp && this.past.length);
    this.past = Array.from({ length }, (_, i) => this.past[i] ?? 0);
  }

  /** The state, and the traces that it moves: {state}, {eligibility}, {influence}, {extended}. */
  weigh() {
    let state = this.bias, carry = 0;
    for (const link of this.incoming) {
      link.seen = link.memory ? this.state : link.delay ? link.source.past[link.delay - 1] : link.source.activation;
      link.gain = link.gater === null ? 1 : link.gater.activation;
      if (link.memory) carry = link.gain * link.weight;
      state += link.gain * link.weight * link.seen;
    }
    for (const link of this.incoming) {
      if (link.trainable) link.eligibility = carry * link.eligibility + link.gain * link.seen;
    }
    this.biasEligibility = carry * this.biasEligibility + 1;
    for (const influence of this.gatedBy) influence.move(carry);
    this.oldState = this.state;
    this.state = state;
  }

  /** Take an activation and the slope of the squash at the state. */
  fire([activation, derivative], stamp) {
    if (this.clamped) [activation, derivative] = [this.clamp, 0];
    this.oldActivation = this.activation;
    this.activation = activation;
    this.derivative = derivative;
    this.responsibility = this.pushed = this.pushedGated = this.pushedTraced = 0;
    this.stamp = stamp;
  }

  /** The errors {error}, from those of the neurons that have fired later. `signal` is the cost's -dE/ds. */
  findError(signal, rate) {
    let projected = this.pushed, factored = this.pushedGated, traced = this.pushedTraced; // of neurons that have propagated alone
    for (const link of this.outgoing) {
      if (!link.delayed) projected += link.target.responsibility * link.gain * link.weight;
    }
    for (const influence of this.gating) {
      if (!influence.answers) continue;
      if (influence.gated.selfConnection) traced += influence.gated.responsibility * influence.value;
      else factored += influence.gated.responsibility * influence.value;
    }
    this.pushed = this.pushedGated = this.pushedTraced = 0;
    this.projected = this.derivative * projected + (this.clamped ? 0 : signal);
    this.gated = this.derivative * (factored + traced);
    this.responsibility = this.projected + this.gated;
    this.step = rate * (this.projected + this.derivative * factored); // its product with an eligibility is part of a move
  }

  /** How far its weights and its bias move at a rate of 1, {learning}: `take(owner, name of the number, move)`. */
  learn(take) {
    const { incoming, projected } = this;
    const influences = this.gating.filter((influence) => influence.answers && influence.gated.responsibility !== 0);
    for (let i = 0; i < incoming.length; i++) {
      if (!incoming[i].trainable) continue;
      let move = projected * incoming[i].eligibility;
      for (let k = 0; k < influences.length; k++) move += influences[k].gated.responsibility * influences[k].extended[i];
      take(incoming[i], "weight", incoming[i].tie, move);
    }
    if (!this.trainableBias) return;
    let move = projected * this.biasEligibility;
    for (const { gated, extendedBias } of influences) move += gated.responsibility * extendedBias;
    take(this, "bias", this.biasTie, move);
  }
}

/** The activations and slopes of a group: of its largest state only, or shares of 1. */
function compete(group, { kind, formula }) {
  const best = group.reduce((best, neuron) => (neuron.state > best.state ? neuron : best));
  if (kind !== "shares") return group.map((neuron) => (neuron === best ? formula(neuron.state) : [0, 0]));
  const raised = group.map((neuron) => Math.exp(neuron.state - best.state));
  const total = raised.reduce((sum, share) => sum + share, 0);
  return raised.map((share) => [share / total, (share / total) * (1 - share / total)]);
}

/** A network: layers of neurons, of which the first takes the inputs and the last has the targets. */
export class Network {
  /**
   * `random()` draws from 0 to 1 for the random squashes: without it they have their means, as deterministic
   * neurons have in Python.
   */
  constructor({ name = "Network", random = null } = {}) {
    Object.assign(this, { name, random, dtype: "float64", layers: [], clock: 0, began: 0, metadata: {}, architecture: null });
    this.connections = []; // in order of creation
  }

  /** All neurons, in the order in which they activate. */
  get neurons() {
    return this.layers.flatMap((layer) => layer.neurons);
  }

  get inputs() {
    return this.layers[0].neurons;
  }

  get outputs() {
    return this.layers.at(-1).neurons;
  }

  // --- one step -----------------------------------------------------------------------------

  /** Run one step; returns the activations of the outputs. */
  activate(row) {
    const order = this.order();
    require(row?.length === this.inputs.length && Array.from(row).every(isNumber),
      `Expected a row of ${this.inputs.length} finite numbers, one for each input, got ${JSON.stringify(row)}.`);
    this.neurons.forEach((neuron) => neuron.shiftPast());
    this.began = this.clock + 1;
    this.inputs.forEach((neuron, i) => neuron.fire([row[i], 0], ++this.clock));
    this.#round(this.inputs);
    const together = order.flat().filter((neuron) => neuron.synchronous);
    for (const block of order) {
      if (!block[0].synchronous) for (const neuron of block) neuron.weigh();
      else if (block[0] === together[0]) for (const neuron of together) neuron.weigh();
      const fired = block[0].group ? compete(block, SQUASHES[block[0].squash]) : [this.squashed(block[0])];
      block.forEach((neuron, i) => neuron.fire(fired[i], ++this.clock));
      this.#round(block);
    }
    return this.outputs.map((neuron) => neuron.activation);
  }

  squashed(neuron) {
    const { kind, formula } = SQUASHES[neuron.squash];
    const [value, slope] = formula(neuron.state);
    if (kind !== "chance" || neuron.deterministic || this.random === null) return [value, slope];
    if (neuron.squash === "bernoulli") return [this.random() < value ? 1 : 0, slope];
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return [value + radius * Math.cos(2 * Math.PI * this.random()), slope];
  }

  /**
   * ln(y / (1 - y)) of a logistic or softmax output, from states: y rounds to 0 or 1 long before. A clamped output has no
   * state that led to its y.
   */
  logitOf(neuron) {
    const { activation, clamped, squash, state } = neuron;
    if (clamped) return Math.log(Math.max(activation, 1e-300)) - Math.log(Math.max(1 - activation, 1e-300));
    if (squash !== "softmax") return state;
    const others = this.outputs.filter((one) => one !== neuron && one.squash === "softmax").map((one) => one.state);
    const largest = Math.max(...others, -1e300);
    return state - largest - Math.log(Math.max(others.reduce((sum, other) => sum + Math.exp(other - largest), 0), 1e-300));
  }

  /** What activates after the inputs, block by block: one neuron, or all that compete. */
  order() {
    if (this.blocks) return this.blocks;
    this.inputs.forEach((neuron) => (neuron.place = 0));
    this.neurons.forEach((neuron) => neuron.remember());
    const blocks = [];
    for (const neuron of this.neurons.slice(this.inputs.length)) {
      const last = blocks.at(-1);
      if (neuron.group && last?.[0].group === neuron.group) last.push(neuron);
      else blocks.push([neuron]);
      neuron.place = blocks.length;
    }
    return (this.blocks = blocks);
  }

  /** Which cost is minimised unless one is named: as in Python, by the squash of the outputs. */
  get cost() {
    const squash = (name) => this.outputs.every((neuron) => neuron.squash === name);
    return squash("logistic") ? "cross_entropy" : squash("softmax") ? "categorical_cross_entropy" : "squared_error";
  }

  /**
   * Learn from the latest step; returns its cost. A target that is `null` or NaN is none.
   * `rate` is the factor of all updates, `momentum` that of the previous ones (v = momentum v + g, p -= rate v).
   */
  propagate(rate, targets, { cost = this.cost, momentum = 0 } = {}) {
    require(isNumber(rate) && rate >= 0, `\`rate\` must be a finite number of at least 0, got ${rate}.`);
    require(targets?.length === this.outputs.length,
      `Expected ${this.outputs.length} targets, one for each output, got ${JSON.stringify(targets)}.`);
    require(Object.hasOwn(COSTS, cost), `There is no cost named "${cost}". There are: ${Object.keys(COSTS).join(", ")}.`);
    const signals = new Map();
    const isAimed = (neuron, i) => targets[i] !== null && !Number.isNaN(targets[i]);
    let total = 0;
    this.outputs.forEach((neuron, i) => {
      if (!isAimed(neuron, i)) return;
      const { activation, derivative } = neuron;
      const [value, signal] = COSTS[cost](targets[i], activation, derivative, this.outputs.length, this.logitOf(neuron));
      signals.set(neuron, neuron.costWeight * signal);
      total += neuron.costWeight * value;
    });
    if (cost === "categorical_cross_entropy" && signals.size) {
      // Each softmax output depends on all states, so its error on all targets: c_k t_k - y_k sum_j c_j t_j.
      const aims = this.outputs.map((neuron, i) => (isAimed(neuron, i) ? neuron.costWeight * targets[i] : 0));
      const sum = aims.reduce((total, aim) => total + aim, 0);
      this.outputs.forEach((neuron, i) => signals.set(neuron, aims[i] - neuron.activation * sum));
    }
    // All errors first: they flow through the weights from before the update.
    for (const block of this.order().toReversed()) {
      for (const neuron of block) neuron.findError(signals.get(neuron) ?? 0, rate);
      this.#round(block);
    }
    if (signals.size) this.update(rate, momentum); // without a target, momentum rests
    return total;
  }

  /** Move all trainable parameters; those that are tied move by the sum of their moves. */
  update(rate, momentum) {
    const ties = new Map();
    const apply = (owner, name, move) => {
      owner.velocity = momentum * owner.velocity + move;
      if (name === "weight") {
        owner.weight += rate * owner.velocity;
        if (owner.sign * owner.weight < 0) owner.weight = 0; // it keeps its sign
      } else owner.bias += rate * owner.velocity;
    };
    const take = (owner, name, tie, move) => {
      if (!tie) return apply(owner, name, move);
      const key = `${name} ${tie}`;
      if (!ties.has(key)) ties.set(key, { name, members: [], sum: 0 });
      ties.get(key).members.push(owner);
      ties.get(key).sum += move;
    };
    for (const block of this.order()) for (const neuron of block) neuron.learn(take);
    for (const { name, members, sum } of ties.values()) for (const one of members) apply(one, name, sum);
    this.#round(this.neurons);
  }

  /** A float32 network has float32 numbers after each part of a step. */
  #round(neurons) {
    if (this.dtype !== "float32") return;
    for (const neuron of neurons) {
      for (const own of REAL) neuron[own] = Math.fround(neuron[own]);
      for (const link of neuron.incoming) for (const own of ["weight", "velocity", "seen", "gain", "eligibility"]) link[own] = Math.fround(link[own]);
      for (const influence of neuron.gatedBy) {
        for (const own of ["value", "extendedBias"]) influence[own] = Math.fround(influence[own]);
        influence.extended = influence.extended.map(Math.fround);
      }
    }
  }

  /** Forget what the network was shown, but not what it has learnt. */
  clear() {
    for (const neuron of this.neurons) neuron.clear();
    this.began = 0;
  }

  // --- structure, to be changed between any two steps ------------------------------------------

  #changed() {
    this.blocks = null;
    this.architecture = null; // another network than the recipe builds
    this.order();
  }

  /** Add a neuron to a layer, which is made before the last one if there is none of this name. */
  add(layer, { squash, bias, name = null } = {}) {
    const neuron = new Neuron(name, squash, bias);
    let home = this.layers.find((one) => one.name === layer);
    if (!home) {
      home = { name: layer, neurons: [] };
      this.layers.splice(Math.max(this.layers.length - 1, Math.min(this.layers.length, 1)), 0, home);
    }
    home.neurons.push(neuron);
    this.#changed();
    return neuron;
  }

  /** Connect two neurons, without a delay. A new self-connection restarts the traces of its neuron. */
  connect(source, target, weight = source === target ? 1 : 0, trainable = undefined) {
    require(isNumber(weight), `\`weight\` must be a finite number, got ${weight}.`);
    require(!target.incoming.some((one) => one.source === source && !one.delay), "These two neurons are connected already.");
    const connection = new Connection(source, target, weight, trainable);
    if (source !== target && source.outgoingSign) Object.assign(connection, { sign: source.outgoingSign, weight: source.outgoingSign * Math.abs(weight) });
    this.#join(connection);
    for (const influence of target.gating) influence.extended.push(0);
    if (source === target) this.#restart(target);
    this.#changed();
    return connection;
  }

  #join(connection) {
    const { source, target } = connection;
    for (const list of [target.incoming, source.outgoing, this.connections]) list.push(connection);
    if (connection.memory) target.selfConnection = connection;
  }

  /** Remove a connection. */
  disconnect(connection) {
    const { source, target } = connection;
    if (connection.gater) this.ungate(connection);
    const i = target.incoming.indexOf(connection);
    for (const list of [target.incoming, source.outgoing, this.connections]) list.splice(list.indexOf(connection), 1);
    for (const influence of target.gating) influence.extended.splice(i, 1);
    if (connection.memory) {
      target.selfConnection = null;
      this.#restart(target);
    }
    this.#changed();
  }

  #restart(neuron) {
    for (const link of neuron.incoming) link.eligibility = 0;
    neuron.biasEligibility = 0;
    for (const influence of neuron.gatedBy) influence.restart();
  }

  /** Let a neuron multiply what a connection carries. */
  gate(gater, connection) {
    require(connection.gater === null, "The connection has a gater. Ungate it first.");
    connection.gater = gater;
    let influence = gater.gating.find((one) => one.gated === connection.target);
    if (!influence) {
      influence = new Influence(gater, connection.target);
      gater.gating.push(influence);
      connection.target.gatedBy.push(influence);
    }
    influence.connections.push(connection);
    this.#changed();
  }

  /** Open a gated connection. */
  ungate(connection) {
    require(connection.gater !== null, "The connection has no gater.");
    const influence = connection.gater.gating.find((one) => one.gated === connection.target);
    connection.gater = null;
    influence.connections = influence.connections.filter((one) => one !== connection);
    if (!influence.connections.length) {
      influence.gater.gating = influence.gater.gating.filter((one) => one !== influence);
      influence.gated.gatedBy = influence.gated.gatedBy.filter((one) => one !== influence);
    }
    this.#changed();
  }

  /** Remove a neuron with its connections; those that it gates stay, open. */
  remove(neuron) {
    const layer = this.layers.find((one) => one.neurons.includes(neuron));
    require(layer, "The neuron is not one of this network.");
    require(layer.neurons.length > 1 || this.layers.indexOf(layer) % (this.layers.length - 1),
      "The network needs an input and an output: this is the last one.");
    for (const influence of [...neuron.gating]) for (const one of [...influence.connections]) this.ungate(one);
    for (const link of new Set([...neuron.incoming, ...neuron.outgoing])) this.disconnect(link);
    layer.neurons = layer.neurons.filter((one) => one !== neuron);
    this.layers = this.layers.filter((one) => one.neurons.length);
    this.#changed();
  }

  // --- files --------------------------------------------------------------------------------

  /** Make a network from Synapse's JSON, an object. Its context and traces go on where they were. */
  static from(data, options = {}) {
    require(data?.format === "synapse" && data.version === 1, "This is not a network in Synapse's JSON, version 1.");
    require(data.learning_rule?.method !== "rtrl",
      "The network learns by rtrl; here there is the online rule. Set net.rule = \"online\" in Python and save it again.");
    const known = { data: [...MEMBERS, ...UNUSED], neurons: ["name", "squash"], connections: ["source", "target", "gater"] };
    for (const table of ["neurons", "connections"]) known[table].push(...SAVED[table].map(({ name }) => name));
    for (const [table, names] of Object.entries(known)) for (const name of Object.keys(table === "data" ? data : data[table]))
      require(names.includes(name), `This network has "${name}", which this page would lose. Open it with the version of Synapse that has saved it.`);
    const net = new Network({ ...options, name: data.name ?? undefined });
    const { neurons: rows, connections: links } = data;
    /** Set row i of a table's columns; those that a file leaves out have their defaults. */
    const filled = (one, columns, table, i) => {
      for (const { own, name, otherwise } of columns) one[own] = name in table ? table[name][i] : otherwise;
      return one;
    };
    const all = rows.squash.map((squash, i) => filled(new Neuron(rows.name?.[i] ?? null, squash), SAVED.neurons, rows, i));
    let first = 0;
    data.layers.size.forEach((size, i) => {
      net.layers.push({ name: data.layers.name[i], neurons: all.slice(first, (first += size)) });
    });
    const made = links.source.map((source, i) => filled(new Connection(all[source], all[links.target[i]]), SAVED.connections, links, i));
    made.forEach((one) => net.#join(one));
    links.gater?.forEach((gater, i) => gater === null || net.gate(all[gater], made[i]));
    net.order();
    Object.assign(net, { dtype: data.dtype ?? "float64", clock: data.clock, began: Math.max(0, ...(data.rings?.stamp ?? [])), metadata: data.metadata ?? {}, architecture: data.architecture ?? null });
    net.#recall(data, all, made);
    return net;
  }

  /** The traces: stored ones from the tables, all others from the numbers that they follow from. */
  #recall({ eligibility, influence, extended, past }, neurons, connections) {
    past?.neuron.forEach((j, i) => (neurons[j].past[past.steps[i] - 1] = past.value[i]));
    const fired = (source, target) => source.stamp > target.stamp; // since the target was summed
    for (const link of connections) {
      const { source, target, gater } = link;
      link.seen = link.memory ? target.oldState : fired(source, target) ? source.oldActivation : source.activation;
      if (link.delay) link.seen = source.past[link.delay - 1];
      link.gain = gater === null ? 1 : fired(gater, target) || gater === target ? gater.oldActivation : gater.activation;
      link.eligibility = target.stamp ? link.gain * link.seen : 0;
    }
    eligibility?.connection.forEach((c, i) => (connections[c].eligibility = eligibility.value[i]));
    const inputs = new Set(this.inputs); // they are set, not summed
    for (const neuron of neurons) if (neuron.stamp && !neuron.selfConnection && !inputs.has(neuron)) neuron.biasEligibility = 1;
    for (const neuron of neurons) if (neuron.stamp) for (const own of neuron.gatedBy) own.move(0);
    const pairs = influence?.gater.map((g, i) => {
      const pair = neurons[g].gating.find((one) => one.gated === neurons[influence.gated[i]]);
      pair.value = influence.value[i];
      return pair;
    });
    extended?.influence.forEach((p, i) => {
      const pair = pairs[p], c = extended.connection[i];
      if (c === null) pair.extendedBias = extended.value[i];
      else pair.extended[pair.gater.incoming.indexOf(connections[c])] = extended.value[i];
    });
  }

  /** The network in Synapse's JSON, with its context and traces: `synapse.load` reads it, and goes on with it. */
  toJSON() {
    const neurons = this.neurons, connections = this.connections;
    const index = new Map(neurons.map((one, i) => [one, i])), number = new Map(connections.map((one, i) => [one, i]));
    const all = (items, value) => items.map(value);
    const pairs = neurons.flatMap((one) => one.gating);
    const traces = pairs.flatMap(({ gater, extended, extendedBias }, p) => [
      ...gater.incoming.map((one, i) => [p, number.get(one), extended[i]]),
      [p, null, extendedBias],
    ]);
    const delayed = neurons.filter((one) => one.past.length);
    const past = neurons.flatMap((one, j) => one.past.map((value, i) => [j, i + 1, value]));
    const columns = (items, table) => Object.fromEntries(SAVED[table].map(({ own, name }) => [name, all(items, (one) => one[own])]));
    return {
      format: "synapse", version: 1, name: this.name, dtype: this.dtype, clock: this.clock,
      ...(this.architecture && { architecture: this.architecture }),
      ...(Object.keys(this.metadata).length && { metadata: this.metadata }),
      layers: { name: all(this.layers, (one) => one.name), size: all(this.layers, (one) => one.neurons.length) },
      neurons: {
        name: all(neurons, (one) => one.name),
        squash: all(neurons, (one) => one.squash),
        ...columns(neurons, "neurons"),
      },
      connections: {
        source: all(connections, (one) => index.get(one.source)),
        target: all(connections, (one) => index.get(one.target)),
        gater: all(connections, (one) => (one.gater === null ? null : index.get(one.gater))),
        ...columns(connections, "connections"),
      },
      eligibility: {
        connection: all(connections, (one) => number.get(one)),
        value: all(connections, (one) => one.eligibility),
      },
      influence: {
        gater: all(pairs, (one) => index.get(one.gater)),
        gated: all(pairs, (one) => index.get(one.gated)),
        value: all(pairs, (one) => one.value),
      },
      extended: {
        influence: all(traces, (one) => one[0]),
        connection: all(traces, (one) => one[1]),
        value: all(traces, (one) => one[2]),
      },
      past: {
        neuron: all(past, (one) => one[0]),
        steps: all(past, (one) => one[1]),
        value: all(past, (one) => one[2]),
      },
      rings: {
        neuron: all(delayed, (one) => index.get(one)),
        stamp: all(delayed, () => this.began), // when the latest step began
      },
    };
  }
}
