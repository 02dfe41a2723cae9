// What a threshold moves: the rejected zone under the points, its edge and the samples above them.
//
// Drawn on canvases of our own, since Plotly would recalculate every trace for each step of a slider.

const DEEP = 0.6; // slack at which the zone's shade is darkest
const [FAINT, DARK] = [0.07, 0.2]; // its opacities
const FULL = 2 * Math.PI;

export class Overlay {
  /** Two canvases in the map's frame: one below Plotly's picture, one above. */
  constructor(frame, palette) {
    this.palette = palette;
    [this.under, this.over] = ["under", "over"].map((name) => {
      const canvas = Object.assign(document.createElement("canvas"), { className: name });
      frame.append(canvas);
      return canvas;
    });
    this.shade = document.createElement("canvas"); // the zone, a pixel a point of its grid
    this.content = null;
  }

  /** `content`: {samples, states, edge, grid, slack}, or null for nothing. */
  set(content) {
    this.content = content;
    if (content) this.#paintShade();
  }

  /** The zone as an image: nothing where points are accepted, darker the farther from that. */
  #paintShade() {
    const { size } = this.content.grid;
    const { slack } = this.content;
    if (this.shade.width !== size) [this.shade.width, this.shade.height] = [size, size];
    const context = this.shade.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(size, size);
    const [r, g, b] = this.palette.zone;
    for (let row = 0; row < size; row++) {
      for (let col = 0; col < size; col++) {
        const depth = -slack[row * size + col];
        if (!(depth >= 0)) continue;
        const at = 4 * ((size - 1 - row) * size + col); // the image's rows run downwards
        image.data[at] = r;
        image.data[at + 1] = g;
        image.data[at + 2] = b;
        image.data[at + 3] = 255 * (FAINT + (DARK - FAINT) * Math.min(1, depth / DEEP));
      }
    }
    context.putImageData(image, 0, 0);
  }

  /**
   * Draw for a view: {left, top, width, height} of the axes and {outerWidth, outerHeight} of the
   * picture in pixels, and x, y: functions from data to pixels.
   */
  draw(view) {
    const contexts = [this.under, this.over].map((canvas) => this.#clear(canvas, view));
    if (this.content) {
      this.#drawZone(contexts[0], view);
      this.#drawEdge(contexts[1], view);
      this.#drawSamples(contexts[1], view);
    }
    contexts.forEach((context) => context.restore());
  }

  #clear(canvas, view) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [view.outerWidth * ratio, view.outerHeight * ratio].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.outerWidth, view.outerHeight);
    context.save();
    context.beginPath();
    context.rect(view.left, view.top, view.width, view.height);
    context.clip();
    return context;
  }

  #drawZone(context, view) {
    const { low, step, size } = this.content.grid;
    // A pixel of the shade stands for the square about its grid point.
    const [from, to] = [low - step / 2, low + (size - 0.5) * step];
    const [left, top, right, bottom] = [view.x(from), view.y(to), view.x(to), view.y(from)];
    context.imageSmoothingEnabled = true;
    context.drawImage(this.shade, left, top, right - left, bottom - top);
  }

  #drawEdge(context, view) {
    const { x, y } = this.content.edge;
    context.beginPath();
    for (let i = 0; i < x.length; i += 3) {
      context.moveTo(view.x(x[i]), view.y(y[i]));
      context.lineTo(view.x(x[i + 1]), view.y(y[i + 1]));
    }
    Object.assign(context, { strokeStyle: this.palette.text, lineWidth: 1.75, lineCap: "round" });
    context.stroke();
  }

  #drawSamples(context, view) {
    const { samples, states } = this.content;
    const colours = [this.palette.rejected, this.palette.accepted, this.palette.impure];
    const radius = states.length > 3000 ? 2.5 : 3.5;
    for (const state of [0, 1, 2]) {
      context.beginPath();
      for (let i = 0; i < states.length; i++) {
        if (states[i] !== state) continue;
        const [px, py] = [view.x(samples.x[i]), view.y(samples.y[i])];
        if (state) {
          context.moveTo(px + radius, py);
          context.arc(px, py, radius, 0, FULL);
        } else {
          context.rect(px - 1.25, py - 1.25, 2.5, 2.5);
        }
      }
      context.fillStyle = colours[state];
      context.fill();
      if (!state) continue;
      Object.assign(context, { strokeStyle: this.palette.outline, lineWidth: 1 });
      context.stroke();
    }
  }
}
