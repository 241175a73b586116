// The charts of a page that shows an object with message_stats, with a choice of the time they span.
import { h } from "./dom.js";
import { Chart, nice_bytes } from "./chart.js";
import { number, rate, short_number, bytes } from "./format.js";
import { panel } from "./parts.js";
import { RANGES, Samples, sample_query } from "./samples.js";
import { choices } from "./settings.js";

const rate_axis = (value) => `${short_number(value)}/s`;
const bytes_rate = (value) => (Number.isFinite(value) ? `${bytes(value)}/s` : "–");

// One chart: {title, series: [[path, label], …], rates}.
class Curve {
  constructor({ title, series, rates, in_bytes }) {
    this.samples = new Samples(series.map(([path]) => path), { rates });
    this.chart = new Chart({ label: title, series: series.map(([, label]) => ({ label })),
      format: in_bytes ? bytes_rate : rates ? rate : number,
      axis: in_bytes ? bytes_rate : rates ? rate_axis : short_number,
      ...(in_bytes ? { step: nice_bytes } : {}) });
    this.panel = panel(title, this.chart.element);
  }
}

export class Charts {
  constructor(curves, refresh) {
    const chosen = Number(choices.get("range") ?? 60);
    this.range = RANGES.find(([age]) => age === chosen) ?? RANGES[0];
    this.curves = curves.map((curve) => new Curve(curve));
    const field = h("select", { "aria-label": "Time that the charts span", value: String(this.range[0]),
      onchange: () => {
        this.range = RANGES.find(([age]) => String(age) === field.value);
        choices.set("range", field.value);
        refresh();
      } }, RANGES.map(([age, , label]) => h("option", { value: String(age) }, label)));
    this.curves[0].panel.side.append(field);
    this.element = h("div", { class: "columns" }, this.curves.map((curve) => curve.panel));
  }

  get query() {
    return sample_query(this.range);
  }

  show(answer) {
    for (const { chart, samples } of this.curves) chart.show(samples.points(answer, this.range[0]));
  }
}

export const stats_curve = (title, rates) => ({
  title, rates: true, series: rates.map(([field, label]) => [`message_stats.${field}`, label]),
});
