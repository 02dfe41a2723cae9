// What a rule decides of proposed samples, in a sentence, as plates, and beside Python's count.

import { emptyPlate } from "../core/plate.js";
import { count, write } from "./text.js";

/** Say in an element what is accepted, for a `tally` of rule.js. */
export function showHeadline(element, { accepted, impure }) {
  element.classList.toggle("bad", impure > 0);
  write(
    element,
    !accepted
      ? "Nothing is accepted."
      : impure
        ? `${count(impure)} of ${count(accepted)} accepted are unwanted.`
        : `All ${count(accepted)} accepted are wanted.`,
  );
}

/** Whether Python's `report` is about a tally at some `parameters`. */
export function isAbout(report, parameters, { proposed }) {
  const asked = JSON.stringify([parameters, proposed]);
  return Boolean(report) && JSON.stringify([report.parameters, report.proposed]) === asked;
}

/** Whether Python's `report` has the same counts, in a few words: for a tally at some `parameters`. */
export function agreement(report, parameters, found) {
  const { accepted, wanted } = found;
  if (!isAbout(report, parameters, found)) return "…";
  const purity = accepted ? wanted / accepted : null;
  return report.accepted === accepted && report.purity === purity ? "the same ✓" : "it differs ✗";
}

/** The plates of the first accepted samples. */
export class PlateList {
  constructor(root, shown) {
    this.elements = Array.from({ length: shown }, () => emptyPlate("small"));
    root.append(...this.elements);
  }

  /** How codes are shown, before the first is. */
  setPlates(plates) {
    this.plates = plates;
  }

  clear() {
    this.elements.forEach((element) => (element.hidden = true));
  }

  /** Show accepted samples with their `states`; returns how many have a plate. */
  show(samples, states) {
    let row = -1;
    let shown = 0;
    for (const element of this.elements) {
      do row += 1;
      while (row < states.length && !states[row]);
      const there = row < states.length;
      if (there) this.plates.show(element, samples.code(row));
      element.classList.toggle("unwanted", there && states[row] === 2);
      element.hidden = !there;
      shown += there;
    }
    return shown;
  }
}
