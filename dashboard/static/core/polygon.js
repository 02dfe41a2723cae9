// Polygons in the plane: the same rule as regvae/latent/polygon.py.

/** The rows of points x, y that lie inside a polygon [[x, y], …], by the even-odd rule. */
export function inside(polygon, x, y) {
  const found = [];
  for (let row = 0; row < x.length; row++) {
    let within = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [polygon[j], polygon[i]];
      if (y1 > y[row] !== y2 > y[row] && x[row] < ((x2 - x1) * (y[row] - y1)) / (y2 - y1) + x1) within = !within;
    }
    if (within) found.push(row);
  }
  return found;
}
