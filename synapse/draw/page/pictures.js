// A picture in each neuron: its activation over the plane of two inputs, as in TensorFlow Playground.

const PICTURE = 24, MOST_PICTURES = 120; // cells of a side; neurons
const gallery = made("canvas", null, { id: "gallery" }), light = gallery.getContext("2d");
gallery.setAttribute("aria-hidden", "true");
get("stage").insertBefore(gallery, veil);
let pictures = []; // by neuron, a small canvas
let picturesWanted = null; // by the button; else they are shown where there is no lesson
const canPicture = () => neuronCount <= MOST_PICTURES && !page.data.clear && page.data.whole.every(({ length }) => length === 1) && planeOf() !== null;
const showsPictures = () => canPicture() && !phase && (picturesWanted ?? !lesson); // a step in slow motion shows activations

/** All pictures anew, with the weights as they are now. */
function drawPictures() {
  get("pictures").hidden = !canPicture();
  get("pictures").setAttribute("aria-pressed", String(showsPictures()));
  pictures = showsPictures() ? paintedPictures() : [];
  hangPictures();
}
function paintedPictures() {
  const centred = all.map(({ squash }) => (squash === "logistic" ? (value) => 2 * value - 1 : (value) => value)); // 0.5 is the middle of its values
  const points = runOf(planeOf().rows(PICTURE).map((row) => [row]), ({ neurons: list }) => list.map(({ activation }) => activation));
  return all.map((_, n) => {
    const canvas = made("canvas", null, { width: PICTURE, height: PICTURE }), pen = canvas.getContext("2d"), image = pen.createImageData(PICTURE, PICTURE);
    points.forEach(([values], i) => {
      const colour = filled(centred[n](values[n]));
      for (let part = 0; part < 3; part++) image.data[4 * i + part] = parseInt(colour.slice(1 + 2 * part, 3 + 2 * part), 16);
      image.data[4 * i + 3] = 255;
    });
    pen.putImageData(image, 0, 0);
    return canvas;
  });
}
/** The pictures where the neurons stand now. */
function hangPictures() {
  wipe(gallery, light);
  if (!pictures.length || !showsPictures()) return;
  const pan = cy.pan(), zoom = cy.zoom(), radius = (NEURON / 2 - 2) * zoom;
  cy.elements(".neuron").forEach((node) => {
    const { x, y } = node.position(), picture = pictures[node.data("neuron")], [left, top] = [x * zoom + pan.x, y * zoom + pan.y];
    if (!picture) return;
    light.save();
    light.beginPath();
    light.arc(left, top, radius, 0, 2 * Math.PI);
    light.clip();
    light.drawImage(picture, left - radius, top - radius, 2 * radius, 2 * radius);
    light.restore();
  });
}
cy.on("render", hangPictures);
get("pictures").addEventListener("click", () => {
  picturesWanted = !showsPictures();
  drawPictures();
});
afterTheme = () => showCourse(true);
