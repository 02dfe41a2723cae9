// A code drawn as a number plate: the same markup as Python makes.

/** An empty plate; `kind` may be "large", "small" and "unwanted". Its text is set by `Plates.show`. */
export function emptyPlate(kind = "") {
  const element = document.createElement("span");
  element.className = `plate ${kind}`;
  element.textContent = "\u00a0";
  return element;
}

/** How the codes of a format are shown: with a space before some positions. */
export class Plates {
  /** @param {number[]} gaps positions, counted from 0, before which a space is shown */
  constructor(gaps) {
    this.gaps = new Set(gaps);
  }

  /** The cells of a shown code: {text, position} for a character, position -1 for a space. */
  cells(code) {
    return [...code].flatMap((text, position) => {
      const cell = { text, position };
      return this.gaps.has(position) ? [{ text: " ", position: -1 }, cell] : [cell];
    });
  }

  /** A code as it is shown; with a gap before the fifth, "AB12CDE" -> "AB12 CDE". */
  pretty(code) {
    return this.cells(code).map(({ text }) => text).join("");
  }

  /** Show a code on a plate, or nothing for an empty one. */
  show(element, code) {
    const text = code ? this.pretty(code) : "\u00a0";
    if (element.textContent !== text) element.textContent = text;
  }

  /** A new plate with a code. */
  make(code, kind = "") {
    const element = emptyPlate(kind);
    this.show(element, code);
    return element;
  }
}
