// The strip above the map: what the point under the pointer decodes to, and how surely.

import { plate, showReg } from "../core/plate.js";

const HOW =
  "The decoder reads every point as a reg. The bars say how sure it is of each character.";

const SAMPLES = [
  "a proposed sample, rejected",
  "a proposed sample, accepted",
  "a proposed sample, accepted although it decodes to something unwanted",
];

export class Reading {
  constructor(root) {
    root.setAttribute("aria-live", "polite");
    root.setAttribute("aria-atomic", "true"); // the plate is the answer, the words say of what
    root.innerHTML = `
      <div class="reading-plate"></div>
      <div class="reading-text">
        <div class="reading-where"></div>
        <div class="reading-record"></div>
      </div>`;
    const holder = root.querySelector(".reading-plate");
    this.plate = plate("", "large");
    this.bars = document.createElement("div");
    this.bars.className = "certainty";
    for (let i = 0; i < 8; i++) this.bars.append(document.createElement("i"));
    holder.append(this.plate, this.bars);
    this.where = root.querySelector(".reading-where");
    this.record = root.querySelector(".reading-record");
  }

  /** Nothing is pointed at: show a point all the same, and say how to read others. */
  rest(at, decoded, what) {
    this.show(at, decoded, null);
    this.where.textContent = `Point anywhere on the map. This is ${what}, decoded.`;
    this.record.textContent = HOW;
  }

  /** A point and what it decodes to; `record` and `state` (of a sample) if one is pointed at. */
  show({ x, y }, { reg, certainty }, record, state) {
    showReg(this.plate, reg);
    this.#certainty(certainty);
    this.bars.style.gridTemplateColumns = [...reg.slice(0, 4), " ", ...reg.slice(4)]
      .map((c) => (c === " " ? "0.22em" : "1I".includes(c) ? "0.25em" : "0.61em")).join(" ");
    this.where.textContent = `decoded at (${x.toFixed(3)}, ${y.toFixed(3)})`;
    if (state !== undefined) {
      this.record.textContent = `${SAMPLES[state]}; click to see why`;
      return;
    }
    if (!record) {
      this.record.textContent = "no record here: the decoder makes this reg up";
      return;
    }
    this.record.replaceChildren(
      "on the record ",
      plate(record.reg, "small"),
      ` (${record.split === "train" ? "training" : record.split} data), which comes back as `,
      plate(record.rebuilt, "small"),
    );
  }

  #certainty(values) {
    values.forEach((value, i) => {
      // The bar after the fourth stands under the plate's gap and stays empty.
      const bar = this.bars.children[i < 4 ? i : i + 1];
      bar.style.setProperty("--sure", value.toFixed(3));
      bar.title = `${Math.round(value * 100)} % sure`;
    });
  }
}
