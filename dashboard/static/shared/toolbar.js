// The buttons above a map, or above several that are handled as one.

const LABELS = { pan: "Move", select: "Box", lasso: "Lasso" };

/** Buttons for the `tools` of `maps`, the first of which is taken up, and `others`: {label: act}. */
export function showTools(root, maps, tools, others) {
  const take = (tool) => {
    maps.forEach((map) => map.setTool(tool));
    buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(tools[i] === tool)));
  };
  const buttons = tools.map((tool) => button(LABELS[tool], () => take(tool)));
  root.replaceChildren(...buttons, ...Object.entries(others).map(([label, act]) => button(label, act)));
  take(tools[0]);
}

/** Switches for layers, {name: label}; `turn(hidden)` gets the names of those that are off, sorted. */
export class Switches {
  constructor(root, layers, turn) {
    this.all = Object.entries(layers).map(([name, label]) => {
      const one = button(label, () => {
        one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
        turn(this.hidden);
      });
      one.dataset.layer = name;
      return one;
    });
    this.show([]);
    root.replaceChildren(...this.all);
  }

  /** The names of those that are off. */
  get hidden() {
    const off = this.all.filter((one) => one.getAttribute("aria-pressed") === "false");
    return off.map((one) => one.dataset.layer).sort();
  }

  /** Turn off what is hidden, and all others on. */
  show(hidden) {
    for (const one of this.all) one.setAttribute("aria-pressed", String(!hidden.includes(one.dataset.layer)));
  }
}

function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", act);
  return made;
}
