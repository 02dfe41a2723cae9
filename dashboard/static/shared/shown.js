// What is on the screen, so that new data from Python change no more than what is new.

export class Shown {
  #json = new Map(); // name -> JSON

  /** Keep what stands on the screen already. */
  keep(name, value) {
    this.#json.set(name, JSON.stringify(value));
  }

  /** Whether a value differs from what is on the screen; from now on it is on the screen. */
  changed(name, value) {
    const before = this.#json.get(name);
    this.keep(name, value);
    return before !== this.#json.get(name);
  }
}
