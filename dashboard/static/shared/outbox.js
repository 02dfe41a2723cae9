// What a person did on a component, told to Python under a number, and again until there is an answer.

export class Outbox {
  constructor() {
    this.number = 0; // of what was told last
    this.waiting = []; // what Python has not answered
  }

  /** Python has handled everything up to a number; a new mount counts on from there. */
  handled(number) {
    this.number = Math.max(this.number, number);
    this.waiting = this.waiting.filter((one) => one.number > number);
  }

  /**
   * Tell of a gesture through Streamlit's newest `component`; gives its number.
   */
  send(component, name, value) {
    this.number += 1;
    this.waiting.push({ number: this.number, name, value });
    component.setStateValue("gestures", [...this.waiting]);
    return this.number;
  }
}
