// Text on the page.

/** A number with commas between its thousands. */
export const count = (n) => n.toLocaleString("en-GB");

/** Write text into an element, if it is not there. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
