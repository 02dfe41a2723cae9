// The acceptance rule: the same comparisons as the library's, on measures that Python made.

const HOLDS = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};
const isUpper = (operator) => operator.startsWith("<"); // the measure must lie below the limit

const [LEAST_UNIT, LEAST_SLACK, FAR] = [1e-3, 1e-9, 1e30];

/**
 * A rule's limits at some values of its parameters: [{measure, operator, value, relative}].
 *
 * Each parameter {name, measure, operator, complement} is a limit of a measure; with `complement`
 * its value is 1 minus the parameter's. `relative` is the measure's, among the rule's `measures`.
 */
export function limitsOf(rule, values) {
  const relative = Object.fromEntries(rule.measures.map((one) => [one.name, one.relative]));
  return rule.parameters.map(({ name, measure, operator, complement }) => ({
    measure,
    operator,
    value: complement ? 1 - values[name] : values[name],
    relative: relative[measure],
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
export function outcomes(samples, limits) {
  const states = accepts(samples.measures, limits, samples.wanted.length);
  for (let i = 0; i < states.length; i++) if (states[i] && !samples.wanted[i]) states[i] = 2;
  return states;
}

/** How many samples are accepted, and of these wanted or not (`impure`), by their `outcomes`. */
export function tally(states) {
  const numbers = [0, 0, 0];
  for (const state of states) numbers[state] += 1;
  const [, wanted, impure] = numbers;
  return { proposed: states.length, accepted: wanted + impure, wanted, impure };
}

/**
 * How far each point is from being rejected, by its nearest limit: above 0 just where it is accepted.
 * In the measure's unit, but of a `relative` measure in units of the limit's value. Always finite,
 * since lines are drawn through it; a point that could not be measured (NaN) is far from accepted.
 */
export function slack(measures, limits, n) {
  const least = new Float32Array(n).fill(FAR);
  for (const { measure, operator, value, relative } of limits) {
    const values = measures[measure];
    const unit = relative ? Math.max(Math.abs(value), LEAST_UNIT) : 1;
    const factor = (isUpper(operator) ? -1 : 1) / unit;
    const holds = HOLDS[operator];
    for (let i = 0; i < n; i++) {
      const left = factor * (values[i] - value);
      // Where the limit holds with nothing to spare, the point is accepted all the same.
      const some = holds(values[i], value) ? Math.max(left || 0, LEAST_SLACK) : (left || rest(values[i]));
      least[i] = Math.max(-FAR, Math.min(least[i], some));
    }
  }
  return least;
}

/** The slack at a limit that does not hold, where a difference says nothing. */
const rest = (value) => (Number.isNaN(value) ? -FAR : 0);

/**
 * Acceptance and purity for many values of the rule's first parameter, the others as they are.
 *
 * @returns {{value: number, acceptance: number, purity: number}[]} purity NaN where none is accepted
 */
export function curves(samples, rule, values, steps) {
  const [first, ...others] = limitsOf(rule, values);
  const n = samples.wanted.length;
  const passing = accepts(samples.measures, others, n);
  const rows = easiestFirst(passing, samples.measures[first.measure], first.operator);
  const measured = Float64Array.from(rows, (row) => samples.measures[first.measure][row]);
  const wanted = new Float64Array(rows.length + 1);
  rows.forEach((row, i) => (wanted[i + 1] = wanted[i] + samples.wanted[row]));
  const { name, minimum, maximum } = rule.parameters[0];
  return Array.from({ length: steps + 1 }, (_, step) => {
    const value = minimum + (step / steps) * (maximum - minimum);
    const accepted = countHolding(measured, limitsOf(rule, { ...values, [name]: value })[0]);
    return { value, acceptance: accepted / n, purity: wanted[accepted] / accepted };
  });
}

/** Rows that pass and are measured, so ordered that every limit accepts a beginning of them. */
function easiestFirst(passing, measured, operator) {
  const rows = [...passing.keys()].filter((i) => passing[i] && !Number.isNaN(measured[i]));
  const compare = (a, b) => (measured[a] > measured[b]) - (measured[a] < measured[b]);
  return rows.sort(isUpper(operator) ? compare : (a, b) => compare(b, a));
}

/** How many at the beginning hold a limit, by bisection. */
function countHolding(measured, { operator, value }) {
  let [low, high] = [0, measured.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (HOLDS[operator](measured[middle], value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
