// A rule's numbers as sliders: read at every step, told to Python on release.

import { limitsOf } from "../core/rule.js";

export class Sliders {
  /**
   * In an element `row`; `onScrub()` is called at every step, `onCommit({name, value})` on
   * release, which gives the number under which Python is told. */
  constructor(row, { onScrub, onCommit }) {
    this.row = row;
    this.on = { onScrub, onCommit };
    this.sliders = {};
    this.known = {}; // values that Python has, or has been told of
    this.exact = {}; // values that Python sent, and what the sliders stood at then, on a step
    this.told = 0; // the number under which the slider was told that was released last
    this.heard = 0; // the newest number that Python has answered
  }

  /** The present value of every parameter: of a slider that has not moved the one that Python sent. */
  get values() {
    const value = (name, stands) =>
      this.exact[name]?.stands === stands ? this.exact[name].value : Number(stands);
    return Object.fromEntries(
      Object.entries(this.sliders).map(([name, { input }]) => [name, value(name, input.value)]),
    );
  }

  /** The limits at the present values. */
  get limits() {
    return limitsOf(this.rule, this.values);
  }

  /** A parameter of the rule, with `show(value)`, which writes a value of it; undefined for no name of one. */
  parameter(name) {
    return this.sliders[name];
  }

  /**
   * Take over Python's rule {name, parameters, measures, after}, as it is after it has `handled` what
   * was told up to a number; true if something of it is news.
   *
   * A parameter is a slider {name, value, minimum, maximum, step, unit, before, help} and a limit of the
   * rule, see `limitsOf`.
   */
  take(rule, handled) {
    if (handled < this.heard) this.told = handled; // a count that goes back is another session's
    this.heard = handled;
    const other = this.rule?.name !== rule.name;
    if (handled < this.told && !other) return false; // a slider has been released since
    if (other) this.#build(rule);
    this.rule = rule;
    const after = this.row.lastElementChild;
    after.textContent = after.title = rule.after; // there may be no room for all of it
    // Not what a slider stands at: somebody may be dragging it on.
    const news = rule.parameters.filter(({ name, value }) => this.known[name] !== value);
    for (const { name, value } of news) {
      const { input } = this.sliders[name];
      input.value = this.known[name] = value;
      this.exact[name] = { value, stands: input.value };
    }
    return other || news.length > 0;
  }

  #build(rule) {
    this.sliders = {};
    this.known = {};
    this.exact = {};
    const labels = rule.parameters.map((parameter) => {
      const { name, before, help, minimum, maximum, step } = parameter;
      const label = document.createElement("label");
      label.dataset.parameter = name;
      label.innerHTML = `<span></span><input type="range"><output></output>`;
      label.firstElementChild.textContent = before;
      label.title = help;
      const [, input, output] = label.children;
      Object.assign(input, { min: minimum, max: maximum, step });
      input.setAttribute("aria-label", name);
      input.addEventListener("input", () => this.on.onScrub());
      input.addEventListener("change", () => this.#commit(name, Number(input.value)));
      const show = shower(parameter);
      output.style.minWidth = `${show(maximum).length}ch`; // as wide as its longest, so that nothing moves
      this.sliders[name] = { input, output, ...parameter, show };
      return label;
    });
    const after = Object.assign(document.createElement("span"), { className: "rule" });
    this.row.replaceChildren(...labels, after);
  }

  #commit(name, value) {
    this.known[name] = value;
    this.told = this.on.onCommit({ name, value });
  }

  /** Write the present values beside the sliders. */
  show() {
    for (const [name, value] of Object.entries(this.values)) {
      const { output, show } = this.sliders[name];
      output.textContent = show(value);
    }
  }
}

/** How a parameter's value is written: with its unit, or as a percentage; four digits off its steps. */
function shower({ unit, step }) {
  const [scale, after] = unit === "%" ? [100, "%"] : [1, unit];
  const digits = Math.max(0, Math.round(-Math.log10(step * scale)));
  return (value) => {
    const steps = value / step;
    const on = Math.abs(steps - Math.round(steps)) < 1e-6;
    const number = on ? (scale * value).toFixed(digits) : `${Number((scale * value).toPrecision(4))}`;
    return `${number} ${after}`.trimEnd();
  };
}
