// A plate beside the pointer: what is decoded there, without a look away from the map.

import { emptyPlate } from "../core/plate.js";

const APART = 14; // pixels between the pointer and the label
const FINGER = 34; // and from a finger, which hides what is about it
const ROOM = 64; // pixels to an edge in which there is room for it

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
    this.plates.show(this.element, code);
    this.element.hidden = false;
    const { x, y, left, above } = beside(at, [outerWidth, outerHeight], finger);
    const part = (place, share) => `calc(${place}px - ${100 * share}%)`; // of its own size, not measured
    this.element.style.transform = `translate(${part(x, left)}, ${part(y, above)})`;
  }

  hide() {
    this.element.hidden = true;
  }
}

/**
 * Where a label stands that does not cover a place and lies in a picture of some size: at {x, y}, with
 * these shares of its width and height to the `left` of it and `above`. That is below a mouse and above
 * a finger; at the edge where there is no room, above the one and at the side of the other.
 */
export function beside([px, py], [across, down], finger) {
  const left = px / across; // none at the left edge, all at the right one
  if (!finger) {
    return py + ROOM < down ? { x: px, y: py + APART, left, above: 0 } : { x: px, y: py - APART, left, above: 1 };
  }
  if (py > ROOM) return { x: px, y: py - FINGER, left, above: 1 };
  const right = left < 0.5;
  return { x: right ? px + FINGER : px - FINGER, y: py, left: right ? 0 : 1, above: py / down };
}
