// The latent map as it forms: frames by epoch, moved through by a slider, a button, or as they come.

const GLIDE = 350; // milliseconds in which points move from one epoch's places to the next's
const STEP = 180; // between two epochs when they are played
const LEAST = 1.5; // half the side of the picture at least, in latent units

export class FormingMap {
  constructor(root) {
    root.innerHTML = `
      <canvas role="img" aria-label="the latent map as it forms"></canvas>
      <div class="forming-row">
        <button type="button" class="play">Play</button>
        <input type="range" min="0" max="0" step="1" aria-label="epoch">
        <output></output>
      </div>`;
    this.canvas = root.querySelector("canvas");
    this.button = root.querySelector("button");
    this.slider = root.querySelector("input");
    this.output = root.querySelector("output");
    this.clear();
    this.slider.addEventListener("input", () => {
      this.#pause();
      this.show(this.epochs[Number(this.slider.value)]);
      this.following = this.epoch === this.epochs.at(-1);
    });
    this.button.addEventListener("click", () => (this.playing ? this.#pause() : this.#play()));
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.canvas);
  }

  /** End what would go on by itself. */
  remove() {
    this.clear();
    this.resized.disconnect();
  }

  clear() {
    this.frames = new Map(); // epoch -> {x, y}
    this.epochs = [];
    this.epoch = null; // the one that is shown
    this.following = true; // whether the newest is shown as it comes
    this.target = null; // where the points glide to
    this.at = null; // where they are drawn
    this.extent = LEAST;
    this.#pause();
  }

  /** Keep the places of the points after an epoch. */
  keep(epoch, x, y) {
    if (this.frames.has(epoch)) return;
    this.frames.set(epoch, { x: Float32Array.from(x), y: Float32Array.from(y) });
    this.epochs = [...this.frames.keys()].sort((a, b) => a - b);
  }

  paint(colours, palette) {
    this.colours = colours;
    this.palette = palette;
  }

  /** The newest epoch, unless somebody looks at an older one. */
  go() {
    if (!this.epochs.length) this.#draw();
    else this.show(this.following ? this.epochs.at(-1) : this.epoch);
  }

  /** Move the points to where they were after an epoch. */
  show(epoch) {
    this.epoch = epoch;
    // Its place may be another than before, among more epochs.
    this.slider.max = String(this.epochs.length - 1);
    this.slider.value = String(this.epochs.indexOf(epoch));
    this.output.textContent = `epoch ${epoch}`;
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    const target = this.frames.get(epoch);
    if (this.target === target) return;
    this.target = target;
    const from = this.at ?? target;
    const extent = { from: this.extent, to: reach(target) };
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    const step = (now) => {
      if (this.target !== target) return;
      const share = still ? 1 : Math.min(1, Math.max(0, (now - began) / GLIDE));
      this.at = share === 1 ? target : between(from, target, share);
      this.extent = extent.from + (extent.to - extent.from) * share;
      this.#draw();
      if (share < 1) requestAnimationFrame(step);
    };
    step(began);
    requestAnimationFrame(step);
  }

  #play() {
    if (!this.epochs.length) return;
    if (this.epoch === this.epochs.at(-1)) this.show(this.epochs[0]);
    this.following = false;
    this.button.textContent = "Pause";
    this.playing = setInterval(() => {
      const next = this.epochs.find((one) => one > this.epoch);
      if (next !== undefined) return this.show(next);
      this.following = true;
      return this.#pause();
    }, STEP);
  }

  #pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.button.textContent = "Play";
  }

  #draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const side = Math.round(canvas.clientWidth * ratio);
    if (!side) return;
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, side, side);
    const scale = side / (2 * this.extent);
    context.strokeStyle = "rgba(128,128,128,.35)";
    context.beginPath();
    context.moveTo(side / 2, 0);
    context.lineTo(side / 2, side);
    context.moveTo(0, side / 2);
    context.lineTo(side, side / 2);
    context.stroke();
    if (!this.at || !this.colours) return;
    const size = 2.4 * ratio;
    this.palette.forEach((colour, code) => {
      context.fillStyle = colour;
      for (let i = 0; i < this.at.x.length; i++) {
        if (this.colours[i] !== code) continue;
        const px = side / 2 + this.at.x[i] * scale;
        const py = side / 2 - this.at.y[i] * scale;
        context.fillRect(px - size / 2, py - size / 2, size, size);
      }
    });
  }
}

/** Half the side of the square about 0 that holds nearly all points. */
function reach({ x, y }) {
  const far = Float32Array.from(x, (value, i) => Math.max(Math.abs(value), Math.abs(y[i]))).sort();
  return Math.max(LEAST, 1.08 * (far[Math.floor(0.999 * (far.length - 1))] ?? LEAST));
}

function between(from, to, share) {
  const mix = (a, b) => Float32Array.from(b, (value, i) => a[i] + (value - a[i]) * share);
  return { x: mix(from.x, to.x), y: mix(from.y, to.y) };
}
