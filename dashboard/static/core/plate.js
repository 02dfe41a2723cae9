// A code drawn as a plate: the same markup as Python makes.

const BLANK = " "; // at a position that is empty
const EMPTY = "\u00a0";
const JOINING = /^[-./_:, ]+|[-./_:, ]+$/g; // separators that stand between characters

/** An empty plate; `kind` may be "large", "small" and "unwanted". Its text is set by `Plates.show`. */
export function emptyPlate(kind = "") {
  const element = document.createElement("span");
  element.className = `plate ${kind}`;
  element.textContent = EMPTY;
  return element;
}

/** How the codes of a format are shown: with its separators, and as its plates look. */
export class Plates {
  /** @param {object} format `separators`, one before each position and one at the end; `look`; words */
  constructor(format) {
    this.format = format;
    this.longest = this.cells("0".repeat(format.separators.length - 1)).length;
  }

  /** The cells of a shown code: {text, position} for a character, position -1 for a separator. */
  cells(code) {
    const { separators } = this.format;
    const parted = (text) => [...(text ?? "")].map((one) => ({ text: one, position: -1 }));
    const used = Math.max(1, code.trimEnd().length); // nothing joins the last one to empty positions
    const cells = [...code].flatMap((text, position) => {
      const separator = separators[position] ?? "";
      const before = parted(position < used ? separator : separator.replace(JOINING, ""));
      return text === BLANK ? before : [...before, { text, position }];
    });
    cells.push(...parted(separators[code.length]));
    while (cells[0]?.text === " ") cells.shift();
    while (cells.at(-1)?.text === " ") cells.pop();
    return cells;
  }

  /** A code as it is shown: "AB12CDE" -> "AB12 CDE" in a format with a space there. */
  pretty(code) {
    return this.cells(code).map(({ text }) => text).join("");
  }

  /** Show a code on a plate, or nothing for an empty one. */
  show(element, code) {
    const text = this.pretty(code) || EMPTY;
    if (element.textContent !== text) element.textContent = text;
    element.dataset.look = this.format.look;
    element.style.setProperty("--cells", this.longest);
  }

  /** A new plate with a code. */
  make(code, kind = "") {
    const element = emptyPlate(kind);
    this.show(element, code);
    return element;
  }

  /** How wide the typeface of the plates draws a character, in em. */
  width(text) {
    if (this.format.look === "plain") return 0.6;
    return { " ": 0.22, "-": 0.35, 1: 0.25, I: 0.25 }[text] ?? 0.61;
  }
}
