// The log while it is written.
import { h } from "../dom.js";
import { read_events } from "../event_stream.js";
import { any } from "../format.js";
import { badge, button, page_head } from "../parts.js";

const LINES_MAX = 2000;
const LEVELS = { error: "error", critical: "error", warning: "warning", warn: "warning" };

// A line is text, or JSON with `message`, `level` (or `severity`) and a time.
function words_of(data) {
  try {
    const { message, level, severity, time, timestamp, ...rest } = JSON.parse(data);
    const word = level ?? severity ?? "";
    const more = Object.entries(rest).map(([key, value]) => `${key}=${any(value)}`).join(" ");
    return [[time ?? timestamp ?? "", word, message ?? "", more].filter((part) => part !== "").join("  "), word];
  } catch {
    return [data, data.match(/\b(error|warning|warn|critical)\b/i)?.[1]?.toLowerCase() ?? ""];
  }
}

export function open(app) {
  const aborter = new AbortController();
  const lines = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Log" });
  const status = h("span", { class: "badges" }, badge("connecting"));
  const filter = h("input", { type: "search", placeholder: "Show lines with", "aria-label": "Filter the log",
    "data-search": true, oninput: () => {
      for (const line of lines.children) line.hidden = !line.textContent.includes(filter.value);
    } });
  let held = false;
  const hold = button("Hold", () => {
    held = !held;
    hold.textContent = held ? "Follow" : "Hold";
    if (!held) lines.scrollTop = lines.scrollHeight;
  });

  function add(text, level) {
    lines.append(h("div", { class: LEVELS[level] ?? null, hidden: !text.includes(filter.value) }, text));
    while (lines.childElementCount > LINES_MAX) lines.firstChild.remove();
    if (!held) lines.scrollTop = lines.scrollHeight;
  }

  async function follow() {
    try {
      const response = await app.api.request("GET", "livelog", { signal: aborter.signal });
      status.replaceChildren(badge("live", "good"));
      await read_events(response, (data) => add(...words_of(data)));
      status.replaceChildren(badge("ended", "warn"));
    } catch (failure) {
      if (failure.name === "AbortError") return;
      status.replaceChildren(badge("not live", "bad"));
      add(failure.status === 404 ? "This server does not send its log here: read where it is started, " +
        "for example with journalctl -u harriermq." : failure.message, "warning");
    }
  }

  follow();
  return {
    title: "Log",
    element: h("div", { class: "stack" }, page_head({ title: "Log", badges: status, actions: [filter, hold] }), lines),
    async refresh() {},
    close: () => aborter.abort(),
  };
}
