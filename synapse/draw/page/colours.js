// Light and dark: colours are those of the style sheet.

const root = document.documentElement;
let colours = {};

function readColours() {
  const style = getComputedStyle(root);
  for (const name of ["paper", "surface", "frame", "ink", "faint", "positive", "negative", "above", "below", "gate", "focus"])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
}
function setTheme(dark) {
  root.dataset.theme = dark ? "dark" : "light";
  readColours();
}
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
setTheme(prefersDark.matches);

// A mixture of two colours #rrggbb.
function mixed(from, to, share) {
  const part = (at) => {
    const a = parseInt(from.slice(at, at + 2), 16), b = parseInt(to.slice(at, at + 2), 16);
    return Math.round(a + (b - a) * share).toString(16).padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}
// The colour of an activation: one scale for all layers, full at 1 and beyond.
function filled(value) {
  if (!Number.isFinite(value)) return colours.gate;
  return mixed(colours.paper, value < 0 ? colours.below : colours.above, Math.min(1, Math.abs(value)));
}
