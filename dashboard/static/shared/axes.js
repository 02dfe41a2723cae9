// Grid, numbers and names of the two axes, below everything that is drawn on them.

import { ticks } from "../core/ticks.js";
import { make } from "./svg.js";

const APART = 64; // pixels between two numbers, about
const [SIDE, EDGE] = [48, 8]; // pixels for numbers and a name, and for nothing
const MARGIN = 1.6; // half the side of the grids of fields.py, in those of the map

export class Axes {
  constructor(frame) {
    this.svg = make("svg", { class: "axes", "aria-hidden": "true" });
    frame.append(this.svg);
  }

  /**
   * The rectangle for the plane in a picture of that size, in pixels: in its middle, and no longer than
   * what Python computes on a grid reaches when the whole map is shown.
   */
  static rectangle(width, height) {
    const [across, down] = [width - SIDE - EDGE, height - SIDE];
    const [wide, high] = [Math.min(across, MARGIN * down), Math.min(down, MARGIN * across)];
    return { left: SIDE + (across - wide) / 2, top: EDGE + (down - high) / 2, width: wide, height: high };
  }

  /** Draw them for a view; `box` is half the side of a square to be marked, or undefined. */
  draw(view, [across, up], box) {
    const [right, bottom] = [view.left + view.width, view.top + view.height];
    const grid = (value, d) => make("path", { class: value === 0 ? "zero" : "line", d });
    const parts = [];
    for (const value of ticks(view.low.x, view.high.x, view.width / APART)) {
      const x = view.x(value);
      parts.push(grid(value, `M${x},${view.top}V${bottom}`));
      parts.push(make("text", { x, y: bottom + 15, "text-anchor": "middle" }, written(value)));
    }
    for (const value of ticks(view.low.y, view.high.y, view.height / APART)) {
      const y = view.y(value);
      parts.push(grid(value, `M${view.left},${y}H${right}`));
      parts.push(make("text", { x: view.left - 6, y: y + 4, "text-anchor": "end" }, written(value)));
    }
    const [middle, centre] = [view.left + view.width / 2, view.top + view.height / 2];
    const turned = { transform: `translate(${view.left - 36} ${centre}) rotate(-90)` };
    parts.push(make("text", { class: "xtitle", x: middle, y: bottom + 33, "text-anchor": "middle" }, across));
    parts.push(make("text", { class: "ytitle", ...turned, "text-anchor": "middle" }, up));
    if (box) parts.push(square(view, box));
    this.svg.replaceChildren(...parts);
  }
}

/** The sides of a square about 0, as far as they are within the axes. */
function square(view, half) {
  const inner = make("svg", { x: view.left, y: view.top, width: view.width, height: view.height });
  const at = { x: view.x(-half) - view.left, y: view.y(half) - view.top };
  inner.append(make("rect", { class: "box", ...at, width: (2 * half) / view.unit, height: (2 * half) / view.unit }));
  return inner;
}

const written = (value) => String(Number(value.toPrecision(6))).replace("-", "−");
