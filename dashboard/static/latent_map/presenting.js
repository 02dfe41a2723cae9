// Presenter mode: map, slider, outcome and plates only, larger, for a projector. Key P, or the button.

const PAGE = document.documentElement;

export class Presenting {
  constructor(button) {
    this.button = button;
    this.over = new AbortController();
    const { signal } = this.over;
    button.addEventListener("click", () => this.set(!this.on), { signal });
    window.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.set(false);
  }

  get on() {
    return PAGE.dataset.presenting === "true";
  }

  set(on) {
    PAGE.dataset.presenting = String(on);
    this.button.textContent = on ? "End (P)" : "Present (P)";
    this.button.setAttribute("aria-pressed", String(on));
  }

  #key({ key, ctrlKey, metaKey, altKey, target }) {
    const typing = target.closest?.("input:not([type=range]), textarea, [contenteditable=true]");
    if (typing || ctrlKey || metaKey || altKey || !this.button.checkVisibility()) return;
    if (key.toLowerCase() === "p") this.set(!this.on);
    else if (key === "Escape" && this.on) this.set(false);
  }

  /** The page is left: it must not stay without its header. */
  remove() {
    this.over.abort();
    delete PAGE.dataset.presenting;
  }
}
