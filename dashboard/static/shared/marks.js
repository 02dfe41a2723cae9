// Single marks and lines above the records, and the outline of the region.

import { addCanvas, emptied } from "./canvas.js";

const FULL = 2 * Math.PI;

/** Paths about px, py of symbols that are `size` pixels wide. */
const SYMBOLS = {
  circle: (context, px, py, size) => {
    context.moveTo(px + size / 2, py);
    context.arc(px, py, size / 2, 0, FULL);
  },
  square: (context, px, py, size) => context.rect(px - size / 2, py - size / 2, size, size),
  cross: (context, px, py, size) => {
    strokes(context, px, py, [[0, size / 2], [size / 2, 0]]);
  },
  x: (context, px, py, size) => {
    strokes(context, px, py, [[size / 2, size / 2], [size / 2, -size / 2]]);
  },
};

function strokes(context, px, py, arms) {
  for (const [dx, dy] of arms) {
    context.moveTo(px - dx, py - dy);
    context.lineTo(px + dx, py + dy);
  }
}

export class Marks {
  constructor(frame) {
    this.canvas = addCanvas(frame, "marks");
    this.layers = [];
    this.own = [];
    this.outline = null;
    this.hidden = new Set(); // layers whose parts are not drawn
  }

  /**
   * What is drawn, from below. A part has x and y (arrays of n), a `stroke` colour of some `width`,
   * and a `symbol` of a `size` with a `fill`, or no symbol: then it is a line through the points. It
   * may name its `layer`.
   */
  get parts() {
    return [...this.layers, ...this.own].filter(({ layer }) => !this.hidden.has(layer));
  }

  /** Draw them, and the outline of a region [[x, y], …] if there is one, for a view. */
  draw(view, palette) {
    const context = emptied(this.canvas, view);
    for (const part of this.parts) draw(context, view, part);
    if (this.outline) this.#drawOutline(context, view, palette);
    context.restore();
  }

  #drawOutline(context, view, { text, background }) {
    context.beginPath();
    this.outline.forEach(([x, y]) => context.lineTo(view.x(x), view.y(y)));
    context.closePath();
    context.fillStyle = "rgba(128, 128, 128, 0.08)";
    context.fill();
    for (const [strokeStyle, lineWidth, dash] of [[background, 3, []], [text, 1.5, [3, 3]]]) {
      Object.assign(context, { strokeStyle, lineWidth });
      context.setLineDash(dash);
      context.stroke();
    }
  }
}

function draw(context, view, { x, y, symbol, size, fill, stroke, width }) {
  context.beginPath();
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [view.x(x[i]), view.y(y[i])];
    if (symbol) SYMBOLS[symbol](context, px, py, size);
    else context.lineTo(px, py);
  }
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  Object.assign(context, { strokeStyle: stroke, lineWidth: width });
  context.stroke();
}
