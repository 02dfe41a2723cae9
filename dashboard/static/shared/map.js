// The picture: records and marks by Plotly, what a limit moves by an overlay; nothing here decides.

import { classColour, classSymbol, codeColour } from "../core/colours.js";
import { Overlay } from "./overlay.js";
import { loadPlotly } from "./plotly.js";
import { column } from "./store.js";

const [BRIGHT, DIM] = [0.75, 0.03]; // opacities; hundreds of dimmed points may overlap
const NEAR = 7; // pixels from the pointer within which a record counts as pointed at
const ON = 4; // and a sample, of which there are some everywhere

export class LatentMap {
  constructor(root, palette) {
    this.root = root;
    this.palette = palette;
    this.dimmed = new Set(); // classes that the legend has dimmed
    this.overlay = new Overlay(root.parentElement, palette);
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
    Object.assign(this, { table, x, y, plane, picture });
  }

  /** Colour the records by an attribute: {name, classes: [{label, count}]} or {name, low, high}. */
  setColour(attribute) {
    this.attribute = attribute;
    this.dimmed.clear();
    this.traceRows = [];
    this.recordTraces = attribute.classes
      ? this.#classTraces(attribute)
      : this.#scaleTraces(attribute);
  }

  /** Dim all records but those of a set of rows; null for none. */
  select(rows) {
    const among = (of) => of.flatMap((row, i) => (rows.has(row) ? [i] : []));
    const selectedpoints = this.traceRows.map((of) => (rows ? among(of) : null));
    return this.Plotly.restyle(this.root, { selectedpoints }, this.traceRows.map((_, i) => i));
  }

  /** A ring about a point of the plane, or none: moved often, so it is no trace of Plotly's. */
  ring(point) {
    this.overlay.ring = point;
    this.drawOverlay();
  }

  #classTraces(attribute) {
    const codes = column(this.table, attribute.name);
    const rows = attribute.classes.map(() => []);
    for (let row = 0; row < codes.length; row++) rows[codes[row]].push(row);
    return attribute.classes.map((one, code) => ({
      ...this.#points(rows[code]),
      marker: {
        size: this.size,
        color: classColour(attribute, code, this.palette),
        symbol: classSymbol(code, this.palette),
        opacity: BRIGHT,
      },
    }));
  }

  /** One trace on a colour scale; records without a value are a second one, in grey. */
  #scaleTraces({ name, low, high }) {
    const values = column(this.table, name);
    const rows = [...values.keys()];
    const [known, missing] = [rows.filter((i) => values[i] >= low), rows.filter((i) => !(values[i] >= low))];
    const trace = this.#points(known);
    trace.marker = {
      size: this.size,
      color: Float32Array.from(known, (row) => values[row]),
      cmin: low,
      cmax: high,
      colorscale: this.palette.scale.map((colour, i, all) => [i / (all.length - 1), colour]),
      showscale: false,
      opacity: BRIGHT,
    };
    if (!missing.length) return [trace];
    const grey = { ...this.#points(missing), marker: { size: this.size, color: this.palette.missing } };
    return [trace, grey];
  }

  #points(rows) {
    this.traceRows.push(rows);
    return {
      type: "scattergl",
      mode: "markers",
      x: Float32Array.from(rows, (row) => this.x[row]),
      y: Float32Array.from(rows, (row) => this.y[row]),
      hoverinfo: "skip",
      unselected: { marker: { opacity: 0.06, color: "#808080" } },
    };
  }

  get size() {
    return this.x.length > 50000 ? 2.5 : 3.5;
  }

  /** Dim a class of records, or bring it back; what is dimmed stays faintly there. */
  toggleClass(code) {
    if (!this.dimmed.delete(code)) this.dimmed.add(code);
    const opacity = this.dimmed.has(code) ? DIM : BRIGHT;
    this.recordTraces[code].marker.opacity = opacity;
    this.Plotly.restyle(this.root, { "marker.opacity": opacity }, [code]);
  }

  /** Keep one class and dim all others; called again for the same class, bring all back. */
  keepOnly(code) {
    const codes = this.recordTraces.map((_, i) => i);
    const alone = !this.dimmed.has(code) && this.dimmed.size === codes.length - 1;
    this.dimmed = new Set(alone ? [] : codes.filter((one) => one !== code));
    const opacity = codes.map((one) => (this.dimmed.has(one) ? DIM : BRIGHT));
    codes.forEach((one) => (this.recordTraces[one].marker.opacity = opacity[one]));
    this.Plotly.restyle(this.root, { "marker.opacity": opacity }, codes);
  }

  /** Everything drawn anew. Zoom, tool and selection stay, because `uirevision` does. */
  async draw() {
    const traces = [...this.recordTraces, ...this.layers.points, ...this.layers.marks];
    await this.Plotly.react(this.root, traces, this.#layout(), {
      displayModeBar: false,
      scrollZoom: true,
      doubleClick: "reset",
      responsive: true,
    });
    if (!this.following) this.#follow();
    this.drawOverlay();
  }

  /** Samples by what the rule made of them, the rejected zone and its edge; or nothing. */
  setSamples(content) {
    this.overlay.set(content);
    this.drawOverlay();
  }

  /** Draw what lies on canvases of our own where Plotly's axes are now, or will be: `ranges`. */
  drawOverlay(ranges = {}) {
    const layout = this.root._fullLayout;
    if (!layout) return;
    const { xaxis, yaxis } = layout;
    const [x0, x1] = ranges.x ?? xaxis.range;
    const [y0, y1] = ranges.y ?? yaxis.range;
    this.overlay.draw({
      left: xaxis._offset,
      top: yaxis._offset,
      width: xaxis._length,
      height: yaxis._length,
      outerWidth: this.root.clientWidth,
      outerHeight: this.root.clientHeight,
      x: (value) => xaxis._offset + ((value - x0) / (x1 - x0)) * xaxis._length,
      y: (value) => yaxis._offset + ((y1 - value) / (y1 - y0)) * yaxis._length,
    });
  }

  /** Keep the canvases with Plotly's picture when it is panned, zoomed or resized. */
  #follow() {
    const moving = (event) => {
      const range = (axis) =>
        event[`${axis}.range`] ??
        (`${axis}.range[0]` in event ? [event[`${axis}.range[0]`], event[`${axis}.range[1]`]] : null);
      this.drawOverlay({ x: range("xaxis"), y: range("yaxis") });
    };
    this.root.on("plotly_relayouting", moving);
    this.root.on("plotly_afterplot", () => this.drawOverlay());
    this.root.on("plotly_relayout", () => this.drawOverlay());
    this.following = true;
  }

  /** Marks of single points: the pinned one, the searched reg with its 1 and 2 sigma ellipses. */
  setMarks({ pin, search, cursor }) {
    const marks = [];
    // Every mark lies on a halo, to be seen on points of any colour.
    const mark = (x, y, symbol, size, colour) =>
      [[this.palette.background, 7], [colour, 3]].map(([color, width]) => ({
        type: "scattergl",
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
      type: "scattergl",
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

  /** Free what Plotly holds: WebGL contexts and listeners on the window. */
  remove() {
    this.Plotly.purge(this.root);
  }

  setTool(tool) {
    this.tool = tool;
    return this.Plotly.relayout(this.root, { dragmode: tool });
  }

  reset() {
    const { x, y } = this.#axes();
    return this.Plotly.relayout(this.root, { "xaxis.range": x, "yaxis.range": y });
  }

  /** Call `brushed` with the polygon that a person has drawn, or with null when they end it. */
  onBrush(brushed) {
    this.root.on("plotly_selected", (event) => {
      const polygon = selectedPolygon(event);
      if (!polygon || this.outlining) return;
      // With Shift held Plotly adds a second region; Python is told of one, so one is shown.
      if (this.root.layout.selections?.length > 1) this.setRegion(polygon);
      brushed(polygon);
    });
    this.root.on("plotly_deselect", () => brushed(null));
  }

  /** Show a region that did not come from a gesture here, or none. */
  setRegion(polygon) {
    if (polygon) {
      const path = polygon.map(([x, y], i) => `${i ? "L" : "M"}${x},${y}`).join("") + "Z";
      const line = { color: this.palette.text, width: 1.5, dash: "dot" };
      const selection = { type: "path", path, xref: "x", yref: "y", line };
      this.outlining = true; // Plotly tells of it as if it had been drawn
      const shown = this.Plotly.relayout(this.root, { selections: [selection] });
      this.outlining = false;
      return shown;
    }
    const traces = this.root.data.map((_, i) => i);
    return this.Plotly.update(this.root, { selectedpoints: null }, { selections: [] }, traces);
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
