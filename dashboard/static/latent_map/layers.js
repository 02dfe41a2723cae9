// Layers of points that Python puts on the map, and how each is drawn.

import { column } from "../shared/store.js";

/**
 * Each layer's style by its name: a function from points {x, y, flag} (arrays of one length) and the
 * palette to parts as `Marks` draws them. They lie on each other in this order. The proposed samples
 * stand back for a part that is `quiet`.
 */
const STYLES = {
  /** Points decoded on request; the flag says that what they decode to is unwanted. */
  decoded: (points, { plate, impure, outline }) =>
    [plate, impure].map((fill, flag) => {
      const rows = points.flag.flatMap((one, row) => (Number(one) === flag ? [row] : []));
      return { ...some(points, rows), symbol: "square", size: 6, fill, stroke: outline, width: 1 };
    }),

  /** Leaks that were found, as crosses. */
  leaks: (points, { impure }) => [{ ...all(points), symbol: "x", size: 9, stroke: impure, width: 2 }],

  /** The steps of a path, joined; its start is a ring, its end a square. */
  path: (points, { background, search: colour }) => {
    const last = points.x.length - 1;
    const steps = points.x.map((_, row) => row).slice(1, -1);
    const mark = (rows, symbol, size) => ({ ...some(points, rows), symbol, size, stroke: colour, width: 1.5 });
    return [
      { ...all(points), stroke: background, width: 5, quiet: true },
      { ...all(points), stroke: colour, width: 2, quiet: true },
      { ...mark(steps, "circle", 6), fill: colour },
      mark([0], "circle", 13),
      mark([last], "square", 13),
    ];
  },
};

const all = ({ x, y }) => ({ x, y });
const some = ({ x, y }, rows) => ({ x: rows.map((row) => x[row]), y: rows.map((row) => y[row]) });

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

/** The parts of all layers; an error if one has no style. */
export function partsOf(layers, palette) {
  const strange = Object.keys(layers).find((name) => !Object.hasOwn(STYLES, name));
  if (strange) throw new Error(`there is no style for the layer “${strange}”`);
  return Object.entries(STYLES).flatMap(([name, style]) =>
    Object.hasOwn(layers, name) ? style(layers[name], palette).map((part) => ({ ...part, layer: name })) : [],
  );
}
