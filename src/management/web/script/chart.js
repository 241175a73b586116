// A line chart over time in SVG: axes, a legend that hides lines, values under the pointer or,
// with the arrow keys, under the cursor.
import { h, svg, replace } from "./dom.js";
import { clock_time, short_number } from "./format.js";

const HEIGHT = 190;
const MARGIN = { top: 8, right: 8, bottom: 22, left: 62 };

const SMALLEST_STEP = 0.5;

// 0.5, 1, 2, 5, 10, 20 …: at least `value`.
function nice(value) {
  if (!(value > SMALLEST_STEP)) return SMALLEST_STEP;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

// The next power of two: sizes in KiB and MiB have no halves that way.
export const nice_bytes = (value) => 2 ** Math.ceil(Math.log2(Math.max(1, value)));

// series: [{label}]; format, axis: value → text; step: the least round number that a value fits in.
export class Chart {
  #points = [];
  #hidden = new Set();
  #cursor = null;

  constructor({ label, series, format = short_number, axis = short_number, step = nice }) {
    Object.assign(this, { label, series, format, axis, step });
    this.svg = svg("svg", { role: "img", tabindex: "0" });
    this.legend = h("div", { class: "legend" });
    this.values = series.map((one, i) => {
      const value = h("b", {});
      const button = h("button", {
        type: "button", "aria-pressed": "true", title: `Show or hide ${one.label}`,
        onclick: () => this.#toggle(i, button),
      }, h("i", { class: `s${i}` }), one.label, value);
      this.legend.append(button);
      return value;
    });
    this.when = h("span", { class: "muted" });
    this.legend.append(this.when);
    this.element = h("figure", { class: "chart", "aria-label": label }, this.svg, this.legend);
    this.svg.addEventListener("pointermove", (event) => this.#point_at(event));
    this.svg.addEventListener("pointerleave", () => this.#move_to(null));
    this.svg.addEventListener("blur", () => this.#move_to(null));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.svg);
  }

  // points: [{time (ms), values: [number or null, …]}], oldest first.
  show(points) {
    this.#points = points;
    if (this.#cursor !== null && this.#cursor >= points.length) this.#cursor = null;
    this.#draw();
  }

  #toggle(i, button) {
    if (!this.#hidden.delete(i)) this.#hidden.add(i);
    button.setAttribute("aria-pressed", String(!this.#hidden.has(i)));
    this.#draw();
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || this.#points.length === 0) return;
    event.preventDefault();
    const last = this.#points.length - 1;
    this.#move_to(Math.min(last, Math.max(0, (this.#cursor ?? last + 1) + step)));
  }

  #point_at(event) {
    if (this.#points.length === 0) return;
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left - MARGIN.left) /
      Math.max(1, box.width - MARGIN.left - MARGIN.right);
    const [start, end] = this.#span();
    const time = start + share * (end - start);
    let nearest = 0;
    for (const [i, point] of this.#points.entries()) {
      if (Math.abs(point.time - time) < Math.abs(this.#points[nearest].time - time)) nearest = i;
    }
    this.#move_to(nearest);
  }

  #move_to(cursor) {
    if (cursor === this.#cursor) return;
    this.#cursor = cursor;
    this.#draw();
  }

  #span() {
    const start = this.#points[0].time;
    return [start, Math.max(start + 1000, this.#points.at(-1).time)];
  }

  #top() {
    let top = 0;
    for (const { values } of this.#points) {
      for (const [i, value] of values.entries()) {
        if (!this.#hidden.has(i) && value > top) top = value;
      }
    }
    return this.step(top / 4) * 4;
  }

  #draw() {
    const width = this.svg.clientWidth;
    if (width === 0) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#draw_legend();
    if (this.#points.length === 0) {
      replace(this.svg, svg("text", { class: "axis", x: width / 2, y: HEIGHT / 2,
        "text-anchor": "middle" }, "No samples yet"));
      this.svg.setAttribute("aria-label", `${this.label}: no samples yet`);
      return;
    }
    const [start, end] = this.#span();
    const top = this.#top();
    const x = (time) => MARGIN.left + ((time - start) / (end - start)) *
      (width - MARGIN.left - MARGIN.right);
    const y = (value) => HEIGHT - MARGIN.bottom - (value / top) *
      (HEIGHT - MARGIN.top - MARGIN.bottom);
    replace(this.svg, this.#grid(width, top, y), this.#times(start, end, x), this.#lines(x, y),
      this.#cursor === null ? [] : svg("line", { class: "cursor", y1: MARGIN.top,
        y2: HEIGHT - MARGIN.bottom, x1: x(this.#points[this.#cursor].time),
        x2: x(this.#points[this.#cursor].time) }));
    const last = this.#points.at(-1).values;
    this.svg.setAttribute("aria-label", `${this.label}. ` + this.series
      .map((one, i) => `${one.label} ${this.format(last[i])}`).join(", "));
  }

  #draw_legend() {
    const shown = this.#points[this.#cursor ?? this.#points.length - 1];
    for (const [i, value] of this.values.entries()) {
      value.textContent = shown ? this.format(shown.values[i]) : "";
    }
    this.when.textContent = this.#cursor === null || !shown ? "" : clock_time(shown.time);
  }

  #grid(width, top, y) {
    return [0, 1, 2, 3, 4].flatMap((quarter) => {
      const value = (top / 4) * quarter;
      return [
        svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
        svg("text", { class: "axis", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" },
          this.axis(value)),
      ];
    });
  }

  #times(start, end, x) {
    const words = (time) => new Date(time).toLocaleTimeString([], end - start > 600_000 ?
      { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } :
      { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    return [[start, "start"], [(start + end) / 2, "middle"], [end, "end"]].map(([time, anchor]) =>
      svg("text", { class: "axis", x: x(time), y: HEIGHT - 5, "text-anchor": anchor }, words(time)));
  }

  // The first series is drawn last: where lines lie on each other it is the one to see.
  #lines(x, y) {
    const base = y(0);
    return this.series.map((one, i) => {
      if (this.#hidden.has(i)) return [];
      const at = this.#points.filter((point) => Number.isFinite(point.values[i]));
      if (at.length === 0) return [];
      const line = at.map((p) => `${x(p.time).toFixed(1)},${y(p.values[i]).toFixed(1)}`).join(" L");
      const colour = `s${i}`;
      const parts = [svg("path", { class: `line ${colour}`, d: `M${line}` })];
      if (i === 0) {
        const ends = `L${x(at.at(-1).time).toFixed(1)},${base} L${x(at[0].time).toFixed(1)},${base}Z`;
        parts.unshift(svg("path", { class: `area ${colour}`, d: `M${line} ${ends}` }));
      }
      return parts;
    }).reverse();
  }
}
