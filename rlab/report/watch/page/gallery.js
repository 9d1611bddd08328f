// The games of a run: those that stand out as cards, all of them as a table.
"use strict";

const ROWS = 50; // of the table, until more are asked for
const COLUMNS = ["stream", "number", "score", "length", "step", "marks"];

// Where a game is shown, as `#/game/…`; `beside` is another one that is shown with it.
const placeOf = (run, stream, number, beside = null) =>
  `#/game/${beside ? `${beside}+` : ""}${run}/${stream}/${number}/default`;

function rowsOf(run) {
  const marks = {};
  for (const { mark, stream, number } of run.marks) (marks[`${stream} ${number}`] ??= []).push(mark);
  return Object.entries(run.games).flatMap(([stream, games]) =>
    games.number.map((number, index) => ({
      stream,
      number,
      score: games.score[index],
      length: games.length[index],
      step: games.step[index],
      marks: marks[`${stream} ${number}`] ?? [],
    })),
  );
}

class Gallery {
  // `beside`: the place of a game for which another one is looked for.
  constructor(runs, number, beside) {
    this.runs = runs;
    this.number = number;
    this.run = runs[number];
    this.beside = beside;
    this.rows = rowsOf(this.run);
    this.stream = "";
    this.sort = { by: "score", falling: true };
    this.shown = ROWS;
    this.table = make("div", { className: "table" });
    this.element = make("div", {}, this.header(), this.cards(), this.filters(), this.table);
    this.fill();
  }

  link(stream, number, text, properties = {}) {
    return make("a", { href: placeOf(this.number, stream, number, this.beside), ...properties }, text);
  }

  header() {
    const { run } = this;
    const runs = this.runs.map((other, number) =>
      make("option", { value: number, selected: number === this.number }, `${other.environment} · ${other.agent} · ${other.name}`),
    );
    const change = (event) => (location.hash = `#/run/${event.target.value}${this.beside ? `/${this.beside}` : ""}`);
    const facts = [
      `${run.agent} (${run.preset})`,
      `protocol ${run.protocol}`,
      `seed ${run.seed}`,
      `${exact(run.recorded)} recorded game${run.recorded === 1 ? "" : "s"}`,
    ];
    return make(
      "header",
      {},
      this.beside ? make("p", { className: "banner" }, "Choose the game to put beside. ", make("a", { href: `#/game/${this.beside}` }, "Go back")) : null,
      make("h1", {}, run.environment),
      make("p", { className: "facts" }, facts.join(" · ")),
      this.runs.length > 1 ? make("label", { className: "runs" }, "Run ", make("select", { onchange: change }, runs)) : null,
    );
  }

  cards() {
    const cards = this.run.marks.map(({ mark, stream, number, poster }) => {
      const row = this.rows.find((game) => game.stream === stream && game.number === number);
      const picture = poster
        ? make("img", { src: `watch/${this.number}/${poster}`, alt: "", loading: "lazy" })
        : make("span", { className: "unprepared" }, "▶");
      return make(
        "li",
        {},
        this.link(stream, number, [
          make("span", { className: "picture" }, picture),
          make("strong", {}, mark),
          make("span", { className: "score" }, exact(row.score)),
          make("small", {}, `${stream} ${number} · ${exact(row.length)} steps · at ${exact(row.step)}`),
        ]),
      );
    });
    return make("section", { "aria-label": "Games that stand out" }, make("ul", { className: "cards" }, cards));
  }

  filters() {
    const streams = Object.entries(this.run.games).filter(([, games]) => games.number.length);
    const choices = [["", this.rows.length], ...streams.map(([name, games]) => [name, games.number.length])];
    this.streams = choices.map(([name, count]) =>
      make(
        "button",
        { type: "button", "aria-pressed": name === this.stream, onclick: () => this.choose(name) },
        `${name || "all"} `,
        make("small", {}, exact(count)),
      ),
    );
    this.names = choices.map(([name]) => name);
    const more = this.run.recorded - this.rows.length;
    return make(
      "div",
      { className: "filters" },
      make("h2", {}, "Games"),
      make("div", { className: "streams", role: "group", "aria-label": "Stream" }, this.streams),
      FROM_FOLDER && more ? make("p", { className: "note" }, `${exact(more)} more were recorded: scripts/watch.py RUN shows them all.`) : null,
    );
  }

  choose(stream) {
    this.stream = stream;
    this.shown = ROWS;
    this.streams.forEach((button, index) => button.setAttribute("aria-pressed", this.names[index] === stream));
    this.fill();
  }

  sortBy(column) {
    const falling = this.sort.by === column ? !this.sort.falling : ["score", "length", "marks"].includes(column);
    this.sort = { by: column, falling };
    this.fill();
    this.table.querySelector(`[data-column="${column}"]`).focus();
  }

  // The rows that are shown, in their order; equal ones stay in that of the tapes.
  sorted() {
    const { by, falling } = this.sort;
    const key = by === "marks" ? (row) => row.marks.length : (row) => row[by];
    const rows = this.rows.filter((row) => !this.stream || row.stream === this.stream);
    const order = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
    return rows.sort(falling ? (a, b) => order(b, a) : order);
  }

  fill() {
    const rows = this.sorted();
    const heads = COLUMNS.map((column) => {
      const sorted = this.sort.by === column ? (this.sort.falling ? "descending" : "ascending") : "none";
      const arrow = { descending: " ↓", ascending: " ↑", none: "" }[sorted];
      const button = make("button", { type: "button", "data-column": column, onclick: () => this.sortBy(column) }, column + arrow);
      return make("th", { scope: "col", "aria-sort": sorted, className: column }, button);
    });
    const body = rows.slice(0, this.shown).map((row) =>
      make(
        "tr",
        {},
        make("td", {}, row.stream),
        make("td", { className: "number" }, this.link(row.stream, row.number, exact(row.number), { "aria-label": `${row.stream} game ${row.number}` })),
        make("td", { className: "score" }, exact(row.score)),
        make("td", { className: "length" }, exact(row.length)),
        make("td", { className: "step" }, exact(row.step)),
        make("td", { className: "marks" }, row.marks.map((mark) => make("span", { className: "mark" }, mark))),
      ),
    );
    const rest = rows.length - this.shown;
    const more = () => {
      this.shown += 10 * ROWS;
      this.fill();
    };
    this.table.replaceChildren(
      make("table", {}, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, body)),
      ...(rest > 0 ? [make("button", { type: "button", className: "more", onclick: more }, `Show more (${exact(rest)} left)`)] : []),
    );
  }
}
