// Server-sent events over fetch: EventSource cannot carry an Authorization header.

// Calls `take(data)` for each event until the stream ends or `signal` aborts it.
export async function read_events(response, take) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let lines = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    // A carriage return at the end may be the first half of a line's end: it waits for the next piece.
    const text = rest + value;
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const parts = whole.split(/\r\n|\n|\r/);
    rest = parts.pop() + text.slice(whole.length);
    for (const line of parts) {
      if (line === "") {
        if (lines.length > 0) take(lines.join("\n"));
        lines = [];
      } else if (line.startsWith("data:")) {
        lines.push(line.slice(line[5] === " " ? 6 : 5));
      }
    }
  }
}
