// Acceptance and purity against the rule's first number, with its present value marked.

import { make } from "../shared/svg.js";

const [WIDTH, HEIGHT] = [264, 74];
const [LEFT, RIGHT, TOP, BOTTOM] = [30, 4, 5, 13]; // room for the ends of the axes

export class Curves {
  constructor(root) {
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.lines = ["acceptance", "purity"].map((name) => [name, make("path", { class: name })]);
    this.marker = make("line", { class: "marker", y1: TOP, y2: HEIGHT - BOTTOM });
    const frame = make("path", {
      class: "frame",
      d: `M${LEFT},${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}`,
    });
    this.ends = [
      ["100 %", LEFT - 3, TOP + 6, "end"],
      ["0", LEFT - 3, HEIGHT - BOTTOM, "end"],
      ["", LEFT, HEIGHT - 2, "start"],
      ["", WIDTH - RIGHT, HEIGHT - 2, "end"],
      ["", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2, "middle"],
    ].map(([text, x, y, anchor]) => make("text", { x, y, "text-anchor": anchor }, text));
    this.svg.append(frame, ...this.lines.map(([, line]) => line), this.marker, ...this.ends);
    root.append(this.svg);
  }

  /** Points of `curves` in rule.js over a parameter {name, minimum, maximum, show}. */
  set(points, parameter) {
    const { minimum, maximum } = parameter;
    const x = (value) =>
      LEFT + ((Math.min(value, maximum) - minimum) / (maximum - minimum)) * (WIDTH - LEFT - RIGHT);
    const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    for (const [name, line] of this.lines) {
      let pen = "M"; // lifted where there is no purity, as nothing is accepted
      const path = points.map((point) => {
        const share = point[name];
        if (Number.isNaN(share)) return (pen = "M"), "";
        const step = `${pen}${x(point.value).toFixed(1)},${y(share).toFixed(1)}`;
        pen = "L";
        return step;
      });
      line.setAttribute("d", path.join(""));
    }
    this.ends[2].textContent = minimum ? parameter.show(minimum) : "0";
    this.ends[3].textContent = parameter.show(maximum);
    this.ends[4].textContent = parameter.name;
    this.svg.setAttribute("aria-label", `wanted among accepted, and accepted among proposed, against the ${parameter.name}`);
    this.x = x;
  }

  /** Mark the present value. */
  mark(value) {
    const at = this.x(value).toFixed(1);
    this.marker.setAttribute("x1", at);
    this.marker.setAttribute("x2", at);
  }
}
