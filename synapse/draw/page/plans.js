// Which of its layouts the page takes: that whose plan, by the rules of `layout`, shows the network largest. tests/draw/plans.py has the
// same in Python, and test_layout.py compares.

const ENOUGH_ZOOM = 0.9; // names can be read
// Layers side by side, and neurons in a line, at most: as they are tried.
const LINES = [99, 3, 2, 1], LINE_LENGTHS = [40, 30, 24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2];

// The layouts that are tried: from left to right, from top to bottom with one layer in a level, or with several side by side.
function measuresOf(neuron) {
  const common = { beside: 14, neuron, lift: 12, lane: layout.LANE, cable: layout.CABLE };
  const upright = { ...common, sideways: false, cell: [neuron + 28, 58], widest: 90, box: [layout.BOX[1], layout.BOX[0]] };
  return [
    { ...common, sideways: true, cell: [84, 64], title: [0, 24], between: 56, widest: 340, single: false, box: layout.BOX },
    { ...upright, title: [0, 84], between: 9, single: true },
    { ...upright, title: [22, 0], between: 20, single: false },
  ];
}

// Lists of layers that stand side by side, at most `maximum` in each.
function levelsOf(structure, maximum) {
  const levels = [];
  for (let depth = 0; depth <= Math.max(...structure.level); depth++) {
    const members = structure.level.flatMap((level, i) => (level === depth ? [i] : []));
    for (let start = 0; start < members.length; start += maximum) levels.push(members.slice(start, start + maximum));
  }
  return levels;
}

// The first plan for a window (width, height) that is large enough or, if none is, about as large as any.
function bestPlan(structure, choices, folded, [width, height]) {
  const plans = choices.flatMap((measures) => LINES.flatMap((maximum) => LINE_LENGTHS.map((longest) => layout.planOf(
    structure, measures, levelsOf(structure, measures.single ? 1 : maximum), longest, folded,
    measures.sideways ? [width, height] : [height, width]))));
  return plans.reduce((best, plan) => (Math.min(ENOUGH_ZOOM, plan.zoom) > 1.06 * best.zoom ? plan : best));
}
