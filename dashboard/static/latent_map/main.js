// The latent map component: wires data from Python, the pointer, and what goes back to Python.

import { contour } from "./contour.js";
import { Decoder } from "./decoder.js";
import { showLegend } from "./legend.js";
import { LatentMap, selectedPolygon } from "./map.js";
import { Reading } from "./reading.js";
import { Scrubber, judge } from "./scrubber.js";
import { column, take } from "./store.js";

const SLIP = 4; // pixels a pointer may move between press and release of a click
const TOOLS = [
  ["pan", "Move"],
  ["select", "Box"],
  ["lasso", "Lasso"],
];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const explorers = new WeakMap(); // parentElement -> Explorer

export default async function mount(component) {
  const { parentElement } = component;
  let explorer = explorers.get(parentElement);
  if (!explorer) {
    explorer = new Explorer(parentElement);
    explorers.set(parentElement, explorer);
  }
  try {
    await explorer.update(component);
  } catch (error) {
    explorer.fail(error);
    throw error;
  }
}

class Explorer {
  constructor(parent) {
    parent.innerHTML = `
      <div class="latent-map" data-ready="false">
        <div class="reading"></div>
        <div class="tools" role="toolbar" aria-label="map tools"></div>
        <div class="key"><span>Samples:</span>
          <span><i class="accepted"></i>accepted</span>
          <span><i class="impure"></i>accepted, yet unwanted</span>
          <span><i class="rejected"></i>rejected: inside the line</span></div>
        <div class="legend" aria-label="legend"></div>
        <div class="picture" tabindex="0" role="application"
          aria-label="latent map: arrow keys move the reading point, Enter pins it, Escape clears the region"></div>
        <div class="scrubber"></div>
        <p class="failure" role="alert" hidden></p>
      </div>`;
    this.element = parent.firstElementChild;
    this.part = (name) => this.element.querySelector(`.${name}`);
    this.reading = new Reading(this.part("reading"));
    this.scrubber = new Scrubber(this.part("scrubber"), {
      onScrub: () => this.scrub(),
      onCommit: (threshold) => this.send("threshold", threshold),
    });
    this.shown = {}; // version of everything that is on the screen
  }

  send(name, value) {
    this.component.setStateValue(name, value);
  }

  fail(error) {
    const place = this.part("failure");
    place.textContent = `The map could not be drawn: ${error.message}`;
    place.hidden = false;
  }

  /** New data from Python: do only what changed, so that a rerun costs nothing. */
  async update(component) {
    this.component = component;
    const { data } = component;
    const geometry = await take(data.geometry.name, data.geometry.version);
    const samples = data.samples && (await take(data.samples.name, data.samples.version));
    const first = !this.map;
    this.map ??= await LatentMap.create(this.part("picture"), data.palette);
    if (this.component !== component) return; // newer data came while this waited
    let stale = first;
    const changed = (name, version) => {
      const before = this.shown[name];
      this.shown[name] = JSON.stringify(version);
      return before !== this.shown[name];
    };
    if (changed("geometry", data.geometry.version)) stale = this.#useGeometry(geometry);
    if (changed("colour", [data.colour, data.geometry.version])) stale = this.#useColour(data.colour);
    if (changed("decoded", data.decoded)) stale = this.map.setDecoded(data.decoded) ?? true;
    const theme = this.#theme();
    if (changed("theme", theme)) stale = true;
    if (changed("marks", [data.pin, data.search, theme])) {
      this.cursor = null;
      stale = this.#useMarks() ?? true;
    }
    const fresh = changed("samples", data.samples?.version ?? null);
    if (fresh) stale = this.#useSamples(samples);
    if (changed("threshold", data.threshold)) this.scrubber.set(data.threshold);
    if (stale) await this.map.draw();
    if (first) this.#listen();
    if (changed("region", data.region)) await this.map.setRegion(data.region);
    if (stale && !this.pointing) this.#rest();
    if (this.samples) this.scrub();
    this.scrubber.confirm(data.report);
    this.element.dataset.ready = "true";
  }

  #theme() {
    const style = getComputedStyle(this.element);
    const text = style.getPropertyValue("--st-text-color").trim() || style.color;
    Object.assign(this.map.palette, {
      text,
      edge: text,
      grid: style.getPropertyValue("--st-border-color-light").trim() || "rgba(128,128,128,.2)",
    });
    return text;
  }

  #useGeometry(geometry) {
    this.geometry = geometry;
    const weights = column(geometry.weights, "weights");
    this.decoder = new Decoder(weights, geometry.layers, geometry.blocks);
    this.map.setRecords(geometry.records, geometry.extent);
    this.regs = geometry.records.getChild("reg");
    this.splits = geometry.records.getChild("split");
    return true;
  }

  #useColour(name) {
    const attribute = this.geometry.attributes.find((one) => one.name === name);
    this.map.setColour({ ...attribute, count: this.map.x.length });
    const legend = this.part("legend");
    const shown = { ...attribute, count: this.map.x.length };
    showLegend(legend, shown, this.map.palette, (code) => this.map.toggleClass(code));
    return true;
  }

  #useSamples(table) {
    this.samples = null;
    this.map.clearSamples();
    this.map.box = table?.box;
    this.part("scrubber").hidden = !table;
    if (table) {
      const regs = table.samples.getChild("reg");
      this.samples = {
        x: column(table.samples, "x"),
        y: column(table.samples, "y"),
        distance: column(table.samples, "distance"),
        wanted: column(table.samples, "wanted"),
        reg: (row) => regs.get(row),
      };
      this.field = { ...table.grid, values: column(table.field, "distance") };
      this.scrubber.configure({
        maximum: table.maximum,
        tails: { tail: column(table.tails, "tail"), notebook: column(table.tails, "notebook") },
      });
      // A new maximum may have clipped the slider.
      this.scrubber.set(this.component.data.threshold);
    }
    return true;
  }

  #useMarks() {
    const { pin, search } = this.component.data;
    this.map.setMarks({ pin, search, cursor: this.cursor });
  }

  /** One step of the threshold: judge, recolour, redraw the edge, and list the plates. */
  scrub() {
    const { threshold } = this.scrubber;
    const states = judge(this.samples, threshold);
    this.scrubber.show(this.samples, states);
    return this.map.setThreshold(this.samples, states, contour(this.field, threshold));
  }

  // --- gestures -----------------------------------------------------------------------------------

  #listen() {
    const picture = this.part("picture");
    picture.addEventListener("pointermove", (event) => this.#point(event));
    picture.addEventListener("pointerleave", () => this.#rest());
    picture.addEventListener("pointerdown", (event) => {
      this.pressed = { x: event.clientX, y: event.clientY };
      // While a button is down Plotly covers the page, so the release happens outside the picture.
      window.addEventListener("pointerup", (up) => this.#release(up), { once: true, capture: true });
    });
    picture.addEventListener("keydown", (event) => this.#key(event));
    picture.on("plotly_selected", (event) => {
      const polygon = selectedPolygon(event);
      if (polygon) this.#sendRegion(polygon);
    });
    picture.on("plotly_deselect", () => this.#sendRegion(null));
    this.#buildTools();
  }

  #sendRegion(polygon) {
    // What comes back from Python will be this very region, which is on the screen already.
    this.shown.region = JSON.stringify(polygon);
    this.send("region", polygon);
  }

  #buildTools() {
    const buttons = TOOLS.map(([tool, label]) => {
      const button = Object.assign(document.createElement("button"), {
        type: "button",
        textContent: label,
      });
      button.addEventListener("click", () => {
        this.map.setTool(tool);
        for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      });
      button.setAttribute("aria-pressed", String(tool === this.map.tool));
      return button;
    });
    const whole = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: "Whole map",
    });
    whole.addEventListener("click", () => this.map.reset());
    this.part("tools").replaceChildren(...buttons, whole);
  }

  #point(event) {
    const at = this.map.toData(event);
    this.pointing = at !== null;
    if (at) this.#read(at);
    else this.#rest();
  }

  /** Nothing is pointed at: the strip reads the pinned point, or the middle of the map. */
  #rest() {
    this.pointing = false;
    const at = this.component.data.pin ?? { x: 0, y: 0 };
    this.reading.rest(at, this.decoder.decode([at.x, at.y]), Boolean(this.component.data.pin));
  }

  #read(at) {
    const row = this.map.recordAt(at);
    const record = row < 0 ? null : this.#record(row);
    this.reading.show(at, this.decoder.decode([at.x, at.y]), record);
  }

  #record(row) {
    const rebuilt = this.decoder.decode([this.map.x[row], this.map.y[row]]).reg;
    return { reg: this.regs.get(row), split: this.splits.get(row), rebuilt };
  }

  #release(event) {
    const { pressed } = this;
    this.pressed = null;
    if (!pressed) return;
    const moved = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
    const at = this.map.toData(event);
    if (moved <= SLIP && at) this.#pick(at);
  }

  /** Pin a point: a record if one is pointed at, else the very point. */
  #pick(at) {
    const row = this.map.recordAt(at);
    this.#read(at);
    this.send("pick", row < 0 ? at : { x: this.map.x[row], y: this.map.y[row] });
  }

  #key(event) {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? 1 : 10; // pixels
      const from = this.cursor ?? this.map.centre;
      const scale = this.map.scale;
      this.cursor = { x: from.x + arrow[0] * step * scale.x, y: from.y + arrow[1] * step * scale.y };
      this.#useMarks();
      this.map.draw();
      this.#read(this.cursor);
    } else if (event.key === "Enter" && this.cursor) {
      this.#pick(this.cursor);
    } else if (event.key === "Escape") {
      this.map.setRegion(null);
      this.#sendRegion(null);
    } else {
      return;
    }
    event.preventDefault();
  }
}
