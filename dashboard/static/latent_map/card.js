// A small card beside the pinned point: what is there, in three lines.

import { placeBeside } from "../core/beside.js";
import { emptyPlate } from "../core/plate.js";

export class Card {
  /** In the map's frame; `act` gets "read" or "close", which the card's buttons ask for. */
  constructor(frame, act) {
    this.element = document.createElement("div");
    this.element.className = "card";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "the pinned point");
    this.element.innerHTML = `
      <div aria-live="polite">
        <div class="code"></div>
        <div class="record"></div>
        <div class="verdict"><b></b> <span></span></div>
      </div>
      <button type="button" class="more">More in Read</button>
      <button type="button" class="close" aria-label="clear the pin" title="clear the pin (Escape)">×</button>`;
    frame.append(this.element);
    const part = (name) => this.element.querySelector(name);
    [this.record, this.verdict, this.reason] = [".record", ".verdict b", ".verdict span"].map(part);
    this.plate = part(".code").appendChild(emptyPlate("small"));
    part(".more").addEventListener("click", () => act("read"));
    part(".close").addEventListener("click", () => act("close"));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      act("close");
    });
    this.show(null);
  }

  get shown() {
    return this.at !== null;
  }

  /** Show it at a point of the plane in a view, or take it away: null. */
  show(at, view = null) {
    this.at = at;
    this.place(view);
  }

  /** What it says: the `code` decoded there, what lies there, and the rule's verdict and reason. */
  say(plates, code, lies, { verdict, reason, kind }) {
    plates.show(this.plate, code);
    this.plate.classList.toggle("unwanted", kind === "unwanted");
    this.record.replaceChildren(...lies);
    this.verdict.textContent = verdict && `${verdict}:`;
    this.reason.textContent = reason;
    this.setStale(false);
  }

  /** The verdict is of a limit that has been moved since. */
  setStale(stale) {
    this.element.classList.toggle("stale", stale);
  }

  /** Put it beside its point in a view: inside the axes, and never over the point. */
  place(view) {
    const pixels = view && this.at ? [view.x(this.at.x), view.y(this.at.y)] : null;
    this.element.hidden = !pixels || !view.holds(...pixels);
    if (this.element.hidden) return;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const [left, top] = placeBeside(pixels, { width, height }, view);
    Object.assign(this.element.style, { left: `${left}px`, top: `${top}px` });
  }
}
