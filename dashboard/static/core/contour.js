// Marching squares: where a field sampled on a grid crosses a level.

// For each of the 16 cases (one bit a corner above the level), the pairs of edges that a line joins.
// Corners: 1 = left bottom, 2 = right bottom, 4 = right top, 8 = left top.
// Edges: 0 = bottom, 1 = right, 2 = top, 3 = left. The two saddles join by their mean.
const CASES = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], null, [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], null, [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];
const SADDLE = { 5: [[[3, 0], [1, 2]], [[0, 1], [2, 3]]], 10: [[[0, 1], [2, 3]], [[3, 0], [1, 2]]] };

/**
 * The lines on which `field` (rows of x, from low to high y) equals `level`.
 *
 * @param {{low: number, step: number, size: number, values: Float32Array}} field on a square grid
 * @returns {{x: number[], y: number[]}} segments, with NaN between them
 */
export function contour({ low, step, size, values }, level) {
  const x = [];
  const y = [];
  const cut = (a, b) => (level - a) / (b - a);
  for (let row = 0; row < size - 1; row++) {
    for (let col = 0; col < size - 1; col++) {
      const at = row * size + col;
      const bits =
        (values[at] > level) +
        2 * (values[at + 1] > level) +
        4 * (values[at + size + 1] > level) +
        8 * (values[at + size] > level);
      if (bits === 0 || bits === 15) continue;
      const v = [values[at], values[at + 1], values[at + size + 1], values[at + size]];
      const above = (v[0] + v[1] + v[2] + v[3]) / 4 > level;
      // In a saddle whose middle lies above, the two corners below are cut off, and the reverse.
      const pairs = CASES[bits] ?? SADDLE[bits][above ? 1 : 0];
      const point = (edge) =>
        [
          [col + cut(v[0], v[1]), row],
          [col + 1, row + cut(v[1], v[2])],
          [col + cut(v[3], v[2]), row + 1],
          [col, row + cut(v[0], v[3])],
        ][edge];
      for (const pair of pairs) {
        for (const [px, py] of pair.map(point)) {
          x.push(low + px * step);
          y.push(low + py * step);
        }
        x.push(NaN);
        y.push(NaN);
      }
    }
  }
  return { x, y };
}
