// Which part of the plane is on the screen, and where.

const CLOSEST = 1 / 2000; // in halves of the whole map
const FARTHEST = 1e6; // latent units: no point lies farther out

export class View {
  /**
   * `axes`: {left, top, width, height}, the rectangle in which the plane is shown, and {outerWidth,
   * outerHeight} of the picture that it lies in, in pixels. `place`: {x, y, reach}, the point in its
   * middle and the distance from there to the nearest edge, in latent units: both directions have one
   * scale.
   */
  constructor(axes, place) {
    Object.assign(this, axes, { place });
    this.unit = (2 * place.reach) / Math.min(axes.width, axes.height); // latent units a pixel
    const [across, up] = [axes.width, axes.height].map((side) => (side / 2) * this.unit);
    this.low = { x: place.x - across, y: place.y - up };
    this.high = { x: place.x + across, y: place.y + up };
  }

  /** A text that differs when anything is shown elsewhere. */
  get key() {
    const { left, top, width, height, outerWidth, outerHeight, place } = this;
    return [left, top, width, height, outerWidth, outerHeight, ...Object.values(place)].join();
  }

  /** Pixels from the left for a latent coordinate. */
  x(value) {
    return this.left + (value - this.low.x) / this.unit;
  }

  /** Pixels from the top. */
  y(value) {
    return this.top + (this.high.y - value) / this.unit;
  }

  /** The latent point at pixels of the picture, also outside the axes. */
  point(px, py) {
    return { x: this.low.x + (px - this.left) * this.unit, y: this.high.y - (py - this.top) * this.unit };
  }

  /** Whether pixels of the picture lie within the axes. */
  holds(px, py) {
    const [across, down] = [px - this.left, py - this.top];
    return across >= 0 && down >= 0 && across <= this.width && down <= this.height;
  }

  /** The pixels within the axes that are nearest to some pixels. */
  nearest(px, py) {
    const clamp = (value, from, length) => Math.min(from + length, Math.max(from, value));
    return [clamp(px, this.left, this.width), clamp(py, this.top, this.height)];
  }

  /** The place that is shown after the picture is moved by pixels. */
  moved(dx, dy) {
    const { x, y, reach } = this.place;
    return { x: x - dx * this.unit, y: y + dy * this.unit, reach };
  }

  /** The place after zooming by a factor (above 1: more is seen) about pixels; `extent`: half of the map. */
  zoomed(px, py, factor, extent) {
    const reach = Math.min(FARTHEST, Math.max(CLOSEST * extent, this.place.reach * factor));
    const about = this.point(px, py);
    const share = reach / this.place.reach;
    return {
      x: about.x + (this.place.x - about.x) * share,
      y: about.y + (this.place.y - about.y) * share,
      reach,
    };
  }
}
