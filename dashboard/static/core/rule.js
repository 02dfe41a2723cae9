// The acceptance rule: the same comparisons as regvae/rejection/rules, on measures that Python made.

const HOLDS = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** A rule's limits with numbers: [{measure, operator, value}], from the values of its parameters. */
export function limitsOf(rule, values) {
  return rule.limits.map(({ measure, operator, parameter, complement }) => ({
    measure,
    operator,
    value: complement ? 1 - values[parameter] : values[parameter],
  }));
}

/** For each of n measured points whether all limits hold: Uint8Array of 0 and 1. */
export function accepts(measures, limits, n) {
  const accepted = new Uint8Array(n).fill(1);
  for (const { measure, operator, value } of limits) {
    const holds = HOLDS[operator];
    const values = measures[measure];
    for (let i = 0; i < n; i++) if (!holds(values[i], value)) accepted[i] = 0;
  }
  return accepted;
}

/** 0 = rejected, 1 = accepted and wanted, 2 = accepted although it decodes to something unwanted. */
export function judge(samples, limits) {
  const states = accepts(samples.measures, limits, samples.wanted.length);
  for (let i = 0; i < states.length; i++) if (states[i] && !samples.wanted[i]) states[i] = 2;
  return states;
}

/**
 * How far each point is from being rejected, by its nearest limit: above 0 where it is accepted.
 * Distances in sigmas; shares as they are, but a typicality in units of what it must be.
 */
export function slack(measures, limits, n) {
  const least = new Float32Array(n).fill(Infinity);
  for (const { measure, operator, value } of limits) {
    const values = measures[measure];
    const unit = measure === "typicality" ? Math.max(value, 1e-3) : 1;
    const factor = (operator === "<=" ? -1 : 1) / unit;
    const holds = HOLDS[operator];
    for (let i = 0; i < n; i++) {
      const left = factor * (values[i] - value);
      // Where the limit holds with nothing to spare, the point is accepted all the same.
      least[i] = Math.min(least[i], holds(values[i], value) ? Math.max(left, 1e-9) : left);
    }
  }
  return least;
}

/**
 * Acceptance and purity for many values of the rule's first parameter, the others as they are.
 *
 * @returns {{value: number, acceptance: number, purity: number}[]} purity NaN where none is accepted
 */
export function curves(samples, rule, values, steps) {
  const [first, ...others] = limitsOf(rule, values);
  const n = samples.wanted.length;
  const passing = accepts(samples.measures, others, n);
  const measured = samples.measures[first.measure];
  // Easiest to accept first, so that every limit accepts a beginning of the list.
  const rows = [...passing.keys()].filter((i) => passing[i]).sort((a, b) => measured[b] - measured[a]);
  const wanted = new Float64Array(rows.length + 1);
  rows.forEach((row, i) => (wanted[i + 1] = wanted[i] + samples.wanted[row]));
  const { name, maximum } = rule.parameters[0];
  return Array.from({ length: steps + 1 }, (_, step) => {
    const value = (step / steps) * maximum;
    const limit = limitsOf(rule, { ...values, [name]: value })[0];
    const accepted = countHolding(rows, measured, limit);
    return { value, acceptance: accepted / n, purity: wanted[accepted] / accepted };
  });
}

/** How many rows at the beginning hold a lower limit, by bisection. */
function countHolding(rows, measured, { operator, value }) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (HOLDS[operator](measured[rows[middle]], value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
