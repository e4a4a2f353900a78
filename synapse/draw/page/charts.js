// Charts of learning: the curve of the errors, the first output over its input or over the plane, and the error over two trainable numbers.

const PLANE = 48; // cells of a side
const MOST_TESTED = 1000; // errors of the held-out rows
const CURVE = 97, FEW_SAMPLES = 3, FEW_HIDDEN = 4, MOST_RINGS = 300; // points of a curve; samples; hidden neurons with a curve each; targets
const CELLS = 40, MOST_WAY = 2000, FEW_LINKS = 8; // of the map; points; a larger network is not searched for its two numbers
let walked = []; // { steps, at }: the numbers before each step

function drawCurve() {
  const { history } = page, every = Math.ceil(history.length / 250), known = history.filter(Number.isFinite);
  const { tested } = page, rows = history.filter((_, i) => i % every === 0 || i === history.length - 1), most = Math.max(...known, ...tested.map(({ error }) => error), 1e-12);
  const points = rows.flatMap((value, i) => (Number.isFinite(value) ? [`${(100 * i) / Math.max(1, rows.length - 1)} ${60 - 58 * (value / most)}`] : []));
  get("errors").querySelector("path").setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
  const span = Math.max(1, history.length * stride - 1), test = tested.map(({ epoch, error }) => `${(100 * Math.min(span, Math.max(0, epoch - 1))) / span} ${60 - 58 * (error / most)}`);
  get("errors").querySelector(".test").setAttribute("d", known.length > 1 && test.length > 1 ? `M${test.join("L")}` : "");
  const heldOut = tested.length ? ` Of the held-out rows, dashed: ${tiny(tested.at(-1).error)}.` : "";
  const words = known.length ? `Mean error of a step: ${tiny(known.at(-1))} in epoch ${history.length * stride}; the highest was ${tiny(most)}.${heldOut}`
    : "The mean error of each epoch will be drawn here.";
  get("error-words").textContent = words;
  get("errors").setAttribute("aria-label", words);
}
/** The error of the held-out rows now, which the curve of errors shows beside that of the others. */
function testNow() {
  const { epochs, data: { test } } = page;
  page.tested = page.tested.filter(({ epoch }) => epoch < epochs); // a step back forgets what was tested later
  if (test.length && epochs && !misfit()) page.tested.push({ epoch: epochs, error: errorOf(Network.from(net.toJSON()), test) });
  if (page.tested.length > MOST_TESTED) page.tested = page.tested.filter((_, i) => i % 2);
}
/** The plane of two inputs as far as the data reach and a little beyond; null where the network has another number of inputs. */
function planeOf() {
  if (net.inputs.length !== 2 || misfit()) return null;
  const values = page.data.whole.flat().flatMap(([inputs]) => inputs), margin = 0.15 * (Math.max(...values) - Math.min(...values) || 1);
  const low = Math.min(...values) - margin, span = Math.max(...values) + margin - low;
  return { low, span, rows: (side) => many(side * side, (i) => [low + (span * ((i % side) + 0.5)) / side, low + span * (1 - (Math.floor(i / side) + 0.5) / side)]) };
}
/** The first output over all pairs of inputs. */
function drawPlane() {
  const plane = planeOf(), canvas = get("plane");
  get("plane-box").hidden = !plane;
  if (!plane || canvas.offsetParent === null) return;
  const tests = page.data.test.flat(), samples = [...page.data.sequences.flat(), ...tests], pen = canvas.getContext("2d"), size = canvas.width, cell = size / PLANE;
  const inTable = (n, value) => unitsOf(n, value) ?? tiny(value), axis = (n) => `${nameOf(net.inputs[n])} from ${inTable(n, plane.low)} to ${inTable(n, plane.low + plane.span)}`;
  get("plane-words").textContent = `Across: ${axis(0)}. Up: ${axis(1)}.`;
  const { low, span } = plane, [answers] = answersOf([plane.rows(PLANE)]);
  const targets = samples.map(([, wanted]) => wanted?.[0]), half = targets.some((one) => one < 0) ? 0 : 0.5;
  answers.forEach(([value], i) => {
    pen.fillStyle = filled((value - half) / (1 - half));
    pen.fillRect(Math.floor((i % PLANE) * cell), Math.floor(Math.floor(i / PLANE) * cell), Math.ceil(cell), Math.ceil(cell));
  });
  samples.forEach(([[x, y]], i) => {
    const [left, top] = [((x - low) / span) * size, size - ((y - low) / span) * size];
    pen.beginPath();
    if (i < samples.length - tests.length) pen.arc(left, top, 4, 0, 2 * Math.PI);
    else pen.rect(left - 3.5, top - 3.5, 7, 7); // held out
    pen.fillStyle = targets[i] == null ? colours.faint : filled((targets[i] - half) / (1 - half));
    pen.strokeStyle = colours.ink;
    pen.fill();
    pen.stroke();
  });
}

/** The first output of a network of one input over all values of it as a curve, targets as rings; hidden neurons, if they are few, as dashes. */
function drawLine() {
  const { sequences, clear } = page.data, samples = sequences.flat();
  const isLine = net.inputs.length === 1 && !clear && samples.length >= FEW_SAMPLES && sequences.every(({ length }) => length === 1) && !misfit();
  get("line-box").hidden = !isLine;
  if (!isLine || get("line").getBoundingClientRect().width === 0) return;
  const given = samples.map(([[x]]) => x), low = Math.min(...given), high = Math.max(...given), reach = 0.1 * (high - low || 1);
  const row = many(CURVE, (i) => low - reach + ((high - low + 2 * reach) * i) / (CURVE - 1));
  const hidden = net.layers.slice(1, -1).flatMap((layer) => layer.neurons), few = hidden.length <= FEW_HIDDEN ? hidden.map((one) => all.indexOf(one)) : [];
  const curves = [all.indexOf(net.outputs[0]), ...few], values = runOf([row.map((x) => [x])], ({ neurons }) => curves.map((n) => neurons[n].activation))[0];
  const aims = samples.flatMap(([[x], wanted]) => (wanted?.[0] == null ? [] : [[x, wanted[0]]]));
  const known = [...values.flat(), ...aims.map(([, y]) => y)].filter(Number.isFinite), bottom = Math.min(0, ...known), top = Math.max(...known);
  const across = (x) => (240 * (x - row[0])) / (row.at(-1) - row[0]), up = (y) => 142 - (134 * (y - bottom)) / (top - bottom || 1);
  const paths = curves.map((n, k) => {
    const points = row.flatMap((x, i) => (Number.isFinite(values[i][k]) ? [`${across(x).toFixed(1)} ${up(values[i][k]).toFixed(1)}`] : []));
    return drawn("path", { class: k ? "hidden" : "output", d: points.length ? `M${points.join("L")}` : "" });
  });
  const words = few.map((n, k) => { // beside the ends of the dashes
    const text = drawn("text", { x: k % 2 ? 4 : 226, y: Math.max(12, up(values.at(k % 2 ? 0 : -1)[k + 1]) - 4) });
    text.textContent = nameOf(all[n]);
    return text;
  });
  const rings = aims.slice(0, MOST_RINGS).map(([x, y]) => drawn("circle", { cx: across(x), cy: up(y), r: 4 }));
  get("line").replaceChildren(drawn("line", { x1: 0, x2: 240, y1: up(0), y2: up(0) }), ...paths.toReversed(), ...rings, ...words);
  const inTable = (n, value) => unitsOf(n, value) ?? tiny(value), output = curves[0];
  const span = page.data.model?.target_scale ? `from ${inTable(output, bottom)} to ${inTable(output, top)}, ` : "";
  get("line-words").textContent = `${nameOf(net.outputs[0])}, ${span}as ${nameOf(net.inputs[0])} goes from ${inTable(0, row[0])} to ${inTable(0, row.at(-1))}; rings are the targets${few.length ? ", dashes the hidden neurons" : ""}.`;
  get("line").setAttribute("aria-label", get("line-words").textContent);
}

/** The two trainable numbers of a network, as owners and names; null if there are more or fewer. */
function twoNumbers(network) {
  if (links.length > FEW_LINKS) return null;
  const weights = network.connections.filter((one) => one.trainable).map((one) => [one, "weight"]);
  const biases = network.neurons.filter((one) => one.trainableBias && one.incoming.length).map((one) => [one, "bias"]);
  return weights.length + biases.length === 2 ? [...weights, ...biases] : null;
}
const placeOf = (pair) => pair.map(([owner, name]) => owner[name]);
const numberTitle = ([owner, name]) => (name === "weight" ? `weight ${nameOf(owner.source)} \u2192 ${nameOf(owner.target)}` : `bias of ${nameOf(owner)}`);

function notePlace() {
  const pair = twoNumbers(net);
  if (!pair) return;
  if (walked.length && walked.at(-1).steps >= page.steps) walked = walked.filter(({ steps }) => steps < page.steps);
  walked.push({ steps: page.steps, at: placeOf(pair) });
  if (walked.length > MOST_WAY) walked.shift();
}

/** The mean error of a step of some sequences, without learning. */
function errorOf(network, sequences = page.data.sequences) {
  const { clear } = page.data;
  let [sum, aimed] = [0, 0];
  for (const sequence of sequences) {
    if (clear) network.clear();
    for (const [inputs, targets] of sequence) {
      network.activate(inputs);
      if (targets) { sum += network.propagate(0, targets, { cost: page.settings.cost || network.cost }); aimed++; }
    }
  }
  return sum / Math.max(1, aimed);
}

function drawSurface() {
  const pair = misfit() ? null : twoNumbers(net), canvas = get("surface");
  get("surface-box").hidden = !pair;
  if (!pair || canvas.offsetParent === null) return;
  const here = placeOf(pair), points = [...walked.filter(({ steps }) => steps < page.steps).map(({ at }) => at), here];
  const reach = 2 ** Math.max(1, Math.ceil(Math.log2(1.2 * Math.max(...points.flat().map(Math.abs)))));
  if (!Number.isFinite(reach)) return;
  const copy = Network.from(net.toJSON()), [across, up] = twoNumbers(copy), size = canvas.width, cell = size / CELLS;
  const put = ([owner, name], i) => (owner[name] = reach * ((2 * i + 1) / CELLS - 1));
  const heights = many(CELLS * CELLS, (i) => {
    put(across, i % CELLS);
    put(up, CELLS - 1 - Math.floor(i / CELLS));
    return Math.log(errorOf(copy) + 1e-4);
  });
  const low = Math.min(...heights), span = Math.max(...heights) - low || 1, pen = canvas.getContext("2d");
  heights.forEach((height, i) => { // in twelve bands, whose borders are lines of one error
    pen.fillStyle = filled(1 - Math.floor((12 * (height - low)) / span) / 6);
    pen.fillRect(Math.floor((i % CELLS) * cell), Math.floor(Math.floor(i / CELLS) * cell), Math.ceil(cell), Math.ceil(cell));
  });
  const x = ([one]) => (size * (one / reach + 1)) / 2, y = ([, one]) => (size * (1 - one / reach)) / 2;
  pen.beginPath();
  points.forEach((at) => pen.lineTo(x(at), y(at)));
  pen.strokeStyle = pen.fillStyle = colours.ink;
  pen.stroke();
  pen.beginPath();
  pen.arc(x(here), y(here), 4, 0, 2 * Math.PI);
  pen.fill();
  const ends = `from \u2212${reach} to ${reach}`;
  get("surface-words").textContent = `Across: ${numberTitle(pair[0])}, now ${tiny(here[0])}. Up: ${numberTitle(pair[1])}, now ${tiny(here[1])}. `
    + `Both ${ends}. Colours are those of the legend: 1 is the lowest error, \u22121 the highest.`;
}
