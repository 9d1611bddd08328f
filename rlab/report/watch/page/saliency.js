// Where the agent looks at the current moment, drawn over the screen; computed by the server when it is asked for.
"use strict";

const REST = 200; // milliseconds that the cursor stands still before the server is asked
const ABOUT =
  "Saliency by perturbation (Greydanus et al., 2018): bright where blurring the picture changes what the agent thinks most. " +
  "A heuristic: it shows what the judgement is sensitive to, not why the agent acts.";

class Saliency {
  constructor(place, timeline) {
    this.place = place;
    this.reason = timeline.no_saliency || (FROM_FOLDER ? "it needs the server, which python scripts/watch.py RUN starts" : "");
    this.canvas = make("canvas", { className: "heat", hidden: true });
    this.note = make("p", { className: "note", hidden: true, role: "status" });
    this.on = false;
  }

  toggle(step) {
    this.on = !this.on;
    this.note.hidden = !this.on;
    this.note.textContent = this.reason ? `No saliency: ${this.reason}.` : ABOUT;
    this.show(step);
  }

  // Forget what was drawn; draw anew once the cursor rests.
  show(step) {
    this.canvas.hidden = true;
    clearTimeout(this.timer);
    if (!this.on || this.reason) return;
    this.step = step;
    this.timer = setTimeout(() => this.ask(), REST);
  }

  // One question at a time: the server takes seconds for an answer, and the cursor may have gone on meanwhile.
  async ask() {
    if (this.asking) return;
    this.asking = true;
    const { step } = this;
    let told = ABOUT;
    try {
      const { heat } = await load(`${this.place}/saliency/${step}`);
      if (this.on && step === this.step) this.draw(heat);
    } catch (error) {
      told = error.message;
    }
    this.asking = false;
    if (!this.on) return;
    this.note.textContent = told;
    if (step !== this.step) this.show(this.step);
  }

  close() {
    clearTimeout(this.timer);
    this.on = false;
  }

  draw(heat) {
    const [height, width] = [heat.length, heat[0].length];
    const most = Math.max(...heat.flat()) || 1;
    Object.assign(this.canvas, { width, height, hidden: false });
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(width, height);
    heat.flat().forEach((amount, place) => picture.data.set([0, 255, 220, 200 * (amount / most)], 4 * place));
    context.putImageData(picture, 0, 0);
  }
}
