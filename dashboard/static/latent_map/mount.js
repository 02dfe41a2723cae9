// What every component of ours that draws maps does with Streamlit's calls.

/**
 * The entry of a component: one view for each element it is mounted in, made by `make(parentElement)`
 * and kept as new data come. A view has `update(component)`, `fail(error)` and `remove()`.
 */
export function mounting(make) {
  const views = new WeakMap(); // parentElement -> view
  return async function mount(component) {
    const { parentElement } = component;
    if (!views.has(parentElement)) views.set(parentElement, make(parentElement));
    const view = views.get(parentElement);
    try {
      await view.update(component);
    } catch (error) {
      view.fail(error);
      console.error(error);
    }
    return () => {
      if (parentElement.isConnected) return; // only newer data, not the end of the page
      views.delete(parentElement);
      view.remove();
    };
  };
}
