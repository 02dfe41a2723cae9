// What the rule's sliders decide, at every step: figures, curves and plates.

import { Curves } from "./curves.js";
import { accepts, curves, tally } from "../core/rule.js";
import { PlateList, agreement, isAbout, showHeadline } from "../shared/outcome.js";
import { Sliders } from "../shared/sliders.js";
import { count, write } from "../shared/text.js";
import { Tradeoff } from "./tradeoff.js";

const SHOWN = 48; // plates in the list
const STEPS = 120; // points of the curves
const RESULTS = 1000; // results for which the needed proposals are told

export class Scrubber {
  /** `on`: what to call, see `Sliders`. */
  constructor(root, on) {
    this.root = root;
    root.innerHTML = `
      <div class="scrub-row"></div>
      <div class="outcome">
        <p class="headline"></p>
        <dl class="figures">
          <div><dt>accepted</dt><dd data-figure="accepted"></dd></div>
          <div><dt title="purity: the share of the accepted samples that decode to a wanted code">of these wanted</dt><dd data-figure="purity"></dd></div>
        </dl>
        <details><summary>More</summary><dl class="figures">
          <div><dt title="purity's 95 % confidence interval (Clopper and Pearson), from the samples on the map; the server computes it when a slider is released">purity, 95 %</dt><dd data-figure="interval"></dd></div>
          <div><dt title="share of the samples that decode to a wanted code which the rule accepts">recall</dt><dd data-figure="recall"></dd></div>
          <div><dt title="the rule that accepts exactly what decodes to a wanted code: the share of the samples that it accepts, with a purity and a recall of 100 %">oracle accepts</dt><dd data-figure="oracle"></dd></div>
          <div><dt title="at this rate of acceptance">proposals for ${RESULTS.toLocaleString("en-GB")}</dt><dd data-figure="needed"></dd></div>
          <div><dt title="held-out rejection rate: share of the held-out unwanted records that the rule rejects when it knows the training records alone">held-out rejected</dt><dd data-figure="covered"></dd></div>
          <div><dt title="share of one record's own Gaussian that lies beyond the rule's distance: chi-square with as many degrees of freedom as the map has dimensions">tail probability</dt><dd data-figure="tail"></dd></div>
          <div><dt title="2 (1 - erf(distance / 2)), published by the notebook; the tail of no Gaussian here">the notebook's tail</dt><dd data-figure="notebook"></dd></div>
        </dl>
        <div class="curves"></div>
        <p class="note moving"></p>
        <div class="curves tradeoff"></div>
        <p class="note"><span title="when the slider is released, the server counts all samples again; its count is what is reported and exported">counted on the server:
            <b data-figure="confirmed"></b></span></p></details>
        <ul class="key">
          <li><i class="accepted"></i>accepted and wanted<b data-figure="wanted"></b></li>
          <li><i class="impure"></i>accepted, but decodes to unwanted<b data-figure="impure"></b></li>
          <li><i class="rejected"></i><span class="where"></span><b data-figure="rejected"></b></li>
          <li><i class="edge"></i>the zone's edge; dashed: the box</li>
          <li class="dense"><i></i>the densest 50, 80, 95 % of the records</li>
          <li class="paint">background: what is decoded; faint: unsure</li>
        </ul>
        <p class="note" data-figure="shown"></p>
      </div>
      <p class="outcome none"></p>
      <div class="plates" role="region" tabindex="0" aria-label="decoded codes of accepted samples"></div>`;
    this.sliders = new Sliders(root.querySelector(".scrub-row"), on);
    this.list = new PlateList(root.querySelector(".plates"), SHOWN);
    this.figures = Object.fromEntries(
      [...root.querySelectorAll("[data-figure]")].map((e) => [e.dataset.figure, e]),
    );
    this.curves = new Curves(root.querySelector(".curves"));
    this.tradeoff = new Tradeoff(root.querySelector(".tradeoff"));
  }

  /** The limits at the sliders' present values. */
  get limits() {
    return this.sliders.limits;
  }

  /**
   * Take over Python's rule, see `Sliders`, and its {tail, notebookTail}: the name of the parameter
   * whose tail probability is shown, or null, and whether the notebook published one for it.
   */
  take(rule, handled) {
    const news = this.sliders.take(rule, handled);
    if (news) this.#forget();
    return news;
  }

  /** What the present samples bring: tails by step of the rule's distance, and held-out unwanted records. */
  configure({ tails, heldOut }) {
    Object.assign(this, { tails, heldOut });
    this.#forget();
  }

  /** How codes are shown, before the first is. */
  setPlates(plates) {
    const { plural } = plates.format;
    this.plural = plural[0].toUpperCase() + plural.slice(1);
    this.list.setPlates(plates);
  }

  /** How many latent dimensions there are: of more than two, the map shows a slice of the zone. */
  setDimensions(k) {
    this.root.querySelector(".where").textContent =
      k > 2 ? "rejected (zone: in this slice)" : "rejected: in the zone";
  }

  /** The curves must be made anew. */
  #forget() {
    this.drawn = null;
  }

  /** Show the figures and plates, or that there are no samples. */
  toggle(there) {
    this.root.classList.toggle("empty", !there);
    if (!there) this.list.clear();
  }

  /** Why there are no samples yet, in a sentence; "" if there is a warning. */
  wait(sentence) {
    this.root.querySelector(".none").textContent =
      sentence || "No samples: see the warning beside the map.";
  }

  /** Figures, curves and plates for the present values. */
  show(samples, states) {
    const found = tally(states);
    const { proposed, accepted, wanted, impure } = found;
    const { values } = this.sliders;
    const oracle = samples.wanted.reduce((sum, one) => sum + one, 0);
    this.sliders.show();
    this.#write("accepted", `${count(accepted)} of ${count(proposed)}`);
    this.#write("purity", accepted ? percent(wanted / accepted) : "none accepted");
    this.#write("recall", oracle ? percent(wanted / oracle) : "none wanted");
    this.#write("oracle", percent(oracle / proposed));
    this.#write("needed", accepted ? count(Math.ceil((RESULTS * proposed) / accepted)) : "no end");
    showHeadline(this.root.querySelector(".headline"), found);
    this.#write("wanted", count(wanted));
    this.#write("impure", count(impure));
    this.#write("rejected", count(proposed - accepted));
    this.#showCovered();
    this.#showTails(values);
    this.#showCurves(samples, values);
    this.seen = { values, found };
    this.#confirm();
    this.#write("shown", `${this.plural}: ${this.list.show(samples, states)} of ${count(accepted)}.`);
  }

  #showCovered() {
    const { heldOut } = this;
    if (!heldOut?.count) return this.#write("covered", "none held out");
    const through = accepts(heldOut.measures, this.limits, heldOut.count);
    const covered = 1 - through.reduce((sum, one) => sum + one, 0) / heldOut.count;
    this.#write("covered", percent(covered));
  }

  #showTails(values) {
    const { tail, notebookTail } = this.sliders.rule;
    const { step, minimum } = this.sliders.parameter(tail) ?? {};
    const row = tail && Math.round((values[tail] - minimum) / step);
    const last = this.tails.tail.length - 1; // a number chosen by tests may lie beyond the slider
    const at = (shares) => (row > last ? `at most ${percent(shares[last])}` : percent(shares[row]));
    this.#write("tail", tail ? at(this.tails.tail) : "no distance");
    this.#write("notebook", notebookTail ? at(this.tails.notebook) : "not its rule");
  }

  #showCurves(samples, values) {
    const [first, ...others] = Object.keys(values);
    const { rule } = this.sliders;
    const drawn = JSON.stringify([rule.name, others.map((name) => values[name])]);
    if (this.drawn !== drawn) {
      const points = curves(samples, rule, values, STEPS);
      this.curves.set(points, this.sliders.parameter(first));
      this.tradeoff.set(points, samples.wanted.reduce((sum, one) => sum + one, 0) / samples.wanted.length);
      write(this.root.querySelector(".moving"), `Purity against the accepted share, as ${first} moves:`);
      this.drawn = drawn;
    }
    this.curves.mark(values[first]);
  }

  /** Python's report on the committed values. */
  confirm(report) {
    this.report = report;
    this.#confirm();
  }

  #confirm() {
    const { report, seen } = this;
    if (!seen) return;
    this.#write("confirmed", agreement(report, seen.values, seen.found));
    const { proposed, accepted, wanted } = seen.found;
    const known = accepted && isAbout(report, seen.values, seen.found);
    const interval = known ? report.purity_interval : null;
    this.#write("interval", interval ? span(interval) : accepted ? "…" : "none accepted");
    this.tradeoff.mark({ acceptance: accepted / proposed, purity: wanted / accepted }, interval);
  }

  #write(figure, text) {
    write(this.figures[figure], text);
  }
}

/** An interval of shares; one of a single share holds by construction. */
const span = ([low, high]) =>
  low === 1 ? "by construction" : `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`;

const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
