// Numbers, sizes, times and values as text.

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const is_number = (value) => typeof value === "number" && Number.isFinite(value);

export const number = (value) => (is_number(value) ? plain.format(value) : "–");

// 12,345 → "12.3k": for axes and the rail.
export function short_number(value) {
  if (!is_number(value)) return "–";
  for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (Math.abs(value) >= limit) return one.format(value / (limit === 1e4 ? 1e3 : limit)) + letter;
  }
  return one.format(value);
}

export function rate(value) {
  if (!is_number(value)) return "–";
  return (value !== 0 && value < 100 ? one : plain).format(value) + "/s";
}

export function bytes(value) {
  if (!is_number(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${(unit === 0 ? plain : one).format(value)} ${units[unit]}`;
}

export const percent = (fraction) =>
  is_number(fraction) ? `${one.format(fraction * 100)} %` : "–";

// Milliseconds → "3d 4h", "5m 12s".
export function duration(ms) {
  if (!is_number(ms)) return "–";
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  return parts.slice(first, first + 2).map(([count, unit]) => count + unit).join(" ");
}

export function clock_time(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23" });
}

export function date_time(value) {
  if (value === undefined || value === null || value === "") return "–";
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? String(value) : date.toLocaleString([], { dateStyle: "medium",
    timeStyle: "medium", hourCycle: "h23" });
}

// Any value of JSON, for a cell or a list of facts.
export function any(value) {
  if (value === undefined || value === null || value === "") return "–";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export const is_empty = (object) => !object || Object.keys(object).length === 0;

// {"x-max-length": 5} → "x-max-length: 5, …".
export const pairs = (object) =>
  is_empty(object) ? "" : Object.entries(object).map(([k, v]) => `${k}: ${any(v)}`).join(", ");

// "a.b.c" of an object; undefined if anything on the way is missing.
export const dig = (object, path) =>
  path.split(".").reduce((value, key) => (value === null ? undefined : value?.[key]), object);
