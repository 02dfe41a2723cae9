// What the colours mean: one chip a class with its count, which dims the class; or a scale.

import { classColour, classSymbol } from "./map.js";

const SHAPES = {
  circle: "M5 1a4 4 0 1 0 .01 0z",
  square: "M1 1h8v8h-8z",
  diamond: "M5 0l5 5-5 5-5-5z",
  "triangle-up": "M5 1l5 8h-10z",
};
const FEW = 2; // classes that need no word on how to single one out

const count = (n) => n.toLocaleString("en-GB");

/** An element of a tag with text. */
function make(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

/** The legend of an attribute {label, count, classes or low…}, whose clicks go to the map. */
export function showLegend(root, attribute, map) {
  const { classes } = attribute;
  root.classList.toggle("continuous", !classes);
  root.replaceChildren(...(classes ? chips(attribute, map) : scale(attribute, map.palette)));
}

function chips(attribute, map) {
  const made = attribute.classes.map((one, code) => chip(attribute, code, map));
  const refresh = () =>
    made.forEach((one, code) => one.setAttribute("aria-pressed", String(!map.dimmed.has(code))));
  made.forEach((one, code) => {
    one.addEventListener("click", () => (map.toggleClass(code), refresh()));
    one.addEventListener("dblclick", () => (map.keepOnly(code), refresh()));
  });
  refresh();
  if (made.length <= FEW) return made;
  return [make("p", `${made.length} classes; double-click keeps one alone`), ...made];
}

function chip(attribute, code, { palette }) {
  const one = attribute.classes[code];
  const button = make("button", "", "chip");
  button.type = "button";
  button.title = `${one.label}: click dims or shows it, double-click keeps it alone`;
  const shape = SHAPES[classSymbol(code, palette)];
  const colour = classColour(attribute, code, palette);
  button.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path d="${shape}" fill="${colour}"/></svg>`;
  button.append(make("span", one.label), make("small", count(one.count)));
  return button;
}

function scale({ label, lowLabel, highLabel, count: total, missing }, palette) {
  const bar = make("span", "", "scale");
  bar.style.background = `linear-gradient(to right, ${palette.scale.join(", ")})`;
  const ends = make("span", "", "ends");
  ends.append(make("span", lowLabel), make("span", highLabel));
  const known = `${label}: ${count(total - missing)} of ${count(total)} records`;
  const rest = missing ? [make("span", `grey: ${count(missing)} have none`)] : [];
  return [make("span", known), bar, ends, ...rest];
}
