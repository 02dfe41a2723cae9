// The threshold: dragged here, applied here at every step, committed to Python on release.

import { plate, showReg } from "./plate.js";

const SHOWN = 48; // plates in the list

/** 0 = rejected, 1 = accepted and wanted, 2 = accepted although it decodes to something unwanted. */
export function judge(samples, threshold) {
  return Array.from(samples.distance, (distance, i) =>
    distance > threshold ? (samples.wanted[i] ? 1 : 2) : 0,
  );
}

export class Scrubber {
  constructor(root, { onScrub, onCommit }) {
    this.root = root;
    root.innerHTML = `
      <label class="scrub-row"><span>Reject within</span>
        <input type="range" aria-label="Mahalanobis threshold" min="0">
        <output></output><span class="rule"></span></label>
      <div class="outcome">
        <dl class="figures">
          <div><dt>accepted</dt><dd data-figure="accepted"></dd></div>
          <div><dt title="share of the accepted samples that decode to a wanted reg">purity</dt><dd data-figure="purity"></dd></div>
          <div><dt title="share of one record's own Gaussian that lies beyond the threshold: chi-square with as many degrees of freedom as the map has dimensions">tail probability</dt><dd data-figure="tail"></dd></div>
          <div><dt title="2 (1 - erf(threshold / 2)), published by the notebook; the tail of no Gaussian here">the notebook's tail</dt><dd data-figure="notebook"></dd></div>
        </dl>
        <ul class="key">
          <li><i class="accepted"></i>accepted and wanted<b data-figure="wanted"></b></li>
          <li><i class="impure"></i>accepted, but decodes to unwanted<b data-figure="impure"></b></li>
          <li><i class="rejected"></i>rejected: inside the solid line<b data-figure="rejected"></b></li>
          <li><i class="box"></i>the box that samples come from</li>
        </ul>
        <p class="note"><span data-figure="shown"></span>
          <span title="on release Python counts all samples again; what is reported or exported is its count">Python's count:
            <b data-figure="confirmed"></b></span></p>
      </div>
      <p class="outcome none">No samples: the rule of what is unwanted cannot be used.</p>
      <div class="plates" aria-label="decoded regs of accepted samples"></div>`;
    this.slider = root.querySelector("input");
    this.output = root.querySelector("output");
    this.list = root.querySelector(".plates");
    this.figures = Object.fromEntries(
      [...root.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, e]),
    );
    this.plates = Array.from({ length: SHOWN }, () => plate("", "small"));
    this.list.append(...this.plates);
    this.slider.addEventListener("input", () => onScrub(this.threshold));
    this.slider.addEventListener("change", () => onCommit(this.threshold));
  }

  get threshold() {
    return Number(this.slider.value);
  }

  /** `tails` has the tail and the notebook's figure for every step of the slider. */
  configure({ maximum, step, tails }) {
    Object.assign(this.slider, { max: maximum, step });
    this.step = step;
    this.tails = tails;
  }

  set(threshold, rule) {
    this.slider.value = threshold;
    this.root.querySelector(".rule").textContent = `of any reg with ${rule}`;
  }

  /** Show the figures and plates, or that there are no samples. */
  toggle(there) {
    this.root.classList.toggle("empty", !there);
    if (!there) this.plates.forEach((element) => (element.hidden = true));
  }

  /** Figures and plates for the present threshold. */
  show(samples, states) {
    const threshold = this.threshold;
    const rows = [];
    let wanted = 0;
    let accepted = 0;
    states.forEach((state, i) => {
      if (!state) return;
      accepted += 1;
      if (state === 1) wanted += 1;
      if (rows.length < SHOWN) rows.push(i);
    });
    const step = Math.round(threshold / this.step);
    this.output.textContent = `${threshold.toFixed(2)} σ`;
    this.#write("accepted", `${count(accepted)} of ${count(states.length)}`);
    this.#write("purity", accepted ? (wanted / accepted).toFixed(3) : "none accepted");
    this.#write("wanted", count(wanted));
    this.#write("impure", count(accepted - wanted));
    this.#write("rejected", count(states.length - accepted));
    this.#write("shown", `Plates: ${rows.length} of ${count(accepted)}.`);
    this.#write("tail", percent(this.tails.tail[step]));
    this.#write("notebook", percent(this.tails.notebook[step]));
    this.seen = { threshold, proposed: states.length, accepted, purity: accepted ? wanted / accepted : null };
    this.#confirm();
    this.plates.forEach((element, i) => {
      const row = rows[i];
      showReg(element, row === undefined ? "" : samples.reg(row));
      element.classList.toggle("unwanted", row !== undefined && states[row] === 2);
      element.hidden = row === undefined;
    });
  }

  /** Python's report on the committed threshold. */
  confirm(report) {
    this.report = report;
    this.#confirm();
  }

  #confirm() {
    const { report, seen } = this;
    if (!seen) return;
    const same = ["threshold", "proposed", "accepted", "purity"].every((key) => report?.[key] === seen[key]);
    const answered = report?.threshold === seen.threshold && report?.proposed === seen.proposed;
    this.#write("confirmed", same ? "the same ✓" : answered ? "it differs ✗" : "…");
  }

  #write(figure, text) {
    const element = this.figures[figure];
    if (element.textContent !== text) element.textContent = text;
  }
}

const count = (n) => n.toLocaleString("en-GB");
const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
