// Layers of points that Python puts on the map, and how each is drawn.

import { column } from "../shared/store.js";

/**
 * Each layer's style by its name: a function from points {x, y, flag} (arrays of one length) and the
 * palette to Plotly traces. They lie on each other in this order. The proposed samples stand back
 * for a trace whose `meta` is `{ quiet: true }`.
 */
const STYLES = {
  /** Points decoded on request; the flag says that what they decode to is unwanted. */
  decoded: (points, palette) => {
    const color = points.flag.map((unwanted) => palette[unwanted ? "impure" : "accepted"]);
    return [spots(points, { symbol: "square", size: 6, color, line: { width: 1, color: palette.outline } })];
  },

  /** Leaks that were found, as crosses. */
  leaks: (points, { impure: color }) => [
    spots(points, { symbol: "x-thin-open", size: 9, color, line: { width: 2, color } }),
  ],

  /** The steps of a path, joined; its start is a ring, its end a square. */
  path: (points, { background, search: color }) => {
    const at = (first, last, other) =>
      points.x.map((_, i, { length }) => (i === 0 ? first : i === length - 1 ? last : other));
    const symbol = at("circle-open", "square-open", "circle");
    const marker = { symbol, size: at(13, 13, 6), color, line: { width: 1.5, color } };
    return [line(points, background, 5), line(points, color, 2), spots(points, marker)];
  },
};

/** Points by layer, {name: {x, y, flag}}, from a table with a row for each point. */
export function byLayer(table) {
  const names = table.getChild("layer");
  const columns = ["x", "y", "flag"].map((name) => [name, column(table, name)]);
  const layers = Object.create(null); // any name may be a layer's
  for (let row = 0; row < table.numRows; row++) {
    const layer = (layers[names.get(row)] ??= { x: [], y: [], flag: [] });
    for (const [name, values] of columns) layer[name].push(values[row]);
  }
  return layers;
}

/** The traces of all layers; an error if one has no style. */
export function tracesOf(layers, palette) {
  const strange = Object.keys(layers).find((name) => !Object.hasOwn(STYLES, name));
  if (strange) throw new Error(`there is no style for the layer “${strange}”`);
  return Object.entries(STYLES).flatMap(([name, style]) =>
    Object.hasOwn(layers, name) ? style(layers[name], palette) : [],
  );
}

/** A trace of points that a selection does not dim. */
function spots({ x, y }, marker) {
  const unselected = { marker: { opacity: 1 } };
  return { type: "scatter", mode: "markers", x, y, hoverinfo: "skip", marker, unselected };
}

function line({ x, y }, color, width) {
  const meta = { quiet: true };
  return { type: "scatter", mode: "lines", x, y, hoverinfo: "skip", line: { color, width }, meta };
}
