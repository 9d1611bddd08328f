// Where the page's data come from: asked of the server, or scripts in a folder, where a page from a disk may not fetch.
"use strict";

const awaited = {};

// What the scripts in a folder call.
function received(name, values) {
  awaited[name](values);
}

function fromFolder(name) {
  return new Promise((resolve, reject) => {
    awaited[name] = resolve;
    const missing = () => reject(new Error("This folder does not hold that game."));
    document.head.append(make("script", { src: `data/${name}.js`, onerror: missing }));
  });
}

async function fromServer(name) {
  let response;
  try {
    response = await fetch(`data/${name}.json`);
  } catch {
    throw new Error("The server does not answer: has scripts/watch.py ended?");
  }
  if (!response.ok) throw new Error(`The server has no ${name}.`);
  return response.json();
}

// The data called `name`. Throws what the server has to say where it cannot be had.
async function load(name) {
  const values = await (FROM_FOLDER ? fromFolder(name) : fromServer(name));
  if (values.error) throw new Error(values.error);
  return values;
}
