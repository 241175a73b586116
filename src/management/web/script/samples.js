// Series for the charts: the server's own samples where it keeps them, else what this page has seen
// since it was opened.
import { dig } from "./format.js";

export const RANGES = [[60, 5, "last minute"], [600, 5, "last 10 minutes"], [3600, 60, "last hour"],
  [28800, 600, "last 8 hours"], [86400, 1800, "last day"]];
const SEEN_MAX = 720;

// The query that asks for samples of `range`: [age, step, …].
export const sample_query = ([age, step]) => ({
  lengths_age: age, lengths_incr: step, msg_rates_age: age, msg_rates_incr: step,
  data_rates_age: age, data_rates_incr: step,
});

// fields: paths such as "queue_totals.messages" or "message_stats.publish"; the first are taken as
// they are, those in `rates` per second.
export class Samples {
  #seen = [];

  constructor(fields, { rates = false } = {}) {
    this.fields = fields;
    this.rates = rates;
  }

  // Points for Chart.show(), from an answer of the server.
  points(answer, age, now = Date.now()) {
    const details = this.fields.map((field) => dig(answer, `${field}_details`));
    this.#seen.push({ time: now, values: this.fields.map((field, i) => this.rates ?
      details[i]?.rate ?? 0 : dig(answer, field) ?? 0) });
    if (this.#seen.length > SEEN_MAX) this.#seen.shift();
    const sampled = details.find((one) => one?.samples?.length > 1);
    if (!sampled) return this.#seen.filter((point) => point.time > now - age * 1000);
    return this.rates ? rate_points(details, sampled) : length_points(details, sampled);
  }
}

// Samples come newest first.
const by_time = (one) => new Map((one?.samples ?? []).map((s) => [s.timestamp, s.sample]));

function length_points(details, sampled) {
  const series = details.map(by_time);
  return sampled.samples.map(({ timestamp }) => ({
    time: timestamp, values: series.map((samples) => samples.get(timestamp) ?? null),
  })).reverse();
}

function rate_points(details, sampled) {
  const series = details.map(by_time);
  const times = sampled.samples.map((s) => s.timestamp).reverse();
  return times.slice(1).map((time, i) => ({
    time,
    values: series.map((samples) => {
      const [before, after] = [samples.get(times[i]), samples.get(time)];
      if (before === undefined || after === undefined) return 0;
      return Math.max(0, ((after - before) * 1000) / (time - times[i]));
    }),
  }));
}
