// Which part of the page is shown: `#/run/0` the games of a run, `#/run/0/PLACE` to choose one beside that of a place,
// `#/game/PLACE` a game, `#/game/PLACE+PLACE` two of them. A place is run/stream/number/checkpoint.
"use strict";

let runs = null;
let shown = null; // what listens to keys
let turn = 0; // counts what was asked for, so that what comes late is not shown

const PLACE = /^\d+\/[a-z]+\/\d+\/(\d+|default)$/;
const page = document.getElementById("page");

function say(text, className = "note") {
  page.replaceChildren(make("p", { className, role: "status" }, text));
}

async function show() {
  const now = (turn += 1);
  shown?.close();
  shown = null;
  const [, kind = "run", ...rest] = location.hash.split("/");
  try {
    if (kind === "game") await showGames(rest.join("/").split("+"), now);
    else await showGallery(Number(rest[0] ?? 0), rest.slice(1).join("/") || null, now);
  } catch (error) {
    if (now !== turn) return;
    say(error.message, "error");
    page.append(make("p", {}, make("a", { href: "#/" }, "All games")));
  }
}

async function showGallery(number, beside, now) {
  runs = (await load("gallery")).runs;
  if (now !== turn) return;
  if (!runs[number]) throw new Error(`There is no run ${number}.`);
  const gallery = new Gallery(runs, number, beside);
  document.title = `${gallery.run.environment} · ${gallery.run.agent}`;
  page.replaceChildren(gallery.element);
}

async function showGames(places, now) {
  const wrong = places.find((place) => !PLACE.test(place));
  if (wrong !== undefined) throw new Error(`There is no game ${wrong}.`);
  say(FROM_FOLDER ? "Loading…" : "Playing the game again and asking the agent. The first time this takes some seconds…", "note busy");
  runs ??= (await load("gallery")).runs;
  const drawing = plotly();
  const games = [];
  for (const place of places) games.push({ place, timeline: await load(place), run: runs[place.split("/")[0]] });
  await drawing;
  if (now !== turn) return;
  document.title = games.map(({ timeline }) => `${timeline.stream} ${timeline.number}`).join(" and ");
  const watching = new Watching(games, (others) => (location.hash = `#/game/${others.join("+")}`));
  page.replaceChildren(watching.element);
  shown = watching;
}

addEventListener("hashchange", show);
addEventListener("keydown", (event) => shown?.key(event));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const element of page.querySelectorAll(".chart, .moment")) element.redraw();
});
show();
