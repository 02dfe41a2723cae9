// The picture: axes, tools and single marks by Plotly, records and what a limit moves on canvases of
// our own; nothing here decides.

import { codeColour } from "../core/colours.js";
import { inside } from "../core/polygon.js";
import { Overlay } from "./overlay.js";
import { loadPlotly } from "./plotly.js";
import { Records } from "./records.js";
import { column } from "./store.js";

const NEAR = 7; // pixels from the pointer within which a record counts as pointed at
const ON = 4; // and a sample, of which there are some everywhere

/** A point that nobody sees: Plotly offers no selection on a picture without points. */
const NOTHING = {
  type: "scatter",
  mode: "markers",
  x: [0],
  y: [0],
  marker: { opacity: 0 },
  unselected: { marker: { opacity: 0 } },
  hoverinfo: "skip",
};

export class LatentMap {
  constructor(root, palette) {
    this.root = root;
    this.palette = palette;
    this.dimmed = new Set(); // classes that the legend has dimmed
    this.overlay = new Overlay(root.parentElement, palette);
    this.records = new Records(root.parentElement);
    root.records = this.records; // for who asks the element, as with Plotly's own `data`
    this.layers = { points: [], marks: [] };
    this.tool = "pan";
  }

  static async create(root, palette) {
    const map = new LatentMap(root, palette);
    map.Plotly = await loadPlotly();
    return map;
  }

  /** Where the records are shown on a plane; with a new `picture` zoom and selection begin anew. */
  setRecords(table, x, y, plane, picture) {
    if (picture !== this.picture) this.region = null;
    Object.assign(this, { table, x, y, plane, picture });
    this.records.place(x, y);
    this.#selectRegion();
  }

  /** Colour the records by an attribute: {name, classes: [{label, count}]} or {name, low, high}. */
  setColour(attribute) {
    this.attribute = attribute;
    this.dimmed.clear();
    this.records.colour(attribute, column(this.table, attribute.name), this.palette);
  }

  /** Let all records but those of a set of rows stand back; null for none. */
  select(rows) {
    this.records.select(rows);
    this.#drawRecords();
  }

  /** Select the records inside the region, if there is one. */
  #selectRegion() {
    this.records.select(this.region && new Set(inside(this.region, this.x, this.y)));
  }

  /** A ring about a point of the plane, or none: moved often, so it is no trace of Plotly's. */
  ring(point) {
    this.overlay.ring = point;
    this.drawOverlay();
  }

  /** Dim a class of records, or bring it back; what is dimmed stays faintly there. */
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
    this.records.dim(this.dimmed);
    this.#drawRecords();
  }

  /** Everything drawn anew. Zoom, tool and selection stay, because `uirevision` does. */
  async draw() {
    const traces = [NOTHING, ...this.layers.points, ...this.layers.marks];
    await this.Plotly.react(this.root, traces, this.#layout(), {
      displayModeBar: false,
      scrollZoom: true,
      doubleClick: "reset",
      responsive: true,
    });
    if (!this.following) this.#follow();
    this.#drawCanvases();
  }

  /** Samples by what the rule decides of them, the rejected zone and its edge; or nothing. */
  setSamples(content) {
    this.overlay.set(content);
    this.drawOverlay();
  }

  /** Draw what moves with a limit, and nothing else. */
  drawOverlay() {
    if (this.root._fullLayout) this.overlay.draw(this.#view());
  }

  #drawRecords() {
    if (this.root._fullLayout) this.records.draw(this.#view());
  }

  /** Draw all canvases of our own where Plotly's axes are now, or will be: `ranges`. */
  #drawCanvases(ranges = {}) {
    const view = this.#view(ranges);
    this.records.draw(view);
    this.overlay.draw(view);
  }

  /** Where Plotly's axes are in the picture, and functions from data to pixels. */
  #view(ranges = {}) {
    const { xaxis, yaxis } = this.root._fullLayout;
    const [x0, x1] = ranges.x ?? xaxis.range;
    const [y0, y1] = ranges.y ?? yaxis.range;
    const { _offset: left, _length: width } = xaxis;
    const { _offset: top, _length: height } = yaxis;
    return {
      key: [left, top, width, height, x0, x1, y0, y1, this.root.clientWidth, this.root.clientHeight].join(),
      left,
      top,
      width,
      height,
      outerWidth: this.root.clientWidth,
      outerHeight: this.root.clientHeight,
      x: (value) => left + ((value - x0) / (x1 - x0)) * width,
      y: (value) => top + ((y1 - value) / (y1 - y0)) * height,
    };
  }

  /** Keep the canvases with Plotly's picture when it is panned, zoomed or resized. */
  #follow() {
    const moving = (event) => {
      const range = (axis) =>
        event[`${axis}.range`] ??
        (`${axis}.range[0]` in event ? [event[`${axis}.range[0]`], event[`${axis}.range[1]`]] : null);
      this.#drawCanvases({ x: range("xaxis"), y: range("yaxis") });
    };
    this.root.on("plotly_relayouting", moving);
    this.root.on("plotly_afterplot", () => this.#drawCanvases());
    this.root.on("plotly_relayout", () => this.#drawCanvases());
    this.following = true;
  }

  /** Marks of single points: the pinned one, the searched reg with its 1 and 2 sigma ellipses. */
  setMarks({ pin, search, cursor }) {
    const marks = [];
    // Every mark lies on a halo, to be seen on points of any colour.
    const mark = (x, y, symbol, size, colour) =>
      [[this.palette.background, 7], [colour, 3]].map(([color, width]) => ({
        type: "scatter",
        mode: "markers",
        x: [x],
        y: [y],
        hoverinfo: "skip",
        marker: { symbol, size, color, line: { width, color } },
        unselected: { marker: { opacity: 1 } },
      }));
    if (search) {
      for (const radius of [1, 2]) marks.push(this.#ellipse(search, radius));
      const { x, y } = this.plane.project(search.mean);
      marks.push(...mark(x, y, "x-thin-open", 12, this.palette.search));
    }
    if (pin) marks.push(...mark(pin.x, pin.y, "circle-open", 16, this.palette.text));
    if (cursor) marks.push(...mark(cursor.x, cursor.y, "cross-thin-open", 16, this.palette.text));
    this.layers.marks = marks;
  }

  #ellipse({ mean, sigma }, radius) {
    const angles = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36);
    const { x, y } = this.plane.project(mean);
    const [a, b] = this.plane.shadow(sigma);
    const at = (from, i) => (angle) =>
      from + radius * (a[i] * Math.cos(angle) + b[i] * Math.sin(angle));
    return {
      type: "scatter",
      mode: "lines",
      x: angles.map(at(x, 0)),
      y: angles.map(at(y, 1)),
      hoverinfo: "skip",
      line: { width: radius === 1 ? 2 : 1, color: this.palette.search },
    };
  }

  /** Traces of points above the records; samples stand back for those that are to be followed. */
  setLayers(traces) {
    this.layers.points = traces;
    this.overlay.quiet = traces.some(({ meta }) => meta?.quiet);
  }

  /** What is decoded on a grid {low, step, size, code, certainty}, in the records' colours. */
  setPainted(grid) {
    this.overlay.paint(grid && { ...grid, colour: (code) => codeColour(this.attribute, code, this.palette) });
    this.drawOverlay();
  }

  /** Free what Plotly holds, such as listeners on the window. */
  remove() {
    this.Plotly.purge(this.root);
  }

  setTool(tool) {
    if (tool === this.tool) return null;
    this.tool = tool;
    return this.Plotly.relayout(this.root, { dragmode: tool });
  }

  reset() {
    const { x, y } = this.#axes();
    return this.Plotly.relayout(this.root, { "xaxis.range": x, "yaxis.range": y });
  }

  /** Call `brushed` with the polygon that a person has drawn, or with null when they end it. */
  onBrush(brushed) {
    this.root.on("plotly_selecting", (event) => {
      const polygon = selectedPolygon(event);
      if (polygon) this.select(new Set(inside(polygon, this.x, this.y)));
    });
    this.root.on("plotly_selected", (event) => {
      const polygon = selectedPolygon(event);
      if (!polygon || this.outlining) return;
      // With Shift held Plotly adds a second region; Python is told of one, so one is shown.
      if (this.root.layout.selections?.length > 1) this.setRegion(polygon);
      else this.#keepRegion(polygon);
      brushed(polygon);
    });
    this.root.on("plotly_deselect", () => {
      this.#keepRegion(null);
      brushed(null);
    });
  }

  #keepRegion(polygon) {
    this.region = polygon;
    this.#selectRegion();
    this.#drawRecords();
  }

  /** Show a region and select its records, or end it: null. */
  async setRegion(polygon) {
    this.#keepRegion(polygon);
    if (!polygon) return this.Plotly.relayout(this.root, { selections: [] });
    const path = polygon.map(([x, y], i) => `${i ? "L" : "M"}${x},${y}`).join("") + "Z";
    const line = { color: this.palette.text, width: 1.5, dash: "dot" };
    const selection = { type: "path", path, xref: "x", yref: "y", line };
    this.outlining = true; // Plotly tells of it as if it had been drawn
    const shown = this.Plotly.relayout(this.root, { selections: [selection] });
    this.outlining = false;
    return shown;
  }

  /** The latent point under a mouse, pen or finger, or null outside the axes. */
  toData(event) {
    const { xaxis, yaxis } = this.root._fullLayout;
    const box = this.root.getBoundingClientRect();
    const px = event.clientX - box.left - xaxis._offset;
    const py = event.clientY - box.top - yaxis._offset;
    if (px < 0 || py < 0 || px > xaxis._length || py > yaxis._length) return null;
    return { x: xaxis.p2d(px), y: yaxis.p2d(py) };
  }

  /** Latent units per pixel along x and y. */
  get scale() {
    const { xaxis, yaxis } = this.root._fullLayout;
    return { x: xaxis.p2d(1) - xaxis.p2d(0), y: yaxis.p2d(0) - yaxis.p2d(1) };
  }

  get centre() {
    const { xaxis, yaxis } = this.root._fullLayout;
    return { x: xaxis.p2d(xaxis._length / 2), y: yaxis.p2d(yaxis._length / 2) };
  }

  /** What is drawn nearest to a latent point, within reach: {record, sample}, -1 for none of a kind. */
  at(point) {
    const record = this.#nearest(point, this.x, this.y, NEAR);
    const samples = this.overlay.content?.samples;
    const sample = samples ? this.#nearest(point, samples.x, samples.y, ON) : { row: -1 };
    // The samples lie above the records; only a record that is clearly nearer is meant.
    if (sample.row >= 0 && sample.squared <= record.squared) return { record: -1, sample: sample.row };
    return { record: record.row, sample: -1 };
  }

  #nearest({ x, y }, xs, ys, within) {
    const scale = this.scale;
    const found = { row: -1, squared: within * within };
    for (let row = 0; row < xs.length; row++) {
      const dx = (xs[row] - x) / scale.x;
      const dy = (ys[row] - y) / scale.y;
      const squared = dx * dx + dy * dy;
      if (squared < found.squared) Object.assign(found, { row, squared });
    }
    return found;
  }

  #axes() {
    // The whole map: a square of the extent, in a plot that is wider than high.
    const { extent } = this.plane;
    return { x: [-extent, extent], y: [-extent, extent] };
  }

  #layout() {
    const { text, grid } = this.palette;
    const axis = {
      color: text,
      gridcolor: grid,
      zerolinecolor: grid,
      tickfont: { size: 11 },
      ticks: "",
      constrain: "domain",
    };
    const ranges = this.#axes();
    const box = this.box;
    const [across, up] = this.plane.labels.map((label) => ({
      title: label ? { text: label, font: { size: 12 }, standoff: 4 } : undefined,
    }));
    const named = Boolean(this.plane.labels[0]);
    return {
      uirevision: this.picture,
      selectionrevision: this.picture,
      dragmode: this.tool,
      hovermode: false,
      showlegend: false,
      margin: { l: named ? 48 : 34, r: 8, t: 8, b: named ? 40 : 26 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(this.root).fontFamily, color: text },
      xaxis: { ...axis, ...across, range: ranges.x },
      yaxis: { ...axis, ...up, range: ranges.y, scaleanchor: "x" },
      newselection: { line: { color: text, width: 1.5, dash: "dot" } },
      activeselection: { fillcolor: "rgba(128,128,128,0.08)", opacity: 1 },
      shapes: box
        ? [
            {
              type: "rect",
              x0: -box,
              x1: box,
              y0: -box,
              y1: box,
              layer: "below",
              line: { color: text, width: 1, dash: "dot" },
              opacity: 0.5,
            },
          ]
        : [],
    };
  }
}

/** The polygon of a Plotly selection event, or null when it was cleared. */
function selectedPolygon(event) {
  if (event?.lassoPoints) {
    const { x, y } = event.lassoPoints;
    if (x.length < 3) return null; // a flick encloses nothing
    return x.map((value, i) => [value, y[i]]);
  }
  if (event?.range) {
    const { x, y } = event.range;
    return [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]];
  }
  return null;
}
