// A map with the value of each state and the best actions there, where the agent tells them, for the layer that the
// current state lies in.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const CELL = 60;

function draw(tag, attributes, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return element;
}

class Grid {
  constructor({ grid, states }) {
    this.grid = grid;
    this.states = states;
    this.values = grid.value;
    this.low = Math.min(...(this.values ?? []));
    this.high = Math.max(...(this.values ?? []));
    this.what = [this.values && "value of each state", grid.judgements && "the best actions there"].filter(Boolean).join(" and ") || "the map";
    this.caption = make("figcaption", {});
    this.picture = draw("svg", { viewBox: `0 0 ${CELL * grid.rows[0].length} ${CELL * grid.rows.length}`, preserveAspectRatio: "xMinYMin", role: "img", "aria-label": this.what });
    this.element = make("figure", { className: "grid" }, this.caption, this.picture);
    this.show(0);
  }

  // The arrows of the actions that are best in a state.
  arrows(state) {
    const { judgements, arrows } = this.grid;
    if (!judgements) return "";
    const most = Math.max(...judgements[state].map((number) => number ?? -Infinity));
    const equal = judgements[state].map((number) => number !== null && number >= most - 1e-9);
    return equal.every(Boolean) ? "" : arrows.filter((_, action) => equal[action]).join("");
  }

  show(step) {
    const now = this.states[step];
    const layer = this.grid.place[now][0];
    if (layer !== this.layer) {
      this.layer = layer;
      const name = this.grid.layers[layer];
      this.caption.textContent = `${this.what}${name ? `: ${name}` : ""}`;
      this.picture.replaceChildren(...this.grid.place.flatMap((place, state) => (place[0] === layer ? [this.cell(state)] : [])));
      this.here = draw("rect", { width: CELL - 4, height: CELL - 4, rx: 4, class: "here" });
      this.picture.append(this.here);
    }
    const [, row, column] = this.grid.place[now];
    this.here.setAttribute("x", column * CELL + 2);
    this.here.setAttribute("y", row * CELL + 2);
  }

  cell(state) {
    const [, row, column] = this.grid.place[state];
    const value = this.values?.[state];
    const share = this.high > this.low ? (value - this.low) / (this.high - this.low) : 0;
    const cell = draw("g", { transform: `translate(${column * CELL} ${row * CELL})` });
    cell.append(
      draw("rect", { width: CELL, height: CELL, class: "cell" }),
      draw("rect", { width: CELL, height: CELL, class: "worth", opacity: (0.75 * share).toFixed(3) }),
      draw("text", { x: 5, y: 14, class: "tile" }, this.grid.rows[row][column]),
      draw("text", { x: CELL / 2, y: CELL / 2 + 8, class: "arrow" }, this.arrows(state)),
      draw("text", { x: CELL / 2, y: CELL - 5, class: "worth-text" }, this.values ? rounded(value) : ""),
    );
    return cell;
  }
}
