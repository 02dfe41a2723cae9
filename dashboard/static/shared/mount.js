// What every component of ours that draws does with Streamlit's calls.

/**
 * The entry of a component: one view for each element it is mounted in, made by `make(parentElement)`
 * and kept as new data come. A view has its `element`, `update(component, newest)` and `remove()`.
 * An update that waits for something asks `newest()` afterwards, and ends where that is false: newer
 * data have come, or the page has been left.
 */
export function mounting(make) {
  const views = new WeakMap(); // parentElement -> view
  return async function mount(component) {
    const { parentElement } = component;
    if (!views.has(parentElement)) views.set(parentElement, make(parentElement));
    const view = views.get(parentElement);
    view.component = component;
    const newest = () => view.component === component && parentElement.isConnected;
    try {
      await view.update(component, newest);
      if (newest()) complain(view.element, null);
    } catch (error) {
      if (newest()) complain(view.element, error);
      console.error(error);
    }
    return () => {
      if (parentElement.isConnected) return; // only newer data, not the end of the page
      views.delete(parentElement);
      view.remove();
    };
  };
}

/** Say on the page what went wrong, or take back what was said. */
function complain(element, error) {
  element.querySelector(":scope > .failure")?.remove();
  if (!error) return;
  const words = document.createElement("p");
  words.className = "failure";
  words.setAttribute("role", "alert");
  words.textContent = `This could not be drawn: ${error.message}`;
  element.append(words);
}
