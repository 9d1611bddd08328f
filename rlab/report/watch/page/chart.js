// A game over time: rows of lines above each other over the same steps, with a cursor at the current one.
"use strict";

const LEFT = 52; // pixels beside the rows, where their numbers stand
const RIGHT = 14;
const BOTTOM = 34;
const GAP = 26; // above a row, where its title stands
const MARKED_ERRORS = 10;

// Plotly, once it is there. It takes a second to start, which the gallery does without.
let starting = null;
const plotly = () => (starting ??= loadScript("plotly.min.js", "The page lacks plotly, which draws its charts."));

// The steps with the largest errors, largest first.
function largestErrors({ td_error: errors }) {
  if (!errors) return [];
  const steps = errors.map((_, step) => step).filter((step) => errors[step] !== null);
  return steps.sort((a, b) => Math.abs(errors[b]) - Math.abs(errors[a])).slice(0, MARKED_ERRORS);
}

// The rows of a game: a title, a height in pixels and plotly's traces.
function rowsOfChart(timeline) {
  const colours = actionColours(timeline.names.length);
  const accent = colour("accent");
  const text = colour("text");
  const line = (y, name, more = {}) => ({ y, name, mode: "lines", line: { color: accent, width: 1.6 }, ...more });
  const byAction = (rows, more) => rows.map((row, action) => line(row, timeline.names[action], { line: { color: colours[action], width: 1 }, ...more }));
  const rows = [];
  if (timeline.judged === "action values") {
    const best = line(timeline.value, timeline.value_name, { line: { color: text, width: 1.8 } });
    rows.push({ title: `value of every action (thin), ${timeline.value_name} (thick)`, height: 240, traces: [...byAction(timeline.judgements, { opacity: 0.8 }), best] });
  } else if (timeline.value) {
    rows.push({ title: `value ${timeline.value_name}`, height: 120, traces: [line(timeline.value, timeline.value_name)] });
  }
  if (timeline.judged === "probabilities") {
    rows.push({ title: "probability of every action", height: 150, range: [0, 1], traces: byAction(timeline.judgements, { stackgroup: "all" }) });
    rows.push({ title: "entropy (nats)", height: 80, traces: [line(timeline.entropy, "entropy")] });
  }
  if (timeline.action_numbers) rows.push({ title: "action", height: 150, traces: byAction(timeline.action_numbers, {}) });
  const paid = timeline.reward.flatMap((reward, step) => (reward ? [step] : []));
  const rewards = { type: "bar", x: paid, y: paid.map((step) => timeline.reward[step]), name: "reward", width: Math.max(1, timeline.length / 400), marker: { color: colour("reward") } };
  rows.push({ title: "reward", height: 80, zero: true, traces: [rewards] });
  if (timeline.lives) {
    const died = { x: timeline.deaths, y: timeline.deaths.map((step) => timeline.lives[step]), name: "death", mode: "markers", marker: { color: colour("death"), size: 8, symbol: "x" } };
    rows.push({ title: "lives", height: 60, zero: true, traces: [line(timeline.lives, "lives", { line: { color: text, width: 1.6, shape: "hv" } }), died] });
  }
  if (timeline.td_error) {
    const steps = largestErrors(timeline);
    const largest = { x: steps, y: steps.map((step) => timeline.td_error[step]), name: "largest", mode: "markers", marker: { color: colour("death"), size: 6 } };
    rows.push({ title: "TD error of one step", height: 130, zero: true, traces: [line(timeline.td_error, "TD error", { line: { color: accent, width: 1 } }), largest] });
  }
  return rows;
}

class Chart {
  // `seek` is called with the step that is pointed at.
  constructor(timeline, seek) {
    this.timeline = timeline;
    this.step = 0;
    this.window = Infinity; // steps that are shown
    this.start = 0;
    this.plot = make("div", { className: "plot" });
    this.cursor = make("div", { className: "cursor" });
    this.element = make("div", { className: "chart", "aria-hidden": "true" }, this.plot, this.cursor);
    const point = (event) => seek(this.stepUnder(event.clientX));
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      point(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) point(event);
    });
    this.observer = new ResizeObserver(() => this.element.clientWidth !== this.width && this.draw());
    this.observer.observe(this.element);
    this.element.redraw = () => this.draw();
  }

  get range() {
    if (this.window >= this.timeline.length) return [0, Math.max(this.timeline.length, 1)];
    return [this.start, this.start + this.window];
  }

  draw() {
    const width = this.element.clientWidth;
    this.width = width; // that it is drawn for
    if (!width) return;
    const rows = rowsOfChart(this.timeline);
    const height = rows.reduce((sum, row) => sum + row.height + GAP, 0);
    const [text, faint, grid] = ["text", "faint", "grid"].map(colour);
    const layout = {
      width,
      height: height + BOTTOM,
      margin: { l: LEFT, r: RIGHT, t: 0, b: BOTTOM, pad: 0 },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: "system-ui, sans-serif", size: 11, color: faint },
      showlegend: false,
      bargap: 0,
      annotations: [],
      xaxis: { range: this.range, anchor: rows.length > 1 ? `y${rows.length}` : "y", gridcolor: grid, zeroline: false, title: { text: "step", standoff: 4 } },
    };
    const traces = [];
    let top = 0;
    rows.forEach((row, index) => {
      const name = index ? String(index + 1) : "";
      const upper = 1 - (top + GAP) / height;
      top += GAP + row.height;
      layout[`yaxis${name}`] = { domain: [Math.max(0, 1 - top / height), upper], gridcolor: grid, zeroline: false, nticks: row.height > 100 ? 5 : 3, ...(row.range ? { range: row.range } : { rangemode: row.zero ? "tozero" : "normal" }) };
      layout.annotations.push({ text: row.title, x: 0, y: upper, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 12, color: text } });
      traces.push(...row.traces.map((trace) => ({ ...trace, yaxis: `y${name}`, connectgaps: false })));
    });
    Plotly.react(this.plot, traces, layout, { staticPlot: true });
    this.place();
  }

  // Show `steps` around the cursor.
  zoom(steps) {
    this.window = steps;
    this.start = Math.max(0, Math.round(this.step - steps / 2));
    this.draw();
  }

  show(step) {
    this.step = step;
    const [start, end] = this.range;
    if (step < start || step > end) {
      this.start = Math.max(0, step - Math.round(this.window / 10));
      Plotly.relayout(this.plot, { "xaxis.range": this.range });
    }
    this.place();
  }

  close() {
    this.observer.disconnect();
    Plotly.purge(this.plot);
  }

  place() {
    const [start, end] = this.range;
    const inside = this.element.clientWidth - LEFT - RIGHT;
    this.cursor.style.transform = `translateX(${LEFT + (inside * (this.step - start)) / (end - start)}px)`;
  }

  stepUnder(x) {
    const [start, end] = this.range;
    const inside = this.element.clientWidth - LEFT - RIGHT;
    return start + ((x - this.element.getBoundingClientRect().left - LEFT) / inside) * (end - start);
  }
}
