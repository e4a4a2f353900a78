// Where layers and neurons stand. Lengths are pixels at a zoom of 1; the page zooms as little as it can.

const NEURON = touch ? 33 : 30;
const BOX = { x: 120, y: 78 }; // a folded layer
const LARGEST = 1.5, ENOUGH = 0.9, SMALLEST = 0.75; // zooms: so that names can be read, and few neurons do not fill the window
const LONGEST = [40, 30, 24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2]; // neurons in a line, as far as they are tried
const STRETCH = 2.2; // how far neurons stand apart where there is room
const MARGIN = 14, WIDEST_NAME = 160;
// From left to right, from top to bottom with one layer below the other, or with several side by side:
// the room of a neuron with its name, that of a title, and the least and largest gaps.
const KINDS = [
  { along: "x", across: "y", cell: { x: 84, y: 64 }, title: { x: 0, y: 24 }, levels: 56, widest: 340, layers: 14 },
  { along: "y", across: "x", cell: { x: 58, y: NEURON + 28 }, title: { x: 84, y: 0 }, levels: 9, widest: 90, layers: 14, single: true },
  { along: "y", across: "x", cell: { x: 58, y: NEURON + 28 }, title: { x: 0, y: 22 }, levels: 20, widest: 90, layers: 14 },
];

// The level of a layer: one more than those of earlier layers that lead to it, or gate what does.
let levelOf, isRing, leads; // leads: how many connections lead from one layer to another, by "from to"
function findLevels() {
  const within = layers.map(() => 0); // how many connections join different neurons of a layer
  levelOf = layers.map(() => 0);
  const before = layers.map(() => new Set());
  leads = new Map();
  connections.source.forEach((source, c) => {
    const target = connections.target[c], to = layerOf[target];
    if (layerOf[source] === to && source !== target) within[to]++;
    const pair = `${layerOf[source]} ${to}`;
    leads.set(pair, (leads.get(pair) ?? 0) + 1);
    for (const from of [source, connections.gater[c]])
      if (from >= 0 && layerOf[from] < to) before[to].add(layerOf[from]);
  });
  layers.forEach((_, i) => { for (const from of before[i]) levelOf[i] = Math.max(levelOf[i], levelOf[from] + 1); });
  levelOf[layers.length - 1] = Math.max(0, ...levelOf.slice(0, -1).map((level) => level + 1)); // also before it is connected
  isRing = layers.map(({ count }, i) => within[i] > count && count <= 40);
}

// Lists of layers that stand side by side, at most so many.
function levelsOf(most) {
  const levels = [];
  for (let level = 0; level <= Math.max(...levelOf); level++) {
    const members = layers.map((_, i) => i).filter((i) => levelOf[i] === level);
    for (let at = 0; at < members.length; at += most) levels.push(members.slice(at, at + most));
  }
  return levels;
}

// The room of a layer with its title: a box, a ring, or lines of at most `longest` neurons.
function blockOf(i, hidden, { across, cell, title }, longest) {
  if (hidden[i]) return { ...BOX, title: { x: 0, y: 0 } };
  const { count } = layers[i];
  if (isRing[i]) {
    const radius = Math.max(52, count * Math.max(cell.x, NEURON + 34) / (2 * Math.PI)), size = 2 * radius;
    return { x: size + cell.x + title.x, y: size + cell.y + title.y, title, radius };
  }
  const lines = Math.ceil(count / longest), each = Math.ceil(count / lines);
  const [x, y] = across === "x" ? [each, lines] : [lines, each];
  return { x: x * cell.x + title.x, y: y * cell.y + title.y, title, lines, each };
}

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

// The room of cables of backward connections, on both sides of the layers.
function roomOfCables(levels) {
  const at = layers.map((_, i) => levels.findIndex((level) => level.includes(i)));
  return total([...leads].map(([key, count]) => {
    const [from, to] = key.split(" ");
    return at[from] > at[to] ? 2 * (2 + CABLE + widthOfCable(Math.ceil(count / 2))) : 0;
  }));
}

// A way to place the layers: the room that it takes, and the zoom at which it fills the window.
function planOf(kind, most, longest, hidden, window) {
  const { along, across } = kind, levels = levelsOf(kind.single ? 1 : most);
  const blocks = layers.map((_, i) => blockOf(i, hidden, kind, longest));
  const depths = levels.map((level) => Math.max(...level.map((i) => blocks[i][along])));
  const breadths = levels.map((level) => total(level.map((i) => blocks[i][across])) + kind.layers * (level.length - 1));
  const least = Math.max(kind.levels, hidden.includes(true) ? 30 : 0); // arrows between boxes can be seen
  const length = total(depths) + least * (levels.length - 1), breadth = Math.max(...breadths), cables = roomOfCables(levels);
  const zoom = Math.min(LARGEST, window[along] / length, window[across] / (breadth + cables));
  return { kind, levels, blocks, depths, breadths, length, breadth, cables, least, zoom, window };
}

// The first plan that is large enough or, if none is, about as large as any.
function planFor(hidden, window) {
  let best = null;
  for (const kind of KINDS)
    for (const most of [99, 3, 2, 1])
      for (const longest of LONGEST) {
        const plan = planOf(kind, most, longest, hidden, window);
        if (!best || Math.min(ENOUGH, plan.zoom) > 1.06 * best.zoom) best = plan;
      }
  return best;
}

// How much wider than its cells each level becomes so that no name is cut, as far as `free` room in the gaps allows.
function widerBy(levels, blocks, { along, cell }, free) {
  if (along !== "x") return levels.map(() => 0);
  const wanted = (i) => {
    const widest = Math.max(...shownNames(layers[i]).map((name) => widthOf(name, FONT.name)));
    return blocks[i].lines * (Math.min(widest, WIDEST_NAME) + 8 - cell.x);
  };
  const wider = levels.map((level) => Math.max(0, ...level.filter((i) => blocks[i].lines).map(wanted)));
  const share = Math.min(1, Math.max(0, free) / (total(wider) || 1));
  return wider.map((more) => share * more);
}

// The middles of layers, and of their neurons, with the gaps stretched until the window is full.
function arrange(plan) {
  const { kind, levels, blocks, depths, breadths, length, breadth, cables, least, zoom, window } = plan, { along, across } = kind;
  const free = window[along] / zoom - length, grown = widerBy(levels, blocks, kind, free);
  const gap = Math.min(kind.widest, least + (free - total(grown)) / Math.max(1, levels.length - 1));
  const stretchOf = (size) => Math.max(1, Math.min(STRETCH, (window[across] / zoom - cables) / size));
  const frames = [], spots = [];
  let at = 0;
  levels.forEach((level, l) => {
    const boxes = level.every((i) => !blocks[i].lines && !blocks[i].radius);
    const stretch = stretchOf(boxes ? breadths[l] : breadth); // neurons stand equally far apart in all levels
    const depth = depths[l] + grown[l];
    let from = -breadths[l] * stretch / 2;
    for (const i of level) {
      const room = blocks[i][across] * stretch;
      const middle = { [along]: at + depth / 2, [across]: from + room / 2 };
      frames[i] = frameOf(blocks[i], middle, kind, stretch);
      if (blocks[i].lines) frames[i].size[along] += grown[l];
      placeNeurons(i, blocks[i], frames[i], kind, stretch, spots);
      from += room + kind.layers * stretch;
    }
    at += depth + gap;
  });
  const rank = layers.map((_, i) => levels.findIndex((level) => level.includes(i)));
  return { frames, spots, kind, rank, pitch: kind.cell.x * (across === "x" ? stretchOf(breadth) : 1), gap };
}

function frameOf(block, middle, { across }, stretch) {
  const rigid = block.radius || !block.lines; // a ring stays round and a box as it is
  const size = { x: block.x - block.title.x, y: block.y - block.title.y };
  if (!rigid) size[across] = block[across] * stretch - block.title[across];
  return { x: middle.x + block.title.x / 2, y: middle.y + block.title.y / 2, size, lines: block.lines, each: block.each };
}

function placeNeurons(i, { radius, lines, each }, frame, { along, across, cell }, stretch, spots) {
  const { first, count } = layers[i];
  for (let k = 0; k < count; k++) {
    const spot = { x: frame.x, y: frame.y - 12 }; // its name is below
    if (radius) {
      spot.x += radius * Math.sin(2 * Math.PI * k / count);
      spot.y -= radius * Math.cos(2 * Math.PI * k / count);
    } else if (lines) {
      const line = Math.floor(k / each), there = Math.min(each, count - line * each);
      spot[along] += (line - (lines - 1) / 2) * (along === "x" ? frame.size.x / lines : cell[along]);
      spot[across] += (k - line * each - (there - 1) / 2) * frame.size[across] / each;
    }
    spots[first + k] = spot;
  }
}

// --- what is folded at first -------------------------------------------------------------------

const MOST_AT_FIRST = 100; // connections drawn one by one when the page opens

// How many connections would be drawn one by one.
const drawnOf = (hidden) => connections.source.filter((source, c) =>
  !hidden[layerOf[source]] && !hidden[layerOf[connections.target[c]]]).length;

// Fold every layer of a network of many connections; of any other the largest, until names can be read.
function foldedAtFirst(window) {
  const hidden = layers.map(() => connectionCount > MOST_AT_FIRST);
  while (planFor(hidden, window).zoom < SMALLEST) {
    const left = layers.map(({ count }, i) => (hidden[i] || count < 4 ? 0 : count)), most = Math.max(...left);
    if (!most) break;
    hidden[left.indexOf(most)] = true;
  }
  return hidden;
}
