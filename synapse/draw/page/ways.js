// Routes of lines, by the rules of _routes.py: between the neurons of the columns that they pass, or around all columns. A column is
// what stands across the flow. Points are [along, across] the flow; a route is the control points between the ends of a line.

const ROOM = 5, BEFORE = 10, EVEN = 58; // room about neurons; before a column; the length at both ends in which a line stays level
const NAMES = 30; // room of a name and a number below a neuron
const CABLE = 6, WIDEST = 14, ROUND = 7; // from cable to cable, its largest width, radius of corners
const lane = () => (folded?.includes(true) ? 11 : 6); // from line to line where several take one way: bundles are wide
const widthOfCable = (count) => Math.min(lane() * count, WIDEST);
let columns = []; // { left, right, gaps: [[low, high], ...] }, from the first to the last
let flow; // turns the points of the picture into those here, and back

const around = ({ x, y }, width, height) => ({ x1: x - width / 2, x2: x + width / 2, y1: y - height / 2, y2: y + height / 2 });
const onWay = (from, bend, to, share) => {
  const mix = (axis) => (1 - share) ** 2 * from[axis] + 2 * share * (1 - share) * bend[axis] + share ** 2 * to[axis];
  return { x: mix("x"), y: mix("y") };
};
const middleOf = ([a, b], [c, d]) => [(a + c) / 2, (b + d) / 2];

/** What stands at a spot: its extent along the flow, and across it with its name and the title above it. */
function extentOf({ id, layer, x, y }, { frames, kind, pitch }) {
  const sideways = kind.along === "x", { size, ...middle } = frames[layer], [u, v] = flow({ x, y });
  const [length, breadth] = folded[layer] ? flow(BOX) : [NEURON, NEURON];
  let [low, high] = [v - breadth / 2, v + breadth / 2];
  if (!folded[layer] && sideways) {
    high += 14 * names[id.slice(1)].split("\n").length; // its name; the number below it has a ground of its own
    if (y - middle.y + size.y / 2 < kind.cell.y) low = middle.y - size.y / 2 - kind.title.y; // the title of its layer
  } else if (!folded[layer]) {
    const more = (Math.min(pitch - 2 * ROOM - 6, widthOfName(id.slice(1))) - NEURON) / 2;
    [low, high] = [low - Math.max(0, more), high + Math.max(0, more)];
  }
  const [centre, half] = isRing[layer] && !folded[layer] ? [flow(middle)[0], flow(size)[0] / 2] : [u, length / 2];
  const room = folded[layer] ? 2 * ROOM : ROOM;
  return { left: centre - half, right: centre + half, low: low - room, high: high + room };
}
function findColumns(placed, spots) {
  flow = ({ x, y }) => (placed.kind.along === "x" ? [x, y] : [y, x]);
  const all = [...spots.values()].filter(({ id }) => /^[nl]/.test(id)).map((spot) => extentOf(spot, placed));
  columns = [];
  for (const one of all.sort((a, b) => a.left - b.left)) {
    const last = columns[columns.length - 1];
    if (last && one.left < last.right) { last.members.push(one); last.right = Math.max(last.right, one.right); }
    else columns.push({ left: one.left, right: one.right, members: [one] });
  }
  for (const column of columns) {
    let before = -Infinity;
    column.gaps = [];
    for (const { low, high } of column.members.sort((a, b) => a.low - b.low)) {
      if (low > before) column.gaps.push([before, low]);
      before = Math.max(before, high);
    }
    column.gaps.push([before, Infinity]);
  }
}

const columnAt = (along) => columns.find(({ left, right }) => left <= along && along <= right);
/** The columns between two points, with the gap of each that is nearest to a straight line, and the height there. */
function crossings(here, there) {
  const [low, high] = here[0] < there[0] ? [here[0], there[0]] : [there[0], here[0]];
  const found = columns.filter(({ left, right }) => low < left && right < high).map((column) => {
    const share = (Math.abs((column.left + column.right) / 2 - here[0]) - EVEN) / Math.max(high - low - 2 * EVEN, 1e-9);
    const straight = here[1] + (there[1] - here[1]) * Math.min(1, Math.max(0, share)); // level at its ends: a steep line meets neighbours
    const heights = column.gaps.map(([from, to], gap) => ({ gap, height: Math.min(to, Math.max(from, straight)) }));
    return { column, ...heights.reduce((best, one) => (Math.abs(one.height - straight) < Math.abs(best.height - straight) ? one : best)) };
  });
  return here[0] < there[0] ? found : found.reverse();
}
const passing = (here, there, passed) => passed.flatMap(({ column: { left, right }, height }) => {
  const stops = [left - BEFORE, (left + right) / 2, right + BEFORE].map((along) => [along, height]);
  return here[0] < there[0] ? stops : stops.reverse();
});
/** The route of dots from a gater to a gate. */
const leadOf = (from, to) => {
  const [here, there] = [flow(from), flow(to)], passed = crossings(here, there);
  const close = Math.abs(here[0] - there[0]) < EVEN && Math.abs(here[1] - there[1]) > EVEN;
  return passed.length || !close ? passing(here, there, passed) : beside(here, there, 40);
};
/** A line within a column: on one side of it if it leads on, on the other if back. */
function beside(here, there, most) {
  const drop = there[1] - here[1], aside = Math.sign(drop) * Math.min(16 + 0.17 * Math.abs(drop), most);
  return [[here[0] + aside, here[1]], [there[0] + aside, there[1]]];
}

/** Lines that pass through one gap, side by side; above or below all neurons, the longest is outermost. */
function spread(members, [low, high]) {
  const outward = high === Infinity ? 1 : -1, pitch = Math.min(lane(), Math.min(60, high - low) / members.length);
  members.sort((a, b) => a.height - b.height || outward * (a.span - b.span));
  members.forEach((one, k) => { if (k) one.height = Math.max(one.height, members[k - 1].height + pitch); });
  members.reverse().forEach((one, k) => { one.height = Math.min(one.height, k ? members[k - 1].height - pitch : high); });
}

/** The routes of lines, each { source, target } with what stands there. */
function routesOf(lines) {
  const shared = new Map(), back = new Map();
  const routes = lines.map(({ source, target, aside }, i) => {
    if (source.id === target.id) return [];
    const here = flow(source), there = flow(target), from = source.layer, to = target.layer, step = rank[to] - rank[from];
    if (step < 0) {
      const key = `${from} ${to}`;
      back.set(key, [...(back.get(key) ?? []), { i, here, there, from, to }]);
    } else if (step > 0) {
      const passed = crossings(here, there).map((one) => ({ ...one, span: there[0] - here[0] }));
      for (const one of passed) shared.set(one.column.gaps[one.gap], [...(shared.get(one.column.gaps[one.gap]) ?? []), one]);
      const [before, after] = [columnAt(here[0]), columnAt(there[0])]; // boxes are left and reached beside those at their side
      const leave = folded[from] && before.members.length > 1 ? [[before.right + BEFORE, here[1]]] : [];
      const reach = folded[to] && after.members.length > 1 ? [[after.left - BEFORE, there[1]]] : [];
      return passed.length || !aside ? { here, there, passed, leave, reach } : [[(here[0] + there[0]) / 2, (here[1] + there[1]) / 2 + aside]];
    } else if (from === to && isRing[from] && !folded[from]) {
      const [u, v] = middleOf(here, there), bend = [0.08 * (here[1] - there[1]), 0.08 * (there[0] - here[0])];
      return [[u + bend[0], v + bend[1]]];
    } else if (Math.abs(here[0] - there[0]) < 1) return beside(here, there, folded[from] ? 90 : 60);
    return [];
  });
  for (const [gap, members] of shared) spread(members, gap);
  const found = routes.map(({ here, there, passed, leave, reach }, i) => (passed ? [...leave, ...passing(here, there, passed), ...reach] : routes[i]));
  leadBack([...back.values()], found);
  return found;
}

/** Routes of bundles between unfolded layers: straight to the next one, else in an arc beside all layers. */
function arcsOf(lines) {
  const edges = placed.frames.flatMap(({ size, ...middle }) => [flow(middle)[1] - flow(size)[1] / 2, flow(middle)[1] + flow(size)[1] / 2]);
  const [low, high] = [Math.min(...edges), Math.max(...edges)], arcs = [0, 0]; // on either side
  return lines.map(({ source, target }) => {
    const step = rank[target.layer] - rank[source.layer], [here, there] = [flow(source), flow(target)];
    if (source.id === target.id || step === 1) return [];
    const side = step < 0 ? 1 : 0, out = 30 + CABLE * arcs[side]++, centre = (here[1] + there[1]) / 2;
    const edge = side ? high + out : low - out;
    return [[(here[0] + there[0]) / 2, 2 * edge - centre]]; // a curve goes half of the way to its control point
  });
}

/** Backward lines: around all columns, in one cable for each pair of layers; short ones take the inner lanes. */
function leadBack(cables, routes) {
  const edges = columns.flatMap(({ gaps }) => [gaps[0][1], gaps[gaps.length - 1][0]]), centre = (Math.min(...edges) + Math.max(...edges)) / 2;
  placed.frames.forEach(({ size, ...middle }, i) => {
    const at = flow(middle)[1], half = flow(size)[1] / 2;
    if (!folded[i]) edges.push(at - half - placed.kind.title.x, at + half);
  });
  const every = [...edges, ...routes.flat().map(([, height]) => height)].map((height) => height - centre);
  for (const side of [1, -1]) {
    const out = ({ here, there }) => side * ((here[1] + there[1]) / 2 - centre), taken = [];
    const rim = Math.max(...every.map((height) => side * height)) + CABLE;
    const mine = cables.map((cable) => cable.filter((one) => out(one) > 0 || (side > 0 && out(one) === 0)).sort((a, b) => out(b) - out(a)));
    for (const cable of mine.filter(({ length }) => length).sort(([a], [b]) => a.here[0] - a.there[0] - b.here[0] + b.there[0])) {
      const [low, high] = [cable[0].there[0], cable[0].here[0]], width = widthOfCable(cable.length);
      const first = Math.max(rim, ...taken.filter((one) => one.low < high && low < one.high).map(({ top }) => top + CABLE));
      taken.push({ low, high, top: first + width });
      const aside = (layer, below) => (folded[layer] ? BEFORE : placed.kind.along === "x" ? 30 : below ? NAMES : dense ? 3 : BEFORE); // not through names
      cable.forEach(({ i, here, there, from, to }, k) => {
        const share = k / cable.length, height = centre + side * (first + share * width);
        const fan = (dense ? 3 : 6) * share, a = columnAt(here[0]).right + aside(from, true) + fan, b = columnAt(there[0]).left - aside(to, false) - fan;
        routes[i] = rounded([here, [a, here[1]], [a, height], [b, height], [b, there[1]], there]);
      });
    }
  }
}
const rounded = (corners) => corners.slice(1, -1).flatMap((corner, i) => {
  const near = (end) => {
    const share = Math.min(0.5, 2 * ROUND / (Math.hypot(end[0] - corner[0], end[1] - corner[1]) || 1));
    return [corner[0] + share * (end[0] - corner[0]), corner[1] + share * (end[1] - corner[1])];
  };
  return [near(corners[i]), corner, near(corners[i + 2])];
});

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
