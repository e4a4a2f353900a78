// The ways of lines: how far they bow aside, and around boxes, behind which they could not be told apart.

const CLEAR = 8, WAY = Array.from({ length: 16 }, (_, i) => (i + 0.5) / 16); // room about a box; shares of a way
const ASIDE = [40, 80, 120, 160, 200, 240, 320], WEIGHTS = [[], [0.5], [0.3, 0.7]]; // tried bends, and where on the way they lie
let obstacles = []; // what no line is to pass behind

const around = ({ x, y }, width, height) => ({ x1: x - width / 2, x2: x + width / 2, y1: y - height / 2, y2: y + height / 2 });
const onWay = (from, bend, to, share) => {
  const mix = (axis) => (1 - share) ** 2 * from[axis] + 2 * share * (1 - share) * bend[axis] + share ** 2 * to[axis];
  return { x: mix("x"), y: mix("y") };
};

// What lines pass around: boxes, each with its loop.
function obstaclesOf({ frames, kind }) {
  const room = (spot, width, height) => around(spot, width + 2 * CLEAR, height + 2 * CLEAR);
  return layers.flatMap((_, i) => {
    const { x, y } = frames[i], loop = kind.along === "x" ? { x, y: y - BOX.y / 2 - 25 } : { x: x + BOX.x / 2 + 25, y };
    if (!folded[i]) return [];
    return [{ layer: i, ...room({ x, y }, BOX.x, BOX.y) }, ...(loops[i] ? [{ layer: i, loop: true, ...room(loop, 50, 50) }] : [])];
  });
}
let loops; // whether connections lead from a layer to itself
function findLoops() {
  loops = layers.map(() => false);
  connections.source.forEach((source, c) => { if (layerOf[source] === layerOf[connections.target[c]]) loops[layerOf[source]] = true; });
}

// Where a line leaves a box or a neuron toward a point.
function rimOf({ x, y, id }, to) {
  const size = id === undefined ? { x: 0, y: 0 } : id[0] === "l" ? BOX : { x: NEURON, y: NEURON };
  const share = Math.min(1, size.x / 2 / Math.abs(to.x - x), size.y / 2 / Math.abs(to.y - y)) || 0;
  return { x: x + share * (to.x - x), y: y + share * (to.y - y) };
}
// The points of a line whose bends lie so far aside: quadratic curves, as Cytoscape.js draws them.
function pointsOf(from, to, bows) {
  const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1;
  const bends = bows.map((bow, i) => ({ x: from.x + WEIGHTS[bows.length][i] * dx - bow * dy / length,
    y: from.y + WEIGHTS[bows.length][i] * dy + bow * dx / length }));
  const between = bends.slice(1).map((bend, i) => ({ x: (bend.x + bends[i].x) / 2, y: (bend.y + bends[i].y) / 2 }));
  const ends = [rimOf(from, bends[0]), ...between, rimOf(to, bends[bends.length - 1])];
  return bends.flatMap((bend, i) => WAY.map((share) => onWay(ends[i], bend, ends[i + 1], share)));
}
// How many obstacles a line passes through.
function crossed(from, to, bows) {
  const points = pointsOf(from, to, bows);
  return obstacles.filter((box) => box.layer !== from.layer && box.layer !== to.layer
    && !(box.loop && to.id === undefined) // a gate may be on the loop
    && points.some(({ x, y }) => x > box.x1 && x < box.x2 && y > box.y1 && y < box.y2)).length;
}
// The bow that passes through the fewest obstacles, close to the wished one: of one bend or, if need be, of two.
function bowAround(from, to, wished = 0) {
  const sides = ASIDE.flatMap((aside) => (wished < 0 ? [-aside, aside] : [aside, -aside]));
  const tries = [[wished], ...sides.map((aside) => [wished + aside]), ...sides.flatMap((a) => sides.map((b) => [a, b]))];
  let best = null;
  for (const bows of tries) {
    const count = crossed(from, to, bows);
    if (!best || count < best.count) best = { bows, count };
    if (!count) break;
  }
  return String(best.bows) === "0" ? {} : bent(best.bows);
}
const bent = (bows) => ({ bow: bows, at: WEIGHTS[bows.length] });

// How far a connection bows aside: what leads back, stays in its layer or passes over another one.
function bow(from, to, distance, bundled, gate) {
  const step = rank[to] - rank[from];
  if (from === to) return isRing[from] ? 8 : 40 + distance * 0.12;
  if (step < 0) return bundled ? -(70 + distance * 0.35) : -(30 + distance * 0.14);
  if (step === 0) return 24 + distance * 0.12;
  if (step === 1 && gate && dense && !bundled) return -80; // its diamond is to stand beside names
  if (step === 1 || (plenty && !bundled)) return undefined;
  return bundled ? -(60 + distance * 0.3) : -(26 + distance * 0.1);
}
