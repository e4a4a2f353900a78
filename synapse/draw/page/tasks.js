// The data sets of the page that learns: sequences of [inputs, targets], the same in every page.

/** Numbers from 0 to 1 that follow from a seed (mulberry32); `state` can be read and set. */
function randomOf(seed) {
  const random = () => {
    random.state = (random.state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(random.state ^ (random.state >>> 15), random.state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
  return Object.assign(random, { state: seed >>> 0 });
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const below = (random, count) => Math.floor(random() * count);
const oneHot = (count, place) => many(count, (i) => (i === place ? 1 : 0));

function parity(random) {
  let ones = 0;
  return many(8, () => { const bit = below(random, 2); return [[bit], [(ones += bit) % 2]]; });
}

function firstBit(random) {
  const bits = many(6, () => below(random, 2));
  return bits.map((bit, i) => [[bit], i === 5 ? [bits[0]] : null]);
}

// Inputs A, B, x, y, 1, 2: two of A and B stand among x and y; the prompts 1 and 2 ask for the first and the second.
function recall(random) {
  const first = below(random, 7), second = first + 1 + below(random, 7 - first), asked = [below(random, 2), below(random, 2)];
  const symbols = many(8, (i) => (i === first ? asked[0] : i === second ? asked[1] : 2 + below(random, 2)));
  return [...symbols.map((symbol) => [oneHot(6, symbol), [0, 0]]), ...asked.map((symbol, i) => [oneHot(6, 4 + i), oneHot(2, symbol)])];
}

const REBER = "BTPSXVE"; // symbols; the arcs of the grammar, by node
const ARCS = [{ B: 1 }, { T: 2, P: 3 }, { S: 2, X: 4 }, { T: 3, V: 5 }, { S: 6, X: 3 }, { V: 6, P: 4 }, { E: 7 }];
function embeddedReber(random) {
  const outer = "TP"[below(random, 2)];
  let inner = "";
  for (let node = 0; node < 7; ) {
    const symbols = Object.keys(ARCS[node]), symbol = symbols[below(random, symbols.length)];
    inner += symbol;
    node = ARCS[node][symbol];
  }
  const rows = [...`B${outer}${inner}${outer}E`].map((symbol) => oneHot(7, REBER.indexOf(symbol)));
  return rows.slice(1).map((next, i) => [rows[i], next]);
}

/** The places of the symbols that the grammar allows after step t of a string, whose last but one repeats the second. */
function legal(rows, t) {
  const seen = rows.slice(0, t + 1).map(([row]) => REBER[row.indexOf(1)]);
  if (t === 0) return [..."TP"].map((symbol) => REBER.indexOf(symbol));
  let node = 0, place = 2;
  while (place < seen.length && node < 7) node = ARCS[node][seen[place++]];
  const next = node < 7 ? Object.keys(ARCS[node]) : place === seen.length ? [seen[1]] : ["E"];
  return next.map((symbol) => REBER.indexOf(symbol));
}

/** Points of the plane with a target each. */
function points(target) {
  const random = randomOf(4), number = () => 2 * random() - 1;
  return many(150, () => { const x = number(), y = number(); return [[x, y], [target({ x, y })]]; });
}
function spirals() {
  return many(120, (i) => {
    const arm = i % 2, along = (i >> 1) / 59, angle = 1.5 * Math.PI * along * 1.6 + Math.PI * arm, radius = 0.1 + 0.9 * along;
    return [[radius * Math.cos(angle), radius * Math.sin(angle)], [arm]];
  });
}

const IMAGES = [ // 5 by 5 pixels of three classes
  ["0000000000111110000000000", "1111100000000000000000000", "0000011111000000000000000", "0000000000000001111100000", "0000000000000000000011111"],
  ["0010000100001000010000100", "1000010000100001000010000", "0100001000010000100001000", "0001000010000100001000010", "0000100001000010000100001"],
  ["1000101010001000101010001", "1010001000101000000000000", "0000000000101000100010100", "0101000100010100000000000", "0000001010001000101000000"],
];
const pixels = () => IMAGES.flatMap((images, kind) => images.map((image) => [[...image].map(Number), oneHot(3, kind)]));

/** By name: what it is, the recipe of a network that fits, samples (`rows`) or `sequences`, before which a network is cleared, names of columns,
 *  and which answers are right besides the target (`legal`). */
const TASKS = {
  xor: { title: "XOR", words: "1 if exactly one of two inputs is 1.", recipe: "Perceptron 2-3-1", rate: 0.3,
    rows: () => [[0, 0], [0, 1], [1, 0], [1, 1]].map(([a, b]) => [[a, b], [a ^ b]]) },
  spirals: { title: "Two spirals", words: "Which of two spirals a point of the plane is on.", recipe: "Perceptron 2-12-12-1", rate: 0.05,
    rows: spirals },
  circle: { title: "Circle", words: "Whether a point of the plane is inside a circle.", recipe: "Perceptron 2-6-1", rate: 0.3,
    rows: () => points(({ x, y }) => Number(Math.hypot(x, y) < 0.65)) },
  quarters: { title: "Quarters", words: "Whether the signs of two numbers differ: XOR with points of the plane.", recipe: "Perceptron 2-6-1", rate: 0.3,
    rows: () => points(({ x, y }) => Number(x * y < 0)) },
  pixels: { title: "Pixels", words: "Horizontal line, vertical line or cross in 5 by 5 pixels. Draw your own below.", recipe: "Perceptron 25-6-3",
    rate: 0.2, rows: pixels, names: { targets: ["horizontal", "vertical", "cross"] } },
  parity: { title: "Parity", words: "1 if the number of ones so far is odd.", recipe: "LSTM 1-4-1", rate: 0.3,
    sequences: (random) => many(40, () => parity(random)) },
  first: { title: "Memory of the first bit", words: "The first of six bits, after the last one.", recipe: "LSTM 1-4-1", rate: 0.3,
    sequences: (random) => many(40, () => firstBit(random)) },
  sine: { title: "Sine", words: "The next value of a sine wave.", recipe: "Elman 1-4-1", rate: 0.05,
    sequences: () => [many(84, (t) => [[Math.sin(0.3 * t)], [Math.sin(0.3 * (t + 1))]])] },
  recall: { title: "Six-symbol recall", words: "Which symbols, A or B, occurred among x and y, in their order, at the prompts 1 and 2.",
    recipe: "LSTM 6-7-2", rate: 0.15, names: { inputs: [..."ABxy12"], targets: ["A", "B"] }, sequences: (random) => many(400, () => recall(random)) },
  reber: { title: "Embedded Reber grammar", words: "The next symbol of a string. The last but one repeats the second.", recipe: "LSTM 7-8-7",
    rate: 0.15, names: { inputs: [...REBER], targets: [...REBER] }, legal, sequences: (random) => many(200, () => embeddedReber(random)) },
};

/** The data of a task: { name, title, words, names, legal, sequences, clear }. */
function dataOf(name) {
  const { title, words, names, legal: right, rows, sequences } = TASKS[name];
  return { name, title, words, names, legal: right, clear: !rows, sequences: rows ? rows().map((row) => [row]) : sequences(randomOf(1)) };
}
