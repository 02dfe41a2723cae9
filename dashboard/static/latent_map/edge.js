// The exact edge between what decodes to wanted codes and all else: thin lines above the zone.

import { addCanvas, emptied } from "../shared/canvas.js";
import { column } from "../shared/store.js";

const ENDS = ["x1", "y1", "x2", "y2"];

export class Edge {
  /** A canvas in the map's frame. */
  constructor(frame) {
    this.canvas = addCanvas(frame, "edge");
    this.ends = null;
    this.hidden = true;
  }

  /** `sent`: {table: x1, y1, x2, y2} with a row for each segment, or null for nothing. */
  set(sent) {
    this.ends = sent && ENDS.map((name) => column(sent.table, name));
  }

  /** Draw for a `View` in the colours of a palette: a line on a halo, to be seen on any colour. */
  draw(view, { background, text }) {
    const context = emptied(this.canvas, view);
    if (this.ends && !this.hidden) {
      this.#trace(context, view);
      this.#stroke(context, background, 2.5, 0.7);
      this.#stroke(context, text, 1, 0.9);
    }
    context.restore();
  }

  #trace(context, view) {
    const [x1, y1, x2, y2] = this.ends;
    context.beginPath();
    for (let i = 0; i < x1.length; i++) {
      context.moveTo(view.x(x1[i]), view.y(y1[i]));
      context.lineTo(view.x(x2[i]), view.y(y2[i]));
    }
  }

  #stroke(context, strokeStyle, lineWidth, globalAlpha) {
    Object.assign(context, { strokeStyle, lineWidth, globalAlpha, lineCap: "round" });
    context.stroke();
  }
}
