// One game, or two side by side: picture, moment and chart of each, and the controls of both.
"use strict";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8];
const WINDOWS = [Infinity, 500, 100];
const KEYS = [
  ["space", "play or pause"],
  ["← →", "a step (with shift: ten)"],
  ["d D", "next, previous death"],
  ["r R", "next, previous reward"],
  ["t T", "next, previous of the largest TD errors"],
  ["+ −", "faster, slower"],
  ["s", "saliency"],
  ["esc", "all games"],
];

// The parts of one game; `place` is run/stream/number/checkpoint.
class Game {
  constructor(place, timeline, run, seek, change) {
    this.timeline = timeline;
    const [number] = place.split("/");
    const data = place.replace(/[^/]*$/, timeline.checkpoint);
    this.video = timeline.shown
      ? make("video", { src: `watch/${number}/${timeline.folder}/video.mp4`, preload: "auto", muted: true, playsInline: true, "aria-label": "The game" })
      : null;
    const screen = make("div", { className: "screen" });
    this.video?.addEventListener("loadedmetadata", ({ target }) => screen.style.setProperty("--ratio", target.videoWidth / target.videoHeight));
    this.video?.addEventListener("error", () => {
      this.video = null; // the player goes on by its own clock
      screen.replaceWith(make("p", { className: "note", role: "status" }, "The video cannot be played: it was deleted, or this browser does not play H.264. Load the page again."));
    });
    const moment = new Moment(timeline);
    const grid = timeline.grid ? new Grid(timeline) : null;
    this.chart = new Chart(timeline, seek);
    this.saliency = new Saliency(data, timeline);
    if (this.video) screen.append(this.video, this.saliency.canvas);
    this.parts = [moment, this.chart, this.saliency, ...(grid ? [grid] : [])];
    this.element = make(
      "article",
      { className: "game" },
      this.header(run, place, change),
      make(
        "div",
        { className: "parts" },
        make(
          "div",
          { className: "seen" },
          this.video ? screen : make("p", { className: "note" }, "This environment has no pictures."),
          this.saliency.note,
          moment.element,
        ),
        make("div", { className: "told" }, grid ? grid.element : null, this.chart.element, this.note()),
      ),
    );
  }

  header(run, place, change) {
    const { timeline } = this;
    // The run may have gone on since its checkpoints were listed.
    const choices = FROM_FOLDER ? [timeline.checkpoint] : [...new Set([...run.checkpoints, timeline.checkpoint])];
    const options = choices.map((step) => make("option", { value: step, selected: step === timeline.checkpoint }, `${exact(step)}${step === run.best ? " (best)" : ""}`));
    const choose = (event) => change(place.replace(/[^/]*$/, event.target.value));
    const played = timeline.step === timeline.checkpoint ? ", which played it" : "";
    return make(
      "header",
      {},
      make("h2", {}, `${timeline.stream} game ${exact(timeline.number)}`),
      make("p", { className: "facts" }, `${timeline.environment} · ${timeline.agent} · score ${exact(timeline.score)} · at step ${exact(timeline.step)} · seed ${timeline.seed}`),
      make("label", { className: "facts" }, "values of checkpoint ", make("select", { onchange: choose, disabled: choices.length < 2 }, options), played),
    );
  }

  note() {
    return this.timeline.no_td_error ? make("p", { className: "note" }, `No TD errors: ${this.timeline.no_td_error}.`) : null;
  }

  show(step) {
    for (const part of this.parts) part.show(step);
  }

  // Let go of what would go on where the game is no longer on the page.
  close() {
    this.chart.close();
    this.saliency.close();
    const { video } = this;
    this.video = null;
    video?.removeAttribute("src");
    video?.load();
  }
}

class Watching {
  // `games` are [{place, timeline, run}]; `go` opens other places.
  constructor(games, go) {
    const seek = (step) => this.player.seek(step);
    this.places = games.map(({ place }) => place);
    this.games = games.map(({ place, timeline, run }, index) => {
      const change = (other) => go(this.places.map((old, number) => (number === index ? other : old)));
      return new Game(place, timeline, run, seek, change);
    });
    this.player = new Player(this.games, () => this.changed());
    this.stops = this.jumps();
    this.element = make(
      "div",
      { className: this.games.length > 1 ? "watching two" : "watching" },
      this.links(go),
      make("div", { className: "games" }, this.games.map((game) => game.element)),
      this.controls(),
    );
    this.player.seek(0);
  }

  close() {
    this.player.playing = false;
    for (const game of this.games) game.close();
  }

  links(go) {
    const beside = make("a", { href: `#/run/${this.places[0].split("/")[0]}/${this.places[0]}` }, "Put another game beside");
    const alone = () => make("button", { type: "button", onclick: () => go(this.places.slice(0, 1)) }, "Only the first");
    return make("nav", {}, make("a", { href: `#/run/${this.places[0].split("/")[0]}` }, "← All games"), this.games.length > 1 ? alone() : beside);
  }

  // The moments to jump to, each kind in the order in which they are visited.
  jumps() {
    const sorted = (steps) => [...new Set(steps)].sort((a, b) => a - b);
    const all = (steps) => sorted(this.games.flatMap(({ timeline }) => steps(timeline)));
    return {
      death: all(({ deaths }) => deaths),
      reward: all(({ reward }) => reward.flatMap((paid, step) => (paid ? [step] : []))),
      "TD error": all(largestErrors),
    };
  }

  jump(kind, forwards) {
    const stops = forwards ? this.stops[kind] : [...this.stops[kind]].reverse();
    const next = stops.find((step) => (forwards ? step > this.player.step : step < this.player.step));
    if (next === undefined) return;
    if (this.player.playing) this.player.pause();
    this.player.seek(next);
  }

  controls() {
    const button = (text, label, onclick, more = {}) => make("button", { type: "button", "aria-label": label, title: label, onclick, ...more }, text);
    const pair = (kind) => {
      const disabled = this.stops[kind].length === 0;
      return make(
        "span",
        { className: "pair", role: "group", "aria-label": kind },
        button("◀", `previous ${kind}`, () => this.jump(kind, false), { disabled }),
        make("span", {}, kind),
        button("▶", `next ${kind}`, () => this.jump(kind, true), { disabled }),
      );
    };
    const step = (count) => () => this.move(count);
    this.toggle = button("", "", () => this.player.toggle(), { className: "play" });
    this.slider = make("input", { type: "range", min: 0, max: this.player.length, step: 1, "aria-label": "Step", oninput: () => this.player.seek(Number(this.slider.value)) });
    this.place = make("output", {});
    this.speed = make("select", { "aria-label": "Speed", onchange: () => this.player.setSpeed(Number(this.speed.value)) }, SPEEDS.map((speed) => make("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    const zoom = (event) => this.games.forEach(({ chart }) => chart.zoom(Number(event.target.value)));
    const windows = WINDOWS.filter((steps) => steps === Infinity || steps < this.player.length);
    this.look = button("saliency", "saliency", () => this.saliency(), { "aria-pressed": false });
    return make(
      "footer",
      { className: "controls", role: "group", "aria-label": "Controls" },
      make("div", { className: "line" }, button("‹", "one step back", step(-1)), this.toggle, button("›", "one step on", step(1)), this.slider, this.place),
      make(
        "div",
        { className: "line" },
        make("label", {}, this.speed),
        ...Object.keys(this.stops).map(pair),
        make("label", {}, make("select", { "aria-label": "Steps that the charts show", onchange: zoom }, windows.map((steps) => make("option", { value: steps }, steps === Infinity ? "whole game" : `${steps} steps`)))),
        this.look,
        make("details", {}, make("summary", {}, "keys"), make("dl", {}, KEYS.map(([key, what]) => make("div", {}, make("dt", {}, key), make("dd", {}, what))))),
      ),
    );
  }

  move(count) {
    if (this.player.playing) this.player.pause();
    this.player.seek(this.player.step + count);
  }

  saliency() {
    for (const game of this.games) game.saliency.toggle(Math.min(this.player.step, game.timeline.length));
    this.look.setAttribute("aria-pressed", this.games[0].saliency.on);
  }

  faster(by) {
    const next = SPEEDS[SPEEDS.indexOf(this.player.speed) + by];
    if (next === undefined) return;
    this.speed.value = next;
    this.player.setSpeed(next);
  }

  changed() {
    const { player } = this;
    this.slider.value = player.step;
    this.place.textContent = `${exact(player.step)} / ${exact(player.length)}`;
    const word = player.playing ? "pause" : "play";
    if (this.toggle.title === word) return;
    this.toggle.textContent = player.playing ? "❚❚" : "▶";
    this.toggle.title = word;
    this.toggle.setAttribute("aria-label", word);
  }

  key(event) {
    const acts = {
      " ": () => this.player.toggle(),
      ArrowLeft: () => this.move(event.shiftKey ? -10 : -1),
      ArrowRight: () => this.move(event.shiftKey ? 10 : 1),
      d: () => this.jump("death", true),
      D: () => this.jump("death", false),
      r: () => this.jump("reward", true),
      R: () => this.jump("reward", false),
      t: () => this.jump("TD error", true),
      T: () => this.jump("TD error", false),
      "+": () => this.faster(1),
      "-": () => this.faster(-1),
      s: () => this.saliency(),
      Escape: () => (location.hash = `#/run/${this.places[0].split("/")[0]}`),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("select, summary") || (event.key === " " && event.target.matches("button, a"))) return;
    event.preventDefault();
    act();
  }
}
