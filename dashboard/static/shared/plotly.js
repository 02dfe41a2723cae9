// plotly.js from the installed wheel, loaded once a page.

let plotly;

/** A promise of Plotly; rejected, with a sentence for the page, if it cannot be loaded. */
export function loadPlotly() {
  if (window.Plotly) return Promise.resolve(window.Plotly); // see dashboard/server.py
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../plotly.min.js", import.meta.url).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.min.js could not be loaded; reload the page"));
    document.head.append(script);
  });
  return plotly;
}
