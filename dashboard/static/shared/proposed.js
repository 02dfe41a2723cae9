// Proposed samples on a plane, and the grid on which a rule's zone is drawn there.

import { contour } from "../core/contour.js";
import { outcomes, slack } from "../core/rule.js";
import { column, coordinates } from "./store.js";

/** The columns of some measures of a table, by their names. */
export const measured = (table, names) =>
  Object.fromEntries(names.map((name) => [name, column(table, name)]));

export class Proposed {
  /** `table`: what Python sends as samples; `plane`: a `Plane`. */
  constructor({ samples, field, grid, measures }, plane) {
    const codes = samples.getChild("code");
    const z = coordinates(samples);
    this.samples = {
      ...plane.projectAll(z),
      z,
      measures: measured(samples, measures),
      wanted: column(samples, "wanted"),
      code: (row) => codes.get(row),
    };
    this.field = { ...grid, measures: measured(field, measures) };
  }

  /** Apply limits to samples, zone and edge, and draw these on a map; `states` has what is decided. */
  apply(limits, map) {
    const { samples, field } = this;
    this.states = outcomes(samples, limits);
    const values = slack(field.measures, limits, field.size ** 2);
    const edge = contour({ ...field, values }, 0);
    map.setSamples({ samples, states: this.states, edge, grid: field, slack: values });
  }
}
