// The picture of a latent space: what is drawn on it, how it is moved and brushed; nothing here decides.

import { codeColour } from "../core/colours.js";
import { inside, simplified } from "../core/polygon.js";
import { View } from "../core/view.js";
import { Axes } from "./axes.js";
import { Gestures } from "./gestures.js";
import { Marks } from "./marks.js";
import { Overlay } from "./overlay.js";
import { Records } from "./records.js";
import { column } from "./store.js";

const NEAR = 7; // pixels from the pointer within which a record counts as pointed at
const ON = 4; // and a sample, of which there are some everywhere

export class LatentMap {
  constructor(root, palette) {
    this.root = root;
    this.palette = palette;
    const frame = root.parentElement;
    this.overlay = new Overlay(frame, palette);
    this.axes = new Axes(frame);
    const redraw = () => this.#drawRecords();
    this.records = new Records(frame, "records", { size: 3.3, outline: null, palette, redraw });
    this.own = new Records(frame, "own", { size: 5.5, outline: "background", palette, redraw });
    this.own.place([], []);
    this.marks = new Marks(frame);
    this.region = null; // the polygon whose records are selected
    this.rows = null; // a set of the rows that are selected, in a region or by others
    this.gestures = new Gestures(root, (px, py) => Boolean(this.view?.holds(px, py)), {
      move: (dx, dy) => this.#show(this.view.moved(dx, dy)),
      zoom: (px, py, factor) => this.#show(this.view.zoomed(px, py, factor, this.plane.extent)),
      click: (px, py) => this.clicked?.(this.view.point(px, py)),
      doubleClick: () => (this.tool === "pan" ? this.reset() : this.#brush(null, true)),
      draw: (corners, ended) => this.#brush(corners, ended),
    });
    this.setTool("pan");
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
    root.map = this; // read by the browser tests
  }

  /** Call `clicked` with the latent point of each click. */
  onClick(clicked) {
    this.clicked = clicked;
  }

  /** Call `brushed` with the polygon that a person has drawn, or with null when they end it. */
  onBrush(brushed) {
    this.brushed = brushed;
  }

  remove() {
    this.gestures.remove();
    this.resized.disconnect();
  }

  // --- what is shown ------------------------------------------------------------------------------

  /** Where the records are shown on a plane; with a new `picture` zoom and selection begin anew. */
  setRecords(x, y, plane, picture) {
    if (picture !== this.picture) {
      this.region = this.marks.outline = null;
      this.place = { x: 0, y: 0, reach: plane.extent };
    }
    Object.assign(this, { x, y, plane, picture });
    this.records.place(x, y);
    this.#choose(this.region);
    this.records.select(this.rows);
  }

  /** Colour the records by the values (n) of an attribute: {classes: [{label, count}]} or {low, high}. */
  setColour(attribute, values) {
    this.attribute = attribute;
    this.records.colour(attribute, values);
  }

  /** A person's own codes: where they are and how they are coloured; empty arrays for none. */
  setOwn(x, y, attribute, values) {
    this.own.place(x, y);
    this.own.colour(attribute, values);
    this.own.select(this.#ownIn(this.region));
  }

  /** Select a set of rows of the records and draw the others faintly; null ends the selection. */
  select(rows) {
    this.rows = rows;
    this.#showSelection(this.region, rows);
  }

  /** Show a region and select its records, or end it: null. */
  setRegion(polygon) {
    this.#choose(polygon);
    this.#showSelection(polygon, this.rows);
  }

  #choose(polygon) {
    this.region = polygon;
    this.rows = this.#rowsIn(polygon);
  }

  #showSelection(polygon, rows) {
    this.marks.outline = polygon;
    this.records.select(rows);
    this.own.select(this.#ownIn(polygon));
    this.#drawRecords();
    this.#drawMarks();
  }

  /** The rows of the records inside a polygon; null for no polygon. */
  #rowsIn(polygon) {
    return polygon && new Set(inside(polygon, this.x, this.y));
  }

  #ownIn(polygon) {
    return polygon && new Set(inside(polygon, this.own.x, this.own.y));
  }

  /**
   * Show or hide a layer: "records", "own" (codes), "colours" (what is decoded everywhere), "density",
   * "zone", "samples" or a layer of points.
   */
  showLayer(layer, shown) {
    if (layer === "records" || layer === "own") {
      this[layer].canvas.hidden = !shown;
    } else {
      this.marks.hidden[shown ? "delete" : "add"](layer);
      this.#drawMarks();
      this.overlay.hidden[shown ? "delete" : "add"](layer);
      this.#drawAxes(); // with the box of the samples
      this.#drawOverlay();
    }
  }

  /** A ring about a point of the plane, or none. */
  ring(point) {
    this.overlay.ring = point;
    this.#drawOverlay();
  }

  /** Samples by what the rule decides of them, the rejected zone and its edge; or nothing. */
  setSamples(content) {
    this.overlay.set(content);
    this.#drawOverlay();
  }

  /** What is decoded on a grid, {grid, table: code, certainty}, in the records' colours; or nothing. */
  setPainted(painted) {
    const values = (name) => column(painted.table, name);
    this.overlay.paint(painted && {
      ...painted.grid,
      code: values("code"),
      certainty: values("certainty"),
      colour: (code) => codeColour(this.attribute, code, this.palette),
    });
    this.#drawOverlay();
  }

  /** The density of the records on a grid, {grid, table: rank}; or nothing. */
  setDensity(density) {
    this.overlay.setDensity(density && { ...density.grid, values: column(density.table, "rank") });
    this.#drawOverlay();
  }

  /** Parts (see `Marks`) of points above the records; samples stand back for those with `quiet`. */
  setLayers(parts) {
    this.marks.layers = parts;
  }

  /** Marks of single points: the pinned one, the searched code with its 1 and 2 sigma ellipses. */
  setMarks({ pin, search, cursor }) {
    const { text, search: colour } = this.palette;
    const parts = [];
    if (search) {
      for (const radius of [1, 2]) parts.push(this.#ellipse(search, radius));
      parts.push(...this.#mark(this.plane.project(search.mean), "x", 12, colour));
    }
    if (pin) parts.push(...this.#mark(pin, "circle", 16, text));
    if (cursor) parts.push(...this.#mark(cursor, "cross", 16, text));
    this.marks.own = parts;
  }

  /** A mark on a halo, to be seen on points of any colour. */
  #mark({ x, y }, symbol, size, colour) {
    const strokes = [[this.palette.background, 7], [colour, 3]];
    return strokes.map(([stroke, width]) => ({ x: [x], y: [y], symbol, size, stroke, width }));
  }

  #ellipse({ mean, sigma }, radius) {
    const angles = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36);
    const { x, y } = this.plane.project(mean);
    const [a, b] = this.plane.shadow(sigma);
    const at = (from, i) => (angle) =>
      from + radius * (a[i] * Math.cos(angle) + b[i] * Math.sin(angle));
    const line = { stroke: this.palette.search, width: radius === 1 ? 2 : 1 };
    return { x: angles.map(at(x, 0)), y: angles.map(at(y, 1)), ...line };
  }

  // --- where it is shown --------------------------------------------------------------------------

  /** Everything drawn anew, in the size that the picture has now. */
  draw() {
    const { clientWidth: width, clientHeight: height } = this.root;
    const axes = Axes.rectangle(width, height);
    if (!this.plane || axes.width <= 0 || axes.height <= 0) return;
    this.#show(this.place, { ...axes, outerWidth: width, outerHeight: height });
  }

  /** Show a place of the plane. */
  #show(place, axes = this.view) {
    this.place = place;
    const { left, top, width, height, outerWidth, outerHeight } = axes;
    this.view = new View({ left, top, width, height, outerWidth, outerHeight }, place);
    this.#drawAxes();
    this.#drawRecords();
    this.#drawMarks();
    this.#drawOverlay();
    this.placed?.(this.view);
  }

  /** Call `placed` with the view whenever another place of the plane is shown. */
  onPlace(placed) {
    this.placed = placed;
  }

  #drawAxes() {
    const box = this.overlay.hidden.has("samples") ? null : this.box;
    if (this.view) this.axes.draw(this.view, this.plane.labels, box);
  }

  #drawRecords() {
    if (!this.view) return;
    this.records.draw(this.view);
    this.own.draw(this.view);
  }

  #drawMarks() {
    if (this.view) this.marks.draw(this.view, this.palette);
  }

  /** Draw what moves with a limit, and nothing else. */
  #drawOverlay() {
    if (!this.view) return;
    this.overlay.quiet = this.marks.parts.some(({ quiet }) => quiet);
    this.overlay.draw(this.view);
  }

  /** Show the map from end to end. */
  reset() {
    this.place = { x: 0, y: 0, reach: this.plane.extent };
    this.draw();
  }

  /** Zoom about the middle of what is shown; above 1 more is seen. */
  zoom(factor) {
    const { left, top, width, height } = this.view;
    this.#show(this.view.zoomed(left + width / 2, top + height / 2, factor, this.plane.extent));
  }

  // --- what a person does -------------------------------------------------------------------------

  /** What the pointer does when it is dragged: "pan", "select" (a box) or "lasso". */
  setTool(tool) {
    this.tool = this.gestures.tool = tool;
    this.root.dataset.tool = tool;
  }

  /** A region is drawn, as far as its corners in pixels; null gives it up, or ends the one there is. */
  #brush(corners, ended) {
    // The address must hold it when it is done.
    const drawn = ended && corners ? simplified(corners, 1) : corners;
    const polygon = drawn?.length > 2
      ? drawn.map((corner) => Object.values(this.view.point(...this.view.nearest(...corner))))
      : null;
    if (polygon && !ended) return this.#showSelection(polygon, this.#rowsIn(polygon));
    // Given up, or a flick, which encloses nothing: what was selected before is selected still.
    if (!ended || (corners && !polygon)) return this.#showSelection(this.region, this.rows);
    this.setRegion(polygon);
    return this.brushed?.(polygon);
  }

  /** The latent point under a mouse, pen or finger, or null outside the axes. */
  toData(event) {
    const at = this.gestures.at(event);
    return this.view?.holds(...at) ? this.view.point(...at) : null;
  }

  /** The latent point in the middle of what is shown. */
  get centre() {
    return { x: this.place.x, y: this.place.y };
  }

  /** The latent point within the axes that is nearest to a point. */
  nearest({ x, y }) {
    return this.view.point(...this.view.nearest(this.view.x(x), this.view.y(y)));
  }

  /** What is drawn nearest to a latent point, within reach: {record, sample, own}, -1 for none. */
  at(point) {
    const nothing = { row: -1, squared: Infinity };
    const near = ({ canvas }, x, y) => (canvas.hidden ? nothing : this.#nearest(point, x, y, NEAR));
    const record = near(this.records, this.x, this.y);
    const own = near(this.own, this.own.x, this.own.y);
    const none = { record: -1, sample: -1, own: -1 };
    // Of own codes and records at one place the own are meant, of the others what is nearer.
    if (own.row >= 0 && own.squared <= record.squared) return { ...none, own: own.row };
    const samples = this.overlay.hidden.has("samples") ? null : this.overlay.content?.samples;
    const sample = samples ? this.#nearest(point, samples.x, samples.y, ON) : { row: -1 };
    // The samples lie above the records; only a record that is clearly nearer is meant.
    if (sample.row >= 0 && sample.squared <= record.squared) return { ...none, sample: sample.row };
    return { ...none, record: record.row };
  }

  #nearest({ x, y }, xs, ys, pixels) {
    const found = { row: -1, squared: (pixels * this.view.unit) ** 2 };
    for (let row = 0; row < xs.length; row++) {
      const squared = (xs[row] - x) ** 2 + (ys[row] - y) ** 2;
      if (squared < found.squared) Object.assign(found, { row, squared });
    }
    return found;
  }
}
