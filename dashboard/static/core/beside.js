// Where something is put beside a point of a picture.

const APART = 16; // pixels between the point and what is beside it
const EDGE = 4; // and between that and the axes

/**
 * The left and top of a box {width, height} beside a point [px, py] within the rectangle {left, top,
 * width, height}: at its right if there is room, else at its left, below or above it. Where there is
 * no room at all it is the side with the most.
 */
export function placeBeside([px, py], box, axes) {
  const [right, bottom] = [axes.left + axes.width - EDGE, axes.top + axes.height - EDGE];
  const left = clamp(px - box.width / 2, axes.left + EDGE, right - box.width);
  const top = clamp(py - box.height / 2, axes.top + EDGE, bottom - box.height);
  const sides = [
    { room: right - px - APART - box.width, at: [px + APART, top] },
    { room: px - APART - box.width - axes.left - EDGE, at: [px - APART - box.width, top] },
    { room: bottom - py - APART - box.height, at: [left, py + APART] },
    { room: py - APART - box.height - axes.top - EDGE, at: [left, py - APART - box.height] },
  ];
  const most = sides.reduce((one, other) => (other.room > one.room ? other : one));
  return (sides.find(({ room }) => room >= 0) ?? most).at;
}

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
