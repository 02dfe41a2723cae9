// A whole code from the characters that a model has learned, as Format.completed makes it in Python.

const BLANK = " "; // at a position that is empty

/**
 * The characters at all positions of a code, normalised, in an array.
 *
 * @param {string[]} characters an allowed one at each position; check characters may be any
 * @param {object} format see `origins`; and the `check`, as Check.to_dict has it, or null
 */
export function completed(characters, format, from = origins(characters, format)) {
  const found = from.map((position) => characters[position] ?? BLANK);
  return format.check ? checked(found, format.check) : found;
}

/**
 * For each position the one that its character comes from: characters move as far left as all of
 * them still fit. -1 where none of them is left.
 *
 * @param {string[]} characters as `completed` takes them
 * @param {object} format `alphabets` of the positions; whether characters are `movable` to positions
 *   further left that are empty
 */
export function origins(characters, { alphabets, movable }) {
  if (!movable) return [...characters.keys()];
  const places = [...characters.keys()].filter((position) => characters[position] !== BLANK);
  const text = places.map((position) => characters[position]);
  const length = text.length;
  // rest[i][j]: the characters from j on fit the positions from i on.
  const rest = [...alphabets, ""].map(() => new Array(length + 1).fill(false));
  rest[alphabets.length][length] = true;
  const takes = (i, j) => j < length && alphabets[i].includes(text[j]) && rest[i + 1][j + 1];
  for (let i = alphabets.length - 1; i >= 0; i--) {
    const optional = alphabets[i].includes(BLANK);
    for (let j = 0; j <= length; j++) rest[i][j] = takes(i, j) || (optional && rest[i + 1][j]);
  }
  let at = 0;
  return alphabets.map((_, i) => (takes(i, at) ? places[at++] : -1));
}

/** Characters with their check characters, which the sum of the others' values chooses. */
function checked(characters, { positions, modulus, outputs, values }) {
  const sum = characters.reduce((total, one, position) => total + (values[position][one] ?? 0), 0);
  const found = [...characters];
  [...outputs[sum % modulus]].forEach((one, i) => (found[positions[i]] = one));
  return found;
}
