// The colours and shapes of an attribute's values: the same on the map, in its paint and its legend.

const SYMBOLS = ["circle", "square", "diamond", "triangle-up"];

/** The colour of one class of an attribute: its own, or of two, or many share a wheel. */
export function classColour(attribute, code, palette) {
  const { colour } = attribute.classes[code];
  if (colour) return palette[colour];
  if (attribute.classes.length === 2) return palette.classes[code];
  return palette.wheel[code % palette.wheel.length];
}

/** The marker of one class: when colours come round again, the shape differs. */
export function classSymbol(code, palette) {
  return SYMBOLS[Math.floor(code / palette.wheel.length) % SYMBOLS.length];
}

/** The colour of a code of an attribute, of classes or on a scale, as [r, g, b]. */
export function codeColour(attribute, code, palette) {
  if (Number.isNaN(code)) return rgb(palette.missing);
  if (attribute.classes) return rgb(classColour(attribute, code, palette));
  const { low, high } = attribute;
  const place = ((code - low) / (high - low || 1)) * (palette.scale.length - 1);
  const at = Math.min(palette.scale.length - 2, Math.max(0, Math.floor(place)));
  const [from, to] = [rgb(palette.scale[at]), rgb(palette.scale[at + 1])];
  return from.map((value, i) => value + (to[i] - value) * Math.min(1, place - at));
}

/** "#rrggbb" -> [r, g, b]. */
export const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
