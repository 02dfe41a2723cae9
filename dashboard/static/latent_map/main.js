// The latent map component: wires data from Python, the pointer, and what goes back to Python.

import { Decoder } from "../core/decoder.js";
import { Plane } from "../core/plane.js";
import { Plates } from "../core/plate.js";
import { showLegend } from "../shared/legend.js";
import { LatentMap } from "../shared/map.js";
import { mounting } from "../shared/mount.js";
import { Outbox } from "../shared/outbox.js";
import { Proposed, measured } from "../shared/proposed.js";
import { Shown } from "../shared/shown.js";
import { column, coordinates, follow, take } from "../shared/store.js";
import { write } from "../shared/text.js";
import { takeTheme } from "../shared/theme.js";
import { showTools, Switches } from "../shared/toolbar.js";
import { Card } from "./card.js";
import { Edge } from "./edge.js";
import { byLayer, partsOf } from "./layers.js";
import { Label } from "./label.js";
import { Link } from "./link.js";
import { Presenting } from "./presenting.js";
import { Reading } from "./reading.js";
import { Scrubber } from "./scrubber.js";

const ZOOMS = { "+": 0.8, "=": 0.8, "-": 1.25 };
const LAYERS = {
  records: "records", own: "yours", colours: "decoded", density: "density", zone: "zone", samples: "samples", path: "journey",
  edge: "exact edge",
};
const TABLES = ["geometry", "samples", "wanted", "painted", "density", "own", "edge"];
const DENSITY = "how densely the records lie: the mixture of all their Gaussians";
const PANEL = ".st-key-panel"; // beside the map, or below it
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export default mounting((parent) => new Explorer(parent));

class Explorer {
  constructor(parent) {
    parent.innerHTML = `
      <div class="latent-map" data-ready="false">
        <div class="reading"></div>
        <div class="actions">
          <output class="copied"></output>
          <button type="button" class="below">What is this? ↓</button>
          <button type="button" class="copy" title="the address of what is shown now, for others or for later"></button>
          <button type="button" class="present" title="map, slider, outcome and plates only, larger: for a projector"></button>
        </div>
        <div class="tools" role="toolbar" aria-label="map tools"></div>
        <div class="layers" role="group" aria-label="layers of the map"></div>
        <div class="legends">
          <div class="legend" aria-label="legend"></div>
        </div>
        <div class="frame"><div class="picture" tabindex="0" role="application"
          aria-label="latent map: arrow keys move the reading point, Enter pins it, Escape closes the card of the pin or clears the region, plus and minus zoom, 0 shows the whole map"></div></div>
        <div class="scrubber"></div>
        <p class="coming" role="status"></p>
      </div>`;
    this.element = parent.firstElementChild;
    this.part = (name) => this.element.querySelector(`.${name}`);
    this.reading = new Reading(this.part("reading"));
    this.label = new Label(this.part("frame"));
    this.scrubber = new Scrubber(this.part("scrubber"), {
      onScrub: () => {
        this.card.setStale(true);
        this.#applyRule();
      },
      onCommit: (released) => this.#send("parameter", released),
    });
    this.card = new Card(this.part("frame"), (act) => this.#useCard(act));
    this.presenting = new Presenting(this.part("present"));
    this.part("below").addEventListener("click", () => document.querySelector(PANEL)?.scrollIntoView());
    this.link = new Link(this.part("copy"), this.part("copied"));
    this.switches = new Switches(this.part("layers"), LAYERS, (hidden) => {
      this.shown.keep("hidden", hidden);
      this.#useHidden(hidden);
      this.switched = this.#send("layers", hidden);
    });
    this.part("layers").querySelector("[data-layer=density]").title = DENSITY;
    this.#showSwitch("own", false);
    this.#showSwitch("path", false);
    this.switched = 0; // the number under which the last switch was told
    this.outbox = new Outbox();
    this.shown = new Shown();
    this.shown.keep("region", null); // a new picture has none: clearing it would draw all again
    this.unfollow = follow("model", (model) => {
      this.coming = model;
      this.#stepBack();
    });
  }

  remove() {
    this.unfollow();
    this.presenting.remove();
    this.map?.remove();
  }

  /** Tell Python of a gesture; gives the number by which its answer is known. */
  #send(name, value) {
    return this.outbox.send(this.component, name, value);
  }

  /** Tell Python of something that stands on the screen already, and that it will send back. */
  #commit(name, value) {
    this.shown.keep(name, value);
    this.#send(name, value);
  }

  /** New data from Python: do what has changed, and no more. */
  async update({ data }, newest) {
    const tables = await Promise.all(TABLES.map((name) => data[name] && take(name, data[name].version)));
    if (!newest()) return;
    this.outbox.handled(data.handled);
    this.map ??= new LatentMap(this.part("picture"), data.palette);
    this.edge ??= new Edge(this.part("frame"));
    if (this.shown.changed("edge", data.edge)) this.#useEdge(tables[TABLES.indexOf("edge")]);
    if (this.#apply(data, Object.fromEntries(TABLES.map((name, i) => [name, tables[i]])))) {
      if (!this.pointing) this.#rest();
      this.map.draw();
    }
    if (!this.listening) this.#listen();
    if (this.shown.changed("region", data.region)) this.map.setRegion(data.region);
    this.scrubber.confirm(data.report);
    this.scrubber.wait(data.waiting);
    this.link.set(data.link);
    this.#showCard(data);
    this.element.dataset.ready = "true";
    this.drawn = data.link.model;
    this.#stepBack();
  }

  /** Another model is on its way: what is drawn steps back until then, as it is no longer what is chosen. */
  #stepBack() {
    const old = Boolean(this.drawn && this.coming && this.coming !== this.drawn);
    this.element.classList.toggle("old", old);
    // Nor does it take keys any more: they would act on what is not chosen.
    for (const part of this.element.children) part.inert = old && part !== this.part("coming");
    write(this.part("coming"), old ? `Loading ${this.coming}…` : "");
  }

  /** Take over what has changed; true if the map must be drawn. */
  #apply(data, { geometry, samples, wanted, painted, density, own }) {
    const theme = takeTheme(this.element, this.map.palette);
    const { version } = data.geometry;
    this.reading.setDot(data.dot);
    const layers = byLayer(data.layers);
    const parts = partsOf(layers, this.map.palette); // before anything counts as shown: it may throw
    const fresh = {
      geometry: this.shown.changed("geometry", version),
      plane: this.shown.changed("plane", [data.plane, version]),
      // Where records are shown depends on the plane's directions, not on what is decoded there.
      colour: this.shown.changed("colour", [data.colour, data.wanted, data.plane.name, version, theme]),
      layers: this.shown.changed("layers", [layers, theme]),
      marks: this.shown.changed("marks", [data.pin, data.search, data.plane, theme]),
      box: this.shown.changed("box", samples?.box ?? null),
      own: this.shown.changed("own", [data.own, data.plane.name, version, theme]),
    };
    const proposed = this.shown.changed("samples", [data.samples?.version ?? null, data.plane, theme]);
    const rule = data.rule && this.scrubber.take(data.rule, data.handled);
    if (fresh.geometry) this.#useGeometry(geometry);
    if (fresh.plane) this.#usePlane(data.plane, version);
    if (fresh.colour) this.#useColour(data.colour, wanted);
    if (fresh.layers) this.map.setLayers(parts);
    if (fresh.layers) this.#showSwitch("path", Boolean(layers.path));
    if (fresh.own) this.#useOwn(own);
    const paint = [data.painted, data.colour, data.wanted, theme];
    if (this.shown.changed("painted", paint)) this.map.setPainted(painted);
    if (this.shown.changed("density", [data.density, theme])) this.map.setDensity(density);
    if (fresh.marks) this.#useMarks(null);
    // Not an answer from before a person's last switch.
    const late = data.handled < this.switched;
    if (!late && this.shown.changed("hidden", data.hidden)) this.#useHidden(data.hidden);
    if (proposed) this.#useSamples(samples);
    if (this.proposed && (proposed || rule)) this.#applyRule();
    return Object.values(fresh).some(Boolean);
  }

  #useGeometry(geometry) {
    this.geometry = geometry;
    this.decoder = new Decoder(column(geometry.weights, "weights"), geometry);
    this.means = coordinates(geometry.records);
    this.plates = new Plates(geometry.format);
    this.reading.setPlates(this.plates);
    this.label.setPlates(this.plates);
    this.scrubber.setPlates(this.plates);
    this.element.style.setProperty("--cells", this.plates.longest);
    this.element.dataset.many = String(this.means.length > 2);
    this.part("layers").querySelector("[data-layer=edge]").hidden = this.means.length !== 2;
    this.scrubber.setDimensions(this.means.length);
    this.codes = geometry.records.getChild("code");
    this.splits = geometry.records.getChild("split");
  }

  #usePlane(plane, version) {
    this.plane = new Plane(plane);
    const { x, y } = this.plane.projectAll(this.means);
    // Another model or other axes are another picture, which begins with the whole map.
    this.map.setRecords(x, y, this.plane, `${version} ${plane.name}`);
  }

  /** Colour by an attribute of the records, or by what is `wanted`, which has a table of its own. */
  #useColour(name, wanted) {
    const attribute = wanted?.legend ?? this.geometry.attributes.find((one) => one.name === name);
    const values = column(wanted?.table ?? this.geometry.values, name);
    this.map.setColour({ ...attribute, count: this.map.x.length }, values);
    showLegend(this.part("legend"), [this.map.records]);
    this.#showSwitch("colours", !attribute.isColumn); // what is decoded has no columns
    this.part("paint").hidden = attribute.isColumn;
  }

  /** A person's own codes, with a legend of their own, or nothing. */
  #useOwn(table) {
    this.own = table && {
      z: coordinates(table.table),
      code: table.table.getChild("code"),
      split: table.table.getChild("split"),
    };
    const { x, y } = this.own ? this.plane.projectAll(this.own.z) : { x: [], y: [] };
    const attribute = table?.legend ?? { classes: [] };
    this.map.setOwn(x, y, attribute, table ? column(table.table, "value") : []);
    this.part("legend.own")?.remove();
    this.#showSwitch("own", Boolean(table));
    if (!table) return;
    const legend = document.createElement("div");
    legend.className = "legend own";
    legend.setAttribute("aria-label", attribute.label);
    this.part("legends").append(legend);
    showLegend(legend, [this.map.own]);
    legend.prepend(Object.assign(document.createElement("p"), { textContent: table.title }));
  }

  /** The switch of own codes, or of a journey, is there if they are. */
  #showSwitch(layer, there) {
    this.part("layers").querySelector(`[data-layer=${layer}]`).hidden = !there;
  }

  #useSamples(table) {
    this.proposed = table && new Proposed(table, this.plane);
    this.map.setSamples(null);
    this.map.box = table?.box;
    this.scrubber.toggle(Boolean(table));
    if (!table) return;
    this.scrubber.configure({
      tails: { tail: column(table.tails, "tail"), notebook: column(table.tails, "notebook") },
      heldOut: { count: table.heldOut.numRows, measures: measured(table.heldOut, table.measures) },
    });
  }

  #useHidden(hidden) {
    this.switches.show(hidden);
    this.element.dataset.hidden = hidden.join(" ");
    for (const layer of Object.keys(LAYERS)) this.map.showLayer(layer, !hidden.includes(layer));
    this.edge.hidden = hidden.includes("edge");
    this.#drawEdge();
  }

  #useEdge(sent) {
    this.edge.set(sent);
    this.#drawEdge();
  }

  #drawEdge() {
    if (this.map?.view) this.edge.draw(this.map.view, this.map.palette);
  }

  #useMarks(cursor) {
    const { pin, search } = this.component.data;
    this.cursor = cursor;
    this.map.setMarks({ pin: pin && this.plane.project(pin), search, cursor });
  }

  /** Apply the rule at the sliders' values to figures, plates, samples, the zone and its edge. */
  #applyRule() {
    this.proposed.apply(this.scrubber.limits, this.map);
    this.scrubber.show(this.proposed.samples, this.proposed.states);
  }

  // --- gestures -----------------------------------------------------------------------------------

  #listen() {
    this.listening = true;
    const picture = this.part("picture");
    picture.addEventListener("pointermove", (event) => this.#point(event));
    picture.addEventListener("pointerdown", (event) => this.#press(event));
    picture.addEventListener("pointerleave", () => this.#rest());
    picture.addEventListener("keydown", (event) => this.#key(event));
    this.map.onPlace((view) => {
      this.card.place(view);
      this.edge.draw(view, this.map.palette);
    });
    this.#drawEdge();
    this.map.onClick((at) => this.#pick(at));
    this.map.onBrush((polygon) => this.#commit("region", polygon));
    showTools(this.part("tools"), [this.map], ["pan", "select", "lasso"], {
      "Whole map": () => this.map.reset(),
    });
  }

  #point(event) {
    const at = this.map.toData(event);
    this.pointing = at !== null;
    if (at) this.#label(event, this.#read(at));
    else this.#rest();
  }

  /** A finger points before it moves. The strip may grow by a line, so it waits until the finger is gone. */
  #press(event) {
    const at = this.map.toData(event);
    if (at) this.#label(event, this.decoder.decode(this.plane.lift(at)));
  }

  /** What is decoded, beside the pointer too; not while a mouse drags, nor between two fingers. */
  #label(event, { code }) {
    const { gestures, view } = this.map;
    const finger = event.pointerType === "touch";
    if (finger ? gestures.pointers.size > 1 : event.buttons) this.label.hide();
    else this.label.show(gestures.at(event), code, view, finger);
  }

  /** Nothing is pointed at: the strip reads the pinned point, the searched code, or the middle. */
  #rest() {
    this.pointing = false;
    this.label.hide();
    const { pin, search } = this.component.data;
    const z = pin ?? search?.mean ?? this.plane.lift({ x: 0, y: 0 });
    const what = pin ? "the pinned point" : search ? `the searched ${this.plates.format.noun}` : "";
    this.reading.rest(this.plane.project(z), this.decoder.decode(z), what);
  }

  /** Read a point in the strip; returns what is decoded there. */
  #read(at) {
    const { record, sample, own } = this.map.at(at);
    const what = own >= 0 ? this.#ownCode(own) : record < 0 ? null : this.#record(record);
    const state = sample < 0 ? undefined : this.proposed.states[sample];
    const decoded = this.decoder.decode(this.plane.lift(at));
    this.reading.show(at, decoded, what, state);
    return decoded;
  }

  #record(row) {
    const reconstruction = this.#reconstruction(this.means, row);
    return { code: this.codes.get(row), split: this.splits.get(row), reconstruction };
  }

  #ownCode(row) {
    const reconstruction = this.#reconstruction(this.own.z, row);
    return { own: true, code: this.own.code.get(row), split: this.own.split.get(row), reconstruction };
  }

  #reconstruction(columns, row) {
    return this.decoder.decode(columns.map((column) => column[row])).code;
  }

  /** Pin a point: a sample, a record or an own code if one is pointed at, else the very point. */
  #pick(at) {
    const { record, sample, own } = this.map.at(at);
    this.#read(at);
    const found = [[own, this.own?.z], [sample, this.proposed?.samples.z], [record, this.means]];
    const [row, columns] = found.find(([one]) => one >= 0) ?? [-1];
    this.#send("pick", row < 0 ? this.plane.lift(at) : columns.map((column) => column[row]));
  }

  // --- the card at the pin ------------------------------------------------------------------------

  #showCard({ card, pin }) {
    if (card) this.card.say(this.plates, this.decoder.decode(pin).code, this.#lies(pin), card);
    this.card.show(card && this.plane.project(pin), this.map.view);
  }

  /** What lies at a point: an own code or a record whose mean it is, in words and with its plate. */
  #lies(z) {
    const own = this.own ? rowAt(this.own.z, z) : -1;
    if (own >= 0) return this.reading.named(this.#ownCode(own));
    const row = rowAt(this.means, z);
    return row < 0 ? [this.reading.generated()] : this.reading.named(this.#record(row));
  }

  /** Its buttons go with it: what is looked for next gets the focus. */
  #useCard(act) {
    this.card.show(null);
    if (act === "read") document.querySelector(`${PANEL} [role=tab]`)?.focus();
    else this.part("picture").focus();
    this.#send("card", act);
  }

  #key(event) {
    if (!this.map?.view || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? 1 : 10; // pixels
      const { pin } = this.component.data;
      const from = this.cursor ?? (pin ? this.plane.project(pin) : this.map.centre);
      const [dx, dy] = arrow.map((one) => one * step * this.map.view.unit);
      this.#useMarks(this.map.nearest({ x: from.x + dx, y: from.y + dy }));
      this.map.draw();
      this.label.hide();
      this.#read(this.cursor);
    } else if (ZOOMS[event.key]) {
      this.map.zoom(ZOOMS[event.key]);
    } else if (event.key === "0") {
      this.map.reset();
    } else if (event.key === "Enter" && this.cursor) {
      this.#pick(this.cursor);
    } else if (event.key === "Escape" && this.card.shown) {
      this.#useCard("close");
      event.stopPropagation();
    } else if (event.key === "Escape") {
      this.map.setRegion(null);
      this.#commit("region", null);
    } else {
      return;
    }
    event.preventDefault();
  }
}

const SAME = 0.51e-4; // of a coordinate: what is pinned is rounded to four decimals

/** The row of `columns`, one for each coordinate, that is a point but for its rounding; -1 for none. */
function rowAt(columns, z) {
  const found = { row: -1, away: SAME };
  for (let row = 0; row < columns[0].length; row++) {
    let away = 0;
    for (let i = 0; i < z.length && away <= found.away; i++) away = Math.max(away, Math.abs(columns[i][row] - z[i]));
    if (away <= found.away) Object.assign(found, { row, away });
  }
  return found.row;
}
