// Lines by epoch: a small chart that is drawn anew a few times a second without a flicker.

import { ticks } from "../core/ticks.js";
import { make } from "../shared/svg.js";

const [WIDTH, HEIGHT] = [420, 190];
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 8, 8, 34];

export class Lines {
  constructor(root, name) {
    this.name = name;
    root.innerHTML = "<h6></h6>";
    root.firstElementChild.textContent = name;
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "lines" });
    root.append(this.svg);
  }

  /**
   * `lines`: [{label, colour, values, bold}] over the epochs. `total` epochs are the width; `floor`
   * is a value to mark with its label, or null; `low` and `high` fix the height, else it fits.
   */
  set(epochs, lines, { total, floor, low, high, percent }) {
    const [bottom, top] = span(lines, floor?.value, low, high);
    const x = (epoch) => LEFT + ((epoch - 1) / Math.max(1, total - 1)) * (WIDTH - LEFT - RIGHT);
    const y = (value) => {
      const share = (Math.min(top, Math.max(bottom, value)) - bottom) / (top - bottom || 1);
      return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    };
    const parts = [];
    for (const value of ticks(bottom, top)) {
      parts.push(make("path", { class: "grid", d: `M${LEFT},${y(value)}H${WIDTH - RIGHT}` }));
      parts.push(make("text", { x: LEFT - 5, y: y(value) + 3.5, "text-anchor": "end" }, written(value, percent)));
    }
    for (const [epoch, anchor] of [[1, "start"], [total, "end"]]) {
      parts.push(make("text", { x: x(epoch), y: HEIGHT - BOTTOM + 13, "text-anchor": anchor },
        anchor === "end" ? `epoch ${epoch}` : "1"));
    }
    if (floor) {
      parts.push(make("path", { class: "floor", d: `M${LEFT},${y(floor.value)}H${WIDTH - RIGHT}` }));
      parts.push(make("text", { x: WIDTH - RIGHT, y: y(floor.value) - 4, "text-anchor": "end" }, floor.label));
    }
    let at = LEFT;
    for (const { label, colour, values, bold } of lines) {
      const points = Array.from(epochs, (epoch, i) => `${x(epoch).toFixed(1)},${y(values[i]).toFixed(1)}`);
      const style = { fill: "none", stroke: colour, "stroke-width": bold ? 2.5 : 1.4 };
      if (points.length === 1) parts.push(make("circle", { ...style, cx: x(epochs[0]), cy: y(values[0]), r: 2 }));
      else if (points.length) parts.push(make("path", { ...style, d: `M${points.join("L")}` }));
      parts.push(make("path", { ...style, d: `M${at},${HEIGHT - 7}h12` }));
      parts.push(make("text", { x: at + 16, y: HEIGHT - 3.5 }, label));
      at += 26 + 5.9 * label.length;
    }
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", this.#inWords(epochs, lines, percent));
  }

  /** What the lines have come to, for those who do not see them. */
  #inWords(epochs, lines, percent) {
    if (!epochs.length) return this.name;
    const last = lines.map(({ label, values }) => `${label} ${written(values.at(-1), percent)}`);
    return `${this.name}, after epoch ${epochs.at(-1)}: ${last.join("; ")}`;
  }
}

const written = (value, percent) =>
  percent ? `${Math.round(100 * value)} %` : String(Number(value.toPrecision(4)));

/** The height of the picture: what the lines have after their first fall, and the floor. */
function span(lines, floor, low, high) {
  if (low !== undefined) return [low, high];
  const values = lines.flatMap(({ values: all }) => Array.from(all));
  if (!values.length) return [0, 1];
  const late = lines.flatMap(({ values: all }) => Array.from(all).slice(Math.floor(all.length / 30)));
  const ends = [Math.min(...late, floor ?? Infinity), Math.max(...late, floor ?? -Infinity)];
  const room = 0.06 * (ends[1] - ends[0] || 1);
  return [ends[0] - room, ends[1] + room];
}
