// The colours of Streamlit's theme, which may change while the page is open.

/**
 * Take the theme over into a palette, which has colours of its own for `light` and `dark`; returns a
 * text that differs when the theme does.
 */
export function takeTheme(element, palette) {
  const style = getComputedStyle(element);
  const text = style.getPropertyValue("--st-text-color").trim() || style.color;
  const dark = style.colorScheme.includes("dark");
  Object.assign(palette, dark ? palette.dark : palette.light, {
    text,
    background: style.getPropertyValue("--st-background-color").trim() || "#ffffff",
  });
  return text;
}
