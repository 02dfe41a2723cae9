// Purity against the accepted share as the rule's first number moves, with the oracle's place.

import { make } from "../shared/svg.js";

const [WIDTH, HEIGHT] = [264, 112];
const [LEFT, RIGHT, TOP, BOTTOM] = [36, 6, 22, 26]; // room for the ends of the axes

export class Tradeoff {
  constructor(root) {
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.line = make("path", { class: "purity" });
    this.interval = make("path", { class: "interval" });
    this.present = make("circle", { class: "now", r: 4 });
    this.oracle = make("path", { class: "oracle" });
    this.named = make("text", { "text-anchor": "middle" }, "oracle");
    const low = HEIGHT - BOTTOM;
    const frame = make("path", { class: "frame", d: `M${LEFT},${TOP}V${low}H${WIDTH - RIGHT}` });
    const text = (x, y, anchor, words) => make("text", { x, y, "text-anchor": anchor }, words);
    this.bottom = text(LEFT - 3, low, "end", "");
    this.end = text(WIDTH - RIGHT, low + 11, "end", "");
    this.svg.append(
      ...[frame, this.line, this.interval, this.present, this.oracle, this.named],
      ...[this.bottom, this.end, text(LEFT - 3, TOP + 4, "end", "100 %")],
      ...[text(LEFT, low + 11, "start", "0"), text(WIDTH / 2, low + 22, "middle", "accepted share")],
    );
    root.append(this.svg);
  }

  /** Points of `curves` in rule.js, and the share of samples that decode to wanted: the oracle's. */
  set(points, oracle) {
    const shown = points.filter(({ purity }) => !Number.isNaN(purity));
    const most = Math.max(oracle, 0.01, ...shown.map((one) => one.acceptance));
    const least = Math.min(0.9, ...shown.map((one) => one.purity));
    const [right, bottom] = [Math.min(1, 1.1 * most), Math.floor(10 * least) / 10];
    this.x = (share) => LEFT + (share / right) * (WIDTH - LEFT - RIGHT);
    this.y = (share) =>
      TOP + ((1 - Math.max(share, bottom)) / (1 - bottom)) * (HEIGHT - TOP - BOTTOM);
    const at = (one) => `${this.x(one.acceptance).toFixed(1)},${this.y(one.purity).toFixed(1)}`;
    this.line.setAttribute("d", shown.length ? `M${shown.map(at).join("L")}` : "");
    this.bottom.textContent = percent(bottom);
    this.end.textContent = percent(right);
    const x = this.x(oracle);
    this.oracle.setAttribute("d", `M${x},${TOP - 5}l5,5l-5,5l-5,-5z`);
    this.named.setAttribute("x", Math.min(x, WIDTH - 22));
    this.named.setAttribute("y", TOP - 9);
    this.share = oracle;
  }

  /** Mark the present place; `interval` is that of the purity, [low, high], or null if not known. */
  mark({ acceptance, purity }, interval) {
    const there = !Number.isNaN(purity);
    this.present.style.display = there ? "" : "none";
    this.interval.setAttribute("d", "");
    const place = there ? `; now ${percent(purity)} of ${percent(acceptance)}` : "";
    const words = `purity against the accepted share; the oracle accepts ${percent(this.share)}`;
    this.svg.setAttribute("aria-label", words + place);
    if (!there) return;
    const [x, y] = [this.x(acceptance), this.y(purity)];
    this.present.setAttribute("cx", x);
    this.present.setAttribute("cy", y);
    if (!interval) return;
    const [low, high] = interval.map((one) => this.y(one));
    this.interval.setAttribute("d", `M${x - 4},${low}h8M${x},${low}V${high}M${x - 4},${high}h8`);
  }
}

const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
