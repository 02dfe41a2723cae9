// The plane of the latent space that is shown: the same as regvae/latent/plane.py.

export class Plane {
  /** `origin` and `rest` (k numbers), `basis` (two rows of k), and what the words need. */
  constructor({ origin, basis, rest, extent, labels }) {
    Object.assign(this, { origin, basis, rest, extent, labels });
  }

  /** Where a latent point (k numbers) is shown: {x, y}. */
  project(z) {
    const [x, y] = this.basis.map((row) =>
      row.reduce((sum, one, i) => (one ? sum + one * (z[i] - this.origin[i]) : sum), 0),
    );
    return { x, y };
  }

  /** Where many are shown: k columns -> {x, y} as arrays. */
  projectAll(columns) {
    const [x, y] = this.basis.map((row) => {
      const out = new columns[0].constructor(columns[0].length);
      row.forEach((one, i) => {
        if (!one) return;
        const [from, origin] = [columns[i], this.origin[i]];
        for (let at = 0; at < out.length; at++) out[at] += one * (from[at] - origin);
      });
      return out;
    });
    return { x, y };
  }

  /** The latent point that is shown at a place and has the anchor's other coordinates. */
  lift({ x, y }) {
    const [across, up] = this.basis;
    return this.rest.map((value, i) => value + x * across[i] + y * up[i]);
  }

  /** Half axes of a Gaussian's shadow on the plane: [[x, y], [x, y]], to be turned by an angle. */
  shadow(sigma) {
    const [a, b] = this.basis;
    const dot = (u, v) => u.reduce((sum, one, i) => sum + one * v[i] * sigma[i] ** 2, 0);
    const [xx, xy, yy] = [dot(a, a), dot(a, b), dot(b, b)];
    // Cholesky's factor of the shadow's covariance.
    const left = Math.sqrt(xx);
    const across = left ? xy / left : 0;
    return [[left, across], [0, Math.sqrt(Math.max(0, yy - across * across))]];
  }
}
