// What a limit moves: the rejected zone under the points, its edge and the samples above them;
// and, below all, what is decoded everywhere and the density of the records.

import { rgb } from "../core/colours.js";
import { contour } from "../core/contour.js";
import { addCanvas, emptied } from "./canvas.js";

const DEEP = 0.6; // slack at which the zone's shade is darkest
const [FAINT, DARK] = [0.12, 0.3]; // its opacities
const [FAINTEST, SUREST] = [0.06, 0.45]; // of what is decoded, from unsure to sure
const DENSE = [0.05, 0.2, 0.5]; // ranks at the edges of the shades that hold 95, 80 and 50 % of the records
const EVERY = 0.08; // opacity of each of these shades, which lie on each other
const QUIET = 0.25; // opacity of samples that stand back
const STRENGTH = [0.55, 0.75, 0.95]; // opacities of samples: rejected, accepted, accepted but unwanted
const [LARGEST, DOT] = [3.4, 1.5]; // radii in pixels: of a ring of few, and from which on it is a dot
const FEW = 200; // accepted samples that are drawn at their largest
const ROOMY = 480; // pixels of a map's side; on a smaller map all samples are smaller
const FULL = 2 * Math.PI;

export class Overlay {
  /** Two canvases in the map's frame: one below all others, one above. */
  constructor(frame, palette) {
    this.palette = palette;
    [this.under, this.over] = ["under", "over"].map((name) => addCanvas(frame, name));
    this.shade = document.createElement("canvas"); // the zone, a pixel a point of its grid
    this.paper = document.createElement("canvas"); // what is decoded, likewise
    this.mist = document.createElement("canvas"); // the density
    this.content = null;
    this.painted = null;
    this.density = null;
    this.ring = null; // {x, y} of a point to be found
    this.quiet = false; // whether the samples stand back, for what lies below them
    this.hidden = new Set(); // of "colours", "density", "zone", "samples"
  }

  /** `grid`: {low, step, size, code, certainty, colour: code -> [r, g, b]}, or null for nothing. */
  paint(grid) {
    this.painted = grid;
    if (!grid) return;
    const { size, code, certainty, colour } = grid;
    const colours = new Map();
    this.#paintGrid(this.paper, size, (at) => {
      if (!colours.has(code[at])) colours.set(code[at], colour(code[at]));
      return [...colours.get(code[at]), FAINTEST + (SUREST - FAINTEST) * certainty[at]];
    });
  }

  /** `grid`: {low, step, size, values}, ranks from 0 to 1 of the density, or null for nothing. */
  setDensity(grid) {
    this.density = grid && { grid, edges: DENSE.map((rank) => contour(grid, rank)) };
    if (!grid) return;
    const colour = rgb(this.palette.density);
    this.#paintGrid(this.mist, grid.size, (at) => {
      const shades = DENSE.filter((rank) => grid.values[at] > rank).length;
      return shades && [...colour, EVERY * shades];
    });
  }

  /** A canvas with a pixel for each point of a grid; `of` gives [r, g, b, opacity] or null. */
  #paintGrid(canvas, size, of) {
    if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(size, size);
    for (let row = 0; row < size; row++) {
      for (let col = 0; col < size; col++) {
        const colour = of(row * size + col);
        if (!colour) continue;
        const at = 4 * ((size - 1 - row) * size + col); // the image's rows run downwards
        image.data[at] = colour[0];
        image.data[at + 1] = colour[1];
        image.data[at + 2] = colour[2];
        image.data[at + 3] = 255 * colour[3];
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** `content`: {samples, states, edge, grid, slack}, or null for nothing. */
  set(content) {
    this.content = content;
    if (content) this.#paintShade();
  }

  /** The zone as an image: nothing where points are accepted, darker the farther from that. */
  #paintShade() {
    const { slack } = this.content;
    const colour = [...this.palette.zone, 0]; // one for all points: made anew at every slider step
    this.#paintGrid(this.shade, this.content.grid.size, (at) => {
      const depth = -slack[at];
      if (!(depth >= 0)) return null;
      colour[3] = FAINT + (DARK - FAINT) * Math.min(1, depth / DEEP);
      return colour;
    });
  }

  /** Draw for a `View`. */
  draw(view) {
    const contexts = [this.under, this.over].map((canvas) => emptied(canvas, view));
    const shown = (layer) => !this.hidden.has(layer);
    if (this.painted && shown("colours")) this.#drawGrid(contexts[0], this.paper, this.painted, view);
    if (this.density && shown("density")) this.#drawDensity(contexts[0], view);
    if (this.content && shown("zone")) {
      this.#drawGrid(contexts[0], this.shade, this.content.grid, view);
      this.#drawLines(contexts[1], view, this.content.edge, this.palette.text, 1.75);
    }
    if (this.content && shown("samples")) this.#drawSamples(contexts[1], view);
    if (this.ring) this.#drawRing(contexts[1], view);
    contexts.forEach((context) => context.restore());
  }

  #drawGrid(context, canvas, { low, step, size }, view) {
    // A pixel of the canvas stands for the square about its grid point.
    const [from, to] = [low - step / 2, low + (size - 0.5) * step];
    const [left, top, right, bottom] = [view.x(from), view.y(to), view.x(to), view.y(from)];
    context.imageSmoothingEnabled = true;
    context.drawImage(canvas, left, top, right - left, bottom - top);
  }

  #drawDensity(context, view) {
    this.#drawGrid(context, this.mist, this.density.grid, view);
    for (const edge of this.density.edges) this.#drawLines(context, view, edge, this.palette.density, 0.75);
  }

  /** Lines as `contour` gives them. */
  #drawLines(context, view, { x, y }, strokeStyle, lineWidth) {
    context.beginPath();
    for (let i = 0; i < x.length; i += 3) {
      context.moveTo(view.x(x[i]), view.y(y[i]));
      context.lineTo(view.x(x[i + 1]), view.y(y[i + 1]));
    }
    Object.assign(context, { strokeStyle, lineWidth, lineCap: "round" });
    context.stroke();
  }

  #drawRing(context, view) {
    for (const [strokeStyle, lineWidth] of [[this.palette.background, 6], [this.palette.search, 3]]) {
      context.beginPath();
      context.arc(view.x(this.ring.x), view.y(this.ring.y), 8, 0, FULL);
      Object.assign(context, { strokeStyle, lineWidth });
      context.stroke();
    }
  }

  /** Rejected samples as faint specks, accepted ones as rings or dots, unwanted ones as crosses. */
  #drawSamples(context, view) {
    const { samples, states } = this.content;
    const colours = [this.palette.rejected, this.palette.accepted, this.palette.impure];
    const accepted = states.reduce((sum, state) => sum + (state > 0), 0);
    const scale = Math.min(1, Math.min(view.width, view.height) / ROOMY);
    const marks = marksFor(accepted, scale);
    for (const state of [0, 1, 2]) {
      context.globalAlpha = STRENGTH[state] * (this.quiet ? QUIET : 1);
      context.fillStyle = context.strokeStyle = colours[state];
      context.lineWidth = (state === 2 ? 1.5 : 1.25) * Math.sqrt(scale);
      context.beginPath();
      for (let i = 0; i < states.length; i++) {
        if (states[i] === state) marks[state](context, view.x(samples.x[i]), view.y(samples.y[i]));
      }
      context.stroke();
    }
  }
}

/**
 * What draws a sample about px, py, or adds to a path, by its state: smaller the more are accepted, and
 * by the `scale` of a small map. Of many, and not because of the scale, they are rectangles, which are
 * drawn five times as fast.
 */
function marksFor(accepted, scale) {
  const usual = LARGEST * Math.min(1, (FEW / accepted) ** 0.25);
  const radius = scale * usual;
  const arm = 0.8 * radius;
  const bar = (context, px, py, width, height) =>
    context.fillRect(px - (scale * width) / 2, py - (scale * height) / 2, scale * width, scale * height);
  const speck = (context, px, py) => bar(context, px, py, 1.8, 1.8);
  const plus = (context, px, py) => {
    bar(context, px, py, 3.4, 1.2);
    bar(context, px, py, 1.2, 3.4);
  };
  const ring = (context, px, py) => {
    context.moveTo(px + radius, py);
    context.arc(px, py, radius, 0, FULL);
  };
  const cross = (context, px, py) => {
    context.moveTo(px - arm, py - arm);
    context.lineTo(px + arm, py + arm);
    context.moveTo(px - arm, py + arm);
    context.lineTo(px + arm, py - arm);
  };
  return usual > DOT ? [speck, ring, cross] : [speck, speck, plus];
}
