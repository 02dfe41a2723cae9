// The records, or a person's own codes: thousands of small marks in an order in which no class
// covers another, coloured by an attribute whose classes can be dimmed.

import { classColour, classSymbol, codeColour } from "../core/colours.js";
import { addCanvas, emptied } from "./canvas.js";

const [BRIGHT, DIM] = [0.75, 0.03]; // opacities; hundreds of dimmed points may overlap
const [UNSELECTED, PALE] = [0.5, 0.35]; // opacity, and how much of its colour is left
const SHADES = 64; // colours of a scale
const MANY = 50000; // records from which on each is drawn smaller

export class Records {
  /**
   * A canvas of that name in the map's frame. `size` is that of a mark in pixels, `outline` the
   * palette's name of a colour about it or null, `redraw` is called after a class is dimmed or brought back.
   */
  constructor(frame, name, { size, outline, palette, redraw }) {
    Object.assign(this, { outline, palette, redraw, usual: size });
    this.canvas = addCanvas(frame, name);
    this.dimmed = new Set(); // classes that the legend has dimmed
    this.groups = []; // {colour, symbol, opacity}: the classes, or shades of a scale and the rest
    this.selected = null; // Uint8Array with a 1 for each selected row, or null for no selection
  }

  /** Where they are: x and y (arrays of n). */
  place(x, y) {
    Object.assign(this, { x, y, order: shuffled(x.length) });
    this.selected = this.drawn = null;
  }

  /** Colour them by an attribute and its values (n): {classes: [{label}]} or {low, high}. */
  colour(attribute, values) {
    const { palette } = this;
    const { classes, low, high } = attribute;
    this.attribute = attribute;
    this.onSelect = null; // set by the legend of these colours, which counts what is selected
    this.dimmed.clear();
    const group = classes
      ? (value) => value
      : (value) => (value >= low ? Math.round(((value - low) / (high - low || 1)) * SHADES) : SHADES + 1);
    this.groupOf = Uint16Array.from(values, group);
    this.groups = classes
      ? classes.map((_, code) => ({
          colour: classColour(attribute, code, palette),
          symbol: classSymbol(code, palette),
          opacity: BRIGHT,
        }))
      : shades(attribute, palette);
    this.sprites = this.drawn = null;
  }

  /** Dim a class, or bring it back; what is dimmed stays faintly there. */
  toggleClass(code) {
    if (!this.dimmed.delete(code)) this.dimmed.add(code);
    this.#dim();
  }

  /** Keep one class and dim all others; called again for the same class, bring all back. */
  keepOnly(code) {
    const codes = this.attribute.classes.map((_, i) => i);
    const alone = !this.dimmed.has(code) && this.dimmed.size === codes.length - 1;
    this.dimmed = new Set(alone ? [] : codes.filter((one) => one !== code));
    this.#dim();
  }

  #dim() {
    this.groups.forEach((group, i) => (group.opacity = this.dimmed.has(i) ? DIM : BRIGHT));
    this.drawn = null;
    this.redraw();
  }

  /** Let all but some rows stand back; null for none. */
  select(rows) {
    this.selected = rows && new Uint8Array(this.x.length);
    rows?.forEach((row) => (this.selected[row] = 1));
    this.drawn = null;
    this.onSelect?.();
  }

  /** How many of the selected rows are in each group; null without a selection. */
  get selectedCounts() {
    if (!this.selected) return null;
    const counts = new Uint32Array(this.groups.length);
    this.groupOf.forEach((group, row) => (counts[group] += this.selected[row]));
    return counts;
  }

  get size() {
    return this.x.length > MANY ? this.usual * 0.72 : this.usual;
  }

  /** Draw them for a `View`, unless they are drawn so already. */
  draw(view) {
    const [ratio, { size }] = [window.devicePixelRatio || 1, this];
    const key = `${view.key} ${ratio}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const context = emptied(this.canvas, view);
    if (this.sprites?.ratio !== ratio) {
      this.sprites = { ratio, of: [0, 1].map((chosen) => this.#sprites(size, ratio, chosen)) };
    }
    // Those that a selection leaves out lie below the others.
    if (this.selected) this.#drawRows(context, view, 0);
    this.#drawRows(context, view, 1);
    context.restore();
  }

  /** A mark of each group as the selected rows have it (1), or the others (0): pale. */
  #sprites(size, ratio, chosen) {
    const { background } = this.palette;
    const outline = this.outline && this.palette[this.outline];
    return this.groups.map((group) => sprite(group, size, ratio, { outline, pale: chosen ? null : background }));
  }

  /**
   * Draw the selected rows (1), or those that are not (0): their colours are pale, as many faint
   * marks on each other would be as strong as one.
   */
  #drawRows(context, view, wanted) {
    const { x, y, groupOf, groups, selected, order } = this;
    const [right, bottom] = [view.left + view.width, view.top + view.height];
    const sprites = this.sprites.of[wanted];
    const share = wanted ? 1 : UNSELECTED;
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      if (selected && selected[row] !== wanted) continue;
      const px = view.x(x[row]);
      const py = view.y(y[row]);
      if (!(px > view.left && px < right && py > view.top && py < bottom)) continue;
      const { canvas, side } = sprites[groupOf[row]];
      context.globalAlpha = share * groups[groupOf[row]].opacity;
      context.drawImage(canvas, px - side / 2, py - side / 2, side, side);
    }
  }
}

/** Groups of a scale from low to high, and one for records without a value. */
function shades(attribute, palette) {
  const { low, high } = attribute;
  const groups = Array.from({ length: SHADES + 1 }, (_, i) => ({
    colour: `rgb(${codeColour(attribute, low + ((high - low) * i) / SHADES, palette).map(Math.round)})`,
    symbol: "circle",
    opacity: BRIGHT,
  }));
  return [...groups, { colour: palette.missing, symbol: "circle", opacity: BRIGHT }];
}

/** One mark as a small picture, {canvas, side in pixels of the page}; its colour is all but lost in `pale`. */
function sprite({ colour, symbol }, size, ratio, { outline, pale }) {
  const side = Math.ceil(size * 1.6) + 2;
  const canvas = Object.assign(document.createElement("canvas"), {
    width: side * ratio,
    height: side * ratio,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.setTransform(ratio, 0, 0, ratio, (side * ratio) / 2, (side * ratio) / 2);
  context.beginPath();
  SHAPES[symbol](context, size / 2);
  context.closePath();
  if (pale) {
    context.fillStyle = pale;
    context.fill();
    context.globalAlpha = PALE;
  }
  context.fillStyle = colour;
  context.fill();
  if (outline) {
    Object.assign(context, { strokeStyle: outline, lineWidth: 1 });
    context.stroke();
  }
  return { canvas, side };
}

/** Paths about 0, 0, of about the same area for a circle of radius r. */
const SHAPES = {
  circle: (context, r) => context.arc(0, 0, r, 0, 2 * Math.PI),
  square: (context, r) => context.rect(-r, -r, 2 * r, 2 * r),
  diamond: (context, r) => polygon(context, [[0, -1.3 * r], [1.3 * r, 0], [0, 1.3 * r], [-1.3 * r, 0]]),
  "triangle-up": (context, r) => polygon(context, [[0, -1.3 * r], [1.2 * r, 0.8 * r], [-1.2 * r, 0.8 * r]]),
};

function polygon(context, corners) {
  corners.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}

/** The rows 0 to n - 1 in an order that is the same every time: no class lies on all others. */
function shuffled(n) {
  const rows = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows;
}
