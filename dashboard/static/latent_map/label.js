// A plate beside the pointer: what is decoded there, without a look away from the map.

import { emptyPlate } from "../core/plate.js";

const APART = 12; // pixels between the pointer and the label
const FINGER = 34; // and from a finger, which hides what is about it

export class Label {
  constructor(frame) {
    this.element = emptyPlate("small label");
    this.element.setAttribute("aria-hidden", "true"); // the strip above the map tells the same
    frame.append(this.element);
    this.hide();
  }

  /** How codes are shown, before the first is. */
  setPlates(plates) {
    this.plates = plates;
  }

  /** Show a code beside pixels of the picture that a `View` has; beside a finger farther away. */
  show(at, code, { outerWidth, outerHeight }, finger) {
    const { element } = this;
    this.plates.show(element, code);
    element.hidden = false;
    const size = [element.offsetWidth, element.offsetHeight];
    const [left, top] = beside(at, size, [outerWidth, outerHeight], finger);
    element.style.transform = `translate(${left}px, ${top}px)`;
  }

  hide() {
    this.element.hidden = true;
  }
}

/**
 * The left top corner of a label of [width, height] that does not cover a place and lies in a picture
 * of some size: to its right and below if there is room; for a finger above, else at its side.
 */
export function beside([px, py], [width, height], [across, down], finger) {
  const within = (corner, side, end) => Math.max(0, Math.min(corner, end - side));
  const after = (at, side, end, apart) => (at + apart + side <= end ? at + apart : at - apart - side);
  if (finger && py - FINGER - height >= 0) return [within(px - width / 2, width, across), py - FINGER - height];
  if (finger) return [after(px, width, across, FINGER), within(py - height / 2, height, down)];
  return [within(after(px, width, across, APART), width, across), after(py, height, down, APART)];
}
