// Motion over the picture: dots that travel along lines while a step is shown layer by layer, activations forward, errors back.

const TRAVEL = 0.75, MOST_DOTS = 600; // part of a phase that dots are on their way; lines with dots
const DOT = { least: 2, more: 3.5 }; // radius in pixels, by the size of what a dot carries
const veil = made("canvas", null, { id: "veil" }), brush = veil.getContext("2d");
veil.setAttribute("aria-hidden", "true");
get("stage").append(veil);
let dotting = null; // the next frame of dots

/** A clean canvas of the size of the picture, in its pixels. */
function wipe(canvas = veil, pen = brush) {
  const { clientWidth, clientHeight } = container, ratio = devicePixelRatio || 1, width = Math.round(clientWidth * ratio), height = Math.round(clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, clientWidth, clientHeight);
}
/** What comes along a connection in this phase: w g y of its source, or the error of its target through w g. */
function carriedBy(c, backward) {
  const { source, target, weight, gater } = links[c], open = gater ? gater.activation : 1;
  return weight * open * (backward ? target.responsibility : source.activation);
}
/** Send dots along the lines of this phase; `arrived` is called when they are there. */
function sendDots(lasts, arrived) {
  stopDots();
  const backward = phase.kind === "backward", lines = cy.elements(".flow").toArray();
  if (still.matches || !lines.length || lines.length > MOST_DOTS) return arrived();
  const loads = lines.map((line) => (line.hasClass("wire") ? null : total(line.data("members").map((c) => carriedBy(c, backward)))));
  const most = Math.max(...loads.map((load) => Math.abs(load ?? 0))) || 1, began = performance.now();
  const dots = lines.map((line, i) => ({ line, load: loads[i], radius: DOT.least + DOT.more * Math.min(1, Math.abs(loads[i] ?? 0) / most) }));
  const frame = () => {
    const share = Math.min(1, (performance.now() - began) / lasts);
    wipe();
    for (const dot of dots) if (dot.line.inside()) drawDot(dot, backward ? 1 - share : share, backward);
    if (share < 1) dotting = requestAnimationFrame(frame);
    else { stopDots(); arrived(); }
  };
  dotting = requestAnimationFrame(frame);
}
function drawDot({ line, load, radius }, share, backward) {
  const { x, y } = pointOf(line, share), pan = cy.pan(), zoom = cy.zoom();
  brush.beginPath();
  brush.arc(x * zoom + pan.x, y * zoom + pan.y, radius * Math.max(1, zoom), 0, 2 * Math.PI);
  brush.fillStyle = backward || load === null ? colours.gate : load < 0 ? colours.below : colours.above;
  brush.strokeStyle = colours.paper;
  brush.fill();
  brush.stroke();
}
function stopDots() {
  cancelAnimationFrame(dotting);
  wipe();
}
