// What the colours mean: one chip a class with its count, which dims the class; or a scale.

import { classColour, classSymbol } from "./map.js";

const SHAPES = {
  circle: "M5 1a4 4 0 1 0 .01 0z",
  square: "M1 1h8v8h-8z",
  diamond: "M5 0l5 5-5 5-5-5z",
  "triangle-up": "M5 1l5 8h-10z",
};

export function showLegend(root, attribute, palette, onToggle) {
  root.classList.toggle("continuous", !attribute.classes);
  root.replaceChildren(
    ...(attribute.classes ? chips(attribute, palette, onToggle) : scale(attribute, palette)),
  );
}

function chips(attribute, palette, onToggle) {
  return attribute.classes.map(({ label, count }, code) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.setAttribute("aria-pressed", "true");
    chip.title = `dim or show ${label}`;
    const colour = classColour(attribute, code, palette);
    const shape = SHAPES[classSymbol(code, palette)];
    chip.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path d="${shape}" fill="${colour}"/></svg>`;
    const number = document.createElement("small");
    number.textContent = count.toLocaleString("en-GB");
    chip.append(label, " ", number);
    chip.addEventListener("click", () => {
      onToggle(code);
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    });
    return chip;
  });
}

function scale(attribute, palette) {
  const bar = document.createElement("span");
  bar.className = "scale";
  bar.style.background = `linear-gradient(to right, ${palette.scale.join(", ")})`;
  const text = (words) => Object.assign(document.createElement("span"), { textContent: words });
  const ends = Object.assign(document.createElement("span"), { className: "ends" });
  ends.append(text(attribute.lowLabel), text(attribute.highLabel));
  const total = `${attribute.label}, ${attribute.count.toLocaleString("en-GB")} records`;
  return [text(total), bar, ends];
}
