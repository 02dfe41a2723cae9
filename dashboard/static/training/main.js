// A training as it goes: the map of some training records after every epoch, and lines beside it.

import { mounting } from "../shared/mount.js";
import { column } from "../shared/store.js";
import { FormingMap } from "./forming.js";
import { Lines } from "./lines.js";

export default mounting((parent) => new View(parent));

class View {
  constructor(parent) {
    parent.innerHTML = `
      <div class="training-view">
        <section><h6 class="map-title"></h6><div class="forming"></div></section>
        <section><div class="loss"></div><div class="accuracy"></div></section>
      </div>`;
    this.element = parent.firstElementChild;
    const part = (name) => this.element.querySelector(`.${name}`);
    this.title = part("map-title");
    this.map = new FormingMap(part("forming"));
    this.loss = new Lines(part("loss"), "Loss, in nats");
    this.accuracy = new Lines(part("accuracy"), "Validation accuracy, by character");
  }

  remove() {
    this.map.remove();
  }

  update({ data }) {
    if (this.run !== data.run) {
      this.run = data.run;
      this.map.clear();
    }
    this.title.textContent = data.title;
    const epochs = column(data.frames, "epoch");
    const [x, y] = [column(data.frames, "x"), column(data.frames, "y")];
    const size = data.points;
    for (let from = 0; from < epochs.length; from += size) {
      this.map.keep(epochs[from], x.subarray(from, from + size), y.subarray(from, from + size));
    }
    this.map.paint(column(data.colours, "colour"), data.palette);
    this.map.go();
    const epoch = column(data.history, "epoch");
    const lines = (names) =>
      names.map((one) => ({ ...one, values: column(data.history, one.column) }));
    this.loss.set(epoch, lines(data.losses), { total: data.epochs, floor: data.entropy });
    this.accuracy.set(epoch, lines(data.accuracies), { total: data.epochs, low: 0, high: 1, percent: true });
    this.element.dataset.epoch = epoch.length ? epoch.at(-1) : 0;
  }
}
