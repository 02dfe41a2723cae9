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

/** Switches for layers, {name: [label, shown]}; `turn(name, shown)` is called for a click. */
export function showSwitches(root, layers, turn) {
  const switches = Object.entries(layers).map(([name, [label, shown]]) => {
    const one = button(label, () => {
      const now = one.getAttribute("aria-pressed") !== "true";
      one.setAttribute("aria-pressed", String(now));
      turn(name, now);
    });
    one.setAttribute("aria-pressed", String(shown));
    one.dataset.layer = name;
    return one;
  });
  root.replaceChildren(...switches);
}

function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", act);
  return made;
}
