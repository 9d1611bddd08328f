// Where the page's data come from: asked of the server, or scripts in a folder, where a page from a disk may not fetch.
"use strict";

const awaited = {};

// What the scripts in a folder call.
function received(name, values) {
  awaited[name](values);
}

// Resolves when a script of the page's has run; throws `missing` where there is none.
function loadScript(src, missing) {
  return new Promise((resolve, reject) => {
    document.head.append(make("script", { src, onload: resolve, onerror: () => reject(new Error(missing)) }));
  });
}

async function fromFolder(name) {
  let values;
  awaited[name] = (those) => (values = those);
  await loadScript(`data/${name}.js`, "This folder does not hold that game.");
  return values;
}

async function fromServer(name) {
  let response;
  try {
    response = await fetch(`data/${name}.json`);
  } catch {
    throw new Error("The server does not answer: has scripts/watch.py ended?");
  }
  if (response.status === 404) throw new Error(`The server has no ${name}.`);
  if (!response.ok) throw new Error("The server failed: the terminal in which it runs says why.");
  return response.json();
}

// The data called `name`. Throws what the server has to say where it cannot be had.
async function load(name) {
  const values = await (FROM_FOLDER ? fromFolder(name) : fromServer(name));
  if (values.error) throw new Error(values.error);
  return values;
}
