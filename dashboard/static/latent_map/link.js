// Copy link: the full address of what is shown. The model is always in it, as a default may change.

const SEEN = 4000; // milliseconds for which it is told that the address is copied

export class Link {
  constructor(button, told) {
    Object.assign(this, { button, told });
    button.textContent = "Copy link";
    button.addEventListener("click", () => this.#copy());
  }

  /** The model that is shown, and what of the page no address has: words, or nothing. */
  set({ model, without }) {
    Object.assign(this, { model, without });
  }

  get address() {
    const address = new URL(window.location.href);
    if (!address.searchParams.has("model")) address.searchParams.set("model", this.model);
    return address.href;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.address);
      this.#tell(this.without ? `Copied, without ${this.without}` : "Copied");
    } catch {
      // No clipboard, as on a page that is not served over HTTPS: a person can copy it there.
      window.prompt("Copy this address", this.address);
    }
  }

  #tell(words) {
    this.told.textContent = words;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.told.textContent = ""), SEEN);
  }
}
