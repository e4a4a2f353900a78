// Routes of lines, by the rules of _routing_rules.py: between the neurons of the columns that they pass, or around all columns.

const around = ({ x, y }, width, height) => ({ x1: x - width / 2, x2: x + width / 2, y1: y - height / 2, y2: y + height / 2 });
const onWay = (from, bend, to, share) => {
  const mix = (axis) => (1 - share) ** 2 * from[axis] + 2 * share * (1 - share) * bend[axis] + share ** 2 * to[axis];
  return { x: mix("x"), y: mix("y") };
};
let scene; // what lines are routed through
const flow = ({ x, y }) => (placed.measures.sideways ? [x, y] : [y, x]); // to the places of `layout`, and back

/** What stands at a spot, with its text: below it, or to its left and right. */
function extentOf({ id, layer, x, y }) {
  const { arranged, measures: { sideways }, pitch } = placed;
  let [below, above] = [0, 0]; // across the flow
  if (!folded[layer] && sideways) below = 14 * names[id.slice(1)].split("\n").length; // the number below has a ground of its own
  else if (!folded[layer]) below = above = Math.max(0, (Math.min(pitch - 2 * layout.CLEARANCE - 6, widthOfName(id.slice(1))) - NEURON) / 2);
  return layout.extentOf(arranged, layer, flow({ x, y }), folded[layer], isRing(layer), below, above);
}
function findColumns(spots) {
  const extents = [...spots.values()].filter(({ id }) => /^[nl]/.test(id)).map(extentOf);
  scene = layout.sceneOf(placed.arranged, extents, folded, structure.ring);
}
/** The route of dots from a gater to a gate. */
const leadOf = (from, to) => layout.leadOf(scene, flow(from), flow(to));
/** The routes of lines, each { source, target } with what stands there. */
const routesOf = (lines) => layout.routesOf(scene, lines.map(({ source, target, aside }) => ({
  here: flow(source), there: flow(target), start: source.layer, stop: target.layer, loops: source.id === target.id, aside })));

/** Routes of bundles between unfolded layers: straight to the next one, else in an arc beside all layers. */
function arcsOf(lines) {
  const edges = placed.frames.flatMap(({ size, ...middle }) => [flow(middle)[1] - flow(size)[1] / 2, flow(middle)[1] + flow(size)[1] / 2]);
  const [low, high] = [Math.min(...edges), Math.max(...edges)], arcs = [0, 0]; // on either side
  return lines.map(({ source, target }) => {
    const step = rank[target.layer] - rank[source.layer], [here, there] = [flow(source), flow(target)];
    if (source.id === target.id || step === 1) return [];
    const side = step < 0 ? 1 : 0, out = 30 + layout.CABLE * arcs[side]++, centre = (here[1] + there[1]) / 2;
    const edge = side ? high + out : low - out;
    return [[(here[0] + there[0]) / 2, 2 * edge - centre]]; // a curve goes half of the way to its control point
  });
}

/** A route as Cytoscape.js takes it: how far along the straight line each control point lies, and how far aside. */
function bentBy(route, from, to) {
  const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1;
  const within = (point, { id, x, y }) => { // no line begins at a point that its end hides
    const size = id === undefined ? { x: 16, y: 16 } : id[0] === "l" ? BOX : { x: NEURON, y: NEURON };
    return Math.abs(point.x - x) < size.x / 2 + 3 && Math.abs(point.y - y) < size.y / 2 + 3;
  };
  const points = route.map(([x, y]) => flow({ x, y })).map(([x, y]) => ({ x, y })).filter((point) => !within(point, from) && !within(point, to));
  const offsets = points.map(({ x, y }) => ({ x: x - from.x, y: y - from.y }));
  return points.length ? { bow: offsets.map(({ x, y }) => (y * dx - x * dy) / length), at: offsets.map(({ x, y }) => (x * dx + y * dy) / length ** 2) } : {};
}
