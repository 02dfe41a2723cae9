// Loads what a map needs while Python still computes what it shows.

import { loadPlotly } from "./plotly.js";

/** Entry of the component that is mounted first on a page with maps: data = {module}. */
export default function ahead({ data }) {
  loadPlotly().catch(() => {}); // whoever draws with it tells of a failure
  import(new URL(`../${data.module}`, import.meta.url).href);
}
