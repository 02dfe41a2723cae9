// Canvases in a map's frame; style.css has which lies above which.

/** A new canvas in the frame. */
export function addCanvas(frame, className) {
  const canvas = Object.assign(document.createElement("canvas"), { className });
  frame.append(canvas);
  return canvas;
}

/** The context of an emptied canvas, clipped to the axes of a `View`. End with `restore()`. */
export function emptied(canvas, view) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [view.outerWidth * ratio, view.outerHeight * ratio].map(Math.round);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  // Read back by tests and drawn often: so that it stays off a software GPU.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.outerWidth, view.outerHeight);
  context.save();
  context.beginPath();
  context.rect(view.left, view.top, view.width, view.height);
  context.clip();
  return context;
}
