// The rules by which pictures are laid out, printed by tests/draw/printed_rules.py: no edits here.
const layout = (() => {
const compared = (a, b) => {
  const [one, other] = [a, b].map((key) => (Array.isArray(key) ? key : [key]));
  const at = one.findIndex((value, i) => value !== other[i]);
  return at < 0 ? 0 : one[at] < other[at] ? -1 : 1;
};
const sorted = (list, { key }) => [...list].sort((a, b) => compared(key(a), key(b)));
const reversed = (list) => [...list].reverse();
const counting = (start, step, count) =>
  Array.from({ length: Math.max(0, count) }, (_, i) => start + i * step);
const range = (start, stop, step = 1) => (stop === undefined ? counting(0, 1, start)
  : counting(start, step, Math.ceil((stop - start) / step)));
const sum = (list) => list.reduce((before, one) => before + one, 0);
const lowest = (list) => list.reduce((best, one) => (one < best ? one : best));
const highest = (list) => list.reduce((best, one) => (one > best ? one : best));
const all = (list) => list.every(Boolean);
const contains = (all, one) => (Array.isArray(all) ? all.includes(one) : one in all);

const UNIT = 64.0;
const NEURON = 30.0;
const BOX = [120.0, 78.0];
const LARGEST_ZOOM = 1.5;
const STRETCH = 2.2;
const MIN_IN_RING = 4;
const MAX_IN_RING = 40;
const GOLDEN_ANGLE = (Math.PI * (3.0 - Math.sqrt(5.0)));
const WIDEST_NAME = 160.0;
const LANE = 6.0;
const CABLE = 6.0;
const WIDEST_CABLE = 14.0;
/** Return the properties that determine places, from the `layer` of each neuron, and the source, target and gater (-1 without one) of each connection. */
function structureOf(counts, layer, source, target, gater) {
  let before, leads, level, pair, place, ring, size, start, stop, within;
  size = counts.length;
  within = counts.map((_) => 0);
  leads = [];
  place = {};
  before = [];
  for (const c of range(source.length)) {
    start = layer[source[c]];
    stop = layer[target[c]];
    if (((start === stop) && (source[c] !== target[c]))) {
      within[stop] += 1;
    }
    pair = ((start * size) + stop);
    if (!contains(place, pair)) {
      place[pair] = leads.length;
      leads.push(({ start: start, stop: stop, count: 0 }));
      before.push([start, stop]);
    }
    leads[place[pair]].count += 1;
    if ((gater[c] >= 0)) {
      before.push([layer[gater[c]], stop]);
    }
  }
  level = counts.map((_) => 0);
  for (const [start, stop] of sorted(before, { key: (ends) => ends[1] })) {
    if ((start < stop)) {
      level[stop] = Math.max(level[stop], (level[start] + 1));
    }
  }
  level[(size - 1)] = highest([0, ...level.slice(0, (size - 1)).map((depth) => (depth + 1))]);
  ring = range(size).map((i) => ((within[i] > counts[i]) && (counts[i] >= MIN_IN_RING)));
  return ({ counts: counts, level: level, ring: ring, leads: leads });
}
/** Return the room of a layer, which is a box, a ring, or lines of up to `longest` neurons. */
function blockOf(structure, layer, folded, measures, longest) {
  let count, each, lines, pitch, radius, size, width;
  if (folded) {
    return ({ size: measures.box, title: [0.0, 0.0], radius: 0.0, lines: 0, each: 0 });
  }
  count = structure.counts[layer];
  if (structure.ring[layer]) {
    width = (measures.sideways ? measures.cell[0] : measures.cell[1]);
    pitch = Math.max(width, (measures.neuron + 34.0));
    radius = Math.max(52.0, ((count * pitch) / (2.0 * Math.PI)));
    if ((count > MAX_IN_RING)) {
      radius = (pitch * Math.sqrt((count / Math.PI)));
    }
    size = [(((2.0 * radius) + measures.cell[0]) + measures.title[0]), (((2.0 * radius) + measures.cell[1]) + measures.title[1])];
    return ({ size: size, title: measures.title, radius: radius, lines: 0, each: 0 });
  }
  lines = Math.max(1, Math.ceil((count / longest)));
  each = Math.ceil((count / lines));
  size = [((lines * measures.cell[0]) + measures.title[0]), ((each * measures.cell[1]) + measures.title[1])];
  return ({ size: size, title: measures.title, radius: 0.0, lines: lines, each: each });
}
/** Return the number of each layer's level. */
function rankOf(structure, levels) {
  let rank;
  rank = structure.counts.map((_) => 0);
  for (const number of range(levels.length)) {
    for (const layer of levels[number]) {
      rank[layer] = number;
    }
  }
  return rank;
}
/** Return the distance of lines that take one way. */
function laneOf(measures, folded) {
  return (measures.lane * (contains(folded, true) ? 2.0 : 1.0));
}
/** Return the width of a cable of backward connections. */
function widthOfCable(count, lane) {
  return Math.min((lane * count), Math.max(lane, WIDEST_CABLE));
}
/** Return the room of the cables of backward connections on both sides. */
function roomOfCables(structure, levels, measures, lane) {
  let rank;
  rank = rankOf(structure, levels);
  return sum(structure.leads.filter((lead) => (rank[lead.start] > rank[lead.stop])).map((lead) => (2.0 * ((2.0 + measures.cable) + widthOfCable(Math.ceil((lead.count / 2)), lane)))));
}
/** Return a way to place the layers in a window (along, across). */
function planOf(structure, measures, levels, longest, folded, window) {
  let blocks, breadth, breadths, cables, depths, length, minimum, zoom;
  blocks = range(structure.counts.length).map((i) => blockOf(structure, i, folded[i], measures, longest));
  depths = levels.map((level) => highest(level.map((i) => blocks[i].size[0])));
  breadths = levels.map((level) => (sum(level.map((i) => blocks[i].size[1])) + (measures.beside * (level.length - 1))));
  minimum = Math.max(measures.between, (contains(folded, true) ? 30.0 : 0.0));
  length = (sum(depths) + (minimum * (levels.length - 1)));
  breadth = highest(breadths);
  cables = roomOfCables(structure, levels, measures, laneOf(measures, folded));
  zoom = Math.min(LARGEST_ZOOM, (window[0] / length), (window[1] / (breadth + cables)));
  return ({ measures: measures, levels: levels, blocks: blocks, depths: depths, breadths: breadths, length: length, breadth: breadth, cables: cables, minimum: minimum, zoom: zoom, window: window });
}
/** Return the width that each level needs beyond its cells to show whole names, as far as `free` room in the gaps allows. `widths` contains the width of each layer's longest name. */
function widerBy(plan, free, widths) {
  let measures, share, wanted, wider;
  measures = plan.measures;
  wanted = range(widths.length).map((i) => (plan.blocks[i].lines * ((Math.min(widths[i], WIDEST_NAME) + 8.0) - measures.cell[0])));
  wider = plan.levels.map((level) => highest([0.0, ...level.filter((i) => measures.sideways).map((i) => wanted[i])]));
  share = Math.min(1.0, (Math.max(0.0, free) / (sum(wider) || 1.0)));
  return wider.map((more) => (share * more));
}
/** Return the places of layers and their neurons, with the gaps stretched until the window is full. `widths` contains the width of each layer's longest name. */
function arrange(structure, plan, widths) {
  let at, between, block, blocks, boxes, depth, frame, frames, free, gap, grown, level, measures, room, spots, start, stretch;
  measures = plan.measures;
  free = ((plan.window[0] / plan.zoom) - plan.length);
  grown = widerBy(plan, free, widths);
  between = ((free - sum(grown)) / Math.max(1, (plan.levels.length - 1)));
  gap = Math.min(measures.widest, (plan.minimum + between));
  frames = plan.blocks.map((_) => ({ middle: [0.0, 0.0], size: [0.0, 0.0], lines: 0, each: 0 }));
  spots = plan.blocks.map((_) => []);
  at = 0.0;
  for (const number of range(plan.levels.length)) {
    level = plan.levels[number];
    blocks = level.map((i) => plan.blocks[i]);
    boxes = all(blocks.map((block) => ((block.lines === 0) && (block.radius === 0.0))));
    stretch = stretchOf(plan, (boxes ? plan.breadths[number] : plan.breadth));
    depth = (plan.depths[number] + grown[number]);
    start = (((-plan.breadths[number]) * stretch) / 2.0);
    for (const i of level) {
      block = plan.blocks[i];
      room = (block.size[1] * stretch);
      frame = frameOf(block, [(at + (depth / 2.0)), (start + (room / 2.0))], stretch, grown[number]);
      frames[i] = frame;
      spots[i] = neuronsOf(structure.counts[i], block, frame, measures);
      start += (room + (measures.beside * stretch));
    }
    at += (depth + gap);
  }
  return ({ measures: measures, frames: frames, spots: spots.flatMap((layer) => layer.map((spot) => spot)), rank: rankOf(structure, plan.levels), pitch: (measures.cell[1] * stretchOf(plan, plan.breadth)), gap: gap });
}
/** Return how far apart neurons stand, in cells, where something is so broad. */
function stretchOf(plan, breadth) {
  let room;
  room = ((plan.window[1] / plan.zoom) - plan.cables);
  return Math.max(1.0, Math.min(STRETCH, (room / breadth)));
}
/** Return the frame of a layer. A ring stays round, and a box does not change. */
function frameOf(block, middle, stretch, grown) {
  let breadth, length;
  length = (block.size[0] - block.title[0]);
  breadth = (block.size[1] - block.title[1]);
  if ((block.lines > 0)) {
    length += grown;
    breadth = ((block.size[1] * stretch) - block.title[1]);
  }
  return ({ middle: [(middle[0] + (block.title[0] / 2.0)), (middle[1] + (block.title[1] / 2.0))], size: [length, breadth], lines: block.lines, each: block.each });
}
/** Return the places of the neurons of a layer, whose names are below them. */
function neuronsOf(count, block, frame, measures) {
  let angle, breadth, disc, length, lift, line, out, right, spots, there, u, up, v;
  lift = (measures.sideways ? [0.0, measures.lift] : [measures.lift, 0.0]);
  u = (frame.middle[0] - lift[0]);
  v = (frame.middle[1] - lift[1]);
  if ((block.radius > 0.0)) {
    disc = (count > MAX_IN_RING);
    angle = (disc ? GOLDEN_ANGLE : ((2.0 * Math.PI) / count));
    out = range(count).map((k) => (disc ? Math.sqrt(((k + 0.5) / count)) : 1.0));
    right = range(count).map((k) => ((block.radius * out[k]) * Math.sin((angle * k))));
    up = range(count).map((k) => ((block.radius * out[k]) * Math.cos((angle * k))));
    if (measures.sideways) {
      return range(count).map((k) => [(u + right[k]), (v - up[k])]);
    }
    return range(count).map((k) => [(u - up[k]), (v + right[k])]);
  }
  if ((block.lines === 0)) {
    return range(count).map((_) => [u, v]);
  }
  length = (measures.sideways ? (frame.size[0] / block.lines) : measures.cell[0]);
  breadth = (frame.size[1] / block.each);
  spots = [];
  for (const k of range(count)) {
    line = Math.floor((k / block.each));
    there = Math.min(block.each, (count - (line * block.each)));
    spots.push([(u + ((line - ((block.lines - 1) / 2.0)) * length)), (v + (((k - (line * block.each)) - ((there - 1) / 2.0)) * breadth))]);
  }
  return spots;
}
const CLEARANCE = 5.0;
const TURN_DISTANCE = 10.0;
const EVEN = 58.0;
const CORNER_RADIUS = 7.0;
const NAMES = 30.0;
const RETURN = 26.0;
const NARROW_CLEARANCE = 3.0;
/** Return the room of a neuron, or of a layer's box, at a place, with text that reaches `below` and `above` it, and below the title of its layer. */
function extentOf(arrangement, layer, place, folded, ring, below, above) {
  let breadth, frame, half, high, length, low, measures, middle, room, top;
  measures = arrangement.measures;
  frame = arrangement.frames[layer];
  length = (folded ? measures.box[0] : measures.neuron);
  breadth = (folded ? measures.box[1] : measures.neuron);
  room = (folded ? (2.0 * CLEARANCE) : CLEARANCE);
  low = ((place[1] - (breadth / 2.0)) - above);
  high = ((place[1] + (breadth / 2.0)) + below);
  top = (frame.middle[1] - (frame.size[1] / 2.0));
  if ((measures.sideways && (!folded) && ((place[1] - top) < measures.cell[1]))) {
    low = Math.min(low, (top - measures.title[1]));
  }
  middle = ((ring && (!folded)) ? frame.middle[0] : place[0]);
  half = ((ring && (!folded)) ? (frame.size[0] / 2.0) : (length / 2.0));
  return ({ left: (middle - half), right: (middle + half), low: (low - room), high: (high + room) });
}
/** Return the scene of connections, which consists of columns of neurons and boxes across the flow, with their gaps. */
function sceneOf(arrangement, extents, folded, ring) {
  let column, columns, frames, measures, members, reached, title;
  columns = [];
  members = [];
  for (const extent of sorted(extents, { key: (extent) => extent.left })) {
    if (((columns.length > 0) && (extent.left < columns.at(-1).right))) {
      columns.at(-1).right = Math.max(columns.at(-1).right, extent.right);
    } else {
      columns.push(({ left: extent.left, right: extent.right, count: 0, gaps: [] }));
      members.push([]);
    }
    members.at(-1).push(extent);
  }
  for (const number of range(columns.length)) {
    column = columns[number];
    column.count = members[number].length;
    reached = (-Infinity);
    for (const extent of sorted(members[number], { key: (extent) => extent.low })) {
      if ((extent.low > reached)) {
        column.gaps.push(({ low: reached, high: extent.low, passing: [] }));
      }
      reached = Math.max(reached, extent.high);
    }
    column.gaps.push(({ low: reached, high: Infinity, passing: [] }));
  }
  measures = arrangement.measures;
  title = (measures.sideways ? 0.0 : measures.title[1]);
  frames = arrangement.frames.map((frame) => ({ left: (frame.middle[0] - (frame.size[0] / 2.0)), right: (frame.middle[0] + (frame.size[0] / 2.0)), low: ((frame.middle[1] - (frame.size[1] / 2.0)) - title), high: (frame.middle[1] + (frame.size[1] / 2.0)) }));
  return ({ measures: measures, columns: columns, rank: arrangement.rank, folded: folded, ring: ring, frames: range(frames.length).filter((i) => (!folded[i])).map((i) => frames[i]) });
}
/** Return the column at a place along the flow. */
function columnAt(scene, along) {
  let columns;
  columns = scene.columns.filter((column) => ((column.left <= along) && (along <= column.right))).map((column) => column);
  return columns[0];
}
/** Return the columns between two places, each with the gap that is nearest to a straight line, and the height there. */
function crossings(scene, here, there) {
  let high, length, low, middle, nearest, passed, share, straight, tried;
  low = Math.min(here[0], there[0]);
  high = Math.max(here[0], there[0]);
  passed = [];
  for (const column of scene.columns) {
    if (((low < column.left) && (column.right < high))) {
      middle = ((column.left + column.right) / 2.0);
      length = Math.max(((high - low) - (2.0 * EVEN)), 1e-09);
      share = Math.min(1.0, Math.max(0.0, ((Math.abs((middle - here[0])) - EVEN) / length)));
      straight = (here[1] + ((there[1] - here[1]) * share));
      tried = column.gaps.map((gap) => ({ column: column, gap: gap, height: Math.min(gap.high, Math.max(gap.low, straight)), span: (high - low) }));
      nearest = tried[0];
      for (const passing of tried) {
        if ((Math.abs((passing.height - straight)) < Math.abs((nearest.height - straight)))) {
          nearest = passing;
        }
      }
      passed.push(nearest);
    }
  }
  return ((here[0] < there[0]) ? passed : [...reversed(passed)]);
}
/** Return the route between two places that passes columns at these heights. */
function through(here, there, passed) {
  let isOnward, stops;
  stops = passed.map((passing) => [[(passing.column.left - TURN_DISTANCE), passing.height], [((passing.column.left + passing.column.right) / 2.0), passing.height], [(passing.column.right + TURN_DISTANCE), passing.height]]);
  isOnward = (here[0] < there[0]);
  return stops.flatMap((stopsOfOne) => (isOnward ? stopsOfOne : [...reversed(stopsOfOne)]).map((stop) => stop));
}
/** Return the route of a line within a column, on one side of the column if it leads on, and on the other side if it leads back. */
function beside(here, there, maximum) {
  let aside, drop, side;
  drop = (there[1] - here[1]);
  side = ((drop > 0.0) ? 1.0 : (-1.0));
  aside = (side * Math.min((16.0 + (0.17 * Math.abs(drop))), maximum));
  return [[(here[0] + aside), here[1]], [(there[0] + aside), there[1]]];
}
/** Return the route from a neuron to the mark of a gate, through the gaps of columns, or beside its own column. */
function leadOf(scene, here, there) {
  let isSteep, passed;
  passed = crossings(scene, here, there);
  isSteep = ((Math.abs((here[0] - there[0])) < EVEN) && (Math.abs((here[1] - there[1])) > EVEN));
  if (((passed.length === 0) && isSteep)) {
    return beside(here, there, 40.0);
  }
  return through(here, there, passed);
}
/** Lead lines through one gap side by side. Above or below all neurons, the longest line is outermost. */
function spread(gap, lane) {
  let lines, outward, pitch;
  outward = ((gap.high === Infinity) ? 1.0 : (-1.0));
  pitch = Math.min(lane, (Math.min(60.0, (gap.high - gap.low)) / gap.passing.length));
  lines = sorted(gap.passing, { key: (passing) => [passing.height, (outward * passing.span)] });
  for (const k of range(1, lines.length)) {
    lines[k].height = Math.max(lines[k].height, (lines[(k - 1)].height + pitch));
  }
  lines.at(-1).height = Math.min(lines.at(-1).height, gap.high);
  for (const k of range((lines.length - 1), 0, (-1))) {
    lines[(k - 1)].height = Math.min(lines[(k - 1)].height, (lines[k].height - pitch));
  }
}
/** Return the routes of lines. */
function routesOf(scene, lines) {
  let lane, line, middle, passed, routes, straightBack;
  lane = laneOf(scene.measures, scene.folded);
  passed = lines.map((_) => []);
  for (const i of range(lines.length)) {
    line = lines[i];
    if ((scene.rank[line.stop] > scene.rank[line.start])) {
      passed[i] = crossings(scene, line.here, line.there);
      for (const passing of passed[i]) {
        passing.gap.passing.push(passing);
      }
    }
  }
  for (const column of scene.columns) {
    for (const gap of column.gaps) {
      if ((gap.passing.length > 0)) {
        spread(gap, lane);
      }
      gap.passing = [];
    }
  }
  routes = range(lines.length).map((i) => routeOf(scene, lines[i], passed[i]));
  straightBack = returning(scene, lines);
  for (const i of range(lines.length)) {
    if (straightBack[i]) {
      middle = ((lines[i].here[0] + lines[i].there[0]) / 2.0);
      routes[i] = [[middle, (lines[i].here[1] + RETURN)]];
    }
  }
  leadBack(scene, lines, routes, lane);
  return routes;
}
/** Return which backward lines lead straight to the adjacent neuron, like the resets of spiking cells. They do not need a cable if no other lines lead onward there. */
function returning(scene, lines) {
  let boxes, level, line, pairs, size, step, surplus;
  size = scene.rank.length;
  pairs = lines.map((line) => ((size * Math.min(line.start, line.stop)) + Math.max(line.start, line.stop)));
  surplus = {};
  level = lines.map((_) => false);
  for (const i of range(lines.length)) {
    line = lines[i];
    step = (scene.rank[line.stop] - scene.rank[line.start]);
    boxes = (scene.folded[line.start] || scene.folded[line.stop]);
    if (!contains(surplus, pairs[i])) {
      surplus[pairs[i]] = 0;
    }
    if ((step > 0)) {
      surplus[pairs[i]] += 1;
    }
    if (((step === (-1)) && (!boxes) && (Math.abs((line.here[1] - line.there[1])) < 1.0))) {
      level[i] = (crossings(scene, line.here, line.there).length === 0);
    }
    if (level[i]) {
      surplus[pairs[i]] += (-1);
    }
  }
  return range(lines.length).map((i) => (level[i] && (surplus[pairs[i]] <= 0)));
}
/** Return the route of a line that is in no cable. */
function routeOf(scene, line, passed) {
  let after, before, here, isInRing, route, step, there, u, v;
  here = line.here;
  there = line.there;
  step = (scene.rank[line.stop] - scene.rank[line.start]);
  if ((line.loops || (step < 0))) {
    return [];
  }
  u = ((here[0] + there[0]) / 2.0);
  v = ((here[1] + there[1]) / 2.0);
  if ((step > 0)) {
    if (((passed.length === 0) && (line.aside !== 0.0))) {
      return [[u, (v + line.aside)]];
    }
    before = columnAt(scene, here[0]);
    after = columnAt(scene, there[0]);
    route = through(here, there, passed);
    if ((scene.folded[line.start] && ((before.count > 1) || (passed.length > 0)))) {
      route = [[(before.right + TURN_DISTANCE), here[1]], ...route];
    }
    if ((scene.folded[line.stop] && ((after.count > 1) || (passed.length > 0)))) {
      route = [...route, [(after.left - TURN_DISTANCE), there[1]]];
    }
    return route;
  }
  isInRing = (scene.ring[line.start] && (!scene.folded[line.start]));
  if (((line.start === line.stop) && isInRing)) {
    return [[(u + (0.08 * (here[1] - there[1]))), (v + (0.08 * (there[0] - here[0])))]];
  }
  if ((Math.abs((here[0] - there[0])) < 1.0)) {
    return beside(here, there, (scene.folded[line.start] ? 90.0 : 60.0));
  }
  return [];
}
/** Lead backward lines around all columns, in one cable for each pair of layers. Short cables take the inner lanes. */
function leadBack(scene, lines, routes, lane) {
  let edges, height, inner, middle, rim, share, taken, tops, turn, width;
  edges = [...scene.columns.map((column) => column.gaps[0].high), ...scene.columns.map((column) => column.gaps.at(-1).low)];
  middle = ((lowest(edges) + highest(edges)) / 2.0);
  edges = [...edges, ...scene.frames.map((frame) => frame.low), ...scene.frames.map((frame) => frame.high), ...routes.flatMap((route) => route.map((place) => place[1]))];
  for (const side of [1.0, (-1.0)]) {
    rim = (highest(edges.map((edge) => (side * (edge - middle)))) + scene.measures.cable);
    taken = [];
    for (const cable of cablesOf(scene, lines, routes, side, middle)) {
      tops = taken.filter((other) => ((other.low < cable.high) && (cable.low < other.high))).map((other) => (other.top + scene.measures.cable));
      inner = highest([rim, ...tops]);
      width = widthOfCable(cable.turns.length, lane);
      cable.top = (inner + width);
      taken.push(cable);
      for (const k of range(cable.turns.length)) {
        turn = cable.turns[k];
        share = (k / cable.turns.length);
        height = (middle + (side * (inner + (share * width))));
        routes[turn.number] = around(scene, turn.line, height, share);
      }
    }
  }
}
/** Return the cables on one side, the shortest first, with the outermost lines of each first. */
function cablesOf(scene, lines, routes, side, middle) {
  let cables, isBack, line, low, out, pair, place;
  place = {};
  cables = [];
  for (const i of range(lines.length)) {
    line = lines[i];
    out = (side * (((line.here[1] + line.there[1]) / 2.0) - middle));
    isBack = (scene.rank[line.stop] < scene.rank[line.start]);
    isBack = (isBack && (routes[i].length === 0));
    if ((isBack && ((out > 0.0) || ((side > 0.0) && (out === 0.0))))) {
      pair = ((line.start * scene.rank.length) + line.stop);
      if (!contains(place, pair)) {
        place[pair] = cables.length;
        low = line.there[0];
        cables.push(({ pair: pair, low: low, high: line.here[0], top: 0.0, turns: [] }));
      }
      cables[place[pair]].turns.push(({ number: i, line: line, out: out }));
    }
  }
  for (const cable of cables) {
    cable.turns = sorted(cable.turns, { key: (turn) => [(-turn.out), turn.number] });
  }
  return sorted(cables, { key: orderOf });
}
/** Return the sort key of cables, which is their length and, for about equal lengths, how far outside they end. */
function orderOf(cable) {
  let length;
  length = Math.floor(((cable.high - cable.low) + 0.25));
  return [length, (-cable.turns[0].out), cable.pair];
}
/** Return the route of a backward line in its cable, without its ends. */
function around(scene, line, height, share) {
  let above, below, corners, fan, leaves, left, narrow, reaches, right, route, straight;
  narrow = scene.measures.single;
  fan = ((narrow ? 3.0 : 6.0) * share);
  below = NAMES;
  straight = (narrow ? NARROW_CLEARANCE : TURN_DISTANCE);
  above = (scene.measures.sideways ? NAMES : straight);
  leaves = (scene.folded[line.start] ? TURN_DISTANCE : below);
  reaches = (scene.folded[line.stop] ? TURN_DISTANCE : above);
  right = ((columnAt(scene, line.here[0]).right + leaves) + fan);
  left = ((columnAt(scene, line.there[0]).left - reaches) - fan);
  corners = [line.here, [right, line.here[1]], [right, height], [left, height], [left, line.there[1]], line.there];
  route = [];
  for (const k of range(1, (corners.length - 1))) {
    route.push(near(corners[k], corners[(k - 1)]));
    route.push(corners[k]);
    route.push(near(corners[k], corners[(k + 1)]));
  }
  return route;
}
/** Return where a line to a corner begins to be rounded. */
function near(corner, end) {
  let length, share, u, v;
  u = (end[0] - corner[0]);
  v = (end[1] - corner[1]);
  length = Math.sqrt(((u * u) + (v * v)));
  share = Math.min(0.5, ((2.0 * CORNER_RADIUS) / (length || 1.0)));
  return [(corner[0] + (share * u)), (corner[1] + (share * v))];
}
return { BOX, CABLE, LANE, LARGEST_ZOOM, NEURON, CLEARANCE, arrange, extentOf, leadOf, planOf, routesOf, sceneOf, structureOf };
})();
