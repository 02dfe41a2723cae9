// What a mouse, a pen or fingers do on a map: click, move, zoom, or draw a region.

const TOLERANCE = 4; // pixels a pointer may move between press and release of a click
const SPACING = 3; // pixels between two corners of a lasso
const FARTHEST = 500; // pixels of one turn of the wheel
const TWICE = 400; // milliseconds between the clicks of a double click

export class Gestures {
  /**
   * Listen on an element. `acts` are called with pixels of the element: move(dx, dy),
   * zoom(px, py, factor), click(px, py), doubleClick(px, py), and draw(corners, ended): the corners
   * of what is being drawn, [[px, py], …], or null if that is given up. What begins where
   * `within(px, py)` is false is not ours.
   */
  constructor(root, within, acts) {
    Object.assign(this, { root, within, acts, tool: "pan" });
    this.pointers = new Map(); // those that are down: id -> {at, from, path, strayed, pinching}
    this.over = new AbortController();
    const on = (type, act, target = root) =>
      target.addEventListener(type, act, { passive: false, signal: this.over.signal });
    on("wheel", (event) => this.#wheel(event));
    on("pointerdown", (event) => this.#press(event));
    // What is pressed here may move, and be released, anywhere.
    on("pointermove", (event) => this.#drag(event), window);
    on("pointerup", (event) => this.#release(event), window);
    on("pointercancel", (event) => this.#release(event), window);
    // A click elsewhere parts two clicks here.
    on("pointerdown", ({ target }) => (this.clicked = root.contains(target) ? this.clicked : null), window);
  }

  remove() {
    this.over.abort();
  }

  /** Where an event is, in pixels of the element: [px, py]. */
  at({ clientX, clientY }) {
    const box = this.root.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  #wheel(event) {
    const at = this.at(event);
    if (!this.within(...at)) return;
    event.preventDefault();
    // In pixels, lines or pages; and a pinch on a touchpad is a turn with Ctrl, of few pixels.
    const pixels = event.deltaY * [1, 25, 500][event.deltaMode] * (event.ctrlKey ? 10 : 1);
    this.acts.zoom(...at, 2 ** (Math.max(-FARTHEST, Math.min(FARTHEST, pixels)) * 0.002));
  }

  #press(event) {
    const at = this.at(event);
    if (event.button !== 0 || !this.within(...at)) return;
    // The first finger, or a mouse: whatever else is thought to be down was released unseen.
    if (event.isPrimary) this.#forget();
    this.pointers.set(event.pointerId, { at, from: at, strayed: false, path: [at] });
    if (this.pointers.size === 1) return;
    for (const pointer of this.pointers.values()) pointer.strayed = pointer.pinching = true;
    this.#draw(null);
  }

  /** Give up what was begun. */
  #forget() {
    if (this.pointers.size) this.#draw(null);
    this.pointers.clear();
    this.root.classList.remove("dragged");
  }

  #drag(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    if (event.pointerType === "mouse" && !(event.buttons & 1)) this.#forget(); // released unseen
    else if (this.pointers.size > 1) this.#pinch(pointer, this.at(event));
    else this.#stroke(pointer, this.at(event));
  }

  /** One finger or the mouse moves the map, or draws. */
  #stroke(pointer, at) {
    const before = pointer.at;
    pointer.strayed ||= distance(at, pointer.from) > TOLERANCE;
    if (!pointer.strayed) return;
    pointer.at = at;
    this.root.classList.add("dragged");
    if (this.tool === "pan") this.acts.move(at[0] - before[0], at[1] - before[1]);
    else if (!pointer.pinching) this.#draw(pointer);
  }

  /** Two fingers move the map with them, and stretch it. */
  #pinch(pointer, at) {
    const other = [...this.pointers.values()].find((one) => one !== pointer);
    const [before, after] = [pointer.at, at].map((one) => Math.max(1, distance(one, other.at)));
    const middle = [0, 1].map((i) => (at[i] + other.at[i]) / 2);
    this.acts.move(...[0, 1].map((i) => (at[i] - pointer.at[i]) / 2));
    this.acts.zoom(...middle, before / after);
    pointer.at = at;
  }

  /** Draw what a pointer has drawn until now; null gives up. */
  #draw(pointer, ended = false) {
    if (this.tool === "pan") return;
    this.acts.draw(pointer && this.#corners(pointer), ended);
  }

  #corners({ path, from: [x1, y1], at: [x2, y2] }) {
    if (this.tool === "select") return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];
    if (distance(path.at(-1), [x2, y2]) >= SPACING) path.push([x2, y2]);
    return path;
  }

  #release(event) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (!pointer) return;
    this.root.classList.remove("dragged");
    const lifted = event.type === "pointerup";
    if (!pointer.strayed) {
      if (lifted) this.#click(pointer.at, event.timeStamp);
    } else if (!this.pointers.size && !pointer.pinching) {
      this.#draw(lifted ? pointer : null, lifted);
    }
  }

  /** The second of two clicks at one place is a double click, and no other click. */
  #click(at, time) {
    const { clicked } = this;
    const twice = clicked && time - clicked.time < TWICE && distance(at, clicked.at) <= TOLERANCE;
    this.clicked = twice ? null : { at, time };
    if (twice) this.acts.doubleClick(...at);
    else this.acts.click(...at);
  }
}

const distance = ([x1, y1], [x2, y2]) => Math.hypot(x1 - x2, y1 - y2);
