// Polygons in the plane: the same rule as regvae/latent/polygon.py.

/**
 * Corners [[x, y], …] without those that lie within a tolerance of the line through the others
 * (Ramer, Douglas and Peucker).
 */
export function simplified(corners, tolerance) {
  if (corners.length < 3) return corners;
  const [first, last] = [corners[0], corners.at(-1)];
  let [farthest, at] = [-1, 0];
  for (let i = 1; i < corners.length - 1; i++) {
    const away = distance(corners[i], first, last);
    if (away > farthest) [farthest, at] = [away, i];
  }
  if (farthest <= tolerance) return [first, last];
  return [
    ...simplified(corners.slice(0, at + 1), tolerance).slice(0, -1),
    ...simplified(corners.slice(at), tolerance),
  ];
}

/** How far a point is from the segment between two others. */
function distance([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const share = length ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}

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
