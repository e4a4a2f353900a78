// The columns that the kernels read, made of what a person draws: engine/lowering of the library, whose loops are
// among the kernels. Neurons are in their order of activation, connections by target; a place of none is -1.

import { CODES, COLUMNS, ROOM, kernels } from "./kernels.js";

const NONE = -1;
const { MARKS, MEMORY, TIES, TRACED } = CODES;
const WIDE = { float64: Float64Array, int64: Float64Array, uint64: Float64Array };

// The columns of Synapse's schema that files have. Here old_state is named oldState.
const inCamelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const columnsFor = (table) => Object.entries(COLUMNS[table]).map(([name, column]) => ({ name, own: inCamelCase(name), ...column }));
export const SAVED = { neurons: columnsFor("neurons"), connections: columnsFor("connections") };
const OWN = { neurons: { squash: "uint32" }, connections: {} };
/** All columns that move with a neuron or a connection; velocities are those of momentum. */
const MOVED = Object.fromEntries(["neurons", "connections"].map((table) => [table,
  [...SAVED[table], ...Object.entries({ ...OWN[table], [`${table}_velocity`]: "float" }).map(([name, type]) => ({ name, type, otherwise: 0 }))]]));

/** The columns of an object that is in no network yet. */
export const alone = (table) => Object.fromEntries(MOVED[table].map(({ name, otherwise }) => [name, [otherwise]]));

/** What the traces of a network belong to: neurons, numbers of connections (-1: the bias), and values. */
export const noTraces = () => ({ memory: [], eligibility: [], influence: [], extended: [], past: [] });

const byPlace = (a, b) => a.target - b.target || a.fixed - b.fixed || a.memory - b.memory || a.delay - b.delay || a.gater - b.gater || a.source - b.source;

export class Store {
  /** Lower a network: neurons in order, of which the first and the last are inputs and outputs. `kept` are its traces. */
  constructor(dtype, clock, neurons, connections, inputs, outputs, kept) {
    this.real = dtype === "float32" ? Float32Array : Float64Array;
    const n = neurons.length, count = connections.length, numbers = new Map(neurons.map((one, i) => [one, i]));
    const place = (one) => (one === null ? NONE : numbers.get(one) ?? NONE);
    const sorted = connections.map((one) => ({ one, source: place(one.source), target: place(one.target), gater: place(one.gater),
      fixed: !one.trainable, memory: one.memory, delay: one.delay })).sort(byPlace);
    this.neurons = neurons;
    this.links = sorted.map(({ one }) => one);
    this.#gather(neurons, "neurons");
    this.#gather(this.links, "connections");
    for (const end of ["source", "target"]) this[end] = Int32Array.from(sorted, (one) => one[end]);
    this.gate = Int32Array.from(sorted, ({ gater }) => gater + 1);
    this.identity = Int32Array.from(this.links, (one) => one.identity);
    this.position = Int32Array.from(neurons, (_, i) => i);
    this.network = new Int32Array(n).fill(1);
    this.role = Int32Array.from(neurons, (_, i) => (i < inputs ? CODES.INPUT : i >= n - outputs ? CODES.OUTPUT : CODES.HIDDEN));
    Object.assign(this, { clock: Float64Array.of(clock), failed: new Float64Array(9), weight_destination: this.weight, bias_destination: this.bias });
    this.#divide(n, count);
    this.#trace(n, count, kept, place);
    this.span = [0, inputs, outputs, n, this.first_incoming[0] === (inputs < n ? this.first_incoming[inputs] : count) ? inputs : 0];
    this.columns = kernels.columnsOf(this);
    this.met = this.weight.slice(); // the weights of the latest step, before it has learnt
    this.stale = false; // whether the structure has changed since
    this.moving = true; // whether a velocity may not be 0
    for (const objects of [this.neurons, this.links]) objects.forEach((one, row) => Object.assign(one, { store: this, row }));
  }

  #array(name, type, size) {
    const Made = name === "random" ? BigUint64Array : type === "float" ? this.real : WIDE[type] ?? Int32Array;
    return new Made(size);
  }

  #room(axis, size) {
    for (const [name, type] of Object.entries(ROOM[axis])) this[name] = this.#array(name, type, size);
  }

  #gather(objects, table) {
    for (const { name, type = "uint64" } of MOVED[table]) {
      const column = (this[name] = this.#array(name, type, objects.length)), isWord = column instanceof BigUint64Array;
      for (let i = 0; i < objects.length; i++) {
        const { store, row } = objects[i];
        column[i] = isWord ? BigInt(store[name][row]) : store[name][row];
      }
    }
  }

  /** Find what is shared, and divide the connections into runs and the neurons into blocks. */
  #divide(n, count) {
    const work = new Int32Array(2 * n + 3 * count + 1);
    this.ties = new Int32Array(Object.keys(TIES).length);
    [this.ties[TIES.RANGES], this.ties[TIES.GROUPS]] = this.#share("tied", this.tie);
    [this.ties[TIES.BIAS_RANGES], this.ties[TIES.BIAS_GROUPS]] = this.#share("bias_tied", this.bias_tie);
    kernels.survey(this, n, count, work);
    kernels.list_ranges(this, 0, count, 2 * n, work);
    this.#room("node", n);
    this.#room("run", count);
    const [, flags] = kernels.find_runs(this, n, count, work);
    let pairs = 0, traces = 0, extended = 0;
    if (flags & MEMORY) {
      [pairs] = kernels.count_influences(this, n, count, work);
      for (const axis of ["influence", "pull"]) this.#room(axis, pairs);
      [pairs] = kernels.find_influences(this, n, count, work);
      this.influence = this.influence.subarray(0, pairs);
      [traces, extended] = kernels.locate_traces(this, n, pairs, work);
    } else for (const axis of ["influence", "pull"]) this.#room(axis, 0);
    this.eligibility = new this.real(traces);
    this.extended = new this.real(extended);
  }

  /** Number groups from 1 on, without those of one member, and list ranges of neighbours whose groups are neighbours. */
  #share(name, ties) {
    const counts = new Map(), numbers = new Map(), groups = new Map(), first = [], starts = [], lengths = [], range = [];
    for (const tie of ties) counts.set(tie, (counts.get(tie) ?? 0) + 1);
    for (const tie of [...counts.keys()].sort((a, b) => a - b)) if (tie && counts.get(tie) > 1) numbers.set(tie, numbers.size + 1);
    ties.forEach((tie, row) => {
      const number = (ties[row] = numbers.get(tie) ?? 0);
      if (!number) return;
      if (!groups.has(number)) { groups.set(number, groups.size); first.push(row); }
      const last = starts.length - 1, group = groups.get(number);
      if (row === starts[last] + lengths[last] && group === range[last] + lengths[last]) lengths[last]++;
      else { starts.push(row); lengths.push(1); range.push(group); }
    });
    for (const [end, list] of Object.entries({ "": starts, _length: lengths, _group: range, _first: first })) this[name + end] = Int32Array.from(list);
    for (const end of ["_base", "_update"]) this[name + end] = new this.real(first.length);
    return [starts.length, first.length];
  }

  // --- traces and past activations, which a new structure keeps where it can -----------------------

  #trace(n, count, kept, place) {
    const work = new Int32Array(n + 1), past = kept.past.map(({ neuron, ...one }) => ({ ...one, row: place(neuron) })).filter(({ row }) => row !== NONE);
    for (const { row, steps } of past) if (this.stamp[row]) this.longest_delay[row] = Math.max(this.longest_delay[row], steps);
    this.#room("ring", 1);
    [this.past, this.past_offset, this.tape_offset] = [new this.real(0), this.source.slice(0, count), new Int32Array(count)];
    if (this.ties[TIES.DELAYS] || past.length) {
      const [rings, size] = kernels.find_rings(this, n, count, work);
      this.ties[TIES.RINGS] = rings;
      this.past = new this.real(size);
      if (this.ties[TIES.DELAYS]) kernels.locate_lagged(this, n, count, work);
    }
    kernels.join_neurons(this, n, count, work);
    for (const { row, steps, value } of past) if (steps <= this.longest_delay[row]) for (const at of this.#frames(row, steps)) this.past[at] = value;
    if (this.flags.some((flags) => flags & MEMORY)) this.#restore(n, count, kept, place);
  }

  /** Where the ring has the activation of a neuron so many steps ago: twice. */
  #frames(row, steps) {
    const [start, stop, frames] = [this.ring_start[0], this.ring_stop[0], this.ring_frames[0]];
    const frame = (this.ring_head[0] - (steps - 1) + 2 * frames) % frames, at = frame * (stop - start) + row - start;
    return [at, at + frames * (stop - start)];
  }

  #restore(n, count, { memory, eligibility, influence, extended }, place) {
    const rows = new Map(this.links.map(({ identity }, row) => [identity, row]));
    const identities = [...memory.map((one) => one.identity), ...eligibility.map((one) => one.identity), ...extended.map((one) => one.identity)];
    const work = Int32Array.from([
      memory.length, eligibility.length, influence.length, extended.length, 0, 0, 0, 0, 0, ...new Int32Array(n),
      ...memory.map(({ neuron }) => place(neuron)), ...influence.map(({ gater }) => place(gater)), ...influence.map(({ gated }) => place(gated)),
      ...extended.map(({ pair }) => pair), ...identities, ...identities.map((identity) => rows.get(identity) ?? NONE),
    ]);
    const [fresh] = kernels.locate_kept(this, n, count, work);
    for (const j of work.slice(MARKS, MARKS + fresh)) this.#begin(j);
    [eligibility, influence, extended].forEach((list, k) => {
      const column = [this.eligibility, this.influence, this.extended][k], [to, of, stay] = [work[k], work[3 + k], work[6 + k]];
      for (let i = 0; i < stay; i++) column[work[to + i]] = list[work[of + i]].value;
    });
  }

  /** Begin the traces of a neuron that had none with its last inputs; with 0 at a new self-connection. */
  #begin(j) {
    this.bias_eligibility[j] = this.flags[j] & MEMORY ? 0 : Number(this.stamp[j] !== 0);
    for (let t = 0; t < (this.flags[j] & MEMORY ? 0 : this.learning[j]); t++) {
      const c = this.first_incoming[j] + t;
      this.eligibility[this.first_trace[j] + t] = kernels.gain(this, c) * kernels.seen(this, c);
    }
  }

  /** All stored traces, by what they belong to. */
  traces() {
    const { neurons, eligibility, influence, extended } = this, n = neurons.length, found = noTraces();
    if (n === 0) return found;
    const pairsAt = 2 * n + eligibility.length, extendedAt = pairsAt + 2 * influence.length;
    const work = new Int32Array(extendedAt + 2 * extended.length), [memory, pairs] = kernels.read_traces(this, n, n, work);
    for (let i = 0; i < memory; i++) found.memory.push({ neuron: neurons[work[i]], identity: work[n + i] });
    eligibility.forEach((value, i) => found.eligibility.push({ identity: work[2 * n + i], value }));
    const heard = [...influence.keys()].filter((q) => this.influence_trace[q] !== NONE);
    for (let i = 0; i < pairs; i++) found.influence.push({ gater: neurons[work[pairsAt + i]], gated: neurons[work[pairsAt + influence.length + i]], value: influence[heard[i]] });
    extended.forEach((value, i) => found.extended.push({ pair: work[extendedAt + 2 * i], identity: work[extendedAt + 2 * i + 1], value }));
    if (!this.ties[TIES.RINGS]) return found;
    neurons.forEach((neuron, row) => {
      for (let steps = 1; steps <= this.longest_delay[row]; steps++) found.past.push({ neuron, steps, value: this.past[this.#frames(row, steps)[0]] });
    });
    return found;
  }
}
