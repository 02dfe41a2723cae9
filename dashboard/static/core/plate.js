// A reg drawn as a number plate: the same markup as dashboard/plates.py.

/** "AB12CDE" -> "AB12 CDE". */
export const pretty = (reg) => `${reg.slice(0, 4)} ${reg.slice(4)}`;

/** A plate element; set its text with `showReg`. */
export function plate(reg = "", kind = "") {
  const element = document.createElement("span");
  element.className = `plate ${kind}`;
  showReg(element, reg);
  return element;
}

export function showReg(element, reg) {
  const text = reg ? pretty(reg) : "\u00a0";
  if (element.textContent !== text) element.textContent = text;
}
