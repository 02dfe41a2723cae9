// Two latent maps under one rule, linked by the codes that both know: what is brushed or pointed at in
// one is shown in the other.

import { Decoder } from "../core/decoder.js";
import { Plane } from "../core/plane.js";
import { Plates, emptyPlate } from "../core/plate.js";
import { tally } from "../core/rule.js";
import { showLegend } from "../shared/legend.js";
import { LatentMap } from "../shared/map.js";
import { mounting } from "../shared/mount.js";
import { Outbox } from "../shared/outbox.js";
import { PlateList, agreement, showHeadline } from "../shared/outcome.js";
import { Proposed } from "../shared/proposed.js";
import { Shown } from "../shared/shown.js";
import { Sliders } from "../shared/sliders.js";
import { column, coordinates, take } from "../shared/store.js";
import { write } from "../shared/text.js";
import { takeTheme } from "../shared/theme.js";
import { showTools, Switches } from "../shared/toolbar.js";

const SIDES = ["left", "right"];
const SHOWN = 24; // plates below a map
const LAYERS = { records: "records", colours: "decoded", zone: "zone", samples: "samples" };

export default mounting((parent) => new Comparison(parent));

class Comparison {
  constructor(parent) {
    const side = (name) => `
      <section class="side" data-side="${name}">
        <div class="title"><b></b><span class="certain"></span></div>
        <div class="frame"><div class="picture" role="img"
          aria-label="latent map at the ${name}; without a mouse, the box of predicates lights up records"></div></div>
        <div class="decided" aria-live="polite"><span class="headline"></span>
          <small title="when the slider is released, the server counts all samples again">counted on the server: <span class="confirmed"></span></small></div>
        <div class="plates" role="region" aria-label="decoded codes of accepted samples at the ${name}"></div>
      </section>`;
    parent.innerHTML = `
      <div class="comparison" data-ready="false">
        <div class="buttons">
          <div class="tools" role="toolbar" aria-label="map tools"></div>
          <div class="layers" role="group" aria-label="layers of the maps"></div>
        </div>
        <div class="legend" aria-label="legend"></div>
        ${SIDES.map(side).join("")}
        <div class="rule-bar">
          <ul class="key">
            <li><i class="accepted"></i>accepted and wanted</li>
            <li><i class="impure"></i>accepted, but decodes to unwanted</li>
            <li><i class="rejected"></i>rejected: in the zone</li>
          </ul>
          <div class="scrub-row"></div>
        </div>
      </div>`;
    this.element = parent.firstElementChild;
    this.sides = SIDES.map((name) => new Side(name, this.element.querySelector(`[data-side=${name}]`)));
    this.sliders = new Sliders(this.element.querySelector(".scrub-row"), {
      onScrub: () => this.#decide(),
      onCommit: (released) => this.outbox.send(this.component, "parameter", released),
    });
    this.outbox = new Outbox();
    this.shown = new Shown();
  }

  get maps() {
    return this.sides.map((side) => side.map);
  }

  remove() {
    this.maps.forEach((map) => map?.remove());
  }

  async update({ data }, newest) {
    const models = SIDES.map((name) => data[name]);
    const tables = await Promise.all(models.map(tablesOf));
    if (!newest()) return;
    this.outbox.handled(data.handled);
    // One palette for good: everything that is drawn has it.
    this.palette ??= data.palette;
    this.sides.forEach((side) => side.create(this.palette));
    // Not the report on a rule, which moves nothing.
    const views = models.map(({ report, ...view }) => view);
    const drawn = [views, data.colour, takeTheme(this.element, this.palette)];
    const fresh = this.shown.changed("drawn", drawn);
    if (fresh) {
      this.sides.forEach((side, i) => side.use(tables[i], models[i], data.colour));
      this.rows = link(...this.sides);
      this.linked = this.rows[0].some((row) => row >= 0); // some code is known to both
      showLegend(this.element.querySelector(".legend"), this.maps.map((map) => map.records));
    }
    if (this.sliders.take(data.rule, data.handled) || fresh) this.#decide();
    if (fresh) this.maps.forEach((map) => map.draw());
    this.sides.forEach((side, i) => side.confirm(models[i].report, this.sliders.values));
    if (!this.listening) this.#listen();
    // What is drawn anew has nothing selected.
    if (this.shown.changed("selected", [data.selected?.id, drawn])) {
      // A first picture without a selection needs no second drawing.
      if (data.selected || this.applied) this.#apply(data.selected);
    }
    this.element.dataset.ready = "true";
  }

  /** A selection that Python knows: rows of the left and of the right map, or null. */
  #apply(selected) {
    this.applied = true;
    for (const side of this.sides) {
      // An outline that was drawn for something else would go on selecting what it holds.
      side.map.setRegion(selected?.outline[side.name] ?? null);
      const rows = selected?.[side.name]; // null where the other model has no record of these
      side.select(rows ? new Set(rows) : null);
    }
  }

  /** Apply the rule at the slider's value to both maps. */
  #decide() {
    const { limits, values } = this.sliders;
    this.sliders.show();
    for (const side of this.sides) {
      side.decide(limits);
      side.confirm(side.report, values);
    }
  }

  #listen() {
    this.listening = true;
    new Switches(this.element.querySelector(".layers"), LAYERS, (hidden) => {
      for (const layer of Object.keys(LAYERS)) {
        this.maps.forEach((map) => map.showLayer(layer, !hidden.includes(layer)));
      }
    });
    showTools(this.element.querySelector(".tools"), this.maps, ["lasso", "select", "pan"], {
      "Whole maps": () => this.maps.forEach((map) => map.reset()),
      Clear: () => this.#clear(),
    });
    this.sides.forEach((side, at) => {
      side.picture.addEventListener("pointermove", (event) => this.#point(at, event));
      side.picture.addEventListener("pointerleave", () => this.sides.forEach((one) => one.rest()));
      side.map.onBrush((polygon) => (polygon ? this.#brush(at, polygon) : this.#clear()));
    });
  }

  /** Records in a polygon of one map light up in both; Python is told, and counts them again. */
  #brush(at, polygon) {
    const side = this.sides[at];
    const rows = [...side.map.rows]; // the map has selected them
    const other = this.sides[1 - at];
    const others = new Set(rows.map((row) => this.rows[at][row]).filter((row) => row >= 0));
    other.map.setRegion(null);
    other.select(this.linked ? others : null);
    this.outbox.send(this.component, "brush", { side: side.name, polygon });
  }

  #clear() {
    for (const side of this.sides) {
      side.map.setRegion(null);
    }
    this.outbox.send(this.component, "brush", null);
  }

  /** The record that is pointed at is ringed in both maps, with each model's reconstruction. */
  #point(at, event) {
    const side = this.sides[at];
    const place = side.map.toData(event);
    const row = place ? side.map.at(place).record : -1;
    if (row < 0) {
      side.read(place);
      this.sides[1 - at].rest();
      return;
    }
    side.show(row);
    this.sides[1 - at].show(this.rows[at][row]);
  }
}

/** The tables of a side, once they are here. */
async function tablesOf(model) {
  const names = ["geometry", "painted", "samples"];
  const found = await Promise.all(
    names.map((name) => model[name] && take(model[name].name, model[name].version)));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}

/** One of the two maps, with its decoder, the line above it, and what is accepted below it. */
class Side {
  constructor(name, root) {
    this.name = name;
    this.root = root;
    this.headline = root.querySelector(".headline");
    this.confirmed = root.querySelector(".confirmed");
    this.list = new PlateList(root.querySelector(".plates"), SHOWN);
    this.picture = root.querySelector(".picture");
    this.title = root.querySelector("b");
    this.words = root.querySelector(".certain");
    this.plate = emptyPlate("small");
  }

  create(palette) {
    this.map ??= new LatentMap(this.picture, palette);
  }

  use({ geometry, painted, samples }, model, colour) {
    this.decoder = new Decoder(column(geometry.weights, "weights"), geometry);
    this.plates = new Plates(geometry.format);
    this.list.setPlates(this.plates);
    this.means = coordinates(geometry.records);
    this.plane = new Plane(model.plane);
    this.codes = geometry.records.getChild("code");
    const attribute = geometry.attributes.find((one) => one.name === colour);
    const { x, y } = this.plane.projectAll(this.means);
    this.map.setRecords(x, y, this.plane, `${geometry.version} ${model.plane.name}`);
    this.map.setColour({ ...attribute, count: this.means[0].length }, column(geometry.values, colour));
    this.map.setPainted(painted);
    this.map.setSamples(null);
    this.map.box = samples?.box;
    this.proposed = samples && new Proposed(samples, this.plane);
    this.root.classList.toggle("empty", !samples);
    this.found = null;
    this.title.textContent = model.name;
    this.rest();
  }

  /** Apply limits to samples, zone, headline and plates. */
  decide(limits) {
    if (!this.proposed) {
      write(this.headline, "No samples: see the warning above the maps.");
      this.headline.classList.remove("bad");
      return this.list.clear();
    }
    this.proposed.apply(limits, this.map);
    const { samples, states } = this.proposed;
    this.found = tally(states);
    showHeadline(this.headline, this.found);
    this.list.show(samples, states);
  }

  /** Python's report, beside what is counted here at some values of the sliders. */
  confirm(report, values) {
    this.report = report;
    if (this.found) write(this.confirmed, agreement(report, values, this.found));
  }

  select(rows) {
    return this.map.select(rows);
  }

  rest() {
    this.words.replaceChildren("point at a record to see it in both maps");
    this.map.ring(null);
  }

  /** A place of the map without a record: what is decoded there. */
  read(place) {
    this.map.ring(null);
    if (!place) return;
    this.#say("decodes to", this.decoder.decode(this.plane.lift(place)).code);
  }

  /** A record, by its row; -1 if this model has no such record. */
  show(row) {
    if (row < 0) {
      this.words.replaceChildren("this model has no such record");
      this.map.ring(null);
      return;
    }
    const z = this.means.map((values) => values[row]);
    this.map.ring({ x: this.map.x[row], y: this.map.y[row] });
    this.#say(`${this.plates.pretty(this.codes.get(row))} is reconstructed as`, this.decoder.decode(z).code);
  }

  #say(words, code) {
    this.plates.show(this.plate, code);
    this.words.replaceChildren(`${words} `, this.plate);
  }
}

/** For each side, the other side's row of the same code, or -1. */
function link(left, right) {
  const rowsOf = (side) => new Map(Array.from(side.codes, (code, row) => [code, row]));
  const match = (side, rows) => Int32Array.from(side.codes, (code) => rows.get(code) ?? -1);
  return [match(left, rowsOf(right)), match(right, rowsOf(left))];
}
