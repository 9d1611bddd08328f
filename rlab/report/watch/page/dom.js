// Elements and words.
"use strict";

// An element with properties ("on…" listens, names with a hyphen are attributes) and children (null: none).
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

const inFull = new Intl.NumberFormat("en", { maximumFractionDigits: 4 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

// A number as it is (scores, steps), to what single precision holds behind the point; and one that was computed.
const exact = (number) => inFull.format(number).replace("-", "−");
const rounded = (number) => (number === null ? "–" : short.format(number).replace("-", "−"));

// A colour of the style sheet, which differs in the dark.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The colours of `count` actions, by number.
function actionColours(count) {
  const lightness = colour("line-lightness");
  return Array.from({ length: count }, (_, number) => `hsl(${(210 + (360 * number) / count) % 360}, 60%, ${lightness})`);
}
