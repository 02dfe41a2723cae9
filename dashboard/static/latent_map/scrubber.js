// The rule's numbers: dragged here, applied here at every step, committed to Python on release.

import { Curves } from "./curves.js";
import { emptyPlate } from "../core/plate.js";
import { accepts, curves, limitsOf } from "../core/rule.js";

const SHOWN = 48; // plates in the list
const STEPS = 120; // points of the curves
const RESULTS = 1000; // results for which the needed proposals are told

export class Scrubber {
  constructor(root, { onScrub, onCommit }) {
    this.root = root;
    this.on = { onScrub, onCommit };
    root.innerHTML = `
      <div class="scrub-row"></div>
      <div class="outcome">
        <p class="headline"></p>
        <dl class="figures">
          <div><dt>accepted</dt><dd data-figure="accepted"></dd></div>
          <div><dt title="share of the accepted samples that decode to a wanted reg">purity</dt><dd data-figure="purity"></dd></div>
        </dl>
        <details><summary>More</summary><dl class="figures">
          <div><dt title="at this rate of acceptance">proposals for ${RESULTS.toLocaleString("en-GB")}</dt><dd data-figure="needed"></dd></div>
          <div><dt title="held-out rejection rate: share of the held-out unwanted records that the rule rejects when it knows the training records alone">held-out rejected</dt><dd data-figure="covered"></dd></div>
          <div><dt title="share of one record's own Gaussian that lies beyond the rule's distance: chi-square with as many degrees of freedom as the map has dimensions">tail probability</dt><dd data-figure="tail"></dd></div>
          <div><dt title="2 (1 - erf(distance / 2)), published by the notebook; the tail of no Gaussian here">the notebook's tail</dt><dd data-figure="notebook"></dd></div>
        </dl>
        <div class="curves"></div>
        <p class="note"><span title="on release Python counts all samples again; what is reported or exported is its count">recount by Python:
            <b data-figure="confirmed"></b></span></p></details>
        <ul class="key">
          <li><i class="accepted"></i>accepted and wanted<b data-figure="wanted"></b></li>
          <li><i class="impure"></i>accepted, but decodes to unwanted<b data-figure="impure"></b></li>
          <li><i class="rejected"></i><span class="where"></span><b data-figure="rejected"></b></li>
          <li><i class="edge"></i>the zone's edge; dotted: the box</li>
          <li class="paint">background: what is decoded there; fainter: unsure</li>
        </ul>
        <p class="note" data-figure="shown"></p>
      </div>
      <p class="outcome none">No samples: see the warning beside the map.</p>
      <div class="plates" role="region" tabindex="0" aria-label="decoded regs of accepted samples"></div>`;
    this.row = root.querySelector(".scrub-row");
    this.list = root.querySelector(".plates");
    this.figures = Object.fromEntries(
      [...root.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, e]),
    );
    this.curves = new Curves(root.querySelector(".curves"));
    this.elements = Array.from({ length: SHOWN }, () => emptyPlate("small"));
    this.list.append(...this.elements);
    this.sliders = {};
    this.known = {}; // values that Python has, or has been told of
    this.sequence = 0; // of what was told last
    this.heard = Infinity; // the newest of them that Python has answered
  }

  /** The present value of every parameter. */
  get values() {
    return Object.fromEntries(
      Object.entries(this.sliders).map(([name, { input }]) => [name, Number(input.value)]),
    );
  }

  /** The limits at the present values. */
  get limits() {
    return limitsOf(this.rule, this.values);
  }

  /**
   * Take over Python's rule {name, parameters, measures, tail, notebookTail, after}, as it is after
   * the released slider of a number; true if something of it is news.
   *
   * A parameter is a slider {name, value, minimum, maximum, step, unit, before} and a limit of the
   * rule, see `limitsOf`; `tail` is the name of the parameter whose tail probability is shown, or
   * null, and `notebookTail` says whether the notebook published one for it.
   */
  take(rule, sequence) {
    // A count that goes back is another session's; a new mount begins where Python stands.
    if (sequence < this.heard) this.sequence = sequence;
    this.heard = sequence;
    const other = this.rule?.name !== rule.name;
    if (sequence < this.sequence && !other) return false; // a slider has been released since
    if (other) this.#build(rule);
    this.rule = rule;
    this.row.lastElementChild.textContent = rule.after;
    // Not what a slider stands at: somebody may be dragging it on.
    const news = rule.parameters.filter(({ name, value }) => this.known[name] !== value);
    for (const { name, value } of news) this.sliders[name].input.value = this.known[name] = value;
    if (!other && !news.length) return false;
    this.#forget();
    return true;
  }

  /** The number under which something is told to Python, by which its answer will be known. */
  number() {
    return (this.sequence += 1);
  }

  #build(rule) {
    this.sliders = {};
    this.known = {};
    const labels = rule.parameters.map((parameter) => {
      const { name, before, minimum, maximum, step } = parameter;
      const label = document.createElement("label");
      label.dataset.parameter = name;
      label.innerHTML = `<span></span><input type="range"><output></output>`;
      label.firstElementChild.textContent = before;
      const [, input, output] = label.children;
      Object.assign(input, { min: minimum, max: maximum, step });
      input.setAttribute("aria-label", name);
      input.addEventListener("input", () => this.on.onScrub());
      input.addEventListener("change", () => this.#commit(name, Number(input.value)));
      this.sliders[name] = { input, output, ...parameter, show: shower(parameter) };
      return label;
    });
    const after = Object.assign(document.createElement("span"), { className: "rule" });
    this.row.replaceChildren(...labels, after);
  }

  /** A slider was released: tell it under a number, by which Python's answer will be known. */
  #commit(name, value) {
    this.known[name] = value;
    this.on.onCommit({ name, value, sequence: this.number() });
  }

  /** What the present samples bring: tails by step of the rule's distance, and held-out unwanted records. */
  configure({ tails, heldOut }) {
    Object.assign(this, { tails, heldOut });
    this.#forget();
  }

  /** How codes are shown, before the first is. */
  setPlates(plates) {
    this.plates = plates;
  }

  /** How many latent dimensions there are: of more than two, the map shows a slice of the zone. */
  setDimensions(k) {
    this.root.querySelector(".where").textContent =
      k > 2 ? "rejected (shade: in this slice)" : "rejected: in the shaded zone";
  }

  /** The curves must be made anew. */
  #forget() {
    this.drawn = null;
  }

  /** Show the figures and plates, or that there are no samples. */
  toggle(there) {
    this.root.classList.toggle("empty", !there);
    if (!there) this.elements.forEach((element) => (element.hidden = true));
  }

  /** Figures, curves and plates for the present values. */
  show(samples, states) {
    const rows = [];
    let wanted = 0;
    let accepted = 0;
    states.forEach((state, i) => {
      if (!state) return;
      accepted += 1;
      if (state === 1) wanted += 1;
      if (rows.length < SHOWN) rows.push(i);
    });
    const { values } = this;
    for (const { output, input, show } of Object.values(this.sliders)) {
      output.textContent = show(Number(input.value));
    }
    this.#write("accepted", `${count(accepted)} of ${count(states.length)}`);
    this.#write("purity", accepted ? (wanted / accepted).toFixed(3) : "none accepted");
    this.#write("needed", accepted ? count(Math.ceil((RESULTS * states.length) / accepted)) : "no end");
    this.#headline(accepted, accepted - wanted);
    this.#write("wanted", count(wanted));
    this.#write("impure", count(accepted - wanted));
    this.#write("rejected", count(states.length - accepted));
    this.#write("shown", `Plates: ${rows.length} of ${count(accepted)}.`);
    this.#showCovered();
    this.#showTails(values);
    this.#showCurves(samples, values);
    this.seen = {
      parameters: values,
      proposed: states.length,
      accepted,
      purity: accepted ? wanted / accepted : null,
    };
    this.#confirm();
    this.#showPlates(samples, states, rows);
  }

  /** The outcome, in a sentence. */
  #headline(accepted, impure) {
    const line = this.root.querySelector(".headline");
    line.classList.toggle("bad", impure > 0);
    line.textContent = !accepted
      ? "Nothing is accepted."
      : impure
        ? `${count(impure)} of ${count(accepted)} accepted are unwanted.`
        : `All ${count(accepted)} accepted are wanted.`;
  }

  #showCovered() {
    const { heldOut } = this;
    if (!heldOut?.count) return this.#write("covered", "none held out");
    const through = accepts(heldOut.measures, this.limits, heldOut.count);
    const covered = 1 - through.reduce((sum, one) => sum + one, 0) / heldOut.count;
    this.#write("covered", percent(covered));
  }

  #showTails(values) {
    const { tail, notebookTail } = this.rule;
    const { step, minimum } = this.sliders[tail] ?? {};
    const row = tail && Math.round((values[tail] - minimum) / step);
    this.#write("tail", tail ? percent(this.tails.tail[row]) : "no distance");
    this.#write("notebook", notebookTail ? percent(this.tails.notebook[row]) : "not its rule");
  }

  #showCurves(samples, values) {
    const [first, ...others] = Object.keys(values);
    const drawn = JSON.stringify([this.rule.name, others.map((name) => values[name])]);
    if (this.drawn !== drawn) {
      this.curves.set(curves(samples, this.rule, values, STEPS), this.sliders[first]);
      this.drawn = drawn;
    }
    this.curves.mark(values[first]);
  }

  #showPlates(samples, states, rows) {
    this.elements.forEach((element, i) => {
      const row = rows[i];
      this.plates.show(element, row === undefined ? "" : samples.reg(row));
      element.classList.toggle("unwanted", row !== undefined && states[row] === 2);
      element.hidden = row === undefined;
    });
  }

  /** Python's report on the committed values. */
  confirm(report) {
    this.report = report;
    this.#confirm();
  }

  #confirm() {
    const { report, seen } = this;
    if (!seen) return;
    const expected = JSON.stringify([seen.parameters, seen.proposed]);
    const answered = report && JSON.stringify([report.parameters, report.proposed]) === expected;
    const same = answered && report.accepted === seen.accepted && report.purity === seen.purity;
    this.#write("confirmed", same ? "the same ✓" : answered ? "it differs ✗" : "…");
  }

  #write(figure, text) {
    const element = this.figures[figure];
    if (element.textContent !== text) element.textContent = text;
  }
}

const count = (n) => n.toLocaleString("en-GB");
const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

/** How a parameter's value is written: sigmas, or a share as a percentage. */
function shower({ unit, step }) {
  if (unit === "%") return (value) => `${(100 * value).toFixed(step < 0.01 ? 1 : 0)} %`;
  return (value) => `${value.toFixed(2)} ${unit}`;
}
