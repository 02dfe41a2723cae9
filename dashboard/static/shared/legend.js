// What the colours mean: one chip a class with its count, which dims the class; or a scale.
// Of one map, with how many of a class are selected; or of several that have the same classes: then a
// count is told of each, where they differ.

import { classColour, classSymbol } from "../core/colours.js";
import { count, write } from "./text.js";

const SHAPES = {
  circle: "M5 1a4 4 0 1 0 .01 0z",
  square: "M1 1h8v8h-8z",
  diamond: "M5 0l5 5-5 5-5-5z",
  "triangle-up": "M5 1l5 8h-10z",
};
const FEW = 2; // classes that need no word on how to single one out

const KEYS = "double-click or Shift+Enter";

/** One number for each map: "340", or "340 / 170". */
const counts = (numbers) => [...new Set(numbers.map(count))].join(" / ");

/** An element of a tag with text. */
function make(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

/** The legend of what the `Records` of several maps are coloured by; clicks go to all of them. */
export function showLegend(root, maps) {
  const { classes } = maps[0].attribute;
  root.classList.toggle("continuous", !classes);
  root.replaceChildren(...(classes ? chips(maps) : scale(maps)));
}

function chips(maps) {
  const made = maps[0].attribute.classes.map((_, code) => chip(maps, code));
  const refresh = () =>
    made.forEach((one, code) => one.setAttribute("aria-pressed", String(!maps[0].dimmed.has(code))));
  const on = (one, event, act) =>
    one.addEventListener(event, (happened) => {
      maps.forEach((map) => act(map, happened));
      refresh();
    });
  made.forEach((one, code) => {
    on(one, "click", (map, { shiftKey }) => (shiftKey ? map.keepOnly(code) : map.toggleClass(code)));
    on(one, "dblclick", (map) => map.keepOnly(code));
  });
  refresh();
  tellCounts(made, maps);
  maps[0].onSelect = () => tellCounts(made, maps);
  if (made.length <= FEW) return made;
  return [make("p", `${made.length} classes; ${KEYS} keeps one alone`), ...made];
}

/** Write "340", of several maps "340 / 170"; with a selection on the one map "47 of 340". Nothing without records. */
function tellCounts(made, maps) {
  if (maps.every((map) => map.attribute.classes.every((one) => !one.count))) return;
  const selected = maps.length === 1 ? maps[0].selectedCounts : null;
  made.forEach((one, code) => {
    const all = counts(maps.map((map) => map.attribute.classes[code].count));
    write(one.lastChild, selected ? `${count(selected[code])} of ${all}` : all);
  });
}

function chip(maps, code) {
  const [{ attribute, palette }] = maps;
  const { label } = attribute.classes[code];
  const button = make("button", "", "chip");
  button.type = "button";
  button.title = `${label}: click dims or shows it, ${KEYS} keeps it alone`;
  const shape = SHAPES[classSymbol(code, palette)];
  button.innerHTML = mark(shape, classColour(attribute, code, palette));
  button.append(make("span", label), make("small", ""));
  return button;
}

const mark = (shape, colour) =>
  `<svg viewBox="0 0 10 10" aria-hidden="true"><path d="${shape}" fill="${colour}"/></svg>`;

function scale(maps) {
  const [{ attribute, palette }] = maps;
  const { label, lowLabel, highLabel } = attribute;
  const of = (number) => counts(maps.map((map) => number(map.attribute)));
  const bar = make("span", "", "scale");
  bar.style.background = `linear-gradient(to right, ${palette.scale.join(", ")})`;
  const ends = make("span", "", "ends");
  ends.append(make("span", lowLabel), make("span", highLabel));
  const all = of((one) => one.count);
  const known = all === "0" ? label : `${label}: ${of((one) => one.count - one.missing)} of ${all} ${attribute.of ?? "records"}`;
  const missing = of((one) => one.missing);
  return [make("span", known), bar, ends, ...(missing === "0" ? [] : [without(missing, palette)])];
}

/** How many have no value, beside their mark. */
function without(missing, palette) {
  const line = make("span", "", "without");
  line.innerHTML = mark(SHAPES.circle, palette.missing);
  line.append(`${missing} have none`);
  return line;
}
