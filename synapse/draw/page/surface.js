// The error over the two trainable numbers of a small network, as a map, and the way that learning has taken on it.

const CELLS = 40, MOST_WAY = 2000, FEW_LINKS = 8; // of the map; points; a larger network is not searched for its two numbers
let walked = []; // { steps, at }: the numbers before each step

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

/** The mean error of a step of the data, without learning. */
function errorOf(network) {
  const { sequences, clear } = page.data;
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
