// Where layers and neurons stand: by the rules of _placing_rules.py, which the page has as `layout`. Lengths are pixels at a zoom of 1; the
// page zooms as little as it can. A place of `layout` is [along, across] the flow from the first layer to the last.

const NEURON = touch ? 33 : layout.NEURON;
const BOX = { x: layout.BOX[0], y: layout.BOX[1] }; // a folded layer
const LARGEST = layout.LARGEST_ZOOM, SMALLEST = 0.75; // zooms: names can be read
const MARGIN = 14;
const CHOICES = measuresOf(NEURON);

let structure; // levels of layers, rings, and what leads from layer to layer
const isRing = (i) => structure.ring[i];
const findLevels = () => {
  structure = layout.structureOf(layers.map(({ count }) => count), layerOf, connections.source, connections.target, connections.gater);
};
const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const planFor = (hidden, { x, y }) => bestPlan(structure, CHOICES, hidden, [x, y]);

// The layout of a plan, with its frames, neurons and rooms of text in x and y; names are measured here.
function arrange(plan) {
  const widest = (layer) => shownNames(layer).reduce((most, name) => Math.max(most, widthOf(name, FONT.name)), 0);
  const arranged = layout.arrange(structure, plan, layers.map((layer, i) => (plan.blocks[i].lines ? widest(layer) : 0)));
  const { measures, frames, spots, rank, pitch, gap } = arranged, point = ([u, v]) => (measures.sideways ? { x: u, y: v } : { x: v, y: u });
  return {
    arranged, point, measures, rank, pitch, gap, cell: point(measures.cell), title: point(measures.title), spots: spots.map(point),
    frames: frames.map(({ middle, size, lines, each }) => ({ ...point(middle), size: point(size), lines, each })),
  };
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
