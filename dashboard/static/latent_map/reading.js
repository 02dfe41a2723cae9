// The strip above the map: what the point under the pointer decodes to, with probabilities.

import { emptyPlate } from "../core/plate.js";

const SAMPLES = [
  "a proposed sample, rejected",
  "a proposed sample, accepted",
  "a proposed sample, accepted although it decodes to something unwanted",
];

export class Reading {
  constructor(root) {
    this.root = root;
    root.setAttribute("aria-live", "polite");
    root.setAttribute("aria-atomic", "true"); // the plate is the answer, the words say of what
    root.innerHTML = `
      <div class="reading-plate"></div>
      <div class="reading-text">
        <div class="reading-where"></div>
        <div class="reading-record"></div>
      </div>`;
    const holder = root.querySelector(".reading-plate");
    this.plate = emptyPlate("large");
    this.bars = document.createElement("div");
    this.bars.className = "certainty";
    holder.append(this.plate, this.bars);
    this.where = root.querySelector(".reading-where");
    this.record = root.querySelector(".reading-record");
  }

  /** What a dot is, in words, before the first is shown; "" if there is none. */
  setDot(dot) {
    this.dot = dot;
  }

  /** How codes are shown, before the first is. */
  setPlates(plates) {
    this.plates = plates;
  }

  /** Nothing is pointed at: show a point all the same, and say how to read others. `what` is "" for the middle. */
  rest(at, decoded, what) {
    this.show(at, decoded, null);
    this.root.classList.toggle("resting", !what);
    this.where.textContent = `Point anywhere on the map. This is ${what || "the middle of the map"}, decoded.`;
    const dots = this.dot ? `Each dot is ${this.dot}; every point` : "Every point";
    this.record.textContent = `${dots} of the map decodes to ${this.dot ? "one" : "a code"}.`;
  }

  /** A point and what it decodes to; `record` (or own code) and `state` (of a sample) if one is pointed at. */
  show({ x, y }, { code, certainty, from }, record, state) {
    this.root.classList.remove("resting");
    this.plates.show(this.plate, code);
    this.#certainty(this.plates.cells(code), certainty, from);
    this.where.textContent = `decoded at (${x.toFixed(3)}, ${y.toFixed(3)})`;
    if (state !== undefined) {
      this.record.textContent = `${SAMPLES[state]}; click to see why`;
      return;
    }
    if (!record) {
      this.record.textContent = this.generated();
      return;
    }
    this.record.replaceChildren(
      ...this.named(record),
      ", reconstructed as ",
      this.plates.make(record.reconstruction, "small"),
    );
  }

  /** Which record or own code is there: text and its plate. */
  named({ own, code, split }) {
    const known = split ? `${split === "train" ? "training" : split} data` : "no record";
    return [own ? "on your code " : "on the record ", this.plates.make(code, "small"), ` (${known})`];
  }

  /** That no record is there, in words. */
  generated() {
    return `no record here: this ${this.plates.format.noun} is generated`;
  }

  /**
   * A bar under each learned character, of the position that it comes `from`; under what is not
   * learned or separates an empty one.
   */
  #certainty(cells, values, from) {
    const { learned } = this.plates.format;
    if (this.bars.children.length !== cells.length) {
      this.bars.replaceChildren(...cells.map(() => document.createElement("i")));
    }
    this.bars.style.gridTemplateColumns = cells.map(({ text }) => `${this.plates.width(text)}em`).join(" ");
    cells.forEach(({ position }, i) => {
      const bar = this.bars.children[i];
      const value = learned.includes(position) ? values[learned.indexOf(from[position])] : undefined;
      bar.className = value === undefined ? "gap" : "";
      if (value === undefined) return;
      bar.style.setProperty("--sure", value.toFixed(3));
      bar.title = `probability ${Math.round(value * 100)} %`;
    });
  }
}
