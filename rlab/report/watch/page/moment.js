// What there is to say of the current moment: where the game stands, and the chosen action among the others.
"use strict";

const MOST_ACTIONS = 40;

class Moment {
  constructor(timeline) {
    this.timeline = timeline;
    let score = 0;
    this.scores = timeline.reward.map((reward) => (score += reward));
    this.rows = timeline.action_numbers ?? timeline.judgements;
    const all = (this.rows ?? []).flat().filter((number) => number !== null);
    this.low = all.reduce((least, number) => Math.min(least, number), Infinity);
    this.high = all.reduce((most, number) => Math.max(most, number), -Infinity);
    this.facts = {};
    const named = (name) => [make("dt", {}, name), (this.facts[name] = make("dd", { "data-fact": name }))];
    const names = ["step", "score", "reward"];
    if (timeline.lives) names.push("lives");
    if (timeline.value) names.push(timeline.value_name);
    if (timeline.entropy) names.push("entropy");
    if (timeline.td_error) names.push("TD error");
    if (timeline.states) names.push("state");
    this.actions = make("ol", { className: "actions" });
    this.element = make("div", { className: "moment" }, make("dl", { className: "numbers" }, names.map((name) => make("div", {}, named(name)))), this.title(), this.actions);
    this.fill();
    this.element.redraw = () => this.fill();
  }

  title() {
    const { judged, action_numbers: numbers } = this.timeline;
    const words = numbers ? "the action's numbers" : judged ? `${judged}, the chosen action marked` : "the chosen action (the agent tells no values)";
    return make("h3", {}, words);
  }

  fill() {
    const colours = actionColours(this.timeline.names.length);
    this.lines = this.timeline.names.slice(0, MOST_ACTIONS).map((name, action) => {
      const bar = make("span", { className: "bar" });
      bar.style.background = colours[action];
      const number = make("span", { className: "amount" });
      const line = make("li", {}, make("span", { className: "name" }, name), make("span", { className: "track" }, bar), number);
      return { line, bar, number };
    });
    this.actions.replaceChildren(...this.lines.map(({ line }) => line));
    this.show(this.step ?? 0);
  }

  show(step) {
    this.step = step;
    const { timeline, facts } = this;
    const decides = step < timeline.length;
    const at = (numbers) => (decides && numbers ? rounded(numbers[step]) : "–");
    facts.step.textContent = `${exact(step)} of ${exact(timeline.length)}${decides ? "" : `, ${timeline.end}`}`;
    facts.score.textContent = exact(this.scores[step]);
    facts.reward.textContent = timeline.reward[step] ? rounded(timeline.reward[step]) : "0";
    if (timeline.lives) facts.lives.textContent = timeline.lives[step];
    if (timeline.value) facts[timeline.value_name].textContent = at(timeline.value);
    if (timeline.entropy) facts.entropy.textContent = at(timeline.entropy);
    if (timeline.td_error) facts["TD error"].textContent = at(timeline.td_error);
    if (timeline.states) facts.state.textContent = timeline.states[step];
    const chosen = decides && timeline.actions ? timeline.actions[step] : null;
    this.lines.forEach(({ line, bar, number }, action) => {
      const amount = decides && this.rows ? this.rows[action][step] : null;
      const share = this.high > this.low ? (amount - this.low) / (this.high - this.low) : 1;
      bar.style.width = amount === null ? "0" : `${Math.max(1, 100 * share)}%`;
      number.textContent = this.rows ? at(this.rows[action]) : "";
      line.classList.toggle("chosen", action === chosen);
      if (action === chosen) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    });
  }
}
